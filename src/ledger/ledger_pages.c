/* /verify: is this entry, or this proof, really in the log? For everybody; never shows a payload.
 */
#include "ledger/ledger_pages.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/number.h"
#include "ledger/ledger_heads.h"
#include "ledger/ledger_internal.h"
#include "ledger/ledger_signer.h"
#include "ledger/merkle.h"

#include <string.h>

typedef enum Verdict { VERDICT_NONE, VERDICT_REAL, VERDICT_MISMATCH, VERDICT_UNKNOWN } Verdict;

/* What a look-up found out. */
typedef struct Finding {
    Verdict verdict;
    const char *sentence; /* for the person */
    json_t *steps;        /* [{text, is_ok}] */
    json_t *entry;        /* or null */
} Finding;

static bool add_step(Finding *finding, bool is_ok, const char *text) {
    json_t *step = json_object();
    json_put_text(step, "text", text);
    json_put_bool(step, "is_ok", is_ok);
    json_array_append_new(finding->steps, step);
    return is_ok;
}

static bool settle(Finding *finding, Verdict verdict, const char *sentence) {
    finding->verdict = verdict;
    finding->sentence = sentence;
    return verdict == VERDICT_REAL;
}

static const char MISMATCH[] = "这条记录或它的证明被改动过，请保存本页并告诉我们。";
static const char REAL[] = "这条记录在公开账本里，内容和写入时一样。";

static json_t *entry_model(const LedgerRecord *record, const LedgerLeaf *leaf) {
    json_t *model = json_object();
    g_autofree char *index_text = number_group(record->index);
    g_autofree char *minute = clock_format_minute(record->time_us);
    g_autofree char *hash = hex_format(record->leaf_hash, DIGEST_SIZE);
    g_autofree char *previous = leaf->previous >= 0 ? number_group(leaf->previous) : NULL;
    g_autofree char *previous_url =
        previous != NULL ? g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, leaf->previous) : NULL;
    g_autofree char *proof_url =
        g_strdup_printf("/verify/proof?leaf=%" G_GINT64_FORMAT, record->index);
    json_put_int(model, "index", record->index);
    json_put_text(model, "index_text", index_text);
    json_put_text(model, "time", leaf->time);
    json_put_text(model, "time_text", minute);
    json_put_text(model, "type", leaf->type);
    json_put_text(model, "actor", leaf->actor);
    json_put_text(model, "object", leaf->object);
    json_put_bool(model, "is_erased", record->payload == NULL);
    json_put_text(model, "previous_text", previous);
    json_put_text(model, "previous_url", previous_url);
    json_put_text(model, "proof_url", proof_url);
    json_put_text(model, "leaf_hash", hash);
    json_put_text(model, "bytes", record->bytes);
    json_put(model, "path", json_null());
    return model;
}

/* Once a signed head holds the entry. */
static void put_tlog_url(Db *db, int64_t index, json_t *model) {
    g_auto(LedgerSignedHead) head = {0};
    bool is_held = ledger_signed_newest(db, &head, NULL) && head.size > index;
    g_autofree char *url =
        is_held ? g_strdup_printf("/verify/tlog-proof?leaf=%" G_GINT64_FORMAT, index) : NULL;
    json_put_text(model, "tlog_url", url);
}

static bool check_payload(Finding *finding, const LedgerRecord *record, const LedgerLeaf *leaf) {
    if (record->payload == NULL) {
        return add_step(finding, true, "正文已依法删除，账本里只留下它的封存值；封存值没有变");
    }
    uint8_t commitment[DIGEST_SIZE];
    ledger_commitment(record->salt, record->payload, strlen(record->payload), commitment);
    bool is_ok = (int64_t)strlen(record->payload) == leaf->payload_size &&
                 memcmp(commitment, leaf->commitment, DIGEST_SIZE) == 0;
    return add_step(finding, is_ok, "正文重新封存一遍，和写入时的封存值相同");
}

/* Looks at the steps one by one; the first that fails decides. False only for a failing store. */
static bool look_at(Db *db, const LedgerRecord *record, Finding *finding, GError **error) {
    g_auto(LedgerLeaf) leaf = {0};
    if (!add_step(finding,
                  ledger_leaf_parse(record->bytes, record->size, &leaf),
                  "读出这条记录的原文，格式完整")) {
        settle(finding, VERDICT_MISMATCH, MISMATCH);
        return true;
    }
    finding->entry = entry_model(record, &leaf);
    put_tlog_url(db, record->index, finding->entry);
    uint8_t hash[DIGEST_SIZE];
    merkle_leaf(DIGEST_SHA256, record->bytes, record->size, hash);
    bool is_same = memcmp(hash, record->leaf_hash, DIGEST_SIZE) == 0;
    if (!add_step(finding, is_same, "按原文重算指纹，和登记的指纹相同") ||
        !check_payload(finding, record, &leaf)) {
        settle(finding, VERDICT_MISMATCH, MISMATCH);
        return true;
    }
    g_autoptr(GError) problem = NULL;
    g_autoptr(json_t) proof = ledger_proof_make(db, record->index, 0, &problem);
    if (proof == NULL && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_CORRUPT)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    size_t count = json_array_size(json_object_get(proof, "proof"));
    g_autofree char *text =
        proof != NULL ? g_strdup_printf("沿 %zu 个相邻指纹逐级往上算，得到账本现在的总指纹", count)
                      : g_strdup("逐级往上算，得不到账本现在的总指纹");
    if (proof != NULL) {
        json_put(finding->entry, "path", json_incref(json_object_get(proof, "proof")));
    }
    bool comes_out = add_step(finding, proof != NULL && ledger_proof_check(proof, NULL), text);
    settle(finding, comes_out ? VERDICT_REAL : VERDICT_MISMATCH, comes_out ? REAL : MISMATCH);
    return true;
}

