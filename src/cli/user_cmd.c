/* huozheng user list | add LOGIN | lock LOGIN | unlock LOGIN | passwd LOGIN | roles LOGIN */
#include "account/account.h"
#include "base/error.h"
#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

typedef struct UserOptions {
    char *db, *name, *roles, *region;
    gint64 agency, officer;
    gboolean json, password_stdin;
    char **rest; /* action and login */
} UserOptions;

static void user_options_clear(UserOptions *options) {
    g_free(options->db);
    g_free(options->name);
    g_free(options->roles);
    g_free(options->region);
    g_strfreev(options->rest);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(UserOptions, user_options_clear)

#define ACTOR "cli"

/* --- printing ----------------------------------------------------------------------------------
 */

static json_t *account_document(const Account *account) {
    json_t *document = json_object();
    json_t *roles = json_array();
    for (unsigned role = 0; role < ROLE_COUNT; role++) {
        if ((account->roles & ROLE_BIT(role)) != 0) {
            json_array_append_new(roles, json_string(role_word((Role)role)));
        }
    }
    json_put_int(document, "id", account->id);
    json_put_text(document, "login", account->login);
    json_put_text(document, "name", account->name);
    json_put(document, "roles", roles);
    json_put_text(document, "region", account->region);
    json_put_int(document, "agency", account->agency_id);
    json_put_int(document, "officer", account->officer_id);
    json_put_bool(document, "locked", account->is_locked);
    json_put_bool(document, "must_change_password", account->must_change_password);
    return document;
}

/* Takes `document` over. */
static void print_json(json_t *document) {
    g_autoptr(json_t) owned = document;
    g_autofree char *text = json_write(owned);
    puts(text);
}

/* The account as it is now; `password` NULL: none was made. */
static bool print_account(
    Db *db, const char *login, const char *password, const UserOptions *options, GError **error) {
    g_autoptr(Account) account = account_find_login(db, login, error);
    if (account == NULL) {
        return false;
    }
    if (options->json) {
        json_t *document = account_document(account);
        json_put_text(document, "password", password);
        print_json(document);
        return true;
    }
    g_autofree char *roles = role_set_zh(account->roles);
    printf("%s  %s  region %s  roles %s%s\n",
           account->login,
           account->name,
           account->region,
           *roles != '\0' ? roles : "-",
           account->is_locked ? "  LOCKED" : "");
    if (password != NULL) {
        printf("one-time password, shown only now: %s\n", password);
    }
    return true;
}

/* --- actions -----------------------------------------------------------------------------------
 */

static bool parse_roles(const char *words, uint32_t *ret_roles, GError **error) {
    *ret_roles = 0;
    g_auto(GStrv) list = g_strsplit(words != NULL ? words : "", ",", -1);
    for (char **word = list; *word != NULL; word++) {
        Role role;
        if (**word == '\0') {
            continue;
        }
        if (!role_parse(*word, &role)) {
            return hz_fail(error, HZ_ERROR_INVALID, "no role \"%s\"", *word);
        }
        *ret_roles |= ROLE_BIT(role);
    }
    return true;
}

/* One line from stdin, without its end. Caller frees. */
static char *read_password(GError **error) {
    char line[256];
    if (fgets(line, sizeof line, stdin) == NULL) {
        hz_fail(error, HZ_ERROR_INVALID, "no password on standard input");
        return NULL;
    }
    line[strcspn(line, "\r\n")] = '\0';
    return g_strdup(line);
}

static bool wanted_password(const UserOptions *options, char **ret_password, GError **error) {
    *ret_password = options->password_stdin ? read_password(error) : NULL;
    return !options->password_stdin || *ret_password != NULL;
}

static bool add(Db *db, const char *login, const UserOptions *options, GError **error) {
    g_autofree char *given = NULL;
    g_autofree char *made = NULL;
    int64_t id = 0;
    NewAccount account = {.login = login,
                          .name = options->name != NULL ? options->name : login,
                          .region = options->region != NULL ? options->region : "00",
                          .agency_id = options->agency > 0 ? options->agency : 0,
                          .officer_id = options->officer > 0 ? options->officer : 0};
    if (!parse_roles(options->roles, &account.roles, error) ||
        !wanted_password(options, &given, error)) {
        return false;
    }
    account.password = given;
    return account_create(db, &account, ACTOR, clock_now_us(), &id, &made, error) &&
           print_account(db, login, made, options, error);
}

static bool
set_locked(Db *db, const char *login, bool locked, const UserOptions *options, GError **error) {
    g_autoptr(Account) account = account_find_login(db, login, error);
    return account != NULL &&
           account_set_locked(db, account->id, locked, ACTOR, clock_now_us(), error) &&
           print_account(db, login, NULL, options, error);
}

static bool lock(Db *db, const char *login, const UserOptions *options, GError **error) {
    return set_locked(db, login, true, options, error);
}

static bool unlock(Db *db, const char *login, const UserOptions *options, GError **error) {
    return set_locked(db, login, false, options, error);
}

static bool passwd(Db *db, const char *login, const UserOptions *options, GError **error) {
    g_autofree char *given = NULL;
    g_autofree char *made = NULL;
    g_autoptr(Account) account = account_find_login(db, login, error);
    return account != NULL && wanted_password(options, &given, error) &&
           account_reset_password(db, account->id, given, ACTOR, clock_now_us(), &made, error) &&
           print_account(db, login, made, options, error);
}

/* What is not given stays as it is. */
static bool roles(Db *db, const char *login, const UserOptions *options, GError **error) {
    g_autoptr(Account) account = account_find_login(db, login, error);
    if (account == NULL) {
        return false;
    }
    RoleChange change = {.account_id = account->id,
                         .roles = account->roles,
                         .region = options->region != NULL ? options->region : account->region,
                         .agency_id = options->agency >= 0 ? options->agency : account->agency_id,
                         .officer_id =
                             options->officer >= 0 ? options->officer : account->officer_id,
                         .version = account->version};
    return (options->roles == NULL || parse_roles(options->roles, &change.roles, error)) &&
           account_set_roles(db, &change, ACTOR, clock_now_us(), error) &&
           print_account(db, login, NULL, options, error);
}

#define LIST_PAGE 200

static bool list(Db *db, const UserOptions *options, GError **error) {
    g_autofree char *after = g_strdup("");
    json_t *documents = json_array();
    g_autoptr(json_t) owned = documents;
    for (;;) {
        g_autoptr(GPtrArray) page = account_list(db, "", after, LIST_PAGE, error);
        if (page == NULL) {
            return false;
        }
        for (unsigned i = 0; i < page->len; i++) {
            const Account *account = g_ptr_array_index(page, i);
            g_autofree char *names = role_set_zh(account->roles);
            if (options->json) {
                json_array_append_new(documents, account_document(account));
            } else {
                printf("%-20s %-12s %s%s\n",
                       account->login,
                       account->region,
                       names,
                       account->is_locked ? "  LOCKED" : "");
            }
        }
        if (page->len < LIST_PAGE) {
            break;
        }
        const Account *last = g_ptr_array_index(page, page->len - 1);
        g_free(after);
        after = g_strdup(last->login);
    }
    if (options->json) {
        json_t *document = json_object();
        json_put(document, "accounts", g_steal_pointer(&owned));
        print_json(document);
    }
    return true;
}

/* --- the command -------------------------------------------------------------------------------
 */

typedef struct Action {
    const char *name;
    bool (*run)(Db *db, const char *login, const UserOptions *options, GError **error);
} Action;
static const Action actions[] = {
    {"add", add}, {"lock", lock}, {"unlock", unlock}, {"passwd", passwd}, {"roles", roles}};

static bool parse_options(UserOptions *options, int argc, char **argv, GError **error) {
    const GOptionEntry entries[] = {
        {"db", 0, 0, G_OPTION_ARG_STRING, &options->db, "sqlite:PATH or postgresql://…", "URL"},
        {"name", 0, 0, G_OPTION_ARG_STRING, &options->name, "name shown (add)", "NAME"},
        {"roles", 0, 0, G_OPTION_ARG_STRING, &options->roles, "inspector,leader,…", "WORDS"},
        {"region", 0, 0, G_OPTION_ARG_STRING, &options->region, "region code, 500103", "CODE"},
        {"agency", 0, 0, G_OPTION_ARG_INT64, &options->agency, "agency number, 0: none", "N"},
        {"officer", 0, 0, G_OPTION_ARG_INT64, &options->officer, "officer number, 0: none", "N"},
        {"password-stdin",
         0,
         0,
         G_OPTION_ARG_NONE,
         &options->password_stdin,
         "read the password from standard input (add, passwd); else a one-time password is made",
         NULL},
        {"json", 0, 0, G_OPTION_ARG_NONE, &options->json, "one JSON document", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &options->rest, NULL, NULL},
        G_OPTION_ENTRY_NULL,
    };
    g_autoptr(GOptionContext) context =
        g_option_context_new("list | add|lock|unlock|passwd|roles LOGIN");
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, &argc, &argv, error);
}

