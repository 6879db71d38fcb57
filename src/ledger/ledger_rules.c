#include "ledger/ledger_rules.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"

#include <string.h>

#define NAME_BYTES_MAX 128

static bool is_type(const char *text) {
    size_t size = text != NULL ? strlen(text) : 0;
    if (size < 2 || size > 64 || !g_ascii_islower(text[0])) {
        return false;
    }
    return strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789.-") == size;
}

/* Visible ASCII only: no blank, no line break, so no value can begin a line of its own. */
static bool is_name(const char *text) {
    size_t size = text != NULL ? strlen(text) : 0;
    if (size == 0 || size > NAME_BYTES_MAX) {
        return false;
    }
    for (size_t i = 0; i < size; i++) {
        if (!g_ascii_isgraph(text[i])) {
            return false;
        }
    }
    return true;
}

static bool is_object(const char *text) {
    const char *colon = is_name(text) ? strchr(text, ':') : NULL;
    return colon != NULL && colon != text && colon[1] != '\0';
}

bool ledger_entry_check(const LedgerEntry *entry, GError **error) {
    if (!is_type(entry->type)) {
        return hz_fail(error, HZ_ERROR_INVALID, "ledger type is not [a-z][a-z0-9.-]{1,63}");
    }
    if (!is_name(entry->actor)) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "ledger actor is not 1..128 visible ASCII characters");
    }
    if (!is_object(entry->object)) {
        return hz_fail(
            error, HZ_ERROR_INVALID, "ledger object is not \"type:id\" in visible ASCII");
    }
    return true;
}

int64_t ledger_time(int64_t time_us) {
    return time_us - time_us % 1000;
}

void ledger_commitment(const uint8_t salt[LEDGER_SALT_SIZE],
                       const char *payload,
                       size_t size,
                       uint8_t ret_commitment[DIGEST_SIZE]) {
    Digest *digest = digest_own(DIGEST_SHA256);
    digest_begin(digest);
    digest_add(digest, salt, LEDGER_SALT_SIZE);
    digest_add(digest, payload, size);
    digest_end(digest, ret_commitment);
}

/* "name value" as a line. */
static void add_line(GString *text, const char *name, const char *value) {
    g_string_append(text, name);
    g_string_append_c(text, ' ');
    g_string_append(text, value);
    g_string_append_c(text, '\n');
}

char *ledger_leaf_format(const LedgerEntry *entry,
                         size_t payload_size,
                         const uint8_t commitment[DIGEST_SIZE],
                         int64_t previous,
                         size_t *ret_size,
                         GError **error) {
    g_autofree char *time = clock_format_utc(entry->time_us);
    g_autofree char *hex = hex_format(commitment, DIGEST_SIZE);
    char payload[128];
    char prev[24] = "-";
    g_snprintf(payload, sizeof payload, "%zu %s", payload_size, hex);
    if (previous >= 0) {
        g_snprintf(prev, sizeof prev, "%" G_GINT64_FORMAT, previous);
    }
    g_autoptr(GString) text = g_string_sized_new(384);
    g_string_append(text, "fss-entry/1\n");
    add_line(text, "time", time);
    add_line(text, "type", entry->type);
    add_line(text, "actor", entry->actor);
    add_line(text, "object", entry->object);
    add_line(text, "payload", payload);
    add_line(text, "prev", prev);
    g_string_append(text, "sig - - -\n");
    if (text->len > LIMIT_LEDGER_ENTRY) {
        hz_fail(error, HZ_ERROR_LIMIT, "ledger entry is longer than %d bytes", LIMIT_LEDGER_ENTRY);
        return NULL;
    }
    *ret_size = text->len;
    return g_string_free(g_steal_pointer(&text), FALSE);
}

void ledger_leaf_clear(LedgerLeaf *leaf) {
    g_clear_pointer(&leaf->time, g_free);
    g_clear_pointer(&leaf->type, g_free);
    g_clear_pointer(&leaf->actor, g_free);
    g_clear_pointer(&leaf->object, g_free);
}

/* "name value" at *cursor up to the line's end; a copy of the value, NULL if it is no such line. */
static char *take_line(const char **cursor, const char *name) {
    size_t name_size = strlen(name);
    const char *end = strchr(*cursor, '\n');
    if (end == NULL || strncmp(*cursor, name, name_size) != 0 || (*cursor)[name_size] != ' ') {
        return NULL;
    }
    const char *value = *cursor + name_size + 1;
    *cursor = end + 1;
    return value < end ? g_strndup(value, (gsize)(end - value)) : NULL;
}

/* A decimal number written the only way: no sign, no leading zero. */
static bool read_number(const char *text, int64_t *ret_number) {
    if (text == NULL || (text[0] == '0' && text[1] != '\0')) {
        return false;
    }
    guint64 number = 0;
    if (!g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT64, &number, NULL)) {
        return false;
    }
    *ret_number = (int64_t)number;
    return true;
}

static bool read_payload_line(char *value, LedgerLeaf *leaf) {
    char *space = value != NULL ? strchr(value, ' ') : NULL;
    if (space == NULL) {
        return false;
    }
    *space = '\0';
    return read_number(value, &leaf->payload_size) &&
           hex_parse(space + 1, leaf->commitment, DIGEST_SIZE);
}

static bool parse_lines(const char *text, LedgerLeaf *leaf) {
    if (!g_str_has_prefix(text, "fss-entry/1\n")) {
        return false;
    }
    const char *cursor = strchr(text, '\n') + 1;
    leaf->time = take_line(&cursor, "time");
    leaf->type = take_line(&cursor, "type");
    leaf->actor = take_line(&cursor, "actor");
    leaf->object = take_line(&cursor, "object");
    g_autofree char *payload = take_line(&cursor, "payload");
    g_autofree char *previous = take_line(&cursor, "prev");
    leaf->previous = -1;
    if (!read_payload_line(payload, leaf) || previous == NULL ||
        (strcmp(previous, "-") != 0 && !read_number(previous, &leaf->previous))) {
        return false;
    }
    return strcmp(cursor, "sig - - -\n") == 0;
}

bool ledger_leaf_parse(const void *bytes, size_t size, LedgerLeaf *ret_leaf) {
    if (size > LIMIT_LEDGER_ENTRY || memchr(bytes, '\0', size) != NULL) {
        return false;
    }
    g_autofree char *text = g_strndup(bytes, size);
    g_auto(LedgerLeaf) leaf = {0};
    if (!parse_lines(text, &leaf)) {
        return false;
    }
    /* Writing it again must give the same bytes; that settles every question of form at once. */
    LedgerEntry entry = {.type = leaf.type, .actor = leaf.actor, .object = leaf.object};
    if (leaf.time == NULL || !clock_parse(leaf.time, &entry.time_us) ||
        !ledger_entry_check(&entry, NULL)) {
        return false;
    }
    size_t again_size = 0;
    g_autofree char *again = ledger_leaf_format(
        &entry, (size_t)leaf.payload_size, leaf.commitment, leaf.previous, &again_size, NULL);
    if (again == NULL || again_size != size || memcmp(again, bytes, size) != 0) {
        return false;
    }
    *ret_leaf = leaf;
    leaf = (LedgerLeaf){0};
    return true;
}