static bool look_up_index(Db *db, int64_t index, Finding *finding, GError **error) {
    g_autoptr(GError) problem = NULL;
    g_auto(LedgerRecord) record = {0};
    if (ledger_find(db, index, &record, &problem)) {
        return look_at(db, &record, finding, error);
    }
    if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    settle(finding, VERDICT_UNKNOWN, "账本里没有这个编号的记录，请核对编号。");
    return true;
}

static bool look_up_object(Db *db, const char *object, Finding *finding, GError **error) {
    g_autoptr(GError) problem = NULL;
    int64_t index = 0;
    if (ledger_latest(db, object, &index, &problem)) {
        return look_up_index(db, index, finding, error);
    }
    if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    settle(finding, VERDICT_UNKNOWN, "账本里没有这个对象的记录，请核对写法。");
    return true;
}

/* A proof that somebody kept: does it come out, and is its tree one that our log really had? */
static bool look_up_proof(Db *db, const char *text, Finding *finding, GError **error) {
    g_autoptr(json_t) proof = json_read(text, strlen(text), NULL);
    g_autoptr(GError) problem = NULL;
    if (!add_step(finding, ledger_proof_check(proof, &problem), "证明自身算得通")) {
        bool is_form = g_error_matches(problem, HZ_ERROR, HZ_ERROR_INVALID);
        settle(finding,
               is_form ? VERDICT_UNKNOWN : VERDICT_MISMATCH,
               is_form ? "粘贴的内容不是完整的证明文件。" : MISMATCH);
        return true;
    }
    int64_t index = json_get_int(proof, "index", -1);
    g_autoptr(json_t) ours =
        ledger_proof_make(db, index, json_get_int(proof, "size", -1), &problem);
    if (ours == NULL && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND) &&
        !g_error_matches(problem, HZ_ERROR, HZ_ERROR_CORRUPT)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    bool is_ours = ours != NULL &&
                   strcmp(json_get_text(ours, "root", ""), json_get_text(proof, "root", "")) == 0;
    if (!add_step(finding, is_ours, "证明里的总指纹是本账本当时的总指纹")) {
        settle(finding, VERDICT_MISMATCH, MISMATCH);
        return true;
    }
    return look_up_index(db, index, finding, error);
}

/* Entry number with or without commas; false if it is none. */
static bool read_index(const char *text, int64_t *ret_index) {
    g_autoptr(GString) digits = g_string_new(text);
    g_string_replace(digits, ",", "", 0);
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(digits->str, 10, 0, G_MAXINT64, &number, NULL)) {
        return false;
    }
    *ret_index = (int64_t)number;
    return true;
}

static bool look_up(Db *db, const char *text, Finding *finding, GError **error) {
    int64_t index = 0;
    if (text[0] == '{') {
        return look_up_proof(db, text, finding, error);
    }
    if (read_index(text, &index)) {
        return look_up_index(db, index, finding, error);
    }
    if (strchr(text, ':') != NULL) {
        return look_up_object(db, text, finding, error);
    }
    settle(finding,
           VERDICT_UNKNOWN,
           "请写账本编号（例如 1,279,044）、对象（例如 draw:7），或者粘贴证明文件的全文。");
    return true;
}

/* Does the log sign, and up to where? */
static void add_signing(Db *db, json_t *model) {
    g_auto(LedgerSignedHead) newest = {0};
    bool is_signed = ledger_signed_newest(db, &newest, NULL);
    g_autofree char *problem = ledger_signer_problem();
    g_autofree char *size = is_signed ? number_group(newest.size) : NULL;
    g_autofree char *minute = is_signed ? clock_format_minute(newest.time_us) : NULL;
    json_put_text(model, "signing_problem", problem);
    json_put_text(model, "signed_size_text", size);
    json_put_text(model, "signed_time_text", minute);
    int64_t lost = -1;
    (void)ledger_keys_lost_entry(db, &lost, NULL); /* -1: nothing to tell */
    g_autofree char *lost_text = lost >= 0 ? number_group(lost) : NULL;
    g_autofree char *lost_url =
        lost >= 0 ? g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, lost) : NULL;
    json_put_text(model, "lost_key_text", lost_text);
    json_put_text(model, "lost_key_url", lost_url);
}

