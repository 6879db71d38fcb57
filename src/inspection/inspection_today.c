/* The first page after sign-in: what is due, for whom, by when. */
#include "account/account.h"
#include "base/clock.h"
#include "base/limits.h"
#include "casework/desk.h"
#include "inspection/inspection_models.h"
#include "inspection/inspection_pages.h"
#include "inspection/inspection_rules.h"
#include "inspection/inspection_store.h"
#include "registry/officer.h"

#include <string.h>

#define CHART_DAYS 7 /* calendar days from today: a term may end on a Sunday */
#define CERTIFICATE_WARNING_DAYS 60

/* The groups of the desk, and what waits for others. */
#define OTHERS DESK_GROUP_COUNT
#define GROUPS (DESK_GROUP_COUNT + 1)

/* The page while it is put together. */
typedef struct Today {
    DeskBounds bounds;
    GPtrArray *items[GROUPS]; /* of json_t *, owned */
    int64_t counts[GROUPS];
    bool is_more[GROUPS]; /* the count may be higher */
} Today;

static void free_item(void *item) {
    json_decref(item);
}

static void today_clear(Today *today) {
    for (unsigned i = 0; i < GROUPS; i++) {
        g_clear_pointer(&today->items[i], g_ptr_array_unref);
    }
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Today, today_clear)

/* --- tasks --------------------------------------------------------------------------------------
 */

static bool add_matters(Ctx *ctx, Today *today, GError **error) {
    for (unsigned i = 0; i < GROUPS; i++) {
        g_auto(DeskTasks) tasks = {0};
        bool good = i == OTHERS ? desk_waiting(ctx, &tasks, error)
                                : desk_tasks(ctx, (DeskGroup)i, &tasks, error);
        if (!good) {
            return false;
        }
        today->counts[i] += tasks.count;
        today->is_more[i] |= tasks.is_more;
        for (guint k = 0; k < tasks.items->len; k++) {
            g_ptr_array_add(today->items[i], json_incref(tasks.items->pdata[k]));
        }
    }
    return true;
}

/* --- groups ------------------------------------------------------------------------------------
 */

static const char *group_id(unsigned group) {
    return group == OTHERS ? "wait" : desk_group_word((DeskGroup)group);
}

static const char *group_title(unsigned group) {
    return group == OTHERS ? "等别人办" : desk_group_zh((DeskGroup)group);
}

/* The list behind a group. Caller frees. */
static char *group_href(const Ctx *ctx, unsigned group) {
    if (group == OTHERS) {
        return g_strdup("/work/matters?mine=1");
    }
    for (Role role = 0; role < ROLE_COUNT; role++) {
        if (ctx->who->roles == ROLE_BIT(role)) {
            return g_strdup_printf(
                "/work/matters?due=%s&next=%s", group_id(group), role_word(role));
        }
    }
    return g_strdup_printf("/work/matters?due=%s", group_id(group));
}

static gint compare_due(gconstpointer a, gconstpointer b) {
    int64_t x = json_get_int(*(json_t *const *)a, "due_us", 0);
    int64_t y = json_get_int(*(json_t *const *)b, "due_us", 0);
    return (x > y) - (x < y);
}

static json_t *group_model(const Ctx *ctx, Today *today, unsigned group) {
    GPtrArray *items = today->items[group];
    int64_t count = today->counts[group];
    json_t *head = json_object();
    json_t *tasks = json_array();
    g_ptr_array_sort(items, compare_due);
    for (guint i = 0; i < items->len; i++) {
        json_array_append_new(tasks, json_incref(items->pdata[i]));
    }
    const char *more = today->is_more[group] ? "以上" : "";
    g_autofree char *text =
        count > items->len ? g_strdup_printf("%d 件%s，列出 %u 件", (int)count, more, items->len)
                           : g_strdup_printf("%d 件%s", (int)count, more);
    g_autofree char *href = group_href(ctx, group);
    json_put_text(head, "id", group_id(group));
    json_put_text(head, "title", group_title(group));
    json_put_text(head, "count_text", text);
    json_put_text(head, "more_href", count > items->len ? href : NULL);
    json_put_int(head, "more", count - items->len);
    json_put(head, "tasks", tasks);
    return head;
}

static void put_groups(const Ctx *ctx, Today *today, json_t *model) {
    json_t *sum = json_array();
    json_t *groups = json_array();
    for (unsigned i = 0; i < GROUPS; i++) {
        json_t *item = json_object();
        g_autofree char *number =
            g_strdup_printf("%d%s", (int)today->counts[i], today->is_more[i] ? "+" : "");
        g_autofree char *list = group_href(ctx, i);
        g_autofree char *here = g_strconcat("#", group_id(i), NULL);
        json_put_text(item, "title", group_title(i));
        json_put_text(item, "count", number);
        json_put_text(item, "href", today->items[i]->len > 0 ? here : list);
        json_put_bool(item, "is_bad", i == DESK_OVER && today->counts[i] > 0);
        json_array_append_new(sum, item);
        if (today->items[i]->len > 0) {
            json_array_append_new(groups, group_model(ctx, today, i));
        }
    }
    json_put_bool(model, "has_no_tasks", json_array_size(groups) == 0);
    json_put(model, "sum", sum);
    json_put(model, "groups", groups);
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
        most == 0 ? g_strdup("今后 7 天没有到期的检查")
                  : g_strdup_printf("每天到期的检查：%s最多，%d 件", day, (int)most);
    json_put_text(model, "chart_text", finding);
    return true;
}

/* --- reminders ----------------------------------------------------------------------------------
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

static bool put_tasks(Ctx *ctx, json_t *model, GError **error) {
    g_auto(Today) today = {.bounds = desk_bounds(ctx->now_us)};
    for (unsigned i = 0; i < GROUPS; i++) {
        today.items[i] = g_ptr_array_new_with_free_func(free_item);
    }
    if (!add_matters(ctx, &today, error)) {
        return false;
    }
    put_groups(ctx, &today, model);
    return true;
}

Response *today_page(Ctx *ctx, const Request *req) {
    (void)req;
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    g_autofree char *date = clock_format_day_zh(ctx->now_us, 0);
    bool is_officer = ctx->who->officer_id != 0;
    bool may_view = principal_may(ctx->who, PERM_INSPECTION_VIEW);
    json_put_text(model, "date", date);
    json_put_bool(model, "is_officer", is_officer);
    json_put_bool(model, "may_view", may_view);
    json_put_bool(model, "is_leader", (ctx->who->roles & ROLE_BIT(ROLE_LEADER)) != 0);
    /* Strict views want every name they may ask for. */
    json_put_bool(model, "has_no_tasks", false);
    json_put(model, "groups", json_array());
    json_put(model, "reminders", json_array());
    bool good =
        (!may_view || put_tasks(ctx, model, &error)) &&
        (!is_officer || (put_chart(ctx, model, &error) && put_reminders(ctx, model, &error)));
    if (!good) {
        return response_problem(error, NULL);
    }
    json_put_bool(model, "is_idle", !may_view);
    return response_page("inspection/today", g_steal_pointer(&model));
}
