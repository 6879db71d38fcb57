/*
 * Codes that people read off paper and type: Crockford's 32 symbols, 5 bits each, no I, L, O, U,
 * which are read as others or as words. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The symbol of the lowest five bits. */
char typed_code_symbol(uint8_t bits);
/* Small letters, full-width ones, blanks and hyphens are taken as meant; O is 0, I and L are 1.
 * True when exactly `count` symbols are left, which then stand in ret_code[0 … count - 1], ended
 * with a 0. `typed` may be NULL. */
bool typed_code_parse(const char *typed, size_t count, char *ret_code);
