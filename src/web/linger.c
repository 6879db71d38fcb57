#include "web/linger.h"

#include "base/clock.h"
#include "base/limits.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Closing {
    int fd;
    int64_t until_us;
    size_t dropped;
} Closing;

struct Linger {
    GArray *closing;
};

Linger *linger_new(void) {
    Linger *linger = g_new0(Linger, 1);
    linger->closing = g_array_new(FALSE, FALSE, sizeof(Closing));
    return linger;
}

void linger_free(Linger *linger) {
    if (linger != NULL) {
        linger_run(linger, INT64_MAX);
        g_array_unref(linger->closing);
        g_free(linger);
    }
}

void linger_add(Linger *linger, int fd, int64_t now_us) {
    if (linger->closing->len >= LIMIT_LINGER) {
        close(fd);
        return;
    }
    (void)shutdown(fd, SHUT_WR);
    Closing closing = {fd, now_us + LIMIT_LINGER_S * CLOCK_SECOND_US, 0};
    g_array_append_val(linger->closing, closing);
}

/* True when the client has closed, too much has come, or the socket failed. */
static bool drop_input(Closing *closing) {
    char buffer[16 * KIB];
    ssize_t got = 0;
    do {
        got = recv(closing->fd, buffer, sizeof buffer, MSG_DONTWAIT);
        closing->dropped += got > 0 ? (size_t)got : 0;
    } while (got > 0 && closing->dropped < LIMIT_LINGER_BYTES);
    return got >= 0 || (errno != EAGAIN && errno != EINTR);
}

bool linger_run(Linger *linger, int64_t now_us) {
    for (guint i = linger->closing->len; i > 0; i--) {
        Closing *closing = &g_array_index(linger->closing, Closing, i - 1);
        if (now_us >= closing->until_us || drop_input(closing)) {
            close(closing->fd);
            g_array_remove_index_fast(linger->closing, i - 1);
        }
    }
    return linger->closing->len > 0;
}
