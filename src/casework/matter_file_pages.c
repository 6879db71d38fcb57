/* Evidence on the page of a matter, and its bytes. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "casework/case_upload.h"
#include "casework/matter_pages.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>

/* --- the list -----------------------------------------------------------------------------------
 */

char *case_size_text(int64_t size) {
    return size >= MIB   ? g_strdup_printf("%.1f MB", (double)size / MIB)
           : size >= KIB ? g_strdup_printf("%" G_GINT64_FORMAT " KB", size / KIB)
                         : g_strdup_printf("%" G_GINT64_FORMAT " 字节", size);
}

/* What an item of a checklist asks for. */
static char *item_text(const LawField *field, const char *id, int64_t time_us) {
    g_autoptr(LawChecklist) list =
        field->checklist == NULL ? NULL : law_field_list(field, time_us, NULL);
    const LawItem *item = list == NULL ? NULL : law_checklist_item(list, id);
    return g_strdup(item == NULL ? id : item->text);
}

static const CaseFile *find_file(const MatterShown *shown, const char *sha256) {
    for (guint i = 0; i < shown->files->len; i++) {
        const CaseFile *file = shown->files->pdata[i];
        if (strcmp(file->sha256, sha256) == 0) {
            return file;
        }
    }
    return NULL;
}

json_t *matter_item_photos(const MatterShown *shown, const LawField *field, const StoredAct *act) {
    json_t *items = json_array();
    const char *id;
    json_t *answer;
    json_object_foreach(json_object_get(act->data, field->id), id, answer) {
        g_autoptr(json_t) files = json_array();
        size_t i;
        json_t *one;
        json_array_foreach(json_object_get(answer, "photos"), i, one) {
            const CaseFile *file = find_file(shown, json_string_value(one));
            if (file == NULL) {
                continue;
            }
            json_t *line = json_object();
            g_autofree char *href = g_strdup_printf(
                "/work/matters/%" G_GINT64_FORMAT "/files/%s", shown->matter->id, file->sha256);
            json_put_text(line, "href", href);
            json_put_int(line, "number", file->number);
            json_put_text(line, "file_name", file->name);
            json_put_bool(line, "is_image", file_kind_info(file->kind)->is_image);
            json_array_append_new(files, line);
        }
        if (json_array_size(files) > 0) {
            json_t *item = json_object();
            g_autofree char *text = item_text(field, id, act->happened_us);
            json_put_text(item, "item_text", text);
            json_put(item, "files", json_incref(files));
            json_array_append_new(items, item);
        }
    }
    return items;
}

/* What the act says that it proves; else which act and field it came with. */
static char *proves_text(const MatterShown *shown, const StoredAct *act, const char *field_id) {
    const LawStep *step = law_step(shown->procedure, act->step);
    const LawForm *form = step == NULL || step->form == NULL
                              ? NULL
                              : law_form_at(shown->book, step->form, act->happened_us, NULL);
    const LawField *proves = form == NULL ? NULL : law_form_field(form, "proves");
    if (proves != NULL && !proves->sealed) {
        const StoredAct *correction = matter_correction(shown, act->seq, proves->id);
        if (correction != NULL) {
            return g_strdup(json_get_text(correction->data, "now", ""));
        }
        return law_field_text_zh(proves, act->data, act->happened_us);
    }
    g_auto(GStrv) parts = g_strsplit(field_id, ".", 2);
    const LawField *field = form == NULL ? NULL : law_form_field(form, parts[0]);
    if (field != NULL && parts[1] != NULL) {
        return item_text(field, parts[1], act->happened_us);
    }
    return g_strdup_printf("%s%s%s",
                           step == NULL ? act->step : step->name,
                           field == NULL ? "" : "：",
                           field == NULL ? "" : field->label);
}

/* "2026-11-20 14:22:03 拍摄（设备的钟）；位置 29.563000, 106.551600（WGS 84）；设备 …" */
static char *facts_text(const json_t *facts) {
    const char *taken = json_get_text(facts, "taken", NULL);
    const char *device = json_get_text(facts, "device", NULL);
    const char *latitude = json_get_text(facts, "latitude", NULL);
    const char *longitude = json_get_text(facts, "longitude", NULL);
    g_autoptr(GString) out = g_string_new(NULL);
    if (taken != NULL) {
        g_string_append_printf(out, "%s 拍摄（设备的钟）", taken);
    }
    if (latitude != NULL && longitude != NULL) {
        g_string_append_printf(
            out, "%s位置 %s, %s（WGS 84）", out->len > 0 ? "；" : "", latitude, longitude);
    }
    if (device != NULL) {
        g_string_append_printf(out, "%s设备 %s", out->len > 0 ? "；" : "", device);
    }
    return out->len == 0 ? NULL : g_string_free(g_steal_pointer(&out), FALSE);
}

