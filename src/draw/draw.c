/* Use cases of draws. */
#include "base/error.h"
#include "draw/draw_internal.h"
#include "draw/draw_store.h"
#include "ledger/ledger.h"
#include "registry/building.h"
#include "registry/officer.h"
#include "registry/unit.h"

#include <string.h>

void draw_free(Draw *draw) {
    if (draw == NULL) {
        return;
    }
    g_free(draw->number);
    g_free(draw->title);
    g_free(draw->object_kind);
    g_free(draw->region);
    g_free(draw->date_from);
    g_free(draw->date_to);
    g_free(draw->secret_hex);
    g_free(draw->open_by);
    g_free(draw->seed_hex);
    g_free(draw->seed_text);
    g_free(draw->seed_by);
    g_free(draw->commit);
    g_free(draw->result);
    g_free(draw);
}

void drawn_object_free(DrawnObject *object) {
    if (object == NULL) {
        return;
    }
    g_free(object->object_kind);
    g_free(object->name);
    g_free(object->address);
    g_free(object->region);
    g_free(object->stratum);
    g_free(object->ticket);
    g_free(object->lead_name);
    g_free(object->second_name);
    g_free(object->flag);
    g_free(object);
}

/* What an object was called and where it was, at this moment. */
bool draw_load_object(Db *db, DrawnObject *target, GError **error) {
    if (strcmp(target->object_kind, "unit") == 0) {
        g_auto(Unit) unit = {0};
        if (!unit_find(db, target->object_id, &unit, error)) {
            return false;
        }
        target->name = g_strdup(unit.name);
        target->address = g_strdup(unit.address);
        target->region = g_strdup(unit.region);
        return true;
    }
    g_auto(Building) building = {0};
    if (!building_find(db, target->object_id, &building, error)) {
        return false;
    }
    target->name = g_strdup(building.name);
    target->address = g_strdup(building.address);
    target->region = g_strdup(building.region);
    return true;
}

bool draw_mark(Db *db,
               const Draw *draw,
               const char *type,
               json_t *payload,
               const char *actor,
               int64_t now_us,
               int64_t *ret_leaf,
               GError **error) {
    g_autofree char *object = g_strdup_printf("draw:%" G_GINT64_FORMAT, draw->id);
    g_autoptr(json_t) owned = payload;
    LedgerEntry entry = {
        .time_us = now_us, .type = type, .actor = actor, .object = object, .payload = owned};
    return ledger_append(db, &entry, ret_leaf, error);
}

bool draw_open(Db *db, Draw *draw, const char *actor, int64_t now_us, GError **error) {
    int64_t changed = 0;
    json_t *payload = json_object();
    json_put_text(payload, "draw", draw->number);
    json_put_text(payload, "commit", draw->commit);
    json_put_text(payload, "result", draw->result);
    draw->state = DRAW_PUBLISHED;
    draw->published_us = now_us;
    return draw_mark(db, draw, "draw.open", payload, actor, now_us, &draw->publish_leaf, error) &&
           draw_store_update(db, draw, DRAW_DONE, &changed, error) &&
           (changed == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "the draw is public already"));
}

bool draw_publish(Db *db, int64_t id, const char *actor, int64_t now_us, GError **error) {
    g_autoptr(Draw) draw = draw_store_find(db, id, true, error);
    if (draw == NULL) {
        return false;
    }
    if (draw->state != DRAW_DONE) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the draw was not run, or is public already");
    }
    return draw_open(db, draw, actor, now_us, error);
}

Draw *draw_find(Db *db, int64_t id, GError **error) {
    return draw_store_find(db, id, false, error);
}

GPtrArray *draw_list(Db *db, int64_t plan_id, int64_t before_id, unsigned limit, GError **error) {
    return draw_store_list(db, plan_id, before_id, limit, error);
}

GPtrArray *draw_targets(Db *db, int64_t draw_id, int64_t after, unsigned limit, GError **error) {
    return draw_store_targets(db, draw_id, after, limit, error);
}

GPtrArray *draw_targets_of(
    Db *db, const char *object_kind, int64_t object_id, unsigned limit, GError **error) {
    return draw_store_targets_of(db, object_kind, object_id, limit, error);
}

/* --- recusals and exclusions ------------------------------------------------------------------ */

static bool is_object_kind(const char *kind) {
    return g_strcmp0(kind, "unit") == 0 || g_strcmp0(kind, "building") == 0;
}

static bool mark_object(Db *db,
                        const char *type,
                        const char *object_kind,
                        int64_t object_id,
                        json_t *payload, /* taken over */
                        const char *actor,
                        int64_t now_us,
                        GError **error) {
    g_autofree char *object = g_strdup_printf("%s:%" G_GINT64_FORMAT, object_kind, object_id);
    g_autoptr(json_t) owned = payload;
    LedgerEntry entry = {
        .time_us = now_us, .type = type, .actor = actor, .object = object, .payload = owned};
    return ledger_append(db, &entry, NULL, error);
}

bool draw_recuse(
    Db *db, const DrawRecusal *recusal, const char *actor, int64_t now_us, GError **error) {
    if (!is_object_kind(recusal->object_kind) ||
        (strcmp(recusal->code, "RECUSE") != 0 && strcmp(recusal->code, "KIN") != 0)) {
        return hz_fail(error, HZ_ERROR_INVALID, "object kind or code of the recusal is unknown");
    }
    DrawnObject object = {.object_kind = (char *)recusal->object_kind,
                          .object_id = recusal->object_id};
    g_auto(Officer) officer = {0};
    bool is_known = draw_load_object(db, &object, error) &&
                    officer_find(db, recusal->officer_id, &officer, error);
    g_free(object.name);
    g_free(object.address);
    g_free(object.region);
    DrawDeny deny = {.object_kind = (char *)recusal->object_kind,
                     .object_id = recusal->object_id,
                     .officer_id = recusal->officer_id,
                     .code = (char *)recusal->code,
                     .note = (char *)recusal->note,
                     .created_us = now_us};
    int64_t changed = 0;
    if (!is_known || !draw_store_deny(db, &deny, actor, &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "this recusal is known already");
    }
    json_t *payload = json_object();
    json_put_int(payload, "officer", recusal->officer_id);
    json_put_text(payload, "code", recusal->code);
    json_put_text(payload, "note", recusal->note);
    return mark_object(
        db, "draw.deny", recusal->object_kind, recusal->object_id, payload, actor, now_us, error);
}

bool draw_recused(Db *db,
                  const char *object_kind,
                  int64_t object_id,
                  const int64_t *officers,
                  size_t count,
                  int64_t *ret_officer,
                  GError **error) {
    return draw_store_denied_of(db, object_kind, object_id, officers, count, ret_officer, error);
}

bool draw_exclude(Db *db,
                  const char *object_kind,
                  int64_t object_id,
                  const char *reason,
                  const char *note,
                  const char *actor,
                  int64_t now_us,
                  GError **error) {
    if (!is_object_kind(object_kind) ||
        (strcmp(reason, "CLOSED") != 0 && strcmp(reason, "EXEMPT") != 0)) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "object kind or reason of the exclusion is unknown");
    }
    json_t *payload = json_object();
    json_put_text(payload, "reason", reason);
    json_put_text(payload, "note", note);
    return draw_store_exclude(db, object_kind, object_id, reason, note, actor, now_us, error)
               ? mark_object(
                     db, "draw.exclude", object_kind, object_id, payload, actor, now_us, error)
               : (json_decref(payload), false);
}
