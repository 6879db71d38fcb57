/* Writes a plan as one transaction. */
#include "base/error.h"
#include "base/limits.h"
#include "sensing/ingest_internal.h"
#include "sensing/sensing_names.h"

#include <string.h>

/* --- lane --------------------------------------------------------------------------------------
 */

bool ingest_lane_open(Db *db, IngestLane *lane, int64_t now_us, GError **error) {
    g_auto(DbTx) tx = {0};
    if (!db_begin(db, &tx, error) ||
        !db_exec(db,
                 SQL("INSERT INTO lane (name, epoch, seq, touched_us) VALUES ($1, 0, 0, $2) "
                     "ON CONFLICT (name) DO NOTHING"),
                 DB_ARGS(db_text(lane->name), db_int(now_us)),
                 NULL,
                 error) ||
        !db_exec(db,
                 SQL("UPDATE lane SET epoch = epoch + 1, touched_us = $2 WHERE name = $1"),
                 DB_ARGS(db_text(lane->name), db_int(now_us)),
                 NULL,
                 error)) {
        return false;
    }
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT epoch, seq FROM lane WHERE name = $1"),
                                      DB_ARGS(db_text(lane->name)),
                                      error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        lane->epoch = db_rows_int(rows, 0);
        lane->seq = db_rows_int(rows, 1);
    }
    bool done = db_rows_done(rows, error);
    g_clear_pointer(&rows, db_rows_free);
    return done && db_commit(&tx, error);
}

bool ingest_lane_look(Db *db,
                      const IngestLane *lane,
                      int64_t seq,
                      int64_t now_us,
                      LaneFate *ret_fate,
                      GError **error) {
    g_auto(DbTx) tx = {0};
    int64_t changed = 0;
    if (!db_begin(db, &tx, error) ||
        !db_exec(
            db,
            SQL("UPDATE lane SET touched_us = $4 WHERE name = $1 AND epoch = $2 AND seq >= $3"),
            DB_ARGS(db_text(lane->name), db_int(lane->epoch), db_int(seq), db_int(now_us)),
            &changed,
            error)) {
        return false;
    }
    int64_t epoch = 0;
    if (!db_query_int(db,
                      SQL("SELECT epoch FROM lane WHERE name = $1"),
                      DB_ARGS(db_text(lane->name)),
                      &epoch,
                      error) ||
        !db_commit(&tx, error)) {
        return false;
    }
    *ret_fate = changed == 1 ? LANE_STORED : epoch == lane->epoch ? LANE_MISSING : LANE_TAKEN;
    return true;
}

/* The statement goes out with the next; a lane that somebody else has taken is a CONFLICT. */
static bool raise_lane(Db *db, const IngestLane *lane, int64_t now_us, GError **error) {
    return db_later(
        db,
        SQL("UPDATE lane SET seq = seq + 1, touched_us = $4 "
            "WHERE name = $1 AND epoch = $2 AND seq = $3"),
        DB_ARGS(db_text(lane->name), db_int(lane->epoch), db_int(lane->seq), db_int(now_us)),
        1,
        error);
}

/* --- ids ---------------------------------------------------------------------------------------
 */

typedef enum IdTable { ID_DEVICE, ID_POINT, ID_EDGE } IdTable;

static Sql id_statement(const Db *db, IdTable table) {
    switch (table) {
    case ID_DEVICE:
        return SQL_FOR(db,
                       "SELECT coalesce(max(id), 0) + $1 FROM device",
                       "SELECT nextval(pg_get_serial_sequence('device', 'id')) "
                       "FROM generate_series(1, $1)");
    case ID_POINT:
        return SQL_FOR(db,
                       "SELECT coalesce(max(id), 0) + $1 FROM point",
                       "SELECT nextval(pg_get_serial_sequence('point', 'id')) "
                       "FROM generate_series(1, $1)");
    case ID_EDGE:
        return SQL_FOR(db,
                       "SELECT coalesce(max(id), 0) + $1 FROM edge",
                       "SELECT nextval(pg_get_serial_sequence('edge', 'id')) "
                       "FROM generate_series(1, $1)");
    }
    g_assert_not_reached();
}

