/* What simulated devices say and hear. */
#include "cli/simulate_devices.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"

#include <inttypes.h>
#include <signal.h>
#include <string.h>

#define SLOTS_AT_ONCE 4096
#define PROVING_MAX 400 /* connections without an answer yet: a gateway bounds them too */
#define EVENTS_AT_ONCE 20000
#define BEGIN_AFTER_US (60 * CLOCK_SECOND_US)  /* the scene does not wait longer for connections */
#define STOP_PATIENCE_US (2 * CLOCK_SECOND_US) /* after a signal nobody wants to wait */
#define CENTRE UINT64_C(1)

/* --- slots ---------------------------------------------------------------------------------------
 */

static Slot *slot_new(Fleet *fleet) {
    if (fleet->free_slots == NULL) {
        Slot *block = g_new(Slot, SLOTS_AT_ONCE);
        g_ptr_array_add(fleet->slot_blocks, block);
        for (unsigned i = 0; i < SLOTS_AT_ONCE; i++) {
            block[i].next = fleet->free_slots;
            fleet->free_slots = &block[i];
        }
    }
    Slot *slot = fleet->free_slots;
    fleet->free_slots = slot->next;
    slot->older = slot->newer = NULL;
    return slot;
}

static void age_remove(Fleet *fleet, Slot *slot) {
    *(slot->older != NULL ? &slot->older->newer : &fleet->oldest) = slot->newer;
    *(slot->newer != NULL ? &slot->newer->older : &fleet->newest) = slot->older;
    slot->older = slot->newer = NULL;
}

static void age_add(Fleet *fleet, Slot *slot) {
    slot->older = fleet->newest;
    slot->newer = NULL;
    *(fleet->newest != NULL ? &fleet->newest->newer : &fleet->oldest) = slot;
    fleet->newest = slot;
}

static void slot_end(Fleet *fleet, Slot *slot) {
    Slot **at = &slot->link->slots;
    while (*at != slot) {
        at = &(*at)->next;
    }
    *at = slot->next;
    age_remove(fleet, slot);
    slot->link->in_flight--;
    fleet->in_flight--;
    slot->next = fleet->free_slots;
    fleet->free_slots = slot;
}

static Slot *slot_find(const Link *link, uint16_t serial) {
    Slot *slot = link->slots;
    while (slot != NULL && slot->serial != serial) {
        slot = slot->next;
    }
    return slot;
}

/* --- sending -------------------------------------------------------------------------------------
 */

static int64_t scene_time_us(const Fleet *fleet) {
    return fleet->begun_us == 0 ? 0 : fleet->now_us - fleet->begun_us;
}

static const SceneDevice *device_of(const Link *link) {
    return &g_array_index(scene_devices(link->fleet->scene), SceneDevice, link->device);
}

static Gb26875Head head_of(const Link *link, Gb26875Command command) {
    const Fleet *fleet = link->fleet;
    Gb26875Head head = {.main_version = 1,
                        .command = (uint8_t)command,
                        .src = device_of(link)->address,
                        .dst = CENTRE};
    int64_t clock_us = scene_clock_us(fleet->scene, link->device, scene_time_us(fleet));
    if (clock_us != 0) {
        gb26875_time_put(fleet->options.profile, clock_us, head.time);
    }
    return head;
}

/* A new upload; it is kept until it is confirmed, also while there is no connection. */
static void upload(Link *link, const SceneEvent *event) {
    Fleet *fleet = link->fleet;
    Gb26875Head head = head_of(link, GB26875_SEND);
    head.seq = link->next_serial++;
    Slot *slot = slot_new(fleet);
    size_t size = gb26875_encode_objects(fleet->options.profile,
                                         &head,
                                         event->type,
                                         NULL,
                                         &event->object,
                                         1,
                                         slot->bytes,
                                         sizeof slot->bytes);
    g_assert(size > 0);
    slot->link = link;
    slot->serial = head.seq;
    slot->size = (uint8_t)size;
    slot->tries = 1;
    slot->first_us = slot->sent_us = fleet->now_us;
    slot->next = link->slots;
    link->slots = slot;
    link->in_flight++;
    fleet->in_flight++;
    age_add(fleet, slot);
    fleet->counts.sent++;
    link_send(link, slot->bytes, size);
}

