/* A whole pool through batches and threads, against the plainest way: hash, sort, cut. */
#include "base/digest_many.h"
#include "draw/draw_rules.h"

#include <string.h>

#define STRATA 3

static const char *const strata[STRATA] = {"hotel", "school", "ktv"};
static const unsigned quotas[STRATA] = {40, 7, 0};
static const unsigned reserves[STRATA] = {11, 0, 5};

typedef struct Line {
    char id[DRAW_ID_MAX + 1];
    unsigned weight;
    const char *stratum;
} Line;

static Line make_line(unsigned i) {
    Line line = {.weight = i % 7 == 0 ? 0 : 1 + i % 9, .stratum = strata[i % 5 % STRATA]};
    /* Ids of different length, up to the longest. */
    g_snprintf(line.id, sizeof line.id, i % 3 == 0 ? "U%u" : "9144030%013u", i);
    if (i % 1000 == 999) {
        line.weight = DRAW_WEIGHT_MAX;
    }
    return line;
}

static int compare_picks(gconstpointer left, gconstpointer right) {
    const DrawPick *a = left;
    const DrawPick *b = right;
    int order = memcmp(a->ticket, b->ticket, DIGEST_SIZE);
    return order != 0 ? order : strcmp(a->id, b->id);
}

/* All eligible lines of a stratum with their tickets, sorted. */
static GArray *
plain_order(DigestKind kind, const uint8_t *key, const char *stratum, unsigned lines) {
    g_autoptr(Digest) digest = digest_new(kind);
    GArray *picks = g_array_new(FALSE, TRUE, sizeof(DrawPick));
    for (unsigned i = 0; i < lines; i++) {
        Line line = make_line(i);
        if (line.weight > 0 && strcmp(line.stratum, stratum) == 0) {
            DrawPick pick = {0};
            g_strlcpy(pick.id, line.id, sizeof pick.id);
            draw_ticket(digest, key, line.id, line.weight, pick.ticket);
            g_array_append_val(picks, pick);
        }
    }
    g_array_sort(picks, compare_picks);
    return picks;
}

static GArray *pick(DigestKind kind, const uint8_t *key, unsigned lines, DrawPicker **ret_picker) {
    DrawPicker *picker = draw_picker_new(kind, key);
    for (unsigned i = 0; i < STRATA; i++) {
        draw_picker_stratum(picker, strata[i], quotas[i], reserves[i]);
    }
    for (unsigned i = 0; i < lines; i++) {
        Line line = make_line(i);
        draw_picker_add(picker, line.id, line.stratum, "500103", line.weight);
    }
    *ret_picker = picker;
    return draw_picker_finish(picker);
}

static void check_pool(DigestKind kind, unsigned lines) {
    const uint8_t key[DIGEST_SIZE] = {0x5a, (uint8_t)lines};
    g_autoptr(DrawPicker) picker = NULL;
    g_autoptr(GArray) picks = pick(kind, key, lines, &picker);
    guint found[STRATA][2] = {0};
    for (unsigned s = 0; s < STRATA; s++) {
        g_autoptr(GArray) plain = plain_order(kind, key, strata[s], lines);
        g_assert_cmpuint(draw_picker_eligible(picker, strata[s]), ==, plain->len);
        for (guint i = 0; i < picks->len; i++) {
            const DrawPick *made = &g_array_index(picks, DrawPick, i);
            if (strcmp(made->stratum, strata[s]) != 0) {
                continue;
            }
            guint place = found[s][made->is_reserve]++ + (made->is_reserve ? quotas[s] : 0);
            const DrawPick *wanted = &g_array_index(plain, DrawPick, place);
            g_assert_cmpstr(made->id, ==, wanted->id);
            g_assert_cmpmem(made->ticket, DIGEST_SIZE, wanted->ticket, DIGEST_SIZE);
        }
        g_assert_cmpuint(found[s][0], ==, MIN(quotas[s], plain->len));
        guint rest = plain->len - found[s][0];
        g_assert_cmpuint(found[s][1], ==, MIN(reserves[s], rest));
    }
}

/* Below one batch, one batch exactly, before threads start, and with threads. */
static void test_sizes(void) {
    const unsigned sizes[] = {0, 1, 5, 60, 1024, 1195, 1196, 9000, 60000};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        check_pool(DIGEST_SHA256, sizes[i]);
        check_pool(DIGEST_SM3, sizes[i]);
    }
}

static void test_widths(void) {
    for (unsigned width = 4; width <= 16; width *= 2) {
        digest_many_limit(width);
        check_pool(DIGEST_SM3, 12000);
        check_pool(DIGEST_SHA256, 12000);
    }
    digest_many_limit(0);
}

/* Reading a pool can fail in the middle: the threads end, nothing is left (seen by ASan). */
static void test_given_up(void) {
    const uint8_t key[DIGEST_SIZE] = {1};
    DrawPicker *picker = draw_picker_new(DIGEST_SM3, key);
    draw_picker_stratum(picker, "hotel", 10, 0);
    for (unsigned i = 0; i < 30000; i++) {
        Line line = make_line(i);
        draw_picker_add(picker, line.id, "hotel", "500103", line.weight);
    }
    g_assert_cmpuint(draw_picker_eligible(picker, "hotel"), >, 20000);
    draw_picker_free(picker);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/draw/pick/any-size-equals-the-plain-way", test_sizes);
    g_test_add_func("/draw/pick/any-register-width-gives-the-same", test_widths);
    g_test_add_func("/draw/pick/giving-up-in-the-middle-ends-the-threads", test_given_up);
    return g_test_run();
}
