/* Worked examples: given facts and a day, expect a due day or an answer. */
#include "base/clock.h"
#include "law/law_internal.h"

#include <string.h>

#define FACTS_SAID_MAX 8

/* "2026-09-25" or "2026-09-25T15:00", Asia/Shanghai. */
static int64_t read_moment(LawReader *reader, LawNode node) {
    const char *text = law_text(reader, node);
    int64_t time_us = 0;
    g_autofree char *full = strlen(text) == 16 ? g_strconcat(text, ":00", NULL) : g_strdup(text);
    if (!clock_parse(full, &time_us)) {
        law_wrong(reader, node, "\"%s\" is no day or time of the form 2026-11-22T09:15", text);
    }
    return time_us;
}

char *law_due_text(const LawDeadline *deadline) {
    if (!deadline->due.is_known) {
        return g_strdup("unknown");
    }
    if (deadline->row->unit == LAW_HOURS) {
        char *text = clock_format_minute(deadline->due.due_us);
        text[10] = 'T';
        return text;
    }
    char day[11];
    law_day_write(deadline->due.last_day, day);
    return g_strdup(day);
}

static void run_deadline(LawReader *reader, const LawBook *book, const LawExample *example) {
    LawNode asked = example->deadline;
    if (!law_keys(reader, asked, "rule from facts?") || !law_keys(reader, example->expect, "due")) {
        return;
    }
    LawSaid said[FACTS_SAID_MAX] = {0};
    LawNode facts = law_get(asked, "facts");
    size_t count = MIN(law_pairs(facts), FACTS_SAID_MAX);
    for (unsigned i = 0; i < count; i++) {
        said[i] = (LawSaid){law_scalar(law_key(facts, i)), law_text(reader, law_value(facts, i))};
    }
    g_auto(LawDeadline) deadline = {0};
    g_autoptr(GError) problem = NULL;
    const char *rule = law_text(reader, law_get(asked, "rule"));
    int64_t from_us = read_moment(reader, law_get(asked, "from"));
    const char *expected = law_text(reader, law_get(example->expect, "due"));
    if (reader->error != NULL) {
        return;
    }
    if (!law_deadline(book, rule, from_us, said, count, &deadline, &problem)) {
        law_wrong(reader, asked, "example %s (%s): %s", example->id, book->city, problem->message);
        return;
    }
    g_autofree char *due = law_due_text(&deadline);
    if (strcmp(due, expected) != 0) {
        law_wrong(reader,
                  law_get(example->expect, "due"),
                  "example %s (%s): %s is due %s, not %s",
                  example->id,
                  book->city,
                  rule,
                  due,
                  expected);
    }
}

/* The article that the answer must rest on, when the example names one. */
static void check_reason(LawReader *reader, const LawExample *example, const LawMay *may) {
    LawNode basis = law_get(example->expect, "basis");
    if (!law_is_there(basis)) {
        return;
    }
    const char *wanted = law_text(reader, basis);
    if (may->power == NULL || !g_strv_contains(may->power->entry.basis, wanted)) {
        law_wrong(reader, basis, "example %s: the answer does not rest on %s", example->id, wanted);
    }
}

static void run_may(LawReader *reader, const LawBook *book, const LawExample *example) {
    LawNode asked = example->may;
    if (!law_keys(reader, asked, "act agency mode date") ||
        !law_keys(reader, example->expect, "allowed basis?")) {
        return;
    }
    const char *act = law_text(reader, law_get(asked, "act"));
    const char *agency = law_text(reader, law_get(asked, "agency"));
    LawMode mode = LAW_STATUTORY;
    if (!law_mode_parse(law_text(reader, law_get(asked, "mode")), &mode)) {
        law_wrong(reader, law_get(asked, "mode"), "mode is statutory, empowered or delegated");
    }
    int64_t time_us = law_day(reader, law_get(asked, "date"));
    bool expected = law_bool(reader, law_get(example->expect, "allowed"));
    if (reader->error != NULL) {
        return;
    }
    LawMay may = {0};
    g_autoptr(GError) problem = NULL;
    if (!law_may(book, act, agency, mode, time_us, &may, &problem)) {
        law_wrong(reader, asked, "example %s (%s): %s", example->id, book->city, problem->message);
    } else if (may.allowed != expected) {
        law_wrong(reader,
                  law_get(example->expect, "allowed"),
                  "example %s (%s): %s by %s is %s: %s",
                  example->id,
                  book->city,
                  act,
                  agency,
                  may.allowed ? "allowed" : "not allowed",
                  may.reason);
    } else {
        check_reason(reader, example, &may);
    }
}

static bool same_word(LawNode a, LawNode b, const char *key) {
    return g_strcmp0(law_scalar(law_get(a, key)), law_scalar(law_get(b, key))) == 0;
}

/* A national example need not hold where the city has put a rule of its own. */
static bool is_overlaid(const LawBook *book, const LawExample *example) {
    if (strcmp(example->city, book->city) == 0) {
        return false;
    }
    for (guint i = 0; i < book->examples->len; i++) {
        const LawExample *own = book->examples->pdata[i];
        if (strcmp(own->city, book->city) != 0) {
            continue;
        }
        if (law_is_there(example->deadline) ? same_word(example->deadline, own->deadline, "rule")
                                            : same_word(example->may, own->may, "act") &&
                                                  same_word(example->may, own->may, "agency") &&
                                                  same_word(example->may, own->may, "mode")) {
            return true;
        }
    }
    return false;
}

void law_run_examples(const LawBook *book, LawCheckReport *report, GPtrArray *failed) {
    for (guint i = 0; i < book->examples->len; i++) {
        const LawExample *example = book->examples->pdata[i];
        LawReader reader = {NULL};
        if (is_overlaid(book, example)) {
            continue;
        }
        if (law_is_there(example->deadline)) {
            run_deadline(&reader, book, example);
            report->deadlines++;
        } else {
            run_may(&reader, book, example);
            report->powers++;
        }
        report->examples++;
        if (reader.error != NULL) {
            g_ptr_array_add(failed, g_strdup(reader.error->message));
            g_error_free(reader.error);
        }
    }
}
