/*
 * Devices that mean harm to the gateway; bench/gateway_hostile.mjs runs it beside devices that do
 * not.
 *
 *   gateway_attack PORT KIND SECONDS CONNECTIONS ADDRESSES [TOTAL]
 *
 * garbage: bytes that are no frame, as fast as they are taken; flood: good frames of unknown
 * devices, each with a state that changed, as fast as they are taken; drip: one byte of a frame a
 * second; connects: connections that say nothing, one after the other, TOTAL of them (the oldest is
 * closed when CONNECTIONS are open); datagrams: good and bad frames by UDP. They come from
 * ADDRESSES of 127.0.1.x; what the gateway closes is opened again. Prints one line of JSON.
 */
#include "bench_number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define FRAME_SIZE 78
#define FRAMES_AT_ONCE 200
#define EVENTS 512
#define FIRST_ADDRESS 0x7f000101u /* 127.0.1.1 */
#define FIRST_DEVICE 700000000u   /* nobody's in the register */
#define REOPEN_AT_ONCE 64

typedef enum Kind { GARBAGE, FLOOD, DRIP, CONNECTS, DATAGRAMS, KIND_COUNT } Kind;
static const char *const kinds[KIND_COUNT] = {"garbage", "flood", "drip", "connects", "datagrams"};

typedef struct Attacker {
    int fd; /* -1: to be opened */
    uint16_t serial;
    uint8_t drip_at;
    bool is_on;
} Attacker;

static Kind kind;
static uint16_t port;
static unsigned addresses;
static uint64_t bytes_sent, connects, closed;
static Attacker *attackers;

static double now_s(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void put_time(uint8_t *at) {
    struct timespec utc;
    clock_gettime(CLOCK_REALTIME, &utc);
    time_t now = utc.tv_sec + 8 * 3600;
    struct tm parts;
    gmtime_r(&now, &parts);
    const uint8_t bytes[] = {(uint8_t)parts.tm_sec,
                             (uint8_t)parts.tm_min,
                             (uint8_t)parts.tm_hour,
                             (uint8_t)parts.tm_mday,
                             (uint8_t)(parts.tm_mon + 1),
                             (uint8_t)(parts.tm_year - 100)};
    memcpy(at, bytes, sizeof bytes);
}

/* One component whose fault came or went. */
static void make_frame(Attacker *attacker, unsigned number, uint8_t *frame) {
    uint64_t device = FIRST_DEVICE + number;
    memset(frame, 0, FRAME_SIZE);
    frame[0] = frame[1] = '@';
    memcpy(frame + 2, &attacker->serial, 2);
    frame[4] = 1;
    put_time(frame + 6);
    memcpy(frame + 12, &device, 6);
    frame[18] = 1;
    frame[24] = FRAME_SIZE - 30;
    frame[26] = 2;
    attacker->is_on = !attacker->is_on;
    memcpy(frame + 27, (const uint8_t[]){2, 1, 1, 1, 42, 2, 0, 14, 0, attacker->is_on ? 4 : 0}, 10);
    put_time(frame + 27 + 42);
    uint8_t sum = 0;
    for (unsigned i = 2; i < FRAME_SIZE - 3; i++) {
        sum = (uint8_t)(sum + frame[i]);
    }
    frame[FRAME_SIZE - 3] = sum;
    frame[FRAME_SIZE - 2] = frame[FRAME_SIZE - 1] = '#';
    attacker->serial++;
}

static void open_one(unsigned number, int epoll) {
    Attacker *attacker = &attackers[number];
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr = {htonl(FIRST_ADDRESS + number % addresses)}};
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int on = 1;
    int type = kind == DATAGRAMS ? SOCK_DGRAM : SOCK_STREAM;
    int fd = socket(AF_INET, type | SOCK_NONBLOCK, 0);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        (connect(fd, (struct sockaddr *)&to, sizeof to) != 0 && errno != EINPROGRESS)) {
        if (fd >= 0) {
            close(fd);
        }
        return; /* out of ports: tried again */
    }
    attacker->fd = fd;
    attacker->drip_at = 0;
    connects++;
    bool writes = kind == GARBAGE || kind == FLOOD || kind == DATAGRAMS;
    struct epoll_event event = {.events = EPOLLIN | (writes ? EPOLLOUT : 0),
                                .data = {.u32 = number}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

static void close_one(Attacker *attacker) {
    if (attacker->fd >= 0) {
        close(attacker->fd);
        attacker->fd = -1;
    }
}

static void send_some(unsigned number) {
    static uint8_t buffer[FRAMES_AT_ONCE * FRAME_SIZE];
    static uint32_t seed = 1;
    Attacker *attacker = &attackers[number];
    size_t size = sizeof buffer;
    if (kind == GARBAGE) {
        for (size_t i = 0; i < size; i += 4) { /* heads among it, as the codec looks for them */
            seed = seed * 1664525 + 1013904223;
            uint32_t word = i % 64 == 0 ? 0x4040 : seed;
            memcpy(buffer + i, &word, 4);
        }
    } else if (kind == FLOOD) {
        for (unsigned i = 0; i < FRAMES_AT_ONCE; i++) {
            make_frame(attacker, number, buffer + (size_t)i * FRAME_SIZE);
        }
    } else {
        size = FRAME_SIZE;
        make_frame(attacker, number, buffer);
        buffer[40] = (uint8_t)(buffer[40] + attacker->serial % 2); /* each second one is bad */
    }
    ssize_t sent = send(attacker->fd, buffer, size, MSG_NOSIGNAL);
    if (sent > 0) {
        bytes_sent += (uint64_t)sent;
    } else if (errno != EAGAIN && errno != ECONNREFUSED && kind != DATAGRAMS) {
        closed++;
        close_one(attacker);
    }
}

static void hear(unsigned number) {
    static uint8_t buffer[64 * 1024];
    Attacker *attacker = &attackers[number];
    ssize_t got = recv(attacker->fd, buffer, sizeof buffer, 0);
    if (kind != DATAGRAMS && (got == 0 || (got < 0 && errno != EAGAIN))) {
        closed++;
        close_one(attacker);
    }
}

static void drip(unsigned count) {
    uint8_t frame[FRAME_SIZE];
    for (unsigned i = 0; i < count; i++) {
        Attacker *attacker = &attackers[i];
        if (attacker->fd < 0) {
            continue;
        }
        Attacker copy = *attacker;
        make_frame(&copy, i, frame);
        ssize_t sent = send(attacker->fd, frame + attacker->drip_at % FRAME_SIZE, 1, MSG_NOSIGNAL);
        attacker->drip_at++;
        bytes_sent += sent > 0 ? 1 : 0;
    }
}

static void take_events(int epoll, int wait_ms) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        unsigned number = events[i].data.u32;
        if ((events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) != 0) {
            hear(number);
        }
        if (attackers[number].fd >= 0 && (events[i].events & EPOLLOUT) != 0) {
            send_some(number);
        }
    }
}

