/* One building's code for officers: everything that counts, its history, codes, links, records. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "firecode/firecode_pages.h"
#include "firecode/firecode_rules.h"
#include "firecode/qr_svg.h"

#include <string.h>

#define HISTORY_MAX 20
#define RECORDS_MAX 5
#define LABEL_MAX 40
#define DAYS_DEFAULT 180
#define DAYS_MAX 366

static char *page_path(int64_t building_id) {
    return g_strdup_printf("/work/codes/%" G_GINT64_FORMAT, building_id);
}

static bool put_history(Ctx *ctx, int64_t building_id, json_t *model, GError **error) {
    g_autoptr(GPtrArray) changes = firecode_history(ctx->db, building_id, 0, HISTORY_MAX, error);
    json_t *list = json_array();
    json_put(model, "history", list);
    for (guint i = 0; changes != NULL && i < changes->len; i++) {
        const FirecodeChange *change = changes->pdata[i];
        g_autofree char *time = clock_format_minute(change->time_us);
        g_auto(GStrv) reasons = g_strsplit(change->reasons, "\n", -1);
        json_t *lines = json_array();
        for (char **one = reasons; *one != NULL && (*one)[0] != '\0'; one++) {
            json_array_append_new(lines, json_string(*one));
        }
        json_t *model_one = json_object();
        bool is_new_colour = change->before != change->colour;
        json_put_text(model_one, "time", time);
        json_put_text(model_one, "cause", cause_zh(change->cause));
        json_put_int(model_one, "score", change->score);
        json_put_text(model_one, "colour", risk_colour(change->colour));
        json_put_text(model_one, "colour_zh", risk_name_zh(change->colour));
        json_put_text(model_one,
                      "before_zh",
                      is_new_colour && change->before != RISK_UNKNOWN ? risk_name_zh(change->before)
                                                                      : NULL);
        json_put(model_one, "lines", lines);
        json_array_append_new(list, model_one);
    }
    return changes != NULL;
}

static bool put_codes(Ctx *ctx, int64_t building_id, json_t *model, GError **error) {
    static const char *const states[] = {"在用", "已换新", "已收回"};
    g_autoptr(GPtrArray) codes = firecode_all_of(ctx->db, building_id, error);
    json_t *list = json_array();
    json_put(model, "codes", list);
    for (guint i = 0; codes != NULL && i < codes->len; i++) {
        const Firecode *code = codes->pdata[i];
        g_autofree char *text = code_text(code->code);
        g_autofree char *issued = clock_format_date(code->issued_us);
        g_autofree char *ended = code->ended_us == 0 ? NULL : clock_format_date(code->ended_us);
        json_t *one = json_object();
        json_put_text(one, "text", text);
        json_put_text(one, "state", states[code->state]);
        json_put_bool(one, "is_active", code->state == CODE_ACTIVE);
        json_put_text(one, "issued", issued);
        json_put_text(one, "ended", ended);
        json_put_text(one, "reason", code->reason[0] == '\0' ? NULL : code->reason);
        json_array_append_new(list, one);
    }
    return codes != NULL;
}

static bool put_keepers(Ctx *ctx, int64_t building_id, json_t *model, GError **error) {
    g_autoptr(GPtrArray) keepers = keepers_of(ctx->db, building_id, error);
    json_t *list = json_array();
    json_put(model, "keepers", list);
    for (guint i = 0; keepers != NULL && i < keepers->len; i++) {
        const Keeper *keeper = keepers->pdata[i];
        bool is_live = keeper->ended_us == 0 && keeper->ends_us > ctx->now_us;
        g_autofree char *until = clock_format_date(keeper->ends_us);
        g_autofree char *used =
            keeper->used_us == 0 ? g_strdup("还没有用过") : clock_format_minute(keeper->used_us);
        json_t *one = json_object();
        json_put_int(one, "keeper_id", keeper->id);
        json_put_text(one, "label", keeper->label);
        json_put_text(one, "until", until);
        json_put_text(one, "used", used);
        json_put_text(one, "state", keeper->ended_us != 0 ? "已收回" : is_live ? "在用" : "已到期");
        json_put_bool(one, "is_live", is_live);
        json_array_append_new(list, one);
    }
    return keepers != NULL;
}

static bool put_records(Ctx *ctx, const Building *building, json_t *model, GError **error) {
    g_autoptr(GPtrArray) records =
        duty_records(ctx->db, building->id, DUTY_KINDS, 0, RECORDS_MAX, error);
    return records != NULL && record_put_list(building->region, records, true, model, error);
}

static bool put_active(Ctx *ctx,
                       const Request *req,
                       const Building *building,
                       const Firecode *code,
                       json_t *model,
                       GError **error) {
    g_auto(FirecodeScore) score = {0};
    const LawRisk *risk = code_risk(building->region, ctx->now_us, error);
    if (risk == NULL || !firecode_score(ctx->db, building->id, &score, error)) {
        return false;
    }
    g_autofree char *text = code_score_text(risk, &score);
    g_autofree char *computed = clock_format_minute(score.computed_us);
    code_put_colour(model, score.colour);
    code_put_reasons(model, risk, &score, false);
    code_put_duties(model, risk, &score, ctx->now_us);
    json_put_text(model, "score_text", text);
    json_put_text(model, "computed", computed);
    json_put_int(model, "known", score.known);
    json_put_int(model, "indicators", risk->count);
    json_put_text(model, "rule_source", risk->source);
    json_put_text(model, "confidence", law_confidence_zh(risk->entry.confidence));
    return code_put_face(req, code->code, model, error);
}

/* `problems` is taken over; NULL: none. */
static Response *
show(Ctx *ctx, const Request *req, const Building *building, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) wrong = problems != NULL ? problems : form_problems_new();
    g_autoptr(json_t) model = json_object();
    g_auto(Firecode) code = {0};
    if (!firecode_of(ctx->db, building->id, &code, &error) ||
        !code_put_building(ctx->db, building, model, &error) ||
        !put_codes(ctx, building->id, model, &error) ||
        !put_keepers(ctx, building->id, model, &error) ||
        !put_history(ctx, building->id, model, &error) ||
        !put_records(ctx, building, model, &error) ||
        !code_put_proof(ctx->db, building->id, model, &error)) {
        return response_problem(error, NULL);
    }
    json_put_bool(model, "is_active", code.id != 0);
    json_put_bool(model, "may_issue", principal_may(ctx->who, PERM_UNIT_EDIT));
    json_put_int(model, "days", DAYS_DEFAULT);
    if (code.id != 0 && !put_active(ctx, req, building, &code, model, &error)) {
        return response_problem(error, NULL);
    }
    bool is_post = request_is_post(req);
    const char *const fields[] = {"reason", "label", "days"};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        const char *sent = is_post ? request_form(req, fields[i]) : NULL;
        g_autofree char *name = g_strconcat(fields[i], "_field", NULL);
        g_autofree char *days = g_strdup_printf("%d", DAYS_DEFAULT);
        g_autoptr(json_t) holder = json_object();
        form_field(holder,
                   fields[i],
                   sent != NULL                     ? sent
                   : strcmp(fields[i], "days") == 0 ? days
                                                    : "",
                   wrong);
        json_put(model, name, json_incref(json_object_get(holder, fields[i])));
    }
    const char *view = code.id != 0 ? "firecode/building" : "firecode/building_none";
    if (form_has_problems(wrong)) {
        return response_form_again(view, g_steal_pointer(&model), g_steal_pointer(&wrong));
    }
    json_put(model, "problems", json_null());
    return response_page(view, g_steal_pointer(&model));
}

