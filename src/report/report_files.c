/* Photos and videos of a guest: they wait in the guest's name until they are sent. */
#include "base/limits.h"
#include "casework/case_upload.h"
#include "report/report_pages.h"

#include <string.h>

/* The hashes that stay; the files that are not wanted any more are forgotten. */
static bool drop_removed(Ctx *ctx, const Request *req, Guest *guest, GError **error) {
    g_autoptr(GPtrArray) removed = request_form_all(req, "photos.remove");
    g_autoptr(json_t) kept = json_array();
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(guest->data, "photos"), i, one) {
        bool is_removed = false;
        for (guint n = 0; n < removed->len; n++) {
            is_removed = is_removed || g_strcmp0(removed->pdata[n], json_string_value(one)) == 0;
        }
        if (!is_removed) {
            json_array_append(kept, one);
        } else if (!casework_file_forget(ctx->db, guest->sender, json_string_value(one), error)) {
            return false;
        }
    }
    json_put(guest->data, "photos", g_steal_pointer(&kept));
    return true;
}

static bool holds(const json_t *list, const char *sha256) {
    bool is_there = false;
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one) {
        is_there = is_there || g_strcmp0(json_string_value(one), sha256) == 0;
    }
    return is_there;
}

static bool take_one(Ctx *ctx,
                     const Upload *upload,
                     int64_t max,
                     Guest *guest,
                     FormProblems *problems,
                     GError **error) {
    json_t *list = json_object_get(guest->data, "photos");
    g_autofree char *sha256 = NULL;
    g_autofree char *problem = NULL;
    if ((int64_t)json_array_size(list) >= max) {
        form_problem_add(problems,
                         "photos",
                         "最多 %d 个，“%s”没有收；先去掉一个，再选它",
                         (int)max,
                         upload->file_name);
        return true;
    }
    if (!case_upload_store(ctx, upload, guest->sender, &sha256, &problem, error)) {
        return false;
    }
    if (problem != NULL) {
        form_problem_add(problems, "photos", "%s", problem);
    } else if (!holds(list, sha256)) {
        json_array_append_new(list, json_string(sha256));
    }
    return true;
}

bool report_files_take(Ctx *ctx,
                       const Request *req,
                       const LawForm *form,
                       Guest *guest,
                       FormProblems *problems,
                       Response **ret_answer,
                       GError **error) {
    const LawField *field = law_form_field(form, REPORT_PHOTOS);
    g_autoptr(GPtrArray) uploads = request_upload_all(req, "photos.new");
    *ret_answer = NULL;
    if (!drop_removed(ctx, req, guest, error)) {
        return false;
    }
    bool good = true;
    for (guint i = 0; good && field != NULL && *ret_answer == NULL && i < uploads->len; i++) {
        good = report_may(ctx, req, &report_file_limit, request_peer(req), ret_answer, error) &&
               (*ret_answer != NULL ||
                take_one(ctx, uploads->pdata[i], field->max, guest, problems, error));
    }
    return good;
}

bool report_files_put(Ctx *ctx,
                      const LawForm *form,
                      const Guest *guest,
                      const FormProblems *problems,
                      json_t *model,
                      GError **error) {
    const LawField *field = law_form_field(form, REPORT_PHOTOS);
    json_put(model, "photos", json_null());
    if (field == NULL) {
        return true;
    }
    g_autofree char *rule = g_strdup_printf(
        "最多 %d 个，每个不超过 %d MB；能收%s", (int)field->max, LIMIT_FILE / MIB, file_kinds_zh());
    form_field(model, "photos", "", problems);
    json_t *photos = json_object_get(model, "photos");
    json_t *files = json_array();
    json_put_text(photos, "rule", rule);
    json_put_text(photos, "accept", file_kind_accept());
    json_put(photos, "files", files);
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(guest->data, "photos"), i, one) {
        g_autoptr(CaseFile) file = NULL;
        if (!casework_file_usable(
                ctx->db, guest->sender, 0, json_string_value(one), &file, error)) {
            return false;
        }
        if (file != NULL) {
            g_autofree char *size = case_size_text(file->size);
            json_t *line = json_object();
            json_put_text(line, "sha256", file->sha256);
            json_put_text(line, "file_name", file->name);
            json_put_text(line, "size", size);
            json_array_append_new(files, line);
        }
    }
    json_put_bool(photos, "has_files", json_array_size(files) > 0);
    return true;
}
