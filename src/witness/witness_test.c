/* The witness's protocol, status by status (c2sp.org/tlog-witness), over trees made here. */
#include "base/clock.h"
#include "base/error.h"
#include "ledger/merkle.h"
#include "test_db.h"
#include "witness/witness.h"

#include <string.h>

#define ORIGIN "city.example/fss"
#define NOW_US INT64_C(1795300000000000)
#define LEAVES 40

static const char *const rooms[] = {"witness", NULL};

typedef struct Log {
    SignKey *key;
    NoteKey name;
    uint8_t leaves[LEAVES * DIGEST_SIZE];
} Log;

static void log_make(Log *log, int salt) {
    log->key = sign_key_new(SIGN_ED25519);
    log->name = note_key_make(ORIGIN, NOTE_ED25519, sign_key_public(log->key));
    for (int i = 0; i < LEAVES; i++) {
        const int bytes[] = {salt, i};
        merkle_leaf(DIGEST_SHA256, bytes, sizeof bytes, log->leaves + (size_t)i * DIGEST_SIZE);
    }
}

/* RFC 9162 2.1.4.1, word by word. */
static void prove(const uint8_t *leaves, size_t old, size_t count, bool is_whole, GString *lines) {
    uint8_t hash[DIGEST_SIZE];
    size_t split = 1;
    while (split * 2 < count) {
        split *= 2;
    }
    if (old == count && is_whole) {
        return;
    }
    if (old == count) {
        merkle_root(DIGEST_SHA256, leaves, count, hash);
    } else if (old <= split) {
        prove(leaves, old, split, is_whole, lines);
        merkle_root(DIGEST_SHA256, leaves + split * DIGEST_SIZE, count - split, hash);
    } else {
        prove(leaves + split * DIGEST_SIZE, old - split, count - split, false, lines);
        merkle_root(DIGEST_SHA256, leaves, split, hash);
    }
    g_autofree char *text = g_base64_encode(hash, DIGEST_SIZE);
    g_string_append_printf(lines, "%s\n", text);
}

static char *head_of(const Log *log, size_t size) {
    uint8_t root[DIGEST_SIZE];
    merkle_root(DIGEST_SHA256, log->leaves, size, root);
    g_autofree char *body = checkpoint_body(ORIGIN, (int64_t)size, root);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_assert_true(sign_key_sign(log->key, body, strlen(body), bytes, NULL));
    g_autoptr(GString) note = g_string_new(body);
    g_string_append_c(note, '\n');
    note_append_line(note, &log->name, bytes->data, bytes->len);
    return g_strdup(note->str);
}

static char *request_of(const Log *log, size_t old, size_t size) {
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "old %zu\n", old);
    if (old > 0 && old < size) {
        prove(log->leaves, old, size, true, text);
    }
    g_autofree char *head = head_of(log, size);
    return g_strconcat(text->str, "\n", head, NULL);
}

static void ask(Db *db, const Witness *witness, const char *body, WitnessAnswer *answer) {
    g_autoptr(GError) error = NULL;
    witness_answer_clear(answer);
    witness_take(db, witness, body, strlen(body), NOW_US, answer, &error);
    g_assert_no_error(error);
}

static void
expect(Db *db, const Witness *witness, const char *body, unsigned status, const char *text) {
    g_auto(WitnessAnswer) answer = {0};
    ask(db, witness, body, &answer);
    if (answer.status != status || (text != NULL && strcmp(answer.text, text) != 0)) {
        g_error("%u \"%s\" instead of %u to\n%s", answer.status, answer.text, status, body);
    }
}

static void expect_of(
    Db *db, const Witness *witness, const Log *log, size_t old, size_t size, unsigned status) {
    g_autofree char *body = request_of(log, old, size);
    expect(db, witness, body, status, NULL);
}

