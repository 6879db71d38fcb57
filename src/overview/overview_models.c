#include "overview/overview_models.h"

#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "casework/casework.h"

#include <string.h>

#define DISTRICT_DIGITS 6
#define NEAR_TENTHS 100 /* ten points */

void put_format(json_t *object, const char *key, const char *format, ...) {
    va_list args;
    va_start(args, format);
    g_autofree char *text = g_strdup_vprintf(format, args);
    va_end(args);
    json_put_text(object, key, text);
}

int64_t share_tenths(int64_t part, int64_t whole) {
    return whole <= 0 ? 0 : part * 1000 / whole;
}

char *share_text(int64_t part, int64_t whole) {
    int64_t tenths = share_tenths(part, whole);
    return whole <= 0 ? g_strdup("无")
                      : g_strdup_printf("%d.%d%%", (int)(tenths / 10), (int)(tenths % 10));
}

char *moment_text(int64_t time_us, int64_t now_us) {
    if (time_us == 0) {
        return g_strdup("从来没有");
    }
    g_autofree char *minute = clock_format_minute(time_us);
    g_autofree char *today = clock_format_date(now_us);
    return g_strdup(g_str_has_prefix(minute, today) ? minute + strlen(today) + 1 : minute);
}

char *short_name(const char *name) {
    static const char autonomous[] = "自治县";
    if (!g_str_has_suffix(name, autonomous) || g_utf8_strlen(name, -1) < 6) {
        return g_strdup(name);
    }
    g_autofree char *begin = g_utf8_substring(name, 0, 2);
    return g_strconcat(begin, "县", NULL);
}

/* --- the area -----------------------------------------------------------------------------------
 */

void area_clear(Area *area) {
    g_free(area->name);
    g_free(area->ended);
    *area = (Area){.name = NULL};
}

Response *area_refuse(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    if (ctx->server != NULL) { /* tests call handlers without one */
        account_refused(ctx, req, "超出管辖区域");
    }
    hz_fail(&error, HZ_ERROR_DENIED, "outside the own region");
    return response_problem(error, "这里不在您的管辖区域");
}

/* A question about an abolished district is one about its successor. */
static bool move_to_today(Ctx *ctx, Area *area, GError **error) {
    char district[DISTRICT_DIGITS + 1];
    g_strlcpy(district, area->code, sizeof district);
    int64_t today = coverage_district_now(ctx->db, district, ctx->now_us);
    if (strlen(area->code) < DISTRICT_DIGITS || today == region_district(district)) {
        return true;
    }
    area->ended = region_full_name(ctx->db, district, error);
    g_snprintf(area->code, sizeof area->code, "%" G_GINT64_FORMAT, today);
    return area->ended != NULL;
}

Response *area_read(Ctx *ctx, const Request *req, Area *ret_area) {
    g_autoptr(GError) error = NULL;
    g_auto(Area) area = {.name = NULL};
    const char *own = ctx->who->region;
    const char *asked = request_query(req, "region");
    bool is_asked = asked != NULL && asked[0] != '\0';
    if (own == NULL) {
        return area_refuse(ctx, req);
    }
    if (!region_code_parse(is_asked ? asked : own, area.code)) {
        hz_fail(&error, HZ_ERROR_INVALID, "region is no code");
        return response_problem(error, "没有这个区划代码");
    }
    if (!move_to_today(ctx, &area, &error)) {
        return response_problem(error, NULL);
    }
    /* whoever belonged to a district that has ended belongs to its successor */
    if (is_asked && !region_is_inside(area.code, own)) {
        return area_refuse(ctx, req);
    }
    area.name = region_full_name(ctx->db, area.code, &error);
    if (area.name == NULL) {
        return response_problem(error, NULL);
    }
    area.is_district = strlen(area.code) >= DISTRICT_DIGITS;
    *ret_area = area;
    area = (Area){.name = NULL};
    return NULL;
}

void area_put(const Ctx *ctx, json_t *model, const Area *area, const char *path) {
    json_t *object = json_object();
    char own[REGION_CODE_MAX + 1] = "";
    bool is_own = ctx->who->region != NULL && region_code_parse(ctx->who->region, own) &&
                  strcmp(own, area->code) == 0;
    json_put_text(object, "code", area->code);
    json_put_text(object, "name", area->name);
    json_put_text(object, "ended", area->ended);
    json_put_bool(object, "is_district", area->is_district);
    json_put_bool(object, "is_own", is_own);
    json_put_text(object, "up_href", is_own ? NULL : path);
    json_put(model, "area", object);
}

