/*
 * usage: casework_acts DB_URL [ACTS]
 *
 * Acts on matters through the full path (guards, form, replay, ledger, commit), one transaction
 * each, on one connection of an initialised database; by turns with as many bare commits of one row
 * on the same connection. Prints one line: {"acts": per second, "bare": per second}.
 */
#include "account/account.h"
#include "base/clock.h"
#include "casework/casework.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define ACTS_OF_A_MATTER 10
#define WARM_ACTS 5000
#define TURN 100 /* acts, then bare commits; a multiple of ACTS_OF_A_MATTER */

static void die(const char *what, const GError *error) {
    fprintf(stderr, "casework_acts: %s: %s\n", what, error == NULL ? "refused" : error->message);
    exit(3);
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static json_t *data_of(const char *text) {
    g_autoptr(GError) error = NULL;
    json_t *data = json_read(text, strlen(text), &error);
    if (data == NULL) {
        die("data", error);
    }
    return data;
}

/* One act: every tenth opens a complaint, the others register a witness in it. */
static void act(Db *db, int number, int64_t *matter) {
    g_autoptr(GError) error = NULL;
    g_auto(LawRefusal) refusal = {0};
    int64_t now_us = clock_now_us();
    CaseActor clerk = {
        .account_id = 1, .roles = ROLE_BIT(ROLE_CLERK), .region = "500103", .now_us = now_us};
    bool opens = number % ACTS_OF_A_MATTER == 0;
    g_autoptr(json_t) data = data_of(
        opens ? "{\"channel\": \"web\", \"content\": \"other\", \"description\": \"没有灭火器\", "
                "\"place\": \"演示路1号\", \"named\": \"no\"}"
              : "{\"part\": \"witness\", \"name\": \"见证人\"}");
    CaseAct one = {.step = opens ? "register" : "add-person", .happened_us = now_us, .data = data};
    NewMatter opening = {.kind = "complaint", .title = "演示商店", .region = "500103"};
    bool good =
        opens
            ? casework_open(db, &clerk, &opening, &one, matter, &refusal, &error)
            : casework_act(db, &clerk, *matter, number % ACTS_OF_A_MATTER, &one, &refusal, &error);
    if (!good || refusal.reason_zh != NULL) {
        die("act", error);
    }
}

static bool add_row(Db *db, void *data, GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO bench_bare (n, text) VALUES ($1, $2)"),
                   DB_ARGS(db_int(*(const int *)data), db_text("一行")),
                   NULL,
                   error);
}

int main(int argc, char **argv) {
    g_autoptr(GError) error = NULL;
    int count = argc > 2 ? (int)g_ascii_strtoll(argv[2], NULL, 10) : 2000;
    if (argc < 2 || count < ACTS_OF_A_MATTER) {
        fprintf(stderr, "usage: casework_acts DB_URL [ACTS]\n");
        return 2;
    }
    g_autoptr(Db) db = db_open(argv[1], DB_READ_WRITE, &error);
    if (db == NULL ||
        !db_script(db, "CREATE TABLE bench_bare (n BIGINT PRIMARY KEY, text TEXT)", &error)) {
        die(argv[1], error);
    }
    int64_t matter = 0;
    for (int i = 0; i < WARM_ACTS; i++) { /* statements, law, pages of the file */
        act(db, i, &matter);
    }
    /* As a database that has been in use: plans made for empty tables read them from end to end. */
    if (!db_tidy(db, &error)) {
        die("tidy", error);
    }
    /* By turns, so that whatever else the machine does meets both. */
    double acts = 0;
    double bare = 0;
    for (int from = 0; from < count; from += TURN) {
        int until = MIN(from + TURN, count);
        double began = seconds();
        for (int i = from; i < until; i++) {
            act(db, i, &matter);
        }
        double acted = seconds();
        for (int i = from; i < until; i++) {
            if (!db_run_tx(db, add_row, &i, &error)) {
                die("bare row", error);
            }
        }
        acts += acted - began;
        bare += seconds() - acted;
    }
    printf("{\"acts\": %.1f, \"bare\": %.1f}\n", count / acts, count / bare);
    return 0;
}
