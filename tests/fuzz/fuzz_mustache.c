/* Any bytes as a template, rendered over a fixed model with itself as partial and parent: no crash,
 * no leak, bounded work, and escaping always holds. */
#include "base/json.h"
#include "web/template.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const Template *find_itself(const char *name, void *data, GError **error) {
    (void)error;
    return strlen(name) <= 2 ? data : NULL;
}

static const char model_text[] =
    "{\"a\":\"<&>\\\"'\",\"b\":{\"a\":1,\"c\":{\"d\":null}},\"l\":[1,{\"a\":\"x\"},[2,3]],"
    "\"n\":null,\"t\":true,\"f\":false,\"r\":1.5,\"x_html\":\"ok\",\"e\":\"\"}";

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    g_autoptr(Template) template =
        template_parse("fuzz", (const char *)data, size, TEMPLATE_PLAIN, NULL);
    if (template == NULL) {
        return 0;
    }
    g_autoptr(json_t) model = json_read(model_text, sizeof model_text - 1, NULL);
    for (int strict = 0; strict < 2; strict++) {
        g_autoptr(GString) out = g_string_new(NULL);
        template_render(template,
                        model,
                        strict ? TEMPLATE_STRICT : TEMPLATE_PLAIN,
                        find_itself,
                        template,
                        out,
                        NULL);
        if (memchr(data, '<', size) == NULL) {
            /* no "<" in the template, so the one in the model must have been escaped */
            g_assert(memchr(out->str, '<', out->len) == NULL);
        }
    }
    return 0;
}
