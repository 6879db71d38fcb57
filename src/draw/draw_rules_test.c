/*
 * FSS-DRAW/1 against its published vectors, against a plain transcription of step 6, against an
 * independent maximum flow, and against what must not change a draw.
 */
#include "draw/draw_beacon.h"
#include "draw/draw_forecast.h"
#include "draw/draw_rules.h"

#include <stdlib.h>
#include <string.h>

/* --- the published vectors (docs/draw-format.md) --------------------------------------------- */

#define UNITS 60
#define INSPECTORS 12

typedef struct Vector {
    DigestKind kind;
    const char *seed_key;
    const char *target_key;
    int64_t level;
    int units[8];
    int lead[8];
    int second[8];
} Vector;

static const Vector vectors[] = {
    {DIGEST_SM3,
     "08c60e7f9d521e775666e89a8629e47b2dbcbe52bd2c2606d288beb03b0eb3db",
     "b80c3787bf874f37c85eb3cfd8c9706ca29da8e534a7d05fed8969cadae24e62",
     5,
     {58, 21, 10, 3, 19, 2, 46, 24},
     {4, 0, 4, 0, 4, 8, 4, 0},
     {1, 9, 10, 9, 10, 11, 1, 3}},
    {DIGEST_SHA256,
     "18891641c6d928bfbd389c1da744c98385c976805522d9b927183e6b3e5b8be0",
     "7c4373128fc0d846920d465034500be49bc1211cb9e4133ea1af1cc61697224c",
     5,
     {35, 23, 59, 19, 58, 54, 51, 55},
     {8, 8, 8, 4, 4, 0, 0, 4},
     {2, 5, 5, 1, 1, 9, 9, 10}},
};

static void vector_keys(DigestKind kind, DrawKeys *ret_keys) {
    uint8_t commit[DIGEST_SIZE];
    uint8_t seed[DIGEST_SIZE];
    memset(commit, 0x11, sizeof commit);
    memset(seed, 0x22, sizeof seed);
    draw_keys(kind, commit, seed, sizeof seed, NULL, 0, ret_keys);
}

static char *unit_id(int number) {
    return g_strdup_printf("9144030%011d", number);
}

static GArray *vector_picks(DigestKind kind, unsigned quota, unsigned reserves, int step) {
    static const char *const districts[] = {"0", "1", "2"};
    DrawKeys keys;
    vector_keys(kind, &keys);
    g_autoptr(DrawPicker) picker = draw_picker_new(kind, keys.target);
    draw_picker_stratum(picker, "all", quota, reserves);
    for (int n = 0; n < UNITS; n++) {
        int i = n * step % UNITS;
        g_autofree char *id = unit_id(i);
        draw_picker_add(picker, id, "all", districts[i % 3], 1u << (i % 4));
    }
    return draw_picker_finish(picker);
}

static void check_vector(const Vector *vector) {
    static const char *const districts[] = {"0", "1", "2"};
    DrawKeys keys;
    vector_keys(vector->kind, &keys);
    g_autofree char *seed_key = hex_format(keys.seed, DIGEST_SIZE);
    g_autofree char *target_key = hex_format(keys.target, DIGEST_SIZE);
    g_assert_cmpstr(seed_key, ==, vector->seed_key);
    g_assert_cmpstr(target_key, ==, vector->target_key);

    g_autoptr(GArray) picks = vector_picks(vector->kind, 8, 0, 1);
    g_assert_cmpuint(picks->len, ==, 8);
    DrawTarget targets[8];
    for (guint i = 0; i < 8; i++) {
        const DrawPick *pick = &g_array_index(picks, DrawPick, i);
        g_autofree char *expected = unit_id(vector->units[i]);
        g_assert_cmpstr(pick->id, ==, expected);
        targets[i] = (DrawTarget){pick->id, pick->district};
    }
    char ids[INSPECTORS][16];
    DrawInspector inspectors[INSPECTORS];
    for (int i = 0; i < INSPECTORS; i++) {
        g_snprintf(ids[i], sizeof ids[i], "ZF%06d", i);
        inspectors[i] = (DrawInspector){.id = ids[i],
                                        .district = districts[i % 3],
                                        .valid_to = i % 7 == 6 ? "2026-01-01" : "2027-01-01",
                                        .is_lead = i % 4 == 0,
                                        .load = i % 3,
                                        .cap = 1000};
    }
    g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GArray) denied = g_array_new(FALSE, FALSE, sizeof(DrawPair));
    for (int unit = 0; unit < UNITS; unit++) {
        char *id = unit_id(unit);
        g_ptr_array_add(texts, id);
        for (int i = 0; i < INSPECTORS; i++) {
            if ((unit + i) % 11 == 0) {
                DrawPair pair = {id, ids[i]};
                g_array_append_val(denied, pair);
            }
        }
    }
    DrawAssignInput input = {.kind = vector->kind,
                             .targets = targets,
                             .target_count = 8,
                             .inspectors = inspectors,
                             .inspector_count = INSPECTORS,
                             .denied = (const DrawPair *)(void *)denied->data,
                             .denied_count = denied->len,
                             .date_to = "2026-12-31",
                             .rungs = {DRAW_RUNG_SAME},
                             .rung_count = 1};
    memcpy(input.inspector_key, keys.inspector, DIGEST_SIZE);
    g_auto(DrawAssignment) made = {0};
    draw_assign(&input, &made);
    g_assert_cmpint(made.level, ==, vector->level);
    g_assert_cmpuint(made.staffed, ==, 8);
    for (int i = 0; i < 8; i++) {
        g_assert_cmpint(made.teams[i].lead, ==, vector->lead[i]);
        g_assert_cmpint(made.teams[i].second, ==, vector->second[i]);
    }
}

