#include "registry/officer_list.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "registry/officer_store.h"

#include <stdlib.h>
#include <string.h>

#define EXPORT_PAGE 500

/* --- the question -------------------------------------------------------------------------------
 */

void officer_query_clear(OfficerQuery *query) {
    g_free(query->text);
    search_terms_clear(&query->terms);
    named_place_clear(&query->place);
    g_free(query->state_word);
    *query = (OfficerQuery){0};
}

static const char *word(UnitQueryGet get, const void *from, const char *name) {
    const char *text = get(from, name);
    return text == NULL || text[strspn(text, " ")] == '\0' ? NULL : text;
}

static const char *const state_words[] = {"", "serving", "expiring", "expired", "left"};

static void set_days(OfficerFilter *filter, int64_t now_us) {
    g_autofree char *today = clock_format_date(now_us);
    g_autofree char *soon = clock_format_date(now_us + OFFICER_WARN_DAYS * CLOCK_DAY_US);
    g_strlcpy(filter->today, today, sizeof filter->today);
    g_strlcpy(filter->soon, soon, sizeof filter->soon);
}

static const char *
read_filter(UnitQueryGet get, const void *from, int64_t now_us, OfficerQuery *query) {
    const char *state = word(get, from, "state");
    query->state_word = g_strdup(state);
    query->filter.leads = g_strcmp0(word(get, from, "lead"), "1") == 0;
    set_days(&query->filter, now_us);
    if (state == NULL) {
        return NULL;
    }
    for (size_t i = 1; i < G_N_ELEMENTS(state_words); i++) {
        if (strcmp(state, state_words[i]) == 0) {
            query->filter.state = (OfficerState)i;
            return NULL;
        }
    }
    return "没有这个状态";
}

static const char *read_place(UnitQueryGet get, const void *from, OfficerQuery *query) {
    const char *after = word(get, from, "after");
    const char *before = word(get, from, "before");
    const char *begin = word(get, from, "from");
    const char *text = after != NULL ? after : before;
    if (text != NULL) {
        query->has_place = true;
        query->backward = after == NULL;
        return named_place_parse(text, query->text != NULL, &query->place)
                   ? NULL
                   : "这个网址不完整，请从列表重新进入";
    }
    if (begin != NULL && query->text == NULL) {
        query->has_place = true;
        query->place.name = g_strdup(begin);
    }
    return NULL;
}

bool officer_query_parse(UnitQueryGet get,
                         const void *from,
                         const char *scope_region,
                         int64_t now_us,
                         OfficerQuery *ret_query,
                         const char **ret_problem,
                         bool *ret_denied) {
    *ret_query = (OfficerQuery){.text = NULL};
    *ret_denied = false;
    *ret_problem = NULL;
    const char *text = word(get, from, "q");
    const char *region = word(get, from, "region");
    if (scope_region == NULL || !region_code_parse(scope_region, ret_query->scope)) {
        *ret_denied = true;
        *ret_problem = "您的帐号还没有辖区";
    } else if (!region_code_parse(region == NULL ? scope_region : region, ret_query->region)) {
        *ret_problem = "没有这个区划";
    } else if (!region_is_inside(ret_query->region, ret_query->scope)) {
        *ret_denied = true;
        *ret_problem = "这个区划不在您的辖区";
    } else if (text != NULL && strlen(text) > LIMIT_SEARCH_TEXT) {
        *ret_problem = "搜索的字太多，最多写 60 个字";
    } else if (text != NULL && !search_terms_parse(text, &ret_query->terms)) {
        ret_query->text = g_strdup(text);
        *ret_problem = "搜索至少写两个连续的字";
    } else {
        ret_query->text = g_strdup(text);
        *ret_problem = read_filter(get, from, now_us, ret_query);
        if (*ret_problem == NULL) {
            *ret_problem = read_place(get, from, ret_query);
        }
    }
    return *ret_problem == NULL;
}

static void add_word(GString *out, const char *name, const char *value, const char *without) {
    if (value != NULL && g_strcmp0(name, without) != 0) {
        g_autofree char *escaped = g_uri_escape_string(value, NULL, false);
        g_string_append_printf(out, out->len == 0 ? "%s=%s" : "&%s=%s", name, escaped);
    }
}

