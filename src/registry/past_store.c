#include "registry/past_store.h"

#include "base/clock.h"

static Sql lookup_sql(const Db *db, PastLookup lookup) {
    bool lite = db_engine(db) == DB_ENGINE_SQLITE;
    switch (lookup) {
    case PAST_LOOKUP_UNIT:
        return lite ? SQL("SELECT source_id, id, region, merged_into FROM unit "
                          "WHERE source IS NOT NULL AND source = $1 AND source_id IN "
                          "(SELECT CAST(value AS TEXT) FROM json_each($2))")
                    : SQL("SELECT source_id, id, region, merged_into FROM unit "
                          "WHERE source IS NOT NULL AND source = $1 AND source_id = ANY "
                          "(ARRAY(SELECT json_array_elements_text($2::json)))");
    case PAST_LOOKUP_BUILDING:
        return lite ? SQL("SELECT source_id, id, region, 0 FROM building "
                          "WHERE source IS NOT NULL AND source = $1 AND source_id IN "
                          "(SELECT CAST(value AS TEXT) FROM json_each($2))")
                    : SQL("SELECT source_id, id, region, 0 FROM building "
                          "WHERE source IS NOT NULL AND source = $1 AND source_id = ANY "
                          "(ARRAY(SELECT json_array_elements_text($2::json)))");
    case PAST_LOOKUP_LINE:
        return lite ? SQL("SELECT source_id, id, '', 0 FROM past_inspection WHERE source = $1 "
                          "AND source_id IN (SELECT CAST(value AS TEXT) FROM json_each($2))")
                    : SQL("SELECT source_id, id, '', 0 FROM past_inspection WHERE source = $1 "
                          "AND source_id = ANY "
                          "(ARRAY(SELECT json_array_elements_text($2::json)))");
    }
    g_assert_not_reached();
}

DbRows *
past_store_look_up(Db *db, PastLookup lookup, const char *source, const char *ids, GError **error) {
    return db_query(db, lookup_sql(db, lookup), DB_ARGS(db_text(source), db_text(ids)), error);
}

bool past_store_add(Db *db, const PastLine *lines, size_t count, GError **error) {
    if (count == 0) {
        return true;
    }
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        const PastLine *line = &lines[i];
        DbArg row[] = {db_text(line->source),
                       db_text(line->source_id),
                       db_int(line->unit_id),
                       db_int(line->building_id),
                       db_int(line->opened_us),
                       db_int(line->closed_us),
                       db_text(line->item_code),
                       db_text(line->item_text)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return db_exec_many(db,
                        SQL("INSERT INTO past_inspection (source, source_id, unit_id, "
                            "building_id, opened_us, closed_us, item_code, item_text) "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
                        8,
                        (DbArgs){(const DbArg *)(void *)args->data, args->len},
                        NULL,
                        error);
}

/* "2026-11-20 办结" */
static char *progress_text(int64_t closed_us) {
    g_autofree char *day = closed_us == 0 ? NULL : clock_format_date(closed_us);
    return day == NULL ? g_strdup("未办结") : g_strconcat(day, " 办结", NULL);
}

bool past_store_list(Db *db, const PastQuestion *question, GPtrArray *list, GError **error) {
    Sql sql = question->is_unit
                  ? SQL("SELECT opened_us, closed_us, item_code, item_text, source "
                        "FROM past_inspection WHERE unit_id = $1 AND unit_id <> 0 "
                        "ORDER BY opened_us DESC, id DESC LIMIT $2")
                  : SQL("SELECT opened_us, closed_us, item_code, item_text, source "
                        "FROM past_inspection WHERE building_id = $1 AND building_id <> 0 "
                        "ORDER BY opened_us DESC, id DESC LIMIT $2");
    g_autoptr(DbRows) rows =
        db_query(db, sql, DB_ARGS(db_int(question->id), db_int(question->limit)), error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        const char *text = db_rows_text(rows, 3);
        PastEntry entry = {.opened_us = db_rows_int(rows, 0),
                           .result = g_strdup(text == NULL ? "没有发现问题" : text),
                           .item_code = g_strdup(db_rows_text(rows, 2)),
                           .progress = progress_text(db_rows_int(rows, 1)),
                           .source = g_strdup(db_rows_text(rows, 4))};
        past_list_add(list, &entry);
    }
    return db_rows_done(rows, error);
}
