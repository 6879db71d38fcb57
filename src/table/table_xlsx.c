/*
 * The parts of a workbook: zip, workbook, relations, shared strings, styles.
 *
 * Every byte that is unpacked is counted, whatever the zip's own directory says, against a total
 * and a ratio. The XML goes through libxml2's push parser with our own handlers: a document type
 * stops it before anything is declared, so there is nothing to expand.
 */
#include "table/table_xlsx.h"

#include "base/limits.h"

#include <string.h>

#define PIECE (16 * KIB)     /* one step of reading; bounds what one step can put into the queue */
#define ENTRIES_MAX 10000    /* parts in a zip; real workbooks have tens */
#define SHEETS_MAX 1024      /* sheets in a workbook */
#define STYLES_MAX 70000     /* cell styles; Excel itself allows 65,490 */
#define RATIO_FROM (1 * MIB) /* small parts may compress as they like */

bool part_open(
    TableReader *reader, const char *name, bool is_required, XlsxPart *ret_part, GError **error) {
    XlsxReader *xlsx = reader->xlsx;
    zip_stat_t status;
    zip_int64_t index = zip_name_locate(xlsx->zip, name, ZIP_FL_NOCASE);
    if (index < 0 || zip_stat_index(xlsx->zip, (zip_uint64_t)index, 0, &status) != 0) {
        return is_required && table_fail(reader,
                                         TABLE_BROKEN_XLSX,
                                         0,
                                         -1,
                                         error,
                                         "not a workbook: the part %s is missing",
                                         name);
    }
    if ((status.valid & ZIP_STAT_ENCRYPTION_METHOD) != 0 &&
        status.encryption_method != ZIP_EM_NONE) {
        return table_fail(reader, TABLE_ENCRYPTED, 0, -1, error, "the workbook is encrypted");
    }
    zip_file_t *file = zip_fopen_index(xlsx->zip, (zip_uint64_t)index, 0);
    if (file == NULL) {
        return table_fail(
            reader, TABLE_BROKEN_XLSX, 0, -1, error, "damaged workbook: cannot unpack %s", name);
    }
    *ret_part = (XlsxPart){file, (int64_t)status.comp_size, 0, (int64_t)status.size};
    return true;
}

bool part_read(TableReader *reader,
               XlsxPart *part,
               char *buffer,
               size_t size,
               size_t *ret_got,
               GError **error) {
    zip_int64_t got = zip_fread(part->file, buffer, size);
    if (got < 0) {
        return table_fail(
            reader, TABLE_BROKEN_XLSX, 0, -1, error, "damaged workbook: a part does not unpack");
    }
    part->unpacked += got;
    reader->xlsx->unpacked += got;
    bool is_bomb = part->unpacked > RATIO_FROM && part->unpacked / LIMIT_XLSX_RATIO > part->packed;
    if (is_bomb || reader->xlsx->unpacked > LIMIT_XLSX_UNPACKED) {
        return table_fail(reader,
                          TABLE_XLSX_TOO_LARGE,
                          0,
                          -1,
                          error,
                          "the workbook unpacks to more than is allowed (%s)",
                          is_bomb ? "ratio" : "size");
    }
    *ret_got = (size_t)got;
    return true;
}

void part_close(XlsxPart *part) {
    if (part->file != NULL) {
        /* A checksum that does not fit shows as a read error before the end of the part. */
        (void)zip_fclose(part->file);
        part->file = NULL;
    }
}

/* --- XML ------------------------------------------------------------------------------------- */

static void on_doctype(void *data,
                       const xmlChar *name G_GNUC_UNUSED,
                       const xmlChar *external G_GNUC_UNUSED,
                       const xmlChar *system G_GNUC_UNUSED) {
    sax_stop(data, TABLE_XLSX_DTD, "a document type has no place in a workbook");
}

static void on_message(void *data G_GNUC_UNUSED, xmlErrorPtr problem G_GNUC_UNUSED) {
    /* Seen by the return value of xmlParseChunk; nothing is printed. */
}

