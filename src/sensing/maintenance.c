/* Orders to those who maintain: words, rules, use cases. */
#include "sensing/maintenance.h"

#include "base/clock.h"
#include "base/error.h"
#include "ledger/ledger.h"
#include "sensing/maintenance_store.h"
#include "sensing/upkeep.h"

#include <string.h>

static const struct {
    const char *word, *name_zh;
} states[ORDER_STATE_COUNT] = {
    [ORDER_SENT] = {"sent", "已派单"},
    [ORDER_ACCEPTED] = {"accepted", "已接单"},
    [ORDER_DONE] = {"done", "已修好，待核实"},
    [ORDER_VERIFIED] = {"verified", "已核实"},
    [ORDER_CANCELLED] = {"cancelled", "已撤销"},
};

const char *order_state_word(OrderState state) {
    g_assert((unsigned)state < ORDER_STATE_COUNT);
    return states[state].word;
}

const char *order_state_name_zh(OrderState state) {
    g_assert((unsigned)state < ORDER_STATE_COUNT);
    return states[state].name_zh;
}

bool order_state_parse(const char *word, OrderState *ret_state) {
    for (unsigned state = 0; word != NULL && state < ORDER_STATE_COUNT; state++) {
        if (strcmp(states[state].word, word) == 0) {
            *ret_state = (OrderState)state;
            return true;
        }
    }
    return false;
}

bool order_may_become(OrderState from, OrderState to) {
    switch (from) {
    case ORDER_SENT:
        return to == ORDER_ACCEPTED || to == ORDER_DONE || to == ORDER_CANCELLED;
    case ORDER_ACCEPTED:
        return to == ORDER_DONE || to == ORDER_CANCELLED;
    case ORDER_DONE:
        return to == ORDER_VERIFIED || to == ORDER_ACCEPTED;
    case ORDER_VERIFIED:
    case ORDER_CANCELLED:
    case ORDER_STATE_COUNT:
        break;
    }
    return false;
}

/* --- the form -----------------------------------------------------------------------------------
 */

static void check_text(const char *value,
                       glong most,
                       const char *field,
                       const char *name,
                       bool is_needed,
                       FormProblems *problems) {
    if (is_needed && value[0] == '\0') {
        form_problem_add(problems, field, "写%s", name);
    } else if (g_utf8_strlen(value, -1) > most) {
        form_problem_add(problems, field, "%s最多 %ld 个字", name, most);
    }
}

/* The end of that day in Asia/Shanghai; false when it is no day. */
static bool due_of(const char *day, int64_t *ret_due_us) {
    int64_t begin;
    if (strlen(day) != 10 || !clock_parse(day, &begin)) {
        return false;
    }
    *ret_due_us = begin + CLOCK_DAY_US - CLOCK_SECOND_US;
    return true;
}

void order_input_check(const OrderInput *input, int64_t now_us, FormProblems *problems) {
    int64_t due_us;
    check_text(input->subject, 200, "subject", "什么坏了", true, problems);
    check_text(input->task, 500, "task", "要做什么", true, problems);
    check_text(input->service_body, 100, "service_body", "派给谁", true, problems);
    check_text(input->service_contact, 100, "service_contact", "联系方式", false, problems);
    if (input->due[0] == '\0') {
        return;
    }
    if (!due_of(input->due, &due_us)) {
        form_problem_add(problems, "due", "写成 2026-11-25 这样的日期");
    } else if (due_us < now_us) {
        form_problem_add(problems, "due", "期限不能早于今天");
    }
}

/* --- use cases ----------------------------------------------------------------------------------
 */

/* Neither names of persons nor words of the note: those stay in the table. */
static bool leave_entry(Db *db,
                        const char *type,
                        const Order *order,
                        OrderState state,
                        const DeviceActor *by,
                        GError **error) {
    g_autoptr(json_t) payload = json_object();
    g_autofree char *object = g_strdup_printf("maintenance:%" G_GINT64_FORMAT, order->id);
    json_put_int(payload, "id", order->id);
    json_put_text(payload, "number", order->number);
    json_put_text(payload, "state", order_state_word(state));
    json_put_int(payload, "device", order->device_id);
    json_put_int(payload, "point", order->point_id);
    json_put_int(payload, "edge", order->edge_id);
    json_put_int(payload, "due_us", order->due_us);
    LedgerEntry entry = {.time_us = by->now_us,
                         .type = type,
                         .actor = by->actor,
                         .object = object,
                         .payload = payload};
    return ledger_append(db, &entry, NULL, error);
}

typedef struct Work {
    const Order *order;
    const OrderInput *input;
    const OrderStep *step;
    const DeviceActor *by;
    int64_t id, version;
} Work;

static bool do_send(Db *db, void *data, GError **error) {
    Work *work = data;
    Order order = *work->order;
    int64_t n;
    int64_t term_us;
    int year = clock_year(work->by->now_us);
    if (!order_store_number(db, year, &n, error) ||
        !upkeep_term(order.region, UPKEEP_ORDER_DUE, &term_us, error)) {
        return false;
    }
    g_autofree char *number = g_strdup_printf("WX-%d-%05" G_GINT64_FORMAT, year, n);
    order.number = number;
    order.state = ORDER_SENT;
    order.subject = work->input->subject;
    order.task = work->input->task;
    order.service_body = work->input->service_body;
    order.service_contact = work->input->service_contact;
    order.created_us = work->by->now_us;
    if (!due_of(work->input->due, &order.due_us)) {
        order.due_us = work->by->now_us + term_us;
    }
    OrderStep step = {.state = ORDER_SENT,
                      .person = "",
                      .note = "",
                      .actor = work->by->actor,
                      .time_us = work->by->now_us};
    if (!order_store_insert(db, &order, &work->id, error)) {
        return false;
    }
    order.id = work->id;
    return order_store_add_step(db, order.id, &step, error) &&
           leave_entry(db, "maintenance.send", &order, ORDER_SENT, work->by, error);
}

bool order_send(Db *db,
                const Order *order,
                const OrderInput *input,
                const DeviceActor *by,
                int64_t *ret_id,
                GError **error) {
    Work work = {.order = order, .input = input, .by = by};
    if (!db_run_tx(db, do_send, &work, error)) {
        return false;
    }
    *ret_id = work.id;
    return true;
}

static bool do_step(Db *db, void *data, GError **error) {
    const Work *work = data;
    g_auto(Order) order = {0};
    OrderStep step = *work->step;
    step.actor = work->by->actor;
    step.time_us = work->by->now_us;
    if (!order_find(db, work->id, &order, error)) {
        return false;
    }
    if (order.version != work->version || !order_may_become(order.state, step.state)) {
        return hz_fail(error, HZ_ERROR_CONFLICT, "the order has moved on meanwhile");
    }
    return order_store_state(db, &order, step.state, work->by->now_us, error) &&
           order_store_add_step(db, order.id, &step, error) &&
           leave_entry(db, "maintenance.step", &order, step.state, work->by, error);
}

bool order_step(Db *db,
                int64_t id,
                int64_t version,
                const OrderStep *step,
                const DeviceActor *by,
                GError **error) {
    Work work = {.step = step, .by = by, .id = id, .version = version};
    return db_run_tx(db, do_step, &work, error);
}
