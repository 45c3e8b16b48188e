// What must hold for any input. Unlike assert it stays in release builds.
#pragma once

#include "protocol/bytes.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace pgweir::test {

inline void require(bool holds) {
    if (!holds) {
        std::abort();   // libFuzzer keeps the input that led here
    }
}

inline protocol::Bytes fuzz_bytes(const std::uint8_t* data, std::size_t size) {
    return std::as_bytes(std::span(data, size));
}

}  // namespace pgweir::test

// What libFuzzer calls, and replay.cpp too.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);
