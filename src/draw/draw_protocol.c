/* Use cases up to the moment of the draw: freeze, commit, shares, beacons, taking back. */
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw_internal.h"
#include "draw/draw_store.h"
#include "ledger/ledger_heads.h"
#include "ledger/policy.h"

#include <string.h>

#define OWN_PARTY "platform"

/* --- words -------------------------------------------------------------------------------------
 */

static const char *const state_words[DRAW_STATE_COUNT] = {
    "frozen", "committed", "done", "published", "dropped", "lapsed"};
static const char *const state_names[DRAW_STATE_COUNT] = {"已冻结，还没有封存",
                                                          "已封存，等随机数",
                                                          "已抽取，检查期间保密",
                                                          "全部公开",
                                                          "已放弃",
                                                          "已失效"};
static const char *const mode_words[DRAW_MODE_COUNT] = {"form", "open", "sealed"};

const char *draw_state_word(DrawState state) {
    return state_words[state];
}

const char *draw_state_zh(DrawState state) {
    return state_names[state];
}

const char *draw_mode_word(DrawMode mode) {
    return mode_words[mode];
}

bool draw_mode_parse(const char *word, DrawMode *ret_mode) {
    for (int mode = 0; mode < DRAW_MODE_COUNT; mode++) {
        if (g_strcmp0(word, mode_words[mode]) == 0) {
            *ret_mode = (DrawMode)mode;
            return true;
        }
    }
    return false;
}

/* --- freezing ----------------------------------------------------------------------------------
 */

static bool is_day(const char *text) {
    int64_t time_us = 0;
    return text != NULL && strlen(text) == 10 && clock_parse(text, &time_us);
}

static bool check_request(const DrawRequest *request, GError **error) {
    if (request->title == NULL || request->title[0] == '\0' || strlen(request->title) > 200) {
        return hz_fail(error, HZ_ERROR_INVALID, "a draw needs a title of at most 200 bytes");
    }
    if (!is_day(request->date_from) || !is_day(request->date_to) ||
        strcmp(request->date_from, request->date_to) > 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "the days of inspection are no span of dates");
    }
    if (request->mode != DRAW_OPEN && request->mode != DRAW_SEALED) {
        return hz_fail(error, HZ_ERROR_INVALID, "the mode is neither open nor sealed");
    }
    if (request->delta_s < DRAW_DELTA_MIN || request->delta_s > 86400 * 366) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "delta is not from %d seconds to a year", DRAW_DELTA_MIN);
    }
    if (request->officer_cap < 1 || request->officer_cap > 10000) {
        return hz_fail(error, HZ_ERROR_INVALID, "the officers' limit is not from 1 to 10000");
    }
    if (request->rotate < 0 || request->rotate > 9) {
        return hz_fail(error, HZ_ERROR_INVALID, "the rotation is not from 0 to 9");
    }
    if (request->strata == NULL || request->strata[0] == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "no category was chosen");
    }
    return true;
}

const PlanQuota *draw_find_quota(const Plan *plan, const char *stratum) {
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        if (strcmp(quota->stratum, stratum) == 0) {
            return quota;
        }
    }
    return NULL;
}

static bool check_plan(const Plan *plan, const DrawRequest *request, GError **error) {
    if (plan->state != PLAN_PUBLISHED) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "only a published plan can be drawn");
    }
    for (const char *const *stratum = request->strata; *stratum != NULL; stratum++) {
        const PlanQuota *quota = draw_find_quota(plan, *stratum);
        if (quota == NULL) {
            return hz_fail(error, HZ_ERROR_INVALID, "the plan has no quota for \"%s\"", *stratum);
        }
        if (quota->drawn_by != 0) {
            return hz_fail(error,
                           HZ_ERROR_CONFLICT,
                           "\"%s\" was drawn before, in D%" G_GINT64_FORMAT,
                           *stratum,
                           quota->drawn_by);
        }
    }
    return true;
}

/* Two draws that could take the same object must not wait for their beacons at one time: nobody
 * could say how often it is drawn. */
