/* The form of any act: shown, read, kept as a draft. */
#include "casework/act_form.h"
#include "account/account.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "registry/officer.h"
#include "registry/region.h"

#include <string.h>

static char *act_officer_name(int number) {
    return g_strdup_printf("officer-%d", number + 1);
}

/* --- showing ------------------------------------------------------------------------------------
 */

/* The certificate numbers of those who take part; the first is the reader's own. */
static bool put_officers(Ctx *ctx,
                         const Request *req,
                         const ActForm *form,
                         const json_t *problems,
                         json_t *model,
                         GError **error) {
    json_t *list = json_array();
    json_put(model, "officers", list);
    g_auto(Officer) own = {0};
    if (ctx->who->officer_id != 0 && !officer_find(ctx->db, ctx->who->officer_id, &own, error)) {
        return false;
    }
    for (int i = 0; i < form->step->officers; i++) {
        g_auto(Officer) named = {0};
        if (form->named != NULL && (guint)i < form->named->len &&
            !officer_find(ctx->db, g_array_index(form->named, int64_t, i), &named, error)) {
            return false;
        }
        g_autofree char *name = act_officer_name(i);
        bool is_recusal = form->step->effect == LAW_EFFECT_RECUSE;
        g_autofree char *label = is_recusal ? g_strdup("回避人员的执法证号")
                                            : g_strdup_printf("第 %d 名执法人员的执法证号", i + 1);
        const char *sent = request_is_post(req) ? request_form(req, name) : NULL;
        const char *problem = json_get_text(problems, name, NULL);
        json_t *field = json_object();
        json_put_text(field, "name", name);
        json_put_text(field, "label", label);
        json_put_text(field,
                      "value",
                      sent != NULL            ? sent
                      : form->named != NULL   ? named.certificate
                      : i == 0 && !is_recusal ? own.certificate
                                              : NULL);
        json_put_text(field, "error", problem);
        json_put_bool(field, "has_error", problem != NULL);
        json_array_append_new(list, field);
    }
    return true;
}

/* A reader of a whole city says in which district the place is. */
static bool put_districts(Ctx *ctx,
                          const Request *req,
                          const ActForm *form,
                          const json_t *problems,
                          json_t *model,
                          GError **error) {
    char scope[REGION_CODE_MAX + 1] = {0};
    bool asks = form->matter == NULL && form->object_kind == NULL &&
                region_code_parse(ctx->who->region, scope) && strlen(scope) < 6;
    json_put_bool(model, "asks_region", asks);
    json_t *options = json_array();
    json_put(model, "districts", options);
    json_put_text(model, "region_error", json_get_text(problems, "region", NULL));
    if (!asks) {
        return true;
    }
    g_autofree char *today = clock_format_date(ctx->now_us);
    g_autoptr(GPtrArray) districts = region_districts(ctx->db, scope, today, error);
    const char *sent = request_is_post(req)   ? request_form(req, "region")
                       : form->parent != NULL ? form->parent->region
                                              : NULL;
    for (guint i = 0; districts != NULL && i < districts->len; i++) {
        const Region *region = districts->pdata[i];
        json_t *option = json_object();
        json_put_text(option, "value", region->code);
        json_put_text(option, "text", region->name);
        json_put_bool(option, "is_selected", g_strcmp0(sent, region->code) == 0);
        json_array_append_new(options, option);
    }
    return districts != NULL;
}

static char *minute_value(int64_t time_us) {
    char *text = clock_format_minute(time_us);
    text[10] = 'T';
    return text;
}

static void
put_happened(const Ctx *ctx, const Request *req, const json_t *problems, json_t *model) {
    g_autofree char *now = minute_value(ctx->now_us);
    const char *sent = request_is_post(req) ? request_form(req, "happened") : NULL;
    const char *problem = json_get_text(problems, "happened", NULL);
    json_t *field = json_object();
    json_put_text(field, "name", "happened");
    json_put_text(field, "value", sent != NULL ? sent : now);
    json_put_text(field, "error", problem);
    json_put_bool(field, "has_error", problem != NULL);
    json_put(model, "happened", field);
}

