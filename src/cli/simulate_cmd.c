/* huozheng simulate [draws]: years of draws on the register as it is, without drawing anybody */
#include "cli/simulate_cmd.h"

#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SEED_DEFAULT "huozheng"
#define SEED_MAX 200
#define QUOTA_DEFAULT "20"
#define AS_PLANNED (-1)
#define PERCENT_MIN 0.01 /* one in ten thousand */

static void options_clear(SimulateOptions *options) {
    g_free(options->db);
    g_free(options->kind);
    g_free(options->region);
    g_free(options->quota);
    g_free(options->seed);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SimulateOptions, options_clear)

/* --- options --------------------------------------------------------------------------------- */

static const char SUMMARY[] =
    "With the word \"devices\" plays synthetic devices instead: huozheng simulate devices --help.\n"
    "Holds years of draws on the units or buildings and officers of the database and tells how\n"
    "often each weight is drawn, whether the yearly cap holds, how the work is shared and how "
    "long\n"
    "anybody stays unvisited. The rules are those of real draws; the seed is a word that you can\n"
    "choose, so this is no draw: nobody is inspected, nothing is stored. Grades, register and\n"
    "officers stay as they are today. docs/simulation.md has figures of the demo city.";

static bool in_range(const char *name, int64_t value, int64_t low, int64_t high, GError **error) {
    return (value >= low && value <= high) ||
           hz_fail(error,
                   HZ_ERROR_INVALID,
                   "--%s is a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                   name,
                   low,
                   high);
}

static bool read_quota(SimulateOptions *options, GError **error) {
    const char *text = options->quota != NULL ? options->quota : QUOTA_DEFAULT;
    if (strcmp(text, "plan") == 0) {
        options->percent = 0;
        return true;
    }
    char *end = NULL;
    options->percent = g_ascii_strtod(text, &end);
    bool is_number = end != text && (*end == '\0' || strcmp(end, "%") == 0);
    return (is_number && options->percent >= PERCENT_MIN && options->percent <= 100) ||
           hz_fail(error,
                   HZ_ERROR_INVALID,
                   "--quota is a percentage from %g to 100, or \"plan\"",
                   PERCENT_MIN);
}

static bool check_options(SimulateOptions *options, GError **error) {
    if (options->kind == NULL) {
        options->kind = g_strdup("unit");
    }
    if (options->seed == NULL) {
        options->seed = g_strdup(SEED_DEFAULT);
    }
    if (strcmp(options->kind, "unit") != 0 && strcmp(options->kind, "building") != 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "--kind is unit or building");
    }
    if (strlen(options->seed) > SEED_MAX || !g_utf8_validate(options->seed, -1, NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "--seed has at most %d bytes of UTF-8", SEED_MAX);
    }
    return in_range("years", options->years, 1, DRAW_SIM_YEARS_MAX, error) &&
           in_range("draws-per-year", options->draws, 1, DRAW_SIM_DRAWS_MAX, error) &&
           in_range("runs", options->runs, 1, DRAW_SIM_RUNS_MAX, error) &&
           (options->alternates == AS_PLANNED ||
            in_range("alternates", options->alternates, 0, DRAW_QUOTA_MAX, error)) &&
           in_range("officer-cap", options->officer_cap, 1, 10000, error) &&
           in_range("rotate", options->rotate, 0, DRAW_SIM_ROTATE_MAX, error) &&
           read_quota(options, error);
}

