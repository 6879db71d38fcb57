/*
 * Freezing: what is in the registry now becomes files that never change again.
 *
 * A pool of a million objects is held as 24 bytes each, sorted as the files want it, and written in
 * parts; nothing else grows with it.
 */
#include "base/error.h"
#include "draw/draw_internal.h"
#include "draw/draw_store.h"
#include "law/draw_weights.h"
#include "ledger/ledger.h"
#include "registry/pool.h"

#include <string.h>

typedef struct PoolItem {
    uint64_t key; /* the id's digits, left-aligned: sorts as the text does */
    int64_t number;
    int32_t district;
    uint8_t category, risk, credit, drawn;
    uint8_t reason;
} PoolItem;

typedef struct Freezing {
    Db *db;
    Draw *draw; /* its counts are set */
    const DrawRequest *request;
    const uint8_t *secret; /* S; NULL in open mode */
    const char *file;      /* being written */
    const DrawWeights *weights;
    GHashTable *drawn;      /* object id -> times drawn this year */
    GHashTable *exclusions; /* object id -> reason */
    GHashTable *loads;      /* officer id -> targets */
    GArray *pool;           /* PoolItem */
    GArray *officers;       /* OfficerItem */
    DrawKeyValues *commit;
} Freezing;

typedef struct OfficerItem {
    char id[DRAW_ID_MAX + 1];
    char district[DRAW_ID_MAX + 1];
    char valid_to[11];
    bool is_lead;
    int64_t load;
} OfficerItem;

static void freezing_clear(Freezing *freezing) {
    g_clear_pointer(&freezing->drawn, g_hash_table_unref);
    g_clear_pointer(&freezing->exclusions, g_hash_table_unref);
    g_clear_pointer(&freezing->loads, g_hash_table_unref);
    g_clear_pointer(&freezing->pool, g_array_unref);
    g_clear_pointer(&freezing->officers, g_array_unref);
    g_clear_pointer(&freezing->commit, draw_keys_free);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Freezing, freezing_clear)

/* --- ids ------------------------------------------------------------------------------------- */

void draw_id_format(const char *object_kind, int64_t id, char ret_id[DRAW_ID_MAX + 1]) {
    char letter = (char)g_ascii_toupper(object_kind[0]);
    if (strcmp(object_kind, "officer") == 0) {
        letter = 'F';
    }
    g_snprintf(ret_id, DRAW_ID_MAX + 1, "%c%" G_GINT64_FORMAT, letter, id);
}

int64_t draw_id_number(const char *id) {
    guint64 number = 0;
    if (id[0] == '\0' || !g_ascii_isdigit(id[1]) ||
        !g_ascii_string_to_unsigned(id + 1, 10, 1, G_MAXINT64, &number, NULL)) {
        return 0;
    }
    return (int64_t)number;
}

/* 7 -> 7000000000000000000, 42 -> 4200000000000000000: compares as "7" and "42" do. */
static uint64_t text_key(int64_t number) {
    uint64_t key = (uint64_t)number;
    while (key != 0 && key < UINT64_C(1000000000000000000)) {
        key *= 10;
    }
    return key;
}

static int compare_items(gconstpointer left, gconstpointer right) {
    const PoolItem *a = left;
    const PoolItem *b = right;
    if (a->key != b->key) {
        return a->key < b->key ? -1 : 1;
    }
    /* "1" before "10": the shorter text is the smaller number. */
    return (a->number > b->number) - (a->number < b->number);
}

/* --- the pool -------------------------------------------------------------------------------- */