/* --- lines --------------------------------------------------------------------------------------
 */

const char *line_state_word(LineState state) {
    static const char *const words[] = {"met", "near", "far", "free", "empty"};
    g_assert((unsigned)state < G_N_ELEMENTS(words));
    return words[state];
}

void coverage_lines_clear(CoverageLines *lines) {
    for (guint i = 0; lines->lines != NULL && i < lines->lines->len; i++) {
        g_free(g_array_index(lines->lines, CoverageLine, i).name);
    }
    g_clear_pointer(&lines->lines, g_array_unref);
    *lines = (CoverageLines){.rule = NULL};
}

static LineState judge(const CoverageLine *line) {
    int64_t share = share_tenths(line->count.covered, line->count.buildings);
    return line->count.buildings == 0                                       ? LINE_EMPTY
           : line->group == NULL                                            ? LINE_NO_TARGET
           : line->aim.missing == 0                                         ? LINE_MET
           : line->group->share_percent * INT64_C(10) - share < NEAR_TENTHS ? LINE_NEAR
                                                                            : LINE_FAR;
}

static gint compare_lines(gconstpointer a, gconstpointer b) {
    const CoverageLine *x = a;
    const CoverageLine *y = b;
    if (x->aim.missing != y->aim.missing) {
        return x->aim.missing < y->aim.missing ? 1 : -1;
    }
    if (x->count.buildings != y->count.buildings) {
        return x->count.buildings < y->count.buildings ? 1 : -1;
    }
    return strcmp(x->code, y->code);
}

static GHashTable *names_of(Ctx *ctx, const GArray *counts, GError **error) {
    g_autoptr(GPtrArray) codes = g_ptr_array_new_with_free_func(g_free);
    for (guint i = 0; i < counts->len; i++) {
        int64_t district = g_array_index(counts, CoverageCount, i).district;
        g_ptr_array_add(codes, g_strdup_printf("%" G_GINT64_FORMAT, district));
    }
    return region_names(ctx->db, codes, error);
}

static bool add_line(
    Ctx *ctx, const CoverageCount *count, GHashTable *names, CoverageLines *lines, GError **error) {
    CoverageLine line = {.count = *count,
                         .none = count->buildings - count->covered - count->silent};
    g_snprintf(line.code, sizeof line.code, "%" G_GINT64_FORMAT, count->district);
    const LawBook *book = casework_book(line.code, error);
    if (book == NULL) {
        return false;
    }
    const LawCoverage *rule = law_coverage_at(book, ctx->now_us);
    line.group = rule == NULL ? NULL : law_coverage_group(rule, line.code);
    if (line.group != NULL) {
        line.aim = coverage_aim(line.group, count->buildings, count->covered);
        lines->missing += line.aim.missing;
        lines->targets += count->buildings > 0;
        lines->unmet += line.aim.missing > 0;
    }
    lines->rule = lines->rule == NULL ? rule : lines->rule;
    line.state = judge(&line);
    const char *name = g_hash_table_lookup(names, line.code);
    line.name = g_strdup(name == NULL ? line.code : name);
    g_array_append_val(lines->lines, line);
    return true;
}

bool coverage_lines(Ctx *ctx, const char *scope, CoverageLines *ret_lines, GError **error) {
    g_auto(CoverageLines) lines = {.lines = g_array_new(FALSE, FALSE, sizeof(CoverageLine))};
    g_autoptr(GArray) counts = coverage_counts(ctx->db, scope, error);
    g_autoptr(GHashTable) names = counts == NULL ? NULL : names_of(ctx, counts, error);
    if (names == NULL) {
        return false;
    }
    for (guint i = 0; i < counts->len; i++) {
        if (!add_line(ctx, &g_array_index(counts, CoverageCount, i), names, &lines, error)) {
            return false;
        }
    }
    if (lines.rule == NULL) {
        const LawBook *book = casework_book(scope, error);
        if (book == NULL) {
            return false;
        }
        lines.rule = law_coverage_at(book, ctx->now_us);
    }
    g_array_sort(lines.lines, compare_lines);
    lines.sum = coverage_sum(counts);
    *ret_lines = lines;
    lines = (CoverageLines){.rule = NULL};
    return true;
}

