/* What everybody sees of one inspection. */
#include "base/error.h"
#include "inspection/inspection_models.h"
#include "inspection/inspection_pages.h"

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
    if (inspection == NULL || !inspection_is_public(inspection)) {
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
