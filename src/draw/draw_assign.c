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
#include "draw/draw_candidates.h"

#include <string.h>

#define NONE (-1)

/* A state is 2 * target + flag; flag 1: the target may take a non-lead. */
typedef struct Flow {
    const DrawAssignInput *input;
    const DrawCandidates *candidates;
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

/* --- one flow -------------------------------------------------------------------------------- */

static void flow_init(Flow *flow, const DrawAssignInput *input, const DrawCandidates *candidates) {
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
        const DrawCandidates *candidates = &flow->candidates[state / 2];
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
        const DrawCandidates *candidates = &flow->candidates[state / 2];
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

/* Places that all inspectors, or only the leads, may fill together under the bound. */
static int64_t places_below(const DrawAssignInput *input, int64_t level, bool only_leads) {
    int64_t places = 0;
    for (size_t i = 0; i < input->inspector_count; i++) {
        const DrawInspector *inspector = &input->inspectors[i];
        int64_t most = MIN(inspector->cap, (int64_t)(2 * input->target_count));
        places +=
            only_leads && !inspector->is_lead ? 0 : MIN(most, MAX(0, level - inspector->load));
    }
    return places;
}

/* The least bound in (low, high] that `fits`, which holds from some bound on and at `high`. */
typedef bool (*BoundFits)(int64_t level, void *data);
static int64_t least_bound(int64_t low, int64_t high, BoundFits fits, void *data) {
    while (low + 1 < high) {
        int64_t middle = low + (high - low) / 2;
        if (fits(middle, data)) {
            high = middle;
        } else {
            low = middle;
        }
    }
    return high;
}

typedef struct Search {
    Flow *flow;
    size_t best; /* places that the largest bound fills */
} Search;

/* No flow fills more places than there are; and a target takes one non-lead at most, so that leads
 * fill all places but one for each target. */
static bool has_places(int64_t level, void *data) {
    const Search *search = data;
    const DrawAssignInput *input = search->flow->input;
    int64_t best = (int64_t)search->best;
    return places_below(input, level, false) >= best &&
           places_below(input, level, true) >= best - (int64_t)input->target_count;
}

static bool fills_all(int64_t level, void *data) {
    const Search *search = data;
    size_t wanted = 2 * search->flow->input->target_count;
    return run_flow(search->flow, level, wanted - search->best) == search->best;
}

/* The flow grows with the bound: the least one that serves as many as any is found by halving, from
 * the least that has places enough, which most often is the answer. */
static size_t least_level(Flow *flow, int64_t *ret_level) {
    int64_t largest = largest_level(flow->input);
    Search search = {flow, run_flow(flow, largest, SIZE_MAX)};
    int64_t low = least_bound(-1, largest, has_places, &search) - 1;
    int64_t high = low + 1;
    for (int64_t step = 1; high < largest && !fills_all(high, &search); step *= 2) {
        low = high;
        high = MIN(largest, high + step);
    }
    *ret_level = least_bound(low, high, fills_all, &search);
    return run_flow(flow, *ret_level, SIZE_MAX);
}

/* The candidate order is (h, id), so the first lead met is the one with the smaller h. */
static DrawTeam make_team(const Flow *flow, int target) {
    DrawTeam team = {DRAW_NOBODY, DRAW_NOBODY};
    const int *held = flow->held[target];
    if (held[0] == NONE || held[1] == NONE) {
        return team;
    }
    const DrawCandidates *candidates = &flow->candidates[target];
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
        DrawCandidates *candidates = draw_candidates_new(input, input->rungs[rung]);
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
        draw_candidates_free(candidates, input->target_count);
        if (is_full) {
            break;
        }
    }
    *ret_assignment = made;
}
