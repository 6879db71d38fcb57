#include "sensing/sensing_names.h"

#include <glib.h>
#include <math.h>
#include <string.h>

typedef struct Name {
    int id;
    const char *name_zh;
} Name;

static const Name systems[] = {
    {0, "通用"},
    {1, "火灾报警系统"},
    {10, "消防联动控制器"},
    {11, "消火栓系统"},
    {12, "自动喷水灭火系统"},
    {13, "气体灭火系统"},
    {14, "水喷雾灭火系统（泵启动）"},
    {15, "水喷雾灭火系统（压力容器启动）"},
    {16, "泡沫灭火系统"},
    {17, "干粉灭火系统"},
    {18, "防烟排烟系统"},
    {19, "防火门及卷帘系统"},
    {20, "消防电梯"},
    {21, "消防应急广播"},
    {22, "消防应急照明和疏散指示系统"},
    {23, "消防电源"},
    {24, "消防电话"},
};

static const Name components[] = {
    {0, "通用部件"},
    {1, "火灾报警控制器"},
    {10, "可燃气体探测器"},
    {11, "点型可燃气体探测器"},
    {12, "独立式可燃气体探测器"},
    {13, "线型可燃气体探测器"},
    {16, "电气火灾监控报警器"},
    {17, "剩余电流式电气火灾监控探测器"},
    {18, "测温式电气火灾监控探测器"},
    {21, "探测回路"},
    {22, "火灾显示盘"},
    {23, "手动火灾报警按钮"},
    {24, "消火栓按钮"},
    {25, "火灾探测器"},
    {30, "感温火灾探测器"},
    {31, "点型感温火灾探测器"},
    {32, "点型感温火灾探测器（S 型）"},
    {33, "点型感温火灾探测器（R 型）"},
    {34, "线型感温火灾探测器"},
    {35, "线型感温火灾探测器（S 型）"},
    {36, "线型感温火灾探测器（R 型）"},
    {37, "光纤感温火灾探测器"},
    {40, "感烟火灾探测器"},
    {41, "点型离子感烟火灾探测器"},
    {42, "点型光电感烟火灾探测器"},
    {43, "线型光束感烟火灾探测器"},
    {44, "吸气式感烟火灾探测器"},
    {50, "复合式火灾探测器"},
    {51, "感烟感温复合探测器"},
    {52, "感光感温复合探测器"},
    {53, "感光感烟复合探测器"},
    {61, "紫外火焰探测器"},
    {62, "红外火焰探测器"},
    {69, "感光火灾探测器"},
    {74, "气体探测器"},
    {78, "图像摄像方式火灾探测器"},
    {79, "感声火灾探测器"},
    {81, "气体灭火控制器"},
    {82, "消防电气控制装置"},
    {83, "消防控制室图形显示装置"},
    {84, "模块"},
    {85, "输入模块"},
    {86, "输出模块"},
    {87, "输入输出模块"},
    {88, "中继模块"},
    {91, "消防水泵"},
    {92, "消防水箱"},
    {95, "喷淋泵"},
    {96, "水流指示器"},
    {97, "信号阀"},
    {98, "报警阀"},
    {99, "压力开关"},
    {101, "阀驱动装置"},
    {102, "防火门"},
    {103, "防火阀"},
    {104, "通风空调"},
    {105, "泡沫液泵"},
    {106, "管网电磁阀"},
    {111, "防烟排烟风机"},
    {113, "排烟防火阀"},
    {114, "常闭送风口"},
    {115, "排烟口"},
    {116, "电控挡烟垂壁"},
    {117, "防火卷帘控制器"},
    {118, "防火门监控器"},
    {121, "警报装置"},
};

