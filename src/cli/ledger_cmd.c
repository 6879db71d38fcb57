/* huozheng ledger head | prove INDEX | verify | check FILE, and what ledger_cmd_keys.c adds */
#include "cli/ledger_cmd.h"
#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define PROOF_FILE_MAX (1024 * 1024) /* a proof is at most 64 hashes and a leaf of 64 KiB */

int ledger_cmd_fail(const GError *error) {
    fprintf(stderr, "huozheng: %s\n", error->message);
    bool is_refusal = g_error_matches(error, HZ_ERROR, HZ_ERROR_CORRUPT) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    return is_refusal ? 1 : 3;
}

void ledger_cmd_print(json_t *document) {
    g_autofree char *text = json_write(document);
    puts(text);
    json_decref(document);
}

bool ledger_cmd_index(const char *text, int64_t *ret_index) {
    guint64 index = 0;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &index, NULL)) {
        fprintf(stderr, "huozheng: \"%s\" is no entry number\n", text);
        return false;
    }
    *ret_index = (int64_t)index;
    return true;
}

static int show_head(Db *db, const LedgerOptions *options, const char *argument G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    g_auto(LedgerSignedHead) newest = {0};
    LedgerHead head;
    if (!ledger_head(db, &head, &error)) {
        return ledger_cmd_fail(error);
    }
    (void)ledger_signed_newest(db, &newest, NULL); /* none: 0 */
    g_autofree char *root = hex_format(head.root, DIGEST_SIZE);
    g_autofree char *root_sm3 = hex_format(head.root_sm3, DIGEST_SIZE);
    g_autofree char *time = head.size > 0 ? clock_format_utc(head.time_us) : NULL;
    if (options->json) {
        json_t *document = json_object();
        json_put_int(document, "size", head.size);
        json_put_text(document, "root", root);
        json_put_text(document, "root_sm3", root_sm3);
        json_put_text(document, "time", time);
        json_put_int(document, "signed", newest.size);
        ledger_cmd_print(document);
        return 0;
    }
    printf("size %" G_GINT64_FORMAT "\nroot %s\nroot_sm3 %s\ntime %s\nsigned %" G_GINT64_FORMAT
           "\n",
           head.size,
           root,
           root_sm3,
           time != NULL ? time : "-",
           newest.size);
    return 0;
}

static int prove(Db *db, const LedgerOptions *options, const char *argument) {
    g_autoptr(GError) error = NULL;
    int64_t index = 0;
    if (!ledger_cmd_index(argument, &index)) {
        return 2;
    }
    if (options->tlog) {
        g_autofree char *text = ledger_tlog_proof(db, index, options->payload, &error);
        if (text == NULL) {
            return ledger_cmd_fail(error);
        }
        fputs(text, stdout);
        return 0;
    }
    json_t *proof = ledger_proof_make(db, index, options->size, &error);
    if (proof == NULL) {
        return ledger_cmd_fail(error);
    }
    ledger_cmd_print(proof);
    return 0;
}

void ledger_cmd_progress(int64_t done, int64_t total, void *data) {
    int64_t *last_us = data;
    int64_t now_us = g_get_monotonic_time();
    if (now_us - *last_us >= CLOCK_SECOND_US) {
        *last_us = now_us;
        fprintf(stderr, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " entries\n", done, total);
    }
}

static void print_lost_key(const LedgerReport *report) {
    if (report->lost_key >= 0) {
        printf("note: from entry %" G_GINT64_FORMAT " on a new key signs without the old one's "
               "word: that it is the same log rests on its witnesses only\n",
               report->lost_key);
    }
}

static int verify(Db *db, const LedgerOptions *options, const char *argument G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    LedgerReport report = {0};
    int64_t last_us = g_get_monotonic_time();
    bool is_whole = ledger_verify_all(db, ledger_cmd_progress, &last_us, &report, &error);
    if (!is_whole && !g_error_matches(error, HZ_ERROR, HZ_ERROR_CORRUPT)) {
        return ledger_cmd_fail(error);
    }
    if (options->json) {
        json_t *document = json_object();
        json_put_bool(document, "valid", is_whole);
        json_put(document, "size", is_whole ? json_integer(report.size) : json_null());
        json_put(document, "erased", is_whole ? json_integer(report.erased) : json_null());
        json_put(document, "heads", is_whole ? json_integer(report.heads) : json_null());
        json_put(document,
                 "lost_key",
                 is_whole && report.lost_key >= 0 ? json_integer(report.lost_key) : json_null());
        json_put_text(document, "problem", is_whole ? NULL : error->message);
        ledger_cmd_print(document);
    } else if (is_whole) {
        print_lost_key(&report);
        printf("valid: %" G_GINT64_FORMAT " entries, every leaf, node, link and payload fits in "
               "both trees; %" G_GINT64_FORMAT " payloads erased and told of; %" G_GINT64_FORMAT
               " signed heads\n",
               report.size,
               report.erased,
               report.heads);
    } else {
        printf("NOT valid: %s\n", error->message);
    }
    return is_whole ? 0 : 1;
}

static json_t *read_proof(const char *path, GError **error) {
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot open %s", path);
        return NULL;
    }
    g_autofree char *text = g_malloc(PROOF_FILE_MAX + 1);
    size_t size = fread(text, 1, PROOF_FILE_MAX + 1, file);
    (void)fclose(file); /* only read */
    if (size > PROOF_FILE_MAX) {
        hz_fail(error, HZ_ERROR_LIMIT, "%s is larger than any proof", path);
        return NULL;
    }
    return json_read(text, size, error);
}

