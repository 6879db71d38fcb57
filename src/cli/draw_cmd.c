/* huozheng draw list | export DRAW DIR | verify DIR; the steps stand in draw_step_cmd.c and
 * draw_substitute_cmd.c */
#include "cli/draw_cmd.h"
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "draw/draw_files.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

int draw_cmd_fail(const GError *error) {
    fprintf(stderr, "huozheng: %s\n", error->message);
    bool cannot_run = g_error_matches(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_BUSY) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_INTERNAL);
    return cannot_run ? 3 : 1;
}

void draw_cmd_print(json_t *document) {
    g_autofree char *text = json_write(document);
    puts(text);
    json_decref(document);
}

bool draw_cmd_id(const char *text, int64_t *ret_id) {
    guint64 id = 0;
    const char *digits = g_ascii_isalpha(text[0]) ? text + 1 : text; /* "D7" and "P3" too */
    if (!g_ascii_string_to_unsigned(digits, 10, 1, G_MAXINT64, &id, NULL)) {
        fprintf(stderr, "huozheng: \"%s\" is no number of a plan or draw\n", text);
        return false;
    }
    *ret_id = (int64_t)id;
    return true;
}

json_t *draw_cmd_json(const Draw *draw) {
    g_autofree char *time = draw->drawn_us > 0 ? clock_format_utc(draw->drawn_us) : NULL;
    json_t *item = json_object();
    json_put_int(item, "id", draw->id);
    json_put_text(item, "number", draw->number);
    json_put_int(item, "plan", draw->plan_id);
    json_put_text(item, "title", draw->title);
    json_put_text(item, "state", draw_state_word(draw->state));
    json_put_text(item, "mode", draw_mode_word(draw->mode));
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
            return draw_cmd_fail(error);
        }
        for (guint i = 0; i < draws->len; i++) {
            const Draw *draw = g_ptr_array_index(draws, i);
            before_id = draw->id;
            json_array_append_new(all, draw_cmd_json(draw));
            if (!options->json) {
                g_autofree char *time =
                    clock_format_minute(draw->drawn_us > 0 ? draw->drawn_us : draw->frozen_us);
                printf("%s\t%s\t%s\t%" G_GINT64_FORMAT " of %" G_GINT64_FORMAT "\t%s\n",
                       draw->number,
                       time,
                       draw_state_word(draw->state),
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
        draw_cmd_print(all);
    } else {
        json_decref(all);
    }
    return 0;
}

static int
export_draw(Db *db, const DrawOptions *options, const char *draw_text, const char *folder) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (!draw_cmd_id(draw_text, &id)) {
        return 2;
    }
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        fprintf(stderr, "huozheng: cannot make folder %s\n", folder);
        return 3;
    }
    if (!draw_export(db, id, options->is_public, folder, &error)) {
        return draw_cmd_fail(error);
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
            draw_cmd_print(document);
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
        json_put_bool(document, "sealed", outcome->is_sealed);
        json_put_bool(document, "typed_seed", outcome->is_typed);
        draw_cmd_print(document);
    } else {
        printf("%s: %" G_GINT64_FORMAT " in the pool, %" G_GINT64_FORMAT " with tickets; files, "
               "tickets, officers and result come out\ncommit %s\nresult %s\n"
               "Compare both with the ledger or the public page.\n%s",
               fits ? "valid" : "NOT valid",
               outcome->pool_count,
               outcome->eligible_count,
               commit,
               result,
               outcome->is_typed ? "The seed of this draw was typed by a person.\n" : "");
    }
    return fits ? 0 : 1;
}

/* --- the command ----------------------------------------------------------------------------- */

typedef struct Action {
    const char *name;
    int (*run)(Db *db, const DrawOptions *options, const char *which);
} Action;

static const Action actions[] = {
    {"freeze", draw_cmd_freeze},
    {"commit", draw_cmd_commit},
    {"reveal", draw_cmd_reveal},
    {"beacon", draw_cmd_beacon},
    {"run", draw_cmd_run},
    {"substitute", draw_cmd_substitute},
    {"publish", draw_cmd_publish},
    {"drop", draw_cmd_drop},
};

static const Action *find_action(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(actions[i].name, name) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

static int run_on_db(const DrawOptions *options, const Action *action) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = db_open(
        commands_db_url(options->db), action != NULL ? DB_READ_WRITE : DB_READ_ONLY, &error);
    if (db == NULL) {
        fprintf(stderr, "huozheng: %s\n", error->message);
        return 3;
    }
    if (action != NULL) {
        return action->run(db, options, options->rest[1]);
    }
    return strcmp(options->rest[0], "list") == 0
               ? list(db, options)
               : export_draw(db, options, options->rest[1], options->rest[2]);
}

static int run_action(const DrawOptions *options) {
    guint count = options->rest != NULL ? g_strv_length(options->rest) : 0;
    const char *name = count > 0 ? options->rest[0] : "";
    if (count == 2 && strcmp(name, "verify") == 0) {
        return verify(options, options->rest[1]);
    }
    if (count == 2 && strcmp(name, "share") == 0) {
        return draw_cmd_share(options, options->rest[1]);
    }
    const Action *action = find_action(name);
    if ((count == 2 && action != NULL) || (count == 1 && strcmp(name, "list") == 0) ||
        (count == 3 && strcmp(name, "export") == 0)) {
        return run_on_db(options, action);
    }
    fputs("usage: huozheng draw list|freeze PLAN|commit DRAW|reveal DRAW|beacon DRAW|run DRAW|"
          "substitute DRAW|publish DRAW|drop DRAW|export DRAW DIR|verify DIR|share DRAW\n",
          stderr);
    return 2;
}

