/* huozheng draw substitute DRAW --place N [--officer F7] --reason CODE --note TEXT */
#include "cli/draw_cmd.h"

#include "base/clock.h"
#include "base/error.h"
#include "draw/draw_substitute.h"

#include <stdio.h>

#define ACTOR "cli"

typedef struct Substituting {
    DrawSubstituteRequest request;
    GPtrArray *done; /* owned */
} Substituting;

static void substituting_clear(Substituting *work) {
    g_clear_pointer(&work->done, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Substituting, substituting_clear)

static bool substitute_work(Db *db, void *data, GError **error) {
    Substituting *work = data;
    g_clear_pointer(&work->done, g_ptr_array_unref);
    work->done = draw_substitute(db, &work->request, error);
    return work->done != NULL;
}

/* The lines of substitutions.tsv, or the same as JSON. */
static int show(const DrawOptions *options, const Draw *draw, const GPtrArray *done) {
    if (!options->json) {
        g_autofree char *lines = draw_substitutions_file(draw, done);
        fputs(lines, stdout);
        return 0;
    }
    json_t *list = json_array();
    for (guint i = 0; i < done->len; i++) {
        const DrawSubstitution *line = done->pdata[i];
        json_t *item = json_object();
        json_put_int(item, "n", line->n);
        json_put_int(item, "place", line->order);
        json_put_text(item, "kind", line->is_object ? "object" : "officer");
        json_put_int(item, "out", line->out_id);
        json_put_int(item, "in", line->in_id);
        json_put_text(item, "reason", line->reason);
        json_put_int(item, "passed_over", line->passed->len);
        json_put_int(item, "leaf", line->leaf);
        json_array_append_new(list, item);
    }
    draw_cmd_print(list);
    return 0;
}

int draw_cmd_substitute(Db *db, const DrawOptions *options, const char *draw_text) {
    g_autoptr(GError) error = NULL;
    g_auto(Substituting) work = {.request = {.order = options->place,
                                             .reason = options->reason,
                                             .note = options->note,
                                             .expected_id = -1,
                                             .actor = ACTOR,
                                             .now_us = clock_now_us()}};
    if (!draw_cmd_id(draw_text, &work.request.draw_id) ||
        (options->officer != NULL && !draw_cmd_id(options->officer, &work.request.officer_id))) {
        return 2;
    }
    const char *problem = draw_substitute_problem(&work.request, NULL);
    if (options->place < 1 || problem != NULL) {
        fprintf(
            stderr,
            "huozheng: substitute needs --place N, --note TEXT and --reason CLOSED, MOVED, GONE or "
            "DEMOLISHED, of an --officer AWAY, LEFT, RECUSED or CERTIFICATE%s%s\n",
            problem != NULL ? ": " : "",
            problem != NULL ? problem : "");
        return 2;
    }
    g_autoptr(Draw) draw = draw_find(db, work.request.draw_id, &error);
    if (draw == NULL || !db_run_tx(db, substitute_work, &work, &error)) {
        return draw_cmd_fail(error);
    }
    return show(options, draw, work.done);
}
