/* What the steps of the wizard share. */
#include "report/report_pages.h"

#include "base/clock.h"
#include "base/error.h"
#include "report/report.h"
#include "report/report_rules.h"
#include "web/log.h"

#include <string.h>

#define HOUR_US (INT64_C(3600) * CLOCK_SECOND_US)
#define GUESS_US (INT64_C(900) * CLOCK_SECOND_US) /* as for sign-in */

/* A whole company or campus may sit behind one address. */
const CountLimit report_begun_limit = {"report-begun", 30, HOUR_US, true};
const CountLimit report_sent_limit = {"report-sent", 20, HOUR_US, true};
const CountLimit report_file_limit = {"report-files", 60, HOUR_US, true}; /* at most 1.2 GB */
const CountLimit track_peer_limit = {"track-peer", 30, GUESS_US, false};
const CountLimit track_number_limit = {"track-number", 5, GUESS_US, false};

void report_page_clear(ReportPage *page) {
    guest_clear(&page->guest);
}

const char *report_cookie(const Request *req, bool follows) {
    bool is_secure = g_str_has_prefix(web_session_cookie(req), "__Host-");
    return follows     ? is_secure ? "__Host-hz_track" : "hz_track"
           : is_secure ? "__Host-hz_report"
                       : "hz_report";
}

bool report_admits(Ctx *ctx, const Request *req) {
    static const struct {
        const char *path;
        bool follows;
    } doors[] = {{"/report/where", false}, {"/track/add", true}};
    for (size_t i = 0; i < G_N_ELEMENTS(doors); i++) {
        g_auto(Guest) guest = {0};
        const char *key = request_cookie(req, report_cookie(req, doors[i].follows));
        if (strcmp(request_path(req), doors[i].path) == 0) {
            return guest_find(ctx->db, key, doors[i].follows, ctx->now_us, &guest, NULL) &&
                   guest_is_there(&guest) && (guest.follows || guest.matter_id == 0);
        }
    }
    return false;
}

Response *report_load(Ctx *ctx, const Request *req, bool must, ReportPage *page) {
    g_autoptr(GError) error = NULL;
    const char *key = request_cookie(req, report_cookie(req, false));
    if (!guest_find(ctx->db, key, false, ctx->now_us, &page->guest, &error)) {
        return response_problem(error, NULL);
    }
    if (page->guest.matter_id != 0) { /* sent: the next one begins anew */
        guest_clear(&page->guest);
    }
    if (must && !guest_is_there(&page->guest)) {
        return response_redirect_flash(
            "/report", "请从这里开始填。没有找到没发出的草稿：可能已经发出，或者超过三天没有动过");
    }
    const char *region = report_said(&page->guest, "region");
    if (!report_law(ctx->db, region[0] == '\0' ? NULL : region, ctx->now_us, &page->law, &error)) {
        return response_problem(error, NULL);
    }
    if (page->law.opens == NULL) {
        hz_fail(&error, HZ_ERROR_NOT_FOUND, "law/ does not let the public report here");
        return response_problem(error, "这里不收网上举报，请拨打 96119。");
    }
    return NULL;
}

const char *report_said(const Guest *guest, const char *key) {
    return guest->data == NULL ? "" : json_get_text(guest->data, key, "");
}

void report_take(const Request *req, const char *name, glong max, Guest *guest) {
    const char *sent = request_form(req, name);
    g_autofree char *text = g_strstrip(g_strdup(sent == NULL ? "" : sent));
    g_autofree char *cut = g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), max));
    json_put_text(guest->data, name, cut);
}

const char *report_go(const Request *req) {
    const char *go = request_form(req, "go");
    return go == NULL ? "" : go;
}

void report_put_cookie(Response *response, const Request *req, const Guest *guest) {
    response_cookie(
        response, report_cookie(req, false), guest->key, REPORT_DRAFT_US / CLOCK_SECOND_US, true);
}

