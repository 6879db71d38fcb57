/*
 * 高楼消防码: one code for each building, with a colour from a risk score, a page for everybody and
 * one for those who look after the building. Requirements B9, G6. See README.md.
 *
 * What is looked at and how much it counts stands in law/ (law/law_risk.h). Thread: that of the Db.
 */
#pragma once

#include "base/json.h"
#include "casework/casework.h"
#include "law/law_risk.h"
#include "registry/building.h"
#include "sensing/sensing.h"
#include "web/module.h"

extern const Module firecode_module;

/* For WebOptions.admits: only the holder of a living keeper's key may send photos. */
bool firecode_admits(Ctx *ctx, const Request *req);

/* --- codes ------------------------------------------------------------------------------------ */

#define FIRECODE_CHARS 12 /* of 32 symbols: 60 bits */

typedef enum CodeState {
    CODE_ACTIVE,    /* "active" */
    CODE_REPLACED,  /* "replaced": a new one was issued */
    CODE_WITHDRAWN, /* "withdrawn" */
} CodeState;

typedef struct Firecode {
    int64_t id, building_id;
    char code[FIRECODE_CHARS + 1];
    CodeState state;
    char *reason; /* why it ended; "" while active */
    int64_t issued_us, ended_us;
    char *issued_by; /* "account:7" */
} Firecode;
void firecode_clear(Firecode *code);
void firecode_free(Firecode *code);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Firecode, firecode_clear)

/* Who does it, for the ledger. */
typedef struct FirecodeActor {
    const char *actor; /* "account:17", "keeper:3", "system" */
    const char *who;   /* as records show it */
    int64_t now_us;
    int64_t sender; /* in whose name photos wait (casework/casework_file.h) */
} FirecodeActor;

/* By a code as typed or scanned; id 0: there is none. */
bool firecode_find(Db *db, const char *typed, Firecode *ret_code, GError **error);
/* The active one; id 0: there is none. */
bool firecode_of(Db *db, int64_t building_id, Firecode *ret_code, GError **error);
/* All of a building, newest first: array of Firecode *. */
GPtrArray *firecode_all_of(Db *db, int64_t building_id, GError **error);
/* A first code, or a new one in the place of the active one, which ends with the reason; its score
 * is computed in the same transaction. Ledger: code.issue, code.reissue. */
bool firecode_issue(
    Db *db, int64_t building_id, const char *reason, const FirecodeActor *by, GError **error);
/* Ends the active code, keeper links too. Ledger: code.withdraw. CONFLICT when there is none. */
bool firecode_withdraw(
    Db *db, int64_t building_id, const char *reason, const FirecodeActor *by, GError **error);
/* Gives codes to high-rise buildings of a region that have none, at most `limit`. *ret_issued: how
 * many; in transactions of some buildings each. */
bool firecode_issue_missing(Db *db,
                            const char *region,
                            unsigned limit,
                            const FirecodeActor *by,
                            unsigned *ret_issued,
                            GError **error);

/* --- score ------------------------------------------------------------------------------------ */

/* Bits of `overdue`, in the order of LawRisk.duties. */
#define OVERDUE_PATROL 1
#define OVERDUE_HANDOVER 2
#define OVERDUE_MAINTENANCE 4

typedef struct FirecodeScore {
    int64_t building_id;
    int64_t score, since_us, known, fall, computed_us;
    RiskGrade colour; /* RISK_LOW green … RISK_HIGH red */
    int64_t last_us[LAW_RISK_DUTIES];
    uint32_t overdue;
    json_t *marks; /* [{id, known, points, says, at_least}] in the order of the table */
    char *edition;
} FirecodeScore;
void firecode_score_clear(FirecodeScore *score);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FirecodeScore, firecode_score_clear)
/* building_id 0: not computed yet. */
bool firecode_score(Db *db, int64_t building_id, FirecodeScore *ret_score, GError **error);
/* Computes it now, in the caller's transaction: row, history. Nothing when it has no active code.
 * `cause`: issue, sensing, matter, record, time. */
bool firecode_compute(
    Db *db, int64_t building_id, const char *cause, int64_t now_us, GError **error);

/* Something was heard about the building: it is computed again soon. In the caller's transaction
 * (there must be one); nothing when it has no code. */
bool firecode_touch(Db *db, int64_t building_id, const char *cause, int64_t now_us, GError **error);
/* A SensingHook. */
bool firecode_take_edges(Db *db, const SensingEdge *edges, size_t count, GError **error);
/* For CaseHooks.taken. */
bool firecode_take_act(Db *db, const CaseTaken *taken, GError **error);
/* Computes what waits, and what was computed more than a day ago. A periodic job. */
bool firecode_work(Db *db, int64_t now_us, GError **error);

typedef struct FirecodeChange {
    int64_t id, time_us, score;
    RiskGrade colour, before; /* before: RISK_UNKNOWN for the first */
    char *cause, *reasons;    /* reasons: sentences, one a line */
} FirecodeChange;
void firecode_change_free(FirecodeChange *change);
/* Newest first: array of FirecodeChange *. `since_us`: from then on, and the last one before. */
GPtrArray *
firecode_history(Db *db, int64_t building_id, int64_t since_us, unsigned limit, GError **error);

