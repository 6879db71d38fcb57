/* Whatever a device sends: through the codec, the session and ingest's rules, up to the rows. The
 * first byte chooses the profile, the second how the stream is cut. */
#include "base/clock.h"
#include "frame/session.h"
#include "sensing/ingest_internal.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW (INT64_C(1795416753) * CLOCK_SECOND_US)

typedef struct Centre {
    Session session;
    IngestState *state;
    IngestPlan *plan;
    FrameReadings readings;
} Centre;

static const Gb26875Profile *choose(uint8_t number) {
    const Gb26875Profile *const *all = gb26875_profiles();
    unsigned count = 1; /* there is always the standard one */
    while (all[count] != NULL) {
        count++;
    }
    return all[number % count];
}

static void store(Centre *centre, const Gb26875Profile *profile, const Gb26875Frame *frame) {
    char code[24];
    g_snprintf(code, sizeof code, "%" G_GUINT64_FORMAT, frame->head.src);
    IngestDevice *device = ingest_state_find(centre->state, "gb26875", code);
    frame_read(&centre->readings, profile, frame, device);
    IngestMessage message = frame_message(&centre->readings, profile, frame, code, NOW);
    message.may_be_late = frame->head.user_version & 1;
    const PlanContext context = {
        .state = centre->state, .plan = centre->plan, .silent_after_us = CLOCK_SECOND_US};
    (void)ingest_plan_message(&context, device, &message);
}

/* Every sample of the plan comes back from the journal as it was. */
static void check_journal(const IngestPlan *plan) {
    g_autoptr(GError) error = NULL;
    JournalWriter writer;
    JournalReader reader;
    JournalRecord record;
    journal_begin(&writer, plan->body, NOW);
    for (guint i = 0; i < plan->samples->len; i++) {
        PlanSample *sample = &g_array_index(plan->samples, PlanSample, i);
        sample->record.raw = ingest_sample_raw(plan, sample);
        journal_add(&writer, &sample->record);
    }
    journal_end(&writer);
    g_assert_true(journal_open(&reader, plan->body->data, plan->body->len, &error));
    for (guint i = 0; i < plan->samples->len; i++) {
        const JournalRecord *was = &g_array_index(plan->samples, PlanSample, i).record;
        g_assert_true(journal_next(&reader, &record, &error));
        g_assert_cmpint(record.kind, ==, was->kind);
        g_assert_cmpint(record.value, ==, was->kind == JOURNAL_VALUE ? was->value : 0);
        g_assert_cmpuint(record.raw_size, ==, was->kind == JOURNAL_RAW ? was->raw_size : 0);
    }
    g_assert_false(journal_next(&reader, &record, &error));
    g_assert_no_error(error);
}

static void hear_all(Centre *centre, const Gb26875Profile *profile, FrameSlice rest) {
    uint8_t out[GB26875_FRAME_MAX];
    Gb26875Frame frame;
    while (rest.size > 0) {
        Gb26875Found found = gb26875_scan(profile, rest, true, &frame);
        g_assert_cmpint(found, !=, GB26875_MORE);
        SessionResult result =
            session_hear(&centre->session, profile, found, &frame, NOW, out, sizeof out);
        g_assert_cmpuint(result.size, <=, sizeof out);
        if (result.step == SESSION_STORE || result.step == SESSION_TAKE) {
            g_assert_cmpint(found, ==, GB26875_FRAME);
            g_assert_cmpuint(
                session_confirm(profile, &frame, NOW, out, sizeof out), >=, GB26875_FRAME_MIN);
            store(centre, profile, &frame);
        }
        rest.bytes += frame.raw.size;
        rest.size -= frame.raw.size;
    }
}

/* The same bytes as a journal body: refused or read, never more. */
static void read_as_journal(const uint8_t *data, size_t size) {
    JournalReader reader;
    JournalRecord record;
    if (journal_open(&reader, data, size, NULL)) {
        while (journal_next(&reader, &record, NULL)) {
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    if (size < 2) {
        return 0;
    }
    const Gb26875Profile *profile = choose(data[0]);
    Centre centre = {.state = ingest_state_new(), .plan = ingest_plan_new()};
    frame_readings_init(&centre.readings);
    session_init(&centre.session);
    const SessionRequest request = {
        .id = 1,
        .peer = 7,
        .command = GB26875_REQUEST,
        .type = GB26875_READ_DEVICE_STATE,
        .object = {.type = GB26875_READ_DEVICE_STATE, .has = GB26875_HAS_RESERVED}};
    uint8_t out[SESSION_REQUEST_SIZE];
    (void)session_request(&centre.session, profile, &request, NOW, out, sizeof out);
    hear_all(&centre, profile, (FrameSlice){data + 2, size - 2});
    check_journal(centre.plan);
    read_as_journal(data + 2, size - 2);
    ingest_plan_clear(centre.plan);
    ingest_plan_free(centre.plan);
    ingest_state_free(centre.state);
    frame_readings_clear(&centre.readings);
    return 0;
}