Response *report_kept(const Request *req, const Guest *guest, int64_t now_us) {
    g_autofree char *day = clock_format_day_zh(guest->ends_us, now_us);
    Response *response = response_redirect_flash(
        "/report", "草稿已存，还没有发出。%s前用这台设备打开这一页，可以接着填", day);
    report_put_cookie(response, req, guest);
    return response;
}

/* --- the form in law/ ---------------------------------------------------------------------------
 */

static void put_answer(json_t *data, const LawForm *form, const char *field, const char *text) {
    if (law_form_field(form, field) != NULL && text[0] != '\0') {
        json_put_text(data, field, text);
    }
}

json_t *report_form_data(const ReportPage *page) {
    const Guest *guest = &page->guest;
    const LawForm *form = page->law.form;
    json_t *data = json_object();
    const char *where = report_said(guest, "where");
    g_autofree char *place = report_place_text(where, report_said(guest, "inside"));
    put_answer(data, form, REPORT_CHANNEL, REPORT_CHANNEL_WEB);
    put_answer(data, form, REPORT_CONTENT, report_said(guest, "content"));
    put_answer(data, form, REPORT_DESCRIPTION, report_said(guest, "description"));
    put_answer(data, form, REPORT_PLACE, where[0] == '\0' ? "" : place);
    put_answer(data, form, REPORT_NAMED, report_said(guest, "named"));
    if (strcmp(report_said(guest, "named"), "yes") == 0) {
        put_answer(data, form, REPORT_NAME, report_said(guest, "name"));
        put_answer(data, form, REPORT_PHONE, report_said(guest, "phone"));
    }
    json_t *photos = json_object_get(guest->data, "photos");
    if (json_array_size(photos) > 0 && law_form_field(form, REPORT_PHOTOS) != NULL) {
        json_put(data, REPORT_PHOTOS, json_incref(photos));
    }
    return data;
}

const char *report_choice_zh(const LawForm *form, const char *field, const char *value) {
    const LawField *one = law_form_field(form, field);
    for (unsigned i = 0; one != NULL && one->values != NULL && one->values[i] != NULL; i++) {
        if (strcmp(one->values[i], value) == 0) {
            return one->values_zh[i];
        }
    }
    return "";
}

char *report_promise(const ReportPage *page, const char *content, int64_t now_us, GError **error) {
    g_auto(LawDeadline) deadline = {0};
    if (!report_deadline(&page->law, content, now_us, &deadline, error)) {
        return NULL;
    }
    if (deadline.row == NULL) {
        return g_strdup("");
    }
    g_autofree char *term = report_term_text(deadline.row);
    return g_strdup_printf("%s到现场核查", term);
}

/* --- what is wrong ------------------------------------------------------------------------------
 */

/* An answer of a step: its name on the page, its field in law/, what to write when it is missing.
 */
typedef struct Answer {
    ReportStep step;
    const char *name, *field, *missing;
} Answer;

static const Answer answers[] = {
    {REPORT_WHAT, "content", REPORT_CONTENT, "选一种情况；拿不准就选最后一种"},
    {REPORT_WHAT, "description", REPORT_DESCRIPTION, "写看到了什么，一句话也可以"},
    {REPORT_WHERE, "where", REPORT_PLACE, "写楼名、店名或路名"},
    {REPORT_CONTACT, "named", REPORT_NAMED, "选留不留姓名"},
    {REPORT_CONTACT, "name", REPORT_NAME, "写姓名；不想写就选“不留姓名”"},
    {REPORT_CONTACT, "phone", REPORT_PHONE, "写能打通的电话"},
};

static bool check_place(Ctx *ctx, const ReportPage *page, FormProblems *problems, GError **error) {
    const Guest *guest = &page->guest;
    g_auto(ReportObject) object = {0};
    const char *chosen = report_said(guest, "object");
    if (!report_object_find(ctx->db, chosen, &object, error)) {
        return false;
    }
    if (report_said(guest, "where")[0] == '\0' || object.kind != NULL) {
        return true;
    }
    if (strcmp(chosen, "none") != 0) {
        form_problem_add(problems, "object", "选是哪一处；都不是就选最后一项");
    } else if (report_said(guest, "region")[0] == '\0') {
        form_problem_add(problems, "region", "选所在区县");
    }
    return true;
}

