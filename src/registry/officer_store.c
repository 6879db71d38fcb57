/* Officers: rows, search index, history. Lists are in officer_list_store.c. */
#include "registry/officer.h"

#include "base/clock.h"
#include "base/error.h"
#include "registry/object_store.h"
#include "registry/officer_store.h"
#include "registry/region.h"

#include <string.h>

void officer_clear(Officer *officer) {
    g_clear_pointer(&officer->texts, g_string_chunk_free);
    *officer = (Officer){0};
}

static const char *keep(GStringChunk *texts, const char *text) {
    return text == NULL ? NULL : g_string_chunk_insert(texts, text);
}

void officer_from_row(const DbRows *rows, GStringChunk *texts, Officer *officer) {
    *officer = (Officer){
        .id = db_rows_int(rows, 0),
        .name = keep(texts, db_rows_text(rows, 1)),
        .certificate = keep(texts, db_rows_text(rows, 2)),
        .certificate_until = keep(texts, db_rows_text(rows, 3)),
        .agency_id = db_rows_int(rows, 4),
        .agency_name = keep(texts, db_rows_text(rows, 5)),
        .region = keep(texts, db_rows_text(rows, 6)),
        .district = db_rows_int(rows, 7),
        .in_post = db_rows_int(rows, 8) != 0,
        .can_lead = db_rows_int(rows, 9) != 0,
        .phone = keep(texts, db_rows_text(rows, 10)),
        .version = db_rows_int(rows, 11),
        .created_us = db_rows_int(rows, 12),
        .changed_us = db_rows_int(rows, 13),
    };
}

static bool read_one(Db *db, Sql sql, DbArgs args, Officer *ret_officer, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, args, error);
    if (!object_first_row(rows, "officer", error)) {
        return false;
    }
    GStringChunk *texts = g_string_chunk_new(256);
    officer_from_row(rows, texts, ret_officer);
    ret_officer->texts = texts;
    return true;
}

bool officer_find(Db *db, int64_t id, Officer *ret_officer, GError **error) {
    return read_one(db,
                    SQL("SELECT " OFFICER_COLUMNS " FROM " OFFICER_TABLES " WHERE o.id = $1"),
                    DB_ARGS(db_int(id)),
                    ret_officer,
                    error);
}

static void clear_officer(void *officer) {
    officer_clear(officer);
}

static void release_officer(void *officer) {
    g_rc_box_release_full(officer, clear_officer);
}

/* Each once, in any order: array of Officer *. */
static GPtrArray *read_officers(Db *db, const int64_t *ids, size_t count, GError **error) {
    g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func(release_officer);
    g_autofree char *list = id_list_format(db, ids, count);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL_FOR(db,
                         "SELECT " OFFICER_COLUMNS " FROM " OFFICER_TABLES " WHERE o.id IN "
                         "(SELECT CAST(value AS INTEGER) FROM json_each($1))",
                         "SELECT " OFFICER_COLUMNS " FROM " OFFICER_TABLES
                         " WHERE o.id = ANY ($1::bigint[])"),
                 DB_ARGS(db_text(list)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        Officer *officer = g_rc_box_new0(Officer);
        GStringChunk *texts = g_string_chunk_new(256);
        officer_from_row(rows, texts, officer);
        officer->texts = texts;
        g_ptr_array_add(found, officer);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&found) : NULL;
}

/* An id may stand twice in a list. */
GPtrArray *officers_find(Db *db, const int64_t *ids, size_t count, GError **error) {
    g_autoptr(GPtrArray) officers = g_ptr_array_new_with_free_func(release_officer);
    g_autoptr(GPtrArray) found =
        count == 0 ? g_ptr_array_new() : read_officers(db, ids, count, error);
    if (found == NULL) {
        return NULL;
    }
    for (size_t i = 0; i < count; i++) {
        for (guint k = 0; k < found->len; k++) {
            Officer *officer = found->pdata[k];
            if (officer->id == ids[i]) {
                g_ptr_array_add(officers, g_rc_box_acquire(officer));
            }
        }
        if (officers->len <= i) {
            hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no such officer");
            return NULL;
        }
    }
    return g_steal_pointer(&officers);
}

bool officer_find_certificate(Db *db,
                              const char *certificate,
                              Officer *ret_officer,
                              GError **error) {
    return read_one(
        db,
        SQL("SELECT " OFFICER_COLUMNS " FROM " OFFICER_TABLES " WHERE o.certificate = $1"),
        DB_ARGS(db_text(certificate)),
        ret_officer,
        error);
}

bool officer_store_by_certificate(
    Db *db, const char *keys, GStringChunk *texts, GArray *found, GError **error) {
    return object_read_keys(db,
                            SQL_FOR(db,
                                    "SELECT certificate, id FROM officer WHERE certificate IN "
                                    "(SELECT CAST(value AS TEXT) FROM json_each($1))",
                                    "SELECT certificate, id FROM officer WHERE certificate = ANY "
                                    "(ARRAY(SELECT json_array_elements_text($1::json)))"),
                            DB_ARGS(db_text(keys)),
                            texts,
                            found,
                            error);
}

