/* Registering a unit and changing it. */
#include "account/account_forms.h"
#include "base/error.h"
#include "registry/form_pages.h"
#include "registry/intake_internal.h"
#include "registry/unit.h"

#include <string.h>

/* --- the form -----------------------------------------------------------------------------------
 */

static const FormField fields[] = {
#define FIELD(member, label) FORM_FIELD(UnitInput, member, label)
#define OUT_OF_LEDGER(member, label) FORM_FIELD_OUT_OF_LEDGER(UnitInput, member, label)
    FIELD(name, "单位名称"),
    FIELD(address, "地址"),
    FIELD(uscc, "统一社会信用代码"),
    FIELD(region, "区划"),
    FIELD(category, "类别"),
    FIELD(risk, "风险等级"),
    FIELD(credit, "信用等级"),
    FIELD(is_key_unit, "重点单位"),
    OUT_OF_LEDGER(legal_person, "法定代表人"),
    OUT_OF_LEDGER(phone, "电话"),
    OUT_OF_LEDGER(longitude, "经度"),
    OUT_OF_LEDGER(latitude, "纬度"),
#undef FIELD
#undef OUT_OF_LEDGER
};

static UnitInput from_unit(const Unit *unit, GStringChunk *texts) {
    g_autofree char *longitude = g_strdup_printf("%.7g", unit->longitude);
    g_autofree char *latitude = g_strdup_printf("%.7g", unit->latitude);
    return (UnitInput){
        .name = unit->name,
        .address = unit->address,
        .uscc = unit->uscc,
        .region = unit->region,
        .category = category_get(unit->category)->word,
        .risk = risk_word(unit->risk),
        .credit = credit_word(unit->credit),
        .is_key_unit = unit->is_key ? "1" : "0",
        .legal_person = unit->legal_person,
        .phone = unit->phone,
        .longitude = unit->has_point ? g_string_chunk_insert(texts, longitude) : NULL,
        .latitude = unit->has_point ? g_string_chunk_insert(texts, latitude) : NULL,
    };
}

static bool put_options(Ctx *ctx, json_t *model, const void *data, GError **error) {
    (void)ctx;
    (void)error;
    const UnitInput *input = data;
    form_put_grades(model,
                    &(FormGrades){input->category, input->risk, input->credit, input->is_key_unit});
    return true;
}

static const ObjectForm form = {.kind = INTAKE_UNIT,
                                .word = "unit",
                                .view = "registry/unit_form",
                                .fields = fields,
                                .field_count = G_N_ELEMENTS(fields),
                                .put_options = put_options};

static FormObject object_of(const Unit *unit) {
    return (FormObject){unit->id, unit->version, unit->name};
}

/* Refused, or there already. */
static Response *
again(Ctx *ctx, const UnitInput *input, const FormObject *object, const IntakeResult *result) {
    if (result->problem != NULL) {
        return form_again(ctx, &form, input, object, result->column, result->problem);
    }
    g_autofree char *known =
        g_strdup_printf("这个单位已经登记，编号 %" G_GINT64_FORMAT "，请到那里修改", result->id);
    return form_again(ctx, &form, input, object, "name", known);
}

Response *unit_new_page(Ctx *ctx, const Request *req) {
    (void)req;
    UnitInput input = {.name = NULL};
    return form_page(ctx, &form, &input, NULL);
}

/* --- registering --------------------------------------------------------------------------------
 */

typedef struct AddWork {
    Ctx *ctx;
    UnitInput input;
    IntakeResult result;
} AddWork;

static bool add_unit(Db *db, void *data, GError **error) {
    AddWork *work = data;
    return form_add(db, work->ctx, &form, &work->input, &work->result, error);
}

Response *unit_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    AddWork work = {.ctx = ctx};
    form_read(&form, req, texts, &work.input);
    const char *problem;
    if (form_region_unfinished(req, &problem)) {
        return form_again(ctx, &form, &work.input, NULL, "region", problem);
    }
    Response *response;
    if (!db_run_tx(ctx->db, add_unit, &work, &error)) {
        response = response_problem(error, NULL);
    } else if (work.result.outcome == INTAKE_ADDED) {
        response = page_done("/work/units", "已登记，编号", work.result.id, &work.result);
    } else {
        response = again(ctx, &work.input, NULL, &work.result);
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
    g_auto(Unit) unit = {0};
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    Response *refused;
    if (!find_own(ctx, req, &unit, &refused)) {
        return refused;
    }
    UnitInput input = from_unit(&unit, texts);
    FormObject object = object_of(&unit);
    return form_page(ctx, &form, &input, &object);
}

typedef struct ChangeWork {
    Ctx *ctx;
    int64_t id, version;
    UnitInput input;
    IntakeResult result;
    bool is_outdated, is_same;
} ChangeWork;

/* The form shows every field, so an empty one means: none. */
static void take_form(Unit *unit, const Unit *told) {
    unit->name = told->name;
    unit->address = told->address;
    unit->uscc = told->uscc;
    unit->region = told->region;
    unit->district = told->district;
    unit->category = told->category;
    unit->risk = told->risk;
    unit->credit = told->credit;
    unit->is_key = told->is_key;
    unit->legal_person = told->legal_person;
    unit->phone = told->phone;
    unit->has_point = told->has_point;
    unit->longitude = told->longitude;
    unit->latitude = told->latitude;
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
           form_note_change(db, work->ctx, &form, &work->input, work->id, error);
}

static Response *change_answer(Ctx *ctx, const Unit *unit, const ChangeWork *work) {
    g_autofree char *path = g_strdup_printf("/work/units/%" G_GINT64_FORMAT, work->id);
    FormObject object = object_of(unit);
    if (work->is_outdated) {
        g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
        UnitInput theirs = from_unit(unit, texts);
        return form_conflict(ctx, &form, &work->input, &theirs, &object);
    }
    if (work->result.problem != NULL) {
        return again(ctx, &work->input, &object, &work->result);
    }
    if (work->is_same) {
        return response_redirect_flash(path, "没有改动");
    }
    return page_done("/work/units", "已保存修改，单位编号", work->id, &work->result);
}

Response *unit_edit_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    g_auto(Unit) unit = {0};
    Response *refused;
    if (!find_own(ctx, req, &unit, &refused)) {
        return refused;
    }
    ChangeWork work = {.ctx = ctx, .id = unit.id, .version = form_version(req)};
    form_read(&form, req, texts, &work.input);
    const char *problem;
    FormObject object = object_of(&unit);
    if (work.version == unit.version && form_region_unfinished(req, &problem)) {
        return form_again(ctx, &form, &work.input, &object, "region", problem);
    }
    Response *response = db_run_tx(ctx->db, change_unit, &work, &error)
                             ? change_answer(ctx, &unit, &work)
                             : response_problem(error, NULL);
    intake_result_clear(&work.result);
    return response;
}
