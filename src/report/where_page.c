/* The second step: which building, where inside, photos. */
#include "registry/region.h"
#include "report/report_pages.h"

#include <string.h>

/* `problems` is taken over; NULL: none. */
static Response *show(Ctx *ctx, const ReportPage *page, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) wrong = problems != NULL ? problems : form_problems_new();
    g_autoptr(json_t) model = json_object();
    form_field(model, "where", report_said(&page->guest, "where"), wrong);
    form_field(model, "inside", report_said(&page->guest, "inside"), wrong);
    form_field(model, "object", report_said(&page->guest, "object"), wrong);
    form_field(model, "region", report_said(&page->guest, "region"), wrong);
    if (!report_put_places(ctx, page, model, &error) ||
        !report_put_districts(ctx, page, model, &error) ||
        !report_files_put(ctx, page->law.form, &page->guest, wrong, model, &error) ||
        !report_put_head(ctx, page, REPORT_WHERE, model, &error)) {
        return response_problem(error, NULL);
    }
    if (form_has_problems(wrong)) {
        Response *again =
            response_form_again("report/where", g_steal_pointer(&model), g_steal_pointer(&wrong));
        response_may_locate(again);
        return again;
    }
    json_put(model, "problems", json_null());
    Response *response = response_page("report/where", g_steal_pointer(&model));
    response_private(response);
    response_may_locate(response);
    return response;
}

Response *report_where_page(Ctx *ctx, const Request *req) {
    g_auto(ReportPage) page = {0};
    Response *refused = report_load(ctx, req, true, &page);
    return refused != NULL ? refused : show(ctx, &page, NULL);
}

/* What was chosen under other words does not answer the new ones. The region is that of the object.
 */
static bool take_place(Ctx *ctx, const Request *req, Guest *guest, GError **error) {
    g_autofree char *before = g_strdup(report_said(guest, "where"));
    report_take(req, "where", 200, guest);
    report_take(req, "inside", 200, guest);
    report_take(req, "object", 40, guest);
    report_take(req, "region", 12, guest);
    if (strcmp(before, report_said(guest, "where")) != 0) {
        json_put_text(guest->data, "object", "");
    }
    g_auto(ReportObject) object = {0};
    if (!report_object_find(ctx->db, report_said(guest, "object"), &object, error)) {
        return false;
    }
    if (object.kind != NULL) {
        json_put_text(guest->data, "region", object.region);
        if (report_said(guest, "where")[0] == '\0') { /* it was found without words */
            json_put_text(guest->data, "where", object.name);
        }
        return true;
    }
    bool is_known = false;
    g_autoptr(GPtrArray) districts = report_districts(ctx->db, ctx->now_us, error);
    for (guint i = 0; districts != NULL && i < districts->len; i++) {
        const Region *region = districts->pdata[i];
        is_known = is_known || strcmp(region->code, report_said(guest, "region")) == 0;
    }
    if (!is_known) {
        json_put_text(guest->data, "region", "");
    }
    return districts != NULL;
}

Response *report_where_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(ReportPage) page = {0};
    g_autoptr(json_t) refused_files = form_problems_new();
    Response *wait = NULL;
    Response *refused = report_load(ctx, req, true, &page);
    if (refused != NULL) {
        return refused;
    }
    if (!take_place(ctx, req, &page.guest, &error) ||
        !report_look_near(ctx, req, &page.guest, &error) ||
        !report_files_take(ctx, req, page.law.form, &page.guest, refused_files, &wait, &error) ||
        !guest_save(ctx->db, &page.guest, ctx->now_us, &error)) {
        return response_problem(error, NULL);
    }
    const char *go = report_go(req);
    if (wait != NULL) {
        return wait;
    }
    if (form_has_problems(refused_files) && go[0] != '\0') {
        return show(ctx, &page, g_steal_pointer(&refused_files));
    }
    if (strcmp(go, "draft") == 0) {
        return report_kept(req, &page.guest, ctx->now_us);
    }
    if (strcmp(go, "find") == 0 || strcmp(go, "near") == 0) {
        return response_redirect("/report/where#places");
    }
    g_autoptr(json_t) problems = report_problems(ctx, &page, REPORT_WHERE, &error);
    if (problems == NULL) {
        return response_problem(error, NULL);
    }
    json_array_extend(problems, refused_files);
    return form_has_problems(problems) ? show(ctx, &page, g_steal_pointer(&problems))
                                       : response_redirect(report_step_path(REPORT_CONTACT));
}
