/* The registry of the demo city: regions, agencies, officers, buildings, units. */
#include "demo/demo.h"

#include "base/clock.h"
#include "base/error.h"
#include "demo/demo_internal.h"
#include "demo/demo_rules.h"
#include "ledger/ledger.h"
#include "registry/agency.h"
#include "registry/region.h"

#include <string.h>

#define PROVINCE "50"
#define ROWS_AT_ONCE 1000
#define BATCHES_AT_ONCE 20 /* rows in one transaction: bounded memory, few commits */

void demo_scale(DemoOptions *options, double scale) {
    options->units = MAX((int64_t)(DEMO_UNITS * scale), 60);
    options->buildings = MAX((int64_t)(DEMO_BUILDINGS * scale), 20);
    options->officers = MAX((int64_t)(DEMO_OFFICERS * scale), 40);
}

bool demo_note(Db *db, const char *type, json_t *payload, int64_t now_us, GError **error) {
    g_autoptr(json_t) owned = payload;
    return ledger_append(db,
                         &(LedgerEntry){.time_us = now_us,
                                        .type = type,
                                        .actor = "system",
                                        .object = "demo:city",
                                        .payload = owned},
                         NULL,
                         error);
}

/* --- regions and agencies ----------------------------------------------------------------------
 */

static bool load_regions(Db *db, GError **error) {
    g_auto(DbTx) tx = {0};
    return db_begin(db, &tx, error) && region_load(db, PROVINCE, NULL, error) &&
           db_commit(&tx, error);
}

static bool add_streets(Db *db, DemoCity *city, const char *code, const char *day, GError **error) {
    g_autoptr(GPtrArray) streets = region_children(db, code, day, error);
    if (streets == NULL) {
        return false;
    }
    for (unsigned i = 0; i < streets->len; i++) {
        const Region *street = g_ptr_array_index(streets, i);
        demo_city_add_street(city, street->code, street->name);
    }
    return true;
}

static DemoCity *read_city(Db *db, const DemoOptions *options, GError **error) {
    g_autofree char *day = clock_format_date(options->now_us);
    g_autoptr(GPtrArray) districts = region_districts(db, PROVINCE, day, error);
    if (districts == NULL) {
        return NULL;
    }
    g_autoptr(DemoCity) city = demo_city_new(options->now_us);
    for (unsigned i = 0; i < districts->len; i++) {
        const Region *district = g_ptr_array_index(districts, i);
        demo_city_add_district(city, district->code, district->name);
        if (!add_streets(db, city, district->code, day, error)) {
            return NULL;
        }
    }
    if (city->districts->len == 0) {
        hz_fail(error, HZ_ERROR_CORRUPT, "the region data have no district of %s", PROVINCE);
        return NULL;
    }
    demo_city_place_buildings(city, options->buildings);
    return g_steal_pointer(&city);
}

/* The acts of a synthetic grant: what the list for townships of Chongqing holds. */
static bool give(Db *db, const AgencyGrant *like, int64_t now_us, GError **error) {
    static const char *const acts[] = {"inspect", "order-correction", "fine"};
    bool good = true;
    for (size_t i = 0; good && i < G_N_ELEMENTS(acts); i++) {
        AgencyGrant grant = *like;
        WriteOptions options = {.actor = "system", .action = "give", .now_us = now_us};
        int64_t id;
        grant.act = (char *)acts[i];
        good = agency_grant_add(db, &grant, &options, &id, error);
    }
    return good;
}

/* In one district, if it has two streets: a street office that is empowered, one that acts by
 * delegation, and a police station with the powers of its kind. All of it is synthetic. */
static bool add_other_agencies(Db *db, const DemoCity *city, int64_t now_us, GError **error) {
    const DemoDistrict *district = NULL;
    for (unsigned i = 0; district == NULL && i < city->districts->len; i++) {
        const DemoDistrict *one = &g_array_index(city->districts, DemoDistrict, i);
        bool is_it = strcmp(one->code, DEMO_TOWNSHIP_DISTRICT) == 0 && one->streets->len > 1;
        district = is_it ? one : NULL;
    }
    if (district == NULL) {
        return true;
    }
    const DemoStreet *first = &g_array_index(district->streets, DemoStreet, 0);
    const DemoStreet *second = &g_array_index(district->streets, DemoStreet, 1);
    const struct {
        const char *word, *ending, *kind;
        const DemoStreet *street;
    } rows[] = {{"A", "办事处（演示，赋权）", "township", first},
                {"B", "办事处（演示，委托）", "township", second},
                {"P", "派出所（演示）", "police-station", first}};
    int64_t ids[G_N_ELEMENTS(rows)];
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *name = g_strconcat(rows[i].street->name, rows[i].ending, NULL);
        g_autofree char *code = g_strconcat("YS", rows[i].street->code, rows[i].word, NULL);
        NewAgency agency = {code, name, rows[i].street->code, rows[i].kind};
        if (!agency_add(db, &agency, now_us, &ids[i], error)) {
            return false;
        }
    }
    g_autofree char *fire = demo_agency_name(district);
    g_autofree char *from = clock_format_date(now_us);
    g_autofree char *until = clock_format_date(now_us + 3 * 365 * CLOCK_DAY_US);
    g_auto(Agency) grantor = {0};
    AgencyGrant empowered = {.agency_id = ids[0],
                             .mode = LAW_EMPOWERED,
                             .from = from,
                             .document = (char *)"演示赋权公告第1号（虚构）"};
    if (!agency_find_named(db, fire, &grantor, error)) {
        return false;
    }
    AgencyGrant delegated = {.agency_id = ids[1],
                             .mode = LAW_DELEGATED,
                             .from = from,
                             .until = until,
                             .document = (char *)"演示委托书第1号（虚构）",
                             .grantor_id = grantor.id};
    return give(db, &empowered, now_us, error) && give(db, &delegated, now_us, error);
}

