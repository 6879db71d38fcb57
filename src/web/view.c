/* Views: the embedded templates, compiled at first use and kept for the life of the program. */
#include "base/embedded.h"
#include "base/error.h"
#include "base/limits.h"
#include "web/template.h"

#include <pthread.h>
#include <string.h>
#include <sys/stat.h>

/* A compiled view. Those read from HUOZHENG_VIEWS are replaced when their file changes; the old one
 * is kept because another thread may be rendering it (a developer's session, so a few KiB). */
typedef struct View {
    Template *template;
    struct timespec changed;
} View;

static pthread_rwlock_t views_lock = PTHREAD_RWLOCK_INITIALIZER;
static GHashTable *views;    /* name -> View */
static GPtrArray *old_views; /* replaced templates */

/* "web/public" -> "web/views/public.html"; NULL for a name that is no "room/name". */
static char *view_path(const char *name) {
    const char *slash = strchr(name, '/');
    if (slash == NULL || slash == name || slash[1] == '\0' || strchr(slash + 1, '/') != NULL ||
        strstr(name, "..") != NULL) {
        return NULL;
    }
    return g_strdup_printf("%.*s/views/%s.html", (int)(slash - name), name, slash + 1);
}

static bool no_such_view(const char *name, GError **error) {
    return hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no view \"%s\"", name);
}

/* The view's text: from the folder if one is given, else from the binary. Caller frees *ret_copy.
 */
static bool load_text(const char *name,
                      const char *folder,
                      char **ret_copy,
                      const char **ret_text,
                      size_t *ret_size,
                      GError **error) {
    g_autofree char *path = view_path(name);
    if (path == NULL) {
        return no_such_view(name, error);
    }
    if (folder != NULL) {
        g_autofree char *file = g_build_filename(folder, path, NULL);
        if (!g_file_get_contents(file, ret_copy, ret_size, NULL)) {
            return no_such_view(name, error);
        }
        *ret_text = *ret_copy;
        return true;
    }
    EmbeddedFile file = embedded_find(path);
    if (file.data == NULL) {
        return no_such_view(name, error);
    }
    *ret_text = file.data;
    *ret_size = file.size;
    return true;
}

static struct timespec changed_at(const char *name, const char *folder) {
    g_autofree char *path = view_path(name);
    g_autofree char *file = path == NULL ? NULL : g_build_filename(folder, path, NULL);
    struct stat status = {0};
    if (file == NULL || stat(file, &status) != 0) {
        return (struct timespec){0};
    }
    return status.st_mtim;
}

static const Template *cached(const char *name, const struct timespec *changed) {
    pthread_rwlock_rdlock(&views_lock);
    const View *view = views == NULL ? NULL : g_hash_table_lookup(views, name);
    const Template *template = NULL;
    if (view != NULL && view->changed.tv_sec == changed->tv_sec &&
        view->changed.tv_nsec == changed->tv_nsec) {
        template = view->template;
    }
    pthread_rwlock_unlock(&views_lock);
    return template;
}

/* Puts `template` into the cache (taken over) and returns the one to use: another thread may have
 * been quicker. */
static const Template *
remember(const char *name, Template *template, const struct timespec *changed) {
    pthread_rwlock_wrlock(&views_lock);
    if (views == NULL) {
        views = g_hash_table_new(g_str_hash, g_str_equal);
        old_views = g_ptr_array_new();
    }
    View *view = g_hash_table_lookup(views, name);
    if (view == NULL) {
        view = g_new0(View, 1);
        g_hash_table_insert(views, g_strdup(name), view);
    } else {
        g_ptr_array_add(old_views, view->template);
    }
    view->template = template;
    view->changed = *changed;
    pthread_rwlock_unlock(&views_lock);
    return template;
}

const Template *view_find(const char *name, GError **error) {
    const char *folder = g_getenv("HUOZHENG_VIEWS");
    struct timespec changed = folder == NULL ? (struct timespec){0} : changed_at(name, folder);
    const Template *template = cached(name, &changed);
    if (template != NULL) {
        return template;
    }
    g_autofree char *copy = NULL;
    const char *text = NULL;
    size_t size = 0;
    if (!load_text(name, folder, &copy, &text, &size, error)) {
        return NULL;
    }
    Template *made = template_parse(name, text, size, TEMPLATE_PLAIN, error);
    return made == NULL ? NULL : remember(name, made, &changed);
}

/* A missing view inside a page is a hole the reader would not notice: always an error. */
static const Template *find_for_render(const char *name, void *data, GError **error) {
    (void)data;
    return view_find(name, error);
}

bool view_render(const char *name, const json_t *model, bool strict, GString *out, GError **error) {
    const Template *template = view_find(name, error);
    return template != NULL && template_render(template,
                                               model,
                                               strict ? TEMPLATE_STRICT : TEMPLATE_PLAIN,
                                               find_for_render,
                                               NULL,
                                               out,
                                               error);
}
