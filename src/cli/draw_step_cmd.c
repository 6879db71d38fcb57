/* huozheng draw freeze | commit | reveal | beacon | run | publish | drop | share */
#include "cli/draw_cmd.h"

#include "base/clock.h"
#include "base/error.h"

#include <stdio.h>
#include <string.h>

#define ACTOR "cli"

/* What became of a draw, for a person or a program. */
static int show(Db *db, const DrawOptions *options, int64_t id, const char *done) {
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_find(db, id, &error);
    if (draw == NULL) {
        return draw_cmd_fail(error);
    }
    if (options->json) {
        draw_cmd_print(draw_cmd_json(draw));
        return 0;
    }
    printf("%s: %s\n", draw->number, done);
    if (draw->commit[0] != '\0') {
        printf("commit %s\n", draw->commit);
    }
    if (draw->result[0] != '\0') {
        printf("result %s\ndrawn %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
               ", unstaffed %" G_GINT64_FORMAT "\n",
               draw->result,
               draw->drawn_count,
               draw->eligible_count,
               draw->unstaffed_count);
    }
    return 0;
}

/* --- freeze ------------------------------------------------------------------------------------
 */

typedef struct Freezing {
    DrawRequest request;
    int64_t id;
} Freezing;

static bool freeze_work(Db *db, void *data, GError **error) {
    Freezing *freezing = data;
    return draw_freeze(db, &freezing->request, &freezing->id, error);
}

/* Strata not drawn yet, for a freeze that names none; NULL-terminated. */
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

int draw_cmd_freeze(Db *db, const DrawOptions *options, const char *plan_text) {
    g_autoptr(GError) error = NULL;
    int64_t plan_id = 0;
    if (!draw_cmd_id(plan_text, &plan_id)) {
        return 2;
    }
    g_autoptr(Plan) plan = plan_find(db, plan_id, &error);
    if (plan == NULL) {
        return draw_cmd_fail(error);
    }
    g_autoptr(GPtrArray) open = open_strata(plan);
    int64_t now_us = clock_now_us();
    g_autofree char *from = clock_format_date(now_us + CLOCK_DAY_US);
    g_autofree char *to = clock_format_date(now_us + 31 * CLOCK_DAY_US);
    Freezing freezing = {
        .request = {
            .plan_id = plan->id,
            .title = options->title != NULL ? options->title : plan->title,
            .strata = options->strata != NULL ? (const char *const *)options->strata
                                              : (const char *const *)open->pdata,
            .date_from = options->date_from != NULL ? options->date_from : from,
            .date_to = options->date_to != NULL ? options->date_to : to,
            .kind = g_strcmp0(options->hash, "sha256") == 0 ? DIGEST_SHA256 : DIGEST_SM3,
            .mode = options->is_open ? DRAW_OPEN : DRAW_SEALED,
            .delta_s = options->delta,
            .officer_cap = options->officer_cap,
            .rotate = options->rotate,
            .actor = ACTOR,
            .now_us = now_us,
        }};
    return db_run_tx(db, freeze_work, &freezing, &error)
               ? show(db, options, freezing.id, "files are frozen; next: draw commit")
               : draw_cmd_fail(error);
}

/* --- commit ------------------------------------------------------------------------------------
 */

/* "dice10 20 2026-11-22T21:30:00+08:00", "drand 2026-11-22T21:30:00Z" */
static bool read_beacon(const char *text, DrawBeacon *ret_beacon, GError **error) {
    g_auto(GStrv) words = g_strsplit(text, " ", 4);
    guint count = g_strv_length(words);
    int64_t time_us = 0;
    if (count < 2 || count > 3 || !clock_parse(words[count - 1], &time_us)) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "--beacon \"%s\" is not: source, round and time with blanks between",
                       text);
    }
    return draw_beacon_make(words[0], count == 3 ? words[1] : "", time_us, ret_beacon, error);
}

static bool commit_work(Db *db, void *data, GError **error) {
    return draw_commit(db, data, error);
}

/* "name:c" */
static GArray *read_parties(char **texts) {
    GArray *parties = g_array_new(FALSE, FALSE, sizeof(DrawPartyCommit));
    for (char **text = texts; text != NULL && *text != NULL; text++) {
        char *colon = strchr(*text, ':');
        DrawPartyCommit party = {*text, colon != NULL ? colon + 1 : ""};
        if (colon != NULL) {
            *colon = '\0';
        }
        g_array_append_val(parties, party);
    }
    return parties;
}

int draw_cmd_commit(Db *db, const DrawOptions *options, const char *draw_text) {
    g_autoptr(GError) error = NULL;
    DrawBeacon beacons[DRAW_BEACONS_MAX];
    size_t count = 0;
    int64_t id = 0;
    if (!draw_cmd_id(draw_text, &id)) {
        return 2;
    }
    for (char **text = options->beacons; text != NULL && *text != NULL; text++) {
        if (count == DRAW_BEACONS_MAX || !read_beacon(*text, &beacons[count], &error)) {
            fprintf(stderr, "huozheng: %s\n", error != NULL ? error->message : "too many beacons");
            return 2;
        }
        count++;
    }
    g_autoptr(GArray) parties = read_parties(options->parties);
    DrawCommitRequest request = {.draw_id = id,
                                 .beacons = beacons,
                                 .beacon_count = count,
                                 .parties = (const DrawPartyCommit *)(void *)parties->data,
                                 .party_count = parties->len,
                                 .open_by = options->open_by,
                                 .actor = ACTOR,
                                 .now_us = clock_now_us()};
    return db_run_tx(db, commit_work, &request, &error)
               ? show(db, options, id, "committed; nothing can be changed from here on")
               : draw_cmd_fail(error);
}

