/* Lists and figures of the alarm centre. */
#include "alarm/alarm_lists.h"

#include "alarm/alarm_sql_store.h"
#include "base/clock.h"
#include "registry/region.h"

#include <string.h>

static void add_number(SqlBuilder *sql, Sql fragment, int64_t number) {
    sql_builder_add(sql, fragment);
    sql_builder_arg(sql, db_int(number));
}

/* "+ 0": a wide reader's list is read in the order of its own index. */
void alarm_add_region(SqlBuilder *sql, const char *region) {
    char code[REGION_CODE_MAX + 1] = {0};
    if (!region_code_parse(region, code)) {
        sql_builder_add(sql, SQL("AND 1 = 0"));
        return;
    }
    int64_t number = g_ascii_strtoll(code, NULL, 10);
    size_t size = strlen(code);
    if (size >= 6) {
        add_number(sql, SQL("AND a.district ="), region_district(code));
    } else {
        int64_t step = size == 2 ? 10000 : 100;
        add_number(sql, SQL("AND (a.district = 0 OR (a.district + 0 >="), number * step);
        add_number(sql, SQL("AND a.district + 0 <"), (number + 1) * step);
        sql_builder_add(sql, SQL("))"));
    }
    if (size > 6) {
        g_autofree char *above = g_strconcat(code, ":", NULL);
        sql_builder_add(sql, SQL("AND a.region >="));
        sql_builder_arg(sql, db_text(code));
        sql_builder_add(sql, SQL("AND a.region <"));
        sql_builder_arg(sql, db_text(above));
    }
}

/* --- lists --------------------------------------------------------------------------------------
 */

static void add_states(SqlBuilder *sql, int states) {
    const char *mark = "";
    sql_builder_add(sql, SQL("AND a.state IN ("));
    for (unsigned i = 0; i < ALARM_STATE_COUNT; i++) {
        if ((states >> i & 1) != 0) {
            sql_builder_add(sql, *mark == '\0' ? SQL("") : SQL(","));
            sql_builder_arg(sql, db_text(alarm_state_word((AlarmState)i)));
            mark = ",";
        }
    }
    sql_builder_add(sql, SQL(")"));
}

static void add_filters(SqlBuilder *sql, const AlarmQuery *query) {
    if (query->states != 0) {
        add_states(sql, query->states);
    }
    if (query->class >= 0) {
        sql_builder_add(sql, SQL("AND a.class ="));
        sql_builder_arg(sql, db_text(alarm_class_word((AlarmClass)query->class)));
    }
    if (query->result >= 0) {
        sql_builder_add(sql, SQL("AND a.result ="));
        sql_builder_arg(sql, db_text(alarm_result_word((AlarmResult)query->result)));
    }
    if (query->district != 0) {
        add_number(sql, SQL("AND a.district ="), query->district);
    }
    if (query->building_id != 0) {
        add_number(sql, SQL("AND a.building_id ="), query->building_id);
    }
    if (query->to_us != 0) {
        add_number(sql, SQL("AND a.arrived_us >="), query->from_us);
        add_number(sql, SQL("AND a.arrived_us <"), query->to_us);
    }
    if (query->closed_from_us != 0) {
        add_number(sql, SQL("AND a.closed_us >="), query->closed_from_us);
    }
    if (query->closed_from_us == 0 && !query->is_urgent_first) { /* read by its key, never all */
        add_number(sql, SQL("AND a.id <"), query->before_id != 0 ? query->before_id : INT64_MAX);
    }
}

