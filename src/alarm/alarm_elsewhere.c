/* Alarms on the pages of other rooms. */
#include "alarm/alarm_pages.h"
#include "base/error.h"
#include "registry/building_section.h"

#define SHOWN 3

bool alarm_building_section(Ctx *ctx, int64_t building_id, json_t *sections, GError **error) {
    AlarmQuery query = {.region = ctx->who->region,
                        .building_id = building_id,
                        .class = -1,
                        .result = -1,
                        .limit = SHOWN};
    if (!principal_may(ctx->who, PERM_SENSING_VIEW)) {
        return true;
    }
    g_autoptr(GPtrArray) list = alarm_list(ctx->db, &query, error);
    if (list == NULL || list->len == 0) {
        return list != NULL;
    }
    json_t *section = building_section_add(sections, "alarms", "报警");
    for (guint i = 0; i < list->len; i++) {
        const Alarm *alarm = list->pdata[i];
        g_autofree char *moment = alarm_moment_zh(alarm->arrived_us, ctx->now_us);
        bool is_over = alarm->state == ALARM_CLOSED;
        g_autofree char *text =
            g_strdup_printf("%s %s，%s",
                            alarm_class_zh(alarm->class),
                            is_over ? alarm_result_zh(alarm->result) : alarm_state_zh(alarm->state),
                            alarm->place);
        building_section_fact(section, moment, text, is_over ? NULL : "b");
    }
    g_autofree char *href =
        g_strdup_printf("/work/alarms/history?building=%" G_GINT64_FORMAT, building_id);
    building_section_link(section, href, "这栋楼的全部报警");
    return true;
}

bool alarm_see_also(
    Db *db, const Matter *matter, const Principal *who, json_t *list, GError **error) {
    int64_t id = 0;
    if (!principal_may(who, PERM_SENSING_VIEW)) {
        return true;
    }
    if (!alarm_of_matter(db, matter->id, &id, error)) {
        return false;
    }
    if (id != 0) {
        json_t *item = json_object();
        g_autofree char *text = g_strdup_printf("报警 %" G_GINT64_FORMAT " 号", id);
        g_autofree char *href = g_strdup_printf("/work/alarms/%" G_GINT64_FORMAT, id);
        json_put_text(item, "text", text);
        json_put_text(item, "href", href);
        json_array_append_new(list, item);
    }
    return true;
}
