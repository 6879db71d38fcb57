/* What pages of other rooms show of inspections, and what their caps count. */
#include "base/clock.h"
#include "inspection/inspection_models.h"
#include "inspection/inspection_store.h"

#include <string.h>

bool inspection_past(Db *db, const PastQuestion *question, GPtrArray *list, GError **error) {
    g_autoptr(GPtrArray) rows =
        inspection_store_of_object(db,
                                   question->is_unit ? OBJECT_UNIT : OBJECT_BUILDING,
                                   question->id,
                                   question->limit,
                                   error);
    if (rows == NULL) {
        return false;
    }
    for (guint i = 0; i < rows->len; i++) {
        const Inspection *row = rows->pdata[i];
        bool may_see = may_see_inspection(question->who, row);
        if (!may_see && !inspection_is_public(row)) {
            continue;
        }
        PastEntry entry = {
            .opened_us = row->inspected_us,
            .href = g_strdup_printf(
                "%s/inspections/%" G_GINT64_FORMAT, may_see ? "/work" : "", row->id),
            .result = conclusion_zh(row),
            .officers = g_strdup_printf("%s、%s", row->lead_name, row->second_name),
            .progress = g_strdup(inspection_state_zh(row->state)),
            .source = g_strdup("本系统"),
        };
        past_list_add(list, &entry);
    }
    return true;
}

static void add_link(json_t *list, const char *href, const char *text) {
    json_t *link = json_object();
    json_put_text(link, "href", href);
    json_put_text(link, "text", text);
    json_array_append_new(list, link);
}

bool inspection_see_also(
    Db *db, const Matter *matter, const Principal *who, json_t *list, GError **error) {
    Inspection *found = NULL;
    if (strcmp(matter->kind, INSPECTION_KIND) != 0) {
        return true;
    }
    if (!inspection_store_of_matter(db, matter->id, &found, error)) {
        return false;
    }
    g_autoptr(Inspection) row = found;
    if (row != NULL && row->draw_id != 0 && principal_may(who, PERM_PLAN_VIEW)) {
        g_autofree char *href = g_strdup_printf("/work/draws/%" G_GINT64_FORMAT, row->draw_id);
        g_autofree char *text = g_strdup_printf("第 %" G_GINT64_FORMAT " 次随机抽查", row->draw_id);
        add_link(list, href, text);
    }
    if (row != NULL && inspection_is_public(row)) {
        g_autofree char *href = g_strdup_printf("/inspections/%" G_GINT64_FORMAT, row->id);
        add_link(list, href, "公开页面");
    }
    if (row != NULL && inspection_is_old_result(row)) {
        g_autofree char *href = g_strdup_printf("/work/inspections/%" G_GINT64_FORMAT, row->id);
        add_link(list, href, "立案以前记录的结果");
    }
    return true;
}

bool inspection_count(Db *db, const CaseCount *count, int64_t *ret_n, GError **error) {
    g_autofree char *from = g_strdup_printf("%d-01-01", count->year);
    g_autofree char *to = g_strdup_printf("%d-01-01", count->year + 1);
    int64_t from_us = 0;
    int64_t to_us = 0;
    bool is_read = clock_parse(from, &from_us) && clock_parse(to, &to_us);
    *ret_n = 0;
    return strcmp(count->cap, "random-checks") != 0 || !is_read ||
           inspection_store_count_drawn(
               db, count->object_kind, count->object_id, from_us, to_us, ret_n, error);
}
