/* huozheng draw list | run PLAN | export DRAW DIR | verify DIR */
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "draw/draw.h"
#include "draw/draw_files.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

typedef struct DrawOptions {
    char *db;
    gboolean json;
    char *title, *seed, *hash, *date_from, *date_to, *commit, *result;
    gint64 officer_cap;
    char **strata;
    char **rest; /* action and its arguments */
} DrawOptions;

static int fail(const GError *error) {
    fprintf(stderr, "huozheng: %s\n", error->message);
    bool cannot_run = g_error_matches(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_BUSY) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_INTERNAL);
    return cannot_run ? 3 : 1;
}

static void print_json(json_t *document) {
    g_autofree char *text = json_write(document);
    puts(text);
    json_decref(document);
}

static bool read_id(const char *text, int64_t *ret_id) {
    guint64 id = 0;
    const char *digits = g_ascii_isalpha(text[0]) ? text + 1 : text; /* "D7" and "P3" too */
    if (!g_ascii_string_to_unsigned(digits, 10, 1, G_MAXINT64, &id, NULL)) {
        fprintf(stderr, "huozheng: \"%s\" is no number of a plan or draw\n", text);
        return false;
    }
    *ret_id = (int64_t)id;
    return true;
}

static json_t *draw_json(const Draw *draw) {
    g_autofree char *time = clock_format_utc(draw->drawn_us);
    json_t *item = json_object();
    json_put_int(item, "id", draw->id);
    json_put_text(item, "number", draw->number);
    json_put_int(item, "plan", draw->plan_id);
    json_put_text(item, "title", draw->title);
    json_put_text(item, "time", time);
    json_put_int(item, "pool", draw->pool_count);
    json_put_int(item, "eligible", draw->eligible_count);
    json_put_int(item, "drawn", draw->drawn_count);
    json_put_int(item, "reserves", draw->reserve_count);
    json_put_int(item, "unstaffed", draw->unstaffed_count);
    json_put_text(item, "commit", draw->commit);
    json_put_text(item, "result", draw->result);
    json_put_bool(item, "published", draw->state == DRAW_PUBLISHED);
    return item;
}

/* --- actions --------------------------------------------------------------------------------- */

#define LIST_ROUND 200

static int list(Db *db, const DrawOptions *options) {
    json_t *all = json_array();
    int64_t before_id = 0;
    for (;;) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GPtrArray) draws = draw_list(db, 0, before_id, LIST_ROUND, &error);
        if (draws == NULL) {
            json_decref(all);
            return fail(error);
        }
        for (guint i = 0; i < draws->len; i++) {
            const Draw *draw = g_ptr_array_index(draws, i);
            before_id = draw->id;
            json_array_append_new(all, draw_json(draw));
            if (!options->json) {
                g_autofree char *time = clock_format_minute(draw->drawn_us);
                printf("%s\t%s\t%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT "\t%s\n",
                       draw->number,
                       time,
                       draw->drawn_count,
                       draw->eligible_count,
                       draw->title);
            }
        }
        if (draws->len < LIST_ROUND) {
            break;
        }
    }
    if (options->json) {
        print_json(all);
    } else {
        json_decref(all);
    }
    return 0;
}

typedef struct Running {
    DrawRequest *request;
    int64_t id;
} Running;

static bool run_work(Db *db, void *data, GError **error) {
    Running *running = data;
    return draw_run(db, running->request, &running->id, error);
}

/* Strata not drawn yet, for a run that names none; NULL-terminated. */
static GPtrArray *open_strata(const Plan *plan) {
    GPtrArray *strata = g_ptr_array_new();
    for (guint i = 0; i < plan->quotas->len; i++) {
        PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        if (quota->drawn_by == 0) {
            g_ptr_array_add(strata, quota->stratum);
        }
    }
    g_ptr_array_add(strata, NULL);
    return strata;
}

