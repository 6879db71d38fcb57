/* huozheng ledger keygen | rotate | rekey | sign | resume | policy | export | history | erase */
#include "base/clock.h"
#include "base/error.h"
#include "cli/ledger_cmd.h"
#include "ledger/ledger_public.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static char *folder_of(const LedgerOptions *options) {
    return ledger_keys_folder(commands_db_url(options->db), options->keys, NULL);
}

static void print_line(const LedgerOptions *options, const char *key, const char *value) {
    if (options->json) {
        json_t *document = json_object();
        json_put_text(document, key, value);
        ledger_cmd_print(document);
    } else {
        printf("%s %s\n", key, value);
    }
}

static int print_keys(Db *db, const LedgerOptions *options, const char *folder) {
    g_autoptr(GError) error = NULL;
    g_autofree char *keys = ledger_keys_text(db, &error);
    if (keys == NULL) {
        return ledger_cmd_fail(error);
    }
    if (options->json) {
        g_auto(GStrv) lines = g_strsplit(keys, "\n", -1);
        json_t *list = json_array();
        for (char **line = lines; *line != NULL && **line != '\0'; line++) {
            json_array_append_new(list, json_string(*line));
        }
        json_t *document = json_object();
        json_put_text(document, "folder", folder);
        json_put(document, "keys", list);
        ledger_cmd_print(document);
        return 0;
    }
    printf("keys in %s; keep a copy of log.pem in a safe place. Public keys, newest first:\n%s",
           folder,
           keys);
    return 0;
}

int ledger_cmd_keygen(Db *db, const LedgerOptions *options, const char *argument G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = folder_of(options);
    g_autoptr(LedgerKeys) keys =
        ledger_keys_prepare(db, folder, options->origin, clock_now_us(), &error);
    return keys != NULL ? print_keys(db, options, folder) : ledger_cmd_fail(error);
}

int ledger_cmd_rotate(Db *db, const LedgerOptions *options, const char *argument G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = folder_of(options);
    g_autoptr(LedgerKeys) keys = ledger_keys_open(folder, &error);
    if (keys == NULL || !ledger_keys_rotate(db, keys, "cli", clock_now_us(), &error)) {
        return ledger_cmd_fail(error);
    }
    return print_keys(db, options, folder);
}

int ledger_cmd_rekey(Db *db, const LedgerOptions *options, const char *argument G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = folder_of(options);
    if (!options->is_lost) {
        fprintf(stderr,
                "huozheng: new keys without the old ones' word. The log will say for ever that "
                "its keys were lost,\nand only its witnesses can tell that it is the same log. "
                "Look first for a copy of log.pem (backups of\n%s, the other servers, the safe). "
                "If there is none, add --i-have-lost-the-keys.\n",
                folder);
        return 2;
    }
    return ledger_keys_rekey(db, folder, "cli", clock_now_us(), &error)
               ? print_keys(db, options, folder)
               : ledger_cmd_fail(error);
}

int ledger_cmd_sign(Db *db, const LedgerOptions *options, const char *argument G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = folder_of(options);
    g_autoptr(LedgerKeys) keys = ledger_keys_prepare(db, folder, NULL, clock_now_us(), &error);
    bool is_signed = false;
    g_auto(LedgerSignedHead) head = {0};
    if (keys == NULL || !ledger_sign_heads(db, keys, clock_now_us(), &is_signed, &error) ||
        !ledger_signed_newest(db, &head, &error)) {
        return ledger_cmd_fail(error);
    }
    g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, head.size);
    print_line(options, is_signed ? "signed" : "already signed", size);
    return 0;
}

int ledger_cmd_resume(Db *db, const LedgerOptions *options, const char *argument G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = folder_of(options);
    if (!ledger_resume_signing(db, folder, &error)) {
        return ledger_cmd_fail(error);
    }
    print_line(options, "state", "the log continues what was signed; signing goes on");
    return 0;
}

int ledger_cmd_policy(Db *db, const LedgerOptions *options, const char *path) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &text, &size, &error)) {
        fprintf(stderr, "huozheng: %s\n", error->message);
        return 3;
    }
    if (strlen(text) != size || !ledger_policy_set(db, text, "cli", clock_now_us(), &error)) {
        return error != NULL ? ledger_cmd_fail(error) : 1;
    }
    print_line(options, "policy", "set; the next head tells of it");
    return 0;
}

int ledger_cmd_export(Db *db, const LedgerOptions *options, const char *folder) {
    g_autoptr(GError) error = NULL;
    int64_t size = 0;
    int64_t last_us = g_get_monotonic_time();
    umask(022); /* meant for everybody, unlike all else this program writes */
    if (!ledger_export(db, folder, ledger_cmd_progress, &last_us, &size, &error)) {
        return ledger_cmd_fail(error);
    }
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, size);
    print_line(options, "entries", text);
    return 0;
}

int ledger_cmd_history(Db *db, const LedgerOptions *options G_GNUC_UNUSED, const char *object) {
    g_autoptr(GError) error = NULL;
    json_t *history = ledger_history(db, object, &error);
    if (history == NULL) {
        return ledger_cmd_fail(error);
    }
    ledger_cmd_print(history);
    return 0;
}

typedef struct Erasure {
    int64_t index;
    const char *reason;
    int64_t entry;
} Erasure;

static bool erase(Db *db, void *data, GError **error) {
    Erasure *erasure = data;
    return ledger_erase(
        db, erasure->index, "cli", erasure->reason, clock_now_us(), &erasure->entry, error);
}

int ledger_cmd_erase(Db *db, const LedgerOptions *options, const char *index) {
    g_autoptr(GError) error = NULL;
    Erasure erasure = {.reason = options->reason};
    if (!ledger_cmd_index(index, &erasure.index)) {
        return 2;
    }
    if (options->reason == NULL) {
        fputs("huozheng: say why: --reason TEXT (it is public, without personal data)\n", stderr);
        return 2;
    }
    if (!db_run_tx(db, erase, &erasure, &error)) {
        return ledger_cmd_fail(error);
    }
    g_autofree char *entry = g_strdup_printf("%" G_GINT64_FORMAT, erasure.entry);
    print_line(options, "erased; entry that says so", entry);
    return 0;
}
