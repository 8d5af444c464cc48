#include "common/legacy/mbox/mbox.h"

#include <algorithm>
#include <cstdio>
#include <set>

#include "common/base/text.h"
#include "common/legacy/mbox/layout.h"
#include "common/legacy/mbox/scanner.h"
#include "common/legacy/settle.h"
#include "common/legacy/spool/lines.h"
#include "common/legacy/spool/naming.h"
#include "common/legacy/spool/numbering.h"

namespace tayori::legacy {
namespace {

using namespace mbox;

constexpr std::uint64_t kBlockBytes = 1024 * 1024;

struct Scanned {
    std::vector<ScannedMail> mails;
    bool quoted_rd = false;
    bool ends_within_line = false;
};

bool is_mail(const ScannedMail& found) { return !found.bookkeeping.is_internal && !found.bookkeeping.expunged; }

struct FileTold {
    bool quoted_rd = false;  // as far as the texts of its mails tell
    bool ends_within_line = false;
};

// Nothing, and reported, for a file that is none or changed while it was read.
std::optional<FileTold> scan_file(const std::string& path, const Reading& reading, std::function<void(ScannedMail&&)> take) {
    const auto& mode = reading.options.mbox;
    const auto before = reading.tree.stat(path);
    if (!before) {
        reading.say(Severity::refused, "file-unreadable", path, {before.error().text});
        return std::nullopt;
    }
    ScanSettings settings;
    settings.trusts_content_length = mode.empty() || mode == "cl";
    settings.file_bytes = before->bytes;
    settings.peek = [&](std::uint64_t offset, std::size_t bytes) { return reading.tree.read(path, offset, bytes).value_or(""); };
    Scanner scanner(std::move(settings), std::move(take));
    for (std::uint64_t offset = 0; offset < before->bytes;) {
        const auto block = reading.tree.read(path, offset, std::min(kBlockBytes, before->bytes - offset));
        if (!block || block->empty()) {
            if (block) reading.say(Severity::refused, "mbox-changed", path);
            else reading.say(Severity::refused, "file-unreadable", path, {block.error().text});
            return std::nullopt;
        }
        scanner.feed(*block);
        offset += block->size();
    }
    scanner.finish();
    const auto after = reading.tree.stat(path);
    if (!after || after->bytes != before->bytes || after->mtime_s != before->mtime_s) {
        reading.say(Severity::refused, "mbox-changed", path);
        return std::nullopt;
    }
    if (before->bytes != 0 && !scanner.is_mbox()) {
        reading.say(Severity::refused, "not-an-mbox", path);
        return std::nullopt;
    }
    return FileTold{scanner.saw_double_quotes() && !scanner.saw_bare_from(), scanner.ends_within_line()};
}

std::optional<Scanned> scan(const std::string& path, const Reading& reading) {
    Scanned scanned;
    const auto told = scan_file(path, reading, [&](ScannedMail&& mail) { scanned.mails.push_back(std::move(mail)); });
    if (!told) return std::nullopt;
    const auto& mode = reading.options.mbox;
    const bool ours = !scanned.mails.empty() && scanned.mails.front().bookkeeping.own_mark;
    scanned.quoted_rd = mode == "rd" || (mode.empty() && (ours || told->quoted_rd));
    scanned.ends_within_line = told->ends_within_line;
    return scanned;
}

std::string hex_pair(std::uint32_t first, std::uint32_t second) {
    char text[2 * 8 + 1];
    std::snprintf(text, sizeof text, "%08x%08x", static_cast<unsigned>(first), static_cast<unsigned>(second));
    return text;
}

// UIDs count only beside an X-IMAPbase, and up to its last UID: anyone can send a mail that has an X-UID.
void take_base(const Scanned& scanned, Folder& folder, bool& uw) {
    if (scanned.mails.empty()) return;
    const auto& first = scanned.mails.front().bookkeeping;
    if (first.uid_validity == 0) return;
    folder.uid_validity = first.uid_validity;
    folder.uid_next = first.uid_last == UINT32_MAX ? first.uid_last : first.uid_last + 1;
    uw = first.is_internal;
}

Mail as_mail(const ScannedMail& scanned, const std::string& path, const Folder& folder, bool quoted_rd) {
    Mail mail;
    mail.file = path;
    mail.offset = scanned.offset;
    mail.bytes = scanned.bytes;
    mail.wrapping = quoted_rd ? Wrapping::mbox_rd : Wrapping::mbox_o;
    mail.strip_bookkeeping = true;
    mail.identity = cat(folder.raw_name, '/', scanned.identity);
    const auto& book = scanned.bookkeeping;
    if (folder.uid_validity != 0 && book.uid < folder.uid_next) mail.uid = book.uid;
    mail.flags = book.flags;
    mail.keywords = book.keywords;
    mail.internal_date = scanned.from_date;
    mail.date_source = DateSource::stored;
    mail.uidl = book.uidl;
    return mail;
}

struct Noticed {
    std::uint64_t expunged = 0, keywords_refused = 0, without_blank_line = 0, uids_refused = 0;

