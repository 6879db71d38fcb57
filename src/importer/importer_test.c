#include "base/clock.h"
#include "base/error.h"
#include "importer/export.h"
#include "importer_test_support.h"
#include "table/table_writer.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

#define HEAD "来源系统,来源编号,单位名称,地址,区划代码,类别,电话\n"
#define GOOD                                                                                       \
    HEAD "旧库,A1,演示饭店一,渝中区一路1号,500103,饭店,023-1\n"                     \
         "旧库,A2,演示饭店二,渝中区一路2号,500103,饭店,023-2\n"                     \
         "旧库,A3,演示学校三,沙坪坝区三路3号,500106,学校,\n"
/* Lines 3 (no region like that), 4 (no name) and 6 (too many cells) are bad. */
#define MIXED                                                                                      \
    HEAD "旧库,A1,演示饭店一,渝中区一路1号,500103,饭店,023-9\n"                     \
         "旧库,B2,演示旅馆二,天涯路2号,880103,宾馆,\n"                                \
         "旧库,B3,,渝中区一路4号,500103,宾馆,\n"                                         \
         "旧库,B4,演示旅馆四,渝中区一路5号,500103,宾馆,\n"                          \
         "旧库,B5,演示旅馆五,渝中区一路6号,500103,宾馆,1,2\n"

static void test_trial_is_real(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autofree char *good = support_put_file(&fixture, "good.csv", GOOD, -1);
    g_autofree char *mixed = support_put_file(&fixture, "mixed.csv", MIXED, -1);
    int64_t leaves = support_count(fixture.db, LEAVES);
    support_expect(fixture.db, good, IMPORT_TRIAL, (Call){0}, "3 3 0 0 0");
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 0);
    g_assert_cmpint(support_count(fixture.db, LEAVES), ==, leaves);
    support_expect(fixture.db, good, IMPORT_SKIP_BAD, (Call){0}, "3 3 0 0 0");
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 3);
    g_assert_cmpint(support_count(fixture.db, LEAVES), ==, leaves + 1);
    /* Again: nothing twice. */
    support_expect(fixture.db, good, IMPORT_TRIAL, (Call){0}, "3 0 0 3 0");
    support_expect(fixture.db, good, IMPORT_ALL, (Call){0}, "3 0 0 3 0");
    support_expect(fixture.db, good, IMPORT_SKIP_BAD, (Call){.chunk = 2}, "3 0 0 3 0");
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 3);
    support_expect(fixture.db, mixed, IMPORT_TRIAL, (Call){0}, "5 1 1 0 3");
    support_expect(fixture.db, mixed, IMPORT_SKIP_BAD, (Call){.chunk = 2}, "5 1 1 0 3");
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 4);
    support_tear_down(&fixture);
}

static void test_all_or_nothing(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autofree char *mixed = support_put_file(&fixture, "mixed.csv", MIXED, -1);
    int64_t leaves = support_count(fixture.db, LEAVES);
    g_autoptr(GError) error = NULL;
    g_auto(ImportReport) report = {0};
    g_assert_true(
        support_run_file(fixture.db, mixed, IMPORT_ALL, &(Call){.chunk = 1}, &report, &error));
    g_assert_true(report.is_refused);
    g_assert_cmpint(report.counts.refused, ==, 3);
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 0);
    g_assert_cmpint(support_count(fixture.db, LEAVES), ==, leaves);
    const ImportRefusal *first = report.refusals->pdata[0];
    g_assert_cmpint(first->line, ==, 3);
    g_assert_cmpstr(first->column, ==, "区划代码");
    g_assert_cmpstr(first->value, ==, "880103");
    support_tear_down(&fixture);
}

