#include "registry/officer_list.h"

#include "base/clock.h"
#include "registry/officer_store.h"

#include <string.h>

/* --- the question -------------------------------------------------------------------------------
 */

void officer_query_clear(OfficerQuery *query) {
    named_ask_clear(&query->ask);
    g_free(query->state_word);
    *query = (OfficerQuery){0};
}

static const char *const state_words[] = {"", "serving", "expiring", "expired", "undated", "left"};

static void set_days(OfficerFilter *filter, int64_t now_us) {
    g_autofree char *today = clock_format_date(now_us);
    g_autofree char *soon = clock_format_date(now_us + OFFICER_WARN_DAYS * CLOCK_DAY_US);
    g_strlcpy(filter->today, today, sizeof filter->today);
    g_strlcpy(filter->soon, soon, sizeof filter->soon);
}

static const char *
read_filter(UnitQueryGet get, const void *from, int64_t now_us, OfficerQuery *query) {
    const char *state = named_word(get, from, "state");
    query->state_word = g_strdup(state);
    query->filter.leads = g_strcmp0(named_word(get, from, "lead"), "1") == 0;
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

bool officer_query_parse(UnitQueryGet get,
                         const void *from,
                         const char *scope_region,
                         int64_t now_us,
                         OfficerQuery *ret_query,
                         const char **ret_problem,
                         bool *ret_denied) {
    *ret_query = (OfficerQuery){.state_word = NULL};
    if (named_ask_parse(get, from, scope_region, &ret_query->ask, ret_problem, ret_denied)) {
        *ret_problem = read_filter(get, from, now_us, ret_query);
    }
    return *ret_problem == NULL;
}

char *officer_query_string(const OfficerQuery *query, const char *without) {
    GString *out = g_string_new(NULL);
    named_ask_add_words(&query->ask, out, without);
    named_add_word(out, "state", query->state_word, without);
    named_add_word(out, "lead", query->filter.leads ? "1" : NULL, without);
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
        add_text(sql, SQL("AND in_post = 1 AND certificate_until >="), filter->today);
        break;
    case OFFICER_EXPIRING:
        add_text(sql, SQL("AND in_post = 1 AND certificate_until >="), filter->today);
        add_text(sql, SQL("AND certificate_until <="), filter->soon);
        break;
    case OFFICER_EXPIRED:
        add_text(sql, SQL("AND in_post = 1 AND certificate_until <"), filter->today);
        break;
    case OFFICER_UNDATED:
        sql_builder_add(sql, SQL("AND in_post = 1 AND certificate_until IS NULL"));
        break;
    case OFFICER_LEFT:
        sql_builder_add(sql, SQL("AND in_post = 0"));
        break;
    }
    if (filter->leads) {
        sql_builder_add(sql, SQL("AND can_lead = 1"));
    }
}

static bool has_filter(const void *data) {
    const OfficerFilter *filter = data;
    return filter->state != OFFICER_ANY || filter->leads;
}

static bool is_wanted(const void *data, const void *row) {
    const OfficerFilter *filter = data;
    const Officer *officer = row;
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
        return officer_may_serve(officer, filter->today);
    case OFFICER_EXPIRING:
        return officer->in_post && expiring;
    case OFFICER_EXPIRED:
        return officer->in_post && expired;
    case OFFICER_UNDATED:
        return officer->in_post && until == NULL;
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

static NamedRow view(const void *row) {
    const Officer *officer = row;
    return (NamedRow){officer->id, officer->name, officer->certificate, officer->region};
}

NamedQuery officer_query_named(const OfficerQuery *query) {
    static const NamedSource source = {
        .kind = SEARCH_OFFICER,
        .columns = {"SELECT id, name, district, in_post, certificate_until, can_lead"},
        .by_name = {{"FROM officer INDEXED BY officer_name"}, {"FROM officer"}},
        .by_district = {{"FROM officer INDEXED BY officer_district"}, {"FROM officer"}},
        .by_region = {{"FROM officer INDEXED BY officer_region"}, {"FROM officer"}},
        .row_size = sizeof(Officer),
        .has_filter = has_filter,
        .add_filter = add_filter,
        .is_wanted = is_wanted,
        .view = view,
        .load = load,
    };
    return (NamedQuery){.source = &source, .filter = &query->filter, .ask = &query->ask};
}
