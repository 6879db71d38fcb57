/* Worked examples: given facts and a day, expect a due day or an answer. */
#include "base/clock.h"
#include "law/law_case.h"
#include "law/law_internal.h"
#include "law/law_paper.h"

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

/* --- walks --------------------------------------------------------------------------------------
 */

#define PEOPLE_MAX 8

/* Texts, lists of texts, and maps of these as they stand. */
static json_t *read_value(LawReader *reader, LawNode value) {
    if (law_pairs(value) > 0) {
        json_t *map = json_object();
        for (unsigned i = 0; i < law_pairs(value); i++) {
            json_put(map, law_scalar(law_key(value, i)), read_value(reader, law_value(value, i)));
        }
        return map;
    }
    if (law_count(value) > 0) {
        json_t *list = json_array();
        for (unsigned i = 0; i < law_count(value); i++) {
            json_array_append_new(list, read_value(reader, law_at(value, i)));
        }
        return list;
    }
    return json_string(law_text(reader, value));
}

/* A checklist of an example: {rest: pass, escape-routes: {answer: fail, …}}. */
static void fill_checklist(const LawField *field, json_t *answers, int64_t time_us) {
    const char *rest = json_get_text(answers, "rest", NULL);
    g_autoptr(LawChecklist) list = rest == NULL ? NULL : law_field_list(field, time_us, NULL);
    for (unsigned i = 0; list != NULL && i < list->count; i++) {
        if (json_object_get(answers, list->items[i]->id) == NULL) {
            json_t *answer = json_object();
            json_put_text(answer, "answer", rest);
            json_put(answers, list->items[i]->id, answer);
        }
    }
    json_object_del(answers, "rest");
}

/* What the act's form asks for, as a browser would send it. */
static json_t *read_data(
    LawReader *reader, const LawBook *book, LawNode map, const LawForm *form, int64_t time_us) {
    json_t *data = json_object();
    for (unsigned i = 0; i < law_pairs(map); i++) {
        const char *id = law_scalar(law_key(map, i));
        const LawField *field = form == NULL ? NULL : law_form_field(form, id);
        json_t *value = read_value(reader, law_value(map, i));
        if (field != NULL && field->type == LAW_FIELD_CHECKLIST) {
            fill_checklist(field, value, time_us);
        }
        json_put(data, id, value);
    }
    if (form != NULL) {
        law_form_compute(book, form, data, time_us);
    }
    return data;
}

typedef struct Walk {
    LawReader *reader;
    const LawBook *book;
    const LawExample *example;
    LawCase *matter;
    LawRefusal refusal; /* of the last act */
    LawNode refused;    /* that act */
    json_t *papers;     /* text of each paper that was made, the last of each id */
} Walk;

/* Writes what the act makes, so that an example can say what must stand in it. */
static void
write_papers(Walk *walk, const LawStep *step, const LawForm *form, const LawDone *done) {
    const LawBook *book = walk->book;
    for (unsigned i = 0; i < step->paper_count; i++) {
        if (!law_step_makes(&step->papers[i], done->data)) {
            continue;
        }
        g_autoptr(GError) problem = NULL;
        const LawPaper *paper = law_paper_at(book, step->papers[i].id, done->time_us, &problem);
        g_autofree char *text = paper == NULL
                                    ? NULL
                                    : law_paper_write(paper,
                                                      form,
                                                      done->data,
                                                      &(LawPaperFacts){.unit = "示例单位",
                                                                       .agency = "示例消防救援机构",
                                                                       .matter = "示例第1号",
                                                                       .number = "",
                                                                       .officers = "",
                                                                       .time_us = done->time_us},
                                                      &problem);
        if (text == NULL) {
            law_wrong(walk->reader, walk->example->node, "%s", problem->message);
            return;
        }
        json_put_text(walk->papers, paper->entry.id, text);
    }
}

/* "{correction-order: 2026年6月15日前}": each text stands in its paper. */
static void check_paper_texts(const Walk *walk, LawNode wanted) {
    for (unsigned i = 0; i < law_pairs(wanted); i++) {
        const char *id = law_scalar(law_key(wanted, i));
        const char *text = json_get_text(walk->papers, id, NULL);
        const char *part = law_text(walk->reader, law_value(wanted, i));
        if (text == NULL || strstr(text, part) == NULL) {
            law_wrong(walk->reader,
                      law_value(wanted, i),
                      "example %s: the paper \"%s\" %s%s",
                      walk->example->id,
                      id,
                      text == NULL ? "was not made" : "reads: ",
                      text == NULL ? "" : text);
        }
    }
}

/* One act of the example; false when the walk ends here. */
static bool walk_act(Walk *walk, LawNode map) {
    LawReader *reader = walk->reader;
    if (!law_keys(reader, map, "act at by officers? data?")) {
        return false;
    }
    int64_t officers[PEOPLE_MAX];
    LawNode list = law_get(map, "officers");
    unsigned count = MIN(law_count(list), PEOPLE_MAX);
    for (unsigned i = 0; i < count; i++) {
        officers[i] = law_int(reader, law_at(list, i), 1, 1000);
    }
    const char *id = law_text(reader, law_get(map, "act"));
    int64_t time_us = read_moment(reader, law_get(map, "at"));
    const LawStep *step = law_step(law_case_procedure(walk->matter), id);
    const LawForm *form = step == NULL || step->form == NULL
                              ? NULL
                              : law_form_at(walk->book, step->form, time_us, NULL);
    g_autoptr(json_t) data = read_data(reader, walk->book, law_get(map, "data"), form, time_us);
    LawDone done = {.step = id,
                    .time_us = time_us,
                    .data = data,
                    .actor = law_int(reader, law_get(map, "by"), 0, 1000),
                    .officers = officers,
                    .officer_count = count};
    g_autoptr(GError) problem = NULL;
    if (reader->error != NULL) {
        return false;
    }
    if (law_case_apply(walk->matter, &done, &walk->refusal, &problem)) {
        g_assert(step != NULL); /* it was taken */
        write_papers(walk, step, form, &done);
        return true;
    }
    walk->refused = map;
    if (problem != NULL) {
        law_wrong(reader, map, "example %s: %s", walk->example->id, problem->message);
    }
    return false;
}

