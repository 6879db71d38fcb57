/*
 * A whole exported log: every entry, every tile of both trees, both heads, the links. Everything is
 * recomputed from the entries; 64 bytes of memory for each.
 */
#include "base/error.h"
#include "ledger/check.h"
#include "ledger/ledger_rules.h"
#include "ledger/merkle.h"

#include <string.h>

#define FILE_MAX (17 * 1024 * 1024) /* an entry bundle has at most 256 entries of 64 KiB */
#define XHEAD_OBJECT "log:heads"
#define KEY_LOST_TYPE "log.key.lost"

static const char *const prefixes[] = {"", "sm3/"};
static const char *const tile_checks[] = {"tiles", "tiles-sm3"};
static const char *const tree_checks[] = {"tree", "tree-sm3"};

/* The first link that does not fit, until its check is due. */
typedef struct BadLink {
    char *file; /* NULL: none */
    int64_t line;
    const char *reason;
} BadLink;

typedef struct LogReading {
    Verdict *verdict;
    const char *folder;
    CheckHead heads[2];
    GByteArray *hashes[2]; /* of all leaves */
    MerkleFrontier trees[2];
    GHashTable *last; /* object -> index of its newest entry + 1 */
    char *bodies[2];  /* what the next cross-link must say */
    int64_t newest_xhead;
    int64_t lost_key; /* the newest entry that gives the keys before up; -1: none */
    BadLink bad_prev, bad_xhead;
} LogReading;

static void log_reading_clear(LogReading *log) {
    for (unsigned t = 0; t < 2; t++) {
        check_head_clear(&log->heads[t]);
        g_clear_pointer(&log->hashes[t], g_byte_array_unref);
        g_clear_pointer(&log->bodies[t], g_free);
    }
    g_clear_pointer(&log->last, g_hash_table_unref);
    g_clear_pointer(&log->bad_prev.file, g_free);
    g_clear_pointer(&log->bad_xhead.file, g_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LogReading, log_reading_clear)

/* The bytes of a file below the folder; NULL when it is not there or too large. Caller unrefs. */
static GBytes *read_file(const char *folder, const char *name) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *bytes = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &bytes, &size, NULL)) {
        return NULL;
    }
    g_autoptr(GBytes) file = g_bytes_new_take(bytes, size);
    return size <= FILE_MAX ? g_steal_pointer(&file) : NULL;
}

/* --- heads and keys -----------------------------------------------------------------------------
 */

static bool read_head(LogReading *log, unsigned tree, const char *name) {
    CheckHead *head = &log->heads[tree];
    g_autoptr(GBytes) file = read_file(log->folder, name);
    if (file == NULL) {
        return verdict_failed(log->verdict, "form", "missing", name, 0);
    }
    gsize size = 0;
    const char *bytes = g_bytes_get_data(file, &size);
    head->file = name;
    return checkpoint_open(bytes, size, &head->note, &head->checkpoint, NULL) ||
           verdict_failed(log->verdict, "form", "checkpoint-form", name, 0);
}

static bool read_heads(LogReading *log) {
    if (!read_head(log, 0, "checkpoint") || !read_head(log, 1, "sm3/checkpoint")) {
        return false;
    }
    g_autofree char *origin = g_strconcat(log->heads[0].checkpoint.origin, "-sm3", NULL);
    if (log->heads[0].checkpoint.size != log->heads[1].checkpoint.size ||
        strcmp(log->heads[1].checkpoint.origin, origin) != 0) {
        return verdict_failed(
            log->verdict, "form", "checkpoint-other", "checkpoint\nsm3/checkpoint", 0);
    }
    verdict_passed(log->verdict, "form");
    return true;
}

/* What the reader brought, and the keys.txt and policy.txt beside the log. */
typedef struct Beside {
    CheckTrust trust;
    GArray *keys;
    Policy *policy;
} Beside;

static void beside_clear(Beside *beside) {
    g_clear_pointer(&beside->keys, g_array_unref);
    g_clear_pointer(&beside->policy, policy_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Beside, beside_clear)

static bool read_keys(LogReading *log, Beside *beside) {
    g_autoptr(GBytes) file = read_file(log->folder, "keys.txt");
    gsize size = 0;
    const char *bytes = file != NULL ? g_bytes_get_data(file, &size) : NULL;
    g_autofree char *text = g_strndup(bytes != NULL ? bytes : "", size);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++) {
        NoteKey key;
        if (**line != '\0' && !note_key_parse(*line, &key, NULL)) {
            return verdict_failed(log->verdict, "keys", "key-form", "keys.txt", 0);
        }
        if (**line != '\0') {
            g_array_append_val(beside->keys, key);
        }
    }
    return true;
}

