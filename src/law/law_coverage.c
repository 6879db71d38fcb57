#include "law/law_coverage.h"

#include "base/clock.h"
#include "law/law_internal.h"

#include <string.h>

#define TABLE "high-rise-sensing" /* the one rule there is */
#define CODE_DIGITS 6
#define HEARD_DAYS_MAX 366
#define GROUPS_MAX 16

static void read_districts(LawReader *reader, LawNode map, LawCoverageGroup *group) {
    LawNode list = law_get(map, "districts");
    group->districts_note = law_text_or_null(reader, law_get(map, "districts_note"));
    if (!law_is_there(list)) {
        return;
    }
    group->districts = law_read_texts(reader, list);
    group->districts_confidence = law_read_confidence(reader, law_get(map, "districts_confidence"));
    for (unsigned i = 0; reader->error == NULL && group->districts[i] != NULL; i++) {
        const char *code = group->districts[i];
        if (strlen(code) != CODE_DIGITS || strspn(code, "0123456789") != CODE_DIGITS) {
            law_wrong(reader, law_at(list, i), "a district's code has six digits");
        } else if (i > 0 && strcmp(group->districts[i - 1], code) >= 0) {
            law_wrong(reader, law_at(list, i), "codes rise from item to item, each once");
        }
    }
}

static LawCoverageGroup read_group(LawReader *reader, LawNode map) {
    LawCoverageGroup group = {.share_percent = 0};
    if (!law_keys(reader,
                  map,
                  "id name share_percent due districts? districts_confidence? districts_note?")) {
        return group;
    }
    group.id = law_id(reader, law_get(map, "id"));
    group.name = law_text(reader, law_get(map, "name"));
    group.share_percent = (int)law_int(reader, law_get(map, "share_percent"), 1, 100);
    group.due_us = law_day(reader, law_get(map, "due")) + CLOCK_DAY_US;
    read_districts(reader, map, &group);
    return group;
}

/* One group at most takes the rest, and it is the last: people read it so. */
static void read_groups(LawReader *reader, LawNode list, LawCoverage *coverage) {
    LawCoverageGroup groups[GROUPS_MAX];
    unsigned count = law_list(reader, list) ? law_count(list) : 0;
    if (count > GROUPS_MAX) {
        law_wrong(reader, list, "at most %d groups", GROUPS_MAX);
    }
    for (unsigned i = 0; reader->error == NULL && i < count; i++) {
        groups[i] = read_group(reader, law_at(list, i));
        if (reader->error == NULL && groups[i].districts == NULL && i + 1 < count) {
            law_wrong(reader, law_at(list, i), "only the last group may leave out its districts");
        }
    }
    if (reader->error == NULL) {
        coverage->groups = law_keep(groups, count * sizeof groups[0]);
        coverage->group_count = count;
    }
}

void law_read_coverage(LawReader *reader, LawBook *book, LawNode root) {
    if (!law_keys(reader,
                  root,
                  "sensing_coverage name basis? confidence valid heard_within_days heard_note "
                  "groups?")) {
        return;
    }
    LawCoverage coverage = {.entry = {.basis_zh = ""}};
    LawEntry *entry = &coverage.entry;
    LawNode basis = law_get(root, "basis");
    entry->id = law_id(reader, law_get(root, "sensing_coverage"));
    entry->name = law_text(reader, law_get(root, "name"));
    entry->basis = law_read_optional_texts(reader, basis);
    if (reader->error == NULL && law_is_there(basis)) {
        entry->basis_zh = law_basis_text(reader, basis, entry->basis);
    }
    entry->confidence = law_read_confidence(reader, law_get(root, "confidence"));
    law_read_valid(reader, law_get(root, "valid"), &entry->from_us, &entry->to_us);
    if (reader->error == NULL && strcmp(entry->id, TABLE) != 0) {
        law_wrong(reader, law_get(root, "sensing_coverage"), "the rule is called " TABLE);
    }
    coverage.heard_days =
        (int)law_int(reader, law_get(root, "heard_within_days"), 1, HEARD_DAYS_MAX);
    coverage.heard_note = law_text(reader, law_get(root, "heard_note"));
    if (reader->error == NULL && law_is_there(law_get(root, "groups"))) {
        read_groups(reader, law_get(root, "groups"), &coverage);
        if (reader->error == NULL && !law_is_there(basis)) {
            law_wrong(reader, root, "a target needs its basis");
        }
    }
    if (reader->error != NULL) {
        return;
    }
    LawCoverage *copy = law_keep(&coverage, sizeof coverage);
    g_ptr_array_add(book->coverage, copy);
    g_hash_table_insert(book->places, copy, law_keep(&root, sizeof root));
}

const LawCoverage *law_coverage_at(const LawBook *book, int64_t time_us) {
    return law_entry_at(book->coverage, TABLE, time_us);
}

const LawCoverageGroup *law_coverage_group(const LawCoverage *coverage, const char *district) {
    for (unsigned i = 0; i < coverage->group_count; i++) {
        const LawCoverageGroup *group = &coverage->groups[i];
        if (group->districts == NULL || g_strv_contains(group->districts, district)) {
            return group;
        }
    }
    return NULL;
}

int64_t law_coverage_needed(const LawCoverageGroup *group, int64_t buildings) {
    return (buildings * group->share_percent + 99) / 100;
}
