/* The last step: check the answers, send, and what happens then. */
#include "base/clock.h"
#include "registry/region.h"
#include "report/report_pages.h"
#include "report/report_rules.h"

#include <string.h>

static void add_row(json_t *rows, ReportStep step, const char *label, const char *text) {
    json_t *row = json_object();
    json_put_text(row, "label", label);
    json_put_text(row, "text", text);
    json_put_text(row, "href", report_step_path(step));
    json_array_append_new(rows, row);
}

static bool put_rows(Ctx *ctx, const ReportPage *page, json_t *model, GError **error) {
    const Guest *guest = &page->guest;
    g_auto(ReportObject) object = {0};
    if (!report_object_find(ctx->db, report_said(guest, "object"), &object, error)) {
        return false;
    }
    g_autofree char *address = object.kind == NULL ? NULL : report_object_address(ctx->db, &object);
    g_autofree char *district =
        object.kind != NULL ? NULL : region_full_name(ctx->db, report_said(guest, "region"), NULL);
    g_autofree char *place = object.kind != NULL
                                 ? g_strdup_printf("%s（%s）", object.name, address)
                                 : g_strdup_printf("%s（%s）",
                                                   report_said(guest, "where"),
                                                   district == NULL ? "" : district);
    bool is_named = strcmp(report_said(guest, "named"), "yes") == 0;
    g_autofree char *who = is_named ? g_strdup_printf("%s，%s（密封）",
                                                      report_said(guest, "name"),
                                                      report_said(guest, "phone"))
                                    : g_strdup("不留姓名");
    size_t photos = json_array_size(json_object_get(guest->data, "photos"));
    g_autofree char *files = g_strdup_printf("%d 个", (int)photos);
    const char *inside = report_said(guest, "inside");
    json_t *rows = json_array();
    json_put(model, "rows", rows);
    add_row(rows,
            REPORT_WHAT,
            "问题类型",
            report_choice_zh(page->law.form, REPORT_CONTENT, report_said(guest, "content")));
    add_row(rows, REPORT_WHAT, "看到了什么", report_said(guest, "description"));
    add_row(rows, REPORT_WHERE, "地点", place);
    add_row(rows, REPORT_WHERE, "里面的位置", inside[0] == '\0' ? "没有写" : inside);
    add_row(rows, REPORT_WHERE, "照片或视频", photos == 0 ? "没有" : files);
    add_row(rows, REPORT_CONTACT, "举报人", who);
    return true;
}

/* By when somebody comes, counted from this minute. */
static bool put_due(Ctx *ctx, const ReportPage *page, json_t *model, GError **error) {
    g_auto(LawDeadline) deadline = {0};
    const char *content = report_said(&page->guest, "content");
    json_put_text(model, "due", NULL);
    if (!report_deadline(&page->law, content, ctx->now_us, &deadline, error)) {
        return false;
    }
    if (deadline.term != NULL && deadline.due.is_known) {
        g_autofree char *due =
            report_due_text(deadline.due.due_us, deadline.span.unit, ctx->now_us);
        json_put_text(model, "due", due);
    }
    return true;
}

/* An earlier step that is not answered, or NULL. */
static Response *earlier_step(Ctx *ctx, const ReportPage *page) {
    for (ReportStep step = REPORT_WHAT; step < REPORT_CHECK; step++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) problems = report_problems(ctx, page, step, &error);
        if (problems == NULL) {
            return response_problem(error, NULL);
        }
        if (form_has_problems(problems)) {
            return response_redirect_flash(report_step_path(step), "这一步还没有填完");
        }
    }
    return NULL;
}

static Response *show(Ctx *ctx, const ReportPage *page, const char *refused) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    json_put_text(model, "refused", refused);
    if (!put_rows(ctx, page, model, &error) || !put_due(ctx, page, model, &error) ||
        !report_put_head(ctx, page, REPORT_CHECK, model, &error)) {
        return response_problem(error, NULL);
    }
    Response *response =
        response_page_status(refused == NULL ? 200 : 422, "report/check", g_steal_pointer(&model));
    response_private(response);
    return response;
}

