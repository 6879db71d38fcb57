/* Officers: matched by certificate number, the new ones written together. Agencies are made on
 * first sight. */
#include "registry/agency.h"
#include "registry/intake_internal.h"
#include "registry/intake_keys.h"
#include "registry/object_store.h"
#include "registry/officer_store.h"

#include "base/error.h"

#include <string.h>

typedef struct Told {
    Officer officer;
    bool has_post, has_lead;
    char until[11];
    char region[REGION_CODE_MAX + 1];
    RowKeys keys;
} Told;

typedef struct Batch {
    Db *db;
    const IntakeContext *context;
    WriteOptions options;
    RegionCache regions;
    NewRows fresh;        /* of Officer */
    GHashTable *agencies; /* name or code -> int64_t; 0: dry, and not known yet */
} Batch;

static void batch_init(Batch *batch, Db *db, const IntakeContext *context) {
    *batch = (Batch){
        .db = db,
        .context = context,
        .options = intake_write_options(context),
        .agencies = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free),
    };
    region_cache_init(&batch->regions, db, context);
    new_rows_init(&batch->fresh);
}

static void batch_clear(Batch *batch) {
    region_cache_clear(&batch->regions);
    new_rows_clear(&batch->fresh);
    g_hash_table_unref(batch->agencies);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Batch, batch_clear)

static bool check_values(const OfficerInput *input, IntakeResult *result, Told *told) {
    Officer *officer = &told->officer;
    told->has_post = intake_is_told(input->in_post);
    told->has_lead = intake_is_told(input->can_lead);
    officer->in_post = true; /* a new officer serves unless the row says otherwise */
    if (!intake_read_text(
            result, "name", "姓名", input->name, INTAKE_SHORT_MAX_BYTES, &officer->name) ||
        !intake_read_text(result,
                          "certificate",
                          "执法证号",
                          input->certificate,
                          INTAKE_SHORT_MAX_BYTES,
                          &officer->certificate) ||
        !intake_read_text(
            result, "phone", "电话", input->phone, INTAKE_SHORT_MAX_BYTES, &officer->phone) ||
        !intake_read_text(result,
                          "agency",
                          "所在机构",
                          input->agency,
                          INTAKE_SHORT_MAX_BYTES,
                          &officer->agency_name) ||
        !intake_read_bool(result, "in_post", input->in_post, &officer->in_post) ||
        !intake_read_bool(result, "can_lead", input->can_lead, &officer->can_lead) ||
        !intake_read_day(result, "certificate_until", input->certificate_until, told->until)) {
        return false;
    }
    officer->certificate_until = told->until[0] == '\0' ? NULL : told->until;
    if (officer->certificate == NULL) {
        intake_refuse(result, "certificate", "写执法证号");
        return false;
    }
    return true;
}

/* --- agencies -----------------------------------------------------------------------------------
 */

/* Stored, or (unless dry) made known in `region`; 0 when dry and not stored. */
static bool find_or_add_agency(
    Batch *batch, const char *name, const char *region, int64_t *ret_id, GError **error) {
    g_auto(Agency) agency = {0};
    g_autoptr(GError) problem = NULL;
    if (agency_find_named(batch->db, name, &agency, &problem)) {
        *ret_id = agency.id;
        return true;
    }
    if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    *ret_id = 0;
    return batch->context->dry_run || agency_add(batch->db,
                                                 &(NewAgency){.name = name, .region = region},
                                                 batch->context->now_us,
                                                 ret_id,
                                                 error);
}

/* The agency's id; a new name becomes a new agency in `region`. One look for each name. */
static bool
find_agency(Batch *batch, const char *name, const char *region, int64_t *ret_id, GError **error) {
    const int64_t *known = g_hash_table_lookup(batch->agencies, name);
    if (known != NULL) {
        *ret_id = *known;
        return true;
    }
    if (!find_or_add_agency(batch, name, region, ret_id, error)) {
        return false;
    }
    g_hash_table_insert(batch->agencies, g_strdup(name), g_memdup2(ret_id, sizeof *ret_id));
    return true;
}

