#include "witness/witness.h"

#include "base/clock.h"
#include "base/error.h"
#include "ledger/merkle.h"
#include "web/log.h"
#include "witness/witness_store.h"

#include <string.h>

#define PROOF_MAX 63 /* lines, as the protocol says */
#define BODY_MAX (NOTE_SIZE_MAX + 64 * 64)

/* --- who ----------------------------------------------------------------------------------------
 */

Witness *witness_new(SignKey *key, const char *name, GError **error) {
    if (!note_name_check(name)) {
        sign_key_free(key);
        hz_fail(error, HZ_ERROR_INVALID, "a witness's name has no blanks and no plus signs");
        return NULL;
    }
    Witness *witness = g_new0(Witness, 1);
    witness->key = key;
    witness->name = note_key_make(name, NOTE_COSIGNATURE, sign_key_public(key));
    witness->logs = g_array_new(FALSE, FALSE, sizeof(NoteKey));
    return witness;
}

void witness_free(Witness *witness) {
    if (witness != NULL) {
        sign_key_free(witness->key);
        g_array_unref(witness->logs);
        g_free(witness);
    }
}

bool witness_add_log(Witness *witness, const char *vkey, GError **error) {
    NoteKey key;
    if (!note_key_parse(vkey, &key, error)) {
        return false;
    }
    if (key.type == NOTE_COSIGNATURE) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "%s is the key of a witness, not of a log", key.name);
    }
    g_array_append_val(witness->logs, key);
    return true;
}

void witness_answer_clear(WitnessAnswer *answer) {
    g_clear_pointer(&answer->text, g_free);
}

/* --- the request --------------------------------------------------------------------------------
 */

typedef struct Submission {
    int64_t old_size;
    uint8_t proof[PROOF_MAX * DIGEST_SIZE];
    size_t proof_count;
    Note note;
    Checkpoint checkpoint;
} Submission;

static void submission_clear(Submission *submission) {
    note_clear(&submission->note);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Submission, submission_clear)

/* "old N", hashes, an empty line, the checkpoint. */
static bool read_submission(const char *body, size_t size, Submission *submission) {
    const char *at = body;
    const char *end = body + size;
    const char *line_end = memchr(at, '\n', size);
    if (line_end == NULL || line_end - at < 5 || memcmp(at, "old ", 4) != 0 ||
        !decimal_read(at + 4, (size_t)(line_end - at) - 4, &submission->old_size)) {
        return false;
    }
    for (at = line_end + 1;; at = line_end + 1) {
        line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL) {
            return false;
        }
        if (line_end == at) {
            break;
        }
        if (submission->proof_count == PROOF_MAX ||
            !base64_read_exactly(at,
                                 (size_t)(line_end - at),
                                 submission->proof + submission->proof_count * DIGEST_SIZE,
                                 DIGEST_SIZE)) {
            return false;
        }
        submission->proof_count++;
    }
    at++;
    return checkpoint_open(
        at, (size_t)(end - at), &submission->note, &submission->checkpoint, NULL);
}

/* 0: one of the log's keys has signed, and no line of a known key is wrong. */
static unsigned check_signature(const Witness *witness, const Submission *submission) {
    bool is_known = false;
    bool is_signed = false;
    for (guint i = 0; i < witness->logs->len; i++) {
        const NoteKey *key = &g_array_index(witness->logs, NoteKey, i);
        if (strcmp(key->name, submission->checkpoint.origin) != 0) {
            continue;
        }
        is_known = true;
        NoteVerdict verdict = note_check(&submission->note, key, NULL);
        if (verdict == NOTE_FORGED) {
            return 403;
        }
        is_signed = is_signed || verdict == NOTE_SIGNED;
    }
    return !is_known ? 404 : is_signed ? 0 : 403;
}

/* --- the decision -------------------------------------------------------------------------------
 */

static void answer(WitnessAnswer *answer, unsigned status, const char *text) {
    g_free(answer->text);
    *answer = (WitnessAnswer){.status = status, .text = g_strconcat(text, "\n", NULL)};
}

/* One attempt to record. */
typedef struct Recording {
    const Submission *submission;
    int64_t now_us;
    WitnessAnswer *answer; /* status 200: recorded */
} Recording;

