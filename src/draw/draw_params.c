/* params.txt, commit.txt: sorted key=value lines. */
#include "draw/draw_files.h"

#include "base/error.h"

#include <stdlib.h>
#include <string.h>

typedef struct KeyValue {
    char *key;
    char *value;
} KeyValue;

struct DrawKeyValues {
    GArray *items; /* KeyValue by key */
};

static void key_value_clear(gpointer data) {
    KeyValue *item = data;
    g_free(item->key);
    g_free(item->value);
}

DrawKeyValues *draw_keys_new(void) {
    DrawKeyValues *values = g_new0(DrawKeyValues, 1);
    values->items = g_array_new(FALSE, FALSE, sizeof(KeyValue));
    g_array_set_clear_func(values->items, key_value_clear);
    return values;
}

void draw_keys_free(DrawKeyValues *values) {
    if (values != NULL) {
        g_array_unref(values->items);
        g_free(values);
    }
}

/* Place of the key, or where it would stand. */
static guint place_of(const DrawKeyValues *values, const char *key) {
    guint low = 0;
    guint high = values->items->len;
    while (low < high) {
        guint middle = (low + high) / 2;
        if (strcmp(g_array_index(values->items, KeyValue, middle).key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

void draw_keys_put(DrawKeyValues *values, const char *key, const char *value) {
    g_assert(strpbrk(key, "=\n") == NULL && strchr(value, '\n') == NULL);
    g_assert(draw_keys_get(values, key) == NULL);
    KeyValue item = {g_strdup(key), g_strdup(value)};
    g_array_insert_val(values->items, place_of(values, key), item);
}

void draw_keys_put_int(DrawKeyValues *values, const char *key, int64_t number) {
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, number);
    draw_keys_put(values, key, text);
}

char *draw_keys_format(const DrawKeyValues *values) {
    GString *out = g_string_new(NULL);
    for (guint i = 0; i < values->items->len; i++) {
        const KeyValue *item = &g_array_index(values->items, KeyValue, i);
        g_string_append_printf(out, "%s=%s\n", item->key, item->value);
    }
    return g_string_free(out, FALSE);
}

DrawKeyValues *draw_keys_parse(const char *text, GError **error) {
    g_autoptr(DrawKeyValues) values = draw_keys_new();
    unsigned number = 1;
    for (const char *line = text; *line != '\0'; number++) {
        const char *end = strchr(line, '\n');
        const char *equals = end != NULL ? memchr(line, '=', (size_t)(end - line)) : NULL;
        if (equals == NULL || equals == line) {
            hz_fail(error, HZ_ERROR_INVALID, "line %u is not key=value with a line end", number);
            return NULL;
        }
        KeyValue item = {g_strndup(line, (gsize)(equals - line)),
                         g_strndup(equals + 1, (gsize)(end - equals - 1))};
        guint count = values->items->len;
        bool is_sorted = count == 0 || strcmp(g_array_index(values->items, KeyValue, count - 1).key,
                                              item.key) < 0;
        g_array_append_val(values->items, item);
        if (!is_sorted) {
            hz_fail(error, HZ_ERROR_INVALID, "line %u is not in the order of keys", number);
            return NULL;
        }
        line = end + 1;
    }
    return g_steal_pointer(&values);
}

const char *draw_keys_get(const DrawKeyValues *values, const char *key) {
    guint place = place_of(values, key);
    if (place >= values->items->len) {
        return NULL;
    }
    const KeyValue *item = &g_array_index(values->items, KeyValue, place);
    return strcmp(item->key, key) == 0 ? item->value : NULL;
}

static bool read_int(const char *key,
                     const char *text,
                     int64_t low,
                     int64_t high,
                     int64_t *ret_number,
                     GError **error) {
    gint64 number = 0;
    bool begins = text != NULL && (g_ascii_isdigit(text[0]) || text[0] == '-');
    if (!begins || !g_ascii_string_to_signed(text, 10, low, high, &number, NULL)) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "\"%s\" is not a number from %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                       key,
                       low,
                       high);
    }
    *ret_number = number;
    return true;
}

bool draw_keys_get_int(const DrawKeyValues *values,
                       const char *key,
                       int64_t low,
                       int64_t high,
                       int64_t *ret_number,
                       GError **error) {
    return read_int(key, draw_keys_get(values, key), low, high, ret_number, error);
}

bool draw_keys_visit(const DrawKeyValues *values,
                     const char *prefix,
                     DrawKeyVisitor visit,
                     void *data,
                     GError **error) {
    for (guint i = place_of(values, prefix); i < values->items->len; i++) {
        const KeyValue *item = &g_array_index(values->items, KeyValue, i);
        if (!g_str_has_prefix(item->key, prefix)) {
            break;
        }
        if (!visit(item->key + strlen(prefix), item->value, data, error)) {
            g_prefix_error(error, "%s: ", item->key);
            return false;
        }
    }
    return true;
}

/* --- params.txt ------------------------------------------------------------------------------ */

void draw_params_free(DrawParams *params) {
    if (params == NULL) {
        return;
    }
    g_free(params->date_to);
    g_clear_pointer(&params->neighbours, g_array_unref);
    g_clear_pointer(&params->strata, g_hash_table_unref);
    g_clear_pointer(&params->texts, g_ptr_array_unref);
    draw_keys_free(params->values);
    g_free(params);
}

static DrawStratumQuota *stratum_of(DrawParams *params, const char *name) {
    DrawStratumQuota *stratum = g_hash_table_lookup(params->strata, name);
    if (stratum == NULL) {
        stratum = g_new0(DrawStratumQuota, 1);
        g_hash_table_insert(params->strata, g_strdup(name), stratum);
    }
    return stratum;
}

static bool read_quota(const char *rest, const char *value, void *data, GError **error) {
    if (!draw_stratum_valid(rest)) {
        return hz_fail(error, HZ_ERROR_INVALID, "not a stratum");
    }
    return read_int("quota", value, 0, DRAW_QUOTA_MAX, &stratum_of(data, rest)->quota, error);
}

static bool read_reserves(const char *rest, const char *value, void *data, GError **error) {
    if (!draw_stratum_valid(rest)) {
        return hz_fail(error, HZ_ERROR_INVALID, "not a stratum");
    }
    return read_int("alt", value, 0, DRAW_QUOTA_MAX, &stratum_of(data, rest)->reserves, error);
}

static bool read_rung(const char *rest, const char *value, void *data, GError **error) {
    static const char *const words[] = {"same", "adjacent", "any"};
    DrawParams *params = data;
    char expected[] = {(char)('1' + params->rung_count), '\0'};
    if (params->rung_count == DRAW_RUNGS_MAX || strcmp(rest, expected) != 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "rungs are numbered from 1 to 9 without a gap");
    }
    for (unsigned i = 0; i < G_N_ELEMENTS(words); i++) {
        if (strcmp(value, words[i]) == 0) {
            params->rungs[params->rung_count++] = (DrawRung)i;
            return true;
        }
    }
    return hz_fail(error, HZ_ERROR_INVALID, "neither same nor adjacent nor any");
}

