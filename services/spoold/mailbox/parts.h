// What all calls of the mailbox share, and how a write becomes a mutation.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "spoold/changes/hub.h"
#include "spoold/counters/raised.h"
#include "spoold/mailbox/mailboxes.h"
#include "spoold/mailbox/recents.h"
#include "spoold/store/store.h"

namespace tayori::spool {

struct Mailboxes::Parts {
    store::Store& store;
    Hub& hub;
    const Clock& clock;
    LimitsSource limits;
    MailboxSettings settings;
    mutable Recents recents;  // has a lock of its own
    mutable std::atomic<std::uint64_t> renumbered{0};  // folders that came to the end of their UIDs
    mutable RaisedCount raised;
    // Told of what commits have changed, on the committer's thread; set before anything is served.
    mutable std::function<void(const ChangeSet&)> watch = {};
};

// What every write does after its commit, on the committer's thread.
void publish(const Mailboxes::Parts& parts, ChangeSet&& changes);

// Gives the folder new UIDs soon, because it comes to their end (renumber.cc).
void renumber_soon(const Mailboxes::Parts& parts, AccountId account, FolderId folder);

// Submits `apply(transaction, reply, changes)`. After the commit the changes are published, then `done` gets the reply.
template <class Reply, class Apply>
void submit_write(const Mailboxes::Parts& parts, AccountId account, store::Effect effect, Apply apply,
                  Answer<Reply> done) {
    struct Outcome {
        Reply reply;
        ChangeSet changes;
    };
    auto outcome = std::make_shared<Outcome>();
    store::Request request;
    request.account = raw(account);
    request.effect = effect;
    request.apply = [outcome, apply = std::move(apply)](store::Transaction& transaction) -> Result<void> {
        outcome->reply = Reply();  // a mutation may run again
        outcome->changes.clear();
        return apply(transaction, outcome->reply, outcome->changes);
    };
    request.done = [outcome, parts = &parts, done = std::move(done)](Result<void> committed) {
        if (!committed) return done(fail(std::move(committed.error())));
        publish(*parts, std::move(outcome->changes));
        done(std::move(outcome->reply));
    };
    parts.store.submit(std::move(request));
}

}  // namespace tayori::spool
