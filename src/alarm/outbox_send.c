/* Mail by SMTP and messages by HTTP, over libcurl. Blocks; only the outbox thread comes here. */
#include "alarm/outbox_config.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#include <curl/curl.h>
#include <pthread.h>
#include <string.h>

#define CONNECT_S 5L
#define WHOLE_S 20L
#define ANSWER_KEPT 200 /* bytes of a refusal that a person sees */

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)
typedef struct curl_slist TextList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(TextList, curl_slist_free_all)

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void) {
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    g_assert(code == CURLE_OK);
}

typedef struct Cursor {
    const char *at;
    size_t left;
} Cursor;

static size_t give(char *buffer, size_t one, size_t count, void *data) {
    Cursor *cursor = data;
    size_t size = MIN(one * count, cursor->left);
    memcpy(buffer, cursor->at, size);
    cursor->at += size;
    cursor->left -= size;
    return size;
}

static size_t take(char *bytes, size_t one, size_t count, void *data) {
    GString *answer = data;
    size_t room = answer->len < ANSWER_KEPT ? ANSWER_KEPT - answer->len : 0;
    g_string_append_len(answer, bytes, (gssize)MIN(room, one * count));
    return one * count;
}

static bool set_common(CURL *curl, const char *url, GString *answer) {
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, WHOLE_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) == CURLE_OK;
}

static bool
perform(CURL *curl, const char *url, bool is_mail, const GString *answer, GError **error) {
    long status = 0;
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK) {
        return hz_fail(
            error, HZ_ERROR_UNAVAILABLE, "%s: %s (%ld)", url, curl_easy_strerror(code), status);
    }
    if (!is_mail && (status < 200 || status > 299)) {
        g_autofree char *said = g_utf8_make_valid(answer->str, (gssize)answer->len);
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s: %ld %s", url, status, said);
    }
    return true;
}

/* --- mail ---------------------------------------------------------------------------------------
 */

static bool send_mail(const OutboxServer *server, const OutboxMessage *message, GError **error) {
    g_autoptr(CURL) curl = curl_easy_init();
    g_autoptr(TextList) to = curl_slist_append(NULL, message->address);
    g_autoptr(GString) answer = g_string_new(NULL);
    g_autofree char *secret = NULL;
    g_autofree char *text = outbox_mail(server, message, clock_now_us());
    Cursor cursor = {text, strlen(text)};
    if (!outbox_secret(server, &secret, error)) {
        return false;
    }
    long tls = server->needs_tls ? CURLUSESSL_ALL : CURLUSESSL_TRY;
    bool is_set = curl != NULL && to != NULL && set_common(curl, server->url, answer) &&
                  curl_easy_setopt(curl, CURLOPT_USE_SSL, tls) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_MAIL_FROM, server->from) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_READFUNCTION, give) == CURLE_OK &&
                  curl_easy_setopt(curl, CURLOPT_READDATA, &cursor) == CURLE_OK;
    if (is_set && server->user != NULL) {
        is_set = curl_easy_setopt(curl, CURLOPT_USERNAME, server->user) == CURLE_OK &&
                 curl_easy_setopt(curl, CURLOPT_PASSWORD, secret != NULL ? secret : "") == CURLE_OK;
    }
    if (!is_set) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" cannot take mail", server->url);
    }
    return perform(curl, server->url, true, answer, error);
}

/* --- HTTP ---------------------------------------------------------------------------------------
 */

static char *form_of(const json_t *fields) {
    GString *out = g_string_new(NULL);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)fields, key, value) {
        g_autofree char *name = g_uri_escape_string(key, NULL, FALSE);
        g_autofree char *plain =
            json_is_string(value) ? g_strdup(json_string_value(value)) : json_write(value);
        g_autofree char *text = g_uri_escape_string(plain, NULL, FALSE);
        g_string_append_printf(out, "%s%s=%s", out->len > 0 ? "&" : "", name, text);
    }
    return g_string_free(out, FALSE);
}

static json_t *hook_fields(const OutboxMessage *message) {
    json_t *fields = json_object();
    json_put_int(fields, "message", message->id);
    json_put_int(fields, "alarm", message->alarm_id);
    json_put_text(fields, "subject", message->subject);
    json_put_text(fields, "text", message->body);
    return fields;
}

static bool send_http(const OutboxServer *server, const OutboxMessage *message, GError **error) {
    g_autoptr(json_t) fields =
        server->body != NULL ? outbox_fill(server->body, message) : hook_fields(message);
    g_autofree char *body = server->is_form ? form_of(fields) : json_write(fields);
    g_autofree char *secret = NULL;
    if (!outbox_secret(server, &secret, error)) {
        return false;
    }
    g_autofree char *bearer =
        secret == NULL ? NULL : g_strdup_printf("Authorization: Bearer %s", secret);
    TextList *heads =
        curl_slist_append(NULL,
                          server->is_form ? "Content-Type: application/x-www-form-urlencoded"
                                          : "Content-Type: application/json");
    heads = bearer == NULL ? heads : curl_slist_append(heads, bearer);
    g_autoptr(TextList) owned = heads;
    g_autoptr(CURL) curl = curl_easy_init();
    g_autoptr(GString) answer = g_string_new(NULL);
    if (curl == NULL || owned == NULL || !set_common(curl, server->url, answer) ||
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, owned) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) != CURLE_OK) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" cannot be asked", server->url);
    }
    return perform(curl, server->url, false, answer, error);
}

bool outbox_send(const OutboxConfig *config, const OutboxMessage *message, GError **error) {
    const OutboxServer *server = &config->servers[message->way];
    pthread_once(&once, init);
    if (server->url == NULL) {
        return hz_fail(error,
                       HZ_ERROR_UNAVAILABLE,
                       "%s has no server in HUOZHENG_OUTBOX any more",
                       outbox_way_word(message->way));
    }
    return message->way == OUTBOX_EMAIL ? send_mail(server, message, error)
                                        : send_http(server, message, error);
}
