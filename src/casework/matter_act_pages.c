/* The form of any act: shown, read, taken or shown again with everything that was typed. */
#include "account/account.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "casework/matter_form.h"
#include "casework/matter_pages.h"
#include "registry/building.h"
#include "registry/officer.h"
#include "registry/region.h"
#include "registry/unit.h"

#include <string.h>

#define OFFICERS_MAX 8

/* What one form is about, on its way in and out. */
typedef struct ActForm {
    const Matter *matter; /* NULL: it opens one */
    const LawBook *book;
    const LawProcedure *procedure;
    const LawStep *step;
    const LawForm *form; /* NULL: the step asks nothing */
    const char *object_kind;
    int64_t object_id;
    const char *title, *region;
    const json_t *known; /* what the library says, by LawField.prefill; may be NULL */
} ActForm;

/* --- showing ------------------------------------------------------------------------------------
 */

static char *officer_name(int number) {
    return g_strdup_printf("officer-%d", number + 1);
}

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
        g_autofree char *name = officer_name(i);
        g_autofree char *label = g_strdup_printf("第 %d 名执法人员的执法证号", i + 1);
        const char *sent = request_is_post(req) ? request_form(req, name) : NULL;
        const char *problem = json_get_text(problems, name, NULL);
        json_t *field = json_object();
        json_put_text(field, "name", name);
        json_put_text(field, "label", label);
        json_put_text(field, "value", sent != NULL ? sent : i == 0 ? own.certificate : NULL);
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
    const char *sent = request_is_post(req) ? request_form(req, "region") : NULL;
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
        g_autofree char *name = field == NULL ? g_strdup(key) : g_strconcat("f-", key, NULL);
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

typedef struct Shown {
    const json_t *data, *problems; /* may be NULL */
    const char *conflict;          /* what happened meanwhile; NULL: nothing */
} Shown;

/* First values from the object library; a person looks at them and may change them. */
static json_t *prefilled(const ActForm *form) {
    json_t *data = json_object();
    for (unsigned i = 0; form->form != NULL && i < form->form->field_count; i++) {
        const LawField *field = &form->form->fields[i];
        const char *value =
            field->prefill == NULL ? NULL : json_get_text(form->known, field->prefill, NULL);
        if (value != NULL) {
            json_put_text(data, field->id, value);
        }
    }
    return data;
}

