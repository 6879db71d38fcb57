/* The proof of one entry, and the history of one object. */
#include "base/error.h"
#include "ledger/check.h"
#include "ledger/ledger_rules.h"
#include "ledger/merkle.h"

#include <string.h>

/* --- entries ------------------------------------------------------------------------------------
 */

#define LEAF_END "\nsig - - -\n"

void check_opened_clear(CheckOpened *opened) {
    g_clear_pointer(&opened->type, g_free);
    g_clear_pointer(&opened->payload, g_free);
}

static bool
commitment_fits(const LedgerLeaf *leaf, const uint8_t *salt, const char *payload, size_t size) {
    uint8_t commitment[DIGEST_SIZE];
    ledger_commitment(salt, payload, size, commitment);
    return (int64_t)size == leaf->payload_size &&
           memcmp(commitment, leaf->commitment, DIGEST_SIZE) == 0;
}

bool check_opened_read(const uint8_t *bytes, size_t size, CheckOpened *ret_opened) {
    const uint8_t *end = memmem(bytes, size, LEAF_END, strlen(LEAF_END));
    size_t leaf_size = end != NULL ? (size_t)(end - bytes) + strlen(LEAF_END) : size;
    size_t rest = size - leaf_size;
    g_auto(LedgerLeaf) leaf = {0};
    if (!ledger_leaf_parse(bytes, leaf_size, &leaf)) {
        return false;
    }
    CheckOpened opened = {.leaf_size = leaf_size};
    if (rest > 0) {
        const char *payload = (const char *)bytes + leaf_size + LEDGER_SALT_SIZE;
        if (rest < LEDGER_SALT_SIZE ||
            !commitment_fits(&leaf, bytes + leaf_size, payload, rest - LEDGER_SALT_SIZE)) {
            return false;
        }
        opened.payload = g_strndup(payload, rest - LEDGER_SALT_SIZE);
    }
    opened.type = g_steal_pointer(&leaf.type);
    *ret_opened = opened;
    return true;
}

/* --- one entry ----------------------------------------------------------------------------------
 */

bool check_proof_leads(const TlogProof *proof,
                       const Checkpoint *checkpoint,
                       const uint8_t *leaf,
                       size_t leaf_size) {
    uint8_t hash[DIGEST_SIZE];
    merkle_leaf(DIGEST_SHA256, leaf, leaf_size, hash);
    return merkle_verify_inclusion(DIGEST_SHA256,
                                   (uint64_t)proof->index,
                                   (uint64_t)checkpoint->size,
                                   hash,
                                   proof->hashes->data,
                                   proof->hashes->len / DIGEST_SIZE,
                                   checkpoint->root);
}

static bool check_tlog_proof(
    Verdict *verdict, const char *bytes, size_t size, const char *name, const CheckTrust *trust) {
    g_auto(TlogProof) proof = {0};
    g_auto(CheckHead) head = {.file = name};
    g_auto(CheckOpened) opened = {0};
    if (!tlog_proof_parse(bytes, size, &proof, NULL) ||
        !checkpoint_open(
            proof.checkpoint, strlen(proof.checkpoint), &head.note, &head.checkpoint, NULL)) {
        return verdict_failed(verdict, "form", "proof-form", name, 0);
    }
    verdict_passed(verdict, "form");
    if (proof.extra == NULL || proof.extra->len == 0) {
        return verdict_failed(verdict, "entry", "entry-absent", name, 0);
    }
    if (!check_opened_read(proof.extra->data, proof.extra->len, &opened)) {
        return verdict_failed(verdict, "entry", "entry-form", name, 0);
    }
    verdict_passed(verdict, "entry");
    if (!check_proof_leads(&proof, &head.checkpoint, proof.extra->data, opened.leaf_size)) {
        return verdict_failed(verdict, "inclusion", "path", name, 0);
    }
    verdict_passed(verdict, "inclusion");
    return check_heads(verdict, trust, &head, 1, false);
}

/* A list of hashes in hex; NULL if it is not one. Caller unrefs. */
static GByteArray *read_hashes(const json_t *list) {
    if (!json_is_array(list) || json_array_size(list) > TLOG_PROOF_HASHES_MAX) {
        return NULL;
    }
    g_autoptr(GByteArray) hashes = g_byte_array_new();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *hex = json_string_value(json_array_get(list, i));
        uint8_t hash[DIGEST_SIZE];
        if (hex == NULL || strspn(hex, "0123456789abcdef") != strlen(hex) ||
            !hex_parse(hex, hash, DIGEST_SIZE)) {
            return NULL;
        }
        g_byte_array_append(hashes, hash, DIGEST_SIZE);
    }
    return g_steal_pointer(&hashes);
}

static GByteArray *read_base64(const json_t *object, const char *key) {
    const char *text = json_get_text(object, key, NULL);
    return text != NULL ? base64_read(text, strlen(text)) : NULL;
}

