/* Use cases of draws. */
#include "base/clock.h"
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

/* --- checks ---------------------------------------------------------------------------------- */

static bool is_day(const char *text) {
    int64_t time_us = 0;
    return text != NULL && strlen(text) == 10 && clock_parse(text, &time_us);
}

static bool check_request(const DrawRequest *request, GError **error) {
    if (request->title == NULL || request->title[0] == '\0' || strlen(request->title) > 200) {
        return hz_fail(error, HZ_ERROR_INVALID, "a draw needs a title of at most 200 bytes");
    }
    if (!is_day(request->date_from) || !is_day(request->date_to) ||
        strcmp(request->date_from, request->date_to) > 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "the days of inspection are no span of dates");
    }
    if (request->seed_size < 8 || request->seed_size > DRAW_SEED_MAX) {
        return hz_fail(error, HZ_ERROR_INVALID, "the seed has not 8 to 255 bytes");
    }
    if (request->officer_cap < 1 || request->officer_cap > 10000) {
        return hz_fail(error, HZ_ERROR_INVALID, "the officers' limit is not from 1 to 10000");
    }
    if (request->strata == NULL || request->strata[0] == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "no category was chosen");
    }
    return true;
}

static const PlanQuota *find_quota(const Plan *plan, const char *stratum) {
    for (guint i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        if (strcmp(quota->stratum, stratum) == 0) {
            return quota;
        }
    }
    return NULL;
}

static bool check_plan(const Plan *plan, const DrawRequest *request, GError **error) {
    if (plan->state != PLAN_PUBLISHED) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "only a published plan can be drawn");
    }
    for (const char *const *stratum = request->strata; *stratum != NULL; stratum++) {
        const PlanQuota *quota = find_quota(plan, *stratum);
        if (quota == NULL) {
            return hz_fail(error, HZ_ERROR_INVALID, "the plan has no quota for \"%s\"", *stratum);
        }
        if (quota->drawn_by != 0) {
            return hz_fail(error,
                           HZ_ERROR_CONFLICT,
                           "\"%s\" was drawn before, in D%" G_GINT64_FORMAT,
                           *stratum,
                           quota->drawn_by);
        }
    }
    return true;
}

/* --- storing what came out ------------------------------------------------------------------- */

typedef struct Storing {
    Db *db;
    Draw *draw;
    const DrawOutcome *outcome;
    GHashTable *officer_names; /* id -> name */
} Storing;

