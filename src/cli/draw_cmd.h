/* The steps of a draw in the terminal (draw_step_cmd.c), for draw_cmd.c. */
#pragma once

#include "draw/draw.h"

#include <glib.h>

typedef struct DrawOptions {
    char *db;
    gboolean json, is_public, is_open;
    char *title, *hash, *date_from, *date_to, *commit, *result;
    char *party, *share, *open_by, *note, *officer, *reason;
    gint64 officer_cap, rotate, delta, place;
    char **strata, **beacons, **parties, **values;
    char **rest; /* action and its arguments */
} DrawOptions;

/* Exit code for a failure, which it prints. */
int draw_cmd_fail(const GError *error);
void draw_cmd_print(json_t *document); /* taken over */
/* "D7", "P3" or "7"; false after a message. */
bool draw_cmd_id(const char *text, int64_t *ret_id);
json_t *draw_cmd_json(const Draw *draw);

int draw_cmd_freeze(Db *db, const DrawOptions *options, const char *plan);
int draw_cmd_commit(Db *db, const DrawOptions *options, const char *draw);
int draw_cmd_reveal(Db *db, const DrawOptions *options, const char *draw);
int draw_cmd_beacon(Db *db, const DrawOptions *options, const char *draw);
int draw_cmd_run(Db *db, const DrawOptions *options, const char *draw);
int draw_cmd_substitute(Db *db, const DrawOptions *options, const char *draw);
int draw_cmd_publish(Db *db, const DrawOptions *options, const char *draw);
int draw_cmd_drop(Db *db, const DrawOptions *options, const char *draw);
/* Without a database: a fresh share, or the commitment of a given one. */
int draw_cmd_share(const DrawOptions *options, const char *draw);
