/* Devices and points as ingest remembers them. */
#include "sensing/ingest_internal.h"

void ingest_point_free(IngestPoint *point) {
    g_free(point->sides);
    g_free(point->label);
    g_free(point->text);
    g_free(point);
}

static void device_free(gpointer data) {
    IngestDevice *device = data;
    g_ptr_array_unref(device->points);
    g_free(device->protocol);
    g_free(device->code);
    g_free(device->region);
    g_free(device->place);
    g_free(device->name);
    g_free(device);
}

static guint name_hash(gconstpointer key) {
    const IngestDevice *device = key;
    return g_str_hash(device->code);
}

static gboolean name_equal(gconstpointer a, gconstpointer b) {
    const IngestDevice *one = a;
    const IngestDevice *other = b;
    return g_str_equal(one->code, other->code) && g_str_equal(one->protocol, other->protocol);
}

IngestState *ingest_state_new(void) {
    IngestState *state = g_new0(IngestState, 1);
    state->devices = g_hash_table_new_full(name_hash, name_equal, NULL, device_free);
    return state;
}

void ingest_state_free(IngestState *state) {
    g_hash_table_unref(state->devices);
    g_free(state);
}

IngestDevice *ingest_state_find(const IngestState *state, const char *protocol, const char *code) {
    const IngestDevice name = {.protocol = (char *)protocol, .code = (char *)code};
    return g_hash_table_lookup(state->devices, &name);
}

static void point_free_item(gpointer point) {
    ingest_point_free(point);
}

IngestDevice *ingest_state_add(IngestState *state, const char *protocol, const char *code) {
    IngestDevice *device = g_new0(IngestDevice, 1);
    device->protocol = g_strdup(protocol);
    device->code = g_strdup(code);
    device->profile = gb26875_profile("standard");
    device->region = g_strdup("");
    device->place = g_strdup("");
    device->name = g_strdup("");
    device->points = g_ptr_array_new_with_free_func(point_free_item);
    g_hash_table_add(state->devices, device);
    return device;
}

void ingest_device_clear_points(IngestDevice *device) {
    g_ptr_array_set_size(device->points, 0);
}

/* Orders points by what they are; the address last. */
static uint64_t point_number(const IngestPoint *point) {
    return (uint64_t)point->system_type << 56 | (uint64_t)point->system_address << 48 |
           (uint64_t)(uint16_t)(point->component_type + 1) << 32 | point->address;
}

/* Where the point is, or where it would stand. */
static guint point_place(const IngestDevice *device, const IngestPoint *like) {
    uint64_t number = point_number(like);
    guint low = 0;
    guint high = device->points->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (point_number(device->points->pdata[middle]) < number) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

IngestPoint *ingest_point_find(const IngestDevice *device, const IngestPoint *like) {
    guint place = point_place(device, like);
    if (place == device->points->len) {
        return NULL;
    }
    IngestPoint *found = device->points->pdata[place];
    return point_number(found) == point_number(like) ? found : NULL;
}

void ingest_point_add(IngestDevice *device, IngestPoint *point) {
    g_ptr_array_insert(device->points, (gint)point_place(device, point), point);
}

void ingest_state_count_points(IngestState *state) {
    GHashTableIter iter;
    gpointer key = NULL;
    state->learned_points = 0;
    g_hash_table_iter_init(&iter, state->devices);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        const IngestDevice *device = key;
        state->learned_points += device->standing == DEVICE_LEARNING ? device->points->len : 0;
    }
}