/* --- taking a row in ----------------------------------------------------------------------------
 */

static bool take_values(Officer *officer, const Told *row) {
    const Officer *told = &row->officer;
    bool changed = false;
    intake_take_text(&officer->name, told->name, &changed);
    intake_take_text(&officer->certificate_until, told->certificate_until, &changed);
    intake_take_text(&officer->region, told->region, &changed);
    intake_take_text(&officer->phone, told->phone, &changed);
    if (told->agency_name != NULL && officer->agency_id != told->agency_id) {
        officer->agency_id = told->agency_id;
        officer->agency_name = told->agency_name;
        changed = true;
    }
    if (row->has_post && officer->in_post != told->in_post) {
        officer->in_post = told->in_post;
        changed = true;
    }
    if (row->has_lead && officer->can_lead != told->can_lead) {
        officer->can_lead = told->can_lead;
        changed = true;
    }
    return changed;
}

/* Of the row as it will stand: an empty column leaves a date that is registered already. */
static void warn_undated(const Officer *officer, IntakeResult *result) {
    if (officer->in_post && officer->certificate_until == NULL) {
        intake_warn(result, "执法证有效期未登记，不会被抽中，请补登");
    }
}

/* Which certificates are stored. */
static bool load_known(Batch *batch, Told *rows, size_t count, GError **error) {
    g_autoptr(GArray) found = g_array_new(FALSE, FALSE, sizeof(StoredKey));
    g_autoptr(GStringChunk) texts = g_string_chunk_new(16 * 1024);
    g_autoptr(GPtrArray) certificates = g_ptr_array_new();
    for (size_t i = 0; i < count; i++) {
        const char *certificate = rows[i].officer.certificate;
        rows[i].keys.texts[0] = certificate;
        if (certificate != NULL) {
            g_ptr_array_add(certificates, (gpointer)certificate);
        }
    }
    g_autofree char *list = intake_text_list(certificates);
    if (!officer_store_by_certificate(batch->db, list, texts, found, error)) {
        return false;
    }
    for (guint i = 0; i < found->len; i++) {
        const char *certificate = g_array_index(found, StoredKey, i).text;
        new_rows_note_stored(&batch->fresh, &(RowKeys){{certificate}});
    }
    return true;
}

static bool write_new_rows(Batch *batch, GError **error) {
    NewRows *fresh = &batch->fresh;
    if (!officer_add(batch->db,
                     (Officer *const *)fresh->rows->pdata,
                     fresh->rows->len,
                     &batch->options,
                     error)) {
        return false;
    }
    new_rows_written(fresh);
    return true;
}

