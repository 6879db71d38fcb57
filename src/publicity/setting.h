/*
 * Settings of the whole installation, few and rarely changed: `huozheng init` writes them.
 * Thread: that of the Db; the site settings are cached for all threads.
 */
#pragma once

#include "store/store.h"

#define SETTING_SITE_NAME "site_name" /* "重庆市消防监督": header and page titles */
#define SETTING_SITE_HOST "site_host" /* who runs it: foot of every public page */
#define SETTING_DEMO "demo"           /* not empty: the data are made up; the banner's text */

/* Adds or replaces, in the caller's transaction or alone. */
bool setting_set(Db *db, const char *key, const char *value, int64_t now_us, GError **error);
/* *ret_value: copied, NULL when it was never set. Caller frees. */
bool setting_get(Db *db, const char *key, char **ret_value, GError **error);

/* What every page shows. */
typedef struct SiteSettings {
    char name[128];
    char host[256];
    char demo[256]; /* "" unless the data are made up */
} SiteSettings;

/* Read at most every few seconds; `owner` tells servers of one process apart (tests). Defaults when
 * the database cannot be read: a page about that must still have a frame. */
void setting_site(Db *db, const void *owner, SiteSettings *ret_settings);
