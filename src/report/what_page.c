/* The first step: what is wrong, and how fast somebody comes. A draft begins here. */
#include "base/clock.h"
#include "report/report_pages.h"

#include <string.h>

static bool put_choices(Ctx *ctx, const ReportPage *page, json_t *model, GError **error) {
    const LawField *field = law_form_field(page->law.form, REPORT_CONTENT);
    const char *chosen = report_said(&page->guest, "content");
    json_t *options = json_array();
    json_put(model, "options", options);
    for (unsigned i = 0; field != NULL && field->values[i] != NULL; i++) {
        g_autofree char *promise = report_promise(page, field->values[i], ctx->now_us, error);
        if (promise == NULL) {
            return false;
        }
        json_t *option = json_object();
        json_put_text(option, "value", field->values[i]);
        json_put_text(option, "text", field->values_zh[i]);
        json_put_text(option, "more", promise);
        json_put_bool(option, "is_chosen", strcmp(chosen, field->values[i]) == 0);
        json_array_append_new(options, option);
    }
    return true;
}

/* Where the promise comes from. */
static bool put_source(Ctx *ctx, const ReportPage *page, json_t *model, GError **error) {
    const LawField *field = law_form_field(page->law.form, REPORT_CONTENT);
    g_auto(LawDeadline) deadline = {0};
    json_put(model, "source", json_null());
    if (field == NULL) {
        return true;
    }
    if (!report_deadline(&page->law, field->values[0], ctx->now_us, &deadline, error)) {
        return false;
    }
    if (deadline.term != NULL) {
        json_t *source = json_object();
        json_put_text(source, "basis", deadline.term->entry.basis_zh);
        json_put_text(source, "confidence", law_confidence_zh(deadline.term->entry.confidence));
        json_put(model, "source", source);
    }
    return true;
}

/* The first step that is not answered yet. */
static bool next_step(Ctx *ctx, const ReportPage *page, ReportStep *ret_step, GError **error) {
    for (*ret_step = REPORT_WHAT; *ret_step < REPORT_CHECK; (*ret_step)++) {
        g_autoptr(json_t) problems = report_problems(ctx, page, *ret_step, error);
        if (problems == NULL) {
            return false;
        }
        if (form_has_problems(problems)) {
            return true;
        }
    }
    return true;
}

static bool put_draft(Ctx *ctx, const ReportPage *page, json_t *model, GError **error) {
    ReportStep step;
    json_put(model, "draft", json_null());
    if (!guest_is_there(&page->guest)) {
        return true;
    }
    if (!next_step(ctx, page, &step, error)) {
        return false;
    }
    g_autofree char *day = clock_format_day_zh(page->guest.ends_us, ctx->now_us);
    json_t *draft = json_object();
    json_put_text(draft, "until", day);
    json_put_text(draft, "href", step == REPORT_WHAT ? NULL : report_step_path(step));
    json_put(model, "draft", draft);
    return true;
}

/* The place that a link has chosen ("at=building:7", from the code on a door): shown above the
 * form, which hands it on. A draft that has its own place keeps it. */
static bool
put_place(Ctx *ctx, const Request *req, const ReportPage *page, json_t *model, GError **error) {
    const char *at = request_is_post(req) ? request_form(req, "at") : request_query(req, "at");
    g_auto(ReportObject) object = {0};
    json_put(model, "at", json_null());
    if (at == NULL || report_said(&page->guest, "where")[0] != '\0') {
        return true;
    }
    if (!report_object_find(ctx->db, at, &object, error)) {
        return false;
    }
    if (object.kind != NULL) {
        g_autofree char *value = g_strdup_printf("%s:%" G_GINT64_FORMAT, object.kind, object.id);
        json_t *place = json_object();
        json_put_text(place, "value", value);
        json_put_text(place, "name", object.name);
        json_put(model, "at", place);
    }
    return true;
}

/* Takes that place into a draft that has none. */
static bool take_place(Ctx *ctx, const Request *req, Guest *guest, GError **error) {
    const char *at = request_form(req, "at");
    g_auto(ReportObject) object = {0};
    if (at == NULL || report_said(guest, "where")[0] != '\0') {
        return true;
    }
    if (!report_object_find(ctx->db, at, &object, error)) {
        return false;
    }
    if (object.kind != NULL) {
        g_autofree char *value = g_strdup_printf("%s:%" G_GINT64_FORMAT, object.kind, object.id);
        json_put_text(guest->data, "object", value);
        json_put_text(guest->data, "where", object.name);
        json_put_text(guest->data, "region", object.region);
    }
    return true;
}

