/* Worked examples of decision tables: facts and a day, expect the answers or an open question. */
#include "law/law_internal.h"
#include "law/law_table_internal.h"

#include <string.h>

/* Every output that the example names has that answer; "ask: true": a person decides. */
static void check_answers(LawReader *reader,
                          const LawExample *example,
                          const LawTable *table,
                          const LawTableRow *row) {
    LawNode expect = example->expect;
    for (unsigned i = 0; i < law_pairs(expect) && reader->error == NULL; i++) {
        const char *id = law_scalar(law_key(expect, i));
        LawNode wanted = law_value(expect, i);
        bool is_ask = strcmp(id, "ask") == 0;
        const char *answer =
            is_ask ? (row->ask != NULL ? "true" : "false") : law_table_answer(table, row, id);
        if (g_strcmp0(answer, law_text(reader, wanted)) != 0) {
            law_wrong(reader,
                      wanted,
                      "example %s: %s is %s (row %u)",
                      example->id,
                      id,
                      answer == NULL ? "left open" : answer,
                      (unsigned)(row - table->rows) + 1);
        }
    }
}

void law_run_decide(LawReader *reader, const LawBook *book, const LawExample *example) {
    LawNode asked = example->decide;
    LawNode facts = law_get(asked, "facts");
    LawSaid said[LAW_TABLE_INPUTS] = {0};
    if (!law_keys(reader, asked, "table date facts")) {
        return;
    }
    if (law_pairs(facts) == 0 || law_pairs(facts) > LAW_TABLE_INPUTS ||
        law_pairs(example->expect) == 0) {
        law_wrong(reader, asked, "1 to %d facts and an expected answer", LAW_TABLE_INPUTS);
        return;
    }
    for (unsigned i = 0; i < law_pairs(facts); i++) {
        said[i] = (LawSaid){law_scalar(law_key(facts, i)), law_text(reader, law_value(facts, i))};
    }
    const char *id = law_text(reader, law_get(asked, "table"));
    int64_t time_us = law_day(reader, law_get(asked, "date"));
    g_autoptr(GError) problem = NULL;
    if (reader->error != NULL) {
        return;
    }
    const LawTable *table = law_table_at(book, id, time_us, &problem);
    const LawTableRow *row =
        table == NULL ? NULL : law_table_decide(table, said, law_pairs(facts), &problem);
    if (row == NULL) {
        law_wrong(reader, asked, "example %s (%s): %s", example->id, book->city, problem->message);
        return;
    }
    check_answers(reader, example, table, row);
}
