/*
 * How rows from outside (an import file, a form, the demo city) enter the registry: checked,
 * matched with what is there, added or changed in batches. Importing the same rows again changes
 * nothing.
 *
 * Matching: units by source id, then 统一社会信用代码, then name + address + region; buildings by
 * source id, then address + region (+ name); officers by certificate number; regions by code.
 * Thread: that of the Db.
 */
#pragma once

#include "store/store.h"

typedef struct RegionInput {
    const char *code; /* 2..12 digits */
    const char *name;
    const char *parent;                /* NULL: none */
    const char *valid_from, *valid_to; /* "YYYY-MM-DD" or NULL */
} RegionInput;

/* All texts may be NULL (not told); an absent value never overwrites a stored one. */
typedef struct UnitInput {
    const char *source, *source_id; /* system it came from and its key there; both or none */
    const char *uscc;               /* 统一社会信用代码 */
    const char *name;
    const char *address;
    const char *region;   /* district, street or community code */
    const char *category; /* use category word or its Chinese name: see registry/README.md */
    const char *legal_person, *phone;
    const char *risk, *credit; /* grade words: risk low|general|higher|high, credit A|B|C|D */
    const char *is_key_unit;   /* 是/否, 1/0, true/false, yes/no */
    const char *longitude, *latitude;
    const char *building_source_id; /* the building it stands in, by source id */
} UnitInput;

typedef struct BuildingInput {
    const char *source, *source_id;
    const char *name, *address, *region;
    const char *category;
    const char *height_m, *floors_above, *floors_below, *area_m2;
    const char *built_year;
    const char *risk, *credit, *is_key_unit;
    const char *longitude, *latitude;
} BuildingInput;

typedef struct OfficerInput {
    const char *name;
    const char *certificate;       /* 执法证号, unique */
    const char *certificate_until; /* YYYY-MM-DD */
    const char *agency;            /* agency name or code */
    const char *region;
    const char *in_post;  /* 是/否 */
    const char *can_lead; /* 主办资格 是/否 */
    const char *phone;
} OfficerInput;

/* One line of another system's inspection history. */
typedef struct PastInspectionInput {
    const char *source, *source_id;
    const char *object_source_id;      /* unit or building of the same source */
    const char *opened, *closed;       /* dates or times */
    const char *item_code, *item_text; /* what was found; both NULL: nothing found */
} PastInspectionInput;

typedef enum IntakeKind {
    INTAKE_REGION,
    INTAKE_UNIT,
    INTAKE_BUILDING,
    INTAKE_OFFICER,
    INTAKE_PAST_INSPECTION
} IntakeKind;

typedef enum IntakeOutcome {
    INTAKE_ADDED,
    INTAKE_CHANGED,
    INTAKE_SAME,
    INTAKE_REFUSED
} IntakeOutcome;

/* What became of one row. Static or caller-freed as said. */
typedef struct IntakeResult {
    IntakeOutcome outcome;
    int64_t id;         /* 0 when refused or dry */
    const char *column; /* field of the first problem ("uscc"), static; NULL if none */
    char *problem;      /* Chinese sentence for the person; free with intake_result_clear */
    char *warning;      /* accepted, but worth a look (old credit code without check digit) */
} IntakeResult;
void intake_result_clear(IntakeResult *result);

typedef struct IntakeContext {
    const char *scope_region; /* rows outside are refused ("不在您的辖区"); "*": everywhere */
    int64_t now_us;
    bool dry_run;       /* says what would happen, writes nothing */
    const char *actor;  /* for the history: "account:17", "cli"; NULL: "system" */
    bool log_additions; /* a history row for new objects too: forms, not files */
} IntakeContext;

/* Checks and (unless dry) stores `count` rows of `kind` (an array of the matching …Input struct) in
 * the caller's transaction; fills results[0..count). Refused rows are results, not errors. The
 * ledger leaf for the batch is the caller's. New units, buildings and officers cost
 * a handful of statements for the whole batch. */
bool intake_batch(Db *db,
                  IntakeKind kind,
                  const void *inputs,
                  size_t count,
                  const IntakeContext *context,
                  IntakeResult *results,
                  GError **error);

/* Field list of a kind for mapping pages; ends with word NULL. */
typedef struct IntakeField {
    const char *word;
    const char *name_zh;
    bool is_required;
    const char *example;
    size_t offset;       /* of the const char * in the …Input struct */
    const char *hint_zh; /* how to write it; NULL: the example says enough */
} IntakeField;
const IntakeField *intake_fields(IntakeKind kind);
extern const IntakeField intake_region_fields[], intake_unit_fields[], intake_building_fields[],
    intake_officer_fields[], intake_past_fields[];
size_t intake_input_size(IntakeKind kind);
bool intake_kind_parse(const char *word,
                       IntakeKind *ret_kind); /* region|unit|building|officer|past_inspection */

/* --- for rooms above that take in rows of their own ------------------------------------------- */

/* Marks the row as refused; the first problem stays. `column` is static. */
void intake_refuse(IntakeResult *result, const char *column, const char *problem, ...)
    G_GNUC_PRINTF(3, 4);
/* Adds a sentence to the row's warning. */
void intake_warn(IntakeResult *result, const char *warning, ...) G_GNUC_PRINTF(2, 3);

/* A copy of `count` rows of `size` bytes whose texts have no blanks around them; new texts go into
 * `texts`. Caller frees. */
void *intake_trim(
    const IntakeField *fields, size_t size, const void *rows, size_t count, GStringChunk *texts);

/* JSON array of texts. Caller frees. */
char *intake_text_list(const GPtrArray *texts);
