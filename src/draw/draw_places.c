/* Who holds a place, and whose turn it is next. */
#include "draw/draw_places.h"

#include "base/error.h"
#include "draw/draw_candidates.h"

#include <stdlib.h>
#include <string.h>

#define RESULT_FIELDS 8

/* --- reading -----------------------------------------------------------------------------------
 */

static bool take_inspector(char *text, size_t size, void *data, GError **error) {
    (void)size;
    DrawPlaces *places = data;
    DrawInspLine line;
    if (!draw_insp_parse(text, &line, error)) {
        g_prefix_error(error, "insp.tsv: ");
        return false;
    }
    DrawInspector inspector = draw_insp_keep(&line, places->texts);
    g_array_append_val(places->inspectors, inspector);
    return true;
}

static bool take_denied(char *text, size_t size, void *data, GError **error) {
    (void)size;
    DrawPlaces *places = data;
    DrawDenyLine line;
    if (!draw_deny_parse(text, &line, error)) {
        g_prefix_error(error, "deny.tsv: ");
        return false;
    }
    if (g_hash_table_contains(places->objects, line.target)) {
        DrawPair pair = {draw_text_keep(places->texts, line.target),
                         draw_text_keep(places->texts, line.inspector)};
        g_array_append_val(places->denied, pair);
    }
    return true;
}

static bool bad_result(GError **error) {
    return hz_fail(error, HZ_ERROR_INVALID, "result.tsv is not well formed");
}

/* "#\tL\t<L>\trung\t<n>" */
static bool take_rung(DrawPlaces *places, char **fields, GError **error) {
    guint64 rung = 0;
    if (g_strv_length(fields) != 5 ||
        !g_ascii_string_to_unsigned(fields[4], 10, 0, places->params->rung_count, &rung, NULL)) {
        return bad_result(error);
    }
    places->rung = rung;
    return true;
}

static void hold(DrawPlace *place, int inspector) {
    if (inspector != DRAW_NOBODY) {
        g_array_append_val(place->tried, inspector);
    }
}

static bool take_result(char *text, size_t size, void *data, GError **error) {
    (void)size;
    DrawPlaces *places = data;
    g_auto(GStrv) fields = g_strsplit(text, "\t", -1);
    if (strcmp(fields[0], "#") == 0) {
        return take_rung(places, fields, error);
    }
    guint64 order = 0;
    if (g_strv_length(fields) != RESULT_FIELDS || !draw_id_valid(fields[1]) ||
        !g_ascii_string_to_unsigned(fields[0], 10, 1, G_MAXINT64, &order, NULL)) {
        return bad_result(error);
    }
    const char *id = draw_text_keep(places->texts, fields[1]);
    const char *stratum = draw_text_keep(places->texts, fields[2]);
    g_hash_table_add(places->objects, (gpointer)id);
    if (strcmp(fields[3], "reserve") == 0) {
        DrawReserve reserve = {.id = id, .stratum = stratum};
        g_array_append_val(places->reserves, reserve);
        return true;
    }
    DrawPlace place = {.order = (int64_t)order,
                       .id = id,
                       .stratum = stratum,
                       .lead = draw_places_inspector(places, fields[5]),
                       .second = draw_places_inspector(places, fields[6]),
                       .tried = g_array_new(FALSE, FALSE, sizeof(int))};
    hold(&place, place.lead);
    hold(&place, place.second);
    g_array_append_val(places->places, place);
    return (guint64)places->places->len == order || bad_result(error);
}

static void clear_place(gpointer data) {
    g_array_unref(((DrawPlace *)data)->tried);
}

static DrawPlaces *begin(void) {
    DrawPlaces *places = g_new0(DrawPlaces, 1);
    places->places = g_array_new(FALSE, FALSE, sizeof(DrawPlace));
    g_array_set_clear_func(places->places, clear_place);
    places->reserves = g_array_new(FALSE, FALSE, sizeof(DrawReserve));
    places->inspectors = g_array_new(FALSE, FALSE, sizeof(DrawInspector));
    places->denied = g_array_new(FALSE, FALSE, sizeof(DrawPair));
    places->texts = g_ptr_array_new_with_free_func(g_free);
    places->districts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    places->objects = g_hash_table_new(g_str_hash, g_str_equal);
    return places;
}

