#include "common/legacy/pmail/pmail.h"

#include <algorithm>
#include <map>
#include <set>

#include "common/base/text.h"
#include "common/legacy/accounts/given.h"
#include "common/legacy/lines.h"
#include "common/legacy/names.h"
#include "common/legacy/plugin_json.h"
#include "common/legacy/pmail/forms.h"
#include "common/legacy/pmail/mailbox.h"
#include "common/legacy/pmail/rules.h"

namespace tayori::legacy {
namespace {

using namespace pmail;

constexpr std::size_t kSearchDepthMax = 5;  // of mailboxes below the root
constexpr std::string_view kCounters[] = {"imap4.cnt", "imap4folder.cnt"};

bool is_mailbox(const std::vector<Entry>& entries) {
    return std::any_of(entries.begin(), entries.end(), [](const Entry& e) {
        return e.kind == EntryKind::file &&
               (pmail::is_mail_name(e.name()) || is_control_name(e.name()));
    });
}

class Planner {
  public:
    Planner(const Tree& tree, const SourceOptions& options, Report& report)
        : tree_(tree), options_(options), report_(report) {}

    Result<Plan> run() {
        auto given = read_given_accounts(options_, report_);
        if (!given) return fail(given.error());
        table_ = std::move(given->accounts);
        plan_.aliases = std::move(given->aliases);
        auto top = tree_.list("");
        if (!top) return fail(top.error());
        if (!options_.account.empty()) {
            take(".", *top, options_.account);
        } else if (is_mailbox(*top)) {
            return fail(Kind::invalid,
                        "This is one mailbox, not a spool of many: say whose it is (--account).");
        } else {
            search(*top, "", 0);
        }
        if (plan_.accounts.empty())
            return fail(Kind::invalid,
                        "No mailbox was found. Looked for directories with *.eml or *.imd files, "
                        "uidl.txt or folder.txt.");
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
    void search(const std::vector<Entry>& entries, const std::string& domain, std::size_t depth) {
        for (const auto& entry : entries) {
            if (entry.kind == EntryKind::special) {
                report_.add({Severity::refused, {}, entry.path, 0, "special-file", {}});
            } else if (entry.kind == EntryKind::file) {
                take_server_file(entry);
            } else if (const auto inner = tree_.list(entry.path); !inner) {
                report_.add({Severity::refused, {}, entry.path, 0, "directory-unreadable", {}});
            } else if (is_mailbox(*inner)) {
                const std::string name(entry.name());
                const bool whole = name.find('@') != std::string::npos || domain.empty();
                take(entry.path, *inner, whole ? name : cat(name, '@', domain));
            } else if (depth < kSearchDepthMax) {
                const std::string name(entry.name());
                search(*inner, name.find('.') == std::string::npos ? domain : name, depth + 1);
            } else {
                report_.add({Severity::note, {}, entry.path, 0, "not-looked-at", {}});
            }
        }
    }

    // What lies beside mailboxes: counters and the server's own rules.
    void take_server_file(const Entry& entry) {
        AccountReport server{report_, {}};
        for (const auto name : kCounters) {
            if (!equals_ignoring_case(entry.name(), name)) continue;
            const auto bytes = read_control_file(tree_, entry.path);
            const auto value =
                bytes ? parse_counter_file(*bytes) : Result<std::uint64_t>(fail(bytes.error()));
            if (value)
                plan_.counters[std::string(name)] =
                    std::max(plan_.counters[std::string(name)], *value);
            else
                server.add(Severity::person, entry.path, "counter-unreadable",
                           {value.error().text});
            return;
        }
        if (!equals_ignoring_case(entry.name(), "serverfilter.txt"))
            return server.add(Severity::note, entry.path, "not-looked-at");
        const auto bytes = read_control_file(tree_, entry.path);
        if (!bytes) return server.add(Severity::refused, entry.path, "file-unreadable", {bytes.error().text});
        server.add(Severity::person, entry.path, "server-filter");
        (void)parse_filter_file(*bytes, entry.path, server);
    }

    void take(std::string_view directory, const std::vector<Entry>& entries,
              std::string_view name) {
        auto address = account_address_of(name, options_.domain);
        Account account;
        if (!address) {
            report_.add({Severity::refused,
                         {},
                         std::string(directory),
                         0,
                         "account-address",
                         {std::string(name), address.error().text}});
        } else if (!taken_.insert(*address).second) {
            report_.add(
                {Severity::refused, {}, std::string(directory), 0, "account-twice", {*address}});
        } else {
            if (const auto it = table_.find(*address); it != table_.end()) account = it->second;
            account.address = *address;
        }
        account.directory = directory;
        AccountReport report{report_, account.address};
        for (const auto& entry : entries) take_control(entry, account, report);
        count(entries, account, report, 0);
        plan_.accounts.push_back(std::move(account));
    }

    void take_control(const Entry& entry, Account& account, AccountReport& report) const {
        if (entry.kind != EntryKind::file || pmail::is_mail_name(entry.name())) return;
        if (equals_ignoring_case(entry.name(), "read.txt"))
            return report.add(Severity::person, entry.path, "read-txt");
        const bool forward = equals_ignoring_case(entry.name(), "forward.txt");
        const bool filter = equals_ignoring_case(entry.name(), "filter.txt");
        if (!forward && !filter) {
            if (!is_control_name(entry.name()))
                report.add(Severity::person, entry.path, "file-unknown");
            return;
        }
        const auto bytes = read_control_file(tree_, entry.path);
        if (!bytes)
            return report.add(Severity::refused, entry.path, "file-unreadable",
                              {bytes.error().text});
        if (filter) {
            const auto rules = parse_filter_file(*bytes, entry.path, report);
            if (!rules.empty())
                account.settings.push_back({"filter", entry.path, filter_json(rules)});
            return;
        }
        ForwardSettings settings;
        settings.rules = parse_forward_file(*bytes, entry.path, report);
        if (settings.rules.empty()) return;
        std::string targets;
        for (const auto& rule : settings.rules)
            for (const auto& to : rule.to) append(targets, targets.empty() ? "" : ", ", to);
        report.add(Severity::person, entry.path, "forward-disabled", {targets});
        account.settings.push_back({"forward", entry.path, to_json(settings)});
    }

    void count(const std::vector<Entry>& entries, Account& account, AccountReport& report,
               std::size_t depth) const {
        for (const auto& entry : entries) {
            if (entry.kind == EntryKind::special)
                report.add(Severity::refused, entry.path, "special-file");
            if (entry.kind == EntryKind::file && pmail::is_mail_name(entry.name())) {
                ++account.mails;
                account.bytes += entry.bytes;
            } else if (entry.kind == EntryKind::file && depth > 0 &&
                       !is_control_name(entry.name())) {
                report.add(Severity::person, entry.path, "file-unknown");
            } else if (entry.kind == EntryKind::directory && depth < kTreeDepthMax) {
                if (const auto inner = tree_.list(entry.path))
                    count(*inner, account, report, depth + 1);
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

class PmailSource final : public Source {
  public:
    PmailSource(const Tree& tree, SourceOptions options)
        : tree_(tree), options_(std::move(options)) {}

    std::string_view kind() const override { return "pmail"; }

    Result<Plan> plan(Report& report) override { return Planner(tree_, options_, report).run(); }

    Result<Mailbox> load(const Account& account, Report& report) override {
        if (account.directory.empty()) return Mailbox{};
        AccountReport of_account{report, account.address};
        return load_mailbox(tree_, account.directory, options_, of_account);
    }

  private:
    const Tree& tree_;
    SourceOptions options_;
};

}  // namespace

std::unique_ptr<Source> make_pmail(const Tree& tree, SourceOptions options) {
    return std::make_unique<PmailSource>(tree, std::move(options));
}

}  // namespace tayori::legacy
