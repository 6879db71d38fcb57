/*
 * The door and the book of a keeper: somebody in the building who records without an account. The
 * key stands in the query of the first address (never logged) and then in a cookie of this device
 * alone; the table has its hash. It opens one building's records and nothing else.
 */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "firecode/firecode_pages.h"
#include "firecode/firecode_rules.h"
#include "web/log.h"

#include <string.h>

#define QUARTER_US (INT64_C(900) * CLOCK_SECOND_US)
#define HOUR_US (INT64_C(3600) * CLOCK_SECOND_US)
#define RECORDS_SHOWN 5

/* A key has 60 bits; what is limited is the noise. A campus may sit behind one address. */
static const CountLimit door_limit = {"keeper-door", 30, QUARTER_US, false};
/* Nobody walks through a building more often. */
static const CountLimit record_limit = {"keeper-record", 30, HOUR_US, true};

static const char *cookie_name(const Request *req) {
    bool is_secure = g_str_has_prefix(web_session_cookie(req), "__Host-");
    return is_secure ? "__Host-hz_keeper" : "hz_keeper";
}

static Response *wait_page(Ctx *ctx, const CountLimit *limit, unsigned wait) {
    log_event("keeper.limited", "req=%s kind=%s", ctx->request_id, limit->kind);
    json_t *model = json_object();
    json_put_int(model, "wait", wait);
    return response_page_status(429, "firecode/keeper_wait", model);
}

/* --- the door -----------------------------------------------------------------------------------
 */

/* `problems` is taken over; NULL: none. */
static Response *show_door(const char *key, FormProblems *problems) {
    json_t *model = json_object();
    g_autoptr(json_t) wrong = problems != NULL ? problems : form_problems_new();
    form_field(model, "key", key, wrong);
    if (form_has_problems(wrong)) {
        return response_form_again("firecode/keeper_door", model, g_steal_pointer(&wrong));
    }
    json_put(model, "problems", json_null());
    Response *response = response_page("firecode/keeper_door", model);
    response_private(response);
    return response;
}

Response *keeper_door_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    char key[FIRECODE_CHARS + 1];
    return show_door(code_parse(request_query(req, "k"), key) ? key : "", NULL);
}

Response *keeper_door_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Keeper) keeper = {0};
    unsigned wait = 0;
    char key[FIRECODE_CHARS + 1];
    const char *typed = request_form(req, "key");
    if (!account_charge(ctx->db, &door_limit, request_peer(req), ctx->now_us, &wait, &error)) {
        return response_problem(error, NULL);
    }
    if (wait > 0) {
        return wait_page(ctx, &door_limit, wait);
    }
    if (!keeper_find(ctx->db, typed, ctx->now_us, &keeper, &error)) {
        return response_problem(error, NULL);
    }
    if (keeper.id == 0 || !code_parse(typed, key)) {
        FormProblems *problems = form_problems_new();
        form_problem_add(
            problems, "key", "没有这个值守码，或者已经到期、收回；请对照纸上的再输一次");
        return show_door(typed == NULL ? "" : typed, problems);
    }
    if (!keeper_note_used(ctx->db, keeper.id, ctx->now_us, &error)) {
        return response_problem(error, NULL);
    }
    Response *response = response_redirect("/keeper/book");
    response_cookie(
        response, cookie_name(req), key, (keeper.ends_us - ctx->now_us) / CLOCK_SECOND_US, true);
    return response;
}

bool firecode_admits(Ctx *ctx, const Request *req) {
    g_auto(Keeper) keeper = {0};
    const char *key = request_cookie(req, cookie_name(req));
    return g_str_has_prefix(request_path(req), "/keeper/record/") && key != NULL &&
           keeper_find(ctx->db, key, ctx->now_us, &keeper, NULL) && keeper.id != 0;
}

/* --- the book -----------------------------------------------------------------------------------
 */

typedef struct Book {
    Keeper keeper;
    Building building;
    char *actor, *who;
    FirecodeActor by;
} Book;

static void book_clear(Book *book) {
    keeper_clear(&book->keeper);
    building_clear(&book->building);
    g_free(book->actor);
    g_free(book->who);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Book, book_clear)

