/* Counts by name and minute, bounded. */
#include "sensing/push.h"

#include "base/clock.h"

#include <pthread.h>

#define MINUTE_US (60 * CLOCK_SECOND_US)

struct PushGate {
    pthread_mutex_t lock;
    GHashTable *counts; /* name -> number */
    unsigned names_max;
    int64_t minute_us;
};

PushGate *push_gate_new(unsigned names_max) {
    PushGate *gate = g_new0(PushGate, 1);
    gate->names_max = names_max;
    pthread_mutex_init(&gate->lock, NULL);
    gate->counts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return gate;
}

void push_gate_free(PushGate *gate) {
    g_hash_table_unref(gate->counts);
    pthread_mutex_destroy(&gate->lock);
    g_free(gate);
}

bool push_gate_admit(PushGate *gate, const char *name, unsigned limit, int64_t now_us) {
    pthread_mutex_lock(&gate->lock);
    if (now_us - gate->minute_us >= MINUTE_US || now_us < gate->minute_us) {
        gate->minute_us = now_us;
        g_hash_table_remove_all(gate->counts);
    }
    if (g_hash_table_size(gate->counts) >= gate->names_max &&
        !g_hash_table_contains(gate->counts, name)) {
        name = "*";
    }
    unsigned count = GPOINTER_TO_UINT(g_hash_table_lookup(gate->counts, name));
    bool admitted = count < limit;
    if (admitted) {
        g_hash_table_insert(gate->counts, g_strdup(name), GUINT_TO_POINTER(count + 1));
    }
    pthread_mutex_unlock(&gate->lock);
    return admitted;
}
