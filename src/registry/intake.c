/* The face of the intake: fields, dispatch and what all kinds share. */
#include "registry/intake.h"

#include "base/clock.h"
#include "base/error.h"
#include "registry/intake_internal.h"

#include <string.h>

/* --- fields -------------------------------------------------------------------------------------
 */

#define FIELD(type, member, name, required, example)                                               \
    { #member, name, required, example, offsetof(type, member), NULL }
#define NO_MORE_FIELDS                                                                             \
    { NULL, NULL, false, NULL, 0, NULL }

const IntakeField intake_region_fields[] = {
    FIELD(RegionInput, code, "区划代码", true, "500103"),
    FIELD(RegionInput, name, "名称", true, "渝中区"),
    FIELD(RegionInput, parent, "上级代码", false, "5001"),
    FIELD(RegionInput, valid_from, "生效日期", false, "2025-11-06"),
    FIELD(RegionInput, valid_to, "撤销日期", false, ""),
    NO_MORE_FIELDS,
};
const IntakeField intake_unit_fields[] = {
    FIELD(UnitInput, source, "来源系统", false, "市场监管"),
    FIELD(UnitInput, source_id, "来源编号", false, "A0001"),
    FIELD(UnitInput, uscc, "统一社会信用代码", false, "91500103MA5U0000X0"),
    FIELD(UnitInput, name, "单位名称", true, "演示饭店"),
    FIELD(UnitInput, address, "地址", true, "渝中区演示路1号"),
    FIELD(UnitInput, region, "区划代码", true, "500103001"),
    FIELD(UnitInput, category, "类别", false, "饭店"),
    FIELD(UnitInput, legal_person, "法定代表人", false, "张某"),
    FIELD(UnitInput, phone, "电话", false, "02300000000"),
    FIELD(UnitInput, risk, "风险等级", false, "一般"),
    FIELD(UnitInput, credit, "信用等级", false, "B"),
    FIELD(UnitInput, is_key_unit, "重点单位", false, "否"),
    FIELD(UnitInput, longitude, "经度", false, "106.55"),
    FIELD(UnitInput, latitude, "纬度", false, "29.56"),
    FIELD(UnitInput, building_source_id, "所在建筑编号", false, "B0001"),
    NO_MORE_FIELDS,
};
const IntakeField intake_building_fields[] = {
    FIELD(BuildingInput, source, "来源系统", false, "住建"),
    FIELD(BuildingInput, source_id, "来源编号", false, "B0001"),
    FIELD(BuildingInput, name, "建筑名称", false, "演示大厦"),
    FIELD(BuildingInput, address, "地址", true, "渝中区演示路1号"),
    FIELD(BuildingInput, region, "区划代码", true, "500103001"),
    FIELD(BuildingInput, category, "使用性质", false, "住宅"),
    FIELD(BuildingInput, height_m, "高度（米）", false, "98.5"),
    FIELD(BuildingInput, floors_above, "地上层数", false, "32"),
    FIELD(BuildingInput, floors_below, "地下层数", false, "2"),
    FIELD(BuildingInput, area_m2, "面积（平方米）", false, "26000"),
    FIELD(BuildingInput, built_year, "建成年份", false, "2009"),
    FIELD(BuildingInput, risk, "风险等级", false, "较高"),
    FIELD(BuildingInput, credit, "信用等级", false, "B"),
    FIELD(BuildingInput, is_key_unit, "重点单位", false, "否"),
    FIELD(BuildingInput, longitude, "经度", false, "106.55"),
    FIELD(BuildingInput, latitude, "纬度", false, "29.56"),
    NO_MORE_FIELDS,
};
const IntakeField intake_officer_fields[] = {
    FIELD(OfficerInput, name, "姓名", true, "李某"),
    FIELD(OfficerInput, certificate, "执法证号", true, "50010001"),
    FIELD(OfficerInput, certificate_until, "执法证有效期", false, "2028-12-31"),
    FIELD(OfficerInput, agency, "所在机构", false, "渝中区消防救援支队"),
    FIELD(OfficerInput, region, "区划代码", true, "500103"),
    FIELD(OfficerInput, in_post, "在岗", false, "是"),
    FIELD(OfficerInput, can_lead, "主办资格", false, "是"),
    FIELD(OfficerInput, phone, "电话", false, "02300000000"),
    NO_MORE_FIELDS,
};
const IntakeField intake_past_fields[] = {
    FIELD(PastInspectionInput, source, "来源系统", true, "旧系统"),
    FIELD(PastInspectionInput, source_id, "来源编号", true, "161318"),
    FIELD(PastInspectionInput, object_source_id, "对象的来源编号", true, "B0001"),
    FIELD(PastInspectionInput, opened, "检查时间", true, "2017-01-12"),
    FIELD(PastInspectionInput, closed, "办结时间", false, "2017-03-01"),
    FIELD(PastInspectionInput, item_code, "问题条款", false, "2.5.1.2"),
    FIELD(PastInspectionInput, item_text, "问题", false, "通道堆物"),
    NO_MORE_FIELDS,
};

const IntakeField *intake_fields(IntakeKind kind) {
    switch (kind) {
    case INTAKE_REGION:
        return intake_region_fields;
    case INTAKE_UNIT:
        return intake_unit_fields;
    case INTAKE_BUILDING:
        return intake_building_fields;
    case INTAKE_OFFICER:
        return intake_officer_fields;
    case INTAKE_PAST_INSPECTION:
        return intake_past_fields;
    }
    g_assert_not_reached();
}

size_t intake_input_size(IntakeKind kind) {
    switch (kind) {
    case INTAKE_REGION:
        return sizeof(RegionInput);
    case INTAKE_UNIT:
        return sizeof(UnitInput);
    case INTAKE_BUILDING:
        return sizeof(BuildingInput);
    case INTAKE_OFFICER:
        return sizeof(OfficerInput);
    case INTAKE_PAST_INSPECTION:
        return sizeof(PastInspectionInput);
    }
    g_assert_not_reached();
}

bool intake_kind_parse(const char *word, IntakeKind *ret_kind) {
    static const char *const words[] = {"region", "unit", "building", "officer", "past_inspection"};
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(word, words[i]) == 0) {
            *ret_kind = (IntakeKind)i;
            return true;
        }
    }
    return false;
}

