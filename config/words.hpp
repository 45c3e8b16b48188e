// The words of the options that are a choice, as the file, the reference, metrics and
// SHOW spell them.
#pragma once

#include "config/options.hpp"
#include "config/scenario.hpp"
#include "config/schema.hpp"

#include <array>
#include <string_view>

namespace pgweir::config {

std::string_view text_of(TlsMode value);
std::string_view text_of(TlsVersion value);
std::string_view text_of(PoolMode value);
std::string_view text_of(Priority value);
std::string_view text_of(LogFormat value);
std::string_view text_of(LogLevel value);
std::string_view text_of(Reload value);
std::string_view text_of(Distribution value);
std::string_view text_of(Backoff value);
std::string_view text_of(ConnectionUse value);

// Every value of the argument's type, in the order in which they are listed for people.
constexpr std::array<TlsMode, 3> all_values(TlsMode /*kind*/) {
    return {TlsMode::disable, TlsMode::allow, TlsMode::require};
}
constexpr std::array<TlsVersion, 2> all_values(TlsVersion /*kind*/) {
    return {TlsVersion::tls_1_2, TlsVersion::tls_1_3};
}
constexpr std::array<PoolMode, 2> all_values(PoolMode /*kind*/) {
    return {PoolMode::transaction, PoolMode::session};
}
constexpr std::array<Priority, 2> all_values(Priority /*kind*/) {
    return {Priority::normal, Priority::high};
}
constexpr std::array<LogFormat, 2> all_values(LogFormat /*kind*/) {
    return {LogFormat::text, LogFormat::json};
}
constexpr std::array<LogLevel, 4> all_values(LogLevel /*kind*/) {
    return {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error};
}
constexpr std::array<Distribution, 2> all_values(Distribution /*kind*/) {
    return {Distribution::constant, Distribution::exponential};
}
constexpr std::array<Backoff, 3> all_values(Backoff /*kind*/) {
    return {Backoff::none, Backoff::constant, Backoff::exponential};
}
constexpr std::array<ConnectionUse, 2> all_values(ConnectionUse /*kind*/) {
    return {ConnectionUse::kept, ConnectionUse::per_invocation};
}

}  // namespace pgweir::config
