/* What the files store_pg*.c share. */
#pragma once

#include "store/store_driver.h"

#include <libpq-fe.h>

/* Numbers and text go as text, so that the server infers the type from the statement; blobs go as
 * they are. */
typedef struct PgParams {
    const char **values;
    int *lengths;
    int *formats;
    char *arena;
} PgParams;
void store_pg_params_make(DbArgs args, PgParams *ret);
void store_pg_params_clear(PgParams *params);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PgParams, store_pg_params_clear)

/* Takes `result` over: all rows, values as text. */
DbRows *store_pg_rows_new(Db *db, PGresult *result);

void store_pg_rows_free(DbRows *rows);
bool store_pg_rows_next(DbRows *rows, GError **error);
bool store_pg_rows_is_null(const DbRows *rows, int column);
int64_t store_pg_rows_int(const DbRows *rows, int column);
double store_pg_rows_real(const DbRows *rows, int column);
const char *store_pg_rows_text(const DbRows *rows, int column);
const void *store_pg_rows_blob(const DbRows *rows, int column, size_t *ret_size);

/* The URL it was opened with; borrowed. */
const char *store_pg_url(const Db *db);
/* A name made safe for a statement; caller frees. */
char *store_pg_quote(Db *db, const char *name);
bool store_pg_copy(Db *db, const char *path, DbCopyProgress progress, void *data, GError **error);

#define STORE_PG_ROWS                                                                              \
    .rows_free = store_pg_rows_free, .rows_next = store_pg_rows_next,                              \
    .rows_is_null = store_pg_rows_is_null, .rows_int = store_pg_rows_int,                          \
    .rows_real = store_pg_rows_real, .rows_text = store_pg_rows_text,                              \
    .rows_blob = store_pg_rows_blob
