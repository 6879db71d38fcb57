/*
 * Everything that has been made public, newest first, from all rooms that publish: one list over
 * several sources, each paged by (time, id). Thread: that of the Db.
 */
#pragma once

#include "store/store.h"

#include <glib.h>

typedef enum RecordKind {
    RECORD_PLAN,
    RECORD_DRAW,
    RECORD_INSPECTION,
    RECORD_KIND_COUNT
} RecordKind;

typedef struct PublicRecord {
    RecordKind kind;
    int64_t id;
    int64_t time_us;      /* when it became public */
    char *title, *detail; /* finished Chinese texts; detail may be NULL */
    int64_t ledger_index; /* -1: none */
} PublicRecord;
void public_record_free(PublicRecord *record);

/* Where a page begins: everything strictly older. */
typedef struct RecordCursor {
    int64_t time_us;
    RecordKind kind;
    int64_t id;
} RecordCursor;
/* "1763771715000000.1.42"; caller frees. */
char *record_cursor_format(const RecordCursor *cursor);
bool record_cursor_parse(const char *text, RecordCursor *ret_cursor);

typedef struct RecordFilter {
    uint32_t kinds;            /* bit n = RecordKind n; 0: all */
    int64_t from_us, to_us;    /* [from, to); 0: open */
    int64_t unit_id;           /* 0: all; only inspections and draws of one unit otherwise */
    const RecordCursor *after; /* NULL: from the newest */
    size_t limit;
} RecordFilter;

/* Appends records of one kind older than (before_us, before_id), newest first, at most
 * filter->limit. */
typedef bool (*RecordSource)(Db *db,
                             const RecordFilter *filter,
                             int64_t before_us,
                             int64_t before_id,
                             GPtrArray *records,
                             GError **error);
/* record_list over given sources, one for each kind (NULL: none yet); for its test. */
GPtrArray *record_merge(Db *db,
                        const RecordSource sources[RECORD_KIND_COUNT],
                        const RecordFilter *filter,
                        GError **error);

/* Array of PublicRecord * (owned), newest first, at most filter->limit. NULL on error. */
GPtrArray *record_list(Db *db, const RecordFilter *filter, GError **error);

const char *record_kind_word(RecordKind kind);    /* "plan", "draw", "inspection" */
const char *record_kind_name_zh(RecordKind kind); /* "检查计划" */
const char *record_kind_icon(RecordKind kind);
bool record_kind_parse(const char *word, RecordKind *ret_kind);
/* "/draws/7"; caller frees. */
char *record_href(const PublicRecord *record);
