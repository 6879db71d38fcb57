/*
 * Many devices of GB/T 26875.3 on one thread: each sends one frame a send and the next when that
 * one was confirmed. bench/gateway.py runs it.
 *
 *   gateway_load PORT DEVICES SECONDS [EDGE_EVERY [FIRST]]   every n-th frame of a device changes a
 *                                                      state (0: none); FIRST: address of the first
 *   gateway_load PORT DEVICES idle                     connects, one frame each, then waits for a
 *                                                      line on stdin
 *
 * Prints one line of JSON: frames confirmed, seconds, milliseconds of the median and the 99th of a
 * hundred. Exit 1 when a confirmation is not the one that was waited for.
 */
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
static uint64_t first_address = 1000000;

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

static int connect_one(unsigned number, uint16_t port) {
    struct sockaddr_in from = {.sin_family = AF_INET,
                               .sin_addr = {htonl(INADDR_LOOPBACK + number / PER_ADDRESS)}};
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
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

static void wait_for_acks(int epoll, Device *devices, bool goes_on) {
    struct epoll_event events[EVENTS];
    int count = epoll_wait(epoll, events, EVENTS, 100);
    for (int i = 0; i < count; i++) {
        Device *device = &devices[events[i].data.u32];
        take_ack(device);
        if (goes_on && !device->is_waiting) {
            send_next(device, events[i].data.u32);
        }
    }
}

static void connect_all(int epoll, Device *devices, unsigned count, uint16_t port) {
    for (unsigned i = 0; i < count; i++) {
        devices[i].fd = connect_one(i, port);
        struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = i}};
        epoll_ctl(epoll, EPOLL_CTL_ADD, devices[i].fd, &event);
        send_next(&devices[i], i);
        if (i % 256 == 255) {
            wait_for_acks(epoll, devices, false);
        }
    }
    while (confirmed < count) {
        wait_for_acks(epoll, devices, false);
    }
}

static unsigned number_of(const char *text) {
    unsigned number = 0;
    if (sscanf(text, "%u", &number) != 1) {
        fprintf(stderr, "\"%s\" is no number\n", text);
        exit(2);
    }
    return number;
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: gateway_load PORT DEVICES SECONDS|idle [EDGE_EVERY [FIRST]]\n");
        return 2;
    }
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    bool is_idle = strcmp(argv[3], "idle") == 0;
    unsigned port = number_of(argv[1]);
    unsigned count = number_of(argv[2]);
    double seconds = is_idle ? 0 : number_of(argv[3]);
    edge_every = argc > 4 ? number_of(argv[4]) : 0;
    first_address = argc > 5 ? number_of(argv[5]) : first_address;
    Device *devices = calloc(count, sizeof *devices);
    int epoll = epoll_create1(0);
    make_template();
    set_time();
    connect_all(epoll, devices, count, (uint16_t)port);
    if (is_idle) {
        printf("{\"connected\": %u}\n", count);
        fflush(stdout);
        (void)getchar();
        return 0;
    }
    confirmed = 0;
    memset(buckets, 0, sizeof buckets);
    double begun_s = now_s();
    double timed_s = begun_s;
    for (unsigned i = 0; i < count; i++) {
        send_next(&devices[i], i);
    }
    double at_s = begun_s;
    while (at_s - begun_s < seconds) {
        wait_for_acks(epoll, devices, true);
        at_s = now_s();
        if (at_s - timed_s >= 1) {
            timed_s = at_s;
            set_time();
        }
    }
    printf("{\"confirmed\": %llu, \"seconds\": %.3f, \"median_ms\": %.1f, \"p99_ms\": %.1f}\n",
           (unsigned long long)confirmed,
           at_s - begun_s,
           percentile(0.5),
           percentile(0.99));
    return 0;
}
