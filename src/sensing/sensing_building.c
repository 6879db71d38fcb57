/* What the page of a building shows of its devices. */
#include "sensing/sensing_building.h"

#include "base/clock.h"
#include "sensing/sensing_names.h"
#include "sensing/sensing_state.h"

static void add_system(json_t *section, const SystemState *system) {
    g_autofree char *name = system_type_text(system->system_type);
    g_autoptr(GString) text = g_string_new(NULL);
    const struct {
        int64_t n;
        const char *word;
    } parts[] = {{system->fire, "火警"}, {system->fault, "故障"}, {system->shield, "屏蔽"}};
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (parts[i].n > 0) {
            g_string_append_printf(text, "%s %" G_GINT64_FORMAT " 处，", parts[i].word, parts[i].n);
        }
    }
    bool is_good = text->len == 0;
    g_string_append_printf(
        text, "%s共 %" G_GINT64_FORMAT " 个点位", is_good ? "正常，" : "", system->points);
    if (system->offline > 0) {
        g_string_append_printf(text, "，%" G_GINT64_FORMAT " 个失去联系", system->offline);
    }
    const char *class = system->fire + system->fault > 0       ? "b"
                        : system->shield + system->offline > 0 ? "w"
                                                               : "k";
    building_section_fact(section, name, text->str, class);
}

bool sensing_building_section(Ctx *ctx, int64_t building_id, json_t *sections, GError **error) {
    g_auto(BuildingState) state = {0};
    if (!principal_may(ctx->who, PERM_SENSING_VIEW)) {
        return true;
    }
    if (!sensing_building_state(ctx->db, building_id, &state, error)) {
        return false;
    }
    json_t *section = building_section_add(sections, "sensing", "物联设备和设施状态");
    if (state.devices == 0) {
        building_section_fact(section, "设备", "没有登记在这栋建筑的设备", NULL);
        return true;
    }
    g_autofree char *devices =
        g_strdup_printf("%" G_GINT64_FORMAT " 台，%" G_GINT64_FORMAT " 台失去联系",
                        state.devices,
                        state.offline_devices);
    g_autofree char *seen = state.seen_us == 0 ? NULL : clock_format_minute(state.seen_us);
    building_section_fact(section, "设备", devices, state.offline_devices > 0 ? "b" : "k");
    building_section_fact(section, "最后联系", seen == NULL ? "从来没有" : seen, NULL);
    for (guint i = 0; i < state.systems->len; i++) {
        add_system(section, &g_array_index(state.systems, SystemState, i));
    }
    g_autofree char *list =
        g_strdup_printf("/work/devices?building=%" G_GINT64_FORMAT, building_id);
    g_autofree char *faults =
        g_strdup_printf("/work/facilities/faults?building=%" G_GINT64_FORMAT, building_id);
    g_autofree char *shields =
        g_strdup_printf("/work/facilities/shields?building=%" G_GINT64_FORMAT, building_id);
    building_section_link(section, list, "看这些设备");
    building_section_link(section, faults, "故障台账");
    building_section_link(section, shields, "屏蔽台账");
    return true;
}
