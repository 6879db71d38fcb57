/* Bytes that belong to somebody else. Thread: any. */
#pragma once

#include <stddef.h>
#include <stdint.h>

typedef struct FrameSlice {
    const uint8_t *bytes; /* borrowed; may be NULL when size is 0 */
    size_t size;
} FrameSlice;
