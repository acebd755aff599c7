// No thread can be had: what would go on on one goes on all the same, and says why it failed. A program of its own:
// pthread_create is replaced.
#include "check.hpp"

#include <cerrno>
#include <memory>
#include <pthread.h>
#include <system_error>

extern "C" int pthread_create(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) noexcept { return EAGAIN; }

namespace {

typedef std::unique_ptr<int> moved;
using asynchron::future;
using asynchron::promise;

future<int> takes(future<moved> f) { co_return *co_await std::move(f); }

} // namespace

int main()
{
    (void)THROWN(std::system_error, asynchron::spawn([] {}));
    promise<moved> p;
    const auto before = takes(p.get_future());
    CHECK(p.set_value(moved(new int(1))));
    CHECK(before.complete());
    (void)THROWN(std::system_error, before.get());
    {
        const auto held = p.get_future();
        const auto after = takes(p.get_future()); // complete, and shared
        CHECK(after.complete());
        (void)THROWN(std::system_error, after.get());
    }
    CHECK(takes(p.get_future()).get() == 1); // which needs none
    return 0;
}