/* An answer when the device has no key that lives. */
static Response *load(Ctx *ctx, const Request *req, Book *book) {
    g_autoptr(GError) error = NULL;
    const char *key = request_cookie(req, cookie_name(req));
    if (!keeper_find(ctx->db, key == NULL ? "" : key, ctx->now_us, &book->keeper, &error)) {
        return response_problem(error, NULL);
    }
    if (book->keeper.id == 0) {
        return response_redirect_flash("/keeper",
                                       "请输入值守码：这台设备上没有，或者已经到期、收回");
    }
    if (!building_find(ctx->db, book->keeper.building_id, &book->building, &error)) {
        return response_problem(error, NULL);
    }
    book->actor = g_strdup_printf("keeper:%" G_GINT64_FORMAT, book->keeper.id);
    book->who = g_strdup(book->keeper.label);
    book->by = (FirecodeActor){
        .actor = book->actor, .who = book->who, .now_us = ctx->now_us, .sender = -book->keeper.id};
    return NULL;
}

static bool
put_book(Ctx *ctx, const Request *req, const Book *book, json_t *model, GError **error) {
    int64_t id = book->building.id;
    g_auto(Firecode) code = {0};
    g_auto(FirecodeScore) score = {0};
    g_autofree char *until = clock_format_date(book->keeper.ends_us);
    const LawRisk *risk = code_risk(book->building.region, ctx->now_us, error);
    g_autoptr(GPtrArray) records =
        risk == NULL ? NULL : duty_records(ctx->db, id, DUTY_KINDS, 0, RECORDS_SHOWN, error);
    if (records == NULL || !firecode_score(ctx->db, id, &score, error) ||
        !firecode_of(ctx->db, id, &code, error)) {
        return false;
    }
    json_put_text(model, "label", book->keeper.label);
    json_put_text(model, "until", until);
    code_put_colour(model, score.colour);
    code_put_reasons(model, risk, &score, true);
    code_put_duties(model, risk, &score, ctx->now_us);
    return code_put_building(ctx->db, &book->building, model, error) &&
           code_put_face(req, code.code, model, error) &&
           record_put_list(book->building.region, records, false, model, error);
}

Response *keeper_book_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Book) book = {.actor = NULL};
    g_autoptr(json_t) model = json_object();
    Response *other = load(ctx, req, &book);
    if (other != NULL) {
        return other;
    }
    if (!put_book(ctx, req, &book, model, &error)) {
        return response_problem(error, NULL);
    }
    Response *response = response_page("firecode/keeper_book", g_steal_pointer(&model));
    response_private(response);
    return response;
}

static Response *handle(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Book) book = {.actor = NULL};
    g_autoptr(json_t) model = json_object();
    unsigned wait = 0;
    Response *answer = load(ctx, req, &book);
    RecordForm form = {.back = "/keeper/book", .action = request_path(req)};
    if (answer != NULL) {
        return answer;
    }
    if (!duty_parse(request_arg(req, "kind"), &form.kind)) {
        return response_not_found();
    }
    form.building_id = book.building.id;
    form.form = duty_form(book.building.region, form.kind, ctx->now_us, &error);
    if (form.form == NULL || !code_put_building(ctx->db, &book.building, model, &error)) {
        return response_problem(error, NULL);
    }
    const char *view = "firecode/keeper_record";
    if (!request_is_post(req)) {
        Response *page = record_form_show(ctx, req, view, &form, NULL, NULL, model);
        response_private(page);
        return page;
    }
    if (!account_charge(ctx->db, &record_limit, book.actor, ctx->now_us, &wait, &error)) {
        return response_problem(error, NULL);
    }
    if (wait > 0) {
        return wait_page(ctx, &record_limit, wait);
    }
    if (!keeper_note_used(ctx->db, book.keeper.id, ctx->now_us, &error)) {
        return response_problem(error, NULL);
    }
    return record_form_keep(ctx, req, view, &form, &book.by, model);
}

Response *keeper_record_page(Ctx *ctx, const Request *req) {
    return handle(ctx, req);
}

Response *keeper_record_submit(Ctx *ctx, const Request *req) {
    return handle(ctx, req);
}

Response *keeper_leave_submit(Ctx *ctx, const Request *req) {
    (void)ctx;
    Response *response = response_redirect_flash("/keeper", "已在这台设备上退出");
    response_cookie(response, cookie_name(req), "", 0, true);
    return response;
}
