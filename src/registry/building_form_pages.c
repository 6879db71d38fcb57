/* Registering a building and changing it. */
#include "account/account_forms.h"
#include "base/error.h"
#include "registry/building.h"
#include "registry/intake_internal.h"
#include "registry/registry_pages.h"

#include <string.h>

static const struct {
    const char *name, *label;
    size_t offset;
} fields[] = {
#define FIELD(member, label)                                                                       \
    { #member, label, offsetof(BuildingInput, member) }
    FIELD(name, "建筑名称"),
    FIELD(address, "地址"),
    FIELD(region, "区划"),
    FIELD(category, "使用性质"),
    FIELD(height_m, "建筑高度"),
    FIELD(floors_above, "地上层数"),
    FIELD(floors_below, "地下层数"),
    FIELD(area_m2, "面积"),
    FIELD(built_year, "建成年份"),
    FIELD(risk, "风险等级"),
    FIELD(credit, "信用等级"),
    FIELD(is_key_unit, "重点单位"),
    FIELD(longitude, "经度"),
    FIELD(latitude, "纬度"),
#undef FIELD
};

static const char **value_of(BuildingInput *input, size_t i) {
    return (const char **)(void *)((char *)input + fields[i].offset);
}

static void read_form(const Request *req, GStringChunk *texts, BuildingInput *ret_input) {
    *ret_input = (BuildingInput){.name = NULL};
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        *value_of(ret_input, i) = page_form(req, texts, fields[i].name);
    }
    ret_input->region = page_form_region(req, texts);
}

static const char *number(GStringChunk *texts, double value) {
    if (!(value > 0)) {
        return NULL;
    }
    g_autofree char *text = g_strdup_printf("%.10g", value);
    return g_string_chunk_insert(texts, text);
}

static const char *coordinate(GStringChunk *texts, const Building *building, double value) {
    if (!building->has_point) {
        return NULL;
    }
    g_autofree char *text = g_strdup_printf("%.10g", value);
    return g_string_chunk_insert(texts, text);
}

static BuildingInput from_building(const Building *building, GStringChunk *texts) {
    return (BuildingInput){
        .name = building->name,
        .address = building->address,
        .region = building->region,
        .category = category_get(building->category)->word,
        .height_m = number(texts, building->height_m),
        .floors_above = number(texts, (double)building->floors_above),
        .floors_below = number(texts, (double)building->floors_below),
        .area_m2 = number(texts, building->area_m2),
        .built_year = number(texts, (double)building->built_year),
        .risk = risk_word(building->risk),
        .credit = credit_word(building->credit),
        .is_key_unit = building->is_key ? "1" : "0",
        .longitude = coordinate(texts, building, building->longitude),
        .latitude = coordinate(texts, building, building->latitude),
    };
}

static void put_options(json_t *model, const BuildingInput *input) {
    json_t *category = page_options(model, "category_options");
    json_t *risk = page_options(model, "risk_options");
    json_t *credit = page_options(model, "credit_options");
    json_t *key = page_options(model, "key_options");
    page_add_option(category, "", "未分类", input->category);
    for (int i = 1; i < CATEGORY_COUNT; i++) {
        page_add_option(category, category_get(i)->word, category_get(i)->name_zh, input->category);
    }
    page_add_option(risk, "", "未评", input->risk);
    for (int i = RISK_LOW; i <= RISK_HIGH; i++) {
        page_add_option(risk, risk_word((RiskGrade)i), risk_name_zh((RiskGrade)i), input->risk);
    }
    page_add_option(credit, "", "未评", input->credit);
    for (int i = CREDIT_A; i <= CREDIT_D; i++) {
        const char *word = credit_word((CreditGrade)i);
        page_add_option(credit, word, word, input->credit);
    }
    page_add_option(key, "0", "不是", input->is_key_unit == NULL ? "0" : input->is_key_unit);
    page_add_option(key, "1", "是", input->is_key_unit);
}

