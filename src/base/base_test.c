#include "base/clock.h"
#include "base/digest.h"
#include "base/digest_many.h"
#include "base/embedded.h"
#include "base/error.h"
#include "base/json.h"
#include "base/mailbox.h"
#include "base/number.h"

#include <string.h>

static void test_clock(void) {
    int64_t t = 0;
    g_assert_true(clock_parse("2026-11-22", &t));
    g_autofree char *utc = clock_format_utc(t);
    g_assert_cmpstr(utc, ==, "2026-11-21T16:00:00.000Z");
    g_autofree char *date = clock_format_date(t);
    g_assert_cmpstr(date, ==, "2026-11-22");
    g_assert_true(clock_parse("2026-12-31T16:00:00Z", &t));
    g_assert_cmpint(clock_year(t), ==, 2027);
    g_autofree char *day = clock_format_day_zh(t, t);
    g_assert_cmpstr(day, ==, "1月1日 周五");
    g_assert_true(clock_parse("2017-01-12T14:19:17", &t));
    g_autofree char *minute = clock_format_minute(t);
    g_assert_cmpstr(minute, ==, "2017-01-12 14:19");
    const char *bad[] = {"", "2026-02-30", "20261122", "2026/11/22", "yesterday", "2026-11-22T99"};
    for (size_t i = 0; i < G_N_ELEMENTS(bad); i++) {
        g_assert_false(clock_parse(bad[i], &t));
    }
}

