/* Edges become alarms, join them, come and go, in the transaction that stores the edges. */
#include "alarm/alarm_law.h"
#include "alarm/alarm_store.h"
#include "alarm/duty_store.h"
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "registry/building.h"

#include <string.h>

#define JOINS_TOLD 50 /* further points are counted and listed, but are no steps of their own */

/* Arrivals that go into the log together, after all rows: writers wait for each other there. */
typedef struct Arrival {
    int64_t seq;
    char *object;
    json_t *payload;
    int64_t time_us;
} Arrival;

typedef struct Taking {
    Db *db;
    const AlarmRules *rules;
    GArray *arrivals; /* of Arrival */
    bool is_locked;
} Taking;

static void arrival_clear(void *data) {
    Arrival *arrival = data;
    g_free(arrival->object);
    json_decref(arrival->payload);
}

static bool lock_once(Taking *taking, GError **error) {
    int64_t head = 0;
    if (!taking->is_locked && !alarm_store_lock(taking->db, &head, error)) {
        return false;
    }
    taking->is_locked = true;
    return true;
}

/* --- arrival ------------------------------------------------------------------------------------
 */

static void note_arrival(Taking *taking, const Alarm *alarm, int64_t seq) {
    Arrival arrival = {.seq = seq,
                       .object = g_strdup_printf("alarm:%" G_GINT64_FORMAT, alarm->id),
                       .payload = json_object(),
                       .time_us = alarm->arrived_us};
    g_autofree char *began = clock_format_utc(alarm->began_us);
    json_put_text(arrival.payload, "class", alarm_class_word(alarm->class));
    json_put_text(arrival.payload, "title", alarm->title);
    json_put_text(arrival.payload, "what", alarm->what);
    json_put_int(arrival.payload, "device", alarm->device_id);
    json_put_int(arrival.payload, "building", alarm->building_id);
    json_put_text(arrival.payload, "began", began);
    g_array_append_val(taking->arrivals, arrival);
}

static bool append_arrivals(Taking *taking, GError **error) {
    guint count = taking->arrivals->len;
    int64_t first = 0;
    if (count == 0) {
        return true;
    }
    g_autofree LedgerEntry *entries = g_new0(LedgerEntry, count);
    for (guint i = 0; i < count; i++) {
        const Arrival *arrival = &g_array_index(taking->arrivals, Arrival, i);
        entries[i] = (LedgerEntry){
            arrival->time_us, "alarm.arrive", "device", arrival->object, arrival->payload};
    }
    if (!ledger_append_many(taking->db, entries, count, &first, error)) {
        return false;
    }
    for (guint i = 0; i < count; i++) {
        const Arrival *arrival = &g_array_index(taking->arrivals, Arrival, i);
        if (!alarm_store_leaf(taking->db, arrival->seq, first + i, error)) {
            return false;
        }
    }
    return true;
}

/* "江畔公馆 3 栋 12 层"; without a building the device's own name or what it says of the place. */
static bool
name_place(Db *db, const SensingEdge *edge, const char *floor, Alarm *alarm, GError **error) {
    g_autoptr(GError) missing = NULL;
    g_auto(Building) building = {0};
    const char *region = edge->region != NULL ? edge->region : "";
    bool has_building =
        edge->building_id != 0 && building_find(db, edge->building_id, &building, &missing);
    if (missing != NULL && !g_error_matches(missing, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&missing));
        return false;
    }
    g_autofree char *device =
        has_building ? NULL : g_strdup_printf("设备 %" G_GINT64_FORMAT, edge->device_id);
    const char *name = has_building ? building.name : *edge->place != '\0' ? edge->place : device;
    bool is_number = *floor != '\0' && strspn(floor, "0123456789-") == strlen(floor);
    alarm->title = has_building && *floor != '\0'
                       ? g_strdup_printf("%s %s%s", name, floor, is_number ? " 层" : "")
                       : g_strdup(name);
    alarm->address = g_strdup(has_building ? building.address : "");
    alarm->region = g_strdup(*region == '\0' && has_building ? building.region : region);
    alarm->district = *alarm->region == '\0' ? 0
                      : has_building         ? building.district
                                             : edge->district;
    return true;
}

