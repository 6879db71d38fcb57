/* SQL of devices and points. Thread: that of the Db. */
#pragma once

#include "sensing/device.h"
#include "sensing/limits.h"

/* A text of the row, "" for NULL, that lives as long as `texts`. */
const char *sensing_text_at(const DbRows *rows, int column, GStringChunk *texts);
/* Steps to the one row of a look-up by id; NOT_FOUND when there is none. `rows` may be NULL, after
 * an error. */
bool sensing_row(DbRows *rows, const char *what, GError **error);

/* "AND d.district …": the region of a reader in the columns of table or alias `d`. */
void sensing_add_region(SqlBuilder *sql, const char *region);
/* The same for edges and other tables, whose alias is `e`. */
void sensing_add_region_e(SqlBuilder *sql, const char *region);

/* Points of a device that are in fire, fault or shielded. */
typedef struct DeviceTroubles {
    int64_t device_id, fire, fault, shield;
} DeviceTroubles;
/* Of these devices, those that have any, by id: array of DeviceTroubles. */
GArray *device_troubles(Db *db, const int64_t *ids, size_t count, GError **error);

/* Numbers for the head of the list: waiting to be registered. */
bool device_count_learning(Db *db, int64_t *ret_n, GError **error);

typedef struct DeviceEdge {
    int64_t id, point_id, value, time_us, received_us;
    EdgeKind kind;
    bool is_on;
    const char *what, *place;
} DeviceEdge;
/* Edges of a device (point_id 0: of all its points) before `before_id` (0: newest first), at most
 * `limit`: appends DeviceEdge. */
bool device_edges(Db *db,
                  int64_t device_id,
                  int64_t point_id,
                  int64_t before_id,
                  unsigned limit,
                  GStringChunk *texts,
                  GArray *edges,
                  GError **error);

typedef struct DeviceCommand {
    const char *kind, *state, *failure;
    int64_t created_us, changed_us;
} DeviceCommand;
/* The newest commands to a device: appends DeviceCommand. */
bool device_commands(Db *db,
                     int64_t device_id,
                     unsigned limit,
                     GStringChunk *texts,
                     GArray *commands,
                     GError **error);

typedef struct NearUnit {
    int64_t id;
    const char *name;
} NearUnit;
/* Living units registered in a building, at most `limit`: appends NearUnit. */
bool device_units_of_building(Db *db,
                              int64_t building_id,
                              unsigned limit,
                              GStringChunk *texts,
                              GArray *units,
                              GError **error);

/* Appends the Devices of one protocol whose codes stand in the JSON array `codes`, by id.
 * `is_to_change`: nobody else changes them until the transaction ends. */
bool device_find_codes(Db *db,
                       const char *protocol,
                       const char *codes,
                       bool is_to_change,
                       GStringChunk *texts,
                       GArray *devices,
                       GError **error);
/* What differs, for the history (device.c). */
void device_note_differences(const Device *old, const Device *now, json_t *before, json_t *after);
/* "电流：下限 无，上限 0.3 A，回差 0.1 A", for the history; NULL: the default holds again. Caller
 * frees. */
char *device_rule_text(int64_t analog_type, const LimitRule *rule);

bool device_insert(Db *db, const Device *device, int64_t *ret_id, GError **error);
/* Writes what forms can change. CONFLICT unless the row is of `device->version`, which it raises.
 */
bool device_update(Db *db, const Device *device, int64_t now_us, GError **error);
bool device_touch(Db *db, int64_t id, int64_t now_us, GError **error);
bool device_set_key(Db *db, int64_t id, const void *hash, size_t size, GError **error);
bool device_move_points(Db *db, const Device *device, GError **error);
bool point_update(Db *db, const Point *point, GError **error);
bool limit_put(Db *db, const PointLimit *limit, const DeviceActor *by, GError **error);
bool limit_delete(Db *db, int64_t point_id, int64_t analog_type, GError **error);
