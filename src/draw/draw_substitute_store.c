#include "draw/draw_substitute_store.h"

#include "base/error.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "draw_id, n, ord, kind, out_id, in_id, reason, note, passed, object_id, lead_id, second_id, "  \
    "actor, created_us, leaf"

void draw_substitution_free(DrawSubstitution *substitution) {
    if (substitution == NULL) {
        return;
    }
    g_free(substitution->note);
    g_free(substitution->actor);
    g_clear_pointer(&substitution->passed, g_array_unref);
    g_free(substitution);
}

/* [[officer, reason], …] */
static char *passed_text(const GArray *passed) {
    g_autoptr(json_t) list = json_array();
    for (guint i = 0; i < passed->len; i++) {
        const DrawPassed *one = &g_array_index(passed, DrawPassed, i);
        json_t *pair = json_array();
        json_array_append_new(pair, json_integer(one->officer_id));
        json_array_append_new(pair, json_string(one->reason));
        json_array_append_new(list, pair);
    }
    return json_write(list);
}

static GArray *read_passed(const char *text) {
    g_autoptr(json_t) list = json_read(text, strlen(text), NULL);
    GArray *passed = g_array_new(FALSE, FALSE, sizeof(DrawPassed));
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *pair = json_array_get(list, i);
        DrawPassed one = {
            json_integer_value(json_array_get(pair, 0)),
            g_intern_string(json_string_value(json_array_get(pair, 1))),
        };
        g_array_append_val(passed, one);
    }
    return passed;
}

bool draw_substitute_store_add(Db *db, const DrawSubstitution *row, GError **error) {
    g_autofree char *passed = passed_text(row->passed);
    return db_exec(db,
                   SQL("UPDATE draw_substitution SET is_last = 0 WHERE draw_id = $1 AND ord = $2 "
                       "AND is_last = 1"),
                   DB_ARGS(db_int(row->draw_id), db_int(row->order)),
                   NULL,
                   error) &&
           db_exec(db,
                   SQL("INSERT INTO draw_substitution (" COLUMNS ", is_last) VALUES ($1, $2, $3, "
                       "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, 1)"),
                   DB_ARGS(db_int(row->draw_id),
                           db_int(row->n),
                           db_int(row->order),
                           db_text(row->is_object ? "object" : "officer"),
                           db_int(row->out_id),
                           db_int(row->in_id),
                           db_text(row->reason),
                           db_text(row->note),
                           db_text(passed),
                           db_int(row->object_id),
                           db_int(row->lead_id),
                           db_int(row->second_id),
                           db_text(row->actor),
                           db_int(row->created_us),
                           db_int(row->leaf)),
                   NULL,
                   error);
}

static DrawSubstitution *read_row(const DbRows *rows) {
    DrawSubstitution *row = g_new0(DrawSubstitution, 1);
    row->draw_id = db_rows_int(rows, 0);
    row->n = db_rows_int(rows, 1);
    row->order = db_rows_int(rows, 2);
    row->is_object = strcmp(db_rows_text(rows, 3), "object") == 0;
    row->out_id = db_rows_int(rows, 4);
    row->in_id = db_rows_int(rows, 5);
    row->reason = g_intern_string(db_rows_text(rows, 6));
    row->note = g_strdup(db_rows_text(rows, 7));
    row->passed = read_passed(db_rows_text(rows, 8));
    row->object_id = db_rows_int(rows, 9);
    row->lead_id = db_rows_int(rows, 10);
    row->second_id = db_rows_int(rows, 11);
    row->actor = g_strdup(db_rows_text(rows, 12));
    row->created_us = db_rows_int(rows, 13);
    row->leaf = db_rows_int(rows, 14);
    return row;
}

GPtrArray *draw_substitute_store_list(Db *db, int64_t draw_id, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " COLUMNS " FROM draw_substitution WHERE draw_id = $1 ORDER BY n"),
                 DB_ARGS(db_int(draw_id)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) list =
        g_ptr_array_new_with_free_func((GDestroyNotify)draw_substitution_free);
    while (db_rows_next(rows)) {
        g_ptr_array_add(list, read_row(rows));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

/* The place as its newest substitution left it, else as it was drawn. */
#define HELD                                                                                       \
    "SELECT t.ord, coalesce(s.object_id, t.object_id), coalesce(s.lead_id, t.lead_id), "           \
    "coalesce(s.second_id, t.second_id) FROM draw_target t LEFT JOIN draw_substitution s "         \
    "ON s.draw_id = t.draw_id AND s.ord = t.ord AND s.is_last = 1 "                                \
    "WHERE t.draw_id = $1 AND t.is_reserve = 0 AND "

bool draw_substitute_store_held(
    Db *db, int64_t draw_id, int64_t order, int64_t object_id, DrawHeld *ret_held, GError **error) {
    g_autoptr(DbRows) rows =
        order != 0
            ? db_query(db, SQL(HELD "t.ord = $2"), DB_ARGS(db_int(draw_id), db_int(order)), error)
            : db_query(db,
                       SQL(HELD "coalesce(s.object_id, t.object_id) = $2"),
                       DB_ARGS(db_int(draw_id), db_int(object_id)),
                       error);
    if (rows == NULL) {
        return false;
    }
    bool is_found = db_rows_next(rows);
    if (is_found) {
        *ret_held = (DrawHeld){
            db_rows_int(rows, 0), db_rows_int(rows, 1), db_rows_int(rows, 2), db_rows_int(rows, 3)};
    }
    return db_rows_done(rows, error) &&
           (is_found || hz_fail(error, HZ_ERROR_NOT_FOUND, "the draw has no such place"));
}
