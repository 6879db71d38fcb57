/* Reading, writing and binding of mappings. */
#include "importer/mapping.h"

#include "base/embedded.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define VALUES_MAX 2000 /* translations of one field */

static const char *const date_words[] = {"auto", "ymd", "dmy", "mdy"};

static void field_clear(void *data) {
    MappingField *field = data;
    g_free(field->column);
    g_free(field->constant);
    g_free(field->prefix);
    g_free(field->suffix);
    g_free(field->fallback);
    g_clear_pointer(&field->values, g_hash_table_unref);
}

static void target_free(void *data) {
    MappingTarget *target = data;
    g_array_unref(target->fields);
    g_free(target);
}

static Mapping *mapping_new(void) {
    Mapping *mapping = g_new0(Mapping, 1);
    mapping->targets = g_ptr_array_new_with_free_func(target_free);
    return mapping;
}

void mapping_free(Mapping *mapping) {
    if (mapping == NULL) {
        return;
    }
    g_free(mapping->name);
    g_free(mapping->title);
    g_free(mapping->source);
    g_free(mapping->sheet);
    g_ptr_array_unref(mapping->targets);
    g_free(mapping);
}

static bool is_date_field(const char *word) {
    static const char *const dates[] = {
        "valid_from", "valid_to", "certificate_until", "opened", "closed"};
    for (size_t i = 0; i < G_N_ELEMENTS(dates); i++) {
        if (strcmp(dates[i], word) == 0) {
            return true;
        }
    }
    return false;
}

static MappingTarget *add_target(Mapping *mapping, const ImportKind *kind) {
    MappingTarget *target = g_new0(MappingTarget, 1);
    target->kind = kind;
    target->key_index = -1;
    target->fields = g_array_new(FALSE, FALSE, sizeof(MappingField));
    g_array_set_clear_func(target->fields, field_clear);
    g_ptr_array_add(mapping->targets, target);
    return target;
}

static void add_field(MappingTarget *target, MappingField made) {
    made.is_date = is_date_field(made.field->word);
    made.column_index = -1;
    g_array_append_val(target->fields, made);
}

/* --- reading --------------------------------------------------------------------------------- */

static bool read_values(const json_t *json, const char *word, MappingField *field, GError **error) {
    const char *from;
    json_t *to;
    if (json == NULL) {
        return true;
    }
    if (!json_is_object(json) || json_object_size(json) > VALUES_MAX) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "mapping, field \"%s\": \"values\" must be an object of at most %d texts",
                       word,
                       VALUES_MAX);
    }
    field->values = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    json_object_foreach((json_t *)(uintptr_t)json, from, to) {
        if (!json_is_string(to)) {
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "mapping, field \"%s\": the value for \"%s\" must be a text",
                           word,
                           from);
        }
        g_hash_table_insert(field->values, g_strdup(from), g_strdup(json_string_value(to)));
    }
    return true;
}

static bool
read_field(MappingTarget *target, const char *word, const json_t *json, GError **error) {
    const IntakeField *known = import_kind_field(target->kind, word);
    if (known == NULL) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "mapping: the kind \"%s\" has no field \"%s\"",
                       target->kind->word,
                       word);
    }
    MappingField field = {.field = known};
    if (json_is_string(json)) {
        field.column = g_strdup(json_string_value(json));
        add_field(target, field);
        return true;
    }
    static const char *const keys[] = {
        "column", "constant", "prefix", "suffix", "pad", "values", "default"};
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)json, key, value) {
        bool is_known = false;
        for (size_t i = 0; i < G_N_ELEMENTS(keys); i++) {
            is_known = is_known || strcmp(keys[i], key) == 0;
        }
        if (!is_known) {
            return hz_fail(
                error, HZ_ERROR_INVALID, "mapping, field \"%s\": unknown key \"%s\"", word, key);
        }
    }
    field.pad = (int)CLAMP(json_get_int(json, "pad", 0), 0, 32);
    bool is_good = read_values(json_object_get(json, "values"), word, &field, error);
    field.column = g_strdup(json_get_text(json, "column", NULL));
    field.constant = g_strdup(json_get_text(json, "constant", NULL));
    field.prefix = g_strdup(json_get_text(json, "prefix", NULL));
    field.suffix = g_strdup(json_get_text(json, "suffix", NULL));
    field.fallback = g_strdup(json_get_text(json, "default", NULL));
    if (is_good && (field.column == NULL) == (field.constant == NULL)) {
        is_good = hz_fail(error,
                          HZ_ERROR_INVALID,
                          "mapping, field \"%s\": needs either a column or a constant",
                          word);
    }
    add_field(target, field);
    return is_good;
}

static bool read_target(Mapping *mapping, const json_t *json, GError **error) {
    const char *word = json_get_text(json, "kind", "");
    const ImportKind *kind = import_kind_find(word);
    if (kind == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "mapping: unknown kind \"%s\"", word);
    }
    const json_t *fields = json_object_get(json, "fields");
    if (!json_is_object(fields)) {
        return hz_fail(error, HZ_ERROR_INVALID, "mapping, \"%s\": \"fields\" is missing", word);
    }
    MappingTarget *target = add_target(mapping, kind);
    target->is_once = json_get_bool(json, "once", false);
    const char *name;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)fields, name, value) {
        if (!read_field(target, name, value, error)) {
            return false;
        }
    }
    return true;
}

