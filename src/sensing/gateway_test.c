/* Devices on real sockets, ingest and both engines: what is confirmed is stored. */
#include "base/clock.h"
#include "base/limits.h"
#include "ledger/ledger.h"
#include "sensing/gateway_internal.h"
#include "test_db.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define PANEL 777
#define SMOKE_DETECTOR 42

/* --- a server of its own ------------------------------------------------------------------------
 */

typedef struct Centre {
    TestDb *fresh;
    Db *db; /* the test's own look */
    Ingest *ingest;
    Gateway *gateway;
    bool refuse_unknown;
    unsigned connections_max; /* 0: as installed */
} Centre;

static void centre_start(Centre *centre) {
    g_autoptr(GError) error = NULL;
    const IngestOptions ingest = {
        .db_url = test_db_url(centre->fresh),
        .refuse_unknown = centre->refuse_unknown,
    };
    const GatewayOptions gateway = {.per_address_max = 200,
                                    .connections_max = centre->connections_max};
    centre->ingest = ingest_start(&ingest, &error);
    g_assert_no_error(error);
    centre->gateway = gateway_start(&gateway, centre->ingest, &error);
    g_assert_no_error(error);
}

static void centre_stop(Centre *centre) {
    gateway_stop(centre->gateway);
    ingest_stop(centre->ingest);
    gateway_free(centre->gateway);
}

static Centre centre_of(DbEngine engine, bool refuse_unknown, unsigned connections_max) {
    Centre centre = {.fresh = test_db_new(engine, NULL),
                     .refuse_unknown = refuse_unknown,
                     .connections_max = connections_max};
    centre.db = test_db_open(centre.fresh, DB_READ_WRITE);
    g_autoptr(GError) error = NULL;
    g_assert_true(ledger_complete(centre.db, &error));
    centre_start(&centre);
    return centre;
}

static Centre centre_new(DbEngine engine, bool refuse_unknown) {
    return centre_of(engine, refuse_unknown, 0);
}

static void centre_free(Centre *centre) {
    centre_stop(centre);
    db_close(centre->db);
    test_db_free(centre->fresh);
}

#define COUNT(centre, literal, ...)                                                                \
    __extension__({                                                                                \
        g_autoptr(GError) count_error = NULL;                                                      \
        int64_t count_number = -1;                                                                 \
        db_query_int(                                                                              \
            (centre)->db, SQL(literal), DB_ARGS(__VA_ARGS__), &count_number, &count_error);        \
        g_assert_no_error(count_error);                                                            \
        count_number;                                                                              \
    })
#define EDGES(centre, kind)                                                                        \
    COUNT(centre, "SELECT count(*) FROM edge WHERE kind = $1", db_text(kind))

/* --- a device -----------------------------------------------------------------------------------
 */

typedef struct Device {
    int fd;
    uint64_t address;
    uint16_t serial;
    int64_t clock_us; /* added to the true time */
} Device;

