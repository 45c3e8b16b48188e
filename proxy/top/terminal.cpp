#include "proxy/top/terminal.hpp"

#include "proxy/top/screen_text.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace pgweir::proxy {
namespace {

// ECMA-48 and xterm: the alternate screen, without a cursor and without wrapping at the right edge.
constexpr const char* take_screen = "\x1b[?1049h\x1b[?25l\x1b[?7l";
constexpr const char* give_screen_back = "\x1b[0m\x1b[?7h\x1b[?25h\x1b[?1049l";
constexpr int write_limit_ms = 1000;

constexpr std::array caught = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGCONT};

const char* begin_of(Look look, Terminal::Colours colours) {
    const bool is_coloured = colours == Terminal::Colours::used;
    switch (look) {
    case Look::plain: return "";
    case Look::title: return "\x1b[7m";
    case Look::warning: return is_coloured ? "\x1b[33m" : "\x1b[1m";
    case Look::alarm: return is_coloured ? "\x1b[1;31m" : "\x1b[1m";
    }
    return "";
}

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

std::optional<ScreenSize> size_of_terminal(int descriptor) {
    ::winsize size{};
    if (::ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0) return std::nullopt;
    return ScreenSize{.rows = size.ws_row, .columns = size.ws_col};
}

Terminal::Terminal(Colours colours) : colours_(colours) {
    // A descriptor of its own: O_NONBLOCK on the shared one would be the shell's too.
    std::array<char, 256> name{};
    if (::ttyname_r(STDOUT_FILENO, name.data(), name.size()) == 0)
        output_ = ::open(name.data(), O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    owns_output_ = output_ >= 0;
    if (!owns_output_) output_ = STDOUT_FILENO;

    ::sigset_t wanted;
    ::sigemptyset(&wanted);
    for (const int signal : caught) ::sigaddset(&wanted, signal);
    signals_ = ::signalfd(-1, &wanted, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signals_ < 0) {
        if (owns_output_) ::close(output_);
        fail("signalfd");
    }
    ::pthread_sigmask(SIG_BLOCK, &wanted, &mask_);
    if (::termios settings{}; ::isatty(STDIN_FILENO) == 1 && ::tcgetattr(STDIN_FILENO, &settings) == 0) {
        settings_ = settings;
        keys_ = STDIN_FILENO;
    }
    enter();
}

Terminal::~Terminal() {
    // What was caught has been answered: it must neither keep the screen from being given back nor end the process once more.
    while (read_signal()) {}
    leave();
    if (owns_output_) ::close(output_);
    ::close(signals_);
    ::pthread_sigmask(SIG_SETMASK, &mask_, nullptr);
}

void Terminal::enter() {
    if (keys_ >= 0) {
        ::termios raw = *settings_;
        ::cfmakeraw(&raw);
        ::tcsetattr(keys_, TCSANOW, &raw);
    }
    write(take_screen);
}

void Terminal::leave() {
    write(give_screen_back);
    // By standard input itself: at its end `keys_` is no longer set.
    if (settings_) ::tcsetattr(STDIN_FILENO, TCSANOW, &*settings_);
}

ScreenSize Terminal::size() const { return size_of_terminal(output_).value_or(ScreenSize{}); }

bool Terminal::show(std::span<const Line> lines) {
    const ScreenSize screen = size();
    std::string out;
    for (std::size_t row = 0; row < lines.size(); ++row) {
        out += "\x1b[" + std::to_string(row + 1) + ";1H\x1b[0m";
        // Padded, not erased to the right: behind the last column that would take the last character.
        out += begin_of(lines[row].look, colours_) + fit(lines[row].text, screen.columns, Side::left) + "\x1b[0m";
    }
    if (lines.size() < screen.rows) out += "\x1b[" + std::to_string(lines.size() + 1) + ";1H\x1b[J";
    return write(out);
}

bool Terminal::write(const std::string& text) {
    std::size_t done = 0;
    while (done < text.size()) {
        const ssize_t put = ::write(output_, text.data() + done, text.size() - done);
        if (put > 0) {
            done += static_cast<std::size_t>(put);
            continue;
        }
        if (put < 0 && errno == EINTR) continue;
        if (put < 0 && errno != EAGAIN) return false;
        std::array<::pollfd, 2> ready = {{{output_, POLLOUT, 0}, {signals_, POLLIN, 0}}};
        if (::poll(ready.data(), ready.size(), write_limit_ms) == 0 || ready[1].revents != 0) return true;
    }
    return true;
}

std::optional<char> Terminal::read_key() {
    char key = 0;
    const ssize_t got = ::read(keys_, &key, 1);
    if (got == 1) return key;
    if (got == 0 || (errno != EINTR && errno != EAGAIN)) keys_ = -1;
    return std::nullopt;
}

std::optional<int> Terminal::read_signal() {
    ::signalfd_siginfo info{};
    if (::read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return std::nullopt;
    return static_cast<int>(info.ssi_signo);
}

}  // namespace pgweir::proxy
