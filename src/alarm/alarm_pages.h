/* Pages of the alarm centre; only this room includes it. Thread: the worker that runs the handler.
 */
#pragma once

#include "alarm/alarm_internal.h"
#include "web/web.h"

/* --- models --- */

/* "09:11:48", "09:11" in Asia/Shanghai; "11月22日 09:11" when it is another day. Callers free. */
char *alarm_clock_zh(int64_t time_us);
char *alarm_moment_zh(int64_t time_us, int64_t now_us);
/* "8 秒", "1 分 02 秒", "3 小时 05 分", "4 天". Caller frees. */
char *alarm_span_zh(int64_t us);
/* A row of any list of alarms. Thread: any. */
json_t *alarm_row_model(const Alarm *alarm, int64_t current_id, int64_t now_us);
/* model["lists"], model["tally"] …: the left column. */
bool alarm_put_lists(Ctx *ctx, json_t *model, int64_t current_id, GError **error);
/* Everything that the page of one alarm shows. */
bool alarm_put_detail(Ctx *ctx, json_t *model, const Alarm *alarm, GError **error);
/* "程野、吴桐（08:00 起）" of the reader's region; NULL: nobody has signed on. Caller frees. */
char *alarm_on_duty_zh(Ctx *ctx);

/* --- helpers --- */

/* Does the reader's region cover it? What is bound to nothing belongs to provinces and cities. */
bool alarm_may_see(const Ctx *ctx, const Alarm *alarm);
/* The alarm of {id}; else NULL and a response, with its mark when it was refused. */
bool alarm_wanted(Ctx *ctx, const Request *req, Alarm *ret_alarm, Response **ret_refusal);
int64_t alarm_query_number(const Request *req, const char *name);
/* Random, for one form. Caller frees. */
char *alarm_token(void);
/* {first, previous, next, note} or null, in model["pager"]. */
void alarm_put_pager(
    json_t *model, const char *path, int64_t next_id, bool is_first, const char *note);

/* --- handlers --- */

Response *alarms_page(Ctx *ctx, const Request *req);
Response *alarms_events(Ctx *ctx, const Request *req);
Response *alarm_page(Ctx *ctx, const Request *req);
Response *alarm_act_submit(Ctx *ctx, const Request *req);
Response *alarm_reason_page(Ctx *ctx, const Request *req);
Response *alarm_reason_submit(Ctx *ctx, const Request *req);
Response *alarm_finish_page(Ctx *ctx, const Request *req);
Response *alarm_finish_submit(Ctx *ctx, const Request *req);
Response *alarm_reopen_page(Ctx *ctx, const Request *req);
Response *alarm_reopen_submit(Ctx *ctx, const Request *req);
Response *alarm_note_page(Ctx *ctx, const Request *req);
Response *alarm_note_submit(Ctx *ctx, const Request *req);
Response *alarm_history_page(Ctx *ctx, const Request *req);
Response *alarm_rates_page(Ctx *ctx, const Request *req);
Response *alarm_export(Ctx *ctx, const Request *req);
Response *alarm_outbox_page(Ctx *ctx, const Request *req);
Response *alarm_outbox_submit(Ctx *ctx, const Request *req);
Response *duty_page(Ctx *ctx, const Request *req);
Response *duty_ask_submit(Ctx *ctx, const Request *req);
Response *duty_shift_submit(Ctx *ctx, const Request *req);
