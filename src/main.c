#include "cli/commands.h"

#include <locale.h>
#include <signal.h>

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    return commands_run(argc, argv);
}
