#include "publicity/rule_models.h"

#include "account/account.h"
#include "base/clock.h"
#include "law/law_paper.h"
#include "law/law_table.h"

#include <string.h>

char *rule_validity_zh(const LawEntry *entry) {
    g_autofree char *from = clock_format_date(entry->from_us);
    if (entry->to_us == INT64_MAX) {
        return g_strdup_printf("%s 起", from);
    }
    g_autofree char *last = clock_format_date(entry->to_us - 1);
    return g_strdup_printf("%s 至 %s", from, last);
}

const char *rule_doubt_zh(LawConfidence confidence) {
    static const char *const words[] = {
        "照条文原文录入",
        "照别处的转述录入，没有读到原文，使用时请核对",
        "凭记忆录入，没有核对过，不能当作法律依据",
    };
    return words[confidence];
}

/* --- parts ------------------------------------------------------------------------------------
 */

static void add_line(json_t *model, const char *label, const char *text) {
    if (text != NULL && text[0] != '\0') {
        json_t *line = json_object();
        json_put_text(line, "label", label);
        json_put_text(line, "text", text);
        json_array_append_new(json_object_get(model, "lines"), line);
    }
}

/* A table of the page; returns its rows. */
static json_t *add_grid(json_t *model, const char *caption, const char *const *columns) {
    json_t *grid = json_object();
    json_t *heads = json_array();
    json_t *rows = json_array();
    for (size_t i = 0; columns[i] != NULL; i++) {
        json_array_append_new(heads, json_string(columns[i]));
    }
    json_put_text(grid, "caption", caption);
    json_put(grid, "columns", heads);
    json_put(grid, "rows", rows);
    json_array_append_new(json_object_get(model, "grids"), grid);
    return rows;
}

static void add_cell(json_t *row, const char *text) {
    json_t *cells = json_object_get(row, "cells");
    json_array_append_new(cells, json_string(text == NULL || text[0] == '\0' ? "无" : text));
}

static json_t *add_row(json_t *rows) {
    json_t *row = json_object();
    json_put(row, "cells", json_array());
    json_array_append_new(rows, row);
    return row;
}

static char *joined(const char *const *texts) {
    return texts == NULL ? g_strdup("") : g_strjoinv("、", (char **)texts);
}

/* --- terms ------------------------------------------------------------------------------------
 */

static char *values_text(const LawFact *fact, uint32_t wanted) {
    GString *out = g_string_new(NULL);
    for (unsigned v = 0; fact->values[v] != NULL; v++) {
        if (wanted == 0 || (wanted >> v & 1) != 0) {
            g_string_append_printf(out, "%s%s", out->len > 0 ? "、" : "", fact->values_zh[v]);
        }
    }
    return g_string_free(out, FALSE);
}

static void put_term(json_t *model, const LawTerm *term) {
    const char *columns[LAW_FACTS_MAX + 2] = {NULL};
    for (unsigned i = 0; i < term->fact_count; i++) {
        columns[i] = term->facts[i].name;
    }
    columns[term->fact_count] = "期限";
    add_line(model, "从何时起算", term->starts);
    add_line(
        model, "最后一天遇到休息日", term->rolls ? "顺延到下一个工作日" : "条文没有说顺延，不顺延");
    add_line(model, "顺延的依据", term->roll_basis_zh);
    json_t *rows = add_grid(model, "期限", columns);
    for (unsigned i = 0; i < term->row_count; i++) {
        const LawTermRow *one = &term->rows[i];
        json_t *row = add_row(rows);
        for (unsigned f = 0; f < term->fact_count; f++) {
            g_autofree char *values = values_text(&term->facts[f], one->wanted[f]);
            add_cell(row, values);
        }
        g_autofree char *amount = g_strdup_printf("%d %s", one->amount, law_unit_zh(one->unit));
        add_cell(row, amount);
    }
}

/* --- decision tables --------------------------------------------------------------------------
 */

static void put_table(json_t *model, const LawTable *table) {
    static const char *const columns[] = {"行", "情形", "结论", "依据", "来源", NULL};
    add_line(model, "怎么用", table->is_unique ? "任何情形只合一行" : "从上往下，第一个合的行算数");
    json_t *rows = add_grid(model, "判定表", columns);
    for (unsigned i = 0; i < table->row_count; i++) {
        const LawTableRow *one = &table->rows[i];
        g_autofree char *number = g_strdup_printf("%u", i + 1);
        g_autofree char *when = law_table_when_zh(table, one);
        g_autofree char *then = law_table_answers_zh(table, one);
        json_t *row = add_row(rows);
        add_cell(row, number);
        add_cell(row, when);
        add_cell(row, then);
        add_cell(row, one->basis_zh);
        add_cell(row, law_confidence_zh(one->confidence));
    }
}

