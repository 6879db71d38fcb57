/* Duty checks and the shift of the alarm centre. */
#include "alarm/alarm_pages.h"
#include "alarm/duty.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "registry/region.h"

#include <string.h>

#define PATH "/work/duty"
#define DEVICES_SHOWN 20
#define MINUTES_DEFAULT 5
#define MINUTES_MAX 255 /* one byte in the frame */
#define SHIFTS_SHOWN 10
#define NOTE_MAX 1500 /* bytes; a hand-over is half a page */

/* --- the page -----------------------------------------------------------------------------------
 */

static json_t *check_model(Ctx *ctx, const DutyCheck *check) {
    json_t *model = json_object();
    bool is_answered = check->answered_us != 0;
    bool is_in_time = is_answered && check->answered_us <= check->due_us;
    bool is_over = !is_answered && ctx->now_us > check->due_us;
    bool is_failed = !is_answered && strcmp(check->command_state, "failed") == 0;
    g_autofree char *asked = alarm_moment_zh(check->asked_us, ctx->now_us);
    g_autofree char *span = alarm_span_zh(check->answered_us - check->asked_us);
    g_autofree char *took =
        is_answered ? g_strconcat(is_in_time ? "" : "超时，", span, "后应答", NULL) : NULL;
    g_autofree char *who = alarm_account_name(ctx->db, check->account_id);
    json_put_int(model, "id", check->id);
    json_put_text(model, "name", check->name);
    json_put_text(model, "asked", asked);
    json_put_text(model, "who", who);
    json_put_text(model,
                  "state",
                  is_answered                                   ? "已应答"
                  : is_failed                                   ? "设备没有收到"
                  : is_over                                     ? "超时没有应答"
                  : strcmp(check->command_state, "queued") == 0 ? "正在下发"
                                                                : "等待应答");
    json_put_text(model, "class", is_in_time ? "k" : is_over || is_failed ? "b" : "w");
    json_put_text(model,
                  "icon",
                  is_in_time             ? "circle-check"
                  : is_over || is_failed ? "circle-x"
                                         : "hourglass");
    json_put_text(model, "took", took);
    return model;
}

static bool put_checks(Ctx *ctx, const Request *req, json_t *model, GError **error) {
    DutyQuery query = {.region = ctx->who->region,
                       .before_id = alarm_query_number(req, "before"),
                       .limit = LIMIT_PAGE_ROWS};
    g_autoptr(GPtrArray) list = duty_checks(ctx->db, &query, error);
    json_t *rows = json_array();
    json_put(model, "checks", rows);
    for (guint i = 0; list != NULL && i < list->len; i++) {
        json_array_append_new(rows, check_model(ctx, list->pdata[i]));
    }
    if (list == NULL) {
        return false;
    }
    int64_t next_id =
        list->len == LIMIT_PAGE_ROWS ? ((DutyCheck *)list->pdata[list->len - 1])->id : 0;
    json_put_bool(model, "has_checks", list->len > 0);
    alarm_put_pager(model, PATH, next_id, query.before_id == 0, "每页 50 次");
    return true;
}

static json_t *device_model(const DutyDevice *device) {
    json_t *model = json_object();
    json_put_int(model, "id", device->id);
    json_put_text(model, "name", *device->building != '\0' ? device->building : device->name);
    json_put_text(model, "device", *device->building != '\0' ? device->name : NULL);
    json_put_text(model, "place", device->place);
    json_put_bool(model, "is_online", device->is_online);
    return model;
}

