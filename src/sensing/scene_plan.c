/* What the kinds of scenes bring, and scripts. */
#include "sensing/scene_internal.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>

enum { STREAM_WHO = 24, STREAM_WHEN, STREAM_CLOCK, STREAM_BATTERY };

static const struct {
    const char *word;
    unsigned kind;
} kind_words[] = {
    {"normal", SCENE_NORMAL},
    {"fire", SCENE_FIRE},
    {"power-cut", SCENE_POWER_CUT},
    {"fault-storm", SCENE_FAULT_STORM},
    {"flapping", SCENE_FLAPPING},
    {"wrong-clocks", SCENE_WRONG_CLOCKS},
    {"half-open", SCENE_HALF_OPEN},
};

bool scene_kind_parse(const char *word, unsigned *kinds) {
    for (size_t i = 0; i < G_N_ELEMENTS(kind_words); i++) {
        if (strcmp(kind_words[i].word, word) == 0) {
            *kinds |= kind_words[i].kind;
            return true;
        }
    }
    return false;
}

/* --- helpers ------------------------------------------------------------------------------------
 */

static SceneDevice *device_at(const Scene *scene, unsigned device) {
    return &g_array_index(scene->roster, SceneDevice, device);
}

/* This part of a thousand of the scene's time. */
static int64_t at(const Scene *scene, unsigned thousandths) {
    return scene->duration_us * thousandths / 1000;
}

static unsigned one_device(const Scene *scene, unsigned which) {
    return (unsigned)scene_dice(scene->seed, STREAM_WHO, which, scene->roster->len);
}

static void add_point(
    Scene *scene, unsigned device, unsigned point, int64_t at_us, uint16_t set, uint16_t clear) {
    scene_add(scene,
              (Change){.at_us = at_us,
                       .kind = CHANGE_POINT,
                       .device = device,
                       .point = point,
                       .set = set,
                       .clear = clear});
}

static void add_device(Scene *scene, unsigned device, int64_t at_us, uint16_t set, uint16_t clear) {
    scene_add(
        scene,
        (Change){
            .at_us = at_us, .kind = CHANGE_DEVICE, .device = device, .set = set, .clear = clear});
}

static void add_act(Scene *scene, unsigned device, int64_t at_us, SceneAct act) {
    scene_add(scene,
              (Change){.at_us = at_us, .kind = CHANGE_CONNECTION, .device = device, .act = act});
}

/* --- the kinds ----------------------------------------------------------------------------------
 */

/* Detectors alarm floor by floor, upwards from where it began; pump, flow and fan follow. */
static void plan_fire(Scene *scene) {
    unsigned device = one_device(scene, 0);
    const GArray *points = device_at(scene, device)->points;
    unsigned from = points->len * 2 / 5, last = MIN(points->len, from + points->len / 3 + 1);
    for (unsigned i = from; i < last; i++) {
        const ScenePoint *point = &g_array_index(points, ScenePoint, i);
        int64_t at_us = at(scene, 50 + (i - from) * 700 / (last - from));
        uint16_t bits = point->system_type == 1 ? GB26875_BIT_FIRE : GB26875_BIT_FEEDBACK;
        add_point(scene, device, i, at_us, bits, 0);
        add_point(scene, device, i, at(scene, 950), 0, bits);
        if (i == from) {
            scene_add(scene, (Change){.at_us = at_us + 1, .kind = CHANGE_SYSTEM, .device = device});
        }
    }
    for (unsigned i = 0; i < points->len; i++) {
        const ScenePoint *point = &g_array_index(points, ScenePoint, i);
        if (point->component_type == 91 || point->component_type == 111) {
            const uint16_t running = GB26875_BIT_START | GB26875_BIT_FEEDBACK;
            add_point(scene, device, i, at(scene, 150), running, 0);
            add_point(scene, device, i, at(scene, 960), 0, running);
        }
    }
    scene_add(scene,
              (Change){.at_us = at(scene, 970),
                       .kind = CHANGE_SYSTEM,
                       .device = device,
                       .set = GB26875_BIT_RESET});
}