static void test_digest(void) {
    uint8_t hash[DIGEST_SIZE];
    digest_of(DIGEST_SM3, "abc", 3, hash); /* GB/T 32905-2016, Annex A.1 */
    g_autofree char *sm3 = hex_format(hash, DIGEST_SIZE);
    g_assert_cmpstr(sm3, ==, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0");
    digest_of(DIGEST_SHA256, "abc", 3, hash); /* FIPS 180-4 example */
    g_autofree char *sha = hex_format(hash, DIGEST_SIZE);
    g_assert_cmpstr(sha, ==, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    uint8_t back[DIGEST_SIZE];
    g_assert_true(hex_parse(sha, back, DIGEST_SIZE));
    g_assert_cmpmem(back, DIGEST_SIZE, hash, DIGEST_SIZE);
    g_assert_false(hex_parse("zz", back, 1));
    g_assert_false(hex_parse("abc", back, 1));
}

/* Whatever the width of the registers, many at once hash as one by one: every size, ragged groups.
 */
static void check_many(DigestKind kind, unsigned width) {
    enum { COUNT = 3 * (DIGEST_MANY_SIZE_MAX + 1) + 5 };
    g_autoptr(GRand) random = g_rand_new_with_seed(width);
    g_autofree uint8_t *messages = g_malloc((size_t)COUNT * DIGEST_MANY_SIZE_MAX);
    g_autofree uint8_t *hashes = g_malloc0((size_t)COUNT * DIGEST_SIZE);
    uint8_t sizes[COUNT];
    for (size_t i = 0; i < (size_t)COUNT * DIGEST_MANY_SIZE_MAX; i++) {
        messages[i] = (uint8_t)g_rand_int_range(random, 0, 256);
    }
    for (size_t i = 0; i < COUNT; i++) {
        /* First in order, so that groups have one length; then at random. */
        sizes[i] = (uint8_t)(i <= DIGEST_MANY_SIZE_MAX
                                 ? i
                                 : (size_t)g_rand_int_range(random, 0, DIGEST_MANY_SIZE_MAX + 1));
    }
    digest_many(kind, messages, DIGEST_MANY_SIZE_MAX, sizes, COUNT, hashes);
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t hash[DIGEST_SIZE];
        digest_of(kind, messages + i * DIGEST_MANY_SIZE_MAX, sizes[i], hash);
        g_assert_cmpmem(hash, DIGEST_SIZE, hashes + i * DIGEST_SIZE, DIGEST_SIZE);
    }
}

/* Messages in two parts of any size, also longer than the registers take, as hashed one by one. */
static void check_jobs(DigestKind kind, unsigned width) {
    enum { COUNT = 1200 };
    g_autoptr(GRand) random = g_rand_new_with_seed(width);
    g_autofree uint8_t *text = g_malloc(COUNT + 3);
    g_autofree uint8_t *hashes = g_malloc0((size_t)COUNT * DIGEST_SIZE);
    g_autofree DigestJob *jobs = g_new0(DigestJob, COUNT);
    for (size_t i = 0; i < COUNT + 3; i++) {
        text[i] = (uint8_t)g_rand_int_range(random, 0, 256);
    }
    for (size_t i = 0; i < COUNT; i++) {
        size_t head = (size_t)g_rand_int_range(random, 0, (gint32)i + 1);
        jobs[i] = (DigestJob){.head = text + i % 3,
                              .tail = text + i % 3 + head,
                              .head_size = head,
                              .tail_size = i - head,
                              .ret_hash = hashes + i * DIGEST_SIZE};
    }
    digest_jobs(kind, jobs, COUNT);
    for (size_t i = 0; i < COUNT; i++) {
        uint8_t hash[DIGEST_SIZE];
        digest_of(kind, text + i % 3, i, hash);
        g_assert_cmpmem(hash, DIGEST_SIZE, jobs[i].ret_hash, DIGEST_SIZE);
    }
}

static void test_digest_many(void) {
    const unsigned widths[] = {4, 8, 16};
    for (size_t i = 0; i < G_N_ELEMENTS(widths); i++) {
        digest_many_limit(widths[i]);
        g_test_message("asked for %u lanes, have %u", widths[i], digest_many_width());
        check_many(DIGEST_SHA256, widths[i]);
        check_many(DIGEST_SM3, widths[i]);
        check_jobs(DIGEST_SHA256, widths[i]);
        check_jobs(DIGEST_SM3, widths[i]);
    }
    digest_many_limit(0);
}

static void test_json(void) {
    g_autoptr(GError) error = NULL;
    g_assert_null(json_read("{\"a\":1,\"a\":2}", 13, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    g_clear_error(&error);
    g_assert_null(json_read("{} x", 4, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_INVALID);
    g_autoptr(json_t) object = json_object();
    json_put_text(object, "b", "二\xff");
    json_put_int(object, "a", 7);
    g_autofree char *text = json_write_canonical(object);
    g_assert_cmpstr(text, ==, "{\"a\":7,\"b\":\"二\xef\xbf\xbd\"}");
}

static gpointer send_many(gpointer data) {
    for (uintptr_t i = 1; i <= 1000; i++) {
        g_assert_true(mailbox_put_wait(data, (void *)i));
    }
    mailbox_close(data);
    return NULL;
}

static void test_mailbox(void) {
    Mailbox *mailbox = mailbox_new(4);
    GThread *sender = g_thread_new("sender", send_many, mailbox);
    uintptr_t expected = 1;
    for (void *m = mailbox_take_wait(mailbox); m != NULL; m = mailbox_take_wait(mailbox)) {
        g_assert_cmpuint((uintptr_t)m, ==, expected++);
    }
    g_assert_cmpuint(expected, ==, 1001);
    g_assert_false(mailbox_put(mailbox, mailbox));
    g_thread_join(sender);
    mailbox_free(mailbox, NULL);
}

static void test_mailbox_full(void) {
    int message = 0;
    Mailbox *mailbox = mailbox_new(1);
    g_assert_true(mailbox_put(mailbox, &message));
    g_assert_false(mailbox_put(mailbox, &message));
    g_assert_true(mailbox_take(mailbox) == &message);
    g_assert_null(mailbox_take(mailbox));
    mailbox_free(mailbox, NULL);
}

static void test_embedded(void) {
    g_assert_null(embedded_find("no/such/file").data);
    g_autoptr(GArray) all = embedded_list("");
    for (guint i = 0; i < all->len; i++) {
        EmbeddedFile file = g_array_index(all, EmbeddedFile, i);
        EmbeddedFile found = embedded_find(file.path);
        g_assert_true(found.data == file.data && found.size == file.size);
        g_assert_true(found.data[found.size] == '\0');
    }
}

static void test_number(void) {
    static const struct {
        int64_t number;
        const char *text;
    } cases[] = {
        {0, "0"}, {999, "999"}, {1000, "1,000"}, {1279044, "1,279,044"}, {-123456, "-123,456"}};
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
        g_autofree char *text = number_group(cases[i].number);
        g_assert_cmpstr(text, ==, cases[i].text);
    }
    g_autofree char *percent = number_percent(3, 40);
    g_assert_cmpstr(percent, ==, "7.5%");
    g_autofree char *none = number_percent(3, 0);
    g_assert_cmpstr(none, ==, "0%");
}

/* The date arithmetic against GLib's, at leap days, ends of centuries and anywhere else. */
static void test_clock_dates(void) {
    g_autoptr(GRand) random = g_rand_new_with_seed(20261122);
    for (int i = 0; i < 20000; i++) {
        gint64 second = i < 11000 ? (gint64)i * 86400 * 200 + i % 2 * 86399
                                  : (gint64)(g_rand_double(random) * 253402300799.0);
        if (second > G_GINT64_CONSTANT(253402300799)) {
            continue;
        }
        g_autoptr(GDateTime) moment = g_date_time_new_from_unix_utc(second);
        g_autofree char *expected = g_date_time_format(moment, "%Y-%m-%dT%H:%M:%S.007Z");
        g_autofree char *found = clock_format_utc(second * CLOCK_SECOND_US + 7999);
        g_assert_cmpstr(found, ==, expected);
        /* Pages show the day and the minute in Shanghai. */
        g_autoptr(GDateTime) local = g_date_time_add_hours(moment, 8);
        if (local == NULL) {
            continue; /* behind the year 9999 */
        }
        g_autofree char *minute = g_date_time_format(local, "%Y-%m-%d %H:%M");
        g_autofree char *shown = clock_format_minute(second * CLOCK_SECOND_US);
        g_autofree char *day = clock_format_date(second * CLOCK_SECOND_US);
        g_assert_cmpstr(shown, ==, minute);
        g_assert_true(g_str_has_prefix(minute, day) && strlen(day) == 10);
        g_assert_cmpint(clock_year(second * CLOCK_SECOND_US), ==, g_date_time_get_year(local));
    }
}

int main(int argc, char **argv) {
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/base/clock/reads-and-writes-shanghai-dates", test_clock);
    g_test_add_func("/base/clock/dates-are-those-of-the-calendar", test_clock_dates);
    g_test_add_func("/base/digest/standard-vectors", test_digest);
    g_test_add_func("/base/digest/many-at-once-as-one-by-one", test_digest_many);
    g_test_add_func("/base/json/strict-and-canonical", test_json);
    g_test_add_func("/base/mailbox/keeps-order-and-drains-after-close", test_mailbox);
    g_test_add_func("/base/mailbox/full-box-refuses", test_mailbox_full);
    g_test_add_func("/base/embedded/finds-each-file", test_embedded);
    g_test_add_func("/base/number/grouped-and-percent", test_number);
    return g_test_run();
}
