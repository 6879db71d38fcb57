#include "registry/change.h"

#include "base/clock.h"

#include <string.h>

static const struct {
    const char *word, *zh;
} names[] = {
    {"name", "名称"},
    {"address", "地址"},
    {"uscc", "统一社会信用代码"},
    {"region", "区划"},
    {"category", "类别"},
    {"risk", "风险等级"},
    {"credit", "信用等级"},
    {"is_key", "重点单位"},
    {"legal_person", "法定代表人"},
    {"phone", "电话"},
    {"longitude", "经度"},
    {"latitude", "纬度"},
    {"building", "所在建筑"},
    {"merged_into", "并入"},
    {"absorbed", "并入本单位"},
    {"source_id", "来源编号"},
    {"height_m", "高度（米）"},
    {"floors_above", "地上层数"},
    {"floors_below", "地下层数"},
    {"area_m2", "面积（平方米）"},
    {"built_year", "建成年份"},
    {"certificate", "执法证号"},
    {"certificate_until", "执法证有效期"},
    {"agency", "所在机构"},
    {"code", "代码"},
    {"kind", "机构种类"},
    {"grant", "职权"},
    {"mode", "方式"},
    {"valid_from", "从哪一天"},
    {"valid_until", "到哪一天"},
    {"document", "文号"},
    {"in_post", "在岗"},
    {"can_lead", "主办资格"},
    {"last_inspected", "最近检查"},
    {"add", "登记"},
    {"change", "修改"},
    {"import", "导入时修改"},
    {"merge", "合并"},
    {"unmerge", "撤销合并"},
    {"give", "登记赋权、委托"},
    {"end", "终止赋权、委托"},
    {"protocol", "协议"},
    {"point_id", "点位编号"},
    {"profile", "报文方言"},
    {"unit", "单位"},
    {"place", "位置"},
    {"state", "状态"},
    {"service_body", "维保单位"},
    {"service_contact", "维保联系方式"},
    {"floor", "楼层"},
    {"room", "房间"},
    {"point", "点位"},
    {"limits", "上下限"},
    {"bind", "绑定"},
    {"retire", "停用"},
    {"restore", "恢复使用"},
    {"key", "更换密钥"},
    {"limit", "修改上下限"},
};

static const char *name_zh(const char *word) {
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        if (strcmp(names[i].word, word) == 0) {
            return names[i].zh;
        }
    }
    return word;
}

bool change_add(Db *db, const Change *changes, size_t count, GError **error) {
    if (count == 0) {
        return true;
    }
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (size_t i = 0; i < count; i++) {
        const Change *change = &changes[i];
        DbArg row[] = {db_text(change->kind),
                       db_int(change->object_id),
                       db_text(change->action),
                       db_int(change->changed_us),
                       db_text(change->actor),
                       db_text(change->old_json),
                       db_text(change->new_json)};
        g_array_append_vals(args, row, G_N_ELEMENTS(row));
    }
    return db_exec_many(
        db,
        SQL("INSERT INTO object_change (kind, object_id, action, changed_us, actor, old, new) "
            "VALUES ($1, $2, $3, $4, $5, $6, $7)"),
        7,
        (DbArgs){(const DbArg *)args->data, args->len},
        NULL,
        error);
}

static void put_shown(json_t *field, const char *key, const json_t *value) {
    if (json_is_integer(value)) {
        g_autofree char *text = g_strdup_printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
        json_put_text(field, key, text);
    } else if (json_is_real(value)) {
        g_autofree char *text = g_strdup_printf("%.7g", json_real_value(value));
        json_put_text(field, key, text);
    } else {
        json_put_text(field, key, json_is_string(value) ? json_string_value(value) : "未登记");
    }
}

static json_t *read_fields(const char *old_text, const char *new_text) {
    json_t *fields = json_array();
    g_autoptr(json_t) old = old_text == NULL ? NULL : json_read(old_text, strlen(old_text), NULL);
    g_autoptr(json_t) now = new_text == NULL ? NULL : json_read(new_text, strlen(new_text), NULL);
    const char *key;
    json_t *value;
    json_object_foreach(now, key, value) {
        json_t *field = json_object();
        json_put_text(field, "name_zh", name_zh(key));
        put_shown(field, "old", json_object_get(old, key));
        put_shown(field, "new", value);
        json_array_append_new(fields, field);
    }
    return fields;
}

json_t *change_list(Db *db, const char *kind, int64_t object_id, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows =
        db_query(db,
                 SQL("SELECT action, changed_us, actor, old, new FROM object_change "
                     "WHERE kind = $1 AND object_id = $2 ORDER BY id DESC LIMIT $3"),
                 DB_ARGS(db_text(kind), db_int(object_id), db_int(limit)),
                 error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(json_t) list = json_array();
    while (db_rows_next(rows)) {
        json_t *line = json_object();
        g_autofree char *when = clock_format_minute(db_rows_int(rows, 1));
        json_put_text(line, "action_zh", name_zh(db_rows_text(rows, 0)));
        json_put_text(line, "when", when);
        json_put_text(line, "actor", db_rows_text(rows, 2));
        json_put(line, "fields", read_fields(db_rows_text(rows, 3), db_rows_text(rows, 4)));
        json_array_append_new(list, line);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&list) : NULL;
}

void change_note_text(json_t *old, json_t *now, const char *field, const char *a, const char *b) {
    if (g_strcmp0(a, b) != 0) {
        json_put_text(old, field, a);
        json_put_text(now, field, b);
    }
}

void change_note_int(json_t *old, json_t *now, const char *field, int64_t a, int64_t b) {
    if (a != b) {
        json_put_int(old, field, a);
        json_put_int(now, field, b);
    }
}

void change_note_real(json_t *old, json_t *now, const char *field, double a, double b) {
    if (a < b || a > b) {
        json_put(old, field, json_real(a));
        json_put(now, field, json_real(b));
    }
}
