#include "options.h"

#include <cstdlib>

namespace tayori::bench {
namespace {

std::string with_number(std::string format, long i) {
    const auto at = format.find("%d");
    if (at != std::string::npos) format.replace(at, 2, std::to_string(i));
    return format;
}

}  // namespace

Options::Options(int argc, char** argv) {
    for (int i = 2; i < argc; ++i) {
        std::string argument = argv[i];
        if (argument.starts_with("--")) argument.erase(0, 2);
        const auto equals = argument.find('=');
        if (equals == std::string::npos) values_[argument] = "1";
        else values_[argument.substr(0, equals)] = argument.substr(equals + 1);
    }
}

std::string Options::text(const std::string& name, const std::string& otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : found->second;
}

long Options::number(const std::string& name, long otherwise) const {
    const auto found = values_.find(name);
    return found == values_.end() ? otherwise : std::strtol(found->second.c_str(), nullptr, 10);
}

std::string Options::user(long i) const { return with_number(text("user-format", "u%d"), i); }
std::string Options::address(long i) const { return with_number(text("address-format", "u%d@example.org"), i); }

}  // namespace tayori::bench
