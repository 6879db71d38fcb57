/* Any form of law/ as view model, and back from what a browser sent. Thread: the worker. */
#pragma once

#include "law/law_form.h"
#include "web/web.h"

/* model["fields"]: one object for each field with label, help, value, problem and its kind. `data`
 * may be NULL; `problems` too. */
void matter_form_model(const LawForm *form,
                       const json_t *data,
                       const json_t *problems,
                       int64_t time_us,
                       json_t *model);
/* `time_us`: of the act; it decides which checklist holds. What the browser sent for this form:
 * blanks left out, and choices that the other answers do not ask for. Caller unrefs. */
json_t *matter_form_read(const LawForm *form, const Request *req, int64_t time_us);
