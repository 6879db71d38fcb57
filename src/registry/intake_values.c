/* Reading the values of a row: what is not told stays as it is; what is wrong refuses the row. */
#include "registry/intake_internal.h"

#include "base/clock.h"
#include "base/json.h"

#include <math.h>
#include <string.h>

bool intake_is_told(const char *text) {
    return text != NULL && text[strspn(text, " \t\r\n")] != '\0';
}

bool intake_read_text(IntakeResult *result,
                      const char *column,
                      const char *name_zh,
                      const char *text,
                      size_t size_max,
                      const char **ret_text) {
    if (!intake_is_told(text)) {
        return true;
    }
    size_t size = strlen(text);
    if (size > size_max) {
        intake_refuse(result,
                      column,
                      "%s太长：最多 %zu 个字，现在约 %zu 个",
                      name_zh,
                      size_max / 3,
                      size / 3);
        return false;
    }
    if (!g_utf8_validate(text, (gssize)size, NULL)) {
        intake_refuse(result, column, "%s不是有效的文字编码", name_zh);
        return false;
    }
    *ret_text = text;
    return true;
}

bool intake_read_bool(IntakeResult *result, const char *column, const char *text, bool *ret_truth) {
    static const char *const yes[] = {"是", "1", "true", "yes", "y", "有", "在岗", "√"};
    static const char *const no[] = {"否", "0", "false", "no", "n", "无", "离岗", "×"};
    if (!intake_is_told(text)) {
        return true;
    }
    g_autofree char *word = g_strstrip(g_strdup(text));
    for (size_t i = 0; i < G_N_ELEMENTS(yes); i++) {
        if (g_ascii_strcasecmp(word, yes[i]) == 0 || g_ascii_strcasecmp(word, no[i]) == 0) {
            *ret_truth = g_ascii_strcasecmp(word, yes[i]) == 0;
            return true;
        }
    }
    intake_refuse(result, column, "写“是”或“否”，现在是“%s”", word);
    return false;
}

bool intake_read_number(IntakeResult *result,
                        const char *column,
                        const char *text,
                        double min,
                        double max,
                        double *ret_number) {
    if (!intake_is_told(text)) {
        return true;
    }
    g_autofree char *word = g_strstrip(g_strdup(text));
    char *end = NULL;
    double number = g_ascii_strtod(word, &end);
    if (*end != '\0' || !isfinite(number) || number < min || number > max) {
        intake_refuse(result, column, "写 %g 到 %g 之间的数，现在是“%.40s”", min, max, word);
        return false;
    }
    *ret_number = number;
    return true;
}

bool intake_read_day(IntakeResult *result, const char *column, const char *text, char ret_day[11]) {
    if (!intake_is_told(text)) {
        return true;
    }
    g_autofree char *word = g_strstrip(g_strdup(text));
    g_strdelimit(word, "/.", '-');
    int64_t time_us;
    if (!clock_parse(word, &time_us)) {
        intake_refuse(result, column, "日期写成 2026-11-22 的样子，现在是“%.40s”", word);
        return false;
    }
    g_autofree char *day = clock_format_date(time_us);
    g_strlcpy(ret_day, day, 11);
    return true;
}

WriteOptions intake_write_options(const IntakeContext *context) {
    return (WriteOptions){
        .actor = context->actor == NULL ? "system" : context->actor,
        .action = context->log_additions ? "add" : "import",
        .now_us = context->now_us,
        .log_additions = context->log_additions,
    };
}

char *intake_text_list(const GPtrArray *texts) {
    g_autoptr(json_t) list = json_array();
    for (guint i = 0; i < texts->len; i++) {
        json_array_append_new(list, json_string(texts->pdata[i]));
    }
    return json_write(list);
}

/* --- values of units and buildings --------------------------------------------------------------
 */

bool intake_read_category(IntakeResult *result,
                          const char *name_zh,
                          const char *text,
                          int *ret_category) {
    if (!intake_is_told(text)) {
        return true;
    }
    g_autofree char *word = g_strstrip(g_strdup(text));
    const UseCategory *category = category_parse(word);
    if (category == NULL) {
        intake_refuse(result, "category", "没有“%.60s”这个%s", word, name_zh);
        return false;
    }
    *ret_category = category->id;
    return true;
}

bool intake_read_risk(IntakeResult *result, const char *text, RiskGrade *ret_risk) {
    g_autofree char *word = g_strstrip(g_strdup(text == NULL ? "" : text));
    if (intake_is_told(text) && !risk_parse(word, ret_risk)) {
        intake_refuse(result, "risk", "风险等级写低、一般、较高或高，现在是“%.40s”", word);
    }
    return result->problem == NULL;
}

bool intake_read_credit(IntakeResult *result, const char *text, CreditGrade *ret_credit) {
    g_autofree char *word = g_strstrip(g_strdup(text == NULL ? "" : text));
    if (intake_is_told(text) && !credit_parse(word, ret_credit)) {
        intake_refuse(result, "credit", "信用等级写 A、B、C 或 D，现在是“%.40s”", word);
    }
    return result->problem == NULL;
}

bool intake_check_point(IntakeResult *result,
                        const char *longitude,
                        const char *latitude,
                        bool *ret_told) {
    bool x = intake_is_told(longitude);
    bool y = intake_is_told(latitude);
    if (x != y) {
        intake_refuse(result, x ? "latitude" : "longitude", "经度和纬度要一起写");
        return false;
    }
    *ret_told = x;
    return true;
}

bool intake_read_source(IntakeResult *result,
                        const char *source,
                        const char *source_id,
                        const char **ret_source,
                        const char **ret_id) {
    /* without both there is no key of the other system */
    if (!intake_is_told(source) || !intake_is_told(source_id)) {
        return true;
    }
    return intake_read_text(
               result, "source", "来源系统", source, INTAKE_SHORT_MAX_BYTES, ret_source) &&
           intake_read_text(
               result, "source_id", "来源编号", source_id, INTAKE_NAME_MAX_BYTES, ret_id);
}

void intake_take_text(const char **kept, const char *told, bool *changed) {
    if (told != NULL && g_strcmp0(*kept, told) != 0) {
        *kept = told;
        *changed = true;
    }
}

const char *intake_keep(GStringChunk *texts, const char *text) {
    return text == NULL ? NULL : g_string_chunk_insert(texts, text);
}