static bool read_trust(LogReading *log, const CheckTrust *trust, Beside *beside) {
    beside->keys = g_array_new(FALSE, FALSE, sizeof(NoteKey));
    if (!read_keys(log, beside)) {
        return false;
    }
    g_autoptr(GBytes) file = trust->policy == NULL ? read_file(log->folder, "policy.txt") : NULL;
    if (file != NULL) {
        gsize size = 0;
        const char *text = g_bytes_get_data(file, &size);
        beside->policy = policy_parse(text, size, NULL);
        if (beside->policy == NULL) {
            return verdict_failed(log->verdict, "keys", "key-form", "policy.txt", 0);
        }
    }
    beside->trust = (CheckTrust){.given = trust->given,
                                 .policy = trust->policy != NULL ? trust->policy : beside->policy,
                                 .beside = beside->keys,
                                 .is_served = trust->is_served,
                                 .is_own_policy = beside->policy != NULL};
    verdict_passed(log->verdict, "keys");
    return true;
}

/* --- entries ------------------------------------------------------------------------------------
 */

static void set_bodies(LogReading *log) {
    for (unsigned t = 0; t < 2; t++) {
        uint8_t root[DIGEST_SIZE];
        merkle_frontier_root(&log->trees[t], root);
        g_free(log->bodies[t]);
        log->bodies[t] =
            checkpoint_body(log->heads[t].checkpoint.origin, (int64_t)log->trees[t].size, root);
    }
}

static void note_bad_link(BadLink *bad, const char *reason, const char *file, int64_t line) {
    if (bad->file == NULL) {
        *bad = (BadLink){.file = g_strdup(file), .line = line, .reason = reason};
    }
}

/* A cross-link says what both heads were after the one before; its salt is 16 zero bytes. */
static bool xhead_fits(const LogReading *log, const LedgerLeaf *leaf) {
    static const uint8_t salt[LEDGER_SALT_SIZE];
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "sha256", log->bodies[0]);
    json_put_text(payload, "sm3", log->bodies[1]);
    g_autofree char *text = json_write_canonical(payload);
    uint8_t commitment[DIGEST_SIZE];
    ledger_commitment(salt, text, strlen(text), commitment);
    return strcmp(leaf->type, "xhead") == 0 && strcmp(leaf->object, XHEAD_OBJECT) == 0 &&
           strcmp(leaf->actor, "system") == 0 && leaf->payload_size == (int64_t)strlen(text) &&
           memcmp(commitment, leaf->commitment, DIGEST_SIZE) == 0;
}

static bool
take_entry(LogReading *log, const uint8_t *bytes, size_t size, const char *file, int64_t line) {
    g_auto(LedgerLeaf) leaf = {0};
    if (!ledger_leaf_parse(bytes, size, &leaf)) {
        return verdict_failed(log->verdict, "entries", "entry-form", file, line);
    }
    int64_t index = (int64_t)log->trees[0].size;
    int64_t before = GPOINTER_TO_SIZE(g_hash_table_lookup(log->last, leaf.object)) - INT64_C(1);
    if (leaf.previous != before) {
        note_bad_link(&log->bad_prev, "prev", file, line);
    }
    g_hash_table_insert(log->last, g_strdup(leaf.object), GSIZE_TO_POINTER(index + 1));
    for (unsigned t = 0; t < 2; t++) {
        uint8_t hash[DIGEST_SIZE];
        merkle_leaf(log->trees[t].kind, bytes, size, hash);
        merkle_frontier_add(&log->trees[t], hash, NULL, NULL);
        g_byte_array_append(log->hashes[t], hash, DIGEST_SIZE);
    }
    if (strcmp(leaf.type, KEY_LOST_TYPE) == 0) {
        log->lost_key = index;
    }
    if (strcmp(leaf.type, "xhead") == 0 || strcmp(leaf.object, XHEAD_OBJECT) == 0) {
        if (!xhead_fits(log, &leaf)) {
            note_bad_link(&log->bad_xhead, "xhead", file, line);
        }
        log->newest_xhead = index;
        set_bodies(log);
    }
    return true;
}

/* Entries of one bundle: u16 BE length and bytes, exactly `count` times. */
static bool read_bundle(LogReading *log, const char *name, unsigned count) {
    g_autoptr(GBytes) file = read_file(log->folder, name);
    if (file == NULL) {
        return verdict_failed(log->verdict, "entries", "missing", name, 0);
    }
    gsize size = 0;
    const uint8_t *bytes = g_bytes_get_data(file, &size);
    size_t at = 0;
    for (unsigned i = 0; i < count; i++) {
        size_t entry_size = at + 2 <= size ? (size_t)bytes[at] << 8 | bytes[at + 1] : 0;
        if (at + 2 + entry_size > size) {
            return verdict_failed(log->verdict, "entries", "bundle", name, 0);
        }
        if (!take_entry(log, bytes + at + 2, entry_size, name, i + 1)) {
            return false;
        }
        at += 2 + entry_size;
    }
    return at == size || verdict_failed(log->verdict, "entries", "bundle", name, 0);
}

