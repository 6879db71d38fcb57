/*
 * The city's devices and what they tell: who is registered, the state of each point, and the edges
 * (changes that matter). Thread: that of the Db.
 *
 * A device is what speaks to us: a user information transmission device (用户信息传输装置), an MQTT
 * or HTTP sensor. A point is what it reports on: a smoke detector, a pump, or the system as a
 * whole. An edge is one change of one point (or of the device itself); unchanged state and analog
 * values are samples and never become edges.
 */
#pragma once

#include "registry/registry.h"
#include "web/module.h"

extern const Module sensing_module;

/* What changed. The words are those of table `edge`, JSON and URLs; never renumber. */
typedef enum EdgeKind {
    EDGE_FIRE,         /* "fire" 火警 (state bit 1) */
    EDGE_FAULT,        /* "fault" 故障 (bit 2) */
    EDGE_SHIELD,       /* "shield" 屏蔽 (bit 3) */
    EDGE_SUPERVISE,    /* "supervise" 监管 (bit 4) */
    EDGE_START,        /* "start" 启动或开启 (bit 5) */
    EDGE_FEEDBACK,     /* "feedback" 反馈 (bit 6) */
    EDGE_DELAY,        /* "delay" 延时 (bit 7) */
    EDGE_MAIN_POWER,   /* "main-power" 主电故障 (also the component's power fault) */
    EDGE_BACKUP_POWER, /* "backup-power" 备电故障 */
    EDGE_BUS,          /* "bus" 总线故障 */
    EDGE_LINK, /* "link" 与监控中心通信信道故障, 监测连接线路故障 of the device */
    EDGE_MANUAL,      /* "manual" 手动状态 (bit 11); off: automatic */
    EDGE_CONFIG,      /* "config" 配置改变 */
    EDGE_RESET,       /* "reset" 复位 */
    EDGE_OPERATION,   /* "operation": an operation record; value holds the flags */
    EDGE_DUTY_ANSWER, /* "duty-answer" 查岗应答 */
    EDGE_LIMIT,       /* "limit": an analog value left its limits (on) or is back (off) */
    EDGE_ONLINE,      /* "online": the device was heard after silence (on), fell silent (off) */
    EDGE_FIRST,       /* "first": first contact of a device or point that nobody registered */
    EDGE_KIND_COUNT,
} EdgeKind;
const char *edge_kind_word(EdgeKind kind);    /* "main-power" */
const char *edge_kind_name_zh(EdgeKind kind); /* "主电故障" */
bool edge_kind_parse(const char *word, EdgeKind *ret_kind);

/* One row of `edge`, or one that is about to become it. Texts are borrowed for the call. */
typedef struct SensingEdge {
    int64_t id;
    EdgeKind kind;
    bool is_on;    /* off: the state is over */
    int64_t value; /* operation flags, analog value in least units; else 0 */
    int64_t device_id;
    int64_t point_id;    /* 0: the device itself */
    int64_t building_id; /* 0: bound to none */
    int64_t unit_id;     /* 0: bound to none */
    const char *region;  /* region code; "" while the device is not bound */
    int64_t district;    /* as registry tables have it */
    const char *place;   /* "12 层 1203 室"; "" */
    const char *what;    /* "点型光电感烟火灾探测器 2 区 14 号" */
    int64_t time_us;     /* as the device has it; when its clock is wrong, received_us */
    int64_t received_us;
} SensingEdge;

/* What follows edges, in the transaction that stores them: the device hears "confirmed" only when
 * this has been committed too. Must be quick: no network, no waiting. Rooms above stand in
 * sensing_hooks (src/modules.c; ends with NULL). */
typedef bool (*SensingHook)(Db *db, const SensingEdge *edges, size_t count, GError **error);
extern const SensingHook sensing_hooks[];

/* --- commands to devices -------------------------------------------------------------------------
 */

/* What the centre may ask of a device. The words are those of device_command.kind. */
typedef enum SensingCommandKind {
    SENSING_DUTY_CHECK,  /* "duty" 查岗 (type 91); `minutes` to answer in */
    SENSING_CLOCK_SYNC,  /* "clock" (type 90) */
    SENSING_READ_DEVICE, /* "read-device": state of the device itself (type 81) */
    SENSING_READ_SYSTEM, /* "read-system": state of one system (type 61) */
    SENSING_READ_POINT,  /* "read-point": state of one component (type 62) */
    SENSING_READ_VALUE,  /* "read-value": analog value of one component (type 63) */
    SENSING_COMMAND_KIND_COUNT,
} SensingCommandKind;
const char *sensing_command_word(SensingCommandKind kind);

typedef struct SensingCommand {
    SensingCommandKind kind;
    int64_t device_id;
    int64_t minutes;    /* duty check: 1 to 255 */
    int64_t point_id;   /* READ_SYSTEM, READ_POINT, READ_VALUE; else 0 */
    int64_t account_id; /* who asks; 0: the server itself */
} SensingCommand;

/* Queues a command in the caller's transaction, with its ledger entry "device.command". The
 * gateway sends it within a second and writes what became of it into device_command.state:
 * queued, sent, confirmed (the device has it), answered (a query by its data, a duty check by the
 * officer), failed (with `failure`: offline, denied, silent, unanswered, expired). A duty check
 * that nobody answers within its minutes stays confirmed; who asked counts the minutes. Each change
 * of state raises changed_us. HZ_ERROR_NOT_FOUND: no such active device of the national protocol
 * or no such point; HZ_ERROR_INVALID: minutes. */
bool sensing_command_add(
    Db *db, const SensingCommand *command, int64_t now_us, int64_t *ret_id, GError **error);
