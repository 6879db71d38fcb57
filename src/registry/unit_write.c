/* One place writes units: rows, search index, counts, history and suspected duplicates together. */
#include "registry/change.h"
#include "registry/search.h"
#include "registry/unit_store.h"

#include <stdlib.h>
#include <string.h>

/* --- search and counts --------------------------------------------------------------------------
 */

static int64_t street_of(const char *region) {
    char street[10] = {0};
    if (strlen(region) < 9) {
        return 0;
    }
    memcpy(street, region, 9);
    return g_ascii_strtoll(street, NULL, 10);
}

void unit_add_tokens(GString *out, const Unit *unit) {
    const char *fields[] = {unit->name, unit->address, unit->uscc};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (fields[i] != NULL) {
            g_autofree char *normal = search_normalise(fields[i]);
            search_add_grams(out, normal);
        }
    }
    search_add_mark(out, 'd', unit->district);
    int64_t street = street_of(unit->region);
    if (street != 0) {
        search_add_mark(out, 's', street);
    }
    search_add_mark(out, 'c', unit->category);
    search_add_mark(out, 'r', unit->risk);
    search_add_mark(out, 't', unit->credit);
    if (unit->is_key) {
        search_add_mark(out, 'k', 1);
    }
}

static bool is_indexed(const Unit *unit) {
    return unit != NULL && unit->merged_into == 0;
}

static bool same_tokens(const Unit *a, const Unit *b) {
    return is_indexed(a) == is_indexed(b) && strcmp(a->name, b->name) == 0 &&
           strcmp(a->address, b->address) == 0 && strcmp(a->region, b->region) == 0 &&
           g_strcmp0(a->uscc, b->uscc) == 0 && a->category == b->category && a->risk == b->risk &&
           a->credit == b->credit && a->is_key == b->is_key;
}

static void free_tokens(void *document) {
    g_string_free(((SearchDocument *)document)->tokens, TRUE);
}

static void add_document(GArray *documents, int64_t id, const Unit *unit) {
    SearchDocument document = {id, g_string_sized_new(768)};
    unit_add_tokens(document.tokens, unit);
    g_array_append_val(documents, document);
}

static bool write_search(Db *db, const UnitWrite *writes, size_t count, GError **error) {
    g_autoptr(GArray) removed = g_array_new(FALSE, FALSE, sizeof(SearchDocument));
    g_autoptr(GArray) added = g_array_new(FALSE, FALSE, sizeof(SearchDocument));
    g_array_set_clear_func(removed, free_tokens);
    g_array_set_clear_func(added, free_tokens);
    for (size_t i = 0; i < count; i++) {
        const Unit *old = writes[i].old;
        const Unit *now = writes[i].now;
        if (old != NULL && same_tokens(old, now)) {
            continue;
        }
        if (is_indexed(old)) {
            add_document(removed, old->id, old);
        }
        if (is_indexed(now)) {
            add_document(added, now->id, now);
        }
    }
    return search_remove(
               db, SEARCH_UNIT, (const SearchDocument *)removed->data, removed->len, error) &&
           search_add(db, SEARCH_UNIT, (const SearchDocument *)added->data, added->len, error);
}

/* What the running transaction changes in the counts, written once at its end: all rows of a city
 * count in the same few hundred cells. */
typedef struct Counts {
    GHashTable *deltas; /* of CountDelta, by scope and cell */
} Counts;

static guint delta_hash(gconstpointer key) {
    const CountDelta *delta = key;
    int64_t mixed = delta->scope * UNIT_CELLS + delta->cell;
    return g_int64_hash(&mixed);
}

static gboolean delta_equal(gconstpointer a, gconstpointer b) {
    const CountDelta *x = a;
    const CountDelta *y = b;
    return x->scope == y->scope && x->cell == y->cell;
}

static void counts_free(void *data) {
    Counts *counts = data;
    g_hash_table_unref(counts->deltas);
    g_free(counts);
}

static int compare_deltas(const void *a, const void *b) {
    const CountDelta *x = a;
    const CountDelta *y = b;
    if (x->scope != y->scope) {
        return x->scope < y->scope ? -1 : 1;
    }
    return (x->cell > y->cell) - (x->cell < y->cell);
}

/* Sorted: two writers take the rows in the same order. */
static bool counts_write(Db *db, void *data, GError **error) {
    Counts *counts = data;
    g_autoptr(GArray) deltas = g_array_new(FALSE, FALSE, sizeof(CountDelta));
    GHashTableIter iter;
    gpointer delta;
    g_hash_table_iter_init(&iter, counts->deltas);
    while (g_hash_table_iter_next(&iter, &delta, NULL)) {
        if (((CountDelta *)delta)->delta != 0) {
            g_array_append_vals(deltas, delta, 1);
        }
    }
    g_array_sort(deltas, compare_deltas);
    return unit_store_count(db, (const CountDelta *)(void *)deltas->data, deltas->len, error);
}

static void add_delta(Counts *counts, const CountDelta *delta) {
    CountDelta *known = g_hash_table_lookup(counts->deltas, delta);
    if (known != NULL) {
        known->delta += delta->delta;
    } else {
        g_hash_table_add(counts->deltas, g_memdup2(delta, sizeof *delta));
    }
}

