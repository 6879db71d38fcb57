/* Rows of the file to records of the registry, one chunk at a time. */
#include "importer/import_internal.h"

#include "base/clock.h"
#include "base/error.h"
#include "table/table_writer.h"

#include <string.h>

/* --- opening --------------------------------------------------------------------------------- */

static void target_clear(void *data) {
    ChunkTarget *target = data;
    g_byte_array_unref(target->inputs);
    g_array_unref(target->row_index);
    g_clear_pointer(&target->seen, g_hash_table_unref);
}

static bool read_head(ImportRun *run, GError **error) {
    TableRow head;
    GError *problem = NULL;
    if (!table_next(run->reader, &head, &problem)) {
        if (problem != NULL) {
            g_propagate_error(error, problem);
            return false;
        }
        run->report->problem = (TableProblem){TABLE_EMPTY, 0, -1};
        return hz_fail(error, HZ_ERROR_INVALID, "the file has no row");
    }
    bool is_csv = table_format(run->reader) == TABLE_CSV;
    g_autofree const char **names = g_new0(const char *, head.count + 1);
    for (size_t i = 0; i < head.count; i++) {
        names[i] = is_csv ? table_plain(head.cells[i]) : head.cells[i];
        g_ptr_array_add(run->head, g_strdup(names[i]));
    }
    run->head_size = head.count;
    TableRow plain = {head.line, head.count, names};
    return mapping_bind(run->request->mapping, &plain, error);
}

bool chunk_open(ImportRun *run, GError **error) {
    const Mapping *mapping = run->request->mapping;
    TableOptions options = {.encoding = mapping->encoding,
                            .delimiter = mapping->delimiter,
                            .sheet = mapping->sheet,
                            .ret_problem = &run->report->problem};
    chunk_close(run);
    run->reader = table_open(run->request->path, &options, error);
    run->head = g_ptr_array_new_with_free_func(g_free);
    run->texts = g_string_chunk_new(256 * 1024);
    run->cells = g_array_new(FALSE, FALSE, sizeof(const char *));
    run->rows = g_array_new(FALSE, FALSE, sizeof(ChunkRow));
    run->targets = g_array_new(FALSE, FALSE, sizeof(ChunkTarget));
    g_array_set_clear_func(run->targets, target_clear);
    run->has_ended = false;
    run->counts = (ImportCounts){0};
    run->leaf = (ImportCounts){0};
    run->first_line = 0;
    run->last_line = 0;
    if (run->reader == NULL || !read_head(run, error)) {
        return false;
    }
    for (size_t i = 0; i < mapping->targets->len; i++) {
        const MappingTarget *target = mapping->targets->pdata[i];
        ChunkTarget chunk = {.target = target,
                             .size = target->kind->size,
                             .inputs = g_byte_array_new(),
                             .row_index = g_array_new(FALSE, FALSE, sizeof(size_t))};
        if (target->is_once) {
            chunk.seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
        }
        g_array_append_val(run->targets, chunk);
    }
    return true;
}

void chunk_close(ImportRun *run) {
    g_clear_pointer(&run->reader, table_close);
    g_clear_pointer(&run->head, g_ptr_array_unref);
    g_clear_pointer(&run->texts, g_string_chunk_free);
    g_clear_pointer(&run->cells, g_array_unref);
    g_clear_pointer(&run->rows, g_array_unref);
    g_clear_pointer(&run->targets, g_array_unref);
    g_clear_pointer(&run->file_keys, g_hash_table_unref);
}

/* --- reading --------------------------------------------------------------------------------- */

/* The hash of the leaf is over the rows as read: cells ended by U+001F, rows by U+001E. */
static void hash_row(ImportRun *run, const TableRow *row) {
    if (run->first_line == 0) {
        run->first_line = row->line;
        digest_begin(run->rows_digest);
    }
    for (size_t i = 0; i < row->count; i++) {
        digest_add(run->rows_digest, row->cells[i], strlen(row->cells[i]));
        digest_add(run->rows_digest, "\x1f", 1);
    }
    digest_add(run->rows_digest, "\x1e", 1);
}

