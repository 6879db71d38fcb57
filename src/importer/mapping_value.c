/* From a cell to a value, and from a column's name to a field. */
#include "importer/mapping.h"

#include "base/clock.h"
#include "table/table_writer.h"

#include <stdio.h>
#include <string.h>

/* --- dates ----------------------------------------------------------------------------------- */

/* Digits at *at, at most `most`; -1 if there is none. */
static int take_number(const char **at, int most) {
    int number = 0;
    int count = 0;
    while (count < most && g_ascii_isdigit(**at)) {
        number = number * 10 + (**at - '0');
        (*at)++;
        count++;
    }
    return count > 0 ? number : -1;
}

static void skip_mark(const char **at) {
    static const char *const marks[] = {"年", "月", "日", "-", "/", "."};
    for (size_t i = 0; i < G_N_ELEMENTS(marks); i++) {
        if (g_str_has_prefix(*at, marks[i])) {
            *at += strlen(marks[i]);
            return;
        }
    }
}

/* "HH:MM", "HH:MM:SS", fractions dropped; an offset or Z is left for the caller's parser. */
static bool take_time(const char **at, int *ret_second_of_day) {
    int hour = take_number(at, 2);
    int minute = **at == ':' ? ((*at)++, take_number(at, 2)) : -1;
    int second = **at == ':' ? ((*at)++, take_number(at, 2)) : 0;
    if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) {
        return false;
    }
    if (**at == '.') {
        (*at)++;
        (void)take_number(at, 9); /* fractions of a second are dropped */
    }
    *ret_second_of_day = hour * 3600 + minute * 60 + second;
    return true;
}

static bool take_date(MappingDate order, const char **at, int part[3]) {
    bool is_year_first = order == MAPPING_DATE_AUTO || order == MAPPING_DATE_YMD;
    for (int i = 0; i < 3; i++) {
        bool is_year = is_year_first ? i == 0 : i == 2;
        part[i] = take_number(at, is_year ? 4 : 2);
        if (part[i] < 0) {
            return false;
        }
        skip_mark(at);
    }
    if (order == MAPPING_DATE_DMY) {
        int day = part[0];
        part[0] = part[2];
        part[2] = day;
    } else if (order == MAPPING_DATE_MDY) {
        int month = part[0];
        int day = part[1];
        part[0] = part[2];
        part[1] = month;
        part[2] = day;
    }
    return true;
}

bool mapping_date(MappingDate order, const char *text, char *buffer, size_t size) {
    int64_t time_us = 0;
    if (order <= MAPPING_DATE_YMD && clock_parse(text, &time_us) && strlen(text) < size) {
        g_strlcpy(buffer, text, size); /* ISO already, perhaps with an offset */
        return true;
    }
    const char *at = text;
    int part[3];
    if (!take_date(order, &at, part) || part[0] < 1000) {
        return false;
    }
    char date[40];
    g_snprintf(date, sizeof date, "%04d-%02d-%02d", part[0], part[1], part[2]);
    if (!clock_parse(date, &time_us)) {
        return false;
    }
    at += *at == ' ' || *at == 'T';
    int second = 0;
    bool has_time = *at != '\0';
    if (has_time && (!take_time(&at, &second) || *at != '\0')) {
        return false;
    }
    if (has_time) {
        g_snprintf(buffer,
                   (gulong)size,
                   "%sT%02d:%02d:%02d",
                   date,
                   second / 3600,
                   second / 60 % 60,
                   second % 60);
    } else {
        g_strlcpy(buffer, date, size);
    }
    return true;
}

/* --- values ---------------------------------------------------------------------------------- */

static const char *decorate(const MappingField *field, const char *value, GStringChunk *texts) {
    size_t length = strlen(value);
    size_t zeros = (size_t)field->pad > length ? (size_t)field->pad - length : 0;
    if (zeros == 0 && field->prefix == NULL && field->suffix == NULL) {
        return value;
    }
    g_autofree char *made = g_strdup_printf("%s%.*s%s%s",
                                            field->prefix != NULL ? field->prefix : "",
                                            (int)zeros,
                                            "00000000000000000000000000000000",
                                            value,
                                            field->suffix != NULL ? field->suffix : "");
    return g_string_chunk_insert(texts, made);
}

const char *mapping_value(const Mapping *mapping,
                          const MappingField *field,
                          const TableRow *row,
                          bool is_csv,
                          GStringChunk *texts) {
    if (field->column_index < 0) {
        return field->constant;
    }
    const char *cell =
        (size_t)field->column_index < row->count ? row->cells[field->column_index] : "";
    if (is_csv) {
        cell = table_plain(cell);
    }
    const char *translated =
        field->values != NULL ? g_hash_table_lookup(field->values, cell) : NULL;
    const char *value = translated != NULL ? translated : cell;
    if (value[0] == '\0') {
        return field->fallback;
    }
    char date[40];
    if (field->is_date && mapping_date(mapping->date_format, value, date, sizeof date) &&
        strcmp(date, value) != 0) {
        value = g_string_chunk_insert(texts, date);
    }
    return decorate(field, value, texts);
}

/* --- guessing -------------------------------------------------------------------------------- */

