#include "common/legacy/pmail/mailbox.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/base/text.h"
#include "common/legacy/found_mail.h"
#include "common/legacy/lines.h"
#include "common/legacy/names.h"
#include "common/legacy/pmail/forms.h"
#include "common/legacy/settle.h"
#include "common/legacy/spool/lines.h"

namespace tayori::legacy::pmail {
namespace {

constexpr std::string_view kControlNames[] = {"uidl.txt", "folder.txt", "read.txt", "forward.txt",
                                              "filter.txt"};
constexpr std::string_view kMdnSent = "$MDNSENT";

bool has_suffix(std::string_view name, std::string_view suffix) {
    return name.size() > suffix.size() &&
           equals_ignoring_case(name.substr(name.size() - suffix.size()), suffix);
}

class Loader {
  public:
    Loader(const Tree& tree, std::string_view directory, const SourceOptions& options,
           AccountReport& report)
        : tree_(tree),
          root_(directory == "." ? std::string_view() : directory),
          options_(options),
          report_(report) {}

    Result<Mailbox> run() {
        const auto entries = tree_.list(root_);
        if (!entries) return fail(entries.error());
        names_.take_text("INBOX", "", report_);
        read_folder_file(*entries);
        add_folder("", "INBOX", *entries);
        if (auto uidls = read_uidl_file(*entries); !uidls) return fail(uidls.error());
        for (auto& folder : out_.folders) settle_uids(folder, options_.keep_high_uids, report_);
        settle_pop3_order(out_);
        settle_uidls(out_, report_);
        settle_special_uses(out_);
        settle_identities(out_);
        return std::move(out_);
    }

  private:
    std::string path_of(std::string_view relative) const {
        if (root_.empty()) return std::string(relative);
        return relative.empty() ? std::string(root_) : cat(root_, '/', relative);
    }

    // The directory as its name is on disk, where a file has it in another case, as Windows finds it.
    std::optional<std::string> on_disk(const std::string& directory) const {
        if (directory.empty() || tree_.stat(path_of(directory))) return directory;
        std::string found;
        std::string_view rest = directory;
        while (!rest.empty()) {
            const auto entries = tree_.list(path_of(found));
            const auto* entry = entries ? find_ignoring_case(*entries, take_word(rest, '/')) : nullptr;
            if (entry == nullptr || entry->kind != EntryKind::directory) return std::nullopt;
            found = join_path(found, entry->name());
        }
        return found;
    }

    void read_folder_file(const std::vector<Entry>& entries) {
        const auto* entry = find_ignoring_case(entries, "folder.txt");
        if (entry == nullptr) return;
        const auto bytes = read_control_file(tree_, entry->path);
        auto lines = bytes ? parse_folder_file(*bytes, entry->path, report_)
                           : Result<std::vector<FolderLine>>(fail(bytes.error()));
        if (!lines) {
            report_.add(Severity::person, entry->path, "folder-form", {lines.error().text});
            return;
        }
        std::vector<std::string> missing;
        std::set<std::string> parents;
        for (auto& line : *lines) {
            const auto directory = on_disk(line.directory);
            line.parent = on_disk(line.parent).value_or(line.parent);
            parents.insert(line.parent);
            if (!folder_lines_.emplace(directory.value_or(line.directory), line).second)
                report_.add(Severity::refused, entry->path, line.line, "folder-line");
            else if (!directory)
                missing.push_back(line.directory);
        }
        // One without mails may be only a name above others.
        for (const auto& directory : missing)
            if (!parents.contains(directory))
                report_.add(Severity::person, entry->path, folder_lines_[directory].line, "folder-no-directory", {directory});
        folder_file_ = entry->path;
    }

    // The name that folder.txt gives: its own below its parent's, however deep. The directory's
    // where it gives none.
    std::string name_of(const std::string& directory, std::string_view path,
                        std::set<std::string>& visited) {
        if (const auto it = full_names_.find(directory); it != full_names_.end()) return it->second;
        const auto it = folder_lines_.find(directory);
        std::string parent;
        std::string_view raw = std::string_view(directory).substr(directory.rfind('/') + 1);
        if (it != folder_lines_.end()) {
            raw = it->second.name;
            // A parent that leads back here is none.
            if (!it->second.parent.empty() && visited.insert(directory).second) {
                if (visited.contains(it->second.parent))
                    report_.add(Severity::changed, folder_file_, it->second.line, "folder-circle");
                else
                    parent = name_of(it->second.parent, path, visited);
            }
        } else if (const auto at = directory.rfind('/'); at != std::string::npos) {
            parent = name_of(directory.substr(0, at), path, visited);
        }
        auto name = names_.take(parent, raw, path, report_);
        full_names_.emplace(directory, name);
        return name;
    }

    void add_folder(const std::string& directory, std::string name,
                    const std::vector<Entry>& entries) {
        Folder folder;
        folder.name = std::move(name);
        folder.raw_name = directory.empty() ? "INBOX" : directory;
        if (const auto it = folder_lines_.find(directory); it != folder_lines_.end()) {
            folder.uid_validity = it->second.uid_validity;
            folder.uid_next = it->second.uid_next;
            folder.subscribed = it->second.subscribed;
            folder.special_use = it->second.special_use;
        }
        for (const auto& entry : entries) {
            if (entry.kind != EntryKind::file || !is_mail_name(entry.name())) continue;
            auto found = open_mail(tree_, entry, "pmail", Stuffing::ignored, report_);
            if (found) folder.mails.push_back(std::move(found->mail));
        }
        out_.folders.push_back(std::move(folder));
        for (const auto& entry : entries) {
            if (entry.kind != EntryKind::directory) continue;
            const auto inner = tree_.list(entry.path);
            if (!inner) {
                report_.add(Severity::refused, entry.path, "directory-unreadable");
                continue;
            }
            const auto relative = entry.path.substr(root_.empty() ? 0 : root_.size() + 1);
            std::set<std::string> visited;
            auto full = name_of(relative, entry.path, visited);
            add_folder(relative, std::move(full), *inner);
        }
    }