static void test_refused_file(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autofree char *mixed = support_put_file(&fixture, "mixed.csv", MIXED, -1);
    g_autofree char *refused = g_build_filename(fixture.folder, "refused.csv", NULL);
    Call call = {.refused = refused, .chunk = 2};
    support_expect(fixture.db, mixed, IMPORT_SKIP_BAD, call, "5 2 0 0 3");
    g_autoptr(GError) error = NULL;
    g_autoptr(TableReader) reader = table_open(refused, NULL, &error);
    TableRow row;
    g_assert_true(table_next(reader, &row, &error));
    g_assert_cmpint(row.count, ==, 10);
    g_assert_cmpstr(row.cells[9], ==, "问题");
    static const char *const lines[] = {"3", "4", "6"};
    for (size_t i = 0; i < G_N_ELEMENTS(lines); i++) {
        g_assert_true(table_next(reader, &row, &error));
        g_assert_cmpstr(row.cells[row.count - 3], ==, lines[i]);
        g_assert_cmpint(strlen(row.cells[row.count - 1]), >, 0);
    }
    g_assert_false(table_next(reader, &row, &error));
    /* Nothing refused: no file. */
    g_autofree char *good = support_put_file(&fixture, "good.csv", GOOD, -1);
    support_expect(fixture.db, good, IMPORT_SKIP_BAD, call, "3 2 1 0 0");
    g_assert_false(g_file_test(refused, G_FILE_TEST_EXISTS));
    support_tear_down(&fixture);
}

static void test_formats(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    gsize size = 0;
    g_autofree char *gb = g_convert(GOOD, -1, "GB18030", "UTF-8", NULL, &size, NULL);
    g_autofree char *path = support_put_file(&fixture, "gb.csv", gb, (gssize)size);
    support_expect(fixture.db, path, IMPORT_ALL, (Call){0}, "3 3 0 0 0");
    g_assert_cmpint(
        support_count(fixture.db, SQL("SELECT count(*) FROM unit WHERE name = '演示学校三'")),
        ==,
        1);
    g_autofree char *book = g_build_filename(fixture.folder, "book.xlsx", NULL);
    TableColumn columns[] = {{"来源系统", false},
                             {"来源编号", false},
                             {"单位名称", false},
                             {"地址", false},
                             {"区划代码", true},
                             {"类别", false},
                             {"电话", false}};
    TableWriteOptions options = {.format = TABLE_XLSX};
    g_autoptr(GError) error = NULL;
    g_autoptr(TableWriter) writer = table_create(book, &options, columns, 7, &error);
    static const char *const rows[][7] = {
        {"旧库", "A1", "演示饭店一", "渝中区一路1号", "500103", "饭店", "023-1"},
        {"旧库", "A9", "演示饭店九", "渝中区一路9号", "500103", "饭店", NULL}};
    g_assert_true(table_write(writer, rows[0], &error) && table_write(writer, rows[1], &error));
    g_assert_true(table_finish(writer, &error));
    support_expect(fixture.db, book, IMPORT_TRIAL, (Call){0}, "2 1 0 1 0");
    support_expect(fixture.db, book, IMPORT_SKIP_BAD, (Call){0}, "2 1 0 1 0");
    support_tear_down(&fixture);
}

static void test_scope(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autofree char *good = support_put_file(&fixture, "good.csv", GOOD, -1);
    support_expect(fixture.db, good, IMPORT_TRIAL, (Call){.scope = "500106"}, "3 1 0 0 2");
    support_expect(fixture.db, good, IMPORT_SKIP_BAD, (Call){.scope = "500106"}, "3 1 0 0 2");
    g_assert_cmpint(
        support_count(fixture.db, SQL("SELECT count(*) FROM unit WHERE region <> '500106'")),
        ==,
        0);
    support_tear_down(&fixture);
}

static void test_bad_files(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    static const struct {
        const char *text;
        TableTrouble trouble;
        const char *message;
    } cases[] = {
        {"名称,没有这列\n", TABLE_FINE, "no column is chosen"},
        {"单位名称,地址,区划代码\n\"a,b,500103\n", TABLE_OPEN_QUOTE, "line 2"},
        {"单位名称,地址,区划代码,单位名称\n", TABLE_FINE, "twice"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(ImportReport) report = {0};
        g_autofree char *path = support_put_file(&fixture, "bad.csv", cases[i].text, -1);
        g_assert_false(support_run_file(fixture.db, path, IMPORT_ALL, &(Call){0}, &report, &error));
        g_assert_nonnull(strstr(error->message, cases[i].message));
        g_assert_cmpint(report.problem.trouble, ==, cases[i].trouble);
    }
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 0);
    support_tear_down(&fixture);
}

