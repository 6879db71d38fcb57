/* Looking back: all alarms with filters, false alarms by device and building, both as CSV; messages
 * that went out. */
#include "alarm/alarm_pages.h"
#include "alarm/outbox.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/number.h"
#include "ledger/ledger.h"
#include "registry/region.h"
#include "table/table_writer.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PATH "/work/alarms/history"
#define RATES "/work/alarms/rates"
#define OUTBOX "/work/alarms/outbox"
#define BATCH 500 /* rows of one question of an export */

/* --- filters ------------------------------------------------------------------------------------
 */

typedef struct Filter {
    AlarmQuery query;
    const char *class, *result, *district, *day, *building; /* words as they came; NULL: none */
    const char *problem;
} Filter;

static const char *word_of(const Request *req, const char *name) {
    const char *text = request_query(req, name);
    return text == NULL || *text == '\0' ? NULL : text;
}

static void read_filter(Ctx *ctx, const Request *req, Filter *filter) {
    *filter = (Filter){.query = {.region = ctx->who->region, .class = -1, .result = -1},
                       .class = word_of(req, "class"),
                       .result = word_of(req, "result"),
                       .district = word_of(req, "district"),
                       .day = word_of(req, "day"),
                       .building = word_of(req, "building")};
    AlarmClass class = ALARM_FIRE;
    AlarmResult result = ALARM_OPEN;
    char code[REGION_CODE_MAX + 1];
    if (alarm_class_parse(filter->class, &class)) {
        filter->query.class = (int)class;
    }
    if (filter->result != NULL && strcmp(filter->result, "open") == 0) {
        filter->query.states = ~(1 << ALARM_CLOSED) & ((1 << ALARM_STATE_COUNT) - 1);
    } else if (filter->result != NULL && strcmp(filter->result, "none") == 0) {
        filter->query.result = ALARM_OPEN;
    } else if (alarm_result_parse(filter->result, &result)) {
        filter->query.result = (int)result;
    }
    if (filter->district != NULL && region_code_parse(filter->district, code)) {
        filter->query.district = region_district(code);
    }
    filter->query.building_id = alarm_query_number(req, "building");
    if (filter->day != NULL && clock_parse(filter->day, &filter->query.from_us)) {
        filter->query.to_us = filter->query.from_us + CLOCK_DAY_US;
    } else if (filter->day != NULL) {
        filter->problem = "日期写成 2026-11-22 这样。";
    }
}

