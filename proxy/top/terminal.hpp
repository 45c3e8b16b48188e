// The terminal while `pgweir top` has it: the alternate screen, keys as they are typed, signals as something to read.
#pragma once

#include "proxy/top/frame.hpp"

#include <signal.h>
#include <termios.h>

#include <optional>
#include <span>
#include <string>

namespace pgweir::proxy {

// Of a descriptor that is a terminal; nullopt when it does not know.
std::optional<ScreenSize> size_of_terminal(int descriptor);

// A resource; there is one at a time. Whatever ends it, an exception too, the terminal and the signals are as before.
class Terminal {
public:
    enum class Colours { used, unused };

    // Errors: std::system_error.
    explicit Terminal(Colours colours);
    ~Terminal();
    Terminal(const Terminal&) = delete;
    Terminal& operator=(const Terminal&) = delete;

    // The size of this moment.
    ScreenSize size() const;
    // False: the terminal has gone. A frame that it does not take within a second, or before a signal, is given up.
    bool show(std::span<const Line> lines);

    // To be polled for reading. Keys: -1 when standard input is no terminal, or has ended.
    int keys() const { return keys_; }
    int signals() const { return signals_; }
    // Call them when there is something to read. Nullopt: nothing; of keys also: that was the end.
    std::optional<char> read_key();
    std::optional<int> read_signal();
    // After the process was stopped and continued: takes the screen again.
    void enter();

private:
    void leave();
    bool write(const std::string& text);

    Colours colours_;
    int output_ = -1;
    bool owns_output_ = false;
    int keys_ = -1;
    int signals_ = -1;
    std::optional<::termios> settings_;   // of standard input
    ::sigset_t mask_{};
};

}  // namespace pgweir::proxy
