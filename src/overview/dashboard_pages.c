/* /work/overview: five figures with their last weeks, each leading to the list that makes it up;
 * the question of the season (coverage); what is late; alarms. */
#include "base/clock.h"
#include "base/error.h"
#include "casework/casework.h"
#include "casework/desk.h"
#include "law/law_procedure.h"
#include "overview/overview_alarms.h"
#include "overview/overview_codes.h"
#include "overview/overview_models.h"
#include "overview/overview_pages.h"
#include "overview/overview_store.h"

#include "job/job.h"

#include <string.h>

#define PATH "/work/overview"
#define DAYS 30
#define ALARMS_SHOWN 8

/* --- figures ------------------------------------------------------------------------------------
 */

typedef double (*DayValue)(const OverviewDay *day);

static double day_share(const OverviewDay *day) {
    return day->buildings == 0 ? 0 : (double)day->covered / (double)day->buildings;
}

static double day_bad(const OverviewDay *day) {
    return (double)day->points_bad;
}

static double day_online(const OverviewDay *day) {
    return day->devices == 0 ? 0 : (double)day->devices_online / (double)day->devices;
}

/* A small line without an axis: the figure and the comparison stand in words beside it. */
static void put_spark(json_t *figure, const GArray *days, DayValue value) {
    json_put_text(figure, "spark", NULL);
    json_put_text(figure, "spark_area", NULL);
    double most = 0;
    for (guint i = 0; i < days->len; i++) {
        most = MAX(most, value(&g_array_index(days, OverviewDay, i)));
    }
    if (days->len < 2 || most <= 0) {
        return;
    }
    g_autoptr(GString) line = g_string_new(NULL);
    for (guint i = 0; i < days->len; i++) {
        double part = value(&g_array_index(days, OverviewDay, i)) / most;
        g_string_append_printf(
            line, "%d,%d ", (int)(i * 150 / (days->len - 1)), (int)(30 - part * 26));
    }
    json_put_text(figure, "spark", line->str);
    put_format(figure, "spark_area", "0,32 %s150,32", line->str);
}

typedef struct Figure {
    const char *name, *href, *number, *unit, *note;
    DayValue value; /* NULL: no days are kept of it */
} Figure;

static void add_figure(json_t *list, const Figure *figure, const GArray *days) {
    json_t *model = json_object();
    json_put_text(model, "name", figure->name);
    json_put_text(model, "href", figure->href);
    json_put_text(model, "number", figure->number);
    json_put_text(model, "unit", figure->unit);
    json_put_text(model, "note", figure->note);
    json_put_text(model, "spark", NULL);
    json_put_text(model, "spark_area", NULL);
    if (figure->value != NULL) {
        put_spark(model, days, figure->value);
    }
    json_array_append_new(list, model);
}

/* "30 天前是 81.0%"; "刚开始记" when there is no such day. Caller frees. */
static char *then_text(const GArray *days, bool is_share, DayValue value) {
    if (days->len < 2) {
        return g_strdup("刚开始记，还没有走势");
    }
    const OverviewDay *first = &g_array_index(days, OverviewDay, 0);
    const OverviewDay *last = &g_array_index(days, OverviewDay, days->len - 1);
    int64_t ago = (last->day_us - first->day_us) / CLOCK_DAY_US;
    return is_share ? g_strdup_printf("%d 天前是 %.1f%%", (int)ago, value(first) * 100)
                    : g_strdup_printf("%d 天前是 %d", (int)ago, (int)value(first));
}

static void put_figures(json_t *model,
                        const Area *area,
                        const CoverageLines *lines,
                        const OpenAlarms *alarms,
                        const GArray *days,
                        int64_t over,
                        bool may_matters) {
    const CoverageCount *sum = &lines->sum;
    json_t *list = json_array();
    g_autofree char *coverage = g_strdup_printf("/work/coverage?region=%s", area->code);
    g_autofree char *offline = g_strdup_printf("/work/devices?region=%s&online=0", area->code);
    g_autofree char *bad = g_strdup_printf("/work/facilities?region=%s", area->code);
    g_autofree char *open =
        area->is_district
            ? g_strdup_printf("/work/alarms/history?result=open&district=%s", area->code)
            : g_strdup("/work/alarms");
    g_autofree char *over_href = g_strdup_printf("/work/matters?due=over&region=%s", area->code);
    g_autofree char *share = share_text(sum->covered, sum->buildings);
    g_autofree char *online = share_text(sum->devices_online, sum->devices);
    g_autofree char *waiting = job_count_zh(alarms->tally.waiting + alarms->tally.verifying);
    g_autofree char *wrong = job_count_zh(sum->points_bad);
    g_autofree char *late = job_count_zh(over);
    g_autofree char *share_then = then_text(days, true, day_share);
    g_autofree char *bad_then = then_text(days, false, day_bad);
    g_autofree char *online_then = then_text(days, true, day_online);
    g_autofree char *alarm_note = g_strdup_printf(
        "%d 件待确认，今天处理完 %d 件", (int)alarms->tally.waiting, (int)alarms->tally.done_today);
    Figure figures[] = {{"高层接入率", coverage, share, "", share_then, day_share},
                        {"未处理完的报警", open, waiting, "件", alarm_note, NULL},
                        {"异常点位（火警、故障、屏蔽）", bad, wrong, "个", bad_then, day_bad},
                        {"设备在线", offline, online, "", online_then, day_online},
                        {"已逾期案件", over_href, late, "件", "辖区内过了法定期限的", NULL}};
    for (size_t i = 0; i < G_N_ELEMENTS(figures) - !may_matters; i++) {
        add_figure(list, &figures[i], days);
    }
    json_put(model, "figures", list);
}

/* --- what is late -------------------------------------------------------------------------------
 */