static char *filter_words(const Filter *filter) {
    GString *out = g_string_new(NULL);
    const char *const pairs[][2] = {{"class", filter->class},
                                    {"result", filter->result},
                                    {"district", filter->district},
                                    {"building", filter->building},
                                    {"day", filter->problem == NULL ? filter->day : NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(pairs); i++) {
        if (pairs[i][1] != NULL) {
            g_autofree char *value = g_uri_escape_string(pairs[i][1], NULL, FALSE);
            g_string_append_printf(out, "%s%s=%s", out->len > 0 ? "&" : "", pairs[i][0], value);
        }
    }
    return g_string_free(out, FALSE);
}

static void add_option(json_t *options, const char *value, const char *text, const char *chosen) {
    form_option(options, value, text, g_strcmp0(chosen == NULL ? "" : chosen, value) == 0);
}

static bool put_selects(Ctx *ctx, json_t *model, const Filter *filter, GError **error) {
    json_t *selects = json_array();
    json_t *classes = json_array();
    json_t *results = json_array();
    json_t *districts = json_array();
    add_option(classes, "", "全部种类", filter->class);
    for (unsigned i = 0; i < ALARM_CLASS_COUNT; i++) {
        add_option(
            classes, alarm_class_word((AlarmClass)i), alarm_class_zh((AlarmClass)i), filter->class);
    }
    add_option(results, "", "全部结果", filter->result);
    add_option(results, "open", "还没有办结", filter->result);
    add_option(results, "none", "还没有核实", filter->result);
    for (unsigned i = ALARM_TRUE; i < ALARM_RESULT_COUNT; i++) {
        add_option(results,
                   alarm_result_word((AlarmResult)i),
                   alarm_result_zh((AlarmResult)i),
                   filter->result);
    }
    form_select(selects, "class", "种类", classes);
    form_select(selects, "result", "结果", results);
    json_put(model, "selects", selects);
    char code[REGION_CODE_MAX + 1] = {0};
    if (!region_code_parse(ctx->who->region, code) || strlen(code) >= 6) {
        json_decref(districts);
        return true;
    }
    g_autoptr(GPtrArray) list = region_districts(ctx->db, code, NULL, error);
    add_option(districts, "", "全部区县", filter->district);
    for (guint i = 0; list != NULL && i < list->len; i++) {
        const Region *region = list->pdata[i];
        add_option(districts, region->code, region->name, filter->district);
    }
    form_select(selects, "district", "区县", districts);
    return list != NULL;
}

/* --- history ------------------------------------------------------------------------------------
 */

Response *alarm_history_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    Filter filter;
    read_filter(ctx, req, &filter);
    filter.query.before_id = alarm_query_number(req, "before");
    filter.query.limit = LIMIT_PAGE_ROWS;
    g_autoptr(GPtrArray) list = alarm_list(ctx->db, &filter.query, &error);
    g_autoptr(json_t) model = json_object();
    if (list == NULL || !put_selects(ctx, model, &filter, &error)) {
        return response_problem(error, NULL);
    }
    json_t *rows = json_array();
    for (guint i = 0; i < list->len; i++) {
        json_array_append_new(rows, alarm_row_model(list->pdata[i], 0, ctx->now_us));
    }
    int64_t next_id = list->len == LIMIT_PAGE_ROWS ? ((Alarm *)list->pdata[list->len - 1])->id : 0;
    g_autofree char *words = filter_words(&filter);
    g_autofree char *path = g_strconcat(PATH, *words != '\0' ? "?" : "", words, NULL);
    g_autofree char *csv =
        g_strconcat("/work/alarms/export?list=history", *words != '\0' ? "&" : "", words, NULL);
    json_put(model, "rows", rows);
    json_put_bool(model, "has_rows", list->len > 0);
    json_put_bool(model, "is_filtered", *words != '\0');
    json_put_text(model, "day", filter.day != NULL ? filter.day : "");
    json_put_text(model, "problem", filter.problem);
    json_put_text(model, "csv_href", principal_may(ctx->who, PERM_EXPORT) ? csv : NULL);
    alarm_put_pager(model, path, next_id, filter.query.before_id == 0, "每页 50 起");
    return response_page_status(
        filter.problem == NULL ? 200 : 422, "alarm/history", g_steal_pointer(&model));
}

/* --- false alarms -------------------------------------------------------------------------------
 */

static int64_t rate_days(const Request *req) {
    int64_t days = alarm_query_number(req, "days");
    return days == 30 || days == 365 ? days : 90;
}

static json_t *rate_model(const AlarmRate *rate, bool by_building, int64_t days) {
    json_t *model = json_object();
    g_autofree char *share =
        number_percent(rate->false_count, rate->false_count + rate->true_count);
    g_autofree char *monthly =
        g_strdup_printf("%.1f", (double)rate->false_count * 30 / (double)days);
    g_autofree char *href = g_strdup_printf(
        "/work/%s/%" G_GINT64_FORMAT, by_building ? "buildings" : "devices", rate->id);
    json_put_int(model, "id", rate->id);
    json_put_text(model, "name", rate->name);
    json_put_text(model, "place", rate->place);
    json_put_text(model, "href", href);
    json_put_int(model, "total", rate->total);
    json_put_int(model, "false_count", rate->false_count);
    json_put_int(model, "true_count", rate->true_count);
    json_put_int(model, "test_count", rate->test_count);
    json_put_text(model, "share", share);
    json_put_text(model, "monthly", monthly);
    return model;
}

static void put_rate_selects(json_t *model, bool by_building, int64_t days) {
    json_t *selects = json_array();
    json_t *kinds = json_array();
    json_t *spans = json_array();
    g_autofree char *chosen = g_strdup_printf("%d", (int)days);
    add_option(kinds, "device", "按设备", by_building ? "building" : "device");
    add_option(kinds, "building", "按建筑", by_building ? "building" : "device");
    add_option(spans, "30", "近 30 天", chosen);
    add_option(spans, "90", "近 90 天", chosen);
    add_option(spans, "365", "近一年", chosen);
    form_select(selects, "by", "统计", kinds);
    form_select(selects, "days", "时间", spans);
    json_put(model, "selects", selects);
}

