/* The whole way: synthetic devices, real sockets, gateway, ingest, database. What they saw
 * acknowledged is what is stored. */
#include "base/clock.h"
#include "base/json.h"
#include "ledger/ledger.h"
#include "sensing/gateway.h"
#include "test_call.h"
#include "test_db.h"
#include "test_folder.h"

#include <string.h>

typedef struct Centre {
    TestDb *fresh;
    Db *db;
    Ingest *ingest;
    Gateway *gateway;
    char *folder, *target;
} Centre;

static Centre centre_new(DbEngine engine) {
    g_autoptr(GError) error = NULL;
    Centre centre = {.fresh = test_db_new(engine, NULL)};
    centre.db = test_db_open(centre.fresh, DB_READ_WRITE);
    g_assert_true(ledger_complete(centre.db, &error));
    centre.ingest = ingest_start(&(IngestOptions){.db_url = test_db_url(centre.fresh)}, &error);
    g_assert_no_error(error);
    centre.gateway = gateway_start(&(GatewayOptions){.per_address_max = 50}, centre.ingest, &error);
    g_assert_no_error(error);
    centre.folder = g_dir_make_tmp("devices-XXXXXX", &error);
    g_assert_no_error(error);
    centre.target = g_strdup_printf("127.0.0.1:%u", gateway_port(centre.gateway));
    return centre;
}

static void centre_free(Centre *centre) {
    gateway_stop(centre->gateway);
    ingest_stop(centre->ingest);
    gateway_free(centre->gateway);
    db_close(centre->db);
    test_db_free(centre->fresh);
    test_folder_remove(centre->folder);
    g_free(centre->folder);
    g_free(centre->target);
}

static int64_t count(Db *db, Sql sql) {
    g_autoptr(GError) error = NULL;
    int64_t number = -1;
    db_query_int(db, sql, DB_NO_ARGS, &number, &error);
    g_assert_no_error(error);
    return number;
}

/* Runs the command; caller owns the document. */
static json_t *
simulate(const Centre *centre, const char *transport, const char *script, const char *record) {
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    const char *const words[] = {
        "huozheng", "simulate", "devices",    "--target", centre->target,  "--devices", "120",
        "--rate",   "600",      "--duration", "0.5",      "--per-address", "50",        "--scene",
        "normal",   "--script", script,       "--record", record,          "--quiet",   "--json",
        transport,  NULL};
    int code = test_call(&text, words);
    json_t *document = json_read(text, strlen(text), &error);
    if (code != 0 || document == NULL) {
        g_error("ended with %d and: %s", code, text);
    }
    return document;
}

/* Lines of the record; every one is a frame that was acknowledged once. */
static guint recorded(const char *path, const char *part) {
    g_autoptr(GError) error = NULL;
    g_autofree char *text = NULL;
    g_assert_true(g_file_get_contents(path, &text, NULL, &error));
    g_assert_no_error(error);
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    guint found = 0;
    for (guint i = 0; lines[i] != NULL && lines[i][0] != '\0'; i++) {
        g_auto(GStrv) columns = g_strsplit(lines[i], "\t", -1);
        g_assert_cmpint(g_strv_length(columns), ==, 5);
        g_assert_cmpint(strlen(columns[3]), ==, 64);
        g_assert_true(g_hash_table_add(seen, lines[i]));
        found += strstr(columns[4], part) != NULL ? 1 : 0;
    }
    return found;
}

/* Ten faults of ten devices, in order, and one that is over again. */
static char *write_script(const char *folder) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) text = g_string_new("");
    for (unsigned i = 1; i <= 10; i++) {
        g_string_append_printf(text, "0.%02u %u 3 fault on\n", i, i);
    }
    g_string_append(text, "0.3 1 3 fault off\n0.3 2 - main-power on\n");
    char *path = g_build_filename(folder, "script", NULL);
    g_assert_true(g_file_set_contents(path, text->str, -1, &error));
    return path;
}

static void play(Centre *centre, const char *transport) {
    g_autofree char *script = write_script(centre->folder);
    g_autofree char *record = g_build_filename(centre->folder, "record", NULL);
    g_autoptr(json_t) document = simulate(centre, transport, script, record);
    g_assert_cmpint(json_get_int(document, "connected", 0), ==, 120);
    g_assert_cmpint(json_get_int(document, "given_up", -1), ==, 0);
    g_assert_cmpint(json_get_int(document, "unconfirmed", -1), ==, 0);
    g_assert_cmpint(json_get_int(document, "denied", -1), ==, 0);
    int64_t acknowledged = json_get_int(document, "acknowledged", 0);
    g_assert_cmpint(acknowledged, >=, 12);
    g_assert_cmpint(acknowledged, ==, json_get_int(document, "sent", 0));
    /* Each device's first sign of life comes before the scene. */
    g_assert_cmpint(recorded(record, "4040"), ==, acknowledged + 120);
    g_assert_cmpint(count(centre->db, SQL("SELECT count(*) FROM device")), ==, 120);
    /* The panel's own state repeats what its points say: only those are counted. */
    g_assert_cmpint(count(centre->db,
                          SQL("SELECT count(*) FROM edge e JOIN point p ON p.id = e.point_id "
                              "WHERE e.kind = 'fault' AND e.is_on = 1 AND p.component_type >= 0")),
                    ==,
                    10);
    g_assert_cmpint(count(centre->db,
                          SQL("SELECT count(*) FROM edge e JOIN point p ON p.id = e.point_id "
                              "WHERE e.kind = 'fault' AND e.is_on = 0 AND p.component_type >= 0")),
                    ==,
                    1);
    g_assert_cmpint(
        count(centre->db, SQL("SELECT count(*) FROM edge WHERE kind = 'main-power'")), ==, 1);
}

static void test_fleet(DbEngine engine) {
    Centre centre = centre_new(engine);
    play(&centre, NULL);
    centre_free(&centre);
}

static void test_datagrams(void) {
    Centre centre = centre_new(DB_ENGINE_SQLITE);
    play(&centre, "--udp");
    centre_free(&centre);
}

static void test_usage(void) {
    assert_call(2, "no IP address", "simulate", "devices", "--target", "nowhere:1");
    assert_call(2, "--devices is", "simulate", "devices", "--devices", "0");
    assert_call(2, "no profile", "simulate", "devices", "--profile", "none");
    assert_call(1, "--scene is one of", "simulate", "devices", "--scene", "peace");
    assert_call(2, "unexpected", "simulate", "devices", "more");
    assert_call(2, "--years", "simulate", "draws", "--years", "0");
    assert_call(2, "--years", "simulate", "--years", "0");
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/simulate-devices/says-what-is-wrong", test_usage);
    test_db_add("/simulate-devices/acknowledged-is-stored", test_fleet);
    g_test_add_func("/simulate-devices/datagrams-too", test_datagrams);
    return g_test_run();
}
