/* Messages out of the house: written with what they tell about, sent later, given up in the end. */
#include "alarm/outbox.h"

#include "alarm/outbox_store.h"
#include "base/clock.h"
#include "base/error.h"
#include "web/log.h"

#include <string.h>

#define LEASE_US                                                                                   \
    (120 * CLOCK_SECOND_US) /* longer than any try; then another server may send it                \
                             */
#define AFTER_FIRST_US (5 * CLOCK_SECOND_US)
#define TRIES_MAX 10 /* with doubling pauses: about three quarters of an hour */

static const char *const ways[OUTBOX_WAY_COUNT][2] = {
    [OUTBOX_EMAIL] = {"email", "电子邮件"},
    [OUTBOX_SMS] = {"sms", "短信"},
    [OUTBOX_WEBHOOK] = {"webhook", "接口推送"},
    [OUTBOX_DISPATCH] = {"dispatch", "119 接处警"},
};

const char *outbox_way_word(OutboxWay way) {
    return ways[way][0];
}

const char *outbox_way_zh(OutboxWay way) {
    return ways[way][1];
}

bool outbox_way_parse(const char *word, OutboxWay *ret_way) {
    for (unsigned i = 0; word != NULL && i < OUTBOX_WAY_COUNT; i++) {
        if (strcmp(ways[i][0], word) == 0) {
            *ret_way = (OutboxWay)i;
            return true;
        }
    }
    return false;
}

int64_t outbox_pause_us(int64_t tries) {
    return tries >= TRIES_MAX ? 0 : AFTER_FIRST_US << MIN(tries - 1, 20);
}

/* --- writing ------------------------------------------------------------------------------------
 */

bool outbox_tell(Db *db,
                 const OutboxConfig *config,
                 const OutboxTelling *telling,
                 int64_t *ret_count,
                 GError **error) {
    g_autoptr(json_t) people = outbox_config_people(config, telling->role, telling->region);
    size_t i;
    json_t *person;
    json_array_foreach(people, i, person) {
        OutboxMessage message = {.alarm_id = telling->alarm_id,
                                 .address = json_get_text(person, "address", ""),
                                 .subject = telling->subject,
                                 .body = telling->body,
                                 .district = telling->district};
        if (!outbox_way_parse(json_get_text(person, "way", ""), &message.way)) {
            return hz_fail(error, HZ_ERROR_INTERNAL, "a checked way is none");
        }
        if (!outbox_store_add(db, &message, telling->now_us, error)) {
            return false;
        }
    }
    if (ret_count != NULL) {
        *ret_count = (int64_t)json_array_size(people);
    }
    return true;
}

/* --- sending ------------------------------------------------------------------------------------
 */

static bool send_one(Db *db,
                     const OutboxConfig *config,
                     OutboxSend send,
                     OutboxRow *row,
                     int64_t now_us,
                     bool *ret_sent,
                     GError **error) {
    g_autoptr(GError) failure = NULL;
    bool is_ours = false;
    *ret_sent = false;
    if (!outbox_store_claim(
            db, row->message.id, row->next_us, now_us + LEASE_US, &is_ours, error)) {
        return false;
    }
    if (!is_ours) {
        return true;
    }
    if (send(config, &row->message, &failure)) {
        *ret_sent = true;
        return outbox_store_sent(db, row->message.id, now_us, error);
    }
    int64_t tries = row->tries + 1;
    int64_t pause_us = outbox_pause_us(tries);
    log_problem(LOG_LEVEL_WARNING,
                pause_us == 0 ? "outbox.dead" : "outbox.try",
                "message=%" G_GINT64_FORMAT " way=%s tries=%" G_GINT64_FORMAT " error=%s",
                row->message.id,
                outbox_way_word(row->message.way),
                tries,
                failure->message);
    return outbox_store_failed(
        db, row->message.id, tries, pause_us == 0 ? 0 : now_us + pause_us, failure->message, error);
}

bool outbox_run(Db *db,
                const OutboxConfig *config,
                OutboxSend send,
                int64_t now_us,
                unsigned limit,
                int64_t *ret_sent,
                GError **error) {
    int64_t sent = 0;
    g_autoptr(GPtrArray) due = outbox_store_due(db, now_us, limit, error);
    for (guint i = 0; due != NULL && i < due->len; i++) {
        bool is_sent = false;
        if (!send_one(db, config, send, due->pdata[i], now_us, &is_sent, error)) {
            return false;
        }
        sent += is_sent;
    }
    *ret_sent = sent;
    return due != NULL;
}

bool outbox_revive(Db *db, int64_t id, int64_t now_us, GError **error) {
    int64_t changed = 0;
    if (!outbox_store_revive(db, id, now_us, &changed, error)) {
        return false;
    }
    return changed == 1 || hz_fail(error, HZ_ERROR_NOT_FOUND, "no such dead message");
}