static int check(const char *path, const LedgerOptions *options) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) proof = read_proof(path, &error);
    if (proof == NULL) {
        return ledger_cmd_fail(error);
    }
    bool is_valid = ledger_proof_check(proof, &error);
    int64_t index = json_get_int(proof, "index", -1);
    int64_t size = json_get_int(proof, "size", -1);
    if (options->json) {
        json_t *document = json_object();
        json_put_bool(document, "valid", is_valid);
        json_put_int(document, "index", index);
        json_put_int(document, "size", size);
        json_put_text(document, "root", is_valid ? json_get_text(proof, "root", NULL) : NULL);
        json_put_text(document, "problem", is_valid ? NULL : error->message);
        ledger_cmd_print(document);
    } else if (is_valid) {
        printf("valid: entry %" G_GINT64_FORMAT " is in the tree of %" G_GINT64_FORMAT
               " entries with root\n%s\nCompare this root with one you have from elsewhere.\n",
               index,
               size,
               json_get_text(proof, "root", ""));
    } else {
        printf("NOT valid: %s\n", error->message);
    }
    return is_valid ? 0 : 1;
}

static const struct {
    const char *name;
    const char *argument; /* NULL: none */
    const char *help;
    DbMode mode;
    LedgerAction run;
} actions[] = {
    {"head", NULL, "size and roots of the log", DB_READ_ONLY, show_head},
    {"prove", "INDEX", "proof of entry INDEX as JSON; --tlog: as .tlog-proof", DB_READ_ONLY, prove},
    {"verify",
     NULL,
     "recompute everything; names the first that does not fit",
     DB_READ_ONLY,
     verify},
    {"history",
     "OBJECT",
     "all entries on OBJECT (matter:7) with proofs",
     DB_READ_ONLY,
     ledger_cmd_history},
    {"export", "DIR", "the public log as files", DB_READ_ONLY, ledger_cmd_export},
    {"keygen",
     NULL,
     "make the log's first keys (--origin HOST/fss)",
     DB_READ_WRITE,
     ledger_cmd_keygen},
    {"rotate", NULL, "new keys from here on", DB_READ_WRITE, ledger_cmd_rotate},
    {"rekey",
     NULL,
     "new keys because the old ones are lost for good; the log says so for ever",
     DB_READ_WRITE,
     ledger_cmd_rekey},
    {"sign", NULL, "sign the head now", DB_READ_WRITE, ledger_cmd_sign},
    {"resume",
     NULL,
     "go on signing after a stop, if its cause is gone",
     DB_READ_WRITE,
     ledger_cmd_resume},
    {"policy",
     "FILE",
     "which witnesses are asked (c2sp.org/tlog-policy)",
     DB_READ_WRITE,
     ledger_cmd_policy},
    {"erase",
     "INDEX",
     "delete a payload (--reason TEXT); an entry says so",
     DB_READ_WRITE,
     ledger_cmd_erase},
};

static int run_action(const LedgerOptions *options) {
    guint count = options->rest != NULL ? g_strv_length(options->rest) : 0;
    const char *name = count > 0 ? options->rest[0] : "";
    if (count == 2 && strcmp(name, "check") == 0) {
        return check(options->rest[1], options);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(name, actions[i].name) != 0 || count != (actions[i].argument != NULL ? 2 : 1)) {
            continue;
        }
        g_autoptr(GError) error = NULL;
        g_autoptr(Db) db = db_open(commands_db_url(options->db), actions[i].mode, &error);
        if (db == NULL) {
            fprintf(stderr, "huozheng: %s\n", error->message);
            return 3;
        }
        return actions[i].run(db, options, options->rest[1]);
    }
    fputs("usage: huozheng ledger ACTION [ARGUMENT] [--db URL] [--json]; see --help\n", stderr);
    return 2;
}

static char *summary(void) {
    GString *text = g_string_new("Actions:\n");
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        g_autofree char *call = g_strdup_printf(
            "%s %s", actions[i].name, actions[i].argument != NULL ? actions[i].argument : "");
        g_string_append_printf(text, "  %-15s %s\n", call, actions[i].help);
    }
    g_string_append(text, "  check FILE      check a JSON proof offline, without a database");
    return g_string_free(text, FALSE);
}

static void options_clear(LedgerOptions *options) {
    g_free(options->db);
    g_free(options->keys);
    g_free(options->origin);
    g_free(options->reason);
    g_strfreev(options->rest);
}

static int run_ledger(int argc, char **argv) {
    LedgerOptions options = {0};
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options.db, "Database", "URL"},
        {"keys", 0, 0, G_OPTION_ARG_FILENAME, &options.keys, "Folder of the signing keys", "DIR"},
        {"origin", 0, 0, G_OPTION_ARG_STRING, &options.origin, "keygen: name of the log", "NAME"},
        {"reason", 0, 0, G_OPTION_ARG_STRING, &options.reason, "erase: why; public", "TEXT"},
        {"size", 0, 0, G_OPTION_ARG_INT64, &options.size, "prove: tree size (now)", "N"},
        {"tlog", 0, 0, G_OPTION_ARG_NONE, &options.tlog, "prove: with signed head", NULL},
        {"payload", 0, 0, G_OPTION_ARG_NONE, &options.payload, "prove --tlog: with payload", NULL},
        {"i-have-lost-the-keys", 0, 0, G_OPTION_ARG_NONE, &options.is_lost, "rekey: yes", NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.rest, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("ACTION [ARGUMENT]");
    g_autofree char *text = summary();
    g_option_context_set_summary(context, text);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int code = 2;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "huozheng: %s\n", error->message);
    } else if (options.size < 0) {
        fputs("huozheng: --size must be positive\n", stderr);
    } else {
        code = run_action(&options);
    }
    options_clear(&options);
    return code;
}

const Command ledger_command = {
    "ledger", "the Merkle log: prove, verify, export, keys, signed heads", run_ledger};
