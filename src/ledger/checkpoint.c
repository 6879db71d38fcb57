#include "ledger/checkpoint.h"

#include "base/error.h"

#include <string.h>

/* --- lines -------------------------------------------------------------------------------------
 */

/* A text that is taken apart line by line. */
typedef struct Lines {
    const char *at;
    const char *end;
} Lines;

/* The next line without its LF; false when none that ends is left. */
static bool next_line(Lines *lines, const char **ret_line, size_t *ret_size) {
    const char *end =
        lines->at < lines->end ? memchr(lines->at, '\n', (size_t)(lines->end - lines->at)) : NULL;
    if (end == NULL) {
        return false;
    }
    *ret_line = lines->at;
    *ret_size = (size_t)(end - lines->at);
    lines->at = end + 1;
    return true;
}

/* --- checkpoints -------------------------------------------------------------------------------
 */

char *checkpoint_body(const char *origin, int64_t size, const uint8_t root[DIGEST_SIZE]) {
    g_autofree char *text = g_base64_encode(root, DIGEST_SIZE);
    return g_strdup_printf("%s\n%" G_GINT64_FORMAT "\n%s\n", origin, size, text);
}

static bool read_body(Lines *lines, Checkpoint *checkpoint) {
    const char *line = NULL;
    size_t size = 0;
    if (!next_line(lines, &line, &size) || size == 0 || size > NOTE_NAME_MAX ||
        memchr(line, '\0', size) != NULL) {
        return false;
    }
    memcpy(checkpoint->origin, line, size);
    if (!next_line(lines, &line, &size) || !decimal_read(line, size, &checkpoint->size) ||
        !next_line(lines, &line, &size) ||
        !base64_read_exactly(line, size, checkpoint->root, DIGEST_SIZE)) {
        return false;
    }
    while (lines->at < lines->end) {
        if (!next_line(lines, &line, &size) || size == 0) {
            return false;
        }
        checkpoint->has_extensions = true;
    }
    return true;
}

bool checkpoint_parse(const char *body, size_t size, Checkpoint *ret_checkpoint, GError **error) {
    Checkpoint checkpoint = {0};
    Lines lines = {body, body + size};
    if (!read_body(&lines, &checkpoint)) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "a checkpoint is origin, size and base64 root, a line each");
    }
    *ret_checkpoint = checkpoint;
    return true;
}

bool checkpoint_open(
    const char *bytes, size_t size, Note *ret_note, Checkpoint *ret_checkpoint, GError **error) {
    g_auto(Note) note = {0};
    if (!note_parse(bytes, size, &note, error) ||
        !checkpoint_parse(note.text, note.text_size, ret_checkpoint, error)) {
        return false;
    }
    *ret_note = note;
    note = (Note){0};
    return true;
}

/* --- proofs --------------------------------------------------------------------------------------
 */

#define PROOF_HEAD "c2sp.org/tlog-proof@v1"

void tlog_proof_clear(TlogProof *proof) {
    g_clear_pointer(&proof->extra, g_byte_array_unref);
    g_clear_pointer(&proof->hashes, g_byte_array_unref);
    g_clear_pointer(&proof->checkpoint, g_free);
}

char *tlog_proof_format(const TlogProof *proof) {
    GString *text = g_string_new(PROOF_HEAD "\n");
    if (proof->extra != NULL) {
        g_autofree char *extra = g_base64_encode(proof->extra->data, proof->extra->len);
        g_string_append_printf(text, "extra %s\n", extra);
    }
    g_string_append_printf(text, "index %" G_GINT64_FORMAT "\n", proof->index);
    for (guint at = 0; at < proof->hashes->len; at += DIGEST_SIZE) {
        g_autofree char *hash = g_base64_encode(proof->hashes->data + at, DIGEST_SIZE);
        g_string_append_printf(text, "%s\n", hash);
    }
    g_string_append_printf(text, "\n%s", proof->checkpoint);
    return g_string_free(text, FALSE);
}

/* "name value" -> value. */
static bool has_name(const char **line, size_t *size, const char *name) {
    size_t name_size = strlen(name);
    if (*size < name_size || memcmp(*line, name, name_size) != 0) {
        return false;
    }
    *line += name_size;
    *size -= name_size;
    return true;
}

static bool read_hashes(Lines *lines, GByteArray *hashes) {
    const char *line = NULL;
    size_t size = 0;
    while (next_line(lines, &line, &size)) {
        uint8_t hash[DIGEST_SIZE];
        if (size == 0) {
            return true;
        }
        if (hashes->len >= TLOG_PROOF_HASHES_MAX * DIGEST_SIZE ||
            !base64_read_exactly(line, size, hash, DIGEST_SIZE)) {
            return false;
        }
        g_byte_array_append(hashes, hash, DIGEST_SIZE);
    }
    return false;
}

