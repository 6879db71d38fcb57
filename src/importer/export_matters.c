/* Rows of the list of matters. */
#include "base/clock.h"
#include "base/error.h"
#include "casework/matter_filter.h"
#include "importer/export_internal.h"

#define BATCH 500

static const TableColumn columns[] = {{"编号", false},
                                      {"种类", false},
                                      {"对象或地点", false},
                                      {"区划代码", false},
                                      {"进度", false},
                                      {"期限", false},
                                      {"最迟", false},
                                      {"还有多久", false},
                                      {"开始", false},
                                      {"最近办理", false},
                                      {"系统编号", true}};

typedef struct Rows {
    const ExportQuery *query;
    ExportSink sink;
    void *data;
} Rows;

/* The end of a day is written as that day. */
static char *due_text(int64_t due_us) {
    bool is_day = law_day_begin(law_day_of(due_us)) == due_us;
    return is_day ? clock_format_date(due_us - 1) : clock_format_minute(due_us);
}

static bool write_row(const Matter *matter, const Rows *rows, GError **error) {
    const LawBook *book = casework_book(matter->region, error);
    if (book == NULL) {
        return false;
    }
    const LawProcedure *procedure = law_procedure_at(book, matter->kind, matter->opened_us, NULL);
    const LawState *state = procedure == NULL ? NULL : law_state(procedure, matter->state);
    const LawTerm *term = matter->due_clock == NULL
                              ? NULL
                              : law_term_at(book, matter->due_clock, matter->opened_us, NULL);
    g_auto(DeskDue) due = {0};
    g_autofree char *day = NULL;
    char id[24];
    if (matter->due_us != 0) {
        desk_due(matter->due_us, matter->due_unit, rows->query->now_us, &due);
        day = due_text(matter->due_us);
    }
    g_autofree char *opened = clock_format_date(matter->opened_us);
    g_autofree char *changed = clock_format_date(matter->changed_us);
    g_snprintf(id, sizeof id, "%" G_GINT64_FORMAT, matter->id);
    const char *cells[] = {matter->number,
                           procedure == NULL ? matter->kind : procedure->entry.name,
                           matter->title,
                           matter->region,
                           state == NULL ? matter->state : state->name,
                           term != NULL  ? term->entry.name
                           : day != NULL ? "期限"
                                         : NULL,
                           day,
                           due.sentence,
                           opened,
                           changed,
                           id};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(columns));
    return rows->sink(cells, rows->data, error);
}

static const char *get_filter(const void *from, const char *name) {
    return export_filter(from, name);
}

static bool matters_of(Db *db, const char *region, void *data, GError **error) {
    const Rows *rows = data;
    g_auto(MatterFilter) filter = {0};
    bool is_one_region = export_filter(rows->query, "region") != NULL;
    MatterReader reader = {region,
                           rows->query->account_id,
                           rows->query->now_us,
                           is_one_region ? 0 : rows->query->officer_id};
    const char *problem = matter_filter_read(get_filter, rows->query, &reader, &filter);
    if (problem != NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "%s", problem);
    }
    if (filter.is_mine && reader.account_id == 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "mine: there is no account");
    }
    filter.query.limit = BATCH;
    do {
        g_auto(MatterPage) page = {0};
        if (!casework_list_page(db, &filter.query, &page, error)) {
            return false;
        }
        for (guint i = 0; i < page.rows->len; i++) {
            if (!write_row(page.rows->pdata[i], rows, error)) {
                return false;
            }
        }
        filter.query.after_key = page.next_key;
        filter.query.after_id = page.next_id;
    } while (filter.query.after_id != 0);
    return true;
}

static bool
each_matter(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    return export_each_region(db, query, matters_of, &rows, error);
}

const ExportList export_matters = {
    "matters", "案件", PERM_INSPECTION_VIEW, columns, G_N_ELEMENTS(columns), each_matter};
