/* Shared by law_table*.c. */
#pragma once

#include "law/law_table.h"

#define LAW_TABLE_INPUTS 6
#define LAW_TABLE_OUTPUTS 6
#define LAW_TABLE_ROWS 200
#define LAW_TABLE_MAX (INT64_C(1000000000) * LAW_TABLE_SCALE)

/* "27.5" in thousandths, not negative, at most three decimals. */
bool law_table_number(const char *text, int64_t *ret);
/* Caller frees. */
char *law_table_number_text(int64_t thousandths);
/* `facts`: for each input the number of the value, or the number in thousandths. */
bool law_table_hits(const LawTable *table, const LawTableRow *row, const int64_t *facts);
/* The first row that fits; NULL: none. */
const LawTableRow *law_table_row(const LawTable *table, const int64_t *facts);
