/*
 * Synthetic devices in the register: the ones a scene (sensing/scene.h) can play. Only devices whose
 * address lies in the synthetic range are ever written or read here. Thread: that of the Db.
 */
#pragma once

#include "sensing/scene.h"
#include "store/store.h"

/* Where a synthetic device stands, and what it is called. */
typedef struct RosterPlace {
    const char *name;
    int64_t building_id; /* 0: nowhere; then nobody has registered it */
    const char *region;
    int64_t district;
    const char *place;
    const char *service_body, *service_contact;
} RosterPlace;

/* Adds it with its points and their floors; nothing when its address is there already, then
 * *ret_added is false. Inside the caller's transaction. */
bool roster_add(Db *db,
                const RosterPlace *place,
                const SceneDevice *device,
                int64_t now_us,
                bool *ret_added,
                GError **error);

/* At most `limit` synthetic devices that are in use, by id, as the roster of a scene. NULL on error.
 */
GArray *roster_load(Db *db, unsigned limit, GError **error);
