/* What SQLite says about how it runs a statement. */
#include "store/store_sqlite.h"

#include <string.h>

/* A line such as "SCAN u" or "SEARCH u USING AUTOMATIC …" reads a whole table, unless u names a
 * subquery (another line says MATERIALIZE u or CO-ROUTINE u), constant rows or a virtual table. */
static bool line_scans(const char *line, char *const *lines) {
    bool automatic = strstr(line, " USING AUTOMATIC ") != NULL;
    bool plain = g_str_has_prefix(line, "SCAN ") && strstr(line, " USING ") == NULL;
    if (!automatic && !plain) {
        return false;
    }
    if (strstr(line, " VIRTUAL TABLE ") != NULL || strstr(line, "CONSTANT ROW") != NULL) {
        return false;
    }
    g_auto(GStrv) words = g_strsplit(line, " ", 3);
    if (words[1] == NULL || words[1][0] == '(') {
        return false; /* "SCAN (subquery-2)" */
    }
    g_autofree char *materialize = g_strdup_printf("MATERIALIZE %s", words[1]);
    g_autofree char *coroutine = g_strdup_printf("CO-ROUTINE %s", words[1]);
    return !g_strv_contains((const char *const *)lines, materialize) &&
           !g_strv_contains((const char *const *)lines, coroutine);
}

char *store_sqlite_explain(Db *base, const char *text, DbArgs args, bool *ret_scans_table) {
    (void)args; /* SQLite plans without the values */
    SqliteDb *db = (SqliteDb *)base;
    g_autofree char *explain = g_strconcat("EXPLAIN QUERY PLAN ", text, NULL);
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(db->handle, explain, -1, &stmt, NULL) != SQLITE_OK) {
        return NULL; /* the statement itself will say why */
    }
    g_autoptr(GStrvBuilder) builder = g_strv_builder_new();
    while (sqlite3_step(stmt) == SQLITE_ROW) {
        g_strv_builder_add(builder, (const char *)sqlite3_column_text(stmt, 3));
    }
    sqlite3_finalize(stmt);
    g_auto(GStrv) lines = g_strv_builder_end(builder);
    for (char **line = lines; *line != NULL; line++) {
        *ret_scans_table |= line_scans(*line, lines);
    }
    return g_strjoinv("\n", lines);
}
