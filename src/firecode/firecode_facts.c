#include "firecode/firecode_facts.h"

#include "base/clock.h"
#include "firecode/firecode_rules.h"
#include "firecode/firecode_store.h"
#include "sensing/building_facts.h"

#include <string.h>

#define HOUR_US (3600 * CLOCK_SECOND_US)
#define SIGNALS_US (90 * CLOCK_DAY_US)
#define ALARMS_US (365 * CLOCK_DAY_US)
#define STALE_TIMES 2 /* of a duty's hours: then what was told counts only when it is bad */

struct FactSheet {
    GHashTable *answers; /* text (borrowed literal) -> LawRiskAnswer (owned) */
    BuildingRecord *records[DUTY_KINDS];
    bool is_stale[DUTY_KINDS];
    int64_t last_us[LAW_RISK_DUTIES];
};

void fact_sheet_free(FactSheet *sheet) {
    if (sheet != NULL) {
        g_hash_table_unref(sheet->answers);
        for (unsigned i = 0; i < DUTY_KINDS; i++) {
            building_record_free(sheet->records[i]);
        }
        g_free(sheet);
    }
}

static void put(FactSheet *sheet, const char *fact, LawRiskAnswer answer) {
    g_hash_table_insert(sheet->answers, (gpointer)fact, g_memdup2(&answer, sizeof answer));
}

static void put_number(FactSheet *sheet, const char *fact, bool is_known, int64_t number) {
    put(sheet,
        fact,
        (LawRiskAnswer){.known = is_known ? LAW_RISK_NUMBER : LAW_RISK_UNKNOWN, .number = number});
}

/* `word` is static; NULL: not known. */
static void put_word(FactSheet *sheet, const char *fact, const char *word) {
    put(sheet,
        fact,
        (LawRiskAnswer){.known = word != NULL ? LAW_RISK_WORD : LAW_RISK_UNKNOWN, .word = word});
}

static void put_absent(FactSheet *sheet, const char *fact) {
    put(sheet, fact, (LawRiskAnswer){.known = LAW_RISK_ABSENT});
}

/* --- what each room knows -----------------------------------------------------------------------
 */

static const char *use_word(int category) {
    const UseCategory *use = category_get(category);
    return category == 0                           ? NULL
           : use->is_crowded                       ? "crowded"
           : strcmp(use->word, "residential") == 0 ? "residential"
                                                   : "other";
}

static void put_building(FactSheet *sheet, const Building *building, int64_t now_us) {
    static const char *const heights[] = {NULL, "low", "high", "super"};
    const char *credit = credit_word(building->credit);
    int year = clock_year(now_us);
    bool has_floors = building->floors_above > 0;
    put_word(sheet, "building.height-class", heights[building->height_class]);
    put_number(sheet, "building.floors", has_floors, building->floors_above);
    /* nobody registers "no basement": what is told of the floors above stands for both */
    put_number(sheet, "building.basement", has_floors, building->floors_below);
    put_number(sheet, "building.area", building->area_m2 > 0, (int64_t)building->area_m2);
    put_number(sheet,
               "building.age",
               building->built_year > 0 && building->built_year <= year,
               year - building->built_year);
    put_word(sheet, "building.use", use_word(building->category));
    put_word(sheet, "building.key-unit", building->is_key ? "yes" : "no");
    put_word(sheet, "building.credit", credit[0] == '\0' ? NULL : credit);
}

static bool
put_office(FactSheet *sheet, Db *db, const Building *building, int64_t now_us, GError **error) {
    OfficeFacts facts;
    if (!facts_store_office(db, building->id, now_us, &facts, error)) {
        return false;
    }
    int64_t visited_us = MAX(facts.visited_us, building->last_inspected_us);
    put_number(sheet, "visits.days", visited_us > 0, MAX(now_us - visited_us, 0) / CLOCK_DAY_US);
    put_number(sheet, "visits.failed", facts.failed >= 0, facts.failed);
    put_number(sheet, "matters.hazards", true, facts.hazards);
    put_number(sheet, "matters.overdue", true, facts.overdue);
    put_number(sheet, "matters.major", true, facts.major);
    put_number(sheet, "matters.sealed", true, facts.sealed);
    return true;
}

