// A mail that waits to go out, as it is stored: version 2. Values of version 1, without anything about recipients but their
// addresses, are still read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "spoold/ids.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/queue.pb.h"

namespace tayori::spool {

enum class RecipientState : std::uint8_t { waiting = 0, delivered = 1, relayed = 2, failed = 3 };

struct QueuedRecipient {
    std::string address;
    std::string original;      // ORCPT with its type (RFC 3461 §4.2)
    std::uint32_t notify = 0;  // bits of v1::DsnNotify; 0: not said
    RecipientState state = RecipientState::waiting;
    std::uint32_t tries = 0;
    std::int64_t next_try_ms = 0;  // 0: at once
    std::int64_t last_try_ms = 0;
    std::string said;  // v1::Said of the last try

    bool is_settled() const { return state != RecipientState::waiting; }
};

struct QueuedMail {
    QueueId id{};
    AccountId sender{};  // 0: the site's own, or a forward
    std::string reverse_path;
    std::vector<QueuedRecipient> recipients;
    std::string prefix;
    store::BodyId body{};
    std::uint64_t bytes = 0;  // prefix and body
    std::int64_t created_ms = 0;
    std::string trace_id;
    std::string envelope_id;  // ENVID as xtext (RFC 3461 §4.4)
    v1::DsnReturn dsn_return = v1::DSN_RETURN_UNSPECIFIED;
    bool smtputf8 = false;
    bool forward = false;     // somebody else's mail goes on
    bool held = false;        // by an administrator
    bool delay_told = false;  // the sender knows that it takes long
    std::string via;          // an administrator's way (RouteQueuedRequest.via); empty: as routes say

    bool is_settled() const;
    std::string encode() const;
    static Result<QueuedMail> decode(QueueId id, std::string_view value);
};

}  // namespace tayori::spool
