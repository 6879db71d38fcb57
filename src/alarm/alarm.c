/* What people and the server do to alarms. */
#include "account/account.h"
#include "alarm/alarm_internal.h"
#include "alarm/alarm_law.h"
#include "alarm/alarm_store.h"
#include "alarm/outbox.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"

#include <string.h>

/* --- one step -----------------------------------------------------------------------------------
 */

bool alarm_append_step(
    Db *db, const AlarmStep *step, const char *type, const Alarm *alarm, GError **error) {
    int64_t seq = 0;
    int64_t leaf = 0;
    g_autofree char *object = g_strdup_printf("alarm:%" G_GINT64_FORMAT, step->alarm_id);
    g_autofree char *actor = step->account_id > 0
                                 ? g_strdup_printf("account:%" G_GINT64_FORMAT, step->account_id)
                                 : g_strdup("system");
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "step", step->step);
    json_put_text(payload, "state", alarm_state_word(alarm->state));
    json_put_text(payload, "result", alarm_result_word(alarm->result));
    json_put_text(payload, "note", step->note);
    LedgerEntry entry = {step->time_us, type, actor, object, payload};
    return alarm_store_step(db, step, &seq, error) && ledger_append(db, &entry, &leaf, error) &&
           alarm_store_leaf(db, seq, leaf, error);
}

/* --- acts of people -----------------------------------------------------------------------------
 */

typedef struct Doing {
    const AlarmDoing *doing;
    char *faster; /* who was */
} Doing;

char *alarm_account_name(Db *db, int64_t account_id) {
    g_autoptr(Account) account = account_id <= 0 ? NULL : account_find(db, account_id, NULL);
    return account != NULL   ? g_strdup(account->name)
           : account_id <= 0 ? g_strdup("系统")
                             : g_strdup_printf("账号 %" G_GINT64_FORMAT, account_id);
}

/* "程野 09:12 转 119": the last act that a person has done. */
static char *who_was_faster(Db *db, int64_t alarm_id) {
    g_autoptr(GPtrArray) steps = alarm_steps(db, alarm_id, NULL);
    for (guint i = steps == NULL ? 0 : steps->len; i > 0; i--) {
        const AlarmStep *step = steps->pdata[i - 1];
        AlarmAct act = ALARM_ACT_COUNT;
        if (step->account_id > 0 && alarm_act_parse(step->step, &act)) {
            g_autofree char *name = alarm_account_name(db, step->account_id);
            g_autofree char *minute = clock_format_minute(step->time_us);
            return g_strdup_printf(
                "%s 已在 %s 做了“%s”", name, minute + strlen("2026-11-22 "), alarm_act_zh(act));
        }
    }
    return g_strdup("别人已经处理了这起报警");
}

static bool fails_as_late(Db *db, Doing *work, GError **error) {
    g_free(work->faster);
    work->faster = who_was_faster(db, work->doing->alarm_id);
    return hz_fail(error, HZ_ERROR_CONFLICT, "somebody was faster");
}

static void acknowledge(Alarm *alarm, const AlarmDoing *doing) {
    if (alarm->acknowledged_us == 0) {
        alarm->acknowledged_us = doing->now_us;
        alarm->holder = doing->account_id;
    }
    alarm->due_us = 0; /* somebody is at it: the ladder ends */
    if (alarm->state == ALARM_NEW) {
        alarm->state = ALARM_ACKNOWLEDGED;
    }
}

static void verify(Alarm *alarm, const AlarmDoing *doing, AlarmResult result) {
    acknowledge(alarm, doing);
    if (alarm->result == ALARM_OPEN) {
        alarm->result = result;
        alarm->verified_us = doing->now_us;
    }
    alarm->state = ALARM_VERIFIED;
}

static void close_alarm(Alarm *alarm, const AlarmDoing *doing) {
    alarm->state = ALARM_CLOSED;
    alarm->closed_us = doing->now_us;
}

/* A judgement of "false", "test" or "drill" is taken back with it; a real one stays real, and 119
 * has heard what it has heard. */