static bool take_object(const PoolObject *object, void *data, GError **error) {
    (void)error;
    Freezing *freezing = data;
    const int64_t *drawn = g_hash_table_lookup(freezing->drawn, &object->id);
    const char *reason = g_hash_table_lookup(freezing->exclusions, &object->id);
    PoolItem item = {.key = text_key(object->id),
                     .number = object->id,
                     .district = (int32_t)object->district,
                     .category = (uint8_t)object->category,
                     .risk = (uint8_t)object->risk,
                     .credit = (uint8_t)object->credit,
                     .drawn = (uint8_t)(drawn != NULL ? MIN(*drawn, UINT8_MAX) : 0)};
    item.reason = (uint8_t)draw_reason(
        draw_exclusion_reason(reason), item.drawn, (int64_t)freezing->weights->cap);
    freezing->draw->eligible_count += item.reason == DRAW_REASON_NONE ? 1 : 0;
    g_array_append_val(freezing->pool, item);
    return true;
}

static bool
add_part(int64_t part, const char *first_id, const GString *text, void *data, GError **error) {
    const Freezing *freezing = data;
    return draw_store_add_part(freezing->db,
                               freezing->draw->id,
                               freezing->file,
                               part,
                               first_id,
                               text->str,
                               text->len,
                               error);
}

/* Closes a table and notes its count and root for commit.txt. */
static bool finish_table(Freezing *freezing,
                         DrawFileWriter *writer,
                         const char *name,
                         int64_t *ret_count,
                         GError **error) {
    uint8_t root[DIGEST_SIZE];
    *ret_count = (int64_t)writer->tree.size;
    merkle_frontier_root(&writer->tree, root);
    g_autofree char *hex = hex_format(root, DIGEST_SIZE);
    g_autofree char *count_key = g_strdup_printf("%s.count", name);
    g_autofree char *root_key = g_strdup_printf("%s.root", name);
    draw_keys_put_int(freezing->commit, count_key, (int64_t)writer->tree.size);
    draw_keys_put(freezing->commit, root_key, hex);
    return draw_file_end(writer, error);
}

static void begin_table(Freezing *freezing, DrawFileWriter *writer, const char *file) {
    freezing->file = file;
    draw_file_begin(writer, freezing->draw->kind, file, freezing->secret, add_part, freezing);
}

static bool write_pool(Freezing *freezing, GError **error) {
    g_auto(DrawFileWriter) writer = {0};
    begin_table(freezing, &writer, "pool.tsv");
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < freezing->pool->len; i++) {
        const PoolItem *item = &g_array_index(freezing->pool, PoolItem, i);
        char id[DRAW_ID_MAX + 1];
        char district[16];
        draw_id_format(freezing->draw->object_kind, item->number, id);
        g_snprintf(district, sizeof district, "%06d", item->district);
        unsigned weight = freezing->weights->tickets[item->risk][item->credit];
        DrawPoolLine line = {.id = id,
                             .stratum = draw_stratum_word(item->category),
                             .district = district,
                             .risk = draw_risk_token(item->risk),
                             .credit = draw_credit_token(item->credit),
                             .drawn = item->drawn,
                             .weight = item->reason == DRAW_REASON_NONE ? weight : 0,
                             .reason = draw_reason_word((DrawReason)item->reason)};
        draw_pool_format(&line, text);
        if (!draw_file_line(&writer, id, text->str, text->len, error)) {
            return false;
        }
    }
    return finish_table(freezing, &writer, "pool", &freezing->draw->pool_count, error);
}

static bool freeze_pool(Freezing *freezing, GError **error) {
    const Draw *draw = freezing->draw;
    freezing->drawn = draw_store_drawn_counts(freezing->db, draw->year, draw->object_kind, error);
    if (freezing->drawn == NULL) {
        return false;
    }
    freezing->exclusions = draw_store_exclusions(freezing->db, draw->object_kind, error);
    if (freezing->exclusions == NULL) {
        return false;
    }
    freezing->pool = g_array_new(FALSE, FALSE, sizeof(PoolItem));
    if (!pool_visit(freezing->db,
                    draw->object_kind,
                    draw->region,
                    draw_category_mask(freezing->request->strata),
                    take_object,
                    freezing,
                    error)) {
        return false;
    }
    g_array_sort(freezing->pool, compare_items);
    bool is_written = write_pool(freezing, error);
    g_clear_pointer(&freezing->pool, g_array_unref);
    return is_written;
}

