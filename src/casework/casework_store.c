#include "casework/casework_store.h"

#include "base/clock.h"
#include "base/error.h"
#include "registry/region.h"

#include <string.h>

/* --- matters ------------------------------------------------------------------------------------
 */

void matter_clear(Matter *matter) {
    g_free(matter->kind);
    g_free(matter->number);
    g_free(matter->title);
    g_free(matter->region);
    g_free(matter->object_kind);
    g_free(matter->state);
    g_free(matter->due_clock);
    *matter = (Matter){0};
}

static int64_t due_key(const Matter *matter) {
    return matter->due_us == 0 ? INT64_MAX : matter->due_us;
}

static const char *unit_word(const Matter *matter) {
    return matter->due_us == 0 ? "" : law_unit_word(matter->due_unit);
}

#define NEW_COLUMNS                                                                                \
    "kind, number, title, object_kind, object_id, region, district, state, is_closed, version, "   \
    "opened_us, changed_us, due_us, due_key, due_clock, form_id, due_unit, next_roles"
#define NEW_VALUES "$1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18"

bool casework_store_add(Db *db, const MatterRow *row, int64_t *ret_id, GError **error) {
    const Matter *matter = row->matter;
    const DbArg args[] = {db_text(matter->kind),
                          db_text(matter->number),
                          db_text(matter->title),
                          db_text(matter->object_kind),
                          db_int(matter->object_id),
                          db_text(matter->region),
                          db_int(row->district),
                          db_text(matter->state),
                          db_bool(matter->is_closed),
                          db_int(matter->version),
                          db_int(matter->opened_us),
                          db_int(matter->changed_us),
                          db_int(matter->due_us),
                          db_int(due_key(matter)),
                          db_text(matter->due_clock),
                          db_text(row->form_id),
                          db_text(unit_word(matter)),
                          db_int(matter->next_roles),
                          db_int(matter->id)};
    if (matter->id == 0) {
        return db_query_int(
            db,
            SQL("INSERT INTO matter (" NEW_COLUMNS ") VALUES (" NEW_VALUES ") RETURNING id"),
            (DbArgs){args, G_N_ELEMENTS(args) - 1},
            ret_id,
            error);
    }
    *ret_id = matter->id;
    return db_later(db,
                    SQL("INSERT INTO matter (" NEW_COLUMNS ", id) VALUES (" NEW_VALUES ", $19)"),
                    (DbArgs){args, G_N_ELEMENTS(args)},
                    1,
                    error);
}

/* Nothing that a list shows has changed: no column of an index is written. */
static bool change_still(Db *db, const Matter *matter, GError **error) {
    return db_later(
        db,
        SQL("UPDATE matter SET version = $1 WHERE id = $2 AND version = $3"),
        DB_ARGS(db_int(matter->version), db_int(matter->id), db_int(matter->version - 1)),
        1,
        error);
}

static bool change_all(Db *db, const Matter *matter, GError **error) {
    return db_later(
        db,
        SQL("UPDATE matter SET state = $1, is_closed = $2, version = $3, changed_us = $4, "
            "due_us = $5, due_key = $6, due_clock = $7, due_unit = $8, next_roles = $9 "
            "WHERE id = $10 AND version = $11"),
        DB_ARGS(db_text(matter->state),
                db_bool(matter->is_closed),
                db_int(matter->version),
                db_int(matter->changed_us),
                db_int(matter->due_us),
                db_int(due_key(matter)),
                db_text(matter->due_clock),
                db_text(unit_word(matter)),
                db_int(matter->next_roles),
                db_int(matter->id),
                db_int(matter->version - 1)),
        1,
        error);
}

bool casework_store_change(Db *db, const MatterRow *row, GError **error) {
    return row->is_still ? change_still(db, row->matter, error)
                         : change_all(db, row->matter, error);
}

