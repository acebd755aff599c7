/* hiredis_server.h: a redis-server of our own, on loopback, which keeps nothing and does not outlive the program. */
#ifndef HIREDIS_SERVER_H
#define HIREDIS_SERVER_H

#include "check.h"

#include <arpa/inet.h>
#include <hiredis/hiredis.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

typedef struct {
    pid_t process;
    int port;
    char directory[32];
} server_t;

/* A socket at a free port, at which nobody listens. */
static int bound(int *port)
{
    const int taken = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address;
    socklen_t size = sizeof address;

    memset(&address, 0, sizeof address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    CHECK(taken >= 0 && bind(taken, (struct sockaddr *)&address, size) == 0);
    CHECK(getsockname(taken, (struct sockaddr *)&address, &size) == 0);
    *port = ntohs(address.sin_port);
    return taken;
}

/* Starts one at that port, and waits until it answers. False: it has ended, since somebody else has the port. */
static int start_at(server_t *started, int port)
{
    char text[16];

    snprintf(text, sizeof text, "%d", port);
    strcpy(started->directory, "build/redis.XXXXXX");
    CHECK(mkdtemp(started->directory) != NULL);
    started->port = port;
    started->process = fork();
    CHECK(started->process >= 0);
    if (started->process == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        execlp("redis-server", "redis-server", "--bind", "127.0.0.1", "--port", text, "--dir", started->directory,
               "--save", "", "--appendonly", "no", "--enable-debug-command", "yes", "--loglevel", "warning",
               "--logfile", "/dev/null", (char *)NULL);
        _exit(127);
    }
    while (waitpid(started->process, NULL, WNOHANG) == 0) {
        redisContext *c = redisConnect("127.0.0.1", port);
        redisReply *reply = c == NULL || c->err != 0 ? NULL : (redisReply *)redisCommand(c, "INFO server");
        char line[40];
        int is_ours;

        snprintf(line, sizeof line, "process_id:%d\r\n", (int)started->process);
        is_ours = reply != NULL && reply->type == REDIS_REPLY_STRING && strstr(reply->str, line) != NULL;
        freeReplyObject(reply);
        redisFree(c);
        if (is_ours)
            return 1;
        usleep(10000);
    }
    (void)rmdir(started->directory);
    return 0;
}

static server_t start_server(void)
{
    server_t started;
    int port;

    do
        close(bound(&port));
    while (!start_at(&started, port));
    return started;
}

static void kill_server(server_t *started)
{
    CHECK(kill(started->process, SIGKILL) == 0);
    CHECK(waitpid(started->process, NULL, 0) == started->process);
    (void)rmdir(started->directory);
}

#endif
