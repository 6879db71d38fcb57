/* One checklist file: YAML by schema (libcyaml refuses unknown keys), then the checks a schema
 * cannot say. */
#include "law/law_read.h"

#include "base/clock.h"
#include "base/error.h"

#include <cyaml/cyaml.h>
#include <string.h>

#define TEXT_MAX 2000
#define ITEMS_MAX 500
#define BASIS_MAX 20
#define FILE_MAX (1024 * 1024)

/* As libcyaml fills it. */
typedef struct ValidYaml {
    char *from, *to;
} ValidYaml;

typedef struct ItemYaml {
    char *id, *text, *how;
    char **basis;
    unsigned basis_count;
    int severity;
    int confidence;
    ValidYaml valid;
} ItemYaml;

typedef struct FileYaml {
    char *checklist, *edition, *name;
    char **basis;
    unsigned basis_count;
    int confidence;
    ValidYaml valid;
    ItemYaml *items;
    unsigned items_count;
} FileYaml;

struct LawFile {
    FileYaml *yaml;
    char *basis_zh;
    LawItem *items;
    char **item_basis;
    int64_t from_us, to_us;
};

static const cyaml_strval_t severities[] = {
    {"minor", LAW_MINOR}, {"general", LAW_GENERAL}, {"serious", LAW_SERIOUS}};
static const cyaml_strval_t confidences[] = {
    {"text", LAW_TEXT}, {"secondary", LAW_SECONDARY}, {"memory", LAW_MEMORY}};

static const cyaml_schema_value_t text_value = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 1, TEXT_MAX)};

static const cyaml_schema_field_t valid_fields[] = {
    CYAML_FIELD_STRING_PTR("from", CYAML_FLAG_POINTER, ValidYaml, from, 1, 32),
    CYAML_FIELD_STRING_PTR("to", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, ValidYaml, to, 1, 32),
    CYAML_FIELD_END};

#define BASIS_FIELD(type)                                                                          \
    CYAML_FIELD_SEQUENCE_COUNT(                                                                    \
        "basis", CYAML_FLAG_POINTER, type, basis, basis_count, &text_value, 1, BASIS_MAX)
#define CONFIDENCE_FIELD(type)                                                                     \
    CYAML_FIELD_ENUM("confidence",                                                                 \
                     CYAML_FLAG_STRICT,                                                            \
                     type,                                                                         \
                     confidence,                                                                   \
                     confidences,                                                                  \
                     CYAML_ARRAY_LEN(confidences))

static const cyaml_schema_field_t item_fields[] = {
    CYAML_FIELD_STRING_PTR("id", CYAML_FLAG_POINTER, ItemYaml, id, 1, 64),
    CYAML_FIELD_STRING_PTR("text", CYAML_FLAG_POINTER, ItemYaml, text, 1, TEXT_MAX),
    CYAML_FIELD_STRING_PTR("how", CYAML_FLAG_POINTER, ItemYaml, how, 1, TEXT_MAX),
    BASIS_FIELD(ItemYaml),
    CYAML_FIELD_ENUM(
        "severity", CYAML_FLAG_STRICT, ItemYaml, severity, severities, CYAML_ARRAY_LEN(severities)),
    CONFIDENCE_FIELD(ItemYaml),
    CYAML_FIELD_MAPPING("valid", CYAML_FLAG_DEFAULT, ItemYaml, valid, valid_fields),
    CYAML_FIELD_END};

static const cyaml_schema_value_t item_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, ItemYaml, item_fields)};

static const cyaml_schema_field_t file_fields[] = {
    CYAML_FIELD_STRING_PTR("checklist", CYAML_FLAG_POINTER, FileYaml, checklist, 1, 64),
    CYAML_FIELD_STRING_PTR("edition", CYAML_FLAG_POINTER, FileYaml, edition, 1, 32),
    CYAML_FIELD_STRING_PTR("name", CYAML_FLAG_POINTER, FileYaml, name, 1, 200),
    BASIS_FIELD(FileYaml),
    CONFIDENCE_FIELD(FileYaml),
    CYAML_FIELD_MAPPING("valid", CYAML_FLAG_DEFAULT, FileYaml, valid, valid_fields),
    CYAML_FIELD_SEQUENCE("items", CYAML_FLAG_POINTER, FileYaml, items, &item_value, 1, ITEMS_MAX),
    CYAML_FIELD_END};

