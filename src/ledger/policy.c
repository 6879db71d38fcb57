#include "ledger/policy.h"

#include "base/error.h"

#include <string.h>

/* A witness or a group; both are members of groups and can be the quorum. */
typedef struct Member {
    char *name;
    bool is_taken;     /* in a group already: it may count once only */
    int witness;       /* place in `witnesses`, -1: a group */
    unsigned wanted;   /* of a group */
    uint64_t contents; /* of a group: bits of `members` */
} Member;

#define MEMBERS_MAX (2 * POLICY_NAMES_MAX) /* bits of a uint64_t */

struct Policy {
    GArray *logs;
    GArray *witnesses;
    GArray *members; /* in the order of lines: a group's contents come before it */
    int quorum;      /* place in `members`; NONE */
    bool has_quorum;
};

#define NONE (-1)

static void log_clear(gpointer data) {
    PolicyLog *log = data;
    g_free(log->url);
}

static void witness_clear(gpointer data) {
    PolicyWitness *witness = data;
    g_free(witness->name);
    g_free(witness->url);
}

static void member_clear(gpointer data) {
    Member *member = data;
    g_free(member->name);
}

static GArray *array_of(guint size, GDestroyNotify clear) {
    GArray *array = g_array_new(FALSE, TRUE, size);
    g_array_set_clear_func(array, clear);
    return array;
}

void policy_free(Policy *policy) {
    if (policy != NULL) {
        g_array_unref(policy->logs);
        g_array_unref(policy->witnesses);
        g_array_unref(policy->members);
        g_free(policy);
    }
}

const GArray *policy_logs(const Policy *policy) {
    return policy->logs;
}

const GArray *policy_witnesses(const Policy *policy) {
    return policy->witnesses;
}

bool policy_needs_none(const Policy *policy) {
    return policy->quorum == NONE;
}

/* --- reading -------------------------------------------------------------------------------------
 */

static int find_member(const Policy *policy, const char *name) {
    for (guint i = 0; i < policy->members->len; i++) {
        if (strcmp(g_array_index(policy->members, Member, i).name, name) == 0) {
            return (int)i;
        }
    }
    return NONE;
}

static const char *add_member(Policy *policy, const char *name, Member member) {
    if (strcmp(name, "none") == 0 || find_member(policy, name) != NONE) {
        return "the name is taken";
    }
    if (policy->members->len >= MEMBERS_MAX) {
        return "too many witnesses and groups";
    }
    member.name = g_strdup(name);
    g_array_append_val(policy->members, member);
    return NULL;
}

/* Each returns what is wrong with the line, or NULL. `words` begins with the keyword. */

static const char *take_log(Policy *policy, char **words, guint count) {
    PolicyLog log = {0};
    if (count < 2 || count > 3 || !note_key_parse(words[1], &log.key, NULL) ||
        log.key.type == NOTE_COSIGNATURE) {
        return "a log is \"log VKEY [URL]\"";
    }
    for (guint i = 0; i < policy->logs->len; i++) {
        if (sign_public_equal(&g_array_index(policy->logs, PolicyLog, i).key.key, &log.key.key)) {
            return "two logs have the same key";
        }
    }
    if (policy->logs->len >= POLICY_NAMES_MAX) {
        return "too many logs";
    }
    log.url = g_strdup(count > 2 ? words[2] : NULL);
    g_array_append_val(policy->logs, log);
    return NULL;
}

static const char *take_witness(Policy *policy, char **words, guint count) {
    PolicyWitness witness = {0};
    if (count < 3 || count > 4 || !note_key_parse(words[2], &witness.key, NULL) ||
        witness.key.type != NOTE_COSIGNATURE) {
        return "a witness is \"witness NAME VKEY [URL]\", its key of type 04";
    }
    for (guint i = 0; i < policy->witnesses->len; i++) {
        const PolicyWitness *other = &g_array_index(policy->witnesses, PolicyWitness, i);
        if (sign_public_equal(&other->key.key, &witness.key.key)) {
            return "two witnesses have the same key";
        }
    }
    if (policy->witnesses->len >= POLICY_NAMES_MAX) {
        return "too many witnesses";
    }
    const char *problem =
        add_member(policy, words[1], (Member){.witness = (int)policy->witnesses->len});
    if (problem != NULL) {
        return problem;
    }
    witness.name = g_strdup(words[1]);
    witness.url = g_strdup(count > 3 ? words[3] : NULL);
    g_array_append_val(policy->witnesses, witness);
    return NULL;
}

