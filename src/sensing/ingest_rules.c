#include "sensing/ingest_rules.h"

#include "base/clock.h"

/* Transmission devices keep what they could not send; a day of it is more than they hold. */
#define LATE_MAX_US CLOCK_DAY_US
/* Clocks are set once a day; more ahead than this is a wrong clock. */
#define EARLY_MAX_US (300 * CLOCK_SECOND_US)

#define NO_EDGE EDGE_KIND_COUNT

static const EdgeKind bit_kinds[][BIT_EDGES_MAX] = {
    [BITS_SYSTEM] = {NO_EDGE,
                     EDGE_FIRE,
                     EDGE_FAULT,
                     EDGE_SHIELD,
                     EDGE_SUPERVISE,
                     EDGE_START,
                     EDGE_FEEDBACK,
                     EDGE_DELAY,
                     EDGE_MAIN_POWER,
                     EDGE_BACKUP_POWER,
                     EDGE_BUS,
                     EDGE_MANUAL,
                     EDGE_CONFIG,
                     EDGE_RESET,
                     NO_EDGE,
                     NO_EDGE},
    [BITS_COMPONENT] = {NO_EDGE,
                        EDGE_FIRE,
                        EDGE_FAULT,
                        EDGE_SHIELD,
                        EDGE_SUPERVISE,
                        EDGE_START,
                        EDGE_FEEDBACK,
                        EDGE_DELAY,
                        EDGE_MAIN_POWER,
                        NO_EDGE,
                        NO_EDGE,
                        NO_EDGE,
                        NO_EDGE,
                        NO_EDGE,
                        NO_EDGE,
                        NO_EDGE},
    [BITS_DEVICE] = {NO_EDGE,
                     EDGE_FIRE,
                     EDGE_FAULT,
                     EDGE_MAIN_POWER,
                     EDGE_BACKUP_POWER,
                     EDGE_LINK,
                     EDGE_LINK,
                     NO_EDGE,
                     NO_EDGE,
                     NO_EDGE,
                     NO_EDGE,
                     NO_EDGE,
                     NO_EDGE,
                     NO_EDGE,
                     NO_EDGE,
                     NO_EDGE},
};

size_t state_edges(BitTable table, uint16_t was, uint16_t now, BitEdge ret_edges[BIT_EDGES_MAX]) {
    size_t count = 0;
    unsigned changed = (unsigned)(was ^ now);
    for (unsigned bit = 1; bit < BIT_EDGES_MAX; bit++) {
        EdgeKind kind = bit_kinds[table][bit];
        bool is_on = (now >> bit & 1) != 0;
        /* That a configuration was changed or a panel reset is a moment; it has no end. */
        bool is_moment = kind == EDGE_CONFIG || kind == EDGE_RESET;
        if ((changed >> bit & 1) != 0 && kind != NO_EDGE && (is_on || !is_moment)) {
            ret_edges[count++] = (BitEdge){kind, is_on, bit};
        }
    }
    return count;
}

uint16_t state_after_reset(uint16_t bits) {
    /* fire, supervised, started, feedback, delay */
    const unsigned of_alarm = 1u << 1 | 1u << 4 | 1u << 5 | 1u << 6 | 1u << 7;
    return (uint16_t)(bits & ~of_alarm);
}

bool event_time_is_believed(int64_t told_us, int64_t received_us) {
    return told_us > received_us - LATE_MAX_US && told_us < received_us + EARLY_MAX_US;
}

int64_t event_time_us(int64_t told_us, int64_t received_us) {
    return event_time_is_believed(told_us, received_us) ? told_us : received_us;
}
