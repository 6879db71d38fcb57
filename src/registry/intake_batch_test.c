/* A batch of buildings or officers gives the same as its rows one at a time. */
#include "registry/search.h"
#include "registry_test_support.h"

static const char *const rooms[] = {"registry", NULL};

/* --- what a database holds ----------------------------------------------------------------------
 */

static void add_rows(GString *out, Db *db, Sql sql, int columns) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DbRows) rows = db_query(db, sql, DB_NO_ARGS, &error);
    g_assert_no_error(error);
    while (db_rows_next(rows)) {
        for (int i = 0; i < columns; i++) {
            const char *text = db_rows_text(rows, i);
            g_string_append_printf(out, "%s|", text == NULL ? "-" : text);
        }
        g_string_append_c(out, '\n');
    }
    g_assert_true(db_rows_done(rows, &error));
}

static void add_found(GString *out, Db *db, SearchKind kind, const char *word) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_auto(SearchTerms) terms = {0};
    g_auto(SearchQuery) query = {0};
    g_assert_true(search_terms_parse(word, &terms));
    g_assert_true(search_prepare(db, kind, &terms, NULL, &query, &error));
    g_assert_true(search_candidates(db, &query, 0, false, 1000, ids, &error));
    g_string_append_printf(out, "%s:", word);
    for (guint i = 0; i < ids->len; i++) {
        g_string_append_printf(out, " %" G_GINT64_FORMAT, g_array_index(ids, int64_t, i));
    }
    g_string_append_c(out, '\n');
}

static char *describe(Db *db) {
    GString *out = g_string_new(NULL);
    add_rows(out,
             db,
             SQL("SELECT id, source, source_id, name, address, region, district, category, "
                 "height_m, floors_above, height_class, risk, is_key, match_key, version, "
                 "created_us, changed_us, last_inspected_us FROM building ORDER BY id"),
             18);
    add_rows(out,
             db,
             SQL("SELECT id, name, certificate, certificate_until, agency_id, region, district, "
                 "in_post, can_lead, phone, version, created_us, changed_us "
                 "FROM officer ORDER BY id"),
             13);
    add_rows(out, db, SQL("SELECT id, code, name, region FROM agency ORDER BY id"), 4);
    add_rows(out,
             db,
             SQL("SELECT kind, object_id, action, actor, old, new FROM object_change ORDER BY id"),
             6);
    static const char *const words[] = {"演示", "大厦", "新楼", "一号", "三号", "搬到"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        add_found(out, db, SEARCH_BUILDING, words[i]);
    }
    static const char *const names[] = {"李某", "王某", "赵某", "C001"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        add_found(out, db, SEARCH_OFFICER, names[i]);
    }
    return g_string_free(out, FALSE);
}

static void add_results(GString *out, IntakeResult *results, size_t count) {
    for (size_t i = 0; i < count; i++) {
        g_string_append_printf(out,
                               "%zu: %d %" G_GINT64_FORMAT " %s %s %s\n",
                               i,
                               results[i].outcome,
                               results[i].id,
                               results[i].column == NULL ? "-" : results[i].column,
                               results[i].problem == NULL ? "-" : results[i].problem,
                               results[i].warning == NULL ? "-" : results[i].warning);
        intake_result_clear(&results[i]);
    }
}

/* Rows of one kind, taken in by an account of district 500103. */
typedef struct Rows {
    IntakeKind kind;
    const void *inputs;
    size_t count;
} Rows;

static void take(Db *db, const Rows *rows, const char *scope, size_t at_once, GString *out) {
    g_autofree IntakeResult *results = g_new0(IntakeResult, rows->count);
    size_t size = intake_input_size(rows->kind);
    for (size_t i = 0; i < rows->count; i += at_once) {
        support_intake(db,
                       rows->kind,
                       (const char *)rows->inputs + i * size,
                       MIN(at_once, rows->count - i),
                       scope,
                       results + i);
    }
    add_results(out, results, rows->count);
}

