/* Words for grades and use categories. */
#include "registry/registry.h"

#include <string.h>

static const char *const risk_words[RISK_COUNT] = {"", "low", "general", "higher", "high"};
static const char *const risk_names[RISK_COUNT] = {
    "未评", "绿 平稳", "黄 要留意", "橙 较高", "红 高"};
static const char *const risk_colours[RISK_COUNT] = {"", "green", "yellow", "orange", "red"};
static const char *const risk_short[RISK_COUNT] = {"未评", "低", "一般", "较高", "高"};
static const char *const risk_hues[RISK_COUNT] = {"未知", "绿", "黄", "橙", "红"};
static const char *const credit_words[CREDIT_COUNT] = {"", "A", "B", "C", "D"};

static const UseCategory categories[CATEGORY_COUNT] = {
    {0, "", "未分类", false, false},
    {1, "hotel", "宾馆", true, true},
    {2, "restaurant", "饭店", true, true},
    {3, "mall", "商场", true, true},
    {4, "market", "集贸市场", true, true},
    {5, "entertainment", "公共娱乐场所", true, true},
    {6, "transport", "客运站场", true, true},
    {7, "stadium", "体育场馆和会堂", true, true},
    {8, "hospital", "医院", false, true},
    {9, "school", "学校", false, true},
    {10, "kindergarten", "托儿所和幼儿园", false, true},
    {11, "care_home", "养老院和福利院", false, true},
    {12, "culture", "图书馆和展览馆", false, true},
    {13, "religious", "旅游和宗教活动场所", false, true},
    {14, "factory", "劳动密集型企业", false, true},
    {15, "warehouse", "仓储物流", false, false},
    {16, "hazardous", "易燃易爆单位", false, false},
    {17, "office", "办公", false, false},
    {18, "residential", "住宅", false, false},
    {19, "small_place", "九小场所", false, false},
    {20, "heritage", "文物建筑", false, false},
    {21, "other", "其他", false, false},
};

const char *risk_word(RiskGrade risk) {
    return risk_words[risk];
}

const char *risk_name_zh(RiskGrade risk) {
    return risk_names[risk];
}

const char *risk_colour(RiskGrade risk) {
    return risk_colours[risk];
}

bool risk_parse(const char *word, RiskGrade *ret_risk) {
    for (int i = 0; i < RISK_COUNT; i++) {
        if (g_ascii_strcasecmp(word, risk_words[i]) == 0 || strcmp(word, risk_names[i]) == 0 ||
            g_ascii_strcasecmp(word, risk_colours[i]) == 0 || strcmp(word, risk_short[i]) == 0 ||
            strcmp(word, risk_hues[i]) == 0) {
            *ret_risk = (RiskGrade)i;
            return true;
        }
    }
    return false;
}

const char *credit_word(CreditGrade credit) {
    return credit_words[credit];
}

bool credit_parse(const char *word, CreditGrade *ret_credit) {
    for (int i = 0; i < CREDIT_COUNT; i++) {
        if (g_ascii_strcasecmp(word, credit_words[i]) == 0) {
            *ret_credit = (CreditGrade)i;
            return true;
        }
    }
    return false;
}

const UseCategory *category_get(int id) {
    return id >= 0 && id < CATEGORY_COUNT ? &categories[id] : NULL;
}

const UseCategory *category_parse(const char *word) {
    for (int i = 1; i < CATEGORY_COUNT; i++) {
        if (g_ascii_strcasecmp(word, categories[i].word) == 0 ||
            strcmp(word, categories[i].name_zh) == 0) {
            return &categories[i];
        }
    }
    return NULL;
}

uint32_t category_set_parse(const char *word) {
    bool assembly = strcmp(word, "assembly") == 0 || strcmp(word, "公众聚集场所") == 0;
    bool crowded = strcmp(word, "crowded") == 0 || strcmp(word, "人员密集场所") == 0;
    if (!assembly && !crowded) {
        const UseCategory *category = category_parse(word);
        return category == NULL ? 0 : UINT32_C(1) << category->id;
    }
    uint32_t set = 0;
    for (int i = 1; i < CATEGORY_COUNT; i++) {
        if (assembly ? categories[i].is_assembly : categories[i].is_crowded) {
            set |= UINT32_C(1) << i;
        }
    }
    return set;
}
