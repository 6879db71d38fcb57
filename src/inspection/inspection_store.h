/* SQL of the inspection room; only its own files include this. Thread: that of the Db. */
#pragma once

#include "inspection/inspection.h"

/* The two officers as a row has them. Borrowed. */
typedef struct InspectionOfficers {
    int64_t lead_id, second_id;
    const char *lead_name, *lead_certificate, *second_name, *second_certificate;
} InspectionOfficers;

typedef struct InspectionRow {
    int64_t matter_id, draw_id;
    const char *object_kind;
    int64_t object_id;
    const char *object_name, *object_address, *region, *region_name;
    int64_t district;
    InspectionOfficers officers;
    int64_t due_us, now_us;
} InspectionRow;
bool inspection_store_add(Db *db, const InspectionRow *row, GError **error);
/* NULL in *ret_row when the matter has none. */
bool inspection_store_of_matter(Db *db, int64_t matter_id, Inspection **ret_row, GError **error);
/* The task that a draw has set for an object; NULL in *ret_row when there is none. */
bool inspection_store_of_draw(Db *db,
                              int64_t draw_id,
                              const char *object_kind,
                              int64_t object_id,
                              Inspection **ret_row,
                              GError **error);
/* A row from before gets its matter; what it has recorded is recorded again there. */
bool inspection_store_adopt(Db *db, int64_t id, int64_t matter_id, GError **error);
/* Open rows without a matter, by id from `after` on: array of Inspection. */
GPtrArray *inspection_store_open_old(Db *db, int64_t after, unsigned limit, GError **error);
bool inspection_store_officers(Db *db,
                               int64_t matter_id,
                               const InspectionOfficers *officers,
                               GError **error);

typedef struct ResultRow {
    int64_t matter_id, inspected_us;
    const char *checklist, *edition;
    int64_t failed, recorded_us, recorded_by, leaf;
} ResultRow;
bool inspection_store_result(Db *db, const ResultRow *row, GError **error);
/* published_us 0: elsewhere, not on this site. */
bool inspection_store_publish(
    Db *db, int64_t matter_id, int64_t published_us, int64_t leaf, GError **error);
bool inspection_store_close(Db *db, int64_t matter_id, const char *reason, GError **error);
/* Answers of a row from before. */
GPtrArray *inspection_store_answers(Db *db, int64_t id, GError **error);
void stored_answer_free(StoredAnswer *answer);

/* Those of these ids (int64_t) in id order: array of Inspection. */
GPtrArray *inspection_store_load(Db *db, const GArray *ids, GError **error);
/* As inspection_list_page with terms. */
bool inspection_store_search(Db *db,
                             const InspectionFilter *filter,
                             InspectionPage *page,
                             GError **error);
/* Puts one inspection into the search index, in the caller's transaction. */
bool inspection_index_add(
    Db *db, int64_t id, const char *object_name, int64_t district, GError **error);
/* The same for all that were there before the index. */
bool inspection_index_catch_up(Db *db, GError **error);

/* How many open tasks of the officer are due in [from, to). */
bool inspection_store_count(
    Db *db, int64_t officer_id, int64_t from_us, int64_t to_us, int64_t *ret_count, GError **error);

/* Those of one object that were carried out, the newest first: array of Inspection. */
GPtrArray *inspection_store_of_object(
    Db *db, ObjectKind kind, int64_t object_id, unsigned limit, GError **error);
/* Tasks from draws of [from, to) that have no matter and were not closed. */
bool inspection_store_count_drawn(Db *db,
                                  const char *object_kind,
                                  int64_t object_id,
                                  int64_t from_us,
                                  int64_t to_us,
                                  int64_t *ret_n,
                                  GError **error);
