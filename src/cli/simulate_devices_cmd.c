/* huozheng simulate devices: synthetic devices that talk to a gateway over real sockets */
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "cli/simulate_cmd.h"
#include "cli/simulate_devices.h"
#include "demo/demo.h"
#include "sensing/roster.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define TARGET_DEFAULT "127.0.0.1:26875"
#define DEVICES_DEFAULT 100
#define DEVICES_MAX 100000
#define HEARTBEAT_S 60 /* without --rate every device tells something so often */
#define SCRIPT_MAX (8 * 1024 * 1024)

typedef struct DevicesOptions {
    char *db, *target, *profile, *script, *record;
    char **scenes;
    double rate; /* -1: one frame a device and heartbeat; 0: closed loop */
    double duration_s, timeout_s;
    gint64 devices, first, seed, tries, window, per_address;
    gboolean udp, registered, register_them, json, quiet;
} DevicesOptions;

static void devices_options_clear(DevicesOptions *options) {
    g_free(options->db);
    g_free(options->target);
    g_free(options->profile);
    g_free(options->script);
    g_free(options->record);
    g_strfreev(options->scenes);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DevicesOptions, devices_options_clear)

/* --- options -------------------------------------------------------------------------------------
 */

static const char SUMMARY[] =
    "Plays synthetic devices (GB/T 26875.3) against a gateway: they connect, tell what a scene has\n"
    "them live through, send again what nobody confirms, and count. Every device is invented; its\n"
    "address lies in a range of its own. Scenes: " SCENE_KIND_WORDS
    ".\n"
    "docs/simulation.md tells how scripts look.";

static bool in_range(const char *name, double value, double low, double high, GError **error) {
    return (value >= low && value <= high) ||
           hz_fail(
               error, HZ_ERROR_INVALID, "--%s is a number from %.0f to %.0f", name, low, high);
}

static bool check_options(const DevicesOptions *options, GError **error) {
    return in_range("devices", (double)options->devices, 1, DEVICES_MAX, error) &&
           in_range("first", (double)options->first, 0, 1e9, error) &&
           in_range("seed", (double)options->seed, 0, 1e15, error) &&
           in_range("tries", (double)options->tries, 1, 100, error) &&
           in_range("window", (double)options->window, 1, 1000, error) &&
           in_range("per-address", (double)options->per_address, 0, 60000, error) &&
           in_range("timeout", options->timeout_s, 0.01, 3600, error) &&
           in_range("duration", options->duration_s, 0, 1e7, error) &&
           in_range("rate", options->rate, -1, 1e7, error) &&
           (!(options->registered && options->register_them) ||
            hz_fail(error, HZ_ERROR_INVALID, "either --registered or --register"));
}

#define INTEGER(name, field, text) {name, 0, 0, G_OPTION_ARG_INT64, &options->field, text, "N"}
#define REAL(name, field, text) {name, 0, 0, G_OPTION_ARG_DOUBLE, &options->field, text, "N"}
#define TEXT(name, field, text, what) {name, 0, 0, G_OPTION_ARG_STRING, &options->field, text, what}
#define PATH(name, field, text) {name, 0, 0, G_OPTION_ARG_FILENAME, &options->field, text, "FILE"}
#define FLAG(name, field, text) {name, 0, 0, G_OPTION_ARG_NONE, &options->field, text, NULL}