xmlParserCtxtPtr sax_start(XlsxSax *data, xmlSAXHandler *handler) {
    handler->initialized = XML_SAX2_MAGIC;
    handler->internalSubset = on_doctype;
    handler->cdataBlock = handler->characters;
    handler->serror = on_message;
    data->context = xmlCreatePushParserCtxt(handler, data, NULL, 0, NULL);
    g_assert(data->context != NULL);
    (void)xmlCtxtUseOptions(data->context, XML_PARSE_NONET); /* 0: every option is known */
    return data->context;
}

void sax_stop(XlsxSax *data, TableTrouble trouble, const char *why) {
    if (data->trouble == TABLE_FINE) {
        data->trouble = trouble;
        data->why = why;
    }
    xmlStopParser(data->context);
}

bool sax_push(XlsxSax *data, const char *bytes, size_t size, GError **error) {
    int result = xmlParseChunk(data->context, bytes, (int)size, size == 0);
    if (data->trouble != TABLE_FINE) {
        return table_fail(data->reader, data->trouble, data->line, -1, error, "%s", data->why);
    }
    if (result != XML_ERR_OK && !(data->context->wellFormed && data->context->nsWellFormed)) {
        const xmlError *problem = xmlCtxtGetLastError(data->context);
        return table_fail(data->reader,
                          TABLE_BROKEN_XLSX,
                          data->line,
                          -1,
                          error,
                          "damaged workbook: not well-formed XML (error %d)",
                          problem != NULL ? problem->code : result);
    }
    return true;
}

bool sax_attribute(
    const xmlChar **attributes, int count, const char *name, char *buffer, size_t size) {
    for (int i = 0; i < count; i++) {
        const xmlChar **attribute = attributes + (size_t)i * 5;
        if (strcmp((const char *)attribute[0], name) != 0) {
            continue;
        }
        size_t length = (size_t)(attribute[4] - attribute[3]);
        if (length >= size) {
            return false;
        }
        memcpy(buffer, attribute[3], length);
        buffer[length] = '\0';
        return true;
    }
    return false;
}

static bool parse_part(TableReader *reader,
                       const char *name,
                       bool is_required,
                       XlsxSax *data,
                       xmlSAXHandler *handler,
                       GError **error) {
    XlsxPart part = {0};
    GError *problem = NULL;
    if (!part_open(reader, name, is_required, &part, &problem)) {
        bool is_absent = problem == NULL;
        if (!is_absent) {
            g_propagate_error(error, problem);
        }
        return is_absent;
    }
    data->reader = reader;
    xmlParserCtxtPtr context = sax_start(data, handler);
    g_autofree char *buffer = g_malloc(PIECE);
    bool done = true;
    size_t got = 1;
    while (done && got > 0) {
        done = part_read(reader, &part, buffer, PIECE, &got, error) &&
               sax_push(data, buffer, got, error);
    }
    xmlFreeParserCtxt(context);
    part_close(&part);
    return done;
}

/* --- workbook and relations ------------------------------------------------------------------ */

typedef struct WorkbookSax {
    XlsxSax sax;
    const char *wanted; /* NULL: the first sheet */
    char relation[256];
    bool is_found;
    unsigned sheets;
    char *target;
} WorkbookSax;

