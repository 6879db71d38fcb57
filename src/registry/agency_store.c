/* Agencies and what they were given: rows and history. */
#include "base/error.h"
#include "base/json.h"
#include "registry/agency.h"
#include "registry/object_store.h"

#include <string.h>

#define COLUMNS "id, code, name, region, kind, version, created_us, changed_us"
#define KIND_UNTOLD "fire-brigade" /* what every agency was taken for before it had a kind */

void agency_clear(Agency *agency) {
    g_free(agency->code);
    g_free(agency->name);
    g_free(agency->region);
    g_free(agency->kind);
    *agency = (Agency){0};
}

void agency_free(Agency *agency) {
    agency_clear(agency);
    g_free(agency);
}

static void agency_from_row(const DbRows *rows, Agency *agency) {
    *agency = (Agency){.id = db_rows_int(rows, 0),
                       .code = g_strdup(db_rows_text(rows, 1)),
                       .name = g_strdup(db_rows_text(rows, 2)),
                       .region = g_strdup(db_rows_text(rows, 3)),
                       .kind = g_strdup(db_rows_text(rows, 4)),
                       .version = db_rows_int(rows, 5),
                       .created_us = db_rows_int(rows, 6),
                       .changed_us = db_rows_int(rows, 7)};
}

static bool read_agency(Db *db, Sql sql, DbArgs args, Agency *ret_agency, GError **error) {
    g_autoptr(DbRows) rows = db_query(db, sql, args, error);
    if (!object_first_row(rows, "agency", error)) {
        return false;
    }
    agency_from_row(rows, ret_agency);
    return true;
}

bool agency_find_named(Db *db, const char *name_or_code, Agency *ret_agency, GError **error) {
    g_autoptr(GError) problem = NULL;
    if (read_agency(db,
                    SQL("SELECT " COLUMNS " FROM agency WHERE name = $1"),
                    DB_ARGS(db_text(name_or_code)),
                    ret_agency,
                    &problem)) {
        return true;
    }
    if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    return read_agency(db,
                       SQL("SELECT " COLUMNS " FROM agency WHERE code IS NOT NULL AND code = $1"),
                       DB_ARGS(db_text(name_or_code)),
                       ret_agency,
                       error);
}

bool agency_find(Db *db, int64_t id, Agency *ret_agency, GError **error) {
    return read_agency(db,
                       SQL("SELECT " COLUMNS " FROM agency WHERE id = $1"),
                       DB_ARGS(db_int(id)),
                       ret_agency,
                       error);
}

/* --- writing ------------------------------------------------------------------------------------
 */

static const char *kind_of(const NewAgency *agency, GError **error) {
    if (agency->kind != NULL) {
        return agency->kind;
    }
    const LawBook *book = law_book(NULL, error);
    const char *told = book == NULL ? NULL : law_agency_kind_of(book, agency->name);
    return book == NULL ? NULL : told != NULL ? told : KIND_UNTOLD;
}

bool agency_add(Db *db, const NewAgency *agency, int64_t now_us, int64_t *ret_id, GError **error) {
    const char *kind = kind_of(agency, error);
    return kind != NULL &&
           db_query_int(db,
                        SQL("INSERT INTO agency (code, name, region, kind, created_us, changed_us) "
                            "VALUES ($1, $2, $3, $4, $5, $5) RETURNING id"),
                        DB_ARGS(db_text(agency->code),
                                db_text(agency->name),
                                db_text(agency->region),
                                db_text(kind),
                                db_int(now_us)),
                        ret_id,
                        error);
}

/* One line of the history of an agency. */
static bool note(Db *db,
                 int64_t id,
                 const WriteOptions *options,
                 const json_t *before,
                 const json_t *after,
                 GError **error) {
    g_autofree char *old = json_write(before);
    g_autofree char *now = json_write(after);
    Change change = {.kind = "agency",
                     .object_id = id,
                     .action = options->action,
                     .actor = options->actor,
                     .changed_us = options->now_us,
                     .old_json = old,
                     .new_json = now};
    return change_add(db, &change, 1, error);
}

/* History is for people: words of agencies.yaml as they read today. */
static const char *kind_zh(const char *kind) {
    const LawBook *book = law_book(NULL, NULL);
    const char *name = book == NULL ? NULL : law_agency_kind_name(book, kind);
    return name == NULL ? kind : name;
}

static const char *act_zh(const char *act) {
    const LawBook *book = law_book(NULL, NULL);
    const char *name = book == NULL ? NULL : law_act_name(book, act);
    return name == NULL ? act : name;
}

bool agency_change(
    Db *db, const Agency *old, const NewAgency *now, const WriteOptions *options, GError **error) {
    g_autoptr(json_t) before = json_object();
    g_autoptr(json_t) after = json_object();
    int64_t changed = 0;
    change_note_text(before, after, "name", old->name, now->name);
    change_note_text(before, after, "code", old->code, now->code);
    change_note_text(before, after, "region", old->region, now->region);
    change_note_text(before, after, "kind", kind_zh(old->kind), kind_zh(now->kind));
    if (!db_exec(db,
                 SQL("UPDATE agency SET code = $1, name = $2, region = $3, kind = $4, "
                     "version = version + 1, changed_us = $5 WHERE id = $6 AND version = $7"),
                 DB_ARGS(db_text(now->code),
                         db_text(now->name),
                         db_text(now->region),
                         db_text(now->kind),
                         db_int(options->now_us),
                         db_int(old->id),
                         db_int(old->version)),
                 &changed,
                 error)) {
        return false;
    }
    if (changed != 1) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "agency was changed by somebody else meanwhile");
    }
    return note(db, old->id, options, before, after, error);
}

