/* Reads law/national/alarm-rules.yaml and holds its examples against the rules. */
#include "alarm/alarm_law.h"

#include "base/clock.h"
#include "base/embedded.h"
#include "base/error.h"
#include "law/law_node.h"

#include <pthread.h>
#include <string.h>

#define FILE_NAME "law/national/alarm-rules.yaml"
#define DAY_S 86400
#define RULES_MAX 64

static const char *const confidences[] = {"text", "secondary", "memory", NULL};
static const char *const confidences_zh[] = {"原文", "二手", "凭记忆"};
static const char *const class_words[] = {
    "fire", "gas", "fault", "supervise", "limit", "offline", NULL};
static const char *const near_words[] = {"floor", "building", "system", "device", "point", NULL};

/* The document stays: rules borrow its texts. */
typedef struct AlarmFile {
    AlarmRules rules;
    AlarmLadder *ladders;
    unsigned ladder_count;
    LawDoc *doc;
} AlarmFile;

static char *join(LawReader *reader, LawNode list) {
    GString *text = g_string_new(NULL);
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? "、" : "", law_text(reader, law_at(list, i)));
    }
    return g_string_free(text, FALSE);
}

static uint32_t read_edges(LawReader *reader, LawNode list) {
    uint32_t edges = 0;
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        EdgeKind kind = EDGE_FIRE;
        const char *word = law_text(reader, law_at(list, i));
        if (reader->error == NULL && !edge_kind_parse(word, &kind)) {
            law_wrong(reader, law_at(list, i), "\"%s\" is no kind of change", word);
        }
        edges |= 1u << kind;
    }
    return edges;
}

static const char *read_confidence(LawReader *reader, LawNode map) {
    return confidences_zh[law_word(reader, law_get(map, "confidence"), confidences)];
}

static void read_ladder(LawReader *reader, LawNode map, AlarmFile *file) {
    AlarmLadder *ladder = &file->ladders[file->ladder_count];
    LawNode steps = law_get(map, "steps");
    if (!law_keys(reader, map, "id steps basis confidence") || !law_list(reader, steps)) {
        return;
    }
    ladder->id = law_id(reader, law_get(map, "id"));
    read_confidence(reader, map);
    for (unsigned i = 0; i < law_count(steps) && reader->error == NULL; i++) {
        LawNode step = law_at(steps, i);
        if (i == ALARM_STEPS_MAX) {
            law_wrong(reader, step, "at most %d steps", ALARM_STEPS_MAX);
            return;
        }
        if (!law_keys(reader, step, "after to name")) {
            return;
        }
        AlarmLadderStep *made = &ladder->steps[ladder->step_count++];
        made->after_s = law_int(reader, law_get(step, "after"), 1, 30 * DAY_S);
        made->to = law_id(reader, law_get(step, "to"));
        made->name = law_text(reader, law_get(step, "name"));
        if (i > 0 && made->after_s <= ladder->steps[i - 1].after_s) {
            law_wrong(reader, step, "each step comes after the one before");
        }
    }
    file->ladder_count++;
}

static const AlarmLadder *find_ladder(LawReader *reader, LawNode node, const AlarmFile *file) {
    const char *id = law_text_or_null(reader, node);
    for (unsigned i = 0; id != NULL && i < file->ladder_count; i++) {
        if (strcmp(file->ladders[i].id, id) == 0) {
            return &file->ladders[i];
        }
    }
    if (id != NULL) {
        law_wrong(reader, node, "there is no ladder \"%s\"", id);
    }
    return NULL;
}

