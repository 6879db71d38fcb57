/*
 * A file of law/ that a room above reads itself: the national lines with a city's own over them.
 *
 * law/<city>/NAME lies over law/national/NAME as everything else of a city does: a line with the
 * same key replaces the national one, in its place; lines with new keys stand first, because the
 * first line that fits often holds and they are the more particular ones. A line of a city has to
 * name its basis. Thread: any, after loading; results live until law_overlay_close.
 */
#pragma once

#include "law/law_book.h"
#include "law/law_node.h"

typedef struct LawOverlay {
    const char *city;        /* "chongqing"; LAW_NATIONAL */
    const char *city_zh;     /* "重庆市"; NULL: national */
    LawDoc *national, *over; /* `over`: NULL where the city has no such file */
} LawOverlay;

/* `name`: "alarm-rules.yaml". `keys`: of the national file, as law_keys takes them; the city's may
 * leave out any. A mistake is kept in the reader. */
void law_overlay_open(LawReader *reader,
                      const LawBook *book,
                      const char *name,
                      const char *keys,
                      LawOverlay *ret_overlay);
void law_overlay_close(LawOverlay *overlay);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LawOverlay, law_overlay_close)

/* The same for two texts in memory (`over` may be NULL): for tests of changed rules. */
void law_overlay_try(LawReader *reader,
                     const char *national,
                     const char *over,
                     const char *keys,
                     LawOverlay *ret_overlay);

typedef struct LawLine {
    LawNode node;
    const char *city_zh; /* whose line it is: "重庆市"; NULL: national */
} LawLine;
/* The lines of a section after the overlay: array of LawLine, caller unrefs; none after a mistake.
 * `key` tells lines apart: "id", where a city's line has to name its basis, or "name" of examples.
 */
GArray *law_overlay_lines(LawReader *reader,
                          const LawOverlay *overlay,
                          const char *section,
                          const char *key);

/* What became of the examples of such files. */
typedef struct LawRan {
    unsigned examples;
    GPtrArray *failed; /* of char *: each that does not come out, with its place */
} LawRan;
void law_ran_clear(LawRan *ran);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(LawRan, law_ran_clear)
/* Counts an example whose reader has been used for nothing else; takes the reader's error. */
void law_ran_add(LawRan *ran, LawReader *example, const char *city);
/* Adds what `from` has; `from` is empty afterwards. */
void law_ran_take(LawRan *ran, LawRan *from);
/* False with an error that names the first when any has failed. */
bool law_ran_holds(const LawRan *ran, GError **error);
