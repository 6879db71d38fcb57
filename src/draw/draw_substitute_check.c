#include "draw/draw_substitute_check.h"

#include "draw/draw_places.h"

#include <string.h>

#define CHECK "substitutions"
#define FIELDS 8
#define RULE "RULE"
#define PLACE_MAX 999999999 /* nine digits */

/* One line, cut; texts are borrowed. */
typedef struct Line {
    int64_t n, order;
    bool is_object;
    const char *out, *in, *reason;
    int64_t leaf;
} Line;

typedef struct Walk {
    DrawPlaces *places;
    int64_t number; /* of the line */
    int64_t last_leaf;
    DrawPlace *changed; /* the place whose object changed last, while officers must follow it */
    int owed[2];        /* those whom the files keep from it, in order */
    unsigned owed_count;
    const char *reason;  /* why the line does not fit; NULL: it does */
    int64_t passed_line; /* the first with candidates that were passed over; 0: none */
    char *passed_who, *passed_entry;
} Walk;

static void walk_clear(Walk *walk) {
    g_clear_pointer(&walk->places, draw_places_free);
    g_free(walk->passed_who);
    g_free(walk->passed_entry);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Walk, walk_clear)

/* --- one line ----------------------------------------------------------------------------------
 */

/* Written the only way: digits, no leading zero. */
static bool read_number(const char *text, int64_t low, int64_t high, int64_t *ret) {
    guint64 number = 0;
    if (!g_ascii_isdigit(text[0]) || (text[0] == '0' && text[1] != '\0') ||
        !g_ascii_string_to_unsigned(text, 10, (guint64)low, (guint64)high, &number, NULL)) {
        return false;
    }
    *ret = (int64_t)number;
    return true;
}

/* 2026-11-22T13:00:00.000Z */
static bool is_time(const char *text) {
    static const char form[] = "0000-00-00T00:00:00.000Z";
    if (strlen(text) != strlen(form)) {
        return false;
    }
    for (size_t i = 0; form[i] != '\0'; i++) {
        if (form[i] == '0' ? !g_ascii_isdigit(text[i]) : text[i] != form[i]) {
            return false;
        }
    }
    return true;
}

static bool read_line(char **fields, Line *ret) {
    if (g_strv_length(fields) != FIELDS || !read_number(fields[0], 1, PLACE_MAX, &ret->n) ||
        !read_number(fields[1], 1, PLACE_MAX, &ret->order) || !draw_id_valid(fields[3]) ||
        !is_time(fields[6]) ||
        !read_number(fields[7], 0, INT64_C(999999999999999999), &ret->leaf)) {
        return false;
    }
    ret->is_object = strcmp(fields[2], "object") == 0;
    ret->out = fields[3];
    ret->in = strcmp(fields[4], "-") == 0 ? NULL : fields[4];
    ret->reason = fields[5];
    bool is_known = ret->is_object ? g_strv_contains(draw_object_reasons, ret->reason)
                                   : g_strv_contains(draw_officer_reasons, ret->reason) ||
                                         strcmp(ret->reason, RULE) == 0;
    return is_known && (ret->is_object || strcmp(fields[2], "officer") == 0) &&
           (ret->in == NULL ? ret->is_object : draw_id_valid(ret->in));
}

/* --- the rule ----------------------------------------------------------------------------------
 */

static bool take_object(Walk *walk, DrawPlace *place, const Line *line) {
    const DrawReserve *reserve = draw_places_reserve(walk->places, place);
    const int team[] = {place->lead, place->second};
    if (walk->owed_count > 0 || strcmp(place->id, line->out) != 0 ||
        g_strcmp0(line->in, reserve != NULL ? reserve->id : NULL) != 0) {
        return false;
    }
    draw_places_put_object(walk->places, place, line->in);
    walk->changed = place;
    if (line->in == NULL) {
        return true;
    }
    g_autoptr(GArray) candidates = draw_places_candidates(walk->places, place);
    for (size_t i = 0; i < G_N_ELEMENTS(team); i++) {
        if (!draw_places_among(candidates, team[i])) {
            walk->owed[walk->owed_count++] = team[i];
        }
    }
    return true;
}

/* Those who came before `in` in the order and could have come by the files alone. */
static void note_passed(Walk *walk, const GString *who, const Line *line) {
    if (who->len > 0 && walk->passed_line == 0) {
        walk->passed_line = walk->number;
        walk->passed_who = g_strdup(who->str);
        walk->passed_entry = g_strdup_printf("%" G_GINT64_FORMAT, line->leaf);
    }
}

