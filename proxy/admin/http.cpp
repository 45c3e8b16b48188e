// The only file that includes Beast, which costs as much to compile as all of Asio.
#include "proxy/admin/http.hpp"

#include "proxy/net/listener.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <array>
#include <set>
#include <utility>

namespace pgweir::proxy {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::system::error_code;

namespace {

constexpr std::size_t max_header_size = 8 * 1024;
constexpr std::size_t max_body_size = 1024;
constexpr std::size_t max_connections = 64;
constexpr std::chrono::seconds request_timeout{10};   // for a TLS handshake, an idle connection, a whole request and a whole answer

// After an answer to a request we did not read to its end: how long and how much more is
// read, because closing a socket with unread data would take the answer back.
constexpr std::chrono::seconds linger_timeout{1};
constexpr int max_lingering_reads = 64;

using Request = http::request<http::string_body>;
using Response = http::response<http::string_body>;
using TlsStream = asio::ssl::stream<beast::tcp_stream>;
using Parser = http::request_parser<http::string_body>;

Response make_response(HttpAnswer answer, unsigned version) {
    Response response(static_cast<http::status>(answer.status), version);
    response.set(http::field::server, "pgweir");
    response.set(http::field::content_type, answer.content_type);
    response.set(http::field::cache_control, "no-store");
    if (answer.retry_after) {
        response.set(http::field::retry_after, std::to_string(answer.retry_after->count()));
    }
    if (response.result() == http::status::method_not_allowed) {
        response.set(http::field::allow, "GET, HEAD");
    }
    if (response.result() == http::status::unauthorized) {
        response.set(http::field::www_authenticate, "Bearer");
    }
    // The page shows names that strangers have chosen: should one ever be taken for more than text, it can do nothing.
    response.set("Content-Security-Policy",
                 "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; img-src data:; "
                 "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    response.set("X-Content-Type-Options", "nosniff");
    response.set("Referrer-Policy", "no-referrer");
    response.body() = std::move(answer.body);
    response.prepare_payload();
    return response;
}

// The answer to a request that could not be read; nullopt when there is nobody to answer to.
std::optional<Response> make_complaint(const error_code& error) {
    static const auto& category = http::make_error_code(http::error::bad_method).category();
    if (error.category() != category || error == http::error::end_of_stream || error == http::error::partial_message) {
        return std::nullopt;
    }
    HttpAnswer answer;
    answer.status = 400;
    answer.body = "bad request\n";
    if (error == http::error::header_limit) {
        answer.status = 431;
        answer.body = "header too large\n";
    } else if (error == http::error::body_limit) {
        answer.status = 413;
        answer.body = "body too large\n";
    }
    Response response = make_response(std::move(answer), 11);
    response.keep_alive(false);
    return response;
}

asio::ip::tcp protocol_of(int descriptor) {
    int family = AF_INET;
    socklen_t size = sizeof family;
    ::getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &family, &size);
    return family == AF_INET6 ? asio::ip::tcp::v6() : asio::ip::tcp::v4();
}

template <class Stream>
asio::awaitable<error_code> send(Stream& stream, Response& response, bool with_body) {
    error_code error;
    http::response_serializer<http::string_body> serializer(response);
    beast::get_lowest_layer(stream).expires_after(request_timeout);
    if (with_body) {
        co_await http::async_write(stream, serializer, asio::redirect_error(asio::use_awaitable, error));
    } else {
        co_await http::async_write_header(stream, serializer, asio::redirect_error(asio::use_awaitable, error));
    }
    co_return error;
}

asio::awaitable<void> linger(beast::tcp_stream& stream) {
    error_code error;
    stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    stream.expires_after(linger_timeout);
    std::array<char, 4096> ignored;
    for (int i = 0; i < max_lingering_reads && !error; ++i) {
        co_await stream.async_read_some(asio::buffer(ignored), asio::redirect_error(asio::use_awaitable, error));
    }
}

// TLS says goodbye first; the peer may take no longer to return it than for the rest.
asio::awaitable<void> linger(TlsStream& stream) {
    error_code error;
    stream.next_layer().expires_after(linger_timeout);
    co_await stream.async_shutdown(asio::redirect_error(asio::use_awaitable, error));
    co_await linger(stream.next_layer());
}

asio::awaitable<HttpAnswer> answer(const HttpServices& services, const HttpServer::Status& status, const Request& request) {
    HttpReply reply = answer_request(services, HttpRequest{.method = request.method_string(),
                                                           .target = request.target(),
                                                           .authorization = request[http::field::authorization]});
    if (auto* wanted = std::get_if<StatusWanted>(&reply)) {
        std::string json = co_await status(std::move(wanted->database));
        co_return make_status(std::move(json));
    }
    co_return std::get<HttpAnswer>(std::move(reply));
}

template <class Stream>
asio::awaitable<void> answer_requests(const HttpServices& services, const HttpServer::Status& status, Stream& stream) {
    error_code error;
    beast::flat_buffer buffer(max_header_size + max_body_size);
    for (bool keeps_alive = true; keeps_alive;) {
        Parser parser;
        parser.header_limit(max_header_size);
        parser.body_limit(max_body_size);
        beast::get_lowest_layer(stream).expires_after(request_timeout);
        co_await http::async_read(stream, buffer, parser, asio::redirect_error(asio::use_awaitable, error));
        if (error) {
            std::optional<Response> complaint = make_complaint(error);
            if (complaint) {
                error = co_await send(stream, *complaint, true);
                co_await linger(stream);
            }
            co_return;
        }
        const Request request = parser.release();
        keeps_alive = request.keep_alive();
        HttpAnswer answered = co_await answer(services, status, request);
        Response response = make_response(std::move(answered), request.version());
        response.keep_alive(keeps_alive);
        error = co_await send(stream, response, request.method() != http::verb::head);
        if (error) {
            co_return;
        }
    }
    co_await linger(stream);
}

}   // namespace

// What the server and its coroutines have in common; used on one thread.
struct HttpServer::Shared {
    HttpServices services;
    Status status;
    Tls tls;
    std::size_t connections = 0;
    std::set<beast::tcp_stream*> streams;   // of those connections whose coroutine has begun
};

// One connection's place among max_connections, from the accept to the end of its coroutine.
class HttpServer::Place {
public:
    explicit Place(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) { ++shared_->connections; }
    Place(Place&& other) noexcept : shared_(std::move(other.shared_)), stream_(std::exchange(other.stream_, nullptr)) {}
    Place& operator=(Place&&) = delete;
    ~Place() {
        if (shared_) {
            --shared_->connections;
            shared_->streams.erase(stream_);
        }
    }

