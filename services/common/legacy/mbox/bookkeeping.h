// Fields in which mail programs keep flags and numbers within an mbox. They are read into a record and are no part of the message.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace tayori::legacy::mbox {

// The first field of each mail in our exports: "rd <n> [hidden]". It and the n fields behind it are bookkeeping, all others the
// message's, whatever they are called.
inline constexpr std::string_view kOwnMark = "X-Tayori-Mbox";

// Tells field by field, in their order, which are bookkeeping.
class FieldSieve {
  public:
    bool takes(std::string_view name, std::string_view value);
    bool is_ours() const { return ours_; }

  private:
    bool first_ = true;
    bool ours_ = false;
    std::uint32_t left_ = 0;
};

struct Bookkeeping {
    std::uint32_t uid = 0;            // X-UID
    std::uint8_t flags = 0;           // Status, X-Status, X-Mozilla-Status
    std::vector<std::string> keywords;  // X-Keywords, X-Mozilla-Keys
    std::uint64_t keywords_refused = 0;  // that no IMAP server could keep
    std::string uidl;                 // X-UIDL
    std::uint64_t content_length = 0;
    bool has_content_length = false;
    bool expunged = false;            // Thunderbird: deleted, waits to be compacted
    // X-IMAPbase of the first mail, X-IMAP of UW's internal one: "<uidvalidity> <last uid> [keywords]".
    std::uint32_t uid_validity = 0;
    std::uint32_t uid_last = 0;
    bool is_internal = false;  // UW's "DON'T DELETE THIS MESSAGE -- FOLDER INTERNAL DATA", which is no mail
    bool own_mark = false;
    bool hidden_from_pop3 = false;

    // One field of the header, in their order; of most the first counts. False: it belongs to the message.
    bool take(std::string_view name, std::string_view value);

  private:
    void take_field(std::string_view name, std::string_view value);
    void take_imap_base(std::string_view value);
    void take_status(std::string_view value);
    void take_mozilla_status(std::string_view value);
    void take_keywords(std::string_view value);
    FieldSieve sieve_;
    bool has_imap_ = false;
    bool says_internal_ = false;
};

}  // namespace tayori::legacy::mbox