static void send_again(Slot *slot) {
    Fleet *fleet = slot->link->fleet;
    age_remove(fleet, slot);
    slot->sent_us = fleet->now_us;
    age_add(fleet, slot);
    if (slot->link->state == LINK_UP) {
        slot->tries++;
        fleet->counts.resent++;
        link_send(slot->link, slot->bytes, slot->size);
    }
}

static void send_alive(Link *link) {
    SceneEvent alive = {.device = link->device,
                        .type = GB26875_DEVICE_STATE,
                        .object = {.type = GB26875_DEVICE_STATE,
                                   .has = GB26875_HAS_STATE | GB26875_HAS_TIME,
                                   .state = device_of(link)->bits | GB26875_BIT_NORMAL}};
    Gb26875Head head = head_of(link, GB26875_SEND);
    memcpy(alive.object.time, head.time, sizeof head.time);
    upload(link, &alive);
}

void fleet_connected(Link *link) {
    if (link->slots == NULL) {
        send_alive(link);
        return;
    }
    /* Newest first in the list; a device repeats in the order of what happened. */
    g_autoptr(GPtrArray) slots = g_ptr_array_new();
    for (Slot *slot = link->slots; slot != NULL; slot = slot->next) {
        g_ptr_array_add(slots, slot);
    }
    for (guint i = slots->len; i > 0; i--) {
        send_again(slots->pdata[i - 1]);
    }
}

static void fill_window(Link *link) {
    SceneEvent event;
    while (link->state == LINK_UP && link->in_flight < link->fleet->options.window &&
           link->fleet->ended_us == 0) {
        scene_background(link->fleet->scene, link->device, scene_time_us(link->fleet), &event);
        upload(link, &event);
    }
}

/* --- hearing -------------------------------------------------------------------------------------
 */

static void record_line(const Fleet *fleet, const Slot *slot) {
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SHA256, slot->bytes, slot->size, hash);
    g_autofree char *hash_text = hex_format(hash, sizeof hash);
    g_autofree char *frame = hex_format(slot->bytes, slot->size);
    fprintf(fleet->options.record,
            "%" G_GUINT64_FORMAT "\t%u\t%" G_GINT64_FORMAT "\t%s\t%s\n",
            device_of(slot->link)->address,
            slot->serial,
            fleet->wall_us + fleet->now_us,
            hash_text,
            frame);
}

static void confirmed(Link *link, uint16_t serial) {
    Fleet *fleet = link->fleet;
    Slot *slot = slot_find(link, serial);
    if (slot == NULL) {
        return; /* the second answer to a frame that was sent twice */
    }
    fleet->counts.acknowledged++;
    latency_add(&fleet->latency, fleet->now_us - slot->first_us);
    if (!link->is_proven) {
        link->is_proven = true;
        fleet->proving--;
    }
    if (fleet->options.record != NULL) {
        record_line(fleet, slot);
    }
    slot_end(fleet, slot);
    if (fleet->options.is_closed_loop && fleet->begun_us != 0) {
        fill_window(link);
    }
}

static void give_up(Slot *slot) {
    Fleet *fleet = slot->link->fleet;
    fleet->counts.given_up++;
    slot_end(fleet, slot);
}

static void denied(Link *link, uint16_t serial) {
    Slot *slot = slot_find(link, serial);
    if (slot == NULL) {
        return;
    }
    link->fleet->counts.denied++;
    if (slot->tries >= link->fleet->options.tries) {
        give_up(slot);
    } else {
        send_again(slot);
    }
}

