#include "ledger/verdict.h"

#include "base/embedded.h"

#include <string.h>

typedef enum CheckState { CHECK_NONE, CHECK_PASSED, CHECK_FAILED, CHECK_UNKNOWN } CheckState;

typedef struct Check {
    const char *id; /* in `words` */
    CheckState state;
    const char *reason; /* in `words` */
    char **files;
    int64_t line;
    char **said;   /* for the "%s" in the words of the reason; NULL: they have none */
    int64_t entry; /* that the reason is about; -1: none */
} Check;

struct Verdict {
    const char *kind;
    json_t *words;
    GArray *checks; /* Check */
};

static void check_clear(gpointer data) {
    Check *check = data;
    g_strfreev(check->files);
    g_strfreev(check->said);
}

Verdict *verdict_new(const char *kind) {
    EmbeddedFile file = embedded_find("assets/verify/words.json");
    Verdict *verdict = g_new0(Verdict, 1);
    verdict->kind = kind;
    verdict->words = json_read(file.data, file.size, NULL);
    g_assert(verdict->words != NULL);
    verdict->checks = g_array_new(FALSE, FALSE, sizeof(Check));
    g_array_set_clear_func(verdict->checks, check_clear);
    const json_t *kinds = json_object_get(verdict->words, "kinds");
    const json_t *ids = json_object_get(json_object_get(kinds, kind), "checks");
    g_assert(ids != NULL);
    for (size_t i = 0; i < json_array_size(ids); i++) {
        Check check = {.id = json_string_value(json_array_get(ids, i))};
        g_array_append_val(verdict->checks, check);
    }
    return verdict;
}

void verdict_free(Verdict *verdict) {
    if (verdict == NULL) {
        return;
    }
    g_array_unref(verdict->checks);
    json_decref(verdict->words);
    g_free(verdict);
}

static Check *check_of(const Verdict *verdict, const char *id) {
    for (guint i = 0; i < verdict->checks->len; i++) {
        Check *check = &g_array_index(verdict->checks, Check, i);
        if (strcmp(check->id, id) == 0) {
            return check;
        }
    }
    g_assert_not_reached();
}

static void settle(Check *check, CheckState state, const char *reason) {
    g_clear_pointer(&check->files, g_strfreev);
    g_clear_pointer(&check->said, g_strfreev);
    check->state = state;
    check->reason = reason;
    check->line = 0;
    check->entry = -1;
}

void verdict_passed(Verdict *verdict, const char *check) {
    settle(check_of(verdict, check), CHECK_PASSED, NULL);
}

void verdict_unknown(Verdict *verdict, const char *check, const char *reason) {
    settle(check_of(verdict, check), CHECK_UNKNOWN, reason);
}

void verdict_unknown_line(Verdict *verdict,
                          const char *id,
                          const char *reason,
                          const char *file,
                          int64_t line,
                          const char *who,
                          const char *entry) {
    Check *check = check_of(verdict, id);
    settle(check, CHECK_UNKNOWN, reason);
    check->files = g_strsplit(file, "\n", -1);
    check->line = line;
    const char *said[] = {who, entry, NULL};
    check->said = g_strdupv((char **)said);
}

void verdict_unknown_from(Verdict *verdict, const char *id, const char *reason, int64_t entry) {
    Check *check = check_of(verdict, id);
    g_autofree char *number = g_strdup_printf("%" G_GINT64_FORMAT, entry);
    const char *said[] = {number, NULL};
    settle(check, CHECK_UNKNOWN, reason);
    check->said = g_strdupv((char **)said);
    check->entry = entry;
}

void verdict_skip(Verdict *verdict, const char *id) {
    for (guint i = 0; i < verdict->checks->len; i++) {
        if (strcmp(g_array_index(verdict->checks, Check, i).id, id) == 0) {
            g_array_remove_index(verdict->checks, i);
            return;
        }
    }
    g_assert_not_reached();
}

bool verdict_failed(
    Verdict *verdict, const char *id, const char *reason, const char *files, int64_t line) {
    Check *failed = check_of(verdict, id);
    settle(failed, CHECK_FAILED, reason);
    failed->files = g_strsplit(files, "\n", -1);
    failed->line = line;
    for (guint i = 0; i < verdict->checks->len; i++) {
        Check *check = &g_array_index(verdict->checks, Check, i);
        if (check->state == CHECK_NONE) {
            settle(check, CHECK_UNKNOWN, "earlier");
        }
    }
    return false;
}

static unsigned count_of(const Verdict *verdict, CheckState state) {
    unsigned count = 0;
    for (guint i = 0; i < verdict->checks->len; i++) {
        count += g_array_index(verdict->checks, Check, i).state == state ? 1 : 0;
    }
    return count;
}

