#include "base/error.h"

G_DEFINE_QUARK(hz_error, hz_error)

#undef hz_fail /* the analyser's macro, see error.h */

bool hz_fail(GError **error, HzErrorCode code, const char *format, ...) {
    va_list args;
    va_start(args, format);
    GError *made = g_error_new_valist(HZ_ERROR, (gint)code, format, args);
    va_end(args);
    g_propagate_error(error, made);
    return false;
}

const char *hz_error_word(const GError *error) {
    static const char *const words[] = {
        [HZ_ERROR_INVALID] = "invalid",
        [HZ_ERROR_NOT_FOUND] = "not_found",
        [HZ_ERROR_DENIED] = "denied",
        [HZ_ERROR_CONFLICT] = "conflict",
        [HZ_ERROR_LIMIT] = "limit",
        [HZ_ERROR_BUSY] = "busy",
        [HZ_ERROR_TIMEOUT] = "timeout",
        [HZ_ERROR_UNAVAILABLE] = "unavailable",
        [HZ_ERROR_CORRUPT] = "corrupt",
        [HZ_ERROR_INTERNAL] = "internal",
    };
    if (error == NULL || error->domain != HZ_ERROR || error->code < 0 ||
        (size_t)error->code >= G_N_ELEMENTS(words)) {
        return "internal";
    }
    return words[error->code];
}