static void plan_power_cut(Scene *scene) {
    int64_t district = device_at(scene, one_device(scene, 1))->district;
    for (unsigned i = 0; i < scene->roster->len; i++) {
        if (device_at(scene, i)->district != district) {
            continue;
        }
        int64_t late_us = (int64_t)scene_dice(scene->seed, STREAM_WHEN, i, 2000000);
        bool is_lost = scene_dice(scene->seed, STREAM_BATTERY, i, 3) == 0;
        add_device(scene, i, at(scene, 200) + late_us, GB26875_BIT_DEVICE_POWER, 0);
        if (is_lost) {
            add_device(scene, i, at(scene, 400) + late_us, GB26875_BIT_DEVICE_BACKUP_POWER, 0);
            add_act(scene, i, at(scene, 500) + late_us, SCENE_CUT);
            add_act(scene, i, at(scene, 700) + late_us, SCENE_BACK);
        }
        const uint16_t both = GB26875_BIT_DEVICE_POWER | GB26875_BIT_DEVICE_BACKUP_POWER;
        add_device(scene, i, at(scene, 720) + late_us, 0, both);
    }
}

static void plan_fault_storm(Scene *scene) {
    unsigned panels = MAX(scene->roster->len / 100, 1);
    for (unsigned n = 0; n < panels; n++) {
        unsigned device = one_device(scene, 100 + n);
        unsigned points = device_at(scene, device)->points->len;
        for (unsigned i = 0; i < points; i++) {
            add_point(scene, device, i, at(scene, 200 + i * 300 / points), GB26875_BIT_FAULT, 0);
            add_point(scene, device, i, at(scene, 600 + i * 300 / points), 0, GB26875_BIT_FAULT);
        }
    }
}

static void plan_flapping(Scene *scene) {
    unsigned detectors = MAX(scene->roster->len / 50, 1);
    for (unsigned n = 0; n < detectors; n++) {
        unsigned device = one_device(scene, 5000 + n);
        unsigned points = device_at(scene, device)->points->len;
        for (unsigned turn = 0; points > 0 && turn < 100; turn++) {
            bool is_on = turn % 2 == 0;
            add_point(scene,
                      device,
                      points - 1,
                      at(scene, 5 + turn * 9),
                      is_on ? GB26875_BIT_FIRE : 0,
                      is_on ? 0 : GB26875_BIT_FIRE);
        }
    }
}

static void plan_clocks(Scene *scene) {
    static const int64_t days[] = {0, -3 * 365, -365, -2, 1, 365, 8 * 365}; /* 0: none at all */
    for (unsigned i = 0; i < scene->roster->len; i++) {
        SceneDevice *device = device_at(scene, i);
        uint64_t which = scene_dice(scene->seed, STREAM_CLOCK, i, 10 * G_N_ELEMENTS(days));
        bool is_only = scene->roster->len < 10; /* a few devices: all of them are wrong */
        if (which % 10 == 0 || is_only) {
            device->clock_us = days[which / 10] * CLOCK_DAY_US;
            device->has_no_clock = days[which / 10] == 0;
        }
    }
}

static void plan_half_open(Scene *scene) {
    unsigned count = MAX(scene->roster->len / 50, 1);
    for (unsigned n = 0; n < count; n++) {
        add_act(scene, one_device(scene, 9000 + n), at(scene, 200), SCENE_SILENT);
    }
}

void scene_plan(Scene *scene) {
    static const struct {
        SceneKind kind;
        void (*plan)(Scene *scene);
    } plans[] = {{SCENE_FIRE, plan_fire},
                 {SCENE_POWER_CUT, plan_power_cut},
                 {SCENE_FAULT_STORM, plan_fault_storm},
                 {SCENE_FLAPPING, plan_flapping},
                 {SCENE_WRONG_CLOCKS, plan_clocks},
                 {SCENE_HALF_OPEN, plan_half_open}};
    for (size_t i = 0; i < G_N_ELEMENTS(plans); i++) {
        if ((scene->kinds & plans[i].kind) != 0) {
            plans[i].plan(scene);
        }
    }
}

/* --- scripts ------------------------------------------------------------------------------------
 */

typedef struct BitWord {
    const char *word;
    uint16_t point, system, device; /* 0: it has no such state */
} BitWord;

static const BitWord bit_words[] = {
    {"fire", GB26875_BIT_FIRE, GB26875_BIT_FIRE, GB26875_BIT_FIRE},
    {"fault", GB26875_BIT_FAULT, GB26875_BIT_FAULT, GB26875_BIT_FAULT},
    {"shield", GB26875_BIT_SHIELD, GB26875_BIT_SHIELD, 0},
    {"supervise", GB26875_BIT_SUPERVISE, GB26875_BIT_SUPERVISE, 0},
    {"start", GB26875_BIT_START, GB26875_BIT_START, 0},
    {"feedback", GB26875_BIT_FEEDBACK, GB26875_BIT_FEEDBACK, 0},
    {"delay", GB26875_BIT_DELAY, GB26875_BIT_DELAY, 0},
    {"power", GB26875_BIT_POWER, 0, 0},
    {"main-power", 0, GB26875_BIT_POWER, GB26875_BIT_DEVICE_POWER},
    {"backup-power", 0, GB26875_BIT_BACKUP_POWER, GB26875_BIT_DEVICE_BACKUP_POWER},
    {"bus", 0, GB26875_BIT_BUS, 0},
    {"manual", 0, GB26875_BIT_MANUAL, 0},
    {"reset", 0, GB26875_BIT_RESET, 0},
    {"channel", 0, 0, GB26875_BIT_DEVICE_CHANNEL},
    {"line", 0, 0, GB26875_BIT_DEVICE_LINE},
};