static void test_vectors(void) {
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        check_vector(&vectors[i]);
    }
}

/* The line that a person gets with printf, xxd and openssl dgst -sm3. */
static void test_by_hand(void) {
    DrawKeys keys;
    vector_keys(DIGEST_SM3, &keys);
    g_autofree char *id = unit_id(58);
    g_autoptr(Digest) digest = digest_new(DIGEST_SM3);
    uint8_t ticket[DIGEST_SIZE];
    draw_ticket(digest, keys.target, id, 1u << (58 % 4), ticket);
    g_autofree char *hex = hex_format(ticket, DIGEST_SIZE);
    g_assert_cmpstr(hex, ==, "0208dbec371f9b96a15954a3ef5631d2faeec2903521f8a97b01dd5f28f7b2e7");
}

/* --- what must not change a draw ------------------------------------------------------------- */

static void assert_same(const GArray *a, const GArray *b, guint count) {
    for (guint i = 0; i < count; i++) {
        const DrawPick *x = &g_array_index(a, DrawPick, i);
        const DrawPick *y = &g_array_index(b, DrawPick, i);
        g_assert_cmpstr(x->id, ==, y->id);
        g_assert_cmpmem(x->ticket, DIGEST_SIZE, y->ticket, DIGEST_SIZE);
    }
}

/* Steps prime to 60 walk the pool in another order. */
static void test_order(void) {
    g_autoptr(GArray) straight = vector_picks(DIGEST_SM3, 8, 4, 1);
    g_autoptr(GArray) crossed = vector_picks(DIGEST_SM3, 8, 4, 37);
    g_assert_cmpuint(straight->len, ==, 12);
    g_assert_cmpuint(crossed->len, ==, 12);
    assert_same(straight, crossed, 12);
}

/* Drawing more keeps the first ones; reserves are simply the next ones. */
static void test_prefix(void) {
    g_autoptr(GArray) whole = vector_picks(DIGEST_SM3, UNITS, 0, 1);
    for (unsigned quota = 0; quota < UNITS; quota++) {
        g_autoptr(GArray) some = vector_picks(DIGEST_SM3, quota, 1, 1);
        g_assert_cmpuint(some->len, ==, quota + 1);
        assert_same(whole, some, quota + 1);
        g_assert_true(g_array_index(some, DrawPick, quota).is_reserve);
    }
}

/* Those of a smaller pool come in the same order as in the larger one. */
static void test_subset(void) {
    DrawKeys keys;
    vector_keys(DIGEST_SM3, &keys);
    g_autoptr(GArray) whole = vector_picks(DIGEST_SM3, UNITS, 0, 1);
    g_autoptr(DrawPicker) picker = draw_picker_new(DIGEST_SM3, keys.target);
    draw_picker_stratum(picker, "all", UNITS, 0);
    for (int i = 0; i < UNITS; i += 3) {
        g_autofree char *id = unit_id(i);
        draw_picker_add(picker, id, "all", "0", 1u << (i % 4));
    }
    g_autoptr(GArray) some = draw_picker_finish(picker);
    g_assert_cmpuint(some->len, ==, UNITS / 3);
    guint next = 0;
    for (guint i = 0; i < whole->len && next < some->len; i++) {
        if (strcmp(g_array_index(whole, DrawPick, i).id, g_array_index(some, DrawPick, next).id) ==
            0) {
            next++;
        }
    }
    g_assert_cmpuint(next, ==, some->len);
    g_assert_true(g_array_index(some, DrawPick, 0).is_short);
}

static void test_one_byte(void) {
    uint8_t commit[DIGEST_SIZE] = {0};
    DrawShare share = {.number = 1};
    DrawKeys plain;
    DrawKeys other;
    draw_keys(DIGEST_SM3, commit, "seed", 4, NULL, 0, &plain);
    draw_keys(DIGEST_SM3, commit, "sees", 4, NULL, 0, &other);
    g_assert_cmpint(memcmp(plain.target, other.target, DIGEST_SIZE), !=, 0);
    draw_keys(DIGEST_SM3, commit, "seed", 4, &share, 1, &other);
    g_assert_cmpint(memcmp(plain.target, other.target, DIGEST_SIZE), !=, 0);
    commit[31] = 1;
    draw_keys(DIGEST_SM3, commit, "seed", 4, NULL, 0, &other);
    g_assert_cmpint(memcmp(plain.target, other.target, DIGEST_SIZE), !=, 0);
    g_assert_cmpint(memcmp(plain.inspector, plain.target, DIGEST_SIZE), !=, 0);
}

