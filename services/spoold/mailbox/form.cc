#include "spoold/mailbox/form.h"

#include "common/base/log.h"
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/reading.h"

namespace tayori::spool {
namespace {

constexpr std::string_view kOn = "1";
constexpr std::string_view kOff = "0";

bool shows_form(v1::MailboxForm form, v1::Protocol protocol) {
    return form == v1::MAILBOX_FORM_POP3 ? protocol == v1::PROTOCOL_POP3 : protocol == v1::PROTOCOL_IMAP;
}

}  // namespace

bool imap4_enabled(const MailboxSettings& settings, const std::optional<std::string>& switched) {
    if (settings.imap4_pinned) return *settings.imap4_pinned;
    return !switched || *switched != kOff;
}

Result<v1::Imap4> Forms::show() const {
    const auto snapshot = parts_.store.snapshot();
    const auto switched = snapshot->get(keys::kImap4);
    if (!switched) return fail(switched.error());
    v1::Imap4 out;
    out.set_enabled(imap4_enabled(parts_.settings, *switched));
    out.set_pinned(parts_.settings.imap4_pinned.has_value());
    out.set_convert_at_login(parts_.settings.convert_at_login);
    std::optional<Error> error;
    const auto range = keys::account_states();
    auto scanned = snapshot->scan(range.from, range.to, [&](std::string_view, std::string_view value) {
        const auto state = AccountState::decode(value);
        if (!state) error = state.error();
        else if (state->form == v1::MAILBOX_FORM_POP3) out.set_pop3_mailboxes(out.pop3_mailboxes() + 1);
        else out.set_imap4_mailboxes(out.imap4_mailboxes() + 1);
        return !error;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    if (error) return fail(std::move(*error));
    return out;
}

void Forms::set_imap4(bool enabled, Answer<v1::Imap4> done) {
    if (const auto pinned = parts_.settings.imap4_pinned; pinned && *pinned != enabled) {
        return done(fail(Kind::no_target, cat("The setting imap4.enabled says \"", *pinned ? "yes" : "no",
                                              "\": change it there, or take it out to switch while running.")));
    }
    store::Request request;
    request.effect = store::Effect::shrinks;
    request.apply = [enabled](store::Transaction& transaction) -> Result<void> {
        transaction.put(keys::kImap4, enabled ? kOn : kOff);
        return {};
    };
    request.done = [this, done = std::move(done)](Result<void> committed) {
        if (!committed) return done(fail(std::move(committed.error())));
        done(show());
    };
    parts_.store.submit(std::move(request));
}

Result<v1::ImapAccess> Forms::imap_access(const AccountState& state) const {
    const auto switched = parts_.store.get(keys::kImap4);
    if (!switched) return fail(switched.error());
    if (!imap4_enabled(parts_.settings, *switched)) return v1::IMAP_ACCESS_SITE_OFF;
    return state.form == v1::MAILBOX_FORM_POP3 ? v1::IMAP_ACCESS_POP3_FORM : v1::IMAP_ACCESS_ALLOWED;
}

void Forms::seen(AccountId account, v1::Protocol protocol) const {
    const auto state = read_state(parts_.store, account);
    if (!state || raw(state->form_job) == 0 || state->form_seen || !shows_form(state->form, protocol)) return;
    store::Request request;
    request.account = raw(account);
    request.effect = store::Effect::shrinks;
    request.apply = [parts = &parts_, account](store::Transaction& transaction) -> Result<void> {
        auto box = AccountTx::open(transaction, *parts, account);
        if (!box) return fail(std::move(box.error()));
        box->set_form_seen();
        box->save();
        return {};
    };
    request.done = [](Result<void> written) {
        if (!written) log_warn("a conversion was seen, but that could not be written", {{"error", written.error().text}});
    };
    parts_.store.submit(std::move(request));
}

}  // namespace tayori::spool
