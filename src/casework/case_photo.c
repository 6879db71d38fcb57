/* Photos that are stripped before they are stored. */
#include "base/error.h"
#include "base/limits.h"
#include "casework/case_upload.h"
#include "casework/exif_facts.h"
#include "casework/jpeg_strip.h"

static GBytes *strip(const char *bytes, size_t size, GError **error) {
    ExifFacts facts = {.orientation = 1};
    exif_facts_read(bytes, size, &facts);
    return jpeg_strip(bytes, size, facts.orientation, LIMIT_JPEG_MEMORY, error);
}

/* NULL with a text for the sender, or with *error. */
static GBytes *read_photo(const Upload *upload, char **ret_problem_zh, GError **error) {
    g_autoptr(GError) cause = NULL;
    if (upload->size > LIMIT_FILE) {
        *ret_problem_zh = g_strdup_printf("“%s”有 %.1f MB，一张最多 %d MB",
                                          upload->file_name,
                                          (double)upload->size / MIB,
                                          LIMIT_FILE / MIB);
        return NULL;
    }
    g_autoptr(GMappedFile) mapped = g_mapped_file_new(upload->path, FALSE, &cause);
    if (mapped == NULL) {
        hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not read upload: %s", cause->message);
        return NULL;
    }
    const char *bytes = g_mapped_file_get_contents(mapped);
    size_t size = g_mapped_file_get_length(mapped);
    if (size == 0 || file_kind_of(bytes, size) != FILE_JPEG) {
        *ret_problem_zh =
            g_strdup_printf("“%s”不是 JPEG 照片，没有收；请用手机直接拍一张", upload->file_name);
        return NULL;
    }
    GBytes *copy = strip(bytes, size, &cause);
    if (copy == NULL) {
        *ret_problem_zh =
            g_strdup_printf("“%s”不完整，或者像素太多，打不开；请重新拍一张", upload->file_name);
    }
    return copy;
}

bool case_photo_store(Ctx *ctx,
                      const Upload *upload,
                      int64_t sender,
                      char **ret_sha256,
                      char **ret_problem_zh,
                      GError **error) {
    *ret_sha256 = NULL;
    *ret_problem_zh = NULL;
    g_autoptr(GBytes) photo = read_photo(upload, ret_problem_zh, error);
    if (photo == NULL) {
        return *ret_problem_zh != NULL;
    }
    /* its own name may name a person */
    NewFile file = {.name = "照片.jpg",
                    .bytes = g_bytes_get_data(photo, NULL),
                    .size = g_bytes_get_size(photo),
                    .account_id = sender,
                    .now_us = ctx->now_us};
    return casework_file_store(ctx->db, &file, ret_sha256, ret_problem_zh, error);
}
