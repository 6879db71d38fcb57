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
/* Time "2026-11-22 17:15" or null when 0. */
void json_put_minute(json_t *model, const char *key, int64_t time_us);
/* One CSV cell, quoted, and harmless when a spreadsheet opens it. */
void csv_cell(GString *out, const char *text, bool last);
Response *csv_response(GString *csv, const char *name);
