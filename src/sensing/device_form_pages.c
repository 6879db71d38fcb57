/* Registering a device, changing it, taking it out of use, giving it a key. */
#include "base/error.h"
#include "frame/gb26875_profile.h"
#include "sensing/sensing_pages.h"

#include <string.h>

#define PATH "/work/devices"

static DeviceInput read_input(const Request *req, GStringChunk *texts) {
    return (DeviceInput){.protocol = sensing_form(req, texts, "protocol"),
                         .code = sensing_form(req, texts, "code"),
                         .profile = sensing_form(req, texts, "profile"),
                         .name = sensing_form(req, texts, "name"),
                         .service_body = sensing_form(req, texts, "service_body"),
                         .service_contact = sensing_form(req, texts, "service_contact")};
}

/* Dialects that the codec knows; one that is stored and not known any more stays a choice. */
static json_t *profile_options(const char *chosen) {
    json_t *options = json_array();
    bool is_known = false;
    for (const Gb26875Profile *const *one = gb26875_profiles(); *one != NULL; one++) {
        bool is_chosen = strcmp((*one)->name, chosen) == 0;
        g_autofree char *text = g_strdup_printf("%s（%s）", (*one)->name_zh, (*one)->name);
        form_option(options, (*one)->name, text, is_chosen);
        is_known |= is_chosen;
    }
    if (!is_known && chosen[0] != '\0') {
        form_option(options, chosen, chosen, true);
    }
    return options;
}

/* `device` NULL: a new one. */
static json_t *
form_model(const DeviceInput *input, const Device *device, const FormProblems *problems) {
    static const char *const protocols[] = {"gb26875", "mqtt", "http"};
    json_t *model = json_object();
    json_t *options = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(protocols); i++) {
        form_option(options,
                    protocols[i],
                    device_protocol_name_zh(protocols[i]),
                    strcmp(input->protocol, protocols[i]) == 0);
    }
    form_field(model, "protocol", input->protocol, problems);
    form_field(model, "code", input->code, problems);
    form_field(model, "profile", input->profile, problems);
    form_field(model, "name", input->name, problems);
    form_field(model, "service_body", input->service_body, problems);
    form_field(model, "service_contact", input->service_contact, problems);
    g_autofree char *title = device == NULL ? NULL : device_title(device);
    json_put(model, "protocol_options", options);
    json_put(model, "profile_options", profile_options(input->profile));
    json_put_bool(model, "is_new", device == NULL);
    json_put_int(model, "id", device == NULL ? 0 : device->id);
    json_put_int(model, "version", device == NULL ? 0 : device->version);
    json_put_text(model, "title", title);
    json_put_text(model, "fixed_code", device == NULL ? NULL : device->code);
    json_put(model, "problems", json_null());
    return model;
}

static Response *again(const DeviceInput *input, const Device *device, FormProblems *problems) {
    json_t *model = form_model(input, device, problems);
    return response_form_again("sensing/device_form", model, problems);
}

Response *device_new_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    DeviceInput input = {.protocol = "gb26875",
                         .code = "",
                         .profile = "standard",
                         .name = "",
                         .service_body = "",
                         .service_contact = ""};
    return response_page("sensing/device_form", form_model(&input, NULL, NULL));
}

Response *device_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(256);
    DeviceInput input = read_input(req, texts);
    DeviceActor by = sensing_actor(ctx, texts);
    FormProblems *problems = form_problems_new();
    int64_t id;
    device_input_check(&input, problems);
    if (form_has_problems(problems)) {
        return again(&input, NULL, problems);
    }
    if (!device_register(ctx->db, &input, &by, &id, &error)) {
        if (g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT)) {
            form_problem_add(
                problems, "code", "这个地址或编号已经登记过。请在设备列表里搜索它，到那里修改");
            return again(&input, NULL, problems);
        }
        json_decref(problems);
        return response_problem(error, NULL);
    }
    json_decref(problems);
    g_autofree char *path = g_strdup_printf(PATH "/%" G_GINT64_FORMAT "/bind", id);
    return response_redirect_flash(path, "已登记。再选它在哪栋建筑或哪个单位，报警才有人收到");
}

/* --- changing -----------------------------------------------------------------------------------
 */

