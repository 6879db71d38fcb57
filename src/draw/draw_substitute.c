/* Who comes in when an object or an officer falls out, and what that leaves behind. */
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw_internal.h"
#include "draw/draw_places.h"
#include "draw/draw_store.h"
#include "draw/draw_substitute_store.h"
#include "registry/officer.h"

#include <string.h>

#define REASON_RULE "RULE"

/* The list's own text, which outlives the request. */
static const char *find_reason(const DrawSubstituteRequest *request) {
    const char *const *reason =
        request->officer_id != 0 ? draw_officer_reasons : draw_object_reasons;
    while (*reason != NULL && g_strcmp0(*reason, request->reason) != 0) {
        reason++;
    }
    return *reason;
}

const char *draw_substitute_problem(const DrawSubstituteRequest *request, const char **ret_field) {
    const char *field = NULL;
    ret_field = ret_field != NULL ? ret_field : &field;
    if (find_reason(request) == NULL) {
        *ret_field = "reason";
        return request->officer_id != 0 ? "选人员为什么不能去" : "选对象为什么不能查";
    }
    if (request->note == NULL || request->note[0] == '\0' ||
        strlen(request->note) > DRAW_SUBSTITUTE_NOTE_MAX) {
        *ret_field = "note";
        return "写清楚情况和怎样知道的，最多 100 个字";
    }
    return NULL;
}

/* --- the work ----------------------------------------------------------------------------------
 */

typedef struct Work {
    Db *db;
    const DrawSubstituteRequest *request;
    Draw *draw;
    DrawPlaces *places;
    GPtrArray *done; /* DrawSubstitution */
    int64_t last_n;
} Work;