static bool find_next(Walk *walk, DrawPlace *place, int out, const Line *line, int *ret_in) {
    g_autoptr(GArray) turns = draw_places_turns(walk->places, place);
    g_autoptr(GString) passed = g_string_new(NULL);
    for (guint i = 0; i < turns->len; i++) {
        int inspector = g_array_index(turns, int, i);
        const char *id = draw_places_inspector_id(walk->places, inspector);
        if (!draw_places_may_take(walk->places, place, out, inspector)) {
            continue;
        }
        if (strcmp(id, line->in) == 0) {
            note_passed(walk, passed, line);
            *ret_in = inspector;
            return true;
        }
        g_string_append_printf(passed, "%s%s", passed->len > 0 ? ", " : "", id);
    }
    return false;
}

/* Whom the files keep from the object that came in is replaced at once, and nobody else for that
 * reason. */
static bool take_owed(Walk *walk, const DrawPlace *place, int out, const Line *line) {
    bool by_rule = strcmp(line->reason, RULE) == 0;
    if (walk->owed_count == 0) {
        return !by_rule;
    }
    if (!by_rule || place != walk->changed || out != walk->owed[0]) {
        return false;
    }
    walk->owed[0] = walk->owed[1];
    walk->owed_count--;
    return true;
}

static bool take_officer(Walk *walk, DrawPlace *place, const Line *line) {
    int out = draw_places_inspector(walk->places, line->out);
    int in = DRAW_NOBODY;
    if (out == DRAW_NOBODY || (out != place->lead && out != place->second) ||
        !take_owed(walk, place, out, line) || !find_next(walk, place, out, line, &in)) {
        return false;
    }
    draw_places_put_officer(walk->places, place, out, in);
    return true;
}

static bool take_line(char *text, size_t size, void *data, GError **error) {
    (void)size;
    (void)error;
    Walk *walk = data;
    g_auto(GStrv) fields = g_strsplit(text, "\t", -1);
    Line line = {0};
    walk->number++;
    if (!read_line(fields, &line)) {
        walk->reason = "line";
    } else if (line.n != walk->number) {
        walk->reason = "numbers";
    } else if (line.leaf <= walk->last_leaf) {
        walk->reason = "index-order";
    } else {
        DrawPlace *place = draw_places_at(walk->places, line.order);
        bool fits =
            place != NULL && place->id != NULL && place->lead != DRAW_NOBODY &&
            (line.is_object ? take_object(walk, place, &line) : take_officer(walk, place, &line));
        walk->reason = fits ? NULL : "substitution";
    }
    walk->last_leaf = line.leaf;
    return walk->reason == NULL;
}

static bool check_lines(Verdict *verdict, DrawSource *source, Walk *walk) {
    walk->last_leaf = -1;
    if (!source->each_line(source->from, DRAW_SUBSTITUTIONS_FILE, take_line, walk, NULL)) {
        bool is_line = walk->reason != NULL;
        return verdict_failed(verdict,
                              CHECK,
                              is_line ? walk->reason : "text",
                              DRAW_SUBSTITUTIONS_FILE,
                              walk->number + (is_line ? 0 : 1));
    }
    if (walk->owed_count > 0) {
        return verdict_failed(
            verdict, CHECK, "substitution", DRAW_SUBSTITUTIONS_FILE, walk->number);
    }
    if (walk->passed_line > 0) {
        verdict_unknown_line(verdict,
                             CHECK,
                             "passed-over",
                             DRAW_SUBSTITUTIONS_FILE,
                             walk->passed_line,
                             walk->passed_who,
                             walk->passed_entry);
    } else {
        verdict_passed(verdict, CHECK);
    }
    return true;
}

bool draw_check_substitutions(Verdict *verdict, const char *folder, bool is_opened) {
    g_auto(Walk) walk = {0};
    DrawSource source = draw_folder_source(folder);
    g_autofree char *path = g_build_filename(folder, DRAW_SUBSTITUTIONS_FILE, NULL);
    if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) {
        return true; /* nobody was substituted, or nobody says so: there is nothing to look at */
    }
    if (!is_opened) {
        verdict_unknown(verdict, CHECK, "sealed");
        return true;
    }
    walk.places = draw_places_new(&source, NULL);
    if (walk.places == NULL || !draw_places_read_districts(walk.places, &source, NULL)) {
        return verdict_failed(verdict, CHECK, "text", "result.tsv", 0);
    }
    return check_lines(verdict, &source, &walk);
}
