/* A small city in a fresh database, and files that go into it. For the tests of this room. */
#pragma once

#include "importer/importer.h"
#include "ledger/ledger.h"
#include "test_db.h"

#define TEST_NOW_US INT64_C(1795338000000000) /* 2026-11-22 */

typedef struct Fixture {
    TestDb *fresh;
    Db *db;
    char *folder;
} Fixture;
/* Regions 500103 and 500106 are there. */
void support_set_up(Fixture *fixture, DbEngine engine);
/* Verifies the ledger. */
void support_tear_down(Fixture *fixture);

/* Path of a new file; size -1: `text` ends with NUL. Caller frees. */
char *support_put_file(const Fixture *fixture, const char *name, const char *text, gssize size);
/* A started import. Caller frees. */
ImportTask *support_new_task(Db *db, const Mapping *mapping, ImportMode mode);

typedef struct Call {
    const char *kind; /* with mapping "auto" */
    const char *mapping;
    const char *source; /* the system whose keys the file carries */
    const char *scope;
    const char *refused;
    int64_t chunk;
    ImportTask *task; /* goes on with this one */
    bool (*progress)(const ImportProgress *progress, void *data);
    void *data;
} Call;
bool support_run_file(Db *db,
                      const char *path,
                      ImportMode mode,
                      const Call *call,
                      ImportReport *report,
                      GError **error);
/* "rows added changed same refused". Caller frees. */
char *support_counts_text(const ImportReport *report);
/* Runs it and compares that text. */
void support_expect(Db *db, const char *path, ImportMode mode, Call call, const char *wanted);

int64_t support_count(Db *db, Sql sql);
#define UNITS SQL("SELECT count(*) FROM unit")
#define LEAVES SQL("SELECT count(*) FROM ledger_entry")
