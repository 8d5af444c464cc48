#include "common/legacy/spool/reading.h"

namespace tayori::legacy {

std::vector<Entry> Reading::list(const std::string& directory) const {
    auto entries = tree.list(directory);
    if (entries) return std::move(*entries);
    if (entries.error().kind != Kind::not_found)
        say(Severity::refused, "directory-unreadable", directory);
    return {};
}

std::optional<std::string> Reading::text(const std::string& file, std::uint64_t bytes_max) const {
    auto bytes = tree.read_all(file, bytes_max);
    if (bytes) return std::move(*bytes);
    if (bytes.error().kind != Kind::not_found)
        say(Severity::person, "file-unreadable", file, {bytes.error().text});
    return std::nullopt;
}

}  // namespace tayori::legacy
