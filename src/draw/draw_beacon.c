#include "draw/draw_beacon.h"

#include "base/clock.h"
#include "base/error.h"
#include "ledger/merkle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* quicknet of the League of Entropy: signatures on G1, one round each three seconds. */
#define DRAND_GENESIS_S INT64_C(1692803367)
#define DRAND_PERIOD_S 3
#define DRAND_SIGNATURE_SIZE 48

/* One row of numbers without repetition: `count` of `low` … `high`. */
typedef struct NumberRow {
    uint8_t count, low, high;
} NumberRow;

typedef struct SourceKind {
    const char *word, *name_zh, *round_zh, *value_zh;
    NumberRow rows[2];  /* lotteries */
    uint8_t low, sides; /* dice */
} SourceKind;

static const SourceKind kinds[] = {
    {.word = "dice10",
     .name_zh = "当众掷十面骰子",
     .round_zh = "掷几次（至少 19 次）",
     .value_zh = "按掷出的次序写每一次的点数，0 至 9",
     .sides = 10},
    {.word = "dice6",
     .name_zh = "当众掷六面骰子",
     .round_zh = "掷几次（至少 24 次）",
     .value_zh = "按掷出的次序写每一次的点数，1 至 6",
     .low = 1,
     .sides = 6},
    {.word = "kl8",
     .name_zh = "福彩快乐8 开奖号码",
     .round_zh = "期号",
     .value_zh = "写开出的 20 个号码，1 至 80，次序不限",
     .rows = {{20, 1, 80}}},
    {.word = "ssq",
     .name_zh = "福彩双色球 开奖号码",
     .round_zh = "期号",
     .value_zh = "先写 6 个红球号码，1 至 33，再写蓝球号码，1 至 16",
     .rows = {{6, 1, 33}, {1, 1, 16}}},
    {.word = "dlt",
     .name_zh = "体彩大乐透 开奖号码",
     .round_zh = "期号",
     .value_zh = "先写前区 5 个号码，1 至 35，再写后区 2 个号码，1 至 12",
     .rows = {{5, 1, 35}, {2, 1, 12}}},
    {.word = "drand",
     .name_zh = "drand 公共随机数（quicknet）",
     .round_zh = "轮次，可以不填，按时间算",
     .value_zh = "粘贴这一轮的 signature（96 位十六进制），后面可以再粘贴 randomness 供核对"},
};

static const SourceKind *find_kind(const char *word) {
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (g_strcmp0(kinds[i].word, word) == 0) {
            return &kinds[i];
        }
    }
    return NULL;
}

const char *draw_source_word(unsigned index) {
    return index < G_N_ELEMENTS(kinds) ? kinds[index].word : NULL;
}

const char *draw_source_zh(const char *word) {
    const SourceKind *kind = find_kind(word);
    return kind != NULL ? kind->name_zh : NULL;
}

const char *draw_source_round_zh(const char *word) {
    const SourceKind *kind = find_kind(word);
    return kind != NULL ? kind->round_zh : NULL;
}

const char *draw_source_value_zh(const char *word) {
    const SourceKind *kind = find_kind(word);
    return kind != NULL ? kind->value_zh : NULL;
}

/* --- what is waited for ------------------------------------------------------------------------
 */

static bool is_number(const char *text, uint64_t low, uint64_t high, uint64_t *ret_number) {
    guint64 number = 0;
    if (!g_ascii_isdigit(text[0]) || (text[0] == '0' && text[1] != '\0') ||
        !g_ascii_string_to_unsigned(text, 10, low, high, &number, NULL)) {
        return false;
    }
    *ret_number = number;
    return true;
}

static bool is_issue(const char *round) {
    size_t size = strlen(round);
    return size >= 1 && size <= 20 && strspn(round, "0123456789-") == size;
}

/* The time of a round in microseconds. */
static int64_t drand_time(uint64_t round) {
    return (DRAND_GENESIS_S + ((int64_t)round - 1) * DRAND_PERIOD_S) * CLOCK_SECOND_US;
}

#define DRAND_ROUND_MAX UINT64_C(10000000000)

static bool make_drand(DrawBeacon *beacon, GError **error) {
    uint64_t round = 0;
    if (beacon->round[0] == '\0') {
        int64_t after_us = beacon->time_us - DRAND_GENESIS_S * CLOCK_SECOND_US;
        int64_t period_us = DRAND_PERIOD_S * CLOCK_SECOND_US;
        if (after_us < 0 || after_us / period_us >= (int64_t)DRAND_ROUND_MAX) {
            return hz_fail(error, HZ_ERROR_INVALID, "there is no round of drand at this time");
        }
        round = (uint64_t)((after_us + period_us - 1) / period_us) + 1;
        g_snprintf(beacon->round, sizeof beacon->round, "%" G_GUINT64_FORMAT, round);
    } else if (!is_number(beacon->round, 1, DRAND_ROUND_MAX, &round)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no round of drand", beacon->round);
    }
    beacon->time_us = drand_time(round);
    return true;
}

