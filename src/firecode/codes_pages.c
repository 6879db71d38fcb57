/* The list of codes, those that got worse, and issuing the missing ones. */
#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/limits.h"
#include "firecode/firecode_pages.h"
#include "firecode/firecode_rules.h"
#include "registry/region.h"
#include "table/table_writer.h"

#include <string.h>

#define PATH "/work/codes"
#define MISSING_SHOWN 10000
#define FALL_US (30 * CLOCK_DAY_US)

typedef struct CodesAsk {
    FirecodeQuery query;
    char region[REGION_CODE_MAX + 1];
    char *text;
    const char *colour, *overdue; /* words; "" */
    bool is_own;                  /* nothing but the reader's own region was asked for */
} CodesAsk;

static void codes_ask_clear(CodesAsk *ask) {
    g_free(ask->text);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(CodesAsk, codes_ask_clear)

static const struct {
    const char *word, *name_zh;
    uint32_t bits;
} overdues[] = {{"any", "有记录逾期", 7},
                {"patrol", "日巡查逾期", OVERDUE_PATROL},
                {"handover", "值班交接逾期", OVERDUE_HANDOVER},
                {"maintenance", "月维保逾期", OVERDUE_MAINTENANCE}};

/* "62.17": the last row's score and building. */
static void read_place(const char *after, FirecodeQuery *query) {
    g_auto(GStrv) parts = g_strsplit(after == NULL ? "" : after, ".", 2);
    int64_t key = 0, id = 0;
    if (g_strv_length(parts) == 2 &&
        g_ascii_string_to_signed(parts[0], 10, -1000, 1000, &key, NULL) &&
        g_ascii_string_to_signed(parts[1], 10, 1, G_MAXINT64, &id, NULL)) {
        query->after_key = key;
        query->after_id = id;
    }
}

/* False: the region that was asked for is not the reader's. */
static bool read_ask(Ctx *ctx, const Request *req, CodesAsk *ask) {
    const char *region = request_query(req, "region");
    const char *text = request_query(req, "q");
    const char *colour = request_query(req, "colour");
    const char *overdue = request_query(req, "overdue");
    *ask = (CodesAsk){.colour = "", .overdue = "", .is_own = region == NULL || region[0] == '\0'};
    if (!region_code_parse(ask->is_own ? (ctx->who->region == NULL ? "" : ctx->who->region)
                                       : region,
                           ask->region) ||
        !region_is_inside(ask->region, ctx->who->region)) {
        return false;
    }
    ask->text = g_strstrip(g_strdup(text == NULL ? "" : text));
    ask->query = (FirecodeQuery){.region = ask->region,
                                 .text = ask->text[0] == '\0' ? NULL : ask->text,
                                 .limit = LIMIT_PAGE_ROWS + 1};
    RiskGrade grade = RISK_UNKNOWN;
    if (colour != NULL && colour[0] != '\0' && risk_parse(colour, &grade) &&
        grade != RISK_UNKNOWN) {
        ask->query.colour = grade;
        ask->colour = risk_colour(grade);
    }
    for (size_t i = 0; i < G_N_ELEMENTS(overdues); i++) {
        if (g_strcmp0(overdue, overdues[i].word) == 0) {
            ask->query.overdue = overdues[i].bits;
            ask->overdue = overdues[i].word;
        }
    }
    read_place(request_query(req, "after"), &ask->query);
    return true;
}

static Response *refuse(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    if (ctx->server != NULL) { /* tests call handlers without one */
        account_refused(ctx, req, "不在您的辖区");
    }
    hz_fail(&error, HZ_ERROR_DENIED, "outside of the region");
    return response_problem(error, "不在您的辖区");
}

/* "q=…&region=…" without the word `without`. Caller frees. */
static char *ask_words(const CodesAsk *ask, const char *without) {
    const char *const words[][2] = {{"q", ask->text},
                                    {"region", ask->is_own ? "" : ask->region},
                                    {"colour", ask->colour},
                                    {"overdue", ask->overdue}};
    GString *out = g_string_new(NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(words); i++) {
        if (words[i][1][0] != '\0' && g_strcmp0(words[i][0], without) != 0) {
            g_autofree char *value = g_uri_escape_string(words[i][1], NULL, FALSE);
            g_string_append_printf(out, "%s%s=%s", out->len > 0 ? "&" : "", words[i][0], value);
        }
    }
    return g_string_free(out, FALSE);
}

static void put_href(json_t *model, const char *key, const char *path, const char *words) {
    g_autofree char *href = g_strconcat(path, words[0] == '\0' ? "" : "?", words, NULL);
    json_put_text(model, key, href);
}

static bool put_filters(Ctx *ctx, const CodesAsk *ask, json_t *model, GError **error) {
    g_autofree char *today = clock_format_date(ctx->now_us);
    g_autoptr(GPtrArray) districts = region_districts(ctx->db, ctx->who->region, today, error);
    json_t *selects = json_array();
    json_put(model, "selects", selects);
    json_put_text(model, "q", ask->text);
    if (districts == NULL) {
        return false;
    }
    json_t *regions = json_array();
    form_option(regions, "", "我的辖区", ask->is_own);
    for (guint i = 0; i < districts->len; i++) {
        const Region *region = districts->pdata[i];
        form_option(regions,
                    region->code,
                    region->name,
                    !ask->is_own && strcmp(region->code, ask->region) == 0);
    }
    form_select(selects, "region", "区县", regions);
    json_t *colours = json_array();
    form_option(colours, "", "全部颜色", ask->colour[0] == '\0');
    for (int i = RISK_HIGH; i >= RISK_LOW; i--) {
        const char *word = risk_colour((RiskGrade)i);
        form_option(colours, word, risk_name_zh((RiskGrade)i), strcmp(word, ask->colour) == 0);
    }
    form_select(selects, "colour", "颜色", colours);
    json_t *late = json_array();
    form_option(late, "", "不限", ask->overdue[0] == '\0');
    for (size_t i = 0; i < G_N_ELEMENTS(overdues); i++) {
        form_option(late,
                    overdues[i].word,
                    overdues[i].name_zh,
                    strcmp(overdues[i].word, ask->overdue) == 0);
    }
    form_select(selects, "overdue", "楼里的记录", late);
    return true;
}

static void put_chips(const CodesAsk *ask, json_t *model) {
    const char *overdue = "";
    for (size_t i = 0; i < G_N_ELEMENTS(overdues); i++) {
        overdue = strcmp(overdues[i].word, ask->overdue) == 0 ? overdues[i].name_zh : overdue;
    }
    const struct {
        const char *word, *text;
    } all[] = {{"q", ask->text},
               {"region", ask->is_own ? "" : "只看一个区县"},
               {"colour", ask->colour[0] == '\0' ? "" : risk_name_zh(ask->query.colour)},
               {"overdue", overdue}};
    json_t *chips = json_array();
    for (size_t i = 0; i < G_N_ELEMENTS(all); i++) {
        if (all[i].text[0] != '\0') {
            g_autofree char *words = ask_words(ask, all[i].word);
            json_t *chip = json_object();
            json_put_text(chip, "text", all[i].text);
            put_href(chip, "href", PATH, words);
            json_array_append_new(chips, chip);
        }
    }
    json_put_text(model, "clear_href", json_array_size(chips) > 0 ? PATH : NULL);
    json_put(model, "chips", chips);
    json_put_text(model, "count_text", "分数低的在前");
}

static char *overdue_zh(uint32_t bits) {
    g_autoptr(GString) text = g_string_new(NULL);
    for (unsigned i = 0; i < LAW_RISK_DUTIES; i++) {
        if ((bits & 1u << i) != 0) {
            g_string_append_printf(text, "%s%s", text->len > 0 ? "、" : "", duty_zh((DutyKind)i));
        }
    }
    return g_strdup(text->str);
}

static json_t *row_model(const FirecodeRow *row, GHashTable *names) {
    g_autofree char *overdue = overdue_zh(row->score.overdue);
    const char *place = g_hash_table_lookup(names, row->region);
    json_t *model = json_object();
    json_put_int(model, "id", row->score.building_id);
    json_put_text(model, "name", row->name);
    json_put_text(model, "address", row->address);
    json_put_text(model, "place", place == NULL ? row->region : place);
    json_put_text(model, "height", height_class_name_zh(row->height));
    json_put_int(model, "score", row->score.score);
    json_put_text(model, "colour", risk_colour(row->score.colour));
    json_put_text(model, "colour_zh", risk_name_zh(row->score.colour));
    json_put_text(model, "overdue", overdue[0] == '\0' ? NULL : overdue);
    json_put_int(model, "known", row->score.known);
    json_put_int(model, "fall", row->score.fall);
    return model;
}

static GHashTable *place_names(Db *db, const GPtrArray *rows, GError **error) {
    g_autoptr(GPtrArray) codes = g_ptr_array_new();
    for (guint i = 0; i < rows->len; i++) {
        g_ptr_array_add(codes, ((FirecodeRow *)rows->pdata[i])->region);
    }
    return region_names(db, codes, error);
}

/* One more row than fits was asked for: its presence means that there is a next page. */
static void put_pager(GPtrArray *rows, const CodesAsk *ask, const char *path, json_t *model) {
    g_autofree char *words = ask_words(ask, NULL);
    json_t *pager = json_object();
    json_put_text(pager, "first", NULL);
    json_put_text(pager, "previous", NULL);
    json_put_text(pager, "next", NULL);
    json_put_text(pager, "note", "每页 50 栋");
    if (ask->query.after_id != 0) {
        put_href(pager, "first", path, words);
    }
    if (rows->len > LIMIT_PAGE_ROWS) {
        g_ptr_array_set_size(rows, LIMIT_PAGE_ROWS);
        const FirecodeRow *last = rows->pdata[rows->len - 1];
        int64_t key = ask->query.is_worse ? -last->score.fall : last->score.score;
        g_autofree char *next =
            g_strdup_printf("%s?%s%safter=%" G_GINT64_FORMAT ".%" G_GINT64_FORMAT,
                            path,
                            words,
                            words[0] == '\0' ? "" : "&",
                            key,
                            last->score.building_id);
        json_put_text(pager, "next", next);
    }
    json_put(model, "pager", pager);
}

static bool put_totals(Ctx *ctx, const CodesAsk *ask, json_t *model, GError **error) {
    g_autoptr(GArray) tallies = firecode_colours_by_district(ctx->db, ask->region, error);
    int64_t missing = 0;
    if (tallies == NULL ||
        !firecode_missing(ctx->db, ask->region, MISSING_SHOWN, &missing, error)) {
        return false;
    }
    json_t *totals = json_array();
    for (int colour = RISK_HIGH; colour >= RISK_LOW; colour--) {
        int64_t count = 0;
        for (guint i = 0; i < tallies->len; i++) {
            count += g_array_index(tallies, FirecodeTally, i).colours[colour];
        }
        json_t *total = json_object();
        json_put_text(total, "class", risk_colour((RiskGrade)colour));
        json_put_text(total, "text", risk_name_zh((RiskGrade)colour));
        json_put_int(total, "count", count);
        json_array_append_new(totals, total);
    }
    json_put(model, "totals", totals);
    json_put_int(model, "missing", missing);
    return true;
}

static bool
put_list(Ctx *ctx, const CodesAsk *ask, const char *path, json_t *model, GError **error) {
    g_autoptr(GPtrArray) rows = firecode_list(ctx->db, &ask->query, error);
    if (rows == NULL) {
        return false;
    }
    put_pager(rows, ask, path, model);
    g_autoptr(GHashTable) names = place_names(ctx->db, rows, error);
    json_t *list = json_array();
    json_put(model, "rows", list);
    for (guint i = 0; names != NULL && i < rows->len; i++) {
        json_array_append_new(list, row_model(rows->pdata[i], names));
    }
    return names != NULL;
}

Response *codes_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(CodesAsk) ask = {.text = NULL};
    g_autoptr(json_t) model = json_object();
    if (!read_ask(ctx, req, &ask)) {
        return refuse(ctx, req);
    }
    g_autofree char *words = ask_words(&ask, NULL);
    put_href(model, "csv_href", PATH ".csv", words);
    put_href(model, "sheets_href", PATH "/sheets", words);
    json_put_text(model, "region", ask.region);
    json_put_bool(model, "may_issue", principal_may(ctx->who, PERM_UNIT_EDIT));
    json_put_bool(model, "may_export", principal_may(ctx->who, PERM_EXPORT));
    put_chips(&ask, model);
    if (!put_filters(ctx, &ask, model, &error) || !put_totals(ctx, &ask, model, &error) ||
        !put_list(ctx, &ask, PATH, model, &error)) {
        return response_problem(error, NULL);
    }
    return response_page("firecode/codes", g_steal_pointer(&model));
}

