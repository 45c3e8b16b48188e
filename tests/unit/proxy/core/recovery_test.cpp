// Recovery against a scripted server: from whatever a client can leave behind to a server
// that is proved clean, or to the verdict that it cannot be.
#include "proxy/core/recovery.hpp"

#include "tests/support/ledger.hpp"
#include "tests/support/print.hpp"
#include "tests/support/wire.hpp"

#include "protocol/frame.hpp"

#include <catch2/catch.hpp>

#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace pgweir::test {

using proxy::Recovery;
using proxy::RecoveryVerdict;
using Texts = std::vector<std::string>;

namespace {

// What a message of the client's does: Runs, begins a Copy in, copies Out, Fails.
struct Message {
    char type;
    char fate = 'r';
    std::string text{};
    bool is_ours = false;
};

struct Server {
    std::deque<Message> input{};
    char status = 'Z';   // as Ledger writes it: Z idle, + in a transaction, ! failed
    bool is_skipping = false;
    char copying = 0;    // the type of the message that began a COPY in
    Texts ran{};         // texts of our statements, failed ones too
    std::map<std::size_t, std::string> failures{};   // SQLSTATE by the number of our statement
    std::string last_sqlstate = "57014";
    bool has_run = false;   // something of the client's outside of a block, whose end no Sync has said yet
    int commits = 0;        // of that, by us

    // Answers to the message at the front; `b` stands for what comes before an end.
    std::string step() {
        const Message message = input.front();
        input.pop_front();
        if (copying != 0) {
            return copy(message);
        }
        if (message.type == 'S') {
            is_skipping = false;
            commits += std::exchange(has_run, false) && message.is_ours;
            return std::string(1, status);
        }
        if (is_skipping || std::string_view("fdcH").find(message.type) != std::string_view::npos) return "";
        if (message.is_ours) {
            return run_ours(message.text);
        }
        return run(message);
    }

    std::string fail(char type) {
        status = status == 'Z' ? 'Z' : '!';
        has_run = false;
        if (type == 'Q') {
            return std::string("E") + status;
        }
        is_skipping = true;
        return "E";
    }

    std::string copy(const Message& message) {
        if (message.type != 'f' && message.type != 'c') {
            return "";
        }
        const char type = std::exchange(copying, '\0');
        if (message.type == 'f') {
            return fail(type);
        }
        return type == 'Q' ? std::string("C") + status : "C";
    }

    std::string run(const Message& message) {
        const std::map<char, std::string> answers = {{'P', "1"}, {'B', "2"}, {'D', "n"}, {'E', "DDC"}, {'Q', "TDDC"}};
        if (message.fate == 'f') {
            return fail(message.type);
        }
        if (message.fate == 'c') {
            copying = message.type;
            return "G";
        }
        has_run |= message.type == 'E' && status == 'Z';
        const std::string answer = message.fate == 'o' ? "HdddcC" : answers.at(message.type);
        return message.type == 'Q' ? answer + status : answer;
    }

    std::string run_ours(const std::string& text) {
        ran.push_back(text);
        const auto failure = failures.find(ran.size() - 1);
        if (failure != failures.end()) {
            last_sqlstate = failure->second;
            return fail('Q');
        }
        if (text == "ROLLBACK") {
            status = 'Z';
            has_run = false;
        }
        return std::string("C") + status;
    }

    // A cancel hits what is under way, or nothing.
    void cancel() {
        if (!input.empty() && !input.front().is_ours) {
            input.front().fate = 'f';
        }
    }
};

struct Scene {
    Ledger ledger{};
    Server server{};
    Recovery recovery{};
    RecoveryVerdict verdict = RecoveryVerdict::wait;
    bool is_cancel_in_flight = false;
    bool fits = true;   // no reply was unmatched

