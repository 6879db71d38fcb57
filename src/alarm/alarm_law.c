/* Reads alarm-rules.yaml, a city's over the national one, and holds the examples against the rules.
 */
#include "alarm/alarm_law.h"

#include "base/clock.h"
#include "base/error.h"
#include "law/law_node.h"

#include <pthread.h>
#include <string.h>

#define FILE_NAME "alarm-rules.yaml"
#define FILE_KEYS "alarm_rules ladders matters examples"
#define DAY_S 86400
#define RULES_MAX 64

static const char *const confidences[] = {"text", "secondary", "memory", NULL};
static const char *const confidences_zh[] = {"原文", "二手", "凭记忆"};
static const char *const class_words[] = {
    "fire", "gas", "fault", "supervise", "limit", "offline", NULL};
static const char *const near_words[] = {"floor", "building", "system", "device", "point", NULL};

/* The documents stay: rules borrow their texts. */
typedef struct AlarmFile {
    AlarmRules rules;
    AlarmLadder *ladders;
    unsigned ladder_count;
    LawOverlay overlay;
    GStringChunk *texts; /* joined bases */
    LawRan ran;
} AlarmFile;

static const char *join(LawReader *reader, LawNode list, AlarmFile *file) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        g_string_append_printf(text, "%s%s", i > 0 ? "、" : "", law_text(reader, law_at(list, i)));
    }
    return g_string_chunk_insert(file->texts, text->str);
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

/* "依据 GB 50440，凭记忆"; of a city's line "重庆市规定，依据 …，原文". */
static const char *read_source(LawReader *reader, const LawLine *line, AlarmFile *file) {
    LawNode basis = law_get(line->node, "basis");
    int confidence = law_word(reader, law_get(line->node, "confidence"), confidences);
    const char *joined = law_is_there(basis) ? join(reader, basis, file) : NULL;
    g_autofree char *text = g_strdup_printf("%s%s%s%s%s%s",
                                            line->city_zh == NULL ? "" : line->city_zh,
                                            line->city_zh == NULL ? "" : "规定，",
                                            joined == NULL ? "" : "依据 ",
                                            joined == NULL ? "" : joined,
                                            joined == NULL ? "" : "，",
                                            confidences_zh[confidence]);
    return g_string_chunk_insert(file->texts, text);
}