bool draw_beacon_make(const char *source,
                      const char *round,
                      int64_t time_us,
                      DrawBeacon *ret_beacon,
                      GError **error) {
    const SourceKind *kind = find_kind(source);
    DrawBeacon beacon = {.time_us = time_us - time_us % 1000}; /* files know milliseconds */
    uint64_t count = 0;
    if (kind == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no source of randomness", source);
    }
    if (strlen(round) >= sizeof beacon.round) {
        return hz_fail(error, HZ_ERROR_INVALID, "the round of %s is too long", source);
    }
    g_strlcpy(beacon.source, source, sizeof beacon.source);
    g_strlcpy(beacon.round, round, sizeof beacon.round);
    if (strcmp(source, "drand") == 0) {
        if (!make_drand(&beacon, error)) {
            return false;
        }
    } else if (kind->sides != 0 ? !is_number(round, 1, 200, &count) : !is_issue(round)) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       kind->sides != 0 ? "%s needs how many dice are thrown, 1 to 200"
                                        : "%s needs the number of the issue",
                       source);
    }
    *ret_beacon = beacon;
    return true;
}

char *draw_beacon_format(const DrawBeacon *beacon) {
    g_autofree char *time = clock_format_utc(beacon->time_us);
    return g_strdup_printf("%s:%s:%s", beacon->source, beacon->round, time);
}

bool draw_beacon_is_typed_seed(const DrawBeacon *beacon) {
    return strcmp(beacon->source, "form") == 0;
}

bool draw_beacon_parse(const char *text, DrawBeacon *ret_beacon, GError **error) {
    g_auto(GStrv) fields = g_strsplit(text, ":", 3);
    int64_t time_us = 0;
    if (g_strv_length(fields) != 3 || !clock_parse(fields[2], &time_us)) {
        return hz_fail(error, HZ_ERROR_INVALID, "not <source>:<round>:<time>");
    }
    if (strcmp(fields[0], "form") == 0 && strcmp(fields[1], "1") == 0) {
        *ret_beacon = (DrawBeacon){.source = "form", .round = "1", .time_us = time_us};
        return true;
    }
    if (!draw_beacon_make(fields[0], fields[1], time_us, ret_beacon, error)) {
        return false;
    }
    g_autofree char *again = draw_beacon_format(ret_beacon);
    return strcmp(again, text) == 0 ||
           hz_fail(error, HZ_ERROR_INVALID, "the round and its time do not belong together");
}

/* --- how much it is worth ----------------------------------------------------------------------
 */

/* log2 of how many ways there are to take `count` of `all`. */
static double bits_of_choice(unsigned all, unsigned count) {
    double bits = 0;
    for (unsigned i = 0; i < count; i++) {
        bits += log2((double)(all - i)) - log2((double)(i + 1));
    }
    return bits;
}

double draw_beacon_bits(const DrawBeacon *beacon) {
    const SourceKind *kind = find_kind(beacon->source);
    double bits = 0;
    if (kind == NULL) {
        return 0;
    }
    if (kind->sides != 0) {
        return (double)g_ascii_strtoull(beacon->round, NULL, 10) * log2(kind->sides);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(kind->rows); i++) {
        const NumberRow *row = &kind->rows[i];
        bits += row->count != 0 ? bits_of_choice(row->high - row->low + 1U, row->count) : 0;
    }
    return bits > 0 ? bits : 128; /* drand: what its threshold signature is worth */
}

/* --- values ------------------------------------------------------------------------------------
 */

static int compare_bytes(const void *left, const void *right) {
    return (int)*(const uint8_t *)left - (int)*(const uint8_t *)right;
}

static bool is_strictly_rising(const uint8_t *numbers, size_t count) {
    for (size_t i = 1; i < count; i++) {
        if (numbers[i - 1] >= numbers[i]) {
            return false;
        }
    }
    return true;
}

static bool fits_rows(const SourceKind *kind, const uint8_t *value, size_t size, GError **error) {
    size_t at = 0;
    for (size_t i = 0; i < G_N_ELEMENTS(kind->rows); i++) {
        const NumberRow *row = &kind->rows[i];
        if (at + row->count > size || !is_strictly_rising(value + at, row->count)) {
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "%s: needs %u different numbers",
                           kind->word,
                           (unsigned)kind->rows[i].count);
        }
        for (size_t n = 0; n < row->count; n++) {
            if (value[at + n] < row->low || value[at + n] > row->high) {
                return hz_fail(error,
                               HZ_ERROR_INVALID,
                               "%s: %u is not from %u to %u",
                               kind->word,
                               value[at + n],
                               row->low,
                               row->high);
            }
        }
        at += row->count;
    }
    return at == size || hz_fail(error, HZ_ERROR_INVALID, "%s: too many numbers", kind->word);
}

