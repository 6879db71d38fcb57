/* /go?no=…: numbers carry brackets that stand badly in paths, so an address of their own resolves
 * them. */
#include "base/error.h"
#include "base/limits.h"
#include "casework/matter_pages.h"

#include <string.h>

/* People type the brackets that their keyboard has; blanks mean nothing. Caller frees. */
static char *plain_number(const char *typed) {
    static const char *const open[] = {"[", "(", "（", "【", "［"};
    static const char *const close[] = {"]", ")", "）", "】", "］"};
    g_autoptr(GString) out = g_string_new(typed);
    for (size_t i = 0; i < G_N_ELEMENTS(open); i++) {
        g_string_replace(out, open[i], "〔", 0);
        g_string_replace(out, close[i], "〕", 0);
    }
    g_string_replace(out, " ", "", 0);
    g_string_replace(out, "　", "", 0);
    return g_strdup(out->str);
}

static Response *ask_again(unsigned status, const char *typed, const char *problem) {
    json_t *model = json_object();
    g_autofree char *escaped = typed == NULL ? NULL : g_uri_escape_string(typed, NULL, false);
    g_autofree char *href = escaped == NULL ? g_strdup("/work/matters")
                                            : g_strconcat("/work/matters?q=", escaped, NULL);
    json_put_text(model, "no", typed);
    json_put_text(model, "problem", problem);
    json_put_text(model, "search_href", href);
    return response_page_status(status, "casework/go", model);
}

Response *matter_go_page(Ctx *ctx, const Request *req) {
    g_autoptr(GError) error = NULL;
    g_auto(Matter) matter = {0};
    const char *typed = request_query(req, "no");
    if (typed == NULL || typed[strspn(typed, " ")] == '\0') {
        return ask_again(200, NULL, NULL);
    }
    if (strlen(typed) > LIMIT_SEARCH_TEXT) {
        return ask_again(422, NULL, "编号太长");
    }
    g_autofree char *number = plain_number(typed);
    int64_t id = 0;
    if (!casework_resolve(ctx->db, number, &id, &error)) {
        return response_problem(error, NULL);
    }
    if (id == 0) {
        return ask_again(404, typed, "没有这个编号的案件或文书。请核对年份和顺序号。");
    }
    if (!casework_find(ctx->db, id, &matter, &error)) {
        return response_problem(error, NULL);
    }
    if (!matter_is_within(ctx, &matter)) {
        g_auto(LawRefusal)
            refusal = {.rule = "district", .reason_zh = g_strdup("这个编号的案件不在您的辖区")};
        return matter_refuse(ctx, req, &refusal);
    }
    g_autofree char *href = g_strdup_printf("/work/matters/%" G_GINT64_FORMAT, id);
    return response_redirect(href);
}
