/* `huozheng serve`: migrate, start the web server, the device gateway, the job thread and the
 * signer, wait for a signal, stop. */
#include "account/account.h"
#include "alarm/alarm_law.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/explain.h"
#include "cli/serve_devices.h"
#include "firecode/firecode.h"
#include "importer/importer.h"
#include "job/job.h"
#include "law/law_book.h"
#include "ledger/ledger_heads.h"
#include "ledger/ledger_signer.h"
#include "publicity/site.h"
#include "report/report.h"
#include "sensing/sensing_law.h"
#include "web/log.h"
#include "web/proxy.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define PORT_DEFAULT 8119
#define DATA_DEFAULT "huozheng-data"

/* What can be run in the background; each room's kind has one line. */
static const JobKind *const job_kinds[] = {
    &import_trial_job,
    &import_job,
    &export_job,
    NULL,
};

typedef struct ServeOptions {
    char *db_url, *address, *data_dir, *keys, *explain_path, *law_folder;
    int port, workers, idle_timeout_s;
    char **proxies; /* NULL: none */
    gboolean secure_cookies, strict;
    ServeDevices devices;
} ServeOptions;

static void serve_options_clear(ServeOptions *options) {
    g_free(options->db_url);
    g_free(options->address);
    g_free(options->data_dir);
    g_free(options->keys);
    g_free(options->explain_path);
    g_free(options->law_folder);
    g_strfreev(options->proxies);
    serve_devices_clear(&options->devices);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(ServeOptions, serve_options_clear)

/* After the options: no words are left, numbers are in range. */
static bool check_options(const ServeOptions *options, int argc, char **argv, GError **error) {
    if (argc > 1) {
        return hz_fail(error, HZ_ERROR_INVALID, "unexpected argument \"%s\"", argv[1]);
    }
    for (char **proxy = options->proxies; proxy != NULL && *proxy != NULL; proxy++) {
        ProxyNet net;
        if (!proxy_net_parse(*proxy, &net, error)) {
            return g_prefix_error(error, "--trust-proxy: "), false;
        }
    }
    bool in_range = options->port >= 0 && options->port <= UINT16_MAX && options->workers >= 0 &&
                    options->workers <= 64 && options->idle_timeout_s >= 0;
    return (in_range || hz_fail(error, HZ_ERROR_INVALID, "a number is out of range")) &&
           serve_devices_check(&options->devices, error);
}

static bool parse_options(ServeOptions *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options->db_url, "sqlite:PATH or postgresql://…", "URL"},
        {"address", 0, 0, G_OPTION_ARG_STRING, &options->address, "listen here (127.0.0.1)", "IP"},
        {"port", 0, 0, G_OPTION_ARG_INT, &options->port, "0: any free port (8119)", "N"},
        {"workers", 0, 0, G_OPTION_ARG_INT, &options->workers, "handler threads (4)", "N"},
        {"data",
         0,
         0,
         G_OPTION_ARG_FILENAME,
         &options->data_dir,
         "uploads and job files (HUOZHENG_DATA, else ./huozheng-data)",
         "DIR"},
        {"keys", 0, 0, G_OPTION_ARG_FILENAME, &options->keys, "signing keys of the log", "DIR"},
        {"idle-timeout",
         0,
         0,
         G_OPTION_ARG_INT,
         &options->idle_timeout_s,
         "close silent connections after this time (60)",
         "SECONDS"},
        {"secure-cookies",
         0,
         0,
         G_OPTION_ARG_NONE,
         &options->secure_cookies,
         "behind TLS: cookies with Secure and the __Host- prefix",
         NULL},
        {"trust-proxy",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options->proxies,
         "believe X-Forwarded-For and -Proto from here; may be repeated",
         "ADDRESS[/BITS]"},
        {"law",
         0,
         0,
         G_OPTION_ARG_FILENAME,
         &options->law_folder,
         "rules from this folder instead of those inside the program",
         "DIR"},
        {"strict", 0, 0, G_OPTION_ARG_NONE, &options->strict, "missing view names fail", NULL},
        {"explain",
         0,
         0,
         G_OPTION_ARG_FILENAME,
         &options->explain_path,
         "write each distinct statement with its plan as JSON lines",
         "FILE"},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- serve pages and run jobs");
    g_option_context_add_main_entries(context, entries, NULL);
    g_option_context_add_group(context, serve_devices_options(&options->devices));
    g_option_context_add_group(context, serve_mqtt_options(&options->devices.mqtt));
    return g_option_context_parse(context, &argc, &argv, error) &&
           check_options(options, argc, argv, error);
}

/* Each connection is a descriptor; the soft limit of 1,024 is a relic of select(2). */
static void raise_file_limit(void) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

/* "<data>/uploads", without what a killed server left behind. Caller frees. */
static char *prepare_uploads(const char *data_dir, GError **error) {
    g_autofree char *folder = g_build_filename(data_dir, "uploads", NULL);
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        hz_fail(
            error, HZ_ERROR_UNAVAILABLE, "could not make \"%s\": %s", folder, g_strerror(errno));
        return NULL;
    }
    g_autoptr(GDir) dir = g_dir_open(folder, 0, error);
    if (dir == NULL) {
        return NULL;
    }
    for (const char *name = g_dir_read_name(dir); name != NULL; name = g_dir_read_name(dir)) {
        if (g_str_has_prefix(name, "upload-")) {
            g_autofree char *path = g_build_filename(folder, name, NULL);
            (void)g_unlink(path);
        }
    }
    return g_steal_pointer(&folder);
}

