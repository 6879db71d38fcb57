/* Lists and search against a naive scan, on both engines; no plan reads a whole table. */
#include "registry/unit_list.h"
#include "registry/unit_store.h"
#include "registry_test_support.h"

#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

static const char *const rooms[] = {"registry", NULL};

enum { UNITS = 700 };

/* A small world with many equal names, common and rare characters, both widths and cases. */
typedef struct World {
    GPtrArray *texts;
    UnitInput inputs[UNITS];
    GArray *units; /* of Unit, as stored, by id */
    GStringChunk *chunk;
} World;

static char *random_text(GRand *random, int parts) {
    static const char *const pieces[] = {"渝中",
                                         "山城",
                                         "演示",
                                         "火锅",
                                         "酒店",
                                         "Ａ座",
                                         "b-12",
                                         "MA5U",
                                         "3号",
                                         "大",
                                         "小",
                                         "（重庆）",
                                         " ",
                                         "é",
                                         "1"};
    GString *text = g_string_new(NULL);
    for (int i = 0; i < parts; i++) {
        g_string_append(text, pieces[g_rand_int_range(random, 0, G_N_ELEMENTS(pieces))]);
    }
    return g_string_free(text, FALSE);
}

static void world_fill(World *world, Db *db, guint32 seed) {
    static const char *const regions[] = {
        "500103", "500103001", "500103002", "500106", "500157", "370302"};
    static const char *const categories[] = {"饭店", "住宅", "九小场所", "商场", NULL};
    static const char *const risks[] = {"低", "一般", "较高", "高", NULL};
    static const char *const credits[] = {"A", "B", NULL};
    g_autoptr(GRand) random = g_rand_new_with_seed(seed);
    world->texts = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < UNITS; i++) {
        char *name = random_text(random, g_rand_int_range(random, 1, 4));
        char *address = random_text(random, g_rand_int_range(random, 2, 6));
        char *number = g_strdup_printf("%d", i);
        char code[19] = {0};
        for (int c = 0; c < 18; c++) {
            code[c] = "0123456789ABCDEFGH"[g_rand_int_range(random, 0, c < 6 ? 2 : 18)];
        }
        g_ptr_array_add(world->texts, name);
        g_ptr_array_add(world->texts, address);
        g_ptr_array_add(world->texts, number);
        g_ptr_array_add(world->texts, g_strdup(code));
        if (name[strspn(name, " ")] == '\0') {
            name[0] = 'x';
        }
        if (address[strspn(address, " ")] == '\0') {
            address[0] = 'y';
        }
        world->inputs[i] = (UnitInput){
            .source = "演示",
            .source_id = number,
            .uscc = i % 4 == 0 ? NULL : world->texts->pdata[world->texts->len - 1],
            .name = name,
            .address = address,
            .region = regions[g_rand_int_range(random, 0, 6)],
            .category = categories[g_rand_int_range(random, 0, 5)],
            .risk = risks[g_rand_int_range(random, 0, 5)],
            .credit = credits[g_rand_int_range(random, 0, 3)],
            .is_key_unit = g_rand_int_range(random, 0, 10) == 0 ? "是" : NULL,
        };
    }
    g_autofree IntakeResult *results = g_new0(IntakeResult, UNITS);
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    IntakeContext all = {.scope_region = "50", .now_us = TEST_NOW};
    IntakeContext other = {.scope_region = "37", .now_us = TEST_NOW};
    g_assert_true(db_begin(db, &tx, &error));
    for (int i = 0; i < UNITS; i += 70) {
        for (int j = i; j < i + 70; j++) {
            bool there = g_str_has_prefix(world->inputs[j].region, "37");
            g_assert_true(intake_batch(
                db, INTAKE_UNIT, &world->inputs[j], 1, there ? &other : &all, &results[j], &error));
            g_assert_cmpstr(results[j].problem, ==, NULL);
            if (j % 3 == 0) {
                g_assert_true(unit_note_inspected(
                    db, results[j].id, TEST_NOW - (j % 30) * 30 * CLOCK_DAY_US, &error));
            }
        }
    }
    g_assert_true(db_commit(&tx, &error));
    g_autofree int64_t *ids = g_new0(int64_t, UNITS);
    for (int i = 0; i < UNITS; i++) {
        ids[i] = results[i].id;
        intake_result_clear(&results[i]);
    }
    world->chunk = g_string_chunk_new(4096);
    world->units = g_array_new(FALSE, FALSE, sizeof(Unit));
    g_assert_true(unit_store_load(db, ids, UNITS, world->chunk, world->units, &error));
    g_assert_cmpuint(world->units->len, ==, UNITS);
}

