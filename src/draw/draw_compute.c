/*
 * From frozen files and a seed to the result: the one path that both a draw and its verification
 * take, so that what is drawn is exactly what the files say.
 */
#include "draw/draw_files.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

/* One file on its way through: tree, order, line number. */
typedef struct Reading {
    const char *name;
    const uint8_t *secret; /* S; NULL in open mode */
    MerkleFrontier tree;
    char last[2 * DRAW_ID_MAX + 2]; /* sort key of the line before */
    const DrawParams *params;
    DrawOutcome *outcome;
    DrawPicker *picker;
    GArray *inspectors; /* DrawInspector */
    GArray *denied;     /* DrawPair */
    GPtrArray *texts;
    GHashTable *weights; /* "risk.credit" -> tickets */
} Reading;

static bool bad_line(const Reading *reading, const char *what, GError **error) {
    return hz_fail(error,
                   HZ_ERROR_INVALID,
                   "%s, line %" G_GUINT64_FORMAT ": %s",
                   reading->name,
                   reading->tree.size,
                   what);
}

static bool prefix_line(const Reading *reading, GError **error) {
    g_prefix_error(error, "%s, line %" G_GUINT64_FORMAT ": ", reading->name, reading->tree.size);
    return false;
}

static void add_leaf(Reading *reading, const char *line, size_t size) {
    uint8_t leaf[DIGEST_SIZE];
    draw_leaf(
        reading->tree.kind, reading->secret, reading->name, reading->tree.size, line, size, leaf);
    merkle_frontier_add(&reading->tree, leaf, NULL, NULL);
}

/* Lines come in the strict order of their key; that also makes keys unique. */
static bool in_order(Reading *reading, const char *key, GError **error) {
    if (reading->tree.size > 1 && strcmp(reading->last, key) >= 0) {
        return bad_line(reading, "not in strict order", error);
    }
    g_strlcpy(reading->last, key, sizeof reading->last);
    return true;
}

/* The table's weight, kept by cell because a pool has millions of lines and few cells. */
static unsigned weight_of(Reading *reading, const DrawPoolLine *line) {
    char cell[40];
    g_snprintf(cell, sizeof cell, "%s.%s", line->risk, line->credit);
    gpointer found = NULL;
    if (!g_hash_table_lookup_extended(reading->weights, cell, NULL, &found)) {
        unsigned weight = draw_params_weight(reading->params, line->risk, line->credit);
        found = GUINT_TO_POINTER(weight);
        g_hash_table_insert(reading->weights, g_strdup(cell), found);
    }
    return GPOINTER_TO_UINT(found);
}

static bool take_pool_line(char *text, size_t size, void *data, GError **error) {
    Reading *reading = data;
    DrawPoolLine line;
    add_leaf(reading, text, size);
    if (!draw_pool_parse(text, &line, error)) {
        return prefix_line(reading, error);
    }
    if (!in_order(reading, line.id, error)) {
        return false;
    }
    bool takes_part = strcmp(line.reason, "-") == 0;
    if (!takes_part && strcmp(line.reason, "CAP") != 0 && strcmp(line.reason, "CLOSED") != 0 &&
        strcmp(line.reason, "EXEMPT") != 0) {
        return bad_line(reading, "the reason is none of -, CAP, CLOSED, EXEMPT", error);
    }
    unsigned weight = takes_part ? weight_of(reading, &line) : 0;
    if (line.weight != weight || (takes_part && weight == 0)) {
        return bad_line(reading, "w does not follow from risk, credit and reason", error);
    }
    bool is_capped = line.drawn + line.reserved >= reading->params->cap;
    if ((is_capped && takes_part) || (!is_capped && strcmp(line.reason, "CAP") == 0)) {
        return bad_line(reading, "CAP does not follow from drawn and reserved", error);
    }
    reading->outcome->eligible_count += takes_part ? 1 : 0;
    draw_picker_add(reading->picker, line.id, line.stratum, line.district, weight);
    return true;
}

static bool take_insp_line(char *text, size_t size, void *data, GError **error) {
    Reading *reading = data;
    DrawInspLine line;
    add_leaf(reading, text, size);
    if (!draw_insp_parse(text, &line, error)) {
        return prefix_line(reading, error);
    }
    if (!in_order(reading, line.id, error)) {
        return false;
    }
    DrawInspector inspector = draw_insp_keep(&line, reading->texts);
    g_array_append_val(reading->inspectors, inspector);
    g_ptr_array_add(reading->outcome->inspector_ids, g_strdup(line.id));
    return true;
}

