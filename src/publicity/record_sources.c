/* Turns what other rooms have published into lines of the public list. */
#include "publicity/record_sources.h"

#include "base/clock.h"
#include "draw/draw_public.h"
#include "inspection/inspection.h"
#include "publicity/site.h"

/* Strictly older than (before_us, before_id) as the rooms below ask for it: their id 0 means "from
 * the newest", ours "everything of that moment is too young". */
static void put_before(int64_t before_us, int64_t before_id, int64_t *ret_us, int64_t *ret_id) {
    *ret_us = before_id == 0 ? before_us - 1 : before_us;
    *ret_id = before_id == 0 ? G_MAXINT64 : before_id;
}

static PublicRecord *add_record(GPtrArray *records, RecordKind kind, int64_t id, int64_t time_us) {
    PublicRecord *record = g_new0(PublicRecord, 1);
    record->kind = kind;
    record->id = id;
    record->time_us = time_us;
    record->ledger_index = -1;
    g_ptr_array_add(records, record);
    return record;
}

bool inspection_records(Db *db,
                        const RecordFilter *filter,
                        int64_t before_us,
                        int64_t before_id,
                        GPtrArray *records,
                        GError **error) {
    PublicInspectionFilter wanted = {.from_us = filter->from_us,
                                     .to_us = filter->to_us,
                                     .unit_id = filter->unit_id,
                                     .limit = (unsigned)filter->limit};
    put_before(before_us, before_id, &wanted.before_us, &wanted.before_id);
    g_autoptr(GPtrArray) found = inspection_public_list(db, &wanted, error);
    if (found == NULL) {
        return false;
    }
    for (guint i = 0; i < found->len; i++) {
        const Inspection *one = g_ptr_array_index(found, i);
        PublicRecord *record = add_record(records, RECORD_INSPECTION, one->id, one->published_us);
        g_autofree char *day = clock_format_date(one->inspected_us);
        record->title = one->failed == 0 ? g_strdup_printf("%s：未发现问题", one->object_name)
                                         : g_strdup_printf("%s：发现 %" G_GINT64_FORMAT " 项问题",
                                                           one->object_name,
                                                           one->failed);
        record->detail = g_strdup_printf("%s 检查", day);
        record->ledger_index = one->publish_leaf;
    }
    return true;
}

static const char *counter_zh(const PublicDrawEntry *entry) {
    return entry->is_of_buildings ? "栋" : "家";
}

static PublicDrawFilter
draw_filter(const RecordFilter *filter, int64_t before_us, int64_t before_id) {
    return (PublicDrawFilter){.from_us = filter->from_us,
                              .to_us = filter->to_us,
                              .unit_id = filter->unit_id,
                              .before_us = before_us,
                              .before_id = before_id,
                              .limit = (unsigned)filter->limit};
}

bool plan_records(Db *db,
                  const RecordFilter *filter,
                  int64_t before_us,
                  int64_t before_id,
                  GPtrArray *records,
                  GError **error) {
    if (filter->unit_id != 0) {
        return true; /* a plan names no unit */
    }
    PublicDrawFilter wanted = draw_filter(filter, before_us, before_id);
    g_autoptr(GPtrArray) found = plan_public_list(db, &wanted, error);
    if (found == NULL) {
        return false;
    }
    for (guint i = 0; i < found->len; i++) {
        const PublicDrawEntry *one = g_ptr_array_index(found, i);
        PublicRecord *record = add_record(records, RECORD_PLAN, one->id, one->published_us);
        record->title = g_strdup(one->title);
        g_autofree char *objects = site_count_text(one->objects);
        record->detail = g_strdup_printf(
            "%" G_GINT64_FORMAT " 年计划抽查 %s %s", one->year, objects, counter_zh(one));
    }
    return true;
}

bool draw_records(Db *db,
                  const RecordFilter *filter,
                  int64_t before_us,
                  int64_t before_id,
                  GPtrArray *records,
                  GError **error) {
    PublicDrawFilter wanted = draw_filter(filter, before_us, before_id);
    g_autoptr(GPtrArray) found = draw_public_list(db, &wanted, error);
    if (found == NULL) {
        return false;
    }
    for (guint i = 0; i < found->len; i++) {
        const PublicDrawEntry *one = g_ptr_array_index(found, i);
        PublicRecord *record = add_record(records, RECORD_DRAW, one->id, one->published_us);
        record->title = g_strdup(one->title);
        record->ledger_index = one->publish_leaf;
        g_autofree char *eligible = site_count_text(one->eligible);
        g_autofree char *drawn = site_count_text(one->objects);
        record->detail = g_strdup_printf("从 %s %s里抽出 %s %s，任何人都能重算一遍",
                                         eligible,
                                         counter_zh(one),
                                         drawn,
                                         counter_zh(one));
    }
    return true;
}
