/* The draw itself: from here on only files count. */
#include "base/error.h"
#include "draw/draw_internal.h"
#include "draw/draw_store.h"
#include "registry/officer.h"

#include <string.h>

/* --- storing what came out ------------------------------------------------------------------- */

typedef struct Storing {
    Db *db;
    Draw *draw;
    const DrawOutcome *outcome;
    GHashTable *officer_names; /* id -> name */
} Storing;

static const char *officer_name(Storing *storing, int64_t id, GError **error) {
    const char *known = g_hash_table_lookup(storing->officer_names, &id);
    if (known != NULL) {
        return known;
    }
    g_auto(Officer) officer = {0};
    if (!officer_find(storing->db, id, &officer, error)) {
        return NULL;
    }
    char *name = g_strdup(officer.name);
    g_hash_table_insert(storing->officer_names, g_memdup2(&id, sizeof id), name);
    return name;
}

static bool set_team(Storing *storing, DrawnObject *target, DrawTeam team, GError **error) {
    if (team.lead == DRAW_NOBODY) {
        target->flag = g_strdup("UNSTAFFED");
        storing->draw->unstaffed_count++;
        return true;
    }
    const GPtrArray *ids = storing->outcome->inspector_ids;
    target->lead_id = draw_id_number(g_ptr_array_index(ids, team.lead));
    target->second_id = draw_id_number(g_ptr_array_index(ids, team.second));
    const char *lead = officer_name(storing, target->lead_id, error);
    const char *second = lead != NULL ? officer_name(storing, target->second_id, error) : NULL;
    if (second == NULL) {
        return false;
    }
    target->lead_name = g_strdup(lead);
    target->second_name = g_strdup(second);
    return true;
}

static bool store_pick(Storing *storing, guint place, GError **error) {
    const DrawPick *pick = &g_array_index(storing->outcome->picks, DrawPick, place);
    g_autoptr(DrawnObject) target = g_new0(DrawnObject, 1);
    target->draw_id = storing->draw->id;
    target->order = (int64_t)place + 1;
    target->is_reserve = pick->is_reserve;
    target->object_kind = g_strdup(storing->draw->object_kind);
    target->object_id = draw_id_number(pick->id);
    target->stratum = g_strdup(pick->stratum);
    target->ticket = hex_format(pick->ticket, DIGEST_SIZE);
    if (!draw_load_object(storing->db, target, error) ||
        (!pick->is_reserve &&
         !set_team(storing, target, storing->outcome->assignment.teams[place], error))) {
        return false;
    }
    if (target->flag == NULL) {
        target->flag = g_strdup(pick->is_short && !pick->is_reserve ? "SHORT" : "-");
    }
    storing->draw->drawn_count += pick->is_reserve ? 0 : 1;
    storing->draw->reserve_count += pick->is_reserve ? 1 : 0;
    return draw_store_add_target(storing->db, target, storing->draw->year, error);
}

/* Strata that had fewer eligible objects than their quota, also those that had none. */
static int64_t count_short(const DrawOutcome *outcome, const DrawParams *params) {
    int64_t count = 0;
    GHashTableIter each;
    gpointer name;
    gpointer value;
    g_hash_table_iter_init(&each, params->strata);
    while (g_hash_table_iter_next(&each, &name, &value)) {
        int64_t drawn = 0;
        for (guint i = 0; i < outcome->picks->len; i++) {
            const DrawPick *pick = &g_array_index(outcome->picks, DrawPick, i);
            drawn += !pick->is_reserve && strcmp(pick->stratum, name) == 0 ? 1 : 0;
        }
        count += drawn < ((const DrawStratumQuota *)value)->quota ? 1 : 0;
    }
    return count;
}

