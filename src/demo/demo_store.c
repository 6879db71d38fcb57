/* Where the demo city's devices stand. */
#include "demo/demo_internal.h"

GArray *demo_high_buildings(Db *db, unsigned count, GStringChunk *texts, GError **error) {
    g_autoptr(GArray) buildings = g_array_new(FALSE, TRUE, sizeof(DemoBuilding));
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, name, region, district, floors_above FROM building "
                     "WHERE source = 'demo' AND floors_above >= 7 ORDER BY id LIMIT $1"),
                 DB_ARGS(db_int(count)),
                 error);
    while (rows != NULL && db_rows_next(rows)) {
        DemoBuilding building = {.id = db_rows_int(rows, 0),
                                 .name = g_string_chunk_insert(texts, db_rows_text(rows, 1)),
                                 .region = g_string_chunk_insert(texts, db_rows_text(rows, 2)),
                                 .district = db_rows_int(rows, 3),
                                 .floors = (unsigned)db_rows_int(rows, 4)};
        g_array_append_val(buildings, building);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&buildings) : NULL;
}
