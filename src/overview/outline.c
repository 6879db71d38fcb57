#include "overview/outline.h"

#include "base/embedded.h"
#include "base/error.h"
#include "base/json.h"
#include "law/law.h"
#include "law/law_node.h"

#include <pthread.h>
#include <string.h>

#define SHAPES_PATH "assets/map.json"
#define RULES_PATH "law/chongqing/map-outlines.yaml"

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OutlineMap only_map; /* the one there is */
static char province[3];
static char *problem;

/* --- the shapes ---------------------------------------------------------------------------------
 */

static double number(const json_t *object, const char *key) {
    return json_number_value(json_object_get(object, key));
}

static double at(const json_t *list, size_t index) {
    return json_number_value(json_array_get(list, index));
}

static const json_t *find_shape(const json_t *shapes, const char *code) {
    size_t i;
    const json_t *shape;
    json_array_foreach((json_t *)(uintptr_t)shapes, i, shape) {
        if (strcmp(json_get_text(shape, "code", ""), code) == 0) {
            return shape;
        }
    }
    return NULL;
}

/* Takes over the first (which may be NULL). */
static const char *longer(const char *path, const char *more) {
    g_autofree char *old = (char *)(uintptr_t)path;
    return g_strconcat(old == NULL ? "" : old, more, NULL);
}

/* Adds one shape; the name goes to the middle of the largest. */
static void add_shape(Outline *outline, const json_t *shape) {
    const json_t *box = json_object_get(shape, "box");
    const json_t *middle = json_object_get(shape, "middle");
    OutlineBox own = {at(box, 0), at(box, 1), at(box, 2) - at(box, 0), at(box, 3) - at(box, 1)};
    bool is_first = outline->coarse == NULL;
    if (is_first || own.width * own.height > outline->box.width * outline->box.height) {
        outline->x = at(middle, 0);
        outline->y = at(middle, 1);
    }
    outline->coarse = longer(outline->coarse, json_get_text(shape, "coarse", ""));
    outline->fine = longer(outline->fine, json_get_text(shape, "fine", ""));
    outline->box = outline_around(outline->box, own);
}

/* --- which shapes make which district -----------------------------------------------------------
 */

static bool read_rule(
    LawReader *reader, LawNode map, const json_t *shapes, GHashTable *used, Outline *outline) {
    static const char *const words[] = {"text", "secondary", "memory", NULL};
    LawNode list = law_get(map, "outlines");
    if (!law_keys(reader, map, "code outlines note confidence")) {
        return false;
    }
    outline->code = g_strdup(law_text(reader, law_get(map, "code")));
    outline->note = g_strdup(law_text(reader, law_get(map, "note")));
    outline->confidence =
        law_confidence_zh((LawConfidence)law_word(reader, law_get(map, "confidence"), words));
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        const char *code = law_text(reader, law_at(list, i));
        const json_t *shape = find_shape(shapes, code);
        if (shape == NULL) {
            law_wrong(reader, law_at(list, i), "the map has no outline %s", code);
            return false;
        }
        g_hash_table_add(used, (gpointer)(uintptr_t)json_get_text(shape, "code", ""));
        add_shape(outline, shape);
    }
    return reader->error == NULL;
}

static void
read_rules(LawReader *reader, LawNode root, const json_t *shapes, GHashTable *used, GArray *found) {
    LawNode list = law_get(root, "districts");
    if (!law_keys(reader, root, "map_outlines name source districts")) {
        return;
    }
    g_strlcpy(province, law_text(reader, law_get(root, "map_outlines")), sizeof province);
    only_map.name = g_strdup(law_text(reader, law_get(root, "name")));
    only_map.source = g_strdup(law_text(reader, law_get(root, "source")));
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        Outline outline = {.note = NULL};
        if (!read_rule(reader, law_at(list, i), shapes, used, &outline)) {
            return;
        }
        g_array_append_val(found, outline);
    }
}

