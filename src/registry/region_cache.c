#include "registry/region_cache.h"

#define KEY "registry.region"
#define NAMES_MAX 20000

bool region_cache_changed(Db *db, GError **error) {
    return db_exec(db,
                   SQL("UPDATE registry_stamp SET n = n + 1 WHERE name = 'region'"),
                   DB_NO_ARGS,
                   NULL,
                   error);
}

static void cache_free(void *data) {
    RegionCache *cache = data;
    g_hash_table_unref(cache->names);
    g_hash_table_unref(cache->lists);
    g_free(cache);
}

bool region_cache_open(Db *db, RegionCache **ret_cache, GError **error) {
    *ret_cache = NULL;
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
    RegionCache *cache = db_kept(db, KEY);
    if (cache == NULL || cache->stamp != stamp || g_hash_table_size(cache->names) > NAMES_MAX) {
        cache = g_new(RegionCache, 1);
        *cache = (RegionCache){
            .stamp = stamp,
            .names = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
            .lists = g_hash_table_new_full(
                g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref),
        };
        db_keep(db, KEY, cache, cache_free);
    }
    *ret_cache = cache;
    return true;
}
