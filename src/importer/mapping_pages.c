/* The page on which a person says which column is which field. */
#include "base/error.h"
#include "base/limits.h"
#include "importer/importer_pages.h"

#include <string.h>

#define PREVIEW_ROWS 5
#define PREVIEW_CELL 60 /* characters shown of a cell */

/* The head row and a few more, copied. */
typedef struct Preview {
    GPtrArray *columns; /* char * */
    json_t *rows;       /* [{line, cells: [text]}] */
    TableEncoding encoding;
    TableFormat format;
} Preview;

static void preview_clear(Preview *preview) {
    g_clear_pointer(&preview->columns, g_ptr_array_unref);
    g_clear_pointer(&preview->rows, json_decref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Preview, preview_clear)

static json_t *preview_cells(const TableRow *row, size_t columns) {
    json_t *cells = json_array();
    for (size_t i = 0; i < columns; i++) {
        const char *cell = i < row->count ? row->cells[i] : "";
        g_autofree char *shown = g_utf8_strlen(cell, -1) > PREVIEW_CELL
                                     ? g_utf8_substring(cell, 0, PREVIEW_CELL)
                                     : g_strdup(cell);
        json_array_append_new(cells, json_string(shown));
    }
    return cells;
}

static bool read_preview(const char *path,
                         TableEncoding encoding,
                         Preview *preview,
                         TableProblem *problem,
                         GError **error) {
    TableOptions options = {.encoding = encoding, .ret_problem = problem};
    g_autoptr(TableReader) reader = table_open(path, &options, error);
    TableRow row;
    GError *why = NULL;
    if (reader == NULL) {
        return false;
    }
    if (!table_next(reader, &row, &why)) {
        if (why == NULL) {
            *problem = (TableProblem){TABLE_EMPTY, 0, -1};
            hz_fail(&why, HZ_ERROR_INVALID, "the file has no row");
        }
        g_propagate_error(error, why);
        return false;
    }
    preview->columns = g_ptr_array_new_with_free_func(g_free);
    for (size_t i = 0; i < row.count; i++) {
        g_ptr_array_add(preview->columns, g_strdup(row.cells[i]));
    }
    preview->rows = json_array();
    size_t columns = row.count;
    for (size_t i = 0; i < PREVIEW_ROWS && table_next(reader, &row, &why); i++) {
        json_t *item = json_object();
        json_put_int(item, "line", row.line);
        json_put(item, "cells", preview_cells(&row, columns));
        json_array_append_new(preview->rows, item);
    }
    preview->encoding = table_encoding(reader);
    preview->format = table_format(reader);
    if (why != NULL) {
        g_propagate_error(error, why);
        return false;
    }
    return true;
}

static TableRow head_of(const Preview *preview) {
    return (TableRow){1, preview->columns->len, (const char *const *)preview->columns->pdata};
}

/* --- showing --------------------------------------------------------------------------------- */

static const MappingField *field_in(const MappingTarget *target, const char *word) {
    for (size_t i = 0; i < target->fields->len; i++) {
        const MappingField *field = &g_array_index(target->fields, MappingField, i);
        if (strcmp(field->field->word, word) == 0) {
            return field;
        }
    }
    return NULL;
}

/* Error of the field `name` in problems; NULL if it has none. */
static const char *problem_of(const FormProblems *problems, const char *name) {
    for (size_t i = 0; i < json_array_size(problems); i++) {
        const json_t *problem = json_array_get(problems, i);
        if (strcmp(json_get_text(problem, "field", ""), name) == 0) {
            return json_get_text(problem, "message", NULL);
        }
    }
    return NULL;
}

static json_t *field_model(const IntakeField *field,
                           const MappingField *chosen,
                           const Preview *preview,
                           const FormProblems *problems) {
    json_t *model = json_object();
    json_t *options = json_array();
    g_autofree char *name = g_strdup_printf("f.%s", field->word);
    const char *column = chosen != NULL ? chosen->column : NULL;
    form_option(options, "", "不导入", column == NULL);
    for (size_t i = 0; i < preview->columns->len; i++) {
        const char *text = preview->columns->pdata[i];
        if (text[0] != '\0') {
            form_option(options, text, text, g_strcmp0(text, column) == 0);
        }
    }
    json_put_text(model, "word", field->word);
    json_put_text(model, "field_zh", field->name_zh);
    json_put_bool(model, "is_required", field->is_required);
    json_put_text(model, "example", field->example != NULL ? field->example : "");
    json_put_text(model, "hint", field->hint_zh);
    json_put(model, "options", options);
    json_put_text(
        model, "constant", chosen != NULL && chosen->constant != NULL ? chosen->constant : "");
    json_put_text(model, "error", problem_of(problems, name));
    json_put_bool(model, "has_error", problem_of(problems, name) != NULL);
    return model;
}

static json_t *fields_model(const Mapping *mapping,
                            const ImportKind *kind,
                            const Preview *preview,
                            const FormProblems *problems) {
    json_t *fields = json_array();
    const MappingTarget *target = mapping->targets->pdata[0];
    for (const IntakeField *field = kind->fields; field->word != NULL; field++) {
        if (strcmp(field->word, "source") == 0 && field_in(target, "source") == NULL) {
            continue; /* asked once for the whole file, below the table */
        }
        json_array_append_new(fields,
                              field_model(field, field_in(target, field->word), preview, problems));
    }
    return fields;
}

/* Value translations as lines "字段:原值=新值". */
static char *translations_text(const Mapping *mapping) {
    GString *text = g_string_new(NULL);
    const MappingTarget *target = mapping->targets->pdata[0];
    for (size_t i = 0; i < target->fields->len; i++) {
        const MappingField *field = &g_array_index(target->fields, MappingField, i);
        GHashTableIter iter;
        void *from;
        void *to;
        if (field->values == NULL) {
            continue;
        }
        g_hash_table_iter_init(&iter, field->values);
        while (g_hash_table_iter_next(&iter, &from, &to)) {
            g_string_append_printf(
                text, "%s:%s=%s\n", field->field->name_zh, (const char *)from, (const char *)to);
        }
    }
    return g_string_free(text, FALSE);
}

static void put_settings(json_t *model, const Mapping *mapping, TableEncoding told) {
    static const struct {
        TableEncoding encoding;
        const char *text;
    } encodings[] = {{TABLE_ENCODING_AUTO, "自动判断"},
                     {TABLE_ENCODING_UTF8, "UTF-8"},
                     {TABLE_ENCODING_GB18030, "GB 18030（GBK）"},
                     {TABLE_ENCODING_UTF16LE, "UTF-16"}};
    static const char *const dates[][2] = {{"auto", "自动判断，年在前"},
                                           {"ymd", "年 月 日"},
                                           {"dmy", "日 月 年"},
                                           {"mdy", "月 日 年"}};
    json_t *encoding_options = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        form_option(encoding_options,
                    table_encoding_word(encodings[i].encoding),
                    encodings[i].text,
                    encodings[i].encoding == told);
    }
    json_t *date_options = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(dates); i++) {
        form_option(date_options, dates[i][0], dates[i][1], i == (size_t)mapping->date_format);
    }
    g_autofree char *values = translations_text(mapping);
    json_put(model, "encoding_options", encoding_options);
    json_put(model, "date_options", date_options);
    json_put_text(model, "encoding", table_encoding_word(told));
    json_put_text(model, "source", mapping->source != NULL ? mapping->source : "");
    json_put_text(model, "values", values);
}

