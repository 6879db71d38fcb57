#include "base/limits.h"
#include "table/table_writer.h"
#include "table/table_xlsx.h"

#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* All rows as "cell|cell\n", or "!code line byte" of the problem. */
static char *read_all(const void *bytes, size_t size, TableOptions options) {
    g_autoptr(GError) error = NULL;
    TableProblem problem = {TABLE_FINE, 0, -1};
    options.ret_problem = &problem;
    g_autoptr(TableReader) reader = table_open_bytes(bytes, size, &options, &error);
    GString *out = g_string_new(NULL);
    TableRow row;
    while (reader != NULL && table_next(reader, &row, &error)) {
        g_string_append_printf(out, "%d:", (int)row.line);
        for (size_t i = 0; i < row.count; i++) {
            g_string_append_printf(out, "%s%s", i > 0 ? "|" : "", row.cells[i]);
        }
        g_string_append_c(out, '\n');
    }
    if (error != NULL) {
        g_autofree char *sentence = table_problem_zh(&problem);
        g_assert_true(g_utf8_validate(sentence, -1, NULL));
        g_assert_cmpint(problem.trouble, !=, TABLE_FINE);
        g_string_append_printf(
            out, "!%d %d %d", problem.trouble, (int)problem.line, (int)problem.byte);
    }
    return g_string_free(out, FALSE);
}

static void expect(const char *text, size_t size, const char *wanted) {
    g_autofree char *got = read_all(text, size, (TableOptions){0});
    g_assert_cmpstr(got, ==, wanted);
}
#define EXPECT(text, wanted) expect(text, sizeof(text) - 1, wanted)

static void expect_trouble(const void *bytes, size_t size, TableTrouble trouble, int line) {
    g_autofree char *got = read_all(bytes, size, (TableOptions){0});
    const char *mark = strrchr(got, '!');
    g_autofree char *wanted = g_strdup_printf("!%d %d ", trouble, line);
    if (mark == NULL || !g_str_has_prefix(mark, wanted)) {
        g_error("wanted \"%s\", got \"%s\"", wanted, mark != NULL ? mark : "no problem");
    }
}

#define TROUBLE(text, trouble, line) expect_trouble(text, sizeof(text) - 1, trouble, line)

static void test_csv_shapes(void) {
    EXPECT("a,b\n1,2\n", "1:a|b\n2:1|2\n");
    EXPECT("a;b\r\n1;2\r\n", "1:a|b\n2:1|2\n");
    EXPECT("a\tb\n1\t\n", "1:a|b\n2:1|\n");
    EXPECT("a,b\r\n\r\n\n 1 ,\" 2 \"\n,\n\"x\ny\",z\nend", "1:a|b\n4:1|2\n6:x\ny|z\n8:end\n");
    EXPECT("a,b\r1,\"\"\"q\"\", t\"\r", "1:a|b\n2:1|\"q\", t\n");
    EXPECT("\"a;b\",c\n1,2\n", "1:a;b|c\n2:1|2\n");
    EXPECT("", "!2 0 -1");
}

static void test_csv_quotes(void) {
    TROUBLE("a,b\n1,2\n\"open,3\n4,5\n", TABLE_OPEN_QUOTE, 3);
    TROUBLE("a,b\n1,x\"y\n2,3\n", TABLE_STRAY_QUOTE, 2);
    TROUBLE("a,b\n\"x\"y,2\n", TABLE_STRAY_QUOTE, 2);
    TROUBLE("a,b\n1,2\0\n", TABLE_HAS_NUL, 2);
}

