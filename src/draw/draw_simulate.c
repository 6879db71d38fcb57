/* The simulation: one draw after the other, and what is counted on the way. */
#include "draw/draw_simulate.h"

#include "draw/draw_forecast.h"
#include "law/draw_weights.h"

#include <string.h>

#define WEIGHTS (DRAW_WEIGHT_MAX + 1)

/* An object in the run that is under way. */
typedef struct State {
    unsigned weight; /* tickets when no cap is in the way; 0: never takes part */
    guint stratum;
    unsigned drawn; /* in this year */
    int last;       /* draw of the run that took it; -1: none yet */
    int longest;    /* draws in a row that passed it by */
} State;

typedef struct Run {
    const DrawSimulation *simulation;
    DrawSimResult *result;
    GPtrArray *strata;  /* names, sorted; borrowed from the rules */
    GHashTable *places; /* object id -> its place + 1 */
    State *states;
    DrawTeam *teams;           /* of each object the last `rotate`, newest first */
    DrawInspector *inspectors; /* with the load of the year */
    bool *may_serve;
    int64_t (*members)[WEIGHTS];            /* by stratum and weight */
    int64_t (*eligible)[WEIGHTS];           /* the same, in this draw */
    double *hazards;                        /* by stratum: sum of tau over the draws of this run */
    int64_t drawn[WEIGHTS];                 /* in this run */
    double sums[WEIGHTS], squares[WEIGHTS]; /* of the runs' frequencies */
    unsigned number, year, draw, done;      /* run; year; draw of the year; draws of the run */
} Run;

static void count_at(GArray *counts, guint place, int64_t more) {
    if (counts->len <= place) {
        g_array_set_size(counts, place + 1); /* the array clears what is new */
    }
    g_array_index(counts, int64_t, place) += more;
}

/* --- one draw -------------------------------------------------------------------------------- */

/* Takes the place of commit and beacons: a word that everybody may know. */
static void make_keys(const Run *run, DigestKind kind, DrawKeys *ret_keys) {
    const DrawSimulation *simulation = run->simulation;
    if (simulation->keys != NULL) {
        *ret_keys = simulation->keys[run->done];
        return;
    }
    g_autofree char *word =
        g_strdup_printf("simulation\t%s\t%u\t%u", simulation->seed, run->number, run->done);
    uint8_t seed[DIGEST_SIZE];
    digest_of(kind, word, strlen(word), seed);
    draw_keys(kind, seed, seed, sizeof seed, NULL, 0, ret_keys);
}

static const DrawStratumQuota *quota_of(const Run *run, const DrawParams *rules, guint stratum) {
    return g_hash_table_lookup(rules->strata, g_ptr_array_index(run->strata, stratum));
}

/* Array of DrawPick. Counts who was eligible. */
static GArray *pick(Run *run, const DrawParams *rules, const DrawKeys *keys) {
    const DrawSimulation *simulation = run->simulation;
    g_autoptr(DrawPicker) picker = draw_picker_new(rules->kind, keys->target);
    for (guint stratum = 0; stratum < run->strata->len; stratum++) {
        const DrawStratumQuota *quota = quota_of(run, rules, stratum);
        if (quota != NULL) {
            draw_picker_stratum(picker,
                                g_ptr_array_index(run->strata, stratum),
                                (unsigned)quota->quota,
                                (unsigned)quota->reserves);
        }
        memset(run->eligible[stratum], 0, sizeof run->eligible[stratum]);
    }
    for (size_t i = 0; i < simulation->object_count; i++) {
        const DrawSimObject *object = &simulation->objects[i];
        const State *state = &run->states[i];
        DrawReason reason = draw_reason(object->exclusion, state->drawn, rules->cap);
        unsigned weight = reason == DRAW_REASON_NONE ? state->weight : 0;
        run->eligible[state->stratum][weight]++;
        draw_picker_add(picker, object->id, object->stratum, object->district, weight);
    }
    return draw_picker_finish(picker);
}

/* What the forecast says of this draw, from the same pool. The variance is that of a sample of a
 * fixed size: what one weight gets, the others do not. */
