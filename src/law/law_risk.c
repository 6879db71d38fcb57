#include "law/law_risk.h"

#include "base/error.h"
#include "law/law_form.h"
#include "law/law_internal.h"

#include <string.h>

#define TABLE "building-risk" /* the one table there is; a city's own replaces it */
#define POINTS_MAX 100
#define INDICATORS_MAX 100
#define HOURS_MAX 17520 /* two years */
#define NUMBER_MAX 1000000000

static const char *const colours[] = {"", "green", "yellow", "orange", "red", NULL};

const char *law_risk_colour_word(LawRiskColour colour) {
    return colours[colour];
}

/* --- reading ------------------------------------------------------------------------------------
 */

/* "building.floors": two words with a point. */
static const char *read_fact(LawReader *reader, LawNode node) {
    const char *text = law_text(reader, node);
    const char *dot = strchr(text, '.');
    if (reader->error == NULL && (dot == NULL || dot == text || dot[1] == '\0')) {
        law_wrong(reader, node, "a fact is written as what.which, such as building.floors");
    }
    return text;
}

static void read_row(LawReader *reader, LawNode map, bool is_number, LawRiskRow *row) {
    if (!law_keys(
            reader, map, is_number ? "min points says at_least?" : "is points says at_least?")) {
        return;
    }
    LawNode at_least = law_get(map, "at_least");
    *row = (LawRiskRow){.points = (int)law_int(reader, law_get(map, "points"), 0, POINTS_MAX),
                        .says = law_text(reader, law_get(map, "says"))};
    if (is_number) {
        row->min = law_int(reader, law_get(map, "min"), 0, NUMBER_MAX);
    } else {
        row->is = law_text(reader, law_get(map, "is"));
    }
    if (law_is_there(at_least)) {
        row->at_least = (LawRiskColour)law_word(reader, at_least, colours);
    }
}

/* Numbers fall to 0, so that every one meets a row; a word stands once. */
static void check_row(LawReader *reader, LawNode map, const LawRiskRow *rows, unsigned at) {
    bool is_number = rows[at].is == NULL;
    if (is_number && at > 0 && rows[at].min >= rows[at - 1].min) {
        law_wrong(reader, map, "the rows of a number fall from row to row");
    }
    for (unsigned i = 0; !is_number && i < at; i++) {
        if (strcmp(rows[i].is, rows[at].is) == 0) {
            law_wrong(reader, map, "the word \"%s\" stands twice", rows[at].is);
        }
    }
}

static void read_rows(LawReader *reader, LawNode list, LawRiskIndicator *indicator) {
    unsigned count = law_list(reader, list) ? law_count(list) : 0;
    g_autofree LawRiskRow *rows = g_new0(LawRiskRow, count + 1);
    for (unsigned i = 0; i < count && reader->error == NULL; i++) {
        read_row(reader, law_at(list, i), indicator->unit != NULL, &rows[i]);
        if (reader->error == NULL) {
            check_row(reader, law_at(list, i), rows, i);
        }
    }
    if (reader->error == NULL && indicator->unit != NULL && rows[count - 1].min != 0) {
        law_wrong(reader, list, "the last row of a number begins at 0");
    }
    indicator->rows = law_keep(rows, (count + 1) * sizeof *rows);
    indicator->row_count = count;
}

static void read_indicator(LawReader *reader, LawNode map, LawRiskIndicator *indicator) {
    if (!law_keys(reader, map, "id name fact unit? public basis absent? unknown rows")) {
        return;
    }
    LawNode basis = law_get(map, "basis");
    LawNode unknown = law_get(map, "unknown");
    *indicator = (LawRiskIndicator){
        .id = law_id(reader, law_get(map, "id")),
        .name = law_text(reader, law_get(map, "name")),
        .fact = read_fact(reader, law_get(map, "fact")),
        .unit = law_text_or_null(reader, law_get(map, "unit")),
        .is_public = law_bool(reader, law_get(map, "public")),
        .basis_zh = law_basis_text(reader, basis, law_read_texts(reader, basis)),
        .absent = law_text_or_null(reader, law_get(map, "absent")),
    };
    if (!law_keys(reader, unknown, "points says")) {
        return;
    }
    indicator->unknown_points = (int)law_int(reader, law_get(unknown, "points"), 0, POINTS_MAX);
    indicator->unknown_says = law_text(reader, law_get(unknown, "says"));
    read_rows(reader, law_get(map, "rows"), indicator);
}

