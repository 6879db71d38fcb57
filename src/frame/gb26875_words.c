#include "frame/gb26875_words.h"

#include "frame/gb26875_internal.h"

typedef struct Name {
    const char *word, *zh;
} Name;

static const Name nothing = {"reserved", "保留"};
static const Name users = {"user", "用户自定义"};

/* Reserved below 128, the user's above, unless the table says more. */
static const Name *name_of(const Name *names, size_t count, uint8_t number) {
    if (number < count && names[number].word != NULL) {
        return &names[number];
    }
    return number < 128 ? &nothing : &users;
}

static const struct {
    const char *word, *zh, *en;
} reasons[] = {
    [GB26875_OK] = {"ok", "正确", "good"},
    [GB26875_NO_START] = {"garbage", "不是帧的字节", "bytes between frames"},
    [GB26875_LENGTH] = {"length", "应用数据长度超过上限", "length over the limit"},
    [GB26875_END] = {"end", "结束符不在长度所指的位置", "no end marker where the length says"},
    [GB26875_CHECKSUM] = {"checksum", "校验和不符", "wrong checksum"},
    [GB26875_TRUNCATED] = {"truncated",
                           "帧不完整，数据已结束",
                           "the stream ended inside the frame"},
    [GB26875_COMMAND] = {"command", "未知的控制命令", "unknown command byte"},
    [GB26875_MAIN_VERSION] = {"version", "协议主版本号不符", "another protocol version"},
    [GB26875_UNIT_MISSING] = {"unit-missing", "缺少应用数据单元", "no application data unit"},
    [GB26875_UNIT_TYPE] = {"unit-type", "未知的类型标志", "unknown type flag"},
    [GB26875_UNIT_DIRECTION] = {"unit-direction",
                                "类型标志与控制命令不符",
                                "the type does not belong to the command"},
    [GB26875_UNIT_COUNT] = {"unit-count", "信息对象数目超过上限", "too many objects for the type"},
    [GB26875_UNIT_SIZE] = {"unit-size",
                           "信息对象的数目、长度与数据不符",
                           "count and sizes of the objects do not fill the unit"},
};

const char *gb26875_reason_word(Gb26875Reason reason) {
    return reasons[reason].word;
}
const char *gb26875_reason_zh(Gb26875Reason reason) {
    return reasons[reason].zh;
}
const char *gb26875_reason_en(Gb26875Reason reason) {
    return reasons[reason].en;
}

static const Name commands[] = {
    [GB26875_CONTROL] = {"control", "控制命令"},
    [GB26875_SEND] = {"send", "发送数据"},
    [GB26875_CONFIRM] = {"confirm", "确认"},
    [GB26875_REQUEST] = {"request", "请求"},
    [GB26875_RESPONSE] = {"response", "应答"},
    [GB26875_DENY] = {"deny", "否认"},
};

static const Name *command_name(uint8_t command) {
    return name_of(commands, G_N_ELEMENTS(commands), command);
}
const char *gb26875_command_word(uint8_t command) {
    return command_name(command)->word;
}
const char *gb26875_command_zh(uint8_t command) {
    return command_name(command)->zh;
}

