/*
 * Regions of five levels: province (2 digits), city (4), district or county (6), street or town
 * (9), village or community (12). A code's shorter forms are its ancestors. Regions that were
 * abolished stay with their last day. Thread: that of the Db; functions without a Db: any.
 */
#pragma once

#include "store/store.h"

#include <glib.h>
#include <stdbool.h>

#define REGION_CODE_MAX 12
#define REGION_EVERYWHERE "*"

typedef struct Region {
    char code[REGION_CODE_MAX + 1];
    char *name;
    int level; /* 1 … 5 */
    char parent[REGION_CODE_MAX + 1];
    char *valid_from,
        *valid_to;    /* "YYYY-MM-DD"; NULL: open; valid_to is the first day without it */
    char *confidence; /* text, secondary, memory */
} Region;
void region_clear(Region *region);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Region, region_clear)

/* The form kept in tables: digits only, "500103000000" and "500000" cut to "500103" and "50".
 * False unless it has 2 to 12 digits. */
bool region_code_parse(const char *text, char ret_code[REGION_CODE_MAX + 1]);
/* First six digits as a number, filled with zeros: 500103 for "500103001", 500000 for "50". */
int64_t region_district(const char *code);
/* `code` is `scope` itself or lies inside it; a NULL scope covers nothing, REGION_EVERYWHERE (the
 * command line's, never an account's) everything. */
bool region_is_inside(const char *code, const char *scope);
/* 1 … 5 by the number of digits. */
int region_level(const char *code);

/* HZ_ERROR_NOT_FOUND if there is none. */
bool region_find(Db *db, const char *code, Region *ret_region, GError **error);
/* The region itself or its nearest known ancestor (never above the district when the code has one):
 * so a community that is newer than the data set is still placed. NOT_FOUND if there is none. */
bool region_find_nearest(Db *db, const char *code, Region *ret_region, GError **error);
/* The region exists on that day ("YYYY-MM-DD"). */
bool region_is_valid_on(const Region *region, const char *day);
/* "渝中区 解放碑街道": district and what is below it; the code itself if unknown. Caller frees. */
char *region_full_name(Db *db, const char *code, GError **error);
/* Names for many codes at once: "渝中区 七星岗街道" by code, owned by the table. NULL on error. */
GHashTable *region_names(Db *db, const GPtrArray *codes, GError **error);
/* The next three give lists that the connection may keep and give to others, too: the caller unrefs
 * them and neither changes nor sorts them. Direct children valid on `day` (NULL: all), by code:
 * array of Region *. NULL on error. */
GPtrArray *region_children(Db *db, const char *parent, const char *day, GError **error);
/* Every province (2 digits) valid on `day`, by code. */
GPtrArray *region_provinces(Db *db, const char *day, GError **error);
/* Every district (6 digits) inside `scope` valid on `day` (NULL: all), by code. Shared, as all
 * three. */
GPtrArray *region_districts(Db *db, const char *scope, const char *day, GError **error);

/* Loads one province ("50") from the embedded data set and then the changes in
 * law/national/region-changes.yaml. What is there already stays. In the caller's transaction.
 * *ret_added (may be NULL). */
bool region_load(Db *db, const char *province, int64_t *ret_added, GError **error);

/* The embedded data set: lines "code TAB name TAB level TAB parent". Caller frees. */
char *region_data_set(GError **error);

/* A change from the overlay file, or a row of an import. */
typedef struct RegionChange {
    const char *id, *code, *name, *parent;
    const char *valid_from, *valid_to;
    const char *successor;
    const char *confidence;
    const char *basis; /* joined with "; " */
} RegionChange;
/* Adds or corrects one region; its descendants end with it. */
bool region_put(Db *db, const RegionChange *change, GError **error);
/* The overlay that travels in the binary; see region_data.c. Texts live as long as the program. */
typedef bool (*RegionChangeVisitor)(const RegionChange *change, void *data, GError **error);
bool region_changes_visit(RegionChangeVisitor visit, void *data, GError **error);
/* Code of the region that took over from an abolished one; NULL if none is known. */
const char *region_successor(const char *code);
