/* Data files of the registry under law/national: changes of regions, heights of high-rises. */
#include "registry/building.h"
#include "registry/region.h"

#include "base/embedded.h"
#include "base/error.h"

#include <cyaml/cyaml.h>
#include <pthread.h>
#include <string.h>

/* --- what the files look like -------------------------------------------------------------------
 */

typedef struct Validity {
    char *from, *to;
} Validity;

typedef struct RegionLine {
    char *id, *code, *name, *parent, *successor, *confidence, *note;
    char **basis;
    unsigned basis_count;
    Validity *valid;
} RegionLine;

typedef struct RegionFile {
    RegionLine *lines;
    unsigned lines_count;
} RegionFile;

typedef struct HeightLine {
    char *id, *name, *class_word, *applies, *confidence;
    double over_m;
    int min_floors;
    char **basis;
    unsigned basis_count;
    Validity *valid;
} HeightLine;

typedef struct HeightFile {
    HeightLine *lines;
    unsigned lines_count;
} HeightFile;

#define TEXT_FIELD(key, type, member)                                                              \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER, type, member, 1, CYAML_UNLIMITED)
#define OPTIONAL_TEXT(key, type, member)                                                           \
    CYAML_FIELD_STRING_PTR(                                                                        \
        key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, type, member, 1, CYAML_UNLIMITED)

static const cyaml_schema_field_t validity_fields[] = {
    OPTIONAL_TEXT("from", Validity, from),
    OPTIONAL_TEXT("to", Validity, to),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t text_schema = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char *, 1, CYAML_UNLIMITED),
};

static const cyaml_schema_field_t region_fields[] = {
    TEXT_FIELD("id", RegionLine, id),
    TEXT_FIELD("code", RegionLine, code),
    TEXT_FIELD("name", RegionLine, name),
    OPTIONAL_TEXT("parent", RegionLine, parent),
    CYAML_FIELD_SEQUENCE(
        "basis", CYAML_FLAG_POINTER, RegionLine, basis, &text_schema, 1, CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING_PTR("valid", CYAML_FLAG_POINTER, RegionLine, valid, validity_fields),
    OPTIONAL_TEXT("successor", RegionLine, successor),
    TEXT_FIELD("confidence", RegionLine, confidence),
    OPTIONAL_TEXT("note", RegionLine, note),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t region_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RegionLine, region_fields),
};
static const cyaml_schema_field_t region_file_fields[] = {
    CYAML_FIELD_SEQUENCE("region_changes",
                         CYAML_FLAG_POINTER,
                         RegionFile,
                         lines,
                         &region_schema,
                         0,
                         CYAML_UNLIMITED),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t region_file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, RegionFile, region_file_fields),
};

static const cyaml_schema_field_t height_fields[] = {
    TEXT_FIELD("id", HeightLine, id),
    TEXT_FIELD("name", HeightLine, name),
    TEXT_FIELD("class", HeightLine, class_word),
    TEXT_FIELD("applies", HeightLine, applies),
    CYAML_FIELD_FLOAT("over_m", CYAML_FLAG_DEFAULT, HeightLine, over_m),
    CYAML_FIELD_INT("min_floors", CYAML_FLAG_OPTIONAL, HeightLine, min_floors),
    CYAML_FIELD_SEQUENCE(
        "basis", CYAML_FLAG_POINTER, HeightLine, basis, &text_schema, 1, CYAML_UNLIMITED),
    CYAML_FIELD_MAPPING_PTR("valid", CYAML_FLAG_POINTER, HeightLine, valid, validity_fields),
    TEXT_FIELD("confidence", HeightLine, confidence),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t height_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, HeightLine, height_fields),
};
static const cyaml_schema_field_t height_file_fields[] = {
    CYAML_FIELD_SEQUENCE("building_height",
                         CYAML_FLAG_POINTER,
                         HeightFile,
                         lines,
                         &height_schema,
                         0,
                         CYAML_UNLIMITED),
    CYAML_FIELD_END,
};
static const cyaml_schema_value_t height_file_schema = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, HeightFile, height_file_fields),
};

/* --- loading, once ------------------------------------------------------------------------------
 */

/* libcyaml reports an error as several lines, the place last; keep them all. */
static void G_GNUC_PRINTF(3, 0)
    gather(cyaml_log_t level, void *data, const char *format, va_list args) {
    if (level >= CYAML_LOG_ERROR) {
        g_string_append_vprintf(data, format, args);
    }
}

static void *load(const char *path, const cyaml_schema_value_t *schema, GError **error) {
    EmbeddedFile file = embedded_find(path);
    if (file.data == NULL) {
        hz_fail(error, HZ_ERROR_INTERNAL, "%s is not in the binary", path);
        return NULL;
    }
    g_autoptr(GString) messages = g_string_new(NULL);
    cyaml_config_t config = {
        .log_fn = gather,
        .log_ctx = messages,
        .log_level = CYAML_LOG_WARNING,
        .mem_fn = cyaml_mem,
    };
    cyaml_data_t *data = NULL;
    cyaml_err_t code =
        cyaml_load_data((const uint8_t *)file.data, file.size, &config, schema, &data, NULL);
    if (code != CYAML_OK) {
        g_strdelimit(messages->str, "\n", ' ');
        hz_fail(error, HZ_ERROR_INVALID, "%s: %s %s", path, cyaml_strerror(code), messages->str);
        return NULL;
    }
    return data;
}

