/* /log/…: the public log, and what it says of itself. The same bytes for everybody. */
#include "base/error.h"
#include "ledger/ledger_pages.h"
#include "ledger/ledger_public.h"

#include <string.h>

#define PREFIX "/log/"
#define SM3_PREFIX "sm3/"

static Response *text_answer(char *text, const GError *error) {
    if (text == NULL) {
        return response_problem(error, NULL);
    }
    Response *response =
        response_bytes("text/plain; charset=utf-8", g_bytes_new_take(text, strlen(text)), NULL);
    response_revalidate(response);
    return response;
}

Response *log_checkpoint_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(LedgerSignedHead) head = {0};
    if (!ledger_signed_newest(ctx->db, &head, &error)) {
        return response_problem(error, "账本还没有签过名。服务器启动后几秒钟内会签第一个。");
    }
    bool is_sm3 = strcmp(request_path(req), PREFIX SM3_PREFIX "checkpoint") == 0;
    char *text =
        is_sm3 ? g_steal_pointer(&head.note_sm3) : ledger_checkpoint_text(ctx->db, &head, &error);
    return text_answer(text, error);
}

Response *log_keys_page(Ctx *ctx, const Request *req G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    return text_answer(ledger_keys_text(ctx->db, &error), error);
}

Response *log_policy_page(Ctx *ctx, const Request *req G_GNUC_UNUSED) {
    g_autoptr(GError) error = NULL;
    return text_answer(ledger_policy_public(ctx->db, &error), error);
}

Response *log_tile_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(LedgerSignedHead) head = {0};
    TilePath tile;
    const char *path = request_path(req) + strlen(PREFIX);
    bool is_sm3 = g_str_has_prefix(path, SM3_PREFIX);
    if (is_sm3) {
        path += strlen(SM3_PREFIX);
    }
    if (!tile_path_parse(path, &tile) || (is_sm3 && tile.level == TILE_ENTRIES) ||
        !ledger_signed_newest(ctx->db, &head, NULL)) {
        return response_not_found();
    }
    DigestKind kind = is_sm3 ? DIGEST_SM3 : DIGEST_SHA256;
    g_autoptr(GByteArray) bytes = ledger_tile(ctx->db, kind, &tile, head.size, &error);
    if (bytes == NULL) {
        return response_problem(error, NULL);
    }
    Response *response = response_bytes(
        "application/octet-stream", g_byte_array_free_to_bytes(g_steal_pointer(&bytes)), NULL);
    response_immutable(response);
    return response;
}
