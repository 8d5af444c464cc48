#include "spoold/plugin/state.h"

#include <algorithm>
#include <deque>
#include <limits>
#include <utility>

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/plugin/declaration.h"
#include "spoold/keys.h"
#include "spoold/mailbox/codec.h"
#include "spoold/plugin/limits.h"

namespace tayori::spool {
namespace {

using keys::PluginRow;

constexpr std::int64_t kNever = 0;

// Of one kind of rows in a table.
struct Share {
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
    std::int64_t look_ms = 0;  // before then nothing is to be found that has expired
};

struct TableUse {
    Share values, counts;
    bool known = false;  // it is written down

    Share& of(PluginRow kind) { return kind == PluginRow::value ? values : counts; }
    std::string encode() const {
        std::string out;
        for (const auto* share : {&values, &counts}) {
            put_varint(out, share->rows);
            put_varint(out, share->bytes);
            put_signed(out, share->look_ms);
        }
        return out;
    }
    static TableUse decode(std::string_view bytes) {
        TableUse use;
        Reader in(bytes);
        for (auto* share : {&use.values, &use.counts}) {
            share->rows = in.varint();
            share->bytes = in.varint();
            share->look_ms = in.signed_varint();
        }
        use.known = true;
        return use;
    }
};

struct StateRow {
    std::int64_t expires_ms = kNever;
    std::uint32_t count = 0;     // of a condition:
    std::int64_t since_ms = 0;   // its first time
    std::string_view value;      // of a value; lies in what was decoded

    bool is_over(std::int64_t now_ms) const { return expires_ms != kNever && now_ms >= expires_ms; }
    std::string encode(PluginRow kind) const {
        std::string out;
        put_signed(out, expires_ms);
        if (kind == PluginRow::count) {
            put_varint(out, count);
            put_signed(out, since_ms);
        } else {
            out.append(value);
        }
        return out;
    }
    static StateRow decode(PluginRow kind, std::string_view bytes) {
        StateRow row;
        Reader in(bytes);
        row.expires_ms = in.signed_varint();
        if (kind == PluginRow::count) {
            row.count = in.varint32();
            row.since_ms = in.signed_varint();
        } else {
            row.value = in.rest();
        }
        return row;
    }
};

struct RoomLimits {
    std::uint64_t rows_max, bytes_max;
};
RoomLimits room_limits(AccountId account, PluginRow kind) {
    if (kind == PluginRow::value) return {kPluginStateRowsMax, kPluginStateBytesMax};
    return {raw(account) == 0 ? kPluginSiteCountsMax : kPluginCountsMax, kPluginCountBytesMax};
}

std::uint64_t cost_of(std::string_view key, std::string_view value) { return key.size() + value.size(); }

// One plugin's table of one account, inside a mutation.
class StateTable {
  public:
    StateTable(store::Transaction& transaction, AccountId account, std::string_view plugin)
        : tx_(transaction), account_(account), plugin_(plugin), use_key_(keys::plugin_use(account, plugin)) {
        if (const auto value = tx_.get(use_key_)) use_ = TableUse::decode(*value);
    }

    bool is(AccountId account, std::string_view plugin) const { return account_ == account && plugin_ == plugin; }
    std::string key(PluginRow kind, std::string_view name) const { return keys::plugin_row(account_, plugin_, kind, name); }

    // For so much more. What has expired makes way.
    bool has_room(PluginRow kind, std::uint64_t rows, std::uint64_t bytes) {
        // Whoever does not exist keeps nothing: nobody would take it away again.
        if (!use_.known && raw(account_) != 0 && !tx_.get(keys::account_state(account_))) return false;
        const auto most = room_limits(account_, kind);
        const auto fits = [&] {
            const auto& share = use_.of(kind);
            return share.rows + rows <= most.rows_max && share.bytes + bytes <= most.bytes_max;
        };
        if (!fits()) free_expired(kind);
        return fits();
    }

