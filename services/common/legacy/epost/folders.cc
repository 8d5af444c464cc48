#include "common/legacy/epost/folders.h"

#include <algorithm>
#include <optional>

#include "common/base/text.h"
#include "common/legacy/epost/file_names.h"
#include "common/legacy/epost/layout.h"
#include "common/legacy/lines.h"
#include "common/legacy/names.h"
#include "common/mail/mailbox_name.h"

namespace tayori::legacy::epost {
namespace {

constexpr std::string_view kInboxName = "INBOX";
constexpr std::size_t kUidDigitsMax = 10;

class FolderFinder {
  public:
    FolderFinder(const Tree& tree, std::string_view directory, AccountReport& report)
        : tree_(tree), directory_(directory), report_(report) {}

    Result<FoundMailbox> run() {
        const auto entries = tree_.list(tree_path(directory_));
        if (!entries) return fail(entries.error());
        find_pop3(*entries);
        found_.folders.emplace_back();
        auto& inbox = found_.folders.front().folder;
        inbox.name = names_.take_text(std::string(kInboxName), "", report_);
        // INBOX itself, then what is below it, then what lies beside it.
        for (const auto& entry : *entries)
            if (entry.kind == EntryKind::directory && mail::is_inbox(entry.name()))
                merge_inbox(entry);
        for (const auto& entry : *entries)
            if (entry.kind == EntryKind::directory && !mail::is_inbox(entry.name()))
                find_folder(entry, "");
        return std::move(found_);
    }

  private:
    std::optional<FoundMail> open(const Entry& entry) {
        return open_mail(tree_, entry, "epost", Stuffing::looked_for, report_);
    }

    void find_pop3(const std::vector<Entry>& entries) {
        std::vector<const Entry*> mails;
        for (const auto& entry : entries)
            if (entry.kind == EntryKind::file && is_mail_name(entry.name()))
                mails.push_back(&entry);
        const auto number = [](const Entry* e) {
            return pop3_number(e->name()).value_or(UINT64_MAX);
        };
        std::stable_sort(mails.begin(), mails.end(),
                         [&](const Entry* a, const Entry* b) { return number(a) < number(b); });
        Tally tally;
        for (const auto* entry : mails) {
            if (!pop3_number(entry->name())) report_.add(Severity::note, entry->path, "pop3-name");
            auto found = open(*entry);
            if (!found) continue;
            found->mail.pop3_order = found_.pop3.size() + 1;
            found->mail.uidl = entry->name();
            tally.add(found->mail);
            found_.pop3.push_back(std::move(*found));
        }
        tally.tell(tree_path(directory_), report_);
    }

    // inbox/, a second one in other case, 受信トレイ: the first one keeps its UIDs, the others'
    // mails are appended.
    void merge_inbox(const Entry& entry) {
        auto& inbox = found_.folders.front();
        const bool first = inbox.folder.raw_name.empty();
        const auto entries = list(entry);
        if (first) inbox.folder.raw_name = raw_name(entry);
        auto mails = read_mails(entry, entries);
        if (first) {
            inbox.folder.uid_next = read_uid_file(entries, mails);
        } else {
            report_.add(Severity::changed, entry.path, "inbox-merged", {cat(mails.size())});
            for (auto& found : mails) found.mail.uid = 0;
        }
        for (auto& found : mails) inbox.mails.push_back(std::move(found));
        find_below(entries, kInboxName);
    }

    void find_folder(const Entry& entry, std::string_view parent) {
        if (parent.empty() && is_japanese_inbox(read_folder_name(entry.name()).text))
            return merge_inbox(entry);
        const auto entries = list(entry);
        FoundFolder found;
        found.folder.name = names_.take(parent, entry.name(), entry.path, report_);
        found.folder.raw_name = raw_name(entry);
        found.mails = read_mails(entry, entries);
        found.folder.uid_next = read_uid_file(entries, found.mails);
        const auto name = found.folder.name;
        found_.folders.push_back(std::move(found));
        find_below(entries, name);
    }

    void find_below(const std::vector<Entry>& entries, std::string_view parent) {
        for (const auto& entry : entries)
            if (entry.kind == EntryKind::directory) find_folder(entry, parent);
    }

    std::vector<Entry> list(const Entry& entry) {
        auto entries = tree_.list(entry.path);
        if (entries) return std::move(*entries);
        report_.add(Severity::refused, entry.path, "directory-unreadable");
        return {};
    }

    std::string raw_name(const Entry& entry) const {
        const auto top = tree_path(directory_);
        return entry.path.substr(top.empty() ? 0 : top.size() + 1);
    }

    // Ascending by UID; mails without one in their name follow.
    std::vector<FoundMail> read_mails(const Entry& folder, const std::vector<Entry>& entries) {
        std::vector<FoundMail> mails;
        Tally tally;
        for (const auto& entry : entries) {
            if (entry.kind == EntryKind::special)
                report_.add(Severity::refused, entry.path, "special-file");
            if (entry.kind != EntryKind::file || control_of(entry.name()) == Control::uid) continue;
            if (!is_mail_name(entry.name())) {
                report_.add(Severity::person, entry.path, "file-unknown");
                continue;
            }
            const auto name = parse_imap_name(entry.name());
            auto found = open(entry);
            if (!found) continue;
            if (name) {
                found->mail.uid = name->uid;
                found->mail.flags = static_cast<std::uint8_t>(name->flags & ~kDeleted);
                if ((name->flags & kDeleted) != 0)
                    report_.add(Severity::changed, entry.path, "flag-deleted");
            } else {
                report_.add(Severity::changed, entry.path, "imap-name");
            }
            tally.add(found->mail);
            mails.push_back(std::move(*found));
        }
        tally.tell(folder.path, report_);
        std::stable_sort(mails.begin(), mails.end(), [](const FoundMail& a, const FoundMail& b) {
            return a.mail.uid - 1 < b.mail.uid - 1;  // 0 comes last
        });
        return mails;
    }

    // The next UID. The file's own where it can be so, else one above the highest.
    std::uint32_t read_uid_file(const std::vector<Entry>& entries,
                                const std::vector<FoundMail>& mails) {
        std::uint64_t highest = 0;
        for (const auto& found : mails) highest = std::max<std::uint64_t>(highest, found.mail.uid);
        const auto safe =
            static_cast<std::uint32_t>(std::min<std::uint64_t>(highest + 1, UINT32_MAX));
        const auto* entry = find_ignoring_case(entries, "uid");
        if (entry == nullptr || entry->kind != EntryKind::file) return highest == 0 ? 0 : safe;
        const auto bytes = read_control_file(tree_, entry->path);
        const auto next = bytes ? parse_number(*bytes, kUidDigitsMax) : std::nullopt;
        if (!next || *next == 0 || *next > UINT32_MAX) {
            report_.add(Severity::changed, entry->path, "uid-file-unreadable", {cat(safe)});
            return safe;
        }
        if (*next <= highest) {
            report_.add(Severity::changed, entry->path, "uid-file-old",
                        {cat(*next), cat(highest), cat(safe)});
            return safe;
        }
        return static_cast<std::uint32_t>(*next);
    }

    const Tree& tree_;
    std::string_view directory_;
    AccountReport& report_;
    FolderNames names_;
    FoundMailbox found_;
};

}  // namespace

Result<FoundMailbox> find_mails(const Tree& tree, std::string_view directory,
                                AccountReport& report) {
    return FolderFinder(tree, directory, report).run();
}

}  // namespace tayori::legacy::epost
