#include "cli/serve_mqtt.h"

#include "base/error.h"

#include <string.h>

#define CREDENTIALS_MAX 4096

GOptionGroup *serve_mqtt_options(ServeMqtt *serve) {
    const GOptionEntry entries[] = {
        {"mqtt",
         0,
         0,
         G_OPTION_ARG_STRING,
         &serve->url,
         "hear sensors behind this broker",
         "mqtt[s]://HOST[:PORT]"},
        {"mqtt-credentials",
         0,
         0,
         G_OPTION_ARG_FILENAME,
         &serve->credentials,
         "first line user, second line password (HUOZHENG_MQTT_USER, HUOZHENG_MQTT_PASSWORD)",
         "FILE"},
        {"mqtt-ca",
         0,
         0,
         G_OPTION_ARG_FILENAME,
         &serve->ca_file,
         "who signs the broker's certificate (those of the system)",
         "FILE"},
        {"mqtt-client",
         0,
         0,
         G_OPTION_ARG_STRING,
         &serve->client_id,
         "our name at the broker; each server needs its own (huozheng)",
         "NAME"},
        G_OPTION_ENTRY_NULL,
    };
    GOptionGroup *group =
        g_option_group_new("mqtt", "MQTT:", "Options of the MQTT connection", NULL, NULL);
    g_option_group_add_entries(group, entries);
    return group;
}

bool serve_mqtt_check(const ServeMqtt *serve, GError **error) {
    return serve->url == NULL || mqtt_url_check(serve->url, error);
}

/* Two lines; caller frees with g_strfreev. */
static char **read_credentials(const char *path, GError **error) {
    g_autofree char *text = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &text, &size, error)) {
        return NULL;
    }
    g_auto(GStrv) lines = g_strsplit(text, "\n", 3);
    if (size > CREDENTIALS_MAX || lines[0] == NULL || lines[1] == NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "%s: wants a line with the user and one with the password", path);
        return NULL;
    }
    g_strchomp(lines[0]);
    g_strchomp(lines[1]);
    return g_steal_pointer(&lines);
}

bool serve_mqtt_start(ServeMqtt *serve, Ingest *ingest, GError **error) {
    g_auto(GStrv) lines = NULL;
    if (serve->url == NULL) {
        return true;
    }
    MqttOptions options = {.url = serve->url,
                           .ca_file = serve->ca_file,
                           .client_id = serve->client_id,
                           .user = g_getenv("HUOZHENG_MQTT_USER"),
                           .password = g_getenv("HUOZHENG_MQTT_PASSWORD")};
    if (serve->credentials != NULL) {
        lines = read_credentials(serve->credentials, error);
        if (lines == NULL) {
            return false;
        }
        options.user = lines[0];
        options.password = lines[1];
    }
    serve->mqtt = mqtt_start(&options, ingest, error);
    return serve->mqtt != NULL;
}

void serve_mqtt_stop(ServeMqtt *serve) {
    mqtt_stop(serve->mqtt);
    serve->mqtt = NULL;
}

void serve_mqtt_clear(ServeMqtt *serve) {
    g_free(serve->url);
    g_free(serve->credentials);
    g_free(serve->ca_file);
    g_free(serve->client_id);
}
