/* Signed heads on both engines: one for a size, never below one that was signed, keys that come and
 * go, and what strangers can recompute from what is handed out. */
#include "base/clock.h"
#include "base/error.h"
#include "ledger/check.h"
#include "ledger/head_mark.h"
#include "ledger/ledger_heads_store.h"
#include "ledger/ledger_internal.h"
#include "ledger/ledger_public.h"
#include "ledger/policy.h"
#include "test_db.h"
#include "test_folder.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define NOW_US INT64_C(1795300000000000)
#define ORIGIN "city.example/fss"

static const char *const rooms[] = {"ledger", NULL};

/* A log with keys in a folder of its own. */
typedef struct Log {
    TestDb *fresh;
    Db *db;
    char *folder;
    LedgerKeys *keys;
} Log;

static void log_open(Log *log, DbEngine engine) {
    g_autoptr(GError) error = NULL;
    log->fresh = test_db_new(engine, rooms);
    log->db = test_db_open(log->fresh, DB_READ_WRITE);
    log->folder = g_dir_make_tmp("huozheng-keys-XXXXXX", &error);
    g_assert_no_error(error);
    log->keys = ledger_keys_prepare(log->db, log->folder, ORIGIN, NOW_US, &error);
    g_assert_no_error(error);
}

static void log_close(Log *log) {
    ledger_keys_free(log->keys);
    db_close(log->db);
    test_db_free(log->fresh);
    test_folder_remove(log->folder);
    g_free(log->folder);
}

static bool append_some(Db *db, void *data, GError **error) {
    int count = *(int *)data;
    for (int i = 0; i < count; i++) {
        g_autofree char *object = g_strdup_printf("unit:%d", i % 7);
        g_autoptr(json_t) payload = json_object();
        json_put_int(payload, "number", i);
        LedgerEntry entry = {.time_us = NOW_US + i,
                             .type = "test.made",
                             .actor = "account:17",
                             .object = object,
                             .payload = payload};
        if (!ledger_append(db, &entry, NULL, error)) {
            return false;
        }
    }
    return true;
}

static void must_append(Db *db, int count) {
    g_autoptr(GError) error = NULL;
    db_run_tx(db, append_some, &count, &error);
    g_assert_no_error(error);
}

/* Returns the newest signed size. */
static int64_t must_sign(Log *log, int64_t now_us, bool expected) {
    g_autoptr(GError) error = NULL;
    g_auto(LedgerSignedHead) head = {0};
    bool is_signed = false;
    ledger_sign_heads(log->db, log->keys, now_us, &is_signed, &error);
    g_assert_no_error(error);
    g_assert_true(is_signed == expected);
    g_assert_true(ledger_signed_newest(log->db, &head, &error));
    return head.size;
}

static void must_verify(Db *db, LedgerReport *ret_report) {
    g_autoptr(GError) error = NULL;
    ledger_verify_all(db, NULL, NULL, ret_report, &error);
    g_assert_no_error(error);
}

/* --- signing ------------------------------------------------------------------------------------
 */