static void test_strata(void) {
    DrawKeys keys;
    vector_keys(DIGEST_SM3, &keys);
    g_autoptr(DrawPicker) picker = draw_picker_new(DIGEST_SM3, keys.target);
    draw_picker_stratum(picker, "b", 2, 2);
    draw_picker_stratum(picker, "a", 3, 1);
    draw_picker_stratum(picker, "few", 5, 5);
    for (int i = 0; i < UNITS; i++) {
        g_autofree char *id = unit_id(i);
        const char *stratum = i < 2 ? "few" : i % 2 == 0 ? "a" : "b";
        draw_picker_add(picker, id, stratum, "0", i % 5 == 4 ? 0 : 2);
        draw_picker_add(picker, "X", "without-quota", "0", 1);
    }
    g_assert_cmpuint(draw_picker_eligible(picker, "few"), ==, 2);
    g_autoptr(GArray) picks = draw_picker_finish(picker);
    g_assert_cmpuint(picks->len, ==, 2 + 3 + 2 + 1 + 2);
    unsigned drawn = 0;
    for (guint i = 0; i < picks->len; i++) {
        const DrawPick *pick = &g_array_index(picks, DrawPick, i);
        g_assert_true(pick->is_short == (strcmp(pick->stratum, "few") == 0));
        g_assert_true(pick->is_reserve == (i >= 7));
        drawn += pick->is_reserve ? 0 : 1;
        if (i > 0 && i < 7) {
            g_assert_cmpint(
                memcmp(g_array_index(picks, DrawPick, i - 1).ticket, pick->ticket, 32), <, 0);
        }
    }
    g_assert_cmpuint(drawn, ==, 7);
    g_assert_cmpstr(g_array_index(picks, DrawPick, 7).stratum, ==, "a");
    g_assert_cmpstr(g_array_index(picks, DrawPick, 8).stratum, ==, "b");
}

/* Heavier objects are drawn more often, as often as their weight says for the first place. */
static void test_weights(void) {
    unsigned heavy_first = 0;
    const unsigned rounds = 4000;
    for (unsigned round = 0; round < rounds; round++) {
        DrawKeys keys;
        uint8_t commit[DIGEST_SIZE] = {0};
        draw_keys(DIGEST_SHA256, commit, &round, sizeof round, NULL, 0, &keys);
        g_autoptr(DrawPicker) picker = draw_picker_new(DIGEST_SHA256, keys.target);
        draw_picker_stratum(picker, "s", 1, 0);
        draw_picker_add(picker, "HEAVY", "s", "0", 8);
        draw_picker_add(picker, "L1", "s", "0", 1);
        draw_picker_add(picker, "L2", "s", "0", 1);
        g_autoptr(GArray) picks = draw_picker_finish(picker);
        heavy_first += strcmp(g_array_index(picks, DrawPick, 0).id, "HEAVY") == 0 ? 1 : 0;
    }
    /* Expected 3,200; five standard deviations are 127. The seeds are fixed. */
    g_assert_cmpuint(heavy_first, >, 3200 - 127);
    g_assert_cmpuint(heavy_first, <, 3200 + 127);
}

static void test_tokens(void) {
    g_assert_true(draw_id_valid("U123"));
    g_assert_true(draw_id_valid("91440300-_0000000000"));
    g_assert_false(draw_id_valid("914403000000000000000"));
    g_assert_false(draw_id_valid("u1"));
    g_assert_false(draw_id_valid(""));
    g_assert_false(draw_id_valid("U1\t"));
    g_assert_true(draw_stratum_valid("old-people_1"));
    g_assert_false(draw_stratum_valid("Old"));
    g_assert_false(draw_stratum_valid("a b"));
}

/* --- officers: random small cases ------------------------------------------------------------ */

#define MAX_TARGETS 9
#define MAX_PEOPLE 9

typedef struct Case {
    DrawAssignInput input;
    char target_ids[MAX_TARGETS][8];
    char people_ids[MAX_PEOPLE][8];
    DrawTarget targets[MAX_TARGETS];
    DrawInspector people[MAX_PEOPLE];
    DrawPair denied[MAX_TARGETS * MAX_PEOPLE];
} Case;

static const char *const case_districts[] = {"500101", "500102", "500103"};
static const DrawPair case_neighbours[] = {{"500101", "500102"}, {"500102", "500101"}};