static void on_workbook(void *data,
                        const xmlChar *name,
                        const xmlChar *prefix G_GNUC_UNUSED,
                        const xmlChar *uri G_GNUC_UNUSED,
                        int namespaces G_GNUC_UNUSED,
                        const xmlChar **names G_GNUC_UNUSED,
                        int count,
                        int defaulted G_GNUC_UNUSED,
                        const xmlChar **attributes) {
    WorkbookSax *book = data;
    char text[512];
    if (strcmp((const char *)name, "workbookPr") == 0) {
        book->sax.reader->xlsx->is_1904 =
            sax_attribute(attributes, count, "date1904", text, sizeof text) &&
            (strcmp(text, "1") == 0 || strcmp(text, "true") == 0);
    } else if (strcmp((const char *)name, "sheet") == 0 && !book->is_found) {
        if (++book->sheets > SHEETS_MAX) {
            sax_stop(&book->sax, TABLE_XLSX_TOO_LARGE, "the workbook has too many sheets");
        }
        bool is_wanted =
            book->wanted == NULL || (sax_attribute(attributes, count, "name", text, sizeof text) &&
                                     strcmp(text, book->wanted) == 0);
        book->is_found =
            is_wanted &&
            sax_attribute(attributes, count, "id", book->relation, sizeof book->relation);
    }
}

static void on_relation(void *data,
                        const xmlChar *name,
                        const xmlChar *prefix G_GNUC_UNUSED,
                        const xmlChar *uri G_GNUC_UNUSED,
                        int namespaces G_GNUC_UNUSED,
                        const xmlChar **names G_GNUC_UNUSED,
                        int count,
                        int defaulted G_GNUC_UNUSED,
                        const xmlChar **attributes) {
    WorkbookSax *book = data;
    char id[256];
    char target[512];
    if (strcmp((const char *)name, "Relationship") == 0 && book->target == NULL &&
        sax_attribute(attributes, count, "Id", id, sizeof id) && strcmp(id, book->relation) == 0 &&
        sax_attribute(attributes, count, "Target", target, sizeof target)) {
        book->target = target[0] == '/' ? g_strdup(target + 1) : g_strconcat("xl/", target, NULL);
    }
}

static bool find_sheet(TableReader *reader, GError **error) {
    WorkbookSax book = {.wanted = reader->options.sheet};
    xmlSAXHandler handler = {.startElementNs = on_workbook};
    if (!parse_part(reader, "xl/workbook.xml", true, &book.sax, &handler, error)) {
        return false;
    }
    if (!book.is_found) {
        return table_fail(reader,
                          book.wanted != NULL ? TABLE_NO_SHEET : TABLE_BROKEN_XLSX,
                          0,
                          -1,
                          error,
                          "the workbook has no sheet \"%s\"",
                          book.wanted != NULL ? book.wanted : "");
    }
    xmlSAXHandler relations = {.startElementNs = on_relation};
    bool done =
        parse_part(reader, "xl/_rels/workbook.xml.rels", true, &book.sax, &relations, error);
    reader->xlsx->sheet_path = book.target;
    if (done && book.target == NULL) {
        return table_fail(
            reader, TABLE_BROKEN_XLSX, 0, -1, error, "damaged workbook: a sheet has no part");
    }
    return done;
}

/* --- shared strings -------------------------------------------------------------------------- */

typedef struct StringsSax {
    XlsxSax sax;
    bool in_item;
    bool in_text;
    unsigned phonetic;
    size_t item_start;
} StringsSax;

static void on_string_start(void *data,
                            const xmlChar *name,
                            const xmlChar *prefix G_GNUC_UNUSED,
                            const xmlChar *uri G_GNUC_UNUSED,
                            int namespaces G_GNUC_UNUSED,
                            const xmlChar **names G_GNUC_UNUSED,
                            int count G_GNUC_UNUSED,
                            int defaulted G_GNUC_UNUSED,
                            const xmlChar **attributes G_GNUC_UNUSED) {
    StringsSax *strings = data;
    XlsxReader *xlsx = strings->sax.reader->xlsx;
    const char *word = (const char *)name;
    if (strcmp(word, "si") == 0 && !strings->in_item) {
        strings->in_item = true;
        guint32 start = xlsx->strings->len;
        strings->item_start = start;
        g_array_append_val(xlsx->string_start, start);
    } else if (strcmp(word, "rPh") == 0) {
        strings->phonetic++;
    } else if (strcmp(word, "t") == 0) {
        strings->in_text = strings->in_item && strings->phonetic == 0;
    }
}

