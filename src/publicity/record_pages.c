#include "base/clock.h"
#include "base/limits.h"
#include "publicity/publicity_pages.h"
#include "publicity/record.h"
#include "publicity/site.h"
#include "table/table_writer.h"

#include <string.h>

#define YEARS_OFFERED 4

/* --- models ------------------------------------------------------------------------------------
 */

json_t *record_proof_model(int64_t ledger_index) {
    if (ledger_index < 0) {
        return json_null();
    }
    g_autofree char *text = site_count_text(ledger_index);
    g_autofree char *href = g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, ledger_index);
    json_t *proof = json_object();
    json_put_text(proof, "href", href);
    json_put_text(proof, "index_text", text);
    return proof;
}

static json_t *item_model(const PublicRecord *record, int64_t now_us) {
    g_autofree char *href = record_href(record);
    g_autofree char *date = clock_format_date(record->time_us);
    g_autofree char *day = clock_format_day_zh(record->time_us, now_us);
    json_t *item = json_object();
    json_put_int(item, "id", record->id);
    json_put_text(item, "kind", record_kind_word(record->kind));
    json_put_text(item, "kind_text", record_kind_name_zh(record->kind));
    json_put_text(item, "icon", record_kind_icon(record->kind));
    json_put_text(item, "tag", record->kind == RECORD_INSPECTION ? "k" : "i");
    json_put_text(item, "href", href);
    json_put_text(item, "title", record->title);
    json_put_text(item, "detail", record->detail);
    json_put_text(item, "date", date);
    json_put_text(item, "day", day);
    json_put(item, "proof", record_proof_model(record->ledger_index));
    return item;
}

json_t *record_items_model(const GPtrArray *records, int64_t now_us) {
    if (records->len == 0) {
        return json_null();
    }
    json_t *items = json_array();
    for (guint i = 0; i < records->len; i++) {
        json_array_append_new(items, item_model(g_ptr_array_index(records, i), now_us));
    }
    return json_pack("{s:o}", "items", items);
}

/* --- what was asked for ------------------------------------------------------------------------
 */

typedef struct Question {
    RecordFilter filter;
    RecordCursor cursor;
    const char *kind; /* word, "" for all */
    int year;         /* 0: all */
} Question;

static int64_t year_start(int year) {
    g_autofree char *text = g_strdup_printf("%04d-01-01", year);
    int64_t time_us = 0;
    return clock_parse(text, &time_us) ? time_us : 0;
}

/* Anything we do not know counts as not asked for. */
static Question read_question(const Request *req) {
    Question question = {.kind = ""};
    RecordKind kind;
    if (record_kind_parse(request_query(req, "kind"), &kind)) {
        question.kind = record_kind_word(kind);
        question.filter.kinds = 1u << kind;
    }
    guint64 year = 0;
    const char *year_text = request_query(req, "year");
    if (year_text != NULL && g_ascii_string_to_unsigned(year_text, 10, 2000, 2999, &year, NULL)) {
        question.year = (int)year;
        question.filter.from_us = year_start(question.year);
        question.filter.to_us = year_start(question.year + 1);
    }
    return question;
}

/* "/records?kind=draw&year=2026" without empty parts; `path` ends without "?". Caller frees. */
static char *question_url(const char *path, const char *kind, int year, const char *after) {
    GString *url = g_string_new(path);
    char mark = '?';
    if (*kind != '\0') {
        g_string_append_printf(url, "%ckind=%s", mark, kind);
        mark = '&';
    }
    if (year != 0) {
        g_string_append_printf(url, "%cyear=%d", mark, year);
        mark = '&';
    }
    if (after != NULL) {
        g_string_append_printf(url, "%cafter=%s", mark, after);
    }
    return g_string_free(url, FALSE);
}

static json_t *kinds_model(const char *chosen) {
    json_t *list = json_array();
    form_option(list, "", "全部种类", *chosen == '\0');
    for (unsigned kind = 0; kind < RECORD_KIND_COUNT; kind++) {
        const char *word = record_kind_word((RecordKind)kind);
        form_option(list, word, record_kind_name_zh((RecordKind)kind), strcmp(word, chosen) == 0);
    }
    return list;
}

static json_t *years_model(int chosen, int64_t now_us) {
    json_t *list = json_array();
    form_option(list, "", "全部年份", chosen == 0);
    int this_year = clock_year(now_us);
    for (int year = this_year; year > this_year - YEARS_OFFERED; year--) {
        g_autofree char *value = g_strdup_printf("%d", year);
        g_autofree char *text = g_strdup_printf("%d 年", year);
        form_option(list, value, text, year == chosen);
    }
    return list;
}

