/* What a list of matters is asked for. */
#include "casework/matter_filter.h"

#include "account/account.h"
#include "base/clock.h"
#include "base/limits.h"
#include "registry/region.h"

#include <string.h>

void matter_filter_clear(MatterFilter *filter) {
    search_terms_clear(&filter->terms);
    *filter = (MatterFilter){0};
}

static bool read_due(const MatterReader *reader, MatterFilter *filter) {
    DeskGroup group;
    int64_t day_us;
    DeskBounds bounds = desk_bounds(reader->now_us);
    if (desk_group_parse(filter->due, &group)) {
        desk_group_range(&bounds, group, &filter->query.due_after_us, &filter->query.due_to_us);
        return true;
    }
    if (strcmp(filter->due, MATTER_NEAR) == 0) {
        filter->query.due_after_us = bounds.now_us;
        filter->query.due_to_us = bounds.soon_us;
        return true;
    }
    if (strlen(filter->due) != strlen("2026-11-30") || !clock_parse(filter->due, &day_us)) {
        return false;
    }
    filter->due_day = law_day_of(day_us);
    filter->query.due_after_us = law_day_begin(filter->due_day);
    filter->query.due_to_us = law_day_begin(filter->due_day + 1);
    return true;
}

static const char *asked(MatterWord word, const void *from, const char *name) {
    const char *text = word(from, name);
    return text == NULL || text[strspn(text, " ")] == '\0' ? NULL : text;
}

static const char *read_search(MatterFilter *filter) {
    if (filter->q == NULL) {
        return NULL;
    }
    filter->query.terms = &filter->terms;
    if (strlen(filter->q) > LIMIT_SEARCH_TEXT) {
        return "搜索的字太多，最多写 60 个字";
    }
    return search_terms_parse(filter->q, &filter->terms) ? NULL : "搜索至少写两个连续的字";
}

static const char *read_open(const MatterReader *reader, MatterFilter *filter) {
    Role role;
    if (filter->due != NULL && !read_due(reader, filter)) {
        return "到期要写成一天，例如 2026-11-30";
    }
    if (filter->next != NULL && !role_parse(filter->next, &role)) {
        return "没有这个角色";
    }
    filter->query.next_roles =
        filter->next == NULL ? 0 : ROLE_BIT(role) | CASE_NAMED(ROLE_BIT(role));
    return NULL;
}

const char *matter_filter_read(MatterWord word,
                               const void *from,
                               const MatterReader *reader,
                               MatterFilter *ret_filter) {
    guint64 person = 0;
    char code[REGION_CODE_MAX + 1];
    *ret_filter = (MatterFilter){.q = asked(word, from, "q"),
                                 .kind = asked(word, from, "kind"),
                                 .due = asked(word, from, "due"),
                                 .next = asked(word, from, "next"),
                                 .person = asked(word, from, "person"),
                                 .region = asked(word, from, "region"),
                                 .is_mine = asked(word, from, "mine") != NULL};
    MatterQuery *query = &ret_filter->query;
    query->region = ret_filter->region != NULL ? ret_filter->region : reader->region;
    query->kind = ret_filter->kind;
    query->closed = g_strcmp0(ret_filter->due, "closed") == 0 ||
                    g_strcmp0(asked(word, from, "closed"), "1") == 0;
    query->limit = LIMIT_PAGE_ROWS;
    if (query->closed) {
        ret_filter->due = NULL; /* nothing runs in a closed matter, and nobody's turn it is */
        ret_filter->next = NULL;
    }
    if (ret_filter->person != NULL &&
        !g_ascii_string_to_unsigned(ret_filter->person, 10, 1, G_MAXINT64, &person, NULL)) {
        return "没有这个账号";
    }
    if (ret_filter->region != NULL && (!region_code_parse(ret_filter->region, code) ||
                                       !region_is_inside(ret_filter->region, reader->region))) {
        query->region = reader->region;
        return "这个地方不在您的辖区";
    }
    query->account_id = ret_filter->is_mine ? reader->account_id : (int64_t)person;
    query->officer_id = ret_filter->is_mine ? reader->officer_id : 0;
    const char *problem = read_open(reader, ret_filter);
    return problem != NULL ? problem : read_search(ret_filter);
}

static void add(GString *out, const char *name, const char *value, const char *without) {
    if (value != NULL && g_strcmp0(name, without) != 0) {
        g_autofree char *escaped = g_uri_escape_string(value, NULL, false);
        g_string_append_printf(out, out->len == 0 ? "%s=%s" : "&%s=%s", name, escaped);
    }
}

char *matter_filter_words(const MatterFilter *filter, const char *without) {
    GString *out = g_string_new(NULL);
    add(out, "q", filter->q, without);
    add(out, "kind", filter->kind, without);
    add(out, "due", filter->query.closed ? "closed" : filter->due, without);
    add(out, "next", filter->next, without);
    add(out, "person", filter->person, without);
    add(out, "region", filter->region, without);
    add(out, "mine", filter->is_mine ? "1" : NULL, without);
    return g_string_free(out, FALSE);
}
