#include "config/values.hpp"

#include "config/nearest.hpp"
#include "config/quantities.hpp"
#include "config/words.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <type_traits>
#include <utility>

namespace pgweir::config {

namespace {

using Complaint = std::optional<std::string>;

template <class E>
std::vector<std::string> all_words(E kind) {
    std::vector<std::string> out;
    for (const E value : all_values(kind)) {
        out.emplace_back(text_of(value));
    }
    return out;
}

std::string one_of(const std::vector<std::string>& words) {
    std::string out;
    for (std::size_t at = 0; at < words.size(); ++at) {
        out += at == 0 ? "" : (at + 1 == words.size() ? " or " : ", ");
        out += words[at];
    }
    return out;
}

template <class Number>
Complaint assign_number(const Facts& facts, Number& member, std::string_view text) {
    std::int64_t value = 0;
    Complaint complaint = read_whole_number(facts, text, value);
    if (!complaint) {
        member = static_cast<Number>(value);   // the range lies within the type's
    }
    return complaint;
}

template <class E>
Complaint assign_choice(E& member, std::string_view text) {
    for (const E value : all_values(E())) {
        if (text_of(value) == text) {
            member = value;
            return std::nullopt;
        }
    }
    const std::vector<std::string> words = all_words(E());
    return fmt::format("is not one of {}{}", fmt::join(words, ", "), did_you_mean(text, words));
}

Complaint assign_boolean(bool& member, std::string_view text) {
    if (text != "true" && text != "false") {
        return std::string("is neither true nor false");
    }
    member = text == "true";
    return std::nullopt;
}

// Assigns by the type of the member.
struct Assigner {
    const Facts& facts;
    std::string_view text;

    Complaint operator()(int* member) const { return assign_number(facts, *member, text); }
    Complaint operator()(std::uint16_t* member) const { return assign_number(facts, *member, text); }
    Complaint operator()(bool* member) const { return assign_boolean(*member, text); }
    Complaint operator()(std::chrono::milliseconds* member) const { return read_duration(facts, text, *member); }
    Complaint operator()(ByteSize* member) const { return read_byte_size(facts, text, *member); }
    Complaint operator()(double* member) const {
        double percent = 0;
        Complaint complaint = read_share(facts, text, percent);
        if (!complaint) {
            *member = percent / 100.0;
        }
        return complaint;
    }
    Complaint operator()(std::optional<double>* member) const {
        if (text == facts.word) {
            member->reset();
            return std::nullopt;
        }
        double share = 0;
        Complaint complaint = (*this)(&share);
        if (!complaint) {
            *member = share;
        }
        return complaint;
    }
    Complaint operator()(Portion* member) const { return read_portion(facts, text, *member); }
    Complaint operator()(std::string* member) const {
        *member = text;
        return std::nullopt;
    }
    Complaint operator()(Secret* member) const {
        *member = Secret(std::string(text));
        return std::nullopt;
    }
    Complaint operator()(std::vector<std::string>* member) const {
        member->assign(1, std::string(text));
        return std::nullopt;
    }
    Complaint operator()(std::optional<std::vector<std::string>>* member) const {
        return (*this)(&member->emplace());
    }
    Complaint operator()(Settings* /*member*/) const { return std::string("must be a mapping of name: value"); }
    Complaint operator()(Weights* /*member*/) const { return std::string("must be a mapping of flow: weight"); }
    Complaint operator()(std::optional<PoolMode>* member) const {
        PoolMode mode = PoolMode::transaction;
        Complaint complaint = assign_choice(mode, text);
        if (!complaint) {
            *member = mode;
        }
        return complaint;
    }
    template <class E>
    Complaint operator()(E* member) const {
        return assign_choice(*member, text);
    }
};

struct Printer {
    const Facts& facts;

