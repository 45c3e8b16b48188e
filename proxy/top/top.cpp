#include "proxy/top/top.hpp"

#include "proxy/commands.hpp"
#include "proxy/console_dsn.hpp"
#include "proxy/console_link.hpp"
#include "proxy/top/figures.hpp"
#include "proxy/top/frame.hpp"
#include "proxy/top/screen_text.hpp"
#include "proxy/top/terminal.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <string_view>

namespace pgweir::proxy {
namespace {

using Clock = std::chrono::steady_clock;
using TimePoint = Clock::time_point;

constexpr int exit_failed = 1;
constexpr std::chrono::seconds retry_after{1};   // chosen: between attempts to reach a daemon that has gone

constexpr char control_c = 0x03;   // the terminal sends it as it is

int milliseconds_until(TimePoint moment, TimePoint now) {
    if (moment <= now) return 0;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(moment - now);
    return static_cast<int>(std::min<std::chrono::milliseconds>(left, std::chrono::hours(1)).count());
}

// Until the link is ready, or has an answer to what it was asked. False: it was lost or refused.
bool settle(ConsoleLink& link) {
    const ConsoleLink::State busy = link.state();
    while (link.state() == busy) {
        pollfd ready = link.wanted();
        ::poll(&ready, 1, milliseconds_until(link.deadline(), Clock::now()));
        link.go_on(Clock::now());
    }
    return link.state() == ConsoleLink::State::ready && link.error().empty();
}

std::size_t from_environment(const char* name, std::size_t otherwise) {
    const char* text = std::getenv(name);
    const std::string_view digits = text == nullptr ? "" : text;
    std::size_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    const bool is_usable = error == std::errc() && end == digits.data() + digits.size() && value > 0 && value <= 10'000;
    return is_usable ? value : otherwise;
}

int print_frame(ConsoleLink& link) {
    link.ask(Clock::now());
    const bool is_answered = link.state() == ConsoleLink::State::asking && settle(link);
    const std::optional<Sample> sample = link.take();
    if (!is_answered || !sample) {
        std::cerr << clean(link.error()) << '\n';
        return exit_failed;
    }
    const ScreenSize usual;
    const ScreenSize size = size_of_terminal(STDOUT_FILENO)
                                .value_or(ScreenSize{.rows = from_environment("LINES", usual.rows), .columns = from_environment("COLUMNS", usual.columns)});
    for (const Line& line : make_frame({.now = &*sample}, size)) std::cout << line.text << '\n';
    std::cout.flush();
    return std::cout ? 0 : exit_failed;
}

bool has_text(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value != '\0';
}

class Watch {
public:
    Watch(ConsoleLink& link, std::chrono::milliseconds interval)
        : link_(link), interval_(interval), terminal_(has_text("NO_COLOR") ? Terminal::Colours::unused : Terminal::Colours::used) {}

    int run() {
        while (!exit_code_) {
            start_what_is_due(Clock::now());
            if (is_changed_ && !draw()) return exit_failed;
            wait();
            heed_signals();
            heed_keys();
            hear();
        }
        return *exit_code_;
    }

private:
    using State = ConsoleLink::State;

    void start_what_is_due(TimePoint now) {
        if (link_.state() == State::lost && now >= next_attempt_) {
            link_.connect(now);
            note_loss(now);
        } else if (link_.state() == State::ready && !is_paused_ && now >= next_question_) {
            next_question_ = now + interval_;
            link_.ask(now);
            note_loss(now);
        }
    }

    // What was counted before may be another run's.
    void note_loss(TimePoint now) {
        if (link_.state() != State::lost) return;
        before_.reset();
        is_lost_ = true;
        is_changed_ = true;
        next_attempt_ = now + retry_after;
    }

    void hear() {
        const State was = link_.state();
        const bool was_refused = !link_.error().empty();
        const TimePoint now = Clock::now();
        link_.go_on(now);
        if (was != State::lost) note_loss(now);
        if (std::optional<Sample> sample = link_.take()) {
            before_ = is_lost_ ? std::nullopt : std::move(now_);
            now_ = std::move(sample);
            is_lost_ = false;
            is_changed_ = true;
        }
        is_changed_ = is_changed_ || was_refused == link_.error().empty();
    }

