/* What a background thread starts inherits the signals that it blocks, SIGTERM among them; not if it is started with an
 * empty mask, as the guide shows. Each child sends itself SIGTERM, and ends by itself if that does not end it. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BY_ITSELF = 3 };

static char command[] = "kill -TERM $$; exit 3";
static char *const argv[] = { "sh", "-c", command, NULL };

static int end_of(pid_t child)
{
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child)
        abort();
    return status;
}

static int spawned(short flags)
{
    posix_spawnattr_t attributes;
    sigset_t none;
    pid_t child;
    sigemptyset(&none);
    if (posix_spawnattr_init(&attributes) != 0)
        abort();
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, flags);
    if (posix_spawnp(&child, *argv, NULL, &attributes, argv, environ) != 0)
        abort();
    posix_spawnattr_destroy(&attributes);
    return end_of(child);
}

static int by_posix_spawn(void)
{
    return spawned(0);
}

static int by_posix_spawn_with_empty_mask(void)
{
    return spawned(POSIX_SPAWN_SETSIGMASK);
}

static int by_fork(void)
{
    pid_t child = fork();
    if (child == 0) {
        execvp(*argv, argv);
        _exit(127);
    }
    return end_of(child);
}

static int by_fork_with_empty_mask(void)
{
    pid_t child = fork();
    if (child == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        execvp(*argv, argv);
        _exit(127);
    }
    return end_of(child);
}

static int by_system(void)
{
    return system(command);
}

static int by_popen(void)
{
    FILE *output = popen(command, "r");
    if (output == NULL)
        abort();
    return pclose(output);
}

static const struct way {
    const char *name;
    int (*start)(void);
    int is_ended;
} ways[] = {
    { "posix_spawn", by_posix_spawn, 0 },
    { "posix_spawn with an empty mask", by_posix_spawn_with_empty_mask, 1 },
    { "fork", by_fork, 0 },
    { "fork with an empty mask", by_fork_with_empty_mask, 1 },
    { "system", by_system, 0 },
    { "popen", by_popen, 0 },
};

static int32_t start(asynchron_t *self, void *way)
{
    int status = ((const struct way *)way)->start();
    return asynchron_set_bytes(self, &status, sizeof status);
}

int main(void)
{
    int failed = 0;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        asynchron_t *a = asynchron_create(NULL);
        int status, right;
        if (asynchron_spawn(a, start, (void *)&ways[i], NULL) != ASYNCHRON_OK ||
            asynchron_get_bytes(a, &status, sizeof status, NULL) != ASYNCHRON_OK)
            abort();
        asynchron_release(a);
        right = ways[i].is_ended ? WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM
                                 : WIFEXITED(status) && WEXITSTATUS(status) == BY_ITSELF;
        if (!right)
            fprintf(stderr, "%s: ended with %#x\n", ways[i].name, (unsigned)status);
        failed |= !right;
    }
    return failed;
}
