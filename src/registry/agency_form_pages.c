/* Registering an agency and changing its entry: name, code, region, kind. */
#include "registry/agency_pages.h"

#include "account/account_forms.h"
#include "base/error.h"
#include "registry/form_pages.h"

#include <string.h>

#define VIEW "registry/agency_form"
#define NAME_MAX_BYTES 200
#define CODE_MAX_BYTES 40

typedef struct Work {
    Ctx *ctx;
    const Agency *old; /* NULL: a new one */
    NewAgency input;
    int64_t id, version;
    bool is_outdated, is_taken;
} Work;

static void read_form(const Request *req, GStringChunk *texts, NewAgency *ret_input) {
    *ret_input = (NewAgency){.name = page_form(req, texts, "name"),
                             .code = page_form(req, texts, "code"),
                             .kind = page_form(req, texts, "kind"),
                             .region = page_form_region(req, texts)};
}

static Response *form_shown(Ctx *ctx, const Work *work, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    const NewAgency *input = &work->input;
    const LawBook *book = law_book(NULL, &error);
    form_field(model, "name", input->name, problems);
    form_field(model, "code", input->code, problems);
    form_field(model, "region", input->region, problems);
    form_field(model, "kind", input->kind, problems);
    json_put_bool(model, "is_new", work->old == NULL);
    json_put_int(model, "id", work->old == NULL ? 0 : work->old->id);
    json_put_int(model, "version", work->old == NULL ? 0 : work->old->version);
    json_put_text(model, "agency_name", work->old == NULL ? NULL : work->old->name);
    json_put(model, "problems", json_null());
    json_t *kinds = page_options(model, "kind_options");
    if (input->kind == NULL) {
        page_add_option(kinds, "", "请选择", NULL);
    }
    if (book == NULL || !page_put_region(ctx, model, input->region, &error)) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    agency_put_kinds(book, kinds, input->kind);
    if (problems == NULL) {
        return response_page(VIEW, g_steal_pointer(&model));
    }
    return response_form_again(VIEW, g_steal_pointer(&model), problems);
}

Response *agency_new_page(Ctx *ctx, const Request *req) {
    (void)req;
    Work work = {.ctx = ctx};
    return form_shown(ctx, &work, NULL);
}

Response *agency_edit_page(Ctx *ctx, const Request *req) {
    g_auto(Agency) agency = {0};
    Response *refused;
    if (!agency_page_find(ctx, req, &agency, &refused)) {
        return refused;
    }
    Work work = {.ctx = ctx,
                 .old = &agency,
                 .input = {.name = agency.name,
                           .code = agency.code,
                           .region = agency.region,
                           .kind = agency.kind}};
    return form_shown(ctx, &work, NULL);
}

/* --- checking -----------------------------------------------------------------------------------
 */

/* Is a name or code somebody else's? */
static bool find_taken(Db *db, const char *text, int64_t own, bool *ret_taken, GError **error) {
    g_auto(Agency) other = {0};
    g_autoptr(GError) problem = NULL;
    if (agency_find_named(db, text, &other, &problem)) {
        *ret_taken = other.id != own;
        return true;
    }
    if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    return true;
}

static FormProblems *check_form(Ctx *ctx, const NewAgency *input, GError **error) {
    FormProblems *problems = form_problems_new();
    const LawBook *book = law_book(NULL, error);
    char region[REGION_CODE_MAX + 1];
    if (book == NULL) {
        json_decref(problems);
        return NULL;
    }
    if (input->name == NULL || strlen(input->name) > NAME_MAX_BYTES) {
        form_problem_add(problems, "name", "写机构名称，最多 66 个字");
    }
    if (input->code != NULL && strlen(input->code) > CODE_MAX_BYTES) {
        form_problem_add(problems, "code", "代码最多 40 个字符");
    }
    if (input->region == NULL || !region_code_parse(input->region, region) ||
        !region_is_inside(region, ctx->who->region)) {
        form_problem_add(problems, "region", "选您辖区内的区划");
    }
    if (input->kind == NULL || law_agency_kind_name(book, input->kind) == NULL) {
        form_problem_add(problems, "kind", "选机构的种类");
    }
    return problems;
}

/* --- writing ------------------------------------------------------------------------------------
 */

static bool write_agency(Db *db, void *data, GError **error) {
    Work *work = data;
    const NewAgency *input = &work->input;
    g_autofree char *actor = page_actor(work->ctx);
    WriteOptions options = {.actor = actor, .action = "change", .now_us = work->ctx->now_us};
    int64_t own = work->old == NULL ? 0 : work->old->id;
    work->is_taken = false;
    work->is_outdated = work->old != NULL && work->old->version != work->version;
    if (work->is_outdated) {
        return true;
    }
    if (!find_taken(db, input->name, own, &work->is_taken, error) ||
        (input->code != NULL && !work->is_taken &&
         !find_taken(db, input->code, own, &work->is_taken, error))) {
        return false;
    }
    if (work->is_taken) {
        return true;
    }
    work->id = own;
    if (work->old == NULL ? !agency_add(db, input, options.now_us, &work->id, error)
                          : !agency_change(db, work->old, input, &options, error)) {
        return false;
    }
    json_t *payload = json_object();
    json_put_text(payload, "name", input->name);
    json_put_text(payload, "code", input->code);
    json_put_text(payload, "region", input->region);
    json_put_text(payload, "kind", input->kind);
    return page_ledger(db,
                       work->ctx,
                       work->old == NULL ? "agency.add" : "agency.change",
                       "agency",
                       work->id,
                       payload,
                       error);
}

static Response *submit(Ctx *ctx, const Request *req, Work *work) {
    g_autoptr(GError) error = NULL;
    const char *unfinished;
    if (form_region_unfinished(req, &unfinished)) {
        FormProblems *problems = unfinished == NULL ? NULL : form_problems_new();
        if (problems != NULL) {
            form_problem_add(problems, "region", "%s", unfinished);
        }
        return form_shown(ctx, work, problems);
    }
    g_autoptr(json_t) problems = check_form(ctx, &work->input, &error);
    if (problems == NULL) {
        return response_problem(error, NULL);
    }
    if (form_has_problems(problems)) {
        return form_shown(ctx, work, g_steal_pointer(&problems));
    }
    if (!db_run_tx(ctx->db, write_agency, work, &error)) {
        return response_problem(error, NULL);
    }
    if (work->is_taken || work->is_outdated) {
        form_problem_add(problems,
                         "name",
                         "%s",
                         work->is_taken ? "这个名称或者代码已经有机构在用"
                                        : "您打开表单以后，别人改过这个机构，请看过再保存");
        return form_shown(ctx, work, g_steal_pointer(&problems));
    }
    g_autofree char *location = g_strdup_printf("/work/agencies/%" G_GINT64_FORMAT, work->id);
    return response_redirect_flash(location, work->old == NULL ? "已登记机构" : "已保存修改");
}

Response *agency_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Work work = {.ctx = ctx};
    read_form(req, texts, &work.input);
    return submit(ctx, req, &work);
}

Response *agency_edit_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    g_auto(Agency) agency = {0};
    Response *refused;
    if (!agency_page_find(ctx, req, &agency, &refused)) {
        return refused;
    }
    Work work = {.ctx = ctx, .old = &agency, .version = form_version(req)};
    read_form(req, texts, &work.input);
    return submit(ctx, req, &work);
}