/* Read on first use and kept: both are a few lines and never change while the program runs. */
static const RegionFile *region_file(GError **error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static RegionFile *file;
    pthread_mutex_lock(&lock);
    if (file == NULL) {
        file = load("law/national/region-changes.yaml", &region_file_schema, error);
    }
    pthread_mutex_unlock(&lock);
    return file;
}

static const HeightFile *height_file(GError **error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static HeightFile *file;
    pthread_mutex_lock(&lock);
    if (file == NULL) {
        file = load("law/national/building-height.yaml", &height_file_schema, error);
    }
    pthread_mutex_unlock(&lock);
    return file;
}

/* --- regions ------------------------------------------------------------------------------------
 */

bool region_changes_visit(RegionChangeVisitor visit, void *data, GError **error) {
    const RegionFile *file = region_file(error);
    if (file == NULL) {
        return false;
    }
    for (unsigned i = 0; i < file->lines_count; i++) {
        const RegionLine *line = &file->lines[i];
        g_autoptr(GString) basis = g_string_new(NULL);
        for (unsigned b = 0; b < line->basis_count; b++) {
            g_string_append_printf(basis, b == 0 ? "%s" : "; %s", line->basis[b]);
        }
        RegionChange change = {.id = line->id,
                               .code = line->code,
                               .name = line->name,
                               .parent = line->parent,
                               .valid_from = line->valid->from,
                               .valid_to = line->valid->to,
                               .successor = line->successor,
                               .confidence = line->confidence,
                               .basis = basis->str};
        if (!visit(&change, data, error)) {
            return false;
        }
    }
    return true;
}

const char *region_successor(const char *code) {
    const RegionFile *file = region_file(NULL);
    for (unsigned i = 0; file != NULL && i < file->lines_count; i++) {
        if (g_str_has_prefix(code, file->lines[i].code)) {
            return file->lines[i].successor;
        }
    }
    return NULL;
}

/* --- buildings ----------------------------------------------------------------------------------
 */

static bool line_applies(const HeightLine *line, const Building *building, bool *ret_unsure) {
    bool residential = g_strcmp0(category_get(building->category)->word, "residential") == 0;
    bool kind = strcmp(line->applies, "any") == 0 ||
                (strcmp(line->applies, "residential") == 0) == residential;
    if (!kind || building->height_m <= line->over_m) {
        return false;
    }
    if (line->min_floors > 0 && building->floors_above == 0) {
        *ret_unsure = true; /* tall, but perhaps one single storey */
        return false;
    }
    return building->floors_above >= line->min_floors;
}

bool building_judge_height(const Building *building, HeightClass *ret_class, GError **error) {
    const HeightFile *file = height_file(error);
    if (file == NULL) {
        return false;
    }
    HeightClass class = building->height_m > 0 ? HEIGHT_LOW : HEIGHT_UNKNOWN;
    for (unsigned i = 0; class != HEIGHT_UNKNOWN && i < file->lines_count; i++) {
        bool unsure = false;
        if (line_applies(&file->lines[i], building, &unsure)) {
            bool super = strcmp(file->lines[i].class_word, "super") == 0;
            class = MAX(class, super ? HEIGHT_SUPER : HEIGHT_HIGH);
        } else if (unsure && class == HEIGHT_LOW) {
            /* a building of unknown floors above the limit is treated as high-rise: the stricter
             * duty applies until somebody writes the floors down */
            class = HEIGHT_HIGH;
        }
    }
    *ret_class = class;
    return true;
}

static const char *confidence_zh(const char *confidence) {
    return strcmp(confidence, "text") == 0        ? "原文"
           : strcmp(confidence, "secondary") == 0 ? "二手"
                                                  : "凭记忆";
}

char *building_height_reason(const Building *building) {
    const HeightFile *file = height_file(NULL);
    const HeightLine *found = NULL;
    for (unsigned i = 0; file != NULL && i < file->lines_count; i++) {
        bool unsure = false;
        if (line_applies(&file->lines[i], building, &unsure) || unsure) {
            found = &file->lines[i]; /* the last that applies is the strictest */
        }
    }
    if (found == NULL || building->height_class < HEIGHT_HIGH) {
        return NULL;
    }
    g_autofree char **basis = g_new0(char *, found->basis_count + 1);
    memcpy(basis, found->basis, found->basis_count * sizeof *basis);
    g_autofree char *sources = g_strjoinv("、", basis);
    return g_strdup_printf("%s：高度超过 %g 米%s。依据 %s（%s）。",
                           found->name,
                           found->over_m,
                           found->min_floors > 1 ? "且不是单层" : "",
                           sources,
                           confidence_zh(found->confidence));
}
