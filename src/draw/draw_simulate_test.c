/* The simulation against what is counted from its visits alone, and against chance. */
#include "draw/draw_simulate.h"

#include <math.h>
#include <string.h>

/* --- a town ------------------------------------------------------------------------------------
 */

enum { RISK_LOW_AT = 1, RISK_HIGH_AT = 4, CREDIT_A_AT = 1 }; /* of draw_risk_token and the like */

typedef struct Town {
    GArray *objects;    /* DrawSimObject */
    GArray *inspectors; /* DrawInspector */
    GStringChunk *texts;
    DrawParams *rules;
    const DrawParams *by_draw[DRAW_SIM_DRAWS_MAX];
} Town;

static void town_clear(Town *town) {
    g_array_unref(town->objects);
    g_array_unref(town->inspectors);
    g_string_chunk_free(town->texts);
    draw_params_free(town->rules);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Town, town_clear)

typedef struct TownRules {
    int64_t cap, low, high;  /* draws a year; tickets of low and high risk */
    int64_t hotels, schools; /* quotas of a draw */
} TownRules;

static Town town_new(const TownRules *wanted) {
    g_autoptr(DrawKeyValues) params = draw_keys_new();
    g_autoptr(GError) error = NULL;
    Town town = {.objects = g_array_new(FALSE, TRUE, sizeof(DrawSimObject)),
                 .inspectors = g_array_new(FALSE, TRUE, sizeof(DrawInspector)),
                 .texts = g_string_chunk_new(1024)};
    draw_keys_put(params, "alg", "FSS-DRAW/1");
    draw_keys_put(params, "hash", "sm3");
    draw_keys_put(params, "mode", "open");
    draw_keys_put(params, "insp_date_to", "2026-12-31");
    draw_keys_put(params, "rung.1", "same");
    draw_keys_put(params, "rung.2", "any");
    draw_keys_put_int(params, "delta", 600);
    draw_keys_put_int(params, "cap", wanted->cap);
    draw_keys_put_int(params, "w.low.A", wanted->low);
    draw_keys_put_int(params, "w.high.A", wanted->high);
    draw_keys_put_int(params, "quota.hotel", wanted->hotels);
    draw_keys_put_int(params, "quota.school", wanted->schools);
    draw_keys_put_int(params, "alt.hotel", 2);
    g_autofree char *text = draw_keys_format(params);
    town.rules = draw_params_parse(text, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(town.by_draw); i++) {
        town.by_draw[i] = town.rules;
    }
    return town;
}

static void add_objects(Town *town, unsigned count, const char *stratum, unsigned risk) {
    for (unsigned i = 0; i < count; i++) {
        DrawSimObject object = {.stratum = stratum, .risk = risk, .credit = CREDIT_A_AT};
        g_snprintf(object.id, sizeof object.id, "U%u", town->objects->len + 1);
        g_snprintf(object.district, sizeof object.district, "50010%u", i % 3);
        g_array_append_val(town->objects, object);
    }
}

/* Ids in order; every other one may lead; the last one's certificate has run out. */
static void add_inspectors(Town *town, unsigned count) {
    for (unsigned i = 0; i <= count; i++) {
        g_autofree char *id = g_strdup_printf("F%03u", i);
        g_autofree char *district = g_strdup_printf("50010%u", i / 2 % 3);
        DrawInspector inspector = {.id = g_string_chunk_insert(town->texts, id),
                                   .district = g_string_chunk_insert(town->texts, district),
                                   .valid_to = i < count ? "2027-06-30" : "2026-06-30",
                                   .is_lead = i % 2 == 0,
                                   .load = 1000, /* must not be read */
                                   .cap = 7};
        g_array_append_val(town->inspectors, inspector);
    }
}