static void foretell(Run *run, const DrawParams *rules) {
    for (guint stratum = 0; stratum < run->strata->len; stratum++) {
        const DrawStratumQuota *quota = quota_of(run, rules, stratum);
        if (quota == NULL || quota->quota == 0) {
            continue;
        }
        const int64_t *eligible = run->eligible[stratum];
        double tau = draw_forecast_tau(eligible, quota->quota);
        double variances[WEIGHTS] = {0};
        double all = 0;
        int64_t objects = 0;
        for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
            double chance = draw_forecast_chance(tau, weight);
            variances[weight] = (double)eligible[weight] * chance * (1 - chance);
            all += variances[weight];
            objects += eligible[weight];
            run->result->weights[weight].expected += (double)eligible[weight] * chance;
        }
        for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX && all > 0; weight++) {
            run->result->weights[weight].variance +=
                variances[weight] - variances[weight] * variances[weight] / all;
        }
        run->hazards[stratum] += tau;
        run->result->shorts += objects < quota->quota ? 1 : 0;
    }
}

static int compare_pairs(gconstpointer left, gconstpointer right) {
    const DrawPair *a = left;
    const DrawPair *b = right;
    int order = strcmp(a->first, b->first);
    return order != 0 ? order : strcmp(a->second, b->second);
}

static size_t place_of(const Run *run, const char *id) {
    return GPOINTER_TO_SIZE(g_hash_table_lookup(run->places, id)) - 1;
}

/* deny.tsv: recusals, and who carried the last inspections. Only the pairs of this draw's targets
 * can matter. */
static GArray *denied_of(const Run *run, const GArray *targets) {
    const DrawSimulation *simulation = run->simulation;
    GArray *denied = g_array_new(FALSE, FALSE, sizeof(DrawPair));
    if (simulation->recused_count > 0) {
        g_array_append_vals(denied, simulation->recused, (guint)simulation->recused_count);
    }
    for (guint i = 0; i < targets->len; i++) {
        const DrawTarget *target = &g_array_index(targets, DrawTarget, i);
        const DrawTeam *teams = &run->teams[place_of(run, target->id) * simulation->rotate];
        for (unsigned back = 0; back < simulation->rotate && teams[back].lead != DRAW_NOBODY;
             back++) {
            DrawPair pairs[] = {{target->id, run->inspectors[teams[back].lead].id},
                                {target->id, run->inspectors[teams[back].second].id}};
            g_array_append_vals(denied, pairs, G_N_ELEMENTS(pairs));
        }
    }
    g_array_sort(denied, compare_pairs);
    return denied;
}

static void assign(const Run *run,
                   const DrawParams *rules,
                   const DrawKeys *keys,
                   const GArray *targets,
                   DrawAssignment *ret_assignment) {
    g_autoptr(GArray) denied = denied_of(run, targets);
    DrawAssignInput input = {.kind = rules->kind,
                             .targets = (const DrawTarget *)(void *)targets->data,
                             .target_count = targets->len,
                             .inspectors = run->inspectors,
                             .inspector_count = run->simulation->inspector_count,
                             .denied = (const DrawPair *)(void *)denied->data,
                             .denied_count = denied->len,
                             .neighbours = (const DrawPair *)(void *)rules->neighbours->data,
                             .neighbour_count = rules->neighbours->len,
                             .date_to = rules->date_to,
                             .rung_count = rules->rung_count};
    memcpy(input.inspector_key, keys->inspector, DIGEST_SIZE);
    memcpy(input.rungs, rules->rungs, sizeof input.rungs);
    draw_assign(&input, ret_assignment);
}

static void take_visit(Run *run, size_t place, DrawTeam team) {
    const DrawSimulation *simulation = run->simulation;
    State *state = &run->states[place];
    state->drawn++;
    state->longest = MAX(state->longest, (int)run->done - state->last - 1);
    state->last = (int)run->done;
    run->drawn[state->weight]++;
    run->result->object_drawn[place]++;
    run->result->targets++;
    if (team.lead == DRAW_NOBODY) {
        run->result->unstaffed++;
    } else {
        run->inspectors[team.lead].load++;
        run->inspectors[team.second].load++;
        if (simulation->rotate > 0) {
            DrawTeam *teams = &run->teams[place * simulation->rotate];
            memmove(teams + 1, teams, (simulation->rotate - 1) * sizeof *teams);
            teams[0] = team;
        }
    }
    if (simulation->visited != NULL) {
        DrawSimVisit visit = {run->number, run->year, run->draw, place, team};
        simulation->visited(&visit, simulation->data);
    }
}

