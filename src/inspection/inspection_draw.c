/* A finished draw becomes tasks, in the draw's own transaction. */
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw.h"
#include "inspection/inspection.h"

#include <string.h>

#define TARGETS_AT_ONCE 500

static bool take_target(Db *db,
                        const Draw *draw,
                        const DrawnObject *target,
                        const char *actor,
                        int64_t now_us,
                        GError **error) {
    if (target->is_reserve || target->lead_id == 0 || target->second_id == 0) {
        return true;
    }
    NewInspection task = {
        .draw_id = draw->id,
        .object_kind = strcmp(target->object_kind, "building") == 0 ? OBJECT_BUILDING : OBJECT_UNIT,
        .object_id = target->object_id,
        .lead_id = target->lead_id,
        .second_id = target->second_id};
    int64_t id = 0;
    if (!clock_parse(draw->date_to, &task.due_us)) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "draw %s has no last day", draw->number);
    }
    return inspection_task_add(db, &task, actor, now_us, &id, error);
}

bool inspection_take_draw(
    Db *db, int64_t draw_id, const char *actor, int64_t now_us, GError **error) {
    g_autoptr(Draw) draw = draw_find(db, draw_id, error);
    if (draw == NULL) {
        return false;
    }
    for (int64_t after = 0;;) {
        g_autoptr(GPtrArray) targets = draw_targets(db, draw_id, after, TARGETS_AT_ONCE, error);
        if (targets == NULL) {
            return false;
        }
        for (unsigned i = 0; i < targets->len; i++) {
            const DrawnObject *target = g_ptr_array_index(targets, i);
            after = target->order;
            if (!take_target(db, draw, target, actor, now_us, error)) {
                return false;
            }
        }
        if (targets->len < TARGETS_AT_ONCE) {
            return true;
        }
    }
}
