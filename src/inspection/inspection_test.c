/* Inspections: the rules alone, then the use cases on both engines. */
#include "base/clock.h"
#include "base/error.h"
#include "inspection/inspection_rules.h"
#include "inspection/inspection_store.h"
#include "ledger/ledger.h"
#include "registry/intake.h"
#include "registry/officer.h"
#include "registry/region.h"
#include "registry/unit.h"
#include "test_db.h"

#include <string.h>

static const char *const rooms[] = {"ledger", "registry", "inspection", NULL};

static int64_t day(const char *text) {
    int64_t time_us = 0;
    g_assert_true(clock_parse(text, &time_us));
    return time_us;
}

/* --- days --------------------------------------------------------------------------------------
 */

static void test_working_days(void) {
    /* 2026-11-20 is a Friday. */
    static const struct {
        const char *from, *to;
        int days;
    } cases[] = {
        {"2026-11-20", "2026-11-20", 0},
        {"2026-11-20", "2026-11-21", 0},
        {"2026-11-20", "2026-11-22", 0},
        {"2026-11-20", "2026-11-23", 1},
        {"2026-11-20", "2026-11-27", 5},
        {"2026-11-21", "2026-11-23", 1},
        {"2026-11-22", "2026-11-24", 2},
        {"2026-11-23", "2026-11-20", -1},
        {"2026-11-23", "2026-11-22", -1},
        {"2025-12-31", "2026-01-04", 1}, /* 1 to 3 January off, Sunday the 4th is worked */
        {"2026-09-30", "2026-10-10", 3}, /* National Day; Saturday the 10th is worked */
        {"2026-02-13", "2026-02-24", 2}, /* Spring Festival 15 to 23; Saturday the 14th is worked */
        {"1969-12-31", "1970-01-02", 2}, /* no notice: Monday to Friday */
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("%s %s", cases[i].from, cases[i].to);
        g_assert_cmpint(
            working_days_between(day(cases[i].from), day(cases[i].to)), ==, cases[i].days);
    }
    /* Counting and reckoning agree for every start of a fortnight. */
    for (int start = 0; start < 14; start++) {
        int64_t from_us = day("2026-11-16") + start * CLOCK_DAY_US + 9 * 3600 * CLOCK_SECOND_US;
        for (int count = 1; count < 25; count++) {
            int64_t end_us = working_days_after(from_us, count);
            g_assert_cmpint(working_days_between(from_us, end_us), ==, count);
            g_assert_cmpint(day_begin(end_us), ==, end_us);
            g_assert_cmpint(working_days_between(from_us, end_us - CLOCK_DAY_US), <=, count - 1);
        }
    }
}