static void read_indicators(LawReader *reader, LawNode list, LawRisk *risk) {
    unsigned count = law_list(reader, list) ? law_count(list) : 0;
    if (count > INDICATORS_MAX) {
        law_wrong(reader, list, "at most %d indicators", INDICATORS_MAX);
        return;
    }
    g_autofree LawRiskIndicator *all = g_new0(LawRiskIndicator, count + 1);
    for (unsigned i = 0; i < count && reader->error == NULL; i++) {
        read_indicator(reader, law_at(list, i), &all[i]);
        for (unsigned k = 0; k < i && reader->error == NULL; k++) {
            if (strcmp(all[k].id, all[i].id) == 0 || strcmp(all[k].fact, all[i].fact) == 0) {
                law_wrong(reader, law_at(list, i), "\"%s\" or its fact stands twice", all[i].id);
            }
        }
    }
    risk->indicators = law_keep(all, (count + 1) * sizeof *all);
    risk->count = count;
}

static void read_duties(LawReader *reader, LawNode list, LawRisk *risk) {
    static const char *const ids[LAW_RISK_DUTIES] = {"patrol", "handover", "maintenance"};
    if (law_count(list) != LAW_RISK_DUTIES) {
        law_wrong(reader, list, "the duties are patrol, handover and maintenance");
    }
    for (unsigned i = 0; reader->error == NULL && i < LAW_RISK_DUTIES; i++) {
        LawNode map = law_at(list, i);
        if (!law_keys(reader, map, "id name form hours unless? basis confidence")) {
            return;
        }
        LawNode basis = law_get(map, "basis");
        LawNode unless = law_get(map, "unless");
        risk->duties[i] =
            (LawRiskDuty){.id = law_id(reader, law_get(map, "id")),
                          .name = law_text(reader, law_get(map, "name")),
                          .form = law_id(reader, law_get(map, "form")),
                          .hours = (int)law_int(reader, law_get(map, "hours"), 1, HOURS_MAX),
                          .unless = law_is_there(unless) ? read_fact(reader, unless) : NULL,
                          .basis_zh = law_basis_text(reader, basis, law_read_texts(reader, basis)),
                          .confidence = law_read_confidence(reader, law_get(map, "confidence"))};
        if (reader->error == NULL && strcmp(risk->duties[i].id, ids[i]) != 0) {
            law_wrong(reader, law_get(map, "id"), "\"%s\" is expected here", ids[i]);
        }
    }
}

static void read_scale(LawReader *reader, LawNode root, LawRisk *risk) {
    LawNode scale = law_get(root, "colours");
    LawNode impact = law_get(root, "impact");
    risk->start = (int)law_int(reader, law_get(root, "start"), 1, 1000);
    risk->known_for_green =
        (unsigned)law_int(reader, law_get(root, "known_for_green"), 0, INDICATORS_MAX);
    if (!law_keys(reader, scale, "green yellow orange") ||
        !law_keys(reader, impact, "large middle")) {
        return;
    }
    risk->green = (int)law_int(reader, law_get(scale, "green"), 1, risk->start);
    risk->yellow = (int)law_int(reader, law_get(scale, "yellow"), 1, MAX(risk->green - 1, 1));
    risk->orange = (int)law_int(reader, law_get(scale, "orange"), 1, MAX(risk->yellow - 1, 1));
    risk->large = (int)law_int(reader, law_get(impact, "large"), 2, POINTS_MAX);
    risk->middle = (int)law_int(reader, law_get(impact, "middle"), 1, MAX(risk->large - 1, 1));
}

/* --- examples -----------------------------------------------------------------------------------
 */

/* "absent", a number, or a word. */
static LawRiskAnswer read_said(LawReader *reader, LawNode node, const LawRiskIndicator *indicator) {
    const char *text = law_text(reader, node);
    if (strcmp(text, "absent") == 0 && indicator->absent != NULL) {
        return (LawRiskAnswer){.known = LAW_RISK_ABSENT};
    }
    if (indicator->unit != NULL) {
        return (LawRiskAnswer){.known = LAW_RISK_NUMBER,
                               .number = law_int(reader, node, 0, NUMBER_MAX)};
    }
    return (LawRiskAnswer){.known = LAW_RISK_WORD, .word = text};
}

static void
take_said(LawReader *reader, const LawRisk *risk, LawNode said, LawRiskAnswer *answers) {
    for (unsigned i = 0; i < law_pairs(said) && reader->error == NULL; i++) {
        const char *fact = law_scalar(law_key(said, i));
        bool is_known = false;
        for (unsigned k = 0; k < risk->count; k++) {
            if (strcmp(risk->indicators[k].fact, fact) == 0) {
                answers[k] = read_said(reader, law_value(said, i), &risk->indicators[k]);
                is_known = true;
            }
        }
        if (!is_known) {
            law_wrong(reader, law_key(said, i), "no indicator has the fact \"%s\"", fact);
        }
    }
}

