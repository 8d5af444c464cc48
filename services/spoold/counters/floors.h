// What counters must at least be, and raising them inside a mutation. Nothing here ever lowers one, so a floor may be as old as
// the snapshot that it was found in: whatever has been given out since has moved the counter further.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spoold/counters/counters.h"
#include "spoold/mailbox/reading.h"

namespace tayori::spool {

struct SiteFloor {  // 0: as it is
    std::uint64_t message = 0;
    std::uint64_t folder = 0;
    std::uint64_t account = 0;
    std::uint64_t queue = 0;
    bool operator==(const SiteFloor&) const = default;
};
struct SiteCounter {
    std::string_view name;
    std::string key;
    std::uint64_t SiteFloor::*floor;
    std::uint64_t (*decode)(const std::optional<std::string>& value);
    std::string (*encode)(std::uint64_t next);
};
const std::vector<SiteCounter>& site_counters();

struct FolderFloor {
    FolderId id{};
    std::uint32_t uid_validity = 0;  // of these UIDs
    Uid uid_next = 0;
};
struct AccountFloor {
    AccountId account{};
    std::uint32_t next_uid_validity = 0;
    Modseq modseq = 0;  // the last one given
    std::vector<FolderFloor> folders;
};
struct Floors {
    SiteFloor site;
    std::vector<AccountFloor> accounts;
};

// What counters fall short of, by one seek for each.
Result<Floors> find_floors(const store::Snapshot& snapshot);
// A sentence for each.
std::vector<std::string> sentences_of(const Floors& floors, const AddressOf& address_of);

// Raises, or with `dry` only says what it would. A folder that is gone, or has another UIDVALIDITY by now, is passed over.
enum class Raising { real, dry };
void raise_site(store::Transaction& transaction, const SiteFloor& floor, Raising raising, v1::CountersRaised& raised);
Result<void> raise_account(store::Transaction& transaction, const AccountFloor& floor, const std::string& address,
                           Raising raising, v1::CountersRaised& raised);

// How fast message and folder ids are given out; one row of the store (keys::kPace).
struct SitePace {
    Pace messages;
    Pace folders;
    std::string encode() const;
    static SitePace decode(const std::optional<std::string>& value);
};

}  // namespace tayori::spool
