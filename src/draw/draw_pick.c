/*
 * Step 5 of FSS-DRAW/1 for a whole pool: the smallest tickets of each stratum. A city has millions
 * of lines, so lines are taken by batches, hashed side by side (base/digest_many.h) and on all
 * cores. (ticket, id) is a total order, so how the work was cut up cannot be seen in the result.
 */
#include "draw/draw_rules.h"

#include "base/digest_many.h"
#include "base/mailbox.h"

#include <pthread.h>
#include <string.h>

#define BATCH_LINES 1024
#define CHUNK_TICKETS 512 /* hashed at a time: 32 KiB of messages stay in the nearest cache */
#define INLINE_BATCHES 8  /* a smaller pool is not worth a thread */
#define QUEUE_BATCHES 4   /* for each thread; beyond it the reader hashes as well */
#define THREADS_MAX 7     /* besides the reader */
#define MESSAGE_STRIDE 64

typedef struct PoolLine {
    char id[DRAW_ID_MAX + 1];
    char district[DRAW_ID_MAX + 1];
    uint8_t weight;
    uint16_t stratum;
} PoolLine;

typedef struct Batch {
    unsigned count;
    PoolLine lines[BATCH_LINES];
} Batch;

typedef struct Stratum {
    char name[33];
    unsigned quota;
    unsigned reserves;
    uint64_t eligible;
} Stratum;

/* What one thread has kept. Only it touches it until it has ended. */
typedef struct Sieve {
    DigestKind kind;
    const GArray *strata; /* the picker's; fixed while threads run */
    GPtrArray *kept;      /* by stratum: GArray of DrawPick, a heap with the largest on top */
    uint8_t messages[CHUNK_TICKETS * MESSAGE_STRIDE];
    uint8_t sizes[CHUNK_TICKETS];
    uint8_t hashes[CHUNK_TICKETS * DIGEST_SIZE];
    Mailbox *queue;
    pthread_t thread;
} Sieve;

struct DrawPicker {
    DigestKind kind;
    uint8_t key[DIGEST_SIZE];
    GArray *strata;    /* Stratum */
    Batch *batch;      /* being filled */
    unsigned batches;  /* full ones so far */
    GPtrArray *sieves; /* Sieve; the first is the reader's own */
    Mailbox *queue;    /* Batch, for the threads; NULL before they start */
};

/* --- one thread's heaps ---------------------------------------------------------------------- */

static int compare_picks(gconstpointer left, gconstpointer right) {
    const DrawPick *a = left;
    const DrawPick *b = right;
    int order = memcmp(a->ticket, b->ticket, DIGEST_SIZE);
    return order != 0 ? order : strcmp(a->id, b->id);
}

static void swap_picks(DrawPick *a, DrawPick *b) {
    DrawPick keep = *a;
    *a = *b;
    *b = keep;
}

static void sift_up(GArray *heap, guint at) {
    DrawPick *picks = (DrawPick *)(void *)heap->data;
    while (at > 0 && compare_picks(&picks[(at - 1) / 2], &picks[at]) < 0) {
        swap_picks(&picks[(at - 1) / 2], &picks[at]);
        at = (at - 1) / 2;
    }
}

static void sift_down(GArray *heap) {
    DrawPick *picks = (DrawPick *)(void *)heap->data;
    guint at = 0;
    for (;;) {
        guint child = 2 * at + 1;
        if (child >= heap->len) {
            return;
        }
        if (child + 1 < heap->len && compare_picks(&picks[child], &picks[child + 1]) < 0) {
            child++;
        }
        if (compare_picks(&picks[at], &picks[child]) >= 0) {
            return;
        }
        swap_picks(&picks[at], &picks[child]);
        at = child;
    }
}

static void offer(Sieve *sieve, const PoolLine *line, const uint8_t ticket[DIGEST_SIZE]) {
    const Stratum *stratum = &g_array_index(sieve->strata, Stratum, line->stratum);
    GArray *kept = g_ptr_array_index(sieve->kept, line->stratum);
    guint keep = stratum->quota + stratum->reserves;
    DrawPick *largest = kept->len == keep ? &g_array_index(kept, DrawPick, 0) : NULL;
    if (largest != NULL && memcmp(ticket, largest->ticket, DIGEST_SIZE) > 0) {
        return;
    }
    DrawPick pick = {0};
    g_strlcpy(pick.id, line->id, sizeof pick.id);
    g_strlcpy(pick.district, line->district, sizeof pick.district);
    g_strlcpy(pick.stratum, stratum->name, sizeof pick.stratum);
    memcpy(pick.ticket, ticket, DIGEST_SIZE);
    if (largest == NULL) {
        g_array_append_val(kept, pick);
        sift_up(kept, kept->len - 1);
    } else if (compare_picks(&pick, largest) < 0) {
        *largest = pick;
        sift_down(kept);
    }
}

