#include "registry_test_support.h"

void support_add_regions(Db *db) {
    static const RegionChange regions[] = {
        {.code = "50", .name = "重庆市"},
        {.code = "5001", .name = "市辖区"},
        {.code = "500103", .name = "渝中区"},
        {.code = "500103001", .name = "七星岗街道"},
        {.code = "500103002", .name = "解放碑街道"},
        {.code = "500105", .name = "江北区", .valid_to = "2025-11-06"},
        {.code = "500106", .name = "沙坪坝区"},
        {.code = "500157", .name = "两江新区", .valid_from = "2025-11-06"},
        {.code = "37", .name = "山东省"},
        {.code = "3703", .name = "淄博市"},
        {.code = "370302", .name = "淄川区"},
    };
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    g_assert_true(db_begin(db, &tx, &error));
    for (size_t i = 0; i < G_N_ELEMENTS(regions); i++) {
        g_assert_true(region_put(db, &regions[i], &error));
    }
    g_assert_true(db_commit(&tx, &error));
}

void support_intake(Db *db,
                    IntakeKind kind,
                    const void *inputs,
                    size_t count,
                    const char *scope,
                    IntakeResult *results) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    IntakeContext context = {
        .scope_region = scope == NULL ? "50" : scope, .now_us = TEST_NOW, .actor = "account:1"};
    g_assert_true(db_begin(db, &tx, &error));
    bool good = intake_batch(db, kind, inputs, count, &context, results, &error);
    g_assert_no_error(error);
    g_assert_true(good);
    g_assert_true(db_commit(&tx, &error));
}

int64_t support_add_unit(Db *db, const UnitInput *input) {
    IntakeResult result = {0};
    support_intake(db, INTAKE_UNIT, input, 1, NULL, &result);
    g_assert_null(result.problem);
    int64_t id = result.id;
    intake_result_clear(&result);
    return id;
}
