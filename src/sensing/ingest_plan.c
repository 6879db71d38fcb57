/* One message becomes changed memory and a plan of rows. No clock, no SQL. */
#include "sensing/ingest_internal.h"
#include "sensing/ingest_rules.h"

#include "base/clock.h"
#include "base/limits.h"
#include "sensing/limits.h"

#include <string.h>

/* A device sends again what was not confirmed: 3 tries 10 s apart (cl. 6.5), and some slack. */
#define ECHO_US (45 * CLOCK_SECOND_US)
/* Datagrams overtake each other by less than this. */
#define LATE_US (60 * CLOCK_SECOND_US)
/* seen_us in the table lags behind by so much. */
#define SEEN_LAG_US (300 * CLOCK_SECOND_US)
/* Devices whose silence or last sign of life is written in one transaction. */
#define BY_CLOCK_MAX 500
#define HOUR_US (3600 * CLOCK_SECOND_US)
#define DUTY_ANSWER_FLAG 0x20
#define RESET_FLAG 0x01

/* --- plan --------------------------------------------------------------------------------------
 */

static void edge_clear(gpointer data) {
    PlanEdge *edge = data;
    g_free(edge->note);
}

IngestPlan *ingest_plan_new(void) {
    IngestPlan *plan = g_new0(IngestPlan, 1);
    plan->new_devices = g_ptr_array_new();
    plan->new_points = g_ptr_array_new();
    plan->new_point_owners = g_ptr_array_new();
    plan->devices = g_ptr_array_new();
    plan->points = g_ptr_array_new();
    plan->duty_answers = g_ptr_array_new();
    plan->edges = g_array_new(FALSE, FALSE, sizeof(PlanEdge));
    g_array_set_clear_func(plan->edges, edge_clear);
    plan->samples = g_array_new(FALSE, FALSE, sizeof(PlanSample));
    plan->commands = g_array_new(FALSE, FALSE, sizeof(PlanCommand));
    plan->sides = g_array_new(FALSE, FALSE, sizeof(IngestSide));
    plan->raw = g_byte_array_new();
    plan->body = g_byte_array_new();
    return plan;
}

void ingest_plan_free(IngestPlan *plan) {
    g_ptr_array_unref(plan->new_devices);
    g_ptr_array_unref(plan->new_points);
    g_ptr_array_unref(plan->new_point_owners);
    g_ptr_array_unref(plan->devices);
    g_ptr_array_unref(plan->points);
    g_ptr_array_unref(plan->duty_answers);
    g_array_unref(plan->edges);
    g_array_unref(plan->samples);
    g_array_unref(plan->commands);
    g_array_unref(plan->sides);
    g_byte_array_unref(plan->raw);
    g_byte_array_unref(plan->body);
    g_free(plan);
}

void ingest_plan_clear(IngestPlan *plan) {
    for (guint i = 0; i < plan->devices->len; i++) {
        ((IngestDevice *)plan->devices->pdata[i])->is_touched = false;
    }
    for (guint i = 0; i < plan->points->len; i++) {
        ((IngestPoint *)plan->points->pdata[i])->is_touched = false;
    }
    g_ptr_array_set_size(plan->new_devices, 0);
    g_ptr_array_set_size(plan->new_points, 0);
    g_ptr_array_set_size(plan->new_point_owners, 0);
    g_ptr_array_set_size(plan->devices, 0);
    g_ptr_array_set_size(plan->points, 0);
    g_ptr_array_set_size(plan->duty_answers, 0);
    g_array_set_size(plan->edges, 0);
    g_array_set_size(plan->samples, 0);
    g_array_set_size(plan->commands, 0);
    g_array_set_size(plan->sides, 0);
    g_byte_array_set_size(plan->raw, 0);
    plan->received_us = 0;
}

bool ingest_plan_is_empty(const IngestPlan *plan) {
    return plan->new_devices->len == 0 && plan->devices->len == 0 && plan->edges->len == 0 &&
           plan->samples->len == 0 && plan->commands->len == 0;
}

