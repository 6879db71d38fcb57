/* All SQL that reads or writes single units; lists are in unit_list.c. */
#include "registry/unit_store.h"

#include "base/error.h"
#include "registry/object_store.h"

void unit_clear(Unit *unit) {
    g_clear_pointer(&unit->texts, g_string_chunk_free);
    *unit = (Unit){0};
}

int64_t unit_cell(int category, RiskGrade risk, CreditGrade credit, bool is_key) {
    return (int64_t)category * 50 + (int64_t)risk * 10 + (int64_t)credit * 2 + (is_key ? 1 : 0);
}

int64_t unit_match_key(const char *name, const char *address) {
    g_autofree char *a = search_normalise(name);
    g_autofree char *b = search_normalise(address);
    g_autofree char *both = g_strconcat(a, "\n", b, NULL);
    return search_text_hash(both);
}

static const char *keep(GStringChunk *texts, const char *text) {
    return text == NULL ? NULL : g_string_chunk_insert(texts, text);
}

void unit_from_row(const DbRows *rows, GStringChunk *texts, Unit *unit) {
    *unit = (Unit){
        .id = db_rows_int(rows, 0),
        .source = keep(texts, db_rows_text(rows, 1)),
        .source_id = keep(texts, db_rows_text(rows, 2)),
        .uscc = keep(texts, db_rows_text(rows, 3)),
        .name = keep(texts, db_rows_text(rows, 4)),
        .address = keep(texts, db_rows_text(rows, 5)),
        .region = keep(texts, db_rows_text(rows, 6)),
        .district = db_rows_int(rows, 7),
        .category = (int)db_rows_int(rows, 8),
        .risk = (RiskGrade)db_rows_int(rows, 9),
        .credit = (CreditGrade)db_rows_int(rows, 10),
        .is_key = db_rows_int(rows, 11) != 0,
        .last_inspected_us = db_rows_int(rows, 12),
        .merged_into = db_rows_int(rows, 13),
        .building_id = db_rows_int(rows, 14),
        .legal_person = keep(texts, db_rows_text(rows, 15)),
        .phone = keep(texts, db_rows_text(rows, 16)),
        .has_point = !db_rows_is_null(rows, 17) && !db_rows_is_null(rows, 18),
        .longitude = db_rows_real(rows, 17),
        .latitude = db_rows_real(rows, 18),
        .version = db_rows_int(rows, 19),
        .created_us = db_rows_int(rows, 20),
        .changed_us = db_rows_int(rows, 21),
    };
}

bool unit_find(Db *db, int64_t id, Unit *ret_unit, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db, SQL("SELECT " UNIT_COLUMNS " FROM unit u WHERE u.id = $1"), DB_ARGS(db_int(id)), error);
    if (rows == NULL) {
        return false;
    }
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) &&
               hz_fail(error, HZ_ERROR_NOT_FOUND, "unit %" G_GINT64_FORMAT " does not exist", id);
    }
    GStringChunk *texts = g_string_chunk_new(512);
    unit_from_row(rows, texts, ret_unit);
    ret_unit->texts = texts;
    return true;
}

/* --- looking up a batch -------------------------------------------------------------------------
 */

bool unit_store_by_source(Db *db,
                          const char *source,
                          const char *keys,
                          GStringChunk *texts,
                          GArray *found,
                          GError **error) {
    return object_read_keys(db,
                            KEYS_BY_SOURCE(db, "unit"),
                            DB_ARGS(db_text(source), db_text(keys)),
                            texts,
                            found,
                            error);
}

bool unit_store_by_uscc(
    Db *db, const char *keys, GStringChunk *texts, GArray *found, GError **error) {
    return object_read_keys(
        db,
        SQL_FOR(db,
                "SELECT uscc, id FROM unit WHERE uscc IS NOT NULL AND uscc IN "
                "(SELECT CAST(value AS TEXT) FROM json_each($1)) ORDER BY id",
                "SELECT uscc, id FROM unit WHERE uscc IS NOT NULL AND uscc = ANY "
                "(ARRAY(SELECT json_array_elements_text($1::json))) ORDER BY id"),
        DB_ARGS(db_text(keys)),
        texts,
        found,
        error);
}

bool unit_store_by_match(Db *db, const char *keys, GArray *found, GError **error) {
    return object_read_keys(
        db, KEYS_BY_MATCH(db, "unit"), DB_ARGS(db_text(keys)), NULL, found, error);
}

