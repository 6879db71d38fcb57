/* Registering an officer and changing the entry. */
#include "account/account_forms.h"
#include "base/error.h"
#include "registry/intake_internal.h"
#include "registry/officer.h"
#include "registry/registry_pages.h"

#include <string.h>

static const struct {
    const char *name, *label;
    size_t offset;
} fields[] = {
#define FIELD(member, label)                                                                       \
    { #member, label, offsetof(OfficerInput, member) }
    FIELD(name, "姓名"),
    FIELD(certificate, "执法证号"),
    FIELD(certificate_until, "执法证有效期"),
    FIELD(agency, "所在机构"),
    FIELD(region, "区划"),
    FIELD(in_post, "在岗"),
    FIELD(can_lead, "主办资格"),
    FIELD(phone, "电话"),
#undef FIELD
};

static const char **value_of(OfficerInput *input, size_t i) {
    return (const char **)(void *)((char *)input + fields[i].offset);
}

static void read_form(const Request *req, GStringChunk *texts, OfficerInput *ret_input) {
    *ret_input = (OfficerInput){.name = NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        *value_of(ret_input, i) = page_form(req, texts, fields[i].name);
    }
    ret_input->region = page_form_region(req, texts);
}

static OfficerInput from_officer(const Officer *officer) {
    return (OfficerInput){.name = officer->name,
                          .certificate = officer->certificate,
                          .certificate_until = officer->certificate_until,
                          .agency = officer->agency_name,
                          .region = officer->region,
                          .in_post = officer->in_post ? "1" : "0",
                          .can_lead = officer->can_lead ? "1" : "0",
                          .phone = officer->phone};
}

static bool put_options(Ctx *ctx, json_t *model, const OfficerInput *input, GError **error) {
    json_t *post = page_options(model, "post_options");
    json_t *lead = page_options(model, "lead_options");
    page_add_option(post, "1", "在岗", input->in_post == NULL ? "1" : input->in_post);
    page_add_option(post, "0", "不在岗", input->in_post);
    page_add_option(lead, "0", "没有", input->can_lead == NULL ? "0" : input->can_lead);
    page_add_option(lead, "1", "有", input->can_lead);
    json_t *names = page_options(model, "agency_options");
    g_autoptr(GPtrArray) agencies = agency_list(ctx->db, error);
    for (guint i = 0; agencies != NULL && i < agencies->len; i++) {
        const Agency *agency = agencies->pdata[i];
        if (region_is_inside(agency->region, ctx->who->region)) {
            json_array_append_new(names, json_string(agency->name));
        }
    }
    return agencies != NULL && page_put_region(ctx, model, input->region, error);
}

/* `officer` NULL: a new one. */
static json_t *form_model(Ctx *ctx,
                          OfficerInput *input,
                          const Officer *officer,
                          const FormProblems *problems,
                          GError **error) {
    g_autoptr(json_t) model = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        form_field(model, fields[i].name, *value_of(input, i), problems);
    }
    if (!put_options(ctx, model, input, error)) {
        return NULL;
    }
    json_put_bool(model, "is_new", officer == NULL);
    json_put_int(model, "id", officer == NULL ? 0 : officer->id);
    json_put_int(model, "version", officer == NULL ? 0 : officer->version);
    json_put_text(model, "officer_name", officer == NULL ? NULL : officer->name);
    json_put(model, "conflicts", json_null());
    json_put(model, "problems", json_null());
    return g_steal_pointer(&model);
}

static Response *form_page(Ctx *ctx, OfficerInput *input, const Officer *officer) {
    g_autoptr(GError) error = NULL;
    json_t *model = form_model(ctx, input, officer, NULL, &error);
    return model == NULL ? response_problem(error, NULL)
                         : response_page("registry/officer_form", model);
}

/* `problem` NULL: the person only wants to see the streets. */
static Response *form_again(
    Ctx *ctx, OfficerInput *input, const Officer *officer, const char *field, const char *problem) {
    if (problem == NULL) {
        return form_page(ctx, input, officer);
    }
    g_autoptr(GError) error = NULL;
    FormProblems *problems = form_problems_new();
    form_problem_add(problems, field, "%s", problem);
    json_t *model = form_model(ctx, input, officer, problems, &error);
    if (model == NULL) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    return response_form_again("registry/officer_form", model, problems);
}

/* Names and telephone numbers are personal: the ledger's leaf holds only a salted commitment of
 * this, and the body can be erased. */
static json_t *ledger_payload(OfficerInput *input) {
    json_t *payload = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        json_put_text(payload, fields[i].name, *value_of(input, i));
    }
    return payload;
}

typedef struct Work {
    Ctx *ctx;
    OfficerInput input;
    IntakeResult result;
    int64_t id, version; /* of the entry that is changed */
    bool is_outdated, is_taken;
} Work;

static const char taken_zh[] = "这个执法证号已经登记在另一个人名下";

/* --- registering --------------------------------------------------------------------------------
 */

static bool add_officer(Db *db, void *data, GError **error) {
    Work *work = data;
    intake_result_clear(&work->result);
    g_autofree char *actor = page_actor(work->ctx);
    IntakeContext context = page_intake_context(work->ctx, actor);
    context.dry_run = true;
    if (!intake_batch(db, INTAKE_OFFICER, &work->input, 1, &context, &work->result, error)) {
        return false;
    }
    if (work->result.outcome != INTAKE_ADDED) {
        return true;
    }
    intake_result_clear(&work->result);
    context.dry_run = false;
    return intake_batch(db, INTAKE_OFFICER, &work->input, 1, &context, &work->result, error) &&
           page_ledger(db,
                       work->ctx,
                       "officer.add",
                       "officer",
                       work->result.id,
                       ledger_payload(&work->input),
                       error);
}

