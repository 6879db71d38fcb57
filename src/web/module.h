/*
 * What a room tells the program about itself. src/modules.c lists all rooms; to add a capability
 * you add a folder and one line.
 */
#pragma once

#include "store/store.h"
#include "web/web.h"

/* A command line word after "huozheng". `run` gets argv from its own name on and returns the exit
 * code: 0 done, 1 refused or not valid, 2 wrong usage, 3 cannot run. */
typedef struct Command {
    const char *name;
    const char *summary; /* one line of help */
    int (*run)(int argc, char **argv);
} Command;

/* Work that the server does by itself, on the job thread, `every_s` seconds apart. */
typedef struct PeriodicJob {
    const char *name;
    unsigned every_s;
    bool (*run)(Db *db, int64_t now_us, GError **error);
} PeriodicJob;

typedef struct Module {
    const char *name;    /* folder below src/; its schema/ is migrated in the order of modules */
    const Route *routes; /* ends with a line whose path is NULL; may be NULL */
    const PeriodicJob *jobs;         /* ends with a line whose name is NULL; may be NULL */
    const char *const *ledger_types; /* entry types this room writes; ends with NULL; may be NULL */
} Module;

extern const Module *const modules[]; /* ends with NULL; src/modules.c */

/* Migrates every room in order. */
bool modules_migrate(Db *db, GError **error);
/* All routes: array of const Route *. */
GPtrArray *modules_routes(void);
