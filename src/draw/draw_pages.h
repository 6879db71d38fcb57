/* Handlers of this room (route table in draw_module.c) and what they share. */
#pragma once

#include "draw/draw_internal.h"
#include "registry/registry.h"
#include "web/web.h"

/* plan_pages.c */
Response *plans_page(Ctx *ctx, const Request *req);
Response *plan_page(Ctx *ctx, const Request *req);
Response *plan_publish_page(Ctx *ctx, const Request *req);
Response *plan_publish_submit(Ctx *ctx, const Request *req);
/* plan_form_pages.c */
Response *plan_new_page(Ctx *ctx, const Request *req);
Response *plan_new_submit(Ctx *ctx, const Request *req);
/* draw_pages.c */
Response *draws_page(Ctx *ctx, const Request *req);
Response *draw_page(Ctx *ctx, const Request *req);
Response *draw_csv(Ctx *ctx, const Request *req);
Response *draw_file(Ctx *ctx, const Request *req);
Response *draw_publish_page(Ctx *ctx, const Request *req);
Response *draw_publish_submit(Ctx *ctx, const Request *req);
/* draw_form_pages.c */
Response *draw_new_page(Ctx *ctx, const Request *req);
Response *draw_new_submit(Ctx *ctx, const Request *req);
Response *draw_freeze_submit(Ctx *ctx, const Request *req);
/* draw_step_pages.c */
Response *draw_commit_submit(Ctx *ctx, const Request *req);
Response *draw_reveal_submit(Ctx *ctx, const Request *req);
Response *draw_beacon_submit(Ctx *ctx, const Request *req);
Response *draw_run_submit(Ctx *ctx, const Request *req);
Response *draw_drop_submit(Ctx *ctx, const Request *req);
/* draw_share_pages.c */
Response *public_reveal_submit(Ctx *ctx, const Request *req);
/* draw_substitute_pages.c */
Response *draw_substitute_page(Ctx *ctx, const Request *req);
Response *draw_substitute_submit(Ctx *ctx, const Request *req);
/* draw_rule_pages.c */
Response *draw_rules_page(Ctx *ctx, const Request *req);
Response *draw_recuse_submit(Ctx *ctx, const Request *req);
Response *draw_exclude_submit(Ctx *ctx, const Request *req);
/* draw_public_pages.c */
Response *public_draws_page(Ctx *ctx, const Request *req);
Response *public_draw_page(Ctx *ctx, const Request *req);
Response *public_draw_file(Ctx *ctx, const Request *req);

/* --- draw_models.c --------------------------------------------------------------------------- */

/* "account:17"; caller frees. */
char *draw_actor(const Ctx *ctx);
/* Reading: the plan's region inside the reader's or around it. Acting: inside. */
bool draw_may_see(const Principal *who, const char *region);
bool draw_may_act(const Principal *who, const char *region);
/* The form value without blanks around it; never NULL; caller frees. */
char *draw_form_text(const Request *req, const char *name);
/* "12,345" under `key`. */
void json_put_count(json_t *model, const char *key, int64_t number);
const char *draw_object_kind_zh(const char *object_kind); /* "单位", "建筑" */
/* Chinese name of the use category that a stratum is. */
const char *draw_stratum_zh(const char *stratum);
/* District and what is below it; the code itself if unknown. Caller frees. */
char *draw_region_zh(Db *db, const char *region);

/* {id, title, year, version, agency, object_kind_zh, region_name, state, state_zh, state_class,
 * state_icon, is_draft, is_published, created, published, quota_total, reserve_total} */
json_t *plan_model(Db *db, const Plan *plan);
/* {id, number, title, year, object_kind_zh, region_name, date_from, date_to, hash_zh, seed_hex,
 * seed_text, seed_by, commit, result, drawn_at, counts …, is_published, published, badges} */
json_t *draw_model(Db *db, const Draw *draw);
/* {order, is_reserve, id, name, address, stratum_zh, ticket, ticket_short, lead, second, flag_zh}
 */
json_t *drawn_object_model(const DrawnObject *object);
/* A shell line that computes all tickets of an object, the smallest first. Caller frees. */
char *draw_hand_command(const Draw *draw, const DrawKeys *keys, const char *id, int64_t weight);
/* Sets model.find: what was asked and how those objects stood. Looks only inside the draw. */
bool draw_put_found(
    Db *db, const Draw *draw, const char *asked, json_t *model, int64_t now_us, GError **error);
/* Sets model.pager for a list that goes on with ?after=. */
void draw_put_pager(json_t *model, const char *path, int64_t next_after, const char *note);

/* Array: for each of these strata of the plan [{stratum_zh, coverage, count_text, quota_text,
 * risks:
 * [{risk_zh, cells: [{credit, chance (null: nobody there), weight, count_text}]}]}], from the pool
 * as it is now. NULL on error. */
json_t *draw_forecast_model(Ctx *ctx, const Plan *plan, const char *const *strata, GError **error);

/* --- between draw_pages.c and draw_step_pages.c ------------------------------------------------
 */

/* The page with one sentence that says what to change. */
typedef Response *(*DrawAgain)(Ctx *ctx,
                               const Request *req,
                               const Draw *draw,
                               const char *sentence);
/* Takes the share that the form brings, of the party it names. NULL: taken; else the answer. */
Response *
draw_take_share(Ctx *ctx, const Request *req, const Draw *draw, const char *actor, DrawAgain again);
/* The page of a draw for officers; NULL and *error. */
json_t *draw_work_model(Ctx *ctx, const Request *req, const Draw *draw, GError **error);
/* The draw of {id}; else NULL and *ret_refusal. `is_public`: what anybody may know of. */
Draw *draw_wanted(Ctx *ctx, const Request *req, bool is_public, Response **ret_refusal);
/* The page of a draw for everybody; takes `problems` over (NULL: none). */
Response *draw_public_answer(
    Ctx *ctx, const Request *req, const Draw *draw, unsigned status, FormProblems *problems);
/* The same for officers, if this person may act on it. */
Draw *draw_own(Ctx *ctx, const Request *req, Response **ret_refusal);
/* What the next step asks of a person, as it stands at first; see views/draw.html. */
void draw_put_step_forms(Ctx *ctx, const Draw *draw, json_t *model);
/* Sets model.beacons, parties, witnessed and what the steps say of them. `is_public`: shares of a
 * sealed draw stay out until it is open. */
bool draw_put_protocol(Ctx *ctx, const Draw *draw, json_t *model, GError **error);

/* --- between draw_pages.c and draw_substitute_pages.c ------------------------------------------
 */

/* Sets model.substitutions and adds their file to model.files, which is set; without notes and
 * recusals for the public. `path`: of the draw's page. */
bool draw_put_substitutions(
    Ctx *ctx, const Draw *draw, const char *path, bool is_public, json_t *model, GError **error);
/* Sets substitute_href of each target: where its substitution is asked for, or null. */
void draw_put_substitute_links(const Draw *draw, bool may_act, json_t *model);
/* substitutions.tsv, or 404. */
Response *draw_substitutions_response(Ctx *ctx, const Draw *draw, bool is_public);
