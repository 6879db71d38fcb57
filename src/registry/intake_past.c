/* Inspection history of another system: one line each, added once, never changed. */
#include "registry/building.h"
#include "registry/intake_internal.h"
#include "registry/past_store.h"
#include "registry/unit.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>

#define TEXT_MAX_BYTES 4000
#define KEY_MAX_BYTES 300

typedef struct Object {
    int64_t unit_id, building_id;
    char region[REGION_CODE_MAX + 1];
    int64_t newest_us; /* of the rows of this batch */
} Object;

/* What the two batch look-ups found. */
typedef struct Known {
    GHashTable *objects; /* "source LF object id" -> Object */
    GHashTable *lines;   /* "source LF line id", set */
} Known;

static void known_clear(Known *known) {
    g_clear_pointer(&known->objects, g_hash_table_unref);
    g_clear_pointer(&known->lines, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Known, known_clear)

static char *key_of(const char *source, const char *id) {
    return g_strconcat(source, "\n", id, NULL);
}

static bool look_up(Db *db,
                    PastLookup lookup,
                    const char *source,
                    const GPtrArray *ids,
                    Known *known,
                    GError **error) {
    g_autofree char *list = intake_text_list(ids);
    g_autoptr(DbRows) rows = past_store_look_up(db, lookup, source, list, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        char *key = key_of(source, db_rows_text(rows, 0));
        if (lookup == PAST_LOOKUP_LINE) {
            g_hash_table_add(known->lines, key);
            continue;
        }
        Object *object = g_new0(Object, 1);
        int64_t id = db_rows_int(rows, 1);
        int64_t into = db_rows_int(rows, 3);
        object->unit_id = lookup == PAST_LOOKUP_UNIT ? (into == 0 ? id : into) : 0;
        object->building_id = lookup == PAST_LOOKUP_BUILDING ? id : 0;
        g_strlcpy(object->region, db_rows_text(rows, 2), sizeof object->region);
        g_hash_table_replace(known->objects, key, object);
    }
    return db_rows_done(rows, error);
}

/* Rows of one source nearly always: one round for each source named. */
static bool
load_known(Db *db, const PastInspectionInput *inputs, size_t count, Known *known, GError **error) {
    g_autoptr(GHashTable) sources = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < count; i++) {
        if (!intake_is_told(inputs[i].source) ||
            !g_hash_table_add(sources, (gpointer)inputs[i].source)) {
            continue;
        }
        g_autoptr(GPtrArray) objects = g_ptr_array_new();
        g_autoptr(GPtrArray) lines = g_ptr_array_new();
        for (size_t j = i; j < count; j++) {
            if (g_strcmp0(inputs[j].source, inputs[i].source) == 0) {
                g_ptr_array_add(
                    objects,
                    (gpointer)(inputs[j].object_source_id ? inputs[j].object_source_id : ""));
                g_ptr_array_add(lines, (gpointer)(inputs[j].source_id ? inputs[j].source_id : ""));
            }
        }
        /* buildings last: an inspection of a high-rise names the building */
        if (!look_up(db, PAST_LOOKUP_UNIT, inputs[i].source, objects, known, error) ||
            !look_up(db, PAST_LOOKUP_BUILDING, inputs[i].source, objects, known, error) ||
            !look_up(db, PAST_LOOKUP_LINE, inputs[i].source, lines, known, error)) {
            return false;
        }
    }
    return true;
}

static bool
read_time(IntakeResult *result, const char *column, const char *text, int64_t *ret_time_us) {
    if (!intake_is_told(text)) {
        return true;
    }
    g_autofree char *word = g_strstrip(g_strdup(text));
    g_strdelimit(word, "/", '-');
    if (!clock_parse(word, ret_time_us)) {
        intake_refuse(result, column, "日期写成 2026-11-22 的样子，现在是“%.40s”", word);
        return false;
    }
    return true;
}

typedef struct Line {
    Object *object;
    int64_t opened_us, closed_us;
    const char *source, *source_id, *item_code, *item_text;
} Line;

