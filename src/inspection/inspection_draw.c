/* A finished draw becomes matters, in the draw's own transaction; tasks from before, in theirs. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw.h"
#include "inspection/inspection.h"
#include "inspection/inspection_store.h"
#include "web/log.h"

#include <string.h>

#define AT_ONCE 500
#define ACCOUNT "account:"
#define MINUTE_US (INT64_C(60) * CLOCK_SECOND_US)

/* Whoever set the task going; the draw or the job has asked whether they may. */
static CaseActor assigner(const InspectionTask *task) {
    bool is_account = g_str_has_prefix(task->actor, ACCOUNT);
    return (CaseActor){.account_id = is_account
                                         ? g_ascii_strtoll(task->actor + strlen(ACCOUNT), NULL, 10)
                                         : CASE_SYSTEM_ACCOUNT,
                       .roles = ROLE_BIT(ROLE_CLERK),
                       .region = task->region,
                       .now_us = task->now_us};
}

bool inspection_assign(Db *db,
                       const InspectionTask *task,
                       int64_t *ret_matter,
                       LawRefusal *ret_refusal,
                       GError **error) {
    g_autofree char *due = clock_format_date(task->due_us);
    const int64_t officers[] = {task->lead_id, task->second_id};
    g_autoptr(json_t) data = json_object();
    json_put_text(data, "source", task->source);
    json_put_text(data, "reference", task->reference);
    json_put_text(data, "due", due);
    CaseActor actor = assigner(task);
    /* forms know minutes: whoever goes at once must not be earlier than the task */
    NewMatter matter = {.kind = INSPECTION_KIND,
                        .object_kind = task->object_kind,
                        .object_id = task->object_id,
                        .region = task->region,
                        .is_within_cap = true,
                        .origin = task->origin};
    CaseAct act = {.step = "assign",
                   .happened_us = task->assigned_us - task->assigned_us % MINUTE_US,
                   .data = data,
                   .officers = officers,
                   .officer_count = task->lead_id == 0 ? 0 : G_N_ELEMENTS(officers)};
    return casework_open(db, &actor, &matter, &act, ret_matter, ret_refusal, error);
}

/* --- draws -------------------------------------------------------------------------------------
 */

static bool take_target(
    Db *db, const DrawnObject *target, InspectionTask *task, const char *number, GError **error) {
    g_auto(LawRefusal) refusal = {0};
    int64_t id = 0;
    if (target->is_reserve || target->lead_id == 0 || target->second_id == 0) {
        return true;
    }
    task->object_kind = target->object_kind;
    task->object_id = target->object_id;
    task->region = target->region;
    task->lead_id = target->lead_id;
    task->second_id = target->second_id;
    return inspection_assign(db, task, &id, &refusal, error) &&
           (refusal.reason_zh == NULL || hz_fail(error,
                                                 HZ_ERROR_CONFLICT,
                                                 "draw %s, %s: %s",
                                                 number,
                                                 target->name,
                                                 refusal.reason_zh));
}

bool inspection_take_draw(
    Db *db, int64_t draw_id, const char *actor, int64_t now_us, GError **error) {
    g_autoptr(Draw) draw = draw_find(db, draw_id, error);
    g_autofree char *origin = g_strdup_printf("draw:%" G_GINT64_FORMAT, draw_id);
    if (draw == NULL) {
        return false;
    }
    InspectionTask task = {.source = "random",
                           .reference = draw->number,
                           .origin = origin,
                           .actor = actor,
                           .assigned_us = now_us,
                           .now_us = now_us};
    if (!clock_parse(draw->date_to, &task.due_us)) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "draw %s has no last day", draw->number);
    }
    for (int64_t after = 0;;) {
        g_autoptr(GPtrArray) targets = draw_targets(db, draw_id, after, AT_ONCE, error);
        if (targets == NULL) {
            return false;
        }
        for (unsigned i = 0; i < targets->len; i++) {
            const DrawnObject *target = g_ptr_array_index(targets, i);
            after = target->order;
            if (!take_target(db, target, &task, draw->number, error)) {
                return false;
            }
        }
        if (targets->len < AT_ONCE) {
            return true;
        }
    }
}

/* --- tasks from before -------------------------------------------------------------------------
 */

typedef struct AdoptWork {
    const Inspection *row;
    int64_t now_us;
} AdoptWork;

/* An officer who has left since is not named: then any two may record. */
static bool adopt_work(Db *db, void *data, GError **error) {
    const AdoptWork *work = data;
    const Inspection *row = work->row;
    g_auto(LawRefusal) refusal = {0};
    g_autofree char *origin = g_strdup_printf("inspection:%" G_GINT64_FORMAT, row->id);
    g_autofree char *reference = row->draw_id != 0
                                     ? g_strdup_printf("D%" G_GINT64_FORMAT, row->draw_id)
                                     : g_strdup_printf("检查任务 %" G_GINT64_FORMAT " 号", row->id);
    InspectionTask task = {.source = row->draw_id != 0 ? "random" : "planned",
                           .reference = reference,
                           .origin = origin,
                           .object_kind = object_kind_word(row->object_kind),
                           .object_id = row->object_id,
                           .region = row->region,
                           .lead_id = row->lead_id,
                           .second_id = row->second_id,
                           .due_us = row->due_us,
                           .actor = "system",
                           .assigned_us = row->created_us,
                           .now_us = work->now_us};
    int64_t id = 0;
    if (!inspection_assign(db, &task, &id, &refusal, error)) {
        return false;
    }
    if (refusal.reason_zh != NULL) {
        law_refusal_clear(&refusal);
        task.lead_id = task.second_id = 0;
        if (!inspection_assign(db, &task, &id, &refusal, error)) {
            return false;
        }
    }
    return refusal.reason_zh == NULL ||
           hz_fail(error, HZ_ERROR_CONFLICT, "%s: %s", origin, refusal.reason_zh);
}

bool inspection_adopt(Db *db, int64_t now_us, GError **error) {
    for (int64_t after = 0;;) {
        g_autoptr(GPtrArray) rows = inspection_store_open_old(db, after, AT_ONCE, error);
        if (rows == NULL) {
            return false;
        }
        for (guint i = 0; i < rows->len; i++) {
            g_autoptr(GError) problem = NULL;
            AdoptWork work = {rows->pdata[i], now_us};
            after = work.row->id;
            if (!db_run_tx(db, adopt_work, &work, &problem)) {
                log_problem(LOG_LEVEL_WARNING, "inspection.adopt", "error=%s", problem->message);
            }
        }
        if (rows->len < AT_ONCE) {
            return true;
        }
    }
}
