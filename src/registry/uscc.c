#include "registry/uscc.h"

#include <glib.h>
#include <string.h>

static const char alphabet[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
#define MODULUS 31

/* GB 32100-2015, 附录: check = 31 - (sum of value * 3^position mod 31) mod 31. */
char uscc_check_character(const char *code) {
    int sum = 0;
    int weight = 1;
    for (int i = 0; i < USCC_LENGTH - 1; i++) {
        const char *found = code[i] == '\0' ? NULL : strchr(alphabet, code[i]);
        if (found == NULL) {
            return 0;
        }
        sum += (int)(found - alphabet) * weight;
        weight = weight * 3 % MODULUS;
    }
    return alphabet[(MODULUS - sum % MODULUS) % MODULUS];
}

UsccVerdict uscc_judge(const char *code) {
    if (strlen(code) != USCC_LENGTH) {
        return USCC_BAD_LENGTH;
    }
    char check = uscc_check_character(code);
    if (check == 0 || strchr(alphabet, code[USCC_LENGTH - 1]) == NULL) {
        return USCC_BAD_CHARACTER;
    }
    return code[USCC_LENGTH - 1] == check ? USCC_GOOD : USCC_BAD_CHECK;
}

char *uscc_clean(const char *text) {
    g_autofree char *wide = g_utf8_normalize(text, -1, G_NORMALIZE_ALL_COMPOSE);
    const char *from = wide == NULL ? text : wide;
    GString *clean = g_string_sized_new(USCC_LENGTH);
    for (; *from != '\0'; from++) {
        if (!g_ascii_isspace(*from) && *from != '-') {
            g_string_append_c(clean, g_ascii_toupper(*from));
        }
    }
    return g_string_free(clean, FALSE);
}