bool unit_store_load(
    Db *db, const int64_t *ids, size_t count, GStringChunk *texts, GArray *units, GError **error) {
    g_autofree char *list = id_list_format(db, ids, count);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL_FOR(db,
                         "SELECT " UNIT_COLUMNS " FROM unit u WHERE u.id IN "
                         "(SELECT CAST(value AS INTEGER) FROM json_each($1)) ORDER BY u.id",
                         "SELECT " UNIT_COLUMNS " FROM unit u WHERE u.id = ANY ($1::bigint[]) "
                         "ORDER BY u.id"),
                 DB_ARGS(db_text(list)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Unit unit;
        unit_from_row(rows, texts, &unit);
        g_array_append_val(units, unit);
    }
    return db_rows_done(rows, error);
}

/* --- writing ------------------------------------------------------------------------------------
 */

static DbArg point(const Unit *unit, double value) {
    return unit->has_point ? db_real(value) : db_null();
}

#define INSERT_COLUMNS 25

static void add_insert_args(GArray *args, const Unit *unit) {
    DbArg row[INSERT_COLUMNS] = {
        db_int(unit->id),
        db_text(unit->source),
        db_text(unit->source_id),
        db_text(unit->uscc),
        db_text(unit->name),
        db_text(unit->address),
        db_text(unit->region),
        db_int(unit->district),
        db_int(unit->category),
        db_int(unit->risk),
        db_int(unit->credit),
        db_bool(unit->is_key),
        db_int(unit_cell(unit->category, unit->risk, unit->credit, unit->is_key)),
        db_int(unit->last_inspected_us),
        db_int(unit->merged_into),
        db_int(unit_match_key(unit->name, unit->address)),
        unit->building_id == 0 ? db_null() : db_int(unit->building_id),
        db_text(unit->legal_person),
        db_text(unit->phone),
        point(unit, unit->longitude),
        point(unit, unit->latitude),
        db_int(unit->version),
        db_int(unit->created_us),
        db_int(unit->changed_us),
        db_null(), /* of the update: the version that is expected */
    };
    g_array_append_vals(args, row, INSERT_COLUMNS - 1);
}

bool unit_store_insert(Db *db, const Unit *const *units, size_t count, GError **error) {
    g_autoptr(GArray) args =
        g_array_sized_new(FALSE, FALSE, sizeof(DbArg), (guint)count * INSERT_COLUMNS);
    for (size_t i = 0; i < count; i++) {
        add_insert_args(args, units[i]);
    }
    return db_exec_many(
        db,
        SQL("INSERT INTO unit (id, source, source_id, uscc, name, address, region, district, "
            "category, risk, credit, is_key, cell, last_inspected_us, merged_into, match_key, "
            "building_id, legal_person, phone, longitude, latitude, version, created_us, "
            "changed_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, "
            "$15, $16, $17, $18, $19, $20, $21, $22, $23, $24)"),
        INSERT_COLUMNS - 1,
        (DbArgs){(const DbArg *)args->data, args->len},
        NULL,
        error);
}

bool unit_store_update(
    Db *db, const Unit *const *olds, const Unit *const *units, size_t count, GError **error) {
    g_autoptr(GArray) args =
        g_array_sized_new(FALSE, FALSE, sizeof(DbArg), (guint)count * INSERT_COLUMNS);
    for (size_t i = 0; i < count; i++) {
        add_insert_args(args, units[i]);
        DbArg version = db_int(olds[i]->version);
        g_array_append_val(args, version);
    }
    int64_t changed = 0;
    if (!db_exec_many(
            db,
            SQL("UPDATE unit SET source = $2, source_id = $3, uscc = $4, name = $5, "
                "address = $6, region = $7, district = $8, category = $9, risk = $10, "
                "credit = $11, is_key = $12, cell = $13, last_inspected_us = $14, "
                "merged_into = $15, match_key = $16, building_id = $17, legal_person = $18, "
                "phone = $19, longitude = $20, latitude = $21, version = $22, created_us = $23, "
                "changed_us = $24 WHERE id = $1 AND version = $25"),
            INSERT_COLUMNS,
            (DbArgs){(const DbArg *)args->data, args->len},
            &changed,
            error)) {
        return false;
    }
    return changed == (int64_t)count ||
           hz_fail(error, HZ_ERROR_CONFLICT, "unit was changed by somebody else meanwhile");
}

