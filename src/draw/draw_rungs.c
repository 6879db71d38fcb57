/* The ladder of districts from which officers come, and what people read of it. */
#include "base/clock.h"
#include "draw/draw_internal.h"
#include "law/law_adjacent.h"
#include "registry/region.h"

#include <string.h>

static bool stands_in(const GPtrArray *districts, const char *code) {
    for (guint i = 0; i < districts->len; i++) {
        if (strcmp(((const Region *)districts->pdata[i])->code, code) == 0) {
            return true;
        }
    }
    return false;
}

/* adj.<district>: those of its neighbours that the scope has on that day; officers from outside the
 * scope do not take part. False: it has none. */
static bool
put_neighbours(const GPtrArray *districts, const LawDistrict *district, DrawKeyValues *params) {
    g_autoptr(GString) codes = g_string_new(NULL);
    for (const char *const *code = district->adjacent; *code != NULL; code++) {
        if (stands_in(districts, *code)) {
            g_string_append_printf(codes, "%s%s", codes->len > 0 ? "," : "", *code);
        }
    }
    if (codes->len == 0) {
        return false;
    }
    g_autofree char *key = g_strconcat("adj.", district->code, NULL);
    draw_keys_put(params, key, codes->str);
    return true;
}

bool draw_put_rungs(Db *db,
                    const LawBook *book,
                    const char *region,
                    int64_t time_us,
                    DrawKeyValues *params,
                    GError **error) {
    const LawAdjacent *adjacent = law_adjacent_at(book, time_us);
    g_autofree char *day = clock_format_date(time_us);
    g_autoptr(GPtrArray) districts = region_districts(db, region, day, error);
    if (districts == NULL) {
        return false;
    }
    bool has_adjacent = false;
    for (guint i = 0; adjacent != NULL && i < districts->len; i++) {
        const Region *one = districts->pdata[i];
        const LawDistrict *district = law_district_find(adjacent, one->code);
        has_adjacent |= district != NULL && put_neighbours(districts, district, params);
    }
    draw_keys_put(params, "rung.1", "same");
    draw_keys_put(params, "rung.2", has_adjacent ? "adjacent" : "any");
    if (has_adjacent) {
        draw_keys_put(params, "rung.3", "any");
    }
    return true;
}

const char *draw_rung_zh(Db *db, const Draw *draw) {
    static const char *const names[] = {[DRAW_RUNG_SAME] = "本区县",
                                        [DRAW_RUNG_ADJACENT] = "本区县和相邻区县",
                                        [DRAW_RUNG_ANY] = "全市"};
    DrawStoreFiles files = {db, draw->id};
    DrawSource source = draw_store_source(&files);
    g_autofree char *text = source.whole(source.from, "params.txt", NULL);
    g_autoptr(DrawParams) params = text != NULL ? draw_params_parse(text, NULL) : NULL;
    if (draw->rung < 1 || params == NULL || draw->rung > params->rung_count) {
        return names[draw->rung <= 1 ? DRAW_RUNG_SAME : DRAW_RUNG_ANY];
    }
    return names[params->rungs[draw->rung - 1]];
}
