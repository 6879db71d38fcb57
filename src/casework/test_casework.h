/* Shared by the tests of this room: officers, actors, one attempt at an act. */
#pragma once

#include "account/account.h"
#include "base/clock.h"
#include "base/error.h"
#include "casework/casework_store.h"
#include "test_db.h"

#define CLERK 101
#define INSPECTOR 102
#define LEADER 104

/* What the tests migrate. */
extern const char *const case_rooms[];

int64_t at(const char *text);
/* An actor of district 500103 at noon of 2026-11-22. */
CaseActor actor(int64_t account, uint32_t roles, int64_t officer);
/* Officers 1 and 2 serve, 3 has left, 4 has an old certificate, 5 serves elsewhere. */
Db *fill(TestDb *fresh);
json_t *data_of(const char *text);

#define REGISTRATION                                                                                \
    "{\"channel\": \"hotline\", \"content\": \"blocked-exit\", \"description\": \"出口上锁\", " \
    "\"place\": \"演示路1号\", \"named\": \"yes\", \"reporter-name\": \"举报人某\", "       \
    "\"reporter-phone\": \"10000\"}"
#define VERIFICATION                                                                               \
    "{\"outcome\": \"true-as-reported\", \"findings\": \"挂锁\", \"measure\": \"ordered\"}"

/* A complaint about a locked exit in 500103, registered by CLERK. */
int64_t open_complaint(Db *db, const char *when);

typedef struct Try {
    const char *step, *when, *data;
    CaseActor actor;
    int64_t officers[3];
    size_t count;
    int64_t version;
} Try;

/* The rule that refuses, "" when it is done, "conflict". Caller frees. */
char *attempt(Db *db, int64_t id, const Try *one);
void assert_try(Db *db, int64_t id, const char *expected, Try one);
