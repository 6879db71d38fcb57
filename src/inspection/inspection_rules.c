/* Words and days of inspections. */
#include "inspection/inspection_rules.h"

#include "base/clock.h"
#include "inspection/inspection.h"
#include "law/law_calendar.h"

#include <string.h>

#define SHANGHAI_US (8 * 3600 * CLOCK_SECOND_US)

/* --- words -------------------------------------------------------------------------------------
 */

static const char *const state_words[INSPECTION_STATE_COUNT][2] = {
    {"planned", "待检查"}, {"recorded", "待公开"}, {"published", "已公开"}, {"closed", "已终止"}};
static const char *const answer_words[ANSWER_COUNT][2] = {
    {"pass", "合格"}, {"fail", "不合格"}, {"na", "不适用"}};

const char *object_kind_word(ObjectKind kind) {
    return kind == OBJECT_BUILDING ? "building" : "unit";
}

const char *inspection_state_word(InspectionState state) {
    return state_words[state][0];
}

const char *inspection_state_zh(InspectionState state) {
    return state_words[state][1];
}

bool inspection_state_parse(const char *word, InspectionState *ret_state) {
    for (unsigned state = 0; word != NULL && state < INSPECTION_STATE_COUNT; state++) {
        if (strcmp(state_words[state][0], word) == 0) {
            *ret_state = (InspectionState)state;
            return true;
        }
    }
    return false;
}

const char *answer_word(Answer answer) {
    return answer_words[answer][0];
}

const char *answer_zh(Answer answer) {
    return answer_words[answer][1];
}

bool answer_parse(const char *word, Answer *ret_answer) {
    for (unsigned answer = 0; word != NULL && answer < ANSWER_COUNT; answer++) {
        if (strcmp(answer_words[answer][0], word) == 0) {
            *ret_answer = (Answer)answer;
            return true;
        }
    }
    return false;
}

/* --- days --------------------------------------------------------------------------------------
 */

static int64_t day_number(int64_t time_us) {
    int64_t local = time_us + SHANGHAI_US;
    return local >= 0 ? local / CLOCK_DAY_US : -((-local + CLOCK_DAY_US - 1) / CLOCK_DAY_US);
}

int64_t day_begin(int64_t time_us) {
    return day_number(time_us) * CLOCK_DAY_US - SHANGHAI_US;
}

/* By the State Council's notices. These functions only sort and word tasks; for a year without a
 * notice they take Monday to Friday, legal terms (law_deadline) then say that they do not know. */
static bool is_working(int64_t day) {
    const LawCalendar *calendar = law_calendar(NULL);
    LawDayKind kind =
        calendar == NULL ? LAW_DAY_UNKNOWN : law_day_kind(calendar, (LawDay)day, NULL);
    /* day 0, 1970-01-01, was a Thursday; 0 Monday … 6 Sunday */
    int weekday = (int)(((day + 3) % 7 + 7) % 7);
    return kind == LAW_DAY_UNKNOWN ? weekday < 5
                                   : kind == LAW_DAY_WORKING || kind == LAW_DAY_MAKE_UP;
}

int working_days_between(int64_t from_us, int64_t to_us) {
    int64_t from = day_number(from_us);
    int64_t to = day_number(to_us);
    int count = 0;
    for (int64_t day = MIN(from, to) + 1; day <= MAX(from, to); day++) {
        count += is_working(day);
    }
    return from <= to ? count : -count;
}

int64_t working_days_after(int64_t from_us, int count) {
    int64_t day = day_number(from_us);
    for (int left = count; left > 0;) {
        day++;
        left -= is_working(day);
    }
    return day * CLOCK_DAY_US - SHANGHAI_US;
}

DueGroup due_group(int64_t due_us, int64_t now_us) {
    int64_t days = day_number(due_us) - day_number(now_us);
    if (days < 0) {
        return DUE_OVER;
    }
    if (days == 0) {
        return DUE_TODAY;
    }
    /* three working days lie within three weeks, whatever the holidays */
    return days <= 21 && working_days_between(now_us, due_us) <= 3 ? DUE_SOON : DUE_LATER;
}

const char *due_class(DueGroup group) {
    static const char *const classes[DUE_GROUP_COUNT] = {"over", "now", "soon", ""};
    return classes[group];
}

void due_texts(int64_t due_us, int64_t now_us, char **ret_big, char **ret_small) {
    int64_t days = day_number(due_us) - day_number(now_us);
    g_autofree char *day = clock_format_day_zh(due_us, now_us);
    *ret_small = g_strdup(day);
    switch (due_group(due_us, now_us)) {
    case DUE_OVER:
        *ret_big = g_strdup_printf("逾期 %" G_GINT64_FORMAT " 天", -days);
        g_free(*ret_small);
        *ret_small = g_strdup_printf("应于 %s", day);
        break;
    case DUE_TODAY:
        *ret_big = g_strdup("今天");
        g_free(*ret_small);
        *ret_small = g_strdup("17:30 前");
        break;
    case DUE_SOON:
        *ret_big = g_strdup_printf("%d 个工作日", working_days_between(now_us, due_us));
        break;
    case DUE_LATER:
    case DUE_GROUP_COUNT:
        *ret_big = g_strdup_printf("%" G_GINT64_FORMAT " 天", days);
        break;
    }
}
