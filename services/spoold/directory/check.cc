// Proves the directory's rows against each other; and at the start, the counter of account ids.
#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "common/base/text.h"
#include "spoold/directory/check.h"
#include "spoold/directory/core.h"
#include "spoold/dkim/row.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using stored::v1::StoredDomain;
using stored::v1::StoredName;

// Every row of a table, parsed. What does not parse is a problem and is passed over.
template <class T, class Visit>
Result<void> each(const Rows& rows, const std::string& begin, std::vector<std::string>& problems, Visit visit) {
    return rows.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view value) {
        auto row = decode_stored<T>(value);
        if (row) visit(key, *row);
        else problems.push_back(cat("A record of the directory can't be read: ", hex_encode(key)));
        return true;
    });
}

struct Checker {
    const Rows& rows;
    std::vector<std::string> problems;
    absl::flat_hash_map<std::string, std::uint64_t> accounts_of_domain;
    absl::flat_hash_set<std::uint64_t> named;
    absl::flat_hash_set<std::string> pointers;

    Result<void> names() {
        return each<StoredName>(rows, row_key::names_begin({}), problems, [&](std::string_view key, const StoredName& row) {
            const auto name = row_key::name_of(key);
            if (row.account_id() != 0) {
                ++accounts_of_domain[name.domain];
                if (!named.insert(row.account_id()).second)
                    problems.push_back(cat("Two addresses are account ", row.account_id(), "."));
                const auto account = read_row<StoredAccount>(rows, row_key::account(row.account_id()));
                if (!account || !*account || (*account)->address() != name.text())
                    problems.push_back(cat(name.text(), " names account ", row.account_id(), ", which is another or none."));
                return;
            }
            for (const auto& target : row.targets())
                if (auto to = parse_name(target)) pointers.insert(row_key::pointer(to->text(), name.text()));
        });
    }
    Result<void> accounts(std::uint64_t next_id) {
        return each<StoredAccount>(rows, row_key::accounts_begin(), problems, [&](std::string_view key, const StoredAccount& row) {
            const auto id = row_key::id_at_end(key);
            if (id >= next_id) problems.push_back(cat("Account ", id, " is not below the next account id, ", next_id, "."));
            if (row.state() != stored::v1::STORED_STATE_DELETED && !named.contains(id))
                problems.push_back(cat("Account ", id, " (", row.address(), ") has no address."));
        });
    }
    Result<void> domains() {
        return each<StoredDomain>(rows, row_key::domains_begin(), problems, [&](std::string_view key, const StoredDomain& row) {
            const auto name = row_key::domain_of(key);
            const auto counted = accounts_of_domain[name];
            if (row.accounts() != counted)
                problems.push_back(cat("The domain ", name, " counts ", row.accounts(), " accounts and has ", counted, "."));
            if (auto to = parse_name(row.catch_all())) pointers.insert(row_key::pointer(to->text(), cat('@', name)));
        });
    }
    Result<void> dkim_keys() {
        const auto all = dkim_row::range({});
        return each<stored::v1::StoredDkimKey>(rows, all.from, problems, [&](std::string_view key, const auto&) {
            const auto names = dkim_row::names(key);
            const auto domain = rows.get(row_key::domain(names.domain));
            if (!domain || !*domain)
                problems.push_back(cat("The DKIM key ", names.selector, " is of ", names.domain, ", which is no domain here."));
        });
    }
    Result<void> back_references() {
        const auto begin = row_key::pointers_begin({}).substr(0, 2);
        auto scanned = rows.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
            if (pointers.erase(std::string(key)) == 0)
                problems.push_back(cat("A reference of ", row_key::source_of(key), " leads from nowhere."));
            return true;
        });
        for (const auto& missing : pointers)
            problems.push_back(cat("A reference of ", row_key::source_of(missing), " is missing."));
        return scanned;
    }
};

}  // namespace

std::uint64_t highest_account_id(store::Transaction& transaction) {
    std::uint64_t highest = 0;
    const auto begin = row_key::accounts_begin();
    transaction.scan_backwards(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view) {
        highest = row_key::id_at_end(key);
        return false;
    });
    return highest;
}

Result<std::vector<std::string>> Directory::verify() const {
    return verify_directory(SnapshotRows(core_->store.snapshot()));
}

Result<std::vector<std::string>> verify_directory(const Rows& rows) {
    auto next = rows.get(row_key::next_account());
    if (!next) return fail(std::move(next.error()));
    Checker checker{rows, {}, {}, {}, {}};
    auto checked = checker.names();
    if (checked) checked = checker.accounts(*next ? decode_u64(**next) : 1);
    if (checked) checked = checker.domains();
    if (checked) checked = checker.dkim_keys();
    if (checked) checked = checker.back_references();
    if (!checked) return fail(std::move(checked.error()));
    return std::move(checker.problems);
}

}  // namespace tayori::spool
