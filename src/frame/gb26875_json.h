/*
 * Frames as JSON, for the command line, pages and tests: every field by name, numbers as sent
 * beside their words. Thread: any.
 */
#pragma once

#include "base/json.h"
#include "frame/gb26875_profile.h"

/* What gb26875_scan found (not GB26875_MORE): {valid, reason, seq, version, time, src, dst, cmd,
 * type, count, objects: […], …}. Addresses are numbers, times ISO 8601 +08:00 or null. A refused
 * frame has "fits": the profiles under which it is good. Caller owns the result. */
json_t *gb26875_json(const Gb26875Profile *profile, Gb26875Found found, const Gb26875Frame *frame);

/* One object of a frame, as it stands in "objects". Caller owns the result. */
json_t *gb26875_object_json(const Gb26875Profile *profile,
                            const Gb26875Frame *frame,
                            const Gb26875Object *object);

/* The reverse: the same keys, of which "…_raw" count before their reading. What is not given is 0,
 * version "1.0", time `now_us`. Returns the bytes of the frame, 0 with a sentence in `error`
 * (HZ_ERROR_INVALID). */
size_t gb26875_from_json(const Gb26875Profile *profile,
                         const json_t *json,
                         int64_t now_us,
                         uint8_t buffer[GB26875_FRAME_MAX],
                         GError **error);
