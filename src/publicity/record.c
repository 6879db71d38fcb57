#include "publicity/record.h"

#include "base/error.h"
#include "ledger/ledger.h"
#include "publicity/record_sources.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *word, *name_zh, *icon, *path;
} kinds[RECORD_KIND_COUNT] = {
    [RECORD_PLAN] = {"plan", "检查计划", "calendar-event", "/plans"},
    [RECORD_DRAW] = {"draw", "随机抽查", "dice-5", "/draws"},
    [RECORD_INSPECTION] = {"inspection", "检查结果", "clipboard-check", "/inspections"},
};

void public_record_free(PublicRecord *record) {
    if (record != NULL) {
        g_free(record->title);
        g_free(record->detail);
        g_free(record);
    }
}

const char *record_kind_word(RecordKind kind) {
    return kinds[kind].word;
}

const char *record_kind_name_zh(RecordKind kind) {
    return kinds[kind].name_zh;
}

const char *record_kind_icon(RecordKind kind) {
    return kinds[kind].icon;
}

bool record_kind_parse(const char *word, RecordKind *ret_kind) {
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        if (g_strcmp0(word, kinds[kind].word) == 0) {
            *ret_kind = (RecordKind)kind;
            return true;
        }
    }
    return false;
}

char *record_href(const PublicRecord *record) {
    return g_strdup_printf("%s/%" G_GINT64_FORMAT, kinds[record->kind].path, record->id);
}

char *record_cursor_format(const RecordCursor *cursor) {
    return g_strdup_printf("%" G_GINT64_FORMAT ".%u.%" G_GINT64_FORMAT,
                           cursor->time_us,
                           (unsigned)cursor->kind,
                           cursor->id);
}

bool record_cursor_parse(const char *text, RecordCursor *ret_cursor) {
    g_auto(GStrv) parts = g_strsplit(text != NULL ? text : "", ".", 4);
    guint64 kind = 0;
    if (g_strv_length(parts) != 3 ||
        !g_ascii_string_to_signed(parts[0], 10, 0, G_MAXINT64, &ret_cursor->time_us, NULL) ||
        !g_ascii_string_to_unsigned(parts[1], 10, 0, RECORD_KIND_COUNT - 1, &kind, NULL) ||
        !g_ascii_string_to_signed(parts[2], 10, 0, G_MAXINT64, &ret_cursor->id, NULL)) {
        return false;
    }
    ret_cursor->kind = (RecordKind)kind;
    return true;
}

/* Newest first; of the same moment the higher kind first, then the higher id. */
static gint by_age(gconstpointer first, gconstpointer second) {
    const PublicRecord *a = *(const PublicRecord *const *)first;
    const PublicRecord *b = *(const PublicRecord *const *)second;
    if (a->time_us != b->time_us) {
        return a->time_us > b->time_us ? -1 : 1;
    }
    if (a->kind != b->kind) {
        return a->kind > b->kind ? -1 : 1;
    }
    return a->id > b->id ? -1 : a->id < b->id;
}

GPtrArray *record_merge(Db *db,
                        const RecordSource sources[RECORD_KIND_COUNT],
                        const RecordFilter *filter,
                        GError **error) {
    g_autoptr(GPtrArray) records =
        g_ptr_array_new_with_free_func((GDestroyNotify)public_record_free);
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        bool is_wanted = filter->kinds == 0 || (filter->kinds >> kind & 1u) != 0;
        if (sources[kind] == NULL || !is_wanted) {
            continue;
        }
        /* Records of the cursor's own moment come back only if their kind is still to come. */
        int64_t before_us = filter->to_us > 0 ? filter->to_us : G_MAXINT64, before_id = 0;
        const RecordCursor *after = filter->after;
        if (after != NULL && after->time_us < before_us) {
            before_us = after->time_us;
            before_id = kind == (unsigned)after->kind  ? after->id
                        : kind < (unsigned)after->kind ? G_MAXINT64
                                                       : 0;
        }
        if (!sources[kind](db, filter, before_us, before_id, records, error)) {
            return NULL;
        }
    }
    g_ptr_array_sort(records, by_age);
    if (records->len > filter->limit) {
        g_ptr_array_set_size(records, (gint)filter->limit);
    }
    return g_steal_pointer(&records);
}

/* Rooms that publish, by kind. */
static const RecordSource sources_in_use[RECORD_KIND_COUNT] = {
    [RECORD_PLAN] = plan_records,
    [RECORD_DRAW] = draw_records,
    [RECORD_INSPECTION] = inspection_records,
};

/* Plans do not keep the place of their entry; the log knows it. */
static bool find_entries(Db *db, const GPtrArray *records, GError **error) {
    for (guint i = 0; i < records->len; i++) {
        PublicRecord *record = g_ptr_array_index(records, i);
        if (record->ledger_index >= 0) {
            continue;
        }
        g_autofree char *object =
            g_strdup_printf("%s:%" G_GINT64_FORMAT, kinds[record->kind].word, record->id);
        g_autoptr(GError) failure = NULL;
        if (!ledger_latest(db, object, &record->ledger_index, &failure)) {
            record->ledger_index = -1;
            if (!g_error_matches(failure, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
                g_propagate_error(error, g_steal_pointer(&failure));
                return false;
            }
        }
    }
    return true;
}

GPtrArray *record_list(Db *db, const RecordFilter *filter, GError **error) {
    g_autoptr(GPtrArray) records = record_merge(db, sources_in_use, filter, error);
    if (records == NULL || !find_entries(db, records, error)) {
        return NULL;
    }
    return g_steal_pointer(&records);
}