static bool read_head(Mapping *mapping, const json_t *json, GError **error) {
    const char *encoding = json_get_text(json, "encoding", "auto");
    const char *delimiter = json_get_text(json, "delimiter", "");
    const char *date = json_get_text(json, "date_format", "auto");
    mapping->name = g_strdup(json_get_text(json, "name", ""));
    mapping->title = g_strdup(json_get_text(json, "title", mapping->name));
    mapping->source = g_strdup(json_get_text(json, "source", NULL));
    mapping->sheet = g_strdup(json_get_text(json, "sheet", NULL));
    if (!table_encoding_parse(encoding, &mapping->encoding)) {
        return hz_fail(error, HZ_ERROR_INVALID, "mapping: unknown encoding \"%s\"", encoding);
    }
    if (strlen(delimiter) > 1 || (delimiter[0] != '\0' && strchr(",;\t", delimiter[0]) == NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "mapping: the delimiter must be , ; or a tab");
    }
    mapping->delimiter = delimiter[0];
    for (size_t i = 0; i < G_N_ELEMENTS(date_words); i++) {
        if (strcmp(date_words[i], date) == 0) {
            mapping->date_format = (MappingDate)i;
            return true;
        }
    }
    return hz_fail(error, HZ_ERROR_INVALID, "mapping: unknown date format \"%s\"", date);
}

