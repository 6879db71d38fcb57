/* The only place with the tables inspection and inspection_answer. */
#include "inspection/inspection_store.h"

#include "base/error.h"
#include "registry/region.h"
#include "registry/search.h"

#include <string.h>

#define COLUMNS                                                                                    \
    "id, matter_id, draw_id, object_kind, object_id, object_name, object_address, region, "        \
    "region_name, "                                                                                \
    "lead_id, lead_name, lead_certificate, second_id, second_name, second_certificate, due_us, "   \
    "state, closed_reason, inspected_us, checklist, edition, failed, note, "                       \
    "recorded_us, recorded_by, record_leaf, published_us, publish_leaf, created_us "

void inspection_free(Inspection *inspection) {
    if (inspection != NULL) {
        g_free(inspection->object_name);
        g_free(inspection->object_address);
        g_free(inspection->region);
        g_free(inspection->region_name);
        g_free(inspection->lead_name);
        g_free(inspection->lead_certificate);
        g_free(inspection->second_name);
        g_free(inspection->second_certificate);
        g_free(inspection->closed_reason);
        g_free(inspection->checklist);
        g_free(inspection->edition);
        g_free(inspection->note);
        g_free(inspection);
    }
}

static Inspection *read_row(const DbRows *rows) {
    Inspection *row = g_new0(Inspection, 1);
    int at = 0;
    row->id = db_rows_int(rows, at++);
    row->matter_id = db_rows_int(rows, at++);
    row->draw_id = db_rows_int(rows, at++);
    row->object_kind =
        strcmp(db_rows_text(rows, at++), "building") == 0 ? OBJECT_BUILDING : OBJECT_UNIT;
    row->object_id = db_rows_int(rows, at++);
    row->object_name = g_strdup(db_rows_text(rows, at++));
    row->object_address = g_strdup(db_rows_text(rows, at++));
    row->region = g_strdup(db_rows_text(rows, at++));
    row->region_name = g_strdup(db_rows_text(rows, at++));
    row->lead_id = db_rows_int(rows, at++);
    row->lead_name = g_strdup(db_rows_text(rows, at++));
    row->lead_certificate = g_strdup(db_rows_text(rows, at++));
    row->second_id = db_rows_int(rows, at++);
    row->second_name = g_strdup(db_rows_text(rows, at++));
    row->second_certificate = g_strdup(db_rows_text(rows, at++));
    row->due_us = db_rows_int(rows, at++);
    bool known = inspection_state_parse(db_rows_text(rows, at++), &row->state);
    g_assert(known);
    row->closed_reason = g_strdup(db_rows_text(rows, at++));
    row->inspected_us = db_rows_int(rows, at++);
    row->checklist = g_strdup(db_rows_text(rows, at++));
    row->edition = g_strdup(db_rows_text(rows, at++));
    row->failed = db_rows_int(rows, at++);
    row->note = g_strdup(db_rows_text(rows, at++));
    row->recorded_us = db_rows_int(rows, at++);
    row->recorded_by = db_rows_int(rows, at++);
    row->record_leaf = db_rows_int(rows, at++);
    row->published_us = db_rows_int(rows, at++);
    row->publish_leaf = db_rows_int(rows, at++);
    row->created_us = db_rows_int(rows, at++);
    return row;
}

static GPtrArray *read_all(DbRows *rows, GError **error) {
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)inspection_free);
    while (db_rows_next(rows)) {
        g_ptr_array_add(list, read_row(rows));
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

Inspection *inspection_find(Db *db, int64_t id, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db, SQL("SELECT " COLUMNS "FROM inspection WHERE id = $1"), DB_ARGS(db_int(id)), error);
    g_autoptr(GPtrArray) list = read_all(rows, error);
    if (list == NULL) {
        return NULL;
    }
    if (list->len == 0) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no such inspection");
        return NULL;
    }
    return g_ptr_array_steal_index(list, 0);
}

/* --- writing -----------------------------------------------------------------------------------
 */

