#include "importer_test_support.h"
#include "base/error.h"

#include <glib/gstdio.h>
#include <string.h>

#define CITY                                                                                       \
    "code,name,parent\n50,重庆,\n5001,重庆市,50\n500103,渝中区,5001\n500106,沙坪坝区,5001\n"

char *support_put_file(const Fixture *fixture, const char *name, const char *text, gssize size) {
    char *path = g_build_filename(fixture->folder, name, NULL);
    g_assert_true(g_file_set_contents(path, text, size, NULL));
    return path;
}

ImportTask *support_new_task(Db *db, const Mapping *mapping, ImportMode mode) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) json = mapping_write(mapping);
    ImportTask *task = g_new0(ImportTask, 1);
    const MappingTarget *first = mapping->targets->pdata[0];
    task->kind = g_strdup(first->kind->word);
    task->file_name = g_strdup("test.csv");
    task->mapping = json_write(json);
    task->state = g_strdup("running");
    task->ledger_first = -1;
    task->ledger_last = -1;
    g_assert_true(import_store_add(db, task, 1, &error));
    g_assert_true(import_store_start(db, task->id, import_mode_word(mode), 0, 1, &error));
    return task;
}

bool support_run_file(Db *db,
                      const char *path,
                      ImportMode mode,
                      const Call *call,
                      ImportReport *report,
                      GError **error) {
    const ImportKind *kind = import_kind_find(call->kind != NULL ? call->kind : "unit");
    g_assert_nonnull(kind);
    g_autoptr(Mapping) mapping = import_find_mapping(
        db, call->mapping != NULL ? call->mapping : "auto", kind, path, call->source, error);
    if (mapping == NULL) {
        *report = (ImportReport){0};
        return false;
    }
    g_autoptr(ImportTask) own = NULL;
    ImportTask *task = call->task;
    if (task == NULL && mode != IMPORT_TRIAL) {
        own = support_new_task(db, mapping, mode);
        task = own;
    }
    ImportRequest request = {.path = path,
                             .mapping = mapping,
                             .mode = mode,
                             .task = mode == IMPORT_TRIAL ? NULL : task,
                             .scope_region = call->scope != NULL ? call->scope : "*",
                             .actor = "cli",
                             .refused_path = call->refused,
                             .chunk_rows = call->chunk,
                             .progress = call->progress,
                             .data = call->data};
    return import_run(db, &request, report, error);
}

/* "rows added changed same refused" */
char *support_counts_text(const ImportReport *report) {
    return g_strdup_printf("%d %d %d %d %d",
                           (int)report->counts.rows,
                           (int)report->counts.added,
                           (int)report->counts.changed,
                           (int)report->counts.same,
                           (int)report->counts.refused);
}

void support_expect(Db *db, const char *path, ImportMode mode, Call call, const char *wanted) {
    g_autoptr(GError) error = NULL;
    g_auto(ImportReport) report = {0};
    bool done = support_run_file(db, path, mode, &call, &report, &error);
    g_assert_no_error(error);
    g_assert_true(done);
    g_autofree char *got = support_counts_text(&report);
    g_assert_cmpstr(got, ==, wanted);
}

int64_t support_count(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t number = -1;
    db_query_int(db, sql, DB_NO_ARGS, &number, &error);
    g_assert_no_error(error);
    return number;
}
void support_set_up(Fixture *fixture, DbEngine engine) {
    fixture->fresh = test_db_new(engine, NULL);
    fixture->db = test_db_open(fixture->fresh, DB_READ_WRITE);
    fixture->folder = g_dir_make_tmp("importer-XXXXXX", NULL);
    g_autofree char *path = support_put_file(fixture, "regions.csv", CITY, -1);
    support_expect(fixture->db, path, IMPORT_ALL, (Call){.kind = "region"}, "4 4 0 0 0");
}

void support_tear_down(Fixture *fixture) {
    g_autoptr(GError) error = NULL;
    g_assert_true(ledger_verify(fixture->db, NULL, NULL, NULL, &error));
    db_close(fixture->db);
    test_db_free(fixture->fresh);
    g_autoptr(GDir) dir = g_dir_open(fixture->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(fixture->folder, name, NULL);
        g_unlink(path);
    }
    g_assert_cmpint(g_rmdir(fixture->folder), ==, 0);
    g_free(fixture->folder);
}