static Device connect_device(const Centre *centre, int type, uint64_t address) {
    struct sockaddr_in to = {
        .sin_family = AF_INET,
        .sin_port = htons(gateway_port(centre->gateway)),
        .sin_addr = {htonl(INADDR_LOOPBACK)},
    };
    Device device = {.fd = socket(AF_INET, type, 0), .address = address};
    struct timeval patience = {.tv_sec = 20};
    g_assert_cmpint(device.fd, >=, 0);
    setsockopt(device.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    g_assert_cmpint(connect(device.fd, (struct sockaddr *)&to, sizeof to), ==, 0);
    return device;
}

static void say(const Device *device, const void *bytes, size_t size) {
    g_assert_cmpint(send(device->fd, bytes, size, MSG_NOSIGNAL), ==, (ssize_t)size);
}

/* Exactly one frame from the centre. */
static Gb26875Frame listen_once(const Device *device, uint8_t buffer[GB26875_FRAME_MAX]) {
    Gb26875Frame frame = {0};
    size_t size = 0;
    Gb26875Found found = GB26875_MORE;
    while (found == GB26875_MORE) {
        ssize_t got = recv(device->fd, buffer + size, size == 0 ? GB26875_FRAME_MIN : 1, 0);
        g_assert_cmpint(got, >, 0);
        size += (size_t)got;
        found = gb26875_scan(gb26875_profile(NULL), (FrameSlice){buffer, size}, false, &frame);
    }
    g_assert_cmpint(found, ==, GB26875_FRAME);
    return frame;
}

typedef struct Written {
    uint8_t bytes[GB26875_FRAME_MAX];
    size_t size;
} Written;

static Written write_frame(const Device *device, uint8_t command, const Gb26875Object *object) {
    Gb26875Head head = {.seq = device->serial,
                        .main_version = 1,
                        .src = device->address,
                        .dst = 1,
                        .command = command};
    const Gb26875Profile *profile = gb26875_profile(NULL);
    gb26875_time_put(profile, clock_now_us() + device->clock_us, head.time);
    Written written;
    written.size =
        object == NULL
            ? gb26875_encode(
                  profile, &head, (FrameSlice){NULL, 0}, written.bytes, sizeof written.bytes)
            : gb26875_encode_objects(profile,
                                     &head,
                                     object->type,
                                     NULL,
                                     object,
                                     1,
                                     written.bytes,
                                     sizeof written.bytes);
    g_assert_cmpuint(written.size, >, 0);
    return written;
}

static void expect(const Device *device, uint8_t command, uint16_t serial) {
    uint8_t buffer[GB26875_FRAME_MAX];
    Gb26875Frame answer = listen_once(device, buffer);
    g_assert_cmpint(answer.head.command, ==, command);
    g_assert_cmpuint(answer.head.seq, ==, serial);
    g_assert_cmpuint(answer.head.dst, ==, device->address);
}

/* Sends an object as a new message and waits for its confirmation. */
static Written tell(Device *device, const Gb26875Object *object) {
    Written written = write_frame(device, GB26875_SEND, object);
    say(device, written.bytes, written.size);
    expect(device, GB26875_CONFIRM, device->serial++);
    return written;
}

static Gb26875Object with_time(Gb26875Object object, const Device *device) {
    gb26875_time_put(gb26875_profile(NULL), clock_now_us() + device->clock_us, object.time);
    object.has |= GB26875_HAS_TIME;
    return object;
}

static Gb26875Object detector(const Device *device, uint16_t state) {
    const Gb26875Object object = {
        .type = GB26875_COMPONENT_STATE,
        .has = GB26875_HAS_SYSTEM | GB26875_HAS_COMPONENT | GB26875_HAS_ADDRESS |
               GB26875_HAS_STATE | GB26875_HAS_TEXT,
        .system_type = 1,
        .system_address = 1,
        .component_type = SMOKE_DETECTOR,
        .address = 2 | 14 << 16,
        .state = state,
    };
    return with_time(object, device);
}

static Gb26875Object operation(const Device *device, uint8_t type, uint8_t flags) {
    const Gb26875Object object = {
        .type = type,
        .has = GB26875_HAS_FLAGS | (type == GB26875_OPERATION ? GB26875_HAS_SYSTEM : 0),
        .system_type = 1,
        .system_address = 1,
        .flags = flags,
        .operator_number = 3,
    };
    return with_time(object, device);
}

/* --- tests --------------------------------------------------------------------------------------
 */

static void test_whole_path(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
    tell(&panel, &fire);
    /* The confirmation was the promise; each look below is by another connection. */
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 1);
    g_assert_cmpint(EDGES(&centre, "first"), ==, 1);
    g_assert_cmpint(COUNT(&centre,
                          "SELECT count(*) FROM device WHERE code = $1 AND state = 'learning'",
                          db_text("777")),
                    ==,
                    1);
    tell(&panel, &fire); /* still burning: a sample, no edge */
    Gb26875Object fault = detector(&panel, GB26875_BIT_FIRE | GB26875_BIT_FAULT);
    Written again = tell(&panel, &fault);
    say(&panel, again.bytes, again.size); /* its confirmation was lost */
    expect(&panel, GB26875_CONFIRM, 2);
    Gb26875Object silence = operation(&panel, GB26875_OPERATION, GB26875_FLAG_SILENCE);
    Written operated = tell(&panel, &silence);
    say(&panel, operated.bytes, operated.size);
    expect(&panel, GB26875_CONFIRM, 3);
    g_assert_cmpint(EDGES(&centre, "operation"), ==, 1);
    g_assert_cmpint(EDGES(&centre, "fault"), ==, 1);
    /* The centre dies and comes back; the device says the last thing again. */
    close(panel.fd);
    centre_stop(&centre);
    centre_start(&centre);
    panel.fd = connect_device(&centre, SOCK_STREAM, PANEL).fd;
    say(&panel, operated.bytes, operated.size);
    expect(&panel, GB26875_CONFIRM, 3);
    g_assert_cmpint(EDGES(&centre, "operation"), ==, 1);
    Gb26875Object normal = detector(&panel, 0);
    panel.serial = 0; /* numbers begin anew: the same number is not the same message */
    tell(&panel, &normal);
    tell(&panel, &fire);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 3);
    g_assert_cmpint(COUNT(&centre,
                          "SELECT state_bits FROM point WHERE component_type = $1",
                          db_int(SMOKE_DETECTOR)),
                    ==,
                    GB26875_BIT_FIRE);
    close(panel.fd);
    centre_free(&centre);
}

