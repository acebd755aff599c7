// cpp.cpp: the plug-in in C++: what it does with its share; see share.h. cpp.c loads and unloads it.
#define ASYNCHRON_PLUGIN
#include <asynchron.hpp>

#include <condition_variable>
#include <iostream>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>

#include "share.h"

#define EXPORTED extern "C" __attribute__((visibility("default")))

using asynchron::from_handle;
using asynchron::future;
using asynchron::promise;
using std::int64_t;
using std::uint32_t;

namespace {

typedef promise<int64_t> number_promise;

bool set_text(asynchron_t *a, const std::string &text)
{
    return asynchron_set_bytes(a, text.data(), text.size()) == ASYNCHRON_OK;
}

std::string message_of(asynchron_t *a)
{
    try {
        from_handle<void>(a).get();
    } catch (const asynchron::cancelled &e) {
        return e.reason();
    } catch (const asynchron::error &e) {
        return e.message();
    }
    throw std::logic_error("it has a value");
}

// Whether it came in time. `other(ago)` is the other's of so many rounds ago.
template <class Other> bool deliver(uint32_t round, asynchron_t *a, int64_t number, const Other &other)
{
    const int64_t value = number * number * number + 33;
    const std::string in_words = std::to_string(number);
    number_promise p = number_promise::from_handle(a);

    switch (round == 0 ? 1 : round % PERIOD) {
    case PLUS_MADE: {
        asynchron_t &made = from_handle<asynchron_t &>(other(PERIOD - MADE)).get(); // a pointer, to C
        return p.set_value(from_handle<int64_t>(&made).get() + 1);
    }
    case PLUS_ONE:
        return p.set_value(from_handle<int64_t>(other(1)).get() + 1);
    case FAILED:
        return p.set_exception(std::runtime_error("c++ fails " + in_words));
    case MESSAGE:
        return set_text(a, message_of(other(MESSAGE - FAILED)));
    case CANCELLED:
        return p.cancel("c++ cancels " + in_words);
    case REASON:
        return set_text(a, message_of(other(REASON - CANCELLED)));
    case MADE: {
        number_promise made;
        return asynchron_set_pointer(a, made.get_future().release(), asynchron_drop) == ASYNCHRON_OK &&
               made.set_value(value);
    }
    case RACED:
        if (round / PERIOD % 2 == 1)
            from_handle<void>(a).wait();
        return p.set_value(value);
    default:
        return p.set_value(value);
    }
}

struct listener {
    std::mutex lock;
    std::condition_variable one_more;
    uint32_t ended, cancelled;
};

void run(share &mine)
{
    const uint32_t rounds = mine.count / mine.hosts;
    uint32_t raced = 0;
    listener told{{}, {}, 0, 0};

    for (uint32_t round = RACED; round < rounds; round += PERIOD, raced++) {
        from_handle<void>(mine.all[round * mine.hosts + mine.host]).notify([&told](const future<void> &f) {
            const std::lock_guard<std::mutex> held(told.lock);
            told.cancelled += f.try_get().is_cancelled() ? 1 : 0;
            told.ended++;
            told.one_more.notify_one();
        });
    }
    for (uint32_t round = 0; round < rounds; round++) {
        const uint32_t there = (mine.host + 1 + round / PERIOD % (mine.hosts - 1)) % mine.hosts;
        const uint32_t number = round * mine.hosts + mine.host;
        const auto other = [&](uint32_t ago) { return mine.all[(round - ago) * mine.hosts + there]; };
        deliver(round, mine.all[number], number, other) ? mine.won++ : mine.refused++;
    }
    std::unique_lock<std::mutex> held(told.lock);
    told.one_more.wait(held, [&] { return told.ended == raced; });
    mine.told = told.cancelled;
    held.unlock();
    promise<void>::from_handle(mine.done).set_value();
    if (message_of(mine.gate) != "C closes the gate")
        throw std::logic_error("the gate has ended otherwise");

    // What is registered would keep the plug-in: it is taken back before that is unloaded.
    asynchron::scoped_registration late(from_handle<void>(mine.late).notify([] { std::abort(); }));
}

} // namespace

EXPORTED int plugin_run(share *mine)
{
    int done = -1;
    try {
        run(*mine);
        done = 0;
    } catch (const std::exception &e) {
        std::cerr << e.what() << "\n";
    }
    return done;
}

// No code of the plug-in runs afterwards, on any thread.
EXPORTED void plugin_leave()
{
    asynchron::leave();
}
