#include "law/draw_weights.h"

#include "base/clock.h"
#include "base/error.h"
#include "law/law_internal.h"

#include <cyaml/cyaml.h>
#include <string.h>

static const char *const risk_tokens[DRAW_RISKS] = {"unknown", "low", "general", "higher", "high"};
static const char *const credit_tokens[DRAW_CREDITS] = {"unknown", "A", "B", "C", "D"};

const char *draw_risk_token(unsigned risk) {
    g_assert(risk < DRAW_RISKS);
    return risk_tokens[risk];
}

const char *draw_credit_token(unsigned credit) {
    g_assert(credit < DRAW_CREDITS);
    return credit_tokens[credit];
}

/* --- as libcyaml fills it ----------------------------------------------------------------------
 */

typedef struct ValidYaml {
    char *from, *to;
} ValidYaml;

typedef struct RowYaml {
    int risk;
    unsigned ungraded, a, b, c, d;
} RowYaml;

typedef struct FileYaml {
    char *draw_weights, *edition, *basis;
    ValidYaml valid;
    unsigned cap;
    int cap_confidence, tickets_confidence;
    RowYaml *tickets;
    unsigned tickets_count;
} FileYaml;

static const cyaml_strval_t risks[] = {
    {"unknown", 0}, {"low", 1}, {"general", 2}, {"higher", 3}, {"high", 4}};
static const cyaml_strval_t confidences[] = {
    {"text", LAW_TEXT}, {"secondary", LAW_SECONDARY}, {"memory", LAW_MEMORY}};

static const cyaml_schema_field_t valid_fields[] = {
    CYAML_FIELD_STRING_PTR("from", CYAML_FLAG_POINTER, ValidYaml, from, 1, 32),
    CYAML_FIELD_STRING_PTR("to", CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, ValidYaml, to, 1, 32),
    CYAML_FIELD_END};

static const cyaml_schema_field_t row_fields[] = {
    CYAML_FIELD_ENUM("risk", CYAML_FLAG_STRICT, RowYaml, risk, risks, CYAML_ARRAY_LEN(risks)),
    CYAML_FIELD_UINT("ungraded", CYAML_FLAG_DEFAULT, RowYaml, ungraded),
    CYAML_FIELD_UINT("A", CYAML_FLAG_DEFAULT, RowYaml, a),
    CYAML_FIELD_UINT("B", CYAML_FLAG_DEFAULT, RowYaml, b),
    CYAML_FIELD_UINT("C", CYAML_FLAG_DEFAULT, RowYaml, c),
    CYAML_FIELD_UINT("D", CYAML_FLAG_DEFAULT, RowYaml, d),
    CYAML_FIELD_END};

static const cyaml_schema_value_t row_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, RowYaml, row_fields)};

#define CONFIDENCE_FIELD(name, member)                                                             \
    CYAML_FIELD_ENUM(                                                                              \
        name, CYAML_FLAG_STRICT, FileYaml, member, confidences, CYAML_ARRAY_LEN(confidences))

static const cyaml_schema_field_t file_fields[] = {
    CYAML_FIELD_STRING_PTR("draw_weights", CYAML_FLAG_POINTER, FileYaml, draw_weights, 1, 64),
    CYAML_FIELD_STRING_PTR("edition", CYAML_FLAG_POINTER, FileYaml, edition, 1, 32),
    CYAML_FIELD_STRING_PTR("basis", CYAML_FLAG_POINTER, FileYaml, basis, 1, 500),
    CYAML_FIELD_MAPPING("valid", CYAML_FLAG_DEFAULT, FileYaml, valid, valid_fields),
    CYAML_FIELD_UINT("cap", CYAML_FLAG_DEFAULT, FileYaml, cap),
    CONFIDENCE_FIELD("cap_confidence", cap_confidence),
    CONFIDENCE_FIELD("tickets_confidence", tickets_confidence),
    CYAML_FIELD_SEQUENCE(
        "tickets", CYAML_FLAG_POINTER, FileYaml, tickets, &row_value, DRAW_RISKS, DRAW_RISKS),
    CYAML_FIELD_END};