static bool begin_alarm(Taking *taking,
                        const AlarmRule *rule,
                        const AlarmFacts *facts,
                        const char *key,
                        const SensingEdge *edge,
                        Alarm *ret_alarm,
                        GError **error) {
    g_auto(Alarm) alarm = {.rule = g_strdup(rule->id),
                           .class = rule->class,
                           .kind = edge->kind,
                           .priority = rule->priority,
                           .merge_key = g_strdup(key),
                           .place = g_strdup(edge->place),
                           .what = g_strdup(edge->what),
                           .building_id = edge->building_id,
                           .unit_id = edge->unit_id,
                           .device_id = edge->device_id,
                           .began_us = edge->time_us,
                           .arrived_us = edge->received_us,
                           .last_us = edge->received_us,
                           .due_us = alarm_ladder_due(rule, edge->received_us, 0),
                           .version = 1};
    int64_t seq = 0;
    if (!name_place(taking->db, edge, facts->floor, &alarm, error) ||
        !alarm_store_add(taking->db, &alarm, error)) {
        return false;
    }
    g_autofree char *note = g_strdup_printf("%s %s", edge->place, edge->what);
    AlarmStep step = {
        .alarm_id = alarm.id, .step = "arrive", .time_us = edge->time_us, .note = g_strstrip(note)};
    if (!alarm_store_step(taking->db, &step, &seq, error)) {
        return false;
    }
    if (rule->class == ALARM_FIRE || rule->class == ALARM_GAS) {
        note_arrival(taking, &alarm, seq);
    }
    *ret_alarm = alarm;
    alarm = (Alarm){0};
    return true;
}

/* One more point or one that is back: it joins, and who waits for restoring waits on. */
static bool add_point(Taking *taking, Alarm *alarm, const SensingEdge *edge, GError **error) {
    bool was_there = false;
    bool was_on = false;
    if (!alarm_store_point(taking->db, alarm->id, edge, &was_there, &was_on, error)) {
        return false;
    }
    alarm->edges += 1;
    alarm->points += was_there ? 0 : 1;
    alarm->active += was_on ? 0 : 1;
    alarm->restored_us = 0;
    alarm->last_us = MAX(alarm->last_us, edge->received_us);
    if (!was_there && alarm->points > 1 && alarm->points <= JOINS_TOLD) {
        g_autofree char *note = g_strdup_printf("%s %s", edge->place, edge->what);
        AlarmStep step = {.alarm_id = alarm->id,
                          .step = "join",
                          .time_us = edge->time_us,
                          .note = g_strstrip(note)};
        if (!alarm_store_step(taking->db, &step, NULL, error)) {
            return false;
        }
    }
    return alarm_store_update(taking->db, alarm, error);
}

static bool joins(const AlarmRule *rule, const Alarm *alarm, const SensingEdge *edge) {
    return alarm->id != 0 &&
           alarm_joins(rule, alarm->last_us, alarm->result == ALARM_TRUE, edge->received_us);
}

static void forget(Alarm *alarm) {
    alarm_clear(alarm);
    *alarm = (Alarm){0};
}

/* The alarm of the building as a whole turns out to be on this floor. */
static bool locate(Taking *taking,
                   const AlarmFacts *facts,
                   const SensingEdge *edge,
                   const char *key,
                   int64_t alarm_id,
                   GError **error) {
    g_auto(Alarm) named = {.id = alarm_id,
                           .merge_key = g_strdup(key),
                           .place = g_strdup(edge->place),
                           .what = g_strdup(edge->what)};
    return name_place(taking->db, edge, facts->floor, &named, error) &&
           alarm_store_locate(taking->db, &named, error);
}

/* A panel tells "fire" of its system beside the detector's, before or after it and without a floor:
 * that is the same event. id 0: a new one. */
static bool find_joined(Taking *taking,
                        const AlarmRule *rule,
                        const AlarmFacts *facts,
                        const SensingEdge *edge,
                        Alarm *ret_alarm,
                        GError **error) {
    g_autofree char *key = alarm_merge_key(rule, facts);
    bool has_floor = *facts->floor != '\0';
    if (!alarm_store_near(taking->db, key, ret_alarm, error)) {
        return false;
    }
    if (joins(rule, ret_alarm, edge)) {
        return true;
    }
    forget(ret_alarm);
    if (rule->near != ALARM_NEAR_FLOOR || facts->building_id == 0) {
        return true;
    }
    AlarmFacts anywhere = *facts;
    anywhere.floor = "";
    g_autofree char *wide = alarm_merge_key(rule, &anywhere);
    if (!(has_floor ? alarm_store_near(taking->db, wide, ret_alarm, error)
                    : alarm_store_inside(
                          taking->db, facts->building_id, facts->kind, ret_alarm, error))) {
        return false;
    }
    if (!joins(rule, ret_alarm, edge)) {
        forget(ret_alarm);
        return true;
    }
    return !has_floor || locate(taking, facts, edge, key, ret_alarm->id, error);
}

