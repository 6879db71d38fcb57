/* What the pages of this room share. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "firecode/firecode_pages.h"
#include "firecode/firecode_rules.h"
#include "firecode/qr_svg.h"
#include "ledger/ledger.h"
#include "registry/region.h"

#include <string.h>

#define HOST_MAX 255
#define REASON_MAX 200

/* --- address and code ---------------------------------------------------------------------------
 */

char *code_url(const Request *req, const char *path) {
    const char *host = request_header(req, "Host");
    bool is_secure = g_str_has_prefix(web_session_cookie(req), "__Host-");
    size_t size = host == NULL ? 0 : strlen(host);
    if (size == 0 || size > HOST_MAX ||
        strspn(host, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-:[]") !=
            size) {
        return NULL;
    }
    return g_strconcat(is_secure ? "https://" : "http://", host, path, NULL);
}

bool code_put_face(const Request *req, const char *code, json_t *model, GError **error) {
    g_autofree char *path = g_strconcat("/b/", code, NULL);
    g_autofree char *url = code_url(req, path);
    g_autofree char *text = code_text(code);
    json_t *qr = url == NULL ? json_null() : qr_model(url, error);
    if (qr == NULL) {
        return false;
    }
    json_put(model, "qr", qr);
    json_put_text(model, "url", url);
    json_put_text(model, "code", code);
    json_put_text(model, "code_text", text);
    json_put_text(model, "public_href", path);
    return true;
}

void code_put_colour(json_t *model, RiskGrade colour) {
    json_t *scale = json_array();
    json_put_text(model, "hue", colour_hue_zh(colour));
    json_put_text(model, "word", colour_word_zh(colour));
    json_put_text(model, "advice", colour_advice_zh(colour));
    json_put_text(model, "colour", risk_colour(colour));
    for (int grade = RISK_LOW; grade <= RISK_HIGH; grade++) {
        json_t *step = json_object();
        json_put_text(step, "class", risk_colour((RiskGrade)grade));
        json_put_text(step, "hue_zh", colour_hue_zh((RiskGrade)grade));
        json_put_text(step, "word_zh", colour_word_zh((RiskGrade)grade));
        json_put_bool(step, "is_now", grade == (int)colour);
        json_array_append_new(scale, step);
    }
    json_put(model, "scale", scale);
}

/* --- the score ----------------------------------------------------------------------------------
 */

const LawRisk *code_risk(const char *region, int64_t now_us, GError **error) {
    const LawBook *book = casework_book(region, error);
    return book == NULL ? NULL : law_risk_at(book, now_us, error);
}

char *code_score_text(const LawRisk *risk, const FirecodeScore *score) {
    const int least[RISK_COUNT] = {0, risk->green, risk->yellow, risk->orange, 0};
    const int most[RISK_COUNT] = {
        0, risk->start, risk->green - 1, risk->yellow - 1, risk->orange - 1};
    bool is_by_score = score->score >= least[score->colour] && score->score <= most[score->colour];
    g_autofree char *head = g_strdup_printf("%" G_GINT64_FORMAT " 分", score->score);
    return is_by_score
               ? g_strdup_printf("%s，%d 到 %d 分为%s码",
                                 head,
                                 least[score->colour],
                                 most[score->colour],
                                 colour_hue_zh(score->colour))
               : g_strdup_printf("%s，按分数还不到，按下面带“至少”的一项或者知道的太少定为%s码",
                                 head,
                                 colour_hue_zh(score->colour));
}

static const LawRiskIndicator *indicator_of(const LawRisk *risk, const char *id) {
    for (unsigned i = 0; i < risk->count; i++) {
        if (strcmp(risk->indicators[i].id, id) == 0) {
            return &risk->indicators[i];
        }
    }
    return NULL;
}

static json_t *reason_model(const LawRisk *risk, const LawRiskIndicator *indicator, json_t *mark) {
    int64_t points = json_get_int(mark, "points", 0);
    RiskGrade least = (RiskGrade)json_get_int(mark, "at_least", 0);
    g_autofree char *floor_zh =
        least == RISK_UNKNOWN ? NULL : g_strdup_printf("至少%s码", colour_hue_zh(least));
    json_t *reason = json_object();
    json_put_text(reason, "id", indicator->id);
    json_put_text(reason, "name", indicator->name);
    json_put_text(reason, "says", json_get_text(mark, "says", ""));
    json_put_text(reason, "impact", impact_zh(risk, points));
    json_put_int(reason, "points", points);
    json_put_text(reason, "at_least_zh", floor_zh);
    json_put_text(reason, "basis", indicator->basis_zh);
    json_put_bool(reason, "is_hidden", !indicator->is_public);
    return reason;
}

static int by_points(gconstpointer a, gconstpointer b) {
    const json_t *one = *(json_t *const *)a;
    const json_t *other = *(json_t *const *)b;
    int64_t difference = json_get_int(other, "points", 0) - json_get_int(one, "points", 0);
    return difference < 0 ? -1 : difference > 0;
}

/* Heaviest first; those of one weight as the table has them (g_ptr_array_sort is stable). */
static json_t *sorted(json_t *list) {
    g_autoptr(GPtrArray) all = g_ptr_array_new();
    json_t *out = json_array();
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one) {
        g_ptr_array_add(all, one);
    }
    g_ptr_array_sort(all, by_points);
    for (guint k = 0; k < all->len; k++) {
        json_array_append(out, all->pdata[k]);
    }
    json_decref(list);
    return out;
}