    // Room has been seen to.
    void put(PluginRow kind, std::string_view name, const StateRow& row, const std::optional<std::string>& before) {
        auto& share = use_.of(kind);
        const auto bytes = row.encode(kind);
        const auto at = key(kind, name);
        if (before) share.bytes -= std::min(share.bytes, cost_of(name, *before));
        else ++share.rows;
        share.bytes += cost_of(name, bytes);
        if (row.expires_ms != kNever && (share.look_ms == 0 || row.expires_ms < share.look_ms)) share.look_ms = row.expires_ms;
        tx_.put(at, bytes);
        changed_ = true;
    }

    void erase(PluginRow kind, std::string_view name, std::string_view before) {
        auto& share = use_.of(kind);
        share.rows -= std::min<std::uint64_t>(share.rows, 1);
        share.bytes -= std::min(share.bytes, cost_of(name, before));
        tx_.erase(key(kind, name));
        changed_ = true;
    }

    void save() {
        if (!changed_) return;
        changed_ = false;
        use_.known = use_.values.rows + use_.counts.rows > 0;
        if (use_.known) tx_.put(use_key_, use_.encode());
        else tx_.erase(use_key_);
    }

  private:
    void free_expired(PluginRow kind) {
        auto& share = use_.of(kind);
        const auto now_ms = tx_.now_ms();
        if (share.look_ms == 0 || now_ms < share.look_ms) return;
        std::vector<std::pair<std::string, std::string>> over;  // names and values
        auto next_ms = std::numeric_limits<std::int64_t>::max();
        const auto range = keys::plugin_rows(account_, plugin_, kind);
        tx_.scan(range.from, range.to, [&](std::string_view at, std::string_view value) {
            const auto row = StateRow::decode(kind, value);
            if (row.is_over(now_ms)) over.emplace_back(keys::name_of_plugin_row(at), value);
            else if (row.expires_ms != kNever) next_ms = std::min(next_ms, row.expires_ms);
            return over.size() < kExpiredFreedAtOnce;
        });
        for (const auto& [name, value] : over) erase(kind, name, value);
        // A table that stays full of what lives is not searched again with every mail.
        if (over.size() == kExpiredFreedAtOnce) share.look_ms = now_ms;
        else if (next_ms == std::numeric_limits<std::int64_t>::max()) share.look_ms = 0;
        else share.look_ms = std::max(next_ms, now_ms + kExpiredLookedForEveryMs);
        changed_ = true;
    }

    store::Transaction& tx_;
    AccountId account_;
    std::string plugin_;
    std::string use_key_;
    TableUse use_;
    bool changed_ = false;
};

// A condition on its way: as it will stand if all hold.
struct Counting {
    StateTable* table = nullptr;
    std::string_view name;
    std::string key;
    std::optional<std::string> before;
    StateRow row;
};

class CountingTx {
  public:
    explicit CountingTx(store::Transaction& transaction) : tx_(transaction) {}

    // 0: it holds; else for how many milliseconds it will not.
    std::int64_t add(const v1::PluginCondition& condition) {
        auto& counting = find(condition);
        auto& row = counting.row;
        const auto now_ms = tx_.now_ms();
        const auto period_ms = std::int64_t{condition.period_s()} * kMillisPerSecond;
        if (row.count == 0 || now_ms >= row.since_ms + period_ms) {
            row.count = 0;
            row.since_ms = now_ms;
        }
        if (row.count >= condition.max()) return row.since_ms + period_ms - now_ms;
        ++row.count;
        row.expires_ms = row.since_ms + period_ms;
        return 0;
    }

    bool has_room() {
        for (auto& table : tables_) {
            std::uint64_t rows = 0, bytes = 0;
            for (const auto& counting : counted_) {
                if (counting.table != &table || counting.before) continue;
                ++rows;
                bytes += cost_of(counting.name, counting.row.encode(PluginRow::count));
            }
            if (rows > 0 && !table.has_room(PluginRow::count, rows, bytes)) return false;
        }
        return true;
    }