static void world_clear(World *world) {
    g_ptr_array_unref(world->texts);
    g_array_unref(world->units);
    g_string_chunk_free(world->chunk);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

/* --- asking -------------------------------------------------------------------------------------
 */

typedef struct Words {
    const char *q, *region, *category, *risk, *credit, *key, *last, *sort, *after, *before, *from;
} Words;

static const char *get_word(const void *from, const char *name) {
    const Words *words = from;
    const struct {
        const char *name, *value;
    } all[] = {{"q", words->q},
               {"region", words->region},
               {"category", words->category},
               {"risk", words->risk},
               {"credit", words->credit},
               {"key", words->key},
               {"last", words->last},
               {"sort", words->sort},
               {"after", words->after},
               {"before", words->before},
               {"from", words->from}};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        if (strcmp(all[i].name, name) == 0) {
            return all[i].value;
        }
    }
    return NULL;
}

static void ask(const Words *words, const char *scope, UnitQuery *query) {
    const char *problem;
    bool denied;
    bool good = unit_query_parse(get_word, words, scope, TEST_NOW, query, &problem, &denied);
    g_assert_cmpstr(problem, ==, NULL);
    g_assert_true(good);
}

static bool naive_match(const Unit *unit, const UnitQuery *query) {
    const char *fields[] = {unit->name, unit->address, unit->uscc};
    if (!region_is_inside(unit->region, query->region) ||
        !unit_query_wants_cell(query,
                               unit_cell(unit->category, unit->risk, unit->credit, unit->is_key)) ||
        (query->inspected_before_us != 0 &&
         unit->last_inspected_us >= query->inspected_before_us)) {
        return false;
    }
    if (query->text == NULL) {
        return true;
    }
    /* not search_terms_match: the words again, from the text */
    g_autofree char *normal = search_normalise(query->text);
    g_auto(GStrv) terms = g_strsplit(normal, " ", -1);
    for (char **term = terms; *term != NULL; term++) {
        bool found = false;
        for (size_t f = 0; f < G_N_ELEMENTS(fields); f++) {
            g_autofree char *field = search_normalise(fields[f] == NULL ? "" : fields[f]);
            found |= strstr(field, *term) != NULL;
        }
        if (!found) {
            return false;
        }
    }
    return true;
}

static int naive_order(gconstpointer a, gconstpointer b, gpointer data) {
    const UnitQuery *query = data;
    const Unit *x = *(const Unit *const *)a;
    const Unit *y = *(const Unit *const *)b;
    int order = 0;
    if (query->text == NULL) {
        order = query->sort == UNIT_SORT_NAME ? strcmp(x->name, y->name)
                                              : (x->last_inspected_us > y->last_inspected_us) -
                                                    (x->last_inspected_us < y->last_inspected_us);
    }
    order = order != 0 ? order : (x->id > y->id) - (x->id < y->id);
    return query->descending && query->text == NULL ? -order : order;
}

static GPtrArray *naive(const World *world, UnitQuery *query) {
    GPtrArray *hits = g_ptr_array_new();
    for (guint i = 0; i < world->units->len; i++) {
        Unit *unit = &g_array_index(world->units, Unit, i);
        if (naive_match(unit, query)) {
            g_ptr_array_add(hits, unit);
        }
    }
    g_ptr_array_sort_with_data(hits, naive_order, query);
    return hits;
}

/* Every row once, in order, going forward; and the same going back from the end. */
static void check_paging(Db *db, const World *world, const Words *words, const char *scope) {
    g_autoptr(GError) error = NULL;
    g_auto(UnitQuery) query = {0};
    ask(words, scope, &query);
    g_autoptr(GPtrArray) expected = naive(world, &query);
    guint at = 0;
    for (bool more = true; more;) {
        g_auto(UnitPage) page = {0};
        g_assert_true(unit_list_page(db, &query, 17, &page, &error));
        g_assert_no_error(error);
        for (guint i = 0; i < page.units->len; i++, at++) {
            g_assert_cmpuint(at, <, expected->len);
            g_assert_cmpint(
                g_array_index(page.units, Unit, i).id, ==, ((Unit *)expected->pdata[at])->id);
        }
        more = page.has_next;
        if (more) {
            unit_place_clear(&query.place);
            query.place = page.last;
            page.last = (UnitPlace){0};
            query.has_place = true;
        }
    }
    g_assert_cmpuint(at, ==, expected->len);
    query.backward = true;
    if (!query.has_place) {
        return;
    }
    at = at - at % 17;
    at = at == expected->len && at > 0 ? at - 17 : at; /* the row the last page began with */
    for (bool more = at > 0; more;) {
        g_auto(UnitPage) page = {0};
        const Unit *edge = expected->pdata[at];
        unit_place_clear(&query.place);
        query.place = (UnitPlace){
            .id = edge->id, .name = g_strdup(edge->name), .last_us = edge->last_inspected_us};
        g_assert_true(unit_list_page(db, &query, 17, &page, &error));
        g_assert_cmpuint(page.units->len, ==, 17);
        at -= 17;
        for (guint i = 0; i < 17; i++) {
            g_assert_cmpint(
                g_array_index(page.units, Unit, i).id, ==, ((Unit *)expected->pdata[at + i])->id);
        }
        more = page.has_previous;
    }
    g_assert_cmpuint(at, ==, 0);
}

