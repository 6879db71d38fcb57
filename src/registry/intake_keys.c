#include "registry/intake_keys.h"

#include "registry/intake_internal.h"
#include "registry/object_store.h"

/* --- keys of other systems ----------------------------------------------------------------------
 */

void source_ids_init(SourceIds *ids) {
    ids->by_source =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);
}

void source_ids_clear(SourceIds *ids) {
    g_hash_table_unref(ids->by_source);
}

void source_ids_add(SourceIds *ids, const char *source, const char *source_id) {
    if (source == NULL || source_id == NULL) {
        return;
    }
    GPtrArray *list = g_hash_table_lookup(ids->by_source, source);
    if (list == NULL) {
        list = g_ptr_array_new();
        g_hash_table_insert(ids->by_source, (gpointer)source, list);
    }
    g_ptr_array_add(list, (gpointer)source_id);
}

bool source_ids_find(const SourceIds *ids,
                     Db *db,
                     SourceQuery query,
                     GStringChunk *texts,
                     GArray *found,
                     GError **error) {
    GHashTableIter iter;
    gpointer source;
    gpointer list;
    g_hash_table_iter_init(&iter, ids->by_source);
    while (g_hash_table_iter_next(&iter, &source, &list)) {
        g_autofree char *keys = intake_text_list(list);
        guint known = found->len;
        if (!query(db, source, keys, texts, found, error)) {
            return false;
        }
        for (guint i = known; i < found->len; i++) {
            g_array_index(found, StoredKey, i).source = source;
        }
    }
    return true;
}

/* --- new rows -----------------------------------------------------------------------------------
 */

void new_rows_init(NewRows *fresh) {
    *fresh = (NewRows){
        .stored = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .waiting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
        .rows = g_ptr_array_new(),
    };
}

void new_rows_clear(NewRows *fresh) {
    g_hash_table_unref(fresh->stored);
    g_hash_table_unref(fresh->waiting);
    g_ptr_array_unref(fresh->rows);
}

KeyState new_rows_look(const NewRows *fresh, const RowKeys *keys) {
    KeyState state = KEY_UNKNOWN;
    for (size_t i = 0; i < ROW_KEYS; i++) {
        const char *key = keys->texts[i];
        if (key != NULL && g_hash_table_contains(fresh->waiting, key)) {
            return KEY_WAITING;
        }
        if (key != NULL && g_hash_table_contains(fresh->stored, key)) {
            state = KEY_STORED;
        }
    }
    return state;
}

static void note_keys(GHashTable *known, const RowKeys *keys) {
    for (size_t i = 0; i < ROW_KEYS; i++) {
        if (keys->texts[i] != NULL) {
            g_hash_table_add(known, g_strdup(keys->texts[i]));
        }
    }
}

void new_rows_note_stored(NewRows *fresh, const RowKeys *keys) {
    note_keys(fresh->stored, keys);
}

void new_rows_wait(NewRows *fresh, void *row, const RowKeys *keys) {
    g_ptr_array_add(fresh->rows, row);
    note_keys(fresh->waiting, keys);
}

void new_rows_written(NewRows *fresh) {
    GHashTableIter iter;
    gpointer key;
    g_hash_table_iter_init(&iter, fresh->waiting);
    while (g_hash_table_iter_next(&iter, &key, NULL)) {
        g_hash_table_iter_steal(&iter);
        g_hash_table_add(fresh->stored, key);
    }
    g_ptr_array_set_size(fresh->rows, 0);
}