uint64_t ingest_hash(uint64_t seed, const void *bytes, size_t size) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325) ^ seed;
    for (size_t i = 0; i < size; i++) {
        hash = (hash ^ ((const uint8_t *)bytes)[i]) * UINT64_C(0x100000001b3);
    }
    hash ^= hash >> 32;
    hash *= UINT64_C(0xd6e8feb86659fd93);
    return hash ^ hash >> 32;
}

/* --- one message -------------------------------------------------------------------------------
 */

/* What the readings of one message share. */
typedef struct Taking {
    const PlanContext *context;
    const IngestMessage *message;
    IngestDevice *device;
    int64_t edge_key;
    int64_t part;
    bool is_echo; /* its operations were written before */
    bool is_old;  /* overtaken by a later message */
    bool is_cut;  /* something of it is more than is kept */
} Taking;

static void touch_device(IngestPlan *plan, IngestDevice *device) {
    if (!device->is_touched) {
        device->is_touched = true;
        g_ptr_array_add(plan->devices, device);
    }
}

/* Whoever sends frames can invent devices, and edges are kept for ever: of devices that nobody
 * registered only so much is written in an hour. */
static void begin_hour(Taking *taking) {
    IngestState *state = taking->context->state;
    int64_t hour = taking->message->received_us / HOUR_US;
    if (state->learned_hour != hour) {
        state->learned_hour = hour;
        state->learned_edges = state->learned_samples = 0;
    }
    if (taking->device->edge_hour != hour) {
        taking->device->edge_hour = hour;
        taking->device->edges = 0;
    }
}

static bool may_add_edge(Taking *taking) {
    IngestState *state = taking->context->state;
    IngestDevice *device = taking->device;
    if (device->standing != DEVICE_LEARNING) {
        return true;
    }
    begin_hour(taking);
    if (device->edges >= LIMIT_LEARNED_EDGES || state->learned_edges >= LIMIT_LEARNED_EDGES_ALL) {
        taking->is_cut = true;
        return false;
    }
    device->edges++;
    state->learned_edges++;
    return true;
}

static bool may_add_sample(Taking *taking) {
    IngestState *state = taking->context->state;
    if (taking->device->standing != DEVICE_LEARNING) {
        return true;
    }
    begin_hour(taking);
    if (state->learned_samples >= LIMIT_LEARNED_SAMPLES_ALL) {
        taking->is_cut = true;
        return false;
    }
    state->learned_samples++;
    return true;
}

/* NULL: it is not kept. */
static PlanEdge *add_edge(
    Taking *taking, EdgeKind kind, bool is_on, IngestPoint *point, int64_t time_us, int64_t value) {
    if (!may_add_edge(taking)) {
        return NULL;
    }
    PlanEdge edge = {
        .kind = kind,
        .is_on = is_on,
        .value = value,
        .device = taking->device,
        .point = point,
        .time_us = event_time_us(time_us, taking->message->received_us),
        .received_us = taking->message->received_us,
        .key = taking->edge_key,
        .part = taking->part++,
    };
    g_array_append_val(taking->context->plan->edges, edge);
    return &g_array_index(
        taking->context->plan->edges, PlanEdge, taking->context->plan->edges->len - 1);
}

/* NULL: it is not kept. */
static PlanSample *
add_sample(Taking *taking, JournalKind kind, IngestPoint *point, int64_t time_us) {
    IngestPlan *plan = taking->context->plan;
    if (!may_add_sample(taking)) {
        return NULL;
    }
    PlanSample sample = {
        .record = {.kind = kind, .time_us = event_time_us(time_us, taking->message->received_us)},
        .device = taking->device,
        .point = point,
    };
    g_array_append_val(plan->samples, sample);
    return &g_array_index(plan->samples, PlanSample, plan->samples->len - 1);
}

