#include "draw/draw_test_support.h"

void draw_test_recuse(
    Db *db, const char *actor, int64_t now_us, int64_t unit_id, int64_t officer_id) {
    g_autoptr(GError) error = NULL;
    g_auto(DbTx) tx = {0};
    DrawRecusal recusal = {.object_kind = "unit",
                           .object_id = unit_id,
                           .officer_id = officer_id,
                           .code = "KIN",
                           .note = "演示"};
    g_assert_true(db_begin(db, &tx, &error));
    draw_recuse(db, &recusal, actor, now_us, &error);
    g_assert_no_error(error);
    g_assert_true(db_commit(&tx, &error));
}
