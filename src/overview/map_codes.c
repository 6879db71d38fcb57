/* The map as codes on doors show it (高楼消防码): every colour has its word beside it. */
#include "overview/map_internal.h"
#include "overview/overview_codes.h"

#include <math.h>
#include <string.h>

static const int64_t no_codes[RISK_COUNT];

const char *map_show(const MapAsk *ask) {
    return ask->shows_codes ? "&show=codes" : "";
}

bool map_codes_read(Ctx *ctx, MapAsk *ask, GError **error) {
    int64_t district = region_district(ask->area.code);
    ask->tallies = code_tallies(ctx, ask->area.code, error);
    if (ask->tallies == NULL) {
        return false;
    }
    if (ask->cell != 0) {
        ask->colours = code_buildings(ctx->db, district, ask->cell, error);
        return ask->colours != NULL;
    }
    if (ask->area.is_district) {
        ask->cells = code_cells(ctx->db, district, ask->square, error);
        return ask->cells != NULL;
    }
    return true;
}

/* The two ways of looking at the same place. */
static void put_views(json_t *model, const MapAsk *ask) {
    static const char *const names[] = {"看接入", "看消防码"};
    json_t *views = json_array();
    g_autoptr(GString) place = g_string_new(NULL);
    g_string_append_printf(place, MAP_PATH "?region=%s", ask->area.code);
    if (ask->square != 0) {
        g_string_append_printf(place, "&square=%" G_GINT64_FORMAT, ask->square);
    }
    if (ask->cell != 0) {
        g_string_append_printf(place, "&cell=%" G_GINT64_FORMAT, ask->cell);
    }
    for (int i = 0; i < 2; i++) {
        json_t *view = json_object();
        json_put_text(view, "name", names[i]);
        put_format(view, "href", "%s%s", place->str, i == 1 ? "&show=codes" : "");
        json_put_bool(view, "is_current", ask->shows_codes == (i == 1));
        json_array_append_new(views, view);
    }
    json_put(model, "views", views);
}

void map_codes_put(json_t *model, const MapAsk *ask) {
    json_t *list = json_object_get(model, "lines");
    for (guint i = 0; i < ask->lines.lines->len; i++) {
        const CoverageLine *line = &g_array_index(ask->lines.lines, CoverageLine, i);
        FirecodeTally tally = code_tally_of(ask->tallies, line->count.district);
        json_put(json_array_get(list, i), "codes", code_model(tally.colours, line->code));
    }
    FirecodeTally sum = code_tally_sum(ask->tallies);
    json_put(model, "codes", code_model(sum.colours, ask->area.code));
    json_put_bool(model, "shows_codes", ask->shows_codes);
    put_views(model, ask);
}

/* White letters stay inside their circle: "橙1042" is wider than "绿1". */
static double radius_of(const char *text) {
    return 5 + 5 * (double)g_utf8_strlen(text, -1);
}

/* --- districts ----------------------------------------------------------------------------------
 */

void map_codes_shape(const MapAsk *ask, const Picture *picture, const CoverageLine *line) {
    const Outline *outline = outline_find(ask->map, line->code);
    FirecodeTally tally = code_tally_of(ask->tallies, line->count.district);
    bool is_whole = picture->box.width > ask->map->width;
    g_autofree char *counts = code_sentence(tally.colours);
    g_autofree char *title = g_strdup_printf("%s，%s", line->name, counts);
    g_autofree char *href = g_strdup_printf(MAP_PATH "?region=%s&show=codes", line->code);
    PictureShape shape = {.href = href,
                          .path = is_whole ? outline->coarse : outline->fine,
                          .state = "free",
                          .title = title};
    picture_shape(picture, &shape);
}

