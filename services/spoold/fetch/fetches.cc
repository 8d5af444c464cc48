#include "spoold/fetch/fetches.h"

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/directory/records.h"
#include "spoold/fetch/limits.h"
#include "spoold/keys.h"
#include "spoold/mailbox/account_tx.h"
#include "spoold/mailbox/parts.h"

namespace tayori::spool {
namespace {

constexpr FetchId kNoSource{0};

Result<StoredFetchSource> read_source(const Rows& rows, AccountId account, FetchId id) {
    auto row = read_row<StoredFetchSource>(rows, keys::fetch_source(account, id));
    if (!row) return fail(std::move(row.error()));
    if (!*row) return fail(Kind::not_found, cat("There is no source ", raw(id), ": `adminctl fetch list` shows them."));
    return std::move(**row);
}

// exists: another one of this account is the same; over_quota: there are too many.
Result<void> check_others(store::Transaction& transaction, AccountId account, FetchId but, const v1::FetchSettings& settings) {
    std::optional<Error> error;
    std::uint32_t count = 0;
    const auto range = keys::fetch_sources(account);
    transaction.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
        const auto id = keys::id_of_fetch_source(key);
        const auto row = decode_stored<StoredFetchSource>(value);
        if (!row) error = row.error();
        else if (id != but && is_same_source(row->settings(), settings))
            error = Error::make(Kind::exists, cat("Source ", raw(id), " fetches from there already."));
        ++count;
        return !error;
    });
    if (error) return fail(std::move(*error));
    if (but == kNoSource && count >= kFetchSourcesPerAccountMax)
        return fail(Kind::over_quota, cat("An account has at most ", kFetchSourcesPerAccountMax, " sources."));
    return {};
}

std::int64_t due_ms_of(const StoredFetchSource& row) { return row.due_s() * kMillisPerSecond; }

void apply_outcome(StoredFetchSource& row, const v1::FetchOutcome& outcome, std::int64_t now_s) {
    auto& last = *row.mutable_last();
    last = outcome;
    last.set_at_s(now_s);
    last.set_text(fetch_text(outcome.text()));
    const bool failed = is_fetch_failure(outcome.problem());
    row.set_failures(failed ? row.failures() + 1 : 0);
    row.set_fetched(row.fetched() + outcome.fetched());
    row.set_due_s(fetch_due_again_s(now_s, row.settings().interval_s(), outcome.problem(), row.failures()));
    if (!failed) row.set_accept_renumbered(false);
}

}  // namespace

Result<std::unique_ptr<Fetches>> Fetches::open(Parts parts) {
    std::unique_ptr<Fetches> fetches(new Fetches(std::move(parts)));
    if (auto loaded = fetches->load(); !loaded) return fail(std::move(loaded.error()));
    return fetches;
}

Result<void> Fetches::load() {
    const std::lock_guard lock(mutex_);
    std::optional<Error> error;
    const auto range = keys::all_fetch_sources();
    auto scanned = parts_.mailboxes.parts().store.snapshot()->scan(
        range.from, range.to, [&](std::string_view key, std::string_view value) {
            const auto row = decode_stored<StoredFetchSource>(value);
            if (!row) error = row.error();
            else remember(keys::id_of_fetch_source(key), keys::account_of_fetch_source(key), *row, true);
            return !error;
        });
    if (error) return fail(std::move(*error));
    return scanned;
}

void Fetches::remember(FetchId id, AccountId account, const StoredFetchSource& row, bool by_hand) {
    schedule_.put(id, account, row.settings().enabled(), due_ms_of(row), by_hand);
    if (row.failures() > 0) failing_.insert(id);
    else failing_.erase(id);
}

bool Fetches::receives(AccountId account) const {
    const auto limits = parts_.mailboxes.parts().limits.committed(raw(account));
    return limits && limits->receives;
}

v1::FetchSource Fetches::show(FetchId id, AccountId account, const StoredFetchSource& row) const {
    v1::FetchSource out;
    out.set_source_id(raw(id));
    *out.mutable_settings() = row.settings();
    if (receives(account)) out.mutable_settings()->set_address(parts_.directory.address_of(raw(account)).value_or(""));
    out.set_account_id(raw(account));
    out.set_created_s(row.created_s());
    out.set_due_s(row.due_s());
    out.set_failures(row.failures());
    out.set_fetched(row.fetched());
    *out.mutable_last() = row.last();
    const std::lock_guard lock(mutex_);
    out.set_running(schedule_.is_leased(id, parts_.clock.now_ms()));
    out.set_lapses(schedule_.lapses(id));
    return out;
}