bool verdict_is_valid(const Verdict *verdict) {
    return count_of(verdict, CHECK_FAILED) == 0 && count_of(verdict, CHECK_NONE) == 0;
}

/* --- words -------------------------------------------------------------------------------------
 */

static const char *
word_of(const Verdict *verdict, const char *table, const char *id, const char *language) {
    const json_t *entry = json_object_get(json_object_get(verdict->words, table), id);
    const char *text = json_string_value(json_object_get(entry, language));
    g_assert(text != NULL);
    return text;
}

static const char *
check_word(const Verdict *verdict, const Check *check, const char *language, const char *which) {
    const json_t *entry = json_object_get(json_object_get(verdict->words, "checks"), check->id);
    const char *text = json_string_value(json_object_get(json_object_get(entry, language), which));
    g_assert(text != NULL);
    return text;
}

/* Caller frees. */
static char *sentence_of(const Verdict *verdict, const Check *check, const char *language) {
    bool is_zh = strcmp(language, "zh") == 0;
    const char *colon = is_zh ? "：" : ": ";
    if (check->state == CHECK_PASSED) {
        return g_strdup(check_word(verdict, check, language, "ok"));
    }
    GString *text = g_string_new(
        check_word(verdict, check, language, check->state == CHECK_FAILED ? "bad" : "what"));
    g_string_append(text, colon);
    if (check->files != NULL) {
        g_autofree char *files = g_strjoinv(is_zh ? "、" : ", ", check->files);
        g_string_append(text, files);
        if (check->line > 0) {
            g_string_append_printf(text, is_zh ? " 第 %d 行" : ", line %d", (int)check->line);
        }
        g_string_append(text, colon);
    }
    g_autoptr(GString) reason = g_string_new(word_of(verdict, "reasons", check->reason, language));
    for (char **said = check->said; said != NULL && *said != NULL; said++) {
        g_string_replace(reason, "%s", *said, 1);
    }
    g_string_append(text, reason->str);
    g_string_append(text, is_zh ? "。" : ".");
    return g_string_free(text, FALSE);
}

/* Caller frees. */
static char *summary_of(const Verdict *verdict, const char *language) {
    const json_t *words = json_object_get(json_object_get(verdict->words, "verdict"), language);
    unsigned unknown = count_of(verdict, CHECK_UNKNOWN);
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < verdict->checks->len && text->len == 0; i++) {
        const Check *check = &g_array_index(verdict->checks, Check, i);
        if (check->state == CHECK_FAILED) {
            g_autofree char *sentence = sentence_of(verdict, check, language);
            g_string_assign(text, json_get_text(words, "bad", "%s"));
            g_string_replace(text, "%s", sentence, 1);
        }
    }
    if (text->len == 0) {
        g_autofree char *number = g_strdup_printf("%u", unknown);
        g_string_assign(text, json_get_text(words, unknown > 0 ? "part" : "ok", ""));
        g_string_replace(text, "%d", number, 1);
    }
    return g_strdup(text->str);
}

static json_t *check_document(const Verdict *verdict, const Check *check) {
    g_autofree char *zh = sentence_of(verdict, check, "zh");
    g_autofree char *en = sentence_of(verdict, check, "en");
    json_t *made = json_object();
    json_put_text(made, "id", check->id);
    json_put(made,
             "ok",
             check->state == CHECK_UNKNOWN ? json_null()
                                           : json_boolean(check->state == CHECK_PASSED));
    json_put_text(made, "zh", zh);
    json_put_text(made, "en", en);
    if (check->files != NULL) {
        json_t *files = json_array();
        for (char **file = check->files; *file != NULL; file++) {
            json_array_append_new(files, json_string(*file));
        }
        json_put(made, "files", files);
    }
    if (check->line > 0) {
        json_put_int(made, "line", check->line);
    }
    if (check->entry >= 0) {
        json_put_int(made, "entry", check->entry);
    }
    return made;
}

json_t *verdict_document(const Verdict *verdict) {
    g_assert(count_of(verdict, CHECK_NONE) == 0);
    g_autofree char *zh = summary_of(verdict, "zh");
    g_autofree char *en = summary_of(verdict, "en");
    json_t *checks = json_array();
    for (guint i = 0; i < verdict->checks->len; i++) {
        json_array_append_new(checks,
                              check_document(verdict, &g_array_index(verdict->checks, Check, i)));
    }
    json_t *made = json_object();
    json_put_text(made, "format", "huozheng-verdict/1");
    json_put_text(made, "kind", verdict->kind);
    json_put_bool(made, "valid", verdict_is_valid(verdict));
    json_put(made, "checks", checks);
    json_put_text(made, "zh", zh);
    json_put_text(made, "en", en);
    return made;
}
