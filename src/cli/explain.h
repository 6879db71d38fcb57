/*
 * What `serve --explain FILE` writes: each distinct statement once, as a JSON line
 * {"sql": …, "plan": …, "scans_table": …}. Tests read it to prove that no page scans a table.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct Explain Explain;

/* Empties the file. UNAVAILABLE when it cannot be written. */
Explain *explain_open(const char *path, GError **error);
void explain_close(Explain *explain);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(Explain, explain_close)
/* A DbPlanObserver; `explain` is the Explain. Thread: any; the line is on disk when it returns. */
void explain_observe(const char *sql, const char *plan, bool scans_table, void *explain);
