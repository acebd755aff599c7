// What two modules of one program, each built with hidden symbols, hand to each other.
#ifndef WHAT_HPP
#define WHAT_HPP

#include <asynchron.hpp>

#include <string>

#define EXPORTED extern "C" __attribute__((visibility("default")))

// In this order, as modules.c asks for them.
enum what { ON_DEMAND, STRING, RECORD, THROWN, OWN, ERROR, CANCELLED, BYTES };

struct record {
    std::string text;
};

// Hidden, so that each module has a type of its own by that name.
struct own : std::runtime_error {
    using std::runtime_error::runtime_error;
};

#endif
