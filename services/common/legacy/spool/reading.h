// One mailbox of a source while it is read. Everything outlives it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/model.h"
#include "common/legacy/report.h"
#include "common/legacy/source.h"
#include "common/legacy/tree.h"

namespace tayori::legacy {

struct Reading {
    const Tree& tree;
    const SourceOptions& options;
    AccountReport& report;

    void say(Severity severity, std::string_view code, std::string_view file, std::vector<std::string> values = {},
             std::uint64_t line = 0) const {
        report.add(severity, file, line, code, std::move(values));
    }
    // What lies in a directory; a missing one is empty, one that can't be read is reported.
    std::vector<Entry> list(const std::string& directory) const;
    // A text file; nothing where there is none, or where it can't be read, which is reported.
    std::optional<std::string> text(const std::string& file, std::uint64_t bytes_max) const;
};

// Account::directory of a source that is one mailbox: the root has a name there, as an empty one means no mail.
inline constexpr std::string_view kRootDirectory = ".";
inline std::string path_of(const Account& account) {
    return account.directory == kRootDirectory ? std::string() : account.directory;
}
inline std::string directory_named(const std::string& path) { return path.empty() ? std::string(kRootDirectory) : path; }

}  // namespace tayori::legacy
