/* Lists of matters: by deadline, by closing, by person, by whose turn it is. */
#include "casework/casework_store.h"

#include "registry/region.h"

#include <string.h>

static void add_number(SqlBuilder *sql, Sql fragment, int64_t number) {
    sql_builder_add(sql, fragment);
    sql_builder_arg(sql, db_int(number));
}

/* The districts of a province or city in a list that is read in the order of its index: "+ 0" keeps
 * the planner from collecting all of these districts' matters and sorting them for one page. */
static void add_wide_region(SqlBuilder *sql, int64_t first, int64_t end) {
    add_number(sql, SQL("AND m.district + 0 >="), first);
    add_number(sql, SQL("AND m.district + 0 <"), end);
}

static void add_list_region(SqlBuilder *sql, const char *region) {
    char code[REGION_CODE_MAX + 1] = {0};
    region_code_parse(region, code);
    int64_t number = g_ascii_strtoll(code, NULL, 10);
    size_t size = strlen(code);
    int64_t step = size == 2 ? 10000 : 100;
    if (size >= 6) {
        casework_add_region(sql, region);
    } else {
        add_wide_region(sql, number * step, (number + 1) * step);
    }
}

/* A province or city: its districts; a district: itself. */
void casework_add_region(SqlBuilder *sql, const char *region) {
    char code[REGION_CODE_MAX + 1] = {0};
    region_code_parse(region, code);
    int64_t number = g_ascii_strtoll(code, NULL, 10);
    size_t size = strlen(code);
    if (size >= 6) {
        add_number(sql, SQL("AND m.district ="), region_district(code));
    } else {
        int64_t step = size == 2 ? 10000 : 100;
        add_number(sql, SQL("AND m.district >="), number * step);
        add_number(sql, SQL("AND m.district <"), (number + 1) * step);
    }
    if (size > 6) {
        g_autofree char *above = g_strconcat(code, ":", NULL);
        sql_builder_add(sql, SQL("AND m.region >="));
        sql_builder_arg(sql, db_text(code));
        sql_builder_add(sql, SQL("AND m.region <"));
        sql_builder_arg(sql, db_text(above));
    }
}

void casework_add_reach(SqlBuilder *sql, const char *region, int64_t officer_id) {
    if (officer_id == 0) {
        casework_add_region(sql, region);
        return;
    }
    sql_builder_add(sql, SQL("AND ((1 = 1"));
    casework_add_region(sql, region);
    sql_builder_add(sql,
                    SQL(") OR EXISTS (SELECT 1 FROM matter_officer o WHERE o.matter_id = m.id"));
    add_number(sql, SQL("AND o.officer_id ="), officer_id);
    sql_builder_add(sql, SQL("))"));
}

void casework_add_own(SqlBuilder *sql, const MatterQuery *query) {
    if (query->account_id != 0) {
        add_number(
            sql, SQL("SELECT matter_id FROM matter_person WHERE account_id ="), query->account_id);
    }
    if (query->account_id != 0 && query->officer_id != 0) {
        sql_builder_add(sql, SQL("UNION"));
    }
    if (query->officer_id != 0) {
        add_number(
            sql, SQL("SELECT matter_id FROM matter_officer WHERE officer_id ="), query->officer_id);
    }
}

/* FROM … WHERE …: everything but whose turn it is, place and order. */
static void add_scope(SqlBuilder *sql, const MatterQuery *query) {
    bool is_own = query->account_id != 0 || query->officer_id != 0;
    if (is_own) {
        sql_builder_add(sql, SQL("FROM ("));
        casework_add_own(sql, query);
        sql_builder_add(sql, SQL(") p JOIN matter m ON m.id = p.matter_id WHERE"));
        sql_builder_add(sql, query->closed ? SQL("m.is_closed = 1") : SQL("m.is_closed = 0"));
    } else {
        sql_builder_add(sql,
                        query->closed ? SQL("FROM matter m WHERE m.is_closed = 1")
                                      : SQL("FROM matter m WHERE m.is_closed = 0"));
    }
    if (is_own) {
        casework_add_reach(sql, query->region, query->officer_id);
    } else {
        add_list_region(sql, query->region);
    }
    if (query->kind != NULL) {
        sql_builder_add(sql, SQL("AND m.kind ="));
        sql_builder_arg(sql, db_text(query->kind));
    }
    if (query->due_to_us != 0) {
        add_number(sql, SQL("AND m.due_key >"), query->due_after_us);
        add_number(sql, SQL("AND m.due_key <="), query->due_to_us);
    }
}

