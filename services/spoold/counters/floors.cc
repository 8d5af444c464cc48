#include "spoold/counters/floors.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"
#include "spoold/counters/census.h"
#include "spoold/directory/records.h"
#include "spoold/keys.h"

namespace tayori::spool {
namespace {

// The last key of a range tells the highest number in use.
Result<std::uint64_t> last_of(const store::Snapshot& snapshot, const keys::Range& range,
                              const std::function<std::uint64_t(std::string_view key)>& number) {
    std::uint64_t last = 0;
    auto scanned = snapshot.scan_backwards(range.from, range.to, [&](std::string_view key, std::string_view) {
        last = number(key);
        return false;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return last;
}

void at_least(std::uint64_t& floor, std::uint64_t used) { floor = std::max(floor, used + 1); }

// Leaves only what the counters fall short of.
Result<void> keep_short(const store::Snapshot& snapshot, SiteFloor& floor) {
    for (const auto& counter : site_counters()) {
        const auto value = snapshot.get(counter.key);
        if (!value) return fail(value.error());
        if (counter.decode(*value) >= floor.*counter.floor) floor.*counter.floor = 0;
    }
    return {};
}

Result<void> floor_of_account(const store::Snapshot& snapshot, AccountId account, const AccountState& state,
                              Floors& floors) {
    const auto folders = read_folders(snapshot, account);
    if (!folders) return fail(folders.error());
    AccountFloor floor{account, state.next_uid_validity, state.modseq, {}};
    for (const auto& folder : *folders) {
        at_least(floors.site.folder, raw(folder.id));
        const auto greatest = greatest_uid(snapshot, folder.id, folder.record);
        if (!greatest) return fail(greatest.error());
        if (*greatest >= folder.record.uid_next)
            floor.folders.push_back({folder.id, folder.record.uid_validity, *greatest + 1});
        floor.modseq = std::max(floor.modseq, folder.record.highest_modseq);
        floor.next_uid_validity = std::max(floor.next_uid_validity, folder.record.uid_validity + 1);
    }
    const bool short_of = floor.modseq != state.modseq || floor.next_uid_validity != state.next_uid_validity;
    if (short_of || !floor.folders.empty()) floors.accounts.push_back(std::move(floor));
    const auto message = last_of(snapshot, keys::messages_from(account, MessageId{0}),
                                 [](std::string_view key) { return raw(keys::message_of_key(key)); });
    if (!message) return fail(message.error());
    at_least(floors.site.message, *message);
    return {};
}

}  // namespace

Result<Floors> find_floors(const store::Snapshot& snapshot) {
    Floors floors;
    std::optional<Error> error;
    auto visited = visit_accounts(snapshot, [&](AccountId account, const AccountState& state) {
        auto done = floor_of_account(snapshot, account, state, floors);
        if (!done) error = std::move(done.error());
        return !error;
    });
    if (!visited) return fail(std::move(visited.error()));
    if (error) return fail(std::move(*error));
    const auto queued = last_of(snapshot, keys::all_queued(),
                                [](std::string_view key) { return raw(keys::queue_id_of_key(key)); });
    if (!queued) return fail(queued.error());
    at_least(floors.site.queue, *queued);
    const auto accounts = row_key::accounts_begin();
    const auto account = last_of(snapshot, {accounts, row_key::end_of(accounts)},
                                 [](std::string_view key) { return row_key::id_at_end(key); });
    if (!account) return fail(account.error());
    at_least(floors.site.account, *account);
    if (auto kept = keep_short(snapshot, floors.site); !kept) return fail(std::move(kept.error()));
    return floors;
}

std::vector<std::string> sentences_of(const Floors& floors, const AddressOf& address_of) {
    std::vector<std::string> out;
    const auto say = [&](const std::string& counter, std::uint64_t least) {
        out.push_back(cat(counter, " is not above what is in use: `adminctl counters repair` raises it to ", least, "."));
    };
    for (const auto& counter : site_counters())
        if (const auto least = floors.site.*counter.floor; least != 0) say(cat("The next ", counter.name), least);
    for (const auto& account : floors.accounts) {
        const auto address = address_of(account.account);
        for (const auto& folder : account.folders) say(cat(address, ": UIDNEXT of folder ", raw(folder.id)), folder.uid_next);
        if (account.folders.empty())
            out.push_back(cat(address, ": its modseq or UIDVALIDITY is below its folders': `adminctl counters repair` raises it."));
    }
    return out;
}

}  // namespace tayori::spool
