/* The alarm centre's desk: the list, one alarm, what people do to it. */
#include "account/account.h"
#include "alarm/alarm_pages.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define PATH "/work/alarms"
#define FRESH_US (360 * CLOCK_SECOND_US) /* "seen" is stored every five minutes */
#define NOTE_MAX 500                     /* bytes of a reason; a sentence or two */

/* --- looking ------------------------------------------------------------------------------------
 */

bool alarm_wanted(Ctx *ctx, const Request *req, Alarm *ret_alarm, Response **ret_refusal) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    *ret_alarm = (Alarm){0};
    if (!request_arg_id(req, "id", &id)) {
        *ret_refusal = response_not_found();
        return false;
    }
    if (!alarm_find(ctx->db, id, ret_alarm, &error)) {
        *ret_refusal = response_problem(error, "没有这起报警。");
        return false;
    }
    if (!alarm_may_see(ctx, ret_alarm)) {
        if (ctx->server != NULL) {
            account_refused(ctx, req, "不在您的辖区");
        }
        alarm_clear(ret_alarm);
        hz_fail(&error, HZ_ERROR_DENIED, "outside the reader's region");
        *ret_refusal = response_problem(error, "这起报警不在您的辖区。");
        return false;
    }
    return true;
}

static bool put_frame(Ctx *ctx, json_t *model, int64_t current_id, GError **error) {
    int64_t seen_us = 0;
    int64_t online = 0;
    if (!alarm_put_lists(ctx, model, current_id, error) ||
        !alarm_reception(ctx->db, ctx->who->region, &seen_us, &online, error)) {
        return false;
    }
    g_autofree char *duty = alarm_on_duty_zh(ctx);
    g_autofree char *count = g_strdup_printf("%" G_GINT64_FORMAT " 台设备在线", online);
    g_autofree char *span = alarm_span_zh(ctx->now_us - seen_us);
    bool is_fresh = ctx->now_us - seen_us < FRESH_US;
    g_autofree char *last = seen_us == 0 ? NULL
                            : is_fresh   ? g_strdup("几分钟内有消息")
                                         : g_strdup_printf("已经 %s没有任何消息", span);
    g_autofree char *title = json_get_int(model, "waiting", 0) == 0
                                 ? g_strdup("报警中心")
                                 : g_strdup_printf("（%" G_GINT64_FORMAT "）报警中心",
                                                   json_get_int(model, "waiting", 0));
    json_put_text(model, "duty", duty);
    json_put_text(model, "online", count);
    json_put_text(model, "last", last);
    json_put_bool(model, "is_fresh", is_fresh);
    json_put_text(model, "title", title);
    json_put_text(model, "script", web_asset_url("alarm.js"));
    json_put_bool(model, "may_handle", principal_may(ctx->who, PERM_ALARM_HANDLE));
    return true;
}

Response *alarms_page(Ctx *ctx, const Request *req G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    if (!put_frame(ctx, model, 0, &error)) {
        return response_problem(error, NULL);
    }
    json_put(model, "alarm", json_null());
    return response_page("alarm/alarms", g_steal_pointer(&model));
}

Response *alarms_events(Ctx *ctx, const Request *req G_GNUC_UNUSED) {
    g_autofree char *topic = alarm_topic(ctx->who->region);
    return response_events(topic);
}

Response *alarm_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Alarm) alarm = {0};
    Response *refusal = NULL;
    if (!alarm_wanted(ctx, req, &alarm, &refusal)) {
        return refusal;
    }
    g_autoptr(json_t) model = json_object();
    if (!put_frame(ctx, model, alarm.id, &error) || !alarm_put_detail(ctx, model, &alarm, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("alarm/alarms", g_steal_pointer(&model));
}

/* --- doing --------------------------------------------------------------------------------------
 */

static int64_t form_number(const Request *req, const char *name) {
    const char *text = request_form(req, name);
    guint64 number = 0;
    bool is_number =
        text != NULL && g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &number, NULL);
    return is_number ? (int64_t)number : 0;
}

/* 409 in words: who was faster, and the way back to the alarm as it is now. */
static Response *say_faster(const Alarm *alarm, const char *faster) {
    json_t *model = json_object();
    json_put_int(model, "id", alarm->id);
    json_put_text(model, "name", alarm->title);
    json_put_text(model, "faster", faster);
    return response_page_status(409, "alarm/faster", model);
}

