/* The list of matters and the page of one matter: the same for every kind. */
#include "casework/matter_pages.h"

#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "ledger/ledger.h"
#include "registry/officer.h"
#include "registry/region.h"

#include <string.h>

#define SOON_US (2 * CLOCK_DAY_US)

CaseActor matter_actor(const Ctx *ctx) {
    return (CaseActor){.account_id = ctx->who->account_id,
                       .officer_id = ctx->who->officer_id,
                       .roles = ctx->who->roles,
                       .region = ctx->who->region,
                       .now_us = ctx->now_us};
}

Response *matter_refuse(Ctx *ctx, const Request *req, const LawRefusal *refusal) {
    g_autoptr(GError) error = NULL;
    g_autofree char *marked = g_strdup_printf("%s: %s", refusal->rule, refusal->reason_zh);
    if (ctx->server != NULL) { /* tests call handlers without one */
        account_refused(ctx, req, marked);
    }
    g_autofree char *text =
        refusal->basis_zh == NULL
            ? g_strdup(refusal->reason_zh)
            : g_strdup_printf("%s（%s）", refusal->reason_zh, refusal->basis_zh);
    hz_fail(&error, HZ_ERROR_DENIED, "refused by rule %s", refusal->rule);
    return response_problem(error, text);
}

Response *matter_load(Ctx *ctx, const Request *req, Matter *ret_matter) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    if (!casework_find(ctx->db, id, ret_matter, &error)) {
        return response_problem(error, NULL);
    }
    if (!region_is_inside(ret_matter->region, ctx->who->region)) {
        g_auto(LawRefusal) refusal = {.rule = "district", .reason_zh = g_strdup("不在您的辖区")};
        return matter_refuse(ctx, req, &refusal);
    }
    return NULL;
}

/* --- deadlines ----------------------------------------------------------------------------------
 */

static const char *clock_name(const LawBook *book, const Matter *matter) {
    const LawTerm *term = law_term_at(book, matter->due_clock, matter->opened_us, NULL);
    return term != NULL ? term->entry.name : "期限";
}

/* due_us of a day is the midnight after it. */
static char *due_text(int64_t due_us) {
    bool is_day = law_day_begin(law_day_of(due_us)) == due_us;
    return is_day ? clock_format_date(due_us - 1) : clock_format_minute(due_us);
}

json_t *matter_due_model(const Ctx *ctx, const Matter *matter, const LawBook *book) {
    if (matter->due_us == 0) {
        return json_null();
    }
    int64_t left_us = matter->due_us - ctx->now_us;
    int64_t days = left_us / CLOCK_DAY_US;
    g_autofree char *day = due_text(matter->due_us);
    g_autofree char *text =
        left_us < 0 ? g_strdup_printf("已超期 %" G_GINT64_FORMAT " 天", -days + 1)
        : days == 0 ? g_strdup_printf("还有 %" G_GINT64_FORMAT " 小时",
                                      left_us / (INT64_C(3600) * CLOCK_SECOND_US))
                    : g_strdup_printf("还有 %" G_GINT64_FORMAT " 天", days);
    json_t *model = json_object();
    json_put_text(model, "text", text);
    json_put_text(model, "class", left_us < 0 ? "b" : left_us < SOON_US ? "w" : "k");
    json_put_text(model,
                  "icon",
                  left_us < 0         ? "clock-exclamation"
                  : left_us < SOON_US ? "hourglass"
                                      : "clock");
    json_put_text(model, "note_class", left_us < 0 ? "bad" : left_us < SOON_US ? "warn" : "");
    json_put_text(model, "day", day);
    json_put_text(model, "clock", clock_name(book, matter));
    return model;
}

/* --- the list -----------------------------------------------------------------------------------
 */

json_t *matter_kinds(const LawBook *book, const Ctx *ctx, const char *chosen) {
    json_t *options = json_array();
    g_autofree const char **ids = law_procedure_ids(book);
    for (unsigned i = 0; ids[i] != NULL; i++) {
        const LawProcedure *procedure = law_procedure_at(book, ids[i], ctx->now_us, NULL);
        if (procedure == NULL) {
            continue;
        }
        json_t *option = json_object();
        json_put_text(option, "value", ids[i]);
        json_put_text(option, "text", procedure->entry.name);
        json_put_bool(option, "is_selected", g_strcmp0(chosen, ids[i]) == 0);
        bool may_open = false;
        for (unsigned s = 0; s < procedure->step_count; s++) {
            const LawStep *step = &procedure->steps[s];
            may_open |= step->from[0] == NULL && (step->roles & ctx->who->roles) != 0;
        }
        json_put_bool(option, "may_open", may_open);
        json_array_append_new(options, option);
    }
    return options;
}