/* How many buildings of a district have which colour, for the overview. */
typedef struct FirecodeTally {
    int64_t district;
    int64_t colours[RISK_COUNT]; /* by RiskGrade; [0] stays 0 */
} FirecodeTally;
/* Every district inside the region that has some, by code: array of FirecodeTally. */
GArray *firecode_colours_by_district(Db *db, const char *region, GError **error);

/* Verified alarms of a building since a time, of a room on the same level; stands in
 * src/modules.c. *ret_real, *ret_false: how many. NULL: nobody knows, which is said. */
typedef bool (*FirecodeAlarms)(Db *db,
                               int64_t building_id,
                               int64_t since_us,
                               int64_t *ret_real,
                               int64_t *ret_false,
                               GError **error);
extern const FirecodeAlarms firecode_alarms;

/* --- lists ------------------------------------------------------------------------------------ */

typedef struct FirecodeQuery {
    const char *region; /* the filter, or the reader's own */
    const char *text;   /* in name or address; NULL: all */
    RiskGrade colour;   /* RISK_UNKNOWN: all */
    uint32_t overdue;   /* any of these; 0: all */
    bool is_worse;      /* those that lost points in 30 days, the most first */
    int64_t after_key,
        after_id; /* place in the list: score or fall, building; id 0: the beginning */
    unsigned limit;
} FirecodeQuery;
typedef struct FirecodeRow {
    FirecodeScore score;
    char *name, *address, *region;
    HeightClass height;
} FirecodeRow;
void firecode_row_free(FirecodeRow *row);
/* Lowest score first: array of FirecodeRow *, without marks unless is_worse. */
GPtrArray *firecode_list(Db *db, const FirecodeQuery *query, GError **error);
/* How many high-rise buildings of the region have no code, counted up to `most`. */
bool firecode_missing(
    Db *db, const char *region, int64_t most, int64_t *ret_missing, GError **error);

/* --- keepers and records ---------------------------------------------------------------------- */

/* A link with which somebody in the building records. */
typedef struct Keeper {
    int64_t id, building_id;
    char *label; /* a post, never a person */
    int64_t issued_us, ends_us, ended_us, used_us;
} Keeper;
void keeper_clear(Keeper *keeper);
void keeper_free(Keeper *keeper);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Keeper, keeper_clear)
/* *ret_key is shown once and kept nowhere; caller frees. Ledger: code.keeper. */
bool keeper_issue(Db *db,
                  int64_t building_id,
                  const char *label,
                  int64_t ends_us,
                  const FirecodeActor *by,
                  char **ret_key,
                  GError **error);
/* Ledger: code.keeper-end. CONFLICT when it has ended already or is of another building. */
bool keeper_end(Db *db, int64_t building_id, int64_t id, const FirecodeActor *by, GError **error);
/* By a key as typed or scanned, while it lives and its building has a code; id 0: there is none. */
bool keeper_find(Db *db, const char *key, int64_t now_us, Keeper *ret_keeper, GError **error);
bool keeper_note_used(Db *db, int64_t id, int64_t now_us, GError **error);
/* Newest first: array of Keeper *. */
GPtrArray *keepers_of(Db *db, int64_t building_id, GError **error);

typedef enum DutyKind {
    DUTY_PATROL,
    DUTY_HANDOVER,
    DUTY_MAINTENANCE,
    DUTY_PROFILE,
    DUTY_KINDS
} DutyKind;
#define RECORD_PHOTOS "photos"        /* the field of their forms that takes photos */
const char *duty_word(DutyKind kind); /* "patrol" */
const char *duty_zh(DutyKind kind);   /* "日巡查" */
bool duty_parse(const char *word, DutyKind *ret_kind);

typedef struct BuildingRecord {
    int64_t id, building_id, time_us;
    DutyKind kind;
    char *who;
    json_t *data;
} BuildingRecord;
void building_record_free(BuildingRecord *record);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(BuildingRecord, building_record_free)
/* The form of this kind on that day. */
const LawForm *duty_form(const char *region, DutyKind kind, int64_t time_us, GError **error);
/* What the photos of a record belong to: "building:7/record:12". Caller frees. */
char *duty_record_object(int64_t building_id, int64_t id);
/* Keeps it, with the photos that it names, and a ledger entry, and computes the score; sent twice
 * (`form_id`) it is kept once and *ret_id is that one. */
bool duty_record_add(Db *db,
                     int64_t building_id,
                     DutyKind kind,
                     const json_t *data,
                     const char *form_id,
                     const FirecodeActor *by,
                     int64_t *ret_id,
                     GError **error);
/* Newest first, before `before_id` (0: all); `kind` DUTY_KINDS: every kind: array of
 * BuildingRecord *. */
GPtrArray *duty_records(
    Db *db, int64_t building_id, DutyKind kind, int64_t before_id, unsigned limit, GError **error);
/* The newest of a kind; NULL without *error: there is none. Caller frees. */
BuildingRecord *duty_newest(Db *db, int64_t building_id, DutyKind kind, GError **error);
