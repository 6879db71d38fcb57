/* Tasks for the start page: which matters wait for this reader, and what the next act is. */
#include "account/account.h"
#include "base/clock.h"
#include "casework/casework_store.h"
#include "casework/desk.h"
#include "casework/matter_pages.h"
#include "registry/officer.h"

#include <string.h>

#define LOOKED 2000 /* open matters looked at for a count: read from the index alone */
#define SHOWN 20    /* in one group; each is replayed */
#define WAITING 10

void desk_tasks_clear(DeskTasks *tasks) {
    g_clear_pointer(&tasks->items, g_ptr_array_unref);
    *tasks = (DeskTasks){0};
}

static void free_item(void *item) {
    json_decref(item);
}

/* Nothing runs: stopped, not to be computed, or no deadline at all. */
static void put_no_due(const LawCase *course, json_t *item) {
    const char *big = "无期限";
    const char *small = "";
    const GArray *clocks = law_case_clocks(course);
    for (guint i = 0; i < clocks->len; i++) {
        const LawClock *clock = &g_array_index(clocks, LawClock, i);
        if (clock->state == LAW_CLOCK_PAUSED) {
            big = "已停表";
            small = clock->name;
        } else if (clock->state == LAW_CLOCK_RUNNING && !clock->due.is_known) {
            big = "还不能推算";
            small = "放假安排未公布";
        }
    }
    json_put_text(item, "due_class", "");
    json_put_text(item, "due_big", big);
    json_put_text(item, "due_small", small);
}

static void put_due(const Ctx *ctx, const Matter *matter, json_t *item) {
    g_auto(DeskDue) due = {0};
    desk_due(matter->due_us, matter->due_unit, ctx->now_us, &due);
    json_put_text(item, "due_class", desk_group_class(due.group));
    json_put_text(item, "due_big", due.big);
    json_put_text(item, "due_small", due.small);
}

static json_t *task_model(const Ctx *ctx, const Matter *matter, const LawCase *course) {
    json_t *item = json_object();
    const LawProcedure *procedure = law_case_procedure(course);
    const LawState *state = law_case_state(course);
    g_autofree char *href = g_strdup_printf("/work/matters/%" G_GINT64_FORMAT, matter->id);
    g_autofree char *note =
        g_strdup_printf("%s·%s", matter->number, state == NULL ? matter->state : state->name);
    json_put_int(item, "due_us", matter->due_us == 0 ? INT64_MAX : matter->due_us);
    json_put_text(item, "href", href);
    json_put_text(item, "text", procedure->entry.name);
    json_put_text(item, "note", note);
    json_put(item, "people", json_array());
    json_put_text(item, "people_text", NULL);
    if (matter->due_us == 0) {
        put_no_due(course, item);
    } else {
        put_due(ctx, matter, item);
    }
    return item;
}

/* What the rows of a page share. */
typedef struct Rows {
    Ctx *ctx;
    GHashTable *people; /* officer -> json_t {name, initial} */
} Rows;

static void rows_clear(Rows *rows) {
    g_clear_pointer(&rows->people, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Rows, rows_clear)

static Rows rows_of(Ctx *ctx) {
    return (Rows){ctx, g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, free_item)};
}

/* Borrowed; NULL on error. */
static json_t *person_of(const Rows *rows, int64_t id, GError **error) {
    json_t *person = g_hash_table_lookup(rows->people, &id);
    g_auto(Officer) officer = {0};
    if (person == NULL && officer_find(rows->ctx->db, id, &officer, error)) {
        g_autofree char *initial = g_utf8_substring(officer.name, 0, 1);
        person = json_object();
        json_put_text(person, "name", officer.name);
        json_put_text(person, "initial", initial);
        g_hash_table_insert(rows->people, g_memdup2(&id, sizeof id), person);
    }
    return person;
}

/* 承办: whom the matter names for the step, else who handles it, else who took part last. */
static const GArray *responsible(const LawCase *course, const LawStep *step) {
    const GArray *people = step == NULL ? NULL : law_case_named(course, step);
    people = people != NULL ? people : law_case_handlers(course);
    return people != NULL ? people : law_case_last_officers(course);
}

static bool put_people(const Rows *rows, const GArray *officers, json_t *item, GError **error) {
    json_t *people = json_array();
    g_autoptr(GString) names = g_string_new(NULL);
    json_put(item, "people", people);
    for (guint i = 0; officers != NULL && i < officers->len; i++) {
        json_t *person = person_of(rows, g_array_index(officers, int64_t, i), error);
        if (person == NULL) {
            return false;
        }
        json_array_append_new(people, json_incref(person));
        g_string_append_printf(
            names, "%s%s", i == 0 ? "" : "、", json_get_text(person, "name", ""));
    }
    json_put_text(item, "people_text", names->len == 0 ? NULL : names->str);
    return true;
}

