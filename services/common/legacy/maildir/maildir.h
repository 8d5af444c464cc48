// Maildir++ and Dovecot's LAYOUT=fs as a source.
#pragma once

#include <memory>
#include <string_view>

#include "common/legacy/source.h"

namespace tayori::legacy {

// A file beside cur and new says that the Maildir is an export of ours.
inline constexpr std::string_view kOwnExport = "tayori-export";

std::unique_ptr<Source> make_maildir(const Tree& tree, SourceOptions options);

}  // namespace tayori::legacy
