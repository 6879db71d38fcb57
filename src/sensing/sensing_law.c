/* The rule data of this room: law/national/sensing-*.yaml, read once. */
#include "base/clock.h"
#include "base/embedded.h"
#include "base/error.h"
#include "law/law_node.h"
#include "sensing/limits.h"
#include "sensing/sensing_names.h"
#include "sensing/upkeep.h"

#include <pthread.h>
#include <string.h>

static const char *const confidences[] = {"text", "secondary", "memory", NULL};
static const char *const confidences_zh[] = {"原文", "二手", "凭记忆"};

typedef struct LimitLine {
    const char *name;
    char *basis;
    int confidence; /* index of the lists above */
    int64_t analog;
    int64_t components[16];
    size_t component_count;
    LimitRule rule;
} LimitLine;

typedef struct UpkeepLine {
    int64_t amount;
    bool is_hours;
    int confidence;
    bool is_there;
} UpkeepLine;

typedef struct Rules {
    GArray *limits; /* of LimitLine */
    UpkeepLine upkeep[UPKEEP_TERM_COUNT];
} Rules;

/* --- reading ------------------------------------------------------------------------------------
 */

static char *join(LawReader *reader, LawNode list) {
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; i < law_count(list); i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? "、" : "", law_text(reader, law_at(list, i)));
    }
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

static void read_limit(LawReader *reader, LawNode map, Rules *rules) {
    if (!law_keys(
            reader, map, "id name analog components low? high? hysteresis basis confidence")) {
        return;
    }
    LawNode components = law_get(map, "components");
    law_id(reader, law_get(map, "id"));
    LimitLine line = {.name = law_text(reader, law_get(map, "name")),
                      .basis = join(reader, law_get(map, "basis")),
                      .confidence = law_word(reader, law_get(map, "confidence"), confidences),
                      .analog = law_int(reader, law_get(map, "analog"), 1, 255)};
    for (unsigned i = 0; law_list(reader, components) && i < law_count(components); i++) {
        if (line.component_count == G_N_ELEMENTS(line.components)) {
            law_wrong(reader, components, "at most 16 components");
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

static void read_upkeep(LawReader *reader, LawNode map, Rules *rules) {
    static const char *const ids[] = {
        "long-shield", "order-due", "minute-samples", "daily-samples", "learned-device", NULL};
    static const char *const units[] = {"days", "hours", NULL};
    G_STATIC_ASSERT(G_N_ELEMENTS(ids) == UPKEEP_TERM_COUNT + 1);
    if (!law_keys(reader, map, "id name amount unit basis confidence")) {
        return;
    }
    law_text(reader, law_get(map, "name"));
    int at = law_word(reader, law_get(map, "id"), ids);
    UpkeepLine line = {.amount = law_int(reader, law_get(map, "amount"), 1, 10000),
                       .is_hours = law_word(reader, law_get(map, "unit"), units) == 1,
                       .confidence = law_word(reader, law_get(map, "confidence"), confidences),
                       .is_there = true};
    rules->upkeep[at] = line;
}

typedef void (*LineReader)(LawReader *reader, LawNode map, Rules *rules);

/* Documents live as long as the program: the lines borrow their texts. */
static void
read_file(LawReader *reader, const char *path, const char *key, LineReader read, Rules *rules) {
    EmbeddedFile text = embedded_find(path);
    if (text.data == NULL || reader->error != NULL) {
        if (reader->error == NULL) {
            hz_fail(&reader->error, HZ_ERROR_INTERNAL, "%s is not in the binary", path);
        }
        return;
    }
    static GPtrArray *documents;
    if (documents == NULL) {
        documents = g_ptr_array_new();
    }
    LawDoc *doc = law_doc_parse(path, text.data, text.size, &reader->error);
    if (doc == NULL) {
        return;
    }
    g_ptr_array_add(documents, doc);
    if (law_keys(reader, law_root(doc), key)) {
        LawNode list = law_get(law_root(doc), key);
        for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
            read(reader, law_at(list, i), rules);
        }
    }
}

static bool load(Rules *rules, GError **error) {
    LawReader reader = {NULL};
    rules->limits = g_array_new(FALSE, TRUE, sizeof(LimitLine));
    read_file(&reader, "law/national/sensing-limits.yaml", "sensing_limits", read_limit, rules);
    read_file(&reader, "law/national/sensing-upkeep.yaml", "sensing_upkeep", read_upkeep, rules);
    for (unsigned i = 0; reader.error == NULL && i < UPKEEP_TERM_COUNT; i++) {
        if (!rules->upkeep[i].is_there) {
            hz_fail(&reader.error, HZ_ERROR_INVALID, "sensing-upkeep.yaml: a term is missing");
        }
    }
    if (reader.error != NULL) {
        g_propagate_error(error, reader.error);
        g_array_unref(rules->limits);
        rules->limits = NULL;
        return false;
    }
    return true;
}

static const Rules *rules_get(GError **error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static Rules rules;
    static bool is_loaded;
    pthread_mutex_lock(&lock);
    is_loaded = is_loaded || load(&rules, error);
    bool good = is_loaded;
    pthread_mutex_unlock(&lock);
    return good ? &rules : NULL;
}

/* --- asking -------------------------------------------------------------------------------------
 */

static bool is_for(const LimitLine *line, int64_t component_type, int64_t analog_type) {
    bool found = false;
    for (size_t i = 0; i < line->component_count; i++) {
        found |= line->components[i] == component_type;
    }
    return found && line->analog == analog_type;
}

bool limit_default(int64_t component_type,
                   int64_t analog_type,
                   PointLimit *ret_limit,
                   bool *ret_found,
                   GError **error) {
    const Rules *rules = rules_get(error);
    *ret_found = false;
    for (guint i = 0; rules != NULL && !*ret_found && i < rules->limits->len; i++) {
        const LimitLine *line = &g_array_index(rules->limits, LimitLine, i);
        if (is_for(line, component_type, analog_type)) {
            *ret_found = true;
            *ret_limit = (PointLimit){.analog_type = analog_type, .rule = line->rule};
            g_snprintf(ret_limit->source,
                       sizeof ret_limit->source,
                       "默认：%s，参照 %s（%s）",
                       line->name,
                       line->basis,
                       confidences_zh[line->confidence]);
        }
    }
    return rules != NULL;
}

bool upkeep_term(UpkeepTerm term, int64_t *ret_length_us, GError **error) {
    const Rules *rules = rules_get(error);
    if (rules == NULL) {
        return false;
    }
    const UpkeepLine *line = &rules->upkeep[term];
    *ret_length_us = line->amount * (line->is_hours ? 3600 * CLOCK_SECOND_US : CLOCK_DAY_US);
    return true;
}

char *upkeep_term_text(UpkeepTerm term) {
    const Rules *rules = rules_get(NULL);
    if (rules == NULL) {
        return g_strdup("");
    }
    const UpkeepLine *line = &rules->upkeep[term];
    return g_strdup_printf("%" G_GINT64_FORMAT " %s（%s，各地可以改）",
                           line->amount,
                           line->is_hours ? "小时" : "天",
                           confidences_zh[line->confidence]);
}