GPtrArray *alarm_list(Db *db, const AlarmQuery *query, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT " ALARM_COLUMNS " FROM alarm a WHERE 1 = 1"));
    add_filters(sql, query);
    alarm_add_region(sql, query->region);
    sql_builder_add(sql,
                    query->is_urgent_first       ? SQL("ORDER BY a.priority, a.arrived_us, a.id")
                    : query->closed_from_us != 0 ? SQL("ORDER BY a.closed_us DESC, a.id DESC")
                                                 : SQL("ORDER BY a.id DESC"));
    add_number(sql, SQL("LIMIT"), query->limit);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func((GDestroyNotify)alarm_free);
    while (rows != NULL && db_rows_next(rows)) {
        Alarm *alarm = g_new0(Alarm, 1);
        alarm_from_row(rows, alarm);
        g_ptr_array_add(list, alarm);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

GPtrArray *alarm_open_list(Db *db, const char *region, unsigned limit, GError **error) {
    AlarmQuery query = {.region = region,
                        .states = ~(1 << ALARM_CLOSED) & ((1 << ALARM_STATE_COUNT) - 1),
                        .class = -1,
                        .result = -1,
                        .is_urgent_first = true,
                        .limit = limit};
    return alarm_list(db, &query, error);
}

static bool count_open(Db *db, const char *region, AlarmTally *tally, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT a.state, count(*) FROM alarm a WHERE a.state IN "
                        "('new', 'acknowledged', 'verified', 'reported')"));
    alarm_add_region(sql, region);
    sql_builder_add(sql, SQL("GROUP BY a.state"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    while (rows != NULL && db_rows_next(rows)) {
        bool is_new = strcmp(db_rows_text(rows, 0), "new") == 0;
        *(is_new ? &tally->waiting : &tally->verifying) += db_rows_int(rows, 1);
    }
    return rows != NULL && db_rows_done(rows, error);
}

bool alarm_tally(
    Db *db, const char *region, int64_t day_begin_us, AlarmTally *ret_tally, GError **error) {
    AlarmTally tally = {0};
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT count(*) FROM alarm a WHERE a.closed_us >="));
    sql_builder_arg(sql, db_int(day_begin_us));
    alarm_add_region(sql, region);
    if (!count_open(db, region, &tally, error)) {
        return false;
    }
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL || !db_rows_next(rows)) {
        return rows != NULL && db_rows_done(rows, error);
    }
    tally.done_today = db_rows_int(rows, 0);
    *ret_tally = tally;
    return true;
}

bool alarm_by_hour(
    Db *db, const char *region, int64_t now_us, AlarmHours *ret_hours, GError **error) {
    const int64_t hour_us = 3600 * CLOCK_SECOND_US;
    AlarmHours hours = {.begin_us = now_us - now_us % hour_us - (ALARM_HOURS - 1) * hour_us};
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql, SQL("SELECT (a.arrived_us -"));
    sql_builder_arg(sql, db_int(hours.begin_us));
    sql_builder_add(sql,
                    SQL(") / 3600000000 AS hour, count(*), sum(CASE WHEN a.class = 'fire' OR "
                        "a.class = 'gas' THEN 1 ELSE 0 END) FROM alarm a WHERE a.arrived_us >="));
    sql_builder_arg(sql, db_int(hours.begin_us));
    alarm_add_region(sql, region);
    sql_builder_add(sql, SQL("GROUP BY 1"));
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t hour = db_rows_int(rows, 0);
        if (hour < ALARM_HOURS) { /* a clock that was set back */
            hours.all[hour] = db_rows_int(rows, 1);
            hours.grave[hour] = db_rows_int(rows, 2);
        }
    }
    *ret_hours = hours;
    return db_rows_done(rows, error);
}

/* --- one alarm ----------------------------------------------------------------------------------
 */

bool alarm_of_matter(Db *db, int64_t matter_id, int64_t *ret_id, GError **error) {
    return db_query_int(db,
                        SQL("SELECT COALESCE(max(id), 0) FROM alarm WHERE matter_id = $1 AND "
                            "matter_id > 0"),
                        DB_ARGS(db_int(matter_id)),
                        ret_id,
                        error);
}

static void step_free(void *data) {
    AlarmStep *step = data;
    g_free(step->texts);
    g_free(step);
}

