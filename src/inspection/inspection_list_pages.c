/* The list of inspections with its filters and export, and one inspection. */
#include "base/error.h"
#include "base/limits.h"
#include "inspection/inspection_models.h"
#include "inspection/inspection_pages.h"
#include "inspection/inspection_rules.h"
#include "table/table_writer.h"

#include <glib/gstdio.h>
#include <string.h>

typedef struct ListQuery {
    InspectionFilter filter;
    const char *state; /* word or "" */
    bool is_mine;
} ListQuery;

static ListQuery read_query(Ctx *ctx, const Request *req) {
    ListQuery query = {.filter = {.region = ctx->who->region, .state = -1}, .state = ""};
    InspectionState state;
    const char *word = request_query(req, "state");
    if (inspection_state_parse(word, &state)) {
        query.filter.state = (int)state;
        query.state = inspection_state_word(state);
    }
    const char *mine = request_query(req, "mine");
    query.is_mine = mine != NULL && strcmp(mine, "1") == 0 && ctx->who->officer_id != 0;
    query.filter.officer_id = query.is_mine ? ctx->who->officer_id : 0;
    const char *after = request_query(req, "after");
    if (after != NULL) {
        g_auto(GStrv) parts = g_strsplit(after, ".", 2);
        if (g_strv_length(parts) == 2) {
            query.filter.after_due_us = g_ascii_strtoll(parts[0], NULL, 10);
            query.filter.after_id = g_ascii_strtoll(parts[1], NULL, 10);
        }
    }
    return query;
}

static void add_option(json_t *options, const char *value, const char *text, bool is_selected) {
    json_t *option = json_object();
    json_put_text(option, "value", value);
    json_put_text(option, "text", text);
    json_put_bool(option, "is_selected", is_selected);
    json_array_append_new(options, option);
}

static void add_select(json_t *selects, const char *name, const char *label, json_t *options) {
    json_t *select = json_object();
    json_put_text(select, "name", name);
    json_put_text(select, "label", label);
    json_put(select, "options", options);
    json_array_append_new(selects, select);
}

static void put_filters(Ctx *ctx, json_t *model, const ListQuery *query) {
    json_t *selects = json_array();
    json_t *states = json_array();
    add_option(states, "", "全部状态", *query->state == '\0');
    for (unsigned state = 0; state < INSPECTION_STATE_COUNT; state++) {
        const char *word = inspection_state_word((InspectionState)state);
        add_option(states,
                   word,
                   inspection_state_zh((InspectionState)state),
                   strcmp(word, query->state) == 0);
    }
    add_select(selects, "state", "状态", states);
    if (ctx->who->officer_id != 0) {
        json_t *people = json_array();
        add_option(people, "", "全部人员", !query->is_mine);
        add_option(people, "1", "我承办的", query->is_mine);
        add_select(selects, "mine", "承办", people);
    }
    json_put(model, "selects", selects);
}

/* --- export ------------------------------------------------------------------------------------
 */

static const TableColumn export_columns[] = {{"编号", true},
                                             {"状态", false},
                                             {"对象类型", false},
                                             {"对象", false},
                                             {"地址", false},
                                             {"区域", false},
                                             {"主办人", false},
                                             {"协办人", false},
                                             {"期限", false},
                                             {"检查日期", false},
                                             {"结论", false},
                                             {"公开时间", false}};

static bool export_row(Ctx *ctx, TableWriter *writer, const Inspection *row, GError **error) {
    g_autoptr(json_t) model = inspection_model(row, ctx->now_us);
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, row->id);
    const char *cells[] = {
        id,
        json_get_text(model, "state_zh", ""),
        json_get_text(model, "object_kind_zh", ""),
        row->object_name,
        row->object_address,
        json_get_text(model, "region_name", ""),
        json_get_text(json_object_get(model, "lead"), "name", ""),
        json_get_text(json_object_get(model, "second"), "name", ""),
        json_get_text(model, "due", ""),
        json_get_text(model, "inspected", NULL),
        json_get_text(model, "conclusion", NULL),
        json_get_text(model, "published", NULL),
    };
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(export_columns));
    return table_write(writer, cells, error);
}

static bool export_rows(Ctx *ctx, TableWriter *writer, InspectionFilter filter, GError **error) {
    filter.limit = 500;
    for (;;) {
        g_autoptr(GPtrArray) rows = inspection_list(ctx->db, &filter, error);
        if (rows == NULL) {
            return false;
        }
        for (unsigned i = 0; i < rows->len; i++) {
            const Inspection *row = g_ptr_array_index(rows, i);
            if (!export_row(ctx, writer, row, error)) {
                return false;
            }
            filter.after_due_us = row->due_us;
            filter.after_id = row->id;
        }
        if (rows->len < filter.limit || table_rows_written(writer) >= LIMIT_DIRECT_EXPORT) {
            return table_finish(writer, error);
        }
    }
}

