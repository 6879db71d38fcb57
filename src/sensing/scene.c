/* The stream of things that happen to synthetic devices. */
#include "sensing/scene_internal.h"

#include "base/clock.h"
#include "frame/gb26875_words.h"

#include <string.h>

enum { STREAM_KIND = 8, STREAM_POINT, STREAM_VALUE, STREAM_FAULT, STREAM_AGAIN };

/* Of 1,000 background frames. */
#define ALIVE_PARTS 550
#define SYSTEM_PARTS 200
#define VALUE_PARTS 170 /* the rest: state of a component */
#define FAULT_ONE_IN 20000

/* --- what is to come ---------------------------------------------------------------------------
 */

static bool is_before(const Change *a, const Change *b) {
    return a->at_us != b->at_us ? a->at_us < b->at_us : a->number < b->number;
}

static Change *change_at(const Scene *scene, guint i) {
    return &g_array_index(scene->changes, Change, i);
}

static void swap(const Scene *scene, guint a, guint b) {
    Change kept = *change_at(scene, a);
    *change_at(scene, a) = *change_at(scene, b);
    *change_at(scene, b) = kept;
}

void scene_add(Scene *scene, Change change) {
    change.number = scene->added++;
    g_array_append_val(scene->changes, change);
    guint i = scene->changes->len - 1;
    while (i > 0 && is_before(change_at(scene, i), change_at(scene, (i - 1) / 2))) {
        swap(scene, i, (i - 1) / 2);
        i = (i - 1) / 2;
    }
}

static Change take_first(Scene *scene) {
    Change first = *change_at(scene, 0);
    guint last = scene->changes->len - 1;
    swap(scene, 0, last);
    g_array_set_size(scene->changes, last);
    guint i = 0;
    while (true) {
        guint least = i;
        for (guint child = 2 * i + 1; child <= 2 * i + 2 && child < last; child++) {
            least = is_before(change_at(scene, child), change_at(scene, least)) ? child : least;
        }
        if (least == i) {
            return first;
        }
        swap(scene, i, least);
        i = least;
    }
}

/* --- frames ------------------------------------------------------------------------------------
 */

static SceneDevice *device_at(const Scene *scene, unsigned device) {
    return &g_array_index(scene->roster, SceneDevice, device);
}

static ScenePoint *point_at(const SceneDevice *device, unsigned point) {
    return &g_array_index(device->points, ScenePoint, point);
}

int64_t scene_clock_us(const Scene *scene, unsigned device, int64_t now_us) {
    const SceneDevice *one = device_at(scene, device);
    return one->has_no_clock ? 0 : scene->begin_us + now_us + one->clock_us;
}

static void put_time(const Scene *scene, unsigned device, int64_t now_us, uint8_t time[6]) {
    int64_t clock_us = scene_clock_us(scene, device, now_us);
    if (clock_us == 0) {
        memset(time, 0, 6);
    } else {
        gb26875_time_put(gb26875_profile(NULL), clock_us, time);
    }
}

/* "3层 点型…" in GB 18030, without iconv for each frame. */
static FrameSlice describe(Scene *scene, const ScenePoint *point) {
    static const uint8_t floor_zh[] = {0xb2, 0xe3, ' '}; /* 层 */
    GByteArray *word = scene->words[point->component_type];
    if (word == NULL) {
        uint8_t bytes[GB26875_TEXT_SIZE];
        size_t size = gb26875_text_put(
            gb26875_component_zh(point->component_type), bytes, GB26875_TEXT_SIZE - 6);
        word = g_byte_array_append(g_byte_array_new(), bytes, (guint)size);
        scene->words[point->component_type] = word;
    }
    int digits = g_snprintf((char *)scene->text, 4, "%u", point->floor);
    size_t size = (size_t)digits;
    memcpy(scene->text + size, floor_zh, sizeof floor_zh);
    size += sizeof floor_zh;
    memcpy(scene->text + size, word->data, word->len);
    return (FrameSlice){scene->text, size + word->len};
}

static void begin_frame(const Scene *scene, SceneEvent *event, uint8_t type, uint32_t has) {
    event->act = SCENE_SEND;
    event->type = type;
    event->object = (Gb26875Object){.type = type, .has = has | GB26875_HAS_TIME};
    put_time(scene, event->device, event->at_us, event->object.time);
}