static bool has_word(const json_t *list, const char *word) {
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (strcmp(json_string_value(json_array_get(list, i)), word) == 0) {
            return true;
        }
    }
    return false;
}

static bool
put_saved(Ctx *ctx, json_t *model, const char *kind, const char *chosen, GError **error) {
    g_autoptr(GPtrArray) saved = import_store_mappings(ctx->db, ctx->who->account_id, error);
    if (saved == NULL) {
        return false;
    }
    json_t *options = json_array();
    for (size_t i = 0; i < saved->len; i++) {
        const SavedMapping *one = saved->pdata[i];
        if (strcmp(one->kind, kind) == 0) {
            form_option(options, one->name, one->name, g_strcmp0(one->name, chosen) == 0);
        }
    }
    g_autoptr(json_t) shipped = mapping_shipped_list();
    for (size_t i = 0; i < json_array_size(shipped); i++) {
        const json_t *one = json_array_get(shipped, i);
        const char *name = json_get_text(one, "name", "");
        if (has_word(json_object_get(one, "kinds"), kind)) {
            form_option(
                options, name, json_get_text(one, "title", name), g_strcmp0(name, chosen) == 0);
        }
    }
    json_put_bool(model, "has_saved", json_array_size(options) > 0);
    json_put(model, "saved_options", options);
    return true;
}