static void read_ladder(LawReader *reader, const LawLine *line, AlarmFile *file) {
    LawNode map = line->node;
    AlarmLadder *ladder = &file->ladders[file->ladder_count];
    LawNode steps = law_get(map, "steps");
    if (!law_keys(reader, map, "id steps basis confidence") || !law_list(reader, steps)) {
        return;
    }
    ladder->id = law_id(reader, law_get(map, "id"));
    ladder->source_zh = read_source(reader, line, file);
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

static void read_rule(LawReader *reader, const LawLine *line, AlarmFile *file) {
    LawNode map = line->node;
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
    rule->source_zh = read_source(reader, line, file);
    for (unsigned i = 0; law_is_there(components) && i < law_count(components); i++) {
        if (i == ALARM_COMPONENTS_MAX) {
            law_wrong(reader, components, "at most %d components", ALARM_COMPONENTS_MAX);
            return;
        }
        rule->components[rule->component_count++] = law_int(reader, law_at(components, i), 0, 255);
    }
}

static void read_matter(LawReader *reader, const LawLine *line, AlarmFile *file) {
    LawNode map = line->node;
    LawNode lasting = law_get(map, "lasting");
    LawNode result = law_get(map, "result");
    LawNode edges = law_get(map, "edges");
    if (!law_keys(reader,
                  map,
                  "id name class edges? result? lasting? procedure source days basis? "
                  "confidence")) {
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
    rule->source_zh = read_source(reader, line, file);
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

static void run_example(LawReader *reader, LawNode map, const AlarmFile *file) {
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
    g_autoptr(GString) is = g_string_new(NULL);
    bool is_right = law_count(expect) == told->len;
    for (guint i = 0; i < told->len; i++) {
        const char *word = alarm_class_word(g_array_index(told, Told, i).rule->class);
        g_string_append_printf(is, "%s%s", i > 0 ? ", " : "", word);
        is_right = is_right && g_strcmp0(law_scalar(law_at(expect, i)), word) == 0;
    }
    if (!is_right) {
        law_wrong(reader,
                  expect,
                  "the example \"%s\" does not come out: the alarms are [%s]",
                  law_text(reader, law_get(map, "name")),
                  is->str);
    }
}

/* Each for itself, so that the author of a change sees all that it changes. */
static void run_examples(LawReader *reader, AlarmFile *file) {
    g_autoptr(GArray) lines = law_overlay_lines(reader, &file->overlay, "examples", "name");
    for (guint i = 0; reader->error == NULL && i < lines->len; i++) {
        LawReader one = {NULL};
        run_example(&one, g_array_index(lines, LawLine, i).node, file);
        law_ran_add(&file->ran, &one, file->overlay.city);
    }
}

/* --- the file -----------------------------------------------------------------------------------
 */

typedef void (*ReadLine)(LawReader *reader, const LawLine *line, AlarmFile *file);

static void read_lines(LawReader *reader, const char *section, ReadLine read, AlarmFile *file) {
    g_autoptr(GArray) lines = law_overlay_lines(reader, &file->overlay, section, "id");
    for (guint i = 0; reader->error == NULL && i < lines->len; i++) {
        const LawLine *line = &g_array_index(lines, LawLine, i);
        if (i == RULES_MAX) {
            law_wrong(reader, line->node, "at most %d lines", RULES_MAX);
            return;
        }
        read(reader, line, file);
    }
}

/* A rule of a city without an example of its own would stand there untried. */
static void check_is_tried(LawReader *reader, const LawOverlay *overlay) {
    if (reader->error != NULL || overlay->over == NULL) {
        return;
    }
    LawNode root = law_root(overlay->over);
    if (law_is_there(law_get(root, "alarm_rules")) && !law_is_there(law_get(root, "examples"))) {
        law_wrong(reader, root, "a city's rules need an example");
    }
}

/* The overlay is open, or the reader has its mistake. */
static bool read_file(AlarmFile *file, LawReader *reader, GError **error) {
    file->rules.rules = g_new0(AlarmRule, RULES_MAX);
    file->rules.matters = g_new0(AlarmMatterRule, RULES_MAX);
    file->ladders = g_new0(AlarmLadder, RULES_MAX);
    file->texts = g_string_chunk_new(1024);
    check_is_tried(reader, &file->overlay);
    read_lines(reader, "ladders", read_ladder, file);
    read_lines(reader, "alarm_rules", read_rule, file);
    read_lines(reader, "matters", read_matter, file);
    run_examples(reader, file);
    if (reader->error != NULL) {
        g_propagate_error(error, reader->error);
        return false;
    }
    return law_ran_holds(&file->ran, error);
}

static void file_free(AlarmFile *file) {
    g_free(file->rules.rules);
    g_free(file->rules.matters);
    g_free(file->ladders);
    g_clear_pointer(&file->texts, g_string_chunk_free);
    law_overlay_close(&file->overlay);
    law_ran_clear(&file->ran);
    g_free(file);
}

/* --- all cities ---------------------------------------------------------------------------------
 */

static pthread_once_t once = PTHREAD_ONCE_INIT;
static GHashTable *rules_of;  /* city -> AlarmRules; national ones where it has no file */
static GPtrArray *different;  /* of AlarmRules, national first */
static LawRan all_ran;        /* of all files that were read */
static GError *loading_error; /* the first mistake */

static bool load_city(const char *city, GError **error) {
    const LawBook *book = law_book(city, error);
    if (book == NULL) {
        return false;
    }
    LawReader reader = {NULL};
    AlarmFile *file = g_new0(AlarmFile, 1); /* kept until the program ends when it is good */
    law_overlay_open(&reader, book, FILE_NAME, FILE_KEYS, &file->overlay);
    if (reader.error == NULL && file->overlay.over == NULL && different->len > 0) {
        g_hash_table_insert(rules_of, (gpointer)city, different->pdata[0]);
        file_free(file);
        return true;
    }
    bool is_good = read_file(file, &reader, error);
    law_ran_take(&all_ran, &file->ran);
    if (is_good) {
        g_hash_table_insert(rules_of, (gpointer)city, &file->rules);
        g_ptr_array_add(different, &file->rules);
    } else {
        file_free(file);
    }
    return is_good;
}

static void load(void) {
    const char *const *cities = law_cities(&loading_error);
    rules_of = g_hash_table_new(g_str_hash, g_str_equal);
    different = g_ptr_array_new();
    for (size_t i = 0; loading_error == NULL && cities[i] != NULL; i++) {
        (void)load_city(cities[i], &loading_error);
    }
}

static bool is_loaded(GError **error) {
    pthread_once(&once, load);
    if (loading_error != NULL) {
        g_propagate_error(error, g_error_copy(loading_error));
    }
    return loading_error == NULL;
}

const AlarmRules *alarm_rules(const char *region, GError **error) {
    const char *city = is_loaded(error) ? law_city_of(region, error) : NULL;
    return city == NULL ? NULL : g_hash_table_lookup(rules_of, city);
}

const GPtrArray *alarm_rules_all(GError **error) {
    return is_loaded(error) ? different : NULL;
}

bool alarm_rules_check(const LawRan **ret_ran, GError **error) {
    bool is_good = is_loaded(error);
    *ret_ran = &all_ran;
    return is_good;
}

bool alarm_rules_try(const char *national, const char *over, AlarmRulesSeen see, GError **error) {
    LawReader reader = {NULL};
    AlarmFile *file = g_new0(AlarmFile, 1);
    law_overlay_try(&reader, national, over, FILE_KEYS, &file->overlay);
    bool is_good = read_file(file, &reader, error);
    if (is_good && see != NULL) {
        see(&file->rules);
    }
    file_free(file);
    return is_good;
}