    void write() {
        for (auto& counting : counted_) {
            // What has expired may just have made way.
            if (counting.before && !tx_.get(counting.key)) counting.before.reset();
            counting.table->put(PluginRow::count, counting.name, counting.row, counting.before);
        }
    }
    void save() {
        for (auto& table : tables_) table.save();
    }

  private:
    Counting& find(const v1::PluginCondition& condition) {
        auto& table = table_of(condition);
        auto key = table.key(PluginRow::count, condition.key());
        for (auto& counting : counted_) {
            if (counting.key == key) return counting;
        }
        auto& counting = counted_.emplace_back();
        counting.table = &table;
        counting.name = condition.key();
        counting.before = tx_.get(key);
        counting.key = std::move(key);
        if (counting.before) counting.row = StateRow::decode(PluginRow::count, *counting.before);
        return counting;
    }
    StateTable& table_of(const v1::PluginCondition& condition) {
        const AccountId account{condition.account_id()};
        for (auto& table : tables_) {
            if (table.is(account, condition.plugin())) return table;
        }
        return tables_.emplace_back(tx_, account, condition.plugin());
    }

    store::Transaction& tx_;
    std::deque<StateTable> tables_;
    std::vector<Counting> counted_;
};

template <class At>
Counted count_all(store::Transaction& transaction, At from, At to) {
    CountingTx counting(transaction);
    for (auto at = from; at != to; ++at) {
        if (const auto ms = counting.add(*at); ms > 0) return {Holds::no, static_cast<int>(at - from), ms};
    }
    const bool room = counting.has_room();
    if (room) counting.write();
    counting.save();  // also what has made way in vain
    if (!room) return {Holds::full, 0};
    return {};
}

Result<void> check_name_and_key(const std::string& plugin, const std::string& key) {
    if (!plugin::is_name(plugin)) return fail(Kind::invalid, cat("\"", plugin, "\" is no plugin's name."));
    if (key.empty() || key.size() > kPluginKeyBytesMax)
        return fail(Kind::invalid, cat("A key of the plugin ", plugin, " has ", key.size(), " octets: 1 to ", kPluginKeyBytesMax, " are right."));
    return {};
}

void show_row(std::string_view key, std::string_view value, std::int64_t now_ms, v1::PluginStateRows& out) {
    const auto kind = keys::kind_of_plugin_row(key);
    const auto row = StateRow::decode(kind, value);
    if (row.is_over(now_ms)) return;
    auto& shown = *out.add_rows();
    shown.set_key(std::string(keys::name_of_plugin_row(key)));
    shown.set_value(std::string(row.value));
    shown.set_count(row.count);
    if (row.expires_ms != kNever) shown.set_expires_s(row.expires_ms / kMillisPerSecond);
}

}  // namespace

Result<void> check_condition(const v1::PluginCondition& condition) {
    if (auto checked = check_name_and_key(condition.plugin(), condition.key()); !checked) return checked;
    if (condition.max() == 0 || condition.period_s() == 0)
        return fail(Kind::invalid, cat("A condition of the plugin ", condition.plugin(), " needs how often it may happen, and within how many seconds."));
    return {};
}

Result<void> check_state_change(const v1::PluginStateChange& change) {
    if (auto checked = check_name_and_key(change.plugin(), change.key()); !checked) return checked;
    if (change.value().size() > kPluginValueBytesMax)
        return fail(Kind::invalid, cat("A value of the plugin ", change.plugin(), " has at most ", kPluginValueBytesMax, " octets."));
    return {};
}

Counted count_conditions(store::Transaction& transaction, const Conditions& conditions) {
    return count_all(transaction, conditions.begin(), conditions.end());
}

Counted count_condition(store::Transaction& transaction, const v1::PluginCondition& condition) {
    return count_all(transaction, &condition, &condition + 1);
}

bool change_state(store::Transaction& transaction, const v1::PluginStateChange& change) {
    StateTable table(transaction, AccountId{change.account_id()}, change.plugin());
    const auto key = table.key(PluginRow::value, change.key());
    auto before = transaction.get(key);
    if (change.erase()) {
        if (before) table.erase(PluginRow::value, change.key(), *before);
        table.save();
        return true;
    }
    StateRow row;
    row.value = change.value();
    if (change.ttl_s() != 0) row.expires_ms = transaction.now_ms() + std::int64_t{change.ttl_s()} * kMillisPerSecond;
    const auto bytes = row.encode(PluginRow::value).size() + change.key().size();
    const auto bytes_before = before ? cost_of(change.key(), *before) : 0;
    const auto more = bytes > bytes_before ? bytes - bytes_before : 0;
    const bool room = table.has_room(PluginRow::value, before ? 0 : 1, more);
    if (room) {
        if (before && !transaction.get(key)) before.reset();  // it has just made way
        table.put(PluginRow::value, change.key(), row, before);
    }
    table.save();
    return room;
}

Result<v1::PluginStateRows> read_plugin_state(const store::Snapshot& snapshot, AccountId account, std::string_view plugin,
                                              StateRows which, std::int64_t now_ms) {
    v1::PluginStateRows out;
    for (const auto kind : {PluginRow::value, PluginRow::count}) {
        if (kind == PluginRow::count && which == StateRows::values) break;
        const auto range = keys::plugin_rows(account, plugin, kind);
        auto scanned = snapshot.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            show_row(key, value, now_ms, out);
            return true;
        });
        if (!scanned) return fail(std::move(scanned.error()));
    }
    return out;
}

