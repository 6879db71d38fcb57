#include "cli/commands.h"

#include <stdio.h>
#include <string.h>

extern const Command backup_command;
extern const Command device_command;
extern const Command doctor_command;
extern const Command export_command;
extern const Command import_command;
extern const Command frame_command;
extern const Command init_command;
extern const Command draw_command;
extern const Command law_command;
extern const Command ledger_command;
extern const Command region_command;
extern const Command restore_command;
extern const Command serve_command;
extern const Command simulate_command;
extern const Command user_command;
extern const Command witness_command;
extern const Command verify_command;

const Command *const commands[] = {
    &init_command,
    &serve_command,
    &export_command,
    &import_command,
    &draw_command,
    &simulate_command,
    &device_command,
    &region_command,
    &frame_command,
    &law_command,
    &ledger_command,
    &doctor_command,
    &backup_command,
    &restore_command,
    &user_command,
    &witness_command,
    &verify_command,
    NULL,
};

static void print_help(FILE *out) {
    fputs("usage: huozheng COMMAND [OPTION…]\n\n"
          "Fire-safety supervision and enforcement platform. Commands:\n",
          out);
    for (const Command *const *command = commands; *command != NULL; command++) {
        fprintf(out, "  %-10s %s\n", (*command)->name, (*command)->summary);
    }
    fputs("\n`huozheng COMMAND --help` shows a command's options. Exit: 0 done, 1 refused or not "
          "valid,\n"
          "2 wrong usage, 3 cannot run.\n",
          out);
}

int commands_run(int argc, char **argv) {
    if (argc < 2) {
        print_help(stderr);
        return 2;
    }
    if (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "--help") == 0) {
        print_help(stdout);
        return 0;
    }
    for (const Command *const *command = commands; *command != NULL; command++) {
        if (strcmp(argv[1], (*command)->name) == 0) {
            return (*command)->run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "huozheng: no command \"%s\"; see huozheng --help\n", argv[1]);
    return 2;
}

const char *commands_db_url(const char *option) {
    if (option != NULL) {
        return option;
    }
    const char *from_environment = g_getenv("HUOZHENG_DB");
    return from_environment != NULL ? from_environment : "sqlite:huozheng.db";
}
