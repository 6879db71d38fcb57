/* Words of edges. */
#include "sensing/sensing.h"

#include <string.h>

static const char *const kind_words[EDGE_KIND_COUNT][2] = {
    [EDGE_FIRE] = {"fire", "火警"},
    [EDGE_FAULT] = {"fault", "故障"},
    [EDGE_SHIELD] = {"shield", "屏蔽"},
    [EDGE_SUPERVISE] = {"supervise", "监管"},
    [EDGE_START] = {"start", "启动"},
    [EDGE_FEEDBACK] = {"feedback", "反馈"},
    [EDGE_DELAY] = {"delay", "延时"},
    [EDGE_MAIN_POWER] = {"main-power", "主电故障"},
    [EDGE_BACKUP_POWER] = {"backup-power", "备电故障"},
    [EDGE_BUS] = {"bus", "总线故障"},
    [EDGE_LINK] = {"link", "通信线路故障"},
    [EDGE_MANUAL] = {"manual", "手动状态"},
    [EDGE_CONFIG] = {"config", "配置改变"},
    [EDGE_RESET] = {"reset", "复位"},
    [EDGE_OPERATION] = {"operation", "操作"},
    [EDGE_DUTY_ANSWER] = {"duty-answer", "查岗应答"},
    [EDGE_LIMIT] = {"limit", "数值超限"},
    [EDGE_ONLINE] = {"online", "在线"},
    [EDGE_FIRST] = {"first", "首次出现"},
};

const char *edge_kind_word(EdgeKind kind) {
    g_assert((unsigned)kind < EDGE_KIND_COUNT);
    return kind_words[kind][0];
}

const char *edge_kind_name_zh(EdgeKind kind) {
    g_assert((unsigned)kind < EDGE_KIND_COUNT);
    return kind_words[kind][1];
}

bool edge_kind_parse(const char *word, EdgeKind *ret_kind) {
    for (unsigned kind = 0; word != NULL && kind < EDGE_KIND_COUNT; kind++) {
        if (strcmp(kind_words[kind][0], word) == 0) {
            *ret_kind = (EdgeKind)kind;
            return true;
        }
    }
    return false;
}
