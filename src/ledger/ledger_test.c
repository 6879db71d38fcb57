/* The log on both engines: appends, proofs for every place, and every kind of tampering. */
#include "base/error.h"
#include "base/limits.h"
#include "ledger/ledger_internal.h"
#include "test_db.h"

#include <string.h>

static const char *const rooms[] = {"ledger", NULL};

typedef struct One {
    const char *object;
    int number;
    int64_t index;
} One;

static bool append_one(Db *db, void *data, GError **error) {
    One *one = data;
    g_autoptr(json_t) payload = json_object();
    json_put_int(payload, "number", one->number);
    json_put_text(payload, "text", "消防\n\"1\"");
    LedgerEntry entry = {.time_us = INT64_C(1795300000123456) + one->number,
                         .type = "test.made",
                         .actor = "account:17",
                         .object = one->object,
                         .payload = payload};
    return ledger_append(db, &entry, &one->index, error);
}

static int64_t must_append(Db *db, const char *object, int number) {
    g_autoptr(GError) error = NULL;
    One one = {.object = object, .number = number};
    db_run_tx(db, append_one, &one, &error);
    g_assert_no_error(error);
    return one.index;
}

static void must_verify(Db *db, int64_t size) {
    g_autoptr(GError) error = NULL;
    int64_t checked = -1;
    ledger_verify(db, NULL, NULL, &checked, &error);
    g_assert_no_error(error);
    g_assert_cmpint(checked, ==, size);
}

