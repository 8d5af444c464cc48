// What happened to mails: one record for each event, in order of time, without indexes (docs/decisions/0008). A search reads
// the days that it is asked about: first for the mails that match, then for all that happened to them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "spoold/ids.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/queue.pb.h"

namespace tayori::spool {

struct TraceRecord {
    struct Stored {  // in a mailbox of ours
        AccountId account{};
        std::string folder;  // empty: INBOX
    };
    struct Queued {
        QueueId id{};
        std::vector<std::string> recipients;
    };
    std::string trace_id;
    v1::TraceEvent::Kind kind = v1::TraceEvent::KIND_UNSPECIFIED;
    std::string sender;
    std::string message_id;  // without its brackets, as summaries have it
    std::string client;
    std::uint64_t bytes = 0;
    std::vector<Stored> stored;  // intake tells of everything in one record
    std::vector<Queued> queued;  // and what happens later is about one
    std::string said;            // v1::Said
    std::string note;            // of intake: what plugins have decided, a line each

    std::string encode() const;
    static bool decode(std::string_view value, TraceRecord& out);
};

void add_trace(store::Transaction& transaction, const TraceRecord& record);

bool has_old_traces(const store::Snapshot& snapshot, std::int64_t before_ms);
void forget_traces(store::Transaction& transaction, std::int64_t before_ms);

struct TraceHooks {
    std::function<std::string(AccountId)> address_of;
    // The accounts that get mail to this address.
    std::function<std::vector<AccountId>(const std::string& address)> accounts_of;
};
inline constexpr std::uint32_t kTracedMailsDefault = 100;
inline constexpr std::uint32_t kTracedMailsMax = 10'000;

// Newest mail first, until `visit` returns false.
Result<void> search_traces(const store::Snapshot& snapshot, const v1::TraceRequest& request, const TraceHooks& hooks,
                           const std::function<bool(const v1::TracedMail&)>& visit);

}  // namespace tayori::spool