/* The summary at the top: every problem as a link to its field. */
static void put_summary(const ActForm *form, const json_t *problems, json_t *model) {
    json_t *list = json_array();
    const char *key;
    json_t *text;
    json_object_foreach((json_t *)problems, key, text) {
        const LawField *field = form->form == NULL ? NULL : law_form_field(form->form, key);
        bool is_own = field != NULL || strchr(key, '.') != NULL;
        g_autofree char *name = is_own ? g_strconcat("f-", key, NULL) : g_strdup(key);
        g_autofree char *message = g_strdup_printf("%s%s%s",
                                                   field == NULL ? "" : field->label,
                                                   field == NULL ? "" : "：",
                                                   json_string_value(text));
        json_t *line = json_object();
        json_put_text(line, "field", name);
        json_put_text(line, "message", message);
        json_array_append_new(list, line);
    }
    json_put(model, "problems", list);
}

/* First values: a draft, what the address says, what the object library knows. A person looks at
 * them and may change them. */
static bool
first_values(Ctx *ctx, const ActForm *form, json_t **ret_data, json_t *model, GError **error) {
    g_autofree char *place = act_form_place(form);
    int64_t saved_us = 0;
    if (!casework_draft_find(ctx->db, ctx->who->account_id, place, ret_data, &saved_us, error)) {
        return false;
    }
    g_autofree char *saved = *ret_data == NULL ? NULL : clock_format_minute(saved_us);
    json_put_text(model, "draft_saved", saved);
    if (*ret_data != NULL) {
        return true;
    }
    *ret_data = form->started == NULL ? json_object() : json_deep_copy(form->started);
    for (unsigned i = 0; form->form != NULL && i < form->form->field_count; i++) {
        const LawField *field = &form->form->fields[i];
        const char *value =
            field->prefill == NULL ? NULL : json_get_text(form->known, field->prefill, NULL);
        if (value != NULL) {
            json_put_text(*ret_data, field->id, value);
        }
    }
    return true;
}

/* Who is asked to bring the matter on, and what that does: the form is its confirmation. */
static void put_expedition(const ActForm *form, const json_t *data, json_t *model) {
    bool is_short = form->step->effect == LAW_EFFECT_EXPEDITE;
    const char *turn = json_get_text(data, "to", "");
    g_autofree char *text =
        g_strdup_printf("%s%s%s催办以后，轮到的人在今日任务里看到“被催办”；催办记入办理经过和账本，"
                        "不改变进度和期限。同一人每个工作日可以催办一次。",
                        turn[0] == '\0' ? "" : "现在轮到",
                        turn,
                        turn[0] == '\0' ? "" : "办理。");
    json_put_bool(model, "is_short", is_short);
    json_put_text(model, "expedites", is_short ? text : NULL);
}

/* Is it filled in by the address or by the program, so that nobody is asked? */
static bool is_given(const ActForm *form, const char *name) {
    return form->step->effect == LAW_EFFECT_CORRECT
               ? strcmp(name, "f-act") == 0 || strcmp(name, "f-field") == 0
               : form->step->effect == LAW_EFFECT_EXPEDITE && strcmp(name, "f-to") == 0;
}

/* What is corrected: fields that the address has chosen are shown in words and not asked again. */
static void put_given(const ActForm *form, json_t *model) {
    bool is_fixed = form->step->effect == LAW_EFFECT_CORRECT;
    json_put_bool(model, "is_correction", is_fixed);
    json_put_text(model, "corrects", is_fixed ? json_get_text(form->started, "what", "") : NULL);
    size_t i;
    json_t *field;
    json_array_foreach(json_object_get(model, "fields"), i, field) {
        bool hides = is_given(form, json_get_text(field, "name", ""));
        json_put_bool(field, "is_hidden", hides);
        if (hides) {
            json_put_bool(field, "is_line", false);
        }
    }
}

