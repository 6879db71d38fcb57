/* /work/coverage: which districts reach their target, which buildings are missing, and when it will
 * be done. Every number leads to the list that makes it up. */
#include "base/clock.h"
#include "base/limits.h"
#include "job/job.h"
#include "overview/overview_models.h"
#include "overview/overview_pages.h"
#include "table/table_writer.h"

#include <string.h>

#define PATH "/work/coverage"
#define LIST PATH "/buildings"
#define TREND_WEEKS 26

/* --- trend --------------------------------------------------------------------------------------
 */

static json_t *week_model(const CoverageWeek *week) {
    json_t *model = json_object();
    g_autofree char *day = clock_format_date(week->week_us);
    g_autofree char *share = share_text(week->covered, week->buildings);
    json_put_text(model, "week", day);
    json_put_int(model, "buildings", week->buildings);
    json_put_int(model, "covered", week->covered);
    json_put_int(model, "silent", week->silent);
    json_put_text(model, "share", share);
    return model;
}

/* A line through the shares, 0 … 100 % from bottom to top of a square of 100. */
static void put_line(json_t *model, const GArray *weeks) {
    g_autoptr(GString) line = g_string_new(NULL);
    int64_t first_us = g_array_index(weeks, CoverageWeek, 0).week_us;
    int64_t span_us = g_array_index(weeks, CoverageWeek, weeks->len - 1).week_us - first_us;
    for (guint i = 0; i < weeks->len; i++) {
        const CoverageWeek *week = &g_array_index(weeks, CoverageWeek, i);
        int64_t share = share_tenths(week->covered, week->buildings);
        int64_t x = span_us == 0 ? 0 : (week->week_us - first_us) * 1000 / span_us;
        g_string_append_printf(line,
                               "%d.%d,%d.%d ",
                               (int)(x / 10),
                               (int)(x % 10),
                               (int)((1000 - share) / 10),
                               (int)((1000 - share) % 10));
    }
    json_put_text(model, "trend_line", line->str);
    put_format(model, "trend_area", "0,100 %s100,100", line->str);
}

static bool put_trend(Ctx *ctx, const Area *area, json_t *model, GError **error) {
    int64_t district = area->is_district ? region_district(area->code) : 0;
    g_autoptr(GArray) weeks = coverage_weeks(ctx->db, area->code, district, TREND_WEEKS, error);
    if (weeks == NULL) {
        return false;
    }
    json_t *list = json_array();
    for (guint i = weeks->len; i > 0; i--) {
        json_array_append_new(list, week_model(&g_array_index(weeks, CoverageWeek, i - 1)));
    }
    json_put(model, "weeks", list);
    json_put_bool(model, "has_trend", weeks->len >= 2);
    json_put_bool(model, "has_weeks", weeks->len > 0);
    json_put_text(model, "trend_from", NULL);
    json_put_text(model, "trend_text", NULL);
    json_put_text(model, "trend_line", NULL);
    json_put_text(model, "trend_area", NULL);
    if (weeks->len >= 2) {
        const CoverageWeek *first = &g_array_index(weeks, CoverageWeek, 0);
        const CoverageWeek *last = &g_array_index(weeks, CoverageWeek, weeks->len - 1);
        g_autofree char *from = clock_format_day_zh(first->week_us, ctx->now_us);
        g_autofree char *then = share_text(first->covered, first->buildings);
        g_autofree char *now = share_text(last->covered, last->buildings);
        put_line(model, weeks);
        json_put_text(model, "trend_from", from);
        put_format(model, "trend_text", "%s那一周是 %s，现在是 %s", from, then, now);
    }
    return true;
}

/* --- forecasts ----------------------------------------------------------------------------------
 */

static bool
forecast_of(Ctx *ctx, const CoverageLine *line, CoverageForecast *ret_forecast, GError **error) {
    g_autoptr(GArray) weeks =
        coverage_weeks(ctx->db, line->code, line->count.district, COVERAGE_FORECAST_WEEKS, error);
    if (weeks == NULL) {
        return false;
    }
    *ret_forecast =
        coverage_forecast((const CoverageWeek *)(void *)weeks->data, weeks->len, &line->aim);
    return true;
}

/* Short, for a table: a day, or why there is none. */
static char *forecast_cell(const CoverageForecast *forecast) {
    switch (forecast->outlook) {
    case COVERAGE_MET:
        return g_strdup("已达标");
    case COVERAGE_TOO_EARLY:
        return g_strdup("记录太短");
    case COVERAGE_NOT_AT_ALL:
        return g_strdup("这个速度达不到");
    case COVERAGE_IN_TIME:
    case COVERAGE_LATE:
        break;
    }
    return clock_format_date(forecast->day_us);
}

