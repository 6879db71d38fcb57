#include "base/embedded.h"
#include "web/assets.h"

#include <brotli/decode.h>
#include <string.h>
#include <zlib.h>

static GBytes *answer_of(const char *url, const char *accept, const char *expected_encoding) {
    g_assert_true(g_str_has_prefix(url, ASSET_URL_PREFIX));
    AssetAnswer answer;
    g_assert_true(asset_find(url + strlen(ASSET_URL_PREFIX), accept, &answer));
    g_assert_cmpstr(answer.encoding, ==, expected_encoding);
    return answer.bytes;
}

static void test_urls(void) {
    const char *const names[] = {"hz.css", "hz.js", "htmx.min.js", "icons.svg"};
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        const char *url = web_asset_url(names[i]);
        g_assert_nonnull(url);
        g_assert_true(g_regex_match_simple("^/a/[a-z.]+\\.[0-9a-f]{8}\\.(css|js|svg)$", url, 0, 0));
        g_assert_true(web_asset_url(names[i]) == url);
    }
    g_assert_null(web_asset_url("regions.tsv.gz"));
    g_assert_null(web_asset_url("none.css"));
    AssetAnswer answer;
    g_assert_false(asset_find("hz.00000000.css", NULL, &answer));
    g_assert_false(asset_find("hz.css", NULL, &answer));
}

static void test_encodings(void) {
    const char *url = web_asset_url("hz.css");
    size_t size = 0, packed_size = 0;
    const char *plain = g_bytes_get_data(answer_of(url, NULL, NULL), &size);
    answer_of(url, "identity", NULL);
    answer_of(url, "br;q=0, gzip;q=0", NULL);
    answer_of(url, "x-gzip", NULL);

    g_autofree uint8_t *back = g_malloc(size);
    const void *packed = g_bytes_get_data(answer_of(url, "gzip, deflate, br", "br"), &packed_size);
    size_t back_size = size;
    g_assert_cmpint(BrotliDecoderDecompress(packed_size, packed, &back_size, back),
                    ==,
                    BROTLI_DECODER_RESULT_SUCCESS);
    g_assert_true(back_size == size && memcmp(back, plain, size) == 0);
    g_assert_cmpuint(packed_size, <, 12000); /* ui.md section 14 */

    packed = g_bytes_get_data(answer_of(url, "GZIP;q=0.5", "gzip"), &packed_size);
    z_stream stream = {0};
    g_assert_cmpint(inflateInit2(&stream, 15 + 16), ==, Z_OK);
    stream.next_in = (Bytef *)packed;
    stream.avail_in = (uInt)packed_size;
    stream.next_out = back;
    stream.avail_out = (uInt)size;
    g_assert_cmpint(inflate(&stream, Z_FINISH), ==, Z_STREAM_END);
    g_assert_true(stream.total_out == size && memcmp(back, plain, size) == 0);
    inflateEnd(&stream);
}

/* Every icon a view asks for must be in the sprite, or the reader sees a hole. */
static void test_icons(void) {
    AssetAnswer answer;
    g_assert_true(asset_find(web_asset_url("icons.svg") + strlen(ASSET_URL_PREFIX), NULL, &answer));
    size_t size = 0;
    const char *sprite = g_bytes_get_data(answer.bytes, &size);
    static const char mark[] = "assets.icons}}#";
    g_autoptr(GArray) views = embedded_list("");
    unsigned uses = 0;
    for (guint i = 0; i < views->len; i++) {
        const EmbeddedFile *view = &g_array_index(views, EmbeddedFile, i);
        if (!g_str_has_suffix(view->path, ".html")) {
            continue;
        }
        for (const char *at = view->data; (at = strstr(at, mark)) != NULL; uses++) {
            at += strlen(mark);
            size_t length = strcspn(at, "\"");
            g_autofree char *symbol = g_strdup_printf("<symbol id=\"%.*s\"", (int)length, at);
            if (memchr(at, '{', length) == NULL && strstr(sprite, symbol) == NULL) {
                g_error("%s: no icon %.*s in assets/icons.txt", view->path, (int)length, at);
            }
        }
    }
    g_assert_cmpuint(uses, >, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/assets/names-carry-the-content-hash", test_urls);
    g_test_add_func("/assets/compressed-forms-unpack-to-the-same", test_encodings);
    g_test_add_func("/assets/each-icon-a-view-uses-is-in-the-sprite", test_icons);
    return g_test_run();
}
