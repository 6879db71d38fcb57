/* The third step: with a name or without, and who may see it. */
#include "report/report_pages.h"

#include <string.h>

/* `problems` is taken over; NULL: none. */
static Response *show(Ctx *ctx, const ReportPage *page, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) wrong = problems != NULL ? problems : form_problems_new();
    g_autoptr(json_t) model = json_object();
    const char *named = report_said(&page->guest, "named");
    const LawField *field = law_form_field(page->law.form, REPORT_NAMED);
    g_autofree char *unseal_roles = role_set_zh(page->law.procedure->unseals);
    form_field(model, "named", named, wrong);
    form_field(model, "name", report_said(&page->guest, "name"), wrong);
    form_field(model, "phone", report_said(&page->guest, "phone"), wrong);
    json_put_text(model, "unseal_roles", unseal_roles);
    json_put_text(model, "named_help", field == NULL ? NULL : field->help);
    json_put_bool(model, "is_named", strcmp(named, "yes") == 0);
    json_put_bool(model, "is_anonymous", strcmp(named, "no") == 0);
    if (!report_put_head(ctx, page, REPORT_CONTACT, model, &error)) {
        return response_problem(error, NULL);
    }
    if (form_has_problems(wrong)) {
        return response_form_again(
            "report/contact", g_steal_pointer(&model), g_steal_pointer(&wrong));
    }
    json_put(model, "problems", json_null());
    Response *response = response_page("report/contact", g_steal_pointer(&model));
    response_private(response);
    return response;
}

Response *report_contact_page(Ctx *ctx, const Request *req) {
    g_auto(ReportPage) page = {0};
    Response *refused = report_load(ctx, req, true, &page);
    return refused != NULL ? refused : show(ctx, &page, NULL);
}

Response *report_contact_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(ReportPage) page = {0};
    Response *refused = report_load(ctx, req, true, &page);
    if (refused != NULL) {
        return refused;
    }
    report_take(req, "named", 3, &page.guest);
    report_take(req, "name", 100, &page.guest);
    report_take(req, "phone", 100, &page.guest);
    if (strcmp(report_said(&page.guest, "named"), "no") == 0) { /* not wanted, so not kept */
        json_put_text(page.guest.data, "name", "");
        json_put_text(page.guest.data, "phone", "");
    }
    if (!guest_save(ctx->db, &page.guest, ctx->now_us, &error)) {
        return response_problem(error, NULL);
    }
    if (strcmp(report_go(req), "draft") == 0) {
        return report_kept(req, &page.guest, ctx->now_us);
    }
    g_autoptr(json_t) problems = report_problems(ctx, &page, REPORT_CONTACT, &error);
    if (problems == NULL) {
        return response_problem(error, NULL);
    }
    return form_has_problems(problems) ? show(ctx, &page, g_steal_pointer(&problems))
                                       : response_redirect(report_step_path(REPORT_CHECK));
}
