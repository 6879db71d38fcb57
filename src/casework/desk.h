/*
 * The desk: whose turn it is, by when, in words. The start page, the lists, the board and the
 * calendar all ask here, so that one matter reads the same everywhere.
 *
 * The unit of a count is the unit of the rule: working days stay working days. Thread: any for what
 * is pure, else that of the Db.
 */
#pragma once

#include "casework/casework.h"
#include "web/web.h"

typedef enum DeskGroup {
    DESK_OVER,
    DESK_TODAY,
    DESK_SOON,  /* within three working days */
    DESK_LATER, /* or without a deadline */
    DESK_GROUP_COUNT,
} DeskGroup;
const char *desk_group_word(DeskGroup group);  /* "over" */
const char *desk_group_zh(DeskGroup group);    /* "已逾期" */
const char *desk_group_class(DeskGroup group); /* of .due: "over", "now", "soon", "" */
bool desk_group_parse(const char *word, DeskGroup *ret_group);

/* Where the groups end, as moments: a deadline at `over_us` has passed. Working days are those of
 * the calendar; in a year that it does not know, Monday to Friday. */
typedef struct DeskBounds {
    int64_t now_us, today_us, soon_us;
} DeskBounds;
DeskBounds desk_bounds(int64_t now_us);
DeskGroup desk_group(const DeskBounds *bounds, int64_t due_us);
/* The deadlines of a group: from < due <= to. */
void desk_group_range(const DeskBounds *bounds,
                      DeskGroup group,
                      int64_t *ret_from_us,
                      int64_t *ret_to_us);

/* The days-left signal. Texts are owned. */
typedef struct DeskDue {
    DeskGroup group;
    char *big;      /* "逾期 1 天", "剩 6 小时 28 分", "今天", "2 个工作日" */
    char *small;    /* "应于 11月19日 周四", "今天 15:40 前", "11月23日 周一" */
    char *sentence; /* "还剩 2 个工作日": stands alone */
} DeskDue;
void desk_due_clear(DeskDue *due);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeskDue, desk_due_clear)
/* `due_us` as in LawDue; `unit` is that of the rule. */
void desk_due(int64_t due_us, LawUnit unit, int64_t now_us, DeskDue *ret_due);

/* --- whose turn it is --- */

/* Roles that may take the next act, as far as order and dates go; CASE_NAMED of them when only
 * named officers may. 0 in a final state. */
uint32_t desk_next_roles(const LawCase *course, int64_t now_us);
/* Roles that may take it now, as above; 0: nobody (a date is not reached, or only the public may).
 */
uint32_t desk_turn(const LawCase *course, int64_t now_us);
/* "法制审核人员" of these. Caller frees. */
char *desk_turn_text(const LawCase *course, int64_t now_us);
/* The next act that this actor may take; NULL: somebody else's turn. */
const LawStep *desk_next_step(const LawCase *course, const Matter *matter, const CaseActor *actor);

/* The next act, whoever takes it; NULL: none. */
const LawStep *desk_next_anybody(const LawCase *course, int64_t now_us);

/* --- expediting (催办) --- */

/* The act that expedites; NULL: the procedure has none. */
const LawStep *desk_expedite_step(const LawCase *course);
/* "吕晓远 今天 09:12 催办，已催办 2 次", since the matter was brought on last; NULL: it was not.
 * Caller frees. */
char *desk_expedited_text(const Ctx *ctx, const LawCase *course);

/* --- tasks for the start page --- */

/* What one row shows: {due_us, due_class, due_big, due_small, href, title, text, note, expedited,
 * people: [{name, initial}], people_text, act_href, act}. */
typedef struct DeskTasks {
    GPtrArray *items; /* of json_t *, the first ones by deadline */
    int64_t count;
    bool is_more; /* there may be more than `count` */
} DeskTasks;
void desk_tasks_clear(DeskTasks *tasks);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeskTasks, desk_tasks_clear)
/* Open matters whose next act the reader may take: of the own district by role, and in any district
 * those that name the reader. */
bool desk_tasks(Ctx *ctx, DeskGroup group, DeskTasks *ret_tasks, GError **error);
/* Matters that the reader has worked on and that wait for others. */
bool desk_waiting(Ctx *ctx, DeskTasks *ret_tasks, GError **error);
/* Overdue matters whose next act the reader may take: for the navigation, at most DESK_COUNT_MAX of
 * each way. */
#define DESK_COUNT_MAX 99
bool desk_count_over(Db *db, const Principal *who, int64_t now_us, int64_t *ret_n, GError **error);
