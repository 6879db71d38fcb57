/* What a fleet saw, in numbers. */
#include "cli/simulate_devices.h"

#include "base/clock.h"

#include <math.h>
#include <unistd.h>

void latency_add(Latency *latency, int64_t us) {
    double place = us < 1 ? 0 : log2((double)us) * LATENCY_STEPS;
    latency->counts[MIN((unsigned)place, LATENCY_BUCKETS - 1)]++;
    latency->all++;
    latency->max_us = MAX(latency->max_us, us);
}

double latency_ms(const Latency *latency, double part) {
    uint64_t wanted = (uint64_t)ceil((double)latency->all * part), found = 0;
    for (unsigned i = 0; i < LATENCY_BUCKETS; i++) {
        found += latency->counts[i];
        if (found >= wanted && found > 0) {
            double upper_us = exp2((double)(i + 1) / LATENCY_STEPS);
            return MIN(upper_us, (double)latency->max_us) / 1000;
        }
    }
    return 0;
}

static double seconds_of(const Fleet *fleet) {
    int64_t begun_us = fleet->begun_us != 0 ? fleet->begun_us : fleet->ended_us;
    return (double)MAX(fleet->ended_us - begun_us, 1) / CLOCK_SECOND_US;
}

static json_t *latency_document(const Latency *latency) {
    static const struct {
        const char *name;
        double part;
    } parts[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p999", 0.999}, {"max", 1}};
    json_t *document = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
        double ms = parts[i].part < 1 ? latency_ms(latency, parts[i].part)
                                      : (double)latency->max_us / 1000;
        json_put(document, parts[i].name, json_real(round(ms * 1000) / 1000));
    }
    return document;
}

json_t *fleet_document(const Fleet *fleet) {
    const FleetCounts *counts = &fleet->counts;
    json_t *document = json_object();
    json_put_bool(document, "synthetic", true);
    json_put_int(document, "devices", fleet->link_count);
    json_put_int(document, "connected", fleet->connected_most);
    json_put(document, "seconds", json_real(seconds_of(fleet)));
    json_put_int(document, "sent", (int64_t)counts->sent);
    json_put_int(document, "acknowledged", (int64_t)counts->acknowledged);
    json_put(document,
             "acknowledged_per_s",
             json_real(round((double)counts->acknowledged / seconds_of(fleet))));
    json_put(document, "latency_ms", latency_document(&fleet->latency));
    json_put_int(document, "resent", (int64_t)counts->resent);
    json_put_int(document, "denied", (int64_t)counts->denied);
    json_put_int(document, "given_up", (int64_t)counts->given_up);
    json_put_int(document, "unconfirmed", (int64_t)fleet->in_flight);
    json_put_int(document, "left_out", (int64_t)counts->left_out);
    json_put_int(document, "answered", (int64_t)counts->answered);
    json_put_int(document, "connects", (int64_t)counts->connects);
    json_put_int(document, "disconnects", (int64_t)counts->disconnects);
    json_put_int(document, "refused", (int64_t)counts->refused);
    return document;
}

void fleet_print(const Fleet *fleet) {
    const FleetCounts *counts = &fleet->counts;
    printf("%u synthetic devices, %u connected at once, %.1f s\n",
           fleet->link_count,
           fleet->connected_most,
           seconds_of(fleet));
    printf("sent          %10" G_GUINT64_FORMAT "\n", counts->sent);
    printf("acknowledged  %10" G_GUINT64_FORMAT "   %.0f a second\n",
           counts->acknowledged,
           (double)counts->acknowledged / seconds_of(fleet));
    printf("resent        %10" G_GUINT64_FORMAT "\n", counts->resent);
    printf("denied        %10" G_GUINT64_FORMAT "\n", counts->denied);
    printf("given up      %10" G_GUINT64_FORMAT "   still in flight %" G_GUINT64_FORMAT "\n",
           counts->given_up,
           fleet->in_flight);
    printf("left out      %10" G_GUINT64_FORMAT "   background of devices that were behind\n",
           counts->left_out);
    printf("asked by the centre %4" G_GUINT64_FORMAT "\n", counts->answered);
    printf("connections   %10" G_GUINT64_FORMAT "   lost %" G_GUINT64_FORMAT
           ", refused %" G_GUINT64_FORMAT "\n",
           counts->connects,
           counts->disconnects,
           counts->refused);
    printf("acknowledged within  p50 %.2f ms, p90 %.2f, p99 %.2f, p99.9 %.2f, longest %.2f\n",
           latency_ms(&fleet->latency, 0.5),
           latency_ms(&fleet->latency, 0.9),
           latency_ms(&fleet->latency, 0.99),
           latency_ms(&fleet->latency, 0.999),
           (double)fleet->latency.max_us / 1000);
}

void fleet_show_counts(Fleet *fleet) {
    double seconds = (double)(fleet->now_us - fleet->shown_us) / CLOCK_SECOND_US;
    /* Counting begins again with the scene. */
    uint64_t shown = MIN(fleet->shown_acknowledged, fleet->counts.acknowledged);
    if (fleet->shown_us != 0) {
        fprintf(stderr,
                "%s%u of %u connected, %.0f acknowledged/s, %" G_GUINT64_FORMAT
                " in flight, %" G_GUINT64_FORMAT " resent, %" G_GUINT64_FORMAT " denied%s",
                isatty(STDERR_FILENO) == 1 ? "\r\033[K" : "",
                fleet->up,
                fleet->link_count,
                (double)(fleet->counts.acknowledged - shown) / seconds,
                fleet->in_flight,
                fleet->counts.resent,
                fleet->counts.denied,
                isatty(STDERR_FILENO) == 1 ? "" : "\n");
    }
    fleet->shown_us = fleet->now_us;
    fleet->shown_acknowledged = fleet->counts.acknowledged;
}
