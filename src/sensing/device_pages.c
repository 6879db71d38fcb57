/* The list of devices and the page of one. Forms are in device_form_pages.c. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "registry/region.h"
#include "sensing/device_store.h"
#include "sensing/sample.h"
#include "sensing/sensing_names.h"
#include "sensing/sensing_pages.h"

#include <string.h>

#define PATH "/work/devices"
#define POINTS_SHOWN 100
#define EDGES_SHOWN 30
#define COMMANDS_SHOWN 5

/* --- state in words -----------------------------------------------------------------------------
 */

static void put_tag(json_t *model, const char *key, const char *text, const char *class) {
    json_t *tag = json_object();
    json_put_text(tag, "text", text);
    json_put_text(tag, "class", class);
    json_put_text(tag,
                  "icon",
                  class[0] == 'b'   ? "alert-triangle"
                  : class[0] == 'w' ? "eye-off"
                  : class[0] == 'k' ? "circle-check"
                                    : "circle-minus");
    json_put(model, key, tag);
}

static void put_state(json_t *model, const Device *device) {
    put_tag(model,
            "state",
            device_state_name_zh(device->state),
            device->state == DEVICE_LEARNING  ? "w"
            : device->state == DEVICE_RETIRED ? ""
                                              : "k");
    put_tag(model,
            "online",
            device->seen_us == 0 ? "没有联系过"
            : device->is_online  ? "在线"
                                 : "失去联系",
            device->seen_us == 0 ? ""
            : device->is_online  ? "k"
                                 : "b");
}

static void put_facts(json_t *model, const Device *device, int64_t now_us) {
    g_autofree char *title = device_title(device);
    const char *protocol = device_protocol_name_zh(device->protocol);
    json_put_int(model, "id", device->id);
    json_put_text(model, "title", title);
    json_put_text(model, "name", device->name);
    json_put_text(model, "protocol", protocol == NULL ? device->protocol : protocol);
    json_put_text(model, "code", device->code);
    json_put_text(model, "place", device->place);
    put_state(model, device);
    sensing_put_bound(model, device);
    sensing_put_time(model, "seen", device->seen_us, "从来没有");
    g_autofree char *ago = device->seen_us == 0 || device->is_online
                               ? NULL
                               : sensing_duration(now_us - device->seen_us);
    json_put_text(model, "silent_for", ago);
}

/* --- the list -----------------------------------------------------------------------------------
 */

static const char *const state_pairs[] = {
    "", "全部", "learning", "待登记", "active", "在用", "retired", "停用", NULL};
static const char *const online_pairs[] = {"", "全部", "1", "在线", "0", "失去联系", NULL};
static const char *const trouble_pairs[] = {
    "", "不限", "fire", "有火警", "fault", "有故障", "shield", "有屏蔽", NULL};

static const char *chosen(const Request *req, const char *word) {
    const char *text = request_query(req, word);
    return text == NULL ? "" : text;
}

static bool
put_filters(Ctx *ctx, const Request *req, const DeviceQuery *query, json_t *model, GError **error) {
    json_t *selects = json_array();
    json_put(model, "selects", selects);
    json_put_text(model, "q", query->text);
    if (!sensing_put_regions(ctx, selects, query->region, error)) {
        return false;
    }
    sensing_put_select(selects, "state", "状态", state_pairs, chosen(req, "state"));
    sensing_put_select(selects, "online", "联系", online_pairs, chosen(req, "online"));
    sensing_put_select(selects, "trouble", "异常", trouble_pairs, chosen(req, "trouble"));
    return true;
}

static const char *pair_text(const char *const *pairs, const char *value) {
    for (size_t i = 0; pairs[i] != NULL; i += 2) {
        if (strcmp(pairs[i], value) == 0) {
            return pairs[i + 1];
        }
    }
    return value;
}

static bool
put_chips(Ctx *ctx, const Request *req, const DeviceQuery *query, json_t *model, GError **error) {
    const struct {
        const char *word, *text;
    } words[] = {
        {"q", query->text},
        {"state", query->state < 0 ? NULL : pair_text(state_pairs, chosen(req, "state"))},
        {"online", query->online < 0 ? NULL : pair_text(online_pairs, chosen(req, "online"))},
        {"trouble",
         query->trouble == TROUBLE_ANY ? NULL : pair_text(trouble_pairs, chosen(req, "trouble"))},
        {"building", query->building_id == 0 ? NULL : "一栋建筑的设备"},
    };
    json_put(model, "chips", json_array());
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (words[i].text != NULL) {
            g_autofree char *rest = device_query_string(query, words[i].word);
            sensing_put_chip(model, words[i].text, PATH, rest);
        }
    }
    if (!query->is_own_region) {
        g_autofree char *name = region_full_name(ctx->db, query->region, error);
        g_autofree char *rest = device_query_string(query, "region");
        if (name == NULL) {
            return false;
        }
        sensing_put_chip(model, name, PATH, rest);
    }
    bool any = json_array_size(json_object_get(model, "chips")) > 0;
    json_put_text(model, "clear_href", any ? PATH : NULL);
    return true;
}

