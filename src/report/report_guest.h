/*
 * A browser that fills in a report, or follows one: a random key in its cookie. The table holds the
 * key's SHA-256 only. Use cases of the room. Thread: that of the Db.
 */
#pragma once

#include "casework/casework.h"
#include "report/report_law.h"

#define REPORT_DRAFT_US (3 * CLOCK_DAY_US)               /* since it was last saved */
#define REPORT_SENT_US (INT64_C(1800) * CLOCK_SECOND_US) /* the receipt code is shown so long */
#define REPORT_VISIT_US (INT64_C(1800) * CLOCK_SECOND_US)

typedef struct Guest {
    char *key;        /* 64 hex digits, of the cookie */
    char *key_sha256; /* NULL: there is no guest */
    int64_t sender;   /* negative; of its files */
    json_t *data;     /* what was filled in */
    int64_t matter_id;
    int64_t ends_us;
    bool follows;
} Guest;
void guest_clear(Guest *guest);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Guest, guest_clear)
static inline bool guest_is_there(const Guest *guest) {
    return guest->key_sha256 != NULL;
}

/* The guest of this key (NULL or no key at all: none), unless it has ended. */
bool guest_find(
    Db *db, const char *key, bool follows, int64_t now_us, Guest *ret_guest, GError **error);
/* A new key. `matter_id`: that it follows; 0: a report that begins. */
bool guest_begin(Db *db, int64_t matter_id, int64_t now_us, Guest *ret_guest, GError **error);
/* Writes guest->data and moves its end. */
bool guest_save(Db *db, Guest *guest, int64_t now_us, GError **error);
/* Forgets it with everything that it has filled in and the files that no act has taken. */
bool guest_end(Db *db, const Guest *guest, GError **error);
/* The same for all that have ended. */
bool report_sweep(Db *db, int64_t now_us, GError **error);

/* What is sent. Borrowed. */
typedef struct NewReport {
    const char *object_kind; /* NULL: of nothing registered */
    int64_t object_id;
    const char *title, *region;
    const json_t *data; /* of the form in law/ */
} NewReport;
/* Opens the matter, once, and keeps the receipt. guest->matter_id is set unless it was refused
 * (look at ret_refusal->reason_zh). */
bool report_send(Db *db,
                 Guest *guest,
                 const ReportLaw *law,
                 const NewReport *report,
                 int64_t now_us,
                 LawRefusal *ret_refusal,
                 GError **error);
/* The matter that this number and a code as typed open; 0: none, and nothing says which of them was
 * wrong. */
bool report_open_receipt(
    Db *db, const char *number, const char *code, int64_t *ret_matter, GError **error);
/* Adds words and files of a guest who follows a matter that was at `version`; CONFLICT when it is
 * not, so that what is sent twice is added once. */
bool report_add(Db *db,
                const Guest *guest,
                const Matter *matter,
                int64_t version,
                const ReportLaw *law,
                const json_t *data,
                int64_t now_us,
                LawRefusal *ret_refusal,
                GError **error);
/* The actor that stands for the public in this region. */
CaseActor report_actor(const Guest *guest, const char *region, int64_t now_us);