static bool take_deny_line(char *text, size_t size, void *data, GError **error) {
    Reading *reading = data;
    DrawDenyLine line;
    char key[2 * DRAW_ID_MAX + 2];
    add_leaf(reading, text, size);
    if (!draw_deny_parse(text, &line, error)) {
        return prefix_line(reading, error);
    }
    /* TAB sorts before every character of an id, so the joined text sorts as the pair does. */
    g_snprintf(key, sizeof key, "%s\t%s", line.target, line.inspector);
    if (!in_order(reading, key, error)) {
        return false;
    }
    DrawPair pair = {draw_text_keep(reading->texts, line.target),
                     draw_text_keep(reading->texts, line.inspector)};
    g_array_append_val(reading->denied, pair);
    return true;
}

/* --- commit ---------------------------------------------------------------------------------- */

static bool commit_fits(const DrawKeyValues *commit,
                        const char *name,
                        const MerkleFrontier *tree,
                        GError **error) {
    uint8_t root[DIGEST_SIZE];
    merkle_frontier_root(tree, root);
    g_autofree char *hex = hex_format(root, DIGEST_SIZE);
    g_autofree char *count = g_strdup_printf("%" G_GUINT64_FORMAT, tree->size);
    g_autofree char *count_key = g_strdup_printf("%s.count", name);
    g_autofree char *root_key = g_strdup_printf("%s.root", name);
    return draw_commit_says(commit, count_key, count, error) &&
           draw_commit_says(commit, root_key, hex, error);
}

/* --- result ---------------------------------------------------------------------------------- */

static void add_result_line(DrawOutcome *outcome, guint order, const DrawPick *pick) {
    const char *lead = "-";
    const char *second = "-";
    const char *flag = "-";
    if (!pick->is_reserve) {
        DrawTeam team = outcome->assignment.teams[order];
        flag = pick->is_short ? "SHORT" : "-";
        if (team.lead == DRAW_NOBODY) {
            flag = "UNSTAFFED";
        } else {
            lead = g_ptr_array_index(outcome->inspector_ids, team.lead);
            second = g_ptr_array_index(outcome->inspector_ids, team.second);
        }
    }
    g_autofree char *ticket = hex_format(pick->ticket, DIGEST_SIZE);
    g_string_append_printf(outcome->result,
                           "%u\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n",
                           order + 1,
                           pick->id,
                           pick->stratum,
                           pick->is_reserve ? "reserve" : "drawn",
                           ticket,
                           lead,
                           second,
                           flag);
}

static void assign_and_write(const Reading *reading, DrawOutcome *outcome) {
    const DrawParams *params = reading->params;
    g_autoptr(GArray) targets = g_array_new(FALSE, FALSE, sizeof(DrawTarget));
    for (guint i = 0; i < outcome->picks->len; i++) {
        const DrawPick *pick = &g_array_index(outcome->picks, DrawPick, i);
        DrawTarget target = {pick->id, pick->district};
        if (!pick->is_reserve) {
            g_array_append_val(targets, target);
        }
    }
    DrawAssignInput input = {.kind = outcome->kind,
                             .targets = (const DrawTarget *)(void *)targets->data,
                             .target_count = targets->len,
                             .inspectors = (const DrawInspector *)(void *)reading->inspectors->data,
                             .inspector_count = reading->inspectors->len,
                             .denied = (const DrawPair *)(void *)reading->denied->data,
                             .denied_count = reading->denied->len,
                             .neighbours = (const DrawPair *)(void *)params->neighbours->data,
                             .neighbour_count = params->neighbours->len,
                             .date_to = params->date_to,
                             .rung_count = params->rung_count};
    memcpy(input.inspector_key, outcome->keys.inspector, DIGEST_SIZE);
    memcpy(input.rungs, params->rungs, sizeof input.rungs);
    draw_assign(&input, &outcome->assignment);
    for (guint i = 0; i < outcome->picks->len; i++) {
        add_result_line(outcome, i, &g_array_index(outcome->picks, DrawPick, i));
    }
    g_string_append_printf(outcome->result,
                           "#\tL\t%" G_GINT64_FORMAT "\trung\t%u\n",
                           outcome->assignment.level,
                           outcome->assignment.rung);
    digest_of(outcome->kind, outcome->result->str, outcome->result->len, outcome->result_hash);
}

/* --- the whole ------------------------------------------------------------------------------- */

void draw_outcome_free(DrawOutcome *outcome) {
    if (outcome == NULL) {
        return;
    }
    g_clear_pointer(&outcome->picks, g_array_unref);
    g_clear_pointer(&outcome->inspector_ids, g_ptr_array_unref);
    draw_assignment_clear(&outcome->assignment);
    if (outcome->result != NULL) {
        g_string_free(outcome->result, TRUE);
    }
    g_free(outcome);
}