/* Not yet derived: a midnight is the end of a day. */
static LawUnit unit_of(const char *word, int64_t due_us) {
    for (LawUnit unit = LAW_HOURS; unit <= LAW_MONTHS; unit++) {
        if (strcmp(law_unit_word(unit), word) == 0) {
            return unit;
        }
    }
    return law_day_begin(law_day_of(due_us)) == due_us ? LAW_CALENDAR_DAYS : LAW_HOURS;
}

void casework_from_row(const DbRows *rows, Matter *matter) {
    *matter = (Matter){
        .id = db_rows_int(rows, 0),
        .kind = g_strdup(db_rows_text(rows, 1)),
        .number = g_strdup(db_rows_text(rows, 2)),
        .title = g_strdup(db_rows_text(rows, 3)),
        .region = g_strdup(db_rows_text(rows, 4)),
        .object_kind = g_strdup(db_rows_text(rows, 5)),
        .object_id = db_rows_int(rows, 6),
        .state = g_strdup(db_rows_text(rows, 7)),
        .is_closed = db_rows_int(rows, 8) != 0,
        .version = db_rows_int(rows, 9),
        .opened_us = db_rows_int(rows, 10),
        .changed_us = db_rows_int(rows, 11),
        .due_us = db_rows_int(rows, 12),
        .due_clock = g_strdup(db_rows_text(rows, 13)),
        .due_unit = unit_of(db_rows_text(rows, 14), db_rows_int(rows, 12)),
        .next_roles = (uint32_t)db_rows_int(rows, 15),
    };
}

bool casework_store_by_form(Db *db, const char *form_id, int64_t *ret_id, GError **error) {
    return db_query_int(db,
                        SQL("SELECT coalesce(max(id), 0) FROM matter WHERE form_id = $1"),
                        DB_ARGS(db_text(form_id)),
                        ret_id,
                        error);
}

bool casework_store_find(Db *db, int64_t id, Matter *ret_matter, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " MATTER_COLUMNS " FROM matter m WHERE m.id = $1"),
                 DB_ARGS(db_int(id)),
                 error);
    if (rows == NULL) {
        return false;
    }
    if (!db_rows_next(rows)) {
        return db_rows_done(rows, error) &&
               hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no such matter");
    }
    casework_from_row(rows, ret_matter);
    return true;
}

bool casework_store_by_number(Db *db, const char *number, Matter *ret_matter, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT " MATTER_COLUMNS " FROM matter m WHERE m.number = $1"),
                 DB_ARGS(db_text(number)),
                 error);
    if (rows == NULL) {
        return false;
    }
    if (db_rows_next(rows)) {
        casework_from_row(rows, ret_matter);
    }
    return db_rows_done(rows, error);
}

/* An object has few matters of one kind in a year: the first act of each is read. */
bool casework_store_count(Db *db, const CaseCount *count, int64_t *ret_n, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT m.opened_us, a.data, m.state FROM matter m JOIN matter_act a ON a.matter_id = "
            "m.id AND a.seq = 1 WHERE m.object_kind = $1 AND m.object_id = $2 AND "
            "m.object_id <> 0 AND m.kind = $3"),
        DB_ARGS(db_text(count->object_kind), db_int(count->object_id), db_text(count->kind)),
        error);
    int64_t n = 0;
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        const char *text = db_rows_text(rows, 1);
        g_autoptr(json_t) data = json_read(text, strlen(text), NULL);
        n += clock_year(db_rows_int(rows, 0)) == count->year &&
             law_when_holds(count->field, count->values, data) &&
             (count->not_in == NULL || !g_strv_contains(count->not_in, db_rows_text(rows, 2)));
    }
    *ret_n = n;
    return db_rows_done(rows, error);
}

/* --- acts ---------------------------------------------------------------------------------------
 */

