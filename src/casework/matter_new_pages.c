/* Opening a matter: which kind, about what, its first act. */
#include "account/account.h"
#include "base/error.h"
#include "casework/act_form.h"
#include "registry/building.h"
#include "registry/region.h"
#include "registry/unit.h"

#include <string.h>

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

/* What the reader could be sent to: the object of the matter that the new one grows out of, which
 * was looked at before. */
static bool is_of_parent(const ActForm *form) {
    return form->parent != NULL && form->object_kind != NULL &&
           g_strcmp0(form->parent->object_kind, form->object_kind) == 0 &&
           form->parent->object_id == form->object_id;
}

static Response *refuse_district(Ctx *ctx, const Request *req) {
    g_auto(LawRefusal) refusal = {.rule = "district", .reason_zh = g_strdup("不在您的辖区")};
    return matter_refuse(ctx, req, &refusal);
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
    bool is_here = region_is_inside(ret_object->region, ctx->who->region) || is_of_parent(form);
    return is_here ? NULL : refuse_district(ctx, req);
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

/* The matter that the new one grows out of: its object is the new one's. A response when it cannot
 * be used. */
static Response *load_parent(Ctx *ctx, const Request *req, ActForm *form, Matter *parent) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    const char *from = word(req, "from");
    if (from == NULL || !g_ascii_string_to_signed(from, 10, 0, G_MAXINT64, &id, NULL) || id == 0) {
        return NULL;
    }
    if (!casework_find(ctx->db, id, parent, &error)) {
        return response_problem(error, NULL);
    }
    if (!matter_is_within(ctx, parent)) {
        return refuse_district(ctx, req);
    }
    form->parent = parent;
    if (form->object_kind == NULL && parent->object_kind != NULL) {
        form->object_kind = strcmp(parent->object_kind, "unit") == 0 ? "unit" : "building";
        form->object_id = parent->object_id;
    }
    return NULL;
}

/* In a district that is not the reader's only what the matter that it grows out of asks for. */
static Response *check_sent(Ctx *ctx, const Request *req, const ActForm *form, const char *kind) {
    g_autoptr(GError) error = NULL;
    const char *const *kinds = NULL;
    if (region_is_inside(form->region, ctx->who->region)) {
        return NULL;
    }
    if (form->parent == NULL) {
        return refuse_district(ctx, req);
    }
    if (!casework_sends(ctx->db, form->parent, ctx->who->officer_id, &kinds, &error)) {
        return response_problem(error, NULL);
    }
    return g_strv_contains(kinds, kind) ? NULL : refuse_district(ctx, req);
}

/* What a matter about nothing registered is about, and where. */
static void read_place(const Ctx *ctx, const Request *req, const ActForm *form, Object *object) {
    const char *title = request_is_post(req) ? request_form(req, "title") : NULL;
    title = title == NULL && form->parent != NULL ? form->parent->title : title;
    object->title = title == NULL ? NULL : g_strstrip(g_strdup(title));
    const char *sent = request_is_post(req) ? request_form(req, "region") : NULL;
    char code[REGION_CODE_MAX + 1] = {0};
    bool is_good = sent != NULL && region_code_parse(sent, code) && strlen(code) >= 6 &&
                   region_is_inside(code, ctx->who->region);
    object->region = g_strdup(is_good                ? code
                              : form->parent != NULL ? form->parent->region
                                                     : ctx->who->region);
}

