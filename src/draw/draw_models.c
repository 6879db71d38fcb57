/* View models that several pages of this room share. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"
#include "draw/draw_internal.h"
#include "draw/draw_pages.h"
#include "ledger/ledger.h"
#include "registry/building.h"
#include "registry/region.h"
#include "registry/unit_list.h"

#include <string.h>

char *draw_actor(const Ctx *ctx) {
    return g_strdup_printf("account:%" G_GINT64_FORMAT, ctx->who->account_id);
}

bool draw_may_see(const Principal *who, const char *region) {
    return region_covers(who->region, region) || region_covers(region, who->region);
}

bool draw_may_act(const Principal *who, const char *region) {
    return region_covers(who->region, region);
}

char *draw_form_text(const Request *req, const char *name) {
    const char *value = request_form(req, name);
    return g_strstrip(g_strdup(value != NULL ? value : ""));
}

void json_put_count(json_t *model, const char *key, int64_t number) {
    g_autofree char *text = number_group(number);
    json_put_text(model, key, text);
}

static void put_minute(json_t *model, const char *key, int64_t time_us) {
    g_autofree char *text = time_us > 0 ? clock_format_minute(time_us) : NULL;
    json_put_text(model, key, text);
}

const char *draw_object_kind_zh(const char *object_kind) {
    return strcmp(object_kind, "building") == 0 ? "建筑" : "单位";
}

const char *draw_stratum_zh(const char *stratum) {
    const UseCategory *category = category_parse(stratum);
    return category != NULL ? category->name_zh : category_get(0)->name_zh;
}

char *draw_region_zh(Db *db, const char *region) {
    char *name = region_full_name(db, region, NULL);
    return name != NULL ? name : g_strdup(region);
}

/* --- plans and draws ------------------------------------------------------------------------- */

json_t *plan_model(Db *db, const Plan *plan) {
    static const char *const classes[PLAN_STATE_COUNT] = {"", "k", ""};
    static const char *const icons[PLAN_STATE_COUNT] = {"pencil", "eye", "history"};
    json_t *model = json_object();
    g_autofree char *region = draw_region_zh(db, plan->region);
    int64_t quota = 0;
    int64_t reserves = 0;
    int64_t open = 0;
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *one = &g_array_index(plan->quotas, PlanQuota, i);
        quota += one->quota;
        reserves += one->reserves;
        open += one->drawn_by == 0 ? 1 : 0;
    }
    json_put_int(model, "id", plan->id);
    json_put_text(model, "title", plan->title);
    json_put_int(model, "year", plan->year);
    json_put_int(model, "version", plan->version);
    json_put_text(model, "agency", plan->agency);
    json_put_text(model, "object_kind", plan->object_kind);
    json_put_text(model, "object_kind_zh", draw_object_kind_zh(plan->object_kind));
    json_put_text(model, "region", plan->region);
    json_put_text(model, "region_name", region);
    json_put_text(model, "state", plan_state_word(plan->state));
    json_put_text(model, "state_zh", plan_state_zh(plan->state));
    json_put_text(model, "state_class", classes[plan->state]);
    json_put_text(model, "state_icon", icons[plan->state]);
    json_put_bool(model, "is_draft", plan->state == PLAN_DRAFT);
    json_put_bool(model, "is_published", plan->state == PLAN_PUBLISHED);
    json_put_bool(model, "is_superseded", plan->state == PLAN_SUPERSEDED);
    json_put_int(model, "open_strata", open);
    put_minute(model, "created", plan->created_us);
    put_minute(model, "published", plan->published_us);
    json_put_count(model, "quota_total", quota);
    json_put_count(model, "reserve_total", reserves);
    return model;
}

