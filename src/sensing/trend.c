#include "sensing/trend.h"

#include <math.h>

void trend_add(TrendStep *steps,
               size_t count,
               int64_t from_us,
               int64_t step_us,
               int64_t time_us,
               int64_t value) {
    if (time_us < from_us || (time_us - from_us) / step_us >= (int64_t)count) {
        return;
    }
    TrendStep *step = &steps[(time_us - from_us) / step_us];
    step->low = step->n == 0 ? value : MIN(step->low, value);
    step->high = step->n == 0 ? value : MAX(step->high, value);
    step->mean += ((double)value - step->mean) / (double)(step->n + 1);
    step->n++;
}

/* The values at the upper and lower edge: what was measured and the limits, with some room. */
static bool span(const TrendStep *steps,
                 size_t count,
                 const LimitRule *rule,
                 double *ret_bottom,
                 double *ret_top) {
    double bottom = INFINITY;
    double top = -INFINITY;
    for (size_t i = 0; i < count; i++) {
        if (steps[i].n > 0) {
            bottom = fmin(bottom, (double)steps[i].low);
            top = fmax(top, (double)steps[i].high);
        }
    }
    if (!isfinite(bottom)) {
        return false;
    }
    if (rule != NULL && rule->has_low) {
        bottom = fmin(bottom, (double)rule->low);
        top = fmax(top, (double)rule->low);
    }
    if (rule != NULL && rule->has_high) {
        bottom = fmin(bottom, (double)rule->high);
        top = fmax(top, (double)rule->high);
    }
    double room = fmax((top - bottom) * 0.08, 1);
    *ret_bottom = bottom >= 0 ? fmax(bottom - room, 0) : bottom - room; /* no pressure below 0 */
    *ret_top = top + room;
    return true;
}

typedef struct Scale {
    double bottom, top;
    size_t count;
} Scale;

static double y_of(const Scale *scale, double value) {
    return TREND_HEIGHT * (scale->top - value) / (scale->top - scale->bottom);
}

static double x_of(const Scale *scale, double step) {
    return TREND_WIDTH * step / (double)scale->count;
}

static void put_y(json_t *model, const char *key, bool is_there, const Scale *scale, double value) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd(text, sizeof text, "%.1f", is_there ? y_of(scale, value) : 0);
    json_put_text(model, key, is_there ? text : NULL);
}

static void add_point(GString *line, double x, double y) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    g_string_append(line, line->len == 0 ? "" : " ");
    g_string_append(line, g_ascii_formatd(text, sizeof text, "%.1f", x));
    g_string_append_c(line, ',');
    g_string_append(line, g_ascii_formatd(text, sizeof text, "%.1f", y));
}

static void add_band(json_t *bands, const Scale *scale, size_t at, const TrendStep *step) {
    double top = y_of(scale, (double)step->high);
    double height = fmax(y_of(scale, (double)step->low) - top, 1);
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"x", x_of(scale, (double)at)}, {"y", top}, {"width", x_of(scale, 1)}, {"height", height}};
    json_t *band = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        char text[G_ASCII_DTOSTR_BUF_SIZE];
        g_ascii_formatd(text, sizeof text, "%.1f", numbers[i].value);
        json_put_text(band, numbers[i].key, text);
    }
    json_array_append_new(bands, band);
}

static void end_line(json_t *lines, GString *line) {
    if (line->len > 0) {
        json_array_append_new(lines, json_string(line->str));
        g_string_truncate(line, 0);
    }
}

/* A line of one point is not seen: it becomes one as wide as the step. */
static bool is_alone(const TrendStep *steps, size_t count, size_t at) {
    return (at == 0 || steps[at - 1].n == 0) && (at + 1 == count || steps[at + 1].n == 0);
}

json_t *trend_draw(const TrendStep *steps, size_t count, const LimitRule *rule) {
    json_t *model = json_object();
    json_t *lines = json_array();
    json_t *bands = json_array();
    g_autoptr(GString) line = g_string_new(NULL);
    Scale scale = {.count = count};
    bool has_data = span(steps, count, rule, &scale.bottom, &scale.top);
    for (size_t i = 0; has_data && i < count; i++) {
        if (steps[i].n == 0) {
            end_line(lines, line);
            continue;
        }
        add_band(bands, &scale, i, &steps[i]);
        double y = y_of(&scale, steps[i].mean);
        if (is_alone(steps, count, i)) {
            add_point(line, x_of(&scale, (double)i), y);
            add_point(line, x_of(&scale, (double)i + 1), y);
        } else {
            add_point(line, x_of(&scale, (double)i + 0.5), y);
        }
    }
    end_line(lines, line);
    json_put_bool(model, "has_data", has_data);
    json_put(model, "lines", lines);
    json_put(model, "bands", bands);
    json_put_int(model, "top", has_data ? (int64_t)round(scale.top) : 0);
    json_put_int(model, "bottom", has_data ? (int64_t)round(scale.bottom) : 0);
    bool limits = has_data && rule != NULL;
    put_y(model, "low_y", limits && rule->has_low, &scale, limits ? (double)rule->low : 0);
    put_y(model, "high_y", limits && rule->has_high, &scale, limits ? (double)rule->high : 0);
    return model;
}
