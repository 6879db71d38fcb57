/* All rooms, bottom first: the order of migrations. */
#include "account/account.h"
#include "casework/casework.h"
#include "draw/draw.h"
#include "draw/draw_substitute.h"
#include "importer/importer.h"
#include "inspection/inspection.h"
#include "job/job.h"
#include "law/law.h"
#include "ledger/ledger.h"
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
    &publicity_module,
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
    NULL,
};

/* What acts on matters ask of rooms above casework. */
const CaseHooks case_hooks = {
    .recused = draw_recused,
    .count = inspection_count,
    .refuse = inspection_refuse,
    .taken = inspection_follow,
    .see_also = inspection_see_also,
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