static bool check_overlap(Db *db, const Plan *plan, const DrawRequest *request, GError **error) {
    int64_t other = 0;
    if (!draw_store_hold_gate(db, error) ||
        !draw_store_overlapping(
            db, plan->object_kind, plan->region, request->strata, &other, error)) {
        return false;
    }
    return other == 0 || hz_fail(error,
                                 HZ_ERROR_CONFLICT,
                                 "D%" G_GINT64_FORMAT " is under way in the same scope",
                                 other);
}

static Draw *start_draw(Db *db, const Plan *plan, const DrawRequest *request, GError **error) {
    g_autoptr(Draw) draw = g_new0(Draw, 1);
    uint8_t secret[DIGEST_SIZE];
    random_bytes(secret, sizeof secret);
    draw->plan_id = plan->id;
    draw->title = g_strdup(request->title);
    draw->year = plan->year;
    draw->object_kind = g_strdup(plan->object_kind);
    draw->region = g_strdup(plan->region);
    draw->date_from = g_strdup(request->date_from);
    draw->date_to = g_strdup(request->date_to);
    draw->kind = request->kind;
    draw->mode = request->mode;
    draw->delta_s = request->delta_s;
    draw->secret_hex =
        request->mode == DRAW_SEALED ? hex_format(secret, sizeof secret) : g_strdup("");
    draw->open_by = g_strdup("");
    draw->seed_hex = g_strdup("");
    draw->seed_text = g_strdup("");
    draw->seed_by = g_strdup(request->actor);
    draw->commit = g_strdup("");
    draw->result = g_strdup("");
    draw->frozen_us = request->now_us;
    draw->commit_leaf = draw->result_leaf = draw->publish_leaf = -1;
    if (!draw_store_insert(db, draw, &draw->id, error)) {
        return NULL;
    }
    draw->number = g_strdup_printf("D%" G_GINT64_FORMAT, draw->id);
    for (const char *const *stratum = request->strata; *stratum != NULL; stratum++) {
        if (!draw_store_take_stratum(db, plan->root_id, *stratum, draw->id, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&draw);
}

/* Moves the row on; another transaction that was first makes this one fail. */
static bool move_on(Db *db, const Draw *draw, DrawState from, const char *what, GError **error) {
    int64_t changed = 0;
    return draw_store_update(db, draw, from, &changed, error) &&
           (changed == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "%s", what));
}

static json_t *named_payload(const Draw *draw) {
    json_t *payload = json_object();
    json_put_text(payload, "draw", draw->number);
    json_put_text(payload, "title", draw->title);
    json_put_int(payload, "plan", draw->plan_id);
    return payload;
}

bool draw_freeze(Db *db, const DrawRequest *request, int64_t *ret_id, GError **error) {
    g_assert(db_in_tx(db));
    if (!check_request(request, error)) {
        return false;
    }
    g_autoptr(Plan) plan = plan_store_find(db, request->plan_id, true, error);
    if (plan == NULL || !check_plan(plan, request, error) ||
        !check_overlap(db, plan, request, error)) {
        return false;
    }
    g_autoptr(Draw) draw = start_draw(db, plan, request, error);
    if (draw == NULL || !draw_freeze_files(db, draw, plan, request, error) ||
        !move_on(db, draw, DRAW_FROZEN, "the draw is not new", error)) {
        return false;
    }
    json_t *payload = named_payload(draw);
    json_put_text(payload, "mode", draw_mode_word(draw->mode));
    json_put_int(payload, "pool", draw->pool_count);
    *ret_id = draw->id;
    return draw_mark(
        db, draw, "draw.freeze", payload, request->actor, request->now_us, NULL, error);
}

/* --- committing --------------------------------------------------------------------------------
 */

static const char *beacons_problem(const Draw *draw, const DrawCommitRequest *request) {
    double bits = 0;
    int64_t first_us = INT64_MAX;
    for (size_t i = 0; i < request->beacon_count; i++) {
        bits += draw_beacon_bits(&request->beacons[i]);
        first_us = MIN(first_us, request->beacons[i].time_us);
    }
    if (request->beacon_count < 1 || request->beacon_count > DRAW_BEACONS_MAX) {
        return "至少选一个随机数来源";
    }
    if (bits < DRAW_BITS_MIN) {
        return "这些来源合起来不到 60 比特，有人可以把全部可能试一遍。换一个来源，或者再加一个";
    }
    if (!draw_time_rule_holds(request->now_us, draw->delta_s, first_us)) {
        return "随机数产生的时间太近。封存到产生之间至少要隔规定的时间，见证方才来得及签名";
    }
    return NULL;
}

static const char *parties_problem(const DrawCommitRequest *request) {
    uint8_t commit[DIGEST_SIZE];
    if (request->party_count >= DRAW_PARTIES_MAX) {
        return "参与方太多，最多 19 家";
    }
    for (size_t i = 0; i < request->party_count; i++) {
        const DrawPartyCommit *party = &request->parties[i];
        if (!draw_party_name_valid(party->name) || strcmp(party->name, OWN_PARTY) == 0) {
            return "参与方的名称不能空，最多 20 个字，不能有冒号";
        }
        if (!hex_parse(party->commit_hex, commit, sizeof commit) ||
            strlen(party->commit_hex) != 2 * sizeof commit) {
            return "参与方的承诺值是 64 位十六进制，由参与方自己算出来交给您";
        }
        for (size_t other = 0; other < i; other++) {
            if (strcmp(request->parties[other].name, party->name) == 0) {
                return "同一个参与方写了两次";
            }
        }
    }
    return NULL;
}

const char *draw_commit_problem(const Draw *draw, const DrawCommitRequest *request) {
    if (draw->mode == DRAW_SEALED &&
        (!is_day(request->open_by) || strcmp(request->open_by, draw->date_to) < 0)) {
        return "写一个公开日期，不早于检查结束日。到这一天必须公开全部资料";
    }
    const char *problem = beacons_problem(draw, request);
    return problem != NULL ? problem : parties_problem(request);
}

/* The parties of the request; before them the platform's own share in a sealed draw. */
static bool add_parties(Db *db,
                        const Draw *draw,
                        const DrawCommitRequest *request,
                        DrawKeyValues *commit,
                        GError **error) {
    uint8_t share[DRAW_SHARE_SIZE];
    uint8_t hash[DIGEST_SIZE];
    bool is_sealed = draw->mode == DRAW_SEALED;
    random_bytes(share, sizeof share);
    draw_party_commit(draw->kind, draw->number, OWN_PARTY, share, hash);
    g_autofree char *own_commit = hex_format(hash, sizeof hash);
    g_autofree char *own_share = hex_format(share, sizeof share);
    size_t count = request->party_count + (is_sealed ? 1 : 0);
    for (size_t i = 0; i < count; i++) {
        bool is_own = is_sealed && i == 0;
        const DrawPartyCommit *given = is_own ? NULL : &request->parties[i - (is_sealed ? 1 : 0)];
        g_autofree char *lower =
            is_own ? g_strdup(own_commit) : g_ascii_strdown(given->commit_hex, -1);
        DrawPartyRow row = {.j = (int64_t)i + 1,
                            .name = (char *)(is_own ? OWN_PARTY : given->name),
                            .commit_hex = lower,
                            .is_own = is_own,
                            .share_hex = is_own ? own_share : (char *)"",
                            .revealed_us = is_own ? request->now_us : 0,
                            .leaf = -1};
        g_autofree char *key = g_strdup_printf("party.%02d", (int)row.j);
        g_autofree char *value = g_strdup_printf("%s:%s", row.name, row.commit_hex);
        draw_keys_put(commit, key, value);
        if (!draw_store_add_party(db, draw->id, &row, error)) {
            return false;
        }
    }
    return true;
}

static bool add_beacons(Db *db,
                        const Draw *draw,
                        const DrawCommitRequest *request,
                        DrawKeyValues *commit,
                        GError **error) {
    for (size_t i = 0; i < request->beacon_count; i++) {
        g_autofree char *key = g_strdup_printf("beacon.%02d", (int)i + 1);
        g_autofree char *value = draw_beacon_format(&request->beacons[i]);
        draw_keys_put(commit, key, value);
        if (!draw_store_add_beacon(db, draw->id, (int64_t)i + 1, &request->beacons[i], error)) {
            return false;
        }
    }
    return true;
}

/* Writes commit.txt and C. */
static bool write_commit(Db *db, Draw *draw, const DrawCommitRequest *request, GError **error) {
    g_autofree char *begun = NULL;
    if (!draw_store_part(db, draw->id, DRAW_COMMIT_BEGUN, 0, &begun, error)) {
        return false;
    }
    g_autoptr(DrawKeyValues) commit = begun != NULL ? draw_keys_parse(begun, error) : NULL;
    if (commit == NULL) {
        return begun == NULL && hz_fail(error, HZ_ERROR_CORRUPT, "the frozen files are gone");
    }
    if (!add_beacons(db, draw, request, commit, error) ||
        !add_parties(db, draw, request, commit, error)) {
        return false;
    }
    g_autofree char *text = draw_keys_format(commit);
    uint8_t hash[DIGEST_SIZE];
    digest_of(draw->kind, text, strlen(text), hash);
    g_free(draw->commit);
    draw->commit = hex_format(hash, sizeof hash);
    return draw_store_add_part(db, draw->id, "commit.txt", 0, "", text, strlen(text), error);
}

bool draw_commit(Db *db, const DrawCommitRequest *request, GError **error) {
    g_assert(db_in_tx(db));
    g_autoptr(Draw) draw = draw_store_find(db, request->draw_id, true, error);
    if (draw == NULL) {
        return false;
    }
    if (draw->state != DRAW_FROZEN) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the draw is committed already, or over");
    }
    const char *problem = draw_commit_problem(draw, request);
    if (problem != NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "%s", problem);
    }
    if (!write_commit(db, draw, request, error)) {
        return false;
    }
    draw->state = DRAW_COMMITTED;
    draw->committed_us = request->now_us;
    g_free(draw->open_by);
    draw->open_by = g_strdup(draw->mode == DRAW_SEALED ? request->open_by : "");
    json_t *payload = named_payload(draw);
    json_put_text(payload, "commit", draw->commit);
    json_put_int(payload, "pool", draw->pool_count);
    json_put_int(payload, "officers", draw->inspector_count);
    json_put_text(payload, "open_by", draw->open_by);
    return draw_mark(db,
                     draw,
                     "draw.commit",
                     payload,
                     request->actor,
                     request->now_us,
                     &draw->commit_leaf,
                     error) &&
           move_on(db, draw, DRAW_FROZEN, "the draw is committed already", error);
}

