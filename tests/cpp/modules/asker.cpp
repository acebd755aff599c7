// Asks for what another module made, and says what came. A future on demand is awaited by a coroutine.
#include "what.hpp"

static asynchron::future<int> awaits(asynchron::future<int> f) { co_return co_await f; }

static std::string see(int what, asynchron_t *a)
{
    switch (what) {
    case ON_DEMAND:
        return std::to_string(awaits(asynchron::from_handle<int>(a)).get());
    case STRING:
        return asynchron::from_handle<std::string>(a).get();
    case RECORD:
        return asynchron::from_handle<record>(a).get().text;
    default:
        return std::to_string(asynchron::from_handle<int>(a).get());
    }
}

EXPORTED const char *ask(int what, asynchron_t *a)
{
    static std::string said;
    try {
        said = see(what, a);
    } catch (const asynchron::cancelled &e) {
        said = std::string("cancelled: ") + e.reason();
    } catch (const asynchron::error &e) {
        said = std::string("error: ") + e.what();
    } catch (const std::range_error &e) {
        said = std::string("range_error: ") + e.what();
    } catch (const std::runtime_error &e) {
        said = std::string("runtime_error: ") + e.what();
    }
    return said.c_str();
}
