/* Rows of the lists of devices, of the ledgers of faults and shielding, and of maintenance orders.
 */
#include "base/clock.h"
#include "base/error.h"
#include "importer/export_internal.h"
#include "registry/region.h"
#include "sensing/device.h"
#include "sensing/limits.h"
#include "sensing/maintenance.h"
#include "sensing/sensing_names.h"
#include "sensing/sensing_state.h"

#include <string.h>

#define BATCH 500

typedef struct Rows {
    const ExportQuery *query;
    ExportSink sink;
    void *data;
} Rows;

static const char *get_filter(const void *from, const char *name) {
    return export_filter(from, name);
}

/* NULL for a time that is not. Caller frees. */
static char *minute_text(int64_t time_us) {
    return time_us == 0 ? NULL : clock_format_minute(time_us);
}

/* --- devices ------------------------------------------------------------------------------------
 */

static const TableColumn device_columns[] = {{"协议", false},
                                             {"编号", false},
                                             {"名称", false},
                                             {"状态", false},
                                             {"联系", false},
                                             {"最后联系", false},
                                             {"区划代码", false},
                                             {"建筑", false},
                                             {"单位", false},
                                             {"位置", false},
                                             {"维保单位", false},
                                             {"维保联系方式", false},
                                             {"报文方言", false},
                                             {"建筑系统编号", true},
                                             {"单位系统编号", true},
                                             {"系统编号", true}};

#define NUMBER_SIZE 24

/* NULL for 0: none. */
static const char *number_text(int64_t number, char buffer[NUMBER_SIZE]) {
    g_snprintf(buffer, NUMBER_SIZE, "%" G_GINT64_FORMAT, number);
    return number == 0 ? NULL : buffer;
}

static bool device_row(const Device *device, const Rows *rows, GError **error) {
    g_autofree char *seen = minute_text(device->seen_us);
    char id[NUMBER_SIZE];
    char building[NUMBER_SIZE];
    char unit[NUMBER_SIZE];
    const char *cells[] = {device_protocol_name_zh(device->protocol),
                           device->code,
                           device->name,
                           device_state_name_zh(device->state),
                           device->seen_us == 0 ? "没有联系过"
                           : device->is_online  ? "在线"
                                                : "失去联系",
                           seen,
                           device->region,
                           device->building_name,
                           device->unit_name,
                           device->place,
                           device->service_body,
                           device->service_contact,
                           device->profile,
                           number_text(device->building_id, building),
                           number_text(device->unit_id, unit),
                           number_text(device->id, id)};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(device_columns));
    return rows->sink(cells, rows->data, error);
}

typedef bool (*DeviceWork)(Db *db, const Device *device, const Rows *rows, GError **error);

/* Those that wait to be registered have no region: who asks for one does not mean them. */
static bool
walk_devices(Db *db, const char *region, const Rows *rows, DeviceWork work, GError **error) {
    g_auto(DeviceQuery) query = {0};
    const char *problem = NULL;
    bool is_denied = false;
    bool sees_unbound = rows->query->sees_unbound && export_filter(rows->query, "region") == NULL;
    if (!device_query_parse(
            get_filter, rows->query, region, sees_unbound, &query, &problem, &is_denied)) {
        return hz_fail(error, is_denied ? HZ_ERROR_DENIED : HZ_ERROR_INVALID, "%s", problem);
    }
    do {
        g_auto(DevicePage) page = {0};
        if (!device_list(db, &query, BATCH, &page, error)) {
            return false;
        }
        for (guint i = 0; i < page.rows->len; i++) {
            if (!work(db, &g_array_index(page.rows, Device, i), rows, error)) {
                return false;
            }
        }
        query.after_id = page.next_id;
    } while (query.after_id != 0);
    return true;
}

static bool
write_device(Db *db G_GNUC_UNUSED, const Device *device, const Rows *rows, GError **error) {
    return device_row(device, rows, error);
}

static bool devices_of(Db *db, const char *region, void *data, GError **error) {
    return walk_devices(db, region, data, write_device, error);
}

static bool
each_device(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    return export_each_region(db, query, devices_of, &rows, error);
}

const ExportList export_devices = {"devices",
                                   "物联设备",
                                   PERM_SENSING_VIEW,
                                   device_columns,
                                   G_N_ELEMENTS(device_columns),
                                   each_device};

/* --- points -------------------------------------------------------------------------------------
 */

static const TableColumn point_columns[] = {{"协议", false},
                                            {"设备编号", false},
                                            {"系统类型", false},
                                            {"系统地址", true},
                                            {"部件类型", false},
                                            {"部件地址", false},
                                            {"名称", false},
                                            {"楼层", false},
                                            {"房间", false},
                                            {"数值类型", false},
                                            {"下限", true},
                                            {"上限", true},
                                            {"回差", true},
                                            {"所属设备名称", false},
                                            {"建筑", false},
                                            {"区划代码", false},
                                            {"点位状态", false},
                                            {"点位编号", true}};

