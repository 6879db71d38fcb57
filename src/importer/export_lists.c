/* Rows of each list. The first columns carry the names of the import's fields. */
#include "base/clock.h"
#include "base/error.h"
#include "draw/draw.h"
#include "importer/export_internal.h"
#include "inspection/inspection.h"
#include "registry/building_list.h"
#include "registry/officer_list.h"
#include "registry/unit_list.h"

#include <string.h>

#define CELL_SIZE 32

/* Shortest text that reads back as the same number. */
static const char *number_text(double number, bool is_told, char buffer[CELL_SIZE]) {
    if (!is_told) {
        return NULL;
    }
    for (int digits = 6; digits <= 17; digits++) {
        char format[8];
        g_snprintf(format, sizeof format, "%%.%dg", digits);
        g_ascii_formatd(buffer, CELL_SIZE, format, number);
        if (!(g_ascii_strtod(buffer, NULL) < number) && !(g_ascii_strtod(buffer, NULL) > number)) {
            break;
        }
    }
    return buffer;
}

static const char *int_text(int64_t number, char buffer[CELL_SIZE]) {
    g_snprintf(buffer, CELL_SIZE, "%" G_GINT64_FORMAT, number);
    return buffer;
}

static const char *int_or_empty(int64_t number, char buffer[CELL_SIZE]) {
    return number != 0 ? int_text(number, buffer) : NULL;
}

static const char *category_text(int category) {
    return category != 0 ? category_get(category)->name_zh : NULL;
}

static const char *risk_text(RiskGrade risk) {
    return risk != RISK_UNKNOWN ? risk_name_zh(risk) : NULL;
}

static const char *yes_no(bool truth) {
    return truth ? "是" : "否";
}

const char *export_filter(const ExportQuery *query, const char *word) {
    const char *text = json_get_text(query->filters, word, NULL);
    return text != NULL && text[0] != '\0' ? text : NULL;
}

bool export_each_region(
    Db *db, const ExportQuery *query, RegionWork work, void *data, GError **error) {
    const char *asked = export_filter(query, "region");
    char code[REGION_CODE_MAX + 1];
    if (asked != NULL) {
        if (!region_code_parse(asked, code)) {
            return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no region code", asked);
        }
        if (!region_is_inside(code, query->scope)) {
            return hz_fail(error, HZ_ERROR_DENIED, "region %s is outside your own", code);
        }
        return work(db, code, data, error);
    }
    if (strcmp(query->scope, EXPORT_EVERYWHERE) != 0) {
        return (region_code_parse(query->scope, code) ||
                hz_fail(error, HZ_ERROR_DENIED, "the account has no region")) &&
               work(db, code, data, error);
    }
    /* Provinces are the numbers 10 to 99 (GB/T 2260); asking for an empty one costs nothing. */
    for (int province = 10; province <= 99; province++) {
        g_snprintf(code, sizeof code, "%d", province);
        if (!work(db, code, data, error)) {
            return false;
        }
    }
    return true;
}

static bool bad_question(const char *problem, bool is_denied, GError **error) {
    return hz_fail(error, is_denied ? HZ_ERROR_DENIED : HZ_ERROR_INVALID, "%s", problem);
}

typedef struct Rows {
    const ExportQuery *query;
    ExportSink sink;
    void *data;
} Rows;

/* --- units ----------------------------------------------------------------------------------- */

static const TableColumn unit_columns[] = {{"来源系统", false},
                                           {"来源编号", false},
                                           {"统一社会信用代码", false},
                                           {"单位名称", false},
                                           {"地址", false},
                                           {"区划代码", false},
                                           {"类别", false},
                                           {"法定代表人", false},
                                           {"电话", false},
                                           {"风险等级", false},
                                           {"信用等级", false},
                                           {"重点单位", false},
                                           {"经度", true},
                                           {"纬度", true},
                                           {"最近检查", false},
                                           {"系统编号", true}};

static bool unit_row(const Unit *unit, void *data, GError **error) {
    const Rows *rows = data;
    char longitude[CELL_SIZE];
    char latitude[CELL_SIZE];
    char id[CELL_SIZE];
    g_autofree char *last =
        unit->last_inspected_us != 0 ? clock_format_date(unit->last_inspected_us) : NULL;
    const char *cells[] = {unit->source,
                           unit->source_id,
                           unit->uscc,
                           unit->name,
                           unit->address,
                           unit->region,
                           category_text(unit->category),
                           unit->legal_person,
                           unit->phone,
                           risk_text(unit->risk),
                           credit_word(unit->credit),
                           yes_no(unit->is_key),
                           number_text(unit->longitude, unit->has_point, longitude),
                           number_text(unit->latitude, unit->has_point, latitude),
                           last,
                           int_text(unit->id, id)};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(unit_columns));
    return rows->sink(cells, rows->data, error);
}