static void hold_draw(Run *run) {
    const DrawParams *rules = run->simulation->rules[run->draw];
    DrawKeys keys;
    make_keys(run, rules->kind, &keys);
    g_autoptr(GArray) picks = pick(run, rules, &keys);
    g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(DrawTarget));
    for (guint i = 0; i < picks->len; i++) {
        const DrawPick *one = &g_array_index(picks, DrawPick, i);
        DrawTarget target = {one->id, one->district};
        if (!one->is_reserve) {
            g_array_append_val(targets, target);
        }
    }
    foretell(run, rules);
    g_auto(DrawAssignment) assignment = {0};
    assign(run, rules, &keys, targets, &assignment);
    for (guint i = 0; i < targets->len; i++) {
        const DrawTarget *target = &g_array_index(targets, DrawTarget, i);
        take_visit(run, place_of(run, target->id), assignment.teams[i]);
    }
    DrawSimDraw *counted = &g_array_index(run->result->draws, DrawSimDraw, run->draw);
    counted->level += (double)assignment.level / (run->simulation->runs * run->simulation->years);
    counted->level_most = MAX(counted->level_most, assignment.level);
    run->result->rungs[assignment.rung]++;
}

/* --- one year -------------------------------------------------------------------------------- */

/* How often each object was drawn, and that it begins the next year with nothing. */
static void close_objects(Run *run) {
    DrawSimResult *result = run->result;
    for (size_t i = 0; i < run->simulation->object_count; i++) {
        State *state = &run->states[i];
        if (state->weight == 0) {
            continue;
        }
        DrawSimWeight *weight = &result->weights[state->weight];
        count_at(weight->times, state->drawn, 1);
        count_at(weight->unvisited, run->year + 1, state->last < 0 ? 1 : 0);
        result->most = MAX(result->most, state->drawn);
        result->reached += state->drawn == result->cap ? 1 : 0;
        result->breaches += state->drawn > result->cap ? 1 : 0;
        state->drawn = 0;
    }
}

/* Whoever was never drawn was under no cap, so the chances of all draws so far apply:
 * product of (1 - p) = exp(-w sum of tau), which is (1 - p)^n while p stays. */
static void foretell_unvisited(Run *run) {
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        GArray *expected = run->result->weights[weight].unvisited_expected;
        for (guint stratum = 0; expected != NULL && stratum < run->strata->len; stratum++) {
            if (run->members[stratum][weight] > 0) {
                double chance = draw_forecast_chance(run->hazards[stratum], weight);
                g_array_index(expected, double, run->year + 1) +=
                    (double)run->members[stratum][weight] * (1 - chance);
            }
        }
    }
}

static void close_officers(Run *run) {
    const DrawSimulation *simulation = run->simulation;
    DrawSimYear *year = &g_array_index(run->result->years, DrawSimYear, run->year);
    g_autofree int64_t *loads = g_new(int64_t, simulation->inspector_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < simulation->inspector_count; i++) {
        if (run->may_serve[i]) {
            count_at(year->loads, (guint)run->inspectors[i].load, 1);
            loads[count++] = run->inspectors[i].load;
        }
        run->inspectors[i].load = 0;
    }
    year->gini += draw_sim_gini(loads, count) / simulation->runs;
}

/* --- one run --------------------------------------------------------------------------------- */

static void begin_run(Run *run) {
    const DrawSimulation *simulation = run->simulation;
    for (size_t i = 0; i < simulation->object_count; i++) {
        run->states[i].drawn = 0;
        run->states[i].last = -1;
        run->states[i].longest = 0;
    }
    for (size_t i = 0; i < simulation->object_count * simulation->rotate; i++) {
        run->teams[i] = (DrawTeam){DRAW_NOBODY, DRAW_NOBODY};
    }
    for (guint stratum = 0; stratum < run->strata->len; stratum++) {
        run->hazards[stratum] = 0;
    }
    memset(run->drawn, 0, sizeof run->drawn);
    run->done = 0;
}