static void test_encodings(void) {
    EXPECT("\xEF\xBB\xBF名,址\n火,正\n", "1:名|址\n2:火|正\n");
    EXPECT("名,址\n火,正\n", "1:名|址\n2:火|正\n");
    EXPECT("\xC3\xFB,\xD6\xB7\n\xBB\xF0,\xD5\xFD\n", "1:名|址\n2:火|正\n"); /* GB 2312 */
    EXPECT("\x81\x30\x84\x36,\x95\x32\x82\x36\n", "1:¥|𠀀\n");              /* four bytes */
    EXPECT("\xFF\xFE\x0D\x54,\0\x40\x57\n\0", "1:名|址\n");
    EXPECT("\xFE\xFF\x54\x0D\0,\x57\x40\0\n", "1:名|址\n");
    /* Broken Chinese in neither encoding: line and byte. */
    EXPECT("a,b\n1,\xFF\xFF\n", "1:a|b\n!3 2 6");
    g_autofree char *told =
        read_all("a\n\xC3\xFB\n", 5, (TableOptions){.encoding = TABLE_ENCODING_UTF8});
    g_assert_cmpstr(told, ==, "!3 2 2");
    /* UTF-8 with one broken byte far in is not taken for GB 18030. */
    GString *text = g_string_new("名\n");
    for (int i = 0; i < 40000; i++) {
        g_string_append(text, "重庆\n");
    }
    size_t at = text->len;
    g_string_append(text, "\xE9\x87,x\n");
    g_autofree char *got = read_all(text->str, text->len, (TableOptions){0});
    g_autofree char *wanted = g_strdup_printf("!3 40002 %d", (int)at);
    g_assert_cmpstr(strrchr(got, '!'), ==, wanted);
    g_string_free(text, TRUE);
}

/* Pieces are 64 KiB: characters, quotes and CRLF must survive the borders. */
static void test_borders(void) {
    for (int shift = 0; shift < 7; shift++) {
        GString *text = g_string_new(NULL);
        g_string_append_printf(text, "%.*s列,值\r\n", shift, "abcdefg");
        for (int i = 0; i < 20000; i++) {
            g_string_append(text, "火正,\"含\r\n换行\"\r\n");
        }
        g_autoptr(GError) error = NULL;
        g_autoptr(TableReader) reader = table_open_bytes(text->str, text->len, NULL, &error);
        g_assert_no_error(error);
        TableRow row;
        int count = 0;
        g_assert_true(table_next(reader, &row, &error));
        while (table_next(reader, &row, &error)) {
            g_assert_cmpint(row.line, ==, 2 + 2 * count);
            g_assert_cmpstr(row.cells[0], ==, "火正");
            g_assert_cmpstr(row.cells[1], ==, "含\r\n换行");
            count++;
        }
        g_assert_no_error(error);
        g_assert_cmpint(count, ==, 20000);
        g_assert_cmpint(table_position(reader), ==, table_size(reader));
        g_string_free(text, TRUE);
    }
}

static void test_csv_limits(void) {
    GString *text = g_string_new("a,b\n");
    for (int i = 0; i < 1000000; i++) {
        g_string_append(text, "x,");
    }
    expect_trouble(text->str, text->len, TABLE_MANY_COLUMNS, 2);
    g_string_assign(text, "a\n");
    for (int i = 0; i < 10 * MIB; i++) {
        g_string_append_c(text, 'x');
    }
    expect_trouble(text->str, text->len, TABLE_LONG_CELL, 2);
    g_string_truncate(text, 2 + LIMIT_TABLE_CELL);
    g_autofree char *fits = read_all(text->str, text->len, (TableOptions){0});
    g_assert_null(strchr(fits, '!'));
    g_string_free(text, TRUE);
}

/* --- XLSX ------------------------------------------------------------------------------------ */

typedef struct Part {
    const char *name;
    const char *text;
    size_t size; /* 0: strlen */
} Part;

static GBytes *zip_of(const Part *parts, size_t count, const char *password) {
    zip_error_t problem;
    zip_source_t *source = zip_source_buffer_create(NULL, 0, 0, &problem);
    zip_source_keep(source);
    zip_t *zip = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE, &problem);
    g_assert_nonnull(zip);
    for (size_t i = 0; i < count; i++) {
        size_t size = parts[i].size > 0 ? parts[i].size : strlen(parts[i].text);
        zip_source_t *body = zip_source_buffer(zip, parts[i].text, size, 0);
        zip_int64_t index = zip_file_add(zip, parts[i].name, body, 0);
        g_assert_cmpint(index, >=, 0);
        if (password != NULL) {
            zip_file_set_encryption(zip, (zip_uint64_t)index, ZIP_EM_AES_256, password);
        }
    }
    g_assert_cmpint(zip_close(zip), ==, 0);
    zip_stat_t status;
    zip_source_stat(source, &status);
    char *bytes = g_malloc(status.size);
    zip_source_open(source);
    g_assert_cmpint(zip_source_read(source, bytes, status.size), ==, (zip_int64_t)status.size);
    zip_source_close(source);
    zip_source_free(source);
    return g_bytes_new_take(bytes, status.size);
}