/* By name: saved by this account, or shipped. NULL (no error) when there is none. */
static Mapping *find_saved(Ctx *ctx, const char *name) {
    g_autoptr(GPtrArray) saved = import_store_mappings(ctx->db, ctx->who->account_id, NULL);
    for (size_t i = 0; saved != NULL && name != NULL && i < saved->len; i++) {
        const SavedMapping *one = saved->pdata[i];
        if (strcmp(one->name, name) == 0) {
            g_autoptr(json_t) json = json_read(one->body, strlen(one->body), NULL);
            return json != NULL ? mapping_read(json, NULL) : NULL;
        }
    }
    bool is_name = name != NULL && name[0] != '\0' && strchr(name, '/') == NULL;
    return is_name ? mapping_shipped(name, NULL) : NULL;
}

static void put_whole(json_t *model, const Mapping *mapping, const char *name) {
    bool is_whole = mapping->targets->len > 1;
    GString *kinds = g_string_new(NULL);
    for (size_t i = 0; is_whole && i < mapping->targets->len; i++) {
        const MappingTarget *target = mapping->targets->pdata[i];
        const char *kind = target->kind->name_zh;
        if (strstr(kinds->str, kind) == NULL) {
            g_string_append_printf(kinds, "%s%s", kinds->len > 0 ? "、" : "", kind);
        }
    }
    json_put_bool(model, "is_whole", is_whole);
    json_put_text(model, "whole_kinds", kinds->str);
    json_put_text(model, "whole_title", mapping->title);
    json_put_text(model, "whole_name", is_whole ? name : "");
    g_string_free(kinds, TRUE);
}

static json_t *page_model(Ctx *ctx,
                          const ImportTask *task,
                          const Mapping *mapping,
                          const char *name,
                          const Preview *preview,
                          const FormProblems *problems,
                          GError **error) {
    json_t *model = json_object();
    const ImportKind *kind = import_page_kind(task);
    json_t *columns = json_array();
    for (size_t i = 0; i < preview->columns->len; i++) {
        json_array_append_new(columns, json_string(preview->columns->pdata[i]));
    }
    json_put_int(model, "id", task->id);
    json_put_text(model, "file_name", task->file_name);
    json_put_text(model, "kind", kind->word);
    json_put_text(model, "kind_zh", kind->name_zh);
    json_put_text(model, "format", preview->format == TABLE_XLSX ? "XLSX" : "CSV");
    json_put_bool(model, "is_csv", preview->format == TABLE_CSV);
    json_put_text(model, "found_encoding", table_encoding_word(preview->encoding));
    json_put(model, "columns", columns);
    json_put(model, "rows", json_incref(preview->rows));
    json_put_text(model, "save_as", "");
    json_put(model, "problems", json_null());
    json_put_text(model, "source_error", problem_of(problems, "source"));
    json_put_text(model, "values_error", problem_of(problems, "values"));
    put_settings(model, mapping, mapping->encoding);
    put_whole(model, mapping, name);
    json_put(model,
             "fields",
             mapping->targets->len > 1 ? json_array()
                                       : fields_model(mapping, kind, preview, problems));
    if (!put_saved(ctx, model, task->kind, name, error)) {
        g_clear_pointer(&model, json_decref);
    }
    return model;
}

