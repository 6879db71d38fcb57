/* Draws on the officers' side: list, one draw, its files, publication. */
#include "draw/draw_pages.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "draw/draw_files.h"
#include "ledger/ledger_heads.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

static int64_t query_number(const Request *req, const char *name) {
    const char *text = request_query(req, name);
    guint64 number = 0;
    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &number, NULL)) {
        return 0;
    }
    return (int64_t)number;
}

/* From the commitment on; before it nothing has happened. */
static bool is_known_to_all(const Draw *draw) {
    return draw->state != DRAW_FROZEN && draw->state != DRAW_DROPPED;
}

/* May the reader of the public page see names, tickets and files? */
static bool is_open_to_all(const Draw *draw) {
    return draw->state == DRAW_PUBLISHED || (draw->mode == DRAW_OPEN && is_known_to_all(draw));
}

/* A typed seed leads to the names as long as nobody may see them. */
static void hide_seed(const Draw *draw, json_t *model) {
    if (draw->mode == DRAW_TYPED && draw->state != DRAW_PUBLISHED) {
        json_put_text(model, "seed_hex", NULL);
        json_put_text(model, "seed_text", NULL);
    }
}

Draw *draw_wanted(Ctx *ctx, const Request *req, bool is_public, Response **ret_refusal) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refusal = response_not_found();
        return NULL;
    }
    g_autoptr(Draw) draw = draw_find(ctx->db, id, &error);
    if (draw == NULL) {
        *ret_refusal = response_problem(error, NULL);
        return NULL;
    }
    if (is_public ? !is_known_to_all(draw) : !draw_may_see(ctx->who, draw->region)) {
        *ret_refusal = response_not_found();
        return NULL;
    }
    return g_steal_pointer(&draw);
}

/* --- list ------------------------------------------------------------------------------------ */

static Response *
list_page(Ctx *ctx, const Request *req, const char *view, const char *path, bool is_public) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) draws =
        draw_list(ctx->db, 0, query_number(req, "after"), LIMIT_PAGE_ROWS, &error);
    if (draws == NULL) {
        return response_problem(error, NULL);
    }
    json_t *items = json_array();
    int64_t last_id = 0;
    for (guint i = 0; i < draws->len; i++) {
        const Draw *draw = g_ptr_array_index(draws, i);
        last_id = draw->id;
        if (is_public ? is_known_to_all(draw) : draw_may_see(ctx->who, draw->region)) {
            json_t *item = draw_model(ctx->db, draw);
            if (is_public) {
                hide_seed(draw, item);
            }
            json_array_append_new(items, item);
        }
    }
    json_t *model = json_object();
    json_put_bool(model, "has_draws", json_array_size(items) > 0);
    json_put(model, "draws", items);
    json_put_bool(model, "may_draw", principal_may(ctx->who, PERM_DRAW_RUN));
    draw_put_pager(model, path, draws->len == LIMIT_PAGE_ROWS ? last_id : 0, "每页 50 次");
    return response_page(view, model);
}

Response *draws_page(Ctx *ctx, const Request *req) {
    return list_page(ctx, req, "draw/draws", "/work/draws", false);
}

Response *public_draws_page(Ctx *ctx, const Request *req) {
    return list_page(ctx, req, "draw/public_draws", "/draws", true);
}

/* --- one draw -------------------------------------------------------------------------------- */

static bool put_targets(Ctx *ctx,
                        const Request *req,
                        const Draw *draw,
                        const char *path,
                        json_t *model,
                        GError **error) {
    g_autoptr(GPtrArray) targets =
        draw_targets(ctx->db, draw->id, query_number(req, "after"), LIMIT_PAGE_ROWS, error);
    if (targets == NULL) {
        return false;
    }
    json_t *items = json_array();
    int64_t last = 0;
    for (guint i = 0; i < targets->len; i++) {
        const DrawnObject *target = g_ptr_array_index(targets, i);
        last = target->order;
        json_array_append_new(items, drawn_object_model(target));
    }
    json_put_bool(model, "has_targets", targets->len > 0);
    json_put(model, "targets", items);
    draw_put_pager(model, path, targets->len == LIMIT_PAGE_ROWS ? last : 0, "每页 50 个");
    return true;
}

/* The ledger's proof of a draw file lies beside it and is for the same readers; -1: there is no
 * such proof. */
static int64_t leaf_of_proof(const Draw *draw, const char *name, bool is_public) {
    bool is_commit = strcmp(name, draw_proof_names[0]) == 0;
    const char *about = is_commit ? "commit.txt" : "result.tsv";
    bool is_shown = is_public ? draw_file_is_public(draw, about) : draw_file_is_there(draw, about);
    return !is_shown ? -1 : is_commit ? draw->commit_leaf : draw->result_leaf;
}

static void put_file(json_t *files, const char *path, const char *name) {
    g_autofree char *href = g_strdup_printf("%s/files/%s", path, name);
    json_t *file = json_object();
    json_put_text(file, "name", name);
    json_put_text(file, "href", href);
    json_array_append_new(files, file);
}