static json_t *row_model(const Ctx *ctx, const Matter *matter) {
    json_t *row = json_object();
    const LawBook *book = casework_book(matter->region, NULL);
    const LawProcedure *procedure =
        book == NULL ? NULL : law_procedure_at(book, matter->kind, matter->opened_us, NULL);
    const LawState *state = procedure == NULL ? NULL : law_state(procedure, matter->state);
    g_autofree char *opened = clock_format_date(matter->opened_us);
    json_put_int(row, "id", matter->id);
    json_put_text(row, "number", matter->number);
    json_put_text(row, "title", matter->title);
    json_put_text(row, "kind_zh", procedure == NULL ? matter->kind : procedure->entry.name);
    json_put_text(row, "state_zh", state == NULL ? matter->state : state->name);
    json_put_bool(row, "is_closed", matter->is_closed);
    json_put_text(row, "opened", opened);
    json_put(row, "due", book == NULL ? json_null() : matter_due_model(ctx, matter, book));
    return row;
}

static bool read_place(const Request *req, MatterQuery *query) {
    const char *after = request_query(req, "after");
    char *end = NULL;
    if (after == NULL) {
        return true;
    }
    query->after_key = g_ascii_strtoll(after, &end, 10);
    query->after_id = *end == '.' ? g_ascii_strtoll(end + 1, NULL, 10) : 0;
    return query->after_id > 0;
}

static char *next_href(const MatterQuery *query, const Matter *last, bool is_mine) {
    int64_t key;
    int64_t id;
    casework_place(query, last, &key, &id);
    return g_strdup_printf("/work/matters?%s%s%s%s%safter=%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                           query->kind == NULL ? "" : "kind=",
                           query->kind == NULL ? "" : query->kind,
                           query->kind == NULL ? "" : "&",
                           query->closed ? "closed=1&" : "",
                           is_mine ? "mine=1&" : "",
                           key,
                           id);
}

static const char *sent(const Request *req, const char *name) {
    const char *text = request_query(req, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

Response *matters_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    bool is_mine = g_strcmp0(sent(req, "mine"), "1") == 0;
    MatterQuery query = {.region = ctx->who->region,
                         .kind = sent(req, "kind"),
                         .account_id = is_mine ? ctx->who->account_id : 0,
                         .closed = g_strcmp0(sent(req, "closed"), "1") == 0,
                         .limit = LIMIT_PAGE_ROWS + 1};
    const LawBook *book = casework_book(ctx->who->region, &error);
    if (book == NULL) {
        return response_problem(error, NULL);
    }
    bool is_known =
        query.kind == NULL || law_procedure_at(book, query.kind, ctx->now_us, NULL) != NULL;
    if (!is_known || !read_place(req, &query)) {
        hz_fail(&error, HZ_ERROR_INVALID, "kind or place is not understood");
        return response_problem(error, "这个网址不完整，请从列表重新进入");
    }
    g_autoptr(GPtrArray) matters = casework_list(ctx->db, &query, &error);
    if (matters == NULL) {
        return response_problem(error, NULL);
    }
    json_t *model = json_object();
    json_t *rows = json_array();
    guint shown = MIN(matters->len, LIMIT_PAGE_ROWS);
    for (guint i = 0; i < shown; i++) {
        json_array_append_new(rows, row_model(ctx, matters->pdata[i]));
    }
    g_autofree char *next = matters->len > LIMIT_PAGE_ROWS
                                ? next_href(&query, matters->pdata[shown - 1], is_mine)
                                : NULL;
    json_put(model, "rows", rows);
    json_put_bool(model, "has_rows", shown > 0);
    json_put(model, "kinds", matter_kinds(book, ctx, query.kind));
    json_put_bool(model, "is_closed", query.closed);
    json_put_bool(model, "is_mine", is_mine);
    json_put_bool(model, "is_later", query.after_id != 0);
    json_put_text(model, "next", next);
    return response_page("casework/matters", model);
}

/* --- one matter ---------------------------------------------------------------------------------
 */

static char *officers_text(Db *db, const GArray *officers) {
    g_autoptr(GString) out = g_string_new(NULL);
    for (guint i = 0; i < officers->len; i++) {
        g_auto(Officer) officer = {0};
        if (officer_find(db, g_array_index(officers, int64_t, i), &officer, NULL)) {
            g_string_append_printf(
                out, "%s%s（%s）", out->len > 0 ? "、" : "", officer.name, officer.certificate);
        }
    }
    return g_strdup(out->str);
}

static void put_answers(json_t *model, const LawForm *form, const StoredAct *act) {
    json_t *answers = json_array();
    bool has_sealed = false;
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        g_autofree char *text = law_field_text_zh(field, act->data);
        has_sealed |= field->sealed;
        if (text[0] != '\0') {
            json_t *answer = json_object();
            json_put_text(answer, "label", field->label);
            json_put_text(answer, "text", text);
            json_array_append_new(answers, answer);
        }
    }
    json_put(model, "answers", answers);
    json_put_bool(model, "has_sealed", has_sealed);
}

