// The file `legacy-capture 1`. UTF-8, LF, fields parted by TAB; TAB, CR, LF and % in them as %XX.
//
//   #legacy-capture	1	product=epost	user=taro@example.jp	taken=2026-11-22T01:02:03Z
//   P	<order>	<uidl>	<octets>	<sha256>[	<message-id>	<date>]
//   F	<folder>	<raw name>	<uidvalidity>	<uidnext>	<subscribed 0|1>
//   M	<folder>	<uid>	<flags,comma>	<internaldate>	<octets>	<sha256>[	<message-id>
//   <date>] #end	<line count>	<sha256 of the file up to here>
//
// Dates are those of RFC 3339. The hash is empty where only a mail's header was fetched; Message-ID
// and Date are for that.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "common/mail/date.h"

namespace tayori::legacy {

inline constexpr std::uint64_t kCaptureBytesMax = 1024ULL * 1024 * 1024;

struct CapturedText {
    std::uint64_t octets = 0;
    std::string sha256;  // capture_hash(); may be empty
    std::string message_id;
    std::optional<mail::MailDate> date;
    bool operator==(const CapturedText&) const = default;
};
struct CapturedDrop {  // one mail of POP3
    std::uint64_t order = 0;
    std::string uidl;
    CapturedText text;
    bool operator==(const CapturedDrop&) const = default;
};
struct CapturedFolder {
    std::string name;      // UTF-8
    std::string raw_name;  // as the server spells it
    std::uint32_t uid_validity = 0;
    std::uint32_t uid_next = 0;
    bool subscribed = true;
    bool operator==(const CapturedFolder&) const = default;
};
struct CapturedMail {  // one mail of a folder
    std::string folder;
    std::uint32_t uid = 0;
    std::vector<std::string> flags;  // with their backslash; keywords without
    std::optional<mail::MailDate> internal_date;
    CapturedText text;
    bool operator==(const CapturedMail&) const = default;
};
struct Capture {
    std::string product;
    std::string user;
    std::string taken;
    std::vector<CapturedDrop> drop;
    std::vector<CapturedFolder> folders;
    std::vector<CapturedMail> mails;
    bool operator==(const Capture&) const = default;
};

std::string write_capture(const Capture& capture);
// corrupt: cut off, changed, or a line that makes no sense; `detail` names the line. unsupported:
// another version.
Result<Capture> parse_capture(std::string_view bytes);
Result<Capture> read_capture(const std::string& path);

}  // namespace tayori::legacy
