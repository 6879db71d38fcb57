/* Shared by the _store.c files of the alarm room. */
#pragma once

#include "alarm/alarm.h"

#define ALARM_COLUMNS                                                                              \
    "a.id, a.rule, a.class, a.kind, a.priority, a.state, a.result, a.merge_key, a.title, "         \
    "a.address, a.place, a.what, a.region, a.district, a.building_id, a.unit_id, a.device_id, "    \
    "a.began_us, a.arrived_us, a.last_us, a.edges, a.points, a.active, a.restored_us, a.level, "   \
    "a.due_us, a.holder, a.acknowledged_us, a.verified_us, a.reported_us, a.closed_us, "           \
    "a.matter_id, a.version"
void alarm_from_row(const DbRows *rows, Alarm *ret_alarm);
/* The first column as an array of int64_t; NULL on error. `rows` may be NULL. */
GArray *alarm_store_ids(DbRows *rows, GError **error);
/* "AND …": rows of a table with the alias `a` (columns district, region) that the reader may see.
 * What is bound to nothing is seen by provinces and cities. */
void alarm_add_region(SqlBuilder *sql, const char *region);