static void test_protocol(void) {
    g_autoptr(TestDb) fresh = test_db_new(DB_ENGINE_SQLITE, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(Witness) witness = witness_new(sign_key_new(SIGN_ED25519), "w.example", NULL);
    Log log;
    Log other;
    log_make(&log, 1);
    log_make(&other, 2);
    g_autofree char *vkey = note_key_format(&log.name);
    expect_of(db, witness, &log, 0, 5, 404);
    g_assert_true(witness_add_log(witness, vkey, NULL));
    g_autofree char *own = note_key_format(&witness->name);
    g_assert_false(witness_add_log(witness, own, NULL));
    expect_of(db, witness, &other, 0, 5, 403); /* the same origin, another key */
    expect(db, witness, "old 0\n\nnonsense\n", 400, NULL);
    expect_of(db, witness, &log, 6, 5, 400);
    expect_of(db, witness, &log, 0, 5, 200);
    expect_of(db, witness, &log, 5, 5, 200); /* again: a newer time */

    g_autofree char *stale = request_of(&log, 0, 9);
    g_auto(WitnessAnswer) answer = {0};
    ask(db, witness, stale, &answer);
    g_assert_cmpuint(answer.status, ==, 409);
    g_assert_cmpstr(answer.text, ==, "5\n");
    g_assert_true(answer.is_size);

    /* A proof of another tree, none, and one too many. */
    memcpy(other.leaves, log.leaves, 4 * DIGEST_SIZE);
    SignKey *kept = other.key;
    other.key = log.key;
    other.name = log.name;
    expect_of(db, witness, &other, 5, 9, 422);
    expect_of(db, witness, &other, 5, 5, 409); /* a fork of this very size */
    g_autofree char *head = head_of(&log, 9);
    g_autofree char *bare = g_strconcat("old 5\n\n", head, NULL);
    expect(db, witness, bare, 422, NULL);
    other.key = kept;

    g_autofree char *good = request_of(&log, 5, 9);
    ask(db, witness, good, &answer);
    g_assert_cmpuint(answer.status, ==, 200);
    g_autofree char *cosigned = g_strconcat(head, answer.text, NULL);
    g_auto(Note) note = {0};
    int64_t time_s = 0;
    g_assert_true(note_parse(cosigned, strlen(cosigned), &note, NULL));
    g_assert_cmpint(note_check(&note, &witness->name, &time_s), ==, NOTE_SIGNED);
    g_assert_cmpint(time_s, ==, NOW_US / CLOCK_SECOND_US);
    expect_of(db, witness, &log, 5, 20, 409); /* never back */
    for (size_t size = 9; size < LEAVES; size += 7) {
        expect_of(db, witness, &log, size, MIN(size + 7, LEAVES), 200);
    }
    sign_key_free(log.key);
    sign_key_free(other.key);
}

typedef struct Racer {
    const TestDb *fresh;
    const Witness *witness;
    const Log *log;
    unsigned signed_count;
} Racer;

/* Everybody submits size 2 on old 1 with a tree of their own: one of them may win. */
static gpointer race(gpointer data) {
    Racer *racer = data;
    g_autoptr(Db) db = test_db_open(racer->fresh, DB_READ_WRITE);
    g_autofree char *body = request_of(racer->log, 1, 2);
    g_auto(WitnessAnswer) answer = {0};
    ask(db, racer->witness, body, &answer);
    racer->signed_count = answer.status == 200;
    return NULL;
}

#define RACERS 6

static void test_race(void) {
    g_autoptr(TestDb) fresh = test_db_new(DB_ENGINE_SQLITE, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(Witness) witness = witness_new(sign_key_new(SIGN_ED25519), "w.example", NULL);
    Log logs[RACERS];
    Racer racers[RACERS];
    GThread *threads[RACERS];
    for (int i = 0; i < RACERS; i++) {
        log_make(&logs[i], i);
        if (i > 0) {
            sign_key_free(logs[i].key);
            logs[i].key = logs[0].key;
            logs[i].name = logs[0].name;
            memcpy(logs[i].leaves, logs[0].leaves, DIGEST_SIZE);
        }
        racers[i] = (Racer){fresh, witness, &logs[i], 0};
    }
    g_autofree char *vkey = note_key_format(&logs[0].name);
    g_assert_true(witness_add_log(witness, vkey, NULL));
    expect_of(db, witness, &logs[0], 0, 1, 200);
    for (int i = 0; i < RACERS; i++) {
        threads[i] = g_thread_new("racer", race, &racers[i]);
    }
    unsigned signed_count = 0;
    for (int i = 0; i < RACERS; i++) {
        g_thread_join(threads[i]);
        signed_count += racers[i].signed_count;
    }
    g_assert_cmpuint(signed_count, ==, 1);
    sign_key_free(logs[0].key);
}

static void test_bad_bodies(void) {
    static const char *const bad[] = {
        "",
        "\n",
        "old\n\n",
        "old 0\n",
        "old 00\n\n",
        "old -1\n\n",
        "old 1 \n\n",
        "OLD 0\n\n",
        "old 0\nAAAA\n\n",
        "old 9223372036854775808\n\n",
    };
    g_autoptr(TestDb) fresh = test_db_new(DB_ENGINE_SQLITE, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(Witness) witness = witness_new(sign_key_new(SIGN_ED25519), "w.example", NULL);
    Log log;
    log_make(&log, 1);
    g_autofree char *head = head_of(&log, 3);
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autofree char *body = g_strconcat(bad[i], strlen(bad[i]) > 2 ? head : "", NULL);
        expect(db, witness, body, 400, NULL);
    }
    g_autoptr(GString) many = g_string_new("old 1\n");
    for (int i = 0; i < 64; i++) {
        g_string_append(many, "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n");
    }
    g_string_append_printf(many, "\n%s", head);
    expect(db, witness, many->str, 400, NULL);
    sign_key_free(log.key);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/witness/every-status-of-the-protocol", test_protocol);
    g_test_add_func("/witness/of-many-at-once-one-wins", test_race);
    g_test_add_func("/witness/other-bodies-are-refused", test_bad_bodies);
    return g_test_run();
}