static void test_due(void) {
    int64_t now_us = day("2026-11-20") + 10 * 3600 * CLOCK_SECOND_US; /* Friday */
    static const struct {
        const char *due;
        DueGroup group;
        const char *big, *small;
    } cases[] = {
        {"2026-11-19", DUE_OVER, "逾期 1 天", "应于 11月19日 周四"},
        {"2026-11-20", DUE_TODAY, "今天", "17:30 前"},
        {"2026-11-23", DUE_SOON, "1 个工作日", "11月23日 周一"},
        {"2026-11-25", DUE_SOON, "3 个工作日", "11月25日 周三"},
        {"2026-11-26", DUE_LATER, "6 天", "11月26日 周四"},
        {"2027-01-04", DUE_LATER, "45 天", "2027年1月4日 周一"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *big = NULL;
        g_autofree char *small = NULL;
        due_texts(day(cases[i].due), now_us, &big, &small);
        g_assert_cmpint(due_group(day(cases[i].due), now_us), ==, cases[i].group);
        g_assert_cmpstr(big, ==, cases[i].big);
        g_assert_cmpstr(small, ==, cases[i].small);
    }
}

/* --- guards ------------------------------------------------------------------------------------
 */

/* All items pass; the caller spoils what it wants to. */
static GArray *good_answers(const LawChecklist *list) {
    GArray *answers = g_array_new(FALSE, FALSE, sizeof(ItemAnswer));
    for (unsigned i = 0; i < list->count; i++) {
        ItemAnswer answer = {.item_id = list->items[i]->id, .answer = ANSWER_PASS, .note = ""};
        g_array_append_val(answers, answer);
    }
    return answers;
}

static void test_guards(void) {
    g_autoptr(GError) error = NULL;
    int64_t today = day("2026-11-20");
    g_autoptr(LawChecklist) list = law_checklist_at(INSPECTION_CHECKLIST, today, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) answers = good_answers(list);
    ItemAnswer *items = (ItemAnswer *)answers->data;
    InspectionResult good = {.inspected_us = today, .answers = items, .answer_count = answers->len};
    RecordFacts facts = {.state = INSPECTION_PLANNED,
                         .recorder_id = 2,
                         .lead = {1, true, today},
                         .second = {2, true, today + CLOCK_DAY_US},
                         .created_us = day("2026-11-10") + 5,
                         .now_us = today + 11 * 3600 * CLOCK_SECOND_US};
    const char *field = NULL;
    g_assert_null(record_problem_zh(&facts, &good, list, &field));
    facts.state = INSPECTION_RECORDED;
    g_assert_null(record_problem_zh(&facts, &good, list, &field));

#define REFUSED(change_facts, change_result, wanted_field)                                         \
    do {                                                                                           \
        RecordFacts f = facts;                                                                     \
        InspectionResult r = good;                                                                 \
        change_facts;                                                                              \
        change_result;                                                                             \
        g_assert_nonnull(record_problem_zh(&f, &r, list, &field));                                 \
        g_assert_cmpstr(field, ==, wanted_field);                                                  \
    } while (0)
    REFUSED(f.state = INSPECTION_PUBLISHED, (void)r, "inspected");
    REFUSED(f.state = INSPECTION_CLOSED, (void)r, "inspected");
    REFUSED(f.recorder_id = 3, (void)r, "inspected");
    REFUSED(f.recorder_id = 0, (void)r, "inspected");
    REFUSED(f.lead.in_post = false, (void)r, "inspected");
    REFUSED(f.second.in_post = false, (void)r, "inspected");
    REFUSED(f.lead.certificate_until_us = today - CLOCK_DAY_US, (void)r, "inspected");
    REFUSED(f.second.certificate_until_us = 0, (void)r, "inspected");
    REFUSED((void)f, r.inspected_us = today + CLOCK_DAY_US, "inspected");
    REFUSED((void)f, r.inspected_us = day("2026-11-09"), "inspected");
    REFUSED((void)f, r.answer_count--, list->items[list->count - 1]->id);
    items[3].answer = ANSWER_FAIL;
    REFUSED((void)f, (void)r, list->items[3]->id);
    items[3].note = " \n";
    REFUSED((void)f, (void)r, list->items[3]->id);
    items[3].note = "2 号门上锁";
    g_assert_null(record_problem_zh(&facts, &good, list, &field));
    ItemAnswer foreign = {.item_id = "no-such-item", .answer = ANSWER_PASS};
    g_array_append_val(answers, foreign);
    good.answers = (const ItemAnswer *)answers->data;
    good.answer_count++;
    REFUSED((void)f, (void)r, "no-such-item");
    ((ItemAnswer *)answers->data)[answers->len - 1].item_id = list->items[0]->id;
    REFUSED((void)f, (void)r, list->items[0]->id);
#undef REFUSED
}

/* --- use cases ---------------------------------------------------------------------------------
 */

typedef struct City {
    TestDb *fresh;
    Db *db;
    int64_t officers[3], unit, now_us;
} City;

static int64_t take_in(Db *db, IntakeKind kind, const void *input, int64_t now_us) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    IntakeResult result = {0};
    IntakeContext context = {.scope_region = "50", .now_us = now_us};
    g_assert_true(db_begin(db, &tx, &error));
    intake_batch(db, kind, input, 1, &context, &result, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(result.problem, ==, NULL);
    g_assert_true(db_commit(&tx, &error));
    int64_t id = result.id;
    intake_result_clear(&result);
    return id;
}

static void city_begin(City *city, DbEngine engine) {
    g_autoptr(GError) error = NULL;
    city->fresh = test_db_new(engine, rooms);
    city->db = test_db_open(city->fresh, DB_READ_WRITE);
    city->now_us = day("2026-11-10") + 9 * 3600 * CLOCK_SECOND_US;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(city->db, &tx, &error));
    g_assert_true(region_load(city->db, "50", NULL, &error));
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
    static const char *const names[] = {"演示甲", "演示乙", "演示丙"};
    static const char *const certificates[] = {"YS000001", "YS000002", "YS000003"};
    for (int i = 0; i < 3; i++) {
        OfficerInput officer = {.name = names[i],
                                .certificate = certificates[i],
                                .certificate_until = "2026-12-31",
                                .region = "500103",
                                .in_post = "是",
                                .can_lead = "是"};
        city->officers[i] = take_in(city->db, INTAKE_OFFICER, &officer, city->now_us);
    }
    UnitInput unit = {
        .name = "演示甲号商店", .address = "演示路 1 号", .region = "500103", .category = "shop"};
    if (category_parse("shop") == NULL) {
        unit.category = NULL;
    }
    city->unit = take_in(city->db, INTAKE_UNIT, &unit, city->now_us);
}

