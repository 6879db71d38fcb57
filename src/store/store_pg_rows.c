/* Reading a PostgreSQL result: text to the five types, as SQLite would convert. */
#include "store/store_pg.h"

#include "base/digest.h"

#include <string.h>

/* pg_type.dat */
enum { TYPE_BOOL = 16, TYPE_BYTEA = 17, TYPE_FLOAT4 = 700, TYPE_FLOAT8 = 701 };

typedef struct PgRows {
    DbRows base;
    PGresult *result;
    int row;            /* -1 before the first */
    GPtrArray *decoded; /* bytes handed out for this row */
} PgRows;

DbRows *store_pg_rows_new(Db *db, PGresult *result) {
    PgRows *rows = g_new0(PgRows, 1);
    rows->base.db = db;
    rows->result = result;
    rows->row = -1;
    rows->decoded = g_ptr_array_new_with_free_func(g_free);
    return &rows->base;
}

void store_pg_rows_free(DbRows *base) {
    PgRows *rows = (PgRows *)base;
    PQclear(rows->result);
    g_ptr_array_unref(rows->decoded);
    g_free(rows);
}

bool store_pg_rows_next(DbRows *base, GError **error) {
    (void)error; /* the whole result is here already */
    PgRows *rows = (PgRows *)base;
    g_ptr_array_set_size(rows->decoded, 0);
    if (rows->row + 1 >= PQntuples(rows->result)) {
        return false;
    }
    rows->row++;
    return true;
}

/* The value's text, NULL for SQL NULL. */
static const char *value(const DbRows *base, int column) {
    const PgRows *rows = (const PgRows *)base;
    g_assert(rows->row >= 0 && column >= 0 && column < PQnfields(rows->result));
    return PQgetisnull(rows->result, rows->row, column)
               ? NULL
               : PQgetvalue(rows->result, rows->row, column);
}

static unsigned type_of(const DbRows *base, int column) {
    return PQftype(((const PgRows *)base)->result, column);
}

bool store_pg_rows_is_null(const DbRows *rows, int column) {
    return value(rows, column) == NULL;
}

int64_t store_pg_rows_int(const DbRows *rows, int column) {
    const char *text = value(rows, column);
    if (text == NULL) {
        return 0;
    }
    switch (type_of(rows, column)) {
    case TYPE_BOOL:
        return text[0] == 't';
    case TYPE_FLOAT4:
    case TYPE_FLOAT8: {
        double real = g_ascii_strtod(text, NULL);
        if (real >= 9223372036854775808.0) {
            return INT64_MAX;
        }
        return real > -9223372036854775808.0 ? (int64_t)real : INT64_MIN;
    }
    default:
        return g_ascii_strtoll(text, NULL, 10);
    }
}

double store_pg_rows_real(const DbRows *rows, int column) {
    const char *text = value(rows, column);
    if (text == NULL) {
        return 0.0;
    }
    if (type_of(rows, column) == TYPE_BOOL) {
        return text[0] == 't' ? 1.0 : 0.0;
    }
    return g_ascii_strtod(text, NULL);
}

const void *store_pg_rows_blob(const DbRows *rows, int column, size_t *ret_size) {
    const char *text = value(rows, column);
    *ret_size = 0;
    if (text == NULL) {
        return NULL;
    }
    if (type_of(rows, column) != TYPE_BYTEA) {
        *ret_size = strlen(text);
        return text;
    }
    size_t size = strlen(text) / 2 - 1; /* "\x" and two digits for each byte: bytea_output = hex */
    uint8_t *bytes = g_malloc(size + 1);
    g_assert(text[0] == '\\' && text[1] == 'x' && hex_parse(text + 2, bytes, size));
    bytes[size] = '\0';
    g_ptr_array_add(((const PgRows *)rows)->decoded, bytes);
    *ret_size = size;
    return bytes;
}

const char *store_pg_rows_text(const DbRows *rows, int column) {
    const char *text = value(rows, column);
    if (text == NULL) {
        return NULL;
    }
    switch (type_of(rows, column)) {
    case TYPE_BOOL:
        return text[0] == 't' ? "1" : "0";
    case TYPE_BYTEA: {
        size_t size = 0;
        return store_pg_rows_blob(rows, column, &size); /* decoded with a NUL */
    }
    default:
        return text;
    }
}
