#include "cli/manifest.h"

#include "base/clock.h"
#include "base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define FORMAT "huozheng-backup/1"
#define MANIFEST_MAX (64 * 1024) /* ours are under 1 KiB */

char *manifest_path(const char *file) {
    return g_strconcat(file, ".manifest.json", NULL);
}

int manifest_failure(const GError *error) {
    fprintf(stderr, "huozheng: %s\n", error->message);
    bool cannot_run = g_error_matches(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_BUSY) ||
                      g_error_matches(error, HZ_ERROR, HZ_ERROR_INTERNAL);
    return cannot_run ? 3 : 1;
}

char *manifest_head_text(const LedgerHead *head) {
    g_autofree char *root = hex_format(head->root, DIGEST_SIZE);
    return g_strdup_printf("%" G_GINT64_FORMAT " entries, root %s", head->size, root);
}

/* --- the file -------------------------------------------------------------------------------- */

static bool hash_stream(FILE *stream, Manifest *manifest) {
    enum { PIECE = 1 << 20 };
    g_autofree char *buffer = g_malloc(PIECE);
    g_autoptr(Digest) digest = digest_new(DIGEST_SHA256);
    digest_begin(digest);
    manifest->size = 0;
    size_t size = 0;
    while ((size = fread(buffer, 1, PIECE, stream)) > 0) {
        digest_add(digest, buffer, size);
        manifest->size += (int64_t)size;
    }
    uint8_t hash[DIGEST_SIZE];
    digest_end(digest, hash);
    g_autofree char *text = hex_format(hash, DIGEST_SIZE);
    g_strlcpy(manifest->sha256, text, sizeof manifest->sha256);
    return ferror(stream) == 0;
}

bool manifest_measure(Manifest *manifest, const char *file, GError **error) {
    FILE *stream = fopen(file, "rb");
    if (stream == NULL) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot open %s: %s", file, g_strerror(errno));
    }
    bool done = hash_stream(stream, manifest);
    (void)fclose(stream); /* only read */
    return done || hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot read %s", file);
}

/* --- JSON ------------------------------------------------------------------------------------ */

json_t *manifest_json(const Manifest *manifest, const char *file) {
    g_autofree char *name = g_path_get_basename(file);
    g_autofree char *made = clock_format_utc(manifest->made_us);
    g_autofree char *root = hex_format(manifest->head.root, DIGEST_SIZE);
    json_t *ledger = json_object();
    json_put_int(ledger, "size", manifest->head.size);
    json_put_text(ledger, "root", root);
    json_t *object = json_object();
    json_put_text(object, "format", FORMAT);
    json_put_text(object, "file", name);
    json_put_text(object, "engine", manifest->engine == DB_ENGINE_PG ? "postgresql" : "sqlite");
    json_put_text(object, "made", made);
    json_put_int(object, "size", manifest->size);
    json_put_text(object, "sha256", manifest->sha256);
    json_put(object, "ledger", ledger);
    return object;
}

bool manifest_write(const Manifest *manifest, const char *file, GError **error) {
    g_autoptr(json_t) object = manifest_json(manifest, file);
    g_autofree char *text = json_write(object);
    g_autofree char *path = manifest_path(file);
    g_autoptr(GError) failure = NULL;
    if (!g_file_set_contents_full(path,
                                  text,
                                  -1,
                                  G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                  0600,
                                  &failure)) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", failure->message);
    }
    return true;
}

static bool parse(const json_t *object, Manifest *manifest) {
    const json_t *ledger = json_object_get(object, "ledger");
    const char *engine = json_get_text(object, "engine", "");
    const char *sha256 = json_get_text(object, "sha256", "");
    uint8_t hash[DIGEST_SIZE];
    if (strcmp(json_get_text(object, "format", ""), FORMAT) != 0 || !json_is_object(ledger) ||
        (strcmp(engine, "sqlite") != 0 && strcmp(engine, "postgresql") != 0) ||
        strlen(sha256) != 2 * DIGEST_SIZE || !hex_parse(sha256, hash, DIGEST_SIZE) ||
        strlen(json_get_text(ledger, "root", "")) != 2 * DIGEST_SIZE ||
        !hex_parse(json_get_text(ledger, "root", ""), manifest->head.root, DIGEST_SIZE) ||
        !clock_parse(json_get_text(object, "made", ""), &manifest->made_us)) {
        return false;
    }
    manifest->engine = strcmp(engine, "sqlite") == 0 ? DB_ENGINE_SQLITE : DB_ENGINE_PG;
    manifest->size = json_get_int(object, "size", -1);
    manifest->head.size = json_get_int(ledger, "size", -1);
    g_strlcpy(manifest->sha256, sha256, sizeof manifest->sha256);
    return manifest->size >= 0 && manifest->head.size >= 0;
}

static bool read_small(const char *path, char *buffer, size_t *size, GError **error) {
    FILE *stream = fopen(path, "rb");
    if (stream == NULL) {
        return hz_fail(
            error, HZ_ERROR_NOT_FOUND, "cannot open the manifest %s: %s", path, g_strerror(errno));
    }
    *size = fread(buffer, 1, MANIFEST_MAX, stream);
    bool whole = feof(stream) != 0;
    (void)fclose(stream); /* only read */
    return whole || hz_fail(error, HZ_ERROR_CORRUPT, "%s is no manifest of a backup", path);
}

bool manifest_read(const char *file, Manifest *ret_manifest, GError **error) {
    g_autofree char *path = manifest_path(file);
    g_autofree char *buffer = g_malloc(MANIFEST_MAX);
    size_t size = 0;
    if (!read_small(path, buffer, &size, error)) {
        return false;
    }
    g_autoptr(json_t) object = json_read(buffer, size, NULL);
    Manifest told = {0};
    if (object == NULL || !parse(object, &told)) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "%s is no manifest of a backup", path);
    }
    Manifest seen = {0};
    if (!manifest_measure(&seen, file, error)) {
        return false;
    }
    if (seen.size != told.size || g_ascii_strcasecmp(seen.sha256, told.sha256) != 0) {
        return hz_fail(error,
                       HZ_ERROR_CORRUPT,
                       "%s is not what its manifest describes: %" G_GINT64_FORMAT
                       " bytes, sha256 %.16s…",
                       file,
                       seen.size,
                       seen.sha256);
    }
    *ret_manifest = told;
    return true;
}

/* --- reading a copy back --------------------------------------------------------------------- */

bool manifest_verify_database(const char *url, const LedgerHead *head, GError **error) {
    g_autoptr(Db) db = db_open(url, DB_READ_ONLY, error);
    LedgerHead found = {0};
    if (db == NULL || !db_check(db, false, error) || !ledger_verify(db, NULL, NULL, NULL, error) ||
        !ledger_head(db, &found, error)) {
        return false;
    }
    if (found.size != head->size || memcmp(found.root, head->root, DIGEST_SIZE) != 0) {
        g_autofree char *want = manifest_head_text(head);
        g_autofree char *have = manifest_head_text(&found);
        return hz_fail(
            error, HZ_ERROR_CORRUPT, "the copy's ledger has %s; it should have %s", have, want);
    }
    return true;
}
