/* Commands to devices: queued by pages, taken by ingest for the gateway. */
#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "sensing/ingest_internal.h"

/* What nobody could send for so long is not asked any more: a question to the officer on duty of
 * last night must not ring in the morning. */
#define COMMAND_LIFE_US (600 * CLOCK_SECOND_US)

static const char *const words[SENSING_COMMAND_KIND_COUNT] = {
    [SENSING_DUTY_CHECK] = "duty",
    [SENSING_CLOCK_SYNC] = "clock",
    [SENSING_READ_DEVICE] = "read-device",
    [SENSING_READ_SYSTEM] = "read-system",
    [SENSING_READ_POINT] = "read-point",
    [SENSING_READ_VALUE] = "read-value",
};

const char *sensing_command_word(SensingCommandKind kind) {
    g_assert((unsigned)kind < SENSING_COMMAND_KIND_COUNT);
    return words[kind];
}

static bool needs_point(SensingCommandKind kind) {
    return kind == SENSING_READ_SYSTEM || kind == SENSING_READ_POINT || kind == SENSING_READ_VALUE;
}

static bool check_target(Db *db, const SensingCommand *command, GError **error) {
    int64_t found = 0;
    if (!db_query_int(db,
                      SQL("SELECT count(*) FROM device WHERE id = $1 AND protocol = 'gb26875' AND "
                          "state = 'active'"),
                      DB_ARGS(db_int(command->device_id)),
                      &found,
                      error)) {
        return false;
    }
    if (found == 0) {
        return hz_fail(error, HZ_ERROR_NOT_FOUND, "no such device that takes commands");
    }
    if (!needs_point(command->kind)) {
        return true;
    }
    if (!db_query_int(db,
                      SQL("SELECT count(*) FROM point WHERE id = $1 AND device_id = $2"),
                      DB_ARGS(db_int(command->point_id), db_int(command->device_id)),
                      &found,
                      error)) {
        return false;
    }
    return found == 1 || hz_fail(error, HZ_ERROR_NOT_FOUND, "no such point of the device");
}

static bool
log_command(Db *db, const SensingCommand *command, int64_t id, int64_t now_us, GError **error) {
    g_autofree char *actor = command->account_id == 0 ? g_strdup("system")
                                                      : g_strdup_printf("account:%" G_GINT64_FORMAT,
                                                                        command->account_id);
    g_autofree char *object = g_strdup_printf("device:%" G_GINT64_FORMAT, command->device_id);
    g_autoptr(json_t) payload = json_object();
    json_put_int(payload, "command", id);
    json_put_text(payload, "kind", sensing_command_word(command->kind));
    json_put_int(payload, "minutes", command->minutes);
    json_put_int(payload, "point", command->point_id);
    const LedgerEntry entry = {
        .time_us = now_us,
        .type = "device.command",
        .actor = actor,
        .object = object,
        .payload = payload,
    };
    return ledger_append(db, &entry, NULL, error);
}

bool sensing_command_add(
    Db *db, const SensingCommand *command, int64_t now_us, int64_t *ret_id, GError **error) {
    bool is_duty = command->kind == SENSING_DUTY_CHECK;
    if (is_duty && (command->minutes < 1 || command->minutes > UINT8_MAX)) {
        return hz_fail(error, HZ_ERROR_INVALID, "minutes to answer must be 1 to 255");
    }
    int64_t id = 0;
    if (!check_target(db, command, error) ||
        !db_query_int(db,
                      SQL("INSERT INTO device_command (device_id, kind, minutes, point_id, "
                          "account_id, state, failure, created_us, changed_us) "
                          "VALUES ($1, $2, $3, $4, $5, 'queued', '', $6, $6) RETURNING id"),
                      DB_ARGS(db_int(command->device_id),
                              db_text(sensing_command_word(command->kind)),
                              db_int(is_duty ? command->minutes : 0),
                              db_int(needs_point(command->kind) ? command->point_id : 0),
                              db_int(command->account_id),
                              db_int(now_us)),
                      &id,
                      error) ||
        !log_command(db, command, id, now_us, error)) {
        return false;
    }
    *ret_id = id;
    return true;
}

/* --- ingest's side -----------------------------------------------------------------------------
 */

void command_out_free(CommandOut *command) {
    g_free(command->code);
    g_free(command);
}

static SensingCommandKind kind_of(const char *word) {
    for (unsigned kind = 0; kind < SENSING_COMMAND_KIND_COUNT; kind++) {
        if (g_strcmp0(words[kind], word) == 0) {
            return (SensingCommandKind)kind;
        }
    }
    return SENSING_COMMAND_KIND_COUNT;
}

static void free_command(gpointer command) {
    command_out_free(command);
}

GPtrArray *ingest_commands_queued(Db *db, unsigned limit, GError **error) {
    g_autoptr(DbRows) rows = db_query(
        db,
        SQL("SELECT c.id, c.device_id, c.kind, c.minutes, d.code, coalesce(p.system_type, 0), "
            "coalesce(p.system_address, 0), coalesce(p.address, 0) FROM device_command c "
            "JOIN device d ON d.id = c.device_id LEFT JOIN point p ON p.id = c.point_id "
            "WHERE c.state = 'queued' ORDER BY c.id LIMIT $1"),
        DB_ARGS(db_int(limit)),
        error);
    if (rows == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) commands = g_ptr_array_new_with_free_func(free_command);
    while (db_rows_next(rows)) {
        CommandOut *command = g_new0(CommandOut, 1);
        command->id = db_rows_int(rows, 0);
        command->device_id = db_rows_int(rows, 1);
        command->kind = kind_of(db_rows_text(rows, 2));
        command->minutes = db_rows_int(rows, 3);
        command->code = g_strdup(db_rows_text(rows, 4));
        command->system_type = (uint8_t)db_rows_int(rows, 5);
        command->system_address = (uint8_t)db_rows_int(rows, 6);
        command->address = (uint32_t)db_rows_int(rows, 7);
        g_ptr_array_add(commands, command);
    }
    return db_rows_done(rows, error) ? g_steal_pointer(&commands) : NULL;
}

bool ingest_commands_mark_sent(Db *db, const GPtrArray *commands, int64_t now_us, GError **error) {
    g_auto(DbTx) tx = {0};
    if (!db_begin(db, &tx, error)) {
        return false;
    }
    for (guint i = 0; i < commands->len; i++) {
        const CommandOut *command = commands->pdata[i];
        if (!db_exec(db,
                     SQL("UPDATE device_command SET state = 'sent', changed_us = $2 "
                         "WHERE id = $1 AND state = 'queued'"),
                     DB_ARGS(db_int(command->id), db_int(now_us)),
                     NULL,
                     error)) {
            return false;
        }
    }
    return db_commit(&tx, error);
}

bool ingest_commands_requeue(Db *db, int64_t now_us, GError **error) {
    return db_exec(db,
                   SQL("UPDATE device_command SET state = 'failed', failure = 'expired', "
                       "changed_us = $1 WHERE state IN ('queued', 'sent') AND created_us < $2"),
                   DB_ARGS(db_int(now_us), db_int(now_us - COMMAND_LIFE_US)),
                   NULL,
                   error) &&
           db_exec(db,
                   SQL("UPDATE device_command SET state = 'queued', changed_us = $1 "
                       "WHERE state = 'sent'"),
                   DB_ARGS(db_int(now_us)),
                   NULL,
                   error);
}
