/* huozheng ledger head | prove INDEX | verify | check FILE */
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "ledger/ledger.h"

#include <stdio.h>
#include <string.h>

#define PROOF_FILE_MAX (1024 * 1024) /* a proof is at most 64 hashes and a leaf of 64 KiB */

typedef struct LedgerOptions {
    char *db;
    gint64 size;
    gboolean json;
    char **rest; /* action and its argument */
} LedgerOptions;

static int fail(const GError *error) {
    fprintf(stderr, "huozheng: %s\n", error->message);
    bool is_refusal = g_error_matches(error, HZ_ERROR, HZ_ERROR_CORRUPT) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    return is_refusal ? 1 : 3;
}

static void print_json(json_t *document) {
    g_autofree char *text = json_write(document);
    puts(text);
    json_decref(document);
}

static int show_head(Db *db, const LedgerOptions *options) {
    g_autoptr(GError) error = NULL;
    LedgerHead head;
    if (!ledger_head(db, &head, &error)) {
        return fail(error);
    }
    g_autofree char *root = hex_format(head.root, DIGEST_SIZE);
    g_autofree char *time = head.size > 0 ? clock_format_utc(head.time_us) : NULL;
    if (options->json) {
        json_t *document = json_object();
        json_put_int(document, "size", head.size);
        json_put_text(document, "root", root);
        json_put_text(document, "time", time);
        print_json(document);
        return 0;
    }
    printf("size %" G_GINT64_FORMAT "\nroot %s\ntime %s\n",
           head.size,
           root,
           time != NULL ? time : "-");
    return 0;
}

static int prove(Db *db, const char *argument, const LedgerOptions *options) {
    g_autoptr(GError) error = NULL;
    guint64 index = 0;
    if (!g_ascii_string_to_unsigned(argument, 10, 0, G_MAXINT64, &index, NULL)) {
        fprintf(stderr, "huozheng: \"%s\" is no entry number\n", argument);
        return 2;
    }
    json_t *proof = ledger_proof_make(db, (int64_t)index, options->size, &error);
    if (proof == NULL) {
        return fail(error);
    }
    print_json(proof);
    return 0;
}

static void show_progress(int64_t done, int64_t total, void *data) {
    int64_t *last_us = data;
    int64_t now_us = g_get_monotonic_time();
    if (now_us - *last_us >= CLOCK_SECOND_US) {
        *last_us = now_us;
        fprintf(stderr, "%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " entries\n", done, total);
    }
}

static int verify(Db *db, const LedgerOptions *options) {
    g_autoptr(GError) error = NULL;
    int64_t size = 0;
    int64_t last_us = g_get_monotonic_time();
    bool is_whole = ledger_verify(db, show_progress, &last_us, &size, &error);
    if (!is_whole && !g_error_matches(error, HZ_ERROR, HZ_ERROR_CORRUPT)) {
        return fail(error);
    }
    if (options->json) {
        json_t *document = json_object();
        json_put_bool(document, "valid", is_whole);
        json_put(document, "size", is_whole ? json_integer(size) : json_null());
        json_put_text(document, "problem", is_whole ? NULL : error->message);
        print_json(document);
    } else if (is_whole) {
        printf("valid: %" G_GINT64_FORMAT " entries, every leaf, node, link and payload fits\n",
               size);
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
        return fail(error);
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
        print_json(document);
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

static int run_on_db(const LedgerOptions *options) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(commands_db_url(options->db), DB_READ_ONLY, &error);
    if (db == NULL) {
        fprintf(stderr, "huozheng: %s\n", error->message);
        return 3;
    }
    if (strcmp(options->rest[0], "head") == 0) {
        return show_head(db, options);
    }
    if (strcmp(options->rest[0], "prove") == 0) {
        return prove(db, options->rest[1], options);
    }
    return verify(db, options);
}

static int run_action(const LedgerOptions *options) {
    guint count = options->rest != NULL ? g_strv_length(options->rest) : 0;
    const char *action = count > 0 ? options->rest[0] : "";
    if (count == 2 && strcmp(action, "check") == 0) {
        return check(options->rest[1], options);
    }
    if ((count == 1 && (strcmp(action, "head") == 0 || strcmp(action, "verify") == 0)) ||
        (count == 2 && strcmp(action, "prove") == 0)) {
        return run_on_db(options);
    }
    fputs("usage: huozheng ledger head|prove INDEX|verify|check FILE [--db URL] [--json]\n",
          stderr);
    return 2;
}

static int run_ledger(int argc, char **argv) {
    LedgerOptions options = {0};
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options.db, "Database", "URL"},
        {"size", 0, 0, G_OPTION_ARG_INT64, &options.size, "prove: tree size (now)", "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.rest, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("head|prove INDEX|verify|check FILE");
    g_option_context_set_summary(
        context,
        "head          size and root of the log\n"
        "  prove INDEX   proof that entry INDEX is in it, as JSON that stands alone\n"
        "  verify        recompute everything; names the first entry that does not fit\n"
        "  check FILE    check such a proof offline, without a database");
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
    g_free(options.db);
    g_strfreev(options.rest);
    return code;
}

const Command ledger_command = {"ledger", "head, prove, verify, check: the Merkle log", run_ledger};