/* The file itself is wrong: say so and let the person try another encoding or file. */
static Response *broken_page(const ImportTask *task,
                             const TableProblem *problem,
                             TableEncoding told,
                             const GError *error) {
    json_t *model = json_object();
    g_autofree char *sentence = table_problem_zh(problem);
    json_put_int(model, "id", task->id);
    json_put_text(model, "file_name", task->file_name);
    json_put_text(model, "sentence", sentence);
    json_put_text(model, "detail", error->message);
    json_t *options = json_array();
    static const TableEncoding encodings[] = {
        TABLE_ENCODING_AUTO, TABLE_ENCODING_UTF8, TABLE_ENCODING_GB18030, TABLE_ENCODING_UTF16LE};
    for (size_t i = 0; i < G_N_ELEMENTS(encodings); i++) {
        const char *word = table_encoding_word(encodings[i]);
        form_option(options, word, i == 0 ? "自动判断" : word, encodings[i] == told);
    }
    json_put(model, "encoding_options", options);
    return response_page_status(422, "importer/broken", model);
}

Response *mapping_page(Ctx *ctx, const Request *req, const ImportTask *task) {
    g_autoptr(GError) error = NULL;
    TableEncoding encoding = TABLE_ENCODING_AUTO;
    const char *told = request_query(req, "encoding");
    const char *name = request_query(req, "mapping");
    if (told != NULL) {
        (void)table_encoding_parse(told, &encoding); /* unknown: found */
    }
    g_auto(Preview) preview = {0};
    TableProblem problem = {TABLE_UNREADABLE, 0, -1};
    if (!read_preview(task->path, encoding, &preview, &problem, &error)) {
        return broken_page(task, &problem, encoding, error);
    }
    const ImportKind *kind = import_page_kind(task);
    TableRow head = head_of(&preview);
    g_autoptr(Mapping) mapping = find_saved(ctx, name);
    if (mapping == NULL && name == NULL && task->mapping != NULL) {
        g_autoptr(json_t) json = json_read(task->mapping, strlen(task->mapping), NULL);
        mapping = json != NULL ? mapping_read(json, NULL) : NULL;
    }
    if (mapping == NULL) {
        mapping = mapping_guess(kind, &head, NULL);
    }
    if (told != NULL) {
        mapping->encoding = encoding;
    }
    json_t *model = page_model(ctx, task, mapping, name, &preview, NULL, &error);
    return model != NULL ? response_page("importer/mapping", model) : response_problem(error, NULL);
}

/* --- reading the form ------------------------------------------------------------------------ */

static const IntakeField *field_by_name(const ImportKind *kind, const char *name) {
    for (const IntakeField *field = kind->fields; field->word != NULL; field++) {
        if (strcmp(field->word, name) == 0 || strcmp(field->name_zh, name) == 0) {
            return field;
        }
    }
    return NULL;
}

/* Lines "字段:原值=新值" into fields[word].values. */
static void read_translations(const Request *req,
                              const ImportKind *kind,
                              json_t *fields,
                              FormProblems *problems) {
    const char *text = request_form(req, "values");
    g_auto(GStrv) lines = g_strsplit(text != NULL ? text : "", "\n", 1000);
    for (size_t i = 0; lines[i] != NULL; i++) {
        char *line = g_strstrip(lines[i]);
        if (line[0] == '\0') {
            continue;
        }
        char *wide = strstr(line, "：");
        char *colon = strchr(line, ':');
        bool is_wide = wide != NULL && (colon == NULL || wide < colon);
        char *value = is_wide ? wide + strlen("：") : colon != NULL ? colon + 1 : NULL;
        char *equals = value != NULL ? strchr(value, '=') : NULL;
        g_autofree char *name =
            value != NULL ? g_strndup(line, (gsize)((is_wide ? wide : colon) - line)) : NULL;
        const IntakeField *field = name != NULL ? field_by_name(kind, g_strstrip(name)) : NULL;
        json_t *made = field != NULL ? json_object_get(fields, field->word) : NULL;
        if (equals == NULL || field == NULL || made == NULL) {
            form_problem_add(problems,
                             "values",
                             "第 %d 行写成“类别:餐饮=饭店”的样子，字段要在上面选了列",
                             (int)i + 1);
            return;
        }
        json_t *values = json_object_get(made, "values");
        if (values == NULL) {
            values = json_object();
            json_put(made, "values", values);
        }
        g_autofree char *from = g_strndup(value, (gsize)(equals - value));
        json_put_text(values, g_strstrip(from), g_strstrip(equals + 1));
    }
}

