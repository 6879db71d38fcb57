/* huozheng device add PROTOCOL CODE | key PROTOCOL CODE */
#include "base/clock.h"
#include "base/error.h"
#include "cli/commands.h"
#include "registry/building.h"
#include "sensing/device.h"
#include "sensing/push.h"

#include <stdio.h>
#include <string.h>

typedef struct DeviceCmdOptions {
    char *db, *name, *profile, *place;
    gint64 building;
    gboolean json;
    char **rest; /* action, protocol, code */
} DeviceCmdOptions;

static void device_cmd_options_clear(DeviceCmdOptions *options) {
    g_free(options->db);
    g_free(options->name);
    g_free(options->profile);
    g_free(options->place);
    g_strfreev(options->rest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DeviceCmdOptions, device_cmd_options_clear)

static const char SUMMARY[] =
    "add PROTOCOL CODE   registers a device (gb26875, mqtt, http); --building makes it active\n"
    "key PROTOCOL CODE   makes a new key for a device that pushes by HTTP; it is shown once, and the\n"
    "                    old key ends at once";

static bool parse(DeviceCmdOptions *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options->db, "sqlite:PATH or postgresql://…", "URL"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &options->name, "what people call it", "TEXT"},
        {"profile", 0, 0, G_OPTION_ARG_STRING, &options->profile, "dialect (standard)", "NAME"},
        {"building", 0, 0, G_OPTION_ARG_INT64, &options->building, "where it stands", "ID"},
        {"place", 0, 0, G_OPTION_ARG_STRING, &options->place, "where in the building", "TEXT"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "one JSON document", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->rest, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("add|key PROTOCOL CODE - devices and their keys");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, error)) {
        return false;
    }
    bool is_good = options->rest != NULL && g_strv_length(options->rest) == 3 &&
                   (strcmp(options->rest[0], "add") == 0 || strcmp(options->rest[0], "key") == 0);
    return is_good || hz_fail(error, HZ_ERROR_INVALID, "say add or key, PROTOCOL and CODE");
}

static const char *or_empty(const char *text) {
    return text != NULL ? text : "";
}

static bool bind(Db *db, int64_t id, const DeviceCmdOptions *options, const DeviceActor *by, GError **error) {
    g_auto(Building) building = {0};
    g_auto(Device) device = {0};
    if (!building_find(db, options->building, &building, error) ||
        !device_find(db, id, &device, error)) {
        return false;
    }
    DevicePlace place = {.building_id = building.id,
                         .region = building.region,
                         .place = or_empty(options->place)};
    return device_bind(db, id, device.version, &place, by, error);
}

static bool add(Db *db, const DeviceCmdOptions *options, const DeviceActor *by, int64_t *ret_id, GError **error) {
    DeviceInput input = {.protocol = options->rest[1],
                         .code = options->rest[2],
                         .profile = options->profile != NULL ? options->profile : "standard",
                         .name = or_empty(options->name),
                         .service_body = "",
                         .service_contact = ""};
    g_autoptr(json_t) problems = form_problems_new();
    device_input_check(&input, problems);
    if (form_has_problems(problems)) {
        g_autofree char *text = json_write(problems);
        return hz_fail(error, HZ_ERROR_INVALID, "%s", text);
    }
    return device_register(db, &input, by, ret_id, error) &&
           (options->building == 0 || bind(db, *ret_id, options, by, error));
}

static bool new_key(Db *db, const DeviceCmdOptions *options, const DeviceActor *by, int64_t *ret_id, char **ret_key, GError **error) {
    if (!push_find_device(db, options->rest[1], options->rest[2], ret_id, error)) {
        return false;
    }
    return *ret_id != 0 ? device_new_key(db, *ret_id, by, ret_key, error)
                        : hz_fail(error,
                                  HZ_ERROR_NOT_FOUND,
                                  "there is no %s device \"%s\"",
                                  options->rest[1],
                                  options->rest[2]);
}

static bool act(Db *db, const DeviceCmdOptions *options, GError **error) {
    const DeviceActor by = {.actor = "cli", .now_us = clock_now_us()};
    bool is_add = strcmp(options->rest[0], "add") == 0;
    g_autofree char *key = NULL;
    int64_t id = 0;
    if (!(is_add ? add(db, options, &by, &id, error)
                 : new_key(db, options, &by, &id, &key, error))) {
        return false;
    }
    if (options->json) {
        g_autoptr(json_t) document = json_object();
        json_put_int(document, "id", id);
        json_put_text(document, "key", key);
        g_autofree char *text = json_write(document);
        puts(text);
    } else if (is_add) {
        printf("device %" G_GINT64_FORMAT "\n", id);
    } else {
        printf("key, shown only now: %s\n", key);
    }
    return true;
}

static int device_run(int argc, char **argv) {
    g_auto(DeviceCmdOptions) options = {0};
    g_autoptr(GError) error = NULL;
    if (!parse(&options, argc, argv, &error)) {
        fprintf(stderr, "huozheng device: %s\n", error->message);
        return 2;
    }
    g_autoptr(Db) db = db_open(commands_db_url(options.db), DB_READ_WRITE, &error);
    if (db == NULL || !modules_migrate(db, &error) || !act(db, &options, &error)) {
        fprintf(stderr, "huozheng device: %s\n", error->message);
        bool is_question = g_error_matches(error, HZ_ERROR, HZ_ERROR_INVALID) ||
                           g_error_matches(error, HZ_ERROR, HZ_ERROR_NOT_FOUND) ||
                           g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT);
        return is_question ? 1 : 3;
    }
    return 0;
}

const Command device_command = {"device", "register devices, make their keys", device_run};
