/*
 * The form that registers a unit, a building or an officer and that changes it: what the
 * *_form_pages.c files share. Thread: the worker that runs the handler.
 */
#pragma once

#include "registry/registry_pages.h"

typedef struct FormField {
    const char *name, *label;
    size_t offset;         /* of the const char * in the …Input struct */
    bool is_out_of_ledger; /* not in the payload of the ledger entry */
} FormField;
#define FORM_FIELD(type, member, label)                                                            \
    { #member, label, offsetof(type, member), false }
#define FORM_FIELD_OUT_OF_LEDGER(type, member, label)                                              \
    { #member, label, offsetof(type, member), true }

/* One kind of form; `input` is the …Input struct of the kind. */
typedef struct ObjectForm {
    IntakeKind kind;
    const char *word; /* "unit": model["unit_name"], ledger types "unit.add" and "unit.change" */
    const char *view; /* "registry/unit_form" */
    const FormField *fields;
    size_t field_count;
    /* The options of the selects, but for the regions. */
    bool (*put_options)(Ctx *ctx, json_t *model, const void *input, GError **error);
} ObjectForm;

/* What is changed. */
typedef struct FormObject {
    int64_t id, version;
    const char *name;
} FormObject;

/* What the person wrote, into `ret_input`; texts live as long as `texts`. */
void form_read(const ObjectForm *form, const Request *req, GStringChunk *texts, void *ret_input);
/* The version that the person saw; 0: none. */
int64_t form_version(const Request *req);

/* The form with these values. `object` NULL: a new one. */
Response *form_page(Ctx *ctx, const ObjectForm *form, const void *input, const FormObject *object);
/* The same with a problem beside `field`; `problem` NULL: the person only wants to see the streets.
 */
Response *form_again(Ctx *ctx,
                     const ObjectForm *form,
                     const void *input,
                     const FormObject *object,
                     const char *field,
                     const char *problem);
/* Somebody else was quicker: shows both values of every field that differs. */
Response *form_conflict(Ctx *ctx,
                        const ObjectForm *form,
                        const void *mine,
                        const void *theirs,
                        const FormObject *object);

/* In the caller's transaction: takes the row in and appends the ledger entry, unless it matched one
 * that is there or was refused; then nothing is written. */
bool form_add(Db *db,
              Ctx *ctx,
              const ObjectForm *form,
              const void *input,
              IntakeResult *result,
              GError **error);
/* The ledger entry of a change. */
bool form_note_change(
    Db *db, Ctx *ctx, const ObjectForm *form, const void *input, int64_t id, GError **error);

/* Values of the selects that units and buildings have. */
typedef struct FormGrades {
    const char *category, *risk, *credit, *is_key;
} FormGrades;
void form_put_grades(json_t *model, const FormGrades *chosen);