static void on_string_end(void *data,
                          const xmlChar *name,
                          const xmlChar *prefix G_GNUC_UNUSED,
                          const xmlChar *uri G_GNUC_UNUSED) {
    StringsSax *strings = data;
    const char *word = (const char *)name;
    if (strcmp(word, "si") == 0 && strings->in_item) {
        strings->in_item = false;
        g_byte_array_append(strings->sax.reader->xlsx->strings, (const guint8 *)"", 1);
    } else if (strcmp(word, "rPh") == 0 && strings->phonetic > 0) {
        strings->phonetic--;
    } else if (strcmp(word, "t") == 0) {
        strings->in_text = false;
    }
}

static void on_string_text(void *data, const xmlChar *text, int size) {
    StringsSax *strings = data;
    XlsxReader *xlsx = strings->sax.reader->xlsx;
    if (!strings->in_text) {
        return;
    }
    size_t cost = (size_t)xlsx->strings->len + (size_t)xlsx->string_start->len * sizeof(guint32);
    if (cost + (size_t)size > LIMIT_XLSX_SHARED_STRINGS) {
        sax_stop(&strings->sax, TABLE_XLSX_TOO_LARGE, "the workbook has too much shared text");
    } else if (xlsx->strings->len - strings->item_start + (size_t)size > LIMIT_TABLE_CELL) {
        sax_stop(&strings->sax, TABLE_LONG_CELL, "a cell is longer than allowed");
    } else {
        g_byte_array_append(xlsx->strings, text, (guint)size);
    }
}

/* --- styles ---------------------------------------------------------------------------------- */

typedef struct StylesSax {
    XlsxSax sax;
    GHashTable *formats; /* own number format id -> GINT_TO_POINTER(is date) */
    bool in_cell_styles;
} StylesSax;

static bool builtin_is_date(int id) {
    return (id >= 14 && id <= 22) || (id >= 27 && id <= 36) || (id >= 45 && id <= 47) ||
           (id >= 50 && id <= 58);
}

static void on_style_start(void *data,
                           const xmlChar *name,
                           const xmlChar *prefix G_GNUC_UNUSED,
                           const xmlChar *uri G_GNUC_UNUSED,
                           int namespaces G_GNUC_UNUSED,
                           const xmlChar **names G_GNUC_UNUSED,
                           int count,
                           int defaulted G_GNUC_UNUSED,
                           const xmlChar **attributes) {
    StylesSax *styles = data;
    GArray *is_date = styles->sax.reader->xlsx->is_date;
    const char *word = (const char *)name;
    char id[16] = "0";
    char format[512];
    if (strcmp(word, "cellXfs") == 0) {
        styles->in_cell_styles = true;
    } else if (strcmp(word, "numFmt") == 0 && g_hash_table_size(styles->formats) < STYLES_MAX &&
               sax_attribute(attributes, count, "numFmtId", id, sizeof id) &&
               sax_attribute(attributes, count, "formatCode", format, sizeof format)) {
        g_hash_table_insert(styles->formats,
                            GINT_TO_POINTER((int)g_ascii_strtoll(id, NULL, 10)),
                            GINT_TO_POINTER(sheet_format_is_date(format) ? 1 : 0));
    } else if (strcmp(word, "xf") == 0 && styles->in_cell_styles && is_date->len < STYLES_MAX) {
        (void)sax_attribute(attributes, count, "numFmtId", id, sizeof id); /* absent: 0 */
        void *own = NULL;
        bool is_own = g_hash_table_lookup_extended(
            styles->formats, GINT_TO_POINTER((int)g_ascii_strtoll(id, NULL, 10)), NULL, &own);
        bool date = is_own ? own != NULL : builtin_is_date((int)g_ascii_strtoll(id, NULL, 10));
        g_array_append_val(is_date, date);
    }
}

