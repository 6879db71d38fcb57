/*
 * Work in the demo city: a plan, four draws with tasks at every distance from their last day,
 * recorded and published results. Everything goes through the rooms' own use cases, at the times it
 * would have happened, oldest first.
 */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "demo/demo_internal.h"
#include "demo/demo_rules.h"
#include "draw/draw.h"
#include "inspection/inspection.h"
#include "law/law.h"

#include <string.h>

enum { STREAM_WORK = 9, STREAM_DICE = 11 };
#define ACTOR "system"
#define LARGE_CITY                                                                                 \
    20000 /* more units: the plan is for one district, so that the pool stays small */

int64_t demo_begin_us(const DemoOptions *options) {
    return options->now_us - 60 * CLOCK_DAY_US;
}

/* --- plan --------------------------------------------------------------------------------------
 */

/* One draw takes these categories; its inspections end this many days from now. */
typedef struct Round {
    const char *title;
    const char *strata[4];
    int drawn_days_ago, first_day, last_day;
    int recorded_percent, published_percent;
} Round;

static const Round rounds[] = {
    {"第一次随机抽查：宾馆、公共娱乐场所", {"entertainment", "hotel", NULL}, 30, -28, -4, 85, 70},
    {"第二次随机抽查：商场和集贸市场", {"mall", "market", NULL}, 20, -18, 0, 65, 40},
    {"第三次随机抽查：饭店、医院", {"hospital", "restaurant", NULL}, 12, -10, 3, 35, 20},
    {"第四次随机抽查：学校、养老院、易燃易爆单位",
     {"care_home", "hazardous", "school", NULL},
     5,
     -3,
     18,
     0,
     0},
};

static void add_quota(GArray *quotas, const char *stratum, int64_t units) {
    PlanQuota quota = {.quota = CLAMP(units / 400, 2, 12), .reserves = 2};
    g_strlcpy(quota.stratum, stratum, sizeof quota.stratum);
    g_array_append_val(quotas, quota);
}

static int by_stratum(const void *a, const void *b) {
    return strcmp(((const PlanQuota *)a)->stratum, ((const PlanQuota *)b)->stratum);
}

static bool make_plan(Db *db, const DemoOptions *options, int64_t *ret_id, GError **error) {
    int64_t at_us = options->now_us - 45 * CLOCK_DAY_US;
    g_autoptr(GArray) quotas = g_array_new(FALSE, TRUE, sizeof(PlanQuota));
    for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
        for (const char *const *stratum = rounds[i].strata; *stratum != NULL; stratum++) {
            add_quota(quotas, *stratum, options->units);
        }
    }
    g_array_sort(quotas, by_stratum);
    int year = clock_year(at_us);
    g_autofree char *title = g_strdup_printf("%d 年度消防监督检查计划（演示）", year);
    Plan plan = {.year = year,
                 .title = title,
                 .agency = (char *)DEMO_CITY_AGENCY,
                 .object_kind = (char *)"unit",
                 .region = (char *)(options->units > LARGE_CITY ? "500103" : "50"),
                 .quotas = quotas};
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && plan_add(db, &plan, 0, ACTOR, at_us, ret_id, error) &&
           plan_publish(db, *ret_id, ACTOR, at_us + CLOCK_DAY_US, error) && db_commit(&tx, error);
}

/* --- draws -------------------------------------------------------------------------------------
 */

/* Twenty throws of a ten-sided die, invented as everything here. */
static char *throw_dice(const Round *round) {
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < 20; i++) {
        g_string_append_printf(
            text, "%d", (int)demo_dice(STREAM_DICE, round->drawn_days_ago, i, 10));
    }
    return g_string_free(text, FALSE);
}

