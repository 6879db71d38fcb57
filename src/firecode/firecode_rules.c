#include "firecode/firecode_rules.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/typed_code.h"

#include <string.h>

/* --- codes --------------------------------------------------------------------------------------
 */

void code_make(char ret_code[FIRECODE_CHARS + 1]) {
    uint8_t bytes[FIRECODE_CHARS];
    random_bytes(bytes, sizeof bytes);
    for (size_t i = 0; i < FIRECODE_CHARS; i++) {
        ret_code[i] = typed_code_symbol(bytes[i]);
    }
    ret_code[FIRECODE_CHARS] = '\0';
}

bool code_parse(const char *typed, char ret_code[FIRECODE_CHARS + 1]) {
    return typed_code_parse(typed, FIRECODE_CHARS, ret_code);
}

char *code_text(const char *code) {
    return g_strdup_printf("%.4s-%.4s-%.4s", code, code + 4, code + 8);
}

char *keeper_key_sha256(const char *key) {
    uint8_t hash[DIGEST_SIZE];
    g_autofree char *labelled = g_strconcat("keeper:", key, NULL);
    digest_of(DIGEST_SHA256, labelled, strlen(labelled), hash);
    return hex_format(hash, sizeof hash);
}

/* --- words --------------------------------------------------------------------------------------
 */

const char *colour_hue_zh(RiskGrade colour) {
    static const char *const hues[RISK_COUNT] = {"未算", "绿", "黄", "橙", "红"};
    return hues[colour];
}

const char *colour_word_zh(RiskGrade colour) {
    static const char *const words[RISK_COUNT] = {"还没有算出", "平稳", "要留意", "较高", "高"};
    return words[colour];
}

const char *colour_advice_zh(RiskGrade colour) {
    static const char *const advice[RISK_COUNT] = {
        "",
        "进楼后仍请认清最近的安全出口。",
        "进楼后请先认清最近的安全出口。",
        "风险较高，进楼后请认清两个方向的安全出口，发现问题请举报。",
        "风险高，请认清安全出口，尽量不要久留；发现出口锁闭、堵塞，请立即举报。",
    };
    return advice[colour];
}

const char *cause_zh(const char *cause) {
    static const char *const causes[][2] = {
        {"issue", "发码"},
        {"sensing", "设备信号"},
        {"matter", "监督检查办件"},
        {"record", "楼里的记录"},
        {"time", "时间到了"},
        {"building", "登记信息改了"},
    };
    for (size_t i = 0; i < G_N_ELEMENTS(causes); i++) {
        if (strcmp(causes[i][0], cause) == 0) {
            return causes[i][1];
        }
    }
    return "其他";
}

const char *impact_zh(const LawRisk *risk, int64_t points) {
    return points >= risk->large    ? "影响大"
           : points >= risk->middle ? "影响中"
           : points > 0             ? "影响小"
                                    : "不扣分";
}

static const char *const duty_words[DUTY_KINDS][2] = {
    [DUTY_PATROL] = {"patrol", "日巡查"},
    [DUTY_HANDOVER] = {"handover", "值班交接"},
    [DUTY_MAINTENANCE] = {"maintenance", "月维保"},
    [DUTY_PROFILE] = {"profile", "楼的消防情况"},
};

const char *duty_word(DutyKind kind) {
    g_assert((unsigned)kind < DUTY_KINDS);
    return duty_words[kind][0];
}

const char *duty_zh(DutyKind kind) {
    g_assert((unsigned)kind < DUTY_KINDS);
    return duty_words[kind][1];
}

bool duty_parse(const char *word, DutyKind *ret_kind) {
    for (unsigned kind = 0; word != NULL && kind < DUTY_KINDS; kind++) {
        if (strcmp(duty_words[kind][0], word) == 0) {
            *ret_kind = (DutyKind)kind;
            return true;
        }
    }
    return false;
}

/* --- duties -------------------------------------------------------------------------------------
 */

uint32_t duty_overdue(const LawRisk *risk,
                      const int64_t last_us[LAW_RISK_DUTIES],
                      const bool is_off[LAW_RISK_DUTIES],
                      int64_t issued_us,
                      int64_t now_us) {
    uint32_t overdue = 0;
    for (unsigned i = 0; i < LAW_RISK_DUTIES; i++) {
        int64_t hours = (now_us - MAX(last_us[i], issued_us)) / (3600 * CLOCK_SECOND_US);
        if (!is_off[i] && hours >= risk->duties[i].hours) {
            overdue |= 1u << i;
        }
    }
    return overdue;
}

/* --- history ------------------------------------------------------------------------------------
 */

/* Months since year 0. */
static int month_number(int64_t time_us) {
    g_autofree char *date = clock_format_date(time_us);
    gint64 year = 0, month = 0;
    date[4] = date[7] = '\0';
    g_ascii_string_to_signed(date, 10, 0, 9999, &year, NULL);
    g_ascii_string_to_signed(date + 5, 10, 1, 12, &month, NULL);
    return (int)(year * 12 + month - 1);
}

void history_months(const GPtrArray *changes, int64_t now_us, MonthColour ret_months[MONTHS]) {
    int last = month_number(now_us);
    for (int i = 0; i < MONTHS; i++) {
        ret_months[i] = (MonthColour){.month = (last - (MONTHS - 1) + i) % 12 + 1};
    }
    int until = last; /* the newest month in which this colour still held */
    for (guint i = 0; i < changes->len; i++) {
        const FirecodeChange *change = changes->pdata[i];
        int from = month_number(change->time_us);
        for (int month = from; month <= until; month++) {
            int slot = month - (last - (MONTHS - 1));
            if (slot >= 0 && slot < MONTHS) {
                ret_months[slot].colour = MAX(ret_months[slot].colour, change->colour);
            }
        }
        until = from;
    }
}

static const json_t *mark_of(const json_t *marks, const char *id) {
    size_t i;
    json_t *mark;
    json_array_foreach((json_t *)marks, i, mark) {
        if (strcmp(json_get_text(mark, "id", ""), id) == 0) {
            return mark;
        }
    }
    return NULL;
}

typedef struct Difference {
    int64_t weight;
    const char *says;
    int64_t points;
} Difference;

static int by_weight(gconstpointer a, gconstpointer b) {
    const Difference *one = a;
    const Difference *other = b;
    return one->weight < other->weight ? 1 : one->weight > other->weight ? -1 : 0;
}

char *marks_differ(const json_t *before, const json_t *now) {
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(Difference));
    size_t i;
    json_t *mark;
    json_array_foreach((json_t *)now, i, mark) {
        const json_t *old = mark_of(before, json_get_text(mark, "id", ""));
        int64_t points = json_get_int(mark, "points", 0) - json_get_int(old, "points", 0);
        if (points != 0) {
            Difference one = {ABS(points), json_get_text(mark, "says", ""), points};
            g_array_append_val(found, one);
        }
    }
    g_array_sort(found, by_weight);
    GString *text = g_string_new(NULL);
    for (guint k = 0; k < found->len; k++) {
        const Difference *one = &g_array_index(found, Difference, k);
        g_string_append_printf(text,
                               "%s%s（%s %" G_GINT64_FORMAT " 分）",
                               k > 0 ? "\n" : "",
                               one->says,
                               one->points > 0 ? "扣" : "加回",
                               one->weight);
    }
    return g_string_free(text, FALSE);
}
