/* The rule data of this room, sensing-limits.yaml and sensing-upkeep.yaml: a city's own lines over
 * the national ones, read once. */
#include "sensing/sensing_law.h"

#include "base/clock.h"
#include "base/error.h"
#include "law/law_list.h"
#include "registry/region.h"
#include "sensing/limits.h"
#include "sensing/sensing_names.h"
#include "sensing/upkeep.h"

#include <pthread.h>
#include <string.h>

static const char *const confidences[] = {"text", "secondary", "memory", NULL};
static const char *const confidences_zh[] = {"原文", "二手", "凭记忆"};

static const char *const side_words[] = {"inside", "below", "above", NULL};

#define LIMITS_FILE "sensing-limits.yaml"
#define LIMITS_KEYS "sensing_limits examples"
#define UPKEEP_FILE "sensing-upkeep.yaml"
#define UPKEEP_KEYS "sensing_upkeep"
#define COMPONENTS_MAX 16

typedef struct LimitLine {
    const char *source_zh; /* "默认：剩余电流，依据 GB 14287，凭记忆" */
    int64_t analog;
    int64_t components[COMPONENTS_MAX];
    size_t component_count;
    LimitRule rule;
} LimitLine;

typedef struct UpkeepLine {
    int64_t amount;
    bool is_hours;
    const char *source_zh; /* "凭记忆"; "重庆市规定，依据 …，原文" */
    bool is_there;
} UpkeepLine;

/* What holds in a city. */
typedef struct Rules {
    const char *city;
    GArray *limits; /* of LimitLine */
    UpkeepLine upkeep[UPKEEP_TERM_COUNT];
    GStringChunk *texts;
    LawRan ran;
} Rules;

static void rules_free(Rules *rules) {
    g_array_unref(rules->limits);
    g_string_chunk_free(rules->texts);
    law_ran_clear(&rules->ran);
    g_free(rules);
}

/* --- reading ------------------------------------------------------------------------------------
 */

/* "依据 GB 14287，凭记忆"; of a city's line "重庆市规定，依据 …，原文". */
static char *source_text(LawReader *reader, const LawLine *line) {
    LawNode basis = law_get(line->node, "basis");
    GString *text = g_string_new(line->city_zh);
    g_string_append(text, line->city_zh == NULL ? "" : "规定，");
    for (unsigned i = 0; i < law_count(basis); i++) {
        g_string_append_printf(
            text, "%s%s", i == 0 ? "依据 " : "、", law_text(reader, law_at(basis, i)));
    }
    int confidence = law_word(reader, law_get(line->node, "confidence"), confidences);
    g_string_append_printf(
        text, "%s%s", law_count(basis) > 0 ? "，" : "", confidences_zh[confidence]);
    return g_string_free(text, FALSE);
}

static bool
read_value(LawReader *reader, LawNode map, const char *key, int64_t analog, int64_t *ret) {
    LawNode node = law_get(map, key);
    if (!law_is_there(node)) {
        return false;
    }
    const char *text = law_text(reader, node);
    if (reader->error == NULL && !analog_parse(analog, text, ret)) {
        law_wrong(reader, node, "\"%s\" is no value of analog type %d", text, (int)analog);
    }
    return true;
}

static void read_limit(LawReader *reader, const LawLine *from, Rules *rules) {
    LawNode map = from->node;
    if (!law_keys(
            reader, map, "id name analog components low? high? hysteresis basis confidence")) {
        return;
    }
    LawNode components = law_get(map, "components");
    g_autofree char *source = source_text(reader, from);
    g_autofree char *shown =
        g_strdup_printf("默认：%s，%s", law_text(reader, law_get(map, "name")), source);
    LimitLine line = {.source_zh = g_string_chunk_insert(rules->texts, shown),
                      .analog = law_int(reader, law_get(map, "analog"), 1, 255)};
    for (unsigned i = 0; law_list(reader, components) && i < law_count(components); i++) {
        if (line.component_count == COMPONENTS_MAX) {
            law_wrong(reader, components, "at most %d components", COMPONENTS_MAX);
            break;
        }
        line.components[line.component_count++] = law_int(reader, law_at(components, i), 0, 255);
    }
    line.rule.has_low = read_value(reader, map, "low", line.analog, &line.rule.low);
    line.rule.has_high = read_value(reader, map, "high", line.analog, &line.rule.high);
    read_value(reader, map, "hysteresis", line.analog, &line.rule.hysteresis);
    if (reader->error == NULL && !limit_rule_is_sound(&line.rule)) {
        law_wrong(reader, map, "low and high leave no room for the hysteresis");
    }
    g_array_append_val(rules->limits, line);
}

