#include "registry/form_pages.h"

#include <string.h>

static const char *value_of(const void *input, const FormField *field) {
    return *(const char *const *)(const void *)((const char *)input + field->offset);
}

void form_read(const ObjectForm *form, const Request *req, GStringChunk *texts, void *ret_input) {
    memset(ret_input, 0, intake_input_size(form->kind));
    for (size_t i = 0; i < form->field_count; i++) {
        const FormField *field = &form->fields[i];
        const char **value = (const char **)(void *)((char *)ret_input + field->offset);
        *value = strcmp(field->name, "region") == 0 ? page_form_region(req, texts)
                                                    : page_form(req, texts, field->name);
    }
}

int64_t form_version(const Request *req) {
    const char *version = request_form(req, "version");
    return version == NULL ? 0 : g_ascii_strtoll(version, NULL, 10);
}

/* --- pages --------------------------------------------------------------------------------------
 */

static json_t *form_model(Ctx *ctx,
                          const ObjectForm *form,
                          const void *input,
                          const FormObject *object,
                          const FormProblems *problems,
                          GError **error) {
    g_autoptr(json_t) model = json_object();
    const char *region = NULL;
    for (size_t i = 0; i < form->field_count; i++) {
        const FormField *field = &form->fields[i];
        form_field(model, field->name, value_of(input, field), problems);
        region = strcmp(field->name, "region") == 0 ? value_of(input, field) : region;
    }
    if (!form->put_options(ctx, model, input, error) ||
        !page_put_region(ctx, model, region, error)) {
        return NULL;
    }
    g_autofree char *name_key = g_strconcat(form->word, "_name", NULL);
    json_put_bool(model, "is_new", object == NULL);
    json_put_int(model, "id", object == NULL ? 0 : object->id);
    json_put_int(model, "version", object == NULL ? 0 : object->version);
    json_put_text(model, name_key, object == NULL ? NULL : object->name);
    json_put(model, "conflicts", json_null());
    json_put(model, "problems", json_null());
    return g_steal_pointer(&model);
}

Response *form_page(Ctx *ctx, const ObjectForm *form, const void *input, const FormObject *object) {
    g_autoptr(GError) error = NULL;
    json_t *model = form_model(ctx, form, input, object, NULL, &error);
    return model == NULL ? response_problem(error, NULL) : response_page(form->view, model);
}

Response *form_again(Ctx *ctx,
                     const ObjectForm *form,
                     const void *input,
                     const FormObject *object,
                     const char *field,
                     const char *problem) {
    if (problem == NULL) {
        return form_page(ctx, form, input, object);
    }
    g_autoptr(GError) error = NULL;
    FormProblems *problems = form_problems_new();
    form_problem_add(problems, field, "%s", problem);
    json_t *model = form_model(ctx, form, input, object, problems, &error);
    if (model == NULL) {
        json_decref(problems);
        return response_problem(error, NULL);
    }
    return response_form_again(form->view, model, problems);
}

Response *form_conflict(Ctx *ctx,
                        const ObjectForm *form,
                        const void *mine,
                        const void *theirs,
                        const FormObject *object) {
    g_autoptr(GError) error = NULL;
    json_t *model = form_model(ctx, form, mine, object, NULL, &error);
    if (model == NULL) {
        return response_problem(error, NULL);
    }
    json_t *lines = json_array();
    for (size_t i = 0; i < form->field_count; i++) {
        const FormField *field = &form->fields[i];
        page_add_conflict(lines, field->label, value_of(mine, field), value_of(theirs, field));
    }
    json_t *conflicts = json_object();
    json_put(conflicts, "lines", lines);
    json_put(model, "conflicts", conflicts);
    return response_page_status(409, form->view, model);
}

/* --- writing ------------------------------------------------------------------------------------
 */

static bool append_entry(Db *db,
                         Ctx *ctx,
                         const ObjectForm *form,
                         const char *action,
                         const void *input,
                         int64_t id,
                         GError **error) {
    g_autofree char *type = g_strconcat(form->word, ".", action, NULL);
    json_t *payload = json_object();
    for (size_t i = 0; i < form->field_count; i++) {
        if (!form->fields[i].is_out_of_ledger) {
            json_put_text(payload, form->fields[i].name, value_of(input, &form->fields[i]));
        }
    }
    return page_ledger(db, ctx, type, form->word, id, payload, error);
}

/* A row that matched one that is there is not written: the person is shown it. */
bool form_add(Db *db,
              Ctx *ctx,
              const ObjectForm *form,
              const void *input,
              IntakeResult *result,
              GError **error) {
    intake_result_clear(result);
    g_autofree char *actor = page_actor(ctx);
    IntakeContext context = page_intake_context(ctx, actor);
    context.dry_run = true;
    if (!intake_batch(db, form->kind, input, 1, &context, result, error)) {
        return false;
    }
    if (result->outcome != INTAKE_ADDED) {
        return true;
    }
    intake_result_clear(result);
    context.dry_run = false;
    return intake_batch(db, form->kind, input, 1, &context, result, error) &&
           append_entry(db, ctx, form, "add", input, result->id, error);
}

bool form_note_change(
    Db *db, Ctx *ctx, const ObjectForm *form, const void *input, int64_t id, GError **error) {
    return append_entry(db, ctx, form, "change", input, id, error);
}

/* --- selects ------------------------------------------------------------------------------------
 */

void form_put_grades(json_t *model, const FormGrades *chosen) {
    json_t *category = page_options(model, "category_options");
    json_t *risk = page_options(model, "risk_options");
    json_t *credit = page_options(model, "credit_options");
    json_t *key = page_options(model, "key_options");
    page_add_option(category, "", "未分类", chosen->category);
    for (int i = 1; i < CATEGORY_COUNT; i++) {
        page_add_option(
            category, category_get(i)->word, category_get(i)->name_zh, chosen->category);
    }
    page_add_option(risk, "", "未评", chosen->risk);
    for (int i = RISK_LOW; i <= RISK_HIGH; i++) {
        page_add_option(risk, risk_word((RiskGrade)i), risk_name_zh((RiskGrade)i), chosen->risk);
    }
    page_add_option(credit, "", "未评", chosen->credit);
    for (int i = CREDIT_A; i <= CREDIT_D; i++) {
        const char *word = credit_word((CreditGrade)i);
        page_add_option(credit, word, word, chosen->credit);
    }
    page_add_option(key, "0", "不是", chosen->is_key == NULL ? "0" : chosen->is_key);
    page_add_option(key, "1", "是", chosen->is_key);
}
