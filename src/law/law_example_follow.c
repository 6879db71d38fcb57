/* What a walk leads to: the kinds of matters that its last state asks for, and who handles it. */
#include "law/law_case.h"
#include "law/law_internal.h"

#include <string.h>

/* "leads-to: [hazard]": these kinds in this order. */
static void check_kinds(LawReader *reader, const LawExample *example, const LawCase *matter) {
    LawNode wanted = law_get(example->expect, "leads-to");
    const LawState *state = law_case_state(matter);
    if (!law_is_there(wanted) || state == NULL || !law_list(reader, wanted)) {
        return;
    }
    bool is_same = law_count(wanted) == g_strv_length((char **)state->leads_to);
    for (unsigned i = 0; is_same && i < law_count(wanted); i++) {
        is_same = strcmp(law_id(reader, law_at(wanted, i)), state->leads_to[i]) == 0;
    }
    if (!is_same) {
        g_autofree char *kinds = g_strjoinv(", ", (char **)state->leads_to);
        law_wrong(reader, wanted, "example %s: it leads to [%s]", example->id, kinds);
    }
}

/* "handlers: [2, 3]": these people in this order. */
static void check_handlers(LawReader *reader, const LawExample *example, const LawCase *matter) {
    LawNode wanted = law_get(example->expect, "handlers");
    const GArray *handlers = law_case_handlers(matter);
    guint count = handlers == NULL ? 0 : handlers->len;
    if (!law_is_there(wanted) || !law_list(reader, wanted)) {
        return;
    }
    bool is_same = law_count(wanted) == count;
    for (guint i = 0; is_same && i < count; i++) {
        is_same =
            law_int(reader, law_at(wanted, i), 1, 1000) == g_array_index(handlers, int64_t, i);
    }
    if (!is_same) {
        law_wrong(
            reader, wanted, "example %s: %u officers handle it, or others", example->id, count);
    }
}

void law_check_following(LawReader *reader, const LawExample *example, const LawCase *matter) {
    check_kinds(reader, example, matter);
    check_handlers(reader, example, matter);
}
