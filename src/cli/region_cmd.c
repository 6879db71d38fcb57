/* huozheng region move FROM: objects of a region that has ended go to the one that took over. */
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "ledger/ledger.h"
#include "registry/building.h"
#include "registry/region.h"
#include "registry/region_move.h"
#include "registry/unit.h"
#include "sensing/device.h"

#include <stdio.h>
#include <string.h>

#define AT_ONCE 200 /* objects of each kind in one transaction */

typedef struct RegionOptions {
    char *db, *to;
    gboolean json;
    char **rest; /* "move", the code */
} RegionOptions;

static void region_options_clear(RegionOptions *options) {
    g_free(options->db);
    g_free(options->to);
    g_strfreev(options->rest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(RegionOptions, region_options_clear)

static const char SUMMARY[] =
    "move CODE   buildings, units and their devices of a district (or a part of one) that has "
    "ended\n"
    "            go to its successor; --to names another region for a part that went elsewhere";

static bool parse(RegionOptions *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options->db, "sqlite:PATH or postgresql://…", "URL"},
        {"to", 0, 0, G_OPTION_ARG_STRING, &options->to, "region (the successor)", "CODE"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "one JSON document", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->rest, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context = g_option_context_new("move CODE - regions that have ended");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return false;
    }
    bool is_good = options->rest != NULL && g_strv_length(options->rest) == 2 &&
                   strcmp(options->rest[0], "move") == 0;
    return is_good || hz_fail(error, HZ_ERROR_INVALID, "say move and the code of the region");
}

/* --- from where to where ------------------------------------------------------------------------
 */

typedef struct Move {
    char from[REGION_CODE_MAX + 1], to[REGION_CODE_MAX + 1];
    int64_t now_us;
    RegionMoved all, some;
    int64_t devices;
} Move;

/* A region that still exists is left alone: its objects are moved one by one, by hand. */
static bool find_ends(Db *db, const RegionOptions *options, Move *move, GError **error) {
    g_auto(Region) from = {0};
    g_auto(Region) to = {0};
    g_autofree char *today = clock_format_date(move->now_us);
    if (!region_code_parse(options->rest[1], move->from) || strlen(move->from) < 6) {
        return hz_fail(error, HZ_ERROR_INVALID, "a region has 6 to 12 digits");
    }
    const char *wanted = options->to != NULL ? options->to : region_successor(move->from);
    if (wanted == NULL || !region_code_parse(wanted, move->to) || strlen(move->to) < 6) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "law/national/region-changes.yaml names no successor of %s: give --to",
                       move->from);
    }
    if (!region_find_nearest(db, move->from, &from, error) ||
        !region_find(db, move->to, &to, error)) {
        return false;
    }
    if (region_is_valid_on(&from, today)) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "region %s has not ended", move->from);
    }
    return region_is_valid_on(&to, today) ||
           hz_fail(error, HZ_ERROR_CONFLICT, "region %s has ended, too", move->to);
}

/* --- moving -------------------------------------------------------------------------------------
 */

static bool move_some(Db *db, void *data, GError **error) {
    Move *move = data;
    const WriteOptions options = {.actor = "cli", .action = "change", .now_us = move->now_us};
    return region_move_some(db, move->from, move->to, AT_ONCE, &options, &move->some, error);
}

static bool move_objects(Db *db, Move *move, GError **error) {
    do {
        if (!db_run_tx(db, move_some, move, error)) {
            return false;
        }
        move->all.buildings += move->some.buildings;
        move->all.units += move->some.units;
    } while (move->some.buildings + move->some.units > 0);
    return true;
}