static int64_t samples(const Centre *centre) {
    return COUNT(centre, "SELECT coalesce(sum(records), 0) FROM journal WHERE id > $1", db_int(0));
}

static void test_udp(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device panel = connect_device(&centre, SOCK_DGRAM, PANEL);
    tell(&panel, NULL); /* heartbeat */
    g_assert_cmpint(samples(&centre), ==, 1);
    /* Later numbers first: the old state is kept as a sample and changes nothing. */
    Gb26875Object normal = detector(&panel, 0);
    Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
    tell(&panel, &normal);
    Written late = write_frame(&panel, GB26875_SEND, &fire);
    panel.clock_us = 5 * CLOCK_SECOND_US;
    panel.serial++;
    Gb26875Object shield = detector(&panel, GB26875_BIT_SHIELD);
    tell(&panel, &shield);
    say(&panel, late.bytes, late.size);
    expect(&panel, GB26875_CONFIRM, 2);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 0);
    g_assert_cmpint(EDGES(&centre, "shield"), ==, 1);
    /* A reset that is overtaken by a fire does not end it. */
    Gb26875Object reset = operation(&panel, GB26875_OPERATION, GB26875_FLAG_RESET);
    late = write_frame(&panel, GB26875_SEND, &reset);
    uint16_t serial = panel.serial++;
    fire = detector(&panel, GB26875_BIT_SHIELD | GB26875_BIT_FIRE);
    tell(&panel, &fire);
    say(&panel, late.bytes, late.size);
    expect(&panel, GB26875_CONFIRM, serial);
    g_assert_cmpint(EDGES(&centre, "operation"), ==, 1);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 1);
    close(panel.fd);
    centre_free(&centre);
}

/* A device that gave its connection up says all again by a new one. What the network then still
 * brings of the old one is confirmed and changes nothing: else the next fire would be no change. */