static const AnalogType analogs[] = {
    {1, "事件计数", "件", 0},
    {2, "高度", "m", 2},
    {3, "温度", "℃", 1},
    {4, "压力", "MPa", 1},
    {5, "压力", "kPa", 1},
    {6, "气体浓度", "%LEL", 1},
    {7, "时间", "s", 0},
    {8, "电压", "V", 1},
    {9, "电流", "A", 1},
    {10, "流量", "L/s", 1},
    {11, "风量", "m³/min", 1},
    {12, "风速", "m/s", 0},
};

static const char *find(const Name *names, size_t count, int64_t id) {
    for (size_t i = 0; i < count; i++) {
        if (names[i].id == id) {
            return names[i].name_zh;
        }
    }
    return "";
}

const char *system_type_name_zh(int64_t system_type) {
    return find(systems, G_N_ELEMENTS(systems), system_type);
}

const char *component_type_name_zh(int64_t component_type) {
    return component_type == COMPONENT_SYSTEM
               ? "系统"
               : find(components, G_N_ELEMENTS(components), component_type);
}

/* The standard leaves 128 and up to the makers. */
static char *text_of(const char *name, int64_t id, const char *what) {
    return name[0] != '\0'
               ? g_strdup(name)
               : g_strdup_printf("%s%s %" G_GINT64_FORMAT, id < 128 ? "预留" : "自定义", what, id);
}

char *system_type_text(int64_t system_type) {
    return text_of(system_type_name_zh(system_type), system_type, "系统");
}

char *component_type_text(int64_t component_type) {
    return text_of(component_type_name_zh(component_type), component_type, "部件");
}

static bool find_id(const Name *names, size_t count, const char *text, int64_t *ret_id) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i].name_zh, text) == 0) {
            *ret_id = names[i].id;
            return true;
        }
    }
    return false;
}

/* "自定义部件 130": what text_of writes of a number without a name. */
static bool read_number(const char *text, const char *what, int64_t *ret_id) {
    static const char *const starts[] = {"预留", "自定义"};
    for (size_t i = 0; i < G_N_ELEMENTS(starts); i++) {
        g_autofree char *start = g_strconcat(starts[i], what, " ", NULL);
        if (g_str_has_prefix(text, start)) {
            text += strlen(start);
            break;
        }
    }
    return g_ascii_string_to_signed(text, 10, 0, 255, ret_id, NULL);
}

bool system_type_parse(const char *text, int64_t *ret_type) {
    return find_id(systems, G_N_ELEMENTS(systems), text, ret_type) ||
           read_number(text, "系统", ret_type);
}

bool component_type_parse(const char *text, int64_t *ret_type) {
    if (strcmp(text, "系统") == 0 || strcmp(text, "整个系统") == 0 || strcmp(text, "-1") == 0) {
        *ret_type = COMPONENT_SYSTEM;
        return true;
    }
    return find_id(components, G_N_ELEMENTS(components), text, ret_type) ||
           read_number(text, "部件", ret_type);
}

/* --- analog values ------------------------------------------------------------------------------
 */

const AnalogType *analog_type_get(int64_t id) {
    static const AnalogType other = {0, "数值", "", 0};
    for (size_t i = 0; i < G_N_ELEMENTS(analogs); i++) {
        if (analogs[i].id == id) {
            return &analogs[i];
        }
    }
    return &other;
}

static int64_t power_of_ten(int decimals) {
    return decimals == 0 ? 1 : decimals == 1 ? 10 : 100;
}

static bool is_shared_name(const AnalogType *type) {
    for (size_t i = 0; i < G_N_ELEMENTS(analogs); i++) {
        if (analogs[i].id != type->id && strcmp(analogs[i].name_zh, type->name_zh) == 0) {
            return true;
        }
    }
    return false;
}

char *analog_type_text(int64_t id) {
    const AnalogType *type = analog_type_get(id);
    return type->id == 0          ? g_strdup_printf("%" G_GINT64_FORMAT, id)
           : is_shared_name(type) ? g_strdup_printf("%s（%s）", type->name_zh, type->unit)
                                  : g_strdup(type->name_zh);
}