static bool take_one(Taking *taking,
                     const AlarmRule *rule,
                     const AlarmFacts *facts,
                     const SensingEdge *edge,
                     GError **error) {
    g_autofree char *key = alarm_merge_key(rule, facts);
    g_auto(Alarm) alarm = {0};
    return lock_once(taking, error) && find_joined(taking, rule, facts, edge, &alarm, error) &&
           (alarm.id != 0 || begin_alarm(taking, rule, facts, key, edge, &alarm, error)) &&
           add_point(taking, &alarm, edge, error);
}

/* --- it is over ---------------------------------------------------------------------------------
 */

/* The first time that all points are back is told; a point that flaps is counted, not told. */
static bool
point_is_back(Taking *taking, int64_t alarm_id, const SensingEdge *edge, GError **error) {
    g_auto(Alarm) alarm = {0};
    if (!alarm_find(taking->db, alarm_id, &alarm, error)) {
        return false;
    }
    alarm.edges += 1;
    alarm.active = MAX(alarm.active - 1, 0);
    alarm.last_us = MAX(alarm.last_us, edge->received_us);
    if (alarm.active == 0) {
        alarm.restored_us = edge->received_us;
        if (alarm.edges <= 2 * alarm.points) {
            AlarmStep step = {.alarm_id = alarm.id,
                              .step = "restore",
                              .time_us = edge->time_us,
                              .note = edge->what};
            if (!alarm_store_step(taking->db, &step, NULL, error)) {
                return false;
            }
        }
    }
    return alarm_store_update(taking->db, &alarm, error);
}

static bool take_off(Taking *taking, const SensingEdge *edge, GError **error) {
    if (!lock_once(taking, error)) {
        return false;
    }
    g_autoptr(GArray) ids = alarm_store_point_off(taking->db, edge, error);
    for (guint i = 0; ids != NULL && i < ids->len; i++) {
        if (!point_is_back(taking, g_array_index(ids, int64_t, i), edge, error)) {
            return false;
        }
    }
    return ids != NULL;
}

/* --- the hook -----------------------------------------------------------------------------------
 */

/* Rules speak of kinds and components; most edges are of kinds that no rule names. */
static bool may_matter(const AlarmRules *rules, EdgeKind kind) {
    for (unsigned i = 0; i < rules->rule_count; i++) {
        if ((rules->rules[i].edges >> kind & 1u) != 0) {
            return true;
        }
    }
    return false;
}

static bool take_edge(Taking *taking, const SensingEdge *edge, GError **error) {
    if (edge->kind == EDGE_DUTY_ANSWER) {
        return duty_store_answer(taking->db, edge->device_id, edge->received_us, error);
    }
    if (!may_matter(taking->rules, edge->kind)) {
        return true;
    }
    AlarmPlace place = {0};
    if (!alarm_store_place(taking->db, edge->point_id, &place, error)) {
        return false;
    }
    g_autofree char *floor = place.floor;
    AlarmFacts facts = {.kind = edge->kind,
                        .is_on = edge->is_on,
                        .component = place.component,
                        .system = place.system,
                        .device_id = edge->device_id,
                        .point_id = edge->point_id,
                        .building_id = edge->building_id,
                        .floor = floor};
    const AlarmRule *rule = alarm_rule_of(taking->rules, &facts);
    if (rule != NULL) {
        return take_one(taking, rule, &facts, edge, error);
    }
    facts.is_on = !facts.is_on;
    return alarm_rule_of(taking->rules, &facts) == NULL || take_off(taking, edge, error);
}

bool alarm_take_edges(Db *db, const SensingEdge *edges, size_t count, GError **error) {
    g_autoptr(GArray) arrivals = g_array_new(FALSE, FALSE, sizeof(Arrival));
    g_array_set_clear_func(arrivals, arrival_clear);
    Taking taking = {.db = db, .arrivals = arrivals};
    for (size_t i = 0; i < count; i++) {
        taking.rules = alarm_rules(edges[i].region, error);
        if (taking.rules == NULL || !take_edge(&taking, &edges[i], error)) {
            return false;
        }
    }
    if (!append_arrivals(&taking, error)) {
        return false;
    }
    if (taking.is_locked) {
        alarm_hint();
    }
    return true;
}
