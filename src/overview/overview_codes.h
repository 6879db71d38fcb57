/*
 * The one place where this room meets the codes on doors (高楼消防码): how many buildings of which
 * colour, by district, by square of the map, by building. Thread: that of the Db.
 */
#pragma once

#include "firecode/firecode.h"
#include "web/web.h"

/* By district of today (what stands in an abolished one counts for its successor): array of
 * FirecodeTally, by code. NULL on error. */
GArray *code_tallies(Ctx *ctx, const char *region, GError **error);
/* Of one district; all zero where it has no code. */
FirecodeTally code_tally_of(const GArray *tallies, int64_t district);
FirecodeTally code_tally_sum(const GArray *tallies);
/* The gravest colour that some building has; RISK_UNKNOWN: none has a code. */
RiskGrade code_worst(const int64_t *colours);
/* "红2": the gravest colour and how many; "无": no codes. Caller frees. */
char *code_brief(const int64_t *colours);
/* "红码 2 栋，橙码 0 栋，黄码 5 栋，绿码 9 栋". Caller frees. */
char *code_sentence(const int64_t *colours);
/* "red" … "green"; "none": class of a mark. */
const char *code_class(RiskGrade colour);
/* {red, orange, yellow, green, total, and *_href: the lists that make them up}. */
json_t *code_model(const int64_t *colours, const char *region);

/* Squares of a district: cell number -> int64_t[RISK_COUNT], [0] without a code; `parent` 0: the
 * larger squares, else the smaller ones in it. NULL on error. */
GHashTable *code_cells(Db *db, int64_t district, int64_t parent, GError **error);
/* Buildings of a smaller square that have a code: id -> RiskGrade. NULL on error. */
GHashTable *code_buildings(Db *db, int64_t district, int64_t cell, GError **error);
