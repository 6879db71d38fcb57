#include "law/law_list.h"

#include "base/clock.h"
#include "law/law_internal.h"

#include <string.h>

static const struct {
    const char *word, *name_zh;
} kinds[LAW_KIND_COUNT] = {
    [LAW_KIND_PROCEDURE] = {"procedures", "办理程序"},
    [LAW_KIND_TERM] = {"terms", "期限"},
    [LAW_KIND_POWER] = {"powers", "权限"},
    [LAW_KIND_TABLE] = {"tables", "判定表"},
    [LAW_KIND_CAP] = {"caps", "次数上限"},
    [LAW_KIND_PAPER] = {"papers", "文书"},
    [LAW_KIND_FORM] = {"forms", "表单"},
    [LAW_KIND_ARTICLE] = {"articles", "条文"},
};

const char *law_kind_word(LawKind kind) {
    return kinds[kind].word;
}

const char *law_kind_zh(LawKind kind) {
    return kinds[kind].name_zh;
}

bool law_kind_parse(const char *word, LawKind *ret_kind) {
    for (unsigned kind = 0; word != NULL && kind < LAW_KIND_COUNT; kind++) {
        if (strcmp(kinds[kind].word, word) == 0) {
            *ret_kind = (LawKind)kind;
            return true;
        }
    }
    return false;
}

const GPtrArray *law_entries(const LawBook *book, LawKind kind) {
    const GPtrArray *const lists[LAW_KIND_COUNT] = {
        [LAW_KIND_PROCEDURE] = book->procedures,
        [LAW_KIND_TERM] = book->terms,
        [LAW_KIND_POWER] = book->powers,
        [LAW_KIND_TABLE] = book->tables,
        [LAW_KIND_CAP] = book->caps,
        [LAW_KIND_PAPER] = book->papers,
        [LAW_KIND_FORM] = book->forms,
        [LAW_KIND_ARTICLE] = book->articles,
    };
    return lists[kind];
}

const LawEntry *law_entry_near(const LawBook *book, LawKind kind, const char *id, int64_t time_us) {
    const GPtrArray *entries = law_entries(book, kind);
    const LawEntry *found = law_entry_at(entries, id, time_us);
    for (guint i = 0; found == NULL && i < entries->len; i++) {
        const LawEntry *entry = entries->pdata[i];
        const LawEntry *last = NULL;
        if (strcmp(entry->id, id) != 0) {
            continue;
        }
        for (guint k = i; k < entries->len; k++) {
            const LawEntry *other = entries->pdata[k];
            if (strcmp(other->id, id) == 0 && (last == NULL || other->from_us > last->from_us)) {
                last = other;
            }
        }
        found = last;
    }
    return found;
}

const char *law_book_zh(const LawBook *book) {
    return book->name == NULL ? "全国" : book->name;
}

const char *law_book_city(const LawBook *book) {
    return book->city;
}

const char *law_book_region(const LawBook *book) {
    return book->region;
}

char *law_rule_href(const LawBook *book, LawKind kind, const char *id, int64_t time_us) {
    g_autofree char *date = clock_format_date(time_us);
    return g_strdup_printf(
        "/rules/%s/%s?city=%s&date=%s", law_kind_word(kind), id, book->city, date);
}

static GArray *names_of(const GPtrArray *words) {
    GArray *names = g_array_new(FALSE, FALSE, sizeof(LawName));
    for (guint i = 0; i < words->len; i++) {
        const LawWord *word = words->pdata[i];
        LawName name = {word->id, word->name};
        g_array_append_val(names, name);
    }
    return names;
}

GArray *law_act_names(const LawBook *book) {
    return names_of(book->acts);
}

GArray *law_agency_names(const LawBook *book) {
    return names_of(book->agencies);
}

GPtrArray *law_examples_about(const LawBook *book, LawKind kind, const char *id) {
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < book->examples->len; i++) {
        const LawExample *example = book->examples->pdata[i];
        const char *asked = kind == LAW_KIND_TERM ? law_scalar(law_get(example->deadline, "rule"))
                            : kind == LAW_KIND_TABLE ? law_scalar(law_get(example->decide, "table"))
                            : kind == LAW_KIND_PROCEDURE
                                ? law_scalar(law_get(example->walk, "procedure"))
                                : NULL;
        if (asked != NULL && strcmp(asked, id) == 0) {
            g_ptr_array_add(names, (gpointer)example->name);
        }
    }
    return names;
}
