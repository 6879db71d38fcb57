#include "ledger/ledger_cosign.h"

#include "base/clock.h"
#include "base/error.h"
#include "ledger/checkpoint.h"
#include "ledger/http_client.h"
#include "ledger/ledger_heads_store.h"
#include "ledger/policy.h"
#include "web/log.h"

#include <string.h>

#define PAUSE_US (30 * CLOCK_SECOND_US) /* after a witness failed */

struct LedgerCosigner {
    char *folder;
    GHashTable *problems; /* vkey -> text of the last one */
    GHashTable *resting;  /* vkey -> int64_t * monotonic time until which it is left alone */
};

LedgerCosigner *ledger_cosigner_new(const char *folder) {
    LedgerCosigner *cosigner = g_new0(LedgerCosigner, 1);
    cosigner->folder = g_strdup(folder);
    cosigner->problems = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    cosigner->resting = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    return cosigner;
}

void ledger_cosigner_free(LedgerCosigner *cosigner) {
    if (cosigner != NULL) {
        g_free(cosigner->folder);
        g_hash_table_unref(cosigner->problems);
        g_hash_table_unref(cosigner->resting);
        g_free(cosigner);
    }
}

/* One witness, asked about one head. */
typedef struct Asking {
    Db *db;
    LedgerCosigner *cosigner;
    const PolicyWitness *witness;
    const char *vkey;
    const LedgerSignedHead *head;
    int64_t now_us;
    int64_t old_size; /* what it has signed last, as far as we know */
} Asking;

/* Logged when it changes; the witness rests. */
static void fail_witness(const Asking *asking, const char *text) {
    LedgerCosigner *cosigner = asking->cosigner;
    const char *before = g_hash_table_lookup(cosigner->problems, asking->vkey);
    if (g_strcmp0(before, text) != 0) {
        log_problem(
            LOG_LEVEL_WARNING, "ledger.witness", "name=%s problem=%s", asking->witness->name, text);
    }
    int64_t *until = g_new(int64_t, 1);
    *until = g_get_monotonic_time() + PAUSE_US;
    g_hash_table_replace(cosigner->problems, g_strdup(asking->vkey), g_strdup(text));
    g_hash_table_replace(cosigner->resting, g_strdup(asking->vkey), until);
}

static bool is_resting(const LedgerCosigner *cosigner, const char *vkey) {
    const int64_t *until = g_hash_table_lookup(cosigner->resting, vkey);
    return until != NULL && g_get_monotonic_time() < *until;
}

/* It has signed what our database does not have: whatever we sign now would be a second history. */
static bool stop(const Asking *asking, const char *what, int64_t size, GError **error) {
    g_autofree char *reason = g_strdup_printf("witness %s %s %" G_GINT64_FORMAT
                                              " entries, which this database does not continue",
                                              asking->witness->name,
                                              what,
                                              size);
    fail_witness(asking, reason);
    return ledger_stop_signing(asking->cosigner->folder, reason, error);
}

static char *request_of(const Asking *asking, GError **error) {
    g_autoptr(GString) text = g_string_new(NULL);
    g_string_printf(text, "old %" G_GINT64_FORMAT "\n", asking->old_size);
    if (asking->old_size > 0 && asking->old_size < asking->head->size) {
        g_autoptr(GByteArray) proof =
            ledger_prove_consistency(asking->db, asking->old_size, asking->head->size, error);
        if (proof == NULL) {
            return NULL;
        }
        for (guint at = 0; at < proof->len; at += DIGEST_SIZE) {
            g_autofree char *hash = g_base64_encode(proof->data + at, DIGEST_SIZE);
            g_string_append_printf(text, "%s\n", hash);
        }
    }
    return g_strconcat(text->str, "\n", asking->head->note, NULL);
}

/* The line of this witness among those that came back, if it verifies. */
static char *find_line(const Asking *asking, const GString *body, int64_t *ret_time_s) {
    g_auto(Note) note = {0};
    g_autoptr(GArray) lines = NULL;
    const NoteKey *key = &asking->witness->key;
    if (!note_parse(asking->head->note, strlen(asking->head->note), &note, NULL) ||
        !note_lines_parse(body->str, body->len, &lines, NULL)) {
        return NULL;
    }
    for (guint i = 0; i < lines->len; i++) {
        const NoteSignature *line = &g_array_index(lines, NoteSignature, i);
        if (strcmp(line->name, key->name) == 0 && memcmp(line->id, key->id, sizeof key->id) == 0 &&
            note_signature_verify(line, key, note.text, note.text_size, ret_time_s)) {
            g_autoptr(GString) text = g_string_new(NULL);
            note_append_line(text, key, line->bytes, line->size);
            return g_strdup(text->str);
        }
    }
    return NULL;
}

