/* What a substitution after a draw does to the matters; and that nobody chooses past it. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "inspection/inspection.h"
#include "inspection/inspection_store.h"

#include <string.h>

#define ACCOUNT "account:"

static bool is_from_draw(const CaseAct *act) {
    return act->origin != NULL && g_str_has_prefix(act->origin, "draw:");
}

/* Named words of the form say that the place is empty; giving up for another reason is the
 * leader's, and brings nobody else in. */
static bool says_gone(const CaseAct *act) {
    const char *why = json_get_text(act->data, "why", "");
    return strcmp(act->step, "cancel") == 0 &&
           (strcmp(why, "closed-down") == 0 || strcmp(why, "moved") == 0);
}

bool inspection_refuse(
    Db *db, const Matter *matter, const CaseAct *act, LawRefusal *ret_refusal, GError **error) {
    bool is_reassign = strcmp(act->step, "reassign") == 0;
    Inspection *found = NULL;
    if (strcmp(matter->kind, INSPECTION_KIND) != 0 || strcmp(matter->state, "planned") != 0 ||
        is_from_draw(act) || !(is_reassign || says_gone(act))) {
        return true;
    }
    if (!inspection_store_of_matter(db, matter->id, &found, error)) {
        return false;
    }
    g_autoptr(Inspection) row = found;
    if (row == NULL || row->draw_id == 0) {
        return true;
    }
    *ret_refusal = (LawRefusal){
        .rule = "drawn",
        .reason_zh = g_strdup(
            is_reassign ? "人员是随机抽出来的，不能改派给挑选的人。有人不能去，到抽查里登记替换，"
                          "由排定的下一个接替"
                        : "对象是随机抽出来的。停业、搬走的，到抽查里登记替换，由候补接替"),
        .href = g_strdup_printf("/work/draws/%" G_GINT64_FORMAT
                                "/substitute?object=%c%" G_GINT64_FORMAT,
                                row->draw_id,
                                row->object_kind == OBJECT_BUILDING ? 'B' : 'U',
                                row->object_id)};
    return true;
}

/* --- acting on a substitution ------------------------------------------------------------------
 */

typedef struct Following {
    Db *db;
    const DrawPlaceChange *change;
    char *origin; /* "draw:7" */
    char *note;   /* "停业、关闭（D7 第 3 号替换）：到现场…" */
} Following;

static void following_clear(Following *following) {
    g_free(following->origin);
    g_free(following->note);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Following, following_clear)

/* Whoever has set the task may not take it back: four eyes on what drops out of a draw. */
static bool refused(const char *number, const LawRefusal *refusal, GError **error) {
    if (refusal->reason_zh != NULL && strcmp(refusal->rule, "own-work") == 0) {
        return hz_fail(error,
                       HZ_ERROR_CONFLICT,
                       "任务是您派的（您抽的签，或者您登记的上一次替换），"
                       "对象停查要由另一个人登记，请别的负责人或者内勤办。");
    }
    return refusal->reason_zh == NULL ||
           hz_fail(error, HZ_ERROR_CONFLICT, "%s：%s。", number, refusal->reason_zh);
}

/* Act of the leader's by rule of the draw; whoever asked for the substitution was allowed to. */
static bool take(const Following *following,
                 int64_t matter_id,
                 const char *step,
                 const int64_t *officers,
                 size_t count,
                 GError **error) {
    const DrawPlaceChange *change = following->change;
    g_auto(Matter) matter = {0};
    g_auto(LawRefusal) refusal = {0};
    g_autoptr(json_t) data = json_object();
    bool is_account = g_str_has_prefix(change->actor, ACCOUNT);
    if (!casework_find(following->db, matter_id, &matter, error)) {
        return false;
    }
    json_put_text(data, "why", "other");
    json_put_text(data, "note", following->note);
    CaseActor actor = {.account_id =
                           is_account ? g_ascii_strtoll(change->actor + strlen(ACCOUNT), NULL, 10)
                                      : CASE_SYSTEM_ACCOUNT,
                       .roles = ROLE_BIT(ROLE_LEADER),
                       .region = matter.region,
                       .now_us = change->now_us};
    CaseAct act = {.step = step,
                   .happened_us = change->now_us,
                   .data = data,
                   .officers = officers,
                   .officer_count = count,
                   .origin = following->origin};
    return casework_act(following->db, &actor, matter_id, 0, &act, &refusal, error) &&
           refused(matter.number, &refusal, error);
}