bool inspection_store_add(Db *db, const InspectionRow *row, GError **error) {
    const InspectionOfficers *officers = &row->officers;
    int64_t id = 0;
    return db_query_int(
               db,
               SQL("INSERT INTO inspection (matter_id, draw_id, object_kind, object_id, "
                   "object_name, object_address, region, region_name, district, lead_id, "
                   "lead_name, lead_certificate, second_id, second_name, second_certificate, "
                   "due_us, state, inspected_us, failed, recorded_us, recorded_by, record_leaf, "
                   "published_us, publish_leaf, version, created_us) VALUES ($1, $2, $3, $4, $5, "
                   "$6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 'planned', 0, 0, 0, 0, -1, "
                   "0, -1, 0, $17) RETURNING id"),
               DB_ARGS(db_int(row->matter_id),
                       db_int(row->draw_id),
                       db_text(row->object_kind),
                       db_int(row->object_id),
                       db_text(row->object_name),
                       db_text(row->object_address),
                       db_text(row->region),
                       db_text(row->region_name),
                       db_int(row->district),
                       db_int(officers->lead_id),
                       db_text(officers->lead_name),
                       db_text(officers->lead_certificate),
                       db_int(officers->second_id),
                       db_text(officers->second_name),
                       db_text(officers->second_certificate),
                       db_int(row->due_us),
                       db_int(row->now_us)),
               &id,
               error) &&
           inspection_index_add(db, id, row->object_name, row->district, error);
}

bool inspection_store_adopt(Db *db, int64_t id, int64_t matter_id, GError **error) {
    return db_later(db,
                    SQL("UPDATE inspection SET matter_id = $2, state = 'planned' "
                        "WHERE id = $1 AND matter_id = 0"),
                    DB_ARGS(db_int(id), db_int(matter_id)),
                    1,
                    error);
}

bool inspection_store_officers(Db *db,
                               int64_t matter_id,
                               const InspectionOfficers *officers,
                               GError **error) {
    return db_later(db,
                    SQL("UPDATE inspection SET lead_id = $2, lead_name = $3, lead_certificate = "
                        "$4, second_id = $5, second_name = $6, second_certificate = $7 "
                        "WHERE matter_id = $1"),
                    DB_ARGS(db_int(matter_id),
                            db_int(officers->lead_id),
                            db_text(officers->lead_name),
                            db_text(officers->lead_certificate),
                            db_int(officers->second_id),
                            db_text(officers->second_name),
                            db_text(officers->second_certificate)),
                    1,
                    error);
}

bool inspection_store_result(Db *db, const ResultRow *row, GError **error) {
    return db_later(db,
                    SQL("UPDATE inspection SET state = 'recorded', inspected_us = $2, "
                        "checklist = $3, edition = $4, failed = $5, note = NULL, recorded_us = $6, "
                        "recorded_by = $7, record_leaf = $8 WHERE matter_id = $1"),
                    DB_ARGS(db_int(row->matter_id),
                            db_int(row->inspected_us),
                            db_text(row->checklist),
                            db_text(row->edition),
                            db_int(row->failed),
                            db_int(row->recorded_us),
                            db_int(row->recorded_by),
                            db_int(row->leaf)),
                    1,
                    error);
}

bool inspection_store_publish(
    Db *db, int64_t matter_id, int64_t published_us, int64_t leaf, GError **error) {
    return db_later(db,
                    SQL("UPDATE inspection SET state = 'published', published_us = $2, "
                        "publish_leaf = $3 WHERE matter_id = $1"),
                    DB_ARGS(db_int(matter_id), db_int(published_us), db_int(leaf)),
                    1,
                    error);
}

bool inspection_store_close(Db *db, int64_t matter_id, const char *reason, GError **error) {
    return db_later(
        db,
        SQL("UPDATE inspection SET state = 'closed', closed_reason = $2 WHERE matter_id = $1"),
        DB_ARGS(db_int(matter_id), db_text(reason)),
        1,
        error);
}

/* --- reading -----------------------------------------------------------------------------------
 */

void stored_answer_free(StoredAnswer *answer) {
    g_free(answer->item_id);
    g_free(answer->note);
    g_free(answer);
}