static const Action *wanted_action(const UserOptions *options) {
    if (options->rest == NULL || g_strv_length(options->rest) != 2) {
        return NULL;
    }
    for (size_t i = 0; i < G_N_ELEMENTS(actions); i++) {
        if (strcmp(options->rest[0], actions[i].name) == 0) {
            return &actions[i];
        }
    }
    return NULL;
}

/* What the person can change is 1; a database that cannot be reached is 3. */
static int code_of(const GError *error) {
    static const int refusals[] = {
        HZ_ERROR_INVALID, HZ_ERROR_NOT_FOUND, HZ_ERROR_DENIED, HZ_ERROR_CONFLICT};
    for (size_t i = 0; i < G_N_ELEMENTS(refusals); i++) {
        if (g_error_matches(error, HZ_ERROR, refusals[i])) {
            return 1;
        }
    }
    return 3;
}

static int user_run(int argc, char **argv) {
    g_auto(UserOptions) options = {.agency = -1, .officer = -1};
    g_autoptr(GError) error = NULL;
    if (!parse_options(&options, argc, argv, &error)) {
        fprintf(stderr, "huozheng user: %s\n", error->message);
        return 2;
    }
    const Action *action = wanted_action(&options);
    bool is_list = options.rest != NULL && g_strv_length(options.rest) == 1 &&
                   strcmp(options.rest[0], "list") == 0;
    if (action == NULL && !is_list) {
        fputs("usage: huozheng user list | add|lock|unlock|passwd|roles LOGIN [OPTION…]\n", stderr);
        return 2;
    }
    g_assert(options.rest != NULL);
    g_autoptr(Db) db = db_open(commands_db_url(options.db), DB_READ_WRITE, &error);
    bool done =
        db != NULL && modules_migrate(db, &error) &&
        (is_list ? list(db, &options, &error) : action->run(db, options.rest[1], &options, &error));
    if (!done) {
        fprintf(stderr, "huozheng user: %s\n", error->message);
        return code_of(error);
    }
    return 0;
}

const Command user_command = {"user", "list, add, lock, unlock, passwd, roles", user_run};
