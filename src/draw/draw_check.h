/*
 * The verdict on a draw bundle in a folder (docs/verify.md): check by check what draw_compute does
 * in one go, and what the log says of it. Thread: any.
 */
#pragma once

#include "ledger/check.h"

/* Fills `verdict` (kind "draw"); false at the first check that fails. */
bool draw_check(Verdict *verdict, const char *folder, const CheckTrust *trust);