static const cyaml_schema_value_t file_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, FileYaml, file_fields)};

/* --- messages ----------------------------------------------------------------------------------
 */

/* libcyaml tells what is wrong and where through its log: the first line says what, the backtrace
 * below it says where ("in mapping field 'id' (line: 5, column: 9)"). */
static void collect_log(cyaml_log_t level, void *data, const char *format, va_list args)
    G_GNUC_PRINTF(3, 0);
static void collect_log(cyaml_log_t level, void *data, const char *format, va_list args) {
    (void)level;
    g_string_append_vprintf(data, format, args);
}

/* libcyaml names the place where it stood before an unexpected key; the key itself comes next. */
static unsigned line_of_key(const char *text, unsigned line, const char *message) {
    static const char unexpected[] = "Unexpected key: ";
    const char *key = strstr(message, unexpected);
    if (key == NULL) {
        return line;
    }
    key += strlen(unexpected);
    size_t length = strcspn(key, "\n");
    unsigned number = 1;
    for (const char *at = text; at != NULL; number++) {
        const char *word = at + strspn(at, " -{");
        if (number >= line && strncmp(word, key, length) == 0 && word[length] == ':') {
            return number;
        }
        at = strchr(at, '\n');
        at = at == NULL ? NULL : at + 1;
    }
    return line;
}

static bool schema_error(const char *name, const char *text, const GString *log, GError **error) {
    unsigned line = 1;
    const char *at = strstr(log->str, "line: ");
    if (at != NULL) {
        line = (unsigned)g_ascii_strtoull(at + strlen("line: "), NULL, 10);
    }
    g_autofree char *message = g_strdup(log->str);
    g_strchomp(g_strdelimit(message, "\n", ';'));
    return hz_fail(
        error, HZ_ERROR_INVALID, "%s:%u: %s", name, line_of_key(text, line, log->str), message);
}

/* Line of the text "id: <id>", for mistakes that the schema cannot see. */
static unsigned line_of(const char *text, const char *id) {
    g_autofree char *wanted = g_strdup_printf("id: %s\n", id);
    const char *at = id == NULL ? NULL : strstr(text, wanted);
    unsigned line = 1;
    for (const char *c = text; at != NULL && c < at; c++) {
        line += *c == '\n';
    }
    return line;
}

/* --- the checks ---------------------------------------------------------------------------------
 */

static bool read_valid(const ValidYaml *valid,
                       int64_t *ret_from_us,
                       int64_t *ret_to_us,
                       const char **ret_what) {
    *ret_to_us = INT64_MAX;
    if (!clock_parse(valid->from, ret_from_us)) {
        *ret_what = "valid.from is no date";
        return false;
    }
    if (valid->to != NULL && !clock_parse(valid->to, ret_to_us)) {
        *ret_what = "valid.to is no date";
        return false;
    }
    *ret_what = "valid.to is not after valid.from";
    return *ret_from_us < *ret_to_us;
}

/* "消防法/28" -> "消防法第28条"; false if it is no such thing. */
static bool add_article(GString *out, const char *article) {
    const char *slash = strrchr(article, '/');
    if (slash == NULL || slash == article || slash[1] == '\0' ||
        strspn(slash + 1, "0123456789") != strlen(slash + 1)) {
        return false;
    }
    g_string_append_printf(
        out, "%s%.*s第%s条", out->len > 0 ? "、" : "", (int)(slash - article), article, slash + 1);
    return true;
}