static Response *
do_act(Ctx *ctx, const Request *req, const Alarm *alarm, AlarmAct act, const char *note) {
    g_autoptr(GError) error = NULL;
    g_autofree char *faster = NULL;
    const char *token = request_form(req, "token");
    AlarmDoing doing = {.alarm_id = alarm->id,
                        .version = form_number(req, "version"),
                        .act = act,
                        .note = note,
                        .token = token != NULL ? token : "",
                        .account_id = ctx->who->account_id,
                        .roles = ctx->who->roles,
                        .agency_id = ctx->who->agency_id,
                        .region = ctx->who->region,
                        .now_us = ctx->now_us};
    if (alarm_do(ctx->db, &doing, &faster, &error)) {
        g_autofree char *path = g_strdup_printf(PATH "/%" G_GINT64_FORMAT, alarm->id);
        return response_redirect_flash(path, "已记录：%s。", alarm_act_zh(act));
    }
    if (faster != NULL) {
        return say_faster(alarm, faster);
    }
    bool is_invalid = g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID);
    return response_problem(
        error, is_invalid ? "这起报警现在不能这样处理，请回到它的页面看最新情况。" : NULL);
}

/* Acts of one press: they ask nothing. */
Response *alarm_act_submit(Ctx *ctx, const Request *req) {
    g_auto(Alarm) alarm = {0};
    Response *refusal = NULL;
    AlarmAct act = ALARM_ACT_COUNT;
    bool needs_note = false;
    if (!alarm_wanted(ctx, req, &alarm, &refusal)) {
        return refusal;
    }
    if (!alarm_act_parse(request_arg(req, "act"), &act)) {
        return response_not_found();
    }
    (void)alarm_act_fits(act, &alarm, &needs_note);
    return needs_note ? response_not_found() : do_act(ctx, req, &alarm, act, "");
}

/* The text of a field without blanks around it; NULL with a problem when it lacks or is too long.
 */
static char *read_note(const Request *req, FormProblems *problems, const char *lacking) {
    const char *text = request_form(req, "note");
    g_autofree char *note = g_strstrip(g_strdup(text != NULL ? text : ""));
    if (*note == '\0') {
        form_problem_add(problems, "note", "%s", lacking);
    } else if (strlen(note) > NOTE_MAX) {
        form_problem_add(problems, "note", "最多写一百六十个字");
    }
    return form_has_problems(problems) ? NULL : g_steal_pointer(&note);
}

/* --- pages that ask -----------------------------------------------------------------------------
 */

static json_t *
ask_model(const Ctx *ctx, const Alarm *alarm, const Request *req, const FormProblems *problems) {
    const char *sent_token = request_is_post(req) ? request_form(req, "token") : NULL;
    g_autofree char *token = sent_token != NULL ? g_strdup(sent_token) : alarm_token();
    json_t *model = alarm_row_model(alarm, 0, ctx->now_us);
    int64_t version =
        request_is_post(req) ? form_number(req, "version") : alarm_query_number(req, "version");
    const char *note = request_is_post(req) ? request_form(req, "note") : NULL;
    json_put_int(model, "version", version != 0 ? version : alarm->version);
    json_put_text(model, "token", token);
    json_put(model, "problems", json_null());
    json_put_int(model, "active", alarm->active);
    json_put_int(model, "matter_id", MAX(alarm->matter_id, 0));
    form_field(model, "note", note != NULL ? note : "", problems);
    return model;
}

static void put_reasons(json_t *model, const Request *req) {
    static const AlarmAct acts[] = {ALARM_ACT_FALSE, ALARM_ACT_TEST, ALARM_ACT_DRILL};
    static const char *const hints[] = {
        "没有火情，例如做饭油烟、水汽、设备误动", "维保或者单位在做功能试验", "单位在演练"};
    const char *chosen = request_is_post(req) ? request_form(req, "act") : NULL;
    json_t *choices = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
        json_t *one = json_object();
        json_put_text(one, "value", alarm_act_word(acts[i]));
        json_put_text(one, "text", alarm_act_zh(acts[i]));
        json_put_text(one, "hint", hints[i]);
        json_put_bool(one,
                      "is_chosen",
                      g_strcmp0(chosen != NULL ? chosen : "false", alarm_act_word(acts[i])) == 0);
        json_array_append_new(choices, one);
    }
    json_put(model, "choices", choices);
}