static void on_style_end(void *data,
                         const xmlChar *name,
                         const xmlChar *prefix G_GNUC_UNUSED,
                         const xmlChar *uri G_GNUC_UNUSED) {
    if (strcmp((const char *)name, "cellXfs") == 0) {
        ((StylesSax *)data)->in_cell_styles = false;
    }
}

static bool read_styles(TableReader *reader, GError **error) {
    StylesSax styles = {.formats = g_hash_table_new(NULL, NULL)};
    xmlSAXHandler handler = {.startElementNs = on_style_start, .endElementNs = on_style_end};
    bool done = parse_part(reader, "xl/styles.xml", false, &styles.sax, &handler, error);
    g_hash_table_unref(styles.formats);
    return done;
}

/* --- opening --------------------------------------------------------------------------------- */

static bool open_zip(TableReader *reader, GError **error) {
    zip_error_t problem;
    zip_error_init(&problem);
    zip_source_t *source =
        reader->bytes != NULL
            ? zip_source_buffer_create(reader->bytes, reader->bytes_size, 0, &problem)
            : zip_source_file_create(reader->path, 0, -1, &problem);
    if (source != NULL) {
        reader->xlsx->zip = zip_open_from_source(source, ZIP_RDONLY, &problem);
        if (reader->xlsx->zip == NULL) {
            zip_source_free(source);
        }
    }
    bool is_open = reader->xlsx->zip != NULL;
    if (!is_open) {
        table_fail(reader,
                   TABLE_BROKEN_XLSX,
                   0,
                   -1,
                   error,
                   "damaged workbook: %s",
                   zip_error_strerror(&problem));
    }
    zip_error_fini(&problem);
    if (is_open && zip_get_num_entries(reader->xlsx->zip, 0) > ENTRIES_MAX) {
        return table_fail(
            reader, TABLE_XLSX_TOO_LARGE, 0, -1, error, "the workbook has too many parts");
    }
    return is_open;
}

bool xlsx_open(TableReader *reader, GError **error) {
    XlsxReader *xlsx = g_new0(XlsxReader, 1);
    reader->xlsx = xlsx;
    xlsx->is_date = g_array_new(FALSE, TRUE, sizeof(bool));
    xlsx->strings = g_byte_array_new();
    xlsx->string_start = g_array_new(FALSE, FALSE, sizeof(guint32));
    StringsSax strings = {0};
    xmlSAXHandler handler = {.startElementNs = on_string_start,
                             .endElementNs = on_string_end,
                             .characters = on_string_text};
    if (!open_zip(reader, error) || !find_sheet(reader, error) || !read_styles(reader, error) ||
        !parse_part(reader, "xl/sharedStrings.xml", false, &strings.sax, &handler, error) ||
        !part_open(reader, xlsx->sheet_path, true, &xlsx->part, error)) {
        return false;
    }
    xlsx->sheet = sheet_new(reader);
    return true;
}

bool xlsx_fill(TableReader *reader, GError **error) {
    char buffer[PIECE];
    size_t got = 0;
    if (!part_read(reader, &reader->xlsx->part, buffer, sizeof buffer, &got, error)) {
        return false;
    }
    reader->at_end = got == 0;
    return sheet_push(reader->xlsx->sheet, buffer, got, error);
}

void xlsx_close(XlsxReader *xlsx) {
    part_close(&xlsx->part);
    g_clear_pointer(&xlsx->sheet, sheet_free);
    if (xlsx->zip != NULL) {
        zip_discard(xlsx->zip);
    }
    g_array_unref(xlsx->is_date);
    g_byte_array_unref(xlsx->strings);
    g_array_unref(xlsx->string_start);
    g_free(xlsx->sheet_path);
    g_free(xlsx);
}

int64_t xlsx_position(const XlsxReader *xlsx) {
    return xlsx->part.unpacked;
}

int64_t xlsx_size(const XlsxReader *xlsx) {
    return xlsx->part.size;
}
