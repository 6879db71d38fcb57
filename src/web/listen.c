#include "web/listen.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG 4096
#define SYSTEMD_FIRST_FD 3 /* sd_listen_fds(3) */

/* The handed-over socket or -1. */
static int socket_from_systemd(void) {
    const char *pid = g_getenv("LISTEN_PID");
    const char *count = g_getenv("LISTEN_FDS");
    g_autofree char *own_pid = g_strdup_printf("%ld", (long)getpid());
    if (g_strcmp0(pid, own_pid) != 0 || g_strcmp0(count, "1") != 0) {
        return -1;
    }
    int flags = fcntl(SYSTEMD_FIRST_FD, F_GETFL);
    bool is_ready = flags >= 0 && fcntl(SYSTEMD_FIRST_FD, F_SETFL, flags | O_NONBLOCK) == 0 &&
                    fcntl(SYSTEMD_FIRST_FD, F_SETFD, FD_CLOEXEC) == 0;
    return is_ready ? SYSTEMD_FIRST_FD : -1;
}

static int bind_to(const struct addrinfo *info) {
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    int on = 1;
    bool is_ready = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
                    bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0;
    if (!is_ready && fd >= 0) {
        int cause = errno;
        close(fd);
        errno = cause;
        return -1;
    }
    return fd;
}

static int listen_fresh(const char *address, uint16_t port, GError **error) {
    g_autofree char *service = g_strdup_printf("%u", port);
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *info = NULL;
    int failed = getaddrinfo(address, service, &hints, &info);
    if (failed != 0) {
        hz_fail(error, HZ_ERROR_INVALID, "no address \"%s\": %s", address, gai_strerror(failed));
        return -1;
    }
    int fd = bind_to(info);
    if (fd < 0) {
        hz_fail(error,
                HZ_ERROR_UNAVAILABLE,
                "could not listen on %s port %u: %s",
                address,
                port,
                g_strerror(errno));
    }
    freeaddrinfo(info);
    return fd;
}

int listen_open(const char *address, uint16_t port, uint16_t *ret_port, GError **error) {
    int fd = socket_from_systemd();
    if (fd < 0) {
        fd = listen_fresh(address, port, error);
    }
    if (fd < 0) {
        return -1;
    }
    struct sockaddr_storage bound = {0};
    socklen_t size = sizeof bound;
    if (getsockname(fd, (struct sockaddr *)&bound, &size) == 0) {
        /* getsockname filled it. NOLINTNEXTLINE(clang-analyzer-core.CallAndMessage) */
        *ret_port = ntohs(bound.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&bound)->sin6_port
                                                      : ((struct sockaddr_in *)&bound)->sin_port);
    }
    return fd;
}