/* Messages of one line from slot `at`: KT‖lp(id)‖u16 j. KT stands in every slot already. */
static void write_messages(Sieve *sieve, const PoolLine *line, unsigned at) {
    size_t id_size = strlen(line->id);
    for (unsigned j = 0; j < line->weight; j++, at++) {
        uint8_t *message = sieve->messages + (size_t)at * MESSAGE_STRIDE + DIGEST_SIZE;
        message[0] = (uint8_t)id_size;
        memcpy(message + 1, line->id, id_size);
        message[1 + id_size] = 0;
        message[2 + id_size] = (uint8_t)j;
        sieve->sizes[at] = (uint8_t)(DIGEST_SIZE + 1 + id_size + 2);
    }
}

/* The least of a line's hashes is its ticket. */
static void take_hashes(Sieve *sieve, const PoolLine *lines, unsigned count) {
    const uint8_t *hash = sieve->hashes;
    for (unsigned i = 0; i < count; i++) {
        const uint8_t *least = hash;
        hash += DIGEST_SIZE;
        for (unsigned j = 1; j < lines[i].weight; j++, hash += DIGEST_SIZE) {
            if (memcmp(hash, least, DIGEST_SIZE) < 0) {
                least = hash;
            }
        }
        offer(sieve, &lines[i], least);
    }
}

static void sieve_batch(Sieve *sieve, const Batch *batch) {
    unsigned first = 0;
    while (first < batch->count) {
        unsigned end = first;
        unsigned tickets = 0;
        while (end < batch->count && tickets + batch->lines[end].weight <= CHUNK_TICKETS) {
            write_messages(sieve, &batch->lines[end], tickets);
            tickets += batch->lines[end++].weight;
        }
        digest_many(
            sieve->kind, sieve->messages, MESSAGE_STRIDE, sieve->sizes, tickets, sieve->hashes);
        take_hashes(sieve, &batch->lines[first], end - first);
        first = end;
    }
}

static void *sieve_main(void *data) {
    Sieve *sieve = data;
    for (Batch *batch; (batch = mailbox_take_wait(sieve->queue)) != NULL; g_free(batch)) {
        sieve_batch(sieve, batch);
    }
    return NULL;
}

static void sieve_free(gpointer data) {
    Sieve *sieve = data;
    g_ptr_array_unref(sieve->kept);
    g_free(sieve);
}

static Sieve *add_sieve(DrawPicker *picker) {
    Sieve *sieve = g_new0(Sieve, 1);
    sieve->kind = picker->kind;
    sieve->strata = picker->strata;
    sieve->queue = picker->queue;
    sieve->kept = g_ptr_array_new_with_free_func((GDestroyNotify)g_array_unref);
    for (guint i = 0; i < picker->strata->len; i++) {
        g_ptr_array_add(sieve->kept, g_array_new(FALSE, FALSE, sizeof(DrawPick)));
    }
    for (size_t i = 0; i < CHUNK_TICKETS; i++) {
        memcpy(sieve->messages + i * MESSAGE_STRIDE, picker->key, DIGEST_SIZE);
    }
    g_ptr_array_add(picker->sieves, sieve);
    return sieve;
}

/* --- the reader ------------------------------------------------------------------------------ */

DrawPicker *draw_picker_new(DigestKind kind, const uint8_t target_key[DIGEST_SIZE]) {
    DrawPicker *picker = g_new0(DrawPicker, 1);
    picker->kind = kind;
    memcpy(picker->key, target_key, DIGEST_SIZE);
    picker->strata = g_array_new(FALSE, FALSE, sizeof(Stratum));
    picker->sieves = g_ptr_array_new_with_free_func(sieve_free);
    return picker;
}

/* They finish what is in the queue. Their sieves stay. */
static void stop_threads(DrawPicker *picker) {
    if (picker->queue == NULL) {
        return;
    }
    mailbox_close(picker->queue);
    for (guint i = 1; i < picker->sieves->len; i++) {
        const Sieve *sieve = g_ptr_array_index(picker->sieves, i);
        pthread_join(sieve->thread, NULL);
    }
    mailbox_free(g_steal_pointer(&picker->queue), g_free);
}

void draw_picker_free(DrawPicker *picker) {
    if (picker == NULL) {
        return;
    }
    stop_threads(picker);
    g_free(picker->batch);
    g_ptr_array_unref(picker->sieves);
    g_array_unref(picker->strata);
    g_free(picker);
}

static Stratum *find_stratum(const DrawPicker *picker, const char *name, guint *ret_index) {
    for (guint i = 0; i < picker->strata->len; i++) {
        Stratum *stratum = &g_array_index(picker->strata, Stratum, i);
        if (strcmp(stratum->name, name) == 0) {
            *ret_index = i;
            return stratum;
        }
    }
    return NULL;
}

void draw_picker_stratum(DrawPicker *picker, const char *name, unsigned quota, unsigned reserves) {
    g_assert(draw_stratum_valid(name) && picker->sieves->len == 0 &&
             picker->strata->len < UINT16_MAX);
    guint index = 0;
    Stratum *stratum = find_stratum(picker, name, &index);
    if (stratum == NULL) {
        Stratum made = {0};
        g_strlcpy(made.name, name, sizeof made.name);
        g_array_append_val(picker->strata, made);
        stratum = &g_array_index(picker->strata, Stratum, picker->strata->len - 1);
    }
    stratum->quota = quota;
    stratum->reserves = reserves;
}