/* Blanks around a value are never meant: ASCII and the ideographic space (U+3000). */
static const char *trim(GStringChunk *texts, const char *text) {
    static const char wide[] = "\xe3\x80\x80";
    for (;;) {
        if (g_ascii_isspace(*text)) {
            text++;
        } else if (strncmp(text, wide, 3) == 0) {
            text += 3;
        } else {
            break;
        }
    }
    size_t size = strlen(text);
    size_t kept = size;
    for (;;) {
        if (kept > 0 && g_ascii_isspace(text[kept - 1])) {
            kept--;
        } else if (kept >= 3 && memcmp(text + kept - 3, wide, 3) == 0) {
            kept -= 3;
        } else {
            break;
        }
    }
    return kept == size ? text : g_string_chunk_insert_len(texts, text, (gssize)kept);
}

void *intake_trim(
    const IntakeField *fields, size_t size, const void *rows, size_t count, GStringChunk *texts) {
    char *copy = g_memdup2(rows, count * size);
    for (size_t i = 0; i < count; i++) {
        for (const IntakeField *field = fields; field->word != NULL; field++) {
            const char **value = (const char **)(void *)(copy + i * size + field->offset);
            *value = *value == NULL ? NULL : trim(texts, *value);
        }
    }
    return copy;
}

bool intake_batch(Db *db,
                  IntakeKind kind,
                  const void *inputs,
                  size_t count,
                  const IntakeContext *context,
                  IntakeResult *results,
                  GError **error) {
    g_assert(context->dry_run || db_in_tx(db));
    g_autoptr(GStringChunk) texts = g_string_chunk_new(4096);
    g_autofree void *rows =
        intake_trim(intake_fields(kind), intake_input_size(kind), inputs, count, texts);
    memset(results, 0, count * sizeof *results);
    switch (kind) {
    case INTAKE_REGION:
        return intake_regions(db, rows, count, context, results, error);
    case INTAKE_UNIT:
        return intake_units(db, rows, count, context, results, error);
    case INTAKE_BUILDING:
        return intake_buildings(db, rows, count, context, results, error);
    case INTAKE_OFFICER:
        return intake_officers(db, rows, count, context, results, error);
    case INTAKE_PAST_INSPECTION:
        return intake_past_inspections(db, rows, count, context, results, error);
    }
    g_assert_not_reached();
}

