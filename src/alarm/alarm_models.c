/* View models of alarms. */
#include "alarm/alarm_law.h"
#include "alarm/alarm_pages.h"
#include "alarm/duty.h"
#include "alarm/outbox.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/number.h"
#include "ledger/ledger.h"
#include "registry/building.h"
#include "registry/region.h"

#include <string.h>

#define ROWS_MAX 30     /* of a group in the left column */
#define POINTS_SHOWN 20 /* of one alarm */
#define PHONES_SHOWN 5  /* enough to call somebody now */
#define LIKES_MIN 5     /* fewer in the building: the district is asked instead */
#define YEAR_US (365 * CLOCK_DAY_US)
#define ZONE_S (8 * 3600) /* Asia/Shanghai, no summer time */

/* --- words --------------------------------------------------------------------------------------
 */

char *alarm_clock_zh(int64_t time_us) {
    int64_t s = (time_us / CLOCK_SECOND_US + ZONE_S) % 86400;
    return g_strdup_printf("%02d:%02d:%02d", (int)(s / 3600), (int)(s / 60 % 60), (int)(s % 60));
}

char *alarm_moment_zh(int64_t time_us, int64_t now_us) {
    g_autofree char *clock = alarm_clock_zh(time_us);
    g_autofree char *day = clock_format_date(time_us);
    g_autofree char *today = clock_format_date(now_us);
    clock[strlen("09:11")] = '\0';
    if (strcmp(day, today) == 0) {
        return g_steal_pointer(&clock);
    }
    int month = (int)g_ascii_strtoll(day + strlen("2026-"), NULL, 10);
    int number = (int)g_ascii_strtoll(day + strlen("2026-11-"), NULL, 10);
    return g_strdup_printf("%d月%d日 %s", month, number, clock);
}

char *alarm_span_zh(int64_t us) {
    int64_t s = MAX(us, 0) / CLOCK_SECOND_US;
    return s < 60      ? g_strdup_printf("%d 秒", (int)s)
           : s < 3600  ? g_strdup_printf("%d 分 %02d 秒", (int)(s / 60), (int)(s % 60))
           : s < 86400 ? g_strdup_printf("%d 小时 %02d 分", (int)(s / 3600), (int)(s / 60 % 60))
                       : g_strdup_printf("%" G_GINT64_FORMAT " 天", s / 86400);
}

static bool is_urgent(const Alarm *alarm) {
    return alarm->class == ALARM_FIRE || alarm->class == ALARM_GAS;
}

/* "误报", "已报 119", "待确认": what a reader asks first. */
static const char *outcome_zh(const Alarm *alarm) {
    return alarm->state == ALARM_CLOSED && alarm->result != ALARM_OPEN
               ? alarm_result_zh(alarm->result)
               : alarm_state_zh(alarm->state);
}

static const char *tag_class(const Alarm *alarm) {
    return alarm->state == ALARM_NEW        ? (is_urgent(alarm) ? "B" : "w")
           : alarm->state == ALARM_REPORTED ? "b"
           : alarm->state == ALARM_CLOSED   ? ""
                                            : "w";
}

/* The library of icons says it without colour, too. */
static const char *tag_icon(const Alarm *alarm) {
    return alarm->state == ALARM_CLOSED         ? "circle-check"
           : alarm->state == ALARM_ACKNOWLEDGED ? "walk"
                                                : alarm_class_icon(alarm->class);
}

static void put_place(json_t *model, const Alarm *alarm) {
    g_autofree char *more = alarm->points > 1
                                ? g_strdup_printf("，共 %" G_GINT64_FORMAT " 个点位", alarm->points)
                                : NULL;
    bool says_more = *alarm->place != '\0' && strcmp(alarm->place, alarm->title) != 0;
    /* a pump that starts and one that is shielded are of one class */
    bool says_kind = alarm->class == ALARM_SUPERVISE || alarm->class == ALARM_FAULT;
    g_autofree char *text = g_strdup_printf("%s%s%s%s%s%s",
                                            says_more ? alarm->place : "",
                                            says_more ? " " : "",
                                            alarm->what,
                                            says_kind ? " " : "",
                                            says_kind ? edge_kind_name_zh(alarm->kind) : "",
                                            more != NULL ? more : "");
    json_put_text(model, "text", text);
}

