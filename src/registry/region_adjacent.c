/* adjacent-districts.yaml of the cities, held against the regions: law/ itself knows none. */
#include "registry/region_adjacent.h"

#include "base/clock.h"
#include "base/error.h"
#include "registry/region.h"

#include <string.h>

/* Of one district: its name, and [from, to) when a change says so. */
typedef struct Known {
    char *name;
    int64_t from_us, to_us;
} Known;

static void known_free(gpointer data) {
    Known *known = data;
    g_free(known->name);
    g_free(known);
}

static Known *known_of(GHashTable *districts, const char *code) {
    Known *known = g_hash_table_lookup(districts, code);
    if (known == NULL) {
        known = g_new0(Known, 1);
        known->to_us = INT64_MAX;
        g_hash_table_insert(districts, g_strdup(code), known);
    }
    return known;
}

static bool take_change(const RegionChange *change, void *data, GError **error) {
    (void)error;
    if (region_level(change->code) != 3) {
        return true;
    }
    Known *known = known_of(data, change->code);
    g_free(known->name);
    known->name = g_strdup(change->name);
    /* days were checked when the file was read */
    (void)(change->valid_from == NULL || clock_parse(change->valid_from, &known->from_us));
    (void)(change->valid_to == NULL || clock_parse(change->valid_to, &known->to_us));
    return true;
}

/* Code -> Known: what the data set has of the province and what the changes say. The data set is
 * sorted, and all of China is fifty times as long. */
static GHashTable *read_districts(const char *province, GError **error) {
    g_autofree char *text = region_data_set(error);
    if (text == NULL) {
        return NULL;
    }
    g_autoptr(GHashTable) districts =
        g_hash_table_new_full(g_str_hash, g_str_equal, g_free, known_free);
    g_autofree char *begin = g_strconcat("\n", province, NULL);
    char *rest = strstr(text, begin);
    if (rest != NULL) {
        rest++;
    }
    for (char *line; (line = strsep(&rest, "\n")) != NULL && g_str_has_prefix(line, province);) {
        g_auto(GStrv) fields = strcspn(line, "\t") == 6 ? g_strsplit(line, "\t", 3) : NULL;
        if (fields != NULL && fields[1] != NULL) {
            known_of(districts, fields[0])->name = g_strdup(fields[1]);
        }
    }
    return region_changes_visit(take_change, districts, error) ? g_steal_pointer(&districts) : NULL;
}

static bool check_edition(const LawBook *book,
                          const LawAdjacent *adjacent,
                          GHashTable *districts,
                          GError **error) {
    for (unsigned i = 0; adjacent->districts[i] != NULL; i++) {
        const LawDistrict *district = adjacent->districts[i];
        const Known *known = g_hash_table_lookup(districts, district->code);
        if (known == NULL || g_strcmp0(known->name, district->name) != 0 ||
            known->from_us > adjacent->entry.from_us || known->to_us < adjacent->entry.to_us) {
            g_autofree char *place = law_district_place(book, district);
            return hz_fail(error,
                           HZ_ERROR_INVALID,
                           "%s: no district %s is called %s on all days of `valid`",
                           place,
                           district->code,
                           district->name);
        }
    }
    return true;
}

bool region_adjacent_check(const LawBook *book, GError **error) {
    for (unsigned i = 0; law_adjacent_edition(book, i) != NULL; i++) {
        const LawAdjacent *adjacent = law_adjacent_edition(book, i);
        char province[] = {adjacent->districts[0]->code[0], adjacent->districts[0]->code[1], '\0'};
        g_autoptr(GHashTable) districts = read_districts(province, error);
        if (districts == NULL || !check_edition(book, adjacent, districts, error)) {
            return false;
        }
    }
    return true;
}
