#include "ledger/keyring.h"

#include "base/error.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

#define KEY_FILE "log.pem"
#define NEXT_FILE "log.next.pem"
#define FIRST_LINE "origin "
#define BEGIN "-----BEGIN PRIVATE KEY-----"
#define KEY_FILE_MAX 16384 /* two keys have about 400 bytes */

/* --- keys in a file -----------------------------------------------------------------------------
 */

typedef struct FileKeys {
    SignKey *keys[2]; /* by SignKind */
} FileKeys;

static const SignPublic *file_public_key(const void *self, SignKind kind) {
    const FileKeys *file = self;
    return sign_key_public(file->keys[kind]);
}

static bool file_sign(void *self,
                      SignKind kind,
                      const void *message,
                      size_t size,
                      GByteArray *ret_signature,
                      GError **error) {
    FileKeys *file = self;
    return sign_key_sign(file->keys[kind], message, size, ret_signature, error);
}

static void file_free(void *self) {
    FileKeys *file = self;
    sign_key_free(file->keys[SIGN_ED25519]);
    sign_key_free(file->keys[SIGN_SM2]);
    g_free(file);
}

static const KeyProvider file_provider = {"file", file_public_key, file_sign, file_free};

/* "origin <origin>\n", then the two keys. */
static bool take_file(const char *text, FileKeys *file, char **ret_origin, GError **error) {
    const char *line_end = strchr(text, '\n');
    const char *first = strstr(text, BEGIN);
    const char *second = first != NULL ? strstr(first + 1, BEGIN) : NULL;
    if (!g_str_has_prefix(text, FIRST_LINE) || line_end == NULL || second == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "it is not an origin line and two private keys");
    }
    file->keys[SIGN_ED25519] = sign_key_read(SIGN_ED25519, first, error);
    if (file->keys[SIGN_ED25519] == NULL) {
        return false;
    }
    file->keys[SIGN_SM2] = sign_key_read(SIGN_SM2, second, error);
    if (file->keys[SIGN_SM2] == NULL) {
        return false;
    }
    const char *origin = text + strlen(FIRST_LINE);
    *ret_origin = g_strndup(origin, (gsize)(line_end - origin));
    return true;
}

/* Checks who may read it before it is read. */
static char *read_file(const char *path, GError **error) {
    struct stat status;
    if (stat(path, &status) != 0) {
        hz_fail(error,
                errno == ENOENT ? HZ_ERROR_NOT_FOUND : HZ_ERROR_UNAVAILABLE,
                "the signing key %s cannot be found: %s; put it back from your copy of the key",
                path,
                g_strerror(errno));
        return NULL;
    }
    if (!S_ISREG(status.st_mode) || (status.st_mode & 077) != 0) {
        hz_fail(error,
                HZ_ERROR_DENIED,
                "the signing key %s may be read by others (mode %04o); run chmod 600 on it, and "
                "`huozheng ledger rotate` if anybody may have copied it",
                path,
                (unsigned)status.st_mode & 07777);
        return NULL;
    }
    g_autoptr(GError) problem = NULL;
    char *text = NULL;
    if (status.st_size > KEY_FILE_MAX || !g_file_get_contents(path, &text, NULL, &problem)) {
        hz_fail(error,
                HZ_ERROR_UNAVAILABLE,
                "the signing key %s cannot be read: %s; the server's user must own it",
                path,
                problem != NULL ? problem->message : "too large");
        return NULL;
    }
    return text;
}

static LedgerKeys *open_file(const char *folder, const char *name, GError **error) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    char *text = read_file(path, error);
    if (text == NULL) {
        return NULL;
    }
    FileKeys *file = g_new0(FileKeys, 1);
    g_autofree char *origin = NULL;
    bool taken = take_file(text, file, &origin, error);
    sign_key_pem_free(text);
    if (!taken) {
        g_prefix_error(error, "%s: ", path);
        file_free(file);
        return NULL;
    }
    return ledger_keys_of(&file_provider, file, folder, origin, error);
}

LedgerKeys *ledger_keys_open(const char *folder, GError **error) {
    return open_file(folder, KEY_FILE, error);
}

LedgerKeys *ledger_keys_open_next(const char *folder, GError **error) {
    return open_file(folder, NEXT_FILE, error);
}

static bool write_file(const char *folder, const char *name, const char *origin, GError **error) {
    if (g_mkdir_with_parents(folder, 0700) != 0) {
        return hz_fail(
            error, HZ_ERROR_UNAVAILABLE, "cannot make %s: %s", folder, g_strerror(errno));
    }
    g_autofree char *path = g_build_filename(folder, name, NULL);
    g_autoptr(SignKey) ed25519 = sign_key_new(SIGN_ED25519);
    g_autoptr(SignKey) sm2 = sign_key_new(SIGN_SM2);
    char *first = sign_key_pem(ed25519);
    char *second = sign_key_pem(sm2);
    char *text = g_strconcat(FIRST_LINE, origin, "\n", first, second, NULL);
    g_autoptr(GError) problem = NULL;
    bool written =
        g_file_set_contents_full(path,
                                 text,
                                 -1,
                                 G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                 0600,
                                 &problem);
    sign_key_pem_free(first);
    sign_key_pem_free(second);
    sign_key_pem_free(text);
    return written || hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
}

