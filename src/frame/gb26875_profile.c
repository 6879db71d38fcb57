#include "frame/gb26875_profile.h"

#include "base/embedded.h"
#include "base/error.h"
#include "base/json.h"
#include "frame/gb26875_internal.h"

#include <pthread.h>
#include <string.h>

/* --- reading one ----------------------------------------------------------------------------- */

static const struct {
    const char *word;
    Gb26875FieldKind kind;
    uint8_t min, max; /* bytes; equal: the size is not written */
} field_kinds[] = {
    {"system", GB26875_FIELD_SYSTEM, 2, 2},
    {"component", GB26875_FIELD_COMPONENT, 1, 1},
    {"address", GB26875_FIELD_ADDRESS, 4, 4},
    {"state", GB26875_FIELD_STATE, 1, 2},
    {"analog", GB26875_FIELD_ANALOG, 3, 3},
    {"flags", GB26875_FIELD_FLAGS, 2, 2},
    {"version", GB26875_FIELD_VERSION, 2, 2},
    {"text", GB26875_FIELD_TEXT, 1, 255},
    {"time", GB26875_FIELD_TIME, 6, 6},
    {"string", GB26875_FIELD_STRING, 1, 2},
    {"number", GB26875_FIELD_NUMBER, 1, 4},
    {"bytes", GB26875_FIELD_BYTES, 1, 255},
    {"rest", GB26875_FIELD_REST, 0, 0},
};

static const char *const role_words[] = {
    [GB26875_DATA] = "data",
    [GB26875_ANSWER] = "answer",
    [GB26875_REGISTRATION] = "registration",
    [GB26875_KEEPALIVE] = "keepalive",
    [GB26875_HANDSHAKE] = "handshake",
};

static bool read_role(const char *word, Gb26875Role *ret_role) {
    for (unsigned i = 0; i < G_N_ELEMENTS(role_words); i++) {
        if (strcmp(word, role_words[i]) == 0) {
            *ret_role = (Gb26875Role)i;
            return true;
        }
    }
    return false;
}

/* Copies a text that must be there and fit. */
static bool
read_text(const json_t *object, const char *key, char *ret, size_t size, GError **error) {
    const char *text = json_get_text(object, key, "");
    if (*text == '\0' || strlen(text) >= size) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "\"%s\" needs a text of at most %zu bytes", key, size - 1);
    }
    g_strlcpy(ret, text, size);
    return true;
}

static bool only_keys(const json_t *object, const char *const *keys, GError **error) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)object, key, value) {
        if (!g_strv_contains(keys, key)) {
            return hz_fail(error, HZ_ERROR_INVALID, "unknown key \"%s\"", key);
        }
    }
    return true;
}

/* "bytes:2 extra": kind, size where it varies, name where it has one. */
static bool read_field(const char *text, Gb26875Field *ret_field, GError **error) {
    g_auto(GStrv) parts = g_strsplit(text, " ", 2);
    g_auto(GStrv) kind = g_strsplit(parts[0] != NULL ? parts[0] : "", ":", 2);
    for (unsigned i = 0; kind[0] != NULL && i < G_N_ELEMENTS(field_kinds); i++) {
        if (strcmp(kind[0], field_kinds[i].word) != 0) {
            continue;
        }
        guint64 size = field_kinds[i].min;
        bool is_fixed = field_kinds[i].min == field_kinds[i].max;
        if (is_fixed ? kind[1] != NULL
                     : kind[1] == NULL ||
                           !g_ascii_string_to_unsigned(
                               kind[1], 10, field_kinds[i].min, field_kinds[i].max, &size, NULL)) {
            return hz_fail(error, HZ_ERROR_INVALID, "field \"%s\": wrong size", text);
        }
        ret_field->kind = field_kinds[i].kind;
        ret_field->size = (uint16_t)size;
        const char *name = parts[1] != NULL ? parts[1] : kind[0];
        g_strlcpy(ret_field->name, name, sizeof ret_field->name);
        return true;
    }
    return hz_fail(error, HZ_ERROR_INVALID, "no kind of field \"%s\"", text);
}