static void test_append(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    LedgerHead head;
    g_assert_true(ledger_head(db, &head, &error));
    uint8_t empty[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, "", 0, empty);
    g_assert_cmpint(head.size, ==, 0);
    g_assert_cmpmem(head.root, DIGEST_SIZE, empty, DIGEST_SIZE);
    must_verify(db, 0);

    g_assert_cmpint(must_append(db, "unit:1", 0), ==, 0);
    g_assert_cmpint(must_append(db, "unit:2", 1), ==, 1);
    g_assert_cmpint(must_append(db, "unit:1", 2), ==, 2);
    g_auto(LedgerRecord) record = {0};
    g_assert_true(ledger_find(db, 2, &record, &error));
    g_auto(LedgerLeaf) leaf = {0};
    g_assert_true(ledger_leaf_parse(record.bytes, record.size, &leaf));
    g_assert_cmpstr(leaf.actor, ==, "account:17");
    g_assert_cmpstr(leaf.object, ==, "unit:1");
    g_assert_cmpint(leaf.previous, ==, 0);
    g_assert_cmpstr(record.payload, ==, "{\"number\":2,\"text\":\"消防\\n\\\"1\\\"\"}");
    g_assert_null(strstr(record.bytes, "消防")); /* nothing of the payload in the clear */
    int64_t latest = -1;
    g_assert_true(ledger_latest(db, "unit:1", &latest, &error));
    g_assert_cmpint(latest, ==, 2);
    g_assert_false(ledger_latest(db, "unit:3", &latest, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_false(ledger_find(db, 3, &record, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    must_verify(db, 3);
    g_autoptr(json_t) badge = ledger_badge(db, "unit:1");
    g_assert_cmpstr(json_get_text(badge, "url", ""), ==, "/verify?leaf=2");
    g_autoptr(json_t) none = ledger_badge(db, "unit:3");
    g_assert_true(json_is_null(none));
}

static bool append_and_fail(Db *db, void *data, GError **error) {
    return append_one(db, data, error) && hz_fail(error, HZ_ERROR_INVALID, "changed my mind");
}

static void test_rollback(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    must_append(db, "unit:1", 0);
    One one = {.object = "unit:1", .number = 1};
    g_assert_false(db_run_tx(db, append_and_fail, &one, &error));
    g_assert_cmpint(must_append(db, "unit:1", 2), ==, 1);
    must_verify(db, 2);
}

typedef struct Appender {
    const TestDb *fresh;
    const char *object;
} Appender;

#define APPENDERS 4
#define EACH 25

static gpointer append_many(gpointer data) {
    const Appender *appender = data;
    g_autoptr(Db) db = test_db_open(appender->fresh, DB_READ_WRITE);
    for (int i = 0; i < EACH; i++) {
        must_append(db, appender->object, i);
    }
    return NULL;
}

static void test_concurrent(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    GThread *threads[APPENDERS];
    Appender appenders[APPENDERS];
    for (int i = 0; i < APPENDERS; i++) {
        appenders[i] = (Appender){fresh, i % 2 == 0 ? "unit:1" : "unit:2"};
        threads[i] = g_thread_new("appender", append_many, &appenders[i]);
    }
    for (int i = 0; i < APPENDERS; i++) {
        g_thread_join(threads[i]);
    }
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_ONLY);
    must_verify(db, APPENDERS * EACH);
}

static void test_hostile(DbEngine engine) {
    static const LedgerEntry bad[] = {
        {.type = "Unit.made", .actor = "cli", .object = "unit:1"},
        {.type = "unit made", .actor = "cli", .object = "unit:1"},
        {.type = "unit.made\nactor x", .actor = "cli", .object = "unit:1"},
        {.type = "x", .actor = "cli", .object = "unit:1"},
        {.type = NULL, .actor = "cli", .object = "unit:1"},
        {.type = "unit.made", .actor = "cli\nobject unit:9", .object = "unit:1"},
        {.type = "unit.made", .actor = "王 五", .object = "unit:1"},
        {.type = "unit.made", .actor = "", .object = "unit:1"},
        {.type = "unit.made", .actor = NULL, .object = "unit:1"},
        {.type = "unit.made", .actor = "cli", .object = "unit:1\nprev 0"},
        {.type = "unit.made", .actor = "cli", .object = "unit:1\r"},
        {.type = "unit.made", .actor = "cli", .object = "unit"},
        {.type = "unit.made", .actor = "cli", .object = ":1"},
        {.type = "unit.made", .actor = "cli", .object = "unit: 1"},
        {.type = "unit.made", .actor = "cli", .object = "unit:\x7f"},
    };
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(json_t) payload = json_object();
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        LedgerEntry entry = bad[i];
        entry.payload = payload;
        g_assert_false(ledger_append(db, &entry, NULL, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
    g_autoptr(GError) error = NULL;
    g_autofree char *long_text = g_strnfill(LIMIT_LEDGER_PAYLOAD, 'a');
    json_put_text(payload, "text", long_text);
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    LedgerEntry entry = {
        .type = "unit.made", .actor = "cli", .object = "unit:1", .payload = payload};
    g_assert_false(ledger_append(db, &entry, NULL, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
    db_tx_clear(&tx);
    must_verify(db, 0);
}

/* --- proofs ---------------------------------------------------------------------------------- */

#define SIZE 64

static void collect_leaves(Db *db, uint8_t leaves[SIZE * DIGEST_SIZE]) {
    for (int i = 0; i < SIZE; i++) {
        g_autoptr(GError) error = NULL;
        g_auto(LedgerRecord) record = {0};
        ledger_find(db, i, &record, &error);
        g_assert_no_error(error);
        memcpy(leaves + i * DIGEST_SIZE, record.leaf_hash, DIGEST_SIZE);
    }
}

static void check_proofs_at(Db *db, const uint8_t *leaves, int64_t size) {
    uint8_t root[DIGEST_SIZE];
    merkle_root(DIGEST_SHA256, leaves, (size_t)size, root);
    for (int64_t index = 0; index < size; index++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) proof = ledger_prove_inclusion(db, index, size, &error);
        g_assert_no_error(error);
        g_assert_true(merkle_verify_inclusion(DIGEST_SHA256,
                                              (uint64_t)index,
                                              (uint64_t)size,
                                              leaves + index * DIGEST_SIZE,
                                              proof->data,
                                              proof->len / DIGEST_SIZE,
                                              root));
        uint8_t old_root[DIGEST_SIZE];
        merkle_root(DIGEST_SHA256, leaves, (size_t)index + 1, old_root);
        g_autoptr(GByteArray) path = ledger_prove_consistency(db, index + 1, size, &error);
        g_assert_no_error(error);
        g_assert_true(merkle_verify_consistency(DIGEST_SHA256,
                                                (uint64_t)index + 1,
                                                (uint64_t)size,
                                                old_root,
                                                root,
                                                path->data,
                                                path->len / DIGEST_SIZE));
    }
}

static void test_proofs(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    for (int i = 0; i < SIZE; i++) {
        must_append(db, "unit:1", i);
    }
    uint8_t leaves[SIZE * DIGEST_SIZE];
    collect_leaves(db, leaves);
    for (int64_t size = 1; size <= SIZE; size++) {
        check_proofs_at(db, leaves, size);
    }
    g_autoptr(GError) error = NULL;
    g_assert_null(ledger_prove_inclusion(db, 0, SIZE + 1, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_null(ledger_prove_inclusion(db, 5, 5, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    g_clear_error(&error);
    g_assert_null(ledger_prove_consistency(db, 0, 5, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
}

static void spoil_text(json_t *proof, const char *key) {
    char *text = g_strdup(json_get_text(proof, key, ""));
    text[0] = text[0] == '0' ? '1' : '0';
    json_put_text(proof, key, text);
    g_free(text);
}

static void test_proof_file(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    for (int i = 0; i < 21; i++) {
        must_append(db, "unit:1", i);
    }
    static const int64_t sizes[] = {0, 14, 21};
    for (size_t i = 0; i < G_N_ELEMENTS(sizes); i++) {
        g_autoptr(GError) error = NULL;
        g_autoptr(json_t) proof = ledger_proof_make(db, 13, sizes[i], &error);
        g_assert_no_error(error);
        g_assert_true(ledger_proof_check(proof, &error));
        static const char *const keys[] = {"leaf_hash", "root", "leaf", "format"};
        for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
            g_autoptr(json_t) spoilt = json_deep_copy(proof);
            spoil_text(spoilt, keys[k]);
            g_assert_false(ledger_proof_check(spoilt, NULL));
        }
        json_put_int(proof, "index", 12);
        g_assert_false(ledger_proof_check(proof, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_CORRUPT);
    }
    g_autoptr(json_t) nothing = json_object();
    g_autoptr(GError) error = NULL;
    g_assert_false(ledger_proof_check(nothing, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
}

/* A database of an older program, whose columns told more of a time than its bytes. */
static void test_whole_milliseconds(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    must_append(db, "unit:1", 1); /* at a time that has more than milliseconds */
    must_append(db, "unit:1", 2);
    g_assert_true(ledger_verify(db, NULL, NULL, NULL, &error));
    test_db_exec(db, "UPDATE ledger_entry SET time_us = time_us + $1", db_int(456));
    test_db_exec(db, "UPDATE ledger_state SET time_us = time_us + $1", db_int(456));
    g_assert_false(ledger_verify(db, NULL, NULL, NULL, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CORRUPT);
    g_assert_nonnull(strstr(error->message, "whole milliseconds"));
    g_clear_error(&error);
    test_db_exec(db, "DELETE FROM migration WHERE room = 'ledger' AND number = $1", db_int(3));
    g_assert_true(db_migrate(db, "ledger", &error));
    g_assert_true(ledger_verify(db, NULL, NULL, NULL, &error));
}

/* --- tampering ------------------------------------------------------------------------------- */

typedef void (*Tamper)(Db *db);

static void change_bytes(Db *db) {
    test_db_exec(db,
                 "UPDATE ledger_entry SET bytes = (SELECT b.bytes FROM ledger_entry b "
                 "WHERE b.idx = $1) WHERE idx = 7",
                 db_int(8));
}

static void change_payload(Db *db) {
    test_db_exec(db, "UPDATE ledger_entry SET payload = $1 WHERE idx = 7", db_text("{}"));
}

static void change_salt(Db *db) {
    test_db_exec(
        db, "UPDATE ledger_entry SET salt = $1 WHERE idx = 7", db_blob("0123456789abcdef", 16));
}

static void drop_salt(Db *db) {
    test_db_exec(db, "UPDATE ledger_entry SET salt = $1 WHERE idx = 7", db_null());
}

static void change_object(Db *db) {
    test_db_exec(db, "UPDATE ledger_entry SET object = $1 WHERE idx = 7", db_text("unit:9"));
}

static void change_time(Db *db) {
    test_db_exec(
        db, "UPDATE ledger_entry SET time_us = time_us + $1 WHERE idx = 7", db_int(1000000));
}

static void change_leaf_hash(Db *db) {
    test_db_exec(db,
                 "UPDATE ledger_entry SET leaf_hash = (SELECT b.leaf_hash FROM ledger_entry b "
                 "WHERE b.idx = $1) WHERE idx = 7",
                 db_int(8));
}

static void change_node(Db *db) {
    test_db_exec(
        db, "UPDATE ledger_node SET hash = hash_sm3 WHERE level = 8 AND pos = $1", db_int(0));
}

static void drop_node(Db *db) {
    test_db_exec(db, "DELETE FROM ledger_node WHERE level = 8 AND pos = $1", db_int(0));
}

static void drop_row(Db *db) {
    test_db_exec(db, "DELETE FROM ledger_entry WHERE idx = $1", db_int(7));
}

static void swap_rows(Db *db) {
    test_db_exec(db, "UPDATE ledger_entry SET idx = $1 WHERE idx = 7", db_int(1000));
    test_db_exec(db, "UPDATE ledger_entry SET idx = $1 WHERE idx = 8", db_int(7));
    test_db_exec(db, "UPDATE ledger_entry SET idx = $1 WHERE idx = 1000", db_int(8));
}

static void drop_last(Db *db) {
    test_db_exec(db, "DELETE FROM ledger_entry WHERE idx = $1", db_int(299));
}

static void add_row(Db *db) {
    test_db_exec(db,
                 "INSERT INTO ledger_entry (idx, bytes, leaf_hash, type, object, time_us) "
                 "SELECT $1, bytes, leaf_hash, type, object, time_us FROM ledger_entry "
                 "WHERE idx = 7",
                 db_int(300));
}

static void add_node(Db *db) {
    test_db_exec(db,
                 "INSERT INTO ledger_node (level, pos, hash) SELECT 16, $1, hash FROM ledger_node "
                 "WHERE level = 8 AND pos = 0",
                 db_int(0));
}

static void cut_back(Db *db) {
    test_db_exec(db, "UPDATE ledger_state SET size = $1", db_int(256));
}

static void change_root(Db *db) {
    test_db_exec(
        db, "UPDATE ledger_state SET root = $1", db_blob("0123456789abcdef0123456789abcdef", 32));
}

/* A well-formed leaf put in the place of another, hash and nodes left alone; and one whose prev
 * points elsewhere, with its own hash in order. */
static void forge_leaf(Db *db, int64_t previous, bool with_hash) {
    g_autoptr(GError) error = NULL;
    g_auto(LedgerRecord) record = {0};
    g_assert_true(ledger_find(db, 7, &record, &error));
    g_auto(LedgerLeaf) leaf = {0};
    g_assert_true(ledger_leaf_parse(record.bytes, record.size, &leaf));
    LedgerEntry entry = {
        .time_us = record.time_us, .type = leaf.type, .actor = leaf.actor, .object = leaf.object};
    size_t size = 0;
    g_autofree char *bytes = ledger_leaf_format(
        &entry, (size_t)leaf.payload_size, leaf.commitment, previous, &size, &error);
    uint8_t hash[DIGEST_SIZE];
    uint8_t sm3[DIGEST_SIZE];
    merkle_leaf(DIGEST_SHA256, bytes, size, hash);
    merkle_leaf(DIGEST_SM3, bytes, size, sm3);
    test_db_exec(db,
                 "UPDATE ledger_entry SET bytes = $1, leaf_hash = $2, leaf_sm3 = $3 WHERE idx = 7",
                 db_blob(bytes, size),
                 db_blob(with_hash ? hash : record.leaf_hash, DIGEST_SIZE),
                 db_blob(with_hash ? sm3 : record.leaf_sm3, DIGEST_SIZE));
}

static void forge_prev(Db *db) {
    forge_leaf(db, 2, true);
}

static void forge_actor(Db *db) {
    test_db_exec(
        db, "UPDATE ledger_entry SET bytes = $1 WHERE idx = 7", db_blob("fss-entry/1\n", 12));
}

typedef struct Tampering {
    Tamper tamper;
    const char *says; /* must stand in the message */
} Tampering;

static const Tampering tamperings[] = {
    {change_bytes, "entry 7: bytes do not fit the leaf hash"},
    {change_payload, "entry 7: payload does not fit"},
    {change_salt, "entry 7: payload does not fit"},
    {drop_salt, "entry 7: payload or salt is missing"},
    {change_object, "entry 7: type, object or time differ"},
    {change_time, "entry 7: type, object or time differ"},
    {change_leaf_hash, "entry 7: bytes do not fit the leaf hash"},
    {change_node, "entries 0 to 255: tree node 8/0 does not fit"},
    {drop_node, "entries 0 to 255: tree node 8/0 does not fit"},
    {drop_row, "entry 7: is missing"},
    {swap_rows, "entry 10: prev is not"},
    {drop_last, "entry 299: is missing"},
    {add_row, "entry 300: stands behind the end"},
    {add_node, "tree nodes that no entry accounts for"},
    {cut_back, "state row does not fit itself"},
    {change_root, "root does not follow"},
    {forge_prev, "entry 7: prev is not"},
    {forge_actor, "entry 7: bytes are not in the form"},
};

static void test_tampering(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    static const char *const objects[] = {"unit:1", "unit:2", "unit:3"};
    for (int i = 0; i < 300; i++) {
        must_append(db, objects[i % 3], i);
    }
    must_verify(db, 300);
    for (size_t i = 0; i < G_N_ELEMENTS(tamperings); i++) {
        g_autoptr(GError) error = NULL;
        g_auto(DbTx) tx = {0};
        g_assert_true(db_begin(db, &tx, &error));
        tamperings[i].tamper(db);
        int64_t size = -1;
        g_assert_false(ledger_verify(db, NULL, NULL, &size, &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_CORRUPT);
        if (strstr(error->message, tamperings[i].says) == NULL) {
            g_error(
                "tampering %zu: \"%s\" instead of \"%s\"", i, error->message, tamperings[i].says);
        }
        db_tx_clear(&tx);
    }
    must_verify(db, 300);
}

/* --- the second tree, many at once, erasure -----------------------------------------------------
 */

static void test_second_tree(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    MerkleFrontier sm3;
    merkle_frontier_init(&sm3, DIGEST_SM3);
    for (int i = 0; i < 37; i++) {
        must_append(db, "unit:1", i);
        g_autoptr(GError) error = NULL;
        g_auto(LedgerRecord) record = {0};
        uint8_t leaf[DIGEST_SIZE];
        uint8_t root[DIGEST_SIZE];
        uint8_t found[DIGEST_SIZE];
        LedgerHead head;
        g_assert_true(ledger_find(db, i, &record, &error));
        merkle_leaf(DIGEST_SM3, record.bytes, record.size, leaf);
        merkle_frontier_add(&sm3, leaf, NULL, NULL);
        merkle_frontier_root(&sm3, root);
        g_assert_true(ledger_head(db, &head, &error));
        g_assert_cmpmem(head.root_sm3, DIGEST_SIZE, root, DIGEST_SIZE);
        g_assert_true(ledger_root_at(db, DIGEST_SM3, i + 1, found, &error));
        g_assert_cmpmem(found, DIGEST_SIZE, root, DIGEST_SIZE);
    }
}

/* As entries lie in a database that was made before the second tree. */
static void make_old(Db *db) {
    test_db_exec(db, "UPDATE ledger_entry SET leaf_sm3 = $1", db_null());
    test_db_exec(db, "UPDATE ledger_node SET hash_sm3 = $1", db_null());
    test_db_exec(db, "UPDATE ledger_state SET size_sm3 = 0, peaks_sm3 = $1", db_blob("", 0));
}

static void test_complete(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    ledger_complete(db, &error); /* empty: nothing to do */
    g_assert_no_error(error);
    for (int i = 0; i < 21; i++) {
        must_append(db, "unit:1", i);
    }
    LedgerHead before;
    LedgerHead after;
    g_assert_true(ledger_head(db, &before, &error));
    make_old(db);
    One one = {.object = "unit:1"};
    g_assert_false(db_run_tx(db, append_one, &one, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE);
    g_clear_error(&error);
    g_assert_false(ledger_verify(db, NULL, NULL, NULL, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE);
    g_clear_error(&error);
    ledger_complete(db, &error);
    g_assert_no_error(error);
    g_assert_true(ledger_head(db, &after, &error));
    g_assert_cmpmem(after.root_sm3, DIGEST_SIZE, before.root_sm3, DIGEST_SIZE);
    must_append(db, "unit:1", 21);
    must_verify(db, 22);
}

#define MANY 700

static bool append_batch(Db *db, void *data, GError **error) {
    static const char *const objects[] = {"unit:1", "unit:2", "unit:\"3\\", "unit:'4'"};
    g_autoptr(json_t) payload = json_object();
    json_put_text(payload, "text", "同一批");
    LedgerEntry entries[MANY];
    for (int i = 0; i < MANY; i++) {
        entries[i] = (LedgerEntry){
            INT64_C(1795300000123456), "test.made", "cli", objects[(i * i + i / 3) % 4], payload};
    }
    return ledger_append_many(db, entries, *(size_t *)data, NULL, error);
}

/* The last but one is too large: none of them comes in. */
static bool append_too_large(Db *db, void *data, GError **error) {
    (void)data;
    g_autofree char *text = g_strnfill(LIMIT_LEDGER_PAYLOAD, 'x');
    g_autoptr(json_t) small = json_pack("{s:s}", "text", "x");
    g_autoptr(json_t) large = json_pack("{s:s}", "text", text);
    LedgerEntry entries[MANY];
    for (int i = 0; i < MANY; i++) {
        entries[i] = (LedgerEntry){
            INT64_C(1795300000123456), "test.made", "cli", "unit:4", i == MANY - 2 ? large : small};
    }
    return ledger_append_many(db, entries, MANY, NULL, error);
}

static void test_many(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    static const size_t counts[] = {1, 2, MANY, 3};
    int64_t size = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(counts); i++) {
        g_autoptr(GError) error = NULL;
        size_t count = counts[i];
        db_run_tx(db, append_batch, &count, &error);
        g_assert_no_error(error);
        must_append(db, "unit:2", 1);
        size += (int64_t)count + 1;
        must_verify(db, size); /* links inside a batch and across */
    }
    g_autoptr(GError) error = NULL;
    g_assert_false(db_run_tx(db, append_too_large, NULL, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
    must_verify(db, size);
}

typedef struct Erasure {
    int64_t index;
    const char *reason;
    int64_t entry;
} Erasure;

static bool erase(Db *db, void *data, GError **error) {
    Erasure *erasure = data;
    return ledger_erase(db,
                        erasure->index,
                        "account:3",
                        erasure->reason,
                        INT64_C(1795300000999000),
                        &erasure->entry,
                        error);
}

static void test_erase(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    for (int i = 0; i < 5; i++) {
        must_append(db, "unit:1", i);
    }
    Erasure erasure = {.index = 2, .reason = "个人信息保护法第四十七条"};
    db_run_tx(db, erase, &erasure, &error);
    g_assert_no_error(error);
    g_assert_cmpint(erasure.entry, ==, 5);
    g_auto(LedgerRecord) record = {0};
    g_assert_true(ledger_find(db, 2, &record, &error));
    g_assert_null(record.payload);
    LedgerReport report;
    g_assert_true(ledger_verify_all(db, NULL, NULL, &report, &error));
    g_assert_cmpint(report.erased, ==, 1);
    /* Once only, not without a reason, and never what the log says about itself. */
    static const struct {
        Erasure erasure;
        HzErrorCode code;
    } refused[] = {
        {{2, "again", 0}, HZ_ERROR_CONFLICT},
        {{3, "", 0}, HZ_ERROR_INVALID},
        {{5, "the erasure", 0}, HZ_ERROR_DENIED},
        {{9, "none", 0}, HZ_ERROR_NOT_FOUND},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(refused); i++) {
        Erasure one = refused[i].erasure;
        g_assert_false(db_run_tx(db, erase, &one, &error));
        g_assert_error(error, HZ_ERROR, (int)refused[i].code);
        g_clear_error(&error);
    }
    must_verify(db, 6);
    /* A payload that vanishes without an entry is found, and one that comes back. */
    test_db_exec(
        db, "UPDATE ledger_entry SET payload = NULL, salt = NULL WHERE idx = $1", db_int(4));
    g_assert_false(ledger_verify(db, NULL, NULL, NULL, &error));
    g_assert_nonnull(strstr(error->message, "entry 4: payload and salt are gone"));
}

static void test_leaf_form(void) {
    static const char good[] =
        "fss-entry/1\ntime 2026-11-22T09:15:24.123Z\ntype unit.made\nactor cli\nobject unit:1\n"
        "payload 2 0000000000000000000000000000000000000000000000000000000000000000\n"
        "prev 12\nsig - - -\n";
    g_auto(LedgerLeaf) leaf = {0};
    g_assert_true(ledger_leaf_parse(good, strlen(good), &leaf));
    g_assert_cmpint(leaf.previous, ==, 12);
    /* No byte may be left out, and no line may come twice. */
    for (size_t cut = 0; cut < strlen(good); cut++) {
        g_autofree char *shorter = g_strdup(good);
        memmove(shorter + cut, shorter + cut + 1, strlen(good) - cut);
        g_auto(LedgerLeaf) other = {0};
        bool is_read = ledger_leaf_parse(shorter, strlen(shorter), &other);
        /* Cutting inside a value can leave another well-formed leaf; never the same one. */
        g_assert_false(is_read && g_strcmp0(other.time, leaf.time) == 0 &&
                       g_strcmp0(other.type, leaf.type) == 0 &&
                       g_strcmp0(other.actor, leaf.actor) == 0 &&
                       g_strcmp0(other.object, leaf.object) == 0 &&
                       other.payload_size == leaf.payload_size && other.previous == leaf.previous);
    }
    static const char *const bad[] = {
        "prev 012\n", "prev -1\n", "prev +1\n", "prev \n", "prev 1 \n"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GString) text = g_string_new(good);
        g_string_replace(text, "prev 12\n", bad[i], 1);
        g_auto(LedgerLeaf) other = {0};
        g_assert_false(ledger_leaf_parse(text->str, text->len, &other));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/ledger/leaf/one-form-only", test_leaf_form);
    test_db_add("/ledger/appends-and-links", test_append);
    test_db_add("/ledger/rollback-leaves-no-gap", test_rollback);
    test_db_add("/ledger/concurrent-appenders-make-one-log", test_concurrent);
    test_db_add("/ledger/no-line-can-be-forged", test_hostile);
    test_db_add("/ledger/proofs-for-every-place-and-size", test_proofs);
    test_db_add("/ledger/proof-file-stands-alone", test_proof_file);
    test_db_add("/ledger/verify-names-what-was-tampered", test_tampering);
    test_db_add("/ledger/second-tree-follows-the-same-entries", test_second_tree);
    test_db_add("/ledger/older-entries-get-the-second-tree", test_complete);
    test_db_add("/ledger/many-at-once-are-linked-alike", test_many);
    test_db_add("/ledger/erased-payload-keeps-the-log-whole-and-is-told-of", test_erase);
    test_db_add("/ledger/verify/times-are-whole-milliseconds", test_whole_milliseconds);
    return g_test_run();
}