/* The words of one line. */
typedef struct Line {
    const char *where, *word, *how;
} Line;

static bool read_bits(const Line *line, Change *change) {
    bool is_off = g_strcmp0(line->how, "off") == 0;
    for (size_t i = 0; i < G_N_ELEMENTS(bit_words); i++) {
        const BitWord *one = &bit_words[i];
        if (strcmp(one->word, line->word) != 0) {
            continue;
        }
        uint16_t bits = change->kind == CHANGE_POINT    ? one->point
                        : change->kind == CHANGE_SYSTEM ? one->system
                                                        : one->device;
        change->set = is_off ? 0 : bits;
        change->clear = is_off ? bits : 0;
        return bits != 0 && (is_off || line->how == NULL || strcmp(line->how, "on") == 0);
    }
    return false;
}

static bool read_change(const Line *line, Change *change) {
    static const struct {
        const char *word;
        SceneAct act;
    } acts[] = {{"cut", SCENE_CUT}, {"back", SCENE_BACK}, {"silent", SCENE_SILENT}};
    for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
        if (strcmp(acts[i].word, line->word) == 0) {
            change->kind = CHANGE_CONNECTION;
            change->act = acts[i].act;
            return strcmp(line->where, "-") == 0 && line->how == NULL;
        }
    }
    if (strcmp(line->word, "value") == 0) {
        gint64 value = 0;
        bool is_value = change->kind == CHANGE_POINT && line->how != NULL &&
                        g_ascii_string_to_signed(line->how, 10, INT16_MIN, INT16_MAX, &value, NULL);
        change->kind = CHANGE_VALUE;
        change->value = (int16_t)value;
        return is_value;
    }
    return read_bits(line, change);
}

static bool read_line(Scene *scene, char **words, guint count, Change *ret) {
    guint64 device = 0, point = 0;
    char *end = NULL;
    if (count < 4 || count > 5) {
        return false;
    }
    double seconds = g_ascii_strtod(words[0], &end);
    if (end == words[0] || *end != '\0' || !(seconds >= 0 && seconds <= 1e7) ||
        !g_ascii_string_to_unsigned(words[1], 10, 1, scene->roster->len, &device, NULL)) {
        return false;
    }
    *ret = (Change){.at_us = (int64_t)(seconds * 1e6), .device = (unsigned)device - 1};
    Line line = {words[2], words[3], count > 4 ? words[4] : NULL};
    if (strcmp(line.where, "-") == 0) {
        ret->kind = CHANGE_DEVICE;
    } else if (strcmp(line.where, "system") == 0) {
        ret->kind = CHANGE_SYSTEM;
    } else {
        const GArray *points = device_at(scene, ret->device)->points;
        if (points->len == 0 ||
            !g_ascii_string_to_unsigned(line.where, 10, 1, points->len, &point, NULL)) {
            return false;
        }
        ret->kind = CHANGE_POINT;
        ret->point = (unsigned)point - 1;
    }
    return read_change(&line, ret);
}

bool scene_script(Scene *scene, const char *text, GError **error) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (guint number = 0; lines[number] != NULL; number++) {
        char *comment = strchr(lines[number], '#');
        if (comment != NULL) {
            *comment = '\0';
        }
        g_auto(GStrv) parts = g_strsplit_set(lines[number], " \t\r", -1);
        char *words[6] = {NULL};
        guint count = 0;
        for (guint i = 0; parts[i] != NULL; i++) {
            if (*parts[i] != '\0' && count < G_N_ELEMENTS(words)) {
                words[count++] = parts[i];
            }
        }
        Change change;
        if (count > 0 && !read_line(scene, words, count, &change)) {
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "line %u is not \"SECONDS DEVICE POINT WORD [on|off|NUMBER]\" of this "
                           "scene's devices",
                           number + 1);
        }
        if (count > 0) {
            scene_add(scene, change);
        }
    }
    return true;
}
