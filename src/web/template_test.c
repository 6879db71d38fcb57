#include "base/error.h"
#include "base/limits.h"
#include "web/template.h"

#include <string.h>

/* --- helpers -----------------------------------------------------------------------------------
 */

/* A set of partials: name -> Template, compiled from a JSON object of texts. */
static GHashTable *compile_partials(const json_t *texts) {
    GHashTable *partials =
        g_hash_table_new_full(g_str_hash, g_str_equal, NULL, (GDestroyNotify)template_free);
    const char *name;
    json_t *text;
    json_object_foreach((json_t *)texts, name, text) {
        g_autoptr(GError) error = NULL;
        Template *partial = template_parse(
            name, json_string_value(text), json_string_length(text), TEMPLATE_ANY_RAW, &error);
        g_assert_no_error(error);
        g_hash_table_insert(partials, (gpointer)name, partial);
    }
    return partials;
}

static const Template *find_partial(const char *name, void *data, GError **error) {
    (void)error;
    return g_hash_table_lookup(data, name);
}

/* Renders; NULL and *error as the engine gives them. Caller frees. */
static char *render(const char *text,
                    const json_t *model,
                    const json_t *partials,
                    TemplateFlags flags,
                    GError **error) {
    g_autoptr(Template) template = template_parse("t", text, strlen(text), flags, error);
    if (template == NULL) {
        return NULL;
    }
    g_autoptr(GHashTable) found = compile_partials(partials);
    g_autoptr(GString) out = g_string_new(NULL);
    if (!template_render(template, model, flags, find_partial, found, out, error)) {
        return NULL;
    }
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void expect(const char *text, const char *model_text, const char *expected) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_read(model_text, strlen(model_text), &error);
    g_assert_no_error(error);
    g_autofree char *got = render(text, model, NULL, TEMPLATE_STRICT, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, expected);
}

static void refuse(const char *text, HzErrorCode code, const char *message_part) {
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) model = json_pack("{s:s,s:[i,i],s:n}", "a", "x", "list", 1, 2, "none");
    g_autofree char *got = render(text, model, NULL, TEMPLATE_STRICT, &error);
    g_assert_null(got);
    g_assert_error(error, HZ_ERROR, (gint)code);
    if (strstr(error->message, message_part) == NULL) {
        g_error("\"%s\" does not say \"%s\"", error->message, message_part);
    }
}

/* --- the official cases ------------------------------------------------------------------------
 */

static void run_case(const json_t *test, const char *module) {
    const char *name = json_get_text(test, "name", "?");
    g_autoptr(GError) error = NULL;
    g_autofree char *got = render(json_get_text(test, "template", ""),
                                  json_object_get(test, "data"),
                                  json_object_get(test, "partials"),
                                  TEMPLATE_ANY_RAW,
                                  &error);
    if (error != NULL) {
        g_error("%s / %s: %s", module, name, error->message);
    }
    if (strcmp(got, json_get_text(test, "expected", "")) != 0) {
        g_error("%s / %s: expected \"%s\", got \"%s\"",
                module,
                name,
                json_get_text(test, "expected", ""),
                got);
    }
}

static void test_official_module(const void *data) {
    const char *module = data;
    const char *source = g_getenv("HUOZHENG_SOURCE");
    g_autofree char *path = g_strdup_printf(
        "%s/../shared/data/mustache-spec/%s.json", source != NULL ? source : ".", module);
    g_autofree char *text = NULL;
    gsize size = 0;
    if (!g_file_get_contents(path, &text, &size, NULL)) {
        g_test_skip("the official Mustache cases are not on this machine");
        return;
    }
    g_autoptr(GError) error = NULL;
    g_autoptr(json_t) spec = json_read(text, size, &error);
    g_assert_no_error(error);
    const json_t *tests = json_object_get(spec, "tests");
    size_t count = json_array_size(tests);
    g_assert_cmpuint(count, >, 0);
    for (size_t i = 0; i < count; i++) {
        run_case(json_array_get(tests, i), module);
    }
    g_test_message("%s: %zu official cases", module, count);
}

