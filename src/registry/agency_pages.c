/* Agencies: the list, and one with what it may do today and what it was given. */
#include "registry/agency_pages.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define PATH "/work/agencies"

void agency_put_kinds(const LawBook *book, json_t *options, const char *chosen) {
    g_autofree const char **kinds = law_agency_kinds(book);
    for (unsigned i = 0; kinds[i] != NULL; i++) {
        page_add_option(options, kinds[i], law_agency_kind_name(book, kinds[i]), chosen);
    }
}

void agency_put_acts(const LawBook *book, json_t *options, const char *chosen) {
    g_autofree const char **acts = law_act_ids(book);
    for (unsigned i = 0; acts[i] != NULL; i++) {
        page_add_option(options, acts[i], law_act_name(book, acts[i]), chosen);
    }
}

bool agency_page_find(Ctx *ctx, const Request *req, Agency *ret_agency, Response **ret_refused) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refused = response_not_found();
        return false;
    }
    if (!agency_find(ctx->db, id, ret_agency, &error)) {
        *ret_refused = response_problem(error, NULL);
        return false;
    }
    *ret_refused = page_refuse_scope(ctx, req, ret_agency->region);
    return *ret_refused == NULL;
}

bool agency_page_find_other(Ctx *ctx,
                            const Request *req,
                            Agency *ret_agency,
                            Response **ret_refused) {
    if (!agency_page_find(ctx, req, ret_agency, ret_refused)) {
        return false;
    }
    if (ctx->who->agency_id == ret_agency->id) {
        *ret_refused =
            page_refuse(ctx, req, "赋权和委托由别的机关作出：本机构的，请上级或者委托机关的人登记");
    }
    return *ret_refused == NULL;
}

/* --- the list -----------------------------------------------------------------------------------
 */

static bool put_facts(Ctx *ctx, const Agency *agency, json_t *model, GError **error) {
    const LawBook *book = agency_book(agency->region, error);
    g_autofree char *place = region_full_name(ctx->db, agency->region, error);
    if (book == NULL || place == NULL) {
        return false;
    }
    json_put_int(model, "id", agency->id);
    json_put_text(model, "name", agency->name);
    json_put_text(model, "code", page_text(agency->code, "未登记"));
    json_put_text(model, "region", agency->region);
    json_put_text(model, "place", place);
    json_put_text(
        model, "kind_zh", page_text(law_agency_kind_name(book, agency->kind), agency->kind));
    return true;
}

static bool put_rows(Ctx *ctx, const GPtrArray *list, json_t *model, GError **error) {
    json_t *rows = json_array();
    json_put(model, "rows", rows);
    json_put_bool(model, "has_rows", list->len > 0);
    for (guint i = 0; i < MIN(list->len, LIMIT_PAGE_ROWS); i++) {
        json_t *row = json_object();
        json_array_append_new(rows, row);
        if (!put_facts(ctx, list->pdata[i], row, error)) {
            return false;
        }
    }
    return true;
}

static void put_pager(const GPtrArray *list, const char *after, json_t *model) {
    g_autofree char *next = NULL;
    if (list->len > LIMIT_PAGE_ROWS) {
        const Agency *last = list->pdata[LIMIT_PAGE_ROWS - 1];
        g_autofree char *name = g_uri_escape_string(last->name, NULL, false);
        next = g_strconcat("after=", name, NULL);
    }
    g_autofree char *note = g_strdup_printf("每页 %d 个，按名称", LIMIT_PAGE_ROWS);
    page_put_pager(
        model,
        &(PagerText){
            .path = PATH, .query = "", .next = next, .has_first = after != NULL, .note = note});
}

Response *agencies_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    const char *after = request_query(req, "after");
    char scope[REGION_CODE_MAX + 1];
    if (ctx->who->region == NULL || !region_code_parse(ctx->who->region, scope)) {
        return page_refuse(ctx, req, "账号没有登记辖区");
    }
    g_autoptr(GPtrArray) list =
        agency_list_inside(ctx->db, scope, after, LIMIT_PAGE_ROWS + 1, &error);
    g_autofree char *place = list == NULL ? NULL : region_full_name(ctx->db, scope, &error);
    if (place == NULL || !put_rows(ctx, list, model, &error)) {
        return response_problem(error, NULL);
    }
    json_put_text(model, "place", place);
    json_put_bool(model, "may_edit", principal_may(ctx->who, PERM_OFFICER_EDIT));
    put_pager(list, after, model);
    return response_page("registry/agencies", g_steal_pointer(&model));
}

