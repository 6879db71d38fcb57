#include "firecode/qr_svg.h"

#include "base/error.h"

#include <qrencode.h>

#define QUIET 4 /* modules around it, ISO/IEC 18004 */

static void qr_free(QRcode *code) {
    QRcode_free(code);
}
G_DEFINE_AUTOPTR_CLEANUP_FUNC(QRcode, qr_free)

/* Dark modules of a row as one rectangle for each run. */
static void add_row(GString *path, const QRcode *code, int y) {
    const unsigned char *row = code->data + (size_t)y * (size_t)code->width;
    for (int x = 0; x < code->width; x++) {
        int from = x;
        while (x < code->width && (row[x] & 1) != 0) {
            x++;
        }
        if (x > from) {
            g_string_append_printf(
                path, "M%d %dh%dv1h-%dz", from + QUIET, y + QUIET, x - from, x - from);
        }
    }
}

json_t *qr_model(const char *text, GError **error) {
    g_autoptr(QRcode) code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (code == NULL) {
        hz_fail(error, HZ_ERROR_LIMIT, "the text is too long for a QR code");
        return NULL;
    }
    g_autoptr(GString) path = g_string_new(NULL);
    for (int y = 0; y < code->width; y++) {
        add_row(path, code, y);
    }
    json_t *model = json_object();
    json_put_int(model, "size", code->width + 2 * QUIET);
    json_put_text(model, "path", path->str);
    return model;
}
