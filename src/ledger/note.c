#include "ledger/note.h"

#include "base/digest.h"
#include "base/error.h"

#include <string.h>

#define DASH "\xe2\x80\x94 " /* em dash and a space begin a signature line */
#define DASH_SIZE (sizeof DASH - 1)
#define ID_SIZE 4
#define SIGNATURE_LINE_MAX 8192 /* ML-DSA signatures of others have 3.3 KiB in base64 */

/* Type bytes as they are hashed and written; ours is one without a number. */
static const struct {
    const char *bytes;
    size_t size;
    SignKind kind;
    size_t key_size;
} types[] = {
    [NOTE_ED25519] = {"\x01", 1, SIGN_ED25519, SIGN_ED25519_PUBLIC},
    [NOTE_SM2] = {"\xff"
                  "fss-sm2-sm3/1",
                  14,
                  SIGN_SM2,
                  SIGN_SM2_PUBLIC},
    [NOTE_COSIGNATURE] = {"\x04", 1, SIGN_ED25519, SIGN_ED25519_PUBLIC},
};

/* --- small readers --------------------------------------------------------------------------- */

GByteArray *base64_read(const char *text, size_t size) {
    if (size == 0 || size % 4 != 0 || size > NOTE_SIZE_MAX * 2) {
        return NULL;
    }
    g_autofree char *copy = g_strndup(text, size);
    gsize count = 0;
    g_autofree guchar *bytes = g_base64_decode(copy, &count);
    /* GLib skips what it does not know; writing it again settles every question of form. */
    g_autofree char *again = g_base64_encode(bytes, count);
    if (strlen(again) != size || memcmp(again, text, size) != 0) {
        return NULL;
    }
    GByteArray *array = g_byte_array_new();
    g_byte_array_append(array, bytes, (guint)count);
    return array;
}

bool base64_read_exactly(const char *text, size_t text_size, uint8_t *ret_bytes, size_t size) {
    g_autoptr(GByteArray) bytes = base64_read(text, text_size);
    if (bytes == NULL || bytes->len != size) {
        return false;
    }
    memcpy(ret_bytes, bytes->data, size);
    return true;
}

bool decimal_read(const char *text, size_t size, int64_t *ret_number) {
    if (size == 0 || size > 19 || (text[0] == '0' && size > 1)) {
        return false;
    }
    guint64 number = 0;
    for (size_t i = 0; i < size; i++) {
        if (!g_ascii_isdigit(text[i])) {
            return false;
        }
        number = number * 10 + (guint64)(text[i] - '0');
    }
    if (number > G_MAXINT64) {
        return false;
    }
    *ret_number = (int64_t)number;
    return true;
}

/* --- keys ------------------------------------------------------------------------------------ */

static bool name_check(const char *name, size_t size) {
    if (size == 0 || size > NOTE_NAME_MAX || !g_utf8_validate(name, (gssize)size, NULL)) {
        return false;
    }
    for (const char *at = name; at < name + size; at = g_utf8_next_char(at)) {
        gunichar letter = g_utf8_get_char(at);
        /* GLib does not count U+0085 among the spaces, Unicode does. */
        if (letter == '+' || letter < 0x20 || letter == 0x85 || g_unichar_isspace(letter)) {
            return false;
        }
    }
    return true;
}

bool note_name_check(const char *name) {
    return name != NULL && name_check(name, strlen(name));
}

static void key_id(const NoteKey *key, uint8_t ret_id[ID_SIZE]) {
    uint8_t hash[DIGEST_SIZE];
    g_autoptr(Digest) digest = digest_new(DIGEST_SHA256);
    digest_begin(digest);
    digest_add(digest, key->name, strlen(key->name));
    digest_add(digest, "\n", 1);
    digest_add(digest, types[key->type].bytes, types[key->type].size);
    digest_add(digest, key->key.bytes, key->key.size);
    digest_end(digest, hash);
    memcpy(ret_id, hash, ID_SIZE);
}

NoteKey note_key_make(const char *name, NoteKeyType type, const SignPublic *key) {
    g_assert(note_name_check(name) && key->kind == types[type].kind);
    NoteKey made = {.type = type, .key = *key};
    g_strlcpy(made.name, name, sizeof made.name);
    key_id(&made, made.id);
    return made;
}