static void reopen(Alarm *alarm, const AlarmDoing *doing) {
    alarm->closed_us = 0;
    alarm->holder = doing->account_id;
    if (alarm->result == ALARM_TRUE) {
        alarm->state = alarm->reported_us != 0 ? ALARM_REPORTED : ALARM_VERIFIED;
    } else {
        alarm->state = ALARM_ACKNOWLEDGED;
        alarm->result = ALARM_OPEN;
        alarm->verified_us = 0;
    }
}

static void apply(Alarm *alarm, const AlarmDoing *doing) {
    switch (doing->act) {
    case ALARM_ACT_ACKNOWLEDGE:
    case ALARM_ACT_DISPATCH:
        acknowledge(alarm, doing);
        break;
    case ALARM_ACT_CONFIRM:
        verify(alarm, doing, ALARM_TRUE);
        break;
    case ALARM_ACT_REPORT:
        verify(alarm, doing, ALARM_TRUE);
        alarm->state = ALARM_REPORTED;
        alarm->reported_us = doing->now_us;
        break;
    case ALARM_ACT_FALSE:
    case ALARM_ACT_TEST:
    case ALARM_ACT_DRILL:
        verify(alarm,
               doing,
               doing->act == ALARM_ACT_FALSE  ? ALARM_FALSE
               : doing->act == ALARM_ACT_TEST ? ALARM_TEST
                                              : ALARM_DRILL);
        close_alarm(alarm, doing);
        break;
    case ALARM_ACT_CLOSE:
        close_alarm(alarm, doing);
        break;
    case ALARM_ACT_REOPEN:
        reopen(alarm, doing);
        break;
    case ALARM_ACT_NOTE:
    case ALARM_ACT_COUNT:
        break;
    }
    /* a remark must not make somebody else's press of “转 119” come too late */
    alarm->version += doing->act != ALARM_ACT_NOTE;
}

/* The message to 119: fire, place, what has told it. */
static bool tell_dispatch(Db *db, const Alarm *alarm, const AlarmDoing *doing, GError **error) {
    g_autofree char *began = clock_format_minute(alarm->began_us);
    g_autofree char *subject =
        g_strdup_printf("%s：%s", alarm_class_zh(alarm->class), alarm->title);
    g_autofree char *body =
        g_strdup_printf("%s\n地址：%s\n%s %s\n报警时间：%s\n报警点位：%" G_GINT64_FORMAT
                        " 个\n报警编号：%" G_GINT64_FORMAT,
                        subject,
                        alarm->address,
                        alarm->place,
                        alarm->what,
                        began,
                        alarm->points,
                        alarm->id);
    OutboxTelling telling = {
        "119", alarm->region, alarm->district, alarm->id, subject, body, doing->now_us};
    return outbox_tell(db, outbox_config(), &telling, NULL, error);
}

static bool follow_act(Db *db, Alarm *alarm, const AlarmDoing *doing, GError **error) {
    bool is_confirmed = doing->act == ALARM_ACT_CONFIRM || doing->act == ALARM_ACT_REPORT;
    if (doing->act == ALARM_ACT_REPORT && !tell_dispatch(db, alarm, doing, error)) {
        return false;
    }
    if (!is_confirmed || alarm->matter_id != 0) {
        return true;
    }
    CaseActor actor = {.account_id = doing->account_id,
                       .agency_id = doing->agency_id,
                       .roles = doing->roles,
                       .region = doing->region,
                       .now_us = doing->now_us};
    return alarm_open_matter(db, alarm, &actor, error);
}