/* `count` ids for new rows, rising: one question, so that all rows can go out in one pipeline. */
static bool reserve(Db *db, IdTable table, guint count, GArray *ids, GError **error) {
    g_array_set_size(ids, 0);
    g_autoptr(DbRows) rows = db_query(db, id_statement(db, table), DB_ARGS(db_int(count)), error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_array_append_val(ids, id);
    }
    if (!db_rows_done(rows, error)) {
        return false;
    }
    if (db_engine(db) == DB_ENGINE_SQLITE) { /* the only writer: nobody takes what lies between */
        int64_t last = g_array_index(ids, int64_t, 0);
        g_array_set_size(ids, 0);
        for (int64_t id = last - count + 1; id <= last; id++) {
            g_array_append_val(ids, id);
        }
    }
    return ids->len == count || hz_fail(error, HZ_ERROR_INTERNAL, "too few ids");
}

static void add_args(GArray *args, const DbArg *items, size_t count) {
    g_array_append_vals(args, items, (guint)count);
}

#define ADD_ARGS(args, ...)                                                                        \
    add_args((args),                                                                               \
             (const DbArg[]){__VA_ARGS__},                                                         \
             sizeof((const DbArg[]){__VA_ARGS__}) / sizeof(DbArg))

static bool
exec_rows(Db *db, Sql sql, size_t columns, const GArray *args, int64_t *changed, GError **error) {
    const DbArgs all = {(const DbArg *)(const void *)args->data, args->len};
    return db_exec_many(db, sql, columns, all, changed, error);
}

/* --- devices and points ------------------------------------------------------------------------
 */

static bool write_new_devices(Db *db, IngestPlan *plan, int64_t now_us, GError **error) {
    GPtrArray *devices = plan->new_devices;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    if (devices->len == 0 || !reserve(db, ID_DEVICE, devices->len, ids, error)) {
        return devices->len == 0;
    }
    for (guint i = 0; i < devices->len; i++) {
        IngestDevice *device = devices->pdata[i];
        device->id = g_array_index(ids, int64_t, i);
        ADD_ARGS(args,
                 db_int(device->id),
                 db_text(device->protocol),
                 db_text(device->code),
                 db_text(device->profile->name),
                 db_bool(device->is_online),
                 db_int(device->seen_us),
                 db_int(device->bits),
                 db_int(now_us));
    }
    return exec_rows(
        db,
        SQL("INSERT INTO device (id, protocol, code, profile, name, state, region, district, "
            "building_id, unit_id, place, service_body, service_contact, key_hash, is_online, "
            "seen_us, state_bits, version, created_us, changed_us) VALUES ($1, $2, $3, $4, '', "
            "'learning', '', 0, 0, 0, '', '', '', NULL, $5, $6, $7, 0, $8, $8)"),
        8,
        args,
        NULL,
        error);
}

static bool write_new_points(Db *db, IngestPlan *plan, int64_t now_us, GError **error) {
    GPtrArray *points = plan->new_points;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    if (points->len == 0 || !reserve(db, ID_POINT, points->len, ids, error)) {
        return points->len == 0;
    }
    for (guint i = 0; i < points->len; i++) {
        IngestPoint *point = points->pdata[i];
        const IngestDevice *device = plan->new_point_owners->pdata[i];
        point->id = g_array_index(ids, int64_t, i);
        ADD_ARGS(args,
                 db_int(point->id),
                 db_int(device->id),
                 db_int(point->system_type),
                 db_int(point->system_address),
                 db_int(point->component_type),
                 db_int(point->address),
                 db_text(point->text == NULL ? "" : point->text),
                 db_int(device->building_id),
                 db_int(device->district),
                 db_int(point->bits),
                 db_int(point->state_us),
                 db_int(now_us));
    }
    return exec_rows(db,
                     SQL("INSERT INTO point (id, device_id, system_type, system_address, "
                         "component_type, address, name, floor, room, building_id, district, "
                         "state_bits, state_us, created_us) VALUES ($1, $2, $3, $4, $5, $6, $7, "
                         "'', '', $8, $9, $10, $11, $12)"),
                     12,
                     args,
                     NULL,
                     error);
}