/* The next ones in a ring: what was closed is opened again, and of `connects` the oldest gives way.
 */
static void open_some(int epoll, unsigned count, uint64_t total) {
    static unsigned next;
    for (unsigned i = 0; i < REOPEN_AT_ONCE && (total == 0 || connects < total); i++) {
        if (kind == CONNECTS) {
            close_one(&attackers[next]);
        }
        if (attackers[next].fd < 0) {
            open_one(next, epoll);
        }
        next = (next + 1) % count;
    }
}

int main(int argc, char **argv) {
    for (kind = GARBAGE; argc >= 6 && kind < KIND_COUNT && strcmp(argv[2], kinds[kind]) != 0;) {
        kind++;
    }
    if (argc < 6 || kind == KIND_COUNT) {
        fprintf(stderr,
                "usage: gateway_attack PORT garbage|flood|drip|connects|datagrams SECONDS "
                "CONNECTIONS ADDRESSES [TOTAL]\n");
        return 2;
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    port = (uint16_t)number_of(argv[1]);
    double seconds = number_of(argv[3]);
    unsigned count = number_of(argv[4]);
    addresses = number_of(argv[5]);
    uint64_t total = argc > 6 ? number_of(argv[6]) : 0;
    attackers = calloc(count, sizeof *attackers);
    for (unsigned i = 0; i < count; i++) {
        attackers[i].fd = -1;
    }
    int epoll = epoll_create1(0);
    double begun_s = now_s();
    double dripped_s = begun_s;
    while (now_s() - begun_s < seconds) {
        open_some(epoll, count, total);
        take_events(epoll, kind == DRIP || (kind == CONNECTS && connects >= total) ? 1 : 0);
        if (kind == DRIP && now_s() - dripped_s >= 1) {
            dripped_s = now_s();
            drip(count);
        }
    }
    printf("{\"connects\": %llu, \"closed\": %llu, \"bytes\": %llu, \"seconds\": %.1f}\n",
           (unsigned long long)connects,
           (unsigned long long)closed,
           (unsigned long long)bytes_sent,
           now_s() - begun_s);
    return 0;
}
