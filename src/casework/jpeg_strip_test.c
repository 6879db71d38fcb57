/* What a photo says about itself, and that its public copy says nothing but shows the same.
 *
 * tests/data/evidence.jpg and evidence-turned.jpg are our own: drawn with libjpeg, with EXIF
 * written by hand (place, time, device, author), XMP, a comment and bytes behind the end. What must
 * be gone from a copy begins with "secret". */
#include "casework/jpeg_strip.h"

#include "base/error.h"
#include "base/limits.h"
#include "casework/exif_facts.h"
#include "casework/file_kind.h"

#include <stdint.h>
#include <stdio.h>

#include <jpeglib.h>
#include <string.h>

static GBytes *read_photo(const char *name) {
    const char *source = g_getenv("HUOZHENG_SOURCE");
    g_autofree char *path =
        g_build_filename(source == NULL ? "." : source, "tests/data", name, NULL);
    g_autoptr(GError) error = NULL;
    char *text = NULL;
    gsize size = 0;
    g_file_get_contents(path, &text, &size, &error);
    g_assert_no_error(error);
    return g_bytes_new_take(text, size);
}

static ExifFacts facts_of(GBytes *photo) {
    gsize size = 0;
    const void *bytes = g_bytes_get_data(photo, &size);
    ExifFacts facts;
    exif_facts_read(bytes, size, &facts);
    return facts;
}

static GBytes *strip(GBytes *photo, size_t memory, GError **error) {
    gsize size = 0;
    const void *bytes = g_bytes_get_data(photo, &size);
    return jpeg_strip(bytes, size, facts_of(photo).orientation, memory, error);
}

/* Every pixel, as a viewer sees it. */
static GBytes *pixels_of(GBytes *photo) {
    gsize size = 0;
    const void *bytes = g_bytes_get_data(photo, &size);
    struct jpeg_decompress_struct in = {0};
    struct jpeg_error_mgr errors;
    in.err = jpeg_std_error(&errors);
    jpeg_create_decompress(&in);
    jpeg_mem_src(&in, bytes, (unsigned long)size);
    (void)jpeg_read_header(&in, TRUE);
    (void)jpeg_start_decompress(&in);
    gsize line = (gsize)in.output_width * (gsize)in.output_components;
    GByteArray *pixels = g_byte_array_new();
    g_autofree JSAMPLE *row = g_malloc(line);
    while (in.output_scanline < in.output_height) {
        (void)jpeg_read_scanlines(&in, &row, 1);
        g_byte_array_append(pixels, row, (guint)line);
    }
    (void)jpeg_finish_decompress(&in);
    jpeg_destroy_decompress(&in);
    return g_byte_array_free_to_bytes(pixels);
}

static bool holds(GBytes *photo, const void *mark, size_t length) {
    gsize size = 0;
    const void *bytes = g_bytes_get_data(photo, &size);
    return memmem(bytes, size, mark, length) != NULL;
}

static void test_facts(void) {
    g_autoptr(GBytes) photo = read_photo("evidence.jpg");
    ExifFacts facts = facts_of(photo);
    g_assert_cmpstr(facts.taken, ==, "2026-11-20 14:22:03");
    g_assert_cmpstr(facts.device, ==, "Xuanwu YW-CAM7");
    g_assert_true(facts.has_place);
    g_assert_cmpfloat_with_epsilon(facts.latitude, 29.563, 1e-6);
    g_assert_cmpfloat_with_epsilon(facts.longitude, 106.5516, 1e-6);
    g_assert_cmpint(facts.orientation, ==, 1);
}

/* Every cut of the file is survived, and none invents a fact. */
static void test_facts_of_pieces(void) {
    g_autoptr(GBytes) photo = read_photo("evidence.jpg");
    gsize size = 0;
    const char *bytes = g_bytes_get_data(photo, &size);
    for (gsize cut = 0; cut < size; cut++) {
        g_autofree char *piece = g_memdup2(bytes, cut);
        ExifFacts facts;
        exif_facts_read(piece, cut, &facts);
        g_assert_true(facts.taken[0] == '\0' || strcmp(facts.taken, "2026-11-20 14:22:03") == 0);
    }
}

