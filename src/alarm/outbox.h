/*
 * What has to go out of the house: mail, SMS, webhooks, the message to 119. Written in the
 * transaction of what it tells about, sent by a thread of its own, tried again with growing pauses,
 * given up as "dead" and shown. Who is told and through what stands in a file that HUOZHENG_OUTBOX
 * names (docs/alarms.md); without one nothing is written but the pages still tell. Thread: that of
 * the Db.
 */
#pragma once

#include "base/json.h"
#include "store/store.h"

typedef enum OutboxWay {
    OUTBOX_EMAIL,
    OUTBOX_SMS,
    OUTBOX_WEBHOOK,
    OUTBOX_DISPATCH, /* the message to 119 */
    OUTBOX_WAY_COUNT
} OutboxWay;
const char *outbox_way_word(OutboxWay way);
const char *outbox_way_zh(OutboxWay way);
bool outbox_way_parse(const char *word, OutboxWay *ret_way);

typedef struct OutboxMessage {
    int64_t id;
    int64_t alarm_id; /* 0: about none */
    OutboxWay way;
    const char *address; /* mail address, telephone; "" for hooks */
    const char *subject, *body;
    int64_t district;
} OutboxMessage;

/* Where it goes; read from the file once a run. */
typedef struct OutboxConfig OutboxConfig;
/* `path` NULL: nothing is configured. NULL on error: the file cannot be read or a key is wrong. */
OutboxConfig *outbox_config_read(const char *path, GError **error);
OutboxConfig *outbox_config_parse(const char *text, size_t size, GError **error);
void outbox_config_free(OutboxConfig *config);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(OutboxConfig, outbox_config_free)
/* That of HUOZHENG_OUTBOX, read at the first call; never NULL (empty when the file is wrong, which
 * is logged and shown). Thread: any. */
const OutboxConfig *outbox_config(void);
/* Why it is empty although a file is named; NULL: all is well. */
const char *outbox_config_problem(void);

/* Whom a message to a role goes to in a region: array of {"way", "address", "name"}. */
json_t *outbox_config_people(const OutboxConfig *config, const char *role, const char *region);
bool outbox_config_has(const OutboxConfig *config, OutboxWay way);

/* Adds a message for everybody who holds the role in the region; *ret_count may be NULL. In the
 * caller's transaction. */
typedef struct OutboxTelling {
    const char *role; /* "shift-leader"; "119": the message to 119 */
    const char *region;
    int64_t district, alarm_id;
    const char *subject, *body;
    int64_t now_us;
} OutboxTelling;
bool outbox_tell(Db *db,
                 const OutboxConfig *config,
                 const OutboxTelling *telling,
                 int64_t *ret_count,
                 GError **error);

/* Sends one message; blocks. False and a reason: tried again later. */
typedef bool (*OutboxSend)(const OutboxConfig *config,
                           const OutboxMessage *message,
                           GError **error);
bool outbox_send(const OutboxConfig *config, const OutboxMessage *message, GError **error);
/* Sends what is due, at most `limit`; *ret_sent counts those that got through. Messages are claimed
 * first, so that two servers do not send one twice. */
bool outbox_run(Db *db,
                const OutboxConfig *config,
                OutboxSend send,
                int64_t now_us,
                unsigned limit,
                int64_t *ret_sent,
                GError **error);
/* A dead one is tried anew. NOT_FOUND: it is not dead. */
bool outbox_revive(Db *db, int64_t id, int64_t now_us, GError **error);

/* A pause before the try after `tries` failures, in microseconds; 0: it is given up. Pure. */
int64_t outbox_pause_us(int64_t tries);

typedef struct OutboxRow {
    OutboxMessage message;
    char *texts[3]; /* own address, subject, body */
    char *state, *failure;
    int64_t tries, next_us, created_us, sent_us;
} OutboxRow;
void outbox_row_free(OutboxRow *row);
/* Of an alarm (`alarm_id`), in order; or, with 0, the newest of the region in that state (NULL:
 * any) before `before_id`. Array of OutboxRow *. */
GPtrArray *outbox_list(Db *db,
                       int64_t alarm_id,
                       const char *region,
                       const char *state,
                       int64_t before_id,
                       unsigned limit,
                       GError **error);
