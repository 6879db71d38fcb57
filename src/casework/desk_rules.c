/* Pure decisions of the desk: groups, words of the days-left signal, whose turn it is. */
#include "account/account.h"
#include "base/clock.h"
#include "casework/desk.h"

#include <string.h>

#define HOUR_US (INT64_C(3600) * CLOCK_SECOND_US)
#define MINUTE_US (INT64_C(60) * CLOCK_SECOND_US)
#define SOON_DAYS 3

static const char *const group_words[DESK_GROUP_COUNT][3] = {{"over", "已逾期", "over"},
                                                             {"today", "今天到期", "now"},
                                                             {"soon", "三个工作日内", "soon"},
                                                             {"later", "之后", ""}};

const char *desk_group_word(DeskGroup group) {
    return group_words[group][0];
}

const char *desk_group_zh(DeskGroup group) {
    return group_words[group][1];
}

const char *desk_group_class(DeskGroup group) {
    return group_words[group][2];
}

bool desk_group_parse(const char *word, DeskGroup *ret_group) {
    for (unsigned i = 0; word != NULL && i < DESK_GROUP_COUNT; i++) {
        if (strcmp(group_words[i][0], word) == 0) {
            *ret_group = (DeskGroup)i;
            return true;
        }
    }
    return false;
}

/* --- groups -------------------------------------------------------------------------------------
 */

/* Day 0, 1970-01-01, was a Thursday. */
static bool is_worked(const LawCalendar *calendar, LawDay day) {
    LawDayKind kind = calendar == NULL ? LAW_DAY_UNKNOWN : law_day_kind(calendar, day, NULL);
    return kind == LAW_DAY_WORKING || kind == LAW_DAY_MAKE_UP ||
           (kind == LAW_DAY_UNKNOWN && (day + 3) % 7 < 5);
}

DeskBounds desk_bounds(int64_t now_us) {
    const LawCalendar *calendar = law_calendar(NULL);
    LawDay today = law_day_of(now_us);
    LawDay day = today;
    /* days without work that follow the third still belong to it: up to the fourth */
    for (int left = SOON_DAYS + 1; left > 0;) {
        day++;
        left -= is_worked(calendar, day);
    }
    return (DeskBounds){
        .now_us = now_us, .today_us = law_day_begin(today + 1), .soon_us = law_day_begin(day)};
}

DeskGroup desk_group(const DeskBounds *bounds, int64_t due_us) {
    return due_us == 0                  ? DESK_LATER
           : due_us <= bounds->now_us   ? DESK_OVER
           : due_us <= bounds->today_us ? DESK_TODAY
           : due_us <= bounds->soon_us  ? DESK_SOON
                                        : DESK_LATER;
}

void desk_group_range(const DeskBounds *bounds,
                      DeskGroup group,
                      int64_t *ret_from_us,
                      int64_t *ret_to_us) {
    const int64_t ends[] = {0, bounds->now_us, bounds->today_us, bounds->soon_us, INT64_MAX};
    *ret_from_us = ends[group];
    *ret_to_us = ends[group + 1];
}

/* --- words --------------------------------------------------------------------------------------
 */

void desk_due_clear(DeskDue *due) {
    g_free(due->big);
    g_free(due->small);
    g_free(due->sentence);
    *due = (DeskDue){0};
}

/* "今天 15:40 前", "11月23日 周一 15:40 前" */
static char *moment_text(int64_t due_us, int64_t now_us) {
    g_autofree char *minute = clock_format_minute(due_us);
    const char *time = minute + strlen("2026-11-22 ");
    LawDay ahead = law_day_of(due_us) - law_day_of(now_us);
    g_autofree char *day = ahead == 0   ? g_strdup("今天")
                           : ahead == 1 ? g_strdup("明天")
                                        : clock_format_day_zh(due_us, now_us);
    return g_strdup_printf("%s %s 前", day, time);
}

static void hours_text(int64_t due_us, int64_t now_us, DeskDue *due) {
    int64_t left_us = due_us - now_us;
    if (due->group != DESK_OVER) {
        due->big = g_strdup_printf(
            "剩 %d 小时 %d 分", (int)(left_us / HOUR_US), (int)(left_us % HOUR_US / MINUTE_US));
        due->small = moment_text(due_us, now_us);
        due->sentence = g_strdup(due->big);
        return;
    }
    g_autofree char *minute = clock_format_minute(due_us);
    g_autofree char *day = clock_format_day_zh(due_us, now_us);
    int64_t hours = -left_us / HOUR_US;
    due->big = hours > 0 ? g_strdup_printf("逾期 %d 小时", (int)hours)
                         : g_strdup_printf("逾期 %d 分钟", (int)(-left_us / MINUTE_US));
    due->small = g_strdup_printf("应于 %s %s", day, minute + strlen("2026-11-22 "));
    due->sentence = g_strdup(due->big);
}

void desk_due(int64_t due_us, LawUnit unit, int64_t now_us, DeskDue *ret_due) {
    DeskBounds bounds = desk_bounds(now_us);
    const LawCalendar *calendar = law_calendar(NULL);
    LawSpan span = {.unit = unit};
    LawDue due = {.is_known = true, .due_us = due_us, .last_day = law_day_of(due_us - 1)};
    *ret_due = (DeskDue){.group = desk_group(&bounds, due_us)};
    if (unit == LAW_HOURS) {
        hours_text(due_us, now_us, ret_due);
        return;
    }
    g_autofree char *day = clock_format_day_zh(due_us - 1, now_us);
    bool is_working = unit == LAW_WORKING_DAYS && calendar != NULL;
    int left = is_working ? law_days_left(calendar, &span, &due, now_us) : 0;
    if (left == 0) { /* days off are counted as such: "0 个工作日" would say that it is today */
        is_working = false;
        left = due.last_day - law_day_of(now_us);
    }
    const char *word = is_working ? "个工作日" : "天";
    if (ret_due->group == DESK_OVER) {
        ret_due->big = g_strdup_printf("逾期 %d %s", -left, word);
        ret_due->small = g_strdup_printf("应于 %s", day);
        ret_due->sentence = g_strdup(ret_due->big);
    } else if (ret_due->group == DESK_TODAY) {
        ret_due->big = g_strdup("今天");
        ret_due->small = g_strdup("下班前");
        ret_due->sentence = g_strdup("今天到期");
    } else {
        ret_due->big = g_strdup_printf("%d %s", left, word);
        ret_due->small = g_strdup(day);
        ret_due->sentence = g_strdup_printf("还剩 %d %s", left, word);
    }
}