static bool put_devices(Ctx *ctx, const Request *req, json_t *model, GError **error) {
    const char *q = request_query(req, "q");
    int64_t wanted = alarm_query_number(req, "device");
    json_t *rows = json_array();
    json_put(model, "devices", rows);
    json_put_text(model, "q", q != NULL && strlen(q) <= LIMIT_SEARCH_TEXT ? q : "");
    json_put_bool(model, "has_asked", (q != NULL && *q != '\0') || wanted != 0);
    if (wanted != 0) {
        g_autoptr(GError) problem = NULL;
        DutyDevice *device = duty_device(ctx->db, ctx->who->region, wanted, &problem);
        if (device != NULL) {
            json_array_append_new(rows, device_model(device));
            duty_device_free(device);
        }
        g_propagate_error(error, g_steal_pointer(&problem));
    } else if (q != NULL && *q != '\0' && strlen(q) <= LIMIT_SEARCH_TEXT) {
        g_autoptr(GPtrArray) list =
            duty_devices(ctx->db, ctx->who->region, q, 0, DEVICES_SHOWN, error);
        for (guint i = 0; list != NULL && i < list->len; i++) {
            json_array_append_new(rows, device_model(list->pdata[i]));
        }
    }
    json_put_bool(model, "has_devices", json_array_size(rows) > 0);
    json_put_bool(model, "has_more_devices", json_array_size(rows) == DEVICES_SHOWN);
    return *error == NULL;
}

static json_t *shift_model(Ctx *ctx, const DutyShift *shift) {
    json_t *model = json_object();
    g_autofree char *name = alarm_account_name(ctx->db, shift->account_id);
    g_autofree char *begun = alarm_moment_zh(shift->begun_us, ctx->now_us);
    g_autofree char *offered =
        shift->offered_us == 0 ? NULL : alarm_moment_zh(shift->offered_us, ctx->now_us);
    g_autofree char *taken =
        shift->taken_us == 0 ? NULL : alarm_moment_zh(shift->taken_us, ctx->now_us);
    g_autofree char *next =
        shift->taken_by == 0 ? NULL : alarm_account_name(ctx->db, shift->taken_by);
    json_put_int(model, "id", shift->id);
    json_put_text(model, "name", name);
    json_put_text(model, "begun", begun);
    json_put_text(model, "offered", offered);
    json_put_text(model, "taken", taken);
    json_put_text(model, "next", next);
    json_put_text(model, "note", *shift->note == '\0' ? NULL : shift->note);
    json_put_int(model, "open_alarms", shift->open_alarms);
    /* offered and taken in one act: whoever came wrote the note */
    json_put_bool(
        model, "is_relieved", shift->taken_us != 0 && shift->offered_us == shift->taken_us);
    return model;
}

static bool put_shift(Ctx *ctx, json_t *model, GError **error) {
    char code[REGION_CODE_MAX + 1] = {0};
    (void)region_code_parse(ctx->who->region, code);
    g_autoptr(GPtrArray) list = duty_shifts(ctx->db, code, SHIFTS_SHOWN, error);
    AlarmTally tally = {0};
    if (list == NULL || !alarm_tally(ctx->db, ctx->who->region, ctx->now_us, &tally, error)) {
        return false;
    }
    const DutyShift *now = list->len > 0 ? list->pdata[0] : NULL;
    bool may = principal_may(ctx->who, PERM_ALARM_HANDLE);
    bool is_mine = now != NULL && now->account_id == ctx->who->account_id;
    json_t *past = json_array();
    for (guint i = 1; i < list->len; i++) {
        json_array_append_new(past, shift_model(ctx, list->pdata[i]));
    }
    json_put(model, "shift", now == NULL ? json_null() : shift_model(ctx, now));
    json_put_int(model, "shift_id", now == NULL ? 0 : now->id);
    json_put_bool(model, "has_past", json_array_size(past) > 0);
    json_put(model, "past", past);
    json_put_bool(model, "may_begin", may && now == NULL);
    json_put_bool(model, "may_offer", may && is_mine);
    json_put_bool(model, "may_take", may && now != NULL && !is_mine && now->offered_us != 0);
    json_put_bool(model, "may_relieve", may && now != NULL && !is_mine && now->offered_us == 0);
    json_put_bool(model, "is_offered", now != NULL && now->offered_us != 0);
    json_put_bool(model, "is_mine", is_mine);
    json_put_int(model, "open_alarms", tally.waiting + tally.verifying);
    json_put_int(model, "waiting", tally.waiting);
    return true;
}

static bool put_page(Ctx *ctx, const Request *req, json_t *model, GError **error) {
    json_put_bool(model, "may_handle", principal_may(ctx->who, PERM_ALARM_HANDLE));
    return put_checks(ctx, req, model, error) && put_devices(ctx, req, model, error) &&
           put_shift(ctx, model, error);
}