static bool write_states(Db *db, const IngestPlan *plan, GError **error) {
    g_autoptr(GArray) points = g_array_new(FALSE, FALSE, sizeof(DbArg));
    g_autoptr(GArray) devices = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (guint i = 0; i < plan->points->len; i++) {
        const IngestPoint *point = plan->points->pdata[i];
        ADD_ARGS(points, db_int(point->id), db_int(point->bits), db_int(point->state_us));
    }
    for (guint i = 0; i < plan->devices->len; i++) {
        const IngestDevice *device = plan->devices->pdata[i];
        ADD_ARGS(devices,
                 db_int(device->id),
                 db_bool(device->is_online),
                 db_int(device->seen_us),
                 db_int(device->bits));
    }
    return exec_rows(db,
                     SQL("UPDATE point SET state_bits = $2, state_us = $3 WHERE id = $1"),
                     3,
                     points,
                     NULL,
                     error) &&
           exec_rows(
               db,
               SQL("UPDATE device SET is_online = $2, seen_us = $3, state_bits = $4 WHERE id = $1"),
               4,
               devices,
               NULL,
               error);
}

static bool write_sides(Db *db, const IngestPlan *plan, GError **error) {
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    for (guint i = 0; i < plan->sides->len; i++) {
        const IngestSide *side = &g_array_index(plan->sides, IngestSide, i);
        ADD_ARGS(args, db_int(side->point->id), db_int(side->analog_type), db_int(side->side));
    }
    return exec_rows(db,
                     SQL("INSERT INTO point_side (point_id, analog_type, side) VALUES ($1, $2, $3) "
                         "ON CONFLICT (point_id, analog_type) DO UPDATE SET side = excluded.side"),
                     3,
                     args,
                     NULL,
                     error);
}

/* --- edges -------------------------------------------------------------------------------------
 */

/* "2 区 14 号": the address is usually a circuit and a number in it (iot.md 4, line 20). */
static char *what_of(const IngestDevice *device, const IngestPoint *point) {
    if (point == NULL) {
        return device->name[0] != '\0' ? g_strdup(device->name)
                                       : g_strdup_printf("联网设备 %s", device->code);
    }
    if (point->component_type < 0) {
        return system_type_text(point->system_type);
    }
    g_autofree char *component = component_type_text(point->component_type);
    unsigned circuit = point->address & 0xffff;
    unsigned number = point->address >> 16;
    return number == 0 ? g_strdup_printf("%s %u 号", component, circuit)
                       : g_strdup_printf("%s %u 区 %u 号", component, circuit, number);
}

/* Where it is in words; kept until the device is read again. */
static bool label_point(Db *db, const IngestDevice *device, IngestPoint *point, GError **error) {
    if (point->label != NULL) {
        return true;
    }
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT floor, room, name FROM point WHERE id = $1"),
                                      DB_ARGS(db_int(point->id)),
                                      error);
    if (rows == NULL || !db_rows_next(rows)) {
        return rows != NULL && db_rows_done(rows, error);
    }
    const char *floor = db_rows_text(rows, 0);
    const char *room = db_rows_text(rows, 1);
    const char *name = db_rows_text(rows, 2);
    bool is_placed = floor[0] != '\0' || room[0] != '\0';
    g_autofree char *at =
        g_strconcat(floor, floor[0] != '\0' && room[0] != '\0' ? " " : "", room, NULL);
    point->label = g_strdup(is_placed ? at : name[0] != '\0' ? name : device->place);
    return true;
}

static bool label_edges(Db *db, const IngestPlan *plan, GError **error) {
    for (guint i = 0; i < plan->edges->len; i++) {
        const PlanEdge *edge = &g_array_index(plan->edges, PlanEdge, i);
        if (edge->point != NULL && edge->point->label == NULL &&
            !label_point(db, edge->device, edge->point, error)) {
            return false;
        }
    }
    return true;
}

static SensingEdge edge_row(const PlanEdge *edge, GStringChunk *texts) {
    const IngestDevice *device = edge->device;
    g_autofree char *thing = what_of(device, edge->point);
    g_autofree char *what =
        edge->note == NULL ? NULL : g_strdup_printf("%s（%s）", thing, edge->note);
    const char *place =
        edge->point != NULL && edge->point->label != NULL ? edge->point->label : device->place;
    return (SensingEdge){
        .id = edge->id,
        .kind = edge->kind,
        .is_on = edge->is_on,
        .value = edge->value,
        .device_id = device->id,
        .point_id = edge->point == NULL ? 0 : edge->point->id,
        .building_id = device->building_id,
        .unit_id = device->unit_id,
        .region = device->region,
        .district = device->district,
        .place = place,
        .what = g_string_chunk_insert(texts, what == NULL ? thing : what),
        .time_us = edge->time_us,
        .received_us = edge->received_us,
    };
}

