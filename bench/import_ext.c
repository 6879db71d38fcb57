/*
 * For the import benchmark only: the registry's own text functions as an SQLite extension, so that
 * the sqlite3 shell can write the same rows, search rows included. Compiled by bench/import.py
 * together with src/registry/search_rules.c and vocabulary.c.
 */
#include "registry/registry.h"
#include "registry/search_rules.h"

#include <sqlite3ext.h>
#include <string.h>
SQLITE_EXTENSION_INIT1

int sqlite3_extension_init(sqlite3 *db, char **message, const sqlite3_api_routines *api);

static const char *text_of(sqlite3_value *value) {
    const char *text = (const char *)sqlite3_value_text(value);
    return text != NULL ? text : "";
}

/* unit_match_key(name, address), as in unit_store.c */
static void match_key(sqlite3_context *context, int count G_GNUC_UNUSED, sqlite3_value **args) {
    g_autofree char *name = search_normalise(text_of(args[0]));
    g_autofree char *address = search_normalise(text_of(args[1]));
    g_autofree char *both = g_strconcat(name, "\n", address, NULL);
    sqlite3_result_int64(context, search_text_hash(both));
}

/* unit_grams(name, address, uscc, district, category, risk, credit, is_key), as in unit_write.c */
static void grams(sqlite3_context *context, int count G_GNUC_UNUSED, sqlite3_value **args) {
    GString *tokens = g_string_sized_new(768);
    static const char marks[] = {'d', 'c', 'r', 't'};
    for (int i = 0; i < 3; i++) {
        g_autofree char *normal = search_normalise(text_of(args[i]));
        search_add_grams(tokens, normal);
    }
    for (int i = 0; i < 4; i++) {
        search_add_mark(tokens, marks[i], sqlite3_value_int64(args[3 + i]));
    }
    if (sqlite3_value_int64(args[7]) != 0) {
        search_add_mark(tokens, 'k', 1);
    }
    gsize size = tokens->len;
    sqlite3_result_text(context, g_string_free(tokens, FALSE), (int)size, g_free);
}

static void category_id(sqlite3_context *context, int count G_GNUC_UNUSED, sqlite3_value **args) {
    const UseCategory *category = category_parse(text_of(args[0]));
    sqlite3_result_int64(context, category != NULL ? category->id : 0);
}

static void risk_id(sqlite3_context *context, int count G_GNUC_UNUSED, sqlite3_value **args) {
    RiskGrade risk = RISK_UNKNOWN;
    sqlite3_result_int64(context, risk_parse(text_of(args[0]), &risk) ? risk : RISK_UNKNOWN);
}

int sqlite3_extension_init(sqlite3 *db,
                           char **message G_GNUC_UNUSED,
                           const sqlite3_api_routines *api) {
    SQLITE_EXTENSION_INIT2(api);
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;
    sqlite3_create_function(db, "unit_match_key", 2, flags, NULL, match_key, NULL, NULL);
    sqlite3_create_function(db, "unit_grams", 8, flags, NULL, grams, NULL, NULL);
    sqlite3_create_function(db, "category_id", 1, flags, NULL, category_id, NULL, NULL);
    sqlite3_create_function(db, "risk_id", 1, flags, NULL, risk_id, NULL, NULL);
    return SQLITE_OK;
}
