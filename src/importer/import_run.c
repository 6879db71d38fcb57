/* The three ways a file goes in. */
#include "importer/import_run.h"

#include "base/clock.h"
#include "base/error.h"
#include "importer/import_internal.h"
#include "ledger/ledger.h"

#include <errno.h>
#include <string.h>

#define TIDY_ROWS 10000 /* fewer are in nobody's way */

static const char *const mode_words[] = {"trial", "all", "skip-bad"};

const char *import_mode_word(ImportMode mode) {
    return mode_words[mode];
}

bool import_mode_parse(const char *word, ImportMode *ret_mode) {
    for (size_t i = 0; i < G_N_ELEMENTS(mode_words); i++) {
        if (strcmp(word, mode_words[i]) == 0) {
            *ret_mode = (ImportMode)i;
            return true;
        }
    }
    return false;
}

char *import_hash_file(const char *path, GError **error) {
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot open \"%s\": %s", path, g_strerror(errno));
        return NULL;
    }
    g_autoptr(Digest) digest = digest_new(DIGEST_SHA256);
    g_autofree char *buffer = g_malloc(256 * 1024);
    digest_begin(digest);
    for (size_t got; (got = fread(buffer, 1, 256 * 1024, file)) > 0;) {
        digest_add(digest, buffer, got);
    }
    bool is_broken = ferror(file) != 0;
    (void)fclose(file); /* only read */
    if (is_broken) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot read \"%s\"", path);
        return NULL;
    }
    uint8_t hash[DIGEST_SIZE];
    digest_end(digest, hash);
    return hex_format(hash, sizeof hash);
}

void import_report_clear(ImportReport *report) {
    g_clear_pointer(&report->refusals, g_ptr_array_unref);
    g_clear_pointer(&report->warnings, g_ptr_array_unref);
}

/* --- progress -------------------------------------------------------------------------------- */

static bool show(ImportRun *run, int64_t committed, bool is_checking, GError **error) {
    const ImportRequest *request = run->request;
    if (request->progress == NULL) {
        return true;
    }
    int64_t before = request->task != NULL && run->skip_to_line > 0 ? committed : 0;
    int64_t rows = MAX(run->counts.rows, before);
    int64_t position = table_position(run->reader);
    int64_t size = table_size(run->reader);
    double part = position > 0 && size > position ? (double)size / (double)position : 1.0;
    ImportProgress progress = {.rows = rows,
                               .total = run->has_ended ? rows : (int64_t)((double)rows * part),
                               .committed = committed,
                               .is_checking = is_checking};
    return request->progress(&progress, request->data) ||
           hz_fail(error, HZ_ERROR_CONFLICT, "stopped on request");
}

/* --- the leaf -------------------------------------------------------------------------------- */

static void close_digest(ImportRun *run) {
    uint8_t hash[DIGEST_SIZE];
    if (run->first_line == 0) {
        digest_begin(run->rows_digest);
    }
    digest_end(run->rows_digest, hash);
    g_autofree char *hex = hex_format(hash, sizeof hash);
    g_strlcpy(run->rows_sha256, hex, sizeof run->rows_sha256);
}

static char *leaf_type(const Mapping *mapping) {
    const MappingTarget *first = mapping->targets->pdata[0];
    const char *word = mapping->targets->len == 1 ? first->kind->word : "registry";
    char *type = g_strdup_printf("%s.import", word);
    return g_strdelimit(type, "_", '-');
}

static bool append_leaf(ImportRun *run, GError **error) {
    const ImportRequest *request = run->request;
    ImportTask *task = request->task;
    const ImportCounts *leaf = &run->leaf;
    g_autofree char *type = leaf_type(request->mapping);
    g_autofree char *object = g_strdup_printf("import:%" G_GINT64_FORMAT, task->id);
    g_autoptr(json_t) payload = json_object();
    json_put_int(payload, "import", task->id);
    json_put_int(payload, "job", request->job_id);
    json_put_text(payload, "mode", import_mode_word(request->mode));
    json_put_text(payload, "file_sha256", task->file_sha256);
    json_put_text(payload, "rows_sha256", run->rows_sha256);
    json_put_int(payload, "first_line", run->first_line);
    json_put_int(payload, "last_line", run->last_line);
    json_put_int(payload, "rows", leaf->rows);
    json_put_int(payload, "added", leaf->added);
    json_put_int(payload, "changed", leaf->changed);
    json_put_int(payload, "same", leaf->same);
    json_put_int(payload, "refused", leaf->refused);
    LedgerEntry entry = {.time_us = clock_now_us(),
                         .type = type,
                         .actor = request->actor,
                         .object = object,
                         .payload = payload};
    int64_t index = 0;
    if (!ledger_append(run->db, &entry, &index, error)) {
        return false;
    }
    task->ledger_first = task->ledger_first >= 0 ? task->ledger_first : index;
    task->ledger_last = index;
    return true;
}

