/*
 * Substitutions after a draw (docs/draw-format.md, "Substitutions"): an object that cannot be
 * inspected, an officer who cannot go. Who comes in follows from the frozen files and the earlier
 * substitutions; nobody chooses. Each is one row and one ledger entry ("draw.substitute") in the
 * transaction of what follows from it. Thread: that of the Db.
 */
#pragma once

#include "draw/draw.h"

#define DRAW_SUBSTITUTIONS_FILE "substitutions.tsv"
#define DRAW_SUBSTITUTE_NOTE_MAX 300 /* bytes: the papers of a matter keep it, too */

/* An officer whose turn it was, and why not this one: "RECUSED", "LEFT", "CERTIFICATE". */
typedef struct DrawPassed {
    int64_t officer_id;
    const char *reason; /* static */
} DrawPassed;

typedef struct DrawSubstitution {
    int64_t draw_id;
    int64_t n;     /* from 1 within the draw */
    int64_t order; /* the place in result.tsv */
    bool is_object;
    int64_t out_id, in_id;                 /* object or officers; in_id 0: no reserve was left */
    const char *reason;                    /* static */
    char *note;                            /* for officers' eyes; "" */
    GArray *passed;                        /* DrawPassed */
    int64_t object_id, lead_id, second_id; /* the place afterwards; 0: nobody */
    char *actor;
    int64_t created_us;
    int64_t leaf;
} DrawSubstitution;
void draw_substitution_free(DrawSubstitution *substitution);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(DrawSubstitution, draw_substitution_free)

/* Codes that a person may give, ends with NULL. "RULE" is that of an officer whom the files keep
 * from the object that came in. */
extern const char *const draw_object_reasons[];
extern const char *const draw_officer_reasons[];
const char *draw_substitute_reason_zh(const char *reason);

typedef struct DrawSubstituteRequest {
    int64_t draw_id;
    int64_t order;       /* the place */
    int64_t officer_id;  /* who cannot go; 0: the object cannot be inspected */
    const char *reason;  /* of the list */
    const char *note;    /* never empty */
    int64_t expected_id; /* whom the person was told would come in; -1: nobody was told */
    const char *actor;
    int64_t now_us;
} DrawSubstituteRequest;

/* What a person must change in it, and in which field ("reason", "note"; ret_field may be NULL).
 * NULL: nothing. A sentence in Chinese. */
const char *draw_substitute_problem(const DrawSubstituteRequest *request, const char **ret_field);
/* Array of DrawSubstitution *, first what was asked for, then officers whom rule and registry keep
 * from the new object. In the caller's transaction, which may be rolled back to see what would
 * come. HZ_ERROR_INVALID when draw_substitute_problem says something; HZ_ERROR_NOT_FOUND without
 * such a place; HZ_ERROR_CONFLICT when it is not possible, with a sentence in Chinese that says
 * why. NULL on error. */
GPtrArray *draw_substitute(Db *db, const DrawSubstituteRequest *request, GError **error);

/* In order: array of DrawSubstitution *. NULL on error. */
GPtrArray *draw_substitutions(Db *db, int64_t draw_id, GError **error);
/* The text of substitutions.tsv: what anybody may have once the draw is open. */
char *draw_substitutions_file(const Draw *draw, const GPtrArray *substitutions);
/* Is there one, for everybody (`is_public`) or for officers? */
bool draw_substitutions_are_open(const Draw *draw, bool is_public);

/* Who holds a place of a draw now. */
typedef struct DrawHeld {
    int64_t order, object_id, lead_id, second_id; /* 0: nobody */
} DrawHeld;
/* By the place, or (order 0) by the object that holds one. HZ_ERROR_NOT_FOUND. */
bool draw_held(
    Db *db, int64_t draw_id, int64_t order, int64_t object_id, DrawHeld *ret_held, GError **error);

/* A place of a draw has changed hands. Borrowed. */
typedef struct DrawPlaceChange {
    const Draw *draw;
    const DrawSubstitution *first; /* what was asked for */
    DrawHeld before, after;
    const char *actor;
    int64_t now_us;
} DrawPlaceChange;
/* Rooms above that act on it, in its transaction (inspection changes the matters). Ends with NULL
 * and stands in src/modules.c. HZ_ERROR_CONFLICT with a sentence in Chinese refuses. */
typedef bool (*DrawSubstituted)(Db *db, const DrawPlaceChange *change, GError **error);
extern const DrawSubstituted draw_substituted_hooks[];
