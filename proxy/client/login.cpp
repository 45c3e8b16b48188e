#include "proxy/client/login.hpp"

#include "metrics/catalog.hpp"
#include "proxy/client/authenticator.hpp"
#include "proxy/client/bell.hpp"
#include "proxy/client/greeting.hpp"
#include "proxy/client/login_channel.hpp"
#include "proxy/client/login_end.hpp"
#include "proxy/client/login_report.hpp"
#include "proxy/client/startup_exchange.hpp"
#include "proxy/client/startup_settings.hpp"
#include "proxy/client/welcome_wait.hpp"
#include "proxy/core/flow_name.hpp"
#include "proxy/server/pool.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;
using metrics::LoginOutcome;
using MaybeEnd = std::optional<LoginEnd>;

namespace {

Refusal refusal_of(RefusalReason reason, std::chrono::milliseconds retry_after) {
    Refusal refusal{};
    refusal.reason = reason;
    refusal.retry_after = retry_after;
    return refusal;
}

// One login. Lives in the frame of log_in_client.
class Login {
public:
    Login(LoginServices& services, metrics::LoginCells& cells, LoginChannel& channel, Peer peer)
        : services_(services), cells_(cells), channel_(channel), peer_(std::move(peer)) {}

    // Every step, up to the hand-over.
    asio::awaitable<LoginStep<void>> run();

    LoginFacts facts() const;

private:
    asio::awaitable<LoginStep<void>> open();
    MaybeEnd check_startup();
    MaybeEnd enter();
    asio::awaitable<LoginStep<void>> authenticate_user();
    MaybeEnd admit();
    ConsoleRole claimed_role();
    LoginStep<void> open_console();
    MaybeEnd check_settings(const Pool& pool);
    asio::awaitable<LoginStep<void>> greet();
    void negotiate();
    void hand_over();
    std::string flow() const;

    const protocol::StartupMessage& startup() const { return std::get<protocol::StartupMessage>(opening_.message); }
    const DirectoryDatabase* find_database() const;

    LoginServices& services_;
    metrics::LoginCells& cells_;
    LoginChannel& channel_;
    Peer peer_;
    Clock::time_point accepted_at_ = Clock::now();
    std::shared_ptr<const Directory> directory_ = services_.directory();
    std::shared_ptr<const TlsOffer> tls_ = services_.tls();

