/* Registering an officer and changing the entry. */
#include "account/account_forms.h"
#include "base/error.h"
#include "registry/agency.h"
#include "registry/form_pages.h"
#include "registry/intake_internal.h"
#include "registry/officer.h"

#include <string.h>

static const FormField fields[] = {
#define FIELD(member, label) FORM_FIELD(OfficerInput, member, label)
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

static bool put_options(Ctx *ctx, json_t *model, const void *data, GError **error) {
    const OfficerInput *input = data;
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
    return agencies != NULL;
}

/* Names and telephone numbers are personal: the ledger's leaf holds only a salted commitment of
 * them, and the body can be erased. */
static const ObjectForm form = {.kind = INTAKE_OFFICER,
                                .word = "officer",
                                .view = "registry/officer_form",
                                .fields = fields,
                                .field_count = G_N_ELEMENTS(fields),
                                .put_options = put_options};

static FormObject object_of(const Officer *officer) {
    return (FormObject){officer->id, officer->version, officer->name};
}

typedef struct Work {
    Ctx *ctx;
    OfficerInput input;
    IntakeResult result;
    int64_t id, version; /* of the entry that is changed */
    bool is_outdated, is_taken;
} Work;

/* --- registering --------------------------------------------------------------------------------
 */

static bool add_officer(Db *db, void *data, GError **error) {
    Work *work = data;
    return form_add(db, work->ctx, &form, &work->input, &work->result, error);
}

/* Refused, or the number is somebody else's. */
static Response *again(Ctx *ctx, const Work *work, const FormObject *object) {
    const IntakeResult *result = &work->result;
    return result->problem != NULL
               ? form_again(ctx, &form, &work->input, object, result->column, result->problem)
               : form_again(ctx,
                            &form,
                            &work->input,
                            object,
                            "certificate",
                            "这个执法证号已经登记在另一个人名下");
}

Response *officer_new_page(Ctx *ctx, const Request *req) {
    (void)req;
    OfficerInput input = {.name = NULL};
    return form_page(ctx, &form, &input, NULL);
}

Response *officer_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Work work = {.ctx = ctx};
    form_read(&form, req, texts, &work.input);
    const char *problem;
    if (form_region_unfinished(req, &problem)) {
        return form_again(ctx, &form, &work.input, NULL, "region", problem);
    }
    Response *response;
    if (!db_run_tx(ctx->db, add_officer, &work, &error)) {
        response = response_problem(error, NULL);
    } else if (work.result.outcome == INTAKE_ADDED) {
        response = page_done("/work/officers", "已登记，编号", work.result.id, &work.result);
    } else {
        response = again(ctx, &work, NULL);
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
    FormObject object = object_of(&officer);
    return form_page(ctx, &form, &input, &object);
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
           form_note_change(db, work->ctx, &form, &work->input, work->id, error);
}

static Response *conflict(Ctx *ctx, const OfficerInput *mine, const Officer *theirs) {
    OfficerInput now = from_officer(theirs);
    FormObject object = object_of(theirs);
    return form_conflict(ctx, &form, mine, &now, &object);
}

Response *officer_edit_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Officer) officer = {0};
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Response *response;
    if (!find_own(ctx, req, &officer, &response)) {
        return response;
    }
    FormObject object = object_of(&officer);
    Work work = {.ctx = ctx, .id = officer.id, .version = form_version(req)};
    form_read(&form, req, texts, &work.input);
    const char *problem;
    if (work.version == officer.version && form_region_unfinished(req, &problem)) {
        return form_again(ctx, &form, &work.input, &object, "region", problem);
    }
    if (!db_run_tx(ctx->db, change_officer, &work, &error)) {
        response = response_problem(error, NULL);
    } else if (work.is_outdated) {
        response = conflict(ctx, &work.input, &officer);
    } else if (work.result.problem != NULL || work.is_taken) {
        response = again(ctx, &work, &object);
    } else {
        response = page_done("/work/officers", "已保存修改，编号", work.id, &work.result);
    }
    intake_result_clear(&work.result);
    return response;
}