GPtrArray *alarm_steps(Db *db, int64_t alarm_id, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT seq, step, time_us, account_id, note, leaf FROM alarm_step WHERE "
                     "alarm_id = $1 ORDER BY seq"),
                 DB_ARGS(db_int(alarm_id)),
                 error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(step_free);
    while (rows != NULL && db_rows_next(rows)) {
        AlarmStep *step = g_new0(AlarmStep, 1);
        size_t size = strlen(db_rows_text(rows, 1)) + 1;
        step->texts = g_malloc(size + strlen(db_rows_text(rows, 4)) + 1);
        memcpy(step->texts, db_rows_text(rows, 1), size);
        memcpy(step->texts + size, db_rows_text(rows, 4), strlen(db_rows_text(rows, 4)) + 1);
        step->seq = db_rows_int(rows, 0);
        step->alarm_id = alarm_id;
        step->step = step->texts;
        step->note = step->texts + size;
        step->time_us = db_rows_int(rows, 2);
        step->account_id = db_rows_int(rows, 3);
        step->leaf = db_rows_int(rows, 5);
        g_ptr_array_add(list, step);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

static void news_free(void *data) {
    AlarmNews *news = data;
    g_free(news->step);
    g_free(news->state);
    g_free(news->class);
    g_free(news->region);
    g_free(news->title);
    g_free(news);
}

GPtrArray *alarm_news(Db *db, int64_t after_seq, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT s.seq, s.alarm_id, s.step, a.state, a.class, a.region, a.title, "
                     "a.district FROM alarm_step s JOIN alarm a ON a.id = s.alarm_id WHERE "
                     "s.seq > $1 ORDER BY s.seq LIMIT $2"),
                 DB_ARGS(db_int(after_seq), db_int(limit)),
                 error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(news_free);
    while (rows != NULL && db_rows_next(rows)) {
        AlarmNews *news = g_new0(AlarmNews, 1);
        news->seq = db_rows_int(rows, 0);
        news->alarm_id = db_rows_int(rows, 1);
        news->step = g_strdup(db_rows_text(rows, 2));
        news->state = g_strdup(db_rows_text(rows, 3));
        news->class = g_strdup(db_rows_text(rows, 4));
        news->region = g_strdup(db_rows_text(rows, 5));
        news->title = g_strdup(db_rows_text(rows, 6));
        news->district = db_rows_int(rows, 7);
        g_ptr_array_add(list, news);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

static void point_free(void *data) {
    AlarmPoint *point = data;
    g_free(point->place);
    g_free(point->what);
    g_free(point->kind);
    g_free(point);
}

GPtrArray *alarm_points(Db *db, int64_t alarm_id, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT device_id, point_id, place, what, kind, first_us, last_us, times, "
                     "is_on FROM alarm_point WHERE alarm_id = $1 ORDER BY first_us, device_id, "
                     "point_id, kind LIMIT $2"),
                 DB_ARGS(db_int(alarm_id), db_int(limit)),
                 error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(point_free);
    while (rows != NULL && db_rows_next(rows)) {
        AlarmPoint *point = g_new0(AlarmPoint, 1);
        point->device_id = db_rows_int(rows, 0);
        point->point_id = db_rows_int(rows, 1);
        point->place = g_strdup(db_rows_text(rows, 2));
        point->what = g_strdup(db_rows_text(rows, 3));
        point->kind = g_strdup(db_rows_text(rows, 4));
        point->first_us = db_rows_int(rows, 5);
        point->last_us = db_rows_int(rows, 6);
        point->times = db_rows_int(rows, 7);
        point->is_on = db_rows_int(rows, 8) != 0;
        g_ptr_array_add(list, point);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool alarm_likes(Db *db,
                 const Alarm *alarm,
                 bool by_building,
                 int64_t since_us,
                 AlarmLikes *ret_likes,
                 GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT count(*), count(CASE WHEN a.result = 'true' THEN 1 END) FROM "
                        "alarm a WHERE a.result IN ('true', 'false')"));
    add_number(sql, SQL("AND a.id <>"), alarm->id);
    add_number(sql, SQL("AND a.arrived_us >="), since_us);
    sql_builder_add(sql, alarm->points > 1 ? SQL("AND a.points > 1") : SQL("AND a.points <= 1"));
    sql_builder_add(sql, SQL("AND a.class ="));
    sql_builder_arg(sql, db_text(alarm_class_word(alarm->class)));
    add_number(sql,
               by_building ? SQL("AND a.building_id =") : SQL("AND a.district ="),
               by_building ? alarm->building_id : alarm->district);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL || !db_rows_next(rows)) {
        return rows != NULL && db_rows_done(rows, error);
    }
    *ret_likes = (AlarmLikes){db_rows_int(rows, 0), db_rows_int(rows, 1)};
    return true;
}

bool alarm_judged(Db *db,
                  int64_t building_id,
                  int64_t since_us,
                  int64_t *ret_real,
                  int64_t *ret_false,
                  GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT count(CASE WHEN result = 'true' THEN 1 END), count(CASE WHEN result = "
                     "'false' THEN 1 END) FROM alarm WHERE building_id = $1 AND arrived_us >= $2"),
                 DB_ARGS(db_int(building_id), db_int(since_us)),
                 error);
    if (rows == NULL || !db_rows_next(rows)) {
        return rows != NULL && db_rows_done(rows, error);
    }
    *ret_real = db_rows_int(rows, 0);
    *ret_false = db_rows_int(rows, 1);
    return true;
}

/* --- figures ------------------------------------------------------------------------------------
 */

static void rate_free(void *data) {
    AlarmRate *rate = data;
    g_free(rate->name);
    g_free(rate->place);
    g_free(rate);
}

