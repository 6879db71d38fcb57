/* Use cases on inspections. Every change is a ledger entry in the same transaction. */
#include "inspection/inspection.h"

#include "base/clock.h"
#include "base/error.h"
#include "inspection/inspection_rules.h"
#include "inspection/inspection_store.h"
#include "ledger/ledger.h"
#include "registry/building.h"
#include "registry/officer.h"
#include "registry/region.h"
#include "registry/unit.h"

#include <string.h>

/* Joins the caller's transaction if there is one. */
static bool within_tx(Db *db, DbWork work, void *data, GError **error) {
    return db_in_tx(db) ? work(db, data, error) : db_run_tx(db, work, data, error);
}

typedef struct Note {
    const char *type, *actor;
    int64_t id, now_us;
    json_t *payload; /* taken over */
} Note;

static bool note(Db *db, const Note *entry, int64_t *ret_leaf, GError **error) {
    g_autoptr(json_t) payload = entry->payload;
    g_autofree char *object = g_strdup_printf("inspection:%" G_GINT64_FORMAT, entry->id);
    return ledger_append(db,
                         &(LedgerEntry){.time_us = entry->now_us,
                                        .type = entry->type,
                                        .actor = entry->actor,
                                        .object = object,
                                        .payload = payload},
                         ret_leaf,
                         error);
}

static void put_object(json_t *payload, ObjectKind kind, int64_t id) {
    g_autofree char *object = g_strdup_printf("%s:%" G_GINT64_FORMAT, object_kind_word(kind), id);
    json_put_text(payload, "object", object);
}

static void put_day(json_t *payload, const char *key, int64_t time_us) {
    g_autofree char *day = clock_format_date(time_us);
    json_put_text(payload, key, day);
}

/* --- tasks -------------------------------------------------------------------------------------
 */

static bool add_named(Db *db, InspectionRow *row, int64_t *ret_id, GError **error) {
    g_auto(Officer) lead = {0};
    g_auto(Officer) second = {0};
    if (!officer_find(db, row->task->lead_id, &lead, error) ||
        !officer_find(db, row->task->second_id, &second, error)) {
        return false;
    }
    g_autofree char *region_name = region_full_name(db, row->region, error);
    if (region_name == NULL) {
        return false;
    }
    row->region_name = region_name;
    row->lead_name = lead.name;
    row->lead_certificate = lead.certificate;
    row->second_name = second.name;
    row->second_certificate = second.certificate;
    return inspection_store_add(db, row, ret_id, error);
}

static bool add_row(Db *db, InspectionRow *row, int64_t *ret_id, GError **error) {
    if (row->task->object_kind == OBJECT_BUILDING) {
        g_auto(Building) building = {0};
        if (!building_find(db, row->task->object_id, &building, error)) {
            return false;
        }
        row->object_name = building.name;
        row->object_address = building.address;
        row->region = building.region;
        row->district = building.district;
        return add_named(db, row, ret_id, error);
    }
    g_auto(Unit) unit = {0};
    if (!unit_find(db, row->task->object_id, &unit, error)) {
        return false;
    }
    row->object_name = unit.name;
    row->object_address = unit.address;
    row->region = unit.region;
    row->district = unit.district;
    return add_named(db, row, ret_id, error);
}

bool inspection_task_add(Db *db,
                         const NewInspection *task,
                         const char *actor,
                         int64_t now_us,
                         int64_t *ret_id,
                         GError **error) {
    if (task->lead_id <= 0 || task->second_id <= 0 || task->lead_id == task->second_id) {
        return hz_fail(error, HZ_ERROR_INVALID, "two different officers are needed");
    }
    if (!inspection_store_find_drawn(db, task, ret_id, error)) {
        return false;
    }
    if (*ret_id != 0) {
        return true;
    }
    InspectionRow row = {.task = task, .now_us = now_us};
    if (!add_row(db, &row, ret_id, error)) {
        return false;
    }
    json_t *payload = json_object();
    put_object(payload, task->object_kind, task->object_id);
    json_put_int(payload, "draw", task->draw_id);
    json_put_int(payload, "lead", task->lead_id);
    json_put_int(payload, "second", task->second_id);
    put_day(payload, "due", task->due_us);
    return note(db,
                &(Note){.type = "inspection.task",
                        .actor = actor,
                        .id = *ret_id,
                        .now_us = now_us,
                        .payload = payload},
                NULL,
                error);
}

