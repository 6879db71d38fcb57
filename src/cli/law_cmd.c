/* huozheng law check | deadline RULE --from DATE | may ACT --agency KIND --mode MODE | decide TABLE
 */
#include "alarm/alarm_law.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "cli/commands.h"
#include "law/law_book.h"
#include "law/law_table.h"
#include "registry/region_adjacent.h"
#include "sensing/sensing_law.h"

#include <stdio.h>
#include <string.h>

#define FACTS_MAX 16

typedef struct LawOptions {
    char *folder, *city, *from, *agency, *mode, *date;
    char **facts;
    gboolean json;
    char **rest; /* action and its argument */
} LawOptions;

static void options_clear(LawOptions *options) {
    g_free(options->folder);
    g_free(options->city);
    g_free(options->from);
    g_free(options->agency);
    g_free(options->mode);
    g_free(options->date);
    g_strfreev(options->facts);
    g_strfreev(options->rest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LawOptions, options_clear)

static int fail(const GError *error) {
    fprintf(stderr, "huozheng: %s\n", error->message);
    return g_error_matches(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE) ? 3 : 1;
}

static int usage(const char *what) {
    fprintf(stderr, "huozheng: %s; see huozheng law --help\n", what);
    return 2;
}

static void print_json(json_t *document) {
    g_autofree char *text = json_write(document);
    puts(text);
    json_decref(document);
}

static json_t *texts_json(const char *const *texts) {
    json_t *list = json_array();
    for (size_t i = 0; texts[i] != NULL; i++) {
        json_array_append_new(list, json_string(texts[i]));
    }
    return list;
}

/* --- check --------------------------------------------------------------------------------------
 */

/* What only the registry knows: the districts that the cities name. */
static bool check_regions(GError **error) {
    const char *const *cities = law_cities(error);
    for (size_t i = 0; cities != NULL && cities[i] != NULL; i++) {
        const LawBook *book = law_book(cities[i], error);
        if (book == NULL || !region_adjacent_check(book, error)) {
            return false;
        }
    }
    return cities != NULL;
}

/* Everything that was checked, of books and of the files that rooms read themselves. */
typedef struct Checked {
    LawCheckReport report;
    const LawRan *ran[2]; /* alarm, sensing; NULL: the books were wrong already */
    GPtrArray *failed;    /* of char *, borrowed: examples that do not come out */
    unsigned examples;
} Checked;

static void add_ran(Checked *checked, const LawRan *ran) {
    checked->examples += ran == NULL ? 0 : ran->examples;
    for (guint i = 0; ran != NULL && ran->failed != NULL && i < ran->failed->len; i++) {
        g_ptr_array_add(checked->failed, ran->failed->pdata[i]);
    }
}

/* The first mistake is the error; examples of all files are run and told. */
static bool check_files(Checked *checked, GError **error) {
    g_autoptr(GError) first = NULL;
    g_autoptr(GError) second = NULL;
    bool holds = law_check_all(&checked->report, error) && law_check(error);
    checked->examples = checked->report.examples;
    for (size_t i = 0; checked->report.failed[i] != NULL; i++) {
        g_ptr_array_add(checked->failed, (gpointer)checked->report.failed[i]);
    }
    if (holds) {
        (void)alarm_rules_check(&checked->ran[0], &first);
        (void)sensing_law_check(&checked->ran[1], &second);
        add_ran(checked, checked->ran[0]);
        add_ran(checked, checked->ran[1]);
    }
    if (first != NULL || second != NULL) {
        g_propagate_error(error,
                          first != NULL ? g_steal_pointer(&first) : g_steal_pointer(&second));
        return false;
    }
    return holds && check_regions(error);
}

static int fail_check(const LawOptions *options, const Checked *checked, const GError *error) {
    if (options->json) {
        json_t *document = json_object();
        json_t *failed = json_array();
        for (guint i = 0; i < checked->failed->len; i++) {
            json_array_append_new(failed, json_string(checked->failed->pdata[i]));
        }
        json_put_bool(document, "valid", false);
        json_put_text(document, "error", error->message);
        json_put(document, "failed", failed);
        print_json(document);
    }
    for (guint i = 1; i < checked->failed->len; i++) {
        fprintf(stderr, "huozheng: %s\n", (char *)checked->failed->pdata[i]);
    }
    return fail(error);
}

static int check(const LawOptions *options) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) failed = g_ptr_array_new();
    Checked checked = {.failed = failed};
    const LawCheckReport *report = &checked.report;
    int64_t begun = g_get_monotonic_time();
    if (!check_files(&checked, &error)) {
        return fail_check(options, &checked, error);
    }
    int64_t ms = (g_get_monotonic_time() - begun) / 1000;
    const char *const *cities = law_cities(&error);
    if (options->json) {
        json_t *document = json_object();
        json_put_bool(document, "valid", true);
        json_put(document, "books", texts_json(cities));
        json_put_int(document, "entries", report->entries);
        json_put_int(document, "examples", checked.examples);
        json_put_int(document, "alarm_examples", checked.ran[0]->examples);
        json_put_int(document, "limit_examples", checked.ran[1]->examples);
        json_put_int(document, "ms", ms);
        print_json(document);
        return 0;
    }
    g_autofree char *names = g_strjoinv(", ", (char **)cities);
    printf("%s: %u entries hold together; %u examples come out (%u time limits, %u powers, %u "
           "tables, %u courses, %u alarms, %u limits); "
           "%" G_GINT64_FORMAT " ms\n",
           names,
           report->entries,
           checked.examples,
           report->deadlines,
           report->powers,
           report->decisions,
           report->walks,
           checked.ran[0]->examples,
           checked.ran[1]->examples,
           ms);
    return 0;
}

