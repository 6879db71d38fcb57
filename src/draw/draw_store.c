#include "draw/draw_store.h"

#include "account/account.h"
#include "base/error.h"
#include "registry/search.h"

#include <string.h>

#define DRAW_COLUMNS                                                                               \
    "id, plan_id, title, year, object_kind, region, date_from, date_to, hash, seed_hex, actor, "   \
    "commit_hash, result_hash, pool_count, eligible_count, inspector_count, denied_count, "        \
    "drawn_count, reserve_count, unstaffed_count, short_count, level, rung, state, drawn_us, "     \
    "published_us, seed_text, commit_leaf, result_leaf, publish_leaf, mode, delta_s, secret, "     \
    "open_by, frozen_us, committed_us"

bool draw_store_insert(Db *db, const Draw *draw, int64_t *ret_id, GError **error) {
    return db_query_int(
        db,
        SQL("INSERT INTO draw (plan_id, title, year, object_kind, region, date_from, date_to, "
            "hash, seed_hex, seed_text, actor, commit_hash, result_hash, pool_count, "
            "eligible_count, inspector_count, denied_count, drawn_count, reserve_count, "
            "unstaffed_count, short_count, level, rung, state, drawn_us, published_us, "
            "commit_leaf, result_leaf, publish_leaf, mode, delta_s, secret, frozen_us) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', '', $9, '', '', 0, 0, 0, 0, 0, 0, 0, "
            "0, 0, 0, 'frozen', 0, 0, -1, -1, -1, $10, $11, $12, $13) RETURNING id"),
        DB_ARGS(db_int(draw->plan_id),
                db_text(draw->title),
                db_int(draw->year),
                db_text(draw->object_kind),
                db_text(draw->region),
                db_text(draw->date_from),
                db_text(draw->date_to),
                db_text(draw->kind == DIGEST_SM3 ? "sm3" : "sha256"),
                db_text(draw->seed_by),
                db_text(draw_mode_word(draw->mode)),
                db_int(draw->delta_s),
                db_text(draw->secret_hex),
                db_int(draw->frozen_us)),
        ret_id,
        error);
}

bool draw_store_update(
    Db *db, const Draw *draw, DrawState from, int64_t *ret_changed, GError **error) {
    return db_exec(db,
                   SQL("UPDATE draw SET commit_hash = $3, result_hash = $4, pool_count = $5, "
                       "eligible_count = $6, inspector_count = $7, denied_count = $8, "
                       "drawn_count = $9, reserve_count = $10, unstaffed_count = $11, "
                       "short_count = $12, level = $13, rung = $14, state = $15, drawn_us = $16, "
                       "published_us = $17, seed_hex = $18, seed_text = $19, open_by = $20, "
                       "committed_us = $21, commit_leaf = $22, result_leaf = $23, "
                       "publish_leaf = $24 WHERE id = $1 AND state = $2"),
                   DB_ARGS(db_int(draw->id),
                           db_text(draw_state_word(from)),
                           db_text(draw->commit),
                           db_text(draw->result),
                           db_int(draw->pool_count),
                           db_int(draw->eligible_count),
                           db_int(draw->inspector_count),
                           db_int(draw->denied_count),
                           db_int(draw->drawn_count),
                           db_int(draw->reserve_count),
                           db_int(draw->unstaffed_count),
                           db_int(draw->short_count),
                           db_int(draw->level),
                           db_int(draw->rung),
                           db_text(draw_state_word(draw->state)),
                           db_int(draw->drawn_us),
                           db_int(draw->published_us),
                           db_text(draw->seed_hex),
                           db_text(draw->seed_text),
                           db_text(draw->open_by),
                           db_int(draw->committed_us),
                           db_int(draw->commit_leaf),
                           db_int(draw->result_leaf),
                           db_int(draw->publish_leaf)),
                   ret_changed,
                   error);
}

static DrawState state_of(const char *word) {
    for (int state = 0; state < DRAW_STATE_COUNT; state++) {
        if (strcmp(word, draw_state_word((DrawState)state)) == 0) {
            return (DrawState)state;
        }
    }
    g_assert_not_reached(); /* we wrote it ourselves */
}

