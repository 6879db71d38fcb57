/* SQL of maintenance orders. Thread: that of the Db. */
#pragma once

#include "sensing/maintenance.h"

/* The next number of the year: 12 for WX-2026-00012. */
bool order_store_number(Db *db, int64_t year, int64_t *ret_n, GError **error);
bool order_store_insert(Db *db, const Order *order, int64_t *ret_id, GError **error);
bool order_store_state(
    Db *db, const Order *order, OrderState state, int64_t now_us, GError **error);
bool order_store_add_step(Db *db, int64_t id, const OrderStep *step, GError **error);