static void put_tag(json_t *model, const Alarm *alarm) {
    g_autofree char *tag =
        g_strdup_printf("%s %s", alarm_class_zh(alarm->class), outcome_zh(alarm));
    json_put_text(model, "tag", tag);
    json_put_text(model, "tag_class", tag_class(alarm));
    json_put_text(model, "tag_icon", tag_icon(alarm));
    json_put_text(model, "class", alarm_class_word(alarm->class));
    json_put_text(model, "class_zh", alarm_class_zh(alarm->class));
    json_put_text(model, "state", alarm_state_word(alarm->state));
    json_put_text(model, "state_zh", alarm_state_zh(alarm->state));
    json_put_text(model, "result_zh", alarm_result_zh(alarm->result));
    json_put_bool(model, "is_fire", is_urgent(alarm) && alarm->state == ALARM_NEW);
}

json_t *alarm_row_model(const Alarm *alarm, int64_t current_id, int64_t now_us) {
    json_t *model = json_object();
    bool is_closed = alarm->state == ALARM_CLOSED;
    int64_t end_us = is_closed ? alarm->closed_us : now_us;
    g_autofree char *time = alarm_moment_zh(alarm->arrived_us, now_us);
    g_autofree char *span = alarm_span_zh(end_us - alarm->arrived_us);
    g_autofree char *took = is_closed ? g_strconcat("用时 ", span, NULL) : g_strdup(span);
    g_autofree char *href = g_strdup_printf("/work/alarms/%" G_GINT64_FORMAT, alarm->id);
    json_put_int(model, "id", alarm->id);
    json_put_int(model, "priority", alarm->priority);
    json_put_text(model, "href", href);
    json_put_text(model, "time", time);
    json_put_text(model, "span", took);
    json_put_bool(model, "runs", !is_closed);
    json_put_int(model, "since_s", (end_us - alarm->arrived_us) / CLOCK_SECOND_US);
    json_put_text(model, "title", alarm->title);
    json_put_text(model, "address", alarm->address);
    json_put_bool(model, "is_restored", alarm->restored_us != 0 && !is_closed);
    json_put_bool(model, "is_current", alarm->id == current_id);
    put_place(model, alarm);
    put_tag(model, alarm);
    return model;
}

/* --- the left column ----------------------------------------------------------------------------
 */

static bool put_group(Ctx *ctx,
                      json_t *groups,
                      const char *word,
                      const char *title,
                      const AlarmQuery *query,
                      int64_t count,
                      int64_t current_id,
                      GError **error) {
    g_autoptr(GPtrArray) list = alarm_list(ctx->db, query, error);
    if (list == NULL) {
        return false;
    }
    json_t *rows = json_array();
    for (guint i = 0; i < list->len; i++) {
        json_array_append_new(rows, alarm_row_model(list->pdata[i], current_id, ctx->now_us));
    }
    json_t *group = json_object();
    g_autofree char *count_text = number_group(count);
    json_put_text(group, "word", word);
    json_put_text(group, "title", title);
    json_put_text(group, "count_text", count_text);
    json_put_bool(group, "is_waiting", strcmp(word, "waiting") == 0);
    json_put_bool(group, "has_rows", list->len > 0);
    json_put_bool(group, "has_more", count > list->len);
    json_put_bool(group, "is_done", strcmp(word, "done") == 0);
    json_put(group, "rows", rows);
    json_array_append_new(groups, group);
    return true;
}

static int64_t day_begin(int64_t now_us) {
    g_autofree char *day = clock_format_date(now_us);
    int64_t begin_us = 0;
    bool is_day = clock_parse(day, &begin_us);
    g_assert(is_day);
    return begin_us;
}

bool alarm_put_lists(Ctx *ctx, json_t *model, int64_t current_id, GError **error) {
    AlarmTally tally = {0};
    const char *region = ctx->who->region;
    int64_t begin_us = day_begin(ctx->now_us);
    json_t *groups = json_array();
    json_put(model, "groups", groups);
    AlarmQuery waiting = {.region = region,
                          .states = 1 << ALARM_NEW,
                          .class = -1,
                          .result = -1,
                          .is_urgent_first = true,
                          .limit = ROWS_MAX};
    AlarmQuery verifying = waiting;
    verifying.states = 1 << ALARM_ACKNOWLEDGED | 1 << ALARM_VERIFIED | 1 << ALARM_REPORTED;
    AlarmQuery done = {
        .region = region, .class = -1, .result = -1, .closed_from_us = begin_us, .limit = ROWS_MAX};
    if (!alarm_tally(ctx->db, region, begin_us, &tally, error) ||
        !put_group(ctx, groups, "waiting", "待确认", &waiting, tally.waiting, current_id, error) ||
        !put_group(
            ctx, groups, "verifying", "正在核实", &verifying, tally.verifying, current_id, error) ||
        !put_group(ctx, groups, "done", "今天已处理", &done, tally.done_today, current_id, error)) {
        return false;
    }
    json_put_int(model, "waiting", tally.waiting);
    json_put_int(model, "newest", 0);
    return true;
}