/* `problems` is taken over; NULL: none. */
static Response *
show(Ctx *ctx, const Request *req, const ReportPage *page, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) wrong = problems != NULL ? problems : form_problems_new();
    g_autoptr(json_t) model = json_object();
    form_field(model, "content", "", wrong);
    form_field(model, "description", report_said(&page->guest, "description"), wrong);
    if (!put_choices(ctx, page, model, &error) || !put_source(ctx, page, model, &error) ||
        !put_draft(ctx, page, model, &error) || !put_place(ctx, req, page, model, &error) ||
        !report_put_head(ctx, page, REPORT_WHAT, model, &error)) {
        return response_problem(error, NULL);
    }
    if (form_has_problems(wrong)) {
        return response_form_again("report/what", g_steal_pointer(&model), g_steal_pointer(&wrong));
    }
    json_put(model, "problems", json_null());
    Response *response = response_page("report/what", g_steal_pointer(&model));
    response_private(response);
    return response;
}

Response *report_what_page(Ctx *ctx, const Request *req) {
    g_auto(ReportPage) page = {0};
    Response *refused = report_load(ctx, req, false, &page);
    return refused != NULL ? refused : show(ctx, req, &page, NULL);
}

/* Keeps what was said; a draft begins with the first answer. An answer when it may not. */
static Response *keep(Ctx *ctx, const Request *req, ReportPage *page, bool *ret_is_new) {
    g_autoptr(GError) error = NULL;
    Guest *guest = &page->guest;
    Response *wait = NULL;
    *ret_is_new = !guest_is_there(guest);
    if (*ret_is_new) {
        g_autoptr(json_t) said = g_steal_pointer(&guest->data);
        guest_clear(guest);
        if (!report_may(ctx, req, &report_begun_limit, request_peer(req), &wait, &error) ||
            (wait == NULL && !guest_begin(ctx->db, 0, ctx->now_us, guest, &error))) {
            return response_problem(error, NULL);
        }
        if (wait != NULL) {
            return wait;
        }
        json_object_update(guest->data, said);
    }
    return guest_save(ctx->db, guest, ctx->now_us, &error) ? NULL : response_problem(error, NULL);
}

Response *report_what_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(ReportPage) page = {0};
    bool is_new = false;
    Response *refused = report_load(ctx, req, false, &page);
    if (refused != NULL) {
        return refused;
    }
    if (page.guest.data == NULL) {
        page.guest.data = json_object();
    }
    report_take(req, "content", 40, &page.guest);
    report_take(req, "description", 4000, &page.guest);
    bool is_draft = strcmp(report_go(req), "draft") == 0;
    g_autoptr(json_t) problems = report_problems(ctx, &page, REPORT_WHAT, &error);
    if (problems == NULL) {
        return response_problem(error, NULL);
    }
    if (!is_draft && form_has_problems(problems)) {
        return show(ctx, req, &page, g_steal_pointer(&problems));
    }
    if (!take_place(ctx, req, &page.guest, &error)) {
        return response_problem(error, NULL);
    }
    Response *answer = keep(ctx, req, &page, &is_new);
    if (answer != NULL) {
        return answer;
    }
    answer = is_draft ? report_kept(req, &page.guest, ctx->now_us)
                      : response_redirect(report_step_path(REPORT_WHERE));
    if (is_new && !is_draft) {
        report_put_cookie(answer, req, &page.guest);
    }
    return answer;
}

/* Also after sending: the receipt code is not shown again. */
Response *report_discard_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Guest) guest = {0};
    const char *key = request_cookie(req, report_cookie(req, false));
    if (!guest_find(ctx->db, key, false, ctx->now_us, &guest, &error) ||
        (guest_is_there(&guest) && !guest_end(ctx->db, &guest, &error))) {
        return response_problem(error, NULL);
    }
    Response *response = response_redirect_flash(
        guest.matter_id != 0 ? "/" : "/report",
        guest.matter_id != 0 ? "这台设备上的查询码已清除" : "草稿已删除，什么都没有发出");
    response_cookie(response, report_cookie(req, false), "", 0, true);
    return response;
}
