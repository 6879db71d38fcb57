/*
 * Who is asking, and what that lets them do. The route table names one Permission per route.
 * Which role holds which permission is decided in account/account_rules.c.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

typedef enum Permission {
    PERM_PUBLIC,          /* anybody, also without signing in */
    PERM_SIGNED_IN,       /* any account */
    PERM_UNIT_VIEW,       /* registry: units, places, buildings of the own region */
    PERM_UNIT_EDIT,       /* register, change, merge */
    PERM_OFFICER_VIEW,    /* officer library */
    PERM_OFFICER_EDIT,    /* change it */
    PERM_IMPORT,          /* import files */
    PERM_EXPORT,          /* export lists */
    PERM_PLAN_VIEW,       /* inspection plans and draws before publication */
    PERM_PLAN_EDIT,       /* make and change a plan */
    PERM_DRAW_RUN,        /* draw */
    PERM_INSPECTION_VIEW, /* inspections and matters; who may act on them stands in law/ */
    PERM_PUBLISH,         /* publish plan, draw, result */
    PERM_AUDIT_VIEW,      /* sign-ins, refusals, ledger */
    PERM_ACCOUNT_ADMIN,   /* system administrator: make and lock accounts */
    PERM_ROLE_ADMIN,      /* security administrator: grant roles and scope */
    PERM_SENSING_VIEW,    /* devices, their state and alarms of the own region */
    PERM_SENSING_EDIT,    /* register devices, set limits, order maintenance */
    PERM_ALARM_HANDLE,    /* confirm, verify and close alarms; duty checks */
    PERM_COUNT,
} Permission;

/* The signed-in account, loaded for each request. Texts are valid for the request. */
typedef struct Principal {
    int64_t account_id; /* 0: nobody is signed in */
    int64_t session_id;
    const char *login;
    const char *name;   /* shown */
    const char *region; /* 2..12 digit region code; covers every code it is a prefix of when its
                           trailing zeros are cut ("500000" covers "500103") */
    int64_t agency_id;
    int64_t officer_id;   /* 0: no officer behind this account */
    uint32_t permissions; /* bit n = Permission n */
    uint32_t roles;       /* bit n = Role n of the account room; for rules that name roles */
    bool must_change_password;
    char csrf[33]; /* token of this session, 32 hex digits */
} Principal;

static inline bool principal_may(const Principal *who, Permission permission) {
    return permission == PERM_PUBLIC || (who != 0 && (who->permissions >> permission & 1u) != 0);
}
