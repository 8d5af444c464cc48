// Text files that keep a Maildir's UIDs, UIDLs, keywords and subscriptions. Bytes in, values out; a damaged line is set aside
// and named, never guessed. Linear in the size of the text.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"

namespace tayori::legacy::maildir {

inline constexpr std::uint64_t kUidListBytesMax = 512 * 1024 * 1024;
inline constexpr std::size_t kBadLinesMax = 1000;  // that are named; further ones are only counted

struct UidRecord {
    std::uint32_t uid = 0;
    std::string base;                 // of the file's name, before ":"
    std::optional<std::string> uidl;  // P; empty: the base name (so Dovecot)
    std::uint64_t pop3_order = 0;     // O
    bool hidden_from_pop3 = false;    // H, our own: Dovecot keeps fields that it does not know, and reads over them
    bool operator==(const UidRecord&) const = default;
};

struct UidList {
    std::uint32_t uid_validity = 0;
    std::uint32_t uid_next = 0;
    std::vector<UidRecord> records;        // as they stand
    std::vector<std::uint64_t> bad_lines;  // numbers of lines that could not be read
    std::uint64_t bad = 0;                 // how many
};

// dovecot-uidlist version 3 "3 V<uidvalidity> N<next> G<guid>" and 1 "1 <uidvalidity> <next>"; courierimapuiddb has the form of
// version 1. unsupported: another version; corrupt: no header that can be believed.
Result<UidList> parse_uidlist(std::string_view text);

// courierpop3dsizelist, "/2 <next> <uidvalidity>", then "<name> <size> <uid>:<uidvalidity>" in the order of POP3.
struct SizeRecord {
    std::string base;
    std::string uidl;  // "UID<uid>-<uidvalidity>"; the base name where the list has none
};
struct SizeList {
    std::vector<SizeRecord> records;
    std::vector<std::uint64_t> bad_lines;
    std::uint64_t bad = 0;
};
Result<SizeList> parse_sizelist(std::string_view text);

// dovecot-keywords: "<number> <name>", number 0 is the flag letter "a".
std::map<char, std::string> parse_keywords(std::string_view text, std::vector<std::uint64_t>& bad_lines);

// Dovecot's `subscriptions` in both versions and courierimapsubscribed: raw names with levels parted by `separator`; a leading
// "INBOX." goes.
std::vector<std::string> parse_subscriptions(std::string_view text, char separator);

// The S of maildirsize "<bytes>S,<count>C"; nothing where there is no limit.
std::optional<std::uint64_t> parse_maildirsize(std::string_view text);

// A file's name in cur or new: "<base>:2,<letters>", also with ";" or "!" as on systems that know no ":".
struct MailFileName {
    std::string_view base;
    std::string_view letters;
    std::optional<std::uint64_t> bytes;  // ",S=<bytes>" of the base
};
MailFileName parse_mail_file_name(std::string_view name);

}  // namespace tayori::legacy::maildir
