/* What became of a file, as JSON. */
#include "importer/importer.h"

static json_t *rows_json(const GPtrArray *rows) {
    json_t *list = json_array();
    for (size_t i = 0; rows != NULL && i < rows->len; i++) {
        const ImportRefusal *row = rows->pdata[i];
        json_t *item = json_object();
        json_put_int(item, "line", row->line);
        json_put_text(item, "kind", row->kind);
        json_put_text(item, "column", row->column);
        json_put_text(item, "value", row->value);
        json_put_text(item, "reason", row->reason);
        json_array_append_new(list, item);
    }
    return list;
}

json_t *import_report_json(const ImportReport *report, ImportMode mode, const ImportTask *task) {
    json_t *json = json_object();
    json_t *counts = json_object();
    json_put_int(counts, "rows", report->counts.rows);
    json_put_int(counts, "added", report->counts.added);
    json_put_int(counts, "changed", report->counts.changed);
    json_put_int(counts, "same", report->counts.same);
    json_put_int(counts, "refused", report->counts.refused);
    json_put_int(counts, "warned", report->counts.warned);
    json_put_int(json, "reference", task != NULL ? task->id : 0);
    json_put_text(json, "mode", import_mode_word(mode));
    json_put(json, "counts", counts);
    json_put_bool(json, "is_refused", report->is_refused);
    json_put_bool(json, "must_be_chunked", report->must_be_chunked);
    json_put(json, "refused_rows", rows_json(report->refusals));
    json_put(json, "warned_rows", rows_json(report->warnings));
    if (report->problem.trouble != TABLE_FINE) {
        g_autofree char *sentence = table_problem_zh(&report->problem);
        json_put_text(json, "error_zh", sentence);
    }
    return json;
}
