/*
 * Handlers of this room and what its pages share. The route table is in sensing_module.c. Thread:
 * the worker that runs the handler.
 */
#pragma once

#include "sensing/device_store.h"
#include "sensing/sensing_state.h"
#include "web/web.h"

/* Marks and answers a question that reaches outside the reader's region. */
Response *sensing_refuse(Ctx *ctx, const Request *req, const char *reason_zh);
/* The device {id} of the path, if this reader may see it; else NULL and the answer. */
bool sensing_find_device(Ctx *ctx, const Request *req, Device *ret_device, Response **ret_refused);
/* Same for the point {id} and its device. */
bool sensing_find_point(
    Ctx *ctx, const Request *req, Point *ret_point, Device *ret_device, Response **ret_refused);
const char *sensing_get_query(const void *req, const char *name);
/* The form value without blanks around it, never NULL. Lives as long as `texts`. */
const char *sensing_form(const Request *req, GStringChunk *texts, const char *name);
/* {actor, now}. The actor's text lives as long as `texts`. */
DeviceActor sensing_actor(const Ctx *ctx, GStringChunk *texts);

/* Districts of the reader's region as select "region"; none for readers of one district. */
bool sensing_put_regions(Ctx *ctx, json_t *selects, const char *chosen, GError **error);
/* {name, label, options: from words}: pairs value, text; ends with NULL. */
void sensing_put_select(json_t *selects,
                        const char *name,
                        const char *label,
                        const char *const *pairs,
                        const char *chosen);
/* model["pager"]: the first page and the next. `place`: "after=17", NULL: there is no next. */
void sensing_put_pager(json_t *model,
                       const char *path,
                       const char *words,
                       bool is_first,
                       const char *place,
                       const char *note);
void sensing_put_chip(json_t *model, const char *text, const char *path, const char *words);
/* "2026-11-22 17:15"; `none` when 0. */
void sensing_put_time(json_t *model, const char *key, int64_t time_us, const char *none);
/* "3 小时 20 分", "2 天 3 小时". Caller frees. */
char *sensing_duration(int64_t length_us);
/* "账号 17", "命令行", "系统". Caller frees. */
char *sensing_actor_zh(const char *actor);
/* "bound" buildings and units: model["building_href"], ["building"], ["unit_href"], ["unit"]. */
void sensing_put_bound(json_t *model, const Device *device);
/* model["proof"], model["history"], model["has_history"] of an object ("device", 17). */
bool sensing_put_traces(Ctx *ctx, json_t *model, const char *kind, int64_t id, GError **error);

/* "故障解除", "操作：复位". Caller frees. */
char *sensing_edge_text(EdgeKind kind, bool is_on, int64_t value);
/* {text, class, what, place, href, when} */
json_t *sensing_edge_model(const DeviceEdge *edge);

/* device_pages.c */
Response *devices_page(Ctx *ctx, const Request *req);
Response *device_page(Ctx *ctx, const Request *req);
/* The reader may ask this device something now. */
bool sensing_may_command(const Ctx *ctx, const Device *device);
Response *device_command_submit(Ctx *ctx, const Request *req);
/* device_form_pages.c */
Response *device_new_page(Ctx *ctx, const Request *req);
Response *device_new_submit(Ctx *ctx, const Request *req);
Response *device_edit_page(Ctx *ctx, const Request *req);
Response *device_edit_submit(Ctx *ctx, const Request *req);
Response *device_retire_page(Ctx *ctx, const Request *req);
Response *device_retire_submit(Ctx *ctx, const Request *req);
Response *device_key_page(Ctx *ctx, const Request *req);
Response *device_key_submit(Ctx *ctx, const Request *req);
/* device_bind_pages.c */
Response *device_bind_page(Ctx *ctx, const Request *req);
Response *device_bind_submit(Ctx *ctx, const Request *req);
/* point_pages.c */
Response *point_page(Ctx *ctx, const Request *req);
Response *point_submit(Ctx *ctx, const Request *req);
Response *point_limit_submit(Ctx *ctx, const Request *req);
/* state_pages.c */
Response *facilities_page(Ctx *ctx, const Request *req);
Response *faults_page(Ctx *ctx, const Request *req);
Response *shields_page(Ctx *ctx, const Request *req);
/* maintenance_pages.c */
Response *orders_page(Ctx *ctx, const Request *req);
Response *order_page(Ctx *ctx, const Request *req);
Response *order_new_page(Ctx *ctx, const Request *req);
Response *order_new_submit(Ctx *ctx, const Request *req);
Response *order_step_submit(Ctx *ctx, const Request *req);