Response *duty_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    if (!put_page(ctx, req, model, &error)) {
        return response_problem(error, NULL);
    }
    json_put(model, "problems", json_null());
    form_field(model, "note", "", NULL);
    return response_page("alarm/duty", g_steal_pointer(&model));
}

/* --- asking -------------------------------------------------------------------------------------
 */

static int64_t form_number(const Request *req, const char *name) {
    const char *text = request_form(req, name);
    guint64 number = 0;
    bool is_number =
        text != NULL && g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &number, NULL);
    return is_number ? (int64_t)number : 0;
}

Response *duty_ask_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    int64_t minutes = form_number(req, "minutes");
    DutyAsking asking = {.device_id = form_number(req, "device"),
                         .minutes =
                             minutes >= 1 && minutes <= MINUTES_MAX ? minutes : MINUTES_DEFAULT,
                         .account_id = ctx->who->account_id,
                         .now_us = ctx->now_us,
                         .region = ctx->who->region};
    int64_t id = 0;
    if (!duty_ask(ctx->db, &asking, &id, &error)) {
        return response_problem(error, "这台设备不在您的辖区，或者不能查岗。");
    }
    return response_redirect_flash(PATH, "查岗已经下发，%d 分钟内应答。", (int)asking.minutes);
}

/* --- the shift ----------------------------------------------------------------------------------
 */

static Response *shift_problem(Ctx *ctx, const Request *req, const char *text) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    FormProblems *problems = form_problems_new();
    form_problem_add(problems, "note", "%s", text);
    if (!put_page(ctx, req, model, &error)) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    const char *note = request_form(req, "note");
    form_field(model, "note", note != NULL ? note : "", problems);
    return response_form_again("alarm/duty", g_steal_pointer(&model), problems);
}

/* What can be done with the shift. */
typedef struct ShiftAct {
    const char *word;
    bool (*run)(Db *db, const DutyTurn *turn, GError **error);
    const char *lacking; /* NULL: asks for no text */
    const char *done;
} ShiftAct;
static const ShiftAct shift_acts[] = {
    {"begin", duty_begin, NULL, "您已开始值班。"},
    {"offer", duty_offer, "写一句要交代的，没有就写“无”", "已经交班，等下一班确认。"},
    {"keep", duty_keep, NULL, "已经撤回交班，仍由您值班。"},
    {"take", duty_take, NULL, "您已接班。"},
    {"relieve", duty_relieve, "写一句为什么没有交班就接", "您已接班，原因已记下。"},
};

static const ShiftAct *shift_act(const char *word) {
    for (size_t i = 0; i < G_N_ELEMENTS(shift_acts); i++) {
        if (strcmp(shift_acts[i].word, word) == 0) {
            return &shift_acts[i];
        }
    }
    return NULL;
}

Response *duty_shift_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    char code[REGION_CODE_MAX + 1] = {0};
    const ShiftAct *act = shift_act(request_arg(req, "what"));
    const char *sent = request_form(req, "note");
    g_autofree char *note = g_strstrip(g_strdup(sent != NULL ? sent : ""));
    DutyTurn turn = {.region = code,
                     .account_id = ctx->who->account_id,
                     .now_us = ctx->now_us,
                     .shift_id = form_number(req, "shift"),
                     .note = note};
    if (act == NULL || !region_code_parse(ctx->who->region, code)) {
        return response_not_found();
    }
    if (act->lacking != NULL && (*note == '\0' || strlen(note) > NOTE_MAX)) {
        return shift_problem(ctx, req, *note == '\0' ? act->lacking : "最多写五百个字");
    }
    if (!act->run(ctx->db, &turn, &error)) {
        bool is_late = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        bool is_denied = g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED);
        return response_problem(error,
                                is_late ? "别人已经接班或者改了交班，请回到值班页看最新情况。"
                                : is_denied
                                    ? "交班的和接班的要是两个人：交班由在岗的人，接班由另一个人。"
                                    : NULL);
    }
    return response_redirect_flash(PATH, "%s", act->done);
}