/* --- deadline -----------------------------------------------------------------------------------
 */

/* "2026-09-25" or "2026-09-25T15:00", Asia/Shanghai, or RFC 3339. */
static bool read_moment(const char *text, int64_t *ret_time_us) {
    g_autofree char *full = strlen(text) == strlen("2026-09-25T15:00")
                                ? g_strconcat(text, ":00", NULL)
                                : g_strdup(text);
    return clock_parse(full, ret_time_us);
}

/* Cuts "name=value" in place. */
static bool read_facts(char **facts, LawSaid said[FACTS_MAX], size_t *ret_count) {
    size_t count = 0;
    for (char **fact = facts; fact != NULL && *fact != NULL; fact++) {
        char *equals = strchr(*fact, '=');
        if (equals == NULL || count == FACTS_MAX) {
            return false;
        }
        *equals = '\0';
        said[count++] = (LawSaid){*fact, equals + 1};
    }
    *ret_count = count;
    return true;
}

static json_t *counted_json(const LawDeadline *deadline) {
    json_t *list = json_array();
    for (guint i = 0; i < deadline->due.counted->len; i++) {
        char day[11];
        law_day_write(g_array_index(deadline->due.counted, LawDay, i), day);
        json_array_append_new(list, json_string(day));
    }
    return list;
}

static void print_deadline(const LawOptions *options, const LawDeadline *deadline) {
    const LawTerm *term = deadline->term;
    const LawDue *due = &deadline->due;
    g_autofree char *text = law_due_text(deadline);
    if (!options->json) {
        printf("%s：%s起 %d %s，%s %s\n依据：%s（%s）\n",
               term->entry.name,
               term->starts,
               deadline->row->amount,
               law_unit_zh(deadline->row->unit),
               due->is_known ? "最迟" : "不能推算",
               due->is_known ? text : "",
               term->entry.basis_zh,
               law_confidence_zh(term->entry.confidence));
        for (guint i = 0; i < due->trace->len; i++) {
            printf("  %s\n", (char *)due->trace->pdata[i]);
        }
        return;
    }
    json_t *trace = json_array();
    for (guint i = 0; i < due->trace->len; i++) {
        json_array_append_new(trace, json_string(due->trace->pdata[i]));
    }
    json_t *document = json_object();
    json_put_text(document, "rule", term->entry.id);
    json_put_text(document, "name", term->entry.name);
    json_put_text(document, "due", due->is_known ? text : NULL);
    json_put_text(document, "unit", law_unit_word(deadline->row->unit));
    json_put_int(document, "amount", deadline->row->amount);
    json_put(document, "counted", counted_json(deadline));
    json_put(document, "basis", texts_json(term->entry.basis));
    json_put_text(document, "confidence", law_confidence_word(term->entry.confidence));
    json_put_text(document, "rolls", term->roll_basis_zh);
    json_put(document, "trace", trace);
    print_json(document);
}

static int deadline(const LawOptions *options, const char *rule) {
    g_autoptr(GError) error = NULL;
    g_auto(LawDeadline) answer = {0};
    LawSaid said[FACTS_MAX];
    size_t count = 0;
    int64_t from_us;
    if (options->from == NULL || !read_moment(options->from, &from_us)) {
        return usage("law deadline needs --from 2026-11-22 or --from 2026-11-22T09:15");
    }
    if (!read_facts(options->facts, said, &count)) {
        return usage("a fact is written as name=value");
    }
    const LawBook *book = law_book(options->city, &error);
    if (book == NULL || !law_deadline(book, rule, from_us, said, count, &answer, &error)) {
        return fail(error);
    }
    print_deadline(options, &answer);
    if (!answer.due.is_known) {
        fprintf(stderr,
                "huozheng: WARNING: the holidays of %d are not known yet; this is not guessed\n",
                answer.due.unknown_year);
        return 1;
    }
    return 0;
}

/* --- may ----------------------------------------------------------------------------------------
 */

