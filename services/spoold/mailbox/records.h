// The values behind the keys, but for pages (pages.h). Each begins with a version byte.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "spoold/counters/pace.h"
#include "spoold/ids.h"
#include "spoold/mailbox/reference.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/types.pb.h"

namespace tayori::spool {

// Of one account. The ledger (bytes, messages) counts every living reference with its RFC822.SIZE: a copy in a second
// folder counts again, as users of RFC 9208 quotas expect, though it takes no room on disk.
struct AccountState {
    std::uint32_t next_uid_validity = 1;
    Modseq modseq = 0;  // the last one given
    std::uint64_t bytes = 0;
    std::uint64_t messages = 0;
    FolderId inbox{};
    std::uint32_t folders = 0;
    std::uint32_t subscriptions = 0;
    std::uint64_t list_bytes = 0;  // list_cost() of every folder and subscription
    std::uint64_t next_pop3_order = 1;
    v1::MailboxForm form = v1::MAILBOX_FORM_IMAP4;
    JobId form_job{};        // the job that gave it this form; 0: none
    bool form_seen = false;  // a client has seen the result of that job

    std::string encode() const;
    static Result<AccountState> decode(std::string_view bytes);
};

struct FolderRecord {
    std::string name;
    std::uint32_t uid_validity = 0;
    Uid uid_next = 1;
    Modseq highest_modseq = 0;
    std::uint32_t messages = 0;
    std::uint32_t unseen = 0;
    std::uint32_t deleted = 0;  // with \Deleted
    std::uint64_t bytes = 0;
    Uid first_unseen = 0;   // 0: none
    Uid recent_first = 1;   // what is at or above it has been claimed by nobody, as far as is written down
    std::uint32_t recent = 0;
    std::uint32_t pop3_messages = 0;  // references with a POP3 order
    v1::SpecialUse special_use = v1::SPECIAL_USE_UNSPECIFIED;
    // The open tail: rows from tail_first on, tail_messages of them. Everything below lies in pages.
    Uid tail_first = 1;
    std::uint32_t tail_messages = 0;
    // The expunge log knows everything after this modseq.
    Modseq expunge_floor = 0;
    std::uint32_t expunge_entries = 0;
    // Numbers above MailboxSettings::uid_renumber_at are wanted here (an import kept high UIDs): only the end counts.
    bool keeps_high_uids = false;
    Pace pace;  // of UIDs

    std::string encode() const;
    static Result<FolderRecord> decode(std::string_view bytes);
    // UIDs below `to`, which lies above UIDNEXT, are not given out any more: whatever has them is not \Recent.
    void skip_uids(Uid to);
    void to_wire(FolderId id, v1::Folder& folder) const;  // all but `subscribed`
};

// Names of keywords by id; ids are never reused. Compared without case (RFC 9051 §2.3.2).
class KeywordTable {
  public:
    std::optional<KeywordId> find(std::string_view name) const;
    // invalid: not an atom, too long, too many.
    Result<KeywordId> find_or_add(std::string_view name);
    std::string_view name_of(KeywordId id) const;  // empty: unknown
    bool grew() const { return grew_; }
    const std::vector<std::string>& names() const { return names_; }  // id is the position + 1

    std::string encode() const;
    static Result<KeywordTable> decode(std::string_view bytes);

  private:
    std::vector<std::string> names_;
    bool grew_ = false;
};

// A message of an account; immutable. The views of a decoded one lie in the value it was read from.
struct MessageRecord {
    store::BodyId body{};
    std::uint64_t body_bytes = 0;
    std::string_view prefix;
    bool header_kept = false;   // the raw header lies under keys::header(body)
    std::string_view summary;   // encode_summary()

    std::uint64_t bytes() const { return prefix.size() + body_bytes; }
    std::string encode() const;
    static Result<MessageRecord> decode(std::string_view value);
};

// All fields but the raw header.
std::string encode_summary(const v1::Summary& summary);
struct SummaryFields {
    bool envelope = false;
    bool bodystructure = false;
    bool basic = false;
    bool parts = false;
    bool sort_keys = false;
};
Result<void> decode_summary(std::string_view bytes, SummaryFields fields, v1::Summary& summary);

Error corrupt_record(std::string_view what);

// A counter or count that may be missing.
std::uint64_t decode_number(const std::optional<std::string>& value, std::uint64_t missing);
std::string encode_number(std::uint64_t n);

}  // namespace tayori::spool