/* --- our own cases -----------------------------------------------------------------------------
 */

static void test_escapes(void) {
    expect("{{a}}|{{{b_html}}}|{{&b_html}}",
           "{\"a\":\"<a href='x'>\\\"&\", \"b_html\":\"<b>\"}",
           "&lt;a href=&#39;x&#39;&gt;&quot;&amp;|<b>|<b>");
    expect("{{n}} {{r}} {{t}} {{f}} {{z}}",
           "{\"n\":-3,\"r\":0.1,\"t\":true,\"f\":false,\"z\":null}",
           "-3 0.1 true false ");
}

static void test_falsy(void) {
    expect("{{#n}}n{{/n}}{{#z}}z{{/z}}{{#e}}e{{/e}}{{#l}}l{{/l}}{{#f}}f{{/f}}{{^f}}!{{/f}}",
           "{\"n\":0,\"z\":null,\"e\":\"\",\"l\":[],\"f\":false}",
           "!");
    expect("{{#o}}o{{/o}}{{#n}}{{n}}{{/n}}", "{\"o\":{},\"n\":2}", "o2");
}

static void test_names(void) {
    expect("{{#rows}}{{name}}:{{site.u}} {{/rows}}",
           "{\"rows\":[{\"name\":1},{\"name\":2}],\"site\":{\"u\":\"x\"}}",
           "1:x 2:x ");
    expect("[{{site.who.name}}]{{#list}}{{.}},{{/list}}",
           "{\"site\":{\"who\":null},\"list\":[1,2]}",
           "[]1,2,");
    expect("{{#l.0}}<ul>{{#l}}{{.}}{{/l}}</ul>{{/l.0}}{{#e.0}}!{{/e.0}}{{^e.0}}none{{/e.0}}{{l.1}}",
           "{\"l\":[1,2],\"e\":[]}",
           "<ul>12</ul>none2");
}

static void test_layout(void) {
    g_autoptr(json_t) partials = json_pack(
        "{s:s,s:s}",
        "web/base",
        "<title>{{$title}}?{{/title}}</title>\n{{$main}}{{/main}}\n<i>{{>web/foot}}</i>\n",
        "web/foot",
        "{{site}}");
    g_autoptr(json_t) model = json_pack("{s:s,s:[s,s]}", "site", "火正", "l", "a", "b");
    g_autoptr(GError) error = NULL;
    g_autofree char *got = render("{{<web/base}}\n{{$title}}单位{{/title}}\n{{$main}}\n<ul>\n"
                                  "{{#l}}\n<li>{{.}}\n{{/l}}\n</ul>\n{{/main}}\n{{/web/base}}\n",
                                  model,
                                  partials,
                                  TEMPLATE_STRICT,
                                  &error);
    g_assert_no_error(error);
    g_assert_cmpstr(got, ==, "<title>单位</title>\n<ul>\n<li>a\n<li>b\n</ul>\n\n<i>火正</i>\n");
}

static void test_refusals(void) {
    refuse("{{a}}\n 你{{ missing }}", HZ_ERROR_INVALID, "line 2, column 3: \"missing\"");
    refuse("{{#missing}}{{/missing}}", HZ_ERROR_INVALID, "not in the model");
    refuse("{{^missing}}{{/missing}}", HZ_ERROR_INVALID, "not in the model");
    refuse("{{a.b}}", HZ_ERROR_INVALID, "\"a.b\" is not in the model");
    refuse("{{list.x}}", HZ_ERROR_INVALID, "\"list.x\" is not in the model");
    refuse("{{list}}", HZ_ERROR_INVALID, "is a list");
    refuse("{{>nowhere}}", HZ_ERROR_INVALID, "no template \"nowhere\"");
    refuse("{{<nowhere}}{{/nowhere}}", HZ_ERROR_INVALID, "no template \"nowhere\"");
    refuse("{{{a}}}", HZ_ERROR_INVALID, "_html");
    refuse("{{&a}}", HZ_ERROR_INVALID, "_html");
    refuse("x\n{{a", HZ_ERROR_INVALID, "line 2, column 1: the tag is not closed");
    refuse("{{#a}}", HZ_ERROR_INVALID, "\"a\" is not closed");
    refuse("{{/a}}", HZ_ERROR_INVALID, "closes nothing");
    refuse("{{#a}}{{/b}}", HZ_ERROR_INVALID, "{{/b}} stands where {{/a}} is due");
    refuse("{{}}", HZ_ERROR_INVALID, "without a name");
    refuse("{{a b}}", HZ_ERROR_INVALID, "white space");
    refuse("{{a..b}}", HZ_ERROR_INVALID, "no name");
    refuse("{{=x=}}", HZ_ERROR_INVALID, "delimiters");
    refuse("{{=a b c=}}", HZ_ERROR_INVALID, "delimiters");
    refuse("{{<p}}{{a}}{{/p}}", HZ_ERROR_INVALID, "only blocks");
}