Response *act_form_show(Ctx *ctx, const Request *req, const ActForm *form, const ActShown *shown) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    g_autofree char *path = form->matter == NULL
                                ? g_strdup("/work/matters/new")
                                : g_strdup_printf("/work/matters/%" G_GINT64_FORMAT "/acts/%s",
                                                  form->matter->id,
                                                  form->step->id);
    const char *sent_id = request_is_post(req) ? request_form(req, "form_id") : NULL;
    uint8_t bytes[16];
    random_bytes(bytes, sizeof bytes);
    g_autofree char *fresh = hex_format(bytes, sizeof bytes);
    json_put_text(model, "action", path);
    json_put_text(model, "form_id", sent_id != NULL ? sent_id : fresh);
    json_put_text(model, "kind", form->procedure->entry.id);
    json_put_text(model, "kind_zh", form->procedure->entry.name);
    g_autofree char *unseal_roles = role_set_zh(form->procedure->unseals);
    json_put_text(model, "unseal_roles", unseal_roles);
    json_put_text(model, "step_name", form->step->name);
    json_put_text(model, "title", form->title);
    json_put_bool(model, "is_new", form->matter == NULL);
    json_put_int(model, "id", form->matter == NULL ? 0 : form->matter->id);
    json_put_int(model, "version", form->matter == NULL ? 0 : form->matter->version);
    json_put_text(model, "number", form->matter == NULL ? NULL : form->matter->number);
    json_put_text(model, "object_kind", form->object_kind);
    json_put_int(model, "object_id", form->object_id);
    json_put_bool(model, "asks_title", form->matter == NULL && form->object_kind == NULL);
    json_put_text(model,
                  "basis",
                  form->step->basis_zh != NULL ? form->step->basis_zh
                                               : form->procedure->entry.basis_zh);
    json_put_text(model, "conflict", shown->conflict);
    const char *title_problem = json_get_text(shown->problems, "title", NULL);
    json_put_text(model, "title_error", title_problem);
    g_autoptr(json_t) first = NULL;
    json_put_text(model, "draft_saved", NULL);
    if (shown->data == NULL && !first_values(ctx, form, &first, model, &error)) {
        return response_problem(error, NULL);
    }
    int64_t time_us = ctx->now_us;
    matter_form_model(
        form->form, shown->data != NULL ? shown->data : first, shown->problems, time_us, model);
    if (!act_files_show(ctx, form, shown->data != NULL ? shown->data : first, model, &error)) {
        return response_problem(error, NULL);
    }
    put_given(form, model);
    put_expedition(form, shown->data != NULL ? shown->data : first, model);
    json_put_int(model, "from", form->parent == NULL ? 0 : form->parent->id);
    json_put_text(model, "from_number", form->parent == NULL ? NULL : form->parent->number);
    put_happened(ctx, req, shown->problems, model);
    put_summary(form, shown->problems, model);
    if (!put_officers(ctx, req, form, shown->problems, model, &error) ||
        !put_districts(ctx, req, form, shown->problems, model, &error)) {
        return response_problem(error, NULL);
    }
    bool is_wrong = shown->conflict != NULL || json_object_size(shown->problems) > 0;
    return response_page_status(shown->conflict != NULL ? 409
                                : is_wrong              ? 422
                                                        : 200,
                                "casework/act",
                                g_steal_pointer(&model));
}

/* --- reading ------------------------------------------------------------------------------------
 */

void act_read_clear(ActRead *read) {
    g_clear_pointer(&read->data, json_decref);
    g_clear_pointer(&read->problems, json_decref);
}

static bool
read_officers(Ctx *ctx, const Request *req, const ActForm *form, ActRead *read, GError **error) {
    for (int i = 0; i < form->step->officers; i++) {
        g_autofree char *name = act_officer_name(i);
        const char *sent = request_form(req, name);
        g_autofree char *certificate = g_strstrip(g_strdup(sent == NULL ? "" : sent));
        g_auto(Officer) officer = {0};
        g_autoptr(GError) problem = NULL;
        if (certificate[0] == '\0') {
            json_put_text(read->problems, name, "写执法证号");
        } else if (officer_find_certificate(ctx->db, certificate, &officer, &problem)) {
            read->officers[read->act.officer_count++] = officer.id;
        } else if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            json_put_text(read->problems, name, "执法人员库里没有这个证号");
        } else {
            g_propagate_error(error, g_steal_pointer(&problem));
            return false;
        }
    }
    read->act.officers = read->officers;
    return true;
}

