/*
 * Shared by the intake_*.c files only.
 */
#pragma once

#include "registry/change.h"
#include "registry/intake.h"
#include "registry/region.h"
#include "registry/registry.h"

/* A place to be sure about codes: one lookup per code and batch. */
typedef struct RegionCache {
    Db *db;
    const char *scope;
    char *today; /* "YYYY-MM-DD" */
    GHashTable *known;
} RegionCache;
void region_cache_init(RegionCache *cache, Db *db, const IntakeContext *context);
void region_cache_clear(RegionCache *cache);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RegionCache, region_cache_clear)

/* Checks existence, scope and validity. False and *error: the store failed. *ret_refused: `result`
 * holds the reason. `ret_code` is the table form. */
bool intake_check_region(RegionCache *cache,
                         const char *text,
                         IntakeResult *result,
                         char ret_code[REGION_CODE_MAX + 1],
                         bool *ret_refused,
                         GError **error);

/* Reads one value; an absent or empty text is true with *ret unchanged and *ret_told false (may be
 * NULL). False: refused, with a sentence about what to write. */
bool intake_read_text(IntakeResult *result,
                      const char *column,
                      const char *name_zh,
                      const char *text,
                      size_t size_max,
                      const char **ret_text);
bool intake_read_bool(IntakeResult *result, const char *column, const char *text, bool *ret_truth);
bool intake_read_number(IntakeResult *result,
                        const char *column,
                        const char *text,
                        double min,
                        double max,
                        double *ret_number);
bool intake_read_day(IntakeResult *result, const char *column, const char *text, char ret_day[11]);
bool intake_is_told(const char *text);

/* The same for what units and buildings share. `name_zh`: what the category is called there. */
#define INTAKE_NAME_MAX_BYTES 300
#define INTAKE_ADDRESS_MAX_BYTES 600
#define INTAKE_SHORT_MAX_BYTES 120
bool intake_read_category(IntakeResult *result,
                          const char *name_zh,
                          const char *text,
                          int *ret_category);
bool intake_read_risk(IntakeResult *result, const char *text, RiskGrade *ret_risk);
bool intake_read_credit(IntakeResult *result, const char *text, CreditGrade *ret_credit);
/* Both or none. */
bool intake_check_point(IntakeResult *result,
                        const char *longitude,
                        const char *latitude,
                        bool *ret_told);
bool intake_read_source(IntakeResult *result,
                        const char *source,
                        const char *source_id,
                        const char **ret_source,
                        const char **ret_id);

/* A told text replaces what is kept; *changed when it was another. */
void intake_take_text(const char **kept, const char *told, bool *changed);
/* A copy in `texts`; NULL for NULL. */
const char *intake_keep(GStringChunk *texts, const char *text);

/* What the history says of rows that an intake writes. */
WriteOptions intake_write_options(const IntakeContext *context);

/* For forms: checks one row as the intake does and asks for what a new object needs. False and
 * *error: the store failed. A refusal is in `result`. Texts go into `texts`. */
struct Unit;
bool intake_check_unit(Db *db,
                       const UnitInput *input,
                       const IntakeContext *context,
                       GStringChunk *texts,
                       IntakeResult *result,
                       struct Unit *ret_unit,
                       GError **error);
struct Building;
bool intake_check_building(Db *db,
                           const BuildingInput *input,
                           const IntakeContext *context,
                           GStringChunk *texts,
                           IntakeResult *result,
                           struct Building *ret_building,
                           GError **error);
/* The agency is found by name; a new name is made known in the caller's transaction. */
struct Officer;
bool intake_check_officer(Db *db,
                          const OfficerInput *input,
                          const IntakeContext *context,
                          GStringChunk *texts,
                          IntakeResult *result,
                          struct Officer *ret_officer,
                          GError **error);

bool intake_units(Db *db,
                  const UnitInput *inputs,
                  size_t count,
                  const IntakeContext *context,
                  IntakeResult *results,
                  GError **error);
bool intake_buildings(Db *db,
                      const BuildingInput *inputs,
                      size_t count,
                      const IntakeContext *context,
                      IntakeResult *results,
                      GError **error);
bool intake_officers(Db *db,
                     const OfficerInput *inputs,
                     size_t count,
                     const IntakeContext *context,
                     IntakeResult *results,
                     GError **error);
bool intake_regions(Db *db,
                    const RegionInput *inputs,
                    size_t count,
                    const IntakeContext *context,
                    IntakeResult *results,
                    GError **error);
bool intake_past_inspections(Db *db,
                             const PastInspectionInput *inputs,
                             size_t count,
                             const IntakeContext *context,
                             IntakeResult *results,
                             GError **error);
