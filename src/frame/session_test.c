/* The centre's side of the conversation, by a clock of the test's own. */
#include "base/clock.h"
#include "frame/session.h"

#include <glib.h>
#include <string.h>

#define DEVICE UINT64_C(0x010203040506)
#define CENTRE UINT64_C(9)
#define NOW (INT64_C(1795416753) * CLOCK_SECOND_US)

typedef struct Bytes {
    uint8_t bytes[GB26875_FRAME_MAX];
    size_t size;
} Bytes;

static const Gb26875Profile *standard(void) {
    return gb26875_profile(NULL);
}

/* What a device sends. */
static Gb26875Found device_says(const Gb26875Profile *profile,
                                uint8_t command,
                                uint16_t serial,
                                uint8_t type,
                                Bytes *bytes,
                                Gb26875Frame *ret_frame) {
    Gb26875Head head = {
        .seq = serial, .main_version = 1, .src = DEVICE, .dst = CENTRE, .command = command};
    Gb26875Object object = {.type = type, .has = GB26875_HAS_STATE | GB26875_HAS_TIME};
    bytes->size =
        type == 0 ? gb26875_encode(
                        profile, &head, (FrameSlice){NULL, 0}, bytes->bytes, sizeof bytes->bytes)
                  : gb26875_encode_objects(
                        profile, &head, type, NULL, &object, 1, bytes->bytes, sizeof bytes->bytes);
    g_assert_cmpuint(bytes->size, >, 0);
    return gb26875_scan(profile, (FrameSlice){bytes->bytes, bytes->size}, true, ret_frame);
}

static Gb26875Frame read_back(const uint8_t *bytes, size_t size) {
    Gb26875Frame frame;
    g_assert_cmpint(
        gb26875_scan(standard(), (FrameSlice){bytes, size}, true, &frame), ==, GB26875_FRAME);
    g_assert_cmpuint(frame.raw.size, ==, size);
    return frame;
}

static void assert_time(const Gb26875Frame *frame, int64_t time_us) {
    int64_t told_us = 0;
    g_assert_true(gb26875_time(standard(), frame->head.time, &told_us));
    g_assert_cmpint(told_us, ==, time_us);
}

static SessionResult hear(Session *session,
                          const Gb26875Profile *profile,
                          uint8_t command,
                          uint16_t serial,
                          uint8_t type,
                          uint8_t *buffer) {
    Bytes bytes;
    Gb26875Frame frame;
    Gb26875Found found = device_says(profile, command, serial, type, &bytes, &frame);
    return session_hear(session, profile, found, &frame, NOW, buffer, GB26875_FRAME_MAX);
}

static void test_uploads(void) {
    Session session;
    session_init(&session);
    uint8_t out[GB26875_FRAME_MAX];
    Bytes bytes;
    Gb26875Frame frame;
    Gb26875Found found =
        device_says(standard(), GB26875_SEND, 77, GB26875_DEVICE_STATE, &bytes, &frame);
    SessionResult result = session_hear(&session, standard(), found, &frame, NOW, out, sizeof out);
    g_assert_cmpint(result.step, ==, SESSION_STORE);
    g_assert_cmpuint(result.size, ==, 0); /* not before it is durable */
    Gb26875Frame answer = read_back(out, session_confirm(standard(), &frame, NOW, out, sizeof out));
    g_assert_cmpint(answer.head.command, ==, GB26875_CONFIRM);
    g_assert_cmpuint(answer.head.seq, ==, 77);
    g_assert_cmpuint(answer.head.dst, ==, DEVICE);
    g_assert_cmpuint(answer.head.src, ==, CENTRE);
    assert_time(&answer, NOW);
}

static void test_refuses(void) {
    Session session;
    session_init(&session);
    uint8_t out[GB26875_FRAME_MAX];
    Bytes bytes;
    Gb26875Frame frame;
    /* A broken checksum: the head is there, so it can be denied by its serial. */
    (void)device_says(standard(), GB26875_SEND, 5, GB26875_DEVICE_STATE, &bytes, &frame);
    bytes.bytes[bytes.size - 3] ^= 1;
    Gb26875Found found =
        gb26875_scan(standard(), (FrameSlice){bytes.bytes, bytes.size}, true, &frame);
    SessionResult result = session_hear(&session, standard(), found, &frame, NOW, out, sizeof out);
    Gb26875Frame answer = read_back(out, result.size);
    g_assert_cmpint(answer.head.command, ==, GB26875_DENY);
    g_assert_cmpuint(answer.head.seq, ==, 5);
    /* A refused answer is not answered: two centres would talk for ever. */
    result = hear(&session, standard(), GB26875_DENY, 5, 0, out);
    g_assert_cmpuint(result.size, ==, 0);
    g_assert_cmpint(result.step, ==, SESSION_IGNORE);
}

static SessionRequest duty_check(void) {
    return (SessionRequest){
        .id = 31,
        .peer = DEVICE,
        .command = GB26875_CONTROL,
        .type = GB26875_DUTY_CHECK,
        .object = {.type = GB26875_DUTY_CHECK, .has = GB26875_HAS_MINUTES, .minutes = 5},
    };
}

