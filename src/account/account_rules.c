/* Pure decisions: which role holds which permission, which roles may stand together. */
#include "account/account_rules.h"

#include "account/account.h"

#include <string.h>

#define P(permission) (1u << (unsigned)(permission))
#define EVERYBODY (P(PERM_PUBLIC) | P(PERM_SIGNED_IN))
#define READS_CASEWORK                                                                             \
    (P(PERM_UNIT_VIEW) | P(PERM_OFFICER_VIEW) | P(PERM_PLAN_VIEW) | P(PERM_INSPECTION_VIEW) |      \
     P(PERM_SENSING_VIEW))

typedef struct RoleLine {
    const char *word;
    const char *name_zh;
    uint32_t permissions;
} RoleLine;

/* One line per role: this table is the access review. */
static const RoleLine role_lines[ROLE_COUNT] = {
    [ROLE_INSPECTOR] = {"inspector",
                        "检查人员",
                        READS_CASEWORK | P(PERM_UNIT_EDIT) | P(PERM_EXPORT)},
    [ROLE_LEGAL_REVIEWER] = {"legal_reviewer", "法制审核人员", READS_CASEWORK | P(PERM_EXPORT)},
    [ROLE_LEADER] = {"leader",
                     "负责人",
                     READS_CASEWORK | P(PERM_PLAN_EDIT) | P(PERM_DRAW_RUN) | P(PERM_PUBLISH) |
                         P(PERM_EXPORT)},
    [ROLE_CLERK] = {"clerk",
                    "内勤",
                    READS_CASEWORK | P(PERM_UNIT_EDIT) | P(PERM_OFFICER_EDIT) | P(PERM_IMPORT) |
                        P(PERM_EXPORT) | P(PERM_PLAN_EDIT) | P(PERM_DRAW_RUN) | P(PERM_PUBLISH) |
                        P(PERM_SENSING_EDIT)},
    [ROLE_DUTY_OFFICER] = {"duty_officer",
                           "值班人员",
                           P(PERM_UNIT_VIEW) | P(PERM_OFFICER_VIEW) | P(PERM_INSPECTION_VIEW) |
                               P(PERM_SENSING_VIEW) | P(PERM_SENSING_EDIT) | P(PERM_ALARM_HANDLE)},
    [ROLE_TOWNSHIP_WORKER] = {"township_worker",
                              "乡镇街道人员",
                              P(PERM_UNIT_VIEW) | P(PERM_UNIT_EDIT) | P(PERM_INSPECTION_VIEW) |
                                  P(PERM_SENSING_VIEW)},
    [ROLE_AUDITOR] = {"auditor", "安全审计员", P(PERM_AUDIT_VIEW)},
    [ROLE_SYSTEM_ADMINISTRATOR] = {"system_administrator", "系统管理员", P(PERM_ACCOUNT_ADMIN)},
    [ROLE_SECURITY_ADMINISTRATOR] = {"security_administrator", "安全管理员", P(PERM_ROLE_ADMIN)},
};

#define SEPARATED_ROLES                                                                            \
    (ROLE_BIT(ROLE_AUDITOR) | ROLE_BIT(ROLE_SYSTEM_ADMINISTRATOR) |                                \
     ROLE_BIT(ROLE_SECURITY_ADMINISTRATOR))

const char *role_word(Role role) {
    g_assert((unsigned)role < ROLE_COUNT);
    return role_lines[role].word;
}

const char *role_name_zh(Role role) {
    g_assert((unsigned)role < ROLE_COUNT);
    return role_lines[role].name_zh;
}

bool role_parse(const char *word, Role *ret_role) {
    for (unsigned role = 0; word != NULL && role < ROLE_COUNT; role++) {
        if (strcmp(role_lines[role].word, word) == 0) {
            *ret_role = (Role)role;
            return true;
        }
    }
    return false;
}

uint32_t role_permissions(uint32_t roles) {
    uint32_t permissions = EVERYBODY;
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if ((roles & ROLE_BIT(role)) != 0) {
            permissions |= role_lines[role].permissions;
        }
    }
    return permissions;
}

bool role_set_allowed(uint32_t roles, const char **ret_reason_zh) {
    *ret_reason_zh = NULL;
    if ((roles >> ROLE_COUNT) != 0) {
        *ret_reason_zh = "没有这个角色";
        return false;
    }
    uint32_t separated = roles & SEPARATED_ROLES;
    if ((separated & (separated - 1)) != 0) {
        *ret_reason_zh = "系统管理员、安全管理员、安全审计员三种角色，一个账号只能有其中一种";
        return false;
    }
    if (separated != 0 && roles != separated) {
        *ret_reason_zh = "管理和审计角色不能与办案角色放在同一个账号上，请另开一个账号";
        return false;
    }
    return true;
}

char *role_set_zh(uint32_t roles) {
    GString *text = g_string_new(NULL);
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if ((roles & ROLE_BIT(role)) != 0) {
            g_string_append_printf(
                text, "%s%s", text->len > 0 ? "、" : "", role_lines[role].name_zh);
        }
    }
    if ((roles & ROLE_PUBLIC_BIT) != 0) {
        g_string_append_printf(text, "%s公众", text->len > 0 ? "、" : "");
    }
    return g_string_free(text, FALSE);
}

bool role_set_separated(uint32_t roles) {
    return (roles & SEPARATED_ROLES) != 0;
}

bool region_covers(const char *scope, const char *code) {
    if (scope == NULL || code == NULL || *scope == '\0') {
        return false;
    }
    /* Province, city, district are two digits each, street and community three. */
    size_t length = strlen(scope);
    while (length > 6 && length % 3 == 0 && strncmp(scope + length - 3, "000", 3) == 0) {
        length -= 3;
    }
    while (length > 2 && length <= 6 && length % 2 == 0 &&
           strncmp(scope + length - 2, "00", 2) == 0) {
        length -= 2;
    }
    return strncmp(scope, code, length) == 0;
}

bool login_valid(const char *login) {
    size_t length = strlen(login);
    return length >= 2 && length <= 32 &&
           strspn(login, "abcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

bool region_code_valid(const char *code) {
    size_t length = code == NULL ? 0 : strlen(code);
    return length >= 2 && length <= 12 && strspn(code, "0123456789") == length;
}

const char *password_problem_zh(const char *login, const char *password) {
    size_t length = strlen(password);
    if (length < PASSWORD_MIN) {
        return "密码至少写 10 个字符";
    }
    if (length > PASSWORD_MAX) {
        return "密码最多 128 个字节";
    }
    unsigned lower = 0, upper = 0, digits = 0, others = 0;
    for (const char *at = password; *at != '\0'; at++) {
        lower |= g_ascii_islower(*at);
        upper |= g_ascii_isupper(*at);
        digits |= g_ascii_isdigit(*at);
        others |= !g_ascii_isalnum(*at);
    }
    if (length < 16 && lower + upper + digits + others < 3) {
        return "不到 16 个字符的密码，要有大写字母、小写字母、数字、其他符号中的三种";
    }
    g_autofree char *folded = g_ascii_strdown(password, -1);
    if (*login != '\0' && strstr(folded, login) != NULL) {
        return "密码里不要出现登录名";
    }
    return NULL;
}

bool local_path(const char *path) {
    if (path == NULL || path[0] != '/' || path[1] == '/' || path[1] == '\\' || strlen(path) > 512) {
        return false;
    }
    for (const char *at = path; *at != '\0'; at++) {
        if ((unsigned char)*at < 0x20 || *at == 0x7f || *at == '\\') {
            return false;
        }
    }
    return true;
}