static bool advance(ImportRun *run, const char *state, GError **error) {
    ImportTask *task = run->request->task;
    g_free(task->state);
    task->state = g_strdup(state);
    task->last_line = MAX(run->last_line, task->last_line);
    task->refused_bytes = run->refused.size;
    return import_store_advance(run->db, task, clock_now_us(), error);
}

/* --- skipping bad rows ----------------------------------------------------------------------- */

/* What a transaction that is tried again must find as it was. */
typedef struct ChunkBase {
    ImportRun *run;
    ImportCounts counts;
    ImportCounts task_counts;
    int64_t ledger_first;
    int64_t refused_bytes;
    guint refusals;
    guint warnings;
} ChunkBase;

static ImportCounts sum(ImportCounts one, const ImportCounts *other) {
    one.rows += other->rows;
    one.added += other->added;
    one.changed += other->changed;
    one.same += other->same;
    one.refused += other->refused;
    one.warned += other->warned;
    return one;
}

static void cut(GPtrArray *list, guint size) {
    if (list != NULL) {
        g_ptr_array_set_size(list, (gint)size);
    }
}

static bool store_chunk(Db *db G_GNUC_UNUSED, void *data, GError **error) {
    ChunkBase *base = data;
    ImportRun *run = base->run;
    ImportTask *task = run->request->task;
    run->counts = base->counts;
    run->leaf = (ImportCounts){0};
    task->ledger_first = base->ledger_first;
    cut(run->report->refusals, base->refusals);
    cut(run->report->warnings, base->warnings);
    if (!refused_rewind(run, base->refused_bytes, error) || !chunk_apply(run, error)) {
        return false;
    }
    run->leaf.warned = run->counts.warned - base->counts.warned;
    task->counts = sum(base->task_counts, &run->leaf);
    if (run->rows->len > 0 && !append_leaf(run, error)) {
        return false;
    }
    return advance(run, run->has_ended ? "done" : "running", error);
}

static guint length(const GPtrArray *list) {
    return list != NULL ? list->len : 0;
}

/* SQLite's lock is not fair: who waits for it looks every few milliseconds and would find the next
 * chunk there. */
static void let_others_write(const ImportRun *run) {
    if (mapping_is_heard(run->request->mapping) && db_engine(run->db) == DB_ENGINE_SQLITE) {
        g_usleep(IMPORT_HEARD_PAUSE_MS * 1000UL);
    }
}

static bool run_skipping(ImportRun *run, GError **error) {
    ImportTask *task = run->request->task;
    run->skip_to_line = task->last_line;
    run->report->has_refused_file = task->counts.refused > 0;
    if (!chunk_open(run, error) || !refused_open(run, task->refused_bytes, error)) {
        return false;
    }
    do {
        run->first_line = 0;
        if (!chunk_read(run, error)) {
            return false;
        }
        close_digest(run);
        ChunkBase base = {run,
                          run->counts,
                          task->counts,
                          task->ledger_first,
                          run->refused.size,
                          length(run->report->refusals),
                          length(run->report->warnings)};
        if (!db_run_tx(run->db, store_chunk, &base, error)) {
            task->counts = base.task_counts;
            return false;
        }
        if (!show(run, task->counts.rows, false, error) && !run->has_ended) {
            return false;
        }
        let_others_write(run);
        if (run->has_ended) {
            g_clear_error(error); /* a stop that came after the last commit changes nothing */
        }
    } while (!run->has_ended);
    return true;
}

/* --- everything at once ---------------------------------------------------------------------- */

/* One pass over the file; in a transaction of the caller unless is_dry. */
static bool pass(ImportRun *run, bool is_checking, GError **error) {
    import_report_clear(run->report);
    run->report->has_refused_file = false;
    if (!chunk_open(run, error) || !refused_open(run, 0, error)) {
        return false;
    }
    if (run->is_dry) {
        run->file_keys = g_hash_table_new(NULL, NULL);
    }
    do {
        if (!chunk_read(run, error) || !chunk_apply(run, error) ||
            !show(run, 0, is_checking, error)) {
            return false;
        }
    } while (!run->has_ended);
    return true;
}