/* --- powers, caps, papers ---------------------------------------------------------------------
 */

static void put_power(json_t *model, const LawPower *power) {
    g_autofree char *acts = joined(power->acts);
    g_autofree char *agencies = joined(power->agencies);
    g_autoptr(GString) modes = g_string_new(NULL);
    for (LawMode mode = LAW_STATUTORY; mode <= LAW_DELEGATED; mode++) {
        if ((power->modes >> mode & 1) != 0) {
            g_string_append_printf(modes, "%s%s", modes->len > 0 ? "、" : "", law_mode_zh(mode));
        }
    }
    add_line(model, "结论", power->allows ? "可以" : "不可以");
    add_line(model, "说明", power->reason);
    add_line(model, "方式", modes->str);
    add_line(model, "事项（代号）", acts);
    add_line(model, "机构（代号）", agencies);
}

static void put_cap(json_t *model, const LawCap *cap) {
    g_autofree char *text = g_strdup_printf("每个对象一年最多 %d 次", cap->max);
    add_line(model, "上限", text);
}

static void put_paper(json_t *model, const LawPaper *paper) {
    g_autofree char *signers = joined(paper->signers);
    add_line(model, "字号", paper->prefix);
    add_line(model, "盖章", paper->is_sealed ? "加盖机构印章" : "不盖章");
    add_line(model, "签名", signers);
    add_line(model, "文本（双括号里是要填的内容）", paper->text);
}

static void put_form(json_t *model, const LawForm *form) {
    static const char *const columns[] = {"要填的内容", "是否必填", "选项", "说明", NULL};
    json_t *rows = add_grid(model, "表单", columns);
    for (unsigned i = 0; i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        g_autofree char *values = joined(field->values_zh);
        json_t *row = add_row(rows);
        add_cell(row, field->label);
        add_cell(row,
                 field->sealed       ? "密封保存"
                 : field->table      ? "按判定表"
                 : !field->required  ? "选填"
                 : field->asks_field ? "有条件必填"
                                     : "必填");
        add_cell(row, values);
        add_cell(row, field->help);
    }
}

/* --- procedures -------------------------------------------------------------------------------
 */

static char *from_text(const LawProcedure *procedure, const LawStep *step) {
    GString *out = g_string_new(step->is_common ? "任何状态" : "");
    for (unsigned i = 0; !step->is_common && step->from[i] != NULL; i++) {
        const LawState *state = law_state(procedure, step->from[i]);
        g_string_append_printf(out, "%s%s", i > 0 ? "、" : "", state->name);
    }
    return g_string_free(out, FALSE);
}

static char *targets_text(const LawStep *step) {
    GString *out = g_string_new(step->target_count == 0 ? "不变" : "");
    for (unsigned i = 0; i < step->target_count; i++) {
        g_string_append_printf(out, "%s%s", i > 0 ? "或" : "", step->targets[i].state->name);
    }
    return g_string_free(out, FALSE);
}

/* Who, how many officers, what must have gone before. */
static char *who_text(const LawProcedure *procedure, const LawStep *step) {
    g_autofree char *roles = role_set_zh(step->roles);
    GString *out = g_string_new(roles);
    if (step->officers > 0) {
        g_string_append_printf(out, "；%d 名在岗、证件有效的执法人员", step->officers);
    }
    for (unsigned i = 0; step->not_by[i] != NULL; i++) {
        const LawStep *other = law_step(procedure, step->not_by[i]);
        g_string_append_printf(out, "；办过“%s”的人不能办", other->name);
    }
    for (unsigned i = 0; step->only_by[i] != NULL; i++) {
        const LawStep *other = law_step(procedure, step->only_by[i]);
        g_string_append_printf(out, "；“%s”指定了人员的，只由他们办", other->name);
    }
    if (step->is_once_a_day) {
        g_string_append(out, "；同一人每个工作日一次");
    }
    return g_string_free(out, FALSE);
}

/* Whoever took part in these acts sees the matter through. */
static char *handlers_text(const LawProcedure *procedure) {
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; procedure->handled_by[i] != NULL; i++) {
        const LawStep *step = law_step(procedure, procedure->handled_by[i]);
        g_string_append_printf(out, "%s参加“%s”的执法人员", i > 0 ? "、" : "", step->name);
    }
    return g_string_free(out, FALSE);
}

