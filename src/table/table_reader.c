/* The common part: opening by content, the queue of rows, the sentences. */
#include "table/table_internal.h"

#include "base/limits.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

void queue_init(TableQueue *queue) {
    queue->text = g_byte_array_new();
    queue->cells = g_array_new(FALSE, FALSE, sizeof(TableCell));
    queue->rows = g_array_new(FALSE, FALSE, sizeof(TableSpan));
    queue->open.line = 1;
}

void queue_clear(TableQueue *queue) {
    g_clear_pointer(&queue->text, g_byte_array_unref);
    g_clear_pointer(&queue->cells, g_array_unref);
    g_clear_pointer(&queue->rows, g_array_unref);
}

void queue_compact(TableQueue *queue) {
    g_array_set_size(queue->rows, 0);
    queue->next = 0;
    size_t first = queue->open.first;
    size_t text_from = queue->text->len;
    for (size_t i = first; i < queue->cells->len; i++) {
        const TableCell *cell = &g_array_index(queue->cells, TableCell, i);
        if (cell->stable == NULL) {
            text_from = cell->offset;
            break;
        }
    }
    for (size_t i = first; i < queue->cells->len; i++) {
        TableCell *cell = &g_array_index(queue->cells, TableCell, i);
        if (cell->stable == NULL) {
            cell->offset -= text_from;
        }
    }
    if (first > 0) {
        g_array_remove_range(queue->cells, 0, (guint)first);
    }
    if (text_from > 0) {
        g_byte_array_remove_range(queue->text, 0, (guint)text_from);
    }
    queue->open.first = 0;
}

void queue_add_cell(TableQueue *queue, const char *text, size_t size) {
    TableCell cell = {NULL, queue->text->len};
    g_byte_array_append(queue->text, (const guint8 *)text, (guint)size);
    g_byte_array_append(queue->text, (const guint8 *)"", 1);
    g_array_append_val(queue->cells, cell);
    queue->has_text = queue->has_text || size > 0;
}

void queue_add_stable(TableQueue *queue, const char *text) {
    TableCell cell = {text, 0};
    g_array_append_val(queue->cells, cell);
    queue->has_text = queue->has_text || text[0] != '\0';
}

void queue_end_row(TableQueue *queue, int64_t next_line) {
    queue->open.count = queue->cells->len - queue->open.first;
    if (queue->has_text) {
        g_array_append_val(queue->rows, queue->open);
    } else {
        g_array_set_size(queue->cells, (guint)queue->open.first);
    }
    queue->open = (TableSpan){next_line, queue->cells->len, 0};
    queue->has_text = false;
}

bool table_fail(TableReader *reader,
                TableTrouble trouble,
                int64_t line,
                int64_t byte,
                GError **error,
                const char *format,
                ...) {
    reader->has_failed = true;
    reader->problem = (TableProblem){trouble, line, byte};
    if (reader->options.ret_problem != NULL) {
        *reader->options.ret_problem = reader->problem;
    }
    HzErrorCode code = HZ_ERROR_INVALID;
    if (trouble == TABLE_UNREADABLE) {
        code = HZ_ERROR_UNAVAILABLE;
    } else if (trouble == TABLE_MANY_COLUMNS || trouble == TABLE_LONG_CELL ||
               trouble == TABLE_MANY_ROWS || trouble == TABLE_XLSX_TOO_LARGE) {
        code = HZ_ERROR_LIMIT;
    }
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return hz_fail(error, code, "%s", text);
}

FILE *table_stream(TableReader *reader, GError **error) {
    FILE *file = reader->bytes != NULL
                     ? fmemopen((void *)(uintptr_t)reader->bytes, reader->bytes_size, "rb")
                     : fopen(reader->path, "rbe");
    if (file == NULL) {
        table_fail(reader,
                   TABLE_UNREADABLE,
                   0,
                   -1,
                   error,
                   "cannot open \"%s\": %s",
                   reader->path != NULL ? reader->path : "memory",
                   g_strerror(errno));
    }
    return file;
}

