/* What somebody filled in: is it in order, what follows from it, how it reads. */
#include "base/clock.h"
#include "law/law_form.h"
#include "law/law_internal.h"

#include <string.h>

#define NUMBER_MAX INT64_C(1000000000000)
#define NOTE_CHARS 500
#define FILE_ID_CHARS 64

static bool says_one_of(const json_t *said, const char *const *values) {
    if (json_is_string(said)) {
        return g_strv_contains(values, json_string_value(said));
    }
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)said, i, one) {
        if (json_is_string(one) && g_strv_contains(values, json_string_value(one))) {
            return true;
        }
    }
    return false;
}

bool law_field_is_asked(const LawField *field, const json_t *data) {
    return field->asks_field == NULL ||
           says_one_of(json_object_get(data, field->asks_field), field->asks_values);
}

static bool is_empty(const json_t *value) {
    return value == NULL || json_is_null(value) ||
           (json_is_string(value) && json_string_length(value) == 0) ||
           (json_is_array(value) && json_array_size(value) == 0) ||
           (json_is_object(value) && json_object_size(value) == 0);
}

/* --- one value ----------------------------------------------------------------------------------
 */

/* Yuan with at most two decimals, in fen. */
static bool read_money(const char *text, int64_t *ret_fen) {
    const char *point = strchr(text, '.');
    size_t decimals = point == NULL ? 0 : strlen(point + 1);
    if (decimals > 2 || (point != NULL && decimals == 0)) {
        return false;
    }
    g_autoptr(GString) digits = g_string_new(text);
    if (point != NULL) {
        g_string_erase(digits, point - text, 1);
    }
    g_string_append_len(digits, "00", (gssize)(2 - decimals));
    return g_ascii_string_to_signed(digits->str, 10, 0, NUMBER_MAX * 100, ret_fen, NULL);
}

static char *check_number(const LawField *field, const char *text) {
    bool is_money = field->type == LAW_FIELD_MONEY;
    int64_t scale = is_money ? 100 : 1;
    int64_t number = 0;
    bool good = is_money ? read_money(text, &number)
                         : g_ascii_string_to_signed(text, 10, 0, NUMBER_MAX, &number, NULL);
    if (good && field->min * scale <= number && number <= field->max * scale) {
        return NULL;
    }
    return g_strdup_printf("写 %" G_GINT64_FORMAT " 到 %" G_GINT64_FORMAT " 的%s",
                           field->min,
                           field->max,
                           is_money ? "金额，最多两位小数" : "整数");
}

static char *check_time(const LawField *field, const char *text) {
    bool is_date = field->type == LAW_FIELD_DATE;
    g_autofree char *full = is_date ? g_strdup(text) : g_strconcat(text, ":00", NULL);
    int64_t time_us;
    if (strlen(text) == (is_date ? 10U : 16U) && clock_parse(full, &time_us)) {
        return NULL;
    }
    return g_strdup(is_date ? "日期写成 2026-11-22 的样子" : "时间写成 2026-11-22T09:15 的样子");
}

static char *check_length(const char *text, int64_t max) {
    long chars = g_utf8_strlen(text, -1);
    return chars <= max
               ? NULL
               : g_strdup_printf("最多 %" G_GINT64_FORMAT " 个字，现在 %ld 个", max, chars);
}

static bool is_file_id(const char *text) {
    return strlen(text) == FILE_ID_CHARS && strspn(text, "0123456789abcdef") == FILE_ID_CHARS;
}

static char *check_text(const LawField *field, const char *text) {
    switch (field->type) {
    case LAW_FIELD_TEXT:
    case LAW_FIELD_LONG:
        return check_length(text, field->max);
    case LAW_FIELD_DATE:
    case LAW_FIELD_TIME:
        return check_time(field, text);
    case LAW_FIELD_NUMBER:
    case LAW_FIELD_MONEY:
        return check_number(field, text);
    case LAW_FIELD_YES_NO:
    case LAW_FIELD_CHOICE:
    case LAW_FIELD_CHOICES:
        return g_strv_contains(field->values, text) ? NULL : g_strdup("没有这个选项");
    case LAW_FIELD_FILES:
        return is_file_id(text) ? NULL : g_strdup("这不是上传过的文件");
    case LAW_FIELD_CHECKLIST:
        return g_strdup("逐项回答");
    }
    g_assert_not_reached();
}