/* "差 2.6 点": to the tenth of a percent that is shown. */
static char *line_state_text(const CoverageLine *line) {
    int64_t share = share_tenths(line->count.covered, line->count.buildings);
    int64_t gap = line->group == NULL ? 0 : line->group->share_percent * INT64_C(10) - share;
    switch (line->state) {
    case LINE_MET:
        return g_strdup("达标");
    case LINE_NO_TARGET:
        return g_strdup("没有目标");
    case LINE_EMPTY:
        return g_strdup("没有高层");
    case LINE_NEAR:
    case LINE_FAR:
        break;
    }
    gap = MAX(gap, 1);
    return g_strdup_printf("差 %d.%d 点", (int)(gap / 10), (int)(gap % 10));
}

json_t *coverage_line_model(const CoverageLine *line, int64_t now_us) {
    json_t *model = json_object();
    const CoverageCount *count = &line->count;
    int64_t share = share_tenths(count->covered, count->buildings);
    int64_t target = line->group == NULL ? 0 : line->group->share_percent * INT64_C(10);
    g_autofree char *text = share_text(count->covered, count->buildings);
    g_autofree char *state = line_state_text(line);
    g_autofree char *due =
        line->group == NULL ? NULL : clock_format_date(line->aim.due_us - CLOCK_DAY_US);
    json_put_text(model, "code", line->code);
    json_put_text(model, "name", line->name);
    g_autofree char *brief = short_name(line->name);
    json_put_text(model, "short", brief);
    put_format(model, "href", "/work/coverage?region=%s", line->code);
    put_format(model, "list", "/work/coverage/buildings?region=%s", line->code);
    json_put_int(model, "buildings", count->buildings);
    json_put_int(model, "covered", count->covered);
    json_put_int(model, "silent", count->silent);
    json_put_int(model, "none", line->none);
    json_put_text(model, "share", text);
    put_format(model, "width", "%d.%d", (int)(share / 10), (int)(share % 10));
    /* what is missing to the target, from the share on */
    int64_t gap = line->aim.missing > 0 ? MAX(target - share, 0) : 0;
    put_format(model, "gap", "%d.%d", (int)(gap / 10), (int)(gap % 10));
    json_put_bool(model, "has_gap", gap > 0);
    json_put_bool(model, "has_target", line->group != NULL);
    put_format(model, "target_x", "%.1f", (double)MIN(target, 996) / 10);
    if (line->group != NULL) {
        put_format(model, "target", "%d%%", line->group->share_percent);
    } else {
        json_put_text(model, "target", NULL);
    }
    json_put_text(model, "group", line->group == NULL ? NULL : line->group->name);
    json_put_text(model, "due", due);
    json_put_int(model, "missing", line->aim.missing);
    json_put_text(model, "state", line_state_word(line->state));
    json_put_text(model, "state_zh", state);
    json_put_bool(model, "is_unmet", line->state == LINE_NEAR || line->state == LINE_FAR);
    json_put_bool(model, "is_met", line->state == LINE_MET);
    json_put_bool(model, "is_late", line->aim.missing > 0 && now_us >= line->aim.due_us);
    return model;
}

static void put_rule(json_t *model, const LawCoverage *rule) {
    json_t *groups = json_array();
    json_t *object = json_object();
    for (unsigned i = 0; i < rule->group_count; i++) {
        const LawCoverageGroup *group = &rule->groups[i];
        json_t *one = json_object();
        g_autofree char *due = clock_format_date(group->due_us - CLOCK_DAY_US);
        json_put_text(one, "name", group->name);
        put_format(one, "share", "%d%%", group->share_percent);
        json_put_text(one, "due", due);
        json_put_text(one, "note", group->districts_note);
        json_put_text(one,
                      "note_confidence",
                      group->districts == NULL ? NULL
                                               : law_confidence_zh(group->districts_confidence));
        json_array_append_new(groups, one);
    }
    json_put_text(object, "name", rule->entry.name);
    json_put_text(object, "basis", rule->entry.basis_zh[0] == '\0' ? NULL : rule->entry.basis_zh);
    json_put_text(object, "confidence", law_confidence_zh(rule->entry.confidence));
    json_put_int(object, "heard_days", rule->heard_days);
    json_put_text(object, "heard_note", rule->heard_note);
    json_put(object, "groups", groups);
    json_put_bool(object, "has_groups", rule->group_count > 0);
    json_put(model, "rule", object);
}

