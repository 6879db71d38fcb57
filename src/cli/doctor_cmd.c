/* huozheng doctor: is this installation well, and if not, what to do. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "ledger/ledger_heads.h"
#include "store/backup.h"
#include "store/health.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/timex.h>

extern const Command doctor_command;

typedef enum Health { WELL, WARN, BAD } Health;

typedef struct Doctor {
    const char *url;
    Db *db; /* NULL: not reachable */
    json_t *findings;
    Health worst;
    bool cannot_run;
} Doctor;

typedef struct DoctorOptions {
    char *db;
    gboolean json;
} DoctorOptions;

static const char *health_word(Health health) {
    static const char *const words[] = {[WELL] = "ok", [WARN] = "warn", [BAD] = "bad"};
    return words[health];
}

/* `advice`: what to do; NULL when all is well. */
static void G_GNUC_PRINTF(5, 6) find(
    Doctor *doctor, Health health, const char *check, const char *advice, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    json_t *finding = json_object();
    json_put_text(finding, "check", check);
    json_put_text(finding, "state", health_word(health));
    json_put_text(finding, "finding", text);
    json_put_text(finding, "advice", advice);
    json_array_append_new(doctor->findings, finding);
    doctor->worst = MAX(doctor->worst, health);
}

/* --- database -------------------------------------------------------------------------------- */

static void check_reach(Doctor *doctor) {
    g_autoptr(GError) error = NULL;
    doctor->db = db_open(doctor->url, DB_READ_ONLY, &error);
    if (doctor->db == NULL) {
        doctor->cannot_run = true;
        find(doctor,
             BAD,
             "database",
             "check --db or HUOZHENG_DB, and that the database server runs; `huozheng init` makes "
             "a new one",
             "%s",
             error->message);
        return;
    }
    g_autofree char *version = NULL;
    if (!db_version(doctor->db, &version, &error)) {
        find(doctor, BAD, "database", "see the message", "%s", error->message);
        return;
    }
    find(doctor, WELL, "database", NULL, "%s answers", version);
}

static void check_migrations(Doctor *doctor) {
    int64_t missing = 0;
    for (const Module *const *module = modules; *module != NULL; module++) {
        g_autoptr(GError) error = NULL;
        int64_t of_room = 0;
        if (!db_migrations_missing(doctor->db, (*module)->name, &of_room, &error)) {
            find(doctor,
                 BAD,
                 "migrations",
                 "run the version of huozheng that made this database, or restore a backup",
                 "%s",
                 error->message);
            return;
        }
        missing += of_room;
    }
    if (missing > 0) {
        find(doctor,
             BAD,
             "migrations",
             "make a backup, then run `huozheng init`",
             "%" G_GINT64_FORMAT " are not applied",
             missing);
    } else {
        find(doctor, WELL, "migrations", NULL, "all applied, none changed");
    }
}

static void check_integrity(Doctor *doctor) {
    g_autoptr(GError) error = NULL;
    if (!db_check(doctor->db, true, &error)) {
        find(doctor,
             BAD,
             "integrity",
             "stop the server, keep the file, restore the newest backup",
             "%s",
             error->message);
    } else if (db_engine(doctor->db) == DB_ENGINE_SQLITE) {
        find(doctor, WELL, "integrity", NULL, "every page and tree is in order");
    }
}

/* PostgreSQL settings that our promises rest on. */
static void check_settings(Doctor *doctor) {
    static const struct {
        const char *name, *pattern, *advice;
        Health otherwise;
    } settings[] = {
        {"fsync", "on", "set fsync = on: a crash can destroy the database", BAD},
        {"full_page_writes", "on", "set full_page_writes = on", BAD},
        {"synchronous_commit",
         "on|remote_apply",
         "set it to on: acknowledged work can be lost",
         BAD},
        {"server_encoding", "UTF8", "make the database anew with --encoding=UTF8", BAD},
        {"datcollate",
         "C|POSIX",
         "make the database anew with --template=template0 --locale=C: prefix search has no index "
         "otherwise",
         BAD},
        {"data_checksums", "on", "run pg_checksums --enable while the server is stopped", WARN},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(settings); i++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *value = NULL;
        bool known = db_pg_setting(doctor->db, settings[i].name, &value, &error);
        g_auto(GStrv) wanted = g_strsplit(settings[i].pattern, "|", -1);
        bool is_well = known && g_strv_contains((const char *const *)wanted, value);
        find(doctor,
             is_well ? WELL : settings[i].otherwise,
             settings[i].name,
             is_well ? NULL : settings[i].advice,
             "%s",
             known ? value : error->message);
    }
}