static bool read_fields(const json_t *list, Gb26875Layout *layout, GError **error) {
    size_t count = json_array_size(list);
    if (count == 0 || count > GB26875_FIELDS_MAX) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"fields\" has 1 to %d texts", GB26875_FIELDS_MAX);
    }
    bool varies = false;
    for (size_t i = 0; i < count; i++) {
        Gb26875Field *field = &layout->fields[layout->field_count++];
        const char *text = json_string_value(json_array_get(list, i));
        if (!read_field(text != NULL ? text : "", field, error)) {
            return false;
        }
        if (field->kind == GB26875_FIELD_REST && i + 1 < count) {
            return hz_fail(error, HZ_ERROR_INVALID, "\"rest\" stands last");
        }
        varies |= field->kind == GB26875_FIELD_REST || field->kind == GB26875_FIELD_STRING;
        layout->size = (uint16_t)(layout->size + field->size);
    }
    layout->size = varies ? 0 : layout->size;
    return true;
}

static bool read_layout(const json_t *json, Gb26875Profile *profile, GError **error) {
    static const char *const keys[] = {
        "type", "word", "zh", "fields", "replaces", "single", "source", "confidence", NULL};
    if (profile->layout_count == GB26875_LAYOUTS_MAX) {
        return hz_fail(error, HZ_ERROR_LIMIT, "more than %d types", GB26875_LAYOUTS_MAX);
    }
    Gb26875Layout *layout = &profile->layouts[profile->layout_count++];
    int64_t type = json_get_int(json, "type", -1);
    if (!only_keys(json, keys, error) || type < 0 || type > 255) {
        return error != NULL && *error != NULL
                   ? false
                   : hz_fail(error, HZ_ERROR_INVALID, "\"type\" is 0 to 255");
    }
    layout->type = (uint8_t)type;
    layout->replaces = json_get_bool(json, "replaces", false);
    layout->is_single = json_get_bool(json, "single", false);
    unsigned index = profile->layout_count;
    if (profile->layout_of[type] == 0) {
        profile->layout_of[type] = (uint8_t)index;
    } else if (layout[-1].type != layout->type) {
        return hz_fail(error, HZ_ERROR_INVALID, "forms of type %d stand together", (int)type);
    }
    return read_text(json, "word", layout->word, sizeof layout->word, error) &&
           read_text(json, "zh", layout->name_zh, sizeof layout->name_zh, error) &&
           read_text(json, "source", layout->source, sizeof layout->source, error) &&
           read_text(json, "confidence", layout->confidence, sizeof layout->confidence, error) &&
           read_fields(json_object_get(json, "fields"), layout, error);
}

static bool read_bits(const json_t *list, Gb26875Profile *profile, GError **error) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *json = json_array_get(list, i);
        int64_t bit = json_get_int(json, "bit", -1);
        if (bit < 9 || bit >= GB26875_STATE_BITS) {
            return hz_fail(error, HZ_ERROR_INVALID, "\"bit\" is 9 to 15: the others have a name");
        }
        profile->component_bits |= (uint16_t)(1 << bit);
        if (!read_text(json,
                       "word",
                       profile->component_bit[bit].word,
                       sizeof profile->component_bit[bit].word,
                       error) ||
            !read_text(json,
                       "zh",
                       profile->component_bit[bit].name_zh,
                       sizeof profile->component_bit[bit].name_zh,
                       error)) {
            return false;
        }
    }
    return true;
}

/* {"7": "keepalive"} */
static bool read_commands(const json_t *map, Gb26875Profile *profile, GError **error) {
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)map, key, value) {
        guint64 command;
        Gb26875Role role;
        if (!g_ascii_string_to_unsigned(key, 10, 0, 255, &command, NULL) ||
            (command >= GB26875_CONTROL && command <= GB26875_DENY) ||
            !read_role(json_is_string(value) ? json_string_value(value) : "", &role)) {
            return hz_fail(error, HZ_ERROR_INVALID, "\"commands\": \"%s\" is wrong", key);
        }
        profile->roles[command] = (uint8_t)(1 + role);
    }
    return true;
}