static char *many_rows(int rows) {
    GString *text = g_string_new(HEAD);
    for (int i = 0; i < rows; i++) {
        g_string_append_printf(
            text, "旧库,M%d,演示单位%d,渝中区%d路,%s,饭店,\n", i, i, i, i == 7 ? "1" : "500103");
    }
    return g_string_free(text, FALSE);
}

static bool stop_after_two(const ImportProgress *progress, void *data) {
    int *calls = data;
    g_assert_cmpint(progress->total, >=, progress->rows);
    return ++*calls < 2;
}

/* Stopped between chunks, as a kill there would: what was committed stays, the rest comes with the
 * next run, nothing twice, and the file of refused rows is whole. */
static void test_resume(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autofree char *text = many_rows(50);
    g_autofree char *path = support_put_file(&fixture, "many.csv", text, -1);
    g_autofree char *refused = g_build_filename(fixture.folder, "refused.csv", NULL);
    g_autoptr(GError) error = NULL;
    g_autoptr(Mapping) mapping =
        import_find_mapping(fixture.db, "auto", import_kind_find("unit"), path, NULL, &error);
    g_autoptr(ImportTask) task = support_new_task(fixture.db, mapping, IMPORT_SKIP_BAD);
    int calls = 0;
    Call call = {
        .task = task, .chunk = 10, .refused = refused, .progress = stop_after_two, .data = &calls};
    g_auto(ImportReport) cut = {0};
    g_assert_false(support_run_file(fixture.db, path, IMPORT_SKIP_BAD, &call, &cut, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 19);
    /* A chunk that was written to the refused file but not committed. */
    FILE *torn = fopen(refused, "ae");
    fputs("torn,row", torn);
    fclose(torn);
    g_autoptr(ImportTask) again = import_store_find(fixture.db, task->id, NULL);
    g_assert_cmpint(again->last_line, ==, 21);
    g_assert_cmpint(again->counts.rows, ==, 20);
    Call rest = {.task = again, .chunk = 10, .refused = refused};
    support_expect(fixture.db, path, IMPORT_SKIP_BAD, rest, "50 49 0 0 1");
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 49);
    g_autofree char *kept = NULL;
    g_assert_true(g_file_get_contents(refused, &kept, NULL, NULL));
    g_assert_nonnull(strstr(kept, "M7,"));
    g_assert_null(strstr(kept, "torn"));
    g_autoptr(ImportTask) end = import_store_find(fixture.db, task->id, NULL);
    g_assert_cmpstr(end->state, ==, "done");
    g_assert_cmpint(end->ledger_last - end->ledger_first, ==, 4 + (50 % 10 == 0 ? 0 : 1));
    /* Another file under the same task is refused. */
    g_autoptr(ImportTask) other = support_new_task(fixture.db, mapping, IMPORT_SKIP_BAD);
    other->last_line = 3;
    other->file_sha256 = g_strdup("00");
    Call wrong = {.task = other};
    g_auto(ImportReport) report = {0};
    g_clear_error(&error);
    g_assert_false(support_run_file(fixture.db, path, IMPORT_SKIP_BAD, &wrong, &report, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    support_tear_down(&fixture);
}

static void test_cancel_all(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autofree char *text = many_rows(6);
    g_autofree char *path = support_put_file(&fixture, "many.csv", text, -1);
    int calls = 0;
    Call call = {.chunk = 2, .progress = stop_after_two, .data = &calls};
    g_autoptr(GError) error = NULL;
    g_auto(ImportReport) report = {0};
    g_assert_false(support_run_file(fixture.db, path, IMPORT_ALL, &call, &report, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 0);
    support_tear_down(&fixture);
}

/* Above IMPORT_TRIAL_BYTES nothing is written in the trial; it must still see rows that repeat. */
static void test_large_trial(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    GString *text = g_string_new(HEAD);
    g_autofree char *filler = g_strnfill(20000, 'x');
    for (int i = 0; i < 450; i++) {
        /* The last column is not mapped: it only makes the file large. */
        g_string_append_printf(text,
                               "旧库,L%d,演示大%d,渝中区%d路,%s,饭店,\n",
                               i % 400,
                               i % 400,
                               i < 425 ? i % 400 : i,
                               i == 3 ? "77" : "500103");
    }
    GString *wide = g_string_new(NULL);
    g_auto(GStrv) lines = g_strsplit(text->str, "\n", -1);
    for (size_t i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
        g_string_append_printf(wide, "%s,%s\n", lines[i], i == 0 ? "备注" : filler);
    }
    g_assert_cmpint(wide->len, >, IMPORT_TRIAL_BYTES);
    g_autofree char *path = support_put_file(&fixture, "large.csv", wide->str, (gssize)wide->len);
    support_expect(fixture.db, path, IMPORT_TRIAL, (Call){0}, "450 400 25 24 1");
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 0);
    support_expect(fixture.db, path, IMPORT_SKIP_BAD, (Call){0}, "450 400 25 24 1");
    g_string_free(text, TRUE);
    g_string_free(wide, TRUE);
    support_tear_down(&fixture);
}

static void test_saved_mapping(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autoptr(GError) error = NULL;
    static const char body[] =
        "{\"name\":\"x\",\"source\":\"甲系统\",\"date_format\":\"dmy\",\"targets\":[{\"kind\":"
        "\"unit\",\"fields\":{\"source_id\":\"no\",\"name\":\"n\",\"address\":{\"column\":\"a\","
        "\"prefix\":\"重庆\"},\"region\":{\"column\":\"r\",\"values\":{\"中\":\"500103\"},"
        "\"default\":\"500106\"},\"category\":{\"constant\":\"饭店\"}}}]}";
    g_assert_true(import_store_save_mapping(fixture.db, 17, "mine", "unit", body, 1, &error));
    g_assert_true(import_store_save_mapping(fixture.db, 17, "mine", "unit", body, 2, &error));
    g_autofree char *path =
        support_put_file(&fixture, "x.csv", "no;n;a;r\n1;甲店;一路1号;中\n2;乙店;一路2号;\n", -1);
    support_expect(fixture.db, path, IMPORT_ALL, (Call){.mapping = "mine"}, "2 2 0 0 0");
    g_assert_cmpint(support_count(fixture.db,
                                  SQL("SELECT count(*) FROM unit WHERE source = '甲系统' AND "
                                      "(region = '500103') = (source_id = '1')")),
                    ==,
                    2);
    g_autofree char *file = support_put_file(&fixture, "map.json", body, -1);
    support_expect(fixture.db, path, IMPORT_ALL, (Call){.mapping = file}, "2 0 0 2 0");
    g_auto(ImportReport) report = {0};
    g_assert_false(support_run_file(
        fixture.db, path, IMPORT_ALL, &(Call){.mapping = "nobody's"}, &report, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    support_tear_down(&fixture);
}

static void test_toronto(DbEngine engine) {
    const char *source = g_getenv("HUOZHENG_SOURCE");
    g_autofree char *path = g_build_filename(source != NULL ? source : ".",
                                             "..",
                                             "shared",
                                             "data",
                                             "toronto_highrise_inspections.csv",
                                             NULL);
    if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
        g_test_skip("the Toronto file is not here");
        return;
    }
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    Call call = {.mapping = "toronto-highrise"};
    /* 2,654 addresses, 25 wards and their parent, 23,914 rows of history. */
    support_expect(fixture.db, path, IMPORT_TRIAL, call, "23914 26594 0 0 0");
    support_expect(fixture.db, path, IMPORT_SKIP_BAD, call, "23914 26594 0 0 0");
    support_expect(fixture.db, path, IMPORT_SKIP_BAD, call, "23914 0 0 26594 0");
    g_assert_cmpint(support_count(fixture.db, SQL("SELECT count(*) FROM building")), ==, 2654);
    g_assert_cmpint(
        support_count(fixture.db, SQL("SELECT count(*) FROM past_inspection")), ==, 23914);
    support_tear_down(&fixture);
}

static bool count_rows(int64_t rows, void *data) {
    *(int64_t *)data = rows;
    return true;
}

static void export_to(Fixture *fixture,
                      const char *list,
                      TableFormat format,
                      const char *scope,
                      const char *path,
                      int64_t wanted) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) filters = json_object();
    ExportQuery query = {filters, scope, TEST_NOW_US, 0, 0, false};
    int64_t seen = 0;
    int64_t rows = 0;
    bool done = export_write(fixture->db,
                             export_find_list(list),
                             &query,
                             format,
                             path,
                             count_rows,
                             &seen,
                             &rows,
                             &error);
    g_assert_no_error(error);
    g_assert_true(done);
    g_assert_cmpint(rows, ==, wanted);
}

static json_t *wait_job(Db *db, int64_t id) {
    for (int i = 0; i < 4000; i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) model = job_model(db, id, &error);
        g_assert_no_error(error);
        if (!json_get_bool(model, "is_running", true)) {
            return g_steal_pointer(&model);
        }
        g_usleep(5000);
    }
    g_error("job %d does not end", (int)id);
}