/* Rounded up: one point of a thousand is not nothing. */
static int64_t share(int64_t part, int64_t whole) {
    return whole == 0 ? 0 : (part * 100 + whole - 1) / whole;
}

static void put_share(FactSheet *sheet, const char *fact, int64_t part, int64_t whole) {
    if (whole == 0) {
        put_absent(sheet, fact);
    } else {
        put_number(sheet, fact, true, share(part, whole));
    }
}

static bool
put_sensing(FactSheet *sheet, Db *db, int64_t building_id, int64_t now_us, GError **error) {
    static const char *const pumps[] = {NULL, "ok", "manual", "fault"};
    BuildingFacts facts;
    if (!sensing_building_facts(db, building_id, now_us - SIGNALS_US, &facts, error)) {
        return false;
    }
    put_word(sheet, "sensing.connected", facts.devices > 0 ? "yes" : "no");
    put_share(sheet, "sensing.offline", facts.offline, facts.devices);
    /* what silent devices said last is not the state of today */
    bool is_heard = facts.devices > facts.offline;
    if (facts.points > 0 && !is_heard) {
        return true;
    }
    put_share(sheet, "sensing.fault", facts.fault, facts.points);
    put_share(sheet, "sensing.shield", facts.shield, facts.points);
    put_word(sheet, "sensing.pump", pumps[facts.pump]);
    if (facts.pump == PUMP_NONE) {
        put_absent(sheet, "sensing.pump");
    }
    if (facts.devices == 0) {
        put_absent(sheet, "sensing.limits");
        put_absent(sheet, "sensing.power");
        put_absent(sheet, "sensing.fires");
        put_absent(sheet, "alarms.real");
        return true;
    }
    put_number(sheet, "sensing.limits", true, facts.limits);
    put_number(sheet, "sensing.power", true, facts.power);
    put_number(sheet, "sensing.fires", true, facts.fires);
    return true;
}

static bool
put_alarms(FactSheet *sheet, Db *db, int64_t building_id, int64_t now_us, GError **error) {
    int64_t real = 0, untrue = 0;
    if (firecode_alarms == NULL) {
        return true;
    }
    if (!firecode_alarms(db, building_id, now_us - ALARMS_US, &real, &untrue, error)) {
        return false;
    }
    if (g_hash_table_lookup(sheet->answers, "alarms.real") == NULL) {
        put_number(sheet, "alarms.real", true, real);
    }
    put_share(sheet, "alarms.false", untrue, real + untrue);
    return true;
}

/* --- records ------------------------------------------------------------------------------------
 */

static bool read_records(FactSheet *sheet,
                         Db *db,
                         int64_t building_id,
                         const LawRisk *risk,
                         int64_t now_us,
                         GError **error) {
    for (unsigned kind = 0; kind < DUTY_KINDS; kind++) {
        g_autoptr(GPtrArray) newest =
            record_store_list(db, building_id, (DutyKind)kind, 0, 1, error);
        if (newest == NULL) {
            return false;
        }
        if (newest->len == 0) {
            continue;
        }
        BuildingRecord *record = sheet->records[kind] = g_ptr_array_steal_index(newest, 0);
        if (kind < LAW_RISK_DUTIES) {
            int64_t age_us = now_us - record->time_us;
            sheet->last_us[kind] = record->time_us;
            sheet->is_stale[kind] = age_us > STALE_TIMES * risk->duties[kind].hours * HOUR_US;
        }
    }
    return true;
}