static void check_checkpoint(const char *text, const LedgerKeys *keys, int64_t size, bool is_sm3) {
    g_autoptr(GError) error = NULL;
    g_auto(Note) note = {0};
    Checkpoint checkpoint;
    checkpoint_open(text, strlen(text), &note, &checkpoint, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(checkpoint.origin, ==, is_sm3 ? ORIGIN "-sm3" : ORIGIN);
    g_assert_cmpint(checkpoint.size, ==, size);
    if (is_sm3) {
        g_assert_cmpint(note_check(&note, &keys->sm2_sm3, NULL), ==, NOTE_SIGNED);
    } else {
        g_assert_cmpint(note_check(&note, &keys->ed25519, NULL), ==, NOTE_SIGNED);
        g_assert_cmpint(note_check(&note, &keys->sm2, NULL), ==, NOTE_SIGNED);
    }
}

static void test_sign(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    /* The entry with the keys, then the first xhead. */
    g_assert_cmpint(must_sign(&log, NOW_US, true), ==, 2);
    g_assert_cmpint(must_sign(&log, NOW_US, false), ==, 2);
    must_append(log.db, 10);
    g_assert_cmpint(must_sign(&log, NOW_US + 1000, true), ==, 13);
    /* A heartbeat a day later. */
    g_assert_cmpint(must_sign(&log, NOW_US + CLOCK_DAY_US, false), ==, 13);
    g_assert_cmpint(must_sign(&log, NOW_US + 1000 + CLOCK_DAY_US, true), ==, 14);
    g_autoptr(GError) error = NULL;
    g_auto(LedgerSignedHead) head = {0};
    g_assert_true(ledger_signed_newest(log.db, &head, &error));
    check_checkpoint(head.note, log.keys, 14, false);
    check_checkpoint(head.note_sm3, log.keys, 14, true);
    LedgerReport report;
    must_verify(log.db, &report);
    g_assert_cmpint(report.size, ==, 14);
    g_assert_cmpint(report.heads, ==, 3);
    /* Anybody can recompute an xhead from what is public. */
    g_auto(LedgerRecord) record = {0};
    g_auto(LedgerSignedHead) before = {0};
    g_assert_true(ledger_find(log.db, 13, &record, &error));
    g_assert_true(heads_store_at(log.db, 13, &before, &error));
    g_autofree char *body = checkpoint_body(ORIGIN, 13, before.root);
    g_autofree char *body_sm3 = checkpoint_body(ORIGIN "-sm3", 13, before.root_sm3);
    g_autofree char *payload = ledger_xhead_payload(body, body_sm3);
    g_auto(LedgerLeaf) leaf = {0};
    uint8_t commitment[DIGEST_SIZE];
    g_assert_true(ledger_leaf_parse(record.bytes, record.size, &leaf));
    ledger_commitment(ledger_no_salt, payload, strlen(payload), commitment);
    g_assert_cmpmem(commitment, DIGEST_SIZE, leaf.commitment, DIGEST_SIZE);
    g_assert_cmpint(leaf.previous, ==, 12);
    log_close(&log);
}

typedef struct Racer {
    const Log *log;
    int rounds;
} Racer;

static gpointer race(gpointer data) {
    const Racer *racer = data;
    g_autoptr(GError) error = NULL;
    g_autoptr(Db) db = test_db_open(racer->log->fresh, DB_READ_WRITE);
    g_autoptr(LedgerKeys) keys = ledger_keys_open(racer->log->folder, &error);
    g_assert_no_error(error);
    for (int i = 0; i < racer->rounds; i++) {
        must_append(db, 1);
        ledger_sign_heads(db, keys, NOW_US + i, NULL, &error);
        g_assert_no_error(error);
    }
    return NULL;
}

/* Two servers on one database: the primary key would fail them if they signed one size twice. */
static void test_two_servers(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    Racer racer = {&log, 15};
    GThread *first = g_thread_new("first", race, &racer);
    GThread *second = g_thread_new("second", race, &racer);
    g_thread_join(first);
    g_thread_join(second);
    LedgerReport report;
    must_verify(log.db, &report);
    g_assert_cmpint(report.size, ==, 1 + 30 + report.heads);
    log_close(&log);
}

/* --- refusing -----------------------------------------------------------------------------------
 */

static void must_refuse(Db *db, LedgerKeys *keys, const char *says) {
    g_autoptr(GError) error = NULL;
    g_assert_false(ledger_sign_heads(db, keys, NOW_US, NULL, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_DENIED);
    if (strstr(error->message, says) == NULL) {
        g_error("\"%s\" instead of \"%s\"", error->message, says);
    }
}

/* A database of the same keys that ends earlier, or goes on otherwise. */
static void test_older_state(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_append(log.db, 20);
    must_sign(&log, NOW_US, true);
    g_autoptr(TestDb) older = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(older, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    ledger_keys_adopt(db, log.keys, NOW_US, &error);
    g_assert_no_error(error);
    must_append(db, 3);
    must_refuse(db, log.keys, "the database ends at 4");
    /* Stopped also for the right database, and nothing was signed in the wrong one. */
    must_refuse(log.db, log.keys, "the database ends at 4");
    g_auto(LedgerSignedHead) none = {0};
    g_assert_false(ledger_signed_newest(db, &none, NULL));
    /* Going on from the older state does not help. */
    must_append(db, 40);
    g_assert_false(ledger_resume_signing(db, log.folder, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_DENIED);
    g_assert_nonnull(strstr(error->message, "are not those that were signed"));
    g_clear_error(&error);
    /* The newest state put back: a person resumes. */
    g_assert_true(ledger_resume_signing(log.db, log.folder, &error));
    must_append(log.db, 1);
    must_sign(&log, NOW_US, true);
    LedgerReport report;
    must_verify(log.db, &report);
    g_clear_pointer(&db, db_close);
    log_close(&log);
}

/* Nothing is unsigned in a backup that was made right behind a head: noticed all the same. */
static void test_quiet_backup(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_sign(&log, NOW_US, true);
    g_auto(HeadMark) mark = {0};
    g_assert_true(head_mark_read(log.folder, &mark, NULL));
    g_assert_cmpint(mark.size, ==, 2);
    mark.size = 9; /* as if it had gone on before the backup was put back */
    g_assert_true(head_mark_write(log.folder, &mark, NULL));
    must_refuse(log.db, log.keys, "a head of 9 entries was signed");
    g_autofree char *reason = ledger_stop_reason(log.folder);
    g_assert_nonnull(strstr(reason, "older state"));
    log_close(&log);
}

static void test_changed_entry(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_append(log.db, 4);
    must_sign(&log, NOW_US, true);
    test_db_exec(log.db, "UPDATE ledger_entry SET leaf_hash = leaf_sm3 WHERE idx = $1", db_int(2));
    must_append(log.db, 1);
    must_refuse(log.db, log.keys, "are not those that were signed");
    log_close(&log);
}

static void test_mark_file(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_sign(&log, NOW_US, true);
    g_autofree char *path = g_build_filename(log.folder, "heads.state", NULL);
    g_assert_true(g_file_set_contents(path, "nonsense", -1, NULL));
    g_autoptr(GError) error = NULL;
    g_assert_false(ledger_sign_heads(log.db, log.keys, NOW_US, NULL, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CORRUPT);
    g_assert_cmpint(g_unlink(path), ==, 0); /* lost: taken from the database again */
    must_append(log.db, 1);
    must_sign(&log, NOW_US, true);
    g_auto(HeadMark) mark = {0};
    g_assert_true(head_mark_read(log.folder, &mark, NULL));
    g_assert_cmpint(mark.size, ==, 4);
    log_close(&log);
}

/* --- keys ---------------------------------------------------------------------------------------
 */

static void expect_keys(Log *log, HzErrorCode code, const char *says) {
    g_autoptr(GError) error = NULL;
    g_autoptr(LedgerKeys) keys = ledger_keys_prepare(log->db, log->folder, ORIGIN, NOW_US, &error);
    g_assert_null(keys);
    g_assert_error(error, HZ_ERROR, (int)code);
    if (strstr(error->message, says) == NULL) {
        g_error("\"%s\" instead of \"%s\"", error->message, says);
    }
}

static void test_key_file(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    g_autofree char *path = g_build_filename(log.folder, "log.pem", NULL);
    struct stat status;
    g_assert_cmpint(stat(path, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 0777, ==, 0600);
    g_assert_cmpint(g_chmod(path, 0640), ==, 0);
    expect_keys(&log, HZ_ERROR_DENIED, "chmod 600");
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
    g_autofree char *good = NULL;
    g_assert_true(g_file_get_contents(path, &good, NULL, NULL));
    g_assert_true(g_file_set_contents_full(path, "x", -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    expect_keys(&log, HZ_ERROR_INVALID, "log.pem");
    g_assert_cmpint(g_unlink(path), ==, 0);
    expect_keys(&log, HZ_ERROR_NOT_FOUND, "cannot be found"); /* never a new one by itself */
    g_autoptr(GError) error = NULL;
    g_assert_true(ledger_keys_generate(log.folder, ORIGIN, &error));
    g_assert_false(ledger_keys_generate(log.folder, ORIGIN, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    expect_keys(&log, HZ_ERROR_CONFLICT, "is not this log's current key");
    log_close(&log);
}

static void reopen_keys(Log *log) {
    g_autoptr(GError) error = NULL;
    ledger_keys_free(log->keys);
    log->keys = ledger_keys_prepare(log->db, log->folder, ORIGIN, NOW_US, &error);
    g_assert_no_error(error);
}

static void test_rotation(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_append(log.db, 2);
    must_sign(&log, NOW_US, true);
    g_autofree char *path = g_build_filename(log.folder, "log.pem", NULL);
    g_autofree char *next = g_build_filename(log.folder, "log.next.pem", NULL);
    g_autofree char *old_file = NULL;
    g_assert_true(g_file_get_contents(path, &old_file, NULL, NULL));
    g_autofree char *old_vkey = note_key_format(&log.keys->ed25519);
    g_autoptr(GError) error = NULL;
    ledger_keys_rotate(log.db, log.keys, "cli", NOW_US, &error);
    g_assert_no_error(error);
    /* The running signer learns of it. */
    must_append(log.db, 2);
    g_assert_false(ledger_sign_heads(log.db, log.keys, NOW_US, NULL, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CONFLICT);
    g_clear_error(&error);
    reopen_keys(&log);
    g_autofree char *new_vkey = note_key_format(&log.keys->ed25519);
    g_assert_cmpstr(old_vkey, !=, new_vkey);
    must_sign(&log, NOW_US, true);
    g_autofree char *keys = ledger_keys_text(log.db, &error);
    g_assert_true(g_str_has_prefix(keys, new_vkey));
    g_assert_nonnull(strstr(keys, old_vkey));
    LedgerReport report;
    must_verify(log.db, &report);
    g_assert_cmpint(report.heads, ==, 2);
    /* Killed between the commit and the rename: the old file is still in place. */
    g_assert_cmpint(g_rename(path, next), ==, 0);
    g_assert_true(
        g_file_set_contents_full(path, old_file, -1, G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    reopen_keys(&log);
    g_autofree char *found = note_key_format(&log.keys->ed25519);
    g_assert_cmpstr(found, ==, new_vkey);
    g_assert_false(g_file_test(next, G_FILE_TEST_EXISTS));
    log_close(&log);
}

/* The exported log's verdict: valid, and `keys` says from where on nobody stands for the key. */
static void check_told_of(Db *db, const char *folder, int64_t entry) {
    g_autoptr(GError) error = NULL;
    g_autofree char *copy = g_build_filename(folder, "copy", NULL);
    ledger_export(db, copy, NULL, NULL, NULL, &error);
    g_assert_no_error(error);
    g_autoptr(GArray) given = g_array_new(FALSE, FALSE, sizeof(NoteKey));
    const CheckTrust trust = {.given = given};
    g_autoptr(Verdict) verdict = verdict_new("log");
    check_log(verdict, copy, &trust);
    g_autoptr(json_t) document = verdict_document(verdict);
    g_assert_true(json_get_bool(document, "valid", false));
    const json_t *keys = json_array_get(json_object_get(document, "checks"), 1);
    g_assert_cmpstr(json_get_text(keys, "id", ""), ==, "keys");
    g_assert_cmpint(json_get_int(keys, "entry", -1), ==, entry);
    g_autofree char *words = g_strdup_printf("from entry %" G_GINT64_FORMAT " on", entry);
    g_assert_nonnull(strstr(json_get_text(keys, "en", ""), words));
}

static void must_not_rekey(const Log *log, int code) {
    g_autoptr(GError) error = NULL;
    g_assert_false(ledger_keys_rekey(log->db, log->folder, "cli", NOW_US, &error));
    g_assert_error(error, HZ_ERROR, code);
}

static void test_lost_keys(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_append(log.db, 2);
    must_sign(&log, NOW_US, true);
    g_autoptr(GError) error = NULL;
    g_autofree char *path = g_build_filename(log.folder, "log.pem", NULL);
    g_autofree char *next = g_build_filename(log.folder, "log.next.pem", NULL);
    must_not_rekey(&log, HZ_ERROR_DENIED);
    g_chmod(path, 0644); /* refused for signing, yet not lost */
    must_not_rekey(&log, HZ_ERROR_DENIED);
    g_assert_cmpint(g_chmod(path, 0600), ==, 0);
    g_assert_cmpint(g_rename(path, next), ==, 0); /* as a rotation that was cut off leaves it */
    must_not_rekey(&log, HZ_ERROR_DENIED);
    g_assert_cmpint(g_unlink(next), ==, 0);
    int64_t lost = -2;
    g_assert_true(ledger_keys_lost_entry(log.db, &lost, &error));
    g_assert_cmpint(lost, ==, -1);
    g_assert_null(ledger_keys_prepare(log.db, log.folder, ORIGIN, NOW_US, NULL));

    ledger_keys_rekey(log.db, log.folder, "cli", NOW_US, &error);
    g_assert_no_error(error);
    must_not_rekey(&log, HZ_ERROR_DENIED);
    reopen_keys(&log);
    must_append(log.db, 1);
    int64_t size = must_sign(&log, NOW_US, true);
    g_assert_true(ledger_keys_lost_entry(log.db, &lost, &error));
    g_assert_cmpint(lost, ==, 4);
    LedgerReport report;
    must_verify(log.db, &report);
    g_assert_cmpint(report.lost_key, ==, 4);
    g_assert_cmpint(report.size, ==, size);
    check_told_of(log.db, log.folder, 4);
    /* A rotation behind it has the word of the keys before, and the loss is still told. */
    ledger_keys_rotate(log.db, log.keys, "cli", NOW_US, &error);
    g_assert_no_error(error);
    reopen_keys(&log);
    must_sign(&log, NOW_US, true);
    must_verify(log.db, &report);
    check_told_of(log.db, log.folder, 4);
    log_close(&log);
}

/* Somebody who can write to the database but has no key of the log tells of keys of their own. */
static bool usurp(Db *db, void *data, GError **error) {
    LedgerKeys *own = data;
    g_autofree char *ed25519 = note_key_format(&own->ed25519);
    g_autofree char *sm2 = note_key_format(&own->sm2);
    g_autofree char *sm2_sm3 = note_key_format(&own->sm2_sm3);
    const char *const all[] = {ed25519, sm2, sm2_sm3};
    g_autofree char *text = ledger_key_word(all);
    g_autoptr(GString) word = g_string_new(text);
    g_string_append_c(word, '\n');
    g_autoptr(json_t) payload = json_object();
    json_t *keys = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        json_array_append_new(keys, json_string(all[i]));
    }
    json_put(payload, "keys", keys);
    bool done = ledger_keys_sign(own, &own->ed25519, text, word, error) &&
                ledger_keys_sign(own, &own->sm2, text, word, error);
    json_put_text(payload, "word", word->str);
    LedgerEntry entry = {NOW_US, LEDGER_KEY_TYPE, "cli", LEDGER_KEYS, payload};
    int64_t index = -1;
    done = done && ledger_append(db, &entry, &index, error);
    for (size_t i = 0; done && i < G_N_ELEMENTS(all); i++) {
        done = heads_store_add_key(db, 4 + (int64_t)i, all[i], index, error);
    }
    return done;
}

static void test_false_word(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_build_filename(log.folder, "other", NULL);
    g_assert_true(ledger_keys_generate(folder, ORIGIN, &error));
    g_autoptr(LedgerKeys) own = ledger_keys_open(folder, &error);
    db_run_tx(log.db, usurp, own, &error);
    g_assert_no_error(error);
    LedgerReport report;
    g_assert_false(ledger_verify_all(log.db, NULL, NULL, &report, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CORRUPT);
    g_assert_nonnull(strstr(error->message, "the keys before have not signed"));
    log_close(&log);
}

static void test_folders(void) {
    g_autofree char *sqlite = ledger_keys_folder("sqlite:/x/city.db", NULL, "/data");
    g_assert_cmpstr(sqlite, ==, "/x/city.db-ledger");
    g_autofree char *pg = ledger_keys_folder("postgresql://u@h:5432/city?a=/b", NULL, "/data");
    g_assert_cmpstr(pg, ==, "/data/ledger-city");
    g_autofree char *chosen = ledger_keys_folder("sqlite:/x/city.db", "/keys", "/data");
    g_assert_cmpstr(chosen, ==, "/keys");
}

/* --- handing out --------------------------------------------------------------------------------
 */

static void test_tlog_proof(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_append(log.db, 30);
    int64_t size = must_sign(&log, NOW_US, true);
    for (int64_t index = 0; index < size; index++) {
        g_autoptr(GError) error = NULL;
        g_autofree char *text = ledger_tlog_proof(log.db, index, index % 2 == 1, &error);
        g_assert_no_error(error);
        g_auto(TlogProof) proof = {0};
        g_assert_true(tlog_proof_parse(text, strlen(text), &proof, &error));
        g_auto(Note) note = {0};
        Checkpoint checkpoint;
        g_assert_true(checkpoint_open(
            proof.checkpoint, strlen(proof.checkpoint), &note, &checkpoint, &error));
        g_auto(LedgerRecord) record = {0};
        g_assert_true(ledger_find(log.db, index, &record, &error));
        size_t payload = index % 2 == 1 ? 16 + strlen(record.payload) : 0;
        g_assert_cmpuint(proof.extra->len, ==, record.size + payload);
        uint8_t leaf[DIGEST_SIZE];
        merkle_leaf(DIGEST_SHA256, proof.extra->data, record.size, leaf);
        g_assert_true(merkle_verify_inclusion(DIGEST_SHA256,
                                              (uint64_t)index,
                                              (uint64_t)checkpoint.size,
                                              leaf,
                                              proof.hashes->data,
                                              proof.hashes->len / DIGEST_SIZE,
                                              checkpoint.root));
    }
    must_append(log.db, 1);
    g_autoptr(GError) error = NULL;
    g_assert_null(ledger_tlog_proof(log.db, size, false, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    log_close(&log);
}

static void check_history_proof(const json_t *entry,
                                const char *name,
                                DigestKind kind,
                                const Checkpoint *checkpoint) {
    uint8_t steps[LEDGER_PROOF_MAX * DIGEST_SIZE];
    const json_t *proof = json_object_get(entry, name);
    size_t count = json_array_size(proof);
    for (size_t i = 0; i < count; i++) {
        g_assert_true(hex_parse(
            json_string_value(json_array_get(proof, i)), steps + i * DIGEST_SIZE, DIGEST_SIZE));
    }
    gsize size = 0;
    g_autofree guchar *bytes = g_base64_decode(json_get_text(entry, "leaf", ""), &size);
    uint8_t leaf[DIGEST_SIZE];
    merkle_leaf(kind, bytes, size, leaf);
    g_assert_true(merkle_verify_inclusion(kind,
                                          (uint64_t)json_get_int(entry, "index", -1),
                                          (uint64_t)checkpoint->size,
                                          leaf,
                                          steps,
                                          count,
                                          checkpoint->root));
}

static void test_history(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_append(log.db, 30);
    must_sign(&log, NOW_US, true);
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) history = ledger_history(log.db, "unit:3", &error);
    g_assert_no_error(error);
    g_auto(Note) note = {0};
    g_auto(Note) note_sm3 = {0};
    Checkpoint checkpoint;
    Checkpoint checkpoint_sm3;
    const char *text = json_get_text(history, "checkpoint", "");
    const char *text_sm3 = json_get_text(history, "checkpoint_sm3", "");
    g_assert_true(checkpoint_open(text, strlen(text), &note, &checkpoint, &error));
    g_assert_true(checkpoint_open(text_sm3, strlen(text_sm3), &note_sm3, &checkpoint_sm3, &error));
    const json_t *entries = json_object_get(history, "entries");
    g_assert_cmpuint(json_array_size(entries), ==, 4);
    for (size_t i = 0; i < 4; i++) {
        const json_t *entry = json_array_get(entries, i);
        check_history_proof(entry, "proof", DIGEST_SHA256, &checkpoint);
        check_history_proof(entry, "proof_sm3", DIGEST_SM3, &checkpoint_sm3);
        g_assert_nonnull(json_get_text(entry, "payload", NULL));
    }
    g_assert_null(ledger_history(log.db, "unit:99", &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    log_close(&log);
}

static GBytes *read_export(const char *folder, const char *path) {
    g_autofree char *full = g_build_filename(folder, path, NULL);
    char *text = NULL;
    gsize size = 0;
    g_autoptr(GError) error = NULL;
    g_file_get_contents(full, &text, &size, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(text, size);
}

/* The root that the exported tiles of level 0 lead to, and that each tile above is made of those
 * below. */
static void check_tiles(const char *folder,
                        const char *prefix,
                        DigestKind kind,
                        int64_t size,
                        uint8_t ret_root[DIGEST_SIZE]) {
    g_autoptr(GByteArray) below = g_byte_array_new();
    for (int level = 0; tile_width(size, level, 0) > 0; level++) {
        g_autoptr(GByteArray) all = g_byte_array_new();
        TilePath tile = {.level = level};
        for (; (tile.width = tile_width(size, level, tile.index)) > 0; tile.index++) {
            g_autofree char *path = tile_path_format(&tile);
            g_autofree char *full = g_strconcat(prefix, path, NULL);
            g_autoptr(GBytes) bytes = read_export(folder, full);
            g_assert_cmpuint(g_bytes_get_size(bytes), ==, tile.width * DIGEST_SIZE);
            g_byte_array_append(all, g_bytes_get_data(bytes, NULL), (guint)g_bytes_get_size(bytes));
        }
        if (level == 0) {
            merkle_root(kind, all->data, (size_t)size, ret_root);
        }
        for (guint i = 0; level > 0 && i < all->len / DIGEST_SIZE; i++) {
            uint8_t hash[DIGEST_SIZE];
            merkle_root(kind, below->data + (gsize)i * TILE_WIDTH * DIGEST_SIZE, TILE_WIDTH, hash);
            g_assert_cmpmem(hash, DIGEST_SIZE, all->data + (gsize)i * DIGEST_SIZE, DIGEST_SIZE);
        }
        g_byte_array_set_size(below, 0);
        g_byte_array_append(below, all->data, all->len);
    }
}

static void check_root(const char *folder, const char *path, const uint8_t root[DIGEST_SIZE]) {
    g_autoptr(GBytes) bytes = read_export(folder, path);
    g_auto(Note) note = {0};
    Checkpoint checkpoint;
    g_autoptr(GError) error = NULL;
    checkpoint_open(
        g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes), &note, &checkpoint, &error);
    g_assert_no_error(error);
    g_assert_cmpmem(checkpoint.root, DIGEST_SIZE, root, DIGEST_SIZE);
}

static void test_export(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_append(log.db, 600);
    must_sign(&log, NOW_US, true);
    must_append(log.db, 5); /* not signed: not handed out */
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_build_filename(log.folder, "public", NULL);
    int64_t size = 0;
    ledger_export(log.db, folder, NULL, NULL, &size, &error);
    g_assert_no_error(error);
    g_assert_cmpint(size, ==, 602);
    uint8_t root[DIGEST_SIZE];
    check_tiles(folder, "", DIGEST_SHA256, size, root);
    check_root(folder, "checkpoint", root);
    check_tiles(folder, "sm3/", DIGEST_SM3, size, root);
    check_root(folder, "sm3/checkpoint", root);
    g_autoptr(GBytes) bundle = read_export(folder, "tile/entries/002.p/90");
    gsize bundle_size = 0;
    const uint8_t *bytes = g_bytes_get_data(bundle, &bundle_size);
    gsize at = 0;
    for (int64_t index = 512; index < 602; index++) {
        g_auto(LedgerRecord) record = {0};
        g_assert_true(ledger_find(log.db, index, &record, &error));
        gsize length = (gsize)bytes[at] << 8 | bytes[at + 1];
        g_assert_true(length == record.size && memcmp(bytes + at + 2, record.bytes, length) == 0);
        at += 2 + length;
    }
    g_assert_cmpuint(at, ==, bundle_size);
    /* An older partial tile stays available, wider ones than the tree are not. */
    TilePath tile = {0, 2, 10};
    g_autoptr(GByteArray) partial = ledger_tile(log.db, DIGEST_SHA256, &tile, size, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(partial->len, ==, 320);
    tile.width = 91;
    g_assert_null(ledger_tile(log.db, DIGEST_SHA256, &tile, size, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    log_close(&log);
}

/* --- witnesses ----------------------------------------------------------------------------------
 */

typedef struct Witness {
    SignKey *key;
    NoteKey note_key;
    char *vkey;
} Witness;

static void witness_make(Witness *witness, const char *name) {
    witness->key = sign_key_new(SIGN_ED25519);
    witness->note_key = note_key_make(name, NOTE_COSIGNATURE, sign_key_public(witness->key));
    witness->vkey = note_key_format(&witness->note_key);
}

static void witness_clear(Witness *witness) {
    sign_key_free(witness->key);
    g_free(witness->vkey);
}

static void cosign(Log *log, const Witness *witness, int64_t size, int64_t time_s) {
    g_autoptr(GError) error = NULL;
    g_auto(LedgerSignedHead) head = {0};
    g_auto(Note) note = {0};
    g_assert_true(heads_store_at(log->db, size, &head, &error));
    g_assert_true(note_parse(head.note, strlen(head.note), &note, &error));
    g_autofree char *message = note_cosigned_message(time_s, note.text);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (int shift = 56; shift >= 0; shift -= 8) {
        const uint8_t byte = (uint8_t)(time_s >> shift);
        g_byte_array_append(bytes, &byte, 1);
    }
    g_assert_true(sign_key_sign(witness->key, message, strlen(message), bytes, &error));
    g_autoptr(GString) line = g_string_new(NULL);
    note_append_line(line, &witness->note_key, bytes->data, bytes->len);
    LedgerCosignature one = {size, witness->vkey, time_s * CLOCK_SECOND_US, line->str};
    heads_store_cosign(log->db, &one, NOW_US, &error);
    g_assert_no_error(error);
}

static void test_witnessed(DbEngine engine) {
    Log log = {0};
    log_open(&log, engine);
    must_append(log.db, 3);
    g_autoptr(GError) error = NULL;
    LedgerWitnessed witnessed = {0};
    g_assert_false(ledger_witnessed(log.db, 2, &witnessed, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    g_clear_error(&error);
    int64_t first = must_sign(&log, NOW_US + 5678, true);
    g_assert_true(ledger_witnessed(log.db, 2, &witnessed, &error));
    g_assert_true(witnessed.time_us == NOW_US + 5000 && witnessed.witnesses == 0 &&
                  witnessed.head_size == first);

    Witness one = {0};
    Witness two = {0};
    witness_make(&one, "w1.example");
    witness_make(&two, "w2.example");
    g_autofree char *policy =
        g_strdup_printf("witness one %s\nwitness two %s\ngroup both all one two\nquorum both\n",
                        one.vkey,
                        two.vkey);
    ledger_policy_set(log.db, policy, "cli", NOW_US, &error);
    g_assert_no_error(error);
    g_assert_false(ledger_witnessed(log.db, 2, &witnessed, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    g_clear_error(&error);
    cosign(&log, &one, first, 1795300010);
    g_assert_false(ledger_witnessed(log.db, 2, &witnessed, NULL));
    int64_t second = must_sign(&log, NOW_US + 6, true);
    cosign(&log, &two, second, 1795300011);
    g_assert_false(ledger_witnessed(log.db, 2, &witnessed, NULL)); /* one on each head */
    cosign(&log, &one, second, 1795300013);
    g_assert_true(ledger_witnessed(log.db, 2, &witnessed, &error));
    g_assert_cmpint(witnessed.time_us, ==, INT64_C(1795300013) * CLOCK_SECOND_US);
    g_assert_cmpint(witnessed.head_size, ==, second);
    g_assert_cmpuint(witnessed.witnesses, ==, 2);
    g_assert_false(ledger_witnessed(log.db, second, &witnessed, NULL));
    /* The newest head with the quorum is handed out, with both lines. */
    must_append(log.db, 1);
    must_sign(&log, NOW_US + 7, true);
    g_autofree char *text = ledger_tlog_proof(log.db, 2, false, &error);
    g_assert_no_error(error);
    g_auto(TlogProof) proof = {0};
    g_auto(Note) note = {0};
    g_assert_true(tlog_proof_parse(text, strlen(text), &proof, &error));
    g_assert_true(note_parse(proof.checkpoint, strlen(proof.checkpoint), &note, &error));
    g_autofree char *public = ledger_policy_public(log.db, &error);
    g_autoptr(Policy) parsed = policy_parse(public, strlen(public), &error);
    g_assert_no_error(error);
    g_assert_true(policy_is_met(parsed, policy_cosigned(parsed, &note)));
    LedgerReport report;
    must_verify(log.db, &report);
    witness_clear(&one);
    witness_clear(&two);
    log_close(&log);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_unsetenv("HUOZHENG_LEDGER");
    test_db_add("/ledger-heads/signed-behind-an-xhead", test_sign);
    test_db_add("/ledger-heads/two-servers-never-sign-one-size-twice", test_two_servers);
    test_db_add("/ledger-heads/refuses-an-older-state-of-the-database", test_older_state);
    test_db_add("/ledger-heads/refuses-also-when-nothing-is-unsigned", test_quiet_backup);
    test_db_add("/ledger-heads/refuses-over-a-changed-tree", test_changed_entry);
    test_db_add("/ledger-heads/mark-file-is-kept", test_mark_file);
    test_db_add("/ledger-heads/key-file-missing-open-or-foreign", test_key_file);
    test_db_add("/ledger-heads/rotation-keeps-old-keys-and-survives-a-kill", test_rotation);
    test_db_add("/ledger-heads/lost-keys-are-replaced-and-told-of", test_lost_keys);
    test_db_add("/ledger-heads/new-keys-without-the-old-ones-word-are-found", test_false_word);
    test_db_add("/ledger-heads/tlog-proof-for-every-entry", test_tlog_proof);
    test_db_add("/ledger-heads/history-proves-in-both-trees", test_history);
    test_db_add("/ledger-heads/exported-tiles-lead-to-the-checkpoints", test_export);
    test_db_add("/ledger-heads/witnessed-by-a-quorum-on-one-head", test_witnessed);
    g_test_add_func("/ledger-heads/folder-of-the-keys", test_folders);
    return g_test_run();
}
