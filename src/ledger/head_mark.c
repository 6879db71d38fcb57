#include "ledger/head_mark.h"

#include "base/error.h"
#include "ledger/note.h"

#include <string.h>

#define FILE_NAME "heads.state"
#define FORMAT "fss-heads/1"

void head_mark_clear(HeadMark *mark) {
    g_clear_pointer(&mark->stop, g_free);
}

/* Lines: format, "size N", "root HEX", "sm3 HEX", perhaps "stop REASON". */
static bool take_lines(char **lines, HeadMark *mark) {
    guint count = g_strv_length(lines);
    if (count < 5 || strcmp(lines[0], FORMAT) != 0 || !g_str_has_prefix(lines[1], "size ") ||
        !decimal_read(lines[1] + 5, strlen(lines[1] + 5), &mark->size) ||
        !g_str_has_prefix(lines[2], "root ") || !hex_parse(lines[2] + 5, mark->root, DIGEST_SIZE) ||
        !g_str_has_prefix(lines[3], "sm3 ") ||
        !hex_parse(lines[3] + 4, mark->root_sm3, DIGEST_SIZE)) {
        return false;
    }
    if (count == 6 && g_str_has_prefix(lines[4], "stop ") && lines[5][0] == '\0') {
        mark->stop = g_strdup(lines[4] + 5);
        return true;
    }
    return count == 5 && lines[4][0] == '\0';
}

bool head_mark_read(const char *folder, HeadMark *ret_mark, GError **error) {
    g_autofree char *path = g_build_filename(folder, FILE_NAME, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) problem = NULL;
    *ret_mark = (HeadMark){0};
    if (!g_file_get_contents(path, &text, NULL, &problem)) {
        return g_error_matches(problem, G_FILE_ERROR, G_FILE_ERROR_NOENT) ||
               hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", 8);
    HeadMark mark = {0};
    if (!take_lines(lines, &mark)) {
        head_mark_clear(&mark);
        return hz_fail(error,
                       HZ_ERROR_CORRUPT,
                       "%s cannot be understood; it remembers the newest signed head: put it back "
                       "from a copy",
                       path);
    }
    *ret_mark = mark;
    return true;
}

bool head_mark_write(const char *folder, const HeadMark *mark, GError **error) {
    g_autofree char *path = g_build_filename(folder, FILE_NAME, NULL);
    g_autofree char *root = hex_format(mark->root, DIGEST_SIZE);
    g_autofree char *sm3 = hex_format(mark->root_sm3, DIGEST_SIZE);
    g_autofree char *stop = g_strdup(mark->stop != NULL ? mark->stop : "");
    g_strdelimit(stop, "\r\n", ' ');
    g_autofree char *text =
        g_strdup_printf(FORMAT "\nsize %" G_GINT64_FORMAT "\nroot %s\nsm3 %s\n%s%s%s",
                        mark->size,
                        root,
                        sm3,
                        mark->stop != NULL ? "stop " : "",
                        stop,
                        mark->stop != NULL ? "\n" : "");
    g_autoptr(GError) problem = NULL;
    return g_file_set_contents_full(path,
                                    text,
                                    -1,
                                    G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE,
                                    0600,
                                    &problem) ||
           hz_fail(error, HZ_ERROR_UNAVAILABLE, "%s", problem->message);
}
