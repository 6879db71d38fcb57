/* The region in forms: a district, then a street of it; and what the roles page asks about places.
 */
#include "account/account_forms.h"
#include "base/clock.h"
#include "base/error.h"
#include "registry/agency.h"
#include "registry/places.h"
#include "registry/registry_pages.h"

#include <string.h>

#define DISTRICT_SIZE 6 /* digits */

const char *page_form_region(const Request *req, GStringChunk *texts) {
    g_autofree char *trimmed = g_strstrip(g_strdup(form_region(req)));
    return trimmed[0] == '\0' ? NULL : g_string_chunk_insert(texts, trimmed);
}

static void add_regions(json_t *options, const GPtrArray *regions, const char *chosen) {
    for (guint i = 0; i < regions->len; i++) {
        const Region *region = regions->pdata[i];
        page_add_option(options, region->code, region->name, chosen);
    }
}

/* An abolished region, or one that is not in the table, must not turn into another by itself. */
static bool add_chosen(Db *db, json_t *options, const char *chosen, GError **error) {
    size_t index;
    json_t *option;
    json_array_foreach(options, index, option) {
        if (json_get_bool(option, "is_selected", false)) {
            return true;
        }
    }
    g_autofree char *name = region_full_name(db, chosen, error);
    if (name == NULL) {
        return false;
    }
    page_add_option(options, chosen, name, chosen);
    return true;
}

typedef struct RegionChoice {
    char outer[REGION_CODE_MAX + 1]; /* the reader's own; "" everywhere */
    char inner[REGION_CODE_MAX + 1]; /* whose children are offered as streets; "" none yet */
    char *today;
} RegionChoice;

/* GB/T 2260 gives districts that no city stands above such a row; nobody is responsible for it. */
static bool is_city(const Region *region) {
    return strcmp(region->name, "市辖区") != 0 && strcmp(region->name, "县") != 0;
}

static void add_whole(json_t *options, const Region *region, const char *chosen) {
    g_autofree char *text = g_strconcat(region->name, "（全部）", NULL);
    page_add_option(options, region->code, text, chosen);
}

/* A province, its cities, its districts. */
static bool add_province(Db *db,
                         const char *today,
                         json_t *options,
                         const Region *province,
                         const char *chosen,
                         GError **error) {
    g_autoptr(GPtrArray) cities = region_children(db, province->code, today, error);
    g_autoptr(GPtrArray) districts =
        cities != NULL ? region_districts(db, province->code, today, error) : NULL;
    if (districts == NULL) {
        return false;
    }
    add_whole(options, province, chosen);
    for (guint i = 0; i < cities->len; i++) {
        if (is_city(cities->pdata[i])) {
            add_whole(options, cities->pdata[i], chosen);
        }
    }
    add_regions(options, districts, chosen);
    return true;
}

static bool add_provinces(
    Db *db, const RegionChoice *choice, json_t *options, const char *chosen, GError **error) {
    g_autoptr(GPtrArray) provinces = region_provinces(db, choice->today, error);
    for (guint i = 0; provinces != NULL && i < provinces->len; i++) {
        if (!add_province(db, choice->today, options, provinces->pdata[i], chosen, error)) {
            return false;
        }
    }
    return provinces != NULL;
}

static bool put_districts(
    Db *db, const RegionChoice *choice, json_t *model, const char *chosen, GError **error) {
    json_t *options = page_options(model, "district_options");
    if (chosen[0] == '\0') {
        page_add_option(options, "", "请选择", chosen);
    }
    if (choice->outer[0] == '\0') {
        return add_provinces(db, choice, options, chosen, error) &&
               add_chosen(db, options, chosen, error);
    }
    g_autoptr(GPtrArray) districts = region_districts(db, choice->outer, choice->today, error);
    if (districts == NULL) {
        return false;
    }
    add_regions(options, districts, chosen);
    return add_chosen(db, options, chosen, error);
}

static bool
put_streets(Db *db, const RegionChoice *choice, json_t *model, const char *chosen, GError **error) {
    json_t *options = page_options(model, "street_options");
    if (choice->inner[0] == '\0') {
        return true;
    }
    g_autoptr(GPtrArray) streets = region_children(db, choice->inner, choice->today, error);
    if (streets == NULL) {
        return false;
    }
    if (strlen(choice->inner) == DISTRICT_SIZE) {
        page_add_option(options, choice->inner, "不写到街道", chosen);
    }
    add_regions(options, streets, chosen);
    return add_chosen(db, options, chosen, error);
}

