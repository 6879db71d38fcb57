#include "law/law_paper.h"

#include "base/clock.h"
#include "base/error.h"
#include "law/law_internal.h"
#include "web/template.h"

#include <string.h>

/* --- reading ------------------------------------------------------------------------------------
 */

void law_read_papers(LawReader *reader, LawBook *book, LawNode list) {
    static const char *const nobody[] = {NULL};
    for (unsigned i = 0; law_list(reader, list) && i < law_count(list); i++) {
        LawNode map = law_at(list, i);
        LawPaper paper = {.signers = nobody};
        if (!law_keys(reader, map, "id name basis confidence valid prefix? seal? signers? text")) {
            return;
        }
        law_read_entry(reader, map, &paper.entry);
        paper.prefix = law_text_or_null(reader, law_get(map, "prefix"));
        paper.is_sealed =
            law_is_there(law_get(map, "seal")) && law_bool(reader, law_get(map, "seal"));
        if (law_is_there(law_get(map, "signers"))) {
            paper.signers = law_read_texts(reader, law_get(map, "signers"));
        }
        paper.text = law_text(reader, law_get(map, "text"));
        LawPaper *copy = law_keep(&paper, sizeof paper);
        g_ptr_array_add(book->papers, copy);
        g_hash_table_insert(book->places, copy, law_keep(&map, sizeof map));
    }
}

/* A paper must be writable for every act that makes it: everything it names is a fact or a field of
 * that act's form. */
void law_check_paper(
    LawReader *reader, const LawBook *book, const char *id, const LawForm *form, LawNode at) {
    bool is_known = false;
    for (guint i = 0; i < book->papers->len && reader->error == NULL; i++) {
        const LawPaper *paper = book->papers->pdata[i];
        if (strcmp(paper->entry.id, id) != 0) {
            continue;
        }
        is_known = true;
        g_autoptr(GError) problem = NULL;
        g_autoptr(json_t) data = json_object();
        g_autofree char *text = law_paper_write(
            paper,
            form,
            data,
            &(LawPaperFacts){
                .unit = "x", .agency = "x", .matter = "x", .number = "x", .officers = "x"},
            &problem);
        if (text == NULL) {
            law_wrong(reader, at, "the paper \"%s\": %s", id, problem->message);
        }
    }
    if (!is_known) {
        law_wrong(reader, at, "there is no paper \"%s\"", id);
    }
}

/* --- asking -------------------------------------------------------------------------------------
 */

const LawPaper *law_paper_at(const LawBook *book, const char *id, int64_t time_us, GError **error) {
    const LawPaper *paper = law_entry_at(book->papers, id, time_us);
    if (paper == NULL) {
        hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no paper \"%s\" on that day", id);
    }
    return paper;
}

bool law_step_makes(const LawStepPaper *paper, const json_t *data) {
    return law_when_holds(paper->when_field, paper->when_values, data);
}

char *law_number_zh(const char *prefix, int year, int64_t serial) {
    return g_strdup_printf("%s〔%d〕第%04" G_GINT64_FORMAT "号", prefix, year, serial);
}

/* --- writing ------------------------------------------------------------------------------------
 */

/* "2026-06-15" -> "2026年6月15日", "2026-06-15T09:30" with the time behind it. */
static char *date_zh(const char *text) {
    int64_t time_us;
    g_autofree char *day = g_strndup(text, 10);
    if (strlen(text) < 10 || !clock_parse(day, &time_us)) {
        return g_strdup(text);
    }
    return g_strdup_printf("%.4s年%d月%d日%s",
                           text,
                           (int)g_ascii_strtoll(text + 5, NULL, 10),
                           (int)g_ascii_strtoll(text + 8, NULL, 10),
                           strlen(text) == 16 ? text + 11 : "");
}

static void put_fields(json_t *model, const LawForm *form, const json_t *data, int64_t time_us) {
    for (unsigned i = 0; form != NULL && i < form->field_count; i++) {
        const LawField *field = &form->fields[i];
        g_autofree char *text = law_field_text_zh(field, data, time_us);
        bool is_date = field->type == LAW_FIELD_DATE || field->type == LAW_FIELD_TIME;
        g_autofree char *shown = is_date ? date_zh(text) : g_strdup(text);
        json_put_text(model, field->id, shown[0] == '\0' ? NULL : shown);
    }
}

char *law_paper_write(const LawPaper *paper,
                      const LawForm *form,
                      const json_t *data,
                      const LawPaperFacts *facts,
                      GError **error) {
    g_autoptr(Template) template =
        template_parse(paper->entry.id, paper->text, strlen(paper->text), TEMPLATE_PLAIN, error);
    if (template == NULL) {
        return NULL;
    }
    g_autofree char *day = clock_format_date(facts->time_us);
    g_autofree char *minute = clock_format_minute(facts->time_us);
    g_autofree char *date = date_zh(day);
    g_autoptr(json_t) model = json_object();
    put_fields(model, form, data, facts->time_us);
    json_put_text(model, "unit", facts->unit);
    json_put_text(model, "agency", facts->agency);
    json_put_text(model, "matter", facts->matter);
    json_put_text(model, "number", facts->number);
    json_put_text(model, "officers", facts->officers);
    json_put_text(model, "date", date);
    json_put_text(model, "time", minute);
    g_autoptr(GString) out = g_string_new(NULL);
    if (!template_render(
            template, model, TEMPLATE_STRICT | TEMPLATE_TEXT, NULL, NULL, out, error)) {
        return NULL;
    }
    return g_strchomp(g_string_free(g_steal_pointer(&out), FALSE));
}
