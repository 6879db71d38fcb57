/* Use cases: codes, keepers, records. One transaction each. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "casework/casework_file.h"
#include "firecode/firecode_rules.h"
#include "firecode/firecode_store.h"
#include "ledger/ledger.h"

#include <string.h>

#define ISSUE_BATCH 50 /* buildings in one transaction */

bool firecode_find(Db *db, const char *typed, Firecode *ret_code, GError **error) {
    char code[FIRECODE_CHARS + 1];
    *ret_code = (Firecode){.id = 0};
    return !code_parse(typed, code) || code_store_find(db, code, ret_code, error);
}

bool firecode_of(Db *db, int64_t building_id, Firecode *ret_code, GError **error) {
    return code_store_active(db, building_id, ret_code, error);
}

GPtrArray *firecode_all_of(Db *db, int64_t building_id, GError **error) {
    return code_store_all(db, building_id, error);
}

bool firecode_missing(
    Db *db, const char *region, int64_t most, int64_t *ret_missing, GError **error) {
    return code_store_count_missing(db, region, most, ret_missing, error);
}

/* Takes `payload` over. */
static bool note(Db *db,
                 const char *type,
                 int64_t building_id,
                 json_t *payload,
                 const FirecodeActor *by,
                 GError **error) {
    g_autoptr(json_t) own = payload;
    g_autofree char *object = g_strdup_printf("building:%" G_GINT64_FORMAT, building_id);
    json_put_int(own, "building", building_id);
    LedgerEntry entry = {
        .time_us = by->now_us, .type = type, .actor = by->actor, .object = object, .payload = own};
    return ledger_append(db, &entry, NULL, error);
}

/* --- codes --------------------------------------------------------------------------------------
 */

typedef struct CodeWork {
    int64_t building_id;
    const char *reason;
    const FirecodeActor *by;
} CodeWork;

/* Ends the active code, if there is one. */
static bool
end_code(Db *db, const CodeWork *work, CodeState state, Firecode *ret_old, GError **error) {
    if (!code_store_active(db, work->building_id, ret_old, error)) {
        return false;
    }
    if (ret_old->id == 0) {
        return true;
    }
    Firecode ended = {.id = ret_old->id,
                      .state = state,
                      .reason = (char *)work->reason,
                      .ended_us = work->by->now_us};
    return code_store_end(db, &ended, error);
}

static bool issue_work(Db *db, void *data, GError **error) {
    const CodeWork *work = data;
    g_auto(Firecode) old = {0};
    Firecode fresh = {.building_id = work->building_id,
                      .issued_us = work->by->now_us,
                      .issued_by = (char *)work->by->actor};
    g_autoptr(json_t) payload = json_object();
    code_make(fresh.code);
    if (!end_code(db, work, CODE_REPLACED, &old, error) || !code_store_add(db, &fresh, error) ||
        !firecode_compute(db, work->building_id, "issue", work->by->now_us, error)) {
        return false;
    }
    json_put_text(payload, "code", fresh.code);
    json_put_text(payload, "replaces", old.id == 0 ? NULL : old.code);
    json_put_text(payload, "reason", work->reason);
    return note(db,
                old.id == 0 ? "code.issue" : "code.reissue",
                work->building_id,
                json_incref(payload),
                work->by,
                error);
}

bool firecode_issue(
    Db *db, int64_t building_id, const char *reason, const FirecodeActor *by, GError **error) {
    CodeWork work = {building_id, reason, by};
    return db_run_tx(db, issue_work, &work, error);
}

static bool withdraw_work(Db *db, void *data, GError **error) {
    const CodeWork *work = data;
    g_auto(Firecode) old = {0};
    if (!end_code(db, work, CODE_WITHDRAWN, &old, error)) {
        return false;
    }
    if (old.id == 0) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the building has no code");
    }
    json_t *payload = json_object();
    json_put_text(payload, "code", old.code);
    json_put_text(payload, "reason", work->reason);
    return keeper_store_end_all(db, work->building_id, work->by->now_us, error) &&
           score_store_drop(db, work->building_id, error) &&
           queue_store_drop(db, work->building_id, error) &&
           note(db, "code.withdraw", work->building_id, payload, work->by, error);
}

bool firecode_withdraw(
    Db *db, int64_t building_id, const char *reason, const FirecodeActor *by, GError **error) {
    CodeWork work = {building_id, reason, by};
    return db_run_tx(db, withdraw_work, &work, error);
}

typedef struct BatchWork {
    const char *region;
    const FirecodeActor *by;
    unsigned limit, issued;
} BatchWork;

static bool batch_work(Db *db, void *data, GError **error) {
    BatchWork *work = data;
    work->issued = 0;
    g_autoptr(GArray) ids = code_store_missing(db, work->region, 0, work->limit, error);
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        CodeWork one = {g_array_index(ids, int64_t, i), "批量发码", work->by};
        if (!issue_work(db, &one, error)) {
            return false;
        }
        work->issued++;
    }
    return ids != NULL;
}

bool firecode_issue_missing(Db *db,
                            const char *region,
                            unsigned limit,
                            const FirecodeActor *by,
                            unsigned *ret_issued,
                            GError **error) {
    *ret_issued = 0;
    while (*ret_issued < limit) {
        BatchWork work = {
            .region = region, .by = by, .limit = MIN(ISSUE_BATCH, limit - *ret_issued)};
        if (!db_run_tx(db, batch_work, &work, error)) {
            return false;
        }
        *ret_issued += work.issued;
        if (work.issued < ISSUE_BATCH) {
            break;
        }
    }
    return true;
}

/* --- keepers ------------------------------------------------------------------------------------
 */