static bool read_entries(LogReading *log) {
    int64_t size = log->heads[0].checkpoint.size;
    set_bodies(log);
    for (int64_t at = 0; at < size; at += TILE_WIDTH) {
        TilePath tile = {TILE_ENTRIES, at / TILE_WIDTH, (unsigned)MIN(TILE_WIDTH, size - at)};
        g_autofree char *name = tile_path_format(&tile);
        if (!read_bundle(log, name, tile.width)) {
            return false;
        }
    }
    return true;
}

/* --- tiles --------------------------------------------------------------------------------------
 */

/* Hashes of one level: those of full tiles of the level below. */
static GByteArray *level_above(DigestKind kind, const GByteArray *below) {
    GByteArray *hashes = g_byte_array_new();
    for (guint at = 0; at + TILE_WIDTH * DIGEST_SIZE <= below->len;
         at += TILE_WIDTH * DIGEST_SIZE) {
        uint8_t root[DIGEST_SIZE];
        merkle_root(kind, below->data + at, TILE_WIDTH, root);
        g_byte_array_append(hashes, root, DIGEST_SIZE);
    }
    return hashes;
}

static bool
tile_is(const LogReading *log, const char *name, const TilePath *tile, const GByteArray *hashes) {
    g_autoptr(GBytes) file = read_file(log->folder, name);
    gsize size = 0;
    const uint8_t *bytes = file != NULL ? g_bytes_get_data(file, &size) : NULL;
    gsize from = (gsize)tile->index * TILE_WIDTH * DIGEST_SIZE;
    return bytes != NULL && size == (gsize)tile->width * DIGEST_SIZE &&
           from + size <= hashes->len && memcmp(bytes, hashes->data + from, size) == 0;
}

/* A tile is not what we compute: if the other tree's is not either, an entry was changed. */
static bool blame(LogReading *log, unsigned tree, const TilePath *tile, const char *name) {
    unsigned other = 1 - tree;
    TilePath twin = *tile;
    twin.width = tile_width(log->heads[0].checkpoint.size, 0, tile->index);
    g_autofree char *twin_path = tile_path_format(&twin);
    g_autofree char *twin_name = g_strconcat(prefixes[other], twin_path, NULL);
    g_autoptr(GBytes) twin_file = read_file(log->folder, twin_name);
    if (tile->level == 0 && twin.width > 0 && twin_file != NULL &&
        !tile_is(log, twin_name, &twin, log->hashes[other])) {
        twin.level = TILE_ENTRIES;
        g_autofree char *bundle = tile_path_format(&twin);
        return verdict_failed(log->verdict, tile_checks[tree], "entry-changed", bundle, 0);
    }
    return verdict_failed(log->verdict, tile_checks[tree], "tile", name, 0);
}

/* Every tile that the size asks for. */
static bool check_level(LogReading *log, unsigned tree, int level, const GByteArray *hashes) {
    int64_t count = hashes->len / DIGEST_SIZE;
    for (int64_t at = 0; at < count; at += TILE_WIDTH) {
        TilePath tile = {level, at / TILE_WIDTH, (unsigned)MIN(TILE_WIDTH, count - at)};
        g_autofree char *path = tile_path_format(&tile);
        g_autofree char *name = g_strconcat(prefixes[tree], path, NULL);
        g_autoptr(GBytes) file = read_file(log->folder, name);
        if (file == NULL) {
            return verdict_failed(log->verdict, tile_checks[tree], "missing", name, 0);
        }
        if (!tile_is(log, name, &tile, hashes)) {
            return blame(log, tree, &tile, name);
        }
    }
    return true;
}

/* An earlier head's partial tile or bundle is the beginning of what is there now. */
static bool check_earlier(LogReading *log,
                          unsigned tree,
                          const TilePath *tile,
                          const char *name,
                          GByteArray *const *levels) {
    if (tile->level != TILE_ENTRIES) {
        return tile_is(log, name, tile, levels[tile->level]) || blame(log, tree, tile, name);
    }
    TilePath newest = *tile;
    newest.width = tile_width(log->heads[0].checkpoint.size, 0, tile->index);
    if (tree != 0 || newest.width == tile->width) {
        return true;
    }
    g_autofree char *newest_name = tile_path_format(&newest);
    g_autoptr(GBytes) all = newest.width > tile->width ? read_file(log->folder, newest_name) : NULL;
    g_autoptr(GBytes) some = read_file(log->folder, name);
    return (all != NULL && some != NULL && g_bytes_get_size(some) <= g_bytes_get_size(all) &&
            memcmp(g_bytes_get_data(some, NULL),
                   g_bytes_get_data(all, NULL),
                   g_bytes_get_size(some)) == 0) ||
           verdict_failed(log->verdict, "entries", "bundle", name, 0);
}

