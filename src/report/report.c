/* Use cases: one transaction each. */
#include "account/account.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "casework/casework_file.h"
#include "report/report_rules.h"
#include "report/report_store.h"

#include <string.h>

#define SWEEP_BATCH 20 /* guests in one transaction: at most 120 files */

/* --- guests -------------------------------------------------------------------------------------
 */

void guest_clear(Guest *guest) {
    g_free(guest->key);
    g_free(guest->key_sha256);
    g_clear_pointer(&guest->data, json_decref);
    *guest = (Guest){.key = NULL};
}

/* NULL when the text is no key. Caller frees. */
static char *key_hash(const char *key) {
    uint8_t bytes[32];
    uint8_t hash[DIGEST_SIZE];
    if (key == NULL || !hex_parse(key, bytes, sizeof bytes)) {
        return NULL;
    }
    digest_of(DIGEST_SHA256, bytes, sizeof bytes, hash);
    return hex_format(hash, sizeof hash);
}

bool guest_find(
    Db *db, const char *key, bool follows, int64_t now_us, Guest *ret_guest, GError **error) {
    g_autofree char *hash = key_hash(key);
    *ret_guest = (Guest){.key = NULL};
    if (hash == NULL) {
        return true;
    }
    ret_guest->key = g_strdup(key);
    return report_store_find(db, hash, follows, now_us, ret_guest, error);
}

static int64_t life_of(const Guest *guest) {
    return guest->follows ? REPORT_VISIT_US : REPORT_DRAFT_US;
}

static bool begin_work(Db *db, void *data, GError **error) {
    return report_store_add(db, data, error);
}

bool guest_begin(Db *db, int64_t matter_id, int64_t now_us, Guest *ret_guest, GError **error) {
    uint8_t bytes[32];
    uint64_t sender;
    random_bytes(bytes, sizeof bytes);
    random_bytes(&sender, sizeof sender);
    g_autofree char *key = hex_format(bytes, sizeof bytes);
    *ret_guest = (Guest){.key_sha256 = key_hash(key),
                         .sender = -(int64_t)(sender >> 2) - 1,
                         .data = json_object(),
                         .matter_id = matter_id,
                         .follows = matter_id != 0};
    ret_guest->key = g_steal_pointer(&key);
    ret_guest->ends_us = now_us + life_of(ret_guest);
    return db_run_tx(db, begin_work, ret_guest, error);
}

static bool save_work(Db *db, void *data, GError **error) {
    return report_store_save(db, data, error);
}

bool guest_save(Db *db, Guest *guest, int64_t now_us, GError **error) {
    guest->ends_us = now_us + life_of(guest);
    return db_run_tx(db, save_work, guest, error);
}

static bool end_guest(Db *db, const Guest *guest, GError **error) {
    return casework_file_forget(db, guest->sender, NULL, error) &&
           report_store_end(db, guest->key_sha256, error);
}

static bool end_work(Db *db, void *data, GError **error) {
    return end_guest(db, data, error);
}

bool guest_end(Db *db, const Guest *guest, GError **error) {
    return db_run_tx(db, end_work, (void *)guest, error);
}

typedef struct SweepWork {
    int64_t now_us;
    unsigned swept;
} SweepWork;

static bool sweep_work(Db *db, void *data, GError **error) {
    SweepWork *work = data;
    g_autoptr(GPtrArray) ended = report_store_ended(db, work->now_us, SWEEP_BATCH, error);
    for (guint i = 0; ended != NULL && i < ended->len; i++) {
        if (!end_guest(db, ended->pdata[i], error)) {
            return false;
        }
    }
    work->swept = ended == NULL ? 0 : ended->len;
    return ended != NULL;
}

bool report_sweep(Db *db, int64_t now_us, GError **error) {
    SweepWork work = {.now_us = now_us, .swept = SWEEP_BATCH};
    while (work.swept == SWEEP_BATCH) {
        if (!db_run_tx(db, sweep_work, &work, error)) {
            return false;
        }
    }
    return true;
}

