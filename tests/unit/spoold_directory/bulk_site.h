// A site with tables of accounts: rows in a few words, and the directory as one text to compare.
#pragma once

#include <algorithm>

#include "site.h"
#include "spoold/directory/bulk.h"

namespace tayori::spool::test {

// "anna@x.test", with what a test sets.
inline v1::AccountsRow row(const std::string& address, const std::string& name = {}, const std::string& password = {}) {
    v1::AccountsRow out;
    out.set_address(address);
    if (!name.empty()) out.set_name(name);
    out.set_password(password);
    return out;
}
inline v1::AccountsRow with_aliases(v1::AccountsRow row, const std::vector<std::string>& aliases) {
    row.mutable_aliases();
    for (const auto& alias : aliases) row.mutable_aliases()->add_addresses(alias);
    return row;
}
inline v1::AccountsRow with_quota(v1::AccountsRow row, std::uint64_t bytes) {
    row.set_quota_bytes(bytes);
    return row;
}
inline v1::AccountsRow with_switches(v1::AccountsRow row, bool pop3, bool imap, bool submission) {
    row.set_pop3(pop3);
    row.set_imap(imap);
    row.set_submission(submission);
    return row;
}

inline v1::AccountsTable table(const std::vector<v1::AccountsRow>& rows) {
    v1::AccountsTable out;
    out.mutable_options()->set_file("accounts.csv");
    std::uint32_t line = 1;  // the header
    for (const auto& row : rows) {
        *out.add_rows() = row;
        out.mutable_rows()->rbegin()->set_line(++line);
    }
    return out;
}

class BulkSite : public Site {
  public:
    explicit BulkSite(DirectoryOptions options = quick()) : Site(std::move(options)) {
        EXPECT_TRUE(add_domain("x.test"));
        EXPECT_TRUE(add_domain("y.test"));
    }
    static DirectoryOptions quick() {
        auto options = Site::quick();
        options.retire_days = 20;
        return options;
    }

    v1::AccountsPlan plan(const v1::AccountsTable& wanted) {
        return Bulk(directory->core()).plan(wanted, [] { return true; }).value();
    }
    v1::AccountsPlan apply(const v1::AccountsTable& wanted) {
        return Bulk(directory->core()).apply(wanted, [] { return true; }).value();
    }
    Result<v1::AccountsPlan> roll_back(std::uint64_t id = 0, bool force = false) {
        v1::RollBackRequest request;
        request.set_change_id(id);
        request.set_force(force);
        return Bulk(directory->core()).roll_back(request);
    }
    std::vector<v1::BulkChange> changes() {
        std::vector<v1::BulkChange> out;
        EXPECT_TRUE(Bulk(directory->core()).list([&](const v1::BulkChange& change) {
            out.push_back(change);
            return true;
        }));
        return out;
    }
    std::vector<std::string> retired() {
        std::vector<std::string> out;
        v1::ListAccountsRequest request;
        request.set_only_retired(true);
        EXPECT_TRUE(directory->list_accounts(request, [&](const v1::Account& account) {
            EXPECT_EQ(account.state(), v1::ACCOUNT_STATE_RETIRED);
            out.push_back(account.address());
            return true;
        }));
        return out;
    }

    // Living accounts and aliases with all that an administrator sees, without what every change leaves a trace in.
    std::string dump() {
        std::string out;
        EXPECT_TRUE(directory->list_accounts(v1::ListAccountsRequest(), [&](v1::Account account) {
            account.clear_last_login_s();
            append(out, account.ShortDebugString(), " ", password_of(account.account_id()), "\n");
            return true;
        }));
        EXPECT_TRUE(directory->list_aliases(v1::ListAliasesRequest(), [&](const v1::Alias& alias) {
            append(out, alias.ShortDebugString(), "\n");
            return true;
        }));
        EXPECT_EQ(directory->verify().value(), std::vector<std::string>());
        return out;
    }
    std::string password_of(std::uint64_t id) {
        auto row = store->get(row_key::credentials(id)).value();
        if (!row) return {};
        return hex_encode(decode_stored<stored::v1::StoredCredentials>(*row).value().SerializeAsString());
    }
    // "added a@x.test; removed b@x.test", in the plan's order.
    static std::string said(const v1::AccountsPlan& plan) {
        std::string out;
        for (const auto& change : plan.changes())
            append(out, out.empty() ? "" : "; ", to_lower(v1::BulkAction_Name(change.action()).substr(12)), " ", change.address());
        return out;
    }
    // The first problem that refuses; empty: none does.
    static std::string refusal(const v1::AccountsPlan& plan) {
        for (const auto& problem : plan.problems())
            if (!problem.is_note()) return cat(problem.line(), " ", problem.text());
        return {};
    }
};

}  // namespace tayori::spool::test