/* `before` comes in row by row, then `rows` by `at_once`, twice. */
static char *outcome_of(DbEngine engine, const Rows *before, const Rows *rows, size_t at_once) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GString) results = g_string_new(NULL);
    support_add_regions(db);
    take(db, before, NULL, 1, results);
    take(db, rows, "500103", at_once, results);
    g_autofree char *once = describe(db);
    take(db, rows, "500103", at_once, results);
    g_autofree char *twice = describe(db);
    return g_strconcat(results->str, once, twice, NULL);
}

static void assert_same(DbEngine engine, const Rows *before, const Rows *rows) {
    g_autofree char *single = outcome_of(engine, before, rows, 1);
    for (size_t at_once = 2; at_once <= rows->count; at_once += rows->count / 2 - 1) {
        g_autofree char *batch = outcome_of(engine, before, rows, at_once);
        g_assert_cmpstr(batch, ==, single);
    }
    g_autofree char *whole = outcome_of(engine, before, rows, rows->count);
    g_assert_cmpstr(whole, ==, single);
}

/* --- buildings ----------------------------------------------------------------------------------
 */

#define OWN .region = "500103001"
#define OTHER .region = "500106"

static void test_buildings(DbEngine engine) {
    static const BuildingInput before[] = {
        {.source = "甲", .source_id = "1", .name = "演示大厦", .address = "演示路一号", OWN},
        {.name = "老楼", .address = "演示路二号", OWN},
        {.source = "甲", .source_id = "9", .address = "演示路三号", OTHER},
        {.address = "演示路四号", OTHER},
        {.source = "甲", .source_id = "5", .address = "演示路五号", OWN, .floors_above = "3"},
    };
    static const BuildingInput rows[] = {
        {.name = "新楼甲", .address = "新路一号", OWN, .category = "住宅", .height_m = "60"},
        {.source = "甲", .source_id = "20", .name = "新楼乙", .address = "新路二号", OWN},
        /* the same again, by source, by address, by both; once with more to tell */
        {.source = "甲", .source_id = "20", .name = "新楼乙", .address = "新路二号", OWN},
        {.name = "新楼甲", .address = "新路 一号", OWN, .risk = "高"},
        {.source = "甲", .source_id = "20", .floors_above = "12"},
        {.source = "乙", .source_id = "A", .name = "新楼甲", .address = "新路一号", OWN},
        /* the same system says that these are two */
        {.source = "甲", .source_id = "21", .name = "新楼乙", .address = "新路二号", OWN},
        /* one address, another name; another district */
        {.name = "新楼丙", .address = "新路一号", OWN},
        {.name = "新楼甲", .address = "新路一号", .region = "500103002"},
        {.name = "新楼甲", .address = "新路一号", OTHER},
        /* stored: by source, by address, elsewhere */
        {.source = "甲", .source_id = "1", .name = "演示大厦", .address = "演示路一号", OWN},
        {.source = "甲", .source_id = "1", .address = "搬到新路三号"},
        {.name = "演示大厦", .address = "搬到新路三号", OWN, .risk = "低"},
        {.name = "演示大厦", .address = "演示路一号", OWN},
        {.name = "老楼", .address = "演示路二号", OWN, .source = "乙", .source_id = "2"},
        {.source = "乙", .source_id = "2", .is_key_unit = "是"},
        {.source = "甲", .source_id = "9", .address = "演示路三号", OWN},
        {.address = "演示路四号", OWN},
        {.source = "甲", .source_id = "5", .region = "500103002"},
        {.address = "演示路五号", .region = "500103002", .floors_above = "3"},
        /* refused */
        {.name = "新楼丁", OWN},
        {.name = "新楼丁", .address = "新路四号"},
        {.source = "甲", .source_id = "77", .floors_above = "2"},
        {.address = "新路四号", OWN, .category = "飞船"},
        {.address = "新路四号", OWN, .longitude = "106"},
        /* new after all */
        {.address = "新路四号", .region = "500103003", .height_m = "120"},
        {.source = "丙", .source_id = "1", .address = "新路五号", OWN},
        {.source = "丙", .source_id = "2", .address = "新路六号", OWN},
    };
    assert_same(engine,
                &(Rows){INTAKE_BUILDING, before, G_N_ELEMENTS(before)},
                &(Rows){INTAKE_BUILDING, rows, G_N_ELEMENTS(rows)});
}

