/* Registering a building and changing it. */
#include "account/account_forms.h"
#include "base/error.h"
#include "registry/building.h"
#include "registry/form_pages.h"
#include "registry/intake_internal.h"

#include <string.h>

static const FormField fields[] = {
#define FIELD(member, label) FORM_FIELD(BuildingInput, member, label)
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

static bool put_options(Ctx *ctx, json_t *model, const void *data, GError **error) {
    (void)ctx;
    (void)error;
    const BuildingInput *input = data;
    form_put_grades(model,
                    &(FormGrades){input->category, input->risk, input->credit, input->is_key_unit});
    return true;
}

static const ObjectForm form = {.kind = INTAKE_BUILDING,
                                .word = "building",
                                .view = "registry/building_form",
                                .fields = fields,
                                .field_count = G_N_ELEMENTS(fields),
                                .put_options = put_options};

static FormObject object_of(const Building *building) {
    return (FormObject){building->id, building->version, building->name};
}

typedef struct Work {
    Ctx *ctx;
    BuildingInput input;
    IntakeResult result;
    int64_t id, version; /* of the building that is changed */
    bool is_outdated;
} Work;

static bool add_building(Db *db, void *data, GError **error) {
    Work *work = data;
    return form_add(db, work->ctx, &form, &work->input, &work->result, error);
}

static Response *again(Ctx *ctx, const Work *work, const FormObject *object) {
    const IntakeResult *result = &work->result;
    if (result->problem != NULL) {
        return form_again(ctx, &form, &work->input, object, result->column, result->problem);
    }
    g_autofree char *known =
        g_strdup_printf("这栋建筑已经登记，编号 %" G_GINT64_FORMAT "，请到那里修改", result->id);
    return form_again(ctx, &form, &work->input, object, "address", known);
}

Response *building_new_page(Ctx *ctx, const Request *req) {
    (void)req;
    BuildingInput input = {.name = NULL};
    return form_page(ctx, &form, &input, NULL);
}

Response *building_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Work work = {.ctx = ctx};
    form_read(&form, req, texts, &work.input);
    const char *problem;
    if (form_region_unfinished(req, &problem)) {
        return form_again(ctx, &form, &work.input, NULL, "region", problem);
    }
    Response *response;
    if (!db_run_tx(ctx->db, add_building, &work, &error)) {
        response = response_problem(error, NULL);
    } else if (work.result.outcome == INTAKE_ADDED) {
        response = page_done("/work/buildings", "已登记，编号", work.result.id, &work.result);
    } else {
        response = again(ctx, &work, NULL);
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
    FormObject object = object_of(&building);
    return form_page(ctx, &form, &input, &object);
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
           form_note_change(db, work->ctx, &form, &work->input, work->id, error);
}

static Response *conflict(Ctx *ctx, const BuildingInput *mine, const Building *theirs) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    BuildingInput now = from_building(theirs, texts);
    FormObject object = object_of(theirs);
    return form_conflict(ctx, &form, mine, &now, &object);
}

Response *building_edit_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Response *response;
    if (!find_own(ctx, req, &building, &response)) {
        return response;
    }
    FormObject object = object_of(&building);
    Work work = {.ctx = ctx, .id = building.id, .version = form_version(req)};
    form_read(&form, req, texts, &work.input);
    const char *problem;
    if (work.version == building.version && form_region_unfinished(req, &problem)) {
        return form_again(ctx, &form, &work.input, &object, "region", problem);
    }
    if (!db_run_tx(ctx->db, change_building, &work, &error)) {
        response = response_problem(error, NULL);
    } else if (work.is_outdated) {
        response = conflict(ctx, &work.input, &building);
    } else if (work.result.problem != NULL) {
        response = again(ctx, &work, &object);
    } else {
        response = page_done("/work/buildings", "已保存修改，建筑编号", work.id, &work.result);
    }
    intake_result_clear(&work.result);
    return response;
}