static bool look_at_head(TableReader *reader, GError **error) {
    FILE *file = table_stream(reader, error);
    if (file == NULL) {
        return false;
    }
    unsigned char head[8] = {0};
    size_t got = fread(head, 1, sizeof head, file);
    bool is_broken = ferror(file) != 0;
    struct stat status;
    if (reader->bytes == NULL && fstat(fileno(file), &status) == 0) {
        reader->size = status.st_size;
        is_broken = is_broken || !S_ISREG(status.st_mode);
    }
    (void)fclose(file); /* only read */
    if (is_broken) {
        return table_fail(reader, TABLE_UNREADABLE, 0, -1, error, "cannot read the file");
    }
    static const unsigned char ole[8] = {0xD0, 0xCF, 0x11, 0xE0, 0xA1, 0xB1, 0x1A, 0xE1};
    if (got == sizeof ole && memcmp(head, ole, sizeof ole) == 0) {
        return table_fail(
            reader,
            TABLE_OLD_XLS,
            0,
            -1,
            error,
            "legacy .xls or a workbook with a password: save it as .xlsx without one");
    }
    bool is_zip = got >= 4 && head[0] == 'P' && head[1] == 'K' &&
                  ((head[2] == 3 && head[3] == 4) || (head[2] == 5 && head[3] == 6));
    reader->format = is_zip ? TABLE_XLSX : TABLE_CSV;
    return is_zip ? xlsx_open(reader, error) : csv_open(reader, error);
}

static TableReader *open_with(TableReader *reader, const TableOptions *options, GError **error) {
    if (options != NULL) {
        reader->options = *options;
    }
    reader->problem.byte = -1;
    queue_init(&reader->queue);
    reader->cells = g_new0(const char *, LIMIT_TABLE_COLUMNS);
    if (reader->size == 0 && reader->bytes != NULL) {
        table_fail(reader, TABLE_EMPTY, 0, -1, error, "the file is empty");
    }
    if (reader->has_failed || !look_at_head(reader, error)) {
        table_close(reader);
        return NULL;
    }
    return reader;
}

TableReader *table_open(const char *path, const TableOptions *options, GError **error) {
    TableReader *reader = g_new0(TableReader, 1);
    reader->path = g_strdup(path);
    return open_with(reader, options, error);
}

TableReader *
table_open_bytes(const void *bytes, size_t size, const TableOptions *options, GError **error) {
    TableReader *reader = g_new0(TableReader, 1);
    reader->bytes = size > 0 ? bytes : "";
    reader->bytes_size = size;
    reader->size = (int64_t)size;
    return open_with(reader, options, error);
}

void table_close(TableReader *reader) {
    if (reader == NULL) {
        return;
    }
    g_clear_pointer(&reader->csv, csv_close);
    g_clear_pointer(&reader->xlsx, xlsx_close);
    queue_clear(&reader->queue);
    g_free(reader->cells);
    g_free(reader->path);
    g_free(reader);
}

static bool fill(TableReader *reader, GError **error) {
    queue_compact(&reader->queue);
    return reader->format == TABLE_CSV ? csv_fill(reader, error) : xlsx_fill(reader, error);
}

bool table_next(TableReader *reader, TableRow *ret_row, GError **error) {
    if (reader->has_failed) {
        return hz_fail(error, HZ_ERROR_INVALID, "the table has failed before");
    }
    TableQueue *queue = &reader->queue;
    while (queue->next >= queue->rows->len) {
        if (reader->at_end) {
            return false;
        }
        if (!fill(reader, error)) {
            return false;
        }
    }
    const TableSpan *span = &g_array_index(queue->rows, TableSpan, queue->next);
    queue->next++;
    if (++reader->row_count > LIMIT_TABLE_ROWS) {
        return table_fail(reader,
                          TABLE_MANY_ROWS,
                          span->line,
                          -1,
                          error,
                          "line %" G_GINT64_FORMAT ": more than %" G_GINT64_FORMAT " rows",
                          span->line,
                          LIMIT_TABLE_ROWS);
    }
    g_assert(span->count <= LIMIT_TABLE_COLUMNS);
    for (size_t i = 0; i < span->count; i++) {
        const TableCell *cell = &g_array_index(queue->cells, TableCell, span->first + i);
        reader->cells[i] =
            cell->stable != NULL ? cell->stable : (const char *)queue->text->data + cell->offset;
    }
    *ret_row = (TableRow){span->line, span->count, reader->cells};
    return true;
}

