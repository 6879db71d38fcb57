/*
 * Operating failures: one GError domain, few codes, each named by what the caller can do.
 *
 * A programmer's mistake is an assert. A user's or device's mistake is a value (a form problem, a
 * refusal), never an error. Thread: any.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#define HZ_ERROR (hz_error_quark())

typedef enum HzErrorCode {
    HZ_ERROR_INVALID,     /* the input can never work as it is: tell the sender what to change */
    HZ_ERROR_NOT_FOUND,   /* no such thing, or not for this reader */
    HZ_ERROR_DENIED,      /* role, district or rule forbids it */
    HZ_ERROR_CONFLICT,    /* somebody changed it meanwhile, or it exists already */
    HZ_ERROR_LIMIT,       /* larger, longer or more often than we allow */
    HZ_ERROR_BUSY,        /* try again soon */
    HZ_ERROR_TIMEOUT,     /* took too long */
    HZ_ERROR_UNAVAILABLE, /* database, disk or port cannot be reached */
    HZ_ERROR_CORRUPT,     /* stored bytes are not what they must be */
    HZ_ERROR_INTERNAL,    /* none of the above: a defect of ours */
} HzErrorCode;

GQuark hz_error_quark(void);

/* Sets *error; always returns false, so `return hz_fail(error, HZ_ERROR_LIMIT, "…")` reads well.
 * Message: lower case, no full stop, names the field or line ("line 7, column \"height\": …"). */
bool hz_fail(GError **error, HzErrorCode code, const char *format, ...) G_GNUC_PRINTF(3, 4);
#ifdef __clang_analyzer__ /* it must see the `false` to follow the paths of the callers */
#define hz_fail(...) (hz_fail(__VA_ARGS__), false)
#endif

/* The code's stable word for JSON and logs: "invalid", "not_found" … */
const char *hz_error_word(const GError *error);