static bool parse(DevicesOptions *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        TEXT("target", target, "the gateway (" TARGET_DEFAULT ")", "IP:PORT"),
        FLAG("udp", udp, "datagrams instead of connections"),
        INTEGER("devices", devices, "how many (100)"),
        INTEGER("first", first, "number of the first one (0)"),
        INTEGER("seed", seed, "another city and other chances (1)"),
        REAL("rate", rate, "frames a second of all; 0: as many as are confirmed (one a minute each)"),
        REAL("duration", duration_s, "seconds; 0: until a signal (60)"),
        {"scene",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options->scenes,
         "what happens (normal); may be repeated",
         "WORD"},
        PATH("script", script, "faults and alarms at given seconds"),
        PATH("record", record, "one line for each acknowledged frame: address, serial, time, hash, hex"),
        TEXT("profile", profile, "dialect of their frames (standard)", "NAME"),
        REAL("timeout", timeout_s, "seconds until a frame is sent again (10)"),
        INTEGER("tries", tries, "then it is given up (3)"),
        INTEGER("window", window, "frames of one device in flight (4)"),
        INTEGER("per-address", per_address, "devices behind one 127.0.0.x; 0: one address (250)"),
        TEXT("db", db, "sqlite:PATH or postgresql://…, for the next two", "URL"),
        FLAG("registered", registered, "play the synthetic devices of this database"),
        FLAG("register", register_them, "first register them in buildings of this database"),
        FLAG("quiet", quiet, "no counts while it runs"),
        FLAG("json", json, "one JSON document"),
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("- play synthetic devices");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return false;
    }
    if (argc > 1) {
        return hz_fail(error, HZ_ERROR_INVALID, "unexpected argument \"%s\"", argv[1]);
    }
    return check_options(options, error);
}

/* "127.0.0.1:26875" or "[::1]:26875". */
static bool read_target(const char *text, struct sockaddr_storage *ret, GError **error) {
    const char *colon = strrchr(text, ':');
    guint64 port = 0;
    struct sockaddr_in *v4 = (struct sockaddr_in *)ret;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret;
    *ret = (struct sockaddr_storage){0};
    if (colon == NULL || !g_ascii_string_to_unsigned(colon + 1, 10, 1, UINT16_MAX, &port, NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "--target is IP:PORT, as in " TARGET_DEFAULT);
    }
    bool is_bracketed = text[0] == '[' && colon > text + 1 && colon[-1] == ']';
    g_autofree char *host = is_bracketed ? g_strndup(text + 1, (gsize)(colon - text) - 2)
                                         : g_strndup(text, (gsize)(colon - text));
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons((uint16_t)port);
        return true;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons((uint16_t)port);
        return true;
    }
    return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no IP address", host);
}

static bool fleet_options_of(const DevicesOptions *options, FleetOptions *ret, GError **error) {
    *ret = (FleetOptions){.is_udp = options->udp,
                          .per_address = (unsigned)options->per_address,
                          .window = (unsigned)options->window,
                          .is_closed_loop = options->rate == 0,
                          .timeout_us = (int64_t)(options->timeout_s * 1e6),
                          .tries = (unsigned)options->tries,
                          .duration_us = (int64_t)(options->duration_s * 1e6),
                          .profile = gb26875_profile(options->profile),
                          .shows_counts = !options->quiet};
    if (ret->profile == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "there is no profile \"%s\"", options->profile);
    }
    return read_target(
        options->target != NULL ? options->target : TARGET_DEFAULT, &ret->target, error);
}

/* --- devices -------------------------------------------------------------------------------------
 */

static GArray *load_registered(const DevicesOptions *options, GError **error) {
    g_autoptr(Db) db = db_open(commands_db_url(options->db), DB_READ_ONLY, error);
    g_autoptr(GArray) roster =
        db == NULL ? NULL : roster_load(db, (unsigned)options->devices, error);
    if (roster != NULL && roster->len == 0) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no synthetic device is registered there");
        return NULL;
    }
    return g_steal_pointer(&roster);
}

static bool register_all(const DevicesOptions *options, GError **error) {
    g_autoptr(Db) db = db_open(commands_db_url(options->db), DB_READ_WRITE, error);
    DemoDevices wanted = {.seed = (uint64_t)options->seed,
                          .first = (unsigned)options->first,
                          .count = (unsigned)options->devices,
                          .now_us = clock_now_us()};
    int64_t added = 0;
    return db != NULL && modules_migrate(db, error) && demo_devices(db, &wanted, &added, error);
}

static GArray *make_roster(const DevicesOptions *options, GError **error) {
    if (options->registered) {
        return load_registered(options, error);
    }
    if (options->register_them && !register_all(options, error)) {
        return NULL;
    }
    return scene_roster((uint64_t)options->seed, (unsigned)options->first, (unsigned)options->devices);
}

