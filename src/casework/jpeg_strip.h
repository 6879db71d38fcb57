/*
 * The public copy of a photo: the same picture without what it says about place, time, device and
 * author. The coefficients are copied, not computed anew, so no pixel changes; every marker that a
 * picture does not need is left behind. Only "which way is up" stays, in a segment of our own, when
 * the device was not held upright: else the copy would lie on its side.
 *
 * Reads bytes from outside with libjpeg, whose errors jump: they end inside jpeg_strip.c. Fuzzed
 * (tests/fuzz/fuzz_exif.c). Thread: any.
 */
#pragma once

#include <glib.h>
#include <stddef.h>

/* `orientation`: as EXIF counts, 1 upright. `memory_max`: bytes that decoding may take. NULL with
 * INVALID when it is no JPEG that can be read whole, with LIMIT when it is too large. Caller
 * unrefs. */
GBytes *
jpeg_strip(const void *jpeg, size_t size, int orientation, size_t memory_max, GError **error);
