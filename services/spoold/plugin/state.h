// What plugins keep of an account or of the site: values under keys, and how often something has happened. Durable, bounded, and
// changed in the commit of the mail that is the reason.
//
// A table is what one plugin keeps of one account. Where it is full, what has expired goes first; then a new value is dropped, and
// a new condition can't be counted. How full it is stands in a row of its own, so that nothing is scanned in the usual case.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "spoold/ids.h"
#include "spoold/store/store.h"
#include "tayori/spool/v1/plugin.pb.h"

namespace tayori::spool {

namespace v1 = ::tayori::spool::v1;

// As conditions come: invalid says what is wrong.
Result<void> check_condition(const v1::PluginCondition& condition);
Result<void> check_state_change(const v1::PluginStateChange& change);

// What a full table did not take up.
struct DroppedState {
    AccountId account{};
    std::string plugin;
};

enum class Holds : std::uint8_t { yes, no, full };  // full: there is no room to count it
struct Counted {
    Holds holds = Holds::yes;
    int which = 0;             // that does not
    std::int64_t for_ms = 0;   // no: for so long
};
using Conditions = google::protobuf::RepeatedPtrField<v1::PluginCondition>;
// All of them hold, and have happened once more; or nothing is changed.
Counted count_conditions(store::Transaction& transaction, const Conditions& conditions);
Counted count_condition(store::Transaction& transaction, const v1::PluginCondition& condition);

// False: it was dropped, because the table is full or there is no such account.
bool change_state(store::Transaction& transaction, const v1::PluginStateChange& change);

enum class StateRows : std::uint8_t { values, all };
// What has not expired.
Result<v1::PluginStateRows> read_plugin_state(const store::Snapshot& snapshot, AccountId account, std::string_view plugin,
                                              StateRows which, std::int64_t now_ms);
// All of it goes; what was there.
v1::PluginStateRows clear_plugin_state(store::Transaction& transaction, AccountId account, std::string_view plugin);

// For the background: rows that have expired, found in a snapshot, and their end. The key at which to go on; empty: that was all.
struct Expired {
    std::vector<std::string> keys;
    std::string next;
    std::uint64_t looked_at = 0;
};
Result<Expired> find_expired(const store::Snapshot& snapshot, const std::string& from, std::uint64_t rows_max, std::int64_t now_ms);
// Those that still are expired.
std::uint64_t erase_expired(store::Transaction& transaction, const std::vector<std::string>& keys);

}  // namespace tayori::spool
