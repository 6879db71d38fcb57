#include "overview/map_models.h"

/* Numbers for SVG: a point, whatever the locale, two digits. */
static void put_number(json_t *object, const char *key, double number, const char *unit) {
    char text[G_ASCII_DTOSTR_BUF_SIZE];
    put_format(object, key, "%s%s", g_ascii_formatd(text, sizeof text, "%.2f", number), unit);
}

Picture picture_new(const OutlineMap *map, OutlineBox box, const char *label) {
    Picture picture = {.map = map, .box = box, .model = json_object()};
    put_format(picture.model, "view", "%.2f %.2f %.2f %.2f", box.x, box.y, box.width, box.height);
    json_put_text(picture.model, "label", label);
    json_put_bool(picture.model, "zoom", box.width < map->width);
    json_put(picture.model, "shapes", json_array());
    json_put(picture.model, "marks", json_array());
    return picture;
}

void picture_shape(const Picture *picture, const PictureShape *shape) {
    json_t *model = json_object();
    json_put_text(model, "href", shape->href);
    json_put_text(model, "d", shape->path);
    json_put_text(model, "class", shape->state);
    json_put_text(model, "title", shape->title);
    json_array_append_new(json_object_get(picture->model, "shapes"), model);
}

bool picture_shows(const Picture *picture, OutlineBox box) {
    OutlineBox both = outline_around(box, picture->box);
    return both.width < box.width + picture->box.width &&
           both.height < box.height + picture->box.height;
}

bool picture_holds(const Picture *picture, double x, double y) {
    return x >= picture->box.x && x <= picture->box.x + picture->box.width && y >= picture->box.y &&
           y <= picture->box.y + picture->box.height;
}

void picture_mark(const Picture *picture, const PictureMark *mark) {
    json_t *model = json_object();
    put_number(model, "x", (mark->x - picture->box.x) * 100 / picture->box.width, "%");
    put_number(model, "y", (mark->y - picture->box.y) * 100 / picture->box.height, "%");
    json_put_text(model, "class", mark->class);
    json_put_text(model, "text", mark->text);
    json_put_text(model, "href", mark->href);
    json_put_text(model, "title", mark->title);
    json_put_text(model, "r", NULL);
    if (mark->radius > 0) {
        put_format(model, "r", "%d", (int)mark->radius);
    }
    json_array_append_new(json_object_get(picture->model, "marks"), model);
}