static Draw *read_draw(const DbRows *rows) {
    Draw *draw = g_new0(Draw, 1);
    draw->id = db_rows_int(rows, 0);
    draw->number = g_strdup_printf("D%" G_GINT64_FORMAT, draw->id);
    draw->plan_id = db_rows_int(rows, 1);
    draw->title = g_strdup(db_rows_text(rows, 2));
    draw->year = db_rows_int(rows, 3);
    draw->object_kind = g_strdup(db_rows_text(rows, 4));
    draw->region = g_strdup(db_rows_text(rows, 5));
    draw->date_from = g_strdup(db_rows_text(rows, 6));
    draw->date_to = g_strdup(db_rows_text(rows, 7));
    draw->kind = strcmp(db_rows_text(rows, 8), "sm3") == 0 ? DIGEST_SM3 : DIGEST_SHA256;
    draw->seed_hex = g_strdup(db_rows_text(rows, 9));
    draw->seed_by = g_strdup(db_rows_text(rows, 10));
    draw->commit = g_strdup(db_rows_text(rows, 11));
    draw->result = g_strdup(db_rows_text(rows, 12));
    draw->pool_count = db_rows_int(rows, 13);
    draw->eligible_count = db_rows_int(rows, 14);
    draw->excluded_count = draw->pool_count - draw->eligible_count;
    draw->inspector_count = db_rows_int(rows, 15);
    draw->denied_count = db_rows_int(rows, 16);
    draw->drawn_count = db_rows_int(rows, 17);
    draw->reserve_count = db_rows_int(rows, 18);
    draw->unstaffed_count = db_rows_int(rows, 19);
    draw->short_count = db_rows_int(rows, 20);
    draw->level = db_rows_int(rows, 21);
    draw->rung = db_rows_int(rows, 22);
    draw->state = state_of(db_rows_text(rows, 23));
    draw->drawn_us = db_rows_int(rows, 24);
    draw->published_us = db_rows_int(rows, 25);
    draw->seed_text = g_strdup(db_rows_text(rows, 26));
    draw->commit_leaf = db_rows_int(rows, 27);
    draw->result_leaf = db_rows_int(rows, 28);
    draw->publish_leaf = db_rows_int(rows, 29);
    (void)draw_mode_parse(db_rows_text(rows, 30), &draw->mode); /* we wrote it ourselves */
    draw->delta_s = db_rows_int(rows, 31);
    draw->secret_hex = g_strdup(db_rows_text(rows, 32));
    draw->open_by = g_strdup(db_rows_text(rows, 33));
    draw->frozen_us = db_rows_int(rows, 34);
    draw->committed_us = db_rows_int(rows, 35);
    return draw;
}

Draw *draw_store_find(Db *db, int64_t id, bool lock, GError **error) {
    Sql sql = SQL("SELECT " DRAW_COLUMNS " FROM draw WHERE id = $1");
    if (lock) {
        sql = SQL_FOR(db,
                      "SELECT " DRAW_COLUMNS " FROM draw WHERE id = $1",
                      "SELECT " DRAW_COLUMNS " FROM draw WHERE id = $1 FOR UPDATE");
    }
    g_autoptr(DbRows) rows = db_query(db, sql, DB_ARGS(db_int(id)), error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(Draw) draw = db_rows_next(rows) ? read_draw(rows) : NULL;
    if (!db_rows_done(rows, error)) {
        return NULL;
    }
    if (draw == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no draw %" G_GINT64_FORMAT, id);
    }
    return g_steal_pointer(&draw);
}

GPtrArray *
draw_store_list(Db *db, int64_t plan_id, int64_t before_id, unsigned limit, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT " DRAW_COLUMNS " FROM draw WHERE id <"));
    sql_builder_arg(sql, db_int(before_id > 0 ? before_id : INT64_MAX));
    if (plan_id != 0) {
        sql_builder_add(sql, SQL("AND plan_id ="));
        sql_builder_arg(sql, db_int(plan_id));
    }
    sql_builder_add(sql, SQL("ORDER BY id DESC LIMIT"));
    sql_builder_arg(sql, db_int(limit));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) draws = g_ptr_array_new_with_free_func((GDestroyNotify)draw_free);
    while (db_rows_next(rows)) {
        g_ptr_array_add(draws, read_draw(rows));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&draws) : NULL;
}

bool draw_store_take_stratum(
    Db *db, int64_t root_id, const char *stratum, int64_t draw_id, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO draw_stratum (root_id, stratum, draw_id) VALUES ($1, $2, $3)"),
                   DB_ARGS(db_int(root_id), db_text(stratum), db_int(draw_id)),
                   NULL,
                   error);
}

