/*
 * Any one bit of what the log keeps, changed behind its back: the check names something wrong,
 * every time. 150 random bits on each engine; 10,000 with HUOZHENG_SOAK. HUOZHENG_SEED: other bits.
 */
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger_heads_store.h"
#include "ledger/ledger_internal.h"
#include "test_db.h"

#include <glib/gstdio.h>
#include <string.h>

#define NOW_US INT64_C(1795300000000000)

static const char *const rooms[] = {"ledger", NULL};

/* One column: how many rows, the value of row $1 in some fixed order, and how it is changed. */
typedef struct Column {
    const char *name;
    DbType type;
    Sql count, read, write; /* write: $1 value, $2 row */
} Column;

#define COLUMN(table, column, key, db_type)                                                        \
    {                                                                                              \
        table "." column, db_type,                                                                 \
            {"SELECT COUNT(*) FROM " table " WHERE " column " IS NOT NULL"},                       \
            {"SELECT " column ", " key " FROM " table " WHERE " column                             \
             " IS NOT NULL ORDER BY " key " LIMIT 1 OFFSET $1"},                                   \
        {                                                                                          \
            "UPDATE " table " SET " column " = $1 WHERE " key " = $2"                              \
        }                                                                                          \
    }

static const Column columns[] = {
    COLUMN("ledger_entry", "bytes", "idx", DB_BLOB),
    COLUMN("ledger_entry", "leaf_hash", "idx", DB_BLOB),
    COLUMN("ledger_entry", "leaf_sm3", "idx", DB_BLOB),
    COLUMN("ledger_entry", "salt", "idx", DB_BLOB),
    COLUMN("ledger_entry", "payload", "idx", DB_TEXT),
    COLUMN("ledger_entry", "type", "idx", DB_TEXT),
    COLUMN("ledger_entry", "object", "idx", DB_TEXT),
    COLUMN("ledger_entry", "time_us", "idx", DB_INT),
    COLUMN("ledger_entry", "idx", "idx", DB_INT),
    COLUMN("ledger_node", "hash", "1000000 * level + pos", DB_BLOB),
    COLUMN("ledger_node", "hash_sm3", "1000000 * level + pos", DB_BLOB),
    COLUMN("ledger_node", "pos", "1000000 * level + pos", DB_INT),
    COLUMN("ledger_state", "root", "id", DB_BLOB),
    COLUMN("ledger_state", "root_sm3", "id", DB_BLOB),
    COLUMN("ledger_state", "peaks", "id", DB_BLOB),
    COLUMN("ledger_state", "peaks_sm3", "id", DB_BLOB),
    COLUMN("ledger_state", "size", "id", DB_INT),
    COLUMN("ledger_state", "time_us", "id", DB_INT),
    COLUMN("ledger_policy", "text", "id", DB_TEXT),
    COLUMN("ledger_policy", "entry", "id", DB_INT),
    COLUMN("ledger_signed", "root", "size", DB_BLOB),
    COLUMN("ledger_signed", "root_sm3", "size", DB_BLOB),
    COLUMN("ledger_signed", "note", "size", DB_TEXT),
    COLUMN("ledger_signed", "note_sm3", "size", DB_TEXT),
    COLUMN("ledger_signed", "time_us", "size", DB_INT),
    COLUMN("ledger_signed", "size", "size", DB_INT),
    COLUMN("ledger_key", "vkey", "id", DB_TEXT),
    COLUMN("ledger_key", "entry", "id", DB_INT),
    COLUMN("ledger_cosignature", "line", "size", DB_TEXT),
    COLUMN("ledger_cosignature", "vkey", "size", DB_TEXT),
    COLUMN("ledger_cosignature", "time_us", "size", DB_INT),
    COLUMN("ledger_cosignature", "size", "size", DB_INT),
};

/* --- a log with one of everything ---------------------------------------------------------------
 */