static bool open_matter(const Following *following, const char *region, GError **error) {
    const DrawPlaceChange *change = following->change;
    g_auto(LawRefusal) refusal = {0};
    int64_t id = 0;
    InspectionTask task = {.source = "random",
                           .reference = change->draw->number,
                           .origin = following->origin,
                           .object_kind = change->draw->object_kind,
                           .object_id = change->after.object_id,
                           .region = region,
                           .lead_id = change->after.lead_id,
                           .second_id = change->after.second_id,
                           .actor = change->actor,
                           .assigned_us = change->now_us,
                           .now_us = change->now_us};
    if (!clock_parse(change->draw->date_to, &task.due_us)) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "draw %s has no last day", change->draw->number);
    }
    return inspection_assign(following->db, &task, &id, &refusal, error) &&
           refused("接替的对象不能派任务", &refusal, error);
}

/* Only what nobody has gone to yet. */
static bool find_task(const Following *following, Inspection **ret_row, GError **error) {
    const DrawPlaceChange *change = following->change;
    if (!inspection_store_of_draw(following->db,
                                  change->draw->id,
                                  change->draw->object_kind,
                                  change->before.object_id,
                                  ret_row,
                                  error)) {
        return false;
    }
    const Inspection *row = *ret_row;
    const char *why = row == NULL ? "这个对象没有检查任务，没有什么可以替换。"
                      : row->recorded_us != 0 ? "检查结果已经记录，不能再替换：已经去查过了。"
                      : row->state != INSPECTION_PLANNED
                          ? "这个对象的检查任务已经结束，不能再替换。"
                      : row->matter_id == 0 ? "这项任务的案件正在建立，请一小时以后再办。"
                                            : NULL;
    return why == NULL || hz_fail(error, HZ_ERROR_CONFLICT, "%s", why);
}

/* Where the object is that came in, as the draw has it. */
static bool region_of(const Following *following, char **ret_region, GError **error) {
    const DrawPlaceChange *change = following->change;
    g_autoptr(GPtrArray) stands = draw_targets_of(
        following->db, change->draw->object_kind, change->after.object_id, 1000, error);
    for (guint i = 0; stands != NULL && i < stands->len; i++) {
        const DrawnObject *target = stands->pdata[i];
        if (target->draw_id == change->draw->id) {
            *ret_region = g_strdup(target->region);
            return true;
        }
    }
    return stands != NULL && hz_fail(error, HZ_ERROR_CORRUPT, "the reserve stands in no draw");
}

bool inspection_take_substitution(Db *db, const DrawPlaceChange *change, GError **error) {
    g_auto(Following) following = {.db = db, .change = change};
    Inspection *found = NULL;
    g_autofree char *region = NULL;
    following.origin = g_strdup_printf("draw:%" G_GINT64_FORMAT, change->draw->id);
    following.note = g_strdup_printf("%s（%s 第 %" G_GINT64_FORMAT " 号替换）：%s",
                                     draw_substitute_reason_zh(change->first->reason),
                                     change->draw->number,
                                     change->first->n,
                                     change->first->note);
    bool is_there = find_task(&following, &found, error);
    g_autoptr(Inspection) row = found;
    if (!is_there) {
        return false;
    }
    if (!change->first->is_object) {
        const int64_t officers[] = {change->after.lead_id, change->after.second_id};
        return take(
            &following, row->matter_id, "reassign", officers, G_N_ELEMENTS(officers), error);
    }
    return take(&following, row->matter_id, "cancel", NULL, 0, error) &&
           (change->after.object_id == 0 ||
            (region_of(&following, &region, error) && open_matter(&following, region, error)));
}
