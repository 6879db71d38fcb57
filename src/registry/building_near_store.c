/* Buildings around a point. */
#include "registry/building.h"

#include <math.h>

#define METRES_OF_DEGREE 111320.0 /* of latitude, and of longitude at the equator */
#define LOOKED 2000               /* more stand in no such square */
#define NEAR_MAX 2000.0           /* metres: further away nothing is near */

static double radians(double degrees) {
    return degrees * acos(-1.0) / 180.0;
}

/* Flat, which is good to a metre over such a distance. */
static double metres_between(const MapPoint *a, const MapPoint *b) {
    double east = (b->longitude - a->longitude) * cos(radians(a->latitude)) * METRES_OF_DEGREE;
    double north = (b->latitude - a->latitude) * METRES_OF_DEGREE;
    return sqrt(east * east + north * north);
}

static gint compare_metres(gconstpointer a, gconstpointer b) {
    const NearBuilding *x = a;
    const NearBuilding *y = b;
    return x->metres != y->metres ? (x->metres > y->metres) - (x->metres < y->metres)
                                  : (x->id > y->id) - (x->id < y->id);
}

GArray *
building_near(Db *db, const MapPoint *point, double metres, unsigned limit, GError **error) {
    double reach = fmin(metres, NEAR_MAX);
    double north = reach / METRES_OF_DEGREE;
    double east = north / fmax(cos(radians(point->latitude)), 0.01); /* at a pole: everything */
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(NearBuilding));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, longitude, latitude FROM building WHERE latitude IS NOT NULL AND "
                     "latitude >= $1 AND latitude <= $2 AND longitude >= $3 AND longitude <= $4 "
                     "LIMIT $5"),
                 DB_ARGS(db_real(point->latitude - north),
                         db_real(point->latitude + north),
                         db_real(point->longitude - east),
                         db_real(point->longitude + east),
                         db_int(LOOKED)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        MapPoint own = {db_rows_real(rows, 1), db_rows_real(rows, 2)};
        NearBuilding near = {db_rows_int(rows, 0), metres_between(point, &own)};
        if (near.metres <= reach) {
            g_array_append_val(found, near);
        }
    }
    g_array_sort(found, compare_metres);
    g_array_set_size(found, MIN(found->len, limit));
    return db_rows_done(rows, error) ? g_steal_pointer(&found) : NULL;
}

bool map_point_parse(const char *longitude, const char *latitude, MapPoint *ret_point) {
    char *end[2] = {NULL, NULL};
    if (longitude == NULL || latitude == NULL || longitude[0] == '\0' || latitude[0] == '\0') {
        return false;
    }
    MapPoint point = {g_ascii_strtod(longitude, &end[0]), g_ascii_strtod(latitude, &end[1])};
    bool is_whole = *end[0] == '\0' && *end[1] == '\0';
    bool is_there = isfinite(point.longitude) && isfinite(point.latitude) &&
                    fabs(point.longitude) <= 180 && fabs(point.latitude) <= 90;
    if (is_whole && is_there) {
        *ret_point = point;
    }
    return is_whole && is_there;
}
