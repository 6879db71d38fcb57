#include "web/request.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/limits.h"

#include <errno.h>
#include <glib/gstdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void upload_file_free(gpointer data) {
    UploadFile *file = data;
    if (file->fd >= 0) {
        close(file->fd);
    }
    if (file->path != NULL) {
        /* A handler may have moved it by other means; then there is nothing to delete. */
        (void)g_unlink(file->path);
        g_free(file->path);
    }
    g_free(file);
}

Request *request_new(const char *method, const char *target) {
    Request *req = g_new0(Request, 1);
    req->text = g_string_chunk_new(1024);
    req->method = g_string_chunk_insert(req->text, method);
    req->target = g_string_chunk_insert(req->text, target);
    req->path = req->query = "";
    req->is_post = strcmp(method, "POST") == 0;
    req->is_head = strcmp(method, "HEAD") == 0;
    req->segments = g_ptr_array_new();
    Fields *all[] = {&req->headers, &req->cookies, &req->query_fields, &req->form, &req->args};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        fields_init(all[i], req->text);
    }
    req->uploads = g_ptr_array_new_with_free_func(upload_file_free);
    req->started_us = g_get_monotonic_time();
    uint8_t id[(REQUEST_ID_SIZE - 1) / 2];
    random_bytes(id, sizeof id);
    g_autofree char *hex = hex_format(id, sizeof id);
    memcpy(req->id, hex, REQUEST_ID_SIZE);
    return req;
}

void request_free(Request *req) {
    if (req == NULL) {
        return;
    }
    g_ptr_array_unref(req->uploads);
    g_ptr_array_unref(req->segments);
    Fields *all[] = {&req->headers, &req->cookies, &req->query_fields, &req->form, &req->args};
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        fields_clear(all[i]);
    }
    g_string_chunk_free(req->text);
    g_free(req);
}

void request_add_header(Request *req, const char *name, const char *value) {
    fields_add(&req->headers, name, value);
}

const char *request_path(const Request *req) {
    return req->path;
}

const char *request_arg(const Request *req, const char *name) {
    const char *value = fields_find(&req->args, name);
    g_assert(value != NULL); /* a handler asked for a name that its route does not have */
    return value;
}

bool request_arg_id(const Request *req, const char *name, int64_t *ret_id) {
    const char *text = request_arg(req, name);
    guint64 id = 0;
    if (!g_ascii_string_to_unsigned(text, 10, 1, G_MAXINT64, &id, NULL)) {
        return false;
    }
    *ret_id = (int64_t)id;
    return true;
}

const char *request_query(const Request *req, const char *name) {
    return fields_find(&req->query_fields, name);
}

const char *request_body(const Request *req, size_t *ret_size) {
    *ret_size = req->raw != NULL ? (size_t)req->body_size : 0;
    return req->raw != NULL ? req->raw : "";
}

const char *request_form(const Request *req, const char *name) {
    return fields_find(&req->form, name);
}

GPtrArray *request_form_all(const Request *req, const char *name) {
    GPtrArray *values = g_ptr_array_new();
    for (guint i = 0; i < req->form.items->len; i++) {
        const Field *field = &g_array_index(req->form.items, Field, i);
        if (strcmp(field->name, name) == 0) {
            g_ptr_array_add(values, (gpointer)field->value);
        }
    }
    return values;
}

GPtrArray *request_form_names(const Request *req) {
    GPtrArray *names = g_ptr_array_new();
    for (guint i = 0; i < req->form.items->len; i++) {
        g_ptr_array_add(names, (gpointer)g_array_index(req->form.items, Field, i).name);
    }
    return names;
}

const char *request_query_string(const Request *req) {
    return req->query;
}

const char *request_cookie(const Request *req, const char *name) {
    return fields_find(&req->cookies, name);
}

const char *request_header(const Request *req, const char *name) {
    return fields_find_folded(&req->headers, name);
}

const char *request_peer(const Request *req) {
    return req->peer;
}

bool request_is_post(const Request *req) {
    return req->is_post;
}

static int quality_of(char **parameters) {
    for (char **parameter = parameters; *parameter != NULL; parameter++) {
        const char *text = g_strstrip(*parameter);
        if (g_ascii_strncasecmp(text, "q=", 2) == 0) {
            double quality = g_ascii_strtod(text + 2, NULL);
            return quality >= 0 && quality <= 1 ? (int)(quality * 1000) : 0;
        }
    }
    return 1000;
}

int header_quality(const char *header, const char *name) {
    if (header == NULL) {
        return -1;
    }
    g_auto(GStrv) items = g_strsplit(header, ",", 32);
    for (char **item = items; *item != NULL; item++) {
        g_auto(GStrv) parts = g_strsplit(*item, ";", 8);
        if (parts[0] != NULL && g_ascii_strcasecmp(g_strstrip(parts[0]), name) == 0) {
            return quality_of(parts + 1);
        }
    }
    return -1;
}

bool request_wants_json(const Request *req) {
    const char *accept = request_header(req, "Accept");
    int json = header_quality(accept, "application/json");
    return json > 0 && json > header_quality(accept, "text/html");
}

const char *request_flash(const Request *req) {
    const char *text = request_cookie(req, "hz_flash");
    return text != NULL && text[0] != '\0' ? text : NULL;
}

/* --- uploads --- */

GPtrArray *request_upload_all(const Request *req, const char *name) {
    GPtrArray *all = g_ptr_array_new();
    for (guint i = 0; i < req->uploads->len; i++) {
        const UploadFile *file = g_ptr_array_index(req->uploads, i);
        bool is_given = file->face.size > 0 || file->face.file_name[0] != '\0';
        if (is_given && strcmp(file->field, name) == 0) {
            g_ptr_array_add(all, (gpointer)&file->face);
        }
    }
    return all;
}

const Upload *request_upload(const Request *req, const char *name) {
    g_autoptr(GPtrArray) all = request_upload_all(req, name);
    return all->len == 0 ? NULL : all->pdata[0];
}

/* Another file system: copy, make it durable, then delete the source with the request. */
static bool copy_file(const char *from, const char *to, GError **error) {
    g_autoptr(GMappedFile) source = g_mapped_file_new(from, FALSE, error);
    if (source == NULL) {
        return false;
    }
    return g_file_set_contents_full(to,
                                    g_mapped_file_get_contents(source),
                                    (gssize)g_mapped_file_get_length(source),
                                    G_FILE_SET_CONTENTS_DURABLE,
                                    0600,
                                    error);
}

bool upload_keep(const Upload *upload, const char *new_path, GError **error) {
    if (g_rename(upload->path, new_path) == 0) {
        return true;
    }
    if (errno == EXDEV) {
        g_autoptr(GError) cause = NULL;
        if (copy_file(upload->path, new_path, &cause)) {
            return true;
        }
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not keep upload: %s", cause->message);
    }
    return hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not keep upload: %s", g_strerror(errno));
}