static void city_end(City *city) {
    db_close(city->db);
    test_db_free(city->fresh);
}

static int64_t add_task(City *city, int64_t draw_id) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    int64_t id = 0;
    NewInspection task = {.draw_id = draw_id,
                          .object_kind = OBJECT_UNIT,
                          .object_id = city->unit,
                          .lead_id = city->officers[0],
                          .second_id = city->officers[1],
                          .due_us = day("2026-11-25")};
    g_assert_true(db_begin(city->db, &tx, &error));
    inspection_task_add(city->db, &task, "cli", city->now_us, &id, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
    return id;
}

static int64_t leaves(City *city) {
    g_autoptr(GError) error = NULL;
    LedgerHead head;
    g_assert_true(ledger_head(city->db, &head, &error));
    return head.size;
}

static RecordOutcome record(City *city, InspectionResult *result, GError **error) {
    RecordOutcome outcome = {0};
    inspection_record(city->db, result, "account:7", day("2026-11-20"), &outcome, error);
    return outcome;
}

static void test_record_and_publish(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    int64_t id = add_task(&city, 7);
    g_assert_cmpint(add_task(&city, 7), ==, id); /* once for each draw */
    g_assert_cmpint(add_task(&city, 8), !=, id);
    int64_t before = leaves(&city);

    g_autoptr(LawChecklist) list =
        law_checklist_at(INSPECTION_CHECKLIST, day("2026-11-19"), &error);
    g_autoptr(GArray) answers = good_answers(list);
    ((ItemAnswer *)answers->data)[4] =
        (ItemAnswer){list->items[4]->id, ANSWER_FAIL, "南侧出口堆放塑料筐"};
    InspectionResult result = {.inspection_id = id,
                               .version = 0,
                               .form_id = "form-1",
                               .officer_id = city.officers[2],
                               .inspected_us = day("2026-11-19"),
                               .answers = (const ItemAnswer *)answers->data,
                               .answer_count = answers->len,
                               .note = "陪同人在场"};
    /* A third officer, also of the region: refused, nothing written. */
    RecordOutcome outcome = record(&city, &result, &error);
    g_assert_no_error(error);
    g_assert_nonnull(outcome.problem_zh);
    g_assert_cmpint(leaves(&city), ==, before);

    result.officer_id = city.officers[1];
    outcome = record(&city, &result, &error);
    g_assert_no_error(error);
    g_assert_null(outcome.problem_zh);
    g_assert_cmpint(outcome.leaf, ==, before);
    /* The same form again: recognised, one entry only. */
    RecordOutcome again = record(&city, &result, &error);
    g_assert_no_error(error);
    g_assert_true(again.was_there);
    g_assert_cmpint(again.leaf, ==, outcome.leaf);
    g_assert_cmpint(leaves(&city), ==, before + 1);
    /* Another form that was read before: too late. */
    result.form_id = "form-2";
    record(&city, &result, &error);
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_cmpint(leaves(&city), ==, before + 1);

    g_autoptr(Inspection) recorded = inspection_find(city.db, id, &error);
    g_assert_cmpint(recorded->state, ==, INSPECTION_RECORDED);
    g_assert_cmpint(recorded->failed, ==, 1);
    g_assert_cmpint(recorded->recorded_by, ==, city.officers[1]);
    g_autoptr(GPtrArray) stored = inspection_answers(city.db, id, &error);
    g_assert_cmpuint(stored->len, ==, list->count);
    g_auto(Unit) unit = {0};
    g_assert_true(unit_find(city.db, city.unit, &unit, &error));
    g_assert_cmpint(unit.last_inspected_us, ==, day("2026-11-19"));

    PublicInspectionFilter public = {.limit = 10};
    g_autoptr(GPtrArray) hidden = inspection_public_list(city.db, &public, &error);
    g_assert_cmpuint(hidden->len, ==, 0);
    int64_t leaf = -1;
    g_assert_false(
        inspection_publish(city.db, id, 0, "account:9", day("2026-11-21"), &leaf, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    g_assert_true(inspection_publish(
        city.db, id, recorded->version, "account:9", day("2026-11-21"), &leaf, &error));
    g_assert_no_error(error);
    g_autoptr(GPtrArray) shown = inspection_public_list(city.db, &public, &error);
    g_assert_cmpuint(shown->len, ==, 1);
    g_assert_cmpint(((Inspection *)g_ptr_array_index(shown, 0))->publish_leaf, ==, leaf);
    public.from_us = day("2026-11-22");
    g_autoptr(GPtrArray) later = inspection_public_list(city.db, &public, &error);
    g_assert_cmpuint(later->len, ==, 0);

    /* Published is final. */
    g_assert_false(inspection_close(
        city.db, id, recorded->version + 1, "搬走", "account:9", day("2026-11-21"), &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    result.version = recorded->version + 1;
    result.form_id = "form-3";
    outcome = record(&city, &result, &error);
    g_assert_no_error(error);
    g_assert_nonnull(outcome.problem_zh);
    g_assert_true(ledger_verify(city.db, NULL, NULL, NULL, &error));
    g_assert_no_error(error);
    city_end(&city);
}

static void test_lists(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    for (int64_t draw = 1; draw <= 5; draw++) {
        add_task(&city, draw);
    }
    InspectionFilter filter = {.region = "50", .state = -1, .limit = 3};
    g_autoptr(GPtrArray) first = inspection_list(city.db, &filter, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(first->len, ==, 3);
    const Inspection *last = g_ptr_array_index(first, 2);
    filter.after_due_us = last->due_us;
    filter.after_id = last->id;
    g_autoptr(GPtrArray) rest = inspection_list(city.db, &filter, &error);
    g_assert_cmpuint(rest->len, ==, 2);

    static const struct {
        const char *region;
        unsigned found;
    } scopes[] = {{"500103", 5}, {"500104", 0}, {"51", 0}, {"5001", 5}, {"500103001", 0}, {"", 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(scopes); i++) {
        InspectionFilter scoped = {.region = scopes[i].region, .state = -1, .limit = 50};
        g_autoptr(GPtrArray) list = inspection_list(city.db, &scoped, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(list->len, ==, scopes[i].found);
    }
    for (int who = 0; who < 3; who++) {
        InspectionFilter own = {.region = "51",
                                .state = INSPECTION_PLANNED,
                                .officer_id = city.officers[who],
                                .limit = 50};
        g_autoptr(GPtrArray) list = inspection_list(city.db, &own, &error);
        g_assert_no_error(error);
        g_assert_cmpuint(list->len, ==, who < 2 ? 5 : 0);
    }
    int64_t count = 0;
    g_assert_true(inspection_store_count(
        city.db, city.officers[1], day("2026-11-25"), day("2026-11-26"), &count, &error));
    g_assert_cmpint(count, ==, 5);
    g_assert_true(
        inspection_store_count(city.db, city.officers[2], INT64_MIN, INT64_MAX, &count, &error));
    g_assert_cmpint(count, ==, 0);
    g_assert_true(inspection_close(
        city.db, last->id, last->version, "已搬走", "account:9", city.now_us, &error));
    g_autoptr(GPtrArray) tasks =
        inspection_store_tasks(city.db, city.officers[0], INT64_MAX, 10, &error);
    g_assert_cmpuint(tasks->len, ==, 4);
    city_end(&city);
}

/* Numbers found, in order, page by page of `limit`: "11 12 13". Caller frees. */
static char *found(Db *db, InspectionFilter filter, const char *text) {
    g_autoptr(GError) error = NULL;
    g_auto(SearchTerms) terms = {0};
    GString *out = g_string_new(NULL);
    g_assert_true(search_terms_parse(text, &terms));
    filter.terms = &terms;
    filter.limit = 4;
    do {
        g_auto(InspectionPage) page = {.rows = NULL};
        g_assert_true(inspection_list_page(db, &filter, &page, &error));
        g_assert_no_error(error);
        for (guint i = 0; i < page.rows->len; i++) {
            const Inspection *row = page.rows->pdata[i];
            g_string_append_printf(out, out->len == 0 ? "%d" : " %d", (int)row->id);
        }
        filter.after_id = page.next_id;
    } while (filter.after_id != 0);
    return g_string_free(out, FALSE);
}

static void assert_found(City *city, const char *region, const char *text, const char *numbers) {
    g_autofree char *list =
        found(city->db, (InspectionFilter){.region = region, .state = -1}, text);
    g_assert_cmpstr(list, ==, numbers);
}

static void test_search(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    for (int64_t draw = 1; draw <= 13; draw++) {
        city.unit = draw == 12 ? take_in(city.db,
                                         INTAKE_UNIT,
                                         &(UnitInput){.name = "演示乙号宾馆",
                                                      .address = "演示路 2 号",
                                                      .region = "500106001"},
                                         city.now_us)
                               : city.unit;
        add_task(&city, draw);
    }
    assert_found(&city, "50", "演示", "1 2 3 4 5 6 7 8 9 10 11 12 13");
    assert_found(&city, "50", "号宾", "12 13");
    assert_found(&city, "50", "演示 12", "12");
    assert_found(&city, "50", "11", "11");
    assert_found(&city, "50", "示号", "");
    assert_found(&city, "50", "示路", ""); /* the address is not searched */
    assert_found(&city, "500106", "演示", "12 13");
    assert_found(&city, "500106001", "演示", "12 13");
    assert_found(&city, "500106002", "演示", "");
    assert_found(&city, "51", "演示", "");
    assert_found(&city, "", "演示", "");
    g_assert_true(inspection_close(city.db, 13, 0, "搬走", "account:9", city.now_us, &error));
    InspectionFilter own = {
        .region = "51", .state = INSPECTION_PLANNED, .officer_id = city.officers[1]};
    g_autofree char *mine = found(city.db, own, "宾馆");
    g_assert_cmpstr(mine, ==, "12");
    own.officer_id = city.officers[2];
    g_autofree char *nobodys = found(city.db, own, "宾馆");
    g_assert_cmpstr(nobodys, ==, "");
    city_end(&city);
}

/* Rows of a database that is older than the search are found after the first run of the job. */
static void test_old_rows_enter_the_index(DbEngine engine) {
    City city;
    g_autoptr(GError) error = NULL;
    city_begin(&city, engine);
    test_db_exec(city.db,
                 "INSERT INTO inspection (id, draw_id, object_kind, object_id, object_name, "
                 "object_address, region, region_name, district, lead_id, lead_name, "
                 "lead_certificate, second_id, second_name, second_certificate, due_us, state, "
                 "inspected_us, failed, recorded_us, recorded_by, record_leaf, published_us, "
                 "publish_leaf, version, created_us) VALUES (77, 0, 'unit', 1, '旧时商店', '一号', "
                 "'500103', '渝中区', 500103, 3, '甲', 'A', 4, '乙', 'B', 0, 'planned', 0, 0, 0, "
                 "0, -1, 0, -1, 0, 0)");
    test_db_exec(city.db, "INSERT INTO inspection_unindexed (id) VALUES (77)");
    assert_found(&city, "50", "旧时", "");
    g_assert_true(inspection_index_catch_up(city.db, &error));
    g_assert_true(inspection_index_catch_up(city.db, &error));
    assert_found(&city, "50", "旧时", "77");
    city_end(&city);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inspection/working-days", test_working_days);
    g_test_add_func("/inspection/due", test_due);
    g_test_add_func("/inspection/guards", test_guards);
    test_db_add("/inspection/record-and-publish", test_record_and_publish);
    test_db_add("/inspection/lists", test_lists);
    test_db_add("/inspection/search", test_search);
    test_db_add("/inspection/old-rows-enter-the-index", test_old_rows_enter_the_index);
    return g_test_run();
}
