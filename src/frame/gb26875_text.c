#include "frame/gb26875.h"

#include <errno.h>
#include <glib.h>
#include <iconv.h>
#include <string.h>

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static void close_converter(gpointer converter) {
    (void)iconv_close((iconv_t)converter);
}

/* One converter of this thread and direction, closed with it. */
static iconv_t converter_of(GPrivate *slot, const char *to, const char *from) {
    iconv_t converter = (iconv_t)g_private_get(slot);
    if (converter == NULL) {
        converter = iconv_open(to, from);
        g_assert(converter != (iconv_t)-1); /* both are part of the C library */
        g_private_set(slot, converter);
    }
    (void)iconv(converter, NULL, NULL, NULL, NULL);
    return converter;
}

/* Up to the first NUL, without spaces around it. */
static FrameSlice meant(FrameSlice raw) {
    const uint8_t *nul = raw.size > 0 ? memchr(raw.bytes, 0, raw.size) : NULL;
    raw.size = nul != NULL ? (size_t)(nul - raw.bytes) : raw.size;
    while (raw.size > 0 && raw.bytes[0] <= ' ') {
        raw.bytes++;
        raw.size--;
    }
    while (raw.size > 0 && raw.bytes[raw.size - 1] <= ' ') {
        raw.size--;
    }
    return raw;
}

size_t gb26875_text(FrameSlice raw, char *buffer, size_t size) {
    static GPrivate slot = G_PRIVATE_INIT(close_converter);
    g_assert(size > 0);
    raw = meant(raw);
    iconv_t converter = converter_of(&slot, "UTF-8", "GB18030");
    char *in = (char *)raw.bytes; /* iconv takes no const, and does not write */
    char *out = buffer;
    size_t left = size - 1;
    while (raw.size > 0) {
        if (iconv(converter, &in, &raw.size, &out, &left) != (size_t)-1 || errno == E2BIG ||
            left < strlen(replacement)) {
            break;
        }
        memcpy(out, replacement, strlen(replacement));
        out += strlen(replacement);
        left -= strlen(replacement);
        /* A character cut by the end of the field is one broken character. */
        size_t skip = errno == EINVAL ? raw.size : 1;
        in += skip;
        raw.size -= skip;
    }
    *out = '\0';
    return (size_t)(out - buffer);
}

size_t gb26875_text_put(const char *text, uint8_t *buffer, size_t size) {
    static GPrivate slot = G_PRIVATE_INIT(close_converter);
    iconv_t converter = converter_of(&slot, "GB18030", "UTF-8");
    char *in = (char *)text;
    size_t in_left = strlen(text);
    char *out = (char *)buffer;
    size_t left = size;
    (void)iconv(converter, &in, &in_left, &out, &left); /* stops at what does not fit */
    return size - left;
}
