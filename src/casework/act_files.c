/* Files in the form of an act: they come as a multipart form and stay, as hashes, in hidden fields.
 */
#include "base/error.h"
#include "base/limits.h"
#include "casework/act_form.h"
#include "casework/case_upload.h"
#include "casework/casework_file.h"

#include <string.h>

/* --- reading ------------------------------------------------------------------------------------
 */

/* The hashes that the form held already, each once, without those that are taken away. */
static json_t *kept_files(const Request *req, const json_t *said, const char *name) {
    g_autofree char *remove_name = g_strconcat(name, ".remove", NULL);
    g_autoptr(GPtrArray) removed = request_form_all(req, remove_name);
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *kept = json_array();
    for (guint i = 0; i < removed->len; i++) {
        g_hash_table_add(seen, removed->pdata[i]);
    }
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)said, i, one) {
        if (g_hash_table_add(seen, (gpointer)json_string_value(one))) {
            json_array_append(kept, one);
        }
    }
    return kept;
}

static bool holds(const json_t *list, const char *sha256) {
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one) {
        if (strcmp(json_string_value(one), sha256) == 0) {
            return true;
        }
    }
    return false;
}

/* It lies on disk, so it is mapped, not read; one that is too large is only refused. */
bool case_upload_store(Ctx *ctx,
                       const Upload *upload,
                       int64_t sender,
                       char **ret_sha256,
                       char **ret_problem_zh,
                       GError **error) {
    g_autoptr(GError) cause = NULL;
    g_autoptr(GMappedFile) mapped =
        upload->size > LIMIT_FILE ? NULL : g_mapped_file_new(upload->path, FALSE, &cause);
    if (cause != NULL) {
        return hz_fail(error, HZ_ERROR_UNAVAILABLE, "could not read upload: %s", cause->message);
    }
    const char *bytes = mapped == NULL ? NULL : g_mapped_file_get_contents(mapped);
    NewFile file = {.name = upload->file_name,
                    .bytes = bytes == NULL ? "" : bytes,
                    .size = (size_t)upload->size,
                    .account_id = sender,
                    .now_us = ctx->now_us};
    return casework_file_store(ctx->db, &file, ret_sha256, ret_problem_zh, error);
}

/* One file that arrived. */
static bool store(Ctx *ctx, const Upload *upload, json_t *list, GString *problems, GError **error) {
    g_autofree char *sha256 = NULL;
    g_autofree char *problem = NULL;
    if (!case_upload_store(ctx, upload, ctx->who->account_id, &sha256, &problem, error)) {
        return false;
    }
    if (problem != NULL) {
        g_string_append_printf(problems, "%s%s", problems->len > 0 ? "；" : "", problem);
    } else if (!holds(list, sha256)) {
        json_array_append_new(list, json_string(sha256));
    }
    return true;
}

static bool read_field(Ctx *ctx,
                       const Request *req,
                       const LawField *field,
                       json_t *data,
                       json_t *problems,
                       GError **error) {
    g_autofree char *name = g_strconcat("f-", field->id, NULL);
    g_autofree char *new_name = g_strconcat(name, ".new", NULL);
    g_autoptr(GPtrArray) uploads = request_upload_all(req, new_name);
    g_autoptr(json_t) list = kept_files(req, json_object_get(data, field->id), name);
    g_autoptr(GString) wrong = g_string_new(NULL);
    for (guint i = 0; i < uploads->len; i++) {
        if (!store(ctx, uploads->pdata[i], list, wrong, error)) {
            return false;
        }
    }
    json_object_del(data, field->id);
    if (json_array_size(list) > 0) {
        json_put(data, field->id, json_incref(list));
    }
    if (wrong->len > 0) {
        json_put_text(problems, field->id, wrong->str);
    }
    return true;
}

bool act_files_read(Ctx *ctx,
                    const Request *req,
                    const ActForm *form,
                    json_t *data,
                    json_t *problems,
                    GError **error) {
    for (unsigned i = 0; form->form != NULL && i < form->form->field_count; i++) {
        const LawField *field = &form->form->fields[i];
        if (field->type == LAW_FIELD_FILES && !read_field(ctx, req, field, data, problems, error)) {
            return false;
        }
    }
    return true;
}

/* --- showing ------------------------------------------------------------------------------------
 */

static bool
show_field(Ctx *ctx, const ActForm *form, const json_t *said, json_t *model, GError **error) {
    json_t *list = json_array();
    json_put(model, "files", list);
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)said, i, one) {
        g_autoptr(CaseFile) file = NULL;
        if (!casework_file_usable(ctx->db,
                                  ctx->who->account_id,
                                  form->matter == NULL ? 0 : form->matter->id,
                                  json_string_value(one),
                                  &file,
                                  error)) {
            return false;
        }
        if (file == NULL) { /* swept, or never ours: the form goes on without it */
            continue;
        }
        g_autofree char *size = case_size_text(file->size);
        json_t *line = json_object();
        json_put_text(line, "sha256", file->sha256);
        json_put_text(line, "file_name", file->name);
        json_put_text(line, "size", size);
        json_array_append_new(list, line);
    }
    json_put_bool(model, "has_files", json_array_size(list) > 0);
    return true;
}

bool act_files_show(
    Ctx *ctx, const ActForm *form, const json_t *data, json_t *model, GError **error) {
    json_t *fields = json_object_get(model, "fields");
    bool has_upload = false;
    for (unsigned i = 0; form->form != NULL && i < form->form->field_count; i++) {
        const LawField *field = &form->form->fields[i];
        json_t *one = json_array_get(fields, i);
        if (field->type != LAW_FIELD_FILES) {
            continue;
        }
        g_autofree char *rule = g_strdup_printf("最多 %d 个，每个不超过 %d MB；能收%s。",
                                                (int)field->max,
                                                LIMIT_FILE / MIB,
                                                file_kinds_zh());
        json_put_text(one, "rule", rule);
        json_put_text(one, "accept", file_kind_accept());
        has_upload = true;
        if (!show_field(ctx, form, json_object_get(data, field->id), one, error)) {
            return false;
        }
    }
    json_put_bool(model, "has_upload", has_upload);
    return true;
}