Response *building_code_page(Ctx *ctx, const Request *req) {
    g_auto(Building) building = {0};
    Response *refused = code_building(ctx, req, &building);
    return refused != NULL ? refused : show(ctx, req, &building, NULL);
}

/* Issuing and withdrawing ask for a reason and nothing else. */
static Response *
change_code(Ctx *ctx,
            const Request *req,
            bool (*change)(Db *, int64_t, const char *, const FirecodeActor *, GError **),
            const char *done) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    g_autoptr(json_t) problems = form_problems_new();
    g_autofree char *actor = NULL;
    Response *refused = code_building(ctx, req, &building);
    if (refused != NULL) {
        return refused;
    }
    g_autofree char *reason = code_reason(req, "reason", problems);
    if (form_has_problems(problems)) {
        return show(ctx, req, &building, g_steal_pointer(&problems));
    }
    FirecodeActor by = code_actor(ctx, &actor);
    g_autofree char *path = page_path(building.id);
    return change(ctx->db, building.id, reason, &by, &error)
               ? response_redirect_flash(path, "%s", done)
               : response_problem(error, NULL);
}

Response *building_code_issue_submit(Ctx *ctx, const Request *req) {
    return change_code(ctx, req, firecode_issue, "码已发出，请打印贴纸，撕掉旧的");
}