/* Fills the form from kind and object; a response when that is not possible. */
static Response *
prepare_new(Ctx *ctx, const Request *req, ActForm *form, Matter *parent, Object *object) {
    g_autoptr(GError) error = NULL;
    const char *kind = word(req, "kind");
    if (kind == NULL || !read_object(req, form)) {
        hz_fail(&error, HZ_ERROR_INVALID, "kind or object is missing");
        return response_problem(error, "这个网址不完整，请从案件列表重新进入");
    }
    Response *wrong = load_parent(ctx, req, form, parent);
    if (wrong != NULL) {
        return wrong;
    }
    if (form->object_kind != NULL) {
        Response *refused = load_object(ctx, req, form, object);
        if (refused != NULL) {
            return refused;
        }
    } else {
        read_place(ctx, req, form, object);
    }
    form->title = object->title;
    form->region = object->region;
    Response *elsewhere = check_sent(ctx, req, form, kind);
    if (elsewhere != NULL) {
        return elsewhere;
    }
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

/* In a district that is not the reader's only what the other matter asks for can be opened. */
static bool leave_sent(Ctx *ctx, const ActForm *form, json_t *kinds, GError **error) {
    const char *const *sent = NULL;
    if (form->parent == NULL || region_is_inside(form->region, ctx->who->region)) {
        return true;
    }
    if (!casework_sends(ctx->db, form->parent, ctx->who->officer_id, &sent, error)) {
        return false;
    }
    for (size_t i = json_array_size(kinds); i > 0; i--) {
        const json_t *kind = json_array_get(kinds, i - 1);
        if (!g_strv_contains(sent, json_get_text(kind, "value", ""))) {
            json_array_remove(kinds, i - 1);
        }
    }
    return true;
}

/* Which kind, for an object whose page led here. */
static Response *choose_kind(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    ActForm form = {.matter = NULL};
    g_auto(Matter) parent = {0};
    g_auto(Object) object = {0};
    if (!read_object(req, &form)) {
        hz_fail(&error, HZ_ERROR_INVALID, "object is not understood");
        return response_problem(error, "这个网址不完整，请从单位或者建筑的页面重新进入");
    }
    Response *refused = load_parent(ctx, req, &form, &parent);
    if (refused == NULL && form.object_kind != NULL) {
        refused = load_object(ctx, req, &form, &object);
    }
    if (refused != NULL) {
        return refused;
    }
    form.region = form.parent != NULL ? parent.region : ctx->who->region;
    form.book = casework_book(form.region, &error);
    g_autoptr(json_t) kinds = form.book == NULL ? NULL : matter_kinds(form.book, ctx, NULL);
    if (kinds == NULL || !leave_sent(ctx, &form, kinds, &error)) {
        return response_problem(error, NULL);
    }
    json_t *model = json_object();
    json_put_text(model, "title", object.title);
    json_put_text(model, "object_kind", form.object_kind);
    json_put_int(model, "object_id", form.object_id);
    json_put_text(model, "from", word(req, "from"));
    json_put(model, "kinds", json_incref(kinds));
    return response_page("casework/choose", model);
}

Response *matter_new_page(Ctx *ctx, const Request *req) {
    if (word(req, "kind") == NULL) {
        return choose_kind(ctx, req);
    }
    ActForm form = {.matter = NULL};
    g_auto(Matter) parent = {0};
    g_auto(Object) object = {0};
    Response *refused = prepare_new(ctx, req, &form, &parent, &object);
    return refused != NULL ? refused : act_form_show(ctx, req, &form, &(ActShown){.data = NULL});
}

Response *matter_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    ActForm form = {.matter = NULL};
    g_auto(Object) object = {0};
    g_auto(Matter) parent = {0};
    g_auto(ActRead) read = {.data = NULL};
    Response *refused = prepare_new(ctx, req, &form, &parent, &object);
    if (refused != NULL) {
        return refused;
    }
    if (!act_form_read(ctx, req, &form, &read, &error)) {
        return response_problem(error, NULL);
    }
    Response *kept = act_form_draft(ctx, req, &form, &read);
    if (kept != NULL) {
        return kept;
    }
    if (form.object_kind == NULL && (object.title == NULL || object.title[0] == '\0')) {
        json_put_text(read.problems, "title", "写是哪家单位或者什么地方");
    }
    char code[REGION_CODE_MAX + 1] = {0};
    if (!region_code_parse(object.region, code) || strlen(code) < 6) {
        json_put_text(read.problems, "region", "选所在区县");
    }
    if (json_object_size(read.problems) > 0) {
        return act_form_show(
            ctx, req, &form, &(ActShown){.data = read.data, .problems = read.problems});
    }
    g_assert(form.procedure != NULL); /* prepare_new has seen to it */
    CaseActor actor = matter_actor(ctx);
    NewMatter opening = {.kind = form.procedure->entry.id,
                         .object_kind = form.object_kind,
                         .object_id = form.object_id,
                         .title = object.title,
                         .region = object.region,
                         .form_id = word(req, "form_id"),
                         .from_matter = form.parent == NULL ? 0 : form.parent->id};
    g_auto(LawRefusal) refusal = {0};
    int64_t id = 0;
    if (!casework_open(ctx->db, &actor, &opening, &read.act, &id, &refusal, &error)) {
        return response_problem(error, NULL);
    }
    if (refusal.reason_zh != NULL) {
        return act_form_refuse(ctx, req, &form, &read, &refusal);
    }
    act_form_done(ctx, &form);
    g_auto(Matter) matter = {0};
    if (!casework_find(ctx->db, id, &matter, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *location = g_strdup_printf("/work/matters/%" G_GINT64_FORMAT, id);
    return response_redirect_flash(location, "已%s，编号 %s", form.step->name, matter.number);
}
