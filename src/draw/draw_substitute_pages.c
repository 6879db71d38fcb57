/* Substitutions in the browser: form, what would come, doing it, the list, the file. */
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw_internal.h"
#include "draw/draw_pages.h"
#include "draw/draw_substitute.h"
#include "ledger/ledger.h"
#include "registry/officer.h"

#include <string.h>

/* --- models ------------------------------------------------------------------------------------
 */

/* "某某商店（U12）"; the number alone when the registry has it no more. Caller frees. */
static char *object_text(Db *db, const Draw *draw, int64_t object_id) {
    char id[DRAW_ID_MAX + 1];
    DrawnObject object = {.object_kind = draw->object_kind, .object_id = object_id};
    draw_id_format(draw->object_kind, object_id, id);
    bool is_known = draw_load_object(db, &object, NULL);
    char *text = is_known ? g_strdup_printf("%s（%s）", object.name, id) : g_strdup(id);
    g_free(object.name);
    g_free(object.address);
    g_free(object.region);
    return text;
}

static char *officer_text(Db *db, int64_t officer_id) {
    char id[DRAW_ID_MAX + 1];
    g_auto(Officer) officer = {0};
    draw_id_format("officer", officer_id, id);
    return officer_find(db, officer_id, &officer, NULL)
               ? g_strdup_printf("%s（%s）", officer.name, id)
               : g_strdup(id);
}

/* Whom a recusal keeps away is nobody's business outside; the entry in the ledger seals it. */
static char *passed_text(Db *db, const DrawSubstitution *line, bool is_public) {
    if (line->passed->len == 0) {
        return NULL;
    }
    if (is_public) {
        return g_strdup_printf("轮到的前 %u 人不能去，原因封存在账本记录里", line->passed->len);
    }
    g_autoptr(GString) text = g_string_new("轮到过，但是不能去：");
    for (guint i = 0; i < line->passed->len; i++) {
        const DrawPassed *one = &g_array_index(line->passed, DrawPassed, i);
        g_autofree char *name = officer_text(db, one->officer_id);
        g_string_append_printf(
            text, "%s%s，%s", i > 0 ? "；" : "", name, draw_substitute_reason_zh(one->reason));
    }
    return g_strdup(text->str);
}

static json_t *line_model(Db *db, const Draw *draw, const DrawSubstitution *line, bool is_public) {
    json_t *model = json_object();
    g_autofree char *out =
        line->is_object ? object_text(db, draw, line->out_id) : officer_text(db, line->out_id);
    g_autofree char *in = line->in_id == 0  ? NULL
                          : line->is_object ? object_text(db, draw, line->in_id)
                                            : officer_text(db, line->in_id);
    g_autofree char *passed = passed_text(db, line, is_public);
    g_autofree char *time = clock_format_minute(line->created_us);
    bool has_note = !is_public && line->note[0] != '\0';
    json_put_int(model, "n", line->n);
    json_put_int(model, "place", line->order);
    json_put_bool(model, "is_object", line->is_object);
    json_put_text(
        model, "kind_zh", line->is_object ? draw_object_kind_zh(draw->object_kind) : "人员");
    json_put_text(model, "out", out);
    json_put_text(model, "in", in);
    json_put_text(model, "reason_zh", draw_substitute_reason_zh(line->reason));
    json_put_text(model, "note", has_note ? line->note : NULL);
    json_put_text(model, "passed", passed);
    json_put_text(model, "time", time);
    json_put(model, "proof", ledger_badge_at(line->leaf));
    return model;
}

/* The file stands beside the bundle's as soon as there is something in it. */
static void add_file(json_t *model, const char *path) {
    g_autofree char *href = g_strdup_printf("%s/files/%s", path, DRAW_SUBSTITUTIONS_FILE);
    json_t *file = json_object();
    json_put_text(file, "name", DRAW_SUBSTITUTIONS_FILE);
    json_put_text(file, "href", href);
    json_array_append_new(json_object_get(model, "files"), file);
}