static const char *take_group(Policy *policy, char **words, guint count) {
    if (count < 4) {
        return "a group is \"group NAME all|any|K MEMBER…\"";
    }
    Member group = {.witness = NONE};
    guint members = count - 3;
    int64_t wanted = strcmp(words[2], "all") == 0   ? (int64_t)members
                     : strcmp(words[2], "any") == 0 ? 1
                                                    : 0;
    if (wanted == 0 && !decimal_read(words[2], strlen(words[2]), &wanted)) {
        return "a group wants \"all\", \"any\" or a number of its members";
    }
    if (wanted < 1 || wanted > members) {
        return "a group cannot want more members than it has, nor none";
    }
    for (guint i = 3; i < count; i++) {
        int place = find_member(policy, words[i]);
        if (place == NONE) {
            return "a member of the group is not defined above";
        }
        Member *member = &g_array_index(policy->members, Member, place);
        if (member->is_taken) {
            return "a member may be in one group only, and once";
        }
        member->is_taken = true;
        group.contents |= UINT64_C(1) << place;
    }
    group.wanted = (unsigned)wanted;
    return add_member(policy, words[1], group);
}

static const char *take_quorum(Policy *policy, char **words, guint count) {
    if (count != 2 || policy->has_quorum) {
        return "there is exactly one \"quorum NAME\"";
    }
    policy->has_quorum = true;
    policy->quorum = find_member(policy, words[1]);
    return policy->quorum != NONE || strcmp(words[1], "none") == 0
               ? NULL
               : "the quorum is not defined above";
}

static const char *take_line(Policy *policy, const char *line) {
    g_autoptr(GPtrArray) words = g_ptr_array_new();
    g_auto(GStrv) parts = g_strsplit_set(line, " \t", -1);
    for (char **part = parts; *part != NULL; part++) {
        if (**part != '\0') {
            g_ptr_array_add(words, *part);
        }
    }
    const char *first = words->len > 0 ? words->pdata[0] : "#";
    char **all = (char **)words->pdata;
    if (first[0] == '#') {
        return NULL;
    }
    if (strcmp(first, "log") == 0) {
        return take_log(policy, all, words->len);
    }
    if (strcmp(first, "witness") == 0) {
        return take_witness(policy, all, words->len);
    }
    if (strcmp(first, "group") == 0) {
        return take_group(policy, all, words->len);
    }
    if (strcmp(first, "quorum") == 0) {
        return take_quorum(policy, all, words->len);
    }
    return "a line begins with log, witness, group, quorum or #";
}

static bool is_policy_text(const char *text, size_t size) {
    for (size_t i = 0; i < size; i++) {
        uint8_t byte = (uint8_t)text[i];
        if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7f) {
            return false;
        }
    }
    return size > 0 && text[size - 1] == '\n';
}

Policy *policy_parse(const char *text, size_t size, GError **error) {
    if (size > POLICY_SIZE_MAX) {
        hz_fail(error, HZ_ERROR_LIMIT, "a policy has at most %d bytes", POLICY_SIZE_MAX);
        return NULL;
    }
    if (!is_policy_text(text, size)) {
        hz_fail(error,
                HZ_ERROR_INVALID,
                "a policy is lines that end in LF, without other control characters");
        return NULL;
    }
    g_autoptr(Policy) policy = g_new0(Policy, 1);
    policy->logs = array_of(sizeof(PolicyLog), log_clear);
    policy->witnesses = array_of(sizeof(PolicyWitness), witness_clear);
    policy->members = array_of(sizeof(Member), member_clear);
    policy->quorum = NONE;
    g_autofree char *copy = g_strndup(text, size);
    g_auto(GStrv) lines = g_strsplit(copy, "\n", -1);
    for (guint i = 0; lines[i] != NULL; i++) {
        const char *problem = take_line(policy, lines[i]);
        if (problem != NULL) {
            hz_fail(error, HZ_ERROR_INVALID, "policy line %u: %s", i + 1, problem);
            return NULL;
        }
    }
    if (!policy->has_quorum) {
        hz_fail(error, HZ_ERROR_INVALID, "the policy has no quorum line");
        return NULL;
    }
    return g_steal_pointer(&policy);
}

/* --- asking --------------------------------------------------------------------------------------
 */

bool policy_is_met(const Policy *policy, uint32_t cosigned) {
    uint64_t met = 0;
    for (guint i = 0; i < policy->members->len; i++) {
        const Member *member = &g_array_index(policy->members, Member, i);
        bool is_met = false;
        if (member->witness != NONE) {
            is_met = (cosigned >> member->witness & 1u) != 0;
        } else {
            is_met = (unsigned)__builtin_popcountll(met & member->contents) >= member->wanted;
        }
        met |= (uint64_t)is_met << i;
    }
    return policy->quorum == NONE || (met >> policy->quorum & 1u) != 0;
}

uint32_t policy_cosigned(const Policy *policy, const Note *note) {
    uint32_t cosigned = 0;
    for (guint i = 0; i < policy->witnesses->len; i++) {
        const PolicyWitness *witness = &g_array_index(policy->witnesses, PolicyWitness, i);
        if (note_check(note, &witness->key, NULL) == NOTE_SIGNED) {
            cosigned |= 1u << i;
        }
    }
    return cosigned;
}
