/* Reads all of law/ once: which file holds what, overlays, what is asked of a book. */
#include "law/law_book.h"

#include "base/error.h"
#include "law/law_internal.h"

#include <pthread.h>
#include <string.h>

#define VALUES_MAX 60

static pthread_once_t once = PTHREAD_ONCE_INIT;
static GPtrArray *books;          /* of LawBook, "national" first; NULL: law/ is broken */
static const char **cities;       /* their names; ends with NULL */
static LawCheckReport all_report; /* of the loading */
static GPtrArray *failed;         /* of char *, ends with NULL: examples that do not come out */
static GError *loading_error;

/* --- what lives for ever ------------------------------------------------------------------------
 */

static GPtrArray *kept; /* what law_keep returned */
static GPtrArray *docs; /* of LawDoc: their texts are the rules */

static void keep_begin(void) {
    if (kept == NULL) {
        kept = g_ptr_array_new_with_free_func(g_free);
        docs = g_ptr_array_new_with_free_func((GDestroyNotify)law_doc_free);
    }
}

void *law_keep(const void *data, size_t size) {
    void *copy = g_memdup2(data, size);
    g_ptr_array_add(kept, copy);
    return copy;
}

char *law_keep_text(const char *text) {
    return law_keep(text, strlen(text) + 1);
}

/* --- entries ------------------------------------------------------------------------------------
 */

const char *const *law_read_texts(LawReader *reader, LawNode list) {
    unsigned count = law_list(reader, list) ? law_count(list) : 0;
    g_autofree const char **texts = g_new0(const char *, count + 1);
    for (unsigned i = 0; i < count; i++) {
        texts[i] = law_text(reader, law_at(list, i));
    }
    return law_keep(texts, (count + 1) * sizeof *texts);
}

void law_read_values(LawReader *reader,
                     LawNode map,
                     const char *const **ret_words,
                     const char *const **ret_words_zh) {
    const char *words[VALUES_MAX + 1] = {NULL};
    const char *words_zh[VALUES_MAX + 1] = {NULL};
    unsigned count = law_pairs(map);
    if (count < 2 || count > VALUES_MAX) {
        law_wrong(reader, map, "2 to %d values are expected: word: 中文", VALUES_MAX);
        return;
    }
    for (unsigned i = 0; i < count; i++) {
        words[i] = law_id(reader, law_key(map, i));
        words_zh[i] = law_text(reader, law_value(map, i));
    }
    *ret_words = law_keep(words, (count + 1) * sizeof *words);
    *ret_words_zh = law_keep(words_zh, (count + 1) * sizeof *words_zh);
}

void law_read_valid(LawReader *reader, LawNode valid, int64_t *ret_from_us, int64_t *ret_to_us) {
    *ret_to_us = INT64_MAX;
    if (!law_keys(reader, valid, "from to?")) {
        return;
    }
    *ret_from_us = law_day(reader, law_get(valid, "from"));
    LawNode to = law_get(valid, "to");
    if (law_is_there(to)) {
        *ret_to_us = law_day(reader, to);
        if (*ret_to_us <= *ret_from_us) {
            law_wrong(reader, to, "valid.to is not after valid.from");
        }
    }
}

/* "消防法/15" -> "消防法第15条" */
const char *law_basis_text(LawReader *reader, LawNode list, const char *const *basis) {
    g_autoptr(GString) out = g_string_new(NULL);
    for (unsigned i = 0; basis[i] != NULL; i++) {
        const char *slash = strrchr(basis[i], '/');
        if (slash == NULL || slash == basis[i] || slash[1] == '\0') {
            law_wrong(
                reader, law_at(list, i), "\"%s\" is not of the form instrument/article", basis[i]);
            return "";
        }
        bool is_number = strspn(slash + 1, "0123456789") == strlen(slash + 1);
        g_string_append_printf(out,
                               is_number ? "%s%.*s第%s条" : "%s%.*s%s",
                               out->len > 0 ? "、" : "",
                               (int)(slash - basis[i]),
                               basis[i],
                               slash + 1);
    }
    return law_keep_text(out->str);
}

LawConfidence law_read_confidence(LawReader *reader, LawNode node) {
    static const char *const words[] = {"text", "secondary", "memory", NULL};
    return (LawConfidence)law_word(reader, node, words);
}

