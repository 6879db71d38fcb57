/*
 * Maintenance orders: what is faulty, to whom it was given, until when, and what became of it. An
 * order is sent, accepted, done, verified; or cancelled. Thread: that of the Db.
 */
#pragma once

#include "sensing/device.h"

typedef enum OrderState {
    ORDER_SENT,      /* "sent" 已派单 */
    ORDER_ACCEPTED,  /* "accepted" 已接单 */
    ORDER_DONE,      /* "done" 已修好，待核实 */
    ORDER_VERIFIED,  /* "verified" 已核实 */
    ORDER_CANCELLED, /* "cancelled" 已撤销 */
    ORDER_STATE_COUNT,
} OrderState;
const char *order_state_word(OrderState state);
const char *order_state_name_zh(OrderState state);
bool order_state_parse(const char *word, OrderState *ret_state);
/* What may follow: sent -> accepted, done; accepted -> done; done -> verified, or back to accepted
 * when it is not right; each open one -> cancelled. */
bool order_may_become(OrderState from, OrderState to);

typedef struct Order {
    int64_t id;
    const char *number; /* "WX-2026-00012" */
    OrderState state;
    int64_t device_id, point_id, edge_id, building_id;
    const char *region;
    int64_t district;
    const char *building_name; /* as it is now; "" */
    const char *place, *subject, *task;
    const char *service_body, *service_contact;
    int64_t due_us;
    int64_t version, created_us, changed_us;
    GStringChunk *texts; /* as in Device */
} Order;
void order_clear(Order *order);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(Order, order_clear)
bool order_find(Db *db, int64_t id, Order *ret_order, GError **error);

typedef struct OrderStep {
    OrderState state;
    const char *person, *note, *actor;
    int64_t time_us;
} OrderStep;
/* What happened, oldest first: appends OrderStep; texts live with `texts`. */
bool order_steps(Db *db, int64_t id, GStringChunk *texts, GArray *steps, GError **error);

/* What the form tells. Texts are borrowed, never NULL. */
typedef struct OrderInput {
    const char *subject, *task, *service_body, *service_contact;
    const char *due; /* "2026-11-25"; "": by the rule `order-due` */
} OrderInput;
void order_input_check(const OrderInput *input, int64_t now_us, FormProblems *problems);

/* In a transaction of its own, with ledger entry. `order` names device, point, edge and place. */
bool order_send(Db *db,
                const Order *order,
                const OrderInput *input,
                const DeviceActor *by,
                int64_t *ret_id,
                GError **error);
/* CONFLICT when it is not of `version` any more or may not become this. `person`: who did it, as
 * told; `note`: what was found or done. */
bool order_step(Db *db,
                int64_t id,
                int64_t version,
                const OrderStep *step,
                const DeviceActor *by,
                GError **error);

typedef struct OrderQuery {
    const char *region; /* of the reader */
    bool is_closed;
    int64_t after_due_us; /* place; with after_id */
    int64_t after_id;
    unsigned limit;
} OrderQuery;
typedef struct OrderPage {
    GArray *rows; /* of Order: overdue first, then by due day; closed ones newest first */
    int64_t next_due_us, next_id; /* 0: there are no more */
    GStringChunk *texts;
} OrderPage;
void order_page_clear(OrderPage *page);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(OrderPage, order_page_clear)
bool order_list(Db *db, const OrderQuery *query, OrderPage *ret_page, GError **error);

/* The newest order about each of these spells: appends Order to `orders`. */
bool orders_of_edges(Db *db,
                     const int64_t *edge_ids,
                     size_t count,
                     GStringChunk *texts,
                     GArray *orders,
                     GError **error);
