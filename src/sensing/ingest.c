/*
 * Ingest's thread: takes what was delivered, plans, commits, tells. It never believes that
 * something is stored because it tried: an answer to COMMIT that is lost is looked up in the lane.
 */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "base/mailbox.h"
#include "sensing/ingest_internal.h"
#include "sensing/upkeep.h"
#include "web/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define TICK_MS 250
#define CHANGED_EVERY_US CLOCK_SECOND_US
#define SILENCE_EVERY_US (5 * CLOCK_SECOND_US)
#define FORGET_EVERY_US (60 * CLOCK_SECOND_US)
#define PUBLISH_EVERY_MS 50 /* what comes in between is told together */
#define PAUSE_FIRST_MS 50
#define PAUSE_MAX_MS 1000
#define STOP_MAX_US (5 * CLOCK_SECOND_US) /* what is not stored then is not confirmed either */
#define GATHER_MAX 4096                   /* frames and calls in one transaction */
/* A device that says nothing else must tell something so often: nine of its usual heartbeats
 * (20 to 30 s, iot.md 4, line 8) may be lost. */
#define SILENT_AFTER_US (300 * CLOCK_SECOND_US)

/* A message of a thread that waits for its commit. */
typedef struct IngestCall {
    IngestItem item;
    const IngestMessage *message;
    IngestVerdict verdict;
    bool is_put; /* into the mailbox; of the caller */
    bool is_done;
    pthread_mutex_t lock;
    pthread_cond_t done;
} IngestCall;

struct Ingest {
    char *db_url, *lane_name;
    bool refuse_unknown;
    WebServer *server;
    Mailbox *mailbox;
    pthread_t thread;
    Db *db;
    IngestState *state;
    IngestPlan *plan;
    IngestLane lane;
    FrameReadings readings;
    GPtrArray *items; /* being stored */
    bool is_lane_lost;
    bool is_away; /* the database; logged once */
    bool has_news;
    int64_t changed_us, silence_us, forgot_us, published_us; /* monotonic, of the last time */
    _Atomic int64_t stop_us;                                 /* monotonic; 0: not stopping */
    pthread_mutex_t lock;                                    /* of the sender and the server */
    CommandSender sender;
    void *sender_data;
};

static pthread_mutex_t current_lock = PTHREAD_MUTEX_INITIALIZER;
static Ingest *current;

static PlanContext context_of(const Ingest *ingest) {
    return (PlanContext){
        .state = ingest->state,
        .plan = ingest->plan,
        .refuse_unknown = ingest->refuse_unknown,
        .silent_after_us = SILENT_AFTER_US,
    };
}

/* --- commit ------------------------------------------------------------------------------------
 */

static bool is_passing(const GError *error) {
    return g_error_matches(error, HZ_ERROR, HZ_ERROR_UNAVAILABLE) ||
           g_error_matches(error, HZ_ERROR, HZ_ERROR_BUSY) ||
           g_error_matches(error, HZ_ERROR, HZ_ERROR_TIMEOUT) ||
           g_error_matches(error, HZ_ERROR, HZ_ERROR_DENIED); /* an old primary: read-only */
}

static bool should_give_up(const Ingest *ingest) {
    int64_t stop_us = atomic_load(&ingest->stop_us);
    return stop_us != 0 && g_get_monotonic_time() - stop_us > STOP_MAX_US;
}

static void pause_for(unsigned *ms) {
    const struct timespec pause = {.tv_sec = *ms / 1000, .tv_nsec = (long)(*ms % 1000) * 1000000};
    nanosleep(&pause, NULL);
    *ms = MIN(*ms * 2, PAUSE_MAX_MS);
}

static void note_away(Ingest *ingest, const GError *error) {
    if (!ingest->is_away) {
        ingest->is_away = true;
        log_problem(LOG_LEVEL_ERROR,
                    "ingest.away",
                    "error=%s action=%s",
                    error->message,
                    "nothing is confirmed until the database is back");
    }
}

static void note_back(Ingest *ingest) {
    if (ingest->is_away) {
        ingest->is_away = false;
        log_event(
            "ingest.back", "lane=%s seq=%" G_GINT64_FORMAT, ingest->lane.name, ingest->lane.seq);
    }
}

typedef enum Fate { FATE_STORED, FATE_AGAIN, FATE_REFUSED, FATE_LOST } Fate;

