/* Records of a building's own people: the form that officers and keepers share, the list, its file.
 */
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "casework/matter_form.h"
#include "firecode/firecode_pages.h"
#include "firecode/firecode_rules.h"
#include "table/table_writer.h"

#include <string.h>

/* --- the form -----------------------------------------------------------------------------------
 */

/* The summary at the top: every problem as a link to its field. */
static void put_summary(const LawForm *form, const json_t *problems, json_t *model) {
    json_t *list = json_array();
    const char *key;
    json_t *text;
    json_object_foreach((json_t *)problems, key, text) {
        const LawField *field = law_form_field(form, key);
        g_autofree char *name = g_strconcat("f-", key, NULL);
        g_autofree char *message =
            g_strdup_printf("%s：%s", field == NULL ? key : field->label, json_string_value(text));
        json_t *line = json_object();
        json_put_text(line, "field", name);
        json_put_text(line, "message", message);
        json_array_append_new(list, line);
    }
    json_put(model, "problems", list);
}

Response *record_form_show(Ctx *ctx,
                           const Request *req,
                           const char *view,
                           const RecordForm *form,
                           const json_t *data,
                           const json_t *problems,
                           json_t *model) {
    const char *sent = request_is_post(req) ? request_form(req, "form_id") : NULL;
    uint8_t bytes[16];
    random_bytes(bytes, sizeof bytes);
    g_autofree char *fresh = hex_format(bytes, sizeof bytes);
    matter_form_model(form->form, data, problems, ctx->now_us, model);
    put_summary(form->form, problems, model);
    record_photos_put_form(form->form, model);
    json_put_text(model, "form_id", sent != NULL ? sent : fresh);
    json_put_text(model, "kind_zh", form->form->entry.name);
    json_put_text(model, "basis", form->form->entry.basis_zh);
    json_put_text(model, "confidence", law_confidence_zh(form->form->entry.confidence));
    json_put_text(model, "action", form->action);
    json_put_text(model, "back", form->back);
    return response_page_status(
        json_object_size(problems) > 0 ? 422 : 200, view, json_incref(model));
}

Response *record_form_keep(Ctx *ctx,
                           const Request *req,
                           const char *view,
                           const RecordForm *form,
                           const FirecodeActor *by,
                           json_t *model) {
    g_autoptr(GError) error = NULL;
    const char *form_id = request_form(req, "form_id");
    uint8_t bytes[16];
    int64_t id = 0;
    g_autoptr(json_t) data = matter_form_read(form->form, req, ctx->now_us);
    g_autoptr(json_t) problems = law_form_problems(form->form, data, ctx->now_us);
    if (form_id == NULL || !hex_parse(form_id, bytes, sizeof bytes)) {
        hz_fail(&error, HZ_ERROR_INVALID, "the form has no number");
        return response_problem(error, NULL);
    }
    if (!record_photos_take(ctx, req, form->form, by, data, problems, &error)) {
        return response_problem(error, NULL);
    }
    if (json_object_size(problems) > 0) {
        return record_form_show(ctx, req, view, form, data, problems, model);
    }
    if (!duty_record_add(ctx->db, form->building_id, form->kind, data, form_id, by, &id, &error)) {
        return response_problem(error, NULL);
    }
    return response_redirect_flash(
        form->back, "已记下%s，编号 %" G_GINT64_FORMAT, duty_zh(form->kind), id);
}

/* --- the list -----------------------------------------------------------------------------------
 */

static json_t *record_lines(const LawForm *form, const BuildingRecord *record) {
    json_t *lines = json_array();
    for (unsigned i = 0; i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        g_autofree char *text = law_field_text_zh(field, record->data, record->time_us);
        if (text[0] != '\0') {
            json_t *line = json_object();
            json_put_text(line, "label", field->label);
            json_put_text(line, "text", text);
            json_array_append_new(lines, line);
        }
    }
    return lines;
}

