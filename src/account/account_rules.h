/* Rules of the account room that only its own files need; pure. Thread: any. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PASSWORD_MIN 10
#define PASSWORD_MAX 128 /* bytes; a longer one only costs hashing time */

#define SIGN_IN_WINDOW_US (INT64_C(15) * 60 * 1000000)
#define SIGN_IN_LOGIN_LIMIT 5 /* failures for one login within the window */
#define SIGN_IN_PEER_LIMIT 30 /* for one address: an office may sit behind one */

bool login_valid(const char *login);
bool region_code_valid(const char *code);
/* One of the three roles that stand alone. */
bool role_set_separated(uint32_t roles);
/* A path on this server, safe to redirect to after sign-in. */
bool local_path(const char *path);
