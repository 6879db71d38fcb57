/*
 * What the public sees: start page, records, search, a unit's public record, and the frame around
 * every page (name, navigation, demo banner). See README.md.
 */
#pragma once

#include "web/module.h"

extern const Module publicity_module;