/* --- whose turn it is ---------------------------------------------------------------------------
 */

/* The step that has to go before this one, if that is what it lacks. */
static const LawStep *
lacking(const LawProcedure *procedure, const LawStep *step, const LawRefusal *refusal) {
    for (unsigned i = 0; refusal->rule != NULL && i < step->need_count; i++) {
        if (strcmp(step->needs[i].rule, refusal->rule) == 0) {
            return law_step(procedure, step->needs[i].act);
        }
    }
    return NULL;
}

/* May it be taken by somebody whom nothing keeps away? */
static void ask(const LawCase *course, const LawStep *step, int64_t now_us, LawRefusal *refusal) {
    int64_t anybody[CASE_OFFICERS_MAX];
    LawDone done = {.step = step->id, .time_us = now_us, .officers = anybody};
    done.officer_count = casework_anybody(course, step, anybody);
    law_case_may(course, &done, refusal);
}

/* Does it bring the matter on? */
static bool moves(const LawCase *course, const LawStep *step) {
    return !law_step_opens(step) && !step->is_common && !step->is_aside && step->target_count > 0 &&
           law_step_leaves(step, law_case_state(course));
}

/* *ret_later: of acts that wait for a date. */
static uint32_t turn_roles(const LawCase *course, int64_t now_us, uint32_t *ret_later) {
    const LawState *state = law_case_state(course);
    const LawProcedure *procedure = law_case_procedure(course);
    uint32_t roles = 0;
    *ret_later = 0;
    if (state == NULL || state->is_final) {
        return 0;
    }
    for (unsigned i = 0; i < procedure->step_count; i++) {
        const LawStep *step = &procedure->steps[i];
        g_auto(LawRefusal) refusal = {0};
        if (!moves(course, step)) {
            continue;
        }
        ask(course, step, now_us, &refusal);
        const LawStep *before = lacking(procedure, step, &refusal);
        bool waits = refusal.rule != NULL && strcmp(refusal.rule, "not-before") == 0;
        uint32_t turn = before == NULL                   ? step->roles
                        : law_step_leaves(before, state) ? before->roles
                                                         : 0;
        turn = law_case_named(course, step) != NULL ? CASE_NAMED(turn) : turn;
        roles |= waits ? 0 : turn;
        *ret_later |= waits ? turn : 0;
    }
    return roles;
}

/* Acts that wait for a date are somebody's turn if nothing else is. */
uint32_t desk_next_roles(const LawCase *course, int64_t now_us) {
    uint32_t later = 0;
    uint32_t roles = turn_roles(course, now_us, &later);
    return roles != 0 ? roles : later;
}

uint32_t desk_turn(const LawCase *course, int64_t now_us) {
    uint32_t later = 0;
    return turn_roles(course, now_us, &later) & ~(ROLE_PUBLIC_BIT | CASE_NAMED(ROLE_PUBLIC_BIT));
}

char *desk_turn_text(const LawCase *course, int64_t now_us) {
    uint32_t turn = desk_turn(course, now_us);
    g_autofree char *roles = role_set_zh(CASE_NEXT_ROLES(turn));
    return g_strdup_printf("%s%s", roles, (turn & 0xffff) == 0 ? "（本案指定的）" : "");
}

const LawStep *desk_next_anybody(const LawCase *course, int64_t now_us) {
    const LawProcedure *procedure = law_case_procedure(course);
    const LawState *state = law_case_state(course);
    const LawStep *later = NULL;
    for (unsigned i = 0; state != NULL && !state->is_final && i < procedure->step_count; i++) {
        const LawStep *step = &procedure->steps[i];
        g_auto(LawRefusal) refusal = {0};
        if (!moves(course, step)) {
            continue;
        }
        ask(course, step, now_us, &refusal);
        const LawStep *before = lacking(procedure, step, &refusal);
        if (refusal.rule == NULL || before != NULL) {
            return before != NULL ? before : step;
        }
        later = later == NULL ? step : later;
    }
    return later;
}

static bool
may_take(const LawCase *course, const Matter *matter, const CaseActor *actor, const LawStep *step) {
    g_auto(LawRefusal) refusal = {0};
    casework_may(course, matter, actor, step, &refusal);
    return refusal.reason_zh == NULL;
}

const LawStep *desk_next_step(const LawCase *course, const Matter *matter, const CaseActor *actor) {
    const LawProcedure *procedure = law_case_procedure(course);
    for (unsigned i = 0; i < procedure->step_count; i++) {
        const LawStep *step = &procedure->steps[i];
        g_auto(LawRefusal) refusal = {0};
        if (!moves(course, step)) {
            continue;
        }
        casework_may(course, matter, actor, step, &refusal);
        if (refusal.reason_zh == NULL) {
            return step;
        }
        const LawStep *before = lacking(procedure, step, &refusal);
        if (before != NULL && may_take(course, matter, actor, before)) {
            return before;
        }
    }
    return NULL;
}