static void read_upkeep(LawReader *reader, const LawLine *from, Rules *rules) {
    static const char *const ids[] = {
        "long-shield", "order-due", "minute-samples", "daily-samples", "learned-device", NULL};
    static const char *const units[] = {"days", "hours", NULL};
    G_STATIC_ASSERT(G_N_ELEMENTS(ids) == UPKEEP_TERM_COUNT + 1);
    LawNode map = from->node;
    if (!law_keys(reader, map, "id name amount unit basis confidence")) {
        return;
    }
    law_text(reader, law_get(map, "name"));
    int at = law_word(reader, law_get(map, "id"), ids);
    g_autofree char *source = source_text(reader, from);
    UpkeepLine line = {.amount = law_int(reader, law_get(map, "amount"), 1, 10000),
                       .is_hours = law_word(reader, law_get(map, "unit"), units) == 1,
                       .source_zh = g_string_chunk_insert(rules->texts, source),
                       .is_there = true};
    rules->upkeep[at] = line;
}

static bool is_for(const LimitLine *line, int64_t component_type, int64_t analog_type) {
    bool found = false;
    for (size_t i = 0; i < line->component_count; i++) {
        found |= line->components[i] == component_type;
    }
    return found && line->analog == analog_type;
}

/* The first line that fits; NULL: none. */
static const LimitLine *line_of(const Rules *rules, int64_t component_type, int64_t analog_type) {
    for (guint i = 0; i < rules->limits->len; i++) {
        const LimitLine *line = &g_array_index(rules->limits, LimitLine, i);
        if (is_for(line, component_type, analog_type)) {
            return line;
        }
    }
    return NULL;
}

/* Values one after another, and where each stands. */
static void run_example(LawReader *reader, const LawLine *from, Rules *rules) {
    LawNode map = from->node;
    LawNode values = law_get(map, "values");
    LawNode expect = law_get(map, "expect");
    if (!law_keys(reader, map, "name component analog values expect") ||
        !law_list(reader, values)) {
        return;
    }
    int64_t analog = law_int(reader, law_get(map, "analog"), 1, 255);
    const LimitLine *line =
        line_of(rules, law_int(reader, law_get(map, "component"), 0, 255), analog);
    if (line == NULL || law_count(values) != law_count(expect)) {
        law_wrong(reader, map, "no limit is for it, or values and expect differ in length");
        return;
    }
    LimitSide side = LIMIT_INSIDE;
    for (unsigned i = 0; i < law_count(values) && reader->error == NULL; i++) {
        int64_t value = 0;
        const char *text = law_text(reader, law_at(values, i));
        LimitSide wanted = (LimitSide)law_word(reader, law_at(expect, i), side_words);
        if (reader->error == NULL && !analog_parse(analog, text, &value)) {
            law_wrong(reader, law_at(values, i), "\"%s\" is no value of that type", text);
        }
        side = limit_judge(&line->rule, side, value);
        if (side != wanted) {
            law_wrong(reader,
                      law_at(expect, i),
                      "the example \"%s\" does not come out: %s is %s",
                      law_text(reader, law_get(map, "name")),
                      text,
                      side_words[side]);
        }
    }
}

/* --- files --------------------------------------------------------------------------------------
 */

typedef void (*LineReader)(LawReader *reader, const LawLine *line, Rules *rules);

static void read_lines(
    LawReader *reader, const LawOverlay *file, const char *section, LineReader read, Rules *rules) {
    g_autoptr(GArray) lines = law_overlay_lines(reader, file, section, "id");
    for (guint i = 0; reader->error == NULL && i < lines->len; i++) {
        read(reader, &g_array_index(lines, LawLine, i), rules);
    }
}

static void run_examples(LawReader *reader, const LawOverlay *file, Rules *rules) {
    g_autoptr(GArray) lines = law_overlay_lines(reader, file, "examples", "name");
    for (guint i = 0; reader->error == NULL && i < lines->len; i++) {
        LawReader one = {NULL};
        run_example(&one, &g_array_index(lines, LawLine, i), rules);
        law_ran_add(&rules->ran, &one, file->city);
    }
}

static Rules *rules_new(const char *city) {
    Rules *rules = g_new0(Rules, 1);
    rules->city = city;
    rules->limits = g_array_new(FALSE, TRUE, sizeof(LimitLine));
    rules->texts = g_string_chunk_new(1024);
    return rules;
}

static void read_limits(LawReader *reader, const LawOverlay *file, Rules *rules) {
    read_lines(reader, file, "sensing_limits", read_limit, rules);
    run_examples(reader, file, rules);
}

static void read_terms(LawReader *reader, const LawOverlay *file, Rules *rules) {
    read_lines(reader, file, "sensing_upkeep", read_upkeep, rules);
    for (unsigned i = 0; reader->error == NULL && i < UPKEEP_TERM_COUNT; i++) {
        if (!rules->upkeep[i].is_there) {
            law_wrong(reader, law_root(file->national), "a term is missing");
        }
    }
}

