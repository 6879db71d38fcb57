/*
 * Step 6 of FSS-DRAW/1: two inspectors for each target, at most one of them not qualified to lead.
 *
 * This is a maximum flow: each target asks for two places, of which at most one may be taken by a
 * non-lead. A breadth-first search over states (target, may take a non-lead) finds one augmenting
 * path at a time; the order of search is part of the specification, because it decides which of
 * the maximum flows comes out. What a failed search has seen can never reach a free inspector
 * again (it is cut off from the sink), so later searches of the same flow leave it out; that
 * changes the time, not the result.
 */
#include "draw/draw_rules.h"

#include <string.h>

#define NONE (-1)

typedef struct Candidates {
    int *items; /* inspector indexes by (h, id) */
    int count;
} Candidates;

/* A state is 2 * target + flag; flag 1: the target may take a non-lead. */
typedef struct Flow {
    const DrawAssignInput *input;
    const Candidates *candidates;
    int (*held)[2];   /* by target */
    int *used;        /* by inspector: places filled */
    int *room;        /* by inspector: cap_i(L) */
    GArray **holders; /* by inspector: targets in draw order */
    /* One search. */
    int *parent;      /* by inspector: the state it was seen from */
    int *given;       /* by state: the inspector given up, NONE for the root */
    unsigned *seen;   /* by inspector: number of the search, DEAD after a failed one */
    unsigned *queued; /* by state: the same */
    int *queue;
    unsigned search;
} Flow;

#define DEAD UINT_MAX

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

static void add_text(Digest *digest, const char *text) {
    uint8_t size = (uint8_t)strlen(text);
    digest_add(digest, &size, 1);
    digest_add(digest, text, size);
}

static void rank(const DrawAssignInput *input,
                 Digest *digest,
                 const DrawTarget *target,
                 DrawRung rung,
                 GArray *ranked) {
    g_array_set_size(ranked, 0);
    for (size_t i = 0; i < input->inspector_count; i++) {
        const DrawInspector *inspector = &input->inspectors[i];
        if (strcmp(inspector->valid_to, input->date_to) < 0 ||
            !district_fits(input, rung, target->district, inspector->district) ||
            has_pair(input->denied, input->denied_count, target->id, inspector->id)) {
            continue;
        }
        Ranked one = {.inspector = (int)i};
        digest_begin(digest);
        digest_add(digest, input->inspector_key, DIGEST_SIZE);
        add_text(digest, target->id);
        add_text(digest, inspector->id);
        digest_end(digest, one.hash);
        g_array_append_val(ranked, one);
    }
    g_array_sort(ranked, compare_ranked);
}

static Candidates *make_candidates(const DrawAssignInput *input, DrawRung rung) {
    g_autoptr(Digest) digest = digest_new(input->kind);
    g_autoptr(GArray) ranked = g_array_new(FALSE, FALSE, sizeof(Ranked));
    Candidates *candidates = g_new0(Candidates, input->target_count);
    for (size_t t = 0; t < input->target_count; t++) {
        rank(input, digest, &input->targets[t], rung, ranked);
        candidates[t].count = (int)ranked->len;
        candidates[t].items = g_new(int, ranked->len);
        for (guint i = 0; i < ranked->len; i++) {
            candidates[t].items[i] = g_array_index(ranked, Ranked, i).inspector;
        }
    }
    return candidates;
}

static void free_candidates(Candidates *candidates, size_t count) {
    for (size_t t = 0; t < count; t++) {
        g_free(candidates[t].items);
    }
    g_free(candidates);
}

/* --- one flow -------------------------------------------------------------------------------- */

static void flow_init(Flow *flow, const DrawAssignInput *input, const Candidates *candidates) {
    size_t targets = input->target_count;
    size_t inspectors = input->inspector_count;
    *flow = (Flow){.input = input, .candidates = candidates};
    flow->held = g_malloc_n(targets, sizeof *flow->held);
    flow->used = g_new(int, inspectors);
    flow->room = g_new(int, inspectors);
    flow->holders = g_new(GArray *, inspectors);
    for (size_t i = 0; i < inspectors; i++) {
        flow->holders[i] = g_array_new(FALSE, FALSE, sizeof(int));
    }
    flow->parent = g_new(int, inspectors);
    flow->seen = g_new(unsigned, inspectors);
    flow->given = g_new(int, 2 * targets);
    flow->queued = g_new(unsigned, 2 * targets);
    flow->queue = g_new(int, 2 * targets);
}

