#include "spoold/directory/bulk_diff.h"

#include <algorithm>
#include <map>

#include "common/base/text.h"
#include "spoold/directory/account_rows.h"
#include "spoold/directory/bulk_compare.h"

namespace tayori::spool {
namespace {

using stored::v1::StoredAccount;
using stored::v1::StoredDomain;
using stored::v1::StoredName;
using What = BulkStep::What;

class Differ {
  public:
    Differ(const Rows& rows, const Table& table, const Verdicts& verdicts, const DirectoryCore& core)
        : rows_(rows), table_(table), options_(table.asked.options()), verdicts_(verdicts), core_(core) {
        out_.aliases = std::make_unique<AliasEdits>(rows);
        for (const auto& problem : table.problems) *out_.plan.add_problems() = problem;
    }

    Result<BulkDiff> run() {
        auto done = read_domains();
        for (const auto& row : table_.rows)
            if (done) done = place(row);
        if (done) done = find_missing();
        if (done) done = free_names();
        if (done) done = give_aliases();
        if (done) done = check_names();
        if (!done) return fail(std::move(done.error()));
        guard();
        check_people(table_.new_people, "--new");
        check_people(table_.same_people, "--same");
        if (without_password_ != 0)
            note({}, v1::ACCOUNTS_FIELD_PASSWORD,
                 cat("New accounts without a password: ", without_password_, ", the first in line ", first_without_password_,
                     ". Nobody can log in to them before one is set."));
        show_diff(out_, table_, own_, core_.bulk_key);
        return std::move(out_);
    }

  private:
    struct Domain {
        std::uint64_t accounts = 0;
        std::uint64_t removed = 0;  // or suspended because they are missing
    };

    void refuse(const TableRow& row, v1::AccountsField field, std::string text) {
        *out_.plan.add_problems() = problem(*row.asked, field, std::move(text));
    }
    void note(std::string address, v1::AccountsField field, std::string text) {
        auto out = problem_of(std::move(address), field, std::move(text));
        out.set_is_note(true);
        *out_.plan.add_problems() = std::move(out);
    }

    Result<void> read_domain(const std::string& name) {
        if (domains_.contains(name) || strangers_.contains(name)) return {};
        auto row = read_row<StoredDomain>(rows_, row_key::domain(name));
        if (!row) return fail(std::move(row.error()));
        if (*row) domains_[name].accounts = (*row)->accounts();
        else strangers_.insert(name);
        return {};
    }
    Result<void> read_domains() {
        if (!table_.domain.empty()) {
            auto read = read_domain(table_.domain);
            if (!read) return read;
            if (!domains_.contains(table_.domain))
                return fail(Kind::not_found, cat("There is no domain ", table_.domain, "."));
        }
        for (const auto& row : table_.rows)
            if (auto read = read_domain(row.name.domain); !read) return read;
        return {};
    }

    // One row: somebody new, somebody known, or somebody else at a known address.
    Result<void> place(const TableRow& row) {
        if (strangers_.contains(row.name.domain)) {
            refuse(row, v1::ACCOUNTS_FIELD_ADDRESS,
                   cat("The domain ", row.name.domain, " is not one of this site's: correct the address, or add it with `",
                       "adminctl domain add ", row.name.domain, "`."));
            return {};
        }
        auto known = read_row<StoredName>(rows_, row_key::name(row.name));
        if (!known) return fail(std::move(known.error()));
        if (!*known || (*known)->account_id() == 0) {
            add(row);
            return {};
        }
        auto account = read_account((*known)->account_id());
        if (!account) return fail(std::move(account.error()));
        if (is_another_person(row, account->account)) {
            retire(*account, &row);
            add(row);
            return {};
        }
        return change(row, std::move(*account));
    }

    Result<AccountRow> read_account(std::uint64_t id) {
        auto account = read_row<StoredAccount>(rows_, row_key::account(id));
        if (!account) return fail(std::move(account.error()));
        if (!*account) return fail(Kind::corrupt, "The directory is damaged.", "a name without its account");
        return AccountRow{id, std::move(**account)};
    }

    bool is_another_person(const TableRow& row, const StoredAccount& account) {
        const auto address = row.name.text();
        if (table_.new_people.contains(address)) return true;
        if (table_.same_people.contains(address)) return false;
        if (options_.all_new()) return true;
        const auto before = name_key(account.display_name());
        const auto after = name_key(row.asked->name());
        if (before.empty() || after.empty() || before == after) return false;
        if (options_.name_change() == v1::NAME_CHANGE_UNSPECIFIED)
            refuse(row, v1::ACCOUNTS_FIELD_NAME,
                   cat(address, " is \"", account.display_name(), "\" in the directory and \"", row.asked->name(),
                       "\" here. The same person under another name: --same ", address,
                       " (or --name-changes same for all). Another person, who gets a mailbox of their own: --new ",
                       address, " (or --name-changes new)."));
        return options_.name_change() == v1::NAME_CHANGE_NEW;
    }