    Result<void> read_uidl_file(const std::vector<Entry>& entries) {
        for (auto& folder : out_.folders) {
            for (auto& mail : folder.mails) {
                mails_[mail.file] = &mail;
                const auto [it, first] = mails_in_lower_case_.emplace(to_lower(mail.file), &mail);
                if (!first) it->second = nullptr;
            }
        }
        const auto* entry = find_ignoring_case(entries, "uidl.txt");
        if (entry == nullptr) {
            if (!out_.folders.front().mails.empty())
                report_.add(Severity::person, root_, "uidl-missing");
            show_all_in_inbox();
            return tell_dates();
        }
        auto bytes = read_control_file(tree_, entry->path);
        if (!bytes) return fail(bytes.error());
        auto lines = parse_uidl_file(*bytes, entry->path, report_);
        if (!lines && options_.accept_guessed && bytes->find(";pmail-") != 0) {
            auto guessed =
                guess_uidl_file(*bytes, [&](std::string_view name) { return in_inbox(name); });
            if (guessed) {
                report_.add(Severity::changed, entry->path, "uidl-guessed",
                            {cat(guessed->lines.size())});
                lines = std::move(*guessed);
            }
        }
        if (!lines) {
            report_.add(options_.new_uidls ? Severity::changed : Severity::refused, entry->path,
                        options_.new_uidls ? "uidl-new" : "uidl-form", {lines.error().text});
            if (!options_.new_uidls) return fail(lines.error());
            show_all_in_inbox();
            return tell_dates();
        }
        apply(*lines, entry->path);
        return tell_dates();
    }

    bool in_inbox(std::string_view name) const {
        return find_mail(name) != nullptr && name.find('/') == std::string_view::npos;
    }

    // As Windows finds a file, where its name stands in another case; but not one of two that differ in nothing else.
    Mail* find_mail(std::string_view name) const {
        const auto path = path_of(name);
        if (const auto it = mails_.find(path); it != mails_.end()) return it->second;
        const auto it = mails_in_lower_case_.find(to_lower(path));
        return it == mails_in_lower_case_.end() ? nullptr : it->second;
    }

    void apply(const UidlFile& file, std::string_view path) {
        std::set<const Mail*> listed;
        for (const auto& line : file.lines) {
            auto* const found = find_mail(line.file);
            if (found == nullptr) {
                report_.add(Severity::person, path, line.line, "uidl-no-mail", {line.file});
                continue;
            }
            auto& mail = *found;
            if (!listed.insert(&mail).second) {
                report_.add(Severity::refused, path, line.line, "uidl-line");
                continue;
            }
            mail.uidl = line.uidl;
            mail.uid = line.uid;
            mail.pop3_order = line.pop3_order;
            mail.flags = static_cast<std::uint8_t>(line.flags & ~kDeleted);
            if ((line.flags & kDeleted) != 0)
                report_.add(Severity::changed, mail.file, "flag-deleted");
            if (line.mdn_sent) mail.keywords.emplace_back(kMdnSent);
            if (line.internal_date) {
                mail.internal_date = line.internal_date;
                mail.date_source = DateSource::stored;
            }
        }
        // Mail that came after the file was written: POP3 would show it behind all others.
        auto& inbox = out_.folders.front();
        std::uint64_t order = 0;
        std::uint64_t added = 0;
        for (const auto& mail : inbox.mails) order = std::max(order, mail.pop3_order);
        for (auto& mail : inbox.mails) {
            if (listed.contains(&mail)) continue;
            mail.pop3_order = ++order;
            ++added;
        }
        if (added != 0) report_.add(Severity::note, path, "uidl-unlisted", {cat(added)});
    }

    void show_all_in_inbox() {
        std::uint64_t order = 0;
        for (auto& mail : out_.folders.front().mails) mail.pop3_order = ++order;
    }

    Result<void> tell_dates() {
        for (const auto& folder : out_.folders) {
            Tally tally;
            for (const auto& mail : folder.mails) tally.add(mail);
            tally.tell(path_of(folder.raw_name == "INBOX" ? "" : folder.raw_name), report_);
        }
        return {};
    }

    const Tree& tree_;
    std::string_view root_;
    const SourceOptions& options_;
    AccountReport& report_;
    FolderNames names_;
    std::string folder_file_;
    std::map<std::string, FolderLine> folder_lines_;
    std::map<std::string, std::string> full_names_;
    std::unordered_map<std::string, Mail*> mails_;
    std::unordered_map<std::string, Mail*> mails_in_lower_case_;  // nullptr: several
    Mailbox out_;
};

}  // namespace

bool is_mail_name(std::string_view name) {
    return has_suffix(name, ".eml") || has_suffix(name, ".imd");
}

bool is_control_name(std::string_view name) {
    return std::any_of(std::begin(kControlNames), std::end(kControlNames),
                       [&](std::string_view known) { return equals_ignoring_case(known, name); });
}

Result<Mailbox> load_mailbox(const Tree& tree, std::string_view directory,
                             const SourceOptions& options, AccountReport& report) {
    return Loader(tree, directory, options, report).run();
}

}  // namespace tayori::legacy::pmail
