// Names of folders and accounts, where the spools of this folder's readers agree.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/legacy/names.h"
#include "common/legacy/spool/reading.h"

namespace tayori::legacy {

// "\2e", "\2f" and "\5c" for ".", "/" and "\", as Dovecot's listescape and our exports write what a level of a name can't have.
std::string unescape_level(std::string_view raw);

// The folder's name from its raw levels; what had to be changed is reported for `file`.
std::string take_folder_name(FolderNames& names, std::span<const std::string> raw_levels, std::string_view file, const Reading& reading);

// "user@domain" from the name of a directory or file: `domain` where it is not empty, else what stands behind an "@", else the
// options'. Empty, and reported, where there is none or the name can't be one.
std::string address_of_directory(std::string_view name, std::string_view domain, const std::string& path, const SourceOptions& options,
                                 Report& report);

struct AccountPlace {
    std::string address;  // empty: none could be given
    std::string path;     // of its directory, or of its one file
};
// What lies at `path` is added to the account. `said` reports; what load() will say goes to `unsaid`.
using Measure = std::function<void(const std::string& path, Account& account, const Reading& said, const Reading& unsaid)>;
// The plan() of a spool in which each account has one place.
Result<Plan> plan_places(const std::vector<AccountPlace>& places, const Tree& tree, const SourceOptions& options, Report& report,
                         const Measure& measure);

// The last step of every plan(): what tables beside the spool know of the accounts, each address once, in order.
Result<Plan> finish_plan(Plan plan, const SourceOptions& options, Report& report);

}  // namespace tayori::legacy
