/* Rows of the demo city from their numbers alone. */
#include "demo/demo_rules.h"

#include "base/clock.h"
#include "registry/uscc.h"

#include <string.h>

enum { STREAM_UNIT = 1, STREAM_BUILDING, STREAM_OFFICER };

/* splitmix64 (Vigna): a good mixer is all that is needed, so that any row can be made alone. */
static uint64_t mix(uint64_t x) {
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

int64_t demo_dice(unsigned stream, int64_t index, unsigned throw_number, int64_t below) {
    uint64_t seed = mix(UINT64_C(0x48756f7a) ^ ((uint64_t)stream << 56));
    return (int64_t)(mix(mix(seed ^ (uint64_t)index) + throw_number) % (uint64_t)below);
}

/* --- the city's shape --------------------------------------------------------------------------
 */

typedef struct Place {
    const char *code;
    int weight; /* share of units and officers */
    double longitude, latitude;
} Place;

/* Rough middles, good enough for a map of invented points. */
static const Place places[] = {
    {"500101", 60, 108.41, 30.81},  {"500102", 45, 107.39, 29.70}, {"500103", 70, 106.57, 29.55},
    {"500104", 25, 106.48, 29.48},  {"500106", 70, 106.46, 29.54}, {"500107", 75, 106.51, 29.50},
    {"500108", 65, 106.64, 29.50},  {"500109", 60, 106.40, 29.81}, {"500110", 30, 106.65, 29.03},
    {"500111", 30, 105.72, 29.71},  {"500113", 55, 106.54, 29.40}, {"500114", 20, 108.77, 29.53},
    {"500115", 30, 107.08, 29.86},  {"500116", 50, 106.26, 29.29}, {"500117", 45, 106.28, 29.97},
    {"500118", 45, 105.93, 29.36},  {"500119", 20, 107.10, 29.16}, {"500120", 35, 106.23, 29.59},
    {"500151", 25, 106.06, 29.84},  {"500152", 20, 105.84, 30.19}, {"500153", 25, 105.59, 29.41},
    {"500154", 30, 108.39, 31.16},  {"500155", 20, 107.80, 30.67}, {"500156", 15, 107.76, 29.33},
    {"500157", 140, 106.55, 29.65}, {"500229", 8, 108.66, 31.95},  {"500230", 15, 107.73, 29.86},
    {"500231", 18, 107.35, 30.33},  {"500233", 18, 108.04, 30.30}, {"500235", 22, 108.70, 30.93},
    {"500236", 20, 109.46, 31.02},  {"500237", 14, 109.88, 31.07}, {"500238", 10, 109.57, 31.40},
    {"500240", 12, 108.11, 30.00},  {"500241", 14, 109.00, 28.45}, {"500242", 14, 108.77, 28.84},
    {"500243", 14, 108.17, 29.29},
};

DemoCity *demo_city_new(int64_t now_us) {
    DemoCity *city = g_new0(DemoCity, 1);
    city->districts = g_array_new(FALSE, TRUE, sizeof(DemoDistrict));
    city->now_us = now_us;
    return city;
}

void demo_city_free(DemoCity *city) {
    for (unsigned i = 0; city != NULL && i < city->districts->len; i++) {
        DemoDistrict *district = &g_array_index(city->districts, DemoDistrict, i);
        for (unsigned j = 0; j < district->streets->len; j++) {
            DemoStreet *street = &g_array_index(district->streets, DemoStreet, j);
            g_free(street->code);
            g_free(street->name);
        }
        g_array_unref(district->streets);
        g_array_unref(district->buildings);
        g_free(district->name);
    }
    if (city != NULL) {
        g_array_unref(city->districts);
        g_free(city);
    }
}

void demo_city_add_district(DemoCity *city, const char *code, const char *name) {
    DemoDistrict district = {.name = g_strdup(name),
                             .streets = g_array_new(FALSE, FALSE, sizeof(DemoStreet)),
                             .buildings = g_array_new(FALSE, FALSE, sizeof(int64_t)),
                             .weight = 10};
    g_strlcpy(district.code, code, sizeof district.code);
    for (size_t i = 0; i < G_N_ELEMENTS(places); i++) {
        if (strcmp(places[i].code, code) == 0) {
            district.weight = places[i].weight;
            district.longitude = places[i].longitude;
            district.latitude = places[i].latitude;
        }
    }
    city->weight += district.weight;
    g_array_append_val(city->districts, district);
}

void demo_city_add_street(DemoCity *city, const char *code, const char *name) {
    DemoStreet street = {.code = g_strdup(code), .name = g_strdup(name)};
    DemoDistrict *last = &g_array_index(city->districts, DemoDistrict, city->districts->len - 1);
    g_array_append_val(last->streets, street);
}

static DemoDistrict *district_of(const DemoCity *city, unsigned stream, int64_t index) {
    int64_t at = demo_dice(stream, index, 0, city->weight);
    for (unsigned i = 0;; i++) {
        DemoDistrict *district = &g_array_index(city->districts, DemoDistrict, i);
        if (at < district->weight) {
            return district;
        }
        at -= district->weight;
    }
}

void demo_city_place_buildings(DemoCity *city, int64_t count) {
    for (int64_t index = 0; index < count; index++) {
        g_array_append_val(district_of(city, STREAM_BUILDING, index)->buildings, index);
    }
}

char *demo_agency_name(const DemoDistrict *district) {
    return g_strconcat(district->name, "消防救援局（演示）", NULL);
}

/* --- words -------------------------------------------------------------------------------------
 */

static const char *const brand_first[] = {
    "云", "青", "远", "松", "禾", "澄", "朗", "沐", "栖", "鹿", "星", "汀", "苇", "岚", "越",
    "晴", "砚", "知", "暖", "榆", "樱", "渡", "溪", "梧", "棠", "霁", "穗", "渊", "川", "芦"};
static const char *const brand_second[] = {
    "杉", "屿", "舟", "麓", "野", "湾", "里", "汇", "庭", "崖", "桥", "泽", "汀", "原", "坞",
    "禾", "谷", "港", "岭", "树", "石", "帆", "堤", "塘", "圃", "畔", "洲", "陌", "亭", "塬"};
static const char *const road_first[] = {"望", "临", "石", "柏", "梨", "柳", "松",
                                         "竹", "桂", "槐", "长", "新", "南", "北",
                                         "东", "西", "上", "下", "福", "和"};
static const char *const road_second[] = {
    "江", "泉", "塔", "坪", "坝", "园", "井", "湖", "花", "林", "桥", "山", "岩", "溪", "田"};
static const char *const road_kinds[] = {"路", "街", "巷", "大道"};
static const char *const surnames[] = {"周", "韩", "林", "邵", "高", "陈", "吴", "郑", "冯", "蒋",
                                       "沈", "杨", "朱", "秦", "许", "何", "吕", "施", "孔", "曹",
                                       "严", "华", "金", "魏", "陶", "姜", "戚", "谢", "邹", "窦"};
static const char *const given[] = {"岚", "越", "植", "宁", "晓", "远", "清", "朗", "安", "棠",
                                    "谨", "舒", "川", "恒", "禾", "墨", "澄", "屿", "皓", "微",
                                    "遥", "桐", "卓", "然", "冉", "南", "秋", "白", "予", "枫"};

#define WORD(list, stream, index, number)                                                          \
    ((list)[demo_dice((stream), (index), (number), (int64_t)G_N_ELEMENTS(list))])

/* Use categories with their share and what such a place is called. */
typedef struct Kind {
    const char *category;
    int share;
    int key_percent;
    const char *suffixes[4];
} Kind;

static const Kind unit_kinds[] = {
    {"hotel", 6, 15, {"酒店", "宾馆", "客栈", "公寓酒店"}},
    {"restaurant", 14, 6, {"饭店", "火锅店", "酒楼", "餐厅"}},
    {"mall", 5, 25, {"商场", "购物中心", "百货", "家居城"}},
    {"market", 3, 20, {"农贸市场", "批发市场", "建材市场", "菜市场"}},
    {"entertainment", 4, 25, {"影城", "歌城", "游艺厅", "茶艺馆"}},
    {"transport", 1, 50, {"客运站", "码头候船厅", "公交枢纽", "客运中心"}},
    {"stadium", 1, 30, {"体育馆", "健身中心", "会议中心", "礼堂"}},
    {"hospital", 3, 35, {"医院", "门诊部", "康复医院", "口腔医院"}},
    {"school", 5, 25, {"学校", "小学", "中学", "培训学校"}},
    {"kindergarten", 3, 10, {"幼儿园", "托儿所", "托育园", "早教园"}},
    {"care_home", 2, 40, {"养老院", "养老服务中心", "福利院", "护理院"}},
    {"culture", 1, 25, {"图书馆", "展览馆", "文化馆", "书城"}},
    {"factory", 7, 12, {"机械厂", "服装厂", "电子厂", "食品厂"}},
    {"warehouse", 5, 12, {"物流园", "仓储中心", "配送中心", "冷库"}},
    {"hazardous", 2, 60, {"加油站", "加气站", "化工厂", "油库"}},
    {"office", 9, 5, {"科技园", "写字楼", "商务中心", "创业园"}},
    {"residential", 4, 2, {"小区物业", "公寓物业", "花园物业", "家园物业"}},
    {"small_place", 22, 0, {"便利店", "理发店", "小吃店", "网咖"}},
    {"other", 3, 2, {"服务部", "修理厂", "维修部", "印务店"}},
};
static const Kind building_kinds[] = {
    {"residential", 46, 1, {"花园", "家园", "公寓", "苑"}},
    {"office", 22, 8, {"大厦", "中心", "商务楼", "广场"}},
    {"mall", 10, 25, {"购物中心", "商业楼", "百货楼", "家居广场"}},
    {"hotel", 8, 20, {"酒店大楼", "宾馆", "酒店", "会馆"}},
    {"hospital", 3, 40, {"医院门诊楼", "医院住院楼", "医技楼", "康复楼"}},
    {"school", 4, 15, {"教学楼", "图书楼", "宿舍楼", "综合楼"}},
    {"factory", 4, 8, {"厂房", "车间", "联合厂房", "生产楼"}},
    {"warehouse", 3, 8, {"仓库", "库房", "冷库楼", "分拣楼"}},
};

static const Kind *kind_of(const Kind *kinds, size_t count, unsigned stream, int64_t index) {
    int total = 0;
    for (size_t i = 0; i < count; i++) {
        total += kinds[i].share;
    }
    int64_t at = demo_dice(stream, index, 1, total);
    for (size_t i = 0;; i++) {
        if (at < kinds[i].share) {
            return &kinds[i];
        }
        at -= kinds[i].share;
    }
}

static const char *G_GNUC_PRINTF(2, 3) keep(GStringChunk *texts, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    return g_string_chunk_insert(texts, text);
}

static const char *risk_of(unsigned stream, int64_t index) {
    int64_t at = demo_dice(stream, index, 2, 100);
    return at < 45 ? "low" : at < 80 ? "general" : at < 95 ? "higher" : "high";
}

static const char *credit_of(unsigned stream, int64_t index) {
    int64_t at = demo_dice(stream, index, 3, 100);
    return at < 20 ? "A" : at < 80 ? "B" : at < 95 ? "C" : "D";
}

/* Street (or district, where it has none known) and an address in it. */
static void place(const DemoDistrict *district,
                  unsigned stream,
                  int64_t index,
                  GStringChunk *texts,
                  const char **ret_region,
                  const char **ret_address) {
    const char *street_name = "";
    *ret_region = district->code;
    if (district->streets->len > 0) {
        const DemoStreet *street = &g_array_index(
            district->streets, DemoStreet, demo_dice(stream, index, 4, district->streets->len));
        *ret_region = street->code;
        street_name = street->name;
    }
    /* The number steps with the row, so that two rows rarely share an address. */
    *ret_address = keep(texts,
                        "%s%s%s%s%s%d号",
                        district->name,
                        street_name,
                        WORD(road_first, stream, index, 5),
                        WORD(road_second, stream, index, 6),
                        WORD(road_kinds, stream, index, 7),
                        (int)(1 + index % 1999));
}

static void point(const DemoDistrict *district,
                  unsigned stream,
                  int64_t index,
                  GStringChunk *texts,
                  const char **ret_longitude,
                  const char **ret_latitude) {
    if (district->longitude == 0) {
        return;
    }
    int64_t east = demo_dice(stream, index, 8, 800) - 400;
    int64_t north = demo_dice(stream, index, 9, 800) - 400;
    *ret_longitude = keep(texts, "%.4f", district->longitude + (double)east / 10000);
    *ret_latitude = keep(texts, "%.4f", district->latitude + (double)north / 10000);
}

/* --- rows --------------------------------------------------------------------------------------
 */

/* "91" + "990000" (no such registration organisation) + "MADE" + five digits of 31, counted from
 * "M0000" + check character. */
static const char *credit_code(int64_t index, GStringChunk *texts) {
    static const char digits[] = "0123456789ABCDEFGHJKLMNPQRTUWXY";
    char code[USCC_LENGTH + 1] = "91990000MADE";
    int64_t number = index + INT64_C(20) * 31 * 31 * 31 * 31;
    for (int at = 16; at >= 12; at--) {
        code[at] = digits[number % 31];
        number /= 31;
    }
    code[17] = uscc_check_character(code);
    code[18] = '\0';
    return g_string_chunk_insert(texts, code);
}

void demo_unit(const DemoCity *city, int64_t index, GStringChunk *texts, UnitInput *ret_unit) {
    const unsigned stream = STREAM_UNIT;
    const DemoDistrict *district = district_of(city, stream, index);
    const Kind *kind = kind_of(unit_kinds, G_N_ELEMENTS(unit_kinds), stream, index);
    *ret_unit = (UnitInput){
        .source = DEMO_SOURCE,
        .source_id = keep(texts, "U%07d", (int)index),
        .uscc = credit_code(index, texts),
        .name = keep(texts,
                     "%s%s演示%s",
                     WORD(brand_first, stream, index, 10),
                     WORD(brand_second, stream, index, 11),
                     WORD(kind->suffixes, stream, index, 12)),
        .category = kind->category,
        .legal_person = keep(texts, "%s某", WORD(surnames, stream, index, 13)),
        .phone = keep(texts, "023-0%07d", (int)(index % 10000000)),
        .risk = risk_of(stream, index),
        .credit = credit_of(stream, index),
        .is_key_unit = demo_dice(stream, index, 14, 100) < kind->key_percent ? "是" : "否",
    };
    place(district, stream, index, texts, &ret_unit->region, &ret_unit->address);
    point(district, stream, index, texts, &ret_unit->longitude, &ret_unit->latitude);
    if (district->buildings->len > 0 && demo_dice(stream, index, 15, 10) < 6) {
        int64_t building = g_array_index(
            district->buildings, int64_t, demo_dice(stream, index, 16, district->buildings->len));
        ret_unit->building_source_id = keep(texts, "B%06d", (int)building);
    }
}

static int64_t height_of(int64_t index) {
    int64_t at = demo_dice(STREAM_BUILDING, index, 20, 100);
    int64_t within = demo_dice(STREAM_BUILDING, index, 21, 1000);
    return at < 48   ? 7 + within * 17 / 1000
           : at < 93 ? 25 + within * 74 / 1000
                     : 101 + within * 150 / 1000;
}

void demo_building(const DemoCity *city,
                   int64_t index,
                   GStringChunk *texts,
                   BuildingInput *ret_building) {
    const unsigned stream = STREAM_BUILDING;
    const DemoDistrict *district = district_of(city, stream, index);
    const Kind *kind = kind_of(building_kinds, G_N_ELEMENTS(building_kinds), stream, index);
    int64_t height = height_of(index);
    int64_t floors = MAX(height * 10 / 32, 1);
    *ret_building = (BuildingInput){
        .source = DEMO_SOURCE,
        .source_id = keep(texts, "B%06d", (int)index),
        .name = keep(texts,
                     "%s%s演示%s%d号楼",
                     WORD(brand_first, stream, index, 10),
                     WORD(brand_second, stream, index, 11),
                     WORD(kind->suffixes, stream, index, 12),
                     (int)(1 + demo_dice(stream, index, 13, 12))),
        .category = kind->category,
        .height_m = keep(texts, "%d", (int)height),
        .floors_above = keep(texts, "%d", (int)floors),
        .floors_below = keep(texts, "%d", (int)demo_dice(stream, index, 22, 4)),
        .area_m2 = keep(texts, "%d", (int)(floors * (400 + demo_dice(stream, index, 23, 1600)))),
        .built_year = keep(texts, "%d", (int)(1988 + demo_dice(stream, index, 24, 37))),
        .risk = risk_of(stream, index),
        .credit = credit_of(stream, index),
        .is_key_unit = demo_dice(stream, index, 14, 100) < kind->key_percent ? "是" : "否",
    };
    place(district, stream, index, texts, &ret_building->region, &ret_building->address);
    point(district, stream, index, texts, &ret_building->longitude, &ret_building->latitude);
}

/* Each district in turn for the first few, then by weight: no district is without officers. */
static const DemoDistrict *district_of_officer(const DemoCity *city, int64_t index) {
    return index < 2 * (int64_t)city->districts->len
               ? &g_array_index(city->districts, DemoDistrict, index % city->districts->len)
               : district_of(city, STREAM_OFFICER, index);
}

void demo_officer(const DemoCity *city,
                  int64_t index,
                  GStringChunk *texts,
                  OfficerInput *ret_officer) {
    const unsigned stream = STREAM_OFFICER;
    const DemoDistrict *district = district_of_officer(city, index);
    bool two = demo_dice(stream, index, 12, 2) == 1;
    int64_t chance = demo_dice(stream, index, 13, 100);
    int64_t days = chance < 3    ? -30 + demo_dice(stream, index, 14, 25)
                   : chance < 10 ? 16 + demo_dice(stream, index, 14, 30)
                                 : 120 + demo_dice(stream, index, 14, 1500);
    g_autofree char *until = clock_format_date(city->now_us + days * CLOCK_DAY_US);
    g_autofree char *agency = demo_agency_name(district);
    *ret_officer = (OfficerInput){
        .name = keep(texts,
                     "%s%s%s",
                     WORD(surnames, stream, index, 10),
                     WORD(given, stream, index, 11),
                     two ? WORD(given, stream, index, 15) : ""),
        .certificate = keep(texts, "YS50%06d", (int)(index + 1)),
        .certificate_until = g_string_chunk_insert(texts, until),
        .agency = g_string_chunk_insert(texts, agency),
        .region = district->code,
        .in_post = demo_dice(stream, index, 16, 100) < 95 ? "是" : "否",
        .can_lead = index % 2 == 0 || demo_dice(stream, index, 17, 100) < 30 ? "是" : "否",
        .phone = keep(texts, "023-0%07d", (int)(9000000 + index)),
    };
}
