/* Registering a unit and changing it. */
#include "account/account_forms.h"
#include "base/error.h"
#include "registry/intake_internal.h"
#include "registry/registry_pages.h"
#include "registry/unit.h"

#include <string.h>

/* --- the form -----------------------------------------------------------------------------------
 */

static const char *const field_names[] = {"name",
                                          "address",
                                          "uscc",
                                          "region",
                                          "category",
                                          "risk",
                                          "credit",
                                          "is_key_unit",
                                          "legal_person",
                                          "phone",
                                          "longitude",
                                          "latitude"};
#define FIELD_COUNT G_N_ELEMENTS(field_names)

/* The form's values in the order of field_names; NULL: nothing written. */
typedef struct UnitForm {
    const char *values[FIELD_COUNT];
    GStringChunk *texts;
} UnitForm;

static void form_clear(UnitForm *form) {
    g_clear_pointer(&form->texts, g_string_chunk_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UnitForm, form_clear)

static void form_read(const Request *req, UnitForm *form) {
    form->texts = g_string_chunk_new(512);
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        bool is_region = strcmp(field_names[i], "region") == 0;
        form->values[i] = is_region ? page_form_region(req, form->texts)
                                    : page_form(req, form->texts, field_names[i]);
    }
}

static void form_from_unit(const Unit *unit, UnitForm *form) {
    form->texts = g_string_chunk_new(512);
    g_autofree char *longitude = g_strdup_printf("%.7g", unit->longitude);
    g_autofree char *latitude = g_strdup_printf("%.7g", unit->latitude);
    const char *values[FIELD_COUNT] = {unit->name,
                                       unit->address,
                                       unit->uscc,
                                       unit->region,
                                       category_get(unit->category)->word,
                                       risk_word(unit->risk),
                                       credit_word(unit->credit),
                                       unit->is_key ? "1" : "0",
                                       unit->legal_person,
                                       unit->phone,
                                       unit->has_point ? longitude : NULL,
                                       unit->has_point ? latitude : NULL};
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        form->values[i] = values[i] == NULL ? NULL : g_string_chunk_insert(form->texts, values[i]);
    }
}

static UnitInput form_input(const UnitForm *form) {
    const char *const *v = form->values;
    return (UnitInput){.name = v[0],
                       .address = v[1],
                       .uscc = v[2],
                       .region = v[3],
                       .category = v[4],
                       .risk = v[5],
                       .credit = v[6],
                       .is_key_unit = v[7],
                       .legal_person = v[8],
                       .phone = v[9],
                       .longitude = v[10],
                       .latitude = v[11]};
}

static void put_options(json_t *model, const UnitForm *form) {
    json_t *category = page_options(model, "category_options");
    json_t *risk = page_options(model, "risk_options");
    json_t *credit = page_options(model, "credit_options");
    json_t *key = page_options(model, "key_options");
    page_add_option(category, "", "未分类", form->values[4]);
    for (int i = 1; i < CATEGORY_COUNT; i++) {
        page_add_option(category, category_get(i)->word, category_get(i)->name_zh, form->values[4]);
    }
    page_add_option(risk, "", "未评", form->values[5]);
    for (int i = RISK_LOW; i <= RISK_HIGH; i++) {
        page_add_option(risk, risk_word((RiskGrade)i), risk_name_zh((RiskGrade)i), form->values[5]);
    }
    page_add_option(credit, "", "未评", form->values[6]);
    for (int i = CREDIT_A; i <= CREDIT_D; i++) {
        page_add_option(
            credit, credit_word((CreditGrade)i), credit_word((CreditGrade)i), form->values[6]);
    }
    page_add_option(key, "0", "不是", form->values[7] == NULL ? "0" : form->values[7]);
    page_add_option(key, "1", "是", form->values[7]);
}

/* `unit` NULL: a new one. */
static bool put_form(Ctx *ctx,
                     json_t *model,
                     const UnitForm *form,
                     const Unit *unit,
                     const FormProblems *problems,
                     GError **error) {
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        form_field(model, field_names[i], form->values[i], problems);
    }
    put_options(model, form);
    if (!page_put_region(ctx, model, form->values[3], error)) {
        return false;
    }
    json_put_bool(model, "is_new", unit == NULL);
    json_put_int(model, "id", unit == NULL ? 0 : unit->id);
    json_put_int(model, "version", unit == NULL ? 0 : unit->version);
    json_put_text(model, "unit_name", unit == NULL ? NULL : unit->name);
    json_put(model, "conflicts", json_null());
    json_put(model, "problems", json_null());
    return true;
}

/* `problems` NULL: the person only wants to see the streets. */
static Response *form_again(
    Ctx *ctx, const UnitForm *form, const Unit *unit, FormProblems *problems, GError **error) {
    json_t *model = json_object();
    if (!put_form(ctx, model, form, unit, problems, error)) {
        json_decref(model);
        json_decref(problems);
        return response_problem(*error, NULL);
    }
    return problems == NULL ? response_page("registry/unit_form", model)
                            : response_form_again("registry/unit_form", model, problems);
}