bool ledger_keys_generate(const char *folder, const char *origin, GError **error) {
    g_autofree char *path = g_build_filename(folder, KEY_FILE, NULL);
    if (!note_name_check(origin) || !g_str_has_suffix(origin, "/fss")) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "an origin is a name without blanks and plus signs that ends in \"/fss\"");
    }
    if (g_file_test(path, G_FILE_TEST_EXISTS)) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "there is a key already: %s", path);
    }
    return write_file(folder, KEY_FILE, origin, error);
}

bool ledger_keys_generate_next(const char *folder, const char *origin, GError **error) {
    return write_file(folder, NEXT_FILE, origin, error);
}

char *ledger_keys_file(const char *folder) {
    g_autofree char *path = g_build_filename(folder, KEY_FILE, NULL);
    struct stat status;
    return lstat(path, &status) == 0 || errno != ENOENT ? g_steal_pointer(&path) : NULL;
}

bool ledger_keys_promote(const char *folder, GError **error) {
    g_autofree char *path = g_build_filename(folder, KEY_FILE, NULL);
    g_autofree char *next = g_build_filename(folder, NEXT_FILE, NULL);
    if (g_rename(next, path) != 0 && errno != ENOENT) {
        return hz_fail(error,
                       HZ_ERROR_UNAVAILABLE,
                       "cannot put the new key in place (%s): %s",
                       path,
                       g_strerror(errno));
    }
    return true;
}

/* --- any provider -------------------------------------------------------------------------------
 */

LedgerKeys *ledger_keys_of(const KeyProvider *provider,
                           void *self,
                           const char *folder,
                           const char *origin,
                           GError **error) {
    g_autofree char *origin_sm3 = g_strconcat(origin, "-sm3", NULL);
    if (!note_name_check(origin) || !note_name_check(origin_sm3)) {
        provider->free(self);
        hz_fail(error, HZ_ERROR_INVALID, "\"%s\" cannot be an origin", origin);
        return NULL;
    }
    LedgerKeys *keys = g_new0(LedgerKeys, 1);
    const SignPublic *sm2 = provider->public_key(self, SIGN_SM2);
    keys->provider = provider;
    keys->self = self;
    keys->folder = g_strdup(folder);
    g_strlcpy(keys->origin, origin, sizeof keys->origin);
    g_strlcpy(keys->origin_sm3, origin_sm3, sizeof keys->origin_sm3);
    keys->ed25519 = note_key_make(origin, NOTE_ED25519, provider->public_key(self, SIGN_ED25519));
    keys->sm2 = note_key_make(origin, NOTE_SM2, sm2);
    keys->sm2_sm3 = note_key_make(origin_sm3, NOTE_SM2, sm2);
    return keys;
}

void ledger_keys_free(LedgerKeys *keys) {
    if (keys != NULL) {
        keys->provider->free(keys->self);
        g_free(keys->folder);
        g_free(keys);
    }
}

bool ledger_keys_sign(
    LedgerKeys *keys, const NoteKey *key, const char *text, GString *note, GError **error) {
    g_autoptr(GByteArray) signature = g_byte_array_new();
    size_t size = strlen(text);
    if (!keys->provider->sign(keys->self, key->key.kind, text, size, signature, error)) {
        return false;
    }
    /* A key that signs wrongly (a broken card, a wrong slot) must not get into a head. */
    if (!sign_verify(&key->key, text, size, signature->data, signature->len)) {
        return hz_fail(error, HZ_ERROR_INTERNAL, "the signature just made does not verify");
    }
    note_append_line(note, key, signature->data, signature->len);
    return true;
}

/* --- where --------------------------------------------------------------------------------------
 */

/* The database's name in "postgresql://host/NAME?…". Caller frees. */
static char *database_name(const char *url) {
    const char *authority = strstr(url, "://");
    const char *path = authority != NULL ? strchr(authority + 3, '/') : NULL;
    size_t size = path != NULL ? strcspn(path + 1, "?/") : 0;
    return size > 0 ? g_strndup(path + 1, size) : g_strdup("postgresql");
}

char *ledger_keys_folder(const char *db_url, const char *option, const char *data_dir) {
    const char *chosen = option != NULL ? option : g_getenv("HUOZHENG_LEDGER");
    if (chosen != NULL) {
        return g_strdup(chosen);
    }
    if (g_str_has_prefix(db_url, "sqlite:")) {
        return g_strconcat(db_url + strlen("sqlite:"), "-ledger", NULL);
    }
    const char *data = data_dir != NULL ? data_dir : g_getenv("HUOZHENG_DATA");
    g_autofree char *name = database_name(db_url);
    g_autofree char *folder = g_strconcat("ledger-", name, NULL);
    return g_build_filename(data != NULL ? data : "huozheng-data", folder, NULL);
}

char *ledger_keys_default_origin(void) {
    const char *given = g_getenv("HUOZHENG_ORIGIN");
    if (given != NULL) {
        return g_strdup(given);
    }
    g_autofree char *host = g_ascii_strdown(g_get_host_name(), -1);
    g_strcanon(host, "abcdefghijklmnopqrstuvwxyz0123456789.-", '-');
    return g_strconcat(host[0] != '\0' ? host : "localhost", "/fss", NULL);
}
