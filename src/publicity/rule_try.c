/* A visitor asks a rule with facts of his own: the same code that decides in matters answers. */
#include "base/clock.h"
#include "law/law_table.h"
#include "publicity/rule_models.h"
#include "web/web.h"

#include <string.h>

#define FACTS_MAX 8

typedef struct Asked {
    LawSaid said[FACTS_MAX];
    size_t count;
    char *names[FACTS_MAX]; /* "f-content"; owned */
    bool is_whole;          /* every fact was given */
} Asked;

static void asked_clear(Asked *asked) {
    for (size_t i = 0; i < FACTS_MAX; i++) {
        g_free(asked->names[i]);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Asked, asked_clear)

/* One fact as a field of the page; what the address says about it is noted. */
static void add_fact(json_t *fields,
                     const Request *req,
                     Asked *asked,
                     const char *id,
                     const char *label,
                     const char *const *values,
                     const char *const *values_zh) {
    char *name = asked->names[asked->count] = g_strconcat("f-", id, NULL);
    const char *value = request_query(req, name);
    bool is_given = value != NULL && value[0] != '\0';
    json_t *field = json_object();
    json_t *options = json_array();
    json_put_text(field, "name", name);
    json_put_text(field, "label", label);
    json_put_text(field, "value", is_given ? value : "");
    json_put_bool(field, "is_choice", values != NULL);
    if (values != NULL) {
        form_option(options, "", "请选择", !is_given);
    }
    for (unsigned v = 0; values != NULL && values[v] != NULL; v++) {
        form_option(options, values[v], values_zh[v], is_given && strcmp(values[v], value) == 0);
    }
    json_put(field, "options", options);
    json_array_append_new(fields, field);
    asked->is_whole = asked->is_whole && is_given;
    asked->said[asked->count++] = (LawSaid){id, is_given ? value : ""};
}

static json_t *try_model(json_t *fields) {
    json_t *model = json_object();
    json_put(model, "fields", fields);
    json_put_text(model, "from", NULL);
    json_put_text(model, "answer", NULL);
    json_put_text(model, "error", NULL);
    json_put_bool(model, "is_open", false);
    json_put(model, "details", json_array());
    return model;
}

static void add_detail(json_t *model, const char *text) {
    json_array_append_new(json_object_get(model, "details"), json_string(text));
}

/* --- a term -----------------------------------------------------------------------------------
 */

static void answer_term(json_t *model,
                        const RuleQuestion *question,
                        const LawTerm *term,
                        const Asked *asked,
                        const char *from) {
    g_autoptr(GError) error = NULL;
    g_auto(LawDeadline) deadline = {0};
    g_autofree char *full = strlen(from) == strlen("2026-11-22T09:15")
                                ? g_strconcat(from, ":00", NULL)
                                : g_strdup(from);
    int64_t from_us = 0;
    if (!clock_parse(full, &from_us)) {
        json_put_text(model, "error", "起算的日子写成 2026-11-22，按小时算的写成 2026-11-22T09:15");
        return;
    }
    if (!law_deadline(question->book,
                      term->entry.id,
                      from_us,
                      asked->said,
                      asked->count,
                      &deadline,
                      &error)) {
        json_put_text(model, "error", "这一天这条规则还没有施行，或者已经不再有效");
        return;
    }
    g_autofree char *due = law_due_text(&deadline);
    g_autofree char *text =
        deadline.due.is_known
            ? g_strdup_printf(
                  "最晚 %s（%d %s）", due, deadline.row->amount, law_unit_zh(deadline.row->unit))
            : g_strdup_printf("%d 年的放假安排还没有公布，不能推算", deadline.due.unknown_year);
    json_put_text(model, "answer", text);
    json_put_bool(model, "is_open", !deadline.due.is_known);
    for (guint i = 0; i < deadline.due.trace->len; i++) {
        add_detail(model, deadline.due.trace->pdata[i]);
    }
}

static json_t *try_term(const Request *req, const RuleQuestion *question, const LawTerm *term) {
    g_auto(Asked) asked = {.is_whole = true};
    json_t *fields = json_array();
    for (unsigned i = 0; i < term->fact_count; i++) {
        const LawFact *fact = &term->facts[i];
        add_fact(fields, req, &asked, fact->id, fact->name, fact->values, fact->values_zh);
    }
    json_t *model = try_model(fields);
    const char *from = request_query(req, "from");
    g_autofree char *today = clock_format_date(question->time_us);
    json_put_text(model, "from", from == NULL ? today : from);
    if (from != NULL && !asked.is_whole) {
        json_put_text(model, "error", "每一项都要选");
    } else if (from != NULL) {
        answer_term(model, question, term, &asked, from);
    }
    return model;
}

/* --- a decision table -------------------------------------------------------------------------
 */

static void answer_table(json_t *model, const LawTable *table, const Asked *asked) {
    g_autoptr(GError) error = NULL;
    const LawTableRow *row = law_table_decide(table, asked->said, asked->count, &error);
    if (row == NULL) {
        json_put_text(model, "error", "有一项不在范围里：数量写不带单位的数");
        return;
    }
    g_autofree char *trace = law_table_trace_zh(table, row);
    g_autofree char *answer = law_table_answers_zh(table, row);
    json_put_text(model, "answer", answer);
    json_put_bool(model, "is_open", row->ask != NULL || row->confidence == LAW_MEMORY);
    add_detail(model, trace);
}

static json_t *try_table(const Request *req, const LawTable *table) {
    g_auto(Asked) asked = {.is_whole = true};
    json_t *fields = json_array();
    bool is_sent = false;
    for (unsigned i = 0; i < table->input_count; i++) {
        const LawTableColumn *column = &table->inputs[i];
        g_autofree char *label = column->unit == NULL
                                     ? g_strdup(column->name)
                                     : g_strdup_printf("%s（%s）", column->name, column->unit);
        add_fact(fields, req, &asked, column->id, label, column->values, column->values_zh);
        is_sent |= request_query(req, asked.names[i]) != NULL;
    }
    json_t *model = try_model(fields);
    if (is_sent && !asked.is_whole) {
        json_put_text(model, "error", "每一项都要填");
    } else if (is_sent) {
        answer_table(model, table, &asked);
    }
    return model;
}

void rule_put_try(json_t *model,
                  const Request *req,
                  const RuleQuestion *question,
                  LawKind kind,
                  const LawEntry *entry) {
    json_put(model,
             "try",
             kind == LAW_KIND_TERM ? try_term(req, question, (const LawTerm *)(const void *)entry)
             : kind == LAW_KIND_TABLE ? try_table(req, (const LawTable *)(const void *)entry)
                                      : json_null());
}