static void count_unit(Counts *counts, const Unit *unit, int64_t step) {
    if (!is_indexed(unit)) {
        return;
    }
    int64_t cell = unit_cell(unit->category, unit->risk, unit->credit, unit->is_key);
    int64_t scopes[] = {unit->district / 10000, unit->district / 100, unit->district};
    for (size_t i = 0; i < G_N_ELEMENTS(scopes); i++) {
        add_delta(counts, &(CountDelta){scopes[i], cell, step});
    }
}

static void write_counts(Db *db, const UnitWrite *writes, size_t count) {
    Counts *counts = db_before_commit_data(db, counts_write);
    if (counts == NULL) {
        counts = g_new(Counts, 1);
        counts->deltas = g_hash_table_new_full(delta_hash, delta_equal, g_free, NULL);
        db_before_commit(db, counts_write, counts, counts_free);
    }
    for (size_t i = 0; i < count; i++) {
        count_unit(counts, writes[i].old, -1);
        count_unit(counts, writes[i].now, 1);
    }
}

/* --- history ------------------------------------------------------------------------------------
 */

static void note_differences(const Unit *old, const Unit *now, json_t *before, json_t *after) {
    change_note_text(before, after, "name", old->name, now->name);
    change_note_text(before, after, "address", old->address, now->address);
    change_note_text(before, after, "uscc", old->uscc, now->uscc);
    change_note_text(before, after, "region", old->region, now->region);
    change_note_text(before,
                     after,
                     "category",
                     category_get(old->category)->name_zh,
                     category_get(now->category)->name_zh);
    change_note_text(before, after, "risk", risk_name_zh(old->risk), risk_name_zh(now->risk));
    change_note_text(before, after, "credit", credit_word(old->credit), credit_word(now->credit));
    change_note_text(before, after, "is_key", old->is_key ? "是" : "否", now->is_key ? "是" : "否");
    change_note_text(before, after, "legal_person", old->legal_person, now->legal_person);
    change_note_text(before, after, "phone", old->phone, now->phone);
    change_note_text(before, after, "source_id", old->source_id, now->source_id);
    change_note_real(before, after, "longitude", old->longitude, now->longitude);
    change_note_real(before, after, "latitude", old->latitude, now->latitude);
    change_note_int(before, after, "building", old->building_id, now->building_id);
    change_note_int(before, after, "merged_into", old->merged_into, now->merged_into);
}

static bool write_history(Db *db,
                          const UnitWrite *writes,
                          size_t count,
                          const UnitWriteOptions *options,
                          GError **error) {
    g_autoptr(GArray) changes = g_array_new(FALSE, FALSE, sizeof(Change));
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    static const Unit nothing = {.name = NULL};
    for (size_t i = 0; i < count; i++) {
        if (writes[i].old == NULL && !options->log_additions) {
            continue;
        }
        g_autoptr(json_t) before = json_object();
        g_autoptr(json_t) after = json_object();
        const Unit *old = writes[i].old == NULL ? &nothing : writes[i].old;
        note_differences(old, writes[i].now, before, after);
        char *old_text = writes[i].old == NULL ? NULL : json_write(before);
        char *new_text = json_write(after);
        g_ptr_array_add(texts, old_text);
        g_ptr_array_add(texts, new_text);
        Change change = {.kind = "unit",
                         .object_id = writes[i].now->id,
                         .action = options->action,
                         .actor = options->actor,
                         .changed_us = options->now_us,
                         .old_json = old_text,
                         .new_json = new_text};
        g_array_append_val(changes, change);
    }
    return change_add(db, (const Change *)(void *)changes->data, changes->len, error);
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static bool
write_new_rows(Db *db, UnitWrite *writes, size_t count, int64_t now_us, GError **error) {
    g_autoptr(GPtrArray) added = g_ptr_array_new();
    for (size_t i = 0; i < count; i++) {
        if (writes[i].old == NULL) {
            g_ptr_array_add(added, writes[i].now);
        }
    }
    if (added->len == 0) {
        return true;
    }
    g_autofree int64_t *ids = g_new0(int64_t, added->len);
    if (!unit_store_take_ids(db, added->len, ids, error)) {
        return false;
    }
    for (guint i = 0; i < added->len; i++) {
        Unit *unit = added->pdata[i];
        unit->id = ids[i];
        unit->version = 1;
        unit->created_us = now_us;
        unit->changed_us = now_us;
    }
    return unit_store_insert(db, (const Unit *const *)added->pdata, added->len, error);
}

static bool
write_old_rows(Db *db, UnitWrite *writes, size_t count, int64_t now_us, GError **error) {
    g_autoptr(GPtrArray) olds = g_ptr_array_new();
    g_autoptr(GPtrArray) nows = g_ptr_array_new();
    for (size_t i = 0; i < count; i++) {
        if (writes[i].old != NULL) {
            writes[i].now->version = writes[i].old->version + 1;
            writes[i].now->changed_us = now_us;
            g_ptr_array_add(olds, (gpointer)writes[i].old);
            g_ptr_array_add(nows, writes[i].now);
        }
    }
    return olds->len == 0 || unit_store_update(db,
                                               (const Unit *const *)olds->pdata,
                                               (const Unit *const *)nows->pdata,
                                               olds->len,
                                               error);
}

bool unit_write(
    Db *db, UnitWrite *writes, size_t count, const UnitWriteOptions *options, GError **error) {
    write_counts(db, writes, count);
    return unit_store_serialise(db, error) &&
           write_new_rows(db, writes, count, options->now_us, error) &&
           write_old_rows(db, writes, count, options->now_us, error) &&
           write_search(db, writes, count, error) &&
           write_history(db, writes, count, options, error);
}
