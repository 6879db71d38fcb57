/* Checklists: one file is one edition of one list; see docs/law-format.md. */
#include "law/law_internal.h"

#include "base/error.h"

#include <string.h>

#define ITEMS_MAX 500

static void read_item(LawReader *reader, LawNode map, LawItem *item) {
    static const char *const severities[] = {"minor", "general", "serious", NULL};
    if (!law_keys(reader, map, "id text how basis severity confidence valid")) {
        return;
    }
    const char *const *basis = law_read_texts(reader, law_get(map, "basis"));
    *item =
        (LawItem){.id = law_id(reader, law_get(map, "id")),
                  .text = law_text(reader, law_get(map, "text")),
                  .how = law_text(reader, law_get(map, "how")),
                  .basis_zh = law_basis_text(reader, law_get(map, "basis"), basis),
                  .severity = (LawSeverity)law_word(reader, law_get(map, "severity"), severities),
                  .confidence = law_read_confidence(reader, law_get(map, "confidence"))};
    law_read_valid(reader, law_get(map, "valid"), &item->from_us, &item->to_us);
}

static void read_items(LawReader *reader, LawNode list, LawListFile *file) {
    unsigned count = law_list(reader, list) ? law_count(list) : 0;
    if (count > ITEMS_MAX) {
        law_wrong(reader, list, "at most %d items", ITEMS_MAX);
        return;
    }
    g_autofree LawItem *items = g_new0(LawItem, count + 1);
    for (unsigned i = 0; i < count && reader->error == NULL; i++) {
        read_item(reader, law_at(list, i), &items[i]);
        for (unsigned k = 0; k < i && reader->error == NULL; k++) {
            if (g_strcmp0(items[k].id, items[i].id) == 0) {
                law_wrong(reader, law_at(list, i), "the item \"%s\" stands twice", items[i].id);
            }
        }
    }
    file->items = law_keep(items, (count + 1) * sizeof *items);
    file->count = count;
}

void law_read_checklist(LawReader *reader, LawBook *book, LawNode root) {
    LawListFile file = {.count = 0};
    if (!law_keys(reader, root, "checklist edition name basis confidence valid items")) {
        return;
    }
    LawNode basis = law_get(root, "basis");
    file.entry = (LawEntry){.id = law_id(reader, law_get(root, "checklist")),
                            .name = law_text(reader, law_get(root, "name")),
                            .basis = law_read_texts(reader, basis)};
    file.entry.basis_zh = law_basis_text(reader, basis, file.entry.basis);
    file.entry.confidence = law_read_confidence(reader, law_get(root, "confidence"));
    law_read_valid(reader, law_get(root, "valid"), &file.entry.from_us, &file.entry.to_us);
    file.edition = law_text(reader, law_get(root, "edition"));
    read_items(reader, law_get(root, "items"), &file);
    LawListFile *copy = law_keep(&file, sizeof file);
    g_ptr_array_add(book->checklists, copy);
    g_hash_table_insert(book->places, copy, law_keep(&root, sizeof root));
}

/* --- across entries -----------------------------------------------------------------------------
 */

static bool list_exists(const LawBook *book, const char *id) {
    for (guint i = 0; i < book->checklists->len; i++) {
        if (strcmp(((const LawListFile *)book->checklists->pdata[i])->entry.id, id) == 0) {
            return true;
        }
    }
    return false;
}

static void check_form(LawReader *reader, const LawBook *book, const LawForm *form) {
    LawNode map = *(LawNode *)g_hash_table_lookup(book->places, form);
    for (unsigned f = 0; f < form->field_count; f++) {
        const char *id = form->fields[f].checklist;
        if (id != NULL && !list_exists(book, id)) {
            LawNode field = law_at(law_get(map, "fields"), f);
            law_wrong(reader, law_get(field, "checklist"), "there is no checklist \"%s\"", id);
        }
    }
}

void law_check_checklists(LawReader *reader, const LawBook *book) {
    for (guint i = 0; i < book->checklists->len; i++) {
        const LawListFile *file = book->checklists->pdata[i];
        LawNode root = *(LawNode *)g_hash_table_lookup(book->places, file);
        LawNode items = law_get(root, "items");
        for (unsigned k = 0; k < file->count && reader->error == NULL; k++) {
            LawNode basis = law_get(law_at(items, k), "basis");
            law_check_articles(reader, book, basis);
        }
    }
    for (guint i = 0; i < book->forms->len; i++) {
        check_form(reader, book, book->forms->pdata[i]);
    }
}

/* --- asking -------------------------------------------------------------------------------------
 */

LawChecklist *
law_checklist_of(const LawBook *book, const char *id, int64_t time_us, GError **error) {
    const LawListFile *file = law_entry_at(book->checklists, id, time_us);
    if (file == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no checklist \"%s\" is valid on that day", id);
        return NULL;
    }
    LawChecklist *checklist = g_new0(LawChecklist, 1);
    const LawItem **items = g_new0(const LawItem *, file->count + 1);
    *checklist = (LawChecklist){.id = file->entry.id,
                                .edition = file->edition,
                                .name = file->entry.name,
                                .basis_zh = file->entry.basis_zh,
                                .items = items};
    for (unsigned i = 0; i < file->count; i++) {
        const LawItem *item = &file->items[i];
        if (time_us >= item->from_us && time_us < item->to_us) {
            items[checklist->count++] = item;
        }
    }
    return checklist;
}

LawChecklist *law_checklist_at(const char *id, int64_t time_us, GError **error) {
    const LawBook *book = law_book(NULL, error);
    return book == NULL ? NULL : law_checklist_of(book, id, time_us, error);
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