char *alarm_on_duty_zh(Ctx *ctx) {
    char code[REGION_CODE_MAX + 1] = {0};
    if (!region_code_parse(ctx->who->region, code)) {
        return NULL;
    }
    g_autoptr(GPtrArray) shifts = duty_shifts(ctx->db, code, 1, NULL);
    if (shifts == NULL || shifts->len == 0) {
        return NULL;
    }
    const DutyShift *shift = shifts->pdata[0];
    g_autofree char *name = alarm_account_name(ctx->db, shift->account_id);
    g_autofree char *since = alarm_moment_zh(shift->begun_us, ctx->now_us);
    return g_strdup_printf("%s（%s 起）", name, since);
}

/* --- one alarm ----------------------------------------------------------------------------------
 */

static const struct {
    const char *step, *text;
} step_words[] = {
    {"arrive", "报警"},
    {"join", "又一个点位报警"},
    {"restore", "全部点位恢复"},
    {"escalate", "没有人确认，已升级到"},
    {"matter", "转为案件"},
    {"acknowledge", "确认收到，正在处理"},
    {"dispatch", "派人去现场核实"},
    {"confirm", "核实属实"},
    {"report", "确认是火警，转 119"},
    {"false", "核实为误报，办结"},
    {"test", "核实为试验，办结"},
    {"drill", "核实为演练，办结"},
    {"close", "办结"},
    {"reopen", "办结错了，重新打开"},
    {"note", "补充说明"},
};

static const char *step_zh(const char *step) {
    for (size_t i = 0; i < G_N_ELEMENTS(step_words); i++) {
        if (strcmp(step_words[i].step, step) == 0) {
            return step_words[i].text;
        }
    }
    return step;
}

static json_t *step_model(Ctx *ctx, const AlarmStep *step) {
    json_t *model = json_object();
    g_autofree char *clock = alarm_clock_zh(step->time_us);
    g_autofree char *moment = alarm_moment_zh(step->time_us, ctx->now_us);
    g_autofree char *who =
        step->account_id > 0 ? alarm_account_name(ctx->db, step->account_id) : NULL;
    bool is_told = strcmp(step->step, "escalate") == 0;
    g_autofree char *title = is_told ? g_strconcat(step_zh(step->step), step->note, NULL)
                                     : g_strdup(step_zh(step->step));
    json_put_text(model, "step", step->step);
    json_put_text(model, "title", title);
    json_put_text(model, "time", strlen(moment) > strlen("09:11") ? moment : clock);
    json_put_text(model, "who", who);
    json_put_text(model, "note", is_told || *step->note == '\0' ? NULL : step->note);
    json_put(model, "proof", ledger_badge_at(step->leaf));
    return model;
}

static bool put_steps(Ctx *ctx, json_t *model, const Alarm *alarm, GError **error) {
    g_autoptr(GPtrArray) steps = alarm_steps(ctx->db, alarm->id, error);
    json_t *list = json_array();
    for (guint i = steps == NULL ? 0 : steps->len; i > 0; i--) {
        json_array_append_new(list, step_model(ctx, steps->pdata[i - 1]));
    }
    json_put(model, "steps", list);
    return steps != NULL;
}

