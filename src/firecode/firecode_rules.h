/* Pure decisions of this room: codes, words, what a history draws. Thread: any. */
#pragma once

#include "firecode/firecode.h"

/* A new one from the kernel's randomness. */
void code_make(char ret_code[FIRECODE_CHARS + 1]);
/* As people type it: small letters, blanks, "O" for 0, "I" and "L" for 1. False: it is none. */
bool code_parse(const char *typed, char ret_code[FIRECODE_CHARS + 1]);
/* "7K3M-Q9TX-2HDB". Caller frees. */
char *code_text(const char *code);
/* What is kept of a keeper's key. `key` as code_parse gives it. Caller frees. */
char *keeper_key_sha256(const char *key);

const char *colour_hue_zh(RiskGrade colour);  /* "黄" */
const char *colour_word_zh(RiskGrade colour); /* "要留意" */
/* "进楼后请先认清最近的安全出口。" */
const char *colour_advice_zh(RiskGrade colour);
const char *cause_zh(const char *cause); /* "设备信号" */
/* "影响大", "影响中", "影响小"; "加分项" for none. */
const char *impact_zh(const LawRisk *risk, int64_t points);

/* Which records are overdue. `is_off[i]`: the duty does not apply. A building with no record at all
 * of a kind counts as overdue since its code was issued. */
uint32_t duty_overdue(const LawRisk *risk,
                      const int64_t last_us[LAW_RISK_DUTIES],
                      const bool is_off[LAW_RISK_DUTIES],
                      int64_t issued_us,
                      int64_t now_us);

/* The colour of each of the last twelve months, the last being that of `now_us`: the worst that
 * held in it; RISK_UNKNOWN before the first. `changes`: newest first, of FirecodeChange *. */
#define MONTHS 12
typedef struct MonthColour {
    int month; /* 1 … 12 */
    RiskGrade colour;
} MonthColour;
void history_months(const GPtrArray *changes, int64_t now_us, MonthColour ret_months[MONTHS]);

/* What differs between two lists of marks, as sentences, one a line, the heaviest first; "" when
 * nothing does. Caller frees. */
char *marks_differ(const json_t *before, const json_t *now);