/* --- those that got worse -----------------------------------------------------------------------
 */

/* What was lost in the last thirty days: sentences with their day. */
static bool put_why(Ctx *ctx, json_t *row, GError **error) {
    g_autoptr(GPtrArray) changes =
        firecode_history(ctx->db, json_get_int(row, "id", 0), ctx->now_us - FALL_US, 20, error);
    json_t *why = json_array();
    json_put(row, "why", why);
    for (guint i = 0; changes != NULL && i < changes->len; i++) {
        const FirecodeChange *change = changes->pdata[i];
        g_auto(GStrv) lines = g_strsplit(change->reasons, "\n", -1);
        g_autofree char *day = clock_format_day_zh(change->time_us, ctx->now_us);
        if (change->time_us < ctx->now_us - FALL_US) {
            break;
        }
        for (char **line = lines; *line != NULL; line++) {
            if (strstr(*line, "（扣 ") != NULL) {
                json_t *one = json_object();
                json_put_text(one, "day", day);
                json_put_text(one, "says", *line);
                json_array_append_new(why, one);
            }
        }
    }
    return changes != NULL;
}

Response *codes_worse_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(CodesAsk) ask = {.text = NULL};
    g_autoptr(json_t) model = json_object();
    if (!read_ask(ctx, req, &ask)) {
        return refuse(ctx, req);
    }
    ask.query.is_worse = true;
    if (!put_list(ctx, &ask, PATH "/worse", model, &error)) {
        return response_problem(error, NULL);
    }
    size_t i;
    json_t *row;
    json_array_foreach(json_object_get(model, "rows"), i, row) {
        if (!put_why(ctx, row, &error)) {
            return response_problem(error, NULL);
        }
    }
    return response_page("firecode/worse", g_steal_pointer(&model));
}

