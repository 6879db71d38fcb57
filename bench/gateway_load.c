/*
 * Many devices of GB/T 26875.3 on one thread: each sends one frame a send and the next when that
 * one was confirmed. bench/gateway.py runs it.
 *
 *   gateway_load PORT DEVICES SECONDS [EDGE_EVERY [FIRST [RATE]]]
 *       every n-th frame of a device changes a state (0: none); FIRST: address of the first; RATE:
 *       frames a second of all together, each device in its turn (0: as fast as they are confirmed)
 *   gateway_load PORT DEVICES idle|idle-udp [0 [FIRST]]
 *       one frame of each, by TCP or as datagrams, then waits for a line on stdin; everybody is
 *       still there then, or it ends with 1
 *
 * Prints two lines of JSON: {"connected": …} once all are; then frames confirmed, seconds,
 * milliseconds of the median and the 99th of a hundred. Exit 1 when a confirmation is not the one
 * that was waited for.
 */
#include "bench_number.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
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

#define FRAME_SIZE 78 /* one component's state */
#define ACK_SIZE 30
#define PER_ADDRESS 20000 /* connections from one of 127.0.0.x: ports are few */
#define BUCKETS 20000     /* of a tenth of a millisecond */
#define EVENTS 1024
#define FIRST 1000000
#define UDP_AT_ONCE 64 /* datagrams on their way: the kernel keeps about 270 for a socket */
#define UDP_AGAIN_S 1  /* without a confirmation: lost */

typedef struct Device {
    int fd;
    uint16_t serial;
    uint8_t got;
    bool is_waiting;
    uint32_t sent;
    double sent_s;
    uint8_t ack[ACK_SIZE];
} Device;

static uint8_t template[FRAME_SIZE] = {'@', '@', 0, 0, 1, 0};
static unsigned buckets[BUCKETS];
static uint64_t confirmed;
static unsigned edge_every;
static uint64_t first_address = FIRST;
static bool is_udp;

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
    at[0] = (uint8_t)parts.tm_sec;
    at[1] = (uint8_t)parts.tm_min;
    at[2] = (uint8_t)parts.tm_hour;
    at[3] = (uint8_t)parts.tm_mday;
    at[4] = (uint8_t)(parts.tm_mon + 1);
    at[5] = (uint8_t)(parts.tm_year - 100);
}

static void make_template(void) {
    template[18] = 1; /* the centre */
    template[24] = FRAME_SIZE - 30;
    template[26] = 2;
    uint8_t *unit = template + 27; /* type, count, system, component, address, state, text, time */
    memcpy(unit, (const uint8_t[]){2, 1, 1, 1, 42, 2, 0, 14, 0}, 9);
    memcpy(unit + 11, "12F corridor", 12);
    template[FRAME_SIZE - 2] = template[FRAME_SIZE - 1] = '#';
}

/* The time in all frames to come; once a second is enough. */
static void set_time(void) {
    put_time(template + 6);
    put_time(template + 27 + 42);
}

static void send_next(Device *device, uint64_t number) {
    uint8_t frame[FRAME_SIZE];
    uint64_t address = first_address + number;
    memcpy(frame, template, FRAME_SIZE);
    memcpy(frame + 2, &device->serial, 2);
    memcpy(frame + 12, &address, 6);
    device->sent++;
    bool is_on = edge_every > 0 && (device->sent + number) / edge_every % 2 == 1;
    frame[27 + 9] = is_on ? 4 : 0; /* a fault comes and goes */
    uint8_t sum = 0;
    for (unsigned i = 2; i < FRAME_SIZE - 3; i++) {
        sum = (uint8_t)(sum + frame[i]);
    }
    frame[FRAME_SIZE - 3] = sum;
    device->sent_s = now_s();
    device->is_waiting = true;
    if (send(device->fd, frame, FRAME_SIZE, MSG_NOSIGNAL) != FRAME_SIZE) {
        fprintf(stderr, "send: %s\n", strerror(errno));
        exit(1);
    }
}

static void take_ack(Device *device) {
    ssize_t size = recv(device->fd, device->ack + device->got, ACK_SIZE - device->got, 0);
    if (size <= 0) {
        fprintf(stderr, "recv: %s\n", size == 0 ? "closed" : strerror(errno));
        exit(1);
    }
    device->got = (uint8_t)(device->got + size);
    if (device->got < ACK_SIZE) {
        return;
    }
    if (is_udp && !device->is_waiting) { /* it was sent twice */
        device->got = 0;
        return;
    }
    if (device->ack[26] != 3 || memcmp(device->ack + 2, &device->serial, 2) != 0) {
        fprintf(
            stderr, "not the confirmation of %u, command %u\n", device->serial, device->ack[26]);
        exit(1);
    }
    double waited_s = now_s() - device->sent_s;
    unsigned bucket = (unsigned)(waited_s * 10000);
    buckets[bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    device->got = 0;
    device->serial++;
    device->is_waiting = false;
    confirmed++;
}

/* Several of these programs share the addresses: which one is told by the device's own number. */
static int connect_one(unsigned number, uint16_t port) {
    uint32_t host = (uint32_t)(first_address - FIRST + number) / PER_ADDRESS;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK + host)}};
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int on = 1;
    int fd = socket(AF_INET, is_udp ? SOCK_DGRAM : SOCK_STREAM, 0);
    if (!is_udp) {
        setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    if (fd < 0 || bind(fd, (struct sockaddr *)&from, sizeof from) != 0 ||
        connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        fprintf(stderr, "connection %u: %s\n", number, strerror(errno));
        exit(1);
    }
    return fd;
}