    void retire(const AccountRow& account, const TableRow* row) {
        BulkStep step{What::retire, row, {}, account.id, account.account, account.account, false};
        if (auto name = parse_name(account.account.address())) step.name = std::move(*name);
        const auto domain = domains_.find(step.name.domain);
        if (domain != domains_.end()) ++domain->second.removed;
        gone_.insert(step.name.text());
        out_.steps.push_back(std::move(step));
    }

    void add(const TableRow& row) {
        BulkStep step{What::add, &row, row.name, 0, {}, {}, row.has_password()};
        step.after = new_account(row);
        if (!row.has_password()) ++without_password_;
        if (without_password_ == 1 && !row.has_password()) first_without_password_ = row.asked->line();
        out_.steps.push_back(std::move(step));
    }

    Result<void> change(const TableRow& row, AccountRow account) {
        const auto& asked = *row.asked;
        BulkStep step{What::change, &row, row.name, account.id, account.account, std::move(account.account), false};
        if (asked.has_name()) step.after.set_display_name(asked.name());
        if (asked.has_quota_bytes()) step.after.set_quota_bytes(asked.quota_bytes());
        step.after.set_protocols(protocols_after(asked, step.before.protocols()));
        const bool suspended = step.before.state() == stored::v1::STORED_STATE_SUSPENDED;
        if (all_off(asked)) {
            step.after.set_state(stored::v1::STORED_STATE_SUSPENDED);
        } else if (suspended && (asked.pop3() || asked.imap() || asked.submission())) {
            // Somebody had a reason; a table that only repeats what may be used does not know it.
            if (step.before.suspended_by() != 0) step.after.set_state(stored::v1::STORED_STATE_ACTIVE);
            else note(row.name.text(), v1::ACCOUNTS_FIELD_STATE,
                      "Was suspended by hand, and stays so: `adminctl account resume` ends it.");
        }
        auto compared = compare_password(row, step);
        if (!compared) return compared;
        out_.steps.push_back(std::move(step));
        return {};
    }

    Result<void> compare_password(const TableRow& row, BulkStep& step) {
        if (!row.has_password()) return {};
        auto credentials = read_credentials(rows_, step.id);
        if (!credentials) return fail(std::move(credentials.error()));
        const auto& present = credentials->password();
        if (present.salt().empty() && present.imported().empty()) {
            step.sets_password = true;
            return {};
        }
        if (options_.keep_passwords()) return {};
        const auto verdict = verdicts_.find(step.id);
        if (verdict != verdicts_.end() && verdict->second.seen == present.SerializeAsString())
            step.sets_password = !verdict->second.same;
        else out_.unverified.push_back({&row, step.id, present});
        return {};
    }

    Result<void> find_missing() {
        if (options_.missing() == v1::MISSING_KEEP) return {};
        for (auto& [name, domain] : domains_) {
            if (!table_.domain.empty() && name != table_.domain) continue;
            std::vector<std::uint64_t> missing;
            std::optional<Error> failed;
            const auto begin = row_key::names_begin(name);
            auto scanned = rows_.scan(begin, row_key::end_of(begin), [&](std::string_view key, std::string_view value) {
                auto row = decode_stored<StoredName>(value);
                if (!row) failed = std::move(row.error());
                else if (row->account_id() != 0 && !table_.named.contains(row_key::name_of(key).text()))
                    missing.push_back(row->account_id());
                return !failed;
            });
            if (!scanned) return scanned;
            if (failed) return fail(std::move(*failed));
            for (const auto id : missing) {
                auto account = read_account(id);
                if (!account) return fail(std::move(account.error()));
                if (options_.missing() == v1::MISSING_SUSPEND) suspend(std::move(*account), domain);
                else retire(*account, nullptr);
            }
        }
        return {};
    }

    void suspend(AccountRow account, Domain& domain) {
        if (account.account.state() == stored::v1::STORED_STATE_SUSPENDED) return;
        BulkStep step{What::change, nullptr, {}, account.id, account.account, std::move(account.account), false};
        if (auto name = parse_name(step.before.address())) step.name = std::move(*name);
        step.after.set_state(stored::v1::STORED_STATE_SUSPENDED);
        ++domain.removed;
        out_.steps.push_back(std::move(step));
    }

    // Of those who go, and of aliases that the table does not name any more.
    Result<void> free_names() {
        for (const auto& step : out_.steps) {
            const bool goes = step.what == What::retire;
            if (!goes && (step.row == nullptr || !step.row->asked->has_aliases() || step.what == What::add)) continue;
            const auto address = step.name.text();
            auto own = out_.aliases->own(address);
            if (!own) return fail(std::move(own.error()));
            std::set<std::string> wanted;
            if (!goes)
                for (const auto& alias : step.row->aliases) wanted.insert(alias.text());
            auto& had = own_[step.id];
            for (const auto& alias : *own) {
                had.insert(alias.text());
                if (wanted.contains(alias.text())) continue;
                auto taken = out_.aliases->set(alias, {});
                if (!taken) return taken;
            }
            if (!goes) continue;
            auto detached = out_.aliases->detach(address);
            if (!detached) return detached;
        }
        for (const auto& domain : out_.aliases->catch_alls())
            *out_.plan.add_problems() = problem_of(
                cat("@", domain), v1::ACCOUNTS_FIELD_ADDRESS,
                cat("The catch-all of ", domain, " leads to somebody who goes: give it to another one, or to nobody, with ",
                    "`adminctl domain set`."));
        return {};
    }

