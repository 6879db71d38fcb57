/* A party hands in its share: itself on the public page, or through the clerk. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw_pages.h"
#include "web/log.h"

#include <string.h>

/* A share cannot be guessed; the limit keeps one address from working the server. A whole authority
 * may sit behind one. */
static const CountLimit share_limit = {"draw-share", 30, INT64_C(3600) * CLOCK_SECOND_US, true};

typedef struct ShareWork {
    int64_t draw_id;
    char *party;
    uint8_t share[DRAW_SHARE_SIZE];
    const char *actor;
    int64_t now_us;
} ShareWork;

static bool reveal_work(Db *db, void *data, GError **error) {
    const ShareWork *work = data;
    return draw_reveal(
        db, work->draw_id, work->party, work->share, work->actor, work->now_us, error);
}

static void log_refusal(const Ctx *ctx, const Draw *draw, const char *reason) {
    log_event(
        "draw.share-refused", "req=%s draw=%s reason=%s", ctx->request_id, draw->number, reason);
}

Response *draw_take_share(
    Ctx *ctx, const Request *req, const Draw *draw, const char *actor, DrawAgain again) {
    g_autoptr(GError) error = NULL;
    g_autofree char *party = draw_form_text(req, "party");
    g_autofree char *share = draw_form_text(req, "share");
    ShareWork work = {.draw_id = draw->id, .party = party, .actor = actor, .now_us = ctx->now_us};
    if (strlen(share) != 2 * (size_t)DRAW_SHARE_SIZE ||
        !hex_parse(share, work.share, DRAW_SHARE_SIZE)) {
        log_refusal(ctx, draw, "form");
        return again(ctx, req, draw, "份额是 64 位十六进制，由参与方自己保管");
    }
    if (db_run_tx(ctx->db, reveal_work, &work, &error)) {
        return NULL;
    }
    log_refusal(ctx, draw, hz_error_word(error));
    if (g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID)) {
        return again(ctx, req, draw, "这个份额和封存时的承诺值对不上，请核对名称和份额");
    }
    if (g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED)) {
        return response_problem(error,
                                "太晚了：第一个随机数的时间已经到，份额不再收。没交份额的参与方不计"
                                "入，抽查照常进行。");
    }
    bool is_known = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT) ||
                    g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
    return response_problem(
        error, is_known ? "这个参与方不在封存的名单里，或者已经交过份额，或者不再收份额。" : NULL);
}

static Response *
public_again(Ctx *ctx, const Request *req, const Draw *draw, const char *sentence) {
    FormProblems *problems = form_problems_new();
    form_problem_add(problems, "share", "%s", sentence);
    return draw_public_answer(ctx, req, draw, 422, problems);
}

static Response *
answer_too_often(Ctx *ctx, const Request *req, const Draw *draw, unsigned wait_minutes) {
    FormProblems *problems = form_problems_new();
    form_problem_add(problems,
                     "share",
                     "这个网络一小时里交得太多了，请过 %u 分钟再试；来不及就请办理人代交",
                     wait_minutes);
    log_refusal(ctx, draw, "limit");
    return draw_public_answer(ctx, req, draw, 429, problems);
}

/* Nobody is signed in: only who made the share knows it, and the log says that it came from
 * outside.
 */
Response *public_reveal_submit(Ctx *ctx, const Request *req) {
    Response *answer = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_wanted(ctx, req, true, &answer);
    unsigned wait_minutes = 0;
    if (draw == NULL) {
        return answer;
    }
    if (!account_charge(
            ctx->db, &share_limit, request_peer(req), ctx->now_us, &wait_minutes, &error)) {
        return response_problem(error, NULL);
    }
    if (wait_minutes > 0) {
        return answer_too_often(ctx, req, draw, wait_minutes);
    }
    answer = draw_take_share(ctx, req, draw, "public", public_again);
    if (answer != NULL) {
        return answer;
    }
    g_autofree char *path = g_strdup_printf("/draws/%" G_GINT64_FORMAT, draw->id);
    return response_redirect_flash(path, "份额已收下并写进账本，不能再改。");
}