/* A field of the newest record: a number, or a word. */
static LawRiskAnswer record_answer(const FactSheet *sheet, unsigned kind, const char *field) {
    const BuildingRecord *record = sheet->records[kind];
    const char *text = record == NULL ? NULL : json_get_text(record->data, field, NULL);
    int64_t number = 0;
    if (text == NULL) {
        return (LawRiskAnswer){.known = LAW_RISK_UNKNOWN};
    }
    if (g_ascii_string_to_signed(text, 10, 0, G_MAXINT32, &number, NULL)) {
        return (LawRiskAnswer){
            .known = LAW_RISK_NUMBER, .number = number, .is_stale = sheet->is_stale[kind]};
    }
    return (LawRiskAnswer){.known = LAW_RISK_WORD, .word = text, .is_stale = sheet->is_stale[kind]};
}

static bool profile_says_no(const FactSheet *sheet, const char *field) {
    const BuildingRecord *profile = sheet->records[DUTY_PROFILE];
    return profile != NULL && strcmp(json_get_text(profile->data, field, ""), "no") == 0;
}

static void put_duties(FactSheet *sheet, int64_t now_us) {
    static const char *const facts[] = {"duty.patrol", "duty.handover", "duty.maintenance"};
    for (unsigned i = 0; i < LAW_RISK_DUTIES; i++) {
        put_number(
            sheet, facts[i], sheet->last_us[i] > 0, MAX(now_us - sheet->last_us[i], 0) / HOUR_US);
    }
    if (profile_says_no(sheet, "control-room")) {
        put_absent(sheet, "duty.handover");
        put_absent(sheet, "handover.people");
    }
    if (profile_says_no(sheet, "homes")) {
        put_absent(sheet, "profile.elderly");
    }
}

/* --- the sheet ----------------------------------------------------------------------------------
 */

FactSheet *fact_sheet_of(
    Db *db, const Building *building, const LawRisk *risk, int64_t now_us, GError **error) {
    g_autoptr(FactSheet) sheet = g_new0(FactSheet, 1);
    sheet->answers = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    put_building(sheet, building, now_us);
    if (!put_office(sheet, db, building, now_us, error) ||
        !put_sensing(sheet, db, building->id, now_us, error) ||
        !put_alarms(sheet, db, building->id, now_us, error) ||
        !read_records(sheet, db, building->id, risk, now_us, error)) {
        return NULL;
    }
    put_duties(sheet, now_us);
    return g_steal_pointer(&sheet);
}

LawRiskAnswer fact_sheet_answer(const FactSheet *sheet, const char *fact) {
    const LawRiskAnswer *known = g_hash_table_lookup(sheet->answers, fact);
    if (known != NULL) {
        return *known;
    }
    for (unsigned kind = 0; kind < DUTY_KINDS; kind++) {
        g_autofree char *prefix = g_strconcat(duty_word((DutyKind)kind), ".", NULL);
        if (g_str_has_prefix(fact, prefix)) {
            return record_answer(sheet, kind, fact + strlen(prefix));
        }
    }
    return (LawRiskAnswer){.known = LAW_RISK_UNKNOWN};
}

bool fact_is_offered(const char *fact) {
    static const char *const offered[] = {
        "building.height-class", "building.floors", "building.basement", "building.area",
        "building.age",          "building.use",    "building.key-unit", "building.credit",
        "visits.days",           "visits.failed",   "matters.hazards",   "matters.overdue",
        "matters.major",         "matters.sealed",  "sensing.connected", "sensing.offline",
        "sensing.fault",         "sensing.shield",  "sensing.pump",      "sensing.limits",
        "sensing.power",         "sensing.fires",   "alarms.real",       "alarms.false",
        "duty.patrol",           "duty.handover",   "duty.maintenance",  NULL};
    for (unsigned kind = 0; kind < DUTY_KINDS; kind++) {
        g_autofree char *prefix = g_strconcat(duty_word((DutyKind)kind), ".", NULL);
        if (g_str_has_prefix(fact, prefix)) {
            return true; /* the loader of law/ has looked for the field */
        }
    }
    return g_strv_contains(offered, fact);
}

const int64_t *fact_sheet_last(const FactSheet *sheet) {
    return sheet->last_us;
}
