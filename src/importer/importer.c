#include "importer/importer.h"

#include "base/clock.h"
#include "importer/importer_pages.h"

#include <glib/gstdio.h>

#define KEEP_FILE_US (7 * CLOCK_DAY_US) /* a file that nobody came back for */

/* Uploaded files hold personal data: they go when the import is done, or after a week. */
static bool purge(Db *db, int64_t now_us, GError **error) {
    g_autoptr(GPtrArray) stale = import_store_stale(db, now_us - KEEP_FILE_US, 100, error);
    if (stale == NULL) {
        return false;
    }
    for (size_t i = 0; i < stale->len; i++) {
        const ImportTask *task = stale->pdata[i];
        g_unlink(task->path);
        if (!import_store_forget_file(db, task->id, error)) {
            return false;
        }
    }
    return true;
}

static const PeriodicJob periodic[] = {
    {"import-purge", 3600, purge},
    {0},
};

static const char *const ledger_types[] = {
    "unit.import",
    "building.import",
    "officer.import",
    "region.import",
    "past-inspection.import",
    "device.import",
    "point.import",
    "registry.import",
    "list.export",
    NULL,
};

const Module importer_module = {
    .name = "importer",
    .routes = importer_routes,
    .jobs = periodic,
    .ledger_types = ledger_types,
};
