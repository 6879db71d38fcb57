#include "law/law_overlay.h"

#include "base/error.h"
#include "law/law_internal.h"
#include "law/law_list.h"

#include <string.h>

/* --- files --------------------------------------------------------------------------------------
 */

/* NULL: there is no such file, or a mistake. */
static LawDoc *open_file(LawReader *reader, const char *city, const char *name) {
    g_autofree char *path = g_strconcat("law/", city, "/", name, NULL);
    g_autoptr(GArray) files = law_sources(path, NULL);
    if (files == NULL || reader->error != NULL) {
        return NULL;
    }
    const LawSource *file = &g_array_index(files, LawSource, 0);
    return law_doc_parse(path, file->text, file->size, &reader->error);
}

/* "ladders matters" -> "ladders? matters?": a city changes what it likes. */
static void check_own_keys(LawReader *reader, LawDoc *doc, const char *keys) {
    g_auto(GStrv) words = g_strsplit(keys, " ", -1);
    g_autoptr(GString) optional = g_string_new(NULL);
    for (char **word = words; *word != NULL; word++) {
        bool is_optional = g_str_has_suffix(*word, "?");
        g_string_append_printf(
            optional, "%s%s%s", optional->len > 0 ? " " : "", *word, is_optional ? "" : "?");
    }
    law_keys(reader, law_root(doc), optional->str);
}

static void check_keys(LawReader *reader, const LawOverlay *overlay, const char *keys) {
    if (reader->error == NULL) {
        law_keys(reader, law_root(overlay->national), keys);
    }
    if (reader->error == NULL && overlay->over != NULL) {
        check_own_keys(reader, overlay->over, keys);
    }
}

void law_overlay_open(LawReader *reader,
                      const LawBook *book,
                      const char *name,
                      const char *keys,
                      LawOverlay *ret_overlay) {
    const char *city = law_book_city(book);
    *ret_overlay = (LawOverlay){.city = city};
    ret_overlay->national = open_file(reader, LAW_NATIONAL, name);
    if (ret_overlay->national == NULL && reader->error == NULL) {
        hz_fail(&reader->error, HZ_ERROR_INVALID, "law/national/%s is missing", name);
    }
    if (strcmp(city, LAW_NATIONAL) != 0) {
        ret_overlay->city_zh = law_book_zh(book);
        ret_overlay->over = open_file(reader, city, name);
    }
    check_keys(reader, ret_overlay, keys);
}

void law_overlay_try(LawReader *reader,
                     const char *national,
                     const char *over,
                     const char *keys,
                     LawOverlay *ret_overlay) {
    *ret_overlay = (LawOverlay){.city = over == NULL ? LAW_NATIONAL : "city"};
    ret_overlay->national =
        law_doc_parse("national.yaml", national, strlen(national), &reader->error);
    if (over != NULL && reader->error == NULL) {
        ret_overlay->city_zh = "本市";
        ret_overlay->over = law_doc_parse("city.yaml", over, strlen(over), &reader->error);
    }
    check_keys(reader, ret_overlay, keys);
}

void law_overlay_close(LawOverlay *overlay) {
    g_clear_pointer(&overlay->national, law_doc_free);
    g_clear_pointer(&overlay->over, law_doc_free);
}

/* --- lines --------------------------------------------------------------------------------------
 */

/* The line of a list that has this key; -1: none. */
static int find_line(LawNode list, const char *key, const char *wanted, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        if (g_strcmp0(law_scalar(law_get(law_at(list, i), key)), wanted) == 0) {
            return (int)i;
        }
    }
    return -1;
}

/* Every line has its key, and no key stands twice. */
static void check_lines(LawReader *reader, LawNode list, const char *key, bool is_own) {
    for (unsigned i = 0; i < law_count(list) && reader->error == NULL; i++) {
        LawNode line = law_at(list, i);
        const char *word = law_text(reader, law_get(line, key));
        if (reader->error == NULL && find_line(list, key, word, i) >= 0) {
            law_wrong(reader, law_get(line, key), "\"%s\" stands twice", word);
        }
        if (reader->error == NULL && is_own && law_count(law_get(line, "basis")) == 0) {
            law_wrong(reader, line, "a line of a city names its basis");
        }
    }
}

GArray *law_overlay_lines(LawReader *reader,
                          const LawOverlay *overlay,
                          const char *section,
                          const char *key) {
    GArray *lines = g_array_new(FALSE, FALSE, sizeof(LawLine));
    if (reader->error != NULL) {
        return lines;
    }
    LawNode national = law_get(law_root(overlay->national), section);
    LawNode over = overlay->over == NULL ? (LawNode){overlay->national, 0}
                                         : law_get(law_root(overlay->over), section);
    if ((law_is_there(national) && !law_list(reader, national)) ||
        (law_is_there(over) && !law_list(reader, over))) {
        return lines;
    }
    check_lines(reader, national, key, false);
    check_lines(reader, over, key, strcmp(key, "id") == 0);
    for (unsigned i = 0; reader->error == NULL && i < law_count(over); i++) {
        LawLine line = {law_at(over, i), overlay->city_zh};
        const char *word = law_scalar(law_get(line.node, key));
        if (find_line(national, key, word, law_count(national)) < 0) {
            g_array_append_val(lines, line);
        }
    }
    for (unsigned i = 0; reader->error == NULL && i < law_count(national); i++) {
        LawLine line = {law_at(national, i), NULL};
        int at = find_line(over, key, law_scalar(law_get(line.node, key)), law_count(over));
        if (at >= 0) {
            line = (LawLine){law_at(over, (unsigned)at), overlay->city_zh};
        }
        g_array_append_val(lines, line);
    }
    return lines;
}

/* --- examples -----------------------------------------------------------------------------------
 */

void law_ran_clear(LawRan *ran) {
    g_clear_pointer(&ran->failed, g_ptr_array_unref);
}

void law_ran_add(LawRan *ran, LawReader *example, const char *city) {
    ran->examples++;
    if (example->error != NULL) {
        if (ran->failed == NULL) {
            ran->failed = g_ptr_array_new_with_free_func(g_free);
        }
        g_ptr_array_add(ran->failed, g_strdup_printf("%s (%s)", example->error->message, city));
        g_clear_error(&example->error);
    }
}

void law_ran_take(LawRan *ran, LawRan *from) {
    ran->examples += from->examples;
    if (ran->failed == NULL) {
        ran->failed = g_steal_pointer(&from->failed);
    } else if (from->failed != NULL) {
        g_ptr_array_extend_and_steal(ran->failed, g_steal_pointer(&from->failed));
    }
    law_ran_clear(from);
    from->examples = 0;
}

bool law_ran_holds(const LawRan *ran, GError **error) {
    if (ran->failed == NULL) {
        return true;
    }
    return hz_fail(error,
                   HZ_ERROR_INVALID,
                   "%u of %u examples do not come out; the first: %s",
                   ran->failed->len,
                   ran->examples,
                   (char *)ran->failed->pdata[0]);
}
