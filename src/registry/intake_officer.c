/* Officers: matched by certificate number. Agencies are made on first sight. */
#include "registry/intake_internal.h"
#include "registry/officer.h"

#include "base/error.h"

#include <string.h>

typedef struct Told {
    Officer officer;
    bool has_post, has_lead;
    char until[11];
    char region[REGION_CODE_MAX + 1];
} Told;

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

/* The agency's id; a new name becomes a new agency in the officer's region. */
static bool find_agency(
    Db *db, const IntakeContext *context, const Officer *officer, int64_t *ret_id, GError **error) {
    g_auto(Agency) agency = {0};
    g_autoptr(GError) problem = NULL;
    if (agency_find_named(db, officer->agency_name, &agency, &problem)) {
        *ret_id = agency.id;
        return true;
    }
    if (!g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    *ret_id = 0;
    return context->dry_run ||
           agency_add(
               db, NULL, officer->agency_name, officer->region, context->now_us, ret_id, error);
}

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

static bool
store_row(Db *db, Told *told, const IntakeContext *context, IntakeResult *result, GError **error) {
    OfficerWriteOptions options = {
        .actor = context->actor == NULL ? "system" : context->actor,
        .action = context->log_additions ? "add" : "import",
        .now_us = context->now_us,
        .log_additions = context->log_additions,
    };
    g_auto(Officer) old = {0};
    g_autoptr(GError) problem = NULL;
    bool found = officer_find_certificate(db, told->officer.certificate, &old, &problem);
    if (problem != NULL && !g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    if (found && !region_is_inside(old.region, context->scope_region)) {
        intake_refuse(result, "region", "已登记在别的辖区，您不能修改");
    } else if (!found && told->officer.name == NULL) {
        intake_refuse(result, "name", "新执法人员要写姓名");
    } else if (!found && told->officer.region == NULL) {
        intake_refuse(result, "region", "新执法人员要写区划代码");
    }
    if (result->problem != NULL) {
        return true;
    }
    Officer now = found ? old : told->officer;
    now.texts = NULL;
    if (told->officer.agency_name != NULL) {
        told->officer.region = told->officer.region == NULL ? now.region : told->officer.region;
        if (!find_agency(db, context, &told->officer, &told->officer.agency_id, error)) {
            return false;
        }
        now.agency_id = found ? now.agency_id : told->officer.agency_id;
    }
    result->outcome = !found                    ? INTAKE_ADDED
                      : take_values(&now, told) ? INTAKE_CHANGED
                                                : INTAKE_SAME;
    if (result->outcome != INTAKE_SAME && !context->dry_run &&
        !officer_write(db, found ? &old : NULL, &now, &options, error)) {
        return false;
    }
    warn_undated(&now, result);
    result->id = now.id;
    return true;
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
    g_auto(RegionCache) regions;
    region_cache_init(&regions, db, context);
    Told told = {0};
    if (!check_row(&regions, input, result, &told, error)) {
        return false;
    }
    Officer *officer = &told.officer;
    if (officer->name == NULL) {
        intake_refuse(result, "name", "写姓名");
    } else if (officer->region == NULL) {
        intake_refuse(result, "region", "写区划代码");
    }
    if (result->problem == NULL && officer->agency_name != NULL &&
        !find_agency(db, context, officer, &officer->agency_id, error)) {
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
    g_auto(RegionCache) regions;
    region_cache_init(&regions, db, context);
    for (size_t i = 0; i < count; i++) {
        Told told = {0};
        if (!check_row(&regions, &inputs[i], &results[i], &told, error) ||
            (results[i].problem == NULL && !store_row(db, &told, context, &results[i], error))) {
            return false;
        }
    }
    return true;
}
