// Fills the members behind a section's options from a mapping of the file, and
// complains about every key and value that does not fit.
#pragma once

#include "config/document.hpp"
#include "config/load.hpp"
#include "config/problems.hpp"
#include "config/schema.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace pgweir::config {

class Reader {
public:
    // Lifetime: all three must outlive the reader.
    Reader(const Surroundings& surroundings, Problems& problems, WrittenKeys& written)
        : surroundings_(surroundings), problems_(problems), written_(written) {}

    // `others` are keys of the mapping that the caller reads.
    void read(const Section& section, const Node& mapping, const std::string& path,
              const std::vector<std::string_view>& others = {});

    // The entries of a mapping whose keys are names, each written once; none when `value` is not a mapping.
    std::vector<Entry> named_entries(const Entry& value, const std::string& path);

    // True for a mapping; complains about a value that is not.
    bool check_mapping(const Entry& entry, const std::string& path);

    // The items of a list, each a mapping, with `path[0]` as key; none when `value` is not a list. Items
    // that are no mapping are complained about and left out.
    std::vector<Entry> listed_entries(const Entry& value, const std::string& path);

    // The file's aliases lead to more values than are worth reading; the rest was left out.
    bool is_exhausted() const;

private:
    // Notes the key and says whether it is to be read: not a second time, not after too many.
    bool begin(const Entry& entry, const std::string& path);
    void fail(Place place, const std::string& path, std::string message);
    void refuse_unknown(const Section& section, const Entry& entry, const std::string& path,
                        const std::vector<std::string_view>& others);

    void read_option(const Option& option, const Entry& entry, const std::string& path);
    void read_scalar(const Option& option, const Node& node, Place place, const std::string& path);
    void read_list(const Option& option, const Entry& entry, const std::string& path);
    void read_weights(Weights& weights, const Facts& facts, const Entry& entry, const std::string& path);
    void read_settings(Settings& settings, const Entry& entry, const std::string& path);

    const Surroundings& surroundings_;
    Problems& problems_;
    WrittenKeys& written_;
    std::size_t steps_ = 0;
};

}  // namespace pgweir::config
