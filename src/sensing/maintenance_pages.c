/* Maintenance orders: the list with what is overdue first, the sheet, the form, the steps. */
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "ledger/ledger.h"
#include "registry/region.h"
#include "sensing/maintenance.h"
#include "sensing/sensing_pages.h"
#include "sensing/upkeep.h"

#include <string.h>

#define PATH "/work/maintenance"

static bool is_over(OrderState state) {
    return state == ORDER_VERIFIED || state == ORDER_CANCELLED;
}

/* Class and words of how much time is left. */
static void put_due(json_t *model, const Order *order, int64_t now_us) {
    int64_t left_us = order->due_us - now_us;
    bool waits = !is_over(order->state) && order->state != ORDER_DONE;
    g_autofree char *length = sensing_duration(left_us < 0 ? -left_us : left_us);
    g_autofree char *text = !waits        ? NULL
                            : left_us < 0 ? g_strdup_printf("逾期 %s", length)
                                          : g_strdup_printf("还有 %s", length);
    json_put_text(model, "left", text);
    json_put_text(model,
                  "left_class",
                  !waits                   ? ""
                  : left_us < 0            ? "b"
                  : left_us < CLOCK_DAY_US ? "w"
                                           : "");
    json_put_bool(model, "is_overdue", waits && left_us < 0);
    sensing_put_time(model, "due", order->due_us, "");
}

static json_t *order_model(const Order *order, int64_t now_us) {
    static const char *const classes[ORDER_STATE_COUNT] = {"i", "i", "w", "k", ""};
    json_t *model = json_object();
    json_put_int(model, "id", order->id);
    json_put_text(model, "number", order->number);
    json_put_text(model, "subject", order->subject);
    json_put_text(model, "task", order->task);
    json_put_text(model, "building", order->building_name);
    json_put_int(model, "building_id", order->building_id);
    json_put_text(model, "place", order->place);
    json_put_text(model, "service_body", order->service_body);
    json_put_text(model, "service_contact", order->service_contact);
    json_put_text(model, "state", order_state_name_zh(order->state));
    json_put_text(model, "state_class", classes[order->state]);
    sensing_put_time(model, "created", order->created_us, "");
    put_due(model, order, now_us);
    return model;
}

/* --- the list -----------------------------------------------------------------------------------
 */

static bool read_place(const Request *req, OrderQuery *query) {
    const char *after = request_query(req, "after");
    char *end = NULL;
    if (after == NULL) {
        return true;
    }
    query->after_due_us = g_ascii_strtoll(after, &end, 10);
    query->after_id = *end == '.' ? g_ascii_strtoll(end + 1, NULL, 10) : 0;
    return query->after_id > 0;
}

static void put_list(Ctx *ctx, const OrderQuery *query, const OrderPage *page, json_t *model) {
    static const char *const pairs[] = {"", "没有办完的", "1", "已核实或撤销", NULL};
    json_t *rows = json_array();
    json_t *selects = json_array();
    const char *words = query->is_closed ? "closed=1" : "";
    for (guint i = 0; i < page->rows->len; i++) {
        json_array_append_new(rows, order_model(&g_array_index(page->rows, Order, i), ctx->now_us));
    }
    g_autofree char *next = page->next_id == 0
                                ? NULL
                                : g_strdup_printf("after=%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                                                  page->next_due_us,
                                                  page->next_id);
    g_autofree char *csv = g_strdup_printf("/work/export?list=maintenance&format=csv&%s", words);
    g_autofree char *xlsx = g_strdup_printf("/work/export?list=maintenance&format=xlsx&%s", words);
    sensing_put_select(selects, "closed", "进度", pairs, query->is_closed ? "1" : "");
    sensing_put_pager(model, PATH, words, query->after_id == 0, next, "每页 50 张");
    json_put(model, "rows", rows);
    json_put_bool(model, "has_rows", page->rows->len > 0);
    json_put_bool(model, "is_closed", query->is_closed);
    json_put(model, "selects", selects);
    json_put_text(model, "csv_href", csv);
    json_put_text(model, "xlsx_href", xlsx);
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
}

