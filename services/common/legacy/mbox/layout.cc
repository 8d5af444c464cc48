#include "common/legacy/mbox/layout.h"

#include <algorithm>
#include <array>

#include "common/base/text.h"
#include "common/legacy/mbox/from_line.h"
#include "common/legacy/spool/lines.h"
#include "common/legacy/spool/naming.h"

namespace tayori::legacy::mbox {
namespace {

constexpr std::size_t kLevelsMax = 50;
constexpr std::size_t kHeadBytes = 1024;
constexpr std::string_view kSubfolders = ".sbd";  // Thunderbird: "Work.sbd" has the folders below "Work"
// Lists of subscriptions and indexes that lie beside mboxes; not worth a line each.
constexpr std::array<std::string_view, 3> kLists = {".subscriptions", "subscriptions", ".mailboxlist"};

bool is_index(std::string_view name) {
    return name.ends_with(".msf") || name.ends_with(".lock") || std::find(kLists.begin(), kLists.end(), name) != kLists.end();
}

void find_below(const std::string& directory, const FolderPlace& parent, std::vector<FolderPlace>& places, const Reading& reading) {
    for (auto& entry : reading.list(directory)) {
        const std::string name(entry.name());
        if (entry.kind == EntryKind::special) {
            reading.say(Severity::refused, "special-file", entry.path);
            continue;
        }
        if (is_index(name)) continue;
        if (name.starts_with('.')) {
            reading.say(Severity::note, entry.kind == EntryKind::directory ? "not-a-folder" : "not-an-mbox", entry.path);
            continue;
        }
        FolderPlace place = parent;
        const bool directory_here = entry.kind == EntryKind::directory;
        place.levels.push_back(directory_here && name.ends_with(kSubfolders) ? name.substr(0, name.size() - kSubfolders.size()) : name);
        place.raw_name = join_path(parent.raw_name, name);
        if (directory_here) {
            if (place.levels.size() < kLevelsMax) find_below(entry.path, place, places, reading);
            else reading.say(Severity::refused, "too-deep", entry.path);
        } else if (is_mbox(reading.tree, entry)) {
            place.file = std::move(entry);
            places.push_back(std::move(place));
        } else {
            reading.say(Severity::note, "not-an-mbox", entry.path);
        }
    }
}

// Which of the top folders is INBOX: by its name, in this order.
void choose_inbox(std::vector<FolderPlace>& places, const Reading& reading) {
    const auto& account = reading.report.account;
    const std::array<std::string, 3> names = {"inbox", "mbox", to_lower(account.substr(0, account.rfind('@')))};
    for (const auto& name : names)
        for (auto& place : places)
            if (place.levels.size() == 1 && to_lower(place.levels[0]) == name) {
                place.inbox = true;
                return;
            }
}

void find_users(const Tree& tree, const Entry& domain, const SourceOptions& options, std::vector<AccountPlace>& places, Report& report) {
    const auto users = tree.list(domain.path);
    for (const auto& user : users ? *users : std::vector<Entry>{}) {
        if (user.kind == EntryKind::special) {
            report.add({Severity::refused, "", user.path, 0, "special-file", {}});
        } else if (is_index(user.name()) || user.name().starts_with('.')) {
            continue;
        } else if (user.kind == EntryKind::directory || is_mbox(tree, user)) {
            places.push_back({address_of_directory(user.name(), domain.name(), user.path, options, report), user.path});
        } else {
            report.add({Severity::note, "", user.path, 0, "not-an-mbox", {}});
        }
    }
}

// A user's name may have a dot, too; but only users have an INBOX and Thunderbird's files.
bool is_domain(const Tree& tree, const Entry& directory) {
    const auto name = directory.name();
    if (name.find('.') == std::string_view::npos || name.find('@') != std::string_view::npos) return false;
    const auto entries = tree.list(directory.path);
    return !entries || std::none_of(entries->begin(), entries->end(), [](const Entry& e) {
        return equals_ignoring_case(e.name(), "inbox") || equals_ignoring_case(e.name(), "mbox") || e.name().ends_with(".msf") ||
               e.name().ends_with(kSubfolders);
    });
}

}  // namespace

bool is_mbox(const Tree& tree, const Entry& file) {
    if (file.kind != EntryKind::file) return false;
    if (file.bytes == 0) return true;
    const auto head = tree.read(file.path, 0, kHeadBytes);
    if (!head) return false;
    std::string_view text = *head;
    while (text.starts_with('\n') || text.starts_with('\r')) text.remove_prefix(1);
    auto line = text.substr(0, text.find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    return parse_from_line(line).has_value();
}

std::vector<FolderPlace> find_folders(const std::string& path, const Reading& reading) {
    std::vector<FolderPlace> places;
    const auto here = reading.tree.stat(path);
    if (!path.empty() && here && here->kind == EntryKind::file) {
        places.push_back({*here, {"INBOX"}, std::string(here->name()), true});
        return places;
    }
    find_below(path, {}, places, reading);
    choose_inbox(places, reading);
    for (auto& place : places)
        if (place.inbox) place.levels = {"INBOX"};
    std::stable_sort(places.begin(), places.end(), [](const FolderPlace& a, const FolderPlace& b) {
        if (a.inbox != b.inbox) return a.inbox;
        return a.raw_name < b.raw_name;
    });
    return places;
}

Result<std::vector<AccountPlace>> find_accounts(const Tree& tree, const SourceOptions& options, Report& report) {
    std::vector<AccountPlace> places;
    if (!options.account.empty()) {
        Report said;  // by load()
        AccountReport lines{said, options.account};
        if (find_folders("", Reading{tree, options, lines}).empty()) 
            return fail(Kind::invalid, "There is no mbox: no file begins with a \"From \" line.");
        places.push_back({options.account, ""});
        return places;
    }
    const auto top = tree.list("");
    if (!top) return fail(top.error());
    for (const auto& entry : *top) {
        if (entry.kind == EntryKind::special) {
            report.add({Severity::refused, "", entry.path, 0, "special-file", {}});
        } else if (is_index(entry.name()) || entry.name().starts_with('.')) {
            continue;
        } else if (entry.kind == EntryKind::directory && is_domain(tree, entry)) {
            find_users(tree, entry, options, places, report);
        } else if (entry.kind == EntryKind::directory || is_mbox(tree, entry)) {
            places.push_back({address_of_directory(entry.name(), "", entry.path, options, report), entry.path});
        } else {
            report.add({Severity::note, "", entry.path, 0, "not-an-mbox", {}});
        }
    }
    if (places.empty()) return fail(Kind::invalid, "There is no mbox: no file begins with a \"From \" line.");
    return places;
}

}  // namespace tayori::legacy::mbox
