/* `huozheng witness`: a witness of transparency logs, to be run by somebody else than their
 * operator. */
#include "base/error.h"
#include "cli/commands.h"
#include "web/log.h"
#include "witness/witness.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

extern const Command witness_command;

#define PORT_DEFAULT 8120
#define NAME_LINE "name "

typedef struct WitnessOptions {
    char *state, *key, *name, *address;
    char **logs;
    int port;
} WitnessOptions;

static void witness_options_clear(WitnessOptions *options) {
    g_free(options->state);
    g_free(options->key);
    g_free(options->name);
    g_free(options->address);
    g_strfreev(options->logs);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(WitnessOptions, witness_options_clear)

/* --- the key ------------------------------------------------------------------------------------
 */

static bool make_key(const char *path, const char *name, GError **error) {
    if (!note_name_check(name)) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "the first start needs --name, such as witness.example/w1: without blanks "
                       "and plus signs");
    }
    g_autoptr(SignKey) key = sign_key_new(SIGN_ED25519);
    char *pem = sign_key_pem(key);
    char *text = g_strconcat(NAME_LINE, name, "\n", pem, NULL);
    g_autoptr(GError) problem = NULL;
    bool written =
        g_file_set_contents_full(path,
                                 text,
                                 -1,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                 0600,
                                 &problem);
    sign_key_pem_free(pem);
    sign_key_pem_free(text);
    return written || hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
}

static Witness *take_key(const char *path, const char *text, const char *name, GError **error) {
    const char *line_end = strchr(text, '\n');
    if (!g_str_has_prefix(text, NAME_LINE) || line_end == NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "%s is no key file of a witness", path);
        return NULL;
    }
    const char *begin = text + strlen(NAME_LINE);
    g_autofree char *kept = g_strndup(begin, (gsize)(line_end - begin));
    if (name != NULL && strcmp(name, kept) != 0) {
        hz_fail(error, HZ_ERROR_INVALID, "the key in %s belongs to \"%s\"", path, kept);
        return NULL;
    }
    SignKey *key = sign_key_read(SIGN_ED25519, line_end + 1, error);
    return key != NULL ? witness_new(key, kept, error) : NULL;
}

static Witness *open_key(const char *path, const char *name, GError **error) {
    struct stat status;
    if (stat(path, &status) != 0 && errno == ENOENT && !make_key(path, name, error)) {
        return NULL;
    }
    if (stat(path, &status) != 0 || (status.st_mode & 077) != 0) {
        hz_fail(error,
                HZ_ERROR_DENIED,
                "the key %s cannot be looked at, or others may read it; run chmod 600 on it",
                path);
        return NULL;
    }
    char *text = NULL;
    g_autoptr(GError) problem = NULL;
    if (!g_file_get_contents(path, &text, NULL, &problem)) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
        return NULL;
    }
    Witness *witness = take_key(path, text, name, error);
    sign_key_pem_free(text);
    return witness;
}

/* --- serving ------------------------------------------------------------------------------------
 */

static bool
serve(const WitnessOptions *options, Witness *witness, const char *url, GError **error) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    g_autoptr(GPtrArray) routes = g_ptr_array_new();
    for (const Route *route = witness_module.routes; route->path != NULL; route++) {
        g_ptr_array_add(routes, (gpointer)route);
    }
    WebOptions web = {
        .address = options->address != NULL ? options->address : "127.0.0.1",
        .port = (uint16_t)options->port,
        .db_url = url,
        .workers = 2,
        .app = witness,
    };
    WebServer *server = web_start(&web, routes, error);
    if (server == NULL) {
        return false;
    }
    g_autofree char *vkey = note_key_format(&witness->name);
    printf("witness %s\nlistening on http://%s:%u\n", vkey, web.address, web_port(server));
    fflush(stdout);
    int number = 0;
    while (sigwait(&signals, &number) == EINTR) {
    }
    web_stop(server);
    return true;
}

static bool run(const WitnessOptions *options, GError **error) {
    g_autoptr(Witness) witness =
        open_key(options->key != NULL ? options->key : "witness.pem", options->name, error);
    if (witness == NULL) {
        return false;
    }
    for (char **log = options->logs; log != NULL && *log != NULL; log++) {
        if (!witness_add_log(witness, *log, error)) {
            return false;
        }
    }
    g_autofree char *url =
        g_strconcat("sqlite:", options->state != NULL ? options->state : "witness.db", NULL);
    g_autoptr(Db) db = db_open(url, DB_READ_WRITE, error);
    if (db == NULL || !db_migrate(db, witness_module.name, error)) {
        return false;
    }
    g_clear_pointer(&db, db_close);
    return serve(options, witness, url, error);
}

static int run_witness(int argc, char **argv) {
    g_auto(WitnessOptions) options = {.port = PORT_DEFAULT};
    const GOptionEntry entries[] = {
        {"name", 0, 0, G_OPTION_ARG_STRING, &options.name, "its name, at the first start", "NAME"},
        {"log", 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.logs, "key of a log; repeat", "VKEY"},
        {"key", 0, 0, G_OPTION_ARG_FILENAME, &options.key, "key file (witness.pem)", "FILE"},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &options.state, "SQLite (witness.db)", "FILE"},
        {"address", 0, 0, G_OPTION_ARG_STRING, &options.address, "listen here (127.0.0.1)", "IP"},
        {"port", 0, 0, G_OPTION_ARG_INT, &options.port, "0: any free port (8120)", "N"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- watch logs of others");
    g_option_context_set_summary(context,
                                 "Signs heads of the logs named by --log (their first line of "
                                 "/log/keys.txt) if they continue\n"
                                 "what it signed before. Makes its key at the first start and "
                                 "prints the vkey that the log's\n"
                                 "policy needs. Put a reverse proxy with TLS before it.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error) || argc > 1 || options.port < 0 ||
        options.port > UINT16_MAX) {
        fprintf(stderr, "huozheng witness: %s\n", error != NULL ? error->message : "see --help");
        return 2;
    }
    if (!run(&options, &error)) {
        fprintf(stderr, "huozheng witness: %s\n", error->message);
        return g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID) ? 2 : 3;
    }
    return 0;
}

const Command witness_command = {
    "witness", "watch logs of others and sign their heads", run_witness};
