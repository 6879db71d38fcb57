/* Time limits: reading them, choosing the row, counting. */
#include "base/error.h"
#include "law/law_internal.h"

#include <string.h>

#define VALUES_MAX 32 /* bits of LawTermRow.wanted */
#define ROWS_MAX 50
#define AMOUNT_MAX 3660

/* --- reading ------------------------------------------------------------------------------------
 */

static void read_facts(LawReader *reader, LawNode map, LawTerm *term) {
    LawFact facts[LAW_FACTS_MAX] = {0};
    term->fact_count = law_pairs(map);
    if (term->fact_count == 0 || term->fact_count > LAW_FACTS_MAX) {
        law_wrong(reader, map, "1 to %d facts are expected", LAW_FACTS_MAX);
        return;
    }
    for (unsigned i = 0; i < term->fact_count && reader->error == NULL; i++) {
        LawNode fact = law_value(map, i);
        if (law_keys(reader, fact, "name values")) {
            facts[i].id = law_id(reader, law_key(map, i));
            facts[i].name = law_text(reader, law_get(fact, "name"));
            law_read_values(reader, law_get(fact, "values"), &facts[i].values, &facts[i].values_zh);
            if (law_pairs(law_get(fact, "values")) > VALUES_MAX) {
                law_wrong(reader, fact, "at most %d values", VALUES_MAX);
            }
        }
    }
    term->facts = law_keep(facts, sizeof facts);
}

static int fact_number(const LawTerm *term, const char *id) {
    for (unsigned i = 0; i < term->fact_count; i++) {
        if (strcmp(term->facts[i].id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

static int value_number(const LawFact *fact, const char *value) {
    for (int i = 0; fact->values[i] != NULL; i++) {
        if (strcmp(fact->values[i], value) == 0) {
            return i;
        }
    }
    return -1;
}

/* {fact: [value, …]}: a fact that is not named may have any value. */
static void read_when(LawReader *reader, LawNode when, const LawTerm *term, LawTermRow *row) {
    for (unsigned i = 0; i < law_pairs(when) && reader->error == NULL; i++) {
        const char *id = law_scalar(law_key(when, i));
        int number = fact_number(term, id);
        if (number < 0) {
            law_wrong(reader, law_key(when, i), "the term has no fact \"%s\"", id);
            return;
        }
        LawNode list = law_value(when, i);
        for (unsigned v = 0; law_list(reader, list) && v < law_count(list); v++) {
            int value = value_number(&term->facts[number], law_text(reader, law_at(list, v)));
            if (value < 0) {
                law_wrong(reader, law_at(list, v), "the fact has no such value");
                return;
            }
            row->wanted[number] |= UINT32_C(1) << value;
        }
    }
}

static void read_row(LawReader *reader, LawNode map, const LawTerm *term, LawTermRow *row) {
    static const char *const units[] = {"hours", "working-days", "calendar-days", "months", NULL};
    if (!law_keys(reader, map, "when? amount unit")) {
        return;
    }
    row->amount = (int)law_int(reader, law_get(map, "amount"), 1, AMOUNT_MAX);
    row->unit = (LawUnit)law_word(reader, law_get(map, "unit"), units);
    LawNode when = law_get(map, "when");
    if (law_is_there(when)) {
        if (law_pairs(when) == 0) {
            law_wrong(reader, when, "a map of facts is expected here");
        }
        read_when(reader, when, term, row);
    }
}

static bool row_hits(const LawTermRow *row, const int values[LAW_FACTS_MAX], unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (row->wanted[i] != 0 && (row->wanted[i] >> values[i] & 1) == 0) {
            return false;
        }
    }
    return true;
}

/* The next combination of values; false after the last. */
static bool step(const LawTerm *term, int values[LAW_FACTS_MAX]) {
    for (unsigned i = 0; i < term->fact_count; i++) {
        if (term->facts[i].values[++values[i]] != NULL) {
            return true;
        }
        values[i] = 0;
    }
    return false;
}

/* Every combination of facts hits a row, and every row is the first for some combination. */
static void check_table(LawReader *reader, LawNode table, const LawTerm *term) {
    int values[LAW_FACTS_MAX] = {0};
    uint64_t used = 0;
    do {
        unsigned row = 0;
        while (row < term->row_count && !row_hits(&term->rows[row], values, term->fact_count)) {
            row++;
        }
        if (row == term->row_count) {
            law_wrong(reader,
                      table,
                      "no row for %s = %s",
                      term->facts[0].id,
                      term->facts[0].values[values[0]]);
            return;
        }
        used |= UINT64_C(1) << row;
    } while (step(term, values));
    for (unsigned row = 0; row < term->row_count; row++) {
        if ((used >> row & 1) == 0) {
            law_wrong(reader,
                      law_at(table, row),
                      "this row is never reached: rows above take all its cases");
        }
    }
}

static void read_table(LawReader *reader, LawNode table, LawTerm *term) {
    LawTermRow rows[ROWS_MAX] = {0};
    term->row_count = law_list(reader, table) ? law_count(table) : 0;
    if (term->row_count > ROWS_MAX) {
        law_wrong(reader, table, "at most %d rows", ROWS_MAX);
        return;
    }
    for (unsigned i = 0; i < term->row_count && reader->error == NULL; i++) {
        read_row(reader, law_at(table, i), term, &rows[i]);
    }
    if (reader->error == NULL) {
        term->rows = law_keep(rows, term->row_count * sizeof *rows);
        check_table(reader, table, term);
    }
}

static void read_roll(LawReader *reader, LawNode roll, LawTerm *term) {
    if (!law_is_there(roll) || !law_keys(reader, roll, "basis confidence")) {
        return;
    }
    law_read_confidence(reader, law_get(roll, "confidence"));
    const char *const *basis = law_read_texts(reader, law_get(roll, "basis"));
    g_autofree char *joined = g_strjoinv("、", (char **)basis);
    term->rolls = true;
    term->roll_basis_zh = law_keep_text(joined);
}

void law_read_terms(LawReader *reader, LawBook *book, LawNode list) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        LawTerm term = {.row_count = 0};
        if (!law_keys(reader, map, "id name starts basis confidence valid facts? roll? table")) {
            return;
        }
        law_read_entry(reader, map, &term.entry);
        term.starts = law_text(reader, law_get(map, "starts"));
        if (law_is_there(law_get(map, "facts"))) {
            read_facts(reader, law_get(map, "facts"), &term);
        }
        read_roll(reader, law_get(map, "roll"), &term);
        if (reader->error == NULL) {
            read_table(reader, law_get(map, "table"), &term);
        }
        LawTerm *copy = law_keep(&term, sizeof term);
        g_ptr_array_add(book->terms, copy);
        g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    }
}

/* --- asking -------------------------------------------------------------------------------------
 */

const LawTerm *law_term_at(const LawBook *book, const char *id, int64_t time_us, GError **error) {
    bool is_known = false;
    for (guint i = 0; i < book->terms->len; i++) {
        const LawTerm *term = book->terms->pdata[i];
        if (strcmp(term->entry.id, id) == 0) {
            is_known = true;
            if (term->entry.from_us <= time_us && time_us < term->entry.to_us) {
                return term;
            }
        }
    }
    hz_fail(error,
            HZ_ERROR_NOT_FOUND,
            is_known ? "the time limit \"%s\" is not in force on that day"
                     : "there is no time limit \"%s\"",
            id);
    return NULL;
}

static bool
take_said(const LawTerm *term, const LawSaid *said, int values[LAW_FACTS_MAX], GError **error) {
    int number = fact_number(term, said->fact);
    if (number < 0) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "%s: there is no fact \"%s\"", term->entry.id, said->fact);
    }
    const LawFact *fact = &term->facts[number];
    values[number] = value_number(fact, said->value);
    if (values[number] < 0) {
        g_autofree char *known = g_strjoinv(", ", (char **)fact->values);
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "%s: fact \"%s\" is one of: %s",
                       term->entry.id,
                       fact->id,
                       known);
    }
    return true;
}