    std::string operator()(const int* member) const { return number(*member); }
    std::string operator()(const std::uint16_t* member) const { return number(*member); }
    std::string operator()(const bool* member) const { return *member ? "true" : "false"; }
    std::string operator()(const std::chrono::milliseconds* member) const { return text_of(*member); }
    std::string operator()(const ByteSize* member) const { return text_of(*member); }
    std::string operator()(const double* member) const { return fmt::format("{:.4g}%", *member * 100.0); }
    std::string operator()(const std::optional<double>* member) const {
        return *member ? (*this)(&**member) : std::string(facts.word);
    }
    std::string operator()(const std::string* member) const { return *member; }
    std::string operator()(const Secret* member) const { return member->empty() ? "" : "[secret]"; }
    std::string operator()(const std::vector<std::string>* member) const {
        return member->size() == 1 ? member->front() : fmt::format("[{}]", fmt::join(*member, ", "));
    }
    std::string operator()(const std::optional<std::vector<std::string>>* member) const {
        return *member ? (*this)(&**member) : std::string("all");
    }
    std::string operator()(const Settings* member) const { return mapping(*member); }
    std::string operator()(const Weights* member) const { return mapping(*member); }
    std::string operator()(const std::optional<PoolMode>* member) const {
        return *member ? std::string(text_of(**member)) : std::string("the database's");
    }
    template <class E>
    std::string operator()(const E* member) const {
        return std::string(text_of(*member));
    }

    template <class Map>
    static std::string mapping(const Map& map) {
        std::string out;
        for (const auto& [name, value] : map) {
            out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", name, value);
        }
        return out.empty() ? "{}" : fmt::format("{{ {} }}", out);
    }

    std::string number(int value) const {
        return value == 0 && !facts.word.empty() ? std::string(facts.word) : std::to_string(value);
    }
};

struct AllowedText {
    const Facts& facts;

    std::string operator()(const int* /*member*/) const { return whole_number_range(facts); }
    std::string operator()(const std::uint16_t* /*member*/) const { return whole_number_range(facts); }
    std::string operator()(const bool* /*member*/) const { return "true or false"; }
    std::string operator()(const std::chrono::milliseconds* /*member*/) const { return duration_range(facts); }
    std::string operator()(const ByteSize* /*member*/) const { return byte_size_range(facts); }
    std::string operator()(const double* /*member*/) const { return share_range(facts); }
    std::string operator()(const std::optional<double>* /*member*/) const { return share_range(facts); }
    std::string operator()(const Portion* /*member*/) const { return portion_range(facts); }
    std::string operator()(const std::string* /*member*/) const { return "text"; }
    std::string operator()(const Secret* /*member*/) const { return "secret"; }
    std::string operator()(const std::vector<std::string>* /*member*/) const { return "text or list"; }
    std::string operator()(const std::optional<std::vector<std::string>>* /*member*/) const { return "text or list"; }
    std::string operator()(const Settings* /*member*/) const { return "mapping"; }
    std::string operator()(const Weights* /*member*/) const { return "mapping to " + whole_number_range(facts); }
    std::string operator()(const std::optional<PoolMode>* /*member*/) const { return one_of(all_words(PoolMode())); }
    template <class E>
    std::string operator()(const E* /*member*/) const {
        return one_of(all_words(E()));
    }
};

}  // namespace

std::optional<std::string> assign(const Option& option, std::string_view text) {
    return std::visit(Assigner{*option.facts, text}, option.slot);
}

std::string print(const Option& option) {
    const Printer printer{*option.facts};
    return std::visit([&](const auto* member) { return printer(member); }, option.slot);
}

bool is_same(const Option& a, const Option& b) {
    return std::visit(
        [&](const auto* member) {
            using Pointer = std::remove_const_t<std::remove_pointer_t<decltype(member)>>*;
            const Pointer* other = std::get_if<Pointer>(&b.slot);
            return other != nullptr && *member == **other;
        },
        a.slot);
}

std::string allowed_text(const Option& option) {
    const AllowedText allowed{*option.facts};
    return std::visit([&](const auto* member) { return allowed(member); }, option.slot);
}

std::vector<std::string> choices(const Option& option) {
    return std::visit(
        [](const auto* member) -> std::vector<std::string> {
            using Value = std::remove_cvref_t<decltype(*member)>;
            if constexpr (std::is_enum_v<Value>) {
                return all_words(Value());
            } else if constexpr (std::is_same_v<Value, std::optional<PoolMode>>) {
                return all_words(PoolMode());
            } else {
                return {};
            }
        },
        option.slot);
}

}  // namespace pgweir::config
