/* SQL of the inspection room; only its own files include this. Thread: that of the Db. */
#pragma once

#include "inspection/inspection.h"

typedef struct InspectionRow {
    const NewInspection *task;
    const char *object_name, *object_address, *region, *region_name;
    int64_t district;
    const char *lead_name, *lead_certificate, *second_name, *second_certificate;
    int64_t now_us;
} InspectionRow;
/* *ret_id 0: the draw has a task on this object already. */
bool inspection_store_add(Db *db, const InspectionRow *row, int64_t *ret_id, GError **error);
bool inspection_store_find_drawn(Db *db,
                                 const NewInspection *task,
                                 int64_t *ret_id,
                                 GError **error);

typedef struct RecordRow {
    const InspectionResult *result;
    const char *checklist, *edition;
    int64_t failed, leaf, now_us;
} RecordRow;
/* False with HZ_ERROR_CONFLICT when the row's version is another. */
bool inspection_store_record(Db *db, const RecordRow *row, GError **error);
bool inspection_store_publish(
    Db *db, int64_t id, int64_t version, int64_t now_us, int64_t leaf, GError **error);
bool inspection_store_close(
    Db *db, int64_t id, int64_t version, const char *reason, GError **error);

/* *ret_leaf -1: this form has not been saved. */
bool inspection_form_find(
    Db *db, const char *form_id, int64_t inspection_id, int64_t *ret_leaf, GError **error);
bool inspection_form_add(Db *db, const RecordRow *row, GError **error);
bool inspection_forms_purge(Db *db, int64_t before_us, GError **error);

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

/* Open tasks of one officer as lead or second, by due date: array of Inspection. */
GPtrArray *inspection_store_tasks(
    Db *db, int64_t officer_id, int64_t until_us, unsigned limit, GError **error);
/* How many open tasks of the officer are due in [from, to). */
bool inspection_store_count(
    Db *db, int64_t officer_id, int64_t from_us, int64_t to_us, int64_t *ret_count, GError **error);

/* Those of one object that were carried out, the newest first: array of Inspection. */
GPtrArray *inspection_store_of_object(
    Db *db, ObjectKind kind, int64_t object_id, unsigned limit, GError **error);
/* Tasks from draws of [from, to) that were not closed. */
bool inspection_store_count_drawn(Db *db,
                                  const char *object_kind,
                                  int64_t object_id,
                                  int64_t from_us,
                                  int64_t to_us,
                                  int64_t *ret_n,
                                  GError **error);