void law_read_entry(LawReader *reader, LawNode map, LawEntry *entry) {
    LawNode basis = law_get(map, "basis");
    entry->id = law_id(reader, law_get(map, "id"));
    entry->name = law_text(reader, law_get(map, "name"));
    entry->basis = law_read_texts(reader, basis);
    entry->basis_zh = reader->error == NULL ? law_basis_text(reader, basis, entry->basis) : "";
    entry->confidence = law_read_confidence(reader, law_get(map, "confidence"));
    law_read_valid(reader, law_get(map, "valid"), &entry->from_us, &entry->to_us);
}

void *law_entry_at(const GPtrArray *entries, const char *id, int64_t time_us) {
    for (guint i = 0; i < entries->len; i++) {
        const LawEntry *entry = entries->pdata[i];
        if (strcmp(entry->id, id) == 0 && entry->from_us <= time_us && time_us < entry->to_us) {
            return entries->pdata[i];
        }
    }
    return NULL;
}

/* --- articles -----------------------------------------------------------------------------------
 */

static void read_article(LawReader *reader, LawBook *book, LawNode map, const LawArticle *whole) {
    if (!law_keys(reader, map, "no gist confidence? valid?")) {
        return;
    }
    LawArticle article = *whole;
    const char *number = law_text(reader, law_get(map, "no"));
    g_autofree char *id = g_strconcat(whole->entry.id, "/", number, NULL);
    article.entry.id = law_keep_text(id);
    article.entry.name = law_text(reader, law_get(map, "gist"));
    LawNode confidence = law_get(map, "confidence");
    if (law_is_there(confidence)) {
        article.entry.confidence = law_read_confidence(reader, confidence);
    }
    if (law_is_there(law_get(map, "valid"))) {
        law_read_valid(reader, law_get(map, "valid"), &article.entry.from_us, &article.entry.to_us);
    }
    LawArticle *copy = law_keep(&article, sizeof article);
    g_ptr_array_add(book->articles, copy);
    g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
}

static void read_instruments(LawReader *reader, LawBook *book, LawNode list) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        if (!law_keys(reader, map, "short name valid confidence articles")) {
            return;
        }
        LawArticle whole = {.instrument = law_text(reader, law_get(map, "name"))};
        whole.entry.id = law_text(reader, law_get(map, "short"));
        whole.entry.confidence = law_read_confidence(reader, law_get(map, "confidence"));
        law_read_valid(reader, law_get(map, "valid"), &whole.entry.from_us, &whole.entry.to_us);
        LawNode articles = law_get(map, "articles");
        for (unsigned a = 0; law_list(reader, articles) && a < law_count(articles); a++) {
            read_article(reader, book, law_at(articles, a), &whole);
        }
    }
}

const LawArticle *law_article_at(const LawBook *book, const char *id, int64_t time_us) {
    return law_entry_at(book->articles, id, time_us);
}

/* --- examples -----------------------------------------------------------------------------------
 */

static void read_examples(LawReader *reader, LawBook *book, LawNode list, const char *city) {
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        if (!law_keys(reader, map, "id name deadline? may? decide? walk? expect")) {
            return;
        }
        LawExample example = {.node = map,
                              .id = law_id(reader, law_get(map, "id")),
                              .name = law_text(reader, law_get(map, "name")),
                              .deadline = law_get(map, "deadline"),
                              .may = law_get(map, "may"),
                              .decide = law_get(map, "decide"),
                              .walk = law_get(map, "walk"),
                              .expect = law_get(map, "expect"),
                              .city = city};
        if (law_is_there(example.deadline) + law_is_there(example.may) +
                law_is_there(example.decide) + law_is_there(example.walk) !=
            1) {
            law_wrong(reader, map, "an example is one of: deadline, may, decide, walk");
        }
        for (guint other = 0; other < book->examples->len; other++) {
            if (strcmp(((LawExample *)book->examples->pdata[other])->id, example.id) == 0) {
                law_wrong(reader, map, "the example \"%s\" stands twice", example.id);
            }
        }
        g_ptr_array_add(book->examples, law_keep(&example, sizeof example));
    }
}

/* --- files --------------------------------------------------------------------------------------
 */

