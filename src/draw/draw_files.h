/*
 * The files of a draw bundle (docs/draw-format.md, "Files"), pure: writing and strict reading of
 * lines, the tree over each file, params and commit. Thread: any.
 */
#pragma once

#include "draw/draw_beacon.h"
#include "draw/draw_rules.h"
#include "ledger/merkle.h"

#define DRAW_LINE_MAX 256          /* a pool line has at most 130 bytes */
#define DRAW_SMALL_FILE_MAX 262144 /* params.txt, commit.txt, beacon.txt */

/* --- writing --------------------------------------------------------------------------------- */

/* Collects lines into parts and the tree over them. */
typedef bool (*DrawPartSink)(
    int64_t part, const char *first_id, const GString *text, void *data, GError **error);
typedef struct DrawFileWriter {
    MerkleFrontier tree;
    const char *name;      /* "pool.tsv": enters the salts */
    const uint8_t *secret; /* S of a sealed draw; NULL: no salts */
    DrawPartSink sink;
    void *data;
    GString *text; /* the part that is being filled */
    char first_id[DRAW_ID_MAX + 1];
    int64_t part;
    int64_t lines_in_part;
} DrawFileWriter;
/* `name` and `secret` are borrowed. */
void draw_file_begin(DrawFileWriter *writer,
                     DigestKind kind,
                     const char *name,
                     const uint8_t *secret,
                     DrawPartSink sink,
                     void *data);
/* `line` without LF; `id` is its first field. */
bool draw_file_line(
    DrawFileWriter *writer, const char *id, const char *line, size_t size, GError **error);
/* Hands over the last part. */
bool draw_file_end(DrawFileWriter *writer, GError **error);
void draw_file_clear(DrawFileWriter *writer);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DrawFileWriter, draw_file_clear)

/* --- lines ----------------------------------------------------------------------------------- */

typedef struct DrawPoolLine {
    const char *id, *stratum, *district, *risk, *credit;
    int64_t drawn, reserved, weight;
    const char *reason; /* "-", "CAP", "CLOSED", "EXEMPT" */
} DrawPoolLine;
void draw_pool_format(const DrawPoolLine *line, GString *out);
/* Cuts `text` into fields in place; HZ_ERROR_INVALID says what is wrong. */
bool draw_pool_parse(char *text, DrawPoolLine *ret_line, GError **error);

typedef struct DrawInspLine {
    const char *id, *district;
    bool is_lead;
    const char *valid_to;
    int64_t load, cap;
} DrawInspLine;
void draw_insp_format(const DrawInspLine *line, GString *out);
bool draw_insp_parse(char *text, DrawInspLine *ret_line, GError **error);
/* The officer of a line; `texts` (GPtrArray of char *) owns what the officer borrows. */
DrawInspector draw_insp_keep(const DrawInspLine *line, GPtrArray *texts);
/* A copy that `texts` owns. */
const char *draw_text_keep(GPtrArray *texts, const char *text);

typedef struct DrawDenyLine {
    const char *target, *inspector, *code;
} DrawDenyLine;
void draw_deny_format(const DrawDenyLine *line, GString *out);
bool draw_deny_parse(char *text, DrawDenyLine *ret_line, GError **error);

/* --- key=value files ------------------------------------------------------------------------- */

/* Sorted key=value lines. */
typedef struct DrawKeyValues DrawKeyValues;
DrawKeyValues *draw_keys_new(void);
void draw_keys_free(DrawKeyValues *values);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DrawKeyValues, draw_keys_free)
/* A key comes once; the value has no line break. */
void draw_keys_put(DrawKeyValues *values, const char *key, const char *value);
void draw_keys_put_int(DrawKeyValues *values, const char *key, int64_t number);
/* Caller frees. */
char *draw_keys_format(const DrawKeyValues *values);
/* Sorted, each key once, LF at the end; NULL and HZ_ERROR_INVALID otherwise. */
DrawKeyValues *draw_keys_parse(const char *text, GError **error);
/* NULL when absent; borrowed. */
const char *draw_keys_get(const DrawKeyValues *values, const char *key);
/* Whole number from `low` to `high`; HZ_ERROR_INVALID names the key. */
bool draw_keys_get_int(const DrawKeyValues *values,
                       const char *key,
                       int64_t low,
                       int64_t high,
                       int64_t *ret_number,
                       GError **error);
/* Calls `visit` for each key with the prefix, in order; `rest` is what follows the prefix. */
typedef bool (*DrawKeyVisitor)(const char *rest, const char *value, void *data, GError **error);
bool draw_keys_visit(const DrawKeyValues *values,
                     const char *prefix,
                     DrawKeyVisitor visit,
                     void *data,
                     GError **error);

