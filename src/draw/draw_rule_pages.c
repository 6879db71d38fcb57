/* Who may not meet, and which objects take no part: what the next draw will respect. */
#include "base/error.h"
#include "draw/draw_internal.h"
#include "draw/draw_pages.h"
#include "draw/draw_store.h"
#include "registry/building.h"
#include "registry/unit.h"

#include <string.h>

typedef struct RuleForm {
    char *object, *officer, *code, *note;
} RuleForm;

static void rule_form_clear(RuleForm *form) {
    g_free(form->object);
    g_free(form->officer);
    g_free(form->code);
    g_free(form->note);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RuleForm, rule_form_clear)

static json_t *denied_rows(const GArray *denied) {
    json_t *rows = json_array();
    for (guint i = 0; i < denied->len; i++) {
        const DrawDeny *deny = &g_array_index(denied, DrawDeny, i);
        char object[DRAW_ID_MAX + 1];
        char officer[DRAW_ID_MAX + 1];
        draw_id_format(deny->object_kind, deny->object_id, object);
        draw_id_format("officer", deny->officer_id, officer);
        json_t *row = json_object();
        json_put_text(row, "object", object);
        json_put_text(row, "officer", officer);
        json_put_text(row, "code_zh", strcmp(deny->code, "KIN") == 0 ? "亲属关系" : "申请回避");
        json_put_text(row, "note", deny->note);
        json_array_append_new(rows, row);
    }
    return rows;
}

/* The list of recusals is short: people declare them one by one. */
static Response *
rules_response(Ctx *ctx, const RuleForm *form, FormProblems *problems, const char *which) {
    g_autoptr(GError) error = NULL;
    json_t *model = json_object();
    json_t *all = json_array();
    static const char *const kinds[] = {"unit", "building"};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        g_autoptr(GArray) denied = draw_store_denied(ctx->db, kinds[i], &error);
        if (denied == NULL) {
            json_decref(model);
            json_decref(all);
            json_decref(problems);
            return response_problem(error, NULL);
        }
        g_autoptr(json_t) rows = denied_rows(denied);
        json_array_extend(all, rows);
    }
    json_put_bool(model, "has_denied", json_array_size(all) > 0);
    json_put(model, "denied", all);
    json_put_bool(model, "is_exclude", g_strcmp0(which, "exclude") == 0);
    const FormProblems *first = g_strcmp0(which, "exclude") == 0 ? NULL : problems;
    const FormProblems *second = g_strcmp0(which, "exclude") == 0 ? problems : NULL;
    form_field(model, "object", first != NULL ? form->object : "", first);
    form_field(model, "officer", first != NULL ? form->officer : "", first);
    form_field(model, "note", first != NULL ? form->note : "", first);
    form_field(model, "x_object", second != NULL ? form->object : "", second);
    form_field(model, "x_note", second != NULL ? form->note : "", second);
    if (problems == NULL) {
        json_put(model, "problems", json_null());
        return response_page("draw/rules", model);
    }
    return response_form_again("draw/rules", model, problems);
}

Response *draw_rules_page(Ctx *ctx, const Request *req) {
    (void)req;
    return rules_response(ctx, NULL, NULL, NULL);
}

/* "U12" or "B45": kind and number. */
static bool read_object(const char *text, const char **ret_kind, int64_t *ret_id) {
    char letter = (char)g_ascii_toupper(text[0]);
    *ret_id = draw_id_number(text);
    *ret_kind = letter == 'U' ? "unit" : letter == 'B' ? "building" : NULL;
    return *ret_kind != NULL && *ret_id != 0;
}

/* Only objects inside the reader's region; others are as good as absent. */
static bool is_in_scope(Ctx *ctx, const char *object_kind, int64_t object_id) {
    if (strcmp(object_kind, "unit") == 0) {
        g_auto(Unit) unit = {0};
        return unit_find(ctx->db, object_id, &unit, NULL) && draw_may_act(ctx->who, unit.region);
    }
    g_auto(Building) building = {0};
    return building_find(ctx->db, object_id, &building, NULL) &&
           draw_may_act(ctx->who, building.region);
}

typedef struct RuleAct {
    DrawRecusal recusal;
    const char *reason;
    const char *actor;
    int64_t now_us;
} RuleAct;