Response *officer_new_page(Ctx *ctx, const Request *req) {
    (void)req;
    OfficerInput input = {.name = NULL};
    return form_page(ctx, &input, NULL);
}

Response *officer_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Work work = {.ctx = ctx};
    read_form(req, texts, &work.input);
    const char *problem;
    if (form_region_unfinished(req, &problem)) {
        return form_again(ctx, &work.input, NULL, "region", problem);
    }
    Response *response;
    if (!db_run_tx(ctx->db, add_officer, &work, &error)) {
        response = response_problem(error, NULL);
    } else if (work.result.outcome == INTAKE_ADDED) {
        response = page_done("/work/officers", "已登记，编号", work.result.id, &work.result);
    } else if (work.result.problem != NULL) {
        response = form_again(ctx, &work.input, NULL, work.result.column, work.result.problem);
    } else {
        response = form_again(ctx, &work.input, NULL, "certificate", taken_zh);
    }
    intake_result_clear(&work.result);
    return response;
}

/* --- changing -----------------------------------------------------------------------------------
 */

static bool find_own(Ctx *ctx, const Request *req, Officer *ret_officer, Response **ret_refused) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refused = response_not_found();
        return false;
    }
    if (!officer_find(ctx->db, id, ret_officer, &error)) {
        *ret_refused = response_problem(error, NULL);
        return false;
    }
    *ret_refused = page_refuse_scope(ctx, req, ret_officer->region);
    return *ret_refused == NULL;
}

Response *officer_edit_page(Ctx *ctx, const Request *req) {
    g_auto(Officer) officer = {0};
    Response *refused;
    if (!find_own(ctx, req, &officer, &refused)) {
        return refused;
    }
    OfficerInput input = from_officer(&officer);
    return form_page(ctx, &input, &officer);
}

/* The number may have gone to somebody else: a mistake of the person, not a failure. */
static bool find_taken(Db *db, const Work *work, bool *ret_taken, GError **error) {
    g_auto(Officer) other = {0};
    g_autoptr(GError) problem = NULL;
    bool found = officer_find_certificate(db, work->input.certificate, &other, &problem);
    if (!found && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    *ret_taken = found && other.id != work->id;
    return true;
}

static bool change_officer(Db *db, void *data, GError **error) {
    Work *work = data;
    intake_result_clear(&work->result);
    work->is_taken = false;
    g_auto(Officer) old = {0};
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    g_autofree char *actor = page_actor(work->ctx);
    IntakeContext context = page_intake_context(work->ctx, actor);
    Officer now = {0};
    if (!officer_find(db, work->id, &old, error)) {
        return false;
    }
    work->is_outdated = old.version != work->version;
    if (work->is_outdated) {
        return true;
    }
    if (!intake_check_officer(db, &work->input, &context, texts, &work->result, &now, error)) {
        return false;
    }
    if (work->result.problem != NULL) {
        return true;
    }
    if (!find_taken(db, work, &work->is_taken, error) || work->is_taken) {
        return work->is_taken;
    }
    now.id = old.id;
    now.created_us = old.created_us;
    now.texts = NULL;
    WriteOptions options = {
        .actor = actor, .action = "change", .now_us = work->ctx->now_us, .log_additions = true};
    return officer_change(db, &old, &now, &options, error) &&
           page_ledger(db,
                       work->ctx,
                       "officer.change",
                       "officer",
                       work->id,
                       ledger_payload(&work->input),
                       error);
}

/* Somebody else was quicker: shows both values of every field that differs. */
static Response *conflict_page(Ctx *ctx, OfficerInput *mine, const Officer *theirs) {
    g_autoptr(GError) error = NULL;
    OfficerInput now = from_officer(theirs);
    json_t *model = form_model(ctx, mine, theirs, NULL, &error);
    if (model == NULL) {
        return response_problem(error, NULL);
    }
    json_t *lines = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        page_add_conflict(lines, fields[i].label, *value_of(mine, i), *value_of(&now, i));
    }
    json_t *conflicts = json_object();
    json_put(conflicts, "lines", lines);
    json_put(model, "conflicts", conflicts);
    return response_page_status(409, "registry/officer_form", model);
}

Response *officer_edit_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Officer) officer = {0};
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Response *response;
    if (!find_own(ctx, req, &officer, &response)) {
        return response;
    }
    const char *version = request_form(req, "version");
    Work work = {.ctx = ctx,
                 .id = officer.id,
                 .version = version == NULL ? 0 : g_ascii_strtoll(version, NULL, 10)};
    read_form(req, texts, &work.input);
    const char *problem;
    if (work.version == officer.version && form_region_unfinished(req, &problem)) {
        return form_again(ctx, &work.input, &officer, "region", problem);
    }
    if (!db_run_tx(ctx->db, change_officer, &work, &error)) {
        response = response_problem(error, NULL);
    } else if (work.is_outdated) {
        response = conflict_page(ctx, &work.input, &officer);
    } else if (work.result.problem != NULL) {
        response = form_again(ctx, &work.input, &officer, work.result.column, work.result.problem);
    } else if (work.is_taken) {
        response = form_again(ctx, &work.input, &officer, "certificate", taken_zh);
    } else {
        response = page_done("/work/officers", "已保存修改，编号", work.id, &work.result);
    }
    intake_result_clear(&work.result);
    return response;
}