static double percentile(double share) {
    uint64_t total = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        total += buckets[i];
    }
    uint64_t seen = 0;
    for (unsigned i = 0; i < BUCKETS; i++) {
        seen += buckets[i];
        if ((double)seen >= share * (double)total) {
            return i / 10.0;
        }
    }
    return 0;
}

static void wait_for_acks(int epoll, Device *devices, int wait_ms, bool goes_on) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, wait_ms);
    for (int i = 0; i < count; i++) {
        Device *device = &devices[events[i].data.u32];
        take_ack(device);
        if (goes_on && !device->is_waiting) {
            send_next(device, events[i].data.u32);
        }
    }
}

/* Datagrams may be lost. */
static void send_again(Device *devices, unsigned count) {
    double now = now_s();
    for (unsigned i = 0; i < count; i++) {
        if (devices[i].is_waiting && now - devices[i].sent_s >= UDP_AGAIN_S) {
            send_next(&devices[i], i);
        }
    }
}

static void connect_all(int epoll, Device *devices, unsigned count, uint16_t port) {
    for (unsigned i = 0; i < count; i++) {
        devices[i].fd = connect_one(i, port);
        struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = i}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, devices[i].fd, &event);
        send_next(&devices[i], i);
        while (is_udp && i + 1 - confirmed >= UDP_AT_ONCE) {
            wait_for_acks(epoll, devices, 100, false);
            send_again(devices, i + 1);
        }
        if (i % 256 == 255) {
            wait_for_acks(epoll, devices, 0, false);
        }
    }
    while (confirmed < count) {
        wait_for_acks(epoll, devices, 100, false);
        if (is_udp) {
            send_again(devices, count);
        }
    }
}

/* --- the two things it does ---------------------------------------------------------------------
 */

/* A device that the centre has cut off has bytes or an end to read; a patient one has neither. */
static int stay(Device *devices, unsigned count) {
    (void)getchar();
    unsigned gone = 0;
    for (unsigned i = 0; i < count; i++) {
        uint8_t byte = 0;
        ssize_t got = recv(devices[i].fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        gone += got == 0 || (got < 0 && errno != EAGAIN);
    }
    if (gone > 0) {
        fprintf(stderr, "%u of %u were cut off\n", gone, count);
    }
    return gone > 0;
}

/* What is due by now; a device that still waits is passed over, and when all wait it is late. */
static void send_due(Device *devices, unsigned count, double elapsed_s, unsigned rate) {
    static uint64_t sent;
    static unsigned next;
    for (unsigned passed = 0; sent < (uint64_t)(elapsed_s * rate) && passed < count; passed++) {
        if (!devices[next].is_waiting) {
            send_next(&devices[next], next);
            sent++;
        }
        next = (next + 1) % count;
    }
}

static double run(int epoll, Device *devices, unsigned count, double seconds, unsigned rate) {
    double begun_s = now_s();
    double timed_s = begun_s;
    double at_s = begun_s;
    for (unsigned i = 0; rate == 0 && i < count; i++) {
        send_next(&devices[i], i);
    }
    while (at_s - begun_s < seconds) {
        wait_for_acks(epoll, devices, rate == 0 ? 100 : 1, rate == 0);
        at_s = now_s();
        if (at_s - timed_s >= 1) {
            timed_s = at_s;
            set_time();
        }
        if (rate > 0) {
            send_due(devices, count, at_s - begun_s, rate);
        }
    }
    return at_s - begun_s;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr,
                "usage: gateway_load PORT DEVICES SECONDS|idle|idle-udp "
                "[EDGE_EVERY [FIRST [RATE]]]\n");
        return 2;
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    is_udp = strcmp(argv[3], "idle-udp") == 0;
    bool is_idle = is_udp || strcmp(argv[3], "idle") == 0;
    unsigned port = number_of(argv[1]);
    unsigned count = number_of(argv[2]);
    double seconds = is_idle ? 0 : number_of(argv[3]);
    edge_every = argc > 4 ? number_of(argv[4]) : 0;
    first_address = argc > 5 ? number_of(argv[5]) : first_address;
    unsigned rate = argc > 6 ? number_of(argv[6]) : 0;
    Device *devices = calloc(count, sizeof *devices);
    int epoll = epoll_create1(0);
    make_template();
    set_time();
    connect_all(epoll, devices, count, (uint16_t)port);
    printf("{\"connected\": %u}\n", count);
    fflush(stdout);
    if (is_idle) {
        return stay(devices, count);
    }
    confirmed = 0;
    memset(buckets, 0, sizeof buckets);
    double ran_s = run(epoll, devices, count, seconds, rate);
    printf("{\"confirmed\": %llu, \"seconds\": %.3f, \"median_ms\": %.1f, \"p99_ms\": %.1f}\n",
           (unsigned long long)confirmed,
           ran_s,
           percentile(0.5),
           percentile(0.99));
    return 0;
}
