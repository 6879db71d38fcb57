/* What an agency was given beside the powers of its kind: entering it and ending it. */
#include "registry/agency_pages.h"

#include "base/clock.h"
#include "base/error.h"

#include <string.h>

#define DOCUMENT_MAX_BYTES 200

typedef struct Input {
    const char *act, *mode, *from, *until, *document, *grantor;
} Input;

typedef struct Work {
    Ctx *ctx;
    const AgencyGrant *grant;
    const char *until; /* NULL: it is entered; else its last day is set */
} Work;

static bool write_grant(Db *db, void *data, GError **error) {
    const Work *work = data;
    const AgencyGrant *grant = work->grant;
    bool is_end = work->until != NULL;
    g_autofree char *actor = page_actor(work->ctx);
    WriteOptions options = {
        .actor = actor, .action = is_end ? "end" : "give", .now_us = work->ctx->now_us};
    int64_t id = grant->id;
    if (is_end ? !agency_grant_end(db, grant, work->until, &options, error)
               : !agency_grant_add(db, grant, &options, &id, error)) {
        return false;
    }
    json_t *payload = json_object();
    json_put_int(payload, "grant", id);
    json_put_text(payload, "act", grant->act);
    json_put_text(payload, "mode", law_mode_word(grant->mode));
    json_put_text(payload, "from", grant->from);
    json_put_text(payload, "until", is_end ? work->until : grant->until);
    json_put_text(payload, "document", grant->document);
    json_put_int(payload, "grantor", grant->grantor_id);
    return page_ledger(db,
                       work->ctx,
                       is_end ? "agency.end" : "agency.grant",
                       "agency",
                       grant->agency_id,
                       payload,
                       error);
}

static Response *done(const Agency *agency, const char *flash) {
    g_autofree char *location = g_strdup_printf("/work/agencies/%" G_GINT64_FORMAT, agency->id);
    return response_redirect_flash(location, "%s", flash);
}

/* --- entering -----------------------------------------------------------------------------------
 */

static bool
put_options(Ctx *ctx, const Agency *agency, const Input *input, json_t *model, GError **error) {
    const LawBook *book = agency_book(agency->region, error);
    g_autoptr(GPtrArray) agencies = book == NULL ? NULL : agency_list(ctx->db, error);
    if (agencies == NULL) {
        return false;
    }
    agency_put_acts(book, page_options(model, "act_options"), input->act);
    json_t *modes = page_options(model, "mode_options");
    page_add_option(modes, "empowered", "赋权（以自己的名义）", input->mode);
    page_add_option(modes, "delegated", "委托（以委托机关的名义）", input->mode);
    json_t *grantors = page_options(model, "grantor_options");
    page_add_option(grantors, "", "不是委托", input->grantor);
    for (guint i = 0; i < agencies->len; i++) {
        const Agency *other = agencies->pdata[i];
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, other->id);
        if (other->id != agency->id) {
            page_add_option(grantors, id, other->name, input->grantor);
        }
    }
    return true;
}

static Response *
grant_form(Ctx *ctx, const Agency *agency, const Input *input, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    form_field(model, "act", input->act, problems);
    form_field(model, "mode", input->mode, problems);
    form_field(model, "from", input->from, problems);
    form_field(model, "until", input->until, problems);
    form_field(model, "document", input->document, problems);
    form_field(model, "grantor", input->grantor, problems);
    json_put_int(model, "id", agency->id);
    json_put_text(model, "agency_name", agency->name);
    json_put(model, "problems", json_null());
    if (!put_options(ctx, agency, input, model, &error)) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    return problems == NULL
               ? response_page("registry/agency_grant", g_steal_pointer(&model))
               : response_form_again("registry/agency_grant", g_steal_pointer(&model), problems);
}

Response *agency_grant_page(Ctx *ctx, const Request *req) {
    g_auto(Agency) agency = {0};
    Response *refused;
    if (!agency_page_find_other(ctx, req, &agency, &refused)) {
        return refused;
    }
    Input input = {.mode = "empowered"};
    return grant_form(ctx, &agency, &input, NULL);
}

static bool is_day(const char *text) {
    int64_t time_us;
    return text != NULL && strlen(text) == 10 && clock_parse(text, &time_us);
}

/* What stands in the form by itself; the law is asked afterwards. */
static FormProblems *check_words(const LawBook *book, const Input *input, LawMode *ret_mode) {
    FormProblems *problems = form_problems_new();
    *ret_mode = LAW_STATUTORY;
    if (input->act == NULL || law_act_name(book, input->act) == NULL) {
        form_problem_add(problems, "act", "选给的是哪一项职权");
    }
    if (input->mode == NULL || !law_mode_parse(input->mode, ret_mode) ||
        *ret_mode == LAW_STATUTORY) {
        form_problem_add(problems, "mode", "选赋权还是委托");
    }
    if (!is_day(input->from)) {
        form_problem_add(problems, "from", "写从哪一天起");
    }
    if (input->until != NULL &&
        (!is_day(input->until) || (is_day(input->from) && strcmp(input->until, input->from) < 0))) {
        form_problem_add(problems, "until", "最后一天不能早于第一天；没有期限的不写");
    } else if (input->until == NULL && *ret_mode == LAW_DELEGATED) {
        form_problem_add(problems, "until", "委托书要写明期限：写最后一天");
    }
    if (input->document == NULL || strlen(input->document) > DOCUMENT_MAX_BYTES) {
        form_problem_add(problems, "document", "写赋权文件或者委托书的文号，最多 66 个字");
    }
    if ((input->grantor != NULL) != (*ret_mode == LAW_DELEGATED)) {
        form_problem_add(problems, "grantor", "委托的选委托机关，赋权的选“不是委托”");
    }
    return problems;
}