static IngestPoint *learn_point(Taking *taking, const IngestPoint *like, const Reading *reading) {
    IngestDevice *device = taking->device;
    IngestState *state = taking->context->state;
    bool is_learned = device->standing == DEVICE_LEARNING;
    unsigned limit = is_learned ? LIMIT_LEARNED_POINTS : LIMIT_DEVICE_POINTS;
    if (device->points->len >= limit ||
        (is_learned && state->learned_points >= LIMIT_LEARNED_POINTS_ALL)) {
        return NULL;
    }
    state->learned_points += is_learned;
    IngestPoint *point = g_new0(IngestPoint, 1);
    *point = *like;
    point->text = g_strdup(reading->text);
    point->state_us = event_time_us(reading->time_us, taking->message->received_us);
    ingest_point_add(device, point);
    g_ptr_array_add(taking->context->plan->new_points, point);
    g_ptr_array_add(taking->context->plan->new_point_owners, device);
    /* A new point of a device that is only being learned says nothing new. */
    if (!is_learned) {
        add_edge(taking, EDGE_FIRST, true, point, reading->time_us, 0);
    }
    return point;
}

static IngestPoint *point_of(Taking *taking, const Reading *reading) {
    IngestPoint like = {
        .system_type = reading->system_type,
        .system_address = reading->system_address,
        .component_type = reading->component_type,
        .address = reading->component_type < 0 ? 0 : reading->address,
    };
    IngestPoint *point = ingest_point_find(taking->device, &like);
    return point != NULL ? point : learn_point(taking, &like, reading);
}

static void set_bits(Taking *taking, IngestPoint *point, uint16_t bits, int64_t time_us) {
    BitEdge edges[BIT_EDGES_MAX];
    BitTable table = point->component_type < 0 ? BITS_SYSTEM : BITS_COMPONENT;
    size_t count = state_edges(table, point->bits, bits, edges);
    for (size_t i = 0; i < count; i++) {
        add_edge(taking, edges[i].kind, edges[i].is_on, point, time_us, 0);
    }
    point->bits = bits;
    point->state_us = event_time_us(time_us, taking->message->received_us);
    if (!point->is_touched) {
        point->is_touched = true;
        g_ptr_array_add(taking->context->plan->points, point);
    }
}

/* After a reset of a system its points are no longer in alarm, though a panel seldom tells each. A
 * reset that comes too late ends no alarm that came after it; where that cannot be told, none. */
static void reset_points(Taking *taking, const Reading *reading, bool is_all) {
    GPtrArray *points = taking->device->points;
    int64_t time_us = event_time_us(reading->time_us, taking->message->received_us);
    for (guint i = 0; i < points->len; i++) {
        IngestPoint *point = points->pdata[i];
        bool is_meant = is_all || (point->system_type == reading->system_type &&
                                   point->system_address == reading->system_address);
        bool is_late = taking->is_old && time_us <= point->state_us;
        uint16_t bits = state_after_reset(point->bits);
        if (is_meant && !is_late && point->component_type >= 0 && bits != point->bits) {
            set_bits(taking, point, bits, reading->time_us);
        }
    }
}

static void add_state_sample(Taking *taking, IngestPoint *point, uint16_t bits, int64_t time_us) {
    PlanSample *sample = add_sample(taking, JOURNAL_STATE, point, time_us);
    if (sample != NULL) {
        sample->record.state_bits = bits;
    }
}

static bool is_overtaken(const Taking *taking, const IngestPoint *point, const Reading *reading) {
    int64_t time_us = event_time_us(reading->time_us, taking->message->received_us);
    return taking->is_old && time_us < point->state_us && point->state_us - time_us < LATE_US;
}

/* The state that a reading leaves behind. */
static uint16_t told_bits(const Reading *reading, uint16_t were) {
    unsigned mask = reading->mask != 0 ? reading->mask : STATE_BITS_MASK;
    return (uint16_t)(((were & ~mask) | (reading->bits & mask)) & STATE_BITS_MASK);
}