static bool put_points(Ctx *ctx, json_t *model, const Alarm *alarm, GError **error) {
    g_autoptr(GPtrArray) points = alarm_points(ctx->db, alarm->id, POINTS_SHOWN, error);
    json_t *list = json_array();
    for (guint i = 0; points != NULL && i < points->len; i++) {
        const AlarmPoint *point = points->pdata[i];
        g_autofree char *first = alarm_moment_zh(point->first_us, ctx->now_us);
        g_autofree char *times =
            point->times > 1 ? g_strdup_printf("反复 %" G_GINT64_FORMAT " 次", point->times) : NULL;
        json_t *one = json_object();
        json_put_text(one, "place", point->place);
        json_put_text(one, "what", point->what);
        json_put_text(one, "first", first);
        json_put_text(one, "times", times);
        json_put_text(one, "icon", point->is_on ? alarm_class_icon(alarm->class) : "check");
        json_put_text(one,
                      "state",
                      !point->is_on      ? "已恢复"
                      : is_urgent(alarm) ? "还在报警"
                                         : "还没有恢复");
        json_array_append_new(list, one);
    }
    json_put(model, "point_rows", list);
    json_put_bool(model, "has_more_points", alarm->points > POINTS_SHOWN);
    return points != NULL;
}

/* How such alarms ended in the last year, with what was counted: no figure without its base. */
static bool put_likes(Ctx *ctx, json_t *model, const Alarm *alarm, GError **error) {
    AlarmLikes likes = {0};
    bool by_building = alarm->building_id != 0;
    int64_t since_us = ctx->now_us - YEAR_US;
    json_put_text(model, "likes", NULL);
    if (by_building && !alarm_likes(ctx->db, alarm, true, since_us, &likes, error)) {
        return false;
    }
    if (likes.judged < LIKES_MIN) {
        by_building = false;
        if (!alarm_likes(ctx->db, alarm, false, since_us, &likes, error)) {
            return false;
        }
    }
    const char *what = alarm->points > 1 ? "几个点位先后报" : "单个点位报";
    g_autofree char *text =
        likes.judged == 0
            ? g_strdup_printf(
                  "近一年本区县没有核实过%s的%s，没有可比的。", what, alarm_class_zh(alarm->class))
            : g_strdup_printf("近一年%s%s的%s核实过 %" G_GINT64_FORMAT " 次，其中 %" G_GINT64_FORMAT
                              " 次属实（不算试验和演练）。",
                              by_building ? "这栋楼" : "本区县",
                              what,
                              alarm_class_zh(alarm->class),
                              likes.judged,
                              likes.real);
    json_put_text(model, "likes", text);
    return true;
}

static bool put_phones(Ctx *ctx, json_t *model, const Alarm *alarm, GError **error) {
    g_autoptr(GPtrArray) phones = alarm_phones(ctx->db, alarm, PHONES_SHOWN, error);
    json_t *list = json_array();
    json_put_text(model, "call_href", NULL);
    for (guint i = 0; phones != NULL && i < phones->len; i++) {
        const AlarmPhone *phone = phones->pdata[i];
        g_autofree char *href = g_strconcat("tel:", phone->phone, NULL);
        json_t *one = json_object();
        json_put_text(one, "name", phone->name);
        json_put_text(one, "person", phone->person);
        json_put_text(one, "phone", phone->phone);
        json_put_text(one, "href", href);
        json_array_append_new(list, one);
        if (i == 0) {
            json_put_text(model, "call_href", href);
        }
    }
    json_put_bool(model, "has_phones", json_array_size(list) > 0);
    json_put(model, "phones", list);
    return phones != NULL;
}

static void add_fact(json_t *facts, const char *name, const char *value) {
    json_t *fact = json_object();
    json_put_text(fact, "name", name);
    json_put_text(fact, "value", value);
    json_array_append_new(facts, fact);
}

static void put_building(Ctx *ctx, json_t *model, const Alarm *alarm) {
    g_auto(Building) building = {0};
    json_t *facts = json_array();
    json_put(model, "facts", facts);
    json_put_int(model, "building_id", alarm->building_id);
    if (alarm->building_id == 0 || !building_find(ctx->db, alarm->building_id, &building, NULL)) {
        json_put_int(model, "building_id", 0);
        return;
    }
    g_autofree char *height = building.height_m > 0 ? g_strdup_printf("%g 米", building.height_m)
                                                    : g_strdup("高度没有登记");
    g_autofree char *floors =
        building.floors_above > 0
            ? g_strdup_printf("%" G_GINT64_FORMAT " 层，", building.floors_above)
            : g_strdup("");
    g_autofree char *size =
        g_strdup_printf("%s%s，%s", floors, height, height_class_name_zh(building.height_class));
    g_autofree char *inspected = building.last_inspected_us == 0
                                     ? g_strdup("没查过")
                                     : clock_format_date(building.last_inspected_us);
    add_fact(facts, "楼高", size);
    add_fact(facts, "使用性质", category_get(building.category)->name_zh);
    add_fact(facts, "风险", risk_name_zh(building.risk));
    add_fact(facts, "最近检查", inspected);
}