static void read_city(LawReader *reader, LawBook *book, LawNode map) {
    if (law_keys(reader, map, "name region")) {
        book->name = law_text(reader, law_get(map, "name"));
        book->region = law_text(reader, law_get(map, "region"));
        if (strspn(book->region, "0123456789") != strlen(book->region)) {
            law_wrong(reader, law_get(map, "region"), "a region is the beginning of a code");
        }
    }
}

/* A file's top-level keys say what is in it. */
static void read_file(LawReader *reader, LawBook *book, LawNode root, const char *city) {
    static const struct {
        const char *key;
        void (*read)(LawReader *reader, LawBook *book, LawNode list);
    } sections[] = {{"instruments", read_instruments},
                    {"acts", law_read_acts},
                    {"agencies", law_read_agencies},
                    {"terms", law_read_terms},
                    {"tables", law_read_tables},
                    {"powers", law_read_powers},
                    {"caps", law_read_caps},
                    {"forms", law_read_forms},
                    {"papers", law_read_papers},
                    {"common", law_read_common},
                    {"procedures", law_read_procedures}};
    if (law_is_there(law_get(root, "checklist"))) {
        law_read_checklist(reader, book, root);
        return;
    }
    if (law_is_there(law_get(root, "draw_weights"))) {
        law_read_draw_weights(reader, book, root);
        return;
    }
    if (law_is_there(law_get(root, "building_risk"))) {
        law_read_risk(reader, book, root);
        return;
    }
    if (law_is_there(law_get(root, "adjacent_districts"))) {
        law_read_adjacent(reader, book, root);
        return;
    }
    if (law_is_there(law_get(root, "sensing_coverage"))) {
        law_read_coverage(reader, book, root);
        return;
    }
    if (!law_keys(reader,
                  root,
                  "city? instruments? acts? agencies? terms? tables? powers? caps? forms? papers? "
                  "common? "
                  "procedures? examples?")) {
        return;
    }
    for (unsigned i = 0; i < law_pairs(root); i++) {
        const char *key = law_scalar(law_key(root, i));
        LawNode list = law_value(root, i);
        for (size_t s = 0; s < G_N_ELEMENTS(sections); s++) {
            if (strcmp(key, sections[s].key) == 0) {
                sections[s].read(reader, book, list);
            }
        }
        if (strcmp(key, "city") == 0) {
            read_city(reader, book, list);
        } else if (strcmp(key, "examples") == 0) {
            read_examples(reader, book, list, city);
        }
    }
}

/* Which files this reader reads; regions and heights have their own, in the registry. */
static bool is_ours(const char *below) {
    static const char *const names[] = {"city.yaml",
                                        "articles.yaml",
                                        "agencies.yaml",
                                        "powers.yaml",
                                        "terms.yaml",
                                        "caps.yaml",
                                        "common-acts.yaml",
                                        "draw-weights.yaml",
                                        "adjacent-districts.yaml",
                                        "sensing-coverage.yaml",
                                        "building-risk.yaml",
                                        NULL};
    static const char *const folders[] = {
        "forms/", "papers/", "procedures/", "tables/", "checklists/", "examples/"};
    bool is_inside = false;
    for (size_t i = 0; i < G_N_ELEMENTS(folders); i++) {
        is_inside |= g_str_has_prefix(below, folders[i]);
    }
    return g_strv_contains(names, below) || (is_inside && g_str_has_suffix(below, ".yaml"));
}

static void read_folder(LawReader *reader, LawBook *book, const char *city, unsigned *ret_files) {
    g_autofree char *prefix = g_strconcat("law/", city, "/", NULL);
    g_autoptr(GArray) files = law_sources(prefix, &reader->error);
    for (guint i = 0; files != NULL && i < files->len && reader->error == NULL; i++) {
        const LawSource *file = &g_array_index(files, LawSource, i);
        if (!is_ours(file->path + strlen(prefix))) {
            continue;
        }
        LawDoc *doc = law_doc_parse(file->path, file->text, file->size, &reader->error);
        if (doc != NULL) {
            g_ptr_array_add(docs, doc);
            read_file(reader, book, law_root(doc), city);
            *ret_files += 1;
        }
    }
}

