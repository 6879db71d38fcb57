/* Devices that nobody registered and that say nothing any more make room for others. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "sensing/ingest_internal.h"

/* Devices in one transaction, because alarms wait for it. */
#define FORGET_MAX 500

static bool exec_each(Db *db, Sql sql, const GArray *ids, int64_t *ret_changed, GError **error) {
    const DbArgs all = {(const DbArg *)(const void *)ids->data, ids->len};
    return db_exec_many(db, sql, 1, all, ret_changed, error);
}

/* Numbers are given by the largest one there is (SQLite), and samples are kept by number: who holds
 * the largest stays, so that no number ever means something else. */
static bool keep_largest(Db *db, int64_t ret_ids[3], GError **error) {
    return db_query_int(db,
                        SQL("SELECT coalesce(max(id), 0) FROM device"),
                        DB_NO_ARGS,
                        &ret_ids[0],
                        error) &&
           db_query_int(db,
                        SQL("SELECT coalesce((SELECT device_id FROM point ORDER BY id DESC LIMIT "
                            "1), 0)"),
                        DB_NO_ARGS,
                        &ret_ids[1],
                        error) &&
           db_query_int(db,
                        SQL("SELECT coalesce((SELECT device_id FROM edge ORDER BY id DESC LIMIT "
                            "1), 0)"),
                        DB_NO_ARGS,
                        &ret_ids[2],
                        error);
}

static bool may_go(const IngestState *state,
                   const IngestDevice *device,
                   const int64_t kept[3],
                   int64_t silent_since_us) {
    return device->standing == DEVICE_LEARNING && device->version == 0 && device->id != kept[0] &&
           device->id != kept[1] && device->id != kept[2] &&
           MAX(device->seen_us, state->listening_us) < silent_since_us;
}

static void choose(const IngestState *state,
                   const int64_t kept[3],
                   int64_t silent_since_us,
                   GPtrArray *devices,
                   GArray *ids) {
    GHashTableIter iter;
    gpointer key = NULL;
    g_hash_table_iter_init(&iter, state->devices);
    while (ids->len < FORGET_MAX && g_hash_table_iter_next(&iter, &key, NULL)) {
        const IngestDevice *device = key;
        if (may_go(state, device, kept, silent_since_us)) {
            DbArg id = db_int(device->id);
            g_array_append_val(ids, id);
            g_ptr_array_add(devices, key);
        }
    }
}

/* A page may have taken one of them up meanwhile: then all stay until the next time. */
static bool delete_all(Db *db, const GArray *ids, GError **error) {
    int64_t changed = 0;
    if (!exec_each(db,
                   SQL("DELETE FROM point_side WHERE point_id IN "
                       "(SELECT id FROM point WHERE device_id = $1)"),
                   ids,
                   NULL,
                   error) ||
        !exec_each(db, SQL("DELETE FROM point WHERE device_id = $1"), ids, NULL, error) ||
        !exec_each(db, SQL("DELETE FROM edge WHERE device_id = $1"), ids, NULL, error) ||
        !exec_each(db, SQL("DELETE FROM device_text WHERE device_id = $1"), ids, NULL, error) ||
        !exec_each(db,
                   SQL("DELETE FROM device WHERE id = $1 AND state = 'learning' AND version = 0"),
                   ids,
                   &changed,
                   error)) {
        return false;
    }
    return changed == (int64_t)ids->len ||
           hz_fail(error, HZ_ERROR_CONFLICT, "a device that was to be forgotten is in use now");
}

/* Another process may have taken over what we remember. */
static bool hold_lane(Db *db, const IngestLane *lane, GError **error) {
    int64_t held = 0;
    return db_exec(db,
                   SQL("UPDATE lane SET seq = seq WHERE name = $1 AND epoch = $2"),
                   DB_ARGS(db_text(lane->name), db_int(lane->epoch)),
                   &held,
                   error) &&
           (held == 1 || hz_fail(error, HZ_ERROR_CONFLICT, "the lane was taken over"));
}

bool ingest_forget(Db *db,
                   IngestState *state,
                   const IngestLane *lane,
                   int64_t silent_since_us,
                   unsigned *ret_count,
                   GError **error) {
    g_autoptr(GPtrArray) devices = g_ptr_array_new();
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(DbArg));
    g_auto(DbTx) tx = {0};
    int64_t kept[3];
    *ret_count = 0;
    if (!db_begin(db, &tx, error) || !hold_lane(db, lane, error) ||
        !keep_largest(db, kept, error)) {
        return false;
    }
    choose(state, kept, silent_since_us, devices, ids);
    if (ids->len == 0) {
        return true;
    }
    if (!delete_all(db, ids, error) || !db_commit(&tx, error)) {
        return false;
    }
    for (guint i = 0; i < devices->len; i++) {
        g_hash_table_remove(state->devices, devices->pdata[i]);
    }
    state->learned -= devices->len;
    ingest_state_count_points(state);
    *ret_count = devices->len;
    return true;
}