/* What became of the batch whose transaction failed. Waits until that can be told. */
static Fate look(Ingest *ingest, bool is_unknown, const GError *failure) {
    unsigned pause_ms = PAUSE_FIRST_MS;
    while (!should_give_up(ingest)) {
        g_autoptr(GError) error = NULL;
        LaneFate fate = LANE_MISSING;
        if (ingest_lane_look(
                ingest->db, &ingest->lane, ingest->lane.seq + 1, clock_now_us(), &fate, &error)) {
            if (fate == LANE_STORED) {
                ingest_plan_settled(ingest->plan, &ingest->lane);
                return FATE_STORED;
            }
            if (fate == LANE_TAKEN) {
                return FATE_LOST;
            }
            return is_unknown || is_passing(failure) ? FATE_AGAIN : FATE_REFUSED;
        }
        note_away(ingest, error);
        pause_for(&pause_ms);
    }
    return FATE_LOST;
}

static void lose_lane(Ingest *ingest) {
    ingest->is_lane_lost = true;
    log_problem(LOG_LEVEL_ERROR,
                "ingest.stopped",
                "lane=%s reason=%s",
                ingest->lane.name,
                should_give_up(ingest) ? "the database did not come back before the stop"
                                       : "another process has taken it over");
}

/* Writes the plan until it is stored. False: this plan can never be stored (*error), or nothing can
 * (is_lane_lost). */
static bool store_plan(Ingest *ingest, GError **error) {
    unsigned pause_ms = PAUSE_FIRST_MS;
    while (!ingest->is_lane_lost) {
        g_autoptr(GError) failure = NULL;
        bool is_unknown = false;
        if (ingest_write(
                ingest->db, ingest->plan, &ingest->lane, clock_now_us(), &is_unknown, &failure)) {
            note_back(ingest);
            return true;
        }
        if (is_unknown || is_passing(failure)) {
            note_away(ingest, failure);
        }
        switch (look(ingest, is_unknown, failure)) {
        case FATE_STORED:
            note_back(ingest);
            return true;
        case FATE_REFUSED:
            g_propagate_error(error, g_steal_pointer(&failure));
            return false;
        case FATE_LOST:
            lose_lane(ingest);
            break;
        case FATE_AGAIN:
            pause_for(&pause_ms);
            break;
        }
    }
    hz_fail(error, HZ_ERROR_UNAVAILABLE, "ingest has stopped");
    return false;
}

static void note_news(Ingest *ingest) {
    ingest->has_news = ingest->has_news || ingest->plan->edges->len > 0;
}

/* What memory holds may be of a plan that was given up. */
static void read_again(Ingest *ingest) {
    ingest_plan_clear(ingest->plan);
    unsigned pause_ms = PAUSE_FIRST_MS;
    while (!should_give_up(ingest)) {
        g_autoptr(GError) error = NULL;
        IngestState *fresh = ingest_state_new();
        if (ingest_load(ingest->db, fresh, SILENT_AFTER_US, &error)) {
            ingest_state_free(ingest->state);
            ingest->state = fresh;
            return;
        }
        ingest_state_free(fresh);
        note_away(ingest, error);
        pause_for(&pause_ms);
    }
    lose_lane(ingest);
}

/* --- frames ------------------------------------------------------------------------------------
 */

#define CODE_SIZE 24

/* A device whose dialect writes addresses the other way round is known by the turned number. */
static IngestDevice *device_of(const Ingest *ingest,
                               const Gb26875Profile *profile,
                               uint64_t address,
                               char ret_code[CODE_SIZE]) {
    char other[CODE_SIZE];
    g_snprintf(ret_code, CODE_SIZE, "%" G_GUINT64_FORMAT, address);
    IngestDevice *device = ingest_state_find(ingest->state, "gb26875", ret_code);
    if (device != NULL) {
        return device;
    }
    g_snprintf(other, CODE_SIZE, "%" G_GUINT64_FORMAT, gb26875_turned(address));
    device = ingest_state_find(ingest->state, "gb26875", other);
    bool is_other = device != NULL && device->profile->is_address_big != profile->is_address_big;
    if (is_other) {
        g_strlcpy(ret_code, other, CODE_SIZE);
    }
    return is_other ? device : NULL;
}

