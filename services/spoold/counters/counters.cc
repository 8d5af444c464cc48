#include "spoold/counters/counters.h"

#include <algorithm>
#include <future>
#include <optional>

#include "common/base/text.h"
#include "spoold/counters/census.h"
#include "spoold/directory/directory.h"
#include "spoold/keys.h"
#include "spoold/mailbox/limits.h"

namespace tayori::spool {
namespace {

constexpr double kWholePercent = 100.0;

// What a start has to write: only what is wrong.
struct Repairs {
    std::vector<std::pair<std::string, std::string>> puts;
    std::vector<std::string> said;
};

struct InUse {
    std::uint64_t message = 0;
    std::uint64_t folder = 0;
    std::uint64_t queued = 0;
};

Result<void> last_of(const store::Snapshot& snapshot, const keys::Range& range,
                     const std::function<void(std::string_view key)>& see) {
    return snapshot.scan_backwards(range.from, range.to, [&](std::string_view key, std::string_view) {
        see(key);
        return false;
    });
}

Result<void> check_folder(const store::Snapshot& snapshot, AccountId account, const NumberedFolder& folder,
                          AccountState& state, Repairs& repairs) {
    const auto greatest = greatest_uid(snapshot, folder.id, folder.record);
    if (!greatest) return fail(greatest.error());
    if (*greatest >= folder.record.uid_next) {
        auto record = folder.record;
        record.uid_next = *greatest + 1;
        repairs.said.push_back(cat("UIDNEXT of folder ", raw(folder.id), " raised from ", folder.record.uid_next,
                                   " to ", record.uid_next, "."));
        repairs.puts.emplace_back(keys::folder(account, folder.id), record.encode());
    }
    state.modseq = std::max(state.modseq, folder.record.highest_modseq);
    state.next_uid_validity = std::max(state.next_uid_validity, folder.record.uid_validity + 1);
    return {};
}

Result<void> check_account(const store::Snapshot& snapshot, AccountId account, const AccountState& state,
                           InUse& in_use, Repairs& repairs) {
    const auto folders = read_folders(snapshot, account);
    if (!folders) return fail(folders.error());
    auto right = state;
    for (const auto& folder : *folders) {
        in_use.folder = std::max(in_use.folder, raw(folder.id));
        if (auto checked = check_folder(snapshot, account, folder, right, repairs); !checked) return checked;
    }
    if (right.modseq != state.modseq || right.next_uid_validity != state.next_uid_validity) {
        repairs.said.push_back(cat("Account ", raw(account), ": modseq raised from ", state.modseq, " to ", right.modseq,
                                   ", next UIDVALIDITY from ", state.next_uid_validity, " to ",
                                   right.next_uid_validity, "."));
        repairs.puts.emplace_back(keys::account_state(account), right.encode());
    }
    return last_of(snapshot, keys::messages_from(account, MessageId{0}), [&](std::string_view key) {
        in_use.message = std::max(in_use.message, raw(keys::message_of_key(key)));
    });
}

Result<void> check_site(const store::Snapshot& snapshot, std::string_view key, std::string_view name,
                        std::uint64_t in_use, Repairs& repairs) {
    const auto value = snapshot.get(key);
    if (!value) return fail(value.error());
    const auto next = decode_number(*value, 1);
    if (next > in_use) return {};
    repairs.said.push_back(cat("The next ", name, " raised from ", next, " to ", in_use + 1, "."));
    repairs.puts.emplace_back(std::string(key), encode_number(in_use + 1));
    return {};
}

Result<Repairs> find_repairs(const store::Snapshot& snapshot) {
    Repairs repairs;
    InUse in_use;
    std::optional<Error> error;
    auto visited = visit_accounts(snapshot, [&](AccountId account, const AccountState& state) {
        auto checked = check_account(snapshot, account, state, in_use, repairs);
        if (!checked) error = std::move(checked.error());
        return !error;
    });
    if (!visited) return fail(std::move(visited.error()));
    if (error) return fail(std::move(*error));
    auto last = last_of(snapshot, keys::all_queued(),
                        [&](std::string_view key) { in_use.queued = raw(keys::queue_id_of_key(key)); });
    if (!last) return fail(std::move(last.error()));
    struct Site {
        std::string_view key;
        std::string_view name;
        std::uint64_t in_use;
    };
    const Site sites[] = {{keys::kNextMessageId, "message id", in_use.message},
                          {keys::kNextFolderId, "folder id", in_use.folder},
                          {keys::kNextQueueId, "queue id", in_use.queued}};
    for (const auto& site : sites) {
        auto checked = check_site(snapshot, site.key, site.name, site.in_use, repairs);
        if (!checked) return fail(std::move(checked.error()));
    }
    return repairs;
}

void add_usage(v1::QuotaReport& report, const std::string& address, const AccountState& state,
               const AccountLimits& limits) {
    auto* usage = report.add_accounts();
    usage->set_address(address);
    usage->set_limit_bytes(limits.quota_bytes);
    usage->set_limit_messages(limits.quota_messages);
    usage->set_used_bytes(state.bytes);
    usage->set_used_messages(state.messages);
}

// Calls for one account, or for all when it is 0.
Result<void> for_accounts(const store::Snapshot& snapshot, AccountId account,
                          const std::function<Result<void>(AccountId, const AccountState&)>& each) {
    if (raw(account) != 0) {
        const auto state = read_state(snapshot, account);
        if (!state) return fail(state.error());
        return each(account, *state);
    }
    std::optional<Error> error;
    auto visited = visit_accounts(snapshot, [&](AccountId one, const AccountState& state) {
        auto done = each(one, state);
        if (!done) error = std::move(done.error());
        return !error;
    });
    if (error) return fail(std::move(*error));
    return visited;
}

}  // namespace

Result<std::vector<std::string>> Counters::check_and_repair() {
    auto repairs = find_repairs(*store_.snapshot());
    if (!repairs) return fail(std::move(repairs.error()));
    if (repairs->puts.empty()) return std::move(repairs->said);
    auto committed = std::make_shared<std::promise<Result<void>>>();
    auto outcome = committed->get_future();
    store::Request request;
    request.effect = store::Effect::shrinks;
    request.apply = [puts = std::move(repairs->puts)](store::Transaction& transaction) -> Result<void> {
        for (const auto& [key, value] : puts) transaction.put(key, value);
        return {};
    };
    request.done = [committed](Result<void> result) { committed->set_value(std::move(result)); };
    store_.submit(std::move(request));
    auto result = outcome.get();
    if (!result) return fail(std::move(result.error()));
    return std::move(repairs->said);
}

Result<v1::Counters> Counters::show(AccountId account) const {
    const auto snapshot = store_.snapshot();
    v1::Counters counters;
    const auto message = snapshot->get(keys::kNextMessageId);
    if (!message) return fail(message.error());
    const auto folder = snapshot->get(keys::kNextFolderId);
    if (!folder) return fail(folder.error());
    counters.set_next_message_id(decode_number(*message, 1));
    counters.set_next_folder_id(decode_number(*folder, 1));
    if (raw(account) == 0) return counters;
    const auto folders = read_folders(*snapshot, account);
    if (!folders) return fail(folders.error());
    const auto address = address_of_(account);
    for (const auto& one : *folders) {
        auto* to = counters.add_folders();
        to->set_address(address);
        to->set_folder(one.record.name);
        to->set_folder_id(raw(one.id));
        to->set_uid_validity(one.record.uid_validity);
        to->set_uid_next(one.record.uid_next);
        to->set_highest_modseq(one.record.highest_modseq);
        const auto used = std::min(one.record.uid_next, kUidNextMax);
        to->set_headroom_percent(kWholePercent * (kUidNextMax - used) / kUidNextMax);
    }
    return counters;
}

Result<v1::CountersReport> Counters::verify(AccountId account) const {
    return verify_counters(*store_.snapshot(), account, address_of_);
}

Result<v1::CountersReport> verify_counters(const store::Snapshot& snapshot, AccountId account,
                                           const AddressOf& address_of) {
    v1::CountersReport report;
    auto done = for_accounts(snapshot, account, [&](AccountId one, const AccountState& state) -> Result<void> {
        const auto census = take_census(snapshot, one, state);
        if (!census) {
            report.add_problems(cat(address_of(one), ": ", census.error().detail));
            return {};
        }
        report.set_folders_checked(report.folders_checked() + census->folders);
        report.set_references_checked(report.references_checked() + census->references);
        for (const auto& problem : census->problems) report.add_problems(cat(address_of(one), ": ", problem));
        return {};
    });
    if (!done) return fail(std::move(done.error()));
    const auto repairs = find_repairs(snapshot);
    if (!repairs) return fail(repairs.error());
    for (const auto& said : repairs->said) report.add_problems(cat("A start would repair: ", said));
    return report;
}

Result<v1::QuotaReport> Counters::quota(AccountId account) const {
    const auto snapshot = store_.snapshot();
    v1::QuotaReport report;
    auto done = for_accounts(*snapshot, account, [&](AccountId one, const AccountState& state) -> Result<void> {
        const auto limits = account_limits(store_, raw(one));
        if (!limits) return fail(limits.error());
        add_usage(report, address_of_(one), state, *limits);
        return {};
    });
    if (!done) return fail(std::move(done.error()));
    return report;
}

Result<v1::QuotaReport> Counters::recount(AccountId account) const {
    const auto snapshot = store_.snapshot();
    v1::QuotaReport report;
    auto done = for_accounts(*snapshot, account, [&](AccountId one, const AccountState& state) -> Result<void> {
        const auto census = take_census(*snapshot, one, state);
        if (!census) return fail(census.error());
        const auto limits = account_limits(store_, raw(one));
        if (!limits) return fail(limits.error());
        add_usage(report, address_of_(one), state, *limits);
        auto* usage = report.mutable_accounts(report.accounts_size() - 1);
        usage->set_recounted_bytes(census->bytes);
        usage->set_recounted_messages(census->references);
        return {};
    });
    if (!done) return fail(std::move(done.error()));
    return report;
}

}  // namespace tayori::spool
