/* The search index over several blocks of ids: what it gives is what a look at every row gives. */
#include "registry/search.h"
#include "test_db.h"

#include <string.h>

#define DOCUMENTS 4000
#define ID_STEP 29 /* the ids reach into the eighth block */
#define ID_MAX ((int64_t)DOCUMENTS * ID_STEP)

static const char *const rooms[] = {"registry", NULL};

typedef struct World {
    GPtrArray *texts; /* of char *: document i has the id (i + 1) * ID_STEP */
} World;

static void world_clear(World *world) {
    g_clear_pointer(&world->texts, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(World, world_clear)

/* 常见 and 又多 stand in half of the rows and never together; 三成 in a third, 山水路 and 山水
 * apart, 罕有 in one of 200. */
static char *make_text(GRand *random, int i) {
    GString *text = g_string_new(i / 3 % 2 == 0 ? "常见" : "又多");
    g_string_append(text, g_rand_int_range(random, 0, 3) == 0 ? "三成" : "别的");
    g_string_append(text, g_rand_int_range(random, 0, 8) == 0 ? "山水路" : "山水街");
    g_string_append(text, g_rand_int_range(random, 0, 200) == 0 ? "罕有" : "");
    g_string_append_printf(text, "%d号", g_rand_int_range(random, 1, 300));
    return g_string_free(text, FALSE);
}

static void add_tokens(GString *out, const char *text) {
    g_autofree char *normal = search_normalise(text);
    search_add_grams(out, normal);
}

static void fill(World *world, Db *db) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GRand) random = g_rand_new_with_seed(5);
    g_autofree SearchDocument *documents = g_new0(SearchDocument, DOCUMENTS);
    world->texts = g_ptr_array_new_with_free_func(g_free);
    for (int i = 0; i < DOCUMENTS; i++) {
        char *text = make_text(random, i);
        g_ptr_array_add(world->texts, text);
        documents[i] = (SearchDocument){(int64_t)(i + 1) * ID_STEP, g_string_new(NULL)};
        add_tokens(documents[i].tokens, text);
    }
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(search_add(db, SEARCH_UNIT, documents, DOCUMENTS, &error));
    g_assert_true(db_commit(&tx, &error));
    g_assert_no_error(error);
    for (int i = 0; i < DOCUMENTS; i++) {
        g_string_free(documents[i].tokens, TRUE);
    }
}

/* Has the row all tokens that the question reads? */
static bool has_tokens(const char *text, const SearchQuery *query) {
    g_autoptr(GString) tokens = g_string_new(" ");
    add_tokens(tokens, text);
    bool all = true;
    for (guint i = 0; all && i < query->tokens->len; i++) {
        g_autofree char *token = g_strconcat(" ", query->tokens->pdata[i], " ", NULL);
        all = strstr(tokens->str, token) != NULL;
    }
    return all;
}

static GArray *naive(const World *world, const SearchQuery *query, bool backward) {
    GArray *ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < world->texts->len; i++) {
        int64_t id = (int64_t)(i + 1) * ID_STEP;
        if (has_tokens(world->texts->pdata[i], query)) {
            g_array_append_val(ids, id);
        }
    }
    if (backward) {
        id_list_reverse(ids);
    }
    return ids;
}

/* Reads all candidates, `limit` at a time. */
static void
check_reading(Db *db, const World *world, const SearchQuery *query, bool backward, size_t limit) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GArray) expected = naive(world, query, backward);
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(int64_t));
    int64_t from = backward ? INT64_MAX : 0;
    for (bool more = true; more;) {
        guint before = found->len;
        g_assert_true(search_candidates(db, query, from, backward, limit, found, &error));
        g_assert_no_error(error);
        g_assert_cmpuint(found->len - before, <=, limit);
        more = found->len - before == limit;
        from = found->len == 0 ? from : g_array_index(found, int64_t, found->len - 1);
    }
    g_assert_cmpuint(found->len, ==, expected->len);
    for (guint i = 0; i < found->len; i++) {
        g_assert_cmpint(g_array_index(found, int64_t, i), ==, g_array_index(expected, int64_t, i));
    }
}

static void test_reading(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_auto(World) world = {0};
    fill(&world, db);
    static const char *const words[] = {"常见",
                                        "又多",
                                        "常见 又多",
                                        "三成 常见",
                                        "山水",
                                        "山水路",
                                        "罕有",
                                        "罕有 三成",
                                        "有罕",
                                        "12",
                                        "123",
                                        "3号 罕有",
                                        "街别"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(SearchTerms) terms = {0};
        g_auto(SearchQuery) query = {0};
        g_assert_true(search_terms_parse(words[i], &terms));
        g_assert_true(search_prepare(db, SEARCH_UNIT, &terms, NULL, &query, &error));
        g_assert_no_error(error);
        query.id_max = ID_MAX; /* there are no rows beside the index here */
        for (int backward = 0; backward < 2; backward++) {
            check_reading(db, &world, &query, backward == 1, 7);
            check_reading(db, &world, &query, backward == 1, 100);
            check_reading(db, &world, &query, backward == 1, 5000);
        }
    }
}

/* A question reads the rarest token, and others that stand apart from it before its neighbours. */
static void test_choice(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_auto(World) world = {0};
    fill(&world, db);
    g_autoptr(GError) error = NULL;
    g_auto(SearchTerms) terms = {0};
    g_auto(SearchQuery) query = {0};
    g_assert_true(search_terms_parse("三成山水路", &terms));
    g_assert_true(search_prepare(db, SEARCH_UNIT, &terms, NULL, &query, &error));
    g_assert_cmpuint(query.tokens->len, >=, 2);
    g_assert_cmpstr(query.tokens->pdata[0], ==, "水路");
    g_assert_false(search_tokens_overlap(query.tokens->pdata[0], query.tokens->pdata[1]));
}

static void test_overlap(void) {
    g_assert_true(search_tokens_overlap("解放", "放碑"));
    g_assert_true(search_tokens_overlap("放碑", "解放"));
    g_assert_true(search_tokens_overlap("123", "234"));
    g_assert_true(search_tokens_overlap("123", "345"));
    g_assert_false(search_tokens_overlap("解放", "碑路"));
    g_assert_false(search_tokens_overlap("123", "456"));
    g_autoptr(GString) mark = g_string_new(NULL);
    search_add_mark(mark, 'd', 500103);
    g_string_truncate(mark, mark->len - 1);
    g_assert_false(search_tokens_overlap(mark->str, "3号"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/registry/search/overlap", test_overlap);
    test_db_add("/registry/search/blocks", test_reading);
    test_db_add("/registry/search/choice", test_choice);
    return g_test_run();
}
