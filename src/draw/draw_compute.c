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
    merkle_leaf(reading->tree.kind, line, size, leaf);
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

static const char *keep(Reading *reading, const char *text) {
    char *copy = g_strdup(text);
    g_ptr_array_add(reading->texts, copy);
    return copy;
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
    DrawInspector inspector = {.id = keep(reading, line.id),
                               .district = keep(reading, line.district),
                               .valid_to = keep(reading, line.valid_to),
                               .is_lead = line.is_lead,
                               .load = line.load,
                               .cap = line.cap};
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
    DrawPair pair = {keep(reading, line.target), keep(reading, line.inspector)};
    g_array_append_val(reading->denied, pair);
    return true;
}

/* --- commit and seed ------------------------------------------------------------------------- */

static bool
commit_says(const DrawKeyValues *commit, const char *key, const char *computed, GError **error) {
    const char *said = draw_keys_get(commit, key);
    if (g_strcmp0(said, computed) == 0) {
        return true;
    }
    return hz_fail(error,
                   HZ_ERROR_CORRUPT,
                   "commit.txt says %s=%s, but it comes out as %s",
                   key,
                   said != NULL ? said : "(nothing)",
                   computed);
}

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
    return commit_says(commit, count_key, count, error) &&
           commit_says(commit, root_key, hex, error);
}

/* The source and round of the seed were written down before: beacon.01=<source>:<round>:<time>. */
static bool beacon_fits(const DrawKeyValues *commit, char **fields, GError **error) {
    g_autofree char *start = g_strdup_printf("%s:%s:", fields[1], fields[2]);
    const char *said = draw_keys_get(commit, "beacon.01");
    if (said == NULL || !g_str_has_prefix(said, start)) {
        return hz_fail(
            error, HZ_ERROR_CORRUPT, "beacon.txt is not what beacon.01 in commit.txt names");
    }
    if (draw_keys_get(commit, "beacon.02") != NULL || draw_keys_get(commit, "party.01") != NULL) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "commit.txt names more beacons or parties; this version knows one seed");
    }
    return true;
}

/* beacon.txt: j, source, round, value in hex. One line: the seed of this version. */
static GByteArray *read_seed(const char *text, const DrawKeyValues *commit, GError **error) {
    g_auto(GStrv) lines = g_strsplit(text, "\n", 3);
    g_auto(GStrv) fields = g_strsplit(lines[0] != NULL ? lines[0] : "", "\t", 5);
    bool is_one = g_strv_length(lines) == 2 && lines[1][0] == '\0' && g_strv_length(fields) == 4 &&
                  strcmp(fields[0], "1") == 0;
    size_t digits = is_one ? strlen(fields[3]) : 0;
    uint8_t seed[DRAW_SEED_MAX];
    if (digits < 2 || digits % 2 != 0 || digits > 2 * sizeof seed ||
        strspn(fields[3], "0123456789abcdef") != digits ||
        !hex_parse(fields[3], seed, digits / 2)) {
        hz_fail(error,
                HZ_ERROR_INVALID,
                "beacon.txt is not one line: 1, source, round, value of 1 to 255 bytes in hex");
        return NULL;
    }
    if (!beacon_fits(commit, fields, error)) {
        return NULL;
    }
    GByteArray *bytes = g_byte_array_new();
    g_byte_array_append(bytes, seed, (guint)(digits / 2));
    return bytes;
}

static bool take_keys(const DrawSource *source,
                      const char *commit_text,
                      const DrawKeyValues *commit,
                      DrawOutcome *outcome,
                      GError **error) {
    g_autofree char *beacon = source->whole(source->from, "beacon.txt", error);
    if (beacon == NULL) {
        return false;
    }
    g_autoptr(GByteArray) seed = read_seed(beacon, commit, error);
    if (seed == NULL) {
        return false;
    }
    digest_of(outcome->kind, commit_text, strlen(commit_text), outcome->commit);
    draw_keys(outcome->kind, outcome->commit, seed->data, seed->len, NULL, 0, &outcome->keys);
    return true;
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

static void reading_init(Reading *reading, const DrawParams *params, DrawOutcome *outcome) {
    *reading = (Reading){.params = params, .outcome = outcome};
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
    g_auto(Reading) reading = {0};
    reading_init(&reading, params, outcome);
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

DrawOutcome *draw_compute(const DrawSource *source, GError **error) {
    g_autofree char *params_text = source->whole(source->from, "params.txt", error);
    g_autofree char *commit_text =
        params_text != NULL ? source->whole(source->from, "commit.txt", error) : NULL;
    if (commit_text == NULL) {
        return NULL;
    }
    g_autoptr(DrawParams) params = draw_params_parse(params_text, error);
    if (params == NULL) {
        return NULL;
    }
    g_autoptr(DrawKeyValues) commit = draw_keys_parse(commit_text, error);
    if (commit == NULL) {
        g_prefix_error(error, "commit.txt: ");
        return NULL;
    }
    g_autoptr(DrawOutcome) outcome = g_new0(DrawOutcome, 1);
    outcome->kind = params->kind;
    uint8_t hash[DIGEST_SIZE];
    digest_of(params->kind, params_text, strlen(params_text), hash);
    g_autofree char *hex = hex_format(hash, DIGEST_SIZE);
    if (!commit_says(commit, "params", hex, error) ||
        !take_keys(source, commit_text, commit, outcome, error) ||
        !compute(source, params, commit, outcome, error)) {
        return NULL;
    }
    return g_steal_pointer(&outcome);
}
