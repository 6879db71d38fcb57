/*
 * Sensors that push JSON by HTTP: POST /api/devices/{code}/report with the device's own key. The
 * answer 200 comes after the commit. docs/sensors.md is for whoever programs a sensor.
 */
#pragma once

#include "web/web.h"

Response *push_report(Ctx *ctx, const Request *req);

/* Number of the device that names itself so; 0: there is none. */
bool push_find_device(
    Db *db, const char *protocol, const char *code, int64_t *ret_id, GError **error);

/* At most `limit` a minute of each name: false when this one is over it, else it has taken one of
 * them. Names beyond `names_max` within a minute share one count. Thread: any. */
typedef struct PushGate PushGate;
bool push_gate_admit(PushGate *gate, const char *name, unsigned limit, int64_t now_us);
PushGate *push_gate_new(unsigned names_max);
void push_gate_free(PushGate *gate);