static void close_run(Run *run) {
    DrawSimResult *result = run->result;
    unsigned draws = run->simulation->draws_per_year * run->simulation->years;
    for (size_t i = 0; i < run->simulation->object_count; i++) {
        const State *state = &run->states[i];
        if (state->weight > 0) {
            int longest = MAX(state->longest, (int)draws - state->last - 1);
            count_at(result->weights[state->weight].gaps, (guint)longest, 1);
        }
    }
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        int64_t members = result->weights[weight].objects;
        if (members > 0) {
            double frequency =
                (double)run->drawn[weight] / ((double)members * run->simulation->years);
            result->weights[weight].drawn += run->drawn[weight];
            run->sums[weight] += frequency;
            run->squares[weight] += frequency * frequency;
        }
    }
}

static void go_through_run(Run *run) {
    const DrawSimulation *simulation = run->simulation;
    unsigned draws = simulation->draws_per_year * simulation->years;
    begin_run(run);
    for (run->year = 0; run->year < simulation->years; run->year++) {
        for (run->draw = 0; run->draw < simulation->draws_per_year; run->draw++) {
            hold_draw(run);
            run->done++;
            if (simulation->progress != NULL) {
                simulation->progress((int64_t)run->number * draws + run->done,
                                     (int64_t)simulation->runs * draws,
                                     simulation->data);
            }
        }
        close_objects(run);
        foretell_unvisited(run);
        close_officers(run);
    }
    close_run(run);
}

/* --- before and after ------------------------------------------------------------------------ */

static int compare_names(gconstpointer left, gconstpointer right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* Of all rules, each once, in an order that does not hang on a hash table. */
static GPtrArray *strata_of(const DrawSimulation *simulation) {
    GPtrArray *strata = g_ptr_array_new();
    for (unsigned draw = 0; draw < simulation->draws_per_year; draw++) {
        GHashTableIter each;
        gpointer name;
        g_hash_table_iter_init(&each, simulation->rules[draw]->strata);
        while (g_hash_table_iter_next(&each, &name, NULL)) {
            if (!g_ptr_array_find_with_equal_func(strata, name, g_str_equal, NULL)) {
                g_ptr_array_add(strata, name);
            }
        }
    }
    g_ptr_array_sort(strata, compare_names);
    return strata;
}

/* Objects that never take part keep weight 0. */
static void set_states(Run *run) {
    const DrawSimulation *simulation = run->simulation;
    for (size_t i = 0; i < simulation->object_count; i++) {
        const DrawSimObject *object = &simulation->objects[i];
        State *state = &run->states[i];
        bool takes_part = object->exclusion == DRAW_REASON_NONE &&
                          g_ptr_array_find_with_equal_func(
                              run->strata, object->stratum, g_str_equal, &state->stratum);
        g_hash_table_insert(run->places, (gpointer)object->id, GSIZE_TO_POINTER(i + 1));
        if (!takes_part) {
            state->stratum = 0;
            run->result->left_out++;
            continue;
        }
        state->weight = draw_params_weight(
            simulation->rules[0], draw_risk_token(object->risk), draw_credit_token(object->credit));
        run->members[state->stratum][state->weight]++;
        run->result->weights[state->weight].objects++;
    }
}

static void set_inspectors(Run *run) {
    const DrawSimulation *simulation = run->simulation;
    const char *date_to = simulation->rules[0]->date_to;
    for (size_t i = 0; i < simulation->inspector_count; i++) {
        run->inspectors[i] = simulation->inspectors[i];
        run->inspectors[i].load = 0;
        run->may_serve[i] = strcmp(simulation->inspectors[i].valid_to, date_to) >= 0;
        run->result->officers += run->may_serve[i] ? 1 : 0;
    }
}

static GArray *new_counts(guint count) {
    GArray *counts = g_array_new(FALSE, TRUE, sizeof(int64_t));
    g_array_set_size(counts, count);
    return counts;
}

static void year_clear(gpointer data) {
    g_array_unref(((DrawSimYear *)data)->loads);
}

static void set_result(const DrawSimulation *simulation, DrawSimResult *result) {
    guint years = simulation->years;
    result->cap = simulation->rules[0]->cap;
    result->object_drawn = g_new0(int64_t, simulation->object_count);
    result->draws = g_array_new(FALSE, TRUE, sizeof(DrawSimDraw));
    g_array_set_size(result->draws, simulation->draws_per_year);
    result->years = g_array_new(FALSE, TRUE, sizeof(DrawSimYear));
    g_array_set_clear_func(result->years, year_clear);
    for (guint year = 0; year < years; year++) {
        DrawSimYear one = {.loads = new_counts(0)};
        g_array_append_val(result->years, one);
    }
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        DrawSimWeight *one = &result->weights[weight];
        one->weight = weight;
        if (one->objects > 0) {
            int64_t all = one->objects * simulation->runs;
            double all_expected = (double)all;
            one->times = new_counts((guint)result->cap + 1);
            one->gaps = new_counts(years * simulation->draws_per_year + 1);
            one->unvisited = new_counts(years + 1);
            one->unvisited_expected = g_array_new(FALSE, TRUE, sizeof(double));
            g_array_set_size(one->unvisited_expected, years + 1);
            g_array_index(one->unvisited, int64_t, 0) = all;
            g_array_index(one->unvisited_expected, double, 0) = all_expected;
        }
    }
}