static bool put_forecasts(Ctx *ctx, const CoverageLines *lines, json_t *model, GError **error) {
    json_t *list = json_object_get(model, "lines");
    json_put_text(model, "forecast", NULL);
    for (guint i = 0; i < lines->lines->len; i++) {
        const CoverageLine *line = &g_array_index(lines->lines, CoverageLine, i);
        json_t *one = json_array_get(list, i);
        CoverageForecast forecast;
        json_put_text(one, "forecast", line->state == LINE_EMPTY ? "没有高层" : "没有目标");
        json_put_bool(one, "is_forecast_late", false);
        if (line->group == NULL || line->state == LINE_EMPTY) {
            continue;
        }
        if (!forecast_of(ctx, line, &forecast, error)) {
            return false;
        }
        g_autofree char *cell = forecast_cell(&forecast);
        json_put_text(one, "forecast", cell);
        json_put_bool(one,
                      "is_forecast_late",
                      forecast.outlook == COVERAGE_LATE || forecast.outlook == COVERAGE_NOT_AT_ALL);
        if (lines->lines->len == 1) {
            g_autofree char *text = forecast_text(&forecast, &line->aim, ctx->now_us);
            json_put_text(model, "forecast", text);
        }
    }
    return true;
}

/* --- the page -----------------------------------------------------------------------------------
 */

static void put_links(json_t *model, const Area *area) {
    json_t *links = json_object();
    put_format(links, "all", LIST "?region=%s", area->code);
    for (unsigned i = 0; i < COVERAGE_STATE_COUNT; i++) {
        const char *word = coverage_state_word((CoverageState)i);
        put_format(links, word, LIST "?region=%s&state=%s", area->code, word);
    }
    put_format(links, "csv", PATH ".csv?region=%s", area->code);
    put_format(links, "map", "/work/map?region=%s", area->code);
    json_put(model, "links", links);
}

Response *coverage_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Area) area = {.name = NULL};
    g_auto(CoverageLines) lines = {.rule = NULL};
    Response *refused = area_read(ctx, req, &area);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    area_put(ctx, model, &area, PATH);
    put_links(model, &area);
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    if (!coverage_lines(ctx, area.code, &lines, &error)) {
        return response_problem(error, NULL);
    }
    coverage_lines_put(model, &lines, ctx->now_us);
    if (!put_forecasts(ctx, &lines, model, &error) || !put_trend(ctx, &area, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("overview/coverage", g_steal_pointer(&model));
}

/* --- the same as a file -------------------------------------------------------------------------
 */

static bool write_line(Ctx *ctx, TableWriter *writer, const CoverageLine *line, GError **error) {
    g_autoptr(json_t) model = coverage_line_model(line, ctx->now_us);
    static const char *const numbers[] = {"buildings", "covered", "silent", "none", "missing"};
    char text[G_N_ELEMENTS(numbers)][24];
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        g_snprintf(
            text[i], sizeof text[i], "%" G_GINT64_FORMAT, json_get_int(model, numbers[i], 0));
    }
    CoverageForecast forecast = {.outlook = COVERAGE_TOO_EARLY};
    if (line->group != NULL && !forecast_of(ctx, line, &forecast, error)) {
        return false;
    }
    g_autofree char *cell = line->group == NULL ? NULL : forecast_cell(&forecast);
    const char *cells[] = {line->name,
                           line->code,
                           text[0],
                           text[1],
                           text[2],
                           text[3],
                           json_get_text(model, "share", NULL),
                           json_get_text(model, "group", NULL),
                           json_get_text(model, "target", NULL),
                           json_get_text(model, "due", NULL),
                           text[4],
                           cell};
    return table_write(writer, cells, error);
}

static bool write_lines(Ctx *ctx, const char *path, const CoverageLines *lines, GError **error) {
    static const TableColumn columns[] = {{"区县", false},
                                          {"代码", false},
                                          {"高层建筑（栋）", true},
                                          {"已接入", true},
                                          {"有设备没有消息", true},
                                          {"没有设备", true},
                                          {"接入率", false},
                                          {"目标分组", false},
                                          {"目标", false},
                                          {"期限", false},
                                          {"到目标还差（栋）", true},
                                          {"预计达到", false}};
    TableWriteOptions options = {.format = TABLE_CSV};
    g_autoptr(TableWriter) writer =
        table_create(path, &options, columns, G_N_ELEMENTS(columns), error);
    if (writer == NULL) {
        return false;
    }
    for (guint i = 0; i < lines->lines->len; i++) {
        if (!write_line(ctx, writer, &g_array_index(lines->lines, CoverageLine, i), error)) {
            return false;
        }
    }
    return table_finish(writer, error);
}

Response *coverage_csv(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Area) area = {.name = NULL};
    g_auto(CoverageLines) lines = {.rule = NULL};
    Response *refused = area_read(ctx, req, &area);
    if (refused != NULL) {
        return refused;
    }
    g_autofree char *path = web_temp_path(ctx, "coverage.csv");
    if (!coverage_lines(ctx, area.code, &lines, &error) ||
        !write_lines(ctx, path, &lines, &error)) {
        return response_problem(error, NULL);
    }
    return response_file(table_format_mime(TABLE_CSV), path, "感知接入率.csv", true);
}
