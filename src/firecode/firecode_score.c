/* When a score is computed, what of it is kept, and what is remembered of a change. */
#include "base/clock.h"
#include "base/error.h"
#include "firecode/firecode_facts.h"
#include "firecode/firecode_rules.h"
#include "firecode/firecode_store.h"

#include <string.h>

#define FALL_US (30 * CLOCK_DAY_US)
#define RENEW_US CLOCK_DAY_US /* what hangs on time alone: overdue records, years */
#define WORK_MAX 200 /* buildings in one run: 47,500 take 4 of the 24 hours at a run a minute */

bool firecode_score(Db *db, int64_t building_id, FirecodeScore *ret_score, GError **error) {
    return score_store_find(db, building_id, ret_score, error);
}

GPtrArray *
firecode_history(Db *db, int64_t building_id, int64_t since_us, unsigned limit, GError **error) {
    return history_store_list(db, building_id, since_us, limit, error);
}

GArray *firecode_colours_by_district(Db *db, const char *region, GError **error) {
    return score_store_tally(db, region, error);
}

GPtrArray *firecode_list(Db *db, const FirecodeQuery *query, GError **error) {
    return score_store_list(db, query, error);
}

/* --- computing ----------------------------------------------------------------------------------
 */

static json_t *marks_json(const LawRisk *risk, const LawRiskMark *marks) {
    static const char *const known[] = {"unknown", "absent", "number", "word"};
    json_t *list = json_array();
    for (unsigned i = 0; i < risk->count; i++) {
        g_autofree char *says = law_risk_text(&marks[i]);
        json_t *mark = json_object();
        json_put_text(mark, "id", risk->indicators[i].id);
        json_put_text(mark, "known", known[marks[i].known]);
        json_put_int(mark, "points", marks[i].points);
        json_put_text(mark, "says", says);
        json_put_int(mark, "at_least", marks[i].at_least);
        json_array_append_new(list, mark);
    }
    return list;
}

/* The table judged for one building, and what is overdue. */
static bool judge(Db *db,
                  const Building *building,
                  const Firecode *code,
                  int64_t now_us,
                  FirecodeScore *ret_score,
                  GError **error) {
    const LawBook *book = casework_book(building->region, error);
    const LawRisk *risk = book == NULL ? NULL : law_risk_at(book, now_us, error);
    g_autoptr(FactSheet) sheet =
        risk == NULL ? NULL : fact_sheet_of(db, building, risk, now_us, error);
    if (sheet == NULL) {
        return false;
    }
    g_autofree LawRiskAnswer *answers = g_new0(LawRiskAnswer, risk->count);
    g_autofree LawRiskMark *marks = g_new0(LawRiskMark, risk->count);
    bool is_off[LAW_RISK_DUTIES] = {false};
    LawRiskResult result;
    for (unsigned i = 0; i < risk->count; i++) {
        answers[i] = fact_sheet_answer(sheet, risk->indicators[i].fact);
    }
    for (unsigned i = 0; i < LAW_RISK_DUTIES; i++) {
        if (risk->duties[i].unless != NULL) {
            LawRiskAnswer answer = fact_sheet_answer(sheet, risk->duties[i].unless);
            is_off[i] = answer.known == LAW_RISK_WORD && strcmp(answer.word, "no") == 0;
        }
    }
    law_risk_judge(risk, answers, marks, &result);
    memcpy(ret_score->last_us, fact_sheet_last(sheet), sizeof ret_score->last_us);
    ret_score->building_id = building->id;
    ret_score->score = result.score;
    ret_score->colour = (RiskGrade)result.colour;
    ret_score->known = result.known;
    ret_score->edition = g_strdup(risk->edition);
    ret_score->marks = marks_json(risk, marks);
    ret_score->overdue = duty_overdue(risk, ret_score->last_us, is_off, code->issued_us, now_us);
    ret_score->computed_us = now_us;
    return true;
}

/* A row of history when score or colour is another than before. */
static bool remember(Db *db,
                     const FirecodeScore *before,
                     const FirecodeScore *now,
                     const char *cause,
                     GError **error) {
    bool is_first = before->building_id == 0;
    if (!is_first && before->score == now->score && before->colour == now->colour) {
        return true;
    }
    g_autofree char *reasons =
        is_first ? g_strdup("第一次算分") : marks_differ(before->marks, now->marks);
    FirecodeChange change = {.time_us = now->computed_us,
                             .score = now->score,
                             .colour = now->colour,
                             .before = before->colour,
                             .cause = (char *)cause,
                             .reasons = reasons};
    return history_store_add(db, now->building_id, &change, error);
}

