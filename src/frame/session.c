#include "frame/session.h"

#include <string.h>

void session_init(Session *session) {
    *session = (Session){0};
}

/* Devices set their clocks by any frame of ours, so each says what time it is now (iot.md 4, line
 * 11). */
static size_t send_request(
    Session *session, const Gb26875Profile *profile, int64_t now_us, uint8_t *buffer, size_t size) {
    SessionRequest *request = &session->request;
    Gb26875Head head = {
        .seq = session->serial,
        .main_version = 1,
        .src = session->own,
        .dst = request->peer,
        .command = request->command,
    };
    gb26875_time_put(profile, now_us, head.time);
    if (request->type == GB26875_SET_CLOCK) {
        memcpy(request->object.time, head.time, sizeof head.time);
        request->object.has = GB26875_HAS_TIME;
    }
    size_t written = gb26875_encode_objects(
        profile, &head, request->type, NULL, &request->object, 1, buffer, size);
    session->sent_us = now_us;
    session->tries++;
    return written;
}

size_t session_request(Session *session,
                       const Gb26875Profile *profile,
                       const SessionRequest *request,
                       int64_t now_us,
                       uint8_t *buffer,
                       size_t size) {
    if (session->is_waiting) {
        return 0;
    }
    session->request = *request;
    session->serial = session->next_serial++;
    session->tries = 0;
    size_t written = send_request(session, profile, now_us, buffer, size);
    session->is_waiting = written > 0;
    return written;
}

static SessionResult end_request(Session *session, SessionOutcome outcome) {
    session->is_waiting = false;
    return (SessionResult){.outcome = outcome, .request_id = session->request.id};
}

/* Again, unless it has been tried often enough. */
static SessionResult try_again(Session *session,
                               const Gb26875Profile *profile,
                               SessionOutcome failure,
                               int64_t now_us,
                               uint8_t *buffer,
                               size_t size) {
    if (session->tries >= SESSION_TRIES) {
        return end_request(session, failure);
    }
    return (SessionResult){.step = SESSION_IGNORE,
                           .size = send_request(session, profile, now_us, buffer, size)};
}

static SessionResult deny(const Gb26875Profile *profile,
                          const Gb26875Frame *frame,
                          int64_t now_us,
                          uint8_t *buffer,
                          size_t size) {
    return (SessionResult){
        .step = SESSION_REPLY,
        .size = gb26875_encode_answer(profile, frame, GB26875_DENY, now_us, buffer, size),
    };
}

/* A device asks for the time. */
static SessionResult tell_time(const Gb26875Profile *profile,
                               const Gb26875Frame *frame,
                               int64_t now_us,
                               uint8_t *buffer,
                               size_t size) {
    Gb26875Head head = frame->head;
    head.src = frame->head.dst;
    head.dst = frame->head.src;
    gb26875_time_put(profile, now_us, head.time);
    Gb26875Object object = {.type = GB26875_SET_CLOCK, .has = GB26875_HAS_TIME};
    memcpy(object.time, head.time, sizeof head.time);
    return (SessionResult){
        .step = SESSION_REPLY,
        .size = gb26875_encode_objects(
            profile, &head, GB26875_SET_CLOCK, NULL, &object, 1, buffer, size),
    };
}

/* Orders are the centre's; a device that sends its clock order either asks for the time or, by
 * other makers, says that it has set its own. */
static SessionResult hear_control(const Gb26875Profile *profile,
                                  const Gb26875Frame *frame,
                                  int64_t now_us,
                                  uint8_t *buffer,
                                  size_t size) {
    if (frame->type != GB26875_SET_CLOCK) {
        return deny(profile, frame, now_us, buffer, size);
    }
    if (profile->wants_clock_answer) {
        return tell_time(profile, frame, now_us, buffer, size);
    }
    return (SessionResult){
        .step = SESSION_REPLY,
        .size = gb26875_encode_answer(profile, frame, GB26875_CONFIRM, now_us, buffer, size),
    };
}

static bool is_answer_to_us(const Session *session, const Gb26875Frame *frame) {
    return session->is_waiting && frame->head.seq == session->serial;
}

static SessionResult hear_frame(Session *session,
                                const Gb26875Profile *profile,
                                const Gb26875Frame *frame,
                                int64_t now_us,
                                uint8_t *buffer,
                                size_t size) {
    session->own = frame->head.dst;
    bool is_ours = is_answer_to_us(session, frame);
    SessionResult result = {.step = SESSION_IGNORE};
    switch (frame->head.command) {
    case GB26875_CONFIRM:
        /* A query is over with its response; until then a device may confirm it as well. */
        return is_ours && session->request.command == GB26875_CONTROL
                   ? end_request(session, SESSION_CONFIRMED)
                   : result;
    case GB26875_DENY:
        return is_ours ? try_again(session, profile, SESSION_DENIED, now_us, buffer, size) : result;
    case GB26875_RESPONSE:
        if (is_ours && session->request.command == GB26875_REQUEST) {
            result = end_request(session, SESSION_ANSWERED);
        }
        result.step = SESSION_TAKE;
        return result;
    case GB26875_CONTROL:
        return hear_control(profile, frame, now_us, buffer, size);
    case GB26875_REQUEST: /* only the centre asks */
        return deny(profile, frame, now_us, buffer, size);
    default: /* an upload, or what a maker sends to announce itself or to stay connected */
        result.step = frame->role == GB26875_ANSWER ? SESSION_IGNORE : SESSION_STORE;
        return result;
    }
}

SessionResult session_hear(Session *session,
                           const Gb26875Profile *profile,
                           Gb26875Found found,
                           const Gb26875Frame *frame,
                           int64_t now_us,
                           uint8_t *buffer,
                           size_t size) {
    if (found == GB26875_FRAME) {
        return hear_frame(session, profile, frame, now_us, buffer, size);
    }
    bool is_answer = frame->head.command == GB26875_CONFIRM || frame->head.command == GB26875_DENY;
    bool can_deny = (found == GB26875_REFUSED || frame->has_head) && !is_answer;
    return can_deny ? deny(profile, frame, now_us, buffer, size)
                    : (SessionResult){.step = SESSION_IGNORE};
}

size_t session_confirm(const Gb26875Profile *profile,
                       const Gb26875Frame *frame,
                       int64_t now_us,
                       uint8_t *buffer,
                       size_t size) {
    return gb26875_encode_answer(profile, frame, GB26875_CONFIRM, now_us, buffer, size);
}

int64_t session_deadline_us(const Session *session) {
    return session->is_waiting ? session->sent_us + SESSION_TIMEOUT_US : INT64_MAX;
}

SessionResult session_tick(
    Session *session, const Gb26875Profile *profile, int64_t now_us, uint8_t *buffer, size_t size) {
    /* A clock that was set back must not make a device wait for hours. */
    bool is_due = session->is_waiting &&
                  (now_us - session->sent_us >= SESSION_TIMEOUT_US || now_us < session->sent_us);
    return is_due ? try_again(session, profile, SESSION_SILENT, now_us, buffer, size)
                  : (SessionResult){.step = SESSION_IGNORE};
}