/* --- frozen files ---------------------------------------------------------------------------- */

bool draw_store_add_part(Db *db,
                         int64_t draw_id,
                         const char *file,
                         int64_t part,
                         const char *first_id,
                         const char *lines,
                         size_t size,
                         GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO draw_part (draw_id, file, part, first_id, lines) "
                       "VALUES ($1, $2, $3, $4, $5)"),
                   DB_ARGS(db_int(draw_id),
                           db_text(file),
                           db_int(part),
                           db_text(first_id),
                           db_text_n(lines, size)),
                   NULL,
                   error);
}

/* No row is an answer here: the file has no such part. */
static bool query_text_or_null(Db *db, Sql sql, DbArgs args, char **ret_text, GError **error) {
    g_autoptr(GError) problem = NULL;
    if (db_query_text(db, sql, args, ret_text, &problem)) {
        return true;
    }
    if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        *ret_text = NULL;
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&problem));
    return false;
}

bool draw_store_part(
    Db *db, int64_t draw_id, const char *file, int64_t part, char **ret_text, GError **error) {
    return query_text_or_null(
        db,
        SQL("SELECT lines FROM draw_part WHERE draw_id = $1 AND file = $2 AND part = $3"),
        DB_ARGS(db_int(draw_id), db_text(file), db_int(part)),
        ret_text,
        error);
}

bool draw_store_part_of(
    Db *db, int64_t draw_id, const char *file, const char *id, char **ret_text, GError **error) {
    return query_text_or_null(
        db,
        SQL("SELECT lines FROM draw_part WHERE draw_id = $1 AND file = $2 AND first_id <= $3 "
            "ORDER BY first_id DESC LIMIT 1"),
        DB_ARGS(db_int(draw_id), db_text(file), db_text(id)),
        ret_text,
        error);
}

/* --- targets --------------------------------------------------------------------------------- */

bool draw_store_add_target(Db *db, const DrawnObject *target, int64_t year, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO draw_target (draw_id, ord, year, is_reserve, object_kind, "
                       "object_id, name, address, region, stratum, ticket, lead_id, second_id, "
                       "lead_name, second_name, flag) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
                       "$10, $11, $12, $13, $14, $15, $16)"),
                   DB_ARGS(db_int(target->draw_id),
                           db_int(target->order),
                           db_int(year),
                           db_bool(target->is_reserve),
                           db_text(target->object_kind),
                           db_int(target->object_id),
                           db_text(target->name),
                           db_text(target->address),
                           db_text(target->region),
                           db_text(target->stratum),
                           db_text(target->ticket),
                           db_int(target->lead_id),
                           db_int(target->second_id),
                           db_text(target->lead_name),
                           db_text(target->second_name),
                           db_text(target->flag)),
                   NULL,
                   error);
}

#define TARGET_COLUMNS                                                                             \
    "draw_id, ord, is_reserve, object_kind, object_id, name, address, region, stratum, ticket, "   \
    "lead_id, second_id, lead_name, second_name, flag"

static GPtrArray *read_targets(DbRows *rows, GError **error) {
    g_autoptr(GPtrArray) targets =
        g_ptr_array_new_with_free_func((GDestroyNotify)drawn_object_free);
    while (db_rows_next(rows)) {
        DrawnObject *target = g_new0(DrawnObject, 1);
        target->draw_id = db_rows_int(rows, 0);
        target->order = db_rows_int(rows, 1);
        target->is_reserve = db_rows_int(rows, 2) != 0;
        target->object_kind = g_strdup(db_rows_text(rows, 3));
        target->object_id = db_rows_int(rows, 4);
        target->name = g_strdup(db_rows_text(rows, 5));
        target->address = g_strdup(db_rows_text(rows, 6));
        target->region = g_strdup(db_rows_text(rows, 7));
        target->stratum = g_strdup(db_rows_text(rows, 8));
        target->ticket = g_strdup(db_rows_text(rows, 9));
        target->lead_id = db_rows_int(rows, 10);
        target->second_id = db_rows_int(rows, 11);
        target->lead_name = g_strdup(db_rows_text(rows, 12));
        target->second_name = g_strdup(db_rows_text(rows, 13));
        target->flag = g_strdup(db_rows_text(rows, 14));
        g_ptr_array_add(targets, target);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&targets) : NULL;
}

