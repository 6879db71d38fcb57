/*
 * Codec of the MEOKON (上海铭控) wireless sensors, "A5 5A" protocol V3.0: pressure of hydrants and
 * pipes over UDP, TCP or MQTT (there as hex text). Known from the maker's public note (confidence:
 * secondary), which gives no form of the platform's answer; so there is none here.
 *
 * Pure, as gb26875.h; reading a stream goes the same way, reasons are the same. Thread: any.
 */
#pragma once

#include "base/json.h"
#include "frame/gb26875.h"

#define MEOKON_ID_SIZE 12
#define MEOKON_RECORDS_MAX 600 /* what a GPRS sensor keeps at most */
#define MEOKON_FRAME_MIN 39    /* bytes without records */
#define MEOKON_FRAME_MAX (MEOKON_FRAME_MIN + 2 * MEOKON_RECORDS_MAX)

/* Alarm bits of sensors with one measured value. */
#define MEOKON_LOW 0x01
#define MEOKON_HIGH 0x02
#define MEOKON_BATTERY 0x04
#define MEOKON_SENSOR 0x08
#define MEOKON_HARDWARE 0x10
#define MEOKON_KNOCK 0x20   /* hydrants (type 24) */
#define MEOKON_TILT 0x40    /* hydrants (type 24) */
#define MEOKON_OUTFLOW 0x80 /* hydrants (types 24 and 34): water is drawn */

typedef struct MeokonFrame {
    FrameSlice raw;              /* as in Gb26875Frame */
    char id[MEOKON_ID_SIZE + 1]; /* printable ASCII: "SHMK19060013" */
    uint8_t command;             /* 0: upload */
    uint8_t power;               /* as sent; bit 7: on external power */
    uint8_t battery_percent;     /* 0-100 */
    int8_t rssi_dbm;
    uint16_t interval_s; /* between records */
    uint16_t record_count;
    uint8_t sensor_type; /* unit and least step: meokon_unit */
    uint8_t alarms;
    int16_t low, high;  /* limits, in least steps */
    int16_t current;    /* in least steps */
    int64_t time_us;    /* UTC, of the last record; the network's clock */
    FrameSlice records; /* 2 bytes each, oldest first: meokon_record */
    Gb26875Reason reason;
    size_t needed; /* as in Gb26875Frame */
} MeokonFrame;

/* As gb26875_scan. GB26875_REFUSED: another command, or records of an unknown size. */
Gb26875Found meokon_scan(FrameSlice bytes, bool is_end, MeokonFrame *ret_frame);

/* Record `index`, oldest first, in least steps, with the time at which it was measured. */
int16_t meokon_record(const MeokonFrame *frame, unsigned index, int64_t *ret_time_us);

/* Unit of a sensor type's values and how many decimals a least step has; NULL: not known. */
const char *meokon_unit(uint8_t sensor_type, unsigned *ret_decimals);

/* A frame with these values (raw and needed are not read). Bytes written, 0 if they do not fit. */
size_t meokon_encode(const MeokonFrame *frame, uint8_t *buffer, size_t size);

/* As gb26875_json: {valid, reason, id, time, sensor_type, alarms: [words], current, records: […]}.
 * Caller owns the result. */
json_t *meokon_json(Gb26875Found found, const MeokonFrame *frame);
