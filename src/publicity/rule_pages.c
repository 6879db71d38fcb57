/* /rules: every rule that the program applies, with its source, its doubt and its days (J4). */
#include "base/clock.h"
#include "publicity/publicity_pages.h"
#include "publicity/rule_models.h"

#include <string.h>

/* --- what was asked for -----------------------------------------------------------------------
 */

Response *rule_question(const Ctx *ctx, const Request *req, RuleQuestion *ret_question) {
    g_autoptr(GError) error = NULL;
    const char *city = request_query(req, "city");
    const char *date = request_query(req, "date");
    const char *const *cities = law_cities(&error);
    *ret_question = (RuleQuestion){.city = LAW_NATIONAL, .time_us = ctx->now_us};
    for (size_t i = 0; city != NULL && cities != NULL && cities[i] != NULL; i++) {
        ret_question->city = strcmp(cities[i], city) == 0 ? cities[i] : ret_question->city;
    }
    if (date != NULL && strlen(date) == strlen("2026-11-22")) {
        clock_parse(date, &ret_question->time_us); /* else: today */
    }
    ret_question->book = law_book(ret_question->city, &error);
    return ret_question->book == NULL ? response_problem(error, NULL) : NULL;
}

void rule_put_question(json_t *model, const RuleQuestion *question) {
    json_t *options = json_array();
    const char *const *cities = law_cities(NULL);
    for (size_t i = 0; cities != NULL && cities[i] != NULL; i++) {
        const LawBook *book = law_book(cities[i], NULL);
        form_option(options, cities[i], law_book_zh(book), cities[i] == question->city);
    }
    g_autofree char *date = clock_format_date(question->time_us);
    json_put(model, "cities", options);
    json_put_text(model, "city", question->city);
    json_put_text(model, "city_zh", law_book_zh(question->book));
    json_put_text(model, "date", date);
}

/* --- the list ---------------------------------------------------------------------------------
 */

/* Any of its words: name, id, source. */
static bool speaks_of(const LawEntry *entry, const char *text) {
    return text[0] == '\0' || strstr(entry->name, text) != NULL ||
           strstr(entry->id, text) != NULL ||
           (entry->basis_zh != NULL && strstr(entry->basis_zh, text) != NULL);
}

static bool is_valid_at(const LawEntry *entry, int64_t time_us) {
    return entry->from_us <= time_us && time_us < entry->to_us;
}

static json_t *item_model(const RuleQuestion *question, LawKind kind, const LawEntry *entry) {
    bool is_article = kind == LAW_KIND_ARTICLE;
    g_autofree char *valid = rule_validity_zh(entry);
    g_autofree char *href =
        is_article ? NULL : law_rule_href(question->book, kind, entry->id, question->time_us);
    g_auto(GStrv) parts = is_article ? g_strsplit(entry->id, "/", 2) : NULL;
    bool is_number = is_article && strspn(parts[1], "0123456789") == strlen(parts[1]);
    g_autofree char *article = !is_article ? NULL
                               : is_number ? g_strdup_printf("%s第%s条", parts[0], parts[1])
                                           : g_strconcat(parts[0], parts[1], NULL);
    json_t *item = json_object();
    json_put_text(item, "kind_zh", law_kind_zh(kind));
    json_put_text(item, "id", entry->id);
    json_put_text(item, "name", is_article ? article : entry->name);
    json_put_text(item, "gist", is_article ? entry->name : NULL);
    json_put_text(item, "href", href);
    json_put_text(item, "basis", entry->basis_zh);
    json_put_text(item, "confidence", law_confidence_zh(entry->confidence));
    json_put_bool(item, "is_sure", entry->confidence == LAW_TEXT);
    json_put_text(item, "valid", valid);
    return item;
}

typedef struct Tally {
    unsigned count, of[3]; /* by LawConfidence */
} Tally;

static json_t *items_model(const RuleQuestion *question, int kind, const char *text, Tally *tally) {
    json_t *items = json_array();
    for (unsigned k = 0; k < LAW_KIND_COUNT; k++) {
        const GPtrArray *entries = law_entries(question->book, (LawKind)k);
        for (guint i = 0; (kind < 0 || k == (unsigned)kind) && i < entries->len; i++) {
            const LawEntry *entry = entries->pdata[i];
            if (is_valid_at(entry, question->time_us) && speaks_of(entry, text)) {
                json_array_append_new(items, item_model(question, (LawKind)k, entry));
                tally->count++;
                tally->of[entry->confidence]++;
            }
        }
    }
    return items;
}