    // Makes the connection known to `stop`. Requires: the stream lives as long as the place.
    void hold(beast::tcp_stream& stream) {
        stream_ = &stream;
        shared_->streams.insert(stream_);
    }

    const HttpServices& services() const { return shared_->services; }
    const Status& status() const { return shared_->status; }
    std::shared_ptr<SSL_CTX> tls() const { return shared_->tls(); }

private:
    std::shared_ptr<Shared> shared_;
    beast::tcp_stream* stream_ = nullptr;
};

asio::awaitable<void> HttpServer::serve(Place arrived, net::Stream accepted) {
    const asio::any_io_executor executor = co_await asio::this_coro::executor;
    const asio::ip::tcp protocol = protocol_of(accepted.descriptor());
    asio::ip::tcp::socket socket(executor, protocol, accepted.release_descriptor());
    beast::tcp_stream plain(std::move(socket));
    const std::shared_ptr<SSL_CTX> context = arrived.tls();
    SSL* const ssl = context ? SSL_new(context.get()) : nullptr;
    if (ssl == nullptr) {
        Place place(std::move(arrived));   // ends before the stream does
        place.hold(plain);
        if (!context) co_await answer_requests(place.services(), place.status(), plain);
        co_return;
    }
    TlsStream stream(std::move(plain), ssl);   // takes it over
    Place place(std::move(arrived));
    place.hold(stream.next_layer());
    stream.next_layer().expires_after(request_timeout);
    error_code error;
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::redirect_error(asio::use_awaitable, error));
    // What is no TLS has been sent an alert; closed with the rest of it unread, the peer would see a reset.
    if (error) co_await linger(stream.next_layer());
    else co_await answer_requests(place.services(), place.status(), stream);
}

HttpServer::HttpServer(net::Coroutines& coroutines, const asio::any_io_executor& executor, HttpServices services,
                       Status status, Tls tls)
    : shared_(std::make_shared<Shared>()) {
    shared_->services = std::move(services);
    shared_->status = std::move(status);
    shared_->tls = std::move(tls);
    const std::weak_ptr<Shared> weak = shared_;
    auto on_accept = [&coroutines, executor, weak](net::Accepted accepted) {
        const std::shared_ptr<Shared> shared = weak.lock();
        if (shared && shared->connections < max_connections) {
            coroutines.spawn(executor, "http", serve(Place(shared), std::move(accepted.stream)));
        }
    };
    listener_ =
        std::make_unique<net::Listener>(coroutines, std::vector<asio::any_io_executor>{executor}, std::move(on_accept));
}

HttpServer::~HttpServer() {
    stop();
}

std::optional<net::ListenError> HttpServer::start(const std::string& address, std::uint16_t port) {
    config::ListenOptions options;
    options.address = {address};
    options.port = port;
    return listener_->start(options);
}

void HttpServer::stop() {
    listener_->stop();
    for (beast::tcp_stream* const stream : shared_->streams) {
        stream->close();
    }
}

std::uint16_t HttpServer::port() const {
    return listener_->port();
}

}   // namespace pgweir::proxy
