/*
 * A command of the program as a person calls it: words in, exit code and text out. Linked to every
 * unit test.
 */
#pragma once

#include <string.h>

#include <glib.h>

/* Runs a command in this process; what it prints on both streams goes to *ret_text (caller frees).
 * `words` begins with "huozheng" and ends with NULL. */
int test_call(char **ret_text, const char *const *words);

/* The command ends with this code and prints this part. */
#define assert_call(code, wanted_part, ...)                                                        \
    do {                                                                                           \
        g_autofree char *printed = NULL;                                                           \
        int ended = test_call(&printed, (const char *const[]){"huozheng", __VA_ARGS__, NULL});     \
        if (ended != (code) || strstr(printed, wanted_part) == NULL) {                             \
            g_error("wanted %d and \"%s\", got %d and:\n%s", code, wanted_part, ended, printed);   \
        }                                                                                          \
    } while (0)
