/* Which property of a sensor means what. */
#include "sensing/telemetry.h"

#include "base/embedded.h"
#include "base/error.h"
#include "frame/gb26875_words.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#define NAME_MAX_BYTES 64
#define ADDRESS_DIGITS 3
#define MAP_FILE "sensing/telemetry/standard.json"

static void property_clear(gpointer data) {
    TelemetryProperty *property = data;
    g_free(property->name);
}

/* "Smoke_Alarm" is "smokealarm". False: not a name. */
static bool plain_name(const char *name, char ret_plain[NAME_MAX_BYTES + 1]) {
    size_t size = 0;
    for (const char *at = name; *at != '\0'; at++) {
        if (strchr("_- .", *at) != NULL) {
            continue;
        }
        if (!g_ascii_isalnum(*at) || size == NAME_MAX_BYTES) {
            return false;
        }
        ret_plain[size++] = g_ascii_tolower(*at);
    }
    ret_plain[size] = '\0';
    return size > 0;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const TelemetryProperty *)a)->name, ((const TelemetryProperty *)b)->name);
}

/* --- reading ------------------------------------------------------------------------------------
 */

static bool find_bit(Gb26875Register of, const char *word, uint16_t *ret_bit) {
    for (unsigned bit = 1; bit < 16; bit++) {
        const char *known = gb26875_bit_word(NULL, of, bit);
        /* "main-power" is "main-power-fault" */
        size_t size = strlen(word);
        if (known != NULL && strncmp(known, word, size) == 0 &&
            (known[size] == '\0' || strcmp(known + size, "-fault") == 0)) {
            *ret_bit = (uint16_t)(1u << bit);
            return true;
        }
    }
    return false;
}

static bool read_meaning(const json_t *entry, TelemetryProperty *ret) {
    int64_t system = json_get_int(entry, "system", 0);
    int64_t component = json_get_int(entry, "component", 0);
    int64_t analog = json_get_int(entry, "analog", 0);
    const json_t *factor = json_object_get(entry, "factor");
    ret->is_device = json_get_bool(entry, "device", false);
    ret->system_type = (uint8_t)system;
    ret->component_type = (uint8_t)component;
    ret->analog_type = (uint8_t)analog;
    ret->factor = factor != NULL ? json_number_value(factor) : 1;
    if (system < 0 || system > 255 || component < 0 || component > 255) {
        return false;
    }
    if (ret->is_value) {
        return analog > 0 && analog < 256 && gb26875_analog((uint8_t)analog) != NULL &&
               ret->factor > 0;
    }
    Gb26875Register of = ret->is_device ? GB26875_OF_DEVICE : GB26875_OF_COMPONENT;
    return find_bit(of, json_get_text(entry, "bit", "?"), &ret->bit);
}

static bool read_entry(const json_t *entry, bool is_value, GArray *map, GError **error) {
    TelemetryProperty meaning = {.is_value = is_value};
    const json_t *names = json_object_get(entry, "names");
    size_t i;
    json_t *name;
    if (!read_meaning(entry, &meaning)) {
        g_autofree char *text = json_write(entry);
        return hz_fail(error, HZ_ERROR_INVALID, "no meaning: %s", text);
    }
    json_array_foreach(names, i, name) {
        char plain[NAME_MAX_BYTES + 1];
        if (!json_is_string(name) || !plain_name(json_string_value(name), plain)) {
            return hz_fail(error, HZ_ERROR_INVALID, "a name is no name");
        }
        meaning.name = g_strdup(plain);
        g_array_append_val(map, meaning);
    }
    return true;
}

GArray *telemetry_map_read(const char *text, size_t size, GError **error) {
    g_autoptr(json_t) document = json_read(text, size, error);
    if (document == NULL) {
        return NULL;
    }
    g_autoptr(GArray) map = g_array_new(FALSE, TRUE, sizeof(TelemetryProperty));
    g_array_set_clear_func(map, property_clear);
    static const char *const lists[] = {"states", "values"};
    for (size_t list = 0; list < G_N_ELEMENTS(lists); list++) {
        size_t i;
        json_t *entry;
        json_array_foreach(json_object_get(document, lists[list]), i, entry) {
            if (!read_entry(entry, list == 1, map, error)) {
                return NULL;
            }
        }
    }
    g_array_sort(map, by_name);
    for (guint i = 1; i < map->len; i++) {
        const TelemetryProperty *one = &g_array_index(map, TelemetryProperty, i);
        if (strcmp(one->name, g_array_index(map, TelemetryProperty, i - 1).name) == 0) {
            hz_fail(error, HZ_ERROR_INVALID, "\"%s\" stands there twice", one->name);
            return NULL;
        }
    }
    return g_steal_pointer(&map);
}

/* --- looking up ----------------------------------------------------------------------------------
 */

static GArray *standard;

static void read_standard(void) {
    g_autoptr(GError) error = NULL;
    EmbeddedFile file = embedded_find(MAP_FILE);
    g_assert(file.data != NULL);
    standard = telemetry_map_read(file.data, file.size, &error);
    g_assert_no_error(error); /* it was built in: a defect of ours */
}

static const TelemetryProperty *find(const char *plain) {
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, read_standard);
    TelemetryProperty wanted = {.name = (char *)plain};
    return bsearch(&wanted, standard->data, standard->len, sizeof wanted, by_name);
}

const TelemetryProperty *telemetry_property(const char *name, uint32_t *ret_address) {
    char plain[NAME_MAX_BYTES + 1];
    *ret_address = 1;
    if (!plain_name(name, plain)) {
        return NULL;
    }
    const TelemetryProperty *found = find(plain);
    size_t end = strlen(plain), begin = end;
    while (begin > 0 && end - begin < ADDRESS_DIGITS && g_ascii_isdigit(plain[begin - 1])) {
        begin--;
    }
    guint64 address = 0;
    if (found != NULL || begin == 0 ||
        !g_ascii_string_to_unsigned(plain + begin, 10, 1, 255, &address, NULL)) {
        return found;
    }
    plain[begin] = '\0';
    found = find(plain);
    *ret_address = (uint32_t)address;
    return found;
}