static bool proof_is_valid(const Submission *submission, const Checkpoint *stored) {
    const Checkpoint *head = &submission->checkpoint;
    if (stored->size == 0 || stored->size == head->size) {
        return submission->proof_count == 0;
    }
    return merkle_verify_consistency(DIGEST_SHA256,
                                     (uint64_t)stored->size,
                                     (uint64_t)head->size,
                                     stored->root,
                                     head->root,
                                     submission->proof,
                                     submission->proof_count);
}

static bool record(Db *db, void *data, GError **error) {
    Recording *recording = data;
    const Submission *submission = recording->submission;
    const Checkpoint *head = &submission->checkpoint;
    Checkpoint stored;
    if (!witness_store_head(db, head->origin, &stored, error)) {
        return false;
    }
    if (submission->old_size != stored.size) {
        g_autofree char *size = g_strdup_printf("%" G_GINT64_FORMAT, stored.size);
        answer(recording->answer, 409, size);
        recording->answer->is_size = true;
        return true;
    }
    if (stored.size > 0 && stored.size == head->size &&
        memcmp(stored.root, head->root, DIGEST_SIZE) != 0) {
        answer(recording->answer, 409, "another root was signed for this size");
        return true;
    }
    if (!proof_is_valid(submission, &stored)) {
        answer(recording->answer, 422, "the head does not continue the one signed before");
        return true;
    }
    answer(recording->answer, 200, "");
    return witness_store_set(db, head, recording->now_us, error);
}

static bool cosign(const Witness *witness,
                   const Submission *submission,
                   int64_t now_us,
                   WitnessAnswer *ret_answer,
                   GError **error) {
    int64_t time_s = now_us / CLOCK_SECOND_US;
    g_autofree char *message = note_cosigned_message(time_s, submission->note.text);
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    for (int shift = 56; shift >= 0; shift -= 8) {
        const uint8_t byte = (uint8_t)((guint64)time_s >> shift);
        g_byte_array_append(bytes, &byte, 1);
    }
    if (!sign_key_sign(witness->key, message, strlen(message), bytes, error)) {
        return false;
    }
    g_autoptr(GString) line = g_string_new(NULL);
    note_append_line(line, &witness->name, bytes->data, bytes->len);
    g_free(ret_answer->text);
    ret_answer->text = g_strdup(line->str);
    return true;
}

bool witness_take(Db *db,
                  const Witness *witness,
                  const char *body,
                  size_t size,
                  int64_t now_us,
                  WitnessAnswer *ret_answer,
                  GError **error) {
    g_auto(Submission) submission = {0};
    *ret_answer = (WitnessAnswer){0};
    if (!read_submission(body, size, &submission)) {
        answer(ret_answer, 400, "not \"old N\", proof lines, an empty line and a checkpoint");
        return true;
    }
    unsigned refusal = check_signature(witness, &submission);
    if (refusal != 0) {
        answer(ret_answer,
               refusal,
               refusal == 404 ? "this log is not known here" : "not signed by the log");
        return true;
    }
    if (submission.old_size > submission.checkpoint.size) {
        answer(ret_answer, 400, "the old size is larger than the checkpoint's");
        return true;
    }
    Recording recording = {&submission, now_us, ret_answer};
    bool done =
        db_run_tx(db, record, &recording, error) &&
        (ret_answer->status != 200 || cosign(witness, &submission, now_us, ret_answer, error));
    if (!done) {
        witness_answer_clear(ret_answer);
    }
    return done;
}

/* --- over HTTP ----------------------------------------------------------------------------------
 */

static Response *add_checkpoint(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(WitnessAnswer) answer = {0};
    size_t size = 0;
    const char *body = request_body(req, &size);
    if (!witness_take(ctx->db, ctx->app, body, size, ctx->now_us, &answer, &error)) {
        return response_problem(error, NULL);
    }
    if (answer.status != 200) {
        g_autofree char *reason = g_strchomp(g_strdup(answer.text));
        log_event("witness.refused", "status=%u reason=%s", answer.status, reason);
    }
    return response_text(answer.status,
                         answer.is_size ? "text/x.tlog.size" : "text/plain; charset=utf-8",
                         g_steal_pointer(&answer.text));
}

static const Route routes[] = {
    {ROUTE_POST, "/add-checkpoint", add_checkpoint, PERM_PUBLIC, CSRF_RAW, BODY_MAX},
    {0},
};

const Module witness_module = {.name = "witness", .routes = routes};
