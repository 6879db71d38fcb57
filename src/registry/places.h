/* What an account's region and agency can be; src/modules.c hands it to the account room. */
#pragma once

#include "account/account.h"

extern const AccountPlaces registry_account_places;