#define NS "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\""
#define WORKBOOK                                                                                   \
    "<workbook " NS " xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/"            \
    "relationships\"><sheets><sheet name=\"甲\" sheetId=\"1\" r:id=\"rId1\"/>"                    \
    "<sheet name=\"乙\" sheetId=\"2\" r:id=\"rId2\"/></sheets></workbook>"
#define RELATIONS                                                                                  \
    "<Relationships "                                                                              \
    "xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">"                      \
    "<Relationship Id=\"rId1\" Target=\"worksheets/sheet1.xml\"/>"                                 \
    "<Relationship Id=\"rId2\" Target=\"/xl/worksheets/sheet2.xml\"/></Relationships>"
#define STYLES                                                                                     \
    "<styleSheet " NS "><numFmts><numFmt numFmtId=\"164\" formatCode=\"yyyy&quot;年&quot;m\"/>"   \
    "<numFmt numFmtId=\"165\" formatCode=\"0.00&quot;days&quot;\"/></numFmts><cellStyleXfs>"       \
    "<xf numFmtId=\"14\"/></cellStyleXfs><cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/>"       \
    "<xf numFmtId=\"164\"/><xf numFmtId=\"165\"/></cellXfs></styleSheet>"
#define STRINGS                                                                                    \
    "<sst " NS "><si><t>名称</t></si><si><r><t>火</t></r><r><t>正</t></r>"                     \
    "<rPh sb=\"0\" eb=\"1\"><t>huo</t></rPh></si><si><t/></si></sst>"
#define SHEET(rows) "<worksheet " NS "><sheetData>" rows "</sheetData></worksheet>"

static GBytes *workbook_with(const char *sheet, size_t size) {
    Part parts[] = {{"xl/workbook.xml", WORKBOOK, 0},
                    {"xl/_rels/workbook.xml.rels", RELATIONS, 0},
                    {"xl/styles.xml", STYLES, 0},
                    {"xl/sharedStrings.xml", STRINGS, 0},
                    {"xl/worksheets/sheet1.xml", sheet, size},
                    {"xl/worksheets/sheet2.xml", SHEET("<row><c><v>2</v></c></row>"), 0}};
    return zip_of(parts, G_N_ELEMENTS(parts), NULL);
}

static void expect_sheet(const char *sheet, TableOptions options, const char *wanted) {
    g_autoptr(GBytes) bytes = workbook_with(sheet, 0);
    size_t size = 0;
    const void *data = g_bytes_get_data(bytes, &size);
    g_autofree char *got = read_all(data, size, options);
    g_assert_cmpstr(got, ==, wanted);
}

static void test_xlsx_cells(void) {
    expect_sheet(
        SHEET("<row r=\"2\"><c r=\"A2\" t=\"s\"><v>0</v></c><c r=\"C2\" t=\"s\"><v>1</v></c>"
              "<c r=\"D2\" t=\"s\"><v>2</v></c></row>"
              "<row r=\"4\"><c t=\"inlineStr\"><is><r><t> a&amp;b </t></r></is></c>"
              "<c t=\"b\"><v>1</v></c><c><v>1.5000000000000002</v></c><c><v>5E+17</v></c>"
              "<c t=\"str\"><f>A1</f><v>x</v></c><c t=\"e\"><v>#N/A</v></c></row>"
              "<row r=\"5\"><c/></row>"
              "<row r=\"7\"><c s=\"1\"><v>44941</v></c><c s=\"2\"><v>44941.5</v></c>"
              "<c s=\"3\"><v>44941</v></c><c s=\"1\"><v>59</v></c><c s=\"1\"><v>61</v></c>"
              "<c s=\"1\"><v>0.25</v></c></row>"),
        (TableOptions){0},
        "2:名称||火正|\n4:a&b|true|1.5|5e+17|x|#N/A\n"
        "7:2023-01-15|2023-01-15T12:00:00|44941|1900-02-28|1900-03-01|06:00:00\n");
    expect_sheet(SHEET(""), (TableOptions){.sheet = "乙"}, "1:2\n");
    expect_sheet(SHEET(""), (TableOptions){.sheet = "丙"}, "!13 0 -1");
}