static void flow_clear(Flow *flow) {
    for (size_t i = 0; i < flow->input->inspector_count; i++) {
        g_array_unref(flow->holders[i]);
    }
    g_free(flow->held);
    g_free(flow->used);
    g_free(flow->room);
    g_free(flow->holders);
    g_free(flow->parent);
    g_free(flow->seen);
    g_free(flow->given);
    g_free(flow->queued);
    g_free(flow->queue);
}

static void flow_reset(Flow *flow, int64_t level) {
    const DrawAssignInput *input = flow->input;
    for (size_t t = 0; t < input->target_count; t++) {
        flow->held[t][0] = flow->held[t][1] = NONE;
        flow->queued[2 * t] = flow->queued[2 * t + 1] = 0;
    }
    int64_t most = (int64_t)(2 * input->target_count);
    for (size_t i = 0; i < input->inspector_count; i++) {
        const DrawInspector *inspector = &input->inspectors[i];
        int64_t room = MIN(inspector->cap, MAX(0, level - inspector->load));
        flow->room[i] = (int)MIN(room, most);
        flow->used[i] = 0;
        flow->seen[i] = 0;
        g_array_set_size(flow->holders[i], 0);
    }
    flow->search = 0;
}

static bool is_lead(const Flow *flow, int inspector) {
    return flow->input->inspectors[inspector].is_lead;
}

static bool holds(const Flow *flow, int target, int inspector) {
    return flow->held[target][0] == inspector || flow->held[target][1] == inspector;
}

static bool holds_no_nonlead(const Flow *flow, int target) {
    for (int place = 0; place < 2; place++) {
        int inspector = flow->held[target][place];
        if (inspector != NONE && !is_lead(flow, inspector)) {
            return false;
        }
    }
    return true;
}

static bool is_marked(const Flow *flow, unsigned mark) {
    return mark == flow->search || mark == DEAD;
}

