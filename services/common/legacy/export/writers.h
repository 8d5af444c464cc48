// The writers, for export.cc.
#pragma once

#include <memory>

#include "common/legacy/export.h"
#include "common/legacy/export/out_files.h"

namespace tayori::legacy {

std::unique_ptr<MailboxWriter> make_maildir_writer(OutDirectory directory, Report& report);
std::unique_ptr<MailboxWriter> make_mbox_writer(OutDirectory directory, Report& report);
std::unique_ptr<MailboxWriter> make_pmail_writer(OutDirectory directory, Report& report);

// Mails come in ascending order of UIDs, which all have. invalid.
Result<void> check_uid(std::uint32_t last, const Mail& mail);
// Levels of a folder's name, as modified UTF-7.
std::vector<std::string> utf7_levels(const std::string& name);
// The name with "\2e", "\2f" or "\5c" for a character.
std::string escape_level(std::string_view level, std::string_view characters);

}  // namespace tayori::legacy