/* What states ask for: "“转临时查封，待另案和告知”时另立临时查封、火灾隐患整改；…" */
static char *follow_ups_text(const LawBook *book, const LawProcedure *procedure, int64_t time_us) {
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < procedure->state_count; i++) {
        const LawState *state = &procedure->states[i];
        for (unsigned k = 0; state->leads_to[k] != NULL; k++) {
            const LawProcedure *next = law_procedure_at(book, state->leads_to[k], time_us, NULL);
            if (k == 0) {
                g_string_append_printf(out, "%s“%s”时另立", out->len > 0 ? "；" : "", state->name);
            }
            g_string_append_printf(out,
                                   "%s%s",
                                   k > 0 ? "、" : "",
                                   next == NULL ? state->leads_to[k] : next->entry.name);
        }
    }
    return g_string_free(out, FALSE);
}

static char *limits_text(const LawBook *book, const LawStep *step, int64_t time_us) {
    GString *out = g_string_new(NULL);
    for (unsigned i = 0; i < step->need_count; i++) {
        g_string_append_printf(out, "%s%s", out->len > 0 ? "；" : "", step->needs[i].why);
    }
    for (unsigned i = 0; i < step->start_count; i++) {
        const LawStart *start = &step->starts[i];
        const LawTerm *term =
            start->term == NULL ? NULL : law_term_at(book, start->term, time_us, NULL);
        g_string_append_printf(out,
                               "%s开始计算“%s”",
                               out->len > 0 ? "；" : "",
                               start->name != NULL ? start->name
                               : term != NULL      ? term->entry.name
                                                   : start->id);
    }
    return g_string_free(out, FALSE);
}

static void
put_procedure(json_t *model, const LawBook *book, const LawProcedure *procedure, int64_t time_us) {
    static const char *const columns[] = {
        "办什么", "从哪个状态", "到哪个状态", "谁办", "先决条件和期限", "依据", NULL};
    g_autofree char *roles = role_set_zh(procedure->unseals);
    g_autofree char *number = law_number_zh(procedure->prefix, clock_year(time_us), 1);
    g_autofree char *handlers = handlers_text(procedure);
    g_autofree char *next = follow_ups_text(book, procedure, time_us);
    add_line(model, "编号的样子", number);
    add_line(model, "谁能打开密封内容", roles);
    if (handlers[0] != '\0') {
        add_line(model, "承办人（不论在哪个区县任职）", handlers);
    }
    if (next[0] != '\0') {
        add_line(model, "引出的案件", next);
    }
    json_t *rows = add_grid(model, "办理步骤", columns);
    for (unsigned i = 0; i < procedure->step_count; i++) {
        const LawStep *step = &procedure->steps[i];
        g_autofree char *from = from_text(procedure, step);
        g_autofree char *to = targets_text(step);
        g_autofree char *who = who_text(procedure, step);
        g_autofree char *limits = limits_text(book, step, time_us);
        json_t *row = add_row(rows);
        add_cell(row, step->name);
        add_cell(row, from[0] == '\0' ? "新立" : from);
        add_cell(row, to);
        add_cell(row, who);
        add_cell(row, limits);
        add_cell(row, step->basis_zh != NULL ? step->basis_zh : procedure->entry.basis_zh);
    }
}

void rule_put_body(json_t *model,
                   const RuleQuestion *question,
                   LawKind kind,
                   const LawEntry *entry) {
    json_put(model, "lines", json_array());
    json_put(model, "grids", json_array());
    switch (kind) {
    case LAW_KIND_PROCEDURE:
        put_procedure(
            model, question->book, (const LawProcedure *)(const void *)entry, question->time_us);
        break;
    case LAW_KIND_TERM:
        put_term(model, (const LawTerm *)(const void *)entry);
        break;
    case LAW_KIND_POWER:
        put_power(model, (const LawPower *)(const void *)entry);
        break;
    case LAW_KIND_TABLE:
        put_table(model, (const LawTable *)(const void *)entry);
        break;
    case LAW_KIND_CAP:
        put_cap(model, (const LawCap *)(const void *)entry);
        break;
    case LAW_KIND_PAPER:
        put_paper(model, (const LawPaper *)(const void *)entry);
        break;
    case LAW_KIND_FORM:
        put_form(model, (const LawForm *)(const void *)entry);
        break;
    case LAW_KIND_ARTICLE:
        add_line(model, "出自", ((const LawArticle *)(const void *)entry)->instrument);
        break;
    case LAW_KIND_COUNT:
        g_assert_not_reached();
    }
}