/* Back to the alarm when it cannot be done any more: a page that asks for it leads nowhere. */
static Response *back_if_late(const Alarm *alarm, AlarmAct act) {
    bool needs_note = false;
    if (alarm_act_fits(act, alarm, &needs_note)) {
        return NULL;
    }
    g_autofree char *path = g_strdup_printf(PATH "/%" G_GINT64_FORMAT, alarm->id);
    return response_redirect_flash(
        path, "这起报警%s，不能再做“%s”。", alarm_state_zh(alarm->state), alarm_act_zh(act));
}

Response *alarm_reason_page(Ctx *ctx, const Request *req) {
    g_auto(Alarm) alarm = {0};
    Response *refusal = NULL;
    if (!alarm_wanted(ctx, req, &alarm, &refusal)) {
        return refusal;
    }
    refusal = back_if_late(&alarm, ALARM_ACT_FALSE);
    if (refusal != NULL) {
        return refusal;
    }
    json_t *model = ask_model(ctx, &alarm, req, NULL);
    put_reasons(model, req);
    return response_page("alarm/reason", model);
}

Response *alarm_reason_submit(Ctx *ctx, const Request *req) {
    g_auto(Alarm) alarm = {0};
    Response *refusal = NULL;
    AlarmAct act = ALARM_ACT_COUNT;
    if (!alarm_wanted(ctx, req, &alarm, &refusal)) {
        return refusal;
    }
    bool is_act = alarm_act_parse(request_form(req, "act"), &act) &&
                  (act == ALARM_ACT_FALSE || act == ALARM_ACT_TEST || act == ALARM_ACT_DRILL);
    if (!is_act) {
        return response_not_found();
    }
    FormProblems *problems = form_problems_new();
    g_autofree char *note = read_note(req, problems, "写一句原因，误报统计要用");
    if (note == NULL) {
        json_t *model = ask_model(ctx, &alarm, req, problems);
        put_reasons(model, req);
        return response_form_again("alarm/reason", model, problems);
    }
    json_decref(problems);
    return do_act(ctx, req, &alarm, act, note);
}

/* An act that asks for one text. */
typedef struct Asked {
    AlarmAct act;
    const char *view, *lacking;
} Asked;
static const Asked finish = {ALARM_ACT_CLOSE, "alarm/finish", "写一句怎样处置的"};
static const Asked remark = {ALARM_ACT_NOTE, "alarm/note", "写一句补充说明"};
static const Asked again = {ALARM_ACT_REOPEN, "alarm/reopen", "写一句为什么重新打开"};

static Response *ask_text(Ctx *ctx, const Request *req, const Asked *asked) {
    g_auto(Alarm) alarm = {0};
    Response *refusal = NULL;
    if (!alarm_wanted(ctx, req, &alarm, &refusal)) {
        return refusal;
    }
    if (!request_is_post(req)) {
        refusal = back_if_late(&alarm, asked->act);
        return refusal != NULL ? refusal
                               : response_page(asked->view, ask_model(ctx, &alarm, req, NULL));
    }
    FormProblems *problems = form_problems_new();
    g_autofree char *note = read_note(req, problems, asked->lacking);
    if (note == NULL) {
        return response_form_again(asked->view, ask_model(ctx, &alarm, req, problems), problems);
    }
    json_decref(problems);
    return do_act(ctx, req, &alarm, asked->act, note);
}

Response *alarm_finish_page(Ctx *ctx, const Request *req) {
    return ask_text(ctx, req, &finish);
}

Response *alarm_finish_submit(Ctx *ctx, const Request *req) {
    return ask_text(ctx, req, &finish);
}

Response *alarm_note_page(Ctx *ctx, const Request *req) {
    return ask_text(ctx, req, &remark);
}

Response *alarm_note_submit(Ctx *ctx, const Request *req) {
    return ask_text(ctx, req, &remark);
}

Response *alarm_reopen_page(Ctx *ctx, const Request *req) {
    return ask_text(ctx, req, &again);
}

Response *alarm_reopen_submit(Ctx *ctx, const Request *req) {
    return ask_text(ctx, req, &again);
}