static Response *show_form(Ctx *ctx, const Request *req, const ActForm *form, const Shown *shown) {
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
    g_autoptr(json_t) first = prefilled(form);
    matter_form_model(
        form->form, shown->data != NULL ? shown->data : first, shown->problems, model);
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

typedef struct Read {
    CaseAct act;
    json_t *data, *problems;
    int64_t officers[OFFICERS_MAX];
} Read;

static void read_clear(Read *read) {
    g_clear_pointer(&read->data, json_decref);
    g_clear_pointer(&read->problems, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Read, read_clear)

static bool
read_officers(Ctx *ctx, const Request *req, const ActForm *form, Read *read, GError **error) {
    for (int i = 0; i < form->step->officers; i++) {
        g_autofree char *name = officer_name(i);
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

static void read_happened(const Ctx *ctx, const Request *req, Read *read) {
    const char *sent = request_form(req, "happened");
    g_autofree char *full = g_strconcat(
        sent == NULL ? "" : sent, sent != NULL && strlen(sent) == 16 ? ":00" : "", NULL);
    if (!clock_parse(full, &read->act.happened_us)) {
        json_put_text(read->problems, "happened", "发生时间写成 2026-11-22T09:15 的样子");
    } else if (read->act.happened_us > ctx->now_us) {
        json_put_text(read->problems, "happened", "发生时间还没有到");
    }
}

static bool
read_form(Ctx *ctx, const Request *req, const ActForm *form, Read *read, GError **error) {
    g_assert(form->step != NULL);
    read->data = matter_form_read(form->form, req);
    read->problems = form->form == NULL ? json_object() : law_form_problems(form->form, read->data);
    read->act.step = form->step->id;
    read->act.data = read->data;
    read_happened(ctx, req, read);
    return read_officers(ctx, req, form, read, error);
}

/* --- opening ------------------------------------------------------------------------------------
 */

static const LawStep *opening_step(const LawProcedure *procedure) {
    for (unsigned i = 0; i < procedure->step_count; i++) {
        if (procedure->steps[i].from[0] == NULL) {
            return &procedure->steps[i];
        }
    }
    return NULL;
}

/* What the library says about the object. */
typedef struct Object {
    char *title, *region;
    json_t *known;
} Object;

static void object_clear(Object *object) {
    g_free(object->title);
    g_free(object->region);
    g_clear_pointer(&object->known, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Object, object_clear)

static void take_unit(const Unit *unit, Object *object) {
    object->title = g_strdup(unit->name);
    object->region = g_strdup(unit->region);
    json_put_text(object->known, "unit.name", unit->name);
    json_put_text(object->known, "unit.address", unit->address);
    json_put_text(object->known, "unit.category", category_get(unit->category)->name_zh);
}

static void take_building(const Building *building, Object *object) {
    object->title = g_strdup(building->name);
    object->region = g_strdup(building->region);
    /* a form that asks for the unit's address is answered with the place it is about */
    json_put_text(object->known, "unit.address", building->address);
}

/* A response when the object cannot be used. */
static Response *load_object(Ctx *ctx, const Request *req, ActForm *form, Object *ret_object) {
    g_autoptr(GError) error = NULL;
    g_auto(Unit) unit = {0};
    g_auto(Building) building = {0};
    bool is_unit = strcmp(form->object_kind, "unit") == 0;
    if (is_unit ? !unit_find(ctx->db, form->object_id, &unit, &error)
                : !building_find(ctx->db, form->object_id, &building, &error)) {
        return response_problem(error, NULL);
    }
    ret_object->known = json_object();
    if (is_unit) {
        take_unit(&unit, ret_object);
    } else {
        take_building(&building, ret_object);
    }
    form->known = ret_object->known;
    if (!region_is_inside(ret_object->region, ctx->who->region)) {
        g_auto(LawRefusal) refusal = {.rule = "district", .reason_zh = g_strdup("不在您的辖区")};
        return matter_refuse(ctx, req, &refusal);
    }
    return NULL;
}

static const char *word(const Request *req, const char *name) {
    const char *text = request_is_post(req) ? request_form(req, name) : request_query(req, name);
    return text == NULL || text[0] == '\0' ? NULL : text;
}

static bool read_object(const Request *req, ActForm *form) {
    const char *kind = word(req, "object_kind");
    const char *id = word(req, "object_id");
    if (kind == NULL || id == NULL) {
        return kind == NULL;
    }
    form->object_kind = strcmp(kind, "unit") == 0       ? "unit"
                        : strcmp(kind, "building") == 0 ? "building"
                                                        : NULL;
    return form->object_kind != NULL &&
           g_ascii_string_to_signed(id, 10, 1, G_MAXINT64, &form->object_id, NULL);
}

/* Fills the form from kind and object; a response when that is not possible. */
static Response *prepare_new(Ctx *ctx, const Request *req, ActForm *form, Object *object) {
    g_autoptr(GError) error = NULL;
    const char *kind = word(req, "kind");
    if (kind == NULL || !read_object(req, form)) {
        hz_fail(&error, HZ_ERROR_INVALID, "kind or object is missing");
        return response_problem(error, "这个网址不完整，请从案件列表重新进入");
    }
    if (form->object_kind != NULL) {
        Response *refused = load_object(ctx, req, form, object);
        if (refused != NULL) {
            return refused;
        }
    } else {
        const char *title = request_is_post(req) ? request_form(req, "title") : NULL;
        object->title = title == NULL ? NULL : g_strstrip(g_strdup(title));
        const char *sent = request_is_post(req) ? request_form(req, "region") : NULL;
        char code[REGION_CODE_MAX + 1] = {0};
        bool is_good = sent != NULL && region_code_parse(sent, code) && strlen(code) >= 6 &&
                       region_is_inside(code, ctx->who->region);
        object->region = g_strdup(is_good ? code : ctx->who->region);
    }
    form->title = object->title;
    form->region = object->region;
    form->book = casework_book(form->region, &error);
    form->procedure =
        form->book == NULL ? NULL : law_procedure_at(form->book, kind, ctx->now_us, &error);
    form->step = form->procedure == NULL ? NULL : opening_step(form->procedure);
    if (form->step == NULL) {
        return response_problem(error, NULL);
    }
    if (form->step->form != NULL) {
        form->form = law_form_at(form->book, form->step->form, ctx->now_us, &error);
        if (form->form == NULL) {
            return response_problem(error, NULL);
        }
    }
    if ((form->step->roles & ctx->who->roles) == 0) {
        g_autofree char *roles = role_set_zh(form->step->roles);
        g_auto(LawRefusal) refusal = {
            .rule = "role", .reason_zh = g_strdup_printf("%s由%s办理", form->step->name, roles)};
        return matter_refuse(ctx, req, &refusal);
    }
    return NULL;
}

/* Which kind, for an object whose page led here. */
static Response *choose_kind(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    ActForm form = {.matter = NULL};
    const LawBook *book = casework_book(ctx->who->region, &error);
    if (book == NULL) {
        return response_problem(error, NULL);
    }
    if (!read_object(req, &form)) {
        hz_fail(&error, HZ_ERROR_INVALID, "object is not understood");
        return response_problem(error, "这个网址不完整，请从单位或者建筑的页面重新进入");
    }
    g_auto(Object) object = {0};
    Response *refused = form.object_kind == NULL ? NULL : load_object(ctx, req, &form, &object);
    if (refused != NULL) {
        return refused;
    }
    json_t *model = json_object();
    json_put_text(model, "title", object.title);
    json_put_text(model, "object_kind", form.object_kind);
    json_put_int(model, "object_id", form.object_id);
    json_put(model, "kinds", matter_kinds(book, ctx, NULL));
    return response_page("casework/choose", model);
}

Response *matter_new_page(Ctx *ctx, const Request *req) {
    if (word(req, "kind") == NULL) {
        return choose_kind(ctx, req);
    }
    ActForm form = {.matter = NULL};
    g_auto(Object) object = {0};
    Response *refused = prepare_new(ctx, req, &form, &object);
    return refused != NULL ? refused : show_form(ctx, req, &form, &(Shown){.data = NULL});
}

/* A refusal by the form goes back to its fields; any other is a page of its own. */
static Response *answer_refusal(Ctx *ctx,
                                const Request *req,
                                const ActForm *form,
                                const Read *read,
                                const LawRefusal *refusal) {
    if (refusal->problems != NULL) {
        return show_form(
            ctx, req, form, &(Shown){.data = read->data, .problems = refusal->problems});
    }
    return matter_refuse(ctx, req, refusal);
}

Response *matter_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    ActForm form = {.matter = NULL};
    g_auto(Object) object = {0};
    g_auto(Read) read = {.data = NULL};
    Response *refused = prepare_new(ctx, req, &form, &object);
    if (refused != NULL) {
        return refused;
    }
    if (!read_form(ctx, req, &form, &read, &error)) {
        return response_problem(error, NULL);
    }
    if (form.object_kind == NULL && (object.title == NULL || object.title[0] == '\0')) {
        json_put_text(read.problems, "title", "写是哪家单位或者什么地方");
    }
    char code[REGION_CODE_MAX + 1] = {0};
    if (!region_code_parse(object.region, code) || strlen(code) < 6) {
        json_put_text(read.problems, "region", "选所在区县");
    }
    if (json_object_size(read.problems) > 0) {
        return show_form(ctx, req, &form, &(Shown){.data = read.data, .problems = read.problems});
    }
    g_assert(form.procedure != NULL); /* prepare_new has seen to it */
    CaseActor actor = matter_actor(ctx);
    NewMatter opening = {.kind = form.procedure->entry.id,
                         .object_kind = form.object_kind,
                         .object_id = form.object_id,
                         .title = object.title,
                         .region = object.region,
                         .form_id = word(req, "form_id")};
    g_auto(LawRefusal) refusal = {0};
    int64_t id = 0;
    if (!casework_open(ctx->db, &actor, &opening, &read.act, &id, &refusal, &error)) {
        return response_problem(error, NULL);
    }
    if (refusal.reason_zh != NULL) {
        return answer_refusal(ctx, req, &form, &read, &refusal);
    }
    g_auto(Matter) matter = {0};
    if (!casework_find(ctx->db, id, &matter, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *location = g_strdup_printf("/work/matters/%" G_GINT64_FORMAT, id);
    return response_redirect_flash(location, "已%s，编号 %s", form.step->name, matter.number);
}

/* --- acting -------------------------------------------------------------------------------------
 */

static Response *prepare_act(Ctx *ctx, const Request *req, Matter *matter, ActForm *form) {
    g_autoptr(GError) error = NULL;
    Response *refused = matter_load(ctx, req, matter);
    if (refused != NULL) {
        return refused;
    }
    form->matter = matter;
    form->title = matter->title;
    form->book = casework_book(matter->region, &error);
    form->procedure = form->book == NULL
                          ? NULL
                          : law_procedure_at(form->book, matter->kind, matter->opened_us, &error);
    if (form->procedure == NULL) {
        return response_problem(error, NULL);
    }
    form->step = law_step(form->procedure, request_arg(req, "step"));
    if (form->step == NULL || form->step->from[0] == NULL) {
        return response_not_found();
    }
    if (form->step->form != NULL) {
        form->form = law_form_at(form->book, form->step->form, ctx->now_us, &error);
    }
    return form->step->form != NULL && form->form == NULL ? response_problem(error, NULL) : NULL;
}

Response *matter_act_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    g_auto(LawRefusal) refusal = {0};
    ActForm form = {.matter = NULL};
    Response *refused = prepare_act(ctx, req, &matter, &form);
    if (refused != NULL) {
        return refused;
    }
    g_autoptr(LawCase) course = casework_replay(ctx->db, &matter, &error);
    if (course == NULL) {
        return response_problem(error, NULL);
    }
    CaseActor actor = matter_actor(ctx);
    casework_may(course, &matter, &actor, form.step, &refusal);
    return refusal.reason_zh != NULL ? matter_refuse(ctx, req, &refusal)
                                     : show_form(ctx, req, &form, &(Shown){.data = NULL});
}

/* "账号 7 在 10:05 办理了“实地核查”": what the other one did. */
static char *meanwhile(Ctx *ctx, const ActForm *form, int64_t version) {
    g_autoptr(GPtrArray) acts = casework_acts(ctx->db, form->matter->id, false, NULL);
    g_autoptr(GString) out = g_string_new("您填表的时候，");
    for (guint i = 0; acts != NULL && i < acts->len; i++) {
        const StoredAct *act = acts->pdata[i];
        const LawStep *step = law_step(form->procedure, act->step);
        if (act->seq > version) {
            g_autofree char *when = clock_format_minute(act->entered_us);
            g_string_append_printf(out,
                                   "账号 %" G_GINT64_FORMAT " 在 %s 办理了“%s”。",
                                   act->actor,
                                   when,
                                   step == NULL ? act->step : step->name);
        }
    }
    g_string_append(out, "您写的都还在下面；核对以后可以再提交，或者回到案件页。");
    return g_string_free(g_steal_pointer(&out), FALSE);
}

/* Somebody was faster: the form again, with the new version and everything that was typed. */
static Response *answer_conflict(
    Ctx *ctx, const Request *req, const ActForm *form, const Read *read, int64_t version) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) now = {0};
    if (!casework_find(ctx->db, form->matter->id, &now, &error)) {
        return response_problem(error, NULL);
    }
    ActForm again = *form;
    again.matter = &now;
    g_autofree char *text = meanwhile(ctx, &again, version);
    return show_form(ctx, req, &again, &(Shown){.data = read->data, .conflict = text});
}

Response *matter_act_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    g_auto(Read) read = {.data = NULL};
    g_auto(LawRefusal) refusal = {0};
    ActForm form = {.matter = NULL};
    Response *refused = prepare_act(ctx, req, &matter, &form);
    if (refused != NULL) {
        return refused;
    }
    int64_t version = 0;
    const char *sent = request_form(req, "version");
    if (sent == NULL || !g_ascii_string_to_signed(sent, 10, 1, G_MAXINT64, &version, NULL)) {
        hz_fail(&error, HZ_ERROR_INVALID, "the form has no version");
        return response_problem(error, NULL);
    }
    if (!read_form(ctx, req, &form, &read, &error)) {
        return response_problem(error, NULL);
    }
    if (json_object_size(read.problems) > 0) {
        return show_form(ctx, req, &form, &(Shown){.data = read.data, .problems = read.problems});
    }
    CaseActor actor = matter_actor(ctx);
    if (!casework_act(ctx->db, &actor, matter.id, version, &read.act, &refusal, &error)) {
        return g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT)
                   ? answer_conflict(ctx, req, &form, &read, version)
                   : response_problem(error, NULL);
    }
    if (refusal.reason_zh != NULL) {
        return answer_refusal(ctx, req, &form, &read, &refusal);
    }
    g_autofree char *location = g_strdup_printf("/work/matters/%" G_GINT64_FORMAT, matter.id);
    return response_redirect_flash(location, "已%s：%s", form.step->name, matter.number);
}