/* --- officers -----------------------------------------------------------------------------------
 */

static void test_officers(DbEngine engine) {
    static const OfficerInput before[] = {
        {.name = "李某", .certificate = "C001", .region = "500103", .agency = "渝中支队"},
        {.name = "王某", .certificate = "C002", .region = "500106", .agency = "沙坪坝支队"},
    };
    static const OfficerInput rows[] = {
        {.name = "赵某", .certificate = "C003", .region = "500103", .agency = "新支队"},
        {.name = "钱某", .certificate = "C004", .region = "500103", .agency = "新支队"},
        {.name = "赵某", .certificate = "C003", .region = "500103", .agency = "新支队"},
        {.certificate = "C003", .phone = "023", .agency = "渝中支队"},
        {.certificate = "C001", .in_post = "否", .agency = "更新支队"},
        {.name = "李某", .certificate = "C001", .region = "500103"},
        {.name = "王某", .certificate = "C002", .region = "500103"},
        {.certificate = "C005", .region = "500103"},
        {.name = "孙某", .certificate = "C005"},
        {.name = "孙某", .region = "500103"},
        {.name = "孙某", .certificate = "C005", .region = "500106"},
        {.name = "孙某",
         .certificate = "C005",
         .region = "500103",
         .certificate_until = "2026-01-01"},
        {.name = "周某", .certificate = "C006", .region = "500103001", .can_lead = "是"},
        {.name = "吴某", .certificate = "C007", .region = "500103", .agency = "更新支队"},
    };
    assert_same(engine,
                &(Rows){INTAKE_OFFICER, before, G_N_ELEMENTS(before)},
                &(Rows){INTAKE_OFFICER, rows, G_N_ELEMENTS(rows)});
}

/* --- how many statements ------------------------------------------------------------------------
 */

#define COUNT 300
#define CALLS_MAX 20

static void assert_few_calls(Db *db, IntakeKind kind, const void *inputs) {
    IntakeResult results[COUNT] = {0};
    db_fail_after(db, CALLS_MAX);
    support_intake(db, kind, inputs, COUNT, NULL, results);
    db_fail_after(db, 0);
    for (int i = 0; i < COUNT; i++) {
        g_assert_cmpint(results[i].outcome, ==, INTAKE_ADDED);
        g_assert_cmpint(results[i].id, >, 0);
        intake_result_clear(&results[i]);
    }
}

static void test_few_calls(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GStringChunk) texts = g_string_chunk_new(4096);
    BuildingInput buildings[COUNT] = {0};
    OfficerInput officers[COUNT] = {0};
    UnitInput units[COUNT] = {0};
    support_add_regions(db);
    for (int i = 0; i < COUNT; i++) {
        g_autofree char *number = g_strdup_printf("演示%d", i);
        const char *text = g_string_chunk_insert(texts, number);
        buildings[i] = (BuildingInput){.source = "甲", .source_id = text, .address = text, OWN};
        officers[i] = (OfficerInput){
            .name = text, .certificate = text, .region = "500103", .agency = "演示支队"};
        units[i] = (UnitInput){.source = "甲",
                               .source_id = text,
                               .name = text,
                               .address = text,
                               OWN,
                               .building_source_id = text};
    }
    assert_few_calls(db, INTAKE_BUILDING, buildings);
    assert_few_calls(db, INTAKE_OFFICER, officers);
    assert_few_calls(db, INTAKE_UNIT, units);
    g_autoptr(GError) error = NULL;
    int64_t placed = 0;
    g_assert_true(db_query_int(db,
                               SQL("SELECT count(*) FROM unit u JOIN building b "
                                   "ON b.id = u.building_id AND b.source_id = u.source_id"),
                               DB_NO_ARGS,
                               &placed,
                               &error));
    g_assert_cmpint(placed, ==, COUNT);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/registry/batch/buildings-as-one-at-a-time", test_buildings);
    test_db_add("/registry/batch/officers-as-one-at-a-time", test_officers);
    test_db_add("/registry/batch/few-statements-for-many-rows", test_few_calls);
    return g_test_run();
}
