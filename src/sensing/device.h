/*
 * The register of devices and their points: who is known, where it stands, who maintains it.
 *
 * A device that nobody registered is `learning`: it is heard and its points are stored, but it
 * belongs to no region, so alarms of it reach nobody. Binding it to a building or unit makes it
 * active. Every change raises `version`. Thread: that of the Db.
 */
#pragma once

#include "base/json.h"
#include "sensing/limit_rules.h"
#include "sensing/sensing.h"

typedef enum DeviceState {
    DEVICE_LEARNING, /* "learning" 待登记 */
    DEVICE_ACTIVE,   /* "active" 在用 */
    DEVICE_RETIRED,  /* "retired" 停用 */
    DEVICE_STATE_COUNT,
} DeviceState;
const char *device_state_word(DeviceState state);
const char *device_state_name_zh(DeviceState state);
bool device_state_parse(const char *word, DeviceState *ret_state);

/* Protocols: "gb26875", "mqtt", "http"; "GB/T 26875.3", "MQTT", "HTTP". NULL: there is none. */
const char *device_protocol_name_zh(const char *word);

typedef struct Device {
    int64_t id;
    const char *protocol, *code, *profile;
    const char *name;
    DeviceState state;
    const char *region; /* "" while it is bound to nothing */
    int64_t district, building_id, unit_id;
    const char *building_name, *unit_name; /* as they are now; "" */
    const char *place;
    const char *service_body, *service_contact;
    bool has_key, is_online;
    int64_t seen_us, state_bits;
    int64_t version, created_us, changed_us;
    GStringChunk *texts; /* owns the texts; NULL when they are borrowed */
} Device;
void device_clear(Device *device);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Device, device_clear)

/* HZ_ERROR_NOT_FOUND if there is none. */
bool device_find(Db *db, int64_t id, Device *ret_device, GError **error);
/* The name that pages show: its own, else protocol and code. Caller frees. */
char *device_title(const Device *device);
/* May this reader see it? One that is bound to nothing belongs to no region: whoever may register
 * devices sees it. */
bool device_is_visible(const Device *device, const Principal *who);

typedef struct Point {
    int64_t id, device_id;
    int64_t system_type, system_address, component_type, address;
    const char *name, *floor, *room;
    int64_t building_id, district;
    int64_t state_bits, state_us, created_us;
    GStringChunk *texts; /* as in Device */
} Point;
void point_clear(Point *point);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Point, point_clear)
bool point_find(Db *db, int64_t id, Point *ret_point, GError **error);
/* "点型光电感烟火灾探测器 2 区 14 号" or the name somebody wrote. Caller frees. */
char *point_title(const Point *point);
/* "2 区 14 号", or the number when the upper half is empty. Caller frees. */
char *point_address_text(int64_t address);
/* "12 层 1203 室"; "" when neither is told. Caller frees. */
char *point_place(const Point *point);

/* --- lists ------------------------------------------------------------------------------------ */

typedef enum DeviceTrouble {
    TROUBLE_ANY,
    TROUBLE_FIRE,
    TROUBLE_FAULT,
    TROUBLE_SHIELD
} DeviceTrouble;

/* Words of the address: q, region, state, online (1, 0), trouble (fire, fault, shield), building,
 * after. */
typedef struct DeviceQuery {
    char *text;         /* NULL: no search; in code, name, place, building's name */
    char region[13];    /* the filter or the reader's own */
    bool sees_unbound;  /* also those of no region */
    bool is_own_region; /* nothing but the reader's own region was asked for */
    int state;          /* DeviceState; -1: all */
    int online;         /* 1, 0; -1: all */
    DeviceTrouble trouble;
    int64_t building_id; /* 0: all */
    int64_t after_id;
} DeviceQuery;
void device_query_clear(DeviceQuery *query);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeviceQuery, device_query_clear)
typedef const char *(*DeviceQueryGet)(const void *from, const char *name);
/* False with a sentence in *ret_problem; *ret_denied: the region is not theirs. `scope_region`: of
 * the reader or of an export. */
