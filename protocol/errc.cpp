#include "protocol/errc.hpp"

#include <string>

namespace pgweir::protocol {

namespace {

// g++ 12 warns about every class derived from Boost 1.81's error_category, whose
// destructor is not virtual by design. May go when the warning does.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
class Category final : public boost::system::error_category {
public:
    const char* name() const noexcept override { return "pgweir.protocol"; }

    std::string message(int value) const override {
        switch (static_cast<errc>(value)) {
        case errc::frame_length_invalid: return "invalid message length";
        case errc::message_malformed: return "malformed message";
        case errc::startup_malformed: return "malformed startup packet";
        case errc::startup_too_long: return "startup packet too long";
        case errc::unsupported_protocol_version: return "unsupported frontend protocol version";
        case errc::scram_malformed: return "malformed SCRAM message";
        case errc::scram_unsupported: return "unsupported SCRAM mechanism or extension";
        case errc::scram_binding_mismatch: return "SCRAM channel binding check failed";
        case errc::scram_nonce_mismatch: return "SCRAM nonce does not match";
        case errc::verifier_malformed: return "malformed SCRAM-SHA-256 verifier";
        }
        return "unknown protocol error";
    }
};
#pragma GCC diagnostic pop

}  // namespace

boost::system::error_code make_error_code(errc value) {
    static const Category category;
    return {static_cast<int>(value), category};
}

}  // namespace pgweir::protocol