char *officer_query_string(const OfficerQuery *query, const char *without) {
    GString *out = g_string_new(NULL);
    add_word(out, "q", query->text, without);
    if (strcmp(query->region, query->scope) != 0) {
        add_word(out, "region", query->region, without);
    }
    add_word(out, "state", query->state_word, without);
    add_word(out, "lead", query->filter.leads ? "1" : NULL, without);
    return g_string_free(out, FALSE);
}

/* --- the statements -----------------------------------------------------------------------------
 */

static void add_text(SqlBuilder *sql, Sql fragment, const char *text) {
    sql_builder_add(sql, fragment);
    sql_builder_arg(sql, db_text(text));
}

static void add_filter(SqlBuilder *sql, const void *data) {
    const OfficerFilter *filter = data;
    switch (filter->state) {
    case OFFICER_ANY:
        break;
    case OFFICER_SERVING:
        add_text(
            sql, SQL("AND in_post = 1 AND coalesce(certificate_until, '9999') >="), filter->today);
        break;
    case OFFICER_EXPIRING:
        add_text(sql, SQL("AND in_post = 1 AND certificate_until >="), filter->today);
        add_text(sql, SQL("AND certificate_until <="), filter->soon);
        break;
    case OFFICER_EXPIRED:
        add_text(sql, SQL("AND in_post = 1 AND certificate_until <"), filter->today);
        break;
    case OFFICER_LEFT:
        sql_builder_add(sql, SQL("AND in_post = 0"));
        break;
    }
    if (filter->leads) {
        sql_builder_add(sql, SQL("AND can_lead = 1"));
    }
}

static bool is_wanted(const OfficerFilter *filter, const Officer *officer) {
    const char *until = officer->certificate_until;
    bool expired = until != NULL && strcmp(until, filter->today) < 0;
    bool expiring = until != NULL && !expired && strcmp(until, filter->soon) <= 0;
    if (filter->leads && !officer->can_lead) {
        return false;
    }
    switch (filter->state) {
    case OFFICER_ANY:
        return true;
    case OFFICER_SERVING:
        return officer->in_post && !expired;
    case OFFICER_EXPIRING:
        return officer->in_post && expiring;
    case OFFICER_EXPIRED:
        return officer->in_post && expired;
    case OFFICER_LEFT:
        return !officer->in_post;
    }
    g_assert_not_reached();
}

static bool load(Db *db, const GArray *ids, GStringChunk *texts, GArray *officers, GError **error) {
    g_autofree char *list = id_list_format(db, (const int64_t *)(void *)ids->data, ids->len);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL_FOR(db,
                         "SELECT " OFFICER_COLUMNS " FROM " OFFICER_TABLES " WHERE o.id IN "
                         "(SELECT CAST(value AS INTEGER) FROM json_each($1)) ORDER BY o.id",
                         "SELECT " OFFICER_COLUMNS " FROM " OFFICER_TABLES
                         " WHERE o.id = ANY ($1::bigint[]) ORDER BY o.id"),
                 DB_ARGS(db_text(list)),
                 error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        Officer officer;
        officer_from_row(rows, texts, &officer);
        g_array_append_val(officers, officer);
    }
    return db_rows_done(rows, error);
}

static bool look_again(Db *db,
                       const void *filter,
                       const char *region,
                       const SearchTerms *terms,
                       GArray *ids,
                       GError **error) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(8192);
    g_autoptr(GArray) officers = g_array_new(FALSE, FALSE, sizeof(Officer));
    if (!load(db, ids, texts, officers, error)) {
        return false;
    }
    g_array_set_size(ids, 0);
    for (guint i = 0; i < officers->len; i++) {
        const Officer *officer = &g_array_index(officers, Officer, i);
        const char *fields[] = {officer->name, officer->certificate};
        if (is_wanted(filter, officer) && region_is_inside(officer->region, region) &&
            search_terms_match(terms, fields, G_N_ELEMENTS(fields))) {
            g_array_append_val(ids, officer->id);
        }
    }
    return true;
}