v1::PluginStateRows clear_plugin_state(store::Transaction& transaction, AccountId account, std::string_view plugin) {
    v1::PluginStateRows out;
    for (const auto kind : {PluginRow::value, PluginRow::count}) {
        const auto range = keys::plugin_rows(account, plugin, kind);
        transaction.scan(range.from, range.to, [&](std::string_view key, std::string_view value) {
            show_row(key, value, transaction.now_ms(), out);
            return true;
        });
        transaction.erase_range(range.from, range.to);
    }
    transaction.erase(keys::plugin_use(account, plugin));
    return out;
}

Result<Expired> find_expired(const store::Snapshot& snapshot, const std::string& from, std::uint64_t rows_max, std::int64_t now_ms) {
    Expired out;
    const auto all = keys::all_plugin_rows();
    auto scanned = snapshot.scan(from.empty() ? all.from : from, all.to, [&](std::string_view key, std::string_view value) {
        if (out.looked_at >= rows_max || out.keys.size() >= kExpiredFreedAtOnce) {
            out.next = key;
            return false;
        }
        ++out.looked_at;
        const auto kind = keys::kind_of_plugin_row(key);
        if (kind != PluginRow::use && StateRow::decode(kind, value).is_over(now_ms)) out.keys.emplace_back(key);
        return true;
    });
    if (!scanned) return fail(std::move(scanned.error()));
    return out;
}

std::uint64_t erase_expired(store::Transaction& transaction, const std::vector<std::string>& keys) {
    std::uint64_t erased = 0;
    std::optional<StateTable> table;
    for (const auto& key : keys) {
        const auto value = transaction.get(key);
        const auto kind = keys::kind_of_plugin_row(key);
        if (!value || !StateRow::decode(kind, *value).is_over(transaction.now_ms())) continue;
        const auto account = keys::account_of_plugin_row(key);
        const auto plugin = keys::plugin_of_plugin_row(key);
        if (!table || !table->is(account, plugin)) {
            if (table) table->save();
            table.emplace(transaction, account, plugin);
        }
        table->erase(kind, keys::name_of_plugin_row(key), *value);
        ++erased;
    }
    if (table) table->save();
    return erased;
}

}  // namespace tayori::spool
