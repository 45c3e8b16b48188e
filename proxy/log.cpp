#include "proxy/log.hpp"

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>
#include <memory>
#include <mutex>
#include <string>

namespace pgweir::proxy {
namespace {

// The message as a JSON string's inside. Bytes that are no text become spaces.
class JsonText final : public spdlog::custom_flag_formatter {
public:
    void format(const spdlog::details::log_msg& message, const std::tm&, spdlog::memory_buf_t& out) override {
        for (const char c : message.payload) {
            if (c == '"' || c == '\\') out.push_back('\\');
            out.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
        }
    }
    std::unique_ptr<custom_flag_formatter> clone() const override { return spdlog::details::make_unique<JsonText>(); }
};

// Keeps what an operator may want to see again.
class RingSink final : public spdlog::sinks::base_sink<std::mutex> {
    void sink_it_(const spdlog::details::log_msg& message) override {
        const auto level = spdlog::level::to_string_view(message.level);
        recent_events().note(message.time, {level.data(), level.size()}, {message.payload.data(), message.payload.size()});
    }
    void flush_() override {}
};

constexpr std::array levels = {spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err};

}  // namespace

EventRing& recent_events() {
    static EventRing ring;
    return ring;
}

void set_up_log(const config::LogOptions& options) {
    static const auto logger = [] {
        auto made = std::make_shared<spdlog::logger>(
            "pgweir", spdlog::sinks_init_list{std::make_shared<spdlog::sinks::stderr_sink_mt>(), std::make_shared<RingSink>()});
        spdlog::set_default_logger(made);
        return made;
    }();
    auto formatter = std::make_unique<spdlog::pattern_formatter>();
    formatter->add_flag<JsonText>('*');
    formatter->set_pattern(options.format == config::LogFormat::json
                               ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","message":"%*"})"
                               : "%Y-%m-%dT%H:%M:%S.%e%z %l %v");
    logger->set_formatter(std::move(formatter));
    logger->set_level(levels[static_cast<std::size_t>(options.level)]);
    logger->flush_on(spdlog::level::info);
}

}  // namespace pgweir::proxy