static void keep_row(ImportRun *run, const TableRow *row) {
    for (size_t i = 0; i < row->count; i++) {
        const char *cell = row->cells[i];
        const char *kept = cell[0] == '\0'
                               ? ""
                               : g_string_chunk_insert_len(run->texts, cell, (gssize)strlen(cell));
        g_array_append_val(run->cells, kept);
    }
    ChunkRow made = {.row = {row->line, row->count, NULL}};
    g_array_append_val(run->rows, made);
    hash_row(run, row);
    run->last_line = row->line;
}

/* Pointers into run->cells, once it no longer moves. */
static void point_rows(ImportRun *run) {
    size_t at = 0;
    for (size_t i = 0; i < run->rows->len; i++) {
        ChunkRow *row = &g_array_index(run->rows, ChunkRow, i);
        row->row.cells = (const char *const *)(void *)run->cells->data + at;
        at += row->row.count;
    }
}

static bool is_seen(ChunkTarget *chunk, const void *input) {
    if (chunk->seen == NULL || chunk->target->key_index < 0) {
        return false;
    }
    const MappingField *field =
        &g_array_index(chunk->target->fields, MappingField, chunk->target->key_index);
    const char *key = *(const char *const *)((const char *)input + field->field->offset);
    if (key == NULL || g_hash_table_contains(chunk->seen, key)) {
        return key != NULL;
    }
    g_hash_table_add(chunk->seen, g_strdup(key));
    return false;
}

static void make_input(ImportRun *run, ChunkTarget *chunk, const TableRow *row, size_t index) {
    bool is_csv = table_format(run->reader) == TABLE_CSV;
    guint at = chunk->inputs->len;
    g_byte_array_set_size(chunk->inputs, at + (guint)chunk->size);
    char *input = (char *)chunk->inputs->data + at;
    memset(input, 0, chunk->size);
    for (size_t i = 0; i < chunk->target->fields->len; i++) {
        const MappingField *field = &g_array_index(chunk->target->fields, MappingField, i);
        *(const char **)(void *)(input + field->field->offset) =
            mapping_value(run->request->mapping, field, row, is_csv, run->texts);
    }
    if (is_seen(chunk, input)) {
        g_byte_array_set_size(chunk->inputs, at);
    } else {
        g_array_append_val(chunk->row_index, index);
    }
}

static bool has_surplus(const ImportRun *run, const TableRow *row) {
    for (size_t i = run->head_size; i < row->count; i++) {
        if (row->cells[i][0] != '\0') {
            return true;
        }
    }
    return false;
}

static void make_inputs(ImportRun *run) {
    for (size_t t = 0; t < run->targets->len; t++) {
        ChunkTarget *chunk = &g_array_index(run->targets, ChunkTarget, t);
        g_byte_array_set_size(chunk->inputs, 0);
        g_array_set_size(chunk->row_index, 0);
        for (size_t i = 0; i < run->rows->len; i++) {
            const ChunkRow *row = &g_array_index(run->rows, ChunkRow, i);
            if (!has_surplus(run, &row->row)) {
                make_input(run, chunk, &row->row, i);
            }
        }
    }
}

bool chunk_read(ImportRun *run, GError **error) {
    int64_t usual = mapping_is_heard(run->request->mapping) ? IMPORT_HEARD_ROWS : IMPORT_CHUNK_ROWS;
    int64_t wanted = run->request->chunk_rows > 0 ? run->request->chunk_rows : usual;
    g_string_chunk_clear(run->texts);
    g_array_set_size(run->cells, 0);
    g_array_set_size(run->rows, 0);
    GError *problem = NULL;
    TableRow row;
    while ((int64_t)run->rows->len < wanted && table_next(run->reader, &row, &problem)) {
        if (row.line > run->skip_to_line) {
            keep_row(run, &row);
        }
    }
    if (problem != NULL) {
        g_propagate_error(error, problem);
        return false;
    }
    run->has_ended = (int64_t)run->rows->len < wanted;
    point_rows(run);
    make_inputs(run);
    return true;
}