Response *orders_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(OrderPage) page = {0};
    OrderQuery query = {.region = ctx->who->region == NULL ? "" : ctx->who->region,
                        .is_closed = g_strcmp0(request_query(req, "closed"), "1") == 0,
                        .limit = LIMIT_PAGE_ROWS};
    if (!read_place(req, &query)) {
        hz_fail(&error, HZ_ERROR_INVALID, "the place in the list is not understood");
        return response_problem(error, "这个网址不完整，请从列表重新进入");
    }
    if (!order_list(ctx->db, &query, &page, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *place = region_full_name(ctx->db, query.region, &error);
    json_t *model = json_object();
    json_put_text(model, "place", place);
    put_list(ctx, &query, &page, model);
    return response_page("sensing/orders", model);
}

/* --- one order ----------------------------------------------------------------------------------
 */

static bool find_order(Ctx *ctx, const Request *req, Order *ret_order, Response **ret_refused) {
    g_autoptr(GError) error = NULL;
    int64_t id;
    if (!request_arg_id(req, "id", &id)) {
        *ret_refused = response_not_found();
        return false;
    }
    if (!order_find(ctx->db, id, ret_order, &error)) {
        *ret_refused = response_problem(error, NULL);
        return false;
    }
    *ret_refused = region_is_inside(ret_order->region, ctx->who->region)
                       ? NULL
                       : sensing_refuse(ctx, req, "不在您的辖区");
    return *ret_refused == NULL;
}

static bool put_steps(Ctx *ctx, const Order *order, json_t *model, GError **error) {
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    g_autoptr(GArray) steps = g_array_new(FALSE, FALSE, sizeof(OrderStep));
    if (!order_steps(ctx->db, order->id, texts, steps, error)) {
        return false;
    }
    json_t *lines = json_array();
    for (guint i = steps->len; i > 0; i--) {
        const OrderStep *step = &g_array_index(steps, OrderStep, i - 1);
        json_t *line = json_object();
        g_autofree char *actor = sensing_actor_zh(step->actor);
        json_put_text(line, "state", order_state_name_zh(step->state));
        json_put_text(line, "person", step->person);
        json_put_text(line, "note", step->note);
        json_put_text(line, "actor", actor);
        sensing_put_time(line, "when", step->time_us, "");
        json_array_append_new(lines, line);
    }
    json_put(model, "steps", lines);
    return true;
}

static const struct {
    OrderState to;
    const char *button, *person, *note;
} acts[] = {
    {ORDER_ACCEPTED, "登记接单", "谁接的单", "对方说什么时候来"},
    {ORDER_DONE, "登记修好", "谁修的", "修了什么、换了什么"},
    {ORDER_VERIFIED, "核实：确实修好", "谁核实的", "怎样核实的"},
    {ORDER_CANCELLED, "撤销这张单", "谁决定的", "为什么不修了"},
};

/* What was typed for one step and is wrong; NULL: nothing was sent. */
typedef struct SentStep {
    const OrderStep *step;
    const FormProblems *problems;
} SentStep;

/* act["person"] = {name, value, error, has_error}; its name is that of the problem: each step has
 * its own. */
static void put_field(json_t *act, const char *key, const char *value, const SentStep *sent) {
    g_autoptr(json_t) holder = json_object();
    g_autofree char *name = g_strdup_printf("%s-%s", key, json_get_text(act, "state", ""));
    form_field(holder, name, value, sent == NULL ? NULL : sent->problems);
    json_put(act, key, json_incref(json_object_get(holder, name)));
}

/* What may follow now; going back to "accepted" is what "not right" means. */
static json_t *act_models(OrderState from, const SentStep *sent) {
    json_t *list = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(acts); i++) {
        if (!order_may_become(from, acts[i].to)) {
            continue;
        }
        json_t *act = json_object();
        bool is_back = from == ORDER_DONE && acts[i].to == ORDER_ACCEPTED;
        bool is_main = i == 0 || acts[i].to == ORDER_VERIFIED;
        bool is_sent = sent != NULL && sent->step->state == acts[i].to;
        json_put_text(act, "state", order_state_word(acts[i].to));
        json_put_text(act, "button", is_back ? "没有修好，退回再修" : acts[i].button);
        json_put_text(act, "person_label", is_back ? "谁核实的" : acts[i].person);
        json_put_text(act, "note_label", is_back ? "哪里不对" : acts[i].note);
        json_put_bool(act, "is_main", is_main);
        json_put_bool(act, "is_open", sent == NULL ? is_main : is_sent);
        put_field(act, "person", is_sent ? sent->step->person : "", sent);
        put_field(act, "note", is_sent ? sent->step->note : "", sent);
        json_array_append_new(list, act);
    }
    return list;
}

