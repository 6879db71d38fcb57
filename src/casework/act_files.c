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

/* One list of files: what the form held already (`said`), and what arrived for it. `wrong`: what
 * was not taken. NULL on error. */
static json_t *read_list(Ctx *ctx,
                         const Request *req,
                         const char *name,
                         const json_t *said,
                         GString *wrong,
                         GError **error) {
    g_autofree char *new_name = g_strconcat(name, ".new", NULL);
    g_autoptr(GPtrArray) uploads = request_upload_all(req, new_name);
    g_autoptr(json_t) list = kept_files(req, said, name);
    for (guint i = 0; i < uploads->len; i++) {
        if (!store(ctx, uploads->pdata[i], list, wrong, error)) {
            return NULL;
        }
    }
    return g_steal_pointer(&list);
}

static bool read_field(Ctx *ctx,
                       const Request *req,
                       const LawField *field,
                       json_t *data,
                       json_t *problems,
                       GError **error) {
    g_autofree char *name = g_strconcat("f-", field->id, NULL);
    g_autoptr(GString) wrong = g_string_new(NULL);
    g_autoptr(json_t) list =
        read_list(ctx, req, name, json_object_get(data, field->id), wrong, error);
    if (list == NULL) {
        return false;
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

/* data[field][item]["photos"]; an item that has no answer yet keeps its photos, too. */
static void put_photos(json_t *data, const LawField *field, const char *item, json_t *list) {
    json_t *answers = json_object_get(data, field->id);
    if (answers == NULL) {
        answers = json_object();
        json_put(data, field->id, answers);
    }
    json_t *answer = json_object_get(answers, item);
    if (answer == NULL) {
        answer = json_object();
        json_put(answers, item, answer);
    }
    json_put(answer, "photos", json_incref(list));
}

/* The photos of each item of a checklist: in the form as "f-items.escape-routes.photos". */
static bool read_items(Ctx *ctx,
                       const Request *req,
                       const LawField *field,
                       int64_t time_us,
                       json_t *data,
                       json_t *problems,
                       GError **error) {
    g_autoptr(LawChecklist) checklist = law_field_list(field, time_us, NULL);
    for (unsigned i = 0; checklist != NULL && i < checklist->count; i++) {
        const char *item = checklist->items[i]->id;
        g_autofree char *key = g_strconcat(field->id, ".", item, ".photos", NULL);
        g_autofree char *name = g_strconcat("f-", key, NULL);
        g_autoptr(GString) wrong = g_string_new(NULL);
        g_autoptr(GPtrArray) sent = request_form_all(req, name);
        g_autoptr(json_t) said = json_array();
        for (guint k = 0; k < sent->len; k++) {
            json_array_append_new(said, json_string(sent->pdata[k]));
        }
        g_autoptr(json_t) list = read_list(ctx, req, name, said, wrong, error);
        if (list == NULL) {
            return false;
        }
        if (json_array_size(list) > 0) {
            put_photos(data, field, item, list);
        }
        if (wrong->len > 0) {
            json_put_text(problems, key, wrong->str);
        }
    }
    return true;
}

bool act_files_read(Ctx *ctx,
                    const Request *req,
                    const ActForm *form,
                    int64_t time_us,
                    json_t *data,
                    json_t *problems,
                    GError **error) {
    for (unsigned i = 0; form->form != NULL && i < form->form->field_count; i++) {
        const LawField *field = &form->form->fields[i];
        if (field->type == LAW_FIELD_FILES && !read_field(ctx, req, field, data, problems, error)) {
            return false;
        }
        if (field->type == LAW_FIELD_CHECKLIST &&
            !read_items(ctx, req, field, time_us, data, problems, error)) {
            return false;
        }
    }
    return true;
}

/* --- showing ------------------------------------------------------------------------------------
 */

/* Where this reader sees the file: in the matter, or among what the own account has sent. */
static char *file_href(const ActForm *form, const CaseFile *file) {
    bool is_taken = file->number > 0 && form->matter != NULL;
    return is_taken ? g_strdup_printf("/work/matters/%" G_GINT64_FORMAT "/files/%s",
                                      form->matter->id,
                                      file->sha256)
                    : g_strconcat("/work/uploads/", file->sha256, NULL);
}

/* {sha256, file_name, size, href, is_image} of each file that is still there. */
static bool show_list(Ctx *ctx,
                      const ActForm *form,
                      const json_t *said,
                      const char *key,
                      json_t *model,
                      GError **error) {
    json_t *list = json_array();
    json_put(model, key, list);
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
        g_autofree char *href = file_href(form, file);
        json_t *line = json_object();
        json_put_text(line, "sha256", file->sha256);
        json_put_text(line, "file_name", file->name);
        json_put_text(line, "size", size);
        json_put_text(line, "href", href);
        json_put_bool(line, "is_image", file_kind_info(file->kind)->is_image);
        json_array_append_new(list, line);
    }
    json_put_bool(model, "has_files", json_array_size(list) > 0);
    return true;
}

/* The photos beside each item of a checklist. */
static bool
show_items(Ctx *ctx, const ActForm *form, const json_t *answers, json_t *model, GError **error) {
    g_autofree char *rule =
        g_strdup_printf("最多 %d 张，每张不超过 %d MB。", LAW_ITEM_PHOTOS_MAX, LIMIT_FILE / MIB);
    size_t i;
    json_t *item;
    json_array_foreach(json_object_get(model, "items"), i, item) {
        const json_t *answer = json_object_get(answers, json_get_text(item, "item_id", ""));
        if (!show_list(ctx, form, json_object_get(answer, "photos"), "photos", item, error)) {
            return false;
        }
        bool has_photos = json_get_bool(item, "has_files", false);
        bool is_wrong = json_get_text(item, "photo_error", NULL) != NULL;
        json_put_text(item, "photo_rule", rule);
        json_put_int(
            item, "photo_count", (int64_t)json_array_size(json_object_get(item, "photos")));
        json_put_bool(
            item, "shows_photos", has_photos || is_wrong || json_get_bool(item, "is_fail", false));
    }
    return true;
}

bool act_files_show(
    Ctx *ctx, const ActForm *form, const json_t *data, json_t *model, GError **error) {
    json_t *fields = json_object_get(model, "fields");
    bool has_upload = false;
    for (unsigned i = 0; form->form != NULL && i < form->form->field_count; i++) {
        const LawField *field = &form->form->fields[i];
        const json_t *said = json_object_get(data, field->id);
        json_t *one = json_array_get(fields, i);
        bool is_files = field->type == LAW_FIELD_FILES;
        has_upload |= is_files || field->type == LAW_FIELD_CHECKLIST;
        if (field->type == LAW_FIELD_CHECKLIST && !show_items(ctx, form, said, one, error)) {
            return false;
        }
        if (!is_files) {
            continue;
        }
        g_autofree char *rule = g_strdup_printf("最多 %d 个，每个不超过 %d MB；能收%s。",
                                                (int)field->max,
                                                LIMIT_FILE / MIB,
                                                file_kinds_zh());
        json_put_text(one, "rule", rule);
        json_put_text(one, "accept", file_kind_accept());
        if (!show_list(ctx, form, said, "files", one, error)) {
            return false;
        }
    }
    json_put_bool(model, "has_upload", has_upload);
    return true;
}
