#include "proxy/log.hpp"

#include "proxy/log_fields.hpp"
#include "proxy/log_limit.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <memory>
#include <mutex>
#include <string>

namespace pgweir::proxy {
namespace {

using spdlog::details::log_msg;

std::string_view text_of(const log_msg& message) { return {message.payload.data(), message.payload.size()}; }

// The members that the line has in JSON.
class JsonMembers final : public spdlog::custom_flag_formatter {
public:
    void format(const log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        const std::string members = json_members(text_of(message));
        out.append(members.data(), members.data() + members.size());
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return spdlog::details::make_unique<JsonMembers>(); }
};

// Standard error, of a storm so much as LogLimit lets through.
class ErrorStreamSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    std::uint64_t held_back() const { return held_back_.load(std::memory_order_relaxed); }

private:
    void sink_it_(const log_msg& message) override {
        if (message.level < spdlog::level::err && !limit_.admits(event_of(text_of(message)), message.time)) {
            held_back_.fetch_add(1, std::memory_order_relaxed);
            return;
        }
        write(message);
    }
    void flush_() override {
        const auto now = std::chrono::system_clock::now();
        for (const HeldBack& one : limit_.take_held_back(now)) {
            const std::string text = "event=lines_held_back of=" + one.event + " lines=" + std::to_string(one.lines);
            write(log_msg(now, {}, "pgweir", spdlog::level::info, text));
        }
    }
    // Not buffered: each line is one call.
    void write(const log_msg& message) {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        std::fwrite(line.data(), 1, line.size(), stderr);
    }

    LogLimit limit_;
    std::atomic<std::uint64_t> held_back_{0};
};

// Keeps what an operator may want to see again.
class RingSink final : public spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const log_msg& message) override {
        const auto level = spdlog::level::to_string_view(message.level);
        recent_events().note(message.time, {level.data(), level.size()}, text_of(message));
    }
    void flush_() override {}
};

const std::shared_ptr<ErrorStreamSink>& error_stream() {
    static const auto sink = std::make_shared<ErrorStreamSink>();
    return sink;
}

constexpr std::array levels = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

}  // namespace

EventRing& recent_events() {
    static EventRing ring;
    return ring;
}

std::uint64_t held_back_log_lines() { return error_stream()->held_back(); }

void tell_held_back_log_lines() { error_stream()->flush(); }

void set_up_log(const config::LogOptions& options) {
    static const auto logger = [] {
        auto made = std::make_shared<spdlog::logger>(
            "pgweir", spdlog::sinks_init_list{error_stream(), std::make_shared<RingSink>()});
        spdlog::set_default_logger(made);
        return made;
    }();
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<JsonMembers>('*');
    formatter->set_pattern(options.format == config::LogFormat::json
                               ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l",%*})"
                               : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    logger->set_formatter(std::move(formatter));
    logger->set_level(levels[static_cast<std::size_t>(options.level)]);
}

}  // namespace pgweir::proxy
