#include "registry/unit_query.h"

#include "base/clock.h"
#include "base/limits.h"
#include "registry/unit.h"

#include <string.h>

#define YEAR_US (INT64_C(365) * CLOCK_DAY_US)
#define RISKS_RAISED (UINT32_C(1) << RISK_HIGHER | UINT32_C(1) << RISK_HIGH)

void unit_place_clear(UnitPlace *place) {
    g_clear_pointer(&place->name, g_free);
}

void unit_query_clear(UnitQuery *query) {
    g_free(query->text);
    search_terms_clear(&query->terms);
    unit_place_clear(&query->place);
    g_free(query->category_word);
    g_free(query->risk_word);
    g_free(query->credit_word);
    g_free(query->key_word);
    g_free(query->last_word);
    *query = (UnitQuery){0};
}

/* --- reading ------------------------------------------------------------------------------------
 */

typedef struct Reader {
    UnitQueryGet get;
    const void *from;
    UnitQuery *query;
    const char *problem;
    bool denied;
} Reader;

/* NULL when absent, empty or only blanks. */
static const char *word(const Reader *reader, const char *name) {
    const char *text = reader->get(reader->from, name);
    return text == NULL || text[strspn(text, " ")] == '\0' ? NULL : text;
}

static bool wrong(Reader *reader, const char *problem) {
    reader->problem = problem;
    return false;
}

static bool read_text(Reader *reader) {
    const char *text = word(reader, "q");
    if (text == NULL) {
        return true;
    }
    if (strlen(text) > LIMIT_SEARCH_TEXT) {
        return wrong(reader, "搜索的字太多，最多写 60 个字");
    }
    reader->query->text = g_strdup(text);
    return search_terms_parse(text, &reader->query->terms) ||
           wrong(reader, "搜索至少写两个连续的字");
}

static bool read_region(Reader *reader, const char *scope_region) {
    UnitQuery *query = reader->query;
    if (g_strcmp0(scope_region, REGION_EVERYWHERE) == 0 && query->text != NULL) {
        g_strlcpy(query->scope, REGION_EVERYWHERE, sizeof query->scope);
        g_strlcpy(query->region, REGION_EVERYWHERE, sizeof query->region);
        return true;
    }
    if (scope_region == NULL || !region_code_parse(scope_region, query->scope)) {
        reader->denied = true;
        return wrong(reader, "您的帐号还没有辖区");
    }
    const char *region = word(reader, "region");
    if (region == NULL) {
        memcpy(query->region, query->scope, sizeof query->region);
        return true;
    }
    if (!region_code_parse(region, query->region)) {
        return wrong(reader, "没有这个区划");
    }
    reader->denied = !region_is_inside(query->region, query->scope);
    return !reader->denied || wrong(reader, "这个区划不在您的辖区");
}

static bool read_facets(Reader *reader) {
    UnitQuery *query = reader->query;
    const char *category = word(reader, "category");
    const char *risk = word(reader, "risk");
    const char *credit = word(reader, "credit");
    const char *key = word(reader, "key");
    query->key = key == NULL ? -1 : strcmp(key, "1") == 0;
    query->category_word = g_strdup(category);
    query->risk_word = g_strdup(risk);
    query->credit_word = g_strdup(credit);
    query->key_word = g_strdup(key);
    if (g_strcmp0(category, "key") == 0) {
        query->key = 1;
    } else if (category != NULL && (query->categories = category_set_parse(category)) == 0) {
        return wrong(reader, "没有这个类别");
    }
    RiskGrade risk_grade;
    if (risk != NULL && strcmp(risk, "raised") == 0) {
        query->risks = RISKS_RAISED;
    } else if (risk != NULL) {
        if (!risk_parse(risk, &risk_grade)) {
            return wrong(reader, "没有这个风险等级");
        }
        query->risks = UINT32_C(1) << risk_grade;
    }
    CreditGrade credit_grade;
    if (credit != NULL) {
        if (!credit_parse(credit, &credit_grade)) {
            return wrong(reader, "没有这个信用等级");
        }
        query->credits = UINT32_C(1) << credit_grade;
    }
    return true;
}

static bool read_order(Reader *reader, int64_t now_us) {
    UnitQuery *query = reader->query;
    const char *last = word(reader, "last");
    const char *sort = word(reader, "sort");
    query->last_word = g_strdup(last);
    if (last != NULL && strcmp(last, "never") == 0) {
        query->inspected_before_us = 1;
    } else if (last != NULL && strcmp(last, "year") == 0) {
        query->inspected_before_us = now_us - YEAR_US;
    } else if (last != NULL) {
        return wrong(reader, "没有这个检查时间的条件");
    }
    if (sort == NULL) {
        return true;
    }
    query->descending = sort[0] == '-';
    const char *column = sort + (query->descending ? 1 : 0);
    query->sort = strcmp(column, "last") == 0 ? UNIT_SORT_LAST : UNIT_SORT_NAME;
    return strcmp(column, "last") == 0 || strcmp(column, "name") == 0 ||
           wrong(reader, "没有这个排序");
}