/* An example that does not come out is a mistake of the file. */
static void run_example(LawReader *reader, const LawRisk *risk, LawNode map) {
    LawNode expect = law_get(map, "expect");
    if (!law_keys(reader, map, "name said expect") || !law_keys(reader, expect, "score colour")) {
        return;
    }
    g_autofree LawRiskAnswer *answers = g_new0(LawRiskAnswer, risk->count);
    g_autofree LawRiskMark *marks = g_new0(LawRiskMark, risk->count);
    LawRiskResult result;
    LawNode said = law_get(map, "said");
    take_said(reader, risk, said, answers);
    int64_t score = law_int(reader, law_get(expect, "score"), 0, risk->start);
    int colour = law_word(reader, law_get(expect, "colour"), colours);
    if (reader->error != NULL) {
        return;
    }
    law_risk_judge(risk, answers, marks, &result);
    for (unsigned i = 0; i < risk->count; i++) {
        if (answers[i].known != marks[i].known) {
            law_wrong(reader, said, "\"%s\": no row has this answer", risk->indicators[i].fact);
        }
    }
    if (result.score != score || (int)result.colour != colour) {
        law_wrong(reader,
                  expect,
                  "the example does not come out: it is %d %s",
                  result.score,
                  colours[result.colour]);
    }
}

void law_read_risk(LawReader *reader, LawBook *book, LawNode root) {
    LawRisk risk = {.start = 0};
    if (!law_keys(reader,
                  root,
                  "building_risk edition name source basis confidence valid start colours "
                  "known_for_green impact duties indicators examples")) {
        return;
    }
    LawNode basis = law_get(root, "basis");
    LawNode examples = law_get(root, "examples");
    LawEntry *entry = &risk.entry;
    entry->id = law_id(reader, law_get(root, "building_risk"));
    entry->name = law_text(reader, law_get(root, "name"));
    entry->basis = law_read_texts(reader, basis);
    entry->basis_zh = law_basis_text(reader, basis, entry->basis);
    entry->confidence = law_read_confidence(reader, law_get(root, "confidence"));
    law_read_valid(reader, law_get(root, "valid"), &entry->from_us, &entry->to_us);
    if (reader->error == NULL && strcmp(entry->id, TABLE) != 0) {
        law_wrong(reader, law_get(root, "building_risk"), "the table is called " TABLE);
    }
    risk.edition = law_text(reader, law_get(root, "edition"));
    risk.source = law_text(reader, law_get(root, "source"));
    read_scale(reader, root, &risk);
    read_duties(reader, law_get(root, "duties"), &risk);
    read_indicators(reader, law_get(root, "indicators"), &risk);
    for (unsigned i = 0; law_list(reader, examples) && i < law_count(examples); i++) {
        run_example(reader, &risk, law_at(examples, i));
    }
    LawRisk *copy = law_keep(&risk, sizeof risk);
    g_ptr_array_add(book->risks, copy);
    g_hash_table_insert(book->places, copy, law_keep(&root, sizeof root));
}

/* --- across entries -----------------------------------------------------------------------------
 */

/* The words of rows that read a form are those of its field. */
static void check_words(LawReader *reader,
                        LawNode at,
                        const LawRiskIndicator *indicator,
                        const LawField *field) {
    static const char *const yes_no[] = {"yes", "no", NULL};
    const char *const *values = field->type == LAW_FIELD_YES_NO ? yes_no : field->values;
    for (unsigned i = 0; i < indicator->row_count && indicator->unit == NULL; i++) {
        if (values == NULL || !g_strv_contains(values, indicator->rows[i].is)) {
            law_wrong(reader, at, "the field has no value \"%s\"", indicator->rows[i].is);
        }
    }
    for (unsigned v = 0; indicator->unit == NULL && values != NULL && values[v] != NULL; v++) {
        bool is_met = false;
        for (unsigned i = 0; i < indicator->row_count; i++) {
            is_met = is_met || strcmp(indicator->rows[i].is, values[v]) == 0;
        }
        if (!is_met) {
            law_wrong(reader, at, "no row is for the value \"%s\" of the field", values[v]);
        }
    }
}

/* patrol.exits is the field exits of the form building-patrol. */
static void check_fact(LawReader *reader,
                       const LawBook *book,
                       const LawRisk *risk,
                       const LawRiskIndicator *indicator,
                       LawNode at) {
    g_auto(GStrv) parts = g_strsplit(indicator->fact, ".", 2);
    g_autofree char *id = g_strconcat("building-", parts[0], NULL);
    const LawForm *form = law_entry_at(book->forms, id, risk->entry.from_us);
    const LawField *field = form == NULL ? NULL : law_form_field(form, parts[1]);
    if (form != NULL && field == NULL) {
        law_wrong(reader, at, "the form \"%s\" has no field \"%s\"", id, parts[1]);
    } else if (field != NULL) {
        check_words(reader, at, indicator, field);
    }
}

