/* Numbers as people read them. Thread: any. */
#pragma once

#include <stdint.h>

/* 1279044 -> "1,279,044"; caller frees. */
char *number_group(int64_t number);
/* 3 of 40 -> "7.5%"; "0%" when whole is 0. Caller frees. */
char *number_percent(int64_t part, int64_t whole);