void Fetches::add(const v1::FetchSettings& wanted, Answer<v1::FetchSource> done) {
    auto account = parts_.directory.account_id_of(wanted.address());
    if (!account) return done(fail(std::move(account.error())));
    auto settings = new_fetch_settings(wanted);
    if (!settings) return done(fail(std::move(settings.error())));
    const AccountId to{*account};
    auto sealed = parts_.sealer.seal(wanted.secret(), secret_bound_to(to, *settings));
    if (!sealed) return done(fail(std::move(sealed.error())));
    StoredFetchSource row;
    *row.mutable_settings() = std::move(*settings);
    row.set_sealed_secret(std::move(*sealed));

    struct Added {
        FetchId id{};
        StoredFetchSource row;
    };
    auto added = std::make_shared<Added>();
    const auto& parts = parts_.mailboxes.parts();
    submit_write<v1::FetchSource>(
        parts, to, store::Effect::grows,
        [&parts, to, row, added](store::Transaction& transaction, v1::FetchSource&, ChangeSet&) -> Result<void> {
            if (!parts.limits.in_transaction(transaction, raw(to)).receives)
                return fail(Kind::not_found, "There is no such account.");
            if (auto checked = check_others(transaction, to, kNoSource, row.settings()); !checked) return checked;
            auto import = open_arrivals(transaction, fetch_origin(row.settings()));
            if (!import) return fail(std::move(import.error()));
            added->row = row;
            added->row.set_import_id(raw(*import));
            added->row.set_created_s(transaction.now_ms() / kMillisPerSecond);
            added->row.set_due_s(added->row.created_s());
            added->id = FetchId{take_numbers(transaction, keys::kNextFetchId, 1)};
            write_row(transaction, keys::fetch_source(to, added->id), added->row);
            return {};
        },
        [this, to, added, done = std::move(done)](Result<v1::FetchSource> written) {
            if (!written) return done(std::move(written));
            {
                const std::lock_guard lock(mutex_);
                remember(added->id, to, added->row, true);
            }
            ring();
            done(show(added->id, to, added->row));
        });
}

// `apply(transaction, account, row)` changes the row.
template <class Apply>
void Fetches::change(FetchId id, bool by_hand, Apply apply, Answer<v1::FetchSource> done) {
    std::optional<AccountId> account;
    {
        const std::lock_guard lock(mutex_);
        account = schedule_.account_of(id);
    }
    if (!account)
        return done(fail(Kind::not_found, cat("There is no source ", raw(id), ": `adminctl fetch list` shows them.")));
    auto changed = std::make_shared<StoredFetchSource>();
    submit_write<v1::FetchSource>(
        parts_.mailboxes.parts(), *account, store::Effect::shrinks,
        [id, account = *account, apply = std::move(apply), changed](store::Transaction& transaction, v1::FetchSource&,
                                                                    ChangeSet&) -> Result<void> {
            auto row = read_source(TransactionRows(transaction), account, id);
            if (!row) return fail(std::move(row.error()));
            if (auto applied = apply(transaction, account, *row); !applied) return applied;
            write_row(transaction, keys::fetch_source(account, id), *row);
            *changed = std::move(*row);
            return {};
        },
        [this, id, by_hand, account = *account, changed, done = std::move(done)](Result<v1::FetchSource> written) {
            if (!written) return done(std::move(written));
            {
                const std::lock_guard lock(mutex_);
                remember(id, account, *changed, by_hand);
            }
            ring();
            done(show(id, account, *changed));
        });
}

void Fetches::set(const v1::SetFetchSourceRequest& request, Answer<v1::FetchSource> done) {
    const FetchId id{request.source_id()};
    change(
        id, true,
        [this, id, wanted = request.settings()](store::Transaction& transaction, AccountId account,
                                                StoredFetchSource& row) -> Result<void> {
            auto settings = changed_fetch_settings(row.settings(), wanted);
            if (!settings) return fail(std::move(settings.error()));
            if (auto checked = check_others(transaction, account, id, *settings); !checked) return checked;
            if (!wanted.secret().empty()) {
                auto sealed = parts_.sealer.seal(wanted.secret(), secret_bound_to(account, *settings));
                if (!sealed) return fail(std::move(sealed.error()));
                row.set_sealed_secret(std::move(*sealed));
            }
            auto import = open_arrivals(transaction, fetch_origin(*settings));
            if (!import) return fail(std::move(import.error()));
            row.set_import_id(raw(*import));
            *row.mutable_settings() = std::move(*settings);
            row.set_failures(0);
            row.set_due_s(transaction.now_ms() / kMillisPerSecond);
            if (wanted.accept_renumbered()) row.set_accept_renumbered(true);
            return {};
        },
        std::move(done));
}