static bool
put_region(Ctx *ctx, RegionChoice *choice, json_t *model, const char *code, GError **error) {
    g_autofree char *today = clock_format_date(ctx->now_us);
    choice->today = today;
    bool has_districts = strlen(choice->outer) < DISTRICT_SIZE;
    char district[DISTRICT_SIZE + 1] = {0};
    if (!has_districts) {
        g_strlcpy(choice->inner, choice->outer, sizeof choice->inner);
    } else if (code != NULL && strlen(code) >= DISTRICT_SIZE) {
        g_strlcpy(district, code, sizeof district);
        g_strlcpy(choice->inner, district, sizeof choice->inner);
    }
    bool has_streets = choice->inner[0] != '\0';
    json_put_bool(model, "has_districts", has_districts);
    json_put_bool(model, "has_streets", has_streets);
    json_put_text(model, "district_name", has_streets ? "district" : "region");
    const char *chosen = code != NULL ? code : choice->inner;
    return put_districts(
               ctx->db, choice, model, has_streets && has_districts ? district : chosen, error) &&
           put_streets(ctx->db, choice, model, chosen, error);
}

bool page_put_region(Ctx *ctx, json_t *model, const char *code, GError **error) {
    RegionChoice choice = {.today = NULL};
    if (ctx->who->region == NULL || !region_code_parse(ctx->who->region, choice.outer)) {
        return hz_fail(error, HZ_ERROR_DENIED, "the account has no region");
    }
    return put_region(ctx, &choice, model, code, error);
}

/* --- regions and agencies of an account ---------------------------------------------------------
 */

static bool put_place(Ctx *ctx, json_t *model, const char *code, GError **error) {
    RegionChoice choice = {.today = NULL};
    char parsed[REGION_CODE_MAX + 1];
    return put_region(ctx, &choice, model, region_code_parse(code, parsed) ? parsed : code, error);
}

static bool put_agencies(Ctx *ctx, json_t *model, const char *chosen, GError **error) {
    json_t *options = page_options(model, "agency_options");
    g_autoptr(GPtrArray) agencies = agency_list(ctx->db, error);
    if (agencies == NULL) {
        return false;
    }
    bool is_there = strcmp(chosen, "0") == 0;
    page_add_option(options, "0", "没有", chosen);
    for (guint i = 0; i < agencies->len; i++) {
        const Agency *agency = agencies->pdata[i];
        g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, agency->id);
        page_add_option(options, id, agency->name, chosen);
        is_there = is_there || strcmp(id, chosen) == 0;
    }
    if (!is_there) {
        g_autofree char *text = g_strdup_printf("编号 %s", chosen);
        page_add_option(options, chosen, text, chosen);
    }
    return true;
}

static bool check_region(Ctx *ctx, const char *code, const char **ret_problem, GError **error) {
    char parsed[REGION_CODE_MAX + 1];
    g_auto(Region) region = {0};
    g_autoptr(GError) problem = NULL;
    g_autofree char *today = clock_format_date(ctx->now_us);
    if (!region_code_parse(code, parsed)) {
        *ret_problem = "选一个区划";
        return true;
    }
    if (region_find(ctx->db, parsed, &region, &problem)) {
        *ret_problem = region_is_valid_on(&region, today) ? NULL : "这个区划已撤销，选现在的";
        return true;
    }
    *ret_problem = "没有这个区划，重新选";
    if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    return true;
}

static bool check_agency(Ctx *ctx, int64_t id, const char **ret_problem, GError **error) {
    g_auto(Agency) agency = {0};
    g_autoptr(GError) problem = NULL;
    *ret_problem = NULL;
    if (id == 0 || agency_find(ctx->db, id, &agency, &problem)) {
        return true;
    }
    *ret_problem = "没有这个机构，重新选";
    if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    return true;
}

const AccountPlaces registry_account_places = {
    .put_region = put_place,
    .put_agencies = put_agencies,
    .check_region = check_region,
    .check_agency = check_agency,
};
