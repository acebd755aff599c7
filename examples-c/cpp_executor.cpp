// cpp_executor.cpp: where functions run. Two pools, and a loop of the program's own.
//
// A shop counts its stock. Reading the shelves blocks, so that has a pool of its own, of four threads; adding up computes,
// so there are as many threads as processors; and the sign in the window belongs to the main thread, which has a loop. Each
// step runs where it belongs, and no thread waits for the next step.
#include <asynchron.hpp>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>
#include "check.h"

// The program's loop: any thread posts, one runs what was posted.
class loop {
    std::mutex lock;
    std::condition_variable more;
    std::deque<std::function<void()>> due;
    bool open = true;

public:
    void post(std::function<void()> f)
    {
        const std::lock_guard<std::mutex> held(lock);
        due.push_back(std::move(f));
        more.notify_one();
    }
    void end()
    {
        post([this] { open = false; });
    }
    void run()
    {
        while (open) {
            std::unique_lock<std::mutex> held(lock);
            more.wait(held, [this] { return !due.empty(); });
            const std::function<void()> next = std::move(due.front());
            due.pop_front();
            held.unlock(); // it may post
            next();
        }
    }
};

enum { SHELVES = 8 };

static std::vector<int> read_shelf(int n)
{
    std::this_thread::sleep_for(std::chrono::milliseconds(5)); // stands for a call that blocks
    return std::vector<int>(static_cast<std::size_t>(n), 10);
}

static int add_up(const std::vector<int> &boxes)
{
    int sum = 0;
    for (int box : boxes)
        sum += box;
    return sum;
}

int main()
{
    loop window;
    const std::thread::id main_thread = std::this_thread::get_id();
    asynchron::executor on_window = asynchron::executor::of(window); // by window.post(f)
    asynchron::executor shelves(4, "shelves"), computing(0, "computing");

    int stock = 0, counted = 0;
    for (int n = 1; n <= SHELVES; n++) {
        const auto sum = shelves.spawn(read_shelf, n).then(computing, add_up);
        sum.notify(on_window, [&](const asynchron::future<int> &done) {
            CHECK(std::this_thread::get_id() == main_thread); // so nothing here needs a lock
            stock += done.get();
            if (++counted == SHELVES)
                window.end();
        });
    }
    window.run();
    std::printf("%d in stock\n", stock);
    CHECK(stock == 360);

    // In order: whoever gives work to the next is shut down first. Each waits until all of it has returned.
    shelves.shutdown();
    computing.shutdown();
    on_window.shutdown();
    return EXIT_SUCCESS;
}