static void check_ledger(Doctor *doctor, LedgerHead *head) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    int64_t size = 0;
    if (!db_begin(doctor->db, &tx, &error) || !ledger_head(doctor->db, head, &error) ||
        !ledger_verify(doctor->db, NULL, NULL, &size, &error)) {
        find(doctor,
             BAD,
             "ledger",
             g_error_matches(error, HZ_ERROR, HZ_ERROR_CORRUPT)
                 ? "stop work on this database, keep it, compare with the newest backup"
                 : "see the message; are all migrations applied?",
             "%s",
             error->message);
        return;
    }
    g_autofree char *root = hex_format(head->root, DIGEST_SIZE);
    find(
        doctor, WELL, "ledger", NULL, "%" G_GINT64_FORMAT " entries verified, root %s", size, root);
}

/* Who signs the log's heads, and whether it does. The keys may lie on another machine. */
static void check_signing(Doctor *doctor) {
    g_autoptr(GError) error = NULL;
    g_auto(LedgerSignedHead) head = {0};
    g_autofree char *folder = ledger_keys_folder(doctor->url, NULL, NULL);
    g_autofree char *stop = ledger_stop_reason(folder);
    bool is_signed = ledger_signed_newest(doctor->db, &head, NULL);
    if (stop != NULL) {
        find(doctor,
             BAD,
             "signing",
             "put the newest state of the database back, then run `huozheng ledger resume`",
             "stopped: %s",
             stop);
        return;
    }
    g_autoptr(LedgerKeys) keys = ledger_keys_open(folder, &error);
    if (keys != NULL || (!is_signed && g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND))) {
        find(doctor,
             WELL,
             "signing",
             NULL,
             "newest signed head: %" G_GINT64_FORMAT " entries%s",
             head.size,
             keys != NULL ? "" : "; the first `serve` makes the keys");
        return;
    }
    bool is_elsewhere = g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    find(doctor,
         is_elsewhere ? WARN : BAD,
         "signing",
         is_elsewhere ? "set HUOZHENG_LEDGER or HUOZHENG_DATA as for `serve`, if it signs here"
                      : "see the message; until then no head is signed",
         "%s",
         error->message);
}

/* --- machine --------------------------------------------------------------------------------- */

#define DISK_WARN (INT64_C(2048) * MIB) /* an import of 1,000,000 units takes about 1 GiB */
#define DISK_BAD (INT64_C(256) * MIB)   /* a checkpoint and a migration still fit */

static void check_disk(Doctor *doctor) {
    if (!g_str_has_prefix(doctor->url, "sqlite:")) {
        return; /* the database server's disk cannot be seen from here */
    }
    g_autofree char *folder = g_path_get_dirname(doctor->url + strlen("sqlite:"));
    struct statvfs disk;
    if (statvfs(folder, &disk) != 0) {
        find(doctor, BAD, "disk", "make the folder", "%s cannot be read", folder);
        return;
    }
    int64_t free_bytes = (int64_t)(disk.f_bavail * disk.f_frsize);
    Health health = free_bytes < DISK_BAD ? BAD : free_bytes < DISK_WARN ? WARN : WELL;
    find(doctor,
         health,
         "disk",
         health == WELL ? NULL : "free space on the database's disk",
         "%" G_GINT64_FORMAT " MiB free in %s",
         free_bytes / MIB,
         folder);
}

static void check_files(Doctor *doctor) {
    struct rlimit limit = {0};
    getrlimit(RLIMIT_NOFILE, &limit);
    /* Connections, and some for the database, files of jobs and the epoll sets. */
    bool is_enough = limit.rlim_max >= LIMIT_CONNECTIONS + 1024;
    find(doctor,
         is_enough ? WELL : WARN,
         "open files",
         is_enough ? NULL : "raise it to 65536 (systemd: LimitNOFILE=65536; shell: ulimit -n)",
         "%" G_GUINT64_FORMAT " allowed, %d connections planned",
         (guint64)limit.rlim_max,
         LIMIT_CONNECTIONS);
}

