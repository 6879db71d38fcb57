/* Figures over open matters: by day, by kind, by person. Each is read from an index. */
#include "base/clock.h"
#include "casework/casework_store.h"

#define SHANGHAI_US (INT64_C(28800) * CLOCK_SECOND_US)

static void add_number(SqlBuilder *sql, Sql fragment, int64_t number) {
    sql_builder_add(sql, fragment);
    sql_builder_arg(sql, db_int(number));
}

GArray *casework_due_days(Db *db, const char *region, LawDay from, LawDay to, GError **error) {
    g_autoptr(GArray) days = g_array_new(FALSE, FALSE, sizeof(MatterDay));
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    /* a term of days ends with the midnight after its last day */
    add_number(sql, SQL("SELECT (m.due_key - 1 +"), SHANGHAI_US);
    add_number(sql, SQL(") /"), CLOCK_DAY_US);
    sql_builder_add(sql, SQL(", COUNT(*) FROM matter m WHERE m.is_closed = 0"));
    casework_add_region(sql, region);
    add_number(sql, SQL("AND m.due_key >"), law_day_begin(from));
    add_number(sql, SQL("AND m.due_key <="), law_day_begin(to + 1));
    sql_builder_add(sql, SQL("GROUP BY 1 ORDER BY 1"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        MatterDay day = {(LawDay)db_rows_int(rows, 0), db_rows_int(rows, 1)};
        g_array_append_val(days, day);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&days) : NULL;
}

void matter_tally_free(MatterTally *tally) {
    if (tally != NULL) {
        g_free(tally->kind);
        g_free(tally);
    }
}

/* open, over, soon, leader */
static void add_figures(SqlBuilder *sql, const MatterBoard *board) {
    add_number(sql, SQL("COUNT(*), COUNT(CASE WHEN m.due_key <="), board->now_us);
    add_number(sql, SQL("THEN 1 END), COUNT(CASE WHEN m.due_key >"), board->now_us);
    add_number(sql, SQL("AND m.due_key <="), board->soon_us);
    add_number(sql, SQL("THEN 1 END), COUNT(CASE WHEN (m.next_roles &"), board->leader);
    sql_builder_add(sql, SQL(") <> 0 THEN 1 END)"));
}

static MatterTally *tally_of(const DbRows *rows) {
    MatterTally *tally = g_new0(MatterTally, 1);
    tally->open = db_rows_int(rows, 1);
    tally->over = db_rows_int(rows, 2);
    tally->soon = db_rows_int(rows, 3);
    tally->leader = db_rows_int(rows, 4);
    return tally;
}

GPtrArray *casework_board_kinds(Db *db, const MatterBoard *board, GError **error) {
    g_autoptr(GPtrArray) tallies =
        g_ptr_array_new_with_free_func((GDestroyNotify)matter_tally_free);
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT m.kind,"));
    add_figures(sql, board);
    sql_builder_add(sql, SQL("FROM matter m WHERE m.is_closed = 0"));
    casework_add_region(sql, board->region);
    sql_builder_add(sql, SQL("GROUP BY m.kind ORDER BY m.kind"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        MatterTally *tally = tally_of(rows);
        tally->kind = g_strdup(db_rows_text(rows, 0));
        g_ptr_array_add(tallies, tally);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&tallies) : NULL;
}

GPtrArray *casework_board_people(
    Db *db, const MatterBoard *board, unsigned limit, bool *ret_is_all, GError **error) {
    g_autoptr(GPtrArray) tallies =
        g_ptr_array_new_with_free_func((GDestroyNotify)matter_tally_free);
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    MatterQuery all = {.region = board->region};
    int64_t n = 0;
    if (!casework_store_tally(db, &all, BOARD_MATTERS + 1, &n, ret_is_all, error)) {
        return NULL;
    }
    sql_builder_add(sql, SQL("SELECT p.account_id,"));
    add_figures(sql, board);
    sql_builder_add(sql,
                    SQL("FROM (SELECT m.id, m.due_key, m.next_roles FROM matter m "
                        "WHERE m.is_closed = 0"));
    casework_add_region(sql, board->region);
    add_number(sql, SQL("ORDER BY m.due_key, m.id LIMIT"), BOARD_MATTERS);
    sql_builder_add(sql,
                    SQL(") m JOIN matter_person p ON p.matter_id = m.id GROUP BY p.account_id "
                        "ORDER BY 3 DESC, 4 DESC, 2 DESC, 1"));
    add_number(sql, SQL("LIMIT"), limit);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        MatterTally *tally = tally_of(rows);
        tally->account_id = db_rows_int(rows, 0);
        g_ptr_array_add(tallies, tally);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&tallies) : NULL;
}
