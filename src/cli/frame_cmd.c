/* huozheng frame decode HEX…|- | encode [JSON…|-] | profiles */
#include "base/clock.h"
#include "base/digest.h"
#include "base/error.h"
#include "base/limits.h"
#include "cli/commands.h"
#include "frame/gb26875_json.h"
#include "frame/gb26875_words.h"

#include <stdio.h>
#include <string.h>

typedef struct FrameOptions {
    char *profile_name;
    gboolean json;
    char **rest; /* action and its arguments */
    const Gb26875Profile *profile;
} FrameOptions;

static void options_clear(FrameOptions *options) {
    g_free(options->profile_name);
    g_strfreev(options->rest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(FrameOptions, options_clear)

static int usage(const char *what) {
    fprintf(stderr, "huozheng: %s; see huozheng frame --help\n", what);
    return 2;
}

/* One line without its end; NULL at the end of the input or behind a line over the limit, which
 * sets `ret_too_long`. */
static char *read_line(FILE *in, bool *ret_too_long) {
    g_autoptr(GString) line = g_string_new(NULL);
    int byte;
    while ((byte = getc(in)) != EOF && byte != '\n') {
        if (line->len == LIMIT_FRAME_LINE) {
            *ret_too_long = true;
            return NULL;
        }
        g_string_append_c(line, (char)byte);
    }
    return byte == EOF && line->len == 0 ? NULL : g_string_free(g_steal_pointer(&line), FALSE);
}

/* Calls `one` for every argument, or for every line of the input where it is "-". The largest exit
 * code counts. */
static int each(const FrameOptions *options, int (*one)(const FrameOptions *, const char *)) {
    int code = 0;
    for (char **argument = options->rest + 1; *argument != NULL; argument++) {
        if (strcmp(*argument, "-") != 0) {
            int one_code = one(options, *argument);
            code = MAX(code, one_code);
            continue;
        }
        bool is_too_long = false;
        char *line;
        while ((line = read_line(stdin, &is_too_long)) != NULL) {
            g_autofree char *owned = g_strstrip(line);
            int one_code = *owned != '\0' ? one(options, owned) : 0;
            code = MAX(code, one_code);
        }
        if (is_too_long) {
            fprintf(stderr, "huozheng: a line is longer than %d bytes\n", LIMIT_FRAME_LINE);
            return 2;
        }
    }
    return code;
}

/* --- decode ---------------------------------------------------------------------------------- */

static void print_object(const json_t *object) {
    printf("  ");
    if (json_object_get(object, "system_zh") != NULL) {
        printf("%s %d 号 ",
               json_get_text(object, "system_zh", ""),
               (int)json_get_int(object, "system_address", 0));
    }
    if (json_object_get(object, "component_zh") != NULL) {
        printf("%s ", json_get_text(object, "component_zh", ""));
    }
    if (json_object_get(object, "address") != NULL) {
        printf("地址 %u ", (unsigned)json_get_int(object, "address", 0));
    }
    static const char *const lists[] = {"states_zh", "flags_zh"};
    for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
        const json_t *list = json_object_get(object, lists[i]);
        for (size_t at = 0; at < json_array_size(list); at++) {
            printf("%s%s", at > 0 ? "、" : "", json_string_value(json_array_get(list, at)));
        }
        printf("%s", json_array_size(list) > 0 ? " " : "");
    }
    if (json_object_get(object, "value") != NULL) {
        printf("%s %s %s ",
               json_get_text(object, "analog_zh", "模拟量"),
               json_get_text(object, "value", ""),
               json_get_text(object, "unit", ""));
    }
    static const char *const texts[] = {"text", "software_version", "time"};
    for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
        const char *text = json_get_text(object, texts[i], "");
        printf("%s%s", text, *text != '\0' ? " " : "");
    }
    printf("[%s]\n", json_get_text(object, "raw", ""));
}

static void print_frame(const json_t *json) {
    bool is_valid = json_get_bool(json, "valid", false);
    printf("%s", is_valid ? "正确" : "不接受");
    if (!is_valid) {
        printf("（%s）", json_get_text(json, "reason_zh", ""));
    }
    if (json_is_integer(json_object_get(json, "seq"))) {
        printf(" 流水号 %d 版本 %s %s 源 %" G_GINT64_FORMAT " 目的 %" G_GINT64_FORMAT " %s %s",
               (int)json_get_int(json, "seq", 0),
               json_get_text(json, "version", ""),
               json_get_text(json, "time", "时间无效"),
               json_get_int(json, "src", 0),
               json_get_int(json, "dst", 0),
               json_get_text(json, "cmd_zh", ""),
               json_get_text(json, "type_zh", ""));
    } else {
        printf(" %s", json_get_text(json, "raw", ""));
    }
    const json_t *fits = json_object_get(json, "fits");
    for (size_t i = 0; i < json_array_size(fits); i++) {
        printf("%s%s", i == 0 ? " 可用配置：" : "、", json_string_value(json_array_get(fits, i)));
    }
    printf("\n");
    const json_t *objects = json_object_get(json, "objects");
    for (size_t i = 0; i < json_array_size(objects); i++) {
        print_object(json_array_get(objects, i));
    }
}

