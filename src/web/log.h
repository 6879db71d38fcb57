/*
 * One line per event on stderr: `t=… event=web.refused status=403 reason="no permission"`.
 *
 * Only edges log (web, jobs, commands); a failure is logged once, by whoever stops passing it on.
 * No secrets, no bodies. Under systemd (JOURNAL_STREAM is set) the line begins with a syslog level
 * such as "<6>" and has no time, because the journal keeps both. Thread: any; a line is one write.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef enum LogLevel { LOG_LEVEL_ERROR = 3, LOG_LEVEL_WARNING = 4, LOG_LEVEL_INFO = 6 } LogLevel;

/* `event` is "area.thing"; `format` is "key=%s other=%d …". The text of each %s that holds a space,
 * a quote, "=" or a control character, or is empty, is quoted and escaped, so a hostile value can
 * neither start a new line nor a new key. Known conversions: s d i u x X c f g and %%, with flags,
 * width, precision and the lengths l, ll, z, j. */
void log_event(const char *event, const char *format, ...) G_GNUC_PRINTF(2, 3);
void log_problem(LogLevel level, const char *event, const char *format, ...) G_GNUC_PRINTF(3, 4);
/* Same, only when HUOZHENG_LOG=debug. */
void log_debug(const char *event, const char *format, ...) G_GNUC_PRINTF(2, 3);
bool log_is_debug(void);

/* The line without time, level and newline; caller frees. For tests. */
char *log_line(const char *event, const char *format, ...) G_GNUC_PRINTF(2, 3);