/* What other systems call the fields; the words and Chinese names of the kind come first. */
static const struct {
    const char *word;
    const char *names[12];
} synonyms[] = {
    {"source_id", {"编号", "序号", "主键", "id", "_id", "来源编号", "原编号"}},
    {"uscc", {"信用代码", "社会信用代码", "统一社会信用代码证号", "uscc", "creditcode"}},
    {"name",
     {"名称",
      "单位名称",
      "企业名称",
      "场所名称",
      "建筑名称",
      "姓名",
      "建筑物名称",
      "区划名称",
      "设备名称",
      "点位名称",
      "部件名称",
      "描述"}},
    {"address",
     {"地址",
      "单位地址",
      "详细地址",
      "住所",
      "经营地址",
      "建筑地址",
      "address",
      "所在地址",
      "部件号",
      "地址编码"}},
    {"region",
     {"区划", "区划代码", "行政区划", "行政区划代码", "辖区", "所属区划", "区县代码", "所在区域"}},
    {"category", {"类别", "使用性质", "单位类别", "场所类别", "用途", "行业类别"}},
    {"legal_person", {"法人", "法定代表人", "负责人", "法人代表"}},
    {"phone", {"电话", "联系电话", "手机", "手机号", "联系方式"}},
    {"risk", {"风险", "风险等级"}},
    {"credit", {"信用", "信用等级", "信用评级"}},
    {"is_key_unit", {"重点单位", "是否重点单位", "消防安全重点单位", "是否重点"}},
    {"longitude", {"经度", "lng", "lon", "longitude", "x"}},
    {"latitude", {"纬度", "lat", "latitude", "y"}},
    {"building_source_id", {"所在建筑编号", "建筑编号"}},
    {"height_m", {"高度", "建筑高度", "建筑高度(米)", "建筑高度(m)"}},
    {"floors_above", {"地上层数", "层数", "楼层数"}},
    {"floors_below", {"地下层数"}},
    {"area_m2", {"面积", "建筑面积", "建筑面积(平方米)"}},
    {"built_year", {"建成年份", "建造年份", "建成时间"}},
    {"certificate", {"执法证号", "证件号", "证号", "执法证编号"}},
    {"certificate_until", {"有效期", "有效期至", "证件有效期", "执法证有效期", "执法证有效期至"}},
    {"agency", {"单位", "机构", "所属机构", "所属单位", "执法机构"}},
    {"in_post", {"在岗", "是否在岗", "在职"}},
    {"can_lead", {"主办", "主办资格", "可否主办"}},
    {"code",
     {"代码",
      "区划代码",
      "行政区划代码",
      "编码",
      "设备编号",
      "设备地址",
      "设备编码",
      "装置编号",
      "用传编号"}},
    {"parent", {"上级", "上级代码", "上级区划", "上级区划代码"}},
    {"valid_from", {"生效日期", "设立日期"}},
    {"valid_to", {"失效日期", "撤销日期"}},
    {"object_source_id", {"对象编号", "单位编号", "建筑编号", "检查对象编号"}},
    {"opened", {"检查日期", "开始日期", "检查时间", "立案日期"}},
    {"closed", {"办结日期", "结束日期", "办结时间"}},
    {"item_code", {"问题代码", "违法行为代码", "检查项代码"}},
    {"protocol", {"通信协议", "接入协议", "通讯协议"}},
    {"building", {"建筑名称", "所在建筑", "建筑物名称", "楼宇", "楼栋"}},
    {"building_id", {"建筑系统编号"}},
    {"unit", {"单位名称", "所属单位", "使用单位"}},
    {"place", {"安装位置", "设备位置", "位置描述", "所在位置"}},
    {"profile", {"方言", "规约", "厂家"}},
    {"state", {"设备状态", "使用状态"}},
    {"service_body", {"维保公司", "维保机构", "维护保养单位"}},
    {"service_contact", {"维保电话", "维保单位电话", "联系电话", "联系方式"}},
    {"device", {"所属设备", "设备地址", "设备编码", "装置编号", "用传编号"}},
    {"system_type", {"系统", "系统名称", "系统类别"}},
    {"component_type", {"部件", "类型", "部件类别", "设备类型"}},
    {"floor", {"层", "楼层号", "所在楼层"}},
    {"room", {"房间号", "位置", "安装位置", "部位"}},
    {"analog_type", {"模拟量", "模拟量类型"}},
    {"low", {"下限值", "低限"}},
    {"high", {"上限值", "高限"}},
    {"item_text", {"问题", "问题描述", "违法行为", "检查发现"}},
};

/* Lower case, without blanks, stars and remarks in brackets such as "（必填）". */
static char *normal_name(const char *name) {
    GString *text = g_string_new(NULL);
    for (const char *at = name; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar c = g_utf8_get_char(at);
        if (c == 0xFF08 || (c == '(' && strstr(at, "填") != NULL)) {
            break;
        }
        if (g_unichar_isspace(c) || c == '*' || c == 0x3000 || c == 0xFF0A || c == ':') {
            continue;
        }
        g_string_append_unichar(text, g_unichar_tolower(c));
    }
    return g_string_free(text, FALSE);
}

static bool is_synonym(const char *word, const char *name) {
    for (size_t i = 0; i < G_N_ELEMENTS(synonyms); i++) {
        for (size_t k = 0; strcmp(synonyms[i].word, word) == 0 &&
                           k < G_N_ELEMENTS(synonyms[i].names) && synonyms[i].names[k] != NULL;
             k++) {
            if (strcmp(synonyms[i].names[k], name) == 0) {
                return true;
            }
        }
    }
    return false;
}

const IntakeField *mapping_guess_field(const ImportKind *kind, const char *column) {
    g_autofree char *name = normal_name(column);
    const IntakeField *fields = kind->fields;
    for (const IntakeField *field = fields; field->word != NULL; field++) {
        g_autofree char *own = normal_name(field->name_zh);
        if (strcmp(field->word, name) == 0 || strcmp(own, name) == 0) {
            return field;
        }
    }
    for (const IntakeField *field = fields; field->word != NULL; field++) {
        if (is_synonym(field->word, name)) {
            return field;
        }
    }
    return NULL;
}