static json_t *
act_model(Ctx *ctx, const LawBook *book, const LawProcedure *procedure, const StoredAct *act) {
    json_t *model = json_object();
    const LawStep *step = law_step(procedure, act->step);
    const LawState *state = law_state(procedure, act->state_to);
    const LawForm *form = step == NULL || step->form == NULL
                              ? NULL
                              : law_form_at(book, step->form, act->happened_us, NULL);
    g_autofree char *happened = clock_format_minute(act->happened_us);
    g_autofree char *entered = clock_format_minute(act->entered_us);
    g_autofree char *officers = officers_text(ctx->db, act->officers);
    g_autofree char *actor = g_strdup_printf("账号 %" G_GINT64_FORMAT, act->actor);
    json_put_int(model, "seq", act->seq);
    json_put_text(model, "name", step == NULL ? act->step : step->name);
    json_put_text(model, "state_zh", state == NULL ? act->state_to : state->name);
    json_put_text(model, "happened", happened);
    json_put_text(model, "entered", strcmp(happened, entered) == 0 ? NULL : entered);
    json_put_text(model, "officers", officers[0] == '\0' ? NULL : officers);
    json_put_text(model, "actor", actor);
    put_answers(model, form, act);
    return model;
}

static json_t *clock_model(const LawClock *clock) {
    static const char *const words[] = {"进行中", "中止", "按时完成", "超期完成", "已重新起算"};
    static const char *const classes[] = {"i", "w", "k", "b", ""};
    json_t *model = json_object();
    json_t *trace = json_array();
    for (guint i = 0; i < clock->due.trace->len; i++) {
        json_array_append_new(trace, json_string(clock->due.trace->pdata[i]));
    }
    g_autofree char *due =
        clock->due.is_known ? due_text(clock->due.due_us) : g_strdup("放假安排未公布，不能推算");
    g_autofree char *from = clock_format_minute(clock->span.from_us);
    g_autofree char *how =
        clock->basis_zh == NULL
            ? g_strdup("按通知书确定的日期")
            : g_strdup_printf(
                  "自 %s 起 %d %s", from, clock->span.amount, law_unit_zh(clock->span.unit));
    json_put_text(model, "name", clock->name);
    json_put_text(model, "due", due);
    json_put_text(model, "how", how);
    json_put_text(model, "basis", clock->basis_zh);
    json_put_text(model, "state_zh", words[clock->state]);
    json_put_text(model, "state_class", classes[clock->state]);
    json_put(model, "trace", trace);
    json_put_bool(model, "has_trace", clock->due.trace->len > 0);
    return model;
}

/* What may be done now, and why not the rest. */
static void put_steps(const Ctx *ctx, const LawCase *course, const Matter *matter, json_t *model) {
    json_t *can = json_array();
    json_t *cannot = json_array();
    CaseActor actor = matter_actor(ctx);
    const LawProcedure *procedure = law_case_procedure(course);
    for (unsigned i = 0; i < procedure->step_count; i++) {
        const LawStep *step = &procedure->steps[i];
        g_auto(LawRefusal) refusal = {0};
        if (step->from[0] == NULL) {
            continue;
        }
        casework_may(course, matter, &actor, step, &refusal);
        json_t *line = json_object();
        g_autofree char *href =
            g_strdup_printf("/work/matters/%" G_GINT64_FORMAT "/acts/%s", matter->id, step->id);
        json_put_text(line, "href", href);
        json_put_text(line, "name", step->name);
        json_put_text(line, "why", refusal.reason_zh);
        json_put_text(line, "basis", refusal.basis_zh);
        json_array_append_new(refusal.reason_zh == NULL ? can : cannot, line);
    }
    json_put_bool(model, "has_can", json_array_size(can) > 0);
    json_put_bool(model, "has_cannot", json_array_size(cannot) > 0);
    json_put(model, "can", can);
    json_put(model, "cannot", cannot);
}