Mapping *mapping_read(const json_t *json, GError **error) {
    g_autoptr(Mapping) mapping = mapping_new();
    const json_t *targets = json_object_get(json, "targets");
    if (!read_head(mapping, json, error)) {
        return NULL;
    }
    if (json_array_size(targets) < 1 || json_array_size(targets) > MAPPING_TARGETS_MAX) {
        hz_fail(error,
                HZ_ERROR_INVALID,
                "mapping: \"targets\" must hold 1 to %d kinds",
                MAPPING_TARGETS_MAX);
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(targets); i++) {
        if (!read_target(mapping, json_array_get(targets, i), error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&mapping);
}

/* --- writing --------------------------------------------------------------------------------- */

static void put_optional(json_t *object, const char *key, const char *text) {
    if (text != NULL) {
        json_put_text(object, key, text);
    }
}

static json_t *write_field(const MappingField *field) {
    bool is_plain = field->column != NULL && field->prefix == NULL && field->suffix == NULL &&
                    field->pad == 0 && field->values == NULL && field->fallback == NULL;
    if (is_plain) {
        return json_string(field->column);
    }
    json_t *object = json_object();
    put_optional(object, "column", field->column);
    put_optional(object, "constant", field->constant);
    put_optional(object, "prefix", field->prefix);
    put_optional(object, "suffix", field->suffix);
    put_optional(object, "default", field->fallback);
    if (field->pad > 0) {
        json_put_int(object, "pad", field->pad);
    }
    if (field->values != NULL) {
        json_t *values = json_object();
        GHashTableIter iter;
        void *from;
        void *to;
        g_hash_table_iter_init(&iter, field->values);
        while (g_hash_table_iter_next(&iter, &from, &to)) {
            json_put_text(values, from, to);
        }
        json_put(object, "values", values);
    }
    return object;
}

json_t *mapping_write(const Mapping *mapping) {
    char delimiter[2] = {mapping->delimiter, '\0'};
    json_t *json = json_object();
    json_put_text(json, "name", mapping->name);
    json_put_text(json, "title", mapping->title);
    put_optional(json, "source", mapping->source);
    json_put_text(json, "encoding", table_encoding_word(mapping->encoding));
    json_put_text(json, "delimiter", delimiter);
    put_optional(json, "sheet", mapping->sheet);
    json_put_text(json, "date_format", date_words[mapping->date_format]);
    json_t *targets = json_array();
    for (size_t i = 0; i < mapping->targets->len; i++) {
        const MappingTarget *target = mapping->targets->pdata[i];
        json_t *object = json_object();
        json_t *fields = json_object();
        for (size_t k = 0; k < target->fields->len; k++) {
            const MappingField *field = &g_array_index(target->fields, MappingField, k);
            json_put(fields, field->field->word, write_field(field));
        }
        json_put_text(object, "kind", target->kind->word);
        json_put_bool(object, "once", target->is_once);
        json_put(object, "fields", fields);
        json_array_append_new(targets, object);
    }
    json_put(json, "targets", targets);
    return json;
}

/* --- binding --------------------------------------------------------------------------------- */

static bool bind_column(MappingField *field, const TableRow *head, GError **error) {
    field->column_index = -1;
    if (field->column == NULL) {
        return true;
    }
    for (size_t i = 0; i < head->count; i++) {
        if (strcmp(head->cells[i], field->column) != 0) {
            continue;
        }
        if (field->column_index >= 0) {
            return hz_fail(
                error, HZ_ERROR_INVALID, "the file has the column \"%s\" twice", field->column);
        }
        field->column_index = (int)i;
    }
    return field->column_index >= 0 ||
           hz_fail(error, HZ_ERROR_INVALID, "the file has no column \"%s\"", field->column);
}

static int field_at(const MappingTarget *target, const char *word) {
    for (size_t i = 0; i < target->fields->len; i++) {
        if (strcmp(g_array_index(target->fields, MappingField, i).field->word, word) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int source_key_at(const MappingTarget *target) {
    const char *word = import_kind_source_key(target->kind);
    return word == NULL ? -1 : field_at(target, word);
}

static void bind_source(const Mapping *mapping, MappingTarget *target) {
    const IntakeField *source = import_kind_field(target->kind, "source");
    if (source != NULL && mapping->source != NULL && field_at(target, "source") < 0 &&
        source_key_at(target) >= 0) {
        add_field(target, (MappingField){.field = source, .constant = g_strdup(mapping->source)});
    }
}

static bool
bind_target(const Mapping *mapping, MappingTarget *target, const TableRow *head, GError **error) {
    for (size_t i = 0; i < target->fields->len; i++) {
        if (!bind_column(&g_array_index(target->fields, MappingField, i), head, error)) {
            return false;
        }
    }
    bind_source(mapping, target);
    if (source_key_at(target) >= 0 && field_at(target, "source") < 0) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "a source id needs the name of the system it comes from (\"source\")");
    }
    for (const IntakeField *field = target->kind->fields; field->word != NULL; field++) {
        if (field->is_required && field_at(target, field->word) < 0) {
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "no column is chosen for \"%s\" (%s)",
                           field->name_zh,
                           field->word);
        }
    }
    static const char *const keys[] = {"source_id", "certificate", "code", "uscc", "name"};
    target->key_index = -1;
    for (size_t i = 0; i < G_N_ELEMENTS(keys) && target->kind->key == NULL && target->key_index < 0;
         i++) {
        target->key_index = field_at(target, keys[i]);
    }
    return true;
}

bool mapping_is_heard(const Mapping *mapping) {
    for (size_t i = 0; i < mapping->targets->len; i++) {
        const MappingTarget *target = mapping->targets->pdata[i];
        if (target->kind->is_heard) {
            return true;
        }
    }
    return false;
}

bool mapping_bind(Mapping *mapping, const TableRow *head, GError **error) {
    for (size_t i = 0; i < mapping->targets->len; i++) {
        if (!bind_target(mapping, mapping->targets->pdata[i], head, error)) {
            return false;
        }
    }
    return true;
}

/* A key without the name of its system would mix the keys of all systems. */
static void drop_lonely_source_id(MappingTarget *target) {
    int at = source_key_at(target);
    if (at >= 0 && field_at(target, "source") < 0) {
        g_array_remove_index(target->fields, (guint)at);
    }
}

Mapping *mapping_guess(const ImportKind *kind, const TableRow *head, const char *source) {
    Mapping *mapping = mapping_new();
    mapping->name = g_strdup("auto");
    mapping->title = g_strdup("");
    MappingTarget *target = add_target(mapping, kind);
    for (size_t i = 0; i < head->count; i++) {
        const IntakeField *field = mapping_guess_field(kind, head->cells[i]);
        if (field != NULL && field_at(target, field->word) < 0) {
            add_field(target, (MappingField){.field = field, .column = g_strdup(head->cells[i])});
        }
    }
    mapping->source = g_strdup(source);
    if (source == NULL) {
        drop_lonely_source_id(target);
    }
    return mapping;
}

/* --- those that travel in the binary --------------------------------------------------------- */

static Mapping *read_text(const char *text, size_t size, GError **error) {
    g_autoptr(json_t) json = json_read(text, size, error);
    return json != NULL ? mapping_read(json, error) : NULL;
}

Mapping *mapping_shipped(const char *name, GError **error) {
    g_autofree char *path = g_strdup_printf("importer/mappings/%s.json", name);
    EmbeddedFile file = embedded_find(path);
    if (file.data == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no mapping \"%s\"", name);
        return NULL;
    }
    return read_text(file.data, file.size, error);
}

json_t *mapping_shipped_list(void) {
    json_t *list = json_array();
    g_autoptr(GArray) files = embedded_list("importer/mappings/");
    for (size_t i = 0; i < files->len; i++) {
        const EmbeddedFile *file = &g_array_index(files, EmbeddedFile, i);
        g_autoptr(Mapping) mapping = read_text(file->data, file->size, NULL);
        g_assert(mapping != NULL); /* a unit test reads each of them */
        json_t *item = json_object();
        json_t *kind_words = json_array();
        for (size_t k = 0; k < mapping->targets->len; k++) {
            const MappingTarget *target = mapping->targets->pdata[k];
            json_array_append_new(kind_words, json_string(target->kind->word));
        }
        json_put_text(item, "name", mapping->name);
        json_put_text(item, "title", mapping->title);
        json_put(item, "kinds", kind_words);
        json_array_append_new(list, item);
    }
    return list;
}