/* --- one agency ---------------------------------------------------------------------------------
 */

/* What it may do today, and why. */
static bool put_powers(Ctx *ctx,
                       const LawBook *book,
                       const Agency *agency,
                       const GPtrArray *grants,
                       json_t *model,
                       GError **error) {
    json_t *powers = json_array();
    json_put(model, "powers", powers);
    g_autofree const char **acts = law_act_ids(book);
    for (unsigned i = 0; acts[i] != NULL; i++) {
        g_auto(AgencyAnswer) answer = {0};
        if (!agency_judge(book, agency->kind, grants, acts[i], ctx->now_us, &answer, error)) {
            return false;
        }
        json_t *row = json_object();
        json_put_text(row, "act_zh", law_act_name(book, acts[i]));
        json_put_bool(row, "allowed", answer.allowed);
        json_put_text(row, "ground", answer.allowed ? law_mode_zh(answer.mode) : "不得办理");
        json_put_text(row, "class", answer.allowed ? "k" : "b");
        json_put_text(row, "icon", answer.allowed ? "circle-check" : "circle-x");
        json_put_text(row, "reason", answer.reason);
        json_put_text(row, "basis", answer.basis_zh);
        json_array_append_new(powers, row);
    }
    return true;
}

static const char *grant_state(const AgencyGrant *grant, const char *today) {
    if (strcmp(today, grant->from) < 0) {
        return "还没有开始";
    }
    return grant->until != NULL && strcmp(today, grant->until) > 0 ? "已经结束" : "期限内";
}

static void put_grants(Ctx *ctx, const LawBook *book, const GPtrArray *grants, json_t *model) {
    g_autofree char *today = clock_format_date(ctx->now_us);
    json_t *rows = json_array();
    json_put(model, "grants", rows);
    json_put_bool(model, "has_grants", grants->len > 0);
    for (guint i = 0; i < grants->len; i++) {
        const AgencyGrant *grant = grants->pdata[i];
        const char *act = law_act_name(book, grant->act);
        const char *state = grant_state(grant, today);
        json_t *row = json_object();
        json_put_int(row, "grant_id", grant->id);
        json_put_text(row, "act_zh", page_text(act, grant->act));
        json_put_text(row, "mode_zh", law_mode_zh(grant->mode));
        json_put_text(row, "document", grant->document);
        json_put_text(row, "from", grant->from);
        json_put_text(row, "until", page_text(grant->until, "没有写明"));
        json_put_text(row, "in_name_of", page_text(grant->grantor, "本机构"));
        json_put_text(row, "state", state);
        json_put_bool(row, "may_end", strcmp(state, "已经结束") != 0);
        json_array_append_new(rows, row);
    }
}

Response *agency_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Agency) agency = {0};
    Response *refused;
    if (!agency_page_find(ctx, req, &agency, &refused)) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    g_autofree char *object = g_strdup_printf("agency:%" G_GINT64_FORMAT, agency.id);
    const LawBook *book = agency_book(agency.region, &error);
    g_autoptr(GPtrArray) grants = book == NULL ? NULL : agency_grants(ctx->db, agency.id, &error);
    if (grants == NULL || !put_facts(ctx, &agency, model, &error) ||
        !put_powers(ctx, book, &agency, grants, model, &error) ||
        !page_put_proof(ctx->db, model, object, &error) ||
        !page_put_history(ctx->db, model, "agency", agency.id, &error)) {
        return response_problem(error, NULL);
    }
    bool may_edit = principal_may(ctx->who, PERM_OFFICER_EDIT);
    put_grants(ctx, book, grants, model);
    json_put_bool(model, "may_edit", may_edit);
    json_put_bool(model, "may_grant", may_edit && ctx->who->agency_id != agency.id);
    page_put_day(model, "created", agency.created_us, "未登记");
    page_put_day(model, "changed", agency.changed_us, "未登记");
    return response_page("registry/agency", g_steal_pointer(&model));
}