GPtrArray *
draw_store_targets(Db *db, int64_t draw_id, int64_t after, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " TARGET_COLUMNS " FROM draw_target "
                     "WHERE draw_id = $1 AND ord > $2 ORDER BY ord LIMIT $3"),
                 DB_ARGS(db_int(draw_id), db_int(after), db_int(limit > 0 ? limit : INT32_MAX)),
                 error);
    return rows != NULL ? read_targets(rows, error) : NULL;
}

GPtrArray *draw_store_targets_of(
    Db *db, const char *object_kind, int64_t object_id, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " TARGET_COLUMNS " FROM draw_target "
                     "WHERE object_kind = $1 AND object_id = $2 ORDER BY draw_id DESC LIMIT $3"),
                 DB_ARGS(db_text(object_kind), db_int(object_id), db_int(limit)),
                 error);
    return rows != NULL ? read_targets(rows, error) : NULL;
}

/* --- counts ---------------------------------------------------------------------------------- */

static void count_one(GHashTable *counts, int64_t id, int64_t more) {
    if (id == 0) {
        return;
    }
    int64_t *count = g_hash_table_lookup(counts, &id);
    if (count == NULL) {
        count = g_new0(int64_t, 1);
        g_hash_table_insert(counts, g_memdup2(&id, sizeof id), count);
    }
    *count += more;
}

static GHashTable *new_counts(void) {
    return g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
}

GHashTable *draw_store_drawn_counts(Db *db, int64_t year, const char *object_kind, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT object_id, COUNT(*) FROM (SELECT object_id FROM draw_target t "
                     "WHERE year = $1 AND is_reserve = 0 AND object_kind = $2 AND NOT EXISTS "
                     "(SELECT 1 FROM draw_substitution s WHERE s.draw_id = t.draw_id "
                     "AND s.ord = t.ord AND s.is_last = 1) UNION ALL SELECT s.object_id "
                     "FROM draw_substitution s JOIN draw d ON d.id = s.draw_id WHERE s.is_last = 1 "
                     "AND s.object_id <> 0 AND d.year = $1 AND d.object_kind = $2) held "
                     "GROUP BY object_id"),
                 DB_ARGS(db_int(year), db_text(object_kind)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GHashTable) counts = new_counts();
    while (db_rows_next(rows)) {
        count_one(counts, db_rows_int(rows, 0), db_rows_int(rows, 1));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&counts) : NULL;
}

GHashTable *draw_store_loads(Db *db, int64_t year, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT lead_id, second_id FROM draw_target t WHERE year = $1 AND is_reserve = 0 "
            "AND NOT EXISTS (SELECT 1 FROM draw_substitution s WHERE s.draw_id = t.draw_id "
            "AND s.ord = t.ord AND s.is_last = 1) UNION ALL SELECT s.lead_id, s.second_id "
            "FROM draw_substitution s JOIN draw d ON d.id = s.draw_id WHERE s.is_last = 1 "
            "AND d.year = $1"),
        DB_ARGS(db_int(year)),
        error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GHashTable) loads = new_counts();
    while (db_rows_next(rows)) {
        count_one(loads, db_rows_int(rows, 0), 1);
        count_one(loads, db_rows_int(rows, 1), 1);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&loads) : NULL;
}

void draw_deny_clear(DrawDeny *deny) {
    g_free(deny->object_kind);
    g_free(deny->code);
    g_free(deny->note);
}

static void clear_deny(gpointer data) {
    draw_deny_clear(data);
}

GArray *draw_store_rotated(
    Db *db, const char *object_kind, const char *region, int64_t last, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT object_id, lead_id, second_id, region, draw_id FROM draw_target t "
                     "WHERE object_kind = $1 AND is_reserve = 0 AND lead_id <> 0 AND NOT EXISTS "
                     "(SELECT 1 FROM draw_substitution s WHERE s.draw_id = t.draw_id "
                     "AND s.ord = t.ord AND s.is_last = 1) UNION ALL SELECT s.object_id, "
                     "s.lead_id, s.second_id, o.region, s.draw_id FROM draw_substitution s "
                     "JOIN draw_target o ON o.draw_id = s.draw_id AND o.object_kind = $1 "
                     "AND o.object_id = s.object_id WHERE s.is_last = 1 AND s.lead_id <> 0 "
                     "ORDER BY 1, 5 DESC"),
                 DB_ARGS(db_text(object_kind)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GArray) rotated = g_array_new(FALSE, TRUE, sizeof(DrawDeny));
    g_array_set_clear_func(rotated, clear_deny);
    int64_t object_id = 0;
    int64_t seen = 0;
    while (db_rows_next(rows)) {
        seen = db_rows_int(rows, 0) == object_id ? seen + 1 : 1;
        object_id = db_rows_int(rows, 0);
        for (int column = 1; column <= 2; column++) {
            if (seen > last || !region_covers(region, db_rows_text(rows, 3))) {
                continue;
            }
            DrawDeny deny = {.object_kind = g_strdup(object_kind),
                             .object_id = object_id,
                             .officer_id = db_rows_int(rows, column),
                             .code = g_strdup("ROTATE"),
                             .note = g_strdup("")};
            g_array_append_val(rotated, deny);
        }
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&rotated) : NULL;
}