static void test_left_connection(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device old = connect_device(&centre, SOCK_STREAM, PANEL);
    tell(&old, NULL);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    panel.serial = old.serial;
    Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
    Written first = tell(&panel, &fire);
    uint16_t serial = (uint16_t)(panel.serial - 1);
    panel.clock_us = 5 * CLOCK_SECOND_US;
    Gb26875Object normal = detector(&panel, 0);
    tell(&panel, &normal);
    for (unsigned i = 0; i <= RECENT_KEYS; i++) {
        tell(&panel, NULL);
    }
    say(&old, first.bytes, first.size);
    expect(&old, GB26875_CONFIRM, serial);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 2);
    panel.clock_us = 10 * CLOCK_SECOND_US;
    fire = detector(&panel, GB26875_BIT_FIRE);
    tell(&panel, &fire);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 3);
    close(old.fd);
    close(panel.fd);
    centre_free(&centre);
}

/* A clock that jumps, stands still or was never set must not hide a fire. */
static void test_clocks(DbEngine engine) {
    static const int64_t jumps_s[] = {0, -86400 * 3, 3600, -3600, 86400 * 400, -30, 45};
    Centre centre = centre_new(engine, false);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    for (size_t i = 0; i < G_N_ELEMENTS(jumps_s); i++) {
        panel.clock_us = jumps_s[i] * CLOCK_SECOND_US;
        panel.serial = 0;
        Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
        Gb26875Object normal = detector(&panel, 0);
        tell(&panel, &fire);
        tell(&panel, &normal);
    }
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 2 * G_N_ELEMENTS(jumps_s));
    /* What the clock says impossibly is replaced by the time of receipt. */
    int64_t now_us = clock_now_us();
    g_assert_cmpint(COUNT(&centre,
                          "SELECT count(*) FROM edge WHERE time_us > $1 OR time_us < $2",
                          db_int(now_us + 600 * CLOCK_SECOND_US),
                          db_int(now_us - 2 * CLOCK_DAY_US)),
                    ==,
                    0);
    close(panel.fd);
    centre_free(&centre);
}

/* What broke another implementation (reference/iot.md 6 b, c), and a reset. */
static void test_defects(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device cut = connect_device(&centre, SOCK_STREAM, 5);
    Written whole = write_frame(&cut, GB26875_SEND, NULL);
    say(&cut, whole.bytes, whole.size - 4);
    close(cut.fd);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    whole = write_frame(&panel, GB26875_SEND, NULL);
    Written oversize = whole;
    oversize.bytes[24] = 0;
    oversize.bytes[25] = 16; /* 4096 bytes */
    say(&panel, oversize.bytes, oversize.size);
    for (int i = 0; i < 50; i++) {
        panel.serial = (uint16_t)(100 + i);
        whole = write_frame(&panel, GB26875_SEND, NULL);
        say(&panel, whole.bytes, whole.size);
    }
    for (unsigned confirmed = 0; confirmed < 50;) {
        uint8_t buffer[GB26875_FRAME_MAX];
        Gb26875Frame answer = listen_once(&panel, buffer);
        if (answer.head.command == GB26875_CONFIRM) {
            g_assert_cmpuint(answer.head.seq, ==, 100 + confirmed);
            confirmed++;
        }
    }
    panel.serial = 200;
    Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
    Gb26875Object reset = operation(&panel, GB26875_OPERATION, GB26875_FLAG_RESET);
    tell(&panel, &fire);
    tell(&panel, &reset);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 2); /* on, and over by the reset */
    close(panel.fd);
    centre_free(&centre);
}

static void register_panel(const Centre *centre, const char *state) {
    test_db_exec(centre->db,
                 "UPDATE device SET state = $1, version = version + 1, changed_us = $2",
                 db_text(state),
                 db_int(clock_now_us()));
}

static int64_t add_command(const Centre *centre, SensingCommandKind kind, int64_t minutes) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    const SensingCommand command = {.kind = kind, .device_id = 1, .minutes = minutes};
    int64_t id = 0;
    db_begin(centre->db, &tx, &error);
    sensing_command_add(centre->db, &command, clock_now_us(), &id, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
    return id;
}

