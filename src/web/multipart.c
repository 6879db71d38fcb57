#include "web/multipart.h"

#include "base/error.h"
#include "base/limits.h"

#include <string.h>

typedef enum State {
    STATE_PREAMBLE,  /* before the first delimiter: ignored */
    STATE_DELIMITER, /* right behind a delimiter: "--" or the rest of its line */
    STATE_HEAD,      /* header lines of a part */
    STATE_BODY,
    STATE_EPILOGUE, /* behind the closing delimiter: ignored */
} State;

struct Multipart {
    const MultipartSink *sink;
    void *data;
    GString *delimiter; /* CRLF "--" boundary */
    GString *pending;   /* bytes not yet decided */
    State state;
    unsigned parts;
};

Multipart *multipart_new(const char *boundary, const MultipartSink *sink, void *data) {
    Multipart *multipart = g_new0(Multipart, 1);
    multipart->sink = sink;
    multipart->data = data;
    multipart->delimiter = g_string_new("\r\n--");
    g_string_append(multipart->delimiter, boundary);
    /* The first delimiter may stand at the very beginning; this makes it look like the others. */
    multipart->pending = g_string_new("\r\n");
    multipart->state = STATE_PREAMBLE;
    return multipart;
}

void multipart_free(Multipart *multipart) {
    if (multipart != NULL) {
        g_string_free(multipart->delimiter, TRUE);
        g_string_free(multipart->pending, TRUE);
        g_free(multipart);
    }
}

/* --- a part's head --- */

/* What browsers encode inside quoted names (WHATWG HTML, 4.10.21.8): ", CR and LF, nothing else. */
static void append_name_char(GString *out, const char **at) {
    static const char *const codes[][2] = {{"%22", "\""}, {"%0D", "\r"}, {"%0A", "\n"}};
    for (size_t i = 0; i < G_N_ELEMENTS(codes); i++) {
        if (g_ascii_strncasecmp(*at, codes[i][0], 3) == 0) {
            g_string_append(out, codes[i][1]);
            *at += 3;
            return;
        }
    }
    if ((*at)[0] == '\\' && (*at)[1] == '"') {
        (*at)++;
    }
    g_string_append_c(out, *(*at)++);
}

/* The quoted value of parameter `name` in a header line; NULL if it is absent or unquoted. */
static char *quoted_parameter(const char *line, const char *name) {
    g_autofree char *mark = g_strdup_printf("%s=\"", name);
    const char *at = strchr(line, ';');
    while (at != NULL) {
        at += 1 + strspn(at + 1, " \t");
        if (g_ascii_strncasecmp(at, mark, strlen(mark)) == 0) {
            at += strlen(mark);
            g_autoptr(GString) value = g_string_new(NULL);
            while (*at != '"' && *at != '\0') {
                append_name_char(value, &at);
            }
            return *at == '"' ? g_string_free(g_steal_pointer(&value), FALSE) : NULL;
        }
        /* Step over a quoted value, in which ";" means nothing. */
        const char *quote = at + strcspn(at, "\";");
        while (*quote == '"') {
            quote++;
            while (*quote != '"' && *quote != '\0') {
                quote += quote[0] == '\\' && quote[1] == '"' ? 2 : 1;
            }
            quote += *quote == '"';
            quote += strcspn(quote, "\";");
        }
        at = *quote == ';' ? quote : NULL;
    }
    return NULL;
}

static const char *last_component(const char *path) {
    const char *name = path;
    for (; *path != '\0'; path++) {
        if (*path == '/' || *path == '\\') {
            name = path + 1;
        }
    }
    return name;
}

/* Finds the one Content-Disposition line; NULL if there is none or there are two. */
static const char *disposition_of(char **lines) {
    const char *found = NULL;
    for (; *lines != NULL; lines++) {
        if (g_ascii_strncasecmp(*lines, "Content-Disposition:", 20) == 0) {
            if (found != NULL) {
                return NULL;
            }
            found = *lines + 20;
        }
    }
    return found;
}

static bool begin_part(Multipart *multipart, const char *head, size_t size, GError **error) {
    if (++multipart->parts > LIMIT_FORM_FIELDS) {
        return hz_fail(error, HZ_ERROR_LIMIT, "more than %d form parts", LIMIT_FORM_FIELDS);
    }
    /* With a length NUL is refused too, so the text below ends where it should. */
    if (!g_utf8_validate(head, (gssize)size, NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "form part head is not UTF-8");
    }
    g_autofree char *text = g_strndup(head, size);
    g_auto(GStrv) lines = g_strsplit(text, "\r\n", 16);
    const char *disposition = disposition_of(lines);
    if (disposition == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "form part without Content-Disposition");
    }
    disposition += strspn(disposition, " \t");
    g_autofree char *name = quoted_parameter(disposition, "name");
    if (g_ascii_strncasecmp(disposition, "form-data", 9) != 0 || name == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "form part without a name");
    }
    g_autofree char *file_name = quoted_parameter(disposition, "filename");
    multipart->state = STATE_BODY;
    return multipart->sink->begin(
        multipart->data, name, file_name != NULL ? last_component(file_name) : NULL, error);
}