/* --- recusals and exclusions ------------------------------------------------------------------ */

GArray *draw_store_denied(Db *db, const char *object_kind, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT object_kind, object_id, officer_id, code, note, created_us FROM draw_deny "
            "WHERE object_kind = $1 ORDER BY object_id, officer_id"),
        DB_ARGS(db_text(object_kind)),
        error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GArray) denied = g_array_new(FALSE, TRUE, sizeof(DrawDeny));
    g_array_set_clear_func(denied, clear_deny);
    while (db_rows_next(rows)) {
        DrawDeny deny = {.object_kind = g_strdup(db_rows_text(rows, 0)),
                         .object_id = db_rows_int(rows, 1),
                         .officer_id = db_rows_int(rows, 2),
                         .code = g_strdup(db_rows_text(rows, 3)),
                         .note = g_strdup(db_rows_text(rows, 4)),
                         .created_us = db_rows_int(rows, 5)};
        g_array_append_val(denied, deny);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&denied) : NULL;
}

bool draw_store_denied_of(Db *db,
                          const char *object_kind,
                          int64_t object_id,
                          const int64_t *officers,
                          size_t count,
                          int64_t *ret_officer,
                          GError **error) {
    g_autofree char *list = id_list_format(db, officers, count);
    return db_query_int(
        db,
        SQL_FOR(db,
                "SELECT coalesce(min(officer_id), 0) FROM draw_deny WHERE object_kind = $1 AND "
                "object_id = $2 AND officer_id IN (SELECT CAST(value AS INTEGER) FROM "
                "json_each($3))",
                "SELECT coalesce(min(officer_id), 0) FROM draw_deny WHERE object_kind = $1 AND "
                "object_id = $2 AND officer_id = ANY ($3::bigint[])"),
        DB_ARGS(db_text(object_kind), db_int(object_id), db_text(list)),
        ret_officer,
        error);
}

GHashTable *draw_store_exclusions(Db *db, const char *object_kind, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT object_id, reason FROM draw_exclusion WHERE object_kind = $1"),
                 DB_ARGS(db_text(object_kind)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GHashTable) reasons = new_counts();
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_hash_table_insert(reasons, g_memdup2(&id, sizeof id), g_strdup(db_rows_text(rows, 1)));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&reasons) : NULL;
}

bool draw_store_deny(
    Db *db, const DrawDeny *deny, const char *actor, int64_t *ret_changed, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO draw_deny (object_kind, object_id, officer_id, code, note, "
                       "actor, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7) "
                       "ON CONFLICT (object_kind, object_id, officer_id) DO NOTHING"),
                   DB_ARGS(db_text(deny->object_kind),
                           db_int(deny->object_id),
                           db_int(deny->officer_id),
                           db_text(deny->code),
                           db_text(deny->note),
                           db_text(actor),
                           db_int(deny->created_us)),
                   ret_changed,
                   error);
}

bool draw_store_exclude(Db *db,
                        const char *object_kind,
                        int64_t object_id,
                        const char *reason,
                        const char *note,
                        const char *actor,
                        int64_t now_us,
                        GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO draw_exclusion (object_kind, object_id, reason, note, actor, "
                       "created_us) VALUES ($1, $2, $3, $4, $5, $6) "
                       "ON CONFLICT (object_kind, object_id) DO UPDATE SET reason = $3, note = $4, "
                       "actor = $5, created_us = $6"),
                   DB_ARGS(db_text(object_kind),
                           db_int(object_id),
                           db_text(reason),
                           db_text(note),
                           db_text(actor),
                           db_int(now_us)),
                   NULL,
                   error);
}