/* --- officers -------------------------------------------------------------------------------- */

static bool take_officer(const Officer *officer, void *data, GError **error) {
    (void)error;
    Freezing *freezing = data;
    /* Whether it is good on the days of this draw is decided by the frozen files (valid_to); an
     * officer without a date may serve on no day (officer_may_serve) and does not enter them. */
    if (!draw_officer_enters(officer)) {
        return true;
    }
    const int64_t *load = g_hash_table_lookup(freezing->loads, &officer->id);
    OfficerItem item = {.is_lead = officer->can_lead, .load = load != NULL ? *load : 0};
    draw_id_format("officer", officer->id, item.id);
    g_snprintf(item.district, sizeof item.district, "%06d", (int)officer->district);
    g_strlcpy(item.valid_to, officer->certificate_until, sizeof item.valid_to);
    g_array_append_val(freezing->officers, item);
    return true;
}

static int compare_officers(gconstpointer left, gconstpointer right) {
    return strcmp(((const OfficerItem *)left)->id, ((const OfficerItem *)right)->id);
}

static bool freeze_officers(Freezing *freezing, GError **error) {
    g_auto(DrawFileWriter) writer = {0};
    freezing->loads = draw_store_loads(freezing->db, freezing->draw->year, error);
    if (freezing->loads == NULL) {
        return false;
    }
    freezing->officers = g_array_new(FALSE, FALSE, sizeof(OfficerItem));
    if (!pool_visit_officers(freezing->db, freezing->draw->region, take_officer, freezing, error)) {
        return false;
    }
    g_array_sort(freezing->officers, compare_officers);
    begin_table(freezing, &writer, "insp.tsv");
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < freezing->officers->len; i++) {
        const OfficerItem *item = &g_array_index(freezing->officers, OfficerItem, i);
        DrawInspLine line = {.id = item->id,
                             .district = item->district,
                             .is_lead = item->is_lead,
                             .valid_to = item->valid_to,
                             .load = item->load,
                             .cap = freezing->request->officer_cap};
        draw_insp_format(&line, text);
        if (!draw_file_line(&writer, item->id, text->str, text->len, error)) {
            return false;
        }
    }
    return finish_table(freezing, &writer, "insp", &freezing->draw->inspector_count, error);
}

