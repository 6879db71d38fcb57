#include "draw/draw_city.h"

#include "base/clock.h"
#include "base/error.h"
#include "draw/draw_internal.h"
#include "draw/draw_store.h"
#include "registry/pool.h"
#include "registry/region.h"

#include <math.h>
#include <string.h>

#define RESERVES_DEFAULT 2
#define PLANS_READ 200

void draw_city_clear(DrawCity *city) {
    g_clear_pointer(&city->region, g_free);
    g_clear_pointer(&city->objects, g_array_unref);
    g_clear_pointer(&city->inspectors, g_array_unref);
    g_clear_pointer(&city->recused, g_array_unref);
    g_clear_pointer(&city->rules, g_ptr_array_unref);
    g_clear_pointer(&city->texts, g_string_chunk_free);
}

typedef struct Loading {
    Db *db;
    const DrawCityRequest *request;
    const LawBook *book;
    DrawCity *city;
    const Plan *plan; /* newest published one of this kind; NULL: there is none */
    const DrawWeights *weights;
    GHashTable *exclusions;           /* object id -> reason */
    int64_t counts[CATEGORY_COUNT];   /* objects that take part */
    int64_t quotas[CATEGORY_COUNT];   /* of a year */
    int64_t reserves[CATEGORY_COUNT]; /* of a draw */
} Loading;

