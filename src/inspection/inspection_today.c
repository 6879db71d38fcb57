/* The first page after sign-in: what is due, for whom, by when. */
#include "base/clock.h"
#include "base/limits.h"
#include "inspection/inspection_models.h"
#include "inspection/inspection_pages.h"
#include "inspection/inspection_rules.h"
#include "inspection/inspection_store.h"
#include "registry/officer.h"

#include <string.h>

#define TASKS_SHOWN 60
#define CHART_DAYS 7 /* calendar days from today: a term may end on a Sunday */
#define CERTIFICATE_WARNING_DAYS 60

static const char *const group_ids[DUE_GROUP_COUNT] = {"over", "today", "soon", "later"};
static const char *const group_titles[DUE_GROUP_COUNT] = {
    "已逾期", "今天到期", "三个工作日内", "之后"};

/* --- tasks -------------------------------------------------------------------------------------
 */

/* First day after the group, from today; INT64_MAX for the last. */
static int64_t group_end(DueGroup group, int64_t now_us) {
    int64_t today = day_begin(now_us);
    switch (group) {
    case DUE_OVER:
        return today;
    case DUE_TODAY:
        return today + CLOCK_DAY_US;
    case DUE_SOON:
        /* Days without work that follow the third still count three. */
        return working_days_after(now_us, 4);
    case DUE_LATER:
    case DUE_GROUP_COUNT:
        break;
    }
    return INT64_MAX;
}

static bool put_counts(Ctx *ctx, json_t *model, int64_t counts[DUE_GROUP_COUNT], GError **error) {
    json_t *sum = json_array();
    json_put(model, "sum", sum);
    int64_t from_us = INT64_MIN;
    for (DueGroup group = DUE_OVER; group < DUE_GROUP_COUNT; group++) {
        int64_t to_us = group_end(group, ctx->now_us);
        if (!inspection_store_count(
                ctx->db, ctx->who->officer_id, from_us, to_us, &counts[group], error)) {
            return false;
        }
        from_us = to_us;
        json_t *item = json_object();
        json_put_text(item, "id", group_ids[group]);
        json_put_text(item, "title", group_titles[group]);
        json_put_int(item, "count", counts[group]);
        json_put_bool(item, "is_bad", group == DUE_OVER && counts[group] > 0);
        json_put_bool(item, "is_empty", counts[group] == 0);
        json_array_append_new(sum, item);
    }
    return true;
}

static json_t *
groups_of(int64_t now_us, const GPtrArray *tasks, const int64_t counts[DUE_GROUP_COUNT]) {
    json_t *groups = json_array();
    json_t *lists[DUE_GROUP_COUNT] = {NULL};
    for (unsigned i = 0; i < tasks->len; i++) {
        const Inspection *task = g_ptr_array_index(tasks, i);
        DueGroup group = due_group(task->due_us, now_us);
        json_t *item = inspection_model(task, now_us);
        if (lists[group] == NULL) {
            json_t *head = json_object();
            lists[group] = json_array();
            json_put_text(head, "id", group_ids[group]);
            json_put_text(head, "title", group_titles[group]);
            json_put_int(head, "count", counts[group]);
            json_put(head, "tasks", lists[group]);
            json_array_append_new(groups, head);
        }
        json_array_append_new(lists[group], item);
    }
    return groups;
}

/* --- week chart --------------------------------------------------------------------------------
 */

static const char *const weekdays[] = {"一", "二", "三", "四", "五", "六", "日"};

static const char *weekday_of(int64_t day_us) {
    /* In Asia/Shanghai; 1970-01-01 was a Thursday. */
    return weekdays[((day_us + 8 * 3600 * CLOCK_SECOND_US) / CLOCK_DAY_US + 3) % 7];
}

static json_t *
chart_bar(unsigned number, int64_t day_us, int64_t count, int64_t most, bool is_today) {
    enum { BASE = 76, TALLEST = 56 };
    int64_t height = most == 0 ? 0 : count * TALLEST / most;
    int64_t left = 254 + 1429 * (int64_t)number; /* hundredths of a percent */
    int64_t centre = left + 460;
    g_autofree char *x = g_strdup_printf("%d.%02d%%", (int)(left / 100), (int)(left % 100));
    g_autofree char *cx = g_strdup_printf("%d.%02d%%", (int)(centre / 100), (int)(centre % 100));
    g_autofree char *date = clock_format_date(day_us);
    json_t *bar = json_object();
    json_put_text(bar, "x", x);
    json_put_text(bar, "cx", cx);
    json_put_int(bar, "y", BASE - height);
    json_put_int(bar, "label_y", BASE - height - 6);
    json_put_text(bar, "height", height == 0 ? "0" : NULL);
    if (height > 0) {
        g_autofree char *tall = g_strdup_printf("%d", (int)height);
        json_put_text(bar, "height", tall);
    }
    g_autofree char *number_text = g_strdup_printf("%d", (int)count);
    json_put_text(bar, "count", number_text);
    json_put_text(bar, "day", date + strlen("2026-11-"));
    json_put_text(bar, "date", date);
    json_put_text(bar, "weekday", is_today ? "今天" : weekday_of(day_us));
    json_put_text(bar, "class", is_today ? "f" : "fm");
    return bar;
}

