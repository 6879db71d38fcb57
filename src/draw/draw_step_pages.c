/* The steps of a draw after its files are frozen: commit, share, beacon, run, drop. */
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw_pages.h"
#include "draw/draw_rules.h"
#include "ledger/ledger.h"

#include <string.h>

#define FORM_BEACONS 2

/* --- what is known -----------------------------------------------------------------------------
 */

static void put_minute(json_t *model, const char *key, int64_t time_us) {
    g_autofree char *text = time_us > 0 ? clock_format_minute(time_us) : NULL;
    json_put_text(model, key, text);
}

static json_t *beacon_model(const DrawBeaconRow *row, int64_t now_us) {
    json_t *model = json_object();
    uint8_t value[DRAW_SEED_MAX];
    size_t size = strlen(row->value_hex) / 2;
    bool is_known = size > 0 && size <= sizeof value && hex_parse(row->value_hex, value, size);
    g_autofree char *shown = is_known ? draw_beacon_show(&row->beacon, value, size) : NULL;
    g_autofree char *bits = g_strdup_printf("%d", (int)draw_beacon_bits(&row->beacon));
    bool is_drand = strcmp(row->beacon.source, "drand") == 0;
    json_put_int(model, "j", row->j);
    json_put_text(model, "source", row->beacon.source);
    json_put_text(model, "source_zh", draw_source_zh(row->beacon.source));
    json_put_text(model, "round", row->beacon.round);
    json_put_text(model, "value_zh", draw_source_value_zh(row->beacon.source));
    json_put_bool(model, "is_drand", is_drand);
    json_put_bool(model, "is_dice", g_str_has_prefix(row->beacon.source, "dice"));
    json_put_text(model, "bits", bits);
    put_minute(model, "time", row->beacon.time_us);
    put_minute(model, "taken_at", row->taken_us);
    json_put_bool(model, "is_known", is_known);
    json_put_bool(model, "is_due", !is_known && now_us >= row->beacon.time_us);
    json_put_text(model, "value", shown);
    json_put_text(model, "signature", is_known && is_drand ? row->typed : NULL);
    json_put_text(model, "note", row->note[0] != '\0' ? row->note : NULL);
    json_put(model, "proof", ledger_badge_at(row->leaf));
    return model;
}

static json_t *party_model(const Draw *draw, const DrawPartyRow *row) {
    json_t *model = json_object();
    bool is_open = draw->mode == DRAW_OPEN || draw->state == DRAW_PUBLISHED;
    json_put_int(model, "j", row->j);
    json_put_text(model, "name", row->is_own ? "本平台（platform）" : row->name);
    json_put_text(model, "party", row->name);
    json_put_text(model, "commit", row->commit_hex);
    json_put_bool(model, "is_given", row->share_hex[0] != '\0');
    json_put_bool(model, "is_own", row->is_own);
    json_put_bool(model, "counts", row->counts);
    json_put_bool(model, "is_left_out", !row->counts && draw->drawn_us > 0);
    json_put_text(model, "share", is_open && row->share_hex[0] != '\0' ? row->share_hex : NULL);
    put_minute(model, "given_at", row->revealed_us);
    json_put(model, "proof", ledger_badge_at(row->leaf));
    return model;
}

static void
put_witnessed(const Draw *draw, const DrawWitnessed *seen, int64_t first_us, json_t *model) {
    bool is_there = seen->is_known && draw->commit_leaf >= 0;
    bool holds = is_there && draw_time_rule_holds(seen->time_us, draw->delta_s, first_us);
    g_autofree char *count = g_strdup_printf("%u", seen->witnesses);
    g_autofree char *gap =
        is_there && first_us != INT64_MAX
            ? g_strdup_printf("%" G_GINT64_FORMAT,
                              (first_us - seen->time_us) / (60 * CLOCK_SECOND_US))
            : NULL;
    json_put_bool(model, "is_witnessed", is_there && seen->witnesses > 0);
    json_put_text(model, "witness_count", count);
    put_minute(model, "witnessed_at", is_there ? seen->time_us : 0);
    json_put_text(model, "gap_minutes", gap);
    json_put_int(model, "delta_minutes", draw->delta_s / 60);
    json_put_bool(model, "rule_holds", holds);
    json_put_bool(model, "rule_broken", draw->state == DRAW_COMMITTED && is_there && !holds);
}