static void read_rates(Ctx *ctx, const Request *req, AlarmRateQuery *query, int64_t *days) {
    *days = rate_days(req);
    *query = (AlarmRateQuery){.region = ctx->who->region,
                              .by_building = g_strcmp0(request_query(req, "by"), "building") == 0,
                              .since_us = ctx->now_us - *days * CLOCK_DAY_US,
                              .before_count = alarm_query_number(req, "count"),
                              .before_id = alarm_query_number(req, "before"),
                              .limit = LIMIT_PAGE_ROWS};
}

Response *alarm_rates_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    AlarmRateQuery query;
    int64_t days = 0;
    read_rates(ctx, req, &query, &days);
    g_autoptr(GPtrArray) list = alarm_rates(ctx->db, &query, &error);
    if (list == NULL) {
        return response_problem(error, NULL);
    }
    json_t *model = json_object();
    json_t *rows = json_array();
    for (guint i = 0; i < list->len; i++) {
        json_array_append_new(rows, rate_model(list->pdata[i], query.by_building, days));
    }
    const AlarmRate *last = list->len == LIMIT_PAGE_ROWS ? list->pdata[list->len - 1] : NULL;
    const char *by = query.by_building ? "building" : "device";
    g_autofree char *first = g_strdup_printf(RATES "?by=%s&days=%d", by, (int)days);
    g_autofree char *path =
        g_strdup_printf("%s&count=%" G_GINT64_FORMAT, first, last != NULL ? last->false_count : 0);
    g_autofree char *csv =
        g_strdup_printf("/work/alarms/export?list=rates&by=%s&days=%d", by, (int)days);
    json_put(model, "rows", rows);
    json_put_bool(model, "has_rows", list->len > 0);
    json_put_bool(model, "by_building", query.by_building);
    json_put_int(model, "days", days);
    json_put_text(model, "csv_href", principal_may(ctx->who, PERM_EXPORT) ? csv : NULL);
    put_rate_selects(model, query.by_building, days);
    alarm_put_pager(model,
                    last != NULL ? path : first,
                    last != NULL ? last->id : 0,
                    query.before_id == 0,
                    "每页 50 行，误报最多的在前");
    return response_page("alarm/rates", model);
}

/* --- CSV ----------------------------------------------------------------------------------------
 */

static const TableColumn history_columns[] = {{"编号", true},
                                              {"种类", false},
                                              {"状态", false},
                                              {"结果", false},
                                              {"位置", false},
                                              {"地址", false},
                                              {"报警点位", false},
                                              {"点位数", true},
                                              {"到达", false},
                                              {"确认", false},
                                              {"核实", false},
                                              {"转119", false},
                                              {"办结", false}};
static const TableColumn rate_columns[] = {{"编号", true},
                                           {"名称", false},
                                           {"位置", false},
                                           {"误报", true},
                                           {"属实", true},
                                           {"试验和演练", true},
                                           {"全部报警", true},
                                           {"每月误报", true}};

static char *time_cell(int64_t time_us) {
    return time_us == 0 ? g_strdup("") : clock_format_utc(time_us);
}

static bool write_alarm(TableWriter *writer, const Alarm *alarm, GError **error) {
    const int64_t times[] = {alarm->arrived_us,
                             alarm->acknowledged_us,
                             alarm->verified_us,
                             alarm->reported_us,
                             alarm->closed_us};
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, alarm->id);
    g_autofree char *points = g_strdup_printf("%" G_GINT64_FORMAT, alarm->points);
    g_autofree char *what = g_strdup_printf("%s %s", alarm->place, alarm->what);
    char *cells[G_N_ELEMENTS(times)];
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        cells[i] = time_cell(times[i]);
    }
    bool good = table_write(writer,
                            (const char *const[]){id,
                                                  alarm_class_zh(alarm->class),
                                                  alarm_state_zh(alarm->state),
                                                  alarm_result_zh(alarm->result),
                                                  alarm->title,
                                                  alarm->address,
                                                  g_strstrip(what),
                                                  points,
                                                  cells[0],
                                                  cells[1],
                                                  cells[2],
                                                  cells[3],
                                                  cells[4]},
                            error);
    for (size_t i = 0; i < G_N_ELEMENTS(times); i++) {
        g_free(cells[i]);
    }
    return good;
}

