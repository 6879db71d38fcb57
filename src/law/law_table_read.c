/* Reading decision tables, and the proof that every case meets a row. */
#include "law/law_internal.h"
#include "law/law_table_internal.h"

#include <string.h>

#define VALUES_MAX 32 /* bits of LawTableCell.wanted */
#define CASES_MAX 200000

/* --- columns ------------------------------------------------------------------------------------
 */

static int64_t read_bound(LawReader *reader, LawNode node, int64_t unless) {
    int64_t number = unless;
    if (law_is_there(node) && !law_table_number(law_text(reader, node), &number)) {
        law_wrong(reader, node, "a number with at most three decimals is expected");
    }
    return number;
}

static void read_number_column(LawReader *reader, LawNode map, LawTableColumn *column) {
    static const int64_t steps[] = {1000, 100, 10, 1};
    LawNode decimals = law_get(map, "decimals");
    column->step = steps[law_is_there(decimals) ? law_int(reader, decimals, 0, 3) : 0];
    column->unit = law_text_or_null(reader, law_get(map, "unit"));
    column->min = read_bound(reader, law_get(map, "min"), 0);
    column->max = read_bound(reader, law_get(map, "max"), LAW_TABLE_MAX);
    if (column->min >= column->max || column->min % column->step != 0 ||
        column->max % column->step != 0) {
        law_wrong(reader, map, "min must be less than max, both with the column's decimals");
    }
}

static void read_column(LawReader *reader, LawNode map, LawTableColumn *column) {
    if (!law_keys(reader, map, "id name values? unit? decimals? min? max?")) {
        return;
    }
    column->id = law_id(reader, law_get(map, "id"));
    column->name = law_text(reader, law_get(map, "name"));
    LawNode values = law_get(map, "values");
    if (!law_is_there(values)) {
        read_number_column(reader, map, column);
        return;
    }
    law_read_values(reader, values, &column->values, &column->values_zh);
    if (law_pairs(values) > VALUES_MAX) {
        law_wrong(reader, values, "at most %d values", VALUES_MAX);
    }
    if (law_is_there(law_get(map, "unit")) || law_is_there(law_get(map, "decimals")) ||
        law_is_there(law_get(map, "min")) || law_is_there(law_get(map, "max"))) {
        law_wrong(reader, map, "unit, decimals, min and max belong to a number");
    }
}

static unsigned
read_columns(LawReader *reader, LawNode list, LawTableColumn *columns, unsigned most) {
    unsigned count = law_list(reader, list) ? law_count(list) : 0;
    if (count > most) {
        law_wrong(reader, list, "at most %u columns", most);
        return 0;
    }
    for (unsigned i = 0; i < count && reader->error == NULL; i++) {
        read_column(reader, law_at(list, i), &columns[i]);
        if (reader->error == NULL && law_table_column(columns, i, columns[i].id) != NULL) {
            law_wrong(reader, law_at(list, i), "the column \"%s\" stands twice", columns[i].id);
        }
    }
    return count;
}

/* --- unary tests --------------------------------------------------------------------------------
 */

static bool take_bound(const LawTableColumn *column, const char *text, int64_t *ret) {
    return law_table_number(text, ret) && *ret % column->step == 0;
}

/* "[3..5]", "(3..5]" and so on: a round bracket leaves the bound out. */
static bool read_interval(const LawTableColumn *column, const char *text, LawTableCell *cell) {
    size_t size = strlen(text);
    const char *dots = strstr(text, "..");
    if (size < 6 || dots == NULL || strchr("])", text[size - 1]) == NULL) {
        return false;
    }
    g_autofree char *from = g_strndup(text + 1, (size_t)(dots - text) - 1);
    g_autofree char *to = g_strndup(dots + 2, size - (size_t)(dots + 2 - text) - 1);
    if (!take_bound(column, g_strstrip(from), &cell->from) ||
        !take_bound(column, g_strstrip(to), &cell->to)) {
        return false;
    }
    cell->from += text[0] == '(' ? column->step : 0;
    cell->to -= text[size - 1] == ')' ? column->step : 0;
    return true;
}

