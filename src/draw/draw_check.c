#include "draw/draw_check.h"

#include "base/clock.h"
#include "draw/draw_files.h"
#include "draw/draw_substitute_check.h"
#include "ledger/merkle.h"

#include <string.h>

#define FILE_MAX (64 * 1024 * 1024) /* result.tsv of a million objects */

typedef enum SmallFile {
    FILE_PARAMS,
    FILE_COMMIT,
    FILE_BEACON,
    FILE_REVEALS,
    FILE_SALT,
    FILE_RESULT,
    SMALL_FILES
} SmallFile;
static const char *const small_names[] = {
    "params.txt", "commit.txt", "beacon.txt", "reveals.txt", "salt.txt", "result.tsv"};

typedef struct Bundle {
    Verdict *verdict;
    const char *folder;
    char *texts[SMALL_FILES]; /* NULL: not there */
    DrawKeyValues *commit;
    DrawParams *params;
    bool is_opened;
    uint8_t secret[DIGEST_SIZE];
    int64_t bad_weight, bad_cap; /* first such line of pool.tsv; 0: none */
    bool has_typed_seed;
    int64_t first_beacon_us;
} Bundle;

static void bundle_clear(Bundle *bundle) {
    for (unsigned i = 0; i < SMALL_FILES; i++) {
        g_clear_pointer(&bundle->texts[i], g_free);
    }
    g_clear_pointer(&bundle->commit, draw_keys_free);
    g_clear_pointer(&bundle->params, draw_params_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Bundle, bundle_clear)

static bool exists(const Bundle *bundle, const char *name) {
    g_autofree char *path = g_build_filename(bundle->folder, name, NULL);
    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static bool need(const Bundle *bundle, const char *name) {
    return exists(bundle, name) || verdict_failed(bundle->verdict, "files", "missing", name, 0);
}

/* --- files --------------------------------------------------------------------------------------
 */

static bool read_small(Bundle *bundle, SmallFile which) {
    const char *name = small_names[which];
    g_autofree char *path = g_build_filename(bundle->folder, name, NULL);
    g_autofree char *text = NULL;
    gsize size = 0;
    if (!exists(bundle, name)) {
        return true;
    }
    if (!g_file_get_contents(path, &text, &size, NULL) || size > FILE_MAX ||
        !g_utf8_validate(text, (gssize)size, NULL) || memchr(text, '\0', size) != NULL ||
        (size > 0 && text[size - 1] != '\n')) {
        return verdict_failed(bundle->verdict, "files", "text", name, 0);
    }
    bundle->texts[which] = g_steal_pointer(&text);
    return true;
}

static bool has_text(const Bundle *bundle, SmallFile which) {
    return bundle->texts[which] != NULL && bundle->texts[which][0] != '\0';
}

/* A sealed draw is opened when anything secret is there; then all of it must be. */
static bool check_files(Bundle *bundle) {
    static const char *const opened[] = {
        "pool.tsv", "insp.tsv", "deny.tsv", "beacon.txt", "reveals.txt", "salt.txt", "result.tsv"};
    for (unsigned i = 0; i < SMALL_FILES; i++) {
        if (!read_small(bundle, (SmallFile)i)) {
            return false;
        }
    }
    if (!need(bundle, "params.txt") || !need(bundle, "commit.txt")) {
        return false;
    }
    g_autoptr(DrawKeyValues) params = draw_keys_parse(bundle->texts[FILE_PARAMS], NULL);
    if (params == NULL) {
        return verdict_failed(bundle->verdict, "params", "key-value", "params.txt", 0);
    }
    bundle->is_opened = g_strcmp0(draw_keys_get(params, "mode"), "sealed") != 0 ||
                        has_text(bundle, FILE_SALT) || has_text(bundle, FILE_RESULT) ||
                        exists(bundle, "pool.tsv") || exists(bundle, "insp.tsv") ||
                        exists(bundle, "deny.tsv");
    for (size_t i = 0; bundle->is_opened && i < G_N_ELEMENTS(opened); i++) {
        if (!need(bundle, opened[i])) {
            return false;
        }
    }
    verdict_passed(bundle->verdict, "files");
    return true;
}

static bool check_commit(Bundle *bundle) {
    bundle->commit = draw_keys_parse(bundle->texts[FILE_COMMIT], NULL);
    if (bundle->commit == NULL) {
        return verdict_failed(bundle->verdict, "commit", "key-value", "commit.txt", 0);
    }
    if (!draw_id_valid(draw_keys_get(bundle->commit, "draw"))) {
        return verdict_failed(bundle->verdict, "commit", "draw-id", "commit.txt", 0);
    }
    verdict_passed(bundle->verdict, "commit");
    bundle->params = draw_params_parse(bundle->texts[FILE_PARAMS], NULL);
    if (bundle->params == NULL) {
        return verdict_failed(bundle->verdict, "params", "params", "params.txt", 0);
    }
    uint8_t hash[DIGEST_SIZE];
    digest_of(
        bundle->params->kind, bundle->texts[FILE_PARAMS], strlen(bundle->texts[FILE_PARAMS]), hash);
    g_autofree char *hex = hex_format(hash, DIGEST_SIZE);
    if (g_strcmp0(draw_keys_get(bundle->commit, "params"), hex) != 0) {
        return verdict_failed(
            bundle->verdict, "params", "params-hash", "params.txt\ncommit.txt", 0);
    }
    verdict_passed(bundle->verdict, "params");
    return true;
}

/* --- tables -------------------------------------------------------------------------------------
 */

typedef struct TableWalk {
    Bundle *bundle;
    const char *file;
    MerkleFrontier tree;
    char last[2 * DRAW_ID_MAX + 2];
    const char *reason; /* why the line does not fit; NULL: it does */
} TableWalk;

static void look_at_weight(Bundle *bundle, const DrawPoolLine *line, int64_t number) {
    bool takes_part = strcmp(line->reason, "-") == 0;
    bool is_cap = strcmp(line->reason, "CAP") == 0;
    bool is_known = takes_part || is_cap || strcmp(line->reason, "CLOSED") == 0 ||
                    strcmp(line->reason, "EXEMPT") == 0;
    unsigned weight = takes_part ? draw_params_weight(bundle->params, line->risk, line->credit) : 0;
    bool is_capped = line->drawn + line->reserved >= bundle->params->cap;
    if (bundle->bad_weight == 0 && bundle->bad_cap == 0) {
        if (!is_known || line->weight != weight || (takes_part && weight == 0)) {
            bundle->bad_weight = number;
        } else if (is_capped ? takes_part : is_cap) {
            bundle->bad_cap = number;
        }
    }
}

/* Reads the line for its key; false when it is not well formed. */
static bool read_line(TableWalk *walk, char *text, char *ret_key, size_t key_size) {
    if (strcmp(walk->file, "pool.tsv") == 0) {
        DrawPoolLine line;
        if (!draw_pool_parse(text, &line, NULL)) {
            return false;
        }
        look_at_weight(walk->bundle, &line, (int64_t)walk->tree.size);
        g_strlcpy(ret_key, line.id, key_size);
        return true;
    }
    if (strcmp(walk->file, "insp.tsv") == 0) {
        DrawInspLine line;
        bool is_read = draw_insp_parse(text, &line, NULL);
        g_strlcpy(ret_key, is_read ? line.id : "", key_size);
        return is_read;
    }
    DrawDenyLine line;
    if (!draw_deny_parse(text, &line, NULL)) {
        return false;
    }
    /* TAB sorts before every character of an id, so the joined text sorts as the pair does. */
    g_snprintf(ret_key, key_size, "%s\t%s", line.target, line.inspector);
    return true;
}

static bool take_line(char *text, size_t size, void *data, GError **error) {
    (void)error;
    TableWalk *walk = data;
    const Bundle *bundle = walk->bundle;
    uint8_t leaf[DIGEST_SIZE];
    draw_leaf(bundle->params->kind,
              bundle->params->is_sealed ? bundle->secret : NULL,
              walk->file,
              walk->tree.size,
              text,
              size,
              leaf);
    merkle_frontier_add(&walk->tree, leaf, NULL, NULL);
    char key[sizeof walk->last];
    if (!read_line(walk, text, key, sizeof key)) {
        walk->reason = "line";
    } else if (walk->tree.size > 1 && strcmp(walk->last, key) >= 0) {
        walk->reason = "not-sorted";
    }
    g_strlcpy(walk->last, key, sizeof walk->last);
    return walk->reason == NULL;
}

static bool check_table(Bundle *bundle, const char *name, const char *check) {
    g_autofree char *file = g_strconcat(name, ".tsv", NULL);
    g_autofree char *count_key = g_strconcat(name, ".count", NULL);
    g_autofree char *root_key = g_strconcat(name, ".root", NULL);
    g_autoptr(GError) problem = NULL;
    TableWalk walk = {.bundle = bundle, .file = file};
    merkle_frontier_init(&walk.tree, bundle->params->kind);
    DrawSource source = draw_folder_source(bundle->folder);
    if (!source.each_line(source.from, file, take_line, &walk, &problem)) {
        bool is_line = walk.reason != NULL;
        return verdict_failed(bundle->verdict,
                              check,
                              is_line ? walk.reason : "text",
                              file,
                              (int64_t)walk.tree.size + (is_line ? 0 : 1));
    }
    uint8_t root[DIGEST_SIZE];
    merkle_frontier_root(&walk.tree, root);
    g_autofree char *hex = hex_format(root, DIGEST_SIZE);
    g_autofree char *count = g_strdup_printf("%" G_GUINT64_FORMAT, walk.tree.size);
    if (g_strcmp0(draw_keys_get(bundle->commit, count_key), count) != 0 ||
        g_strcmp0(draw_keys_get(bundle->commit, root_key), hex) != 0) {
        g_autofree char *files =
            g_strconcat(file, "\ncommit.txt", bundle->params->is_sealed ? "\nsalt.txt" : "", NULL);
        return verdict_failed(bundle->verdict, check, "table-root", files, 0);
    }
    verdict_passed(bundle->verdict, check);
    return true;
}

static bool check_salt(Bundle *bundle) {
    DrawSource source = draw_folder_source(bundle->folder);
    bool is_sealed = bundle->params->is_sealed;
    return draw_salt_take(&source, is_sealed, bundle->secret, NULL) ||
           verdict_failed(
               bundle->verdict, "files", is_sealed ? "salt" : "not-empty", "salt.txt", 0);
}

static bool check_weights(Bundle *bundle) {
    if (bundle->bad_weight != 0 || bundle->bad_cap != 0) {
        return verdict_failed(bundle->verdict,
                              "weights",
                              bundle->bad_weight != 0 ? "weight" : "cap",
                              "pool.tsv",
                              MAX(bundle->bad_weight, bundle->bad_cap));
    }
    verdict_passed(bundle->verdict, "weights");
    return true;
}

/* --- seed and result ----------------------------------------------------------------------------
 */

/* Which check the first difference belongs to: tickets stand in the first five columns. */
static bool fail_result(Bundle *bundle, const char *said, const char *computed) {
    g_auto(GStrv) a = g_strsplit(said, "\n", -1);
    g_auto(GStrv) b = g_strsplit(computed, "\n", -1);
    guint said_count = g_strv_length(a);
    guint count = g_strv_length(b);
    guint at = 0;
    while (at < said_count && at < count && strcmp(a[at], b[at]) == 0) {
        at++;
    }
    bool of_officers = at + 2 >= count;
    if (!of_officers && at < said_count) {
        g_auto(GStrv) one = g_strsplit(a[at], "\t", 6);
        g_auto(GStrv) two = g_strsplit(b[at], "\t", 6);
        unsigned same = 0;
        while (same < 5 && one[same] != NULL && g_strcmp0(one[same], two[same]) == 0) {
            same++;
        }
        of_officers = same == 5;
    }
    return verdict_failed(bundle->verdict,
                          of_officers ? "officers" : "tickets",
                          "result",
                          "result.tsv\ncommit.txt\nbeacon.txt\nreveals.txt",
                          at + 1);
}

static bool check_seed(Bundle *bundle, const DrawSource *source) {
    DrawSeedStage stage = DRAW_SEED_NUMBER;
    g_autoptr(DrawOutcome) outcome = g_new0(DrawOutcome, 1);
    outcome->kind = bundle->params->kind;
    outcome->is_sealed = bundle->params->is_sealed;
    outcome->delta_s = DRAW_DELTA_MIN; /* the check `time` looks at the real one */
    if (draw_seed_take(source, bundle->texts[FILE_COMMIT], bundle->commit, outcome, &stage, NULL)) {
        verdict_passed(bundle->verdict, "beacon");
        verdict_passed(bundle->verdict, "shares");
        return true;
    }
    if (stage != DRAW_SEED_SHARES) {
        return verdict_failed(
            bundle->verdict, "beacon", "beacon-other", "beacon.txt\ncommit.txt", 0);
    }
    verdict_passed(bundle->verdict, "beacon");
    return verdict_failed(bundle->verdict, "shares", "share-other", "reveals.txt\ncommit.txt", 0);
}

static bool check_result(Bundle *bundle) {
    DrawSource source = draw_folder_source(bundle->folder);
    if (!check_seed(bundle, &source)) {
        return false;
    }
    g_autoptr(DrawOutcome) outcome = draw_compute(&source, NULL);
    if (outcome == NULL) {
        return verdict_failed(bundle->verdict, "tickets", "result", "result.tsv", 0);
    }
    if (strcmp(bundle->texts[FILE_RESULT], outcome->result->str) != 0) {
        return fail_result(bundle, bundle->texts[FILE_RESULT], outcome->result->str);
    }
    verdict_passed(bundle->verdict, "tickets");
    verdict_passed(bundle->verdict, "officers");
    return true;
}

static bool check_opened(Bundle *bundle) {
    static const char *const sealed[] = {
        "pool", "inspectors", "denied", "weights", "beacon", "shares", "tickets", "officers"};
    for (size_t i = 0; !bundle->is_opened && i < G_N_ELEMENTS(sealed); i++) {
        verdict_unknown(bundle->verdict, sealed[i], "sealed");
    }
    return !bundle->is_opened ||
           (check_salt(bundle) && check_table(bundle, "pool", "pool") &&
            check_table(bundle, "insp", "inspectors") && check_table(bundle, "deny", "denied") &&
            check_weights(bundle) && check_result(bundle));
}

/* --- what the log says --------------------------------------------------------------------------
 */

typedef struct LogProof {
    bool is_there, is_opened;
    CheckHead head;
} LogProof;

static void log_proof_clear(LogProof *proof) {
    check_head_clear(&proof->head);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LogProof, log_proof_clear)

/* What was handed over of the entry's payload says under `member` the hash of `text`. */
static bool
payload_says(const CheckOpened *opened, DigestKind kind, const char *member, const char *text) {
    uint8_t hash[DIGEST_SIZE];
    digest_of(kind, text, strlen(text), hash);
    g_autofree char *hex = hex_format(hash, DIGEST_SIZE);
    g_autoptr(json_t) payload = json_read(opened->payload, strlen(opened->payload), NULL);
    return strcmp(json_get_text(payload, member, ""), hex) == 0;
}

static bool read_log_proof(const Bundle *bundle,
                           const char *name,
                           const char *type,
                           const char *member,
                           SmallFile about,
                           LogProof *log_proof) {
    g_autofree char *path = g_build_filename(bundle->folder, name, NULL);
    g_autofree char *text = NULL;
    g_auto(TlogProof) proof = {0};
    g_auto(CheckOpened) opened = {0};
    gsize size = 0;
    log_proof->head.file = name;
    if (!exists(bundle, name)) {
        return true;
    }
    if (!g_file_get_contents(path, &text, &size, NULL) ||
        !tlog_proof_parse(text, size, &proof, NULL) || proof.extra == NULL ||
        !check_opened_read(proof.extra->data, proof.extra->len, &opened) ||
        !checkpoint_open(proof.checkpoint,
                         strlen(proof.checkpoint),
                         &log_proof->head.note,
                         &log_proof->head.checkpoint,
                         NULL)) {
        return verdict_failed(bundle->verdict, "ledger", "proof-form", name, 0);
    }
    if (strcmp(opened.type, type) != 0 ||
        (opened.payload != NULL &&
         !payload_says(&opened, bundle->params->kind, member, bundle->texts[about]))) {
        g_autofree char *files = g_strconcat(name, "\n", small_names[about], NULL);
        return verdict_failed(bundle->verdict, "ledger", "ledger-other", files, 0);
    }
    if (!check_proof_leads(
            &proof, &log_proof->head.checkpoint, proof.extra->data, opened.leaf_size)) {
        return verdict_failed(bundle->verdict, "ledger", "path", name, 0);
    }
    log_proof->is_there = true;
    log_proof->is_opened = opened.payload != NULL;
    return true;
}

static bool take_beacon(const char *rest, const char *value, void *data, GError **error) {
    (void)rest;
    Bundle *bundle = data;
    DrawBeacon beacon;
    if (!draw_beacon_parse(value, &beacon, error)) {
        return false;
    }
    bundle->has_typed_seed |= draw_beacon_is_typed_seed(&beacon);
    bundle->first_beacon_us = MIN(bundle->first_beacon_us, beacon.time_us);
    return true;
}

/* The commitment was witnessed at least delta before the first beacon existed. */
static bool check_time(Bundle *bundle, int64_t witnessed_s) {
    bundle->first_beacon_us = INT64_MAX;
    if (!draw_keys_visit(bundle->commit, "beacon.", take_beacon, bundle, NULL) ||
        bundle->first_beacon_us == INT64_MAX) {
        return verdict_failed(bundle->verdict, "beacon", "beacon-name", "commit.txt", 0);
    }
    if (bundle->has_typed_seed) {
        verdict_unknown(bundle->verdict, "time", "typed-seed");
        return true;
    }
    if (bundle->params->delta_s < DRAW_DELTA_MIN) {
        return verdict_failed(bundle->verdict, "time", "delta", "params.txt", 0);
    }
    if (witnessed_s == 0) {
        verdict_unknown(bundle->verdict, "time", "not-witnessed");
        return true;
    }
    if (!draw_time_rule_holds(
            witnessed_s * CLOCK_SECOND_US, bundle->params->delta_s, bundle->first_beacon_us)) {
        return verdict_failed(
            bundle->verdict, "time", "too-late", "commit.txt\ncommit.tlog-proof", 0);
    }
    verdict_passed(bundle->verdict, "time");
    return true;
}

static void say_ledger(Bundle *bundle, const LogProof *commit, const LogProof *result) {
    if (!commit->is_opened || (result->is_there && !result->is_opened)) {
        verdict_unknown(bundle->verdict, "ledger", "not-opened");
    } else if (bundle->is_opened && !result->is_there) {
        verdict_unknown(bundle->verdict, "ledger", "no-result-proof");
    } else {
        verdict_passed(bundle->verdict, "ledger");
    }
}

static bool check_ledger(Bundle *bundle, const CheckTrust *trust) {
    g_auto(LogProof) commit = {0};
    g_auto(LogProof) result = {0};
    if (!read_log_proof(
            bundle, "commit.tlog-proof", "draw.commit", "commit", FILE_COMMIT, &commit) ||
        (bundle->is_opened &&
         !read_log_proof(
             bundle, "result.tlog-proof", "draw.result", "result", FILE_RESULT, &result))) {
        return false;
    }
    if (!commit.is_there) {
        verdict_unknown(bundle->verdict, "ledger", "no-log-proof");
        verdict_unknown(bundle->verdict, "signature", "no-log-proof");
        verdict_unknown(bundle->verdict, "witness", "no-log-proof");
        verdict_unknown(bundle->verdict, "key", "no-log-proof");
        return check_time(bundle, 0);
    }
    say_ledger(bundle, &commit, &result);
    int64_t witnessed_s = 0;
    return (!result.is_there || check_heads(bundle->verdict, trust, &result.head, 1, false)) &&
           check_heads(bundle->verdict, trust, &commit.head, 1, false) &&
           check_witnesses(bundle->verdict, trust, &commit.head, &witnessed_s) &&
           check_time(bundle, witnessed_s);
}

bool draw_check(Verdict *verdict, const char *folder, const CheckTrust *trust) {
    g_auto(Bundle) bundle = {.verdict = verdict, .folder = folder};
    if (!exists(&bundle, DRAW_SUBSTITUTIONS_FILE)) {
        verdict_skip(verdict, "substitutions");
    }
    return check_files(&bundle) && check_commit(&bundle) && check_opened(&bundle) &&
           draw_check_substitutions(verdict, folder, bundle.is_opened) &&
           check_ledger(&bundle, trust);
}
