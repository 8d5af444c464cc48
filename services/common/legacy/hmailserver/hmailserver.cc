#include "common/legacy/hmailserver/hmailserver.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <set>

#include "common/base/text.h"
#include "common/legacy/hmailserver/database.h"
#include "common/legacy/plugin_json.h"
#include "common/legacy/settle.h"
#include "common/legacy/spool/lines.h"
#include "common/legacy/spool/naming.h"
#include "common/legacy/spool/numbering.h"

namespace tayori::legacy {
namespace {

using namespace hmailserver;

constexpr std::uint64_t kBlockBytes = 1024 * 1024;
constexpr std::size_t kFolderDepthMax = 50;
constexpr std::int64_t kZoneSecondsMax = 14 * 3600, kZoneStep = 15 * 60, kZoneSlack = 60;
constexpr std::uint64_t kMib = 1024 * 1024;

bool is_dump(const Entry& entry) {
    const auto name = to_lower(entry.name());
    return entry.kind == EntryKind::file && name.ends_with(".sql");
}

// Between local time and the time of the file, as a zone can be; nothing where the file was written at another time.
std::optional<std::int64_t> zone_of(std::int64_t local, std::int64_t mtime) {
    const auto difference = local - mtime;
    if (std::abs(difference) > kZoneSecondsMax) return std::nullopt;
    const auto steps = (difference + (difference < 0 ? -kZoneStep : kZoneStep) / 2) / kZoneStep;
    if (std::abs(difference - steps * kZoneStep) > kZoneSlack) return std::nullopt;
    return steps * kZoneStep;
}

// The zone of most mails, if it is that of at least half of them.
std::optional<std::int64_t> common_zone(const std::map<std::int64_t, std::size_t>& zones, std::size_t mails) {
    const auto most = std::max_element(zones.begin(), zones.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == zones.end() || most->second * 2 < mails) return std::nullopt;
    return most->first;
}

std::uint8_t flags_of(std::uint8_t bits) {
    std::uint8_t flags = 0;
    if (bits & 1) flags |= kSeen;
    if (bits & 2) flags |= kDeleted;
    if (bits & 4) flags |= kFlagged;
    if (bits & 8) flags |= kAnswered;
    if (bits & 16) flags |= kDraft;
    return flags;
}

class HmailSource final : public Source {
  public:
    HmailSource(const Tree& tree, SourceOptions options) : tree_(tree), options_(std::move(options)) {}
    std::string_view kind() const override { return "hmailserver"; }

    Result<Plan> plan(Report& report) override {
        auto read = read_database(report);
        if (!read) return fail(std::move(read.error()));
        Plan plan;
        for (const auto& [id, account] : database_.accounts) plan.accounts.push_back(plan_account(id, account, report));
        take_aliases(plan, report);
        report_strangers(plan, report);
        return finish_plan(std::move(plan), options_, report);
    }

    Result<Mailbox> load(const Account& account, Report& report) override {
        Report said;
        auto read = read_database(said);
        if (!read) return fail(std::move(read.error()));
        AccountReport lines{report, account.address};
        const Reading reading{tree_, options_, lines};
        for (const auto& [id, found] : database_.accounts)
            if (address_of(found, said) == account.address) return load_account(id, account, reading);
        return fail(Kind::not_found, "The account is not in the dump any more.");
    }

  private:
    Result<void> read_database(Report& report);
    std::string address_of(const HmAccount& account, Report& report) const;
    std::string directory_of(std::string_view address) const;
    Account plan_account(std::int64_t id, const HmAccount& found, Report& report);
    void take_password(const HmAccount& found, Account& account, Report& report) const;
    void take_rules(const HmAccount& found, Account& account) const;
    void take_aliases(Plan& plan, Report& report) const;
    void report_strangers(const Plan& plan, Report& report) const;
    Result<Mailbox> load_account(std::int64_t id, const Account& account, const Reading& reading);
    std::map<std::string, Entry> files_of(const Account& account, const Reading& reading) const;
    std::vector<std::string> levels_of(std::int64_t id, const std::map<std::int64_t, HmFolder>& folders) const;
    void load_mails(const std::vector<HmMessage>& messages, const Account& account, std::map<std::int64_t, Folder*>& by_id,
                    const Reading& reading);

