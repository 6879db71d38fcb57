/* What the room tells the program about itself. */
#include "registry/registry.h"

static const char *const ledger_types[] = {
    "unit.add",
    "unit.change",
    "unit.merge",
    "unit.unmerge",
    "unit.different",
    "building.add",
    "building.change",
    "officer.add",
    "officer.change",
    "import",
    NULL,
};

const Module registry_module = {
    .name = "registry",
    .routes = NULL,
    .ledger_types = ledger_types,
};