bool draw_put_protocol(Ctx *ctx, const Draw *draw, json_t *model, GError **error) {
    DrawWitnessed seen = {0};
    g_autoptr(GArray) beacons = draw_beacons(ctx->db, draw->id, error);
    g_autoptr(GArray) parties = beacons != NULL ? draw_parties(ctx->db, draw->id, error) : NULL;
    if (parties == NULL ||
        (draw->commit_leaf >= 0 && !draw_witnessed(ctx->db, draw->commit_leaf, &seen, error))) {
        return false;
    }
    json_t *beacon_models = json_array();
    json_t *party_models = json_array();
    bool is_complete = beacons->len > 0;
    bool is_share_missing = false;
    for (guint i = 0; i < beacons->len; i++) {
        const DrawBeaconRow *row = &g_array_index(beacons, DrawBeaconRow, i);
        is_complete &= row->value_hex[0] != '\0';
        json_array_append_new(beacon_models, beacon_model(row, ctx->now_us));
    }
    for (guint i = 0; i < parties->len; i++) {
        const DrawPartyRow *row = &g_array_index(parties, DrawPartyRow, i);
        is_share_missing |= row->share_hex[0] == '\0';
        json_array_append_new(party_models, party_model(draw, row));
    }
    int64_t first_us = draw_first_beacon_us(beacons);
    json_put(model, "beacons", beacon_models);
    json_put_bool(model, "has_parties", parties->len > 0);
    json_put(model, "parties", party_models);
    json_put_bool(model, "all_known", is_complete);
    put_minute(model, "first_beacon", first_us != INT64_MAX ? first_us : 0);
    put_witnessed(draw, &seen, first_us, model);
    json_put_bool(model,
                  "may_reveal",
                  draw->state == DRAW_COMMITTED && is_share_missing && ctx->now_us < first_us);
    json_put_bool(model, "may_run", draw->state == DRAW_COMMITTED && is_complete);
    return true;
}

/* --- the commit form ---------------------------------------------------------------------------
 */

static json_t *source_options(const char *chosen, bool with_none) {
    json_t *options = json_array();
    if (with_none) {
        form_option(options, "", "不用第二个", chosen[0] == '\0');
    }
    for (unsigned i = 0; draw_source_word(i) != NULL; i++) {
        const char *word = draw_source_word(i);
        form_option(options, word, draw_source_zh(word), strcmp(word, chosen) == 0);
    }
    return options;
}

/* "2026-11-22T17:15" in Asia/Shanghai, as a datetime-local input wants it. */
static char *local_minute(int64_t time_us) {
    char *text = clock_format_minute(time_us);
    text[10] = 'T';
    return text;
}

static void put_commit_form(json_t *model, const Request *req, const Draw *draw, int64_t now_us) {
    json_t *rows = json_array();
    for (int i = 0; i < FORM_BEACONS; i++) {
        g_autofree char *source_id = g_strdup_printf("source_%d", i + 1);
        g_autofree char *time_id = g_strdup_printf("time_%d", i + 1);
        g_autofree char *round_id = g_strdup_printf("round_%d", i + 1);
        g_autofree char *soon = local_minute(now_us + (draw->delta_s + 300) * CLOCK_SECOND_US);
        g_autofree char *source =
            req != NULL ? draw_form_text(req, source_id) : g_strdup(i == 0 ? "dice10" : "");
        g_autofree char *time = req != NULL ? draw_form_text(req, time_id) : g_strdup(soon);
        g_autofree char *round =
            req != NULL ? draw_form_text(req, round_id) : g_strdup(i == 0 ? "20" : "");
        json_t *row = json_object();
        json_put_bool(row, "is_first", i == 0);
        json_put_text(row, "source_id", source_id);
        json_put_text(row, "time_id", time_id);
        json_put_text(row, "round_id", round_id);
        json_put(row, "options", source_options(source, i > 0));
        json_put_text(row, "time", time);
        json_put_text(row, "round", round);
        json_array_append_new(rows, row);
    }
    g_autofree char *parties = req != NULL ? draw_form_text(req, "parties") : g_strdup("");
    int64_t last_us = 0;
    (void)clock_parse(draw->date_to, &last_us); /* checked when it was frozen */
    g_autofree char *month_after = clock_format_date(last_us + 28 * CLOCK_DAY_US);
    g_autofree char *open_by = req != NULL ? draw_form_text(req, "open_by") : g_strdup(month_after);
    json_put(model, "beacon_rows", rows);
    json_put_text(model, "parties_text", parties);
    json_put_text(model, "open_by_value", open_by);
}

void draw_put_step_forms(Ctx *ctx, const Draw *draw, json_t *model) {
    put_commit_form(model, NULL, draw, ctx->now_us);
    json_put_text(model, "note_text", "");
}

