// The command line. Exit codes: 0 done, 1 failed, 78 the configuration is bad (EX_CONFIG).
#include "proxy/commands.hpp"
#include "proxy/console_client.hpp"

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

int main(int argc, char** argv) {
    namespace proxy = pgweir::proxy;
    CLI::App app("pgweir: a PostgreSQL pooler for many short-lived clients and few servers");
    app.set_version_flag("--version", std::string("pgweir ") + proxy::version());
    app.require_subcommand(1);

    std::string file = proxy::default_config_file();
    std::string form = "markdown";
    std::string scenario;
    bool as_csv = false;
    auto* run = app.add_subcommand("run", "Serve until SIGTERM. SIGHUP re-reads the file.");
    auto* check = app.add_subcommand("check", "Report every problem of a configuration file.");
    for (CLI::App* command : {run, check})
        command->add_option("-c,--config", file, "The YAML file")->envname("PGWEIR_CONFIG")->capture_default_str();
    auto* reference = app.add_subcommand("reference", "Print the reference of all options, of all metrics, or of a scenario's keys.");
    reference->add_option("form", form, "Of the options: markdown, schema (JSON Schema) or sample (YAML); or metrics; or scenario")
        ->check(CLI::IsMember({"markdown", "schema", "sample", "metrics", "scenario"}))
        ->capture_default_str();
    auto* hash = app.add_subcommand("hash-password", "Read a password from standard input, print its SCRAM verifier.");
    auto* simulate = app.add_subcommand("simulate", "Play a scenario in virtual time with the daemon's own queue, breaker and dialling.");
    simulate->add_option("scenario", scenario, "The YAML file; its keys: pgweir reference scenario")->required();
    simulate->add_flag("--csv", as_csv, "Print a row for each flow and interval instead of tables");
    simulate->footer("Example: pgweir simulate deploy/scenarios/cold_start_storm.yaml");
    std::vector<std::string> what;
    std::string dsn;
    auto* show = app.add_subcommand("show", "Ask a running daemon's admin console, and print the table.");
    show->add_option("what", what, "As behind SHOW: holders, pools, queue, clients, ...; help names all")->required();
    show->add_option("--dsn", dsn, "Where the console is; by default what the configuration file says")->envname("PGWEIR_CONSOLE_DSN");
    show->add_option("-c,--config", file, "The YAML file")->envname("PGWEIR_CONFIG")->capture_default_str();

    CLI11_PARSE(app, argc, argv);
    if (run->parsed()) return proxy::run_daemon(file);
    if (check->parsed()) return proxy::check_config(file);
    if (reference->parsed()) return proxy::print_reference(form);
    if (simulate->parsed()) return proxy::simulate_scenario(scenario, as_csv);
    if (show->parsed()) return proxy::show_console(file, dsn, CLI::detail::join(what, " "));
    if (hash->parsed()) return proxy::hash_password();
    return 1;
}