/* --- expediting ---------------------------------------------------------------------------------
 */

static char *person_name(Db *db, int64_t person) {
    g_auto(Officer) officer = {0};
    return person > 0 && officer_find(db, person, &officer, NULL)
               ? g_strdup(officer.name)
               : matter_account_name(db, -person);
}

char *desk_expedited_text(const Ctx *ctx, const LawCase *course) {
    LawExpedited asked = law_case_expedited(course);
    if (asked.count == 0) {
        return NULL;
    }
    g_autofree char *who = person_name(ctx->db, asked.actor);
    g_autofree char *minute = clock_format_minute(asked.time_us);
    g_autofree char *day = law_day_of(asked.time_us) == law_day_of(ctx->now_us)
                               ? g_strdup("今天")
                               : clock_format_day_zh(asked.time_us, ctx->now_us);
    g_autofree char *often =
        asked.count == 1 ? g_strdup("") : g_strdup_printf("，已催办 %u 次", asked.count);
    return g_strdup_printf("%s %s %s 催办%s", who, day, minute + strlen("2026-11-22 "), often);
}

const LawStep *desk_expedite_step(const LawCase *course) {
    const LawProcedure *procedure = law_case_procedure(course);
    for (unsigned i = 0; i < procedure->step_count; i++) {
        if (procedure->steps[i].effect == LAW_EFFECT_EXPEDITE) {
            return &procedure->steps[i];
        }
    }
    return NULL;
}

static void put_expedited(const Ctx *ctx, const LawCase *course, json_t *item) {
    g_autofree char *text = desk_expedited_text(ctx, course);
    json_put_text(item, "expedited", text);
}

/* What the button does. A state that asks for a matter of its own is answered by opening one. */
static void put_act(const Ctx *ctx,
                    const Matter *matter,
                    const LawCase *course,
                    const LawStep *step,
                    json_t *item) {
    const LawBook *book = casework_book(matter->region, NULL);
    const char *kind = step->effect == LAW_EFFECT_LINK ? law_case_state(course)->leads_to[0] : NULL;
    const LawProcedure *next =
        book == NULL || kind == NULL ? NULL : law_procedure_at(book, kind, ctx->now_us, NULL);
    g_autofree char *act =
        next == NULL ? g_strdup(step->name) : g_strdup_printf("另立“%s”", next->entry.name);
    g_autofree char *href =
        next == NULL
            ? g_strdup_printf("/work/matters/%" G_GINT64_FORMAT "/acts/%s", matter->id, step->id)
            : g_strdup_printf("/work/matters/new?kind=%s&from=%" G_GINT64_FORMAT, kind, matter->id);
    g_autofree char *title = g_strdup_printf("%s：%s", act, matter->title);
    json_put_text(item, "title", title);
    json_put_text(item, "act", act);
    json_put_text(item, "act_href", href);
}

/* JSON null when it is not the reader's turn after all (own work, a date that is not reached). */
static json_t *own_task(const Rows *rows, const Matter *matter, GError **error) {
    Ctx *ctx = rows->ctx;
    CaseActor actor = matter_actor(ctx);
    g_autoptr(LawCase) course = casework_replay(ctx->db, matter, error);
    if (course == NULL) {
        return NULL;
    }
    const LawStep *step = desk_next_step(course, matter, &actor);
    if (step == NULL) {
        return json_null();
    }
    json_t *item = task_model(ctx, matter, course);
    put_act(ctx, matter, course, step, item);
    put_expedited(ctx, course, item);
    if (!put_people(rows, responsible(course, step), item, error)) {
        json_decref(item);
        return NULL;
    }
    return item;
}

/* What a reader may be asked to do: by role in the own district, and where named, anywhere. Gives
 * how many of the two there are; no matter is in both. */
static size_t own_queries(const Principal *who, MatterQuery ret_queries[2]) {
    ret_queries[0] = (MatterQuery){.region = who->region, .next_roles = who->roles};
    ret_queries[1] = (MatterQuery){.region = who->region,
                                   .next_roles = CASE_NAMED(who->roles),
                                   .away_roles = who->roles,
                                   .officer_id = who->officer_id};
    return who->officer_id != 0 ? 2 : 1;
}

static bool add_tasks(const Rows *rows, MatterQuery *query, DeskTasks *ret_tasks, GError **error) {
    int64_t count = 0;
    bool is_all = true;
    if (!casework_store_tally(rows->ctx->db, query, LOOKED, &count, &is_all, error)) {
        return false;
    }
    ret_tasks->count += count;
    ret_tasks->is_more |= !is_all;
    query->limit = (unsigned)MIN(count, SHOWN);
    if (query->limit == 0) {
        return true;
    }
    g_autoptr(GPtrArray) matters = casework_store_list(rows->ctx->db, query, error);
    for (guint i = 0; matters != NULL && i < matters->len; i++) {
        json_t *item = own_task(rows, matters->pdata[i], error);
        if (item == NULL) {
            return false;
        }
        if (json_is_null(item)) {
            ret_tasks->count--;
        } else {
            g_ptr_array_add(ret_tasks->items, item);
        }
    }
    return matters != NULL;
}