static Response *
region_again(Ctx *ctx, const UnitForm *form, const Unit *unit, const char *problem) {
    g_autoptr(GError) error = NULL;
    FormProblems *problems = NULL;
    if (problem != NULL) {
        problems = form_problems_new();
        form_problem_add(problems, "region", "%s", problem);
    }
    return form_again(ctx, form, unit, problems, &error);
}

Response *unit_new_page(Ctx *ctx, const Request *req) {
    (void)req;
    g_autoptr(GError) error = NULL;
    g_auto(UnitForm) form = {.texts = NULL};
    g_autoptr(json_t) model = json_object();
    if (!put_form(ctx, model, &form, NULL, NULL, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("registry/unit_form", g_steal_pointer(&model));
}

/* --- registering --------------------------------------------------------------------------------
 */

typedef struct AddWork {
    Ctx *ctx;
    UnitInput input;
    IntakeResult result;
} AddWork;

static json_t *ledger_payload(const UnitInput *input) {
    json_t *payload = json_object();
    json_put_text(payload, "name", input->name);
    json_put_text(payload, "address", input->address);
    json_put_text(payload, "uscc", input->uscc);
    json_put_text(payload, "region", input->region);
    json_put_text(payload, "category", input->category);
    json_put_text(payload, "risk", input->risk);
    json_put_text(payload, "credit", input->credit);
    json_put_text(payload, "is_key_unit", input->is_key_unit);
    return payload;
}

/* A row that matched one that is there is not written: the person is shown it. */
static bool add_unit(Db *db, void *data, GError **error) {
    AddWork *work = data;
    intake_result_clear(&work->result);
    g_autofree char *actor = page_actor(work->ctx);
    IntakeContext context = page_intake_context(work->ctx, actor);
    context.dry_run = true;
    if (!intake_batch(db, INTAKE_UNIT, &work->input, 1, &context, &work->result, error)) {
        return false;
    }
    if (work->result.outcome != INTAKE_ADDED) {
        return true;
    }
    intake_result_clear(&work->result);
    context.dry_run = false;
    return intake_batch(db, INTAKE_UNIT, &work->input, 1, &context, &work->result, error) &&
           page_ledger(db,
                       work->ctx,
                       "unit.add",
                       "unit",
                       work->result.id,
                       ledger_payload(&work->input),
                       error);
}

static FormProblems *problems_of(const IntakeResult *result) {
    FormProblems *problems = form_problems_new();
    if (result->outcome == INTAKE_REFUSED) {
        form_problem_add(problems, result->column, "%s", result->problem);
    } else {
        form_problem_add(problems,
                         "name",
                         "这个单位已经登记，编号 %" G_GINT64_FORMAT "，请到那里修改",
                         result->id);
    }
    return problems;
}

Response *unit_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(UnitForm) form = {.texts = NULL};
    form_read(req, &form);
    const char *problem;
    if (form_region_unfinished(req, &problem)) {
        return region_again(ctx, &form, NULL, problem);
    }
    AddWork work = {.ctx = ctx, .input = form_input(&form)};
    if (!db_run_tx(ctx->db, add_unit, &work, &error)) {
        intake_result_clear(&work.result);
        return response_problem(error, NULL);
    }
    Response *response;
    if (work.result.outcome == INTAKE_ADDED) {
        response = page_done("/work/units", "已登记，编号", work.result.id, &work.result);
    } else {
        response = form_again(ctx, &form, NULL, problems_of(&work.result), &error);
    }
    intake_result_clear(&work.result);
    return response;
}

/* --- changing -----------------------------------------------------------------------------------
 */

/* The unit of the address, inside the reader's region and not merged; NULL and *ret_refused. */
static bool find_own(Ctx *ctx, const Request *req, Unit *ret_unit, Response **ret_refused) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refused = response_not_found();
        return false;
    }
    if (!unit_find(ctx->db, id, ret_unit, &error)) {
        *ret_refused = response_problem(error, NULL);
        return false;
    }
    *ret_refused = page_refuse_scope(ctx, req, ret_unit->region);
    if (*ret_refused == NULL && ret_unit->merged_into != 0) {
        hz_fail(&error, HZ_ERROR_CONFLICT, "unit is merged");
        *ret_refused = response_problem(error, "这条记录已并入另一家单位，请到那里修改");
    }
    return *ret_refused == NULL;
}

