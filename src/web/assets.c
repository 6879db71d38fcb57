#include "web/assets.h"

#include "base/digest.h"
#include "base/embedded.h"
#include "web/request.h"
#include "web/response.h"

#include <brotli/encode.h>
#include <pthread.h>
#include <string.h>
#include <zlib.h>

#define EMBEDDED_FOLDER "assets/"
#define HASH_DIGITS 8
#define ONE_YEAR "public, max-age=31536000, immutable"

typedef struct Asset {
    const char *name; /* "hz.css" */
    const char *mime;
    char *url;        /* "/a/hz.1a2b3c4d.css" */
    const char *file; /* its last part */
    GBytes *plain;
    GBytes *gzip, *brotli; /* NULL where it would not be smaller */
} Asset;

static const struct {
    const char *ending, *mime;
} mimes[] = {
    {".css", "text/css; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".svg", "image/svg+xml"},
};

static pthread_once_t assets_once = PTHREAD_ONCE_INIT;
static pthread_mutex_t compress_lock = PTHREAD_MUTEX_INITIALIZER;
static Asset *assets;
static unsigned asset_count;

static const char *mime_of(const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(mimes); i++) {
        if (g_str_has_suffix(name, mimes[i].ending)) {
            return mimes[i].mime;
        }
    }
    return NULL;
}

static Asset make_asset(const EmbeddedFile *file, const char *mime) {
    Asset asset = {.name = file->path + strlen(EMBEDDED_FOLDER), .mime = mime};
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, file->data, file->size, hash);
    g_autofree char *hex = hex_format(hash, HASH_DIGITS / 2);
    const char *dot = strrchr(asset.name, '.');
    asset.url = g_strdup_printf(
        ASSET_URL_PREFIX "%.*s.%s%s", (int)(dot - asset.name), asset.name, hex, dot);
    asset.file = asset.url + strlen(ASSET_URL_PREFIX);
    asset.plain = g_bytes_new_static(file->data, file->size);
    return asset;
}

static void load_assets(void) {
    g_autoptr(GArray) files = embedded_list(EMBEDDED_FOLDER);
    assets = g_new0(Asset, files->len + 1);
    for (guint i = 0; i < files->len; i++) {
        const EmbeddedFile *file = &g_array_index(files, EmbeddedFile, i);
        const char *mime = mime_of(file->path);
        if (mime != NULL) {
            assets[asset_count++] = make_asset(file, mime);
        }
    }
}

const char *web_asset_url(const char *name) {
    pthread_once(&assets_once, load_assets);
    for (unsigned i = 0; i < asset_count; i++) {
        if (strcmp(assets[i].name, name) == 0) {
            return assets[i].url;
        }
    }
    return NULL;
}

/* --- compressed forms --------------------------------------------------------------------------
 */

static GBytes *with_gzip(const void *data, size_t size) {
    z_stream stream = {0};
    int state = deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    g_assert(state == Z_OK);
    uLong room = deflateBound(&stream, (uLong)size);
    guint8 *out = g_malloc(room);
    stream.next_in = (Bytef *)data;
    stream.avail_in = (uInt)size;
    stream.next_out = out;
    stream.avail_out = (uInt)room;
    state = deflate(&stream, Z_FINISH);
    g_assert(state == Z_STREAM_END);
    GBytes *bytes = g_bytes_new_take(out, stream.total_out);
    deflateEnd(&stream);
    return bytes;
}

static GBytes *with_brotli(const void *data, size_t size) {
    size_t room = BrotliEncoderMaxCompressedSize(size);
    uint8_t *out = g_malloc(room);
    BROTLI_BOOL ok = BrotliEncoderCompress(
        BROTLI_MAX_QUALITY, BROTLI_DEFAULT_WINDOW, BROTLI_MODE_TEXT, size, data, &room, out);
    g_assert(ok == BROTLI_TRUE);
    return g_bytes_new_take(out, room);
}

static GBytes *if_smaller(GBytes *bytes, size_t than) {
    if (g_bytes_get_size(bytes) < than) {
        return bytes;
    }
    g_bytes_unref(bytes);
    return NULL;
}

static void compress_once(Asset *asset) {
    pthread_mutex_lock(&compress_lock);
    if (asset->gzip == NULL && asset->brotli == NULL) {
        size_t size = 0;
        const void *data = g_bytes_get_data(asset->plain, &size);
        asset->gzip = if_smaller(with_gzip(data, size), size);
        asset->brotli = if_smaller(with_brotli(data, size), size);
    }
    pthread_mutex_unlock(&compress_lock);
}

static bool accepts(const char *header, const char *coding) {
    return header != NULL && header_quality(header, coding) > 0;
}

bool asset_find(const char *file, const char *accept_encoding, AssetAnswer *ret_answer) {
    pthread_once(&assets_once, load_assets);
    for (unsigned i = 0; i < asset_count; i++) {
        Asset *asset = &assets[i];
        if (strcmp(asset->file, file) != 0) {
            continue;
        }
        compress_once(asset);
        *ret_answer = (AssetAnswer){asset->mime, NULL, asset->plain};
        if (asset->brotli != NULL && accepts(accept_encoding, "br")) {
            *ret_answer = (AssetAnswer){asset->mime, "br", asset->brotli};
        } else if (asset->gzip != NULL && accepts(accept_encoding, "gzip")) {
            *ret_answer = (AssetAnswer){asset->mime, "gzip", asset->gzip};
        }
        return true;
    }
    return false;
}

Response *asset_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    AssetAnswer answer;
    if (!asset_find(request_arg(req, "file"), request_header(req, "Accept-Encoding"), &answer)) {
        return response_not_found();
    }
    Response *response = response_bytes(answer.mime, g_bytes_ref(answer.bytes), NULL);
    response_set_header(response, "Cache-Control", ONE_YEAR);
    response_set_header(response, "Vary", "Accept-Encoding");
    if (answer.encoding != NULL) {
        response_set_header(response, "Content-Encoding", answer.encoding);
    }
    return response;
}
