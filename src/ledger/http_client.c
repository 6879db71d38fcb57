#include "ledger/http_client.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>

#define ANSWER_MAX (64 * KIB)
#define CONNECT_S 4L
#define WHOLE_S 10L
#define SILENCE_S 30L /* a server that sends nothing for so long has gone away */
#define REDIRECTS_MAX 3

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

/* --- reading ------------------------------------------------------------------------------------
 */

struct HttpReader {
    CURL *curl;
    HttpLimits limits;
    int64_t bytes, requests, deadline_us; /* monotonic */
};

/* One GET. */
typedef struct Fetch {
    HttpReader *reader;
    FILE *file;
    int64_t size, size_max;
    bool is_large;
    int problem; /* errno of writing */
} Fetch;

HttpReader *http_reader_new(const HttpLimits *limits) {
    pthread_once(&once, init);
    HttpReader *reader = g_new0(HttpReader, 1);
    reader->curl = curl_easy_init();
    reader->limits = *limits;
    reader->deadline_us = g_get_monotonic_time() + limits->seconds * CLOCK_SECOND_US;
    g_assert(reader->curl != NULL);
    return reader;
}

void http_reader_free(HttpReader *reader) {
    if (reader != NULL) {
        curl_easy_cleanup(reader->curl);
        g_free(reader);
    }
}

int64_t http_reader_bytes(const HttpReader *reader) {
    return reader->bytes;
}

/* The body of anything but a 200 is only counted. */
static size_t take_part(char *bytes, size_t one, size_t count, void *data) {
    Fetch *fetch = data;
    HttpReader *reader = fetch->reader;
    size_t size = one * count;
    long status = 0;
    curl_easy_getinfo(reader->curl, CURLINFO_RESPONSE_CODE, &status);
    reader->bytes += (int64_t)size;
    fetch->size += (int64_t)size;
    if (fetch->size > (status == 200 ? fetch->size_max : ANSWER_MAX) ||
        reader->bytes > reader->limits.bytes) {
        fetch->is_large = true;
        return 0;
    }
    if (status == 200 && fwrite(bytes, 1, size, fetch->file) != size) {
        fetch->problem = errno;
        return 0;
    }
    return size;
}

static int look_around(void *data,
                       curl_off_t to_get G_GNUC_UNUSED,
                       curl_off_t got G_GNUC_UNUSED,
                       curl_off_t to_put G_GNUC_UNUSED,
                       curl_off_t put G_GNUC_UNUSED) {
    const HttpReader *reader = data;
    return reader->limits.stop != NULL && *reader->limits.stop != 0 ? 1 : 0;
}

static bool set_up_get(HttpReader *reader, const char *url, Fetch *fetch, int64_t left_us) {
    CURL *curl = reader->curl;
    long left_ms = (long)(left_us / 1000 + 1);
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_USERAGENT, "huozheng") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, WHOLE_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, left_ms) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, SILENCE_S) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_around) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_XFERINFODATA, reader) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_part) == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_WRITEDATA, fetch) == CURLE_OK;
}

static bool fail_get(const Fetch *fetch, const char *url, CURLcode code, GError **error) {
    if (fetch->is_large) {
        return hz_fail(error, HZ_ERROR_LIMIT, "%s: it sends more than can be right", url);
    }
    if (fetch->problem != 0) {
        return hz_fail(
            error, HZ_ERROR_UNAVAILABLE, "%s: cannot be kept: %s", url, g_strerror(fetch->problem));
    }
    return hz_fail(error,
                   HZ_ERROR_UNAVAILABLE,
                   "%s: %s",
                   url,
                   code == CURLE_ABORTED_BY_CALLBACK ? "stopped" : curl_easy_strerror(code));
}

/* One request; *ret_next: where it leads instead, NULL: nowhere. Caller frees. */
static bool get_one(HttpReader *reader,
                    const char *url,
                    Fetch *fetch,
                    long *ret_status,
                    char **ret_next,
                    GError **error) {
    int64_t left_us = reader->deadline_us - g_get_monotonic_time();
    if (reader->requests >= reader->limits.requests || left_us <= 0) {
        return hz_fail(error,
                       HZ_ERROR_LIMIT,
                       "%s: not asked any more: %s",
                       url,
                       left_us <= 0 ? "it takes too long" : "too many files");
    }
    reader->requests++;
    if (!set_up_get(reader, url, fetch, left_us)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" cannot be asked", url);
    }
    CURLcode code = curl_easy_perform(reader->curl);
    if (code != CURLE_OK) {
        return fail_get(fetch, url, code, error);
    }
    char *next = NULL;
    curl_easy_getinfo(reader->curl, CURLINFO_RESPONSE_CODE, ret_status);
    curl_easy_getinfo(reader->curl, CURLINFO_REDIRECT_URL, &next);
    *ret_next = *ret_status >= 300 && *ret_status < 400 ? g_strdup(next) : NULL;
    return true;
}

/* The same host and port, or the same host by https. */
static bool is_same_place(const char *from, const char *to) {
    g_autoptr(GUri) left = g_uri_parse(from, G_URI_FLAGS_ENCODED, NULL);
    g_autoptr(GUri) right = g_uri_parse(to, G_URI_FLAGS_ENCODED, NULL);
    if (left == NULL || right == NULL || g_uri_get_host(left) == NULL ||
        g_uri_get_host(right) == NULL ||
        g_ascii_strcasecmp(g_uri_get_host(left), g_uri_get_host(right)) != 0) {
        return false;
    }
    bool same_scheme = strcmp(g_uri_get_scheme(left), g_uri_get_scheme(right)) == 0;
    return same_scheme ? g_uri_get_port(left) == g_uri_get_port(right)
                       : strcmp(g_uri_get_scheme(right), "https") == 0;
}

bool http_reader_get(HttpReader *reader,
                     const char *url,
                     FILE *file,
                     int64_t size_max,
                     long *ret_status,
                     GError **error) {
    g_autofree char *at = g_strdup(url);
    for (unsigned hops = 0; hops <= REDIRECTS_MAX; hops++) {
        Fetch fetch = {.reader = reader, .file = file, .size_max = size_max};
        g_autofree char *next = NULL;
        if (!get_one(reader, at, &fetch, ret_status, &next, error)) {
            return false;
        }
        if (next == NULL) {
            return true;
        }
        if (!is_same_place(at, next)) {
            return hz_fail(error,
                           HZ_ERROR_UNAVAILABLE,
                           "%s: leads to another server, %s; give that address if you mean it",
                           at,
                           next);
        }
        g_free(at);
        at = g_steal_pointer(&next);
    }
    return hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s: leads round in circles", url);
}