/* A device stands where its building or unit stands, in a street of it, too. */
static bool follow(Db *db, const Device *device, Move *move, GError **error) {
    g_auto(Building) building = {0};
    g_auto(Unit) unit = {0};
    DevicePlace place = {.building_id = device->building_id,
                         .unit_id = device->unit_id,
                         .building_name = device->building_name,
                         .unit_name = device->unit_name,
                         .place = device->place};
    if (device->building_id != 0) {
        if (!building_find(db, device->building_id, &building, error)) {
            return false;
        }
        place.region = building.region;
    } else {
        if (!unit_find(db, device->unit_id, &unit, error)) {
            return false;
        }
        place.region = unit.region;
    }
    const DeviceActor by = {.actor = "cli", .now_us = move->now_us};
    move->devices++;
    return device_bind(db, device->id, device->version, &place, &by, error);
}

static bool move_devices(Db *db, Move *move, GError **error) {
    DeviceQuery query = {.state = -1, .online = -1, .trouble = TROUBLE_ANY};
    g_strlcpy(query.region, move->from, sizeof query.region);
    do {
        g_auto(DevicePage) page = {0};
        if (!device_list(db, &query, AT_ONCE, &page, error)) {
            return false;
        }
        for (guint i = 0; i < page.rows->len; i++) {
            if (!follow(db, &g_array_index(page.rows, Device, i), move, error)) {
                return false;
            }
        }
        query.after_id = page.next_id;
    } while (query.after_id != 0);
    return true;
}

static bool leave_entry(Db *db, void *data, GError **error) {
    const Move *move = data;
    g_autoptr(json_t) payload = json_object();
    g_autofree char *object = g_strdup_printf("region:%s", move->from);
    json_put_text(payload, "from", move->from);
    json_put_text(payload, "to", move->to);
    json_put_int(payload, "buildings", move->all.buildings);
    json_put_int(payload, "units", move->all.units);
    json_put_int(payload, "devices", move->devices);
    LedgerEntry entry = {.time_us = move->now_us,
                         .type = "region.move",
                         .actor = "cli",
                         .object = object,
                         .payload = payload};
    return ledger_append(db, &entry, NULL, error);
}

static bool run_move(Db *db, const RegionOptions *options, Move *move, GError **error) {
    if (!find_ends(db, options, move, error) || !move_objects(db, move, error) ||
        !move_devices(db, move, error)) {
        return false;
    }
    return move->all.buildings + move->all.units + move->devices == 0 ||
           db_run_tx(db, leave_entry, move, error);
}

static void print_move(const RegionOptions *options, const Move *move) {
    if (!options->json) {
        printf("%s -> %s: %" G_GINT64_FORMAT " buildings, %" G_GINT64_FORMAT
               " units, %" G_GINT64_FORMAT " devices\n",
               move->from,
               move->to,
               move->all.buildings,
               move->all.units,
               move->devices);
        return;
    }
    g_autoptr(json_t) document = json_object();
    json_put_text(document, "from", move->from);
    json_put_text(document, "to", move->to);
    json_put_int(document, "buildings", move->all.buildings);
    json_put_int(document, "units", move->all.units);
    json_put_int(document, "devices", move->devices);
    g_autofree char *text = json_write(document);
    puts(text);
}

static int region_run(int argc, char **argv) {
    g_auto(RegionOptions) options = {0};
    g_autoptr(GError) error = NULL;
    Move move = {.now_us = clock_now_us()};
    if (!parse(&options, argc, argv, &error)) {
        fprintf(stderr, "huozheng region: %s\n", error->message);
        return 2;
    }
    g_autoptr(Db) db = db_open(commands_db_url(options.db), DB_READ_WRITE, &error);
    if (db == NULL || !modules_migrate(db, &error) || !run_move(db, &options, &move, &error)) {
        fprintf(stderr, "huozheng region: %s\n", error->message);
        bool is_question = g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID) ||
                           g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND) ||
                           g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return is_question ? 1 : 3;
    }
    print_move(&options, &move);
    return 0;
}

const Command region_command = {
    .name = "region",
    .summary = "move what stands in a district that has ended to its successor",
    .run = region_run,
};
