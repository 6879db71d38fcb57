/* Arguments as libpq wants them. */
#include "store/store_pg.h"

#include <string.h>

void store_pg_params_clear(PgParams *params) {
    g_free(params->values);
    g_free(params->lengths);
    g_free(params->formats);
    g_free(params->arena);
}

#define NUMBER_ROOM 48 /* longest: a double of 17 digits; G_ASCII_DTOSTR_BUF_SIZE is 39 */

/* Writes the value's text at `at`; returns the bytes used. */
static size_t write_value(const DbArg *arg, char *at) {
    switch (arg->type) {
    case DB_INT:
        g_snprintf(at, NUMBER_ROOM, "%" G_GINT64_FORMAT, arg->number);
        return NUMBER_ROOM;
    case DB_REAL:
        g_ascii_dtostr(at, NUMBER_ROOM, arg->real);
        return NUMBER_ROOM;
    case DB_TEXT:
        memcpy(at, arg->bytes, arg->size);
        at[arg->size] = '\0';
        return arg->size + 1;
    case DB_NULL:
    case DB_BLOB:
        break;
    }
    return 0;
}

void store_pg_params_make(DbArgs args, PgParams *ret) {
    size_t room = 1;
    for (size_t i = 0; i < args.count; i++) {
        room += args.items[i].type == DB_TEXT ? args.items[i].size + 1 : NUMBER_ROOM;
    }
    *ret = (PgParams){g_new0(const char *, args.count + 1),
                      g_new0(int, args.count + 1),
                      g_new0(int, args.count + 1),
                      g_malloc(room)};
    char *at = ret->arena;
    for (size_t i = 0; i < args.count; i++) {
        const DbArg *arg = &args.items[i];
        if (arg->type == DB_BLOB) {
            ret->values[i] = arg->bytes;
            ret->lengths[i] = (int)arg->size; /* LIMIT_DB_VALUE */
            ret->formats[i] = 1;
        } else if (arg->type != DB_NULL) {
            ret->values[i] = at;
            at += write_value(arg, at);
        }
    }
}