static void read_happened(const Ctx *ctx, const Request *req, ActRead *read) {
    const char *sent = request_form(req, "happened");
    g_autofree char *full = g_strconcat(
        sent == NULL ? "" : sent, sent != NULL && strlen(sent) == 16 ? ":00" : "", NULL);
    if (!clock_parse(full, &read->act.happened_us)) {
        json_put_text(read->problems, "happened", "发生时间写成 2026-11-22T09:15 的样子");
    } else if (read->act.happened_us > ctx->now_us) {
        json_put_text(read->problems, "happened", "发生时间还没有到");
    }
}

bool act_form_read(
    Ctx *ctx, const Request *req, const ActForm *form, ActRead *ret_read, GError **error) {
    g_assert(form->step != NULL);
    ret_read->problems = json_object();
    read_happened(ctx, req, ret_read);
    /* without a day the list of today is read, so that a mistake there loses no answer */
    int64_t time_us = ret_read->act.happened_us != 0 ? ret_read->act.happened_us : ctx->now_us;
    ret_read->data = matter_form_read(form->form, req, time_us);
    g_autoptr(json_t) refused = json_object();
    if (!act_files_read(ctx, req, form, time_us, ret_read->data, refused, error)) {
        return false;
    }
    if (form->form != NULL) {
        law_form_compute(form->book, form->form, ret_read->data, time_us);
        g_autoptr(json_t) problems = law_form_problems(form->form, ret_read->data, time_us);
        law_form_check_tables(form->book, form->form, ret_read->data, time_us, problems);
        json_object_update(ret_read->problems, problems);
        json_object_update(ret_read->problems, refused);
    }
    ret_read->act.step = form->step->id;
    ret_read->act.data = ret_read->data;
    return read_officers(ctx, req, form, ret_read, error);
}

Response *act_form_refuse(Ctx *ctx,
                          const Request *req,
                          const ActForm *form,
                          const ActRead *read,
                          const LawRefusal *refusal) {
    return refusal->problems == NULL
               ? matter_refuse(ctx, req, refusal)
               : act_form_show(ctx,
                               req,
                               form,
                               &(ActShown){.data = read->data, .problems = refusal->problems});
}

/* --- drafts -------------------------------------------------------------------------------------
 */

char *act_form_place(const ActForm *form) {
    return form->matter == NULL
               ? g_strdup_printf("new/%s", form->procedure->entry.id)
               : g_strdup_printf("%" G_GINT64_FORMAT "/%s", form->matter->id, form->step->id);
}

Response *act_form_draft(Ctx *ctx, const Request *req, const ActForm *form, const ActRead *read) {
    g_autoptr(GError) error = NULL;
    if (g_strcmp0(request_form(req, "save"), "draft") != 0) {
        return NULL;
    }
    g_autofree char *place = act_form_place(form);
    g_autoptr(json_t) open = json_deep_copy(read->data);
    for (unsigned i = 0; form->form != NULL && i < form->form->field_count; i++) {
        if (form->form->fields[i].sealed) {
            json_object_del(open, form->form->fields[i].id);
        }
    }
    if (!casework_draft_save(ctx->db, ctx->who->account_id, place, open, ctx->now_us, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *location =
        form->matter == NULL ? g_strdup("/work/matters")
                             : g_strdup_printf("/work/matters/%" G_GINT64_FORMAT, form->matter->id);
    return response_redirect_flash(
        location, "“%s”的草稿已存，还没有办理；再打开这张表接着填", form->step->name);
}

/* The act is done whatever becomes of its draft: a draft that stays shows up once more. */
void act_form_done(Ctx *ctx, const ActForm *form) {
    g_autoptr(GError) error = NULL;
    g_autofree char *place = act_form_place(form);
    casework_draft_save(ctx->db, ctx->who->account_id, place, NULL, ctx->now_us, &error);
}