static Response *
export_list(Ctx *ctx, const InspectionFilter *filter, TableFormat format, const char *ending) {
    const WebOptions *options = web_options(ctx->server);
    const char *folder = options->upload_dir != NULL ? options->upload_dir : g_get_tmp_dir();
    g_autofree char *name = g_strdup_printf("inspections-%s.%s", ctx->request_id, ending);
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(GError) error = NULL;
    TableWriteOptions how = {.format = format, .sheet = "检查"};
    g_autoptr(TableWriter) writer =
        table_create(path, &how, export_columns, G_N_ELEMENTS(export_columns), &error);
    InspectionFilter all = *filter;
    all.after_id = 0;
    if (writer == NULL || !export_rows(ctx, writer, all, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *download = g_strconcat("inspections.", ending, NULL);
    return response_file(table_format_mime(format), path, download, true);
}

/* --- the list ----------------------------------------------------------------------------------
 */

static void put_pager(json_t *model, const ListQuery *query, const Inspection *last) {
    json_t *pager = json_object();
    g_autofree char *filter =
        g_strdup_printf("state=%s&mine=%s", query->state, query->is_mine ? "1" : "");
    g_autofree char *first =
        query->filter.after_id == 0 ? NULL : g_strconcat("/work/inspections?", filter, NULL);
    g_autofree char *next =
        last == NULL
            ? NULL
            : g_strdup_printf("/work/inspections?%s&after=%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                              filter,
                              last->due_us,
                              last->id);
    json_put_text(pager, "first", first);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", next);
    json_put_text(pager, "note", "按期限排序，每页 50 件");
    json_put(model, "pager", pager);
    g_autofree char *csv = g_strdup_printf("/work/inspections?%s&format=csv", filter);
    g_autofree char *xlsx = g_strdup_printf("/work/inspections?%s&format=xlsx", filter);
    json_put_text(model, "csv_href", csv);
    json_put_text(model, "xlsx_href", xlsx);
}

Response *inspections_page(Ctx *ctx, const Request *req) {
    ListQuery query = read_query(ctx, req);
    const char *format_word = request_query(req, "format");
    TableFormat format;
    if (format_word != NULL && table_format_parse(format_word, &format)) {
        if (!principal_may(ctx->who, PERM_EXPORT)) {
            return refusal_zh(HZ_ERROR_DENIED, "导出要有导出权限，找安全管理员授予");
        }
        return export_list(ctx, &query.filter, format, format_word);
    }
    query.filter.limit = LIMIT_PAGE_ROWS + 1;
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) rows = inspection_list(ctx->db, &query.filter, &error);
    if (rows == NULL) {
        return response_problem(error, NULL);
    }
    g_autoptr(json_t) model = json_object();
    json_t *items = json_array();
    json_put(model, "inspections", items);
    for (unsigned i = 0; i < rows->len && i < LIMIT_PAGE_ROWS; i++) {
        json_array_append_new(items, inspection_model(g_ptr_array_index(rows, i), ctx->now_us));
    }
    put_filters(ctx, model, &query);
    put_pager(model,
              &query,
              rows->len > LIMIT_PAGE_ROWS ? g_ptr_array_index(rows, LIMIT_PAGE_ROWS - 1) : NULL);
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    return response_page("inspection/inspections", g_steal_pointer(&model));
}

/* --- one inspection ----------------------------------------------------------------------------
 */

/* Why this reader cannot record now; NULL when it can. */
static const char *not_recording_zh(const Ctx *ctx, const Inspection *inspection) {
    if (inspection->state != INSPECTION_PLANNED && inspection->state != INSPECTION_RECORDED) {
        return NULL;
    }
    if (!principal_may(ctx->who, PERM_INSPECTION_RECORD)) {
        return "您的角色不能记录检查结果";
    }
    if (ctx->who->officer_id == 0 || (ctx->who->officer_id != inspection->lead_id &&
                                      ctx->who->officer_id != inspection->second_id)) {
        return "只有指派的两名检查人员能记录结果";
    }
    return NULL;
}

Response *inspection_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Inspection) inspection = wanted_inspection(ctx, req, &refusal);
    if (inspection == NULL) {
        return refusal;
    }
    g_autoptr(json_t) model = inspection_model(inspection, ctx->now_us);
    json_put_bool(model, "may_see_draw", principal_may(ctx->who, PERM_PLAN_VIEW));
    if (!put_answers(ctx->db, model, inspection, &error)) {
        return response_problem(error, NULL);
    }
    bool is_open =
        inspection->state == INSPECTION_PLANNED || inspection->state == INSPECTION_RECORDED;
    const char *why_not = not_recording_zh(ctx, inspection);
    bool may_publish = principal_may(ctx->who, PERM_PUBLISH);
    json_put_bool(model, "may_record", is_open && why_not == NULL);
    json_put_text(model, "why_not_record", why_not);
    json_put_bool(model, "may_publish", may_publish && inspection->state == INSPECTION_RECORDED);
    json_put_bool(model, "may_close", may_publish && is_open);
    return response_page("inspection/inspection", g_steal_pointer(&model));
}
