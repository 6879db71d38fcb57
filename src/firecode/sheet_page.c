/* Sheets to print and stick on the door: of one building, or of a list. No colour on paper: it
 * would be wrong by tomorrow. */
#include "account/account.h"
#include "base/error.h"
#include "firecode/firecode_pages.h"
#include "registry/region.h"

#include <string.h>

#define SHEETS_MAX 24 /* on one page: twelve leaves of A4 */

static bool
add_sheet(Ctx *ctx, const Request *req, const Building *building, json_t *list, GError **error) {
    g_auto(Firecode) code = {0};
    json_t *sheet = json_object();
    json_array_append_new(list, sheet);
    return firecode_of(ctx->db, building->id, &code, error) &&
           (code.id != 0 || hz_fail(error, HZ_ERROR_NOT_FOUND, "the building has no code")) &&
           code_put_building(ctx->db, building, sheet, error) &&
           code_put_face(req, code.code, sheet, error);
}

static void put_host(const Request *req, json_t *model) {
    g_autofree char *host = code_url(req, "/");
    json_put_text(model, "host", host);
}

Response *code_sheet_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Building) building = {0};
    g_autoptr(json_t) model = json_object();
    Response *refused = code_building(ctx, req, &building);
    if (refused != NULL) {
        return refused;
    }
    json_t *sheets = json_array();
    json_put(model, "sheets", sheets);
    json_put(model, "pager", json_null());
    put_host(req, model);
    if (!add_sheet(ctx, req, &building, sheets, &error)) {
        return response_problem(error, "这栋楼没有消防码，先发码再打印。");
    }
    return response_page("firecode/sheet", g_steal_pointer(&model));
}

static void put_next(const GPtrArray *rows, const char *region, json_t *model) {
    json_put(model, "pager", json_null());
    if (rows->len <= SHEETS_MAX) {
        return;
    }
    const FirecodeRow *last = rows->pdata[SHEETS_MAX - 1];
    g_autofree char *next =
        g_strdup_printf("/work/codes/sheets?region=%s&after=%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                        region,
                        last->score.score,
                        last->score.building_id);
    json_t *pager = json_object();
    json_put_text(pager, "first", NULL);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", next);
    json_put_text(pager, "note", "每页 24 栋，打印完接着下一页");
    json_put(model, "pager", pager);
}

/* ?region=, after= as the list has them. */
Response *codes_sheets_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_object();
    char region[REGION_CODE_MAX + 1];
    const char *asked = request_query(req, "region");
    const char *after = request_query(req, "after");
    const char *own = ctx->who->region == NULL ? "" : ctx->who->region;
    if (!region_code_parse(asked == NULL || asked[0] == '\0' ? own : asked, region) ||
        !region_is_inside(region, own)) {
        if (ctx->server != NULL) { /* tests call handlers without one */
            account_refused(ctx, req, "不在您的辖区");
        }
        hz_fail(&error, HZ_ERROR_DENIED, "outside of the region");
        return response_problem(error, "不在您的辖区");
    }
    FirecodeQuery query = {.region = region, .limit = SHEETS_MAX + 1};
    g_auto(GStrv) parts = g_strsplit(after == NULL ? "" : after, ".", 2);
    if (g_strv_length(parts) == 2) {
        query.after_key = g_ascii_strtoll(parts[0], NULL, 10);
        query.after_id = g_ascii_strtoll(parts[1], NULL, 10);
    }
    g_autoptr(GPtrArray) rows = firecode_list(ctx->db, &query, &error);
    json_t *sheets = json_array();
    json_put(model, "sheets", sheets);
    put_host(req, model);
    for (guint i = 0; rows != NULL && i < MIN(rows->len, SHEETS_MAX); i++) {
        g_auto(Building) building = {0};
        const FirecodeRow *row = rows->pdata[i];
        if (!building_find(ctx->db, row->score.building_id, &building, &error) ||
            !add_sheet(ctx, req, &building, sheets, &error)) {
            return response_problem(error, NULL);
        }
    }
    if (rows == NULL) {
        return response_problem(error, NULL);
    }
    put_next(rows, region, model);
    return response_page("firecode/sheet", g_steal_pointer(&model));
}
