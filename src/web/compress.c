#include "web/compress.h"

#include "base/limits.h"
#include "web/request.h"

#include <brotli/encode.h>
#include <string.h>
#include <zlib.h>

/* Measured on an officer page of 24 KiB: brotli 4 takes 0.4 ms and saves 80 %; higher levels take
 * several times as long for one or two per cent. */
#define BROTLI_LEVEL 4
#define BROTLI_WINDOW 18
#define GZIP_LEVEL 5

bool compress_is_worthwhile(const char *content_type, GBytes *body) {
    size_t size = g_bytes_get_size(body);
    if (content_type == NULL || size <= KIB || size > LIMIT_COMPRESS) {
        return false;
    }
    return g_str_has_prefix(content_type, "text/") ||
           g_str_has_prefix(content_type, "application/json") ||
           g_str_has_prefix(content_type, "image/svg+xml");
}

static GBytes *brotli(GBytes *body) {
    size_t size = 0;
    const uint8_t *data = g_bytes_get_data(body, &size);
    size_t packed_size = BrotliEncoderMaxCompressedSize(size);
    uint8_t *packed = g_malloc(packed_size);
    if (!BrotliEncoderCompress(
            BROTLI_LEVEL, BROTLI_WINDOW, BROTLI_MODE_TEXT, size, data, &packed_size, packed)) {
        g_free(packed);
        return NULL;
    }
    return g_bytes_new_take(packed, packed_size);
}

static GBytes *gzip(GBytes *body) {
    size_t size = 0;
    const void *data = g_bytes_get_data(body, &size);
    z_stream stream = {0};
    /* 15 bits of window, +16: gzip framing (zlib.h, deflateInit2). */
    if (deflateInit2(&stream, GZIP_LEVEL, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
        return NULL;
    }
    size_t room = deflateBound(&stream, size);
    g_autofree uint8_t *packed = g_malloc(room);
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)size;
    stream.next_out = packed;
    stream.avail_out = (uInt)room;
    int result = deflate(&stream, Z_FINISH);
    size_t packed_size = stream.total_out;
    deflateEnd(&stream);
    return result == Z_STREAM_END ? g_bytes_new_take(g_steal_pointer(&packed), packed_size) : NULL;
}

GBytes *compress_for(const char *accept_encoding, GBytes *body, const char **ret_coding) {
    int br = header_quality(accept_encoding, "br");
    int gz = header_quality(accept_encoding, "gzip");
    if (br <= 0 && gz <= 0) {
        return NULL;
    }
    bool use_brotli = br > 0 && br >= gz;
    GBytes *packed = use_brotli ? brotli(body) : gzip(body);
    if (packed != NULL && g_bytes_get_size(packed) >= g_bytes_get_size(body)) {
        g_clear_pointer(&packed, g_bytes_unref);
    }
    *ret_coding = use_brotli ? "br" : "gzip";
    return packed;
}