static LawBook *book_new(const char *city) {
    LawBook book = {.city = city,
                    .articles = g_ptr_array_new(),
                    .acts = g_ptr_array_new(),
                    .agencies = g_ptr_array_new(),
                    .terms = g_ptr_array_new(),
                    .tables = g_ptr_array_new(),
                    .powers = g_ptr_array_new(),
                    .forms = g_ptr_array_new(),
                    .procedures = g_ptr_array_new(),
                    .common = g_ptr_array_new(),
                    .caps = g_ptr_array_new(),
                    .papers = g_ptr_array_new(),
                    .checklists = g_ptr_array_new(),
                    .weights = g_ptr_array_new(),
                    .adjacent = g_ptr_array_new(),
                    .coverage = g_ptr_array_new(),
                    .risks = g_ptr_array_new(),
                    .examples = g_ptr_array_new(),
                    .places = g_hash_table_new(NULL, NULL)};
    return law_keep(&book, sizeof book);
}

/* An entry of the city replaces all national ones with its id. The entry begins each type. */
static void overlay(GPtrArray *national, GPtrArray *own) {
    for (guint i = 0; i < national->len; i++) {
        const LawEntry *entry = national->pdata[i];
        bool is_replaced = false;
        for (guint k = 0; k < own->len && !is_replaced; k++) {
            is_replaced = strcmp(((LawEntry *)own->pdata[k])->id, entry->id) == 0;
        }
        if (!is_replaced) {
            continue;
        }
        g_ptr_array_remove_index(national, i--);
    }
    g_ptr_array_extend(national, own, NULL, NULL);
}

static void book_free(LawBook *book) {
    g_ptr_array_unref(book->articles);
    g_ptr_array_unref(book->acts);
    g_ptr_array_unref(book->agencies);
    g_ptr_array_unref(book->terms);
    g_ptr_array_unref(book->tables);
    g_ptr_array_unref(book->powers);
    g_ptr_array_unref(book->forms);
    g_ptr_array_unref(book->procedures);
    g_ptr_array_unref(book->common);
    g_ptr_array_unref(book->caps);
    g_ptr_array_unref(book->papers);
    g_ptr_array_unref(book->checklists);
    g_ptr_array_unref(book->weights);
    g_ptr_array_unref(book->adjacent);
    g_ptr_array_unref(book->coverage);
    g_ptr_array_unref(book->risks);
    g_ptr_array_unref(book->examples);
    g_hash_table_unref(book->places);
}

bool law_book_try(const char *name, const char *text, size_t size, GError **error) {
    keep_begin();
    guint mark = kept->len;
    g_autoptr(LawDoc) doc = law_doc_parse(name, text, size, error);
    if (doc == NULL) {
        return false;
    }
    LawReader reader = {NULL};
    LawBook *book = book_new(LAW_NATIONAL);
    read_file(&reader, book, law_root(doc), LAW_NATIONAL);
    if (reader.error == NULL) {
        law_add_common(&reader, book);
        law_check_book(&reader, book);
    }
    book_free(book);
    g_ptr_array_set_size(kept, (int)mark);
    if (reader.error != NULL) {
        g_propagate_error(error, reader.error);
        return false;
    }
    return true;
}

static LawBook *read_book(LawReader *reader, const char *city, unsigned *ret_files) {
    LawBook *book = book_new(city);
    read_folder(reader, book, LAW_NATIONAL, ret_files);
    if (strcmp(city, LAW_NATIONAL) != 0 && reader->error == NULL) {
        LawBook *own = book_new(city);
        read_folder(reader, own, city, ret_files);
        book->name = own->name;
        book->region = own->region;
        if (book->region == NULL && reader->error == NULL) {
            hz_fail(&reader->error, HZ_ERROR_INVALID, "law/%s: city.yaml is missing", city);
        }
        overlay(book->articles, own->articles);
        overlay(book->terms, own->terms);
        overlay(book->tables, own->tables);
        overlay(book->powers, own->powers);
        overlay(book->forms, own->forms);
        overlay(book->procedures, own->procedures);
        overlay(book->caps, own->caps);
        overlay(book->papers, own->papers);
        overlay(book->checklists, own->checklists);
        overlay(book->weights, own->weights);
        overlay(book->adjacent, own->adjacent);
        overlay(book->coverage, own->coverage);
        overlay(book->risks, own->risks);
        g_ptr_array_extend(book->common, own->common, NULL, NULL);
        g_ptr_array_extend(book->acts, own->acts, NULL, NULL);
        g_ptr_array_extend(book->agencies, own->agencies, NULL, NULL);
        g_ptr_array_extend(book->examples, own->examples, NULL, NULL);
        GHashTableIter iter;
        gpointer entry;
        gpointer place;
        g_hash_table_iter_init(&iter, own->places);
        while (g_hash_table_iter_next(&iter, &entry, &place)) {
            g_hash_table_insert(book->places, entry, place);
        }
        book_free(own);
    }
    law_forms_belong(book);
    if (reader->error == NULL) {
        law_add_common(reader, book);
        law_check_book(reader, book);
    }
    return book;
}