/* Paths of all files below `top`, relative to it, in order. */
static void list_files(const char *top, const char *below, GPtrArray *names) {
    g_autofree char *path = g_build_filename(top, below, NULL);
    g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
    const char *name = NULL;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *inner = g_strconcat(below, "/", name, NULL);
        g_autofree char *full = g_build_filename(top, inner, NULL);
        if (g_file_test(full, G_FILE_TEST_IS_DIR)) {
            list_files(top, inner, names);
        } else {
            g_ptr_array_add(names, g_steal_pointer(&inner));
        }
    }
}

static bool check_others(LogReading *log, unsigned tree, GByteArray *const *levels) {
    g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *top = g_build_filename(log->folder, prefixes[tree], NULL);
    list_files(top, "tile", names);
    for (guint i = 0; i < names->len; i++) {
        TilePath tile;
        g_autofree char *name = g_strconcat(prefixes[tree], g_ptr_array_index(names, i), NULL);
        if (tile_path_parse(g_ptr_array_index(names, i), &tile) &&
            !check_earlier(log, tree, &tile, name, levels)) {
            return false;
        }
    }
    return true;
}

static bool check_tiles(LogReading *log, unsigned tree) {
    GByteArray *levels[TILE_LEVELS] = {g_byte_array_ref(log->hashes[tree])};
    for (unsigned level = 1; level < TILE_LEVELS; level++) {
        levels[level] = level_above(log->trees[tree].kind, levels[level - 1]);
    }
    bool is_right = true;
    for (unsigned level = 0; is_right && level < TILE_LEVELS; level++) {
        is_right = check_level(log, tree, (int)level, levels[level]);
    }
    is_right = is_right && check_others(log, tree, levels);
    for (unsigned level = 0; level < TILE_LEVELS; level++) {
        g_byte_array_unref(levels[level]);
    }
    return is_right;
}

static bool check_tree(LogReading *log, unsigned tree) {
    if (!check_tiles(log, tree)) {
        return false;
    }
    verdict_passed(log->verdict, tile_checks[tree]);
    uint8_t root[DIGEST_SIZE];
    merkle_frontier_root(&log->trees[tree], root);
    if (memcmp(root, log->heads[tree].checkpoint.root, DIGEST_SIZE) != 0) {
        return verdict_failed(log->verdict, tree_checks[tree], "root", log->heads[tree].file, 0);
    }
    verdict_passed(log->verdict, tree_checks[tree]);
    return true;
}

/* --- the whole ----------------------------------------------------------------------------------
 */

static bool check_links(LogReading *log) {
    int64_t size = log->heads[0].checkpoint.size;
    if (size > 0 && log->newest_xhead != size - 1) {
        note_bad_link(&log->bad_xhead, "xhead-last", "checkpoint", 0);
    }
    const BadLink *bad = &log->bad_xhead;
    if (bad->file != NULL) {
        return verdict_failed(log->verdict, "heads", bad->reason, bad->file, bad->line);
    }
    verdict_passed(log->verdict, "heads");
    bad = &log->bad_prev;
    if (bad->file != NULL) {
        return verdict_failed(log->verdict, "order", bad->reason, bad->file, bad->line);
    }
    verdict_passed(log->verdict, "order");
    return true;
}

bool check_log(Verdict *verdict, const char *folder, const CheckTrust *trust) {
    g_auto(LogReading)
        log = {.verdict = verdict, .folder = folder, .newest_xhead = -1, .lost_key = -1};
    g_auto(Beside) beside = {0};
    log.last = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    for (unsigned t = 0; t < 2; t++) {
        log.hashes[t] = g_byte_array_new();
        merkle_frontier_init(&log.trees[t], t == 0 ? DIGEST_SHA256 : DIGEST_SM3);
    }
    if (!read_heads(&log) || !read_trust(&log, trust, &beside) ||
        !check_heads(verdict, &beside.trust, log.heads, 2, true) || !read_entries(&log)) {
        return false;
    }
    verdict_passed(verdict, "entries");
    if (log.lost_key >= 0) { /* it may well be the same log; these files cannot show it */
        verdict_unknown_from(verdict, "keys", "keys-lost", log.lost_key);
    }
    return check_tree(&log, 0) && check_tree(&log, 1) && check_links(&log);
}
