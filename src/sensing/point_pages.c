/* One point: its name and place, its values with limits and trend, what happened to it. */
#include "base/clock.h"
#include "base/error.h"
#include "sensing/limits.h"
#include "sensing/sample.h"
#include "sensing/sensing_names.h"
#include "sensing/sensing_pages.h"
#include "sensing/trend.h"

#include <string.h>

#define EDGES_SHOWN 50
#define HOUR_US (INT64_C(3600) * CLOCK_SECOND_US)
#define STEPS_MAX 96

/* --- trends -------------------------------------------------------------------------------------
 */

typedef struct Span {
    const char *word, *name_zh, *step_zh;
    int64_t length_us, step_us;
    bool is_days; /* from the daily figures and today's hours */
} Span;
static const Span spans[] = {
    {"day", "最近 24 小时", "15 分钟", 24 * HOUR_US, HOUR_US / 4, false},
    {"hours", "最近 3 小时", "2 分钟", 3 * HOUR_US, HOUR_US / 30, false},
    {"week", "最近 7 天", "2 小时", 7 * CLOCK_DAY_US, 2 * HOUR_US, false},
    {"month", "最近 30 天", "1 天", 30 * CLOCK_DAY_US, CLOCK_DAY_US, true},
};

static const Span *span_of(const Request *req) {
    const char *word = request_query(req, "span");
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++) {
        if (g_strcmp0(spans[i].word, word) == 0) {
            return &spans[i];
        }
    }
    return &spans[0];
}

typedef struct Trend {
    const Span *span;
    int64_t point_id, kind, from_us;
    TrendStep steps[STEPS_MAX];
    size_t count;
} Trend;

static void trend_begin(Trend *trend, int64_t now_us) {
    const Span *span = trend->span;
    trend->count = (size_t)(span->length_us / span->step_us);
    /* steps end with the one that holds `now`; days begin at midnight */
    int64_t grid = sample_hour_us(sample_place(now_us).day, 0);
    int64_t inside = (now_us - grid) / span->step_us;
    trend->from_us = grid + (inside + 1 - (int64_t)trend->count) * span->step_us;
    for (size_t i = 0; i < trend->count; i++) {
        trend->steps[i] = (TrendStep){.begin_us = trend->from_us + (int64_t)i * span->step_us};
    }
}

static bool add_hours(Db *db, Trend *trend, int64_t from_us, int64_t now_us, GError **error) {
    g_autoptr(GArray) hours =
        sample_hours(db, trend->point_id, trend->kind, from_us, now_us + 1, error);
    for (guint i = 0; hours != NULL && i < hours->len; i++) {
        const SampleHour *hour = &g_array_index(hours, SampleHour, i);
        int64_t begin = sample_hour_us(hour->day, hour->hour);
        for (unsigned slot = 0; slot < SAMPLE_SLOTS; slot++) {
            if (hour->minutes[slot] != SAMPLE_MISSING) {
                trend_add(trend->steps,
                          trend->count,
                          trend->from_us,
                          trend->span->step_us,
                          begin + slot * 60 * CLOCK_SECOND_US,
                          hour->minutes[slot]);
            }
        }
    }
    return hours != NULL;
}

/* Days that are summed up, and those that are not yet from their hours. */
static bool add_days(Db *db, Trend *trend, int64_t now_us, GError **error) {
    int64_t today = sample_place(now_us).day;
    int64_t first = sample_place(trend->from_us).day;
    int64_t hours_from = trend->from_us;
    g_autoptr(GArray) days = sample_days(db, trend->point_id, trend->kind, first, today - 1, error);
    for (guint i = 0; days != NULL && i < days->len; i++) {
        const SampleDay *day = &g_array_index(days, SampleDay, i);
        trend->steps[day->day - first] = (TrendStep){.begin_us = sample_hour_us(day->day, 0),
                                                     .n = day->n,
                                                     .low = day->low,
                                                     .high = day->high,
                                                     .mean = day->mean};
        hours_from = sample_hour_us(day->day + 1, 0);
    }
    return days != NULL && add_hours(db, trend, hours_from, now_us, error);
}