static bool may_see_sealed(const Ctx *ctx) {
    return (ctx->who->roles & ROLE_BIT(ROLE_LEADER)) != 0;
}

static bool put_proof(Db *db, const Matter *matter, json_t *model, GError **error) {
    g_autofree char *object = g_strdup_printf("matter:%" G_GINT64_FORMAT, matter->id);
    int64_t index;
    if (!ledger_latest(db, object, &index, error)) {
        return false;
    }
    json_t *proof = json_object();
    g_autofree char *href = g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, index);
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, index);
    json_put_text(proof, "href", href);
    json_put_text(proof, "index_text", text);
    json_put(model, "proof", proof);
    return true;
}

static Response *show(Ctx *ctx, const Matter *matter, bool with_sealed) {
    g_autoptr(GError) error = NULL;
    const LawBook *book = casework_book(matter->region, &error);
    g_autoptr(LawCase) course = book == NULL ? NULL : casework_replay(ctx->db, matter, &error);
    g_autoptr(GPtrArray) acts =
        course == NULL ? NULL : casework_acts(ctx->db, matter->id, with_sealed, &error);
    g_autofree char *place =
        acts == NULL ? NULL : region_full_name(ctx->db, matter->region, &error);
    if (place == NULL) {
        return response_problem(error, NULL);
    }
    g_autoptr(json_t) model = row_model(ctx, matter);
    const LawProcedure *procedure = law_case_procedure(course);
    json_t *timeline = json_array();
    bool has_sealed = false;
    for (guint i = acts->len; i > 0; i--) {
        json_t *line = act_model(ctx, book, procedure, acts->pdata[i - 1]);
        has_sealed |= json_get_bool(line, "has_sealed", false);
        json_array_append_new(timeline, line);
    }
    json_t *clocks = json_array();
    for (guint i = 0; i < law_case_clocks(course)->len; i++) {
        json_array_append_new(clocks,
                              clock_model(&g_array_index(law_case_clocks(course), LawClock, i)));
    }
    g_autofree char *href = matter->object_kind == NULL
                                ? NULL
                                : g_strdup_printf("/work/%ss/%" G_GINT64_FORMAT,
                                                  matter->object_kind,
                                                  matter->object_id);
    json_put(model, "acts", timeline);
    json_put(model, "clocks", clocks);
    json_put_bool(model, "has_clocks", json_array_size(clocks) > 0);
    json_put_text(model, "place", place);
    json_put_text(model, "object_href", href);
    json_put_text(model, "basis", procedure->entry.basis_zh);
    json_put_text(model, "confidence", law_confidence_zh(procedure->entry.confidence));
    json_put_bool(model, "may_unseal", has_sealed && !with_sealed && may_see_sealed(ctx));
    json_put_bool(model, "is_unsealed", with_sealed);
    put_steps(ctx, course, matter, model);
    if (!put_proof(ctx->db, matter, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("casework/matter", g_steal_pointer(&model));
}

Response *matter_page(Ctx *ctx, const Request *req) {
    g_auto(Matter) matter = {0};
    Response *refused = matter_load(ctx, req, &matter);
    return refused != NULL ? refused : show(ctx, &matter, false);
}

/* Looking at who reported is an act of its own: the mark comes before the names. */
static bool note_look(Db *db, void *data, GError **error) {
    const LedgerEntry *entry = data;
    return ledger_append(db, entry, NULL, error);
}

Response *matter_sealed_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    Response *refused = matter_load(ctx, req, &matter);
    if (refused != NULL) {
        return refused;
    }
    if (!may_see_sealed(ctx)) {
        g_auto(LawRefusal)
            refusal = {.rule = "sealed", .reason_zh = g_strdup("举报人的信息只有负责人能看")};
        return matter_refuse(ctx, req, &refusal);
    }
    g_autofree char *actor = g_strdup_printf("account:%" G_GINT64_FORMAT, ctx->who->account_id);
    g_autofree char *object = g_strdup_printf("matter:%" G_GINT64_FORMAT, matter.id);
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "number", matter.number);
    LedgerEntry entry = {.time_us = ctx->now_us,
                         .type = "matter.look",
                         .actor = actor,
                         .object = object,
                         .payload = payload};
    if (!db_run_tx(ctx->db, note_look, &entry, &error)) {
        return response_problem(error, NULL);
    }
    return show(ctx, &matter, true);
}
