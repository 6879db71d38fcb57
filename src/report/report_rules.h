/* Pure decisions of the report room: receipt code, numbers as people type them, words. Thread: any.
 */
#pragma once

#include "law/law_book.h"

#define REPORT_CODE_CHARS 12 /* of 32 symbols: 60 bits */

/* The receipt code that follows from a guest's key: "7K3M-Q9TX-2HDB". Caller frees. */
char *report_code_of(const char *key);
/* As people type it: small letters, blanks, "O" for 0, "I" and "L" for 1. False: it is none. */
bool report_code_parse(const char *typed, char ret_code[REPORT_CODE_CHARS + 1]);
/* What is kept of a code. `code` as report_code_parse gives it. Caller frees. */
char *report_code_sha256(int64_t matter_id, const char *code);
/* Takes the same time wherever two texts of one length differ. */
bool report_same(const char *a, const char *b);
/* "举〔2026〕第0001号" from "2026 1", "举2026第1号" … NULL: year and number are not in it. Caller
 * frees. */
char *report_number_of(const char *prefix, const char *typed);

/* Place of the building and inside it, as the form wants it. Caller frees. */
char *report_place_text(const char *where, const char *inside);
/* "24 小时内", "3 个工作日内". Caller frees. */
char *report_term_text(const LawTermRow *row);
/* "11月23日 周一 15:40 前", "11月25日 周三前（含当天）". Caller frees. */
char *report_due_text(int64_t due_us, LawUnit unit, int64_t now_us);
/* Can it be dialled: 7 to 20 digits, besides signs that people put between them? */
bool report_phone_is_good(const char *phone);
