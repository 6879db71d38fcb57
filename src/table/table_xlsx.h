/* The inside of the XLSX reader: parts of the zip (table_xlsx.c) and rows of a sheet
 * (table_sheet.c). */
#pragma once

#include "table/table_internal.h"

#include <libxml/parser.h>
#include <zip.h>

typedef struct XlsxPart {
    zip_file_t *file;
    int64_t packed;
    int64_t unpacked; /* read so far */
    int64_t size;     /* as the zip says */
} XlsxPart;

/* What a SAX handler of ours begins with. */
typedef struct XlsxSax {
    TableReader *reader;
    xmlParserCtxtPtr context;
    TableTrouble trouble; /* set by a callback that wants to stop */
    int64_t line;
    const char *why;
} XlsxSax;

typedef struct XlsxSheet XlsxSheet;

struct XlsxReader {
    zip_t *zip;
    int64_t unpacked; /* all parts */
    bool is_1904;
    GArray *is_date;      /* bool for each cell style */
    GByteArray *strings;  /* shared strings, each with a NUL */
    GArray *string_start; /* guint32 */
    char *sheet_path;
    XlsxPart part;
    XlsxSheet *sheet;
};

/* False without *error when the part is absent and not required. */
bool part_open(
    TableReader *reader, const char *name, bool is_required, XlsxPart *ret_part, GError **error);
/* Reads and counts against the limits; *ret_got 0 at the end. */
bool part_read(TableReader *reader,
               XlsxPart *part,
               char *buffer,
               size_t size,
               size_t *ret_got,
               GError **error);
void part_close(XlsxPart *part);

/* A push parser without DTD, entities or network, with `data` (begins with XlsxSax). */
xmlParserCtxtPtr sax_start(XlsxSax *data, xmlSAXHandler *handler);
bool sax_push(XlsxSax *data, const char *bytes, size_t size, GError **error);
void sax_stop(XlsxSax *data, TableTrouble trouble, const char *why);
/* Copies the attribute `name` (any prefix) into `buffer`; false when absent or longer. */
bool sax_attribute(
    const xmlChar **attributes, int count, const char *name, char *buffer, size_t size);

XlsxSheet *sheet_new(TableReader *reader);
bool sheet_push(XlsxSheet *sheet, const char *bytes, size_t size, GError **error);
void sheet_free(XlsxSheet *sheet);
/* Is this number format one of a date or time? (pure; tested) */
bool sheet_format_is_date(const char *format);
/* Excel serial to "YYYY-MM-DD", "YYYY-MM-DDTHH:MM:SS" or "HH:MM:SS"; false out of range. */
bool sheet_format_serial(double serial, bool is_1904, char *buffer, size_t size);
