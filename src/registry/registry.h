/*
 * The object library and the officer library: regions, agencies, officers, units, buildings.
 * Requirements H1, B1, B9. See README.md for the tables and the words used in files.
 *
 * Grades and categories are small numbers in the tables and words outside. Thread: any (pure).
 */
#pragma once

#include "store/store.h"
#include "web/module.h"

extern const Module registry_module;

typedef enum RiskGrade { RISK_UNKNOWN, RISK_LOW, RISK_GENERAL, RISK_HIGHER, RISK_HIGH } RiskGrade;
#define RISK_COUNT 5
typedef enum CreditGrade { CREDIT_UNKNOWN, CREDIT_A, CREDIT_B, CREDIT_C, CREDIT_D } CreditGrade;
#define CREDIT_COUNT 5

const char *risk_word(RiskGrade risk);    /* "low"; "" when unknown */
const char *risk_name_zh(RiskGrade risk); /* "绿 平稳"; "未评" when unknown */
const char *risk_colour(RiskGrade risk);  /* class of .dot: green, yellow, orange, red; "" */
/* Word, Chinese name, colour word, or 低/一般/较高/高. */
bool risk_parse(const char *word, RiskGrade *ret_risk);
const char *credit_word(CreditGrade credit); /* "A" … "D"; "" when unknown */
bool credit_parse(const char *word, CreditGrade *ret_credit);

/* What a place is used for. Numbers are stored: never renumber, only append. */
typedef struct UseCategory {
    int id;
    const char *word;
    const char *name_zh;
    bool is_assembly; /* 公众聚集场所, Fire Law article 73(3) */
    bool is_crowded;  /* 人员密集场所, Fire Law article 73(4); every assembly place is one */
} UseCategory;
#define CATEGORY_COUNT 22 /* ids 0 (not told) … 21 */
/* Never NULL for 0 <= id < CATEGORY_COUNT; NULL otherwise. */
const UseCategory *category_get(int id);
/* By word or Chinese name; NULL if there is none. */
const UseCategory *category_parse(const char *word);
/* Sets of categories (bit n = id n): a word, a Chinese name, or the groups "assembly" and
 * "crowded". 0 if there is none. */
uint32_t category_set_parse(const char *word);
