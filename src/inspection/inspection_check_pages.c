/* The checklist on the phone: one form, works without script, nothing typed is lost. */
#include "account/account.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "inspection/inspection_models.h"
#include "inspection/inspection_pages.h"
#include "inspection/inspection_rules.h"

#include <string.h>

/* What the form shows for one item: sent, else stored, else nothing. */
typedef struct ItemState {
    const char *answer; /* word or "" */
    const char *note;
} ItemState;

static ItemState item_state(const Request *req, const GPtrArray *stored, const char *item_id) {
    if (request_is_post(req)) {
        g_autofree char *answer_name = g_strconcat("q-", item_id, NULL);
        g_autofree char *note_name = g_strconcat("n-", item_id, NULL);
        const char *answer = request_form(req, answer_name);
        const char *note = request_form(req, note_name);
        return (ItemState){answer != NULL ? answer : "", note != NULL ? note : ""};
    }
    for (unsigned i = 0; stored != NULL && i < stored->len; i++) {
        const StoredAnswer *answer = g_ptr_array_index(stored, i);
        if (strcmp(answer->item_id, item_id) == 0) {
            return (ItemState){answer_word(answer->answer),
                               answer->note != NULL ? answer->note : ""};
        }
    }
    return (ItemState){"", ""};
}

static json_t *
item_model(const LawItem *item, unsigned number, ItemState state, const char *problem) {
    json_t *model = json_object();
    json_put_int(model, "number", number);
    json_put_text(model, "id", item->id);
    json_put_text(model, "text", item->text);
    json_put_text(model, "how", item->how);
    json_put_text(model, "basis", item->basis_zh);
    json_put_text(model, "severity", law_severity_zh(item->severity));
    json_put_text(model, "confidence", law_confidence_zh(item->confidence));
    json_put_bool(model, "is_pass", strcmp(state.answer, "pass") == 0);
    json_put_bool(model, "is_fail", strcmp(state.answer, "fail") == 0);
    json_put_bool(model, "is_na", strcmp(state.answer, "na") == 0);
    json_put_text(model, "note", state.note);
    json_put_text(model, "error", problem);
    return model;
}

typedef struct CheckForm {
    const LawChecklist *list;
    const GPtrArray *stored;
    const char *inspected; /* value of the date field */
    const char *field, *problem_zh;
} CheckForm;

static void put_items(json_t *model, const Request *req, const CheckForm *form) {
    json_t *items = json_array();
    unsigned done = 0;
    for (unsigned i = 0; i < form->list->count; i++) {
        const LawItem *item = form->list->items[i];
        ItemState state = item_state(req, form->stored, item->id);
        bool is_wrong = form->field != NULL && strcmp(form->field, item->id) == 0;
        done += *state.answer != '\0';
        json_array_append_new(items,
                              item_model(item, i + 1, state, is_wrong ? form->problem_zh : NULL));
    }
    json_put(model, "items", items);
    g_autofree char *count = g_strdup_printf("%u", form->list->count);
    g_autofree char *done_text = g_strdup_printf("%u", done);
    json_put_text(model, "item_count", count);
    json_put_text(model, "done_count", done_text);
    json_put_text(model, "checklist_name", form->list->name);
    json_put_text(model, "checklist_edition", form->list->edition);
    json_put_text(model, "checklist_basis", form->list->basis_zh);
}

/* A form sent a second time carries the same id. */
static char *form_id_of(const Request *req) {
    uint8_t bytes[16];
    const char *sent = request_is_post(req) ? request_form(req, "form_id") : NULL;
    if (sent != NULL && hex_parse(sent, bytes, sizeof bytes)) {
        return g_strdup(sent);
    }
    random_bytes(bytes, sizeof bytes);
    return hex_format(bytes, sizeof bytes);
}

static json_t *
form_model(Ctx *ctx, const Request *req, const Inspection *inspection, const CheckForm *form) {
    json_t *model = inspection_model(inspection, ctx->now_us);
    g_autofree char *form_id = form_id_of(req);
    g_autofree char *today = clock_format_date(ctx->now_us);
    const char *note = request_is_post(req) ? request_form(req, "note") : inspection->note;
    put_items(model, req, form);
    json_put_text(model, "form_id", form_id);
    json_put_text(model, "today", today);
    json_put_text(model, "inspected_value", form->inspected);
    json_put_text(model, "note_value", note != NULL ? note : "");
    bool is_date = form->field != NULL && strcmp(form->field, "inspected") == 0;
    bool is_note = form->field != NULL && strcmp(form->field, "note") == 0;
    json_put_text(model, "inspected_error", is_date ? form->problem_zh : NULL);
    json_put_text(model, "note_error", is_note ? form->problem_zh : NULL);
    return model;
}

/* Only the two officers get as far as the form. */
static Response *not_assigned(Ctx *ctx, const Request *req, const Inspection *inspection) {
    int64_t officer = ctx->who->officer_id;
    if (officer != 0 && (officer == inspection->lead_id || officer == inspection->second_id)) {
        return NULL;
    }
    account_refused(ctx, req, "不是指派的检查人员");
    return refusal_zh(HZ_ERROR_DENIED, "只有指派的两名检查人员能记录这次检查的结果");
}