static json_t *run_job(Db *db, const char *kind, int64_t task, const char *scope) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) params = json_pack("{s:I, s:s?}", "task", (json_int_t)task, "scope", scope);
    int64_t id = 0;
    g_assert_true(job_add(db, kind, 17, params, &id, &error));
    job_hint();
    return wait_job(db, id);
}

/* The same through the job thread: trial, refusal, import, and a job that comes back after the
 * process died between the last commit and the end of the job. */
static void test_jobs(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autofree char *path = support_put_file(&fixture, "mixed.csv", MIXED, -1);
    g_autofree char *data = g_build_filename(fixture.folder, "data", NULL);
    static const JobKind *const kinds[] = {&import_trial_job, &import_job, NULL};
    g_autoptr(GError) error = NULL;
    JobRunner *runner = job_runner_start(test_db_url(fixture.fresh), data, kinds, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(Mapping) mapping =
        import_find_mapping(fixture.db, "auto", import_kind_find("unit"), path, NULL, &error);
    g_autoptr(json_t) json = mapping_write(mapping);
    ImportTask task = {.account_id = 17, .kind = (char[]){"unit"}, .file_name = (char[]){"m.csv"}};
    task.path = path;
    task.mapping = json_write(json);
    g_assert_true(import_store_add(fixture.db, &task, clock_now_us(), &error));
    g_autoptr(json_t) nowhere = run_job(fixture.db, "import-trial", task.id, NULL);
    g_assert_cmpstr(json_get_text(nowhere, "state", ""), ==, "failed");
    g_autoptr(json_t) trial = run_job(fixture.db, "import-trial", task.id, "50");
    g_assert_cmpstr(json_get_text(trial, "error", NULL), ==, NULL);
    g_assert_cmpstr(json_get_text(trial, "state", ""), ==, "done");
    g_assert_true(json_get_bool(trial, "has_files", false));
    g_assert_true(import_store_start(fixture.db, task.id, "all", 1, clock_now_us(), &error));
    g_autoptr(json_t) refused = run_job(fixture.db, "import", task.id, "50");
    g_assert_cmpstr(json_get_text(refused, "state", ""), ==, "done");
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 0);
    g_assert_true(import_store_start(fixture.db, task.id, "skip-bad", 1, clock_now_us(), &error));
    g_assert_false(import_store_start(fixture.db, task.id, "skip-bad", 1, clock_now_us(), &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_autoptr(json_t) done = run_job(fixture.db, "import", task.id, "50");
    g_assert_cmpstr(json_get_text(done, "state", ""), ==, "done");
    g_assert_cmpint(support_count(fixture.db, UNITS), ==, 2);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_autoptr(json_t) again = run_job(fixture.db, "import", task.id, "50");
    g_assert_cmpstr(json_get_text(again, "state", ""), ==, "done");
    g_assert_cmpint(
        json_get_int(json_object_get(json_object_get(again, "result"), "counts"), "added", 0),
        ==,
        2);
    job_runner_stop(runner);
    g_free(task.mapping);
    g_autofree char *remove = g_strdup_printf("rm -r '%s'", data);
    g_assert_true(g_spawn_command_line_sync(remove, NULL, NULL, NULL, NULL));
    support_tear_down(&fixture);
}

/* What goes out comes in again and changes nothing, in both formats. */
static void test_round_trip(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autofree char *units = support_put_file(
        &fixture,
        "units.csv",
        "来源系统,来源编号,统一社会信用代码,单位名称,地址,区划代码,类别,法定代表人,电话,风险等级,"
        "信用等级,重点单位,经度,纬度\n"
        "旧库,A1,,\"含,逗号\"\"引号\",\"一路\n1号\",500103,饭店,演示甲,+86-23-1,高,A,是,106.5512,"
        "29.1\n"
        ",,,=公式一样的名称,一路2号,500103,,,,,,,,\n"
        ",,,-减号名称,一路3号,500106,学校,@演示,023,低,D,否,-79.18881,0.1\n",
        -1);
    g_autofree char *buildings = support_put_file(
        &fixture,
        "buildings.csv",
        "来源系统,来源编号,建筑名称,地址,区划代码,使用性质,高度（米）,地上层数,地下层数,"
        "面积（平方米）,"
        "建成年份,经度,纬度\n"
        "旧库,B1,演示大厦,一路9号,500103,办公,99.35,30,2,12345.5,2009,106.1,29.2\n"
        "旧库,B2,,二路9号,500106,,,,,,,,\n",
        -1);
    g_autofree char *officers =
        support_put_file(&fixture,
                         "officers.csv",
                         "姓名,执法证号,执法证有效期,所在机构,区划代码,在岗,主办资格,电话\n"
                         "演示李,5001,2028/12/31,演示支队,500103,是,否,02300000000\n"
                         "演示王,5002,,,500106,否,是,\n",
                         -1);
    support_expect(fixture.db, units, IMPORT_ALL, (Call){.kind = "unit"}, "3 3 0 0 0");
    support_expect(fixture.db, buildings, IMPORT_ALL, (Call){.kind = "building"}, "2 2 0 0 0");
    support_expect(fixture.db, officers, IMPORT_ALL, (Call){.kind = "officer"}, "2 2 0 0 0");
    static const struct {
        const char *list;
        const char *kind;
        int64_t rows;
    } cases[] = {{"units", "unit", 3}, {"buildings", "building", 2}, {"officers", "officer", 2}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        for (int format = TABLE_CSV; format <= TABLE_XLSX; format++) {
            g_autofree char *path = g_build_filename(fixture.folder, "out", NULL);
            export_to(&fixture, cases[i].list, (TableFormat)format, "*", path, cases[i].rows);
            g_autofree char *wanted =
                g_strdup_printf("%d 0 0 %d 0", (int)cases[i].rows, (int)cases[i].rows);
            support_expect(fixture.db, path, IMPORT_TRIAL, (Call){.kind = cases[i].kind}, wanted);
            support_expect(
                fixture.db, path, IMPORT_SKIP_BAD, (Call){.kind = cases[i].kind}, wanted);
        }
    }
    support_tear_down(&fixture);
}

static void test_export_scope(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autofree char *good = support_put_file(&fixture, "good.csv", GOOD, -1);
    support_expect(fixture.db, good, IMPORT_ALL, (Call){0}, "3 3 0 0 0");
    g_autofree char *path = g_build_filename(fixture.folder, "out", NULL);
    export_to(&fixture, "units", TABLE_CSV, "500103", path, 2);
    export_to(&fixture, "units", TABLE_CSV, "50", path, 3);
    export_to(&fixture, "plans", TABLE_CSV, "50", path, 0);
    export_to(&fixture, "draws", TABLE_CSV, "*", path, 0);
    export_to(&fixture, "inspections", TABLE_CSV, "50", path, 0);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) filters = json_pack("{s:s}", "region", "500106");
    ExportQuery query = {filters, "500103", TEST_NOW_US, 0, 0, false};
    g_assert_false(export_write(
        fixture.db, export_find_list("units"), &query, TABLE_CSV, path, NULL, NULL, NULL, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_DENIED);
    static const char *const bad[][2] = {{"state", "lost"}, {"q", "一"}, {"mine", "1"}};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_clear_error(&error);
        g_autoptr(json_t) words = json_pack("{s:s}", bad[i][0], bad[i][1]);
        query.filters = words;
        g_assert_false(export_write(fixture.db,
                                    export_find_list("inspections"),
                                    &query,
                                    TABLE_CSV,
                                    path,
                                    NULL,
                                    NULL,
                                    NULL,
                                    &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
    g_assert_null(export_find_list("passwords"));
    support_tear_down(&fixture);
}

/* Who took what out; a phrase that a person typed may be a name and is not kept. */
static void test_export_trace(DbEngine engine) {
    Fixture fixture = {0};
    support_set_up(&fixture, engine);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = support_put_file(&fixture, "out.csv", "abc", 3);
    g_autoptr(json_t) filters = json_pack("{s:s, s:s, s:s, s:s}",
                                          "q",
                                          "zhangsan",
                                          "region",
                                          "500103",
                                          "lead",
                                          "张三",
                                          "sort",
                                          "name");
    ExportQuery query = {filters, "50", TEST_NOW_US, 0, 0, false};
    ExportTrace trace = {
        export_find_list("officers"), &query, TABLE_CSV, path, "account:17", 4, 12};
    g_assert_true(export_leave_trace(fixture.db, &trace, &error));
    g_assert_no_error(error);
    int64_t index = -1;
    g_auto(LedgerRecord) record = {0};
    g_assert_true(ledger_latest(fixture.db, "list:officers", &index, &error));
    g_assert_true(ledger_find(fixture.db, index, &record, &error));
    g_assert_cmpstr(record.type, ==, "list.export");
    g_assert_nonnull(strstr(record.bytes, "\nactor account:17\n"));
    g_autoptr(json_t) payload = json_read(record.payload, strlen(record.payload), &error);
    g_assert_cmpstr(json_get_text(payload, "list", ""), ==, "officers");
    g_assert_cmpstr(json_get_text(payload, "region", ""), ==, "50");
    g_assert_cmpint(json_get_int(payload, "rows", 0), ==, 12);
    g_assert_cmpint(json_get_int(payload, "job", 0), ==, 4);
    g_assert_cmpstr(json_get_text(payload, "file_sha256", ""),
                    ==,
                    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    const json_t *kept = json_object_get(payload, "filters");
    g_assert_cmpstr(json_get_text(kept, "region", ""), ==, "500103");
    g_assert_cmpstr(json_get_text(kept, "sort", ""), ==, "name");
    g_assert_cmpstr(json_get_text(kept, "q", ""), ==, "…");
    g_assert_cmpstr(json_get_text(kept, "lead", ""), ==, "…");
    g_assert_null(strstr(record.payload, "zhangsan"));
    g_assert_true(ledger_verify(fixture.db, NULL, NULL, NULL, &error));
    /* Where the trace cannot be written, no file stays. */
    g_autoptr(Db) reader = test_db_open(fixture.fresh, DB_READ_ONLY);
    g_assert_false(export_leave_trace(reader, &trace, &error));
    g_assert_nonnull(error);
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_cmpint(
        support_count(fixture.db,
                      SQL("SELECT count(*) FROM ledger_entry WHERE type = 'list.export'")),
        ==,
        1);
    support_tear_down(&fixture);
}

/* --- pure ------------------------------------------------------------------------------------ */

static void test_dates(void) {
    static const struct {
        MappingDate order;
        const char *text;
        const char *wanted; /* NULL: no date */
    } cases[] = {
        {MAPPING_DATE_AUTO, "2026-11-22", "2026-11-22"},
        {MAPPING_DATE_AUTO, "2026/1/2", "2026-01-02"},
        {MAPPING_DATE_AUTO, "2026.1.2 8:05", "2026-01-02T08:05:00"},
        {MAPPING_DATE_AUTO, "20260102", "2026-01-02"},
        {MAPPING_DATE_AUTO, "2026年1月2日", "2026-01-02"},
        {MAPPING_DATE_AUTO, "2017-01-12T14:19:17", "2017-01-12T14:19:17"},
        {MAPPING_DATE_AUTO, "2017/01/12 14:19:17.000", "2017-01-12T14:19:17"},
        {MAPPING_DATE_DMY, "02/01/2026", "2026-01-02"},
        {MAPPING_DATE_MDY, "1/2/2026", "2026-01-02"},
        {MAPPING_DATE_MDY, "13/2/2026", NULL},
        {MAPPING_DATE_AUTO, "2026-02-30", NULL},
        {MAPPING_DATE_AUTO, "长期", NULL},
        {MAPPING_DATE_AUTO, "2026-01-02 25:00", NULL},
        {MAPPING_DATE_AUTO, "", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        char buffer[40] = "";
        bool is_date = mapping_date(cases[i].order, cases[i].text, buffer, sizeof buffer);
        g_assert_cmpint(is_date, ==, cases[i].wanted != NULL);
        if (is_date) {
            g_assert_cmpstr(buffer, ==, cases[i].wanted);
        }
    }
}

static void test_guess(void) {
    static const struct {
        const char *kind;
        const char *column;
        const char *word;
    } cases[] = {
        {"unit", "单位名称", "name"},
        {"unit", " 企业名称（必填）", "name"},
        {"unit", "*统一社会信用代码", "uscc"},
        {"unit", "USCC", "uscc"},
        {"unit", "联系电话", "phone"},
        {"building", "建筑高度(米)", "height_m"},
        {"building", "高度（米）", "height_m"},
        {"officer", "执法证有效期至", "certificate_until"},
        {"region", "区划代码", "code"},
        {"unit", "备注", NULL},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        const IntakeField *field =
            mapping_guess_field(import_kind_find(cases[i].kind), cases[i].column);
        g_assert_cmpstr(field != NULL ? field->word : NULL, ==, cases[i].word);
    }
}

static void test_mapping_json(void) {
    static const char *const bad[] = {
        "{}",
        "{\"targets\":[]}",
        "{\"targets\":[{\"kind\":\"cat\",\"fields\":{}}]}",
        "{\"targets\":[{\"kind\":\"unit\"}]}",
        "{\"targets\":[{\"kind\":\"unit\",\"fields\":{\"wings\":\"a\"}}]}",
        "{\"targets\":[{\"kind\":\"unit\",\"fields\":{\"name\":{}}}]}",
        "{\"targets\":[{\"kind\":\"unit\",\"fields\":{\"name\":{\"column\":\"a\",\"x\":1}}}]}",
        "{\"targets\":[{\"kind\":\"unit\",\"fields\":{\"name\":{\"column\":\"a\","
        "\"constant\":\"b\"}}}]}",
        "{\"targets\":[{\"kind\":\"unit\",\"fields\":{\"name\":{\"column\":\"a\","
        "\"values\":{\"b\":1}}}}]}",
        "{\"encoding\":\"ebcdic\",\"targets\":[{\"kind\":\"unit\",\"fields\":{}}]}",
        "{\"delimiter\":\"|\",\"targets\":[{\"kind\":\"unit\",\"fields\":{}}]}",
        "{\"date_format\":\"y\",\"targets\":[{\"kind\":\"unit\",\"fields\":{}}]}",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) json = json_read(bad[i], strlen(bad[i]), &error);
        g_assert_no_error(error);
        g_assert_null(mapping_read(json, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
    /* Those that travel are whole and survive writing and reading. */
    g_autoptr(json_t) shipped = mapping_shipped_list();
    g_assert_cmpint(json_array_size(shipped), >, 0);
    for (size_t i = 0; i < json_array_size(shipped); i++) {
        g_autoptr(GError) error = NULL;
        const char *name = json_get_text(json_array_get(shipped, i), "name", "");
        g_autoptr(Mapping) mapping = mapping_shipped(name, &error);
        g_assert_no_error(error);
        g_autoptr(json_t) once = mapping_write(mapping);
        g_autoptr(Mapping) copy = mapping_read(once, &error);
        g_assert_no_error(error);
        g_autoptr(json_t) twice = mapping_write(copy);
        g_assert_true(json_equal(once, twice));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/importer/dates", test_dates);
    g_test_add_func("/importer/guess", test_guess);
    g_test_add_func("/importer/mapping-json", test_mapping_json);
    test_db_add("/importer/trial-is-real", test_trial_is_real);
    test_db_add("/importer/all-or-nothing", test_all_or_nothing);
    test_db_add("/importer/refused-file", test_refused_file);
    test_db_add("/importer/formats", test_formats);
    test_db_add("/importer/scope", test_scope);
    test_db_add("/importer/bad-files", test_bad_files);
    test_db_add("/importer/resume", test_resume);
    test_db_add("/importer/cancel-all", test_cancel_all);
    test_db_add("/importer/large-trial", test_large_trial);
    test_db_add("/importer/saved-mapping", test_saved_mapping);
    test_db_add("/importer/jobs", test_jobs);
    test_db_add("/importer/round-trip", test_round_trip);
    test_db_add("/importer/export-scope", test_export_scope);
    test_db_add("/importer/export-leaves-a-trace-without-names", test_export_trace);
    test_db_add("/importer/toronto", test_toronto);
    return g_test_run();
}
