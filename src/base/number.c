#include "base/number.h"

#include <glib.h>

char *number_group(int64_t number) {
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "%" G_GINT64_FORMAT, number);
    gssize first = number < 0 ? 1 : 0;
    for (gssize at = (gssize)text->len - 3; at > first; at -= 3) {
        g_string_insert_c(text, at, ',');
    }
    return g_string_free(text, FALSE);
}

char *number_percent(int64_t part, int64_t whole) {
    if (whole == 0) {
        return g_strdup("0%");
    }
    return g_strdup_printf("%.1f%%", 100.0 * (double)part / (double)whole);
}
