#include "test_call.h"

#include "cli/commands.h"

#include <glib/gstdio.h>
#include <stdio.h>
#include <unistd.h>

int test_call(char **ret_text, const char *const *words) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    int captured = g_file_open_tmp("huozheng-test-XXXXXX", &path, &error);
    g_assert_no_error(error);
    fflush(NULL);
    int out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
    dup2(captured, STDOUT_FILENO);
    dup2(captured, STDERR_FILENO);
    g_auto(GStrv) argv = g_strdupv((char **)words);
    g_auto(GStrv) kept = g_memdup2(argv, (g_strv_length(argv) + 1) * sizeof *argv);
    int code = commands_run((int)g_strv_length(argv), argv);
    memcpy(argv, kept, (g_strv_length(kept) + 1) * sizeof *argv); /* GOption takes words out */
    g_clear_pointer(&kept, g_free);
    fflush(NULL);
    dup2(out, STDOUT_FILENO);
    dup2(err, STDERR_FILENO);
    close(out);
    close(err);
    close(captured);
    g_assert_true(g_file_get_contents(path, ret_text, NULL, &error));
    g_remove(path);
    return code;
}