    const Tree& tree_;
    SourceOptions options_;
    Database database_;
    std::string dump_;
    std::string data_;  // the directory of domains
    bool is_read_ = false;
};

Result<void> HmailSource::read_database(Report& report) {
    if (is_read_) return {};
    const auto top = tree_.list("");
    if (!top) return fail(top.error());
    const auto dump = std::find_if(top->begin(), top->end(), is_dump);
    if (dump == top->end()) return fail(Kind::invalid, "There is no dump of hMailServer's database (*.sql) beside the Data directory.");
    dump_ = dump->path;
    if (std::count_if(top->begin(), top->end(), is_dump) > 1) report.add({Severity::person, "", dump_, 0, "hmail-two-dumps", {}});
    const auto* data = find_ignoring_case(*top, "Data");
    data_ = data != nullptr && data->kind == EntryKind::directory ? data->path : "";
    SqlReader reader([this](const SqlRow& row) { database_.take(row); });
    for (std::uint64_t offset = 0; offset < dump->bytes;) {
        const auto block = tree_.read(dump_, offset, kBlockBytes);
        if (!block) return fail(block.error());
        if (block->empty()) break;
        reader.feed(*block);
        offset += block->size();
    }
    reader.finish();
    is_read_ = true;
    const auto say = [&](Severity severity, const char* code, std::uint64_t count) {
        if (count != 0) report.add({severity, "", dump_, 0, code, {std::to_string(count)}});
    };
    say(Severity::note, "hmail-queued", database_.queued);
    say(Severity::person, "hmail-rows-unusable", database_.unusable);
    if (database_.columns_missing) report.add({Severity::person, "", dump_, 0, "hmail-no-columns", {}});
    if (database_.accounts.empty()) return fail(Kind::invalid, "The dump has no rows of hm_accounts that can be read.");
    return {};
}

std::string HmailSource::address_of(const HmAccount& account, Report& report) const {
    return address_of_directory(account.address, "", dump_, options_, report);
}

// Data/<domain>/<user>, in any case.
std::string HmailSource::directory_of(std::string_view address) const {
    const auto at = address.rfind('@');
    const auto domains = tree_.list(data_);
    if (at == std::string_view::npos || !domains) return {};
    const auto* domain = find_ignoring_case(*domains, address.substr(at + 1));
    if (domain == nullptr || domain->kind != EntryKind::directory) return {};
    const auto users = tree_.list(domain->path);
    const auto* user = users ? find_ignoring_case(*users, address.substr(0, at)) : nullptr;
    return user != nullptr && user->kind == EntryKind::directory ? user->path : std::string();
}

void HmailSource::take_password(const HmAccount& found, Account& account, Report& report) const {
    const auto say = [&](const char* code) { report.add({Severity::person, account.address, dump_, 0, code, {}}); };
    if (found.password.empty()) return;
    switch (found.encryption) {
        case 0: account.password = found.password; break;
        case 2: account.password_hash = cat("{PLAIN-MD5}", found.password); break;
        // Salt and hash in one, as it stands: hex of the salt, then of SHA-256 over salt and password.
        case 3: account.password_hash = cat("{HMAILSERVER-SHA256}", found.password); break;
        default: say("hmail-password-encrypted");
    }
}

// As settings of plugins, which an import leaves disabled.
void HmailSource::take_rules(const HmAccount& found, Account& account) const {
    if (found.forwards && !found.forward_to.empty()) {
        ForwardSettings forward;
        forward.to = {found.forward_to};
        forward.keep = found.forward_keeps;
        account.settings.push_back({"forward", dump_, to_json(forward)});
    }
    if (found.replies && !found.reply_text.empty()) {
        AutoReplySettings reply;
        reply.subject = found.reply_subject;
        reply.text = found.reply_text;
        reply.once_per_sender = true;  // hMailServer answers each sender once
        account.settings.push_back({"autoreply", dump_, to_json(reply)});
    }
}

Account HmailSource::plan_account(std::int64_t id, const HmAccount& found, Report& report) {
    Account account;
    account.address = address_of(found, report);
    const auto directory = directory_of(found.address);
    const auto messages = database_.messages.find(id);
    account.directory = directory;
    account.display_name = found.display_name;
    if (found.quota_mib != 0) account.quota_bytes = found.quota_mib * kMib;
    if (!found.active) {
        account.imap = account.pop3 = account.submission = false;
        report.add({Severity::person, account.address, dump_, 0, "hmail-inactive", {}});
    }
    take_password(found, account, report);
    take_rules(found, account);
    if (messages == database_.messages.end()) return account;
    account.mails = messages->second.size();
    for (const auto& message : messages->second) account.bytes += message.bytes;
    if (directory.empty() && account.mails != 0)
        report.add({Severity::refused, account.address, data_, 0, "hmail-no-directory", {std::to_string(account.mails)}});
    return account;
}

void HmailSource::take_aliases(Plan& plan, Report& report) const {
    const auto add = [&](const std::string& name, const std::vector<std::string>& targets) {
        Alias alias;
        const auto address = account_address_of(name, options_.domain);
        if (address) alias.address = *address;
        for (const auto& target : targets)
            if (const auto to = account_address_of(target, options_.domain)) alias.targets.push_back(*to);
            else report.add({Severity::refused, "", dump_, 0, "alias-invalid", {name, target}});
        if (!address) report.add({Severity::refused, "", dump_, 0, "alias-invalid", {name, ""}});
        else if (!alias.targets.empty()) plan.aliases.push_back(std::move(alias));
    };
    for (const auto& alias : database_.aliases) add(alias.name, {alias.target});
    for (const auto& [id, address] : database_.lists)
        if (const auto at = database_.recipients.find(id); at != database_.recipients.end()) add(address, at->second);
}

// Directories of users that the dump does not have.
void HmailSource::report_strangers(const Plan& plan, Report& report) const {
    std::set<std::string> known;
    for (const auto& account : plan.accounts) known.insert(account.directory);
    const auto domains = tree_.list(data_);
    for (const auto& domain : domains ? *domains : std::vector<Entry>{}) {
        if (domain.kind != EntryKind::directory || domain.name().find('.') == std::string_view::npos) continue;
        const auto users = tree_.list(domain.path);
        for (const auto& user : users ? *users : std::vector<Entry>{})
            if (user.kind != EntryKind::file && !known.contains(user.path))
                report.add({Severity::person, "", user.path, 0, "hmail-directory-unknown", {}});
    }
}

// "{guid}.eml" in lower case -> where it is.
std::map<std::string, Entry> HmailSource::files_of(const Account& account, const Reading& reading) const {
    std::map<std::string, Entry> files;
    for (const auto& part : reading.list(account.directory)) {
        if (part.kind == EntryKind::special) reading.say(Severity::refused, "special-file", part.path);
        if (part.kind != EntryKind::directory) continue;
        for (auto& entry : reading.list(part.path)) {
            if (entry.kind == EntryKind::special) reading.say(Severity::refused, "special-file", entry.path);
            if (entry.kind != EntryKind::file) continue;
            auto name = to_lower(entry.name());
            files.emplace(std::move(name), std::move(entry));
        }
    }
    return files;
}

std::vector<std::string> HmailSource::levels_of(std::int64_t id, const std::map<std::int64_t, HmFolder>& folders) const {
    std::vector<std::string> levels;
    for (auto at = folders.find(id); at != folders.end() && levels.size() < kFolderDepthMax; at = folders.find(at->second.parent))
        levels.insert(levels.begin(), at->second.name);
    return levels;
}

Result<Mailbox> HmailSource::load_account(std::int64_t id, const Account& account, const Reading& reading) {
    Mailbox mailbox;
    FolderNames names;
    const auto& folders = database_.folders[id];
    std::vector<std::pair<std::int64_t, std::vector<std::string>>> order;
    for (const auto& [folder_id, folder] : folders) order.emplace_back(folder_id, levels_of(folder_id, folders));
    const auto is_inbox = [](const std::vector<std::string>& levels) { return levels.size() == 1 && equals_ignoring_case(levels[0], "INBOX"); };
    std::stable_sort(order.begin(), order.end(), [&](const auto& a, const auto& b) { return is_inbox(a.second) && !is_inbox(b.second); });
    for (const auto& [folder_id, levels] : order) {
        const auto& found = folders.at(folder_id);
        Folder folder;
        folder.name = take_folder_name(names, levels, dump_, reading);
        for (const auto& level : levels) folder.raw_name = join_path(folder.raw_name, level);
        folder.subscribed = found.subscribed;
        if (found.created && *found.created > 0 && *found.created <= UINT32_MAX) folder.uid_validity = static_cast<std::uint32_t>(*found.created);
        if (found.current_uid != UINT32_MAX) folder.uid_next = found.current_uid + 1;
        mailbox.folders.push_back(std::move(folder));
    }
    std::map<std::int64_t, Folder*> by_id;
    for (std::size_t i = 0; i < order.size(); ++i) by_id[order[i].first] = &mailbox.folders[i];
    load_mails(database_.messages[id], account, by_id, reading);
    for (auto& folder : mailbox.folders) {
        take_deleted_off(folder, reading);
        std::stable_sort(folder.mails.begin(), folder.mails.end(), [](const Mail& a, const Mail& b) { return a.uid < b.uid; });
        if (&folder == &mailbox.folders.front() && folder.name == "INBOX") {
            order_maildrop(folder);
            for (auto& mail : folder.mails)
                if (mail.uid != 0) mail.uidl = std::to_string(mail.uid);
        }
        settle_uids(folder, options_.keep_high_uids, reading.report);
    }
    settle_identities(mailbox);
    settle_pop3_order(mailbox);
    settle_uidls(mailbox, reading.report);
    settle_special_uses(mailbox);
    return mailbox;
}

void HmailSource::load_mails(const std::vector<HmMessage>& messages, const Account& account, std::map<std::int64_t, Folder*>& by_id,
                             const Reading& reading) {
    auto files = files_of(account, reading);
    std::map<std::int64_t, std::size_t> zones;
    std::vector<std::pair<Mail*, std::int64_t>> without_zone;
    std::map<Folder*, std::size_t> counts;
    for (const auto& message : messages)
        if (const auto at = by_id.find(message.folder); at != by_id.end()) ++counts[at->second];
    for (auto& [folder, count] : counts) folder->mails.reserve(count);  // pointers into it stay good
    std::size_t taken = 0;
    for (const auto& message : messages) {
        const auto folder = by_id.find(message.folder);
        const auto file = files.find(to_lower(message.file));
        const auto path = join_path(account.directory, cat(message.file.substr(1, 2), '/', message.file));
        if (folder == by_id.end() || file == files.end()) {
            reading.say(Severity::refused, file == files.end() ? "hmail-file-gone" : "hmail-folder-gone", path, {std::to_string(message.id)});
            if (file != files.end()) files.erase(file);
            continue;
        }
        const auto entry = std::move(file->second);
        files.erase(file);
        if (entry.bytes == 0) {
            reading.say(Severity::refused, "mail-empty", entry.path, {"0"});
            continue;
        }
        Mail mail;
        mail.bytes = entry.bytes;
        mail.identity = to_lower(message.file);
        mail.uid = message.uid;
        mail.flags = flags_of(message.flags);
        mail.internal_date = mail::MailDate{message.created.value_or(entry.mtime_s), 0};
        mail.date_source = message.created ? DateSource::stored : DateSource::mtime;
        mail.file = entry.path;
        folder->second->mails.push_back(std::move(mail));
        ++taken;
        if (!message.created) continue;
        const auto zone = zone_of(*message.created, entry.mtime_s);
        if (zone) ++zones[*zone];
        if (zone) folder->second->mails.back().internal_date = mail::MailDate{*message.created - *zone, static_cast<int>(*zone / 60)};
        else without_zone.emplace_back(&folder->second->mails.back(), *message.created);
    }
    const auto zone = common_zone(zones, taken);
    for (auto& [mail, local] : without_zone)
        if (zone) mail->internal_date = mail::MailDate{local - *zone, static_cast<int>(*zone / 60)};
    if (!zone && !without_zone.empty())
        reading.say(Severity::changed, "hmail-zone-unknown", dump_, {std::to_string(without_zone.size())});
    for (const auto& [name, entry] : files) reading.say(Severity::person, "hmail-file-unknown", entry.path);
}

}  // namespace

std::unique_ptr<Source> make_hmailserver(const Tree& tree, SourceOptions options) {
    return std::make_unique<HmailSource>(tree, std::move(options));
}

}  // namespace tayori::legacy