static bool store_outcome(Db *db, Draw *draw, const DrawOutcome *outcome, GError **error) {
    Storing storing = {.db = db, .draw = draw, .outcome = outcome};
    g_autoptr(GHashTable) names =
        g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    storing.officer_names = names;
    g_free(draw->result);
    draw->result = hex_format(outcome->result_hash, DIGEST_SIZE);
    draw->pool_count = outcome->pool_count;
    draw->eligible_count = outcome->eligible_count;
    draw->inspector_count = outcome->inspector_count;
    draw->denied_count = outcome->denied_count;
    draw->level = outcome->assignment.level;
    draw->rung = outcome->assignment.rung;
    for (guint place = 0; place < outcome->picks->len; place++) {
        if (!store_pick(&storing, place, error)) {
            return false;
        }
    }
    return draw_store_add_part(
        db, draw->id, "result.tsv", 0, "", outcome->result->str, outcome->result->len, error);
}

/* --- what enters the seed ----------------------------------------------------------------------
 */

static bool
add_whole(Db *db, const Draw *draw, const char *file, const GString *text, GError **error) {
    return text->len == 0 ||
           draw_store_add_part(db, draw->id, file, 0, "", text->str, text->len, error);
}

/* beacon.txt; B and what people read of it. */
static bool write_beacons(Db *db, Draw *draw, const GArray *beacons, GError **error) {
    g_autoptr(GString) file = g_string_new(NULL);
    g_autoptr(GString) shown = g_string_new(NULL);
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < beacons->len; i++) {
        const DrawBeaconRow *row = &g_array_index(beacons, DrawBeaconRow, i);
        uint8_t value[DRAW_SEED_MAX];
        size_t size = strlen(row->value_hex) / 2;
        if (size == 0) {
            return hz_fail(error, HZ_ERROR_CONFLICT, "beacon %u is not known yet", i + 1);
        }
        if (size > sizeof value || !hex_parse(row->value_hex, value, size)) {
            return hz_fail(error, HZ_ERROR_CORRUPT, "beacon %u is not hex", i + 1);
        }
        g_autofree char *text = draw_beacon_show(&row->beacon, value, size);
        g_string_append_printf(
            file, "%u\t%s\t%s\t%s\n", i + 1, row->beacon.source, row->beacon.round, row->value_hex);
        g_string_append_printf(shown, "%s%s", i > 0 ? "；" : "", text);
        g_ptr_array_add(values, g_bytes_new(value, size));
    }
    g_autoptr(GByteArray) seed = draw_beacon_join(draw->kind, values);
    g_free(draw->seed_hex);
    g_free(draw->seed_text);
    draw->seed_hex = hex_format(seed->data, seed->len);
    draw->seed_text = g_strdup(shown->str);
    return add_whole(db, draw, "beacon.txt", file, error);
}

/* reveals.txt: a share counts if the ledger was seen to hold it before the first beacon. */
static bool write_shares(Db *db, const Draw *draw, int64_t first_us, GError **error) {
    g_autoptr(GArray) parties = draw_store_parties(db, draw->id, error);
    g_autoptr(GString) file = g_string_new(NULL);
    for (guint i = 0; parties != NULL && i < parties->len; i++) {
        const DrawPartyRow *party = &g_array_index(parties, DrawPartyRow, i);
        DrawWitnessed witnessed = {0};
        int64_t leaf = party->is_own ? draw->commit_leaf : party->leaf;
        if (party->share_hex[0] == '\0') {
            continue;
        }
        if (!draw_witnessed(db, leaf, &witnessed, error)) {
            return false;
        }
        if (!witnessed.is_known || witnessed.time_us > first_us) {
            continue;
        }
        g_string_append_printf(
            file, "%" G_GINT64_FORMAT "\t%s\t%s\n", party->j, party->name, party->share_hex);
        if (!draw_store_set_counts(db, draw->id, party->j, error)) {
            return false;
        }
    }
    return parties != NULL && add_whole(db, draw, "reveals.txt", file, error);
}