static void test_requests(void) {
    Session session;
    session_init(&session);
    uint8_t out[GB26875_FRAME_MAX];
    (void)hear(&session, standard(), GB26875_SEND, 0, GB26875_DEVICE_STATE, out);
    SessionRequest request = duty_check();
    Gb26875Frame sent = read_back(
        out, session_request(&session, standard(), &request, NOW, out, SESSION_REQUEST_SIZE));
    g_assert_cmpuint(sent.head.src, ==, CENTRE);
    g_assert_cmpint(sent.type, ==, GB26875_DUTY_CHECK);
    g_assert_cmpuint(session_request(&session, standard(), &request, NOW, out, sizeof out), ==, 0);
    uint16_t serial = sent.head.seq;
    SessionResult result =
        hear(&session, standard(), GB26875_CONFIRM, (uint16_t)(serial + 1), 0, out);
    g_assert_cmpint(result.outcome, ==, SESSION_OPEN); /* an answer to something else */
    result = hear(&session, standard(), GB26875_CONFIRM, serial, 0, out);
    g_assert_cmpint(result.outcome, ==, SESSION_CONFIRMED);
    g_assert_cmpint(result.request_id, ==, 31);
    result = hear(&session, standard(), GB26875_CONFIRM, serial, 0, out);
    g_assert_cmpint(result.outcome, ==, SESSION_OPEN); /* once */
    /* A query ends with its data, and its number is the next. */
    request.command = GB26875_REQUEST;
    request.type = request.object.type = GB26875_READ_DEVICE_STATE;
    request.object.has = GB26875_HAS_RESERVED;
    sent = read_back(out, session_request(&session, standard(), &request, NOW, out, sizeof out));
    g_assert_cmpuint(sent.head.seq, ==, serial + 1);
    result = hear(&session, standard(), GB26875_RESPONSE, sent.head.seq, GB26875_DEVICE_STATE, out);
    g_assert_cmpint(result.outcome, ==, SESSION_ANSWERED);
    g_assert_cmpint(result.step, ==, SESSION_TAKE);
}

static void test_repeats(void) {
    Session session;
    session_init(&session);
    uint8_t out[GB26875_FRAME_MAX];
    SessionRequest request = duty_check();
    (void)session_request(&session, standard(), &request, NOW, out, sizeof out);
    int64_t now_us = NOW;
    for (int tries = 2; tries <= SESSION_TRIES; tries++) {
        g_assert_cmpint(session_deadline_us(&session), ==, now_us + SESSION_TIMEOUT_US);
        SessionResult early =
            session_tick(&session, standard(), now_us + SESSION_TIMEOUT_US - 1, out, sizeof out);
        g_assert_cmpuint(early.size, ==, 0);
        now_us += SESSION_TIMEOUT_US;
        SessionResult again = session_tick(&session, standard(), now_us, out, sizeof out);
        Gb26875Frame sent = read_back(out, again.size);
        g_assert_cmpuint(sent.head.seq, ==, 0); /* the same request */
        assert_time(&sent, now_us);
    }
    SessionResult last =
        session_tick(&session, standard(), now_us + SESSION_TIMEOUT_US, out, sizeof out);
    g_assert_cmpint(last.outcome, ==, SESSION_SILENT);
    g_assert_cmpint(last.request_id, ==, 31);
    g_assert_cmpint(session_deadline_us(&session), ==, INT64_MAX);
    /* Denials count as tries and are answered at once. */
    (void)session_request(&session, standard(), &request, NOW, out, sizeof out);
    for (int tries = 2; tries <= SESSION_TRIES; tries++) {
        SessionResult again = hear(&session, standard(), GB26875_DENY, 1, 0, out);
        g_assert_cmpuint(again.size, >, 0);
    }
    last = hear(&session, standard(), GB26875_DENY, 1, 0, out);
    g_assert_cmpint(last.outcome, ==, SESSION_DENIED);
}

static void test_clock(void) {
    Session session;
    session_init(&session);
    uint8_t out[GB26875_FRAME_MAX];
    SessionRequest request = {.peer = DEVICE, .command = GB26875_CONTROL, .type = 90};
    request.object.type = GB26875_SET_CLOCK;
    Gb26875Frame sent =
        read_back(out, session_request(&session, standard(), &request, NOW, out, sizeof out));
    Gb26875Cursor cursor = gb26875_objects(&sent);
    Gb26875Object object;
    int64_t told_us = 0;
    g_assert_true(gb26875_next(&cursor, &object));
    g_assert_true(gb26875_time(standard(), object.time, &told_us));
    g_assert_cmpint(told_us, ==, NOW);
    /* A clock that is set back does not make the device wait for the old hour. */
    g_assert_cmpuint(
        session_tick(&session, standard(), NOW - CLOCK_DAY_US, out, sizeof out).size, >, 0);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/session/uploads-are-confirmed-by-the-caller", test_uploads);
    g_test_add_func("/session/denies-what-is-broken", test_refuses);
    g_test_add_func("/session/requests-end-with-their-answer", test_requests);
    g_test_add_func("/session/repeats-three-times", test_repeats);
    g_test_add_func("/session/tells-the-time", test_clock);
    return g_test_run();
}
