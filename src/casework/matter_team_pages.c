/* The team board: who has what, what is late, what waits for the leader. Every figure is a link to
 * the list that makes it up. */
#include "account/account.h"
#include "base/error.h"
#include "casework/matter_filter.h"
#include "casework/matter_pages.h"

#define PEOPLE_SHOWN 60

/* The figure and the list behind it; without a link when there is nothing to see. */
static void
put_figure(json_t *line, const char *name, int64_t count, const char *scope, const char *more) {
    json_t *figure = json_object();
    g_autofree char *href = g_strdup_printf("/work/matters?%s%s", scope, more);
    json_put_int(figure, "count", count);
    json_put_text(figure, "href", count > 0 ? href : NULL);
    json_put(line, name, figure);
}

static json_t *line_of(const MatterTally *tally, const char *title, const char *scope) {
    json_t *line = json_object();
    json_put_text(line, "title", title);
    put_figure(line, "open", tally->open, scope, "");
    put_figure(line, "over", tally->over, scope, "&due=over");
    put_figure(line, "soon", tally->soon, scope, "&due=" MATTER_NEAR);
    put_figure(line, "leader", tally->leader, scope, "&next=leader");
    json_put_bool(line, "is_late", tally->over > 0);
    return line;
}

static bool put_kinds(Ctx *ctx, const MatterBoard *board, json_t *model, GError **error) {
    const LawBook *book = casework_book(ctx->who->region, error);
    g_autoptr(GPtrArray) tallies =
        book == NULL ? NULL : casework_board_kinds(ctx->db, board, error);
    json_t *lines = json_array();
    json_put(model, "kinds", lines);
    for (guint i = 0; tallies != NULL && i < tallies->len; i++) {
        const MatterTally *tally = tallies->pdata[i];
        const LawProcedure *procedure = law_procedure_at(book, tally->kind, ctx->now_us, NULL);
        g_autofree char *scope = g_strconcat("kind=", tally->kind, NULL);
        json_array_append_new(
            lines, line_of(tally, procedure == NULL ? tally->kind : procedure->entry.name, scope));
    }
    return tallies != NULL;
}

static bool put_people(Ctx *ctx, const MatterBoard *board, json_t *model, GError **error) {
    bool is_all = true;
    g_autoptr(GPtrArray) tallies =
        casework_board_people(ctx->db, board, PEOPLE_SHOWN, &is_all, error);
    json_t *lines = json_array();
    json_put(model, "people", lines);
    json_put_bool(model, "is_cut", !is_all);
    json_put_int(model, "counted", BOARD_MATTERS);
    for (guint i = 0; tallies != NULL && i < tallies->len; i++) {
        const MatterTally *tally = tallies->pdata[i];
        g_autofree char *name = matter_account_name(ctx->db, tally->account_id);
        g_autofree char *scope = g_strdup_printf("person=%" G_GINT64_FORMAT, tally->account_id);
        json_array_append_new(lines, line_of(tally, name, scope));
    }
    return tallies != NULL;
}

Response *matter_team_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    if ((ctx->who->roles & ROLE_BIT(ROLE_LEADER)) == 0) {
        g_auto(LawRefusal)
            refusal = {.rule = "role", .reason_zh = g_strdup("全队的情况由负责人看")};
        return matter_refuse(ctx, req, &refusal);
    }
    DeskBounds bounds = desk_bounds(ctx->now_us);
    MatterBoard board = {.region = ctx->who->region,
                         .now_us = ctx->now_us,
                         .soon_us = bounds.soon_us,
                         .leader = ROLE_BIT(ROLE_LEADER)};
    g_autoptr(json_t) model = json_object();
    if (!put_kinds(ctx, &board, model, &error) || !put_people(ctx, &board, model, &error)) {
        return response_problem(error, NULL);
    }
    json_put_bool(model, "is_empty", json_array_size(json_object_get(model, "kinds")) == 0);
    return response_page("casework/team", g_steal_pointer(&model));
}
