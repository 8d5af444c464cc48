#include "spoold/counters/counters.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"
#include "spoold/counters/census.h"
#include "spoold/counters/floors.h"
#include "spoold/directory/directory.h"
#include "spoold/keys.h"
#include "spoold/mailbox/limits.h"
#include "spoold/queue/queue.h"

namespace tayori::spool {
namespace {

constexpr double kWholePercent = 100.0;
constexpr double kDaysPerYear = 365.25;

std::optional<double> years_left(double left, std::optional<double> a_day) {
    if (!a_day || *a_day <= 0) return std::nullopt;
    return left / *a_day / kDaysPerYear;
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

void Counters::note_pace() {
    const auto note = [](const auto& rows, std::int64_t now_ms, SitePace& pace) {
        const bool messages = pace.messages.note(now_ms, decode_number(rows(keys::kNextMessageId), 1));
        return pace.folders.note(now_ms, decode_number(rows(keys::kNextFolderId), 1)) || messages;
    };
    const auto read = [this](std::string_view key) { return parts_.store.get(key).value_or(std::nullopt); };
    auto pace = SitePace::decode(read(keys::kPace));
    if (!note(read, parts_.clock.now_ms(), pace)) return;
    store::Request request;
    request.effect = store::Effect::shrinks;
    request.apply = [note](store::Transaction& transaction) -> Result<void> {
        const auto read_again = [&](std::string_view key) { return transaction.get(key); };
        auto now = SitePace::decode(read_again(keys::kPace));
        if (note(read_again, transaction.now_ms(), now)) transaction.put(keys::kPace, now.encode());
        return {};
    };
    request.done = [](Result<void>) {};  // the next call tries again
    parts_.store.submit(std::move(request));
}

void Counters::show_folder(const NumberedFolder& folder, const std::string& address, v1::FolderCounters& to) const {
    const auto& record = folder.record;
    to.set_address(address);
    to.set_folder(record.name);
    to.set_folder_id(raw(folder.id));
    to.set_uid_validity(record.uid_validity);
    to.set_uid_next(record.uid_next);
    to.set_highest_modseq(record.highest_modseq);
    const auto end = record.keeps_high_uids ? kUidNextMax - kUidHeadroomLeft : parts_.uid_renumber_at;
    const double left = end - std::min(record.uid_next - 1, end);
    to.set_uid_end(end);
    to.set_headroom_percent(kWholePercent * left / end);
    const auto a_day = record.pace.a_day(parts_.clock.now_ms(), record.uid_next);
    if (a_day) to.set_uids_a_day(*a_day);
    if (const auto years = years_left(left, a_day)) to.set_years_left(*years);
}

Result<v1::Counters> Counters::show(AccountId account) const {
    const auto snapshot = parts_.store.snapshot();
    v1::Counters counters;
    std::optional<Error> error;
    const auto read = [&](std::string_view key) {
        auto value = snapshot->get(key);
        if (!value) error = std::move(value.error());
        return value.value_or(std::nullopt);
    };
    counters.set_next_message_id(decode_number(read(keys::kNextMessageId), 1));
    counters.set_next_folder_id(decode_number(read(keys::kNextFolderId), 1));
    counters.set_next_queue_id(decode_number(read(keys::kNextQueueId), 1));
    const auto pace = SitePace::decode(read(keys::kPace));
    if (error) return fail(std::move(*error));
    const auto now_ms = parts_.clock.now_ms();
    if (const auto n = pace.messages.a_day(now_ms, counters.next_message_id())) counters.set_message_ids_a_day(*n);
    if (const auto n = pace.folders.a_day(now_ms, counters.next_folder_id())) counters.set_folder_ids_a_day(*n);
    if (raw(account) == 0) return counters;
    const auto folders = read_folders(*snapshot, account);
    if (!folders) return fail(folders.error());
    const auto address = parts_.address_of(account);
    for (const auto& folder : *folders) show_folder(folder, address, *counters.add_folders());
    return counters;
}

Result<void> Counters::list_folders(const std::function<bool(const v1::FolderCounters&)>& visit) const {
    const auto snapshot = parts_.store.snapshot();
    std::optional<Error> error;
    bool more = true;
    auto visited = visit_accounts(*snapshot, [&](AccountId account, const AccountState&) {
        const auto address = parts_.address_of(account);
        const auto living = parts_.account_of(address);
        if (!living || *living != account) return true;  // deleted: its address may be another account's
        const auto folders = read_folders(*snapshot, account);
        if (!folders) error = folders.error();
        else for (auto at = folders->begin(); more && at != folders->end(); ++at) {
            v1::FolderCounters folder;
            show_folder(*at, address, folder);
            more = visit(folder);
        }
        return more && !error;
    });
    if (error) return fail(std::move(*error));
    return visited;
}

Result<v1::CountersReport> Counters::verify(AccountId account) const {
    auto report = verify_counters(*parts_.store.snapshot(), account, parts_.address_of);
    if (!report || raw(account) != 0) return report;
    auto problems = Queue(parts_.store).verify();
    if (!problems) return fail(std::move(problems.error()));
    for (auto& problem : *problems) report->add_problems(std::move(problem));
    return report;
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
    const auto floors = find_floors(snapshot);
    if (!floors) return fail(floors.error());
    for (auto& sentence : sentences_of(*floors, address_of)) report.add_problems(std::move(sentence));
    return report;
}

Result<v1::QuotaReport> Counters::quota(AccountId account) const {
    const auto snapshot = parts_.store.snapshot();
    v1::QuotaReport report;
    auto done = for_accounts(*snapshot, account, [&](AccountId one, const AccountState& state) -> Result<void> {
        const auto limits = account_limits(parts_.store, raw(one));
        if (!limits) return fail(limits.error());
        add_usage(report, parts_.address_of(one), state, *limits);
        return {};
    });
    if (!done) return fail(std::move(done.error()));
    return report;
}

Result<v1::QuotaReport> Counters::recount(AccountId account) const {
    const auto snapshot = parts_.store.snapshot();
    v1::QuotaReport report;
    auto done = for_accounts(*snapshot, account, [&](AccountId one, const AccountState& state) -> Result<void> {
        const auto census = take_census(*snapshot, one, state);
        if (!census) return fail(census.error());
        const auto limits = account_limits(parts_.store, raw(one));
        if (!limits) return fail(limits.error());
        add_usage(report, parts_.address_of(one), state, *limits);
        auto* usage = report.mutable_accounts(report.accounts_size() - 1);
        usage->set_recounted_bytes(census->bytes);
        usage->set_recounted_messages(census->references);
        return {};
    });
    if (!done) return fail(std::move(done.error()));
    return report;
}

}  // namespace tayori::spool
