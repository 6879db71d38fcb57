#include "report/report_law.h"

#include "account/account.h"
#include "base/clock.h"
#include "registry/agency.h"
#include "registry/officer.h"
#include "registry/region.h"

#include <string.h>

/* --- rules --------------------------------------------------------------------------------------
 */

bool report_home(Db *db, char **ret_region, GError **error) {
    g_autoptr(GPtrArray) agencies = agency_list(db, error);
    *ret_region = NULL;
    for (guint i = 0; agencies != NULL && i < agencies->len; i++) {
        const Agency *agency = agencies->pdata[i];
        if (agency->region != NULL && agency->region[0] != '\0' &&
            (*ret_region == NULL || strlen(agency->region) < strlen(*ret_region))) {
            g_free(*ret_region);
            *ret_region = g_strdup(agency->region);
        }
    }
    return agencies != NULL;
}

static const LawForm *
form_of(const ReportLaw *law, const LawStep *step, int64_t now_us, GError **error) {
    return step == NULL || step->form == NULL ? NULL
                                              : law_form_at(law->book, step->form, now_us, error);
}

static void find_steps(ReportLaw *law) {
    for (unsigned i = 0; i < law->procedure->step_count; i++) {
        const LawStep *step = &law->procedure->steps[i];
        bool is_public = (step->roles & ROLE_PUBLIC_BIT) != 0;
        if (is_public && law_step_opens(step)) {
            law->opens = step;
        } else if (is_public) {
            law->adds = step;
        }
    }
}

bool report_law(Db *db, const char *region, int64_t now_us, ReportLaw *ret_law, GError **error) {
    g_autofree char *home = NULL;
    *ret_law = (ReportLaw){.book = NULL};
    if (region == NULL && !report_home(db, &home, error)) {
        return false;
    }
    const char *place = region != NULL ? region : home;
    ret_law->book = place == NULL ? law_book(LAW_NATIONAL, error) : casework_book(place, error);
    if (ret_law->book == NULL) {
        return false;
    }
    ret_law->procedure = law_procedure_at(ret_law->book, REPORT_KIND, now_us, error);
    if (ret_law->procedure == NULL) {
        return false;
    }
    find_steps(ret_law);
    ret_law->form = form_of(ret_law, ret_law->opens, now_us, error);
    if (ret_law->opens != NULL && ret_law->form == NULL) {
        return false;
    }
    ret_law->add_form = form_of(ret_law, ret_law->adds, now_us, error);
    return ret_law->adds == NULL || ret_law->add_form != NULL;
}

bool report_deadline(const ReportLaw *law,
                     const char *content,
                     int64_t now_us,
                     LawDeadline *ret_deadline,
                     GError **error) {
    g_assert(law->opens != NULL);
    *ret_deadline = (LawDeadline){.term = NULL};
    for (unsigned i = 0; i < law->opens->start_count; i++) {
        const LawStart *start = &law->opens->starts[i];
        LawSaid said[G_N_ELEMENTS(start->facts)];
        bool is_known = start->term != NULL && start->from_field == NULL;
        for (unsigned n = 0; n < start->fact_count; n++) {
            is_known = is_known && strcmp(start->facts[n].field, REPORT_CONTENT) == 0;
            said[n] = (LawSaid){start->facts[n].fact, content};
        }
        if (is_known) {
            return law_deadline(
                law->book, start->term, now_us, said, start->fact_count, ret_deadline, error);
        }
    }
    return true;
}

/* --- districts ----------------------------------------------------------------------------------
 */

static void region_free(gpointer data) {
    region_clear(data);
    g_free(data);
}

static gint by_code(gconstpointer a, gconstpointer b) {
    return strcmp((*(Region *const *)a)->code, (*(Region *const *)b)->code);
}

static gint by_length(gconstpointer a, gconstpointer b) {
    return (gint)strlen(*(char *const *)a) - (gint)strlen(*(char *const *)b);
}

/* Regions of agencies, none inside another: array of char *. */
static GPtrArray *scopes_of(const GPtrArray *agencies) {
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(g_free);
    GPtrArray *widest = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < agencies->len; i++) {
        const Agency *agency = agencies->pdata[i];
        char scope[REGION_CODE_MAX + 1] = {0};
        if (agency->region != NULL && region_code_parse(agency->region, scope)) {
            scope[6] = '\0'; /* a street's agency works in its district */
            g_ptr_array_add(all, g_strdup(scope));
        }
    }
    g_ptr_array_sort(all, by_length);
    for (guint i = 0; i < all->len; i++) {
        bool is_inside = false;
        for (guint n = 0; n < widest->len; n++) {
            is_inside = is_inside || region_is_inside(all->pdata[i], widest->pdata[n]);
        }
        if (!is_inside) {
            g_ptr_array_add(widest, g_strdup(all->pdata[i]));
        }
    }
    return widest;
}

GPtrArray *report_districts(Db *db, int64_t now_us, GError **error) {
    g_autofree char *day = clock_format_date(now_us);
    g_autoptr(GPtrArray) all = g_ptr_array_new_with_free_func(region_free);
    g_autoptr(GPtrArray) agencies = agency_list(db, error);
    if (agencies == NULL) {
        return NULL;
    }
    g_autoptr(GPtrArray) scopes = scopes_of(agencies);
    for (guint i = 0; i < scopes->len; i++) {
        g_autoptr(GPtrArray) found = region_districts(db, scopes->pdata[i], day, error);
        if (found == NULL) {
            return NULL;
        }
        for (guint n = 0; n < found->len; n++) { /* the list is shared: its rows are copied */
            const Region *one = found->pdata[n];
            Region *copy = g_new0(Region, 1);
            g_strlcpy(copy->code, one->code, sizeof copy->code);
            copy->name = g_strdup(one->name);
            g_ptr_array_add(all, copy);
        }
    }
    g_ptr_array_sort(all, by_code);
    return g_steal_pointer(&all);
}
