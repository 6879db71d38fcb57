/* View models that several pages of this room share. */
#include "inspection/inspection_models.h"

#include "account/account.h"
#include "base/clock.h"
#include "casework/casework.h"
#include "inspection/inspection_rules.h"

#include <string.h>

/* An officer drawn for a neighbouring district sees this task, and no other one there. */
bool may_see_inspection(const Principal *who, const Inspection *inspection) {
    bool is_own = who->officer_id != 0 && (who->officer_id == inspection->lead_id ||
                                           who->officer_id == inspection->second_id);
    return principal_may(who, PERM_INSPECTION_VIEW) &&
           (is_own || region_covers(who->region, inspection->region));
}

Inspection *wanted_inspection(Ctx *ctx, const Request *req, Response **ret_refusal) {
    int64_t id = 0;
    g_autoptr(GError) error = NULL;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refusal = response_not_found();
        return NULL;
    }
    g_autoptr(Inspection) inspection = inspection_find(ctx->db, id, &error);
    if (inspection == NULL) {
        *ret_refusal = response_problem(error, NULL);
        return NULL;
    }
    if (!may_see_inspection(ctx->who, inspection)) {
        account_refused(ctx, req, "超出管辖区域");
        hz_fail(&error, HZ_ERROR_DENIED, "outside the own region");
        *ret_refusal = response_problem(error, "这次检查不在您的管辖区域");
        return NULL;
    }
    return g_steal_pointer(&inspection);
}

static json_t *officer_model(int64_t id, const char *name, const char *certificate) {
    g_autofree char *initial = name[0] == '\0' ? g_strdup("") : g_utf8_substring(name, 0, 1);
    json_t *model = json_object();
    json_put_int(model, "id", id);
    json_put_text(model, "name", name);
    json_put_text(model, "certificate", certificate);
    json_put_text(model, "initial", initial);
    return model;
}

void put_proof(json_t *model, const char *key, int64_t leaf) {
    if (leaf < 0) {
        json_put_text(model, key, NULL);
        return;
    }
    json_t *proof = json_object();
    g_autofree char *href = g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, leaf);
    g_autofree char *text = g_strdup_printf("%'" G_GINT64_FORMAT, leaf);
    json_put_text(proof, "href", href);
    json_put_text(proof, "index_text", text);
    json_put(model, key, proof);
}

static void put_day(json_t *model, const char *key, int64_t time_us) {
    g_autofree char *day = time_us == 0 ? NULL : clock_format_date(time_us);
    json_put_text(model, key, day);
}

/* Of a result that is not public yet: the last day by the term of law/ in force where the object
 * lies; a year without a holiday notice is not guessed. */
static void put_publish_by(json_t *model, const Inspection *inspection) {
    if (inspection->recorded_us == 0 || inspection->published_us != 0) {
        json_put_text(model, "publish_by", NULL);
        return;
    }
    const LawBook *book = casework_book(inspection->region, NULL);
    g_auto(LawDeadline) deadline = {0};
    bool is_known =
        book != NULL &&
        law_deadline(
            book, "publication-result", inspection->inspected_us, NULL, 0, &deadline, NULL) &&
        deadline.due.is_known;
    if (is_known) {
        put_day(model, "publish_by", law_day_begin(deadline.due.last_day));
    } else {
        json_put_text(model, "publish_by", "（放假安排未公布，不能推算）");
    }
}

static void put_minute(json_t *model, const char *key, int64_t time_us) {
    g_autofree char *minute = time_us == 0 ? NULL : clock_format_minute(time_us);
    json_put_text(model, key, minute);
}

static const char *state_icon(InspectionState state) {
    static const char *const icons[INSPECTION_STATE_COUNT] = {
        "clipboard-check", "circle-check", "eye", "ban"};
    return icons[state];
}

static const char *state_class(InspectionState state) {
    static const char *const classes[INSPECTION_STATE_COUNT] = {"i", "w", "k", ""};
    return classes[state];
}

static void put_state(json_t *model, const Inspection *inspection, int64_t now_us) {
    InspectionState state = inspection->state;
    json_put_text(model, "state", inspection_state_word(state));
    json_put_text(model, "state_zh", inspection_state_zh(state));
    json_put_text(model, "state_icon", state_icon(state));
    json_put_text(model, "state_class", state_class(state));
    json_put_bool(model, "is_closed", state == INSPECTION_CLOSED);
    json_put_text(model, "closed_reason", inspection->closed_reason);
    g_autofree char *big = NULL;
    g_autofree char *small = NULL;
    due_texts(inspection->due_us, now_us, &big, &small);
    json_put_text(model, "due_big", big);
    json_put_text(model, "due_small", small);
    json_put_text(model, "due_class", due_class(due_group(inspection->due_us, now_us)));
    put_day(model, "due", inspection->due_us);
}

char *conclusion_zh(const Inspection *inspection) {
    return inspection->recorded_us == 0 ? NULL
           : inspection->failed > 0
               ? g_strdup_printf("发现 %" G_GINT64_FORMAT " 项不合格", inspection->failed)
               : g_strdup("未发现不合格");
}

