#include "spoold/mailbox/mailboxes.h"

#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/form.h"
#include "spoold/mailbox/maildrop.h"
#include "spoold/mailbox/purge.h"
#include "spoold/mailbox/reading.h"

namespace tayori::spool {

LimitsSource LimitsSource::of_directory(const store::Store& store) {
    return {[](store::Transaction& transaction, std::uint64_t account) { return account_limits(transaction, account); },
            [&store](std::uint64_t account) { return account_limits(store, account); }};
}

Mailboxes::Mailboxes(store::Store& store, Hub& hub, const Clock& clock, LimitsSource limits,
                     MailboxSettings settings)
    : parts_(std::make_unique<Parts>(store, hub, clock, std::move(limits), settings)),
      maildrops_(std::make_unique<Maildrops>()) {}

Mailboxes::~Mailboxes() = default;

MailboxHooks Mailboxes::hooks() {
    MailboxHooks hooks;
    hooks.create = [parts = parts_.get()](store::Transaction& transaction, std::uint64_t account) {
        return create_mailbox(transaction, *parts, AccountId{account});
    };
    hooks.purge = [](store::Transaction& transaction, std::uint64_t account) {
        return purge_mailbox(transaction, AccountId{account});
    };
    hooks.facts = [parts = parts_.get(), forms = std::make_shared<Forms>(*this)](std::uint64_t account) -> Result<MailboxFacts> {
        const auto state = read_state(parts->store, AccountId{account});
        if (!state) return fail(state.error());
        const auto imap = forms->imap_access(*state);
        if (!imap) return fail(imap.error());
        return MailboxFacts{state->bytes, state->messages, state->form == v1::MAILBOX_FORM_POP3, *imap};
    };
    return hooks;
}

}  // namespace tayori::spool
