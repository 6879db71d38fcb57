/*
 * Photos of a record. They are taken when everything else of the form is right and go with it in
 * its transaction, so nothing waits in the name of somebody without an account; what a crash leaves
 * is forgotten with the next record. Only JPEG, without place, time and device.
 */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "casework/case_upload.h"
#include "firecode/firecode_pages.h"

#include <string.h>

#define NEW_PHOTOS "f-" RECORD_PHOTOS ".new"

/* Three patrols a day with all their photos, and some more. */
static const CountLimit photo_limit = {"record-photo", 60, CLOCK_DAY_US, false};

static bool take_one(Ctx *ctx,
                     const Upload *upload,
                     const FirecodeActor *by,
                     json_t *list,
                     json_t *problems,
                     GError **error) {
    g_autofree char *sha256 = NULL;
    g_autofree char *problem = NULL;
    unsigned wait = 0;
    if (!account_charge(ctx->db, &photo_limit, by->actor, by->now_us, &wait, error)) {
        return false;
    }
    if (wait > 0) {
        json_put_text(problems, RECORD_PHOTOS, "今天传的照片太多了，先不传照片，明天再传");
        return true;
    }
    if (!case_photo_store(ctx, upload, by->sender, &sha256, &problem, error)) {
        return false;
    }
    if (problem != NULL) {
        json_put_text(problems, RECORD_PHOTOS, problem);
    } else {
        json_array_append_new(list, json_string(sha256));
    }
    return true;
}

/* Two photos with the same bytes are one. */
static void put_once(json_t *data, const json_t *list) {
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    json_t *once = json_array();
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one) {
        if (g_hash_table_add(seen, (gpointer)json_string_value(one))) {
            json_array_append(once, one);
        }
    }
    json_put(data, RECORD_PHOTOS, once);
}

static bool forget(Ctx *ctx, const FirecodeActor *by, const json_t *list, GError **error) {
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one) {
        if (!casework_file_forget(ctx->db, by->sender, json_string_value(one), error)) {
            return false;
        }
    }
    return true;
}

bool record_photos_take(Ctx *ctx,
                        const Request *req,
                        const LawForm *form,
                        const FirecodeActor *by,
                        json_t *data,
                        json_t *problems,
                        GError **error) {
    const LawField *field = law_form_field(form, RECORD_PHOTOS);
    g_autoptr(GPtrArray) uploads = request_upload_all(req, NEW_PHOTOS);
    g_autoptr(json_t) list = json_array();
    json_object_del(data, RECORD_PHOTOS); /* only what comes with this form */
    if (field == NULL || uploads->len == 0) {
        return true;
    }
    if (json_object_size(problems) > 0) {
        json_put_text(problems, RECORD_PHOTOS, "别的地方要改，改好以后照片要再选一次");
        return true;
    }
    if ((int64_t)uploads->len > field->max) {
        g_autofree char *text =
            g_strdup_printf("最多 %d 张，您选了 %u 张", (int)field->max, uploads->len);
        json_put_text(problems, RECORD_PHOTOS, text);
        return true;
    }
    /* an account's own files may wait for an act of a matter: those stay */
    if (by->sender < 0 && !casework_file_forget(ctx->db, by->sender, NULL, error)) {
        return false;
    }
    for (guint i = 0; i < uploads->len && json_object_size(problems) == 0; i++) {
        if (!take_one(ctx, uploads->pdata[i], by, list, problems, error)) {
            return false;
        }
    }
    if (json_object_size(problems) == 0) {
        put_once(data, list);
        return true;
    }
    return forget(ctx, by, list, error);
}

void record_photos_put_form(const LawForm *form, json_t *model) {
    const LawField *field = law_form_field(form, RECORD_PHOTOS);
    json_put_bool(model, "takes_photos", field != NULL);
    if (field != NULL) {
        g_autofree char *rule =
            g_strdup_printf("最多 %d 张 JPEG 照片，每张不超过 %d "
                            "MB。照片里的位置、时间和手机型号会去掉，只有消防和街道的人看得到。",
                            (int)field->max,
                            LIMIT_FILE / MIB);
        json_put_text(model, "photo_rule", rule);
    }
}

void record_photos_put(const BuildingRecord *record, bool is_linked, json_t *model) {
    json_t *photos = json_array();
    size_t i;
    json_t *one;
    json_array_foreach(is_linked ? json_object_get(record->data, RECORD_PHOTOS) : NULL, i, one) {
        json_t *photo = json_object();
        g_autofree char *href =
            g_strdup_printf("/work/codes/%" G_GINT64_FORMAT "/records/%" G_GINT64_FORMAT "/%s",
                            record->building_id,
                            record->id,
                            json_string_value(one));
        json_put_text(photo, "href", href);
        json_put_int(photo, "n", (int64_t)i + 1);
        json_array_append_new(photos, photo);
    }
    json_put(model, "photos", photos);
}

Response *record_photo_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    int64_t id = 0;
    Response *refused = code_building(ctx, req, &building);
    if (refused != NULL) {
        return refused;
    }
    if (!request_arg_id(req, "record", &id)) {
        return response_not_found();
    }
    g_autofree char *object = duty_record_object(building.id, id);
    g_autoptr(CaseFile) file =
        casework_file_kept(ctx->db, object, request_arg(req, "photo"), &error);
    if (file == NULL) {
        return g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND) ? response_not_found()
                                                                    : response_problem(error, NULL);
    }
    return case_file_response(ctx, file);
}
