/* Following a report: number and receipt code open a visit of half an hour. */
#include "base/clock.h"
#include "base/error.h"
#include "report/report_pages.h"
#include "report/report_rules.h"
#include "report/track_model.h"

#include <string.h>

#define VISIT_S (REPORT_VISIT_US / CLOCK_SECOND_US)

static bool find_visit(Ctx *ctx, const Request *req, Guest *ret_guest, GError **error) {
    const char *key = request_cookie(req, report_cookie(req, true));
    return guest_find(ctx->db, key, true, ctx->now_us, ret_guest, error);
}

/* --- the door -----------------------------------------------------------------------------------
 */

/* `problems` is taken over; NULL: none. */
static Response *ask(const char *number, FormProblems *problems) {
    json_t *model = json_object();
    form_field(model, "number", number, problems);
    form_field(model, "code", "", problems);
    if (problems != NULL) {
        return response_form_again("report/track", model, problems);
    }
    json_put(model, "problems", json_null());
    return response_page("report/track", model);
}

Response *track_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Guest) guest = {0};
    if (!find_visit(ctx, req, &guest, &error)) {
        return response_problem(error, NULL);
    }
    return guest_is_there(&guest) ? track_show(ctx, &guest, NULL) : ask("", NULL);
}

static Response *enter(Ctx *ctx, const Request *req, int64_t matter_id) {
    g_autoptr(GError) error = NULL;
    g_auto(Guest) guest = {0};
    if (!guest_begin(ctx->db, matter_id, ctx->now_us, &guest, &error)) {
        return response_problem(error, NULL);
    }
    Response *response = response_redirect("/track");
    response_cookie(response, report_cookie(req, true), guest.key, VISIT_S, true);
    return response;
}

/* Every attempt is charged before the code is looked at, to the address and to the number; a right
 * one is not held against anybody. */
Response *track_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    ReportLaw law;
    Response *wait = NULL;
    int64_t id = 0;
    const char *number = request_form(req, "number");
    const char *code = request_form(req, "code");
    const char *peer = request_peer(req);
    number = number == NULL ? "" : number;
    if (!report_law(ctx->db, NULL, ctx->now_us, &law, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *whole = report_number_of(law.procedure->prefix, number);
    const char *subject = whole == NULL ? "none" : whole;
    if (!report_may(ctx, req, &track_peer_limit, peer, &wait, &error) ||
        (wait == NULL && whole != NULL &&
         !report_may(ctx, req, &track_number_limit, subject, &wait, &error))) {
        return response_problem(error, NULL);
    }
    if (wait != NULL) {
        return wait;
    }
    if (!report_open_receipt(ctx->db, subject, code == NULL ? "" : code, &id, &error)) {
        return response_problem(error, NULL);
    }
    if (id == 0) {
        FormProblems *problems = form_problems_new();
        form_problem_add(
            problems, "code", "编号或查询码不对。编号像“2026 第 12 号”，查询码是 12 个字母和数字");
        return ask(number, problems);
    }
    if (!account_uncharge(ctx->db, &track_peer_limit, peer, ctx->now_us, &error) ||
        !account_uncharge(ctx->db, &track_number_limit, subject, ctx->now_us, &error)) {
        return response_problem(error, NULL);
    }
    return enter(ctx, req, id);
}

Response *track_leave_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Guest) guest = {0};
    if (!find_visit(ctx, req, &guest, &error) ||
        (guest_is_there(&guest) && !guest_end(ctx->db, &guest, &error))) {
        return response_problem(error, NULL);
    }
    Response *response = response_redirect_flash("/track", "已退出查询");
    response_cookie(response, report_cookie(req, true), "", 0, true);
    return response;
}

/* --- adding -------------------------------------------------------------------------------------
 */

/* What is sent, as the form in law/ wants it. Caller unrefs. */
static json_t *added_data(const Guest *guest, const LawForm *form) {
    json_t *data = json_object();
    json_t *photos = json_object_get(guest->data, "photos");
    if (report_said(guest, "words")[0] != '\0' && law_form_field(form, REPORT_WORDS) != NULL) {
        json_put_text(data, REPORT_WORDS, report_said(guest, "words"));
    }
    if (json_array_size(photos) > 0 && law_form_field(form, REPORT_PHOTOS) != NULL) {
        json_put(data, REPORT_PHOTOS, json_incref(photos));
    }
    return data;
}