/* ">= 3", "< 3", "3". */
static bool read_comparison(const LawTableColumn *column, const char *text, LawTableCell *cell) {
    size_t signs = strspn(text, "<>=");
    g_autofree char *sign = g_strndup(text, signs);
    g_autofree char *rest = g_strdup(text + signs);
    int64_t bound;
    if (!take_bound(column, g_strstrip(rest), &bound)) {
        return false;
    }
    if (signs == 0) {
        cell->from = cell->to = bound;
    } else if (strcmp(sign, ">=") == 0) {
        cell->from = bound;
    } else if (strcmp(sign, ">") == 0) {
        cell->from = bound + column->step;
    } else if (strcmp(sign, "<=") == 0) {
        cell->to = bound;
    } else if (strcmp(sign, "<") == 0) {
        cell->to = bound - column->step;
    } else {
        return false;
    }
    return true;
}

static void
read_number_cell(LawReader *reader, LawNode node, const LawTableColumn *column, LawTableCell *ret) {
    const char *text = law_text(reader, node);
    LawTableCell cell = {.from = column->min, .to = column->max};
    bool is_interval = text[0] == '[' || text[0] == '(';
    bool good =
        is_interval ? read_interval(column, text, &cell) : read_comparison(column, text, &cell);
    if (!good) {
        law_wrong(reader,
                  node,
                  "\"%s\" is no test of a number: 3, >= 3, > 3, <= 3, < 3, [3..5], (3..5)",
                  text);
    } else if (cell.from < column->min || cell.to > column->max || cell.from > cell.to) {
        law_wrong(reader, node, "no number of the column passes, or its bounds are passed over");
    }
    *ret = cell;
}

static void
read_choice_cell(LawReader *reader, LawNode list, const LawTableColumn *column, LawTableCell *ret) {
    for (unsigned v = 0; law_list(reader, list) && v < law_count(list); v++) {
        const char *word = law_text(reader, law_at(list, v));
        unsigned number = 0;
        while (column->values[number] != NULL && strcmp(column->values[number], word) != 0) {
            number++;
        }
        if (column->values[number] == NULL) {
            law_wrong(reader, law_at(list, v), "the column has no value \"%s\"", word);
            return;
        }
        ret->wanted |= UINT32_C(1) << number;
    }
}

/* --- rows ---------------------------------------------------------------------------------------
 */

static void read_when(LawReader *reader, LawNode when, const LawTable *table, LawTableCell *cells) {
    for (unsigned i = 0; i < table->input_count; i++) {
        cells[i] = (LawTableCell){.from = table->inputs[i].min, .to = table->inputs[i].max};
    }
    if (law_is_there(when) && law_pairs(when) == 0) {
        law_wrong(reader, when, "a map of facts is expected here");
    }
    for (unsigned i = 0; i < law_pairs(when) && reader->error == NULL; i++) {
        const char *id = law_scalar(law_key(when, i));
        const LawTableColumn *column = law_table_column(table->inputs, table->input_count, id);
        if (column == NULL) {
            law_wrong(reader, law_key(when, i), "the table has no input \"%s\"", id);
            return;
        }
        LawTableCell *cell = &cells[column - table->inputs];
        if (column->values != NULL) {
            read_choice_cell(reader, law_value(when, i), column, cell);
        } else {
            read_number_cell(reader, law_value(when, i), column, cell);
        }
    }
}

static const char *read_answer(LawReader *reader, LawNode node, const LawTableColumn *column) {
    const char *text = law_text(reader, node);
    int64_t number = 0;
    if (reader->error != NULL) {
        return text;
    }
    if (column->values != NULL ? !g_strv_contains(column->values, text)
                               : !law_table_number(text, &number) || number < column->min ||
                                     number > column->max || number % column->step != 0) {
        law_wrong(reader, node, "\"%s\" is no value of the output \"%s\"", text, column->id);
    }
    return text;
}

