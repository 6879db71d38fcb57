/* A unit as the public may see it: name, code, address, category and its published records. Never
 * its phone, legal representative or grades. */
#include "base/error.h"
#include "publicity/publicity_pages.h"
#include "publicity/record.h"
#include "publicity/site.h"
#include "registry/region.h"
#include "registry/unit_list.h"

#include <string.h>

#define SHOWN_MAX 20 /* units on one page of an answer */
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

/* The three words of this page; the public has no other filters. */
static const char *get_word(const void *from, const char *name) {
    static const char *const words[] = {"q", "after", "before", NULL};
    return g_strv_contains(words, name) ? request_query(from, name) : NULL;
}

static json_t *units_model(Db *db, const UnitPage *page, const UnitTotal *total) {
    if (page->units->len == 0) {
        return json_null();
    }
    g_autofree char *count = site_count_text(total->n);
    g_autofree char *heading = g_strdup_printf("找到 %s 家%s", count, total->is_more ? "以上" : "");
    json_t *model = json_object();
    json_t *lines = json_array();
    for (guint i = 0; i < page->units->len; i++) {
        json_array_append_new(lines, unit_line(db, &g_array_index(page->units, Unit, i)));
    }
    json_put_text(model, "heading", heading);
    json_put(model, "items", lines);
    return model;
}

/* "/search?q=…" with a place; NULL when there is nothing that way. Caller frees. */
static char *place_url(const UnitQuery *query, const UnitPlace *place, bool before, bool is_there) {
    if (!is_there) {
        return NULL;
    }
    g_autofree char *words = unit_query_string(query, NULL);
    g_autofree char *where = unit_place_string(query, place, before);
    return g_strconcat("/search?", words, "&", where, NULL);
}

static json_t *pager_model(const UnitQuery *query, const UnitPage *page) {
    if (!query->has_place && !page->has_next) {
        return json_null();
    }
    g_autofree char *words = unit_query_string(query, NULL);
    g_autofree char *first = query->has_place ? g_strconcat("/search?", words, NULL) : NULL;
    g_autofree char *previous = place_url(query, &page->first, true, page->has_previous);
    g_autofree char *next = place_url(query, &page->last, false, page->has_next);
    json_t *pager = json_object();
    json_put_text(pager, "first", first);
    json_put_text(pager, "previous", previous);
    json_put_text(pager, "next", next);
    json_put_text(pager, "note", "每页 20 家，按登记先后");
    return pager;
}

static bool put_found(Db *db, const UnitQuery *query, json_t *model, GError **error) {
    g_auto(UnitPage) page = {0};
    if (!unit_list_page(db, query, SHOWN_MAX, &page, error) ||
        (!page.has_total && !unit_list_count(db, query, &page.total, error))) {
        return false;
    }
    json_put_bool(model, "is_searched", true);
    json_put_bool(model, "is_partial", page.is_partial);
    json_put(model, "units", units_model(db, &page, &page.total));
    json_put(model, "pager", pager_model(query, &page));
    return true;
}

Response *search_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(UnitQuery) query = {0};
    const char *problem = NULL;
    bool is_denied = false;
    const char *asked = request_query(req, "q");
    g_autofree char *text = g_strstrip(g_strdup(asked != NULL ? asked : ""));
    g_autoptr(json_t) model = json_object();
    json_put_text(model, "q", text);
    json_put_text(model, "problem", NULL);
    json_put_bool(model, "is_searched", false);
    json_put_bool(model, "is_partial", false);
    json_put(model, "units", json_null());
    json_put(model, "pager", json_null());
    if (*text == '\0') {
        return response_page("publicity/search", g_steal_pointer(&model));
    }
    if (!unit_query_parse(
            get_word, req, REGION_EVERYWHERE, ctx->now_us, &query, &problem, &is_denied)) {
        json_put_text(model, "problem", problem);
        return response_page_status(422, "publicity/search", g_steal_pointer(&model));
    }
    return put_found(ctx->db, &query, model, &error)
               ? response_page("publicity/search", g_steal_pointer(&model))
               : response_problem(error, NULL);
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