/* type‖key -> type and key. */
static bool take_type(const GByteArray *bytes, NoteKey *key) {
    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        if (bytes->len == types[i].size + types[i].key_size &&
            memcmp(bytes->data, types[i].bytes, types[i].size) == 0) {
            key->type = (NoteKeyType)i;
            key->key.kind = types[i].kind;
            key->key.size = types[i].key_size;
            memcpy(key->key.bytes, bytes->data + types[i].size, types[i].key_size);
            return true;
        }
    }
    return false;
}

bool note_key_parse(const char *vkey, NoteKey *ret_key, GError **error) {
    const char *id = strchr(vkey, '+');
    const char *material = id != NULL ? strchr(id + 1, '+') : NULL;
    if (material == NULL || material - id != 1 + 2 * ID_SIZE ||
        !name_check(vkey, (size_t)(id - vkey))) {
        return hz_fail(error, HZ_ERROR_INVALID, "a key is \"name+8 hex digits+base64\"");
    }
    NoteKey key = {0};
    memcpy(key.name, vkey, (size_t)(id - vkey));
    g_autofree char *id_text = g_strndup(id + 1, 2 * ID_SIZE);
    g_autoptr(GByteArray) bytes = base64_read(material + 1, strlen(material + 1));
    if (bytes == NULL || !take_type(bytes, &key)) {
        return hz_fail(error, HZ_ERROR_INVALID, "key of \"%s\" is of no known type", key.name);
    }
    key_id(&key, key.id);
    g_autofree char *id_wanted = hex_format(key.id, ID_SIZE); /* in lower case: one form only */
    if (strcmp(id_text, id_wanted) != 0) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "key of \"%s\" does not have the id it states", key.name);
    }
    *ret_key = key;
    return true;
}

char *note_key_format(const NoteKey *key) {
    g_autofree char *id = hex_format(key->id, ID_SIZE);
    uint8_t material[32 + SIGN_PUBLIC_MAX];
    size_t type_size = types[key->type].size;
    memcpy(material, types[key->type].bytes, type_size);
    memcpy(material + type_size, key->key.bytes, key->key.size);
    g_autofree char *text = g_base64_encode(material, type_size + key->key.size);
    return g_strconcat(key->name, "+", id, "+", text, NULL);
}

/* --- notes ----------------------------------------------------------------------------------- */

static void signature_clear(gpointer data) {
    NoteSignature *signature = data;
    g_free(signature->name);
    g_free(signature->bytes);
}

static GArray *signatures_new(void) {
    GArray *signatures = g_array_new(FALSE, TRUE, sizeof(NoteSignature));
    g_array_set_clear_func(signatures, signature_clear);
    return signatures;
}

void note_clear(Note *note) {
    g_clear_pointer(&note->text, g_free);
    g_clear_pointer(&note->signatures, g_array_unref);
}

/* One line without its LF. */
static bool take_signature(const char *line, size_t size, GArray *signatures) {
    if (size > SIGNATURE_LINE_MAX || size <= DASH_SIZE || memcmp(line, DASH, DASH_SIZE) != 0) {
        return false;
    }
    const char *name = line + DASH_SIZE;
    const char *end = line + size;
    const char *space = memchr(name, ' ', (size_t)(end - name));
    if (space == NULL || !name_check(name, (size_t)(space - name))) {
        return false;
    }
    g_autoptr(GByteArray) bytes = base64_read(space + 1, (size_t)(end - space - 1));
    if (bytes == NULL || bytes->len <= ID_SIZE) {
        return false;
    }
    NoteSignature signature = {
        .name = g_strndup(name, (gsize)(space - name)),
        .bytes = g_memdup2(bytes->data + ID_SIZE, bytes->len - ID_SIZE),
        .size = bytes->len - ID_SIZE,
    };
    memcpy(signature.id, bytes->data, ID_SIZE);
    g_array_append_val(signatures, signature);
    return true;
}

bool note_lines_parse(const char *bytes, size_t size, GArray **ret_signatures, GError **error) {
    g_autoptr(GArray) signatures = signatures_new();
    if (size > NOTE_SIZE_MAX) {
        return hz_fail(error, HZ_ERROR_LIMIT, "signatures are longer than %d bytes", NOTE_SIZE_MAX);
    }
    const char *end = bytes + size;
    for (const char *at = bytes; at < end;) {
        const char *line_end = memchr(at, '\n', (size_t)(end - at));
        if (line_end == NULL || !take_signature(at, (size_t)(line_end - at), signatures)) {
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "signature line %u is not \"— name base64\"",
                           signatures->len + 1);
        }
        if (signatures->len > NOTE_SIGNATURES_MAX) {
            return hz_fail(
                error, HZ_ERROR_LIMIT, "a note has at most %d signatures", NOTE_SIGNATURES_MAX);
        }
        at = line_end + 1;
    }
    if (signatures->len == 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "the note has no signature");
    }
    *ret_signatures = g_steal_pointer(&signatures);
    return true;
}