TableFormat table_format(const TableReader *reader) {
    return reader->format;
}

TableEncoding table_encoding(const TableReader *reader) {
    return reader->csv != NULL ? csv_encoding(reader->csv) : TABLE_ENCODING_UTF8;
}

char table_delimiter(const TableReader *reader) {
    return reader->csv != NULL ? csv_delimiter(reader->csv) : '\0';
}

int64_t table_position(const TableReader *reader) {
    return reader->csv != NULL ? csv_position(reader->csv) : xlsx_position(reader->xlsx);
}

int64_t table_size(const TableReader *reader) {
    return reader->csv != NULL ? reader->size : xlsx_size(reader->xlsx);
}

static const struct {
    const char *word;
    TableEncoding encoding;
} encoding_words[] = {
    {"auto", TABLE_ENCODING_AUTO},
    {"utf-8", TABLE_ENCODING_UTF8},
    {"gb18030", TABLE_ENCODING_GB18030},
    {"utf-16le", TABLE_ENCODING_UTF16LE},
    {"utf-16be", TABLE_ENCODING_UTF16BE},
    {"utf8", TABLE_ENCODING_UTF8},
    {"gbk", TABLE_ENCODING_GB18030},
};

bool table_encoding_parse(const char *word, TableEncoding *ret_encoding) {
    for (size_t i = 0; i < G_N_ELEMENTS(encoding_words); i++) {
        if (g_ascii_strcasecmp(word, encoding_words[i].word) == 0) {
            *ret_encoding = encoding_words[i].encoding;
            return true;
        }
    }
    return false;
}

const char *table_encoding_word(TableEncoding encoding) {
    return encoding_words[encoding].word;
}

char *table_problem_zh(const TableProblem *problem) {
    static const char *const sentences[] = {
        [TABLE_FINE] = "文件没有问题。",
        [TABLE_UNREADABLE] = "文件打不开。请重新上传。",
        [TABLE_EMPTY] = "文件里没有数据行。第一行写列名，从第二行起写数据。",
        [TABLE_BAD_ENCODING] = "文字编码不对。在表格软件里另存为“CSV UTF-8”，或在导入页选对编码。",
        [TABLE_HAS_NUL] = "含有空字节，不是表格文本。请重新导出这份文件。",
        [TABLE_OPEN_QUOTE] = "从这里开始的引号没有收尾。补上英文双引号 \"，或删掉多余的那个。",
        [TABLE_STRAY_QUOTE] =
            "英文双引号的位置不对：含引号的单元格要整格加引号，里面的引号写两次。",
        [TABLE_MANY_COLUMNS] = "列太多，最多 256 列。检查分隔符是否选对。",
        [TABLE_LONG_CELL] = "有一格超过 32 KB。检查引号是否收尾，或缩短内容。",
        [TABLE_MANY_ROWS] = "超过 500 万行。请分成几份导入。",
        [TABLE_OLD_XLS] = "这是旧版 .xls 或加了密码的工作簿。另存为不加密码的 .xlsx 再导入。",
        [TABLE_ENCRYPTED] = "工作簿加了密码。去掉密码再导入。",
        [TABLE_BROKEN_XLSX] = "工作簿不完整或已损坏。请重新导出这份文件。",
        [TABLE_NO_SHEET] = "工作簿里没有这个名字的工作表。",
        [TABLE_XLSX_TOO_LARGE] = "工作簿解压后过大，已停止读取。请改用 CSV，或分成几份导入。",
        [TABLE_XLSX_DTD] = "工作簿含有不允许的外部定义，已拒绝读取。",
    };
    GString *text = g_string_new(NULL);
    if (problem->line > 0) {
        g_string_append_printf(text, "第 %" G_GINT64_FORMAT " 行", problem->line);
    }
    if (problem->byte >= 0) {
        g_string_append_printf(
            text, "%s第 %" G_GINT64_FORMAT " 字节", text->len > 0 ? "（" : "", problem->byte + 1);
        g_string_append(text, problem->line > 0 ? "）" : "");
    }
    g_string_append(text, text->len > 0 ? "：" : "");
    g_string_append(text, sentences[problem->trouble]);
    return g_string_free(text, FALSE);
}
