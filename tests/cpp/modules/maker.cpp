// Makes one of each, and hands it to C.
#include "what.hpp"

EXPORTED asynchron_t *make(int what)
{
    switch (what) {
    case ON_DEMAND:
        return asynchron::on_demand([] { return 7; }).release();
    case STRING:
        return asynchron::ready(std::string("a string")).release();
    case RECORD:
        return asynchron::ready(record{"a record"}).release();
    case THROWN:
        return asynchron::call([]() -> int { throw std::range_error("thrown"); }).release();
    case OWN:
        return asynchron::call([]() -> int { throw own("own"); }).release();
    case ERROR:
        return asynchron::call([]() -> int { throw asynchron::error(5, "maker", "failed"); }).release();
    case CANCELLED:
        return asynchron::call([]() -> int { throw asynchron::cancelled("enough"); }).release();
    default:
        return asynchron::ready(42).release();
    }
}
