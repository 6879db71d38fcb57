#include "web/log.h"

#include "base/clock.h"

#include <string.h>
#include <unistd.h>

/* One conversion of a printf format, taken apart. */
typedef struct Conversion {
    char spec[32]; /* "%-5.3" and the letters, as given */
    bool has_star; /* precision comes as an argument: only "%.*s" is used here */
    char length;   /* 0, 'l', 'L' for ll, 'z', 'j' */
    char letter;
} Conversion;

static const char *conversion_parse(const char *at, Conversion *ret) {
    const char *begin = at++;
    *ret = (Conversion){0};
    while (*at != '\0' && strchr("-+ #0123456789.*", *at) != NULL) {
        ret->has_star = ret->has_star || *at == '*';
        at++;
    }
    if (at[0] == 'l' && at[1] == 'l') {
        ret->length = 'L';
        at += 2;
    } else if (*at != '\0' && strchr("lzj", *at) != NULL) {
        ret->length = *at++;
    }
    ret->letter = *at;
    size_t size = (size_t)(at - begin) + 1;
    g_assert(*at != '\0' && size < sizeof ret->spec);
    memcpy(ret->spec, begin, size);
    return at + 1;
}

static void append_escaped(GString *line, const char *text) {
    g_string_append_c(line, '"');
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') {
            g_string_append_c(line, '\\');
            g_string_append_c(line, (char)c);
        } else if (c < 0x20 || c == 0x7f) {
            g_string_append_printf(line, "\\x%02x", c);
        } else {
            g_string_append_c(line, (char)c);
        }
    }
    g_string_append_c(line, '"');
}

static void append_text(GString *line, const char *text) {
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    bool is_plain = valid[0] != '\0';
    for (const char *at = valid; *at != '\0' && is_plain; at++) {
        unsigned char c = (unsigned char)*at;
        is_plain = c > 0x20 && c != 0x7f && c != '"' && c != '=' && c != '\\';
    }
    if (is_plain) {
        g_string_append(line, valid);
    } else {
        append_escaped(line, valid);
    }
}

/* The formats are literals of our own, checked by the compiler at the calls of log_event. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void append_signed(GString *line, const Conversion *conversion, va_list *args) {
    switch (conversion->length) {
    case 'l':
        g_string_append_printf(line, conversion->spec, va_arg(*args, long));
        break;
    case 'L':
        g_string_append_printf(line, conversion->spec, va_arg(*args, long long));
        break;
    case 'z':
        g_string_append_printf(line, conversion->spec, va_arg(*args, size_t));
        break;
    case 'j':
        g_string_append_printf(line, conversion->spec, va_arg(*args, intmax_t));
        break;
    default:
        g_string_append_printf(line, conversion->spec, va_arg(*args, int));
    }
}

static void append_string(GString *line, const Conversion *conversion, va_list *args) {
    int precision = conversion->has_star ? va_arg(*args, int) : 0;
    const char *text = va_arg(*args, const char *);
    if (text == NULL) {
        text = "-";
    }
    g_autofree char *formatted = conversion->has_star
                                     ? g_strdup_printf(conversion->spec, precision, text)
                                     : g_strdup_printf(conversion->spec, text);
    append_text(line, formatted);
}

static void append_conversion(GString *line, const Conversion *conversion, va_list *args) {
    switch (conversion->letter) {
    case '%':
        g_string_append_c(line, '%');
        break;
    case 's':
        append_string(line, conversion, args);
        break;
    case 'f':
    case 'g':
        g_string_append_printf(line, conversion->spec, va_arg(*args, double));
        break;
    default:
        g_assert(strchr("diuxXc", conversion->letter) != NULL);
        append_signed(line, conversion, args);
    }
}
#pragma GCC diagnostic pop

static GString *format_line(const char *event, const char *format, va_list *args) {
    GString *line = g_string_new("event=");
    g_string_append(line, event);
    if (*format != '\0') {
        g_string_append_c(line, ' ');
    }
    while (*format != '\0') {
        if (*format != '%') {
            g_string_append_c(line, *format++);
            continue;
        }
        Conversion conversion;
        format = conversion_parse(format, &conversion);
        append_conversion(line, &conversion, args);
    }
    return line;
}

static void emit(LogLevel level, const char *event, const char *format, va_list *args) {
    g_autoptr(GString) line = format_line(event, format, args);
    if (g_getenv("JOURNAL_STREAM") != NULL) {
        g_autofree char *prefix = g_strdup_printf("<%d>", (int)level);
        g_string_prepend(line, prefix);
    } else {
        g_autofree char *time = clock_format_utc(clock_now_us());
        g_autofree char *prefix = g_strdup_printf("t=%s ", time);
        g_string_prepend(line, prefix);
    }
    g_string_append_c(line, '\n');
    /* Nobody can be told that the log itself cannot be written. */
    ssize_t written = write(STDERR_FILENO, line->str, line->len);
    (void)written;
}

void log_event(const char *event, const char *format, ...) {
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_INFO, event, format, &args);
    va_end(args);
}

void log_problem(LogLevel level, const char *event, const char *format, ...) {
    va_list args;
    va_start(args, format);
    emit(level, event, format, &args);
    va_end(args);
}

bool log_is_debug(void) {
    return g_strcmp0(g_getenv("HUOZHENG_LOG"), "debug") == 0;
}

void log_debug(const char *event, const char *format, ...) {
    if (!log_is_debug()) {
        return;
    }
    va_list args;
    va_start(args, format);
    emit(LOG_LEVEL_INFO, event, format, &args);
    va_end(args);
}

char *log_line(const char *event, const char *format, ...) {
    va_list args;
    va_start(args, format);
    GString *line = format_line(event, format, &args);
    va_end(args);
    return g_string_free(line, FALSE);
}