static const Name types[] = {
    [GB26875_SYSTEM_STATE] = {"system-state", "建筑消防设施系统状态"},
    [GB26875_COMPONENT_STATE] = {"component-state", "建筑消防设施部件运行状态"},
    [GB26875_ANALOG] = {"analog", "建筑消防设施部件模拟量值"},
    [GB26875_OPERATION] = {"operation", "建筑消防设施操作信息"},
    [GB26875_VERSION] = {"version", "建筑消防设施软件版本"},
    [GB26875_SYSTEM_CONFIG] = {"system-config", "建筑消防设施系统配置情况"},
    [GB26875_COMPONENT_CONFIG] = {"component-config", "建筑消防设施部件配置情况"},
    [GB26875_CLOCK] = {"clock", "建筑消防设施系统时间"},
    [GB26875_DEVICE_STATE] = {"device-state", "用户信息传输装置运行状态"},
    [GB26875_DEVICE_OPERATION] = {"device-operation", "用户信息传输装置操作信息"},
    [GB26875_DEVICE_VERSION] = {"device-version", "用户信息传输装置软件版本"},
    [GB26875_DEVICE_CONFIG] = {"device-config", "用户信息传输装置配置情况"},
    [GB26875_DEVICE_CLOCK] = {"device-clock", "用户信息传输装置系统时间"},
    [GB26875_READ_SYSTEM_STATE] = {"read-system-state", "读建筑消防设施系统状态"},
    [GB26875_READ_COMPONENT_STATE] = {"read-component-state", "读建筑消防设施部件运行状态"},
    [GB26875_READ_ANALOG] = {"read-analog", "读建筑消防设施部件模拟量值"},
    [GB26875_READ_OPERATION] = {"read-operation", "读建筑消防设施操作信息"},
    [GB26875_READ_VERSION] = {"read-version", "读建筑消防设施软件版本"},
    [GB26875_READ_SYSTEM_CONFIG] = {"read-system-config", "读建筑消防设施系统配置情况"},
    [GB26875_READ_COMPONENT_CONFIG] = {"read-component-config", "读建筑消防设施部件配置情况"},
    [GB26875_READ_CLOCK] = {"read-clock", "读建筑消防设施系统时间"},
    [GB26875_READ_DEVICE_STATE] = {"read-device-state", "读用户信息传输装置运行状态"},
    [GB26875_READ_DEVICE_OPERATION] = {"read-device-operation", "读用户信息传输装置操作信息记录"},
    [GB26875_READ_DEVICE_VERSION] = {"read-device-version", "读用户信息传输装置软件版本"},
    [GB26875_READ_DEVICE_CONFIG] = {"read-device-config", "读用户信息传输装置配置情况"},
    [GB26875_READ_DEVICE_CLOCK] = {"read-device-clock", "读用户信息传输装置系统时间"},
    [GB26875_INITIALISE] = {"initialise", "初始化用户信息传输装置"},
    [GB26875_SET_CLOCK] = {"set-clock", "同步用户信息传输装置时钟"},
    [GB26875_DUTY_CHECK] = {"duty-check", "查岗命令"},
};

static const Gb26875Layout *own_layout(const Gb26875Profile *profile, uint8_t type) {
    return profile == NULL || gb26875_forms[type].size != 0 ? NULL
                                                            : gb26875_layouts_of(profile, type);
}
const char *gb26875_type_word(const Gb26875Profile *profile, uint8_t type) {
    const Gb26875Layout *layout = own_layout(profile, type);
    return layout != NULL ? layout->word : name_of(types, G_N_ELEMENTS(types), type)->word;
}
const char *gb26875_type_zh(const Gb26875Profile *profile, uint8_t type) {
    const Gb26875Layout *layout = own_layout(profile, type);
    return layout != NULL ? layout->name_zh : name_of(types, G_N_ELEMENTS(types), type)->zh;
}

/* Table 4. */
static const Name systems[] = {
    [0] = {"general", "通用"},
    [1] = {"fire-alarm", "火灾报警系统"},
    [10] = {"linkage-controller", "消防联动控制器"},
    [11] = {"hydrant", "消火栓系统"},
    [12] = {"sprinkler", "自动喷水灭火系统"},
    [13] = {"gas-extinguishing", "气体灭火系统"},
    [14] = {"water-spray-pump", "水喷雾灭火系统（泵启动方式）"},
    [15] = {"water-spray-vessel", "水喷雾灭火系统（压力容器启动方式）"},
    [16] = {"foam", "泡沫灭火系统"},
    [17] = {"dry-powder", "干粉灭火系统"},
    [18] = {"smoke-control", "防烟排烟系统"},
    [19] = {"fire-door-shutter", "防火门及卷帘系统"},
    [20] = {"fire-lift", "消防电梯"},
    [21] = {"emergency-broadcast", "消防应急广播"},
    [22] = {"emergency-lighting", "消防应急照明和疏散指示系统"},
    [23] = {"fire-power", "消防电源"},
    [24] = {"fire-telephone", "消防电话"},
};

static const Name *system_name(uint8_t system_type) {
    return name_of(systems, G_N_ELEMENTS(systems), system_type);
}
const char *gb26875_system_word(uint8_t system_type) {
    return system_name(system_type)->word;
}
const char *gb26875_system_zh(uint8_t system_type) {
    return system_name(system_type)->zh;
}