static char *check_list(const LawField *field, const json_t *list) {
    size_t i;
    json_t *one;
    if (field->type == LAW_FIELD_FILES && json_array_size(list) > (size_t)field->max) {
        return g_strdup_printf("最多 %" G_GINT64_FORMAT " 个文件", field->max);
    }
    json_array_foreach((json_t *)list, i, one) {
        char *problem = json_is_string(one) ? check_text(field, json_string_value(one))
                                            : g_strdup("没有这个选项");
        if (problem != NULL) {
            return problem;
        }
    }
    return NULL;
}

/* --- a checklist --------------------------------------------------------------------------------
 */

static bool has_failed(const json_t *answer) {
    return g_strcmp0(json_get_text(answer, "answer", NULL), "fail") == 0;
}

/* Of one item; NULL: in order. */
static char *check_answer(const LawField *field, const json_t *answer) {
    static const char *const answers[] = {"pass", "fail", "na", NULL};
    static const char *const keys[] = {"answer", "note", "handled", "photos", NULL};
    const char *said = json_get_text(answer, "answer", "");
    const char *note = json_get_text(answer, "note", "");
    const char *handled = json_get_text(answer, "handled", "");
    const json_t *photos = json_object_get(answer, "photos");
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)answer, key, value) {
        if (!g_strv_contains(keys, key)) {
            return g_strdup("表单没有这一项");
        }
    }
    if (!g_strv_contains(answers, said)) {
        return g_strdup("选合格、不合格或者不适用");
    }
    if (has_failed(answer) && note[strspn(note, " \t\r\n")] == '\0') {
        return g_strdup("不合格的写清在哪里、什么情况");
    }
    if (has_failed(answer) && !g_strv_contains(field->values, handled)) {
        return g_strdup("不合格的选怎么处理");
    }
    if (!has_failed(answer) && handled[0] != '\0') {
        return g_strdup("只有不合格的才选怎么处理");
    }
    LawField files = {.type = LAW_FIELD_FILES, .max = LAW_ITEM_PHOTOS_MAX};
    char *problem = check_length(note, NOTE_CHARS);
    return problem != NULL || photos == NULL ? problem : check_list(&files, photos);
}

static void put_problem(json_t *problems, const LawField *field, const char *item, char *text) {
    g_autofree char *key = g_strconcat(field->id, ".", item, NULL);
    g_autofree char *problem = text;
    if (problem != NULL) {
        json_put_text(problems, key, problem);
    }
}

/* Every item that is in the list on that day is answered, and no other. */
static void
check_items(const LawField *field, const json_t *said, int64_t time_us, json_t *problems) {
    g_autoptr(LawChecklist) list = law_field_list(field, time_us, NULL);
    if (list == NULL || (said != NULL && !json_is_object(said))) {
        json_put_text(problems, field->id, list == NULL ? "这一天没有检查单" : "逐项回答");
        return;
    }
    const char *item;
    json_t *answer;
    json_object_foreach((json_t *)said, item, answer) {
        if (law_checklist_item(list, item) == NULL) {
            put_problem(problems, field, item, g_strdup("这一天的检查单没有这一项"));
        }
    }
    for (unsigned i = 0; i < list->count; i++) {
        const json_t *one = json_object_get(said, list->items[i]->id);
        if (one != NULL || field->required) {
            put_problem(problems, field, list->items[i]->id, check_answer(field, one));
        }
    }
}

/* The gravest handling of what failed. */
static void put_sum(const LawForm *form, const LawField *field, json_t *data) {
    const LawField *list = law_form_field(form, field->sum);
    unsigned gravest = 0;
    const char *item;
    json_t *answer;
    json_object_foreach(json_object_get(data, list->id), item, answer) {
        const char *handled = has_failed(answer) ? json_get_text(answer, "handled", "") : "";
        for (unsigned v = 0; list->values[v] != NULL; v++) {
            gravest = strcmp(list->values[v], handled) == 0 ? MAX(gravest, v + 1) : gravest;
        }
    }
    json_put_text(data, field->id, field->values[gravest]);
}

void law_form_compute(const LawBook *book, const LawForm *form, json_t *data, int64_t time_us) {
    for (unsigned i = 0; i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        if (field->sum != NULL) {
            put_sum(form, field, data);
        } else if (field->table != NULL && law_field_is_asked(field, data) &&
                   is_empty(json_object_get(data, field->id))) {
            const char *answer = law_field_decided(book, field, data, time_us, NULL);
            if (answer != NULL) {
                json_put_text(data, field->id, answer);
            }
        }
    }
}

/* --- the whole form -----------------------------------------------------------------------------
 */

