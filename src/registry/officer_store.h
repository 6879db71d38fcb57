/*
 * SQL of officers shared by the officer_*.c files. Thread: that of the Db.
 */
#pragma once

#include "registry/officer.h"

#define OFFICER_COLUMNS                                                                            \
    "o.id, o.name, o.certificate, o.certificate_until, o.agency_id, a.name, o.region, "            \
    "o.district, o.in_post, o.can_lead, o.phone, o.version, o.created_us, o.changed_us"
#define OFFICER_TABLES "officer o LEFT JOIN agency a ON a.id = o.agency_id"

/* Texts go into `texts`; officer->texts stays NULL. */
void officer_from_row(const DbRows *rows, GStringChunk *texts, Officer *officer);
/* Which of a JSON array of certificate numbers are stored: appended as StoredKey. */
bool officer_store_by_certificate(
    Db *db, const char *keys, GStringChunk *texts, GArray *found, GError **error);
