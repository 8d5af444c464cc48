// uidl.txt, folder.txt and *.cnt in our forms, whose first line names form and version:
//
//   ;pmail-uidl 1 pop3     <file>,<uidl>
//   ;pmail-uidl 2 imap4    <file>,<uidl>,<uid>,<flags RASFDXM>,<internaldate>,<pop3 order>
//   ;pmail-folder 1        <directory>,<name>,<parent directory or empty>
//   ;pmail-folder 2 imap4  … ,<uidvalidity>,<uidnext>,<subscribed 0|1>,<special use or empty>
//   ;pmail-cnt 1           <next value>
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/legacy/report.h"
#include "common/mail/date.h"

namespace tayori::legacy::pmail {

struct UidlLine {
    std::uint64_t line = 0;
    std::string file;  // relative to the mailbox
    std::string uidl;
    std::uint32_t uid = 0;
    std::uint8_t flags = 0;  // SystemFlag; Deleted among them
    bool mdn_sent = false;
    std::optional<mail::MailDate> internal_date;
    std::uint64_t pop3_order = 0;
};
struct UidlFile {
    bool imap4 = false;
    std::vector<UidlLine> lines;
};
// unsupported: no marker, or one of another version. Lines that can't be read go into the report.
Result<UidlFile> parse_uidl_file(std::string_view bytes, std::string_view file,
                                 AccountReport& report);
// Without a marker: only if every line has as many fields, exactly one of them always names a mail,
// and exactly one other is always a UIDL and never the same.
std::optional<UidlFile> guess_uidl_file(std::string_view bytes,
                                        const std::function<bool(std::string_view)>& is_mail);

struct FolderLine {
    std::uint64_t line = 0;
    std::string directory;  // relative to the mailbox; empty or ".": the mailbox itself, INBOX
    std::string name;       // raw
    std::string parent;
    std::uint32_t uid_validity = 0;
    std::uint32_t uid_next = 0;
    bool subscribed = true;
    std::string special_use;
};
Result<std::vector<FolderLine>> parse_folder_file(std::string_view bytes, std::string_view file,
                                                  AccountReport& report);

// 1 … 4294967294, with or without the marker. invalid.
Result<std::uint64_t> parse_counter_file(std::string_view bytes);
// With the marker. invalid: more than such a file can say.
Result<std::string> format_counter_file(std::uint64_t next);

}  // namespace tayori::legacy::pmail
