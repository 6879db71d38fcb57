/* Papers, links between matters, drafts. */
#include "base/error.h"
#include "casework/casework_store.h"

#include <string.h>

/* --- papers -------------------------------------------------------------------------------------
 */

void matter_paper_free(MatterPaper *paper) {
    if (paper != NULL) {
        g_free(paper->paper);
        g_free(paper->name);
        g_free(paper->agency);
        g_free(paper->text);
        g_free(paper->number);
        g_free(paper->way);
        g_free(paper);
    }
}

bool casework_store_add_paper(Db *db, const PaperRow *row, GError **error) {
    return db_later(db,
                    SQL("INSERT INTO matter_paper (matter_id, seq, paper, name, number, agency, "
                        "text, made_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"),
                    DB_ARGS(db_int(row->matter_id),
                            db_int(row->seq),
                            db_text(row->paper),
                            db_text(row->name),
                            db_text(row->number),
                            db_text(row->agency),
                            db_text(row->text),
                            db_int(row->made_us)),
                    1,
                    error);
}

GPtrArray *casework_papers(Db *db, int64_t matter_id, GError **error) {
    g_autoptr(GPtrArray) papers = g_ptr_array_new_with_free_func((GDestroyNotify)matter_paper_free);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, seq, paper, name, agency, text, number, made_us, way, served_us "
                     "FROM matter_paper WHERE matter_id = $1 ORDER BY id"),
                 DB_ARGS(db_int(matter_id)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        MatterPaper *paper = g_new0(MatterPaper, 1);
        *paper = (MatterPaper){.id = db_rows_int(rows, 0),
                               .seq = db_rows_int(rows, 1),
                               .paper = g_strdup(db_rows_text(rows, 2)),
                               .name = g_strdup(db_rows_text(rows, 3)),
                               .agency = g_strdup(db_rows_text(rows, 4)),
                               .text = g_strdup(db_rows_text(rows, 5)),
                               .number = g_strdup(db_rows_text(rows, 6)),
                               .made_us = db_rows_int(rows, 7),
                               .way = g_strdup(db_rows_text(rows, 8)),
                               .served_us = db_rows_int(rows, 9)};
        g_ptr_array_add(papers, paper);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&papers) : NULL;
}

bool casework_store_paper_by_number(Db *db,
                                    int64_t matter_id,
                                    const char *number,
                                    int64_t *ret_id,
                                    bool *ret_served,
                                    GError **error) {
    *ret_id = 0;
    *ret_served = false;
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, served_us FROM matter_paper WHERE number = $1 AND matter_id = $2"),
                 DB_ARGS(db_text(number), db_int(matter_id)),
                 error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        *ret_id = db_rows_int(rows, 0);
        *ret_served = db_rows_int(rows, 1) != 0;
    }
    return db_rows_done(rows, error);
}

bool casework_store_serve(Db *db, const PaperService *service, GError **error) {
    return db_later(
        db,
        SQL("UPDATE matter_paper SET way = $1, served_us = $2 WHERE matter_id = $3 AND "
            "served_us = 0 AND seq < $4 AND (CAST($5 AS BIGINT) = 0 OR id = CAST($5 AS BIGINT))"),
        DB_ARGS(db_text(service->way),
                db_int(service->served_us),
                db_int(service->matter_id),
                db_int(service->before_seq),
                db_int(service->paper_id)),
        -1,
        error);
}

/* --- links --------------------------------------------------------------------------------------
 */

void matter_link_free(MatterLink *link) {
    if (link != NULL) {
        g_free(link->number);
        g_free(link->title);
        g_free(link->kind);
        g_free(link->region);
        g_free(link->relation);
        g_free(link);
    }
}

bool casework_store_link(
    Db *db, int64_t matter_id, int64_t other_id, const char *relation, GError **error) {
    return db_later(db,
                    SQL("INSERT INTO matter_link (matter_id, other_id, relation) VALUES ($1, $2, "
                        "$3) ON CONFLICT (matter_id, other_id, relation) DO NOTHING"),
                    DB_ARGS(db_int(matter_id), db_int(other_id), db_text(relation)),
                    -1,
                    error);
}

GPtrArray *casework_links(Db *db, int64_t matter_id, GError **error) {
    g_autoptr(GPtrArray) links = g_ptr_array_new_with_free_func((GDestroyNotify)matter_link_free);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT m.id, m.number, m.title, m.kind, m.region, l.relation, 0 FROM "
                     "matter_link l JOIN matter m ON m.id = l.other_id WHERE l.matter_id = $1 "
                     "UNION ALL SELECT m.id, m.number, m.title, m.kind, m.region, l.relation, 1 "
                     "FROM matter_link l JOIN matter m ON m.id = l.matter_id WHERE l.other_id = $1 "
                     "ORDER BY 1, 6"),
                 DB_ARGS(db_int(matter_id)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        MatterLink *link = g_new0(MatterLink, 1);
        *link = (MatterLink){.other_id = db_rows_int(rows, 0),
                             .number = g_strdup(db_rows_text(rows, 1)),
                             .title = g_strdup(db_rows_text(rows, 2)),
                             .kind = g_strdup(db_rows_text(rows, 3)),
                             .region = g_strdup(db_rows_text(rows, 4)),
                             .relation = g_strdup(db_rows_text(rows, 5)),
                             .is_incoming = db_rows_int(rows, 6) != 0};
        g_ptr_array_add(links, link);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&links) : NULL;
}

/* --- drafts -------------------------------------------------------------------------------------
 */

bool casework_store_draft(Db *db,
                          int64_t account_id,
                          const char *place,
                          const json_t *data,
                          int64_t now_us,
                          GError **error) {
    if (data == NULL) {
        return db_exec(db,
                       SQL("DELETE FROM matter_draft WHERE account_id = $1 AND place = $2"),
                       DB_ARGS(db_int(account_id), db_text(place)),
                       NULL,
                       error);
    }
    g_autofree char *text = json_write(data);
    return db_exec(db,
                   SQL("INSERT INTO matter_draft (account_id, place, data, saved_us) VALUES ($1, "
                       "$2, $3, $4) ON CONFLICT (account_id, place) DO UPDATE SET data = "
                       "excluded.data, saved_us = excluded.saved_us"),
                   DB_ARGS(db_int(account_id), db_text(place), db_text(text), db_int(now_us)),
                   NULL,
                   error);
}

bool casework_draft_find(Db *db,
                         int64_t account_id,
                         const char *place,
                         json_t **ret_data,
                         int64_t *ret_saved_us,
                         GError **error) {
    *ret_data = NULL;
    *ret_saved_us = 0;
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT data, saved_us FROM matter_draft WHERE account_id = $1 AND place = $2"),
        DB_ARGS(db_int(account_id), db_text(place)),
        error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        const char *text = db_rows_text(rows, 0);
        *ret_data = json_read(text, strlen(text), NULL);
        *ret_saved_us = db_rows_int(rows, 1);
        if (*ret_data == NULL) {
            return hz_fail(error, HZ_ERROR_CORRUPT, "a stored draft is not readable");
        }
    }
    return db_rows_done(rows, error);
}