static bool
find_stored(Batch *batch, const Told *told, Officer *ret, bool *ret_found, GError **error) {
    g_autoptr(GError) problem = NULL;
    KeyState state = new_rows_look(&batch->fresh, &told->keys);
    *ret_found = false;
    if (state == KEY_UNKNOWN) {
        return true;
    }
    if (state == KEY_WAITING && !write_new_rows(batch, error)) {
        return false;
    }
    *ret_found = officer_find_certificate(batch->db, told->officer.certificate, ret, &problem);
    if (problem != NULL && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    return true;
}

static bool add_row(Batch *batch, Told *told, IntakeResult *result, GError **error) {
    Officer *officer = &told->officer;
    if (officer->name == NULL) {
        intake_refuse(result, "name", "新执法人员要写姓名");
    } else if (officer->region == NULL) {
        intake_refuse(result, "region", "新执法人员要写区划代码");
    }
    if (result->problem != NULL) {
        return true;
    }
    if (officer->agency_name != NULL &&
        !find_agency(batch, officer->agency_name, officer->region, &officer->agency_id, error)) {
        return false;
    }
    warn_undated(officer, result);
    result->outcome = INTAKE_ADDED;
    if (!batch->context->dry_run) {
        new_rows_wait(&batch->fresh, officer, &told->keys);
    }
    return true;
}

static bool
change_row(Batch *batch, Told *told, const Officer *old, IntakeResult *result, GError **error) {
    Officer *officer = &told->officer;
    if (!region_is_inside(old->region, batch->context->scope_region)) {
        intake_refuse(result, "region", "已登记在别的辖区，您不能修改");
        return true;
    }
    const char *region = officer->region == NULL ? old->region : officer->region;
    if (officer->agency_name != NULL &&
        !find_agency(batch, officer->agency_name, region, &officer->agency_id, error)) {
        return false;
    }
    Officer now = *old;
    now.texts = NULL;
    result->id = now.id;
    result->outcome = take_values(&now, told) ? INTAKE_CHANGED : INTAKE_SAME;
    warn_undated(&now, result);
    return result->outcome == INTAKE_SAME || batch->context->dry_run ||
           officer_change(batch->db, old, &now, &batch->options, error);
}

static bool take_row(Batch *batch, Told *told, IntakeResult *result, GError **error) {
    g_auto(Officer) old = {0};
    bool found;
    if (!find_stored(batch, told, &old, &found, error)) {
        return false;
    }
    return found ? change_row(batch, told, &old, result, error)
                 : add_row(batch, told, result, error);
}

/* Everything but matching and writing. */
static bool check_row(RegionCache *regions,
                      const OfficerInput *input,
                      IntakeResult *result,
                      Told *told,
                      GError **error) {
    bool refused = !check_values(input, result, told);
    if (!refused && intake_is_told(input->region)) {
        if (!intake_check_region(regions, input->region, result, told->region, &refused, error)) {
            return false;
        }
        told->officer.region = refused ? NULL : told->region;
    }
    if (!refused && told->officer.certificate_until != NULL &&
        strcmp(told->officer.certificate_until, regions->today) < 0) {
        intake_warn(result, "执法证已于 %s 到期", told->officer.certificate_until);
    }
    return true;
}

bool intake_check_officer(Db *db,
                          const OfficerInput *input,
                          const IntakeContext *context,
                          GStringChunk *texts,
                          IntakeResult *result,
                          Officer *ret_officer,
                          GError **error) {
    g_auto(Batch) batch;
    batch_init(&batch, db, context);
    Told told = {0};
    if (!check_row(&batch.regions, input, result, &told, error)) {
        return false;
    }
    Officer *officer = &told.officer;
    if (officer->name == NULL) {
        intake_refuse(result, "name", "写姓名");
    } else if (officer->region == NULL) {
        intake_refuse(result, "region", "写区划代码");
    }
    if (result->problem == NULL && officer->agency_name != NULL &&
        !find_agency(&batch, officer->agency_name, officer->region, &officer->agency_id, error)) {
        return false;
    }
    if (result->problem == NULL) {
        warn_undated(officer, result);
    }
    *ret_officer = *officer;
    ret_officer->name = intake_keep(texts, officer->name);
    ret_officer->certificate = intake_keep(texts, officer->certificate);
    ret_officer->certificate_until = intake_keep(texts, officer->certificate_until);
    ret_officer->agency_name = intake_keep(texts, officer->agency_name);
    ret_officer->region = intake_keep(texts, officer->region);
    ret_officer->phone = intake_keep(texts, officer->phone);
    return true;
}

bool intake_officers(Db *db,
                     const OfficerInput *inputs,
                     size_t count,
                     const IntakeContext *context,
                     IntakeResult *results,
                     GError **error) {
    g_auto(Batch) batch;
    batch_init(&batch, db, context);
    g_autofree Told *rows = g_new0(Told, count);
    for (size_t i = 0; i < count; i++) {
        if (!check_row(&batch.regions, &inputs[i], &results[i], &rows[i], error)) {
            return false;
        }
    }
    if ((!context->dry_run && !object_serialise(db, SEARCH_OFFICER, error)) ||
        !load_known(&batch, rows, count, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i].problem == NULL && !take_row(&batch, &rows[i], &results[i], error)) {
            return false;
        }
    }
    if (!write_new_rows(&batch, error)) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (results[i].outcome == INTAKE_ADDED) {
            results[i].id = rows[i].officer.id;
        }
    }
    return true;
}