static void add_turn(SqlBuilder *sql, const MatterQuery *query) {
    if (query->next_roles != 0) {
        add_number(sql, SQL("AND ((m.next_roles &"), query->next_roles);
        sql_builder_add(sql, SQL(") <> 0"));
        if (query->away_roles != 0) {
            add_number(sql, SQL("OR (m.next_roles &"), query->away_roles);
            sql_builder_add(sql, SQL(") <> 0 AND NOT (1 = 1"));
            casework_add_region(sql, query->region);
            sql_builder_add(sql, SQL(")"));
        }
        sql_builder_add(sql, SQL(")"));
    }
    if (query->other_roles != 0) {
        add_number(sql, SQL("AND (m.next_roles &"), query->other_roles);
        sql_builder_add(sql, SQL(") = 0"));
    }
}

static void build_list(SqlBuilder *sql, const MatterQuery *query) {
    bool has_place = query->after_id != 0;
    sql_builder_add(sql, SQL("SELECT " MATTER_COLUMNS));
    add_scope(sql, query);
    add_turn(sql, query);
    if (has_place) {
        sql_builder_add(sql,
                        query->closed ? SQL("AND (m.changed_us, m.id) < (")
                                      : SQL("AND (m.due_key, m.id) > ("));
        sql_builder_arg(sql, db_int(query->after_key));
        add_number(sql, SQL(","), query->after_id);
        sql_builder_add(sql, SQL(")"));
    }
    sql_builder_add(sql,
                    query->closed ? SQL("ORDER BY m.changed_us DESC, m.id DESC")
                                  : SQL("ORDER BY m.due_key, m.id"));
    add_number(sql, SQL("LIMIT"), query->limit);
}

static void free_matter(void *data) {
    matter_clear(data);
    g_free(data);
}

GPtrArray *casework_rows(DbRows *rows, GError **error) {
    g_autoptr(GPtrArray) matters = g_ptr_array_new_with_free_func(free_matter);
    while (db_rows_next(rows)) {
        Matter *matter = g_new0(Matter, 1);
        casework_from_row(rows, matter);
        g_ptr_array_add(matters, matter);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&matters) : NULL;
}

GPtrArray *casework_store_list(Db *db, const MatterQuery *query, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    build_list(sql, query);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    return rows == NULL ? NULL : casework_rows(rows, error);
}

/* The index alone answers: it carries whose turn it is. */
bool casework_store_tally(Db *db,
                          const MatterQuery *query,
                          unsigned looked,
                          int64_t *ret_n,
                          bool *ret_is_all,
                          GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT COUNT(*), COUNT(CASE WHEN 1 = 1"));
    add_turn(sql, query);
    sql_builder_add(sql,
                    query->away_roles == 0
                        ? SQL("THEN 1 END) FROM (SELECT m.next_roles")
                        : SQL("THEN 1 END) FROM (SELECT m.next_roles, m.district, m.region"));
    add_scope(sql, query);
    add_number(sql, SQL("ORDER BY m.due_key, m.id LIMIT"), looked);
    sql_builder_add(sql, SQL(") m"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL || !db_rows_next(rows)) {
        return rows != NULL && db_rows_done(rows, error);
    }
    *ret_is_all = db_rows_int(rows, 0) < looked;
    *ret_n = db_rows_int(rows, 1);
    return true;
}

void casework_place(const MatterQuery *query,
                    const Matter *last,
                    int64_t *ret_key,
                    int64_t *ret_id) {
    *ret_key = query->closed ? last->changed_us : last->due_us == 0 ? INT64_MAX : last->due_us;
    *ret_id = last->id;
}