static bool append_one(Db *db, void *data, GError **error) {
    int number = *(int *)data;
    g_autofree char *object = g_strdup_printf("unit:%d", number % 5);
    g_autoptr(json_t) payload = json_object();
    json_put_int(payload, "number", number);
    json_put_text(payload, "text", "消防");
    LedgerEntry entry = {NOW_US + number * INT64_C(1000), "test.made", "cli", object, payload};
    return ledger_append(db, &entry, NULL, error);
}

/* So many that a tile is full and a node of its own is stored. */
static bool append_tile(Db *db, void *data, GError **error) {
    (void)data;
    g_autoptr(json_t) payload = json_pack("{s:s}", "text", "一批");
    LedgerEntry entries[200];
    for (size_t i = 0; i < G_N_ELEMENTS(entries); i++) {
        entries[i] = (LedgerEntry){NOW_US, "test.made", "cli", "unit:3", payload};
    }
    return ledger_append_many(db, entries, G_N_ELEMENTS(entries), NULL, error);
}

static bool erase_one(Db *db, void *data, GError **error) {
    (void)data;
    return ledger_erase(db, 7, "cli", "测试", NOW_US, NULL, error);
}

static void run(Db *db, DbWork work, void *data) {
    g_autoptr(GError) error = NULL;
    db_run_tx(db, work, data, &error);
    g_assert_no_error(error);
}

static void cosign(Db *db) {
    g_autoptr(GError) error = NULL;
    g_auto(LedgerSignedHead) head = {0};
    g_auto(Note) note = {0};
    g_autoptr(SignKey) key = sign_key_new(SIGN_ED25519);
    NoteKey note_key = note_key_make("w.example", NOTE_COSIGNATURE, sign_key_public(key));
    g_assert_true(ledger_signed_newest(db, &head, &error));
    g_assert_true(note_parse(head.note, strlen(head.note), &note, &error));
    const int64_t time_s = 0x6b024aa0;
    g_autofree char *message = note_cosigned_message(time_s, note.text);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const uint8_t time[8] = {0, 0, 0, 0, 0x6b, 0x02, 0x4a, 0xa0};
    g_byte_array_append(bytes, time, sizeof time);
    g_assert_true(sign_key_sign(key, message, strlen(message), bytes, &error));
    g_autoptr(GString) line = g_string_new(NULL);
    note_append_line(line, &note_key, bytes->data, bytes->len);
    g_autofree char *vkey = note_key_format(&note_key);
    LedgerCosignature one = {head.size, vkey, time_s * CLOCK_SECOND_US, line->str};
    heads_store_cosign(db, &one, NOW_US, &error);
    g_assert_no_error(error);
}

static void fill(Db *db, const char *folder) {
    g_autoptr(GError) error = NULL;
    g_autoptr(LedgerKeys) keys =
        ledger_keys_prepare(db, folder, "city.example/fss", NOW_US, &error);
    g_assert_no_error(error);
    for (int i = 0; i < 70; i++) {
        run(db, append_one, &i);
        if (i == 40) {
            ledger_keys_rotate(db, keys, "cli", NOW_US, &error);
            g_assert_no_error(error);
            ledger_keys_free(keys);
            keys = ledger_keys_prepare(db, folder, NULL, NOW_US, &error);
        }
        if (i % 30 == 20) {
            ledger_sign_heads(db, keys, NOW_US + i, NULL, &error);
            g_assert_no_error(error);
        }
    }
    run(db, append_tile, NULL);
    run(db, erase_one, NULL);
    ledger_policy_set(db, "quorum none\n", "cli", NOW_US, &error);
    g_assert_no_error(error);
    ledger_sign_heads(db, keys, NOW_US + 99, NULL, &error);
    g_assert_no_error(error);
    cosign(db);
}

/* --- changing one bit ---------------------------------------------------------------------------
 */