GPtrArray *inspection_store_answers(Db *db, int64_t id, GError **error) {
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT item_id, answer, note FROM inspection_answer "
                                          "WHERE inspection_id = $1"),
                                      DB_ARGS(db_int(id)),
                                      error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)stored_answer_free);
    while (db_rows_next(rows)) {
        StoredAnswer *answer = g_new0(StoredAnswer, 1);
        answer->item_id = g_strdup(db_rows_text(rows, 0));
        bool known = answer_parse(db_rows_text(rows, 1), &answer->answer);
        g_assert(known);
        answer->note = g_strdup(db_rows_text(rows, 2));
        g_ptr_array_add(list, answer);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

/* Rows of a region: a district, or a range of them; below the district also the code's beginning.
 */
static void add_region(SqlBuilder *query, const char *region) {
    char code[REGION_CODE_MAX + 1];
    if (!region_code_parse(region, code)) {
        sql_builder_add(query, SQL("AND 1 = 0"));
        return;
    }
    size_t length = strlen(code);
    if (length >= 6) {
        sql_builder_add(query, SQL("AND district ="));
        sql_builder_arg(query, db_int(region_district(code)));
    } else {
        /* A plus keeps the planner on the index that gives the order: nearly all rows match. */
        sql_builder_add(query, SQL("AND +district >="));
        sql_builder_arg(query, db_int(region_district(code)));
        sql_builder_add(query, SQL("AND +district <"));
        sql_builder_arg(query, db_int(region_district(code) + (length == 2 ? 10000 : 100)));
    }
    if (length > 6) {
        sql_builder_add(query, SQL("AND substr(region, 1,"));
        sql_builder_arg(query, db_int((int64_t)length));
        sql_builder_add(query, SQL(") ="));
        sql_builder_arg(query, db_text(code));
    }
}

static void add_after_and_state(SqlBuilder *query, const InspectionFilter *filter) {
    sql_builder_add(query, SQL("AND (due_us, id) > ("));
    sql_builder_arg(query, db_int(filter->after_id == 0 ? INT64_MIN : filter->after_due_us));
    sql_builder_add(query, SQL(","));
    sql_builder_arg(query, db_int(filter->after_id));
    sql_builder_add(query, SQL(")"));
    if (filter->state >= 0) {
        sql_builder_add(query, SQL("AND state ="));
        sql_builder_arg(query, db_text(inspection_state_word((InspectionState)filter->state)));
    }
}

/* An officer's own, wherever they are: as lead and as second, each by its index. */
static void add_own(SqlBuilder *query, const InspectionFilter *filter) {
    sql_builder_add(query, SQL("(SELECT * FROM inspection WHERE lead_id ="));
    sql_builder_arg(query, db_int(filter->officer_id));
    add_after_and_state(query, filter);
    sql_builder_add(query, SQL("UNION ALL SELECT * FROM inspection WHERE second_id ="));
    sql_builder_arg(query, db_int(filter->officer_id));
    add_after_and_state(query, filter);
    sql_builder_add(query, SQL(") own"));
}

GPtrArray *inspection_list(Db *db, const InspectionFilter *filter, GError **error) {
    g_autoptr(SqlBuilder) query = sql_builder_new();
    sql_builder_add(query, SQL("SELECT " COLUMNS "FROM"));
    if (filter->officer_id != 0) {
        add_own(query, filter);
    } else {
        sql_builder_add(query, SQL("inspection WHERE id > 0"));
        add_after_and_state(query, filter);
        add_region(query, filter->region);
    }
    sql_builder_add(query, SQL("ORDER BY due_us, id LIMIT"));
    sql_builder_arg(query, db_int(filter->limit));
    g_autoptr(DbRows) rows = db_query_built(db, query, error);
    return read_all(rows, error);
}

GPtrArray *inspection_store_load(Db *db, const GArray *ids, GError **error) {
    g_autofree char *list = id_list_format(db, (const int64_t *)(void *)ids->data, ids->len);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL_FOR(db,
                         "SELECT " COLUMNS "FROM inspection WHERE id IN "
                         "(SELECT CAST(value AS INTEGER) FROM json_each($1)) ORDER BY id",
                         "SELECT " COLUMNS "FROM inspection WHERE id = ANY ($1::bigint[]) "
                         "ORDER BY id"),
                 DB_ARGS(db_text(list)),
                 error);
    return read_all(rows, error);
}

void inspection_page_clear(InspectionPage *page) {
    g_clear_pointer(&page->rows, g_ptr_array_unref);
}

bool inspection_list_page(Db *db,
                          const InspectionFilter *filter,
                          InspectionPage *ret_page,
                          GError **error) {
    *ret_page = (InspectionPage){.rows = NULL};
    if (filter->terms != NULL) {
        return inspection_store_search(db, filter, ret_page, error);
    }
    /* One more than fits: its presence means that there is a next page. */
    InspectionFilter more = *filter;
    more.limit++;
    ret_page->rows = inspection_list(db, &more, error);
    if (ret_page->rows != NULL && ret_page->rows->len > filter->limit) {
        g_ptr_array_set_size(ret_page->rows, (gint)filter->limit);
        const Inspection *last = ret_page->rows->pdata[filter->limit - 1];
        ret_page->next_due_us = last->due_us;
        ret_page->next_id = last->id;
    }
    return ret_page->rows != NULL;
}

