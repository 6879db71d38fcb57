/* The room, and words that all of it shares. */
#include "law/law.h"

#include "law/law_book.h"

bool law_check(GError **error) {
    return law_book(NULL, error) != NULL;
}

const char *law_confidence_word(LawConfidence confidence) {
    static const char *const words[] = {"text", "secondary", "memory"};
    return words[confidence];
}

const char *law_confidence_zh(LawConfidence confidence) {
    static const char *const words[] = {"原文", "二手", "凭记忆"};
    return words[confidence];
}

const char *law_severity_zh(LawSeverity severity) {
    static const char *const words[] = {"较轻", "一般", "较重"};
    return words[severity];
}

const Module law_module = {.name = "law"};