/* Districts that stand in a larger picture of their own have their mark there. */
void map_codes_count(const MapAsk *ask, const Picture *picture, const CoverageLine *line) {
    const Outline *outline = outline_find(ask->map, line->code);
    FirecodeTally tally = code_tally_of(ask->tallies, line->count.district);
    bool is_whole = picture->box.width > ask->map->width;
    bool is_listed = line->group != NULL && line->group->districts != NULL;
    RiskGrade worst = code_worst(tally.colours);
    if (outline == NULL || worst == RISK_UNKNOWN || (is_whole && is_listed) ||
        !picture_holds(picture, outline->x, outline->y)) {
        return;
    }
    g_autofree char *text = code_brief(tally.colours);
    g_autofree char *class = g_strconcat(code_class(worst), " higher", NULL);
    PictureMark mark = {
        .x = outline->x, .y = outline->y, .radius = radius_of(text), .class = class, .text = text};
    picture_mark(picture, &mark);
}

/* --- squares ------------------------------------------------------------------------------------
 */

static const int64_t *counts_of(const MapAsk *ask, const CoverageCell *cell) {
    const int64_t *counts =
        ask->cells == NULL ? NULL : g_hash_table_lookup(ask->cells, &cell->cell);
    return counts == NULL ? no_codes : counts;
}

void map_codes_cell(const MapAsk *ask,
                    const Picture *picture,
                    const CoverageCell *cell,
                    const char *href) {
    double x;
    double y;
    const int64_t *counts = counts_of(ask, cell);
    g_autofree char *text = code_brief(counts);
    g_autofree char *sentence = code_sentence(counts);
    g_autofree char *title = g_strdup_printf("%s一带，高层 %d 栋，%s",
                                             cell->name == NULL ? "未命名建筑" : cell->name,
                                             (int)cell->buildings,
                                             sentence);
    outline_project(ask->map, cell->longitude, cell->latitude, &x, &y);
    PictureMark mark = {
        .x = x,
        .y = y,
        .radius = MAX(CLAMP(10 + 2 * sqrt((double)cell->buildings), 12, 26), radius_of(text)),
        .class = code_class(code_worst(counts)),
        .text = text,
        .href = href,
        .title = title};
    picture_mark(picture, &mark);
}

void map_codes_cell_put(const MapAsk *ask, json_t *model, const CoverageCell *cell) {
    const int64_t *counts = counts_of(ask, cell);
    json_t *codes = code_model(counts, ask->area.code);
    json_put_int(codes, "without", counts[RISK_UNKNOWN]);
    json_put(model, "codes", codes);
}

/* --- buildings ----------------------------------------------------------------------------------
 */

static RiskGrade colour_of(const MapAsk *ask, const CoverageBuilding *one) {
    gpointer found = ask->colours == NULL ? NULL : g_hash_table_lookup(ask->colours, &one->id);
    return (RiskGrade)GPOINTER_TO_UINT(found);
}

void map_codes_building(const MapAsk *ask, const Picture *picture, const CoverageBuilding *one) {
    static const char *const letters[RISK_COUNT] = {"无", "绿", "黄", "橙", "红"};
    double x;
    double y;
    RiskGrade colour = colour_of(ask, one);
    unsigned alarms = open_alarms_in_building(&ask->alarms, one->id);
    g_autofree char *href = g_strdup_printf(MAP_PATH "/buildings/%" G_GINT64_FORMAT, one->id);
    g_autofree char *title =
        g_strdup_printf("%s，消防码%s，报警 %u 件",
                        one->name,
                        colour == RISK_UNKNOWN ? "还没有" : risk_name_zh(colour),
                        alarms);
    outline_project(ask->map, one->longitude, one->latitude, &x, &y);
    PictureMark mark = {.x = x,
                        .y = y,
                        .radius = 13,
                        .class = code_class(colour),
                        .text = letters[colour],
                        .href = href,
                        .title = title};
    picture_mark(picture, &mark);
    if (alarms > 0) {
        PictureMark alarm = {.x = x, .y = y, .radius = 8, .class = "alarm up", .text = "!"};
        picture_mark(picture, &alarm);
    }
}

void map_codes_building_put(const MapAsk *ask, json_t *model, const CoverageBuilding *one) {
    RiskGrade colour = colour_of(ask, one);
    json_put_text(model, "code_class", colour == RISK_UNKNOWN ? NULL : risk_colour(colour));
    json_put_text(model, "code_zh", colour == RISK_UNKNOWN ? "没有码" : risk_name_zh(colour));
    put_format(model, "code_href", "/work/codes/%" G_GINT64_FORMAT, one->id);
}