static bool do_work(Db *db, void *data, GError **error) {
    Doing *work = data;
    const AlarmDoing *doing = work->doing;
    g_auto(Alarm) alarm = {0};
    bool is_repeated = false;
    bool needs_note = false;
    int64_t head = 0;
    if (!alarm_store_lock(db, &head, error) || !alarm_find(db, doing->alarm_id, &alarm, error) ||
        !alarm_store_token(
            db, doing->token, doing->alarm_id, doing->account_id, &is_repeated, error)) {
        return false;
    }
    if (is_repeated) {
        return true;
    }
    if (alarm.version != doing->version && doing->act != ALARM_ACT_NOTE) {
        return fails_as_late(db, work, error);
    }
    if (!alarm_act_fits(doing->act, &alarm, &needs_note)) {
        return hz_fail(error, HZ_ERROR_INVALID, "the alarm is not in a state for this");
    }
    if (needs_note && *doing->note == '\0') {
        return hz_fail(error, HZ_ERROR_INVALID, "a note is wanted");
    }
    apply(&alarm, doing);
    AlarmStep step = {.alarm_id = alarm.id,
                      .step = alarm_act_word(doing->act),
                      .time_us = doing->now_us,
                      .account_id = doing->account_id,
                      .note = doing->note,
                      .token = doing->token};
    return alarm_append_step(db, &step, "alarm.act", &alarm, error) &&
           follow_act(db, &alarm, doing, error) && alarm_store_update(db, &alarm, error);
}

bool alarm_do(Db *db, const AlarmDoing *doing, char **ret_faster, GError **error) {
    Doing work = {.doing = doing};
    bool good = db_run_tx(db, do_work, &work, error);
    *ret_faster = work.faster;
    if (good) {
        alarm_hint();
    }
    return good;
}

/* --- nobody acts --------------------------------------------------------------------------------
 */

static bool
tell_step(Db *db, const Alarm *alarm, const AlarmLadderStep *step, int64_t now_us, GError **error) {
    g_autofree char *subject = g_strdup_printf("%" G_GINT64_FORMAT " 秒没有人确认的%s：%s",
                                               (now_us - alarm->arrived_us) / CLOCK_SECOND_US,
                                               alarm_class_zh(alarm->class),
                                               alarm->title);
    g_autofree char *body = g_strdup_printf("%s\n地址：%s\n%s %s\n报警编号：%" G_GINT64_FORMAT,
                                            subject,
                                            alarm->address,
                                            alarm->place,
                                            alarm->what,
                                            alarm->id);
    OutboxTelling telling = {
        step->to, alarm->region, alarm->district, alarm->id, subject, body, now_us};
    return outbox_tell(db, outbox_config(), &telling, NULL, error);
}

typedef struct Escalating {
    int64_t id, now_us;
    bool is_done;
} Escalating;

static bool escalate_work(Db *db, void *data, GError **error) {
    Escalating *work = data;
    g_auto(Alarm) alarm = {0};
    int64_t head = 0;
    work->is_done = false;
    if (!alarm_store_lock(db, &head, error) || !alarm_find(db, work->id, &alarm, error)) {
        return false;
    }
    const AlarmRules *rules = alarm_rules(alarm.region, error);
    if (rules == NULL) {
        return false;
    }
    if (alarm.due_us == 0 || alarm.due_us > work->now_us || alarm.state != ALARM_NEW) {
        return true; /* another server, or a person, was faster */
    }
    const AlarmRule *rule = alarm_rule_named(rules, alarm.rule);
    if (rule == NULL || rule->ladder == NULL || alarm.level >= rule->ladder->step_count) {
        alarm.due_us = 0; /* the rules have changed */
        return alarm_store_update(db, &alarm, error);
    }
    const AlarmLadderStep *told = &rule->ladder->steps[alarm.level];
    alarm.level += 1;
    alarm.due_us = alarm_ladder_due(rule, alarm.arrived_us, alarm.level);
    AlarmStep step = {
        .alarm_id = alarm.id, .step = "escalate", .time_us = work->now_us, .note = told->name};
    work->is_done = true;
    return alarm_append_step(db, &step, "alarm.escalate", &alarm, error) &&
           tell_step(db, &alarm, told, work->now_us, error) &&
           alarm_store_update(db, &alarm, error);
}

bool alarm_escalate(Db *db, int64_t now_us, int64_t *ret_count, GError **error) {
    int64_t count = 0;
    g_autoptr(GArray) ids = alarm_store_due(db, now_us, ALARM_DUE_AT_ONCE, error);
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        Escalating work = {.id = g_array_index(ids, int64_t, i), .now_us = now_us};
        if (!db_run_tx(db, escalate_work, &work, error)) {
            return false;
        }
        count += work.is_done;
    }
    *ret_count = count;
    return ids != NULL;
}
