// The outbound queue as it lies in the store: mail that waits to be sent, durable since the commit that accepted it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "spoold/ids.h"
#include "spoold/queue/mail.h"
#include "spoold/store/store.h"

namespace tayori::spool {

struct QueueCounts {
    std::uint64_t waiting = 0;
    std::uint64_t next_id = 0;
};

class Queue {
  public:
    explicit Queue(store::Store& store) : store_(store) {}

    Result<QueueCounts> counts() const;
    // Oldest first, until `visit` returns false.
    Result<void> list(const std::function<bool(const QueuedMail&)>& visit) const;
    Result<QueuedMail> get(QueueId id) const;  // not_found
    // Reads all of it: a sentence for each problem.
    Result<std::vector<std::string>> verify() const;

    // In a mutation: adds a mail, which takes over one reference of its body; changes one; or removes one and lets the body go.
    static Result<QueueId> add(store::Transaction& transaction, const QueuedMail& mail);
    static Result<QueuedMail> read(store::Transaction& transaction, QueueId id);  // not_found
    static void change(store::Transaction& transaction, const QueuedMail& mail);
    static Result<void> remove(store::Transaction& transaction, QueueId id);
    static Result<void> remove(store::Transaction& transaction, const QueuedMail& mail);  // as read in it

  private:
    store::Store& store_;
};

}  // namespace tayori::spool
