/* Buildings: rows, search index, history. Lists are in building_list.c. */
#include "registry/building.h"

#include "base/error.h"
#include "registry/building_store.h"
#include "registry/object_store.h"

#include <string.h>

const char *height_class_name_zh(HeightClass height_class) {
    static const char *const names[] = {"高度未登记", "多层或单层", "高层", "超高层"};
    return names[height_class];
}

void building_clear(Building *building) {
    g_clear_pointer(&building->texts, g_string_chunk_free);
    *building = (Building){0};
}

static const char *keep(GStringChunk *texts, const char *text) {
    return text == NULL ? NULL : g_string_chunk_insert(texts, text);
}

void building_from_row(const DbRows *rows, GStringChunk *texts, Building *building) {
    *building = (Building){
        .id = db_rows_int(rows, 0),
        .source = keep(texts, db_rows_text(rows, 1)),
        .source_id = keep(texts, db_rows_text(rows, 2)),
        .name = keep(texts, db_rows_text(rows, 3)),
        .address = keep(texts, db_rows_text(rows, 4)),
        .region = keep(texts, db_rows_text(rows, 5)),
        .district = db_rows_int(rows, 6),
        .category = (int)db_rows_int(rows, 7),
        .height_m = db_rows_real(rows, 8),
        .floors_above = db_rows_int(rows, 9),
        .floors_below = db_rows_int(rows, 10),
        .area_m2 = db_rows_real(rows, 11),
        .built_year = db_rows_int(rows, 12),
        .height_class = (HeightClass)db_rows_int(rows, 13),
        .risk = (RiskGrade)db_rows_int(rows, 14),
        .credit = (CreditGrade)db_rows_int(rows, 15),
        .is_key = db_rows_int(rows, 16) != 0,
        .has_point = !db_rows_is_null(rows, 17) && !db_rows_is_null(rows, 18),
        .longitude = db_rows_real(rows, 17),
        .latitude = db_rows_real(rows, 18),
        .last_inspected_us = db_rows_int(rows, 19),
        .version = db_rows_int(rows, 20),
        .created_us = db_rows_int(rows, 21),
        .changed_us = db_rows_int(rows, 22),
    };
}

static bool read_one(Db *db, Sql sql, DbArgs args, Building *ret_building, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, args, error);
    if (!object_first_row(rows, "building", error)) {
        return false;
    }
    GStringChunk *texts = g_string_chunk_new(256);
    building_from_row(rows, texts, ret_building);
    ret_building->texts = texts;
    return true;
}

bool building_find(Db *db, int64_t id, Building *ret_building, GError **error) {
    return read_one(db,
                    SQL("SELECT " BUILDING_COLUMNS " FROM building b WHERE b.id = $1"),
                    DB_ARGS(db_int(id)),
                    ret_building,
                    error);
}

bool building_find_source(
    Db *db, const char *source, const char *source_id, Building *ret_building, GError **error) {
    return read_one(db,
                    SQL("SELECT " BUILDING_COLUMNS " FROM building b WHERE b.source IS NOT NULL "
                        "AND b.source = $1 AND b.source_id = $2"),
                    DB_ARGS(db_text(source), db_text(source_id)),
                    ret_building,
                    error);
}

bool building_store_by_source(Db *db,
                              const char *source,
                              const char *keys,
                              GStringChunk *texts,
                              GArray *found,
                              GError **error) {
    return object_read_keys(db,
                            KEYS_BY_SOURCE(db, "building"),
                            DB_ARGS(db_text(source), db_text(keys)),
                            texts,
                            found,
                            error);
}

bool building_store_by_match(Db *db, const char *keys, GArray *found, GError **error) {
    return object_read_keys(
        db, KEYS_BY_MATCH(db, "building"), DB_ARGS(db_text(keys)), NULL, found, error);
}

bool building_store_units(Db *db, int64_t id, unsigned limit, json_t *list, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, name, category FROM unit WHERE building_id IS NOT NULL "
                     "AND building_id = $1 AND merged_into = 0 ORDER BY id LIMIT $2"),
                 DB_ARGS(db_int(id), db_int(limit)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        json_t *line = json_object();
        json_put_int(line, "id", db_rows_int(rows, 0));
        json_put_text(line, "name", db_rows_text(rows, 1));
        json_put_text(line, "category", category_get((int)db_rows_int(rows, 2))->name_zh);
        json_array_append_new(list, line);
    }
    return db_rows_done(rows, error);
}

int64_t building_match_key(const char *address) {
    g_autofree char *normal = search_normalise(address);
    return search_text_hash(normal);
}

/* Same address and region; the same name too when both are told. */
bool building_find_like(Db *db, const Building *like, Building *ret_building, GError **error) {
    return read_one(db,
                    SQL("SELECT " BUILDING_COLUMNS " FROM building b WHERE b.match_key = $1 "
                        "AND b.region = $2 AND (b.name = $3 OR b.name = b.address OR $3 = $4) "
                        "ORDER BY b.id LIMIT 1"),
                    DB_ARGS(db_int(building_match_key(like->address)),
                            db_text(like->region),
                            db_text(like->name),
                            db_text(like->address)),
                    ret_building,
                    error);
}

/* --- writing ------------------------------------------------------------------------------------
 */

static void add_tokens(GString *out, const void *object) {
    const Building *building = object;
    const char *fields[] = {building->name, building->address};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autofree char *normal = search_normalise(fields[i]);
        search_add_grams(out, normal);
    }
    search_add_mark(out, 'd', building->district);
    search_add_mark(out, 'h', building->height_class);
    search_add_mark(out, 'r', building->risk);
    if (building->is_key) {
        search_add_mark(out, 'k', 1);
    }
}

