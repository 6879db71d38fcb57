/* huozheng verify PATH|URL: a proof, a history, a log or a draw, without a database. */
#include "base/error.h"
#include "cli/commands.h"
#include "cli/verify_fetch.h"
#include "draw/draw_check.h"
#include "ledger/check.h"

#include <stdio.h>
#include <string.h>

#define FILE_MAX (256 * 1024 * 1024) /* the history of one object */

typedef struct VerifyOptions {
    char **keys;
    char *policy;
    gboolean json;
    char **rest;
} VerifyOptions;

static bool has_file(const char *folder, const char *name) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_EXISTS);
}

/* --- kinds --------------------------------------------------------------------------------------
 */

/* `name` is what people are told. */
static Verdict *verify_folder(const char *path, const char *name, const CheckTrust *trust) {
    if (has_file(path, "commit.txt") || has_file(path, "params.txt") ||
        has_file(path, "pool.tsv")) {
        Verdict *verdict = verdict_new("draw");
        (void)draw_check(verdict, path, trust); /* the verdict holds what came out */
        return verdict;
    }
    if (has_file(path, "checkpoint") || has_file(path, "sm3") || has_file(path, "tile")) {
        Verdict *verdict = verdict_new("log");
        (void)check_log(verdict, path, trust);
        return verdict;
    }
    fprintf(stderr, "huozheng: %s is neither a log nor a draw bundle\n", name);
    return NULL;
}

static bool is_history(const char *bytes, size_t size) {
    g_autoptr(json_t) document = bytes[0] == '{' ? json_read(bytes, size, NULL) : NULL;
    return strcmp(json_get_text(document, "format", ""), "huozheng-history/1") == 0;
}

static Verdict *verify_file(const char *path, const char *name, const CheckTrust *trust) {
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &bytes, &size, &error)) {
        fprintf(stderr, "huozheng: %s\n", error->message);
        return NULL;
    }
    if (size > FILE_MAX) {
        fprintf(stderr, "huozheng: %s is larger than any proof\n", name);
        return NULL;
    }
    if (is_history(bytes, size)) {
        Verdict *verdict = verdict_new("history");
        (void)check_history(verdict, bytes, size, name, trust);
        return verdict;
    }
    Verdict *verdict = verdict_new("proof");
    (void)check_proof(verdict, bytes, size, name, trust);
    return verdict;
}

/* --- trust --------------------------------------------------------------------------------------
 */

static bool read_keys(char **keys, GArray *given) {
    for (char **text = keys; text != NULL && *text != NULL; text++) {
        g_autoptr(GError) error = NULL;
        NoteKey key;
        if (!note_key_parse(*text, &key, &error)) {
            fprintf(stderr, "huozheng: --key %s: %s\n", *text, error->message);
            return false;
        }
        g_array_append_val(given, key);
    }
    return true;
}

/* NULL with a message when it cannot be read. */
static Policy *read_policy(const char *path) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    gsize size = 0;
    Policy *policy = NULL;
    if (g_file_get_contents(path, &text, &size, &error)) {
        policy = policy_parse(text, size, &error);
    }
    if (policy == NULL) {
        fprintf(stderr, "huozheng: %s: %s\n", path, error->message);
    }
    return policy;
}

/* --- the command --------------------------------------------------------------------------------
 */

static void show(const json_t *document) {
    const json_t *checks = json_object_get(document, "checks");
    for (size_t i = 0; i < json_array_size(checks); i++) {
        const json_t *check = json_array_get(checks, i);
        const json_t *ok = json_object_get(check, "ok");
        const char *mark = json_is_true(ok)    ? "通过 / ok"
                           : json_is_false(ok) ? "不通过 / FAILED"
                                               : "未核对 / not checked";
        printf("[%s]\n  %s\n  %s\n\n",
               mark,
               json_get_text(check, "zh", ""),
               json_get_text(check, "en", ""));
    }
    printf("%s\n%s\n", json_get_text(document, "zh", ""), json_get_text(document, "en", ""));
}

static int run_verify(const VerifyOptions *options) {
    g_autoptr(GArray) given = g_array_new(FALSE, FALSE, sizeof(NoteKey));
    g_autoptr(Policy) policy = options->policy != NULL ? read_policy(options->policy) : NULL;
    if ((options->policy != NULL && policy == NULL) || !read_keys(options->keys, given)) {
        return 2;
    }
    CheckTrust trust = {.given = given, .policy = policy};
    g_auto(Fetched) fetched = {0};
    if (verify_is_address(options->rest[0])) {
        g_autoptr(GError) error = NULL;
        if (!verify_fetch(options->rest[0], &fetched, &error)) {
            fprintf(stderr, "huozheng: %s\n", error->message);
            return g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID) ? 2 : 3;
        }
        trust.is_served = true;
        trust.beside = fetched.keys;
    }
    g_autofree char *basename = g_path_get_basename(options->rest[0]);
    const char *path = fetched.path != NULL ? fetched.path : options->rest[0];
    const char *name = fetched.address != NULL ? fetched.address : basename;
    g_autoptr(Verdict) verdict = g_file_test(path, G_FILE_TEST_IS_DIR)
                                     ? verify_folder(path, options->rest[0], &trust)
                                     : verify_file(path, name, &trust);
    if (verdict == NULL) {
        return 2;
    }
    g_autoptr(json_t) document = verdict_document(verdict);
    if (options->json) {
        g_autofree char *text = json_write(document);
        puts(text);
    } else {
        show(document);
    }
    return verdict_is_valid(verdict) ? 0 : 1;
}

static int run_command(int argc, char **argv) {
    VerifyOptions options = {0};
    const GOptionEntry entries[] = {
        {"key",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options.keys,
         "A key of the log or of a witness that you have from elsewhere; may be repeated",
         "VKEY"},
        {"policy", 0, 0, G_OPTION_ARG_STRING, &options.policy, "Who must have witnessed", "FILE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.rest, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("PATH|URL");
    g_option_context_set_summary(
        context,
        "Checks what was handed out: a proof, the history of an object, the folder of an exported\n"
        "log or of a draw; nothing is asked of anybody. With URL (https://city.example/log/, a "
        "page\n"
        "/draws/12, the address of one proof) it is fetched first, by nothing but GET, into a\n"
        "temporary folder. What each check means: docs/verify.md.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int code = 2;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "huozheng: %s\n", error->message);
    } else if (options.rest == NULL || g_strv_length(options.rest) != 1) {
        fputs("usage: huozheng verify PATH|URL [--key VKEY]… [--policy FILE] [--json]\n", stderr);
    } else {
        code = run_verify(&options);
    }
    g_strfreev(options.keys);
    g_free(options.policy);
    g_strfreev(options.rest);
    return code;
}

const Command verify_command = {
    "verify", "check a proof, a history, a log or a draw, from files or an address", run_command};