static bool take_state(Taking *taking, const Reading *reading) {
    IngestPoint *point = point_of(taking, reading);
    if (point == NULL) {
        return false;
    }
    uint16_t bits = told_bits(reading, point->bits);
    const uint16_t reset = 1u << 13;
    bool is_reset = point->component_type < 0 && (bits & ~point->bits & reset) != 0;
    if (bits == point->bits || is_overtaken(taking, point, reading)) {
        add_state_sample(
            taking, point, reading->mask != 0 ? bits : reading->bits, reading->time_us);
    } else {
        set_bits(taking, point, bits, reading->time_us);
    }
    if (is_reset) {
        reset_points(taking, reading, false);
    }
    return true;
}

static void take_device_state(Taking *taking, const Reading *reading) {
    IngestDevice *device = taking->device;
    uint16_t bits = told_bits(reading, device->bits);
    if (bits == device->bits || taking->is_old) {
        add_state_sample(taking, NULL, reading->mask != 0 ? bits : reading->bits, reading->time_us);
        return;
    }
    BitEdge edges[BIT_EDGES_MAX];
    size_t count = state_edges(BITS_DEVICE, device->bits, bits, edges);
    for (size_t i = 0; i < count; i++) {
        add_edge(taking, edges[i].kind, edges[i].is_on, NULL, reading->time_us, 0);
    }
    device->bits = bits;
    touch_device(taking->context->plan, device);
}

/* --- analog values -----------------------------------------------------------------------------
 */

/* Asked for once, from the defaults. */
IngestSide *ingest_side_of(const IngestDevice *device, IngestPoint *point, uint8_t analog_type) {
    for (unsigned i = 0; i < point->side_count; i++) {
        if (point->sides[i].analog_type == analog_type) {
            return &point->sides[i];
        }
    }
    if (point->side_count == LIMIT_POINT_VALUES) {
        return NULL;
    }
    IngestSide side = {.point = point, .analog_type = analog_type};
    PointLimit limit = {0};
    bool found = false;
    if (limit_default(device->region, point->component_type, analog_type, &limit, &found, NULL) &&
        found) {
        side.has_rule = true;
        side.rule = limit.rule;
    }
    point->sides = g_renew(IngestSide, point->sides, point->side_count + 1u);
    point->sides[point->side_count] = side;
    return &point->sides[point->side_count++];
}

static void judge(Taking *taking, IngestPoint *point, const Reading *reading) {
    IngestSide *side = ingest_side_of(taking->device, point, reading->analog_type);
    if (side == NULL || !side->has_rule) {
        return;
    }
    LimitSide now = limit_judge(&side->rule, side->side, reading->value);
    if (!limit_is_edge(side->side, now)) {
        return;
    }
    side->side = now;
    add_edge(taking, EDGE_LIMIT, now != LIMIT_INSIDE, point, reading->time_us, reading->value);
    g_array_append_val(taking->context->plan->sides, *side);
}

static bool take_value(Taking *taking, const Reading *reading) {
    IngestPoint *point = point_of(taking, reading);
    if (point == NULL) {
        return false;
    }
    PlanSample *sample = add_sample(taking, JOURNAL_VALUE, point, reading->time_us);
    if (sample != NULL) {
        sample->record.analog_type = reading->analog_type;
        sample->record.value = reading->value;
    }
    if (!taking->is_old) {
        judge(taking, point, reading);
    }
    return true;
}

/* --- operations --------------------------------------------------------------------------------
 */

static void
operate(Taking *taking, EdgeKind kind, IngestPoint *point, const Reading *reading, int64_t value) {
    PlanEdge *edge = add_edge(taking, kind, true, point, reading->time_us, value);
    if (edge != NULL) {
        edge->note = g_strdup_printf("操作员 %u", reading->operator_number);
    }
}

