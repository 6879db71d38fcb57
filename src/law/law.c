/* All of law/, read once. */
#include "law/law.h"

#include "base/error.h"
#include "law/law_internal.h"
#include "law/law_read.h"

#include <pthread.h>
#include <string.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static GPtrArray *files; /* LawFile, constant after the first use; NULL if law/ is broken */
static GError *loading_error;

static bool add_file(GPtrArray *all, const LawSource *source, GError **error) {
    LawFile *file = law_file_read(source->path, source->text, source->size, error);
    if (file == NULL) {
        return false;
    }
    g_ptr_array_add(all, file);
    for (unsigned i = 0; i + 1 < all->len; i++) {
        if (law_files_overlap(g_ptr_array_index(all, i), file)) {
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "%s:1: validity overlaps another edition of \"%s\"",
                           source->path,
                           law_file_id(file));
        }
    }
    return true;
}

static void load(void) {
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func((GDestroyNotify)law_file_free);
    g_autoptr(GArray) sources = law_sources("law/", &loading_error);
    for (unsigned i = 0; sources != NULL && i < sources->len; i++) {
        const LawSource *file = &g_array_index(sources, LawSource, i);
        if (strstr(file->path, "/checklists/") != NULL && g_str_has_suffix(file->path, ".yaml") &&
            !add_file(all, file, &loading_error)) {
            return;
        }
    }
    files = sources == NULL ? NULL : g_steal_pointer(&all);
}

bool law_check(GError **error) {
    pthread_once(&once, load);
    if (files == NULL) {
        g_propagate_error(error, g_error_copy(loading_error));
        return false;
    }
    return true;
}

LawChecklist *law_checklist_at(const char *id, int64_t time_us, GError **error) {
    if (!law_check(error)) {
        return NULL;
    }
    for (unsigned i = 0; i < files->len; i++) {
        const LawFile *file = g_ptr_array_index(files, i);
        if (strcmp(law_file_id(file), id) == 0 && law_file_covers(file, time_us)) {
            return law_file_at(file, time_us);
        }
    }
    hz_fail(error, HZ_ERROR_NOT_FOUND, "no checklist \"%s\" is valid on that day", id);
    return NULL;
}

void law_checklist_free(LawChecklist *checklist) {
    if (checklist != NULL) {
        g_free((void *)checklist->items);
        g_free(checklist);
    }
}

const LawItem *law_checklist_item(const LawChecklist *checklist, const char *id) {
    for (unsigned i = 0; i < checklist->count; i++) {
        if (strcmp(checklist->items[i]->id, id) == 0) {
            return checklist->items[i];
        }
    }
    return NULL;
}

const char *law_confidence_word(LawConfidence confidence) {
    static const char *const words[] = {"text", "secondary", "memory"};
    return words[confidence];
}

const char *law_confidence_zh(LawConfidence confidence) {
    static const char *const words[] = {"原文", "二手", "凭记忆"};
    return words[confidence];
}

const char *law_severity_zh(LawSeverity severity) {
    static const char *const words[] = {"较轻", "一般", "较重"};
    return words[severity];
}

const Module law_module = {.name = "law"};