bool draw_put_substitutions(
    Ctx *ctx, const Draw *draw, const char *path, bool is_public, json_t *model, GError **error) {
    json_t *lines = json_array();
    json_put(model, "substitutions", lines);
    json_put_bool(model, "has_substitutions", false);
    if (!draw_substitutions_are_open(draw, is_public)) {
        return true;
    }
    g_autoptr(GPtrArray) all = draw_substitutions(ctx->db, draw->id, error);
    for (guint i = 0; all != NULL && i < all->len; i++) {
        json_array_append_new(lines, line_model(ctx->db, draw, all->pdata[i], is_public));
    }
    if (json_array_size(lines) > 0) {
        json_put_bool(model, "has_substitutions", true);
        add_file(model, path);
    }
    return all != NULL;
}

void draw_put_substitute_links(const Draw *draw, bool may_act, json_t *model) {
    json_t *targets = json_object_get(model, "targets");
    for (size_t i = 0; i < json_array_size(targets); i++) {
        json_t *target = json_array_get(targets, i);
        bool is_open = may_act && !json_get_bool(target, "is_reserve", true);
        g_autofree char *href = is_open ? g_strdup_printf("/work/draws/%" G_GINT64_FORMAT
                                                          "/substitute?place=%" G_GINT64_FORMAT,
                                                          draw->id,
                                                          json_get_int(target, "order", 0))
                                        : NULL;
        json_put_text(target, "substitute_href", href);
    }
}

Response *draw_substitutions_response(Ctx *ctx, const Draw *draw, bool is_public) {
    g_autoptr(GError) error = NULL;
    if (!draw_substitutions_are_open(draw, is_public)) {
        return response_not_found();
    }
    g_autoptr(GPtrArray) all = draw_substitutions(ctx->db, draw->id, &error);
    if (all == NULL) {
        return response_problem(error, NULL);
    }
    char *text = draw_substitutions_file(draw, all);
    return response_bytes(
        "text/plain; charset=utf-8", g_bytes_new_take(text, strlen(text)), DRAW_SUBSTITUTIONS_FILE);
}

/* --- the form ----------------------------------------------------------------------------------
 */

typedef struct SubstituteForm {
    int64_t place;
    char *who, *reason, *note, *expected;
} SubstituteForm;

static void substitute_form_clear(SubstituteForm *form) {
    g_free(form->who);
    g_free(form->reason);
    g_free(form->note);
    g_free(form->expected);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SubstituteForm, substitute_form_clear)

static int64_t number_of(const char *text) {
    guint64 number = 0;
    return text != NULL && g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &number, NULL)
               ? (int64_t)number
               : 0;
}

static json_t *reason_options(const char *const *reasons, const char *chosen) {
    json_t *options = json_array();
    for (; *reasons != NULL; reasons++) {
        form_option(options,
                    *reasons,
                    draw_substitute_reason_zh(*reasons),
                    g_strcmp0(*reasons, chosen) == 0);
    }
    return options;
}

static void add_who(json_t *whos, int64_t officer_id, const char *name, const char *chosen) {
    char id[DRAW_ID_MAX + 1];
    g_autofree char *text = g_strdup_printf("人员 %s 不能去", name);
    draw_id_format("officer", officer_id, id);
    form_option(whos, id, text, g_strcmp0(id, chosen) == 0);
}

static void put_held(Ctx *ctx, const Draw *draw, const DrawHeld *held, json_t *model) {
    g_autofree char *object =
        held->object_id != 0 ? object_text(ctx->db, draw, held->object_id) : NULL;
    g_autofree char *lead = held->lead_id != 0 ? officer_text(ctx->db, held->lead_id) : NULL;
    g_autofree char *second = held->second_id != 0 ? officer_text(ctx->db, held->second_id) : NULL;
    json_put_int(model, "place", held->order);
    json_put_text(model, "object", object);
    json_put_bool(model, "has_team", lead != NULL && second != NULL);
    json_put_text(model, "lead", lead);
    json_put_text(model, "second", second);
}