/* "national" and every other folder of law/. */
static GPtrArray *find_cities(GError **error) {
    g_autoptr(GArray) files = law_sources("law/", error);
    if (files == NULL) {
        return NULL;
    }
    GPtrArray *names = g_ptr_array_new();
    g_ptr_array_add(names, law_keep_text(LAW_NATIONAL));
    for (guint i = 0; i < files->len; i++) {
        g_auto(GStrv) parts = g_strsplit(g_array_index(files, LawSource, i).path, "/", 3);
        if (g_strv_length(parts) == 3 &&
            !g_ptr_array_find_with_equal_func(names, parts[1], g_str_equal, NULL)) {
            g_ptr_array_add(names, law_keep_text(parts[1]));
        }
    }
    return names;
}

static void load(void) {
    keep_begin();
    LawReader reader = {NULL};
    g_autoptr(GPtrArray) names = find_cities(&reader.error);
    GPtrArray *all = g_ptr_array_new();
    failed = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; names != NULL && i < names->len && reader.error == NULL; i++) {
        unsigned files = 0;
        LawBook *book = read_book(&reader, names->pdata[i], &files);
        g_ptr_array_add(all, book);
        all_report.files = MAX(all_report.files, files);
        all_report.entries += book->terms->len + book->powers->len + book->articles->len +
                              book->forms->len + book->procedures->len + book->caps->len +
                              book->papers->len + book->tables->len + book->checklists->len +
                              book->weights->len + book->adjacent->len + book->risks->len +
                              book->coverage->len;
        if (reader.error == NULL) {
            law_run_examples(book, &all_report, failed);
        }
    }
    if (reader.error == NULL && failed->len > 0) {
        hz_fail(&reader.error,
                HZ_ERROR_INVALID,
                "%u of %u examples do not come out; the first: %s",
                failed->len,
                all_report.examples,
                (char *)failed->pdata[0]);
    }
    g_ptr_array_add(failed, NULL);
    all_report.failed = (const char *const *)failed->pdata;
    if (names == NULL || reader.error != NULL) {
        loading_error = reader.error;
        g_ptr_array_foreach(all, (GFunc)(void (*)(void))book_free, NULL);
        g_ptr_array_unref(all);
        return;
    }
    g_ptr_array_add(names, NULL);
    cities = law_keep(names->pdata, names->len * sizeof *names->pdata);
    books = all;
}

static bool is_loaded(GError **error) {
    pthread_once(&once, load);
    if (books == NULL) {
        g_propagate_error(error, g_error_copy(loading_error));
    }
    return books != NULL;
}

const LawBook *law_book(const char *city, GError **error) {
    const char *wanted = city == NULL ? LAW_NATIONAL : city;
    if (!is_loaded(error)) {
        return NULL;
    }
    for (guint i = 0; i < books->len; i++) {
        const LawBook *book = books->pdata[i];
        if (strcmp(book->city, wanted) == 0) {
            return book;
        }
    }
    hz_fail(error, HZ_ERROR_NOT_FOUND, "there are no rules of a city \"%s\"", wanted);
    return NULL;
}

const char *law_city_of(const char *region, GError **error) {
    if (!is_loaded(error)) {
        return NULL;
    }
    const LawBook *best = NULL;
    for (guint i = 0; i < books->len; i++) {
        const LawBook *book = books->pdata[i];
        if (book->region != NULL && g_str_has_prefix(region, book->region) &&
            (best == NULL || strlen(book->region) > strlen(best->region))) {
            best = book;
        }
    }
    return best == NULL ? LAW_NATIONAL : best->city;
}

const char *const *law_cities(GError **error) {
    return is_loaded(error) ? cities : NULL;
}

bool law_check_all(LawCheckReport *ret_report, GError **error) {
    bool is_good = is_loaded(error);
    *ret_report = all_report;
    return is_good;
}