bool device_query_parse(DeviceQueryGet get,
                        const void *from,
                        const char *scope_region,
                        bool sees_unbound,
                        DeviceQuery *ret_query,
                        const char **ret_problem,
                        bool *ret_denied);
/* "q=…&state=…" without the place and the word `without`. Caller frees. */
char *device_query_string(const DeviceQuery *query, const char *without);

/* At most so many rows are looked at for one page of filters. */
#define DEVICE_WALK_MAX 10000

typedef struct DevicePage {
    GArray *rows;    /* of Device, by id */
    int64_t next_id; /* for `after`; 0: there are no more */
    GStringChunk *texts;
} DevicePage;
void device_page_clear(DevicePage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DevicePage, device_page_clear)
bool device_list(
    Db *db, const DeviceQuery *query, unsigned limit, DevicePage *ret_page, GError **error);

typedef struct PointPage {
    GArray *rows;    /* of Point, in order of address */
    int64_t next_id; /* for after_id */
    GStringChunk *texts;
} PointPage;
void point_page_clear(PointPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(PointPage, point_page_clear)
/* Points of a device by id, after `after_id`; `only_bad`: in fire, fault or shielded. */
bool point_list(Db *db,
                int64_t device_id,
                bool only_bad,
                int64_t after_id,
                unsigned limit,
                PointPage *ret_page,
                GError **error);

/* --- changes ---------------------------------------------------------------------------------- */

typedef struct DeviceActor {
    const char *actor; /* "account:17" */
    int64_t now_us;
} DeviceActor;

/* What the form tells. Texts are borrowed, without blanks around them, never NULL. */
typedef struct DeviceInput {
    const char *protocol, *code, *profile, *name;
    const char *service_body, *service_contact;
} DeviceInput;
/* Appends what is wrong with the input, field by field. */
void device_input_check(const DeviceInput *input, FormProblems *problems);

/* Where it stands. */
typedef struct DevicePlace {
    int64_t building_id, unit_id;          /* one of them at least; 0: none */
    const char *building_name, *unit_name; /* for the history; NULL: none */
    const char *region;                    /* of the building or unit */
    const char *place;
} DevicePlace;

/* Each in a transaction of its own, with history and ledger entry. CONFLICT: the code is known
 * already, or the row is not of `version` any more. Registering makes an unbound device that waits
 * to be bound. */
bool device_register(
    Db *db, const DeviceInput *input, const DeviceActor *by, int64_t *ret_id, GError **error);
bool device_change(Db *db,
                   int64_t id,
                   int64_t version,
                   const DeviceInput *input,
                   const DeviceActor *by,
                   GError **error);
/* Binds it and makes it active; its points move with it. */
bool device_bind(Db *db,
                 int64_t id,
                 int64_t version,
                 const DevicePlace *place,
                 const DeviceActor *by,
                 GError **error);
/* Out of use, and back: to active when it is bound, else to learning. Nothing is deleted. */
bool device_retire(
    Db *db, int64_t id, int64_t version, bool is_back, const DeviceActor *by, GError **error);
/* A fresh key for MQTT and HTTP: 32 hex digits in *ret_key (caller frees), shown once. Only the
 * SHA-256 of its text is stored; the old key ends at once. */
bool device_new_key(Db *db, int64_t id, const DeviceActor *by, char **ret_key, GError **error);

typedef struct PointInput {
    const char *name, *floor, *room;
} PointInput;
void point_input_check(const PointInput *input, FormProblems *problems);
bool point_change(
    Db *db, int64_t id, const PointInput *input, const DeviceActor *by, GError **error);
/* Sets the limits of one kind of value of a point; `rule` NULL: the default holds again. */
bool point_set_limit(Db *db,
                     int64_t id,
                     int64_t analog_type,
                     const LimitRule *rule,
                     const DeviceActor *by,
                     GError **error);