static DrawSimulation simulation_of(const Town *town, unsigned years, unsigned runs) {
    return (DrawSimulation){.objects = (const DrawSimObject *)(void *)town->objects->data,
                            .object_count = town->objects->len,
                            .inspectors = (const DrawInspector *)(void *)town->inspectors->data,
                            .inspector_count = town->inspectors->len,
                            .rules = town->by_draw,
                            .draws_per_year = 4,
                            .years = years,
                            .runs = runs,
                            .rotate = 1,
                            .seed = "test"};
}

/* --- chance ------------------------------------------------------------------------------------
 */

/* With one weight each of the 60 comes 20 times in 200 draws on average. The sum of squares over
 * the variance of a sample of fixed size follows chi-square with 59 degrees of freedom; 30 and 102
 * are its 0.05 % and 99.95 % points. */
static void test_equal_weights(void) {
    const TownRules rules = {.cap = 9999, .low = 3, .high = 3, .hotels = 6};
    g_auto(Town) town = town_new(&rules);
    g_auto(DrawSimResult) result = {0};
    add_objects(&town, 60, "hotel", RISK_LOW_AT);
    DrawSimulation simulation = simulation_of(&town, 10, 5);
    draw_simulate(&simulation, &result);
    double square = 0;
    int64_t all = 0;
    for (size_t i = 0; i < 60; i++) {
        double more = (double)result.object_drawn[i] - 20;
        square += more * more / (20 * 0.9) * 59 / 60;
        all += result.object_drawn[i];
    }
    g_assert_cmpint(all, ==, 1200);
    g_assert_cmpint(result.targets, ==, 1200);
    g_assert_cmpint(result.unstaffed, ==, 1200); /* there are no officers */
    g_assert_cmpfloat(square, >, 30);
    g_assert_cmpfloat(square, <, 102);
    /* One weight alone gets what is drawn: nothing is left to chance. */
    g_assert_cmpfloat(draw_sim_deviation(&result.weights[3]), ==, 0);
    g_assert_cmpfloat_with_epsilon(result.weights[3].expected, 1200, 1e-6);
    g_assert_cmpfloat_with_epsilon(result.weights[3].low, 0.4, 1e-6); /* 20 in 5 runs of 10 years */
}

/* The share that was never drawn, in standard errors from (1 - p)^n. */
static double unvisited_deviation(const DrawSimWeight *weight, guint years) {
    double all = (double)g_array_index(weight->unvisited, int64_t, 0);
    double expected = g_array_index(weight->unvisited_expected, double, years);
    double seen = (double)g_array_index(weight->unvisited, int64_t, years);
    return (seen - expected) / sqrt(expected * (1 - expected / all));
}

static void test_extreme_weights(void) {
    const TownRules rules = {.cap = 9999, .low = 1, .high = 64, .hotels = 60};
    g_auto(Town) town = town_new(&rules);
    g_auto(DrawSimResult) result = {0};
    add_objects(&town, 400, "hotel", RISK_LOW_AT);
    add_objects(&town, 80, "hotel", RISK_HIGH_AT);
    DrawSimulation simulation = simulation_of(&town, 5, 5);
    draw_simulate(&simulation, &result);
    const DrawSimWeight *low = &result.weights[1];
    const DrawSimWeight *high = &result.weights[64];
    g_assert_cmpint(low->objects, ==, 400);
    g_assert_cmpint(high->objects, ==, 80);
    g_assert_cmpint(low->drawn + high->drawn, ==, 6000);
    g_assert_cmpfloat_with_epsilon(low->expected + high->expected, 6000, 1e-3);
    g_assert_cmpfloat(fabs(draw_sim_deviation(low)), <, 4);
    g_assert_cmpfloat(fabs(draw_sim_deviation(high)), <, 4);
    g_assert_cmpfloat(sqrt(high->variance), <, 60); /* a bound that says something */
    g_assert_cmpfloat(low->low, <, low->high);
    g_assert_cmpuint(draw_sim_farthest(&result), !=, 0);
    for (guint years = 1; years <= 5; years++) {
        g_assert_cmpfloat(fabs(unvisited_deviation(low, years)), <, 4);
    }
    g_assert_cmpint(g_array_index(high->unvisited, int64_t, 5), ==, 0);
}

