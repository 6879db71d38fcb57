/* The loop thread: libuv watches libmicrohttpd's epoll descriptor, a wake-up and two timers. */
#include "web/log.h"
#include "web/mhd.h"

#include <uv.h>

#define TICK_MS 1000
#define LINGER_MS 20
#define STOP_STEP_MS 5
#define STOP_MAX_MS 3000

typedef enum Phase { PHASE_RUN, PHASE_QUIESCE, PHASE_STOP } Phase;

struct Loop {
    WebServer *server;
    Mhd *mhd;
    uv_loop_t uv;
    uv_poll_t ready;   /* libmicrohttpd's epoll descriptor */
    uv_async_t wake;   /* a mailbox has something, or the phase changed */
    uv_timer_t again;  /* when libmicrohttpd wants to run without input */
    uv_timer_t tick;   /* once a second */
    uv_timer_t linger; /* while refused clients are being drained */
    uv_timer_t stop;   /* while the last answers go out */
    uv_thread_t thread;
    atomic_int phase; /* Phase; set by the stopping thread */
    bool is_quiet;
    int64_t stop_until_ms;
};

static void on_again(uv_timer_t *timer);

static void on_linger(uv_timer_t *timer) {
    Loop *loop = timer->data;
    if (!mhd_linger(loop->mhd)) {
        uv_timer_stop(timer);
    }
}

static void run(Loop *loop) {
    int64_t wait_ms = mhd_run(loop->mhd);
    if (wait_ms < 0) {
        uv_timer_stop(&loop->again);
    } else {
        uv_timer_start(&loop->again, on_again, (uint64_t)wait_ms, 0);
    }
    if (!uv_is_active((uv_handle_t *)&loop->linger) && mhd_linger(loop->mhd)) {
        uv_timer_start(&loop->linger, on_linger, LINGER_MS, LINGER_MS);
    }
}

static void on_again(uv_timer_t *timer) {
    run(timer->data);
}

static void on_ready(uv_poll_t *poll, int status, int events) {
    (void)status;
    (void)events;
    run(poll->data);
}

static void on_tick(uv_timer_t *timer) {
    Loop *loop = timer->data;
    mhd_tick(loop->mhd);
    run(loop);
}

static void close_all(Loop *loop) {
    uv_handle_t *handles[] = {
        (uv_handle_t *)&loop->ready,
        (uv_handle_t *)&loop->wake,
        (uv_handle_t *)&loop->again,
        (uv_handle_t *)&loop->tick,
        (uv_handle_t *)&loop->linger,
        (uv_handle_t *)&loop->stop,
    };
    for (size_t i = 0; i < G_N_ELEMENTS(handles); i++) {
        uv_close(handles[i], NULL);
    }
}

/* Lets the last answers reach their clients, but not for ever. */
static void on_stop(uv_timer_t *timer) {
    Loop *loop = timer->data;
    mhd_deliver(loop->mhd);
    run(loop);
    int64_t now_ms = (int64_t)uv_now(&loop->uv);
    if (mhd_is_idle(loop->mhd) || now_ms >= loop->stop_until_ms) {
        uv_poll_stop(&loop->ready);
        mhd_stop(loop->mhd);
        close_all(loop);
    }
}

static void on_wake(uv_async_t *wake) {
    Loop *loop = wake->data;
    int phase = atomic_load(&loop->phase);
    mhd_deliver(loop->mhd);
    if (phase >= PHASE_QUIESCE && !loop->is_quiet) {
        loop->is_quiet = true;
        mhd_quiesce(loop->mhd);
    }
    run(loop);
    if (phase == PHASE_STOP && !uv_is_active((uv_handle_t *)&loop->stop)) {
        loop->stop_until_ms = (int64_t)uv_now(&loop->uv) + STOP_MAX_MS;
        uv_timer_start(&loop->stop, on_stop, 0, STOP_STEP_MS);
    }
}

static void loop_main(void *data) {
    Loop *loop = data;
    run(loop);
    uv_run(&loop->uv, UV_RUN_DEFAULT);
}

static bool init_handles(Loop *loop) {
    bool is_ready = uv_loop_init(&loop->uv) == 0 &&
                    uv_poll_init(&loop->uv, &loop->ready, mhd_epoll_fd(loop->mhd)) == 0 &&
                    uv_async_init(&loop->uv, &loop->wake, on_wake) == 0;
    uv_timer_init(&loop->uv, &loop->again);
    uv_timer_init(&loop->uv, &loop->tick);
    uv_timer_init(&loop->uv, &loop->linger);
    uv_timer_init(&loop->uv, &loop->stop);
    loop->ready.data = loop->wake.data = loop->again.data = loop;
    loop->tick.data = loop->linger.data = loop->stop.data = loop;
    return is_ready;
}

Loop *loop_start(WebServer *server, int listen_fd, GError **error) {
    Mhd *mhd = mhd_start(server, listen_fd, error);
    if (mhd == NULL) {
        return NULL;
    }
    Loop *loop = g_new0(Loop, 1);
    loop->server = server;
    loop->mhd = mhd;
    /* These fail only when the process is out of descriptors at start: a defect of its set-up. */
    bool is_ready = init_handles(loop);
    g_assert(is_ready);
    uv_poll_start(&loop->ready, UV_READABLE, on_ready);
    uv_timer_start(&loop->tick, on_tick, TICK_MS, TICK_MS);
    int failed = uv_thread_create(&loop->thread, loop_main, loop);
    g_assert(failed == 0);
    return loop;
}

void loop_wake(Loop *loop) {
    (void)uv_async_send(&loop->wake);
}

void loop_quiesce(Loop *loop) {
    atomic_store(&loop->phase, PHASE_QUIESCE);
    loop_wake(loop);
}

void loop_stop(Loop *loop) {
    mailbox_close(loop->server->events);
    atomic_store(&loop->phase, PHASE_STOP);
    loop_wake(loop);
    uv_thread_join(&loop->thread);
    int busy = uv_loop_close(&loop->uv);
    g_assert(busy == 0);
    g_free(loop);
}