bool casework_store_add_act(Db *db, const ActRow *row, GError **error) {
    return db_later(
        db,
        SQL("INSERT INTO matter_act (matter_id, seq, step, happened_us, entered_us, actor, person, "
            "officers, data, state_from, state_to) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
            "$10, $11)"),
        DB_ARGS(db_int(row->matter_id),
                db_int(row->seq),
                db_text(row->step),
                db_int(row->happened_us),
                db_int(row->entered_us),
                db_int(row->actor),
                db_int(row->person),
                db_text(row->officers),
                db_text(row->data),
                db_text(row->state_from),
                db_text(row->state_to)),
        1,
        error);
}

bool casework_store_seal(
    Db *db, int64_t matter_id, int64_t seq, const char *field, const char *value, GError **error) {
    return db_later(db,
                    SQL("INSERT INTO matter_sealed (act_id, field, value) "
                        "SELECT id, $1, $2 FROM matter_act WHERE matter_id = $3 AND seq = $4"),
                    DB_ARGS(db_text(field), db_text(value), db_int(matter_id), db_int(seq)),
                    1,
                    error);
}

void stored_act_free(StoredAct *act) {
    if (act != NULL) {
        g_free(act->step);
        g_free(act->state_to);
        g_clear_pointer(&act->data, json_decref);
        g_clear_pointer(&act->officers, g_array_unref);
        g_free(act);
    }
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(StoredAct, stored_act_free)

static bool read_json(const DbRows *rows, int column, json_t **ret, GError **error) {
    const char *text = db_rows_text(rows, column);
    *ret = text == NULL ? NULL : json_read(text, strlen(text), NULL);
    return *ret != NULL || hz_fail(error, HZ_ERROR_CORRUPT, "a stored act is not readable");
}

static StoredAct *act_from_row(const DbRows *rows, GError **error) {
    g_autoptr(StoredAct) act = g_new0(StoredAct, 1);
    g_autoptr(json_t) officers = NULL;
    act->id = db_rows_int(rows, 0);
    act->seq = db_rows_int(rows, 1);
    act->step = g_strdup(db_rows_text(rows, 2));
    act->happened_us = db_rows_int(rows, 3);
    act->entered_us = db_rows_int(rows, 4);
    act->actor = db_rows_int(rows, 5);
    act->person = db_rows_int(rows, 6);
    act->state_to = g_strdup(db_rows_text(rows, 9));
    act->officers = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (!read_json(rows, 7, &officers, error) || !read_json(rows, 8, &act->data, error)) {
        return NULL;
    }
    for (size_t i = 0; i < json_array_size(officers); i++) {
        int64_t id = json_integer_value(json_array_get(officers, i));
        g_array_append_val(act->officers, id);
    }
    return g_steal_pointer(&act);
}

/* An act with several sealed fields is several rows. */
GPtrArray *casework_store_acts(Db *db, int64_t matter_id, bool with_sealed, GError **error) {
    g_autoptr(GPtrArray) acts = g_ptr_array_new_with_free_func((GDestroyNotify)stored_act_free);
    Sql plain = SQL("SELECT id, seq, step, happened_us, entered_us, actor, person, officers, data, "
                    "state_to, NULL, NULL FROM matter_act WHERE matter_id = $1 ORDER BY seq");
    Sql sealed =
        SQL("SELECT a.id, a.seq, a.step, a.happened_us, a.entered_us, a.actor, a.person, "
            "a.officers, a.data, a.state_to, s.field, s.value FROM matter_act a LEFT JOIN "
            "matter_sealed s ON s.act_id = a.id WHERE a.matter_id = $1 ORDER BY a.seq, s.field");
    g_autoptr(DbRows) rows =
        db_query(db, with_sealed ? sealed : plain, DB_ARGS(db_int(matter_id)), error);
    if (rows == NULL) {
        return NULL;
    }
    StoredAct *act = NULL;
    while (db_rows_next(rows)) {
        if (act == NULL || act->seq != db_rows_int(rows, 1)) {
            act = act_from_row(rows, error);
            if (act == NULL) {
                return NULL;
            }
            g_ptr_array_add(acts, act);
        }
        if (!db_rows_is_null(rows, 10)) {
            json_put_text(act->data, db_rows_text(rows, 10), db_rows_text(rows, 11));
        }
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&acts) : NULL;
}

/* --- what is derived ----------------------------------------------------------------------------
 */

const char *clock_state_word(LawClockState state) {
    static const char *const words[] = {"running", "paused", "met", "late", "replaced"};
    return words[state];
}

bool casework_store_clocks(Db *db, int64_t matter_id, const GArray *clocks, GError **error) {
    bool good = true;
    for (guint i = 0; good && i < clocks->len; i++) {
        const LawClock *clock = &g_array_index(clocks, LawClock, i);
        good = db_later(
            db,
            SQL("INSERT INTO matter_clock (matter_id, n, clock, started_by, state, due_us, "
                "stopped_us) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (matter_id, n) DO "
                "UPDATE SET state = excluded.state, due_us = excluded.due_us, stopped_us = "
                "excluded.stopped_us WHERE matter_clock.state <> excluded.state OR "
                "matter_clock.due_us <> excluded.due_us OR matter_clock.stopped_us <> "
                "excluded.stopped_us"),
            DB_ARGS(db_int(matter_id),
                    db_int(i + 1),
                    db_text(clock->id),
                    db_int(clock->started_by),
                    db_text(clock_state_word(clock->state)),
                    db_int(clock->due.is_known ? clock->due.due_us : 0),
                    db_int(clock->stopped_us)),
            -1,
            error);
    }
    return good;
}

char *casework_store_clock_text(Db *db, int64_t matter_id, GError **error) {
    g_autoptr(GString) out = g_string_new(NULL);
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT clock, started_by, state, due_us, stopped_us FROM matter_clock "
                     "WHERE matter_id = $1 ORDER BY n"),
                 DB_ARGS(db_int(matter_id)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    while (db_rows_next(rows)) {
        g_string_append_printf(out,
                               "%s %" G_GINT64_FORMAT " %s %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
                               "\n",
                               db_rows_text(rows, 0),
                               db_rows_int(rows, 1),
                               db_rows_text(rows, 2),
                               db_rows_int(rows, 3),
                               db_rows_int(rows, 4));
    }
    return db_rows_done(rows, error) ? g_strdup(out->str) : NULL;
}

bool casework_store_serial(
    Db *db, const char *prefix, int year, int64_t *ret_number, GError **error) {
    return db_query_int(db,
                        SQL("INSERT INTO matter_serial (prefix, year, n) VALUES ($1, $2, 1) "
                            "ON CONFLICT (prefix, year) DO UPDATE SET n = matter_serial.n + 1 "
                            "RETURNING n"),
                        DB_ARGS(db_text(prefix), db_int(year)),
                        ret_number,
                        error);
}

/* SQLite gives the id with the row: nobody waits for it there. */
bool casework_store_number(
    Db *db, const char *prefix, int year, int64_t *ret_number, int64_t *ret_id, GError **error) {
    *ret_id = 0;
    if (db_engine(db) == DB_ENGINE_SQLITE) {
        return casework_store_serial(db, prefix, year, ret_number, error);
    }
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("INSERT INTO matter_serial (prefix, year, n) VALUES ($1, $2, 1) "
                     "ON CONFLICT (prefix, year) DO UPDATE SET n = matter_serial.n + 1 "
                     "RETURNING n, nextval(pg_get_serial_sequence('matter', 'id'))"),
                 DB_ARGS(db_text(prefix), db_int(year)),
                 error);
    if (rows == NULL || !db_rows_next(rows)) {
        return rows != NULL && db_rows_done(rows, error);
    }
    *ret_number = db_rows_int(rows, 0);
    *ret_id = db_rows_int(rows, 1);
    return db_rows_done(rows, error);
}