static bool recuse_work(Db *db, void *data, GError **error) {
    const RuleAct *act = data;
    return draw_recuse(db, &act->recusal, act->actor, act->now_us, error);
}

static bool exclude_work(Db *db, void *data, GError **error) {
    const RuleAct *act = data;
    return draw_exclude(db,
                        act->recusal.object_kind,
                        act->recusal.object_id,
                        act->reason,
                        act->recusal.note,
                        act->actor,
                        act->now_us,
                        error);
}

/* What a failed use case means for the person: a sentence beside the field, or an error page. */
static Response *
rule_failed(Ctx *ctx, const RuleForm *form, const char *which, const char *field, GError *error) {
    bool is_missing = g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    if (!is_missing && !g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT)) {
        return response_problem(error, NULL);
    }
    FormProblems *problems = form_problems_new();
    form_problem_add(
        problems, field, is_missing ? "没有这个编号的对象或人员" : "这条回避已经登记过");
    return rules_response(ctx, form, problems, which);
}

Response *draw_recuse_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(RuleForm) form = {.object = draw_form_text(req, "object"),
                             .officer = draw_form_text(req, "officer"),
                             .code = draw_form_text(req, "code"),
                             .note = draw_form_text(req, "note")};
    g_autofree char *actor = draw_actor(ctx);
    RuleAct act = {.actor = actor, .now_us = ctx->now_us};
    act.recusal.code = strcmp(form.code, "KIN") == 0 ? "KIN" : "RECUSE";
    act.recusal.note = form.note;
    FormProblems *problems = form_problems_new();
    if (!read_object(form.object, &act.recusal.object_kind, &act.recusal.object_id)) {
        form_problem_add(problems, "object", "写对象编号：单位 U12，建筑 B45");
    } else if (!is_in_scope(ctx, act.recusal.object_kind, act.recusal.object_id)) {
        form_problem_add(problems, "object", "您的管辖范围内没有这个编号的对象");
    }
    act.recusal.officer_id =
        g_ascii_toupper(form.officer[0]) == 'F' ? draw_id_number(form.officer) : 0;
    if (act.recusal.officer_id == 0) {
        form_problem_add(problems, "officer", "写人员编号，例如 F7");
    }
    if (form.note[0] == '\0' || strlen(form.note) > 500) {
        form_problem_add(problems, "note", "写清楚为什么回避，最多 160 个字");
    }
    if (form_has_problems(problems)) {
        return rules_response(ctx, &form, problems, "recuse");
    }
    json_decref(problems);
    if (!db_run_tx(ctx->db, recuse_work, &act, &error)) {
        return rule_failed(ctx, &form, "recuse", "object", error);
    }
    return response_redirect_flash(
        "/work/draws/rules", "已登记：%s 不检查 %s。下一次抽取起生效。", form.officer, form.object);
}

Response *draw_exclude_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(RuleForm) form = {.object = draw_form_text(req, "x_object"),
                             .code = draw_form_text(req, "x_reason"),
                             .note = draw_form_text(req, "x_note")};
    g_autofree char *actor = draw_actor(ctx);
    RuleAct act = {.actor = actor, .now_us = ctx->now_us};
    act.reason = strcmp(form.code, "CLOSED") == 0 ? "CLOSED" : "EXEMPT";
    act.recusal.note = form.note;
    FormProblems *problems = form_problems_new();
    if (!read_object(form.object, &act.recusal.object_kind, &act.recusal.object_id)) {
        form_problem_add(problems, "x_object", "写对象编号：单位 U12，建筑 B45");
    } else if (!is_in_scope(ctx, act.recusal.object_kind, act.recusal.object_id)) {
        form_problem_add(problems, "x_object", "您的管辖范围内没有这个编号的对象");
    }
    if (form.note[0] == '\0' || strlen(form.note) > 500) {
        form_problem_add(problems, "x_note", "写清楚依据，最多 160 个字");
    }
    if (form_has_problems(problems)) {
        return rules_response(ctx, &form, problems, "exclude");
    }
    json_decref(problems);
    if (!db_run_tx(ctx->db, exclude_work, &act, &error)) {
        return rule_failed(ctx, &form, "exclude", "x_object", error);
    }
    return response_redirect_flash(
        "/work/draws/rules", "已登记：%s 不参加抽取。下一次抽取起生效。", form.object);
}
