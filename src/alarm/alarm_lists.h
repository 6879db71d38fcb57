/*
 * What the pages of the alarm centre read: steps, points, lists, figures. Only this room includes
 * it. Thread: that of the Db.
 */
#pragma once

#include "alarm/alarm.h"

typedef struct AlarmStep {
    int64_t seq, alarm_id;
    const char *step; /* "arrive", "join", "restore", "escalate", "matter" or a word of AlarmAct */
    int64_t time_us, account_id;
    const char *note, *token;
    int64_t leaf; /* -1: none */
    char *texts;  /* owns step and note when it was read */
} AlarmStep;

/* The alarm that led to a matter; 0: none. */
bool alarm_of_matter(Db *db, int64_t matter_id, int64_t *ret_id, GError **error);

/* In order: array of AlarmStep *. */
GPtrArray *alarm_steps(Db *db, int64_t alarm_id, GError **error);
/* Steps after `seq` with what listeners are told of their alarm: array of AlarmNews *. */
typedef struct AlarmNews {
    int64_t seq, alarm_id;
    char *step, *state, *class, *region, *title;
    int64_t district;
} AlarmNews;
GPtrArray *alarm_news(Db *db, int64_t after_seq, unsigned limit, GError **error);

typedef struct AlarmPoint {
    int64_t device_id, point_id;
    char *place, *what, *kind;
    int64_t first_us, last_us, times;
    bool is_on;
} AlarmPoint;
/* The first ones in order: array of AlarmPoint *. */
GPtrArray *alarm_points(Db *db, int64_t alarm_id, unsigned limit, GError **error);

typedef struct AlarmQuery {
    const char *region;     /* of the reader */
    int states;             /* bit set of AlarmState; 0: all */
    int class, result;      /* -1: all */
    int64_t district;       /* 0: all */
    int64_t building_id;    /* 0: all */
    int64_t from_us, to_us; /* arrived; to 0: all */
    int64_t closed_from_us; /* closed since then, newest first; 0: all */
    int64_t before_id;      /* page of the history; 0: from the newest */
    bool is_urgent_first;   /* else the newest first */
    unsigned limit;
} AlarmQuery;
/* Array of Alarm *. */
GPtrArray *alarm_list(Db *db, const AlarmQuery *query, GError **error);

/* How often such alarms were real: of one class, at a place, with one point or several. */
typedef struct AlarmLikes {
    int64_t judged, real; /* tests and drills do not count */
} AlarmLikes;
bool alarm_likes(Db *db,
                 const Alarm *alarm,
                 bool by_building,
                 int64_t since_us,
                 AlarmLikes *ret_likes,
                 GError **error);

/* A line of the statistics. */
typedef struct AlarmRate {
    int64_t id; /* of device or building */
    char *name, *place;
    int64_t total, false_count, true_count, test_count;
} AlarmRate;
typedef struct AlarmRateQuery {
    const char *region;
    bool by_building;
    int64_t since_us;
    int64_t before_count, before_id; /* page: after this line; id 0: from the worst */
    unsigned limit;
} AlarmRateQuery;
/* Worst first: array of AlarmRate *. */
GPtrArray *alarm_rates(Db *db, const AlarmRateQuery *query, GError **error);

/* When a device of the region was last heard; 0: never; and how many are online. */
bool alarm_reception(
    Db *db, const char *region, int64_t *ret_seen_us, int64_t *ret_online, GError **error);

/* A telephone that the library knows: of units in the building. Array of AlarmPhone *. */
typedef struct AlarmPhone {
    char *name, *person, *phone;
    int64_t unit_id;
} AlarmPhone;
GPtrArray *alarm_phones(Db *db, const Alarm *alarm, unsigned limit, GError **error);