/* The page again, with one sentence that says what to change. */
static Response *
again(Ctx *ctx, const Request *req, const Draw *draw, const char *field, const char *sentence) {
    g_autoptr(GError) error = NULL;
    json_t *model = draw_work_model(ctx, req, draw, &error);
    if (model == NULL) {
        return response_problem(error, NULL);
    }
    if (draw->state == DRAW_FROZEN) {
        put_commit_form(model, req, draw, ctx->now_us);
    }
    FormProblems *problems = form_problems_new();
    form_problem_add(problems, field, "%s", sentence);
    return response_form_again("draw/draw", model, problems);
}

Draw *draw_own(Ctx *ctx, const Request *req, Response **ret_refusal) {
    g_autoptr(Draw) draw = draw_wanted(ctx, req, false, ret_refusal);
    if (draw != NULL && !draw_may_act(ctx->who, draw->region)) {
        g_autoptr(GError) error = NULL;
        hz_fail(&error, HZ_ERROR_DENIED, "the draw is outside this account's region");
        *ret_refusal = response_problem(error, "这次抽查不在您的管辖区域内。");
        return NULL;
    }
    return g_steal_pointer(&draw);
}

static Response *back(const Draw *draw, const char *message) {
    g_autofree char *path = g_strdup_printf("/work/draws/%" G_GINT64_FORMAT, draw->id);
    return response_redirect_flash(path, "%s", message);
}

/* --- commit ------------------------------------------------------------------------------------
 */

typedef struct CommitForm {
    DrawBeacon beacons[FORM_BEACONS];
    size_t beacon_count;
    GArray *parties; /* DrawPartyCommit; texts in `texts` */
    GPtrArray *texts;
    char *open_by;
} CommitForm;

static void commit_form_clear(CommitForm *form) {
    g_clear_pointer(&form->parties, g_array_unref);
    g_clear_pointer(&form->texts, g_ptr_array_unref);
    g_free(form->open_by);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CommitForm, commit_form_clear)

static const char *read_beacon(const Request *req, int number, CommitForm *form) {
    g_autofree char *source_id = g_strdup_printf("source_%d", number);
    g_autofree char *time_id = g_strdup_printf("time_%d", number);
    g_autofree char *round_id = g_strdup_printf("round_%d", number);
    g_autofree char *source = draw_form_text(req, source_id);
    g_autofree char *time = draw_form_text(req, time_id);
    g_autofree char *round = draw_form_text(req, round_id);
    g_autofree char *whole = strlen(time) == 16 ? g_strconcat(time, ":00", NULL) : g_strdup(time);
    int64_t time_us = 0;
    if (source[0] == '\0') {
        return NULL;
    }
    if (strlen(whole) < 19 || !clock_parse(whole, &time_us)) {
        return "写随机数产生的日期和时间";
    }
    if (!draw_beacon_make(source, round, time_us, &form->beacons[form->beacon_count], NULL)) {
        return g_str_has_prefix(source, "dice") ? "写骰子掷几次，1 至 200"
               : strcmp(source, "drand") == 0 ? "drand 的轮次写整数，或者空着按时间算"
                                              : "写开奖的期号";
    }
    form->beacon_count++;
    return NULL;
}

/* One party a line: name, blank, commitment. */
static void read_parties(const Request *req, CommitForm *form) {
    form->parties = g_array_new(FALSE, FALSE, sizeof(DrawPartyCommit));
    form->texts = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = draw_form_text(req, "parties");
    g_auto(GStrv) lines = g_strsplit(text, "\n", 40);
    for (char **line = lines; *line != NULL; line++) {
        char *whole = g_strstrip(*line);
        char *blank = strrchr(whole, ' ');
        if (whole[0] == '\0') {
            continue;
        }
        char *name = g_strndup(whole, blank != NULL ? (gsize)(blank - whole) : strlen(whole));
        char *commit = g_strdup(blank != NULL ? blank + 1 : "");
        g_ptr_array_add(form->texts, name);
        g_ptr_array_add(form->texts, commit);
        DrawPartyCommit party = {g_strchomp(name), commit};
        g_array_append_val(form->parties, party);
    }
}

static bool commit_work(Db *db, void *data, GError **error) {
    return draw_commit(db, data, error);
}

