/* Numbers of command lines, for programs here that do without a library. */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Up to nine digits; anything else ends the program with code 2. */
static inline unsigned number_of(const char *text) {
    unsigned number = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 9 || text[digits] != '\0') {
        fprintf(stderr, "\"%s\" is no number\n", text);
        exit(2);
    }
    for (size_t i = 0; i < digits; i++) {
        number = number * 10 + (unsigned)(text[i] - '0');
    }
    return number;
}
