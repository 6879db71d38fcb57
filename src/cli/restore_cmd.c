/* huozheng restore FILE: puts a backup in place, never silently over newer data. */
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/manifest.h"
#include "ledger/merkle.h"

#include <stdio.h>
#include <string.h>

extern const Command restore_command;

#define LOST_SHOWN 20 /* lines; the rest is counted */

typedef struct RestoreOptions {
    char *db;
    gboolean replace;
    gboolean json;
    char **rest;
} RestoreOptions;

typedef struct Target {
    const char *url;
    bool is_there; /* has tables */
    bool has_ledger;
    LedgerHead head;
} Target;

/* --- what is there --------------------------------------------------------------------------- */

static bool is_missing_file(const char *url) {
    const char *path = g_str_has_prefix(url, "sqlite:") ? url + strlen("sqlite:") : NULL;
    return path != NULL && !g_file_test(path, G_FILE_TEST_EXISTS);
}

/* An unreadable ledger in the target is no obstacle: that may be why somebody restores. */
static bool look(Target *target, GError **error) {
    if (is_missing_file(target->url)) {
        return true;
    }
    g_autoptr(Db) db = db_open(target->url, DB_READ_ONLY, error);
    bool empty = true;
    if (db == NULL || !db_is_empty(db, &empty, error)) {
        return false;
    }
    target->is_there = !empty;
    target->has_ledger = !empty && ledger_head(db, &target->head, NULL);
    return true;
}

/* Does the target continue the backup's log? If it does, entries from the backup's size on would
 * be lost; if not, all of its own. */
static int64_t first_lost(Db *db, const Target *target, const Manifest *manifest) {
    if (manifest->head.size > target->head.size || manifest->head.size == 0) {
        return 0;
    }
    g_autoptr(GByteArray) proof =
        ledger_prove_consistency(db, manifest->head.size, target->head.size, NULL);
    if (proof == NULL || !merkle_verify_consistency(DIGEST_SHA256,
                                                    (uint64_t)manifest->head.size,
                                                    (uint64_t)target->head.size,
                                                    manifest->head.root,
                                                    target->head.root,
                                                    proof->data,
                                                    proof->len / DIGEST_SIZE)) {
        return 0;
    }
    return manifest->head.size;
}

static void print_lost(FILE *out, const Target *target, const Manifest *manifest) {
    g_autoptr(Db) db = target->has_ledger ? db_open(target->url, DB_READ_ONLY, NULL) : NULL;
    if (db == NULL) {
        fprintf(out, "Its ledger cannot be read, so nobody can say what it holds.\n");
        return;
    }
    int64_t first = first_lost(db, target, manifest);
    int64_t count = target->head.size - first;
    if (count == 0) {
        fprintf(out, "Its ledger holds nothing that the backup does not.\n");
        return;
    }
    fprintf(out,
            "These %" G_GINT64_FORMAT " ledger entries are not in the backup%s:\n",
            count,
            first == 0 && manifest->head.size > 0 ? " (it is not an earlier state of this ledger)"
                                                  : "");
    for (int64_t i = first; i < target->head.size && i < first + LOST_SHOWN; i++) {
        g_auto(LedgerRecord) record = {0};
        if (ledger_find(db, i, &record, NULL)) {
            g_autofree char *time = clock_format_utc(record.time_us);
            fprintf(
                out, "  %" G_GINT64_FORMAT "  %s  %s  %s\n", i, time, record.type, record.object);
        }
    }
    if (count > LOST_SHOWN) {
        fprintf(out, "  and %" G_GINT64_FORMAT " more\n", count - LOST_SHOWN);
    }
}

/* --- restoring ------------------------------------------------------------------------------- */

static bool has_empty_database(const Target *target) {
    return !target->is_there && !g_str_has_prefix(target->url, "sqlite:");
}

/* A backup of an older program lacks tables that checking reads. */
static bool bring_up_to_date(const char *url, GError **error) {
    g_autoptr(Db) db = db_open(url, DB_READ_WRITE, error);
    return db != NULL && db_migrate(db, "ledger", error) && ledger_complete(db, error);
}

/* First beside the target, then verified there, then swapped in: the target is never half. */
static bool restore(const Target *target,
                    const char *file,
                    const Manifest *manifest,
                    char **ret_old_url,
                    GError **error) {
    if (is_missing_file(target->url) || has_empty_database(target)) {
        return db_fill(target->url, file, error) && bring_up_to_date(target->url, error) &&
               manifest_verify_database(target->url, &manifest->head, error);
    }
    g_autofree char *place = db_place_new(target->url, "restore", error);
    if (place == NULL) {
        return false;
    }
    bool done = db_fill(place, file, error) && bring_up_to_date(place, error) &&
                manifest_verify_database(place, &manifest->head, error) &&
                db_place_swap(target->url, place, ret_old_url, error);
    if (!done) {
        db_place_drop(place, NULL);
    }
    return done;
}

static void print_done(const RestoreOptions *options,
                       const char *file,
                       const Manifest *manifest,
                       const char *old_url) {
    if (options->json) {
        g_autoptr(json_t) document = manifest_json(manifest, file);
        json_put_text(document, "kept", old_url);
        g_autofree char *text = json_write(document);
        puts(text);
        return;
    }
    g_autofree char *head = manifest_head_text(&manifest->head);
    printf("restored and verified: ledger %s\n", head);
    if (old_url != NULL) {
        printf("What was there before is kept as %s\n", old_url);
    }
}

static int run_on(const RestoreOptions *options, const char *file) {
    g_autoptr(GError) error = NULL;
    Manifest manifest = {0};
    Target target = {.url = commands_db_url(options->db)};
    if (!manifest_read(file, &manifest, &error)) {
        return manifest_failure(error);
    }
    bool is_sqlite = g_str_has_prefix(target.url, "sqlite:");
    if (is_sqlite != (manifest.engine == DB_ENGINE_SQLITE)) {
        fprintf(stderr, "huozheng: the backup is of the other database engine\n");
        return 1;
    }
    if (!look(&target, &error)) {
        return manifest_failure(error);
    }
    if (target.is_there) {
        print_lost(stderr, &target, &manifest);
        if (!options->replace) {
            fputs("huozheng: the database is not empty; nothing was done. Say --replace to put the "
                  "backup in its place (the present one is kept beside it).\n",
                  stderr);
            return 1;
        }
    }
    g_autofree char *old_url = NULL;
    if (!restore(&target, file, &manifest, &old_url, &error)) {
        return manifest_failure(error);
    }
    print_done(options, file, &manifest, old_url);
    return 0;
}

static int run_restore(int argc, char **argv) {
    RestoreOptions options = {0};
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options.db, "Database", "URL"},
        {"replace", 0, 0, G_OPTION_ARG_NONE, &options.replace, "Also over a filled database", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &options.rest, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("FILE");
    g_option_context_set_summary(
        context,
        "Puts a backup in place: compares it with its manifest, fills a database beside the\n"
        "present one, verifies that and swaps the two. Stop the server first.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int code = 2;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "huozheng: %s\n", error->message);
    } else if (options.rest == NULL || g_strv_length(options.rest) != 1) {
        fputs("usage: huozheng restore FILE [--replace] [--db URL] [--json]\n", stderr);
    } else {
        code = run_on(&options, options.rest[0]);
    }
    g_free(options.db);
    g_strfreev(options.rest);
    return code;
}

const Command restore_command = {
    "restore", "put a backup in place, after checking it", run_restore};