    void wait() {
        const TimePoint now = Clock::now();
        TimePoint until = link_.deadline();
        if (link_.state() == State::lost) until = next_attempt_;
        if (link_.state() == State::ready && !is_paused_) until = next_question_;
        std::array<pollfd, 3> ready = {{{terminal_.signals(), POLLIN, 0}, {terminal_.keys(), POLLIN, 0}, link_.wanted()}};
        ::poll(ready.data(), ready.size(), milliseconds_until(until, now));
        has_key_ = ready[1].revents != 0;
    }

    void heed_signals() {
        while (const std::optional<int> signal = terminal_.read_signal()) {
            is_changed_ = true;
            if (*signal == SIGCONT) terminal_.enter();
            else if (*signal == SIGINT) exit_code_ = 0;
            else if (*signal != SIGWINCH) exit_code_ = 128 + *signal;
        }
    }

    void heed_keys() {
        if (!has_key_) return;
        const std::optional<char> key = terminal_.read_key();
        if (key == 'q' || key == control_c) exit_code_ = 0;
        if (key != 'p') return;
        is_paused_ = !is_paused_;
        is_changed_ = true;
    }

    bool draw() {
        FrameInput input{.now = now_ ? &*now_ : nullptr, .before = before_ ? &*before_ : nullptr};
        const bool is_connected = link_.state() == State::ready || link_.state() == State::asking;
        if (is_lost_ && !is_connected) {
            input.footer = "no connection, trying again; q quits: " + link_.error();
            input.footer_look = Look::alarm;
        } else if (!link_.error().empty()) {
            input.footer = "refused: " + link_.error();
            input.footer_look = Look::alarm;
        } else if (is_paused_) {
            input.footer = "PAUSED  p go on  q quit";
            input.footer_look = Look::warning;
        } else {
            input.footer = "q quit  p pause  every " + short_time(interval_);
        }
        is_changed_ = false;
        return terminal_.show(make_frame(input, terminal_.size()));
    }

    ConsoleLink& link_;
    std::chrono::milliseconds interval_;
    Terminal terminal_;
    std::optional<Sample> now_;
    std::optional<Sample> before_;
    TimePoint next_question_{};
    TimePoint next_attempt_{};
    bool is_paused_ = false;
    bool is_lost_ = false;       // since the last sample
    bool is_changed_ = true;
    bool has_key_ = false;
    std::optional<int> exit_code_;
};

bool is_screen() {
    const char* kind = std::getenv("TERM");
    return ::isatty(STDOUT_FILENO) == 1 && (kind == nullptr || std::string_view(kind) != "dumb");
}

}  // namespace

std::optional<std::chrono::milliseconds> read_interval(const std::string& text) {
    double seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds, std::chars_format::fixed);
    // Also no to what is no number at all: it is neither.
    if (error != std::errc() || end != text.data() + text.size() || !(seconds >= 0.1 && seconds <= 3600)) return std::nullopt;
    return std::chrono::round<std::chrono::milliseconds>(std::chrono::duration<double>(seconds));
}

int show_top(const std::string& config_file, const std::string& dsn, std::chrono::milliseconds interval, Frames frames) {
    const std::optional<std::string> target = console_dsn(config_file, dsn, "pgweir_top");
    if (!target) return exit_bad_config;
    ConsoleLink link(*target);
    link.connect(Clock::now());
    if (link.state() == ConsoleLink::State::lost || !settle(link)) {
        std::cerr << clean(link.error()) << '\n';
        return exit_failed;
    }
    if (frames == Frames::one || !is_screen()) return print_frame(link);
    try {
        return Watch(link, interval).run();
    } catch (const std::exception& error) {
        std::cerr << "pgweir top: " << error.what() << '\n';
        return exit_failed;
    }
}

}  // namespace pgweir::proxy