static void tell_device(const Scene *scene, SceneEvent *event) {
    begin_frame(scene, event, GB26875_DEVICE_STATE, GB26875_HAS_STATE);
    event->object.state = device_at(scene, event->device)->bits | GB26875_BIT_NORMAL;
}

uint16_t scene_system_bits(const SceneDevice *device) {
    uint16_t bits = 0;
    for (guint i = 0; i < device->points->len; i++) {
        const ScenePoint *point = point_at(device, i);
        if (point->system_type == point_at(device, 0)->system_type || point->system_type == 1) {
            bits |= point->bits & 0xfeu; /* fire … delay mean the same for both */
        }
    }
    return bits;
}

/* The fire alarm system of the building, which its panel speaks for. */
static void tell_system(const Scene *scene, SceneEvent *event, uint16_t also) {
    begin_frame(scene, event, GB26875_SYSTEM_STATE, GB26875_HAS_SYSTEM | GB26875_HAS_STATE);
    event->object.system_type = 1;
    event->object.system_address = 1;
    event->object.state =
        scene_system_bits(device_at(scene, event->device)) | also | GB26875_BIT_NORMAL;
}

static void name_point(const ScenePoint *point, Gb26875Object *object) {
    object->system_type = point->system_type;
    object->system_address = point->system_address;
    object->component_type = point->component_type;
    object->address = point->address;
}

static void tell_point(Scene *scene, SceneEvent *event, unsigned at) {
    const ScenePoint *point = point_at(device_at(scene, event->device), at);
    begin_frame(scene,
                event,
                GB26875_COMPONENT_STATE,
                GB26875_HAS_SYSTEM | GB26875_HAS_COMPONENT | GB26875_HAS_ADDRESS |
                    GB26875_HAS_STATE | GB26875_HAS_TEXT);
    name_point(point, &event->object);
    event->object.state = point->bits | GB26875_BIT_NORMAL;
    event->object.text = describe(scene, point);
}

static void tell_value(const Scene *scene, SceneEvent *event, unsigned at, int16_t value) {
    const ScenePoint *point = point_at(device_at(scene, event->device), at);
    begin_frame(scene,
                event,
                GB26875_ANALOG,
                GB26875_HAS_SYSTEM | GB26875_HAS_COMPONENT | GB26875_HAS_ADDRESS |
                    GB26875_HAS_ANALOG);
    name_point(point, &event->object);
    event->object.analog_type = point->analog_type != 0 ? point->analog_type : 1;
    event->object.value = value;
}

/* An ordinary value of a kind, in least units, with a little noise. */
static int16_t usual_value(uint8_t analog_type, uint64_t noise) {
    switch (analog_type) {
    case 2: /* 0.01 m */
        return (int16_t)(320 + noise % 40);
    case 3: /* 0.1 ℃ */
        return (int16_t)(280 + noise % 90);
    case 5: /* 0.1 kPa */
        return (int16_t)(4200 + noise % 300);
    case 9: /* 0.1 A */
        return (int16_t)(noise % 2);
    default:
        return (int16_t)(noise % 100);
    }
}

/* --- background --------------------------------------------------------------------------------
 */

/* A fault now, over after one to ten minutes. */
static void add_fault(Scene *scene, unsigned device, unsigned point, int64_t now_us) {
    int64_t lasts_s = 60 + (int64_t)scene_dice(scene->seed, STREAM_AGAIN, scene->played, 540);
    Change change = {.at_us = now_us,
                     .kind = CHANGE_POINT,
                     .device = device,
                     .point = point,
                     .set = GB26875_BIT_FAULT};
    scene_add(scene, change);
    change.at_us += lasts_s * CLOCK_SECOND_US;
    change.set = 0;
    change.clear = GB26875_BIT_FAULT;
    scene_add(scene, change);
}

