/* curl_server.c: a small HTTP server on 127.0.0.1, for the tests and the example of curl.h.
 *
 *     curl-server                  prints its port, and serves until its standard input ends
 *     curl-server 8000             the same, at that port
 *     curl-server --full           prints its port, and accepts nobody: there is no room for one more connection
 *     curl-server PROGRAM          runs the program with its URL as the argument, and ends as that does
 *
 * It ends by itself after five minutes. What it has:
 *
 *     /bytes/7                     so many bytes: abcdefg
 *     /slow                        the beginning of a body, whose rest never comes
 *     /cut                         the beginning of a body, and then the connection is closed
 *     /reset                       a body, after a while, and then the connection is reset
 *     /missing                     404, with a body
 *     /count                       bodies that were asked for, slow ones that have begun, those of which the client has
 *                                  gone, connections, those that were reset
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static int bodies, begun, gone, connections, resets;

static int count(int *number, int more)
{
    return __atomic_add_fetch(number, more, __ATOMIC_SEQ_CST);
}

static int sent(int client, const char *data, size_t len)
{
    while (len > 0) {
        const ssize_t n = send(client, data, len, MSG_NOSIGNAL);

        if (n <= 0)
            return 0;
        data += n;
        len -= (size_t)n;
    }
    return 1;
}

static int sent_head(int client, const char *status, size_t len)
{
    char head[128];

    snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n", status, len);
    return sent(client, head, strlen(head));
}

static int sent_letters(int client, size_t len)
{
    enum { CHUNK = 26 * 2500 };
    char letters[CHUNK];
    size_t i;

    for (i = 0; i < CHUNK; i++)
        letters[i] = (char)('a' + i % 26);
    for (; len > CHUNK; len -= CHUNK)
        if (!sent(client, letters, CHUNK))
            return 0;
    return sent(client, letters, len);
}

/* True: the client may ask again. */
static int answered(int client, const char *request)
{
    const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
    char text[64];
    size_t len;

    if (sscanf(request, "GET /bytes/%zu ", &len) == 1) {
        count(&bodies, 1);
        return sent_head(client, "200 OK", len) && sent_letters(client, len);
    }
    if (strncmp(request, "GET /slow ", 10) == 0) {
        if (sent_head(client, "200 OK", 1000000) && sent_letters(client, 1000)) {
            count(&begun, 1);
            while (recv(client, text, sizeof text, 0) > 0)
                ;
            count(&gone, 1);
        }
        return 0;
    }
    if (strncmp(request, "GET /cut ", 9) == 0) {
        if (sent_head(client, "200 OK", 1000))
            sent_letters(client, 500);
        return 0;
    }
    if (strncmp(request, "GET /reset ", 11) == 0) {
        count(&bodies, 1);
        usleep(50000); /* the client waits for it by now */
        if (sent_head(client, "200 OK", 1000) && sent_letters(client, 1000) &&
            connect(client, &nowhere, sizeof nowhere) == 0)
            count(&resets, 1);
        return 0;
    }
    if (strncmp(request, "GET /count ", 11) == 0) {
        snprintf(text, sizeof text, "%d %d %d %d %d", count(&bodies, 0), count(&begun, 0), count(&gone, 0),
                 count(&connections, 0), count(&resets, 0));
        return sent_head(client, "200 OK", strlen(text)) && sent(client, text, strlen(text));
    }
    return sent_head(client, "404 Not Found", 7) && sent(client, "no page", 7);
}

static void *serve(void *pointer)
{
    const int client = *(int *)pointer;
    char request[4096];
    size_t len = 0;

    free(pointer);
    for (;;) {
        const ssize_t n = recv(client, request + len, sizeof request - 1 - len, 0);

        if (n <= 0)
            break;
        len += (size_t)n;
        request[len] = '\0';
        if (len < 4 || memcmp(request + len - 4, "\r\n\r\n", 4) != 0)
            continue;
        if (!answered(client, request))
            break;
        len = 0;
    }
    close(client);
    return NULL;
}

static void *accept_all(void *listener)
{
    pthread_attr_t small;
    const int on = 1;

    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 256 * 1024);
    pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    for (;;) {
        int *client = malloc(sizeof *client);
        pthread_t thread;

        *client = accept4(*(int *)listener, NULL, NULL, SOCK_CLOEXEC);
        setsockopt(*client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on); /* a short body must not wait */
        count(&connections, 1);
        if (*client < 0 || pthread_create(&thread, &small, serve, client) != 0)
            exit(EXIT_FAILURE);
    }
}

static int run(char *program, int port)
{
    char url[64];
    int status;
    pid_t child;

    snprintf(url, sizeof url, "http://127.0.0.1:%d", port);
    child = fork();
    if (child == 0) {
        execlp(program, program, url, (char *)NULL);
        _exit(127);
    }
    return waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : EXIT_FAILURE;
}

/* Takes all the room that a listener has whose backlog is 0: the system drops what is tried then. */
static int fill(const struct sockaddr_in *address)
{
    int i;

    for (i = 0; i < 8; i++) {
        const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (client < 0 || (connect(client, (const struct sockaddr *)address, sizeof *address) != 0 &&
                           errno != EINPROGRESS))
            return 0;
    }
    return 1;
}

int main(int argc, char **argv)
{
    const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    static int listening;
    struct sockaddr_in address = { 0 };
    socklen_t size = sizeof address;
    const int port = argc > 1 ? atoi(argv[1]) : 0, is_full = argc > 1 && strcmp(argv[1], "--full") == 0;
    pthread_t thread;
    char byte;

    alarm(300);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons((uint16_t)port);
    listening = listener;
    if (setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) != 0 ||
        bind(listener, (struct sockaddr *)&address, size) != 0 || listen(listener, is_full ? 0 : 1024) != 0 ||
        getsockname(listener, (struct sockaddr *)&address, &size) != 0 ||
        (is_full ? !fill(&address) : pthread_create(&thread, NULL, accept_all, &listening) != 0)) {
        perror("curl-server");
        return EXIT_FAILURE;
    }
    if (argc > 1 && port == 0 && !is_full)
        return run(argv[1], ntohs(address.sin_port));
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    return EXIT_SUCCESS;
}