static bool
put_order(Ctx *ctx, const Order *order, const SentStep *sent, json_t *model, GError **error) {
    g_auto(Device) device = {0};
    if (!device_find(ctx->db, order->device_id, &device, error)) {
        return false;
    }
    g_autofree char *title = device_title(&device);
    g_autofree char *object = g_strdup_printf("maintenance:%" G_GINT64_FORMAT, order->id);
    g_autofree char *point =
        order->point_id == 0 ? NULL
                             : g_strdup_printf("/work/points/%" G_GINT64_FORMAT, order->point_id);
    json_put_int(model, "device_id", device.id);
    json_put_text(model, "device", title);
    json_put_text(model, "point_href", point);
    json_put_int(model, "version", order->version);
    json_put(model, "proof", ledger_badge(ctx->db, object));
    json_put_bool(model, "may_edit", principal_may(ctx->who, PERM_SENSING_EDIT));
    json_put(model, "acts", act_models(order->state, sent));
    json_put_bool(model, "is_over", is_over(order->state));
    json_put(model, "problems", json_null());
    return put_steps(ctx, order, model, error);
}

Response *order_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Order) order = {0};
    Response *refused;
    if (!find_order(ctx, req, &order, &refused)) {
        return refused;
    }
    g_autoptr(json_t) model = order_model(&order, ctx->now_us);
    return put_order(ctx, &order, NULL, model, &error)
               ? response_page("sensing/order", g_steal_pointer(&model))
               : response_problem(error, NULL);
}

static void check_step(const OrderStep *step, FormProblems *problems) {
    g_autofree char *person = g_strdup_printf("person-%s", order_state_word(step->state));
    g_autofree char *note = g_strdup_printf("note-%s", order_state_word(step->state));
    if (step->person[0] == '\0' || g_utf8_strlen(step->person, -1) > 50) {
        form_problem_add(problems, person, "写是谁，最多 50 个字");
    }
    if (g_utf8_strlen(step->note, -1) > 500) {
        form_problem_add(problems, note, "最多 500 个字");
    }
}

Response *order_step_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(256);
    g_auto(Order) order = {0};
    Response *refused;
    OrderStep step = {.person = sensing_form(req, texts, "person"),
                      .note = sensing_form(req, texts, "note")};
    if (!find_order(ctx, req, &order, &refused)) {
        return refused;
    }
    if (!order_state_parse(sensing_form(req, texts, "state"), &step.state)) {
        hz_fail(&error, HZ_ERROR_INVALID, "no such state");
        return response_problem(error, "没有这一步，请从维修单的页面重新进入");
    }
    FormProblems *problems = form_problems_new();
    check_step(&step, problems);
    if (form_has_problems(problems)) {
        g_autoptr(json_t) model = order_model(&order, ctx->now_us);
        SentStep sent = {&step, problems};
        if (!put_order(ctx, &order, &sent, model, &error)) {
            json_decref(problems);
            return response_problem(error, NULL);
        }
        return response_form_again("sensing/order", g_steal_pointer(&model), problems);
    }
    json_decref(problems);
    DeviceActor by = sensing_actor(ctx, texts);
    int64_t version = g_ascii_strtoll(sensing_form(req, texts, "version"), NULL, 10);
    if (!order_step(ctx->db, order.id, version, &step, &by, &error)) {
        return response_problem(error,
                                g_error_matches(error, HZ_ERROR, HZ_ERROR_CONFLICT)
                                    ? "您打开这一页以后，这张维修单有了新的进展。请回到它的页面再看"
                                    : NULL);
    }
    g_autofree char *path = g_strdup_printf(PATH "/%" G_GINT64_FORMAT, order.id);
    return response_redirect_flash(path, "已登记：%s", order_state_name_zh(step.state));
}

/* --- a new one ----------------------------------------------------------------------------------
 */

/* What it is about, from the address or the form: a device, a point of it, a spell. */
typedef struct About {
    Device device;
    Point point;
    int64_t edge_id;
    char *subject, *place;
} About;