static int may(const LawOptions *options, const char *act) {
    g_autoptr(GError) error = NULL;
    LawMode mode;
    int64_t time_us = clock_now_us();
    if (options->agency == NULL || options->mode == NULL || !law_mode_parse(options->mode, &mode)) {
        return usage("law may needs --agency KIND and --mode statutory, empowered or delegated");
    }
    if (options->date != NULL && !clock_parse(options->date, &time_us)) {
        return usage("--date is no day of the form 2026-11-22");
    }
    const LawBook *book = law_book(options->city, &error);
    LawMay answer;
    if (book == NULL || !law_may(book, act, options->agency, mode, time_us, &answer, &error)) {
        return fail(error);
    }
    static const char *const nothing[] = {NULL};
    const LawPower *power = answer.power;
    if (options->json) {
        json_t *document = json_object();
        json_put_bool(document, "allowed", answer.allowed);
        json_put_text(document, "reason", answer.reason);
        json_put(document, "basis", texts_json(power == NULL ? nothing : power->entry.basis));
        json_put_text(document, "rule", power == NULL ? NULL : power->entry.id);
        json_put_text(document,
                      "confidence",
                      power == NULL ? NULL : law_confidence_word(power->entry.confidence));
        print_json(document);
    } else {
        printf(
            "%s（%s）：%s\n", answer.allowed ? "可以" : "不可以", law_mode_zh(mode), answer.reason);
        if (power != NULL) {
            printf("依据：%s（%s）\n",
                   power->entry.basis_zh,
                   law_confidence_zh(power->entry.confidence));
        }
    }
    return 0;
}

/* --- decide -------------------------------------------------------------------------------------
 */

static void
print_decision(const LawOptions *options, const LawTable *table, const LawTableRow *row) {
    g_autofree char *trace = law_table_trace_zh(table, row);
    if (options->json) {
        json_t *answers = json_object();
        for (unsigned i = 0; i < table->output_count; i++) {
            const char *id = table->outputs[i].id;
            json_put_text(answers, id, law_table_answer(table, row, id));
        }
        json_t *document = json_object();
        json_put_text(document, "table", table->entry.id);
        json_put_text(document, "name", table->entry.name);
        json_put_int(document, "row", (row - table->rows) + 1);
        json_put(document, "answers", answers);
        json_put_text(document, "ask", row->ask);
        json_put_text(document, "basis", row->basis_zh);
        json_put_text(document, "confidence", law_confidence_word(row->confidence));
        json_put_text(document, "trace", trace);
        print_json(document);
        return;
    }
    g_autofree char *answers = law_table_answers_zh(table, row);
    printf("%s\n%s\n", answers, trace);
}

/* 1 when the source leaves it open. */
static int decide(const LawOptions *options, const char *id) {
    g_autoptr(GError) error = NULL;
    LawSaid said[FACTS_MAX];
    size_t count = 0;
    int64_t time_us = clock_now_us();
    if (!read_facts(options->facts, said, &count)) {
        return usage("a fact is written as name=value");
    }
    if (options->date != NULL && !clock_parse(options->date, &time_us)) {
        return usage("--date is no day of the form 2026-11-22");
    }
    const LawBook *book = law_book(options->city, &error);
    const LawTable *table = book == NULL ? NULL : law_table_at(book, id, time_us, &error);
    const LawTableRow *row = table == NULL ? NULL : law_table_decide(table, said, count, &error);
    if (row == NULL) {
        return fail(error);
    }
    print_decision(options, table, row);
    return row->ask == NULL ? 0 : 1;
}

/* --- the command --------------------------------------------------------------------------------
 */

static int run_action(const LawOptions *options) {
    char **rest = options->rest;
    unsigned count = rest == NULL ? 0 : g_strv_length(rest);
    if (count == 1 && strcmp(rest[0], "check") == 0) {
        return check(options);
    }
    if (count == 2 && strcmp(rest[0], "deadline") == 0) {
        return deadline(options, rest[1]);
    }
    if (count == 2 && strcmp(rest[0], "may") == 0) {
        return may(options, rest[1]);
    }
    if (count == 2 && strcmp(rest[0], "decide") == 0) {
        return decide(options, rest[1]);
    }
    return usage("law check, law deadline RULE, law may ACT or law decide TABLE");
}

static int run(int argc, char **argv) {
    g_auto(LawOptions) options = {0};
    const GOptionEntry entries[] = {
        {"law",
         0,
         0,
         G_OPTION_ARG_FILENAME,
         &options.folder,
         "Read the rules from this folder",
         "DIR"},
        {"city",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options.city,
         "Rules of a city (default: national)",
         "CITY"},
        {"from",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options.from,
         "deadline: counted from",
         "DATE[THH:MM]"},
        {"fact",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options.facts,
         "deadline, decide: a fact",
         "NAME=VALUE"},
        {"agency", 0, 0, G_OPTION_ARG_STRING, &options.agency, "may: kind of agency", "KIND"},
        {"mode",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options.mode,
         "may: statutory, empowered, delegated",
         "MODE"},
        {"date",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options.date,
         "may: day of the act (default: today)",
         "DATE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document on stdout", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.rest, NULL, NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(
        "check | deadline RULE | may ACT | decide TABLE - ask the law as data");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "huozheng: %s; see huozheng law --help\n", error->message);
        return 2;
    }
    if (options.folder != NULL && !law_use_folder(options.folder, &error)) {
        return fail(error);
    }
    return run_action(&options);
}

const Command law_command = {
    .name = "law", .summary = "check, deadline, may, decide: the law as data", .run = run};
