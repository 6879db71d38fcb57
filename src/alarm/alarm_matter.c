/* An alarm becomes a matter (requirement G5): what a person has confirmed, and what lasts too long.
 */
#include "account/account.h"
#include "alarm/alarm_internal.h"
#include "alarm/alarm_law.h"
#include "alarm/alarm_store.h"
#include "base/clock.h"
#include "base/error.h"
#include "web/log.h"

#include <string.h>

#define LASTING_AT_ONCE 100
#define MINUTE_US (60 * CLOCK_SECOND_US)

static bool edge_fits(const AlarmMatterRule *rule, EdgeKind kind) {
    return rule->edges == 0 || (rule->edges >> kind & 1u) != 0;
}

/* What the form asks for: where it comes from, what was seen, until when somebody looks. */
static json_t *lead_data(const Alarm *alarm, const AlarmMatterRule *rule, int64_t now_us) {
    json_t *data = json_object();
    g_autofree char *due = clock_format_date(now_us + rule->days * CLOCK_DAY_US);
    g_autofree char *reference = g_strdup_printf("%" G_GINT64_FORMAT, alarm->id);
    g_autofree char *began = clock_format_minute(alarm->began_us);
    g_autofree char *seen = g_strdup_printf("%s：%s %s，%s 开始，%" G_GINT64_FORMAT " 个点位",
                                            rule->name,
                                            alarm->place,
                                            alarm->what,
                                            began,
                                            alarm->points);
    json_put_text(data, "source", rule->source);
    json_put_text(data, "alarm", reference);
    json_put_text(data, "seen", seen);
    json_put_text(data, "due", due);
    return data;
}

static bool
open_by(Db *db, Alarm *alarm, const AlarmMatterRule *rule, const CaseActor *actor, GError **error) {
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = lead_data(alarm, rule, actor->now_us);
    g_autofree char *form = g_strdup_printf("alarm:%" G_GINT64_FORMAT, alarm->id);
    NewMatter matter = {.kind = rule->procedure,
                        .object_kind = alarm->building_id != 0 ? "building" : NULL,
                        .object_id = alarm->building_id,
                        .title = alarm->building_id != 0 ? NULL : alarm->title,
                        .region = alarm->region,
                        .form_id = form};
    CaseAct act = {
        .step = "take", .happened_us = actor->now_us - actor->now_us % MINUTE_US, .data = data};
    int64_t id = 0;
    if (!casework_open(db, actor, &matter, &act, &id, &refusal, error)) {
        return false;
    }
    if (refusal.reason_zh != NULL) {
        log_problem(LOG_LEVEL_WARNING,
                    "alarm.matter",
                    "alarm=%" G_GINT64_FORMAT " rule=%s reason=%s",
                    alarm->id,
                    rule->id,
                    refusal.reason_zh);
    } else {
        alarm->matter_id = id;
    }
    g_autofree char *note =
        refusal.reason_zh != NULL
            ? g_strdup_printf("没有立成案件：%s", refusal.reason_zh)
            : g_strdup_printf("%s（报警规则，%s）", rule->name, rule->source_zh);
    AlarmStep step = {
        .alarm_id = alarm->id, .step = "matter", .time_us = actor->now_us, .note = note};
    return alarm_append_step(db, &step, "alarm.act", alarm, error);
}

bool alarm_open_matter(Db *db, Alarm *alarm, const CaseActor *actor, GError **error) {
    const AlarmRules *rules = alarm_rules(alarm->region, error);
    if (rules == NULL || *alarm->region == '\0') {
        return rules != NULL; /* bound to nothing: no district could take it */
    }
    for (unsigned i = 0; i < rules->matter_count; i++) {
        const AlarmMatterRule *rule = &rules->matters[i];
        if (rule->class == alarm->class && rule->lasting_us == 0 && rule->result == alarm->result &&
            edge_fits(rule, alarm->kind)) {
            return open_by(db, alarm, rule, actor, error);
        }
    }
    return true;
}

/* --- what lasts ---------------------------------------------------------------------------------
 */

typedef struct Lasting {
    const AlarmRules *rules; /* of which `rule` is one */
    const AlarmMatterRule *rule;
    int64_t id, now_us;
    bool is_done;
} Lasting;

static bool lasting_work(Db *db, void *data, GError **error) {
    Lasting *work = data;
    g_auto(Alarm) alarm = {0};
    int64_t head = 0;
    work->is_done = false;
    if (!alarm_store_lock(db, &head, error) || !alarm_find(db, work->id, &alarm, error)) {
        return false;
    }
    if (alarm.matter_id != 0 || alarm.active == 0 || *alarm.region == '\0' ||
        !edge_fits(work->rule, alarm.kind) || alarm_rules(alarm.region, NULL) != work->rules) {
        return true;
    }
    CaseActor system = {.account_id = CASE_SYSTEM_ACCOUNT,
                        .roles = ROLE_BIT(ROLE_DUTY_OFFICER),
                        .region = alarm.region,
                        .now_us = work->now_us};
    work->is_done = true;
    if (!open_by(db, &alarm, work->rule, &system, error)) {
        return false;
    }
    if (alarm.matter_id == 0) {
        alarm.matter_id = -1; /* refused and told: not every minute again */
    }
    return alarm_store_update(db, &alarm, error);
}

static bool open_rule(Db *db,
                      const AlarmRules *rules,
                      const AlarmMatterRule *rule,
                      int64_t now_us,
                      int64_t *count,
                      GError **error) {
    int64_t after = 0;
    for (;;) {
        g_autoptr(GArray) ids = alarm_store_lasting(
            db, rule->class, now_us - rule->lasting_us, after, LASTING_AT_ONCE, error);
        for (guint i = 0; ids != NULL && i < ids->len; i++) {
            Lasting work = {.rules = rules,
                            .rule = rule,
                            .id = g_array_index(ids, int64_t, i),
                            .now_us = now_us};
            after = work.id;
            if (!db_run_tx(db, lasting_work, &work, error)) {
                return false;
            }
            *count += work.is_done;
        }
        if (ids == NULL || ids->len < LASTING_AT_ONCE) {
            return ids != NULL;
        }
    }
}

/* What lasts is judged by the rules of the alarm's own city. */
static bool
open_all(Db *db, const AlarmRules *rules, int64_t now_us, int64_t *count, GError **error) {
    for (unsigned i = 0; i < rules->matter_count; i++) {
        const AlarmMatterRule *rule = &rules->matters[i];
        if (rule->lasting_us != 0 && !open_rule(db, rules, rule, now_us, count, error)) {
            return false;
        }
    }
    return true;
}

bool alarm_open_lasting(Db *db, int64_t now_us, int64_t *ret_count, GError **error) {
    const GPtrArray *all = alarm_rules_all(error);
    int64_t count = 0;
    for (guint i = 0; all != NULL && i < all->len; i++) {
        if (!open_all(db, all->pdata[i], now_us, &count, error)) {
            return false;
        }
    }
    *ret_count = count;
    return all != NULL;
}