/* Where a mark is told: what takes points, what is not known, what is good, and what says nothing
 * of either (a fact of the building that costs nothing, a question that does not apply). */
static const char *list_of(const LawRiskIndicator *indicator, const json_t *mark) {
    const char *known = json_get_text(mark, "known", "");
    if (strcmp(known, "unknown") == 0) {
        return "unknown";
    }
    if (json_get_int(mark, "points", 0) > 0) {
        return "bad";
    }
    bool is_plain = strcmp(known, "absent") == 0 || g_str_has_prefix(indicator->fact, "building.");
    return is_plain ? "plain" : "good";
}

/* A sentence that several questions share is told once. */
static bool is_told(const json_t *list, const char *says) {
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)list, i, one) {
        if (strcmp(json_get_text(one, "says", ""), says) == 0) {
            return true;
        }
    }
    return false;
}

static void put_hidden(json_t *model, int64_t count, int64_t points) {
    g_autofree char *sentence =
        count == 0 ? NULL
                   : g_strdup_printf("另有 %" G_GINT64_FORMAT
                                     " 项不对公众公开（住户情况、单位等级等），合计扣 "
                                     "%" G_GINT64_FORMAT " 分。",
                                     count,
                                     points);
    json_put_text(model, "hidden", sentence);
}

void code_put_reasons(json_t *model,
                      const LawRisk *risk,
                      const FirecodeScore *score,
                      bool is_public) {
    static const char *const lists[] = {"bad", "good", "unknown", "plain"};
    int64_t hidden = 0, hidden_count = 0;
    for (size_t k = 0; k < G_N_ELEMENTS(lists); k++) {
        json_put(model, lists[k], json_array());
    }
    size_t i;
    json_t *mark;
    json_array_foreach(score->marks, i, mark) {
        const LawRiskIndicator *one = indicator_of(risk, json_get_text(mark, "id", ""));
        if (one == NULL || (is_public && !one->is_public)) {
            hidden += json_get_int(mark, "points", 0);
            hidden_count++;
            continue;
        }
        json_t *list = json_object_get(model, list_of(one, mark));
        if (!is_told(list, json_get_text(mark, "says", ""))) {
            json_array_append_new(list, reason_model(risk, one, mark));
        }
    }
    for (size_t k = 0; k < G_N_ELEMENTS(lists); k++) {
        g_autofree char *count = g_strconcat(lists[k], "_count", NULL);
        json_t *list = sorted(json_incref(json_object_get(model, lists[k])));
        json_put_int(model, count, (int64_t)json_array_size(list));
        json_put(model, lists[k], list);
    }
    put_hidden(model, hidden_count, hidden);
}

void code_put_duties(json_t *model,
                     const LawRisk *risk,
                     const FirecodeScore *score,
                     int64_t now_us) {
    json_t *list = json_array();
    for (unsigned i = 0; i < LAW_RISK_DUTIES; i++) {
        json_t *duty = json_object();
        g_autofree char *last = score->last_us[i] == 0
                                    ? g_strdup("还没有记录")
                                    : clock_format_day_zh(score->last_us[i], now_us);
        json_put_text(duty, "kind", risk->duties[i].id);
        json_put_text(duty, "name", risk->duties[i].name);
        json_put_text(duty, "last", last);
        json_put_bool(duty, "is_overdue", (score->overdue & 1u << i) != 0);
        json_array_append_new(list, duty);
    }
    json_put(model, "duties", list);
}

