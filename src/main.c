#include "cli/commands.h"

#include <locale.h>
#include <signal.h>
#include <sys/stat.h>

int main(int argc, char **argv) {
    setlocale(LC_CTYPE, "C.UTF-8");
    signal(SIGPIPE, SIG_IGN);
    umask(077); /* database, uploads, exports, backups: personal data, for this user only */
    return commands_run(argc, argv);
}
