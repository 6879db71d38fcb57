/* What happens to a file on its way in: its kind, what a photo says about itself, its public copy
 * (src/casework/file_kind.c, exif_facts.c, jpeg_strip.c). */
#include "base/limits.h"
#include "casework/exif_facts.h"
#include "casework/file_kind.h"
#include "casework/jpeg_strip.h"

#include <glib.h>
#include <stdint.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MEMORY (8 * MIB) /* so that a picture that claims to be huge costs little here */

static void check_facts(const ExifFacts *facts) {
    g_assert_true(strlen(facts->taken) == 0 || strlen(facts->taken) == 19);
    g_assert_true(g_utf8_validate(facts->device, -1, NULL));
    g_assert_true(facts->orientation >= 1 && facts->orientation <= 8);
    g_assert_true(facts->latitude >= -90 && facts->latitude <= 90);
    g_assert_true(facts->longitude >= -180 && facts->longitude <= 180);
}

/* A copy says nothing any more, and copying it again changes nothing. */
static void check_copy(GBytes *copy, int orientation) {
    gsize size = 0;
    const void *bytes = g_bytes_get_data(copy, &size);
    ExifFacts left;
    g_assert_cmpint(file_kind_of(bytes, size), ==, FILE_JPEG);
    exif_facts_read(bytes, size, &left);
    g_assert_true(left.taken[0] == '\0' && left.device[0] == '\0' && !left.has_place);
    g_assert_cmpint(left.orientation, ==, orientation);
    g_autoptr(GBytes) again = jpeg_strip(bytes, size, orientation, MEMORY, NULL);
    g_assert_true(again == NULL || g_bytes_equal(copy, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    ExifFacts facts;
    FileKind kind = file_kind_of(data, size);
    exif_facts_read(data, size, &facts);
    check_facts(&facts);
    g_autoptr(GBytes) copy =
        kind != FILE_JPEG ? NULL : jpeg_strip(data, size, facts.orientation, MEMORY, NULL);
    if (copy != NULL) {
        check_copy(copy, facts.orientation);
    }
    return 0;
}