static void add_edge_args(GArray *args, const SensingEdge *row, const PlanEdge *edge) {
    ADD_ARGS(args,
             db_int(row->id),
             db_text(edge_kind_word(row->kind)),
             db_bool(row->is_on),
             db_int(row->value),
             db_int(row->device_id),
             db_int(row->point_id),
             db_int(row->building_id),
             db_int(row->unit_id),
             db_text(row->region),
             db_int(row->district),
             db_text(row->place),
             db_text(row->what),
             db_int(row->time_us),
             db_int(row->received_us),
             db_int(edge->key),
             db_int(edge->part));
}

/* Some were stored by an earlier transaction: a message that was sent again after a restart. */
static bool find_known(Db *db, GArray *edges, GError **error) {
    g_autoptr(GHashTable) fresh = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    PlanEdge *first = &g_array_index(edges, PlanEdge, 0);
    PlanEdge *last = &g_array_index(edges, PlanEdge, edges->len - 1);
    g_autoptr(DbRows) rows = db_query(db,
                                      SQL("SELECT id FROM edge WHERE id >= $1 AND id <= $2"),
                                      DB_ARGS(db_int(first->id), db_int(last->id)),
                                      error);
    if (rows == NULL) {
        return false;
    }
    while (db_rows_next(rows)) {
        int64_t id = db_rows_int(rows, 0);
        g_hash_table_add(fresh, g_memdup2(&id, sizeof id));
    }
    for (guint i = 0; i < edges->len; i++) {
        PlanEdge *edge = &g_array_index(edges, PlanEdge, i);
        edge->is_known = !g_hash_table_contains(fresh, &edge->id);
    }
    return db_rows_done(rows, error);
}

static bool run_hooks(Db *db, const GArray *rows, GError **error) {
    for (const SensingHook *hook = sensing_hooks; rows->len > 0 && *hook != NULL; hook++) {
        if (!(*hook)(db, (const SensingEdge *)(const void *)rows->data, rows->len, error)) {
            return false;
        }
    }
    return true;
}

static bool write_edges(Db *db, IngestPlan *plan, GError **error) {
    GArray *edges = plan->edges;
    g_autoptr(GArray) ids = g_array_new(FALSE, FALSE, sizeof(int64_t));
    if (edges->len == 0 || !label_edges(db, plan, error) ||
        !reserve(db, ID_EDGE, edges->len, ids, error)) {
        return edges->len == 0;
    }
    g_autoptr(GStringChunk) texts = g_string_chunk_new(4096);
    g_autoptr(GArray) args = g_array_new(FALSE, FALSE, sizeof(DbArg));
    g_autoptr(GArray) rows = g_array_new(FALSE, FALSE, sizeof(SensingEdge));
    for (guint i = 0; i < edges->len; i++) {
        PlanEdge *edge = &g_array_index(edges, PlanEdge, i);
        edge->id = g_array_index(ids, int64_t, i);
        edge->is_known = false;
        SensingEdge row = edge_row(edge, texts);
        add_edge_args(args, &row, edge);
        g_array_append_val(rows, row);
    }
    int64_t changed = 0;
    if (!exec_rows(db,
                   SQL("INSERT INTO edge (id, kind, is_on, value, device_id, point_id, "
                       "building_id, unit_id, region, district, place, what, time_us, "
                       "received_us, frame_key, part) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
                       "$10, $11, $12, $13, $14, $15, $16) "
                       "ON CONFLICT (device_id, frame_key, part) DO NOTHING"),
                   16,
                   args,
                   &changed,
                   error) ||
        (changed != edges->len && !find_known(db, edges, error))) {
        return false;
    }
    g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(SensingEdge));
    for (guint i = 0; i < edges->len; i++) {
        const PlanEdge *edge = &g_array_index(edges, PlanEdge, i);
        if (!edge->is_known && edge->device->standing == DEVICE_ACTIVE) {
            g_array_append_val(told, g_array_index(rows, SensingEdge, i));
        }
    }
    return run_hooks(db, told, error);
}

/* --- journal and commands ----------------------------------------------------------------------
 */