static void make_case(GRand *random, Case *made) {
    int targets = g_rand_int_range(random, 1, MAX_TARGETS + 1);
    int people = g_rand_int_range(random, 0, MAX_PEOPLE + 1);
    int denial = g_rand_int_range(random, 0, 60);
    int districts = g_rand_int_range(random, 1, 4);
    size_t denied = 0;
    for (int p = 0; p < people; p++) {
        g_snprintf(made->people_ids[p], sizeof made->people_ids[p], "F%02d", p);
        made->people[p] = (DrawInspector){
            .id = made->people_ids[p],
            .district = case_districts[g_rand_int_range(random, 0, districts)],
            .valid_to = g_rand_int_range(random, 0, 8) == 0 ? "2026-06-30" : "2027-06-30",
            .is_lead = g_rand_int_range(random, 0, 5) < 2,
            .load = g_rand_int_range(random, 0, 6),
            .cap = g_rand_int_range(random, 0, 6)};
    }
    for (int t = 0; t < targets; t++) {
        g_snprintf(made->target_ids[t], sizeof made->target_ids[t], "U%02d", t);
        made->targets[t] = (DrawTarget){made->target_ids[t],
                                        case_districts[g_rand_int_range(random, 0, districts)]};
        for (int p = 0; p < people; p++) {
            if (g_rand_int_range(random, 0, 100) < denial) {
                made->denied[denied++] = (DrawPair){made->target_ids[t], made->people_ids[p]};
            }
        }
    }
    made->input = (DrawAssignInput){.kind = DIGEST_SHA256,
                                    .targets = made->targets,
                                    .target_count = (size_t)targets,
                                    .inspectors = made->people,
                                    .inspector_count = (size_t)people,
                                    .denied = made->denied,
                                    .denied_count = denied,
                                    .neighbours = case_neighbours,
                                    .neighbour_count = G_N_ELEMENTS(case_neighbours),
                                    .date_to = "2026-12-31"};
    made->input.rung_count = (unsigned)g_rand_int_range(random, 1, 4);
    for (unsigned r = 0; r < made->input.rung_count; r++) {
        made->input.rungs[r] = (DrawRung)r;
    }
    for (int b = 0; b < DIGEST_SIZE; b++) {
        made->input.inspector_key[b] = (uint8_t)g_rand_int_range(random, 0, 256);
    }
}

static bool case_allows(const DrawAssignInput *input, DrawRung rung, size_t t, size_t p) {
    const DrawTarget *target = &input->targets[t];
    const DrawInspector *person = &input->inspectors[p];
    for (size_t d = 0; d < input->denied_count; d++) {
        if (strcmp(input->denied[d].first, target->id) == 0 &&
            strcmp(input->denied[d].second, person->id) == 0) {
            return false;
        }
    }
    bool is_near = rung == DRAW_RUNG_ANY || strcmp(target->district, person->district) == 0;
    for (size_t n = 0; rung == DRAW_RUNG_ADJACENT && n < input->neighbour_count; n++) {
        is_near |= strcmp(input->neighbours[n].first, target->district) == 0 &&
                   strcmp(input->neighbours[n].second, person->district) == 0;
    }
    return is_near && strcmp(person->valid_to, input->date_to) >= 0;
}

/* --- an independent maximum flow (Edmonds-Karp on a capacity matrix) -------------------------- */

#define NODES (2 + 2 * MAX_TARGETS + MAX_PEOPLE)
#define SOURCE 0
#define SINK 1
#define TARGET(t) (2 + (t))
#define ASIDE(t) (2 + MAX_TARGETS + (t)) /* the one place of a target that needs no lead */
#define PERSON(p) (2 + 2 * MAX_TARGETS + (p))

static int push_path(int capacity[NODES][NODES]) {
    int from[NODES];
    int queue[NODES];
    int head = 0;
    int tail = 0;
    memset(from, 0xff, sizeof from);
    from[SOURCE] = SOURCE;
    queue[tail++] = SOURCE;
    while (head < tail && from[SINK] < 0) {
        int node = queue[head++];
        for (int next = 0; next < NODES; next++) {
            if (from[next] < 0 && capacity[node][next] > 0) {
                from[next] = node;
                queue[tail++] = next;
            }
        }
    }
    if (from[SINK] < 0) {
        return 0;
    }
    for (int node = SINK; node != SOURCE; node = from[node]) {
        capacity[from[node]][node]--;
        capacity[node][from[node]]++;
    }
    return 1;
}

static size_t oracle_flow(const DrawAssignInput *input, DrawRung rung, int64_t level) {
    int capacity[NODES][NODES] = {{0}};
    for (size_t t = 0; t < input->target_count; t++) {
        capacity[SOURCE][TARGET(t)] = 2;
        capacity[TARGET(t)][ASIDE(t)] = 1;
        for (size_t p = 0; p < input->inspector_count; p++) {
            if (case_allows(input, rung, t, p)) {
                int node = input->inspectors[p].is_lead ? (int)TARGET(t) : (int)ASIDE(t);
                capacity[node][PERSON(p)] = 1;
            }
        }
    }
    for (size_t p = 0; p < input->inspector_count; p++) {
        int64_t room = MAX(0, level - input->inspectors[p].load);
        capacity[PERSON(p)][SINK] = (int)MIN(room, input->inspectors[p].cap);
    }
    size_t flow = 0;
    while (push_path(capacity) == 1) {
        flow++;
    }
    return flow;
}

