/*
 * Where the seed of a draw comes from: public randomness that does not exist yet when the files are
 * committed, and shares of named parties. Pure (docs/draw-format.md, "Beacons" and "Parties").
 * Thread: any.
 */
#pragma once

#include "draw/draw_rules.h"

#include <glib.h>
#include <stdbool.h>

#define DRAW_BEACONS_MAX 9
#define DRAW_PARTIES_MAX 20
#define DRAW_SHARE_SIZE 32
#define DRAW_BITS_MIN 60   /* of all beacons of a draw together */
#define DRAW_DELTA_MIN 600 /* seconds from the witnessed commitment to the first beacon */

/* --- beacons -----------------------------------------------------------------------------------
 */

/* What a draw has committed to wait for: beacon.<j>=<source>:<round>:<time>. */
typedef struct DrawBeacon {
    char source[16];
    char round[24];  /* drand: the round; lotteries: the issue; dice: how many */
    int64_t time_us; /* no value is taken before */
} DrawBeacon;

/* Kinds of sources in the order they are offered: `index` from 0; NULL after the last. "dice10". */
const char *draw_source_word(unsigned index);
/* "十面骰子"; NULL for an unknown word. */
const char *draw_source_zh(const char *word);
/* What its round field holds: "掷几次". */
const char *draw_source_round_zh(const char *word);
/* What to type as its value. */
const char *draw_source_value_zh(const char *word);

/* Checks and completes what a person has chosen. drand: `round` may be empty, then it is the first
 * round at or after `time_us`; the time becomes that of the round. HZ_ERROR_INVALID says why not.
 */
bool draw_beacon_make(
    const char *source, const char *round, int64_t time_us, DrawBeacon *ret_beacon, GError **error);
/* As it stands in commit.txt; caller frees. */
char *draw_beacon_format(const DrawBeacon *beacon);
/* Reads that again; also the source "form" of old bundles, a seed that a person typed. */
bool draw_beacon_parse(const char *text, DrawBeacon *ret_beacon, GError **error);
bool draw_beacon_is_typed_seed(const DrawBeacon *beacon);
/* Unpredictable bits of its value, counted from the rule of the source, not from the value. */
double draw_beacon_bits(const DrawBeacon *beacon);

/* The bytes that enter the seed, from what a person types: numbers in any notation with blanks
 * between them, dice as one row of digits too; for drand the signature of the round in hex, after
 * it, if wanted, the randomness, which must be its SHA-256. */
bool draw_beacon_read(const DrawBeacon *beacon,
                      const char *typed,
                      uint8_t ret_value[DRAW_SEED_MAX],
                      size_t *ret_size,
                      GError **error);
/* Are these bytes such a value? */
bool draw_beacon_fits(const DrawBeacon *beacon, const uint8_t *value, size_t size, GError **error);
/* For people: "3 1 4 1 5 …"; hex for drand. Caller frees. */
char *draw_beacon_show(const DrawBeacon *beacon, const uint8_t *value, size_t size);

/* B: the one value, or H(lp(b_1)‖lp(b_2)…). `values` are GBytes of 1 to 255 bytes. */
GByteArray *draw_beacon_join(DigestKind kind, const GPtrArray *values);

/* t_w + delta <= the first beacon's time. */
bool draw_time_rule_holds(int64_t witnessed_us, int64_t delta_s, int64_t first_beacon_us);

/* --- parties -----------------------------------------------------------------------------------
 */

/* 1 to 60 bytes of UTF-8 without control characters, ':' or blanks at an end. */
bool draw_party_name_valid(const char *name);
/* c = H("FSS-PARTY/1\0"‖lp(draw)‖lp(name)‖r) */
void draw_party_commit(DigestKind kind,
                       const char *draw,
                       const char *name,
                       const uint8_t share[DRAW_SHARE_SIZE],
                       uint8_t ret_commit[DIGEST_SIZE]);

/* --- salted leaves -----------------------------------------------------------------------------
 */

/* Leaf of one line: H(0x00‖line), or with the secret S of a sealed draw H(0x00‖salt_i‖line), salt_i
 * = first 16 bytes of H("FSS-SALT/1\0"‖S‖lp(file)‖u64 i). `secret` NULL: open. */
void draw_leaf(DigestKind kind,
               const uint8_t *secret,
               const char *file,
               uint64_t index,
               const void *line,
               size_t size,
               uint8_t ret_leaf[DIGEST_SIZE]);