static bool add_agencies(Db *db, const DemoCity *city, int64_t now_us, GError **error) {
    int64_t id = 0;
    g_auto(DbTx) tx = {0};
    if (!db_begin(db, &tx, error) ||
        !agency_add(db,
                    &(NewAgency){"YS50", DEMO_CITY_AGENCY, PROVINCE, "fire-corps"},
                    now_us,
                    &id,
                    error)) {
        return false;
    }
    for (unsigned i = 0; i < city->districts->len; i++) {
        const DemoDistrict *district = &g_array_index(city->districts, DemoDistrict, i);
        g_autofree char *name = demo_agency_name(district);
        g_autofree char *code = g_strconcat("YS", district->code, NULL);
        NewAgency agency = {code, name, district->code, "fire-detachment"};
        if (!agency_add(db, &agency, now_us, &id, error)) {
            return false;
        }
    }
    return add_other_agencies(db, city, now_us, error) && db_commit(&tx, error);
}

/* --- rows --------------------------------------------------------------------------------------
 */

typedef struct Filling {
    Db *db;
    const DemoCity *city;
    const DemoOptions *options;
    IntakeKind kind;
    const char *what;
    int64_t total;
    int64_t done;
    GStringChunk *texts;
} Filling;

static void make_row(const Filling *filling, int64_t index, void *row) {
    if (filling->kind == INTAKE_UNIT) {
        demo_unit(filling->city, index, filling->texts, row);
    } else if (filling->kind == INTAKE_BUILDING) {
        demo_building(filling->city, index, filling->texts, row);
    } else {
        demo_officer(filling->city, index, filling->texts, row);
    }
}

static bool put_batch(Filling *filling, GError **error) {
    size_t size = intake_input_size(filling->kind);
    size_t count = (size_t)MIN(filling->total - filling->done, ROWS_AT_ONCE);
    g_autofree char *rows = g_malloc0_n(count, size);
    g_autofree IntakeResult *results = g_new0(IntakeResult, count);
    IntakeContext context = {.scope_region = PROVINCE, .now_us = demo_begin_us(filling->options)};
    g_string_chunk_clear(filling->texts);
    for (size_t i = 0; i < count; i++) {
        make_row(filling, filling->done + (int64_t)i, rows + i * size);
    }
    bool stored = intake_batch(filling->db, filling->kind, rows, count, &context, results, error);
    for (size_t i = 0; i < count; i++) {
        if (stored && results[i].outcome == INTAKE_REFUSED) {
            stored = hz_fail(error,
                             HZ_ERROR_INTERNAL,
                             "demo %s %" G_GINT64_FORMAT " was refused: %s: %s",
                             filling->what,
                             filling->done + (int64_t)i,
                             results[i].column != NULL ? results[i].column : "-",
                             results[i].problem);
        }
        intake_result_clear(&results[i]);
    }
    filling->done += (int64_t)count;
    return stored;
}

static bool put_some(Filling *filling, GError **error) {
    int64_t first = filling->done;
    g_auto(DbTx) tx = {0};
    if (!db_begin(filling->db, &tx, error)) {
        return false;
    }
    for (int batch = 0; batch < BATCHES_AT_ONCE && filling->done < filling->total; batch++) {
        if (!put_batch(filling, error)) {
            return false;
        }
    }
    json_t *payload = json_object();
    json_put_text(payload, "kind", filling->what);
    json_put_int(payload, "first", first);
    json_put_int(payload, "count", filling->done - first);
    return demo_note(filling->db, "demo.fill", payload, demo_begin_us(filling->options), error) &&
           db_commit(&tx, error);
}

static bool fill(Db *db,
                 const DemoCity *city,
                 const DemoOptions *options,
                 IntakeKind kind,
                 const char *what,
                 int64_t total,
                 GError **error) {
    Filling filling = {.db = db,
                       .city = city,
                       .options = options,
                       .kind = kind,
                       .what = what,
                       .total = total,
                       .texts = g_string_chunk_new(64 * 1024)};
    bool filled = true;
    while (filled && filling.done < total) {
        filled = put_some(&filling, error);
        if (filled && options->progress != NULL) {
            options->progress(what, filling.done, total, options->progress_data);
        }
    }
    g_string_chunk_free(filling.texts);
    return filled;
}

bool demo_fill_registry(Db *db, const DemoOptions *options, GError **error) {
    if (options->units > DEMO_COUNT_MAX || options->buildings > DEMO_COUNT_MAX ||
        options->officers > 100000) {
        return hz_fail(error, HZ_ERROR_LIMIT, "the demo city has at most 5,000,000 units");
    }
    if (!load_regions(db, error)) {
        return false;
    }
    g_autoptr(DemoCity) city = read_city(db, options, error);
    return city != NULL && add_agencies(db, city, demo_begin_us(options), error) &&
           fill(db, city, options, INTAKE_OFFICER, "officer", options->officers, error) &&
           fill(db, city, options, INTAKE_BUILDING, "building", options->buildings, error) &&
           fill(db, city, options, INTAKE_UNIT, "unit", options->units, error);
}