static json_t *file_model(const MatterShown *shown, const CaseFile *file, const StoredAct *act) {
    json_t *model = json_object();
    json_t *proof = json_object();
    const FileKindInfo *kind = file_kind_info(file->kind);
    g_autofree char *href = g_strdup_printf(
        "/work/matters/%" G_GINT64_FORMAT "/files/%s", shown->matter->id, file->sha256);
    g_autofree char *public_href =
        kind->is_strippable ? g_strconcat(href, "?copy=public", NULL) : NULL;
    g_autofree char *size = case_size_text(file->size);
    g_autofree char *proves = proves_text(shown, act, file->field);
    g_autofree char *happened = clock_format_minute(act->happened_us);
    g_autofree char *actor = matter_account_text(act->actor);
    g_autofree char *facts = facts_text(file->facts);
    g_autofree char *leaf = g_strdup_printf("%" G_GINT64_FORMAT, file->leaf);
    g_autofree char *proof_href = g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, file->leaf);
    json_put_int(model, "number", file->number);
    json_put_int(model, "seq", file->seq);
    json_put_text(model, "file_name", file->name);
    json_put_text(model, "kind_zh", kind->name_zh);
    json_put_bool(model, "is_image", kind->is_image);
    json_put_text(model, "proves", proves);
    json_put_text(model, "happened", happened);
    json_put_text(model, "actor", actor);
    json_put_text(model, "size", size);
    json_put_text(model, "sha256", file->sha256);
    json_put_text(model, "facts", facts);
    json_put_text(model, "href", href);
    json_put_text(model, "public_href", public_href);
    json_put_text(proof, "href", proof_href);
    json_put_text(proof, "index_text", leaf);
    json_put(model, "proof", proof);
    return model;
}

bool matter_put_files(const MatterShown *shown, json_t *model, GError **error) {
    const GPtrArray *files = shown->files;
    json_t *list = json_array();
    json_put(model, "files", list);
    for (guint i = 0; i < files->len; i++) {
        const CaseFile *file = files->pdata[i];
        if (file->seq < 1 || file->seq > (int64_t)shown->acts->len) {
            return hz_fail(error, HZ_ERROR_CORRUPT, "file %s has no act", file->sha256);
        }
        json_array_append_new(list, file_model(shown, file, shown->acts->pdata[file->seq - 1]));
    }
    json_put_bool(model, "has_files", files->len > 0);
    json_put_int(model, "file_count", files->len);
    return true;
}

/* --- the bytes ----------------------------------------------------------------------------------
 */

static bool write_part(void *data, const void *bytes, size_t size, GError **error) {
    return web_write_all(*(const int *)data, bytes, size, error);
}

static Response *refuse(const GError *error) {
    bool is_changed = g_error_matches(error, HZ_ERROR, HZ_ERROR_CORRUPT);
    return response_problem(
        error,
        is_changed
            ? "这个文件和它的指纹对不上，已经不是原来的内容，不能当作证据打开。请报告系统管理员。"
            : NULL);
}

/* The original goes through a file, so that a slow reader of a long video costs no memory, and
 * nothing is sent before all of it was checked. */
Response *case_file_response(Ctx *ctx, const CaseFile *file) {
    g_autoptr(GError) error = NULL;
    g_autofree char *path = NULL;
    int fd = web_temp_file(web_temp_folder(ctx), &path, &error);
    if (fd < 0) {
        return refuse(error);
    }
    bool good = casework_file_read(ctx->db, file->sha256, write_part, &fd, &error);
    close(fd);
    if (!good) {
        (void)g_unlink(path);
        return refuse(error);
    }
    const FileKindInfo *kind = file_kind_info(file->kind);
    g_autofree char *name = file_kind_save_name(file->kind, file->name);
    Response *response = response_file(kind->mime, path, kind->is_shown ? NULL : name, true);
    response_sandbox(response);
    return response;
}

/* Its name is the number: the original's may name a person. */
static Response *public_copy(Ctx *ctx, const CaseFile *file) {
    g_autoptr(GError) error = NULL;
    if (!file_kind_info(file->kind)->is_strippable) {
        return response_not_found();
    }
    GBytes *copy = casework_file_copy(ctx->db, file, &error);
    if (copy == NULL) {
        return g_error_matches(error, HZ_ERROR, HZ_ERROR_CORRUPT)
                   ? refuse(error)
                   : response_problem(error, "这张照片不完整或者太大，做不出公开副本。");
    }
    g_autofree char *name = g_strdup_printf("证%" G_GINT64_FORMAT ".jpg", file->number);
    Response *response = response_bytes("image/jpeg", copy, name);
    response_sandbox(response);
    return response;
}

Response *matter_file_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    Response *refused = matter_load(ctx, req, &matter);
    if (refused != NULL) {
        return refused;
    }
    const char *wanted = request_query(req, "copy");
    bool is_public = g_strcmp0(wanted, "public") == 0;
    g_autoptr(CaseFile) file =
        casework_file_find(ctx->db, matter.id, request_arg(req, "file"), &error);
    if (file == NULL) {
        return g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND) ? response_not_found()
                                                                    : response_problem(error, NULL);
    }
    if (wanted != NULL && !is_public) {
        return response_not_found();
    }
    return is_public ? public_copy(ctx, file) : case_file_response(ctx, file);
}

Response *matter_upload_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(CaseFile) file = NULL;
    if (!casework_file_usable(
            ctx->db, ctx->who->account_id, 0, request_arg(req, "file"), &file, &error)) {
        return response_problem(error, NULL);
    }
    return file == NULL ? response_not_found() : case_file_response(ctx, file);
}