bool inspection_store_of_matter(Db *db, int64_t matter_id, Inspection **ret_row, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " COLUMNS "FROM inspection WHERE matter_id = $1 AND matter_id <> 0"),
                 DB_ARGS(db_int(matter_id)),
                 error);
    g_autoptr(GPtrArray) list = read_all(rows, error);
    *ret_row = list == NULL || list->len == 0 ? NULL : g_ptr_array_steal_index(list, 0);
    return list != NULL;
}

bool inspection_store_of_draw(Db *db,
                              int64_t draw_id,
                              const char *object_kind,
                              int64_t object_id,
                              Inspection **ret_row,
                              GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " COLUMNS "FROM inspection WHERE draw_id = $1 AND draw_id <> 0 AND "
                     "object_kind = $2 AND object_id = $3"),
                 DB_ARGS(db_int(draw_id), db_text(object_kind), db_int(object_id)),
                 error);
    g_autoptr(GPtrArray) list = read_all(rows, error);
    *ret_row = list == NULL || list->len == 0 ? NULL : g_ptr_array_steal_index(list, 0);
    return list != NULL;
}

GPtrArray *inspection_store_open_old(Db *db, int64_t after, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " COLUMNS "FROM inspection WHERE matter_id = 0 AND state IN "
                     "('planned', 'recorded') AND id > $1 ORDER BY id LIMIT $2"),
                 DB_ARGS(db_int(after), db_int(limit)),
                 error);
    return read_all(rows, error);
}

/* An object has few, so that sorting them costs nothing. */
GPtrArray *inspection_store_of_object(
    Db *db, ObjectKind kind, int64_t object_id, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " COLUMNS "FROM inspection WHERE object_kind = $1 AND object_id = $2 "
                     "AND inspected_us <> 0 ORDER BY inspected_us DESC, id DESC LIMIT $3"),
                 DB_ARGS(db_text(object_kind_word(kind)), db_int(object_id), db_int(limit)),
                 error);
    return read_all(rows, error);
}

bool inspection_store_count(Db *db,
                            int64_t officer_id,
                            int64_t from_us,
                            int64_t to_us,
                            int64_t *ret_count,
                            GError **error) {
    return db_query_int(
        db,
        SQL("SELECT (SELECT count(*) FROM inspection WHERE lead_id = $1 AND state = 'planned' "
            "AND due_us >= $2 AND due_us < $3) + "
            "(SELECT count(*) FROM inspection WHERE second_id = $1 AND state = 'planned' "
            "AND due_us >= $2 AND due_us < $3)"),
        DB_ARGS(db_int(officer_id), db_int(from_us), db_int(to_us)),
        ret_count,
        error);
}

GPtrArray *inspection_public_list(Db *db, const PublicInspectionFilter *filter, GError **error) {
    g_autoptr(SqlBuilder) query = sql_builder_new();
    sql_builder_add(
        query,
        SQL("SELECT " COLUMNS "FROM inspection WHERE published_us > 0 AND (published_us, id) < ("));
    sql_builder_arg(query, db_int(filter->before_id == 0 ? INT64_MAX : filter->before_us));
    sql_builder_add(query, SQL(","));
    sql_builder_arg(query, db_int(filter->before_id));
    sql_builder_add(query, SQL(")"));
    if (filter->from_us != 0) {
        sql_builder_add(query, SQL("AND published_us >="));
        sql_builder_arg(query, db_int(filter->from_us));
    }
    if (filter->to_us != 0) {
        sql_builder_add(query, SQL("AND published_us <"));
        sql_builder_arg(query, db_int(filter->to_us));
    }
    if (filter->unit_id != 0) {
        sql_builder_add(query, SQL("AND object_kind = 'unit' AND object_id ="));
        sql_builder_arg(query, db_int(filter->unit_id));
    }
    sql_builder_add(query, SQL("ORDER BY published_us DESC, id DESC LIMIT"));
    sql_builder_arg(query, db_int(filter->limit));
    g_autoptr(DbRows) rows = db_query_built(db, query, error);
    return read_all(rows, error);
}

bool inspection_store_count_drawn(Db *db,
                                  const char *object_kind,
                                  int64_t object_id,
                                  int64_t from_us,
                                  int64_t to_us,
                                  int64_t *ret_n,
                                  GError **error) {
    return db_query_int(
        db,
        SQL("SELECT count(*) FROM inspection WHERE object_kind = $1 AND object_id "
            "= $2 AND matter_id = 0 AND draw_id <> 0 AND state <> 'closed' AND created_us >= $3 "
            "AND "
            "created_us < $4"),
        DB_ARGS(db_text(object_kind), db_int(object_id), db_int(from_us), db_int(to_us)),
        ret_n,
        error);
}
