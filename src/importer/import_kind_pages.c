/* What the columns of a file are: a page of words, and an empty table to fill in. */
#include "base/error.h"
#include "importer/importer_pages.h"
#include "table/table_writer.h"

const ImportKind *import_page_kind(const ImportTask *task) {
    const ImportKind *kind = import_kind_find(task->kind);
    g_assert(kind != NULL);
    return kind;
}

bool import_page_allows(Ctx *ctx,
                        const Request *req,
                        const ImportKind *kind,
                        Response **ret_response) {
    g_autoptr(GError) error = NULL;
    const WebOptions *options = web_options(ctx->server);
    if (principal_may(ctx->who, kind->permission)) {
        return true;
    }
    if (options->refused != NULL) {
        options->refused(ctx, req, "import of a kind without its permission");
    }
    hz_fail(&error, HZ_ERROR_DENIED, "the kind needs another permission");
    *ret_response = response_problem(error, "您的角色不能登记这一种内容，所以也不能导入。");
    return false;
}

static const ImportKind *kind_of(const Request *req, Response **ret_response) {
    const ImportKind *kind = import_kind_find(request_query(req, "kind"));
    if (kind == NULL) {
        *ret_response = response_not_found();
    }
    return kind;
}

Response *import_columns_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    Response *response = NULL;
    const ImportKind *kind = kind_of(req, &response);
    if (kind == NULL) {
        return response;
    }
    json_t *model = json_object();
    json_t *fields = json_array();
    for (const IntakeField *field = kind->fields; field->word != NULL; field++) {
        json_t *line = json_object();
        json_put_text(line, "field_zh", field->name_zh);
        json_put_bool(line, "is_required", field->is_required);
        json_put_text(line, "hint", field->hint_zh);
        json_put_text(line, "example", field->example);
        json_array_append_new(fields, line);
    }
    json_put_text(model, "kind", kind->word);
    json_put_text(model, "kind_zh", kind->name_zh);
    json_put_bool(model, "is_device", g_strcmp0(kind->word, "device") == 0);
    json_put_bool(model, "is_point", g_strcmp0(kind->word, "point") == 0);
    json_put(model, "fields", fields);
    return response_page("importer/columns", model);
}

/* The head row and nothing else: an example row would be imported one day. */
static bool
write_template(const ImportKind *kind, TableFormat format, const char *path, GError **error) {
    g_autoptr(GArray) columns = g_array_new(FALSE, FALSE, sizeof(TableColumn));
    for (const IntakeField *field = kind->fields; field->word != NULL; field++) {
        TableColumn column = {field->name_zh, false};
        g_array_append_val(columns, column);
    }
    TableWriteOptions options = {.format = format, .sheet = kind->name_zh};
    g_autoptr(TableWriter) writer = table_create(
        path, &options, (const TableColumn *)(const void *)columns->data, columns->len, error);
    return writer != NULL && table_finish(writer, error);
}

Response *import_template(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    Response *response = NULL;
    const ImportKind *kind = kind_of(req, &response);
    const char *ending = request_query(req, "format");
    TableFormat format = TABLE_CSV;
    if (kind == NULL) {
        return response;
    }
    if (ending != NULL && !table_format_parse(ending, &format)) {
        return response_not_found();
    }
    g_autofree char *name =
        g_strdup_printf("%s.%s", kind->word, format == TABLE_CSV ? "csv" : "xlsx");
    g_autofree char *path = web_temp_path(ctx, name);
    if (!write_template(kind, format, path, &error)) {
        return response_problem(error, NULL);
    }
    return response_file(table_format_mime(format), path, name, true);
}
