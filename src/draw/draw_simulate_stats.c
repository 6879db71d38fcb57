/* Figures about a simulation. Pure. */
#include "draw/draw_simulate.h"

#include <math.h>
#include <stdlib.h>

int64_t draw_sim_quantile(const GArray *counts, double part) {
    int64_t all = 0;
    for (guint i = 0; i < counts->len; i++) {
        all += g_array_index(counts, int64_t, i);
    }
    double wanted = ceil(part * (double)all);
    int64_t seen = 0;
    for (guint i = 0; i < counts->len; i++) {
        seen += g_array_index(counts, int64_t, i);
        if (seen > 0 && (double)seen >= wanted) {
            return i;
        }
    }
    return 0;
}

DrawSimSpread draw_sim_spread(const GArray *counts) {
    DrawSimSpread spread = {0};
    double sum = 0;
    double squares = 0;
    for (guint i = 0; i < counts->len; i++) {
        double count = (double)g_array_index(counts, int64_t, i);
        spread.count += g_array_index(counts, int64_t, i);
        sum += count * i;
        squares += count * i * i;
    }
    if (spread.count > 0) {
        double all = (double)spread.count;
        spread.mean = sum / all;
        spread.deviation = sqrt(MAX(0, squares / all - spread.mean * spread.mean));
    }
    return spread;
}

static int compare_values(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left;
    int64_t b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

double draw_sim_gini(int64_t *values, size_t count) {
    qsort(values, count, sizeof *values, compare_values);
    double sum = 0;
    double ranked = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)values[i];
        ranked += (double)(i + 1) * (double)values[i];
    }
    return sum > 0 ? 2 * ranked / ((double)count * sum) - ((double)count + 1) / (double)count : 0;
}

/* 97.5 % point of Student's t; from 30 degrees of freedom on within 0.004 of the expansion. */
static double student(unsigned freedom) {
    static const double few[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                 2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                 2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                 2.060,  2.056, 2.052, 2.048, 2.045};
    const double normal = 1.95996;
    return freedom <= G_N_ELEMENTS(few)
               ? few[freedom - 1]
               : normal + (normal * normal * normal + normal) / (4 * (double)freedom);
}

double draw_sim_interval(double sum, double squares, unsigned count) {
    if (count < 2) {
        return NAN;
    }
    double runs = (double)count;
    double mean = sum / runs;
    double variance = MAX(0, (squares - runs * mean * mean) / (runs - 1));
    return student(count - 1) * sqrt(variance / runs);
}

/* The forecast is found by halving, to some 1e-13 of the quota; a stratum whose objects all have
 * one weight has no variance at all. */
#define ROUNDING 1e-6

double draw_sim_deviation(const DrawSimWeight *weight) {
    double difference = (double)weight->drawn - weight->expected;
    if (weight->variance <= ROUNDING || fabs(difference) <= ROUNDING) {
        return 0;
    }
    return difference / sqrt(weight->variance);
}

unsigned draw_sim_farthest(const DrawSimResult *result) {
    unsigned farthest = 0;
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        const DrawSimWeight *one = &result->weights[weight];
        if (one->objects > 0 &&
            (farthest == 0 || fabs(draw_sim_deviation(one)) >
                                  fabs(draw_sim_deviation(&result->weights[farthest])))) {
            farthest = weight;
        }
    }
    return farthest;
}