Response *unit_edit_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Unit) unit = {0};
    g_auto(UnitForm) form = {.texts = NULL};
    Response *refused;
    if (!find_own(ctx, req, &unit, &refused)) {
        return refused;
    }
    form_from_unit(&unit, &form);
    g_autoptr(json_t) model = json_object();
    if (!put_form(ctx, model, &form, &unit, NULL, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("registry/unit_form", g_steal_pointer(&model));
}

/* Somebody else was quicker: shows both values of every field that differs. */
static Response *conflict_page(Ctx *ctx, const UnitForm *mine, const Unit *theirs, GError **error) {
    static const char *const labels[FIELD_COUNT] = {"单位名称",
                                                    "地址",
                                                    "统一社会信用代码",
                                                    "区划",
                                                    "类别",
                                                    "风险等级",
                                                    "信用等级",
                                                    "重点单位",
                                                    "法定代表人",
                                                    "电话",
                                                    "经度",
                                                    "纬度"};
    g_auto(UnitForm) now = {.texts = NULL};
    form_from_unit(theirs, &now);
    json_t *model = json_object();
    if (!put_form(ctx, model, mine, theirs, NULL, error)) {
        json_decref(model);
        return response_problem(*error, NULL);
    }
    json_t *lines = json_array();
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        page_add_conflict(lines, labels[i], mine->values[i], now.values[i]);
    }
    json_t *conflicts = json_object();
    json_put(conflicts, "lines", lines);
    json_put(model, "conflicts", conflicts);
    return response_page_status(409, "registry/unit_form", model);
}

typedef struct ChangeWork {
    Ctx *ctx;
    int64_t id, version;
    UnitInput input;
    IntakeResult result;
    bool is_outdated, is_same;
} ChangeWork;

/* The form shows every field, so an empty one means: none. */
static void take_form(Unit *unit, const Unit *form) {
    unit->name = form->name;
    unit->address = form->address;
    unit->uscc = form->uscc;
    unit->region = form->region;
    unit->district = form->district;
    unit->category = form->category;
    unit->risk = form->risk;
    unit->credit = form->credit;
    unit->is_key = form->is_key;
    unit->legal_person = form->legal_person;
    unit->phone = form->phone;
    unit->has_point = form->has_point;
    unit->longitude = form->longitude;
    unit->latitude = form->latitude;
}

static bool is_same_form(const Unit *a, const Unit *b) {
    return g_strcmp0(a->name, b->name) == 0 && g_strcmp0(a->address, b->address) == 0 &&
           g_strcmp0(a->uscc, b->uscc) == 0 && g_strcmp0(a->region, b->region) == 0 &&
           a->category == b->category && a->risk == b->risk && a->credit == b->credit &&
           a->is_key == b->is_key && g_strcmp0(a->legal_person, b->legal_person) == 0 &&
           g_strcmp0(a->phone, b->phone) == 0 && a->has_point == b->has_point &&
           !(a->longitude < b->longitude || a->longitude > b->longitude) &&
           !(a->latitude < b->latitude || a->latitude > b->latitude);
}

static bool change_unit(Db *db, void *data, GError **error) {
    ChangeWork *work = data;
    intake_result_clear(&work->result);
    work->is_outdated = false;
    work->is_same = false;
    g_auto(Unit) old = {0};
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    g_autofree char *actor = page_actor(work->ctx);
    IntakeContext context = page_intake_context(work->ctx, actor);
    Unit told = {0};
    if (!unit_find(db, work->id, &old, error)) {
        return false;
    }
    work->is_outdated = old.version != work->version;
    if (work->is_outdated) {
        return true;
    }
    if (!intake_check_unit(db, &work->input, &context, texts, &work->result, &told, error)) {
        return false;
    }
    if (work->result.problem != NULL) {
        return true;
    }
    Unit now = old;
    now.texts = NULL;
    take_form(&now, &told);
    work->is_same = is_same_form(&old, &now);
    if (work->is_same) {
        return true;
    }
    UnitWrite write = {&old, &now};
    WriteOptions options = {
        .actor = actor, .action = "change", .now_us = work->ctx->now_us, .log_additions = true};
    return unit_write(db, &write, 1, &options, error) &&
           page_ledger(
               db, work->ctx, "unit.change", "unit", work->id, ledger_payload(&work->input), error);
}

static Response *change_answer(
    Ctx *ctx, const UnitForm *form, const Unit *unit, const ChangeWork *work, GError **error) {
    g_autofree char *path = g_strdup_printf("/work/units/%" G_GINT64_FORMAT, work->id);
    if (work->is_outdated) {
        return conflict_page(ctx, form, unit, error);
    }
    if (work->result.problem != NULL) {
        return form_again(ctx, form, unit, problems_of(&work->result), error);
    }
    if (work->is_same) {
        return response_redirect_flash(path, "没有改动");
    }
    return page_done("/work/units", "已保存修改，单位编号", work->id, &work->result);
}

Response *unit_edit_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Unit) unit = {0};
    g_auto(UnitForm) form = {.texts = NULL};
    Response *refused;
    if (!find_own(ctx, req, &unit, &refused)) {
        return refused;
    }
    form_read(req, &form);
    const char *version = request_form(req, "version");
    ChangeWork work = {.ctx = ctx,
                       .id = unit.id,
                       .version = version == NULL ? 0 : g_ascii_strtoll(version, NULL, 10),
                       .input = form_input(&form)};
    const char *problem;
    if (work.version == unit.version && form_region_unfinished(req, &problem)) {
        return region_again(ctx, &form, &unit, problem);
    }
    Response *response = db_run_tx(ctx->db, change_unit, &work, &error)
                             ? change_answer(ctx, &form, &unit, &work, &error)
                             : response_problem(error, NULL);
    intake_result_clear(&work.result);
    return response;
}
