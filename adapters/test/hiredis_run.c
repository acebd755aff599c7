/* hiredis_run.c: `hiredis-run PROGRAM` runs the program with the port of a redis-server of its own. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif

#include "hiredis_server.h"

int main(int argc, char **argv)
{
    int status = EXIT_FAILURE;
    server_t server;
    char port[16];
    pid_t child;

    running = "the example";
    (void)signal(SIGALRM, too_late);
    (void)alarm(LIMIT);
    server = start_server();
    snprintf(port, sizeof port, "%d", server.port);
    child = argc < 2 ? -1 : fork();
    if (child == 0) {
        execl(argv[1], argv[1], port, (char *)NULL);
        _exit(127);
    }
    if (child > 0)
        CHECK(waitpid(child, &status, 0) == child);
    kill_server(&server);
    return status == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
