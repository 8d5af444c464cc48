#include "common/legacy/epost/layout.h"

#include <algorithm>

#include "common/base/text.h"
#include "common/legacy/epost/file_names.h"

namespace tayori::legacy::epost {
namespace {

constexpr std::string_view kInboxDirectory = "inbox";

enum class Shape { mailbox, domain, unclear };

bool is_account_data(std::string_view name) {
    return name.size() > 4 && equals_ignoring_case(name.substr(name.size() - 4), ".idx");
}

// Files that lie in a mailbox folder and nowhere else.
bool has_mailbox_files(const std::vector<Entry>& entries) {
    return std::any_of(entries.begin(), entries.end(), [](const Entry& e) {
        if (e.kind != EntryKind::file) return false;
        const auto control = control_of(e.name());
        return pop3_number(e.name()) || (control != Control::none && control != Control::uid);
    });
}

bool has_imap_files(const std::vector<Entry>& entries) {
    return std::any_of(entries.begin(), entries.end(), [](const Entry& e) {
        return e.kind == EntryKind::file &&
               (parse_imap_name(e.name()) || control_of(e.name()) == Control::uid);
    });
}

class LayoutFinder {
  public:
    LayoutFinder(const Tree& tree, Report& report) : tree_(tree), report_(report) {}

    Result<Layout> run() {
        auto top = tree_.list("");
        if (!top) return fail(top.error());
        const bool is_mailbox = has_mailbox_files(*top);
        if (is_mailbox)
            return fail(Kind::invalid,
                        "This is one mailbox, not a spool of many: say whose it is (--account).");
        const auto* inbox = find_ignoring_case(*top, kInboxDirectory);
        const bool above = inbox != nullptr && inbox->kind == EntryKind::directory;
        find_account_data(*top);
        if (above) {
            auto entries = tree_.list(inbox->path);
            if (!entries) return fail(entries.error());
            take_level(*entries, "");
            for (const auto& entry : *top)
                if (&entry != inbox && !is_account_data(entry.name()) &&
                    !equals_ignoring_case(entry.name(), "db"))
                    add(Severity::note, entry, "not-looked-at");
        } else {
            take_level(*top, "");
        }
        if (layout_.mailboxes.empty())
            return fail(Kind::invalid,
                        "No mailbox was found. Looked for inbox/DOMAIN/USER or inbox/USER with "
                        "*.MSG files, control "
                        "files or an inbox folder in it.");
        return std::move(layout_);
    }

  private:
    void add(Severity severity, const Entry& entry, std::string_view code) {
        report_.add({severity, {}, entry.path, 0, std::string(code), {}});
    }

    void add_account_data(const Entry& entry) {
        auto& files = layout_.account_data;
        if (std::find(files.begin(), files.end(), entry.path) == files.end())
            files.push_back(entry.path);
    }

    // <root>/db/*.idx, and beside the mailboxes.
    void find_account_data(const std::vector<Entry>& entries) {
        for (const auto& entry : entries) {
            if (entry.kind == EntryKind::file && is_account_data(entry.name()))
                add_account_data(entry);
            if (entry.kind != EntryKind::directory || !equals_ignoring_case(entry.name(), "db"))
                continue;
            if (const auto inner = tree_.list(entry.path)) {
                for (const auto& file : *inner)
                    if (file.kind == EntryKind::file && is_account_data(file.name()))
                        add_account_data(file);
            }
        }
    }

    Shape shape_of(const std::vector<Entry>& entries) {
        if (has_mailbox_files(entries)) return Shape::mailbox;
        const auto* inbox = find_ignoring_case(entries, kInboxDirectory);
        bool has_inbox = inbox != nullptr && inbox->kind == EntryKind::directory;
        if (has_inbox) {
            const auto inner = tree_.list(inbox->path);
            if (inner && has_imap_files(*inner)) return Shape::mailbox;
            has_inbox = inner && !has_mailbox_files(*inner);  // else it is a user of that name
        }
        for (const auto& entry : entries) {
            if (entry.kind != EntryKind::directory) continue;
            const auto inner = tree_.list(entry.path);
            if (!inner) continue;
            if (has_mailbox_files(*inner) && !has_imap_files(*inner)) return Shape::domain;
            const auto* deeper = find_ignoring_case(*inner, kInboxDirectory);
            if (deeper == nullptr || deeper->kind != EntryKind::directory) continue;
            const auto mails = tree_.list(deeper->path);
            if (mails && has_imap_files(*mails) && !has_inbox) return Shape::domain;
        }
        return has_inbox ? Shape::mailbox : Shape::unclear;
    }

    // The directories of one level: domains and users at the top, users within a domain.
    void take_level(const std::vector<Entry>& entries, const std::string& domain) {
        for (const auto& entry : entries) {
            if (entry.kind == EntryKind::special) {
                add(Severity::refused, entry, "special-file");
                continue;
            }
            if (entry.kind == EntryKind::file) {
                if (is_account_data(entry.name()))
                    add_account_data(entry);
                else
                    add(Severity::person, entry, "file-unknown");
                continue;
            }
            const std::string name(entry.name());
            if (!domain.empty()) {
                layout_.mailboxes.push_back({entry.path, name, domain});
                continue;
            }
            const auto inner = tree_.list(entry.path);
            if (!inner) {
                add(Severity::refused, entry, "directory-unreadable");
                continue;
            }
            const auto shape = shape_of(*inner);
            const bool dotted = name.find('.') != std::string::npos;
            if (shape == Shape::domain || (shape == Shape::unclear && dotted)) {
                take_level(*inner, name);
            } else if (shape == Shape::mailbox || !equals_ignoring_case(name, "db")) {
                layout_.mailboxes.push_back({entry.path, name, ""});
                if (shape == Shape::unclear) add(Severity::note, entry, "epost-empty-directory");
            }
        }
    }

    const Tree& tree_;
    Report& report_;
    Layout layout_;
};

}  // namespace

Result<Layout> find_layout(const Tree& tree, const SourceOptions& options, Report& report) {
    if (options.account.empty()) return LayoutFinder(tree, report).run();
    const auto top = tree.list("");
    if (!top) return fail(top.error());
    Layout layout;
    layout.mailboxes.push_back({".", options.account, ""});
    return layout;
}

std::string tree_path(std::string_view directory) {
    return directory == "." ? std::string() : std::string(directory);
}

std::string below(std::string_view directory, std::string_view name) {
    const auto path = tree_path(directory);
    return path.empty() ? std::string(name) : cat(path, '/', name);
}

}  // namespace tayori::legacy::epost