void draw_places_free(DrawPlaces *places) {
    if (places == NULL) {
        return;
    }
    g_clear_pointer(&places->params, draw_params_free);
    g_array_unref(places->places);
    g_array_unref(places->reserves);
    g_array_unref(places->inspectors);
    g_array_unref(places->denied);
    g_hash_table_unref(places->districts);
    g_hash_table_unref(places->objects);
    g_ptr_array_unref(places->texts);
    g_free(places);
}

DrawPlaces *draw_places_new(const DrawSource *source, GError **error) {
    g_autoptr(DrawPlaces) places = begin();
    DrawKeys keys;
    g_autofree char *params = source->whole(source->from, "params.txt", error);
    places->params = params != NULL ? draw_params_parse(params, error) : NULL;
    if (places->params == NULL || !draw_compute_keys(source, &keys, error) ||
        !source->each_line(source->from, "insp.tsv", take_inspector, places, error) ||
        !source->each_line(source->from, "result.tsv", take_result, places, error) ||
        !source->each_line(source->from, "deny.tsv", take_denied, places, error)) {
        return NULL;
    }
    memcpy(places->inspector_key, keys.inspector, DIGEST_SIZE);
    return g_steal_pointer(&places);
}

/* --- districts ---------------------------------------------------------------------------------
 */

void draw_places_tell_district(DrawPlaces *places, const char *id, const char *district) {
    g_hash_table_insert(places->districts, g_strdup(id), g_strdup(district));
}

static bool take_district(char *text, size_t size, void *data, GError **error) {
    (void)size;
    DrawPlaces *places = data;
    DrawPoolLine line;
    if (!draw_pool_parse(text, &line, error)) {
        g_prefix_error(error, "pool.tsv: ");
        return false;
    }
    if (g_hash_table_contains(places->objects, line.id)) {
        draw_places_tell_district(places, line.id, line.district);
    }
    return true;
}

bool draw_places_read_districts(DrawPlaces *places, const DrawSource *source, GError **error) {
    return source->each_line(source->from, "pool.tsv", take_district, places, error);
}

/* --- finding -----------------------------------------------------------------------------------
 */

DrawPlace *draw_places_at(DrawPlaces *places, int64_t order) {
    return order >= 1 && order <= (int64_t)places->places->len
               ? &g_array_index(places->places, DrawPlace, order - 1)
               : NULL;
}

DrawPlace *draw_places_of(DrawPlaces *places, const char *id) {
    for (guint i = 0; i < places->places->len; i++) {
        DrawPlace *place = &g_array_index(places->places, DrawPlace, i);
        if (g_strcmp0(place->id, id) == 0) {
            return place;
        }
    }
    return NULL;
}

static int compare_inspectors(const void *left, const void *right) {
    const DrawInspector *a = left;
    const DrawInspector *b = right;
    return strcmp(a->id, b->id);
}

int draw_places_inspector(const DrawPlaces *places, const char *id) {
    const GArray *all = places->inspectors;
    DrawInspector key = {.id = id};
    const DrawInspector *found =
        all->len == 0 ? NULL : bsearch(&key, all->data, all->len, sizeof key, compare_inspectors);
    return found == NULL ? DRAW_NOBODY
                         : (int)(found - (const DrawInspector *)(const void *)all->data);
}

const char *draw_places_inspector_id(const DrawPlaces *places, int inspector) {
    return g_array_index(places->inspectors, DrawInspector, inspector).id;
}

/* --- the rule ----------------------------------------------------------------------------------
 */

const DrawReserve *draw_places_reserve(const DrawPlaces *places, const DrawPlace *place) {
    for (guint i = 0; i < places->reserves->len; i++) {
        const DrawReserve *reserve = &g_array_index(places->reserves, DrawReserve, i);
        if (!reserve->is_used && strcmp(reserve->stratum, place->stratum) == 0) {
            return reserve;
        }
    }
    return NULL;
}

