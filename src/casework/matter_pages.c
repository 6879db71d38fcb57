/* What all pages of matters share. */
#include "casework/matter_pages.h"
#include "casework/desk.h"

#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "registry/region.h"

#include <string.h>

CaseActor matter_actor(const Ctx *ctx) {
    return (CaseActor){.account_id = ctx->who->account_id,
                       .officer_id = ctx->who->officer_id,
                       .agency_id = ctx->who->agency_id,
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
    if (refusal->href != NULL) {
        json_t *model = json_object();
        json_put_text(model, "message", text);
        json_put_text(model, "href", refusal->href);
        return response_page_status(403, "casework/refused", model);
    }
    hz_fail(&error, HZ_ERROR_DENIED, "refused by rule %s", refusal->rule);
    return response_problem(error, text);
}

bool matter_reaches(const Ctx *ctx, int64_t id, const char *region) {
    bool is_named = false;
    return region_is_inside(region, ctx->who->region) ||
           (casework_is_named(ctx->db, id, ctx->who->officer_id, &is_named, NULL) && is_named);
}

bool matter_is_within(const Ctx *ctx, const Matter *matter) {
    return matter_reaches(ctx, matter->id, matter->region);
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
    if (!matter_is_within(ctx, ret_matter)) {
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
char *matter_due_text(int64_t due_us) {
    bool is_day = law_day_begin(law_day_of(due_us)) == due_us;
    return is_day ? clock_format_date(due_us - 1) : clock_format_minute(due_us);
}

json_t *matter_due_model(const Ctx *ctx, const Matter *matter, const LawBook *book) {
    static const char *const classes[] = {"b", "w", "w", "k"};
    static const char *const icons[] = {"clock-exclamation", "hourglass", "hourglass", "clock"};
    static const char *const notes[] = {"bad", "warn", "warn", ""};
    if (matter->due_us == 0) {
        return json_null();
    }
    g_auto(DeskDue) due = {0};
    desk_due(matter->due_us, matter->due_unit, ctx->now_us, &due);
    g_autofree char *day = matter_due_text(matter->due_us);
    json_t *model = json_object();
    json_put_text(model, "text", due.sentence);
    json_put_text(model, "when", due.small);
    json_put_text(model, "class", classes[due.group]);
    json_put_text(model, "icon", icons[due.group]);
    json_put_text(model, "note_class", notes[due.group]);
    json_put_text(model, "day", day);
    json_put_text(model, "clock", clock_name(book, matter));
    return model;
}

char *matter_account_text(int64_t account_id) {
    return account_id == 0 ? g_strdup("公众（网上）")
           : account_id == CASE_SYSTEM_ACCOUNT
               ? g_strdup("系统")
               : g_strdup_printf("账号 %" G_GINT64_FORMAT, account_id);
}

char *matter_account_name(Db *db, int64_t account_id) {
    g_autoptr(Account) account = account_id <= 0 ? NULL : account_find(db, account_id, NULL);
    return account != NULL ? g_strdup(account->name) : matter_account_text(account_id);
}

/* --- kinds and rows
 * -----------------------------------------------------------------------------------
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
            may_open |= law_step_opens(step) && (step->roles & ctx->who->roles) != 0;
        }
        json_put_bool(option, "may_open", may_open);
        json_array_append_new(options, option);
    }
    return options;
}

json_t *matter_row_model(const Ctx *ctx, const Matter *matter) {
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