FormProblems *report_problems(Ctx *ctx, const ReportPage *page, ReportStep step, GError **error) {
    g_autoptr(json_t) data = report_form_data(page);
    g_autoptr(json_t) wrong = law_form_problems(page->law.form, data, ctx->now_us);
    g_autoptr(json_t) problems = form_problems_new();
    for (size_t i = 0; i < G_N_ELEMENTS(answers); i++) {
        const Answer *one = &answers[i];
        const char *problem = json_get_text(wrong, one->field, NULL);
        if (one->step == step && problem != NULL) {
            bool is_missing = json_object_get(data, one->field) == NULL;
            form_problem_add(problems, one->name, "%s", is_missing ? one->missing : problem);
        }
    }
    const char *phone = report_said(&page->guest, "phone");
    if (step == REPORT_CONTACT && json_object_get(data, REPORT_PHONE) != NULL &&
        !report_phone_is_good(phone)) {
        form_problem_add(problems, "phone", "电话写 7 到 20 位数字，现在不是");
    }
    if (step == REPORT_WHERE && !check_place(ctx, page, problems, error)) {
        return NULL;
    }
    return g_steal_pointer(&problems);
}

/* --- head of a step -----------------------------------------------------------------------------
 */

const char *report_step_path(ReportStep step) {
    static const char *const paths[] = {
        "/report", "/report/where", "/report/contact", "/report/check"};
    return paths[step];
}

static void
add_answer(json_t *list, ReportStep step, const char *what, const char *text, const char *more) {
    json_t *answer = json_object();
    json_put_text(answer, "href", report_step_path(step));
    json_put_text(answer, "what", what);
    json_put_text(answer, "text", text);
    json_put_text(answer, "more", more);
    json_array_append_new(list, answer);
}

bool report_put_head(
    Ctx *ctx, const ReportPage *page, ReportStep step, json_t *model, GError **error) {
    const Guest *guest = &page->guest;
    json_t *list = json_array();
    json_t *bars = json_array();
    json_put(model, "answers", list);
    json_put(model, "bars", bars);
    json_put_int(model, "step_number", (int)step + 1);
    json_put_text(model, "back", step == REPORT_WHAT ? "/" : report_step_path(step - 1));
    for (ReportStep one = REPORT_WHAT; one <= REPORT_CHECK; one++) {
        json_array_append_new(bars, json_boolean(one <= step));
    }
    if (step == REPORT_WHERE || step == REPORT_CONTACT) {
        const char *content = report_said(guest, "content");
        g_autofree char *promise = report_promise(page, content, ctx->now_us, error);
        if (promise == NULL) {
            return false;
        }
        const char *text = report_choice_zh(page->law.form, REPORT_CONTENT, content);
        add_answer(list, REPORT_WHAT, "问题类型", text, promise);
    }
    if (step == REPORT_CONTACT) {
        g_auto(ReportObject) object = {0};
        if (!report_object_find(ctx->db, report_said(guest, "object"), &object, error)) {
            return false;
        }
        const char *name = object.kind == NULL ? report_said(guest, "where") : object.name;
        add_answer(list, REPORT_WHERE, "地点", name, report_said(guest, "inside"));
    }
    return true;
}

/* --- how often ----------------------------------------------------------------------------------
 */

bool report_may(Ctx *ctx,
                const Request *req,
                const CountLimit *limit,
                const char *subject,
                Response **ret_answer,
                GError **error) {
    unsigned wait = 0;
    *ret_answer = NULL;
    if (!account_charge(ctx->db, limit, subject, ctx->now_us, &wait, error)) {
        return false;
    }
    if (wait > 0) { /* who it was stands nowhere: only that it happened */
        log_event("report.limited", "req=%s kind=%s", ctx->request_id, limit->kind);
        json_t *model = json_object();
        json_put_int(model, "wait", wait);
        json_put_text(model, "path", request_path(req));
        json_put_bool(model, "is_guess", !limit->by_clock);
        *ret_answer = response_page_status(429, "report/wait", model);
    }
    return true;
}
