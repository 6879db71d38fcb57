#include "publicity/publicity_pages.h"
#include "publicity/record.h"
#include "publicity/setting.h"
#include "publicity/site.h"

#include <string.h>

#define START_RECORDS 6
#define ONE_YEAR_S INT64_C(31536000)

Response *start_page(Ctx *ctx, const Request *req) {
    (void)req;
    g_autoptr(GError) error = NULL;
    RecordFilter filter = {.limit = START_RECORDS};
    g_autoptr(GPtrArray) records = record_list(ctx->db, &filter, &error);
    if (records == NULL) {
        return response_problem(error, NULL);
    }
    json_t *model = json_object();
    json_put(model, "records", record_items_model(records, ctx->now_us));
    return response_page("publicity/start", model);
}

/* For load balancers and `doctor`: the process answers and its database can be read. */
Response *health_page(Ctx *ctx, const Request *req) {
    (void)req;
    g_autoptr(GError) error = NULL;
    g_autofree char *demo = NULL;
    if (!setting_get(ctx->db, SETTING_DEMO, &demo, &error)) {
        return response_problem(error, "数据库暂时连不上。");
    }
    return response_bytes("text/plain; charset=utf-8", g_bytes_new_static("ok\n", 3), NULL);
}

Response *help_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    return response_page("publicity/help", json_object());
}

Response *accessibility_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    return response_page("publicity/accessibility", json_object());
}

Response *privacy_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    (void)req;
    return response_page("publicity/privacy", json_object());
}

/* --- reading preferences -----------------------------------------------------------------------
 */

static void add_theme(json_t *list, const char *value, const char *text, bool is_selected) {
    json_t *item = json_object();
    json_put_text(item, "value", value);
    json_put_text(item, "text", text);
    json_put_bool(item, "is_selected", is_selected);
    json_array_append_new(list, item);
}

Response *display_page(Ctx *ctx, const Request *req) {
    (void)ctx;
    SitePrefs prefs = site_prefs_read(request_cookie(req, SITE_PREFS_COOKIE));
    json_t *themes = json_array();
    add_theme(themes, "", "跟随设备", !prefs.is_dark && !prefs.is_light);
    add_theme(themes, "light", "浅色", prefs.is_light);
    add_theme(themes, "dark", "深色", prefs.is_dark);
    json_t *model = json_object();
    json_put(model, "themes", themes);
    json_put_bool(model, "large_text", prefs.large_text);
    json_put_bool(model, "more_contrast", prefs.more_contrast);
    json_put_bool(model, "no_keys", prefs.no_keys);
    return response_page("publicity/display", model);
}

Response *display_submit(Ctx *ctx, const Request *req) {
    (void)ctx;
    SitePrefs prefs = {
        .is_dark = g_strcmp0(request_form(req, "theme"), "dark") == 0,
        .is_light = g_strcmp0(request_form(req, "theme"), "light") == 0,
        .more_contrast = request_form(req, "contrast") != NULL,
        .large_text = request_form(req, "text") != NULL,
        .no_keys = request_form(req, "keys") != NULL,
    };
    g_autofree char *cookie = site_prefs_write(&prefs);
    Response *response = response_redirect_flash("/display", "显示设置已保存。");
    /* readable by hz.js, which switches the same words without a round trip */
    response_cookie(response, SITE_PREFS_COOKIE, cookie, ONE_YEAR_S, false);
    return response;
}
