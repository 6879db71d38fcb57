/* Copies of evidence that may be seen by others. */
#include "base/error.h"
#include "base/limits.h"
#include "casework/casework_file.h"
#include "casework/jpeg_strip.h"

static bool append_part(void *data, const void *bytes, size_t size, GError **error) {
    (void)error;
    g_byte_array_append(data, bytes, (guint)size);
    return true;
}

GBytes *casework_file_copy(Db *db, const CaseFile *file, GError **error) {
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    if (!file_kind_info(file->kind)->is_strippable) {
        hz_fail(error, HZ_ERROR_INVALID, "file %s is of a kind without a copy", file->sha256);
        return NULL;
    }
    if (!casework_file_read(db, file->sha256, append_part, bytes, error)) {
        return NULL;
    }
    int orientation = (int)json_get_int(file->facts, "orientation", 1);
    return jpeg_strip(bytes->data, bytes->len, orientation, LIMIT_JPEG_MEMORY, error);
}
