// Outcomes of requests that a network can repeat, kept durably for a day and the rest of that day: a repeat gets the
// first answer. They lie by day, so that a whole day goes at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "common/base/result.h"
#include "spoold/ids.h"
#include "spoold/store/store.h"

namespace tayori::spool {

Result<void> check_request_id(std::string_view request_id);  // empty: the request is not repeated
std::optional<std::string> find_outcome(store::Transaction& transaction, AccountId account,
                                        std::string_view request_id);
void keep_outcome(store::Transaction& transaction, AccountId account, std::string_view request_id,
                  std::string_view outcome);
bool has_old_outcomes(const store::Snapshot& snapshot, std::int64_t now_ms);
void forget_old_outcomes(store::Transaction& transaction);

// The reply of a repeated request, or nothing.
template <class Reply>
bool repeat_reply(store::Transaction& transaction, AccountId account, std::string_view request_id, Reply& reply) {
    if (request_id.empty()) return false;
    const auto outcome = find_outcome(transaction, account, request_id);
    return outcome && reply.ParseFromString(*outcome);
}
template <class Reply>
void keep_reply(store::Transaction& transaction, AccountId account, std::string_view request_id,
                const Reply& reply) {
    if (!request_id.empty()) keep_outcome(transaction, account, request_id, reply.SerializeAsString());
}

}  // namespace tayori::spool