static json_t *
held_model(Ctx *ctx, const Draw *draw, const DrawHeld *held, const SubstituteForm *form) {
    json_t *model = json_object();
    json_t *whos = json_array();
    put_held(ctx, draw, held, model);
    bool can = held->object_id != 0 && held->lead_id != 0;
    json_put_bool(model, "can", can);
    if (can) {
        g_autofree char *text =
            g_strdup_printf("对象 %s 不能查", json_get_text(model, "object", ""));
        form_option(whos, "object", text, g_strcmp0(form->who, "object") == 0);
        add_who(whos, held->lead_id, json_get_text(model, "lead", ""), form->who);
        add_who(whos, held->second_id, json_get_text(model, "second", ""), form->who);
    }
    json_put(model, "whos", whos);
    json_put(model, "object_reasons", reason_options(draw_object_reasons, form->reason));
    json_put(model, "officer_reasons", reason_options(draw_officer_reasons, form->reason));
    return model;
}

/* `problems` is taken over; NULL: the form as it is at first. */
static Response *
show_form(Ctx *ctx, const Draw *draw, const SubstituteForm *form, FormProblems *problems) {
    DrawHeld held = {0};
    json_t *model = json_object();
    bool is_found = form->place != 0 && draw_held(ctx->db, draw->id, form->place, 0, &held, NULL);
    json_put_int(model, "id", draw->id);
    json_put_text(model, "number", draw->number);
    json_put_int(model, "drawn_count", draw->drawn_count);
    json_put(model, "held", is_found ? held_model(ctx, draw, &held, form) : json_null());
    form_field(model, "note", form->note != NULL ? form->note : "", problems);
    if (problems != NULL) {
        return response_form_again("draw/substitute", model, problems);
    }
    json_put(model, "problems", json_null());
    return response_page("draw/substitute", model);
}

/* The draw of {id}, if it was run and this person may act on it. */
static Draw *run_draw(Ctx *ctx, const Request *req, Response **ret_refusal) {
    g_autoptr(Draw) draw = draw_own(ctx, req, ret_refusal);
    if (draw != NULL && draw->state != DRAW_DONE && draw->state != DRAW_PUBLISHED) {
        g_autoptr(GError) error = NULL;
        hz_fail(&error, HZ_ERROR_CONFLICT, "the draw was not run");
        *ret_refusal = response_problem(error, "这次抽查还没有抽，没有什么可以替换。");
        return NULL;
    }
    return g_steal_pointer(&draw);
}

Response *draw_substitute_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(Draw) draw = run_draw(ctx, req, &refusal);
    g_auto(SubstituteForm) form = {.place = number_of(request_query(req, "place"))};
    const char *object = request_query(req, "object");
    DrawHeld held = {0};
    if (draw == NULL) {
        return refusal;
    }
    form.who = g_strdup(request_query(req, "who"));
    if (object != NULL && draw_id_number(object) != 0 &&
        draw_held(ctx->db, draw->id, 0, draw_id_number(object), &held, NULL)) {
        form.place = held.order;
    }
    return show_form(ctx, draw, &form, NULL);
}

/* --- doing it ----------------------------------------------------------------------------------
 */

typedef struct SubstituteWork {
    DrawSubstituteRequest request;
    GPtrArray *done; /* owned */
    bool is_tried;   /* it would go through */
} SubstituteWork;

