/* Shared by the agency_*_pages.c files. Thread: the worker that runs the handler. */
#pragma once

#include "registry/agency.h"
#include "registry/registry_pages.h"

/* The agency of the address, if it lies in the reader's region; else NULL is not answered but
 * *ret_refused. */
bool agency_page_find(Ctx *ctx, const Request *req, Agency *ret_agency, Response **ret_refused);
/* The same for somebody who may give it powers or end them: not a person of the agency itself, for
 * what was given comes from others (行政处罚法 20, 24). */
bool agency_page_find_other(Ctx *ctx,
                            const Request *req,
                            Agency *ret_agency,
                            Response **ret_refused);
/* {value, text, is_selected} for each kind of agency, or for each act. */
void agency_put_kinds(const LawBook *book, json_t *options, const char *chosen);
void agency_put_acts(const LawBook *book, json_t *options, const char *chosen);