static int compare_texts(gconstpointer left, gconstpointer right) {
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* One line for each pair; a recusal comes before a rotation. */
typedef struct DenyList {
    GPtrArray *lines;
    GHashTable *pairs; /* "target\tinspector" */
} DenyList;

static void deny_list_clear(DenyList *list) {
    g_clear_pointer(&list->lines, g_ptr_array_unref);
    g_clear_pointer(&list->pairs, g_hash_table_unref);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(DenyList, deny_list_clear)

static void add_denied(DenyList *list, const DrawDeny *deny) {
    char target[DRAW_ID_MAX + 1];
    char inspector[DRAW_ID_MAX + 1];
    draw_id_format(deny->object_kind, deny->object_id, target);
    draw_id_format("officer", deny->officer_id, inspector);
    if (!g_hash_table_add(list->pairs, g_strdup_printf("%s\t%s", target, inspector))) {
        return;
    }
    DrawDenyLine line = {target, inspector, deny->code};
    g_autoptr(GString) text = g_string_new(NULL);
    draw_deny_format(&line, text);
    g_ptr_array_add(list->lines, g_strdup(text->str));
}

static bool collect_denied(Freezing *freezing, DenyList *list, GError **error) {
    const Draw *draw = freezing->draw;
    g_autoptr(GArray) recused = draw_store_denied(freezing->db, draw->object_kind, error);
    if (recused == NULL) {
        return false;
    }
    g_autoptr(GArray) rotated = draw_store_rotated(
        freezing->db, draw->object_kind, draw->region, freezing->request->rotate, error);
    if (rotated == NULL) {
        return false;
    }
    for (guint i = 0; i < recused->len; i++) {
        add_denied(list, &g_array_index(recused, DrawDeny, i));
    }
    for (guint i = 0; i < rotated->len; i++) {
        add_denied(list, &g_array_index(rotated, DrawDeny, i));
    }
    /* TAB sorts before every character of an id: the whole line sorts as (target, inspector). */
    g_ptr_array_sort(list->lines, compare_texts);
    return true;
}

static bool freeze_denied(Freezing *freezing, GError **error) {
    g_auto(DenyList) list = {g_ptr_array_new_with_free_func(g_free),
                             g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    g_auto(DrawFileWriter) writer = {0};
    if (!collect_denied(freezing, &list, error)) {
        return false;
    }
    begin_table(freezing, &writer, "deny.tsv");
    for (guint i = 0; i < list.lines->len; i++) {
        const char *line = g_ptr_array_index(list.lines, i);
        g_autofree char *target = g_strndup(line, strcspn(line, "\t"));
        if (!draw_file_line(&writer, target, line, strlen(line), error)) {
            return false;
        }
    }
    return finish_table(freezing, &writer, "deny", &freezing->draw->denied_count, error);
}

/* --- params and the beginning of commit.txt
 * ------------------------------------------------------------------- */

static bool add_whole(Freezing *freezing, const char *file, const char *text, GError **error) {
    return text[0] == '\0' ||
           draw_store_add_part(
               freezing->db, freezing->draw->id, file, 0, "", text, strlen(text), error);
}

static bool
freeze_params(Freezing *freezing, const Plan *plan, const LawBook *book, GError **error) {
    const Draw *draw = freezing->draw;
    g_autoptr(DrawKeyValues) params =
        draw_params_make(draw, freezing->weights, plan, freezing->request->strata);
    if (!draw_put_rungs(freezing->db, book, draw->region, draw->frozen_us, params, error)) {
        return false;
    }
    g_autofree char *text = draw_keys_format(params);
    uint8_t hash[DIGEST_SIZE];
    digest_of(draw->kind, text, strlen(text), hash);
    g_autofree char *hex = hex_format(hash, DIGEST_SIZE);
    draw_keys_put(freezing->commit, "params", hex);
    return add_whole(freezing, "params.txt", text, error);
}

/* What commit.txt will begin with; the beacons and parties are named when it is committed. */
static bool begin_commit(Freezing *freezing, GError **error) {
    LedgerHead head;
    if (!ledger_head(freezing->db, &head, error)) {
        return false;
    }
    g_autofree char *root = hex_format(head.root, DIGEST_SIZE);
    draw_keys_put(freezing->commit, "draw", freezing->draw->number);
    draw_keys_put_int(freezing->commit, "log.size", head.size);
    draw_keys_put(freezing->commit, "log.root", root);
    g_autofree char *text = draw_keys_format(freezing->commit);
    return add_whole(freezing, DRAW_COMMIT_BEGUN, text, error);
}

bool draw_freeze_files(
    Db *db, Draw *draw, const Plan *plan, const DrawRequest *request, GError **error) {
    uint8_t secret[DIGEST_SIZE];
    g_auto(Freezing) freezing = {.db = db, .draw = draw, .request = request};
    if (draw->mode == DRAW_SEALED) {
        g_assert(hex_parse(draw->secret_hex, secret, sizeof secret));
        freezing.secret = secret;
    }
    freezing.commit = draw_keys_new();
    const char *city = law_city_of(plan->region, error);
    const LawBook *book = city == NULL ? NULL : law_book(city, error);
    freezing.weights = book == NULL ? NULL : draw_weights_at(book, draw->frozen_us, error);
    if (freezing.weights == NULL || !freeze_params(&freezing, plan, book, error) ||
        !freeze_pool(&freezing, error) || !freeze_officers(&freezing, error) ||
        !freeze_denied(&freezing, error) || !begin_commit(&freezing, error)) {
        return false;
    }
    draw->excluded_count = draw->pool_count - draw->eligible_count;
    return true;
}
