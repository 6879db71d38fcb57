/* What the alarm room offers; the columns of the route table are its security review. */
#include "alarm/alarm.h"

static const char *const ledger_types[] = {
    "alarm.arrive", "alarm.act", "alarm.escalate", "duty.shift", NULL};

const Module alarm_module = {.name = "alarm", .ledger_types = ledger_types};