    // Pairs of type and fate, as "Pr Br Ec".
    void client_sends(std::string_view messages) {
        for (std::size_t i = 0; i + 1 < messages.size(); i += 3) {
            ledger.sends(messages.substr(i, 1));
            server.input.push_back({messages[i], messages[i + 1]});
        }
    }
    void server_answers(int messages) {
        for (int i = 0; i < messages; ++i) {
            deliver(server.step());
        }
    }
    void deliver(const std::string& replies) {
        fits = fits && ledger.replies(replies).find('x') == std::string::npos;
    }

    void advance() {
        std::vector<std::byte> out;
        verdict = recovery.advance(ledger.exchange, is_cancel_in_flight, out);
        std::string_view bytes = protocol::as_text(out);
        while (!bytes.empty()) {
            const auto header = protocol::read_header(protocol::as_bytes(bytes)).header;
            std::string text(bytes.substr(5, header.body_size));
            server.input.push_back({header.type, 'r', header.type == 'Q' ? std::string(text.c_str()) : text, true});
            bytes.remove_prefix(header.frame_size());
        }
    }

    // Up to the verdict, or until nothing more happens.
    void recover(const Texts& reset, bool cancels = true) {
        recovery = Recovery(reset, is_cancel_in_flight);
        if (cancels && Recovery::wants_cancel(ledger.exchange)) {
            recovery.expect_cancel();
            server.cancel();
        }
        advance();
        go_on();
    }
    void go_on() {
        for (int i = 0; i < 200 && verdict == RecoveryVerdict::wait && !server.input.empty(); ++i) {
            for (const char type : server.step()) {
                const protocol::Reply reply = ledger.reply(type);
                fits = fits && reply != protocol::Reply::unmatched;
                if (type == 'E' && reply == protocol::Reply::to_proxy) {
                    recovery.failed(server.last_sqlstate);
                }
                const bool may_go_on = std::string_view("Z+!").find(type) != std::string_view::npos;
                const bool owes_sync = ledger.exchange.wants_sync() && ledger.exchange.outstanding() == 0;
                if ((may_go_on || owes_sync || ledger.exchange.wants_copy_data()) && verdict == RecoveryVerdict::wait) {
                    advance();
                }
            }
        }
    }
};

const Texts reset = {"DISCARD ALL", "SELECT baseline"};
const std::string late_cancel = "57014";

struct Left {
    const char* what;
    std::string messages;   // sent by the client
    int answered;           // of them when it leaves
    char status = 'Z';      // of the transaction
};

const Left lefts[] = {
    {"nothing", "", 0},
    {"a simple query under way", "Qr", 0},
    {"a simple query in a transaction", "Qr", 0, '+'},
    {"a query whose error is on its way", "Qf", 0, '+'},
    {"an extended query under way", "Pr Br Er Sr", 1},
    {"an extended query without Sync", "Pr Br Er", 2},
    {"one that has run without Sync, outside of a transaction", "Pr Br Er", 3},
    {"an answered one without Sync", "Pr Br Er", 3, '+'},
    {"a failed one without Sync", "Pr Bf Er", 3, '+'},
    {"a pipeline", "Pr Br Er Sr Pr Bf Er Sr Qr", 2},
    {"a pipeline in a transaction", "Pr Br Er Sr Pr Br Er Sr Qr", 5, '+'},
    {"COPY in, not begun", "Qc", 0},
    {"COPY in, begun", "Qc dr", 2},
    {"COPY in, in a transaction", "Qc dr", 2, '+'},
    {"COPY in, its end sent ahead", "Qc dr cr", 0},
    {"COPY in, its end not answered", "Qc dr cr", 2},
    {"extended COPY in, not begun", "Pr Br Ec", 2},
    {"extended COPY in, begun", "Pr Br Ec", 3},
    {"extended COPY in with Sync, not begun", "Pr Br Ec Sr", 2},
    {"extended COPY in with Sync, begun", "Pr Br Ec Sr dr", 5},
    {"extended COPY in, its end sent", "Pr Br Ec Sr dr cr", 5},
    {"extended COPY in, its end and Sync sent", "Pr Br Ec Sr dr cr Sr", 3},
    {"COPY out", "Qo", 0, '+'},
    {"extended COPY out without Sync", "Pr Br Eo", 2},
    {"an open transaction", "Qr", 1, '+'},
    {"a failed transaction", "Qf", 1, '+'},
};

void leave(Scene& scene, const Left& left) {
    scene.server.status = left.status;
    scene.client_sends(left.messages);
    scene.server_answers(left.answered);
}

}  // namespace

