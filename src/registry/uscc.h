/*
 * 统一社会信用代码 (GB 32100-2015): 18 characters of 0-9 A-Z without I O Z S V; the last is a check
 * character, mod 31 over weights 3^i. Thread: any (pure).
 */
#pragma once

#include <stdbool.h>

#define USCC_LENGTH 18

typedef enum UsccVerdict {
    USCC_GOOD,
    USCC_BAD_LENGTH,
    USCC_BAD_CHARACTER,
    USCC_BAD_CHECK, /* seen on codes given out in the first years: worth a look, no refusal */
} UsccVerdict;

/* Upper-case text expected; see uscc_clean. */
UsccVerdict uscc_judge(const char *code);
/* The check character for the first 17; 0 if one of them cannot stand in a code. */
char uscc_check_character(const char *code);
/* Trimmed, inner blanks cut, full-width made half-width, upper case. Caller frees. */
char *uscc_clean(const char *text);