Response *rules_page(Ctx *ctx, const Request *req) {
    RuleQuestion question;
    Response *problem = rule_question(ctx, req, &question);
    if (problem != NULL) {
        return problem;
    }
    LawKind kind = LAW_KIND_COUNT;
    bool is_kind = law_kind_parse(request_query(req, "kind"), &kind);
    const char *sent = request_query(req, "q");
    g_autofree char *text = g_strstrip(g_strdup(sent == NULL ? "" : sent));
    Tally tally = {.count = 0};
    json_t *model = json_object();
    json_t *kinds = json_array();
    json_t *items = items_model(&question, is_kind ? (int)kind : -1, text, &tally);
    form_option(kinds, "", "全部种类", !is_kind);
    for (unsigned k = 0; k < LAW_KIND_COUNT; k++) {
        form_option(kinds,
                    law_kind_word((LawKind)k),
                    law_kind_zh((LawKind)k),
                    is_kind && k == (unsigned)kind);
    }
    rule_put_question(model, &question);
    json_put(model, "kinds", kinds);
    json_put_text(model, "q", text);
    json_put(model, "items", items);
    json_put_int(model, "count", tally.count);
    json_put_int(model, "count_text", tally.of[LAW_TEXT]);
    json_put_int(model, "count_secondary", tally.of[LAW_SECONDARY]);
    json_put_int(model, "count_memory", tally.of[LAW_MEMORY]);
    return response_page("publicity/rules", model);
}

/* --- one rule ---------------------------------------------------------------------------------
 */

static json_t *articles_model(const RuleQuestion *question, const LawEntry *entry) {
    json_t *list = json_array();
    for (size_t i = 0; entry->basis != NULL && entry->basis[i] != NULL; i++) {
        const LawEntry *article =
            law_entry_near(question->book, LAW_KIND_ARTICLE, entry->basis[i], question->time_us);
        json_t *line = item_model(question, LAW_KIND_ARTICLE, article);
        json_put_text(line, "instrument", ((const LawArticle *)(const void *)article)->instrument);
        json_array_append_new(list, line);
    }
    return list;
}

/* The editions of the rule: each holds on days of its own. */
static json_t *editions_model(const RuleQuestion *question, LawKind kind, const LawEntry *shown) {
    json_t *list = json_array();
    const GPtrArray *entries = law_entries(question->book, kind);
    for (guint i = 0; i < entries->len; i++) {
        const LawEntry *entry = entries->pdata[i];
        if (strcmp(entry->id, shown->id) != 0 || entry == shown) {
            continue;
        }
        g_autofree char *valid = rule_validity_zh(entry);
        g_autofree char *href = law_rule_href(question->book, kind, entry->id, entry->from_us);
        json_t *line = json_object();
        json_put_text(line, "name", entry->name);
        json_put_text(line, "valid", valid);
        json_put_text(line, "href", href);
        json_array_append_new(list, line);
    }
    return list;
}

Response *rule_page(Ctx *ctx, const Request *req) {
    RuleQuestion question;
    LawKind kind;
    Response *problem = rule_question(ctx, req, &question);
    if (problem != NULL) {
        return problem;
    }
    const LawEntry *entry =
        !law_kind_parse(request_arg(req, "kind"), &kind) || kind == LAW_KIND_ARTICLE
            ? NULL
            : law_entry_near(question.book, kind, request_arg(req, "id"), question.time_us);
    if (entry == NULL) {
        return response_not_found();
    }
    json_t *model = item_model(&question, kind, entry);
    g_autoptr(GPtrArray) examples = law_examples_about(question.book, kind, entry->id);
    json_t *names = json_array();
    for (guint i = 0; i < examples->len; i++) {
        json_array_append_new(names, json_string(examples->pdata[i]));
    }
    rule_put_question(model, &question);
    rule_put_body(model, &question, kind, entry);
    rule_put_try(model, req, &question, kind, entry);
    json_put_text(model, "kind", law_kind_word(kind));
    json_put_text(model, "doubt", rule_doubt_zh(entry->confidence));
    json_put_bool(model, "is_in_force", is_valid_at(entry, question.time_us));
    json_put(model, "articles", articles_model(&question, entry));
    json_put(model, "editions", editions_model(&question, kind, entry));
    json_put_int(model, "example_count", examples->len);
    json_put(model, "examples", names);
    return response_page("publicity/rule", model);
}
