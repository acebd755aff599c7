/* A program with the shared library and a module, argv[1], into which the static one was linked. Both are used, each
   inside the other's callbacks and functions, by several threads and, if argv[3] is "fork", by a child's; handles are
   not mixed.
   argv[2] says whether they are "apart", or "one", as where the module shows the names of its own. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include "linked_twice.h"

enum { THREADS = 3, ROUNDS = 5, DEPTH = 2 };

static const struct half *module_half;

static void use_both(void)
{
    this_half.use(DEPTH, module_half);
    module_half->use(DEPTH, &this_half);
}

static void *use_both_often(void *unused)
{
    for (int i = 0; i < ROUNDS; i++)
        use_both();
    return unused;
}

static void in_threads(void)
{
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, use_both_often, NULL) == 0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
}

int main(int argc, char **argv)
{
    void *module = argc == 4 ? dlopen(argv[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    const struct half *(*find)(void);
    int status;
    pid_t child;

    if (module == NULL) {
        fprintf(stderr, "%s\n", dlerror());
        return 2;
    }
    *(void **)&find = dlsym(module, "half_of_module");
    CHECK(find);
    module_half = find();
    CHECK((strcmp(argv[2], "apart") == 0) == (module_half->create != this_half.create));

    in_threads();
    if (strcmp(argv[3], "fork") == 0) {
        child = fork();
        if (child == 0) {
            alarm(60);
            in_threads();
            _exit(0);
        }
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    /* Threads of the module's rest: it was linked so that it stays. */
    CHECK(dlclose(module) == 0);
    use_both();
    sleep(2); /* by then they end */
    use_both();
    return 0;
}