static json_t *read_fields(const Request *req, const ImportKind *kind, FormProblems *problems) {
    json_t *fields = json_object();
    for (const IntakeField *field = kind->fields; field->word != NULL; field++) {
        g_autofree char *select = g_strdup_printf("f.%s", field->word);
        g_autofree char *input = g_strdup_printf("c.%s", field->word);
        const char *column = request_form(req, select);
        const char *constant = request_form(req, input);
        json_t *made = json_object();
        if (column != NULL && column[0] != '\0') {
            json_put_text(made, "column", column);
        } else if (constant != NULL && constant[0] != '\0') {
            json_put_text(made, "constant", constant);
        }
        bool is_source = strcmp(field->word, "source") == 0;
        if (json_object_size(made) > 0) {
            json_put(fields, field->word, made);
        } else {
            json_decref(made);
            if (field->is_required && !is_source) {
                form_problem_add(
                    problems, select, "“%s”必填：选一列，或写一个固定值", field->name_zh);
            }
        }
    }
    const char *source = request_form(req, "source");
    bool has_source =
        (source != NULL && source[0] != '\0') || json_object_get(fields, "source") != NULL;
    const char *key = import_kind_source_key(kind);
    if (key != NULL && json_object_get(fields, key) != NULL && !has_source) {
        form_problem_add(problems,
                         "source",
                         "选了“%s”，就要写来源系统的名称",
                         import_kind_field(kind, key)->name_zh);
    }
    read_translations(req, kind, fields, problems);
    return fields;
}

static json_t *read_form(const Request *req,
                         const ImportTask *task,
                         const ImportKind *kind,
                         FormProblems *problems) {
    json_t *json = json_object();
    json_t *target = json_object();
    const char *source = request_form(req, "source");
    const char *encoding = request_form(req, "encoding");
    const char *date = request_form(req, "date_format");
    json_put_text(json, "name", task->file_name);
    json_put_text(json, "title", task->file_name);
    if (source != NULL && source[0] != '\0') {
        json_put_text(json, "source", source);
    }
    json_put_text(json, "encoding", encoding != NULL ? encoding : "auto");
    json_put_text(json, "date_format", date != NULL ? date : "auto");
    json_put_text(target, "kind", kind->word);
    json_put(target, "fields", read_fields(req, kind, problems));
    json_t *targets = json_array();
    json_array_append_new(targets, target);
    json_put(json, "targets", targets);
    return json;
}

typedef struct TrialWork {
    const ImportTask *task;
    const char *mapping;
    const char *region;
    const char *save_as;
    int64_t now_us;
} TrialWork;

static bool start_trial(Db *db, void *data, GError **error) {
    const TrialWork *work = data;
    const ImportTask *task = work->task;
    g_autofree char *title = g_strdup_printf("试导入 %s", task->file_name);
    g_autofree char *page = g_strdup_printf("/work/import/%" G_GINT64_FORMAT, task->id);
    g_autoptr(json_t) params = json_object();
    json_put_text(params, "title", title);
    json_put_text(params, "page", page);
    json_put_int(params, "task", task->id);
    json_put_text(params, "scope", work->region);
    int64_t job = 0;
    bool done =
        job_add(db, "import-trial", task->account_id, params, &job, error) &&
        import_store_set_mapping(db, task->id, work->mapping, task->kind, job, work->now_us, error);
    if (done && work->save_as[0] != '\0') {
        done = import_store_save_mapping(
            db, task->account_id, work->save_as, task->kind, work->mapping, work->now_us, error);
    }
    return done;
}