bool code_put_months(Db *db, int64_t building_id, int64_t now_us, json_t *model, GError **error) {
    static const int heights[RISK_COUNT] = {4, 22, 34, 46, 58};
    static const char *const classes[RISK_COUNT] = {"bg", "c1", "c2", "c3", "c4"};
    MonthColour months[MONTHS];
    g_autoptr(GPtrArray) changes =
        firecode_history(db, building_id, now_us - 366 * CLOCK_DAY_US, 5000, error);
    if (changes == NULL) {
        return false;
    }
    history_months(changes, now_us, months);
    json_t *bars = json_array();
    g_autoptr(GString) words = g_string_new(NULL);
    for (int i = 0; i < MONTHS; i++) {
        bool is_known = months[i].colour != RISK_UNKNOWN;
        int height = heights[months[i].colour];
        g_autofree char *x = g_strdup_printf("%.2f%%", 0.35 + i * 8.333);
        g_autofree char *middle = g_strdup_printf("%.2f%%", 4.15 + i * 8.333);
        g_autofree char *label = g_strdup_printf("%d", months[i].month);
        json_t *bar = json_object();
        json_put_text(bar, "x", x);
        json_put_text(bar, "middle", middle);
        json_put_int(bar, "y", 72 - height);
        json_put_int(bar, "height", height);
        json_put_int(bar, "text_y", 67 - height);
        json_put_text(bar, "label", label);
        json_put_text(bar, "hue_zh", is_known ? colour_hue_zh(months[i].colour) : "无");
        json_put_text(bar, "class", classes[months[i].colour]);
        json_array_append_new(bars, bar);
        g_string_append_printf(words,
                               "%s%d 月%s",
                               i > 0 ? "，" : "",
                               months[i].month,
                               is_known ? colour_hue_zh(months[i].colour) : "没有记录");
    }
    json_put(model, "months", bars);
    json_put_text(model, "months_zh", words->str);
    return true;
}

/* --- the building -------------------------------------------------------------------------------
 */

bool code_put_building(Db *db, const Building *building, json_t *model, GError **error) {
    g_autofree char *place = region_full_name(db, building->region, error);
    if (place == NULL) {
        return false;
    }
    g_autoptr(GString) facts = g_string_new(NULL);
    if (building->floors_above > 0) {
        g_string_append_printf(facts, "地上 %" G_GINT64_FORMAT " 层，", building->floors_above);
    }
    g_string_append_printf(facts,
                           "%s，%s",
                           height_class_name_zh(building->height_class),
                           category_get(building->category)->name_zh);
    if (building->built_year > 0) {
        g_string_append_printf(facts, "，%" G_GINT64_FORMAT " 年建成", building->built_year);
    }
    json_put_int(model, "id", building->id);
    json_put_text(model, "name", building->name);
    json_put_text(model, "address", building->address);
    g_auto(GStrv) names = g_strsplit(place, " ", 2);
    bool is_said = names[0] != NULL && strstr(building->address, names[0]) != NULL;
    json_put_text(model, "place", is_said ? "" : place);
    json_put_text(model, "facts", facts->str);
    return true;
}

bool code_put_proof(Db *db, int64_t building_id, json_t *model, GError **error) {
    g_autofree char *object = g_strdup_printf("building:%" G_GINT64_FORMAT, building_id);
    g_autoptr(GError) problem = NULL;
    int64_t index = 0;
    json_put(model, "proof", json_null());
    if (!ledger_latest(db, object, &index, &problem)) {
        if (g_error_matches(problem, HZ_ERROR, HZ_ERROR_NOT_FOUND)) {
            return true;
        }
        g_propagate_error(error, g_steal_pointer(&problem));
        return false;
    }
    g_autofree char *href = g_strdup_printf("/verify?leaf=%" G_GINT64_FORMAT, index);
    g_autofree char *text = g_strdup_printf("%" G_GINT64_FORMAT, index);
    json_t *proof = json_object();
    json_put_text(proof, "href", href);
    json_put_text(proof, "index_text", text);
    json_put(model, "proof", proof);
    return true;
}

Response *code_building(Ctx *ctx, const Request *req, Building *ret_building) {
    g_autoptr(GError) error = NULL;
    int64_t id = 0;
    if (!request_arg_id(req, "id", &id)) {
        return response_not_found();
    }
    if (!building_find(ctx->db, id, ret_building, &error)) {
        return response_problem(error, NULL);
    }
    if (region_is_inside(ret_building->region, ctx->who->region)) {
        return NULL;
    }
    if (ctx->server != NULL) { /* tests call handlers without one */
        account_refused(ctx, req, "不在您的辖区");
    }
    hz_fail(&error, HZ_ERROR_DENIED, "outside of the region");
    return response_problem(error, "不在您的辖区");
}

FirecodeActor code_actor(const Ctx *ctx, char **ret_actor) {
    *ret_actor = g_strdup_printf("account:%" G_GINT64_FORMAT, ctx->who->account_id);
    return (FirecodeActor){.actor = *ret_actor,
                           .who = "消防救援机构或乡镇街道人员",
                           .now_us = ctx->now_us,
                           .sender = ctx->who->account_id};
}

char *code_reason(const Request *req, const char *name, FormProblems *problems) {
    const char *sent = request_form(req, name);
    char *text = g_strstrip(g_strdup(sent == NULL ? "" : sent));
    if (text[0] == '\0') {
        form_problem_add(problems, name, "写原因，一句话就行");
    } else if (g_utf8_strlen(text, -1) > REASON_MAX) {
        form_problem_add(problems, name, "最多写 %d 个字", REASON_MAX);
    }
    return text;
}
