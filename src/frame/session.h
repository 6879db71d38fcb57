/*
 * The centre's side of a conversation by GB/T 26875.3-2011 cl. 6: what is to be done with each
 * frame that a device sends, and our own requests with their serials, answers and repetitions.
 *
 * Sans-I/O: bytes and times come in, bytes and decisions go out; the caller owns socket, clock and
 * storage. No allocation. One session for each connection; a box that speaks for several devices
 * may put their addresses into its frames as it likes, since each answer echoes its frame. Thread:
 * any, one at a time.
 *
 * Uploads are confirmed by the caller, with session_confirm, once they are durable: a confirmation
 * that is sent too early cannot be taken back.
 */
#pragma once

#include "frame/gb26875_profile.h"

#define SESSION_TRIES 3                      /* cl. 6.5.5 */
#define SESSION_TIMEOUT_US INT64_C(10000000) /* cl. 6.5.4 */
#define SESSION_REQUEST_SIZE 64              /* room for any frame that a request becomes */

/* One question or order of ours: one object of one type. */
typedef struct SessionRequest {
    int64_t id;      /* the caller's */
    uint64_t peer;   /* the device's address */
    uint8_t command; /* GB26875_CONTROL or GB26875_REQUEST */
    uint8_t type;
    Gb26875Object object; /* without text; the time of GB26875_SET_CLOCK is filled in */
} SessionRequest;

typedef struct Session {
    uint64_t own; /* our address; 0 until a device has told which one it calls */
    uint16_t next_serial;
    bool is_waiting; /* for the answer to `request`, one at a time */
    uint8_t tries;
    uint16_t serial; /* of the request */
    int64_t sent_us;
    SessionRequest request;
} Session;

void session_init(Session *session);

typedef enum SessionStep {
    SESSION_IGNORE, /* nothing to do: an answer that nobody waits for */
    SESSION_STORE,  /* store it; when it is durable, session_confirm */
    SESSION_TAKE,   /* store it; it is an answer and is not confirmed */
    SESSION_REPLY,  /* send the reply now; nothing to store */
} SessionStep;

typedef enum SessionOutcome {
    SESSION_OPEN,      /* no request ended */
    SESSION_CONFIRMED, /* the device has the order */
    SESSION_ANSWERED,  /* the device sent what was asked for */
    SESSION_DENIED,    /* it refused every try */
    SESSION_SILENT,    /* it answered no try */
} SessionOutcome;

typedef struct SessionResult {
    SessionStep step;
    SessionOutcome outcome; /* of the request `request_id` */
    int64_t request_id;
    size_t size; /* of what is to be sent now; 0: nothing */
} SessionResult;

/* A frame (GB26875_FRAME or GB26875_REFUSED, or GARBAGE with has_head: denied by its serial, cl.
 * 6.5.3) has come. Bytes to send go into `buffer`, at least GB26875_FRAME_MAX large. */
SessionResult session_hear(Session *session,
                           const Gb26875Profile *profile,
                           Gb26875Found found,
                           const Gb26875Frame *frame,
                           int64_t now_us,
                           uint8_t *buffer,
                           size_t size);

/* The answer to an upload that is durable now. Bytes written. */
size_t session_confirm(const Gb26875Profile *profile,
                       const Gb26875Frame *frame,
                       int64_t now_us,
                       uint8_t *buffer,
                       size_t size);

/* Begins a request; 0 while another one waits (ask again later) or when it cannot be written. */
size_t session_request(Session *session,
                       const Gb26875Profile *profile,
                       const SessionRequest *request,
                       int64_t now_us,
                       uint8_t *buffer,
                       size_t size);

/* When session_tick has something to do; INT64_MAX: never. */
int64_t session_deadline_us(const Session *session);
/* Repeats the request or gives it up. */
SessionResult session_tick(
    Session *session, const Gb26875Profile *profile, int64_t now_us, uint8_t *buffer, size_t size);