TEST_CASE("recovery: whatever a client has left, the server ends clean", "[proxy]") {
    const bool cancels = GENERATE(true, false);
    for (const Left& left : lefts) {
        INFO(left.what << (cancels ? ", cancelled" : ""));
        Scene scene;
        leave(scene, left);
        scene.recover(reset, cancels);
        REQUIRE(scene.fits);
        CHECK(scene.verdict == RecoveryVerdict::clean);
        CHECK(scene.ledger.exchange.is_idle());
        CHECK(scene.server.status == 'Z');
        CHECK_FALSE(scene.server.is_skipping);
        CHECK(scene.server.commits == 0);
        Texts ran = scene.server.ran;
        const bool has_rolled_back = !ran.empty() && ran.front() == "ROLLBACK";
        CHECK((has_rolled_back || left.status == 'Z'));
        if (has_rolled_back) {
            ran.erase(ran.begin());
        }
        CHECK(ran == reset);
    }
}

TEST_CASE("recovery: a late cancel may hit any one statement", "[proxy]") {
    for (const Left& left : lefts) {
        for (std::size_t hit = 0; hit < 4; ++hit) {
            INFO(left.what << ", statement " << hit);
            Scene scene;
            leave(scene, left);
            scene.server.failures[hit] = late_cancel;
            scene.recover(reset);
            REQUIRE(scene.fits);
            CHECK(scene.verdict == RecoveryVerdict::clean);
            CHECK(scene.ledger.exchange.is_idle());
            // The reset that counts is the last thing that ran, and no part of it failed.
            REQUIRE(scene.server.ran.size() >= reset.size());
            const std::size_t first = scene.server.ran.size() - reset.size();
            CHECK(Texts(scene.server.ran.begin() + static_cast<std::ptrdiff_t>(first), scene.server.ran.end()) == reset);
            CHECK((scene.server.failures.begin()->first < first || scene.server.failures.begin()->first >= scene.server.ran.size()));
        }
    }
}

TEST_CASE("recovery: a statement refused for any other reason is hopeless", "[proxy]") {
    const std::size_t refused = GENERATE(0U, 1U, 2U);
    Scene scene;
    scene.server.status = '+';
    scene.client_sends("Qr");
    scene.server_answers(1);
    scene.server.failures[refused] = "42501";
    scene.recover(reset);
    CHECK(scene.verdict == RecoveryVerdict::hopeless);
}

TEST_CASE("recovery: cancels without end are hopeless", "[proxy]") {
    Scene scene;
    scene.server.status = GENERATE('Z', '+');
    scene.client_sends("Qr");
    scene.server_answers(1);
    for (std::size_t i = 0; i < 100; ++i) {
        scene.server.failures[i] = late_cancel;
    }
    scene.recover(reset);
    CHECK(scene.verdict == RecoveryVerdict::hopeless);
    CHECK(scene.server.ran.size() < 30);
}

TEST_CASE("recovery: a transaction that does not end is hopeless", "[proxy]") {
    Scene scene;
    scene.ledger.sends("Q");
    scene.ledger.replies("C+");
    std::vector<std::byte> out;
    int rounds = 0;
    while (scene.recovery.advance(scene.ledger.exchange, false, out) == RecoveryVerdict::wait && rounds < 100) {
        scene.ledger.replies("C+");
        ++rounds;
    }
    CHECK(rounds < 20);
}