static Scene *make_scene(const DevicesOptions *options, GError **error) {
    unsigned kinds = 0;
    for (char **word = options->scenes; word != NULL && *word != NULL; word++) {
        if (!scene_kind_parse(*word, &kinds)) {
            hz_fail(error, HZ_ERROR_INVALID, "--scene is one of " SCENE_KIND_WORDS);
            return NULL;
        }
    }
    GArray *roster = make_roster(options, error);
    if (roster == NULL) {
        return NULL;
    }
    SceneOptions scene = {
        .roster = roster,
        .seed = (uint64_t)options->seed,
        .kinds = kinds,
        .rate = options->rate < 0 ? (double)roster->len / HEARTBEAT_S : options->rate,
        .duration_us = options->duration_s > 0 ? (int64_t)(options->duration_s * 1e6) : INT64_MAX,
        .begin_us = clock_now_us()};
    g_autoptr(Scene) made = scene_new(&scene);
    if (options->script == NULL) {
        return g_steal_pointer(&made);
    }
    g_autofree char *text = NULL;
    gsize size = 0;
    if (!g_file_get_contents(options->script, &text, &size, error) ||
        (size > SCRIPT_MAX && !hz_fail(error, HZ_ERROR_LIMIT, "the script is too long")) ||
        !scene_script(made, text, error)) {
        g_prefix_error(error, "%s: ", options->script);
        return NULL;
    }
    return g_steal_pointer(&made);
}

/* --- the command ---------------------------------------------------------------------------------
 */

/* Each device is a descriptor. */
static bool raise_file_limit(unsigned devices, GError **error) {
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) {
        return true;
    }
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
    return limit.rlim_max >= devices + 64 ||
           hz_fail(error,
                   HZ_ERROR_UNAVAILABLE,
                   "%u devices need as many open files; this process may have %llu (ulimit -n)",
                   devices,
                   (unsigned long long)limit.rlim_max);
}

static bool play(const DevicesOptions *options, FleetOptions *fleet_options, GError **error) {
    g_autoptr(Scene) scene = make_scene(options, error);
    if (scene == NULL || !raise_file_limit(scene_devices(scene)->len, error)) {
        return false;
    }
    if (options->record != NULL) {
        fleet_options->record = g_fopen(options->record, "we");
        if (fleet_options->record == NULL) {
            return hz_fail(error,
                           HZ_ERROR_UNAVAILABLE,
                           "could not write \"%s\": %s",
                           options->record,
                           g_strerror(errno));
        }
    }
    g_autoptr(Fleet) fleet = fleet_new(fleet_options, scene);
    bool played = fleet_run(fleet, error);
    bool kept = fleet_options->record == NULL || fclose(fleet_options->record) == 0;
    if (fleet_options->shows_counts && isatty(STDERR_FILENO) == 1) {
        fputs("\r\033[K", stderr);
    }
    if (played && options->json) {
        g_autoptr(json_t) document = fleet_document(fleet);
        g_autofree char *text = json_write(document);
        puts(text);
    } else if (played) {
        fleet_print(fleet);
    }
    return played && (kept || hz_fail(error, HZ_ERROR_UNAVAILABLE, "the record is not complete"));
}

int simulate_devices_run(int argc, char **argv) {
    g_auto(DevicesOptions) options = {.devices = DEVICES_DEFAULT,
                                      .seed = 1,
                                      .rate = -1,
                                      .duration_s = 60,
                                      .timeout_s = 10,
                                      .tries = 3,
                                      .window = 4,
                                      .per_address = 250};
    FleetOptions fleet = {0};
    g_autoptr(GError) error = NULL;
    if (!parse(&options, argc, argv, &error) || !fleet_options_of(&options, &fleet, &error)) {
        fprintf(stderr, "huozheng simulate devices: %s\n", error->message);
        return 2;
    }
    if (!play(&options, &fleet, &error)) {
        fprintf(stderr, "huozheng simulate devices: %s\n", error->message);
        bool is_question = g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID) ||
                           g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
        return is_question ? 1 : 3;
    }
    return 0;
}