bool draw_places_among(const GArray *inspectors, int inspector) {
    for (guint i = 0; i < inspectors->len; i++) {
        if (g_array_index(inspectors, int, i) == inspector) {
            return true;
        }
    }
    return false;
}

/* Appends whom rung number `rung` (1 …) adds to `list`. */
static void
add_candidates(const DrawPlaces *places, const DrawPlace *place, size_t rung, GArray *list) {
    const DrawParams *params = places->params;
    DrawTarget target = {place->id, g_hash_table_lookup(places->districts, place->id)};
    if (target.district == NULL) {
        return;
    }
    DrawAssignInput input = {
        .kind = params->kind,
        .targets = &target,
        .target_count = 1,
        .inspectors = (const DrawInspector *)(void *)places->inspectors->data,
        .inspector_count = places->inspectors->len,
        .denied = (const DrawPair *)(void *)places->denied->data,
        .denied_count = places->denied->len,
        .neighbours = (const DrawPair *)(void *)params->neighbours->data,
        .neighbour_count = params->neighbours->len,
        .date_to = params->date_to,
    };
    memcpy(input.inspector_key, places->inspector_key, DIGEST_SIZE);
    DrawCandidates *found = draw_candidates_new(&input, params->rungs[rung - 1]);
    for (int i = 0; i < found->count; i++) {
        if (!draw_places_among(list, found->items[i])) {
            g_array_append_val(list, found->items[i]);
        }
    }
    draw_candidates_free(found, 1);
}

GArray *draw_places_candidates(const DrawPlaces *places, const DrawPlace *place) {
    GArray *list = g_array_new(FALSE, FALSE, sizeof(int));
    if (places->rung > 0) {
        add_candidates(places, place, places->rung, list);
    }
    return list;
}

GArray *draw_places_turns(const DrawPlaces *places, const DrawPlace *place) {
    GArray *list = draw_places_candidates(places, place);
    for (size_t rung = places->rung + 1; places->rung > 0 && rung <= places->params->rung_count;
         rung++) {
        add_candidates(places, place, rung, list);
    }
    return list;
}

static bool is_lead(const DrawPlaces *places, int inspector) {
    return g_array_index(places->inspectors, DrawInspector, inspector).is_lead;
}

static int64_t targets_of(const DrawPlaces *places, int inspector) {
    int64_t count = 0;
    for (guint i = 0; i < places->places->len; i++) {
        const DrawPlace *place = &g_array_index(places->places, DrawPlace, i);
        count += place->lead == inspector || place->second == inspector ? 1 : 0;
    }
    return count;
}

bool draw_places_may_take(const DrawPlaces *places,
                          const DrawPlace *place,
                          int out,
                          int inspector) {
    int stays = place->lead == out ? place->second : place->lead;
    return !draw_places_among(place->tried, inspector) &&
           (is_lead(places, stays) || is_lead(places, inspector)) &&
           targets_of(places, inspector) <
               g_array_index(places->inspectors, DrawInspector, inspector).cap;
}

void draw_places_put_object(DrawPlaces *places, DrawPlace *place, const char *in) {
    place->id = NULL;
    for (guint i = 0; in != NULL && i < places->reserves->len; i++) {
        DrawReserve *reserve = &g_array_index(places->reserves, DrawReserve, i);
        if (strcmp(reserve->id, in) == 0) {
            reserve->is_used = true;
            place->id = reserve->id;
        }
    }
    if (place->id == NULL) {
        place->lead = place->second = DRAW_NOBODY;
    }
}

void draw_places_put_officer(DrawPlaces *places, DrawPlace *place, int out, int in) {
    hold(place, in);
    if (place->lead != out) {
        place->second = in;
    } else if (is_lead(places, in)) {
        place->lead = in;
    } else {
        place->lead = place->second;
        place->second = in;
    }
}