/* --- reveal, beacon, run, publish, drop
 * ----------------------------------------------------------------
 */

typedef struct Step {
    const DrawOptions *options;
    int64_t id;
    int64_t now_us;
    uint8_t share[DRAW_SHARE_SIZE];
} Step;

static bool reveal_work(Db *db, void *data, GError **error) {
    const Step *step = data;
    return draw_reveal(db, step->id, step->options->party, step->share, ACTOR, step->now_us, error);
}

/* The values given go to the beacons that have none yet, in their order. *ret_left: values for
 * which there was no beacon. */
static bool take_values(Db *db, const Step *step, char ***ret_left, GError **error) {
    g_autoptr(GArray) beacons = draw_beacons(db, step->id, error);
    if (beacons == NULL) {
        return false;
    }
    char **value = step->options->values;
    for (guint i = 0; i < beacons->len && value != NULL && *value != NULL; i++) {
        const DrawBeaconRow *row = &g_array_index(beacons, DrawBeaconRow, i);
        if (row->value_hex[0] != '\0') {
            continue;
        }
        DrawBeaconTake take = {.draw_id = step->id,
                               .j = row->j,
                               .typed = *value++,
                               .note = step->options->note != NULL ? step->options->note : "",
                               .actor = ACTOR,
                               .now_us = step->now_us};
        if (!draw_beacon_take(db, &take, error)) {
            return false;
        }
    }
    *ret_left = value;
    return true;
}

static bool beacon_work(Db *db, void *data, GError **error) {
    char **left = NULL;
    if (!take_values(db, data, &left, error)) {
        return false;
    }
    return left == NULL || *left == NULL ||
           hz_fail(error, HZ_ERROR_CONFLICT, "every beacon of this draw has its value already");
}

static bool run_work(Db *db, void *data, GError **error) {
    const Step *step = data;
    char **left = NULL;
    return take_values(db, step, &left, error) &&
           draw_run(db, step->id, ACTOR, step->now_us, error);
}

static bool publish_work(Db *db, void *data, GError **error) {
    const Step *step = data;
    return draw_publish(db, step->id, ACTOR, step->now_us, error);
}

static bool drop_work(Db *db, void *data, GError **error) {
    const Step *step = data;
    return draw_drop(db, step->id, ACTOR, step->now_us, error);
}

static int
do_step(Db *db, const DrawOptions *options, const char *draw_text, DbWork work, const char *done) {
    g_autoptr(GError) error = NULL;
    Step step = {.options = options, .now_us = clock_now_us()};
    if (!draw_cmd_id(draw_text, &step.id)) {
        return 2;
    }
    if (work == reveal_work && (options->party == NULL || options->share == NULL ||
                                strlen(options->share) != 2 * sizeof step.share ||
                                !hex_parse(options->share, step.share, sizeof step.share))) {
        fputs("huozheng: reveal needs --party NAME and --share with 64 hex digits\n", stderr);
        return 2;
    }
    if (work == beacon_work && options->values == NULL) {
        fputs("huozheng: beacon needs --value\n", stderr);
        return 2;
    }
    return db_run_tx(db, work, &step, &error) ? show(db, options, step.id, done)
                                              : draw_cmd_fail(error);
}

int draw_cmd_reveal(Db *db, const DrawOptions *options, const char *draw) {
    return do_step(db, options, draw, reveal_work, "the share is in the ledger");
}

int draw_cmd_beacon(Db *db, const DrawOptions *options, const char *draw) {
    return do_step(db, options, draw, beacon_work, "the value is in the ledger");
}

int draw_cmd_run(Db *db, const DrawOptions *options, const char *draw) {
    return do_step(db, options, draw, run_work, "drawn");
}

int draw_cmd_publish(Db *db, const DrawOptions *options, const char *draw) {
    return do_step(db, options, draw, publish_work, "open to everybody");
}

int draw_cmd_drop(Db *db, const DrawOptions *options, const char *draw) {
    return do_step(db, options, draw, drop_work, "taken back");
}

/* --- share -------------------------------------------------------------------------------------
 */

int draw_cmd_share(const DrawOptions *options, const char *draw) {
    uint8_t share[DRAW_SHARE_SIZE];
    uint8_t commit[DIGEST_SIZE];
    DigestKind kind = g_strcmp0(options->hash, "sha256") == 0 ? DIGEST_SHA256 : DIGEST_SM3;
    if (options->party == NULL || !draw_party_name_valid(options->party) || !draw_id_valid(draw)) {
        fputs("huozheng: share needs the number of the draw, such as D7, and --party NAME\n",
              stderr);
        return 2;
    }
    random_bytes(share, sizeof share);
    if (options->share != NULL && (strlen(options->share) != 2 * sizeof share ||
                                   !hex_parse(options->share, share, sizeof share))) {
        fputs("huozheng: --share is not 64 hex digits\n", stderr);
        return 2;
    }
    draw_party_commit(kind, draw, options->party, share, commit);
    g_autofree char *share_hex = hex_format(share, sizeof share);
    g_autofree char *commit_hex = hex_format(commit, sizeof commit);
    if (options->json) {
        json_t *document = json_object();
        json_put_text(document, "draw", draw);
        json_put_text(document, "party", options->party);
        json_put_text(document, "share", share_hex);
        json_put_text(document, "commit", commit_hex);
        draw_cmd_print(document);
        return 0;
    }
    printf("share  %s   keep it to yourself until you are asked for it\n"
           "commit %s   hand this one over before the draw is committed\n",
           share_hex,
           commit_hex);
    return 0;
}
