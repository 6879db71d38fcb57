/* The result of a simulation as one JSON document. */
#include "cli/simulate_cmd.h"

#include <math.h>

/* NAN (nothing to say) becomes null. */
static void put_real(json_t *object, const char *key, double number) {
    json_put(object, key, isfinite(number) ? json_real(number) : json_null());
}

static double share(double part, double whole) {
    return whole > 0 ? part / whole : 0;
}

static json_t *integers(const GArray *counts) {
    json_t *list = json_array();
    for (guint i = 0; i < counts->len; i++) {
        json_array_append_new(list, json_integer(g_array_index(counts, int64_t, i)));
    }
    return list;
}

/* --- weights --------------------------------------------------------------------------------- */

/* Shares of the objects not drawn in the first 0, 1, 2 … years. */
static void put_unvisited(json_t *item, const DrawSimWeight *weight, double objects) {
    json_t *seen = json_array();
    json_t *expected = json_array();
    for (guint year = 0; year < weight->unvisited->len; year++) {
        double count = (double)g_array_index(weight->unvisited, int64_t, year);
        double theory = g_array_index(weight->unvisited_expected, double, year);
        json_array_append_new(seen, json_real(share(count, objects)));
        json_array_append_new(expected, json_real(share(theory, objects)));
    }
    json_put(item, "unvisited", seen);
    json_put(item, "unvisited_expected", expected);
}

static void put_gaps(json_t *item, const Simulated *simulated, const GArray *gaps) {
    static const struct {
        const char *key;
        double part;
    } quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1}};
    double draws = (double)simulated->options->draws;
    json_t *years = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(quantiles); i++) {
        double gap = (double)draw_sim_quantile(gaps, quantiles[i].part);
        put_real(years, quantiles[i].key, gap / draws);
    }
    json_put(item, "longest_gap_years", years);
}

static json_t *weight_item(const Simulated *simulated, const DrawSimWeight *weight) {
    const SimulateOptions *options = simulated->options;
    double objects = (double)(weight->objects * options->runs);
    double object_years = objects * (double)options->years;
    json_t *item = json_object();
    json_put_int(item, "weight", weight->weight);
    json_put_int(item, "objects", weight->objects);
    json_put_int(item, "drawn", weight->drawn);
    put_real(item, "expected_per_year", weight->expected / object_years);
    put_real(item, "observed_per_year", (double)weight->drawn / object_years);
    put_real(item, "low", weight->low);
    put_real(item, "high", weight->high);
    put_real(item, "ratio", share((double)weight->drawn, weight->expected));
    put_real(item, "standard_errors", draw_sim_deviation(weight));
    json_put(item, "times", integers(weight->times));
    put_gaps(item, simulated, weight->gaps);
    put_unvisited(item, weight, objects);
    return item;
}

/* --- officers -------------------------------------------------------------------------------- */

static json_t *year_item(const DrawSimYear *year) {
    DrawSimSpread spread = draw_sim_spread(year->loads);
    json_t *item = json_object();
    json_put_int(item, "min", draw_sim_quantile(year->loads, 0));
    json_put_int(item, "p10", draw_sim_quantile(year->loads, 0.1));
    json_put_int(item, "p50", draw_sim_quantile(year->loads, 0.5));
    json_put_int(item, "p90", draw_sim_quantile(year->loads, 0.9));
    json_put_int(item, "max", draw_sim_quantile(year->loads, 1));
    put_real(item, "mean", spread.mean);
    put_real(item, "variation", share(spread.deviation, spread.mean));
    put_real(item, "gini", year->gini);
    return item;
}

static json_t *officers_item(const Simulated *simulated) {
    const DrawSimResult *result = simulated->result;
    json_t *years = json_array();
    json_t *draws = json_array();
    json_t *rungs = json_array();
    for (guint i = 0; i < result->years->len; i++) {
        json_array_append_new(years, year_item(&g_array_index(result->years, DrawSimYear, i)));
    }
    for (guint i = 0; i < result->draws->len; i++) {
        const DrawSimDraw *draw = &g_array_index(result->draws, DrawSimDraw, i);
        json_t *item = json_object();
        put_real(item, "level", draw->level);
        json_put_int(item, "level_most", draw->level_most);
        json_array_append_new(draws, item);
    }
    for (guint i = 0; i < G_N_ELEMENTS(result->rungs); i++) {
        json_array_append_new(rungs, json_integer(result->rungs[i]));
    }
    json_t *item = json_object();
    json_put_int(item, "able_to_serve", result->officers);
    json_put_int(item, "targets", result->targets);
    json_put_int(item, "unstaffed", result->unstaffed);
    json_put(item, "draws_by_rung", rungs);
    json_put_int(item, "draws_within_district", simulate_draws_of(simulated, DRAW_RUNG_SAME));
    json_put_int(item, "draws_with_neighbours", simulate_draws_of(simulated, DRAW_RUNG_ADJACENT));
    json_put(item, "draws_of_the_year", draws);
    json_put(item, "years", years);
    return item;
}

/* --- the whole ------------------------------------------------------------------------------- */

static void put_options(json_t *document, const Simulated *simulated) {
    const SimulateOptions *options = simulated->options;
    const DrawCity *city = simulated->city;
    json_put_bool(document, "simulation", true);
    json_put_text(document, "seed", options->seed);
    json_put_text(document, "kind", options->kind);
    json_put_text(document, "region", city->region);
    json_put_int(document, "years", options->years);
    json_put_int(document, "draws_per_year", options->draws);
    json_put_int(document, "runs", options->runs);
    put_real(document, "quota_percent", options->percent > 0 ? options->percent : NAN);
    json_put(document, "plan", city->plan_id != 0 ? json_integer(city->plan_id) : json_null());
    json_put_int(document, "quota_of_a_year", city->quota);
    json_put_int(document, "officer_cap", options->officer_cap);
    json_put_int(document, "rotate", options->rotate);
    json_put_int(document, "strata", city->strata);
    json_put_int(document, "objects", city->objects->len);
    json_put_int(document, "left_out", simulated->result->left_out);
}

json_t *simulate_document(const Simulated *simulated) {
    const DrawSimResult *result = simulated->result;
    json_t *document = json_object();
    put_options(document, simulated);
    json_t *weights = json_array();
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        if (result->weights[weight].objects > 0) {
            json_array_append_new(weights, weight_item(simulated, &result->weights[weight]));
        }
    }
    json_put(document, "weights", weights);
    unsigned farthest = draw_sim_farthest(result);
    json_t *deviation = json_object();
    json_put_int(deviation, "weight", farthest);
    put_real(deviation, "standard_errors", draw_sim_deviation(&result->weights[farthest]));
    json_put(document, "largest_deviation", deviation);
    json_t *cap = json_object();
    json_put_int(cap, "limit", result->cap);
    json_put_int(cap, "most", result->most);
    json_put_int(cap, "reached", result->reached);
    json_put_int(cap, "breaches", result->breaches);
    json_put(document, "cap", cap);
    json_put_int(document, "short_strata", result->shorts);
    json_put(document, "officers", officers_item(simulated));
    return document;
}