static void put_counts(json_t *model, const Draw *draw) {
    json_put_count(model, "pool_text", draw->pool_count);
    json_put_count(model, "eligible_text", draw->eligible_count);
    json_put_count(model, "excluded_text", draw->excluded_count);
    json_put_bool(model, "has_excluded", draw->excluded_count > 0);
    json_put_count(model, "inspector_text", draw->inspector_count);
    json_put_count(model, "denied_text", draw->denied_count);
    json_put_bool(model, "has_denied", draw->denied_count > 0);
    json_put_count(model, "drawn_text", draw->drawn_count);
    json_put_int(model, "drawn_count", draw->drawn_count);
    json_put_count(model, "reserve_text", draw->reserve_count);
    json_put_bool(model, "has_reserves", draw->reserve_count > 0);
    json_put_count(model, "unstaffed_text", draw->unstaffed_count);
    json_put_bool(model, "has_unstaffed", draw->unstaffed_count > 0);
    json_put_count(model, "short_text", draw->short_count);
    json_put_bool(model, "has_short", draw->short_count > 0);
    json_put_int(model, "level", draw->level);
}

static const char *state_icon(DrawState state) {
    static const char *const icons[DRAW_STATE_COUNT] = {
        "pencil", "hourglass", "lock", "circle-check", "x", "x"};
    return icons[state];
}

json_t *draw_model(Db *db, const Draw *draw) {
    json_t *model = json_object();
    g_autofree char *region = draw_region_zh(db, draw->region);
    json_put_int(model, "id", draw->id);
    json_put_int(model, "plan_id", draw->plan_id);
    json_put_text(model, "number", draw->number);
    json_put_text(model, "title", draw->title);
    json_put_int(model, "year", draw->year);
    json_put_text(model, "object_kind", draw->object_kind);
    json_put_text(model, "object_kind_zh", draw_object_kind_zh(draw->object_kind));
    json_put_text(model, "region_name", region);
    json_put_text(model, "date_from", draw->date_from);
    json_put_text(model, "date_to", draw->date_to);
    json_put_text(model, "hash_zh", draw->kind == DIGEST_SM3 ? "SM3" : "SHA-256");
    json_put_text(model, "hash", draw->kind == DIGEST_SM3 ? "sm3" : "sha256");
    json_put_text(model, "commit", draw->commit);
    json_put_text(model, "result", draw->result);
    json_put_text(model, "seed_by", draw->seed_by);
    json_put_text(model, "seed_hex", draw->seed_hex);
    json_put_text(model, "seed_text", draw->seed_text);
    json_put_text(model, "mode", draw_mode_word(draw->mode));
    json_put_bool(model, "is_typed", draw->mode == DRAW_TYPED);
    json_put_bool(model, "is_sealed", draw->mode == DRAW_SEALED);
    json_put_bool(model, "is_open_mode", draw->mode == DRAW_OPEN);
    json_put_text(model, "state", draw_state_word(draw->state));
    json_put_text(model, "state_zh", draw_state_zh(draw->state));
    json_put_text(model, "state_class", draw->state == DRAW_PUBLISHED ? "k" : "");
    json_put_text(model, "state_icon", state_icon(draw->state));
    json_put_bool(model, "is_frozen", draw->state == DRAW_FROZEN);
    json_put_bool(model, "is_waiting", draw->state == DRAW_COMMITTED);
    json_put_bool(model, "is_run", draw->state == DRAW_DONE || draw->state == DRAW_PUBLISHED);
    json_put_bool(model, "is_over", draw->state == DRAW_DROPPED || draw->state == DRAW_LAPSED);
    json_put_text(model, "open_by", draw->open_by[0] != '\0' ? draw->open_by : NULL);
    json_put_bool(model, "is_test_clock", clock_is_test());
    put_minute(model, "frozen_at", draw->frozen_us);
    put_minute(model, "committed_at", draw->committed_us);
    put_minute(model, "drawn_at", draw->drawn_us);
    put_minute(model, "published", draw->published_us);
    json_put_bool(model, "is_published", draw->state == DRAW_PUBLISHED);
    json_put(model, "commit_proof", ledger_badge_at(draw->commit_leaf));
    json_put(model, "result_proof", ledger_badge_at(draw->result_leaf));
    json_put(model, "publish_proof", ledger_badge_at(draw->publish_leaf));
    put_counts(model, draw);
    return model;
}

static const char *flag_zh(const char *flag) {
    if (strcmp(flag, "SHORT") == 0) {
        return "这一类不够抽";
    }
    return strcmp(flag, "UNSTAFFED") == 0 ? "派不出两名人员" : NULL;
}