static bool read_session(const json_t *json, Gb26875Profile *profile, GError **error) {
    profile->handshake = -1;
    const json_t *handshake = json_object_get(json, "handshake");
    if (handshake != NULL) {
        profile->handshake = (int16_t)(json_get_int(handshake, "unit", 0) & 255);
        profile->handshake_answer = (uint8_t)json_get_int(handshake, "answer", 0);
    }
    const char *empty = json_get_text(json, "empty_send", NULL);
    profile->has_empty_send = empty != NULL;
    if (empty != NULL && !read_role(empty, &profile->empty_send)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"empty_send\": no role \"%s\"", empty);
    }
    return read_commands(json_object_get(json, "commands"), profile, error);
}

static bool read_profile(const json_t *json, Gb26875Profile *profile, GError **error) {
    static const char *const keys[] = {"name",
                                       "zh",
                                       "source",
                                       "confidence",
                                       "revision",
                                       "unit_max",
                                       "main_version",
                                       "time",
                                       "addresses",
                                       "commands",
                                       "component_bits",
                                       "types",
                                       "handshake",
                                       "clock_answer",
                                       "empty_send",
                                       NULL};
    if (!json_is_object(json) || !only_keys(json, keys, error) ||
        !read_text(json, "name", profile->name, sizeof profile->name, error) ||
        !read_text(json, "zh", profile->name_zh, sizeof profile->name_zh, error) ||
        !read_text(json, "source", profile->source, sizeof profile->source, error) ||
        !read_text(json, "confidence", profile->confidence, sizeof profile->confidence, error)) {
        return error != NULL && *error != NULL ? false
                                               : hz_fail(error, HZ_ERROR_INVALID, "no JSON object");
    }
    int64_t unit_max = json_get_int(json, "unit_max", GB26875_UNIT_MAX);
    int64_t revision = json_get_int(json, "revision", 0);
    if (unit_max < 2 || unit_max > GB26875_UNIT_MAX || revision != 2011) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"unit_max\" or \"revision\" is not known");
    }
    profile->unit_max = (uint16_t)unit_max;
    profile->revision = (uint16_t)revision;
    profile->main_version = (int16_t)json_get_int(json, "main_version", -1);
    profile->is_time_bcd = strcmp(json_get_text(json, "time", "binary"), "bcd") == 0;
    profile->is_address_big = strcmp(json_get_text(json, "addresses", "little"), "big") == 0;
    profile->wants_clock_answer = json_get_bool(json, "clock_answer", false);
    const json_t *types = json_object_get(json, "types");
    for (size_t i = 0; i < json_array_size(types); i++) {
        if (!read_layout(json_array_get(types, i), profile, error)) {
            g_prefix_error(error, "types, item %zu: ", i + 1);
            return false;
        }
    }
    return read_session(json, profile, error) &&
           read_bits(json_object_get(json, "component_bits"), profile, error);
}

bool gb26875_profile_read(const char *text, size_t size, Gb26875Profile *ret, GError **error) {
    g_autoptr(json_t) json = json_read(text, size, error);
    if (json == NULL) {
        return false;
    }
    g_autoptr(GError) problem = NULL;
    memset(ret, 0, sizeof *ret);
    if (!read_profile(json, ret, &problem)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    return true;
}

/* --- those inside the program ---------------------------------------------------------------- */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static GPtrArray *profiles; /* of Gb26875Profile, "standard" first; ends with NULL */

static void load(void) {
    g_autoptr(GArray) files = embedded_list("frame/profiles/");
    profiles = g_ptr_array_new();
    for (guint i = 0; i < files->len; i++) {
        const EmbeddedFile *file = &g_array_index(files, EmbeddedFile, i);
        g_autoptr(GError) error = NULL;
        Gb26875Profile *profile = g_new0(Gb26875Profile, 1);
        if (!gb26875_profile_read(file->data, file->size, profile, &error)) {
            g_error("%s: %s", file->path, error->message);
        }
        bool is_standard = strcmp(profile->name, "standard") == 0;
        g_ptr_array_insert(profiles, is_standard ? 0 : -1, profile);
    }
    g_assert(profiles->len > 0);
    g_ptr_array_add(profiles, NULL);
}

const Gb26875Profile *const *gb26875_profiles(void) {
    pthread_once(&once, load);
    return (const Gb26875Profile *const *)profiles->pdata;
}

const Gb26875Profile *gb26875_profile(const char *name) {
    const Gb26875Profile *const *all = gb26875_profiles();
    for (; name != NULL && *all != NULL && strcmp((*all)->name, name) != 0; all++) {
    }
    return *all;
}
