/* The reading of matters of kind inspection: each act writes what it says into the row. */
#include "inspection/inspection.h"

#include "base/clock.h"
#include "base/error.h"
#include "inspection/inspection_rules.h"
#include "inspection/inspection_store.h"
#include "registry/building.h"
#include "registry/officer.h"
#include "registry/region.h"
#include "registry/unit.h"

#include <string.h>

bool inspection_is_public(const Inspection *inspection) {
    return inspection->state == INSPECTION_PUBLISHED && inspection->published_us != 0;
}

bool inspection_is_old_result(const Inspection *inspection) {
    return inspection->recorded_us != 0 &&
           (inspection->matter_id == 0 || inspection->state == INSPECTION_PLANNED);
}

/* --- officers ----------------------------------------------------------------------------------
 */

/* The first two officers of an act, borrowed; empty texts when it has none. `kept`: those of an act
 * that was taken before are read here; the caller unrefs. */
static bool read_officers(
    Db *db, const CaseTaken *taken, GPtrArray **kept, InspectionOfficers *ret, GError **error) {
    const CaseAct *act = taken->act;
    const GPtrArray *officers = taken->officers;
    *kept = NULL;
    *ret = (InspectionOfficers){0, 0, "", "", "", ""};
    if (act->officer_count < 2) {
        return true;
    }
    if (officers == NULL) {
        *kept = officers_find(db, act->officers, act->officer_count, error);
        officers = *kept;
    }
    if (officers == NULL) {
        return false;
    }
    const Officer *lead = officers->pdata[0];
    const Officer *second = officers->pdata[1];
    *ret = (InspectionOfficers){
        lead->id, second->id, lead->name, lead->certificate, second->name, second->certificate};
    return true;
}

/* --- the row -----------------------------------------------------------------------------------
 */

/* "draw:7" -> 7; 0 when it is of another kind. */
static int64_t origin_id(const CaseTaken *taken, const char *kind) {
    const char *origin = taken->opening == NULL ? NULL : taken->opening->origin;
    return origin != NULL && g_str_has_prefix(origin, kind)
               ? g_ascii_strtoll(origin + strlen(kind), NULL, 10)
               : 0;
}

static bool find_address(Db *db, const CaseTaken *taken, char **ret_address, GError **error) {
    const Matter *matter = taken->matter;
    if (taken->address != NULL) {
        *ret_address = g_strdup(taken->address);
        return true;
    }
    g_auto(Unit) unit = {0};
    g_auto(Building) building = {0};
    bool is_unit = strcmp(matter->object_kind, "unit") == 0;
    if (is_unit ? !unit_find(db, matter->object_id, &unit, error)
                : !building_find(db, matter->object_id, &building, error)) {
        return false;
    }
    *ret_address = g_strdup(is_unit ? unit.address : building.address);
    return true;
}

/* `assignment`: data of the first act. */
static bool add_row(Db *db, const CaseTaken *taken, const json_t *assignment, GError **error) {
    const Matter *matter = taken->matter;
    g_autoptr(GPtrArray) kept = NULL;
    g_autofree char *address = NULL;
    InspectionRow row = {.matter_id = matter->id,
                         .draw_id = origin_id(taken, "draw:"),
                         .object_kind = matter->object_kind,
                         .object_id = matter->object_id,
                         .object_name = matter->title,
                         .region = matter->region,
                         .district = region_district(matter->region),
                         .now_us = matter->opened_us};
    bool has_due = clock_parse(json_get_text(assignment, "due", ""), &row.due_us);
    g_autofree char *region_name = region_full_name(db, matter->region, error);
    if (region_name == NULL || !find_address(db, taken, &address, error) ||
        !read_officers(db, taken, &kept, &row.officers, error)) {
        return false;
    }
    row.region_name = region_name;
    row.object_address = address == NULL ? "" : address;
    return has_due ? inspection_store_add(db, &row, error)
                   : hz_fail(error, HZ_ERROR_CORRUPT, "%s has no last day", matter->number);
}

/* --- acts --------------------------------------------------------------------------------------
 */

LawChecklist *inspection_checklist(const char *region, int64_t time_us, GError **error) {
    const LawBook *book = casework_book(region, error);
    return book == NULL ? NULL : law_checklist_of(book, INSPECTION_CHECKLIST, time_us, error);
}

static int64_t count_failed(const json_t *items) {
    int64_t failed = 0;
    const char *id;
    json_t *item;
    json_object_foreach((json_t *)items, id, item) {
        failed += strcmp(json_get_text(item, "answer", ""), "fail") == 0;
    }
    return failed;
}

/* Do the officers of the act stand in the row, in whichever order? */
static bool are_those(const Inspection *row, const CaseAct *act) {
    bool has_lead = false;
    bool has_second = false;
    for (size_t i = 0; i < act->officer_count; i++) {
        has_lead |= act->officers[i] == row->lead_id;
        has_second |= act->officers[i] == row->second_id;
    }
    return has_lead && has_second;
}

static bool follow_record(Db *db, const CaseTaken *taken, const Inspection *row, GError **error) {
    int64_t day_us = day_begin(taken->act->happened_us);
    g_autoptr(GPtrArray) kept = NULL;
    InspectionOfficers officers;
    g_autoptr(LawChecklist) list =
        inspection_checklist(taken->matter->region, taken->act->happened_us, error);
    if (list == NULL || !read_officers(db, taken, &kept, &officers, error)) {
        return false;
    }
    ResultRow result = {.matter_id = taken->matter->id,
                        .inspected_us = day_us,
                        .checklist = list->id,
                        .edition = list->edition,
                        .failed = count_failed(json_object_get(taken->data, "items")),
                        .recorded_us = taken->actor->now_us,
                        .recorded_by = taken->actor->officer_id,
                        .leaf = taken->leaf};
    return (are_those(row, taken->act) ||
            inspection_store_officers(db, row->matter_id, &officers, error)) &&
           inspection_store_result(db, &result, error) &&
           (row->object_kind == OBJECT_BUILDING
                ? building_note_inspected(db, row->object_id, day_us, error)
                : unit_note_inspected(db, row->object_id, day_us, error));
}