/* Table 5. */
static const Name components[] = {
    [0] = {"general", "通用"},
    [1] = {"fire-alarm-controller", "火灾报警控制器"},
    [10] = {"combustible-gas-detector", "可燃气体探测器"},
    [11] = {"point-gas-detector", "点型可燃气体探测器"},
    [12] = {"standalone-gas-detector", "独立式可燃气体探测器"},
    [13] = {"line-gas-detector", "线型可燃气体探测器"},
    [16] = {"electric-fire-monitor", "电气火灾监控报警器"},
    [17] = {"residual-current-detector", "剩余电流式电气火灾监控探测器"},
    [18] = {"electric-temperature-detector", "测温式电气火灾监控探测器"},
    [21] = {"detection-loop", "探测回路"},
    [22] = {"fire-display-panel", "火灾显示盘"},
    [23] = {"manual-call-point", "手动火灾报警按钮"},
    [24] = {"hydrant-button", "消火栓按钮"},
    [25] = {"fire-detector", "火灾探测器"},
    [30] = {"heat-detector", "感温火灾探测器"},
    [31] = {"point-heat-detector", "点型感温火灾探测器"},
    [32] = {"point-heat-detector-s", "点型感温火灾探测器（S型）"},
    [33] = {"point-heat-detector-r", "点型感温火灾探测器（R型）"},
    [34] = {"line-heat-detector", "线型感温火灾探测器"},
    [35] = {"line-heat-detector-s", "线型感温火灾探测器（S型）"},
    [36] = {"line-heat-detector-r", "线型感温火灾探测器（R型）"},
    [37] = {"fibre-heat-detector", "光纤感温火灾探测器"},
    [40] = {"smoke-detector", "感烟火灾探测器"},
    [41] = {"point-ion-smoke-detector", "点型离子感烟火灾探测器"},
    [42] = {"point-optical-smoke-detector", "点型光电感烟火灾探测器"},
    [43] = {"line-beam-smoke-detector", "线型光束感烟火灾探测器"},
    [44] = {"aspirating-smoke-detector", "吸气式感烟火灾探测器"},
    [50] = {"combined-detector", "复合式火灾探测器"},
    [51] = {"smoke-heat-detector", "复合式感烟感温火灾探测器"},
    [52] = {"light-heat-detector", "复合式感光感温火灾探测器"},
    [53] = {"light-smoke-detector", "复合式感光感烟火灾探测器"},
    [61] = {"uv-flame-detector", "紫外火焰探测器"},
    [62] = {"ir-flame-detector", "红外火焰探测器"},
    [69] = {"light-detector", "感光火灾探测器"},
    [74] = {"gas-detector", "气体探测器"},
    [78] = {"image-detector", "图像摄像方式火灾探测器"},
    [79] = {"sound-detector", "感声火灾探测器"},
    [81] = {"gas-extinguishing-controller", "气体灭火控制器"},
    [82] = {"fire-electrical-control", "消防电气控制装置"},
    [83] = {"control-room-display", "消防控制室图形显示装置"},
    [84] = {"module", "模块"},
    [85] = {"input-module", "输入模块"},
    [86] = {"output-module", "输出模块"},
    [87] = {"input-output-module", "输入/输出模块"},
    [88] = {"relay-module", "中继模块"},
    [91] = {"fire-pump", "消防水泵"},
    [92] = {"fire-water-tank", "消防水箱"},
    [95] = {"sprinkler-pump", "喷淋泵"},
    [96] = {"flow-indicator", "水流指示器"},
    [97] = {"signal-valve", "信号阀"},
    [98] = {"alarm-valve", "报警阀"},
    [99] = {"pressure-switch", "压力开关"},
    [101] = {"valve-driver", "阀驱动装置"},
    [102] = {"fire-door", "防火门"},
    [103] = {"fire-damper", "防火阀"},
    [104] = {"ventilation", "通风空调"},
    [105] = {"foam-pump", "泡沫液泵"},
    [106] = {"pipe-solenoid-valve", "管网电磁阀"},
    [111] = {"smoke-control-fan", "防烟排烟风机"},
    [113] = {"smoke-exhaust-damper", "排烟防火阀"},
    [114] = {"air-inlet", "常闭送风口"},
    [115] = {"smoke-exhaust-outlet", "排烟口"},
    [116] = {"smoke-curtain", "电控挡烟垂壁"},
    [117] = {"fire-shutter-controller", "防火卷帘控制器"},
    [118] = {"fire-door-monitor", "防火门监控器"},
    [121] = {"alarm-sounder", "警报装置"},
};

static const Name *component_name(uint8_t component_type) {
    return name_of(components, G_N_ELEMENTS(components), component_type);
}
const char *gb26875_component_word(uint8_t component_type) {
    return component_name(component_type)->word;
}
const char *gb26875_component_zh(uint8_t component_type) {
    return component_name(component_type)->zh;
}

/* --- bits ------------------------------------------------------------------------------------ */