/* --- the states --- */

/* Each step looks at [at, at + size) and says how many bytes it has used; 0: it needs more. */
static bool
step_text(Multipart *multipart, const char *at, size_t size, size_t *ret_used, GError **error) {
    const GString *delimiter = multipart->delimiter;
    const char *found = memmem(at, size, delimiter->str, delimiter->len);
    size_t text = found != NULL ? (size_t)(found - at) : 0;
    if (found == NULL && size >= delimiter->len) {
        text = size - (delimiter->len - 1); /* the rest may be the delimiter's beginning */
    }
    bool is_body = multipart->state == STATE_BODY;
    if (is_body && text > 0 && !multipart->sink->bytes(multipart->data, at, text, error)) {
        return false;
    }
    *ret_used = text;
    if (found != NULL) {
        *ret_used += delimiter->len;
        multipart->state = STATE_DELIMITER;
        return !is_body || multipart->sink->end(multipart->data, error);
    }
    return true;
}

static bool step_delimiter(
    Multipart *multipart, const char *at, size_t size, size_t *ret_used, GError **error) {
    *ret_used = 0;
    if (size < 2) {
        return true;
    }
    if (at[0] == '-' && at[1] == '-') {
        multipart->state = STATE_EPILOGUE;
        *ret_used = 2;
    } else if (at[0] == '\r' && at[1] == '\n') {
        multipart->state = STATE_HEAD;
        *ret_used = 2;
    } else if (at[0] == ' ' || at[0] == '\t') {
        *ret_used = 1; /* transport padding, RFC 2046 5.1.1 */
    } else {
        return hz_fail(error, HZ_ERROR_INVALID, "bad multipart delimiter");
    }
    return true;
}

static bool
step_head(Multipart *multipart, const char *at, size_t size, size_t *ret_used, GError **error) {
    *ret_used = 0;
    const char *end = memmem(at, size, "\r\n\r\n", 4);
    if (end == NULL ? size > LIMIT_PART_HEAD : (size_t)(end - at) > LIMIT_PART_HEAD) {
        return hz_fail(error, HZ_ERROR_LIMIT, "form part head too large");
    }
    if (size >= 2 && at[0] == '\r' && at[1] == '\n') {
        return hz_fail(error, HZ_ERROR_INVALID, "form part without headers");
    }
    if (end == NULL) {
        return true;
    }
    *ret_used = (size_t)(end - at) + 4;
    return begin_part(multipart, at, (size_t)(end - at), error);
}

static bool
step(Multipart *multipart, const char *at, size_t size, size_t *ret_used, GError **error) {
    switch (multipart->state) {
    case STATE_PREAMBLE:
    case STATE_BODY:
        return step_text(multipart, at, size, ret_used, error);
    case STATE_DELIMITER:
        return step_delimiter(multipart, at, size, ret_used, error);
    case STATE_HEAD:
        return step_head(multipart, at, size, ret_used, error);
    case STATE_EPILOGUE:
        break;
    }
    *ret_used = size;
    return true;
}

bool multipart_feed(Multipart *multipart, const char *bytes, size_t size, GError **error) {
    GString *pending = multipart->pending;
    g_string_append_len(pending, bytes, (gssize)size);
    size_t at = 0;
    while (at < pending->len) {
        size_t used = 0;
        if (!step(multipart, pending->str + at, pending->len - at, &used, error)) {
            return false;
        }
        if (used == 0) {
            break;
        }
        at += used;
    }
    g_string_erase(pending, 0, (gssize)at);
    return true;
}

bool multipart_done(const Multipart *multipart, GError **error) {
    if (multipart->state == STATE_EPILOGUE) {
        return true;
    }
    return hz_fail(error, HZ_ERROR_INVALID, "form body ends before its last delimiter");
}

char *multipart_boundary(const char *content_type) {
    static const char type[] = "multipart/form-data";
    size_t size = strlen(type);
    if (g_ascii_strncasecmp(content_type, type, size) != 0) {
        return NULL;
    }
    const char *at = content_type + size;
    at += strspn(at, " \t");
    while (*at == ';') {
        at += 1 + strspn(at + 1, " \t");
        if (g_ascii_strncasecmp(at, "boundary=", 9) == 0) {
            at += 9;
            bool is_quoted = *at == '"';
            at += is_quoted;
            size_t length = strcspn(at, is_quoted ? "\"" : "; \t");
            return length >= 1 && length <= 70 ? g_strndup(at, length) : NULL;
        }
        at += strcspn(at, ";");
    }
    return NULL;
}