    void say(const std::string& path, const Reading& reading) const {
        if (expunged != 0) reading.say(Severity::note, "mbox-deleted", path, {std::to_string(expunged)});
        if (keywords_refused != 0) reading.say(Severity::changed, "keywords-refused", path, {std::to_string(keywords_refused)});
        if (without_blank_line != 0) reading.say(Severity::person, "mbox-no-blank-line", path, {std::to_string(without_blank_line)});
        if (uids_refused != 0) reading.say(Severity::changed, "mbox-uid-refused", path, {std::to_string(uids_refused)});
    }
};

void set_default_uidls(Folder& folder, bool uw, const std::string& path, const Reading& reading) {
    std::uint64_t made = 0;
    for (auto& mail : folder.mails) {
        if (!mail.uidl.empty() || mail.uid == 0 || folder.uid_validity == 0) continue;
        mail.uidl = uw ? hex_pair(folder.uid_validity, mail.uid) : hex_pair(mail.uid, folder.uid_validity);
        ++made;
    }
    if (made != 0) reading.say(Severity::note, uw ? "uidl-default-uw" : "uidl-default-dovecot", path, {std::to_string(made)});
}

void set_subscriptions(const std::string& root, Mailbox& mailbox, const Reading& reading) {
    for (const auto* name : {".subscriptions", "subscriptions", ".mailboxlist"}) {
        const auto text = reading.text(join_path(root, name), kControlFileBytesMax);
        if (!text) continue;
        std::set<std::string, std::less<>> names;
        TextLines lines(*text);
        for (std::string_view line; lines.next(line);) names.emplace(line);
        for (auto& folder : mailbox.folders)
            folder.subscribed = names.erase(folder.raw_name) != 0 || (folder.name == "INBOX" && names.erase("INBOX") != 0);
        return;
    }
}

class MboxSource final : public Source {
  public:
    MboxSource(const Tree& tree, SourceOptions options) : tree_(tree), options_(std::move(options)) {}
    std::string_view kind() const override { return "mbox"; }

    Result<Plan> plan(Report& report) override {
        const auto found = find_accounts(tree_, options_, report);
        if (!found) return fail(found.error());
        const auto measure = [](const std::string& path, Account& account, const Reading&, const Reading& unsaid) {
            for (const auto& folder : find_folders(path, unsaid)) {
                account.bytes += folder.file.bytes;
                account.mails += count_mbox_mails(folder.file.path, unsaid);
            }
        };
        return plan_places(*found, tree_, options_, report, measure);
    }

    Result<Mailbox> load(const Account& account, Report& report) override {
        AccountReport lines{report, account.address};
        const Reading reading{tree_, options_, lines};
        const auto root = path_of(account);
        Mailbox mailbox;
        FolderNames names;
        for (const auto& place : find_folders(root, reading)) {
            Folder folder;
            folder.name = take_folder_name(names, place.levels, place.file.path, reading);
            folder.raw_name = place.raw_name;
            if (read_mbox_file(place.file.path, place.inbox, folder, reading)) mailbox.folders.push_back(std::move(folder));
        }
        if (root.empty() || mailbox.folders.size() > 1) set_subscriptions(root, mailbox, reading);
        settle_identities(mailbox);
        settle_pop3_order(mailbox);
        settle_uidls(mailbox, lines);
        settle_special_uses(mailbox);
        return mailbox;
    }

  private:
    const Tree& tree_;
    SourceOptions options_;
};

}  // namespace

bool read_mbox_file(const std::string& path, bool inbox, Folder& folder, const Reading& reading) {
    const auto scanned = scan(path, reading);
    if (!scanned) return false;
    bool uw = false;
    take_base(*scanned, folder, uw);
    const bool ours = !scanned->mails.empty() && scanned->mails.front().bookkeeping.own_mark;
    Noticed noticed;
    for (const auto& found : scanned->mails) {
        noticed.without_blank_line += found.without_blank_line ? 1 : 0;
        if (found.bookkeeping.expunged) ++noticed.expunged;
        if (!is_mail(found)) continue;
        folder.mails.push_back(as_mail(found, path, folder, scanned->quoted_rd));
        auto& mail = folder.mails.back();
        noticed.keywords_refused += found.bookkeeping.keywords_refused;
        if (found.bookkeeping.uid != 0 && mail.uid == 0) ++noticed.uids_refused;
        if (ours && found.bookkeeping.own_mark)
            mail.pop3_order = inbox && found.bookkeeping.own_order == 0 ? kHiddenFromPop3 : found.bookkeeping.own_order;
    }
    if (!ours) take_deleted_off(folder, reading);
    noticed.say(path, reading);
    if (scanned->ends_within_line) reading.say(Severity::person, "mbox-last-cut", path);
    if (inbox) {
        order_maildrop(folder);
        set_default_uidls(folder, uw, path, reading);
    }
    drop_uids_unless_ascending(folder, reading);
    settle_uids(folder, reading.options.keep_high_uids, reading.report);
    return true;
}

std::uint64_t count_mbox_mails(const std::string& path, const Reading& reading) {
    std::uint64_t count = 0;
    return scan_file(path, reading, [&](ScannedMail&& found) { count += is_mail(found) ? 1 : 0; }) ? count : 0;
}

std::unique_ptr<Source> make_mbox(const Tree& tree, SourceOptions options) {
    return std::make_unique<MboxSource>(tree, std::move(options));
}

}  // namespace tayori::legacy
