/* The frozen files as a source, as downloads and as a folder; one object's line in the pool. */
#include "base/error.h"
#include "draw/draw_internal.h"
#include "draw/draw_store.h"
#include "draw/draw_substitute.h"
#include "ledger/ledger_heads.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

const char *const draw_file_names[] = {"pool.tsv",
                                       "insp.tsv",
                                       "deny.tsv",
                                       "params.txt",
                                       "commit.txt",
                                       "beacon.txt",
                                       "reveals.txt",
                                       "salt.txt",
                                       "result.tsv",
                                       NULL};

bool draw_file_is_there(const Draw *draw, const char *name) {
    static const char *const frozen[] = {"pool.tsv", "insp.tsv", "deny.tsv", "params.txt", NULL};
    if (draw->state == DRAW_DROPPED || !g_strv_contains(draw_file_names, name)) {
        return false;
    }
    if (draw->state == DRAW_FROZEN) {
        return g_strv_contains(frozen, name);
    }
    if (draw->state == DRAW_COMMITTED || draw->state == DRAW_LAPSED) {
        return g_strv_contains(frozen, name) || strcmp(name, "commit.txt") == 0;
    }
    return true;
}

bool draw_file_is_public(const Draw *draw, const char *name) {
    static const char *const roots[] = {"params.txt", "commit.txt", "beacon.txt", NULL};
    if (draw->state == DRAW_FROZEN || !draw_file_is_there(draw, name)) {
        return false;
    }
    return draw->state == DRAW_PUBLISHED || draw->mode == DRAW_OPEN ||
           (draw->mode == DRAW_SEALED && g_strv_contains(roots, name));
}

bool draw_file_visit(
    Db *db, int64_t draw_id, const char *name, DrawTextSink write, void *data, GError **error) {
    if (!g_strv_contains(draw_file_names, name)) {
        return hz_fail(error, HZ_ERROR_NOT_FOUND, "a draw has no file \"%s\"", name);
    }
    for (int64_t part = 0;; part++) {
        g_autofree char *text = NULL;
        if (!draw_store_part(db, draw_id, name, part, &text, error)) {
            return false;
        }
        if (text == NULL) {
            return true;
        }
        if (!write(text, strlen(text), data, error)) {
            return false;
        }
    }
}

/* --- as a source ----------------------------------------------------------------------------- */

typedef struct LineWalk {
    DrawLineVisitor visit;
    void *data;
} LineWalk;

static bool walk_part(const char *text, size_t size, void *data, GError **error) {
    const LineWalk *walk = data;
    g_autofree char *lines = g_strndup(text, size);
    char *line = lines;
    while (*line != '\0') {
        char *end = strchr(line, '\n');
        if (end == NULL) {
            return hz_fail(error, HZ_ERROR_CORRUPT, "a frozen part does not end in a line end");
        }
        *end = '\0';
        if (!walk->visit(line, (size_t)(end - line), walk->data, error)) {
            return false;
        }
        line = end + 1;
    }
    return true;
}

static bool
each_line(void *from, const char *name, DrawLineVisitor visit, void *data, GError **error) {
    const DrawStoreFiles *files = from;
    LineWalk walk = {visit, data};
    return draw_file_visit(files->db, files->draw_id, name, walk_part, &walk, error);
}

static bool append_part(const char *text, size_t size, void *data, GError **error) {
    (void)error;
    g_string_append_len(data, text, (gssize)size);
    return true;
}

static char *whole(void *from, const char *name, GError **error) {
    const DrawStoreFiles *files = from;
    g_autoptr(GString) text = g_string_new(NULL);
    if (!draw_file_visit(files->db, files->draw_id, name, append_part, text, error)) {
        return NULL;
    }
    return g_string_free(g_steal_pointer(&text), FALSE);
}

DrawSource draw_store_source(DrawStoreFiles *files) {
    return (DrawSource){each_line, whole, files};
}

/* --- proofs ---------------------------------------------------------------------------------- */

const char *const draw_proof_names[] = {"commit.tlog-proof", "result.tlog-proof", NULL};

/* The entry that a proof is of; -1: none, or no such proof. */
static int64_t leaf_of(const Draw *draw, const char *name) {
    if (strcmp(name, draw_proof_names[0]) == 0) {
        return draw->commit_leaf;
    }
    return strcmp(name, draw_proof_names[1]) == 0 ? draw->result_leaf : -1;
}

bool draw_proof_is_there(const Draw *draw, const char *name, int64_t signed_size) {
    int64_t leaf = leaf_of(draw, name);
    return leaf >= 0 && leaf < signed_size;
}

bool draw_proof_is_public(const Draw *draw) {
    return draw->mode != DRAW_TYPED || draw->state == DRAW_PUBLISHED;
}

char *draw_proof_text(Db *db, const Draw *draw, const char *name, GError **error) {
    int64_t leaf = leaf_of(draw, name);
    if (leaf < 0) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "the draw has no proof \"%s\"", name);
        return NULL;
    }
    return ledger_tlog_proof(db, leaf, true, error);
}

