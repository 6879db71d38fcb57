/* What this room tells the program about itself. */
#include "draw/draw.h"

static const char *const ledger_types[] = {"plan.draft",
                                           "plan.publish",
                                           "draw.commit",
                                           "draw.result",
                                           "draw.publish",
                                           "draw.deny",
                                           "draw.exclude",
                                           NULL};

const Module draw_module = {.name = "draw", .ledger_types = ledger_types};
