// mbox files as a source.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "common/legacy/source.h"
#include "common/legacy/spool/reading.h"

namespace tayori::legacy {

std::unique_ptr<Source> make_mbox(const Tree& tree, SourceOptions options);

// The mails of one file, for readers that have mboxes within. `folder` has its name already. False, and reported: not taken.
bool read_mbox_file(const std::string& path, bool inbox, Folder& folder, const Reading& reading);

// How many mails read_mbox_file() will give, for plans: a scan, which keeps nothing.
std::uint64_t count_mbox_mails(const std::string& path, const Reading& reading);

}  // namespace tayori::legacy
