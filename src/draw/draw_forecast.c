#include "draw/draw_forecast.h"

#include <math.h>

double draw_forecast_chance(double tau, unsigned weight) {
    return weight == 0 ? 0 : 1 - exp(-(double)weight * tau);
}

static double expected(const int64_t counts[DRAW_WEIGHT_MAX + 1], double tau) {
    double sum = 0;
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        sum += (double)counts[weight] * draw_forecast_chance(tau, weight);
    }
    return sum;
}

double draw_forecast_tau(const int64_t counts[DRAW_WEIGHT_MAX + 1], int64_t quota) {
    int64_t all = 0;
    for (unsigned weight = 1; weight <= DRAW_WEIGHT_MAX; weight++) {
        all += counts[weight];
    }
    if (quota >= all) {
        return INFINITY;
    }
    /* With weights of 1 and more, tau of 50 draws all but 2e-22 of them. */
    double low = 0;
    double high = 50;
    for (int i = 0; i < 100; i++) {
        double middle = (low + high) / 2;
        if (expected(counts, middle) < (double)quota) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}