static void test_xlsx_hostile(void) {
    expect_sheet(SHEET("<row><c t=\"s\"><v>3</v></c></row>"), (TableOptions){0}, "!12 1 -1");
    expect_sheet(SHEET("<row><c r=\"ZZZZZZZZ1\"><v>3</v></c></row>"), (TableOptions){0}, "!7 1 -1");
    expect_sheet(SHEET("<row><c r=\"B1\"/><c r=\"A1\"/></row>"), (TableOptions){0}, "!12 1 -1");
    expect_sheet(SHEET("<row r=\"2\"/><row r=\"1\"/>"), (TableOptions){0}, "!12 2 -1");
    expect_sheet("<worksheet><sheetData><row>", (TableOptions){0}, "!12 1 -1");
    expect_sheet("<!DOCTYPE x [<!ENTITY a \"b\">]><worksheet>&a;</worksheet>",
                 (TableOptions){0},
                 "!15 0 -1");
    static const char ole[] = "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1 and so on";
    expect_trouble(ole, sizeof ole, TABLE_OLD_XLS, 0);
    Part other = {"readme.txt", "no workbook", 0};
    g_autoptr(GBytes) plain = zip_of(&other, 1, NULL);
    expect_trouble(g_bytes_get_data(plain, NULL), g_bytes_get_size(plain), TABLE_BROKEN_XLSX, 0);
    Part book = {"xl/workbook.xml", WORKBOOK, 0};
    g_autoptr(GBytes) locked = zip_of(&book, 1, "secret");
    expect_trouble(g_bytes_get_data(locked, NULL), g_bytes_get_size(locked), TABLE_ENCRYPTED, 0);
}

static void test_xlsx_truncated(void) {
    g_autoptr(GBytes) whole = workbook_with(SHEET("<row><c><v>1</v></c></row>"), 0);
    size_t size = 0;
    const char *bytes = g_bytes_get_data(whole, &size);
    for (size_t cut = 4; cut < size; cut += 37) {
        expect_trouble(bytes, cut, TABLE_BROKEN_XLSX, 0);
    }
    /* One flipped byte anywhere: a value or an error, never a crash (ASan watches). */
    g_autofree char *copy = g_memdup2(bytes, size);
    for (size_t at = 0; at < size; at += 3) {
        copy[at] ^= 0x55;
        g_autofree char *got = read_all(copy, size, (TableOptions){0});
        g_assert_nonnull(got);
        copy[at] ^= 0x55;
    }
}

static void test_xlsx_bomb(void) {
    GString *text = g_string_new("<worksheet " NS "><sheetData><row><c t=\"inlineStr\"><is>");
    while (text->len < 20 * MIB) {
        g_string_append(text, "                                                                ");
    }
    g_string_append(text, "</is></c></row></sheetData></worksheet>");
    g_autoptr(GBytes) bomb = workbook_with(text->str, text->len);
    g_assert_cmpint(g_bytes_get_size(bomb), <, 100 * KIB);
    expect_trouble(g_bytes_get_data(bomb, NULL), g_bytes_get_size(bomb), TABLE_XLSX_TOO_LARGE, 0);
    g_string_free(text, TRUE);
}

