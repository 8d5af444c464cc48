#include "common/legacy/spool/naming.h"

#include <algorithm>
#include <set>

#include "common/base/text.h"
#include "common/legacy/accounts/given.h"

namespace tayori::legacy {

std::string unescape_level(std::string_view raw) {
    std::string out;
    for (std::size_t i = 0; i < raw.size(); ++i) {
        const auto three = raw.substr(i, 3);
        const char c = three == "\\2e" ? '.' : three == "\\2f" ? '/' : three == "\\5c" ? '\\' : '\0';
        out += c != '\0' ? c : raw[i];
        if (c != '\0') i += 2;
    }
    return out;
}

std::string take_folder_name(FolderNames& names, std::span<const std::string> raw_levels, std::string_view file, const Reading& reading) {
    std::string name;
    for (const auto& raw : raw_levels) {
        auto level = read_folder_name(unescape_level(raw));
        if (!level.code.empty()) reading.report.add(Severity::changed, file, level.code, {level.text});
        if (!name.empty()) name += '/';
        name += level.text;
    }
    return names.take_text(std::move(name), file, reading.report);
}

std::string address_of_directory(std::string_view name, std::string_view domain, const std::string& path, const SourceOptions& options,
                                 Report& report) {
    auto local = name;
    if (domain.empty()) {
        if (const auto at = name.rfind('@'); at != std::string_view::npos) {
            local = name.substr(0, at);
            domain = name.substr(at + 1);
        } else {
            domain = options.domain;
        }
    }
    if (domain.empty()) {
        report.add({Severity::refused, "", path, 0, "account-without-domain", {std::string(name)}});
        return {};
    }
    auto address = account_address(local, domain);
    if (address) return std::move(*address);
    report.add({Severity::refused, "", path, 0, "account-address", {cat(local, '@', domain), address.error().text}});
    return {};
}

Result<Plan> plan_places(const std::vector<AccountPlace>& places, const Tree& tree, const SourceOptions& options, Report& report,
                         const Measure& measure) {
    Plan plan;
    for (const auto& place : places) {
        Account account;
        account.address = place.address;
        account.directory = directory_named(place.path);
        Report by_load;
        AccountReport said{report, account.address}, unsaid{by_load, account.address};
        measure(place.path, account, {tree, options, said}, {tree, options, unsaid});
        plan.accounts.push_back(std::move(account));
    }
    return finish_plan(std::move(plan), options, report);
}

Result<Plan> finish_plan(Plan plan, const SourceOptions& options, Report& report) {
    auto given = read_given_accounts(options, report);
    if (!given) return fail(std::move(given.error()));
    std::vector<Account> accounts;
    std::set<std::string> taken;
    for (auto& found : plan.accounts) {
        if (!found.address.empty() && !taken.insert(found.address).second) {
            report.add({Severity::refused, "", found.directory, 0, "account-twice", {found.address}});
            found.address.clear();
        }
        if (const auto at = given->accounts.find(found.address); at != given->accounts.end()) {
            auto account = at->second;
            account.directory = found.directory;
            account.mails = found.mails;
            account.bytes = found.bytes;
            if (!account.quota_bytes) account.quota_bytes = found.quota_bytes;
            found = std::move(account);
        }
        accounts.push_back(std::move(found));
    }
    for (auto& [address, account] : given->accounts)
        if (!taken.contains(address)) accounts.push_back(std::move(account));
    plan.accounts = std::move(accounts);
    plan.aliases.insert(plan.aliases.end(), given->aliases.begin(), given->aliases.end());
    for (const auto& account : plan.accounts)
        if (!account.address.empty() && !account.password && !account.password_hash)
            report.add({Severity::person, account.address, account.directory, 0, "account-no-password", {}});
    std::stable_sort(plan.accounts.begin(), plan.accounts.end(),
                     [](const Account& a, const Account& b) { return a.address < b.address; });
    return plan;
}

}  // namespace tayori::legacy