static const char *get_filter(const void *from, const char *name) {
    return export_filter(from, name);
}

static bool units_of(Db *db, const char *region, void *data, GError **error) {
    Rows *rows = data;
    g_auto(UnitQuery) question = {0};
    const char *problem = NULL;
    bool is_denied = false;
    if (!unit_query_parse(get_filter,
                          rows->query,
                          region,
                          rows->query->now_us,
                          &question,
                          &problem,
                          &is_denied)) {
        return bad_question(problem, is_denied, error);
    }
    return unit_list_each(db, &question, unit_row, rows, error);
}

static bool
each_unit(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    return export_each_region(db, query, units_of, &rows, error);
}

static const ExportList units = {
    "units", "单位", PERM_UNIT_VIEW, unit_columns, G_N_ELEMENTS(unit_columns), each_unit};

/* --- buildings ------------------------------------------------------------------------------- */

static const TableColumn building_columns[] = {{"来源系统", false},
                                               {"来源编号", false},
                                               {"建筑名称", false},
                                               {"地址", false},
                                               {"区划代码", false},
                                               {"使用性质", false},
                                               {"高度（米）", true},
                                               {"地上层数", true},
                                               {"地下层数", true},
                                               {"面积（平方米）", true},
                                               {"建成年份", true},
                                               {"风险等级", false},
                                               {"信用等级", false},
                                               {"重点单位", false},
                                               {"经度", true},
                                               {"纬度", true},
                                               {"高度类别", false},
                                               {"最近检查", false},
                                               {"系统编号", true}};

static bool building_row(const void *row, void *data, GError **error) {
    const Building *building = row;
    const Rows *rows = data;
    char text[9][CELL_SIZE];
    g_autofree char *last =
        building->last_inspected_us != 0 ? clock_format_date(building->last_inspected_us) : NULL;
    const char *cells[] = {building->source,
                           building->source_id,
                           building->name,
                           building->address,
                           building->region,
                           category_text(building->category),
                           number_text(building->height_m, building->height_m > 0, text[0]),
                           int_or_empty(building->floors_above, text[1]),
                           int_or_empty(building->floors_below, text[2]),
                           number_text(building->area_m2, building->area_m2 > 0, text[3]),
                           int_or_empty(building->built_year, text[4]),
                           risk_text(building->risk),
                           credit_word(building->credit),
                           yes_no(building->is_key),
                           number_text(building->longitude, building->has_point, text[5]),
                           number_text(building->latitude, building->has_point, text[6]),
                           height_class_name_zh(building->height_class),
                           last,
                           int_text(building->id, text[7])};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(building_columns));
    return rows->sink(cells, rows->data, error);
}

static bool buildings_of(Db *db, const char *region, void *data, GError **error) {
    Rows *rows = data;
    g_auto(BuildingQuery) question = {0};
    const char *problem = NULL;
    bool is_denied = false;
    if (!building_query_parse(get_filter, rows->query, region, &question, &problem, &is_denied)) {
        return bad_question(problem, is_denied, error);
    }
    NamedQuery named = building_query_named(&question);
    return named_list_each(db, &named, building_row, rows, error);
}

static bool
each_building(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    return export_each_region(db, query, buildings_of, &rows, error);
}

static const ExportList buildings = {"buildings",
                                     "建筑",
                                     PERM_UNIT_VIEW,
                                     building_columns,
                                     G_N_ELEMENTS(building_columns),
                                     each_building};

/* --- officers -------------------------------------------------------------------------------- */

static const TableColumn officer_columns[] = {{"姓名", false},
                                              {"执法证号", false},
                                              {"执法证有效期", false},
                                              {"所在机构", false},
                                              {"区划代码", false},
                                              {"在岗", false},
                                              {"主办资格", false},
                                              {"电话", false},
                                              {"系统编号", true}};

static bool officer_row(const void *row, void *data, GError **error) {
    const Officer *officer = row;
    const Rows *rows = data;
    char id[CELL_SIZE];
    const char *cells[] = {officer->name,
                           officer->certificate,
                           officer->certificate_until,
                           officer->agency_name,
                           officer->region,
                           yes_no(officer->in_post),
                           yes_no(officer->can_lead),
                           officer->phone,
                           int_text(officer->id, id)};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(officer_columns));
    return rows->sink(cells, rows->data, error);
}

static bool officers_of(Db *db, const char *region, void *data, GError **error) {
    Rows *rows = data;
    g_auto(OfficerQuery) question = {0};
    const char *problem = NULL;
    bool is_denied = false;
    if (!officer_query_parse(get_filter,
                             rows->query,
                             region,
                             rows->query->now_us,
                             &question,
                             &problem,
                             &is_denied)) {
        return bad_question(problem, is_denied, error);
    }
    NamedQuery named = officer_query_named(&question);
    return named_list_each(db, &named, officer_row, rows, error);
}