bool record_put_list(
    const char *region, const GPtrArray *records, bool is_linked, json_t *model, GError **error) {
    json_t *list = json_array();
    json_put(model, "records", list);
    for (guint i = 0; i < records->len; i++) {
        const BuildingRecord *record = records->pdata[i];
        const LawForm *form = duty_form(region, record->kind, record->time_us, error);
        if (form == NULL) {
            return false;
        }
        g_autofree char *time = clock_format_minute(record->time_us);
        g_autofree char *date = clock_format_date(record->time_us);
        json_t *one = json_object();
        json_put_int(one, "number", record->id);
        json_put_text(one, "time", time);
        json_put_text(one, "date", date);
        json_put_text(one, "kind_zh", duty_zh(record->kind));
        json_put_text(one, "who", record->who);
        json_put(one, "lines", record_lines(form, record));
        record_photos_put(record, is_linked, one);
        json_array_append_new(list, one);
    }
    return true;
}

/* DUTY_KINDS: all. */
static DutyKind asked_kind(const Request *req) {
    DutyKind kind = DUTY_KINDS;
    return duty_parse(request_query(req, "kind"), &kind) ? kind : DUTY_KINDS;
}

static char *list_href(int64_t building_id, const char *ending, DutyKind kind, int64_t before_id) {
    g_autofree char *before =
        before_id == 0 ? g_strdup("") : g_strdup_printf("before=%" G_GINT64_FORMAT, before_id);
    g_autofree char *word =
        kind == DUTY_KINDS ? g_strdup("") : g_strdup_printf("kind=%s", duty_word(kind));
    bool has_both = before[0] != '\0' && word[0] != '\0';
    return g_strdup_printf("/work/codes/%" G_GINT64_FORMAT "/records%s%s%s%s%s",
                           building_id,
                           ending,
                           before[0] != '\0' || word[0] != '\0' ? "?" : "",
                           word,
                           has_both ? "&" : "",
                           before);
}

static void put_frame(Ctx *ctx, int64_t building_id, DutyKind kind, json_t *model) {
    g_autofree char *csv = list_href(building_id, ".csv", kind, 0);
    json_t *selects = json_array();
    json_t *options = json_array();
    form_option(options, "", "全部", kind == DUTY_KINDS);
    for (unsigned i = 0; i < DUTY_KINDS; i++) {
        form_option(options, duty_word((DutyKind)i), duty_zh((DutyKind)i), kind == (DutyKind)i);
    }
    form_select(selects, "kind", "种类", options);
    json_put(model, "selects", selects);
    json_put_text(model, "csv_href", csv);
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
}

static void
put_pager(GPtrArray *records, int64_t building_id, DutyKind kind, bool is_first, json_t *model) {
    g_autofree char *first = is_first ? NULL : list_href(building_id, "", kind, 0);
    g_autofree char *next = NULL;
    if (records->len > LIMIT_PAGE_ROWS) {
        g_ptr_array_set_size(records, LIMIT_PAGE_ROWS);
        const BuildingRecord *last = records->pdata[LIMIT_PAGE_ROWS - 1];
        next = list_href(building_id, "", kind, last->id);
    }
    json_t *pager = json_object();
    json_put_text(pager, "first", first);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", next);
    json_put_text(pager, "note", "每页 50 条，新的在前");
    json_put(model, "pager", first == NULL && next == NULL ? json_null() : json_incref(pager));
    json_decref(pager);
}

