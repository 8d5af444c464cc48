// A source in memory, and what tests ask of a report.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "common/legacy/report.h"
#include "common/legacy/tree.h"

namespace tayori::legacy {

class MemoryTree final : public Tree {
  public:
    struct File {
        std::string bytes;
        std::int64_t mtime_s = 0;
        EntryKind kind = EntryKind::file;
    };
    std::map<std::string, File> files;
    mutable std::string grows;  // a file that is longer at every stat

    MemoryTree& add(const std::string& path, std::string bytes, std::int64_t mtime_s = 1'000) {
        files[path] = {std::move(bytes), mtime_s, EntryKind::file};
        return *this;
    }
    MemoryTree& add_directory(const std::string& path) {
        files[path] = {{}, 0, EntryKind::directory};
        return *this;
    }
    MemoryTree& add_link(const std::string& path) {
        files[path] = {{}, 0, EntryKind::special};
        return *this;
    }

    Result<std::vector<Entry>> list(std::string_view directory) const override {
        const auto prefix = directory.empty() ? std::string() : std::string(directory) + "/";
        std::map<std::string, Entry> found;
        bool exists = directory.empty();
        for (const auto& [path, file] : files) {
            exists = exists || path == directory;
            if (!path.starts_with(prefix)) continue;
            exists = true;
            const auto rest = path.substr(prefix.size());
            const auto at = rest.find('/');
            if (at == std::string::npos) found[path] = {path, file.kind, file.bytes.size(), file.mtime_s};
            else found[prefix + rest.substr(0, at)] = {prefix + rest.substr(0, at), EntryKind::directory, 0, 0};
        }
        if (!exists) return fail(Kind::not_found, "no such directory");
        std::vector<Entry> entries;
        for (auto& [path, entry] : found) entries.push_back(std::move(entry));
        return entries;
    }
    Result<Entry> stat(std::string_view path) const override {
        const auto at = files.find(std::string(path));
        if (at == files.end()) return fail(Kind::not_found, "no such file");
        if (at->second.kind == EntryKind::special) return fail(Kind::denied, "not followed");
        if (path == grows) const_cast<File&>(at->second).mtime_s++;
        return Entry{at->first, at->second.kind, at->second.bytes.size(), at->second.mtime_s};
    }
    Result<std::string> read(std::string_view path, std::uint64_t offset, std::uint64_t bytes) const override {
        const auto at = files.find(std::string(path));
        if (at == files.end() || at->second.kind != EntryKind::file) return fail(Kind::not_found, "no such file");
        if (offset >= at->second.bytes.size()) return std::string();
        return at->second.bytes.substr(offset, bytes);
    }
    std::string origin() const override { return "memory"; }
};

inline std::size_t times(const Report& report, std::string_view code, std::string_view file = {}) {
    return static_cast<std::size_t>(std::count_if(report.lines().begin(), report.lines().end(), [&](const ReportLine& line) {
        return line.code == code && (file.empty() || line.file == file);
    }));
}

}  // namespace tayori::legacy