static bool read_neighbours(const char *rest, const char *value, void *data, GError **error) {
    DrawParams *params = data;
    if (strlen(rest) == 0 || strlen(rest) > DRAW_ID_MAX) {
        return hz_fail(error, HZ_ERROR_INVALID, "not a district");
    }
    char *district = g_strdup(rest);
    g_ptr_array_add(params->texts, district);
    g_auto(GStrv) others = g_strsplit(value, ",", 200);
    for (char **other = others; *other != NULL; other++) {
        char *neighbour = g_strdup(*other);
        g_ptr_array_add(params->texts, neighbour);
        DrawPair pair = {district, neighbour};
        g_array_append_val(params->neighbours, pair);
    }
    return true;
}

static int compare_pairs(gconstpointer left, gconstpointer right) {
    const DrawPair *a = left;
    const DrawPair *b = right;
    int order = strcmp(a->first, b->first);
    return order != 0 ? order : strcmp(a->second, b->second);
}

static bool read_params(DrawParams *params, GError **error) {
    const DrawKeyValues *values = params->values;
    const char *hash = draw_keys_get(values, "hash");
    const char *date_to = draw_keys_get(values, "insp_date_to");
    if (g_strcmp0(draw_keys_get(values, "alg"), "FSS-DRAW/1") != 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"alg\" is not FSS-DRAW/1");
    }
    if (g_strcmp0(hash, "sm3") != 0 && g_strcmp0(hash, "sha256") != 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"hash\" is neither sm3 nor sha256");
    }
    const char *mode = draw_keys_get(values, "mode");
    if (g_strcmp0(mode, "open") != 0 && g_strcmp0(mode, "sealed") != 0) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"mode\" is neither open nor sealed");
    }
    if (date_to == NULL || strlen(date_to) != 10) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"insp_date_to\" is not YYYY-MM-DD");
    }
    params->kind = strcmp(hash, "sm3") == 0 ? DIGEST_SM3 : DIGEST_SHA256;
    params->date_to = g_strdup(date_to);
    params->is_sealed = strcmp(mode, "sealed") == 0;
    if (!draw_keys_get_int(values, "cap", 1, 9999, &params->cap, error) ||
        !draw_keys_get_int(values, "delta", 0, 86400 * 366, &params->delta_s, error) ||
        !draw_keys_visit(values, "quota.", read_quota, params, error) ||
        !draw_keys_visit(values, "alt.", read_reserves, params, error) ||
        !draw_keys_visit(values, "rung.", read_rung, params, error) ||
        !draw_keys_visit(values, "adj.", read_neighbours, params, error)) {
        return false;
    }
    g_array_sort(params->neighbours, compare_pairs);
    return true;
}

DrawParams *draw_params_parse(const char *text, GError **error) {
    g_autoptr(DrawParams) params = g_new0(DrawParams, 1);
    params->neighbours = g_array_new(FALSE, FALSE, sizeof(DrawPair));
    params->strata = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    params->texts = g_ptr_array_new_with_free_func(g_free);
    params->values = draw_keys_parse(text, error);
    if (params->values == NULL || !read_params(params, error)) {
        g_prefix_error(error, "params.txt: ");
        return NULL;
    }
    return g_steal_pointer(&params);
}

unsigned draw_params_weight(const DrawParams *params, const char *risk, const char *credit) {
    g_autofree char *key = g_strdup_printf("w.%s.%s", risk, credit);
    int64_t weight = 0;
    if (!draw_keys_get_int(params->values, key, 1, DRAW_WEIGHT_MAX, &weight, NULL)) {
        return 0;
    }
    return (unsigned)weight;
}