/* The same numbers as a table. */
static json_t *rows_of(const Trend *trend) {
    json_t *rows = json_array();
    for (size_t i = trend->count; i > 0; i--) {
        const TrendStep *step = &trend->steps[i - 1];
        if (step->n == 0) {
            continue;
        }
        json_t *row = json_object();
        g_autofree char *low = analog_number(trend->kind, step->low);
        g_autofree char *high = analog_number(trend->kind, step->high);
        g_autofree char *mean = g_strdup_printf("%.*f",
                                                analog_type_get(trend->kind)->decimals + 1,
                                                step->mean * analog_least_unit(trend->kind));
        sensing_put_time(row, "when", step->begin_us, "");
        json_put_text(row, "low", low);
        json_put_text(row, "high", high);
        json_put_text(row, "mean", mean);
        json_array_append_new(rows, row);
    }
    return rows;
}

static void put_edges_of_picture(json_t *picture, const Trend *trend) {
    g_autofree char *top = analog_text(trend->kind, json_get_int(picture, "top", 0));
    g_autofree char *bottom = analog_text(trend->kind, json_get_int(picture, "bottom", 0));
    json_put_text(picture, "top_text", top);
    json_put_text(picture, "bottom_text", bottom);
    sensing_put_time(picture, "from_text", trend->from_us, "");
}

/* --- limits of a value --------------------------------------------------------------------------
 */

/* A page may show several kinds of value, so the field of one is called "low_5". Caller frees. */
static char *limit_field(const char *side, int64_t kind) {
    return g_strdup_printf("%s_%" G_GINT64_FORMAT, side, kind);
}

/* `req` NULL: the stored value; else what was sent. */
static void put_limit_field(json_t *model,
                            const char *side,
                            int64_t kind,
                            const char *stored,
                            const Request *req,
                            const FormProblems *bad) {
    g_autoptr(json_t) fields = json_object();
    g_autofree char *name = limit_field(side, kind);
    form_field(fields, name, req == NULL ? stored : request_form(req, name), bad);
    json_put(model, side, json_incref(json_object_get(fields, name)));
}

static void put_limit_fields(json_t *model,
                             int64_t kind,
                             const PointLimit *limit,
                             const Request *req,
                             const FormProblems *bad) {
    const LimitRule *rule = &limit->rule;
    g_autofree char *low = rule->has_low ? analog_number(kind, rule->low) : NULL;
    g_autofree char *high = rule->has_high ? analog_number(kind, rule->high) : NULL;
    g_autofree char *back =
        rule->has_low || rule->has_high ? analog_number(kind, rule->hysteresis) : NULL;
    put_limit_field(model, "low", kind, low, req, bad);
    put_limit_field(model, "high", kind, high, req, bad);
    put_limit_field(model, "hysteresis", kind, back, req, bad);
}

static void put_limit_text(json_t *model, int64_t kind, const PointLimit *limit, bool found) {
    g_autofree char *low = analog_text(kind, limit->rule.low);
    g_autofree char *high = analog_text(kind, limit->rule.high);
    g_autofree char *text = g_strdup_printf(
        "下限 %s，上限 %s", limit->rule.has_low ? low : "无", limit->rule.has_high ? high : "无");
    json_put_text(model, "limit_text", found ? text : NULL);
    json_put_text(model, "limit_source", limit->is_own ? "为这个点位设定" : limit->source_zh);
    json_put_bool(model, "has_limit", found);
    json_put_bool(model, "is_own", limit->is_own);
}

static bool is_outside(const PointLimit *limit, bool found, int64_t value) {
    return found && limit_judge(&limit->rule, LIMIT_INSIDE, value) != LIMIT_INSIDE;
}

