#include "common/legacy/epost/epost.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/text.h"
#include "common/legacy/accounts/given.h"
#include "common/legacy/epost/control.h"
#include "common/legacy/epost/copies.h"
#include "common/legacy/epost/file_names.h"
#include "common/legacy/epost/folders.h"
#include "common/legacy/epost/layout.h"
#include "common/legacy/names.h"
#include "common/legacy/settle.h"

namespace tayori::legacy {
namespace {

using namespace epost;

std::string_view local_part(std::string_view address) {
    return address.substr(0, address.rfind('@'));
}

class Planner {
  public:
    Planner(const Tree& tree, const SourceOptions& options, Report& report)
        : tree_(tree), options_(options), report_(report) {}

    Result<Plan> run() {
        auto layout = find_layout(tree_, options_, report_);
        if (!layout) return fail(layout.error());
        auto given = read_given_accounts(options_, report_);
        if (!given) return fail(given.error());
        table_ = std::move(given->accounts);
        plan_.aliases = std::move(given->aliases);
        for (const auto& file : layout->account_data)
            report_.add({Severity::person, {}, file, 0, "epost-idx", {}});
        for (const auto& place : layout->mailboxes) take(place);
        for (auto& [address, account] : table_)
            if (!taken_.contains(address)) plan_.accounts.push_back(std::move(account));
        for (const auto& account : plan_.accounts)
            if (!account.address.empty() && !account.password && !account.password_hash)
                report_.add({Severity::person,
                             account.address,
                             account.directory,
                             0,
                             "account-no-password",
                             {}});
        std::stable_sort(plan_.accounts.begin(), plan_.accounts.end(),
                         [](const Account& a, const Account& b) { return a.address < b.address; });
        return std::move(plan_);
    }

  private:
    // The domain is the directory above, or an option, or what the table of accounts leaves no
    // doubt about.
    Result<std::string> address_of(const MailboxPlace& place) const {
        if (!options_.account.empty()) return account_address_of(options_.account, options_.domain);
        if (!place.domain.empty()) return account_address(place.user, place.domain);
        if (!options_.domain.empty()) return account_address(place.user, options_.domain);
        std::string found;
        for (const auto& [address, account] : table_) {
            if (!equals_ignoring_case(local_part(address), place.user)) continue;
            if (!found.empty())
                return fail(Kind::invalid, "Several domains have an account of this name.");
            found = address;
        }
        if (found.empty()) return fail(Kind::invalid, "The source does not tell the domain.");
        return found;
    }

    void take(const MailboxPlace& place) {
        const auto entries = tree_.list(tree_path(place.directory));
        if (!entries) {
            report_.add({Severity::refused, {}, place.directory, 0, "directory-unreadable", {}});
            return;
        }
        auto address = address_of(place);
        Account account;
        if (!address) {
            report_.add({Severity::refused,
                         {},
                         place.directory,
                         0,
                         "account-address",
                         {place.user, address.error().text}});
        } else if (!taken_.insert(*address).second) {
            report_.add({Severity::refused, {}, place.directory, 0, "account-twice", {*address}});
        } else {
            if (const auto it = table_.find(*address); it != table_.end()) account = it->second;
            account.address = *address;
        }
        account.directory = place.directory;
        AccountReport report{report_, account.address};
        read_controls(tree_, *entries, account, report);
        count(*entries, account, report, 0);
        if (account.quota_bytes && account.bytes > *account.quota_bytes)
            report.add(Severity::person, place.directory, "over-quota",
                       {cat(account.bytes), cat(*account.quota_bytes)});
        plan_.accounts.push_back(std::move(account));
    }

    // Copies in both places count twice here: only the mails' heads tell them apart.
    void count(const std::vector<Entry>& entries, Account& account, AccountReport& report,
               std::size_t depth) const {
        for (const auto& entry : entries) {
            if (entry.kind == EntryKind::file && is_mail_name(entry.name())) {
                ++account.mails;
                account.bytes += entry.bytes;
            } else if (entry.kind == EntryKind::directory && depth < kTreeDepthMax) {
                if (const auto inner = tree_.list(entry.path))
                    count(*inner, account, report, depth + 1);
                else
                    report.add(Severity::refused, entry.path, "directory-unreadable");
            }
        }
    }

    const Tree& tree_;
    const SourceOptions& options_;
    Report& report_;
    Plan plan_;
    std::map<std::string, Account> table_;
    std::set<std::string, std::less<>> taken_;
};

class EpostSource final : public Source {
  public:
    EpostSource(const Tree& tree, SourceOptions options)
        : tree_(tree), options_(std::move(options)) {}

    std::string_view kind() const override { return "epost"; }

    Result<Plan> plan(Report& report) override { return Planner(tree_, options_, report).run(); }

    Result<Mailbox> load(const Account& account, Report& report) override {
        if (account.directory.empty()) return Mailbox{};
        AccountReport of_account{report, account.address};
        auto found = find_mails(tree_, account.directory, of_account);
        if (!found) return fail(found.error());
        auto mailbox = join_copies(std::move(*found), of_account);
        for (auto& folder : mailbox.folders)
            settle_uids(folder, options_.keep_high_uids, of_account);
        settle_pop3_order(mailbox);
        settle_uidls(mailbox, of_account);
        settle_special_uses(mailbox);
        settle_identities(mailbox);
        return mailbox;
    }

  private:
    const Tree& tree_;
    SourceOptions options_;
};

}  // namespace

std::unique_ptr<Source> make_epost(const Tree& tree, SourceOptions options) {
    return std::make_unique<EpostSource>(tree, std::move(options));
}

}  // namespace tayori::legacy