static bool parse(SimulateOptions *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options->db, "sqlite:PATH or postgresql://…", "URL"},
        {"kind", 0, 0, G_OPTION_ARG_STRING, &options->kind, "unit or building (unit)", "KIND"},
        {"region",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options->region,
         "only this region (that of the newest published plan)",
         "CODE"},
        {"years", 0, 0, G_OPTION_ARG_INT64, &options->years, "how many (10)", "N"},
        {"draws-per-year",
         0,
         0,
         G_OPTION_ARG_INT64,
         &options->draws,
         "the year's quota is spread over so many draws (4: quarterly plans)",
         "N"},
        {"quota",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options->quota,
         "drawn in a year: percent of each category, at least one (20); \"plan\": as in the newest "
         "published plan",
         "PERCENT"},
        {"alternates",
         0,
         0,
         G_OPTION_ARG_INT64,
         &options->alternates,
         "ordered reserves of each category in a draw (as the plan says, else 2)",
         "N"},
        {"officer-cap",
         0,
         0,
         G_OPTION_ARG_INT64,
         &options->officer_cap,
         "most new targets of an officer in a draw (60)",
         "N"},
        {"rotate",
         0,
         0,
         G_OPTION_ARG_INT64,
         &options->rotate,
         "officers of the last N inspections of an object do not return (1)",
         "N"},
        {"seed", 0, 0, G_OPTION_ARG_STRING, &options->seed, "any word (" SEED_DEFAULT ")", "TEXT"},
        {"runs",
         0,
         0,
         G_OPTION_ARG_INT64,
         &options->runs,
         "repeat with other chances, for intervals (10)",
         "N"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "one JSON document", NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("- see what the draw does in the long run");
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

/* --- the command ----------------------------------------------------------------------------- */

static void show_progress(int64_t draws, int64_t all, void *data) {
    int64_t *shown_us = data;
    int64_t now_us = g_get_monotonic_time();
    if (draws == all) {
        fputs("\r\033[K", stderr);
    } else if (now_us - *shown_us >= CLOCK_SECOND_US / 4) {
        *shown_us = now_us;
        fprintf(stderr,
                "\r\033[K%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT " simulated draws",
                draws,
                all);
    }
}

static bool simulate(Db *db, const SimulateOptions *options, GError **error) {
    DrawCityRequest request = {.object_kind = options->kind,
                               .region = options->region,
                               .percent = options->percent,
                               .reserves = options->alternates,
                               .officer_cap = options->officer_cap,
                               .draws_per_year = (unsigned)options->draws,
                               .now_us = clock_now_us()};
    g_auto(DrawCity) city = {0};
    g_auto(DrawSimResult) result = {0};
    if (!draw_city_load(db, &request, &city, error)) {
        return false;
    }
    int64_t shown_us = 0;
    DrawSimulation simulation = draw_city_simulation(&city);
    simulation.years = (unsigned)options->years;
    simulation.runs = (unsigned)options->runs;
    simulation.rotate = (unsigned)options->rotate;
    simulation.seed = options->seed;
    simulation.progress = isatty(STDERR_FILENO) == 1 ? show_progress : NULL;
    simulation.data = &shown_us;
    draw_simulate(&simulation, &result);
    Simulated simulated = {options, &city, &result};
    if (options->json) {
        g_autoptr(json_t) document = simulate_document(&simulated);
        g_autofree char *text = json_write(document);
        puts(text);
    } else {
        simulate_print(&simulated);
    }
    return true;
}

static int simulate_draws_run(int argc, char **argv) {
    g_auto(SimulateOptions) options = {.years = 10,
                                       .draws = 4,
                                       .runs = 10,
                                       .alternates = AS_PLANNED,
                                       .officer_cap = 60,
                                       .rotate = 1};
    g_autoptr(GError) error = NULL;
    if (!parse(&options, argc, argv, &error)) {
        fprintf(stderr, "huozheng simulate: %s\n", error->message);
        return 2;
    }
    g_autoptr(Db) db = db_open(commands_db_url(options.db), DB_READ_ONLY, &error);
    if (db == NULL || !simulate(db, &options, &error)) {
        fprintf(stderr, "huozheng simulate: %s\n", error->message);
        bool is_question = g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID) ||
                           g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
        return is_question ? 1 : 3;
    }
    return 0;
}

/* Without a word it is "draws": scripts from before there were devices go on working. */
static int simulate_run(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "devices") == 0) {
        return simulate_devices_run(argc - 1, argv + 1);
    }
    bool is_named = argc > 1 && strcmp(argv[1], "draws") == 0;
    return simulate_draws_run(argc - (is_named ? 1 : 0), argv + (is_named ? 1 : 0));
}

const Command simulate_command = {
    "simulate", "draws: years of them on this register; devices: a synthetic fleet", simulate_run};
