/* What may happen only so often: the counters of failed sign-ins, for other rooms. */
#include "account/account.h"
#include "account/account_store.h"

#define MINUTE_US (60 * CLOCK_SECOND_US)

typedef struct ChargeWork {
    const CountLimit *limit;
    char *subject; /* owned; with the number of the window when it goes by the clock */
    int64_t now_us;
    SignInCharge charge;
} ChargeWork;

static char *subject_of(const CountLimit *limit, const char *subject, int64_t now_us) {
    return limit->by_clock
               ? g_strdup_printf("%s %" G_GINT64_FORMAT, subject, now_us / limit->window_us)
               : g_strdup(subject);
}

static bool charge_work(Db *db, void *data, GError **error) {
    ChargeWork *work = data;
    return sign_in_charge(db, work->limit, work->subject, work->now_us, &work->charge, error);
}

static int64_t window_end(const ChargeWork *work) {
    int64_t length = work->limit->window_us;
    return work->limit->by_clock ? (work->now_us / length + 1) * length
                                 : work->charge.last_us + length;
}

bool account_charge(Db *db,
                    const CountLimit *limit,
                    const char *subject,
                    int64_t now_us,
                    unsigned *ret_wait_minutes,
                    GError **error) {
    g_autofree char *whole = subject_of(limit, subject, now_us);
    ChargeWork work = {.limit = limit, .subject = whole, .now_us = now_us};
    *ret_wait_minutes = 0;
    if (!db_run_tx(db, charge_work, &work, error)) {
        return false;
    }
    if (work.charge.failures > limit->max) {
        int64_t left_us = MAX(window_end(&work) - now_us, 0);
        *ret_wait_minutes = (unsigned)(left_us / MINUTE_US) + 1;
    }
    return true;
}

static bool uncharge_work(Db *db, void *data, GError **error) {
    const ChargeWork *work = data;
    return sign_in_uncharge(db, work->limit->kind, work->subject, error);
}

bool account_uncharge(
    Db *db, const CountLimit *limit, const char *subject, int64_t now_us, GError **error) {
    g_autofree char *whole = subject_of(limit, subject, now_us);
    ChargeWork work = {.limit = limit, .subject = whole, .now_us = now_us};
    return db_run_tx(db, uncharge_work, &work, error);
}