/* Does the answer keep every rule that can be read off it? */
static void check_rules(const DrawAssignInput *input, const DrawAssignment *made) {
    DrawRung rung = input->rungs[made->rung - 1];
    int64_t used[MAX_PEOPLE] = {0};
    size_t staffed = 0;
    for (size_t t = 0; t < input->target_count; t++) {
        DrawTeam team = made->teams[t];
        if (team.lead == DRAW_NOBODY) {
            g_assert_cmpint(team.second, ==, DRAW_NOBODY);
            continue;
        }
        staffed++;
        g_assert_cmpint(team.lead, !=, team.second);
        g_assert_true(input->inspectors[team.lead].is_lead);
        g_assert_true(case_allows(input, rung, t, (size_t)team.lead));
        g_assert_true(case_allows(input, rung, t, (size_t)team.second));
        used[team.lead]++;
        used[team.second]++;
    }
    g_assert_cmpuint(staffed, ==, made->staffed);
    for (size_t p = 0; p < input->inspector_count; p++) {
        g_assert_cmpint(used[p], <=, input->inspectors[p].cap);
        if (used[p] > 0) {
            g_assert_cmpint(used[p] + input->inspectors[p].load, <=, made->level);
        }
    }
}

/* --- step 6 once more, as plainly as it is written ------------------------------------------- */

typedef struct Plain {
    const DrawAssignInput *input;
    int candidates[MAX_TARGETS][MAX_PEOPLE];
    int counts[MAX_TARGETS];
    bool held[MAX_TARGETS][MAX_PEOPLE];
} Plain;

static void plain_hash(const DrawAssignInput *input, size_t t, int p, uint8_t ret_hash[32]) {
    g_autoptr(GByteArray) message = g_byte_array_new();
    const char *texts[] = {input->targets[t].id, input->inspectors[p].id};
    g_byte_array_append(message, input->inspector_key, DIGEST_SIZE);
    for (int i = 0; i < 2; i++) {
        uint8_t size = (uint8_t)strlen(texts[i]);
        g_byte_array_append(message, &size, 1);
        g_byte_array_append(message, (const guint8 *)texts[i], size);
    }
    digest_of(input->kind, message->data, message->len, ret_hash);
}

static void plain_candidates(Plain *plain, DrawRung rung) {
    const DrawAssignInput *input = plain->input;
    for (size_t t = 0; t < input->target_count; t++) {
        uint8_t hashes[MAX_PEOPLE][32];
        int *list = plain->candidates[t];
        int count = 0;
        for (size_t p = 0; p < input->inspector_count; p++) {
            if (!case_allows(input, rung, t, p)) {
                continue;
            }
            plain_hash(input, t, (int)p, hashes[p]);
            int at = count++;
            for (; at > 0 && memcmp(hashes[p], hashes[list[at - 1]], 32) < 0; at--) {
                list[at] = list[at - 1];
            }
            list[at] = (int)p;
        }
        plain->counts[t] = count;
    }
}

static bool plain_free_of_nonlead(const Plain *plain, int t) {
    for (size_t p = 0; p < plain->input->inspector_count; p++) {
        if (plain->held[t][p] && !plain->input->inspectors[p].is_lead) {
            return false;
        }
    }
    return true;
}

static bool plain_augment(Plain *plain, int root, int64_t level) {
    const DrawAssignInput *input = plain->input;
    int queue[2 * MAX_TARGETS][2];
    int given[MAX_TARGETS][2];
    bool queued[MAX_TARGETS][2] = {{false}};
    int parent[MAX_PEOPLE][2];
    bool visited[MAX_PEOPLE] = {false};
    int head = 0;
    int tail = 0;
    int flag = plain_free_of_nonlead(plain, root);
    queue[tail][0] = root;
    queue[tail++][1] = flag;
    queued[root][flag] = true;
    given[root][flag] = -1;
    while (head < tail) {
        int s = queue[head][0];
        int f = queue[head++][1];
        for (int c = 0; c < plain->counts[s]; c++) {
            int i = plain->candidates[s][c];
            bool i_leads = input->inspectors[i].is_lead;
            if (plain->held[s][i] || (f == 0 && !i_leads) || visited[i]) {
                continue;
            }
            visited[i] = true;
            parent[i][0] = s;
            parent[i][1] = f;
            int64_t load = 0;
            for (size_t t = 0; t < input->target_count; t++) {
                load += plain->held[t][i] ? 1 : 0;
            }
            int64_t room = MIN(input->inspectors[i].cap, MAX(0, level - input->inspectors[i].load));
            if (load < room) {
                for (;;) {
                    s = parent[i][0];
                    f = parent[i][1];
                    plain->held[s][i] = true;
                    int g = given[s][f];
                    if (g < 0) {
                        return true;
                    }
                    plain->held[s][g] = false;
                    i = g;
                }
            }
            for (int t = 0; t < (int)input->target_count; t++) {
                int next = !i_leads || plain_free_of_nonlead(plain, t);
                if (!plain->held[t][i] || queued[t][next] || (next == 0 && queued[t][1])) {
                    continue;
                }
                queued[t][next] = true;
                given[t][next] = i;
                queue[tail][0] = t;
                queue[tail++][1] = next;
            }
        }
    }
    return false;
}

