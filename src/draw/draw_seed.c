/* The seed from a bundle's files: what commit.txt waited for, what came, who gave a share. */
#include "draw/draw_files.h"

#include "base/error.h"

#include <string.h>

bool draw_commit_says(const DrawKeyValues *commit,
                      const char *key,
                      const char *computed,
                      GError **error) {
    const char *said = draw_keys_get(commit, key);
    if (g_strcmp0(said, computed) == 0) {
        return true;
    }
    return hz_fail(error,
                   HZ_ERROR_CORRUPT,
                   "commit.txt says %s=%s, but it comes out as %s",
                   key,
                   said != NULL ? said : "(nothing)",
                   computed);
}

/* Lower-case hex of exactly `size` bytes. */
static bool read_hex(const char *text, uint8_t *ret_bytes, size_t size) {
    return strlen(text) == 2 * size && strspn(text, "0123456789abcdef") == 2 * size &&
           hex_parse(text, ret_bytes, size);
}

bool draw_salt_take(const DrawSource *source,
                    bool is_sealed,
                    uint8_t ret_secret[DIGEST_SIZE],
                    GError **error) {
    g_autofree char *text = source->whole(source->from, "salt.txt", error);
    if (text == NULL) {
        return false;
    }
    size_t size = strlen(text);
    if (!is_sealed) {
        return size == 0 ||
               hz_fail(error, HZ_ERROR_INVALID, "salt.txt is not empty, but the mode is open");
    }
    if (size == 2 * DIGEST_SIZE + 1 && text[size - 1] == '\n') {
        text[size - 1] = '\0';
        if (read_hex(text, ret_secret, DIGEST_SIZE)) {
            return true;
        }
    }
    return hz_fail(error, HZ_ERROR_INVALID, "salt.txt is not one line of 64 hex digits");
}

/* --- what commit.txt names ---------------------------------------------------------------------
 */

/* What commit.txt waited for and what came of it. */
typedef struct Named {
    GArray *beacons;   /* DrawBeacon */
    GPtrArray *names;  /* of parties */
    GArray *commits;   /* of parties: DIGEST_SIZE bytes each */
    GPtrArray *values; /* of beacon.txt: GBytes */
    GArray *shares;    /* of reveals.txt: DrawShare */
} Named;

static void named_clear(Named *named) {
    g_clear_pointer(&named->beacons, g_array_unref);
    g_clear_pointer(&named->names, g_ptr_array_unref);
    g_clear_pointer(&named->commits, g_array_unref);
    g_clear_pointer(&named->values, g_ptr_array_unref);
    g_clear_pointer(&named->shares, g_array_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Named, named_clear)

/* "01", "02", … without a gap. */
static bool is_next(const char *rest, guint before, guint most, GError **error) {
    char expected[16];
    g_snprintf(expected, sizeof expected, "%02u", before + 1);
    return (before < most && strcmp(rest, expected) == 0) ||
           hz_fail(error, HZ_ERROR_INVALID, "numbers go from 01 to %02u without a gap", most);
}

static bool take_beacon(const char *rest, const char *value, void *data, GError **error) {
    Named *named = data;
    DrawBeacon beacon;
    if (!is_next(rest, named->beacons->len, DRAW_BEACONS_MAX, error) ||
        !draw_beacon_parse(value, &beacon, error)) {
        return false;
    }
    g_array_append_val(named->beacons, beacon);
    return true;
}

static bool take_party(const char *rest, const char *value, void *data, GError **error) {
    Named *named = data;
    uint8_t commit[DIGEST_SIZE];
    if (!is_next(rest, named->names->len, DRAW_PARTIES_MAX, error)) {
        return false;
    }
    const char *colon = strchr(value, ':');
    g_autofree char *name = g_strndup(value, colon != NULL ? (gsize)(colon - value) : 0);
    if (colon == NULL || !draw_party_name_valid(name) ||
        !read_hex(colon + 1, commit, sizeof commit)) {
        return hz_fail(error, HZ_ERROR_INVALID, "not <name>:<64 hex digits>");
    }
    g_ptr_array_add(named->names, g_steal_pointer(&name));
    g_array_append_val(named->commits, commit);
    return true;
}

static bool note_party(const char *rest, const char *value, void *data, GError **error) {
    (void)rest;
    (void)value;
    (void)error;
    *(bool *)data = true;
    return true;
}

static bool read_named_beacons(const DrawKeyValues *commit, Named *named, GError **error) {
    named->beacons = g_array_new(FALSE, FALSE, sizeof(DrawBeacon));
    bool has_parties = false;
    if (!draw_keys_visit(commit, "beacon.", take_beacon, named, error) ||
        !draw_keys_visit(commit, "party.", note_party, &has_parties, error)) {
        g_prefix_error(error, "commit.txt: ");
        return false;
    }
    double bits = 0;
    bool is_typed = false;
    for (guint i = 0; i < named->beacons->len; i++) {
        const DrawBeacon *beacon = &g_array_index(named->beacons, DrawBeacon, i);
        bits += draw_beacon_bits(beacon);
        is_typed |= draw_beacon_is_typed_seed(beacon);
    }
    if (is_typed ? named->beacons->len != 1 || has_parties : bits < DRAW_BITS_MIN) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "commit.txt: its beacons have not %d bits together",
                       DRAW_BITS_MIN);
    }
    return true;
}

