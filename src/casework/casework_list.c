/* Use cases of the lists: pages, search, finding by number, and what older matters lack. */
#include "base/clock.h"
#include "casework/casework_store.h"
#include "casework/desk.h"

#define CATCH_UP 100 /* matters in one transaction */

GPtrArray *casework_list(Db *db, const MatterQuery *query, GError **error) {
    return casework_store_list(db, query, error);
}

void matter_page_clear(MatterPage *page) {
    g_clear_pointer(&page->rows, g_ptr_array_unref);
    *page = (MatterPage){0};
}

bool casework_list_page(Db *db, const MatterQuery *query, MatterPage *ret_page, GError **error) {
    if (query->terms != NULL) {
        return casework_store_search(db, query, ret_page, error);
    }
    MatterQuery more = *query;
    more.limit++;
    ret_page->rows = casework_store_list(db, &more, error);
    if (ret_page->rows == NULL) {
        return false;
    }
    if (ret_page->rows->len > query->limit) {
        g_ptr_array_set_size(ret_page->rows, (gint)query->limit);
        const Matter *last = ret_page->rows->pdata[query->limit - 1];
        casework_place(query, last, &ret_page->next_key, &ret_page->next_id);
    }
    return true;
}

bool casework_resolve(Db *db, const char *number, int64_t *ret_matter, GError **error) {
    g_auto(Matter) matter = {0};
    if (!casework_store_by_number(db, number, &matter, error)) {
        return false;
    }
    *ret_matter = matter.id;
    return matter.id != 0 || casework_store_paper_matter(db, number, ret_matter, error);
}

/* --- matters from before the index --------------------------------------------------------------
 */

typedef struct CatchUp {
    int64_t now_us;
    bool more;
} CatchUp;

static bool derive_old(Db *db, int64_t now_us, Matter *matter, GError **error) {
    g_autoptr(LawCase) course = casework_replay(db, matter, error);
    if (course == NULL) {
        return false;
    }
    const LawClock *next = law_case_next_due(course);
    matter->due_unit = next == NULL ? LAW_CALENDAR_DAYS : next->span.unit;
    matter->next_roles = desk_next_roles(course, now_us);
    return casework_store_index_old(db, matter, error);
}

static bool catch_up(Db *db, void *data, GError **error) {
    CatchUp *work = data;
    g_autoptr(GPtrArray) matters = casework_store_unindexed(db, CATCH_UP, error);
    bool good = matters != NULL;
    work->more = good && matters->len > 0;
    for (guint i = 0; good && i < matters->len; i++) {
        good = derive_old(db, work->now_us, matters->pdata[i], error);
    }
    return good;
}

bool casework_catch_up(Db *db, int64_t now_us, GError **error) {
    CatchUp work = {.now_us = now_us, .more = true};
    while (work.more) {
        if (!db_run_tx(db, catch_up, &work, error)) {
            return false;
        }
    }
    return true;
}
