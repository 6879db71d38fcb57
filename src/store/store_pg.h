/* What the files store_pg*.c share. */
#pragma once

#include "store/store_driver.h"

#include <libpq-fe.h>

typedef struct PgDb {
    Db base;
    PGconn *conn;
    char *url;
    GHashTable *statements; /* text -> name of the prepared statement */
    unsigned made;          /* counts names */
    const char *begin;      /* how the transaction begins, while the server has not heard of it */
    GArray *waiting;        /* of int64_t: for each statement in the pipeline whose answer is not
                             * read yet, the rows it must change; -1: any number */
    bool has_warning;       /* since the commit began */
    bool is_ending;         /* the end of a read transaction was sent, its answer is not read yet */
} PgDb;

/* Fails with the code of its SQLSTATE and the primary message: DETAIL holds values of rows. */
bool store_pg_fail(PgDb *db, const PGresult *result, GError **error);
bool store_pg_is_fine(const PGresult *result);

/* --- what goes without waiting for answers (store_pg_pipeline.c) --- */

int64_t store_pg_changed(const PGresult *result);
/* The statement may be answered much later; what it must change is checked then. */
bool store_pg_send_later(
    PgDb *db, const char *name, DbArgs args, int64_t must_change, GError **error);
/* Reads the answers to all that was sent; the first failure is the error. */
bool store_pg_flush(PgDb *db, GError **error);
/* BEGIN if it is due, what waits, then this statement, in one exchange. Caller clears. */
PGresult *store_pg_run_behind(PgDb *db, const char *name, DbArgs args, GError **error);
/* What waits and COMMIT in one exchange; caller clears. NULL: nothing was committed, or (when the
 * connection broke) nobody knows. */
PGresult *store_pg_commit(PgDb *db, GError **error);
bool store_pg_send_many(
    PgDb *db, const char *name, size_t columns, DbArgs args, int64_t *ret_changed, GError **error);
/* Ends a read transaction without waiting for the server to say so. */
void store_pg_end_reading(PgDb *db);
/* Reads that answer, if there is one. */
void store_pg_drain(PgDb *db);

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
