// Raising counters inside a mutation.
#include <algorithm>

#include "common/base/log.h"
#include "common/base/text.h"
#include "spoold/counters/floors.h"
#include "spoold/directory/records.h"
#include "spoold/keys.h"

namespace tayori::spool {
namespace {

v1::RaisedCounter& say(v1::CountersRaised& raised, std::string_view counter, std::uint64_t from, std::uint64_t to) {
    auto& one = *raised.add_raised();
    one.set_counter(std::string(counter));
    one.set_from(from);
    one.set_to(to);
    return one;
}

// Numbers that are jumped over have not been given out.
void skip_pace(store::Transaction& transaction, std::string_view counter, std::uint64_t numbers) {
    const auto value = transaction.get(keys::kPace);
    if (!value) return;
    auto pace = SitePace::decode(value);
    if (counter == keys::kNextMessageId) pace.messages.skip(numbers);
    if (counter == keys::kNextFolderId) pace.folders.skip(numbers);
    transaction.put(keys::kPace, pace.encode());
}

Result<void> raise_folder(store::Transaction& transaction, AccountId account, const FolderFloor& floor, Raising raising,
                          const std::string& address, v1::CountersRaised& raised) {
    const auto key = keys::folder(account, floor.id);
    const auto value = transaction.get(key);
    if (!value) return {};
    auto record = FolderRecord::decode(*value);
    if (!record) return fail(std::move(record.error()));
    if (record->uid_validity != floor.uid_validity || record->uid_next >= floor.uid_next) return {};
    auto& one = say(raised, "UIDNEXT", record->uid_next, floor.uid_next);
    one.set_address(address);
    one.set_folder(record->name);
    if (raising == Raising::dry) return {};
    record->skip_uids(floor.uid_next);
    transaction.put(key, record->encode());
    return {};
}

}  // namespace

std::string SitePace::encode() const {
    std::string out;
    messages.encode(out);
    folders.encode(out);
    return out;
}

SitePace SitePace::decode(const std::optional<std::string>& value) {
    SitePace pace;
    if (!value) return pace;
    Reader in(*value);
    pace.messages = Pace::decode(in);
    pace.folders = Pace::decode(in);
    return in.ok() ? pace : SitePace();
}

const std::vector<SiteCounter>& site_counters() {
    static constexpr auto kDecode = [](const std::optional<std::string>& value) { return decode_number(value, 1); };
    static constexpr auto kDecodeAccount = [](const std::optional<std::string>& value) -> std::uint64_t {
        return value ? decode_u64(*value) : 1;
    };
    static const std::vector<SiteCounter> all = {
        {"message id", std::string(keys::kNextMessageId), &SiteFloor::message, kDecode, encode_number},
        {"folder id", std::string(keys::kNextFolderId), &SiteFloor::folder, kDecode, encode_number},
        {"account id", row_key::next_account(), &SiteFloor::account, kDecodeAccount, encode_u64},
        {"queue id", std::string(keys::kNextQueueId), &SiteFloor::queue, kDecode, encode_number}};
    return all;
}

void raise_site(store::Transaction& transaction, const SiteFloor& floor, Raising raising, v1::CountersRaised& raised) {
    for (const auto& counter : site_counters()) {
        const auto before = counter.decode(transaction.get(counter.key));
        const auto least = floor.*counter.floor;
        if (before >= least) continue;
        say(raised, counter.name, before, least);
        if (raising == Raising::dry) continue;
        transaction.put(counter.key, counter.encode(least));
        skip_pace(transaction, counter.key, least - before);
    }
}

Result<void> raise_account(store::Transaction& transaction, const AccountFloor& floor, const std::string& address,
                           Raising raising, v1::CountersRaised& raised) {
    const auto key = keys::account_state(floor.account);
    const auto value = transaction.get(key);
    if (!value) return {};
    auto state = AccountState::decode(*value);
    if (!state) return fail(std::move(state.error()));
    const auto uid_validity = std::max(state->next_uid_validity, floor.next_uid_validity);
    const auto modseq = std::max(state->modseq, floor.modseq);
    if (uid_validity != state->next_uid_validity)
        say(raised, "UIDVALIDITY", state->next_uid_validity, uid_validity).set_address(address);
    if (modseq != state->modseq) say(raised, "modseq", state->modseq + 1, modseq + 1).set_address(address);
    for (const auto& folder : floor.folders) {
        auto done = raise_folder(transaction, floor.account, folder, raising, address, raised);
        if (!done) return done;
    }
    const bool same = uid_validity == state->next_uid_validity && modseq == state->modseq;
    if (same || raising == Raising::dry) return {};
    state->next_uid_validity = uid_validity;
    state->modseq = modseq;
    transaction.put(key, state->encode());
    return {};
}

void RaisedCount::add(const v1::CountersRaised& raised) {
    value_ += static_cast<std::uint64_t>(raised.raised_size());
    for (const auto& one : raised.raised()) log_warn("a counter was raised", {{"what", sentence_of(one)}});
}

std::string sentence_of(const v1::RaisedCounter& raised) {
    auto what = cat(raised.address().empty() ? "next " : "", raised.counter());
    if (!raised.folder().empty()) append(what, " of ", raised.folder());
    if (!raised.address().empty()) append(what, " of ", raised.address());
    return cat(what, ": ", raised.from(), " -> ", raised.to());
}

}  // namespace tayori::spool