static void put_files(Db *db, json_t *model, const Draw *draw, bool is_public, const char *path) {
    json_t *files = json_array();
    g_auto(LedgerSignedHead) newest = {0};
    (void)ledger_signed_newest(db, &newest, NULL); /* none: size 0, and no proof */
    for (const char *const *name = draw_file_names; *name != NULL; name++) {
        if (is_public ? draw_file_is_public(draw, *name) : draw_file_is_there(draw, *name)) {
            put_file(files, path, *name);
        }
    }
    for (const char *const *name = draw_proof_names; *name != NULL; name++) {
        int64_t leaf = leaf_of_proof(draw, *name, is_public);
        if (leaf >= 0 && leaf < newest.size) {
            put_file(files, path, *name);
        }
    }
    json_put_bool(model, "has_files", json_array_size(files) > 0);
    json_put(model, "files", files);
}

json_t *draw_work_model(Ctx *ctx, const Request *req, const Draw *draw, GError **error) {
    g_autoptr(json_t) model = draw_model(ctx->db, draw);
    g_autofree char *path = g_strdup_printf("/work/draws/%" G_GINT64_FORMAT, draw->id);
    if (!put_targets(ctx, req, draw, path, model, error) ||
        !draw_put_found(ctx->db, draw, request_query(req, "unit"), model, ctx->now_us, error) ||
        !draw_put_protocol(ctx, draw, model, error)) {
        return NULL;
    }
    bool may_act = draw_may_act(ctx->who, draw->region);
    put_files(ctx->db, model, draw, false, path);
    json_put_bool(model,
                  "may_publish",
                  draw->state == DRAW_DONE && may_act && principal_may(ctx->who, PERM_PUBLISH));
    json_put_bool(model, "may_act", may_act && principal_may(ctx->who, PERM_DRAW_RUN));
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    json_put(model, "problems", json_null());
    draw_put_step_forms(ctx, draw, model);
    return g_steal_pointer(&model);
}

Response *draw_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_wanted(ctx, req, false, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    json_t *model = draw_work_model(ctx, req, draw, &error);
    return model != NULL ? response_page("draw/draw", model) : response_problem(error, NULL);
}

/* --- the public page -------------------------------------------------------------------------- */

/* One ticket with printf, xxd and openssl: the first target, with this draw's own key. */
static json_t *by_hand_model(Ctx *ctx, const Draw *draw, const json_t *targets) {
    const json_t *first = json_array_get(targets, 0);
    const char *id = json_get_text(first, "id", NULL);
    DrawStanding standing = {0};
    DrawKeys keys;
    bool is_found = false;
    if (id == NULL || !draw_keys_of(ctx->db, draw->id, &keys, NULL) ||
        !draw_standing(ctx->db, draw->id, id, &standing, &is_found, NULL) || !is_found) {
        return json_null();
    }
    g_autofree char *command = draw_hand_command(draw, &keys, id, standing.weight);
    json_t *model = json_object();
    json_put_text(model, "name", json_get_text(first, "name", ""));
    json_put_text(model, "command", command);
    json_put_text(model, "ticket", json_get_text(first, "ticket", ""));
    return model;
}

/* As long as the names are secret nothing that names an object or lets one compute them. */
Response *public_draw_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_wanted(ctx, req, true, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    g_autoptr(json_t) model = draw_model(ctx->db, draw);
    g_autofree char *path = g_strdup_printf("/draws/%" G_GINT64_FORMAT, draw->id);
    bool is_open = is_open_to_all(draw);
    const char *asked = is_open ? request_query(req, "unit") : NULL;
    g_autofree char *today = clock_format_date(ctx->now_us);
    hide_seed(draw, model);
    put_files(ctx->db, model, draw, true, path);
    json_put_bool(model, "is_readable", is_open);
    json_put_bool(model,
                  "is_overdue",
                  draw->state == DRAW_DONE && draw->open_by[0] != '\0' &&
                      strcmp(today, draw->open_by) > 0);
    json_put(model, "by_hand", json_null());
    if (!draw_put_protocol(ctx, draw, model, &error) ||
        !draw_put_found(ctx->db, draw, asked, model, ctx->now_us, &error)) {
        return response_problem(error, NULL);
    }
    if (!is_open) {
        json_put(model, "targets", json_array());
        json_put_bool(model, "has_targets", false);
        json_put(model, "pager", json_null());
        return response_page("draw/public_draw", g_steal_pointer(&model));
    }
    if (!put_targets(ctx, req, draw, path, model, &error)) {
        return response_problem(error, NULL);
    }
    json_put(model, "by_hand", by_hand_model(ctx, draw, json_object_get(model, "targets")));
    return response_page("draw/public_draw", g_steal_pointer(&model));
}

/* --- files ----------------------------------------------------------------------------------- */

static bool write_part(const char *text, size_t size, void *data, GError **error) {
    return fwrite(text, 1, size, data) == size ||
           hz_fail(error, HZ_ERROR_UNAVAILABLE, "cannot write: %s", g_strerror(errno));
}