/* A mistake in the rules shows before the first request. */
static bool prepare_law(const char *folder, GError **error) {
    LawCheckReport report;
    const LawRan *ran;
    return (folder == NULL || law_use_folder(folder, error)) && law_check_all(&report, error) &&
           law_check(error) && alarm_rules_check(&ran, error) && sensing_law_check(&ran, error);
}

static bool prepare_database(const char *url, GError **error) {
    g_autoptr(Db) db = db_open(url, DB_READ_WRITE, error);
    g_autofree char *first = NULL; /* one-time passwords: printed once, never logged */
    if (db == NULL || !modules_migrate(db, error) ||
        !account_bootstrap(db, clock_now_us(), &first, error)) {
        return false;
    }
    if (first != NULL) {
        fputs(first, stdout);
    }
    return true;
}

static void wait_for_signal(const sigset_t *signals) {
    int number = 0;
    while (sigwait(signals, &number) == EINTR) {
    }
    log_event("serve.stop", "signal=%s", number == SIGINT ? "INT" : "TERM");
}

/* Between start and stop of everything. */
static bool run_server(const WebOptions *web,
                       const char *data_dir,
                       const char *keys_folder,
                       ServeDevices *devices,
                       GError **error) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    /* Blocked before any thread starts, so that only sigwait sees them. */
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    g_autoptr(GPtrArray) routes = modules_routes();
    WebServer *server = web_start(web, routes, error);
    if (server == NULL) {
        return false;
    }
    bool is_up = serve_devices_start(devices, web->db_url, server, web->port == 0, error);
    JobRunner *jobs =
        is_up ? job_runner_start(web->db_url, data_dir, job_kinds, server, error) : NULL;
    if (jobs != NULL) {
        LedgerSigner *signer = ledger_signer_start(web->db_url, keys_folder);
        AlarmService *alarms = alarm_service_start(web->db_url, server);
        bool is_ipv6 = strchr(web->address, ':') != NULL;
        printf("listening on http://%s%s%s:%u\n",
               is_ipv6 ? "[" : "",
               web->address,
               is_ipv6 ? "]" : "",
               web_port(server));
        fflush(stdout);
        wait_for_signal(&signals);
        alarm_service_stop(alarms);
        ledger_signer_stop(signer);
        job_runner_stop(jobs);
    }
    serve_devices_begin_stop(devices);
    web_stop(server);
    serve_devices_stop(devices);
    return jobs != NULL;
}

/* Who may send files without being signed in: each room knows its own. */
static bool admits_files(Ctx *ctx, const Request *req) {
    return report_admits(ctx, req) || firecode_admits(ctx, req);
}

static bool serve(ServeOptions *options, GError **error) {
    const char *environment = g_getenv("HUOZHENG_DATA");
    const char *data_dir = options->data_dir != NULL ? options->data_dir
                           : environment != NULL     ? environment
                                                     : DATA_DEFAULT;
    g_autofree char *uploads = prepare_uploads(data_dir, error);
    const char *url = commands_db_url(options->db_url);
    if (uploads == NULL || !prepare_law(options->law_folder, error) ||
        !prepare_database(url, error)) {
        return false;
    }
    g_autoptr(Explain) explain = NULL;
    if (options->explain_path != NULL) {
        explain = explain_open(options->explain_path, error);
        if (explain == NULL) {
            return false;
        }
    }
    WebOptions web = {
        .address = options->address != NULL ? options->address : "127.0.0.1",
        .port = (uint16_t)options->port,
        .db_url = url,
        .workers = (unsigned)options->workers,
        .strict_templates = options->strict,
        .secure_cookies = options->secure_cookies,
        .trusted_proxies = (const char *const *)options->proxies,
        .upload_dir = uploads,
        .idle_timeout_s = (unsigned)options->idle_timeout_s,
        .authenticate = account_authenticate,
        .release = account_release,
        .site = site_model,
        .refused = account_refused,
        .admits = admits_files,
        .plan_observer = explain != NULL ? explain_observe : NULL,
        .plan_data = explain,
    };
    g_autofree char *keys_folder = ledger_keys_folder(url, options->keys, data_dir);
    return run_server(&web, data_dir, keys_folder, &options->devices, error);
}

static int serve_run(int argc, char **argv) {
    g_auto(ServeOptions) options = {.port = PORT_DEFAULT, .devices = {.port = -1}};
    g_autoptr(GError) error = NULL;
    if (!parse_options(&options, argc, argv, &error)) {
        fprintf(stderr, "huozheng serve: %s\n", error->message);
        return 2;
    }
    raise_file_limit();
    if (!serve(&options, &error)) {
        fprintf(stderr, "huozheng serve: %s\n", error->message);
        return 3;
    }
    return 0;
}

const Command serve_command = {"serve", "serve pages and run background jobs", serve_run};