static bool take_operation(Taking *taking, const Reading *reading) {
    bool is_device = reading->kind == READING_DEVICE_OPERATION;
    IngestPoint *point = is_device ? NULL : point_of(taking, reading);
    if (!is_device && point == NULL) {
        return false;
    }
    if (taking->is_echo) {
        return true;
    }
    unsigned flags = reading->bits;
    if (is_device && (flags & DUTY_ANSWER_FLAG) != 0) {
        operate(taking, EDGE_DUTY_ANSWER, NULL, reading, reading->operator_number);
        g_ptr_array_add(taking->context->plan->duty_answers, taking->device);
        flags &= ~(unsigned)DUTY_ANSWER_FLAG;
    }
    if (flags != 0) {
        operate(taking, EDGE_OPERATION, point, reading, flags);
    }
    if ((flags & RESET_FLAG) != 0) {
        reset_points(taking, reading, is_device);
    }
    return true;
}

static void take_raw(Taking *taking, const Reading *reading) {
    /* It may be a kilobyte: it counts like a row. */
    PlanSample *sample =
        may_add_edge(taking) ? add_sample(taking, JOURNAL_RAW, NULL, reading->time_us) : NULL;
    if (sample == NULL) {
        return;
    }
    sample->record.raw_type = reading->raw_type;
    sample->record.raw_size = reading->raw_size;
    sample->raw_at = taking->context->plan->raw->len;
    g_byte_array_append(taking->context->plan->raw, reading->raw, (guint)reading->raw_size);
}

static bool take(Taking *taking, const Reading *reading) {
    switch (reading->kind) {
    case READING_ALIVE:
        add_sample(taking, JOURNAL_ALIVE, NULL, reading->time_us);
        return true;
    case READING_DEVICE_STATE:
        take_device_state(taking, reading);
        return true;
    case READING_STATE:
        return take_state(taking, reading);
    case READING_VALUE:
        return take_value(taking, reading);
    case READING_OPERATION:
    case READING_DEVICE_OPERATION:
        return take_operation(taking, reading);
    case READING_RAW:
        take_raw(taking, reading);
        return true;
    }
    g_assert_not_reached();
}

/* --- devices -----------------------------------------------------------------------------------
 */

static IngestDevice *learn_device(const PlanContext *context, const IngestMessage *message) {
    IngestState *state = context->state;
    IngestDevice *device = ingest_state_add(state, message->protocol, message->code);
    if (message->profile != NULL) {
        device->profile = message->profile;
    }
    device->standing = DEVICE_LEARNING;
    device->silent_after_us = context->silent_after_us;
    state->learned++;
    g_ptr_array_add(context->plan->new_devices, device);
    return device;
}

static void hear(Taking *taking) {
    IngestDevice *device = taking->device;
    device->seen_us = MAX(device->seen_us, taking->message->received_us);
    if (device->is_online) {
        return;
    }
    bool is_first = device->id == 0 || device->stored_seen_us == 0;
    device->is_online = true;
    touch_device(taking->context->plan, device);
    add_edge(taking,
             is_first && device->standing == DEVICE_LEARNING ? EDGE_FIRST : EDGE_ONLINE,
             true,
             NULL,
             taking->message->received_us,
             0);
}

/* Is it one of the last messages? Remembers it. A repetition whose sender has no clock is told only
 * right behind the original, and then only operations are not written twice: better a state that is
 * stored twice than a fire that is taken for an old one. */
static bool is_repeated(Taking *taking, uint64_t key) {
    const IngestMessage *message = taking->message;
    IngestDevice *device = taking->device;
    if (message->key == 0) {
        return false;
    }
    bool has_clock = event_time_is_believed(message->sent_us, message->received_us);
    for (unsigned i = 0; has_clock && i < RECENT_KEYS; i++) {
        if (device->recent[i] == key) {
            return true;
        }
    }
    taking->is_echo =
        device->last_key == message->key && message->received_us - device->last_us < ECHO_US;
    /* By both: a device that begins its numbers anew has not been overtaken. */
    taking->is_old = message->may_be_late && has_clock && device->last_sent_us != 0 &&
                     message->sent_us <= device->last_sent_us &&
                     (int16_t)(uint16_t)(message->serial - device->last_serial) < 0;
    device->recent[device->recent_at++ % RECENT_KEYS] = has_clock ? key : 0;
    if (!taking->is_old) {
        device->last_key = message->key;
        device->last_us = message->received_us;
        device->last_sent_us = has_clock ? message->sent_us : 0;
        device->last_serial = message->serial;
    }
    return false;
}