TEST_CASE("recovery: a cancel in flight is waited for, and then proved to have landed", "[proxy]") {
    Scene scene;
    scene.is_cancel_in_flight = true;
    SECTION("with nothing else to do") {
        scene.recover({});
        CHECK(scene.verdict == RecoveryVerdict::wait);
        CHECK(scene.server.ran.empty());
        scene.is_cancel_in_flight = false;
        scene.advance();
        CHECK(scene.verdict == RecoveryVerdict::wait);
        scene.go_on();
        CHECK(scene.server.ran == Texts{"SELECT 1"});
    }
    SECTION("and it hits the proof itself") {
        scene.server.failures[0] = late_cancel;
        scene.recover({});
        scene.is_cancel_in_flight = false;
        scene.advance();
        scene.go_on();
        CHECK(scene.server.ran == Texts{"SELECT 1", "SELECT 1"});
    }
    SECTION("the exchange goes on meanwhile, nothing new is begun") {
        scene.client_sends("Pr Br Er");
        scene.recover(reset);
        CHECK(scene.verdict == RecoveryVerdict::wait);
        CHECK(scene.ledger.exchange.is_idle());
        CHECK(scene.server.ran.empty());
        scene.is_cancel_in_flight = false;
        scene.advance();
        scene.go_on();
        CHECK(scene.server.ran == reset);
    }
    CHECK(scene.verdict == RecoveryVerdict::clean);
    CHECK(scene.ledger.exchange.is_idle());
}

TEST_CASE("recovery: nothing to do is done at once", "[proxy]") {
    Scene scene;
    scene.recover({});
    CHECK(scene.verdict == RecoveryVerdict::clean);
    CHECK(scene.server.ran.empty());
}

TEST_CASE("recovery: a server whose COPY has left a doubt proves that nothing more comes", "[proxy]") {
    Scene scene;
    scene.ledger.sends("PBES");
    scene.ledger.replies("12G");
    scene.ledger.sends("dcS");
    scene.ledger.replies("EZ");
    REQUIRE_FALSE(scene.ledger.exchange.is_idle());
    scene.recover({});
    CHECK(scene.server.ran == Texts{"SELECT 1"});
    CHECK(scene.verdict == RecoveryVerdict::clean);
    CHECK(scene.ledger.exchange.is_idle());
}

TEST_CASE("recovery: answers that the server keeps until a Sync are asked for, once", "[proxy]") {
    Ledger ledger;
    ledger.sends("PBE");
    Recovery recovery({}, false);
    std::vector<std::byte> out;
    CHECK(recovery.advance(ledger.exchange, false, out) == RecoveryVerdict::wait);
    CHECK(std::string(protocol::as_text(out)) == message('H'));
    out.clear();
    ledger.replies("1");
    CHECK(recovery.advance(ledger.exchange, false, out) == RecoveryVerdict::wait);
    CHECK(out.empty());
    ledger.replies("2C");
    CHECK(recovery.advance(ledger.exchange, false, out) == RecoveryVerdict::wait);
    CHECK(std::string(protocol::as_text(out)) == query("ROLLBACK"));
}

TEST_CASE("recovery: a cancel is asked for where it brings the end nearer", "[proxy]") {
    Ledger ledger;
    CHECK_FALSE(Recovery::wants_cancel(ledger.exchange));
    ledger.sends("Q");
    CHECK(Recovery::wants_cancel(ledger.exchange));
    SECTION("not while the server reads COPY data: CopyFail does it") {
        ledger.replies("G");
        CHECK_FALSE(Recovery::wants_cancel(ledger.exchange));
    }
    SECTION("not in an open transaction where nothing runs") {
        ledger.replies("C+");
        CHECK_FALSE(Recovery::wants_cancel(ledger.exchange));
    }
}

}  // namespace pgweir::test