bool unit_store_count(Db *db, const CountDelta *deltas, size_t count, GError **error) {
    g_autoptr(GArray) args = g_array_sized_new(FALSE, FALSE, sizeof(DbArg), (guint)count * 3);
    for (size_t i = 0; i < count; i++) {
        DbArg row[] = {db_int(deltas[i].scope), db_int(deltas[i].cell), db_int(deltas[i].delta)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return db_exec_many(
        db,
        SQL("INSERT INTO unit_count (scope, cell, n) VALUES ($1, $2, $3) "
            "ON CONFLICT (scope, cell) DO UPDATE SET n = unit_count.n + excluded.n"),
        3,
        (DbArgs){(const DbArg *)args->data, args->len},
        NULL,
        error);
}

bool unit_store_suspect(
    Db *db, const Suspect *suspects, size_t count, int64_t found_us, GError **error) {
    g_autoptr(GArray) args = g_array_sized_new(FALSE, FALSE, sizeof(DbArg), (guint)count * 5);
    for (size_t i = 0; i < count; i++) {
        DbArg row[] = {db_int(suspects[i].low_id),
                       db_int(suspects[i].high_id),
                       db_text(suspects[i].reason),
                       db_int(suspects[i].district),
                       db_int(found_us)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return db_exec_many(
        db,
        SQL("INSERT INTO unit_suspect (low_id, high_id, reason, district, found_us) "
            "VALUES ($1, $2, $3, $4, $5) ON CONFLICT (low_id, high_id) DO NOTHING"),
        5,
        (DbArgs){(const DbArg *)args->data, args->len},
        NULL,
        error);
}

bool unit_note_inspected(Db *db, int64_t id, int64_t inspected_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE unit SET last_inspected_us = $2 "
                       "WHERE id = $1 AND last_inspected_us < $2"),
                   DB_ARGS(db_int(id), db_int(inspected_us)),
                   NULL,
                   error);
}

/* --- duplicates ---------------------------------------------------------------------------------
 */

bool unit_store_decide(Db *db, int64_t a, int64_t b, const char *decided, GError **error) {
    return db_exec(db,
                   SQL("UPDATE unit_suspect SET decided = $3 WHERE low_id = $1 AND high_id = $2"),
                   DB_ARGS(db_int(MIN(a, b)), db_int(MAX(a, b)), db_text(decided)),
                   NULL,
                   error);
}

bool unit_store_open_pairs(
    Db *db, int64_t low, int64_t high, unsigned limit, GArray *pairs, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT low_id, high_id, district, reason FROM unit_suspect "
                     "WHERE decided IS NULL AND district >= $1 AND district < $2 "
                     "ORDER BY district, high_id, low_id LIMIT $3"),
                 DB_ARGS(db_int(low), db_int(high), db_int(limit)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Suspect pair = {.low_id = db_rows_int(rows, 0),
                        .high_id = db_rows_int(rows, 1),
                        .district = db_rows_int(rows, 2),
                        .reason = g_strcmp0(db_rows_text(rows, 3), "code") == 0 ? "code" : "name"};
        g_array_append_val(pairs, pair);
    }
    return db_rows_done(rows, error);
}

bool unit_store_add_merge(
    Db *db, int64_t kept_id, int64_t gone_id, const WriteOptions *options, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO unit_merge (kept_id, gone_id, reason, merged_us, actor) "
                       "VALUES ($1, $2, $3, $4, $5)"),
                   DB_ARGS(db_int(kept_id),
                           db_int(gone_id),
                           db_text("person"),
                           db_int(options->now_us),
                           db_text(options->actor)),
                   NULL,
                   error);
}

bool unit_store_end_merge(Db *db, int64_t gone_id, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE unit_merge SET undone_us = $2 WHERE gone_id = $1 "
                       "AND undone_us = 0"),
                   DB_ARGS(db_int(gone_id), db_int(now_us)),
                   NULL,
                   error);
}

static bool add_relatives(Db *db, Sql sql, int64_t id, json_t *list, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, DB_ARGS(db_int(id)), error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        json_t *line = json_object();
        bool code = g_strcmp0(db_rows_text(rows, 2), "code") == 0;
        json_put_int(line, "id", db_rows_int(rows, 0));
        json_put_text(line, "name", db_rows_text(rows, 1));
        json_put_text(line, "reason", code ? "信用代码相同" : "名称和地址相同");
        json_array_append_new(list, line);
    }
    return db_rows_done(rows, error);
}

bool unit_store_relatives(Db *db, int64_t id, json_t *like, json_t *absorbed, GError **error) {
    return add_relatives(db,
                         SQL("SELECT u.id, u.name, s.reason FROM unit_suspect s "
                             "JOIN unit u ON u.id = s.high_id "
                             "WHERE s.low_id = $1 AND s.decided IS NULL AND u.merged_into = 0"),
                         id,
                         like,
                         error) &&
           add_relatives(db,
                         SQL("SELECT u.id, u.name, s.reason FROM unit_suspect s "
                             "JOIN unit u ON u.id = s.low_id "
                             "WHERE s.high_id = $1 AND s.decided IS NULL AND u.merged_into = 0"),
                         id,
                         like,
                         error) &&
           add_relatives(db,
                         SQL("SELECT u.id, u.name, m.reason FROM unit_merge m "
                             "JOIN unit u ON u.id = m.gone_id "
                             "WHERE m.kept_id = $1 AND m.undone_us = 0 ORDER BY m.id"),
                         id,
                         absorbed,
                         error);
}
