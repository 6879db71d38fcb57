/* The buildings behind the numbers of coverage: by district, street, state or square of the map. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "job/job.h"
#include "overview/overview_models.h"
#include "overview/overview_pages.h"
#include "table/table_writer.h"

#include <string.h>

#define PATH "/work/coverage/buildings"

/* Question of the address: region, state, cell, after. */
typedef struct ListAsk {
    Area area;
    int state; /* CoverageState; -1: all */
    int64_t cell, after;
} ListAsk;

static void list_ask_clear(ListAsk *ask) {
    area_clear(&ask->area);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ListAsk, list_ask_clear)

static int64_t number_of(const Request *req, const char *name, int64_t none) {
    const char *text = request_query(req, name);
    gint64 number;
    return text != NULL && g_ascii_string_to_signed(text, 10, 0, INT64_MAX, &number, NULL) ? number
                                                                                           : none;
}

static Response *read_ask(Ctx *ctx, const Request *req, ListAsk *ask) {
    CoverageState state;
    Response *refused = area_read(ctx, req, &ask->area);
    if (refused != NULL) {
        return refused;
    }
    ask->state = coverage_state_parse(request_query(req, "state"), &state) ? (int)state : -1;
    ask->cell = number_of(req, "cell", -1);
    ask->after = number_of(req, "after", 0);
    return NULL;
}

/* "region=500103&state=none&cell=7"; caller frees. */
static char *words_of(const ListAsk *ask, bool has_state, bool has_cell) {
    GString *out = g_string_new(NULL);
    g_string_append_printf(out, "region=%s", ask->area.code);
    if (has_state && ask->state >= 0) {
        g_string_append_printf(out, "&state=%s", coverage_state_word((CoverageState)ask->state));
    }
    if (has_cell && ask->cell >= 0) {
        g_string_append_printf(out, "&cell=%" G_GINT64_FORMAT, ask->cell);
    }
    return g_string_free(out, FALSE);
}

static GArray *rows_of(Ctx *ctx, const ListAsk *ask, unsigned limit, GError **error) {
    CoverageQuery query = {.scope = ask->area.code,
                           .state = ask->state,
                           .cell = ask->cell,
                           .after_id = ask->after,
                           .limit = limit};
    return coverage_buildings(ctx->db, &query, error);
}

static json_t *row_model(const CoverageBuilding *building, GHashTable *names, int64_t now_us) {
    static const char *const classes[] = {"b", "w", "k"};
    static const char *const icons[] = {"circle-x", "hourglass", "circle-check"};
    json_t *model = json_object();
    g_autofree char *heard = moment_text(building->heard_us, now_us);
    const char *place = g_hash_table_lookup(names, building->region);
    json_put_int(model, "id", building->id);
    json_put_text(model, "name", building->name);
    json_put_text(model, "address", building->address);
    json_put_text(model, "place", place == NULL ? building->region : place);
    json_put_text(model, "state", coverage_state_word(building->state));
    json_put_text(model, "state_zh", coverage_state_zh(building->state));
    json_put_text(model, "state_class", classes[building->state]);
    json_put_text(model, "state_icon", icons[building->state]);
    json_put_int(model, "devices", building->devices);
    json_put_text(model, "heard", building->devices == 0 ? "没有设备" : heard);
    return model;
}

static bool put_rows(Ctx *ctx, const GArray *rows, guint count, json_t *model, GError **error) {
    json_t *list = json_array();
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    for (guint i = 0; i < count; i++) {
        g_ptr_array_add(codes, g_array_index(rows, CoverageBuilding, i).region);
    }
    json_put(model, "rows", list);
    json_put_bool(model, "has_rows", count > 0);
    g_autoptr(GHashTable) names = region_names(ctx->db, codes, error);
    for (guint i = 0; names != NULL && i < count; i++) {
        json_array_append_new(
            list, row_model(&g_array_index(rows, CoverageBuilding, i), names, ctx->now_us));
    }
    return names != NULL;
}

/* The districts that the reader may see, and the states. */
static bool put_selects(Ctx *ctx, const ListAsk *ask, json_t *model, GError **error) {
    g_auto(CoverageLines) lines = {.rule = NULL};
    if (!coverage_lines(ctx, ctx->who->region, &lines, error)) {
        return false;
    }
    json_t *selects = json_array();
    json_t *regions = json_array();
    json_t *states = json_array();
    bool is_there = false;
    form_option(regions, "", "辖区内全部", false);
    for (guint i = 0; i < lines.lines->len; i++) {
        const CoverageLine *line = &g_array_index(lines.lines, CoverageLine, i);
        bool is_chosen = strcmp(line->code, ask->area.code) == 0;
        is_there |= is_chosen;
        form_option(regions, line->code, line->name, is_chosen);
    }
    if (!is_there) {
        form_option(regions, ask->area.code, ask->area.name, true);
    }
    form_option(states, "", "全部", ask->state < 0);
    for (unsigned i = 0; i < COVERAGE_STATE_COUNT; i++) {
        form_option(states,
                    coverage_state_word((CoverageState)i),
                    coverage_state_zh((CoverageState)i),
                    ask->state == (int)i);
    }
    form_select(selects, "region", "区县", regions);
    form_select(selects, "state", "接入", states);
    json_put(model, "selects", selects);
    return true;
}