static Response *form_again(Ctx *ctx,
                            const ImportTask *task,
                            json_t *form,
                            const Preview *preview,
                            FormProblems *problems) {
    g_autoptr(GError) error = NULL;
    const ImportKind *kind = import_page_kind(task);
    TableRow head = head_of(preview);
    g_autoptr(Mapping) mapping = mapping_read(form, NULL);
    if (mapping == NULL) {
        mapping = mapping_guess(kind, &head, NULL);
    }
    json_t *model = page_model(ctx, task, mapping, NULL, preview, problems, &error);
    if (model == NULL) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    return response_form_again("importer/mapping", model, problems);
}

/* The mapping that the form means: a whole saved one, or field by field. NULL: problems, or an
 * error page in *ret_response. */
static Mapping *mapping_of_form(Ctx *ctx,
                                const Request *req,
                                const ImportTask *task,
                                const Preview *preview,
                                Response **ret_response) {
    g_autoptr(GError) error = NULL;
    const ImportKind *kind = import_page_kind(task);
    TableRow head = head_of(preview);
    const char *whole = request_form(req, "whole");
    g_autoptr(json_t) form = NULL;
    FormProblems *problems = form_problems_new();
    g_autoptr(Mapping) mapping = NULL;
    if (whole != NULL && whole[0] != '\0') {
        mapping = find_saved(ctx, whole);
        form = mapping != NULL ? mapping_write(mapping) : json_object();
    } else {
        form = read_form(req, task, kind, problems);
        mapping = form_has_problems(problems) ? NULL : mapping_read(form, &error);
    }
    if (mapping != NULL && !mapping_bind(mapping, &head, &error)) {
        g_clear_pointer(&mapping, mapping_free);
    }
    if (mapping == NULL && !form_has_problems(problems)) {
        form_problem_add(problems,
                         "columns",
                         "这套对应关系与文件的列对不上：%s",
                         error != NULL ? error->message : "没有这个名称");
    }
    if (mapping == NULL) {
        *ret_response = form_again(ctx, task, form, preview, problems);
        return NULL;
    }
    json_decref(problems);
    return g_steal_pointer(&mapping);
}

Response *mapping_post(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    Response *response = NULL;
    g_autoptr(ImportTask) task = import_page_task(ctx, req, &response);
    if (task == NULL) {
        return response;
    }
    TableEncoding encoding = TABLE_ENCODING_AUTO;
    const char *told = request_form(req, "encoding");
    if (told != NULL) {
        (void)table_encoding_parse(told, &encoding); /* unknown: found */
    }
    g_auto(Preview) preview = {0};
    TableProblem problem = {TABLE_UNREADABLE, 0, -1};
    if (task->path == NULL || !read_preview(task->path, encoding, &preview, &problem, &error)) {
        if (error == NULL) {
            hz_fail(&error, HZ_ERROR_NOT_FOUND, "the file is no longer kept");
        }
        return broken_page(task, &problem, encoding, error);
    }
    g_autoptr(Mapping) mapping = mapping_of_form(ctx, req, task, &preview, &response);
    if (mapping == NULL) {
        return response;
    }
    for (size_t i = 0; i < mapping->targets->len; i++) {
        const MappingTarget *target = mapping->targets->pdata[i];
        if (!import_page_allows(ctx, req, target->kind, &response)) {
            return response;
        }
    }
    const char *save_as = request_form(req, "save_as");
    g_autoptr(json_t) json = mapping_write(mapping);
    g_autofree char *text = json_write(json);
    TrialWork work = {task, text, ctx->who->region, save_as != NULL ? save_as : "", ctx->now_us};
    if (!db_run_tx(ctx->db, start_trial, &work, &error)) {
        bool has_started = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(error, has_started ? "这次导入已经开始，不能再改。" : NULL);
    }
    job_hint();
    g_autofree char *location = g_strdup_printf("/work/import/%" G_GINT64_FORMAT, task->id);
    return response_redirect(location);
}