/* First place in the holder list that is not before `target`. */
static guint holder_place(const GArray *holders, int target) {
    guint low = 0;
    guint high = holders->len;
    while (low < high) {
        guint middle = (low + high) / 2;
        if (g_array_index(holders, int, middle) < target) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The target takes `gained` in the place of `lost` (NONE: in its free place). */
static void take(Flow *flow, int target, int gained, int lost) {
    int place = flow->held[target][0] == lost ? 0 : 1;
    g_assert(flow->held[target][place] == lost);
    flow->held[target][place] = gained;
    g_array_insert_val(flow->holders[gained], holder_place(flow->holders[gained], target), target);
    if (lost != NONE) {
        g_array_remove_index(flow->holders[lost], holder_place(flow->holders[lost], target));
    }
}

/* Walks back from the free inspector to the root; each target on the way passes one on. */
static void unwind(Flow *flow, int inspector) {
    flow->used[inspector]++;
    for (;;) {
        int state = flow->parent[inspector];
        int lost = flow->given[state];
        take(flow, state / 2, inspector, lost);
        if (lost == NONE) {
            return;
        }
        inspector = lost;
    }
}

static int push_holders(Flow *flow, int inspector, int tail) {
    const GArray *holders = flow->holders[inspector];
    for (guint n = 0; n < holders->len; n++) {
        int holder = g_array_index(holders, int, n);
        int flag = !is_lead(flow, inspector) || holds_no_nonlead(flow, holder) ? 1 : 0;
        int state = 2 * holder + flag;
        if (is_marked(flow, flow->queued[state]) ||
            (flag == 0 && is_marked(flow, flow->queued[state + 1]))) {
            continue;
        }
        flow->queued[state] = flow->search;
        flow->given[state] = inspector;
        flow->queue[tail++] = state;
    }
    return tail;
}

static void mark_dead(Flow *flow, int tail) {
    for (int n = 0; n < tail; n++) {
        int state = flow->queue[n];
        flow->queued[state] = DEAD;
        const Candidates *candidates = &flow->candidates[state / 2];
        for (int c = 0; c < candidates->count; c++) {
            /* Candidates are inspectors, and `seen` has one mark for each: nothing out of bounds.
             * NOLINTNEXTLINE(clang-analyzer-core.UndefinedBinaryOperatorResult) */
            if (flow->seen[candidates->items[c]] == flow->search) {
                flow->seen[candidates->items[c]] = DEAD;
            }
        }
    }
}

static bool augment(Flow *flow, int target) {
    flow->search++;
    int root = 2 * target + (holds_no_nonlead(flow, target) ? 1 : 0);
    if (flow->queued[root] == DEAD) {
        return false;
    }
    int head = 0;
    int tail = 0;
    flow->queued[root] = flow->search;
    flow->given[root] = NONE;
    flow->queue[tail++] = root;
    while (head < tail) {
        int state = flow->queue[head++];
        const Candidates *candidates = &flow->candidates[state / 2];
        for (int c = 0; c < candidates->count; c++) {
            int inspector = candidates->items[c];
            if (is_marked(flow, flow->seen[inspector]) || holds(flow, state / 2, inspector) ||
                ((state & 1) == 0 && !is_lead(flow, inspector))) {
                continue;
            }
            flow->seen[inspector] = flow->search;
            flow->parent[inspector] = state;
            if (flow->used[inspector] < flow->room[inspector]) {
                unwind(flow, inspector);
                return true;
            }
            tail = push_holders(flow, inspector, tail);
        }
    }
    mark_dead(flow, tail);
    return false;
}

/* Fills places under the bound `level`; gives up once more than `misses_max` searches failed.
 * Returns the number of places filled. */
static size_t run_flow(Flow *flow, int64_t level, size_t misses_max) {
    flow_reset(flow, level);
    size_t filled = 0;
    size_t misses = 0;
    for (int round = 0; round < 2; round++) {
        for (size_t t = 0; t < flow->input->target_count; t++) {
            if (augment(flow, (int)t)) {
                filled++;
            } else if (++misses > misses_max) {
                return filled;
            }
        }
    }
    return filled;
}

/* --- the least bound and the rungs ----------------------------------------------------------- */

static int64_t largest_level(const DrawAssignInput *input) {
    int64_t largest = 0;
    for (size_t i = 0; i < input->inspector_count; i++) {
        const DrawInspector *inspector = &input->inspectors[i];
        int64_t most = (int64_t)(2 * input->target_count);
        largest = MAX(largest, inspector->load + MIN(inspector->cap, most));
    }
    return largest;
}

/* The flow grows with the bound, so halving finds the least one that serves as many as any. */
static size_t least_level(Flow *flow, int64_t *ret_level) {
    size_t wanted = 2 * flow->input->target_count;
    int64_t high = largest_level(flow->input);
    size_t best = run_flow(flow, high, SIZE_MAX);
    int64_t low = 0;
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        if (run_flow(flow, middle, wanted - best) == best) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    *ret_level = high;
    return run_flow(flow, high, SIZE_MAX);
}

/* The candidate order is (h, id), so the first lead met is the one with the smaller h. */
static DrawTeam make_team(const Flow *flow, int target) {
    DrawTeam team = {DRAW_NOBODY, DRAW_NOBODY};
    const int *held = flow->held[target];
    if (held[0] == NONE || held[1] == NONE) {
        return team;
    }
    const Candidates *candidates = &flow->candidates[target];
    for (int c = 0; c < candidates->count && team.lead == DRAW_NOBODY; c++) {
        int inspector = candidates->items[c];
        if (holds(flow, target, inspector) && is_lead(flow, inspector)) {
            team.lead = inspector;
            team.second = held[0] == inspector ? held[1] : held[0];
        }
    }
    g_assert(team.lead != DRAW_NOBODY);
    return team;
}

void draw_assignment_clear(DrawAssignment *assignment) {
    g_clear_pointer(&assignment->teams, g_free);
}

void draw_assign(const DrawAssignInput *input, DrawAssignment *ret_assignment) {
    DrawAssignment made = {.teams = g_new(DrawTeam, input->target_count)};
    for (size_t t = 0; t < input->target_count; t++) {
        made.teams[t] = (DrawTeam){DRAW_NOBODY, DRAW_NOBODY};
    }
    g_assert(input->target_count < G_MAXINT / 2 && input->inspector_count < G_MAXINT);
    for (unsigned rung = 0; rung < input->rung_count; rung++) {
        Candidates *candidates = make_candidates(input, input->rungs[rung]);
        Flow flow;
        flow_init(&flow, input, candidates);
        made.flow = least_level(&flow, &made.level);
        made.rung = rung + 1;
        bool is_last = rung + 1 == input->rung_count;
        bool is_full = made.flow == 2 * input->target_count;
        for (size_t t = 0; (is_full || is_last) && t < input->target_count; t++) {
            made.teams[t] = make_team(&flow, (int)t);
            made.staffed += made.teams[t].lead != DRAW_NOBODY ? 1 : 0;
        }
        flow_clear(&flow);
        free_candidates(candidates, input->target_count);
        if (is_full) {
            break;
        }
    }
    *ret_assignment = made;
}