static void test_public_copy(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) photo = read_photo("evidence.jpg");
    g_autoptr(GBytes) copy = strip(photo, LIMIT_JPEG_MEMORY, &error);
    g_assert_no_error(error);
    g_assert_true(holds(photo, "secret", 6));
    g_assert_false(holds(copy, "secret", 6));
    g_assert_false(holds(copy, "Exif", 4));
    g_assert_false(holds(copy, "\xff\xe1", 2));
    g_autoptr(GBytes) before = pixels_of(photo);
    g_autoptr(GBytes) after = pixels_of(copy);
    g_assert_true(g_bytes_equal(before, after));
}

static void test_turned(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) photo = read_photo("evidence-turned.jpg");
    g_autoptr(GBytes) copy = strip(photo, LIMIT_JPEG_MEMORY, &error);
    g_assert_no_error(error);
    ExifFacts facts = facts_of(copy);
    g_assert_cmpint(facts.orientation, ==, 6);
    g_assert_true(facts.taken[0] == '\0' && facts.device[0] == '\0' && !facts.has_place);
    g_assert_false(holds(copy, "secret", 6));
    g_autoptr(GBytes) before = pixels_of(photo);
    g_autoptr(GBytes) after = pixels_of(copy);
    g_assert_true(g_bytes_equal(before, after));
}

static void test_refused(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GBytes) photo = read_photo("evidence.jpg");
    g_autoptr(GBytes) half = g_bytes_new_from_bytes(photo, 0, g_bytes_get_size(photo) / 2);
    g_autoptr(GBytes) text = g_bytes_new_static("no picture", 10);
    g_assert_null(strip(half, LIMIT_JPEG_MEMORY, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(strip(text, LIMIT_JPEG_MEMORY, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(strip(photo, 20 * KIB, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
}

/* The bytes decide, and what a browser might run is nothing that we take. */
static void test_kinds(void) {
    static const struct {
        const char *bytes;
        size_t size;
        FileKind kind;
    } cases[] = {
        {"\xff\xd8\xff\xe0", 4, FILE_JPEG},
        {"\x89PNG\r\n\x1a\n", 8, FILE_PNG},
        {"RIFF\0\0\0\0WEBPVP8 ", 16, FILE_WEBP},
        {"RIFF\0\0\0\0WAVEfmt ", 16, FILE_NONE},
        {"%PDF-1.7", 8, FILE_PDF},
        {"\0\0\0\x18"
         "ftypisom",
         12,
         FILE_MP4},
        {"\0\0\0\x14"
         "ftypqt  ",
         12,
         FILE_MOV},
        {"\0\0\0\x18"
         "ftypheic",
         12,
         FILE_NONE},
        {"\0\0\0\x18"
         "ftyp",
         8,
         FILE_NONE},
        {"MZ\x90\0", 4, FILE_NONE},
        {"PK\x03\x04", 4, FILE_NONE},
        {"<script>alert(1)</script>", 25, FILE_TEXT}, /* served as text/plain, sandboxed, saved */
        {"笔录\n", 7, FILE_TEXT},
        {"\xb1\xca\xc2\xbc", 4, FILE_NONE}, /* GBK */
        {"", 0, FILE_NONE},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_test_message("case %zu", i);
        FileKind kind = file_kind_of(cases[i].bytes, cases[i].size);
        g_assert_cmpint(kind, ==, cases[i].kind);
        if (kind != FILE_NONE) {
            const FileKindInfo *info = file_kind_info(kind);
            g_assert_cmpint(file_kind_from_word(info->word), ==, kind);
            g_assert_nonnull(strstr(file_kind_accept(), info->mime));
        }
    }
    g_assert_cmpint(file_kind_from_word("html"), ==, FILE_NONE);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file-kind/by-bytes", test_kinds);
    g_test_add_func("/exif/facts", test_facts);
    g_test_add_func("/exif/every-cut", test_facts_of_pieces);
    g_test_add_func("/jpeg-strip/same-pixels-nothing-said", test_public_copy);
    g_test_add_func("/jpeg-strip/which-way-is-up-stays", test_turned);
    g_test_add_func("/jpeg-strip/broken-or-too-large", test_refused);
    return g_test_run();
}