static bool store_line(Db *db, void *data, GError **error) {
    const LedgerCosignature *one = data;
    return heads_store_cosign(db, one, clock_now_us(), error);
}

static bool take_line(const Asking *asking, const GString *body, GError **error) {
    int64_t time_s = 0;
    g_autofree char *line = find_line(asking, body, &time_s);
    if (line == NULL) {
        fail_witness(asking, "it answered without a signature of its key");
        return true;
    }
    LedgerCosignature one = {
        asking->head->size, (char *)asking->vkey, time_s * CLOCK_SECOND_US, line};
    g_hash_table_remove(asking->cosigner->problems, asking->vkey);
    g_hash_table_remove(asking->cosigner->resting, asking->vkey);
    return db_run_tx(asking->db, store_line, &one, error);
}

/* 409 with a size: it knows another head than we thought. *ret_again: ask with that. */
static bool take_size(Asking *asking, const GString *body, bool *ret_again, GError **error) {
    int64_t size = 0;
    g_auto(LedgerSignedHead) newest = {0};
    if (body->len < 2 || !decimal_read(body->str, body->len - 1, &size)) {
        fail_witness(asking, "it answered 409 without a size");
        return true;
    }
    /* Another server of ours may have signed and asked meanwhile. */
    if (!ledger_signed_newest(asking->db, &newest, error)) {
        return false;
    }
    if (size > newest.size) {
        return stop(asking, "has signed a head of", size, error);
    }
    if (size == asking->old_size) {
        return stop(asking, "has signed another head of", size, error);
    }
    *ret_again = size < asking->head->size;
    asking->old_size = size;
    return heads_store_set_witness_size(asking->db, asking->vkey, size, asking->now_us, error);
}

static bool take_answer(Asking *asking, const HttpAnswer *answer, bool *ret_again, GError **error) {
    bool is_size = answer->type != NULL && g_str_has_prefix(answer->type, "text/x.tlog.size");
    *ret_again = false;
    if (answer->status == 200) {
        return take_line(asking, answer->body, error);
    }
    if (answer->status == 409 && is_size) {
        return take_size(asking, answer->body, ret_again, error);
    }
    if (answer->status == 409 && asking->old_size == asking->head->size) {
        return stop(asking, "has signed another head of", asking->old_size, error);
    }
    if (answer->status == 422 && asking->old_size > 0) {
        return stop(asking, "has signed another head of", asking->old_size, error);
    }
    g_autofree char *text =
        g_strdup_printf("it answered %ld%s",
                        answer->status,
                        answer->status == 404   ? ": it does not know this log; give it our key"
                        : answer->status == 403 ? ": it does not know our key"
                                                : "");
    fail_witness(asking, text);
    return true;
}

static bool ask(Asking *asking, GError **error) {
    g_autofree char *url = g_strconcat(
        asking->witness->url,
        g_str_has_suffix(asking->witness->url, "/") ? "add-checkpoint" : "/add-checkpoint",
        NULL);
    bool again = true;
    for (int round = 0; again && round < 2; round++) {
        g_autofree char *request = request_of(asking, error);
        g_auto(HttpAnswer) answer = {0};
        g_autoptr(GError) problem = NULL;
        if (request == NULL) {
            return false;
        }
        if (!http_post(url, request, strlen(request), &answer, &problem)) {
            fail_witness(asking, problem->message);
            return true;
        }
        if (!take_answer(asking, &answer, &again, error)) {
            return false;
        }
    }
    return true;
}

bool ledger_cosign(Db *db, LedgerCosigner *cosigner, bool always, int64_t now_us, GError **error) {
    g_autofree char *text = ledger_policy_text(db, error);
    g_autoptr(Policy) policy = text != NULL ? policy_parse(text, strlen(text), error) : NULL;
    g_auto(LedgerSignedHead) head = {0};
    if (policy == NULL) {
        return false;
    }
    const GArray *witnesses = policy_witnesses(policy);
    g_autoptr(GError) problem = NULL;
    if (witnesses->len == 0) {
        return true;
    }
    if (!ledger_signed_newest(db, &head, &problem)) {
        if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    for (guint i = 0; i < witnesses->len; i++) {
        const PolicyWitness *witness = &g_array_index(witnesses, PolicyWitness, i);
        g_autofree char *vkey = note_key_format(&witness->key);
        Asking asking = {db, cosigner, witness, vkey, &head, now_us, 0};
        if (witness->url == NULL || is_resting(cosigner, vkey)) {
            continue;
        }
        if (!heads_store_witness_size(db, vkey, &asking.old_size, error)) {
            return false;
        }
        asking.old_size = MIN(asking.old_size, head.size);
        if ((always || asking.old_size < head.size) && !ask(&asking, error)) {
            return false;
        }
    }
    return true;
}