static void print_found(const FrameOptions *options,
                        Gb26875Found found,
                        const Gb26875Frame *frame,
                        size_t offset) {
    g_autoptr(json_t) json = gb26875_json(options->profile, found, frame);
    json_put_int(json, "offset", (int64_t)offset);
    if (options->json) {
        g_autofree char *text = json_write(json);
        puts(text);
    } else {
        print_frame(json);
    }
}

static int decode(const FrameOptions *options, const char *hex) {
    g_auto(GStrv) words = g_strsplit_set(hex, " \t\r:", -1);
    g_autofree char *joined = g_strjoinv("", words);
    size_t size = strlen(joined) / 2;
    g_autofree uint8_t *bytes = g_malloc(size + 1);
    if (!hex_parse(joined, bytes, size)) {
        return usage("frame decode takes pairs of hex digits");
    }
    FrameSlice rest = {bytes, size};
    Gb26875Found found;
    Gb26875Frame frame;
    int code = 0;
    while ((found = gb26875_scan(options->profile, rest, true, &frame)) != GB26875_MORE) {
        print_found(options, found, &frame, (size_t)(rest.bytes - bytes));
        code = found == GB26875_FRAME ? code : 1;
        rest.bytes += frame.raw.size;
        rest.size -= frame.raw.size;
    }
    return code;
}

/* --- encode ---------------------------------------------------------------------------------- */

static int encode(const FrameOptions *options, const char *text) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) json = json_read(text, strlen(text), &error);
    uint8_t buffer[GB26875_FRAME_MAX];
    size_t size = 0;
    if (json != NULL) {
        size = gb26875_from_json(options->profile, json, clock_now_us(), buffer, &error);
    }
    if (size == 0) {
        fprintf(stderr, "huozheng: %s\n", error->message);
        return 1;
    }
    g_autofree char *hex = hex_format(buffer, size);
    puts(hex);
    return 0;
}

/* --- profiles -------------------------------------------------------------------------------- */

static int list_profiles(const FrameOptions *options) {
    for (const Gb26875Profile *const *at = gb26875_profiles(); *at != NULL; at++) {
        if (options->json) {
            g_autoptr(json_t) json = json_object();
            json_put_text(json, "name", (*at)->name);
            json_put_text(json, "zh", (*at)->name_zh);
            json_put_text(json, "source", (*at)->source);
            json_put_text(json, "confidence", (*at)->confidence);
            json_put_int(json, "revision", (*at)->revision);
            g_autofree char *text = json_write(json);
            puts(text);
        } else {
            printf("%-14s %s（%s）\n", (*at)->name, (*at)->name_zh, (*at)->source);
        }
    }
    return 0;
}

/* --- the command ----------------------------------------------------------------------------- */

#define SUMMARY                                                                                    \
    "decode: each HEX is a stream of bytes; one line for each frame or piece that is none.\n"      \
    "  \"-\" reads hex lines from the standard input.\n"                                           \
    "encode: a JSON object as decode --json prints it becomes a line of hex. Left out: 0, "        \
    "version "                                                                                     \
    "1.0, time now.\n"                                                                             \
    "profiles: the dialects that --profile takes."

static int run_action(FrameOptions *options) {
    const char *action = options->rest != NULL ? options->rest[0] : "";
    options->profile = gb26875_profile(options->profile_name);
    if (options->profile == NULL) {
        return usage("--profile names none; `huozheng frame profiles` lists them");
    }
    if (strcmp(action, "profiles") == 0) {
        return options->rest[1] == NULL ? list_profiles(options)
                                        : usage("frame profiles takes no argument");
    }
    bool is_decode = strcmp(action, "decode") == 0;
    if ((!is_decode && strcmp(action, "encode") != 0) || options->rest[1] == NULL) {
        return usage("frame needs decode HEX…|-, encode JSON…|- or profiles");
    }
    return each(options, is_decode ? decode : encode);
}

static int run(int argc, char **argv) {
    g_auto(FrameOptions) options = {0};
    const GOptionEntry entries[] = {
        {"profile",
         0,
         0,
         G_OPTION_ARG_STRING,
         &options.profile_name,
         "Dialect of the device (standard)",
         "NAME"},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options.json, "One JSON object a line", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options.rest, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("decode HEX…|- | encode JSON…|- | profiles - frames of GB/T 26875.3");
    g_option_context_set_summary(context, SUMMARY);
    g_option_context_add_main_entries(context, entries, NULL);
    g_autoptr(GError) error = NULL;
    if (!g_option_context_parse(context, &argc, &argv, &error)) {
        fprintf(stderr, "huozheng: %s; see huozheng frame --help\n", error->message);
        return 2;
    }
    return run_action(&options);
}

const Command frame_command = {
    .name = "frame", .summary = "decode and encode frames of fire devices", .run = run};