static bool put_late(Ctx *ctx, const Area *area, json_t *model, int64_t *ret_over, GError **error) {
    json_t *list = json_array();
    json_put(model, "kinds", list);
    json_put_bool(model, "has_kinds", false);
    *ret_over = 0;
    const LawBook *book = casework_book(area->code, error);
    if (book == NULL || !principal_may(ctx->who, PERM_INSPECTION_VIEW)) {
        return book != NULL;
    }
    DeskBounds bounds = desk_bounds(ctx->now_us);
    MatterBoard board = {
        .region = area->code, .now_us = ctx->now_us, .soon_us = bounds.soon_us, .leader = 0};
    g_autoptr(GPtrArray) kinds = casework_board_kinds(ctx->db, &board, error);
    for (guint i = 0; kinds != NULL && i < kinds->len; i++) {
        const MatterTally *tally = kinds->pdata[i];
        const LawProcedure *procedure = law_procedure_at(book, tally->kind, ctx->now_us, NULL);
        json_t *one = json_object();
        json_put_text(one, "name", procedure == NULL ? tally->kind : procedure->entry.name);
        put_format(one, "href", "/work/matters?kind=%s&region=%s", tally->kind, area->code);
        put_format(
            one, "late_href", "/work/matters?kind=%s&due=over&region=%s", tally->kind, area->code);
        json_put_int(one, "open", tally->open);
        json_put_int(one, "over", tally->over);
        json_put_bool(one, "is_over", tally->over > 0);
        json_array_append_new(list, one);
        *ret_over += tally->over;
    }
    json_put_bool(model, "has_kinds", json_array_size(list) > 0);
    return kinds != NULL;
}

/* --- codes on doors -----------------------------------------------------------------------------
 */

/* By district and together; districts without a code are left out. */
static bool put_codes(Ctx *ctx, const Area *area, json_t *model, GError **error) {
    g_autoptr(GArray) tallies = code_tallies(ctx, area->code, error);
    g_autoptr(GPtrArray) districts = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; tallies != NULL && i < tallies->len; i++) {
        int64_t district = g_array_index(tallies, FirecodeTally, i).district;
        g_ptr_array_add(districts, g_strdup_printf("%" G_GINT64_FORMAT, district));
    }
    g_autoptr(GHashTable) names = tallies == NULL ? NULL : region_names(ctx->db, districts, error);
    if (names == NULL) {
        return false;
    }
    json_t *rows = json_array();
    for (guint i = 0; i < tallies->len; i++) {
        const char *code = districts->pdata[i];
        const char *name = g_hash_table_lookup(names, code);
        json_t *row = json_object();
        g_autofree char *brief = short_name(name == NULL ? code : name);
        json_put_text(row, "name", brief);
        put_format(row, "map", "/work/map?region=%s&show=codes", code);
        json_put(row, "codes", code_model(g_array_index(tallies, FirecodeTally, i).colours, code));
        json_array_append_new(rows, row);
    }
    FirecodeTally sum = code_tally_sum(tallies);
    json_put(model, "code_rows", rows);
    json_put(model, "codes", code_model(sum.colours, area->code));
    json_put_bool(model, "has_codes", tallies->len > 0);
    put_format(model, "code_map_href", "/work/map?region=%s&show=codes", area->code);
    return true;
}

static bool put_selects(Ctx *ctx, const Area *area, json_t *model, GError **error) {
    g_auto(CoverageLines) all = {.rule = NULL};
    if (!coverage_lines(ctx, ctx->who->region, &all, error)) {
        return false;
    }
    json_t *selects = json_array();
    json_t *regions = json_array();
    form_option(regions, "", "我的辖区", false);
    for (guint i = 0; i < all.lines->len; i++) {
        const CoverageLine *line = &g_array_index(all.lines, CoverageLine, i);
        form_option(regions, line->code, line->name, strcmp(line->code, area->code) == 0);
    }
    form_select(selects, "region", "区县", regions);
    json_put(model, "selects", selects);
    return true;
}

static GArray *days_of(Ctx *ctx, const Area *area, GError **error) {
    int64_t from = region_district(area->code);
    int64_t wide = 1;
    for (size_t size = strlen(area->code); size < 6; size++) {
        wide *= 10;
    }
    return overview_store_read(ctx->db, from, from + wide - 1, DAYS, error);
}

Response *overview_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Area) area = {.name = NULL};
    g_auto(CoverageLines) lines = {.rule = NULL};
    g_auto(OpenAlarms) alarms = {.list = NULL};
    int64_t over = 0;
    Response *refused = area_read(ctx, req, &area);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    g_autofree char *now = clock_format_minute(ctx->now_us);
    area_put(ctx, model, &area, PATH);
    json_put_text(model, "now", now);
    put_format(model, "coverage_href", "/work/coverage?region=%s", area.code);
    put_format(model, "map_href", "/work/map?region=%s", area.code);
    g_autoptr(GArray) days = days_of(ctx, &area, &error);
    if (days == NULL || !coverage_lines(ctx, area.code, &lines, &error) ||
        !open_alarms(ctx, area.code, &alarms, &error) ||
        !put_late(ctx, &area, model, &over, &error) || !put_codes(ctx, &area, model, &error) ||
        !hours_put(ctx, area.code, model, &error) || !put_selects(ctx, &area, model, &error)) {
        return response_problem(error, NULL);
    }
    coverage_lines_put(model, &lines, ctx->now_us);
    open_alarms_put(model, &alarms, ALARMS_SHOWN, ctx->now_us);
    put_figures(
        model, &area, &lines, &alarms, days, over, principal_may(ctx->who, PERM_INSPECTION_VIEW));
    return response_page("overview/dashboard", g_steal_pointer(&model));
}