/* {output: value} for every output, or the sentence that leaves the case to a person. */
static void read_then(LawReader *reader, LawNode map, const LawTable *table, LawTableRow *row) {
    const char *answers[LAW_TABLE_OUTPUTS] = {NULL};
    LawNode then = law_get(map, "then");
    row->ask = law_text_or_null(reader, law_get(map, "ask"));
    if (law_is_there(then) == (row->ask != NULL)) {
        law_wrong(reader, map, "a row has either \"then\" or \"ask\"");
        return;
    }
    for (unsigned i = 0; row->ask == NULL && i < table->output_count; i++) {
        LawNode answer = law_get(then, table->outputs[i].id);
        if (!law_is_there(answer)) {
            law_wrong(reader, then, "the output \"%s\" is missing", table->outputs[i].id);
            return;
        }
        answers[i] = read_answer(reader, answer, &table->outputs[i]);
    }
    if (law_pairs(then) > table->output_count) {
        law_wrong(reader, then, "there are more answers than outputs");
    }
    row->answers = law_keep(answers, sizeof answers);
}

static void read_row(LawReader *reader, LawNode map, const LawTable *table, LawTableRow *row) {
    LawTableCell cells[LAW_TABLE_INPUTS] = {0};
    if (!law_keys(reader, map, "when? then? ask? basis? confidence?")) {
        return;
    }
    read_when(reader, law_get(map, "when"), table, cells);
    row->cells = law_keep(cells, sizeof cells);
    read_then(reader, map, table, row);
    row->basis_zh = table->entry.basis_zh;
    row->confidence = table->entry.confidence;
    LawNode basis = law_get(map, "basis");
    if (law_is_there(basis) && reader->error == NULL) {
        row->basis_zh = law_basis_text(reader, basis, law_read_texts(reader, basis));
    }
    if (law_is_there(law_get(map, "confidence"))) {
        row->confidence = law_read_confidence(reader, law_get(map, "confidence"));
    }
}

/* --- every case meets a row ---------------------------------------------------------------------
 */

/* The facts of one input that stand for all of them: each value of a choice; of a number each bound
 * of a row and its neighbours, because between two bounds all numbers fit the same rows. */
static GArray *cases_of(const LawTable *table, unsigned input) {
    const LawTableColumn *column = &table->inputs[input];
    GArray *cases = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (int64_t i = 0; column->values != NULL && column->values[i] != NULL; i++) {
        g_array_append_val(cases, i);
    }
    for (unsigned row = 0; column->values == NULL && row < table->row_count; row++) {
        const LawTableCell *cell = &table->rows[row].cells[input];
        const int64_t near[] = {
            cell->from - column->step, cell->from, cell->to, cell->to + column->step};
        for (size_t i = 0; i < G_N_ELEMENTS(near); i++) {
            bool is_new = column->min <= near[i] && near[i] <= column->max;
            for (guint k = 0; is_new && k < cases->len; k++) {
                is_new = g_array_index(cases, int64_t, k) != near[i];
            }
            if (is_new) {
                g_array_append_val(cases, near[i]);
            }
        }
    }
    return cases;
}

static char *case_text(const LawTable *table, const int64_t *facts) {
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < table->input_count; i++) {
        const LawTableColumn *column = &table->inputs[i];
        g_autofree char *number = law_table_number_text(facts[i]);
        g_string_append_printf(out,
                               "%s%s = %s",
                               i > 0 ? ", " : "",
                               column->id,
                               column->values != NULL ? column->values[facts[i]] : number);
    }
    return g_string_free(out, FALSE);
}

