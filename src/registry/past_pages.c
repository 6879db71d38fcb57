/* Past inspections on the page of a unit or a building: imported and our own in one list. */
#include "base/clock.h"
#include "registry/past_store.h"
#include "registry/registry_pages.h"

#include <string.h>

#define PAST_MAX 100

static void free_entry(void *data) {
    PastEntry *entry = data;
    g_free(entry->href);
    g_free(entry->result);
    g_free(entry->officers);
    g_free(entry->item_code);
    g_free(entry->progress);
    g_free(entry->source);
    g_free(entry);
}

GPtrArray *past_list_new(void) {
    return g_ptr_array_new_with_free_func(free_entry);
}

void past_list_add(GPtrArray *list, const PastEntry *entry) {
    g_ptr_array_add(list, g_memdup2(entry, sizeof *entry));
}

/* Newest first; those without a day last. The sort is stable. */
static gint by_age(gconstpointer first, gconstpointer second) {
    const PastEntry *a = *(const PastEntry *const *)first;
    const PastEntry *b = *(const PastEntry *const *)second;
    return a->opened_us == b->opened_us ? 0 : a->opened_us > b->opened_us ? -1 : 1;
}

static json_t *line_model(const PastEntry *entry) {
    json_t *line = json_object();
    page_put_day(line, "opened", entry->opened_us, "未登记");
    json_put_text(line, "href", entry->href);
    json_put_text(line, "result", entry->result);
    json_put_text(line, "officers", entry->officers);
    json_put_text(line, "item_code", entry->item_code);
    json_put_text(line, "progress", entry->progress);
    json_put_text(line, "source", entry->source);
    return line;
}

bool page_put_past(Ctx *ctx, json_t *model, const char *kind, int64_t id, GError **error) {
    PastQuestion question = {
        .who = ctx->who, .is_unit = strcmp(kind, "unit") == 0, .id = id, .limit = PAST_MAX + 1};
    g_autoptr(GPtrArray) list = past_list_new();
    for (const PastSource *source = past_sources; *source != NULL; source++) {
        if (!(*source)(ctx->db, &question, list, error)) {
            return false;
        }
    }
    if (!past_store_list(ctx->db, &question, list, error)) {
        return false;
    }
    g_ptr_array_sort(list, by_age);
    json_t *lines = json_array();
    for (guint i = 0; i < list->len && i < PAST_MAX; i++) {
        json_array_append_new(lines, line_model(list->pdata[i]));
    }
    json_put_bool(model, "has_past", list->len > 0);
    json_put_bool(model, "has_more_past", list->len > PAST_MAX);
    json_put(model, "past", lines);
    return true;
}