/* Reads the frame as the device's own profile has it. A sign of life is one in any dialect. */
static bool read_as_device(IngestFrame *entry, FrameSlice bytes, Gb26875Frame *frame) {
    Gb26875Frame own;
    if (entry->profile == entry->dialect) {
        return true;
    }
    if (gb26875_scan(entry->dialect, bytes, true, &own) != GB26875_FRAME) {
        return frame->role != GB26875_DATA;
    }
    *frame = own;
    entry->profile = entry->dialect;
    return true;
}

static IngestVerdict plan_bytes(Ingest *ingest, IngestFrame *entry, FrameSlice bytes) {
    Gb26875Frame frame;
    char code[CODE_SIZE];
    if (gb26875_scan(entry->profile, bytes, true, &frame) != GB26875_FRAME) {
        return INGEST_UNFIT;
    }
    IngestDevice *device = device_of(ingest, entry->profile, frame.head.src, code);
    entry->dialect = device != NULL ? device->profile : entry->dialect;
    if (!read_as_device(entry, bytes, &frame)) {
        return INGEST_REFUSED;
    }
    frame_read(&ingest->readings, entry->profile, &frame, device);
    IngestMessage message =
        frame_message(&ingest->readings, entry->profile, &frame, code, entry->received_us);
    message.may_be_late = entry->may_be_late;
    message.profile = entry->dialect;
    PlanContext context = context_of(ingest);
    return ingest_plan_message(&context, device, &message);
}

static void plan_frame(Ingest *ingest, const IngestBatch *batch, IngestFrame *entry) {
    entry->verdict = INGEST_STORED;
    if (entry->command_id != 0) {
        PlanCommand command = {entry->command_id, entry->command_state, entry->command_failure};
        g_array_append_val(ingest->plan->commands, command);
    }
    if (entry->size > 0) {
        entry->verdict =
            plan_bytes(ingest, entry, (FrameSlice){batch->bytes->data + entry->at, entry->size});
    }
}

/* --- one by one --------------------------------------------------------------------------------
 */

/* Something in the gathered messages cannot be stored. Each alone: the others must not suffer. */
static void keep_refused(Ingest *ingest,
                         const char *protocol,
                         const char *code,
                         const void *bytes,
                         size_t size,
                         const GError *why) {
    g_autoptr(GError) error = NULL;
    log_problem(LOG_LEVEL_ERROR, "ingest.refused", "code=%s error=%s", code, why->message);
    if (!ingest_write_refused(
            ingest->db, protocol, code, why->message, clock_now_us(), bytes, size, &error)) {
        log_problem(LOG_LEVEL_ERROR, "ingest.refused", "error=%s", error->message);
    }
}

static void store_frame_alone(Ingest *ingest, const IngestBatch *batch, IngestFrame *entry) {
    g_autoptr(GError) error = NULL;
    plan_frame(ingest, batch, entry);
    if (store_plan(ingest, &error)) {
        note_news(ingest);
        ingest_plan_clear(ingest->plan);
        return;
    }
    entry->verdict = INGEST_UNFIT;
    if (!ingest->is_lane_lost) {
        read_again(ingest);
        keep_refused(ingest, "gb26875", "", batch->bytes->data + entry->at, entry->size, error);
    }
}

static void store_call_alone(Ingest *ingest, IngestCall *call) {
    g_autoptr(GError) error = NULL;
    PlanContext context = context_of(ingest);
    call->verdict = ingest_plan_message(
        &context,
        ingest_state_find(ingest->state, call->message->protocol, call->message->code),
        call->message);
    if (store_plan(ingest, &error)) {
        note_news(ingest);
        ingest_plan_clear(ingest->plan);
        return;
    }
    call->verdict = INGEST_UNFIT;
    if (!ingest->is_lane_lost) {
        read_again(ingest);
        keep_refused(ingest, call->message->protocol, call->message->code, "", 0, error);
    }
}

static void store_each(Ingest *ingest) {
    for (guint i = 0; i < ingest->items->len; i++) {
        IngestItem *item = ingest->items->pdata[i];
        if (item->is_call) {
            store_call_alone(ingest, (IngestCall *)item);
            continue;
        }
        IngestBatch *batch = (IngestBatch *)item;
        for (guint j = 0; j < batch->frames->len; j++) {
            store_frame_alone(ingest, batch, &g_array_index(batch->frames, IngestFrame, j));
        }
    }
}

/* --- all together ------------------------------------------------------------------------------
 */

