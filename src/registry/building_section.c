/* What rooms above show on the page of a building. */
#include "registry/building_section.h"

json_t *building_section_add(json_t *sections, const char *id, const char *title_zh) {
    json_t *section = json_object();
    json_put_text(section, "id", id);
    json_put_text(section, "title", title_zh);
    json_put(section, "facts", json_array());
    json_put(section, "links", json_array());
    json_array_append_new(sections, section);
    return section;
}

void building_section_fact(json_t *section,
                           const char *name,
                           const char *value,
                           const char *class) {
    json_t *fact = json_object();
    json_put_text(fact, "name", name);
    json_put_text(fact, "value", value);
    json_put_text(fact, "class", class);
    json_array_append_new(json_object_get(section, "facts"), fact);
}

void building_section_link(json_t *section, const char *href, const char *text) {
    json_t *link = json_object();
    json_put_text(link, "href", href);
    json_put_text(link, "text", text);
    json_array_append_new(json_object_get(section, "links"), link);
}