/* A machine that gives no more threads is slower, nothing else. */
static void start_threads(DrawPicker *picker) {
    guint threads = MIN(g_get_num_processors() - 1, THREADS_MAX);
    if (threads == 0) {
        return;
    }
    picker->queue = mailbox_new((size_t)threads * QUEUE_BATCHES);
    for (guint i = 0; i < threads; i++) {
        Sieve *sieve = add_sieve(picker);
        if (pthread_create(&sieve->thread, NULL, sieve_main, sieve) != 0) {
            g_ptr_array_set_size(picker->sieves, (gint)picker->sieves->len - 1);
            return;
        }
    }
}

/* The batch goes to the threads, or through the reader's own sieve when they have enough. */
static void hand_over(DrawPicker *picker) {
    g_autofree Batch *batch = g_steal_pointer(&picker->batch);
    if (picker->sieves->len == 0) {
        add_sieve(picker);
    }
    if (++picker->batches == INLINE_BATCHES) {
        start_threads(picker);
    }
    if (picker->queue != NULL && picker->sieves->len > 1 && mailbox_put(picker->queue, batch)) {
        batch = NULL;
        return;
    }
    sieve_batch(g_ptr_array_index(picker->sieves, 0), batch);
}

void draw_picker_add(DrawPicker *picker,
                     const char *id,
                     const char *stratum_name,
                     const char *district,
                     unsigned weight) {
    guint index = 0;
    Stratum *stratum = weight > 0 ? find_stratum(picker, stratum_name, &index) : NULL;
    if (stratum == NULL) {
        return;
    }
    stratum->eligible++;
    if (stratum->quota + stratum->reserves == 0) {
        return;
    }
    g_assert(id[0] != '\0' && weight <= DRAW_WEIGHT_MAX);
    if (picker->batch == NULL) {
        picker->batch = g_new(Batch, 1);
        picker->batch->count = 0;
    }
    PoolLine *line = &picker->batch->lines[picker->batch->count++];
    g_strlcpy(line->id, id, sizeof line->id);
    g_strlcpy(line->district, district, sizeof line->district);
    line->weight = (uint8_t)weight;
    line->stratum = (uint16_t)index;
    if (picker->batch->count == BATCH_LINES) {
        hand_over(picker);
    }
}

uint64_t draw_picker_eligible(const DrawPicker *picker, const char *stratum) {
    guint index = 0;
    const Stratum *found = find_stratum(picker, stratum, &index);
    return found != NULL ? found->eligible : 0;
}

/* --- the end --------------------------------------------------------------------------------- */

/* Drawn before reserves; drawn by (ticket, id); reserves by stratum first. */
static int compare_results(gconstpointer left, gconstpointer right) {
    const DrawPick *a = left;
    const DrawPick *b = right;
    if (a->is_reserve != b->is_reserve) {
        return a->is_reserve ? 1 : -1;
    }
    int order = a->is_reserve ? strcmp(a->stratum, b->stratum) : 0;
    return order != 0 ? order : compare_picks(a, b);
}

/* What the threads have kept of one stratum, put together and cut to what is wanted. */
static void merge_stratum(const DrawPicker *picker, guint index, GArray *picks) {
    const Stratum *stratum = &g_array_index(picker->strata, Stratum, index);
    g_autoptr(GArray) all = g_array_new(FALSE, FALSE, sizeof(DrawPick));
    for (guint i = 0; i < picker->sieves->len; i++) {
        const Sieve *sieve = g_ptr_array_index(picker->sieves, i);
        const GArray *kept = g_ptr_array_index(sieve->kept, index);
        if (kept->len > 0) {
            g_array_append_vals(all, kept->data, kept->len);
        }
    }
    g_array_sort(all, compare_picks);
    guint count = MIN(all->len, stratum->quota + stratum->reserves);
    for (guint i = 0; i < count; i++) {
        DrawPick *pick = &g_array_index(all, DrawPick, i);
        pick->is_reserve = i >= stratum->quota;
        pick->is_short = stratum->eligible < stratum->quota;
    }
    if (count > 0) {
        g_array_append_vals(picks, all->data, count);
    }
}

GArray *draw_picker_finish(DrawPicker *picker) {
    if (picker->batch != NULL) {
        hand_over(picker);
    }
    /* The reader helps with what is left. */
    while (picker->queue != NULL) {
        g_autofree Batch *batch = mailbox_take(picker->queue);
        if (batch == NULL) {
            break;
        }
        sieve_batch(g_ptr_array_index(picker->sieves, 0), batch);
    }
    stop_threads(picker);
    GArray *picks = g_array_new(FALSE, FALSE, sizeof(DrawPick));
    for (guint i = 0; i < picker->strata->len; i++) {
        merge_stratum(picker, i, picks);
    }
    g_ptr_array_set_size(picker->sieves, 0);
    picker->batches = 0;
    g_array_sort(picks, compare_results);
    return picks;
}
