/* The checks of a request head that are ours (see request.h). */
#include "web/request.h"

#include "base/limits.h"

#include <string.h>

int64_t request_content_length(const Request *req) {
    const char *text = request_header(req, "Content-Length");
    guint64 size = 0;
    if (text == NULL || !g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &size, NULL)) {
        return -1;
    }
    return (int64_t)size;
}

bool request_has_body(const Request *req) {
    return request_header(req, "Transfer-Encoding") != NULL || request_content_length(req) > 0;
}

/* reg-name, IPv4 or [IPv6], and a port: RFC 9110, 7.2. */
static bool host_is_valid(const char *host) {
    size_t size = strlen(host);
    return size > 0 && size <= 255 &&
           strspn(host, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~:[]%") ==
               size;
}

/* Headers on which access or framing hangs: two of them could be read differently by a proxy. */
static const char *const once[] = {
    "Cookie",
    "Origin",
    "Sec-Fetch-Site",
    "X-CSRF-Token",
    "Content-Type",
    "Authorization",
    "Content-Length",
    "Host",
    "Transfer-Encoding",
};

static HeadVerdict check_framing(const Request *req) {
    const char *length = request_header(req, "Content-Length");
    const char *coding = request_header(req, "Transfer-Encoding");
    for (size_t i = 0; i < G_N_ELEMENTS(once); i++) {
        if (fields_count_folded(&req->headers, once[i]) > 1) {
            return (HeadVerdict){400, "duplicate header"};
        }
    }
    if (length != NULL && coding != NULL) {
        return (HeadVerdict){400, "Content-Length and Transfer-Encoding"};
    }
    if (coding != NULL && g_ascii_strcasecmp(coding, "chunked") != 0) {
        return (HeadVerdict){400, "unknown Transfer-Encoding"};
    }
    if (length != NULL && request_content_length(req) < 0) {
        return (HeadVerdict){400, "bad Content-Length"};
    }
    const char *host = request_header(req, "Host");
    if (host == NULL || !host_is_valid(host)) {
        return (HeadVerdict){400, "missing or bad Host"};
    }
    return (HeadVerdict){0};
}

/* Control characters never belong into a field value (RFC 9110, 5.5). */
static HeadVerdict check_headers(const Request *req) {
    if (req->headers.items->len > LIMIT_HEADERS) {
        return (HeadVerdict){431, "too many headers"};
    }
    for (guint i = 0; i < req->headers.items->len; i++) {
        const Field *field = &g_array_index(req->headers.items, Field, i);
        for (const char *at = field->value; *at != '\0'; at++) {
            if ((unsigned char)*at < 0x20 && *at != '\t') {
                return (HeadVerdict){400, "control character in header"};
            }
        }
    }
    return (HeadVerdict){0};
}

static bool split_path(Request *req, const char *path, size_t size) {
    const char *end = path + size;
    while (path < end) {
        path++; /* the slash */
        const char *stop = memchr(path, '/', (size_t)(end - path));
        if (stop == NULL) {
            stop = end;
        }
        const char *segment = percent_decode(req->text, path, (size_t)(stop - path), false, NULL);
        if (segment == NULL) {
            return false;
        }
        g_ptr_array_add(req->segments, (gpointer)segment);
        path = stop;
    }
    return true;
}

static HeadVerdict take_target(Request *req) {
    const char *target = req->target;
    if (strlen(target) > LIMIT_URI) {
        return (HeadVerdict){414, "target too long"};
    }
    if (target[0] != '/') {
        return (HeadVerdict){400, "target is not an absolute path"};
    }
    size_t size = strcspn(target, "?");
    req->path = percent_decode(req->text, target, size, false, NULL);
    if (req->path == NULL || !split_path(req, target, size)) {
        req->path = "";
        return (HeadVerdict){400, "bad escape or encoding in path"};
    }
    if (target[size] == '?') {
        req->query = target + size + 1;
        g_autoptr(GError) error = NULL;
        if (!fields_parse_urlencoded(&req->query_fields, req->query, strlen(req->query), &error)) {
            return (HeadVerdict){400, "bad query"};
        }
    }
    return (HeadVerdict){0};
}

HeadVerdict request_check_head(Request *req) {
    HeadVerdict verdict = check_headers(req);
    if (verdict.status == 0) {
        verdict = check_framing(req);
    }
    if (verdict.status == 0) {
        verdict = take_target(req);
    }
    const char *cookies = request_header(req, "Cookie");
    if (verdict.status == 0 && cookies != NULL) {
        fields_parse_cookies(&req->cookies, cookies);
    }
    return verdict;
}