static void put_sum(json_t *model, const CoverageCount *sum, int64_t now_us) {
    json_t *object = json_object();
    g_autofree char *share = share_text(sum->covered, sum->buildings);
    g_autofree char *online = share_text(sum->devices_online, sum->devices);
    g_autofree char *counted = moment_text(sum->counted_us, now_us);
    json_put_int(object, "buildings", sum->buildings);
    json_put_int(object, "covered", sum->covered);
    json_put_int(object, "silent", sum->silent);
    json_put_int(object, "none", sum->buildings - sum->covered - sum->silent);
    json_put_int(object, "devices", sum->devices);
    json_put_int(object, "devices_online", sum->devices_online);
    json_put_int(object, "points", sum->points);
    json_put_int(object, "points_bad", sum->points_bad);
    json_put_text(object, "share", share);
    json_put_text(object, "online", online);
    json_put_text(object, "counted", sum->counted_us == 0 ? NULL : counted);
    json_put(model, "sum", object);
}

/* Of the next target that is not over. */
static void put_days_left(json_t *model, const CoverageLines *lines, int64_t now_us) {
    int64_t next_us = INT64_MAX;
    for (unsigned i = 0; lines->rule != NULL && i < lines->rule->group_count; i++) {
        int64_t due_us = lines->rule->groups[i].due_us;
        next_us = due_us > now_us ? MIN(next_us, due_us) : next_us;
    }
    if (next_us == INT64_MAX) {
        json_put_text(model, "days_left", NULL);
        return;
    }
    g_autofree char *day = clock_format_day_zh(next_us - CLOCK_DAY_US, now_us);
    int64_t days = (next_us - now_us) / CLOCK_DAY_US;
    put_format(model, "days_left", "离 %s 还有 %d 天", day, (int)days);
}

void coverage_lines_put(json_t *model, const CoverageLines *lines, int64_t now_us) {
    json_t *list = json_array();
    for (guint i = 0; i < lines->lines->len; i++) {
        const CoverageLine *line = &g_array_index(lines->lines, CoverageLine, i);
        json_array_append_new(list, coverage_line_model(line, now_us));
    }
    json_put_bool(model, "has_lines", lines->lines->len > 0);
    json_put(model, "lines", list);
    json_put_int(model, "unmet", lines->unmet);
    json_put_int(model, "missing", lines->missing);
    json_put_bool(model, "has_targets", lines->targets > 0);
    json_put_bool(model, "is_all_met", lines->targets > 0 && lines->unmet == 0);
    json_put(model, "rule", json_null());
    if (lines->rule != NULL) {
        put_rule(model, lines->rule);
    }
    put_sum(model, &lines->sum, now_us);
    put_days_left(model, lines, now_us);
}

char *forecast_text(const CoverageForecast *forecast, const CoverageAim *aim, int64_t now_us) {
    g_autofree char *day =
        forecast->day_us == 0 ? NULL : clock_format_day_zh(forecast->day_us, now_us);
    int64_t late = (forecast->day_us - aim->due_us) / CLOCK_DAY_US + 1;
    switch (forecast->outlook) {
    case COVERAGE_MET:
        return g_strdup("已经达标。");
    case COVERAGE_TOO_EARLY:
        return g_strdup_printf("记录还不到 %d 周，推算不了。", COVERAGE_FORECAST_LEAST);
    case COVERAGE_NOT_AT_ALL:
        return g_strdup_printf("按最近 %u 周的速度（每周 %+.1f 栋）达不到目标。",
                               forecast->weeks,
                               forecast->weekly_gain);
    case COVERAGE_IN_TIME:
        return g_strdup_printf("按最近 %u 周每周 %+.1f 栋直线推算，%s达到目标，赶得上期限。",
                               forecast->weeks,
                               forecast->weekly_gain,
                               day);
    case COVERAGE_LATE:
        return g_strdup_printf("按最近 %u 周每周 %+.1f 栋直线推算，%s才达到目标，比期限晚 %d 天。",
                               forecast->weeks,
                               forecast->weekly_gain,
                               day,
                               (int)late);
    }
    return g_strdup("");
}