static void read_rule(LawReader *reader, LawNode map, AlarmFile *file) {
    LawNode merge = law_get(map, "merge");
    LawNode components = law_get(map, "components");
    LawNode when = law_get(map, "when");
    if (!law_keys(reader,
                  map,
                  "id name class edges when? components? merge priority ladder? basis "
                  "confidence") ||
        !law_keys(reader, merge, "by within")) {
        return;
    }
    AlarmRule *rule = &file->rules.rules[file->rules.rule_count++];
    rule->id = law_id(reader, law_get(map, "id"));
    rule->name = law_text(reader, law_get(map, "name"));
    rule->class = (AlarmClass)law_word(reader, law_get(map, "class"), class_words);
    rule->edges = read_edges(reader, law_get(map, "edges"));
    rule->when = !law_is_there(when) || law_bool(reader, when);
    rule->near = (AlarmNear)law_word(reader, law_get(merge, "by"), near_words);
    rule->within_us = law_int(reader, law_get(merge, "within"), 1, 30 * DAY_S) * CLOCK_SECOND_US;
    rule->priority = law_int(reader, law_get(map, "priority"), 1, 9);
    rule->ladder = find_ladder(reader, law_get(map, "ladder"), file);
    rule->basis = join(reader, law_get(map, "basis"));
    rule->confidence_zh = read_confidence(reader, map);
    for (unsigned i = 0; law_is_there(components) && i < law_count(components); i++) {
        if (i == ALARM_COMPONENTS_MAX) {
            law_wrong(reader, components, "at most %d components", ALARM_COMPONENTS_MAX);
            return;
        }
        rule->components[rule->component_count++] = law_int(reader, law_at(components, i), 0, 255);
    }
}

static void read_matter(LawReader *reader, LawNode map, AlarmFile *file) {
    LawNode lasting = law_get(map, "lasting");
    LawNode result = law_get(map, "result");
    LawNode edges = law_get(map, "edges");
    if (!law_keys(reader,
                  map,
                  "id name class edges? result? lasting? procedure source days confidence")) {
        return;
    }
    AlarmMatterRule *rule = &file->rules.matters[file->rules.matter_count++];
    rule->id = law_id(reader, law_get(map, "id"));
    rule->name = law_text(reader, law_get(map, "name"));
    rule->class = (AlarmClass)law_word(reader, law_get(map, "class"), class_words);
    rule->edges = law_is_there(edges) ? read_edges(reader, edges) : 0;
    rule->procedure = law_id(reader, law_get(map, "procedure"));
    rule->source = law_id(reader, law_get(map, "source"));
    rule->days = law_int(reader, law_get(map, "days"), 1, 365);
    rule->confidence_zh = read_confidence(reader, map);
    if (law_is_there(lasting)) {
        rule->lasting_us = law_int(reader, lasting, 1, 365 * DAY_S) * CLOCK_SECOND_US;
    }
    if (law_is_there(result) && !alarm_result_parse(law_text(reader, result), &rule->result)) {
        law_wrong(reader, result, "true, false, test or drill");
    }
    if (law_is_there(lasting) == law_is_there(result)) {
        law_wrong(reader, map, "one of: result, lasting");
    }
}

/* --- examples -----------------------------------------------------------------------------------
 */

typedef struct Told { /* an alarm of an example */
    const AlarmRule *rule;
    char *key;
    int64_t last_us;
} Told;

static void told_clear(void *data) {
    g_free(((Told *)data)->key);
}

static void tell(const AlarmFile *file, const AlarmFacts *facts, int64_t at_us, GArray *told) {
    const AlarmRule *rule = alarm_rule_of(&file->rules, facts);
    if (rule == NULL) {
        return;
    }
    g_autofree char *key = alarm_merge_key(rule, facts);
    for (guint i = told->len; i > 0; i--) {
        Told *one = &g_array_index(told, Told, i - 1);
        if (strcmp(one->key, key) == 0) {
            if (alarm_joins(rule, one->last_us, false, at_us)) {
                one->last_us = at_us;
                return;
            }
            break;
        }
    }
    Told one = {rule, g_steal_pointer(&key), at_us};
    g_array_append_val(told, one);
}

static void tell_edge(LawReader *reader, LawNode map, const AlarmFile *file, GArray *told) {
    LawNode on = law_get(map, "on");
    LawNode floor = law_get(map, "floor");
    LawNode system = law_get(map, "system");
    AlarmFacts facts = {.device_id = 1, .building_id = 1, .is_on = true};
    if (!law_keys(reader, map, "at edge on? floor component point system?")) {
        return;
    }
    const char *word = law_text(reader, law_get(map, "edge"));
    if (reader->error == NULL && !edge_kind_parse(word, &facts.kind)) {
        law_wrong(reader, law_get(map, "edge"), "\"%s\" is no kind of change", word);
    }
    facts.is_on = !law_is_there(on) || law_bool(reader, on);
    facts.floor = law_scalar(floor) != NULL ? law_scalar(floor) : "";
    facts.component = law_int(reader, law_get(map, "component"), -1, 255);
    facts.point_id = law_int(reader, law_get(map, "point"), 0, INT32_MAX);
    facts.system = law_is_there(system) ? law_int(reader, system, 0, 255) : 0;
    int64_t at_s = law_int(reader, law_get(map, "at"), 0, DAY_S);
    if (reader->error == NULL) {
        tell(file, &facts, at_s * CLOCK_SECOND_US, told);
    }
}

