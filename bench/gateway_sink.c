/*
 * The comparison of bench/gateway.py: reads frames and confirms them at once, and does nothing
 * else: no check, no meaning, no storage. Prints its port, ends with its stdin.
 */
#include <arpa/inet.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS 1024
#define FRAME_SIZE 78
#define ACK_SIZE 30

static void confirm(int fd, int epoll) {
    uint8_t frame[FRAME_SIZE];
    ssize_t size = recv(fd, frame, sizeof frame, 0);
    if (size <= 0) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL);
        close(fd);
        return;
    }
    uint8_t answer[ACK_SIZE];
    memcpy(answer, frame, 27);
    answer[26] = 3;
    answer[27] = 0;
    answer[28] = answer[29] = '#';
    if (send(fd, answer, sizeof answer, MSG_NOSIGNAL) != ACK_SIZE) {
        close(fd);
    }
}

int main(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof here;
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    int epoll = epoll_create1(0);
    if (bind(listener, (struct sockaddr *)&here, sizeof here) != 0 || listen(listener, 1024) != 0 ||
        getsockname(listener, (struct sockaddr *)&here, &size) != 0) {
        return 1;
    }
    printf("%u\n", ntohs(here.sin_port));
    fflush(stdout);
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = listener}};
    epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
    event.data.fd = STDIN_FILENO;
    epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &event);
    struct epoll_event events[EVENTS];
    while (1) {
        int count = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < count; i++) {
            int fd = events[i].data.fd;
            if (fd == STDIN_FILENO) {
                return 0;
            }
            if (fd == listener) {
                event.data.fd = accept(listener, NULL, NULL);
                epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
            } else {
                confirm(fd, epoll);
            }
        }
    }
}