/* --- applying -------------------------------------------------------------------------------- */

static uint64_t hash_text(uint64_t hash, const char *text) {
    /* FNV-1a, 64 bit */
    for (const char *at = text != NULL ? text : ""; *at != '\0'; at++) {
        hash = (hash ^ (unsigned char)*at) * UINT64_C(1099511628211);
    }
    return (hash ^ 0xFF) * UINT64_C(1099511628211);
}

#define HASH_START UINT64_C(14695981039346656037)

static uint64_t
hash_field(const ChunkTarget *chunk, const void *input, const char *word, uint64_t hash) {
    for (size_t i = 0; i < chunk->target->fields->len; i++) {
        const MappingField *field = &g_array_index(chunk->target->fields, MappingField, i);
        if (strcmp(field->field->word, word) == 0) {
            const char *text = *(const char *const *)((const char *)input + field->field->offset);
            return text != NULL ? hash_text(hash, text) : 0;
        }
    }
    return 0;
}

/* What the registry would match by, in its order. */
static uint64_t key_of(const ChunkTarget *chunk, const void *input) {
    const char *const *word = chunk->target->kind->key;
    if (word != NULL) {
        uint64_t key = HASH_START;
        for (; *word != NULL; word++) {
            uint64_t next = hash_field(chunk, input, *word, key);
            key = next != 0 ? next : hash_text(key, NULL);
        }
        return key;
    }
    static const char *const alone[] = {"source_id", "uscc", "certificate", "code"};
    for (size_t i = 0; i < G_N_ELEMENTS(alone); i++) {
        uint64_t key = hash_field(chunk, input, alone[i], HASH_START + i);
        if (key != 0) {
            return key;
        }
    }
    uint64_t key = hash_field(chunk, input, "name", HASH_START);
    key = hash_field(chunk, input, "address", key);
    return hash_field(chunk, input, "region", key);
}

/* Nothing is written in a dry run, so a row that repeats an earlier one of the file would count as
 * new again; a real run would find it. */
static IntakeOutcome
settle(ImportRun *run, const ChunkTarget *chunk, const void *input, IntakeOutcome outcome) {
    if (run->file_keys == NULL || outcome == INTAKE_REFUSED) {
        return outcome;
    }
    uint64_t content = HASH_START;
    for (size_t i = 0; i < chunk->target->fields->len; i++) {
        const MappingField *field = &g_array_index(chunk->target->fields, MappingField, i);
        content =
            hash_text(content, *(const char *const *)((const char *)input + field->field->offset));
    }
    uint64_t kind = (uint64_t)(uintptr_t)chunk->target->kind;
    void *key = GSIZE_TO_POINTER((gsize)(key_of(chunk, input) + kind));
    void *before = NULL;
    if (g_hash_table_lookup_extended(run->file_keys, key, NULL, &before)) {
        outcome = before == GSIZE_TO_POINTER((gsize)content) ? INTAKE_SAME : INTAKE_CHANGED;
    }
    g_hash_table_insert(run->file_keys, key, GSIZE_TO_POINTER((gsize)content));
    return outcome;
}

static void refusal_free(void *data) {
    ImportRefusal *refusal = data;
    g_free(refusal->kind);
    g_free(refusal->column);
    g_free(refusal->value);
    g_free(refusal->reason);
    g_free(refusal);
}

static void note(GPtrArray **list,
                 const ChunkTarget *chunk,
                 const ChunkRow *row,
                 const MappingField *field,
                 const char *column,
                 const char *reason) {
    if (*list == NULL) {
        *list = g_ptr_array_new_with_free_func(refusal_free);
    }
    if ((*list)->len >= IMPORT_SHOWN_ROWS) {
        return;
    }
    ImportRefusal *refusal = g_new0(ImportRefusal, 1);
    bool has_cell =
        field != NULL && field->column_index >= 0 && (size_t)field->column_index < row->row.count;
    refusal->line = row->row.line;
    refusal->kind = g_strdup(chunk != NULL ? chunk->target->kind->word : "");
    refusal->column = g_strdup(column);
    refusal->value = g_strdup(has_cell ? row->row.cells[field->column_index] : "");
    refusal->reason = g_strdup(reason);
    g_ptr_array_add(*list, refusal);
}