static void test_limits(void) {
    g_autoptr(GError) error = NULL;
    g_autoptr(GString) deep = g_string_new(NULL);
    for (int i = 0; i <= LIMIT_TEMPLATE_DEPTH; i++) {
        g_string_append(deep, "{{#a}}");
    }
    refuse(deep->str, HZ_ERROR_INVALID, "inside each other");
    g_autofree char *large = g_strnfill(LIMIT_TEMPLATE_SOURCE + 1, 'x');
    refuse(large, HZ_ERROR_LIMIT, "larger than");

    g_autoptr(json_t) model = json_object();
    g_autoptr(json_t) endless = json_pack("{s:s,s:s}", "p", "x{{>p}}", "q", "{{>q}}{{>q}}");
    g_assert_null(render("{{>p}}", model, endless, TEMPLATE_STRICT, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
    g_clear_error(&error);
    g_assert_null(render("{{>q}}", model, endless, TEMPLATE_STRICT, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
    g_clear_error(&error);

    /* 200^3 repetitions of one node stop at the step limit */
    json_t *list = json_array();
    for (int i = 0; i < 200; i++) {
        json_array_append_new(list, json_integer(i));
    }
    json_put(model, "l", list);
    g_assert_null(
        render("{{#l}}{{#l}}{{#l}}{{.}}{{/l}}{{/l}}{{/l}}", model, NULL, TEMPLATE_STRICT, &error));
    g_assert_error(error, HZ_ERROR, HZ_ERROR_LIMIT);
}

static void test_views(void) {
    g_autoptr(GError) error = NULL;
    const char *const none[] = {"web/nothing", "nothing", "/x", "web/", "../web/a", "a/b/c"};
    for (size_t i = 0; i < G_N_ELEMENTS(none); i++) {
        g_assert_null(view_find(none[i], &error));
        g_assert_error(error, HZ_ERROR, HZ_ERROR_NOT_FOUND);
        g_clear_error(&error);
    }
    const Template *first = view_find("web/public", &error);
    g_assert_no_error(error);
    g_assert_true(view_find("web/public", &error) == first);
}

int main(int argc, char **argv) {
    static const char *const modules[] = {"comments",
                                          "delimiters",
                                          "interpolation",
                                          "inverted",
                                          "partials",
                                          "sections",
                                          "~inheritance"};
    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(modules); i++) {
        g_autofree char *path = g_strdup_printf("/template/spec/%s", modules[i]);
        g_test_add_data_func(path, modules[i], test_official_module);
    }
    g_test_add_func("/template/escapes-html-and-writes-numbers", test_escapes);
    g_test_add_func("/template/empty-things-are-falsy", test_falsy);
    g_test_add_func("/template/names-are-found-outwards-and-inside", test_names);
    g_test_add_func("/template/a-page-fills-its-layout", test_layout);
    g_test_add_func("/template/mistakes-are-named-with-their-place", test_refusals);
    g_test_add_func("/template/endless-templates-are-stopped", test_limits);
    g_test_add_func("/view/found-by-name-and-kept", test_views);
    return g_test_run();
}