/* --- shares and beacons ------------------------------------------------------------------------
 */

GArray *draw_beacons(Db *db, int64_t draw_id, GError **error) {
    return draw_store_beacons(db, draw_id, error);
}

GArray *draw_parties(Db *db, int64_t draw_id, GError **error) {
    return draw_store_parties(db, draw_id, error);
}

int64_t draw_first_beacon_us(const GArray *beacons) {
    int64_t first_us = INT64_MAX;
    for (guint i = 0; i < beacons->len; i++) {
        first_us = MIN(first_us, g_array_index(beacons, DrawBeaconRow, i).beacon.time_us);
    }
    return first_us;
}

/* The locked draw, which must be waiting for its beacons. */
static Draw *waiting_draw(Db *db, int64_t id, GError **error) {
    g_autoptr(Draw) draw = draw_store_find(db, id, true, error);
    if (draw != NULL && draw->state != DRAW_COMMITTED) {
        hz_fail(error, HZ_ERROR_CONFLICT, "the draw does not wait for anything");
        return NULL;
    }
    return g_steal_pointer(&draw);
}

static const DrawPartyRow *find_party(const GArray *parties, const char *name) {
    for (guint i = 0; i < parties->len; i++) {
        const DrawPartyRow *row = &g_array_index(parties, DrawPartyRow, i);
        if (strcmp(row->name, name) == 0) {
            return row;
        }
    }
    return NULL;
}

