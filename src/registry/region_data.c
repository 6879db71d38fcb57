/* Data files of the registry under law/national: changes of regions, heights of high-rises. */
#include "registry/building.h"
#include "registry/region.h"

#include "base/embedded.h"
#include "base/error.h"
#include "law/law_node.h"

#include <pthread.h>
#include <string.h>

#define HEIGHT_MAX 1000
#define FLOORS_MAX 300

/* --- what the files look like -------------------------------------------------------------------
 */

typedef struct RegionLine {
    const char *id, *code, *name, *parent, *successor, *confidence; /* parent, successor: or NULL */
    const char *from, *to;                                          /* or NULL */
    char *basis;                                                    /* joined with "; " */
} RegionLine;

typedef struct HeightLine {
    const char *name, *class_word, *applies, *confidence;
    int64_t over_m, min_floors; /* min_floors 0: any */
    char *basis;                /* joined with "、" */
} HeightLine;

static const char *const confidences[] = {"text", "secondary", "memory", NULL};

static char *join_texts(LawReader *reader, LawNode list, const char *between) {
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        g_string_append_printf(
            out, "%s%s", i == 0 ? "" : between, law_text(reader, law_at(list, i)));
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* A day as written; NULL where there is none. */
static const char *day_text(LawReader *reader, LawNode node) {
    if (law_is_there(node)) {
        law_day(reader, node);
    }
    return law_text_or_null(reader, node);
}

static void read_region(LawReader *reader, LawNode map, GArray *lines) {
    LawNode valid = law_get(map, "valid");
    if (!law_keys(reader, map, "id code name parent? basis valid successor? confidence note?") ||
        !law_keys(reader, valid, "from? to?")) {
        return;
    }
    RegionLine line = {.id = law_id(reader, law_get(map, "id")),
                       .code = law_text(reader, law_get(map, "code")),
                       .name = law_text(reader, law_get(map, "name")),
                       .parent = law_text_or_null(reader, law_get(map, "parent")),
                       .successor = law_text_or_null(reader, law_get(map, "successor")),
                       .from = day_text(reader, law_get(valid, "from")),
                       .to = day_text(reader, law_get(valid, "to")),
                       .basis = join_texts(reader, law_get(map, "basis"), "; ")};
    line.confidence = confidences[law_word(reader, law_get(map, "confidence"), confidences)];
    g_array_append_val(lines, line);
}

static void read_height(LawReader *reader, LawNode map, GArray *lines) {
    static const char *const classes[] = {"high", "super", NULL};
    static const char *const uses[] = {"any", "residential", "other", NULL};
    LawNode floors = law_get(map, "min_floors");
    if (!law_keys(reader, map, "id name class applies over_m min_floors? basis valid confidence") ||
        !law_keys(reader, law_get(map, "valid"), "from to?")) {
        return;
    }
    law_id(reader, law_get(map, "id"));
    day_text(reader, law_get(law_get(map, "valid"), "from"));
    HeightLine line = {.name = law_text(reader, law_get(map, "name")),
                       .over_m = law_int(reader, law_get(map, "over_m"), 1, HEIGHT_MAX),
                       .basis = join_texts(reader, law_get(map, "basis"), "、")};
    line.class_word = classes[law_word(reader, law_get(map, "class"), classes)];
    line.applies = uses[law_word(reader, law_get(map, "applies"), uses)];
    line.confidence = confidences[law_word(reader, law_get(map, "confidence"), confidences)];
    line.min_floors = law_is_there(floors) ? law_int(reader, floors, 1, FLOORS_MAX) : 0;
    g_array_append_val(lines, line);
}

/* --- loading, once ------------------------------------------------------------------------------
 */

typedef void (*LineReader)(LawReader *reader, LawNode map, GArray *lines);

/* Read on first use and kept: both are a few lines and never change while the program runs. */
typedef struct Kept {
    pthread_mutex_t lock;
    GArray *lines;
    LawDoc *doc; /* its texts are those of the lines */
} Kept;

static bool load(Kept *file,
                 const char *path,
                 const char *key,
                 LineReader read_line,
                 GArray *lines,
                 GError **error) {
    EmbeddedFile text = embedded_find(path);
    if (text.data == NULL) {
        return hz_fail(error, HZ_ERROR_INTERNAL, "%s is not in the binary", path);
    }
    LawReader reader = {NULL};
    g_autoptr(LawDoc) doc = law_doc_parse(path, (const char *)text.data, text.size, &reader.error);
    if (doc != NULL && law_keys(&reader, law_root(doc), key)) {
        LawNode list = law_get(law_root(doc), key);
        for (unsigned i = 0; law_list(&reader, list) && i < law_count(list); i++) {
            read_line(&reader, law_at(list, i), lines);
        }
    }
    if (reader.error != NULL) {
        g_propagate_error(error, reader.error);
        return false;
    }
    file->doc = g_steal_pointer(&doc);
    return true;
}

static const GArray *
kept(Kept *file, size_t size, const char *path, const char *key, LineReader read, GError **error) {
    pthread_mutex_lock(&file->lock);
    if (file->lines == NULL) {
        g_autoptr(GArray) lines = g_array_new(FALSE, TRUE, (guint)size);
        file->lines = load(file, path, key, read, lines, error) ? g_steal_pointer(&lines) : NULL;
    }
    pthread_mutex_unlock(&file->lock);
    return file->lines;
}

static const GArray *region_lines(GError **error) {
    static Kept file = {PTHREAD_MUTEX_INITIALIZER, NULL, NULL};
    return kept(&file,
                sizeof(RegionLine),
                "law/national/region-changes.yaml",
                "region_changes",
                read_region,
                error);
}

static const GArray *height_lines(GError **error) {
    static Kept file = {PTHREAD_MUTEX_INITIALIZER, NULL, NULL};
    return kept(&file,
                sizeof(HeightLine),
                "law/national/building-height.yaml",
                "building_height",
                read_height,
                error);
}

/* --- regions ------------------------------------------------------------------------------------
 */

bool region_changes_visit(RegionChangeVisitor visit, void *data, GError **error) {
    const GArray *lines = region_lines(error);
    for (guint i = 0; lines != NULL && i < lines->len; i++) {
        const RegionLine *line = &g_array_index(lines, RegionLine, i);
        RegionChange change = {.id = line->id,
                               .code = line->code,
                               .name = line->name,
                               .parent = line->parent,
                               .valid_from = line->from,
                               .valid_to = line->to,
                               .successor = line->successor,
                               .confidence = line->confidence,
                               .basis = line->basis};
        if (!visit(&change, data, error)) {
            return false;
        }
    }
    return lines != NULL;
}

const char *region_successor(const char *code) {
    const GArray *lines = region_lines(NULL);
    for (guint i = 0; lines != NULL && i < lines->len; i++) {
        const RegionLine *line = &g_array_index(lines, RegionLine, i);
        if (g_str_has_prefix(code, line->code)) {
            return line->successor;
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
    if (!kind || building->height_m <= (double)line->over_m) {
        return false;
    }
    if (line->min_floors > 0 && building->floors_above == 0) {
        *ret_unsure = true; /* tall, but perhaps one single storey */
        return false;
    }
    return building->floors_above >= line->min_floors;
}

bool building_judge_height(const Building *building, HeightClass *ret_class, GError **error) {
    const GArray *lines = height_lines(error);
    if (lines == NULL) {
        return false;
    }
    HeightClass class = building->height_m > 0 ? HEIGHT_LOW : HEIGHT_UNKNOWN;
    for (guint i = 0; class != HEIGHT_UNKNOWN && i < lines->len; i++) {
        const HeightLine *line = &g_array_index(lines, HeightLine, i);
        bool unsure = false;
        if (line_applies(line, building, &unsure)) {
            class = MAX(class, strcmp(line->class_word, "super") == 0 ? HEIGHT_SUPER : HEIGHT_HIGH);
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
    const GArray *lines = height_lines(NULL);
    const HeightLine *found = NULL;
    for (guint i = 0; lines != NULL && i < lines->len; i++) {
        const HeightLine *line = &g_array_index(lines, HeightLine, i);
        bool unsure = false;
        if (line_applies(line, building, &unsure) || unsure) {
            found = line; /* the last that applies is the strictest */
        }
    }
    if (found == NULL || building->height_class < HEIGHT_HIGH) {
        return NULL;
    }
    return g_strdup_printf("%s：高度超过 %" G_GINT64_FORMAT " 米%s。依据 %s（%s）。",
                           found->name,
                           found->over_m,
                           found->min_floors > 1 ? "且不是单层" : "",
                           found->basis,
                           confidence_zh(found->confidence));
}
