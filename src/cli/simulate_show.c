/* The result of a simulation for people. */
#include "cli/simulate_cmd.h"

#include <math.h>
#include <stdio.h>

static double percent(double part, double whole) {
    return whole > 0 ? 100 * part / whole : 0;
}

static void print_head(const Simulated *simulated) {
    const SimulateOptions *options = simulated->options;
    const DrawCity *city = simulated->city;
    printf("模拟，不是抽查 A simulation, no draw: its seed is the word \"%s\".\n"
           "%" G_GINT64_FORMAT " runs of %" G_GINT64_FORMAT " years with %" G_GINT64_FORMAT
           " draws each; grades, register and officers stay as today.\n",
           options->seed,
           options->runs,
           options->years,
           options->draws);
    printf("%u %ss in region %s, %" G_GINT64_FORMAT " of them excluded; %u categories; "
           "%" G_GINT64_FORMAT " drawn in a year",
           city->objects->len,
           options->kind,
           city->region,
           simulated->result->left_out,
           city->strata,
           city->quota);
    if (options->percent > 0) {
        printf(" (%g %% of each category)\n", options->percent);
    } else {
        printf(" (as in plan P%" G_GINT64_FORMAT ")\n", city->plan_id);
    }
}

static void print_inclusion(const Simulated *simulated) {
    const SimulateOptions *options = simulated->options;
    const DrawSimResult *result = simulated->result;
    puts("\n抽中频率 Draws of one object in a year, by weight\n"
         "  w  objects  expected  observed  95 % over runs      ratio  standard errors");
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        const DrawSimWeight *one = &result->weights[weight];
        double object_years = (double)(one->objects * options->runs * options->years);
        if (one->objects == 0) {
            continue;
        }
        g_autofree char *interval = isfinite(one->low)
                                        ? g_strdup_printf("%.4f … %.4f", one->low, one->high)
                                        : g_strdup("one run only   ");
        printf("%3u %8" G_GINT64_FORMAT "    %.4f    %.4f  %s    %.3f  %+.1f\n",
               weight,
               one->objects,
               one->expected / object_years,
               (double)one->drawn / object_years,
               interval,
               one->expected > 0 ? (double)one->drawn / one->expected : 0,
               draw_sim_deviation(one));
    }
    unsigned farthest = draw_sim_farthest(result);
    printf("Largest deviation from the forecast: %.1f standard errors (weight %u).\n",
           fabs(draw_sim_deviation(&result->weights[farthest])),
           farthest);
}

static void print_cap(const Simulated *simulated) {
    const DrawSimResult *result = simulated->result;
    printf("\n每年上限 The cap of %" G_GINT64_FORMAT " draws a year\n"
           "Most draws of one object in a year: %" G_GINT64_FORMAT ". The cap was reached "
           "%" G_GINT64_FORMAT " times and broken %" G_GINT64_FORMAT " times.\n",
           result->cap,
           result->most,
           result->reached,
           result->breaches);
}

static void print_gaps(const Simulated *simulated) {
    const SimulateOptions *options = simulated->options;
    double draws = (double)options->draws;
    printf("\n多久没检查 Longest time one object stayed unvisited, in years\n"
           "  w  half up to   90 %%   99 %%  longest  never in %" G_GINT64_FORMAT
           " years  (1-p)^n says\n",
           options->years);
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        const DrawSimWeight *one = &simulated->result->weights[weight];
        double objects = (double)(one->objects * options->runs);
        if (one->objects == 0) {
            continue;
        }
        guint last = one->unvisited->len - 1;
        printf("%3u      %6.2f %6.2f %6.2f   %6.2f  %12.2f %%     %6.2f %%\n",
               weight,
               (double)draw_sim_quantile(one->gaps, 0.5) / draws,
               (double)draw_sim_quantile(one->gaps, 0.9) / draws,
               (double)draw_sim_quantile(one->gaps, 0.99) / draws,
               (double)draw_sim_quantile(one->gaps, 1) / draws,
               percent((double)g_array_index(one->unvisited, int64_t, last), objects),
               percent(g_array_index(one->unvisited_expected, double, last), objects));
    }
}

int64_t simulate_draws_of(const Simulated *simulated, DrawRung rung) {
    /* All draws of a year have the same ladder. */
    const DrawParams *rules = g_ptr_array_index(simulated->city->rules, 0);
    int64_t draws = 0;
    for (unsigned i = 0; i < rules->rung_count; i++) {
        draws += rules->rungs[i] == rung ? simulated->result->rungs[i + 1] : 0;
    }
    return draws;
}

static void print_officers(const Simulated *simulated) {
    const DrawSimResult *result = simulated->result;
    printf("\n执法人员工作量 Targets of one officer in a year; %" G_GINT64_FORMAT
           " officers may serve\n"
           "year   min   10 %%  half   90 %%   max   mean  Gini\n",
           result->officers);
    for (guint i = 0; i < result->years->len; i++) {
        const DrawSimYear *year = &g_array_index(result->years, DrawSimYear, i);
        static const double parts[] = {0, 0.1, 0.5, 0.9, 1};
        printf("%4u", i + 1);
        for (size_t part = 0; part < G_N_ELEMENTS(parts); part++) {
            printf("%6" G_GINT64_FORMAT, draw_sim_quantile(year->loads, parts[part]));
        }
        printf(" %6.2f %5.2f\n", draw_sim_spread(year->loads).mean, year->gini);
    }
    int64_t draws = 0;
    for (size_t rung = 0; rung < G_N_ELEMENTS(result->rungs); rung++) {
        draws += result->rungs[rung];
    }
    const DrawSimDraw *last = &g_array_index(result->draws, DrawSimDraw, result->draws->len - 1);
    printf("L* of a year's last draw: %.1f on average, %" G_GINT64_FORMAT " at most. "
           "Officers of the same district sufficed in %" G_GINT64_FORMAT " of %" G_GINT64_FORMAT
           " draws, with those next door in %" G_GINT64_FORMAT " more.\n%" G_GINT64_FORMAT
           " of %" G_GINT64_FORMAT " targets found no officers.\n",
           last->level,
           last->level_most,
           simulate_draws_of(simulated, DRAW_RUNG_SAME),
           draws,
           simulate_draws_of(simulated, DRAW_RUNG_ADJACENT),
           result->unstaffed,
           result->targets);
    if (result->shorts > 0) {
        printf("%" G_GINT64_FORMAT " times a category had fewer objects left than its quota.\n",
               result->shorts);
    }
}

void simulate_print(const Simulated *simulated) {
    print_head(simulated);
    print_inclusion(simulated);
    print_cap(simulated);
    print_gaps(simulated);
    print_officers(simulated);
}