void scene_background(Scene *scene, unsigned device, int64_t now_us, SceneEvent *ret_event) {
    uint64_t number = scene->played++;
    const SceneDevice *one = device_at(scene, device);
    uint64_t part = scene_dice(scene->seed, STREAM_KIND, number, 1000);
    unsigned at = one->points->len == 0
                      ? 0
                      : (unsigned)scene_dice(scene->seed, STREAM_POINT, number, one->points->len);
    *ret_event = (SceneEvent){.at_us = now_us, .device = device, .is_background = true};
    if (part < ALIVE_PARTS || one->points->len == 0) {
        tell_device(scene, ret_event);
        return;
    }
    if (scene_dice(scene->seed, STREAM_FAULT, number, FAULT_ONE_IN) == 0) {
        add_fault(scene, device, at, now_us);
    }
    if (part < ALIVE_PARTS + SYSTEM_PARTS) {
        tell_system(scene, ret_event, 0);
        return;
    }
    if (part < ALIVE_PARTS + SYSTEM_PARTS + VALUE_PARTS) {
        /* Points that measure stand first. */
        for (unsigned i = 0; i < one->points->len && point_at(one, at)->analog_type == 0; i++) {
            at = (at + 1) % one->points->len;
        }
        if (point_at(one, at)->analog_type != 0) {
            uint64_t noise = scene_dice(scene->seed, STREAM_VALUE, number, 1000);
            tell_value(scene, ret_event, at, usual_value(point_at(one, at)->analog_type, noise));
            return;
        }
    }
    tell_point(scene, ret_event, at);
}

/* --- playing -----------------------------------------------------------------------------------
 */

static void play(Scene *scene, const Change *change, SceneEvent *event) {
    SceneDevice *device = device_at(scene, change->device);
    *event = (SceneEvent){.at_us = change->at_us, .device = change->device};
    switch (change->kind) {
    case CHANGE_POINT: {
        ScenePoint *point = point_at(device, change->point);
        point->bits = (uint16_t)((point->bits & ~change->clear) | change->set);
        tell_point(scene, event, change->point);
        break;
    }
    case CHANGE_SYSTEM:
        tell_system(scene, event, change->set);
        break;
    case CHANGE_DEVICE:
        device->bits = (uint8_t)((device->bits & ~change->clear) | change->set);
        tell_device(scene, event);
        break;
    case CHANGE_VALUE:
        tell_value(scene, event, change->point, change->value);
        break;
    case CHANGE_CONNECTION:
        device->is_silent = change->act != SCENE_BACK;
        event->act = change->act;
        break;
    }
}

static int64_t background_due_us(const Scene *scene) {
    return scene->rate > 0 ? (int64_t)((double)scene->played * 1e6 / scene->rate) : INT64_MAX;
}

int64_t scene_due_us(const Scene *scene) {
    int64_t background_us = background_due_us(scene);
    return scene->changes->len > 0 ? MIN(background_us, change_at(scene, 0)->at_us) : background_us;
}

bool scene_next(Scene *scene, int64_t now_us, SceneEvent *ret_event) {
    while (true) {
        int64_t background_us = background_due_us(scene);
        if (scene->changes->len > 0 && change_at(scene, 0)->at_us <= MIN(background_us, now_us)) {
            Change change = take_first(scene);
            play(scene, &change, ret_event);
            return true;
        }
        if (background_us > now_us) {
            return false;
        }
        unsigned device =
            (unsigned)((scene->played * (uint64_t)scene->stride) % scene->roster->len);
        if (!device_at(scene, device)->is_silent) {
            scene_background(scene, device, background_us, ret_event);
            return true;
        }
        scene->played++;
    }
}

/* --- beginning ---------------------------------------------------------------------------------
 */

static unsigned common_divisor(unsigned a, unsigned b) {
    return b == 0 ? a : common_divisor(b, a % b);
}

Scene *scene_new(const SceneOptions *options) {
    Scene *scene = g_new0(Scene, 1);
    scene->roster = options->roster;
    scene->changes = g_array_new(FALSE, TRUE, sizeof(Change));
    scene->seed = options->seed;
    scene->kinds = options->kinds;
    scene->rate = options->rate;
    scene->duration_us = MIN(options->duration_us, 600 * CLOCK_SECOND_US);
    scene->begin_us = options->begin_us;
    /* Neighbours in time are no neighbours in the city, and each device has its turn. */
    scene->stride = MAX(scene->roster->len * 5 / 8, 1);
    while (common_divisor(scene->stride, scene->roster->len) != 1) {
        scene->stride++;
    }
    scene_plan(scene);
    return scene;
}

void scene_free(Scene *scene) {
    if (scene == NULL) {
        return;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(scene->words); i++) {
        if (scene->words[i] != NULL) {
            g_byte_array_unref(scene->words[i]);
        }
    }
    g_array_unref(scene->roster);
    g_array_unref(scene->changes);
    g_free(scene);
}

const GArray *scene_devices(const Scene *scene) {
    return scene->roster;
}
