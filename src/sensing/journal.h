/*
 * The journal: samples (signs of life, unchanged states, analog values) on their way to hourly
 * arrays. Ingest writes one row per batch; a periodic job packs rows and deletes them. This is the
 * format of the column `journal.body`. Pure, no allocation while reading. Thread: any.
 *
 * Bytes, little endian: "HZJ" and the version (1) · u32 number of records · u32 CRC-32 of all that
 * follows · i64 base time (us UTC) · records. A record: u8 kind · varint device id · zigzag varint
 * of (time - base) in milliseconds, then by kind
 *   JOURNAL_ALIVE   nothing
 *   JOURNAL_STATE   varint point id · varint state bits
 *   JOURNAL_VALUE   varint point id · u8 analog type · zigzag varint value in least units
 *   JOURNAL_RAW     u8 type flag · varint size · the bytes of the application data unit
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum JournalKind {
    JOURNAL_ALIVE = 1, /* the device was heard: heartbeat, unchanged state of its own */
    JOURNAL_STATE = 2, /* a point told the state that it was known to have; point 0: the device */
    JOURNAL_VALUE = 3, /* an analog value of a point */
    JOURNAL_RAW = 4,   /* kept as it came: configuration texts, versions, makers' own types */
} JournalKind;

typedef struct JournalRecord {
    JournalKind kind;
    int64_t device_id;
    int64_t time_us; /* of the event as the device has it, or when it was received; whole ms */
    int64_t point_id;
    int64_t state_bits;
    int64_t value; /* in least units of its type */
    uint8_t analog_type;
    uint8_t raw_type;
    const uint8_t *raw; /* borrowed from the body */
    size_t raw_size;
} JournalRecord;

/* --- writing -----------------------------------------------------------------------------------
 */

typedef struct JournalWriter {
    GByteArray *bytes;
    int64_t base_us;
    uint32_t count;
} JournalWriter;

/* `bytes` is emptied and used from now on; the caller owns it. */
void journal_begin(JournalWriter *writer, GByteArray *bytes, int64_t base_us);
void journal_add(JournalWriter *writer, const JournalRecord *record);
/* Fills in count and checksum: writer->bytes is the body. Adding may go on afterwards. */
void journal_end(JournalWriter *writer);

/* --- reading -----------------------------------------------------------------------------------
 */

typedef struct JournalReader {
    const uint8_t *at, *end;
    int64_t base_us;
    uint32_t left;
} JournalReader;

/* Checks mark, version and checksum. False with HZ_ERROR_CORRUPT when they do not fit. The body is
 * borrowed as long as the reader and its records live. */
bool journal_open(JournalReader *reader, const void *body, size_t size, GError **error);
/* The next record; false at the end, and (with *error) when the bytes are not records. */
bool journal_next(JournalReader *reader, JournalRecord *ret_record, GError **error);