static void about_clear(About *about) {
    device_clear(&about->device);
    point_clear(&about->point);
    g_free(about->subject);
    g_free(about->place);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(About, about_clear)

static int64_t id_of(const Request *req, const char *name) {
    const char *text = request_is_post(req) ? request_form(req, name) : request_query(req, name);
    int64_t id = 0;
    return text != NULL && g_ascii_string_to_signed(text, 10, 1, INT64_MAX, &id, NULL) ? id : 0;
}

static bool read_about(Ctx *ctx, const Request *req, About *about, GError **error) {
    int64_t point_id = id_of(req, "point");
    int64_t device_id = id_of(req, "device");
    about->edge_id = id_of(req, "edge");
    if (point_id != 0) {
        if (!point_find(ctx->db, point_id, &about->point, error)) {
            return false;
        }
        device_id = about->point.device_id;
    }
    if (!device_find(ctx->db, device_id, &about->device, error)) {
        return false;
    }
    if (point_id != 0) {
        g_autofree char *title = point_title(&about->point);
        about->subject = g_strdup(title);
        about->place = point_place(&about->point);
    } else {
        about->subject = device_title(&about->device);
        about->place = g_strdup(about->device.place);
    }
    return true;
}

static Response *form_response(const About *about, const OrderInput *input, FormProblems *bad) {
    json_t *model = json_object();
    g_autofree char *title = device_title(&about->device);
    g_autofree char *term = upkeep_term_text(about->device.region, UPKEEP_ORDER_DUE);
    form_field(model, "subject", input->subject, bad);
    form_field(model, "task", input->task, bad);
    form_field(model, "service_body", input->service_body, bad);
    form_field(model, "service_contact", input->service_contact, bad);
    form_field(model, "due", input->due, bad);
    json_put_int(model, "device_id", about->device.id);
    json_put_int(model, "point_id", about->point.id);
    json_put_int(model, "edge_id", about->edge_id);
    json_put_text(model, "device", title);
    json_put_text(model, "at", about->place);
    json_put_text(model, "term", term);
    json_put(model, "problems", json_null());
    sensing_put_bound(model, &about->device);
    return bad == NULL ? response_page("sensing/order_form", model)
                       : response_form_again("sensing/order_form", model, bad);
}

/* The device is there, the reader may see it, and somebody could answer for it. */
static bool find_about(Ctx *ctx, const Request *req, About *about, Response **ret_refused) {
    g_autoptr(GError) error = NULL;
    if (!read_about(ctx, req, about, &error)) {
        *ret_refused = response_problem(error, NULL);
        return false;
    }
    if (!device_is_visible(&about->device, ctx->who)) {
        *ret_refused = sensing_refuse(ctx, req, "不在您的辖区");
        return false;
    }
    if (about->device.region[0] == '\0') {
        hz_fail(&error, HZ_ERROR_CONFLICT, "the device is bound to nothing");
        *ret_refused =
            response_problem(error, "这台设备还没有登记到建筑或单位。先绑定，再开维修单");
        return false;
    }
    return true;
}

Response *order_new_page(Ctx *ctx, const Request *req) {
    g_auto(About) about = {0};
    Response *refused;
    if (!find_about(ctx, req, &about, &refused)) {
        return refused;
    }
    OrderInput input = {.subject = about.subject,
                        .task = "",
                        .service_body = about.device.service_body,
                        .service_contact = about.device.service_contact,
                        .due = ""};
    return form_response(&about, &input, NULL);
}

Response *order_new_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GStringChunk) texts = g_string_chunk_new(512);
    g_auto(About) about = {0};
    Response *refused;
    int64_t id;
    if (!find_about(ctx, req, &about, &refused)) {
        return refused;
    }
    OrderInput input = {.subject = sensing_form(req, texts, "subject"),
                        .task = sensing_form(req, texts, "task"),
                        .service_body = sensing_form(req, texts, "service_body"),
                        .service_contact = sensing_form(req, texts, "service_contact"),
                        .due = sensing_form(req, texts, "due")};
    FormProblems *problems = form_problems_new();
    order_input_check(&input, ctx->now_us, problems);
    if (form_has_problems(problems)) {
        return form_response(&about, &input, problems);
    }
    json_decref(problems);
    DeviceActor by = sensing_actor(ctx, texts);
    Order order = {.device_id = about.device.id,
                   .point_id = about.point.id,
                   .edge_id = about.edge_id,
                   .building_id = about.device.building_id,
                   .region = about.device.region,
                   .district = about.device.district,
                   .place = about.place};
    if (!order_send(ctx->db, &order, &input, &by, &id, &error)) {
        return response_problem(error, NULL);
    }
    g_autofree char *path = g_strdup_printf(PATH "/%" G_GINT64_FORMAT, id);
    return response_redirect_flash(path, "维修单已开。打印或念给维保单位，接单后登记");
}