static void loading_clear(Loading *loading) {
    g_clear_pointer(&loading->exclusions, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Loading, loading_clear)

/* --- plan and region ------------------------------------------------------------------------- */

static const Plan *newest_plan(const GPtrArray *plans, const char *object_kind) {
    for (guint i = 0; i < plans->len; i++) {
        const Plan *plan = g_ptr_array_index(plans, i);
        if (object_kind == NULL || strcmp(plan->object_kind, object_kind) == 0) {
            return plan;
        }
    }
    return NULL;
}

/* A region that was given counts; else that of the plan, or of a plan for the other kind. */
static bool choose_region(Loading *loading, const GPtrArray *plans, GError **error) {
    char code[REGION_CODE_MAX + 1];
    const char *wanted = loading->request->region;
    loading->plan = newest_plan(plans, loading->request->object_kind);
    if (loading->plan == NULL && loading->request->percent <= 0) {
        return hz_fail(error,
                       HZ_ERROR_NOT_FOUND,
                       "there is no published plan for \"%s\" to take the quotas from",
                       loading->request->object_kind);
    }
    const Plan *near = loading->plan != NULL ? loading->plan : newest_plan(plans, NULL);
    if (wanted == NULL && near == NULL) {
        return hz_fail(error,
                       HZ_ERROR_NOT_FOUND,
                       "there is no published plan to take the region from; name one");
    }
    const char *region = wanted != NULL ? wanted : near->region;
    if (!region_code_parse(region, code)) {
        return hz_fail(error, HZ_ERROR_INVALID, "\"%s\" is no region code", region);
    }
    loading->city->region = g_strdup(code);
    return true;
}

static bool find_weights(Loading *loading, GError **error) {
    const char *city = law_city_of(loading->city->region, error);
    const LawBook *book = city == NULL ? NULL : law_book(city, error);
    loading->book = book;
    loading->weights = book == NULL ? NULL : draw_weights_at(book, loading->request->now_us, error);
    return loading->weights != NULL;
}

/* --- objects --------------------------------------------------------------------------------- */

static bool take_object(const PoolObject *object, void *data, GError **error) {
    (void)error;
    Loading *loading = data;
    DrawSimObject item = {
        .stratum = draw_stratum_word(object->category),
        .risk = object->risk,
        .credit = object->credit,
        .exclusion = draw_exclusion_reason(g_hash_table_lookup(loading->exclusions, &object->id))};
    draw_id_format(loading->request->object_kind, object->id, item.id);
    g_snprintf(item.district, sizeof item.district, "%06d", (int)object->district);
    loading->counts[object->category] += item.exclusion == DRAW_REASON_NONE ? 1 : 0;
    g_array_append_val(loading->city->objects, item);
    return true;
}

/* Words of the plan's strata, or of all. */
static GPtrArray *strata_of(const Loading *loading) {
    GPtrArray *strata = g_ptr_array_new();
    if (loading->request->percent > 0) {
        for (int category = 0; category < CATEGORY_COUNT; category++) {
            g_ptr_array_add(strata, (gpointer)draw_stratum_word(category));
        }
    } else {
        for (guint i = 0; i < loading->plan->quotas->len; i++) {
            g_ptr_array_add(strata, g_array_index(loading->plan->quotas, PlanQuota, i).stratum);
        }
    }
    g_ptr_array_add(strata, NULL);
    return strata;
}

static bool load_objects(Loading *loading, const char *const *strata, GError **error) {
    DrawCity *city = loading->city;
    const char *kind = loading->request->object_kind;
    loading->exclusions = draw_store_exclusions(loading->db, kind, error);
    city->objects = g_array_new(FALSE, FALSE, sizeof(DrawSimObject));
    if (loading->exclusions == NULL || !pool_visit(loading->db,
                                                   kind,
                                                   city->region,
                                                   draw_category_mask(strata),
                                                   take_object,
                                                   loading,
                                                   error)) {
        return false;
    }
    return city->objects->len > 0 ||
           hz_fail(error, HZ_ERROR_NOT_FOUND, "there is no object in region %s", city->region);
}

/* --- officers and recusals ------------------------------------------------------------------- */

static bool take_officer(const Officer *officer, void *data, GError **error) {
    (void)error;
    Loading *loading = data;
    GStringChunk *texts = loading->city->texts;
    char id[DRAW_ID_MAX + 1];
    char district[DRAW_ID_MAX + 1];
    if (!draw_officer_enters(officer)) {
        return true;
    }
    draw_id_format("officer", officer->id, id);
    g_snprintf(district, sizeof district, "%06d", (int)officer->district);
    DrawInspector inspector = {.id = g_string_chunk_insert(texts, id),
                               .district = g_string_chunk_insert_const(texts, district),
                               .valid_to =
                                   g_string_chunk_insert_const(texts, officer->certificate_until),
                               .is_lead = officer->can_lead,
                               .cap = loading->request->officer_cap};
    g_array_append_val(loading->city->inspectors, inspector);
    return true;
}

static int compare_inspectors(gconstpointer left, gconstpointer right) {
    return strcmp(((const DrawInspector *)left)->id, ((const DrawInspector *)right)->id);
}

static int compare_pairs(gconstpointer left, gconstpointer right) {
    const DrawPair *a = left;
    const DrawPair *b = right;
    int order = strcmp(a->first, b->first);
    return order != 0 ? order : strcmp(a->second, b->second);
}

static bool load_officers(Loading *loading, GError **error) {
    DrawCity *city = loading->city;
    city->inspectors = g_array_new(FALSE, FALSE, sizeof(DrawInspector));
    city->recused = g_array_new(FALSE, FALSE, sizeof(DrawPair));
    g_autoptr(GArray) denied = draw_store_denied(loading->db, loading->request->object_kind, error);
    if (denied == NULL ||
        !pool_visit_officers(loading->db, city->region, take_officer, loading, error)) {
        return false;
    }
    g_array_sort(city->inspectors, compare_inspectors);
    for (guint i = 0; i < denied->len; i++) {
        const DrawDeny *deny = &g_array_index(denied, DrawDeny, i);
        char target[DRAW_ID_MAX + 1];
        char inspector[DRAW_ID_MAX + 1];
        draw_id_format(deny->object_kind, deny->object_id, target);
        draw_id_format("officer", deny->officer_id, inspector);
        DrawPair pair = {g_string_chunk_insert(city->texts, target),
                         g_string_chunk_insert(city->texts, inspector)};
        g_array_append_val(city->recused, pair);
    }
    g_array_sort(city->recused, compare_pairs);
    return true;
}

/* --- rules ----------------------------------------------------------------------------------- */

static void set_share(Loading *loading) {
    int64_t wanted = loading->request->reserves;
    for (int category = 0; category < CATEGORY_COUNT; category++) {
        int64_t count = loading->counts[category];
        int64_t share = llround((double)count * loading->request->percent / 100);
        loading->quotas[category] = count > 0 ? CLAMP(share, 1, DRAW_QUOTA_MAX) : 0;
        loading->reserves[category] = wanted >= 0 ? wanted : RESERVES_DEFAULT;
    }
}

static void set_quotas_of_plan(Loading *loading) {
    int64_t wanted = loading->request->reserves;
    for (guint i = 0; i < loading->plan->quotas->len; i++) {
        const PlanQuota *quota = &g_array_index(loading->plan->quotas, PlanQuota, i);
        const UseCategory *category = category_parse(quota->stratum);
        int at = category != NULL ? category->id : 0;
        loading->quotas[at] = quota->quota;
        loading->reserves[at] = wanted >= 0 ? wanted : quota->reserves;
    }
    loading->city->plan_id = loading->plan->id;
}

/* What a draw of the year takes of its quotas: 10 in 4 draws are 2, 3, 2, 3. */
static GArray *quotas_of_draw(const Loading *loading, unsigned draw) {
    int64_t draws = loading->request->draws_per_year;
    GArray *quotas = g_array_new(FALSE, TRUE, sizeof(PlanQuota));
    for (int category = 0; category < CATEGORY_COUNT; category++) {
        int64_t year = loading->quotas[category];
        PlanQuota quota = {.quota = year * (draw + 1) / draws - year * draw / draws,
                           .reserves = loading->reserves[category]};
        g_strlcpy(quota.stratum, draw_stratum_word(category), sizeof quota.stratum);
        if (year > 0) {
            g_array_append_val(quotas, quota);
        }
    }
    return quotas;
}

static bool
add_rules(Loading *loading, const char *const *strata, unsigned number, GError **error) {
    const DrawCityRequest *request = loading->request;
    DrawCity *city = loading->city;
    g_autoptr(GArray) quotas = quotas_of_draw(loading, number);
    g_autofree char *today = clock_format_date(request->now_us);
    Plan plan = {.quotas = quotas};
    Draw draw = {.year = clock_year(request->now_us),
                 .object_kind = (char *)request->object_kind,
                 .region = city->region,
                 .date_to = today,
                 .kind = DIGEST_SM3,
                 .mode = DRAW_OPEN,
                 .delta_s = DRAW_DELTA_MIN};
    g_autoptr(DrawKeyValues) params = draw_params_make(&draw, loading->weights, &plan, strata);
    if (!draw_put_rungs(loading->db, loading->book, draw.region, request->now_us, params, error)) {
        return false;
    }
    g_autofree char *text = draw_keys_format(params);
    DrawParams *rules = draw_params_parse(text, error);
    if (rules == NULL) {
        return false;
    }
    g_ptr_array_add(city->rules, rules);
    city->strata = quotas->len;
    for (guint i = 0; i < quotas->len; i++) {
        city->quota += g_array_index(quotas, PlanQuota, i).quota;
    }
    return true;
}

static bool make_rules(Loading *loading, const char *const *strata, GError **error) {
    loading->city->rules = g_ptr_array_new_with_free_func((GDestroyNotify)draw_params_free);
    if (loading->request->percent > 0) {
        set_share(loading);
    } else {
        set_quotas_of_plan(loading);
    }
    for (unsigned draw = 0; draw < loading->request->draws_per_year; draw++) {
        if (!add_rules(loading, strata, draw, error)) {
            return false;
        }
    }
    return true;
}

/* --- the whole ------------------------------------------------------------------------------- */

bool draw_city_load(Db *db, const DrawCityRequest *request, DrawCity *ret_city, GError **error) {
    g_auto(DrawCity) city = {.texts = g_string_chunk_new(4096)};
    g_auto(Loading) loading = {.db = db, .request = request, .city = &city};
    PlanFilter filter = {.state = PLAN_PUBLISHED, .limit = PLANS_READ};
    g_autoptr(GPtrArray) plans = plan_list(db, &filter, error);
    if (plans == NULL || !choose_region(&loading, plans, error) || !find_weights(&loading, error)) {
        return false;
    }
    g_autoptr(GPtrArray) strata = strata_of(&loading);
    const char *const *words = (const char *const *)strata->pdata;
    if (!load_objects(&loading, words, error) || !load_officers(&loading, error) ||
        !make_rules(&loading, words, error)) {
        return false;
    }
    *ret_city = city;
    city = (DrawCity){0};
    return true;
}

DrawSimulation draw_city_simulation(const DrawCity *city) {
    return (DrawSimulation){.objects = (const DrawSimObject *)(void *)city->objects->data,
                            .object_count = city->objects->len,
                            .inspectors = (const DrawInspector *)(void *)city->inspectors->data,
                            .inspector_count = city->inspectors->len,
                            .recused = (const DrawPair *)(void *)city->recused->data,
                            .recused_count = city->recused->len,
                            .rules = (const DrawParams *const *)city->rules->pdata,
                            .draws_per_year = city->rules->len};
}