/* --- results ------------------------------------------------------------------------------------
 */

void intake_result_clear(IntakeResult *result) {
    g_free(result->problem);
    g_free(result->warning);
    *result = (IntakeResult){0};
}

void intake_refuse(IntakeResult *result, const char *column, const char *problem, ...) {
    if (result->problem != NULL) {
        return;
    }
    va_list args;
    va_start(args, problem);
    result->problem = g_strdup_vprintf(problem, args);
    va_end(args);
    result->column = column;
    result->outcome = INTAKE_REFUSED;
    result->id = 0;
}

void intake_warn(IntakeResult *result, const char *warning, ...) {
    va_list args;
    va_start(args, warning);
    g_autofree char *text = g_strdup_vprintf(warning, args);
    va_end(args);
    g_autofree char *before = result->warning;
    result->warning = before == NULL ? g_strdup(text) : g_strconcat(before, "；", text, NULL);
}

/* --- regions of rows ----------------------------------------------------------------------------
 */

typedef struct KnownRegion {
    bool is_known, is_in_scope;
    bool is_exact;   /* false: only an ancestor is known */
    char *ended;     /* day it ended; NULL: it is there today */
    char *successor; /* what took over from one that ended; NULL: nothing known */
    char *name;
} KnownRegion;

static void free_known(void *data) {
    KnownRegion *known = data;
    g_free(known->ended);
    g_free(known->successor);
    g_free(known->name);
    g_free(known);
}

void region_cache_init(RegionCache *cache, Db *db, const IntakeContext *context) {
    *cache = (RegionCache){
        .db = db,
        .scope = context->scope_region,
        .today = clock_format_date(context->now_us),
        .known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, free_known),
    };
}

void region_cache_clear(RegionCache *cache) {
    g_free(cache->today);
    g_clear_pointer(&cache->known, g_hash_table_unref);
}

static const KnownRegion *look_up(RegionCache *cache, const char *code, GError **error) {
    const KnownRegion *found = g_hash_table_lookup(cache->known, code);
    if (found != NULL) {
        return found;
    }
    g_auto(Region) region = {0};
    g_autoptr(GError) problem = NULL;
    bool is_known = region_find_nearest(cache->db, code, &region, &problem);
    if (!is_known && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return NULL;
    }
    KnownRegion *known = g_new0(KnownRegion, 1);
    known->is_known = is_known;
    known->is_exact = is_known && strcmp(region.code, code) == 0;
    known->name = g_strdup(region.name);
    if (is_known && !region_is_valid_on(&region, cache->today)) {
        known->ended = g_strdup(region.valid_to);
        known->successor = g_strdup(region_successor(code));
    }
    /* who took over from a region may write what still names the old one */
    known->is_in_scope =
        region_is_inside(known->successor != NULL ? known->successor : code, cache->scope);
    g_hash_table_insert(cache->known, g_strdup(code), known);
    return known;
}

bool intake_check_region(RegionCache *cache,
                         const char *text,
                         IntakeResult *result,
                         char ret_code[REGION_CODE_MAX + 1],
                         bool *ret_refused,
                         GError **error) {
    g_autofree char *word = g_strstrip(g_strdup(text));
    *ret_refused = true;
    if (!region_code_parse(word, ret_code)) {
        intake_refuse(result, "region", "区划代码写 2 到 12 位数字，现在是“%.40s”", word);
        return true;
    }
    const KnownRegion *known = look_up(cache, ret_code, error);
    if (known == NULL) {
        return false;
    }
    if (!known->is_known) {
        intake_refuse(result, "region", "没有区划 %s：先导入它所在的区县", ret_code);
    } else if (!known->is_in_scope) {
        intake_refuse(result, "region", "%s不在您的辖区", known->name);
    } else {
        *ret_refused = false;
        if (known->successor != NULL) {
            intake_warn(result,
                        "区划 %s 已于 %s 撤销，归到 %s",
                        known->name,
                        known->ended,
                        known->successor);
            g_strlcpy(ret_code, known->successor, REGION_CODE_MAX + 1);
        } else if (known->ended != NULL) {
            intake_warn(result, "区划 %s 已于 %s 撤销", known->name, known->ended);
        } else if (!known->is_exact) {
            intake_warn(result, "没有区划 %s，先归到%s", ret_code, known->name);
        }
    }
    return true;
}