static char *read_basis(char **basis, unsigned count) {
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; i < count; i++) {
        if (!add_article(out, basis[i])) {
            return NULL;
        }
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static bool id_valid(const char *id) {
    return strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(id);
}

static bool read_item(LawFile *file, unsigned number, const char **ret_what) {
    const ItemYaml *yaml = &file->yaml->items[number];
    LawItem *item = &file->items[number];
    for (unsigned i = 0; i < number; i++) {
        if (strcmp(file->items[i].id, yaml->id) == 0) {
            *ret_what = "this id stands twice";
            return false;
        }
    }
    file->item_basis[number] = read_basis(yaml->basis, yaml->basis_count);
    *item = (LawItem){.id = yaml->id,
                      .text = yaml->text,
                      .how = yaml->how,
                      .basis_zh = file->item_basis[number],
                      .severity = (LawSeverity)yaml->severity,
                      .confidence = (LawConfidence)yaml->confidence};
    if (!id_valid(yaml->id)) {
        *ret_what = "an id is of a-z 0-9 -";
        return false;
    }
    if (item->basis_zh == NULL) {
        *ret_what = "basis is not of the form instrument/article";
        return false;
    }
    return read_valid(&yaml->valid, &item->from_us, &item->to_us, ret_what);
}

static bool check_file(LawFile *file, const char *name, const char *text, GError **error) {
    FileYaml *yaml = file->yaml;
    const char *what = NULL;
    file->items = g_new0(LawItem, yaml->items_count);
    file->item_basis = g_new0(char *, yaml->items_count + 1);
    file->basis_zh = read_basis(yaml->basis, yaml->basis_count);
    if (file->basis_zh == NULL) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "%s:1: basis is not of the form instrument/article", name);
    }
    if (!id_valid(yaml->checklist)) {
        return hz_fail(error, HZ_ERROR_INVALID, "%s:1: an id is of a-z 0-9 -", name);
    }
    if (!read_valid(&yaml->valid, &file->from_us, &file->to_us, &what)) {
        return hz_fail(error, HZ_ERROR_INVALID, "%s:1: %s", name, what);
    }
    for (unsigned i = 0; i < yaml->items_count; i++) {
        if (!read_item(file, i, &what)) {
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "%s:%u: item %s: %s",
                           name,
                           line_of(text, yaml->items[i].id),
                           yaml->items[i].id,
                           what);
        }
    }
    return true;
}

/* --- reading -----------------------------------------------------------------------------------
 */

static cyaml_config_t config(GString *log) {
    return (cyaml_config_t){.log_fn = collect_log,
                            .log_ctx = log,
                            .log_level = CYAML_LOG_ERROR,
                            .mem_fn = cyaml_mem,
                            .flags = CYAML_CFG_NO_ALIAS};
}

LawFile *law_file_read(const char *name, const char *text, size_t size, GError **error) {
    g_autoptr(GString) log = g_string_new(NULL);
    g_autoptr(LawFile) file = g_new0(LawFile, 1);
    cyaml_config_t cfg = config(log);
    if (size > FILE_MAX || memchr(text, '\0', size) != NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "%s:1: not a text of at most 1 MiB", name);
        return NULL;
    }
    g_autofree char *whole = g_strndup(text, size);
    cyaml_err_t result = cyaml_load_data(
        (const uint8_t *)text, size, &cfg, &file_value, (cyaml_data_t **)&file->yaml, NULL);
    if (result != CYAML_OK || file->yaml == NULL) {
        if (result == CYAML_OK) {
            g_string_append(log, "nothing in it");
        } else {
            g_string_prepend(log, ": ");
            g_string_prepend(log, cyaml_strerror(result));
        }
        schema_error(name, whole, log, error);
        return NULL;
    }
    return check_file(file, name, whole, error) ? g_steal_pointer(&file) : NULL;
}

void law_file_free(LawFile *file) {
    if (file == NULL) {
        return;
    }
    g_autoptr(GString) log = g_string_new(NULL);
    cyaml_config_t cfg = config(log);
    if (file->yaml != NULL) {
        cyaml_free(&cfg, &file_value, file->yaml, 0);
    }
    g_strfreev(file->item_basis);
    g_free(file->basis_zh);
    g_free(file->items);
    g_free(file);
}

const char *law_file_id(const LawFile *file) {
    return file->yaml->checklist;
}

bool law_file_covers(const LawFile *file, int64_t time_us) {
    return time_us >= file->from_us && time_us < file->to_us;
}

bool law_files_overlap(const LawFile *one, const LawFile *two) {
    return strcmp(law_file_id(one), law_file_id(two)) == 0 && one->from_us < two->to_us &&
           two->from_us < one->to_us;
}

LawChecklist *law_file_at(const LawFile *file, int64_t time_us) {
    LawChecklist *checklist = g_new0(LawChecklist, 1);
    const LawItem **items = g_new0(const LawItem *, file->yaml->items_count);
    *checklist = (LawChecklist){.id = file->yaml->checklist,
                                .edition = file->yaml->edition,
                                .name = file->yaml->name,
                                .basis_zh = file->basis_zh,
                                .items = items};
    for (unsigned i = 0; i < file->yaml->items_count; i++) {
        const LawItem *item = &file->items[i];
        if (time_us >= item->from_us && time_us < item->to_us) {
            items[checklist->count++] = item;
        }
    }
    return checklist;
}
