/*
 * Notes, checkpoints, proofs, tiles and policies against the vectors of their specifications, and
 * SM2 and SM3 against those of the standards. Nothing here needs a database.
 */
#include "base/error.h"
#include "ledger/checkpoint.h"
#include "ledger/policy.h"

#include <string.h>

/* signed-note.md and the test of its reference implementation (golang.org/x/mod/sumdb/note). */
#define SPEC_VKEY "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
#define SPEC_NOTE                                                                                  \
    "This is an example message.\n\n— example.com/foo "                                          \
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=" \
    "\n"
#define GO_VKEY "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
#define GO_TEXT                                                                                    \
    "If you think cryptography is the answer to your problem,\n"                                   \
    "then you don't know what your problem is.\n"
#define GO_LINE                                                                                    \
    "— PeterNeumann "                                                                            \
    "x08go/ZJkuBS9UG/"                                                                             \
    "SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
/* tlog-cosignature.md */
#define SOFA_BODY                                                                                  \
    "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
#define SOFA_LINES                                                                                 \
    "— example.com/behind-the-sofa "                                                             \
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"                                    \
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"                                                        \
    "— witness.example.com/w1 "                                                                  \
    "jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+"     \
    "mbIUBkBIfZ+qnA==\n"

static NoteKey must_key(const char *vkey) {
    g_autoptr(GError) error = NULL;
    NoteKey key;
    note_key_parse(vkey, &key, &error);
    g_assert_no_error(error);
    return key;
}

static void must_parse(const char *text, Note *note) {
    g_autoptr(GError) error = NULL;
    note_parse(text, strlen(text), note, &error);
    g_assert_no_error(error);
}

static void test_spec_notes(void) {
    g_auto(Note) note = {0};
    NoteKey key = must_key(SPEC_VKEY);
    must_parse(SPEC_NOTE, &note);
    g_assert_cmpstr(note.text, ==, "This is an example message.\n");
    g_assert_cmpint(note_check(&note, &key, NULL), ==, NOTE_SIGNED);
    g_autofree char *again = note_key_format(&key);
    g_assert_cmpstr(again, ==, SPEC_VKEY);

    g_auto(Note) go = {0};
    NoteKey peter = must_key(GO_VKEY);
    must_parse(GO_TEXT "\n" GO_LINE, &go);
    g_assert_cmpint(note_check(&go, &peter, NULL), ==, NOTE_SIGNED);
    g_assert_cmpint(note_check(&go, &key, NULL), ==, NOTE_UNSIGNED);
}

/* The text may hold empty lines; the last one ends it. */
static void test_empty_lines(void) {
    g_auto(Note) note = {0};
    must_parse(
        "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito "
        "sera.\n\n— quasimodo.example/salvatore "
        "NnugSzTjtVAewIS+Z/iJhUPeFDkO/"
        "5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=\n",
        &note);
    g_assert_true(g_str_has_suffix(note.text, "sole:\n\ned è subito sera.\n"));
    g_assert_cmpuint(note.signatures->len, ==, 1);
    g_assert_cmpuint(g_array_index(note.signatures, NoteSignature, 0).size, ==, 64);
}

static void test_forged(void) {
    NoteKey key = must_key(SPEC_VKEY);
    g_autofree char *text = g_strdup(SPEC_NOTE);
    text[0] = 't';
    g_auto(Note) note = {0};
    must_parse(text, &note);
    g_assert_cmpint(note_check(&note, &key, NULL), ==, NOTE_FORGED);
    /* Same id, another name: unknown, so ignored. */
    g_autoptr(GString) renamed = g_string_new(text);
    g_string_replace(renamed, "— example.com/foo", "— example.com/bar", 1);
    g_auto(Note) other = {0};
    must_parse(renamed->str, &other);
    g_assert_cmpint(note_check(&other, &key, NULL), ==, NOTE_UNSIGNED);
    /* A good line and a forged one of the same key: the note is rejected. */
    g_autofree char *both = g_strconcat(SPEC_NOTE,
                                        "— example.com/foo "
                                        "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERY"
                                        "NZXsYjOBH3mFXmRKuwHjG1Yu72IneyaAM=\n",
                                        NULL);
    g_auto(Note) mixed = {0};
    must_parse(both, &mixed);
    g_assert_cmpint(note_check(&mixed, &key, NULL), ==, NOTE_FORGED);
}

