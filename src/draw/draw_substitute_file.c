/* What is told of substitutions: words, list, file. */
#include "base/clock.h"
#include "draw/draw_internal.h"
#include "draw/draw_substitute_store.h"

#include <string.h>

const char *const draw_object_reasons[] = {"CLOSED", "MOVED", "GONE", "DEMOLISHED", NULL};
const char *const draw_officer_reasons[] = {"AWAY", "LEFT", "RECUSED", "CERTIFICATE", NULL};

const char *draw_substitute_reason_zh(const char *reason) {
    static const char *const words[][2] = {{"CLOSED", "停业、关闭"},
                                           {"MOVED", "已经搬离"},
                                           {"GONE", "查无此处"},
                                           {"DEMOLISHED", "已经拆除"},
                                           {"AWAY", "请假、出差等，不能去"},
                                           {"LEFT", "调离、不在岗"},
                                           {"RECUSED", "应当回避"},
                                           {"CERTIFICATE", "执法证失效"},
                                           {"RULE", "回避名单或者区县范围不允许"}};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(words[i][0], reason) == 0) {
            return words[i][1];
        }
    }
    return reason;
}

GPtrArray *draw_substitutions(Db *db, int64_t draw_id, GError **error) {
    return draw_substitute_store_list(db, draw_id, error);
}

bool draw_held(
    Db *db, int64_t draw_id, int64_t order, int64_t object_id, DrawHeld *ret_held, GError **error) {
    return draw_substitute_store_held(db, draw_id, order, object_id, ret_held, error);
}

bool draw_substitutions_are_open(const Draw *draw, bool is_public) {
    return draw->state == DRAW_PUBLISHED || (!is_public && draw->state == DRAW_DONE);
}

char *draw_substitutions_file(const Draw *draw, const GPtrArray *substitutions) {
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < substitutions->len; i++) {
        const DrawSubstitution *line = substitutions->pdata[i];
        const char *kind = line->is_object ? draw->object_kind : "officer";
        char out[DRAW_ID_MAX + 1];
        char in[DRAW_ID_MAX + 1] = "-";
        g_autofree char *time = clock_format_utc(line->created_us);
        draw_id_format(kind, line->out_id, out);
        if (line->in_id != 0) {
            draw_id_format(kind, line->in_id, in);
        }
        g_string_append_printf(text,
                               "%" G_GINT64_FORMAT "\t%" G_GINT64_FORMAT
                               "\t%s\t%s\t%s\t%s\t%s\t%" G_GINT64_FORMAT "\n",
                               line->n,
                               line->order,
                               line->is_object ? "object" : "officer",
                               out,
                               in,
                               line->reason,
                               time,
                               line->leaf);
    }
    return g_string_free(text, FALSE);
}