/* 119 hears nothing until a server has taken the message: then somebody has to telephone. NULL:
 * it has been taken, is just going out, or is not needed. */
static const char *dispatch_warning(const Alarm *alarm, const GPtrArray *rows) {
    if (alarm->reported_us == 0 || alarm->state == ALARM_CLOSED) {
        return NULL;
    }
    const char *warning = "没有配置 119 接处警接口，系统没有把这起火警告诉 119。";
    for (guint i = 0; i < rows->len; i++) {
        const OutboxRow *row = rows->pdata[i];
        if (row->message.way == OUTBOX_DISPATCH) {
            warning = strcmp(row->state, "dead") == 0 ? "发给 119 的消息没有送出，已经放弃。"
                      : strcmp(row->state, "sent") == 0 || row->tries == 0
                          ? NULL
                          : "发给 119 的消息还没有送到，正在重试。";
            break;
        }
    }
    return warning;
}

static bool put_outbox(Ctx *ctx, json_t *model, const Alarm *alarm, GError **error) {
    g_autoptr(GPtrArray) rows =
        outbox_list(ctx->db, alarm->id, ctx->who->region, NULL, 0, PHONES_SHOWN * 4, error);
    json_t *list = json_array();
    for (guint i = 0; rows != NULL && i < rows->len; i++) {
        const OutboxRow *row = rows->pdata[i];
        bool is_dead = strcmp(row->state, "dead") == 0;
        bool is_sent = strcmp(row->state, "sent") == 0;
        json_t *one = json_object();
        json_put_text(one, "way", outbox_way_zh(row->message.way));
        json_put_text(one, "address", row->message.address);
        json_put_text(one,
                      "state",
                      is_sent          ? "已送达对方服务器"
                      : is_dead        ? "没有送出"
                      : row->tries > 0 ? "没有送出，正在重试"
                                       : "正在发送");
        json_put_text(one, "class", is_sent ? "k" : is_dead ? "b" : "w");
        json_array_append_new(list, one);
    }
    json_put_text(model, "dispatch_warning", rows == NULL ? NULL : dispatch_warning(alarm, rows));
    json_put_bool(model, "has_outbox", json_array_size(list) > 0);
    json_put(model, "outbox", list);
    return rows != NULL;
}

static void put_acts(Ctx *ctx, json_t *model, const Alarm *alarm) {
    bool may = principal_may(ctx->who, PERM_ALARM_HANDLE) && alarm_may_see(ctx, alarm);
    bool needs_note = false;
    json_t *acts = json_object();
    bool has_any = false;
    for (unsigned act = 0; act < ALARM_ACT_COUNT; act++) {
        bool fits = may && alarm_act_fits((AlarmAct)act, alarm, &needs_note);
        json_put_bool(acts, alarm_act_word((AlarmAct)act), fits);
        has_any = has_any || (fits && act != ALARM_ACT_NOTE && act != ALARM_ACT_REOPEN);
    }
    json_put_bool(acts, "any", has_any);
    json_put(model, "acts", acts);
    g_autoptr(json_t) dispatch = outbox_config_people(outbox_config(), "119", alarm->region);
    json_put_bool(model, "has_dispatch", json_array_size(dispatch) > 0);
    g_autofree char *token = alarm_token();
    json_put_text(model, "token", token);
    json_put_int(model, "version", alarm->version);
    json_put_bool(model, "may_ask", may && alarm->device_id != 0);
}

/* The next rung of the ladder, drawn by the server and ticked by the script. */
static void put_ladder(Ctx *ctx, json_t *model, const Alarm *alarm) {
    const AlarmRules *rules = alarm_rules(alarm->region, NULL);
    const AlarmRule *rule = rules == NULL ? NULL : alarm_rule_named(rules, alarm->rule);
    bool runs = alarm->due_us != 0 && rule != NULL && rule->ladder != NULL &&
                alarm->level < rule->ladder->step_count;
    json_put_bool(model, "has_ladder", runs);
    if (!runs) {
        return;
    }
    int64_t left_s = MAX(alarm->due_us - ctx->now_us, 0) / CLOCK_SECOND_US;
    g_autofree char *left = g_strdup_printf("%d:%02d", (int)(left_s / 60), (int)(left_s % 60));
    json_put_int(model, "left_s", left_s);
    json_put_text(model, "left", left);
    json_put_text(model, "next_name", rule->ladder->steps[alarm->level].name);
}

