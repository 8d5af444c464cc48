#include "spoold/srs/forwarding.h"

#include <future>

#include "common/base/log.h"
#include "common/base/text.h"
#include "common/crypto/crypto.h"
#include "common/mail/address.h"
#include "spoold/directory/records.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredSrsKeys;

constexpr std::size_t kSrsSecretBytes = 32;
constexpr std::int64_t kDayS = 86'400;
constexpr std::string_view kSrsRow = "srs";

// Keys whose addresses are all too old by now go: one lives until `days` after the next one was made.
void drop_old(StoredSrsKeys& keys, std::int64_t now_s, std::int64_t days) {
    int kept = 1;
    while (kept < keys.keys_size() && kept < kSrsKeysMax && now_s - keys.keys(kept - 1).created_s() <= (days + 1) * kDayS) ++kept;
    if (kept < keys.keys_size()) keys.mutable_keys()->DeleteSubrange(kept, keys.keys_size() - kept);
}

}  // namespace

Result<std::unique_ptr<Forwarding>> Forwarding::open(store::Store& store, const Clock& clock, ForwardingOptions options) {
    if (!options.domain.empty()) {
        auto domain = parse_domain(options.domain);
        if (!domain) return fail(Kind::invalid, cat("outbound.srs_domain: ", domain.error().text));
        options.domain = std::move(*domain);
    }
    std::unique_ptr<Forwarding> out(new Forwarding(store, clock, std::move(options)));
    auto keys = read_row<StoredSrsKeys>(StoreRows(store), row_key::secret(kSrsRow));
    if (!keys) return fail(std::move(keys.error()));
    if (*keys && (*keys)->keys_size() > 0) {
        out->take(**keys);
        return out;
    }
    std::promise<Result<v1::SrsState>> made;
    out->rotate([&made](Result<v1::SrsState> state) { made.set_value(std::move(state)); });
    auto state = made.get_future().get();
    if (!state) return fail(std::move(state.error()));
    return out;
}

void Forwarding::take(const StoredSrsKeys& keys) {
    std::lock_guard lock(mutex_);
    keys_ = keys;
}

mail::Srs Forwarding::srs() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> secrets;
    for (const auto& key : keys_.keys()) secrets.push_back(key.secret());
    return {std::move(secrets), options_.days};
}

bool Forwarding::is_ours(const std::string& domain) const {
    if (domain.empty()) return false;
    if (domain == options_.domain) return true;
    // Where the store can't be read, nothing is rewritten, and nothing resolves.
    const auto row = store_.get(row_key::domain(domain));
    return row && row->has_value();
}

std::string Forwarding::reverse_path(const std::string& sender, const std::string& domain) const {
    if (sender.empty()) return sender;
    const auto from = mail::parse_address(sender);
    if (!from) return sender;
    if (const auto known = mail::normalize_domain(from->domain); known && is_ours(*known)) return sender;
    auto at = options_.domain;
    if (at.empty()) {
        const auto own = mail::normalize_domain(domain);
        if (!own || !is_ours(*own)) return sender;
        at = *own;
    }
    // An address on the wire is ASCII as far as that depends on us (RFC 6531 §3.1).
    auto rewritten = srs().forward(*from, mail::ascii_domain(at).value_or(at), now_s());
    if (rewritten) return mail::to_text(*rewritten);
    log_warn("a forwarded mail keeps its sender", {{"sender", sender}, {"why", rewritten.error().text}});
    return sender;
}

std::optional<Result<std::string>> Forwarding::behind(const std::string& recipient) const {
    const auto address = mail::parse_address(recipient);
    if (!address) return std::nullopt;
    const auto parts = mail::parse_srs(address->local);
    if (!parts) return std::nullopt;
    const auto domain = mail::normalize_domain(address->domain);
    if (!domain || !is_ours(*domain)) return std::nullopt;
    return srs().reverse(*parts, now_s()).map([](const mail::Address& sender) { return mail::to_text(sender); });
}

v1::SrsState Forwarding::show(const v1::GetSrsRequest& request) const {
    v1::SrsState out;
    if (!request.sender().empty()) out.set_rewritten(reverse_path(request.sender(), request.domain()));
    if (!request.address().empty()) {
        const auto led = behind(request.address());
        if (!led) out.set_why_not("This is no address that mail was forwarded from by this site.");
        else if (!*led) out.set_why_not(cat("It is refused: ", led->error().detail, "."));
        else out.set_leads_to(**led);
    }
    out.set_domain(options_.domain);
    out.set_days(options_.days);
    std::lock_guard lock(mutex_);
    for (const auto& key : keys_.keys()) out.add_created_s(key.created_s());
    if (options_.rotate_days != 0 && keys_.keys_size() > 0)
        out.set_next_s(keys_.keys(0).created_s() + std::int64_t{options_.rotate_days} * kDayS);
    return out;
}

void Forwarding::rotate(Answer<v1::SrsState> done) {
    auto secret = crypto::random_bytes(kSrsSecretBytes);
    auto changed = std::make_shared<StoredSrsKeys>();
    store::Request request;
    request.effect = store::Effect::shrinks;
    request.apply = [this, secret = std::move(secret), changed](store::Transaction& transaction) -> Result<void> {
        auto row = read_row<StoredSrsKeys>(TransactionRows(transaction), row_key::secret(kSrsRow));
        if (!row) return fail(std::move(row.error()));
        StoredSrsKeys next;
        auto& fresh = *next.add_keys();
        fresh.set_secret(secret);
        fresh.set_created_s(transaction.now_ms() / kMillisPerSecond);
        if (*row) next.MergeFrom(**row);
        drop_old(next, fresh.created_s(), options_.days);
        write_row(transaction, row_key::secret(kSrsRow), next);
        *changed = std::move(next);
        return {};
    };
    request.done = [this, changed, done = std::move(done)](Result<void> committed) {
        if (!committed) return done(fail(std::move(committed.error())));
        take(*changed);
        done(show());
    };
    store_.submit(std::move(request));
}

bool Forwarding::is_due() const {
    const auto next_s = show().next_s();
    return next_s != 0 && now_s() >= next_s;
}

void Forwarding::tick() {
    if (!is_due()) return;
    std::promise<Result<v1::SrsState>> made;
    rotate([&made](Result<v1::SrsState> state) { made.set_value(std::move(state)); });
    const auto state = made.get_future().get();
    if (!state) log_warn("no new key for SRS", {{"why", state.error().text}});
    else log_info("made a new key for SRS", {{"keys", state->created_s_size()}});
}

}  // namespace tayori::spool
