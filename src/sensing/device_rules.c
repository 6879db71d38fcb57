/* Words of devices and points, and what a form may tell. Pure. */
#include "registry/region.h"
#include "sensing/device.h"
#include "sensing/sensing_names.h"

#include <string.h>

#define NAME_LETTERS 100                    /* characters of a name, as for buildings */
#define CODE_MAX 64                         /* of a code: MQTT ids stay under it */
#define ADDRESS_MAX INT64_C(0xffffffffffff) /* six bytes: GB/T 26875.3 6.6 */

static const struct {
    const char *word, *name_zh;
} states[DEVICE_STATE_COUNT] = {
    [DEVICE_LEARNING] = {"learning", "待登记"},
    [DEVICE_ACTIVE] = {"active", "在用"},
    [DEVICE_RETIRED] = {"retired", "停用"},
};

const char *device_state_word(DeviceState state) {
    g_assert((unsigned)state < DEVICE_STATE_COUNT);
    return states[state].word;
}

const char *device_state_name_zh(DeviceState state) {
    g_assert((unsigned)state < DEVICE_STATE_COUNT);
    return states[state].name_zh;
}

bool device_state_parse(const char *word, DeviceState *ret_state) {
    for (unsigned state = 0; word != NULL && state < DEVICE_STATE_COUNT; state++) {
        if (strcmp(states[state].word, word) == 0) {
            *ret_state = (DeviceState)state;
            return true;
        }
    }
    return false;
}

const char *device_protocol_name_zh(const char *word) {
    return g_strcmp0(word, "gb26875") == 0 ? "GB/T 26875.3"
           : g_strcmp0(word, "mqtt") == 0  ? "MQTT"
           : g_strcmp0(word, "http") == 0  ? "HTTP"
                                           : NULL;
}

char *device_title(const Device *device) {
    const char *protocol = device_protocol_name_zh(device->protocol);
    return device->name[0] != '\0' ? g_strdup(device->name)
                                   : g_strdup_printf("%s 设备 %s",
                                                     protocol == NULL ? device->protocol : protocol,
                                                     device->code);
}

bool device_is_visible(const Device *device, const Principal *who) {
    return device->region[0] == '\0' ? principal_may(who, PERM_SENSING_EDIT)
                                     : region_is_inside(device->region, who->region);
}

void device_clear(Device *device) {
    g_clear_pointer(&device->texts, g_string_chunk_free);
}

void point_clear(Point *point) {
    g_clear_pointer(&point->texts, g_string_chunk_free);
}

void device_page_clear(DevicePage *page) {
    g_clear_pointer(&page->rows, g_array_unref);
    g_clear_pointer(&page->texts, g_string_chunk_free);
}

void point_page_clear(PointPage *page) {
    g_clear_pointer(&page->rows, g_array_unref);
    g_clear_pointer(&page->texts, g_string_chunk_free);
}

/* Most panels put loop and number into the two halves of the address (iot.md 4, line 20). */
char *point_address_text(int64_t address) {
    int64_t loop = address & 0xffff;
    int64_t number = address >> 16;
    return number == 0
               ? g_strdup_printf("%" G_GINT64_FORMAT, loop)
               : g_strdup_printf("%" G_GINT64_FORMAT " 区 %" G_GINT64_FORMAT " 号", loop, number);
}

char *point_title(const Point *point) {
    if (point->name[0] != '\0') {
        return g_strdup(point->name);
    }
    if (point->component_type == COMPONENT_SYSTEM) {
        g_autofree char *system = system_type_text(point->system_type);
        return g_strdup_printf("%s（整个系统）", system);
    }
    g_autofree char *component = component_type_text(point->component_type);
    g_autofree char *address = point_address_text(point->address);
    return g_strdup_printf("%s %s", component, address);
}

char *point_place(const Point *point) {
    return g_strdup_printf("%s%s%s",
                           point->floor,
                           point->floor[0] != '\0' && point->room[0] != '\0' ? " " : "",
                           point->room);
}

/* --- forms --------------------------------------------------------------------------------------
 */

static void check_length(
    const char *value, glong most, const char *field, const char *name, FormProblems *problems) {
    if (g_utf8_strlen(value, -1) > most) {
        form_problem_add(problems, field, "%s最多 %ld 个字", name, most);
    }
}