static void check_refusal(const Walk *walk, LawNode wanted) {
    const LawRefusal *refusal = &walk->refusal;
    const char *rule = law_is_there(wanted) ? law_text(walk->reader, wanted) : NULL;
    if (g_strcmp0(rule, refusal->reason_zh == NULL ? NULL : refusal->rule) == 0) {
        return;
    }
    g_autofree char *problems = refusal->problems == NULL ? NULL : json_write(refusal->problems);
    law_wrong(walk->reader,
              law_is_there(walk->refused) ? walk->refused : walk->example->node,
              "example %s: %s%s%s%s",
              walk->example->id,
              refusal->reason_zh == NULL ? "no act is refused" : refusal->rule,
              refusal->reason_zh == NULL ? "" : ": ",
              refusal->reason_zh == NULL ? "" : refusal->reason_zh,
              problems == NULL ? "" : problems);
}

static const LawClock *last_clock(const LawCase *matter, const char *id) {
    const GArray *clocks = law_case_clocks(matter);
    for (guint i = clocks->len; i > 0; i--) {
        const LawClock *clock = &g_array_index(clocks, LawClock, i - 1);
        if (strcmp(clock->id, id) == 0) {
            return clock;
        }
    }
    return NULL;
}

static char *clock_text(const LawClock *clock) {
    static const char *const states[] = {"running", "paused", "met", "late", "replaced"};
    char day[11];
    law_day_write(clock->due.last_day, day);
    g_autofree char *minute = clock_format_minute(clock->due.due_us);
    minute[10] = 'T';
    return g_strdup_printf("%s %s",
                           states[clock->state],
                           !clock->due.is_known            ? "unknown"
                           : clock->span.unit == LAW_HOURS ? minute
                                                           : day);
}

/* "{complaint-verification: met 2026-10-01T18:05}" */
static void check_clocks(const Walk *walk, LawNode wanted) {
    for (unsigned i = 0; i < law_pairs(wanted); i++) {
        const char *id = law_scalar(law_key(wanted, i));
        const LawClock *clock = last_clock(walk->matter, id);
        g_autofree char *is = clock == NULL ? g_strdup("not started") : clock_text(clock);
        const char *text = law_text(walk->reader, law_value(wanted, i));
        if (strcmp(is, text) != 0) {
            law_wrong(walk->reader,
                      law_value(wanted, i),
                      "example %s: %s is %s, not %s",
                      walk->example->id,
                      id,
                      is,
                      text);
        }
    }
}

static void run_walk(LawReader *reader, const LawBook *book, const LawExample *example) {
    LawNode acts = law_get(example->walk, "acts");
    if (!law_keys(reader, example->walk, "procedure acts") || !law_list(reader, acts) ||
        !law_keys(reader, example->expect, "state clocks? refused? papers? leads-to? handlers?")) {
        return;
    }
    int64_t opened_us = read_moment(reader, law_get(law_at(acts, 0), "at"));
    const char *procedure = law_text(reader, law_get(example->walk, "procedure"));
    g_autoptr(GError) problem = NULL;
    g_autoptr(LawCase) matter =
        reader->error != NULL ? NULL : law_case_new(book, procedure, opened_us, &problem);
    if (matter == NULL) {
        law_wrong(reader, example->walk, "%s", problem == NULL ? "no procedure" : problem->message);
        return;
    }
    g_autoptr(json_t) papers = json_object();
    Walk walk = {
        .reader = reader, .book = book, .example = example, .matter = matter, .papers = papers};
    for (unsigned i = 0; i < law_count(acts) && walk_act(&walk, law_at(acts, i)); i++) {
    }
    if (reader->error == NULL) {
        check_refusal(&walk, law_get(example->expect, "refused"));
    }
    law_refusal_clear(&walk.refusal);
    const LawState *state = law_case_state(matter);
    LawNode wanted = law_get(example->expect, "state");
    const char *is = state == NULL ? "none" : state->id;
    if (reader->error == NULL && strcmp(law_text(reader, wanted), is) != 0) {
        law_wrong(
            reader, wanted, "example %s (%s): the state is \"%s\"", example->id, book->city, is);
    }
    if (reader->error == NULL) {
        check_clocks(&walk, law_get(example->expect, "clocks"));
        check_paper_texts(&walk, law_get(example->expect, "papers"));
        law_check_following(reader, example, matter);
    }
}

static bool same_word(LawNode a, LawNode b, const char *key) {
    const char *one = law_scalar(law_get(a, key));
    return one != NULL && g_strcmp0(one, law_scalar(law_get(b, key))) == 0;
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
        if (law_is_there(example->decide) && same_word(example->decide, own->decide, "table")) {
            return true;
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
        } else if (law_is_there(example->decide)) {
            law_run_decide(&reader, book, example);
            report->decisions++;
        } else if (law_is_there(example->walk)) {
            run_walk(&reader, book, example);
            report->walks++;
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