static bool share_fits(const Draw *draw, const DrawPartyRow *party, const uint8_t *share) {
    uint8_t hash[DIGEST_SIZE];
    draw_party_commit(draw->kind, draw->number, party->name, share, hash);
    g_autofree char *hex = hex_format(hash, sizeof hash);
    return strcmp(hex, party->commit_hex) == 0;
}

bool draw_reveal(Db *db,
                 int64_t draw_id,
                 const char *name,
                 const uint8_t share[DRAW_SHARE_SIZE],
                 const char *actor,
                 int64_t now_us,
                 GError **error) {
    g_assert(db_in_tx(db));
    g_autoptr(Draw) draw = waiting_draw(db, draw_id, error);
    g_autoptr(GArray) beacons = draw != NULL ? draw_store_beacons(db, draw_id, error) : NULL;
    g_autoptr(GArray) parties = beacons != NULL ? draw_store_parties(db, draw_id, error) : NULL;
    if (parties == NULL) {
        return false;
    }
    const DrawPartyRow *party = find_party(parties, name);
    if (party == NULL) {
        return hz_fail(error, HZ_ERROR_NOT_FOUND, "the draw has no party \"%s\"", name);
    }
    if (party->share_hex[0] != '\0') {
        return hz_fail(error, HZ_ERROR_CONFLICT, "\"%s\" has given its share already", name);
    }
    if (now_us >= draw_first_beacon_us(beacons)) {
        return hz_fail(error, HZ_ERROR_DENIED, "too late: the first beacon may be known already");
    }
    if (!share_fits(draw, party, share)) {
        return hz_fail(error, HZ_ERROR_INVALID, "this is not what \"%s\" has committed to", name);
    }
    g_autofree char *hex = hex_format(share, DRAW_SHARE_SIZE);
    DrawPartyRow row = *party;
    row.share_hex = hex;
    row.revealed_us = now_us;
    json_t *payload = json_object();
    json_put_text(payload, "draw", draw->number);
    json_put_text(payload, "party", name);
    json_put_text(payload, "commit", party->commit_hex);
    if (draw->mode == DRAW_OPEN) { /* a history may be handed out before a sealed draw is opened */
        json_put_text(payload, "share", hex);
    }
    int64_t changed = 0;
    return draw_mark(db, draw, "draw.reveal", payload, actor, now_us, &row.leaf, error) &&
           draw_store_set_share(db, draw_id, &row, &changed, error) &&
           (changed == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "the share was given already"));
}