/* --- what the visits say ------------------------------------------------------------------------
 */

#define OBJECTS 90
#define OFFICERS 12
#define DRAWS 4

/* Counts everything once more from the visits. */
typedef struct Witness {
    unsigned run, year, draw; /* of the last visit */
    int64_t visits, reached;
    int64_t in_year[OBJECTS];
    int64_t work[OFFICERS], work_in_year[OFFICERS];
    DrawTeam last_team[OBJECTS];
    int last_draw[OBJECTS], longest[OBJECTS];
    GArray *gaps; /* int64, of all runs */
    Digest *digest;
} Witness;

static void end_year(Witness *witness) {
    for (size_t i = 0; i < OBJECTS; i++) {
        witness->reached += witness->in_year[i] == 2 ? 1 : 0;
        witness->in_year[i] = 0;
    }
    memset(witness->work_in_year, 0, sizeof witness->work_in_year);
}

static void end_run(Witness *witness, int draws) {
    for (size_t i = 0; i < OBJECTS; i++) {
        int gap = MAX(witness->longest[i], draws - witness->last_draw[i] - 1);
        g_array_index(witness->gaps, int64_t, gap)++;
        witness->last_draw[i] = -1;
        witness->longest[i] = 0;
        witness->last_team[i] = (DrawTeam){DRAW_NOBODY, DRAW_NOBODY};
    }
}

static bool is_in(DrawTeam team, int officer) {
    return team.lead == officer || team.second == officer;
}

static void check_team(Witness *witness, const DrawSimVisit *visit) {
    DrawTeam team = visit->team;
    DrawTeam before = witness->last_team[visit->object];
    g_assert_cmpint(team.lead, !=, DRAW_NOBODY);
    g_assert_cmpint(team.lead, !=, team.second);
    g_assert_cmpint(team.lead % 2, ==, 0);    /* may lead */
    g_assert_false(is_in(before, team.lead)); /* nobody twice in a row */
    g_assert_false(is_in(before, team.second));
    const int officers[] = {team.lead, team.second};
    for (size_t i = 0; i < G_N_ELEMENTS(officers); i++) {
        g_assert_cmpint(officers[i], <, OFFICERS); /* not whose certificate has run out */
        witness->work_in_year[officers[i]]++;
        g_assert_cmpint(++witness->work[officers[i]], <=, 7);
    }
    witness->last_team[visit->object] = team;
}

static void see(const DrawSimVisit *visit, void *data) {
    Witness *witness = data;
    bool is_new_run = visit->run != witness->run;
    bool is_new_year = is_new_run || visit->year != witness->year;
    if (is_new_year) {
        end_year(witness);
    }
    if (is_new_run) {
        end_run(witness, DRAWS * 3);
    }
    if (is_new_year || visit->draw != witness->draw) {
        memset(witness->work, 0, sizeof witness->work);
    }
    witness->run = visit->run;
    witness->year = visit->year;
    witness->draw = visit->draw;
    witness->visits++;
    g_assert_cmpint(++witness->in_year[visit->object], <=, 2);
    int now = (int)(visit->year * DRAWS + visit->draw);
    witness->longest[visit->object] =
        MAX(witness->longest[visit->object], now - witness->last_draw[visit->object] - 1);
    witness->last_draw[visit->object] = now;
    check_team(witness, visit);
    g_autofree char *line = g_strdup_printf(
        "%u %d %zu %d %d\n", visit->run, now, visit->object, visit->team.lead, visit->team.second);
    digest_add(witness->digest, line, strlen(line));
}