static size_t plain_flow(Plain *plain, int64_t level) {
    memset(plain->held, 0, sizeof plain->held);
    size_t flow = 0;
    for (int round = 0; round < 2; round++) {
        for (int t = 0; t < (int)plain->input->target_count; t++) {
            flow += plain_augment(plain, t, level) ? 1 : 0;
        }
    }
    return flow;
}

/* Least bound by counting up from zero. */
static size_t plain_assign(Plain *plain, int64_t *ret_level, unsigned *ret_rung) {
    const DrawAssignInput *input = plain->input;
    size_t flow = 0;
    for (unsigned rung = 0; rung < input->rung_count; rung++) {
        plain_candidates(plain, input->rungs[rung]);
        size_t best = plain_flow(plain, 1000);
        int64_t level = 0;
        while (plain_flow(plain, level) != best) {
            level++;
        }
        flow = best;
        *ret_level = level;
        *ret_rung = rung + 1;
        if (flow == 2 * input->target_count) {
            break;
        }
    }
    return flow;
}

static void compare_with_plain(const DrawAssignInput *input, const DrawAssignment *made) {
    Plain plain = {.input = input};
    int64_t level = 0;
    unsigned rung = 0;
    size_t flow = plain_assign(&plain, &level, &rung);
    g_assert_cmpuint(made->flow, ==, flow);
    g_assert_cmpint(made->level, ==, level);
    g_assert_cmpuint(made->rung, ==, rung);
    for (size_t t = 0; t < input->target_count; t++) {
        DrawTeam team = made->teams[t];
        int held = 0;
        for (size_t p = 0; p < input->inspector_count; p++) {
            held += plain.held[t][p] ? 1 : 0;
        }
        g_assert_true((held == 2) == (team.lead != DRAW_NOBODY));
        if (held == 2) {
            g_assert_true(plain.held[t][team.lead] && plain.held[t][team.second]);
            uint8_t lead[32];
            uint8_t second[32];
            plain_hash(input, t, team.lead, lead);
            plain_hash(input, t, team.second, second);
            g_assert_true(!input->inspectors[team.second].is_lead || memcmp(lead, second, 32) < 0);
        }
    }
}

static void test_random_cases(void) {
    const char *soak = g_getenv("HUOZHENG_SOAK");
    int rounds = soak != NULL && strcmp(soak, "0") != 0 ? 20000 : 2000;
    g_autoptr(GRand) random = g_rand_new_with_seed(20261122);
    int infeasible = 0;
    int higher_rung = 0;
    for (int round = 0; round < rounds; round++) {
        Case one;
        make_case(random, &one);
        g_auto(DrawAssignment) made = {0};
        draw_assign(&one.input, &made);
        DrawRung rung = one.input.rungs[made.rung - 1];
        g_assert_cmpuint(made.flow, ==, oracle_flow(&one.input, rung, 1000));
        g_assert_cmpuint(made.flow, ==, oracle_flow(&one.input, rung, made.level));
        if (made.level > 0) {
            g_assert_cmpuint(made.flow, >, oracle_flow(&one.input, rung, made.level - 1));
        }
        check_rules(&one.input, &made);
        compare_with_plain(&one.input, &made);
        infeasible += made.staffed < one.input.target_count ? 1 : 0;
        higher_rung += made.rung > 1 ? 1 : 0;
    }
    g_test_message(
        "%d cases, %d infeasible, %d beyond the first rung", rounds, infeasible, higher_rung);
    g_assert_cmpint(infeasible, >, rounds / 20);
    g_assert_cmpint(rounds - infeasible, >, rounds / 20);
    g_assert_cmpint(higher_rung, >, rounds / 20);
}

/* --- forecast ----------------------------------------------------------------------------------
 */