static const cyaml_schema_value_t file_value = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, FileYaml, file_fields)};

static void collect_log(cyaml_log_t level, void *data, const char *format, va_list args)
    G_GNUC_PRINTF(3, 0);
static void collect_log(cyaml_log_t level, void *data, const char *format, va_list args) {
    (void)level;
    g_string_append_vprintf(data, format, args);
}

/* --- checks ------------------------------------------------------------------------------------
 */

/* Every grade once, and from 1 to 64 tickets: nobody is left out by the table. */
static bool take_rows(const FileYaml *yaml, DrawWeights *weights) {
    for (unsigned i = 0; i < yaml->tickets_count; i++) {
        const RowYaml *row = &yaml->tickets[i];
        const unsigned cells[DRAW_CREDITS] = {row->ungraded, row->a, row->b, row->c, row->d};
        for (unsigned credit = 0; credit < DRAW_CREDITS; credit++) {
            bool is_taken = weights->tickets[row->risk][credit] != 0;
            if (is_taken || cells[credit] < 1 || cells[credit] > DRAW_TICKETS_MAX) {
                return false;
            }
            weights->tickets[row->risk][credit] = cells[credit];
        }
    }
    return true;
}

static const char *take_yaml(const FileYaml *yaml, DrawWeights *weights) {
    weights->edition = g_strdup(yaml->edition);
    weights->basis_zh = g_strdup(yaml->basis);
    weights->cap = yaml->cap;
    weights->cap_confidence = (LawConfidence)yaml->cap_confidence;
    weights->tickets_confidence = (LawConfidence)yaml->tickets_confidence;
    weights->to_us = INT64_MAX;
    if (!clock_parse(yaml->valid.from, &weights->from_us) ||
        (yaml->valid.to != NULL && !clock_parse(yaml->valid.to, &weights->to_us)) ||
        weights->from_us >= weights->to_us) {
        return "valid is no span of dates";
    }
    if (yaml->cap < 1 || yaml->cap > 366) {
        return "cap is not from 1 to 366";
    }
    return take_rows(yaml, weights) ? NULL : "tickets: each risk once, each cell from 1 to 64";
}

void draw_weights_free(DrawWeights *weights) {
    if (weights != NULL) {
        g_free(weights->edition);
        g_free(weights->basis_zh);
        g_free(weights);
    }
}

DrawWeights *draw_weights_read(const char *name, const char *text, size_t size, GError **error) {
    g_autoptr(GString) log = g_string_new(NULL);
    const cyaml_config_t config = {
        .log_fn = collect_log, .log_ctx = log, .mem_fn = cyaml_mem, .log_level = CYAML_LOG_ERROR};
    FileYaml *yaml = NULL;
    cyaml_err_t failed = cyaml_load_data(
        (const uint8_t *)text, size, &config, &file_value, (cyaml_data_t **)&yaml, NULL);
    if (failed != CYAML_OK) {
        g_strchomp(g_strdelimit(log->str, "\n", ';'));
        hz_fail(error, HZ_ERROR_INVALID, "%s: %s", name, log->str);
        return NULL;
    }
    g_autoptr(DrawWeights) weights = g_new0(DrawWeights, 1);
    const char *what = take_yaml(yaml, weights);
    cyaml_free(&config, &file_value, yaml, 0);
    if (what != NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "%s: %s", name, what);
        return NULL;
    }
    return g_steal_pointer(&weights);
}

DrawWeights *draw_weights_at(int64_t time_us, GError **error) {
    g_autoptr(GArray) files = law_sources("law/national/draw-weights", error);
    if (files == NULL) {
        return NULL;
    }
    for (guint i = 0; i < files->len; i++) {
        LawSource file = g_array_index(files, LawSource, i);
        g_autoptr(DrawWeights) weights = draw_weights_read(file.path, file.text, file.size, error);
        if (weights == NULL) {
            return NULL;
        }
        if (weights->from_us <= time_us && time_us < weights->to_us) {
            return g_steal_pointer(&weights);
        }
    }
    hz_fail(error, HZ_ERROR_NOT_FOUND, "no table of draw weights is in force on that day");
    return NULL;
}