static void work_clear(Work *work) {
    g_clear_pointer(&work->draw, draw_free);
    g_clear_pointer(&work->places, draw_places_free);
    g_clear_pointer(&work->done, g_ptr_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Work, work_clear)

static int64_t officer_of(const Work *work, int inspector) {
    return inspector == DRAW_NOBODY
               ? 0
               : draw_id_number(draw_places_inspector_id(work->places, inspector));
}

static int inspector_of(const Work *work, int64_t officer_id) {
    char id[DRAW_ID_MAX + 1];
    draw_id_format("officer", officer_id, id);
    return draw_places_inspector(work->places, id);
}

static DrawHeld held_now(const Work *work, const DrawPlace *place) {
    return (DrawHeld){.order = place->order,
                      .object_id = place->id != NULL ? draw_id_number(place->id) : 0,
                      .lead_id = officer_of(work, place->lead),
                      .second_id = officer_of(work, place->second)};
}

/* One more line; `passed` is taken over. The place stands as it is afterwards. */
static void
add_line(Work *work, const DrawPlace *place, const DrawSubstitution *start, GArray *passed) {
    DrawSubstitution *line = g_new0(DrawSubstitution, 1);
    DrawHeld held = held_now(work, place);
    *line = *start;
    line->draw_id = work->draw->id;
    line->n = ++work->last_n;
    line->order = place->order;
    line->note = g_strdup(start->note);
    line->passed = passed;
    line->object_id = held.object_id;
    line->lead_id = held.lead_id;
    line->second_id = held.second_id;
    line->actor = g_strdup(work->request->actor);
    line->created_us = work->request->now_us;
    line->leaf = -1;
    g_ptr_array_add(work->done, line);
}

/* --- officers ----------------------------------------------------------------------------------
 */

/* What the registry has against the officer at this moment, which no frozen file can know; a
 * matter would refuse him. *ret_fact NULL: nothing. */
static bool find_fact(
    Work *work, const DrawPlace *place, int inspector, const char **ret_fact, GError **error) {
    g_auto(Officer) officer = {0};
    int64_t id = officer_of(work, inspector);
    int64_t recused = 0;
    g_autofree char *day = clock_format_date(work->request->now_us);
    if (!officer_find(work->db, id, &officer, error) ||
        !draw_store_denied_of(work->db,
                              work->draw->object_kind,
                              draw_id_number(place->id),
                              &id,
                              1,
                              &recused,
                              error)) {
        return false;
    }
    *ret_fact = recused != 0                        ? "RECUSED"
                : !officer.in_post                  ? "LEFT"
                : !officer_may_serve(&officer, day) ? "CERTIFICATE"
                                                    : NULL;
    return true;
}

/* Rule 2: the first whose turn it is and against whom nothing is known. */
static bool
choose(Work *work, const DrawPlace *place, int out, GArray *passed, int *ret_in, GError **error) {
    g_autoptr(GArray) turns = draw_places_turns(work->places, place);
    *ret_in = DRAW_NOBODY;
    for (guint i = 0; i < turns->len && *ret_in == DRAW_NOBODY; i++) {
        int inspector = g_array_index(turns, int, i);
        const char *fact = NULL;
        if (!draw_places_may_take(work->places, place, out, inspector)) {
            continue;
        }
        if (!find_fact(work, place, inspector, &fact, error)) {
            return false;
        }
        if (fact == NULL) {
            *ret_in = inspector;
        } else {
            DrawPassed one = {officer_of(work, inspector), fact};
            g_array_append_val(passed, one);
        }
    }
    return true;
}

static bool substitute_officer(
    Work *work, DrawPlace *place, int out, const char *reason, const char *note, GError **error) {
    g_autoptr(GArray) passed = g_array_new(FALSE, FALSE, sizeof(DrawPassed));
    int in = DRAW_NOBODY;
    if (!choose(work, place, out, passed, &in, error)) {
        return false;
    }
    if (in == DRAW_NOBODY) {
        return hz_fail(error,
                       HZ_ERROR_CONFLICT,
                       "没有人可以接替：封存的名单里能查 %s "
                       "的人员（先本区县，再邻近和全市）都试过了、已到上限，或者不能去。"
                       "检查要两个人（行政处罚法第42条），不能少一个；"
                       "真的派不出人，由负责人在案件里登记“不再检查”。",
                       place->id);
    }
    draw_places_put_officer(work->places, place, out, in);
    add_line(work,
             place,
             &(DrawSubstitution){.out_id = officer_of(work, out),
                                 .in_id = officer_of(work, in),
                                 .reason = reason,
                                 .note = (char *)note},
             g_steal_pointer(&passed));
    return true;
}

/* --- objects -----------------------------------------------------------------------------------
 */

static bool tell_district(Work *work, const char *id, GError **error) {
    DrawStanding standing = {0};
    bool is_found = false;
    if (!draw_standing(work->db, work->draw->id, id, &standing, &is_found, error)) {
        return false;
    }
    if (!is_found) {
        return hz_fail(error, HZ_ERROR_CORRUPT, "%s is not in pool.tsv", id);
    }
    draw_places_tell_district(work->places, id, standing.district);
    return true;
}

/* The officers stay as far as files and registry let them meet the object that has come in. */
static bool settle_team(Work *work, DrawPlace *place, GError **error) {
    const int team[] = {place->lead, place->second};
    if (!tell_district(work, place->id, error)) {
        return false;
    }
    g_autoptr(GArray) candidates = draw_places_candidates(work->places, place);
    for (size_t i = 0; i < G_N_ELEMENTS(team); i++) {
        const char *reason = draw_places_among(candidates, team[i]) ? NULL : REASON_RULE;
        if ((reason == NULL && !find_fact(work, place, team[i], &reason, error)) ||
            (reason != NULL && !substitute_officer(work, place, team[i], reason, "", error))) {
            return false;
        }
    }
    return true;
}

static bool substitute_object(Work *work, DrawPlace *place, const char *reason, GError **error) {
    const DrawReserve *reserve = draw_places_reserve(work->places, place);
    int64_t out = draw_id_number(place->id);
    draw_places_put_object(work->places, place, reserve != NULL ? reserve->id : NULL);
    add_line(work,
             place,
             &(DrawSubstitution){.is_object = true,
                                 .out_id = out,
                                 .in_id = reserve != NULL ? draw_id_number(reserve->id) : 0,
                                 .reason = reason,
                                 .note = (char *)work->request->note},
             g_array_new(FALSE, FALSE, sizeof(DrawPassed)));
    return reserve == NULL || settle_team(work, place, error);
}

/* --- use case ----------------------------------------------------------------------------------
 */

/* The places as they are now. */
static bool load(Work *work, GError **error) {
    DrawStoreFiles files = {work->db, work->draw->id};
    DrawSource source = draw_store_source(&files);
    g_autoptr(GPtrArray) rows = draw_substitute_store_list(work->db, work->draw->id, error);
    work->places = rows != NULL ? draw_places_new(&source, error) : NULL;
    for (guint i = 0; work->places != NULL && i < rows->len; i++) {
        const DrawSubstitution *row = rows->pdata[i];
        DrawPlace *place = draw_places_at(work->places, row->order);
        char in[DRAW_ID_MAX + 1];
        if (place == NULL) {
            return hz_fail(error, HZ_ERROR_CORRUPT, "a substitution has no place in result.tsv");
        }
        if (row->is_object) {
            draw_id_format(work->draw->object_kind, row->in_id, in);
            draw_places_put_object(work->places, place, row->in_id != 0 ? in : NULL);
        } else {
            draw_places_put_officer(work->places,
                                    place,
                                    inspector_of(work, row->out_id),
                                    inspector_of(work, row->in_id));
        }
        work->last_n = row->n;
    }
    return work->places != NULL;
}

static bool take(Work *work, DrawPlace *place, GError **error) {
    const DrawSubstituteRequest *request = work->request;
    const char *reason = find_reason(request);
    if (place->id == NULL) {
        return hz_fail(error,
                       HZ_ERROR_CONFLICT,
                       "第 %" G_GINT64_FORMAT " 位已经没有对象：它停查以后候补用完了。",
                       place->order);
    }
    if (place->lead == DRAW_NOBODY) {
        return hz_fail(error,
                       HZ_ERROR_CONFLICT,
                       "第 %" G_GINT64_FORMAT " 位抽的时候就派不出两名人员，没有任务可以替换。",
                       place->order);
    }
    if (request->officer_id == 0) {
        return substitute_object(work, place, reason, error);
    }
    int out = inspector_of(work, request->officer_id);
    if (out == DRAW_NOBODY || (out != place->lead && out != place->second)) {
        return hz_fail(error,
                       HZ_ERROR_CONFLICT,
                       "这名人员现在不检查第 %" G_GINT64_FORMAT " 位的对象，可能刚被替换。",
                       place->order);
    }
    return tell_district(work, place->id, error) &&
           substitute_officer(work, place, out, reason, request->note, error);
}

static json_t *line_payload(const Draw *draw, const DrawSubstitution *line) {
    json_t *payload = json_object();
    json_t *passed = json_array();
    const char *kind = line->is_object ? draw->object_kind : "officer";
    char out[DRAW_ID_MAX + 1];
    char in[DRAW_ID_MAX + 1];
    draw_id_format(kind, line->out_id, out);
    draw_id_format(kind, line->in_id, in);
    for (guint i = 0; i < line->passed->len; i++) {
        const DrawPassed *one = &g_array_index(line->passed, DrawPassed, i);
        char id[DRAW_ID_MAX + 1];
        draw_id_format("officer", one->officer_id, id);
        json_t *item = json_object();
        json_put_text(item, "officer", id);
        json_put_text(item, "reason", one->reason);
        json_array_append_new(passed, item);
    }
    json_put_text(payload, "draw", draw->number);
    json_put_int(payload, "n", line->n);
    json_put_text(payload, "kind", line->is_object ? "object" : "officer");
    json_put_int(payload, "place", line->order);
    json_put_text(payload, "out", out);
    json_put_text(payload, "in", line->in_id != 0 ? in : "-");
    json_put_text(payload, "reason", line->reason);
    json_put(payload, "passed_over", passed);
    return payload;
}

static bool store(Work *work, GError **error) {
    for (guint i = 0; i < work->done->len; i++) {
        DrawSubstitution *line = work->done->pdata[i];
        if (!draw_mark(work->db,
                       work->draw,
                       "draw.substitute",
                       line_payload(work->draw, line),
                       line->actor,
                       line->created_us,
                       &line->leaf,
                       error) ||
            !draw_substitute_store_add(work->db, line, error)) {
            return false;
        }
    }
    return true;
}

static bool tell_rooms(Work *work, const DrawHeld *before, const DrawPlace *place, GError **error) {
    DrawPlaceChange change = {.draw = work->draw,
                              .first = work->done->pdata[0],
                              .before = *before,
                              .after = held_now(work, place),
                              .actor = work->request->actor,
                              .now_us = work->request->now_us};
    for (const DrawSubstituted *hook = draw_substituted_hooks; *hook != NULL; hook++) {
        if (!(*hook)(work->db, &change, error)) {
            return false;
        }
    }
    return true;
}

static bool check(const Work *work, GError **error) {
    const char *problem = draw_substitute_problem(work->request, NULL);
    if (problem != NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "%s", problem);
    }
    if (work->draw->state != DRAW_DONE && work->draw->state != DRAW_PUBLISHED) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "这次抽查还没有抽，没有什么可以替换。");
    }
    return true;
}

GPtrArray *draw_substitute(Db *db, const DrawSubstituteRequest *request, GError **error) {
    g_assert(db_in_tx(db));
    g_auto(Work) work = {.db = db, .request = request};
    work.done = g_ptr_array_new_with_free_func((GDestroyNotify)draw_substitution_free);
    /* Holds the draw, so that two at once come one after the other. */
    work.draw = draw_store_find(db, request->draw_id, true, error);
    if (work.draw == NULL || !check(&work, error) || !load(&work, error)) {
        return NULL;
    }
    DrawPlace *place = draw_places_at(work.places, request->order);
    if (place == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "the draw has no such place");
        return NULL;
    }
    DrawHeld before = held_now(&work, place);
    if (!take(&work, place, error)) {
        return NULL;
    }
    const DrawSubstitution *first = work.done->pdata[0];
    if (request->expected_id >= 0 && request->expected_id != first->in_id) {
        hz_fail(error,
                HZ_ERROR_CONFLICT,
                "接替的已经不是页面上写的那一个，因为刚才有别的替换。请回去再看一遍。");
        return NULL;
    }
    return store(&work, error) && tell_rooms(&work, &before, place, error)
               ? g_steal_pointer(&work.done)
               : NULL;
}