static bool fits_dice(const SourceKind *kind,
                      const DrawBeacon *beacon,
                      const uint8_t *value,
                      size_t size,
                      GError **error) {
    if (size != g_ascii_strtoull(beacon->round, NULL, 10)) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "%s: %zu numbers, but %s were committed",
                       kind->word,
                       size,
                       beacon->round);
    }
    for (size_t i = 0; i < size; i++) {
        if (value[i] < kind->low || value[i] >= kind->low + kind->sides) {
            return hz_fail(
                error, HZ_ERROR_INVALID, "%s: %u is on no such die", kind->word, value[i]);
        }
    }
    return true;
}

bool draw_beacon_fits(const DrawBeacon *beacon, const uint8_t *value, size_t size, GError **error) {
    if (draw_beacon_is_typed_seed(beacon)) {
        return (size >= 1 && size <= DRAW_SEED_MAX) ||
               hz_fail(error, HZ_ERROR_INVALID, "the seed has not 1 to 255 bytes");
    }
    const SourceKind *kind = find_kind(beacon->source);
    if (kind == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no source", beacon->source);
    }
    if (kind->sides != 0) {
        return fits_dice(kind, beacon, value, size, error);
    }
    if (kind->rows[0].count != 0) {
        return fits_rows(kind, value, size, error);
    }
    return size == DIGEST_SIZE || hz_fail(error, HZ_ERROR_INVALID, "drand: not 32 bytes");
}

/* The words of a text, cut at everything that is no letter or digit. */
static GPtrArray *words_of(const char *typed) {
    GPtrArray *words = g_ptr_array_new_with_free_func(g_free);
    for (const char *at = typed; *at != '\0';) {
        size_t size = strspn(at, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
        if (size > 0) {
            g_ptr_array_add(words, g_strndup(at, size));
        }
        at += MAX(size, 1);
    }
    return words;
}

static bool
read_drand(const GPtrArray *words, uint8_t *ret_value, size_t *ret_size, GError **error) {
    uint8_t signature[DRAND_SIGNATURE_SIZE];
    uint8_t said[DIGEST_SIZE];
    if (words->len < 1 || words->len > 2 ||
        !hex_parse(g_ptr_array_index(words, 0), signature, sizeof signature)) {
        return hz_fail(error, HZ_ERROR_INVALID, "drand: the signature is not 96 hex digits");
    }
    digest_of(DIGEST_SHA256, signature, sizeof signature, ret_value);
    *ret_size = DIGEST_SIZE;
    if (words->len == 2 && (!hex_parse(g_ptr_array_index(words, 1), said, sizeof said) ||
                            memcmp(said, ret_value, DIGEST_SIZE) != 0)) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "drand: the randomness is not the SHA-256 of the signature");
    }
    return true;
}

/* "31415" is five dice; "3 1 4 1 5" too. */
static bool read_numbers(const SourceKind *kind,
                         const GPtrArray *words,
                         uint8_t *ret_value,
                         size_t *ret_size,
                         GError **error) {
    size_t count = 0;
    for (guint i = 0; i < words->len; i++) {
        const char *word = g_ptr_array_index(words, i);
        size_t step = kind->sides != 0 ? 1 : strlen(word);
        for (size_t at = 0; word[at] != '\0'; at += step) {
            g_autofree char *one = g_strndup(word + at, step);
            guint64 number = 0;
            if (count == DRAW_SEED_MAX ||
                !g_ascii_string_to_unsigned(one, 10, 0, UINT8_MAX, &number, NULL)) {
                return hz_fail(
                    error, HZ_ERROR_INVALID, "%s: \"%s\" is no number of it", kind->word, word);
            }
            ret_value[count++] = (uint8_t)number;
        }
    }
    size_t first = MIN(kind->rows[0].count, count);
    if (kind->sides == 0) { /* lotteries: the order of drawing does not count */
        qsort(ret_value, first, 1, compare_bytes);
        qsort(ret_value + first, count - first, 1, compare_bytes);
    }
    *ret_size = count;
    return true;
}

bool draw_beacon_read(const DrawBeacon *beacon,
                      const char *typed,
                      uint8_t ret_value[DRAW_SEED_MAX],
                      size_t *ret_size,
                      GError **error) {
    const SourceKind *kind = find_kind(beacon->source);
    if (kind == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" takes no value", beacon->source);
    }
    g_autoptr(GPtrArray) words = words_of(typed);
    bool is_drand = kind->sides == 0 && kind->rows[0].count == 0;
    return (is_drand ? read_drand(words, ret_value, ret_size, error)
                     : read_numbers(kind, words, ret_value, ret_size, error)) &&
           draw_beacon_fits(beacon, ret_value, *ret_size, error);
}

