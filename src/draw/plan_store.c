#include "base/error.h"
#include "draw/draw_store.h"

#define PLAN_COLUMNS                                                                               \
    "id, root_id, version, year, title, agency, object_kind, region, state, created_us, "          \
    "published_us"

static bool insert_quotas(Db *db, int64_t plan_id, const GArray *quotas, GError **error) {
    for (guint i = 0; i < quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(quotas, PlanQuota, i);
        if (!db_exec(db,
                     SQL("INSERT INTO plan_quota (plan_id, stratum, quota, reserves) "
                         "VALUES ($1, $2, $3, $4)"),
                     DB_ARGS(db_int(plan_id),
                             db_text(quota->stratum),
                             db_int(quota->quota),
                             db_int(quota->reserves)),
                     NULL,
                     error)) {
            return false;
        }
    }
    return true;
}

bool plan_store_insert(
    Db *db, const Plan *plan, int64_t root_id, int64_t version, int64_t *ret_id, GError **error) {
    int64_t id = 0;
    if (!db_query_int(db,
                      SQL("INSERT INTO plan (root_id, version, year, title, agency, object_kind, "
                          "region, state, created_us, published_us) "
                          "VALUES ($1, $2, $3, $4, $5, $6, $7, 'draft', $8, 0) RETURNING id"),
                      DB_ARGS(db_int(root_id),
                              db_int(version),
                              db_int(plan->year),
                              db_text(plan->title),
                              db_text(plan->agency),
                              db_text(plan->object_kind),
                              db_text(plan->region),
                              db_int(plan->created_us)),
                      &id,
                      error) ||
        !insert_quotas(db, id, plan->quotas, error)) {
        return false;
    }
    if (root_id == 0 && !db_exec(db,
                                 SQL("UPDATE plan SET root_id = id WHERE id = $1"),
                                 DB_ARGS(db_int(id)),
                                 NULL,
                                 error)) {
        return false;
    }
    *ret_id = id;
    return true;
}

static Plan *read_plan(const DbRows *rows) {
    Plan *plan = g_new0(Plan, 1);
    plan->id = db_rows_int(rows, 0);
    plan->root_id = db_rows_int(rows, 1);
    plan->version = db_rows_int(rows, 2);
    plan->year = db_rows_int(rows, 3);
    plan->title = g_strdup(db_rows_text(rows, 4));
    plan->agency = g_strdup(db_rows_text(rows, 5));
    plan->object_kind = g_strdup(db_rows_text(rows, 6));
    plan->region = g_strdup(db_rows_text(rows, 7));
    (void)plan_state_parse(db_rows_text(rows, 8), &plan->state); /* we wrote it ourselves */
    plan->created_us = db_rows_int(rows, 9);
    plan->published_us = db_rows_int(rows, 10);
    plan->quotas = g_array_new(FALSE, TRUE, sizeof(PlanQuota));
    return plan;
}

static bool load_quotas(Db *db, Plan *plan, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT q.stratum, q.quota, q.reserves, s.draw_id FROM plan_quota q "
                     "LEFT JOIN draw_stratum s ON s.root_id = $2 AND s.stratum = q.stratum "
                     "WHERE q.plan_id = $1 ORDER BY q.stratum"),
                 DB_ARGS(db_int(plan->id), db_int(plan->root_id)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        PlanQuota quota = {.quota = db_rows_int(rows, 1),
                           .reserves = db_rows_int(rows, 2),
                           .drawn_by = db_rows_int(rows, 3)};
        g_strlcpy(quota.stratum, db_rows_text(rows, 0), sizeof quota.stratum);
        g_array_append_val(plan->quotas, quota);
    }
    return db_rows_done(rows, error);
}

static Plan *find_row(Db *db, int64_t id, bool lock, GError **error) {
    Sql sql = SQL("SELECT " PLAN_COLUMNS " FROM plan WHERE id = $1");
    if (lock) {
        sql = SQL_FOR(db,
                      "SELECT " PLAN_COLUMNS " FROM plan WHERE id = $1",
                      "SELECT " PLAN_COLUMNS " FROM plan WHERE id = $1 FOR UPDATE");
    }
    g_autoptr(DbRows) rows = db_query(db, sql, DB_ARGS(db_int(id)), error);
    if (rows == NULL) {
        return NULL;
    }
    if (db_rows_next(rows)) {
        return read_plan(rows);
    }
    if (db_rows_done(rows, error)) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no plan %" G_GINT64_FORMAT, id);
    }
    return NULL;
}

Plan *plan_store_find(Db *db, int64_t id, bool lock, GError **error) {
    g_autoptr(Plan) plan = find_row(db, id, lock, error);
    if (plan == NULL || !load_quotas(db, plan, error)) {
        return NULL;
    }
    return g_steal_pointer(&plan);
}

static GPtrArray *list_rows(Db *db, const PlanFilter *filter, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT " PLAN_COLUMNS " FROM plan WHERE id <"));
    sql_builder_arg(sql, db_int(filter->before_id > 0 ? filter->before_id : INT64_MAX));
    if (filter->year != 0) {
        sql_builder_add(sql, SQL("AND year ="));
        sql_builder_arg(sql, db_int(filter->year));
    }
    if (filter->state >= 0) {
        sql_builder_add(sql, SQL("AND state ="));
        sql_builder_arg(sql, db_text(plan_state_word((PlanState)filter->state)));
    }
    sql_builder_add(sql, SQL("ORDER BY id DESC LIMIT"));
    sql_builder_arg(sql, db_int(filter->limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) plans = g_ptr_array_new_with_free_func((GDestroyNotify)plan_free);
    while (db_rows_next(rows)) {
        g_ptr_array_add(plans, read_plan(rows));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&plans) : NULL;
}

GPtrArray *plan_store_list(Db *db, const PlanFilter *filter, GError **error) {
    g_autoptr(GPtrArray) plans = list_rows(db, filter, error);
    for (guint i = 0; plans != NULL && i < plans->len; i++) {
        if (!load_quotas(db, g_ptr_array_index(plans, i), error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&plans);
}

bool plan_store_newest_version(Db *db, int64_t root_id, int64_t *ret_version, GError **error) {
    return db_query_int(
        db,
        SQL("SELECT version FROM plan WHERE root_id = $1 ORDER BY version DESC LIMIT 1"),
        DB_ARGS(db_int(root_id)),
        ret_version,
        error);
}

bool plan_store_publish(Db *db, int64_t id, int64_t now_us, int64_t *ret_changed, GError **error) {
    return db_exec(db,
                   SQL("UPDATE plan SET state = 'published', published_us = $2 "
                       "WHERE id = $1 AND state = 'draft'"),
                   DB_ARGS(db_int(id), db_int(now_us)),
                   ret_changed,
                   error);
}

bool plan_store_supersede(Db *db, int64_t root_id, int64_t except_id, GError **error) {
    return db_exec(db,
                   SQL("UPDATE plan SET state = 'superseded' "
                       "WHERE root_id = $1 AND id <> $2 AND state = 'published'"),
                   DB_ARGS(db_int(root_id), db_int(except_id)),
                   NULL,
                   error);
}