/* What the page shows of one kind of value. */
static json_t *value_model(Ctx *ctx,
                           const Request *req,
                           const Point *point,
                           const SampleLatest *latest,
                           FormProblems *bad,
                           GError **error) {
    g_autoptr(json_t) model = json_object();
    PointLimit limit = {.analog_type = latest->kind};
    bool found;
    Trend trend = {.span = span_of(req), .point_id = point->id, .kind = latest->kind};
    trend_begin(&trend, ctx->now_us);
    if (!limit_find(
            ctx->db, point->id, point->component_type, latest->kind, &limit, &found, error) ||
        !(trend.span->is_days ? add_days(ctx->db, &trend, ctx->now_us, error)
                              : add_hours(ctx->db, &trend, trend.from_us, ctx->now_us, error))) {
        return NULL;
    }
    g_autofree char *text = analog_text(latest->kind, latest->value);
    json_t *picture = trend_draw(trend.steps, trend.count, found ? &limit.rule : NULL);
    put_edges_of_picture(picture, &trend);
    json_put_int(model, "kind", latest->kind);
    json_put_text(model, "name", analog_type_get(latest->kind)->name_zh);
    json_put_text(model, "unit", analog_type_get(latest->kind)->unit);
    json_put_bool(model, "has_latest", latest->time_us != 0);
    json_put_text(model, "latest", text);
    sensing_put_time(model, "when", latest->time_us, "");
    bool outside = latest->time_us != 0 && is_outside(&limit, found, latest->value);
    json_put_bool(model, "is_outside", outside);
    put_limit_text(model, latest->kind, &limit, found);
    put_limit_fields(model, latest->kind, &limit, bad == NULL ? NULL : req, bad);
    json_put(model, "picture", picture);
    json_put(model, "rows", rows_of(&trend));
    json_put_text(model, "span", trend.span->name_zh);
    json_put_text(model, "step", trend.span->step_zh);
    return g_steal_pointer(&model);
}

static bool add_value(Ctx *ctx,
                      const Request *req,
                      const Point *point,
                      const SampleLatest *latest,
                      FormProblems *bad,
                      json_t *list,
                      GError **error) {
    json_t *value = value_model(ctx, req, point, latest, bad, error);
    if (value != NULL) {
        json_array_append_new(list, value);
    }
    return value != NULL;
}

/* Kinds that came lately, and those that somebody set limits for though nothing came. */
static bool put_values(Ctx *ctx,
                       const Request *req,
                       const Point *point,
                       int64_t bad_kind,
                       FormProblems *bad,
                       json_t *model,
                       GError **error) {
    g_autoptr(GArray) latest = sample_latest(ctx->db, &point->id, 1, ctx->now_us, error);
    g_autoptr(GArray) limits = limits_of_device(ctx->db, point->device_id, error);
    json_t *values = json_array();
    json_put(model, "values", values);
    if (latest == NULL || limits == NULL) {
        return false;
    }
    for (guint i = 0; i < limits->len; i++) {
        const PointLimit *limit = &g_array_index(limits, PointLimit, i);
        bool is_known = limit->point_id != point->id;
        for (guint j = 0; j < latest->len; j++) {
            is_known |= g_array_index(latest, SampleLatest, j).kind == limit->analog_type;
        }
        SampleLatest none = {.series = point->id, .kind = limit->analog_type};
        if (!is_known) {
            g_array_append_val(latest, none);
        }
    }
    for (guint i = 0; i < latest->len; i++) {
        const SampleLatest *one = &g_array_index(latest, SampleLatest, i);
        if (!add_value(ctx, req, point, one, one->kind == bad_kind ? bad : NULL, values, error)) {
            return false;
        }
    }
    json_put_bool(model, "has_values", latest->len > 0);
    return true;
}

/* --- the page -----------------------------------------------------------------------------------
 */

static void put_facts(const Ctx *ctx, const Point *point, const Device *device, json_t *model) {
    bool is_system = point->component_type == COMPONENT_SYSTEM;
    g_autofree char *title = point_title(point);
    g_autofree char *system = system_type_text(point->system_type);
    g_autofree char *component =
        is_system ? g_strdup("整个系统") : component_type_text(point->component_type);
    g_autofree char *place = point_place(point);
    g_autofree char *state = point_state_text(is_system, point->state_bits);
    g_autofree char *device_name = device_title(device);
    bool is_bad = (point->state_bits & STATE_BITS_BAD) != 0;
    g_autofree char *lasts = is_bad ? sensing_duration(ctx->now_us - point->state_us) : NULL;
    json_put_int(model, "id", point->id);
    json_put_text(model, "title", title);
    json_put_text(model, "system", system);
    json_put_int(model, "system_address", point->system_address);
    json_put_text(model, "component", component);
    json_put_int(model, "address", point->address);
    json_put_text(model, "at", place);
    json_put_text(model, "state_text", state);
    json_put_text(model, "state_class", point_state_class(point->state_bits));
    json_put_text(model, "lasts", lasts);
    json_put_int(model, "device_id", device->id);
    json_put_text(model, "device", device_name);
    json_put_text(model, "silent", device->is_online ? NULL : "设备失去联系，这是最后听到的状态");
    json_put_bool(model, "may_edit", principal_may(ctx->who, PERM_SENSING_EDIT));
    sensing_put_bound(model, device);
}