/* What params.txt says. */
typedef struct DrawParams {
    DigestKind kind;
    bool is_sealed;  /* mode=sealed */
    int64_t delta_s; /* from the witnessed commitment to the first beacon */
    int64_t cap;
    char *date_to;
    DrawRung rungs[DRAW_RUNGS_MAX];
    unsigned rung_count;
    GArray *neighbours;    /* DrawPair, sorted; texts in `values` or `texts` */
    GHashTable *strata;    /* name -> DrawStratumQuota */
    DrawKeyValues *values; /* also the weights: "w.<risk>.<credit>" */
    GPtrArray *texts;
} DrawParams;
typedef struct DrawStratumQuota {
    int64_t quota;
    int64_t reserves;
} DrawStratumQuota;
#define DRAW_QUOTA_MAX 100000 /* targets of one stratum; a whole city's year fits */
DrawParams *draw_params_parse(const char *text, GError **error);
void draw_params_free(DrawParams *params);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DrawParams, draw_params_free)
/* Tickets of w.<risk>.<credit>; 0 when the table has no such cell. */
unsigned draw_params_weight(const DrawParams *params, const char *risk, const char *credit);

/* --- the whole ------------------------------------------------------------------------------- */

/* Where the files come from: a folder, or the frozen parts in the store. Calls `visit` for each
 * line (without LF; the visitor may write into it) in order. A file whose last line does not end in
 * LF is HZ_ERROR_INVALID, a missing one HZ_ERROR_NOT_FOUND. */
typedef bool (*DrawLineVisitor)(char *line, size_t size, void *data, GError **error);
typedef struct DrawSource {
    bool (*each_line)(
        void *from, const char *name, DrawLineVisitor visit, void *data, GError **error);
    /* The whole of a small file; caller frees. */
    char *(*whole)(void *from, const char *name, GError **error);
    void *from;
} DrawSource;

typedef struct DrawOutcome {
    DigestKind kind;
    bool is_sealed;
    bool is_typed;               /* an old draw whose seed a person typed */
    int64_t delta_s;             /* params.txt */
    int64_t first_beacon_us;     /* the time rule: commitment witnessed delta before it */
    unsigned party_count;        /* of commit.txt */
    unsigned share_count;        /* that count */
    uint8_t commit[DIGEST_SIZE]; /* C */
    DrawKeys keys;
    int64_t pool_count, eligible_count, inspector_count, denied_count;
    GArray *picks; /* DrawPick: drawn, then reserves */
    DrawAssignment assignment;
    GPtrArray *inspector_ids; /* by index of the assignment; owned */
    GString *result;          /* result.tsv */
    uint8_t result_hash[DIGEST_SIZE];
} DrawOutcome;
void draw_outcome_free(DrawOutcome *outcome);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DrawOutcome, draw_outcome_free)

/* Checks pool.tsv, insp.tsv, deny.tsv, params.txt and commit.txt against each other, takes the seed
 * from beacon.txt and reveals.txt and recomputes the draw. HZ_ERROR_INVALID names the file and line
 * that is wrong, HZ_ERROR_CORRUPT the value of commit.txt that does not come out. When anything was
 * witnessed is not in the files; that is for who knows the ledger. */
DrawOutcome *draw_compute(const DrawSource *source, GError **error);
/* Only the keys, from params.txt, commit.txt, beacon.txt and reveals.txt. */
bool draw_compute_keys(const DrawSource *source, DrawKeys *ret_keys, GError **error);
/* How far the reading of a seed came: what is wrong stands in the files of this stage. */
typedef enum DrawSeedStage {
    DRAW_SEED_NUMBER, /* commit.txt: the draw's own number */
    DRAW_SEED_BEACON, /* commit.txt: beacon.*; beacon.txt */
    DRAW_SEED_SHARES, /* commit.txt: party.*; reveals.txt */
    DRAW_SEED_TIME,   /* params.txt: delta */
    DRAW_SEED_TAKEN
} DrawSeedStage;
/* What params.txt, commit.txt, beacon.txt and reveals.txt say: C, keys and what stands beside them
 * in `outcome`, whose kind, mode and delta are set. *ret_stage (may be NULL) is DRAW_SEED_TAKEN, or
 * where it failed. */
bool draw_seed_take(const DrawSource *source,
                    const char *commit_text,
                    const DrawKeyValues *commit,
                    DrawOutcome *outcome,
                    DrawSeedStage *ret_stage,
                    GError **error);
/* S from salt.txt, which is empty in open mode; *ret_secret then stays untouched. */
bool draw_salt_take(const DrawSource *source,
                    bool is_sealed,
                    uint8_t ret_secret[DIGEST_SIZE],
                    GError **error);
/* commit.txt says this under this key; HZ_ERROR_CORRUPT otherwise. */
bool draw_commit_says(const DrawKeyValues *commit,
                      const char *key,
                      const char *computed,
                      GError **error);

/* A source that reads a folder. `folder` is borrowed. */
DrawSource draw_folder_source(const char *folder);
/* Recomputes the bundle in a folder and compares result.tsv byte for byte. */
DrawOutcome *draw_verify_folder(const char *folder, GError **error);