/* huozheng-proof/1: its root is not signed. */
static bool check_old_proof(Verdict *verdict, const json_t *proof, const char *name) {
    g_autoptr(GError) problem = NULL;
    g_autoptr(GByteArray) steps = read_hashes(json_object_get(proof, "proof"));
    g_autoptr(GByteArray) leaf = read_base64(proof, "leaf");
    g_auto(LedgerLeaf) parsed = {0};
    uint8_t hash[DIGEST_SIZE];
    bool comes_out = ledger_proof_check(proof, &problem);
    if (steps == NULL || leaf == NULL ||
        (!comes_out && g_error_matches(problem, HZ_ERROR, HZ_ERROR_INVALID))) {
        return verdict_failed(verdict, "form", "proof-form", name, 0);
    }
    verdict_passed(verdict, "form");
    if (!ledger_leaf_parse(leaf->data, leaf->len, &parsed)) {
        return verdict_failed(verdict, "entry", "entry-form", name, 0);
    }
    merkle_leaf(DIGEST_SHA256, leaf->data, leaf->len, hash);
    g_autofree char *hex = hex_format(hash, DIGEST_SIZE);
    if (strcmp(hex, json_get_text(proof, "leaf_hash", "")) != 0) {
        return verdict_failed(verdict, "entry", "entry-hash", name, 0);
    }
    verdict_passed(verdict, "entry");
    if (!comes_out) {
        return verdict_failed(verdict, "inclusion", "path", name, 0);
    }
    verdict_passed(verdict, "inclusion");
    verdict_unknown(verdict, "signature", "no-head");
    verdict_unknown(verdict, "witness", "no-head");
    verdict_unknown(verdict, "key", "no-head");
    return true;
}

bool check_proof(
    Verdict *verdict, const char *bytes, size_t size, const char *name, const CheckTrust *trust) {
    static const char head[] = "c2sp.org/tlog-proof@v1\n";
    if (size >= strlen(head) && memcmp(bytes, head, strlen(head)) == 0) {
        return check_tlog_proof(verdict, bytes, size, name, trust);
    }
    g_autoptr(json_t) proof = json_read(bytes, size, NULL);
    return check_old_proof(verdict, proof, name);
}

/* --- the history of one object ------------------------------------------------------------------
 */

typedef struct HistoryRow {
    int64_t index;
    GByteArray *leaf;
    GByteArray *proofs[2]; /* SHA-256, SM3 */
    bool is_erased;
    uint8_t salt[LEDGER_SALT_SIZE];
    const char *payload; /* in the document */
    size_t payload_size;
    LedgerLeaf parsed;
} HistoryRow;

static void row_clear(gpointer data) {
    HistoryRow *row = data;
    g_clear_pointer(&row->leaf, g_byte_array_unref);
    g_clear_pointer(&row->proofs[0], g_byte_array_unref);
    g_clear_pointer(&row->proofs[1], g_byte_array_unref);
    ledger_leaf_clear(&row->parsed);
}

typedef struct History {
    json_t *document;
    const char *name;
    CheckHead heads[2];
    GArray *rows; /* HistoryRow */
} History;