static void plan_item(Ingest *ingest, IngestItem *item) {
    if (item->is_call) {
        IngestCall *call = (IngestCall *)item;
        PlanContext context = context_of(ingest);
        call->verdict = ingest_plan_message(
            &context,
            ingest_state_find(ingest->state, call->message->protocol, call->message->code),
            call->message);
        return;
    }
    IngestBatch *batch = (IngestBatch *)item;
    for (guint i = 0; i < batch->frames->len; i++) {
        plan_frame(ingest, batch, &g_array_index(batch->frames, IngestFrame, i));
    }
}

static void fail_all(Ingest *ingest) {
    for (guint i = 0; i < ingest->items->len; i++) {
        IngestItem *item = ingest->items->pdata[i];
        if (item->is_call) {
            ((IngestCall *)item)->verdict = INGEST_FAILED;
            continue;
        }
        IngestBatch *batch = (IngestBatch *)item;
        for (guint j = 0; j < batch->frames->len; j++) {
            g_array_index(batch->frames, IngestFrame, j).verdict = INGEST_FAILED;
        }
    }
}

static void finish(IngestItem *item) {
    if (!item->is_call) {
        IngestBatch *batch = (IngestBatch *)item;
        batch->done(batch);
        return;
    }
    IngestCall *call = (IngestCall *)item;
    pthread_mutex_lock(&call->lock);
    call->is_done = true;
    pthread_cond_signal(&call->done);
    pthread_mutex_unlock(&call->lock); /* the caller may be gone now */
}

static void store_items(Ingest *ingest) {
    g_autoptr(GError) error = NULL;
    for (guint i = 0; i < ingest->items->len; i++) {
        plan_item(ingest, ingest->items->pdata[i]);
    }
    /* Written even when all was known before: who hears "stored" hears it after a commit. */
    if (store_plan(ingest, &error)) {
        note_news(ingest);
        ingest_plan_clear(ingest->plan);
    } else if (!ingest->is_lane_lost) {
        log_problem(LOG_LEVEL_ERROR, "ingest.one-by-one", "error=%s", error->message);
        read_again(ingest);
        store_each(ingest);
    }
    if (ingest->is_lane_lost) {
        ingest_plan_clear(ingest->plan);
        fail_all(ingest);
    }
    for (guint i = 0; i < ingest->items->len; i++) {
        finish(ingest->items->pdata[i]);
    }
    g_ptr_array_set_size(ingest->items, 0);
}

/* --- by the clock ------------------------------------------------------------------------------
 */

static void publish(Ingest *ingest, int64_t now_us) {
    if (!ingest->has_news || now_us - ingest->published_us < PUBLISH_EVERY_MS * INT64_C(1000)) {
        return;
    }
    ingest->has_news = false;
    ingest->published_us = now_us;
    g_autoptr(json_t) data = json_object();
    pthread_mutex_lock(&ingest->lock);
    if (ingest->server != NULL) {
        web_publish(ingest->server, "sensing", "change", data);
    }
    pthread_mutex_unlock(&ingest->lock);
}

static void fail_command(Ingest *ingest, const CommandOut *command) {
    PlanCommand failed = {command->id, "failed", "offline"};
    g_array_append_val(ingest->plan->commands, failed);
}

static void send_commands(Ingest *ingest) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) commands =
        ingest_commands_queued(ingest->db, LIMIT_DEVICE_COMMANDS, &error);
    if (commands == NULL || commands->len == 0 ||
        !ingest_commands_mark_sent(ingest->db, commands, clock_now_us(), &error)) {
        if (error != NULL) {
            log_debug("ingest.commands", "error=%s", error->message);
        }
        return;
    }
    pthread_mutex_lock(&ingest->lock);
    for (guint i = 0; i < commands->len; i++) {
        if (ingest->sender == NULL) {
            fail_command(ingest, commands->pdata[i]);
        } else {
            ingest->sender(ingest->sender_data, commands->pdata[i]);
            commands->pdata[i] = NULL;
        }
    }
    pthread_mutex_unlock(&ingest->lock);
    g_ptr_array_set_free_func(commands, NULL);
    for (guint i = 0; i < commands->len; i++) {
        if (commands->pdata[i] != NULL) {
            command_out_free(commands->pdata[i]);
        }
    }
}

