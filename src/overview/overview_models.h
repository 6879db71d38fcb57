/*
 * What the pages of this room share: the area that is looked at, the lines of its districts, texts.
 * Thread: the worker that runs the handler.
 */
#pragma once

#include "sensing/coverage.h"
#include "web/web.h"

/* object[key] = the formatted text. */
void put_format(json_t *object, const char *key, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* "97.4%": cut, never rounded up, so that 100.0% means all of them. Caller frees. */
char *share_text(int64_t part, int64_t whole);
/* Tenths of a percent, 0 … 1000; 0 of nothing. */
int64_t share_tenths(int64_t part, int64_t whole);
/* "12:05", with the day when it is not today; "从来没有" for 0. Caller frees. */
char *moment_text(int64_t time_us, int64_t now_us);

/* "石柱县" for 石柱土家族自治县: for pictures, where the whole name has no room. Caller frees. */
char *short_name(const char *name);

/* --- the area -----------------------------------------------------------------------------------
 */

/* Which region a page is about: ?region=, or the reader's own. */
typedef struct Area {
    char code[REGION_CODE_MAX + 1]; /* of today */
    char *name;
    char *ended;      /* "江北区": the question was about one that has ended; else NULL */
    bool is_district; /* a district or smaller; else there are several lines */
} Area;
void area_clear(Area *area);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Area, area_clear)
/* NULL: *ret_area is set; else the answer (403 with its mark, or an error). */
Response *area_read(Ctx *ctx, const Request *req, Area *ret_area);
/* 403 with its mark: outside of the reader's region. */
Response *area_refuse(Ctx *ctx, const Request *req);
/* model["area"] = {code, name, ended, is_district, is_own, up_href}. */
void area_put(const Ctx *ctx, json_t *model, const Area *area, const char *path);

/* --- lines --------------------------------------------------------------------------------------
 */

typedef enum LineState {
    LINE_MET,
    LINE_NEAR, /* less than ten points are missing */
    LINE_FAR,
    LINE_NO_TARGET,
    LINE_EMPTY, /* no high-rise */
} LineState;
const char *line_state_word(LineState state); /* "met" */

/* A district with what it shall reach. */
typedef struct CoverageLine {
    CoverageCount count;
    char code[REGION_CODE_MAX + 1];
    char *name;                    /* owned */
    const LawCoverageGroup *group; /* NULL: no target */
    CoverageAim aim;
    LineState state;
    int64_t none;
} CoverageLine;

typedef struct CoverageLines {
    GArray *lines; /* of CoverageLine: those that miss most first */
    CoverageCount sum;
    const LawCoverage *rule; /* of the area; NULL: none in force */
    int64_t missing;         /* buildings that targets still ask for */
    unsigned unmet, targets; /* districts */
} CoverageLines;
void coverage_lines_clear(CoverageLines *lines);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CoverageLines, coverage_lines_clear)
bool coverage_lines(Ctx *ctx, const char *scope, CoverageLines *ret_lines, GError **error);
/* {code, name, href, buildings, covered, silent, none, share, width, target, target_x, due,
 * missing, state, state_zh, is_met, group}: what the partial overview/bars and the tables show. */
json_t *coverage_line_model(const CoverageLine *line, int64_t now_us);
/* All of them; and the sentence about the city: model keys lines, has_lines, sum, unmet, missing,
 * finding, days_left, rule. */
void coverage_lines_put(json_t *model, const CoverageLines *lines, int64_t now_us);
/* What the straight line says, with how it was made. Caller frees. */
char *forecast_text(const CoverageForecast *forecast, const CoverageAim *aim, int64_t now_us);