bool analog_type_parse(const char *text, int64_t *ret_type) {
    for (size_t i = 0; i < G_N_ELEMENTS(analogs); i++) {
        g_autofree char *name = analog_type_text(analogs[i].id);
        if (strcmp(name, text) == 0) {
            *ret_type = analogs[i].id;
            return true;
        }
    }
    return g_ascii_string_to_signed(text, 10, 1, 255, ret_type, NULL);
}

double analog_least_unit(int64_t id) {
    return 1 / (double)power_of_ten(analog_type_get(id)->decimals);
}

char *analog_number(int64_t id, int64_t value) {
    const AnalogType *type = analog_type_get(id);
    return g_strdup_printf(
        "%.*f", type->decimals, (double)value / (double)power_of_ten(type->decimals));
}

char *analog_text(int64_t id, int64_t value) {
    g_autofree char *number = analog_number(id, value);
    const char *unit = analog_type_get(id)->unit;
    return g_strconcat(number, unit[0] == '\0' ? "" : " ", unit, NULL);
}

bool analog_parse(int64_t id, const char *text, int64_t *ret_value) {
    char *end = NULL;
    double number = g_ascii_strtod(text, &end);
    double least = number * (double)power_of_ten(analog_type_get(id)->decimals);
    double whole = round(least);
    if (end == text || *end != '\0' || !isfinite(number) || fabs(least - whole) > 1e-6 ||
        fabs(whole) > INT16_MAX) {
        return false;
    }
    *ret_value = (int64_t)whole;
    return true;
}

/* --- states -------------------------------------------------------------------------------------
 */

/* Bit 0 (normal or test) is left out: devices in the field set it at will (iot.md 4, line 1). */
static const Name system_bits[] = {{1, "火警"},
                                   {2, "故障"},
                                   {3, "屏蔽"},
                                   {4, "监管"},
                                   {5, "启动"},
                                   {6, "反馈"},
                                   {7, "延时"},
                                   {8, "主电故障"},
                                   {9, "备电故障"},
                                   {10, "总线故障"},
                                   {11, "手动"},
                                   {12, "配置改变"},
                                   {13, "复位"}};
static const Name component_bits[] = {{1, "火警"},
                                      {2, "故障"},
                                      {3, "屏蔽"},
                                      {4, "监管"},
                                      {5, "启动"},
                                      {6, "反馈"},
                                      {7, "延时"},
                                      {8, "电源故障"}};
static const Name device_bits[] = {{1, "火警"},
                                   {2, "故障"},
                                   {3, "主电故障"},
                                   {4, "备电故障"},
                                   {5, "与中心通信故障"},
                                   {6, "监测线路故障"}};

static char *join_bits(const Name *names, size_t count, int64_t bits) {
    GString *text = g_string_new(NULL);
    for (size_t i = 0; i < count; i++) {
        if ((bits >> names[i].id & 1) != 0) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? "、" : "", names[i].name_zh);
        }
    }
    return g_string_free(text->len > 0 ? text : g_string_append(text, "正常"), FALSE);
}

char *point_state_text(bool is_system, int64_t bits) {
    return is_system ? join_bits(system_bits, G_N_ELEMENTS(system_bits), bits)
                     : join_bits(component_bits, G_N_ELEMENTS(component_bits), bits);
}

char *device_state_text(int64_t bits) {
    return join_bits(device_bits, G_N_ELEMENTS(device_bits), bits);
}

const char *point_state_class(int64_t bits) {
    const int64_t power = (1 << 8) | (1 << 9) | (1 << 10);
    if ((bits & ((1 << STATE_BIT_FIRE) | (1 << STATE_BIT_FAULT) | power)) != 0) {
        return "b";
    }
    return (bits & ((1 << STATE_BIT_SHIELD) | (1 << 4))) != 0 ? "w" : "k";
}

const char *device_state_class(int64_t bits) {
    return (bits & 0x7e) != 0 ? "b" : "k";
}
