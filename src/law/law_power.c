/* Who may do which act, on what ground, where and until when. */
#include "base/error.h"
#include "law/law_internal.h"

#include <string.h>

static const char *const mode_words[] = {"statutory", "empowered", "delegated", NULL};

const char *law_mode_word(LawMode mode) {
    return mode_words[mode];
}

const char *law_mode_zh(LawMode mode) {
    static const char *const words[] = {"法定", "赋权", "委托"};
    return words[mode];
}

bool law_mode_parse(const char *word, LawMode *ret_mode) {
    for (int i = 0; mode_words[i] != NULL; i++) {
        if (strcmp(mode_words[i], word) == 0) {
            *ret_mode = (LawMode)i;
            return true;
        }
    }
    return false;
}

void law_read_powers(LawReader *reader, LawBook *book, LawNode list) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        LawPower power = {.modes = 0};
        if (!law_keys(
                reader, map, "id name acts agencies modes allow reason basis confidence valid")) {
            return;
        }
        law_read_entry(reader, map, &power.entry);
        power.acts = law_read_texts(reader, law_get(map, "acts"));
        power.agencies = law_read_texts(reader, law_get(map, "agencies"));
        power.allows = law_bool(reader, law_get(map, "allow"));
        power.reason = law_text(reader, law_get(map, "reason"));
        LawNode modes = law_get(map, "modes");
        for (unsigned m = 0; law_list(reader, modes) && m < law_count(modes); m++) {
            power.modes |= UINT32_C(1) << law_word(reader, law_at(modes, m), mode_words);
        }
        LawPower *copy = law_keep(&power, sizeof power);
        g_ptr_array_add(book->powers, copy);
        g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    }
}

static bool speaks_of(
    const LawPower *power, const char *act, const char *agency, LawMode mode, int64_t time_us) {
    return power->entry.from_us <= time_us && time_us < power->entry.to_us &&
           (power->modes >> mode & 1) != 0 && g_strv_contains(power->acts, act) &&
           g_strv_contains(power->agencies, agency);
}

bool law_may(const LawBook *book,
             const char *act,
             const char *agency,
             LawMode mode,
             int64_t time_us,
             LawMay *ret_may,
             GError **error) {
    const LawWord *word = law_word_find(book->acts, act);
    if (word == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "there is no act \"%s\"", act);
    }
    if (law_word_find(book->agencies, agency) == NULL) {
        return hz_fail(error, HZ_ERROR_INVALID, "there is no kind of agency \"%s\"", agency);
    }
    const LawPower *found = NULL;
    for (guint i = 0; i < book->powers->len; i++) {
        const LawPower *power = book->powers->pdata[i];
        bool is_better = found == NULL || (found->allows && !power->allows);
        if (is_better && speaks_of(power, act, agency, mode, time_us)) {
            found = power;
        }
    }
    *ret_may = (LawMay){.allowed = found != NULL && found->allows,
                        .reason = found != NULL ? found->reason
                                                : "没有规定给这类机构以这种方式行使这项职权",
                        .power = found,
                        .basis_zh = found != NULL ? found->entry.basis_zh : word->basis_zh};
    return true;
}