/* "2 火警、1 故障"; NULL: nothing. Caller frees. */
static char *trouble_text(const DeviceTroubles *found) {
    GString *text = g_string_new(NULL);
    const struct {
        int64_t n;
        const char *name;
    } kinds[] = {{found->fire, "火警"}, {found->fault, "故障"}, {found->shield, "屏蔽"}};
    for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++) {
        if (kinds[i].n > 0) {
            g_string_append_printf(text,
                                   "%s%s %" G_GINT64_FORMAT " 处",
                                   text->len > 0 ? "，" : "",
                                   kinds[i].name,
                                   kinds[i].n);
        }
    }
    return g_string_free(text, FALSE);
}

static void put_trouble(json_t *row, const GArray *troubles, int64_t id) {
    static const DeviceTroubles none = {0};
    const DeviceTroubles *found = &none;
    for (guint i = 0; i < troubles->len; i++) {
        const DeviceTroubles *one = &g_array_index(troubles, DeviceTroubles, i);
        found = one->device_id == id ? one : found;
    }
    g_autofree char *text = trouble_text(found);
    bool is_bad = found->fire + found->fault > 0;
    put_tag(row,
            "trouble",
            text[0] == '\0' ? "没有异常" : text,
            is_bad              ? "b"
            : found->shield > 0 ? "w"
                                : "k");
}

static bool put_rows(Ctx *ctx, const DevicePage *page, json_t *model, GError **error) {
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    guint count = page->rows == NULL ? 0 : page->rows->len;
    for (guint i = 0; i < count; i++) {
        g_array_append_val(ids, g_array_index(page->rows, Device, i).id);
    }
    g_autoptr(GArray) troubles =
        device_troubles(ctx->db, (const int64_t *)(void *)ids->data, ids->len, error);
    if (troubles == NULL) {
        return false;
    }
    json_t *rows = json_array();
    for (guint i = 0; i < count; i++) {
        const Device *device = &g_array_index(page->rows, Device, i);
        json_t *row = json_object();
        put_facts(row, device, ctx->now_us);
        put_trouble(row, troubles, device->id);
        json_array_append_new(rows, row);
    }
    json_put(model, "rows", rows);
    json_put_bool(model, "has_rows", count > 0);
    json_put_bool(model, "is_partial", page->next_id != 0 && count < LIMIT_PAGE_ROWS);
    g_autofree char *text =
        g_strdup_printf("这一页 %u 台%s", count, page->next_id != 0 ? "，后面还有" : "");
    json_put_text(model, "count_text", text);
    return true;
}

static void put_places(json_t *model, const DeviceQuery *query, int64_t next_id) {
    g_autofree char *words = device_query_string(query, NULL);
    const char *mark = words[0] == '\0' ? "" : "&";
    g_autofree char *place =
        next_id == 0 ? NULL : g_strdup_printf("after=%" G_GINT64_FORMAT, next_id);
    g_autofree char *csv = g_strconcat("/work/export?list=devices&format=csv", mark, words, NULL);
    g_autofree char *xlsx = g_strconcat("/work/export?list=devices&format=xlsx", mark, words, NULL);
    g_autofree char *points = g_strconcat("/work/export?list=points&format=csv", mark, words, NULL);
    sensing_put_pager(model, PATH, words, query->after_id == 0, place, "每页 50 台，按登记先后");
    json_put_text(model, "points_href", points);
    json_put_text(model, "csv_href", csv);
    json_put_text(model, "xlsx_href", xlsx);
}

static bool put_learning(Ctx *ctx, json_t *model, GError **error) {
    int64_t waiting = 0;
    bool may_edit = principal_may(ctx->who, PERM_SENSING_EDIT);
    if (may_edit && !device_count_learning(ctx->db, &waiting, error)) {
        return false;
    }
    g_autofree char *text =
        waiting == 0
            ? NULL
            : g_strdup_printf("%" G_GINT64_FORMAT "%s 台设备有联系、还没有登记到建筑或单位，"
                              "它们的报警没有人会收到。",
                              waiting,
                              waiting >= 1000 ? "（或更多）" : "");
    json_put_text(model, "learning_text", text);
    json_put_bool(model, "may_edit", may_edit);
    json_put_bool(model, "may_import", may_edit && principal_may(ctx->who, PERM_IMPORT));
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    return true;
}