static bool load_object(Db *db, DrawnObject *target, GError **error) {
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

static const char *officer_name(Storing *storing, int64_t id, GError **error) {
    const char *known = g_hash_table_lookup(storing->officer_names, &id);
    if (known != NULL) {
        return known;
    }
    g_auto(Officer) officer = {0};
    if (!officer_find(storing->db, id, &officer, error)) {
        return NULL;
    }
    char *name = g_strdup(officer.name);
    g_hash_table_insert(storing->officer_names, g_memdup2(&id, sizeof id), name);
    return name;
}

static bool set_team(Storing *storing, DrawnObject *target, DrawTeam team, GError **error) {
    if (team.lead == DRAW_NOBODY) {
        target->flag = g_strdup("UNSTAFFED");
        storing->draw->unstaffed_count++;
        return true;
    }
    const GPtrArray *ids = storing->outcome->inspector_ids;
    target->lead_id = draw_id_number(g_ptr_array_index(ids, team.lead));
    target->second_id = draw_id_number(g_ptr_array_index(ids, team.second));
    const char *lead = officer_name(storing, target->lead_id, error);
    const char *second = lead != NULL ? officer_name(storing, target->second_id, error) : NULL;
    if (second == NULL) {
        return false;
    }
    target->lead_name = g_strdup(lead);
    target->second_name = g_strdup(second);
    return true;
}

static bool store_pick(Storing *storing, guint place, GError **error) {
    const DrawPick *pick = &g_array_index(storing->outcome->picks, DrawPick, place);
    g_autoptr(DrawnObject) target = g_new0(DrawnObject, 1);
    target->draw_id = storing->draw->id;
    target->order = (int64_t)place + 1;
    target->is_reserve = pick->is_reserve;
    target->object_kind = g_strdup(storing->draw->object_kind);
    target->object_id = draw_id_number(pick->id);
    target->stratum = g_strdup(pick->stratum);
    target->ticket = hex_format(pick->ticket, DIGEST_SIZE);
    if (!load_object(storing->db, target, error) ||
        (!pick->is_reserve &&
         !set_team(storing, target, storing->outcome->assignment.teams[place], error))) {
        return false;
    }
    if (target->flag == NULL) {
        target->flag = g_strdup(pick->is_short && !pick->is_reserve ? "SHORT" : "-");
    }
    storing->draw->drawn_count += pick->is_reserve ? 0 : 1;
    storing->draw->reserve_count += pick->is_reserve ? 1 : 0;
    return draw_store_add_target(storing->db, target, storing->draw->year, error);
}

/* Strata that had fewer eligible objects than their quota, also those that had none. */
static int64_t
count_short(const Plan *plan, const char *const *strata, const DrawOutcome *outcome) {
    int64_t count = 0;
    for (const char *const *stratum = strata; *stratum != NULL; stratum++) {
        int64_t drawn = 0;
        for (guint i = 0; i < outcome->picks->len; i++) {
            const DrawPick *pick = &g_array_index(outcome->picks, DrawPick, i);
            drawn += !pick->is_reserve && strcmp(pick->stratum, *stratum) == 0 ? 1 : 0;
        }
        count += drawn < find_quota(plan, *stratum)->quota ? 1 : 0;
    }
    return count;
}

static bool store_outcome(Db *db, Draw *draw, const DrawOutcome *outcome, GError **error) {
    Storing storing = {.db = db, .draw = draw, .outcome = outcome};
    g_autoptr(GHashTable) names =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    storing.officer_names = names;
    draw->commit = hex_format(outcome->commit, DIGEST_SIZE);
    draw->result = hex_format(outcome->result_hash, DIGEST_SIZE);
    draw->pool_count = outcome->pool_count;
    draw->eligible_count = outcome->eligible_count;
    draw->inspector_count = outcome->inspector_count;
    draw->denied_count = outcome->denied_count;
    draw->level = outcome->assignment.level;
    draw->rung = outcome->assignment.rung;
    for (guint place = 0; place < outcome->picks->len; place++) {
        if (!store_pick(&storing, place, error)) {
            return false;
        }
    }
    return draw_store_add_part(db,
                               draw->id,
                               "result.tsv",
                               0,
                               "",
                               outcome->result->str,
                               outcome->result->len,
                               error) &&
           draw_store_finish(db, draw, error);
}

/* --- marks ----------------------------------------------------------------------------------- */

/* Who does it, and when. */
typedef struct DrawActor {
    const char *actor;
    int64_t now_us;
} DrawActor;

static bool mark(Db *db,
                 const Draw *draw,
                 const char *type,
                 json_t *payload, /* taken over */
                 const DrawActor *who,
                 int64_t *ret_leaf,
                 GError **error) {
    g_autofree char *object = g_strdup_printf("draw:%" G_GINT64_FORMAT, draw->id);
    g_autoptr(json_t) owned = payload;
    LedgerEntry entry = {.time_us = who->now_us,
                         .type = type,
                         .actor = who->actor,
                         .object = object,
                         .payload = owned};
    return ledger_append(db, &entry, ret_leaf, error);
}

static json_t *commit_payload(const Draw *draw) {
    json_t *payload = json_object();
    json_put_text(payload, "draw", draw->number);
    json_put_text(payload, "title", draw->title);
    json_put_int(payload, "plan", draw->plan_id);
    json_put_text(payload, "commit", draw->commit);
    json_put_int(payload, "pool", draw->pool_count);
    json_put_int(payload, "officers", draw->inspector_count);
    return payload;
}

static json_t *result_payload(const Draw *draw) {
    json_t *payload = json_object();
    json_put_text(payload, "draw", draw->number);
    json_put_text(payload, "seed", draw->seed_hex);
    json_put_text(payload, "result", draw->result);
    json_put_int(payload, "drawn", draw->drawn_count);
    json_put_int(payload, "reserves", draw->reserve_count);
    json_put_int(payload, "unstaffed", draw->unstaffed_count);
    return payload;
}

/* --- the draw -------------------------------------------------------------------------------- */

static Draw *start_draw(Db *db, const Plan *plan, const DrawRequest *request, GError **error) {
    g_autoptr(Draw) draw = g_new0(Draw, 1);
    draw->plan_id = plan->id;
    draw->title = g_strdup(request->title);
    draw->year = plan->year;
    draw->object_kind = g_strdup(plan->object_kind);
    draw->region = g_strdup(plan->region);
    draw->date_from = g_strdup(request->date_from);
    draw->date_to = g_strdup(request->date_to);
    draw->kind = request->kind;
    draw->seed_hex = hex_format(request->seed, request->seed_size);
    draw->seed_by = g_strdup(request->actor);
    draw->drawn_us = request->now_us;
    if (!draw_store_insert(db, draw, request->seed_text, &draw->id, error)) {
        return NULL;
    }
    draw->number = g_strdup_printf("D%" G_GINT64_FORMAT, draw->id);
    for (const char *const *stratum = request->strata; *stratum != NULL; stratum++) {
        if (!draw_store_take_stratum(db, plan->root_id, *stratum, draw->id, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&draw);
}

static bool tell_others(Db *db, const Draw *draw, const DrawRequest *request, GError **error) {
    for (const DrawDone *done = draw_done_hooks; *done != NULL; done++) {
        if (!(*done)(db, draw->id, request->actor, request->now_us, error)) {
            return false;
        }
    }
    return true;
}

bool draw_run(Db *db, const DrawRequest *request, int64_t *ret_id, GError **error) {
    g_assert(db_in_tx(db));
    if (!check_request(request, error)) {
        return false;
    }
    g_autoptr(Plan) plan = plan_store_find(db, request->plan_id, true, error);
    if (plan == NULL || !check_plan(plan, request, error)) {
        return false;
    }
    g_autoptr(Draw) draw = start_draw(db, plan, request, error);
    if (draw == NULL ||
        !draw_freeze(db, draw, plan, request->strata, request->officer_cap, error)) {
        return false;
    }
    /* From here on only the frozen files count. */
    DrawStoreFiles files = {db, draw->id};
    DrawSource source = draw_store_source(&files);
    g_autoptr(DrawOutcome) outcome = draw_compute(&source, error);
    if (outcome == NULL) {
        return false;
    }
    draw->short_count = count_short(plan, request->strata, outcome);
    draw->publish_leaf = -1;
    DrawActor who = {request->actor, request->now_us};
    if (!store_outcome(db, draw, outcome, error) ||
        !mark(db, draw, "draw.commit", commit_payload(draw), &who, &draw->commit_leaf, error) ||
        !mark(db, draw, "draw.result", result_payload(draw), &who, &draw->result_leaf, error) ||
        !draw_store_set_leaves(db, draw, error) || !tell_others(db, draw, request, error)) {
        return false;
    }
    *ret_id = draw->id;
    return true;
}

bool draw_publish(Db *db, int64_t id, const char *actor, int64_t now_us, GError **error) {
    g_autoptr(Draw) draw = draw_store_find(db, id, error);
    int64_t changed = 0;
    if (draw == NULL || !draw_store_publish(db, id, now_us, &changed, error)) {
        return false;
    }
    if (changed == 0) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the draw is public already");
    }
    DrawActor who = {actor, now_us};
    return mark(db, draw, "draw.publish", result_payload(draw), &who, &draw->publish_leaf, error) &&
           draw_store_set_leaves(db, draw, error);
}

Draw *draw_find(Db *db, int64_t id, GError **error) {
    return draw_store_find(db, id, error);
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
    bool is_known =
        load_object(db, &object, error) && officer_find(db, recusal->officer_id, &officer, error);
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