static void check_example(LawReader *reader, LawNode map, AlarmFile *file) {
    LawNode edges = law_get(map, "edges");
    LawNode expect = law_get(map, "expect");
    if (!law_keys(reader, map, "name edges expect")) {
        return;
    }
    g_autoptr(GArray) told = g_array_new(FALSE, FALSE, sizeof(Told));
    g_array_set_clear_func(told, told_clear);
    for (unsigned i = 0; law_list(reader, edges) && i < law_count(edges); i++) {
        tell_edge(reader, law_at(edges, i), file, told);
    }
    bool is_right = law_count(expect) == told->len;
    for (guint i = 0; is_right && i < told->len; i++) {
        const char *word = law_scalar(law_at(expect, i));
        const Told *one = &g_array_index(told, Told, i);
        is_right = word != NULL && strcmp(word, alarm_class_word(one->rule->class)) == 0;
    }
    if (!is_right) {
        law_wrong(reader, map, "the example does not come out: %u alarms", told->len);
    }
}

/* --- the file -----------------------------------------------------------------------------------
 */

typedef void (*ReadLine)(LawReader *reader, LawNode map, AlarmFile *file);

static void read_lines(LawReader *reader, LawNode list, ReadLine read, AlarmFile *file) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        if (i == RULES_MAX) {
            law_wrong(reader, list, "at most %d lines", RULES_MAX);
            return;
        }
        read(reader, law_at(list, i), file);
    }
}

static bool read_file(AlarmFile *file, const char *text, size_t size, GError **error) {
    LawReader reader = {NULL};
    file->rules.rules = g_new0(AlarmRule, RULES_MAX);
    file->rules.matters = g_new0(AlarmMatterRule, RULES_MAX);
    file->ladders = g_new0(AlarmLadder, RULES_MAX);
    file->doc = law_doc_parse(FILE_NAME, text, size, &reader.error);
    if (file->doc != NULL) {
        LawNode root = law_root(file->doc);
        if (law_keys(&reader, root, "alarm_rules ladders matters examples")) {
            read_lines(&reader, law_get(root, "ladders"), read_ladder, file);
            read_lines(&reader, law_get(root, "alarm_rules"), read_rule, file);
            read_lines(&reader, law_get(root, "matters"), read_matter, file);
            read_lines(&reader, law_get(root, "examples"), check_example, file);
        }
    }
    if (reader.error == NULL) {
        return true;
    }
    g_propagate_error(error, reader.error);
    return false;
}

static void file_clear(AlarmFile *file) {
    for (unsigned i = 0; i < file->rules.rule_count; i++) {
        g_free((gpointer)(uintptr_t)file->rules.rules[i].basis);
    }
    g_clear_pointer(&file->rules.rules, g_free);
    g_clear_pointer(&file->rules.matters, g_free);
    g_clear_pointer(&file->ladders, g_free);
    g_clear_pointer(&file->doc, law_doc_free);
}

const AlarmRules *alarm_rules(GError **error) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static AlarmFile *file;
    pthread_mutex_lock(&lock);
    if (file == NULL) {
        EmbeddedFile text = embedded_find(FILE_NAME);
        AlarmFile *made = g_new0(AlarmFile, 1);
        if (text.data == NULL) {
            hz_fail(error, HZ_ERROR_INTERNAL, FILE_NAME " is not in the binary");
        } else if (read_file(made, text.data, text.size, error)) {
            file = g_steal_pointer(&made);
        }
        if (made != NULL) {
            file_clear(made);
            g_free(made);
        }
    }
    pthread_mutex_unlock(&lock);
    return file != NULL ? &file->rules : NULL;
}

bool alarm_rules_try(const char *text, size_t size, GError **error) {
    AlarmFile file = {0};
    bool is_good = read_file(&file, text, size, error);
    file_clear(&file);
    return is_good;
}
