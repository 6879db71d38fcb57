/* All rooms, bottom first: the order of migrations. */
#include "account/account.h"
#include "alarm/alarm.h"
#include "casework/casework.h"
#include "draw/draw.h"
#include "draw/draw_substitute.h"
#include "firecode/firecode.h"
#include "importer/importer.h"
#include "inspection/inspection.h"
#include "job/job.h"
#include "law/law.h"
#include "ledger/ledger.h"
#include "overview/overview.h"
#include "publicity/publicity.h"
#include "registry/building_section.h"
#include "registry/past.h"
#include "registry/places.h"
#include "registry/registry.h"
#include "report/report.h"
#include "sensing/sensing.h"
#include "sensing/sensing_building.h"
#include "web/module.h"

const Module *const modules[] = {
    &ledger_module,
    &job_module,
    &account_module,
    &law_module,
    &registry_module,
    &casework_module,
    &draw_module,
    &importer_module,
    &inspection_module,
    &report_module,
    &sensing_module,
    &alarm_module,
    &firecode_module,
    &publicity_module,
    &overview_module,
    NULL,
};

/* What follows a draw, in its transaction. */
const DrawDone draw_done_hooks[] = {
    inspection_take_draw,
    NULL,
};

/* What follows a substitution after a draw, in its transaction. */
const DrawSubstituted draw_substituted_hooks[] = {
    inspection_take_substitution,
    NULL,
};

/* What follows what devices tell, in the transaction that stores it. */
const SensingHook sensing_hooks[] = {
    alarm_take_edges,
    firecode_take_edges,
    NULL,
};

/* What the page of a unit or a building shows of past inspections beside imported ones. */
const PastSource past_sources[] = {
    inspection_past,
    NULL,
};

/* What the page of a building shows of rooms above. */
const BuildingSource building_sources[] = {
    sensing_building_section,
    alarm_building_section,
    overview_building_section,
    NULL,
};

static bool
see_also(Db *db, const Matter *matter, const Principal *who, json_t *list, GError **error) {
    return inspection_see_also(db, matter, who, list, error) &&
           alarm_see_also(db, matter, who, list, error);
}

/* What the score of a building asks of its alarms. */
const FirecodeAlarms firecode_alarms = alarm_judged;

/* Every room that follows acts, in the transaction of the act. */
static bool case_taken(Db *db, const CaseTaken *taken, GError **error) {
    return inspection_follow(db, taken, error) && firecode_take_act(db, taken, error);
}

/* What acts on matters ask of rooms above casework. */
const CaseHooks case_hooks = {
    .recused = draw_recused,
    .count = inspection_count,
    .refuse = inspection_refuse,
    .taken = case_taken,
    .see_also = see_also,
};

/* Where the roles page looks up regions and agencies. */
const AccountPlaces *const account_places = &registry_account_places;

bool modules_migrate(Db *db, GError **error) {
    for (const Module *const *module = modules; *module != NULL; module++) {
        if (!db_migrate(db, (*module)->name, error)) {
            g_prefix_error(error, "%s: ", (*module)->name);
            return false;
        }
    }
    return ledger_complete(db, error);
}

GPtrArray *modules_routes(void) {
    GPtrArray *routes = g_ptr_array_new();
    for (const Module *const *module = modules; *module != NULL; module++) {
        for (const Route *route = (*module)->routes; route != NULL && route->path != NULL;
             route++) {
            g_ptr_array_add(routes, (gpointer)route);
        }
    }
    return routes;
}