/* "ID" of a search, "ID.KEY" of a list. */
static bool read_place(Reader *reader) {
    UnitQuery *query = reader->query;
    const char *after = word(reader, "after");
    const char *before = word(reader, "before");
    const char *from = word(reader, "from");
    const char *text = after != NULL ? after : before;
    if (text == NULL) {
        if (from != NULL && query->text == NULL && query->sort == UNIT_SORT_NAME) {
            query->has_place = true;
            query->place.name = g_strdup(from);
            query->place.id = query->descending ? INT64_MAX : 0;
        }
        return true;
    }
    char *end = NULL;
    int64_t id = g_ascii_strtoll(text, &end, 10);
    bool is_list = query->text == NULL;
    if (end == text || id < 0 || (is_list && *end != '.')) {
        return wrong(reader, "这个网址不完整，请从列表重新进入");
    }
    query->has_place = true;
    query->backward = after == NULL;
    query->place.id = id;
    if (is_list && query->sort == UNIT_SORT_NAME) {
        query->place.name = g_strdup(end + 1);
    } else if (is_list) {
        query->place.last_us = g_ascii_strtoll(end + 1, NULL, 10);
    }
    return true;
}

bool unit_query_parse(UnitQueryGet get,
                      const void *from,
                      const char *scope_region,
                      int64_t now_us,
                      UnitQuery *ret_query,
                      const char **ret_problem,
                      bool *ret_denied) {
    *ret_query = (UnitQuery){.key = -1};
    Reader reader = {.get = get, .from = from, .query = ret_query};
    bool good = read_text(&reader) && read_region(&reader, scope_region) && read_facets(&reader) &&
                read_order(&reader, now_us) && read_place(&reader);
    *ret_problem = reader.problem;
    *ret_denied = reader.denied;
    return good;
}

/* --- writing ------------------------------------------------------------------------------------
 */

static void add_word(GString *out, const char *name, const char *value, const char *without) {
    if (value == NULL || g_strcmp0(name, without) == 0) {
        return;
    }
    g_autofree char *escaped = g_uri_escape_string(value, NULL, false);
    g_string_append_printf(out, out->len == 0 ? "%s=%s" : "&%s=%s", name, escaped);
}

char *unit_query_string(const UnitQuery *query, const char *without) {
    GString *out = g_string_new(NULL);
    add_word(out, "q", query->text, without);
    if (strcmp(query->region, query->scope) != 0) {
        add_word(out, "region", query->region, without);
    }
    add_word(out, "category", query->category_word, without);
    add_word(out, "risk", query->risk_word, without);
    add_word(out, "credit", query->credit_word, without);
    add_word(out, "key", query->key_word, without);
    add_word(out, "last", query->last_word, without);
    if (query->sort == UNIT_SORT_LAST || query->descending) {
        add_word(out,
                 "sort",
                 query->sort == UNIT_SORT_NAME ? "-name"
                 : query->descending           ? "-last"
                                               : "last",
                 without);
    }
    return g_string_free(out, FALSE);
}

char *unit_place_string(const UnitQuery *query, const UnitPlace *place, bool before) {
    g_autofree char *text =
        query->text != NULL ? g_strdup_printf("%" G_GINT64_FORMAT, place->id)
        : query->sort == UNIT_SORT_NAME
            ? g_strdup_printf("%" G_GINT64_FORMAT ".%s", place->id, place->name)
            : g_strdup_printf("%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT, place->id, place->last_us);
    g_autofree char *escaped = g_uri_escape_string(text, NULL, false);
    return g_strconcat(before ? "before=" : "after=", escaped, NULL);
}

/* --- facets -------------------------------------------------------------------------------------
 */

bool unit_query_wants_cell(const UnitQuery *query, int64_t cell) {
    return (query->categories == 0 || query->categories >> UNIT_CELL_CATEGORY(cell) & 1) &&
           (query->risks == 0 || query->risks >> UNIT_CELL_RISK(cell) & 1) &&
           (query->credits == 0 || query->credits >> UNIT_CELL_CREDIT(cell) & 1) &&
           (query->key < 0 || UNIT_CELL_KEY(cell) == (query->key > 0));
}

bool unit_query_has_facets(const UnitQuery *query) {
    return query->categories != 0 || query->risks != 0 || query->credits != 0 || query->key >= 0;
}