static void build_rates(SqlBuilder *sql, const AlarmRateQuery *query) {
    sql_builder_add(
        sql,
        query->by_building
            ? SQL("SELECT r.id, b.name, b.address, r.total, r.wrong, r.really, r.tests FROM "
                  "(SELECT a.building_id AS id,")
            : SQL("SELECT r.id, b.name, b.place, r.total, r.wrong, r.really, r.tests FROM "
                  "(SELECT a.device_id AS id,"));
    sql_builder_add(sql,
                    SQL("count(*) AS total, count(CASE WHEN a.result = 'false' THEN 1 END) AS "
                        "wrong, count(CASE WHEN a.result = 'true' THEN 1 END) AS really, "
                        "count(CASE WHEN a.result IN ('test', 'drill') THEN 1 END) AS tests FROM "
                        "alarm a WHERE a.arrived_us >="));
    sql_builder_arg(sql, db_int(query->since_us));
    alarm_add_region(sql, query->region);
    sql_builder_add(sql,
                    query->by_building
                        ? SQL("AND a.building_id > 0 GROUP BY a.building_id) r JOIN building b ON "
                              "b.id = r.id WHERE r.wrong > 0")
                        : SQL("GROUP BY a.device_id) r JOIN device b ON b.id = r.id WHERE "
                              "r.wrong > 0"));
    if (query->before_id != 0) {
        add_number(sql, SQL("AND (r.wrong <"), query->before_count);
        add_number(sql, SQL("OR (r.wrong ="), query->before_count);
        add_number(sql, SQL("AND r.id >"), query->before_id);
        sql_builder_add(sql, SQL("))"));
    }
    add_number(sql, SQL("ORDER BY r.wrong DESC, r.id LIMIT"), query->limit);
}

GPtrArray *alarm_rates(Db *db, const AlarmRateQuery *query, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    build_rates(sql, query);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(rate_free);
    while (rows != NULL && db_rows_next(rows)) {
        AlarmRate *rate = g_new0(AlarmRate, 1);
        rate->id = db_rows_int(rows, 0);
        rate->name = g_strdup(db_rows_text(rows, 1));
        rate->place = g_strdup(db_rows_text(rows, 2));
        rate->total = db_rows_int(rows, 3);
        rate->false_count = db_rows_int(rows, 4);
        rate->true_count = db_rows_int(rows, 5);
        rate->test_count = db_rows_int(rows, 6);
        g_ptr_array_add(list, rate);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

bool alarm_reception(
    Db *db, const char *region, int64_t *ret_seen_us, int64_t *ret_online, GError **error) {
    g_autoptr(SqlBuilder) sql = sql_builder_new();
    sql_builder_add(sql,
                    SQL("SELECT COALESCE(max(a.seen_us), 0), count(*) FROM device a WHERE "
                        "a.is_online = 1"));
    alarm_add_region(sql, region);
    g_autoptr(DbRows) rows = db_query_built(db, sql, error);
    if (rows == NULL || !db_rows_next(rows)) {
        return rows != NULL && db_rows_done(rows, error);
    }
    *ret_seen_us = db_rows_int(rows, 0);
    *ret_online = db_rows_int(rows, 1);
    return true;
}

static void phone_free(void *data) {
    AlarmPhone *phone = data;
    g_free(phone->name);
    g_free(phone->person);
    g_free(phone->phone);
    g_free(phone);
}

/* The unit of the device first; then the others in the building that have told a number. */
GPtrArray *alarm_phones(Db *db, const Alarm *alarm, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT id, name, legal_person, phone FROM unit WHERE (id = $1 OR "
                     "(building_id = $2 AND $2 > 0)) AND phone IS NOT NULL AND phone <> '' AND "
                     "merged_into = 0 ORDER BY CASE WHEN id = $1 THEN 0 ELSE 1 END, is_key DESC, "
                     "id LIMIT $3"),
                 DB_ARGS(db_int(alarm->unit_id), db_int(alarm->building_id), db_int(limit)),
                 error);
    g_autoptr(GPtrArray) list = g_ptr_array_new_with_free_func(phone_free);
    while (rows != NULL && db_rows_next(rows)) {
        AlarmPhone *phone = g_new0(AlarmPhone, 1);
        phone->unit_id = db_rows_int(rows, 0);
        phone->name = g_strdup(db_rows_text(rows, 1));
        phone->person = g_strdup(db_rows_text(rows, 2));
        phone->phone = g_strdup(db_rows_text(rows, 3));
        g_ptr_array_add(list, phone);
    }
    return rows != NULL && db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}
