/* /work/map: city, district, square of some kilometres, square of some hundred metres; beside every
 * picture the same as tables. Drawn by the server; a script only keeps the alarms fresh. */
#include "base/error.h"
#include "base/limits.h"
#include "overview/map_internal.h"
#include "overview/overview_pages.h"
#include "registry/building.h"

#include <math.h>
#include <string.h>

#define PATH MAP_PATH
#define ALARMS_SHOWN 20
#define DOTS_MAX MAP_DOTS_MAX

static void map_ask_clear(MapAsk *ask) {
    area_clear(&ask->area);
    coverage_lines_clear(&ask->lines);
    open_alarms_clear(&ask->alarms);
    g_clear_pointer(&ask->tallies, g_array_unref);
    g_clear_pointer(&ask->cells, g_hash_table_unref);
    g_clear_pointer(&ask->colours, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(MapAsk, map_ask_clear)

static int64_t number_of(const Request *req, const char *name) {
    const char *text = request_query(req, name);
    gint64 number;
    return text != NULL && g_ascii_string_to_signed(text, 10, 1, INT64_MAX, &number, NULL) ? number
                                                                                           : 0;
}

/* --- the city -----------------------------------------------------------------------------------
 */

static char *
line_title(Ctx *ctx, const MapAsk *ask, const CoverageLine *line, const json_t *model) {
    unsigned alarms = open_alarms_in_district(ctx, &ask->alarms, line->count.district);
    return g_strdup_printf("%s，接入率 %s，%s，未处理完的报警 %u 件",
                           line->name,
                           json_get_text(model, "share", ""),
                           json_get_text(model, "state_zh", ""),
                           alarms);
}

/* A sign beside each colour. */
static const char *line_sign(LineState state) {
    return state == LINE_MET ? " ✓" : state == LINE_NEAR ? " △" : state == LINE_FAR ? " ▲" : "";
}

static void
draw_coverage_shape(Ctx *ctx, const MapAsk *ask, const Picture *picture, const CoverageLine *line) {
    const Outline *outline = outline_find(ask->map, line->code);
    bool is_whole = picture->box.width > ask->map->width;
    g_autoptr(json_t) model = coverage_line_model(line, ctx->now_us);
    g_autofree char *title = line_title(ctx, ask, line, model);
    g_autofree char *href = g_strdup_printf(PATH "?region=%s", line->code);
    PictureShape shape = {.href = href,
                          .path = is_whole ? outline->coarse : outline->fine,
                          .state = line_state_word(line->state),
                          .title = title};
    picture_shape(picture, &shape);
}

static void
draw_district(Ctx *ctx, const MapAsk *ask, const Picture *picture, const CoverageLine *line) {
    const Outline *outline = outline_find(ask->map, line->code);
    if (outline == NULL || !picture_shows(picture, outline->box)) {
        return;
    }
    bool is_whole = picture->box.width > ask->map->width;
    if (ask->shows_codes) {
        map_codes_shape(ask, picture, line);
    } else {
        draw_coverage_shape(ctx, ask, picture, line);
    }
    /* what law/ lists by name has a picture of its own */
    bool is_listed = line->group != NULL && line->group->districts != NULL;
    bool has_name = !is_whole || (!is_listed && outline->box.width >= MAP_NAME_FROM_WIDTH);
    if (has_name && picture_holds(picture, outline->x, outline->y)) {
        g_autofree char *brief = short_name(line->name);
        const char *sign = ask->shows_codes ? "" : line_sign(line->state);
        g_autofree char *text = g_strconcat(brief, sign, NULL);
        PictureMark name = {.x = outline->x, .y = outline->y, .class = "name", .text = text};
        picture_mark(picture, &name);
    }
}

/* Over the names: how many alarms are open. */
static void
draw_alarm_count(Ctx *ctx, const MapAsk *ask, const Picture *picture, const CoverageLine *line) {
    const Outline *outline = outline_find(ask->map, line->code);
    unsigned alarms = open_alarms_in_district(ctx, &ask->alarms, line->count.district);
    if (outline == NULL || alarms == 0 || !picture_holds(picture, outline->x, outline->y)) {
        return;
    }
    g_autofree char *text = g_strdup_printf("%u", alarms);
    PictureMark mark = {
        .x = outline->x, .y = outline->y, .radius = 11, .class = "alarm up", .text = text};
    picture_mark(picture, &mark);
}

/* Outlines of districts that have no line, or belong to the surroundings only. */
static void draw_rest(const MapAsk *ask, const Picture *picture, const LawCoverageGroup *only) {
    for (unsigned i = 0; i < ask->map->count; i++) {
        const Outline *outline = &ask->map->outlines[i];
        bool is_line = false;
        for (guint k = 0; k < ask->lines.lines->len; k++) {
            const CoverageLine *line = &g_array_index(ask->lines.lines, CoverageLine, k);
            is_line |=
                strcmp(line->code, outline->code) == 0 && (only == NULL || line->group == only);
        }
        if (!is_line && picture_shows(picture, outline->box)) {
            PictureShape shape = {.path = outline->coarse, .state = "empty", .title = ""};
            picture_shape(picture, &shape);
        }
    }
}

/* `only`: districts of this group; NULL: all. */
static json_t *draw_all(
    Ctx *ctx, const MapAsk *ask, OutlineBox box, const char *label, const LawCoverageGroup *only) {
    Picture picture = picture_new(ask->map, box, label);
    draw_rest(ask, &picture, only);
    for (guint i = 0; i < ask->lines.lines->len; i++) {
        const CoverageLine *line = &g_array_index(ask->lines.lines, CoverageLine, i);
        if (only == NULL || line->group == only) {
            draw_district(ctx, ask, &picture, line);
        }
    }
    for (guint i = 0; i < ask->lines.lines->len; i++) {
        const CoverageLine *line = &g_array_index(ask->lines.lines, CoverageLine, i);
        if (only != NULL && line->group != only) {
            continue;
        }
        if (ask->shows_codes) {
            map_codes_count(ask, &picture, line);
        } else {
            draw_alarm_count(ctx, ask, &picture, line);
        }
    }
    return picture.model;
}

/* The group of districts that law/ lists by name: too small to be read in the picture of all. */
static const LawCoverageGroup *centre_of(const MapAsk *ask, OutlineBox *ret_box) {
    const LawCoverage *rule = ask->lines.rule;
    for (unsigned i = 0; rule != NULL && i < rule->group_count; i++) {
        OutlineBox box = {0, 0, 0, 0};
        const char *const *code = rule->groups[i].districts;
        for (; code != NULL && *code != NULL; code++) {
            const Outline *outline = outline_find(ask->map, *code);
            box = outline == NULL ? box : outline_around(box, outline->box);
        }
        if (box.width > 0) {
            *ret_box = outline_margin(box, 0.02, 1);
            return &rule->groups[i];
        }
    }
    return NULL;
}

static void put_city(Ctx *ctx, const MapAsk *ask, json_t *model) {
    json_t *pictures = json_array();
    OutlineBox whole = {-2, -2, ask->map->width + 4, ask->map->height + 4};
    OutlineBox centre;
    const LawCoverageGroup *group = centre_of(ask, &centre);
    g_autofree char *label = g_strdup_printf("%s各区县", ask->area.name);
    json_array_append_new(pictures, draw_all(ctx, ask, whole, label, NULL));
    if (group != NULL) {
        g_autofree char *inset = g_strdup_printf("%s放大", group->name);
        json_array_append_new(pictures, draw_all(ctx, ask, centre, inset, group));
    }
    json_put(model, "pictures", pictures);
}

/* --- inside a district --------------------------------------------------------------------------
 */

/* Most of it: red where most have no device, green where nearly all are heard. */
static const char *cell_class(const CoverageCell *cell) {
    int64_t share = share_tenths(cell->covered, cell->buildings);
    return share >= 1000 ? "met" : share >= 500 ? "near" : "far";
}

static const char *cell_class_zh(const CoverageCell *cell) {
    int64_t share = share_tenths(cell->covered, cell->buildings);
    return share >= 1000 ? "全部接入" : share >= 500 ? "过半接入" : "不到一半";
}

static char *cell_href(const MapAsk *ask, int64_t cell) {
    return ask->square == 0 ? g_strdup_printf(PATH "?region=%s&square=%" G_GINT64_FORMAT "%s",
                                              ask->area.code,
                                              cell,
                                              map_show(ask))
                            : g_strdup_printf(PATH "?region=%s&square=%" G_GINT64_FORMAT
                                                   "&cell=%" G_GINT64_FORMAT "%s",
                                              ask->area.code,
                                              ask->square,
                                              cell,
                                              map_show(ask));
}

static json_t *cell_model(const MapAsk *ask, const CoverageCell *cell) {
    json_t *model = json_object();
    g_autofree char *href = cell_href(ask, cell->cell);
    g_autofree char *share = share_text(cell->covered, cell->buildings);
    put_format(model, "name", "%s一带", cell->name == NULL ? "未命名建筑" : cell->name);
    json_put_text(model, "href", href);
    json_put_int(model, "buildings", cell->buildings);
    json_put_int(model, "covered", cell->covered);
    json_put_int(model, "silent", cell->silent);
    json_put_int(model, "none", cell->buildings - cell->covered - cell->silent);
    json_put_text(model, "share", share);
    json_put_text(model, "state_zh", cell_class_zh(cell));
    map_codes_cell_put(ask, model, cell);
    return model;
}

static void draw_cell(const MapAsk *ask, const Picture *picture, const CoverageCell *cell) {
    double x;
    double y;
    g_autofree char *href = cell_href(ask, cell->cell);
    if (ask->shows_codes) {
        map_codes_cell(ask, picture, cell, href);
        return;
    }
    g_autofree char *text = g_strdup_printf("%d", (int)cell->buildings);
    g_autofree char *title = g_strdup_printf("%s一带，高层 %d 栋，已接入 %d 栋，%s",
                                             cell->name == NULL ? "未命名建筑" : cell->name,
                                             (int)cell->buildings,
                                             (int)cell->covered,
                                             cell_class_zh(cell));
    outline_project(ask->map, cell->longitude, cell->latitude, &x, &y);
    PictureMark mark = {.x = x,
                        .y = y,
                        .radius = CLAMP(10 + 2 * sqrt((double)cell->buildings), 12, 26),
                        .class = cell_class(cell),
                        .text = text,
                        .href = href,
                        .title = title};
    picture_mark(picture, &mark);
}

/* What the alarms' buildings have as their place; those without one stand in the list only. */
static bool draw_alarms(Ctx *ctx, const MapAsk *ask, const Picture *picture, GError **error) {
    for (guint i = 0; i < MIN(ask->alarms.list->len, DOTS_MAX); i++) {
        const Alarm *alarm = ask->alarms.list->pdata[i];
        g_auto(Building) building = {0};
        g_autoptr(GError) none = NULL;
        double x;
        double y;
        if (alarm->building_id == 0 ||
            !building_find(ctx->db, alarm->building_id, &building, &none)) {
            if (none != NULL && !g_error_matches(none, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
                g_propagate_error(error, g_steal_pointer(&none));
                return false;
            }
            continue;
        }
        outline_project(ask->map, building.longitude, building.latitude, &x, &y);
        if (building.has_point && picture_holds(picture, x, y)) {
            g_autofree char *href = g_strdup_printf("/work/alarms/%" G_GINT64_FORMAT, alarm->id);
            g_autofree char *title = g_strdup_printf("%s，%s，%s",
                                                     alarm_class_zh(alarm->class),
                                                     alarm->title,
                                                     alarm_state_zh(alarm->state));
            PictureMark mark = {.x = x,
                                .y = y,
                                .radius = 9,
                                .class = "alarm",
                                .text = "!",
                                .href = href,
                                .title = title};
            picture_mark(picture, &mark);
        }
    }
    return true;
}

static void draw_outlines(const MapAsk *ask, const Picture *picture) {
    for (unsigned i = 0; i < ask->map->count; i++) {
        const Outline *outline = &ask->map->outlines[i];
        bool is_own = strncmp(outline->code, ask->area.code, strlen(outline->code)) == 0;
        bool is_near = picture_shows(picture, outline->box);
        if (is_own || is_near) {
            PictureShape shape = {.path = is_own ? outline->fine : outline->coarse,
                                  .state = is_own ? "free" : "empty",
                                  .title = ""};
            picture_shape(picture, &shape);
        }
    }
}

static OutlineBox box_of_cells(const MapAsk *ask, const GArray *cells) {
    OutlineBox box = {0, 0, 0, 0};
    for (guint i = 0; i < cells->len; i++) {
        const CoverageCell *cell = &g_array_index(cells, CoverageCell, i);
        OutlineBox one = {0, 0, 0.01, 0.01};
        outline_project(ask->map, cell->longitude, cell->latitude, &one.x, &one.y);
        box = outline_around(box, one);
    }
    return box;
}

static bool draw_cells(Ctx *ctx,
                       const MapAsk *ask,
                       const GArray *cells,
                       OutlineBox box,
                       const char *label,
                       json_t *model,
                       GError **error) {
    Picture picture = picture_new(ask->map, box, label);
    json_array_append_new(json_object_get(model, "pictures"), picture.model);
    draw_outlines(ask, &picture);
    for (guint i = 0; i < cells->len; i++) {
        draw_cell(ask, &picture, &g_array_index(cells, CoverageCell, i));
    }
    return draw_alarms(ctx, ask, &picture, error);
}

static const char *number_label(const MapAsk *ask) {
    return ask->shows_codes ? "高层建筑，圈里是最重的颜色和栋数" : "高层建筑，数字是栋数";
}

/* The district as a whole, and larger where its buildings stand close together. */
static bool
draw_inside(Ctx *ctx, const MapAsk *ask, const GArray *cells, json_t *model, GError **error) {
    char district[7];
    g_strlcpy(district, ask->area.code, sizeof district);
    const Outline *outline = outline_find(ask->map, district);
    OutlineBox close = outline_margin(box_of_cells(ask, cells), 0.2, 3);
    json_put_text(model, "outline_note", outline == NULL ? NULL : outline->note);
    json_put_text(model, "outline_confidence", outline == NULL ? NULL : outline->confidence);
    if (outline == NULL || ask->square != 0) {
        return cells->len == 0 ||
               draw_cells(ctx, ask, cells, close, number_label(ask), model, error);
    }
    OutlineBox whole = outline_margin(outline->box, 0.03, 1);
    g_autofree char *label = g_strdup_printf("%s的%s", ask->area.name, number_label(ask));
    bool is_close =
        cells->len > 1 && close.width < whole.width / 2 && close.height < whole.height / 2;
    return draw_cells(ctx, ask, cells, whole, label, model, error) &&
           (!is_close ||
            draw_cells(ctx, ask, cells, close, "高层建筑集中的地方，放大", model, error));
}

static bool put_cells(Ctx *ctx, const MapAsk *ask, json_t *model, GError **error) {
    g_autoptr(GArray) cells =
        coverage_cells(ctx->db, region_district(ask->area.code), ask->square, error);
    if (cells == NULL) {
        return false;
    }
    json_t *list = json_array();
    for (guint i = 0; i < cells->len; i++) {
        json_array_append_new(list, cell_model(ask, &g_array_index(cells, CoverageCell, i)));
    }
    json_put(model, "cells", list);
    json_put_bool(model, "has_cells", cells->len > 0);
    json_put_bool(model, "has_more_cells", cells->len == COVERAGE_CELLS_MAX);
    return ask->map == NULL || draw_inside(ctx, ask, cells, model, error);
}

/* --- the smallest square: buildings -------------------------------------------------------------
 */

static json_t *building_model(const MapAsk *ask, const CoverageBuilding *building) {
    json_t *model = json_object();
    json_put_int(model, "id", building->id);
    put_format(model, "href", PATH "/buildings/%" G_GINT64_FORMAT, building->id);
    json_put_text(model, "name", building->name);
    json_put_text(model, "address", building->address);
    json_put_text(model, "state_zh", coverage_state_zh(building->state));
    json_put_int(model, "devices", building->devices);
    json_put_int(model, "alarms", open_alarms_in_building(&ask->alarms, building->id));
    map_codes_building_put(ask, model, building);
    return model;
}

static void draw_building(const MapAsk *ask, const Picture *picture, const CoverageBuilding *one) {
    if (ask->shows_codes) {
        map_codes_building(ask, picture, one);
        return;
    }
    static const char *const classes[] = {"far", "near", "met"};
    static const char *const letters[] = {"无", "静", "通"};
    double x;
    double y;
    unsigned alarms = open_alarms_in_building(&ask->alarms, one->id);
    g_autofree char *href = g_strdup_printf(PATH "/buildings/%" G_GINT64_FORMAT, one->id);
    g_autofree char *title =
        g_strdup_printf("%s，%s，报警 %u 件", one->name, coverage_state_zh(one->state), alarms);
    outline_project(ask->map, one->longitude, one->latitude, &x, &y);
    PictureMark mark = {.x = x,
                        .y = y,
                        .radius = 13,
                        .class = alarms > 0 ? "alarm" : classes[one->state],
                        .text = alarms > 0 ? "!" : letters[one->state],
                        .href = href,
                        .title = title};
    picture_mark(picture, &mark);
}

static bool put_buildings(Ctx *ctx, const MapAsk *ask, json_t *model, GError **error) {
    CoverageQuery query = {
        .scope = ask->area.code, .state = -1, .cell = ask->cell, .limit = DOTS_MAX + 1};
    g_autoptr(GArray) found = coverage_buildings(ctx->db, &query, error);
    if (found == NULL) {
        return false;
    }
    guint count = MIN(found->len, DOTS_MAX);
    json_t *list = json_array();
    OutlineBox box = {0, 0, 0, 0};
    for (guint i = 0; i < count; i++) {
        const CoverageBuilding *one = &g_array_index(found, CoverageBuilding, i);
        OutlineBox dot = {0, 0, 0.01, 0.01};
        json_array_append_new(list, building_model(ask, one));
        if (ask->map != NULL) {
            outline_project(ask->map, one->longitude, one->latitude, &dot.x, &dot.y);
            box = outline_around(box, dot);
        }
    }
    json_put(model, "buildings", list);
    json_put_bool(model, "has_buildings", count > 0);
    put_format(model,
               "list_href",
               "/work/coverage/buildings?region=%s&cell=%" G_GINT64_FORMAT,
               ask->area.code,
               ask->cell);
    json_put_bool(model, "has_more_buildings", found->len > count);
    if (ask->map == NULL || count == 0) {
        return true;
    }
    Picture picture =
        picture_new(ask->map, outline_margin(box, 0.15, 0.6), "这一格里的高层建筑，每个圆是一栋");
    json_array_append_new(json_object_get(model, "pictures"), picture.model);
    for (guint i = 0; i < count; i++) {
        draw_building(ask, &picture, &g_array_index(found, CoverageBuilding, i));
    }
    return true;
}

/* --- the page -----------------------------------------------------------------------------------
 */

static void put_line_alarms(Ctx *ctx, const MapAsk *ask, json_t *model) {
    json_t *list = json_object_get(model, "lines");
    for (guint i = 0; i < ask->lines.lines->len; i++) {
        const CoverageLine *line = &g_array_index(ask->lines.lines, CoverageLine, i);
        json_t *one = json_array_get(list, i);
        put_format(one, "map", PATH "?region=%s%s", line->code, map_show(ask));
        json_put_int(
            one, "alarms", open_alarms_in_district(ctx, &ask->alarms, line->count.district));
        json_put_int(one, "points_bad", line->count.points_bad);
    }
}

/* Every name that the view may ask for. */
static void put_blank(json_t *model, const MapAsk *ask) {
    static const char *const lists[] = {"pictures", "cells", "buildings"};
    static const char *const texts[] = {"outline_note", "outline_confidence", "list_href"};
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        json_put(model, lists[i], json_array());
        json_put_text(model, texts[i], NULL);
    }
    json_put_text(model, "map_css", web_asset_url("map.css"));
    json_put_bool(model, "has_cells", false);
    json_put_bool(model, "has_more_cells", false);
    json_put_bool(model, "has_buildings", false);
    json_put_bool(model, "has_more_buildings", false);
    json_put_bool(model, "is_city", !ask->area.is_district);
    json_put_bool(model, "is_district", ask->area.is_district && ask->cell == 0);
    json_put_bool(model, "is_square", ask->cell != 0);
    json_put_text(model, "map_source", ask->map == NULL ? NULL : ask->map->source);
    put_format(model, "district_href", PATH "?region=%s%s", ask->area.code, map_show(ask));
    put_format(model, "coverage_href", "/work/coverage?region=%s", ask->area.code);
    json_put_bool(model, "in_square", ask->square != 0);
    put_format(model,
               "square_href",
               PATH "?region=%s&square=%" G_GINT64_FORMAT "%s",
               ask->area.code,
               ask->square,
               map_show(ask));
}

/* Outlines that are not as the districts are today. */
static void put_notes(json_t *model, const MapAsk *ask) {
    json_t *notes = json_array();
    for (unsigned i = 0; ask->map != NULL && !ask->area.is_district && i < ask->map->count; i++) {
        const Outline *outline = &ask->map->outlines[i];
        if (outline->note != NULL) {
            json_t *note = json_object();
            json_put_text(note, "text", outline->note);
            json_put_text(note, "confidence", outline->confidence);
            json_array_append_new(notes, note);
        }
    }
    json_put_bool(model, "has_notes", json_array_size(notes) > 0);
    json_put(model, "notes", notes);
}

static bool fill(Ctx *ctx, MapAsk *ask, json_t *model, GError **error) {
    g_autoptr(GError) none = NULL;
    ask->map = outline_map(ask->area.code, &none);
    if (none != NULL) {
        g_propagate_error(error, g_steal_pointer(&none));
        return false;
    }
    if (!coverage_lines(ctx, ask->area.code, &ask->lines, error) ||
        !open_alarms(ctx, ask->area.code, &ask->alarms, error) ||
        !map_codes_read(ctx, ask, error)) {
        return false;
    }
    put_blank(model, ask);
    put_notes(model, ask);
    coverage_lines_put(model, &ask->lines, ctx->now_us);
    put_line_alarms(ctx, ask, model);
    map_codes_put(model, ask);
    open_alarms_put(model, &ask->alarms, ALARMS_SHOWN, ctx->now_us);
    if (ask->cell != 0) {
        return put_buildings(ctx, ask, model, error);
    }
    if (ask->area.is_district) {
        return put_cells(ctx, ask, model, error);
    }
    if (ask->map != NULL) {
        put_city(ctx, ask, model);
    }
    return true;
}

Response *map_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(MapAsk) ask = {.square = 0};
    Response *refused = area_read(ctx, req, &ask.area);
    if (refused != NULL) {
        return refused;
    }
    ask.square = ask.area.is_district ? number_of(req, "square") : 0;
    ask.cell = ask.area.is_district ? number_of(req, "cell") : 0;
    ask.shows_codes = g_strcmp0(request_query(req, "show"), "codes") == 0;
    g_autoptr(json_t) model = json_object();
    area_put(ctx, model, &ask.area, PATH);
    return fill(ctx, &ask, model, &error) ? response_page("overview/map", g_steal_pointer(&model))
                                          : response_problem(error, NULL);
}