static bool
put_edges(Ctx *ctx, const Point *point, const Request *req, json_t *model, GError **error) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(1024);
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(DeviceEdge));
    const char *word = request_query(req, "before");
    int64_t before = word == NULL ? 0 : MAX(g_ascii_strtoll(word, NULL, 10), 0);
    if (!device_edges(ctx->db, 0, point->id, before, EDGES_SHOWN + 1, texts, edges, error)) {
        return false;
    }
    guint shown = MIN(edges->len, EDGES_SHOWN);
    json_t *lines = json_array();
    for (guint i = 0; i < shown; i++) {
        json_array_append_new(lines, sensing_edge_model(&g_array_index(edges, DeviceEdge, i)));
    }
    g_autofree char *path = g_strdup_printf("/work/points/%" G_GINT64_FORMAT, point->id);
    g_autofree char *next = edges->len <= EDGES_SHOWN
                                ? NULL
                                : g_strdup_printf("before=%" G_GINT64_FORMAT,
                                                  g_array_index(edges, DeviceEdge, shown - 1).id);
    sensing_put_pager(model, path, "", before == 0, next, "每页 50 次，新的在前");
    json_put_bool(model, "has_edges", shown > 0);
    json_put(model, "edges", lines);
    return true;
}

static void put_spans(const Request *req, json_t *model) {
    json_t *links = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++) {
        json_t *link = json_object();
        json_put_text(link, "word", spans[i].word);
        json_put_text(link, "text", spans[i].name_zh);
        json_put_bool(link, "is_current", &spans[i] == span_of(req));
        json_array_append_new(links, link);
    }
    json_put(model, "spans", links);
}

/* `bad` (may be NULL): mistakes in the form of the point (bad_kind 0) or of one kind of value. */
static json_t *point_model(Ctx *ctx,
                           const Request *req,
                           const Point *point,
                           const Device *device,
                           const PointInput *input,
                           int64_t bad_kind,
                           FormProblems *bad,
                           GError **error) {
    g_autoptr(json_t) model = json_object();
    const FormProblems *own = bad_kind == 0 ? bad : NULL;
    put_facts(ctx, point, device, model);
    put_spans(req, model);
    form_field(model, "name", input->name, own);
    form_field(model, "floor", input->floor, own);
    form_field(model, "room", input->room, own);
    json_put(model, "problems", json_null());
    return put_values(ctx, req, point, bad_kind, bad, model, error) &&
                   put_edges(ctx, point, req, model, error)
               ? g_steal_pointer(&model)
               : NULL;
}

static PointInput input_of(const Point *point) {
    return (PointInput){point->name, point->floor, point->room};
}

Response *point_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Point) point = {0};
    g_auto(Device) device = {0};
    Response *refused;
    if (!sensing_find_point(ctx, req, &point, &device, &refused)) {
        return refused;
    }
    PointInput input = input_of(&point);
    json_t *model = point_model(ctx, req, &point, &device, &input, 0, NULL, &error);
    return model == NULL ? response_problem(error, NULL) : response_page("sensing/point", model);
}

static Response *again(Ctx *ctx,
                       const Request *req,
                       const Point *point,
                       const Device *device,
                       const PointInput *input,
                       int64_t bad_kind,
                       FormProblems *bad) {
    g_autoptr(GError) error = NULL;
    json_t *model = point_model(ctx, req, point, device, input, bad_kind, bad, &error);
    if (model == NULL) {
        json_decref(bad);
        return response_problem(error, NULL);
    }
    return response_form_again("sensing/point", model, bad);
}