json_t *drawn_object_model(const DrawnObject *object) {
    json_t *model = json_object();
    char id[DRAW_ID_MAX + 1];
    draw_id_format(object->object_kind, object->object_id, id);
    g_autofree char *short_ticket =
        g_strdup_printf("%.8s %.4s…", object->ticket, object->ticket + 8);
    json_put_int(model, "order", object->order);
    json_put_bool(model, "is_reserve", object->is_reserve);
    json_put_text(model, "id", id);
    json_put_int(model, "object_id", object->object_id);
    json_put_text(model, "name", object->name);
    json_put_text(model, "address", object->address);
    json_put_text(model, "stratum_zh", draw_stratum_zh(object->stratum));
    json_put_text(model, "ticket", object->ticket);
    json_put_text(model, "ticket_short", short_ticket);
    json_put_text(model, "lead", object->lead_name);
    json_put_text(model, "second", object->second_name);
    json_put_text(model, "flag", object->flag);
    json_put_text(model, "flag_zh", flag_zh(object->flag));
    return model;
}

void draw_put_pager(json_t *model, const char *path, int64_t next_after, const char *note) {
    if (next_after == 0) {
        json_put(model, "pager", json_null());
        return;
    }
    char joint = strchr(path, '?') != NULL ? '&' : '?';
    g_autofree char *next = g_strdup_printf("%s%cafter=%" G_GINT64_FORMAT, path, joint, next_after);
    json_t *pager = json_object();
    json_put_text(pager, "first", NULL);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", next);
    json_put_text(pager, "note", note);
    json_put(model, "pager", pager);
}

/* --- how one object stood -------------------------------------------------------------------- */

#define FOUND_MAX 5

static const char *reason_zh(const char *reason) {
    if (strcmp(reason, "CAP") == 0) {
        return "今年已经抽到上限次数";
    }
    if (strcmp(reason, "CLOSED") == 0) {
        return "停业";
    }
    return strcmp(reason, "EXEMPT") == 0 ? "依规定不参加随机抽查" : NULL;
}

static const char *risk_token_zh(const char *token) {
    RiskGrade risk = RISK_UNKNOWN;
    (void)risk_parse(token, &risk); /* "unknown" is no word of the registry and stays unknown */
    return risk_name_zh(risk);
}

static bool is_run(const Draw *draw) {
    return draw->state == DRAW_DONE || draw->state == DRAW_PUBLISHED;
}

char *draw_hand_command(const Draw *draw, const DrawKeys *keys, const char *id, int64_t weight) {
    g_autofree char *key = hex_format(keys->target, DIGEST_SIZE);
    return g_strdup_printf("KT=%s; ID=%s; for j in $(seq 0 %" G_GINT64_FORMAT "); do "
                           "printf '%%s%%02x%%s%%04x' $KT ${#ID} $(printf %%s $ID | xxd -p) $j | "
                           "xxd -r -p | openssl dgst -%s; done | sort",
                           key,
                           id,
                           weight - 1,
                           draw->kind == DIGEST_SM3 ? "sm3" : "sha256");
}

/* Its ticket, and how anybody finds the same one. */
static bool
put_ticket(Db *db, const Draw *draw, const char *id, int64_t weight, json_t *item, GError **error) {
    DrawKeys keys;
    uint8_t ticket[DIGEST_SIZE];
    json_put_text(item, "ticket", NULL);
    json_put_text(item, "command", NULL);
    if (!is_run(draw) || weight == 0) {
        return true;
    }
    if (!draw_keys_of(db, draw->id, &keys, error)) {
        return false;
    }
    g_autoptr(Digest) digest = digest_new(draw->kind);
    draw_ticket(digest, keys.target, id, (unsigned)weight, ticket);
    g_autofree char *hex = hex_format(ticket, DIGEST_SIZE);
    g_autofree char *command = draw_hand_command(draw, &keys, id, weight);
    json_put_text(item, "ticket", hex);
    json_put_text(item, "command", command);
    return true;
}