static bool read_proof(Lines *lines, TlogProof *proof) {
    const char *line = NULL;
    size_t size = 0;
    if (!next_line(lines, &line, &size) || size != strlen(PROOF_HEAD) ||
        memcmp(line, PROOF_HEAD, size) != 0 || !next_line(lines, &line, &size)) {
        return false;
    }
    if (has_name(&line, &size, "extra ")) {
        proof->extra = base64_read(line, size);
        if (proof->extra == NULL || !next_line(lines, &line, &size)) {
            return false;
        }
    }
    return has_name(&line, &size, "index ") && decimal_read(line, size, &proof->index) &&
           read_hashes(lines, proof->hashes);
}

bool tlog_proof_parse(const char *text, size_t size, TlogProof *ret_proof, GError **error) {
    g_auto(TlogProof) proof = {.hashes = g_byte_array_new()};
    Lines lines = {text, text + size};
    if (size > TLOG_PROOF_SIZE_MAX) {
        return hz_fail(error, HZ_ERROR_LIMIT, "a proof has at most %d bytes", TLOG_PROOF_SIZE_MAX);
    }
    if (!read_proof(&lines, &proof)) {
        return hz_fail(error, HZ_ERROR_INVALID, "not a proof in the form " PROOF_HEAD);
    }
    g_auto(Note) note = {0};
    Checkpoint checkpoint;
    if (!checkpoint_open(lines.at, (size_t)(lines.end - lines.at), &note, &checkpoint, error)) {
        return false;
    }
    proof.checkpoint = g_strndup(lines.at, (gsize)(lines.end - lines.at));
    *ret_proof = proof;
    proof = (TlogProof){0};
    return true;
}

/* --- tiles ---------------------------------------------------------------------------------------
 */

#define TILE_INDEX_MAX (INT64_C(1) << 55) /* beyond it no entry can be */

char *tile_path_format(const TilePath *tile) {
    GString *path = g_string_new(NULL);
    int64_t rest = tile->index / 1000;
    g_string_printf(path, "%03d", (int)(tile->index % 1000));
    for (; rest > 0; rest /= 1000) {
        g_autofree char *group = g_strdup_printf("x%03d/", (int)(rest % 1000));
        g_string_prepend(path, group);
    }
    g_autofree char *head = tile->level == TILE_ENTRIES ? g_strdup("tile/entries/")
                                                        : g_strdup_printf("tile/%d/", tile->level);
    g_string_prepend(path, head);
    if (tile->width < TILE_WIDTH) {
        g_string_append_printf(path, ".p/%u", tile->width);
    }
    return g_string_free(path, FALSE);
}

static bool read_level(const char *text, int *ret_level) {
    int64_t level = 0;
    if (strcmp(text, "entries") == 0) {
        *ret_level = TILE_ENTRIES;
        return true;
    }
    if (!decimal_read(text, strlen(text), &level) || level >= TILE_LEVELS) {
        return false;
    }
    *ret_level = (int)level;
    return true;
}

bool tile_path_parse(const char *path, TilePath *ret_tile) {
    TilePath tile = {.width = TILE_WIDTH};
    g_auto(GStrv) parts = g_strsplit(path, "/", 16);
    guint count = g_strv_length(parts);
    if (count < 3 || strcmp(parts[0], "tile") != 0 || !read_level(parts[1], &tile.level)) {
        return false;
    }
    if (count > 3 && g_str_has_suffix(parts[count - 2], ".p")) {
        int64_t width = 0;
        if (!decimal_read(parts[count - 1], strlen(parts[count - 1]), &width) || width < 1 ||
            width >= TILE_WIDTH) {
            return false;
        }
        tile.width = (unsigned)width;
        count--;
    }
    for (guint i = 2; i < count; i++) {
        const char *digits = parts[i][0] == 'x' ? parts[i] + 1 : parts[i];
        size_t size = MIN(strlen(digits), 3);
        for (size_t k = 0; k < size; k++) {
            tile.index = tile.index * 10 + g_ascii_digit_value(digits[k]);
        }
        if (size != 3 || tile.index < 0 || tile.index > TILE_INDEX_MAX) {
            return false;
        }
    }
    /* Writing it again settles every question of form. */
    g_autofree char *again = tile_path_format(&tile);
    if (strcmp(again, path) != 0) {
        return false;
    }
    *ret_tile = tile;
    return true;
}

unsigned tile_width(int64_t size, int level, int64_t index) {
    unsigned shift = level == TILE_ENTRIES ? 0 : 8 * (unsigned)level;
    int64_t count = shift < 63 ? size >> shift : 0; /* hashes at this level */
    if (index < 0 || index > TILE_INDEX_MAX || count <= index * TILE_WIDTH) {
        return 0;
    }
    return (unsigned)MIN(count - index * TILE_WIDTH, TILE_WIDTH);
}
