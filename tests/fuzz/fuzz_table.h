/* Shared by the table targets: reads everything and checks what every reader promises. */
#pragma once

#include "table/table_reader.h"

static inline void fuzz_table(const uint8_t *data, size_t size, const TableOptions *options) {
    g_autoptr(GError) error = NULL;
    TableProblem problem = {TABLE_FINE, 0, -1};
    TableOptions watched = *options;
    watched.ret_problem = &problem;
    g_autoptr(TableReader) reader = table_open_bytes(data, size, &watched, &error);
    TableRow row;
    int64_t line = 0;
    while (reader != NULL && table_next(reader, &row, &error)) {
        g_assert_cmpint(row.line, >, line);
        line = row.line;
        for (size_t i = 0; i < row.count; i++) {
            g_assert_true(g_utf8_validate(row.cells[i], -1, NULL));
        }
    }
    g_assert_true((error != NULL) == (problem.trouble != TABLE_FINE));
    if (error != NULL) {
        g_autofree char *sentence = table_problem_zh(&problem);
        g_assert_true(g_utf8_validate(sentence, -1, NULL));
    }
}
