/* Two records of one unit become one, and back. */
#include "base/error.h"
#include "registry/unit_store.h"

/* What the kept record does not tell and the other does. */
static void fill_gaps(Unit *kept, const Unit *gone) {
#define FILL(member)                                                                               \
    if (kept->member == 0) {                                                                       \
        kept->member = gone->member;                                                               \
    }
    FILL(uscc)
    FILL(legal_person)
    FILL(phone)
    FILL(category)
    FILL(risk)
    FILL(credit)
    FILL(building_id)
#undef FILL
    kept->is_key |= gone->is_key;
    if (!kept->has_point && gone->has_point) {
        kept->has_point = true;
        kept->longitude = gone->longitude;
        kept->latitude = gone->latitude;
    }
    kept->last_inspected_us = MAX(kept->last_inspected_us, gone->last_inspected_us);
}

bool unit_merge(
    Db *db, int64_t kept_id, int64_t gone_id, const WriteOptions *options, GError **error) {
    g_auto(Unit) kept = {0};
    g_auto(Unit) gone = {0};
    if (kept_id == gone_id) {
        return hz_fail(error, HZ_ERROR_INVALID, "a unit cannot be merged with itself");
    }
    if (!unit_find(db, kept_id, &kept, error) || !unit_find(db, gone_id, &gone, error)) {
        return false;
    }
    if (kept.merged_into != 0 || gone.merged_into != 0) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "one of the two units is merged already");
    }
    Unit kept_now = kept;
    Unit gone_now = gone;
    kept_now.texts = NULL;
    gone_now.texts = NULL;
    fill_gaps(&kept_now, &gone);
    gone_now.merged_into = kept_id;
    UnitWrite writes[] = {{&kept, &kept_now}, {&gone, &gone_now}};
    return unit_write(db, writes, G_N_ELEMENTS(writes), options, error) &&
           unit_store_add_merge(db, kept_id, gone_id, options, error) &&
           unit_store_decide(db, kept_id, gone_id, "merged", error);
}

/* The gone record comes back as it was; what it had filled in the kept one stays there, because
 * somebody may have relied on it since. The history of both shows every step. */
bool unit_unmerge(Db *db, int64_t gone_id, const WriteOptions *options, GError **error) {
    g_auto(Unit) gone = {0};
    if (!unit_find(db, gone_id, &gone, error)) {
        return false;
    }
    if (gone.merged_into == 0) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "this unit is not merged");
    }
    Unit now = gone;
    now.texts = NULL;
    now.merged_into = 0;
    UnitWrite write = {&gone, &now};
    return unit_write(db, &write, 1, options, error) &&
           unit_store_end_merge(db, gone_id, options->now_us, error) &&
           unit_store_decide(db, gone_id, gone.merged_into, NULL, error);
}

bool unit_mark_different(Db *db, int64_t one_id, int64_t other_id, GError **error) {
    return unit_store_decide(db, one_id, other_id, "different", error);
}
