/* The file that HUOZHENG_OUTBOX names: who is told, through which servers (docs/alarms.md). */
#include "alarm/outbox_config.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "registry/region.h"
#include "web/log.h"

#include <pthread.h>
#include <string.h>

#define WORD_MAX 64

/* --- reading ------------------------------------------------------------------------------------
 */

static bool
check_keys(const json_t *object, const char *where, const char *const *known, GError **error) {
    const char *key;
    json_t *value;
    if (!json_is_object(object)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no object", where);
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value) {
        if (!g_strv_contains(known, key)) {
            return hz_fail(error, HZ_ERROR_INVALID, "\"%s\": unknown key \"%s\"", where, key);
        }
    }
    return true;
}

/* Nothing that could begin a line of its own in a mail or a head. */
static bool is_plain(const char *text) {
    for (const char *at = text; at != NULL && *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f) {
            return false;
        }
    }
    return text != NULL && strlen(text) <= LIMIT_URI;
}

static bool read_server(const json_t *root, OutboxWay way, OutboxServer *server, GError **error) {
    static const char *const known[] = {
        "url", "from", "user", "secret_file", "tls", "type", "body", NULL};
    static const char *const names[OUTBOX_WAY_COUNT] = {"smtp", "sms", "webhook", "dispatch"};
    static const char *const texts[] = {"url", "from", "user", "secret_file"};
    const json_t *map = json_object_get(root, names[way]);
    char **const fields[] = {&server->url, &server->from, &server->user, &server->secret_file};
    if (map == NULL) {
        return true;
    }
    if (!check_keys(map, names[way], known, error)) {
        return false;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *text = json_get_text(map, texts[i], NULL);
        if (text != NULL && !is_plain(text)) {
            return hz_fail(
                error, HZ_ERROR_INVALID, "\"%s\": \"%s\" is no line", names[way], texts[i]);
        }
        *fields[i] = g_strdup(text);
    }
    server->needs_tls = strcmp(json_get_text(map, "tls", ""), "must") == 0;
    server->is_form = strcmp(json_get_text(map, "type", "json"), "form") == 0;
    server->body = json_incref(json_object_get(map, "body"));
    if (server->url == NULL || (way == OUTBOX_EMAIL && server->from == NULL) ||
        (way == OUTBOX_SMS && !json_is_object(server->body))) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\": url, from or body is missing", names[way]);
    }
    return true;
}

static bool read_person(const OutboxConfig *config, const json_t *person, GError **error) {
    static const char *const known[] = {"role", "region", "way", "address", "name", NULL};
    OutboxWay way = OUTBOX_EMAIL;
    char code[REGION_CODE_MAX + 1];
    if (!check_keys(person, "people", known, error)) {
        return false;
    }
    const char *role = json_get_text(person, "role", NULL);
    const char *region = json_get_text(person, "region", NULL);
    const char *address = json_get_text(person, "address", "");
    if (role == NULL || region == NULL || !region_code_parse(region, code) ||
        !outbox_way_parse(json_get_text(person, "way", NULL), &way) || !is_plain(address)) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "\"people\": role, region, way or address is wrong");
    }
    if (config->servers[way].url == NULL) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "\"people\": %s has no server", outbox_way_word(way));
    }
    bool needs_address = way == OUTBOX_EMAIL || way == OUTBOX_SMS;
    return !needs_address || *address != '\0' ||
           hz_fail(error, HZ_ERROR_INVALID, "\"people\": an address is missing");
}

static bool read_root(OutboxConfig *config, const json_t *root, GError **error) {
    static const char *const known[] = {"smtp", "sms", "webhook", "dispatch", "people", NULL};
    size_t i;
    json_t *person;
    if (!check_keys(root, "outbox", known, error)) {
        return false;
    }
    for (unsigned way = 0; way < OUTBOX_WAY_COUNT; way++) {
        if (!read_server(root, (OutboxWay)way, &config->servers[way], error)) {
            return false;
        }
    }
    config->people = json_incref(json_object_get(root, "people"));
    json_array_foreach(config->people, i, person) {
        if (!read_person(config, person, error)) {
            return false;
        }
    }
    return true;
}

OutboxConfig *outbox_config_parse(const char *text, size_t size, GError **error) {
    g_autoptr(json_t) root = json_read(text, size, error);
    g_autoptr(OutboxConfig) config = g_new0(OutboxConfig, 1);
    return root != NULL && read_root(config, root, error) ? g_steal_pointer(&config) : NULL;
}

OutboxConfig *outbox_config_read(const char *path, GError **error) {
    g_autofree char *text = NULL;
    gsize size = 0;
    g_autoptr(GError) problem = NULL;
    if (path == NULL || *path == '\0') {
        return g_new0(OutboxConfig, 1);
    }
    if (!g_file_get_contents(path, &text, &size, &problem)) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
        return NULL;
    }
    OutboxConfig *config = outbox_config_parse(text, size, error);
    if (config == NULL) {
        g_prefix_error(error, "%s: ", path);
    }
    return config;
}

void outbox_config_free(OutboxConfig *config) {
    for (unsigned way = 0; config != NULL && way < OUTBOX_WAY_COUNT; way++) {
        OutboxServer *server = &config->servers[way];
        g_free(server->url);
        g_free(server->from);
        g_free(server->user);
        g_free(server->secret_file);
        g_clear_pointer(&server->body, json_decref);
    }
    if (config != NULL) {
        g_clear_pointer(&config->people, json_decref);
    }
    g_free(config);
}

/* --- of this process ----------------------------------------------------------------------------
 */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static OutboxConfig *own;
static char *own_problem;