/* Tells the message in the table of edges too. Without a believable clock two fires of a device
 * that begins its numbers anew look the same, so then the time of receipt makes them two. */
static uint64_t edge_key(const IngestMessage *message) {
    int64_t time_us = event_time_is_believed(message->sent_us, message->received_us)
                          ? message->sent_us
                          : message->received_us;
    return ingest_hash(message->key, &time_us, sizeof time_us);
}

IngestVerdict ingest_plan_message(const PlanContext *context,
                                  IngestDevice *device,
                                  const IngestMessage *message) {
    if ((device == NULL && context->refuse_unknown) ||
        (device != NULL && device->standing == DEVICE_RETIRED)) {
        return INGEST_REFUSED;
    }
    if (device == NULL && (context->state->learned >= LIMIT_LEARNED_DEVICES ||
                           g_hash_table_size(context->state->devices) >= LIMIT_DEVICES)) {
        return INGEST_LIMIT;
    }
    uint64_t key = edge_key(message);
    Taking taking = {.context = context, .message = message, .device = device};
    taking.edge_key = (int64_t)key;
    if (device == NULL) {
        taking.device = learn_device(context, message);
    }
    if (context->plan->received_us == 0) {
        context->plan->received_us = message->received_us;
    }
    if (is_repeated(&taking, key)) {
        hear(&taking);
        return INGEST_DUPLICATE;
    }
    hear(&taking);
    bool fits = true;
    for (size_t i = 0; i < message->count; i++) {
        fits = take(&taking, &message->readings[i]) && fits;
    }
    return fits && !taking.is_cut ? INGEST_STORED : INGEST_LIMIT;
}

/* --- by the clock ------------------------------------------------------------------------------
 */

bool ingest_plan_silence(const PlanContext *context, int64_t now_us) {
    GHashTableIter iter;
    gpointer key = NULL;
    unsigned count = 0;
    g_hash_table_iter_init(&iter, context->state->devices);
    /* Times to come: our clock was ahead and has been set right. Else nobody would be missed until
     * it is that late again. */
    context->state->listening_us = MIN(context->state->listening_us, now_us);
    while (count < BY_CLOCK_MAX && g_hash_table_iter_next(&iter, &key, NULL)) {
        IngestDevice *device = key;
        device->seen_us = MIN(device->seen_us, now_us);
        int64_t since_us = MAX(device->seen_us, context->state->listening_us);
        if (!device->is_online || device->silent_after_us == 0 || device->is_stale ||
            now_us - since_us <= device->silent_after_us) {
            continue;
        }
        IngestMessage message = {.received_us = now_us};
        Taking taking = {.context = context, .message = &message, .device = device};
        taking.edge_key = (int64_t)ingest_hash((uint64_t)device->id, &now_us, sizeof now_us);
        device->is_online = false;
        touch_device(context->plan, device);
        add_edge(&taking, EDGE_ONLINE, false, NULL, now_us, device->seen_us);
        count++;
    }
    return count < BY_CLOCK_MAX;
}

bool ingest_plan_seen(const PlanContext *context) {
    GHashTableIter iter;
    gpointer key = NULL;
    unsigned count = 0;
    g_hash_table_iter_init(&iter, context->state->devices);
    while (count < BY_CLOCK_MAX && g_hash_table_iter_next(&iter, &key, NULL)) {
        IngestDevice *device = key;
        if (device->id != 0 && ABS(device->seen_us - device->stored_seen_us) >= SEEN_LAG_US) {
            touch_device(context->plan, device);
            count++;
        }
    }
    return count < BY_CLOCK_MAX;
}
