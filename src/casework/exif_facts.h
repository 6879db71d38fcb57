/*
 * What a photo says about itself: when, where and with what it was taken. It is evidence about the
 * evidence and can be forged; pages say that it comes from the file. Reads bytes from outside with
 * libexif: fuzzed (tests/fuzz/fuzz_exif.c). Thread: any.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct ExifFacts {
    char taken[20];  /* "2026-11-20 14:22:03" by the device's clock; "": it does not say */
    char device[96]; /* maker and model, UTF-8; "": it does not say */
    bool has_place;
    double latitude, longitude; /* degrees, WGS 84; south and west are negative */
    int orientation;            /* 1 to 8 as EXIF counts; 1: upright */
} ExifFacts;

/* Of a JPEG; what it does not say, or says wrongly, stays empty. */
void exif_facts_read(const void *jpeg, size_t size, ExifFacts *ret_facts);