static void substitute_work_clear(SubstituteWork *work) {
    g_clear_pointer(&work->done, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SubstituteWork, substitute_work_clear)

static bool substitute_work(Db *db, void *data, GError **error) {
    SubstituteWork *work = data;
    g_clear_pointer(&work->done, g_ptr_array_unref);
    work->done = draw_substitute(db, &work->request, error);
    return work->done != NULL;
}

/* The whole substitution, matters too, and then nothing of it: what the page promises is what
 * happens. */
static bool try_work(Db *db, void *data, GError **error) {
    SubstituteWork *work = data;
    work->is_tried = substitute_work(db, work, error);
    return work->is_tried && hz_fail(error, HZ_ERROR_CONFLICT, "only tried out: roll it back");
}

static Response *
show_confirm(Ctx *ctx, const Draw *draw, const SubstituteForm *form, const SubstituteWork *work) {
    const DrawSubstitution *first = work->done->pdata[0];
    const DrawSubstitution *last = work->done->pdata[work->done->len - 1];
    DrawHeld after = {last->order, last->object_id, last->lead_id, last->second_id};
    g_autofree char *expected = g_strdup_printf("%" G_GINT64_FORMAT, first->in_id);
    json_t *model = json_object();
    json_t *lines = json_array();
    for (guint i = 0; i < work->done->len; i++) {
        json_t *line = line_model(ctx->db, draw, work->done->pdata[i], false);
        json_put(line, "n", json_null()); /* it has its number when it is done */
        json_array_append_new(lines, line);
    }
    put_held(ctx, draw, &after, model);
    json_put_int(model, "id", draw->id);
    json_put_text(model, "number", draw->number);
    json_put(model, "lines", lines);
    json_put_bool(model, "is_object", first->is_object);
    json_put_text(model, "who", form->who);
    json_put_text(model, "reason", form->reason);
    json_put_text(model, "note", form->note);
    json_put_text(model, "expected", expected);
    return response_page("draw/substitute_confirm", model);
}

static Response *answer_done(Ctx *ctx, const Draw *draw, const SubstituteWork *work) {
    const DrawSubstitution *first = work->done->pdata[0];
    g_autofree char *path = g_strdup_printf("/work/draws/%" G_GINT64_FORMAT, draw->id);
    g_autoptr(json_t) line = line_model(ctx->db, draw, first, false);
    const char *in = json_get_text(line, "in", NULL);
    g_autofree char *outcome =
        in != NULL ? g_strdup_printf("由 %s 接替", in) : g_strdup("没有候补了，位置空着");
    return response_redirect_flash(path,
                                   "第 %" G_GINT64_FORMAT " 号替换已写进账本：%s 换下，%s。",
                                   first->n,
                                   json_get_text(line, "out", ""),
                                   outcome);
}

/* Puts the form into the request; what a person must change goes into `problems`. */
static void
read_request(const SubstituteForm *form, DrawSubstituteRequest *request, FormProblems *problems) {
    bool is_object = strcmp(form->who, "object") == 0;
    request->order = form->place;
    request->officer_id = is_object || form->who[0] != 'F' ? 0 : draw_id_number(form->who);
    request->reason = form->reason;
    request->note = form->note;
    request->expected_id =
        form->expected[0] != '\0' ? g_ascii_strtoll(form->expected, NULL, 10) : -1;
    if (!is_object && request->officer_id == 0) {
        form_problem_add(problems, "who", "选换下谁");
        return;
    }
    const char *field = NULL;
    const char *problem = draw_substitute_problem(request, &field);
    if (problem != NULL) {
        form_problem_add(problems, field, "%s", problem);
    }
}

Response *draw_substitute_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Draw) draw = run_draw(ctx, req, &refusal);
    if (draw == NULL) {
        return refusal;
    }
    g_auto(SubstituteForm) form = {.place = number_of(request_form(req, "place")),
                                   .who = draw_form_text(req, "who"),
                                   .reason = draw_form_text(req, "reason"),
                                   .note = draw_form_text(req, "note"),
                                   .expected = draw_form_text(req, "expected")};
    g_autofree char *actor = draw_actor(ctx);
    g_auto(SubstituteWork)
        work = {.request = {.draw_id = draw->id, .actor = actor, .now_us = ctx->now_us}};
    FormProblems *problems = form_problems_new();
    read_request(&form, &work.request, problems);
    if (form_has_problems(problems)) {
        return show_form(ctx, draw, &form, problems);
    }
    json_decref(problems);
    bool is_preview = work.request.expected_id < 0;
    bool is_done = db_run_tx(ctx->db, is_preview ? try_work : substitute_work, &work, &error);
    if (!is_done && !work.is_tried) {
        return response_problem(error, NULL);
    }
    return is_preview ? show_confirm(ctx, draw, &form, &work) : answer_done(ctx, draw, &work);
}
