/*
 * The rules of law/ as models for pages: nothing is retold, everything is what the program itself
 * goes by. Shared by rule_*.c. Thread: any.
 */
#pragma once

#include "base/json.h"
#include "law/law_list.h"
#include "web/web.h"

/* What the address asks for: city (of a book), day. */
typedef struct RuleQuestion {
    const LawBook *book;
    const char *city; /* "chongqing" */
    int64_t time_us;  /* of `date`, else now */
} RuleQuestion;
/* NULL response: all is well. */
Response *rule_question(const Ctx *ctx, const Request *req, RuleQuestion *ret_question);
/* Selects "city" and the day for a filter form. */
void rule_put_question(json_t *model, const RuleQuestion *question);
/* "2021-04-29 起", "2018-07-01 至 2025-10-31". Caller frees. */
char *rule_validity_zh(const LawEntry *entry);
/* "原文" with a sentence of what that means. */
const char *rule_doubt_zh(LawConfidence confidence);

/* Puts "lines" [{label, text}], "grids" [{caption, columns [text], rows [{cells [text]}]}]: what
 * the entry says. */
void rule_put_body(json_t *model,
                   const RuleQuestion *question,
                   LawKind kind,
                   const LawEntry *entry);

/* --- rule_try.c: the rule asked with facts of the visitor --- */

/* Puts "try": null, or {fields, from, is_asked, answer, details [text], error, is_open}. */
void rule_put_try(json_t *model,
                  const Request *req,
                  const RuleQuestion *question,
                  LawKind kind,
                  const LawEntry *entry);
