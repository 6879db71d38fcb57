/*
 * What law/ says about a report by the public: the acts that it opens to them, their forms, the
 * time in which somebody comes. Thread: that of the Db; the rules are constant.
 */
#pragma once

#include "casework/casework.h"

#define REPORT_KIND "complaint"
/* Fields of its forms that this room fills in or reads. */
#define REPORT_CHANNEL "channel"
#define REPORT_CHANNEL_WEB "web"
#define REPORT_CONTENT "content"
#define REPORT_DESCRIPTION "description"
#define REPORT_PLACE "place"
#define REPORT_PHOTOS "photos"
#define REPORT_NAMED "named"
#define REPORT_NAME "reporter-name"
#define REPORT_PHONE "reporter-phone"
#define REPORT_WORDS "words" /* of a supplement */
#define REPORT_TOLD                                                                                \
    "told" /* what the reporter is told: the only text of an officer that is shown */

typedef struct ReportLaw {
    const LawBook *book;
    const LawProcedure *procedure;
    const LawStep *opens, *adds;    /* NULL: not open to the public */
    const LawForm *form, *add_form; /* of them */
} ReportLaw;
/* The rules at a place; `region` NULL: of the installation, before the place is known. */
bool report_law(Db *db, const char *region, int64_t now_us, ReportLaw *ret_law, GError **error);

/* When somebody comes if this is reported now. ret_deadline->term is NULL when law/ says nothing.
 */
bool report_deadline(const ReportLaw *law,
                     const char *content,
                     int64_t now_us,
                     LawDeadline *ret_deadline,
                     GError **error);

/* The region of the agency that covers most: its book speaks before a place is known. NULL: there
 * is no agency. Caller frees. */
bool report_home(Db *db, char **ret_region, GError **error);
/* Districts in which an agency of this installation works, by code: array of Region * with code and
 * name. */
GPtrArray *report_districts(Db *db, int64_t now_us, GError **error);