Response *devices_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(DeviceQuery) query = {0};
    g_auto(DevicePage) page = {0};
    const char *problem;
    bool denied;
    device_query_parse(sensing_get_query,
                       req,
                       ctx->who->region,
                       principal_may(ctx->who, PERM_SENSING_EDIT),
                       &query,
                       &problem,
                       &denied);
    if (denied) {
        return sensing_refuse(ctx, req, problem);
    }
    g_autoptr(json_t) model = json_object();
    json_put_text(model, "problem", problem);
    put_places(model, &query, 0);
    if (problem == NULL) {
        if (!device_list(ctx->db, &query, LIMIT_PAGE_ROWS, &page, &error)) {
            return response_problem(error, NULL);
        }
        put_places(model, &query, page.next_id);
    }
    g_autofree char *place = region_full_name(ctx->db, query.region, &error);
    json_put_text(model, "place", place);
    if (place == NULL || !put_rows(ctx, &page, model, &error) ||
        !put_filters(ctx, req, &query, model, &error) ||
        !put_chips(ctx, req, &query, model, &error) || !put_learning(ctx, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page_status(
        problem == NULL ? 200 : 422, "sensing/devices", g_steal_pointer(&model));
}

/* --- one device: points -------------------------------------------------------------------------
 */

/* "压力 350.0 kPa（11月22日 17:15）" for each kind of value. */
static void put_values(json_t *row, const GArray *latest, int64_t point_id) {
    json_t *values = json_array();
    for (guint i = 0; i < latest->len; i++) {
        const SampleLatest *one = &g_array_index(latest, SampleLatest, i);
        if (one->series == point_id) {
            g_autofree char *number = analog_text(one->kind, one->value);
            g_autofree char *text =
                g_strdup_printf("%s %s", analog_type_get(one->kind)->name_zh, number);
            json_t *value = json_object();
            json_put_text(value, "text", text);
            sensing_put_time(value, "when", one->time_us, "");
            json_array_append_new(values, value);
        }
    }
    json_put_bool(row, "has_values", json_array_size(values) > 0);
    json_put(row, "values", values);
}

static json_t *point_model(const Point *point, const GArray *latest, int64_t now_us) {
    json_t *row = json_object();
    bool is_system = point->component_type == COMPONENT_SYSTEM;
    g_autofree char *title = point_title(point);
    g_autofree char *system = system_type_text(point->system_type);
    g_autofree char *component =
        is_system ? g_strdup("整个系统") : component_type_text(point->component_type);
    g_autofree char *place = point_place(point);
    g_autofree char *state = point_state_text(is_system, point->state_bits);
    g_autofree char *lasts = sensing_duration(now_us - point->state_us);
    bool is_bad = (point->state_bits & STATE_BITS_BAD) != 0;
    json_put_int(row, "id", point->id);
    json_put_text(row, "title", title);
    json_put_text(row, "system", system);
    json_put_text(row, "component", component);
    json_put_text(row, "place", place);
    put_tag(row, "state", state, point_state_class(point->state_bits));
    sensing_put_time(row, "since", is_bad ? point->state_us : 0, NULL);
    json_put_text(row, "lasts", is_bad ? lasts : NULL);
    put_values(row, latest, point->id);
    return row;
}

static bool
put_points(Ctx *ctx, const Request *req, const Device *device, json_t *model, GError **error) {
    const char *after = request_query(req, "after");
    bool only_bad = g_strcmp0(request_query(req, "points"), "bad") == 0;
    int64_t after_id = after == NULL ? 0 : g_ascii_strtoll(after, NULL, 10);
    g_auto(PointPage) page = {0};
    if (!point_list(ctx->db, device->id, only_bad, after_id, POINTS_SHOWN, &page, error)) {
        return false;
    }
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    for (guint i = 0; i < page.rows->len; i++) {
        g_array_append_val(ids, g_array_index(page.rows, Point, i).id);
    }
    g_autoptr(GArray) latest =
        sample_latest(ctx->db, (const int64_t *)(void *)ids->data, ids->len, ctx->now_us, error);
    if (latest == NULL) {
        return false;
    }
    json_t *points = json_array();
    for (guint i = 0; i < page.rows->len; i++) {
        json_array_append_new(
            points, point_model(&g_array_index(page.rows, Point, i), latest, ctx->now_us));
    }
    g_autofree char *path = g_strdup_printf(PATH "/%" G_GINT64_FORMAT, device->id);
    g_autofree char *place =
        page.next_id == 0 ? NULL : g_strdup_printf("after=%" G_GINT64_FORMAT, page.next_id);
    sensing_put_pager(
        model, path, only_bad ? "points=bad" : "", after_id <= 0, place, "每页 100 个点位");
    json_put_bool(model, "has_points", page.rows->len > 0);
    json_put_bool(model, "only_bad", only_bad);
    json_put(model, "points", points);
    return true;
}

/* --- one device: what it told, what it was asked ------------------------------------------------
 */

static const char *const flags_zh[] = {
    "复位", "消音", "手动报警", "警情消除", "自检", "确认", "测试"};

/* Bits of an operation record (types 4 and 24). Caller frees. */
static char *operation_text(int64_t flags) {
    GString *text = g_string_new("操作");
    const char *before = "：";
    for (size_t i = 0; i < G_N_ELEMENTS(flags_zh); i++) {
        if ((flags >> i & 1) != 0) {
            g_string_append_printf(text, "%s%s", before, flags_zh[i]);
            before = "、";
        }
    }
    return g_string_free(text, FALSE);
}

static bool is_momentary(EdgeKind kind) {
    return kind == EDGE_RESET || kind == EDGE_CONFIG || kind == EDGE_DUTY_ANSWER ||
           kind == EDGE_FIRST;
}

char *sensing_edge_text(EdgeKind kind, bool is_on, int64_t value) {
    const char *name = edge_kind_name_zh(kind);
    if (kind == EDGE_OPERATION) {
        return operation_text(value);
    }
    if (kind == EDGE_ONLINE) {
        return g_strdup(is_on ? "恢复联系" : "失去联系");
    }
    if (kind == EDGE_MANUAL) {
        return g_strdup(is_on ? "转为手动" : "转为自动");
    }
    if (is_momentary(kind)) {
        return g_strdup(name);
    }
    return g_strdup_printf("%s%s", name, is_on ? "" : "解除");
}

static const char *edge_class(const DeviceEdge *edge) {
    switch (edge->kind) {
    case EDGE_FIRE:
    case EDGE_FAULT:
    case EDGE_LIMIT:
    case EDGE_MAIN_POWER:
    case EDGE_BACKUP_POWER:
    case EDGE_BUS:
    case EDGE_LINK:
        return edge->is_on ? "b" : "k";
    case EDGE_ONLINE:
        return edge->is_on ? "k" : "b";
    case EDGE_SHIELD:
    case EDGE_SUPERVISE:
        return edge->is_on ? "w" : "k";
    case EDGE_START:
    case EDGE_FEEDBACK:
    case EDGE_DELAY:
    case EDGE_MANUAL:
    case EDGE_CONFIG:
    case EDGE_RESET:
    case EDGE_OPERATION:
    case EDGE_DUTY_ANSWER:
    case EDGE_FIRST:
    case EDGE_KIND_COUNT:
        break;
    }
    return "i";
}

json_t *sensing_edge_model(const DeviceEdge *edge) {
    json_t *line = json_object();
    g_autofree char *text = sensing_edge_text(edge->kind, edge->is_on, edge->value);
    json_put_text(line, "text", text);
    json_put_text(line, "class", edge_class(edge));
    json_put_text(line, "what", edge->what);
    json_put_text(line, "place", edge->place);
    g_autofree char *href = edge->point_id == 0
                                ? NULL
                                : g_strdup_printf("/work/points/%" G_GINT64_FORMAT, edge->point_id);
    json_put_text(line, "href", href);
    sensing_put_time(line, "when", edge->time_us, "未知");
    return line;
}

static bool put_edges(Ctx *ctx, const Device *device, json_t *model, GError **error) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(1024);
    g_autoptr(GArray) edges = g_array_new(FALSE, FALSE, sizeof(DeviceEdge));
    if (!device_edges(ctx->db, device->id, 0, 0, EDGES_SHOWN, texts, edges, error)) {
        return false;
    }
    json_t *lines = json_array();
    for (guint i = 0; i < edges->len; i++) {
        json_array_append_new(lines, sensing_edge_model(&g_array_index(edges, DeviceEdge, i)));
    }
    json_put_bool(model, "has_edges", edges->len > 0);
    json_put(model, "edges", lines);
    return true;
}

