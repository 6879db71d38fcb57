#include "store/store_driver.h"

Db *store_pg_open(const char *url, DbMode mode, GError **error) {
    (void)url;
    (void)mode;
    hz_fail(error, HZ_ERROR_UNAVAILABLE, "PostgreSQL is not built in yet");
    return NULL;
}
