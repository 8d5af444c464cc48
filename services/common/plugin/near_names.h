// "did you mean": names that look like a wrong one.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tayori::plugin {

// "did you mean `deliver`?", or where none is near "write accept, deliver or reject"; "" without any names.
std::string did_you_mean(std::string_view name, std::span<const std::string_view> known);
// "accept, deliver or reject".
std::string either(std::span<const std::string_view> names);

}  // namespace tayori::plugin
