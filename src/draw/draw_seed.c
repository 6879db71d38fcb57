/* How a typed seed is read and judged. Pure. */
#include "draw/draw.h"
#include "draw/draw_rules.h"

#include <math.h>
#include <string.h>

GByteArray *draw_seed_parse(const char *text) {
    g_autofree char *seed = g_strstrip(g_strdup(text));
    size_t size = strlen(seed);
    uint8_t bytes[DRAW_SEED_MAX];
    bool is_hex = size > 0 && size % 2 == 0 && strspn(seed, "0123456789abcdef") == size;
    size_t count = is_hex ? size / 2 : size;
    if (count == 0 || count > sizeof bytes) {
        return NULL;
    }
    if (is_hex) {
        (void)hex_parse(seed, bytes, count); /* all digits were looked at */
    } else {
        memcpy(bytes, seed, count);
    }
    GByteArray *made = g_byte_array_new();
    g_byte_array_append(made, bytes, (guint)count);
    return made;
}

/* Size of the smallest alphabet that a person would have taken these characters from. */
static double alphabet(const char *seed) {
    if (strspn(seed, "0123456789") == strlen(seed)) {
        return 10;
    }
    if (strspn(seed, "0123456789abcdef") == strlen(seed)) {
        return 16;
    }
    bool has_upper = false;
    bool has_lower = false;
    bool has_wide = false;
    for (const char *c = seed; *c != '\0'; c++) {
        has_upper |= g_ascii_isupper(*c);
        has_lower |= g_ascii_islower(*c);
        has_wide |= (unsigned char)*c >= 0x80;
    }
    return has_wide ? 256 : has_upper && has_lower ? 62 : 36;
}

double draw_seed_bits(const char *text) {
    g_autofree char *seed = g_strstrip(g_strdup(text));
    if (!g_utf8_validate(seed, -1, NULL)) {
        return 0;
    }
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    double length = 0;
    for (const char *c = seed; *c != '\0'; c = g_utf8_next_char(c)) {
        g_hash_table_add(seen, GUINT_TO_POINTER(g_utf8_get_char(c)));
        length++;
    }
    double variety = g_hash_table_size(seen);
    /* Few different characters mean a pattern, whatever alphabet they are from; twice the variety
     * is about what a random text of this length shows. */
    double choices = fmin(alphabet(seed), 2 * variety);
    return variety < 4 ? 0 : length * log2(choices);
}