static bool
each_officer(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    return export_each_region(db, query, officers_of, &rows, error);
}

static const ExportList officers = {"officers",
                                    "执法人员",
                                    PERM_OFFICER_VIEW,
                                    officer_columns,
                                    G_N_ELEMENTS(officer_columns),
                                    each_officer};

/* --- inspections ----------------------------------------------------------------------------- */

static const TableColumn inspection_columns[] = {{"检查编号", true},
                                                 {"抽查编号", true},
                                                 {"状态", false},
                                                 {"对象类型", false},
                                                 {"对象", false},
                                                 {"地址", false},
                                                 {"区划代码", false},
                                                 {"主办人", false},
                                                 {"协办人", false},
                                                 {"期限", false},
                                                 {"检查日期", false},
                                                 {"问题项数", true},
                                                 {"公开日期", false}};

static char *day_or_null(int64_t time_us) {
    return time_us != 0 ? clock_format_date(time_us) : NULL;
}

static bool inspection_row(const Inspection *row, const Rows *rows, GError **error) {
    char text[3][CELL_SIZE];
    g_autofree char *due = day_or_null(row->due_us);
    g_autofree char *inspected = day_or_null(row->inspected_us);
    g_autofree char *published = day_or_null(row->published_us);
    const char *cells[] = {int_text(row->id, text[0]),
                           int_or_empty(row->draw_id, text[1]),
                           inspection_state_zh(row->state),
                           row->object_kind == OBJECT_UNIT ? "单位" : "建筑",
                           row->object_name,
                           row->object_address,
                           row->region,
                           row->lead_name,
                           row->second_name,
                           due,
                           inspected,
                           inspected != NULL ? int_text(row->failed, text[2]) : NULL,
                           published};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(inspection_columns));
    return rows->sink(cells, rows->data, error);
}

/* Every row of the filter, page by page. */
static bool inspection_pages(Db *db, InspectionFilter filter, const Rows *rows, GError **error) {
    filter.limit = 500;
    do {
        g_auto(InspectionPage) page = {.rows = NULL};
        if (!inspection_list_page(db, &filter, &page, error)) {
            return false;
        }
        for (guint i = 0; i < page.rows->len; i++) {
            if (!inspection_row(page.rows->pdata[i], rows, error)) {
                return false;
            }
        }
        filter.after_due_us = page.next_due_us;
        filter.after_id = page.next_id;
    } while (filter.after_id != 0);
    return true;
}

static bool inspections_of(Db *db, const char *region, void *data, GError **error) {
    const Rows *rows = data;
    InspectionFilter filter = {.region = region, .state = -1};
    const char *word = export_filter(rows->query, "state");
    const char *text = export_filter(rows->query, "q");
    InspectionState state = INSPECTION_PLANNED;
    g_auto(SearchTerms) terms = {0};
    if (word != NULL && !inspection_state_parse(word, &state)) {
        return hz_fail(error, HZ_ERROR_INVALID, "no state \"%s\"", word);
    }
    if (text != NULL && !search_terms_parse(text, &terms)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is too short to search for", text);
    }
    filter.state = word != NULL ? (int)state : -1;
    filter.terms = text != NULL ? &terms : NULL;
    filter.officer_id = export_filter(rows->query, "mine") != NULL ? rows->query->officer_id : 0;
    return inspection_pages(db, filter, rows, error);
}

/* An officer's own may lie in other regions too. */
static bool
each_inspection(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    if (export_filter(query, "mine") == NULL) {
        return export_each_region(db, query, inspections_of, &rows, error);
    }
    return query->officer_id != 0
               ? inspections_of(db, query->scope, &rows, error)
               : hz_fail(error, HZ_ERROR_INVALID, "the account stands for no officer");
}

static const ExportList inspections = {"inspections",
                                       "检查",
                                       PERM_INSPECTION_VIEW,
                                       inspection_columns,
                                       G_N_ELEMENTS(inspection_columns),
                                       each_inspection};

/* --- plans ----------------------------------------------------------------------------------- */

static const TableColumn plan_columns[] = {{"计划编号", true},
                                           {"版本", true},
                                           {"年度", true},
                                           {"名称", false},
                                           {"机构", false},
                                           {"对象类型", false},
                                           {"区划代码", false},
                                           {"状态", false},
                                           {"类别", false},
                                           {"数量", true},
                                           {"备选", true},
                                           {"发布日期", false}};