/* New devices must find room, however many were invented before. */
static void make_room(Ingest *ingest, int64_t now_us) {
    g_autoptr(GError) error = NULL;
    int64_t silence_us = 0;
    unsigned count = 0;
    if (ingest->state->learned < LIMIT_LEARNED_DEVICES / 10 * 9 ||
        now_us - ingest->forgot_us < FORGET_EVERY_US) {
        return;
    }
    ingest->forgot_us = now_us;
    bool is_done =
        upkeep_term("", UPKEEP_LEARNED, &silence_us, &error) &&
        ingest_forget(
            ingest->db, ingest->state, &ingest->lane, clock_now_us() - silence_us, &count, &error);
    log_problem(LOG_LEVEL_WARNING,
                "ingest.learned",
                "devices=%u forgotten=%u error=%s action=%s",
                ingest->state->learned,
                count,
                is_done ? "" : error->message,
                "register devices, or start with --refuse-unknown-devices");
    if (!is_done) { /* perhaps they are deleted all the same */
        read_again(ingest);
    }
}

static void tick(Ingest *ingest) {
    int64_t now_us = g_get_monotonic_time();
    g_autoptr(GError) error = NULL;
    if (ingest->is_lane_lost || ingest->is_away) {
        return;
    }
    if (now_us - ingest->changed_us >= CHANGED_EVERY_US) {
        ingest->changed_us = now_us;
        if (!ingest_load_changed(
                ingest->db, ingest->state, clock_now_us(), SILENT_AFTER_US, &error)) {
            log_problem(LOG_LEVEL_WARNING, "ingest.changed", "error=%s", error->message);
            return;
        }
    }
    send_commands(ingest);
    if (now_us - ingest->silence_us >= SILENCE_EVERY_US) {
        PlanContext context = context_of(ingest);
        bool is_all = ingest_plan_silence(&context, clock_now_us());
        is_all = ingest_plan_seen(&context) && is_all;
        ingest->silence_us = is_all ? now_us : ingest->silence_us; /* the rest at the next tick */
    }
    if (!ingest_plan_is_empty(ingest->plan) && !store_plan(ingest, &error)) {
        log_problem(LOG_LEVEL_ERROR, "ingest.tick", "error=%s", error->message);
        read_again(ingest);
    }
    note_news(ingest);
    ingest_plan_clear(ingest->plan);
    make_room(ingest, now_us);
}

static guint weight(const IngestItem *item) {
    return item->is_call ? 1 : ((const IngestBatch *)item)->frames->len;
}

static void *ingest_main(void *data) {
    Ingest *ingest = data;
    int64_t ticked_us = 0;
    while (true) {
        unsigned wait_ms = ingest->has_news ? PUBLISH_EVERY_MS : TICK_MS;
        IngestItem *item = mailbox_take_within(ingest->mailbox, wait_ms);
        if (item == NULL && mailbox_is_closed(ingest->mailbox)) {
            return NULL;
        }
        guint gathered = 0;
        while (item != NULL) {
            gathered += weight(item);
            g_ptr_array_add(ingest->items, item);
            item = gathered < GATHER_MAX ? mailbox_take(ingest->mailbox) : NULL;
        }
        if (ingest->items->len > 0) {
            store_items(ingest);
        }
        int64_t now_us = g_get_monotonic_time();
        publish(ingest, now_us);
        if (now_us - ticked_us >= TICK_MS * INT64_C(1000)) {
            ticked_us = now_us;
            tick(ingest);
        }
    }
}

/* --- from outside ------------------------------------------------------------------------------
 */

bool ingest_put(Ingest *ingest, IngestBatch *batch) {
    batch->item.is_call = false;
    return mailbox_put(ingest->mailbox, batch);
}

static bool verdict_error(IngestVerdict verdict, GError **error) {
    switch (verdict) {
    case INGEST_STORED:
    case INGEST_DUPLICATE:
        return true;
    case INGEST_REFUSED:
        return hz_fail(error, HZ_ERROR_DENIED, "the device is unknown or retired");
    case INGEST_LIMIT:
        return hz_fail(error, HZ_ERROR_LIMIT, "more devices or points than are kept");
    case INGEST_UNFIT:
        return hz_fail(error, HZ_ERROR_INTERNAL, "it can never be stored");
    case INGEST_FAILED:
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not be stored");
    }
    g_assert_not_reached();
}

static void call_begin(Ingest *ingest, const IngestMessage *message, IngestCall *call) {
    *call = (IngestCall){.item = {.is_call = true}, .message = message};
    pthread_mutex_init(&call->lock, NULL);
    pthread_cond_init(&call->done, NULL);
    call->is_put = mailbox_put_wait(ingest->mailbox, call);
}