/* Texts are copied: the documents go again. */
static Rules *load_city(const LawBook *book, LawRan *ran, GError **error) {
    LawReader reader = {NULL};
    g_auto(LawOverlay) limits = {0};
    g_auto(LawOverlay) terms = {0};
    Rules *rules = rules_new(law_book_city(book));
    law_overlay_open(&reader, book, LIMITS_FILE, LIMITS_KEYS, &limits);
    read_limits(&reader, &limits, rules);
    if (reader.error == NULL) {
        law_overlay_open(&reader, book, UPKEEP_FILE, UPKEEP_KEYS, &terms);
        read_terms(&reader, &terms, rules);
    }
    if (reader.error != NULL) {
        g_propagate_error(error, reader.error);
    }
    bool is_good = reader.error == NULL && law_ran_holds(&rules->ran, error);
    law_ran_take(ran, &rules->ran);
    if (!is_good) {
        rules_free(rules);
        return NULL;
    }
    return rules;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static GPtrArray *all_rules; /* of Rules, one for each city, national first */
static LawRan all_ran;
static GError *loading_error;

static void load(void) {
    const char *const *cities = law_cities(&loading_error);
    all_rules = g_ptr_array_new();
    for (size_t i = 0; loading_error == NULL && cities[i] != NULL; i++) {
        const LawBook *book = law_book(cities[i], &loading_error);
        Rules *rules = book == NULL ? NULL : load_city(book, &all_ran, &loading_error);
        if (rules != NULL) {
            g_ptr_array_add(all_rules, rules);
        }
    }
}

static bool is_loaded(GError **error) {
    pthread_once(&once, load);
    if (loading_error != NULL) {
        g_propagate_error(error, g_error_copy(loading_error));
    }
    return loading_error == NULL;
}

bool sensing_law_check(const LawRan **ret_ran, GError **error) {
    bool is_good = is_loaded(error);
    *ret_ran = &all_ran;
    return is_good;
}

static const Rules *rules_of(const char *region, GError **error) {
    const char *city = is_loaded(error) ? law_city_of(region, error) : NULL;
    for (guint i = 0; city != NULL && i < all_rules->len; i++) {
        const Rules *rules = all_rules->pdata[i];
        if (strcmp(rules->city, city) == 0) {
            return rules;
        }
    }
    return NULL;
}

/* --- asking -------------------------------------------------------------------------------------
 */

bool limit_default(const char *region,
                   int64_t component_type,
                   int64_t analog_type,
                   PointLimit *ret_limit,
                   bool *ret_found,
                   GError **error) {
    const Rules *rules = rules_of(region, error);
    const LimitLine *line = rules == NULL ? NULL : line_of(rules, component_type, analog_type);
    *ret_found = line != NULL;
    if (line != NULL) {
        *ret_limit = (PointLimit){
            .analog_type = analog_type, .rule = line->rule, .source_zh = line->source_zh};
    }
    return rules != NULL;
}

static int64_t length_of(const UpkeepLine *line) {
    return line->amount * (line->is_hours ? 3600 * CLOCK_SECOND_US : CLOCK_DAY_US);
}

bool upkeep_term(const char *region, UpkeepTerm term, int64_t *ret_length_us, GError **error) {
    const Rules *rules = rules_of(region, error);
    if (rules == NULL) {
        return false;
    }
    *ret_length_us = length_of(&rules->upkeep[term]);
    return true;
}

/* Has anything of the city been loaded into this database? National rules count for provinces that
 * are no city's. */
static bool is_used(Db *db, const Rules *rules, bool *ret_used, GError **error) {
    const LawBook *book = law_book(rules->city, error);
    const char *prefix = book == NULL ? NULL : law_book_region(book);
    *ret_used = false;
    if (prefix != NULL) {
        g_autoptr(GPtrArray) districts = region_districts(db, prefix, NULL, error);
        *ret_used = districts != NULL && districts->len > 0;
        return districts != NULL;
    }
    g_autoptr(GPtrArray) provinces = book == NULL ? NULL : region_provinces(db, NULL, error);
    for (guint i = 0; provinces != NULL && i < provinces->len; i++) {
        const Region *province = provinces->pdata[i];
        *ret_used |= g_strcmp0(law_city_of(province->code, NULL), rules->city) == 0;
    }
    return provinces != NULL;
}

bool upkeep_term_longest(Db *db, UpkeepTerm term, int64_t *ret_length_us, GError **error) {
    int64_t longest = 0;
    for (guint i = 0; is_loaded(error) && i < all_rules->len; i++) {
        const Rules *rules = all_rules->pdata[i];
        bool used = false;
        if (!is_used(db, rules, &used, error)) {
            return false;
        }
        longest = used ? MAX(longest, length_of(&rules->upkeep[term])) : longest;
    }
    *ret_length_us = longest;
    return longest > 0 || upkeep_term("", term, ret_length_us, error);
}

char *upkeep_term_text(const char *region, UpkeepTerm term) {
    const Rules *rules = rules_of(region, NULL);
    if (rules == NULL) {
        return g_strdup("");
    }
    const UpkeepLine *line = &rules->upkeep[term];
    return g_strdup_printf("%" G_GINT64_FORMAT " %s（%s，各地可以改）",
                           line->amount,
                           line->is_hours ? "小时" : "天",
                           line->source_zh);
}