/* The formula against the rule itself: how often objects of each weight come out in 2,000 draws. */
static void test_forecast(void) {
    enum { OBJECTS = 1000, QUOTA = 100, ROUNDS = 2000 };
    int64_t counts[DRAW_WEIGHT_MAX + 1] = {[1] = 250, [2] = 250, [4] = 250, [8] = 250};
    double tau = draw_forecast_tau(counts, QUOTA);
    int64_t came[DRAW_WEIGHT_MAX + 1] = {0};
    uint8_t commit[DIGEST_SIZE] = {0};
    for (uint32_t round = 0; round < ROUNDS; round++) {
        DrawKeys keys;
        draw_keys(DIGEST_SHA256, commit, &round, sizeof round, NULL, 0, &keys);
        g_autoptr(DrawPicker) picker = draw_picker_new(DIGEST_SHA256, keys.target);
        draw_picker_stratum(picker, "all", QUOTA, 0);
        for (int i = 0; i < OBJECTS; i++) {
            char id[DRAW_ID_MAX + 1];
            g_snprintf(id, sizeof id, "U%d", i);
            draw_picker_add(picker, id, "all", "0", 1U << (i % 4));
        }
        g_autoptr(GArray) picks = draw_picker_finish(picker);
        for (guint i = 0; i < picks->len; i++) {
            const char *id = g_array_index(picks, DrawPick, i).id;
            came[1U << (g_ascii_strtoull(id + 1, NULL, 10) % 4)]++;
        }
    }
    for (unsigned weight = 1; weight <= 8; weight *= 2) {
        double share = (double)came[weight] / (250.0 * ROUNDS);
        g_assert_cmpfloat_with_epsilon(share, draw_forecast_chance(tau, weight), 0.003);
    }
    g_assert_cmpfloat(draw_forecast_chance(draw_forecast_tau(counts, OBJECTS), 1), ==, 1.0);
    g_assert_cmpfloat(draw_forecast_chance(draw_forecast_tau(counts, 0), 64), <, 1e-12);
    g_assert_cmpfloat(draw_forecast_chance(tau, 0), ==, 0.0);
    /* The figures of evidence.md C3: 10,000 objects, most of weight 1, and 500 drawn. */
    int64_t more[DRAW_WEIGHT_MAX + 1] = {[1] = 4000, [2] = 3000, [4] = 2000, [8] = 1000};
    double tau_more = draw_forecast_tau(more, 500);
    g_assert_cmpfloat_with_epsilon(draw_forecast_chance(tau_more, 1), 0.0199, 0.0001);
    g_assert_cmpfloat_with_epsilon(draw_forecast_chance(tau_more, 8), 0.1483, 0.0003);
}

/* --- beacons and parties -----------------------------------------------------------------------
 */

static void check_value(const char *source, const char *round, const char *typed, const char *hex) {
    g_autoptr(GError) error = NULL;
    DrawBeacon beacon = {0};
    uint8_t value[DRAW_SEED_MAX];
    size_t size = 0;
    draw_beacon_make(source, round, INT64_C(1795000000000000), &beacon, &error);
    g_assert_no_error(error);
    bool is_read = draw_beacon_read(&beacon, typed, value, &size, &error);
    g_assert_true(is_read == (hex != NULL));
    if (hex != NULL) {
        g_autofree char *got = hex_format(value, size);
        g_assert_cmpstr(got, ==, hex);
        g_assert_true(draw_beacon_fits(&beacon, value, size, NULL));
    }
    g_autofree char *text = draw_beacon_format(&beacon);
    DrawBeacon again = {0};
    g_assert_true(draw_beacon_parse(text, &again, NULL));
    g_assert_cmpint(again.time_us, ==, beacon.time_us);
    g_assert_cmpstr(again.round, ==, beacon.round);
}

static void test_beacon_values(void) {
    check_value("dice10", "5", "3 1 4 1 5", "0301040105");
    check_value("dice10", "5", "31415", "0301040105");
    check_value("dice10", "5", "3141", NULL);
    check_value("dice6", "4", "1 6 2 3", "01060203");
    check_value("dice6", "4", "1 7 2 3", NULL);
    check_value("dice6", "4", "0 1 2 3", NULL);
    check_value("ssq", "2026131", "33 01 5 12 20 7 + 16", "0105070c142110");
    check_value("ssq", "2026131", "33 01 5 12 20 20 + 16", NULL);
    check_value("ssq", "2026131", "33 01 5 12 20 7 + 17", NULL);
    check_value("dlt", "26100", "35 1 2 3 4 - 12 1", "0102030423010c");
    check_value("kl8",
                "2026312",
                "80 79 78 77 76 75 74 73 72 71 10 9 8 7 6 5 4 3 2 1",
                "0102030405060708090a4748494a4b4c4d4e4f50");
    check_value("kl8", "2026312", "1 2 3", NULL);
    /* The randomness is the SHA-256 of the signature, here of 48 zero bytes. */
    g_autofree char *signature = g_strnfill(96, '0');
    uint8_t zeros[48] = {0};
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, zeros, sizeof zeros, hash);
    g_autofree char *randomness = hex_format(hash, sizeof hash);
    g_autofree char *both = g_strconcat(signature, "\n", randomness, NULL);
    g_autofree char *wrong = g_strconcat(signature, " ", signature, NULL);
    check_value("drand", "", signature, randomness);
    check_value("drand", "33000000", both, randomness);
    check_value("drand", "", wrong, NULL);
    check_value("drand", "", randomness, NULL);
}