static bool read_named_parties(const DrawKeyValues *commit, Named *named, GError **error) {
    named->names = g_ptr_array_new_with_free_func(g_free);
    named->commits = g_array_new(FALSE, FALSE, DIGEST_SIZE);
    bool is_read = draw_keys_visit(commit, "party.", take_party, named, error);
    if (!is_read) {
        g_prefix_error(error, "commit.txt: ");
    }
    return is_read;
}

/* --- beacon.txt, reveals.txt -------------------------------------------------------------------
 */

/* Cuts a file into lines that all end in LF; `count_max` bounds them. NULL otherwise. */
static char **cut_lines(char *text, const char *name, unsigned count_max, GError **error) {
    size_t size = strlen(text);
    if (size > 0 && text[size - 1] != '\n') {
        hz_fail(error, HZ_ERROR_INVALID, "%s does not end in a line end", name);
        return NULL;
    }
    if (size > 0) {
        text[size - 1] = '\0';
    }
    char **lines = size > 0 ? g_strsplit(text, "\n", (int)count_max + 1) : g_new0(char *, 1);
    if (g_strv_length(lines) > count_max) {
        hz_fail(error, HZ_ERROR_INVALID, "%s has more than %u lines", name, count_max);
        g_strfreev(lines);
        return NULL;
    }
    return lines;
}

static GBytes *
read_value(const char *line, guint number, const DrawBeacon *beacon, GError **error) {
    g_auto(GStrv) fields = g_strsplit(line, "\t", 5);
    g_autofree char *expected = g_strdup_printf("%u", number);
    uint8_t value[DRAW_SEED_MAX];
    if (g_strv_length(fields) != 4 || strcmp(fields[0], expected) != 0 ||
        strcmp(fields[1], beacon->source) != 0 || strcmp(fields[2], beacon->round) != 0) {
        hz_fail(error,
                HZ_ERROR_CORRUPT,
                "beacon.txt, line %u is not what beacon.%02u in commit.txt names",
                number,
                number);
        return NULL;
    }
    size_t size = strlen(fields[3]) / 2;
    if (size < 1 || size > sizeof value || !read_hex(fields[3], value, size) ||
        !draw_beacon_fits(beacon, value, size, error)) {
        if (error == NULL || *error == NULL) {
            hz_fail(error, HZ_ERROR_INVALID, "not 1 to 255 bytes in hex");
        }
        g_prefix_error(error, "beacon.txt, line %u: ", number);
        return NULL;
    }
    return g_bytes_new(value, size);
}

static GPtrArray *read_values(const DrawSource *source, const Named *named, GError **error) {
    g_autofree char *text = source->whole(source->from, "beacon.txt", error);
    g_auto(GStrv) lines =
        text != NULL ? cut_lines(text, "beacon.txt", DRAW_BEACONS_MAX, error) : NULL;
    if (lines == NULL) {
        return NULL;
    }
    if (g_strv_length(lines) != named->beacons->len) {
        hz_fail(error, HZ_ERROR_CORRUPT, "beacon.txt has not the beacons that commit.txt names");
        return NULL;
    }
    g_autoptr(GPtrArray) values = g_ptr_array_new_with_free_func((GDestroyNotify)g_bytes_unref);
    for (guint i = 0; i < named->beacons->len; i++) {
        GBytes *value =
            read_value(lines[i], i + 1, &g_array_index(named->beacons, DrawBeacon, i), error);
        if (value == NULL) {
            return NULL;
        }
        g_ptr_array_add(values, value);
    }
    return g_steal_pointer(&values);
}

static bool
read_share(const char *line, guint number, const Named *named, GArray *shares, GError **error) {
    g_auto(GStrv) fields = g_strsplit(line, "\t", 4);
    DrawShare share = {0};
    guint64 party = 0;
    if (g_strv_length(fields) != 3 || fields[0][0] == '0' ||
        !g_ascii_string_to_unsigned(fields[0], 10, 1, named->names->len, &party, NULL) ||
        !g_ascii_isdigit(fields[0][0]) ||
        strcmp(fields[1], g_ptr_array_index(named->names, party - 1)) != 0 ||
        !read_hex(fields[2], share.bytes, sizeof share.bytes)) {
        return hz_fail(error,
                       HZ_ERROR_INVALID,
                       "reveals.txt, line %u is not number, name and share of a party",
                       number);
    }
    share.number = (uint8_t)party;
    if (shares->len > 0 &&
        g_array_index(shares, DrawShare, shares->len - 1).number >= share.number) {
        return hz_fail(error, HZ_ERROR_INVALID, "reveals.txt is not in the order of parties");
    }
    g_array_append_val(shares, share);
    return true;
}