static json_t *
page_model(Db *db, const char *text, const Finding *finding, const LedgerHead *head) {
    static const char *const words[] = {NULL, "real", "mismatch", "unknown"};
    static const char *const titles[] = {NULL, "真实、未改动", "对不上", "查不到"};
    g_autofree char *size_text = number_group(head->size);
    g_autofree char *root = hex_format(head->root, DIGEST_SIZE);
    json_t *model = json_object();
    json_put_text(model, "q", text);
    json_put_text(model, "verdict", words[finding->verdict]);
    json_put_text(model, "verdict_title", titles[finding->verdict]);
    json_put_text(model, "verdict_text", finding->sentence);
    json_put_bool(model, "is_real", finding->verdict == VERDICT_REAL);
    json_put_bool(model, "is_mismatch", finding->verdict == VERDICT_MISMATCH);
    json_put_bool(model, "is_unknown", finding->verdict == VERDICT_UNKNOWN);
    json_put(model, "steps", finding->steps);
    json_put(model, "entry", finding->entry != NULL ? finding->entry : json_null());
    json_put_text(model, "size_text", size_text);
    json_put_int(model, "size", head->size);
    json_put_text(model, "log_root", root);
    add_signing(db, model);
    return model;
}

static Response *show_verify(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    const char *given = request_query(req, "leaf");
    if (given == NULL) {
        given = request_query(req, "q");
    }
    g_autofree char *text = g_strstrip(g_strdup(given != NULL ? given : ""));
    LedgerHead head;
    Finding finding = {.steps = json_array()};
    if (!ledger_head(ctx->db, &head, &error) ||
        (text[0] != '\0' && !look_up(ctx->db, text, &finding, &error))) {
        json_decref(finding.steps);
        json_decref(finding.entry);
        return response_problem(error, NULL);
    }
    unsigned status = finding.verdict == VERDICT_UNKNOWN ? 404 : 200;
    return response_page_status(
        status, "ledger/verify", page_model(ctx->db, text, &finding, &head));
}

static Response *download_proof(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    const char *leaf = request_query(req, "leaf");
    int64_t index = 0;
    if (leaf == NULL || !read_index(leaf, &index)) {
        return response_not_found();
    }
    g_autoptr(json_t) proof = ledger_proof_make(ctx->db, index, 0, &error);
    if (proof == NULL) {
        return response_problem(error, NULL);
    }
    char *text = json_write(proof);
    g_autofree char *name = g_strdup_printf("proof-%" G_GINT64_FORMAT ".json", index);
    return response_bytes("application/json", g_bytes_new_take(text, strlen(text)), name);
}

/* Without the payload: that is for who publishes what the entry is about. */
static Response *download_tlog_proof(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    const char *leaf = request_query(req, "leaf");
    int64_t index = 0;
    if (leaf == NULL || !read_index(leaf, &index)) {
        return response_not_found();
    }
    char *text = ledger_tlog_proof(ctx->db, index, false, &error);
    if (text == NULL) {
        return response_problem(error, "还没有签名的总指纹包含这条记录，过几秒钟再下载。");
    }
    g_autofree char *name = g_strdup_printf("entry-%" G_GINT64_FORMAT ".tlog-proof", index);
    return response_bytes("text/plain; charset=utf-8", g_bytes_new_take(text, strlen(text)), name);
}

#define GET(path, handler)                                                                         \
    { ROUTE_GET, path, handler, PERM_PUBLIC, CSRF_NONE, 0 }

/* A tile's number is in groups of three digits, perhaps with ".p/width" behind. */
static const Route routes[] = {
    GET("/verify", show_verify),
    GET("/verify/proof", download_proof),
    GET("/verify/tlog-proof", download_tlog_proof),
    GET("/log/checkpoint", log_checkpoint_page),
    GET("/log/sm3/checkpoint", log_checkpoint_page),
    GET("/log/keys.txt", log_keys_page),
    GET("/log/policy.txt", log_policy_page),
    GET("/log/tile/{level}/{a}", log_tile_page),
    GET("/log/tile/{level}/{a}/{b}", log_tile_page),
    GET("/log/tile/{level}/{a}/{b}/{c}", log_tile_page),
    GET("/log/tile/{level}/{a}/{b}/{c}/{d}", log_tile_page),
    GET("/log/tile/{level}/{a}/{b}/{c}/{d}/{e}", log_tile_page),
    GET("/log/sm3/tile/{level}/{a}", log_tile_page),
    GET("/log/sm3/tile/{level}/{a}/{b}", log_tile_page),
    GET("/log/sm3/tile/{level}/{a}/{b}/{c}", log_tile_page),
    GET("/log/sm3/tile/{level}/{a}/{b}/{c}/{d}", log_tile_page),
    GET("/log/sm3/tile/{level}/{a}/{b}/{c}/{d}/{e}", log_tile_page),
    {0},
};

static const char *const ledger_types[] = {LEDGER_XHEAD,
                                           LEDGER_KEY_TYPE,
                                           LEDGER_KEY_LOST_TYPE,
                                           LEDGER_POLICY_TYPE,
                                           LEDGER_ERASE_TYPE,
                                           NULL};

const Module ledger_module = {
    .name = "ledger",
    .routes = routes,
    .ledger_types = ledger_types,
};
