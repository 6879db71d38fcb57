#include "report/report_rules.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/typed_code.h"
#include "law/law_paper.h"

#include <string.h>

char *report_code_of(const char *key) {
    uint8_t hash[DIGEST_SIZE];
    g_autofree char *labelled = g_strconcat("receipt:", key, NULL);
    digest_of(DIGEST_SHA256, labelled, strlen(labelled), hash);
    GString *code = g_string_new(NULL);
    for (unsigned i = 0; i < REPORT_CODE_CHARS; i++) {
        g_string_append_printf(
            code, "%s%c", i > 0 && i % 4 == 0 ? "-" : "", typed_code_symbol(hash[i]));
    }
    return g_string_free(code, FALSE);
}

bool report_code_parse(const char *typed, char ret_code[REPORT_CODE_CHARS + 1]) {
    return typed_code_parse(typed, REPORT_CODE_CHARS, ret_code);
}

char *report_code_sha256(int64_t matter_id, const char *code) {
    uint8_t hash[DIGEST_SIZE];
    g_autofree char *whole = g_strdup_printf("receipt:%" G_GINT64_FORMAT ":%s", matter_id, code);
    digest_of(DIGEST_SHA256, whole, strlen(whole), hash);
    return hex_format(hash, sizeof hash);
}

bool report_same(const char *a, const char *b) {
    size_t size = strlen(a);
    if (size != strlen(b)) {
        return false;
    }
    unsigned difference = 0;
    for (size_t i = 0; i < size; i++) {
        difference |= (unsigned)(a[i] ^ b[i]);
    }
    return difference == 0;
}

char *report_number_of(const char *prefix, const char *typed) {
    g_autofree char *plain = g_utf8_normalize(typed, -1, G_NORMALIZE_NFKC);
    int64_t numbers[2] = {0};
    unsigned count = 0;
    for (const char *at = plain; at != NULL && *at != '\0';) {
        if (!g_ascii_isdigit(*at)) {
            at++;
            continue;
        }
        size_t size = strspn(at, "0123456789");
        if (count == G_N_ELEMENTS(numbers) || size > 9) {
            return NULL;
        }
        numbers[count++] = g_ascii_strtoll(at, NULL, 10);
        at += size;
    }
    bool is_number = count == 2 && numbers[0] >= 2000 && numbers[0] <= 9999 && numbers[1] > 0;
    return is_number ? law_number_zh(prefix, (int)numbers[0], numbers[1]) : NULL;
}

char *report_place_text(const char *where, const char *inside) {
    return inside[0] == '\0' ? g_strdup(where) : g_strdup_printf("%s，%s", where, inside);
}

char *report_term_text(const LawTermRow *row) {
    return g_strdup_printf("%d %s内", row->amount, law_unit_zh(row->unit));
}

char *report_due_text(int64_t due_us, LawUnit unit, int64_t now_us) {
    if (unit != LAW_HOURS) {
        g_autofree char *last = clock_format_day_zh(due_us - 1, now_us);
        return g_strdup_printf("%s前（含当天）", last);
    }
    g_autofree char *day = clock_format_day_zh(due_us, now_us);
    g_autofree char *minute = clock_format_minute(due_us);
    return g_strdup_printf("%s %s 前", day, minute + strlen("2026-11-22 "));
}

bool report_phone_is_good(const char *phone) {
    unsigned digits = 0;
    for (const char *at = phone; *at != '\0'; at++) {
        if (strchr("0123456789+-() ", *at) == NULL) {
            return false;
        }
        digits += g_ascii_isdigit(*at);
    }
    return digits >= 7 && digits <= 20;
}