static void reading_clear(Reading *reading) {
    g_clear_pointer(&reading->picker, draw_picker_free);
    g_clear_pointer(&reading->inspectors, g_array_unref);
    g_clear_pointer(&reading->denied, g_array_unref);
    g_clear_pointer(&reading->texts, g_ptr_array_unref);
    g_clear_pointer(&reading->weights, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Reading, reading_clear)

static void reading_init(Reading *reading,
                         const DrawParams *params,
                         const uint8_t *secret,
                         DrawOutcome *outcome) {
    *reading = (Reading){.params = params, .secret = secret, .outcome = outcome};
    reading->picker = draw_picker_new(outcome->kind, outcome->keys.target);
    reading->inspectors = g_array_new(FALSE, FALSE, sizeof(DrawInspector));
    reading->denied = g_array_new(FALSE, FALSE, sizeof(DrawPair));
    reading->texts = g_ptr_array_new_with_free_func(g_free);
    reading->weights = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    GHashTableIter each;
    gpointer name;
    gpointer value;
    g_hash_table_iter_init(&each, params->strata);
    while (g_hash_table_iter_next(&each, &name, &value)) {
        const DrawStratumQuota *stratum = value;
        draw_picker_stratum(
            reading->picker, name, (unsigned)stratum->quota, (unsigned)stratum->reserves);
    }
}

/* Reads one table through; the number of its lines in *ret_count. */
static bool read_table(const DrawSource *source,
                       Reading *reading,
                       const DrawKeyValues *commit,
                       const char *name,
                       DrawLineVisitor visit,
                       int64_t *ret_count,
                       GError **error) {
    g_autofree char *file = g_strdup_printf("%s.tsv", name);
    reading->name = file;
    merkle_frontier_init(&reading->tree, reading->outcome->kind);
    if (!source->each_line(source->from, file, visit, reading, error)) {
        return false;
    }
    *ret_count = (int64_t)reading->tree.size;
    return commit_fits(commit, name, &reading->tree, error);
}

static bool compute(const DrawSource *source,
                    const DrawParams *params,
                    const DrawKeyValues *commit,
                    DrawOutcome *outcome,
                    GError **error) {
    uint8_t secret[DIGEST_SIZE];
    g_auto(Reading) reading = {0};
    if (!draw_salt_take(source, params->is_sealed, secret, error)) {
        return false;
    }
    reading_init(&reading, params, params->is_sealed ? secret : NULL, outcome);
    outcome->inspector_ids = g_ptr_array_new_with_free_func(g_free);
    if (!read_table(
            source, &reading, commit, "pool", take_pool_line, &outcome->pool_count, error) ||
        !read_table(
            source, &reading, commit, "insp", take_insp_line, &outcome->inspector_count, error) ||
        !read_table(
            source, &reading, commit, "deny", take_deny_line, &outcome->denied_count, error)) {
        return false;
    }
    outcome->picks = draw_picker_finish(reading.picker);
    outcome->result = g_string_new(NULL);
    assign_and_write(&reading, outcome);
    return true;
}

/* params.txt, commit.txt and the seed, which stand before everything else. */
typedef struct Beginning {
    DrawParams *params;
    DrawKeyValues *commit;
    DrawOutcome *outcome;
} Beginning;

static void beginning_clear(Beginning *beginning) {
    g_clear_pointer(&beginning->params, draw_params_free);
    g_clear_pointer(&beginning->commit, draw_keys_free);
    g_clear_pointer(&beginning->outcome, draw_outcome_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Beginning, beginning_clear)

static bool begin(const DrawSource *source, Beginning *beginning, GError **error) {
    g_autofree char *params_text = source->whole(source->from, "params.txt", error);
    g_autofree char *commit_text =
        params_text != NULL ? source->whole(source->from, "commit.txt", error) : NULL;
    if (commit_text == NULL) {
        return false;
    }
    beginning->params = draw_params_parse(params_text, error);
    if (beginning->params == NULL) {
        return false;
    }
    beginning->commit = draw_keys_parse(commit_text, error);
    if (beginning->commit == NULL) {
        g_prefix_error(error, "commit.txt: ");
        return false;
    }
    beginning->outcome = g_new0(DrawOutcome, 1);
    beginning->outcome->kind = beginning->params->kind;
    beginning->outcome->is_sealed = beginning->params->is_sealed;
    beginning->outcome->delta_s = beginning->params->delta_s;
    uint8_t hash[DIGEST_SIZE];
    digest_of(beginning->params->kind, params_text, strlen(params_text), hash);
    g_autofree char *hex = hex_format(hash, DIGEST_SIZE);
    return draw_commit_says(beginning->commit, "params", hex, error) &&
           draw_seed_take(source, commit_text, beginning->commit, beginning->outcome, NULL, error);
}

DrawOutcome *draw_compute(const DrawSource *source, GError **error) {
    g_auto(Beginning) beginning = {0};
    if (!begin(source, &beginning, error) ||
        !compute(source, beginning.params, beginning.commit, beginning.outcome, error)) {
        return NULL;
    }
    return g_steal_pointer(&beginning.outcome);
}

bool draw_compute_keys(const DrawSource *source, DrawKeys *ret_keys, GError **error) {
    g_auto(Beginning) beginning = {0};
    if (!begin(source, &beginning, error)) {
        return false;
    }
    *ret_keys = beginning.outcome->keys;
    return true;
}