static void check_code(const DeviceInput *input, FormProblems *problems) {
    if (input->code[0] == '\0') {
        form_problem_add(problems, "code", "写设备地址或编号");
        return;
    }
    if (strcmp(input->protocol, "gb26875") == 0) {
        guint64 address = 0;
        if (!g_ascii_string_to_unsigned(input->code, 10, 0, ADDRESS_MAX, &address, NULL)) {
            form_problem_add(
                problems, "code", "写成十进制数，从 0 到 281474976710655，例如 7340033");
        }
        return;
    }
    size_t size = strlen(input->code);
    if (size > CODE_MAX ||
        strspn(input->code, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:") !=
            size) {
        form_problem_add(
            problems, "code", "只用字母、数字和 - _ . :，最多 %d 个，例如 hydrant-0012", CODE_MAX);
    }
}

void device_input_check(const DeviceInput *input, FormProblems *problems) {
    size_t size = strlen(input->profile);
    if (device_protocol_name_zh(input->protocol) == NULL) {
        form_problem_add(problems, "protocol", "选一种协议");
    } else {
        check_code(input, problems);
    }
    if (size == 0 || size > 32 ||
        strspn(input->profile, "abcdefghijklmnopqrstuvwxyz0123456789-") != size) {
        form_problem_add(problems, "profile", "选一种报文方言，不知道就选标准");
    }
    check_length(input->name, NAME_LETTERS, "name", "名称", problems);
    check_length(input->service_body, NAME_LETTERS, "service_body", "维保单位", problems);
    check_length(input->service_contact, NAME_LETTERS, "service_contact", "联系方式", problems);
}

void point_input_check(const PointInput *input, FormProblems *problems) {
    check_length(input->name, NAME_LETTERS, "name", "名称", problems);
    check_length(input->floor, 20, "floor", "楼层", problems);
    check_length(input->room, 40, "room", "房间", problems);
}

/* --- the question of a list ---------------------------------------------------------------------
 */

void device_query_clear(DeviceQuery *query) {
    g_clear_pointer(&query->text, g_free);
}

static const char *const troubles[] = {"", "fire", "fault", "shield"};

static const char *read_words(DeviceQueryGet get, const void *from, DeviceQuery *query) {
    const char *state = get(from, "state");
    const char *online = get(from, "online");
    const char *trouble = get(from, "trouble");
    DeviceState found;
    if (state != NULL && state[0] != '\0') {
        if (!device_state_parse(state, &found)) {
            return "没有这个状态";
        }
        query->state = (int)found;
    }
    if (online != NULL && online[0] != '\0') {
        query->online = strcmp(online, "1") == 0 ? 1 : 0;
    }
    for (unsigned i = 1; trouble != NULL && i < G_N_ELEMENTS(troubles); i++) {
        if (strcmp(trouble, troubles[i]) == 0) {
            query->trouble = (DeviceTrouble)i;
        }
    }
    return NULL;
}

static bool read_number(DeviceQueryGet get, const void *from, const char *word, int64_t *ret) {
    const char *text = get(from, word);
    return text == NULL || text[0] == '\0' ||
           g_ascii_string_to_signed(text, 10, 1, INT64_MAX, ret, NULL);
}

bool device_query_parse(DeviceQueryGet get,
                        const void *from,
                        const char *scope_region,
                        bool sees_unbound,
                        DeviceQuery *ret_query,
                        const char **ret_problem,
                        bool *ret_denied) {
    const char *region = get(from, "region");
    const char *text = get(from, "q");
    char scope[REGION_CODE_MAX + 1] = "";
    *ret_query = (DeviceQuery){.state = -1, .online = -1, .sees_unbound = sees_unbound};
    *ret_problem = NULL;
    *ret_denied = false;
    region_code_parse(scope_region == NULL ? "" : scope_region, scope);
    g_strlcpy(ret_query->region, scope, sizeof ret_query->region);
    if (region != NULL && region[0] != '\0') {
        char code[REGION_CODE_MAX + 1];
        if (!region_code_parse(region, code) || !region_is_inside(code, scope)) {
            *ret_denied = true;
            *ret_problem = "不在您的辖区";
            return false;
        }
        g_strlcpy(ret_query->region, code, sizeof ret_query->region);
    }
    ret_query->is_own_region = strcmp(ret_query->region, scope) == 0;
    if (text != NULL && text[0] != '\0') {
        ret_query->text = g_strstrip(g_utf8_substring(text, 0, MIN(g_utf8_strlen(text, -1), 50)));
        if (g_utf8_strlen(ret_query->text, -1) < 2) {
            *ret_problem = "搜索至少写两个字";
        }
    }
    if (*ret_problem == NULL) {
        *ret_problem = read_words(get, from, ret_query);
    }
    if (!read_number(get, from, "building", &ret_query->building_id) ||
        !read_number(get, from, "after", &ret_query->after_id)) {
        *ret_problem = "这个网址不完整，请从列表重新进入";
    }
    return *ret_problem == NULL;
}

static void add_word(GString *out, const char *name, const char *value, const char *without) {
    if (value != NULL && value[0] != '\0' && g_strcmp0(name, without) != 0) {
        g_autofree char *escaped = g_uri_escape_string(value, NULL, false);
        g_string_append_printf(out, out->len == 0 ? "%s=%s" : "&%s=%s", name, escaped);
    }
}

char *device_query_string(const DeviceQuery *query, const char *without) {
    GString *out = g_string_new(NULL);
    g_autofree char *building =
        query->building_id == 0 ? NULL : g_strdup_printf("%" G_GINT64_FORMAT, query->building_id);
    add_word(out, "q", query->text, without);
    add_word(out, "region", query->is_own_region ? NULL : query->region, without);
    add_word(out,
             "state",
             query->state < 0 ? NULL : device_state_word((DeviceState)query->state),
             without);
    add_word(out, "online", query->online < 0 ? NULL : query->online == 1 ? "1" : "0", without);
    add_word(out, "trouble", troubles[query->trouble], without);
    add_word(out, "building", building, without);
    return g_string_free(out, FALSE);
}