static bool write_journal(Db *db, IngestPlan *plan, const IngestLane *lane, GError **error) {
    if (plan->samples->len == 0) {
        return true;
    }
    JournalWriter writer;
    journal_begin(&writer, plan->body, plan->received_us);
    for (guint i = 0; i < plan->samples->len; i++) {
        PlanSample *sample = &g_array_index(plan->samples, PlanSample, i);
        sample->record.device_id = sample->device->id;
        sample->record.point_id = sample->point == NULL ? 0 : sample->point->id;
        sample->record.raw = ingest_sample_raw(plan, sample);
        journal_add(&writer, &sample->record);
    }
    journal_end(&writer);
    return db_later(db,
                    SQL("INSERT INTO journal (lane, seq, records, received_us, body) "
                        "VALUES ($1, $2, $3, $4, $5)"),
                    DB_ARGS(db_text(lane->name),
                            db_int(lane->seq + 1),
                            db_int(writer.count),
                            db_int(plan->received_us),
                            db_blob(plan->body->data, plan->body->len)),
                    1,
                    error);
}

static bool write_commands(Db *db, const IngestPlan *plan, int64_t now_us, GError **error) {
    for (guint i = 0; i < plan->commands->len; i++) {
        const PlanCommand *command = &g_array_index(plan->commands, PlanCommand, i);
        if (!db_exec(db,
                     SQL("UPDATE device_command SET state = $2, failure = $3, changed_us = $4 "
                         "WHERE id = $1 AND state IN ('queued', 'sent')"),
                     DB_ARGS(db_int(command->command_id),
                             db_text(command->state),
                             db_text(command->failure),
                             db_int(now_us)),
                     NULL,
                     error)) {
            return false;
        }
    }
    for (guint i = 0; i < plan->duty_answers->len; i++) {
        const IngestDevice *device = plan->duty_answers->pdata[i];
        if (!db_exec(db,
                     SQL("UPDATE device_command SET state = 'answered', changed_us = $2 "
                         "WHERE device_id = $1 AND kind = 'duty' AND state IN ('sent', "
                         "'confirmed') AND created_us + (minutes + 1) * 60000000 >= $2"),
                     DB_ARGS(db_int(device->id), db_int(now_us)),
                     NULL,
                     error)) {
            return false;
        }
    }
    return true;
}

static void settle(IngestPlan *plan) {
    for (guint i = 0; i < plan->devices->len; i++) {
        IngestDevice *device = plan->devices->pdata[i];
        device->stored_seen_us = device->seen_us;
    }
    for (guint i = 0; i < plan->new_points->len; i++) {
        g_clear_pointer(&((IngestPoint *)plan->new_points->pdata[i])->text, g_free);
    }
}

void ingest_plan_settled(IngestPlan *plan, IngestLane *lane) {
    settle(plan);
    lane->seq++;
}

bool ingest_write(
    Db *db, IngestPlan *plan, IngestLane *lane, int64_t now_us, bool *ret_unknown, GError **error) {
    *ret_unknown = false;
    g_auto(DbTx) tx = {0};
    if (!db_begin(db, &tx, error) || !raise_lane(db, lane, now_us, error) ||
        !write_new_devices(db, plan, now_us, error) || !write_new_points(db, plan, now_us, error) ||
        !write_states(db, plan, error) || !write_sides(db, plan, error) ||
        !write_journal(db, plan, lane, error) || !write_commands(db, plan, now_us, error) ||
        !write_edges(db, plan, error)) {
        return false;
    }
    if (!db_commit(&tx, error)) {
        *ret_unknown = true;
        return false;
    }
    ingest_plan_settled(plan, lane);
    return true;
}

bool ingest_write_refused(Db *db,
                          const char *protocol,
                          const char *code,
                          const char *reason,
                          int64_t received_us,
                          const void *bytes,
                          size_t size,
                          GError **error) {
    return db_exec(db,
                   SQL("INSERT INTO ingest_refused (protocol, code, reason, received_us, body) "
                       "VALUES ($1, $2, $3, $4, $5)"),
                   DB_ARGS(db_text(protocol),
                           db_text(code),
                           db_text(reason),
                           db_int(received_us),
                           db_blob(bytes, size)),
                   NULL,
                   error) &&
           db_exec(db,
                   SQL("DELETE FROM ingest_refused WHERE id <= "
                       "(SELECT max(id) FROM ingest_refused) - $1"),
                   DB_ARGS(db_int(LIMIT_REFUSED_KEPT)),
                   NULL,
                   error);
}