/* The value of a random row with one bit changed; false: that bit cannot be stored. */
static bool change(
    const Column *column, GRand *random, const DbRows *row, DbArg *ret_value, GByteArray *bytes) {
    if (column->type == DB_INT) {
        int bit = g_rand_int_range(random, 0, 40);
        *ret_value = db_int(db_rows_int(row, 0) ^ (INT64_C(1) << bit));
        return true;
    }
    size_t size = 0;
    const void *value =
        column->type == DB_BLOB ? db_rows_blob(row, 0, &size) : (const void *)db_rows_text(row, 0);
    size = column->type == DB_BLOB ? size : strlen(value);
    if (size == 0) {
        return false;
    }
    g_byte_array_append(bytes, value, (guint)size);
    guint bit = (guint)g_rand_int_range(random, 0, (gint32)size * 8);
    bytes->data[bit / 8] ^= (guint8)(1u << bit % 8);
    if (column->type == DB_BLOB) {
        *ret_value = db_blob(bytes->data, size);
        return true;
    }
    *ret_value = db_text_n((const char *)bytes->data, size);
    return memchr(bytes->data, '\0', size) == NULL &&
           g_utf8_validate((const char *)bytes->data, (gssize)size, NULL);
}

/* In a transaction that is rolled back. False: that change was not possible. */
static bool tamper(Db *db, const Column *column, GRand *random) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    int64_t count = 0;
    int64_t key = 0;
    DbArg value;
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_assert_true(db_begin(db, &tx, &error));
    g_assert_true(db_query_int(db, column->count, DB_NO_ARGS, &count, &error));
    g_assert_cmpint(count, >, 0);
    {
        DbRows *rows = db_query(
            db, column->read, DB_ARGS(db_int(g_rand_int_range(random, 0, (gint32)count))), &error);
        g_assert_no_error(error);
        g_assert_true(db_rows_next(rows));
        key = db_rows_int(rows, 1);
        bool is_possible = change(column, random, rows, &value, bytes);
        db_rows_free(rows);
        if (!is_possible) {
            return false;
        }
    }
    if (!db_exec(db, column->write, DB_ARGS(value, db_int(key)), NULL, NULL)) {
        return false; /* a key that is there already */
    }
    LedgerReport report;
    if (ledger_verify_all(db, NULL, NULL, &report, &error)) {
        g_error(
            "%s of row %" G_GINT64_FORMAT " was changed and nothing was found", column->name, key);
    }
    g_assert_error(error, HZ_ERROR, HZ_ERROR_CORRUPT);
    return true;
}

static void test_bits(DbEngine engine) {
    g_autoptr(TestDb) fresh = test_db_new(engine, rooms);
    g_autoptr(Db) db = test_db_open(fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_autofree char *folder = g_dir_make_tmp("huozheng-keys-XXXXXX", &error);
    fill(db, folder);
    LedgerReport report;
    ledger_verify_all(db, NULL, NULL, &report, &error);
    g_assert_no_error(error);
    g_assert_cmpint(report.erased, ==, 1);
    g_assert_cmpint(report.heads, ==, 3);
    const char *seed = g_getenv("HUOZHENG_SEED");
    bool is_soak = g_strcmp0(g_getenv("HUOZHENG_SOAK"), "1") == 0;
    g_autoptr(GRand) random =
        g_rand_new_with_seed(seed != NULL ? (guint32)g_ascii_strtoull(seed, NULL, 10) : 20261122);
    int wanted = is_soak ? 10000 : 150;
    int tried = 0;
    for (int found = 0; found < wanted; tried++) {
        g_assert_cmpint(tried, <, 10 * wanted);
        found += tamper(db, &columns[tried % G_N_ELEMENTS(columns)], random);
    }
    g_test_message(
        "%d of %d changes found, %d others could not be stored", wanted, wanted, tried - wanted);
    static const char *const files[] = {"log.pem", "heads.state"};
    for (size_t i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(folder, files[i], NULL);
        g_unlink(path);
    }
    g_rmdir(folder);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/ledger-tamper/any-one-bit-is-found", test_bits);
    return g_test_run();
}