static void test_beacon_rounds(void) {
    DrawBeacon beacon = {0};
    /* 2026-04-20T00:00:00Z is round 27946612 of quicknet. */
    g_assert_true(draw_beacon_make("drand", "", INT64_C(1776643200000000), &beacon, NULL));
    g_assert_cmpstr(beacon.round, ==, "27946612");
    g_assert_cmpint(beacon.time_us, ==, INT64_C(1776643200000000));
    g_assert_true(draw_beacon_make("drand", "", INT64_C(1776643200000001), &beacon, NULL));
    g_assert_cmpstr(beacon.round, ==, "27946612"); /* files know milliseconds */
    g_assert_true(draw_beacon_make("drand", "", INT64_C(1776643200001000), &beacon, NULL));
    g_assert_cmpstr(beacon.round, ==, "27946613");
    g_assert_false(draw_beacon_make("drand", "", 0, &beacon, NULL));
    g_assert_false(draw_beacon_make("coin", "1", 0, &beacon, NULL));
    g_assert_false(draw_beacon_make("dice10", "0", 0, &beacon, NULL));
    g_assert_false(draw_beacon_make("kl8", "a", 0, &beacon, NULL));
    /* The round and its time belong together. */
    g_assert_true(draw_beacon_parse("drand:27946612:2026-04-20T00:00:00.000Z", &beacon, NULL));
    g_assert_false(draw_beacon_parse("drand:27946613:2026-04-20T00:00:00.000Z", &beacon, NULL));
}

static void test_beacon_bits(void) {
    static const struct {
        const char *source, *round;
        double bits;
    } cases[] = {{"dice10", "20", 66.44},
                 {"dice6", "24", 62.04},
                 {"kl8", "1", 61.62},
                 {"ssq", "1", 24.08},
                 {"dlt", "1", 24.35}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        DrawBeacon beacon = {0};
        g_assert_true(draw_beacon_make(cases[i].source, cases[i].round, 0, &beacon, NULL));
        g_assert_cmpfloat_with_epsilon(draw_beacon_bits(&beacon), cases[i].bits, 0.01);
    }
}

/* Written from the specification, byte by byte. */
static void test_party_and_salt(void) {
    uint8_t share[DRAW_SHARE_SIZE];
    uint8_t got[DIGEST_SIZE];
    uint8_t want[DIGEST_SIZE];
    memset(share, 7, sizeof share);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, (const uint8_t *)"FSS-PARTY/1\0\2D7\3abc", 12 + 3 + 4);
    g_byte_array_append(bytes, share, sizeof share);
    digest_of(DIGEST_SM3, bytes->data, bytes->len, want);
    draw_party_commit(DIGEST_SM3, "D7", "abc", share, got);
    g_assert_cmpmem(got, sizeof got, want, sizeof want);

    uint8_t salt[DIGEST_SIZE];
    g_byte_array_set_size(bytes, 0);
    g_byte_array_append(bytes, (const uint8_t *)"FSS-SALT/1", 11);
    g_byte_array_append(bytes, share, sizeof share);
    g_byte_array_append(bytes, (const uint8_t *)"\10pool.tsv\0\0\0\0\0\0\1\2", 9 + 8);
    digest_of(DIGEST_SM3, bytes->data, bytes->len, salt);
    g_byte_array_set_size(bytes, 0);
    g_byte_array_append(bytes, (const uint8_t *)"", 1);
    g_byte_array_append(bytes, salt, 16);
    g_byte_array_append(bytes, (const uint8_t *)"line", 4);
    digest_of(DIGEST_SM3, bytes->data, bytes->len, want);
    draw_leaf(DIGEST_SM3, share, "pool.tsv", 258, "line", 4, got);
    g_assert_cmpmem(got, sizeof got, want, sizeof want);
    g_assert_false(draw_party_name_valid("a:b"));
    g_assert_false(draw_party_name_valid(""));
    g_assert_false(draw_party_name_valid("a\tb"));
    g_assert_true(draw_party_name_valid("演示公证处"));
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/draw/vectors/both-hashes-byte-for-byte", test_vectors);
    g_test_add_func("/draw/vectors/one-ticket-by-hand", test_by_hand);
    g_test_add_func("/draw/ticket/order-of-the-file-does-not-matter", test_order);
    g_test_add_func("/draw/ticket/a-larger-quota-extends-a-smaller", test_prefix);
    g_test_add_func("/draw/ticket/a-smaller-pool-keeps-the-order", test_subset);
    g_test_add_func("/draw/ticket/one-byte-changes-the-keys", test_one_byte);
    g_test_add_func("/draw/ticket/strata-quotas-reserves-and-short", test_strata);
    g_test_add_func("/draw/ticket/weight-is-the-chance", test_weights);
    g_test_add_func("/draw/ticket/ids-and-strata-are-narrow", test_tokens);
    g_test_add_func("/draw/assign/random-cases-agree-with-two-oracles", test_random_cases);
    g_test_add_func("/draw/forecast/agrees-with-simulation", test_forecast);
    g_test_add_func("/draw/beacon/values-in-their-own-form", test_beacon_values);
    g_test_add_func("/draw/beacon/rounds-and-their-times", test_beacon_rounds);
    g_test_add_func("/draw/beacon/bits-counted-from-the-rule", test_beacon_bits);
    g_test_add_func("/draw/party/bytes-of-the-specification", test_party_and_salt);
    return g_test_run();
}