static Response *done(const Point *point, const char *text) {
    g_autofree char *path = g_strdup_printf("/work/points/%" G_GINT64_FORMAT, point->id);
    return response_redirect_flash(path, "%s", text);
}

Response *point_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(128);
    g_auto(Point) point = {0};
    g_auto(Device) device = {0};
    Response *refused;
    if (!sensing_find_point(ctx, req, &point, &device, &refused)) {
        return refused;
    }
    PointInput input = {sensing_form(req, texts, "name"),
                        sensing_form(req, texts, "floor"),
                        sensing_form(req, texts, "room")};
    DeviceActor by = sensing_actor(ctx, texts);
    FormProblems *problems = form_problems_new();
    point_input_check(&input, problems);
    if (form_has_problems(problems)) {
        return again(ctx, req, &point, &device, &input, 0, problems);
    }
    json_decref(problems);
    return point_change(ctx->db, point.id, &input, &by, &error) ? done(&point, "已保存")
                                                                : response_problem(error, NULL);
}

/* --- setting limits -----------------------------------------------------------------------------
 */

typedef struct LimitForm {
    const Request *req;
    GStringChunk *texts;
    int64_t kind;
    FormProblems *problems;
} LimitForm;

static void add_problem(const LimitForm *form, const char *side, const char *text) {
    g_autofree char *name = limit_field(side, form->kind);
    form_problem_add(form->problems, name, "%s", text);
}

static bool read_side(const LimitForm *form, const char *side, int64_t *ret_value) {
    g_autofree char *name = limit_field(side, form->kind);
    const char *text = sensing_form(form->req, form->texts, name);
    if (text[0] == '\0') {
        return false;
    }
    if (!analog_parse(form->kind, text, ret_value)) {
        int decimals = analog_type_get(form->kind)->decimals;
        g_autofree char *problem = g_strdup_printf(
            "写一个数，最多 %d 位小数，例如 %s", decimals, decimals == 0 ? "12" : "12.5");
        add_problem(form, side, problem);
    }
    return true;
}

static void read_rule(const LimitForm *form, LimitRule *rule) {
    *rule = (LimitRule){.hysteresis = 0};
    rule->has_low = read_side(form, "low", &rule->low);
    rule->has_high = read_side(form, "high", &rule->high);
    read_side(form, "hysteresis", &rule->hysteresis);
    if (form_has_problems(form->problems)) {
        return;
    }
    if (!rule->has_low && !rule->has_high) {
        add_problem(form, "low", "下限和上限至少写一个");
    } else if (rule->hysteresis < 0) {
        add_problem(form, "hysteresis", "回差不能是负数");
    } else if (!limit_rule_is_sound(rule)) {
        add_problem(form, "high", "上限要比下限高出两倍回差以上，否则数值永远回不到正常");
    }
}

Response *point_limit_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(128);
    g_auto(Point) point = {0};
    g_auto(Device) device = {0};
    Response *refused;
    int64_t kind;
    if (!sensing_find_point(ctx, req, &point, &device, &refused)) {
        return refused;
    }
    if (!request_arg_id(req, "kind", &kind) || kind > 255) {
        return response_not_found();
    }
    DeviceActor by = sensing_actor(ctx, texts);
    if (g_strcmp0(request_form(req, "do"), "default") == 0) {
        return point_set_limit(ctx->db, point.id, kind, NULL, &by, &error)
                   ? done(&point, "已改用默认的上下限")
                   : response_problem(error, NULL);
    }
    LimitRule rule;
    FormProblems *problems = form_problems_new();
    PointInput input = input_of(&point);
    LimitForm form = {req, texts, kind, problems};
    read_rule(&form, &rule);
    if (form_has_problems(problems)) {
        return again(ctx, req, &point, &device, &input, kind, problems);
    }
    json_decref(problems);
    return point_set_limit(ctx->db, point.id, kind, &rule, &by, &error)
               ? done(&point, "已保存上下限。下一个数值起按它判断")
               : response_problem(error, NULL);
}