bool draw_beacon_take(Db *db, const DrawBeaconTake *take, GError **error) {
    g_assert(db_in_tx(db));
    g_autoptr(Draw) draw = waiting_draw(db, take->draw_id, error);
    g_autoptr(GArray) beacons = draw != NULL ? draw_store_beacons(db, draw->id, error) : NULL;
    if (beacons == NULL) {
        return false;
    }
    if (take->j < 1 || take->j > beacons->len) {
        return hz_fail(error, HZ_ERROR_NOT_FOUND, "the draw has no such beacon");
    }
    DrawBeaconRow row = g_array_index(beacons, DrawBeaconRow, take->j - 1);
    uint8_t value[DRAW_SEED_MAX];
    size_t size = 0;
    if (row.value_hex[0] != '\0') {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the value of this beacon is known already");
    }
    if (take->now_us < row.beacon.time_us) {
        return hz_fail(error, HZ_ERROR_DENIED, "the time of this beacon has not come");
    }
    if (strlen(take->typed) > 2000 || strlen(take->note) > 600) {
        return hz_fail(error, HZ_ERROR_INVALID, "the value or the note is too long");
    }
    if (!draw_beacon_read(&row.beacon, take->typed, value, &size, error)) {
        return false;
    }
    g_autofree char *hex = hex_format(value, size);
    row.value_hex = hex;
    row.typed = (char *)take->typed;
    row.note = (char *)take->note;
    row.taken_us = take->now_us;
    g_autofree char *name = draw_beacon_format(&row.beacon);
    json_t *payload = json_object();
    json_put_text(payload, "draw", draw->number);
    json_put_text(payload, "beacon", name);
    json_put_text(payload, "value", hex);
    json_put_text(payload, "note", take->note);
    int64_t changed = 0;
    return draw_mark(
               db, draw, "draw.beacon", payload, take->actor, take->now_us, &row.leaf, error) &&
           draw_store_set_beacon(db, draw->id, &row, take->actor, &changed, error) &&
           (changed == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "the value is known already"));
}