static bool shares_fit(
    const Named *named, const GArray *shares, DigestKind kind, const char *draw, GError **error) {
    for (guint i = 0; i < shares->len; i++) {
        const DrawShare *share = &g_array_index(shares, DrawShare, i);
        const char *name = g_ptr_array_index(named->names, share->number - 1U);
        const uint8_t *said =
            (const uint8_t *)named->commits->data + (gsize)(share->number - 1U) * DIGEST_SIZE;
        uint8_t commit[DIGEST_SIZE];
        draw_party_commit(kind, draw, name, share->bytes, commit);
        if (memcmp(commit, said, DIGEST_SIZE) != 0) {
            return hz_fail(error,
                           HZ_ERROR_CORRUPT,
                           "reveals.txt: the share of party %u is not the one it committed to",
                           share->number);
        }
    }
    return true;
}

static GArray *read_shares(const DrawSource *source,
                           const Named *named,
                           DigestKind kind,
                           const char *draw,
                           GError **error) {
    g_autofree char *text = source->whole(source->from, "reveals.txt", error);
    g_auto(GStrv) lines =
        text != NULL ? cut_lines(text, "reveals.txt", DRAW_PARTIES_MAX, error) : NULL;
    if (lines == NULL) {
        return NULL;
    }
    g_autoptr(GArray) shares = g_array_new(FALSE, FALSE, sizeof(DrawShare));
    for (guint i = 0; lines[i] != NULL; i++) {
        if (!read_share(lines[i], i + 1, named, shares, error)) {
            return NULL;
        }
    }
    return shares_fit(named, shares, kind, draw, error) ? g_steal_pointer(&shares) : NULL;
}

/* What the time rule needs; an old draw with a typed seed has none. */
static bool take_times(const Named *named, DrawOutcome *outcome, GError **error) {
    outcome->first_beacon_us = INT64_MAX;
    for (guint i = 0; i < named->beacons->len; i++) {
        const DrawBeacon *beacon = &g_array_index(named->beacons, DrawBeacon, i);
        outcome->first_beacon_us = MIN(outcome->first_beacon_us, beacon->time_us);
        outcome->is_typed |= draw_beacon_is_typed_seed(beacon);
    }
    return outcome->is_typed || outcome->delta_s >= DRAW_DELTA_MIN ||
           hz_fail(error,
                   HZ_ERROR_INVALID,
                   "params.txt: delta is less than %d seconds",
                   DRAW_DELTA_MIN);
}

/* Values before parties: whoever typed another number reads that, not that a share does not fit. */
static DrawSeedStage read_seed(const DrawSource *source,
                               const DrawKeyValues *commit,
                               Named *named,
                               DrawOutcome *outcome,
                               GError **error) {
    const char *draw = draw_keys_get(commit, "draw");
    if (draw == NULL || !draw_id_valid(draw)) {
        hz_fail(error, HZ_ERROR_INVALID, "commit.txt: \"draw\" is not [0-9A-Z_-]{1,20}");
        return DRAW_SEED_NUMBER;
    }
    named->values =
        read_named_beacons(commit, named, error) ? read_values(source, named, error) : NULL;
    if (named->values == NULL) {
        return DRAW_SEED_BEACON;
    }
    named->shares = read_named_parties(commit, named, error)
                        ? read_shares(source, named, outcome->kind, draw, error)
                        : NULL;
    if (named->shares == NULL) {
        return DRAW_SEED_SHARES;
    }
    return take_times(named, outcome, error) ? DRAW_SEED_TAKEN : DRAW_SEED_TIME;
}

bool draw_seed_take(const DrawSource *source,
                    const char *commit_text,
                    const DrawKeyValues *commit,
                    DrawOutcome *outcome,
                    DrawSeedStage *ret_stage,
                    GError **error) {
    g_auto(Named) named = {0};
    DrawSeedStage stage = read_seed(source, commit, &named, outcome, error);
    if (ret_stage != NULL) {
        *ret_stage = stage;
    }
    if (stage != DRAW_SEED_TAKEN) {
        return false;
    }
    outcome->party_count = named.names->len;
    outcome->share_count = named.shares->len;
    g_autoptr(GByteArray) seed = draw_beacon_join(outcome->kind, named.values);
    digest_of(outcome->kind, commit_text, strlen(commit_text), outcome->commit);
    draw_keys(outcome->kind,
              outcome->commit,
              seed->data,
              seed->len,
              (const DrawShare *)(const void *)named.shares->data,
              named.shares->len,
              &outcome->keys);
    return true;
}