/* --- as a folder ----------------------------------------------------------------------------- */

static bool write_part(const char *text, size_t size, void *data, GError **error) {
    return fwrite(text, 1, size, data) == size ||
           hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot write: %s", g_strerror(errno));
}

static bool write_file(const char *folder, const char *name, FILE **ret_file, GError **error) {
    g_autofree char *path = g_build_filename(folder, name, NULL);
    *ret_file = fopen(path, "wb");
    return *ret_file != NULL ||
           hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot write %s: %s", path, g_strerror(errno));
}

static bool close_file(FILE *file, GError **error) {
    return fclose(file) == 0 ||
           hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot write: %s", g_strerror(errno));
}

static bool
export_one(Db *db, int64_t draw_id, const char *folder, const char *name, GError **error) {
    FILE *file = NULL;
    if (!write_file(folder, name, &file, error)) {
        return false;
    }
    bool is_written = draw_file_visit(db, draw_id, name, write_part, file, error);
    return close_file(file, is_written ? error : NULL) && is_written;
}

/* Nothing while no head contains the entry. */
static bool
export_proof(Db *db, const Draw *draw, const char *folder, const char *name, GError **error) {
    g_autoptr(GError) problem = NULL;
    g_autofree char *text = draw_proof_text(db, draw, name, &problem);
    FILE *file = NULL;
    if (text == NULL) {
        return g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND) ||
               (g_propagate_error(error, g_steal_pointer(&problem)), false);
    }
    if (!write_file(folder, name, &file, error)) {
        return false;
    }
    bool is_written = write_part(text, strlen(text), file, error);
    return close_file(file, is_written ? error : NULL) && is_written;
}

/* substitutions.tsv stands beside the bundle once there is one. */
static bool
export_substitutions(Db *db, const Draw *draw, bool is_public, const char *folder, GError **error) {
    FILE *file = NULL;
    if (!draw_substitutions_are_open(draw, is_public)) {
        return true;
    }
    g_autoptr(GPtrArray) all = draw_substitutions(db, draw->id, error);
    if (all == NULL || all->len == 0) {
        return all != NULL;
    }
    if (!write_file(folder, DRAW_SUBSTITUTIONS_FILE, &file, error)) {
        return false;
    }
    g_autofree char *text = draw_substitutions_file(draw, all);
    bool is_written = write_part(text, strlen(text), file, error);
    return close_file(file, is_written ? error : NULL) && is_written;
}

bool draw_export(Db *db, int64_t draw_id, bool is_public, const char *folder, GError **error) {
    g_autoptr(Draw) draw = draw_store_find(db, draw_id, false, error);
    if (draw == NULL) {
        return false;
    }
    for (const char *const *name = draw_file_names; *name != NULL; name++) {
        bool is_wanted =
            is_public ? draw_file_is_public(draw, *name) : draw_file_is_there(draw, *name);
        if (is_wanted && !export_one(db, draw_id, folder, *name, error)) {
            return false;
        }
    }
    bool has_proofs = !is_public || draw_proof_is_public(draw);
    for (const char *const *name = draw_proof_names; has_proofs && *name != NULL; name++) {
        if (!export_proof(db, draw, folder, *name, error)) {
            return false;
        }
    }
    return export_substitutions(db, draw, is_public, folder, error);
}

/* --- one object ------------------------------------------------------------------------------ */

typedef struct Wanted {
    const char *id;
    DrawStanding *standing;
    bool is_found;
} Wanted;

static bool look_at_line(char *line, size_t size, void *data, GError **error) {
    (void)size;
    Wanted *wanted = data;
    size_t id_size = strlen(wanted->id);
    if (strncmp(line, wanted->id, id_size) != 0 || line[id_size] != '\t') {
        return true;
    }
    DrawPoolLine found;
    if (!draw_pool_parse(line, &found, error)) {
        return false;
    }
    DrawStanding *standing = wanted->standing;
    standing->weight = found.weight;
    standing->drawn = found.drawn;
    g_strlcpy(standing->risk, found.risk, sizeof standing->risk);
    g_strlcpy(standing->credit, found.credit, sizeof standing->credit);
    g_strlcpy(standing->reason, found.reason, sizeof standing->reason);
    g_strlcpy(standing->stratum, found.stratum, sizeof standing->stratum);
    g_strlcpy(standing->district, found.district, sizeof standing->district);
    wanted->is_found = true;
    return true;
}

bool draw_standing(Db *db,
                   int64_t draw_id,
                   const char *id,
                   DrawStanding *ret_standing,
                   bool *ret_found,
                   GError **error) {
    g_autofree char *text = NULL;
    *ret_found = false;
    if (!draw_store_part_of(db, draw_id, "pool.tsv", id, &text, error)) {
        return false;
    }
    if (text == NULL) {
        return true;
    }
    Wanted wanted = {.id = id, .standing = ret_standing};
    LineWalk walk = {look_at_line, &wanted};
    if (!walk_part(text, strlen(text), &walk, error)) {
        return false;
    }
    *ret_found = wanted.is_found;
    return true;
}