#define CLOCK_SLACK_US (2 * CLOCK_SECOND_US)

static void check_clock(Doctor *doctor, const LedgerHead *head) {
    int64_t now_us = clock_now_us();
    g_autofree char *now = clock_format_utc(now_us);
    if (head->time_us > now_us + CLOCK_SLACK_US) {
        find(doctor,
             BAD,
             "clock",
             "set the clock before anybody works: deadlines would be wrong",
             "%s, but the newest ledger entry is later",
             now);
        return;
    }
    struct timex state = {0};
    bool is_synchronised = adjtimex(&state) != TIME_ERROR;
    find(doctor,
         is_synchronised ? WELL : WARN,
         "clock",
         is_synchronised ? NULL : "run a time service (chrony, systemd-timesyncd)",
         "%s, %s",
         now,
         is_synchronised ? "synchronised" : "not synchronised as far as the kernel knows");
}

static void check_server_clock(Doctor *doctor) {
    int64_t there_us = 0;
    int64_t before_us = clock_now_us();
    if (!db_pg_clock(doctor->db, &there_us, NULL)) {
        return;
    }
    int64_t apart_us = ABS(there_us - before_us);
    find(doctor,
         apart_us <= CLOCK_SLACK_US ? WELL : WARN,
         "database clock",
         apart_us <= CLOCK_SLACK_US ? NULL : "run a time service on both machines",
         "%" G_GINT64_FORMAT " ms apart",
         apart_us / 1000);
}

/* --- report ---------------------------------------------------------------------------------- */

static void examine(Doctor *doctor) {
    LedgerHead head = {0};
    check_reach(doctor);
    if (doctor->db != NULL) {
        check_migrations(doctor);
        check_integrity(doctor);
        check_ledger(doctor, &head);
        check_signing(doctor);
    }
    if (doctor->db != NULL && db_engine(doctor->db) == DB_ENGINE_PG) {
        check_settings(doctor);
        check_server_clock(doctor);
    }
    check_disk(doctor);
    check_files(doctor);
    check_clock(doctor, &head);
}

static void print(const Doctor *doctor, bool as_json) {
    if (as_json) {
        g_autoptr(json_t) document = json_object();
        json_put_text(document, "state", health_word(doctor->worst));
        json_put(document, "findings", json_incref(doctor->findings));
        g_autofree char *text = json_write(document);
        puts(text);
        return;
    }
    size_t i = 0;
    json_t *finding = NULL;
    json_array_foreach(doctor->findings, i, finding) {
        printf("%-4s  %-18s %s\n",
               json_get_text(finding, "state", ""),
               json_get_text(finding, "check", ""),
               json_get_text(finding, "finding", ""));
        const char *advice = json_get_text(finding, "advice", NULL);
        if (advice != NULL) {
            printf("      %-18s -> %s\n", "", advice);
        }
    }
}

static int run_doctor(int argc, char **argv) {
    DoctorOptions options = {0};
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options.db, "Database", "URL"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document", NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_option_context_set_summary(
        context,
        "Looks at database, migrations, ledger, disk, limits and clock. Each line is ok, warn or\n"
        "bad and says what to do. Exit: 0 ok or warn, 1 bad, 3 the database cannot be reached.");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int code = 2;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "huozheng: %s\n", error->message);
    } else if (argc > 1) {
        fputs("usage: huozheng doctor [--db URL] [--json]\n", stderr);
    } else {
        Doctor doctor = {.url = commands_db_url(options.db), .findings = json_array()};
        examine(&doctor);
        print(&doctor, options.json);
        code = doctor.cannot_run ? 3 : doctor.worst == BAD ? 1 : 0;
        db_close(doctor.db);
        json_decref(doctor.findings);
    }
    g_free(options.db);
    return code;
}

const Command doctor_command = {
    "doctor", "look at database, ledger, disk, limits, clock; say what to do", run_doctor};
