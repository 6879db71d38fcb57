#include "ledger/http_post.h"

#include "base/error.h"
#include "base/limits.h"

#include <curl/curl.h>
#include <pthread.h>

#define ANSWER_MAX (64 * KIB)
#define CONNECT_S 4L
#define WHOLE_S 10L

G_DEFINE_AUTOPTR_CLEANUP_FUNC(CURL, curl_easy_cleanup)
typedef struct curl_slist HeaderList;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(HeaderList, curl_slist_free_all)

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init(void) {
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    g_assert(code == CURLE_OK);
}

void http_answer_clear(HttpAnswer *answer) {
    g_clear_pointer(&answer->type, g_free);
    if (answer->body != NULL) {
        g_string_free(answer->body, TRUE);
        answer->body = NULL;
    }
}

static size_t take(char *bytes, size_t one, size_t count, void *data) {
    GString *body = data;
    if (body->len + one * count > ANSWER_MAX) {
        return 0;
    }
    g_string_append_len(body, bytes, (gssize)(one * count));
    return one * count;
}

static bool
set_up(CURL *curl, const char *url, const char *body, size_t size, HeaderList *headers) {
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, CONNECT_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT, WHOLE_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take) == CURLE_OK;
}

bool http_post(
    const char *url, const char *body, size_t size, HttpAnswer *ret_answer, GError **error) {
    pthread_once(&once, init);
    g_autoptr(CURL) curl = curl_easy_init();
    g_autoptr(HeaderList) headers = curl_slist_append(NULL, "Content-Type: text/plain");
    g_auto(HttpAnswer) answer = {.body = g_string_new(NULL)};
    if (curl == NULL || headers == NULL || !set_up(curl, url, body, size, headers) ||
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer.body) != CURLE_OK) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" cannot be asked", url);
    }
    CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        return hz_fail(error,
                       code == CURLE_WRITE_ERROR ? HZ_ERROR_LIMIT : HZ_ERROR_UNAVAILABLE,
                       "%s: %s",
                       url,
                       curl_easy_strerror(code));
    }
    const char *type = NULL;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
    curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
    answer.type = g_strdup(type);
    *ret_answer =
        (HttpAnswer){answer.status, g_steal_pointer(&answer.type), g_steal_pointer(&answer.body)};
    return true;
}