static void reply(Link *link, const Gb26875Frame *frame, Gb26875Command command) {
    uint8_t bytes[GB26875_FRAME_MIN + 8];
    int64_t clock_us = scene_clock_us(link->fleet->scene, link->device, scene_time_us(link->fleet));
    size_t size = gb26875_encode_answer(
        link->fleet->options.profile, frame, command, clock_us, bytes, sizeof bytes);
    link_send(link, bytes, size);
}

/* Control: confirmed; a duty check is answered by the person at the desk. */
static void obey(Link *link, const Gb26875Frame *frame) {
    reply(link, frame, GB26875_CONFIRM);
    if (frame->type != GB26875_DUTY_CHECK) {
        return;
    }
    Gb26875Head head = head_of(link, GB26875_SEND);
    SceneEvent answer = {.device = link->device,
                         .type = GB26875_DEVICE_OPERATION,
                         .object = {.type = GB26875_DEVICE_OPERATION,
                                    .has = GB26875_HAS_FLAGS | GB26875_HAS_TIME,
                                    .flags = GB26875_FLAG_DUTY_ANSWER,
                                    .operator_number = 1}};
    memcpy(answer.object.time, head.time, sizeof head.time);
    upload(link, &answer);
}

/* A question about the device or its system; what else is asked is denied. */
static bool make_answer(const Link *link, const Gb26875Frame *frame, Gb26875Object *ret) {
    const SceneDevice *device = device_of(link);
    Gb26875Object asked = {0};
    Gb26875Cursor cursor = gb26875_objects(frame);
    bool has_object = gb26875_next(&cursor, &asked);
    *ret =
        (Gb26875Object){.system_type = asked.system_type, .system_address = asked.system_address};
    switch (frame->type) {
    case GB26875_READ_SYSTEM_STATE:
        ret->type = GB26875_SYSTEM_STATE;
        ret->has = GB26875_HAS_SYSTEM | GB26875_HAS_STATE | GB26875_HAS_TIME;
        ret->state = scene_system_bits(device) | GB26875_BIT_NORMAL;
        return has_object;
    case GB26875_READ_DEVICE_STATE:
        ret->type = GB26875_DEVICE_STATE;
        ret->has = GB26875_HAS_STATE | GB26875_HAS_TIME;
        ret->state = device->bits | GB26875_BIT_NORMAL;
        return true;
    case GB26875_READ_DEVICE_VERSION:
        ret->type = GB26875_DEVICE_VERSION;
        ret->has = GB26875_HAS_VERSION;
        ret->major_version = 1;
        return true;
    case GB26875_READ_DEVICE_CLOCK:
        ret->type = GB26875_DEVICE_CLOCK;
        ret->has = GB26875_HAS_TIME;
        return true;
    default:
        return false;
    }
}

static void answer(Link *link, const Gb26875Frame *frame) {
    Gb26875Object object;
    uint8_t bytes[SLOT_BYTES];
    if (!make_answer(link, frame, &object)) {
        reply(link, frame, GB26875_DENY);
        return;
    }
    Gb26875Head head = head_of(link, GB26875_RESPONSE);
    head.seq = frame->head.seq;
    memcpy(object.time, head.time, sizeof head.time);
    size_t size = gb26875_encode_objects(
        link->fleet->options.profile, &head, object.type, NULL, &object, 1, bytes, sizeof bytes);
    link_send(link, bytes, size);
}

static void take_frame(Link *link, const Gb26875Frame *frame) {
    switch (frame->head.command) {
    case GB26875_CONFIRM:
        confirmed(link, frame->head.seq);
        break;
    case GB26875_DENY:
        denied(link, frame->head.seq);
        break;
    case GB26875_CONTROL:
        link->fleet->counts.answered++;
        obey(link, frame);
        break;
    case GB26875_REQUEST:
        link->fleet->counts.answered++;
        answer(link, frame);
        break;
    default:
        break;
    }
}

