/* Sockets of the simulated devices. */
#include "cli/simulate_devices.h"

#include "base/clock.h"
#include "base/limits.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <string.h>
#include <unistd.h>

#define PAUSE_US CLOCK_SECOND_US /* before a device connects again */

static void on_poll(uv_poll_t *poll, int status, int events);

static void on_closed(uv_handle_t *handle) {
    g_free(handle);
}

void link_queue(Link *link, int64_t pause_us) {
    link->state = LINK_OFF;
    link->due_us = link->fleet->now_us + pause_us;
    if (!link->is_queued) {
        link->is_queued = true;
        g_queue_push_tail(&link->fleet->waiting, link);
    }
}

void link_close(Link *link) {
    if (link->poll == NULL) {
        return;
    }
    Fleet *fleet = link->fleet;
    uv_poll_stop(link->poll);
    uv_close((uv_handle_t *)link->poll, on_closed);
    link->poll = NULL;
    close(link->fd);
    link->fd = -1;
    if (link->state == LINK_UP || link->state == LINK_SILENT) {
        fleet->up--;
        fleet->counts.disconnects++;
    }
    if (!link->is_proven) {
        fleet->proving--;
    }
    g_clear_pointer(&link->rest, g_byte_array_unref);
    g_clear_pointer(&link->out, g_byte_array_unref);
    link->state = LINK_OFF;
}

static void lose(Link *link) {
    bool was_up = link->state == LINK_UP;
    link->fleet->counts.refused += was_up ? 0 : 1;
    link_close(link);
    link_queue(link, PAUSE_US);
}

/* 127.0.0.0/8 has room for many sources of one machine; each has its own ports. */
static bool bind_source(const Link *link, int fd) {
    const FleetOptions *options = &link->fleet->options;
    const struct sockaddr_in *target = (const struct sockaddr_in *)&options->target;
    if (options->per_address == 0 || target->sin_family != AF_INET ||
        (ntohl(target->sin_addr.s_addr) >> 24) != 127) {
        return true;
    }
    uint32_t host = link->device / options->per_address + 1;
    struct sockaddr_in source = {.sin_family = AF_INET,
                                 .sin_addr.s_addr = htonl(UINT32_C(0x7f000000) | (host << 1) | 1)};
    int yes = 1;
    (void)setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &yes, sizeof yes);
    return bind(fd, (const struct sockaddr *)&source, sizeof source) == 0;
}

