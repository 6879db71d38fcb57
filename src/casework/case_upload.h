/* A file of a multipart form becomes evidence that waits for an act. Thread: the worker's. */
#pragma once

#include "casework/casework_file.h"
#include "web/web.h"

/* As casework_file_store, from an upload; `sender` is an account or a negative number
 * (casework_file.h). */
bool case_upload_store(Ctx *ctx,
                       const Upload *upload,
                       int64_t sender,
                       char **ret_sha256,
                       char **ret_problem_zh,
                       GError **error);
/* A photo of which only the picture is wanted: JPEG alone, and what it says about place, time and
 * device is taken out before it is stored (jpeg_strip.h). */
bool case_photo_store(Ctx *ctx,
                      const Upload *upload,
                      int64_t sender,
                      char **ret_sha256,
                      char **ret_problem_zh,
                      GError **error);
/* The file as it is stored, checked against its hash before anything is sent. */
Response *case_file_response(Ctx *ctx, const CaseFile *file);
/* "2 KB". Caller frees. */
char *case_size_text(int64_t size);
