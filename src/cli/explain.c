#include "cli/explain.h"

#include "base/error.h"
#include "base/json.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>

struct Explain {
    pthread_mutex_t lock;
    FILE *out;
    GHashTable *seen; /* statement texts */
};

Explain *explain_open(const char *path, GError **error) {
    FILE *out = fopen(path, "we");
    if (out == NULL) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not write \"%s\": %s", path, g_strerror(errno));
        return NULL;
    }
    Explain *explain = g_new0(Explain, 1);
    pthread_mutex_init(&explain->lock, NULL);
    explain->out = out;
    explain->seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    return explain;
}

void explain_close(Explain *explain) {
    if (explain != NULL) {
        fclose(explain->out);
        g_hash_table_unref(explain->seen);
        pthread_mutex_destroy(&explain->lock);
        g_free(explain);
    }
}

void explain_observe(const char *sql, const char *plan, bool scans_table, void *data) {
    Explain *explain = data;
    pthread_mutex_lock(&explain->lock);
    if (g_hash_table_add(explain->seen, g_strdup(sql))) {
        g_autoptr(json_t) line = json_object();
        json_put_text(line, "sql", sql);
        json_put_text(line, "plan", plan);
        json_put_bool(line, "scans_table", scans_table);
        g_autofree char *text = json_write(line);
        fprintf(explain->out, "%s\n", text);
        fflush(explain->out);
    }
    pthread_mutex_unlock(&explain->lock);
}