static bool write_history(Ctx *ctx, AlarmQuery *query, TableWriter *writer, GError **error) {
    query->limit = BATCH;
    for (;;) {
        g_autoptr(GPtrArray) list = alarm_list(ctx->db, query, error);
        for (guint i = 0; list != NULL && i < list->len; i++) {
            query->before_id = ((Alarm *)list->pdata[i])->id;
            if (!write_alarm(writer, list->pdata[i], error)) {
                return false;
            }
        }
        if (list == NULL || list->len < BATCH || table_rows_written(writer) >= LIMIT_ALARM_EXPORT) {
            return list != NULL;
        }
    }
}

static bool write_rate(TableWriter *writer, const AlarmRate *rate, int64_t days, GError **error) {
    const int64_t numbers[] = {
        rate->id, rate->false_count, rate->true_count, rate->test_count, rate->total};
    char texts[G_N_ELEMENTS(numbers)][24];
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_snprintf(texts[i], sizeof texts[i], "%" G_GINT64_FORMAT, numbers[i]);
    }
    g_autofree char *monthly =
        g_strdup_printf("%.1f", (double)rate->false_count * 30 / (double)days);
    return table_write(
        writer,
        (const char *const[]){
            texts[0], rate->name, rate->place, texts[1], texts[2], texts[3], texts[4], monthly},
        error);
}

static bool
write_rates(Ctx *ctx, AlarmRateQuery *query, int64_t days, TableWriter *writer, GError **error) {
    query->limit = BATCH;
    for (;;) {
        g_autoptr(GPtrArray) list = alarm_rates(ctx->db, query, error);
        for (guint i = 0; list != NULL && i < list->len; i++) {
            const AlarmRate *rate = list->pdata[i];
            query->before_id = rate->id;
            query->before_count = rate->false_count;
            if (!write_rate(writer, rate, days, error)) {
                return false;
            }
        }
        if (list == NULL || list->len < BATCH || table_rows_written(writer) >= LIMIT_ALARM_EXPORT) {
            return list != NULL;
        }
    }
}

typedef struct Trace {
    const Ctx *ctx;
    const char *object;
    json_t *payload;
} Trace;

static bool trace_work(Db *db, void *data, GError **error) {
    const Trace *trace = data;
    g_autofree char *actor =
        g_strdup_printf("account:%" G_GINT64_FORMAT, trace->ctx->who->account_id);
    LedgerEntry entry = {trace->ctx->now_us, "alarm.export", actor, trace->object, trace->payload};
    return ledger_append(db, &entry, NULL, error);
}

/* No list leaves without its entry; a GET has a read-only connection, so one is opened for it. */
static bool
leave_trace(const Ctx *ctx, const char *list, const char *words, int64_t rows, GError **error) {
    g_autoptr(Db) db = db_open(web_options(ctx->server)->db_url, DB_READ_WRITE, error);
    g_autofree char *object = g_strconcat("list:alarm-", list, NULL);
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "filters", words);
    json_put_int(payload, "rows", rows);
    Trace trace = {ctx, object, payload};
    return db != NULL && db_run_tx(db, trace_work, &trace, error);
}

Response *alarm_export(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    const char *list = request_query(req, "list");
    bool is_rates = g_strcmp0(list, "rates") == 0;
    if (!is_rates && g_strcmp0(list, "history") != 0) {
        return response_not_found();
    }
    Filter filter;
    AlarmRateQuery rates;
    int64_t days = 0;
    read_filter(ctx, req, &filter);
    read_rates(ctx, req, &rates, &days);
    rates.before_id = 0;
    g_autofree char *path = web_temp_path(ctx, "alarms.csv");
    TableWriteOptions options = {.format = TABLE_CSV};
    g_autoptr(TableWriter) writer =
        table_create(path,
                     &options,
                     is_rates ? rate_columns : history_columns,
                     is_rates ? G_N_ELEMENTS(rate_columns) : G_N_ELEMENTS(history_columns),
                     &error);
    bool is_written =
        writer != NULL && (is_rates ? write_rates(ctx, &rates, days, writer, &error)
                                    : write_history(ctx, &filter.query, writer, &error));
    if (!is_written || !table_finish(writer, &error)) {
        return response_problem(error, NULL);
    }
    if (!leave_trace(ctx, list, request_query_string(req), table_rows_written(writer), &error)) {
        (void)unlink(path);
        return response_problem(error, NULL);
    }
    return response_file(
        table_format_mime(TABLE_CSV), path, is_rates ? "false-alarms.csv" : "alarms.csv", true);
}

