/* /work/wall: for a screen that nobody touches. The page is a whole answer each time; wall.js
 * fetches it again and says so when it cannot. No names of people. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "overview/map_models.h"
#include "overview/overview_codes.h"
#include "overview/overview_pages.h"

#include <string.h>

#define ALARMS_SHOWN 4
#define ALARMS_SHOWN_ALONE 14
#define LINES_SHOWN 9

static const char *const layouts[] = {"main", "alarms", "map", "coverage"};

static unsigned layout_of(const Request *req) {
    const char *word = request_query(req, "layout");
    for (unsigned i = 0; word != NULL && i < G_N_ELEMENTS(layouts); i++) {
        if (strcmp(layouts[i], word) == 0) {
            return i;
        }
    }
    return 0;
}

static void put_layout(json_t *model, unsigned layout) {
    json_put_text(model, "layout", layouts[layout]);
    json_put_bool(model, "shows_alarms", layout == 0 || layout == 1);
    json_put_bool(model, "shows_map", layout == 0 || layout == 2);
    json_put_bool(model, "shows_coverage", layout == 0 || layout == 3);
}

static void put_clock(Ctx *ctx, json_t *model) {
    g_autofree char *minute = clock_format_minute(ctx->now_us);
    g_autofree char *day = clock_format_day_zh(ctx->now_us, 0);
    json_put_text(model, "day", day);
    json_put_text(model, "time", minute + strlen("2026-11-23 "));
    json_put_int(model, "now_ms", ctx->now_us / 1000);
    json_put_text(model, "map_css", web_asset_url("map.css"));
    json_put_text(model, "wall_js", web_asset_url("wall.js"));
}

/* No device has spoken for a while: the picture may be calm only because nothing arrives. */
static bool put_silence(Ctx *ctx, json_t *model, GError **error) {
    int64_t heard_us;
    if (!coverage_last_heard(ctx->db, &heard_us, error)) {
        return false;
    }
    g_autofree char *heard = moment_text(heard_us, ctx->now_us);
    json_put_text(model, "heard", heard_us == 0 ? NULL : heard);
    json_put_bool(model,
                  "is_silent",
                  heard_us != 0 && ctx->now_us - heard_us > LIMIT_WALL_SILENCE_S * CLOCK_SECOND_US);
    json_put_bool(model, "is_never_heard", heard_us == 0);
    return true;
}

static void put_map(Ctx *ctx,
                    const CoverageLines *lines,
                    const OpenAlarms *alarms,
                    const OutlineMap *map,
                    json_t *model) {
    OutlineBox whole = {-2, -2, map->width + 4, map->height + 4};
    Picture picture = picture_new(map, whole, "全市示意图：红圈里的数字是未处理完的报警");
    for (unsigned i = 0; i < map->count; i++) {
        const Outline *outline = &map->outlines[i];
        const char *state = "empty";
        for (guint k = 0; k < lines->lines->len; k++) {
            const CoverageLine *line = &g_array_index(lines->lines, CoverageLine, k);
            state = strcmp(line->code, outline->code) == 0 ? line_state_word(line->state) : state;
        }
        PictureShape shape = {.path = outline->coarse, .state = state, .title = ""};
        picture_shape(&picture, &shape);
    }
    for (guint k = 0; k < lines->lines->len; k++) {
        const CoverageLine *line = &g_array_index(lines->lines, CoverageLine, k);
        const Outline *outline = outline_find(map, line->code);
        unsigned open = open_alarms_in_district(ctx, alarms, line->count.district);
        g_autofree char *text = g_strdup_printf("%u", open);
        g_autofree char *brief = short_name(line->name);
        if (outline != NULL && open > 0) {
            PictureMark mark = {
                .x = outline->x, .y = outline->y, .radius = 17, .class = "alarm", .text = text};
            PictureMark name = {
                .x = outline->x, .y = outline->y + 34, .class = "name", .text = brief};
            picture_mark(&picture, &mark);
            picture_mark(&picture, &name);
        }
    }
    json_array_append_new(json_object_get(model, "pictures"), picture.model);
}

static void cut_lines(json_t *model, unsigned layout) {
    json_t *list = json_object_get(model, "lines");
    size_t shown = layout == 0 ? LINES_SHOWN : json_array_size(list);
    json_put_int(model, "more_lines", 0);
    if (json_array_size(list) > shown) {
        json_put_int(model, "more_lines", (int64_t)(json_array_size(list) - shown));
        while (json_array_size(list) > shown) {
            json_array_remove(list, json_array_size(list) - 1);
        }
    }
}

static bool fill(Ctx *ctx, const Area *area, unsigned layout, json_t *model, GError **error) {
    g_auto(CoverageLines) lines = {.rule = NULL};
    g_auto(OpenAlarms) alarms = {.list = NULL};
    if (!coverage_lines(ctx, area->code, &lines, error) ||
        !open_alarms(ctx, area->code, &alarms, error) || !put_silence(ctx, model, error)) {
        return false;
    }
    g_autoptr(GError) problem = NULL;
    const OutlineMap *map = outline_map(area->code, &problem);
    if (problem != NULL) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    g_autoptr(GArray) tallies = code_tallies(ctx, area->code, error);
    if (tallies == NULL || !forces_put(ctx, area->code, model, error) ||
        !hours_put(ctx, area->code, model, error)) {
        return false;
    }
    FirecodeTally sum = code_tally_sum(tallies);
    json_put(model, "codes", code_model(sum.colours, area->code));
    coverage_lines_put(model, &lines, ctx->now_us);
    cut_lines(model, layout);
    open_alarms_put(model, &alarms, layout == 1 ? ALARMS_SHOWN_ALONE : ALARMS_SHOWN, ctx->now_us);
    json_put(model, "pictures", json_array());
    if (map != NULL && (layout == 0 || layout == 2)) {
        put_map(ctx, &lines, &alarms, map, model);
    }
    return true;
}

Response *wall_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Area) area = {.name = NULL};
    unsigned layout = layout_of(req);
    Response *refused = area_read(ctx, req, &area);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    area_put(ctx, model, &area, "/work/wall");
    put_layout(model, layout);
    put_clock(ctx, model);
    return fill(ctx, &area, layout, model, &error)
               ? response_page("overview/wall", g_steal_pointer(&model))
               : response_problem(error, NULL);
}

/* What the map, the dashboard and the wall listen to: alarms of the reader's own region. */
Response *live_events(Ctx *ctx, const Request *req) {
    if (ctx->who->region == NULL) {
        return area_refuse(ctx, req);
    }
    g_autofree char *topic = alarm_topic(ctx->who->region);
    return response_events(topic);
}
