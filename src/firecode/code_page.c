/* What everybody sees who scans the code on a door: colour, reasons, checks. No person is named;
 * what the table calls not public is told only as a sum of points. */
#include "base/clock.h"
#include "base/error.h"
#include "firecode/firecode_pages.h"
#include "firecode/firecode_rules.h"
#include "firecode/firecode_store.h"
#include "inspection/inspection.h"

#include <string.h>

#define CHECKS_MAX 5

/* The published inspections of the building, newest first, each with its proof. */
static bool put_checks(Ctx *ctx, int64_t building_id, json_t *model, GError **error) {
    g_autoptr(GArray) ids = facts_store_published(ctx->db, building_id, CHECKS_MAX, error);
    json_t *list = json_array();
    json_put(model, "checks", list);
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        g_autoptr(Inspection) one = inspection_find(ctx->db, g_array_index(ids, int64_t, i), error);
        if (one == NULL) {
            return false;
        }
        g_autofree char *date = clock_format_date(one->inspected_us);
        g_autofree char *day = clock_format_day_zh(one->inspected_us, ctx->now_us);
        g_autofree char *href = g_strdup_printf("/inspections/%" G_GINT64_FORMAT, one->id);
        g_autofree char *text =
            one->failed == 0
                ? g_strdup("监督检查，全部合格")
                : g_strdup_printf("监督检查，%" G_GINT64_FORMAT " 项不合格", one->failed);
        json_t *check = json_object();
        json_put_text(check, "date", date);
        json_put_text(check, "day", day);
        json_put_text(check, "href", href);
        json_put_text(check, "text", text);
        json_put_bool(check, "is_good", one->failed == 0);
        json_put(check, "proof", json_null());
        if (one->publish_leaf >= 0) {
            g_autofree char *leaf =
                g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, one->publish_leaf);
            g_autofree char *index = g_strdup_printf("%" G_GINT64_FORMAT, one->publish_leaf);
            json_t *proof = json_object();
            json_put_text(proof, "href", leaf);
            json_put_text(proof, "index_text", index);
            json_put(check, "proof", proof);
        }
        json_array_append_new(list, check);
    }
    return ids != NULL;
}

/* 404 for what never was a code, 410 with the reason for one that has ended. */
static Response *not_active(const Firecode *code, int64_t now_us) {
    json_t *model = json_object();
    g_autofree char *day = code->id == 0 ? NULL : clock_format_day_zh(code->ended_us, now_us);
    json_put_bool(model, "is_known", code->id != 0);
    json_put_bool(model, "is_replaced", code->state == CODE_REPLACED);
    json_put_text(model, "reason", code->reason);
    json_put_text(model, "day", day);
    return response_page_status(code->id == 0 ? 404 : 410, "firecode/ended", model);
}

typedef struct Shown {
    Firecode code;
    Building building;
    FirecodeScore score;
    const LawRisk *risk;
} Shown;

static void shown_clear(Shown *shown) {
    firecode_clear(&shown->code);
    building_clear(&shown->building);
    firecode_score_clear(&shown->score);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Shown, shown_clear)

/* NULL: everything was found. */
static Response *load(Ctx *ctx, const Request *req, Shown *shown) {
    g_autoptr(GError) error = NULL;
    if (!firecode_find(ctx->db, request_arg(req, "code"), &shown->code, &error)) {
        return response_problem(error, NULL);
    }
    if (shown->code.id == 0 || shown->code.state != CODE_ACTIVE) {
        return not_active(&shown->code, ctx->now_us);
    }
    int64_t id = shown->code.building_id;
    if (!building_find(ctx->db, id, &shown->building, &error) ||
        !firecode_score(ctx->db, id, &shown->score, &error)) {
        return response_problem(error, NULL);
    }
    shown->risk = code_risk(shown->building.region, ctx->now_us, &error);
    return shown->risk == NULL ? response_problem(error, NULL) : NULL;
}

static bool
put_shown(Ctx *ctx, const Request *req, const Shown *shown, json_t *model, GError **error) {
    const LawRisk *risk = shown->risk;
    g_autofree char *score = code_score_text(risk, &shown->score);
    g_autofree char *computed = clock_format_minute(shown->score.computed_us);
    g_autofree char *since = clock_format_day_zh(shown->score.since_us, ctx->now_us);
    code_put_colour(model, shown->score.colour);
    code_put_reasons(model, risk, &shown->score, true);
    json_put_text(model, "score_text", score);
    json_put_text(model, "computed", computed);
    json_put_text(model, "since", since);
    json_put_int(model, "known", shown->score.known);
    json_put_int(model, "indicators", risk->count);
    json_put_text(model, "edition", risk->edition);
    json_put_text(model, "rule_name", risk->entry.name);
    json_put_text(model, "rule_source", risk->source);
    json_put_text(model, "confidence", law_confidence_zh(risk->entry.confidence));
    return code_put_building(ctx->db, &shown->building, model, error) &&
           code_put_face(req, shown->code.code, model, error);
}

Response *code_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Shown) shown = {.risk = NULL};
    g_autoptr(json_t) model = json_object();
    Response *other = load(ctx, req, &shown);
    if (other != NULL) {
        return other;
    }
    int64_t id = shown.building.id;
    g_autofree char *report = g_strdup_printf("/report?at=building:%" G_GINT64_FORMAT, id);
    json_put_text(model, "report_href", report);
    if (!put_shown(ctx, req, &shown, model, &error) ||
        !code_put_months(ctx->db, id, ctx->now_us, model, &error) ||
        !put_checks(ctx, id, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("firecode/code", g_steal_pointer(&model));
}

/* Every row of every public indicator, with those that this building hits. */
static json_t *table_model(const Shown *shown) {
    json_t *list = json_array();
    size_t i;
    json_t *mark;
    json_array_foreach(shown->score.marks, i, mark) {
        for (unsigned k = 0; k < shown->risk->count; k++) {
            const LawRiskIndicator *one = &shown->risk->indicators[k];
            if (strcmp(one->id, json_get_text(mark, "id", "")) != 0) {
                continue;
            }
            int most = one->unknown_points;
            for (unsigned r = 0; r < one->row_count; r++) {
                most = MAX(most, one->rows[r].points);
            }
            json_t *line = json_object();
            json_put_text(line, "name", one->name);
            json_put_text(
                line, "says", one->is_public ? json_get_text(mark, "says", "") : "不对公众公开");
            json_put_bool(line, "is_public", one->is_public);
            json_put_int(line, "points", one->is_public ? json_get_int(mark, "points", 0) : 0);
            json_put_int(line, "most", most);
            json_put_int(line, "unknown_points", one->unknown_points);
            json_put_text(line, "basis", one->basis_zh);
            json_array_append_new(list, line);
        }
    }
    return list;
}

Response *code_score_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Shown) shown = {.risk = NULL};
    g_autoptr(json_t) model = json_object();
    Response *other = load(ctx, req, &shown);
    if (other != NULL) {
        return other;
    }
    const LawRisk *risk = shown.risk;
    if (!put_shown(ctx, req, &shown, model, &error)) {
        return response_problem(error, NULL);
    }
    json_put(model, "table", table_model(&shown));
    json_put_int(model, "start", risk->start);
    json_put_int(model, "green", risk->green);
    json_put_int(model, "yellow", risk->yellow);
    json_put_int(model, "orange", risk->orange);
    json_put_int(model, "known_for_green", risk->known_for_green);
    return response_page("firecode/score", g_steal_pointer(&model));
}