size_t fleet_hear(Link *link, const uint8_t *bytes, size_t size, bool is_end) {
    FrameSlice rest = {bytes, size};
    Gb26875Frame frame;
    Gb26875Found found;
    while ((found = gb26875_scan(link->fleet->options.profile, rest, is_end, &frame)) !=
           GB26875_MORE) {
        rest.bytes += frame.raw.size;
        rest.size -= frame.raw.size;
        if (found == GB26875_FRAME) {
            take_frame(link, &frame);
        }
    }
    return size - rest.size;
}

/* --- by the clock --------------------------------------------------------------------------------
 */

static void open_some(Fleet *fleet) {
    while (fleet->proving < PROVING_MAX && !g_queue_is_empty(&fleet->waiting)) {
        Link *link = g_queue_peek_head(&fleet->waiting);
        if (link->due_us > fleet->now_us) {
            return;
        }
        g_queue_pop_head(&fleet->waiting);
        link->is_queued = false;
        if (link->state == LINK_OFF) {
            link_open(link);
        }
    }
}

static void resend_some(Fleet *fleet) {
    int64_t due_us = fleet->now_us - fleet->options.timeout_us;
    while (fleet->oldest != NULL && fleet->oldest->sent_us <= due_us) {
        Slot *slot = fleet->oldest;
        if (slot->tries >= fleet->options.tries) {
            Link *link = slot->link;
            give_up(slot);
            /* Clause 6.5: the communication has failed and ends. */
            if (link->state == LINK_UP) {
                link_close(link);
                link_queue(link, 0);
            }
        } else {
            send_again(slot);
        }
    }
}

static void act(Link *link, SceneAct act) {
    switch (act) {
    case SCENE_CUT:
        link_close(link);
        link->state = LINK_CUT;
        break;
    case SCENE_BACK:
        if (link->poll == NULL) {
            link_queue(link, 0);
        } else if (link->state == LINK_SILENT) {
            link->state = LINK_UP;
        }
        break;
    case SCENE_SILENT:
        while (link->slots != NULL) {
            give_up(link->slots);
        }
        if (link->state == LINK_UP) {
            link->state = LINK_SILENT;
            uv_poll_stop(link->poll);
        }
        break;
    case SCENE_SEND:
        break;
    }
}

static void play_scene(Fleet *fleet) {
    SceneEvent event;
    for (unsigned i = 0; i < EVENTS_AT_ONCE; i++) {
        if (!scene_next(fleet->scene, scene_time_us(fleet), &event)) {
            return;
        }
        Link *link = &fleet->links[event.device];
        if (event.act != SCENE_SEND) {
            act(link, event.act);
        } else if (!event.is_background) {
            upload(link, &event);
        } else if (link->state == LINK_UP && link->in_flight < fleet->options.window) {
            upload(link, &event);
        } else {
            fleet->counts.left_out++;
        }
    }
}

static void begin(Fleet *fleet) {
    bool is_ready = fleet->up == fleet->link_count && fleet->proving == 0;
    if (!is_ready && fleet->now_us - fleet->started_us < BEGIN_AFTER_US) {
        return;
    }
    fleet->begun_us = fleet->now_us;
    /* Connecting is over: what is counted from here is the scene. */
    fleet->counts.sent = fleet->in_flight;
    fleet->counts.acknowledged = fleet->counts.resent = 0;
    fleet->latency = (Latency){0};
    for (unsigned i = 0; fleet->options.is_closed_loop && i < fleet->link_count; i++) {
        fill_window(&fleet->links[i]);
    }
}

