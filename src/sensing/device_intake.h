/*
 * Devices and points from outside (an import file) into the register: checked, matched with what is
 * there, added or changed in batches, as registry/intake.h does for buildings. A device that was
 * learned becomes registered; the same rows again change nothing; a value that is not told never
 * overwrites. All in the caller's transaction, at whose end version and changed_us of every device
 * that was touched are raised, so that a running ingest notices. Thread: that of the Db.
 */
#pragma once

#include "registry/intake.h"

/* All texts may be NULL (not told). A device is found by protocol and code. */
typedef struct DeviceRow {
    const char *code;
    const char *protocol; /* word or name; not told: gb26875 */
    /* Where it stands: by number, by key of another system, by name or address inside `region`. */
    const char *region, *building, *address;
    const char *source, *building_source_id;
    const char *building_id;
    const char *unit, *unit_uscc, *unit_id;
    const char *place;
    const char *name, *profile, *state;
    const char *service_body, *service_contact;
} DeviceRow;

/* A point is found by device and address in it. */
typedef struct PointRow {
    const char *device; /* code */
    const char *protocol;
    const char *system_type, *system_address, *component_type, *address;
    const char *name, *floor, *room;
    const char *analog_type, *low, *high, *hysteresis; /* limits of one kind of value */
} PointRow;

/* For pages and mappings; end with word NULL. */
extern const IntakeField device_row_fields[], point_row_fields[];

/* As intake_batch: `rows` are DeviceRow or PointRow. A device of another region is not changed, a
 * building of another region not bound; a point whose device is not registered is refused. */
bool device_rows_take(Db *db,
                      const void *rows,
                      size_t count,
                      const IntakeContext *context,
                      IntakeResult *results,
                      GError **error);
bool point_rows_take(Db *db,
                     const void *rows,
                     size_t count,
                     const IntakeContext *context,
                     IntakeResult *results,
                     GError **error);
