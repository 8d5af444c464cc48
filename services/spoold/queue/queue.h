// The outbound queue: mail that waits to be sent elsewhere, durable since the commit that accepted it.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "spoold/ids.h"
#include "spoold/store/store.h"

namespace tayori::spool {

struct QueuedMail {
    QueueId id{};
    AccountId sender{};  // 0: the site's own, or a forward
    std::string reverse_path;
    std::vector<std::string> recipients;
    std::string prefix;
    store::BodyId body{};
    std::uint64_t bytes = 0;  // prefix and body
    std::int64_t created_ms = 0;
    std::string trace_id;
};

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

    // In a mutation: adds a mail, which takes over one reference of its body, or removes one and lets the body go.
    static Result<QueueId> add(store::Transaction& transaction, const QueuedMail& mail);
    static Result<void> remove(store::Transaction& transaction, QueueId id);

  private:
    store::Store& store_;
};

}  // namespace tayori::spool