typedef struct CloseWork {
    int64_t id, version, now_us;
    const char *reason, *actor;
} CloseWork;

static bool close_work(Db *db, void *data, GError **error) {
    const CloseWork *work = data;
    json_t *payload = json_object();
    json_put_text(payload, "reason", work->reason);
    return note(db,
                &(Note){.type = "inspection.close",
                        .actor = work->actor,
                        .id = work->id,
                        .now_us = work->now_us,
                        .payload = payload},
                NULL,
                error) &&
           inspection_store_close(db, work->id, work->version, work->reason, error);
}

bool inspection_close(Db *db,
                      int64_t id,
                      int64_t version,
                      const char *reason,
                      const char *actor,
                      int64_t now_us,
                      GError **error) {
    CloseWork work = {
        .id = id, .version = version, .now_us = now_us, .reason = reason, .actor = actor};
    return within_tx(db, close_work, &work, error);
}

/* --- results -----------------------------------------------------------------------------------
 */

static bool officer_facts(Db *db, int64_t officer_id, OfficerFacts *ret_facts, GError **error) {
    g_auto(Officer) officer = {0};
    if (!officer_find(db, officer_id, &officer, error)) {
        return false;
    }
    *ret_facts = (OfficerFacts){.id = officer_id, .in_post = officer.in_post};
    if (officer.certificate_until != NULL &&
        !clock_parse(officer.certificate_until, &ret_facts->certificate_until_us)) {
        return hz_fail(
            error, HZ_ERROR_CORRUPT, "officer %" G_GINT64_FORMAT ": bad date", officer_id);
    }
    return true;
}

static json_t *answers_json(const InspectionResult *result, int64_t *ret_failed) {
    json_t *answers = json_object();
    *ret_failed = 0;
    for (size_t i = 0; i < result->answer_count; i++) {
        const ItemAnswer *answer = &result->answers[i];
        json_t *item = json_object();
        json_put_text(item, "answer", answer_word(answer->answer));
        if (answer->note != NULL && *answer->note != '\0') {
            json_put_text(item, "note", answer->note);
        }
        json_put(answers, answer->item_id, item);
        *ret_failed += answer->answer == ANSWER_FAIL;
    }
    return answers;
}

static json_t *
record_payload(const Inspection *inspection, const InspectionResult *result, RecordRow *row) {
    json_t *payload = json_object();
    put_object(payload, inspection->object_kind, inspection->object_id);
    put_day(payload, "day", result->inspected_us);
    json_put_int(payload, "lead", inspection->lead_id);
    json_put_int(payload, "second", inspection->second_id);
    json_put_int(payload, "recorded_by", result->officer_id);
    json_put_text(payload, "checklist", row->checklist);
    json_put_text(payload, "edition", row->edition);
    json_put(payload, "answers", answers_json(result, &row->failed));
    json_put_int(payload, "failed", row->failed);
    json_put_text(payload, "note", result->note);
    return payload;
}

typedef struct RecordWork {
    const InspectionResult *result;
    const char *actor;
    int64_t now_us;
    RecordOutcome outcome;
} RecordWork;

/* *ret_allowed false: the outcome says why. */
static bool check_record(
    Db *db, RecordWork *work, const Inspection *now, const LawChecklist *list, GError **error) {
    RecordFacts facts = {.state = now->state,
                         .recorder_id = work->result->officer_id,
                         .created_us = now->created_us,
                         .now_us = work->now_us};
    if (!officer_facts(db, now->lead_id, &facts.lead, error) ||
        !officer_facts(db, now->second_id, &facts.second, error)) {
        return false;
    }
    work->outcome.problem_zh = record_problem_zh(&facts, work->result, list, &work->outcome.field);
    return true;
}

