/* Copies of a PostgreSQL database by its own pg_dump and pg_restore. */
#include "base/error.h"
#include "store/store_pg.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* Of a URL: the same connection to another database, as URL. */
static char *url_with(const char *url, const char *name, bool with_password, char **ret_password) {
    PQconninfoOption *options = PQconninfoParse(url, NULL);
    if (options == NULL) {
        return NULL;
    }
    GString *text = g_string_new("postgresql://?");
    for (PQconninfoOption *option = options; option->keyword != NULL; option++) {
        const char *value = option->val;
        if (strcmp(option->keyword, "dbname") == 0 && name != NULL) {
            value = name;
        }
        if (strcmp(option->keyword, "password") == 0) {
            if (value != NULL && ret_password != NULL) {
                *ret_password = g_strdup(value);
            }
            value = with_password ? value : NULL;
        }
        if (value != NULL) {
            g_autofree char *escaped = g_uri_escape_string(value, NULL, FALSE);
            g_string_append_printf(text,
                                   "%s%s=%s",
                                   text->str[text->len - 1] == '?' ? "" : "&",
                                   option->keyword,
                                   escaped);
        }
    }
    PQconninfoFree(options);
    return g_string_free(text, FALSE);
}

/* Name of the database a URL leads to; caller frees. */
static char *name_of(const char *url, GError **error) {
    g_autoptr(Db) db = db_open(url, DB_READ_ONLY, error);
    char *name = NULL;
    if (db != NULL) {
        db_query_text(db, SQL("SELECT current_database()"), DB_NO_ARGS, &name, error);
    }
    return name;
}

/* --- the tools ------------------------------------------------------------------------------- */

/* Runs a tool of PostgreSQL without a shell; the password goes by the environment, because
 * everybody may read a process's arguments. */
static bool run_tool(const char *const *argv, const char *password, GError **error) {
    g_auto(GStrv) environment = g_get_environ();
    if (password != NULL) {
        environment = g_environ_setenv(environment, "PGPASSWORD", password, TRUE);
    }
    g_autofree char *complaint = NULL;
    g_autoptr(GError) failure = NULL;
    int status = 0;
    if (!g_spawn_sync(NULL,
                      (char **)argv,
                      environment,
                      G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL,
                      NULL,
                      NULL,
                      NULL,
                      &complaint,
                      &status,
                      &failure)) {
        return hz_fail(error,
                       HZ_ERROR_UNAVAILABLE,
                       "cannot run %s (package postgresql-client): %s",
                       argv[0],
                       failure->message);
    }
    if (!g_spawn_check_wait_status(status, NULL)) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s: %s", argv[0], g_strchomp(complaint));
    }
    return true;
}

/* pg_dump reads exactly the state of our transaction: it takes its snapshot over. */
bool store_pg_copy(Db *db, const char *path, DbCopyProgress progress, void *data, GError **error) {
    (void)progress;
    (void)data;
    g_autofree char *snapshot = NULL;
    if (!db_query_text(db, SQL("SELECT pg_export_snapshot()"), DB_NO_ARGS, &snapshot, error)) {
        return false;
    }
    g_autofree char *password = NULL;
    g_autofree char *url = url_with(store_pg_url(db), NULL, false, &password);
    g_assert(url != NULL); /* we are connected by it */
    g_autofree char *snapshot_option = g_strconcat("--snapshot=", snapshot, NULL);
    g_autofree char *file_option = g_strconcat("--file=", path, NULL);
    g_autofree char *url_option = g_strconcat("--dbname=", url, NULL);
    const char *const argv[] = {"pg_dump",
                                "--format=custom",
                                "--no-owner",
                                "--no-privileges",
                                "--no-password",
                                snapshot_option,
                                file_option,
                                url_option,
                                NULL};
    if (run_tool(argv, password, error)) {
        return store_sync_file(path, error);
    }
    g_unlink(path);
    return false;
}

bool store_pg_fill(const char *url, const char *path, GError **error) {
    g_autofree char *password = NULL;
    g_autofree char *plain = url_with(url, NULL, false, &password);
    if (plain == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "not a postgresql URL");
    }
    g_autofree char *url_option = g_strconcat("--dbname=", plain, NULL);
    const char *const argv[] = {"pg_restore",
                                "--exit-on-error",
                                "--single-transaction",
                                "--no-owner",
                                "--no-privileges",
                                "--no-password",
                                url_option,
                                path,
                                NULL};
    return run_tool(argv, password, error);
}

/* --- places ---------------------------------------------------------------------------------- */

/* A statement about databases `first` and `second` (may be NULL), from a connection to neither. */
static bool about(const char *url,
                  const char *verb,
                  const char *first,
                  const char *middle,
                  const char *second,
                  GError **error) {
    g_autofree char *admin_url = url_with(url, "postgres", true, NULL);
    g_autoptr(Db) admin = db_open(admin_url, DB_READ_WRITE, error);
    if (admin == NULL) {
        return false;
    }
    g_autofree char *quoted_first = store_pg_quote(admin, first);
    g_autofree char *quoted_second = second == NULL ? g_strdup("") : store_pg_quote(admin, second);
    g_autofree char *text =
        g_strdup_printf("%s DATABASE %s %s %s", verb, quoted_first, middle, quoted_second);
    return db_script(admin, text, error);
}

char *store_pg_place_new(const char *url, const char *purpose, GError **error) {
    g_autofree char *name = name_of(url, error);
    if (name == NULL) {
        return NULL;
    }
    g_autofree char *place = g_strdup_printf("%.32s_%s_%d", name, purpose, (int)getpid());
    /* template0: text must sort by the same rules, whatever this server's default is. */
    if (!about(url,
               "CREATE",
               place,
               "TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
               NULL,
               error)) {
        return NULL;
    }
    return url_with(url, place, true, NULL);
}

bool store_pg_place_drop(const char *url, GError **error) {
    g_autofree char *name = name_of(url, error);
    return name != NULL && about(url, "DROP", name, "", NULL, error);
}

bool store_pg_place_swap(const char *url, const char *new_url, char **ret_old_url, GError **error) {
    g_autofree char *name = name_of(url, error);
    g_autofree char *new_name = name == NULL ? NULL : name_of(new_url, error);
    if (new_name == NULL) {
        return false;
    }
    g_autofree char *old_name = g_strdup_printf("%.32s_before_restore_%d", name, (int)getpid());
    if (!about(url, "ALTER", name, "RENAME TO", old_name, error)) {
        return false;
    }
    if (!about(url, "ALTER", new_name, "RENAME TO", name, error)) {
        about(url, "ALTER", old_name, "RENAME TO", name, NULL);
        return false;
    }
    *ret_old_url = url_with(url, old_name, false, NULL);
    return true;
}