static bool call_end(IngestCall *call, GError **error) {
    pthread_mutex_lock(&call->lock);
    while (call->is_put && !call->is_done) {
        pthread_cond_wait(&call->done, &call->lock);
    }
    pthread_mutex_unlock(&call->lock);
    pthread_cond_destroy(&call->done);
    pthread_mutex_destroy(&call->lock);
    return call->is_put ? verdict_error(call->verdict, error)
                        : hz_fail(error, HZ_ERROR_UNAVAILABLE, "ingest stops");
}

bool ingest_store(Ingest *ingest, const IngestMessage *message, GError **error) {
    IngestCall call;
    call_begin(ingest, message, &call);
    return call_end(&call, error);
}

void ingest_store_many(Ingest *ingest,
                       const IngestMessage *messages,
                       size_t count,
                       GError **ret_errors) {
    g_autofree IngestCall *calls = g_new(IngestCall, count);
    for (size_t i = 0; i < count; i++) {
        call_begin(ingest, &messages[i], &calls[i]);
    }
    for (size_t i = 0; i < count; i++) {
        ret_errors[i] = NULL;
        call_end(&calls[i], &ret_errors[i]);
    }
}

void ingest_set_sender(Ingest *ingest, CommandSender sender, void *data) {
    pthread_mutex_lock(&ingest->lock);
    ingest->sender = sender;
    ingest->sender_data = data;
    pthread_mutex_unlock(&ingest->lock);
}

Ingest *ingest_current(void) {
    pthread_mutex_lock(&current_lock);
    Ingest *found = current;
    pthread_mutex_unlock(&current_lock);
    return found;
}

static void set_current(Ingest *ingest) {
    pthread_mutex_lock(&current_lock);
    current = ingest;
    pthread_mutex_unlock(&current_lock);
}

/* --- start and stop ----------------------------------------------------------------------------
 */

static void ingest_free(Ingest *ingest) {
    mailbox_free(ingest->mailbox, NULL);
    db_close(ingest->db);
    ingest_state_free(ingest->state);
    ingest_plan_free(ingest->plan);
    frame_readings_clear(&ingest->readings);
    g_ptr_array_unref(ingest->items);
    pthread_mutex_destroy(&ingest->lock);
    g_free(ingest->db_url);
    g_free(ingest->lane_name);
    g_free(ingest);
}

static bool prepare(Ingest *ingest, GError **error) {
    ingest->db = db_open(ingest->db_url, DB_READ_WRITE, error);
    return ingest->db != NULL &&
           ingest_lane_open(ingest->db, &ingest->lane, clock_now_us(), error) &&
           ingest_commands_requeue(ingest->db, clock_now_us(), error) &&
           ingest_load(ingest->db, ingest->state, SILENT_AFTER_US, error);
}

Ingest *ingest_start(const IngestOptions *options, GError **error) {
    Ingest *ingest = g_new0(Ingest, 1);
    ingest->db_url = g_strdup(options->db_url);
    ingest->lane_name = g_strdup(options->lane != NULL ? options->lane : "main");
    ingest->lane.name = ingest->lane_name;
    ingest->refuse_unknown = options->refuse_unknown;
    ingest->server = options->server;
    ingest->mailbox = mailbox_new(LIMIT_INGEST_QUEUE);
    ingest->state = ingest_state_new();
    ingest->plan = ingest_plan_new();
    ingest->items = g_ptr_array_new();
    frame_readings_init(&ingest->readings);
    pthread_mutex_init(&ingest->lock, NULL);
    if (!prepare(ingest, error)) {
        ingest_free(ingest);
        return NULL;
    }
    int failed = pthread_create(&ingest->thread, NULL, ingest_main, ingest);
    g_assert(failed == 0);
    set_current(ingest);
    return ingest;
}

void ingest_begin_stop(Ingest *ingest) {
    if (ingest_current() == ingest) {
        set_current(NULL);
    }
    atomic_store(&ingest->stop_us, g_get_monotonic_time());
    pthread_mutex_lock(&ingest->lock);
    ingest->server = NULL;
    pthread_mutex_unlock(&ingest->lock);
}

void ingest_stop(Ingest *ingest) {
    ingest_begin_stop(ingest);
    mailbox_close(ingest->mailbox);
    pthread_join(ingest->thread, NULL);
    ingest_free(ingest);
}