static void await_state(const Centre *centre, int64_t id, const char *state) {
    for (int i = 0; COUNT(centre,
                          "SELECT count(*) FROM device_command WHERE id = $1 AND state = $2",
                          db_int(id),
                          db_text(state)) == 0;
         i++) {
        g_assert_cmpint(i, <, 2000);
        g_usleep(10000);
    }
}

static void test_commands(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    tell(&panel, NULL);
    register_panel(&centre, "active");
    int64_t duty = add_command(&centre, SENSING_DUTY_CHECK, 10);
    uint8_t buffer[GB26875_FRAME_MAX];
    Gb26875Frame asked = listen_once(&panel, buffer);
    g_assert_cmpint(asked.type, ==, GB26875_DUTY_CHECK);
    g_assert_cmpint(asked.head.command, ==, GB26875_CONTROL);
    uint16_t own = panel.serial;
    panel.serial = asked.head.seq;
    Written confirm = write_frame(&panel, GB26875_CONFIRM, NULL);
    say(&panel, confirm.bytes, confirm.size);
    await_state(&centre, duty, "confirmed");
    panel.serial = own;
    Gb26875Object answer = operation(&panel, GB26875_DEVICE_OPERATION, GB26875_FLAG_DUTY_ANSWER);
    tell(&panel, &answer);
    await_state(&centre, duty, "answered");
    g_assert_cmpint(EDGES(&centre, "duty-answer"), ==, 1);
    g_assert_cmpint(COUNT(&centre,
                          "SELECT count(*) FROM ledger_entry WHERE type = $1",
                          db_text("device.command")),
                    ==,
                    1);
    close(panel.fd);
    /* Nobody is there any more: that is said, not waited for. */
    int64_t lost = add_command(&centre, SENSING_CLOCK_SYNC, 0);
    await_state(&centre, lost, "failed");
    centre_free(&centre);
}

/* A sign of life in any dialect is one, and does not change what the device is taken for. */
static void test_dialects(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    tell(&panel, NULL); /* the standard knows no empty upload; makers send it as heartbeat */
    Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
    tell(&panel, &fire);
    tell(&panel, NULL);
    g_assert_cmpint(
        COUNT(&centre, "SELECT count(*) FROM device WHERE profile = $1", db_text("standard")),
        ==,
        1);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 1);
    close(panel.fd);
    centre_free(&centre);
}

static void test_refuses_unknown(DbEngine engine) {
    Centre centre = centre_new(engine, true);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    Written written = write_frame(&panel, GB26875_SEND, NULL);
    say(&panel, written.bytes, written.size);
    expect(&panel, GB26875_DENY, 0);
    g_assert_cmpint(COUNT(&centre, "SELECT count(*) FROM device WHERE id > $1", db_int(0)), ==, 0);
    close(panel.fd);
    centre_free(&centre);
}

/* Floods, garbage, and connections that say nothing do not keep others from being heard. */
static void test_hostile(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device silent[150];
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++) {
        silent[i] = connect_device(&centre, SOCK_STREAM, 1);
        say(&silent[i], "@", 1);
    }
    Device flood = connect_device(&centre, SOCK_STREAM, 666);
    g_autoptr(GByteArray) garbage = g_byte_array_new();
    for (int i = 0; i < 2000; i++) {
        Written heartbeat = write_frame(&flood, GB26875_SEND, NULL);
        flood.serial++;
        g_byte_array_append(garbage, heartbeat.bytes, (guint)heartbeat.size);
        g_byte_array_append(garbage, (const guint8 *)"@@nonsense##", 12);
    }
    (void)send(flood.fd, garbage->data, garbage->len, MSG_NOSIGNAL | MSG_DONTWAIT);
    Device noise = connect_device(&centre, SOCK_STREAM, 667);
    g_autofree uint8_t *zeros = g_malloc0(64 * 1024);
    (void)send(noise.fd, zeros, 64 * 1024, MSG_NOSIGNAL | MSG_DONTWAIT);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
    tell(&panel, &fire);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 1);
    uint8_t byte = 0;
    g_assert_cmpint(recv(noise.fd, &byte, 1, 0), <=, 0); /* only noise: it was closed */
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++) {
        close(silent[i].fd);
    }
    close(flood.fd);
    close(noise.fd);
    close(panel.fd);
    centre_free(&centre);
}