static bool write_seed(Db *db, Draw *draw, GError **error) {
    DrawWitnessed witnessed = {0};
    g_autoptr(GArray) beacons = draw_store_beacons(db, draw->id, error);
    if (beacons == NULL || !draw_witnessed(db, draw->commit_leaf, &witnessed, error)) {
        return false;
    }
    int64_t first_us = draw_first_beacon_us(beacons);
    if (!witnessed.is_known || !draw_time_rule_holds(witnessed.time_us, draw->delta_s, first_us)) {
        return hz_fail(error,
                       HZ_ERROR_CONFLICT,
                       "the commitment was not witnessed early enough before the first beacon");
    }
    g_autoptr(GString) salt = g_string_new(NULL);
    if (draw->mode == DRAW_SEALED) {
        g_string_append_printf(salt, "%s\n", draw->secret_hex);
    }
    return write_beacons(db, draw, beacons, error) && write_shares(db, draw, first_us, error) &&
           add_whole(db, draw, "salt.txt", salt, error);
}

bool draw_keys_of(Db *db, int64_t draw_id, DrawKeys *ret_keys, GError **error) {
    DrawStoreFiles files = {db, draw_id};
    DrawSource source = draw_store_source(&files);
    return draw_compute_keys(&source, ret_keys, error);
}

/* --- the run -----------------------------------------------------------------------------------
 */

static json_t *result_payload(const Draw *draw) {
    json_t *payload = json_object();
    json_put_text(payload, "draw", draw->number);
    json_put_text(payload, "seed", draw->seed_hex);
    json_put_text(payload, "result", draw->result);
    json_put_int(payload, "drawn", draw->drawn_count);
    json_put_int(payload, "reserves", draw->reserve_count);
    json_put_int(payload, "unstaffed", draw->unstaffed_count);
    return payload;
}

/* Recomputes from the frozen files alone and keeps what came out. */
static bool compute_and_store(Db *db, Draw *draw, GError **error) {
    DrawStoreFiles files = {db, draw->id};
    DrawSource source = draw_store_source(&files);
    g_autofree char *params_text = source.whole(source.from, "params.txt", error);
    g_autoptr(DrawParams) params =
        params_text != NULL ? draw_params_parse(params_text, error) : NULL;
    g_autoptr(DrawOutcome) outcome = params != NULL ? draw_compute(&source, error) : NULL;
    if (outcome == NULL) {
        return false;
    }
    draw->short_count = count_short(outcome, params);
    return store_outcome(db, draw, outcome, error);
}

bool draw_run(Db *db, int64_t id, const char *actor, int64_t now_us, GError **error) {
    g_assert(db_in_tx(db));
    g_autoptr(Draw) draw = draw_store_find(db, id, true, error);
    if (draw == NULL) {
        return false;
    }
    if (draw->state != DRAW_COMMITTED) {
        return hz_fail(error,
                       HZ_ERROR_CONFLICT,
                       draw->state == DRAW_FROZEN ? "the draw is not committed"
                                                  : "the draw was run; there is no second one");
    }
    if (!write_seed(db, draw, error) || !compute_and_store(db, draw, error)) {
        return false;
    }
    draw->state = DRAW_DONE;
    draw->drawn_us = now_us;
    int64_t changed = 0;
    if (!draw_mark(db,
                   draw,
                   "draw.result",
                   result_payload(draw),
                   actor,
                   now_us,
                   &draw->result_leaf,
                   error) ||
        !draw_store_update(db, draw, DRAW_COMMITTED, &changed, error)) {
        return false;
    }
    if (changed != 1) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the draw was run; there is no second one");
    }
    if (draw->mode == DRAW_OPEN && !draw_open(db, draw, actor, now_us, error)) {
        return false;
    }
    for (const DrawDone *done = draw_done_hooks; *done != NULL; done++) {
        if (!(*done)(db, id, actor, now_us, error)) {
            return false;
        }
    }
    return true;
}
