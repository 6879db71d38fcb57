/* Keys, tickets and targets: steps 4 and 5 of FSS-DRAW/1. */
#include "draw/draw_rules.h"

#include <string.h>

static bool made_of(const char *text, const char *alphabet, size_t size_max) {
    size_t size = text != NULL ? strlen(text) : 0;
    return size >= 1 && size <= size_max && strspn(text, alphabet) == size;
}

bool draw_id_valid(const char *id) {
    return made_of(id, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-", DRAW_ID_MAX);
}

bool draw_stratum_valid(const char *stratum) {
    return made_of(stratum, "0123456789abcdefghijklmnopqrstuvwxyz_-", 32);
}

static void derive(Digest *digest,
                   const char *label,
                   const uint8_t seed[DIGEST_SIZE],
                   uint8_t ret_key[DIGEST_SIZE]) {
    digest_begin(digest);
    digest_add(digest, label, strlen(label) + 1); /* the NUL belongs to the label */
    digest_add(digest, seed, DIGEST_SIZE);
    digest_end(digest, ret_key);
}

void draw_keys(DigestKind kind,
               const uint8_t commit[DIGEST_SIZE],
               const void *seed,
               size_t seed_size,
               const DrawShare *shares,
               unsigned share_count,
               DrawKeys *ret_keys) {
    static const char label[] = "FSS-SEED/1";
    g_assert(seed_size <= DRAW_SEED_MAX && share_count <= UINT8_MAX);
    g_autoptr(Digest) digest = digest_new(kind);
    digest_begin(digest);
    digest_add(digest, label, sizeof label);
    digest_add(digest, commit, DIGEST_SIZE);
    digest_add(digest, &(uint8_t){(uint8_t)seed_size}, 1);
    digest_add(digest, seed, seed_size);
    digest_add(digest, &(uint8_t){(uint8_t)share_count}, 1);
    for (unsigned i = 0; i < share_count; i++) {
        digest_add(digest, &shares[i].number, 1);
        digest_add(digest, shares[i].bytes, sizeof shares[i].bytes);
    }
    digest_end(digest, ret_keys->seed);
    derive(digest, "FSS-TARGET/1", ret_keys->seed, ret_keys->target);
    derive(digest, "FSS-INSP/1", ret_keys->seed, ret_keys->inspector);
}

void draw_ticket(Digest *digest,
                 const uint8_t target_key[DIGEST_SIZE],
                 const char *id,
                 unsigned weight,
                 uint8_t ret_ticket[DIGEST_SIZE]) {
    size_t id_size = strlen(id);
    g_assert(id_size >= 1 && id_size <= DRAW_ID_MAX && weight >= 1 && weight <= DRAW_WEIGHT_MAX);
    uint8_t message[DIGEST_SIZE + 1 + DRAW_ID_MAX + 2];
    size_t size = DIGEST_SIZE + 1 + id_size + 2;
    memcpy(message, target_key, DIGEST_SIZE);
    message[DIGEST_SIZE] = (uint8_t)id_size;
    memcpy(message + DIGEST_SIZE + 1, id, id_size);
    memset(ret_ticket, 0xff, DIGEST_SIZE);
    for (unsigned j = 0; j < weight; j++) {
        message[size - 2] = (uint8_t)(j >> 8);
        message[size - 1] = (uint8_t)j;
        uint8_t hash[DIGEST_SIZE];
        digest_begin(digest);
        digest_add(digest, message, size);
        digest_end(digest, hash);
        if (memcmp(hash, ret_ticket, DIGEST_SIZE) < 0) {
            memcpy(ret_ticket, hash, DIGEST_SIZE);
        }
    }
}

/* --- picking --------------------------------------------------------------------------------- */

typedef struct Stratum {
    char name[33];
    unsigned quota;
    unsigned reserves;
    uint64_t eligible;
    GArray *kept; /* DrawPick, a heap with the largest (ticket, id) on top */
} Stratum;

struct DrawPicker {
    Digest *digest;
    uint8_t key[DIGEST_SIZE];
    GHashTable *strata; /* name -> Stratum */
};

static void stratum_free(gpointer data) {
    Stratum *stratum = data;
    g_array_unref(stratum->kept);
    g_free(stratum);
}

DrawPicker *draw_picker_new(DigestKind kind, const uint8_t target_key[DIGEST_SIZE]) {
    DrawPicker *picker = g_new0(DrawPicker, 1);
    picker->digest = digest_new(kind);
    memcpy(picker->key, target_key, DIGEST_SIZE);
    picker->strata = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, stratum_free);
    return picker;
}

void draw_picker_free(DrawPicker *picker) {
    if (picker == NULL) {
        return;
    }
    digest_free(picker->digest);
    g_hash_table_unref(picker->strata);
    g_free(picker);
}

void draw_picker_stratum(DrawPicker *picker,
                         const char *stratum,
                         unsigned quota,
                         unsigned reserves) {
    g_assert(draw_stratum_valid(stratum));
    Stratum *made = g_new0(Stratum, 1);
    g_strlcpy(made->name, stratum, sizeof made->name);
    made->quota = quota;
    made->reserves = reserves;
    made->kept = g_array_new(FALSE, FALSE, sizeof(DrawPick));
    g_hash_table_replace(picker->strata, made->name, made);
}

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

void draw_picker_add(DrawPicker *picker,
                     const char *id,
                     const char *stratum_name,
                     const char *district,
                     unsigned weight) {
    Stratum *stratum = g_hash_table_lookup(picker->strata, stratum_name);
    if (weight == 0 || stratum == NULL) {
        return;
    }
    stratum->eligible++;
    guint keep = stratum->quota + stratum->reserves;
    if (keep == 0) {
        return;
    }
    DrawPick pick = {0};
    g_strlcpy(pick.id, id, sizeof pick.id);
    g_strlcpy(pick.district, district, sizeof pick.district);
    g_strlcpy(pick.stratum, stratum->name, sizeof pick.stratum);
    draw_ticket(picker->digest, picker->key, id, weight, pick.ticket);
    if (stratum->kept->len < keep) {
        g_array_append_val(stratum->kept, pick);
        sift_up(stratum->kept, stratum->kept->len - 1);
        return;
    }
    DrawPick *largest = &g_array_index(stratum->kept, DrawPick, 0);
    if (compare_picks(&pick, largest) < 0) {
        *largest = pick;
        sift_down(stratum->kept);
    }
}

uint64_t draw_picker_eligible(const DrawPicker *picker, const char *stratum) {
    const Stratum *found = g_hash_table_lookup(picker->strata, stratum);
    return found != NULL ? found->eligible : 0;
}

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

GArray *draw_picker_finish(DrawPicker *picker) {
    GArray *picks = g_array_new(FALSE, FALSE, sizeof(DrawPick));
    GHashTableIter each;
    gpointer value;
    g_hash_table_iter_init(&each, picker->strata);
    while (g_hash_table_iter_next(&each, NULL, &value)) {
        Stratum *stratum = value;
        g_array_sort(stratum->kept, compare_picks);
        for (guint i = 0; i < stratum->kept->len; i++) {
            DrawPick *pick = &g_array_index(stratum->kept, DrawPick, i);
            pick->is_reserve = i >= stratum->quota;
            pick->is_short = stratum->eligible < stratum->quota;
        }
        g_array_append_vals(picks, stratum->kept->data, stratum->kept->len);
        g_array_set_size(stratum->kept, 0);
    }
    g_array_sort(picks, compare_results);
    return picks;
}
