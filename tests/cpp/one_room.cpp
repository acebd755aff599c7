// A program that includes the rooms that it uses, and no more: a value from one thread to another.
#include <asynchron/promise.hpp>

#include <thread>

#if defined(ASYNCHRON_HPP) || defined(ASYNCHRON_COMPUTING_HPP)
#error "that is more than one room and what it stands on"
#endif

int main()
{
    asynchron::promise<int> promise;
    const asynchron::future<int> answer = promise.get_future();
    std::thread other([promise]() mutable { promise.set_value(42); });
    const bool there = answer.get() == 42;
    other.join();
    return there ? 0 : 1;
}