static const struct {
    const char *word, *name_zh;
} command_words[] = {
    {"duty", "查岗"},
    {"clock", "对时"},
    {"read-device", "读装置状态"},
    {"read-system", "读系统状态"},
    {"read-point", "读部件状态"},
    {"read-value", "读模拟量"},
    {"queued", "等待发出"},
    {"sent", "已发出"},
    {"confirmed", "设备已确认"},
    {"answered", "已应答"},
    {"failed", "没有成功"},
    {"offline", "设备不在线"},
    {"denied", "设备拒绝"},
    {"silent", "设备没有回答"},
    {"unanswered", "没有人应答"},
    {"expired", "当时没有发出，已过期"},
};

static const char *command_zh(const char *word) {
    for (size_t i = 0; i < G_N_ELEMENTS(command_words); i++) {
        if (strcmp(command_words[i].word, word) == 0) {
            return command_words[i].name_zh;
        }
    }
    return word;
}

static bool put_commands(Ctx *ctx, const Device *device, json_t *model, GError **error) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(256);
    g_autoptr(GArray) commands = g_array_new(FALSE, FALSE, sizeof(DeviceCommand));
    if (!device_commands(ctx->db, device->id, COMMANDS_SHOWN, texts, commands, error)) {
        return false;
    }
    json_t *lines = json_array();
    for (guint i = 0; i < commands->len; i++) {
        const DeviceCommand *command = &g_array_index(commands, DeviceCommand, i);
        json_t *line = json_object();
        json_put_text(line, "kind", command_zh(command->kind));
        json_put_text(line, "state", command_zh(command->state));
        json_put_text(
            line, "failure", command->failure[0] == '\0' ? NULL : command_zh(command->failure));
        sensing_put_time(line, "when", command->created_us, "");
        json_array_append_new(lines, line);
    }
    json_put_bool(model, "has_commands", commands->len > 0);
    json_put(model, "commands", lines);
    json_put_bool(model,
                  "may_command",
                  principal_may(ctx->who, PERM_SENSING_EDIT) && device->state == DEVICE_ACTIVE &&
                      strcmp(device->protocol, "gb26875") == 0);
    return true;
}