static void on_timer(uv_timer_t *timer) {
    Fleet *fleet = timer->data;
    fleet->now_us = g_get_monotonic_time();
    open_some(fleet);
    if (fleet->begun_us == 0 && !fleet->is_stopping) {
        begin(fleet);
    }
    bool is_over =
        fleet->is_stopping || (fleet->begun_us != 0 && fleet->options.duration_us > 0 &&
                               fleet->now_us - fleet->begun_us >= fleet->options.duration_us);
    if (is_over && fleet->ended_us == 0) {
        fleet->ended_us = fleet->now_us;
    }
    if (fleet->begun_us != 0 && fleet->ended_us == 0) {
        play_scene(fleet);
    }
    resend_some(fleet);
    if (fleet->options.shows_counts && fleet->now_us - fleet->shown_us >= CLOCK_SECOND_US) {
        fleet_show_counts(fleet);
    }
    int64_t patience_us =
        fleet->is_stopping ? STOP_PATIENCE_US : fleet->options.timeout_us * fleet->options.tries;
    bool is_drained = fleet->in_flight == 0 || fleet->now_us - fleet->ended_us > patience_us;
    if (fleet->ended_us != 0 && is_drained) {
        uv_stop(&fleet->loop);
    }
}

static void on_signal(uv_signal_t *handle, int number) {
    Fleet *fleet = handle->data;
    (void)number;
    if (fleet->is_stopping) {
        uv_stop(&fleet->loop);
    }
    fleet->is_stopping = true;
}

/* --- beginning and end ---------------------------------------------------------------------------
 */

Fleet *fleet_new(const FleetOptions *options, Scene *scene) {
    Fleet *fleet = g_new0(Fleet, 1);
    fleet->options = *options;
    fleet->scene = scene;
    fleet->link_count = scene_devices(scene)->len;
    fleet->links = g_new0(Link, fleet->link_count);
    fleet->slot_blocks = g_ptr_array_new_with_free_func(g_free);
    int failed = uv_loop_init(&fleet->loop);
    g_assert(failed == 0);
    uv_timer_init(&fleet->loop, &fleet->timer);
    fleet->timer.data = fleet;
    static const int numbers[] = {SIGINT, SIGTERM};
    for (size_t i = 0; i < G_N_ELEMENTS(numbers); i++) {
        uv_signal_init(&fleet->loop, &fleet->signals[i]);
        fleet->signals[i].data = fleet;
        uv_signal_start(&fleet->signals[i], on_signal, numbers[i]);
    }
    fleet->started_us = fleet->now_us = g_get_monotonic_time();
    fleet->wall_us = clock_now_us() - fleet->now_us;
    for (unsigned i = 0; i < fleet->link_count; i++) {
        fleet->links[i] = (Link){.fleet = fleet, .fd = -1, .device = i};
        link_queue(&fleet->links[i], 0);
    }
    return fleet;
}

bool fleet_run(Fleet *fleet, GError **error) {
    double rate = fleet->options.is_closed_loop ? 1e6 : (double)fleet->link_count;
    uint64_t turn_ms = rate > 500 ? 1 : 20;
    uv_timer_start(&fleet->timer, on_timer, 0, turn_ms);
    uv_run(&fleet->loop, UV_RUN_DEFAULT);
    if (fleet->ended_us == 0) {
        fleet->ended_us = g_get_monotonic_time();
    }
    return fleet->connected_most > 0 ||
           hz_fail(error, HZ_ERROR_UNAVAILABLE, "no device could connect");
}

void fleet_free(Fleet *fleet) {
    if (fleet == NULL) {
        return;
    }
    for (unsigned i = 0; i < fleet->link_count; i++) {
        link_close(&fleet->links[i]);
    }
    uv_close((uv_handle_t *)&fleet->timer, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(fleet->signals); i++) {
        uv_close((uv_handle_t *)&fleet->signals[i], NULL);
    }
    uv_run(&fleet->loop, UV_RUN_DEFAULT);
    int failed = uv_loop_close(&fleet->loop);
    g_assert(failed == 0);
    g_queue_clear(&fleet->waiting);
    g_ptr_array_unref(fleet->slot_blocks);
    g_free(fleet->links);
    g_free(fleet);
}