bool firecode_compute(
    Db *db, int64_t building_id, const char *cause, int64_t now_us, GError **error) {
    g_auto(Building) building = {0};
    g_auto(Firecode) code = {0};
    g_auto(FirecodeScore) before = {0};
    g_auto(FirecodeScore) now = {0};
    bool is_active = false;
    int64_t then = 0;
    if (!score_store_hold(db, building_id, &is_active, error)) {
        return false;
    }
    if (!is_active) {
        return score_store_drop(db, building_id, error);
    }
    if (!code_store_active(db, building_id, &code, error) ||
        !building_find(db, building_id, &building, error) ||
        !score_store_find(db, building_id, &before, error) ||
        !judge(db, &building, &code, now_us, &now, error) ||
        !remember(db, &before, &now, cause, error) ||
        !history_store_score_at(db, building_id, now_us - FALL_US, &then, error)) {
        return false;
    }
    now.since_us =
        before.building_id != 0 && before.colour == now.colour ? before.since_us : now_us;
    now.fall = then - now.score;
    return score_store_put(db, &now, building.region, building.district, error);
}

/* --- events -------------------------------------------------------------------------------------
 */

bool firecode_touch(
    Db *db, int64_t building_id, const char *cause, int64_t now_us, GError **error) {
    return building_id == 0 || queue_store_add(db, building_id, cause, now_us, error);
}

/* What the score asks about. */
static bool counts(const SensingEdge *edge) {
    switch (edge->kind) {
    case EDGE_FIRE:
    case EDGE_FAULT:
    case EDGE_SHIELD:
    case EDGE_MAIN_POWER:
    case EDGE_BACKUP_POWER:
    case EDGE_MANUAL:
    case EDGE_LIMIT:
    case EDGE_ONLINE:
        return edge->building_id != 0;
    case EDGE_SUPERVISE:
    case EDGE_START:
    case EDGE_FEEDBACK:
    case EDGE_DELAY:
    case EDGE_BUS:
    case EDGE_LINK:
    case EDGE_CONFIG:
    case EDGE_RESET:
    case EDGE_OPERATION:
    case EDGE_DUTY_ANSWER:
    case EDGE_FIRST:
    case EDGE_KIND_COUNT:
        break;
    }
    return false;
}

typedef struct Touched {
    int64_t building_id, time_us;
} Touched;

static int by_building(gconstpointer a, gconstpointer b) {
    const Touched *one = a;
    const Touched *other = b;
    return one->building_id < other->building_id ? -1 : one->building_id > other->building_id;
}

/* Each building once, in one order, so that two writers never wait for each other. */
bool firecode_take_edges(Db *db, const SensingEdge *edges, size_t count, GError **error) {
    g_autoptr(GArray) touched = g_array_new(FALSE, FALSE, sizeof(Touched));
    for (size_t i = 0; i < count; i++) {
        if (counts(&edges[i])) {
            Touched one = {edges[i].building_id, edges[i].received_us};
            g_array_append_val(touched, one);
        }
    }
    g_array_sort(touched, by_building);
    for (guint i = 0; i < touched->len; i++) {
        const Touched *one = &g_array_index(touched, Touched, i);
        bool is_new = i == 0 || one[-1].building_id != one->building_id;
        if (is_new && !firecode_touch(db, one->building_id, "sensing", one->time_us, error)) {
            return false;
        }
    }
    return true;
}

bool firecode_take_act(Db *db, const CaseTaken *taken, GError **error) {
    const Matter *matter = taken->matter;
    int64_t building_id = 0;
    if (g_strcmp0(matter->object_kind, "building") == 0) {
        building_id = matter->object_id;
    } else if (g_strcmp0(matter->object_kind, "unit") == 0 &&
               !facts_store_building_of(db, matter->object_id, &building_id, error)) {
        return false;
    }
    return firecode_touch(db, building_id, "matter", taken->actor->now_us, error);
}

/* --- in the background --------------------------------------------------------------------------
 */

typedef struct Turn {
    int64_t now_us;
    bool is_done;
} Turn;

/* One building in a transaction of its own: devices never wait long for a row of the queue. */
static bool turn_work(Db *db, void *data, GError **error) {
    Turn *turn = data;
    int64_t building_id = 0;
    g_autofree char *cause = NULL;
    turn->is_done = false;
    if (!queue_store_first(db, &building_id, &cause, error)) {
        return false;
    }
    if (building_id != 0) {
        return queue_store_drop(db, building_id, error) &&
               firecode_compute(db, building_id, cause, turn->now_us, error);
    }
    if (!score_store_oldest(db, turn->now_us - RENEW_US, &building_id, error)) {
        return false;
    }
    turn->is_done = building_id == 0;
    return turn->is_done || firecode_compute(db, building_id, "time", turn->now_us, error);
}

bool firecode_work(Db *db, int64_t now_us, GError **error) {
    Turn turn = {.now_us = now_us};
    for (unsigned i = 0; i < WORK_MAX && !turn.is_done; i++) {
        if (!db_run_tx(db, turn_work, &turn, error)) {
            return false;
        }
    }
    return true;
}