static void check_count(Db *db, const World *world, const Words *words, const char *scope) {
    g_autoptr(GError) error = NULL;
    g_auto(UnitQuery) query = {0};
    ask(words, scope, &query);
    g_autoptr(GPtrArray) expected = naive(world, &query);
    UnitTotal total;
    g_assert_true(unit_list_count(db, &query, &total, &error));
    g_assert_no_error(error);
    bool over = total.is_more;
    g_assert_true(!over || query.text != NULL);
    g_assert_true(over ? total.n < expected->len : total.n == expected->len);
    g_assert_true(!over || total.n >= UNIT_LOOK_COUNT_MAX);
}

/* --- plans --------------------------------------------------------------------------------------
 */

static void no_scan(const char *sql, const char *plan, bool scans_table, void *data) {
    (void)data;
    if (scans_table) {
        g_error("reads a whole table: %s\n%s", sql, plan);
    }
}

static Db *open_watched(TestDb *fresh) {
    Db *db = test_db_open(fresh, DB_READ_ONLY);
    if (db_engine(db) == DB_ENGINE_PG) {
        /* seven hundred rows fit in few pages: PostgreSQL would rightly read them all */
        g_autoptr(GError) error = NULL;
        g_assert_true(db_exec(db, SQL("SET enable_seqscan = off"), DB_NO_ARGS, NULL, &error));
    }
    db_observe_plans(db, no_scan, NULL);
    return db;
}

/* --- tests --------------------------------------------------------------------------------------
 */

static void test_filters_and_paging(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) writer = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(writer);
    g_auto(World) world = {0};
    world_fill(&world, writer, 7);
    g_autoptr(Db) db = open_watched(fresh);
    const char *const scopes[] = {"50", "500103", "500103001"};
    const char *const regions[] = {NULL, "500103", "5001", "500103002"};
    const char *const categories[] = {NULL, "restaurant", "assembly"};
    const char *const risks[] = {NULL, "high", "raised"};
    const char *const lasts[] = {NULL, "year", "never"};
    const char *const sorts[] = {NULL, "-name", "last", "-last"};
    for (size_t i = 0; i < 3 * 4 * 3 * 3 * 3 * 4; i++) {
        Words words = {.region = regions[i / 3 % 4],
                       .category = categories[i / 12 % 3],
                       .risk = risks[i / 36 % 3],
                       .last = lasts[i / 108 % 3],
                       .sort = sorts[i / 324 % 4],
                       .key = i % 11 == 0   ? "1"
                              : i % 13 == 0 ? "0"
                                            : NULL,
                       .credit = i % 7 == 0 ? "A" : NULL};
        const char *scope = scopes[i % 3];
        if (words.region != NULL && !region_is_inside(words.region, scope)) {
            continue;
        }
        check_paging(db, &world, &words, scope);
        check_count(db, &world, &words, scope);
    }
}

static void test_search_finds_every_substring(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) writer = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(writer);
    g_auto(World) world = {0};
    world_fill(&world, writer, 11);
    g_autoptr(Db) db = open_watched(fresh);
    g_autoptr(GRand) random = g_rand_new_with_seed(13);
    int searched = 0;
    for (int round = 0; round < 500; round++) {
        const Unit *unit = &g_array_index(world.units, Unit, g_rand_int_range(random, 0, UNITS));
        const char *const fields[] = {unit->name, unit->address, unit->uscc};
        const char *field = fields[g_rand_int_range(random, 0, 3)];
        glong length = field == NULL ? 0 : g_utf8_strlen(field, -1);
        if (length < 2) {
            continue;
        }
        glong from = g_rand_int_range(random, 0, (gint32)length - 1);
        glong to = MIN(length, from + g_rand_int_range(random, 2, 8));
        g_autofree char *text = g_utf8_substring(field, from, to);
        g_autofree char *other = round % 5 == 0 ? g_strconcat(text, " 渝中", NULL) : g_strdup(text);
        g_auto(SearchTerms) terms = {0};
        if (!search_terms_parse(other, &terms)) {
            continue; /* a blank in the middle of two characters */
        }
        Words words = {.q = other,
                       .category = round % 4 == 0 ? "饭店" : NULL,
                       .region = round % 3 == 0 ? "500103" : NULL,
                       .last = round % 17 == 0 ? "never" : NULL};
        check_paging(db, &world, &words, "50");
        check_count(db, &world, &words, "50");
        searched++;
    }
    g_assert_cmpint(searched, >, 350);
    /* what is nowhere is not found */
    check_paging(db, &world, &(Words){.q = "没有"}, "50");
    check_paging(db, &world, &(Words){.q = "城渝"}, "50");
    check_paging(db, &world, &(Words){.q = "山城"}, "370302");
}