static void check_line(const PastInspectionInput *input,
                       const Known *known,
                       const IntakeContext *context,
                       IntakeResult *result,
                       Line *line) {
    const char *object_id = NULL;
    if (!intake_read_text(
            result, "source", "来源系统", input->source, KEY_MAX_BYTES, &line->source) ||
        !intake_read_text(
            result, "source_id", "来源编号", input->source_id, KEY_MAX_BYTES, &line->source_id) ||
        !intake_read_text(result,
                          "object_source_id",
                          "对象的来源编号",
                          input->object_source_id,
                          KEY_MAX_BYTES,
                          &object_id) ||
        !intake_read_text(
            result, "item_code", "问题条款", input->item_code, KEY_MAX_BYTES, &line->item_code) ||
        !intake_read_text(
            result, "item_text", "问题", input->item_text, TEXT_MAX_BYTES, &line->item_text) ||
        !read_time(result, "opened", input->opened, &line->opened_us) ||
        !read_time(result, "closed", input->closed, &line->closed_us)) {
        return;
    }
    if (line->source == NULL || line->source_id == NULL) {
        intake_refuse(result,
                      line->source == NULL ? "source" : "source_id",
                      "写来源系统和来源编号，再次导入时靠它认出同一行");
    } else if (object_id == NULL) {
        intake_refuse(result, "object_source_id", "写单位或建筑的来源编号");
    } else if (line->opened_us == 0) {
        intake_refuse(result, "opened", "写检查日期");
    } else {
        g_autofree char *key = key_of(line->source, object_id);
        line->object = g_hash_table_lookup(known->objects, key);
        if (line->object == NULL) {
            intake_refuse(result,
                          "object_source_id",
                          "没有来源编号是“%.60s”的单位或建筑：先导入它",
                          object_id);
        } else if (!region_is_inside(line->object->region, context->scope_region)) {
            intake_refuse(result, "object_source_id", "这个对象不在您的辖区");
        }
    }
}

static bool write_lines(Db *db, const GArray *lines, GError **error) {
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(PastLine));
    for (guint i = 0; i < lines->len; i++) {
        const Line *line = &g_array_index(lines, Line, i);
        PastLine row = {.source = line->source,
                        .source_id = line->source_id,
                        .unit_id = line->object->unit_id,
                        .building_id = line->object->building_id,
                        .opened_us = line->opened_us,
                        .closed_us = line->closed_us,
                        .item_code = line->item_code,
                        .item_text = line->item_text};
        g_array_append_val(rows, row);
        line->object->newest_us = MAX(line->object->newest_us, line->opened_us);
    }
    return past_store_add(db, (const PastLine *)(void *)rows->data, rows->len, error);
}

static bool note_inspected(Db *db, GHashTable *objects, GError **error) {
    GHashTableIter iter;
    gpointer value;
    g_hash_table_iter_init(&iter, objects);
    while (g_hash_table_iter_next(&iter, NULL, &value)) {
        const Object *object = value;
        if (object->newest_us == 0) {
            continue;
        }
        if (object->building_id != 0
                ? !building_note_inspected(db, object->building_id, object->newest_us, error)
                : !unit_note_inspected(db, object->unit_id, object->newest_us, error)) {
            return false;
        }
    }
    return true;
}

bool intake_past_inspections(Db *db,
                             const PastInspectionInput *inputs,
                             size_t count,
                             const IntakeContext *context,
                             IntakeResult *results,
                             GError **error) {
    g_auto(Known) known = {
        .objects = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
        .lines = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
    };
    if (!load_known(db, inputs, count, &known, error)) {
        return false;
    }
    g_autoptr(GArray) lines = g_array_new(FALSE, FALSE, sizeof(Line));
    for (size_t i = 0; i < count; i++) {
        Line line = {0};
        check_line(&inputs[i], &known, context, &results[i], &line);
        if (results[i].problem != NULL) {
            continue;
        }
        if (!g_hash_table_add(known.lines, key_of(line.source, line.source_id))) {
            results[i].outcome = INTAKE_SAME;
            continue;
        }
        results[i].outcome = INTAKE_ADDED;
        g_array_append_val(lines, line);
    }
    return context->dry_run ||
           (write_lines(db, lines, error) && note_inspected(db, known.objects, error));
}