static void
check_added(const json_t *data, const LawForm *form, int64_t now_us, FormProblems *problems) {
    g_autoptr(json_t) wrong = law_form_problems(form, data, now_us);
    const char *words = json_get_text(wrong, REPORT_WORDS, NULL);
    if (json_object_size(data) == 0) {
        form_problem_add(problems, "words", "写补充的情况，或者选照片");
    } else if (words != NULL) {
        form_problem_add(problems, "words", "%s", words);
    }
}

/* The matter has changed since the page was shown: perhaps by this very form, sent twice. */
static Response *answer_changed(Ctx *ctx, const Guest *guest) {
    FormProblems *problems = form_problems_new();
    form_problem_add(
        problems, "words", "这件事刚刚有了新记录，请先看上面的经过：补充已经在里面的，不用再发");
    return track_show(ctx, guest, problems);
}

static Response *
add(Ctx *ctx, Guest *guest, const Matter *matter, const ReportLaw *law, int64_t version) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = added_data(guest, law->add_form);
    if (!report_add(ctx->db, guest, matter, version, law, data, ctx->now_us, &refusal, &error)) {
        return g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT) ? answer_changed(ctx, guest)
                                                                   : response_problem(error, NULL);
    }
    if (refusal.reason_zh != NULL) {
        FormProblems *problems = form_problems_new();
        form_problem_add(problems, "words", "%s", refusal.reason_zh);
        return track_show(ctx, guest, problems);
    }
    json_object_clear(guest->data);
    return guest_save(ctx->db, guest, ctx->now_us, &error)
               ? response_redirect_flash("/track", "补充已收到，办理的人现在就能看到")
               : response_problem(error, NULL);
}

Response *track_add_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) problems = form_problems_new();
    g_auto(Guest) guest = {0};
    g_auto(Matter) matter = {0};
    ReportLaw law;
    Response *wait = NULL;
    int64_t version = 0;
    const char *sent = request_form(req, "version");
    if (!find_visit(ctx, req, &guest, &error)) {
        return response_problem(error, NULL);
    }
    if (!guest_is_there(&guest)) {
        return response_redirect_flash("/track", "查询已超过半小时，请重新输入编号和查询码");
    }
    if (sent == NULL || !g_ascii_string_to_signed(sent, 10, 1, G_MAXINT64, &version, NULL)) {
        hz_fail(&error, HZ_ERROR_INVALID, "the form has no version");
        return response_problem(error, NULL);
    }
    if (!casework_find(ctx->db, guest.matter_id, &matter, &error) ||
        !report_law(ctx->db, matter.region, matter.opened_us, &law, &error)) {
        return response_problem(error, NULL);
    }
    if (law.adds == NULL) {
        return response_not_found();
    }
    report_take(req, "words", 4000, &guest);
    if (!report_files_take(ctx, req, law.add_form, &guest, problems, &wait, &error) ||
        !guest_save(ctx->db, &guest, ctx->now_us, &error)) {
        return response_problem(error, NULL);
    }
    g_autoptr(json_t) data = added_data(&guest, law.add_form);
    check_added(data, law.add_form, ctx->now_us, problems);
    return wait != NULL                  ? wait
           : form_has_problems(problems) ? track_show(ctx, &guest, g_steal_pointer(&problems))
                                         : add(ctx, &guest, &matter, &law, version);
}

/* --- photos -------------------------------------------------------------------------------------
 */

/* Only what the reporter sent, and only the copy that says nothing about place and device. */
Response *track_file_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Guest) guest = {0};
    bool is_theirs = false;
    if (!find_visit(ctx, req, &guest, &error)) {
        return response_problem(error, NULL);
    }
    if (!guest_is_there(&guest)) {
        return response_redirect("/track");
    }
    g_autoptr(CaseFile) file =
        casework_file_find(ctx->db, guest.matter_id, request_arg(req, "file"), &error);
    if (file == NULL) {
        return g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND) ? response_not_found()
                                                                    : response_problem(error, NULL);
    }
    if (!track_is_theirs(ctx->db, guest.matter_id, file, &is_theirs, &error)) {
        return response_problem(error, NULL);
    }
    if (!is_theirs || !file_kind_info(file->kind)->is_strippable) {
        return response_not_found();
    }
    GBytes *copy = casework_file_copy(ctx->db, file, &error);
    if (copy == NULL) {
        return response_problem(error, "这张照片不完整或者太大，做不出公开副本。");
    }
    Response *response = response_bytes("image/jpeg", copy, NULL);
    response_sandbox(response);
    response_private(response);
    return response;
}