/* Connections that say nothing hold every place: the next device gets that of the oldest. */
static void test_crowd(DbEngine engine) {
    Centre centre = centre_of(engine, false, 8);
    Device known = connect_device(&centre, SOCK_STREAM, 555);
    tell(&known, NULL);
    Device silent[20];
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++) {
        silent[i] = connect_device(&centre, SOCK_STREAM, 1);
    }
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
    tell(&panel, &fire);
    tell(&known, NULL); /* who has said something stays */
    uint8_t byte = 0;
    g_assert_cmpint(recv(silent[0].fd, &byte, 1, 0), <=, 0);
    for (size_t i = 0; i < G_N_ELEMENTS(silent); i++) {
        close(silent[i].fd);
    }
    close(known.fd);
    close(panel.fd);
    centre_free(&centre);
}

/* Senders of datagrams can be invented: they take no place of connections, and each other's only
 * until the next word. */
static void test_senders(DbEngine engine) {
    Centre centre = centre_of(engine, false, 8);
    Device senders[20];
    for (size_t i = 0; i < G_N_ELEMENTS(senders); i++) {
        senders[i] = connect_device(&centre, SOCK_DGRAM, 100 + i);
        tell(&senders[i], NULL);
    }
    tell(&senders[0], NULL);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
    tell(&panel, &fire);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 1);
    for (size_t i = 0; i < G_N_ELEMENTS(senders); i++) {
        close(senders[i].fd);
    }
    close(panel.fd);
    centre_free(&centre);
}

static NetAddress address_of(const char *text, bool is_udp) {
    struct sockaddr_storage address = {0};
    bool is_ip = uv_ip4_addr(text, 0, (struct sockaddr_in *)&address) == 0 ||
                 uv_ip6_addr(text, 0, (struct sockaddr_in6 *)&address) == 0;
    g_assert_true(is_ip);
    return net_address_of((struct sockaddr *)&address, is_udp);
}

/* What one address sends too much, others are not asked for; leaving does not make it new. */
static void test_sources(void) {
    Net net = {.per_address_max = 2, .round = 1};
    g_assert_cmpint(uv_loop_init(&net.loop), ==, 0);
    net.addresses = net_sources_new();
    NetAddress one = address_of("10.0.0.1", false);
    NetAddress datagrams = address_of("10.0.0.1", true);
    NetSource *source = net_source_take(&net, &one);
    g_assert_true(net_source_take(&net, &one) == source);
    g_assert_null(net_source_take(&net, &one));
    NetSource *other = net_source_take(&net, &datagrams);
    g_assert_nonnull(other);
    unsigned resumed = 0;
    while (net_source_resumes(&net, source)) {
        resumed++;
    }
    g_assert_cmpuint(resumed, >, 100);
    unsigned frames = 0;
    for (; net_source_has_tokens(&net, source); frames++) {
        net_source_spend(&net, source);
    }
    g_assert_cmpuint(frames, ==, 4 * LIMIT_DEVICE_BURST);
    net.round++;
    g_assert_false(net_source_resumes(&net, source));
    g_assert_true(net_source_has_tokens(&net, other));
    net_source_give(&net, source);
    net_source_give(&net, source);
    net_sources_tick(&net);
    source = net_source_take(&net, &one);
    g_assert_false(net_source_has_tokens(&net, source));
    net_source_give(&net, other);
    g_assert_cmpuint(g_hash_table_size(net.addresses), ==, 1); /* nothing to remember of it */
    /* whoever has one IPv6 address has 2^64 of them */
    NetAddress six = address_of("2001:db8::1", false);
    NetAddress neighbour = address_of("2001:db8::2", false);
    NetAddress mapped = address_of("::ffff:10.0.0.1", false);
    g_assert_cmpmem(&six, sizeof six, &neighbour, sizeof neighbour);
    g_assert_cmpmem(&mapped, sizeof mapped, &one, sizeof one);
    g_hash_table_unref(net.addresses);
    g_assert_cmpint(uv_loop_close(&net.loop), ==, 0);
}