static void put_pager(json_t *model, const ListAsk *ask, const GArray *rows, guint count) {
    g_autofree char *words = words_of(ask, true, true);
    json_t *pager = json_object();
    bool has_next = rows->len > count;
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "first", NULL);
    json_put_text(pager, "next", NULL);
    json_put_text(pager, "note", "按编号排序，每页 50 栋");
    if (ask->after > 0) {
        put_format(pager, "first", PATH "?%s", words);
    }
    if (has_next) {
        int64_t last = g_array_index(rows, CoverageBuilding, count - 1).id;
        put_format(pager, "next", PATH "?%s&after=%" G_GINT64_FORMAT, words, last);
    }
    json_put(model, "pager", pager);
    put_format(model, "csv_href", PATH ".csv?%s", words);
}

static void put_chips(json_t *model, const ListAsk *ask) {
    json_t *chips = json_array();
    if (ask->cell >= 0) {
        g_autofree char *words = words_of(ask, true, false);
        json_t *chip = json_object();
        json_put_text(chip, "text", "地图上的一格");
        put_format(chip, "href", PATH "?%s", words);
        json_array_append_new(chips, chip);
    }
    if (ask->state >= 0) {
        g_autofree char *words = words_of(ask, false, true);
        json_t *chip = json_object();
        json_put_text(chip, "text", coverage_state_zh((CoverageState)ask->state));
        put_format(chip, "href", PATH "?%s", words);
        json_array_append_new(chips, chip);
    }
    json_put_text(model, "clear_href", json_array_size(chips) > 0 ? PATH : NULL);
    json_put(model, "chips", chips);
}

/* Exact and cheap: from the counts, not from the list. NULL in a square. */
static bool put_count(Ctx *ctx, const ListAsk *ask, guint count, json_t *model, GError **error) {
    g_autoptr(GArray) counts = coverage_counts(ctx->db, ask->area.code, error);
    if (counts == NULL) {
        return false;
    }
    CoverageCount sum = coverage_sum(counts);
    int64_t n = ask->cell >= 0                   ? (int64_t)count
                : ask->state == COVERAGE_COVERED ? sum.covered
                : ask->state == COVERAGE_SILENT  ? sum.silent
                : ask->state == COVERAGE_NONE    ? sum.buildings - sum.covered - sum.silent
                                                 : sum.buildings;
    g_autofree char *text = job_count_zh(n);
    put_format(model, "count_text", ask->cell >= 0 ? "这一页 %s 栋" : "%s 栋", text);
    return true;
}

Response *coverage_buildings_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(ListAsk) ask = {.state = -1};
    Response *refused = read_ask(ctx, req, &ask);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    g_autoptr(GArray) rows = rows_of(ctx, &ask, LIMIT_PAGE_ROWS + 1, &error);
    if (rows == NULL) {
        return response_problem(error, NULL);
    }
    guint count = MIN(rows->len, LIMIT_PAGE_ROWS);
    area_put(ctx, model, &ask.area, PATH);
    put_pager(model, &ask, rows, count);
    put_chips(model, &ask);
    put_format(model, "coverage_href", "/work/coverage?region=%s", ask.area.code);
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    if (!put_rows(ctx, rows, count, model, &error) || !put_selects(ctx, &ask, model, &error) ||
        !put_count(ctx, &ask, count, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("overview/coverage_buildings", g_steal_pointer(&model));
}

/* --- the same as a file -------------------------------------------------------------------------
 */

static bool write_rows(TableWriter *writer, const GArray *rows, GError **error) {
    for (guint i = 0; i < rows->len; i++) {
        const CoverageBuilding *building = &g_array_index(rows, CoverageBuilding, i);
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, building->id);
        g_autofree char *devices = g_strdup_printf("%" G_GINT64_FORMAT, building->devices);
        g_autofree char *heard =
            building->heard_us == 0 ? NULL : clock_format_minute(building->heard_us);
        const char *cells[] = {id,
                               building->name,
                               building->address,
                               building->region,
                               coverage_state_zh(building->state),
                               devices,
                               heard};
        if (!table_write(writer, cells, error)) {
            return false;
        }
    }
    return true;
}

/* Page by page to its end: a city has 47,500 high-rises, some megabytes. */
static bool write_all(Ctx *ctx, ListAsk *ask, const char *path, GError **error) {
    static const TableColumn columns[] = {{"编号", true},
                                          {"名称", false},
                                          {"地址", false},
                                          {"区划代码", false},
                                          {"接入", false},
                                          {"在用设备", true},
                                          {"最近一次消息", false}};
    TableWriteOptions options = {.format = TABLE_CSV};
    g_autoptr(TableWriter) writer =
        table_create(path, &options, columns, G_N_ELEMENTS(columns), error);
    while (writer != NULL) {
        g_autoptr(GArray) rows = rows_of(ctx, ask, LIMIT_DIRECT_EXPORT, error);
        if (rows == NULL || !write_rows(writer, rows, error)) {
            return false;
        }
        if (rows->len < LIMIT_DIRECT_EXPORT) {
            return table_finish(writer, error);
        }
        ask->after = g_array_index(rows, CoverageBuilding, rows->len - 1).id;
    }
    return false;
}

Response *coverage_buildings_csv(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(ListAsk) ask = {.state = -1};
    Response *refused = read_ask(ctx, req, &ask);
    if (refused != NULL) {
        return refused;
    }
    g_autofree char *path = web_temp_path(ctx, "coverage-buildings.csv");
    return write_all(ctx, &ask, path, &error)
               ? response_file(table_format_mime(TABLE_CSV), path, "高层建筑接入.csv", true)
               : response_problem(error, NULL);
}
