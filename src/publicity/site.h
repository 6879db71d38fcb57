/* The frame around every page: model["site"]. For WebOptions.site. */
#pragma once

#include "web/web.h"

/* {name, host, is_demo, demo_text, prefs {theme, contrast, text, keys}, who {name, region_name}
 * or null, may_search, public_nav, nav, tabs, assets {css, js, htmx, icons},
 * ledger {size_text, time_text} or null}. The server adds csrf, flash, request_id and path. */
json_t *site_model(Ctx *ctx, const Request *req);

/* Reading preferences: the words of the cookie "hz_display", joined by dots. */
#define SITE_PREFS_COOKIE "hz_display"
typedef struct SitePrefs {
    bool is_dark, is_light; /* neither: as the device says */
    bool more_contrast;
    bool large_text;
    bool no_keys; /* single-key operation switched off (WCAG 2.1.4) */
} SitePrefs;
SitePrefs site_prefs_read(const char *cookie);
/* Caller frees. */
char *site_prefs_write(const SitePrefs *prefs);

/* "1,284,551". Caller frees. */
char *site_count_text(int64_t number);