static const MappingField *field_named(const ChunkTarget *chunk, const char *word) {
    for (size_t i = 0; word != NULL && i < chunk->target->fields->len; i++) {
        const MappingField *field = &g_array_index(chunk->target->fields, MappingField, i);
        if (strcmp(field->field->word, word) == 0) {
            return field;
        }
    }
    return NULL;
}

static void
refuse(ImportRun *run, const ChunkTarget *chunk, ChunkRow *row, const IntakeResult *result) {
    if (row->is_refused) {
        return; /* the first problem of a row is enough */
    }
    const MappingField *field = field_named(chunk, result->column);
    const char *column = field == NULL           ? (result->column != NULL ? result->column : "")
                         : field->column != NULL ? field->column
                                                 : field->field->name_zh;
    row->is_refused = true;
    run->counts.refused++;
    run->leaf.refused++;
    note(&run->report->refusals, chunk, row, field, column, result->problem);
    refused_add(run, row, column, result->problem);
}

static void count(ImportRun *run, IntakeOutcome outcome) {
    int64_t added = outcome == INTAKE_ADDED;
    int64_t changed = outcome == INTAKE_CHANGED;
    int64_t same = outcome == INTAKE_SAME;
    run->counts.added += added;
    run->leaf.added += added;
    run->counts.changed += changed;
    run->leaf.changed += changed;
    run->counts.same += same;
    run->leaf.same += same;
}

static bool apply_target(ImportRun *run, ChunkTarget *chunk, GError **error) {
    size_t total = chunk->row_index->len;
    if (total == 0) {
        return true;
    }
    IntakeContext context = {.scope_region = run->request->scope_region,
                             .now_us = clock_now_us(),
                             .actor = run->request->actor,
                             .dry_run = run->is_dry};
    g_autofree IntakeResult *results = g_new0(IntakeResult, total);
    bool done =
        chunk->target->kind->batch(run->db, chunk->inputs->data, total, &context, results, error);
    for (size_t i = 0; i < total; i++) {
        ChunkRow *row =
            &g_array_index(run->rows, ChunkRow, g_array_index(chunk->row_index, size_t, i));
        const void *input = chunk->inputs->data + i * chunk->size;
        if (done && results[i].outcome == INTAKE_REFUSED) {
            refuse(run, chunk, row, &results[i]);
        } else if (done) {
            count(run, settle(run, chunk, input, results[i].outcome));
        }
        if (done && results[i].warning != NULL) {
            run->counts.warned++;
            note(&run->report->warnings, chunk, row, NULL, "", results[i].warning);
        }
        intake_result_clear(&results[i]);
    }
    return done;
}

bool chunk_apply(ImportRun *run, GError **error) {
    for (size_t i = 0; i < run->rows->len; i++) {
        ChunkRow *row = &g_array_index(run->rows, ChunkRow, i);
        row->is_refused = false;
        if (has_surplus(run, &row->row)) {
            static const char reason[] = "这一行的格数比表头多。检查逗号和引号。";
            row->is_refused = true;
            run->counts.refused++;
            run->leaf.refused++;
            note(&run->report->refusals, NULL, row, NULL, "", reason);
            refused_add(run, row, "", reason);
        }
    }
    for (size_t i = 0; i < run->targets->len; i++) {
        if (!apply_target(run, &g_array_index(run->targets, ChunkTarget, i), error)) {
            return false;
        }
    }
    run->counts.rows += run->rows->len;
    run->leaf.rows += run->rows->len;
    return refused_sync(run, error);
}
