/* Threads with the smallest stack that the system allows, the background's among them, make every call, wait in every
   way, and wait inside callbacks. A stack that does not do ends the program. "print" says how much of
   it was used. */
#define _GNU_SOURCE
#include <asynchron.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Printing needs a larger stack. */
static void fail(const char *condition)
{
    ssize_t unused = write(2, condition, strlen(condition));
    (void)unused;
    _exit(1);
}

#define CHECK(condition) do { if (!(condition)) fail(#condition "\n"); } while (0)

static const uint64_t LIMIT = UINT64_C(60000000000), MOMENT = 1000000;

static void nothing(asynchron_t *a, void *p) { (void)a, (void)p; }
static void drop(void *a) { asynchron_release(a); }
static int32_t deliver(asynchron_t *self, void *p)
{
    static const char text[40] = "a value too long to lie inside";
    (void)p;
    return asynchron_set_bytes(self, text, sizeof text);
}
static int32_t join(asynchron_t *self, asynchron_t *const *sources, size_t n, void *p)
{
    (void)sources, (void)n;
    return deliver(self, p);
}

/* For a thread of the background: it waits for another of them, so that both sleep and wake. */
static int32_t wait_for_another(asynchron_t *self, void *p)
{
    asynchron_t *other = asynchron_create(NULL);
    (void)self, (void)p;
    CHECK(asynchron_spawn(other, deliver, NULL, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_get_timeout(other, LIMIT, NULL) == ASYNCHRON_OK);
    asynchron_release(other);
    return 0;
}

/* Every wait there is, each once with its time running out, and once for what a thread of the background delivers. */
static void wait_in_every_way(void)
{
    asynchron_t *all[40];
    asynchron_item_t items[4];
    char buffer[40];
    size_t n;

    for (int i = 0; i < 40; i++)
        CHECK((all[i] = asynchron_create(NULL)) != NULL);
    asynchron_report_t *report = asynchron_report_create(all, 40);
    CHECK(asynchron_report_fd(report) >= 0);
    CHECK(asynchron_get_timeout(all[0], MOMENT, NULL) == ASYNCHRON_TIMEOUT);
    CHECK(asynchron_wait(all[0], MOMENT) == ASYNCHRON_TIMEOUT);
    CHECK(asynchron_wait_any(all, 32, MOMENT, NULL) == ASYNCHRON_TIMEOUT); /* on the stack */
    CHECK(asynchron_wait_any(all, 40, MOMENT, NULL) == ASYNCHRON_TIMEOUT);
    CHECK(asynchron_wait_all(all, 40, MOMENT) == ASYNCHRON_TIMEOUT);
    CHECK(asynchron_report_next(report, MOMENT, items) == ASYNCHRON_TIMEOUT);
    CHECK(asynchron_report_next_batch(report, MOMENT, items, 4, &n) == ASYNCHRON_TIMEOUT);
    for (int i = 0; i < 40; i++)
        CHECK(asynchron_spawn(all[i], i % 2 ? deliver : wait_for_another, NULL, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_wait_any(all, 32, LIMIT, &n) == ASYNCHRON_OK);
    CHECK(asynchron_get(all[1], NULL) == ASYNCHRON_OK);
    CHECK(asynchron_get_bytes(all[3], buffer, sizeof buffer, &n) == ASYNCHRON_OK && n == 40);
    CHECK(asynchron_report_next(report, LIMIT, items) == ASYNCHRON_OK);
    asynchron_release(items[0].asynchron);
    while (asynchron_report_next_batch(report, LIMIT, items, 4, &n) == ASYNCHRON_OK)
        while (n > 0)
            asynchron_release(items[--n].asynchron);
    CHECK(asynchron_wait_all(all, 40, LIMIT) == ASYNCHRON_OK);
    asynchron_report_release(report);
    for (int i = 0; i < 40; i++)
        asynchron_release(all[i]);
}

static void wait_inside(asynchron_t *a, void *p) { (void)a, (void)p; wait_in_every_way(); }

/* Waits inside a callback, while another is due that waits, too: that one runs inside the wait. */
static void wait_inside_callbacks(void)
{
    asynchron_t *a = asynchron_create(NULL);
    CHECK(asynchron_notify(a, wait_inside, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_notify(a, wait_inside, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_cancel(a) == ASYNCHRON_OK);
    asynchron_release(a);
}

static int32_t wait_in_a_function(asynchron_t *self, void *p)
{
    CHECK(asynchron_wait(self, LIMIT) == ASYNCHRON_E_DEADLOCK);
    wait_in_every_way();
    return deliver(self, p);
}

/* The other calls. */
static void do_everything(void)
{
    asynchron_options_t options = { sizeof options, "a name", asynchron_create(NULL), drop, wait_in_a_function,
                                    asynchron_create(NULL), drop, 0, 0 };
    asynchron_notify_options_t callback = { sizeof callback, nothing, NULL, drop, 0, NULL };
    asynchron_t *a, *b = asynchron_create(NULL), *chain;
    asynchron_error_t error;
    uint64_t token;

    CHECK(asynchron_create_with(&options, &a) == ASYNCHRON_OK);
    CHECK(asynchron_name(b)[0] != '\0' && asynchron_user_data(a) != NULL);
    callback.ctx = asynchron_create(NULL);
    CHECK(asynchron_notify_with(a, &callback, &token) == ASYNCHRON_OK);
    CHECK(asynchron_unnotify(a, token) == ASYNCHRON_OK);
    callback.ctx = asynchron_create(NULL);
    CHECK(asynchron_notify_with(a, &callback, &token) == ASYNCHRON_OK);
    chain = asynchron_retain(a);
    for (int i = 0; i < 1000; i++) {
        asynchron_t *next = i % 2 ? asynchron_then(chain, NULL, join, NULL, NULL)
                                  : asynchron_after(&chain, 1, NULL, join, asynchron_create(NULL), drop);
        asynchron_release(chain);
        chain = next;
    }
    CHECK(asynchron_get(a, NULL) == ASYNCHRON_OK); /* on demand, here */
    CHECK(asynchron_poll(chain) == ASYNCHRON_OK && asynchron_try_unnotify(a, token) == ASYNCHRON_ALREADY);
    CHECK(asynchron_fail_with(b, 1, "a domain", "a message", asynchron_retain(a), drop) == ASYNCHRON_OK);
    CHECK(asynchron_error(b, &error) == ASYNCHRON_OK && strcmp(error.message, "a message") == 0);
    asynchron_release(a);
    asynchron_release(b);
    asynchron_release(chain);
    a = asynchron_create(NULL);
    CHECK(asynchron_call(a, wait_in_a_function, NULL) == ASYNCHRON_OK);
    asynchron_release(a);
    a = asynchron_create(NULL);
    CHECK(asynchron_notify(a, wait_inside, NULL) == ASYNCHRON_OK);
    asynchron_release(a); /* nobody is left to deliver */
    wait_in_every_way();
    wait_inside_callbacks();
}

static void *run(void *unused) { do_everything(); return unused; }

static int32_t run_in_the_background(asynchron_t *self, void *unused)
{
    (void)self, (void)unused;
    do_everything();
    return 0;
}

/* The smallest that pthreads take: no more than what the header says, unless the processor has larger registers. */
static size_t smallest(pthread_attr_t *attr)
{
    size_t size = 16384;
    while (pthread_attr_setstacksize(attr, size) != 0)
        size += (size_t)sysconf(_SC_PAGESIZE);
    CHECK(size <= (size_t)PTHREAD_STACK_MIN);
    return size;
}

int main(int argc, char **argv)
{
    pthread_attr_t attr;
    pthread_t thread;
    size_t size, unused = 0, page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *stack;
    asynchron_t *a = asynchron_create(NULL);

    CHECK(pthread_attr_init(&attr) == 0);
    size = smallest(&attr);
    CHECK(pthread_setattr_default_np(&attr) == 0); /* for the threads of the background */

    /* Painted, to see how far down it is used; what lies below ends who steps on it. */
    stack = mmap(NULL, size + page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(stack != MAP_FAILED && mprotect(stack + page, size, PROT_READ | PROT_WRITE) == 0);
    memset(stack + page, 0xA5, size);
    CHECK(pthread_attr_setstack(&attr, stack + page, size) == 0);
    CHECK(pthread_create(&thread, &attr, run, NULL) == 0);
    pthread_join(thread, NULL);
    while (stack[page + unused] == 0xA5)
        unused++;

    CHECK(asynchron_spawn(a, run_in_the_background, NULL, NULL) == ASYNCHRON_OK);
    CHECK(asynchron_wait(a, LIMIT) == ASYNCHRON_OK);
    asynchron_release(a);
    if (argc > 1 && strcmp(argv[1], "print") == 0)
        printf("%zu bytes of %zu\n", size - unused, size);
    return 0;
}