static NamedQuery named(const OfficerQuery *query) {
    static const NamedSource source = {
        .kind = SEARCH_OFFICER,
        .columns = {"SELECT id, name, district, in_post, certificate_until, can_lead"},
        .by_name = {{"FROM officer INDEXED BY officer_name"}, {"FROM officer"}},
        .by_district = {{"FROM officer INDEXED BY officer_district"}, {"FROM officer"}},
        .by_region = {{"FROM officer INDEXED BY officer_region"}, {"FROM officer"}},
        .add_filter = add_filter,
        .look_again = look_again,
    };
    return (NamedQuery){.source = &source,
                        .filter = &query->filter,
                        .region = query->region,
                        .terms = query->text == NULL ? NULL : &query->terms,
                        .has_place = query->has_place,
                        .backward = query->backward,
                        .place = query->place};
}

/* --- pages --------------------------------------------------------------------------------------
 */

void officer_page_clear(OfficerPage *page) {
    g_clear_pointer(&page->officers, g_array_unref);
    g_clear_pointer(&page->texts, g_string_chunk_free);
    named_place_clear(&page->first);
    named_place_clear(&page->last);
}

static int compare_ids(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static NamedPlace place_of(const OfficerQuery *query, const Officer *officer) {
    return (NamedPlace){.id = officer->id,
                        .name = query->text == NULL ? g_strdup(officer->name) : NULL};
}

static void set_edges(const OfficerQuery *query, NamedIds *got, OfficerPage *page) {
    bool stopped = got->end.id != 0;
    page->has_next = query->backward || got->has_more || stopped;
    page->has_previous = query->backward ? got->has_more || stopped : query->has_place;
    page->is_partial = stopped;
    if (page->officers->len > 0) {
        page->first = place_of(query, &g_array_index(page->officers, Officer, 0));
        page->last =
            place_of(query, &g_array_index(page->officers, Officer, page->officers->len - 1));
    } else {
        page->has_next = !query->backward && stopped;
    }
    if (stopped) {
        NamedPlace *edge = query->backward ? &page->first : &page->last;
        named_place_clear(edge);
        *edge = got->end;
        got->end = (NamedPlace){0};
    }
}

bool officer_list_page(
    Db *db, const OfficerQuery *query, size_t limit, OfficerPage *ret_page, GError **error) {
    g_auto(NamedIds) got = {0};
    g_auto(OfficerPage) page = {.texts = g_string_chunk_new(8192),
                                .officers = g_array_new(FALSE, FALSE, sizeof(Officer))};
    g_autoptr(GArray) loaded = g_array_new(FALSE, FALSE, sizeof(Officer));
    NamedQuery asked = named(query);
    if (!named_list_read(db, &asked, limit, &got, error) ||
        !load(db, got.ids, page.texts, loaded, error)) {
        return false;
    }
    for (guint i = 0; i < got.ids->len; i++) {
        /* loaded is in id order, and Officer begins with its id */
        const Officer *officer = bsearch(&g_array_index(got.ids, int64_t, i),
                                         loaded->data,
                                         loaded->len,
                                         sizeof(Officer),
                                         compare_ids);
        if (officer != NULL) {
            g_array_append_vals(page.officers, officer, 1);
        }
    }
    set_edges(query, &got, &page);
    *ret_page = page;
    page = (OfficerPage){0};
    return true;
}

bool officer_list_count(
    Db *db, const OfficerQuery *query, int64_t *ret_n, bool *ret_more, GError **error) {
    NamedQuery asked = named(query);
    return named_list_count(db, &asked, ret_n, ret_more, error);
}

bool officer_list_each(
    Db *db, const OfficerQuery *query, OfficerVisitor visit, void *data, GError **error) {
    OfficerQuery at = *query; /* borrows all but the place */
    at.has_place = false;
    at.backward = false;
    at.place = (NamedPlace){0};
    bool good = true;
    for (bool more = true; good && more;) {
        g_auto(OfficerPage) page = {0};
        good = officer_list_page(db, &at, EXPORT_PAGE, &page, error);
        for (guint i = 0; good && i < page.officers->len; i++) {
            good = visit(&g_array_index(page.officers, Officer, i), data, error);
        }
        more = good && page.has_next;
        if (more) {
            named_place_clear(&at.place);
            at.place = page.last;
            page.last = (NamedPlace){0};
            at.has_place = true;
        }
    }
    named_place_clear(&at.place);
    return good;
}
