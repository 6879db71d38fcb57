#include "web/body.h"

#include "base/limits.h"
#include "web/multipart.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

struct Body {
    Request *req;
    int64_t body_max;
    const char *upload_dir;
    GString *memory; /* the urlencoded form, or the field that is being read */
    size_t memory_total;
    Multipart *multipart; /* NULL: urlencoded */
    const char *field;    /* name of the part that is being read */
    bool is_nameless;     /* it may be a file input that was left empty */
    UploadFile *file;     /* NULL: that part is a field, or a file without a byte yet */
};

static bool begin_file(Body *body, const char *file_name, GError **error) {
    if (body->req->uploads->len >= LIMIT_UPLOAD_FILES) {
        return hz_fail(error, HZ_ERROR_LIMIT, "more than %d files", LIMIT_UPLOAD_FILES);
    }
    g_autofree char *path = NULL;
    int fd = web_temp_file(body->upload_dir, &path, error);
    if (fd < 0) {
        return false;
    }
    UploadFile *file = g_new0(UploadFile, 1);
    file->fd = fd;
    file->field = body->field;
    file->path = g_steal_pointer(&path);
    file->face.path = file->path;
    file->face.file_name = g_string_chunk_insert(body->req->text, file_name);
    g_ptr_array_add(body->req->uploads, file);
    body->file = file;
    return true;
}

static bool begin_part(void *data, const char *name, const char *file_name, GError **error) {
    Body *body = data;
    body->field = g_string_chunk_insert(body->req->text, name);
    body->file = NULL;
    /* browsers send a nameless part for each file input that nothing was chosen in: a form with
     * many of them is no form with many files */
    body->is_nameless = file_name != NULL && file_name[0] == '\0';
    g_string_truncate(body->memory, 0);
    return file_name == NULL || body->is_nameless || begin_file(body, file_name, error);
}

static bool part_bytes(void *data, const char *bytes, size_t size, GError **error) {
    Body *body = data;
    if (body->is_nameless && body->file == NULL && !begin_file(body, "", error)) {
        return false;
    }
    if (body->file != NULL) {
        body->file->face.size += (int64_t)size;
        return web_write_all(body->file->fd, bytes, size, error);
    }
    body->memory_total += size;
    if (body->memory->len + size > LIMIT_FIELD || body->memory_total > LIMIT_FORM_BODY) {
        return hz_fail(error, HZ_ERROR_LIMIT, "form field \"%s\" is too long", body->field);
    }
    g_string_append_len(body->memory, bytes, (gssize)size);
    return true;
}

static bool end_part(void *data, GError **error) {
    Body *body = data;
    if (body->file != NULL) {
        close(body->file->fd);
        body->file->fd = -1;
        return true;
    }
    if (body->is_nameless) {
        return true;
    }
    if (!g_utf8_validate(body->memory->str, (gssize)body->memory->len, NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "field \"%s\" is not UTF-8", body->field);
    }
    fields_add(&body->req->form, body->field, body->memory->str);
    return true;
}

static const MultipartSink sink = {begin_part, part_bytes, end_part};

static bool is_urlencoded(const char *type) {
    static const char wanted[] = "application/x-www-form-urlencoded";
    size_t size = strlen(wanted);
    return g_ascii_strncasecmp(type, wanted, size) == 0 &&
           (type[size] == '\0' || strchr("; \t", type[size]) != NULL);
}

static bool is_raw(const Request *req) {
    return req->route != NULL && req->route->csrf == CSRF_RAW;
}

Body *body_new(Request *req, int64_t body_max, const char *upload_dir, GError **error) {
    const char *type = request_header(req, "Content-Type");
    g_autofree char *boundary = type != NULL && !is_raw(req) ? multipart_boundary(type) : NULL;
    if (boundary == NULL && !is_raw(req) && (type != NULL || request_has_body(req)) &&
        (type == NULL || !is_urlencoded(type))) {
        hz_fail(error, HZ_ERROR_INVALID, "body type not supported");
        return NULL;
    }
    Body *body = g_new0(Body, 1);
    body->req = req;
    body->body_max = boundary != NULL ? body_max : MIN(body_max, LIMIT_FORM_BODY);
    body->upload_dir = upload_dir;
    body->memory = g_string_new(NULL);
    if (boundary != NULL) {
        body->multipart = multipart_new(boundary, &sink, body);
    }
    return body;
}

void body_free(Body *body) {
    if (body != NULL) {
        multipart_free(body->multipart);
        g_string_free(body->memory, TRUE);
        g_free(body);
    }
}

int64_t body_limit(const Body *body) {
    return body->body_max;
}

bool body_feed(Body *body, const char *bytes, size_t size, GError **error) {
    body->req->body_size += (int64_t)size;
    if (body->req->body_size > body->body_max) {
        return hz_fail(error, HZ_ERROR_LIMIT, "body is too large");
    }
    if (body->multipart != NULL) {
        return multipart_feed(body->multipart, bytes, size, error);
    }
    g_string_append_len(body->memory, bytes, (gssize)size);
    return true;
}

bool body_done(Body *body, GError **error) {
    if (is_raw(body->req)) {
        body->req->raw = g_string_chunk_insert_len(
            body->req->text, body->memory->str, (gssize)body->memory->len);
        return true;
    }
    if (body->multipart != NULL) {
        return multipart_done(body->multipart, error);
    }
    return fields_parse_urlencoded(&body->req->form, body->memory->str, body->memory->len, error);
}
