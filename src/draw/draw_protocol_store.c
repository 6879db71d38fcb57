/* SQL of beacons, parties and draws under way. */
#include "account/account.h"
#include "base/error.h"
#include "draw/draw_store.h"

/* --- draws under way ---------------------------------------------------------------------------
 */

bool draw_store_hold_gate(Db *db, GError **error) {
    int64_t id = 0; /* SQLite has one writer anyway */
    return db_query_int(db,
                        SQL_FOR(db,
                                "SELECT id FROM draw_gate WHERE id = 1",
                                "SELECT id FROM draw_gate WHERE id = 1 FOR UPDATE"),
                        DB_NO_ARGS,
                        &id,
                        error);
}

bool draw_store_overlapping(Db *db,
                            const char *object_kind,
                            const char *region,
                            const char *const *strata,
                            int64_t *ret_id,
                            GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT d.id, d.region, s.stratum FROM draw d JOIN draw_stratum s "
                     "ON s.draw_id = d.id WHERE d.object_kind = $1 "
                     "AND d.state IN ('frozen', 'committed') ORDER BY d.id"),
                 DB_ARGS(db_text(object_kind)),
                 error);
    if (rows == NULL) {
        return false;
    }
    *ret_id = 0;
    while (db_rows_next(rows)) {
        const char *other = db_rows_text(rows, 1);
        if (g_strv_contains(strata, db_rows_text(rows, 2)) &&
            (region_covers(region, other) || region_covers(other, region))) {
            *ret_id = db_rows_int(rows, 0);
        }
    }
    return db_rows_done(rows, error);
}

bool draw_store_release(Db *db, int64_t draw_id, bool with_files, GError **error) {
    return db_exec(db,
                   SQL("DELETE FROM draw_stratum WHERE draw_id = $1"),
                   DB_ARGS(db_int(draw_id)),
                   NULL,
                   error) &&
           (!with_files || db_exec(db,
                                   SQL("DELETE FROM draw_part WHERE draw_id = $1"),
                                   DB_ARGS(db_int(draw_id)),
                                   NULL,
                                   error));
}

/* --- beacons -----------------------------------------------------------------------------------
 */

bool draw_store_add_beacon(
    Db *db, int64_t draw_id, int64_t j, const DrawBeacon *beacon, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO draw_beacon (draw_id, j, source, round, time_us, value_hex, "
                       "typed, note, actor, taken_us, leaf) "
                       "VALUES ($1, $2, $3, $4, $5, '', '', '', '', 0, -1)"),
                   DB_ARGS(db_int(draw_id),
                           db_int(j),
                           db_text(beacon->source),
                           db_text(beacon->round),
                           db_int(beacon->time_us)),
                   NULL,
                   error);
}

bool draw_store_set_beacon(Db *db,
                           int64_t draw_id,
                           const DrawBeaconRow *row,
                           const char *actor,
                           int64_t *ret_changed,
                           GError **error) {
    return db_exec(db,
                   SQL("UPDATE draw_beacon SET value_hex = $3, typed = $4, note = $5, actor = $6, "
                       "taken_us = $7, leaf = $8 WHERE draw_id = $1 AND j = $2 AND value_hex = ''"),
                   DB_ARGS(db_int(draw_id),
                           db_int(row->j),
                           db_text(row->value_hex),
                           db_text(row->typed),
                           db_text(row->note),
                           db_text(actor),
                           db_int(row->taken_us),
                           db_int(row->leaf)),
                   ret_changed,
                   error);
}

static void clear_beacon(gpointer data) {
    DrawBeaconRow *row = data;
    g_free(row->value_hex);
    g_free(row->typed);
    g_free(row->note);
}

GArray *draw_store_beacons(Db *db, int64_t draw_id, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT j, source, round, time_us, value_hex, typed, note, taken_us, leaf "
                     "FROM draw_beacon WHERE draw_id = $1 ORDER BY j"),
                 DB_ARGS(db_int(draw_id)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GArray) beacons = g_array_new(FALSE, TRUE, sizeof(DrawBeaconRow));
    g_array_set_clear_func(beacons, clear_beacon);
    while (db_rows_next(rows)) {
        DrawBeaconRow row = {.j = db_rows_int(rows, 0),
                             .beacon.time_us = db_rows_int(rows, 3),
                             .value_hex = g_strdup(db_rows_text(rows, 4)),
                             .typed = g_strdup(db_rows_text(rows, 5)),
                             .note = g_strdup(db_rows_text(rows, 6)),
                             .taken_us = db_rows_int(rows, 7),
                             .leaf = db_rows_int(rows, 8)};
        g_strlcpy(row.beacon.source, db_rows_text(rows, 1), sizeof row.beacon.source);
        g_strlcpy(row.beacon.round, db_rows_text(rows, 2), sizeof row.beacon.round);
        g_array_append_val(beacons, row);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&beacons) : NULL;
}

/* --- parties -----------------------------------------------------------------------------------
 */

bool draw_store_add_party(Db *db, int64_t draw_id, const DrawPartyRow *row, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO draw_party (draw_id, j, name, commit_hash, is_own, share_hex, "
                       "revealed_us, leaf, counts) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)"),
                   DB_ARGS(db_int(draw_id),
                           db_int(row->j),
                           db_text(row->name),
                           db_text(row->commit_hex),
                           db_bool(row->is_own),
                           db_text(row->share_hex),
                           db_int(row->revealed_us),
                           db_int(row->leaf)),
                   NULL,
                   error);
}

bool draw_store_set_share(
    Db *db, int64_t draw_id, const DrawPartyRow *row, int64_t *ret_changed, GError **error) {
    return db_exec(db,
                   SQL("UPDATE draw_party SET share_hex = $3, revealed_us = $4, leaf = $5 "
                       "WHERE draw_id = $1 AND j = $2 AND share_hex = ''"),
                   DB_ARGS(db_int(draw_id),
                           db_int(row->j),
                           db_text(row->share_hex),
                           db_int(row->revealed_us),
                           db_int(row->leaf)),
                   ret_changed,
                   error);
}

bool draw_store_set_counts(Db *db, int64_t draw_id, int64_t j, GError **error) {
    return db_exec(db,
                   SQL("UPDATE draw_party SET counts = 1 WHERE draw_id = $1 AND j = $2"),
                   DB_ARGS(db_int(draw_id), db_int(j)),
                   NULL,
                   error);
}

static void clear_party(gpointer data) {
    DrawPartyRow *row = data;
    g_free(row->name);
    g_free(row->commit_hex);
    g_free(row->share_hex);
}

GArray *draw_store_parties(Db *db, int64_t draw_id, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT j, name, commit_hash, is_own, share_hex, revealed_us, leaf, counts "
                     "FROM draw_party WHERE draw_id = $1 ORDER BY j"),
                 DB_ARGS(db_int(draw_id)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GArray) parties = g_array_new(FALSE, TRUE, sizeof(DrawPartyRow));
    g_array_set_clear_func(parties, clear_party);
    while (db_rows_next(rows)) {
        DrawPartyRow row = {.j = db_rows_int(rows, 0),
                            .name = g_strdup(db_rows_text(rows, 1)),
                            .commit_hex = g_strdup(db_rows_text(rows, 2)),
                            .is_own = db_rows_int(rows, 3) != 0,
                            .share_hex = g_strdup(db_rows_text(rows, 4)),
                            .revealed_us = db_rows_int(rows, 5),
                            .leaf = db_rows_int(rows, 6),
                            .counts = db_rows_int(rows, 7) != 0};
        g_array_append_val(parties, row);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&parties) : NULL;
}