/* `building` NULL: a new one. */
static json_t *form_model(Ctx *ctx,
                          BuildingInput *input,
                          const Building *building,
                          const FormProblems *problems,
                          GError **error) {
    g_autoptr(json_t) model = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        form_field(model, fields[i].name, *value_of(input, i), problems);
    }
    put_options(model, input);
    if (!page_put_region(ctx, model, input->region, error)) {
        return NULL;
    }
    json_put_bool(model, "is_new", building == NULL);
    json_put_int(model, "id", building == NULL ? 0 : building->id);
    json_put_int(model, "version", building == NULL ? 0 : building->version);
    json_put_text(model, "building_name", building == NULL ? NULL : building->name);
    json_put(model, "conflicts", json_null());
    json_put(model, "problems", json_null());
    return g_steal_pointer(&model);
}

static Response *form_page(Ctx *ctx, BuildingInput *input, const Building *building) {
    g_autoptr(GError) error = NULL;
    json_t *model = form_model(ctx, input, building, NULL, &error);
    return model == NULL ? response_problem(error, NULL)
                         : response_page("registry/building_form", model);
}

/* Takes `problems` over. */
static Response *
problems_page(Ctx *ctx, BuildingInput *input, const Building *building, FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    json_t *model = form_model(ctx, input, building, problems, &error);
    if (model == NULL) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    return response_form_again("registry/building_form", model, problems);
}

static Response *
form_again(Ctx *ctx, BuildingInput *input, const Building *building, const IntakeResult *result) {
    FormProblems *problems = form_problems_new();
    if (result->problem != NULL) {
        form_problem_add(problems, result->column, "%s", result->problem);
    } else {
        form_problem_add(problems,
                         "address",
                         "这栋建筑已经登记，编号 %" G_GINT64_FORMAT "，请到那里修改",
                         result->id);
    }
    return problems_page(ctx, input, building, problems);
}

/* `problem` NULL: the person only wants to see the streets. */
static Response *
region_again(Ctx *ctx, BuildingInput *input, const Building *building, const char *problem) {
    if (problem == NULL) {
        return form_page(ctx, input, building);
    }
    FormProblems *problems = form_problems_new();
    form_problem_add(problems, "region", "%s", problem);
    return problems_page(ctx, input, building, problems);
}

static json_t *ledger_payload(BuildingInput *input) {
    json_t *payload = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(fields); i++) {
        json_put_text(payload, fields[i].name, *value_of(input, i));
    }
    return payload;
}

/* --- registering --------------------------------------------------------------------------------
 */

typedef struct Work {
    Ctx *ctx;
    BuildingInput input;
    IntakeResult result;
    int64_t id, version; /* of the building that is changed */
    bool is_outdated;
} Work;

static bool add_building(Db *db, void *data, GError **error) {
    Work *work = data;
    intake_result_clear(&work->result);
    g_autofree char *actor = page_actor(work->ctx);
    IntakeContext context = page_intake_context(work->ctx, actor);
    context.dry_run = true;
    if (!intake_batch(db, INTAKE_BUILDING, &work->input, 1, &context, &work->result, error)) {
        return false;
    }
    if (work->result.outcome != INTAKE_ADDED) {
        return true;
    }
    intake_result_clear(&work->result);
    context.dry_run = false;
    return intake_batch(db, INTAKE_BUILDING, &work->input, 1, &context, &work->result, error) &&
           page_ledger(db,
                       work->ctx,
                       "building.add",
                       "building",
                       work->result.id,
                       ledger_payload(&work->input),
                       error);
}

Response *building_new_page(Ctx *ctx, const Request *req) {
    (void)req;
    BuildingInput input = {.name = NULL};
    return form_page(ctx, &input, NULL);
}