Response *records_page_of(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    g_autoptr(json_t) model = json_object();
    int64_t before_id = 0;
    DutyKind kind = asked_kind(req);
    const char *before = request_query(req, "before");
    Response *refused = code_building(ctx, req, &building);
    if (refused != NULL) {
        return refused;
    }
    if (before != NULL) {
        g_ascii_string_to_signed(before, 10, 1, G_MAXINT64, &before_id, NULL);
    }
    g_autoptr(GPtrArray) records =
        duty_records(ctx->db, building.id, kind, before_id, LIMIT_PAGE_ROWS + 1, &error);
    if (records == NULL) {
        return response_problem(error, NULL);
    }
    put_pager(records, building.id, kind, before_id == 0, model);
    put_frame(ctx, building.id, kind, model);
    if (!code_put_building(ctx->db, &building, model, &error) ||
        !record_put_list(building.region, records, true, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("firecode/records", g_steal_pointer(&model));
}

static bool write_record(TableWriter *writer,
                         const char *region,
                         const BuildingRecord *record,
                         GError **error) {
    const LawForm *form = duty_form(region, record->kind, record->time_us, error);
    if (form == NULL) {
        return false;
    }
    g_autoptr(json_t) lines = record_lines(form, record);
    g_autoptr(GString) words = g_string_new(NULL);
    size_t i;
    json_t *line;
    json_array_foreach(lines, i, line) {
        g_string_append_printf(words,
                               "%s%s：%s",
                               i > 0 ? "；" : "",
                               json_get_text(line, "label", ""),
                               json_get_text(line, "text", ""));
    }
    g_autofree char *time = clock_format_minute(record->time_us);
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, record->id);
    const char *cells[] = {number, time, duty_zh(record->kind), record->who, words->str};
    return table_write(writer, cells, error);
}

Response *records_csv_of(Ctx *ctx, const Request *req) {
    static const TableColumn columns[] = {
        {"编号", true}, {"时间", false}, {"种类", false}, {"谁记的", false}, {"内容", false}};
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    Response *refused = code_building(ctx, req, &building);
    if (refused != NULL) {
        return refused;
    }
    g_autofree char *path = web_temp_path(ctx, "records.csv");
    TableWriteOptions options = {.format = TABLE_CSV};
    g_autoptr(GPtrArray) records =
        duty_records(ctx->db, building.id, asked_kind(req), 0, LIMIT_DIRECT_EXPORT, &error);
    g_autoptr(TableWriter) writer =
        records == NULL ? NULL
                        : table_create(path, &options, columns, G_N_ELEMENTS(columns), &error);
    for (guint i = 0; writer != NULL && i < records->len; i++) {
        if (!write_record(writer, building.region, records->pdata[i], &error)) {
            return response_problem(error, NULL);
        }
    }
    if (writer == NULL || !table_finish(writer, &error)) {
        return response_problem(error, NULL);
    }
    return response_file(table_format_mime(TABLE_CSV), path, "楼里的记录.csv", true);
}

/* --- by officers --------------------------------------------------------------------------------
 */

/* Show it, or keep what was sent. */
static Response *handle(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    g_auto(Firecode) code = {0};
    g_autoptr(json_t) model = json_object();
    g_autofree char *actor = NULL;
    Response *answer = code_building(ctx, req, &building);
    RecordForm form = {.building_id = building.id};
    if (answer != NULL) {
        return answer;
    }
    if (!duty_parse(request_arg(req, "kind"), &form.kind)) {
        return response_not_found();
    }
    g_autofree char *back = g_strdup_printf("/work/codes/%" G_GINT64_FORMAT, building.id);
    form.form = duty_form(building.region, form.kind, ctx->now_us, &error);
    form.action = request_path(req);
    form.back = back;
    if (form.form == NULL || !firecode_of(ctx->db, building.id, &code, &error) ||
        !code_put_building(ctx->db, &building, model, &error)) {
        return response_problem(error, NULL);
    }
    if (code.id == 0) {
        return response_redirect(back);
    }
    if (!request_is_post(req)) {
        return record_form_show(ctx, req, "firecode/record", &form, NULL, NULL, model);
    }
    FirecodeActor by = code_actor(ctx, &actor);
    return record_form_keep(ctx, req, "firecode/record", &form, &by, model);
}

Response *record_new_page(Ctx *ctx, const Request *req) {
    return handle(ctx, req);
}

Response *record_new_submit(Ctx *ctx, const Request *req) {
    return handle(ctx, req);
}