/* Was it drawn, and at which place? Looks at the newest draws it stands in. */
static bool put_outcome(Db *db, const Draw *draw, int64_t object_id, json_t *item, GError **error) {
    g_autoptr(GPtrArray) targets = draw_targets_of(db, draw->object_kind, object_id, 200, error);
    if (targets == NULL) {
        return false;
    }
    const char *outcome = is_run(draw) ? "没有抽中" : "还没有抽";
    json_put(item, "place", json_null());
    for (guint i = 0; i < targets->len; i++) {
        const DrawnObject *target = g_ptr_array_index(targets, i);
        if (target->draw_id == draw->id) {
            outcome = target->is_reserve ? "是备选" : "抽中";
            json_put_int(item, "place", target->order);
        }
    }
    json_put_text(item, "outcome", outcome);
    return true;
}

static bool add_found(
    Db *db, const Draw *draw, int64_t object_id, const char *name, json_t *items, GError **error) {
    char id[DRAW_ID_MAX + 1];
    DrawStanding standing = {0};
    bool is_found = false;
    draw_id_format(draw->object_kind, object_id, id);
    if (!draw_standing(db, draw->id, id, &standing, &is_found, error)) {
        return false;
    }
    if (!is_found) {
        return true;
    }
    json_t *item = json_object();
    json_array_append_new(items, item);
    json_put_text(item, "id", id);
    json_put_text(item, "name", name);
    json_put_text(item, "stratum_zh", draw_stratum_zh(standing.stratum));
    json_put_text(item, "risk_zh", risk_token_zh(standing.risk));
    json_put_text(
        item, "credit_zh", strcmp(standing.credit, "unknown") == 0 ? "未评" : standing.credit);
    json_put_int(item, "weight", standing.weight);
    json_put_int(item, "drawn_before", standing.drawn);
    json_put_text(item, "reason_zh", reason_zh(standing.reason));
    return put_outcome(db, draw, object_id, item, error) &&
           put_ticket(db, draw, id, standing.weight, item, error);
}

static const char *get_asked(const void *from, const char *name) {
    return strcmp(name, "q") == 0 ? from : NULL;
}

/* Units by name, code or address, through the search of the registry. */
static bool find_units(
    Db *db, const Draw *draw, const char *asked, json_t *items, int64_t now_us, GError **error) {
    g_auto(UnitQuery) query = {0};
    g_auto(UnitPage) page = {0};
    const char *problem = NULL;
    bool is_denied = false;
    if (!unit_query_parse(get_asked, asked, draw->region, now_us, &query, &problem, &is_denied)) {
        return true; /* too short to search for: nothing found */
    }
    if (!unit_list_page(db, &query, FOUND_MAX, &page, error)) {
        return false;
    }
    for (guint i = 0; i < page.units->len; i++) {
        const Unit *unit = &g_array_index(page.units, Unit, i);
        if (!add_found(db, draw, unit->id, unit->name, items, error)) {
            return false;
        }
    }
    return true;
}

/* By its number in the files: "U12". */
static bool find_number(Db *db, const Draw *draw, int64_t number, json_t *items, GError **error) {
    g_auto(Unit) unit = {0};
    g_auto(Building) building = {0};
    bool is_unit = strcmp(draw->object_kind, "unit") == 0;
    bool is_known =
        is_unit ? unit_find(db, number, &unit, NULL) : building_find(db, number, &building, NULL);
    const char *name = is_unit ? unit.name : building.name;
    return !is_known || add_found(db, draw, number, name, items, error);
}

bool draw_put_found(
    Db *db, const Draw *draw, const char *asked, json_t *model, int64_t now_us, GError **error) {
    g_autofree char *text = g_strstrip(g_strdup(asked != NULL ? asked : ""));
    json_put_text(model, "asked", text);
    json_t *items = json_array();
    json_put(model, "found", items);
    json_put_bool(model, "was_asked", text[0] != '\0');
    json_put_bool(model, "none_found", false);
    if (text[0] == '\0') {
        return true;
    }
    char letter = (char)g_ascii_toupper(draw->object_kind[0]);
    int64_t number = g_ascii_toupper(text[0]) == letter ? draw_id_number(text) : 0;
    bool is_done = number != 0 ? find_number(db, draw, number, items, error)
                               : strcmp(draw->object_kind, "unit") != 0 ||
                                     find_units(db, draw, text, items, now_us, error);
    json_put_bool(model, "none_found", json_array_size(items) == 0);
    return is_done;
}