static char *check_field(const LawField *field, const json_t *data) {
    const json_t *value = json_object_get(data, field->id);
    if (!law_field_is_asked(field, data)) {
        return is_empty(value) ? NULL : g_strdup("按前面的回答，这一项不填");
    }
    if (is_empty(value)) {
        const char *wanted = field->type == LAW_FIELD_FILES ? "请上传"
                             : field->values != NULL        ? "请选择"
                                                            : "请填写";
        return !field->required ? NULL : g_strdup(wanted);
    }
    bool takes_list = field->type == LAW_FIELD_CHOICES || field->type == LAW_FIELD_FILES;
    if (takes_list && json_is_array(value)) {
        return check_list(field, value);
    }
    return json_is_string(value) && field->type != LAW_FIELD_FILES
               ? check_text(field, json_string_value(value))
               : g_strdup("不是一个值");
}

json_t *law_form_problems(const LawForm *form, const json_t *data, int64_t time_us) {
    json_t *problems = json_object();
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)data, key, value) {
        if (law_form_field(form, key) == NULL) {
            json_put_text(problems, key, "表单没有这一项");
        }
    }
    for (unsigned i = 0; i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        if (field->type == LAW_FIELD_CHECKLIST && law_field_is_asked(field, data)) {
            check_items(field, json_object_get(data, field->id), time_us, problems);
            continue;
        }
        g_autofree char *problem = check_field(field, data);
        if (problem != NULL) {
            json_put_text(problems, field->id, problem);
        }
    }
    return problems;
}

/* --- in words -----------------------------------------------------------------------------------
 */

static const char *word_zh(const LawField *field, const char *word) {
    for (unsigned i = 0; field->values != NULL && field->values[i] != NULL; i++) {
        if (strcmp(field->values[i], word) == 0) {
            return field->values_zh[i];
        }
    }
    return word;
}

/* "共 14 项，合格 12 项，不适用 1 项，不合格 1 项：1. 疏散通道…（货物堆在门前；责令改正）" */
static void add_items(GString *out, const LawField *field, const json_t *said, int64_t time_us) {
    g_autoptr(LawChecklist) list = law_field_list(field, time_us, NULL);
    g_autoptr(GString) failures = g_string_new(NULL);
    unsigned passed = 0;
    unsigned failed = 0;
    const char *id;
    json_t *answer;
    json_object_foreach((json_t *)said, id, answer) {
        passed += g_strcmp0(json_get_text(answer, "answer", NULL), "pass") == 0;
        if (has_failed(answer)) {
            const LawItem *item = list == NULL ? NULL : law_checklist_item(list, id);
            g_string_append_printf(failures,
                                   "%s%u. %s（%s；%s",
                                   failed > 0 ? " " : "：",
                                   failed + 1,
                                   item == NULL ? id : item->text,
                                   json_get_text(answer, "note", ""),
                                   word_zh(field, json_get_text(answer, "handled", "")));
            size_t photos = json_array_size(json_object_get(answer, "photos"));
            if (photos > 0) {
                g_string_append_printf(failures, "；照片 %zu 张", photos);
            }
            g_string_append(failures, "）");
            failed++;
        }
    }
    size_t all = json_object_size(said);
    g_string_append_printf(out,
                           "共 %zu 项，合格 %u 项，不适用 %zu 项，不合格 %u 项%s",
                           all,
                           passed,
                           all - passed - failed,
                           failed,
                           failures->str);
}

char *law_field_text_zh(const LawField *field, const json_t *data, int64_t time_us) {
    const json_t *value = json_object_get(data, field->id);
    g_autoptr(GString) out = g_string_new(NULL);
    if (json_is_string(value)) {
        g_string_append(out, word_zh(field, json_string_value(value)));
    } else if (field->type == LAW_FIELD_FILES && json_array_size(value) > 0) {
        g_string_append_printf(out, "%zu 个文件", json_array_size(value));
    } else if (field->type == LAW_FIELD_CHECKLIST && json_object_size(value) > 0) {
        add_items(out, field, value, time_us);
    } else {
        size_t i;
        json_t *one;
        json_array_foreach((json_t *)value, i, one) {
            if (json_is_string(one)) {
                g_string_append_printf(
                    out, "%s%s", out->len > 0 ? "、" : "", word_zh(field, json_string_value(one)));
            }
        }
    }
    if (field->type == LAW_FIELD_MONEY && out->len > 0) {
        g_string_append(out, " 元");
    }
    return g_strdup(out->str);
}