/* --- rules --------------------------------------------------------------------------------------
 */

bool officer_may_serve(const Officer *officer, const char *day) {
    return officer->in_post && officer->certificate_until != NULL &&
           strcmp(day, officer->certificate_until) <= 0;
}

int64_t officer_days_left(const Officer *officer, const char *day) {
    int64_t until;
    int64_t from;
    if (officer->certificate_until == NULL || !clock_parse(officer->certificate_until, &until) ||
        !clock_parse(day, &from)) {
        return INT64_MAX;
    }
    return (until - from) / CLOCK_DAY_US;
}

/* --- writing ------------------------------------------------------------------------------------
 */

static void add_tokens(GString *out, const void *object) {
    const Officer *officer = object;
    const char *fields[] = {officer->name, officer->certificate};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        g_autofree char *normal = search_normalise(fields[i]);
        search_add_grams(out, normal);
    }
    search_add_mark(out, 'd', officer->district);
}

static void note_differences(const void *old, const void *object, json_t *before, json_t *after) {
    static const Officer nothing = {.name = NULL};
    const Officer *was = old == NULL ? &nothing : old;
    const Officer *now = object;
    change_note_text(before, after, "name", was->name, now->name);
    change_note_text(before, after, "certificate", was->certificate, now->certificate);
    change_note_text(
        before, after, "certificate_until", was->certificate_until, now->certificate_until);
    change_note_text(before, after, "agency", was->agency_name, now->agency_name);
    change_note_text(before, after, "region", was->region, now->region);
    change_note_text(
        before, after, "in_post", was->in_post ? "是" : "否", now->in_post ? "是" : "否");
    change_note_text(
        before, after, "can_lead", was->can_lead ? "是" : "否", now->can_lead ? "是" : "否");
    change_note_text(before, after, "phone", was->phone, now->phone);
}

static const ObjectKind officer_kind = {SEARCH_OFFICER, "officer", add_tokens, note_differences};

#define ROW_ARGS(o)                                                                                \
    db_text((o)->name), db_text((o)->certificate), db_text((o)->certificate_until),                \
        db_int((o)->agency_id), db_text((o)->region), db_int((o)->district),                       \
        db_bool((o)->in_post), db_bool((o)->can_lead), db_text((o)->phone), db_int((o)->version),  \
        db_int((o)->changed_us)

static bool update_row(Db *db, const Officer *old, const Officer *now, GError **error) {
    int64_t changed = 0;
    if (!db_exec(db,
                 SQL("UPDATE officer SET name = $1, certificate = $2, certificate_until = $3, "
                     "agency_id = $4, region = $5, district = $6, in_post = $7, can_lead = $8, "
                     "phone = $9, version = $10, changed_us = $11 "
                     "WHERE id = $12 AND version = $13"),
                 DB_ARGS(ROW_ARGS(now), db_int(now->id), db_int(old->version)),
                 &changed,
                 error)) {
        return false;
    }
    return changed == 1 ||
           hz_fail(error, HZ_ERROR_CONFLICT, "officer was changed by somebody else meanwhile");
}

static bool insert_rows(Db *db, Officer *const *officers, size_t count, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        const DbArg row[] = {ROW_ARGS(officers[i]), db_int(officers[i]->id)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return db_exec_many(
        db,
        SQL("INSERT INTO officer (name, certificate, certificate_until, agency_id, region, "
            "district, in_post, can_lead, phone, version, changed_us, created_us, id) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12)"),
        12,
        (DbArgs){(const DbArg *)(void *)args->data, args->len},
        NULL,
        error);
}

bool officer_add(
    Db *db, Officer *const *officers, size_t count, const WriteOptions *options, GError **error) {
    g_autofree int64_t *ids = g_new0(int64_t, count);
    g_autofree ObjectWrite *writes = g_new0(ObjectWrite, count);
    if (count == 0) {
        return true;
    }
    if (!object_take_ids(db, SEARCH_OFFICER, count, ids, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        Officer *officer = officers[i];
        officer->id = ids[i];
        officer->version = 1;
        officer->district = region_district(officer->region);
        officer->created_us = options->now_us;
        officer->changed_us = options->now_us;
        writes[i] = (ObjectWrite){officer->id, NULL, officer};
    }
    return insert_rows(db, officers, count, error) &&
           object_note_writes(db, &officer_kind, writes, count, options, error);
}

bool officer_change(
    Db *db, const Officer *old, Officer *now, const WriteOptions *options, GError **error) {
    now->version = old->version + 1;
    now->changed_us = options->now_us;
    now->district = region_district(now->region);
    ObjectWrite write = {now->id, old, now};
    return update_row(db, old, now, error) &&
           object_note_writes(db, &officer_kind, &write, 1, options, error);
}
