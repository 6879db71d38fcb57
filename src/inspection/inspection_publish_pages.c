/* Publication and closing, each with a page that says what will happen; the public record. */
#include "base/error.h"
#include "inspection/inspection_models.h"
#include "inspection/inspection_pages.h"

#include <string.h>

static Response *confirm_page(
    Ctx *ctx, const Request *req, const char *view, InspectionState state, const char *not_now) {
    Response *refusal = NULL;
    g_autoptr(Inspection) inspection = wanted_inspection(ctx, req, &refusal);
    if (inspection == NULL) {
        return refusal;
    }
    if (inspection->state > INSPECTION_RECORDED || inspection->state < state) {
        return refusal_zh(HZ_ERROR_CONFLICT, not_now);
    }
    json_t *model = inspection_model(inspection, ctx->now_us);
    json_put_bool(model, "may_see_draw", principal_may(ctx->who, PERM_PLAN_VIEW));
    json_put_text(model, "problems", NULL);
    json_put_text(model, "reason_value", "");
    json_put_text(model, "reason_error", NULL);
    return response_page(view, model);
}

static Response *done(int64_t id, const char *message) {
    g_autofree char *path = g_strdup_printf("/work/inspections/%" G_GINT64_FORMAT, id);
    return response_redirect_flash(path, "%s", message);
}

#define NOT_PUBLISHABLE "只有已记录、还没公开的检查能公开"
#define NOT_CLOSABLE "已公开或已终止的检查不能终止"
#define CHANGED "这次检查刚被改过。回去看看，再决定"

Response *publish_page(Ctx *ctx, const Request *req) {
    return confirm_page(ctx, req, "inspection/publish", INSPECTION_RECORDED, NOT_PUBLISHABLE);
}

Response *publish_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Inspection) inspection = wanted_inspection(ctx, req, &refusal);
    if (inspection == NULL) {
        return refusal;
    }
    g_autofree char *actor = actor_of(ctx->who);
    int64_t leaf = -1;
    if (!inspection_publish(ctx->db,
                            inspection->id,
                            form_number(req, "version"),
                            actor,
                            ctx->now_us,
                            &leaf,
                            &error)) {
        bool conflict = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(error, conflict ? CHANGED : NULL);
    }
    g_autofree char *message =
        g_strdup_printf("已公开，是账本第 %" G_GINT64_FORMAT " 号记录", leaf);
    return done(inspection->id, message);
}

Response *close_page(Ctx *ctx, const Request *req) {
    return confirm_page(ctx, req, "inspection/close", INSPECTION_PLANNED, NOT_CLOSABLE);
}

Response *close_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Inspection) inspection = wanted_inspection(ctx, req, &refusal);
    if (inspection == NULL) {
        return refusal;
    }
    const char *reason = request_form(req, "reason");
    if (reason == NULL || reason[strspn(reason, " \t\r\n")] == '\0' || strlen(reason) > 3000) {
        json_t *model = inspection_model(inspection, ctx->now_us);
        json_put_bool(model, "may_see_draw", principal_may(ctx->who, PERM_PLAN_VIEW));
        FormProblems *problems = form_problems_new();
        form_problem_add(problems, "reason", "写明为什么终止，最多 1000 个字");
        json_put_text(model, "reason_value", reason != NULL ? reason : "");
        json_put_text(model, "reason_error", "写明为什么终止，最多 1000 个字");
        return response_form_again("inspection/close", model, problems);
    }
    g_autofree char *actor = actor_of(ctx->who);
    if (!inspection_close(ctx->db,
                          inspection->id,
                          form_number(req, "version"),
                          reason,
                          actor,
                          ctx->now_us,
                          &error)) {
        bool conflict = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(error, conflict ? CHANGED : NULL);
    }
    return done(inspection->id, "已终止，原因记入账本");
}

/* --- what everybody sees -----------------------------------------------------------------------
 */

Response *public_inspection_page(Ctx *ctx, const Request *req) {
    int64_t id = 0;
    g_autoptr(GError) error = NULL;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    g_autoptr(Inspection) inspection = inspection_find(ctx->db, id, &error);
    if (inspection == NULL && !g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        return response_problem(error, NULL);
    }
    /* Whether an unpublished one exists is nobody's business either. */
    if (inspection == NULL || inspection->state != INSPECTION_PUBLISHED) {
        return response_not_found();
    }
    g_autoptr(json_t) model = inspection_model(inspection, ctx->now_us);
    if (!put_answers(ctx->db, model, inspection, &error)) {
        return response_problem(error, NULL);
    }
    /* Officers by name and certificate number only (ui.md section 5). */
    json_object_del(json_object_get(model, "lead"), "id");
    json_object_del(json_object_get(model, "second"), "id");
    json_object_del(model, "object_href");
    return response_page("inspection/public", g_steal_pointer(&model));
}
