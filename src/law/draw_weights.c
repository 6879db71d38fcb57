#include "law/draw_weights.h"

#include "base/error.h"
#include "law/law_internal.h"

#include <string.h>

#define TABLE "object-draw" /* the one table there is; a city's own replaces it */
#define CAP_MAX 366

static const char *const risk_tokens[] = {"unknown", "low", "general", "higher", "high", NULL};
static const char *const credit_tokens[DRAW_CREDITS] = {"unknown", "A", "B", "C", "D"};

const char *draw_risk_token(unsigned risk) {
    g_assert(risk < DRAW_RISKS);
    return risk_tokens[risk];
}

const char *draw_credit_token(unsigned credit) {
    g_assert(credit < DRAW_CREDITS);
    return credit_tokens[credit];
}

/* --- reading ------------------------------------------------------------------------------------
 */

/* {risk: low, ungraded: 1, A: 1, B: 1, C: 2, D: 3} */
static void read_row(LawReader *reader, LawNode map, DrawWeights *weights) {
    static const char *const keys[DRAW_CREDITS] = {"ungraded", "A", "B", "C", "D"};
    if (!law_keys(reader, map, "risk ungraded A B C D")) {
        return;
    }
    int risk = law_word(reader, law_get(map, "risk"), risk_tokens);
    if (reader->error == NULL && weights->tickets[risk][0] != 0) {
        law_wrong(reader, law_get(map, "risk"), "the risk \"%s\" stands twice", risk_tokens[risk]);
    }
    for (unsigned credit = 0; credit < DRAW_CREDITS; credit++) {
        weights->tickets[risk][credit] =
            (unsigned)law_int(reader, law_get(map, keys[credit]), 1, DRAW_TICKETS_MAX);
    }
}

/* Every grade once, and from 1 to 64 tickets: nobody is left out by the table. */
static void read_tickets(LawReader *reader, LawNode list, DrawWeights *weights) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        read_row(reader, law_at(list, i), weights);
    }
    for (unsigned risk = 0; risk < DRAW_RISKS && reader->error == NULL; risk++) {
        if (weights->tickets[risk][0] == 0) {
            law_wrong(reader, list, "there is no row of the risk \"%s\"", risk_tokens[risk]);
        }
    }
}

void law_read_draw_weights(LawReader *reader, LawBook *book, LawNode root) {
    DrawWeights weights = {.cap = 0};
    if (!law_keys(reader,
                  root,
                  "draw_weights edition name basis valid cap cap_confidence tickets_confidence "
                  "tickets")) {
        return;
    }
    LawNode basis = law_get(root, "basis");
    LawEntry *entry = &weights.entry;
    entry->id = law_id(reader, law_get(root, "draw_weights"));
    entry->name = law_text(reader, law_get(root, "name"));
    entry->basis = law_read_texts(reader, basis);
    entry->basis_zh = law_basis_text(reader, basis, entry->basis);
    entry->confidence = law_read_confidence(reader, law_get(root, "tickets_confidence"));
    law_read_valid(reader, law_get(root, "valid"), &entry->from_us, &entry->to_us);
    if (reader->error == NULL && strcmp(entry->id, TABLE) != 0) {
        law_wrong(reader, law_get(root, "draw_weights"), "the table is called " TABLE);
    }
    weights.edition = law_text(reader, law_get(root, "edition"));
    weights.cap = (unsigned)law_int(reader, law_get(root, "cap"), 1, CAP_MAX);
    weights.cap_confidence = law_read_confidence(reader, law_get(root, "cap_confidence"));
    read_tickets(reader, law_get(root, "tickets"), &weights);
    DrawWeights *copy = law_keep(&weights, sizeof weights);
    g_ptr_array_add(book->weights, copy);
    g_hash_table_insert(book->places, copy, law_keep(&root, sizeof root));
}

const DrawWeights *draw_weights_at(const LawBook *book, int64_t time_us, GError **error) {
    const DrawWeights *weights = law_entry_at(book->weights, TABLE, time_us);
    if (weights == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "no table of draw weights is in force on that day");
    }
    return weights;
}