Response *report_check_page(Ctx *ctx, const Request *req) {
    g_auto(ReportPage) page = {0};
    Response *refused = report_load(ctx, req, true, &page);
    refused = refused != NULL ? refused : earlier_step(ctx, &page);
    return refused != NULL ? refused : show(ctx, &page, NULL);
}

/* --- sending ------------------------------------------------------------------------------------
 */

/* The guest of this browser, though its report was sent already. */
static bool was_sent(Ctx *ctx, const Request *req, Guest *ret_guest, GError **error) {
    const char *key = request_cookie(req, report_cookie(req, false));
    return guest_find(ctx->db, key, false, ctx->now_us, ret_guest, error);
}

/* A registered object is named in full, not as it was looked for. */
static void put_place(const ReportPage *page, const ReportObject *object, json_t *data) {
    const LawField *field = law_form_field(page->law.form, REPORT_PLACE);
    if (object->kind == NULL || field == NULL) {
        return;
    }
    bool has_address = object->address != NULL && object->address[0] != '\0';
    g_autofree char *whole = has_address
                                 ? g_strdup_printf("%s（%s）", object->name, object->address)
                                 : g_strdup(object->name);
    g_autofree char *place = report_place_text(whole, report_said(&page->guest, "inside"));
    if (g_utf8_strlen(place, -1) <= field->max) {
        json_put_text(data, REPORT_PLACE, place);
    }
}

static Response *send_it(Ctx *ctx, ReportPage *page) {
    g_autoptr(GError) error = NULL;
    g_auto(ReportObject) object = {0};
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = report_form_data(page);
    if (!report_object_find(ctx->db, report_said(&page->guest, "object"), &object, &error)) {
        return response_problem(error, NULL);
    }
    put_place(page, &object, data);
    NewReport report = {
        .object_kind = object.kind,
        .object_id = object.id,
        .title = object.kind != NULL ? object.name : report_said(&page->guest, "where"),
        .region = object.kind != NULL ? object.region : report_said(&page->guest, "region"),
        .data = data};
    if (!report_send(ctx->db, &page->guest, &page->law, &report, ctx->now_us, &refusal, &error)) {
        return response_problem(error, "没有发出，请过一会儿再按一次；填好的都还在。");
    }
    return refusal.reason_zh != NULL ? show(ctx, page, refusal.reason_zh)
                                     : response_redirect("/report/sent");
}

Response *report_check_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(ReportPage) page = {0};
    g_auto(Guest) before = {0};
    Response *wait = NULL;
    if (!was_sent(ctx, req, &before, &error)) {
        return response_problem(error, NULL);
    }
    if (before.matter_id != 0) { /* pressed twice */
        return response_redirect("/report/sent");
    }
    Response *refused = report_load(ctx, req, true, &page);
    if (refused != NULL) {
        return refused;
    }
    if (strcmp(report_go(req), "draft") == 0) {
        return report_kept(req, &page.guest, ctx->now_us);
    }
    refused = earlier_step(ctx, &page);
    if (refused != NULL) {
        return refused;
    }
    if (!report_may(ctx, req, &report_sent_limit, request_peer(req), &wait, &error)) {
        return response_problem(error, NULL);
    }
    return wait != NULL ? wait : send_it(ctx, &page);
}

/* --- afterwards ---------------------------------------------------------------------------------
 */

Response *report_sent_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Guest) guest = {0};
    g_auto(Matter) matter = {0};
    if (!was_sent(ctx, req, &guest, &error)) {
        return response_problem(error, NULL);
    }
    if (guest.matter_id == 0) {
        return response_redirect(guest_is_there(&guest) ? "/report/check" : "/report");
    }
    if (!casework_find(ctx->db, guest.matter_id, &matter, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *code = report_code_of(guest.key);
    g_autofree char *sent = clock_format_minute(matter.opened_us);
    g_autofree char *due =
        matter.due_us == 0 ? NULL : report_due_text(matter.due_us, matter.due_unit, ctx->now_us);
    json_t *model = json_object();
    json_put_text(model, "number", matter.number);
    json_put_text(model, "code", code);
    json_put_text(model, "title", matter.title);
    json_put_text(model, "sent", sent);
    json_put_text(model, "due", due);
    Response *response = response_page("report/sent", model);
    response_private(response);
    return response;
}
