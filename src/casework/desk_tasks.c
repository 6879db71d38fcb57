/* Tasks for the start page: which matters wait for this reader, and what the next act is. */
#include "account/account.h"
#include "base/clock.h"
#include "casework/casework_store.h"
#include "casework/desk.h"
#include "casework/matter_pages.h"
#include "registry/officer.h"

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

/* The two who were drawn see each other's name. */
static bool put_people(Db *db, const GArray *named, json_t *item, GError **error) {
    json_t *people = json_array();
    g_autoptr(GString) names = g_string_new(NULL);
    json_put(item, "people", people);
    for (guint i = 0; named != NULL && i < named->len; i++) {
        g_auto(Officer) officer = {0};
        if (!officer_find(db, g_array_index(named, int64_t, i), &officer, error)) {
            return false;
        }
        g_autofree char *initial = g_utf8_substring(officer.name, 0, 1);
        json_t *person = json_object();
        json_put_text(person, "name", officer.name);
        json_put_text(person, "initial", initial);
        json_array_append_new(people, person);
        g_string_append_printf(names, "%s%s", i == 0 ? "" : "、", officer.name);
    }
    json_put_text(item, "people_text", names->len == 0 ? NULL : names->str);
    return true;
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
static json_t *own_task(Ctx *ctx, const Matter *matter, GError **error) {
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
    if (!put_people(ctx->db, law_case_named(course, step), item, error)) {
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

static bool add_tasks(Ctx *ctx, MatterQuery *query, DeskTasks *ret_tasks, GError **error) {
    int64_t count = 0;
    bool is_all = true;
    if (!casework_store_tally(ctx->db, query, LOOKED, &count, &is_all, error)) {
        return false;
    }
    ret_tasks->count += count;
    ret_tasks->is_more |= !is_all;
    query->limit = (unsigned)MIN(count, SHOWN);
    if (query->limit == 0) {
        return true;
    }
    g_autoptr(GPtrArray) matters = casework_store_list(ctx->db, query, error);
    for (guint i = 0; matters != NULL && i < matters->len; i++) {
        json_t *item = own_task(ctx, matters->pdata[i], error);
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
    size_t count = own_queries(ctx->who, queries);
    *ret_tasks = (DeskTasks){.items = g_ptr_array_new_with_free_func(free_item)};
    for (size_t i = 0; good && i < count; i++) {
        desk_group_range(&bounds, group, &queries[i].due_after_us, &queries[i].due_to_us);
        good = add_tasks(ctx, &queries[i], ret_tasks, error);
    }
    return good;
}

/* "等 2 天": since something happened last. */
static json_t *waiting_task(Ctx *ctx, const Matter *matter, GError **error) {
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
    json_put_text(item, "act", "看进度");
    json_put_text(item, "act_href", json_get_text(item, "href", ""));
    return item;
}

bool desk_waiting(Ctx *ctx, DeskTasks *ret_tasks, GError **error) {
    MatterQuery query = {.region = ctx->who->region,
                         .account_id = ctx->who->account_id,
                         .other_roles = ctx->who->roles,
                         .limit = WAITING};
    query.other_roles |= ctx->who->officer_id != 0 ? CASE_NAMED(ctx->who->roles) : 0;
    bool is_all = true;
    *ret_tasks = (DeskTasks){.items = g_ptr_array_new_with_free_func(free_item)};
    if (!casework_store_tally(ctx->db, &query, LOOKED, &ret_tasks->count, &is_all, error)) {
        return false;
    }
    ret_tasks->is_more = !is_all;
    g_autoptr(GPtrArray) matters = casework_store_list(ctx->db, &query, error);
    for (guint i = 0; matters != NULL && i < matters->len; i++) {
        json_t *item = waiting_task(ctx, matters->pdata[i], error);
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
