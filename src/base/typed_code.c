#include "base/typed_code.h"

#include <glib.h>
#include <string.h>

static const char symbols[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

char typed_code_symbol(uint8_t bits) {
    return symbols[bits % (sizeof symbols - 1)];
}

bool typed_code_parse(const char *typed, size_t count, char *ret_code) {
    g_autofree char *plain = typed == NULL ? NULL : g_utf8_normalize(typed, -1, G_NORMALIZE_NFKC);
    size_t size = 0;
    for (const char *at = plain; at != NULL && *at != '\0'; at++) {
        char one = g_ascii_toupper(*at);
        one = one == 'O' ? '0' : one == 'I' || one == 'L' ? '1' : one;
        if (one == '-' || one == ' ') {
            continue;
        }
        if (strchr(symbols, one) == NULL || size == count) {
            return false;
        }
        ret_code[size++] = one;
    }
    ret_code[size] = '\0';
    return size == count;
}
