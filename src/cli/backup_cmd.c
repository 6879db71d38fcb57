/* huozheng backup [FILE]: a verified copy of the whole database while it is in use. */
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/manifest.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

extern const Command backup_command;

typedef struct BackupOptions {
    char *db;
    gboolean json;
    char **rest;
} BackupOptions;

static void show_progress(int64_t done, int64_t total, void *data) {
    int64_t *last_us = data;
    int64_t now_us = g_get_monotonic_time();
    if (now_us - *last_us >= CLOCK_SECOND_US && total > 0) {
        *last_us = now_us;
        fprintf(stderr, "copied %" G_GINT64_FORMAT " %%\n", 100 * done / total);
    }
}

/* One transaction sees both the ledger's head and all that is copied. */
static bool copy(const char *url, const char *part, Manifest *manifest, GError **error) {
    g_autoptr(Db) db = db_open(url, DB_READ_ONLY, error);
    if (db == NULL) {
        return false;
    }
    g_auto(DbTx) tx = {0};
    int64_t last_us = g_get_monotonic_time();
    manifest->engine = db_engine(db);
    manifest->made_us = clock_now_us();
    return db_begin(db, &tx, error) && ledger_head(db, &manifest->head, error) &&
           db_copy(db, part, show_progress, &last_us, error) && db_commit(&tx, error);
}

/* A SQLite copy is read where it lies. A dump is filled into a database made for this only. */
static bool read_back(const char *url, const char *part, const Manifest *manifest, GError **error) {
    if (manifest->engine == DB_ENGINE_SQLITE) {
        g_autofree char *copy_url = g_strconcat("sqlite:", part, NULL);
        return manifest_verify_database(copy_url, &manifest->head, error);
    }
    g_autofree char *place = db_place_new(url, "backup_check", error);
    if (place == NULL) {
        g_prefix_error(error, "reading the backup back needs a database of its own: ");
        return false;
    }
    bool done =
        db_fill(place, part, error) && manifest_verify_database(place, &manifest->head, error);
    g_autoptr(GError) left_over = NULL;
    if (!db_place_drop(place, &left_over)) {
        fprintf(stderr, "huozheng: the checking database remains: %s\n", left_over->message);
    }
    return done;
}

/* The file gets its name last: what bears the name has been read back. */
static bool make(const char *url, const char *file, Manifest *manifest, GError **error) {
    if (g_file_test(file, G_FILE_TEST_EXISTS)) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "%s exists already", file);
    }
    g_autofree char *part = g_strdup_printf("%s.part-%d", file, (int)getpid());
    bool done = copy(url, part, manifest, error) && read_back(url, part, manifest, error) &&
                manifest_measure(manifest, part, error) && manifest_write(manifest, file, error);
    if (done && g_rename(part, file) != 0) {
        done = hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot name the backup %s", file);
    }
    if (!done) {
        g_unlink(part);
    }
    return done;
}

static char *default_name(void) {
    g_autofree char *now = clock_format_utc(clock_now_us());
    g_autofree char *compact = g_strdup_printf(
        "%.4s%.2s%.2sT%.2s%.2s%.2sZ", now, now + 5, now + 8, now + 11, now + 14, now + 17);
    return g_strdup_printf("huozheng-%s.backup", compact);
}

static int run_backup_to(const char *url, const char *file, bool json) {
    g_autoptr(GError) error = NULL;
    Manifest manifest = {0};
    if (!make(url, file, &manifest, &error)) {
        return manifest_failure(error);
    }
    if (json) {
        g_autoptr(json_t) document = manifest_json(&manifest, file);
        g_autofree char *text = json_write(document);
        puts(text);
        return 0;
    }
    g_autofree char *head = manifest_head_text(&manifest.head);
    printf("%s: %" G_GINT64_FORMAT " bytes, read back and verified; ledger %s\n",
           file,
           manifest.size,
           head);
    printf("Keep %s.manifest.json with it.\n", file);
    return 0;
}

static int run_backup(int argc, char **argv) {
    BackupOptions options = {0};
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options.db, "Database", "URL"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.rest, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("[FILE]");
    g_option_context_set_summary(
        context,
        "Copies the database while the server runs, reads the copy back, checks its ledger and\n"
        "writes FILE.manifest.json (size, hash, ledger head). Without FILE the name is made from\n"
        "the time. PostgreSQL: needs pg_dump and pg_restore, and the right to create a database\n"
        "for the check.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int code = 2;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "huozheng: %s\n", error->message);
    } else if (options.rest != NULL && g_strv_length(options.rest) > 1) {
        fputs("usage: huozheng backup [FILE] [--db URL] [--json]\n", stderr);
    } else {
        g_autofree char *file = options.rest != NULL ? g_strdup(options.rest[0]) : default_name();
        code = run_backup_to(commands_db_url(options.db), file, options.json);
    }
    g_free(options.db);
    g_strfreev(options.rest);
    return code;
}

const Command backup_command = {
    "backup", "write a verified copy of the database while it is in use", run_backup};