Response *building_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Work work = {.ctx = ctx};
    read_form(req, texts, &work.input);
    const char *problem;
    if (form_region_unfinished(req, &problem)) {
        return region_again(ctx, &work.input, NULL, problem);
    }
    Response *response;
    if (!db_run_tx(ctx->db, add_building, &work, &error)) {
        response = response_problem(error, NULL);
    } else if (work.result.outcome == INTAKE_ADDED) {
        response = page_done("/work/buildings", "已登记，编号", work.result.id, &work.result);
    } else {
        response = form_again(ctx, &work.input, NULL, &work.result);
    }
    intake_result_clear(&work.result);
    return response;
}

/* --- changing -----------------------------------------------------------------------------------
 */

static bool find_own(Ctx *ctx, const Request *req, Building *ret_building, Response **ret_refused) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refused = response_not_found();
        return false;
    }
    if (!building_find(ctx->db, id, ret_building, &error)) {
        *ret_refused = response_problem(error, NULL);
        return false;
    }
    *ret_refused = page_refuse_scope(ctx, req, ret_building->region);
    return *ret_refused == NULL;
}

Response *building_edit_page(Ctx *ctx, const Request *req) {
    g_auto(Building) building = {0};
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Response *refused;
    if (!find_own(ctx, req, &building, &refused)) {
        return refused;
    }
    BuildingInput input = from_building(&building, texts);
    return form_page(ctx, &input, &building);
}

/* The form shows every field, so an empty one means: none. */
static Building take_form(const Building *old, const Building *told) {
    Building now = *told;
    now.id = old->id;
    now.source = old->source;
    now.source_id = old->source_id;
    now.last_inspected_us = old->last_inspected_us;
    now.created_us = old->created_us;
    now.texts = NULL;
    return now;
}

static bool change_building(Db *db, void *data, GError **error) {
    Work *work = data;
    intake_result_clear(&work->result);
    g_auto(Building) old = {0};
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    g_autofree char *actor = page_actor(work->ctx);
    IntakeContext context = page_intake_context(work->ctx, actor);
    Building told = {0};
    if (!building_find(db, work->id, &old, error)) {
        return false;
    }
    work->is_outdated = old.version != work->version;
    if (work->is_outdated) {
        return true;
    }
    if (!intake_check_building(db, &work->input, &context, texts, &work->result, &told, error)) {
        return false;
    }
    if (work->result.problem != NULL) {
        return true;
    }
    Building now = take_form(&old, &told);
    WriteOptions options = {
        .actor = actor, .action = "change", .now_us = work->ctx->now_us, .log_additions = true};
    return building_change(db, &old, &now, &options, error) &&
           page_ledger(db,
                       work->ctx,
                       "building.change",
                       "building",
                       work->id,
                       ledger_payload(&work->input),
                       error);
}

/* Somebody else was quicker: shows both values of every field that differs. */
static Response *conflict_page(Ctx *ctx, BuildingInput *mine, const Building *theirs) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    BuildingInput now = from_building(theirs, texts);
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
    return response_page_status(409, "registry/building_form", model);
}

Response *building_edit_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Response *response;
    if (!find_own(ctx, req, &building, &response)) {
        return response;
    }
    const char *version = request_form(req, "version");
    Work work = {.ctx = ctx,
                 .id = building.id,
                 .version = version == NULL ? 0 : g_ascii_strtoll(version, NULL, 10)};
    read_form(req, texts, &work.input);
    const char *problem;
    if (work.version == building.version && form_region_unfinished(req, &problem)) {
        return region_again(ctx, &work.input, &building, problem);
    }
    if (!db_run_tx(ctx->db, change_building, &work, &error)) {
        response = response_problem(error, NULL);
    } else if (work.is_outdated) {
        response = conflict_page(ctx, &work.input, &building);
    } else if (work.result.problem != NULL) {
        response = form_again(ctx, &work.input, &building, &work.result);
    } else {
        response = page_done("/work/buildings", "已保存修改，建筑编号", work.id, &work.result);
    }
    intake_result_clear(&work.result);
    return response;
}
