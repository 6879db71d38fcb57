/* Two threads: one escalates and tells listeners, one sends what waits in the outbox. */
#include "alarm/alarm_internal.h"
#include "alarm/alarm_pages.h"
#include "alarm/alarm_store.h"
#include "alarm/outbox.h"
#include "base/clock.h"
#include "base/error.h"
#include "registry/region.h"
#include "web/log.h"
#include "web/template.h"

#include <pthread.h>
#include <string.h>
#include <time.h>

#define LOOK_EVERY_MS 250  /* when nothing hints: other processes write too */
#define HINTED_EVERY_MS 15 /* a hint comes before its commit: look soon, and again */
#define HINTED_LOOKS 40    /* of them; a transaction takes less than the 600 ms */
#define NEWS_AT_ONCE 200   /* steps told in one look */
#define ROWS_AT_ONCE 20    /* of them with their rows; of more than these pages read the list */
#define SENT_AT_ONCE 20    /* messages in one look */
#define LASTING_EVERY_US (60 * CLOCK_SECOND_US)

struct AlarmService {
    char *db_url;
    WebServer *server;
    pthread_t watching, sending;
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool is_stopping;   /* under lock */
    unsigned hinted;    /* under lock: quick looks that are left */
    int64_t told;       /* the newest step that listeners know */
    int64_t lasting_us; /* when lasting states were looked at */
};

/* Few services, short critical sections. */
static pthread_mutex_t services_lock = PTHREAD_MUTEX_INITIALIZER;
static GPtrArray *services;

void alarm_hint(void) {
    pthread_mutex_lock(&services_lock);
    for (guint i = 0; services != NULL && i < services->len; i++) {
        AlarmService *service = services->pdata[i];
        pthread_mutex_lock(&service->lock);
        service->hinted = HINTED_LOOKS;
        pthread_cond_broadcast(&service->wake);
        pthread_mutex_unlock(&service->lock);
    }
    pthread_mutex_unlock(&services_lock);
}

/* --- listeners ----------------------------------------------------------------------------------
 */

char *alarm_topic(const char *region) {
    char code[REGION_CODE_MAX + 1] = {0};
    bool is_code = region_code_parse(region, code);
    return g_strdup_printf("alarm:%s", is_code ? code : "-");
}

static void publish_to(AlarmService *service, const char *code, size_t size, const json_t *data) {
    g_autofree char *topic = g_strdup_printf("alarm:%.*s", (int)size, code);
    web_publish(service->server, topic, "alarm", data);
}

/* The row of a new alarm, as the list has it: who listens shows it at once, and a hundred pages
 * need not all ask for their list in the same moment. NULL: they will. Caller frees. */
static char *row_html(Db *db, int64_t alarm_id) {
    g_autoptr(GError) error = NULL;
    g_auto(Alarm) alarm = {0};
    g_autoptr(GString) html = g_string_new(NULL);
    if (!alarm_find(db, alarm_id, &alarm, &error)) {
        log_problem(LOG_LEVEL_WARNING, "alarm.row", "error=%s", error->message);
        return NULL;
    }
    g_autoptr(json_t) model = alarm_row_model(&alarm, 0, clock_now_us());
    json_t *assets = json_object();
    json_t *site = json_object();
    json_put_text(assets, "icons", web_asset_url("icons.svg"));
    json_put(site, "assets", assets);
    json_put(model, "site", site);
    if (!view_render("alarm/row", model, true, html, &error)) {
        log_problem(LOG_LEVEL_WARNING, "alarm.row", "error=%s", error->message);
        return NULL;
    }
    return g_strdup(g_strchomp(html->str));
}

/* To every region that covers it: a reader listens to the own one. What is bound to nothing is told
 * to provinces (codes 11 to 65); cities see it when their page looks next. */
static void publish(AlarmService *service, const AlarmNews *news, const char *row) {
    static const size_t sizes[] = {2, 4, 6, 9, 12};
    size_t size = strlen(news->region);
    g_autoptr(json_t) data = json_object();
    json_put_int(data, "id", news->alarm_id);
    json_put_int(data, "seq", news->seq);
    json_put_int(data, "district", news->district);
    json_put_text(data, "step", news->step);
    json_put_text(data, "state", news->state);
    json_put_text(data, "class", news->class);
    json_put_text(data, "title", news->title);
    if (row != NULL) {
        json_put_text(data, "row", row);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(sizes) && sizes[i] <= size; i++) {
        publish_to(service, news->region, sizes[i], data);
    }
    for (int province = 11; size == 0 && province <= 65; province++) {
        g_autofree char *code = g_strdup_printf("%d", province);
        publish_to(service, code, 2, data);
    }
}

static bool tell(AlarmService *service, Db *db, GError **error) {
    for (;;) {
        g_autoptr(GPtrArray) list = alarm_news(db, service->told, NEWS_AT_ONCE, error);
        for (guint i = 0; list != NULL && i < list->len; i++) {
            const AlarmNews *news = list->pdata[i];
            if (service->server != NULL) {
                bool has_row = list->len <= ROWS_AT_ONCE && strcmp(news->step, "arrive") == 0;
                g_autofree char *row = has_row ? row_html(db, news->alarm_id) : NULL;
                publish(service, news, row);
            }
            service->told = news->seq;
        }
        if (list == NULL || list->len < NEWS_AT_ONCE) {
            return list != NULL;
        }
    }
}

