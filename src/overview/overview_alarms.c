#include "overview/overview_alarms.h"

#include "alarm/duty.h"
#include "base/clock.h"
#include "overview/overview_models.h"
#include "overview/overview_store.h"

void open_alarms_clear(OpenAlarms *alarms) {
    g_clear_pointer(&alarms->list, g_ptr_array_unref);
    *alarms = (OpenAlarms){.list = NULL};
}

bool open_alarms(Ctx *ctx, const char *region, OpenAlarms *ret_alarms, GError **error) {
    *ret_alarms = (OpenAlarms){.list = NULL};
    ret_alarms->list = alarm_open_list(ctx->db, region, OVERVIEW_ALARMS_MAX, error);
    return ret_alarms->list != NULL &&
           alarm_tally(ctx->db, region, overview_day_begin(ctx->now_us), &ret_alarms->tally, error);
}

unsigned open_alarms_in_district(Ctx *ctx, const OpenAlarms *alarms, int64_t district) {
    unsigned count = 0;
    for (guint i = 0; i < alarms->list->len; i++) {
        const Alarm *alarm = alarms->list->pdata[i];
        count += alarm->district == district ||
                 (alarm->region[0] != '\0' && region_successor(alarm->region) != NULL &&
                  coverage_district_now(ctx->db, alarm->region, ctx->now_us) == district);
    }
    return count;
}

unsigned open_alarms_in_building(const OpenAlarms *alarms, int64_t building_id) {
    unsigned count = 0;
    for (guint i = 0; i < alarms->list->len; i++) {
        count += ((const Alarm *)alarms->list->pdata[i])->building_id == building_id;
    }
    return count;
}

/* "1 分 02 秒", "3 小时 5 分", "2 天". Caller frees. */
static char *age_text(int64_t us) {
    int64_t seconds = MAX(us / CLOCK_SECOND_US, 0);
    return seconds < 60 ? g_strdup_printf("%d 秒", (int)seconds)
           : seconds < 3600
               ? g_strdup_printf("%d 分 %02d 秒", (int)(seconds / 60), (int)(seconds % 60))
           : seconds < 86400
               ? g_strdup_printf("%d 小时 %d 分", (int)(seconds / 3600), (int)(seconds % 3600 / 60))
               : g_strdup_printf("%d 天", (int)(seconds / 86400));
}

json_t *open_alarm_model(const Alarm *alarm, int64_t now_us) {
    json_t *model = json_object();
    g_autofree char *began = moment_text(alarm->arrived_us, now_us);
    g_autofree char *age = age_text(now_us - alarm->arrived_us);
    json_put_int(model, "id", alarm->id);
    put_format(model, "href", "/work/alarms/%" G_GINT64_FORMAT, alarm->id);
    json_put_text(model, "title", alarm->title);
    json_put_text(model, "what", alarm->what);
    json_put_text(model, "class_zh", alarm_class_zh(alarm->class));
    json_put_text(model, "icon", alarm_class_icon(alarm->class));
    json_put_text(model, "state_zh", alarm_state_zh(alarm->state));
    json_put_bool(model, "is_fire", alarm->class == ALARM_FIRE);
    json_put_bool(model, "is_new", alarm->state == ALARM_NEW);
    json_put_text(model, "began", began);
    json_put_text(model, "age", age);
    json_put_int(model, "points", alarm->points);
    return model;
}

void open_alarms_put(json_t *model, const OpenAlarms *alarms, unsigned limit, int64_t now_us) {
    json_t *list = json_array();
    guint shown = MIN(alarms->list->len, limit);
    for (guint i = 0; i < shown; i++) {
        json_array_append_new(list, open_alarm_model(alarms->list->pdata[i], now_us));
    }
    json_put(model, "alarms", list);
    json_put_bool(model, "has_alarms", shown > 0);
    json_put_int(model, "alarm_count", alarms->tally.waiting + alarms->tally.verifying);
    json_put_int(model, "waiting", alarms->tally.waiting);
    json_put_int(model, "verifying", alarms->tally.verifying);
    json_put_int(model, "done_today", alarms->tally.done_today);
    int64_t more = alarms->tally.waiting + alarms->tally.verifying - (int64_t)shown;
    json_put_int(model, "more_alarms", MAX(more, 0));
}

#define CHECKS_LOOKED 50

static void put_checks(json_t *model, const GPtrArray *checks) {
    unsigned answered = 0;
    unsigned over = 0;
    for (guint i = 0; i < checks->len; i++) {
        const DutyCheck *check = checks->pdata[i];
        answered += check->answered_us != 0;
        over += check->answered_us == 0;
    }
    json_put_text(model, "checks", NULL);
    if (checks->len > 0) {
        put_format(model, "checks", "最近 %u 次，应答 %u 次", answered + over, answered);
    }
}

bool forces_put(Ctx *ctx, const char *region, json_t *model, GError **error) {
    DutyQuery query = {.region = region, .limit = CHECKS_LOOKED};
    g_autoptr(GPtrArray) shifts = duty_shifts(ctx->db, region, 1, error);
    g_autoptr(GPtrArray) checks = shifts == NULL ? NULL : duty_checks(ctx->db, &query, error);
    if (checks == NULL) {
        return false;
    }
    json_put_text(model, "shift", NULL);
    if (shifts->len > 0) {
        const DutyShift *shift = shifts->pdata[0];
        g_autofree char *since = moment_text(shift->begun_us, ctx->now_us);
        put_format(
            model, "shift", "%s 起%s", since, shift->taken_us == 0 ? "有人值班" : "的班已交");
    }
    put_checks(model, checks);
    return true;
}
