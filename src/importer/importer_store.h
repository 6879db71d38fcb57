/* The only SQL of this room. */
#pragma once

#include "store/store.h"

typedef struct ImportCounts {
    int64_t rows;                          /* of the file, read and dealt with */
    int64_t added, changed, same, refused; /* records; one row may make several */
    int64_t warned;
} ImportCounts;

typedef struct ImportTask {
    int64_t id;
    int64_t account_id;
    char *kind;
    char *file_name;
    char *path;
    int64_t file_size;
    char *file_sha256;
    char *mapping;
    int64_t dry_job_id;
    int64_t run_job_id;
    char *mode;
    char *state;
    ImportCounts counts;
    int64_t last_line;
    int64_t refused_bytes;
    int64_t ledger_first;
    int64_t ledger_last;
    int64_t created_us;
    int64_t changed_us;
} ImportTask;
void import_task_free(ImportTask *task);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(ImportTask, import_task_free)

/* A new file; texts of `task` are read, the id is set. */
bool import_store_add(Db *db, ImportTask *task, int64_t now_us, GError **error);
/* NULL and NOT_FOUND when there is none. */
ImportTask *import_store_find(Db *db, int64_t id, GError **error);
/* Newest first: array of ImportTask *. */
GPtrArray *import_store_list(Db *db, int64_t account_id, int64_t count, GError **error);
bool import_store_set_mapping(Db *db,
                              int64_t id,
                              const char *mapping,
                              const char *kind,
                              int64_t dry_job_id,
                              int64_t now_us,
                              GError **error);
/* Starts the real run: CONFLICT unless the task is in state new or checked. */
bool import_store_start(
    Db *db, int64_t id, const char *mode, int64_t run_job_id, int64_t now_us, GError **error);
bool import_store_set_state(Db *db, int64_t id, const char *state, int64_t now_us, GError **error);
/* Progress of the real run, in the transaction of its rows. */
bool import_store_advance(Db *db, const ImportTask *task, int64_t now_us, GError **error);
/* Files of tasks untouched since `before_us`: array of ImportTask *. */
GPtrArray *import_store_stale(Db *db, int64_t before_us, int64_t count, GError **error);
bool import_store_forget_file(Db *db, int64_t id, GError **error);

/* Saves or replaces the mapping of that name of this account. */
bool import_store_save_mapping(Db *db,
                               int64_t account_id,
                               const char *name,
                               const char *kind,
                               const char *body,
                               int64_t now_us,
                               GError **error);
typedef struct SavedMapping {
    int64_t id;
    char *name;
    char *kind;
    char *body;
} SavedMapping;
void saved_mapping_free(SavedMapping *saved);
/* Of one account, by name: array of SavedMapping *. */
GPtrArray *import_store_mappings(Db *db, int64_t account_id, GError **error);
/* JSON of the newest mapping of that name (any account: for the command line); NOT_FOUND. */
bool import_store_mapping_by_name(Db *db, const char *name, char **ret_body, GError **error);