/* --- messages -----------------------------------------------------------------------------------
 */

static json_t *message_model(const Ctx *ctx, const OutboxRow *row) {
    json_t *model = json_object();
    bool is_dead = strcmp(row->state, "dead") == 0;
    bool is_sent = strcmp(row->state, "sent") == 0;
    g_autofree char *created = alarm_moment_zh(row->created_us, ctx->now_us);
    json_put_int(model, "id", row->message.id);
    json_put_int(model, "alarm_id", row->message.alarm_id);
    json_put_text(model, "way", outbox_way_zh(row->message.way));
    json_put_text(model, "address", row->message.address);
    json_put_text(model, "subject", row->message.subject);
    json_put_text(model, "created", created);
    json_put_int(model, "tries", row->tries);
    json_put_text(model, "failure", is_sent || *row->failure == '\0' ? NULL : row->failure);
    json_put_text(model,
                  "state",
                  is_sent          ? "已送达对方服务器"
                  : is_dead        ? "没有送出，已放弃"
                  : row->tries > 0 ? "正在重试"
                                   : "正在发送");
    json_put_text(model, "class", is_sent ? "k" : is_dead ? "b" : "w");
    json_put_text(model, "icon", is_sent ? "circle-check" : is_dead ? "circle-x" : "hourglass");
    json_put_bool(model, "may_revive", is_dead && principal_may(ctx->who, PERM_ALARM_HANDLE));
    return model;
}

static void put_ways(json_t *model) {
    json_t *ways = json_array();
    for (unsigned way = 0; way < OUTBOX_WAY_COUNT; way++) {
        json_t *one = json_object();
        bool is_there = outbox_config_has(outbox_config(), (OutboxWay)way);
        json_put_text(one, "name", outbox_way_zh((OutboxWay)way));
        json_put_text(one, "state", is_there ? "已接通" : "没有配置");
        json_array_append_new(ways, one);
    }
    json_put(model, "ways", ways);
    json_put_bool(model, "has_problem", outbox_config_problem() != NULL);
}

Response *alarm_outbox_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    const char *state = word_of(req, "state");
    int64_t before = alarm_query_number(req, "before");
    g_autoptr(GPtrArray) list =
        outbox_list(ctx->db, 0, ctx->who->region, state, before, LIMIT_PAGE_ROWS, &error);
    if (list == NULL) {
        return response_problem(error, NULL);
    }
    json_t *model = json_object();
    json_t *rows = json_array();
    json_t *selects = json_array();
    json_t *states = json_array();
    for (guint i = 0; i < list->len; i++) {
        json_array_append_new(rows, message_model(ctx, list->pdata[i]));
    }
    add_option(states, "", "全部", state);
    add_option(states, "waiting", "正在发送或者重试", state);
    add_option(states, "dead", "没有送出，已放弃", state);
    add_option(states, "sent", "已送达对方服务器", state);
    form_select(selects, "state", "状态", states);
    int64_t next_id =
        list->len == LIMIT_PAGE_ROWS ? ((OutboxRow *)list->pdata[list->len - 1])->message.id : 0;
    g_autofree char *value = state == NULL ? NULL : g_uri_escape_string(state, NULL, FALSE);
    g_autofree char *path = g_strconcat(OUTBOX, value != NULL ? "?state=" : NULL, value, NULL);
    json_put(model, "rows", rows);
    json_put_bool(model, "has_rows", list->len > 0);
    json_put(model, "selects", selects);
    put_ways(model);
    alarm_put_pager(model, path, next_id, before == 0, "每页 50 条");
    return response_page("alarm/outbox", model);
}

static bool is_own_message(Ctx *ctx, int64_t id, GError **error) {
    g_autoptr(GPtrArray) list = outbox_list(ctx->db, 0, ctx->who->region, "dead", id + 1, 1, error);
    return list != NULL && list->len == 1 && ((OutboxRow *)list->pdata[0])->message.id == id;
}

Response *alarm_outbox_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (!request_arg_id(req, "id", &id) || !is_own_message(ctx, id, &error)) {
        return error != NULL ? response_problem(error, NULL) : response_not_found();
    }
    if (!outbox_revive(ctx->db, id, ctx->now_us, &error)) {
        return response_problem(error, "这条消息已经在重试或者已经送出。");
    }
    return response_redirect_flash(OUTBOX, "会马上再发一次。");
}
