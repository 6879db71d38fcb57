/* 举报火灾隐患 by people who are not signed in. See README.md. */
#pragma once

#include "web/module.h"

extern const Module report_module;

/* For WebOptions.admits: only who fills in a report, or follows one, may send files. */
bool report_admits(Ctx *ctx, const Request *req);
