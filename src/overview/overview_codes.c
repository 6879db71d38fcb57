#include "overview/overview_codes.h"

#include "overview/overview_models.h"
#include "overview/overview_store.h"

static const char *const letters[RISK_COUNT] = {"无", "绿", "黄", "橙", "红"};

GArray *code_tallies(Ctx *ctx, const char *region, GError **error) {
    g_autoptr(GArray) stored = firecode_colours_by_district(ctx->db, region, error);
    if (stored == NULL) {
        return NULL;
    }
    GArray *today = g_array_new(FALSE, FALSE, sizeof(FirecodeTally));
    for (guint i = 0; i < stored->len; i++) {
        FirecodeTally one = g_array_index(stored, FirecodeTally, i);
        g_autofree char *code = g_strdup_printf("%" G_GINT64_FORMAT, one.district);
        one.district = coverage_district_now(ctx->db, code, ctx->now_us);
        guint at = 0;
        while (at < today->len &&
               g_array_index(today, FirecodeTally, at).district != one.district) {
            at++;
        }
        if (at == today->len) {
            g_array_append_val(today, one);
            continue;
        }
        for (unsigned c = 0; c < RISK_COUNT; c++) {
            g_array_index(today, FirecodeTally, at).colours[c] += one.colours[c];
        }
    }
    return today;
}

FirecodeTally code_tally_of(const GArray *tallies, int64_t district) {
    for (guint i = 0; i < tallies->len; i++) {
        const FirecodeTally *one = &g_array_index(tallies, FirecodeTally, i);
        if (one->district == district) {
            return *one;
        }
    }
    return (FirecodeTally){.district = district};
}

FirecodeTally code_tally_sum(const GArray *tallies) {
    FirecodeTally sum = {0};
    for (guint i = 0; i < tallies->len; i++) {
        for (unsigned c = 0; c < RISK_COUNT; c++) {
            sum.colours[c] += g_array_index(tallies, FirecodeTally, i).colours[c];
        }
    }
    return sum;
}

RiskGrade code_worst(const int64_t *colours) {
    for (unsigned c = RISK_HIGH; c >= RISK_LOW; c--) {
        if (colours[c] > 0) {
            return (RiskGrade)c;
        }
    }
    return RISK_UNKNOWN;
}

char *code_brief(const int64_t *colours) {
    RiskGrade worst = code_worst(colours);
    return worst == RISK_UNKNOWN
               ? g_strdup(letters[RISK_UNKNOWN])
               : g_strdup_printf("%s%" G_GINT64_FORMAT, letters[worst], colours[worst]);
}

char *code_sentence(const int64_t *colours) {
    GString *text = g_string_new(NULL);
    for (unsigned c = RISK_HIGH; c >= RISK_LOW; c--) {
        g_string_append_printf(text,
                               "%s%s码 %" G_GINT64_FORMAT " 栋",
                               text->len > 0 ? "，" : "",
                               letters[c],
                               colours[c]);
    }
    return g_string_free(text, FALSE);
}

const char *code_class(RiskGrade colour) {
    return colour == RISK_UNKNOWN ? "none" : risk_colour(colour);
}

json_t *code_model(const int64_t *colours, const char *region) {
    json_t *model = json_object();
    int64_t total = 0;
    for (unsigned c = RISK_LOW; c <= RISK_HIGH; c++) {
        const char *word = risk_colour((RiskGrade)c);
        g_autofree char *href_key = g_strconcat(word, "_href", NULL);
        json_put_int(model, word, colours[c]);
        put_format(model, href_key, "/work/codes?region=%s&colour=%s", region, word);
        total += colours[c];
    }
    json_put_int(model, "total", total);
    put_format(model, "href", "/work/codes?region=%s", region);
    return model;
}

/* --- squares and buildings ----------------------------------------------------------------------
 */

GHashTable *code_cells(Db *db, int64_t district, int64_t parent, GError **error) {
    g_autoptr(GArray) lines = overview_store_cell_codes(db, district, error);
    if (lines == NULL) {
        return NULL;
    }
    GHashTable *cells = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    for (guint i = 0; i < lines->len; i++) {
        const OverviewCellCodes *line = &g_array_index(lines, OverviewCellCodes, i);
        int64_t above = coverage_cell_parent(line->cell);
        int64_t cell = parent == 0 ? above : line->cell;
        if (parent != 0 && above != parent) {
            continue;
        }
        int64_t *counts = g_hash_table_lookup(cells, &cell);
        if (counts == NULL) {
            counts = g_new0(int64_t, RISK_COUNT);
            g_hash_table_insert(cells, g_memdup2(&cell, sizeof cell), counts);
        }
        counts[line->colour] += line->buildings;
    }
    return cells;
}

GHashTable *code_buildings(Db *db, int64_t district, int64_t cell, GError **error) {
    return overview_store_building_codes(db, district, cell, error);
}