static bool store_record(Db *db,
                         RecordWork *work,
                         const Inspection *inspection,
                         const LawChecklist *checklist,
                         GError **error) {
    RecordRow row = {.result = work->result,
                     .checklist = checklist->id,
                     .edition = checklist->edition,
                     .now_us = work->now_us};
    json_t *payload = record_payload(inspection, work->result, &row);
    if (!note(db,
              &(Note){.type = "inspection.record",
                      .actor = work->actor,
                      .id = inspection->id,
                      .now_us = work->now_us,
                      .payload = payload},
              &row.leaf,
              error) ||
        !inspection_store_record(db, &row, error)) {
        return false;
    }
    work->outcome.leaf = row.leaf;
    return inspection->object_kind == OBJECT_BUILDING
               ? building_note_inspected(
                     db, inspection->object_id, work->result->inspected_us, error)
               : unit_note_inspected(db, inspection->object_id, work->result->inspected_us, error);
}

static bool record_work(Db *db, void *data, GError **error) {
    RecordWork *work = data;
    const InspectionResult *result = work->result;
    work->outcome = (RecordOutcome){.leaf = -1};
    if (!inspection_form_find(
            db, result->form_id, result->inspection_id, &work->outcome.leaf, error)) {
        return false;
    }
    if (work->outcome.leaf >= 0) {
        work->outcome.was_there = true;
        return true;
    }
    g_autoptr(Inspection) inspection = inspection_find(db, result->inspection_id, error);
    if (inspection == NULL) {
        return false;
    }
    g_autoptr(GError) no_list = NULL;
    g_autoptr(LawChecklist) checklist =
        law_checklist_at(INSPECTION_CHECKLIST, result->inspected_us, &no_list);
    if (checklist == NULL) {
        if (!g_error_matches(no_list, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            g_propagate_error(error, g_steal_pointer(&no_list));
            return false;
        }
        work->outcome.problem_zh = "那一天没有适用的检查表";
        work->outcome.field = "inspected";
        return true;
    }
    if (!check_record(db, work, inspection, checklist, error)) {
        return false;
    }
    return work->outcome.problem_zh != NULL || store_record(db, work, inspection, checklist, error);
}

bool inspection_record(Db *db,
                       const InspectionResult *result,
                       const char *actor,
                       int64_t now_us,
                       RecordOutcome *ret_outcome,
                       GError **error) {
    RecordWork work = {.result = result, .actor = actor, .now_us = now_us};
    g_autoptr(GError) failure = NULL;
    if (!within_tx(db, record_work, &work, &failure)) {
        /* Perhaps the same form overtook this one between the look and the write. */
        int64_t leaf = -1;
        if (!g_error_matches(failure, HZ_ERROR, HZ_ERROR_CONFLICT) || db_in_tx(db) ||
            !inspection_form_find(db, result->form_id, result->inspection_id, &leaf, NULL) ||
            leaf < 0) {
            g_propagate_error(error, g_steal_pointer(&failure));
            return false;
        }
        work.outcome = (RecordOutcome){.was_there = true, .leaf = leaf};
    }
    *ret_outcome = work.outcome;
    return true;
}

/* --- publication -------------------------------------------------------------------------------
 */

typedef struct PublishWork {
    int64_t id, version, now_us, leaf;
    const char *actor;
} PublishWork;

static bool publish_work(Db *db, void *data, GError **error) {
    PublishWork *work = data;
    g_autoptr(Inspection) inspection = inspection_find(db, work->id, error);
    if (inspection == NULL) {
        return false;
    }
    if (inspection->state != INSPECTION_RECORDED) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "only a recorded inspection can be published");
    }
    json_t *payload = json_object();
    put_object(payload, inspection->object_kind, inspection->object_id);
    put_day(payload, "day", inspection->inspected_us);
    json_put_int(payload, "record", inspection->record_leaf);
    json_put_int(payload, "failed", inspection->failed);
    return note(db,
                &(Note){.type = "inspection.publish",
                        .actor = work->actor,
                        .id = work->id,
                        .now_us = work->now_us,
                        .payload = payload},
                &work->leaf,
                error) &&
           inspection_store_publish(db, work->id, work->version, work->now_us, work->leaf, error);
}

bool inspection_publish(Db *db,
                        int64_t id,
                        int64_t version,
                        const char *actor,
                        int64_t now_us,
                        int64_t *ret_leaf,
                        GError **error) {
    PublishWork work = {.id = id, .version = version, .now_us = now_us, .actor = actor};
    if (!within_tx(db, publish_work, &work, error)) {
        return false;
    }
    *ret_leaf = work.leaf;
    return true;
}