/* `limit` NULL: the point has none of its own. */
static bool point_row(const Device *device,
                      const Point *point,
                      const PointLimit *limit,
                      const Rows *rows,
                      GError **error) {
    char id[NUMBER_SIZE];
    char system_address[NUMBER_SIZE];
    static const LimitRule none = {0};
    const LimitRule *rule = limit == NULL ? &none : &limit->rule;
    int64_t kind = limit == NULL ? 0 : limit->analog_type;
    g_autofree char *system = system_type_text(point->system_type);
    g_autofree char *component = component_type_text(point->component_type);
    g_autofree char *address = point_address_text(point->address);
    g_autofree char *analog = limit == NULL ? NULL : analog_type_text(kind);
    g_autofree char *low = rule->has_low ? analog_number(kind, rule->low) : NULL;
    g_autofree char *high = rule->has_high ? analog_number(kind, rule->high) : NULL;
    g_autofree char *back = limit == NULL ? NULL : analog_number(kind, rule->hysteresis);
    g_autofree char *state =
        point_state_text(point->component_type == COMPONENT_SYSTEM, point->state_bits);
    g_snprintf(system_address, NUMBER_SIZE, "%" G_GINT64_FORMAT, point->system_address);
    const char *cells[] = {device_protocol_name_zh(device->protocol),
                           device->code,
                           system,
                           system_address,
                           component,
                           address,
                           point->name,
                           point->floor,
                           point->room,
                           analog,
                           low,
                           high,
                           back,
                           device->name,
                           device->building_name,
                           device->region,
                           state,
                           number_text(point->id, id)};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(point_columns));
    return rows->sink(cells, rows->data, error);
}

/* A line for each kind of value that has limits, else one. */
static bool write_point(const Device *device,
                        const Point *point,
                        const GArray *limits,
                        const Rows *rows,
                        GError **error) {
    bool is_written = false;
    for (guint i = 0; i < limits->len; i++) {
        const PointLimit *limit = &g_array_index(limits, PointLimit, i);
        if (limit->point_id == point->id) {
            is_written = true;
            if (!point_row(device, point, limit, rows, error)) {
                return false;
            }
        }
    }
    return is_written || point_row(device, point, NULL, rows, error);
}

static bool write_points(Db *db, const Device *device, const Rows *rows, GError **error) {
    g_autoptr(GArray) limits = limits_of_device(db, device->id, error);
    int64_t after = 0;
    if (limits == NULL) {
        return false;
    }
    do {
        g_auto(PointPage) page = {0};
        if (!point_list(db, device->id, false, after, BATCH, &page, error)) {
            return false;
        }
        for (guint i = 0; i < page.rows->len; i++) {
            if (!write_point(device, &g_array_index(page.rows, Point, i), limits, rows, error)) {
                return false;
            }
        }
        after = page.next_id;
    } while (after != 0);
    return true;
}

static bool points_of(Db *db, const char *region, void *data, GError **error) {
    return walk_devices(db, region, data, write_points, error);
}

/* One device, by its number; somebody else's is told apart from none only by whom it belongs to. */
static bool points_of_one(Db *db, const char *text, const Rows *rows, GError **error) {
    g_auto(Device) device = {0};
    int64_t id = 0;
    if (!g_ascii_string_to_signed(text, 10, 1, INT64_MAX, &id, NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no device number", text);
    }
    if (!device_find(db, id, &device, error)) {
        return false;
    }
    bool is_theirs = device.region[0] == '\0' ? rows->query->sees_unbound
                                              : region_is_inside(device.region, rows->query->scope);
    return is_theirs ? write_points(db, &device, rows, error)
                     : hz_fail(error, HZ_ERROR_DENIED, "the device is outside your region");
}

static bool
each_point(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    const char *device = export_filter(query, "device");
    return device != NULL ? points_of_one(db, device, &rows, error)
                          : export_each_region(db, query, points_of, &rows, error);
}

const ExportList export_points = {
    "points", "点位", PERM_SENSING_VIEW, point_columns, G_N_ELEMENTS(point_columns), each_point};

/* --- ledgers ------------------------------------------------------------------------------------
 */

static const TableColumn spell_columns[] = {{"什么", false},
                                            {"建筑", false},
                                            {"位置", false},
                                            {"区划代码", false},
                                            {"从", false},
                                            {"到", false},
                                            {"分钟", true},
                                            {"点位编号", true},
                                            {"记录编号", true}};

static bool spell_row(const SensingSpell *spell, const Rows *rows, GError **error) {
    g_autofree char *since = minute_text(spell->since_us);
    g_autofree char *until = minute_text(spell->until_us);
    int64_t end_us = spell->until_us == 0 ? rows->query->now_us : spell->until_us;
    char minutes[24];
    char point[24];
    char id[24];
    g_snprintf(minutes,
               sizeof minutes,
               "%" G_GINT64_FORMAT,
               (end_us - spell->since_us) / (60 * CLOCK_SECOND_US));
    g_snprintf(point, sizeof point, "%" G_GINT64_FORMAT, spell->point_id);
    g_snprintf(id, sizeof id, "%" G_GINT64_FORMAT, spell->edge_id);
    const char *cells[] = {spell->what,
                           spell->building_name,
                           spell->place,
                           spell->region,
                           since,
                           until,
                           minutes,
                           point,
                           id};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(spell_columns));
    return rows->sink(cells, rows->data, error);
}