/* --- the watching thread ------------------------------------------------------------------------
 */

static bool look(AlarmService *service, Db *db, GError **error) {
    int64_t head = 0;
    int64_t count = 0;
    int64_t now_us = clock_now_us();
    if (!alarm_store_head(db, &head, error) ||
        (head != service->told && !tell(service, db, error)) ||
        !alarm_escalate(db, now_us, &count, error)) {
        return false;
    }
    if (count > 0) {
        log_event("alarm.escalate", "count=%" G_GINT64_FORMAT, count);
        if (!tell(service, db, error)) {
            return false;
        }
    }
    int64_t steady_us = g_get_monotonic_time();
    if (service->lasting_us == 0 || steady_us - service->lasting_us >= LASTING_EVERY_US) {
        service->lasting_us = steady_us;
        return alarm_open_lasting(db, now_us, &count, error);
    }
    return true;
}

/* False: it is time to stop. */
static bool wait_ms(AlarmService *service, bool follows_hints) {
    struct timespec until;
    pthread_mutex_lock(&service->lock);
    bool is_quick = follows_hints && service->hinted > 0;
    long ms = is_quick ? HINTED_EVERY_MS : LOOK_EVERY_MS;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_nsec += ms * 1000000;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    if (is_quick) {
        service->hinted--;
    }
    int result = 0;
    while (!service->is_stopping && result == 0 &&
           (is_quick || !follows_hints || service->hinted == 0)) {
        result = pthread_cond_timedwait(&service->wake, &service->lock, &until);
    }
    bool goes_on = !service->is_stopping;
    pthread_mutex_unlock(&service->lock);
    return goes_on;
}

/* Opens again after a loss; NULL: not reached, which is logged once. */
static Db *reach(const AlarmService *service, bool *has_failed) {
    g_autoptr(GError) error = NULL;
    Db *db = db_open(service->db_url, DB_READ_WRITE, &error);
    if (db == NULL && !*has_failed) {
        log_problem(LOG_LEVEL_WARNING, "alarm.service", "error=%s", error->message);
    }
    *has_failed = db == NULL;
    return db;
}

static void *watch(void *data) {
    AlarmService *service = data;
    g_autoptr(Db) db = NULL;
    bool has_failed = false;
    do {
        g_autoptr(GError) error = NULL;
        if (db == NULL) {
            db = reach(service, &has_failed);
        }
        if (db != NULL && !look(service, db, &error)) {
            log_problem(LOG_LEVEL_WARNING, "alarm.service", "error=%s", error->message);
            g_clear_pointer(&db, db_close);
        }
    } while (wait_ms(service, true));
    return NULL;
}

static void *send(void *data) {
    AlarmService *service = data;
    g_autoptr(Db) db = NULL;
    bool has_failed = false;
    do {
        g_autoptr(GError) error = NULL;
        int64_t sent = 0;
        if (db == NULL) {
            db = reach(service, &has_failed);
        }
        if (db != NULL &&
            !outbox_run(
                db, outbox_config(), outbox_send, clock_now_us(), SENT_AT_ONCE, &sent, &error)) {
            log_problem(LOG_LEVEL_WARNING, "outbox.run", "error=%s", error->message);
            g_clear_pointer(&db, db_close);
        }
    } while (wait_ms(service, false));
    return NULL;
}

AlarmService *alarm_service_start(const char *db_url, WebServer *server) {
    AlarmService *service = g_new0(AlarmService, 1);
    g_autoptr(Db) db = db_open(db_url, DB_READ_WRITE, NULL);
    service->db_url = g_strdup(db_url);
    service->server = server;
    if (db != NULL) {
        (void)alarm_store_head(db, &service->told, NULL); /* what was before, pages show */
    }
    pthread_mutex_init(&service->lock, NULL);
    pthread_cond_init(&service->wake, NULL);
    pthread_mutex_lock(&services_lock);
    if (services == NULL) {
        services = g_ptr_array_new();
    }
    g_ptr_array_add(services, service);
    pthread_mutex_unlock(&services_lock);
    int failed = pthread_create(&service->watching, NULL, watch, service) |
                 pthread_create(&service->sending, NULL, send, service);
    g_assert(failed == 0);
    return service;
}

void alarm_service_stop(AlarmService *service) {
    pthread_mutex_lock(&services_lock);
    g_ptr_array_remove(services, service);
    if (services->len == 0) {
        g_clear_pointer(&services, g_ptr_array_unref);
    }
    pthread_mutex_unlock(&services_lock);
    pthread_mutex_lock(&service->lock);
    service->is_stopping = true;
    pthread_cond_broadcast(&service->wake);
    pthread_mutex_unlock(&service->lock);
    pthread_join(service->watching, NULL);
    pthread_join(service->sending, NULL);
    pthread_cond_destroy(&service->wake);
    pthread_mutex_destroy(&service->lock);
    g_free(service->db_url);
    g_free(service);
}