/* Committed half an hour before the dice are thrown, drawn at once, opened an hour later. */
static bool
walk_draw(Db *db, const DrawRequest *request, const Round *round, int64_t *ret_id, GError **error) {
    int64_t at_us = request->now_us + 1800 * CLOCK_SECOND_US;
    g_autofree char *dice = throw_dice(round);
    DrawBeacon beacon;
    if (!draw_freeze(db, request, ret_id, error) ||
        !draw_beacon_make("dice10", "20", at_us, &beacon, error)) {
        return false;
    }
    DrawCommitRequest commit = {.draw_id = *ret_id,
                                .beacons = &beacon,
                                .beacon_count = 1,
                                .open_by = request->date_to,
                                .actor = ACTOR,
                                .now_us = request->now_us};
    DrawBeaconTake take = {.draw_id = *ret_id,
                           .j = 1,
                           .typed = dice,
                           .note = "演示：没有真的掷过骰子",
                           .actor = ACTOR,
                           .now_us = at_us};
    return draw_commit(db, &commit, error) && draw_beacon_take(db, &take, error) &&
           draw_run(db, *ret_id, ACTOR, at_us, error) &&
           draw_publish(db, *ret_id, ACTOR, at_us + 3600 * CLOCK_SECOND_US, error);
}

static bool run_draw(Db *db,
                     const DemoOptions *options,
                     int64_t plan_id,
                     const Round *round,
                     int64_t *ret_id,
                     GError **error) {
    int64_t at_us = options->now_us - round->drawn_days_ago * CLOCK_DAY_US;
    g_autofree char *from = clock_format_date(options->now_us + round->first_day * CLOCK_DAY_US);
    g_autofree char *to = clock_format_date(options->now_us + round->last_day * CLOCK_DAY_US);
    DrawRequest request = {.plan_id = plan_id,
                           .title = round->title,
                           .strata = round->strata,
                           .date_from = from,
                           .date_to = to,
                           .kind = DIGEST_SM3,
                           .mode = DRAW_SEALED,
                           .delta_s = DRAW_DELTA_MIN,
                           .officer_cap = 20,
                           .rotate = 1,
                           .actor = ACTOR,
                           .now_us = at_us - 1800 * CLOCK_SECOND_US};
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && walk_draw(db, &request, round, ret_id, error) &&
           db_commit(&tx, error);
}

/* --- results -----------------------------------------------------------------------------------
 */

static const char *const findings[] = {
    "一层南侧出口前堆放货物，占通道宽度约三分之一",
    "二层走道一具应急照明灯不亮",
    "配电箱旁堆放纸箱",
    "一只灭火器压力不足",
    "常闭防火门用木楔顶住",
    "近三个月的巡查记录缺两周",
};

/* What was found at once or must be ordered; `is_light`: all of it was put right on the spot. */
static json_t *make_items(const LawChecklist *list, int64_t number, bool is_light) {
    json_t *items = json_object();
    for (unsigned i = 0; i < list->count; i++) {
        int64_t at = demo_dice(STREAM_WORK, number, 10 + i, 100);
        json_t *item = json_object();
        json_put_text(item, "answer", at < 8 ? "fail" : at < 22 ? "na" : "pass");
        if (at < 8) {
            int64_t which = demo_dice(STREAM_WORK, number, 60 + i, (int64_t)G_N_ELEMENTS(findings));
            json_put_text(item, "note", findings[which]);
            json_put_text(item, "handled", is_light || at < 4 ? "corrected" : "order");
        }
        json_put(items, list->items[i]->id, item);
    }
    return items;
}

static bool take_act(Db *db,
                     const Inspection *task,
                     const CaseActor *actor,
                     const CaseAct *act,
                     bool *ret_taken,
                     GError **error) {
    g_auto(LawRefusal) refusal = {0};
    if (!casework_act(db, actor, task->matter_id, 0, act, &refusal, error)) {
        return false;
    }
    *ret_taken = refusal.reason_zh == NULL;
    return true;
}

/* The lead's result; some told at once and then made public by the clerk. An officer of the pool
 * may have left the post by then: the task stays open, as in life. */
