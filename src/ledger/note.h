/*
 * Signed notes (c2sp.org/signed-note), pure: a text, a blank line, one line for each signature.
 *
 * Verifier keys ("vkeys") are `name+<8 hex digits>+<base64(type‖key)>`. Three types are known:
 * Ed25519 (0x01), timestamped Ed25519 cosignature of a witness (0x04, c2sp.org/tlog-cosignature)
 * and SM2 with SM3, for which the specification has no number: 0xff and "fss-sm2-sm3/1".
 * Thread: any.
 */
#pragma once

#include "ledger/sign_key.h"

#define NOTE_SIZE_MAX 65536    /* the specification leaves the limit to us; ours have 2 KiB */
#define NOTE_SIGNATURES_MAX 64 /* it wants at least 16; a policy may name 32 witnesses */
#define NOTE_NAME_MAX 200      /* bytes of a key name; also of an origin */

/* One line as it stands; `bytes` without the key id. */
typedef struct NoteSignature {
    char *name;
    uint8_t id[4];
    uint8_t *bytes;
    size_t size;
} NoteSignature;

typedef struct Note {
    char *text; /* ends in LF, NUL added */
    size_t text_size;
    GArray *signatures; /* NoteSignature */
} Note;
void note_clear(Note *note);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Note, note_clear)

/* HZ_ERROR_INVALID for anything that is no note, HZ_ERROR_LIMIT for a larger one. Nothing is
 * verified. */
bool note_parse(const char *bytes, size_t size, Note *ret_note, GError **error);

typedef enum NoteKeyType { NOTE_ED25519, NOTE_SM2, NOTE_COSIGNATURE } NoteKeyType;

typedef struct NoteKey {
    char name[NOTE_NAME_MAX + 1];
    uint8_t id[4];
    NoteKeyType type;
    SignPublic key;
} NoteKey;

/* 1..NOTE_NAME_MAX bytes of UTF-8 without Unicode spaces, control characters and "+". */
bool note_name_check(const char *name);
/* The name must have been checked; computes the key id. */
NoteKey note_key_make(const char *name, NoteKeyType type, const SignPublic *key);
/* Reads a vkey; the stated key id must be the computed one. HZ_ERROR_INVALID otherwise, and for
 * types that are not known here. */
bool note_key_parse(const char *vkey, NoteKey *ret_key, GError **error);
char *note_key_format(const NoteKey *key); /* caller frees */

/* What a note says about one key. */
typedef enum NoteVerdict {
    NOTE_UNSIGNED, /* no line of this key */
    NOTE_SIGNED,
    NOTE_FORGED, /* a line names this key and does not verify: reject the whole note */
} NoteVerdict;
/* *ret_time_s (may be NULL): a cosignature's POSIX time, else 0. Text and signatures apart, so that
 * a witness's answer can be checked against a text one has. */
NoteVerdict note_check(const Note *note, const NoteKey *key, int64_t *ret_time_s);
/* The same for one line. */
bool note_signature_verify(const NoteSignature *signature,
                           const NoteKey *key,
                           const char *text,
                           size_t text_size,
                           int64_t *ret_time_s);
/* Reads the lines that a witness answers with: signature lines and nothing else. */
bool note_lines_parse(const char *bytes, size_t size, GArray **ret_signatures, GError **error);

/* Appends "— name base64\n". */
void note_append_line(GString *note, const NoteKey *key, const uint8_t *signature, size_t size);
/* What a cosignature signs (tlog-cosignature, "Ed25519 signed message"); caller frees. */
char *note_cosigned_message(int64_t time_s, const char *text);
/* Timestamp and signature as they stand in a cosignature line: u64 BE ‖ 64 bytes. */
#define NOTE_COSIGNATURE_SIZE 72

/* Standard base64 with padding, in its one canonical form. `text` of `size` bytes; NULL if it is
 * none. Caller unrefs. */
GByteArray *base64_read(const char *text, size_t size);
/* Exactly `size` bytes. */
bool base64_read_exactly(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size);
/* A decimal number written the only way (no sign, no leading zero), at most INT64_MAX. */
bool decimal_read(const char *text, size_t size, int64_t *ret_number);