static void history_clear(History *history) {
    g_clear_pointer(&history->document, json_decref);
    check_head_clear(&history->heads[0]);
    check_head_clear(&history->heads[1]);
    g_clear_pointer(&history->rows, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(History, history_clear)

static bool is_nothing(const json_t *value) {
    return value == NULL || json_is_null(value);
}

static bool read_row(const json_t *from, HistoryRow *row) {
    const json_t *salt = json_object_get(from, "salt");
    const json_t *payload = json_object_get(from, "payload");
    row->index = json_get_int(from, "index", -1);
    row->leaf = read_base64(from, "leaf");
    row->proofs[0] = read_hashes(json_object_get(from, "proof"));
    row->proofs[1] = read_hashes(json_object_get(from, "proof_sm3"));
    row->is_erased = is_nothing(payload);
    if (row->index < 0 || row->leaf == NULL || row->proofs[0] == NULL || row->proofs[1] == NULL ||
        is_nothing(salt) != row->is_erased) {
        return false;
    }
    if (row->is_erased) {
        return true;
    }
    const char *hex = json_string_value(salt);
    row->payload = json_string_value(payload);
    row->payload_size = json_string_length(payload);
    return row->payload != NULL && hex != NULL && strspn(hex, "0123456789abcdef") == strlen(hex) &&
           hex_parse(hex, row->salt, sizeof row->salt);
}

static bool read_heads(Verdict *verdict, History *history) {
    static const char *const keys[] = {"checkpoint", "checkpoint_sm3"};
    for (unsigned i = 0; i < 2; i++) {
        const char *text = json_get_text(history->document, keys[i], "");
        CheckHead *head = &history->heads[i];
        head->file = history->name;
        if (!checkpoint_open(text, strlen(text), &head->note, &head->checkpoint, NULL)) {
            return verdict_failed(verdict, "form", "checkpoint-form", history->name, 0);
        }
    }
    int64_t size = json_get_int(history->document, "size", -1);
    g_autofree char *origin = g_strconcat(history->heads[0].checkpoint.origin, "-sm3", NULL);
    if (history->heads[0].checkpoint.size != size || history->heads[1].checkpoint.size != size ||
        strcmp(history->heads[1].checkpoint.origin, origin) != 0) {
        return verdict_failed(verdict, "form", "checkpoint-other", history->name, 0);
    }
    return true;
}

static bool read_history(Verdict *verdict, History *history) {
    const json_t *document = history->document;
    const json_t *rows = json_object_get(document, "entries");
    if (json_get_text(document, "object", NULL) == NULL || json_get_int(document, "size", -1) < 1 ||
        json_array_size(rows) == 0) {
        return verdict_failed(verdict, "form", "history-form", history->name, 0);
    }
    if (!read_heads(verdict, history)) {
        return false;
    }
    g_array_set_size(history->rows, (guint)json_array_size(rows));
    for (guint i = 0; i < history->rows->len; i++) {
        if (!read_row(json_array_get(rows, i), &g_array_index(history->rows, HistoryRow, i))) {
            return verdict_failed(verdict, "form", "history-form", history->name, i + 1);
        }
    }
    verdict_passed(verdict, "form");
    return true;
}

static bool check_entries(Verdict *verdict, History *history) {
    const char *object = json_get_text(history->document, "object", "");
    for (guint i = 0; i < history->rows->len; i++) {
        HistoryRow *row = &g_array_index(history->rows, HistoryRow, i);
        if (!ledger_leaf_parse(row->leaf->data, row->leaf->len, &row->parsed)) {
            return verdict_failed(verdict, "entry", "entry-form", history->name, i + 1);
        }
        if (strcmp(row->parsed.object, object) != 0) {
            return verdict_failed(verdict, "entry", "entry-object", history->name, i + 1);
        }
    }
    verdict_passed(verdict, "entry");
    int64_t before = -1;
    for (guint i = 0; i < history->rows->len; i++) {
        const HistoryRow *row = &g_array_index(history->rows, HistoryRow, i);
        if (row->parsed.previous != before) {
            return verdict_failed(verdict, "order", "prev", history->name, i + 1);
        }
        if (row->index <= before) {
            return verdict_failed(verdict, "order", "index-order", history->name, i + 1);
        }
        before = row->index;
    }
    verdict_passed(verdict, "order");
    return true;
}

static bool check_payloads(Verdict *verdict, const History *history) {
    bool has_erased = false;
    for (guint i = 0; i < history->rows->len; i++) {
        const HistoryRow *row = &g_array_index(history->rows, HistoryRow, i);
        has_erased |= row->is_erased;
        if (!row->is_erased &&
            !commitment_fits(&row->parsed, row->salt, row->payload, row->payload_size)) {
            return verdict_failed(verdict, "payload", "payload", history->name, i + 1);
        }
    }
    if (has_erased) {
        verdict_unknown(verdict, "payload", "erased");
    } else {
        verdict_passed(verdict, "payload");
    }
    return true;
}

static bool check_paths(Verdict *verdict, const History *history, unsigned tree) {
    static const char *const checks[] = {"inclusion", "inclusion-sm3"};
    DigestKind kind = tree == 0 ? DIGEST_SHA256 : DIGEST_SM3;
    const Checkpoint *head = &history->heads[tree].checkpoint;
    for (guint i = 0; i < history->rows->len; i++) {
        const HistoryRow *row = &g_array_index(history->rows, HistoryRow, i);
        uint8_t hash[DIGEST_SIZE];
        merkle_leaf(kind, row->leaf->data, row->leaf->len, hash);
        if (!merkle_verify_inclusion(kind,
                                     (uint64_t)row->index,
                                     (uint64_t)head->size,
                                     hash,
                                     row->proofs[tree]->data,
                                     row->proofs[tree]->len / DIGEST_SIZE,
                                     head->root)) {
            return verdict_failed(verdict, checks[tree], "path", history->name, i + 1);
        }
    }
    verdict_passed(verdict, checks[tree]);
    return true;
}

bool check_history(
    Verdict *verdict, const char *bytes, size_t size, const char *name, const CheckTrust *trust) {
    g_auto(History) history = {.name = name,
                               .document = json_read(bytes, size, NULL),
                               .rows = g_array_new(FALSE, TRUE, sizeof(HistoryRow))};
    g_array_set_clear_func(history.rows, row_clear);
    return read_history(verdict, &history) && check_entries(verdict, &history) &&
           check_payloads(verdict, &history) && check_paths(verdict, &history, 0) &&
           check_paths(verdict, &history, 1) &&
           check_heads(verdict, trust, history.heads, 2, false);
}