static void note_differences(const void *old, const void *object, json_t *before, json_t *after) {
    static const Building nothing = {.name = NULL};
    const Building *was = old == NULL ? &nothing : old;
    const Building *now = object;
    change_note_text(before, after, "name", was->name, now->name);
    change_note_text(before, after, "address", was->address, now->address);
    change_note_text(before, after, "region", was->region, now->region);
    change_note_text(before,
                     after,
                     "category",
                     category_get(was->category)->name_zh,
                     category_get(now->category)->name_zh);
    change_note_real(before, after, "height_m", was->height_m, now->height_m);
    change_note_int(before, after, "floors_above", was->floors_above, now->floors_above);
    change_note_int(before, after, "floors_below", was->floors_below, now->floors_below);
    change_note_real(before, after, "area_m2", was->area_m2, now->area_m2);
    change_note_int(before, after, "built_year", was->built_year, now->built_year);
    change_note_text(before, after, "risk", risk_name_zh(was->risk), risk_name_zh(now->risk));
    change_note_text(before, after, "credit", credit_word(was->credit), credit_word(now->credit));
    change_note_text(before, after, "is_key", was->is_key ? "是" : "否", now->is_key ? "是" : "否");
    change_note_text(before, after, "source_id", was->source_id, now->source_id);
    change_note_real(before, after, "longitude", was->longitude, now->longitude);
    change_note_real(before, after, "latitude", was->latitude, now->latitude);
}

static const ObjectKind building_kind = {SEARCH_BUILDING, "building", add_tokens, note_differences};

static DbArg told_int(int64_t number) {
    return number == 0 ? db_null() : db_int(number);
}

static DbArg told_real(double number) {
    return number > 0 ? db_real(number) : db_null();
}

/* $1 … $22, in the order of both statements below. */
#define ROW_ARGS(b)                                                                                \
    db_text((b)->source), db_text((b)->source_id), db_text((b)->name), db_text((b)->address),      \
        db_text((b)->region), db_int((b)->district), db_int((b)->category),                        \
        told_real((b)->height_m), told_int((b)->floors_above), told_int((b)->floors_below),        \
        told_real((b)->area_m2), told_int((b)->built_year), db_int((b)->height_class),             \
        db_int((b)->risk), db_int((b)->credit), db_bool((b)->is_key),                              \
        (b)->has_point ? db_real((b)->longitude) : db_null(),                                      \
        (b)->has_point ? db_real((b)->latitude) : db_null(),                                       \
        db_int(building_match_key((b)->address)), db_int((b)->version), db_int((b)->changed_us)

static bool insert_rows(Db *db, Building *const *buildings, size_t count, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        const Building *building = buildings[i];
        const DbArg row[] = {
            ROW_ARGS(building), db_int(building->last_inspected_us), db_int(building->id)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return db_exec_many(
        db,
        SQL("INSERT INTO building (source, source_id, name, address, region, district, "
            "category, height_m, floors_above, floors_below, area_m2, built_year, height_class, "
            "risk, credit, is_key, longitude, latitude, match_key, version, changed_us, "
            "created_us, last_inspected_us, id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
            "$11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $21, $22, $23)"),
        23,
        (DbArgs){(const DbArg *)(void *)args->data, args->len},
        NULL,
        error);
}

bool building_add(
    Db *db, Building *const *buildings, size_t count, const WriteOptions *options, GError **error) {
    g_autofree int64_t *ids = g_new0(int64_t, count);
    g_autofree ObjectWrite *writes = g_new0(ObjectWrite, count);
    if (count == 0) {
        return true;
    }
    if (!object_take_ids(db, SEARCH_BUILDING, count, ids, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        Building *building = buildings[i];
        building->id = ids[i];
        building->version = 1;
        building->created_us = options->now_us;
        building->changed_us = options->now_us;
        if (!building_judge_height(building, &building->height_class, error)) {
            return false;
        }
        writes[i] = (ObjectWrite){building->id, NULL, building};
    }
    return insert_rows(db, buildings, count, error) &&
           object_note_writes(db, &building_kind, writes, count, options, error);
}

static bool update_row(Db *db, const Building *old, const Building *now, GError **error) {
    int64_t changed = 0;
    if (!db_exec(db,
                 SQL("UPDATE building SET source = $1, source_id = $2, name = $3, address = $4, "
                     "region = $5, district = $6, category = $7, height_m = $8, "
                     "floors_above = $9, floors_below = $10, area_m2 = $11, built_year = $12, "
                     "height_class = $13, risk = $14, credit = $15, is_key = $16, "
                     "longitude = $17, latitude = $18, match_key = $19, version = $20, "
                     "changed_us = $21 WHERE id = $22 AND version = $23"),
                 DB_ARGS(ROW_ARGS(now), db_int(now->id), db_int(old->version)),
                 &changed,
                 error)) {
        return false;
    }
    return changed == 1 ||
           hz_fail(error, HZ_ERROR_CONFLICT, "building was changed by somebody else meanwhile");
}

bool building_change(
    Db *db, const Building *old, Building *now, const WriteOptions *options, GError **error) {
    now->version = old->version + 1;
    now->changed_us = options->now_us;
    ObjectWrite write = {now->id, old, now};
    return building_judge_height(now, &now->height_class, error) &&
           update_row(db, old, now, error) &&
           object_note_writes(db, &building_kind, &write, 1, options, error);
}

bool building_note_inspected(Db *db, int64_t id, int64_t inspected_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE building SET last_inspected_us = $2 "
                       "WHERE id = $1 AND last_inspected_us < $2"),
                   DB_ARGS(db_int(id), db_int(inspected_us)),
                   NULL,
                   error);
}