static void test_bad_notes(void) {
    static const char *const bad[] = {
        "",
        "\n",
        "text\n",
        "text\n\n",
        "text\n\nno signature\n",
        "text\n\n— name\n",
        "text\n\n— name QUJD\n",     /* three bytes: no key id */
        "text\n\n— name QUJDRA==\n", /* a key id without signature */
        "text\n\n— name QUJDREU\n",  /* padding is missing */
        "text\n\n— name QUJDREV=\n", /* bits behind the end */
        "text\n\n— name QUJDREU= \n",
        "text\n\n— name  QUJDREU=\n",
        "text\n\n— na+me QUJDREU=\n",
        "text\n\n— na\xc2\x85me QUJDREU=\n",
        "text\n\n— na\xe3\x80\x80me QUJDREU=\n",
        "text\n\n—name QUJDREU=\n",
        "text\n\n- name QUJDREU=\n",
        "text\n\n— name QUJDREU=",
        "text\n\n— name QUJDREU=\n\nmore\n",
        "te\rxt\n\n— name QUJDREU=\n",
        "te\txt\n\n— name QUJDREU=\n",
        "te\xff\n\n— name QUJDREU=\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_auto(Note) note = {0};
        g_autoptr(GError) error = NULL;
        if (note_parse(bad[i], strlen(bad[i]), &note, &error)) {
            g_error("bad note %zu was read", i);
        }
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
}

static void test_many_signatures(void) {
    g_autoptr(GString) text = g_string_new(GO_TEXT "\n");
    for (int i = 0; i < NOTE_SIGNATURES_MAX - 1; i++) {
        g_string_append_printf(text, "— other%d QUJDREU=\n", i);
    }
    g_string_append(text, GO_LINE);
    NoteKey key = must_key(GO_VKEY);
    g_auto(Note) note = {0};
    must_parse(text->str, &note);
    g_assert_cmpuint(note.signatures->len, ==, NOTE_SIGNATURES_MAX);
    g_assert_cmpint(note_check(&note, &key, NULL), ==, NOTE_SIGNED);
    g_string_append(text, "— one-more QUJDREU=\n");
    g_auto(Note) more = {0};
    g_autoptr(GError) error = NULL;
    g_assert_false(note_parse(text->str, text->len, &more, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
}

static void test_bad_keys(void) {
    /* As the reference implementation's test: no part of a key is a key, no byte may differ. */
    for (size_t from = 0; from < strlen(GO_VKEY); from++) {
        for (size_t to = from + 1; to <= strlen(GO_VKEY); to++) {
            g_autofree char *part = g_strndup(&GO_VKEY[from], to - from);
            NoteKey key;
            bool is_whole = from == 0 && to == strlen(GO_VKEY);
            g_assert_true(note_key_parse(part, &key, NULL) == is_whole);
        }
    }
    for (size_t i = 0; i < strlen(GO_VKEY); i++) {
        g_autofree char *changed = g_strdup(GO_VKEY);
        changed[i]++;
        NoteKey key;
        g_assert_false(note_key_parse(changed, &key, NULL));
    }
}

/* --- signatures ----------------------------------------------------------------------------------
 */

#define SM2_X "09F9DF311E5421A150DD7D161E4BC5C672179FAD1833FC076BB08FF356F35020"
#define SM2_Y "CCEA490CE26775A52DC6EA718CC1AA600AED05FBF35E084A6632F6072DA9AD13"
#define SM2_R "F5A03B0648D2C4630EEAC513E1BB81A15944DA3827D5B74143AC7EACEEE720B3"
#define SM2_S "B1B6AA29DF212FD8763182BC0D421CA1BB9038FD1F7F42D4840B69C485BBC1AA"

/* GB/T 32918.5 Annex A: passes only with the ID of 16 bytes, neither with none nor with its NUL. */
static void test_sm2_standard(void) {
    SignPublic key = {.kind = SIGN_SM2, .size = SIGN_SM2_PUBLIC};
    uint8_t signature[72];
    g_assert_true(hex_parse("04" SM2_X SM2_Y, key.bytes, key.size));
    g_assert_true(hex_parse("30460221"
                            "00" SM2_R "0221"
                            "00" SM2_S,
                            signature,
                            sizeof signature));
    g_assert_true(sign_verify(&key, "message digest", 14, signature, sizeof signature));
    g_assert_false(sign_verify(&key, "message digesT", 14, signature, sizeof signature));
    g_assert_false(sign_verify(&key, "message digest", 14, signature, sizeof signature - 1));
    key.bytes[64] ^= 1; /* not on the curve */
    g_assert_false(sign_verify(&key, "message digest", 14, signature, sizeof signature));
}

static void test_sm3_standard(void) {
    static const struct {
        const char *text, *hash;
    } vectors[] = {
        {"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"},
        {"abcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcdabcd",
         "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"},
        {"", "1ab21d8355cfa17f8e61194831e81a8f22bec8c728fefb747ed035eb5082aa2b"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(vectors); i++) {
        uint8_t hash[DIGEST_SIZE];
        digest_of(DIGEST_SM3, vectors[i].text, strlen(vectors[i].text), hash);
        g_autofree char *hex = hex_format(hash, DIGEST_SIZE);
        g_assert_cmpstr(hex, ==, vectors[i].hash);
    }
}

static void check_kind(SignKind kind, NoteKeyType type) {
    g_autoptr(GError) error = NULL;
    g_autoptr(SignKey) made = sign_key_new(kind);
    char *pem = sign_key_pem(made);
    g_autoptr(SignKey) read = sign_key_read(kind, pem, &error);
    g_assert_no_error(error);
    g_assert_true(sign_public_equal(sign_key_public(made), sign_key_public(read)));
    g_assert_null(sign_key_read(kind == SIGN_SM2 ? SIGN_ED25519 : SIGN_SM2, pem, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    g_clear_error(&error);
    sign_key_pem_free(pem);
    NoteKey key = note_key_make("city.example/fss", type, sign_key_public(made));
    g_autofree char *vkey = note_key_format(&key);
    NoteKey parsed = must_key(vkey);
    g_assert_true(parsed.type == type && sign_public_equal(&parsed.key, &key.key));
    g_autoptr(GByteArray) signature = g_byte_array_new();
    g_assert_true(sign_key_sign(read, GO_TEXT, strlen(GO_TEXT), signature, &error));
    g_autoptr(GString) text = g_string_new(GO_TEXT "\n");
    note_append_line(text, &parsed, signature->data, signature->len);
    g_auto(Note) note = {0};
    must_parse(text->str, &note);
    g_assert_cmpint(note_check(&note, &parsed, NULL), ==, NOTE_SIGNED);
    /* Any one bit of the signature. */
    for (guint bit = 0; bit < signature->len * 8; bit++) {
        signature->data[bit / 8] ^= (guint8)(1u << bit % 8);
        g_assert_false(
            sign_verify(&key.key, GO_TEXT, strlen(GO_TEXT), signature->data, signature->len));
        signature->data[bit / 8] ^= (guint8)(1u << bit % 8);
    }
}

static void test_sign_and_verify(void) {
    check_kind(SIGN_ED25519, NOTE_ED25519);
    check_kind(SIGN_SM2, NOTE_SM2);
}

static void test_cosignature(void) {
    g_auto(Note) sofa = {0};
    must_parse(SOFA_BODY "\n" SOFA_LINES, &sofa);
    const NoteSignature *line = &g_array_index(sofa.signatures, NoteSignature, 1);
    g_assert_cmpuint(line->size, ==, NOTE_COSIGNATURE_SIZE);
    g_autofree char *message = note_cosigned_message(1679315147, SOFA_BODY);
    g_assert_cmpstr(message, ==, "cosignature/v1\ntime 1679315147\n" SOFA_BODY);
    g_assert_cmpuint(line->bytes[4] << 24 | line->bytes[5] << 16 | line->bytes[6] << 8 |
                         line->bytes[7],
                     ==,
                     1679315147);

    g_autoptr(SignKey) witness = sign_key_new(SIGN_ED25519);
    NoteKey key = note_key_make("witness.example/w1", NOTE_COSIGNATURE, sign_key_public(witness));
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const uint8_t time[8] = {0, 0, 0, 0, 0x64, 0x18, 0x50, 0xcb};
    g_byte_array_append(bytes, time, sizeof time);
    g_assert_true(sign_key_sign(witness, message, strlen(message), bytes, NULL));
    g_autoptr(GString) text = g_string_new(SOFA_BODY "\n");
    note_append_line(text, &key, bytes->data, bytes->len);
    g_auto(Note) note = {0};
    must_parse(text->str, &note);
    int64_t time_s = 0;
    g_assert_cmpint(note_check(&note, &key, &time_s), ==, NOTE_SIGNED);
    g_assert_cmpint(time_s, ==, 1679315147);
    NoteSignature *own = &g_array_index(note.signatures, NoteSignature, 0);
    own->bytes[7] ^= 1; /* another time */
    g_assert_cmpint(note_check(&note, &key, NULL), ==, NOTE_FORGED);
}

/* --- checkpoints, proofs, tiles ------------------------------------------------------------------
 */

static void test_checkpoint(void) {
    Checkpoint checkpoint;
    g_assert_true(checkpoint_parse(SOFA_BODY, strlen(SOFA_BODY), &checkpoint, NULL));
    g_assert_cmpstr(checkpoint.origin, ==, "example.com/behind-the-sofa");
    g_assert_cmpint(checkpoint.size, ==, 20852163);
    g_assert_false(checkpoint.has_extensions);
    g_autofree char *again = checkpoint_body(checkpoint.origin, checkpoint.size, checkpoint.root);
    g_assert_cmpstr(again, ==, SOFA_BODY);
    static const char *const bad[] = {
        "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n9223372036854775808\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxqw==\n",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(checkpoint_parse(bad[i], strlen(bad[i]), &checkpoint, NULL));
    }
    static const char extended[] = "o\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\nmore\n";
    g_assert_true(checkpoint_parse(extended, strlen(extended), &checkpoint, NULL));
    g_assert_true(checkpoint.has_extensions);
}

static void test_proof(void) {
    static const char text[] =
        "c2sp.org/tlog-proof@v1\nextra YWJj\nindex 7\n"
        "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n" SOFA_BODY "\n" SOFA_LINES;
    g_auto(TlogProof) proof = {0};
    g_autoptr(GError) error = NULL;
    tlog_proof_parse(text, strlen(text), &proof, &error);
    g_assert_no_error(error);
    g_assert_cmpint(proof.index, ==, 7);
    g_assert_cmpmem(proof.extra->data, proof.extra->len, "abc", 3);
    g_assert_cmpuint(proof.hashes->len, ==, DIGEST_SIZE);
    g_assert_cmpstr(proof.checkpoint, ==, SOFA_BODY "\n" SOFA_LINES);
    g_autofree char *again = tlog_proof_format(&proof);
    g_assert_cmpstr(again, ==, text);
    /* No byte may be left out. */
    for (size_t cut = 0; cut < strlen(text) - strlen(SOFA_LINES); cut++) {
        g_autofree char *shorter = g_strdup(text);
        memmove(shorter + cut, shorter + cut + 1, strlen(text) - cut);
        g_auto(TlogProof) other = {0};
        if (tlog_proof_parse(shorter, strlen(shorter), &other, NULL)) {
            g_autofree char *written = tlog_proof_format(&other);
            g_assert_cmpstr(written, ==, shorter);
            g_assert_cmpstr(written, !=, text);
        }
    }
}

static void test_tile_paths(void) {
    static const struct {
        TilePath tile;
        const char *path;
    } cases[] = {
        {{0, 0, 256}, "tile/0/000"},
        {{0, 1234067, 256}, "tile/0/x001/x234/067"},
        {{1, 1000, 17}, "tile/1/x001/000.p/17"},
        {{TILE_ENTRIES, 273, 112}, "tile/entries/273.p/112"},
        {{7, 999, 1}, "tile/7/999.p/1"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *path = tile_path_format(&cases[i].tile);
        g_assert_cmpstr(path, ==, cases[i].path);
        TilePath tile;
        g_assert_true(tile_path_parse(path, &tile));
        g_assert_true(tile.level == cases[i].tile.level && tile.index == cases[i].tile.index &&
                      tile.width == cases[i].tile.width);
    }
    static const char *const bad[] = {
        "tile/0/0",         "tile/0/0000",
        "tile/0/x000/001",  "tile/0/x001/x234/x067",
        "tile/0/001/067",   "tile/00/000",
        "tile/8/000",       "tile/-1/000",
        "tile/0/000.p/0",   "tile/0/000.p/256",
        "tile/0/000.p/01",  "tile/0/000.p",
        "tile/0/000/",      "tile/0/../000",
        "tile/0/00a",       "tile/0/+00",
        "tile/entries",     "sm3/tile/0/000",
        "tile/0/000.p/1/2", "tile/0/x999/x999/x999/x999/x999/x999/x999/999",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        TilePath tile;
        if (tile_path_parse(bad[i], &tile)) {
            g_error("\"%s\" was read", bad[i]);
        }
    }
}

/* tlog-tiles.md: 70,000 entries are 273 full tiles and one of 112, one full and one of 17, one of
 * 1; 256 are one full tile and one of 1 above it. */
static void test_tile_widths(void) {
    for (int64_t i = 0; i < 273; i++) {
        g_assert_cmpuint(tile_width(70000, 0, i), ==, 256);
        g_assert_cmpuint(tile_width(70000, TILE_ENTRIES, i), ==, 256);
    }
    g_assert_cmpuint(tile_width(70000, 0, 273), ==, 112);
    g_assert_cmpuint(tile_width(70000, TILE_ENTRIES, 273), ==, 112);
    g_assert_cmpuint(tile_width(70000, 0, 274), ==, 0);
    g_assert_cmpuint(tile_width(70000, 1, 0), ==, 256);
    g_assert_cmpuint(tile_width(70000, 1, 1), ==, 17);
    g_assert_cmpuint(tile_width(70000, 1, 2), ==, 0);
    g_assert_cmpuint(tile_width(70000, 2, 0), ==, 1);
    g_assert_cmpuint(tile_width(70000, 3, 0), ==, 0);
    g_assert_cmpuint(tile_width(256, 0, 0), ==, 256);
    g_assert_cmpuint(tile_width(256, 1, 0), ==, 1);
    g_assert_cmpuint(tile_width(0, 0, 0), ==, 0);
    g_assert_cmpuint(tile_width(70000, 0, -1), ==, 0);
}

/* --- policies ------------------------------------------------------------------------------------
 */

/* The specification's example, with keys. */
static void test_policy(void) {
    static const char *const names[] = {"X1", "X2", "X3", "Y1", "Y2", "Y3"};
    g_autoptr(GString) text = g_string_new("# who is asked\n\tlog " SPEC_VKEY "  \n\n");
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autoptr(SignKey) key = sign_key_new(SIGN_ED25519);
        g_autofree char *name = g_strdup_printf("w%zu.example", i);
        NoteKey note_key = note_key_make(name, NOTE_COSIGNATURE, sign_key_public(key));
        g_autofree char *vkey = note_key_format(&note_key);
        g_string_append_printf(text, "witness %s %s http://%s/\n", names[i], vkey, name);
    }
    g_string_append(text,
                    "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n"
                    "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n");
    g_autoptr(GError) error = NULL;
    g_autoptr(Policy) policy = policy_parse(text->str, text->len, &error);
    g_assert_no_error(error);
    g_assert_cmpuint(policy_logs(policy)->len, ==, 1);
    g_assert_cmpuint(policy_witnesses(policy)->len, ==, 6);
    for (uint32_t bits = 0; bits < 64; bits++) {
        bool expected = __builtin_popcount(bits & 7) >= 2 && (bits & 56) != 0;
        g_assert_true(policy_is_met(policy, bits) == expected);
    }
    g_autoptr(Policy) none = policy_parse("quorum none\n", 12, &error);
    g_assert_no_error(error);
    g_assert_true(policy_needs_none(none) && policy_is_met(none, 0));
}

static void test_bad_policies(void) {
    g_autoptr(SignKey) key = sign_key_new(SIGN_ED25519);
    NoteKey note_key = note_key_make("w.example", NOTE_COSIGNATURE, sign_key_public(key));
    g_autofree char *vkey = note_key_format(&note_key);
    static const char *const bad[] = {
        "",
        "quorum none",
        "quorum none\r\n",
        "quorum w\n",
        "quorum none\nquorum none\n",
        "witness w VKEY\n",
        "witness none VKEY\nquorum none\n",
        "witness w VKEY\nwitness v VKEY\nquorum w\n",
        "witness w VKEY\nwitness w VKEY\nquorum w\n",
        "witness w " SPEC_VKEY "\nquorum w\n",
        "log VKEY\nquorum none\n",
        "witness w VKEY\ngroup g 2 w\nquorum g\n",
        "witness w VKEY\ngroup g 0 w\nquorum g\n",
        "witness w VKEY\ngroup g 01 w\nquorum g\n",
        "witness w VKEY\ngroup g all\nquorum g\n",
        "witness w VKEY\ngroup g 1 w w\nquorum g\n",
        "witness w VKEY\ngroup g 1 w\ngroup h 1 w\nquorum g\n",
        "group g any w\nwitness w VKEY\nquorum g\n",
        "witness w VKEY\ngroup g any none\nquorum g\n",
        "witness w VKEY\nquorum g\ngroup g any w\n",
        "what is this\nquorum none\n",
    };
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_autoptr(GString) text = g_string_new(bad[i]);
        g_string_replace(text, "VKEY", vkey, 0);
        g_autoptr(GError) error = NULL;
        g_autoptr(Policy) policy = policy_parse(text->str, text->len, &error);
        if (policy != NULL) {
            g_error("bad policy %zu was read", i);
        }
        g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/note/vectors-of-the-specification-verify", test_spec_notes);
    g_test_add_func("/note/the-last-empty-line-ends-the-text", test_empty_lines);
    g_test_add_func("/note/a-forged-line-rejects-the-note", test_forged);
    g_test_add_func("/note/other-forms-are-refused", test_bad_notes);
    g_test_add_func("/note/sixty-four-signatures-and-no-more", test_many_signatures);
    g_test_add_func("/note/no-part-of-a-key-is-a-key", test_bad_keys);
    g_test_add_func("/note/sm2-signature-of-the-standard-verifies", test_sm2_standard);
    g_test_add_func("/note/sm3-hashes-of-the-standard", test_sm3_standard);
    g_test_add_func("/note/made-keys-sign-and-any-bit-counts", test_sign_and_verify);
    g_test_add_func("/note/cosignatures-commit-to-their-time", test_cosignature);
    g_test_add_func("/note/checkpoint-has-one-form", test_checkpoint);
    g_test_add_func("/note/tlog-proof-has-one-form", test_proof);
    g_test_add_func("/note/tile-paths-have-one-form", test_tile_paths);
    g_test_add_func("/note/tile-widths-of-the-specification", test_tile_widths);
    g_test_add_func("/note/policy-of-the-specification", test_policy);
    g_test_add_func("/note/other-policies-are-refused", test_bad_policies);
    return g_test_run();
}
