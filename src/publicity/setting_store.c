#include "publicity/setting.h"

#include "base/error.h"

#include <pthread.h>
#include <string.h>

#define CACHE_US (2 * G_USEC_PER_SEC)
#define DEFAULT_NAME "火正消防监督"
#define DEFAULT_HOST "火正消防监督执法平台"

bool setting_set(Db *db, const char *key, const char *value, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO setting (key, value, changed_us) VALUES ($1, $2, $3)"
                       " ON CONFLICT (key) DO UPDATE SET value = excluded.value,"
                       " changed_us = excluded.changed_us"),
                   DB_ARGS(db_text(key), db_text(value), db_int(now_us)),
                   NULL,
                   error);
}

bool setting_get(Db *db, const char *key, char **ret_value, GError **error) {
    g_autoptr(GError) failure = NULL;
    if (db_query_text(db,
                      SQL("SELECT value FROM setting WHERE key = $1"),
                      DB_ARGS(db_text(key)),
                      ret_value,
                      &failure)) {
        return true;
    }
    if (g_error_matches(failure, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        *ret_value = NULL;
        return true;
    }
    g_propagate_error(error, g_steal_pointer(&failure));
    return false;
}

/* --- what every page shows ---------------------------------------------------------------------
 */

static pthread_mutex_t cache_lock = PTHREAD_MUTEX_INITIALIZER;
static SiteSettings cache;
static const void *cache_owner;
static int64_t cache_until_us; /* monotonic */

static bool read_one(Db *db, const char *key, const char *fallback, char *out, size_t room) {
    g_autofree char *value = NULL;
    bool ok = setting_get(db, key, &value, NULL);
    g_strlcpy(out, value != NULL && *value != '\0' ? value : fallback, room);
    return ok;
}

static bool read_all(Db *db, SiteSettings *ret_settings) {
    SiteSettings *s = ret_settings;
    bool ok = read_one(db, SETTING_SITE_NAME, DEFAULT_NAME, s->name, sizeof s->name);
    ok = read_one(db, SETTING_SITE_HOST, DEFAULT_HOST, s->host, sizeof s->host) && ok;
    return read_one(db, SETTING_DEMO, "", s->demo, sizeof s->demo) && ok;
}

void setting_site(Db *db, const void *owner, SiteSettings *ret_settings) {
    int64_t now = g_get_monotonic_time();
    pthread_mutex_lock(&cache_lock);
    bool is_fresh = owner == cache_owner && now < cache_until_us;
    *ret_settings = cache;
    pthread_mutex_unlock(&cache_lock);
    if (is_fresh) {
        return;
    }
    if (read_all(db, ret_settings)) {
        pthread_mutex_lock(&cache_lock);
        cache = *ret_settings;
        cache_owner = owner;
        cache_until_us = now + CACHE_US;
        pthread_mutex_unlock(&cache_lock);
    }
}
