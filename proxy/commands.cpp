#include "proxy/commands.hpp"

#include "config/load.hpp"
#include "config/reference.hpp"
#include "config/scenario.hpp"
#include "config/scenario_schema.hpp"
#include "metrics/reference.hpp"
#include "protocol/scram.hpp"
#include "proxy/assembly.hpp"
#include "proxy/config_files.hpp"
#include "proxy/daemon.hpp"
#include "proxy/log.hpp"
#include "proxy/simulation/report.hpp"
#include "proxy/simulation/simulation.hpp"

#include <spdlog/spdlog.h>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <iostream>
#include <memory>
#include <system_error>

namespace pgweir::proxy {
namespace {

// Descriptors beside those of clients: servers, listeners, epoll sets, logs.
constexpr rlim_t spare_descriptors = 512;

void raise_descriptor_limit(int max_client_conn) {
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const rlim_t needed = static_cast<rlim_t>(max_client_conn) + spare_descriptors;
    if (limit.rlim_cur < needed)
        spdlog::warn("event=descriptor_limit_low limit={} needed={} text=\"max_client_conn cannot be reached: raise "
                     "LimitNOFILE or ulimit -n\"",
                     limit.rlim_cur, needed);
}

// With the daemon go its handlers: a second SIGTERM that comes now must not turn a good end
// into a death by signal. No other thread is left to take it.
void block_signals() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_BLOCK, &all, nullptr);
}

}  // namespace

const char* version() { return PGWEIR_VERSION; }

std::string default_config_file() {
    return std::filesystem::exists("pgweir.yaml") ? "pgweir.yaml" : "/etc/pgweir/pgweir.yaml";
}

int run_daemon(const std::string& config_file) {
    std::signal(SIGPIPE, SIG_IGN);
    // By its full path, so that reloads find it where the working directory was, should that be replaced.
    std::error_code ec;
    const std::filesystem::path absolute = std::filesystem::absolute(config_file, ec);
    const std::string path = ec ? config_file : absolute.string();
    const ConfigReading loaded = read_config(path, Occasion::start);
    for (const config::Diagnostic& problem : loaded.problems) std::cerr << problem.text() << '\n';
    if (!loaded.config) return exit_bad_config;
    set_up_log(loaded.config->log);
    raise_descriptor_limit(loaded.config->limits.max_client_conn);
    try {
        Daemon daemon(loaded, [path] { return read_config(path, Occasion::reload); });
        const int exit_code = daemon.run();
        block_signals();
        return exit_code;
    } catch (const std::exception& error) {
        spdlog::error("event=start_failed text={:?}", error.what());
        return 1;
    }
}

int check_config(const std::string& config_file) {
    const ConfigReading loaded = read_config(config_file, Occasion::start);
    for (const config::Diagnostic& problem : loaded.problems) std::cerr << problem.text() << '\n';
    if (!loaded.config) return exit_bad_config;
    std::cout << config_file << ": " << loaded.config->databases.size() << " database(s), " << loaded.config->users.size()
              << " user(s), no problems\n";
    return 0;
}

int print_reference(const std::string& form) {
    if (form == "schema") std::cout << config::reference_json_schema();
    else if (form == "sample") std::cout << config::reference_sample();
    else if (form == "metrics") std::cout << metrics::reference_markdown();
    else if (form == "scenario") std::cout << config::scenario_reference();
    else std::cout << config::reference_markdown();
    return 0;
}

int simulate_scenario(const std::string& scenario_file, bool as_csv) {
    const config::ScenarioResult loaded = config::load_scenario(scenario_file, config::real_surroundings());
    for (const config::Diagnostic& problem : loaded.problems) std::cerr << problem.text() << '\n';
    if (!loaded.scenario) return exit_bad_config;
    const SimulationResult result = simulate(*loaded.scenario, pool_limits(loaded.scenario->pool).core);
    std::cout << (as_csv ? report_csv(*loaded.scenario, result) : report_table(*loaded.scenario, result));
    return 0;
}

int hash_password() {
    if (::isatty(STDIN_FILENO) != 0) std::cerr << "Password (it will be shown): ";
    std::string password;
    std::getline(std::cin, password);
    if (password.empty()) {
        std::cerr << "No password on standard input.\n";
        return 1;
    }
    std::cout << protocol::format_verifier(protocol::make_verifier(password)) << '\n';
    return 0;
}

}  // namespace pgweir::proxy