static void witness_begin(Witness *witness) {
    *witness = (Witness){.gaps = g_array_new(FALSE, TRUE, sizeof(int64_t)),
                         .digest = digest_new(DIGEST_SHA256)};
    g_array_set_size(witness->gaps, DRAWS * 3 + 1);
    memset(witness->last_draw, 0xff, sizeof witness->last_draw);
    memset(witness->last_team, 0xff, sizeof witness->last_team);
    digest_begin(witness->digest);
}

static char *witness_end(Witness *witness) {
    uint8_t hash[DIGEST_SIZE];
    end_year(witness);
    end_run(witness, DRAWS * 3);
    digest_end(witness->digest, hash);
    digest_free(witness->digest);
    return hex_format(hash, sizeof hash);
}

/* Half of them hotels, a third of high risk: the cap of two a year is reached again and again. */
static Town busy_town(void) {
    const TownRules rules = {.cap = 2, .low = 1, .high = 6, .hotels = 15, .schools = 15};
    Town town = town_new(&rules);
    add_objects(&town, 30, "hotel", RISK_LOW_AT);
    add_objects(&town, 15, "hotel", RISK_HIGH_AT);
    add_objects(&town, 30, "school", RISK_LOW_AT);
    add_objects(&town, 15, "school", RISK_HIGH_AT);
    add_inspectors(&town, OFFICERS);
    return town;
}

/* Fingerprint of all visits of three years. */
static char *walk(const Town *town, const char *seed, unsigned runs) {
    g_auto(DrawSimResult) result = {0};
    Witness witness;
    witness_begin(&witness);
    DrawSimulation simulation = simulation_of(town, 3, runs);
    simulation.seed = seed;
    simulation.visited = see;
    simulation.data = &witness;
    draw_simulate(&simulation, &result);
    char *fingerprint = witness_end(&witness);
    g_assert_cmpint(witness.visits, ==, runs * 3 * DRAWS * 30);
    g_assert_cmpint(result.targets, ==, witness.visits);
    g_assert_cmpint(result.reached, ==, witness.reached);
    g_assert_cmpint(result.reached, >, 0);
    g_assert_cmpint(result.most, ==, 2);
    g_assert_cmpint(result.breaches, ==, 0);
    g_assert_cmpint(result.unstaffed, ==, 0);
    g_assert_cmpint(result.left_out, ==, 0);
    g_assert_cmpint(result.officers, ==, OFFICERS);
    for (guint gap = 0; gap <= DRAWS * 3; gap++) {
        int64_t counted = g_array_index(result.weights[1].gaps, int64_t, gap) +
                          g_array_index(result.weights[6].gaps, int64_t, gap);
        g_assert_cmpint(counted, ==, g_array_index(witness.gaps, int64_t, gap));
    }
    for (guint year = 0; year < 3; year++) {
        DrawSimSpread spread =
            draw_sim_spread(g_array_index(result.years, DrawSimYear, year).loads);
        g_assert_cmpint(spread.count, ==, runs * OFFICERS);
        g_assert_cmpfloat_with_epsilon(spread.mean, DRAWS * 30 * 2.0 / OFFICERS, 1e-9);
    }
    const DrawSimDraw *last = &g_array_index(result.draws, DrawSimDraw, DRAWS - 1);
    g_assert_cmpint(last->level_most, >=, DRAWS * 30 * 2 / OFFICERS);
    g_assert_cmpint(last->level_most, <=, DRAWS * 7);
    g_assert_cmpfloat(last->level, <=, (double)last->level_most);
    g_array_unref(witness.gaps);
    return fingerprint;
}

static void test_rules_hold(void) {
    g_auto(Town) town = busy_town();
    g_autofree char *one = walk(&town, "甲", 2);
    g_autofree char *same = walk(&town, "甲", 2);
    g_autofree char *other = walk(&town, "乙", 2);
    g_assert_cmpstr(one, ==, same);
    g_assert_cmpstr(one, !=, other);
}