/* Whoever has the address that a datagram names gets one answer to it, not one for each thing in it
 * that looks like the head of a frame. */
static void test_datagram_garbage(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device panel = connect_device(&centre, SOCK_DGRAM, PANEL);
    Written good = write_frame(&panel, GB26875_SEND, NULL);
    Written broken = good;
    broken.bytes[broken.size - 3] ^= 1;
    g_autoptr(GByteArray) datagram = g_byte_array_new();
    g_byte_array_append(datagram, good.bytes, (guint)good.size);
    for (int i = 0; i < 20; i++) {
        g_byte_array_append(datagram, broken.bytes, (guint)broken.size);
    }
    say(&panel, datagram->data, datagram->len);
    expect(&panel, GB26875_CONFIRM, 0);
    panel.serial = 1;
    tell(&panel, NULL); /* what comes next is its confirmation */
    close(panel.fd);
    centre_free(&centre);
}

/* --- whom a question reaches ---------------------------------------------------------------------
 */

/* The frame that the centre asks with, and the device's confirmation of it. */
static void expect_question(Device *device, uint8_t type, uint64_t address) {
    uint8_t buffer[GB26875_FRAME_MAX];
    Gb26875Frame asked = listen_once(device, buffer);
    g_assert_cmpint(asked.type, ==, type);
    g_assert_cmpuint(asked.head.dst, ==, address);
    Device one = *device;
    one.address = address;
    one.serial = asked.head.seq;
    Written confirm = write_frame(&one, GB26875_CONFIRM, NULL);
    say(device, confirm.bytes, confirm.size);
}

/* Officers ask twice: the second question waits for the answer to the first. */
static void test_questions_wait(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    tell(&panel, NULL);
    register_panel(&centre, "active");
    int64_t duty = add_command(&centre, SENSING_DUTY_CHECK, 10);
    int64_t clock = add_command(&centre, SENSING_CLOCK_SYNC, 0);
    await_state(&centre, clock, "sent");
    expect_question(&panel, GB26875_DUTY_CHECK, PANEL);
    expect_question(&panel, GB26875_SET_CLOCK, PANEL);
    await_state(&centre, duty, "confirmed");
    await_state(&centre, clock, "confirmed");
    close(panel.fd);
    centre_free(&centre);
}

/* A box may speak for several devices. One that invents a thousand is not remembered for each. */
static void test_boxes(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device box = connect_device(&centre, SOCK_STREAM, PANEL);
    tell(&box, NULL);
    register_panel(&centre, "active"); /* device 1 */
    box.address = PANEL + 1;
    tell(&box, NULL);
    int64_t asked = add_command(&centre, SENSING_CLOCK_SYNC, 0);
    expect_question(&box, GB26875_SET_CLOCK, PANEL);
    await_state(&centre, asked, "confirmed");
    for (uint64_t i = 0; i < 70; i++) {
        box.address = PANEL + 2 + i;
        tell(&box, NULL);
    }
    asked = add_command(&centre, SENSING_CLOCK_SYNC, 0);
    await_state(&centre, asked, "failed");
    box.address = PANEL;
    tell(&box, NULL);
    asked = add_command(&centre, SENSING_CLOCK_SYNC, 0);
    expect_question(&box, GB26875_SET_CLOCK, PANEL);
    await_state(&centre, asked, "confirmed");
    close(box.fd);
    centre_free(&centre);
}