    Opening opening_{};
    std::string user_;       // as the client claims
    std::string database_;   // likewise
    bool is_own_ = false;    // the console's own user, by the unix socket's word
    ClientSettings settings_;
    Ticket ticket_;
    CancelKey key_;
    std::vector<std::byte> out_;   // messages that go with the next write
};

asio::awaitable<LoginStep<void>> Login::run() {
    channel_.set_deadline(directory_->client_login_timeout);
    LoginStep<void> opened = co_await open();
    if (!opened) co_return opened;
    if (MaybeEnd end = check_startup()) co_return *std::move(end);
    if (MaybeEnd end = enter()) co_return *std::move(end);
    negotiate();
    if (!is_own_) {
        LoginStep<void> authenticated = co_await authenticate_user();
        if (!authenticated) co_return authenticated;
    }
    if (is_console(database_)) co_return open_console();
    if (MaybeEnd end = admit()) co_return *std::move(end);
    LoginStep<void> greeted = co_await greet();
    if (!greeted) co_return greeted;
    hand_over();
    co_return LoginStep<void>();
}

asio::awaitable<LoginStep<void>> Login::open() {
    std::shared_ptr<SSL_CTX> offered;
    if (tls_ && !peer_.is_local) offered = tls_->context;
    LoginStep<Opening> opening = co_await read_opening(channel_, std::move(offered), cells_);
    if (!opening) co_return opening.error();
    opening_ = *std::move(opening);
    if (const auto* cancel = std::get_if<protocol::CancelRequest>(&opening_.message)) {
        // No answer, whether the key fits or not; and none may be told from the time it takes.
        // The connection is closed when the cancel was delivered, as PostgreSQL does it: whoever
        // waits for that may be sure that it does not hit the next statement.
        if (const std::optional<ClientId> client = services_.cancel_keys.find(cancel->pid, cancel->secret)) {
            const Bell bell(co_await asio::this_coro::executor);
            services_.cancel(*client, bell.rope());
            co_await bell.wait(channel_.deadline());
        }
        co_return login_end::cancel_request();
    }
    co_return LoginStep<void>();
}

MaybeEnd Login::check_startup() {
    user_ = startup().find("user");
    database_ = startup().find("database");
    if (database_.empty()) database_ = user_;
    const bool needs_tls = tls_ && tls_->required && !peer_.is_local;
    if (needs_tls && !channel_.stream().is_tls()) return login_end::tls_required();
    if (user_.empty()) return login_end::no_user();
    return login_end::replication(startup().find("replication"));
}

// The gate and the breaker, before anything that costs. The console answers while nobody else is let in.
MaybeEnd Login::enter() {
    const ConsoleRole role = is_console(database_) ? claimed_role() : ConsoleRole::none;
    if (services_.is_draining() && role == ConsoleRole::none)
        return login_end::refused(refusal_of(RefusalReason::draining, retry_after_outage));
    std::optional<Ticket> ticket =
        role == ConsoleRole::admin ? services_.gate.enter_reserved(directory_->reserved_admin_conn) : services_.gate.enter();
    if (!ticket) return login_end::refused(refusal_of(RefusalReason::max_client_conn, retry_after_limit));
    ticket_ = *std::move(ticket);
    // Whether a database exists is told after authentication only.
    if (const DirectoryDatabase* database = find_database()) {
        if (const std::optional<Refusal> refusal = database->pool->refuse_login()) return login_end::refused(*refusal);
    }
    return std::nullopt;
}

// Who comes through the unix socket from a process of our own user needs no password as the console's own user.
ConsoleRole Login::claimed_role() {
    const auto user = directory_->users.find(user_);
    if (user != directory_->users.end()) return user->second.role;
    is_own_ = peer_.is_local && is_console(user_) && channel_.is_peer_trusted();
    return is_own_ ? ConsoleRole::admin : ConsoleRole::none;
}

// It is told the rest by the console itself.
LoginStep<void> Login::open_console() {
    const ConsoleRole role = claimed_role();
    if (role == ConsoleRole::none) return login_end::console_denied(database_);
    services_.open_console(ConsoleClient{.stream = channel_.release(),
                                         .ticket = std::move(ticket_),
                                         .user = user_,
                                         .address = peer_.address,
                                         .role = role,
                                         .farewell = std::move(out_)});
    return LoginStep<void>();
}

const DirectoryDatabase* Login::find_database() const {
    const auto found = directory_->databases.find(database_);
    return found == directory_->databases.end() ? nullptr : &found->second;
}

// Once, and before the request for authentication, when the client asks for more than we speak.
void Login::negotiate() {
    const bool is_newer = startup().minor_version > protocol::newest_minor_version;
    if (!is_newer && startup().protocol_options.empty()) return;
    const std::int32_t minor = std::min(startup().minor_version, protocol::newest_minor_version);
    protocol::write_negotiate_protocol_version(out_, minor, startup().protocol_options);
}

asio::awaitable<LoginStep<void>> Login::authenticate_user() {
    const auto found = directory_->users.find(user_);
    const bool is_known = found != directory_->users.end();
    Credentials credentials{};
    credentials.user = user_;
    credentials.is_known = is_known;
    credentials.verifier = is_known ? found->second.verifier : protocol::mock_verifier(user_, directory_->mock_secret);
    if (channel_.stream().is_tls()) credentials.binding.endpoint = tls_->endpoint_binding;
    LoginStep<void> result = co_await authenticate(channel_, out_, std::move(credentials));
    co_return result;
}

// What may be said only to somebody who has proved who he is.
MaybeEnd Login::admit() {
    const DirectoryUser& user = directory_->users.find(user_)->second;
    if (find_database() == nullptr) return login_end::unknown_database(database_);
    if (!user.may_use(database_)) return login_end::permission_denied(database_);
    if (find_database()->pool->is_disabled()) return login_end::disabled(database_);
    if (!ticket_.charge(user_, user.max_user_client_connections))
        return login_end::refused(refusal_of(RefusalReason::max_user_client_connections, retry_after_limit));
    auto settings = startup_settings(startup());
    if (const auto* error = std::get_if<SettingsError>(&settings)) return login_end::settings(*error);
    settings_ = std::get<ClientSettings>(std::move(settings));
    return std::nullopt;
}

asio::awaitable<LoginStep<void>> Login::greet() {
    const std::shared_ptr<Pool> pool = find_database()->pool;
    auto answer = co_await wait_for_welcome(pool, channel_.deadline());
    if (const auto* none = std::get_if<NoWelcome>(&answer)) {
        Refusal refusal = refusal_of(RefusalReason::upstream_unavailable, retry_after_outage);
        refusal.pool = pool->name();
        refusal.upstream_text = none->upstream_text;
        co_return login_end::refused(refusal);
    }
    if (MaybeEnd end = check_settings(*pool)) co_return *std::move(end);
    const std::int32_t minor = std::min(startup().minor_version, protocol::newest_minor_version);
    key_ = services_.cancel_keys.make(minor);
    write_greeting(out_, *std::get<std::shared_ptr<const Welcome>>(answer), settings_, key_);
    const ChannelStatus written = co_await channel_.write(out_);
    if (written != ChannelStatus::ok) {
        services_.cancel_keys.forget(key_);
        co_return login_end::channel(written);
    }
    co_return LoginStep<void>();
}

// While nothing is known, what is wrong with a setting shows itself at the first statement.
// From here on they are spelled and ordered as a survey finds them: what is the same compares equal.
MaybeEnd Login::check_settings(const Pool& pool) {
    if (const std::shared_ptr<const KnownSettings> known = pool.known_settings()) {
        if (const std::optional<SettingsError> error = known->check(settings_)) return login_end::settings(*error);
        settings_ = known->spelled(std::move(settings_));
    }
    std::sort(settings_.begin(), settings_.end());
    return std::nullopt;
}

std::string Login::flow() const {
    const std::string* application_name = value_of(settings_, "application_name");
    const std::string_view address = peer_.address;
    return flow_name(directory_->fair_by, {.user = user_,
                                           .application_name = application_name != nullptr ? *application_name : std::string_view(),
                                           .address = address.substr(0, address.rfind(':'))});
}

void Login::hand_over() {
    const DirectoryDatabase& database = *find_database();
    const DirectoryUser& user = directory_->users.find(user_)->second;
    LoggedInClient client{};
    client.early = channel_.take_pending();
    client.stream = channel_.release();
    client.ticket = std::move(ticket_);
    client.pool = database.pool;
    client.pool_mode = user.pool_mode.value_or(database.pool_mode);
    client.user = user_;
    client.priority = user.priority;
    client.flow = flow();
    client.address = peer_.address;
    client.settings = std::move(settings_);
    client.cancel_key = key_;
    services_.hand_over(std::move(client));
}

LoginFacts Login::facts() const {
    return {.address = peer_.address, .user = user_, .database = database_, .is_tls = channel_.stream().is_tls(), .accepted_at = accepted_at_};
}

}  // namespace

asio::awaitable<void> log_in_client(LoginServices& services, metrics::LoginCells& cells, net::Stream stream, Peer peer) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    LoginChannel channel(executor, std::move(stream));
    std::vector<std::byte> farewell;
    {
        const LoggingIn counted(cells);
        Login login(services, cells, channel, std::move(peer));
        LoginStep<void> result = co_await login.run();
        report(cells, login.facts(), result);
        if (result) co_return;
        farewell = result.error().farewell;
    }
    // The seat at the gate is free again while the client reads why.
    if (farewell.empty()) co_return;
    co_await channel.part(farewell);
}

}  // namespace pgweir::proxy
