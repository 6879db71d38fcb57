/* Small helps for the pages of this room. Thread: the worker that runs the handler. */
#pragma once

#include "account/account.h"
#include "web/web.h"

/* One text field of a form as partial account/fields shows it. Texts may be NULL. */
typedef struct FormLine {
    const char *id, *label, *hint;
    const char *type; /* "text" or "password" */
    const char *autocomplete;
    const char *value;
} FormLine;
/* model.fields grows by one. */
void form_line_add(json_t *model, const FormLine *line, const FormProblems *problems);

/* "account:17" for ledger and use cases; caller frees. */
char *account_actor(const Principal *who);
/* The form value or "". */
const char *form_text(const Request *req, const char *name);
const char *query_text(const Request *req, const char *name);
/* A page whose form has not been sent yet. */
void form_fresh(json_t *model);
/* The region that a form with partial account/region_field says: the street if it lies in the
 * chosen district, else the district; "" if none. */
const char *form_region(const Request *req);
/* The form must be shown again before anything is written: *ret_problem NULL when the person only
 * wants to see the streets of the chosen district, else a sentence for field "region". */
bool form_region_unfinished(const Request *req, const char **ret_problem);
/* Time "2026-11-22 17:15" or null when 0. */
void json_put_minute(json_t *model, const char *key, int64_t time_us);
/* One CSV cell, quoted, and harmless when a spreadsheet opens it. */
void csv_cell(GString *out, const char *text, bool last);
Response *csv_response(GString *csv, const char *name);