void Fetches::note_unstarted() {
    std::vector<std::pair<FetchId, v1::FetchOutcome>> all;
    {
        const std::lock_guard lock(mutex_);
        all.swap(unstarted_);
    }
    for (auto& [id, outcome] : all) {
        change(
            id, false,
            [outcome = std::move(outcome)](store::Transaction& transaction, AccountId, StoredFetchSource& row) -> Result<void> {
                apply_outcome(row, outcome, transaction.now_ms() / kMillisPerSecond);
                return {};
            },
            [](const Result<v1::FetchSource>&) {});
    }
}

void Fetches::remove(FetchId id, Answer<v1::FetchSource> done) {
    std::optional<AccountId> account;
    {
        const std::lock_guard lock(mutex_);
        account = schedule_.account_of(id);
    }
    auto removed = std::make_shared<StoredFetchSource>();
    submit_write<v1::FetchSource>(
        parts_.mailboxes.parts(), account.value_or(AccountId{0}), store::Effect::shrinks,
        [id, account = account.value_or(AccountId{0}), removed](store::Transaction& transaction, v1::FetchSource&,
                                                                ChangeSet&) -> Result<void> {
            auto row = read_source(TransactionRows(transaction), account, id);
            if (!row) return fail(std::move(row.error()));
            transaction.erase(keys::fetch_source(account, id));
            *removed = std::move(*row);
            return {};
        },
        [this, id, account = account.value_or(AccountId{0}), removed, done = std::move(done)](Result<v1::FetchSource> gone) {
            if (!gone) return done(std::move(gone));
            auto shown = show(id, account, *removed);
            {
                const std::lock_guard lock(mutex_);
                schedule_.erase(id);
                failing_.erase(id);
            }
            done(std::move(shown));
        });
}

Result<void> Fetches::list(const std::string& address, const std::function<bool(const v1::FetchSource&)>& visit) const {
    auto range = keys::all_fetch_sources();
    if (!address.empty()) {
        auto account = parts_.directory.account_id_of(address);
        if (!account) return fail(std::move(account.error()));
        range = keys::fetch_sources(AccountId{*account});
    }
    std::optional<Error> error;
    auto scanned = parts_.mailboxes.parts().store.snapshot()->scan(
        range.from, range.to, [&](std::string_view key, std::string_view value) {
            const auto row = decode_stored<StoredFetchSource>(value);
            if (!row) {
                error = row.error();
                return false;
            }
            return visit(show(keys::id_of_fetch_source(key), keys::account_of_fetch_source(key), *row));
        });
    if (error) return fail(std::move(*error));
    return scanned;
}

void Fetches::report(const v1::FetchReport& report, Answer<v1::FetchSource> done) {
    const auto now_ms = parts_.clock.now_ms();
    FetchId id{};
    {
        const std::lock_guard lock(mutex_);
        const auto* lease = schedule_.find(report.lease_id(), now_ms);
        if (lease != nullptr) id = lease->source;
    }
    if (raw(id) == 0) return done(fail(Kind::not_found, "This lease is over."));
    const auto over = [this, lease = report.lease_id()] {
        {
            const std::lock_guard lock(mutex_);
            schedule_.end(lease);
        }
        ring();
    };
    if (report.released()) {
        over();
        return done(v1::FetchSource());
    }
    change(
        id, false,
        [outcome = report.outcome()](store::Transaction& transaction, AccountId, StoredFetchSource& row) -> Result<void> {
            apply_outcome(row, outcome, transaction.now_ms() / kMillisPerSecond);
            return {};
        },
        [over, done = std::move(done)](Result<v1::FetchSource> reported) {
            over();
            if (reported) reported->set_running(false);
            done(std::move(reported));
        });
}

Fetches::Counts Fetches::counts() const {
    const std::lock_guard lock(mutex_);
    return {schedule_.size(), schedule_.leases(), failing_.size()};
}

}  // namespace tayori::spool