/* Figures 6, 7 and 13. */
static const Name system_bits[] = {
    {"normal", "正常运行"},
    {"fire", "火警"},
    {"fault", "故障"},
    {"shield", "屏蔽"},
    {"supervise", "监管"},
    {"start", "启动（开启）"},
    {"feedback", "反馈"},
    {"delay", "延时"},
    {"main-power-fault", "主电故障"},
    {"backup-power-fault", "备电故障"},
    {"bus-fault", "总线故障"},
    {"manual", "手动状态"},
    {"config-changed", "配置改变"},
    {"reset", "复位"},
};
static const Name power_fault = {"power-fault", "电源故障"};
static const Name device_bits[] = {
    {"normal", "正常监视"},
    {"fire", "火警"},
    {"fault", "故障"},
    {"main-power-fault", "主电故障"},
    {"backup-power-fault", "备电故障"},
    {"channel-fault", "与监控中心通信信道故障"},
    {"line-fault", "监测连接线路故障"},
};

static const Name *bit_name(Gb26875Register of, unsigned bit) {
    switch (of) {
    case GB26875_OF_SYSTEM:
        return bit < G_N_ELEMENTS(system_bits) ? &system_bits[bit] : NULL;
    case GB26875_OF_COMPONENT:
        return bit < 8 ? &system_bits[bit] : bit == 8 ? &power_fault : NULL;
    case GB26875_OF_DEVICE:
        break;
    }
    return bit < G_N_ELEMENTS(device_bits) ? &device_bits[bit] : NULL;
}

static bool is_of_profile(const Gb26875Profile *profile, Gb26875Register of, unsigned bit) {
    return profile != NULL && of == GB26875_OF_COMPONENT && bit < GB26875_STATE_BITS &&
           (profile->component_bits >> bit & 1) != 0;
}

Gb26875Register gb26875_register(const Gb26875Object *object) {
    if ((object->has & GB26875_HAS_SYSTEM) == 0) {
        return GB26875_OF_DEVICE;
    }
    return (object->has & GB26875_HAS_COMPONENT) != 0 ? GB26875_OF_COMPONENT : GB26875_OF_SYSTEM;
}

const char *gb26875_bit_word(const Gb26875Profile *profile, Gb26875Register of, unsigned bit) {
    if (is_of_profile(profile, of, bit)) {
        return profile->component_bit[bit].word;
    }
    const Name *name = bit_name(of, bit);
    return name != NULL ? name->word : NULL;
}
const char *gb26875_bit_zh(const Gb26875Profile *profile, Gb26875Register of, unsigned bit) {
    if (is_of_profile(profile, of, bit)) {
        return profile->component_bit[bit].name_zh;
    }
    const Name *name = bit_name(of, bit);
    return name != NULL ? name->zh : NULL;
}

static const Name flags[] = {
    {"reset", "复位"},
    {"silence", "消音"},
    {"manual-alarm", "手动报警"},
    {"cleared", "警情消除"},
    {"self-test", "自检"},
    {"confirm", "确认"},
    {"test", "测试"},
};
static const Name duty_answer = {"duty-answer", "查岗应答"};

static const Name *flag_name(bool is_device, unsigned bit) {
    if (is_device && (1U << bit) == GB26875_FLAG_DUTY_ANSWER) {
        return &duty_answer;
    }
    return bit < G_N_ELEMENTS(flags) ? &flags[bit] : NULL;
}
const char *gb26875_flag_word(bool is_device, unsigned bit) {
    const Name *name = flag_name(is_device, bit);
    return name != NULL ? name->word : NULL;
}
const char *gb26875_flag_zh(bool is_device, unsigned bit) {
    const Name *name = flag_name(is_device, bit);
    return name != NULL ? name->zh : NULL;
}

/* --- analog values --------------------------------------------------------------------------- */

/* Table 6; bounds without a number there are those of the two bytes. */
static const Gb26875Analog analogs[] = {
    {1, 0, "events", "事件计数", "件", 0, 32000},
    {2, 2, "height", "高度", "m", 0, 32000},
    {3, 1, "temperature", "温度", "℃", -2730, 32000},
    {4, 1, "pressure-mpa", "压力", "MPa", 0, 32000},
    {5, 1, "pressure-kpa", "压力", "kPa", 0, 32000},
    {6, 1, "gas", "气体浓度", "%LEL", 0, 1000},
    {7, 0, "time", "时间", "s", 0, 32000},
    {8, 1, "voltage", "电压", "V", INT16_MIN, INT16_MAX},
    {9, 1, "current", "电流", "A", INT16_MIN, INT16_MAX},
    {10, 1, "flow", "流量", "L/s", INT16_MIN, INT16_MAX},
    {11, 1, "air-volume", "风量", "m³/min", INT16_MIN, INT16_MAX},
    {12, 0, "air-speed", "风速", "m/s", 0, 20},
};

const Gb26875Analog *gb26875_analog(uint8_t analog_type) {
    bool is_known = analog_type >= 1 && analog_type <= G_N_ELEMENTS(analogs);
    return is_known ? &analogs[analog_type - 1] : NULL;
}