static int open_socket(const Link *link) {
    const FleetOptions *options = &link->fleet->options;
    int kind = options->is_udp ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(options->target.ss_family, kind | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    int yes = 1;
    if (!options->is_udp) {
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    }
    socklen_t size = options->target.ss_family == AF_INET ? sizeof(struct sockaddr_in)
                                                          : sizeof(struct sockaddr_in6);
    if (!bind_source(link, fd) ||
        (connect(fd, (const struct sockaddr *)&options->target, size) != 0 &&
         errno != EINPROGRESS)) {
        close(fd);
        return -1;
    }
    return fd;
}

static void listen_for(Link *link) {
    int events = UV_READABLE | (link->out != NULL ? UV_WRITABLE : 0);
    if (link->state == LINK_CONNECTING) {
        events = UV_WRITABLE;
    }
    uv_poll_start(link->poll, events, on_poll);
}

static void connected(Link *link) {
    link->state = LINK_UP;
    link->fleet->up++;
    link->fleet->connected_most = MAX(link->fleet->connected_most, link->fleet->up);
    link->fleet->counts.connects++;
    listen_for(link);
    fleet_connected(link);
}

void link_open(Link *link) {
    int fd = open_socket(link);
    if (fd < 0) {
        link->fleet->counts.refused++;
        link_queue(link, PAUSE_US);
        return;
    }
    link->fd = fd;
    link->poll = g_new0(uv_poll_t, 1);
    link->poll->data = link;
    link->is_proven = false;
    link->fleet->proving++;
    int failed = uv_poll_init(&link->fleet->loop, link->poll, fd);
    g_assert(failed == 0);
    link->state = LINK_CONNECTING;
    if (link->fleet->options.is_udp) {
        connected(link);
    } else {
        listen_for(link);
    }
}

static void keep_out(Link *link, const uint8_t *bytes, size_t size) {
    if (link->out == NULL) {
        link->out = g_byte_array_new();
    }
    if (link->out->len + size > LIMIT_DEVICE_BACKLOG) {
        return; /* as a small device does: the resend comes later */
    }
    g_byte_array_append(link->out, bytes, (guint)size);
    listen_for(link);
}

void link_send(Link *link, const uint8_t *bytes, size_t size) {
    if (link->state != LINK_UP) {
        return;
    }
    if (link->out != NULL) {
        keep_out(link, bytes, size);
        return;
    }
    ssize_t taken = send(link->fd, bytes, size, MSG_NOSIGNAL);
    if (taken == (ssize_t)size || link->fleet->options.is_udp) {
        return;
    }
    if (taken >= 0 || errno == EAGAIN || errno == EINTR) {
        keep_out(link, bytes + MAX(taken, 0), size - (size_t)MAX(taken, 0));
    }
    /* A dead connection shows when it is read. */
}

static void send_rest(Link *link) {
    ssize_t taken = send(link->fd, link->out->data, link->out->len, MSG_NOSIGNAL);
    if (taken <= 0) {
        return;
    }
    g_byte_array_remove_range(link->out, 0, (guint)taken);
    if (link->out->len == 0) {
        g_clear_pointer(&link->out, g_byte_array_unref);
        listen_for(link);
    }
}

/* Bytes that are no whole frame yet wait for the rest. */
static void hear(Link *link, size_t size) {
    uint8_t *bytes = link->fleet->buffer;
    if (link->fleet->options.is_udp) {
        fleet_hear(link, bytes, size, true);
        return;
    }
    if (link->rest != NULL) {
        g_byte_array_append(link->rest, bytes, (guint)size);
        size_t used = fleet_hear(link, link->rest->data, link->rest->len, false);
        if (link->rest != NULL) {
            g_byte_array_remove_range(link->rest, 0, (guint)used);
            if (link->rest->len == 0) {
                g_clear_pointer(&link->rest, g_byte_array_unref);
            }
        }
        return;
    }
    size_t used = fleet_hear(link, bytes, size, false);
    if (used < size && link->poll != NULL) {
        link->rest = g_byte_array_append(g_byte_array_new(), bytes + used, (guint)(size - used));
    }
}

static bool finish_connect(Link *link) {
    int problem = 0;
    socklen_t size = sizeof problem;
    if (getsockopt(link->fd, SOL_SOCKET, SO_ERROR, &problem, &size) != 0 || problem != 0) {
        return false;
    }
    connected(link);
    return true;
}

static void on_poll(uv_poll_t *poll, int status, int events) {
    Link *link = poll->data;
    link->fleet->now_us = g_get_monotonic_time();
    if (link->state == LINK_CONNECTING) {
        if (status < 0 || !finish_connect(link)) {
            lose(link);
        }
        return;
    }
    if ((events & UV_WRITABLE) != 0 && link->out != NULL) {
        send_rest(link);
    }
    if (status >= 0 && (events & UV_READABLE) == 0) {
        return;
    }
    ssize_t size = recv(link->fd, link->fleet->buffer, sizeof link->fleet->buffer, 0);
    bool is_passing = size < 0 && status >= 0 && (errno == EAGAIN || errno == EINTR);
    if (size > 0) {
        hear(link, (size_t)size);
    } else if (!is_passing && !link->fleet->options.is_udp) {
        lose(link);
        return;
    }
    if (status < 0) {
        /* A datagram found nobody: libuv has stopped watching, the device tries again later. */
        listen_for(link);
    }
}