static void put_rule(json_t *model, const Alarm *alarm) {
    const AlarmRules *rules = alarm_rules(alarm->region, NULL);
    const AlarmRule *rule = rules == NULL ? NULL : alarm_rule_named(rules, alarm->rule);
    if (rule == NULL) {
        json_put_text(model, "rule_zh", "规则已经改动。");
        return;
    }
    g_autofree char *ladder = rule->ladder == NULL ? g_strdup("")
                                                   : g_strdup_printf("没有人确认时逐级通知（%s）。",
                                                                     rule->ladder->source_zh);
    g_autofree char *text = g_strdup_printf("规则“%s”：%d 分钟内同一位置的点位算一起（%s）。%s",
                                            rule->name,
                                            (int)(rule->within_us / CLOCK_SECOND_US / 60),
                                            rule->source_zh,
                                            ladder);
    json_put_text(model, "rule_zh", text);
}

bool alarm_put_detail(Ctx *ctx, json_t *model, const Alarm *alarm, GError **error) {
    g_autofree char *restored =
        alarm->restored_us == 0 ? NULL : alarm_moment_zh(alarm->restored_us, ctx->now_us);
    g_autofree char *holder =
        alarm->holder == 0 ? NULL : alarm_account_name(ctx->db, alarm->holder);
    g_autofree char *region =
        *alarm->region == '\0' ? NULL : region_full_name(ctx->db, alarm->region, NULL);
    g_autofree char *object = g_strdup_printf("alarm:%" G_GINT64_FORMAT, alarm->id);
    json_t *one = alarm_row_model(alarm, 0, ctx->now_us);
    json_put(model, "alarm", one);
    json_put_text(one, "region_name", region);
    json_put_text(one, "restored", restored);
    json_put_text(one, "holder", holder);
    json_put_int(one, "device_id", alarm->device_id);
    json_put_int(one, "active", alarm->active);
    json_put_int(one, "matter_id", MAX(alarm->matter_id, 0));
    json_put_bool(one, "is_closed", alarm->state == ALARM_CLOSED);
    json_put(one, "proof", ledger_badge(ctx->db, object));
    put_acts(ctx, one, alarm);
    put_ladder(ctx, one, alarm);
    put_rule(one, alarm);
    put_building(ctx, one, alarm);
    return put_steps(ctx, one, alarm, error) && put_points(ctx, one, alarm, error) &&
           put_likes(ctx, one, alarm, error) && put_phones(ctx, one, alarm, error) &&
           put_outbox(ctx, one, alarm, error);
}

/* --- helpers ------------------------------------------------------------------------------------
 */

char *alarm_token(void) {
    uint8_t random[16];
    random_bytes(random, sizeof random);
    return hex_format(random, sizeof random);
}

bool alarm_may_see(const Ctx *ctx, const Alarm *alarm) {
    char code[REGION_CODE_MAX + 1] = {0};
    if (!region_code_parse(ctx->who->region, code)) {
        return false;
    }
    return *alarm->region == '\0' ? strlen(code) < 6 : region_is_inside(alarm->region, code);
}

int64_t alarm_query_number(const Request *req, const char *name) {
    const char *text = request_query(req, name);
    guint64 number = 0;
    bool is_number =
        text != NULL && g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &number, NULL);
    return is_number ? (int64_t)number : 0;
}

void alarm_put_pager(
    json_t *model, const char *path, int64_t next_id, bool is_first, const char *note) {
    const char *mark = strchr(path, '?') == NULL ? "?" : "&";
    g_autofree char *next =
        next_id == 0 ? NULL : g_strdup_printf("%s%sbefore=%" G_GINT64_FORMAT, path, mark, next_id);
    if (next == NULL && is_first) {
        json_put(model, "pager", json_null());
        return;
    }
    json_t *pager = json_object();
    json_put_text(pager, "first", is_first ? NULL : path);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", next);
    json_put_text(pager, "note", note);
    json_put(model, "pager", pager);
}