/* False after a mistake. `used`: rows that are the first for some case. */
static bool check_case(
    LawReader *reader, LawNode rows, const LawTable *table, const int64_t *facts, bool *used) {
    unsigned hits = 0;
    for (unsigned i = 0; i < table->row_count; i++) {
        if (law_table_hits(table, &table->rows[i], facts)) {
            used[i] |= hits == 0;
            hits++;
            if (hits == 2 && table->is_unique) {
                g_autofree char *text = case_text(table, facts);
                law_wrong(reader, law_at(rows, i), "%s meets an earlier row, too", text);
                return false;
            }
        }
    }
    if (hits == 0) {
        g_autofree char *text = case_text(table, facts);
        law_wrong(reader, rows, "no row for %s", text);
    }
    return hits > 0;
}

static void check_cases(LawReader *reader, LawNode rows, const LawTable *table) {
    GArray *cases[LAW_TABLE_INPUTS] = {NULL};
    guint at[LAW_TABLE_INPUTS] = {0};
    bool used[LAW_TABLE_ROWS] = {false};
    uint64_t count = 1;
    for (unsigned i = 0; i < table->input_count; i++) {
        cases[i] = cases_of(table, i);
        count = MIN(count * cases[i]->len, CASES_MAX + 1);
    }
    if (count > CASES_MAX) {
        law_wrong(reader, rows, "the table has more than %d cases; split it", CASES_MAX);
    }
    for (uint64_t n = 0; reader->error == NULL && n < count; n++) {
        int64_t facts[LAW_TABLE_INPUTS] = {0};
        for (unsigned i = 0; i < table->input_count; i++) {
            facts[i] = g_array_index(cases[i], int64_t, at[i]);
        }
        if (!check_case(reader, rows, table, facts, used)) {
            break;
        }
        for (unsigned i = 0; i < table->input_count && ++at[i] == cases[i]->len; i++) {
            at[i] = 0;
        }
    }
    for (unsigned i = 0; reader->error == NULL && i < table->row_count; i++) {
        if (!used[i]) {
            law_wrong(reader,
                      law_at(rows, i),
                      "this row is never reached: rows above take all its cases");
        }
    }
    for (unsigned i = 0; i < table->input_count; i++) {
        g_array_unref(cases[i]);
    }
}

static void read_rows(LawReader *reader, LawNode list, LawTable *table) {
    LawTableRow rows[LAW_TABLE_ROWS] = {0};
    table->row_count = law_list(reader, list) ? law_count(list) : 0;
    if (table->row_count > LAW_TABLE_ROWS) {
        law_wrong(reader, list, "at most %d rows", LAW_TABLE_ROWS);
        return;
    }
    for (unsigned i = 0; i < table->row_count && reader->error == NULL; i++) {
        read_row(reader, law_at(list, i), table, &rows[i]);
    }
    if (reader->error == NULL) {
        table->rows = law_keep(rows, table->row_count * sizeof *rows);
        check_cases(reader, list, table);
    }
}

void law_read_tables(LawReader *reader, LawBook *book, LawNode list) {
    static const char *const policies[] = {"first", "unique", NULL};
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        LawTable table = {.row_count = 0};
        LawTableColumn inputs[LAW_TABLE_INPUTS] = {0};
        LawTableColumn outputs[LAW_TABLE_OUTPUTS] = {0};
        if (!law_keys(reader, map, "id name basis confidence valid hit inputs outputs rows")) {
            return;
        }
        law_read_entry(reader, map, &table.entry);
        table.is_unique = law_word(reader, law_get(map, "hit"), policies) == 1;
        table.input_count = read_columns(reader, law_get(map, "inputs"), inputs, LAW_TABLE_INPUTS);
        table.output_count =
            read_columns(reader, law_get(map, "outputs"), outputs, LAW_TABLE_OUTPUTS);
        table.inputs = law_keep(inputs, sizeof inputs);
        table.outputs = law_keep(outputs, sizeof outputs);
        if (reader->error == NULL) {
            read_rows(reader, law_get(map, "rows"), &table);
        }
        LawTable *copy = law_keep(&table, sizeof table);
        g_ptr_array_add(book->tables, copy);
        g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    }
}
