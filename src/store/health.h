/* What a doctor asks an engine about itself. Thread: that of the Db. */
#pragma once

#include "store/store.h"

/* "SQLite 3.40.1", "PostgreSQL 15.2"; caller frees. */
bool db_version(Db *db, char **ret_text, GError **error);

/* PostgreSQL: a server setting ("fsync"), or "datcollate", the database's collation. Caller frees.
 */
bool db_pg_setting(Db *db, const char *name, char **ret_text, GError **error);

/* PostgreSQL: the server's wall clock. */
bool db_pg_clock(Db *db, int64_t *ret_time_us, GError **error);