bool desk_tasks(Ctx *ctx, DeskGroup group, DeskTasks *ret_tasks, GError **error) {
    DeskBounds bounds = desk_bounds(ctx->now_us);
    MatterQuery queries[2];
    bool good = true;
    g_auto(Rows) rows = rows_of(ctx);
    size_t count = own_queries(ctx->who, queries);
    *ret_tasks = (DeskTasks){.items = g_ptr_array_new_with_free_func(free_item)};
    for (size_t i = 0; good && i < count; i++) {
        desk_group_range(&bounds, group, &queries[i].due_after_us, &queries[i].due_to_us);
        good = add_tasks(&rows, &queries[i], ret_tasks, error);
    }
    return good;
}

/* The button of a row that waits: to expedite it where that is possible now, else to look at it. */
static void
put_expedition(const Ctx *ctx, const Matter *matter, const LawCase *course, json_t *item) {
    const LawStep *step = desk_expedite_step(course);
    CaseActor actor = matter_actor(ctx);
    g_auto(LawRefusal) refusal = {0};
    if (step != NULL) {
        casework_may(course, matter, &actor, step, &refusal);
    }
    bool may = step != NULL && refusal.reason_zh == NULL;
    g_autofree char *href =
        may ? g_strdup_printf("/work/matters/%" G_GINT64_FORMAT "/acts/%s", matter->id, step->id)
            : g_strdup(json_get_text(item, "href", ""));
    json_put_text(item, "act", may ? step->name : "看进度");
    json_put_text(item, "act_href", href);
    put_expedited(ctx, course, item);
}

/* "等 2 天": since something happened last. */
static json_t *waiting_task(const Rows *rows, const Matter *matter, GError **error) {
    Ctx *ctx = rows->ctx;
    g_autoptr(LawCase) course = casework_replay(ctx->db, matter, error);
    if (course == NULL) {
        return NULL;
    }
    json_t *item = task_model(ctx, matter, course);
    int days = law_day_of(ctx->now_us) - law_day_of(matter->changed_us);
    g_autofree char *big = days > 0 ? g_strdup_printf("等 %d 天", days) : g_strdup("今天转出");
    g_autofree char *who = role_set_zh(CASE_NEXT_ROLES(matter->next_roles));
    g_autofree char *small = g_strdup_printf("等%s", matter->next_roles == 0 ? "期限届满" : who);
    json_put_text(item, "due_class", "");
    json_put_text(item, "due_big", big);
    json_put_text(item, "due_small", small);
    json_put_text(item, "title", matter->title);
    put_expedition(ctx, matter, course, item);
    if (!put_people(rows, responsible(course, NULL), item, error)) {
        json_decref(item);
        return NULL;
    }
    return item;
}

bool desk_waiting(Ctx *ctx, DeskTasks *ret_tasks, GError **error) {
    MatterQuery query = {.region = ctx->who->region,
                         .account_id = ctx->who->account_id,
                         .other_roles = ctx->who->roles,
                         .limit = WAITING};
    query.other_roles |= ctx->who->officer_id != 0 ? CASE_NAMED(ctx->who->roles) : 0;
    bool is_all = true;
    g_auto(Rows) rows = rows_of(ctx);
    *ret_tasks = (DeskTasks){.items = g_ptr_array_new_with_free_func(free_item)};
    if (!casework_store_tally(ctx->db, &query, LOOKED, &ret_tasks->count, &is_all, error)) {
        return false;
    }
    ret_tasks->is_more = !is_all;
    g_autoptr(GPtrArray) matters = casework_store_list(ctx->db, &query, error);
    for (guint i = 0; matters != NULL && i < matters->len; i++) {
        json_t *item = waiting_task(&rows, matters->pdata[i], error);
        if (item == NULL) {
            return false;
        }
        g_ptr_array_add(ret_tasks->items, item);
    }
    return matters != NULL;
}

bool desk_count_over(Db *db, const Principal *who, int64_t now_us, int64_t *ret_n, GError **error) {
    DeskBounds bounds = desk_bounds(now_us);
    MatterQuery queries[2];
    bool good = true;
    size_t count = own_queries(who, queries);
    *ret_n = 0;
    for (size_t i = 0; good && i < count; i++) {
        int64_t n = 0;
        bool is_all = true;
        desk_group_range(&bounds, DESK_OVER, &queries[i].due_after_us, &queries[i].due_to_us);
        good = casework_store_tally(db, &queries[i], DESK_COUNT_MAX, &n, &is_all, error);
        *ret_n += n;
    }
    return good;
}
