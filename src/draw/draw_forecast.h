/*
 * How likely an object is to be drawn, before anything is drawn: an object of weight w among many
 * is drawn with probability 1 - exp(-w tau), where tau makes the probabilities add up to the quota.
 * Within 0.001 of what simulation gives for pools of a thousand and more. Pure. Thread: any.
 */
#pragma once

#include "draw/draw_rules.h"

#include <glib.h>

/* counts[w]: objects with w tickets, 0 … DRAW_WEIGHT_MAX; those without a ticket do not take part.
 * INFINITY when the quota takes all. */
double draw_forecast_tau(const int64_t counts[DRAW_WEIGHT_MAX + 1], int64_t quota);
/* 0 … 1 */
double draw_forecast_chance(double tau, unsigned weight);