/* A centre that was away asks again what it had asked, but nothing of last night. */
static void test_old_questions(DbEngine engine) {
    Centre centre = centre_new(engine, false);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    tell(&panel, NULL);
    register_panel(&centre, "active");
    close(panel.fd);
    centre_stop(&centre);
    int64_t old = add_command(&centre, SENSING_DUTY_CHECK, 10);
    int64_t fresh = add_command(&centre, SENSING_CLOCK_SYNC, 0);
    test_db_exec(centre.db,
                 "UPDATE device_command SET state = 'sent', created_us = created_us - $2 "
                 "WHERE id = $1",
                 db_int(old),
                 db_int(3600 * CLOCK_SECOND_US));
    centre_start(&centre);
    await_state(&centre, old, "failed");
    await_state(&centre, fresh, "failed"); /* nobody is there */
    g_assert_cmpint(COUNT(&centre,
                          "SELECT count(*) FROM device_command WHERE id = $1 AND failure = $2",
                          db_int(old),
                          db_text("expired")),
                    ==,
                    1);
    centre_free(&centre);
}

/* --- what is left
 * ---------------------------------------------------------------------------------
 */

/* A full disk: nothing is confirmed, nothing is forgotten; when there is room again, all is. */
static void test_full_disk(void) {
    Centre centre = centre_new(DB_ENGINE_SQLITE, false);
    Device panel = connect_device(&centre, SOCK_STREAM, PANEL);
    Gb26875Object fire = detector(&panel, GB26875_BIT_FIRE);
    tell(&panel, NULL);
    struct rlimit was;
    getrlimit(RLIMIT_FSIZE, &was);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit full = {.rlim_cur = 4096, .rlim_max = was.rlim_max};
    setrlimit(RLIMIT_FSIZE, &full);
    Written written = write_frame(&panel, GB26875_SEND, &fire);
    say(&panel, written.bytes, written.size);
    struct timeval brief = {.tv_usec = 300000};
    setsockopt(panel.fd, SOL_SOCKET, SO_RCVTIMEO, &brief, sizeof brief);
    uint8_t byte = 0;
    g_assert_cmpint(recv(panel.fd, &byte, 1, MSG_PEEK), ==, -1); /* silence */
    setrlimit(RLIMIT_FSIZE, &was);
    struct timeval patience = {.tv_sec = 20};
    setsockopt(panel.fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    expect(&panel, GB26875_CONFIRM, 1);
    g_assert_cmpint(EDGES(&centre, "fire"), ==, 1);
    close(panel.fd);
    centre_free(&centre);
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    test_db_add("/gateway/what-is-confirmed-is-stored", test_whole_path);
    test_db_add("/gateway/datagrams-may-overtake-each-other", test_udp);
    test_db_add("/gateway/left-connection-changes-nothing", test_left_connection);
    test_db_add("/gateway/no-clock-hides-a-fire", test_clocks);
    test_db_add("/gateway/known-defects-of-others", test_defects);
    test_db_add("/gateway/commands-end", test_commands);
    test_db_add("/gateway/questions-wait-for-each-other", test_questions_wait);
    test_db_add("/gateway/a-box-speaks-for-several-devices", test_boxes);
    test_db_add("/gateway/nothing-of-last-night-is-asked", test_old_questions);
    test_db_add("/gateway/garbage-in-datagrams-is-not-answered", test_datagram_garbage);
    test_db_add("/gateway/signs-of-life-in-any-dialect", test_dialects);
    test_db_add("/gateway/refuses-unknown-devices-when-told", test_refuses_unknown);
    test_db_add("/gateway/hostile-devices-do-not-stop-others", test_hostile);
    test_db_add("/gateway/silent-connections-give-way", test_crowd);
    test_db_add("/gateway/invented-senders-give-way", test_senders);
    g_test_add_func("/gateway/a-flooding-address-slows-itself-alone", test_sources);
    g_test_add_func("/gateway/full-disk-confirms-nothing", test_full_disk);
    return g_test_run();
}
