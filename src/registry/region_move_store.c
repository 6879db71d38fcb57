#include "registry/region_move.h"

#include "registry/building.h"
#include "registry/object_store.h"
#include "registry/region.h"
#include "registry/unit.h"

/* Ids of rows whose region is `from` or begins with it, by the index of the district. */
static GArray *
ids_of(Db *db, Sql sql, const char *from, const char *to, unsigned limit, GError **error) {
    g_autofree char *above = g_strconcat(from, ":", NULL);
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(DbRows) rows = db_query(db,
                                      sql,
                                      DB_ARGS(db_int(region_district(from)),
                                              db_text(from),
                                              db_text(above),
                                              db_text(to),
                                              db_int(limit)),
                                      error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(ids, id);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&ids) : NULL;
}

static bool
move_building(Db *db, int64_t id, const char *to, const WriteOptions *options, GError **error) {
    g_auto(Building) old = {0};
    if (!building_find(db, id, &old, error)) {
        return false;
    }
    Building now = old; /* texts are the old one's */
    now.region = to;
    now.district = region_district(to);
    return building_change(db, &old, &now, options, error);
}

static bool
move_unit(Db *db, int64_t id, const char *to, const WriteOptions *options, GError **error) {
    g_auto(Unit) old = {0};
    if (!unit_find(db, id, &old, error)) {
        return false;
    }
    Unit now = old;
    now.region = to;
    now.district = region_district(to);
    UnitWrite write = {&old, &now};
    return unit_write(db, &write, 1, options, error);
}

bool region_move_some(Db *db,
                      const char *from,
                      const char *to,
                      unsigned limit,
                      const WriteOptions *options,
                      RegionMoved *ret_moved,
                      GError **error) {
    if (!object_serialise(db, SEARCH_BUILDING, error) ||
        !object_serialise(db, SEARCH_UNIT, error)) {
        return false;
    }
    g_autoptr(GArray) buildings = ids_of(db,
                                         SQL("SELECT id FROM building WHERE district = $1 AND "
                                             "region >= $2 AND region < $3 AND region <> $4 "
                                             "ORDER BY id LIMIT $5"),
                                         from,
                                         to,
                                         limit,
                                         error);
    g_autoptr(GArray) units =
        buildings == NULL ? NULL
                          : ids_of(db,
                                   SQL("SELECT id FROM unit WHERE district = $1 AND region >= $2 "
                                       "AND region < $3 AND region <> $4 ORDER BY id LIMIT $5"),
                                   from,
                                   to,
                                   limit,
                                   error);
    for (guint i = 0; units != NULL && i < buildings->len; i++) {
        if (!move_building(db, g_array_index(buildings, int64_t, i), to, options, error)) {
            return false;
        }
    }
    for (guint i = 0; units != NULL && i < units->len; i++) {
        if (!move_unit(db, g_array_index(units, int64_t, i), to, options, error)) {
            return false;
        }
    }
    if (units == NULL) {
        return false;
    }
    *ret_moved = (RegionMoved){buildings->len, units->len};
    return true;
}