static bool plan_rows(const Plan *plan, const Rows *rows, GError **error) {
    g_autofree char *published = day_or_null(plan->published_us);
    for (size_t i = 0; i < plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(plan->quotas, PlanQuota, i);
        const UseCategory *category = category_parse(quota->stratum);
        char text[5][CELL_SIZE];
        const char *cells[] = {int_text(plan->id, text[0]),
                               int_text(plan->version, text[1]),
                               int_text(plan->year, text[2]),
                               plan->title,
                               plan->agency,
                               strcmp(plan->object_kind, "unit") == 0 ? "单位" : "建筑",
                               plan->region,
                               plan_state_zh(plan->state),
                               category != NULL ? category->name_zh : quota->stratum,
                               int_text(quota->quota, text[3]),
                               int_text(quota->reserves, text[4]),
                               published};
        G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(plan_columns));
        if (!rows->sink(cells, rows->data, error)) {
            return false;
        }
    }
    return true;
}

static bool is_visible(const char *region, const ExportQuery *query) {
    char scope[REGION_CODE_MAX + 1];
    return region_is_inside(region, query->scope) ||
           (region_code_parse(query->scope, scope) && region_is_inside(scope, region));
}

static bool read_year(const ExportQuery *query, int64_t *ret_year, GError **error) {
    const char *word = export_filter(query, "year");
    return word == NULL || g_ascii_string_to_signed(word, 10, 2000, 2200, ret_year, error) ||
           (g_clear_error(error), hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no year", word));
}

static bool
each_plan(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    PlanFilter filter = {.state = -1, .limit = 200};
    const char *word = export_filter(query, "state");
    PlanState state = PLAN_DRAFT;
    if (!read_year(query, &filter.year, error)) {
        return false;
    }
    if (word != NULL && !plan_state_parse(word, &state)) {
        return hz_fail(error, HZ_ERROR_INVALID, "no state \"%s\"", word);
    }
    filter.state = word != NULL ? (int)state : -1;
    for (;;) {
        g_autoptr(GPtrArray) page = plan_list(db, &filter, error);
        if (page == NULL) {
            return false;
        }
        for (size_t i = 0; i < page->len; i++) {
            const Plan *plan = page->pdata[i];
            if (is_visible(plan->region, query) && !plan_rows(plan, &rows, error)) {
                return false;
            }
            filter.before_id = plan->id;
        }
        if (page->len < filter.limit) {
            return true;
        }
    }
}

static const ExportList plans = {
    "plans", "计划", PERM_PLAN_VIEW, plan_columns, G_N_ELEMENTS(plan_columns), each_plan};

/* --- draws ----------------------------------------------------------------------------------- */

static const TableColumn draw_columns[] = {{"抽查编号", false},
                                           {"计划编号", true},
                                           {"年度", true},
                                           {"名称", false},
                                           {"区划代码", false},
                                           {"检查起", false},
                                           {"检查止", false},
                                           {"对象池", true},
                                           {"可抽", true},
                                           {"抽中", true},
                                           {"备选", true},
                                           {"抽取日期", false},
                                           {"公开日期", false},
                                           {"结果指纹", false}};

static bool draw_row(const Draw *draw, const Rows *rows, GError **error) {
    char text[6][CELL_SIZE];
    g_autofree char *drawn = day_or_null(draw->drawn_us);
    g_autofree char *published = day_or_null(draw->published_us);
    const char *cells[] = {draw->number,
                           int_text(draw->plan_id, text[0]),
                           int_text(draw->year, text[1]),
                           draw->title,
                           draw->region,
                           draw->date_from,
                           draw->date_to,
                           int_text(draw->pool_count, text[2]),
                           int_text(draw->eligible_count, text[3]),
                           int_text(draw->drawn_count, text[4]),
                           int_text(draw->reserve_count, text[5]),
                           drawn,
                           published,
                           draw->result};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(draw_columns));
    return rows->sink(cells, rows->data, error);
}

static bool
each_draw(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    const char *word = export_filter(query, "plan");
    int64_t plan = 0;
    if (word != NULL && !g_ascii_string_to_signed(word, 10, 1, INT64_MAX, &plan, NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no plan number", word);
    }
    for (int64_t before = 0;;) {
        g_autoptr(GPtrArray) page = draw_list(db, plan, before, 200, error);
        if (page == NULL) {
            return false;
        }
        for (size_t i = 0; i < page->len; i++) {
            const Draw *draw = page->pdata[i];
            if (is_visible(draw->region, query) && !draw_row(draw, &rows, error)) {
                return false;
            }
            before = draw->id;
        }
        if (page->len < 200) {
            return true;
        }
    }
}

static const ExportList draws = {
    "draws", "抽查", PERM_PLAN_VIEW, draw_columns, G_N_ELEMENTS(draw_columns), each_draw};

const ExportList *const export_lists[] = {&units,
                                          &buildings,
                                          &officers,
                                          &inspections,
                                          &export_matters,
                                          &plans,
                                          &draws,
                                          &export_devices,
                                          &export_points,
                                          &export_faults,
                                          &export_shields,
                                          &export_maintenance,
                                          NULL};