static gint compare_codes(gconstpointer a, gconstpointer b) {
    return strcmp(((const Outline *)a)->code, ((const Outline *)b)->code);
}

static void add_others(const json_t *shapes, GHashTable *used, GArray *found) {
    size_t i;
    const json_t *shape;
    json_array_foreach((json_t *)(uintptr_t)shapes, i, shape) {
        const char *code = json_get_text(shape, "code", "");
        if (!g_hash_table_contains(used, code)) {
            Outline outline = {.code = g_strdup(code)};
            add_shape(&outline, shape);
            g_array_append_val(found, outline);
        }
    }
}

static void load(void) {
    g_autoptr(GError) error = NULL;
    LawReader reader = {NULL};
    EmbeddedFile shapes_file = embedded_find(SHAPES_PATH);
    EmbeddedFile rules_file = embedded_find(RULES_PATH);
    g_autoptr(json_t) root =
        shapes_file.data == NULL ? NULL : json_read(shapes_file.data, shapes_file.size, &error);
    g_autoptr(LawDoc) doc =
        rules_file.data == NULL
            ? NULL
            : law_doc_parse(RULES_PATH, rules_file.data, rules_file.size, &reader.error);
    const json_t *shapes = json_object_get(root, "shapes");
    g_autoptr(GHashTable) used = g_hash_table_new(g_str_hash, g_str_equal);
    GArray *found = g_array_new(FALSE, TRUE, sizeof(Outline)); /* kept */
    if (shapes != NULL && doc != NULL) {
        read_rules(&reader, law_root(doc), shapes, used, found);
    }
    if (shapes == NULL || doc == NULL || reader.error != NULL) {
        problem = g_strdup(reader.error != NULL ? reader.error->message
                           : error != NULL      ? error->message
                                                : "the map is not in the binary");
        g_clear_error(&reader.error);
        g_array_unref(found);
        return;
    }
    add_others(shapes, used, found);
    g_array_sort(found, compare_codes);
    only_map.width = number(root, "width");
    only_map.height = number(root, "height");
    only_map.west = number(root, "west");
    only_map.north = number(root, "north");
    only_map.east_scale = number(root, "east_scale");
    only_map.north_scale = number(root, "north_scale");
    only_map.count = found->len;
    only_map.outlines = (const Outline *)(void *)g_array_free(found, FALSE);
}

const OutlineMap *outline_map(const char *region, GError **error) {
    pthread_once(&once, load);
    if (problem != NULL) {
        hz_fail(error, HZ_ERROR_INTERNAL, "%s", problem);
        return NULL;
    }
    return g_str_has_prefix(region, province) ? &only_map : NULL;
}

const Outline *outline_find(const OutlineMap *map, const char *code) {
    for (unsigned i = 0; i < map->count; i++) {
        if (strcmp(map->outlines[i].code, code) == 0) {
            return &map->outlines[i];
        }
    }
    return NULL;
}

void outline_project(
    const OutlineMap *map, double longitude, double latitude, double *ret_x, double *ret_y) {
    *ret_x = (longitude - map->west) * map->east_scale;
    *ret_y = (map->north - latitude) * map->north_scale;
}

OutlineBox outline_around(OutlineBox a, OutlineBox b) {
    if (a.width <= 0 && a.height <= 0) {
        return b;
    }
    double x = MIN(a.x, b.x);
    double y = MIN(a.y, b.y);
    return (OutlineBox){
        x, y, MAX(a.x + a.width, b.x + b.width) - x, MAX(a.y + a.height, b.y + b.height) - y};
}

OutlineBox outline_margin(OutlineBox box, double share, double least) {
    double more = MAX(box.width, box.height) * share;
    double wide = MAX(box.width + 2 * more, least);
    double high = MAX(box.height + 2 * more, least);
    return (OutlineBox){
        box.x - (wide - box.width) / 2, box.y - (high - box.height) / 2, wide, high};
}
