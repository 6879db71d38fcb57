/* What the page of a unit or a building shows of our own inspections. */
#include "inspection/inspection_models.h"
#include "inspection/inspection_store.h"

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
        if (!may_see && row->state != INSPECTION_PUBLISHED) {
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