/* --- taking back -------------------------------------------------------------------------------
 */

/* A policy without witnesses: only our own ledger says when, whether its head is signed or not. */
static bool is_alone(Db *db, bool *ret_alone, GError **error) {
    g_autofree char *text = ledger_policy_text(db, error);
    g_autoptr(Policy) policy = text != NULL ? policy_parse(text, strlen(text), error) : NULL;
    *ret_alone = policy != NULL && policy_needs_none(policy);
    return policy != NULL;
}

static bool seen_by_us(Db *db, int64_t leaf, DrawWitnessed *ret_witnessed, GError **error) {
    g_auto(LedgerRecord) record = {0};
    if (!ledger_find(db, leaf, &record, error)) {
        return false;
    }
    *ret_witnessed = (DrawWitnessed){.is_known = true, .time_us = record.time_us};
    return true;
}

bool draw_witnessed(Db *db, int64_t leaf, DrawWitnessed *ret_witnessed, GError **error) {
    g_autoptr(GError) problem = NULL;
    LedgerWitnessed witnessed = {0};
    bool alone = false;
    if (!is_alone(db, &alone, error)) {
        return false;
    }
    if (alone) {
        return seen_by_us(db, leaf, ret_witnessed, error);
    }
    bool is_known = ledger_witnessed(db, leaf, &witnessed, &problem);
    if (!is_known && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    *ret_witnessed = (DrawWitnessed){is_known, witnessed.time_us, witnessed.witnesses};
    return true;
}

/* Not witnessed early enough, and it cannot be any more: no result can come from this commitment.
 * That is settled before any beacon is known, so nobody gains a second try by it. */
static bool is_lapsed(Db *db, const Draw *draw, int64_t now_us, bool *ret_lapsed, GError **error) {
    DrawWitnessed witnessed = {0};
    g_autoptr(GArray) beacons = draw_store_beacons(db, draw->id, error);
    if (beacons == NULL || !draw_witnessed(db, draw->commit_leaf, &witnessed, error)) {
        return false;
    }
    *ret_lapsed = !draw_time_rule_holds(witnessed.is_known ? witnessed.time_us : now_us,
                                        draw->delta_s,
                                        draw_first_beacon_us(beacons));
    return true;
}

bool draw_drop(Db *db, int64_t id, const char *actor, int64_t now_us, GError **error) {
    g_assert(db_in_tx(db));
    g_autoptr(Draw) draw = draw_store_find(db, id, true, error);
    if (draw == NULL) {
        return false;
    }
    bool was_frozen = draw->state == DRAW_FROZEN;
    bool lapsed = false;
    if (draw->state == DRAW_COMMITTED && !is_lapsed(db, draw, now_us, &lapsed, error)) {
        return false;
    }
    if (!was_frozen && !lapsed) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "a committed draw is never taken back");
    }
    DrawState from = draw->state;
    draw->state = was_frozen ? DRAW_DROPPED : DRAW_LAPSED;
    return draw_store_release(db, id, was_frozen, error) &&
           move_on(db, draw, from, "the draw has changed", error) &&
           draw_mark(db,
                     draw,
                     was_frozen ? "draw.drop" : "draw.lapse",
                     named_payload(draw),
                     actor,
                     now_us,
                     NULL,
                     error);
}