/* A matter that was opened before this room read matters gets its row with its next act; what it
 * has recorded is read from its acts. */
static bool add_late(Db *db, const CaseTaken *taken, Inspection **ret_row, GError **error) {
    g_autoptr(GPtrArray) acts = casework_acts(db, taken->matter->id, false, error);
    if (acts == NULL || !add_row(db, taken, ((StoredAct *)acts->pdata[0])->data, error) ||
        !inspection_store_of_matter(db, taken->matter->id, ret_row, error)) {
        return false;
    }
    bool good = true;
    for (guint i = 0; good && i + 1 < acts->len; i++) { /* the last is the one that is taken now */
        const StoredAct *act = acts->pdata[i];
        CaseActor actor = {.officer_id = MAX(act->person, 0), .now_us = act->entered_us};
        CaseAct done = {.step = act->step,
                        .happened_us = act->happened_us,
                        .officers = (const int64_t *)(void *)act->officers->data,
                        .officer_count = act->officers->len};
        CaseTaken past = {
            .matter = taken->matter, .actor = &actor, .act = &done, .data = act->data, .leaf = -1};
        good = strcmp(act->step, "record") != 0 || follow_record(db, &past, *ret_row, error);
    }
    return good;
}

/* Only what is published on this site is shown here. */
static bool follow_publish(Db *db, const CaseTaken *taken, GError **error) {
    const json_t *places = json_object_get(taken->data, "where");
    bool is_here = false;
    for (size_t i = 0; i < json_array_size(places); i++) {
        is_here |= g_strcmp0(json_string_value(json_array_get(places, i)), "site") == 0;
    }
    return inspection_store_publish(
        db, taken->matter->id, is_here ? taken->actor->now_us : 0, taken->leaf, error);
}

/* The words of the form for why it was given up. */
static bool follow_cancel(Db *db, const CaseTaken *taken, GError **error) {
    const LawBook *book = casework_book(taken->matter->region, error);
    const LawForm *form =
        book == NULL ? NULL
                     : law_form_at(book, "inspection-cancellation", taken->act->happened_us, error);
    if (form == NULL) {
        return false;
    }
    const LawField *why = law_form_field(form, "why");
    g_autofree char *reason =
        why == NULL ? g_strdup("") : law_field_text_zh(why, taken->data, taken->act->happened_us);
    const char *note = json_get_text(taken->data, "note", NULL);
    g_autofree char *whole = g_strconcat(reason, note != NULL ? "：" : NULL, note, NULL);
    return inspection_store_close(db, taken->matter->id, whole, error);
}

bool inspection_follow(Db *db, const CaseTaken *taken, GError **error) {
    const char *step = taken->act->step;
    if (strcmp(taken->matter->kind, INSPECTION_KIND) != 0 || taken->matter->object_kind == NULL) {
        return true;
    }
    if (taken->opening != NULL) {
        int64_t old = origin_id(taken, "inspection:");
        return old != 0 ? inspection_store_adopt(db, old, taken->matter->id, error)
                        : add_row(db, taken, taken->data, error);
    }
    Inspection *found = NULL;
    bool good = inspection_store_of_matter(db, taken->matter->id, &found, error) &&
                (found != NULL || add_late(db, taken, &found, error));
    g_autoptr(Inspection) row = found;
    if (!good) {
        return false;
    }
    if (taken->names) {
        g_autoptr(GPtrArray) kept = NULL;
        InspectionOfficers officers;
        return read_officers(db, taken, &kept, &officers, error) &&
               inspection_store_officers(db, row->matter_id, &officers, error);
    }
    return strcmp(step, "record") == 0    ? follow_record(db, taken, row, error)
           : strcmp(step, "publish") == 0 ? follow_publish(db, taken, error)
           : strcmp(step, "cancel") == 0  ? follow_cancel(db, taken, error)
                                          : true;
}

/* --- results -----------------------------------------------------------------------------------
 */

/* The answers as the act that recorded them has them. */
static GPtrArray *answers_of_act(const StoredAct *act) {
    GPtrArray *list = g_ptr_array_new_with_free_func((GDestroyNotify)stored_answer_free);
    const char *id;
    json_t *item;
    json_object_foreach(json_object_get(act->data, "items"), id, item) {
        StoredAnswer *answer = g_new0(StoredAnswer, 1);
        bool is_known = answer_parse(json_get_text(item, "answer", NULL), &answer->answer);
        g_assert(is_known); /* the form has been checked against the list */
        answer->item_id = g_strdup(id);
        answer->note = g_strdup(json_get_text(item, "note", NULL));
        g_ptr_array_add(list, answer);
    }
    return list;
}

GPtrArray *inspection_answers(Db *db, const Inspection *inspection, GError **error) {
    if (inspection->matter_id == 0 || inspection_is_old_result(inspection)) {
        return inspection_store_answers(db, inspection->id, error);
    }
    g_autoptr(GPtrArray) acts = casework_acts(db, inspection->matter_id, false, error);
    for (guint i = acts == NULL ? 0 : acts->len; i > 0; i--) {
        const StoredAct *act = acts->pdata[i - 1];
        if (strcmp(act->step, "record") == 0) {
            return answers_of_act(act);
        }
    }
    return acts == NULL ? NULL : g_ptr_array_new();
}
