#include "publicity/site.h"

#include "account/account.h"
#include "base/clock.h"
#include "casework/desk.h"
#include "ledger/ledger.h"
#include "publicity/setting.h"
#include "registry/region.h"

#include <string.h>

typedef struct NavItem {
    const char *href, *text, *icon;
    Permission permission;
    uint32_t roles; /* only for these; 0: for all who have the permission */
} NavItem;

typedef struct NavGroup {
    const char *title;
    NavItem items[8]; /* ends with a line whose href is NULL */
} NavGroup;

static const NavItem public_nav[] = {
    {"/report", "举报隐患", NULL, PERM_PUBLIC, 0},
    {"/records", "查询公示", NULL, PERM_PUBLIC, 0},
    {"/draws", "随机抽查", NULL, PERM_PUBLIC, 0},
    {"/verify", "核验记录", NULL, PERM_PUBLIC, 0},
    {"/help", "帮助", NULL, PERM_PUBLIC, 0},
};

static const NavGroup work_nav[] = {
    {NULL,
     {{"/work", "今日任务", "list-check", PERM_SIGNED_IN, 0},
      {"/work/matters", "案件", "inbox", PERM_INSPECTION_VIEW, 0},
      {"/work/calendar", "日程", "calendar-event", PERM_INSPECTION_VIEW, 0},
      {"/work/team", "全队", "users", PERM_INSPECTION_VIEW, ROLE_BIT(ROLE_LEADER)}}},
    {"监督",
     {{"/work/inspections", "检查与抽查", "clipboard-check", PERM_INSPECTION_VIEW, 0},
      {"/work/plans", "检查计划", "calendar-event", PERM_PLAN_VIEW, 0},
      {"/work/draws", "随机抽查", "dice-5", PERM_PLAN_VIEW, 0}}},
    {"一张图",
     {{"/work/overview", "总览", "chart-bar", PERM_SENSING_VIEW, 0},
      {"/work/coverage", "高层接入", "building-skyscraper", PERM_SENSING_VIEW, 0},
      {"/work/map", "感知地图", "map-2", PERM_SENSING_VIEW, 0},
      {"/work/wall", "大屏", "device-desktop", PERM_SENSING_VIEW, 0}}},
    {"感知",
     {{"/work/alarms", "报警中心", "bell-ringing", PERM_SENSING_VIEW, 0},
      {"/work/duty", "值班与查岗", "phone", PERM_SENSING_VIEW, 0},
      {"/work/facilities", "设施状态", "activity", PERM_SENSING_VIEW, 0},
      {"/work/devices", "物联设备", "settings", PERM_SENSING_VIEW, 0},
      {"/work/maintenance", "维修单", "tool", PERM_SENSING_VIEW, 0}}},
    {"对象与人员",
     {{"/work/units", "单位", "building-store", PERM_UNIT_VIEW, 0},
      {"/work/buildings", "建筑", "building-skyscraper", PERM_UNIT_VIEW, 0},
      {"/work/codes", "高楼消防码", "qrcode", PERM_SENSING_VIEW, 0},
      {"/work/officers", "执法人员", "id-badge-2", PERM_OFFICER_VIEW, 0},
      {"/work/import", "导入", "table-import", PERM_IMPORT, 0},
      {"/work/jobs", "后台任务", "progress", PERM_IMPORT, 0}}},
    {"管理",
     {{"/work/admin/accounts", "账号", "users", PERM_ACCOUNT_ADMIN, 0},
      {"/work/admin/roles", "角色", "key", PERM_ROLE_ADMIN, 0},
      {"/work/admin/refusals", "拒绝记录", "shield-lock", PERM_AUDIT_VIEW, 0},
      {"/work/admin/sign-ins", "登录记录", "login", PERM_AUDIT_VIEW, 0}}},
};

