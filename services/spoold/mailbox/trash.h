// Expunged references until they are purged: one value for up to 256 that went from one folder at once.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "common/base/result.h"
#include "spoold/keys.h"
#include "spoold/mailbox/reference.h"
#include "spoold/store/store.h"

namespace tayori::spool {

struct TrashPage {
    std::string folder_name;
    std::vector<Reference> references;

    std::string encode() const;
    static Result<TrashPage> decode(std::string_view value);
};

// Lets one reference of a message go; with the last one the message and its share of the body.
Result<void> release_message(store::Transaction& transaction, AccountId account, MessageId message);
// One more reference to it. not_found: it is gone.
Result<void> retain_message(store::Transaction& transaction, AccountId account, MessageId message);
// A body and what is kept beside it.
Result<void> release_body(store::Transaction& transaction, store::BodyId body);

}  // namespace tayori::spool