static int run_draw(Db *db, const DrawOptions *options, const Plan *plan, GByteArray *seed) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) open = open_strata(plan);
    int64_t now_us = clock_now_us();
    g_autofree char *from = clock_format_date(now_us + CLOCK_DAY_US);
    g_autofree char *to = clock_format_date(now_us + 31 * CLOCK_DAY_US);
    DrawRequest request = {
        .plan_id = plan->id,
        .title = options->title != NULL ? options->title : plan->title,
        .strata = options->strata != NULL ? (const char *const *)options->strata
                                          : (const char *const *)open->pdata,
        .date_from = options->date_from != NULL ? options->date_from : from,
        .date_to = options->date_to != NULL ? options->date_to : to,
        .kind = g_strcmp0(options->hash, "sha256") == 0 ? DIGEST_SHA256 : DIGEST_SM3,
        .seed = seed->data,
        .seed_size = seed->len,
        .seed_text = options->seed,
        .officer_cap = options->officer_cap,
        .actor = "cli",
        .now_us = now_us,
    };
    Running running = {&request, 0};
    if (!db_run_tx(db, run_work, &running, &error)) {
        return fail(error);
    }
    g_autoptr(Draw) draw = draw_find(db, running.id, &error);
    if (draw == NULL) {
        return fail(error);
    }
    if (options->json) {
        print_json(draw_json(draw));
    } else {
        printf("%s: drawn %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT ", unstaffed %" G_GINT64_FORMAT
               "\ncommit %s\nresult %s\n",
               draw->number,
               draw->drawn_count,
               draw->eligible_count,
               draw->unstaffed_count,
               draw->commit,
               draw->result);
    }
    return 0;
}

static int run(Db *db, const DrawOptions *options, const char *plan_text) {
    g_autoptr(GError) error = NULL;
    int64_t plan_id = 0;
    g_autoptr(GByteArray) seed = options->seed != NULL ? draw_seed_parse(options->seed) : NULL;
    if (!read_id(plan_text, &plan_id)) {
        return 2;
    }
    if (seed == NULL || draw_seed_bits(options->seed) < DRAW_SEED_BITS_MIN) {
        fputs("huozheng: --seed needs at least 60 bits, such as twenty random digits\n", stderr);
        return 2;
    }
    g_autoptr(Plan) plan = plan_find(db, plan_id, &error);
    return plan != NULL ? run_draw(db, options, plan, seed) : fail(error);
}

static int export_draw(Db *db, const char *draw_text, const char *folder) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (!read_id(draw_text, &id)) {
        return 2;
    }
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        fprintf(stderr, "huozheng: cannot make folder %s\n", folder);
        return 3;
    }
    if (!draw_export(db, id, folder, &error)) {
        return fail(error);
    }
    printf("written to %s; check with: huozheng draw verify %s\n", folder, folder);
    return 0;
}

static bool is_expected(const char *name, const char *expected, const char *got) {
    if (expected == NULL || g_ascii_strcasecmp(expected, got) == 0) {
        return true;
    }
    fprintf(stderr, "huozheng: the %s is not the expected one\n", name);
    return false;
}

static int verify(const DrawOptions *options, const char *folder) {
    g_autoptr(GError) error = NULL;
    g_autoptr(DrawOutcome) outcome = draw_verify_folder(folder, &error);
    if (outcome == NULL) {
        if (options->json) {
            json_t *document = json_object();
            json_put_bool(document, "valid", false);
            json_put_text(document, "problem", error->message);
            print_json(document);
            return 1;
        }
        printf("NOT valid: %s\n", error->message);
        return 1;
    }
    g_autofree char *commit = hex_format(outcome->commit, DIGEST_SIZE);
    g_autofree char *result = hex_format(outcome->result_hash, DIGEST_SIZE);
    bool fits = is_expected("commit", options->commit, commit) &&
                is_expected("result", options->result, result);
    if (options->json) {
        json_t *document = json_object();
        json_put_bool(document, "valid", fits);
        json_put_text(document, "commit", commit);
        json_put_text(document, "result", result);
        json_put_int(document, "pool", outcome->pool_count);
        json_put_int(document, "eligible", outcome->eligible_count);
        print_json(document);
    } else {
        printf("%s: %" G_GINT64_FORMAT " in the pool, %" G_GINT64_FORMAT " with tickets; files, "
               "tickets, officers and result come out\ncommit %s\nresult %s\n"
               "Compare both with the ledger or the public page.\n",
               fits ? "valid" : "NOT valid",
               outcome->pool_count,
               outcome->eligible_count,
               commit,
               result);
    }
    return fits ? 0 : 1;
}

