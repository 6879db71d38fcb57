/* One place writes units: rows, search index, counts, history and suspected duplicates together. */
#include "registry/object_store.h"
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

static void add_tokens(GString *out, const void *unit) {
    if (is_indexed(unit)) {
        unit_add_tokens(out, unit);
    }
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

static void note_differences(const void *old, const void *object, json_t *before, json_t *after) {
    static const Unit nothing = {.name = NULL};
    const Unit *was = old == NULL ? &nothing : old;
    const Unit *now = object;
    change_note_text(before, after, "name", was->name, now->name);
    change_note_text(before, after, "address", was->address, now->address);
    change_note_text(before, after, "uscc", was->uscc, now->uscc);
    change_note_text(before, after, "region", was->region, now->region);
    change_note_text(before,
                     after,
                     "category",
                     category_get(was->category)->name_zh,
                     category_get(now->category)->name_zh);
    change_note_text(before, after, "risk", risk_name_zh(was->risk), risk_name_zh(now->risk));
    change_note_text(before, after, "credit", credit_word(was->credit), credit_word(now->credit));
    change_note_text(before, after, "is_key", was->is_key ? "是" : "否", now->is_key ? "是" : "否");
    change_note_text(before, after, "legal_person", was->legal_person, now->legal_person);
    change_note_text(before, after, "phone", was->phone, now->phone);
    change_note_text(before, after, "source_id", was->source_id, now->source_id);
    change_note_real(before, after, "longitude", was->longitude, now->longitude);
    change_note_real(before, after, "latitude", was->latitude, now->latitude);
    change_note_int(before, after, "building", was->building_id, now->building_id);
    change_note_int(before, after, "merged_into", was->merged_into, now->merged_into);
}

static const ObjectKind unit_kind = {SEARCH_UNIT, "unit", add_tokens, note_differences};

static bool note_writes(
    Db *db, const UnitWrite *writes, size_t count, const WriteOptions *options, GError **error) {
    g_autofree ObjectWrite *written = g_new0(ObjectWrite, count);
    for (size_t i = 0; i < count; i++) {
        written[i] = (ObjectWrite){writes[i].now->id, writes[i].old, writes[i].now};
    }
    return object_note_writes(db, &unit_kind, written, count, options, error);
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
    if (!object_take_ids(db, SEARCH_UNIT, added->len, ids, error)) {
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
    Db *db, UnitWrite *writes, size_t count, const WriteOptions *options, GError **error) {
    write_counts(db, writes, count);
    return object_serialise(db, SEARCH_UNIT, error) &&
           write_new_rows(db, writes, count, options->now_us, error) &&
           write_old_rows(db, writes, count, options->now_us, error) &&
           note_writes(db, writes, count, options, error);
}
