/*
 * C++'s std::promise and std::future, and a pool of two threads over a deque of std::function.
 */
#include "harness.h"

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

typedef std::array<unsigned char, 16> small_value;
typedef std::array<unsigned char, 64> large_value;

template <class T> struct future_of {
    std::promise<T> promise;
    std::shared_future<T> result;

    future_of() : result(promise.get_future().share()) {}
};

/* A program's promise lies in its variables; so here the first of a thread does, not in malloc's. */
struct future {
    bool large;
    bool *lent;
    alignas(16) unsigned char room[sizeof(future_of<large_value>)];

    template <class T> future_of<T> &as() { return *reinterpret_cast<future_of<T> *>(room); }
};

static_assert(sizeof(future_of<small_value>) == sizeof(future_of<large_value>), "one room for both");

OWN future *create(size_t room)
{
    static thread_local future first;
    static thread_local bool taken;
    future *f = taken ? new future : &first;
    f->large = room > sizeof(small_value);
    f->lent = taken ? nullptr : &taken;
    taken = true;
    if (f->large)
        new (f->room) future_of<large_value>;
    else
        new (f->room) future_of<small_value>;
    return f;
}

template <class T> static inline void give(future *f, const void *data, size_t len)
{
    T value;
    memcpy(value.data(), data, len);
    f->as<T>().promise.set_value(value);
}

OWN void set(future *f, const void *data, size_t len)
{
    if (len > sizeof(small_value))
        give<large_value>(f, data, len);
    else
        give<small_value>(f, data, len);
}

OWN void get(future *f, void *to, size_t len)
{
    if (len > sizeof(small_value))
        memcpy(to, f->as<large_value>().result.get().data(), len);
    else
        memcpy(to, f->as<small_value>().result.get().data(), len);
}

OWN void release(future *f)
{
    if (f->large)
        f->as<large_value>().~future_of<large_value>();
    else
        f->as<small_value>().~future_of<small_value>();
    if (f->lent)
        *f->lent = false;
    else
        delete f;
}

#define NO_QUEUE
OWN int is_done(future *f)
{
    return f->as<small_value>().result.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

#define HAS_WAIT_ALL
static void wait_all(future **all, size_t n)
{
    for (size_t i = 0; i < n; i++)
        all[i]->as<small_value>().result.wait();
}

class pool {
    std::mutex lock;
    std::condition_variable changed;
    std::deque<std::function<void()>> tasks;

    void work()
    {
        for (;;) {
            std::unique_lock<std::mutex> held(lock);
            changed.wait(held, [this] { return !tasks.empty(); });
            std::function<void()> task = std::move(tasks.front());
            tasks.pop_front();
            held.unlock();
            task();
        }
    }

public:
    pool()
    {
        for (int i = 0; i < 2; i++)
            std::thread(&pool::work, this).detach();
    }

    void run(std::function<void()> task)
    {
        {
            std::lock_guard<std::mutex> held(lock);
            tasks.push_back(std::move(task));
        }
        changed.notify_one();
    }
};

#define HAS_TASKS
static void spawn(future *f, int32_t (*fn)(future *, void *), void *ctx)
{
    static pool *two = new pool;
    two->run([=] { fn(f, ctx); });
}

#define MEMORY_OF_ITS_OWN
static void memory();

#include "program.h"

/* As a program would hold them: one after the other, in a vector. */
static void memory()
{
    size_t n = share(MANY);
    double before = heap();
    std::vector<future_of<small_value>> all(n);
    result("memory", (heap() - before) / (double)n);
    for (size_t i = 0; i < n; i++) {
        small_value value = {};
        memcpy(value.data(), &i, sizeof i);
        all[i].promise.set_value(value);
        must(all[i].result.get() == value, "value");
    }
}