static void add_chip(json_t *chips, const char *text, char *href) {
    json_t *chip = json_object();
    json_put_text(chip, "text", text);
    json_put_text(chip, "href", href);
    json_array_append_new(chips, chip);
    g_free(href);
}

static json_t *chips_model(const Question *question) {
    json_t *chips = json_array();
    RecordKind kind;
    if (record_kind_parse(question->kind, &kind)) {
        add_chip(
            chips, record_kind_name_zh(kind), question_url("/records", "", question->year, NULL));
    }
    if (question->year != 0) {
        g_autofree char *text = g_strdup_printf("%d 年", question->year);
        add_chip(chips, text, question_url("/records", question->kind, 0, NULL));
    }
    return chips;
}

/* --- pages -------------------------------------------------------------------------------------
 */

/* One more record than fits was asked for: its presence means that there is a next page. */
static json_t *pager_model(const Question *question, GPtrArray *records) {
    g_autofree char *first = NULL, *next = NULL;
    if (question->filter.after != NULL) {
        first = question_url("/records", question->kind, question->year, NULL);
    }
    if (records->len > LIMIT_PAGE_ROWS) {
        g_ptr_array_set_size(records, LIMIT_PAGE_ROWS);
        const PublicRecord *last = g_ptr_array_index(records, LIMIT_PAGE_ROWS - 1);
        RecordCursor cursor = {last->time_us, last->kind, last->id};
        g_autofree char *after = record_cursor_format(&cursor);
        next = question_url("/records", question->kind, question->year, after);
    }
    if (first == NULL && next == NULL) {
        return json_null();
    }
    json_t *pager = json_object();
    json_put_text(pager, "first", first);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", next);
    json_put_text(pager, "note", "每页 50 条，新的在前");
    return pager;
}

Response *records_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    Question question = read_question(req);
    if (record_cursor_parse(request_query(req, "after"), &question.cursor)) {
        question.filter.after = &question.cursor;
    }
    question.filter.limit = LIMIT_PAGE_ROWS + 1;
    g_autoptr(GPtrArray) records = record_list(ctx->db, &question.filter, &error);
    if (records == NULL) {
        return response_problem(error, NULL);
    }
    g_autofree char *csv = question_url("/records.csv", question.kind, question.year, NULL);
    json_t *model = json_object();
    json_put(model, "pager", pager_model(&question, records));
    json_put(model, "records", record_items_model(records, ctx->now_us));
    json_put(model, "kinds", kinds_model(question.kind));
    json_put(model, "years", years_model(question.year, ctx->now_us));
    json_put(model, "chips", chips_model(&question));
    bool is_filtered = *question.kind != '\0' || question.year != 0;
    json_put_text(model, "clear_href", is_filtered ? "/records" : NULL);
    json_put_text(model, "csv_href", csv);
    return response_page("publicity/records", model);
}

static bool write_csv(const char *path, const GPtrArray *records, GError **error) {
    static const TableColumn columns[] = {
        {"种类", false}, {"标题", false}, {"说明", false}, {"公开日期", false}, {"账本编号", true}};
    TableWriteOptions options = {.format = TABLE_CSV};
    g_autoptr(TableWriter) writer =
        table_create(path, &options, columns, G_N_ELEMENTS(columns), error);
    if (writer == NULL) {
        return false;
    }
    for (guint i = 0; i < records->len; i++) {
        const PublicRecord *record = g_ptr_array_index(records, i);
        g_autofree char *date = clock_format_date(record->time_us);
        g_autofree char *index = g_strdup_printf("%" G_GINT64_FORMAT, record->ledger_index);
        const char *cells[] = {record_kind_name_zh(record->kind),
                               record->title,
                               record->detail,
                               date,
                               record->ledger_index < 0 ? NULL : index};
        if (!table_write(writer, cells, error)) {
            return false;
        }
    }
    return table_finish(writer, error);
}

/* The newest records of the same question as one file. */
Response *records_csv(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    Question question = read_question(req);
    question.filter.limit = LIMIT_DIRECT_EXPORT;
    g_autoptr(GPtrArray) records = record_list(ctx->db, &question.filter, &error);
    if (records == NULL) {
        return response_problem(error, NULL);
    }
    g_autofree char *path = web_temp_path(ctx, "records.csv");
    if (!write_csv(path, records, &error)) {
        return response_problem(error, NULL);
    }
    return response_file(table_format_mime(TABLE_CSV), path, "公开信息.csv", true);
}