static void test_formats(void) {
    g_assert_true(sheet_format_is_date("yyyy/m/d"));
    g_assert_true(sheet_format_is_date("[$-804]yyyy\"年\"m\"月\""));
    g_assert_true(sheet_format_is_date("[h]:mm"));
    g_assert_false(sheet_format_is_date("#,##0.00\" days\""));
    g_assert_false(sheet_format_is_date("[Red]0.0"));
    g_assert_false(sheet_format_is_date("0\\d"));
    char text[32];
    g_assert_true(sheet_format_serial(0, true, text, sizeof text));
    g_assert_cmpstr(text, ==, "1904-01-01");
    g_assert_true(sheet_format_serial(46347.999999, false, text, sizeof text));
    g_assert_cmpstr(text, ==, "2026-11-22");
    g_assert_true(sheet_format_serial(2958465, false, text, sizeof text));
    g_assert_cmpstr(text, ==, "9999-12-31");
    g_assert_false(sheet_format_serial(2958466, false, text, sizeof text));
    g_assert_false(sheet_format_serial(-1, false, text, sizeof text));
}

/* --- writing --------------------------------------------------------------------------------- */

static void check_round_trip(const char *folder, TableFormat format) {
    g_autofree char *path = g_build_filename(folder, "out", NULL);
    TableColumn columns[] = {{"名称", false}, {"数", true}, {"=头", false}};
    TableWriteOptions options = {.format = format, .sheet = "单位"};
    static const char *const rows[][3] = {
        {"=1+1", "-79.18", "@x"},
        {"'=x", "12", "''"},
        {"a,\"b\"\n c", "007x", "-"},
        {NULL, "-", "\xF0\xA0\x80\x80"},
    };
    g_autoptr(GError) error = NULL;
    g_autoptr(TableWriter) writer = table_create(path, &options, columns, 3, &error);
    g_assert_no_error(error);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_true(table_write(writer, rows[i], &error));
    }
    g_assert_false(g_file_test(path, G_FILE_TEST_EXISTS));
    g_assert_true(table_finish(writer, &error));
    g_autoptr(TableReader) reader = table_open(path, NULL, &error);
    g_assert_no_error(error);
    g_assert_cmpint(table_format(reader), ==, format);
    TableRow row;
    g_assert_true(table_next(reader, &row, &error));
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_assert_true(table_next(reader, &row, &error));
        g_assert_cmpint(row.count, ==, 3);
        for (size_t k = 0; k < 3; k++) {
            const char *cell = row.cells[k];
            g_assert_true(format == TABLE_XLSX || strchr("=@\t", cell[0]) == NULL ||
                          cell[0] == '\0');
            const char *plain = format == TABLE_CSV ? table_plain(cell) : cell;
            g_assert_cmpstr(plain, ==, rows[i][k] != NULL ? rows[i][k] : "");
        }
    }
    g_assert_false(table_next(reader, &row, &error));
    g_assert_no_error(error);
    g_unlink(path);
}

static void test_writer(void) {
    g_autofree char *folder = g_dir_make_tmp("table-XXXXXX", NULL);
    check_round_trip(folder, TABLE_CSV);
    check_round_trip(folder, TABLE_XLSX);
    /* An abandoned file leaves nothing. */
    g_autofree char *path = g_build_filename(folder, "left", NULL);
    TableColumn column = {"a", false};
    TableWriteOptions options = {.format = TABLE_XLSX};
    g_autoptr(GError) error = NULL;
    TableWriter *writer = table_create(path, &options, &column, 1, &error);
    table_writer_free(writer);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
    g_autofree char *nowhere = g_build_filename(folder, "gone", "x", NULL);
    options.format = TABLE_CSV;
    g_assert_null(table_create(nowhere, &options, &column, 1, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/table/csv/shapes", test_csv_shapes);
    g_test_add_func("/table/csv/quotes", test_csv_quotes);
    g_test_add_func("/table/csv/encodings", test_encodings);
    g_test_add_func("/table/csv/borders", test_borders);
    g_test_add_func("/table/csv/limits", test_csv_limits);
    g_test_add_func("/table/xlsx/cells", test_xlsx_cells);
    g_test_add_func("/table/xlsx/hostile", test_xlsx_hostile);
    g_test_add_func("/table/xlsx/truncated", test_xlsx_truncated);
    g_test_add_func("/table/xlsx/bomb", test_xlsx_bomb);
    g_test_add_func("/table/xlsx/formats", test_formats);
    g_test_add_func("/table/writer", test_writer);
    return g_test_run();
}
