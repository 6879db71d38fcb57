/* SQL of devices and points. Thread: that of the Db. */
#pragma once

#include "sensing/device.h"
#include "sensing/limits.h"

/* "AND d.district …": the region of a reader in the columns of table or alias `d`. */
void sensing_add_region(SqlBuilder *sql, const char *region);
/* The same for edges and other tables, whose alias is `e`. */
void sensing_add_region_e(SqlBuilder *sql, const char *region);

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
