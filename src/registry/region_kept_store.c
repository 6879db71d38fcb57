#include "registry/region_kept.h"

#define KEY "registry.region"
#define NAMES_MAX 20000

bool region_kept_changed(Db *db, GError **error) {
    return db_exec(db,
                   SQL("UPDATE registry_stamp SET n = n + 1 WHERE name = 'region'"),
                   DB_NO_ARGS,
                   NULL,
                   error);
}

static void kept_free(void *data) {
    RegionKept *kept = data;
    g_hash_table_unref(kept->names);
    g_hash_table_unref(kept->lists);
    g_free(kept);
}

bool region_kept_open(Db *db, RegionKept **ret_kept, GError **error) {
    *ret_kept = NULL;
    if (db_in_tx(db)) {
        return true;
    }
    int64_t stamp;
    if (!db_query_int(db,
                      SQL("SELECT n FROM registry_stamp WHERE name = 'region'"),
                      DB_NO_ARGS,
                      &stamp,
                      error)) {
        return false;
    }
    RegionKept *kept = db_kept(db, KEY);
    if (kept == NULL || kept->stamp != stamp || g_hash_table_size(kept->names) > NAMES_MAX) {
        kept = g_new(RegionKept, 1);
        *kept = (RegionKept){
            .stamp = stamp,
            .names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
            .lists = g_hash_table_new_full(
                g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref),
        };
        db_keep(db, KEY, kept, kept_free);
    }
    *ret_kept = kept;
    return true;
}