const LawTermRow *
law_term_row(const LawTerm *term, const LawSaid *said, size_t count, GError **error) {
    int values[LAW_FACTS_MAX] = {-1, -1, -1, -1};
    for (size_t i = 0; i < count; i++) {
        if (!take_said(term, &said[i], values, error)) {
            return NULL;
        }
    }
    for (unsigned i = 0; i < term->fact_count; i++) {
        if (values[i] < 0) {
            g_autofree char *known = g_strjoinv(", ", (char **)term->facts[i].values);
            hz_fail(error,
                    HZ_ERROR_INVALID,
                    "%s: the fact \"%s\" is needed: %s",
                    term->entry.id,
                    term->facts[i].id,
                    known);
            return NULL;
        }
    }
    for (unsigned row = 0; row < term->row_count; row++) {
        if (row_hits(&term->rows[row], values, term->fact_count)) {
            return &term->rows[row];
        }
    }
    g_assert_not_reached(); /* check_table has seen every combination */
}

void law_deadline_clear(LawDeadline *deadline) {
    law_due_clear(&deadline->due);
}

bool law_deadline(const LawBook *book,
                  const char *id,
                  int64_t from_us,
                  const LawSaid *said,
                  size_t count,
                  LawDeadline *ret_deadline,
                  GError **error) {
    const LawCalendar *calendar = law_calendar(error);
    const LawTerm *term = calendar == NULL ? NULL : law_term_at(book, id, from_us, error);
    const LawTermRow *row = term == NULL ? NULL : law_term_row(term, said, count, error);
    if (row == NULL) {
        return false;
    }
    *ret_deadline = (LawDeadline){
        .term = term,
        .row = row,
        .span = {
            .from_us = from_us, .unit = row->unit, .amount = row->amount, .rolls = term->rolls}};
    law_count_span(calendar, &ret_deadline->span, &ret_deadline->due);
    return true;
}