static void put_head(Ctx *ctx, const Device *device, json_t *model) {
    g_autofree char *bits = device_state_text(device->state_bits);
    put_facts(model, device, ctx->now_us);
    put_tag(model, "own_state", bits, device_state_class(device->state_bits));
    json_put_text(model, "profile", device->profile);
    json_put_text(model, "service_body", device->service_body);
    json_put_text(model, "service_contact", device->service_contact);
    json_put_bool(model, "has_key", device->has_key);
    json_put_bool(model, "takes_key", strcmp(device->protocol, "gb26875") != 0);
    json_put_bool(model, "is_learning", device->state == DEVICE_LEARNING);
    json_put_bool(model, "is_retired", device->state == DEVICE_RETIRED);
    json_put_bool(model, "may_edit", principal_may(ctx->who, PERM_SENSING_EDIT));
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    sensing_put_time(model, "created", device->created_us, "");
}

Response *device_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Device) device = {0};
    Response *refused;
    if (!sensing_find_device(ctx, req, &device, &refused)) {
        return refused;
    }
    g_autoptr(json_t) model = json_object();
    put_head(ctx, &device, model);
    if (!put_points(ctx, req, &device, model, &error) || !put_edges(ctx, &device, model, &error) ||
        !put_commands(ctx, &device, model, &error) ||
        !sensing_put_traces(ctx, model, "device", device.id, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("sensing/device", g_steal_pointer(&model));
}

/* --- asking it ----------------------------------------------------------------------------------
 */

typedef struct Asking {
    SensingCommand command;
    int64_t now_us;
} Asking;

static bool ask_device(Db *db, void *data, GError **error) {
    const Asking *asking = data;
    int64_t id;
    return sensing_command_add(db, &asking->command, asking->now_us, &id, error);
}

Response *device_command_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Device) device = {0};
    Response *refused;
    if (!sensing_find_device(ctx, req, &device, &refused)) {
        return refused;
    }
    const char *kind = request_form(req, "kind");
    bool is_clock = g_strcmp0(kind, "clock") == 0;
    if (!is_clock && g_strcmp0(kind, "read-device") != 0) {
        hz_fail(&error, HZ_ERROR_INVALID, "no such command");
        return response_problem(error, "没有这个操作，请从设备的页面重新进入");
    }
    Asking asking = {.command = {.kind = is_clock ? SENSING_CLOCK_SYNC : SENSING_READ_DEVICE,
                                 .device_id = device.id,
                                 .account_id = ctx->who->account_id},
                     .now_us = ctx->now_us};
    if (!db_run_tx(ctx->db, ask_device, &asking, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *path = g_strdup_printf(PATH "/%" G_GINT64_FORMAT "#commands", device.id);
    return response_redirect_flash(path, "已交给网关，设备在线时一秒内发出：%s", command_zh(kind));
}
