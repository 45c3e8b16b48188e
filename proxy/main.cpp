// The command line. Exit codes: 0 done, 1 failed, 78 the configuration is bad (EX_CONFIG); others in the help.
#include "proxy/commands.hpp"
#include "proxy/completion.hpp"
#include "proxy/config_commands.hpp"
#include "proxy/console_client.hpp"
#include "proxy/top/top.hpp"

#include <CLI/CLI.hpp>

#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    namespace proxy = pgweir::proxy;
    CLI::App app("pgweir: a PostgreSQL pooler for many short-lived clients and few servers");
    app.set_version_flag("--version", std::string("pgweir ") + proxy::version());
    app.require_subcommand(1);
    app.footer("Exit codes: 0 done; 1 failed; 78 bad configuration; 100 and above bad command line; others in the help of "
               "the subcommand.\nExample: pgweir check -c pgweir.yaml && pgweir run -c pgweir.yaml");

    // Of each command its own: the environment's value is given to all of them.
    std::string run_file = proxy::default_config_file();
    std::string check_file = run_file;
    std::string show_file = run_file;
    std::string top_file = run_file;
    const auto add_config = [](CLI::App* command, std::string& file) {
        command->add_option("-c,--config", file, "The YAML file")->envname("PGWEIR_CONFIG")->capture_default_str();
    };
    const char* from_environment = std::getenv("PGWEIR_CONFIG");
    std::string old_file = from_environment == nullptr ? run_file : from_environment;
    std::string form = "markdown";
    std::string scenario;
    std::string ini;
    std::string shell;
    bool as_csv = false;
    bool as_diff = false;
    auto* run = app.add_subcommand("run", "Serve until SIGTERM. SIGHUP re-reads the file.");
    run->footer("Exit codes: 0 drained; 1 could not start, or something did not end; 78 bad configuration.\nExample: pgweir run -c /etc/pgweir/pgweir.yaml");
    auto* check = app.add_subcommand("check", "Report every problem of a configuration file, or what it would change.");
    check->footer("Exit codes: 0 no problems; 78 problems. With --diff: 0 no changes; 1 changes, all in force after a reload; 2 some "
                  "need a restart; 78 problems in either file.\n"
                  "Examples: pgweir check -c pgweir.yaml\n"
                  "          pgweir check --diff -c new.yaml --against /etc/pgweir/pgweir.yaml");
    add_config(run, run_file);
    add_config(check, check_file);
    auto* diff = check->add_flag("--diff", as_diff, "Print what a reload of the file would change, key by key, and what each change takes");
    check->add_option("--against", old_file, "The file that it is compared with")->capture_default_str()->needs(diff);
    auto* reference = app.add_subcommand("reference", "Print the reference of all options, of all metrics, or of a scenario's keys.");
    reference->add_option("form", form, "Of the options: markdown, schema (JSON Schema) or sample (YAML); or metrics; or scenario")
        ->check(CLI::IsMember({"markdown", "schema", "sample", "metrics", "scenario"}))
        ->capture_default_str();
    reference->footer("Example: pgweir reference sample > pgweir.yaml");
    auto* hash = app.add_subcommand("hash-password", "Read a password from standard input, print its SCRAM verifier.");
    hash->footer("Exit codes: 0 done; 1 no password.\nExample: printf %s \"$LAMBDA_PASSWORD\" | pgweir hash-password");
    auto* simulate = app.add_subcommand("simulate", "Play a scenario in virtual time with the daemon's own queue, breaker and dialling.");
    simulate->add_option("scenario", scenario, "The YAML file; its keys: pgweir reference scenario")->required();
    simulate->add_flag("--csv", as_csv, "Print a row for each flow and interval instead of tables");
    simulate->footer("Exit codes: 0 done; 78 a bad scenario.\nExample: pgweir simulate deploy/scenarios/cold_start_storm.yaml");
    std::vector<std::string> what;
    std::string dsn;
    auto* show = app.add_subcommand("show", "Ask a running daemon's admin console, and print the table.");
    show->add_option("what", what, "As behind SHOW: holders, pools, queue, clients, ...; help names all")->required();
    const auto add_dsn = [&dsn](CLI::App* command) {
        command->add_option("--dsn", dsn, "Where the console is; by default what the configuration file says")->envname("PGWEIR_CONSOLE_DSN");
    };
    add_dsn(show);
    add_config(show, show_file);
    show->footer("Exit codes: 0 shown; 1 not reached, or refused; 78 bad configuration.\nExample: pgweir show holders");
    std::string interval = "1";
    bool only_once = false;
    auto* top = app.add_subcommand("top", "Watch a running daemon: its pools, who holds their servers, who waits.");
    top->add_option("--interval", interval, "Seconds from one look to the next, 0.1 to 3600")
        ->type_name("SECONDS")
        ->check([](const std::string& text) { return proxy::read_interval(text) ? "" : "takes seconds from 0.1 to 3600, not " + text; })
        ->capture_default_str();
    top->add_flag("--once", only_once, "Print one frame and end; so it does when standard output is no terminal");
    add_dsn(top);
    add_config(top, top_file);
    top->footer("Keys: q quits, p pauses. Without colours when NO_COLOR is set.\n"
                "Exit codes: 0 shown, or left with q or Ctrl-C; 1 not reached at the start, or refused; 78 bad configuration.\n"
                "Example: pgweir top --interval 2");
    auto* migrate = app.add_subcommand("migrate", "Print the YAML for a pgbouncer.ini, and on standard error what has no place in it.");
    migrate->add_option("ini", ini, "PgBouncer's file; those that it names are read too")->required();
    migrate->footer("Exit codes: 0 all carried over; 3 printed, but something is listed; 65 no pgbouncer.ini; 66 a file cannot be read.\n"
                    "Example: pgweir migrate /etc/pgbouncer/pgbouncer.ini > pgweir.yaml");
    auto* completion = app.add_subcommand("completion", "Print a script with which a shell completes these commands.");
    completion->add_option("shell", shell, "bash or zsh")->check(CLI::IsMember({"bash", "zsh"}))->required();
    completion->footer("Example: source <(pgweir completion bash)");

    CLI11_PARSE(app, argc, argv);
    if (run->parsed()) return proxy::run_daemon(run_file);
    if (check->parsed()) return as_diff ? proxy::print_diff(old_file, check_file) : proxy::check_config(check_file);
    if (reference->parsed()) return proxy::print_reference(form);
    if (simulate->parsed()) return proxy::simulate_scenario(scenario, as_csv);
    if (show->parsed()) return proxy::show_console(show_file, dsn, CLI::detail::join(what, " "));
    if (top->parsed()) return proxy::show_top(top_file, dsn, *proxy::read_interval(interval), only_once ? proxy::Frames::one : proxy::Frames::many);
    if (hash->parsed()) return proxy::hash_password();
    if (migrate->parsed()) return proxy::migrate(ini);
    if (completion->parsed()) std::cout << proxy::completion_script(app, shell);
    return completion->parsed() ? 0 : 1;
}