Response *building_code_withdraw_submit(Ctx *ctx, const Request *req) {
    return change_code(ctx, req, firecode_withdraw, "码已收回，值守链接也一起停用");
}

/* --- links of keepers ---------------------------------------------------------------------------
 */

/* The key is shown on the answer itself and nowhere else. */
static Response *
show_key(Ctx *ctx, const Request *req, const Building *building, const char *key, int64_t ends_us) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    g_autofree char *text = code_text(key);
    g_autofree char *path = g_strconcat("/keeper?k=", key, NULL);
    g_autofree char *url = code_url(req, path);
    g_autofree char *door = code_url(req, "/keeper");
    g_autofree char *until = clock_format_date(ends_us);
    g_autofree char *label = g_strstrip(g_strdup(request_form(req, "label")));
    json_t *qr = url == NULL ? json_null() : qr_model(url, &error);
    if (qr == NULL || !code_put_building(ctx->db, building, model, &error)) {
        return response_problem(error, NULL);
    }
    json_put(model, "qr", qr);
    json_put_text(model, "door", door);
    json_put_text(model, "key", text);
    json_put_text(model, "until", until);
    json_put_text(model, "label", label);
    Response *response = response_page("firecode/keeper_key", g_steal_pointer(&model));
    response_private(response);
    return response;
}

Response *building_keeper_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    g_auto(Firecode) code = {0};
    g_autoptr(json_t) problems = form_problems_new();
    g_autofree char *actor = NULL;
    g_autofree char *key = NULL;
    Response *refused = code_building(ctx, req, &building);
    if (refused != NULL) {
        return refused;
    }
    if (!firecode_of(ctx->db, building.id, &code, &error)) {
        return response_problem(error, NULL);
    }
    const char *sent = request_form(req, "label");
    const char *days_text = request_form(req, "days");
    g_autofree char *label = g_strstrip(g_strdup(sent == NULL ? "" : sent));
    int64_t days = 0;
    if (label[0] == '\0' || g_utf8_strlen(label, -1) > LABEL_MAX) {
        form_problem_add(problems, "label", "写岗位，最多 %d 个字，比如“物业值班室”", LABEL_MAX);
    }
    if (days_text == NULL || !g_ascii_string_to_signed(days_text, 10, 1, DAYS_MAX, &days, NULL)) {
        form_problem_add(problems, "days", "写 1 到 %d 天", DAYS_MAX);
    }
    if (code.id == 0) {
        form_problem_add(problems, "label", "先给这栋楼发码");
    }
    if (form_has_problems(problems)) {
        return show(ctx, req, &building, g_steal_pointer(&problems));
    }
    FirecodeActor by = code_actor(ctx, &actor);
    int64_t ends_us = ctx->now_us + days * CLOCK_DAY_US;
    return keeper_issue(ctx->db, building.id, label, ends_us, &by, &key, &error)
               ? show_key(ctx, req, &building, key, ends_us)
               : response_problem(error, NULL);
}

Response *building_keeper_end_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    g_autofree char *actor = NULL;
    int64_t keeper = 0;
    Response *refused = code_building(ctx, req, &building);
    if (refused != NULL) {
        return refused;
    }
    if (!request_arg_id(req, "keeper", &keeper)) {
        return response_not_found();
    }
    FirecodeActor by = code_actor(ctx, &actor);
    g_autofree char *path = page_path(building.id);
    return keeper_end(ctx->db, building.id, keeper, &by, &error)
               ? response_redirect_flash(path, "链接已收回，马上不能用")
               : response_problem(error, "这个链接已经停用了。");
}
