/* Every word after "huozheng". One file per command; to add one, declare it in commands.c. */
#pragma once

#include "web/module.h"

extern const Command *const commands[]; /* ends with NULL */

/* Runs argv[1]; prints help for none, "help" or "--help". Returns the exit code. */
int commands_run(int argc, char **argv);

/* The database of this call: --db was given, else HUOZHENG_DB, else "sqlite:huozheng.db". */
const char *commands_db_url(const char *option);
