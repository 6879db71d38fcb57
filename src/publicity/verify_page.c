/*
 * /verify/offline: the verifier that runs in the visitor's own browser; /verify/share: where a
 * party of a draw makes its share; and the modules that both load. They import each other by name,
 * so they lie in one folder whose name changes with their contents.
 */
#include "base/digest.h"
#include "base/embedded.h"
#include "draw/draw_rules.h"
#include "publicity/publicity_pages.h"

#include <pthread.h>
#include <string.h>

#define FOLDER "assets/verify/"
#define VERSION_DIGITS 8

static pthread_once_t version_once = PTHREAD_ONCE_INIT;
static char version[VERSION_DIGITS + 1];

static void compute_version(void) {
    g_autoptr(GArray) files = embedded_list(FOLDER);
    g_autoptr(Digest) digest = digest_new(DIGEST_SHA256);
    digest_begin(digest);
    for (guint i = 0; i < files->len; i++) {
        const EmbeddedFile *file = &g_array_index(files, EmbeddedFile, i);
        digest_add(digest, file->path, strlen(file->path) + 1);
        digest_add(digest, file->data, file->size);
    }
    uint8_t hash[DIGEST_SIZE];
    digest_end(digest, hash);
    g_autofree char *hex = hex_format(hash, VERSION_DIGITS / 2);
    g_strlcpy(version, hex, sizeof version);
}

/* {script} */
static json_t *script_model(const char *module) {
    pthread_once(&version_once, compute_version);
    g_autofree char *script = g_strdup_printf("/verify/js/%s/%s", version, module);
    json_t *model = json_object();
    json_put_text(model, "script", script);
    return model;
}

Response *verify_offline_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    return response_page("publicity/verify_offline", script_model("page.mjs"));
}

/* Asks nothing of the store: whoever is invited makes its share before the draw is public. */
Response *verify_share_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    const char *draw = request_query(req, "draw");
    bool is_named = draw != NULL && draw_id_valid(draw);
    bool is_sha256 = g_strcmp0(request_query(req, "hash"), "sha256") == 0;
    json_t *model = script_model("share.mjs");
    json_put_text(model, "draw", is_named ? draw : "");
    json_put_text(model, "draw_shown", is_named ? draw : "D7");
    json_put_text(model, "hash", is_sha256 ? "sha256" : "sm3");
    json_put_bool(model, "is_sha256", is_sha256);
    return response_page("publicity/verify_share", model);
}

Response *verify_module(Ctx *ctx, const Request *req) {
    (void)ctx;
    pthread_once(&version_once, compute_version);
    g_autofree char *path = g_strconcat(FOLDER, request_arg(req, "file"), NULL);
    EmbeddedFile file = embedded_find(path);
    if (file.data == NULL || strcmp(request_arg(req, "version"), version) != 0) {
        return response_not_found();
    }
    const char *mime =
        g_str_has_suffix(path, ".json") ? "application/json" : "text/javascript; charset=utf-8";
    Response *response = response_bytes(mime, g_bytes_new_static(file.data, file.size), NULL);
    response_immutable(response);
    return response;
}
