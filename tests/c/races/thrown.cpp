// Exceptions that one thread throws, another catches and reads, and either of them frees.
//
// ThreadSanitizer takes that for a race, unless it is given packaging/asynchron-tsan.supp: libstdc++, which counts the
// holders of an exception, is not instrumented.
#include <asynchron.hpp>
#include <cstddef>
#include <stdexcept>
#include <string>

static int fails(int n)
{
    const std::string text = "no page of that number: " + std::to_string(n);

    if (n % 2 == 0)
        throw std::runtime_error(text);
    throw std::invalid_argument(text);
}

int main()
{
    const int rounds = 2000;
    std::size_t read = 0;
    int caught = 0;

    for (int n = 0; n < rounds; n++) {
        try {
            asynchron::spawn(fails, n).get();
        } catch (const std::exception &e) {
            read += std::string(e.what()).size();
            caught++;
        }
    }
    return caught == rounds && read > 0 ? 0 : 1;
}