Response *device_edit_page(Ctx *ctx, const Request *req) {
    g_auto(Device) device = {0};
    Response *refused;
    if (!sensing_find_device(ctx, req, &device, &refused)) {
        return refused;
    }
    DeviceInput input = {device.protocol,
                         device.code,
                         device.profile,
                         device.name,
                         device.service_body,
                         device.service_contact};
    return response_page("sensing/device_form", form_model(&input, &device, NULL));
}

static int64_t form_version_of(const Request *req) {
    const char *version = request_form(req, "version");
    return version == NULL ? 0 : g_ascii_strtoll(version, NULL, 10);
}

static Response *to_device(int64_t id, const char *done_zh) {
    g_autofree char *path = g_strdup_printf(PATH "/%" G_GINT64_FORMAT, id);
    return response_redirect_flash(path, "%s", done_zh);
}

static Response *conflict_or_problem(const GError *error) {
    return response_problem(error,
                            g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT)
                                ? "您打开这一页以后，别人改了这台设备。请回到设备的页面，"
                                  "看过现在的内容再改"
                                : NULL);
}

Response *device_edit_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(256);
    g_auto(Device) device = {0};
    Response *refused;
    if (!sensing_find_device(ctx, req, &device, &refused)) {
        return refused;
    }
    DeviceInput input = read_input(req, texts);
    DeviceActor by = sensing_actor(ctx, texts);
    FormProblems *problems = form_problems_new();
    input.protocol = device.protocol; /* how it names itself never changes */
    input.code = device.code;
    device_input_check(&input, problems);
    if (form_has_problems(problems)) {
        return again(&input, &device, problems);
    }
    json_decref(problems);
    return device_change(ctx->db, device.id, form_version_of(req), &input, &by, &error)
               ? to_device(device.id, "已保存")
               : conflict_or_problem(error);
}

/* --- out of use and back ------------------------------------------------------------------------
 */

static json_t *confirm_model(const Device *device) {
    json_t *model = json_object();
    g_autofree char *title = device_title(device);
    json_put_int(model, "id", device->id);
    json_put_int(model, "version", device->version);
    json_put_text(model, "title", title);
    json_put_bool(model, "is_retired", device->state == DEVICE_RETIRED);
    json_put_bool(model, "has_key", device->has_key);
    return model;
}

Response *device_retire_page(Ctx *ctx, const Request *req) {
    g_auto(Device) device = {0};
    Response *refused;
    return sensing_find_device(ctx, req, &device, &refused)
               ? response_page("sensing/device_retire", confirm_model(&device))
               : refused;
}

Response *device_retire_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(64);
    g_auto(Device) device = {0};
    Response *refused;
    if (!sensing_find_device(ctx, req, &device, &refused)) {
        return refused;
    }
    DeviceActor by = sensing_actor(ctx, texts);
    bool is_back = device.state == DEVICE_RETIRED;
    return device_retire(ctx->db, device.id, form_version_of(req), is_back, &by, &error)
               ? to_device(device.id,
                           is_back ? "已恢复使用"
                                   : "已停用。它再发来的内容不再接收；可以随时恢复使用")
               : conflict_or_problem(error);
}

/* --- keys ---------------------------------------------------------------------------------------
 */

Response *device_key_page(Ctx *ctx, const Request *req) {
    g_auto(Device) device = {0};
    Response *refused;
    if (!sensing_find_device(ctx, req, &device, &refused)) {
        return refused;
    }
    json_t *model = confirm_model(&device);
    json_put_text(model, "key", NULL);
    return response_page("sensing/device_key", model);
}

/* The answer itself shows the key: it stands in no address, no cookie and no log. */
Response *device_key_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(64);
    g_auto(Device) device = {0};
    g_autofree char *key = NULL;
    Response *refused;
    if (!sensing_find_device(ctx, req, &device, &refused)) {
        return refused;
    }
    if (strcmp(device.protocol, "gb26875") == 0) {
        hz_fail(&error, HZ_ERROR_CONFLICT, "the national protocol knows no keys");
        return response_problem(error, "国标协议的设备没有密钥，按地址识别");
    }
    DeviceActor by = sensing_actor(ctx, texts);
    if (!device_new_key(ctx->db, device.id, &by, &key, &error)) {
        return response_problem(error, NULL);
    }
    json_t *model = confirm_model(&device);
    json_put_text(model, "key", key);
    Response *response = response_page("sensing/device_key", model);
    response_private(response);
    return response;
}