Response *draw_commit_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_own(ctx, req, &refusal);
    g_auto(CommitForm) form = {0};
    if (draw == NULL) {
        return refusal;
    }
    const char *problem = read_beacon(req, 1, &form);
    problem = problem != NULL ? problem : read_beacon(req, 2, &form);
    read_parties(req, &form);
    form.open_by = draw_form_text(req, "open_by");
    g_autofree char *actor = draw_actor(ctx);
    DrawCommitRequest request = {.draw_id = draw->id,
                                 .beacons = form.beacons,
                                 .beacon_count = form.beacon_count,
                                 .parties = (const DrawPartyCommit *)(void *)form.parties->data,
                                 .party_count = form.parties->len,
                                 .open_by = form.open_by,
                                 .actor = actor,
                                 .now_us = ctx->now_us};
    if (problem == NULL && draw->state == DRAW_FROZEN) {
        problem = draw_commit_problem(draw, &request);
    }
    if (problem != NULL) {
        return again(ctx, req, draw, "source_1", problem);
    }
    if (!db_run_tx(ctx->db, commit_work, &request, &error)) {
        bool is_conflict = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(error, is_conflict ? "这次抽查已经封存过了，只封存一次。" : NULL);
    }
    return back(draw, "已封存并写进账本。到时间以后填随机数，再按规则抽取。");
}

/* --- shares ------------------------------------------------------------------------------------
 */

static Response *share_again(Ctx *ctx, const Request *req, const Draw *draw, const char *sentence) {
    return again(ctx, req, draw, "share", sentence);
}

Response *draw_reveal_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(Draw) draw = draw_own(ctx, req, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    g_autofree char *actor = draw_actor(ctx);
    Response *answer = draw_take_share(ctx, req, draw, actor, share_again);
    return answer != NULL ? answer : back(draw, "份额已收下并写进账本。");
}

/* --- beacons -----------------------------------------------------------------------------------
 */

static bool beacon_work(Db *db, void *data, GError **error) {
    return draw_beacon_take(db, data, error);
}

/* What this beacon's value looks like, for a person who typed something else. */
static const char *value_hint(Ctx *ctx, const Draw *draw, int64_t j) {
    g_autoptr(GArray) beacons = draw_beacons(ctx->db, draw->id, NULL);
    if (beacons == NULL || j < 1 || j > beacons->len) {
        return "没有这个来源";
    }
    return draw_source_value_zh(g_array_index(beacons, DrawBeaconRow, j - 1).beacon.source);
}

Response *draw_beacon_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_own(ctx, req, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    g_autofree char *number = draw_form_text(req, "j");
    g_autofree char *typed = draw_form_text(req, "value");
    g_autofree char *note = draw_form_text(req, "note");
    g_autofree char *actor = draw_actor(ctx);
    DrawBeaconTake take = {.draw_id = draw->id,
                           .j = (int64_t)g_ascii_strtoull(number, NULL, 10),
                           .typed = typed,
                           .note = note,
                           .actor = actor,
                           .now_us = ctx->now_us};
    if (db_run_tx(ctx->db, beacon_work, &take, &error)) {
        return back(draw, "随机数已写进账本，不能再改。");
    }
    if (g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID)) {
        g_autofree char *sentence =
            g_strdup_printf("随机数不合格式或个数不对：%s", value_hint(ctx, draw, take.j));
        return again(ctx, req, draw, "value", sentence);
    }
    return response_problem(error,
                            g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED)
                                ? "封存时写定的时间还没有到，这时不收随机数。"
                                : "这个随机数已经填过，只填一次。");
}

/* --- run and drop ------------------------------------------------------------------------------
 */

typedef struct StepWork {
    int64_t id;
    const char *actor;
    int64_t now_us;
} StepWork;

static bool run_work(Db *db, void *data, GError **error) {
    const StepWork *work = data;
    return draw_run(db, work->id, work->actor, work->now_us, error);
}

static bool drop_work(Db *db, void *data, GError **error) {
    const StepWork *work = data;
    return draw_drop(db, work->id, work->actor, work->now_us, error);
}

/* Both steps need nothing but the draw; `conflict_zh` says why it is not the time for one. */
static Response *
take_step(Ctx *ctx, const Request *req, DbWork take, const char *done_zh, const char *conflict_zh) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_own(ctx, req, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    g_autofree char *actor = draw_actor(ctx);
    StepWork work = {draw->id, actor, ctx->now_us};
    if (!db_run_tx(ctx->db, take, &work, &error)) {
        bool is_conflict = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(error, is_conflict ? conflict_zh : NULL);
    }
    return back(draw, done_zh);
}

Response *draw_run_submit(Ctx *ctx, const Request *req) {
    return take_step(ctx,
                     req,
                     run_work,
                     "已抽取。检查任务已派给抽到的人员。",
                     "现在不能抽：随机数还没有齐，或者已经抽过。一次封存只抽一次。");
}

Response *draw_drop_submit(Ctx *ctx, const Request *req) {
    return take_step(ctx,
                     req,
                     drop_work,
                     "已放弃，这些类别可以重新冻结。",
                     "封存以后不能放弃：能放弃，就等于可以挑结果。");
}
