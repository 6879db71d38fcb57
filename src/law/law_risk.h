/*
 * The risk score of a building as data: what is looked at, how much each answer counts, where the
 * colours begin, and when a record is overdue (law/national/building-risk.yaml). Pure.
 *
 * An answer is a number, a word, "does not apply here" or "not known". The last is never taken for
 * a good one: it has points and a sentence of its own. Thread: any, after loading.
 */
#pragma once

#include "base/json.h"
#include "law/law_book.h"

/* As registry's RiskGrade: the higher, the worse. */
typedef enum LawRiskColour {
    LAW_RISK_NONE, /* of a row: it decides nothing by itself */
    LAW_RISK_GREEN,
    LAW_RISK_YELLOW,
    LAW_RISK_ORANGE,
    LAW_RISK_RED
} LawRiskColour;

typedef struct LawRiskRow {
    int64_t min;      /* number: from this on; rows fall */
    const char *is;   /* word; NULL: a number */
    int points;       /* taken away */
    const char *says; /* "{n}" stands for the number */
    LawRiskColour at_least;
} LawRiskRow;

typedef struct LawRiskIndicator {
    const char *id, *name;
    const char *fact; /* "building.floors": where the answer comes from */
    const char *unit; /* of a number; NULL: words */
    bool is_public;   /* else only the points of all such together are shown to the public */
    const char *basis_zh;
    const LawRiskRow *rows;
    unsigned row_count;
    const char *absent; /* sentence where it does not apply; NULL: it always does */
    int unknown_points;
    const char *unknown_says;
} LawRiskIndicator;

/* A record that is due again and again. */
typedef struct LawRiskDuty {
    const char *id, *name; /* "patrol", "日巡查" */
    const char *form;
    int hours;          /* after the last one: then it is overdue */
    const char *unless; /* a yes-no answer that lets it off when it is "no"; NULL: nothing does */
    const char *basis_zh;
    LawConfidence confidence;
} LawRiskDuty;
#define LAW_RISK_DUTIES 3

typedef struct LawRisk {
    LawEntry entry;
    const char *edition, *source;
    int start;
    int green, yellow, orange; /* least score of the colour */
    unsigned known_for_green;  /* with fewer known answers it is yellow at best */
    int large, middle;         /* points of the impact words */
    const LawRiskIndicator *indicators;
    unsigned count;
    LawRiskDuty duties[LAW_RISK_DUTIES];
} LawRisk;

/* The edition of that day. HZ_ERROR_NOT_FOUND. */
const LawRisk *law_risk_at(const LawBook *book, int64_t time_us, GError **error);

typedef enum LawRiskKnown {
    LAW_RISK_UNKNOWN,
    LAW_RISK_ABSENT, /* does not apply here */
    LAW_RISK_NUMBER,
    LAW_RISK_WORD
} LawRiskKnown;

typedef struct LawRiskAnswer {
    LawRiskKnown known;
    int64_t number;
    const char *word;
    bool is_stale; /* told long ago: a good answer counts as not known, a bad one stays */
} LawRiskAnswer;

/* What an answer does. */
typedef struct LawRiskMark {
    LawRiskKnown known;
    int64_t number;
    int points;
    const char *says; /* with "{n}" */
    LawRiskColour at_least;
} LawRiskMark;

typedef struct LawRiskResult {
    int score; /* 0 … start */
    LawRiskColour colour, by_score;
    unsigned known; /* answers that are known or do not apply */
    bool is_capped; /* it would be green, but too little is known */
} LawRiskResult;

/* `answers` and `ret_marks`: one for each indicator, in order. A word or number that no row has
 * counts as not known. */
void law_risk_judge(const LawRisk *risk,
                    const LawRiskAnswer *answers,
                    LawRiskMark *ret_marks,
                    LawRiskResult *ret_result);

/* "地上 34 层"; of an indicator's answer. Caller frees. */
char *law_risk_text(const LawRiskMark *mark);
const char *law_risk_colour_word(LawRiskColour colour); /* "orange" */
