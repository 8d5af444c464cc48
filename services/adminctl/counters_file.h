// Files of counters: our own text form, and the old server's one number in a file.
//
//   #tayori-counters <TAB> 1
//   F <TAB> address <TAB> folder id <TAB> UIDVALIDITY <TAB> UIDNEXT <TAB> modseq <TAB> folder
//   S <TAB> message|folder|account|queue <TAB> what is given out next
//   #end <TAB> how many lines of F and S there are
//
// UTF-8, LF; "%XX" stands for TAB, CR, LF and "%". Lines of S come last: what is given out while the others are written is
// below them. docs/operations.md describes it for those who edit one.
#pragma once

#include <string>
#include <string_view>

#include "common/base/result.h"
#include "tayori/spool/v1/admin.pb.h"

namespace tayori::admin {

namespace v1 = ::tayori::spool::v1;

std::string counters_file_head();
std::string counters_line(const v1::FolderCounters& folder);
std::string counters_file_end(const v1::Counters& site, std::uint64_t folders);

// invalid, with the line: what stands there and what should. `name` tells imap4.cnt from imap4folder.cnt.
Result<v1::RaiseCountersRequest> parse_counters_file(std::string_view name, std::string_view content);

}  // namespace tayori::admin