static void options_clear(DrawOptions *options) {
    char *texts[] = {options->db,
                     options->title,
                     options->hash,
                     options->date_from,
                     options->date_to,
                     options->commit,
                     options->result,
                     options->party,
                     options->share,
                     options->open_by,
                     options->note,
                     options->officer,
                     options->reason};
    char **lists[] = {
        options->strata, options->beacons, options->parties, options->values, options->rest};
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(texts[i]);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(lists); i++) {
        g_strfreev(lists[i]);
    }
}

static const char SUMMARY[] =
    "list              draws, newest first\n"
    "  freeze PLAN       write pool, officers and rules of what a published plan still has open\n"
    "  commit DRAW       fix them and the beacons to wait for; nothing can be changed afterwards\n"
    "  reveal DRAW       a party's share, before the first beacon\n"
    "  beacon DRAW       the value of a beacon, once its time has come\n"
    "  run DRAW          give the beacons' values that are missing and draw, once\n"
    "  substitute DRAW   the next by the rule comes in for an object or officer that cannot\n"
    "  publish DRAW      open a sealed draw after the inspections\n"
    "  drop DRAW         take back what is only frozen\n"
    "  export DRAW DIR   write the files (--public: those anybody may have)\n"
    "  verify DIR        recompute from the files alone, without a database\n"
    "  share DRAW        for a party: a fresh share and its commitment, without a database";

static int run_command(int argc, char **argv) {
    DrawOptions options = {.officer_cap = 60, .rotate = 1, .delta = DRAW_DELTA_MIN};
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options.db, "Database", "URL"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON document", NULL},
        {"title", 0, 0, G_OPTION_ARG_STRING, &options.title, "freeze: name of the draw", "TEXT"},
        {"category",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options.strata,
         "freeze: only this category; may be repeated",
         "WORD"},
        {"from", 0, 0, G_OPTION_ARG_STRING, &options.date_from, "freeze: first day", "YYYY-MM-DD"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &options.date_to, "freeze: last day", "YYYY-MM-DD"},
        {"hash", 0, 0, G_OPTION_ARG_STRING, &options.hash, "freeze, share: sm3, sha256", "NAME"},
        {"open", 0, 0, G_OPTION_ARG_NONE, &options.is_open, "freeze: nothing is secret", NULL},
        {"delta", 0, 0, G_OPTION_ARG_INT64, &options.delta, "freeze: wait at least", "SECONDS"},
        {"officer-cap", 0, 0, G_OPTION_ARG_INT64, &options.officer_cap, "freeze: most each", "N"},
        {"rotate", 0, 0, G_OPTION_ARG_INT64, &options.rotate, "freeze: last N do not return", "N"},
        {"beacon",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options.beacons,
         "commit: such as \"dice10 20 2026-11-22T21:30:00+08:00\"; may be repeated",
         "TEXT"},
        {"party",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options.parties,
         "commit: NAME:COMMITMENT, may be repeated; reveal, share: NAME",
         "TEXT"},
        {"open-by", 0, 0, G_OPTION_ARG_STRING, &options.open_by, "commit: day of opening", "DAY"},
        {"share", 0, 0, G_OPTION_ARG_STRING, &options.share, "reveal: 64 hex digits", "HEX"},
        {"value",
         0,
         0,
         G_OPTION_ARG_STRING_ARRAY,
         &options.values,
         "beacon, run: value of a beacon, in their order; may be repeated",
         "TEXT"},
        {"note", 0, 0, G_OPTION_ARG_STRING, &options.note, "what was seen, and by whom", "TEXT"},
        {"place", 0, 0, G_OPTION_ARG_INT64, &options.place, "substitute: in result.tsv", "N"},
        {"officer", 0, 0, G_OPTION_ARG_STRING, &options.officer, "substitute: who cannot go", "F7"},
        {"reason", 0, 0, G_OPTION_ARG_STRING, &options.reason, "substitute: such as LEFT", "CODE"},
        {"public", 0, 0, G_OPTION_ARG_NONE, &options.is_public, "export: only what is open", NULL},
        {"commit", 0, 0, G_OPTION_ARG_STRING, &options.commit, "verify: must be this", "HEX"},
        {"result", 0, 0, G_OPTION_ARG_STRING, &options.result, "verify: must be this", "HEX"},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.rest, NULL, NULL},
        {0},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("ACTION");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    int code = 2;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "huozheng: %s\n", error->message);
    } else if (options.hash != NULL && strcmp(options.hash, "sm3") != 0 &&
               strcmp(options.hash, "sha256") != 0) {
        fputs("huozheng: --hash is sm3 or sha256\n", stderr);
    } else {
        options.party = options.parties != NULL ? g_strdup(options.parties[0]) : NULL;
        code = run_action(&options);
    }
    options_clear(&options);
    return code;
}

const Command draw_command = {
    "draw", "freeze, commit, reveal, run, substitute, export, verify …: random draws", run_command};
