/* What a list's address says, whatever the list; the places in it. */
#include "registry/named_list.h"

#include "base/limits.h"

#include <string.h>

void named_place_clear(NamedPlace *place) {
    g_clear_pointer(&place->name, g_free);
    place->id = 0;
}

char *named_place_format(const NamedPlace *place) {
    return place->name == NULL ? g_strdup_printf("%" G_GINT64_FORMAT, place->id)
                               : g_strdup_printf("%" G_GINT64_FORMAT ".%s", place->id, place->name);
}

static bool place_parse(const char *text, bool is_search, NamedPlace *ret_place) {
    char *end = NULL;
    int64_t id = g_ascii_strtoll(text, &end, 10);
    if (end == text || id < 0 || (!is_search && *end != '.')) {
        return false;
    }
    *ret_place = (NamedPlace){.id = id, .name = is_search ? NULL : g_strdup(end + 1)};
    return true;
}

void named_ask_clear(NamedAsk *ask) {
    g_clear_pointer(&ask->text, g_free);
    search_terms_clear(&ask->terms);
    named_place_clear(&ask->place);
}

const char *named_word(UnitQueryGet get, const void *from, const char *name) {
    const char *text = get(from, name);
    return text == NULL || text[strspn(text, " ")] == '\0' ? NULL : text;
}

static const char *read_place(UnitQueryGet get, const void *from, NamedAsk *ask) {
    const char *after = named_word(get, from, "after");
    const char *before = named_word(get, from, "before");
    const char *begin = named_word(get, from, "from");
    const char *text = after != NULL ? after : before;
    if (text != NULL) {
        ask->backward = after == NULL;
        ask->has_place = place_parse(text, ask->text != NULL, &ask->place);
        return ask->has_place ? NULL : "这个网址不完整，请从列表重新进入";
    }
    if (begin != NULL && ask->text == NULL) {
        ask->has_place = true;
        ask->place.name = g_strdup(begin);
    }
    return NULL;
}

/* REGION_EVERYWHERE, the scope of the public, asks for a search only, as in unit_query.h. */
static const char *read_region(
    UnitQueryGet get, const void *from, const char *scope_region, NamedAsk *ask, bool *ret_denied) {
    const char *region = named_word(get, from, "region");
    if (g_strcmp0(scope_region, REGION_EVERYWHERE) == 0 && named_word(get, from, "q") != NULL) {
        g_strlcpy(ask->scope, REGION_EVERYWHERE, sizeof ask->scope);
        g_strlcpy(ask->region, REGION_EVERYWHERE, sizeof ask->region);
        return NULL;
    }
    if (scope_region == NULL || !region_code_parse(scope_region, ask->scope)) {
        *ret_denied = true;
        return "您的帐号还没有辖区";
    }
    if (!region_code_parse(region == NULL ? scope_region : region, ask->region)) {
        memcpy(ask->region, ask->scope, sizeof ask->region);
        return "没有这个区划";
    }
    *ret_denied = !region_is_inside(ask->region, ask->scope);
    return *ret_denied ? "这个区划不在您的辖区" : NULL;
}

bool named_ask_parse(UnitQueryGet get,
                     const void *from,
                     const char *scope_region,
                     NamedAsk *ret_ask,
                     const char **ret_problem,
                     bool *ret_denied) {
    *ret_ask = (NamedAsk){.text = NULL};
    *ret_denied = false;
    const char *text = named_word(get, from, "q");
    *ret_problem = read_region(get, from, scope_region, ret_ask, ret_denied);
    if (*ret_problem == NULL && text != NULL && strlen(text) > LIMIT_SEARCH_TEXT) {
        *ret_problem = "搜索的字太多，最多写 60 个字";
    } else if (*ret_problem == NULL) {
        ret_ask->text = g_strdup(text);
        *ret_problem = text != NULL && !search_terms_parse(text, &ret_ask->terms)
                           ? "搜索至少写两个连续的字"
                           : read_place(get, from, ret_ask);
    }
    return *ret_problem == NULL;
}

void named_add_word(GString *out, const char *name, const char *value, const char *without) {
    if (value != NULL && g_strcmp0(name, without) != 0) {
        g_autofree char *escaped = g_uri_escape_string(value, NULL, false);
        g_string_append_printf(out, out->len == 0 ? "%s=%s" : "&%s=%s", name, escaped);
    }
}

void named_ask_add_words(const NamedAsk *ask, GString *out, const char *without) {
    named_add_word(out, "q", ask->text, without);
    if (strcmp(ask->region, ask->scope) != 0) {
        named_add_word(out, "region", ask->region, without);
    }
}