/* --- the command ----------------------------------------------------------------------------- */

static int run_on_db(const DrawOptions *options, const char *action) {
    g_autoptr(GError) error = NULL;
    bool is_write = strcmp(action, "run") == 0;
    g_autoptr(Db) db =
        db_open(commands_db_url(options->db), is_write ? DB_READ_WRITE : DB_READ_ONLY, &error);
    if (db == NULL) {
        fprintf(stderr, "huozheng: %s\n", error->message);
        return 3;
    }
    if (strcmp(action, "list") == 0) {
        return list(db, options);
    }
    return is_write ? run(db, options, options->rest[1])
                    : export_draw(db, options->rest[1], options->rest[2]);
}

static int run_action(const DrawOptions *options) {
    guint count = options->rest != NULL ? g_strv_length(options->rest) : 0;
    const char *action = count > 0 ? options->rest[0] : "";
    if (count == 2 && strcmp(action, "verify") == 0) {
        return verify(options, options->rest[1]);
    }
    if ((count == 1 && strcmp(action, "list") == 0) || (count == 2 && strcmp(action, "run") == 0) ||
        (count == 3 && strcmp(action, "export") == 0)) {
        return run_on_db(options, action);
    }
    fputs("usage: huozheng draw list|run PLAN --seed TEXT|export DRAW DIR|verify DIR\n", stderr);
    return 2;
}

static void options_clear(DrawOptions *options) {
    g_free(options->db);
    g_free(options->title);
    g_free(options->seed);
    g_free(options->hash);
    g_free(options->date_from);
    g_free(options->date_to);
    g_free(options->commit);
    g_free(options->result);
    g_strfreev(options->strata);
    g_strfreev(options->rest);
}

static int run_command(int argc, char **argv) {
    DrawOptions options = {.officer_cap = 60};
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options.db, "Database", "URL"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document", NULL},
        {"seed", 0, 0, G_OPTION_ARG_STRING, &options.seed, "run: at least 60 bits", "TEXT"},
        {"title", 0, 0, G_OPTION_ARG_STRING, &options.title, "run: name of the draw", "TEXT"},
        {"category",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options.strata,
         "run: only this category; may be repeated",
         "WORD"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.date_from, "run: first day", "YYYY-MM-DD"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &options.date_to, "run: last day", "YYYY-MM-DD"},
        {"hash", 0, 0, G_OPTION_ARG_STRING, &options.hash, "run: sm3 or sha256", "NAME"},
        {"officer-cap", 0, 0, G_OPTION_ARG_INT64, &options.officer_cap, "run: most each", "N"},
        {"commit", 0, 0, G_OPTION_ARG_STRING, &options.commit, "verify: must be this", "HEX"},
        {"result", 0, 0, G_OPTION_ARG_STRING, &options.result, "verify: must be this", "HEX"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.rest, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("list|run PLAN|export DRAW DIR|verify DIR");
    g_option_context_set_summary(context,
                                 "list              draws, newest first\n"
                                 "  run PLAN          draw what a published plan still has open\n"
                                 "  export DRAW DIR   write the frozen files\n"
                                 "  verify DIR        recompute from the files alone, without a "
                                 "database");
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int code = 2;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "huozheng: %s\n", error->message);
    } else if (options.hash != NULL && strcmp(options.hash, "sm3") != 0 &&
               strcmp(options.hash, "sha256") != 0) {
        fputs("huozheng: --hash is sm3 or sha256\n", stderr);
    } else {
        code = run_action(&options);
    }
    options_clear(&options);
    return code;
}

const Command draw_command = {"draw", "list, run, export, verify: random draws", run_command};