/* Bottom tabs on a phone; the fifth is the menu. */
static const NavItem tabs[] = {
    {"/work", "今日", "list-check", PERM_SIGNED_IN, 0},
    {"/work/inspections", "检查", "clipboard-check", PERM_INSPECTION_VIEW, 0},
    {"/work/units", "单位", "building-store", PERM_UNIT_VIEW, 0},
    {"/work/plans", "计划", "calendar-event", PERM_PLAN_VIEW, 0},
    {"/work/alarms", "警情", "bell-ringing", PERM_ALARM_HANDLE, 0},
};

/* --- navigation --------------------------------------------------------------------------------
 */

/* "/work/units/7" belongs to "/work/units"; the two start pages only to themselves. */
static bool is_current(const char *path, const char *href) {
    size_t size = strlen(href);
    if (strcmp(href, "/") == 0 || strcmp(href, "/work") == 0) {
        return strcmp(path, href) == 0;
    }
    return strncmp(path, href, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

static json_t *
nav_items(const NavItem *items, size_t count, const Principal *who, const char *path) {
    json_t *list = json_array();
    for (size_t i = 0; i < count && items[i].href != NULL; i++) {
        if (!principal_may(who, items[i].permission) ||
            (items[i].roles != 0 && (items[i].roles & who->roles) == 0)) {
            continue;
        }
        json_t *item = json_object();
        json_put_text(item, "href", items[i].href);
        json_put_text(item, "text", items[i].text);
        json_put_text(item, "icon", items[i].icon);
        json_put_text(item, "late", NULL);
        json_put_bool(item, "is_current", is_current(path, items[i].href));
        json_array_append_new(list, item);
    }
    return list;
}

/* How many matters are late and wait for this reader, beside the first entry. */
static void put_late(Ctx *ctx, json_t *groups) {
    int64_t late = 0;
    json_t *first = json_array_get(json_object_get(json_array_get(groups, 0), "items"), 0);
    if (first == NULL || !principal_may(ctx->who, PERM_INSPECTION_VIEW) ||
        !desk_count_over(ctx->db, ctx->who, ctx->now_us, &late, NULL) || late == 0) {
        return;
    }
    g_autofree char *text = g_strdup_printf(late >= DESK_COUNT_MAX ? "%d+" : "%d", (int)late);
    json_put_text(first, "late", text);
}

static json_t *nav_groups(const Principal *who, const char *path) {
    json_t *groups = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(work_nav); i++) {
        const NavGroup *group = &work_nav[i];
        json_t *items = nav_items(group->items, G_N_ELEMENTS(group->items), who, path);
        if (json_array_size(items) == 0) {
            json_decref(items);
            continue;
        }
        json_t *model = json_object();
        json_put_text(model, "title", group->title);
        json_put(model, "items", items);
        json_array_append_new(groups, model);
    }
    return groups;
}

/* --- reading preferences -----------------------------------------------------------------------
 */

SitePrefs site_prefs_read(const char *cookie) {
    SitePrefs prefs = {0};
    g_auto(GStrv) words = g_strsplit(cookie != NULL ? cookie : "", ".", 8);
    for (char **word = words; *word != NULL; word++) {
        prefs.is_dark = prefs.is_dark || strcmp(*word, "dark") == 0;
        prefs.is_light = prefs.is_light || strcmp(*word, "light") == 0;
        prefs.more_contrast = prefs.more_contrast || strcmp(*word, "more") == 0;
        prefs.large_text = prefs.large_text || strcmp(*word, "large") == 0;
        prefs.no_keys = prefs.no_keys || strcmp(*word, "nokeys") == 0;
    }
    prefs.is_light = prefs.is_light && !prefs.is_dark;
    return prefs;
}

char *site_prefs_write(const SitePrefs *prefs) {
    const char *words[5] = {NULL};
    size_t count = 0;
    if (prefs->is_dark || prefs->is_light) {
        words[count++] = prefs->is_dark ? "dark" : "light";
    }
    if (prefs->more_contrast) {
        words[count++] = "more";
    }
    if (prefs->large_text) {
        words[count++] = "large";
    }
    if (prefs->no_keys) {
        words[count++] = "nokeys";
    }
    return g_strjoinv(".", (char **)words);
}

static json_t *prefs_model(const Request *req) {
    SitePrefs prefs = site_prefs_read(request_cookie(req, SITE_PREFS_COOKIE));
    json_t *model = json_object();
    json_put_text(model, "theme", prefs.is_dark ? "dark" : prefs.is_light ? "light" : NULL);
    json_put_text(model, "contrast", prefs.more_contrast ? "more" : NULL);
    json_put_text(model, "text", prefs.large_text ? "large" : NULL);
    json_put_bool(model, "keys", !prefs.no_keys);
    return model;
}

/* --- the rest ----------------------------------------------------------------------------------
 */

char *site_count_text(int64_t number) {
    g_autofree char *digits = g_strdup_printf("%" G_GINT64_FORMAT, number);
    GString *out = g_string_new(NULL);
    size_t size = strlen(digits);
    for (size_t i = 0; i < size; i++) {
        g_string_append_c(out, digits[i]);
        size_t left = size - 1 - i;
        if (left > 0 && left % 3 == 0 && g_ascii_isdigit(digits[i])) {
            g_string_append_c(out, ',');
        }
    }
    return g_string_free(out, FALSE);
}

static json_t *assets_model(void) {
    json_t *model = json_object();
    json_put_text(model, "css", web_asset_url("hz.css"));
    json_put_text(model, "js", web_asset_url("hz.js"));
    json_put_text(model, "htmx", web_asset_url("htmx.min.js"));
    json_put_text(model, "icons", web_asset_url("icons.svg"));
    return model;
}

/* Null while the log is empty or cannot be read: the foot then says nothing about it. */
static json_t *ledger_model(Ctx *ctx) {
    LedgerHead head;
    if (!ledger_head(ctx->db, &head, NULL) || head.size == 0) {
        return json_null();
    }
    g_autofree char *size_text = site_count_text(head.size);
    g_autofree char *time_text = clock_format_minute(head.time_us);
    json_t *model = json_object();
    json_put_text(model, "size_text", size_text);
    json_put_text(model, "time_text", time_text);
    return model;
}

static json_t *who_model(Ctx *ctx) {
    if (ctx->who->account_id == 0) {
        return json_null();
    }
    json_t *model = json_object();
    json_put_text(model, "name", ctx->who->name);
    g_autofree char *region =
        ctx->who->region == NULL ? NULL : region_full_name(ctx->db, ctx->who->region, NULL);
    json_put_text(model, "region_name", region != NULL ? region : ctx->who->region);
    return model;
}

json_t *site_model(Ctx *ctx, const Request *req) {
    const char *path = request_path(req);
    SiteSettings settings;
    setting_site(ctx->db, ctx->server, &settings);
    json_t *model = json_object();
    json_put_text(model, "name", settings.name);
    json_put_text(model, "host", settings.host);
    json_put_bool(model, "is_demo", *settings.demo != '\0');
    json_put_text(model, "demo_text", settings.demo);
    json_put(model, "prefs", prefs_model(req));
    json_put(model, "who", who_model(ctx));
    json_put_bool(model, "may_search", principal_may(ctx->who, PERM_UNIT_VIEW));
    json_put(model, "public_nav", nav_items(public_nav, G_N_ELEMENTS(public_nav), ctx->who, path));
    json_t *nav = nav_groups(ctx->who, path);
    put_late(ctx, nav);
    json_put(model, "nav", nav);
    json_put(model, "tabs", nav_items(tabs, G_N_ELEMENTS(tabs), ctx->who, path));
    json_put(model, "assets", assets_model());
    json_put(model, "ledger", ledger_model(ctx));
    return model;
}
