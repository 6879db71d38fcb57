/*
 * Who may inspect a target, in the order of step 6 of FSS-DRAW/1: by h = H(KI‖lp(t)‖lp(i)), then
 * id. A large city has millions of pairs, so those of a target are hashed side by side.
 */
#include "draw/draw_candidates.h"

#include "base/digest_many.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define THREADS_MAX 8
#define THREAD_PAIRS 100000 /* fewer are not worth another thread */

static int compare_pairs(const void *left, const void *right) {
    const DrawPair *a = left;
    const DrawPair *b = right;
    int order = strcmp(a->first, b->first);
    return order != 0 ? order : strcmp(a->second, b->second);
}

static bool has_pair(const DrawPair *pairs, size_t count, const char *first, const char *second) {
    DrawPair key = {first, second};
    return count > 0 && bsearch(&key, pairs, count, sizeof *pairs, compare_pairs) != NULL;
}

static bool district_fits(const DrawAssignInput *input,
                          DrawRung rung,
                          const char *target,
                          const char *inspector) {
    if (rung == DRAW_RUNG_ANY || strcmp(target, inspector) == 0) {
        return true;
    }
    return rung == DRAW_RUNG_ADJACENT &&
           has_pair(input->neighbours, input->neighbour_count, target, inspector);
}

typedef struct Ranked {
    uint8_t hash[DIGEST_SIZE];
    int inspector;
} Ranked;

/* Inspectors are sorted by id, so the index settles equal hashes as the id would. */
static int compare_ranked(gconstpointer left, gconstpointer right) {
    const Ranked *a = left;
    const Ranked *b = right;
    int order = memcmp(a->hash, b->hash, DIGEST_SIZE);
    return order != 0 ? order : (a->inspector > b->inspector) - (a->inspector < b->inspector);
}

/* h = H(KI‖lp(t)‖lp(i)) for all inspectors of one target at once. */
#define PAIR_STRIDE 80
G_STATIC_ASSERT(DIGEST_SIZE + 2 * (1 + DRAW_ID_MAX) <= PAIR_STRIDE);

typedef struct Ranking {
    const DrawAssignInput *input;
    GArray *ranked;    /* Ranked */
    uint8_t *messages; /* PAIR_STRIDE bytes for each inspector */
    uint8_t *sizes;
    uint8_t *hashes;
} Ranking;

static uint8_t *add_text(uint8_t *at, const char *text) {
    size_t size = strlen(text);
    *at = (uint8_t)size;
    memcpy(at + 1, text, size);
    return at + 1 + size;
}

static bool may_meet(const DrawAssignInput *input,
                     DrawRung rung,
                     const DrawTarget *target,
                     const DrawInspector *inspector) {
    return strcmp(inspector->valid_to, input->date_to) >= 0 &&
           district_fits(input, rung, target->district, inspector->district) &&
           !has_pair(input->denied, input->denied_count, target->id, inspector->id);
}

static void rank(Ranking *ranking, const DrawTarget *target, DrawRung rung) {
    const DrawAssignInput *input = ranking->input;
    GArray *ranked = ranking->ranked;
    g_array_set_size(ranked, 0);
    for (size_t i = 0; i < input->inspector_count; i++) {
        const DrawInspector *inspector = &input->inspectors[i];
        if (!may_meet(input, rung, target, inspector)) {
            continue;
        }
        uint8_t *message = ranking->messages + (size_t)ranked->len * PAIR_STRIDE;
        uint8_t *end = add_text(add_text(message + DIGEST_SIZE, target->id), inspector->id);
        ranking->sizes[ranked->len] = (uint8_t)(end - message);
        Ranked one = {.inspector = (int)i};
        g_array_append_val(ranked, one);
    }
    digest_many(
        input->kind, ranking->messages, PAIR_STRIDE, ranking->sizes, ranked->len, ranking->hashes);
    for (guint i = 0; i < ranked->len; i++) {
        Ranked *one = &g_array_index(ranked, Ranked, i);
        memcpy(one->hash, ranking->hashes + (size_t)i * DIGEST_SIZE, DIGEST_SIZE);
    }
    g_array_sort(ranked, compare_ranked);
}

/* A run of targets; each thread has its own. */
typedef struct Share {
    const DrawAssignInput *input;
    DrawRung rung;
    size_t first, end;
    DrawCandidates *candidates; /* of all targets; this thread writes first … end - 1 */
    pthread_t thread;
    bool is_running;
} Share;

static void *rank_share(void *data) {
    const Share *share = data;
    const DrawAssignInput *input = share->input;
    size_t count = input->inspector_count;
    g_autoptr(GArray) ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
    g_autofree uint8_t *messages = g_malloc_n(count, PAIR_STRIDE);
    g_autofree uint8_t *sizes = g_malloc(count);
    g_autofree uint8_t *hashes = g_malloc_n(count, DIGEST_SIZE);
    Ranking ranking = {input, ranked, messages, sizes, hashes};
    for (size_t i = 0; i < count; i++) {
        memcpy(messages + i * PAIR_STRIDE, input->inspector_key, DIGEST_SIZE);
    }
    for (size_t t = share->first; t < share->end; t++) {
        rank(&ranking, &input->targets[t], share->rung);
        DrawCandidates *made = &share->candidates[t];
        made->count = (int)ranked->len;
        made->items = g_new(int, ranked->len);
        for (guint i = 0; i < ranked->len; i++) {
            made->items[i] = g_array_index(ranked, Ranked, i).inspector;
        }
    }
    return NULL;
}

DrawCandidates *draw_candidates_new(const DrawAssignInput *input, DrawRung rung) {
    DrawCandidates *candidates = g_new0(DrawCandidates, input->target_count);
    size_t pairs = input->target_count * input->inspector_count;
    size_t threads = MIN((size_t)g_get_num_processors(), THREADS_MAX);
    threads = MAX(1, MIN(threads, pairs / THREAD_PAIRS));
    Share shares[THREADS_MAX];
    for (size_t i = 0; i < threads; i++) {
        shares[i] = (Share){.input = input,
                            .rung = rung,
                            .first = input->target_count * i / threads,
                            .end = input->target_count * (i + 1) / threads,
                            .candidates = candidates};
        shares[i].is_running =
            i > 0 && pthread_create(&shares[i].thread, NULL, rank_share, &shares[i]) == 0;
    }
    for (size_t i = 0; i < threads; i++) {
        if (!shares[i].is_running) {
            rank_share(&shares[i]); /* the first, and what the machine gave no thread for */
        }
    }
    for (size_t i = 0; i < threads; i++) {
        if (shares[i].is_running) {
            pthread_join(shares[i].thread, NULL);
        }
    }
    return candidates;
}

void draw_candidates_free(DrawCandidates *candidates, size_t count) {
    for (size_t t = 0; t < count; t++) {
        g_free(candidates[t].items);
    }
    g_free(candidates);
}