static bool find_grantor(Db *db, const Input *input, Agency *ret_grantor, GError **error) {
    uint64_t id = 0;
    return input->grantor == NULL ||
           (g_ascii_string_to_unsigned(input->grantor, 10, 1, INT64_MAX, &id, NULL)
                ? agency_find(db, (int64_t)id, ret_grantor, error)
                : hz_fail(error, HZ_ERROR_INVALID, "no such agency"));
}

static Response *
enter(Ctx *ctx, const Agency *agency, const Input *input, const LawBook *book, LawMode mode) {
    g_autoptr(GError) error = NULL;
    g_auto(Agency) grantor = {0};
    g_autofree char *problem = NULL;
    if (!find_grantor(ctx->db, input, &grantor, &error)) {
        return response_problem(error, NULL);
    }
    AgencyGrant grant = {.agency_id = agency->id,
                         .act = (char *)input->act,
                         .mode = mode,
                         .from = (char *)input->from,
                         .until = (char *)input->until,
                         .document = (char *)input->document,
                         .grantor_id = grantor.id};
    if (!agency_grant_problem(book, &grant, agency->kind, grantor.kind, &problem, &error)) {
        return response_problem(error, NULL);
    }
    if (problem != NULL) {
        FormProblems *problems = form_problems_new();
        form_problem_add(problems, "act", "%s", problem);
        return grant_form(ctx, agency, input, problems);
    }
    Work work = {.ctx = ctx, .grant = &grant};
    return db_run_tx(ctx->db, write_grant, &work, &error) ? done(agency, "已登记")
                                                          : response_problem(error, NULL);
}

Response *agency_grant_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    g_auto(Agency) agency = {0};
    Response *refused;
    LawMode mode;
    if (!agency_page_find_other(ctx, req, &agency, &refused)) {
        return refused;
    }
    const LawBook *book = agency_book(agency.region, &error);
    if (book == NULL) {
        return response_problem(error, NULL);
    }
    Input input = {.act = page_form(req, texts, "act"),
                   .mode = page_form(req, texts, "mode"),
                   .from = page_form(req, texts, "from"),
                   .until = page_form(req, texts, "until"),
                   .document = page_form(req, texts, "document"),
                   .grantor = page_form(req, texts, "grantor")};
    FormProblems *problems = check_words(book, &input, &mode);
    if (form_has_problems(problems)) {
        return grant_form(ctx, &agency, &input, problems);
    }
    json_decref(problems);
    return enter(ctx, &agency, &input, book, mode);
}

/* --- ending -------------------------------------------------------------------------------------
 */

static Response *end_form(Ctx *ctx,
                          const Agency *agency,
                          const AgencyGrant *grant,
                          const char *until,
                          FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    g_autofree char *today = clock_format_date(ctx->now_us);
    const LawBook *book = agency_book(agency->region, &error);
    if (book == NULL) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    form_field(model, "until", until == NULL ? today : until, problems);
    json_put_int(model, "id", agency->id);
    json_put_int(model, "grant_id", grant->id);
    json_put_text(model, "agency_name", agency->name);
    json_put_text(model, "act_zh", page_text(law_act_name(book, grant->act), grant->act));
    json_put_text(model, "mode_zh", law_mode_zh(grant->mode));
    json_put_text(model, "document", grant->document);
    json_put_text(model, "from", grant->from);
    json_put_text(model, "now_until", page_text(grant->until, "没有写明"));
    json_put(model, "problems", json_null());
    return problems == NULL
               ? response_page("registry/agency_end", g_steal_pointer(&model))
               : response_form_again("registry/agency_end", g_steal_pointer(&model), problems);
}

static const AgencyGrant *find_grant(const GPtrArray *grants, const Request *req) {
    int64_t id;
    for (guint i = 0; request_arg_id(req, "grant", &id) && i < grants->len; i++) {
        const AgencyGrant *grant = grants->pdata[i];
        if (grant->id == id) {
            return grant;
        }
    }
    return NULL;
}

static Response *
end_grant(Ctx *ctx, const Request *req, const Agency *agency, const AgencyGrant *grant) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(64);
    const char *until = page_form(req, texts, "until");
    bool is_good = is_day(until) && strcmp(until, grant->from) >= 0 &&
                   (grant->until == NULL || strcmp(until, grant->until) <= 0);
    if (!is_good) {
        FormProblems *problems = form_problems_new();
        form_problem_add(problems, "until", "最后一天要在原来的期限里");
        return end_form(ctx, agency, grant, until, problems);
    }
    Work work = {.ctx = ctx, .grant = grant, .until = until};
    return db_run_tx(ctx->db, write_grant, &work, &error) ? done(agency, "已终止")
                                                          : response_problem(error, NULL);
}

static Response *end_either(Ctx *ctx, const Request *req, bool is_sent) {
    g_autoptr(GError) error = NULL;
    g_auto(Agency) agency = {0};
    Response *refused;
    if (!agency_page_find_other(ctx, req, &agency, &refused)) {
        return refused;
    }
    g_autoptr(GPtrArray) grants = agency_grants(ctx->db, agency.id, &error);
    if (grants == NULL) {
        return response_problem(error, NULL);
    }
    const AgencyGrant *grant = find_grant(grants, req);
    if (grant == NULL) {
        return response_not_found();
    }
    return is_sent ? end_grant(ctx, req, &agency, grant)
                   : end_form(ctx, &agency, grant, NULL, NULL);
}

Response *agency_end_page(Ctx *ctx, const Request *req) {
    return end_either(ctx, req, false);
}

Response *agency_end_submit(Ctx *ctx, const Request *req) {
    return end_either(ctx, req, true);
}
