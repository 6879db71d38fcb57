/*
 * The draw's two costly steps, timed alone: bench/draw.py runs it beside PostgreSQL.
 *
 *   draw_speed tickets sha256|sm3 UNITS [WIDTH]   the 10,000 smallest of UNITS units, weights 1, 2,
 * 4, 8 draw_speed assign sha256|sm3 TARGETS OFFICERS two officers for each target, 4 districts
 *
 * Prints one line of JSON. WIDTH: registers of at most that many lanes (16, 8, 4).
 */
#include "base/digest_many.h"
#include "draw/draw_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PICKED 10000

typedef struct Unit {
    char id[19];
    uint8_t weight;
} Unit;

static int tickets(DigestKind kind, size_t count) {
    g_autofree Unit *units = g_new(Unit, count);
    for (size_t i = 0; i < count; i++) {
        g_snprintf(units[i].id, sizeof units[i].id, "9144030%011zu", i);
        units[i].weight = (uint8_t)(1 << i % 4);
    }
    const uint8_t key[DIGEST_SIZE] = {0x11};
    int64_t started = g_get_monotonic_time();
    g_autoptr(DrawPicker) picker = draw_picker_new(kind, key);
    draw_picker_stratum(picker, "all", PICKED, 0);
    for (size_t i = 0; i < count; i++) {
        draw_picker_add(picker, units[i].id, "all", "500103", units[i].weight);
    }
    g_autoptr(GArray) picks = draw_picker_finish(picker);
    double seconds = (double)(g_get_monotonic_time() - started) / 1e6;
    const DrawPick *first = &g_array_index(picks, DrawPick, 0);
    printf("{\"seconds\": %.4f, \"lanes\": %u, \"picked\": %u, \"first\": \"%s\"}\n",
           seconds,
           digest_many_width(),
           picks->len,
           first->id);
    return 0;
}

static int assign(DigestKind kind, size_t targets, size_t officers) {
    static const char *const districts[] = {"500101", "500102", "500103", "500104"};
    char(*ids)[DRAW_ID_MAX + 1] = g_malloc_n(targets + officers, sizeof *ids);
    g_autofree DrawTarget *wanted = g_new0(DrawTarget, targets);
    g_autofree DrawInspector *people = g_new0(DrawInspector, officers);
    for (size_t i = 0; i < targets; i++) {
        g_snprintf(ids[i], sizeof ids[i], "9144030%011zu", i);
        wanted[i] = (DrawTarget){ids[i], districts[i % 4]};
    }
    for (size_t i = 0; i < officers; i++) {
        char *id = ids[targets + i];
        g_snprintf(id, sizeof ids[0], "ZF%06zu", i);
        people[i] = (DrawInspector){.id = id,
                                    .district = districts[i % 4],
                                    .valid_to = "2030-12-31",
                                    .is_lead = i / 4 % 4 == 0,
                                    .load = (int64_t)(i % 3),
                                    .cap = 1000};
    }
    DrawAssignInput input = {.kind = kind,
                             .inspector_key = {0x22},
                             .targets = wanted,
                             .target_count = targets,
                             .inspectors = people,
                             .inspector_count = officers,
                             .date_to = "2026-12-31",
                             .rungs = {DRAW_RUNG_SAME},
                             .rung_count = 1};
    int64_t started = g_get_monotonic_time();
    g_auto(DrawAssignment) made = {0};
    draw_assign(&input, &made);
    double seconds = (double)(g_get_monotonic_time() - started) / 1e6;
    printf("{\"seconds\": %.4f, \"lanes\": %u, \"staffed\": %zu, \"level\": %d}\n",
           seconds,
           digest_many_width(),
           (size_t)made.staffed,
           (int)made.level);
    g_free(ids);
    return 0;
}

static size_t number(const char *text) {
    guint64 number = 0;
    g_autoptr(GError) error = NULL;
    if (!g_ascii_string_to_unsigned(text, 10, 0, 1000000000, &number, &error)) {
        g_error("%s: %s", text, error->message);
    }
    return (size_t)number;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: draw_speed tickets|assign sha256|sm3 NUMBER [NUMBER]\n");
        return 2;
    }
    DigestKind kind = strcmp(argv[2], "sm3") == 0 ? DIGEST_SM3 : DIGEST_SHA256;
    size_t first = number(argv[3]);
    size_t second = argc > 4 ? number(argv[4]) : 0;
    if (strcmp(argv[1], "assign") == 0) {
        return assign(kind, first, second);
    }
    digest_many_limit((unsigned)second);
    return tickets(kind, first);
}