/* --- lists --------------------------------------------------------------------------------------
 */

static GPtrArray *read_list(DbRows *rows, GError **error) {
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)agency_free);
    while (rows != NULL && db_rows_next(rows)) {
        Agency *agency = g_new0(Agency, 1);
        agency_from_row(rows, agency);
        g_ptr_array_add(list, agency);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

GPtrArray *agency_list(Db *db, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db, SQL("SELECT " COLUMNS " FROM agency ORDER BY name LIMIT 2000"), DB_NO_ARGS, error);
    return read_list(rows, error);
}

GPtrArray *
agency_list_inside(Db *db, const char *region, const char *after, unsigned limit, GError **error) {
    g_autofree char *end = g_strconcat(region, ":", NULL); /* ':' comes after '9' */
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT " COLUMNS " FROM agency "
            "WHERE region >= $1 AND region < $2 AND name > $3 ORDER BY name LIMIT $4"),
        DB_ARGS(db_text(region), db_text(end), db_text(after == NULL ? "" : after), db_int(limit)),
        error);
    return read_list(rows, error);
}

/* --- what it was given --------------------------------------------------------------------------
 */

void agency_grant_free(AgencyGrant *grant) {
    if (grant != NULL) {
        g_free(grant->act);
        g_free(grant->from);
        g_free(grant->until);
        g_free(grant->document);
        g_free(grant->grantor);
        g_free(grant);
    }
}

GPtrArray *agency_grants(Db *db, int64_t agency_id, GError **error) {
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)agency_grant_free);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT g.id, g.act, g.mode, g.valid_from, g.valid_until, g.document, "
                     "g.grantor_id, a.name FROM agency_grant g "
                     "LEFT JOIN agency a ON a.id = g.grantor_id "
                     "WHERE g.agency_id = $1 ORDER BY g.id DESC"),
                 DB_ARGS(db_int(agency_id)),
                 error);
    while (rows != NULL && db_rows_next(rows)) {
        AgencyGrant *grant = g_new0(AgencyGrant, 1);
        *grant = (AgencyGrant){.id = db_rows_int(rows, 0),
                               .agency_id = agency_id,
                               .act = g_strdup(db_rows_text(rows, 1)),
                               .from = g_strdup(db_rows_text(rows, 3)),
                               .until = g_strdup(db_rows_text(rows, 4)),
                               .document = g_strdup(db_rows_text(rows, 5)),
                               .grantor_id = db_rows_int(rows, 6),
                               .grantor = g_strdup(db_rows_text(rows, 7))};
        g_ptr_array_add(list, grant);
        if (!law_mode_parse(db_rows_text(rows, 2), &grant->mode)) {
            hz_fail(error,
                    HZ_ERROR_CORRUPT,
                    "a grant of agency %" G_GINT64_FORMAT " has no mode",
                    agency_id);
            return NULL;
        }
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool agency_grant_add(Db *db,
                      const AgencyGrant *grant,
                      const WriteOptions *options,
                      int64_t *ret_id,
                      GError **error) {
    g_autoptr(json_t) before = json_object();
    g_autoptr(json_t) after = json_object();
    change_note_text(before, after, "grant", NULL, act_zh(grant->act));
    change_note_text(before, after, "mode", NULL, law_mode_zh(grant->mode));
    change_note_text(before, after, "valid_from", NULL, grant->from);
    change_note_text(before, after, "valid_until", NULL, grant->until);
    change_note_text(before, after, "document", NULL, grant->document);
    return db_query_int(db,
                        SQL("INSERT INTO agency_grant (agency_id, act, mode, valid_from, "
                            "valid_until, document, grantor_id, created_us) "
                            "VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id"),
                        DB_ARGS(db_int(grant->agency_id),
                                db_text(grant->act),
                                db_text(law_mode_word(grant->mode)),
                                db_text(grant->from),
                                db_text(grant->until),
                                db_text(grant->document),
                                db_int(grant->grantor_id),
                                db_int(options->now_us)),
                        ret_id,
                        error) &&
           note(db, grant->agency_id, options, before, after, error);
}

bool agency_grant_end(Db *db,
                      const AgencyGrant *grant,
                      const char *until,
                      const WriteOptions *options,
                      GError **error) {
    g_autoptr(json_t) before = json_object();
    g_autoptr(json_t) after = json_object();
    int64_t changed = 0;
    change_note_text(before, after, "grant", NULL, act_zh(grant->act));
    change_note_text(before, after, "valid_until", grant->until, until);
    change_note_text(before, after, "document", NULL, grant->document);
    if (!db_exec(db,
                 SQL("UPDATE agency_grant SET valid_until = $1 WHERE id = $2 AND agency_id = $3 "
                     "AND (valid_until IS NULL OR valid_until >= $1)"),
                 DB_ARGS(db_text(until), db_int(grant->id), db_int(grant->agency_id)),
                 &changed,
                 error)) {
        return false;
    }
    return changed == 1
               ? note(db, grant->agency_id, options, before, after, error)
               : hz_fail(error, HZ_ERROR_NOT_FOUND, "the agency has no grant that lasts so long");
}