static bool spells_of(Db *db, const char *region, EdgeKind kind, const Rows *rows, GError **error) {
    const char *building = export_filter(rows->query, "building");
    SpellQuery query = {.kind = kind,
                        .region = region,
                        .is_open = g_strcmp0(export_filter(rows->query, "open"), "1") == 0,
                        .limit = BATCH};
    if (building != NULL &&
        !g_ascii_string_to_signed(building, 10, 1, INT64_MAX, &query.building_id, NULL)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no building number", building);
    }
    do {
        g_auto(SpellPage) page = {0};
        if (!sensing_spells(db, &query, &page, error)) {
            return false;
        }
        for (guint i = 0; i < page.rows->len; i++) {
            if (!spell_row(&g_array_index(page.rows, SensingSpell, i), rows, error)) {
                return false;
            }
        }
        query.before_id = page.next_id;
    } while (query.before_id != 0);
    return true;
}

static bool faults_of(Db *db, const char *region, void *data, GError **error) {
    return spells_of(db, region, EDGE_FAULT, data, error);
}

static bool shields_of(Db *db, const char *region, void *data, GError **error) {
    return spells_of(db, region, EDGE_SHIELD, data, error);
}

static bool
each_fault(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    return export_each_region(db, query, faults_of, &rows, error);
}

static bool
each_shield(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    return export_each_region(db, query, shields_of, &rows, error);
}

const ExportList export_faults = {"faults",
                                  "故障台账",
                                  PERM_SENSING_VIEW,
                                  spell_columns,
                                  G_N_ELEMENTS(spell_columns),
                                  each_fault};
const ExportList export_shields = {"shields",
                                   "屏蔽台账",
                                   PERM_SENSING_VIEW,
                                   spell_columns,
                                   G_N_ELEMENTS(spell_columns),
                                   each_shield};

/* --- maintenance orders -------------------------------------------------------------------------
 */

static const TableColumn order_columns[] = {{"单号", false},
                                            {"什么坏了", false},
                                            {"要做什么", false},
                                            {"建筑", false},
                                            {"位置", false},
                                            {"区划代码", false},
                                            {"派给", false},
                                            {"联系方式", false},
                                            {"期限", false},
                                            {"进度", false},
                                            {"开单", false}};

static bool order_row(const Order *order, const Rows *rows, GError **error) {
    g_autofree char *due = minute_text(order->due_us);
    g_autofree char *created = minute_text(order->created_us);
    const char *cells[] = {order->number,
                           order->subject,
                           order->task,
                           order->building_name,
                           order->place,
                           order->region,
                           order->service_body,
                           order->service_contact,
                           due,
                           order_state_name_zh(order->state),
                           created};
    G_STATIC_ASSERT(G_N_ELEMENTS(cells) == G_N_ELEMENTS(order_columns));
    return rows->sink(cells, rows->data, error);
}

static bool orders_of(Db *db, const char *region, void *data, GError **error) {
    const Rows *rows = data;
    OrderQuery query = {.region = region,
                        .is_closed = g_strcmp0(export_filter(rows->query, "closed"), "1") == 0,
                        .limit = BATCH};
    do {
        g_auto(OrderPage) page = {0};
        if (!order_list(db, &query, &page, error)) {
            return false;
        }
        for (guint i = 0; i < page.rows->len; i++) {
            if (!order_row(&g_array_index(page.rows, Order, i), rows, error)) {
                return false;
            }
        }
        query.after_due_us = page.next_due_us;
        query.after_id = page.next_id;
    } while (query.after_id != 0);
    return true;
}

static bool
each_order(Db *db, const ExportQuery *query, ExportSink sink, void *data, GError **error) {
    Rows rows = {.query = query, .sink = sink, .data = data};
    return export_each_region(db, query, orders_of, &rows, error);
}

const ExportList export_maintenance = {"maintenance",
                                       "维修单",
                                       PERM_SENSING_VIEW,
                                       order_columns,
                                       G_N_ELEMENTS(order_columns),
                                       each_order};