static void test_exclusions(void) {
    const TownRules rules = {.cap = 2, .low = 1, .high = 6, .hotels = 15};
    g_auto(Town) town = town_new(&rules);
    g_auto(DrawSimResult) result = {0};
    add_objects(&town, 12, "hotel", RISK_LOW_AT);
    add_objects(&town, 5, "mall", RISK_LOW_AT); /* no quota */
    g_array_index(town.objects, DrawSimObject, 0).exclusion = DRAW_REASON_EXEMPT;
    g_array_index(town.objects, DrawSimObject, 1).exclusion = DRAW_REASON_CLOSED;
    DrawSimulation simulation = simulation_of(&town, 2, 1);
    draw_simulate(&simulation, &result);
    g_assert_cmpint(result.left_out, ==, 7);
    g_assert_cmpint(result.weights[1].objects, ==, 10);
    g_assert_cmpint(result.object_drawn[0] + result.object_drawn[1], ==, 0);
    /* All ten come in the first two draws of a year; then the cap leaves nobody. */
    g_assert_cmpint(result.weights[1].drawn, ==, 40);
    g_assert_cmpint(result.reached, ==, 20);
    g_assert_cmpint(g_array_index(result.weights[1].unvisited, int64_t, 1), ==, 0);
    g_assert_cmpfloat(g_array_index(result.weights[1].unvisited_expected, double, 1), ==, 0);
    g_assert_cmpint(result.shorts, ==, 2 * 4); /* ten or none are fewer than 15 */
    g_assert_true(isnan(result.weights[1].low));
}

/* --- figures ------------------------------------------------------------------------------------
 */

static void test_figures(void) {
    const int64_t counts[] = {2, 0, 5, 3};
    g_autoptr(GArray) list = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_assert_cmpint(draw_sim_quantile(list, 0.5), ==, 0);
    g_array_append_vals(list, counts, G_N_ELEMENTS(counts));
    g_assert_cmpint(draw_sim_quantile(list, 0), ==, 0);
    g_assert_cmpint(draw_sim_quantile(list, 0.2), ==, 0);
    g_assert_cmpint(draw_sim_quantile(list, 0.21), ==, 2);
    g_assert_cmpint(draw_sim_quantile(list, 0.7), ==, 2);
    g_assert_cmpint(draw_sim_quantile(list, 1), ==, 3);
    DrawSimSpread spread = draw_sim_spread(list);
    g_assert_cmpint(spread.count, ==, 10);
    g_assert_cmpfloat_with_epsilon(spread.mean, 1.9, 1e-9);
    g_assert_cmpfloat_with_epsilon(spread.deviation, sqrt(1.09), 1e-9);
    int64_t one_has_all[] = {0, 8, 0, 0};
    int64_t same[] = {3, 3, 3};
    int64_t none[] = {0, 0};
    g_assert_cmpfloat_with_epsilon(draw_sim_gini(one_has_all, 4), 0.75, 1e-9);
    g_assert_cmpfloat_with_epsilon(draw_sim_gini(same, 3), 0, 1e-9);
    g_assert_cmpfloat(draw_sim_gini(none, 2), ==, 0);
    /* 1, 2, 3: mean 2, deviation 1, t = 4.303. */
    g_assert_cmpfloat_with_epsilon(draw_sim_interval(6, 14, 3), 4.303 / sqrt(3), 1e-6);
    g_assert_true(isnan(draw_sim_interval(6, 36, 1)));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/draw/simulate/equal-weights-come-equally-often", test_equal_weights);
    g_test_add_func("/draw/simulate/extreme-weights-come-as-forecast", test_extreme_weights);
    g_test_add_func("/draw/simulate/cap-teams-and-work-hold-in-every-draw", test_rules_hold);
    g_test_add_func("/draw/simulate/who-is-excluded-never-comes", test_exclusions);
    g_test_add_func("/draw/simulate/figures", test_figures);
    return g_test_run();
}