char *draw_beacon_show(const DrawBeacon *beacon, const uint8_t *value, size_t size) {
    const SourceKind *kind = find_kind(beacon->source);
    if (kind == NULL || (kind->sides == 0 && kind->rows[0].count == 0)) {
        return hex_format(value, size);
    }
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < size; i++) {
        bool is_second_row = kind->rows[1].count != 0 && i == kind->rows[0].count;
        g_string_append_printf(text,
                               kind->sides != 0 ? "%s%u" : "%s%02u",
                               i == 0          ? ""
                               : is_second_row ? " + "
                                               : " ",
                               value[i]);
    }
    return g_string_free(text, FALSE);
}

GByteArray *draw_beacon_join(DigestKind kind, const GPtrArray *values) {
    GByteArray *joined = g_byte_array_new();
    gsize size = 0;
    if (values->len == 1) {
        const void *bytes = g_bytes_get_data(g_ptr_array_index(values, 0), &size);
        return g_byte_array_append(joined, bytes, (guint)size);
    }
    uint8_t hash[DIGEST_SIZE];
    g_autoptr(Digest) digest = digest_new(kind);
    digest_begin(digest);
    for (guint i = 0; i < values->len; i++) {
        const void *bytes = g_bytes_get_data(g_ptr_array_index(values, i), &size);
        digest_add(digest, &(uint8_t){(uint8_t)size}, 1);
        digest_add(digest, bytes, size);
    }
    digest_end(digest, hash);
    return g_byte_array_append(joined, hash, DIGEST_SIZE);
}

bool draw_time_rule_holds(int64_t witnessed_us, int64_t delta_s, int64_t first_beacon_us) {
    return witnessed_us + delta_s * CLOCK_SECOND_US <= first_beacon_us;
}

/* --- parties and salts -------------------------------------------------------------------------
 */

bool draw_party_name_valid(const char *name) {
    size_t size = strlen(name);
    if (size < 1 || size > 60 || !g_utf8_validate(name, -1, NULL) || strchr(name, ':') != NULL ||
        name[0] == ' ' || name[size - 1] == ' ') {
        return false;
    }
    for (const char *at = name; *at != '\0'; at = g_utf8_next_char(at)) {
        if (g_unichar_iscntrl(g_utf8_get_char(at))) {
            return false;
        }
    }
    return true;
}

static void add_prefixed(Digest *digest, const char *text) {
    size_t size = strlen(text);
    g_assert(size <= UINT8_MAX);
    digest_add(digest, &(uint8_t){(uint8_t)size}, 1);
    digest_add(digest, text, size);
}

void draw_party_commit(DigestKind kind,
                       const char *draw,
                       const char *name,
                       const uint8_t share[DRAW_SHARE_SIZE],
                       uint8_t ret_commit[DIGEST_SIZE]) {
    static const char label[] = "FSS-PARTY/1";
    g_autoptr(Digest) digest = digest_new(kind);
    digest_begin(digest);
    digest_add(digest, label, sizeof label); /* with its NUL */
    add_prefixed(digest, draw);
    add_prefixed(digest, name);
    digest_add(digest, share, DRAW_SHARE_SIZE);
    digest_end(digest, ret_commit);
}

#define SALT_SIZE 16

void draw_leaf(DigestKind kind,
               const uint8_t *secret,
               const char *file,
               uint64_t index,
               const void *line,
               size_t size,
               uint8_t ret_leaf[DIGEST_SIZE]) {
    static const char label[] = "FSS-SALT/1";
    uint8_t message[sizeof label + DIGEST_SIZE + 1 + 16 + 8];
    uint8_t salt[DIGEST_SIZE];
    if (secret == NULL) {
        merkle_leaf(kind, line, size, ret_leaf);
        return;
    }
    size_t file_size = strlen(file);
    g_assert(file_size <= 16);
    size_t at = 0;
    memcpy(message, label, sizeof label);
    at += sizeof label;
    memcpy(message + at, secret, DIGEST_SIZE);
    at += DIGEST_SIZE;
    message[at++] = (uint8_t)file_size;
    memcpy(message + at, file, file_size);
    at += file_size;
    for (int shift = 56; shift >= 0; shift -= 8) {
        message[at++] = (uint8_t)(index >> shift);
    }
    digest_of(kind, message, at, salt);
    merkle_leaf_joined(kind, salt, SALT_SIZE, line, size, ret_leaf);
}