static bool is_note_text(const char *bytes, size_t size) {
    for (size_t i = 0; i < size; i++) {
        if ((uint8_t)bytes[i] < 0x20 && bytes[i] != '\n') {
            return false;
        }
    }
    return g_utf8_validate(bytes, (gssize)size, NULL);
}

/* Where the signatures begin: behind the last empty line. NULL: there is none. */
static const char *find_signatures(const char *bytes, size_t size) {
    for (size_t i = size; i >= 2; i--) {
        if (bytes[i - 1] == '\n' && bytes[i - 2] == '\n') {
            return bytes + i;
        }
    }
    return NULL;
}

bool note_parse(const char *bytes, size_t size, Note *ret_note, GError **error) {
    if (size > NOTE_SIZE_MAX) {
        return hz_fail(error, HZ_ERROR_LIMIT, "a note has at most %d bytes", NOTE_SIZE_MAX);
    }
    if (!is_note_text(bytes, size)) {
        return hz_fail(error, HZ_ERROR_INVALID, "a note is UTF-8 without control characters");
    }
    const char *lines = find_signatures(bytes, size);
    if (lines == NULL || lines - bytes < 2) {
        return hz_fail(error, HZ_ERROR_INVALID, "the note has no blank line before signatures");
    }
    GArray *signatures = NULL;
    if (!note_lines_parse(lines, size - (size_t)(lines - bytes), &signatures, error)) {
        return false;
    }
    size_t text_size = (size_t)(lines - bytes) - 1;
    *ret_note = (Note){g_strndup(bytes, text_size), text_size, signatures};
    return true;
}

char *note_cosigned_message(int64_t time_s, const char *text) {
    return g_strdup_printf("cosignature/v1\ntime %" G_GINT64_FORMAT "\n%s", time_s, text);
}

static bool verify_cosignature(const NoteSignature *signature,
                               const NoteKey *key,
                               const char *text,
                               int64_t *ret_time_s) {
    if (signature->size != NOTE_COSIGNATURE_SIZE) {
        return false;
    }
    guint64 time = 0;
    for (size_t i = 0; i < 8; i++) {
        time = time << 8 | signature->bytes[i];
    }
    if (time > G_MAXINT64) {
        return false;
    }
    g_autofree char *message = note_cosigned_message((int64_t)time, text);
    *ret_time_s = (int64_t)time;
    return sign_verify(
        &key->key, message, strlen(message), signature->bytes + 8, signature->size - 8);
}

bool note_signature_verify(const NoteSignature *signature,
                           const NoteKey *key,
                           const char *text,
                           size_t text_size,
                           int64_t *ret_time_s) {
    int64_t time_s = 0;
    bool is_valid =
        key->type == NOTE_COSIGNATURE
            ? verify_cosignature(signature, key, text, &time_s)
            : sign_verify(&key->key, text, text_size, signature->bytes, signature->size);
    if (is_valid && ret_time_s != NULL) {
        *ret_time_s = time_s;
    }
    return is_valid;
}

NoteVerdict note_check(const Note *note, const NoteKey *key, int64_t *ret_time_s) {
    NoteVerdict verdict = NOTE_UNSIGNED;
    for (guint i = 0; i < note->signatures->len; i++) {
        const NoteSignature *signature = &g_array_index(note->signatures, NoteSignature, i);
        if (strcmp(signature->name, key->name) != 0 ||
            memcmp(signature->id, key->id, ID_SIZE) != 0) {
            continue;
        }
        if (!note_signature_verify(signature, key, note->text, note->text_size, ret_time_s)) {
            return NOTE_FORGED;
        }
        verdict = NOTE_SIGNED;
    }
    return verdict;
}

void note_append_line(GString *note, const NoteKey *key, const uint8_t *signature, size_t size) {
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    g_byte_array_append(bytes, key->id, ID_SIZE);
    g_byte_array_append(bytes, signature, (guint)size);
    g_autofree char *text = g_base64_encode(bytes->data, bytes->len);
    g_string_append_printf(note, DASH "%s %s\n", key->name, text);
}
