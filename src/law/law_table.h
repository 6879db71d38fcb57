/*
 * Decision tables: facts in, answer out, each row with its source.
 *
 * The words are those of DMN: typed columns, unary tests (`>= 3`, `[3..5]`, a list of values), a
 * named hit policy. Loading proves that every case meets a row and that every row is met; under
 * `unique` no case meets two. A row answers, or says in a sentence what the source leaves open:
 * then a person decides and the program does not guess. Thread: any.
 */
#pragma once

#include "law/law_book.h"

/* Numbers are kept in thousandths, so that 27.5 is exact. */
#define LAW_TABLE_SCALE 1000

typedef struct LawTableColumn {
    const char *id, *name;
    const char *unit;          /* of a number; may be NULL */
    const char *const *values; /* choice; NULL: a number */
    const char *const *values_zh;
    int64_t min, max, step; /* number, in thousandths */
} LawTableColumn;

typedef struct LawTableCell {
    uint32_t wanted;  /* choice: bit set; 0: any */
    int64_t from, to; /* number, inclusive */
} LawTableCell;

typedef struct LawTableRow {
    const LawTableCell *cells;  /* one for each input */
    const char *const *answers; /* one for each output: a word, or a number as written */
    const char *ask;            /* the sentence where the source leaves it open; else NULL */
    const char *basis_zh;
    LawConfidence confidence;
} LawTableRow;

typedef struct LawTable {
    LawEntry entry;
    const LawTableColumn *inputs, *outputs;
    unsigned input_count, output_count;
    bool is_unique; /* hit policy: else the first row that fits */
    const LawTableRow *rows;
    unsigned row_count;
} LawTable;

/* The edition of that day. HZ_ERROR_NOT_FOUND. */
const LawTable *law_table_at(const LawBook *book, const char *id, int64_t time_us, GError **error);
/* NULL when there is none. */
const LawTableColumn *
law_table_column(const LawTableColumn *columns, unsigned count, const char *id);

/* The row for these facts. HZ_ERROR_INVALID names a fact that is unknown, missing or no value of
 * its column. */
const LawTableRow *
law_table_decide(const LawTable *table, const LawSaid *said, size_t count, GError **error);
/* What the row says about an output; NULL when it is left open. */
const char *law_table_answer(const LawTable *table, const LawTableRow *row, const char *output);
/* "初步判定：构成重大火灾隐患；…", or the sentence where the source leaves it open. Caller frees.
 */
char *law_table_answers_zh(const LawTable *table, const LawTableRow *row);
/* "场所为人员密集场所，直接判定要素不少于 1 条"; "其他情形". Caller frees. */
char *law_table_when_zh(const LawTable *table, const LawTableRow *row);
/* "重大火灾隐患判定规则第 2 行：场所为人员密集场所，综合判定要素不少于 3 条；依据…（二手）". Caller
 * frees. */
char *law_table_trace_zh(const LawTable *table, const LawTableRow *row);
