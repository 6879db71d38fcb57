/* QR codes as SVG (libqrencode). Thread: any. */
#pragma once

#include "base/json.h"

/* {"size": modules with the quiet zone, "path": "M4 4h7v1h-7z…"} of a text of up to some hundred
 * bytes, error correction M. NULL with HZ_ERROR_LIMIT when it does not fit. Caller unrefs. */
json_t *qr_model(const char *text, GError **error);