/* --- a file -------------------------------------------------------------------------------------
 */

static bool
write_row(TableWriter *writer, const FirecodeRow *row, GHashTable *names, GError **error) {
    g_autofree char *id = g_strdup_printf("%" G_GINT64_FORMAT, row->score.building_id);
    g_autofree char *score = g_strdup_printf("%" G_GINT64_FORMAT, row->score.score);
    g_autofree char *known = g_strdup_printf("%" G_GINT64_FORMAT, row->score.known);
    g_autofree char *fall = g_strdup_printf("%" G_GINT64_FORMAT, row->score.fall);
    g_autofree char *since = clock_format_date(row->score.since_us);
    g_autofree char *overdue = overdue_zh(row->score.overdue);
    const char *place = g_hash_table_lookup(names, row->region);
    const char *cells[] = {id,
                           row->name,
                           row->address,
                           place == NULL ? row->region : place,
                           height_class_name_zh(row->height),
                           risk_name_zh(row->score.colour),
                           score,
                           since,
                           known,
                           fall,
                           overdue};
    return table_write(writer, cells, error);
}

Response *codes_csv(Ctx *ctx, const Request *req) {
    static const TableColumn columns[] = {{"建筑编号", true},
                                          {"名称", false},
                                          {"地址", false},
                                          {"所在", false},
                                          {"高度类别", false},
                                          {"颜色", false},
                                          {"分数", true},
                                          {"这个颜色从", false},
                                          {"知道的项数", true},
                                          {"30 天里少了", true},
                                          {"逾期的记录", false}};
    g_autoptr(GError) error = NULL;
    g_auto(CodesAsk) ask = {.text = NULL};
    if (!read_ask(ctx, req, &ask)) {
        return refuse(ctx, req);
    }
    ask.query.limit = LIMIT_DIRECT_EXPORT;
    g_autoptr(GPtrArray) rows = firecode_list(ctx->db, &ask.query, &error);
    g_autoptr(GHashTable) names = rows == NULL ? NULL : place_names(ctx->db, rows, &error);
    g_autofree char *path = web_temp_path(ctx, "codes.csv");
    TableWriteOptions options = {.format = TABLE_CSV};
    g_autoptr(TableWriter) writer =
        names == NULL ? NULL : table_create(path, &options, columns, G_N_ELEMENTS(columns), &error);
    for (guint i = 0; writer != NULL && i < rows->len; i++) {
        if (!write_row(writer, rows->pdata[i], names, &error)) {
            return response_problem(error, NULL);
        }
    }
    if (writer == NULL || !table_finish(writer, &error)) {
        return response_problem(error, NULL);
    }
    return response_file(table_format_mime(TABLE_CSV), path, "高楼消防码.csv", true);
}

/* --- issuing ------------------------------------------------------------------------------------
 */

#define ISSUE_MAX 500 /* by one press of the button: some seconds */

Response *codes_issue_submit(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_autofree char *actor = NULL;
    char region[REGION_CODE_MAX + 1];
    unsigned issued = 0;
    const char *sent = request_form(req, "region");
    if (sent == NULL || !region_code_parse(sent, region) ||
        !region_is_inside(region, ctx->who->region)) {
        return refuse(ctx, req);
    }
    FirecodeActor by = code_actor(ctx, &actor);
    if (!firecode_issue_missing(ctx->db, region, ISSUE_MAX, &by, &issued, &error)) {
        return response_problem(error, NULL);
    }
    return response_redirect_flash(
        PATH, "发了 %u 个码%s", issued, issued == ISSUE_MAX ? "，还有没发完的，请再按一次" : "");
}