static void run_init(Run *run, const DrawSimulation *simulation, DrawSimResult *result) {
    *run = (Run){.simulation = simulation, .result = result, .strata = strata_of(simulation)};
    guint strata = MAX(1, run->strata->len);
    run->places = g_hash_table_new(g_str_hash, g_str_equal);
    run->states = g_new0(State, simulation->object_count);
    run->teams = g_new0(DrawTeam, simulation->object_count * simulation->rotate);
    run->inspectors = g_new0(DrawInspector, simulation->inspector_count);
    run->may_serve = g_new0(bool, simulation->inspector_count);
    run->members = g_malloc0_n(strata, sizeof *run->members);
    run->eligible = g_malloc0_n(strata, sizeof *run->eligible);
    run->hazards = g_new0(double, strata);
    set_states(run);
    set_inspectors(run);
    set_result(simulation, result);
}

static void run_clear(Run *run) {
    g_ptr_array_unref(run->strata);
    g_hash_table_unref(run->places);
    g_free(run->states);
    g_free(run->teams);
    g_free(run->inspectors);
    g_free(run->may_serve);
    g_free(run->members);
    g_free(run->eligible);
    g_free(run->hazards);
}

void draw_sim_result_clear(DrawSimResult *result) {
    for (unsigned weight = 0; weight <= DRAW_WEIGHT_MAX; weight++) {
        DrawSimWeight *one = &result->weights[weight];
        g_clear_pointer(&one->times, g_array_unref);
        g_clear_pointer(&one->gaps, g_array_unref);
        g_clear_pointer(&one->unvisited, g_array_unref);
        g_clear_pointer(&one->unvisited_expected, g_array_unref);
    }
    g_clear_pointer(&result->years, g_array_unref);
    g_clear_pointer(&result->draws, g_array_unref);
    g_clear_pointer(&result->object_drawn, g_free);
}

void draw_simulate(const DrawSimulation *simulation, DrawSimResult *ret_result) {
    g_assert(simulation->years >= 1 && simulation->years <= DRAW_SIM_YEARS_MAX &&
             simulation->draws_per_year >= 1 && simulation->draws_per_year <= DRAW_SIM_DRAWS_MAX &&
             simulation->runs >= 1 && simulation->runs <= DRAW_SIM_RUNS_MAX &&
             simulation->rotate <= DRAW_SIM_ROTATE_MAX);
    *ret_result = (DrawSimResult){0};
    Run run;
    run_init(&run, simulation, ret_result);
    for (run.number = 0; run.number < simulation->runs; run.number++) {
        go_through_run(&run);
    }
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        DrawSimWeight *one = &ret_result->weights[weight];
        double mean = run.sums[weight] / simulation->runs;
        double half = draw_sim_interval(run.sums[weight], run.squares[weight], simulation->runs);
        one->low = mean - half;
        one->high = mean + half;
    }
    run_clear(&run);
}