static bool pass_and_store(Db *db G_GNUC_UNUSED, void *data, GError **error) {
    ImportRun *run = data;
    const ImportRequest *request = run->request;
    run->is_rolled_back = false;
    if (!pass(run, request->mode == IMPORT_TRIAL, error)) {
        return false;
    }
    run->report->is_refused = request->mode == IMPORT_ALL && run->counts.refused > 0;
    if (request->mode == IMPORT_TRIAL || run->report->is_refused) {
        /* db_run_tx rolls back on failure; this one only means "do not commit". */
        run->is_rolled_back = true;
        return hz_fail(error, HZ_ERROR_DENIED, "rolled back on purpose");
    }
    request->task->counts = run->counts;
    close_digest(run);
    return append_leaf(run, error) && advance(run, "done", error);
}

static bool run_in_one(ImportRun *run, GError **error) {
    GError *problem = NULL;
    bool done = db_run_tx(run->db, pass_and_store, run, &problem);
    if (run->is_rolled_back) {
        g_clear_error(&problem);
        return true;
    }
    if (!done) {
        g_propagate_error(error, problem);
        return false;
    }
    return show(run, run->counts.rows, false, NULL) || true;
}

/* How a file may be taken in. */
typedef struct Shape {
    bool is_large, is_mixed, is_heard;
} Shape;

static bool look_at(ImportRun *run, Shape *ret_shape, GError **error) {
    const Mapping *mapping = run->request->mapping;
    run->report->problem = (TableProblem){TABLE_FINE, 0, -1};
    TableOptions options = {.encoding = mapping->encoding,
                            .delimiter = mapping->delimiter,
                            .sheet = mapping->sheet,
                            .ret_problem = &run->report->problem};
    g_autoptr(TableReader) reader = table_open(run->request->path, &options, error);
    if (reader == NULL) {
        return false;
    }
    *ret_shape = (Shape){.is_large = table_size(reader) > IMPORT_TRIAL_BYTES,
                         .is_mixed = mapping->targets->len > 1,
                         .is_heard = mapping_is_heard(mapping)};
    return true;
}

static bool run_whole(ImportRun *run, GError **error) {
    bool is_trial = run->request->mode == IMPORT_TRIAL;
    Shape shape;
    if (!look_at(run, &shape, error)) {
        return false;
    }
    bool must_be_chunked = shape.is_large && shape.is_heard;
    run->report->must_be_chunked = must_be_chunked;
    if (must_be_chunked && (shape.is_mixed || !is_trial)) {
        return hz_fail(error,
                       HZ_ERROR_LIMIT,
                       shape.is_mixed ? "a file this large with devices or points must be of one "
                                        "kind: alarms would wait for it"
                                      : "a file of devices or points this large can only skip bad "
                                        "rows: alarms would wait for one transaction");
    }
    if (!shape.is_large || shape.is_mixed) {
        return run_in_one(run, error);
    }
    /* Large: look first without holding the database, so that a refusal comes early. */
    run->is_dry = true;
    if (!pass(run, true, error)) {
        return false;
    }
    run->is_dry = false;
    run->report->is_refused = run->request->mode == IMPORT_ALL && run->counts.refused > 0;
    return is_trial || run->report->is_refused || run_in_one(run, error);
}

static bool check_file(const ImportRequest *request, GError **error) {
    if (request->task == NULL) {
        return true;
    }
    g_autofree char *hash = import_hash_file(request->path, error);
    if (hash == NULL) {
        return false;
    }
    ImportTask *task = request->task;
    if (task->last_line > 0 && g_strcmp0(hash, task->file_sha256) != 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "the file has changed since the import began");
    }
    g_free(task->file_sha256);
    task->file_sha256 = g_steal_pointer(&hash);
    return true;
}

bool import_run(Db *db, const ImportRequest *request, ImportReport *ret_report, GError **error) {
    g_assert((request->mode == IMPORT_TRIAL) == (request->task == NULL));
    *ret_report = (ImportReport){.problem = {TABLE_FINE, 0, -1}};
    ImportRun run = {.db = db, .request = request, .report = ret_report};
    run.rows_digest = digest_new(DIGEST_SHA256);
    bool done =
        check_file(request, error) &&
        (request->mode == IMPORT_SKIP_BAD ? run_skipping(&run, error) : run_whole(&run, error));
    ret_report->counts = request->mode == IMPORT_SKIP_BAD ? request->task->counts : run.counts;
    refused_close(&run);
    chunk_close(&run);
    digest_free(run.rows_digest);
    if (done && request->mode != IMPORT_TRIAL && ret_report->counts.rows >= TIDY_ROWS) {
        db_tidy(db, NULL); /* the rows are there in any case; the engine does it later by itself */
    }
    return done;
}