    Result<void> give_aliases() {
        for (const auto& step : out_.steps) {
            if (step.what == What::retire || step.row == nullptr) continue;
            for (const auto& alias : step.row->aliases)
                if (auto given = give_alias(*step.row, alias); !given) return given;
        }
        return {};
    }
    Result<void> give_alias(const TableRow& row, const Name& alias) {
        const auto text = alias.text();
        auto read = read_domain(alias.domain);
        if (!read) return read;
        auto known = read_row<StoredName>(rows_, row_key::name(alias));
        if (!known) return fail(std::move(known.error()));
        auto targets = out_.aliases->targets(alias);
        if (!targets) return fail(std::move(targets.error()));
        if (strangers_.contains(alias.domain)) {
            refuse(row, v1::ACCOUNTS_FIELD_ALIASES,
                   cat("The domain of the alias ", text, " is not one of this site's: correct it, or add the domain."));
        } else if (*known && (*known)->account_id() != 0 && !gone_.contains(text)) {
            refuse(row, v1::ACCOUNTS_FIELD_ALIASES, cat(text, " is an account, so it can't be an alias of ",
                                                        row.name.text(), "."));
        } else if (targets->empty()) {
            return out_.aliases->set(alias, {row.name.text()});
        } else if (std::find(targets->begin(), targets->end(), row.name.text()) == targets->end()) {
            refuse(row, v1::ACCOUNTS_FIELD_ALIASES,
                   cat(text, " is an alias of ", targets->front(), ": take it from there first, or leave it out here."));
        }
        return {};
    }

    // Whoever is added must not stand on an alias.
    Result<void> check_names() {
        for (const auto& step : out_.steps) {
            if (step.what != What::add) continue;
            auto targets = out_.aliases->targets(step.name);
            if (!targets) return fail(std::move(targets.error()));
            if (!targets->empty())
                refuse(*step.row, v1::ACCOUNTS_FIELD_ADDRESS,
                       cat(step.name.text(), " is an alias of ", targets->front(),
                           ": delete it with `adminctl alias delete`, or give another address."));
        }
        return {};
    }

    // A mistyped address would decide nothing, silently.
    void check_people(const std::set<std::string>& people, std::string_view option) {
        for (const auto& address : people)
            if (!table_.named.contains(address))
                *out_.plan.add_problems() =
                    problem_of(address, v1::ACCOUNTS_FIELD_UNSPECIFIED, cat(address, " is given with ", option,
                                                                           ", and no line of the file has it."));
    }

    // A table that was cut off must not empty a domain.
    void guard() {
        std::uint64_t all = 0;
        for (const auto& [name, domain] : domains_) all += domain.removed;
        const bool agreed = options_.has_removals_agreed();
        if (agreed && options_.removals_agreed() != all)
            *out_.plan.add_problems() = problem_of({}, v1::ACCOUNTS_FIELD_UNSPECIFIED,
                                                   cat("--yes-remove says ", options_.removals_agreed(), ", and it would be ",
                                                       all, "."));
        for (const auto& [name, domain] : domains_) {
            if (agreed || domain.removed * 2 <= domain.accounts) continue;
            *out_.plan.add_problems() = problem_of(
                cat("@", name), v1::ACCOUNTS_FIELD_UNSPECIFIED,
                cat("This would take away ", domain.removed, " of the ", domain.accounts, " accounts of ", name,
                    ". If the table is complete and that is meant, say so with --yes-remove ", all, "."));
        }
        if (out_.steps.size() > kBulkStepsMax)
            *out_.plan.add_problems() = problem_of({}, v1::ACCOUNTS_FIELD_UNSPECIFIED,
                                                   cat("At most ", kBulkStepsMax, " accounts change at once: divide the table."));
    }

    const Rows& rows_;
    const Table& table_;
    const v1::AccountsOptions& options_;
    const Verdicts& verdicts_;
    const DirectoryCore& core_;
    BulkDiff out_;
    std::map<std::string, Domain> domains_;
    std::set<std::string> strangers_;  // domains that are none of ours
    std::set<std::string> gone_;
    OwnAliases own_;
    std::uint64_t without_password_ = 0;
    std::uint32_t first_without_password_ = 0;
};

}  // namespace

Result<BulkDiff> make_diff(const Rows& rows, const Table& table, const Verdicts& verdicts, const DirectoryCore& core) {
    return Differ(rows, table, verdicts, core).run();
}

}  // namespace tayori::spool
