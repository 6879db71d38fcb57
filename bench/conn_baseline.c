/*
 * The comparison of bench/connections.mjs: the least program that can hold the same connections
 * with libmicrohttpd in epoll mode, without sessions, workers, templates or a database. /events is
 * an endless stream that is suspended between heartbeats, everything else answers "ok".
 */
#include <microhttpd.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEARTBEAT_S 15
#define STREAMS_MAX 32768

typedef struct Stream {
    struct MHD_Connection *connection;
    bool is_suspended, has_bytes;
} Stream;

static Stream streams[STREAMS_MAX];
static size_t stream_count;

static ssize_t read_events(void *cls, uint64_t position, char *buffer, size_t max) {
    (void)position;
    (void)max;
    Stream *stream = cls;
    if (stream->has_bytes) {
        stream->has_bytes = false;
        memcpy(buffer, ": \n\n", 4);
        return 4;
    }
    stream->is_suspended = true;
    MHD_suspend_connection(stream->connection);
    return 0;
}

static enum MHD_Result answer_events(struct MHD_Connection *connection) {
    if (stream_count == STREAMS_MAX) {
        return MHD_NO;
    }
    Stream *stream = &streams[stream_count++];
    *stream = (Stream){.connection = connection, .has_bytes = true};
    struct MHD_Response *response =
        MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, read_events, stream, NULL);
    MHD_add_response_header(response, "Content-Type", "text/event-stream");
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *cls,
                                  struct MHD_Connection *connection,
                                  const char *url,
                                  const char *method,
                                  const char *version,
                                  const char *upload_data,
                                  size_t *upload_data_size,
                                  void **con_cls) {
    (void)cls;
    (void)method;
    (void)version;
    (void)upload_data;
    (void)upload_data_size;
    static char begun;
    if (*con_cls == NULL) {
        *con_cls = &begun;
        return MHD_YES;
    }
    if (strcmp(url, "/events") == 0) {
        return answer_events(connection);
    }
    struct MHD_Response *response =
        MHD_create_response_from_buffer(3, (void *)(uintptr_t) "ok\n", MHD_RESPMEM_PERSISTENT);
    enum MHD_Result result = MHD_queue_response(connection, 200, response);
    MHD_destroy_response(response);
    return result;
}

static void beat(void) {
    for (size_t i = 0; i < stream_count; i++) {
        streams[i].has_bytes = true;
        if (streams[i].is_suspended) {
            streams[i].is_suspended = false;
            MHD_resume_connection(streams[i].connection);
        }
    }
}

static void serve(struct MHD_Daemon *daemon) {
    int epoll_fd = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
    time_t last = 0;
    for (;;) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - last >= HEARTBEAT_S) {
            last = now.tv_sec;
            beat();
        }
        MHD_run(daemon);
        MHD_UNSIGNED_LONG_LONG wait_ms = 1000;
        (void)MHD_get_timeout(daemon, &wait_ms);
        struct pollfd ready = {.fd = epoll_fd, .events = POLLIN};
        poll(&ready, 1, wait_ms < 1000 ? (int)wait_ms : 1000);
    }
}

int main(void) {
    struct rlimit limit;
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t size = sizeof address;
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) != 0 || listen(fd, 4096) != 0 ||
        getsockname(fd, (struct sockaddr *)&address, &size) != 0) {
        perror("listen");
        return 3;
    }
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME,
                                                 0,
                                                 NULL,
                                                 NULL,
                                                 on_request,
                                                 NULL,
                                                 MHD_OPTION_LISTEN_SOCKET,
                                                 fd,
                                                 MHD_OPTION_CONNECTION_LIMIT,
                                                 24000u,
                                                 MHD_OPTION_CONNECTION_MEMORY_LIMIT,
                                                 (size_t)8192,
                                                 MHD_OPTION_CONNECTION_TIMEOUT,
                                                 600u,
                                                 MHD_OPTION_END);
    if (daemon == NULL) {
        return 3;
    }
    printf("listening on http://127.0.0.1:%u\n", ntohs(address.sin_port));
    fflush(stdout);
    serve(daemon);
}
