#include "proxy/core/statement_unit.hpp"

#include "protocol/backend.hpp"
#include "proxy/core/frame_run.hpp"

#include <string>
#include <utility>

namespace pgweir::proxy {
namespace {

using protocol::BackendType;
using protocol::Bytes;
using protocol::FrontendType;
using protocol::Reader;

// False: there is no such unit, or not yet all of it.
bool take(FrameRun& run, StatementUnit& unit) {
    const std::optional<Bytes> parse = run.take(FrontendType::parse);
    if (!parse) return false;
    Reader definition(*parse);
    const bool has_name = !definition.cstring().empty();
    unit.definition = protocol::as_text(definition.rest());
    unit.sql = definition.cstring();
    if (has_name || definition.i16() != 0 || !definition.ok()) return false;
    const std::optional<Bytes> bind = run.take(FrontendType::bind);
    if (!bind) return false;
    Reader binding(*bind);
    const bool is_unnamed = binding.cstring().empty() && binding.cstring().empty();
    for (int formats = binding.i16(); formats > 0 && binding.ok(); --formats) binding.i16();
    if (!is_unnamed || binding.i16() != 0 || !binding.ok()) return false;
    if (const std::optional<Bytes> describe = run.take(FrontendType::describe)) {
        if (protocol::as_text(*describe) != std::string_view("P\0", 2)) return false;
        unit.describes = true;
    }
    const std::optional<Bytes> execute = run.take(FrontendType::execute);
    return execute && !execute->empty() && execute->front() == std::byte{0} && run.take(FrontendType::sync) && run.size() <= max_held_frame;
}

}  // namespace

std::optional<StatementUnit> statement_unit(Bytes bytes) {
    FrameRun run(bytes);
    StatementUnit unit;
    if (take(run, unit)) unit.size = run.size();
    else if (!run.is_cut()) return std::nullopt;
    return unit;
}

void begin_answer(const StatementUnit& unit, StatementSummary summary, bool has_result, ClientSession& session,
                  std::vector<std::byte>& out) {
    session.unnamed = {.parsed = next_parse_number(),
                       .definition = std::string(unit.definition),
                       .summary = std::move(summary),
                       .is_bound = true};
    protocol::write_bare(out, BackendType::parse_complete);
    protocol::write_bare(out, BackendType::bind_complete);
    if (unit.describes && !has_result) protocol::write_bare(out, BackendType::no_data);
}

}  // namespace pgweir::proxy