void law_check_risk(LawReader *reader, const LawBook *book) {
    for (guint r = 0; r < book->risks->len && reader->error == NULL; r++) {
        const LawRisk *risk = book->risks->pdata[r];
        LawNode root = *(LawNode *)g_hash_table_lookup(book->places, risk);
        LawNode duties = law_get(root, "duties");
        LawNode list = law_get(root, "indicators");
        for (unsigned i = 0; i < LAW_RISK_DUTIES && reader->error == NULL; i++) {
            law_check_articles(reader, book, law_get(law_at(duties, i), "basis"));
            if (law_entry_at(book->forms, risk->duties[i].form, risk->entry.from_us) == NULL) {
                law_wrong(reader,
                          law_get(law_at(duties, i), "form"),
                          "there is no form \"%s\"",
                          risk->duties[i].form);
            }
        }
        for (unsigned i = 0; i < risk->count && reader->error == NULL; i++) {
            LawNode map = law_at(list, i);
            law_check_articles(reader, book, law_get(map, "basis"));
            check_fact(reader, book, risk, &risk->indicators[i], law_get(map, "fact"));
        }
    }
}

const LawRisk *law_risk_at(const LawBook *book, int64_t time_us, GError **error) {
    const LawRisk *risk = law_entry_at(book->risks, TABLE, time_us);
    if (risk == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no table of building risks is in force on that day");
    }
    return risk;
}

/* --- judging ------------------------------------------------------------------------------------
 */

static const LawRiskRow *row_of(const LawRiskIndicator *indicator, const LawRiskAnswer *answer) {
    for (unsigned i = 0; i < indicator->row_count; i++) {
        const LawRiskRow *row = &indicator->rows[i];
        bool hits = row->is == NULL
                        ? answer->known == LAW_RISK_NUMBER && answer->number >= row->min
                        : answer->known == LAW_RISK_WORD && strcmp(answer->word, row->is) == 0;
        if (hits) {
            return row;
        }
    }
    return NULL;
}

static LawRiskMark mark_of(const LawRiskIndicator *indicator, const LawRiskAnswer *answer) {
    if (answer->known == LAW_RISK_ABSENT && indicator->absent != NULL) {
        return (LawRiskMark){.known = LAW_RISK_ABSENT, .says = indicator->absent};
    }
    const LawRiskRow *row = row_of(indicator, answer);
    if (row == NULL || (answer->is_stale && row->points == 0)) {
        return (LawRiskMark){.known = LAW_RISK_UNKNOWN,
                             .points = indicator->unknown_points,
                             .says = indicator->unknown_says};
    }
    return (LawRiskMark){.known = answer->known,
                         .number = answer->number,
                         .points = row->points,
                         .says = row->says,
                         .at_least = row->at_least};
}

void law_risk_judge(const LawRisk *risk,
                    const LawRiskAnswer *answers,
                    LawRiskMark *ret_marks,
                    LawRiskResult *ret_result) {
    *ret_result = (LawRiskResult){.score = risk->start};
    LawRiskColour least = LAW_RISK_GREEN;
    for (unsigned i = 0; i < risk->count; i++) {
        ret_marks[i] = mark_of(&risk->indicators[i], &answers[i]);
        ret_result->score -= ret_marks[i].points;
        ret_result->known += ret_marks[i].known != LAW_RISK_UNKNOWN;
        least = MAX(least, ret_marks[i].at_least);
    }
    int score = ret_result->score = MAX(ret_result->score, 0);
    ret_result->by_score = score >= risk->green    ? LAW_RISK_GREEN
                           : score >= risk->yellow ? LAW_RISK_YELLOW
                           : score >= risk->orange ? LAW_RISK_ORANGE
                                                   : LAW_RISK_RED;
    ret_result->is_capped = ret_result->by_score == LAW_RISK_GREEN && least == LAW_RISK_GREEN &&
                            ret_result->known < risk->known_for_green;
    ret_result->colour = ret_result->is_capped ? LAW_RISK_YELLOW : MAX(ret_result->by_score, least);
}

char *law_risk_text(const LawRiskMark *mark) {
    const char *hole = strstr(mark->says, "{n}");
    if (hole == NULL || mark->known != LAW_RISK_NUMBER) {
        return g_strdup(mark->says);
    }
    return g_strdup_printf(
        "%.*s%" G_GINT64_FORMAT "%s", (int)(hole - mark->says), mark->says, mark->number, hole + 3);
}
