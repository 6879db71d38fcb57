/* A unit as the public may see it: name, code, address, category and its published records. Never
 * its phone, legal representative or grades. */
#include "base/error.h"
#include "base/limits.h"
#include "publicity/publicity_pages.h"
#include "publicity/record.h"
#include "publicity/site.h"
#include "registry/region.h"
#include "registry/search.h"
#include "registry/unit.h"

#include <string.h>

#define SHOWN_MAX 20      /* units in one answer; the person then types more */
#define CANDIDATES_MAX 64 /* rows looked at for them */
#define RECORDS_MAX 50

static char *region_text(Db *db, const char *region) {
    g_autoptr(GError) error = NULL;
    char *text = region == NULL ? NULL : region_full_name(db, region, &error);
    return text != NULL ? text : g_strdup(region != NULL ? region : "未登记");
}

/* --- search ------------------------------------------------------------------------------------
 */

static json_t *unit_line(Db *db, const Unit *unit) {
    g_autofree char *href = g_strdup_printf("/units/%" G_GINT64_FORMAT, unit->id);
    g_autofree char *region = region_text(db, unit->region);
    json_t *line = json_object();
    json_put_text(line, "href", href);
    json_put_text(line, "name", unit->name);
    json_put_text(line, "uscc", unit->uscc);
    json_put_text(line, "address", unit->address);
    json_put_text(line, "region", region);
    return line;
}

/* Appends the candidate if it is a living record that really holds the terms. */
static bool
take_candidate(Db *db, const SearchTerms *terms, int64_t id, json_t *lines, GError **error) {
    g_auto(Unit) unit = {0};
    if (!unit_find(db, id, &unit, error)) {
        return false;
    }
    const char *fields[] = {unit.name, unit.uscc, unit.address};
    if (unit.merged_into == 0 && search_terms_match(terms, fields, G_N_ELEMENTS(fields))) {
        json_array_append_new(lines, unit_line(db, &unit));
    }
    return true;
}

/* Lines of at most SHOWN_MAX units; *ret_more: there may be others. */
static bool
find_units(Db *db, const SearchTerms *terms, json_t *lines, bool *ret_more, GError **error) {
    g_auto(SearchQuery) query = {0};
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!search_prepare(db, SEARCH_UNIT, terms, NULL, &query, error) ||
        !search_candidates(db, &query, 0, false, CANDIDATES_MAX, ids, error)) {
        return false;
    }
    guint i = 0;
    for (; i < ids->len && json_array_size(lines) < SHOWN_MAX; i++) {
        if (!take_candidate(db, terms, g_array_index(ids, int64_t, i), lines, error)) {
            return false;
        }
    }
    *ret_more = i < ids->len || ids->len == CANDIDATES_MAX;
    return true;
}

static json_t *units_model(json_t *lines, bool more) {
    size_t count = json_array_size(lines);
    if (count == 0) {
        json_decref(lines);
        return json_null();
    }
    g_autofree char *heading =
        more ? g_strdup_printf("前 %zu 家", count) : g_strdup_printf("找到 %zu 家", count);
    json_t *model = json_object();
    json_put_text(model, "heading", heading);
    json_put(model, "items", lines);
    json_put_text(model, "more", more ? "还有更多。多写几个字，或者用信用代码再查。" : NULL);
    return model;
}

Response *search_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    const char *asked = request_query(req, "q");
    g_autofree char *text = g_strstrip(g_strdup(asked != NULL ? asked : ""));
    json_t *model = json_object();
    json_put_text(model, "q", text);
    json_put_text(model, "problem", NULL);
    json_put_bool(model, "is_searched", false);
    json_put(model, "units", json_null());
    if (*text == '\0') {
        return response_page("publicity/search", model);
    }
    g_auto(SearchTerms) terms = {0};
    if (strlen(text) > LIMIT_SEARCH_TEXT || !search_terms_parse(text, &terms)) {
        json_put_text(model, "problem", "写连着的两个字以上，最多 60 个字");
        return response_page_status(422, "publicity/search", model);
    }
    json_t *lines = json_array();
    bool more = false;
    if (!find_units(ctx->db, &terms, lines, &more, &error)) {
        json_decref(lines);
        json_decref(model);
        return response_problem(error, NULL);
    }
    json_put_bool(model, "is_searched", true);
    json_put(model, "units", units_model(lines, more));
    return response_page("publicity/search", model);
}

/* --- one unit ----------------------------------------------------------------------------------
 */

static json_t *unit_model(Db *db, const Unit *unit) {
    const UseCategory *category = category_get(unit->category);
    g_autofree char *region = region_text(db, unit->region);
    json_t *model = json_object();
    json_put_int(model, "id", unit->id);
    json_put_text(model, "name", unit->name);
    json_put_text(model, "uscc", unit->uscc);
    json_put_text(model, "address", unit->address);
    json_put_text(model, "region", region);
    json_put_text(model, "category", category != NULL ? category->name_zh : "未登记");
    return model;
}

Response *unit_public_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    g_auto(Unit) unit = {0};
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    if (!unit_find(ctx->db, id, &unit, &error)) {
        return response_problem(error, NULL);
    }
    if (unit.merged_into != 0) { /* links to a record that was merged lead to the one that stays */
        g_autofree char *kept = g_strdup_printf("/units/%" G_GINT64_FORMAT, unit.merged_into);
        return response_redirect(kept);
    }
    RecordFilter filter = {.unit_id = id, .limit = RECORDS_MAX};
    g_autoptr(GPtrArray) records = record_list(ctx->db, &filter, &error);
    if (records == NULL) {
        return response_problem(error, NULL);
    }
    json_t *model = unit_model(ctx->db, &unit);
    g_autofree char *summary = records->len == 0
                                   ? g_strdup("没有公开的抽查或检查记录。")
                                   : g_strdup_printf("公开记录 %u 条，新的在前。", records->len);
    json_put_text(model, "summary", summary);
    json_put(model, "records", record_items_model(records, ctx->now_us));
    return response_page("publicity/unit", model);
}