static bool act_on_task(Db *db,
                        const Inspection *task,
                        int64_t at_us,
                        int64_t publish_us, /* 0: not */
                        const LawChecklist *list,
                        GError **error) {
    const int64_t officers[] = {task->lead_id, task->second_id};
    CaseActor lead = {.account_id = CASE_SYSTEM_ACCOUNT,
                      .officer_id = task->lead_id,
                      .roles = ROLE_BIT(ROLE_INSPECTOR),
                      .region = "50",
                      .now_us = at_us};
    CaseActor clerk = {.account_id = CASE_SYSTEM_ACCOUNT,
                       .roles = ROLE_BIT(ROLE_CLERK),
                       .region = "50",
                       .now_us = publish_us};
    g_autoptr(json_t) record = json_object();
    json_put_text(record, "shown", "yes");
    json_put_text(record, "companion", "值班经理（演示）");
    json_put(record, "items", make_items(list, task->id, publish_us != 0));
    json_put_text(record, "signature", "signed");
    g_autoptr(json_t) told = json_object();
    json_put_text(told, "way", "spot");
    json_put_text(told, "receiver", "值班经理（演示）");
    g_autoptr(json_t) published = json_object();
    json_t *places = json_array();
    json_array_append_new(places, json_string("site"));
    json_put(published, "where", places);
    CaseAct acts[] = {{.step = "record",
                       .happened_us = at_us,
                       .data = record,
                       .officers = officers,
                       .officer_count = G_N_ELEMENTS(officers)},
                      {.step = "tell", .happened_us = at_us, .data = told},
                      {.step = "publish", .happened_us = publish_us, .data = published}};
    const CaseActor *actors[] = {&lead, &lead, &clerk};
    size_t count = publish_us != 0 ? G_N_ELEMENTS(acts) : 1;
    bool is_taken = true;
    for (size_t i = 0; is_taken && i < count; i++) {
        if (!take_act(db, task, actors[i], &acts[i], &is_taken, error)) {
            return false;
        }
    }
    return true;
}

/* Recorded as if on a day of the span that lies before now; some then made public. `chance` 0 … 99
 * is spread evenly over the tasks of a draw, so that small cities too have every state. */
static bool finish_task(Db *db,
                        const DemoOptions *options,
                        const Round *round,
                        const Inspection *task,
                        int64_t chance,
                        GError **error) {
    if (chance >= round->recorded_percent) {
        return true;
    }
    int64_t days = MIN(round->last_day, -1) - round->first_day + 1;
    int64_t day = round->first_day + demo_dice(STREAM_WORK, task->id, 2, days);
    int64_t at_us = options->now_us + day * CLOCK_DAY_US;
    int64_t publish_us =
        chance < round->published_percent ? MIN(at_us + 2 * CLOCK_DAY_US, options->now_us) : 0;
    g_autoptr(LawChecklist) list = inspection_checklist(task->region, at_us, error);
    return list != NULL && act_on_task(db, task, at_us, publish_us, list, error);
}

static bool finish_draw(
    Db *db, const DemoOptions *options, const Round *round, int64_t draw_id, GError **error) {
    InspectionFilter filter = {.region = "50", .state = INSPECTION_PLANNED, .limit = 10000};
    g_autoptr(GPtrArray) tasks = inspection_list(db, &filter, error);
    g_autoptr(GPtrArray) drawn = g_ptr_array_new();
    for (unsigned i = 0; tasks != NULL && i < tasks->len; i++) {
        Inspection *task = g_ptr_array_index(tasks, i);
        if (task->draw_id == draw_id) {
            g_ptr_array_add(drawn, task);
        }
    }
    for (unsigned i = 0; i < drawn->len; i++) {
        int64_t chance = (100 * (int64_t)i + 50) / drawn->len;
        if (!finish_task(db, options, round, g_ptr_array_index(drawn, i), chance, error)) {
            return false;
        }
    }
    return tasks != NULL;
}

bool demo_work(Db *db, const DemoOptions *options, GError **error) {
    int64_t plan_id = 0;
    if (!make_plan(db, options, &plan_id, error)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(rounds); i++) {
        int64_t draw_id = 0;
        if (!run_draw(db, options, plan_id, &rounds[i], &draw_id, error) ||
            !finish_draw(db, options, &rounds[i], draw_id, error)) {
            return false;
        }
        if (options->progress != NULL) {
            options->progress("draw", (int64_t)i + 1, G_N_ELEMENTS(rounds), options->progress_data);
        }
    }
    return true;
}
