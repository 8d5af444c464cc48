// .mh_sequences: "unseen: 3-5 8". Bytes in, values out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tayori::legacy::mh {

using Ranges = std::vector<std::pair<std::uint64_t, std::uint64_t>>;  // from, to; ascending, apart

struct Sequences {
    std::map<std::string, Ranges, std::less<>> by_name;
    std::vector<std::uint64_t> bad_lines;
    bool has(std::string_view name, std::uint64_t number) const;
};
Sequences parse_sequences(std::string_view text);

}  // namespace tayori::legacy::mh