/* A pool of a million lines is 60 MB: through a temporary file, not through memory. */
static Response *send_file(Ctx *ctx, const Draw *draw, const char *name) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    int descriptor = web_temp_file(web_temp_folder(ctx), &path, &error);
    FILE *file = descriptor >= 0 ? fdopen(descriptor, "wb") : NULL;
    if (file == NULL) {
        return response_problem(error, NULL);
    }
    bool is_written = draw_file_visit(ctx->db, draw->id, name, write_part, file, &error);
    bool is_closed = fclose(file) == 0;
    if (!is_written || !is_closed) {
        (void)g_unlink(path);
        return response_problem(error, NULL);
    }
    /* Under its own name: a folder of downloads is what `draw verify` reads. */
    return response_file("text/plain; charset=utf-8", path, name, true);
}

static Response *send_proof(Ctx *ctx, int64_t leaf, const char *name) {
    g_autoptr(GError) error = NULL;
    char *text = leaf >= 0 ? ledger_tlog_proof(ctx->db, leaf, true, &error) : NULL;
    if (text == NULL) {
        return leaf < 0 ? response_not_found()
                        : response_problem(error, "账本还没有签到这条记录，请过几秒钟再试。");
    }
    return response_bytes("text/plain; charset=utf-8", g_bytes_new_take(text, strlen(text)), name);
}

Response *draw_file(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(Draw) draw = draw_wanted(ctx, req, false, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    const char *name = request_arg(req, "name");
    if (g_strv_contains(draw_proof_names, name)) {
        return send_proof(ctx, leaf_of_proof(draw, name, false), name);
    }
    return draw_file_is_there(draw, name) ? send_file(ctx, draw, name) : response_not_found();
}

Response *public_draw_file(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(Draw) draw = draw_wanted(ctx, req, true, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    const char *name = request_arg(req, "name");
    if (g_strv_contains(draw_proof_names, name)) {
        return send_proof(ctx, leaf_of_proof(draw, name, true), name);
    }
    return draw_file_is_public(draw, name) ? send_file(ctx, draw, name) : response_not_found();
}

static void csv_cell(GString *out, const char *text, bool is_last) {
    g_string_append_c(out, '"');
    if (text != NULL && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL) {
        g_string_append_c(out, '\''); /* a spreadsheet would run it as a formula */
    }
    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        if (*at == '"') {
            g_string_append_c(out, '"');
        }
        g_string_append_c(out, *at);
    }
    g_string_append(out, is_last ? "\"\r\n" : "\",");
}

Response *draw_csv(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_wanted(ctx, req, false, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    g_autoptr(GPtrArray) targets = draw_targets(ctx->db, draw->id, 0, 0, &error);
    if (targets == NULL) {
        return response_problem(error, NULL);
    }
    GString *csv =
        g_string_new("\xef\xbb\xbf次序,种类,编号,名称,地址,类别,签号,主办,协办,备注\r\n");
    for (guint i = 0; i < targets->len; i++) {
        g_autoptr(json_t) row = drawn_object_model(g_ptr_array_index(targets, i));
        g_string_append_printf(csv,
                               "%" G_GINT64_FORMAT ",%s,",
                               json_get_int(row, "order", 0),
                               json_get_bool(row, "is_reserve", false) ? "备选" : "抽中");
        static const char *const keys[] = {
            "id", "name", "address", "stratum_zh", "ticket", "lead", "second", "flag_zh"};
        for (size_t k = 0; k < G_N_ELEMENTS(keys); k++) {
            csv_cell(csv, json_get_text(row, keys[k], ""), k + 1 == G_N_ELEMENTS(keys));
        }
    }
    g_autofree char *name = g_strdup_printf("%s.csv", draw->number);
    return response_bytes("text/csv; charset=utf-8", g_string_free_to_bytes(csv), name);
}

/* --- publication ----------------------------------------------------------------------------- */

Response *draw_publish_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(Draw) draw = draw_wanted(ctx, req, false, &refusal);
    return draw != NULL ? response_page("draw/draw_publish", draw_model(ctx->db, draw)) : refusal;
}

typedef struct DrawAct {
    int64_t id;
    const char *actor;
    int64_t now_us;
} DrawAct;

static bool publish_work(Db *db, void *data, GError **error) {
    const DrawAct *act = data;
    return draw_publish(db, act->id, act->actor, act->now_us, error);
}

Response *draw_publish_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = draw_wanted(ctx, req, false, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    if (!draw_may_act(ctx->who, draw->region)) {
        hz_fail(&error, HZ_ERROR_DENIED, "the draw is outside this account's region");
        return response_problem(error, "这次抽查不在您的管辖区域内，不能由您公开。");
    }
    g_autofree char *actor = draw_actor(ctx);
    DrawAct act = {draw->id, actor, ctx->now_us};
    if (!db_run_tx(ctx->db, publish_work, &act, &error)) {
        bool is_conflict = g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return response_problem(error, is_conflict ? "这次抽查还没有抽，或者已经公开过了。" : NULL);
    }
    g_autofree char *path = g_strdup_printf("/work/draws/%" G_GINT64_FORMAT, draw->id);
    return response_redirect_flash(path, "抽查 %s 的全部资料已公开。", draw->number);
}