typedef struct KeeperWork {
    Keeper *keeper;
    const char *key_sha256;
    const FirecodeActor *by;
} KeeperWork;

static bool keeper_work(Db *db, void *data, GError **error) {
    const KeeperWork *work = data;
    if (!keeper_store_add(db, work->keeper, work->key_sha256, work->by->actor, error)) {
        return false;
    }
    json_t *payload = json_object();
    json_put_int(payload, "keeper", work->keeper->id);
    json_put_text(payload, "label", work->keeper->label);
    json_put_int(payload, "ends_us", work->keeper->ends_us);
    return note(db, "code.keeper", work->keeper->building_id, payload, work->by, error);
}

bool keeper_issue(Db *db,
                  int64_t building_id,
                  const char *label,
                  int64_t ends_us,
                  const FirecodeActor *by,
                  char **ret_key,
                  GError **error) {
    char key[FIRECODE_CHARS + 1];
    code_make(key);
    g_autofree char *hash = keeper_key_sha256(key);
    Keeper keeper = {.building_id = building_id,
                     .label = (char *)label,
                     .issued_us = by->now_us,
                     .ends_us = ends_us};
    KeeperWork work = {&keeper, hash, by};
    *ret_key = NULL;
    if (!db_run_tx(db, keeper_work, &work, error)) {
        return false;
    }
    *ret_key = g_strdup(key);
    return true;
}

typedef struct EndWork {
    int64_t building_id, id;
    const FirecodeActor *by;
} EndWork;

static bool end_work(Db *db, void *data, GError **error) {
    const EndWork *work = data;
    json_t *payload = json_object();
    json_put_int(payload, "keeper", work->id);
    if (!keeper_store_end(db, work->building_id, work->id, work->by->now_us, error)) {
        json_decref(payload);
        return false;
    }
    return note(db, "code.keeper-end", work->building_id, payload, work->by, error);
}

bool keeper_end(Db *db, int64_t building_id, int64_t id, const FirecodeActor *by, GError **error) {
    EndWork work = {building_id, id, by};
    return db_run_tx(db, end_work, &work, error);
}

bool keeper_find(Db *db, const char *key, int64_t now_us, Keeper *ret_keeper, GError **error) {
    char plain[FIRECODE_CHARS + 1];
    *ret_keeper = (Keeper){.id = 0};
    if (!code_parse(key, plain)) {
        return true;
    }
    g_autofree char *hash = keeper_key_sha256(plain);
    return keeper_store_find(db, hash, now_us, ret_keeper, error);
}

bool keeper_note_used(Db *db, int64_t id, int64_t now_us, GError **error) {
    return keeper_store_used(db, id, now_us, error);
}

GPtrArray *keepers_of(Db *db, int64_t building_id, GError **error) {
    return keeper_store_of(db, building_id, error);
}

/* --- records ------------------------------------------------------------------------------------
 */

const LawForm *duty_form(const char *region, DutyKind kind, int64_t time_us, GError **error) {
    const LawBook *book = casework_book(region, error);
    g_autofree char *id = g_strconcat("building-", duty_word(kind), NULL);
    return book == NULL ? NULL : law_form_at(book, id, time_us, error);
}

typedef struct RecordWork {
    int64_t building_id;
    DutyKind kind;
    const json_t *data;
    const char *form_id;
    const FirecodeActor *by;
    int64_t id;
} RecordWork;

char *duty_record_object(int64_t building_id, int64_t id) {
    return g_strdup_printf(
        "building:%" G_GINT64_FORMAT "/record:%" G_GINT64_FORMAT, building_id, id);
}

static bool keep_photos(Db *db, const RecordWork *work, const char *object, GError **error) {
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(work->data, RECORD_PHOTOS), i, one) {
        if (!casework_file_keep(db, work->by->sender, object, json_string_value(one), error)) {
            return false;
        }
    }
    return true;
}

static bool record_work(Db *db, void *data, GError **error) {
    RecordWork *work = data;
    g_autofree char *text = json_write(work->data);
    bool is_new = false;
    if (!record_store_add(db,
                          work->building_id,
                          work->kind,
                          text,
                          work->form_id,
                          work->by,
                          &work->id,
                          &is_new,
                          error)) {
        return false;
    }
    if (!is_new) { /* sent twice */
        return true;
    }
    g_autofree char *object = duty_record_object(work->building_id, work->id);
    if (!keep_photos(db, work, object, error)) {
        return false;
    }
    if (!firecode_compute(db, work->building_id, "record", work->by->now_us, error)) {
        return false;
    }
    json_t *payload = json_object();
    json_put_text(payload, "kind", duty_word(work->kind));
    json_put_int(payload, "record", work->id);
    json_put(payload, "data", json_deep_copy(work->data));
    return note(db, "code.record", work->building_id, payload, work->by, error);
}

bool duty_record_add(Db *db,
                     int64_t building_id,
                     DutyKind kind,
                     const json_t *data,
                     const char *form_id,
                     const FirecodeActor *by,
                     int64_t *ret_id,
                     GError **error) {
    RecordWork work = {building_id, kind, data, form_id, by, 0};
    bool good = db_run_tx(db, record_work, &work, error);
    *ret_id = work.id;
    return good;
}

GPtrArray *duty_records(
    Db *db, int64_t building_id, DutyKind kind, int64_t before_id, unsigned limit, GError **error) {
    return record_store_list(db, building_id, kind, before_id, limit, error);
}

BuildingRecord *duty_newest(Db *db, int64_t building_id, DutyKind kind, GError **error) {
    g_autoptr(GPtrArray) newest = record_store_list(db, building_id, kind, 0, 1, error);
    return newest == NULL || newest->len == 0 ? NULL : g_ptr_array_steal_index(newest, 0);
}