/* --- sending ------------------------------------------------------------------------------------
 */

CaseActor report_actor(const Guest *guest, const char *region, int64_t now_us) {
    return (CaseActor){
        .sender = guest->sender, .roles = ROLE_PUBLIC_BIT, .region = region, .now_us = now_us};
}

/* Officers enter acts by the minute: one in the same minute must not come before this one. */
static int64_t whole_minute(int64_t time_us) {
    return time_us - time_us % (60 * CLOCK_SECOND_US);
}

typedef struct SendWork {
    Guest *guest;
    const ReportLaw *law;
    const NewReport *report;
    int64_t now_us;
    LawRefusal *refusal;
} SendWork;

static bool keep_receipt(Db *db, const SendWork *work, GError **error) {
    char code[REPORT_CODE_CHARS + 1];
    g_autofree char *shown = report_code_of(work->guest->key);
    bool is_code = report_code_parse(shown, code);
    g_assert(is_code);
    g_autofree char *hash = report_code_sha256(work->guest->matter_id, code);
    return report_store_add_receipt(db, work->guest->matter_id, hash, error) &&
           report_store_sent(db, work->guest, error);
}

static bool send_work(Db *db, void *data, GError **error) {
    SendWork *work = data;
    const NewReport *report = work->report;
    Guest *guest = work->guest;
    if (!report_store_hold(db, guest, &guest->matter_id, error)) {
        return false;
    }
    if (guest->matter_id != 0) { /* sent twice */
        return true;
    }
    CaseActor actor = report_actor(guest, report->region, work->now_us);
    NewMatter opening = {.kind = REPORT_KIND,
                         .object_kind = report->object_kind,
                         .object_id = report->object_id,
                         .title = report->title,
                         .region = report->region,
                         .form_id = guest->key_sha256};
    CaseAct act = {.step = work->law->opens->id,
                   .happened_us = whole_minute(work->now_us),
                   .data = report->data};
    if (!casework_open(db, &actor, &opening, &act, &guest->matter_id, work->refusal, error)) {
        return false;
    }
    guest->ends_us = work->now_us + REPORT_SENT_US;
    return work->refusal->reason_zh != NULL || keep_receipt(db, work, error);
}

bool report_send(Db *db,
                 Guest *guest,
                 const ReportLaw *law,
                 const NewReport *report,
                 int64_t now_us,
                 LawRefusal *ret_refusal,
                 GError **error) {
    SendWork work = {guest, law, report, now_us, ret_refusal};
    return db_run_tx(db, send_work, &work, error);
}

/* --- following ----------------------------------------------------------------------------------
 */

bool report_open_receipt(
    Db *db, const char *number, const char *code, int64_t *ret_matter, GError **error) {
    char bare[REPORT_CODE_CHARS + 1];
    g_autofree char *kept = NULL;
    int64_t id = 0;
    *ret_matter = 0;
    if (!report_code_parse(code, bare)) {
        return true;
    }
    if (!casework_resolve(db, number, &id, error) || !report_store_receipt(db, id, &kept, error)) {
        return false;
    }
    g_autofree char *given = report_code_sha256(id, bare);
    if (report_same(given, kept == NULL ? "" : kept)) {
        *ret_matter = id;
    }
    return true;
}

bool report_add(Db *db,
                const Guest *guest,
                const Matter *matter,
                int64_t version,
                const ReportLaw *law,
                const json_t *data,
                int64_t now_us,
                LawRefusal *ret_refusal,
                GError **error) {
    g_assert(law->adds != NULL);
    CaseActor actor = report_actor(guest, matter->region, now_us);
    CaseAct act = {.step = law->adds->id, .happened_us = whole_minute(now_us), .data = data};
    return casework_act(db, &actor, matter->id, version, &act, ret_refusal, error);
}