Response *check_page(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Inspection) inspection = wanted_inspection(ctx, req, &refusal);
    if (inspection == NULL || (refusal = not_assigned(ctx, req, inspection)) != NULL) {
        return refusal;
    }
    if (inspection->state != INSPECTION_PLANNED && inspection->state != INSPECTION_RECORDED) {
        return refusal_zh(HZ_ERROR_CONFLICT, "这次检查已公开或已终止，不能再记录");
    }
    int64_t day_us = inspection->inspected_us != 0 ? inspection->inspected_us : ctx->now_us;
    g_autofree char *day = clock_format_date(day_us);
    g_autoptr(LawChecklist) list = law_checklist_at(INSPECTION_CHECKLIST, day_us, &error);
    g_autoptr(GPtrArray) stored =
        list == NULL ? NULL : inspection_answers(ctx->db, inspection->id, &error);
    if (stored == NULL) {
        return response_problem(error, NULL);
    }
    CheckForm form = {.list = list, .stored = stored, .inspected = day};
    json_t *model = form_model(ctx, req, inspection, &form);
    json_put_text(model, "problems", NULL);
    return response_page("inspection/check", model);
}

/* --- saving ------------------------------------------------------------------------------------
 */

/* The answered items of the sent form; texts are the request's. */
static GArray *read_answers(const Request *req, const LawChecklist *list) {
    GArray *answers = g_array_new(FALSE, FALSE, sizeof(ItemAnswer));
    for (unsigned i = 0; i < list->count; i++) {
        ItemState state = item_state(req, NULL, list->items[i]->id);
        ItemAnswer answer = {.item_id = list->items[i]->id, .note = state.note};
        if (answer_parse(state.answer, &answer.answer)) {
            g_array_append_val(answers, answer);
        }
    }
    return answers;
}

static Response *
form_again(Ctx *ctx, const Request *req, const Inspection *inspection, const CheckForm *form) {
    json_t *model = form_model(ctx, req, inspection, form);
    bool is_item = law_checklist_item(form->list, form->field) != NULL;
    g_autofree char *anchor =
        is_item ? g_strconcat("item-", form->field, NULL) : g_strdup(form->field);
    FormProblems *problems = form_problems_new();
    form_problem_add(problems, anchor, "%s", form->problem_zh);
    return response_form_again("inspection/check", model, problems);
}

static Response *saved(const Inspection *inspection, const RecordOutcome *outcome) {
    g_autofree char *path = g_strdup_printf("/work/inspections/%" G_GINT64_FORMAT, inspection->id);
    return response_redirect_flash(path,
                                   outcome->was_there
                                       ? "这份表已经保存过了，是账本第 %" G_GINT64_FORMAT " 号记录"
                                       : "检查结果已保存，是账本第 %" G_GINT64_FORMAT " 号记录",
                                   outcome->leaf);
}

Response *check_submit(Ctx *ctx, const Request *req) {
    Response *refusal = NULL;
    g_autoptr(GError) error = NULL;
    g_autoptr(Inspection) inspection = wanted_inspection(ctx, req, &refusal);
    if (inspection == NULL || (refusal = not_assigned(ctx, req, inspection)) != NULL) {
        return refusal;
    }
    const char *day = request_form(req, "inspected");
    int64_t day_us = 0;
    bool has_day = day != NULL && clock_parse(day, &day_us) && day_begin(day_us) == day_us;
    g_autoptr(LawChecklist) list =
        law_checklist_at(INSPECTION_CHECKLIST, has_day ? day_us : ctx->now_us, NULL);
    if (list == NULL) {
        has_day = false;
        list = law_checklist_at(INSPECTION_CHECKLIST, ctx->now_us, &error);
        if (list == NULL) {
            return response_problem(error, NULL);
        }
    }
    CheckForm form = {.list = list, .inspected = day != NULL ? day : ""};
    if (!has_day) {
        form.field = "inspected";
        form.problem_zh = "写检查日期，如 2026-11-22";
        return form_again(ctx, req, inspection, &form);
    }
    g_autofree char *form_id = form_id_of(req);
    g_autofree char *actor = actor_of(ctx->who);
    g_autoptr(GArray) answers = read_answers(req, list);
    InspectionResult result = {.inspection_id = inspection->id,
                               .version = form_number(req, "version"),
                               .form_id = form_id,
                               .officer_id = ctx->who->officer_id,
                               .inspected_us = day_us,
                               .answers = (const ItemAnswer *)answers->data,
                               .answer_count = answers->len,
                               .note = request_form(req, "note")};
    RecordOutcome outcome = {0};
    if (!inspection_record(ctx->db, &result, actor, ctx->now_us, &outcome, &error)) {
        return response_problem(error,
                                g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT)
                                    ? "另一位检查人员刚保存过结果。回到这次检查看看，再改"
                                    : NULL);
    }
    if (outcome.problem_zh != NULL) {
        form.field = outcome.field;
        form.problem_zh = outcome.problem_zh;
        return form_again(ctx, req, inspection, &form);
    }
    return saved(inspection, &outcome);
}
