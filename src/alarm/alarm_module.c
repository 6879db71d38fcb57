/* What the alarm room offers; the columns of the route table are its security review. */
#include "alarm/alarm_pages.h"
#include "base/limits.h"

#define FORM (8 * KIB)

static const Route routes[] = {
    {ROUTE_GET, "/work/alarms", alarms_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/alarms/events", alarms_events, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/alarms/history", alarm_history_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/alarms/rates", alarm_rates_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_GET, "/work/alarms/export", alarm_export, PERM_EXPORT, CSRF_NONE, 0},
    {ROUTE_GET, "/work/alarms/outbox", alarm_outbox_page, PERM_ALARM_HANDLE, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/alarms/outbox/{id}",
     alarm_outbox_submit,
     PERM_ALARM_HANDLE,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/alarms/{id}", alarm_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/alarms/{id}/acts/{act}",
     alarm_act_submit,
     PERM_ALARM_HANDLE,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/alarms/{id}/reason", alarm_reason_page, PERM_ALARM_HANDLE, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/alarms/{id}/reason",
     alarm_reason_submit,
     PERM_ALARM_HANDLE,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/alarms/{id}/finish", alarm_finish_page, PERM_ALARM_HANDLE, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/alarms/{id}/finish",
     alarm_finish_submit,
     PERM_ALARM_HANDLE,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/alarms/{id}/reopen", alarm_reopen_page, PERM_ALARM_HANDLE, CSRF_NONE, 0},
    {ROUTE_POST,
     "/work/alarms/{id}/reopen",
     alarm_reopen_submit,
     PERM_ALARM_HANDLE,
     CSRF_TOKEN,
     FORM},
    {ROUTE_GET, "/work/alarms/{id}/note", alarm_note_page, PERM_ALARM_HANDLE, CSRF_NONE, 0},
    {ROUTE_POST, "/work/alarms/{id}/note", alarm_note_submit, PERM_ALARM_HANDLE, CSRF_TOKEN, FORM},
    {ROUTE_GET, "/work/duty", duty_page, PERM_SENSING_VIEW, CSRF_NONE, 0},
    {ROUTE_POST, "/work/duty/ask", duty_ask_submit, PERM_ALARM_HANDLE, CSRF_TOKEN, FORM},
    {ROUTE_POST, "/work/duty/shift/{what}", duty_shift_submit, PERM_ALARM_HANDLE, CSRF_TOKEN, FORM},
    {0},
};

static const char *const ledger_types[] = {
    "alarm.arrive", "alarm.act", "alarm.escalate", "alarm.export", "duty.shift", NULL};

const Module alarm_module = {.name = "alarm", .routes = routes, .ledger_types = ledger_types};
