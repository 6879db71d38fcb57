/*
 * What rooms above know of a building, on its page: a heading, a few facts and links. Thread: the
 * worker that runs the handler.
 */
#pragma once

#include "web/web.h"

/* Starts a section of the page; facts and links are added to what it returns (borrowed). */
json_t *building_section_add(json_t *sections, const char *id, const char *title_zh);
/* `class` is that of a tag: b bad, w attention, k done; NULL: the value stands as plain text. */
void building_section_fact(json_t *section, const char *name, const char *value, const char *class);
void building_section_link(json_t *section, const char *href, const char *text);

/* Appends its sections, or none. Only for readers whose region covers the building; what else they
 * need (ctx->who) the source asks itself. Ends with NULL and stands in src/modules.c, because this
 * room may not know them. */
typedef bool (*BuildingSource)(Ctx *ctx, int64_t building_id, json_t *sections, GError **error);
extern const BuildingSource building_sources[];