static bool put_chart(Ctx *ctx, json_t *model, GError **error) {
    int64_t counts[CHART_DAYS], days[CHART_DAYS], most = 0;
    unsigned best = 0;
    for (unsigned i = 0; i < CHART_DAYS; i++) {
        days[i] = day_begin(ctx->now_us) + (int64_t)i * CLOCK_DAY_US;
        if (!inspection_store_count(ctx->db,
                                    ctx->who->officer_id,
                                    days[i],
                                    days[i] + CLOCK_DAY_US,
                                    &counts[i],
                                    error)) {
            return false;
        }
        if (counts[i] > most) {
            most = counts[i];
            best = i;
        }
    }
    json_t *bars = json_array();
    for (unsigned i = 0; i < CHART_DAYS; i++) {
        bool is_today = days[i] == day_begin(ctx->now_us);
        json_array_append_new(bars, chart_bar(i, days[i], counts[i], most, is_today));
    }
    json_put(model, "bars", bars);
    g_autofree char *day = clock_format_day_zh(days[best], ctx->now_us);
    g_autofree char *finding =
        most == 0 ? g_strdup("今后 7 天没有到期的任务")
                  : g_strdup_printf("每天到期的任务：%s最多，%d 件", day, (int)most);
    json_put_text(model, "chart_text", finding);
    return true;
}

/* --- reminders and what waits for publication --------------------------------------------------
 */

static bool put_reminders(Ctx *ctx, json_t *model, GError **error) {
    json_t *reminders = json_array();
    json_put(model, "reminders", reminders);
    g_auto(Officer) officer = {0};
    if (!officer_find(ctx->db, ctx->who->officer_id, &officer, error)) {
        return false;
    }
    g_autofree char *today = clock_format_date(ctx->now_us);
    int64_t left = officer_days_left(&officer, today);
    if (!officer.in_post) {
        json_t *item = json_object();
        json_put_text(item, "title", "您登记为不在岗");
        json_put_text(item, "text", "不在岗期间不会被抽到，也不能记录检查结果。");
        json_array_append_new(reminders, item);
    }
    if (officer.certificate_until == NULL) {
        json_t *item = json_object();
        json_put_text(item, "title", "执法证有效期没有登记");
        json_put_text(item, "text", "登记以前不会被抽到，也不能记录检查结果。请机构内勤登记。");
        json_array_append_new(reminders, item);
    }
    if (left <= CERTIFICATE_WARNING_DAYS) {
        json_t *item = json_object();
        g_autofree char *title = left < 0 ? g_strdup("执法证已过期")
                                          : g_strdup_printf("执法证还有 %d 天到期", (int)left);
        g_autofree char *text =
            g_strdup_printf("有效期到 %s。过期后不能再担任检查人。", officer.certificate_until);
        json_put_text(item, "title", title);
        json_put_text(item, "text", text);
        json_array_append_new(reminders, item);
    }
    return true;
}

static bool put_waiting(Ctx *ctx, json_t *model, GError **error) {
    json_t *waiting = json_array();
    json_put(model, "waiting", waiting);
    if (!principal_may(ctx->who, PERM_PUBLISH)) {
        return true;
    }
    InspectionFilter filter = {
        .region = ctx->who->region, .state = INSPECTION_RECORDED, .limit = 20};
    g_autoptr(GPtrArray) list = inspection_list(ctx->db, &filter, error);
    if (list == NULL) {
        return false;
    }
    for (unsigned i = 0; i < list->len; i++) {
        json_t *item = inspection_model(g_ptr_array_index(list, i), ctx->now_us);
        json_array_append_new(waiting, item);
    }
    return true;
}

static bool put_own_tasks(Ctx *ctx, json_t *model, GError **error) {
    int64_t counts[DUE_GROUP_COUNT] = {0};
    g_autoptr(GPtrArray) tasks =
        inspection_store_tasks(ctx->db, ctx->who->officer_id, INT64_MAX, TASKS_SHOWN, error);
    if (tasks == NULL || !put_counts(ctx, model, counts, error)) {
        return false;
    }
    int64_t total = counts[DUE_OVER] + counts[DUE_TODAY] + counts[DUE_SOON] + counts[DUE_LATER];
    json_put(model, "groups", groups_of(ctx->now_us, tasks, counts));
    json_put_bool(model, "has_no_tasks", tasks->len == 0);
    json_put_int(model, "not_shown", MAX(total - (int64_t)tasks->len, 0));
    return put_chart(ctx, model, error) && put_reminders(ctx, model, error);
}

Response *today_page(Ctx *ctx, const Request *req) {
    (void)req;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    g_autofree char *date = clock_format_day_zh(ctx->now_us, 0);
    bool is_officer = ctx->who->officer_id != 0;
    json_put_text(model, "date", date);
    json_put_bool(model, "is_officer", is_officer);
    json_put_bool(model, "may_view", principal_may(ctx->who, PERM_INSPECTION_VIEW));
    if (!is_officer) {
        /* Strict views want every name they may ask for. */
        json_put_bool(model, "has_no_tasks", false);
        json_put(model, "groups", json_array());
        json_put(model, "reminders", json_array());
    }
    if ((is_officer && !put_own_tasks(ctx, model, &error)) || !put_waiting(ctx, model, &error)) {
        return response_problem(error, NULL);
    }
    json_put_bool(
        model, "is_idle", !is_officer && json_array_size(json_object_get(model, "waiting")) == 0);
    return response_page("inspection/today", g_steal_pointer(&model));
}