static void test_search_follows_changes(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    support_add_regions(db);
    UnitInput input = {.source = "甲",
                       .source_id = "1",
                       .name = "旧名字饭店",
                       .address = "演示路1号",
                       .region = "500103"};
    support_add_unit(db, &input);
    input.name = "新招牌饭店";
    input.risk = "高";
    support_add_unit(db, &input);
    const struct {
        Words words;
        int64_t n;
    } cases[] = {{{.q = "旧名"}, 0},
                 {{.q = "招牌"}, 1},
                 {{.q = "饭店"}, 1},
                 {{.q = "饭店", .risk = "high"}, 1},
                 {{.risk = "high"}, 1},
                 {{.risk = "low"}, 0}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(UnitQuery) query = {0};
        UnitTotal total;
        ask(&cases[i].words, "50", &query);
        g_assert_true(unit_list_count(db, &query, &total, &error));
        g_assert_cmpint(total.n, ==, cases[i].n);
    }
}

static void test_questions_that_make_no_sense(void) {
    const struct {
        Words words;
        bool denied;
    } cases[] = {{{.q = "一"}, false},
                 {{.region = "500106"}, true},
                 {{.region = "50"}, true},
                 {{.region = "abc"}, false},
                 {{.category = "飞船"}, false},
                 {{.risk = "x"}, false},
                 {{.sort = "colour"}, false},
                 {{.after = "abc"}, false},
                 {{.after = "12"}, false},
                 {{.last = "decade"}, false}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_auto(UnitQuery) query = {0};
        const char *problem = NULL;
        bool denied = false;
        g_assert_false(unit_query_parse(
            get_word, &cases[i].words, "500103", TEST_NOW, &query, &problem, &denied));
        g_assert_nonnull(problem);
        g_assert_cmpint(denied, ==, cases[i].denied);
    }
}

static void test_query_string_round(void) {
    g_auto(UnitQuery) query = {0};
    Words words = {.q = "a&b 饭店", .region = "500103001", .risk = "raised", .sort = "-last"};
    ask(&words, "50", &query);
    g_autofree char *text = unit_query_string(&query, NULL);
    g_assert_cmpstr(
        text, ==, "q=a%26b%20%E9%A5%AD%E5%BA%97&region=500103001&risk=raised&sort=-last");
    g_autofree char *less = unit_query_string(&query, "q");
    g_assert_cmpstr(less, ==, "region=500103001&risk=raised&sort=-last");
}

static bool count_visit(const Unit *unit, void *data, GError **error) {
    (void)unit;
    (void)error;
    ++*(int *)data;
    return true;
}

static void test_each_visits_all(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) writer = test_db_open(fresh, DB_READ_WRITE);
    support_add_regions(writer);
    g_auto(World) world = {0};
    world_fill(&world, writer, 3);
    g_autoptr(Db) db = open_watched(fresh);
    const Words cases[] = {{0}, {.q = "渝中"}, {.risk = "high"}, {.sort = "last"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(UnitQuery) query = {0};
        ask(&cases[i], "50", &query);
        g_autoptr(GPtrArray) expected = naive(&world, &query);
        int visited = 0;
        g_assert_true(unit_list_each(db, &query, count_visit, &visited, &error));
        g_assert_cmpint(visited, ==, expected->len);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/unit-list/filters-and-paging", test_filters_and_paging);
    test_db_add("/unit-list/each-visits-all", test_each_visits_all);
    test_db_add("/unit-search/every-substring", test_search_finds_every_substring);
    test_db_add("/unit-search/follows-changes", test_search_follows_changes);
    g_test_add_func("/unit-query/no-sense", test_questions_that_make_no_sense);
    g_test_add_func("/unit-query/string", test_query_string_round);
    return g_test_run();
}
