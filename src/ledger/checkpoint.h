/*
 * What a transparency log publishes, as text, pure: checkpoints (c2sp.org/tlog-checkpoint), proofs
 * that stand alone (c2sp.org/tlog-proof@v1) and the paths of tiles (c2sp.org/tlog-tiles).
 * Thread: any.
 */
#pragma once

#include "base/digest.h"
#include "ledger/note.h"

/* --- checkpoints -------------------------------------------------------------------------------
 */

typedef struct Checkpoint {
    char origin[NOTE_NAME_MAX + 1];
    int64_t size;
    uint8_t root[DIGEST_SIZE];
    bool has_extensions; /* lines behind the third; ours have none */
} Checkpoint;

/* "origin\nsize\nbase64 root\n": what is signed. Caller frees. */
char *checkpoint_body(const char *origin, int64_t size, const uint8_t root[DIGEST_SIZE]);
/* HZ_ERROR_INVALID for any other form. */
bool checkpoint_parse(const char *body, size_t size, Checkpoint *ret_checkpoint, GError **error);
/* Note and body at once. */
bool checkpoint_open(
    const char *bytes, size_t size, Note *ret_note, Checkpoint *ret_checkpoint, GError **error);

/* --- proofs --------------------------------------------------------------------------------------
 */

#define TLOG_PROOF_HASHES_MAX 63
#define TLOG_PROOF_SIZE_MAX (2 * NOTE_SIZE_MAX + 8192) /* extra data, hashes and checkpoint */

typedef struct TlogProof {
    GByteArray *extra; /* NULL: none. Ours holds the entry's bytes. */
    int64_t index;
    GByteArray *hashes; /* DIGEST_SIZE each, from the leaf upwards */
    char *checkpoint;   /* the signed note, verbatim */
} TlogProof;
void tlog_proof_clear(TlogProof *proof);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(TlogProof, tlog_proof_clear)

char *tlog_proof_format(const TlogProof *proof); /* caller frees */
/* The form only: the checkpoint inside is a note, nothing is verified. */
bool tlog_proof_parse(const char *text, size_t size, TlogProof *ret_proof, GError **error);

/* --- tiles ---------------------------------------------------------------------------------------
 */

#define TILE_WIDTH 256 /* hashes or entries in a full one */
#define TILE_LEVELS 8  /* levels that a tree of less than 2^63 leaves has */
#define TILE_ENTRIES (-1)

typedef struct TilePath {
    int level; /* TILE_ENTRIES: an entry bundle */
    int64_t index;
    unsigned width; /* TILE_WIDTH: full */
} TilePath;

/* "tile/0/x001/x234/067.p/8", "tile/entries/000"; caller frees. */
char *tile_path_format(const TilePath *tile);
/* Reads exactly what tile_path_format writes. */
bool tile_path_parse(const char *path, TilePath *ret_tile);
/* How wide tile `index` of `level` is in a tree of `size` leaves; 0: it is not there. */
unsigned tile_width(int64_t size, int level, int64_t index);
