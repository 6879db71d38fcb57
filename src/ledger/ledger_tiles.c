/* Tiles and entry bundles, from the rows that the log keeps anyway; and the export of them all. */
#include "base/error.h"
#include "ledger/ledger_internal.h"
#include "ledger/ledger_public.h"

#include <errno.h>
#include <string.h>

static bool is_zero(const uint8_t hash[DIGEST_SIZE]) {
    static const uint8_t zeros[DIGEST_SIZE];
    return memcmp(hash, zeros, DIGEST_SIZE) == 0;
}

/* One tree's half of the stored pairs. */
static GByteArray *
half_of(const GByteArray *pairs, DigestKind kind, const TilePath *tile, GError **error) {
    g_autoptr(GByteArray) hashes = g_byte_array_sized_new(pairs->len / 2);
    for (guint at = kind == DIGEST_SM3 ? DIGEST_SIZE : 0; at < pairs->len; at += LEDGER_PAIR) {
        if (is_zero(pairs->data + at)) {
            hz_fail(error,
                    HZ_ERROR_CORRUPT,
                    "tile %d/%" G_GINT64_FORMAT ": hash %u is missing",
                    tile->level,
                    tile->index,
                    at / LEDGER_PAIR);
            return NULL;
        }
        g_byte_array_append(hashes, pairs->data + at, DIGEST_SIZE);
    }
    return g_steal_pointer(&hashes);
}

GByteArray *
ledger_tile(Db *db, DigestKind kind, const TilePath *tile, int64_t size, GError **error) {
    if (tile->width == 0 || tile->width > tile_width(size, tile->level, tile->index)) {
        hz_fail(error,
                HZ_ERROR_NOT_FOUND,
                "the tree of %" G_GINT64_FORMAT " entries has no such tile",
                size);
        return NULL;
    }
    int64_t first = tile->index * TILE_WIDTH;
    if (tile->level == TILE_ENTRIES) {
        return ledger_store_bundle(db, first, first + tile->width, error);
    }
    g_autoptr(GByteArray) pairs = ledger_store_nodes(
        db, 8 * (unsigned)tile->level, (uint64_t)first, (uint64_t)first + tile->width, error);
    return pairs != NULL ? half_of(pairs, kind, tile, error) : NULL;
}

/* --- export -------------------------------------------------------------------------------------
 */

typedef struct Export {
    Db *db;
    const char *folder;
    int64_t size;
    LedgerProgress progress;
    void *data;
} Export;

static bool write_bytes(
    const Export *export, const char *path, const void *bytes, size_t size, GError **error) {
    g_autofree char *full = g_build_filename(export->folder, path, NULL);
    g_autofree char *parent = g_path_get_dirname(full);
    g_autoptr(GError) problem = NULL;
    if (g_mkdir_with_parents(parent, 0777) != 0) {
        return hz_fail(
            error, HZ_ERROR_UNAVAILABLE, "cannot make %s: %s", parent, g_strerror(errno));
    }
    return g_file_set_contents_full(
               full, bytes, (gssize)size, G_FILE_SET_CONTENTS_CONSISTENT, 0666, &problem) ||
           hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
}

static bool write_text(const Export *export, const char *path, const char *text, GError **error) {
    return text != NULL && write_bytes(export, path, text, strlen(text), error);
}

static bool
write_tile(const Export *export, DigestKind kind, const TilePath *tile, GError **error) {
    g_autoptr(GByteArray) bytes = ledger_tile(export->db, kind, tile, export->size, error);
    g_autofree char *name = tile_path_format(tile);
    g_autofree char *path = g_strconcat(kind == DIGEST_SM3 ? "sm3/" : "", name, NULL);
    return bytes != NULL && write_bytes(export, path, bytes->data, bytes->len, error);
}

/* All tiles of one level, of one tree. */
static bool write_level(const Export *export, DigestKind kind, int level, GError **error) {
    TilePath tile = {.level = level};
    for (;; tile.index++) {
        tile.width = tile_width(export->size, level, tile.index);
        if (tile.width == 0) {
            return true;
        }
        if (!write_tile(export, kind, &tile, error)) {
            return false;
        }
        if (level == TILE_ENTRIES && export->progress != NULL) {
            export->progress(tile.index * TILE_WIDTH + tile.width, export->size, export->data);
        }
    }
}

static bool write_tiles(const Export *export, GError **error) {
    bool done = write_level(export, DIGEST_SHA256, TILE_ENTRIES, error);
    for (int level = 0; done && level < TILE_LEVELS; level++) {
        done = write_level(export, DIGEST_SHA256, level, error) &&
               write_level(export, DIGEST_SM3, level, error);
    }
    return done;
}

bool ledger_export(Db *db,
                   const char *folder,
                   LedgerProgress progress,
                   void *data,
                   int64_t *ret_size,
                   GError **error) {
    g_auto(LedgerSignedHead) head = {0};
    if (!ledger_signed_newest(db, &head, error)) {
        return false;
    }
    const Export export = {db, folder, head.size, progress, data};
    g_autofree char *checkpoint = ledger_checkpoint_text(db, &head, error);
    g_autofree char *keys = checkpoint != NULL ? ledger_keys_text(db, error) : NULL;
    g_autofree char *policy = keys != NULL ? ledger_policy_public(db, error) : NULL;
    if (policy == NULL || !write_tiles(&export, error) ||
        !write_text(&export, "keys.txt", keys, error) ||
        !write_text(&export, "policy.txt", policy, error) ||
        !write_text(&export, "sm3/checkpoint", head.note_sm3, error) ||
        !write_text(&export, "checkpoint", checkpoint, error)) {
        return false;
    }
    if (ret_size != NULL) {
        *ret_size = head.size;
    }
    return true;
}