static void read_own(void) {
    g_autoptr(GError) error = NULL;
    own = outbox_config_read(g_getenv("HUOZHENG_OUTBOX"), &error);
    if (own == NULL) {
        own_problem = g_strdup(error != NULL ? error->message : "cannot be read");
        log_problem(LOG_LEVEL_ERROR, "outbox.config", "error=%s", own_problem);
        own = g_new0(OutboxConfig, 1);
    }
}

const OutboxConfig *outbox_config(void) {
    pthread_once(&once, read_own);
    return own;
}

const char *outbox_config_problem(void) {
    pthread_once(&once, read_own);
    return own_problem;
}

/* --- asking it ----------------------------------------------------------------------------------
 */

bool outbox_config_has(const OutboxConfig *config, OutboxWay way) {
    return config->servers[way].url != NULL;
}

json_t *outbox_config_people(const OutboxConfig *config, const char *role, const char *region) {
    json_t *found = json_array();
    size_t i;
    json_t *person;
    json_array_foreach(config->people, i, person) {
        char scope[REGION_CODE_MAX + 1] = {0};
        region_code_parse(json_get_text(person, "region", ""), scope);
        /* what is bound to nothing is everybody's */
        if (strcmp(json_get_text(person, "role", ""), role) == 0 &&
            (*region == '\0' || region_is_inside(region, scope))) {
            json_array_append(found, person);
        }
    }
    if (strcmp(role, "119") == 0 && outbox_config_has(config, OUTBOX_DISPATCH)) {
        json_t *dispatch = json_object();
        json_put_text(dispatch, "way", outbox_way_word(OUTBOX_DISPATCH));
        json_put_text(dispatch, "address", "");
        json_array_append_new(found, dispatch);
    }
    return found;
}

bool outbox_secret(const OutboxServer *server, char **ret_secret, GError **error) {
    g_autoptr(GError) problem = NULL;
    g_autofree char *text = NULL;
    *ret_secret = NULL;
    if (server->secret_file == NULL) {
        return true;
    }
    if (!g_file_get_contents(server->secret_file, &text, NULL, &problem)) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
    }
    text[strcspn(text, "\r\n")] = '\0';
    *ret_secret = g_steal_pointer(&text);
    return true;
}

/* --- what is sent -------------------------------------------------------------------------------
 */

static char *fill_text(const char *text, const OutboxMessage *message) {
    GString *out = g_string_new(NULL);
    for (const char *at = text; *at != '\0';) {
        if (g_str_has_prefix(at, "{{address}}")) {
            g_string_append(out, message->address);
            at += strlen("{{address}}");
        } else if (g_str_has_prefix(at, "{{text}}")) {
            g_string_append(out, message->body);
            at += strlen("{{text}}");
        } else {
            g_string_append_c(out, *at++);
        }
    }
    return g_string_free(out, FALSE);
}

json_t *outbox_fill(const json_t *body, const OutboxMessage *message) {
    json_t *filled = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)body, key, value) {
        if (json_is_object(value)) {
            json_put(filled, key, outbox_fill(value, message));
        } else if (json_is_string(value)) {
            g_autofree char *text = fill_text(json_string_value(value), message);
            json_put_text(filled, key, text);
        } else {
            json_put(filled, key, json_incref(value));
        }
    }
    return filled;
}

static char *base64_lines(const char *text) {
    GString *out = g_string_new(NULL);
    g_autofree char *code = g_base64_encode((const guchar *)text, strlen(text));
    for (size_t at = 0; code[at] != '\0'; at += MIN(76, strlen(code + at))) {
        g_string_append_printf(out, "%.76s\r\n", code + at);
    }
    return g_string_free(out, FALSE);
}

/* RFC 2047: an encoded word holds at most 75 characters, so long subjects take several. */
static char *subject_words(const char *subject) {
    GString *out = g_string_new(NULL);
    for (const char *at = subject; *at != '\0';) {
        const char *end = at;
        while (*end != '\0' && g_utf8_next_char(end) - at <= 42) {
            end = g_utf8_next_char(end);
        }
        g_autofree char *code = g_base64_encode((const guchar *)at, (gsize)(end - at));
        g_string_append_printf(out, "%s=?UTF-8?B?%s?=", out->len > 0 ? "\r\n " : "", code);
        at = end;
    }
    return g_string_free(out, FALSE);
}

/* RFC 5322, in UTC. */
static char *mail_date(int64_t now_us) {
    static const char *const days[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static const char *const months[] = {
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(now_us / CLOCK_SECOND_US);
    return g_strdup_printf("%s, %02d %s %04d %02d:%02d:%02d +0000",
                           days[g_date_time_get_day_of_week(when) - 1],
                           g_date_time_get_day_of_month(when),
                           months[g_date_time_get_month(when) - 1],
                           g_date_time_get_year(when),
                           g_date_time_get_hour(when),
                           g_date_time_get_minute(when),
                           g_date_time_get_second(when));
}

char *outbox_mail(const OutboxServer *server, const OutboxMessage *message, int64_t now_us) {
    g_autofree char *subject = subject_words(message->subject);
    g_autofree char *date = mail_date(now_us);
    g_autofree char *body = base64_lines(message->body);
    return g_strdup_printf("From: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nDate: %s\r\n"
                           "Message-ID: <outbox.%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT
                           "@huozheng>\r\nMIME-Version: 1.0\r\n"
                           "Content-Type: text/plain; charset=utf-8\r\n"
                           "Content-Transfer-Encoding: base64\r\n\r\n%s",
                           server->from,
                           message->address,
                           subject,
                           date,
                           message->id,
                           now_us,
                           body);
}