static void put_result(json_t *model, const Inspection *inspection) {
    bool has_result = inspection->recorded_us != 0;
    json_put_bool(model, "has_result", has_result);
    put_day(model, "inspected", inspection->inspected_us);
    put_minute(model, "recorded", inspection->recorded_us);
    put_minute(model, "published", inspection->published_us);
    json_put_text(model, "edition", inspection->edition);
    json_put_int(model, "failed", inspection->failed);
    json_put_bool(model, "has_failed", inspection->failed > 0);
    g_autofree char *conclusion = conclusion_zh(inspection);
    json_put_text(model, "conclusion", conclusion);
    json_put_text(model, "note", inspection->note);
    put_publish_by(model, inspection);
    put_proof(model, "record_proof", inspection->record_leaf);
    put_proof(model, "publish_proof", inspection->publish_leaf);
}

json_t *inspection_model(const Inspection *inspection, int64_t now_us) {
    bool is_building = inspection->object_kind == OBJECT_BUILDING;
    g_autofree char *href = g_strdup_printf(
        "/work/%s/%" G_GINT64_FORMAT, is_building ? "buildings" : "units", inspection->object_id);
    json_t *model = json_object();
    json_put_int(model, "id", inspection->id);
    json_put_int(model, "matter_id", inspection->matter_id);
    json_put_bool(model, "has_matter", inspection->matter_id != 0);
    json_put_bool(model, "has_draw", inspection->draw_id != 0);
    json_put_int(model, "draw_id", inspection->draw_id);
    json_put_text(model, "object_kind", object_kind_word(inspection->object_kind));
    json_put_text(model, "object_kind_zh", is_building ? "建筑" : "单位");
    json_put_text(model, "object_href", href);
    json_put_text(model, "object_name", inspection->object_name);
    json_put_text(model, "object_address", inspection->object_address);
    json_put_text(model, "region_name", inspection->region_name);
    put_minute(model, "created", inspection->created_us);
    json_put(
        model,
        "lead",
        officer_model(inspection->lead_id, inspection->lead_name, inspection->lead_certificate));
    json_put(model,
             "second",
             officer_model(
                 inspection->second_id, inspection->second_name, inspection->second_certificate));
    put_state(model, inspection, now_us);
    put_result(model, inspection);
    return model;
}

/* --- answers -----------------------------------------------------------------------------------
 */

static const StoredAnswer *stored_answer(const GPtrArray *answers, const char *item_id) {
    for (unsigned i = 0; i < answers->len; i++) {
        const StoredAnswer *answer = g_ptr_array_index(answers, i);
        if (strcmp(answer->item_id, item_id) == 0) {
            return answer;
        }
    }
    return NULL;
}

static json_t *answered_item(const LawItem *item, const StoredAnswer *answer) {
    static const char *const icons[ANSWER_COUNT] = {"circle-check", "circle-x", "circle-minus"};
    static const char *const classes[ANSWER_COUNT] = {"k", "b", ""};
    json_t *model = json_object();
    json_put_text(model, "text", item->text);
    json_put_text(model, "basis", item->basis_zh);
    json_put_text(model, "confidence", law_confidence_zh(item->confidence));
    json_put_text(model, "severity", law_severity_zh(item->severity));
    json_put_text(model, "answer", answer_word(answer->answer));
    json_put_text(model, "answer_zh", answer_zh(answer->answer));
    json_put_text(model, "icon", icons[answer->answer]);
    json_put_text(model, "class", classes[answer->answer]);
    json_put_text(
        model, "note", answer->note != NULL && *answer->note != '\0' ? answer->note : NULL);
    return model;
}

bool put_answers(Db *db, json_t *model, const Inspection *inspection, GError **error) {
    json_t *items = json_array();
    json_put(model, "items", items);
    if (inspection->recorded_us == 0) {
        return true;
    }
    /* results from before matters were given on the national list */
    g_autoptr(LawChecklist) list =
        inspection_is_old_result(inspection)
            ? law_checklist_at(inspection->checklist, inspection->inspected_us, error)
            : inspection_checklist(inspection->region, inspection->inspected_us, error);
    g_autoptr(GPtrArray) answers = list == NULL ? NULL : inspection_answers(db, inspection, error);
    if (answers == NULL) {
        return false;
    }
    /* Failing items first: they are what the reader looks for. */
    static const Answer order[] = {ANSWER_FAIL, ANSWER_PASS, ANSWER_NOT_APPLICABLE};
    for (size_t rank = 0; rank < G_N_ELEMENTS(order); rank++) {
        for (unsigned i = 0; i < list->count; i++) {
            const StoredAnswer *answer = stored_answer(answers, list->items[i]->id);
            if (answer != NULL && answer->answer == order[rank]) {
                json_array_append_new(items, answered_item(list->items[i], answer));
            }
        }
    }
    return true;
}
